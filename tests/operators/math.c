/* math.c: functions of one number, plain and quantized, against libm: floats of all sizes, every value of 8 and 16
 * bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/f16.h"
#include "support/op_case.h"

extern const mote_op op_floor, op_ceil, op_round, op_square, op_sin, op_cos, op_neg, op_sign, op_logical_not,
    op_zeros_like, op_abs, op_exp, op_log, op_sqrt, op_rsqrt, op_tanh, op_elu, op_gelu, op_hard_swish, op_logistic,
    op_relu_n1_to_1, op_relu_0_to_1, op_stablehlo_abs, op_stablehlo_negate, op_stablehlo_floor,
    op_stablehlo_exponential, op_stablehlo_log, op_stablehlo_cosine, op_stablehlo_tanh, op_stablehlo_logistic,
    op_stablehlo_rsqrt, op_stablehlo_cbrt, op_table_lookup, op_fake_quant;

enum { N = 1000 };

static double floor_of(double x) { return floor(x); }
static double ceil_of(double x) { return ceil(x); }
static double round_of(double x) { return rint(x); }
static double square_of(double x) { return x * x; }
static double neg_of(double x) { return -x; }
static double abs_of(double x) { return fabs(x); }
static double sign_of(double x) { return (x > 0) - (x < 0); }
static double rsqrt_of(double x) { return 1 / sqrt(x); }
static double elu_of(double x) { return x < 0 ? expm1(x) : x; }
static double gelu_of(double x) { return 0.5 * x * erfc(-x / sqrt(2)); }
static double logistic_of(double x) { return 1 / (1 + exp(-x)); }
static double swish_of(double x) { return x * fmin(6, fmax(0, x + 3)) / 6; }
static double n1_to_1(double x) { return fmin(1, fmax(-1, x)); }
static double to_1(double x) { return fmin(1, fmax(0, x)); }

typedef struct math_case {
  const mote_op *op;
  double (*f)(double);
} math_case;

static const math_case cases[] = {
    {&op_floor, floor_of},
    {&op_ceil, ceil_of},
    {&op_round, round_of},
    {&op_square, square_of},
    {&op_sin, sin},
    {&op_cos, cos},
    {&op_neg, neg_of},
    {&op_sign, sign_of},
    {&op_abs, abs_of},
    {&op_exp, exp},
    {&op_log, log},
    {&op_sqrt, sqrt},
    {&op_rsqrt, rsqrt_of},
    {&op_tanh, tanh},
    {&op_elu, elu_of},
    {&op_gelu, gelu_of},
    {&op_hard_swish, swish_of},
    {&op_logistic, logistic_of},
    {&op_relu_n1_to_1, n1_to_1},
    {&op_relu_0_to_1, to_1},
    {&op_stablehlo_abs, abs_of},
    {&op_stablehlo_negate, neg_of},
    {&op_stablehlo_floor, floor_of},
    {&op_stablehlo_exponential, exp},
    {&op_stablehlo_log, log},
    {&op_stablehlo_cosine, cos},
    {&op_stablehlo_tanh, tanh},
    {&op_stablehlo_logistic, logistic_of},
    {&op_stablehlo_rsqrt, rsqrt_of},
    {&op_stablehlo_cbrt, cbrt},
};
enum { CASES = sizeof cases / sizeof *cases };

static double value(const op_tensor *t, size_t i) {
  switch ((int)t->type) {
    case MOTE_FLOAT32: return (double)((const float *)t->data)[i];
    case MOTE_FLOAT64: return ((const double *)t->data)[i];
    case MOTE_FLOAT16: return (double)f16_to_f32(((const uint16_t *)t->data)[i]);
    case MOTE_BFLOAT16: return (double)bf16_to_f32(((const uint16_t *)t->data)[i]);
    default: return (double)op_int_at(t, i);
  }
}

static void put(mote_type type, void *data, size_t i, double v) {
  switch ((int)type) {
    case MOTE_FLOAT32: ((float *)data)[i] = (float)v; break;
    case MOTE_FLOAT64: ((double *)data)[i] = v; break;
    case MOTE_FLOAT16: ((uint16_t *)data)[i] = f16_from_f32((float)v); break;
    default: ((uint16_t *)data)[i] = bf16_from_f32((float)v); break;
  }
}

static double tolerance(mote_type type) {
  return type == MOTE_FLOAT64 ? 1e-12 : type == MOTE_FLOAT32 ? 3e-6 : type == MOTE_FLOAT16 ? 1e-3 : 8e-3;
}

static void floats_follow_libm(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_FLOAT64, MOTE_FLOAT16, MOTE_BFLOAT16};
  static uint64_t data[N];
  op_random r = {1};
  cpu_level levels[4];
  const int level_count = cpu_levels(levels);
  for (int t = 0; t < 4; t++)
    for (int c = 0; c < CASES; c++)
      for (int level = 0; level < level_count; level++) {
        for (size_t i = 0; i < N; i++) put(types[t], data, i, op_random_in(&r, -4000, 4000) / 500.0);
        op_case k;
        op_case_begin(&k, cases[c].op, NULL);
        k.c.isa = levels[level];
        op_case_input(&k, types[t], 1, (int32_t[]){N}, data, 0);
        op_case_output(&k, types[t]);
        const mote_status status = op_case_run(&k);
        if (status == MOTE_ERR_TYPE) k.c.num_outputs = 0;
        else assert_int_equal(status, MOTE_OK);
        for (size_t i = 0; status == MOTE_OK && i < N; i++) {
          const double want = cases[c].f(value(&k.in[0], i)), got = value(&k.out[0], i);
          assert_true((want != want && got != got) || got == want ||
                      fabs(got - want) <= tolerance(types[t]) * fmax(1, fabs(want)));
        }
        assert_true(op_case_end(&k));
      }
}

static void integers_wrap(void **state) {
  (void)state;
  static const int8_t small[] = {-128, -1, 0, 127};
  op_case k;
  op_case_begin(&k, &op_neg, NULL);
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){4}, small, 0);
  op_case_output(&k, MOTE_INT8);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const int8_t[]){-128, 1, 0, -127}), 4);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_abs, NULL);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, ((const int32_t[]){INT32_MIN, -7, 7}), 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const int32_t[]){INT32_MIN, 7, 7}), 12);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_logical_not, NULL);
  op_case_input(&k, MOTE_BOOL, 1, (int32_t[]){2}, ((const uint8_t[]){0, 1}), 0);
  op_case_output(&k, MOTE_BOOL);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const uint8_t[]){1, 0}), 2);
  assert_true(op_case_end(&k));
}

static void zeros(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_zeros_like, NULL);
  op_case_input(&k, MOTE_INT64, 2, (int32_t[]){2, 3}, NULL, 0);
  op_case_output(&k, MOTE_INT64);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  for (size_t i = 0; i < 6; i++) assert_int_equal(op_int_at(&k.out[0], i), 0);
  assert_true(op_case_end(&k));
}

/* Every value of a type through a quantized function: within `steps` of what the real function gives. */
static void quantized_one(const mote_op *op, double (*f)(double), mote_type type, float in_scale, int32_t in_zero,
                          float out_scale, int32_t out_zero, double steps) {
  static const op_quant one = {.count = 1};
  static uint16_t data[65536];
  const int32_t n = type == MOTE_INT16 ? 65536 : 256;
  for (int32_t i = 0; i < n; i++) {
    if (n == 256) ((uint8_t *)data)[i] = (uint8_t)i;
    else data[i] = (uint16_t)i;
  }
  const bool roots = op == &op_sqrt || op == &op_rsqrt;
  for (int32_t i = 0; roots && i < n; i++) { /* nothing below 0 */
    if (n == 256 && ((int8_t *)data)[i] <= in_zero) ((int8_t *)data)[i] = 100;
    if (n != 256 && ((int16_t *)data)[i] <= in_zero) data[i] = 10000;
  }
  op_case k;
  op_case_begin(&k, op, NULL);
  op_case_input(&k, type, 1, &n, data, 0);
  op_case_output(&k, type);
  k.in[0].quant = k.out[0].quant = &one;
  k.in[0].scale = in_scale, k.in[0].zero_point = in_zero;
  k.out[0].scale = out_scale, k.out[0].zero_point = out_zero;
  assert_int_equal(op_case_run(&k), MOTE_OK);
  int32_t lo, hi;
  op_type_range(type, &lo, &hi);
  for (size_t i = 0; i < (size_t)n; i++) {
    const double x = (double)in_scale * (double)(op_int_at(&k.in[0], i) - in_zero);
    const double exact = f(x) / (double)out_scale + out_zero, want = exact < lo ? lo : exact > hi ? hi : exact;
    assert_true(exact != exact || fabs((double)op_int_at(&k.out[0], i) - want) <= steps);
  }
  assert_true(op_case_end(&k));
}

static void quantized_functions(void **state) {
  (void)state;
  quantized_one(&op_abs, abs_of, MOTE_INT8, 0.02f, 4, 0.013f, -3, 0.51);
  quantized_one(&op_abs, abs_of, MOTE_INT16, 0.02f, 0, 0.013f, 0, 0.51);
  quantized_one(&op_exp, exp, MOTE_INT8, 0.02f, 4, 0.05f, -100, 0.51);
  quantized_one(&op_exp, exp, MOTE_INT16, 0.0001f, 0, 0.001f, 0, 4);
  quantized_one(&op_log, log, MOTE_INT8, 0.02f, -128, 0.05f, 20, 0.51);
  quantized_one(&op_sqrt, sqrt, MOTE_INT8, 0.02f, 4, 0.02f, -100, 1.01);
  quantized_one(&op_sqrt, sqrt, MOTE_INT16, 0.002f, 0, 0.001f, 0, 1.01);
  quantized_one(&op_rsqrt, rsqrt_of, MOTE_INT8, 0.02f, -128, 0.1f, -100, 1.01);
  quantized_one(&op_rsqrt, rsqrt_of, MOTE_INT8, 100, -128, 1e5f, 5, 0.51);
  quantized_one(&op_tanh, tanh, MOTE_INT8, 0.02f, 4, 1.0f / 128, 0, 0.51);
  quantized_one(&op_tanh, tanh, MOTE_UINT8, 0.02f, 128, 1.0f / 128, 128, 0.51);
  quantized_one(&op_tanh, tanh, MOTE_INT16, 0x1p-12f, 0, 0x1p-15f, 0, 8);
  quantized_one(&op_tanh, tanh, MOTE_INT16, 0.0003f, 0, 0x1p-15f, 0, 8);
  quantized_one(&op_elu, elu_of, MOTE_INT8, 0.02f, 4, 0.02f, -50, 0.51);
  quantized_one(&op_gelu, gelu_of, MOTE_INT8, 0.02f, 4, 0.02f, -50, 0.51);
  quantized_one(&op_gelu, gelu_of, MOTE_INT16, 0.0002f, 0, 0.0002f, 0, 4);
  quantized_one(&op_hard_swish, swish_of, MOTE_INT8, 0.05f, 4, 0.05f, -50, 1.5);
  quantized_one(&op_hard_swish, swish_of, MOTE_UINT8, 0.05f, 130, 0.05f, 20, 1.5);
  quantized_one(&op_relu_n1_to_1, n1_to_1, MOTE_INT8, 0.02f, 4, 0.01f, 1, 0.51);
  quantized_one(&op_relu_0_to_1, to_1, MOTE_UINT8, 0.02f, 4, 0.01f, 1, 0.51);
}

static void roots_of_negative_numbers(void **state) {
  (void)state;
  static const op_quant one = {.count = 1};
  static const mote_op *const ops[] = {&op_sqrt, &op_rsqrt};
  for (int i = 0; i < 2; i++) {
    op_case k;
    op_case_begin(&k, ops[i], NULL);
    op_case_input(&k, MOTE_INT8, 1, (int32_t[]){2}, ((const int8_t[]){3, 1}), 0);
    op_case_output(&k, MOTE_INT8);
    k.in[0].quant = k.out[0].quant = &one;
    k.in[0].scale = k.out[0].scale = 0.1f, k.in[0].zero_point = 2;
    assert_int_equal(op_case_run(&k), MOTE_ERR_RUN);
    assert_true(op_case_end(&k));
  }
}

static void tables_are_looked_up(void **state) {
  (void)state;
  int16_t table[513];
  for (int i = 0; i < 513; i++) table[i] = (int16_t)(i * 100 - 25600);
  op_case k;
  op_case_begin(&k, &op_table_lookup, NULL);
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){3}, ((const int16_t[]){-32768, 0, 64}), 0);
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){513}, table, OP_CONST);
  op_case_output(&k, MOTE_INT16);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const int16_t[]){-25600, 0, 50}), 6);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_table_lookup, NULL);
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){3}, NULL, 0);
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){255}, NULL, 0);
  op_case_output(&k, MOTE_INT8);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  assert_true(op_case_end(&k));
}

static mote_status fake(const sch_FakeQuantOptions *o, const float *x, float *y, size_t n) {
  const int32_t count = (int32_t)n;
  op_case k;
  op_case_begin(&k, &op_fake_quant, o);
  op_case_input(&k, MOTE_FLOAT32, 1, &count, x, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(y, k.out[0].data, n * sizeof *y);
  else k.c.num_outputs = 0;
  op_case_end(&k);
  return status;
}

static void fake_quantization(void **state) {
  (void)state;
  const float x[] = {-2, -1, -0.001f, 0, 0.24f, 0.26f, 9};
  float y[7];
  const sch_FakeQuantOptions two_bits = {.min = -1, .max = 0.5f, .num_bits = 2};
  assert_int_equal(fake(&two_bits, x, y, 7), MOTE_OK); /* steps of 0.5 from -1 to 0.5 */
  const float want[] = {-1, -1, 0, 0, 0, 0.5f, 0.5f};
  for (int i = 0; i < 7; i++) assert_true(fabsf(y[i] - want[i]) < 1e-6f);
  assert_int_equal(fake(&(sch_FakeQuantOptions){.min = 0, .max = 1, .num_bits = 17}, x, y, 7), MOTE_ERR_MODEL);
  assert_int_equal(fake(&(sch_FakeQuantOptions){.min = 1, .max = 1, .num_bits = 8}, x, y, 7), MOTE_ERR_MODEL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(floats_follow_libm),
      cmocka_unit_test(integers_wrap),
      cmocka_unit_test(zeros),
      cmocka_unit_test(quantized_functions),
      cmocka_unit_test(roots_of_negative_numbers),
      cmocka_unit_test(tables_are_looked_up),
      cmocka_unit_test(fake_quantization),
  };
  return cmocka_run_group_tests_name("operators: math", tests, NULL, NULL);
}
