/* requant.c: accumulators to 8 bits with AVX-512: 16 columns at once, their multipliers in zmm registers. */
#include "kernels/requant.h"

#include "kernels/avx512/fixed_vec.h"

enum { LANES = 16 };
#define TABLE requant_avx512

static inline vec load_part(const int32_t *p, size_t count) {
  return count == LANES ? load(p) : _mm512_maskz_loadu_epi32(first16(count), p);
}
/* In int8: bounds of uint8 are lowered by 128, and bytes raised again. */
typedef struct bounds {
  __m512i zero_point;
  __m128i lo, hi, flip;
} bounds;

static inline bounds bounds_of(const requant_job *job) {
  const int32_t down = job->lo < 0 || job->hi < 128 ? 0 : 128;
  return (bounds){.zero_point = _mm512_set1_epi32(job->zero_point - down),
                  .lo = _mm_set1_epi8((char)(job->lo - down)),
                  .hi = _mm_set1_epi8((char)(job->hi - down)),
                  .flip = _mm_set1_epi8((char)down)};
}
static inline void store_clamped(uint8_t *p, vec x, const bounds *b, size_t count) {
  __m128i y = _mm512_cvtsepi32_epi8(_mm512_add_epi32(x, b->zero_point));
  y = _mm_xor_si128(_mm_min_epi8(_mm_max_epi8(y, b->lo), b->hi), b->flip);
  if (count == LANES) _mm_storeu_si128((__m128i *)p, y);
  else _mm_mask_storeu_epi8(p, first16(count), y);
}

typedef struct scales {
  __m512d low, high;
} scales;

static inline scales scales_load(const double *p, size_t count) {
  const __mmask16 mask = first16(count);
  return (scales){_mm512_maskz_loadu_pd((__mmask8)mask, p),
                  count > 8 ? _mm512_maskz_loadu_pd((__mmask8)(mask >> 8), p + 8) : _mm512_setzero_pd()};
}

/* fx_to_i32(fx_round(x * scale)) of 8, held within 2^30 of 0. Half away from zero: the largest double below 0.5 is
 * added with the sign of the product, and the sum truncated; 0.5 itself would lift 0.49999999999999994 to 1. */
static inline __m256i scale_round8(__m256i x, __m512d scale) {
  const __m512d sign = _mm512_set1_pd(-0.0), half = _mm512_set1_pd(0x1.fffffffffffffp-2);
  __m512d y = _mm512_mul_pd(_mm512_cvtepi32_pd(x), scale);
  y = _mm512_add_pd(y, _mm512_or_pd(_mm512_and_pd(y, sign), half));
  y = _mm512_max_pd(_mm512_min_pd(y, _mm512_set1_pd(0x1p30)), _mm512_set1_pd(-0x1p30));
  return _mm512_cvttpd_epi32(y);
}
static inline vec scale_round(vec x, const scales *q) {
  const __m256i low = scale_round8(_mm512_castsi512_si256(x), q->low);
  const __m256i high = scale_round8(_mm512_extracti64x4_epi64(x, 1), q->high);
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

#include "kernels/body/requant.inc.h"
