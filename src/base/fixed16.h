/* fixed16.h: exp, logistic and tanh of 16-bit numbers as straight-line code, so that loops over them become vectors.
 *
 * Numbers are int16 held in int32. The constants are those of the 32-bit functions, rounded to 16 bits; roundings are
 * those of the reference. Where it saturates or wraps something that cannot get there, nothing is done here.
 */
#ifndef BASE_FIXED16_H
#define BASE_FIXED16_H

#include <stdint.h>

/* fx_srdhm16 of numbers that are not both INT16_MIN. */
static inline int32_t fx16_mul(int32_t a, int32_t b) { return (a * b + (1 << 14)) >> 15; }

/* Rounding division by 2^e, ties away from zero. */
static inline int32_t fx16_rdbp(int32_t x, int e) {
  const int32_t mask = (1 << e) - 1;
  return (x >> e) + ((x & mask) > (mask >> 1) + (x < 0));
}

/* e^a for a in [-1/4, 0), Q0.15: four terms of the series around -1/8. */
static inline int32_t fx16_exp_quarter(int32_t a) {
  const int32_t centre = 28918, third = 10923; /* e^-1/8 and 1/3, Q0.15 */
  const int32_t x = a + (1 << 12);
  const int32_t x2 = fx16_mul(x, x), x3 = fx16_mul(x2, x), x4 = fx16_mul(x2, x2);
  const int32_t tail = fx16_rdbp(fx16_mul(fx16_rdbp(x4, 2) + x3, third) + x2, 1);
  const int32_t y = centre + fx16_mul(centre, x + tail);
  return y > INT16_MAX ? INT16_MAX : y;
}

/* e^a for a <= 0 with `bits` integer bits, 0 to 7; result Q0.15. */
static inline int32_t fx16_exp_negative(int32_t a, int bits) {
  const int fraction = 15 - bits;
  const int32_t quarter = 1 << (fraction - 2);
  const int32_t low = (a & (quarter - 1)) - quarter; /* a = low - rest, low in [-1/4, 0) */
  const int32_t rest = low - a;                      /* below 2^15: bits that the number does not have are 0 */
  int32_t y = fx16_exp_quarter(low * (1 << bits));
  /* e^-(2^e) for e = -2 .. 3, Q0.15 */
  y = rest & 1 << (fraction - 2) ? fx16_mul(y, 25520) : y;
  y = rest & 1 << (fraction - 1) ? fx16_mul(y, 19875) : y;
  y = rest & 1 << (fraction + 0) ? fx16_mul(y, 12055) : y;
  y = rest & 1 << (fraction + 1) ? fx16_mul(y, 4435) : y;
  y = rest & 1 << (fraction + 2) ? fx16_mul(y, 600) : y;
  y = rest & 1 << (fraction + 3) ? fx16_mul(y, 11) : y;
  y = rest >> (fraction + 4) ? 0 : y; /* e^-16 rounds to 0 */
  return a == 0 ? INT16_MAX : y;
}

/* 2 / (1 + a) for a in [0, 1], Q0.15 to Q2.13: Newton's division, three steps. */
static inline int32_t fx16_two_over_one_plus(int32_t a) {
  const int32_t half = (a + (1 << 15)) >> 1;
  int32_t x = 23130 + fx16_mul(half, -15420); /* 48/17 - 32/17 half */
  x += 4 * fx16_mul(x, (1 << 13) - fx16_mul(half, x));
  x += 4 * fx16_mul(x, (1 << 13) - fx16_mul(half, x));
  x += 4 * fx16_mul(x, (1 << 13) - fx16_mul(half, x));
  return x;
}

static inline int32_t fx16_logistic(int32_t a, int bits) {
  const int32_t x = fx16_two_over_one_plus(fx16_exp_negative(a < 0 ? a : -a, bits));
  const int32_t y = 2 * x > INT16_MAX ? INT16_MAX : 2 * x;
  return a == 0 ? 1 << 14 : a > 0 ? y : INT16_MAX - y;
}

/* (1 - e) / (1 + e) with e = exp(-2|a|): the same bits with one more integer bit are 2a. */
static inline int32_t fx16_tanh(int32_t a, int bits) {
  const int32_t x = fx16_two_over_one_plus(fx16_exp_negative(a < 0 ? a : -a, bits + 1)) - (1 << 13);
  const int32_t y = 4 * x > INT16_MAX ? INT16_MAX : 4 * x;
  return a == 0 ? 0 : a > 0 ? y : -y;
}

#endif
