/* requant.c: accumulators to 8 bits with NEON: 4 columns at once, their multipliers in vector registers. */
#include "kernels/requant.h"

#include <string.h>

#include "kernels/neon/fixed_vec.h"

enum { LANES = 4 };
#define TABLE requant_neon

static inline vec load_part(const int32_t *p, size_t count) {
  int32_t x[LANES] = {0};
  if (count == LANES) return load(p);
  memcpy(x, p, count * sizeof *p);
  return vld1q_s32(x);
}
typedef struct bounds {
  int32x4_t zero_point, lo, hi;
} bounds;

static inline bounds bounds_of(const requant_job *job) {
  return (bounds){vdupq_n_s32(job->zero_point), vdupq_n_s32(job->lo), vdupq_n_s32(job->hi)};
}
/* The addition saturates. */
static inline void store_clamped(uint8_t *p, vec x, const bounds *b, size_t count) {
  x = vminq_s32(vmaxq_s32(vqaddq_s32(x, b->zero_point), b->lo), b->hi);
  const int16x4_t narrow = vmovn_s32(x);
  uint8_t bytes[2 * LANES];
  vst1_u8(bytes, vreinterpret_u8_s8(vmovn_s16(vcombine_s16(narrow, narrow))));
  memcpy(p, bytes, count);
}

static inline mults mults_load(const fx_mult *q, size_t count) {
  int32_t m[LANES] = {0}, shift[LANES] = {0};
  for (size_t i = 0; i < count; i++) {
    m[i] = q[i].m;
    shift[i] = q[i].shift;
  }
  return mults_of(vld1q_s32(m), vld1q_s32(shift), true);
}

typedef struct scales {
  float64x2_t low, high;
} scales;

static inline scales scales_load(const double *p, size_t count) {
  double scale[LANES] = {0};
  memcpy(scale, p, count * sizeof *p);
  return (scales){vld1q_f64(scale), vld1q_f64(scale + 2)};
}

/* fx_to_i32(fx_round(x * scale)): fcvtas rounds half away from zero, and sqxtn saturates. */
static inline vec scale_round(vec x, const scales *q) {
  const int64x2_t low = vcvtaq_s64_f64(vmulq_f64(vcvtq_f64_s64(vmovl_s32(vget_low_s32(x))), q->low));
  const int64x2_t high = vcvtaq_s64_f64(vmulq_f64(vcvtq_f64_s64(vmovl_s32(vget_high_s32(x))), q->high));
  return vcombine_s32(vqmovn_s64(low), vqmovn_s64(high));
}

#include "kernels/body/requant.inc.h"
