/* unary.c: RELU, RELU6, LEAKY_RELU, LOGISTIC, QUANTIZE and DEQUANTIZE against their definitions, for every value of 8
 * and 16 bits and for floats of all kinds, on every level of the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/f16.h"
#include "base/fixed.h"
#include "support/op_case.h"

extern const mote_op op_relu, op_relu6, op_leaky_relu, op_logistic, op_quantize, op_dequantize;

enum { MOST = 65536 };

/* Every value of the type, or floats of all kinds; returns how many. */
static size_t every_value(mote_type type, void *to) {
  const size_t n = type == MOTE_INT8 || type == MOTE_UINT8 ? 256 : MOST;
  for (size_t i = 0; i < n; i++) {
    if (n == 256) ((uint8_t *)to)[i] = (uint8_t)i;
    else if (type == MOTE_INT32) ((int32_t *)to)[i] = ((int32_t)i - MOST / 2) * 31;
    else if (type == MOTE_FLOAT32) {
      const uint32_t bits = (uint32_t)i << 16 | 0x1234; /* every sign and exponent, NaN and infinity among them */
      memcpy((float *)to + i, i == 0x7f80 || i == 0xff80 ? &(uint32_t){(uint32_t)i << 16} : &bits, 4);
    } else ((uint16_t *)to)[i] = (uint16_t)i;
  }
  return n;
}

typedef struct quant {
  float scale;
  int32_t zero_point;
} quant;

static op_tensor *input(op_case *k, const mote_op *op, const void *options, mote_type in, mote_type out, int level) {
  static char data[MOST * 4];
  static const op_quant one = {.count = 1};
  cpu_level levels[4];
  cpu_levels(levels);
  const int32_t n = (int32_t)every_value(in, data);
  op_case_begin(k, op, options);
  k->c.isa = levels[level];
  op_case_input(k, in, 1, &n, data, 0);
  op_case_output(k, out);
  k->in[0].quant = k->out[0].quant = &one;
  return &k->in[0];
}

static void set(op_case *k, quant in, quant out) {
  k->in[0].scale = in.scale, k->in[0].zero_point = in.zero_point;
  k->out[0].scale = out.scale, k->out[0].zero_point = out.zero_point;
}

static int level_count(void) {
  cpu_level levels[4];
  return cpu_levels(levels);
}

static int32_t clamp(int64_t x, int64_t lo, int64_t hi) { return (int32_t)(x < lo ? lo : x > hi ? hi : x); }

/* ---- floats ---- */

static bool same(float a, float b) { return a == b || (a != a && b != b); }

static float float_result(const mote_op *op, float x) {
  if (op == &op_relu) return x < 0 ? 0 : x;
  if (op == &op_relu6) return x < 0 ? 0 : x > 6 ? 6 : x;
  return x > 0 ? x : x * 0.3f;
}

static void floats(void **state) {
  (void)state;
  const mote_op *const ops[] = {&op_relu, &op_relu6, &op_leaky_relu};
  const sch_LeakyReluOptions leaky = {.alpha = 0.3f};
  op_case k;
  for (int level = 0; level < level_count(); level++)
    for (int o = 0; o < 3; o++) {
      input(&k, ops[o], ops[o] == &op_leaky_relu ? &leaky : NULL, MOTE_FLOAT32, MOTE_FLOAT32, level);
      assert_int_equal(op_case_run(&k), MOTE_OK);
      for (size_t i = 0; i < MOST; i++)
        assert_true(same(((float *)k.out[0].data)[i], float_result(ops[o], ((float *)k.in[0].data)[i])));
      assert_true(op_case_end(&k));
    }
}

static void logistic_floats(void **state) {
  (void)state;
  op_case k;
  for (int level = 0; level < level_count(); level++) {
    input(&k, &op_logistic, NULL, MOTE_FLOAT32, MOTE_FLOAT32, level);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t i = 0; i < MOST; i++) {
      const float x = ((float *)k.in[0].data)[i], got = ((float *)k.out[0].data)[i];
      const double want = 1 / (1 + exp(-(double)x));
      if (x != x) assert_true(got != got);
      else if (x < -87) assert_true(got >= 0 && got < 2e-38f);
      else assert_true(fabs(got - want) <= 3e-7 * want);
    }
    assert_true(op_case_end(&k));
  }
}

/* ---- quantized ---- */

static int32_t relu_result(const op_case *k, int32_t x) {
  const op_tensor *in = &k->in[0], *y = &k->out[0];
  int32_t lo, hi;
  op_type_range(y->type, &lo, &hi);
  const int32_t top = k->c.op == &op_relu ? hi : clamp(y->zero_point + (int64_t)roundf(6 / y->scale), lo, hi);
  const fx_mult m = fx_quantize_multiplier(in->scale / y->scale);
  return clamp(y->zero_point + (int64_t)fx_mbqm(x - in->zero_point, m), y->zero_point > lo ? y->zero_point : lo, top);
}

static int32_t leaky_result(const op_case *k, int32_t x, float alpha) {
  const op_tensor *in = &k->in[0], *y = &k->out[0];
  int32_t lo, hi;
  op_type_range(y->type, &lo, &hi);
  const int32_t d = x - in->zero_point;
  if (d >= 0) return clamp(y->zero_point + (int64_t)fx_mbqm(d, fx_quantize_multiplier(in->scale / y->scale)), lo, hi);
  const int64_t r = fx_mbqm(d, fx_quantize_multiplier(fabsf(in->scale * alpha / y->scale)));
  return clamp(y->zero_point + (alpha < 0 ? -r : r), lo, hi);
}

static void quantized_activations(void **state) {
  (void)state;
  const mote_type types[] = {MOTE_INT8, MOTE_UINT8, MOTE_INT16};
  const float alphas[] = {0.1f, -0.7f, 1.5f, 0};
  op_case k;
  for (int level = 0; level < level_count(); level++)
    for (int t = 0; t < 3; t++)
      for (int o = 0; o < 6; o++) {
        const sch_LeakyReluOptions leaky = {.alpha = alphas[o & 3]};
        const mote_op *op = o == 4 ? &op_relu : o == 5 ? &op_relu6 : &op_leaky_relu;
        input(&k, op, op == &op_leaky_relu ? &leaky : NULL, types[t], types[t], level);
        if (types[t] == MOTE_INT16) set(&k, (quant){0.003f, 0}, (quant){0.002f, 0});
        else set(&k, (quant){0.07f, 5}, (quant){0.05f, 11});
        assert_int_equal(op_case_run(&k), MOTE_OK);
        for (size_t i = 0; i < op_count(&k.out[0]); i++) {
          const int32_t x = (int32_t)op_int_at(&k.in[0], i);
          assert_int_equal(op_int_at(&k.out[0], i),
                           op == &op_leaky_relu ? leaky_result(&k, x, leaky.alpha) : relu_result(&k, x));
        }
        assert_true(op_case_end(&k));
      }
}

static void quantized_logistic(void **state) {
  (void)state;
  const mote_type types[] = {MOTE_INT8, MOTE_UINT8, MOTE_INT16};
  op_case k;
  for (int t = 0; t < 3; t++)
    for (int s = 0; s < 3; s++) {
      input(&k, &op_logistic, NULL, types[t], types[t], 0);
      const bool wide = types[t] == MOTE_INT16;
      const float scale = s == 0 ? 0x1p-12f : s == 1 ? 0.0007f : 0.1f;
      set(&k, (quant){scale, wide ? 0 : 3},
          wide ? (quant){0x1p-15f, 0} : (quant){0x1p-8f, types[t] == MOTE_INT8 ? -128 : 0});
      assert_int_equal(op_case_run(&k), MOTE_OK);
      for (size_t i = 0; i < op_count(&k.out[0]); i++) {
        const double x = (double)scale * ((double)op_int_at(&k.in[0], i) - k.in[0].zero_point);
        const double y = k.out[0].scale * ((double)op_int_at(&k.out[0], i) - k.out[0].zero_point);
        assert_true(fabs(y - 1 / (1 + exp(-x))) <= (wide ? 4 : 1) * (double)k.out[0].scale);
      }
      assert_true(op_case_end(&k));
    }
  /* its output scale is fixed */
  input(&k, &op_logistic, NULL, MOTE_INT8, MOTE_INT8, 0);
  set(&k, (quant){0.1f, 0}, (quant){0.01f, -128});
  assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
  op_case_end(&k);
}

/* ---- QUANTIZE, DEQUANTIZE ---- */

static void rescaling(void **state) {
  (void)state;
  static const mote_type types[][2] = {
      {MOTE_INT8, MOTE_INT8},   {MOTE_INT8, MOTE_UINT8},  {MOTE_UINT8, MOTE_INT8},  {MOTE_INT8, MOTE_INT16},
      {MOTE_UINT8, MOTE_INT16}, {MOTE_INT16, MOTE_INT8},  {MOTE_INT16, MOTE_INT16}, {MOTE_INT16, MOTE_INT32},
      {MOTE_INT32, MOTE_INT8},  {MOTE_INT32, MOTE_INT16},
  };
  op_case k;
  for (int level = 0; level < level_count(); level++)
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
      for (int s = 0; s < 3; s++) {
        input(&k, &op_quantize, NULL, types[t][0], types[t][1], level);
        set(&k, (quant){0.02f, 3}, (quant){s == 0 ? 0.02f : s == 1 ? 0.013f : 1.7f, -7});
        assert_int_equal(op_case_run(&k), MOTE_OK);
        int32_t lo, hi;
        op_type_range(types[t][1], &lo, &hi);
        const fx_mult m = fx_quantize_multiplier((double)k.in[0].scale / (double)k.out[0].scale);
        for (size_t i = 0; i < op_count(&k.out[0]); i++) {
          const int32_t d = (int32_t)op_int_at(&k.in[0], i) - 3;
          assert_int_equal(op_int_at(&k.out[0], i), clamp((int64_t)fx_mbqm(d, m) - 7, lo, hi));
        }
        assert_true(op_case_end(&k));
      }
}

static int32_t quantized(float x, float scale, int32_t zero, mote_type type) {
  int32_t lo, hi;
  op_type_range(type, &lo, &hi);
  if (x != x) return clamp(zero, lo, hi);
  const double q = round((double)(x / scale)) + zero;
  return q < lo ? lo : q > hi ? hi : (int32_t)q;
}

static void floats_to_integers(void **state) {
  (void)state;
  const mote_type types[] = {MOTE_INT8, MOTE_UINT8, MOTE_INT16};
  op_case k;
  for (int level = 0; level < level_count(); level++)
    for (int t = 0; t < 3; t++)
      for (int round = 0; round < 2; round++) {
        op_tensor *x = input(&k, &op_quantize, NULL, MOTE_FLOAT32, types[t], level);
        set(&k, (quant){0, 0}, (quant){0.25f, 3});
        /* once floats of all sizes, once those around halves */
        for (size_t i = 0; round && i < MOST; i++) ((float *)x->data)[i] = (float)((int)i - MOST / 2) / 16;
        assert_int_equal(op_case_run(&k), MOTE_OK);
        for (size_t i = 0; i < MOST; i++)
          assert_int_equal(op_int_at(&k.out[0], i), quantized(((float *)x->data)[i], 0.25f, 3, types[t]));
        assert_true(op_case_end(&k));
      }
}

static void channels(void **state) {
  (void)state;
  enum { N = 3 * 5 * 4 };
  static const float scale[] = {0.1f, 0.2f, 0.3f, 0.5f, 0.7f};
  static const int32_t zero[] = {1, -2, 3, 0, 5};
  const mote_type types[] = {MOTE_INT8, MOTE_UINT8, MOTE_INT16};
  const int32_t count[] = {3, 5, 4}, dims[] = {3, 5, 4};
  static float real[N];
  for (int i = 0; i < N; i++) real[i] = (float)(i - N / 2) * 0.37f;
  op_case k, back;
  for (int level = 0; level < level_count(); level++)
    for (int t = 0; t < 3; t++)
      for (int32_t axis = 0; axis < 3; axis++) {
        const op_quant q = {.count = count[axis], .axis = axis, .scale = scale, .zero_point = zero};
        input(&k, &op_quantize, NULL, MOTE_FLOAT32, types[t], level);
        op_set_shape(&k.in[0], 3, dims);
        k.in[0].data = real;
        k.out[0].quant = &q;
        assert_int_equal(op_case_run(&k), MOTE_OK);
        input(&back, &op_dequantize, NULL, types[t], MOTE_FLOAT32, level);
        op_set_shape(&back.in[0], 3, dims);
        back.in[0].data = k.out[0].data;
        back.in[0].quant = &q;
        assert_int_equal(op_case_run(&back), MOTE_OK);
        for (size_t i = 0; i < N; i++) {
          int32_t at[3];
          op_coordinates(i, 3, dims, at);
          const int32_t c = at[axis], got = (int32_t)op_int_at(&k.out[0], i);
          assert_int_equal(got, quantized(real[i], scale[c], zero[c], types[t]));
          assert_true(((float *)back.out[0].data)[i] == scale[c] * (float)(got - zero[c]));
        }
        assert_true(op_case_end(&k) && op_case_end(&back));
      }
  const op_quant wrong = {.count = 4, .axis = 1, .scale = scale, .zero_point = zero};
  input(&k, &op_quantize, NULL, MOTE_FLOAT32, MOTE_INT8, 0);
  op_set_shape(&k.in[0], 3, dims);
  k.out[0].quant = &wrong;
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  op_case_end(&k);
}

static void integers_to_floats(void **state) {
  (void)state;
  const mote_type types[] = {MOTE_INT8, MOTE_UINT8, MOTE_INT16, MOTE_FLOAT16};
  op_case k;
  for (int level = 0; level < level_count(); level++)
    for (int t = 0; t < 4; t++) {
      input(&k, &op_dequantize, NULL, types[t], MOTE_FLOAT32, level);
      set(&k, (quant){0.013f, -5}, (quant){0, 0});
      assert_int_equal(op_case_run(&k), MOTE_OK);
      for (size_t i = 0; i < op_count(&k.out[0]); i++) {
        const float got = ((float *)k.out[0].data)[i];
        if (types[t] == MOTE_FLOAT16) assert_true(same(got, f16_to_f32(((uint16_t *)k.in[0].data)[i])));
        else assert_true(got == (float)((double)0.013f * (double)(op_int_at(&k.in[0], i) + 5)));
      }
      assert_true(op_case_end(&k));
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(floats),
      cmocka_unit_test(logistic_floats),
      cmocka_unit_test(quantized_activations),
      cmocka_unit_test(quantized_logistic),
      cmocka_unit_test(rescaling),
      cmocka_unit_test(floats_to_integers),
      cmocka_unit_test(channels),
      cmocka_unit_test(integers_to_floats),
  };
  return cmocka_run_group_tests_name("operators: unary", tests, NULL, NULL);
}
