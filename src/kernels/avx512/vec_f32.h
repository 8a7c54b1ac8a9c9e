/* vec_f32.h: a vector of floats with AVX-512, for the bodies of float kernels. A part is the first `count` lanes, 1 to
 * LANES; MASKS: it takes no more time than a whole vector. */
#ifndef KERNELS_AVX512_VEC_F32_H
#define KERNELS_AVX512_VEC_F32_H

#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, REGISTERS = 32, MASKS = 1 };
typedef __m512 vec;

static inline __mmask16 first(size_t count) { return (__mmask16)(0xFFFFu >> (LANES - count)); }
static inline vec load(const float *p) { return _mm512_loadu_ps(p); }
static inline vec load_part(const float *p, size_t count) { return _mm512_maskz_loadu_ps(first(count), p); }
static inline void store(float *p, vec x) { _mm512_storeu_ps(p, x); }
static inline void store_part(float *p, vec x, size_t count) { _mm512_mask_storeu_ps(p, first(count), x); }
static inline vec broadcast(const float *p) { return _mm512_set1_ps(*p); }
static inline vec madd(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
/* The second operand of min and max is what comes out when one of them is NaN. */
static inline vec clamp(vec x, float lo, float hi) {
  return _mm512_min_ps(_mm512_set1_ps(hi), _mm512_max_ps(_mm512_set1_ps(lo), x));
}

#endif
