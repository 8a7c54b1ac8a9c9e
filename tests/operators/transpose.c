/* TRANSPOSE against its definition: out[i] = in[i permuted], for every rank and element size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_transpose;

enum { LIMIT = 20000 };

static void follows_the_definition(void **state) {
  (void)state;
  op_random r = {1};
  static uint64_t data[LIMIT];
  for (int i = 0; i < LIMIT; i++)
    data[i] = (uint64_t)op_random_below(&r, UINT32_MAX) << 32 | op_random_below(&r, UINT32_MAX);
  const mote_type types[] = {MOTE_INT8, MOTE_FLOAT16, MOTE_FLOAT32, MOTE_INT64};
  for (int round = 0; round < 2000; round++) {
    const mote_type type = types[op_random_below(&r, 4)];
    const size_t element = (size_t)mote_type_bits(type) / 8;
    const int32_t rank = op_random_in(&r, 0, OP_MAX_RANK);
    int32_t dims[OP_MAX_RANK], perm[OP_MAX_RANK], at[OP_MAX_RANK], from[OP_MAX_RANK];
    op_random_dims(&r, rank, LIMIT, dims);
    for (int32_t i = 0; i < rank; i++) perm[i] = i;
    for (int32_t i = rank - 1; i > 0; i--) {
      const int32_t j = op_random_in(&r, 0, i), p = perm[i];
      perm[i] = perm[j], perm[j] = p;
    }
    int32_t written[OP_MAX_RANK];
    for (int32_t i = 0; i < rank; i++) written[i] = op_random_below(&r, 4) ? perm[i] : perm[i] - rank;
    op_case k;
    op_case_begin(&k, &op_transpose, NULL);
    op_case_input(&k, type, rank, dims, data, 0);
    op_case_input(&k, MOTE_INT32, 1, &rank, written, OP_CONST);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const op_tensor *const out = &k.out[0];
    for (size_t n = 0; n < op_count(out); n++) {
      op_coordinates(n, rank, out->dims, at);
      for (int32_t i = 0; i < rank; i++) from[perm[i]] = at[i];
      assert_memory_equal((char *)out->data + n * element, (char *)data + op_offset(rank, dims, from) * element,
                          element);
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status infer(int32_t rank, int32_t count, const int32_t *perm) {
  op_case k;
  op_case_begin(&k, &op_transpose, NULL);
  op_case_input(&k, MOTE_FLOAT32, rank, (int32_t[]){2, 3, 4}, NULL, 0);
  op_case_input(&k, MOTE_INT32, 1, &count, perm, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void refuses_what_is_no_permutation(void **state) {
  (void)state;
  assert_int_equal(infer(3, 3, (int32_t[]){0, 1, 2}), MOTE_OK);
  assert_int_equal(infer(3, 3, (int32_t[]){0, 1, 3}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(3, 3, (int32_t[]){0, 1, -4}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(3, 3, (int32_t[]){0, 1, 1}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(3, 3, (int32_t[]){0, 2, -1}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(3, 2, (int32_t[]){0, 1}), MOTE_ERR_SHAPE);
}

static void unknown_parts(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_transpose, NULL);
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){2, -1, 4}, NULL, 0);
  op_tensor *const perm = op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[0].rank, 3);
  assert_int_equal(k.out[0].dims[0], -1);
  perm->data = (int32_t[]){1, 2, 0};
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[0].dims[0], -1);
  assert_int_equal(k.out[0].dims[1], 4);
  assert_int_equal(k.out[0].dims[2], 2);
  k.in[0].rank = -1;
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[0].rank, 3);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(refuses_what_is_no_permutation),
      cmocka_unit_test(unknown_parts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
