/* resize_s16.c: bilinear rows of int16, for all levels: products of 64 bits gain nothing from vectors. */
#include "kernels/resize.h"

void resize_s16(void *out, const void *lo, const void *hi, const resize_tap *y, const resize_tap *x, int32_t width,
                int32_t channels) {
  const int64_t y1 = y->fixed, y0 = 1024 - y1;
  int16_t *to = out;
  for (int32_t i = 0; i < width; i++, to += channels) {
    const size_t left = (size_t)x[i].lo * (size_t)channels, right = (size_t)x[i].hi * (size_t)channels;
    const int16_t *const a = (const int16_t *)lo + left, *const b = (const int16_t *)lo + right;
    const int16_t *const c = (const int16_t *)hi + left, *const d = (const int16_t *)hi + right;
    const int64_t x1 = x[i].fixed, x0 = 1024 - x1;
    const int64_t wa = y0 * x0, wb = y0 * x1, wc = y1 * x0, wd = y1 * x1;
    for (int32_t k = 0; k < channels; k++) {
      const int64_t v = a[k] * wa + c[k] * wc + b[k] * wb + d[k] * wd;
      to[k] = (int16_t)((v + (v > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
    }
  }
}
