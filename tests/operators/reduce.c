/* reduce.c: MEAN, SUM, products, extremes, ARG_MAX and ARG_MIN against their definitions over all axes, and what is
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fixed.h"
#include "support/op_case.h"

extern const mote_op op_mean, op_sum, op_arg_max, op_arg_min;
extern const mote_op op_reduce_prod, op_reduce_max, op_reduce_min, op_reduce_any, op_reduce_all;

enum { LIMIT = 8000 };

static uint64_t data[LIMIT];

static void fill(op_random *r, mote_type type) {
  for (size_t i = 0; i < LIMIT; i++) {
    if (type == MOTE_FLOAT32) ((float *)data)[i] = (float)op_random_in(r, -1000, 1000) / 8;
    else data[i] = (uint64_t)op_random_below(r, UINT32_MAX) << 32 | op_random_below(r, UINT32_MAX);
  }
}

/* The input element that output element n takes at place m of what is reduced. */
static size_t source(const op_tensor *x, uint32_t reduced, size_t n, size_t m) {
  int32_t at[OP_MAX_RANK];
  for (int32_t i = x->rank - 1; i >= 0; i--) {
    size_t *from = reduced >> i & 1 ? &m : &n;
    at[i] = (int32_t)(*from % (size_t)x->dims[i]);
    *from /= (size_t)x->dims[i];
  }
  return op_offset(x->rank, x->dims, at);
}

/* The reference's rule for quantized sums and means. */
static int32_t quantized(const op_case *k, int32_t sum, int64_t count) {
  const op_tensor *x = &k->in[0], *y = &k->out[0];
  fx_mult m = fx_quantize_multiplier((double)x->scale / (double)y->scale);
  if (k->c.op == &op_mean) {
    int shift = 63 - __builtin_clzll((uint64_t)count);
    if (shift > 32) shift = 32;
    if (shift > 31 + m.shift) shift = 31 + m.shift;
    m.m = (int32_t)(((int64_t)m.m << shift) / count);
    m.shift -= shift;
  }
  int32_t lo, hi;
  op_type_range(y->type, &lo, &hi);
  const int64_t r = (int64_t)fx_mbqm(sum - (int32_t)(x->zero_point * count), m) + y->zero_point;
  return (int32_t)(r < lo ? lo : r > hi ? hi : r);
}

static void compare_output(const op_case *k, uint32_t reduced, size_t count, size_t n) {
  const op_tensor *x = &k->in[0], *y = &k->out[0];
  const bool mean = k->c.op == &op_mean;
  double real = 0, magnitude = 0;
  uint64_t sum = 0;
  for (size_t m = 0; m < count; m++) {
    const size_t i = source(x, reduced, n, m);
    if (x->type == MOTE_FLOAT32) real += ((float *)x->data)[i], magnitude += fabs((double)((float *)x->data)[i]);
    else sum += (uint64_t)op_int_at(x, i);
  }
  const int64_t divisor = mean && count ? (int64_t)count : 1;
  if (x->type == MOTE_FLOAT32)
    assert_true(fabs(((float *)y->data)[n] - real / (double)divisor) <= 1e-6 * magnitude / (double)divisor);
  else if (x->type == MOTE_INT64) assert_int_equal(op_int_at(y, n), (int64_t)sum / divisor);
  else if (x->type == MOTE_INT32) assert_int_equal(op_int_at(y, n), (int32_t)((int64_t)sum / divisor));
  else if (count) assert_int_equal(op_int_at(y, n), quantized(k, (int32_t)sum, (int64_t)count));
  else assert_int_equal(op_int_at(y, n), y->zero_point);
}

static void sums_and_means(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_INT32, MOTE_INT64, MOTE_INT8, MOTE_UINT8, MOTE_INT16};
  static const op_quant one = {.count = 1};
  op_random r = {1};
  cpu_level levels[4];
  const uint32_t level_count = (uint32_t)cpu_levels(levels);
  for (int round = 0; round < 3000; round++) {
    const mote_type type = types[op_random_below(&r, 6)];
    const int32_t rank = op_random_in(&r, 0, 6);
    int32_t dims[OP_MAX_RANK], axes[8], num_axes = op_random_in(&r, 0, 4);
    op_random_dims(&r, rank, LIMIT, dims);
    if (rank == 1 && dims[0]) dims[0] = op_random_in(&r, 1, LIMIT);
    if (rank == 2 && dims[0] && dims[1]) dims[1] = op_random_in(&r, 1, LIMIT / dims[0]);
    uint32_t reduced = 0;
    for (int32_t i = 0; i < num_axes; i++) {
      axes[i] = rank ? op_random_in(&r, -rank, rank - 1) : 0;
      if (rank) reduced |= UINT32_C(1) << (axes[i] < 0 ? axes[i] + rank : axes[i]);
    }
    fill(&r, type);
    const sch_ReducerOptions keep = {.keep_dims = op_random_below(&r, 2)};
    op_case k;
    op_case_begin(&k, op_random_below(&r, 2) ? &op_mean : &op_sum, &keep);
    k.c.isa = levels[op_random_below(&r, level_count)];
    op_case_input(&k, type, rank, dims, data, 0);
    op_case_input(&k, MOTE_INT32, 1, &num_axes, axes, OP_CONST);
    op_case_output(&k, type);
    k.in[0].quant = k.out[0].quant = &one;
    k.in[0].scale = 0.031f, k.in[0].zero_point = type == MOTE_INT16 ? 0 : 4;
    k.out[0].scale = op_random_below(&r, 2) ? 0.031f : 0.7f, k.out[0].zero_point = type == MOTE_INT16 ? 0 : 9;
    assert_int_equal(op_case_run(&k), MOTE_OK);
    size_t count = 1;
    int32_t out_rank = 0;
    for (int32_t i = 0; i < rank; i++) {
      if (reduced >> i & 1) count *= (size_t)dims[i];
      if ((reduced >> i & 1) && !keep.keep_dims) continue;
      assert_int_equal(k.out[0].dims[out_rank++], reduced >> i & 1 ? 1 : dims[i]);
    }
    assert_int_equal(k.out[0].rank, out_rank);
    for (size_t n = 0; n < op_count(&k.out[0]); n++) compare_output(&k, reduced, count, n);
    assert_true(op_case_end(&k));
  }
}

static double value(const op_tensor *t, size_t i) {
  return t->type == MOTE_FLOAT32 ? (double)((float *)t->data)[i] : (double)op_int_at(t, i);
}

static void largest(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_INT32, MOTE_INT8, MOTE_UINT8};
  op_random r = {2};
  for (int round = 0; round < 2000; round++) {
    const mote_type type = types[op_random_below(&r, 4)];
    const int32_t rank = op_random_in(&r, 1, 6), axis = op_random_in(&r, 0, rank - 1),
                  given = op_random_below(&r, 2) ? axis : axis - rank;
    int32_t dims[OP_MAX_RANK];
    op_random_dims(&r, rank, LIMIT, dims);
    for (int32_t i = 0, none = dims[axis] == 0; none && i < rank; i++) dims[i] = 1;
    fill(&r, type);
    for (int i = 0; type == MOTE_FLOAT32 && i < 2000; i++) ((float *)data)[op_random_below(&r, LIMIT)] = (float)NAN;
    op_case k;
    const bool min = op_random_below(&r, 2);
    op_case_begin(&k, min ? &op_arg_min : &op_arg_max, NULL);
    op_case_input(&k, type, rank, dims, data, 0);
    op_case_input(&k, MOTE_INT32, 0, NULL, &given, OP_CONST);
    op_case_output(&k, op_random_below(&r, 2) ? MOTE_INT32 : MOTE_INT64);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_int_equal(k.out[0].rank, rank - 1);
    for (size_t n = 0; n < op_count(&k.out[0]); n++) {
      size_t best = 0;
      bool found = false;
      for (size_t m = 0; m < (size_t)dims[axis]; m++) {
        const double v = value(&k.in[0], source(&k.in[0], UINT32_C(1) << axis, n, m));
        const double most = value(&k.in[0], source(&k.in[0], UINT32_C(1) << axis, n, best));
        if (v != v || (found && (min ? v >= most : v <= most))) continue;
        best = m, found = true;
      }
      assert_int_equal(op_int_at(&k.out[0], n), best);
    }
    assert_true(op_case_end(&k));
  }
}

/* One output element of a fold; of nothing it is what folding begins with. */
static double folded(const mote_op *op, const op_tensor *x, uint32_t reduced, size_t count, size_t n) {
  const bool any = op == &op_reduce_any, all = op == &op_reduce_all, max = op == &op_reduce_max;
  double acc = all || op == &op_reduce_prod ? 1 : any ? 0 : max ? -INFINITY : INFINITY;
  for (size_t m = 0; m < count; m++) {
    const double v = value(x, source(x, reduced, n, m));
    if (op == &op_reduce_prod)
      acc = x->type == MOTE_INT32 ? (int32_t)((uint32_t)(int64_t)acc * (uint32_t)(int64_t)v) : acc * v;
    else if (any) acc = acc != 0 || v != 0;
    else if (all) acc = acc != 0 && v != 0;
    else if (max ? v > acc : v < acc) acc = v;
  }
  return acc;
}

static void folds(void **state) {
  (void)state;
  static const mote_op *const ops[] = {&op_reduce_prod, &op_reduce_max, &op_reduce_min, &op_reduce_any, &op_reduce_all};
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_INT32, MOTE_INT64, MOTE_INT8, MOTE_UINT8, MOTE_INT16};
  op_random r = {3};
  for (int round = 0; round < 2000; round++) {
    const mote_op *op = ops[op_random_below(&r, 5)];
    mote_type type = types[op_random_below(&r, op == &op_reduce_prod ? 2 : 6)];
    if (op == &op_reduce_any || op == &op_reduce_all) type = MOTE_BOOL;
    const int32_t rank = op_random_in(&r, 1, 5), one = 1;
    const int32_t axis = op_random_in(&r, 0, rank - 1);
    int32_t dims[OP_MAX_RANK];
    op_random_dims(&r, rank, LIMIT, dims);
    fill(&r, type);
    for (size_t i = 0; type == MOTE_FLOAT32 && i < LIMIT; i++) ((float *)data)[i] /= 64;
    for (size_t i = 0; type == MOTE_BOOL && i < LIMIT; i++) ((uint8_t *)data)[i] = op_random_below(&r, 4) == 0;
    op_case k;
    op_case_begin(&k, op, NULL);
    op_case_input(&k, type, rank, dims, data, 0);
    op_case_input(&k, MOTE_INT32, 1, &one, &axis, OP_CONST);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t n = 0; dims[axis] && n < op_count(&k.out[0]); n++) {
      const double want = folded(op, &k.in[0], UINT32_C(1) << axis, (size_t)dims[axis], n), got = value(&k.out[0], n);
      assert_true(fabs(got - want) <= 1e-5 * fabs(want));
    }
    assert_true(op_case_end(&k));
  }
}

/* Each product is rescaled as the reference rescales it. */
static void quantized_products(void **state) {
  (void)state;
  static const op_quant one = {.count = 1};
  static const int32_t axis = 0;
  static const int8_t x[] = {10, -20, 30, 7, 100, -128, 5, 6};
  op_case k;
  op_case_begin(&k, &op_reduce_prod, NULL);
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){4, 2}, x, 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &axis, OP_CONST);
  op_case_output(&k, MOTE_INT8);
  k.in[0].quant = k.out[0].quant = &one;
  k.in[0].scale = 0.02f, k.in[0].zero_point = 3, k.out[0].scale = 0.03f, k.out[0].zero_point = -4;
  assert_int_equal(op_case_run(&k), MOTE_OK);
  const fx_mult m = fx_quantize_multiplier(0.02f / pow(0.03f, 0.25));
  for (size_t n = 0; n < 2; n++) {
    int64_t acc = x[n] - 3;
    for (size_t i = 1; i < 4; i++) acc = fx_mbqm64(acc * (x[2 * i + n] - 3), m);
    acc = fx_mbqm64(acc, m) - 4;
    assert_int_equal(op_int_at(&k.out[0], n), acc < -128 ? -128 : acc > 127 ? 127 : acc);
  }
  assert_true(op_case_end(&k));
}

static mote_status infer_axis(const mote_op *op, int64_t axis, mote_type type, const int32_t *dims) {
  op_case k;
  const int32_t narrow = (int32_t)axis;
  op_case_begin(&k, op, NULL);
  op_case_input(&k, MOTE_FLOAT32, 2, dims, data, 0);
  op_case_input(&k, type, 1, (int32_t[]){1}, type == MOTE_INT64 ? (const void *)&axis : &narrow, OP_CONST);
  op_case_output(&k, op == &op_arg_max || op == &op_arg_min ? MOTE_INT32 : MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  if (status) k.out[0].data = NULL;
  op_case_end(&k);
  return status;
}

static void axes_out_of_range(void **state) {
  (void)state;
  const int32_t dims[] = {2, 3};
  assert_int_equal(infer_axis(&op_mean, 1, MOTE_INT32, dims), MOTE_OK);
  assert_int_equal(infer_axis(&op_mean, 2, MOTE_INT32, dims), MOTE_ERR_SHAPE);
  assert_int_equal(infer_axis(&op_sum, INT32_MIN, MOTE_INT32, dims), MOTE_ERR_SHAPE);
  assert_int_equal(infer_axis(&op_arg_max, -3, MOTE_INT32, dims), MOTE_ERR_SHAPE);
  assert_int_equal(infer_axis(&op_arg_max, INT64_C(1) << 32, MOTE_INT64, dims), MOTE_ERR_SHAPE);
}

/* TFSA-2020-009 and TFSA-2021-093: axes that are not there. TFSA-2021-163: no axis at all. */
static void tfsa_2020_009_2021_093_2021_163_axes(void **state) {
  (void)state;
  static const mote_op *const ops[] = {&op_mean,       &op_sum,     &op_reduce_prod, &op_reduce_max,
                                       &op_reduce_min, &op_arg_max, &op_arg_min};
  const int32_t dims[] = {2, 3}, none = 0;
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    assert_int_equal(infer_axis(ops[i], -100, MOTE_INT32, dims), MOTE_ERR_SHAPE);
    assert_int_equal(infer_axis(ops[i], 2, MOTE_INT32, dims), MOTE_ERR_SHAPE);
    assert_int_equal(infer_axis(ops[i], -3, MOTE_INT32, dims), MOTE_ERR_SHAPE);
    op_case k;
    op_case_begin(&k, ops[i], NULL);
    op_case_input(&k, MOTE_FLOAT32, 2, dims, data, 0);
    op_case_input(&k, MOTE_INT32, 1, &none, data, OP_CONST);
    op_case_output(&k, i < 5 ? MOTE_FLOAT32 : MOTE_INT32);
    assert_int_equal(op_case_infer(&k), i < 5 ? MOTE_OK : MOTE_ERR_SHAPE);
    op_case_end(&k);
  }
}

static void axes_that_come_in_the_run(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_mean, NULL);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 3}, data, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[0].rank, -1);
  op_case_end(&k);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_and_means),
      cmocka_unit_test(largest),
      cmocka_unit_test(folds),
      cmocka_unit_test(quantized_products),
      cmocka_unit_test(axes_out_of_range),
      cmocka_unit_test(tfsa_2020_009_2021_093_2021_163_axes),
      cmocka_unit_test(axes_that_come_in_the_run),
  };
  return cmocka_run_group_tests_name("operators: reduce", tests, NULL, NULL);
}
