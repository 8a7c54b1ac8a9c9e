/* SKIP_GRAM, the tokenizer, LSH_PROJECTION; and strings that operators move without knowing them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_skip_gram, op_whitespace_tokenizer, op_lsh_projection, op_transpose, op_pad, op_concatenation;
extern const mote_op op_gather_nd, op_reshape;

static void grams(const char *sentence, int32_t size, int32_t skip, bool all, const char *const *wanted, size_t count) {
  char buffer[200];
  const sch_SkipGramOptions o = {.ngram_size = size, .max_skip_size = skip, .include_all_ngrams = all};
  op_case k;
  op_case_begin(&k, &op_skip_gram, &o);
  move_case_string_input(&k, 1, (int32_t[]){1}, buffer, &sentence, 1);
  op_case_output(&k, MOTE_STRING);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(str_count(&k.out[0]), count);
  assert_int_equal(k.out[0].dims[0], count);
  for (size_t i = 0; i < count; i++) assert_true(move_case_is(&k.out[0], i, wanted[i]));
  assert_true(op_case_end(&k));
}

static void chooses_words(void **state) {
  (void)state;
  grams("a b  c\td", 2, 0, false, (const char *[]){"a b", "b c", "c d"}, 3);
  grams("a b c d", 2, 1, false, (const char *[]){"a b", "a c", "b c", "b d", "c d"}, 5);
  grams("a b c", 2, 0, true, (const char *[]){"a b", "a", "b c", "b", "c"}, 5);
  grams("a b c", 1, 0, false, (const char *[]){"a", "b", "c"}, 3);
  grams("a b", 3, 5, false, NULL, 0);
  grams("", 1, 0, false, NULL, 0);
}

static mote_status skip_gram(int32_t size, int32_t skip, size_t bytes) {
  char buffer[64];
  const sch_SkipGramOptions o = {.ngram_size = size, .max_skip_size = skip};
  op_case k;
  op_case_begin(&k, &op_skip_gram, &o);
  op_tensor *const t = move_case_string_input(&k, 1, (int32_t[]){1}, buffer, (const char *[]){"a b"}, 1);
  if (bytes) t->bytes = bytes;
  op_case_output(&k, MOTE_STRING);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

static bool is_cancelled(op_ctx *c) {
  (void)c;
  return true;
}

/* Choices whose number explodes end in a sentence, not in all of memory; while they are counted, the run can be
 * cancelled. */
static void counts_before_it_writes(void **state) {
  (void)state;
  char buffer[4096], sentence[2001];
  const char *const words = sentence;
  for (int i = 0; i < 2000; i++) sentence[i] = i % 2 ? ' ' : 'w';
  sentence[1999] = 0;
  const sch_SkipGramOptions o = {.ngram_size = 1000, .max_skip_size = 900, .include_all_ngrams = true};
  op_case k;
  op_case_begin(&k, &op_skip_gram, &o);
  move_case_string_input(&k, 1, (int32_t[]){1}, buffer, &words, 1);
  op_case_output(&k, MOTE_STRING);
  assert_int_equal(op_case_run(&k), MOTE_ERR_LIMIT);
  op_case_end(&k);
  op_host host = op_case_host;
  host.cancelled = is_cancelled;
  op_case_begin(&k, &op_skip_gram, &o);
  k.c.host = &host;
  move_case_string_input(&k, 1, (int32_t[]){1}, buffer, &words, 1);
  op_case_output(&k, MOTE_STRING);
  assert_int_equal(op_case_run(&k), MOTE_ERR_CANCELLED);
  op_case_end(&k);
}

static void splits_at_white_space(void **state) {
  (void)state;
  char buffer[200];
  op_case k;
  op_case_begin(&k, &op_whitespace_tokenizer, NULL);
  move_case_string_input(&k, 2, (int32_t[]){2, 1}, buffer,
                         (const char *[]){" I say\xe3\x80\x80\xc3\xa9t\xc3\xa9 ", "no"}, 2);
  op_case_output(&k, MOTE_STRING);
  op_case_output(&k, MOTE_INT64);
  op_case_output(&k, MOTE_INT64);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(str_count(&k.out[0]), 4);
  assert_true(move_case_is(&k.out[0], 0, "I") && move_case_is(&k.out[0], 1, "say"));
  assert_true(move_case_is(&k.out[0], 2, "\xc3\xa9t\xc3\xa9") && move_case_is(&k.out[0], 3, "no"));
  assert_memory_equal(k.out[1].data, ((int64_t[]){0, 1, 2}), 24);
  assert_memory_equal(k.out[2].data, ((int64_t[]){0, 3, 4}), 24);
  assert_true(op_case_end(&k));
}

static void fills_rows_up(void **state) {
  (void)state;
  char buffer[200];
  op_case k;
  op_case_begin(&k, &op_whitespace_tokenizer, NULL);
  move_case_string_input(&k, 1, (int32_t[]){3}, buffer, (const char *[]){"one two", "", "broken \xff here"}, 3);
  op_case_output(&k, MOTE_STRING);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].dims, ((int32_t[]){3, 2}), 8);
  const char *const wanted[] = {"one", "two", "", "", "broken", ""};
  for (size_t i = 0; i < 6; i++) assert_true(move_case_is(&k.out[0], i, wanted[i]));
  assert_true(op_case_end(&k));
}

/* Answers of TensorFlow Lite's own test of the operator: rows of 4 and of 16 bytes. */
static void projects(void **state) {
  (void)state;
  const float hash[6] = {0.123f, 0.456f, -0.321f, 1.234f, 5.678f, -4.321f};
  const float weight[5] = {0.12f, 0.34f, 0.56f, 0.67f, 0.78f};
  const int32_t flat[5] = {12345, 54321, 67890, 9876, -12345678};
  const int32_t deep[20] = {1234, 2345, 3456, 1234, 4567, 5678, 6789, 4567, 7891, 8912,
                            9123, 7890, -987, -876, -765, -987, -543, -432, -321, -543};
  const int32_t wanted[2][3] = {{0, 5, 8}, {2, 5, 9}};
  for (int weighted = 0; weighted < 2; weighted++) {
    op_case k;
    op_case_begin(&k, &op_lsh_projection, &(sch_LSHProjectionOptions){.type = sch_LSHProjectionType_SPARSE});
    op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){3, 2}, hash, 0);
    op_case_input(&k, MOTE_INT32, weighted ? 3 : 1, (int32_t[]){5, 2, 2}, weighted ? deep : flat, 0);
    if (weighted) op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){5}, weight, 0);
    op_case_output(&k, MOTE_INT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_memory_equal(k.out[0].data, wanted[weighted], sizeof wanted[0]);
    assert_true(op_case_end(&k));
  }
}

/* TFSA-2021-164: an input without rows; and hashes wider than a number. */
static mote_status project(int32_t type, int32_t bits, int32_t rows, int32_t width) {
  op_case k;
  op_case_begin(&k, &op_lsh_projection, &(sch_LSHProjectionOptions){.type = type});
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){1, bits}, move_case_bytes(), 0);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){rows, width}, move_case_bytes(), 0);
  op_case_output(&k, MOTE_INT32);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

static void tfsa_2021_164_lsh_projection(void **state) {
  (void)state;
  assert_int_equal(project(sch_LSHProjectionType_DENSE, 3, 0, 2), MOTE_OK);
  assert_int_equal(project(sch_LSHProjectionType_SPARSE, 32, 2, 0), MOTE_OK);
  for (int32_t width = 1; width < 80; width += 3) /* all lengths of the hash */
    assert_int_equal(project(sch_LSHProjectionType_SPARSE, 4, 2, width), MOTE_OK);
  assert_int_equal(project(sch_LSHProjectionType_DENSE, 33, 2, 2), MOTE_ERR_SHAPE);
  assert_int_equal(project(sch_LSHProjectionType_UNKNOWN, 3, 2, 2), MOTE_ERR_MODEL);
}

/* ---- strings as elements ---- */

static const char *const six[] = {"a", "", "ccc", "dd", "e", "ffff"};

static void transposes_strings(void **state) {
  (void)state;
  char buffer[200];
  op_case k;
  op_case_begin(&k, &op_transpose, NULL);
  move_case_string_input(&k, 2, (int32_t[]){2, 3}, buffer, six, 6);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, (int32_t[]){1, 0}, OP_CONST);
  op_case_output(&k, MOTE_STRING);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  for (size_t i = 0; i < 6; i++) assert_true(move_case_is(&k.out[0], i, six[i % 2 * 3 + i / 2]));
  assert_true(op_case_end(&k));
}

static void pads_strings_with_nothing(void **state) {
  (void)state;
  char buffer[200];
  op_case k;
  op_case_begin(&k, &op_pad, NULL);
  move_case_string_input(&k, 1, (int32_t[]){2}, buffer, six + 2, 2);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){1, 2}, (int32_t[]){1, 1}, OP_CONST);
  op_case_output(&k, MOTE_STRING);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  const char *const wanted[] = {"", "ccc", "dd", ""};
  for (size_t i = 0; i < 4; i++) assert_true(move_case_is(&k.out[0], i, wanted[i]));
  assert_true(op_case_end(&k));
}

static void joins_strings(void **state) {
  (void)state;
  char a[200], b[200];
  op_case k;
  op_case_begin(&k, &op_concatenation, &(sch_ConcatenationOptions){.axis = 1});
  move_case_string_input(&k, 2, (int32_t[]){2, 1}, a, six, 2);
  move_case_string_input(&k, 2, (int32_t[]){2, 2}, b, six + 2, 4);
  op_case_output(&k, MOTE_STRING);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  const char *const wanted[] = {"a", "ccc", "dd", "", "e", "ffff"};
  for (size_t i = 0; i < 6; i++) assert_true(move_case_is(&k.out[0], i, wanted[i]));
  assert_true(op_case_end(&k));
}

/* A buffer that callers have filled with anything. */
static void refuses_damaged_strings(void **state) {
  (void)state;
  for (int round = 0; round < 4; round++) {
    int32_t buffer[] = {2, 16, 17, 18, 0};
    if (round == 1) buffer[0] = INT32_MAX;
    if (round == 2) buffer[2] = 100;
    if (round == 3) buffer[1] = -1;
    op_case k;
    op_case_begin(&k, &op_gather_nd, NULL);
    op_tensor *const t = op_case_input(&k, MOTE_STRING, 1, (int32_t[]){2}, buffer, 0);
    t->bytes = 18;
    op_case_input(&k, MOTE_INT32, 2, (int32_t[]){1, 1}, (int32_t[]){1}, 0);
    op_case_output(&k, MOTE_STRING);
    assert_int_equal(op_case_run(&k), round ? MOTE_ERR_RUN : MOTE_OK);
    op_case_end(&k);
  }
}

static void refuses(void **state) {
  (void)state;
  assert_int_equal(skip_gram(1, 0, 0), MOTE_OK);
  assert_int_equal(skip_gram(0, 0, 0), MOTE_ERR_MODEL);
  assert_int_equal(skip_gram(2, -1, 0), MOTE_ERR_MODEL);
  assert_int_equal(skip_gram(1, 0, 8), MOTE_ERR_RUN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chooses_words),
      cmocka_unit_test(counts_before_it_writes),
      cmocka_unit_test(splits_at_white_space),
      cmocka_unit_test(fills_rows_up),
      cmocka_unit_test(projects),
      cmocka_unit_test(tfsa_2021_164_lsh_projection),
      cmocka_unit_test(transposes_strings),
      cmocka_unit_test(pads_strings_with_nothing),
      cmocka_unit_test(joins_strings),
      cmocka_unit_test(refuses_damaged_strings),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
