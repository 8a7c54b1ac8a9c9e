/* segment.c: segment sums and their kin, CUMSUM and BUCKETIZE against their definitions, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <float.h>

#include "support/op_case.h"

extern const mote_op op_segment_sum, op_unsorted_segment_sum, op_unsorted_segment_prod, op_unsorted_segment_max,
    op_unsorted_segment_min, op_cumsum, op_bucketize;

static const int32_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8};

static mote_status segments(const mote_op *op, const int32_t *ids, int32_t n, int32_t count, int32_t *to) {
  op_case k;
  op_case_begin(&k, op, NULL);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){4, 2}, rows, 0);
  op_case_input(&k, MOTE_INT32, 1, &n, ids, 0);
  if (op != &op_segment_sum) op_case_input(&k, MOTE_INT32, 0, NULL, &count, 0);
  op_case_output(&k, MOTE_INT32);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(to, k.out[0].data, k.out[0].bytes);
  if (!k.out[0].data) k.c.num_outputs = 0;
  op_case_end(&k);
  return status;
}

static void segments_are_folded(void **state) {
  (void)state;
  int32_t y[8];
  const int32_t sorted[] = {0, 0, 1, 1}, loose[] = {2, -1, 0, 2};
  assert_int_equal(segments(&op_segment_sum, sorted, 4, 0, y), MOTE_OK);
  assert_memory_equal(y, ((const int32_t[]){4, 6, 12, 14}), 16);
  assert_int_equal(segments(&op_unsorted_segment_sum, loose, 4, 3, y), MOTE_OK);
  assert_memory_equal(y, ((const int32_t[]){5, 6, 0, 0, 8, 10}), 24);
  assert_int_equal(segments(&op_unsorted_segment_prod, loose, 4, 3, y), MOTE_OK);
  assert_memory_equal(y, ((const int32_t[]){5, 6, 1, 1, 7, 16}), 24);
  assert_int_equal(segments(&op_unsorted_segment_max, loose, 4, 3, y), MOTE_OK);
  assert_memory_equal(y, ((const int32_t[]){5, 6, INT32_MIN, INT32_MIN, 7, 8}), 24);
  assert_int_equal(segments(&op_unsorted_segment_min, loose, 4, 3, y), MOTE_OK);
  assert_memory_equal(y, ((const int32_t[]){5, 6, INT32_MAX, INT32_MAX, 1, 2}), 24);
}

/* TFSA-2020-002, -003 and -004: a last id below the largest, one that asks for 2^31 - 1 segments, one below 0. */
static void tfsa_2020_002_003_004_segment_sum(void **state) {
  (void)state;
  int32_t y[8];
  const int32_t falls[] = {2, 0, 1, 1}, vast[] = {0, 0, 0, INT32_MAX - 1}, below[] = {-1, 0, 0, 0};
  assert_int_equal(segments(&op_segment_sum, falls, 4, 0, y), MOTE_ERR_RUN);
  assert_int_equal(segments(&op_segment_sum, vast, 4, 0, y), MOTE_ERR_RUN);
  assert_int_equal(segments(&op_segment_sum, below, 4, 0, y), MOTE_ERR_RUN);
}

static void ids_are_tested(void **state) {
  (void)state;
  int32_t y[8];
  const int32_t skips[] = {0, 0, 2, 2}, descends[] = {0, 1, 0, 1}, starts[] = {1, 1, 1, 1}, negative[] = {0, 0, 0, -1};
  assert_int_equal(segments(&op_segment_sum, skips, 4, 0, y), MOTE_ERR_RUN);
  assert_int_equal(segments(&op_segment_sum, descends, 4, 0, y), MOTE_ERR_RUN);
  assert_int_equal(segments(&op_segment_sum, starts, 4, 0, y), MOTE_ERR_RUN);
  assert_int_equal(segments(&op_segment_sum, negative, 4, 0, y), MOTE_ERR_RUN);
  assert_int_equal(segments(&op_segment_sum, skips, 3, 0, y), MOTE_ERR_SHAPE);
  assert_int_equal(segments(&op_unsorted_segment_sum, skips, 4, 2, y), MOTE_ERR_RUN);
  assert_int_equal(segments(&op_unsorted_segment_sum, skips, 4, -1, y), MOTE_ERR_SHAPE);
}

static void running_sums(void **state) {
  (void)state;
  op_random r = {1};
  int64_t data[4 * 5 * 6];
  for (int i = 0; i < 120; i++) data[i] = op_random_in(&r, -1000, 1000);
  for (int c = 0; c < 24; c++) {
    const int32_t dims[] = {4, 5, 6}, axis = c / 4 - 3;
    const int32_t at_axis = axis < 0 ? axis + 3 : axis;
    const sch_CumsumOptions o = {.exclusive = c & 1, .reverse = c >> 1 & 1};
    op_case k;
    op_case_begin(&k, &op_cumsum, &o);
    op_case_input(&k, MOTE_INT64, 3, dims, data, 0);
    op_case_input(&k, MOTE_INT32, 0, NULL, &axis, OP_CONST);
    op_case_output(&k, MOTE_INT64);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t n = 0; n < 120; n++) {
      int32_t at[OP_MAX_RANK];
      int64_t sum = 0;
      op_coordinates(n, 3, dims, at);
      for (int32_t i = 0, mine = at[at_axis]; i < dims[at_axis]; i++) {
        at[at_axis] = i;
        if (i == mine ? !o.exclusive : (o.reverse ? i > mine : i < mine)) sum += data[op_offset(3, dims, at)];
      }
      assert_int_equal(op_int_at(&k.out[0], n), sum);
    }
    assert_true(op_case_end(&k));
  }
  const int32_t far = 3;
  op_case k;
  op_case_begin(&k, &op_cumsum, NULL);
  op_case_input(&k, MOTE_INT64, 3, (int32_t[]){4, 5, 6}, data, 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &far, OP_CONST);
  op_case_output(&k, MOTE_INT64);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  assert_true(op_case_end(&k));
}

static mote_status buckets(const float *bounds, int32_t *to) {
  static const float x[] = {-5, 0, 0.5f, 10, 99};
  const sch_BucketizeOptions o = {.boundaries = {.count = 3, .data = bounds}};
  op_case k;
  op_case_begin(&k, &op_bucketize, &o);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){5}, x, 0);
  op_case_output(&k, MOTE_INT32);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(to, k.out[0].data, k.out[0].bytes);
  else k.c.num_outputs = 0;
  op_case_end(&k);
  return status;
}

static void elements_fall_into_buckets(void **state) {
  (void)state;
  int32_t y[5];
  assert_int_equal(buckets((const float[]){0, 10, 100}, y), MOTE_OK);
  assert_memory_equal(y, ((const int32_t[]){0, 1, 1, 2, 2}), sizeof y);
  assert_int_equal(buckets((const float[]){0, -1, 100}, y), MOTE_ERR_MODEL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(segments_are_folded),
      cmocka_unit_test(tfsa_2020_002_003_004_segment_sum),
      cmocka_unit_test(ids_are_tested),
      cmocka_unit_test(running_sums),
      cmocka_unit_test(elements_fall_into_buckets),
  };
  return cmocka_run_group_tests_name("operators: segment", tests, NULL, NULL);
}
