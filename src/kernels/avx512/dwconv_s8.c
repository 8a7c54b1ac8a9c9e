/* dwconv_s8.c: depthwise convolution of 8-bit numbers with AVX-512 VNNI.
 *
 * Four taps of 64 channels are interleaved by unpacks, so that each lane of four vectors holds the four taps of one
 * channel, and vpdpbusd adds their products. Unpacks work inside lanes of 128 bits: vector v holds channels 16 i + 4 v
 * + (0..3) in lane i of these, an order that the packs at the end undo. Inputs are taken as uint8 (int8 ones as x ^
 * 0x80).
 *
 *   zmm: 4 sums, 4 totals when weights have a zero point, 4 inputs and their 4 + 4 interleavings; multipliers in memory
 */
#include "kernels/dwconv_s8.h"

#include "kernels/avx512/fixed_vec.h"
#include "kernels/unroll.h"

enum { VECTORS = 4, BLOCK = 64, GROUP = 4, SIGNED_OFFSET = 128 };
#define TABLE dwconv_s8_avx512

typedef int8_t weight;

static inline size_t place(size_t c) { return c % 16 / 4 * 16 + c / 16 * 4 + c % 4; }
static inline size_t weight_place(size_t c, size_t t) { return place(c) * GROUP + t; }
static inline __mmask64 first64(size_t count) { return ~(__mmask64)0 >> (BLOCK - count); }
static inline vec vec_zero(void) { return _mm512_setzero_si512(); }
static inline vec vec_subtract_product(vec x, vec y, int32_t factor) {
  return _mm512_sub_epi32(x, _mm512_mullo_epi32(y, _mm512_set1_epi32(factor)));
}

/* taps may be less than GROUP: weights of those that lack are 0, and so are the ones that make the totals. */
KERN_INLINE void add_group(vec sum[VECTORS], vec total[VECTORS], const void *const *window, size_t taps, size_t c,
                           size_t count, const weight *w, bool is_signed, const bool zero) {
  const __m512i flip = _mm512_set1_epi8(is_signed ? (char)0x80 : 0);
  const __m512i ones = _mm512_set1_epi32((int32_t)(0x01010101u >> 8 * (GROUP - taps)));
  const __mmask64 mask = first64(count);
  __m512i x[GROUP], y[VECTORS];
  KERN_UNROLL
  for (size_t t = 0; t < GROUP; t++) {
    const char *p = (const char *)window[t < taps ? t : 0] + c;
    x[t] = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, p), flip);
  }
  const __m512i low01 = _mm512_unpacklo_epi8(x[0], x[1]), high01 = _mm512_unpackhi_epi8(x[0], x[1]);
  const __m512i low23 = _mm512_unpacklo_epi8(x[2], x[3]), high23 = _mm512_unpackhi_epi8(x[2], x[3]);
  y[0] = _mm512_unpacklo_epi16(low01, low23);
  y[1] = _mm512_unpackhi_epi16(low01, low23);
  y[2] = _mm512_unpacklo_epi16(high01, high23);
  y[3] = _mm512_unpackhi_epi16(high01, high23);
  KERN_UNROLL
  for (int v = 0; v < VECTORS; v++) {
    sum[v] = _mm512_dpbusd_epi32(sum[v], y[v], _mm512_loadu_si512(w + v * 64));
    if (zero) total[v] = _mm512_dpbusd_epi32(total[v], y[v], ones);
  }
}

static inline void narrow(uint8_t *to, const vec x[VECTORS], size_t count, int32_t lo, int32_t hi, int32_t zero_point) {
  const __m512i zp = _mm512_set1_epi16((int16_t)zero_point), byte = _mm512_set1_epi16(255);
  const __m512i low = _mm512_set1_epi16((int16_t)(lo - zero_point)),
                high = _mm512_set1_epi16((int16_t)(hi - zero_point));
  __m512i y[2];
  KERN_UNROLL
  for (int i = 0; i < 2; i++) {
    y[i] = _mm512_packs_epi32(x[2 * i], x[2 * i + 1]);
    y[i] = _mm512_add_epi16(_mm512_min_epi16(_mm512_max_epi16(y[i], low), high), zp);
    y[i] = _mm512_and_si512(y[i], byte);
  }
  const __m512i bytes = _mm512_packus_epi16(y[0], y[1]);
  if (count == BLOCK) _mm512_storeu_si512(to, bytes);
  else _mm512_mask_storeu_epi8(to, first64(count), bytes);
}

#include "kernels/body/dwconv_s8.inc.h"
