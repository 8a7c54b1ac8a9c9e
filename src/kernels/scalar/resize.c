/* resize.c: bilinear rows. The innermost loop runs over channels, so that the compiler vectorises it; where there are
 * few, their number is a constant, so that it unrolls it. */
#include "kernels/resize.h"

#include <stddef.h>

#define INLINE static inline __attribute__((always_inline))

/* The four neighbours of an output pixel begin at these elements of the two rows. */
typedef struct neighbours {
  size_t left, right;
} neighbours;

INLINE neighbours around(const resize_tap *x, int32_t channels) {
  return (neighbours){(size_t)x->lo * (size_t)channels, (size_t)x->hi * (size_t)channels};
}

INLINE void row_f32(float *restrict out, const float *lo, const float *hi, const resize_tap *x, float y, int32_t width,
                    int32_t channels) {
  const float y0 = 1 - y;
  for (int32_t i = 0; i < width; i++, out += channels) {
    const neighbours n = around(&x[i], channels);
    const float *const a = lo + n.left, *const b = lo + n.right, *const c = hi + n.left, *const d = hi + n.right;
    const float x1 = x[i].weight, x0 = 1 - x1;
    for (int32_t k = 0; k < channels; k++) out[k] = a[k] * y0 * x0 + c[k] * y * x0 + b[k] * y0 * x1 + d[k] * y * x1;
  }
}

INLINE void row_u8(uint8_t *restrict out, const uint8_t *lo, const uint8_t *hi, const resize_tap *x, float y,
                   int32_t width, int32_t channels) {
  const float y0 = 1 - y;
  for (int32_t i = 0; i < width; i++, out += channels) {
    const neighbours n = around(&x[i], channels);
    const uint8_t *const a = lo + n.left, *const b = lo + n.right, *const c = hi + n.left, *const d = hi + n.right;
    const float x1 = x[i].weight, x0 = 1 - x1;
    for (int32_t k = 0; k < channels; k++) {
      const float v = (float)a[k] * y0 * x0 + (float)c[k] * y * x0 + (float)b[k] * y0 * x1 + (float)d[k] * y * x1;
      out[k] = (uint8_t)(int32_t)(v + 0.5f);
    }
  }
}

/* int32 holds four products: weights lie in [-512, 1536], and those of a pixel sum up to 2^20. */
INLINE void row_s8(int8_t *restrict out, const int8_t *lo, const int8_t *hi, const resize_tap *x, int32_t y,
                   int32_t width, int32_t channels) {
  for (int32_t i = 0; i < width; i++, out += channels) {
    const neighbours n = around(&x[i], channels);
    const int8_t *const a = lo + n.left, *const b = lo + n.right, *const c = hi + n.left, *const d = hi + n.right;
    const int32_t x1 = x[i].fixed, x0 = 1024 - x1, y0 = 1024 - y;
    const int32_t wa = y0 * x0, wb = y0 * x1, wc = y * x0, wd = y * x1;
    for (int32_t k = 0; k < channels; k++) {
      const int32_t v = a[k] * wa + c[k] * wc + b[k] * wb + d[k] * wd;
      out[k] = (int8_t)((v + (v > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
    }
  }
}

void resize_row_f32(float *out, const float *lo, const float *hi, const resize_tap *x, float y, int32_t width,
                    int32_t channels) {
  switch (channels) {
    case 1: row_f32(out, lo, hi, x, y, width, 1); return;
    case 2: row_f32(out, lo, hi, x, y, width, 2); return;
    case 3: row_f32(out, lo, hi, x, y, width, 3); return;
    default: row_f32(out, lo, hi, x, y, width, channels); return;
  }
}

void resize_row_u8(uint8_t *out, const uint8_t *lo, const uint8_t *hi, const resize_tap *x, float y, int32_t width,
                   int32_t channels) {
  switch (channels) {
    case 1: row_u8(out, lo, hi, x, y, width, 1); return;
    case 2: row_u8(out, lo, hi, x, y, width, 2); return;
    case 3: row_u8(out, lo, hi, x, y, width, 3); return;
    default: row_u8(out, lo, hi, x, y, width, channels); return;
  }
}

void resize_row_s8(int8_t *out, const int8_t *lo, const int8_t *hi, const resize_tap *x, int32_t y, int32_t width,
                   int32_t channels) {
  switch (channels) {
    case 1: row_s8(out, lo, hi, x, y, width, 1); return;
    case 2: row_s8(out, lo, hi, x, y, width, 2); return;
    case 3: row_s8(out, lo, hi, x, y, width, 3); return;
    default: row_s8(out, lo, hi, x, y, width, channels); return;
  }
}

void resize_row_s16(int16_t *restrict out, const int16_t *lo, const int16_t *hi, const resize_tap *x, int32_t y,
                    int32_t width, int32_t channels) {
  for (int32_t i = 0; i < width; i++, out += channels) {
    const neighbours n = around(&x[i], channels);
    const int16_t *const a = lo + n.left, *const b = lo + n.right, *const c = hi + n.left, *const d = hi + n.right;
    const int64_t x1 = x[i].fixed, x0 = 1024 - x1, y1 = y, y0 = 1024 - y1;
    const int64_t wa = y0 * x0, wb = y0 * x1, wc = y1 * x0, wd = y1 * x1;
    for (int32_t k = 0; k < channels; k++) {
      const int64_t v = a[k] * wa + c[k] * wc + b[k] * wb + d[k] * wd;
      out[k] = (int16_t)((v + (v > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
    }
  }
}
