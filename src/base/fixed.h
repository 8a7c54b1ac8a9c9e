/* fixed.h: every rounding rule of the integer kernels, once, under its name.
 *
 * Rules are those of TensorFlow Lite's reference kernels (default build: double rounding). `>>` on negative numbers is
 * arithmetic on every compiler mote supports.
 */
#ifndef BASE_FIXED_H
#define BASE_FIXED_H

#include <math.h>
#include <stdint.h>

/* A real multiplier as m * 2^(shift - 31), m in [2^30, 2^31) or 0. */
typedef struct fx_mult {
  int32_t m;
  int32_t shift;
} fx_mult;

static inline int32_t fx_clamp(int64_t x, int32_t lo, int32_t hi) { return x < lo ? lo : x > hi ? hi : (int32_t)x; }
static inline int16_t fx_sat16(int64_t x) { return (int16_t)fx_clamp(x, INT16_MIN, INT16_MAX); }

/* Nearest integer, ties away from zero, as C's round(). */
static inline double fx_round(double x) { return round(x); }

/* Float to int32 with saturation; NaN gives the largest value. Never undefined. */
static inline int32_t fx_to_i32(double x) {
  if (!(x < 2147483647.0)) return INT32_MAX;
  return x <= -2147483648.0 ? INT32_MIN : (int32_t)x;
}

/* QuantizeMultiplier: decomposes any real number; magnitudes below 2^-32 flush to zero. */
fx_mult fx_quantize_multiplier(double real);

/* Saturating rounding doubling high multiply: (a * b * 2 + rounding) >> 32, ties toward plus infinity. The reference
 * nudges by 2^30 or 1 - 2^30 and truncates, which is a floor after adding 2^30; the low word of it is enough. In this
 * form it has neither branch nor 64-bit arithmetic shift, and compilers vectorise it. */
static inline int32_t fx_srdhm32(int32_t a, int32_t b) {
  const uint64_t p = (uint64_t)((int64_t)a * b) + (UINT64_C(1) << 30);
  const uint32_t overflow = a == INT32_MIN && b == INT32_MIN; /* 2^31, met as INT32_MIN */
  return (int32_t)((uint32_t)(p >> 31) - overflow);
}

static inline int16_t fx_srdhm16(int16_t a, int16_t b) {
  const int32_t high = ((int32_t)a * b + (1 << 14)) >> 15;
  return (int16_t)(high > INT16_MAX ? INT16_MAX : high); /* only INT16_MIN squared */
}

/* Rounding divide by 2^e, ties away from zero; e in [0, 31]. */
static inline int32_t fx_rdbp(int32_t x, int e) {
  const int32_t mask = (int32_t)((UINT32_C(1) << e) - 1);
  const int32_t rest = x & mask, threshold = (mask >> 1) + (x < 0);
  return (x >> e) + (rest > threshold);
}

/* x * 2^e with wrap, e in [0, 31]: what the reference relies on, without the undefined overflow. */
static inline int32_t fx_shl(int32_t x, int e) { return (int32_t)((uint32_t)x << e); }

/* MultiplyByQuantizedMultiplier on an int32 accumulator: double rounding. */
static inline int32_t fx_mbqm(int32_t x, fx_mult q) {
  const int left = q.shift > 0 ? q.shift : 0, right = q.shift > 0 ? 0 : -q.shift;
  return fx_rdbp(fx_srdhm32(fx_shl(x, left), q.m), right);
}

/* The same on an int64 accumulator (16-bit activations): the multiplier is reduced to 16 bits. */
static inline int32_t fx_mbqm64(int64_t x, fx_mult q) {
  const int32_t m16 = q.m < 0x7FFF0000 ? (q.m + (1 << 15)) >> 16 : 0x7FFF;
  const int total = 15 - q.shift;
  return (int32_t)(((int64_t)((uint64_t)x * (uint64_t)(int64_t)m16) + (INT64_C(1) << (total - 1))) >> total);
}

/* SatRoundMulPOT: x * 2^e; left shifts saturate, right shifts round. */
static inline int32_t fx_mul_pot32(int32_t x, int e) {
  if (e <= 0) return e ? fx_rdbp(x, -e) : x;
  const int32_t limit = (int32_t)((INT64_C(1) << (31 - e)) - 1);
  return x > limit ? INT32_MAX : x < -limit ? INT32_MIN : fx_shl(x, e);
}

static inline int16_t fx_mul_pot16(int16_t x, int e) {
  if (e <= 0) return (int16_t)(e ? fx_rdbp(x, -e) : x);
  const int32_t limit = (1 << (15 - e)) - 1;
  return (int16_t)(x > limit ? INT16_MAX : x < -limit ? INT16_MIN : x * (1 << e));
}

/* (a + b) / 2 rounded, ties away from zero. */
static inline int32_t fx_half_sum(int32_t a, int32_t b) {
  const int64_t s = (int64_t)a + b;
  return (int32_t)((s + (s >= 0 ? 1 : -1)) / 2);
}

/* exp(a) for a <= 0 given with `integer_bits` integer bits (5 for softmax); result Q0.31. */
int32_t fx_exp_negative(int32_t a, int integer_bits);
/* 1 / (1 + a) for a in [0, 1], Q0.31 to Q0.31; and (1 - a) / (1 + a). */
int32_t fx_one_over_one_plus(int32_t a);
int32_t fx_one_minus_over_one_plus(int32_t a);
/* The same in 16 bits (Q0.15), for the integer LSTM. */
int16_t fx_exp_negative16(int16_t a, int integer_bits);
int16_t fx_logistic16(int16_t a, int integer_bits);
int16_t fx_tanh16(int16_t a, int integer_bits);
/* 1/x as Q0.31; over: how many more bits to shift right. x > 0. */
int32_t fx_reciprocal(int32_t x, int integer_digits, int *over);
/* Multiplier and shift of 1/sqrt(x); reverse_shift is -1 in all uses. */
fx_mult fx_inv_sqrt(int32_t x, int reverse_shift);

#endif
