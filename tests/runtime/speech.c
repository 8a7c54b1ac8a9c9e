/* speech.c: a front end and a network behind it, as microcontrollers hear words: 30 ms of sound every 20 ms give rows
 * of 40 numbers, and 49 rows are a second that is silence, an unknown word, "yes" or "no". */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mote/mote.h"

enum { WAV_HEADER = 44, SECOND = 16000, FRAME = 480, STEP = 320, ROW = 40, ROWS = 49, LABELS = 4 };

static mote_session *front, *words;

static const char *shared(char path[1024], const char *name) {
  const char *const root = getenv("MOTE_SHARED");
  snprintf(path, 1024, "%s/%s", root ? root : "../shared", name);
  return path;
}

/* NULL when the file is not there. */
static mote_session *session_of(const char *name) {
  char path[1024];
  mote_error e = {0};
  mote_model *const model = mote_model_open(shared(path, name), NULL, &e);
  if (!model) {
    print_message("skipped: %s is not there (MOTE_SHARED names its folder)\n", path);
    return NULL;
  }
  mote_program *const program = mote_program_new(model, NULL, &e);
  mote_session *const session = program ? mote_session_new(program, NULL, &e) : NULL;
  mote_model_free(model);
  mote_program_free(program);
  if (!session) fail_msg("%s", e.text);
  return session;
}

static int open_both(void **state) {
  (void)state;
  front = session_of("models/audio_preprocessor_int8.tflite");
  words = session_of("models/micro_speech_quantized.tflite");
  return 0;
}

static int close_both(void **state) {
  (void)state;
  mote_session_free(front);
  mote_session_free(words);
  return 0;
}

/* A second of 16-bit sound, behind the smallest header of a WAV file. */
static void listen(const char *name, int16_t sound[SECOND]) {
  char path[1024];
  FILE *const f = front && words ? fopen(shared(path, name), "rb") : NULL;
  if (!f) skip();
  assert_int_equal(fseek(f, WAV_HEADER, SEEK_SET), 0);
  assert_int_equal(fread(sound, sizeof *sound, SECOND, f), SECOND);
  fclose(f);
}

static void hear(const int16_t *sound, int8_t row[ROW]) {
  mote_error e = {0};
  memcpy(mote_session_input(front, 0)->data, sound, FRAME * sizeof *sound);
  if (mote_session_run(front, &e) != MOTE_OK) fail_msg("%s", e.text);
  memcpy(row, mote_session_output(front, 0)->data, ROW);
}

/* What the microcontroller runtime's own example states for 30 ms from the midst of two words. */
static void rows_are_the_published_ones(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int first;
    int8_t row[ROW];
  } frames[] = {{"audio/yes_1000ms.wav", 8000, {124, 105, 126, 103, 125, 101, 123, 100, 116, 98,  115, 97,  113, 90,
                                                91,  82,  104, 96,  117, 97,  121, 103, 126, 101, 125, 104, 126, 104,
                                                125, 101, 116, 90,  81,  74,  80,  71,  83,  76,  82,  71}},
                {"audio/no_1000ms.wav", 8960, {126, 103, 124, 102, 124, 102, 123, 100, 118, 97, 118, 100, 118, 98,
                                               121, 100, 121, 98,  117, 91,  96,  74,  54,  87, 100, 87,  109, 92,
                                               91,  80,  64,  55,  83,  74,  74,  78,  114, 95, 101, 81}}};
  int16_t sound[SECOND];
  int8_t row[ROW];
  for (int i = 0; i < 2; i++) {
    listen(frames[i].name, sound);
    mote_session_reset(front);
    hear(sound + frames[i].first, row);
    assert_memory_equal(row, frames[i].row, ROW);
  }
}

static void words_are_heard(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int label;
  } clips[] = {{"audio/silence_1000ms.wav", 0},
               {"audio/yes_1000ms.wav", 2},
               {"audio/noise_1000ms.wav", 0},
               {"audio/no_1000ms.wav", 3}};
  int16_t sound[SECOND];
  for (int i = 0; i < 4; i++) {
    mote_error e = {0};
    listen(clips[i].name, sound);
    mote_session_reset(front);
    int8_t *const rows = mote_session_input(words, 0)->data;
    for (int n = 0; n < ROWS; n++) hear(sound + (ptrdiff_t)n * STEP, rows + (ptrdiff_t)n * ROW);
    assert_int_equal(mote_session_run(words, &e), MOTE_OK);
    const int8_t *const scores = mote_session_output(words, 0)->data;
    for (int label = 0; label < LABELS; label++)
      if (label != clips[i].label) assert_true(scores[label] < scores[clips[i].label]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_the_published_ones), cmocka_unit_test(words_are_heard)};
  return cmocka_run_group_tests(tests, open_both, close_both);
}
