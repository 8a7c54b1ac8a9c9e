/* fixed_vec.h: fx_mbqm of base/fixed.h on 16 accumulators at once, for 8-bit results: what lies beyond 2^30 may come
 * out nearer to 0, but outside of them.
 *
 * With a multiplier >= 0, fx_srdhm32(x, m) is floor((x * m + 2^30) / 2^31): the truncating division and its nudge by
 * sign come to the same. Products are made of the even and of the odd lanes in 64 bits, and doubled, so that the upper
 * half of each is the result.
 *
 * Most layers have right shifts of 1 to 20. Then half of the divisor is added to the upper half together with the
 * nudge, and x is held below 2^30 so that nothing overflows: results this large leave the range of 8 bits either way.
 * All else goes the long way.
 */
#ifndef KERNELS_AVX512_FIXED_VEC_H
#define KERNELS_AVX512_FIXED_VEC_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fixed.h"

typedef __m512i vec;

static inline vec load(const int32_t *p) { return _mm512_loadu_si512(p); }

/* Multipliers of 16 columns, taken apart. */
typedef struct mults {
  __m512i m, odd;       /* odd: those of the odd lanes, in the even ones */
  __m512i add, add_odd; /* to doubled products: the nudge, and half of the divisor if all shifts are short */
  __m512i left, right, mask;
  bool is_short;
} mults;

static inline __mmask16 first16(size_t count) { return (__mmask16)(0xFFFFu >> (16 - count)); }

/* All shifts are right ones of 1 to 20. */
static inline bool shifts_are_short(__m512i shift) {
  return !_mm512_cmpgt_epu32_mask(_mm512_sub_epi32(_mm512_set1_epi32(-1), shift), _mm512_set1_epi32(19));
}

/* is_short: which of the two functions below will be called. */
static inline mults mults_of(__m512i m, __m512i shift, bool is_short) {
  const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1), nudge = _mm512_set1_epi64(INT64_C(1) << 31);
  const __m512i right = _mm512_max_epi32(_mm512_sub_epi32(zero, shift), zero);
  const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
  const __m512i half = is_short ? _mm512_srli_epi32(_mm512_add_epi32(mask, one), 1) : zero;
  return (mults){.m = m,
                 .odd = _mm512_srli_epi64(m, 32),
                 .add = _mm512_or_si512(nudge, _mm512_slli_epi64(half, 32)),
                 .add_odd = _mm512_mask_blend_epi32(0xAAAA, nudge, half),
                 .left = _mm512_max_epi32(shift, zero),
                 .right = right,
                 .mask = mask,
                 .is_short = is_short};
}

/* Of the first `count` (1 to 16) of an array; the other lanes get a short shift. */
static inline mults mults_load(const fx_mult *q, size_t count) {
  const __m512i m_index = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i shift_index = _mm512_add_epi32(m_index, _mm512_set1_epi32(1)), none = _mm512_set1_epi32(-1);
  const size_t low = count < 8 ? count : 8, high = count - low;
  const __m512i a = _mm512_maskz_loadu_epi32(first16(2 * low), q);
  const __m512i b = high ? _mm512_maskz_loadu_epi32(first16(2 * high), q + 8) : a;
  const __m512i shift = _mm512_permutex2var_epi32(a, shift_index, b);
  const __m512i known = _mm512_mask_mov_epi32(none, first16(count), shift);
  return mults_of(_mm512_permutex2var_epi32(a, m_index, b), known, shifts_are_short(known));
}

/* The upper halves of the doubled products and what is added to them. */
static inline __m512i mult_high(__m512i x, const mults *q) {
  __m512i even = _mm512_mul_epi32(x, q->m),
          odd = _mm512_mul_epi32(_mm512_shuffle_epi32(x, (_MM_PERM_ENUM)0xF5), q->odd);
  even = _mm512_add_epi64(_mm512_add_epi64(even, even), q->add);
  odd = _mm512_add_epi64(_mm512_add_epi64(odd, odd), q->add_odd);
  return _mm512_mask_shuffle_epi32(odd, 0x5555, even, (_MM_PERM_ENUM)0xF5);
}

/* For any shifts. */
static inline __m512i mbqm_long(__m512i x, const mults *q) {
  x = mult_high(_mm512_sllv_epi32(x, q->left), q);
  /* fx_rdbp */
  const __m512i rest = _mm512_and_si512(x, q->mask);
  const __m512i threshold = _mm512_sub_epi32(_mm512_srli_epi32(q->mask, 1), _mm512_srai_epi32(x, 31));
  const __m512i floor = _mm512_srav_epi32(x, q->right);
  x = _mm512_mask_sub_epi32(floor, _mm512_cmpgt_epi32_mask(rest, threshold), floor, _mm512_set1_epi32(-1));
  return _mm512_max_epi32(_mm512_min_epi32(x, _mm512_set1_epi32(1 << 30)), _mm512_set1_epi32(-(1 << 30)));
}

/* For short ones. */
static inline __m512i mbqm_short(__m512i x, const mults *q) {
  const __m512i sign = _mm512_srai_epi32(x, 31);
  x = mult_high(_mm512_min_epi32(x, _mm512_set1_epi32((1 << 30) - 1)), q);
  return _mm512_srav_epi32(_mm512_add_epi32(x, sign), q->right);
}

#endif
