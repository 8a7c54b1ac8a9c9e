/* vec_f32.h: a vector of floats with AVX2 and FMA, for the bodies of float kernels. A part is the first `count` lanes,
 * 1 to LANES; MASKS: it takes no more time than a whole vector. */
#ifndef KERNELS_AVX2_VEC_F32_H
#define KERNELS_AVX2_VEC_F32_H

#include <immintrin.h>
#include <stddef.h>

#include "kernels/avx2/part.h"

enum { LANES = 8, REGISTERS = 16, MASKS = 0 };
typedef __m256 vec;

static inline vec load(const float *p) { return _mm256_loadu_ps(p); }
static inline vec load_part(const float *p, size_t count) { return _mm256_maskload_ps(p, part_mask(count)); }
static inline void store(float *p, vec x) { _mm256_storeu_ps(p, x); }
static inline void store_part(float *p, vec x, size_t count) {
  if (count == LANES) _mm256_storeu_ps(p, x);
  else _mm256_maskstore_ps(p, part_mask(count), x); /* slow on some processors */
}
static inline vec broadcast(const float *p) { return _mm256_broadcast_ss(p); }
static inline vec madd(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
/* The second operand of min and max is what comes out when one of them is NaN. */
static inline vec clamp(vec x, float lo, float hi) {
  return _mm256_min_ps(_mm256_set1_ps(hi), _mm256_max_ps(_mm256_set1_ps(lo), x));
}

#endif
