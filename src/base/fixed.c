/* fixed.c: the parts of fixed.h that are no one-liners. */
#include "base/fixed.h"

#include "base/fixed16.h"

fx_mult fx_quantize_multiplier(double real) {
  if (real == 0 || !isfinite(real)) return (fx_mult){0, 0};
  int shift;
  const double fraction = frexp(real, &shift); /* 0.5 <= |fraction| < 1 */
  int64_t m = (int64_t)round(fraction * 2147483648.0);
  if (m == INT64_C(1) << 31) m /= 2, shift++;
  if (shift < -31) return (fx_mult){0, 0};
  /* A shift over 30 can only come from a file at fault; keep the arithmetic defined. */
  if (shift > 30) return (fx_mult){INT32_MAX, 30};
  return (fx_mult){(int32_t)m, shift};
}

/* e^-(2^e) for e = -2 .. 4, in Q0.31: what exp multiplies together, one factor for each bit of the exponent. */
static const int32_t exp_of_power[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};

enum {
  EXP_MINUS_EIGHTH = 1895147668, /* e^-1/8, Q0.31 */
  ONE_THIRD = 715827883,         /* Q0.31 */
  RECIPROCAL_A = 1515870810,     /* 48/17, Q2.29: the first guess of Newton's division is A + B x */
  RECIPROCAL_B = -1010580540,    /* -32/17, Q2.29 */
  HALF_SQRT_2 = 1518500250       /* Q0.31 */
};

/* e^a for a in [-1/4, 0), Q0.31: four terms of the series around -1/8. */
static int32_t exp_quarter(int32_t a) {
  const int32_t x = a + (1 << 28);
  const int32_t x2 = fx_srdhm32(x, x), x3 = fx_srdhm32(x2, x), x4 = fx_srdhm32(x2, x2);
  const int32_t tail = fx_rdbp(fx_srdhm32(fx_rdbp(x4, 2) + x3, ONE_THIRD) + x2, 1);
  return EXP_MINUS_EIGHTH + fx_srdhm32(EXP_MINUS_EIGHTH, x + tail);
}

int32_t fx_exp_negative(int32_t a, int integer_bits) {
  if (a == 0) return INT32_MAX;
  const int fraction_bits = 31 - integer_bits;
  if (integer_bits > 5 && a < -(INT32_C(1) << (36 - integer_bits))) return 0; /* below e^-32 */
  const int32_t quarter = INT32_C(1) << (fraction_bits - 2);
  const int32_t low = (a & (quarter - 1)) - quarter; /* a = low - rest, low in [-1/4, 0) */
  const int32_t rest = low - a;
  int32_t result = exp_quarter(fx_mul_pot32(low, integer_bits));
  for (int e = -2; e <= 4 && e < integer_bits; e++)
    if (rest & INT32_C(1) << (fraction_bits + e)) result = fx_srdhm32(result, exp_of_power[e + 2]);
  return result;
}

/* 2 / (1 + a) for a in [0, 1], Q0.31 to Q2.29: Newton's division, three steps. */
static int32_t two_over_one_plus(int32_t a) {
  const int32_t half_denominator = fx_half_sum(a, INT32_MAX);
  int32_t x = RECIPROCAL_A + fx_srdhm32(half_denominator, RECIPROCAL_B);
  for (int i = 0; i < 3; i++) {
    const int32_t error = (INT32_C(1) << 29) - fx_srdhm32(half_denominator, x);
    x += fx_mul_pot32(fx_srdhm32(x, error), 2); /* Q2 * Q2 is Q4 */
  }
  return x;
}

/* Half of a Q2 number is the same bits as Q1; one more bit makes it Q0. */
int32_t fx_one_over_one_plus(int32_t a) { return fx_mul_pot32(two_over_one_plus(a), 1); }

/* (1 - a) / (1 + a) = 2 / (1 + a) - 1. */
int32_t fx_one_minus_over_one_plus(int32_t a) { return fx_mul_pot32(two_over_one_plus(a) - (INT32_C(1) << 29), 2); }

int16_t fx_exp_negative16(int16_t a, int integer_bits) { return (int16_t)fx16_exp_negative(a, integer_bits); }
int16_t fx_logistic16(int16_t a, int integer_bits) { return (int16_t)fx16_logistic(a, integer_bits); }
int16_t fx_tanh16(int16_t a, int integer_bits) { return (int16_t)fx16_tanh(a, integer_bits); }

int32_t fx_reciprocal(int32_t x, int integer_digits, int *over) {
  const int leading_zeros = __builtin_clz((uint32_t)x);
  *over = integer_digits - leading_zeros;
  return fx_one_over_one_plus((int32_t)(((uint32_t)x << leading_zeros) - (UINT32_C(1) << 31)));
}

fx_mult fx_inv_sqrt(int32_t x, int reverse_shift) {
  if (x <= 1) return (fx_mult){INT32_MAX, 0};
  int shift = 11;
  for (; x >= 1 << 29; x /= 4) shift++;
  const int pairs = (__builtin_clz((uint32_t)x) - 1) / 2 - 1; /* x * 4^pairs is in [2^27, 2^29) */
  shift -= pairs;
  x = fx_shl(x, 2 * pairs);
  /* Newton: y += y/2 - x/2 y^3, in Q3.28 from y = 1; products have 6 and 9 integer bits. */
  const int32_t half = fx_rdbp(x >> 1, 1), one_and_half = (1 << 28) + (1 << 27);
  int32_t y = 1 << 28;
  for (int i = 0; i < 5; i++) {
    const int32_t cube = fx_mul_pot32(fx_srdhm32(fx_srdhm32(y, y), y), 6);
    y = fx_mul_pot32(fx_srdhm32(one_and_half, y) - fx_srdhm32(half, cube), 3);
  }
  int32_t m = fx_srdhm32(y, HALF_SQRT_2);
  if (shift < 0) m = fx_shl(m, -shift), shift = 0;
  return (fx_mult){m, shift * reverse_shift};
}
