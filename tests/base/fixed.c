/* Fixed-point rules: roundings at ties, saturation, and the transcendental functions against libm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fixed.h"

static void srdhm_rounds_ties_upwards(void **state) {
  (void)state;
  assert_int_equal(fx_srdhm32(INT32_MIN, INT32_MIN), INT32_MAX);
  assert_int_equal(fx_srdhm32(1 << 30, 1), 1);  /* 0.5 */
  assert_int_equal(fx_srdhm32(1 << 30, -1), 0); /* -0.5 */
  assert_int_equal(fx_srdhm32(1 << 30, 3), 2);
  assert_int_equal(fx_srdhm32(1 << 30, -3), -1);
  assert_int_equal(fx_srdhm16(INT16_MIN, INT16_MIN), INT16_MAX);
  assert_int_equal(fx_srdhm16(1 << 14, 5), 3);
  assert_int_equal(fx_srdhm16(1 << 14, -5), -2);
}

static void rdbp_rounds_ties_away_from_zero(void **state) {
  (void)state;
  const int32_t in[] = {0, 1, 2, 3, 6, -1, -2, -3, -6, INT32_MAX, INT32_MIN};
  const int32_t by4[] = {0, 0, 1, 1, 2, 0, -1, -1, -2, 1 << 29, -(1 << 29)};
  for (int i = 0; i < 11; i++) assert_int_equal(fx_rdbp(in[i], 2), by4[i]);
  for (int i = 0; i < 11; i++) assert_int_equal(fx_rdbp(in[i], 0), in[i]);
  assert_int_equal(fx_rdbp(INT32_MIN, 31), -1);
  assert_int_equal(fx_rdbp(INT32_MAX, 31), 1);
}

static void powers_of_two_saturate(void **state) {
  (void)state;
  assert_int_equal(fx_mul_pot32(1 << 28, 2), 1 << 30);
  assert_int_equal(fx_mul_pot32(1 << 29, 2), INT32_MAX);
  assert_int_equal(fx_mul_pot32(-(1 << 29) - 1, 2), INT32_MIN);
  assert_int_equal(fx_mul_pot32(5, -1), 3);
  assert_int_equal(fx_mul_pot16(1 << 13, 2), INT16_MAX);
  assert_int_equal(fx_mul_pot16(-5, -1), -3);
}

static void multipliers_decompose(void **state) {
  (void)state;
  const double real[] = {0.5, 1, 0.75, 3e-9, 1234.5678, -0.3, 0.99999999999};
  for (int i = 0; i < 7; i++) {
    const fx_mult q = fx_quantize_multiplier(real[i]);
    assert_true(abs(q.m) >= 1 << 30);
    assert_true(fabs(ldexp(q.m, q.shift - 31) / real[i] - 1) < 0x1p-30);
  }
  assert_int_equal(fx_quantize_multiplier(0).m, 0);
  assert_int_equal(fx_quantize_multiplier(0x1p-33).m, 0); /* below 2^-32: flushed */
  assert_int_equal(fx_quantize_multiplier(0x1p-32).m, 1 << 30);
  assert_int_equal(fx_quantize_multiplier(INFINITY).m, 0);
  assert_int_equal(fx_quantize_multiplier(NAN).m, 0);
}

static void requantization_rounds_twice(void **state) {
  (void)state;
  const fx_mult half = fx_quantize_multiplier(0.5), eighth = fx_quantize_multiplier(0.125);
  assert_int_equal(fx_mbqm(5, half), 3);
  assert_int_equal(fx_mbqm(-5, half), -2);
  /* 3/8: the high multiply rounds 1.5 to 2, the shift by 2 then rounds 0.5 to 1; one rounding would give 0. */
  assert_int_equal(fx_mbqm(3, eighth), 1);
  assert_int_equal(fx_mbqm64(INT64_C(1) << 40, fx_quantize_multiplier(0x1p-20)), 1 << 20);
  assert_int_equal(fx_mbqm64(-3, half), -1); /* ties toward plus infinity here */
}

static void exp_negative_follows_libm(void **state) {
  (void)state;
  assert_int_equal(fx_exp_negative(0, 5), INT32_MAX);
  for (int bits = 0; bits <= 7; bits++) {
    const double unit = ldexp(1, bits - 31);
    for (int64_t a = INT32_MIN; a < 0; a += 1000003) {
      const double want = exp((double)a * unit), got = fx_exp_negative((int32_t)a, bits) * 0x1p-31;
      assert_true(fabs(got - want) < 3e-7);
    }
  }
}

static void exp_negative16_follows_libm(void **state) {
  (void)state;
  for (int bits = 0; bits <= 7; bits++)
    for (int a = INT16_MIN; a <= 0; a++) {
      const double want = exp(ldexp(a, bits - 15)), got = fx_exp_negative16((int16_t)a, bits) * 0x1p-15;
      assert_true(fabs(got - want) < 2 * 0x1p-15);
    }
}

static void reciprocals_follow_division(void **state) {
  (void)state;
  for (int64_t a = 0; a <= INT32_MAX; a += 999983) {
    const double x = (double)a * 0x1p-31;
    assert_true(fabs(fx_one_over_one_plus((int32_t)a) * 0x1p-31 - 1 / (1 + x)) < 3e-9);
    assert_true(fabs(fx_one_minus_over_one_plus((int32_t)a) * 0x1p-31 - (1 - x) / (1 + x)) < 6e-9);
  }
  for (int32_t x = 1; x < 1 << 30; x += x / 7 + 1) {
    int over;
    const double r = fx_reciprocal(x, 12, &over) * 0x1p-31;
    assert_true(fabs(r * ldexp(1, -over) * ldexp(x, 12 - 31) - 1) < 1e-8);
  }
}

static void logistic16_and_tanh16_follow_libm(void **state) {
  (void)state;
  assert_int_equal(fx_logistic16(0, 3), 1 << 14);
  assert_int_equal(fx_tanh16(0, 3), 0);
  for (int bits = 0; bits <= 6; bits++)
    for (int a = INT16_MIN; a <= INT16_MAX; a++) {
      const double x = ldexp(a, bits - 15);
      assert_true(fabs(fx_logistic16((int16_t)a, bits) * 0x1p-15 - 1 / (1 + exp(-x))) < 8 * 0x1p-15);
      assert_true(fabs(fx_tanh16((int16_t)a, bits) * 0x1p-15 - tanh(x)) < 13 * 0x1p-15);
    }
}

static void inv_sqrt_follows_libm(void **state) {
  (void)state;
  assert_int_equal(fx_inv_sqrt(0, -1).m, INT32_MAX);
  assert_int_equal(fx_inv_sqrt(1, -1).m, INT32_MAX);
  for (int64_t x = 2; x <= INT32_MAX; x += x / 11 + 1) {
    const fx_mult q = fx_inv_sqrt((int32_t)x, -1);
    assert_true(q.shift <= 0);
    assert_true(fabs(ldexp(q.m, q.shift - 31) * sqrt((double)x) - 1) < 2e-6);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(srdhm_rounds_ties_upwards),
      cmocka_unit_test(rdbp_rounds_ties_away_from_zero),
      cmocka_unit_test(powers_of_two_saturate),
      cmocka_unit_test(multipliers_decompose),
      cmocka_unit_test(requantization_rounds_twice),
      cmocka_unit_test(exp_negative_follows_libm),
      cmocka_unit_test(exp_negative16_follows_libm),
      cmocka_unit_test(reciprocals_follow_division),
      cmocka_unit_test(logistic16_and_tanh16_follow_libm),
      cmocka_unit_test(inv_sqrt_follows_libm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
