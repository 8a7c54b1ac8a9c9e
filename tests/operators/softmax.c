/* SOFTMAX: against its definition in double, over all ranks and types, and at the ends of what integers hold. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_softmax;

enum { LIMIT = 6000 };

static void quantized(op_tensor *t, op_quant *q, const float *scale, const int32_t *zero) {
  *q = (op_quant){.count = 1, .scale = scale, .zero_point = zero, .scales = -1, .zero_points = -1};
  t->quant = q;
  t->scale = *scale;
  t->zero_point = *zero;
}

/* y[i] of a row of real numbers. */
static double share(const double *x, size_t n, size_t i, double beta) {
  double max = -INFINITY, sum = 0;
  for (size_t j = 0; j < n; j++) max = fmax(max, x[j]);
  for (size_t j = 0; j < n; j++) sum += exp((x[j] - max) * beta);
  return exp((x[i] - max) * beta) / sum;
}

static void floats_follow_the_definition(void **state) {
  (void)state;
  op_random r = {1};
  static float x[LIMIT];
  static double row[LIMIT];
  for (int i = 0; i < LIMIT; i++) x[i] = (float)op_random_in(&r, -4000, 4000) / 200.0f;
  for (int round = 0; round < 500; round++) {
    const sch_SoftmaxOptions o = {.beta = (float)op_random_in(&r, 1, 8) / 4.0f};
    const int32_t rank = op_random_in(&r, 1, 6);
    int32_t dims[OP_MAX_RANK];
    op_random_dims(&r, rank, LIMIT, dims);
    op_case k;
    op_case_begin(&k, &op_softmax, &o);
    op_case_input(&k, MOTE_FLOAT32, rank, dims, x, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const float *const y = k.out[0].data;
    const size_t n = (size_t)dims[rank - 1], count = op_count(&k.out[0]);
    for (size_t i = 0; i < count; i++) {
      const size_t first = i / n * n;
      for (size_t j = 0; j < n; j++) row[j] = (double)x[first + j];
      assert_true(fabs((double)y[i] - share(row, n, i - first, (double)o.beta)) < 1e-6);
    }
    assert_true(op_case_end(&k));
  }
}

static void nan_and_infinity_go_through(void **state) {
  (void)state;
  const float x[2][3] = {{1, NAN, 2}, {-INFINITY, 0, 0}};
  op_case k;
  op_case_begin(&k, &op_softmax, &(sch_SoftmaxOptions){.beta = 1});
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 3}, x, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  const float *const y = k.out[0].data;
  for (int i = 0; i < 3; i++) assert_true(isnan(y[i]));
  assert_true(y[3] == 0 && y[4] == 0.5f && y[5] == 0.5f);
  assert_true(op_case_end(&k));
}

typedef struct integer_kind {
  mote_type in, out;
  float in_scale, out_scale;
  int32_t in_zero, out_zero, lo, hi;
  double tolerance; /* in steps of the output */
} integer_kind;

static void integers_follow_the_definition(void **state) {
  (void)state;
  static const integer_kind kinds[] = {
      {MOTE_INT8, MOTE_INT8, 0.1f, 1.0f / 256, 3, -128, -128, 127, 1.01},
      {MOTE_UINT8, MOTE_UINT8, 0.05f, 1.0f / 256, 100, 0, 0, 255, 1.01},
      {MOTE_INT8, MOTE_INT16, 0.1f, 1.0f / 65536, 0, -32768, -128, 127, 2},
      {MOTE_INT16, MOTE_INT16, 0.0005f, 1.0f / 32768, 0, 0, -32768, 32767, 64},
  };
  static int16_t x16[LIMIT];
  static uint8_t x8[LIMIT];
  static double row[LIMIT];
  op_random r = {2};
  for (int round = 0; round < 200; round++) {
    const integer_kind *const kind = &kinds[round % 4];
    const int32_t n = op_random_in(&r, 1, 40), rows = op_random_in(&r, 0, 9);
    for (int32_t i = 0; i < n * rows; i++) {
      x16[i] = (int16_t)op_random_in(&r, kind->lo, kind->hi);
      x8[i] = (uint8_t)x16[i];
    }
    op_quant qi, qo;
    op_case k;
    op_case_begin(&k, &op_softmax, &(sch_SoftmaxOptions){.beta = 1});
    op_tensor *const in =
        op_case_input(&k, kind->in, 2, (int32_t[]){rows, n}, kind->in == MOTE_INT16 ? (const void *)x16 : x8, 0);
    quantized(in, &qi, &kind->in_scale, &kind->in_zero);
    quantized(op_case_output(&k, kind->out), &qo, &kind->out_scale, &kind->out_zero);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < n * rows; i++) {
      for (int32_t j = 0; j < n; j++) row[j] = (double)kind->in_scale * x16[i / n * n + j];
      const double want = share(row, (size_t)n, (size_t)(i % n), 1) / (double)kind->out_scale + kind->out_zero;
      assert_true(fabs((double)op_int_at(&k.out[0], (size_t)i) - want) <= kind->tolerance);
    }
    assert_true(op_case_end(&k));
  }
}

/* The sum of so many equal shares does not fit the accumulator of the reference. */
static void wide_rows_do_not_wrap(void **state) {
  (void)state;
  static int8_t x[LIMIT];
  const float scale = 0.1f, out_scale = 1.0f / 256;
  const int32_t zero = 0, out_zero = -128;
  op_quant qi, qo;
  op_case k;
  op_case_begin(&k, &op_softmax, &(sch_SoftmaxOptions){.beta = 1});
  quantized(op_case_input(&k, MOTE_INT8, 1, (int32_t[]){LIMIT}, x, 0), &qi, &scale, &zero);
  quantized(op_case_output(&k, MOTE_INT8), &qo, &out_scale, &out_zero);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  for (size_t i = 0; i < LIMIT; i++) assert_int_equal(op_int_at(&k.out[0], i), -128);
  assert_true(op_case_end(&k));
}

static void what_makes_no_sense_is_refused(void **state) {
  (void)state;
  const float scale = 0.1f, wrong = 0.5f;
  const int32_t zero = 0;
  op_quant qi, qo;
  op_case k;
  op_case_begin(&k, &op_softmax, &(sch_SoftmaxOptions){.beta = 1});
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, &scale, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_ERR_SHAPE);
  assert_true(op_case_end(&k));

  op_case_begin(&k, &op_softmax, &(sch_SoftmaxOptions){.beta = 1});
  quantized(op_case_input(&k, MOTE_INT8, 1, (int32_t[]){1}, &zero, 0), &qi, &scale, &zero);
  quantized(op_case_output(&k, MOTE_INT8), &qo, &wrong, &zero);
  assert_int_equal(op_case_run(&k), MOTE_ERR_MODEL);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(floats_follow_the_definition),   cmocka_unit_test(nan_and_infinity_go_through),
      cmocka_unit_test(integers_follow_the_definition), cmocka_unit_test(wide_rows_do_not_wrap),
      cmocka_unit_test(what_makes_no_sense_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
