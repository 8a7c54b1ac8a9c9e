/* TILE against its definition: out[i] = in[i mod size]; multiples that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_tile;

enum { LIMIT = 1000 };

static uint32_t data[LIMIT];

static void follows_the_definition(void **state) {
  (void)state;
  op_random r = {1};
  for (int i = 0; i < LIMIT; i++) data[i] = op_random_below(&r, UINT32_MAX);
  const mote_type types[] = {MOTE_INT8, MOTE_INT16, MOTE_FLOAT32};
  for (int round = 0; round < 2000; round++) {
    const mote_type type = types[op_random_below(&r, 3)];
    const size_t element = (size_t)mote_type_bits(type) / 8;
    const int32_t rank = op_random_in(&r, 0, OP_MAX_RANK);
    int32_t dims[OP_MAX_RANK], times[OP_MAX_RANK], at[OP_MAX_RANK];
    op_random_dims(&r, rank, LIMIT, dims);
    for (int32_t i = 0, product = 1; i < rank; i++) {
      times[i] = op_random_below(&r, 30) ? op_random_in(&r, 1, product < 30 ? 4 : 1) : 0;
      product *= times[i] ? times[i] : 1;
    }
    op_case k;
    op_case_begin(&k, &op_tile, NULL);
    op_case_input(&k, type, rank, dims, data, 0);
    op_case_input(&k, MOTE_INT32, 1, &rank, times, OP_CONST);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const op_tensor *const out = &k.out[0];
    for (int32_t i = 0; i < rank; i++) assert_int_equal(out->dims[i], dims[i] * times[i]);
    for (size_t n = 0; n < op_count(out); n++) {
      op_coordinates(n, rank, out->dims, at);
      for (int32_t i = 0; i < rank; i++) at[i] %= dims[i];
      assert_memory_equal((char *)out->data + n * element, (char *)data + op_offset(rank, dims, at) * element, element);
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status infer(int32_t count, const int64_t *times) {
  op_case k;
  op_case_begin(&k, &op_tile, NULL);
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){2, 0, 3}, NULL, 0);
  op_case_input(&k, MOTE_INT64, 1, &count, times, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void refuses_impossible_multiples(void **state) {
  (void)state;
  assert_int_equal(infer(3, (int64_t[]){1, INT64_MAX, 2}), MOTE_OK); /* nothing, however often */
  assert_int_equal(infer(3, (int64_t[]){1, 2, -1}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(3, (int64_t[]){INT32_MAX, 2, 1}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(3, (int64_t[]){INT64_MAX, 2, 1}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(2, (int64_t[]){1, 2}), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(refuses_impossible_multiples),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
