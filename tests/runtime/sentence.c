/* sentence.c: a network of strings: a tokenizer splits sentences into words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mote/mote.h"

static void a_sentence_is_split(void **state) {
  (void)state;
  const char *const root = getenv("MOTE_SHARED");
  char path[1024];
  mote_error e = {0};
  snprintf(path, sizeof path, "%s/models/tftext_whitespace_tokenizer.tflite", root ? root : "../shared");
  mote_model *const model = mote_model_open(path, NULL, &e);
  if (!model) {
    print_message("skipped: %s is not there (MOTE_SHARED names its folder)\n", path);
    skip();
  }
  mote_program *const program = mote_program_new(model, NULL, &e);
  mote_session *const session = program ? mote_session_new(program, NULL, &e) : NULL;
  if (!session) fail_msg("%s", e.text);
  const char *const sentence[] = {"  what a small\tnetwork "};
  const size_t length = strlen(sentence[0]);
  static const char *const words[] = {"what", "a", "small", "network"};
  assert_int_equal(mote_session_write_strings(session, 0, sentence, &length, 1, &e), MOTE_OK);
  if (mote_session_run(session, &e) != MOTE_OK) fail_msg("%s", e.text);
  const mote_tensor *const out = mote_session_output(session, 0);
  assert_int_equal(out->type, MOTE_STRING);
  assert_int_equal(mote_tensor_string_count(out), 4);
  for (size_t i = 0; i < 4; i++) {
    size_t size;
    const char *word;
    assert_true(mote_tensor_string(out, i, &word, &size));
    assert_int_equal(size, strlen(words[i]));
    assert_memory_equal(word, words[i], size);
  }
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_sentence_is_split)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
