/* f16.h: the small float formats, and packed integers of 4 and 2 bits. */
#ifndef BASE_F16_H
#define BASE_F16_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* IEEE half to float: exact. */
static inline float f16_to_f32(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, mantissa = h & 1023;
  uint32_t bits;
  float f;
  if (exponent == 31) bits = sign | 0x7f800000u | mantissa << 13;
  else if (exponent) bits = sign | (exponent + 112) << 23 | mantissa << 13;
  else {
    /* zero or denormal: mantissa * 2^-24, exact in float */
    f = (float)mantissa * 0x1p-24f;
    memcpy(&bits, &f, 4);
    bits |= sign;
  }
  memcpy(&f, &bits, 4);
  return f;
}

/* Float to IEEE half, to nearest, ties to even. */
static inline uint16_t f16_from_f32(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 1023));
  if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00); /* rounds past 65504 */
  if (magnitude < 0x38800000u) {                                  /* denormal half: let a float addition round */
    float tiny;
    memcpy(&tiny, &magnitude, 4);
    tiny += 0.5f; /* ulp of [0.5, 1) is 2^-24, the half denormal's step */
    uint32_t rounded;
    memcpy(&rounded, &tiny, 4);
    return (uint16_t)(sign | (rounded - 0x3f000000u));
  }
  const uint32_t odd = magnitude >> 13 & 1;
  return (uint16_t)(sign | ((magnitude - 0x38000000u + 0xfff + odd) >> 13));
}

static inline float bf16_to_f32(uint16_t h) {
  const uint32_t bits = (uint32_t)h << 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

/* Float to bfloat16, to nearest, ties to even; NaN stays NaN. */
static inline uint16_t bf16_from_f32(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 64);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* Element i of packed signed 4-bit integers: low nibble first. */
static inline int8_t int4_get(const uint8_t *packed, size_t i) {
  return (int8_t)((int8_t)(packed[i >> 1] << ((i & 1) ? 0 : 4)) >> 4);
}

/* Element i of packed signed 2-bit integers: lowest bits first. */
static inline int8_t int2_get(const uint8_t *packed, size_t i) {
  return (int8_t)((int8_t)(packed[i >> 2] << (6 - 2 * (i & 3))) >> 6);
}

#endif
