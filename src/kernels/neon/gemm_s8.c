/* gemm_s8.c: the exact product of 8-bit matrices with NEON.
 *
 * smlal multiplies int16 by a lane and adds to int32, exactly. So activations are staged as int16 and weights are
 * widened as they are loaded.
 *
 * A tile is 8 rows by 8 columns:
 *   v0..15   sums, two a row
 *   v16..19  four rows of the panel of weights, as int16
 *   v20..    four elements of a row of A
 */
#include "kernels/gemm_s8.h"

#include <arm_neon.h>

enum { MR = 8, LANES = 4, STEP = 4, SIGNED_OFFSET = 0 };
#define DIRECT GEMM_S8_NEVER
#define FOR_EACH_TILE(X) X(8) X(4) X(1)
#define FOR_EACH_NARROW FOR_EACH_TILE
#define TABLE gemm_s8_neon

typedef int16_t staged;
typedef int32x4_t vec;
typedef int16x4_t act;
typedef int16x8x2_t wgt;

static inline vec load(const int32_t *p) { return vld1q_s32(p); }
static inline void store_part(int32_t *p, vec x, size_t count) {
  int32_t y[LANES];
  if (count == LANES) {
    vst1q_s32(p, x);
    return;
  }
  vst1q_s32(y, x);
  for (size_t i = 0; i < count; i++) p[i] = y[i];
}
static inline vec subtract(vec x, int32_t y) { return vsubq_s32(x, vdupq_n_s32(y)); }
static inline act load_act(const char *p) { return vld1_s16((const int16_t *)p); }
static inline wgt load_wgt(const char *p) {
  const int8x16_t w = vld1q_s8((const int8_t *)p);
  return (wgt){{vmovl_s8(vget_low_s8(w)), vmovl_s8(vget_high_s8(w))}};
}
static inline vec dot(vec sum, act a, wgt w) {
  sum = vmlal_lane_s16(sum, vget_low_s16(w.val[0]), a, 0);
  sum = vmlal_lane_s16(sum, vget_high_s16(w.val[0]), a, 1);
  sum = vmlal_lane_s16(sum, vget_low_s16(w.val[1]), a, 2);
  return vmlal_lane_s16(sum, vget_high_s16(w.val[1]), a, 3);
}
static inline size_t place(size_t lane, size_t step) { return step * LANES + lane; }

static void stage(void *to, const void *from, size_t count, bool is_signed) {
  int16_t *out = to;
  if (is_signed)
    for (size_t i = 0; i < count; i++) out[i] = ((const int8_t *)from)[i];
  else
    for (size_t i = 0; i < count; i++) out[i] = ((const uint8_t *)from)[i];
}

#include "kernels/body/gemm_s8.inc.h"
