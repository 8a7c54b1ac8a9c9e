/* fixed_vec.h: fx_mbqm of base/fixed.h on 8 accumulators at once, bit for bit.
 *
 * With a multiplier >= 0, fx_srdhm32(x, m) is floor((x * m + 2^30) / 2^31): the truncating division and its nudge by
 * sign come to the same. Products are made of the even and of the odd lanes in 64 bits; bits 31 to 62 of each are the
 * result.
 */
#ifndef KERNELS_AVX2_FIXED_VEC_H
#define KERNELS_AVX2_FIXED_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fixed.h"

typedef __m256i vec;

static inline vec load(const int32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }

/* Multipliers of 8 columns, taken apart. */
typedef struct mults {
  __m256i m, odd; /* odd: those of the odd lanes, in the even ones */
  __m256i left, right, mask, half;
} mults;

static inline mults mults_of(__m256i m, __m256i shift) {
  const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
  const __m256i right = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero);
  const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, right), one);
  return (mults){.m = m,
                 .odd = _mm256_srli_epi64(m, 32),
                 .left = _mm256_max_epi32(shift, zero),
                 .right = right,
                 .mask = mask,
                 .half = _mm256_srli_epi32(mask, 1)};
}

static inline __m256i mbqm(__m256i x, const mults *q) {
  const __m256i nudge = _mm256_set1_epi64x(1 << 30);
  x = _mm256_sllv_epi32(x, q->left);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, q->m), nudge);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), q->odd), nudge);
  x = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
  /* fx_rdbp */
  const __m256i rest = _mm256_and_si256(x, q->mask);
  const __m256i threshold = _mm256_sub_epi32(q->half, _mm256_srai_epi32(x, 31));
  return _mm256_sub_epi32(_mm256_srav_epi32(x, q->right), _mm256_cmpgt_epi32(rest, threshold));
}

#endif
