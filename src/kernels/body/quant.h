/* quant.h: blocks of 8 and 16 bit elements as int32 and back, for bodies whose arithmetic is in 32 bits. Working
 * through a block that stays in the first cache keeps the arithmetic at one vector width, which makes it several times
 * smaller and no slower. */
#ifndef KERNELS_BODY_QUANT_H
#define KERNELS_BODY_QUANT_H

#include <stddef.h>

#include "base/fixed.h"
#include "kernels/body/level.h"

enum { QUANT_BLOCK = 256 };

static inline int32_t clamp_i32(int32_t x, int32_t lo, int32_t hi) {
  x = x < lo ? lo : x;
  return x > hi ? hi : x;
}

static void quant_widen_8(const uint8_t *x, int32_t *to, size_t n, int32_t flip, int32_t zero) {
  for (size_t i = 0; i < n; i++) to[i] = (x[i] ^ flip) - zero;
}

static void quant_widen_16(const int16_t *x, int32_t *to, size_t n, int32_t zero) {
  for (size_t i = 0; i < n; i++) to[i] = (int32_t)((uint32_t)x[i] - (uint32_t)zero);
}

/* y = clamp(x + zero, lo, hi), the sum wrapping. */
static void quant_narrow_8(const int32_t *x, uint8_t *y, size_t n, int32_t zero, int32_t lo, int32_t hi) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = (uint8_t)clamp_i32((int32_t)((uint32_t)x[i] + (uint32_t)zero), lo, hi);
}

static void quant_narrow_16(const int32_t *x, int16_t *y, size_t n, int32_t zero, int32_t lo, int32_t hi) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = (int16_t)clamp_i32((int32_t)((uint32_t)x[i] + (uint32_t)zero), lo, hi);
}

#endif
