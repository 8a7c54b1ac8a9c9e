/* fixed_vec.h: fx_mbqm of base/fixed.h on 16 accumulators at once, bit for bit.
 *
 * With a multiplier >= 0, fx_srdhm32(x, m) is floor((x * m + 2^30) / 2^31): the truncating division and its nudge by
 * sign come to the same. Products are made of the even and of the odd lanes in 64 bits; bits 31 to 62 of each are the
 * result.
 */
#ifndef KERNELS_AVX512_FIXED_VEC_H
#define KERNELS_AVX512_FIXED_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fixed.h"

typedef __m512i vec;

static inline vec load(const int32_t *p) { return _mm512_loadu_si512(p); }

/* Multipliers of 16 columns, taken apart. */
typedef struct mults {
  __m512i m, odd; /* odd: those of the odd lanes, in the even ones */
  __m512i left, right, mask, half;
} mults;

static inline __mmask16 first16(size_t count) { return (__mmask16)(0xFFFFu >> (16 - count)); }

static inline mults mults_of(__m512i m, __m512i shift) {
  const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
  const __m512i right = _mm512_max_epi32(_mm512_sub_epi32(zero, shift), zero);
  const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
  return (mults){.m = m,
                 .odd = _mm512_srli_epi64(m, 32),
                 .left = _mm512_max_epi32(shift, zero),
                 .right = right,
                 .mask = mask,
                 .half = _mm512_srli_epi32(mask, 1)};
}

/* Of the first `count` (1 to 16) of an array. */
static inline mults mults_load(const fx_mult *q, size_t count) {
  const __m512i m_index = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i shift_index = _mm512_add_epi32(m_index, _mm512_set1_epi32(1));
  const size_t low = count < 8 ? count : 8, high = count - low;
  const __m512i a = _mm512_maskz_loadu_epi32(first16(2 * low), q);
  const __m512i b = high ? _mm512_maskz_loadu_epi32(first16(2 * high), q + 8) : _mm512_setzero_si512();
  return mults_of(_mm512_permutex2var_epi32(a, m_index, b), _mm512_permutex2var_epi32(a, shift_index, b));
}

static inline __m512i mbqm(__m512i x, const mults *q) {
  const __m512i nudge = _mm512_set1_epi64(1 << 30);
  x = _mm512_sllv_epi32(x, q->left);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, q->m), nudge);
  const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), q->odd), nudge);
  x = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
  /* fx_rdbp */
  const __m512i rest = _mm512_and_si512(x, q->mask);
  const __m512i threshold = _mm512_sub_epi32(q->half, _mm512_srai_epi32(x, 31));
  const __m512i floor = _mm512_srav_epi32(x, q->right);
  return _mm512_mask_sub_epi32(floor, _mm512_cmpgt_epi32_mask(rest, threshold), floor, _mm512_set1_epi32(-1));
}

#endif
