/* dwconv_s8.c: depthwise convolution of 8-bit numbers with NEON: 8 channels of a tap are widened to int16, and smlal
 * adds their products to two vectors of sums.
 *
 *   v: 2 sums, an input, a weight; multipliers in memory
 */
#include "kernels/dwconv_s8.h"

#include <string.h>

#include "kernels/neon/fixed_vec.h"
#include "kernels/unroll.h"

enum { VECTORS = 2, BLOCK = 8, GROUP = 1, SIGNED_OFFSET = 0 };
#define TABLE dwconv_s8_neon

typedef int16_t weight;

static inline size_t place(size_t c) { return c; }
static inline size_t weight_place(size_t c, size_t t) { return c + t * BLOCK; }
static inline vec vec_zero(void) { return vdupq_n_s32(0); }
static inline vec vec_subtract_product(vec x, vec y, int32_t factor) { return vmlsq_n_s32(x, y, factor); }

static inline int16x8_t widen(const uint8_t *p, size_t count, bool is_signed) {
  uint8_t part[BLOCK] = {0};
  if (count < BLOCK) p = memcpy(part, p, count);
  const uint8x8_t x = vld1_u8(p);
  return is_signed ? vmovl_s8(vreinterpret_s8_u8(x)) : vreinterpretq_s16_u16(vmovl_u8(x));
}

/* There are no totals, since weights have no zero point. */
KERN_INLINE void add_group(vec sum[VECTORS], vec total[VECTORS], const void *const *window, size_t taps, size_t c,
                           size_t count, const weight *w, bool is_signed, const bool zero) {
  (void)total, (void)zero, (void)taps;
  const int16x8_t x = widen((const uint8_t *)window[0] + c, count, is_signed), y = vld1q_s16(w);
  sum[0] = vmlal_s16(sum[0], vget_low_s16(x), vget_low_s16(y));
  sum[1] = vmlal_s16(sum[1], vget_high_s16(x), vget_high_s16(y));
}

static inline void narrow(uint8_t *to, const vec x[VECTORS], size_t count, int32_t lo, int32_t hi, int32_t zero_point) {
  int16x8_t y = vcombine_s16(vqmovn_s32(x[0]), vqmovn_s32(x[1]));
  y = vmaxq_s16(y, vdupq_n_s16((int16_t)(lo - zero_point)));
  y = vminq_s16(y, vdupq_n_s16((int16_t)(hi - zero_point)));
  y = vaddq_s16(y, vdupq_n_s16((int16_t)zero_point));
  uint8_t part[BLOCK];
  vst1_u8(count == BLOCK ? to : part, vreinterpret_u8_s8(vmovn_s16(y)));
  if (count < BLOCK) memcpy(to, part, count);
}

#include "kernels/body/dwconv_s8.inc.h"
