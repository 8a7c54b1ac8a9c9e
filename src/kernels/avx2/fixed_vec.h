/* fixed_vec.h: fx_mbqm of base/fixed.h on 8 accumulators at once, for 8-bit results: what lies beyond 2^30 may come out
 * nearer to 0, but outside of them.
 *
 * With a multiplier >= 0, fx_srdhm32(x, m) is floor((x * m + 2^30) / 2^31): the truncating division and its nudge by
 * sign come to the same. Products are made of the even and of the odd lanes in 64 bits, and doubled, so that the upper
 * half of each is the result.
 *
 * Most layers have right shifts of 1 to 20. Then half of the divisor is added to the upper half together with the
 * nudge, and x is held below 2^30 so that nothing overflows: results this large leave the range of 8 bits either way.
 * All else goes the long way.
 */
#ifndef KERNELS_AVX2_FIXED_VEC_H
#define KERNELS_AVX2_FIXED_VEC_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fixed.h"

typedef __m256i vec;

static inline vec load(const int32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }

/* Multipliers of 8 columns, taken apart. */
typedef struct mults {
  __m256i m, odd;       /* odd: those of the odd lanes, in the even ones */
  __m256i add, add_odd; /* to doubled products: the nudge, and half of the divisor if all shifts are short */
  __m256i left, right, mask;
  bool is_short;
} mults;

/* All shifts are right ones of 1 to 20. */
static inline bool shifts_are_short(__m256i shift) {
  const __m256i left = _mm256_cmpgt_epi32(shift, _mm256_set1_epi32(-1));
  const __m256i far = _mm256_cmpgt_epi32(_mm256_set1_epi32(-20), shift), either = _mm256_or_si256(left, far);
  return _mm256_testz_si256(either, either);
}

/* is_short: which of the two functions below will be called. */
static inline mults mults_of(__m256i m, __m256i shift, bool is_short) {
  const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
  const __m256i nudge = _mm256_set1_epi64x(INT64_C(1) << 31);
  const __m256i right = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero);
  const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, right), one);
  const __m256i half = is_short ? _mm256_srli_epi32(_mm256_add_epi32(mask, one), 1) : zero;
  return (mults){.m = m,
                 .odd = _mm256_srli_epi64(m, 32),
                 .add = _mm256_or_si256(nudge, _mm256_slli_epi64(half, 32)),
                 .add_odd = _mm256_blend_epi32(nudge, half, 0xAA),
                 .left = _mm256_max_epi32(shift, zero),
                 .right = right,
                 .mask = mask,
                 .is_short = is_short};
}

/* The upper halves of the doubled products and what is added to them. */
static inline __m256i mult_high(__m256i x, const mults *q) {
  __m256i even = _mm256_mul_epi32(x, q->m), odd = _mm256_mul_epi32(_mm256_shuffle_epi32(x, 0xF5), q->odd);
  even = _mm256_add_epi64(_mm256_add_epi64(even, even), q->add);
  odd = _mm256_add_epi64(_mm256_add_epi64(odd, odd), q->add_odd);
  return _mm256_blend_epi32(_mm256_shuffle_epi32(even, 0xF5), odd, 0xAA);
}

/* For any shifts. */
static inline __m256i mbqm_long(__m256i x, const mults *q) {
  x = mult_high(_mm256_sllv_epi32(x, q->left), q);
  /* fx_rdbp */
  const __m256i rest = _mm256_and_si256(x, q->mask);
  const __m256i threshold = _mm256_sub_epi32(_mm256_srli_epi32(q->mask, 1), _mm256_srai_epi32(x, 31));
  x = _mm256_sub_epi32(_mm256_srav_epi32(x, q->right), _mm256_cmpgt_epi32(rest, threshold));
  return _mm256_max_epi32(_mm256_min_epi32(x, _mm256_set1_epi32(1 << 30)), _mm256_set1_epi32(-(1 << 30)));
}

/* For short ones. */
static inline __m256i mbqm_short(__m256i x, const mults *q) {
  const __m256i sign = _mm256_srai_epi32(x, 31);
  x = mult_high(_mm256_min_epi32(x, _mm256_set1_epi32((1 << 30) - 1)), q);
  return _mm256_srav_epi32(_mm256_add_epi32(x, sign), q->right);
}

#endif
