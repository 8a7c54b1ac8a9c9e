/* The bundled digit reader: what it says of itself, and how well it reads drawn digits, pictures and a real digit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "examples/digits/draw.h"
#include "mote/media.h"
#include "mote/mote.h"

static const char *const MODEL = "examples/digits/digits.tflite";
/* 99.2 % of the drawn digits are read rightly: 980 of 1000 is more than four deviations below. */
enum { CLASSES = 10, DRAWN = 1000, RIGHT_AT_LEAST = 980 };

static mote_error error;
static mote_session *reader;

static int open_reader(void **state) {
  (void)state;
  mote_model *model = mote_model_open(MODEL, NULL, &error);
  mote_program *program = model ? mote_program_new(model, NULL, &error) : NULL;
  reader = program ? mote_session_new(program, NULL, &error) : NULL;
  mote_program_free(program);
  mote_model_free(model);
  if (!reader) print_error("%s\n", error.text);
  return reader ? 0 : -1;
}

static int close_reader(void **state) {
  (void)state;
  mote_session_free(reader);
  return 0;
}

/* Runs on what the input holds, and returns the digit with the highest probability. */
static int read_digit(float *probability) {
  if (mote_session_run(reader, &error)) fail_msg("%s", error.text);
  const float *p = mote_session_output(reader, 0)->data;
  int best = 0;
  for (int i = 1; i < CLASSES; i++)
    if (p[i] > p[best]) best = i;
  *probability = p[best];
  return best;
}

static void says_what_it_is(void **state) {
  (void)state;
  mote_model *model = mote_model_open(MODEL, NULL, &error);
  assert_non_null(model);
  assert_true(mote_model_size(model) <= 300 * 1024);
  assert_int_equal(mote_model_signature_count(model), 1);
  assert_string_equal(mote_model_signature_key(model, 0), "serving_default");
  assert_non_null(strstr(mote_model_description(model), "digit"));
  mote_model_free(model);
  const mote_tensor *in = mote_session_input(reader, 0), *out = mote_session_output(reader, 0);
  assert_string_equal(in->name, "image");
  assert_string_equal(out->name, "probability");
  assert_int_equal(in->size, DIGIT_PIXELS * sizeof(float));
  assert_int_equal(out->size, CLASSES * sizeof(float));
}

static void reads_drawn_digits(void **state) {
  (void)state;
  rng r = {20000}; /* not among the seeds of training */
  float *image = mote_session_input(reader, 0)->data, probability;
  int right = 0;
  for (int i = 0; i < DRAWN; i++) {
    uint8_t pixels[DIGIT_PIXELS];
    digit_draw(&r, i % CLASSES, pixels);
    for (int k = 0; k < DIGIT_PIXELS; k++) image[k] = ((float)pixels[k] - 127.5F) / 127.5F;
    right += read_digit(&probability) == i % CLASSES;
  }
  print_message("%d of %d drawn digits are read rightly\n", right, DRAWN);
  assert_true(right >= RIGHT_AT_LEAST);
}

static void expect_picture(const char *path, int digit, float at_least) {
  mote_image *picture = mote_image_open(path, NULL, &error);
  if (!picture) fail_msg("%s", error.text);
  assert_int_equal(mote_image_to_tensor(picture, NULL, mote_session_input(reader, 0), &error), MOTE_OK);
  mote_image_free(picture);
  float probability;
  assert_int_equal(read_digit(&probability), digit);
  print_message("%s is a %d with %.2f %%\n", path, digit, 100 * (double)probability);
  assert_true(probability >= at_least);
}

static void reads_the_bundled_picture(void **state) {
  (void)state;
  if (!strstr(mote_media_formats(), "png")) {
    print_message("skipped: this build has no PNG decoder\n");
    skip();
  }
  expect_picture("examples/digits/seven.png", 7, 0.95F);
}

static void reads_a_real_digit(void **state) {
  (void)state;
  const char *shared = getenv("MOTE_SHARED");
  char path[4096];
  snprintf(path, sizeof path, "%s/images/mnist_nine.bmp", shared ? shared : "../shared");
  FILE *f = fopen(path, "rb");
  if (!f) {
    print_message("skipped: %s is not there (MOTE_SHARED names its folder)\n", path);
    skip();
  }
  fclose(f);
  expect_picture(path, 9, 0.5F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says_what_it_is),
      cmocka_unit_test(reads_drawn_digits),
      cmocka_unit_test(reads_the_bundled_picture),
      cmocka_unit_test(reads_a_real_digit),
  };
  return cmocka_run_group_tests(tests, open_reader, close_reader);
}
