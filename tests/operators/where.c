/* WHERE, UNIQUE and TOPK_V2 against their definitions, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_where, op_unique, op_topk_v2;

static void finds_places(void **state) {
  (void)state;
  op_random r = {1};
  for (int round = 0; round < 500; round++) {
    const int32_t rank = op_random_in(&r, 0, OP_MAX_RANK);
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK];
    float data[300];
    const size_t n = op_random_dims(&r, rank, 300, dims);
    for (size_t i = 0; i < n; i++) data[i] = op_random_below(&r, 3) ? (op_random_below(&r, 2) ? -0.0f : 0.0f) : 0.5f;
    op_case k;
    op_case_begin(&k, &op_where, NULL);
    op_case_input(&k, MOTE_FLOAT32, rank, dims, data, 0);
    op_case_output(&k, MOTE_INT64);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    int32_t row = 0;
    for (size_t e = 0; e < n; e++) {
      if (data[e] == 0) continue;
      op_coordinates(e, rank, dims, at);
      for (int32_t i = 0; i < rank; i++) assert_int_equal(((int64_t *)k.out[0].data)[row * rank + i], at[i]);
      row++;
    }
    assert_memory_equal(k.out[0].dims, ((int32_t[]){row, rank}), 8);
    assert_true(op_case_end(&k));
  }
}

static void finds_different_elements(void **state) {
  (void)state;
  op_random r = {2};
  for (int round = 0; round < 300; round++) {
    int64_t data[200], seen[200];
    const int32_t n = op_random_in(&r, 0, 200), range = op_random_in(&r, 1, 300);
    int32_t count = 0;
    for (int32_t i = 0; i < n; i++) data[i] = op_random_in(&r, -range, range) * (INT64_C(1) << (round % 40));
    op_case k;
    op_case_begin(&k, &op_unique, NULL);
    op_case_input(&k, MOTE_INT64, 1, &n, data, 0);
    op_case_output(&k, MOTE_INT64);
    op_case_output(&k, MOTE_INT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < n; i++) {
      int32_t at = 0;
      while (at < count && seen[at] != data[i]) at++;
      if (at == count) seen[count++] = data[i];
      assert_int_equal(((int32_t *)k.out[1].data)[i], at);
    }
    assert_int_equal(k.out[0].dims[0], count);
    assert_memory_equal(k.out[0].data, seen, (size_t)count * 8);
    assert_true(op_case_end(&k));
  }
}

static void chooses_the_largest(void **state) {
  (void)state;
  op_random r = {3};
  for (int round = 0; round < 500; round++) {
    const int32_t rows = op_random_in(&r, 0, 5), n = op_random_in(&r, 0, 40), count = op_random_in(&r, 0, n);
    float data[200];
    for (int i = 0; i < 200; i++) data[i] = (float)op_random_in(&r, -9, 9) * (i % 2 ? 0.5f : 1e20f);
    op_case k;
    op_case_begin(&k, &op_topk_v2, NULL);
    k.c.workers = 3;
    op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){rows, n}, data, 0);
    op_case_input(&k, MOTE_INT32, 0, NULL, &count, OP_CONST);
    op_case_output(&k, MOTE_FLOAT32);
    op_case_output(&k, round % 2 ? MOTE_INT16 : MOTE_INT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t row = 0; row < rows; row++) {
      bool taken[40] = {false};
      for (int32_t i = 0; i < count; i++) {
        int32_t best = -1;
        for (int32_t e = 0; e < n; e++)
          if (!taken[e] && (best < 0 || data[row * n + e] > data[row * n + best])) best = e;
        taken[best] = true;
        assert_int_equal(op_int_at(&k.out[1], (size_t)(row * count + i)), best);
        assert_true(((float *)k.out[0].data)[row * count + i] == data[row * n + best]);
      }
    }
    assert_true(op_case_end(&k));
  }
}

static void what_is_no_number_comes_last(void **state) {
  (void)state;
  const uint32_t bits[] = {0x7fc00000u, 0x3f800000u, 0xffc00000u, 0xff800000u};
  const int32_t count = 4;
  op_case k;
  op_case_begin(&k, &op_topk_v2, NULL);
  op_case_input(&k, MOTE_FLOAT32, 1, &count, bits, 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &count, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[1].data, ((int32_t[]){1, 3, 0, 2}), 16);
  assert_true(op_case_end(&k));
}

static mote_status topk(int32_t rank, int32_t n, int32_t count, mote_type index) {
  op_case k;
  op_case_begin(&k, &op_topk_v2, NULL);
  op_case_input(&k, MOTE_INT8, rank, &n, NULL, 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &count, OP_CONST);
  op_case_output(&k, MOTE_INT8);
  op_case_output(&k, index);
  const mote_status status = op_case_infer(&k);
  if (status == MOTE_OK && n >= 0) assert_int_equal(k.out[0].dims[0], count < 0 ? 0 : count);
  op_case_end(&k);
  return status;
}

static void refuses(void **state) {
  (void)state;
  assert_int_equal(topk(1, 5, 5, MOTE_INT32), MOTE_OK);
  assert_int_equal(topk(1, 5, -1, MOTE_INT32), MOTE_OK);
  assert_int_equal(topk(1, 5, 6, MOTE_INT32), MOTE_ERR_SHAPE);
  assert_int_equal(topk(1, -1, 6, MOTE_INT32), MOTE_OK);
  assert_int_equal(topk(0, 1, 1, MOTE_INT32), MOTE_ERR_SHAPE);
  assert_int_equal(topk(1, 32768, 1, MOTE_INT16), MOTE_ERR_SHAPE);
  assert_int_equal(topk(1, 32767, 1, MOTE_INT16), MOTE_OK);
  op_case k;
  op_case_begin(&k, &op_unique, NULL);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){2, 2}, NULL, 0);
  op_case_output(&k, MOTE_INT32);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  op_case_end(&k);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_places),
      cmocka_unit_test(finds_different_elements),
      cmocka_unit_test(chooses_the_largest),
      cmocka_unit_test(what_is_no_number_comes_last),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
