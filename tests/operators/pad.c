/* PAD against its definition; zero points; paddings that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_pad;

enum { LIMIT = 4000 };

static uint32_t data[LIMIT];

static void follows_the_definition(void **state) {
  (void)state;
  op_random r = {1};
  for (int i = 0; i < LIMIT; i++) data[i] = op_random_below(&r, UINT32_MAX);
  const mote_type types[] = {MOTE_INT8, MOTE_BOOL, MOTE_INT16, MOTE_FLOAT32, MOTE_INT32};
  for (int round = 0; round < 2000; round++) {
    const mote_type type = types[op_random_below(&r, 5)];
    const size_t element = (size_t)mote_type_bits(type) / 8;
    const int32_t rank = op_random_in(&r, 0, round % 8 ? 5 : OP_MAX_RANK);
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK];
    int8_t pads[2 * OP_MAX_RANK];
    op_random_dims(&r, rank, rank > 5 ? 100 : LIMIT, dims);
    for (int32_t i = 0; i < 2 * rank; i++) pads[i] = op_random_below(&r, 2) ? (int8_t)op_random_in(&r, 0, 3) : 0;
    op_case k;
    op_case_begin(&k, &op_pad, NULL);
    op_case_input(&k, type, rank, dims, data, 0);
    op_case_input(&k, MOTE_INT8, 2, (int32_t[]){rank, 2}, pads, OP_CONST);
    op_tensor *const out = op_case_output(&k, type);
    if (type == MOTE_INT8) out->scale = 1, out->zero_point = -7;
    const int64_t zero = type == MOTE_INT8 ? -7 : 0;
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t n = 0; n < op_count(out); n++) {
      op_coordinates(n, rank, out->dims, at);
      bool inside = true;
      for (int32_t i = 0; i < rank; i++) {
        at[i] -= pads[2 * i];
        inside &= at[i] >= 0 && at[i] < dims[i];
      }
      const void *const expected = inside ? (char *)data + op_offset(rank, dims, at) * element : (const char *)&zero;
      assert_memory_equal((char *)out->data + n * element, expected, element);
    }
    assert_true(op_case_end(&k));
  }
}

static void value_may_be_an_operand(void **state) {
  (void)state;
  op_case k;
  const float one = 1, value = -2, expected[] = {-2, 1, -2, -2};
  op_case_begin(&k, &op_pad, NULL);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){1}, &one, 0);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){1, 2}, (int32_t[]){1, 2}, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, &value, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, expected, sizeof expected);
  assert_true(op_case_end(&k));
}

static mote_status infer(int32_t rows, int32_t columns, const int64_t *pads) {
  op_case k;
  op_case_begin(&k, &op_pad, NULL);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 3}, NULL, 0);
  op_case_input(&k, MOTE_INT64, 2, (int32_t[]){rows, columns}, pads, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void refuses_impossible_paddings(void **state) {
  (void)state;
  assert_int_equal(infer(2, 2, (int64_t[]){0, 1, 2, 3}), MOTE_OK);
  assert_int_equal(infer(2, 2, (int64_t[]){0, -1, 2, 3}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(2, 2, (int64_t[]){0, INT32_MAX, 2, 3}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(2, 2, (int64_t[]){INT64_MAX, INT64_MAX, 2, 3}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(2, 2, (int64_t[]){INT64_C(1) << 32, 0, 0, 0}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(3, 2, (int64_t[]){0, 0, 0, 0, 0, 0}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(2, 1, (int64_t[]){0, 0}), MOTE_ERR_SHAPE);
}

static void unknown_parts(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_pad, NULL);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){-1, 3}, NULL, 0);
  op_tensor *const pads = op_case_input(&k, MOTE_INT32, 2, (int32_t[]){2, 2}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[0].rank, 2);
  assert_int_equal(k.out[0].dims[1], -1);
  pads->data = (int32_t[]){1, 1, 0, 2};
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[0].dims[0], -1);
  assert_int_equal(k.out[0].dims[1], 5);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(value_may_be_an_operand),
      cmocka_unit_test(refuses_impossible_paddings),
      cmocka_unit_test(unknown_parts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
