/* fixed_vec.h: fx_mbqm of base/fixed.h on 4 accumulators at once, bit for bit.
 *
 * sqrdmulh is fx_srdhm32: both are floor((x * m + 2^30) / 2^31). srshl rounds ties up, so negative numbers are lowered
 * by one before a shift that is not 0.
 */
#ifndef KERNELS_NEON_FIXED_VEC_H
#define KERNELS_NEON_FIXED_VEC_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fixed.h"

typedef int32x4_t vec;

static inline vec load(const int32_t *p) { return vld1q_s32(p); }

/* Multipliers of 4 columns, taken apart. */
typedef struct mults {
  int32x4_t m, left, right; /* right is 0 or negative */
  bool is_short;            /* as for other instruction sets: which of two functions to call */
} mults;

/* Short shifts save nothing here: there is one function under both names. */
static inline bool shifts_are_short(int32x4_t shift) {
  (void)shift;
  return true;
}

static inline mults mults_of(int32x4_t m, int32x4_t shift, bool is_short) {
  const int32x4_t zero = vdupq_n_s32(0);
  return (mults){.m = m, .left = vmaxq_s32(shift, zero), .right = vminq_s32(shift, zero), .is_short = is_short};
}

static inline int32x4_t mbqm_short(int32x4_t x, const mults *q) {
  x = vqrdmulhq_s32(vshlq_s32(x, q->left), q->m);
  const int32x4_t lower = vshrq_n_s32(vandq_s32(x, q->right), 31);
  return vrshlq_s32(vqaddq_s32(x, lower), q->right);
}

static inline int32x4_t mbqm_long(int32x4_t x, const mults *q) { return mbqm_short(x, q); }

#endif
