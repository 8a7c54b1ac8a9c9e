/* math_f32.h: exp, logistic and tanh as straight-line code that compilers vectorise, the same on every instruction set.
 *
 * Largest errors over all floats (a sample is checked by tests/kernels/math_f32.c, in units of the last place of the
 * result; absolute, in units of the smallest denormal, where the result is denormal):
 *
 *   math_exp 1.0    math_logistic 2.5    math_tanh 1.5
 *
 * math_logistic is 0 below -88.8, where e^-x exceeds a float, as in the expression it stands for.
 *
 * NaN goes through; infinities give the limits. No FMA is assumed: without contraction the results are the same
 * everywhere.
 */
#ifndef KERNELS_MATH_F32_H
#define KERNELS_MATH_F32_H

#include <stdint.h>
#include <string.h>

static inline float math_from_bits(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

static inline uint32_t math_bits(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return bits;
}

/* e^x = 2^n * e^r with n = round(x / ln 2), |r| <= ln 2 / 2. Past the clamp results are infinite or 0 all the same. */
static inline float math_exp(float x) {
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  /* Adding 1.5 * 2^23 rounds to an integer that then lies in the low bits. */
  const float shifted = x * 0x1.715476p+0f + 0x1.8p+23f;
  const float n = shifted - 0x1.8p+23f;
  /* ln 2 in two parts; the upper has 15 bits, so its product with n is exact. */
  const float r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
  float p = 0x1.a124eep-13f;
  p = p * r + 0x1.6d4320p-10f;
  p = p * r + 0x1.1110e0p-7f;
  p = p * r + 0x1.5554eap-5f;
  p = p * r + 0x1.555556p-3f;
  p = p * r + 0x1.0p-1f;
  p = (p * (r * r) + r) + 1.0f;
  /* 2^n as two factors: n reaches from -150 to 128, further than one float's exponent. */
  const int32_t k = (int32_t)(math_bits(shifted) - 0x4b400000u), half = k >> 1;
  return p * math_from_bits((uint32_t)(half + 127) << 23) * math_from_bits((uint32_t)(k - half + 127) << 23);
}

static inline float math_logistic(float x) { return 1.0f / (1.0f + math_exp(-x)); }

/* Odd polynomial below 0.625, 1 - 2 / (e^2|x| + 1) above; both are computed, so there is no branch. */
static inline float math_tanh(float x) {
  const uint32_t sign = math_bits(x) & 0x80000000u;
  const float a = math_from_bits(math_bits(x) ^ sign), z = a * a;
  float p = 0x1.2c83c0p-9f;
  p = p * z - 0x1.116a16p-7f;
  p = p * z + 0x1.64a976p-6f;
  p = p * z - 0x1.ba08c4p-5f;
  p = p * z + 0x1.1110eap-3f;
  p = p * z - 0x1.555556p-2f;
  const float near = a + a * (z * p), far = 1.0f - 2.0f / (math_exp(a + a) + 1.0f);
  return math_from_bits(math_bits(a < 0.625f ? near : far) | sign);
}

#endif
