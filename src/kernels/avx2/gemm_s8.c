/* gemm_s8.c: the exact product of 8-bit matrices with AVX2.
 *
 * vpmaddwd multiplies pairs of int16 and adds each pair in int32, exactly; vpmaddubsw, on bytes, would saturate. So
 * activations are staged as int16 and weights are widened as they are loaded.
 *
 * A tile is 6 rows by 16 columns:
 *   ymm0..11   sums, two a row
 *   ymm12, 13  two rows of the panel of weights
 *   ymm14      two elements of A in all lanes
 *   ymm15      products
 */
#include "kernels/gemm_s8.h"

#include <immintrin.h>
#include <string.h>

#include "kernels/avx2/part.h"

enum { MR = 6, LANES = 8, STEP = 2, SIGNED_OFFSET = 0 };
#define DIRECT GEMM_S8_NEVER
#define FOR_EACH_TILE(X) X(6) X(3) X(1)
#define FOR_EACH_NARROW FOR_EACH_TILE
#define TABLE gemm_s8_avx2

typedef int16_t staged;
typedef __m256i act, wgt;
typedef int32_t vec __attribute__((vector_size(32))); /* gcc keeps arrays of __m256i in memory here */

static inline vec load(const int32_t *p) { return (vec)_mm256_loadu_si256((const __m256i *)p); }
static inline void store_part(int32_t *p, vec x, size_t count) {
  if (count == LANES) _mm256_storeu_si256((__m256i *)p, (__m256i)x);
  else _mm256_maskstore_epi32(p, part_mask(count), (__m256i)x); /* slow on some processors */
}
static inline vec subtract(vec x, int32_t y) { return (vec)_mm256_sub_epi32((__m256i)x, _mm256_set1_epi32(y)); }
static inline act load_act(const char *p) {
  int32_t two;
  memcpy(&two, p, sizeof two);
  return _mm256_set1_epi32(two);
}
static inline wgt load_wgt(const char *p) { return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p)); }
static inline vec dot(vec sum, act a, wgt w) { return (vec)_mm256_add_epi32((__m256i)sum, _mm256_madd_epi16(a, w)); }
static inline size_t place(size_t lane, size_t step) { return lane * STEP + step; }

static void stage(void *to, const void *from, size_t count, bool is_signed) {
  const uint8_t *in = from;
  int16_t *out = to;
  for (; count >= 16; count -= 16, in += 16, out += 16) {
    const __m128i x = _mm_loadu_si128((const __m128i *)in);
    _mm256_storeu_si256((__m256i *)out, is_signed ? _mm256_cvtepi8_epi16(x) : _mm256_cvtepu8_epi16(x));
  }
  for (; count >= 8; count -= 8, in += 8, out += 8) {
    const __m128i x = _mm_loadl_epi64((const __m128i *)in);
    _mm_storeu_si128((__m128i *)out, is_signed ? _mm_cvtepi8_epi16(x) : _mm_cvtepu8_epi16(x));
  }
  for (; count > 0; count--, in++, out++) *out = is_signed ? (int16_t)(int8_t)*in : (int16_t)*in;
}

#include "kernels/body/gemm_s8.inc.h"
