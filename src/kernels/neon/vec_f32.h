/* vec_f32.h: a vector of floats with NEON, for the bodies of float kernels. A part is the first `count` lanes, 1 to
 * LANES; MASKS: it takes no more time than a whole vector. */
#ifndef KERNELS_NEON_VEC_F32_H
#define KERNELS_NEON_VEC_F32_H

#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4, REGISTERS = 32, MASKS = 0 };
typedef float32x4_t vec;

static inline vec load(const float *p) { return vld1q_f32(p); }
static inline vec load_part(const float *p, size_t count) {
  float x[LANES] = {0};
  if (count == LANES) return vld1q_f32(p);
  for (size_t i = 0; i < count; i++) x[i] = p[i];
  return vld1q_f32(x);
}
static inline void store(float *p, vec x) { vst1q_f32(p, x); }
static inline void store_part(float *p, vec x, size_t count) {
  float y[LANES];
  if (count == LANES) {
    vst1q_f32(p, x);
    return;
  }
  vst1q_f32(y, x);
  for (size_t i = 0; i < count; i++) p[i] = y[i];
}
static inline vec broadcast(const float *p) { return vld1q_dup_f32(p); }
static inline vec madd(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }
/* NEON's min and max give NaN when an operand is NaN. */
static inline vec clamp(vec x, float lo, float hi) { return vminq_f32(vmaxq_f32(x, vdupq_n_f32(lo)), vdupq_n_f32(hi)); }

#endif
