/* dwconv_s8.c: depthwise convolution of 8-bit numbers with AVX2.
 *
 * Two taps of 16 channels are widened to int16 and interleaved by unpacks, and vpmaddwd makes the sum of both products
 * of a channel. Unpacks work inside lanes of 128 bits: vector v holds channels 8 i + 4 v + (0..3) in lane i of these,
 * an order that the pack at the end undoes.
 *
 *   ymm: 2 sums, 2 inputs and their 2 interleavings; multipliers in memory
 */
#include "kernels/dwconv_s8.h"

#include <string.h>

#include "kernels/avx2/fixed_vec.h"
#include "kernels/unroll.h"

enum { VECTORS = 2, BLOCK = 16, GROUP = 2, SIGNED_OFFSET = 0 };
#define TABLE dwconv_s8_avx2

typedef int16_t weight;

static inline size_t place(size_t c) { return c % 8 / 4 * 8 + c / 8 * 4 + c % 4; }
static inline size_t weight_place(size_t c, size_t t) { return place(c) * GROUP + t; }
static inline vec vec_zero(void) { return _mm256_setzero_si256(); }
static inline vec vec_subtract_product(vec x, vec y, int32_t factor) {
  return _mm256_sub_epi32(x, _mm256_mullo_epi32(y, _mm256_set1_epi32(factor)));
}

static inline __m256i widen(const char *p, size_t count, bool is_signed) {
  char part[BLOCK] = {0};
  if (count < BLOCK) p = memcpy(part, p, count);
  const __m128i x = _mm_loadu_si128((const __m128i *)p);
  return is_signed ? _mm256_cvtepi8_epi16(x) : _mm256_cvtepu8_epi16(x);
}

/* taps may be less than GROUP: weights of those that lack are 0. There are no totals, since weights have no zero point.
 */
KERN_INLINE void add_group(vec sum[VECTORS], vec total[VECTORS], const void *const *window, size_t taps, size_t c,
                           size_t count, const weight *w, bool is_signed, const bool zero) {
  (void)total, (void)zero;
  const __m256i x0 = widen((const char *)window[0] + c, count, is_signed);
  const __m256i x1 = taps > 1 ? widen((const char *)window[1] + c, count, is_signed) : x0;
  const __m256i w0 = _mm256_loadu_si256((const __m256i *)w), w1 = _mm256_loadu_si256((const __m256i *)(w + BLOCK));
  sum[0] = _mm256_add_epi32(sum[0], _mm256_madd_epi16(_mm256_unpacklo_epi16(x0, x1), w0));
  sum[1] = _mm256_add_epi32(sum[1], _mm256_madd_epi16(_mm256_unpackhi_epi16(x0, x1), w1));
}

static inline void narrow(uint8_t *to, const vec x[VECTORS], size_t count, int32_t lo, int32_t hi, int32_t zero_point) {
  const __m256i low = _mm256_set1_epi16((int16_t)(lo - zero_point)),
                high = _mm256_set1_epi16((int16_t)(hi - zero_point));
  __m256i y = _mm256_packs_epi32(x[0], x[1]);
  y = _mm256_add_epi16(_mm256_min_epi16(_mm256_max_epi16(y, low), high), _mm256_set1_epi16((int16_t)zero_point));
  y = _mm256_and_si256(y, _mm256_set1_epi16(255));
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
  uint8_t part[BLOCK];
  _mm_storeu_si128((__m128i *)(count == BLOCK ? to : part), bytes);
  if (count < BLOCK) memcpy(to, part, count);
}

#include "kernels/body/dwconv_s8.inc.h"
