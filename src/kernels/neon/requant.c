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
static inline vec clamp(vec x, int32_t lo, int32_t hi, int32_t zero_point) {
  x = vminq_s32(vmaxq_s32(x, vdupq_n_s32(lo)), vdupq_n_s32(hi));
  return vaddq_s32(x, vdupq_n_s32(zero_point));
}
static inline void store_bytes(uint8_t *p, vec x, size_t count) {
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
  return mults_of(vld1q_s32(m), vld1q_s32(shift));
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
