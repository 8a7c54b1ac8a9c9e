/* math_f32.c: the largest errors of exp, logistic and tanh, over a sample of all floats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>

#include "kernels/math_f32.h"

/* A prime: every exponent and sign, and mantissas all over. */
enum { STEP = 4099 };

/* The error in units of the last place of the exact value, or of the smallest denormal. */
static double error(float got, double exact) {
  int exponent;
  frexp(exact, &exponent);
  return fabs(got - exact) / ldexp(1, exponent - 24 < -149 ? -149 : exponent - 24);
}

static void exponential(void **state) {
  (void)state;
  double worst = 0;
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STEP) {
    const float x = math_from_bits((uint32_t)bits), y = math_exp(x);
    const double exact = exp((double)x);
    if (x != x) assert_true(y != y);
    else if (exact > 0x1.ffffffp127) assert_true(isinf(y));
    else worst = fmax(worst, error(y, exact));
  }
  assert_true(worst <= 1.0);
}

static void logistic(void **state) {
  (void)state;
  double worst = 0;
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STEP) {
    const float x = math_from_bits((uint32_t)bits), y = math_logistic(x);
    if (x != x) assert_true(y != y);
    else if (x < -88.5f) assert_true(y >= 0 && y < 4e-39f);
    else worst = fmax(worst, error(y, 1 / (1 + exp(-(double)x))));
  }
  assert_true(worst <= 2.5);
}

static void hyperbolic_tangent(void **state) {
  (void)state;
  double worst = 0;
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STEP) {
    const float x = math_from_bits((uint32_t)bits), y = math_tanh(x);
    if (x != x) assert_true(y != y);
    else worst = fmax(worst, error(y, tanh((double)x)));
  }
  assert_true(worst <= 1.5);
}

static void limits(void **state) {
  (void)state;
  assert_true(math_exp(INFINITY) == INFINITY && math_exp(-INFINITY) == 0 && math_exp(0) == 1);
  assert_true(math_logistic(INFINITY) == 1 && math_logistic(-INFINITY) == 0 && math_logistic(0) == 0.5f);
  assert_true(math_tanh(INFINITY) == 1 && math_tanh(-INFINITY) == -1 && signbit(math_tanh(-0.0f)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exponential),
      cmocka_unit_test(logistic),
      cmocka_unit_test(hyperbolic_tangent),
      cmocka_unit_test(limits),
  };
  return cmocka_run_group_tests_name("kernels: float functions", tests, NULL, NULL);
}
