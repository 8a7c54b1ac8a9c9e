/* normalize.c: LOG_SOFTMAX, L2_NORMALIZATION and LOCAL_RESPONSE_NORMALIZATION against their definitions in double, and
 * what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "support/op_case.h"

extern const mote_op op_log_softmax, op_l2_normalization, op_local_response_normalization;

enum { ROWS = 20, DEPTH = 33, N = ROWS * DEPTH };

static const op_quant one = {.count = 1};

static double real(const op_tensor *t, size_t i) {
  if (t->type == MOTE_FLOAT32) return (double)((const float *)t->data)[i];
  return (double)t->scale * (double)(op_int_at(t, i) - t->zero_point);
}

static double expected(const mote_op *op, const op_tensor *x, size_t at) {
  const size_t first = at / DEPTH * DEPTH;
  double sum = 0, squares = 0;
  for (size_t i = first; i < first + DEPTH; i++) {
    sum += exp(real(x, i) - real(x, at));
    squares += real(x, i) * real(x, i);
  }
  return op == &op_log_softmax ? -log(sum) : real(x, at) / fmax(sqrt(squares), 1e-6);
}

static void rows(const mote_op *op, mote_type type, float scale, int32_t zero_point, op_random *r) {
  static float data[N];
  for (size_t i = 0; i < N; i++) {
    if (type == MOTE_FLOAT32) data[i] = (float)op_random_in(r, -1000, 1000) / 128;
    else ((uint8_t *)data)[i] = (uint8_t)op_random_below(r, 256);
  }
  op_case k;
  op_case_begin(&k, op, NULL);
  op_case_input(&k, type, 3, (int32_t[]){4, 5, DEPTH}, data, 0);
  op_case_output(&k, type);
  k.in[0].quant = k.out[0].quant = &one;
  k.in[0].scale = 0.05f, k.in[0].zero_point = 7;
  k.out[0].scale = scale, k.out[0].zero_point = zero_point;
  assert_int_equal(op_case_run(&k), MOTE_OK);
  for (size_t i = 0; i < N; i++) {
    const double least = type == MOTE_FLOAT32 ? -INFINITY : -255.0 / 16, want = expected(op, &k.in[0], i);
    assert_true(fabs(real(&k.out[0], i) - fmax(want, least)) <= (type == MOTE_FLOAT32 ? 1e-5 : 1.01 * (double)scale));
  }
  assert_true(op_case_end(&k));
}

static void rows_follow(void **state) {
  (void)state;
  op_random r = {1};
  for (int turn = 0; turn < 20; turn++) {
    rows(&op_log_softmax, MOTE_FLOAT32, 0, 0, &r);
    rows(&op_log_softmax, MOTE_INT8, 1.0f / 16, 127, &r);
    rows(&op_log_softmax, MOTE_UINT8, 1.0f / 16, 255, &r);
    rows(&op_l2_normalization, MOTE_FLOAT32, 0, 0, &r);
    rows(&op_l2_normalization, MOTE_INT8, 1.0f / 128, 0, &r);
    rows(&op_l2_normalization, MOTE_UINT8, 1.0f / 128, 128, &r);
  }
}

/* The window of a channel reaches radius channels to both sides. */
static void neighbours(void **state) {
  (void)state;
  static float data[N];
  op_random r = {2};
  for (size_t i = 0; i < N; i++) data[i] = (float)op_random_in(&r, -1000, 1000) / 100;
  for (int32_t radius = 0; radius < 40; radius += 3) {
    const sch_LocalResponseNormalizationOptions o = {.radius = radius, .bias = 2, .alpha = 0.5f, .beta = 0.75f};
    op_case k;
    op_case_begin(&k, &op_local_response_normalization, &o);
    op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){2, 5, 2, DEPTH}, data, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < N; i++) {
      double sum = 0;
      for (int32_t j = i - radius; j <= i + radius; j++)
        if (j >= 0 && j / DEPTH == i / DEPTH) sum += (double)data[j] * (double)data[j];
      const double want = (double)data[i] / pow(2 + 0.5 * sum, 0.75);
      assert_true(fabs(real(&k.out[0], (size_t)i) - want) <= 1e-5 * fmax(1, fabs(want)));
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status refused(const mote_op *op, const void *options, mote_type type, int32_t rank, float scale) {
  op_case k;
  op_case_begin(&k, op, options);
  op_case_input(&k, type, rank, (int32_t[]){2, 2, 2, 2}, NULL, 0);
  op_case_output(&k, type);
  k.in[0].quant = k.out[0].quant = &one;
  k.in[0].scale = 0.1f, k.out[0].scale = scale;
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void what_is_refused(void **state) {
  (void)state;
  const sch_L2NormOptions relu = {.fused_activation_function = sch_ActivationFunctionType_RELU};
  const sch_LocalResponseNormalizationOptions negative = {.radius = -1};
  assert_int_equal(refused(&op_log_softmax, NULL, MOTE_FLOAT32, 0, 1), MOTE_ERR_SHAPE);
  assert_int_equal(refused(&op_log_softmax, NULL, MOTE_INT8, 2, 0.1f), MOTE_ERR_MODEL);
  assert_int_equal(refused(&op_l2_normalization, NULL, MOTE_INT8, 2, 0.1f), MOTE_ERR_MODEL);
  assert_int_equal(refused(&op_l2_normalization, NULL, MOTE_FLOAT32, 0, 1), MOTE_ERR_SHAPE);
  assert_int_equal(refused(&op_l2_normalization, &relu, MOTE_FLOAT32, 2, 1), MOTE_ERR_MODEL);
  assert_int_equal(refused(&op_local_response_normalization, &negative, MOTE_FLOAT32, 4, 1), MOTE_ERR_MODEL);
  assert_int_equal(refused(&op_local_response_normalization, NULL, MOTE_FLOAT32, 3, 1), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_follow),
      cmocka_unit_test(neighbours),
      cmocka_unit_test(what_is_refused),
  };
  return cmocka_run_group_tests_name("operators: normalize", tests, NULL, NULL);
}
