/* STRIDED_SLICE against Python's slices; masks; entries that are refused; what is unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_strided_slice;

enum { LIMIT = 4000 };

static int32_t data[LIMIT];

typedef struct spec {
  int32_t count, begin[OP_MAX_RANK], end[OP_MAX_RANK], strides[OP_MAX_RANK];
  sch_StridedSliceOptions masks;
} spec;

static mote_status slice(op_case *k, const spec *s, int32_t rank, const int32_t *dims) {
  op_case_begin(k, &op_strided_slice, &s->masks);
  op_case_input(k, MOTE_INT32, rank, dims, data, 0);
  op_case_input(k, MOTE_INT32, 1, &s->count, s->begin, OP_CONST);
  op_case_input(k, MOTE_INT32, 1, &s->count, s->end, OP_CONST);
  op_case_input(k, MOTE_INT32, 1, &s->count, s->strides, OP_CONST);
  op_case_output(k, MOTE_INT32);
  return op_case_run(k);
}

/* The positions that x[begin:end:stride] takes, by walking. */
static int32_t walk(const spec *s, int32_t i, int32_t n, int32_t *taken) {
  const int32_t stride = s->strides[i];
  int32_t at = s->begin[i] < 0 ? s->begin[i] + n : s->begin[i], end = s->end[i] < 0 ? s->end[i] + n : s->end[i];
  if (s->masks.begin_mask >> i & 1) at = stride > 0 ? 0 : n - 1;
  if (s->masks.end_mask >> i & 1) end = stride > 0 ? n : -1;
  else if (s->end[i] < -n) end = -1;
  int32_t count = 0;
  if (stride > 0 && at < 0) at = 0;
  if (stride < 0 && at > n - 1) at = n - 1;
  for (; stride > 0 ? at < end && at < n : at > end && at >= 0; at += stride) taken[count++] = at;
  return count;
}

static void follows_python(void **state) {
  (void)state;
  op_random r = {1};
  for (int i = 0; i < LIMIT; i++) data[i] = i;
  for (int round = 0; round < 5000; round++) {
    const int32_t rank = op_random_in(&r, 1, round % 9 ? 4 : OP_MAX_RANK);
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK], taken[OP_MAX_RANK][16], counts[OP_MAX_RANK];
    op_random_dims(&r, rank, LIMIT, dims);
    spec s = {.count = rank};
    s.masks.begin_mask = op_random_in(&r, 0, 255) & op_random_in(&r, 0, 255);
    s.masks.end_mask = op_random_in(&r, 0, 255) & op_random_in(&r, 0, 255);
    for (int32_t i = 0; i < rank; i++) {
      s.begin[i] = op_random_in(&r, -dims[i] - 2, dims[i] + 2);
      s.end[i] = op_random_in(&r, -dims[i] - 2, dims[i] + 2);
      s.strides[i] = op_random_in(&r, 1, 3) * (op_random_below(&r, 2) ? 1 : -1);
      counts[i] = walk(&s, i, dims[i], taken[i]);
    }
    op_case k;
    assert_int_equal(slice(&k, &s, rank, dims), MOTE_OK);
    const op_tensor *const out = &k.out[0];
    for (int32_t i = 0; i < rank; i++) assert_int_equal(out->dims[i], counts[i]);
    for (size_t n = 0; n < op_count(out); n++) {
      op_coordinates(n, rank, out->dims, at);
      for (int32_t i = 0; i < rank; i++) at[i] = taken[i][at[i]];
      assert_int_equal(((int32_t *)out->data)[n], data[op_offset(rank, dims, at)]);
    }
    assert_true(op_case_end(&k));
  }
}

static void assert_result(const spec *s, int32_t rank, const int32_t *dims, int32_t out_rank, const int32_t *out_dims,
                          int32_t first) {
  op_case k;
  assert_int_equal(slice(&k, s, rank, dims), MOTE_OK);
  assert_int_equal(k.out[0].rank, out_rank);
  for (int32_t i = 0; i < out_rank; i++) assert_int_equal(k.out[0].dims[i], out_dims[i]);
  assert_int_equal(*(int32_t *)k.out[0].data, first);
  assert_true(op_case_end(&k));
}

static void masks_change_the_rank(void **state) {
  (void)state;
  for (int i = 0; i < LIMIT; i++) data[i] = i;
  const int32_t dims[] = {2, 3, 4};
  /* x[1, ..., 2] */
  const spec drop = {3, {1, 0, 2}, {0}, {1, 1, 1}, {.shrink_axis_mask = 5, .ellipsis_mask = 2}};
  assert_result(&drop, 3, dims, 1, (int32_t[]){3}, 14);
  /* x[newaxis, ..., newaxis] */
  const spec add = {3, {0}, {0}, {1, 1, 1}, {.new_axis_mask = 5, .ellipsis_mask = 2}};
  assert_result(&add, 3, dims, 5, (int32_t[]){1, 2, 3, 4, 1}, 0);
  /* x[..., 0:1, 1:2, 2:3]: the ellipsis stands for nothing */
  const spec none = {4, {0, 0, 1, 2}, {0, 1, 2, 3}, {1, 1, 1, 1}, {.ellipsis_mask = 1}};
  assert_result(&none, 3, dims, 3, (int32_t[]){1, 1, 1}, 6);
  /* x[-1] */
  const spec last = {1, {-1}, {0}, {1}, {.shrink_axis_mask = 1}};
  assert_result(&last, 3, dims, 2, (int32_t[]){3, 4}, 12);
  /* x[..., newaxis, 1:2, 1:2, 1:2, 1:2]: the ellipsis takes an axis, and nothing is left for the last two */
  const spec many = {
      6, {0, 0, 1, 1, 1, 1}, {0, 0, 2, 2, 2, 2}, {1, 1, 1, 1, 1, 1}, {.ellipsis_mask = 1, .new_axis_mask = 2}};
  assert_result(&many, 3, dims, 4, (int32_t[]){2, 1, 1, 1}, 5);
  /* begin 1 and length 2, by the offset flag */
  const spec offset = {2, {0, 1}, {2, 2}, {1, 1}, {.offset = true}};
  assert_result(&offset, 3, dims, 3, (int32_t[]){2, 2, 4}, 4);
}

static void refuses_impossible_entries(void **state) {
  (void)state;
  const int32_t dims[] = {2, 3};
  const spec bad[] = {
      {2, {0, 0}, {1, 1}, {1, 0}, {0}},
      {2, {0, 0}, {1, 1}, {1, INT32_MIN}, {0}},
      {2, {0, 0}, {1, INT32_MIN}, {1, -1}, {.offset = true}},
      {2, {0, 3}, {1, 4}, {1, 1}, {.shrink_axis_mask = 2}},
      {2, {0, 0}, {1, 1}, {1, -1}, {.shrink_axis_mask = 2}},
      {3, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, {0}},
      {3, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, {.ellipsis_mask = 3}},
      {8, {0}, {0}, {1, 1, 1, 1, 1, 1, 1, 1}, {.new_axis_mask = 255}},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    op_case k;
    assert_int_not_equal(slice(&k, &bad[i], 2, dims), MOTE_OK);
    assert_true(op_case_end(&k));
  }
}

static void unknown_parts(void **state) {
  (void)state;
  op_case k;
  const sch_StridedSliceOptions o = {.shrink_axis_mask = 1, .new_axis_mask = 2};
  op_case_begin(&k, &op_strided_slice, &o);
  op_case_input(&k, MOTE_INT32, 3, (int32_t[]){2, -1, 4}, data, 0);
  for (int i = 0; i < 3; i++) op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, i < 2 ? NULL : (int32_t[]){1, 1, 1}, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  const int32_t expected[] = {1, -1, 4};
  assert_int_equal(k.out[0].rank, 3);
  for (int i = 0; i < 3; i++) assert_int_equal(k.out[0].dims[i], expected[i]);
  assert_true(op_case_end(&k));
}

/* TFSA-2021-159: an ellipsis among more entries than dimensions ends. */
static void tfsa_2021_159_strided_slice(void **state) {
  (void)state;
  const int32_t ones[4] = {1, 1, 1, 1}, zeros[4] = {0}, count = 4;
  for (int32_t bit = 0; bit < 4; bit++) {
    op_case k;
    op_case_begin(&k, &op_strided_slice, &(sch_StridedSliceOptions){.ellipsis_mask = 1 << bit});
    op_case_input(&k, MOTE_INT32, 2, (int32_t[]){2, 3}, data, 0);
    op_case_input(&k, MOTE_INT32, 1, &count, zeros, OP_CONST);
    op_case_input(&k, MOTE_INT32, 1, &count, ones, OP_CONST);
    op_case_input(&k, MOTE_INT32, 1, &count, ones, OP_CONST);
    op_case_output(&k, MOTE_INT32);
    op_case_run(&k); /* an answer or a sentence */
    op_case_end(&k);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_python),
      cmocka_unit_test(masks_change_the_rank),
      cmocka_unit_test(refuses_impossible_entries),
      cmocka_unit_test(unknown_parts),
      cmocka_unit_test(tfsa_2021_159_strided_slice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
