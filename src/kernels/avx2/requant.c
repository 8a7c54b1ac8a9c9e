/* requant.c: accumulators to 8 bits with AVX2: 8 columns at once, their multipliers in ymm registers. */
#include "kernels/requant.h"

#include <string.h>

#include "kernels/avx2/fixed_vec.h"
#include "kernels/avx2/part.h"

enum { LANES = 8 };
#define TABLE requant_avx2

static inline vec load_part(const int32_t *p, size_t count) {
  return count == LANES ? load(p) : _mm256_maskload_epi32(p, part_mask(count));
}
typedef struct bounds {
  __m256i zero_point, lo, hi;
} bounds;

static inline bounds bounds_of(const requant_job *job) {
  return (bounds){_mm256_set1_epi32(job->zero_point), _mm256_set1_epi32(job->lo), _mm256_set1_epi32(job->hi)};
}
static inline void store_clamped(uint8_t *p, vec x, const bounds *b, size_t count) {
  x = _mm256_min_epi32(_mm256_max_epi32(_mm256_add_epi32(x, b->zero_point), b->lo), b->hi);
  /* The lowest byte of each lane, gathered in the lowest four bytes of both halves. */
  const __m256i lowest = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1,
                                          -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  x = _mm256_shuffle_epi8(x, lowest);
  const __m128i y = _mm_unpacklo_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  if (count == LANES) {
    _mm_storel_epi64((__m128i *)p, y);
    return;
  }
  uint8_t bytes[LANES];
  _mm_storel_epi64((__m128i *)bytes, y);
  memcpy(p, bytes, count);
}

static inline mults mults_load(const fx_mult *q, size_t count) {
  int32_t m[LANES] = {0}, shift[LANES] = {-1, -1, -1, -1, -1, -1, -1, -1}; /* short, also of lanes beyond count */
  for (size_t i = 0; i < count; i++) {
    m[i] = q[i].m;
    shift[i] = q[i].shift;
  }
  const __m256i known = load(shift);
  return mults_of(load(m), known, shifts_are_short(known));
}

typedef struct scales {
  __m256d low, high;
} scales;

static inline scales scales_load(const double *p, size_t count) {
  double scale[LANES] = {0};
  memcpy(scale, p, count * sizeof *p);
  return (scales){_mm256_loadu_pd(scale), _mm256_loadu_pd(scale + 4)};
}

/* fx_to_i32(fx_round(x * scale)) of 4, held within 2^30 of 0. Half away from zero: the largest double below 0.5 is
 * added with the sign of the product, and the sum truncated; 0.5 itself would lift 0.49999999999999994 to 1. */
static inline __m128i scale_round4(__m128i x, __m256d scale) {
  const __m256d sign = _mm256_set1_pd(-0.0), half = _mm256_set1_pd(0x1.fffffffffffffp-2);
  __m256d y = _mm256_mul_pd(_mm256_cvtepi32_pd(x), scale);
  y = _mm256_add_pd(y, _mm256_or_pd(_mm256_and_pd(y, sign), half));
  y = _mm256_max_pd(_mm256_min_pd(y, _mm256_set1_pd(0x1p30)), _mm256_set1_pd(-0x1p30));
  return _mm256_cvttpd_epi32(y);
}
static inline vec scale_round(vec x, const scales *q) {
  return _mm256_set_m128i(scale_round4(_mm256_extracti128_si256(x, 1), q->high),
                          scale_round4(_mm256_castsi256_si128(x), q->low));
}

#include "kernels/body/requant.inc.h"
