/* FILL, RANGE, ONE_HOT and STABLEHLO_IOTA against their definitions, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_fill, op_range, op_one_hot, op_stablehlo_iota;

static void fills_any_type(void **state) {
  (void)state;
  op_random r = {1};
  for (int round = 0; round < 400; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 0, OP_MAX_RANK);
    int32_t dims[OP_MAX_RANK];
    op_random_dims(&r, rank, MOVE_CASE_LIMIT, dims);
    op_case k;
    op_case_begin(&k, &op_fill, NULL);
    op_case_input(&k, MOTE_INT32, 1, &rank, dims, OP_CONST);
    op_case_input(&k, type, 0, NULL, move_case_bytes() + round, 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_int_equal(k.out[0].rank, rank);
    for (size_t e = 0; e < op_count(&k.out[0]); e++)
      assert_true(move_case_same(&k.out[0], e, move_case_bytes() + round, 0));
    assert_true(op_case_end(&k));
  }
}

static mote_status fill(int64_t dim) {
  op_case k;
  op_case_begin(&k, &op_fill, NULL);
  op_case_input(&k, MOTE_INT64, 1, (int32_t[]){3}, (int64_t[]){dim, dim, dim}, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, move_case_bytes(), 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

/* Numbers of the range; -1: refused. */
static int32_t range_ints(int64_t start, int64_t limit, int64_t delta, int64_t *last) {
  op_case k;
  op_case_begin(&k, &op_range, NULL);
  op_case_input(&k, MOTE_INT64, 0, NULL, &start, OP_CONST);
  op_case_input(&k, MOTE_INT64, 0, NULL, &limit, OP_CONST);
  op_case_input(&k, MOTE_INT64, 0, NULL, &delta, OP_CONST);
  op_case_output(&k, MOTE_INT64);
  const bool done = op_case_run(&k) == MOTE_OK;
  const int32_t n = done ? k.out[0].dims[0] : -1;
  if (n > 0) *last = ((int64_t *)k.out[0].data)[n - 1];
  op_case_end(&k);
  return n;
}

static int32_t range_floats(float start, float limit, float delta, float *last) {
  op_case k;
  op_case_begin(&k, &op_range, NULL);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, &start, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, &limit, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, &delta, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const bool done = op_case_run(&k) == MOTE_OK;
  const int32_t n = done ? k.out[0].dims[0] : -1;
  if (n > 0) *last = ((float *)k.out[0].data)[n - 1];
  op_case_end(&k);
  return n;
}

static void counts_ranges(void **state) {
  (void)state;
  int64_t last = 0;
  float end = 0;
  assert_int_equal(range_ints(3, 18, 5, &last), 3);
  assert_int_equal(last, 13);
  assert_int_equal(range_ints(3, 19, 5, &last), 4);
  assert_int_equal(range_ints(3, -4, -3, &last), 3);
  assert_int_equal(last, -3);
  assert_int_equal(range_ints(7, 7, 1, &last), 0);
  assert_int_equal(range_ints(INT64_MIN, INT64_MAX, INT64_MAX, &last), 3);
  assert_int_equal(range_ints(0, INT64_MAX, 1, &last), -1);
  assert_int_equal(range_ints(0, 5, 0, &last), -1);
  assert_int_equal(range_ints(0, 5, -1, &last), -1);
  assert_int_equal(range_floats(0, 1, 0.25f, &end), 4);
  assert_true(end == 0.75f);
  assert_int_equal(range_floats(2, 0, -0.5f, &end), 4);
  assert_int_equal(range_floats(0, 1, 0, &end), -1);
  assert_int_equal(range_floats(0, 1e20f, 1, &end), -1);
  const uint32_t nan = 0x7fc00000u;
  float none;
  memcpy(&none, &nan, 4);
  assert_int_equal(range_floats(none, 1, 1, &end), -1);
  assert_int_equal(range_floats(0, none, 1, &end), -1);
  assert_int_equal(range_floats(0, 1, none, &end), -1);
}

static void sets_one_on(void **state) {
  (void)state;
  op_random r = {2};
  const int8_t on = 7, off = -3;
  for (int round = 0; round < 800; round++) {
    const int32_t rank = op_random_in(&r, 0, 5), axis = op_random_in(&r, -1, rank), depth = op_random_in(&r, 0, 5);
    const int32_t where = axis < 0 ? rank : axis;
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK], in_at[OP_MAX_RANK], indices[200];
    op_random_dims(&r, rank, 200, dims);
    for (int i = 0; i < 200; i++) indices[i] = op_random_in(&r, -2, 6);
    op_case k;
    op_case_begin(&k, &op_one_hot, &(sch_OneHotOptions){.axis = axis});
    op_case_input(&k, MOTE_INT32, rank, dims, indices, 0);
    op_case_input(&k, MOTE_INT32, 0, NULL, &depth, OP_CONST);
    op_case_input(&k, MOTE_INT8, 0, NULL, &on, OP_CONST);
    op_case_input(&k, MOTE_INT8, 0, NULL, &off, OP_CONST);
    op_case_output(&k, MOTE_INT8);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank + 1, k.out[0].dims, at);
      for (int32_t i = 0; i < rank; i++) in_at[i] = at[i < where ? i : i + 1];
      const bool set = indices[op_offset(rank, dims, in_at)] == at[where];
      assert_int_equal(((int8_t *)k.out[0].data)[e], set ? on : off);
    }
    assert_true(op_case_end(&k));
  }
}

/* TFSA-2021-088: indices of no elements divide by nothing. */
static void tfsa_2021_088_one_hot_of_nothing(void **state) {
  (void)state;
  const int32_t depth = 4;
  op_case k;
  op_case_begin(&k, &op_one_hot, &(sch_OneHotOptions){.axis = 1});
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){0, 3}, move_case_bytes(), 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &depth, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, move_case_bytes(), OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, move_case_bytes(), OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].dims, ((int32_t[]){0, 4, 3}), 12);
  assert_true(op_case_end(&k));
}

static mote_status one_hot(int32_t axis, int32_t depth) {
  op_case k;
  op_case_begin(&k, &op_one_hot, &(sch_OneHotOptions){.axis = axis});
  op_case_input(&k, MOTE_INT64, 1, (int32_t[]){3}, move_case_bytes(), 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &depth, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, move_case_bytes(), OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, move_case_bytes(), OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void counts_along_an_axis(void **state) {
  (void)state;
  const mote_type types[] = {MOTE_FLOAT32, MOTE_INT64, MOTE_UINT8, MOTE_FLOAT64};
  for (int t = 0; t < 4; t++)
    for (int32_t axis = 0; axis < 3; axis++) {
      op_case k;
      op_case_begin(&k, &op_stablehlo_iota, &(sch_StablehloIotaOptions){.iota_dimension = axis});
      op_set_shape(op_case_output(&k, types[t]), 3, (int32_t[]){2, 3, 4});
      assert_int_equal(op_case_run(&k), MOTE_OK);
      for (size_t e = 0; e < 24; e++) {
        int32_t at[3];
        op_coordinates(e, 3, k.out[0].dims, at);
        const double v = t == 0   ? (double)((float *)k.out[0].data)[e]
                         : t == 3 ? ((double *)k.out[0].data)[e]
                                  : (double)op_int_at(&k.out[0], e);
        assert_true(v == (double)at[axis]);
      }
      assert_true(op_case_end(&k));
    }
}

static mote_status iota(int64_t axis, int32_t dim) {
  op_case k;
  op_case_begin(&k, &op_stablehlo_iota, &(sch_StablehloIotaOptions){.iota_dimension = axis});
  op_set_shape(op_case_output(&k, MOTE_INT32), 1, &dim);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void refuses(void **state) {
  (void)state;
  assert_int_equal(fill(2), MOTE_OK);
  assert_int_equal(fill(-1), MOTE_ERR_SHAPE);
  assert_int_equal(fill(INT32_MAX), MOTE_ERR_SHAPE);
  assert_int_equal(fill(INT64_MAX), MOTE_ERR_SHAPE);
  assert_int_equal(one_hot(1, 3), MOTE_OK);
  assert_int_equal(one_hot(2, 3), MOTE_ERR_SHAPE);
  assert_int_equal(one_hot(-2, 3), MOTE_ERR_SHAPE);
  assert_int_equal(one_hot(0, -1), MOTE_ERR_SHAPE);
  assert_int_equal(iota(0, 3), MOTE_OK);
  assert_int_equal(iota(1, 3), MOTE_ERR_SHAPE);
  assert_int_equal(iota(-1, 3), MOTE_ERR_SHAPE);
  assert_int_equal(iota(0, -1), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fills_any_type),       cmocka_unit_test(counts_ranges),
      cmocka_unit_test(sets_one_on),          cmocka_unit_test(tfsa_2021_088_one_hot_of_nothing),
      cmocka_unit_test(counts_along_an_axis), cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
