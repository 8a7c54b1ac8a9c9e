/* SLICE, DYNAMIC_UPDATE_SLICE and StableHLO's slices against their definitions, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_slice, op_stablehlo_slice, op_stablehlo_dynamic_slice;
extern const mote_op op_dynamic_update_slice, op_stablehlo_dynamic_update_slice;

static void slices_boxes(void **state) {
  (void)state;
  op_random r = {1};
  for (int round = 0; round < 1500; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 0, OP_MAX_RANK);
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK];
    int64_t begin[OP_MAX_RANK], size[OP_MAX_RANK];
    op_random_dims(&r, rank, MOVE_CASE_LIMIT, dims);
    for (int32_t i = 0; i < rank; i++) {
      begin[i] = op_random_in(&r, 0, dims[i]);
      size[i] = op_random_below(&r, 4) ? op_random_in(&r, 0, dims[i] - (int32_t)begin[i]) : -1;
    }
    op_case k;
    op_case_begin(&k, &op_slice, NULL);
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    op_case_input(&k, MOTE_INT64, 1, &rank, begin, OP_CONST);
    op_case_input(&k, MOTE_INT64, 1, &rank, size, OP_CONST);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < rank; i++) assert_int_equal(k.out[0].dims[i], size[i] < 0 ? dims[i] - begin[i] : size[i]);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank, k.out[0].dims, at);
      for (int32_t i = 0; i < rank; i++) at[i] += (int32_t)begin[i];
      assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(rank, dims, at)));
    }
    assert_true(op_case_end(&k));
  }
}

static void updates_inside(void **state) {
  (void)state;
  op_random r = {2};
  const uint8_t *const update = move_case_bytes() + 333;
  for (int round = 0; round < 1000; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 0, 5);
    const bool scalars = round % 2;
    int32_t dims[OP_MAX_RANK], small[OP_MAX_RANK], at[OP_MAX_RANK], start[OP_MAX_RANK];
    op_random_dims(&r, rank, MOVE_CASE_LIMIT, dims);
    for (int32_t i = 0; i < rank; i++) small[i] = op_random_in(&r, 0, dims[i]), start[i] = op_random_in(&r, -3, 12);
    op_case k;
    op_case_begin(&k, scalars ? &op_stablehlo_dynamic_update_slice : &op_dynamic_update_slice, NULL);
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    op_case_input(&k, type, rank, small, update, 0);
    if (!scalars) op_case_input(&k, MOTE_INT32, 1, &rank, start, 0);
    for (int32_t i = 0; scalars && i < rank; i++) op_case_input(&k, MOTE_INT32, 0, NULL, &start[i], 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < rank; i++) {
      if (start[i] > dims[i] - small[i]) start[i] = dims[i] - small[i];
      if (start[i] < 0) start[i] = 0;
    }
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank, dims, at);
      bool inside = true;
      for (int32_t i = 0; i < rank; i++) at[i] -= start[i], inside &= at[i] >= 0 && at[i] < small[i];
      if (inside) assert_true(move_case_same(&k.out[0], e, update, op_offset(rank, small, at)));
      else assert_true(move_case_same(&k.out[0], e, move_case_bytes(), e));
    }
    assert_true(op_case_end(&k));
  }
}

static void slices_in_steps(void **state) {
  (void)state;
  op_random r = {3};
  for (int round = 0; round < 1000; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 1, 5);
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK];
    int64_t first[OP_MAX_RANK], end[OP_MAX_RANK], step[OP_MAX_RANK];
    op_random_dims(&r, rank, MOVE_CASE_LIMIT, dims);
    for (int32_t i = 0; i < rank; i++) {
      first[i] = op_random_in(&r, 0, dims[i]);
      end[i] = op_random_in(&r, (int32_t)first[i], dims[i]);
      step[i] = op_random_in(&r, 1, 3);
    }
    const sch_StablehloSliceOptions o = {.start_indices = {first, (uint32_t)rank},
                                         .limit_indices = {end, (uint32_t)rank},
                                         .strides = {step, (uint32_t)rank}};
    op_case k;
    op_case_begin(&k, &op_stablehlo_slice, &o);
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank, k.out[0].dims, at);
      for (int32_t i = 0; i < rank; i++) at[i] = (int32_t)(first[i] + at[i] * step[i]);
      assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(rank, dims, at)));
    }
    assert_true(op_case_end(&k));
  }
}

static void moves_starts_inside(void **state) {
  (void)state;
  const float data[6] = {0, 1, 2, 3, 4, 5};
  const int64_t sizes[2] = {1, 2}, starts[2] = {5, -7};
  const sch_StablehloDynamicSliceOptions o = {.slice_sizes = {sizes, 2}};
  op_case k;
  op_case_begin(&k, &op_stablehlo_dynamic_slice, &o);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 3}, data, 0);
  op_case_input(&k, MOTE_INT64, 0, NULL, &starts[0], 0);
  op_case_input(&k, MOTE_INT64, 0, NULL, &starts[1], 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((float[]){3, 4}), 8);
  assert_true(op_case_end(&k));
}

/* begin is constant, or comes with the run. */
static mote_status slice(int64_t begin, int64_t size, bool constant) {
  op_case k;
  op_case_begin(&k, &op_slice, NULL);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){5}, move_case_bytes(), 0);
  op_tensor *const at = op_case_input(&k, MOTE_INT64, 1, (int32_t[]){1}, constant ? &begin : NULL, 0);
  op_case_input(&k, MOTE_INT64, 1, (int32_t[]){1}, &size, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  mote_status status = op_case_infer(&k);
  if (status == MOTE_OK && !constant) {
    op_case_memory(&k.out[0], 4 * (size_t)k.out[0].dims[0]);
    at->data = &begin;
    status = op_slice.run(&k.c);
  }
  op_case_end(&k);
  return status;
}

static void refuses(void **state) {
  (void)state;
  assert_int_equal(slice(0, 5, true), MOTE_OK);
  assert_int_equal(slice(5, -1, true), MOTE_OK);
  assert_int_equal(slice(-1, 2, true), MOTE_ERR_SHAPE);
  assert_int_equal(slice(4, 2, true), MOTE_ERR_SHAPE);
  assert_int_equal(slice(0, -2, true), MOTE_ERR_SHAPE);
  assert_int_equal(slice(INT64_MAX, 1, true), MOTE_ERR_SHAPE);
  assert_int_equal(slice(1, 4, false), MOTE_OK);
  assert_int_equal(slice(2, 4, false), MOTE_ERR_SHAPE);
  assert_int_equal(slice(-1, 4, false), MOTE_ERR_SHAPE);
  assert_int_equal(slice(INT64_MIN, 0, false), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slices_boxes),        cmocka_unit_test(updates_inside), cmocka_unit_test(slices_in_steps),
      cmocka_unit_test(moves_starts_inside), cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
