/* pool.c: AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D against their definitions: windows of all sizes, clipped at every
 * edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "support/op_case.h"

extern const mote_op op_average_pool_2d, op_max_pool_2d, op_l2_pool_2d;

enum { LIMIT = 20000 };

static float data[LIMIT];

static double value(const op_tensor *t, size_t i) {
  return t->type == MOTE_FLOAT32 ? (double)((float *)t->data)[i] : (double)op_int_at(t, i);
}

/* What of a window along one dimension lies in the image: [*from, *to). */
static void clip(int32_t padding, int32_t in, int32_t out, int32_t filter, int32_t stride, int32_t at, int32_t *from,
                 int32_t *to) {
  const int32_t total = (out - 1) * stride + filter - in;
  const int32_t start = at * stride - (padding == sch_Padding_SAME && total > 0 ? total / 2 : 0);
  *from = start < 0 ? 0 : start;
  *to = start + filter > in ? in : start + filter;
}

static double expected(const op_case *k, const sch_Pool2DOptions *o, const int32_t at[4]) {
  const op_tensor *x = &k->in[0], *y = &k->out[0];
  int32_t y0, y1, x0, x1;
  clip(o->padding, x->dims[1], y->dims[1], o->filter_height, o->stride_h, at[1], &y0, &y1);
  clip(o->padding, x->dims[2], y->dims[2], o->filter_width, o->stride_w, at[2], &x0, &x1);
  double sum = 0, squares = 0, most = -INFINITY;
  for (int32_t i = y0; i < y1; i++)
    for (int32_t j = x0; j < x1; j++) {
      const double v = value(x, op_offset(4, x->dims, (int32_t[]){at[0], i, j, at[3]}));
      sum += v, squares += v * v;
      if (v > most) most = v;
    }
  if (k->c.op == &op_max_pool_2d) return most;
  if (k->c.op == &op_l2_pool_2d) return sqrt(squares / ((y1 - y0) * (x1 - x0)));
  const double mean = sum / ((y1 - y0) * (x1 - x0));
  return x->type == MOTE_FLOAT32 ? mean : round(mean); /* half away from zero */
}

static void clamp(const op_case *k, int32_t activation, double *v) {
  const op_tensor *y = &k->out[0];
  if (activation != sch_ActivationFunctionType_RELU6) return;
  const double lo = y->type == MOTE_FLOAT32 ? 0 : y->zero_point;
  const double hi = y->type == MOTE_FLOAT32 ? 6 : y->zero_point + round(6 / (double)y->scale);
  *v = *v < lo ? lo : *v > hi ? hi : *v;
}

static void follows_the_definition(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_INT8, MOTE_UINT8, MOTE_INT16};
  static const op_quant one = {.count = 1};
  op_random r = {1};
  cpu_level levels[4];
  const uint32_t level_count = (uint32_t)cpu_levels(levels);
  for (int round = 0; round < 1500; round++) {
    const mote_type type = types[op_random_below(&r, 4)];
    const int32_t dims[] = {op_random_in(&r, 0, 3), op_random_in(&r, 1, 9), op_random_in(&r, 1, 9),
                            op_random_in(&r, 1, 50)};
    sch_Pool2DOptions o = {.padding = op_random_below(&r, 2) ? sch_Padding_SAME : sch_Padding_VALID,
                           .stride_h = op_random_in(&r, 1, 4),
                           .stride_w = op_random_in(&r, 1, 4)};
    const bool same = o.padding == sch_Padding_SAME;
    o.filter_height = op_random_in(&r, 1, same ? 11 : dims[1]);
    o.filter_width = op_random_in(&r, 1, same ? 11 : dims[2]);
    o.fused_activation_function =
        op_random_below(&r, 2) ? sch_ActivationFunctionType_NONE : sch_ActivationFunctionType_RELU6;
    for (size_t i = 0; i < LIMIT; i++) {
      if (type == MOTE_FLOAT32) data[i] = (float)op_random_in(&r, -1000, 1000) / 64;
      else ((uint32_t *)data)[i] = op_random_below(&r, UINT32_MAX) * 2u + op_random_below(&r, 2);
    }
    op_case k;
    const bool l2 = type == MOTE_FLOAT32 && op_random_below(&r, 3) == 0;
    op_case_begin(&k, l2 ? &op_l2_pool_2d : op_random_below(&r, 2) ? &op_average_pool_2d : &op_max_pool_2d, &o);
    k.c.isa = levels[op_random_below(&r, level_count)];
    op_case_input(&k, type, 4, dims, data, 0);
    op_case_output(&k, type);
    k.in[0].quant = k.out[0].quant = &one;
    k.in[0].scale = k.out[0].scale = 0.05f, k.in[0].zero_point = k.out[0].zero_point = type == MOTE_INT16 ? 0 : 3;
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t n = 0; n < op_count(&k.out[0]); n++) {
      int32_t at[4];
      op_coordinates(n, 4, k.out[0].dims, at);
      double want = expected(&k, &o, at);
      clamp(&k, o.fused_activation_function, &want);
      assert_true(fabs(value(&k.out[0], n) - want) <= (type == MOTE_FLOAT32 ? 1e-5 : 0));
    }
    assert_true(op_case_end(&k));
  }
}

static void nan_is_passed_over_by_the_largest(void **state) {
  (void)state;
  static const float x[] = {(float)NAN, 3, (float)NAN, (float)NAN};
  const sch_Pool2DOptions o = {
      .padding = sch_Padding_VALID, .stride_h = 1, .stride_w = 2, .filter_height = 1, .filter_width = 2};
  op_case k;
  op_case_begin(&k, &op_max_pool_2d, &o);
  op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, 1, 4, 1}, x, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(((float *)k.out[0].data)[0] == 3);
  assert_true(((float *)k.out[0].data)[1] == -FLT_MAX);
  assert_true(op_case_end(&k));
}

/* TFSA-2021-074 and TFSA-2021-158: filters and strides of 0, by every operator. */
static void tfsa_2021_074_158_pools(void **state) {
  (void)state;
  static const sch_Pool2DOptions wrong[] = {
      {.padding = sch_Padding_VALID, .stride_h = 1, .stride_w = 1, .filter_height = 0, .filter_width = 1},
      {.padding = sch_Padding_VALID, .stride_h = 0, .stride_w = 1, .filter_height = 1, .filter_width = 1},
      {.padding = sch_Padding_VALID, .stride_h = 1, .stride_w = 1, .filter_height = 5, .filter_width = 1},
      {.padding = 7, .stride_h = 1, .stride_w = 1, .filter_height = 1, .filter_width = 1},
  };
  op_case k;
  static const mote_op *const ops[] = {&op_average_pool_2d, &op_max_pool_2d, &op_l2_pool_2d};
  for (size_t i = 0; i < 3 * (sizeof wrong / sizeof *wrong); i++) {
    op_case_begin(&k, ops[i % 3], &wrong[i / 3]);
    op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 1}, data, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_not_equal(op_case_infer(&k), MOTE_OK);
    op_case_end(&k);
  }
  op_case_begin(&k, &op_max_pool_2d, NULL);
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){4, 4, 1}, data, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  op_case_end(&k);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(nan_is_passed_over_by_the_largest),
      cmocka_unit_test(tfsa_2021_074_158_pools),
  };
  return cmocka_run_group_tests_name("operators: pool", tests, NULL, NULL);
}
