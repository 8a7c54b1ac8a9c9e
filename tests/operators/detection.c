/* TFLite_Detection_PostProcess: both modes on a handful of boxes, no boxes, NaN, and options that cannot be. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/flex.h"
#include "support/op_case.h"

extern const mote_op op_detection_postprocess;

/* ---- options ---- */

enum { OPTIONS = 11 };

static flex_option options[OPTIONS];

static void set(const char *key, float value) {
  for (int i = 0; i < OPTIONS; i++)
    if (!options[i].key || !strcmp(options[i].key, key)) {
      options[i] = (flex_option){key, value};
      return;
    }
}

static int setup(void **state) {
  (void)state;
  memset(options, 0, sizeof options);
  set("max_detections", 3), set("max_classes_per_detection", 1), set("detections_per_class", 2);
  set("use_regular_nms", 0), set("nms_score_threshold", 0.1f), set("nms_iou_threshold", 0.5f);
  set("num_classes", 2), set("y_scale", 10), set("x_scale", 10), set("h_scale", 5), set("w_scale", 5);
  return 0;
}

/* ---- four boxes: 0 and 1 overlap, 2 and 3 lie apart ---- */

enum { BOXES = 4 };

static const float encodings[BOXES][4],
    anchors[BOXES][4] = {{0.5f, 0.5f, 1, 1}, {0.5f, 0.6f, 1, 1}, {5, 5, 2, 2}, {9, 9, 1, 1}};
/* Background, then two classes. */
static float scores[BOXES][3] = {{0, 0.9f, 0.2f}, {0, 0.8f, 0.7f}, {0, 0.05f, 0.6f}, {0, 0.3f, 0.3f}};

static mote_status run(op_case *k, int32_t n) {
  static uint8_t blob[FLEX_ROOM];
  op_case_begin(k, &op_detection_postprocess, NULL);
  k->c.custom_size = flex_write(options, OPTIONS, blob);
  k->c.custom = blob;
  op_case_input(k, MOTE_FLOAT32, 3, (int32_t[]){1, n, 4}, encodings, 0);
  op_case_input(k, MOTE_FLOAT32, 3, (int32_t[]){1, n, 3}, scores, 0);
  op_case_input(k, MOTE_FLOAT32, 2, (int32_t[]){n, 4}, anchors, OP_CONST);
  for (int i = 0; i < 4; i++) op_case_output(k, MOTE_FLOAT32);
  return op_case_run(k);
}

static void expect(op_case *k, float count, const float *boxes, const float *classes, const float *want_scores) {
  const float *const got = k->out[0].data;
  assert_true(*(float *)k->out[3].data == count);
  for (int i = 0; i < 3; i++) {
    assert_true(((float *)k->out[1].data)[i] == classes[i]);
    assert_true(((float *)k->out[2].data)[i] == want_scores[i]);
    for (int j = 0; j < 4; j++) assert_true(fabsf(got[4 * i + j] - boxes[4 * i + j]) < 1e-6f);
  }
  assert_true(op_case_end(k));
}

static void fast_mode_takes_each_box_once(void **state) {
  (void)state;
  op_case k;
  assert_int_equal(run(&k, BOXES), MOTE_OK);
  /* Box 1 hides behind box 0. */
  expect(&k, 3, (float[]){0, 0, 1, 1, 4, 4, 6, 6, 8.5f, 8.5f, 9.5f, 9.5f}, (float[]){0, 1, 0},
         (float[]){0.9f, 0.6f, 0.3f});
}

static void regular_mode_goes_class_by_class(void **state) {
  (void)state;
  set("use_regular_nms", 1);
  op_case k;
  assert_int_equal(run(&k, BOXES), MOTE_OK);
  /* In class 1 box 1 is the better of the two. */
  expect(&k, 3, (float[]){0, 0, 1, 1, 0, 0.1f, 1, 1.1f, 4, 4, 6, 6}, (float[]){0, 1, 1}, (float[]){0.9f, 0.7f, 0.6f});
}

static void empty_slots_hold_zeros(void **state) {
  (void)state;
  for (int regular = 0; regular < 2; regular++) {
    set("use_regular_nms", (float)regular);
    op_case k;
    assert_int_equal(run(&k, 0), MOTE_OK);
    expect(&k, 0, (float[12]){0}, (float[3]){0}, (float[3]){0});
    assert_int_equal(run(&k, 1), MOTE_OK);
    expect(&k, regular ? 2 : 1, (float[12]){0, 0, 1, 1, 0, 0, regular ? 1.0f : 0, regular ? 1.0f : 0},
           (float[3]){0, regular ? 1.0f : 0, 0}, (float[3]){0.9f, regular ? 0.2f : 0, 0});
  }
}

static void nan_is_no_score(void **state) {
  (void)state;
  const float kept = scores[0][1];
  scores[0][1] = NAN;
  op_case k;
  assert_int_equal(run(&k, BOXES), MOTE_OK);
  expect(&k, 3, (float[]){0, 0.1f, 1, 1.1f, 4, 4, 6, 6, 8.5f, 8.5f, 9.5f, 9.5f}, (float[]){0, 1, 0},
         (float[]){0.8f, 0.6f, 0.3f});
  scores[0][1] = kept;
}

static void options_that_cannot_be_are_refused(void **state) {
  (void)state;
  static const flex_option bad[] = {
      {"max_detections", -1},     {"max_detections", 1e9f},  {"max_classes_per_detection", 0},
      {"num_classes", 0},         {"nms_iou_threshold", 0},  {"nms_iou_threshold", 1.5f},
      {"nms_iou_threshold", NAN}, {"max_detections", 1e20f}, {"num_classes", 1}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    op_case k;
    setup(state);
    set(bad[i].key, bad[i].value);
    if (!strcmp(bad[i].key, "max_detections")) set("max_classes_per_detection", 65536);
    assert_int_not_equal(run(&k, BOXES), MOTE_OK);
    assert_true(op_case_end(&k));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(fast_mode_takes_each_box_once, setup),
      cmocka_unit_test_setup(regular_mode_goes_class_by_class, setup),
      cmocka_unit_test_setup(empty_slots_hold_zeros, setup),
      cmocka_unit_test_setup(nan_is_no_score, setup),
      cmocka_unit_test_setup(options_that_cannot_be_are_refused, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
