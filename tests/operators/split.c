/* SPLIT and SPLIT_V: parts of every axis; sizes that do not add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_split, op_split_v;

enum { LIMIT = 4000, PARTS = 70 };

static int16_t data[LIMIT];

static void fill(void) {
  for (int i = 0; i < LIMIT; i++) data[i] = (int16_t)i;
}

static void assert_parts(const op_case *k, const op_tensor *in, int32_t axis) {
  int32_t at[OP_MAX_RANK], first = 0;
  for (int32_t i = 0; i < k->c.num_outputs; i++) {
    const op_tensor *const out = &k->out[i];
    for (size_t n = 0; n < op_count(out); n++) {
      op_coordinates(n, out->rank, out->dims, at);
      at[axis] += first;
      assert_int_equal(((int16_t *)out->data)[n], data[op_offset(in->rank, in->dims, at)]);
    }
    first += out->dims[axis];
  }
  assert_int_equal(first, in->dims[axis]);
}

static void split_into_equal_parts(void **state) {
  (void)state;
  fill();
  op_random r = {1};
  for (int round = 0; round < 500; round++) {
    const int32_t rank = op_random_in(&r, 1, 6), parts = op_random_in(&r, 1, 5);
    int32_t dims[OP_MAX_RANK], axis = op_random_in(&r, 0, rank - 1);
    op_random_dims(&r, rank, LIMIT / 10, dims);
    dims[axis] = parts * op_random_in(&r, 0, 2);
    const int32_t written = op_random_below(&r, 2) ? axis : axis - rank;
    op_case k;
    op_case_begin(&k, &op_split, &(sch_SplitOptions){.num_splits = parts});
    op_case_input(&k, MOTE_INT32, 0, NULL, &written, OP_CONST);
    op_case_input(&k, MOTE_INT16, rank, dims, data, 0);
    for (int32_t i = 0; i < parts; i++) op_case_output(&k, MOTE_INT16);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_parts(&k, &k.in[1], axis);
    assert_true(op_case_end(&k));
  }
}

static mote_status split_v(op_case *k, const int32_t *dims, int32_t rank, const int64_t *sizes, int32_t parts,
                           int32_t axis) {
  op_case_begin(k, &op_split_v, &(sch_SplitVOptions){.num_splits = parts});
  op_case_input(k, MOTE_INT16, rank, dims, data, 0);
  op_case_input(k, MOTE_INT64, 1, &parts, sizes, OP_CONST);
  op_case_input(k, MOTE_INT32, 0, NULL, &axis, OP_CONST);
  for (int32_t i = 0; i < parts; i++) op_case_output(k, MOTE_INT16);
  return op_case_run(k);
}

static void split_v_into_given_parts(void **state) {
  (void)state;
  fill();
  op_random r = {2};
  for (int round = 0; round < 500; round++) {
    const int32_t rank = op_random_in(&r, 1, 5), parts = op_random_in(&r, 1, round % 10 ? 5 : PARTS);
    int32_t dims[OP_MAX_RANK];
    const int32_t axis = op_random_in(&r, 0, rank - 1), rest = op_random_in(&r, -1, parts - 1);
    int64_t sizes[PARTS];
    op_random_dims(&r, rank, LIMIT / 3 / parts, dims);
    dims[axis] = 0;
    for (int32_t i = 0; i < parts; i++) {
      sizes[i] = op_random_in(&r, 0, 3);
      dims[axis] += (int32_t)sizes[i];
      if (i == rest) sizes[i] = -1;
    }
    op_case k;
    assert_int_equal(split_v(&k, dims, rank, sizes, parts, axis), MOTE_OK);
    assert_parts(&k, &k.in[0], axis);
    assert_true(op_case_end(&k));
  }
}

static void refuses_sizes_that_do_not_add_up(void **state) {
  (void)state;
  const int32_t dims[] = {4, 6};
  const int64_t bad[][3] = {
      {1, 2, 4}, {1, 2, 2}, {-1, -1, 6}, {-2, 4, 4}, {4, 3, -1}, {INT64_MAX, -1, 1}, {1, 1, INT64_C(4) << 32 | 4}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    op_case k;
    assert_int_not_equal(split_v(&k, dims, 2, bad[i], 3, 1), MOTE_OK);
    assert_true(op_case_end(&k));
  }
  op_case k;
  assert_int_not_equal(split_v(&k, dims, 2, (int64_t[]){2, 2, 2}, 3, 2), MOTE_OK);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_split, &(sch_SplitOptions){.num_splits = 4});
  op_case_input(&k, MOTE_INT32, 0, NULL, &(int32_t){1}, OP_CONST);
  op_case_input(&k, MOTE_INT16, 2, dims, data, 0);
  for (int32_t i = 0; i < 4; i++) op_case_output(&k, MOTE_INT16);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE); /* 6 into 4 */
  assert_true(op_case_end(&k));
}

static void axis_known_later(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_split, &(sch_SplitOptions){.num_splits = 2});
  op_tensor *const axis = op_case_input(&k, MOTE_INT32, 0, NULL, NULL, 0);
  op_case_input(&k, MOTE_INT16, 2, (int32_t[]){4, -1}, data, 0);
  op_case_output(&k, MOTE_INT16);
  op_case_output(&k, MOTE_INT16);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[1].rank, 2);
  assert_int_equal(k.out[1].dims[0], -1);
  axis->data = &(int32_t){0};
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[1].dims[0], 2);
  assert_int_equal(k.out[1].dims[1], -1);
  assert_true(op_case_end(&k));
}

/* TFSA-2021-087 (no parts) and TFSA-2021-094 (an axis that is not there). */
static void tfsa_2021_087_094_split(void **state) {
  (void)state;
  const int32_t axis = 100, zero = 0;
  op_case k;
  op_case_begin(&k, &op_split, &(sch_SplitOptions){.num_splits = 0});
  op_case_input(&k, MOTE_INT32, 0, NULL, &zero, OP_CONST);
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){4}, data, 0);
  op_case_output(&k, MOTE_INT16);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
  op_case_end(&k);
  for (uint32_t flags = 0; flags <= OP_CONST; flags++) {
    op_case_begin(&k, &op_split_v, &(sch_SplitVOptions){.num_splits = 1});
    op_case_input(&k, MOTE_INT16, 1, (int32_t[]){4}, data, 0);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, (int32_t[]){4}, OP_CONST);
    op_case_input(&k, MOTE_INT32, 0, NULL, &axis, flags);
    op_case_output(&k, MOTE_INT16);
    assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
    op_case_end(&k);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(split_into_equal_parts),           cmocka_unit_test(split_v_into_given_parts),
      cmocka_unit_test(refuses_sizes_that_do_not_add_up), cmocka_unit_test(axis_known_later),
      cmocka_unit_test(tfsa_2021_087_094_split),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
