/* quant.h: blocks of 8 and 16 bit elements as int32 and back, for bodies whose arithmetic is in 32 bits. Quantized
 * kernels are passes over a block that stays in the first cache: each pass has one vector width, and all kernels share
 * them, which makes the code many times smaller and no slower. */
#ifndef KERNELS_BODY_QUANT_H
#define KERNELS_BODY_QUANT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fixed.h"
#include "kernels/body/level.h"

enum { QUANT_BLOCK = 256 };

static inline int32_t clamp_i32(int32_t x, int32_t lo, int32_t hi) {
  x = x < lo ? lo : x;
  return x > hi ? hi : x;
}

KERN_PASS quant_widen_8(const uint8_t *x, int32_t *to, size_t n, int32_t flip, int32_t zero) {
  for (size_t i = 0; i < n; i++) to[i] = (x[i] ^ flip) - zero;
}

KERN_PASS quant_widen_16(const int16_t *x, int32_t *to, size_t n, int32_t zero) {
  for (size_t i = 0; i < n; i++) to[i] = (int32_t)((uint32_t)x[i] - (uint32_t)zero);
}

/* x = fx_mbqm(x << left, mult). */
KERN_PASS quant_scale(int32_t *x, size_t n, int left, fx_mult mult) {
  for (size_t i = 0; i < n; i++) x[i] = fx_mbqm(fx_shl(x[i], left), mult);
}

/* x = fx_mbqm(x, of[i] >= 0 ? up : down); of may be x. */
KERN_PASS quant_scale_by_sign(int32_t *x, const int32_t *of, size_t n, fx_mult up, fx_mult down) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    const bool above = of[i] >= 0;
    x[i] = fx_mbqm(x[i], (fx_mult){above ? up.m : down.m, above ? up.shift : down.shift});
  }
}

/* y = clamp(x + zero, lo, hi), the sum wrapping. */
KERN_PASS quant_narrow_8(const int32_t *x, uint8_t *y, size_t n, int32_t zero, int32_t lo, int32_t hi) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = (uint8_t)clamp_i32((int32_t)((uint32_t)x[i] + (uint32_t)zero), lo, hi);
}

KERN_PASS quant_narrow_16(const int32_t *x, int16_t *y, size_t n, int32_t zero, int32_t lo, int32_t hi) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = (int16_t)clamp_i32((int32_t)((uint32_t)x[i] + (uint32_t)zero), lo, hi);
}

#endif
