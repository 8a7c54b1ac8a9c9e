/* pool.inc.h: body of pool.h. Channels go in blocks whose accumulators stay in the first cache. */
#include <float.h>

#include "kernels/body/level.h"
#include "kernels/body/quant.h"
#include "kernels/pool.h"

enum { POOL_BLOCK = 256 };

static inline float pool_clamp(float x, const pool_bounds *b) {
  x = x < b->f_lo ? b->f_lo : x;
  return x > b->f_hi ? b->f_hi : x;
}

static void pool_max_f32(const void *vx, const pool_window *w, void *vy, const pool_bounds *b) {
  const float *x = vx;
  float *y = vy;
  for (size_t c = 0; c < w->channels; c++) y[c] = -FLT_MAX;
  for (size_t r = 0; r < w->rows; r++)
    for (size_t p = 0; p < w->cols; p++) {
      const float *tap = x + r * w->row_step + p * w->channels;
      KERN_ELEMENTWISE
      for (size_t c = 0; c < w->channels; c++) y[c] = y[c] < tap[c] ? tap[c] : y[c];
    }
  const pool_bounds bounds = *b;
  KERN_ELEMENTWISE
  for (size_t c = 0; c < w->channels; c++) y[c] = pool_clamp(y[c], &bounds);
}

static void pool_average_f32(const void *vx, const pool_window *w, void *vy, const pool_bounds *b) {
  const float *x = vx;
  float *y = vy;
  for (size_t c = 0; c < w->channels; c++) y[c] = 0;
  for (size_t r = 0; r < w->rows; r++)
    for (size_t p = 0; p < w->cols; p++) {
      const float *tap = x + r * w->row_step + p * w->channels;
      KERN_ELEMENTWISE
      for (size_t c = 0; c < w->channels; c++) y[c] += tap[c];
    }
  const pool_bounds bounds = *b;
  const float count = (float)(w->rows * w->cols);
  KERN_ELEMENTWISE
  for (size_t c = 0; c < w->channels; c++) y[c] = pool_clamp(y[c] / count, &bounds);
}

static void pool_max_8(const void *vx, const pool_window *w, void *vy, const pool_bounds *b) {
  const uint8_t *x = vx;
  uint8_t *y = vy;
  const uint8_t flip = (uint8_t)b->flip; /* makes the order of int8 that of uint8 */
  for (size_t c = 0; c < w->channels; c++) y[c] = 0;
  for (size_t r = 0; r < w->rows; r++)
    for (size_t p = 0; p < w->cols; p++) {
      const uint8_t *tap = x + r * w->row_step + p * w->channels;
      KERN_ELEMENTWISE
      for (size_t c = 0; c < w->channels; c++) {
        const uint8_t v = tap[c] ^ flip;
        y[c] = y[c] < v ? v : y[c];
      }
    }
  const uint8_t lo = (uint8_t)(b->lo ^ flip), hi = (uint8_t)(b->hi ^ flip);
  KERN_ELEMENTWISE
  for (size_t c = 0; c < w->channels; c++) {
    const uint8_t low = y[c] < lo ? lo : y[c];
    y[c] = (low > hi ? hi : low) ^ flip;
  }
}

static void pool_max_16(const void *vx, const pool_window *w, void *vy, const pool_bounds *b) {
  const int16_t *x = vx;
  int16_t *y = vy;
  for (size_t c = 0; c < w->channels; c++) y[c] = INT16_MIN;
  for (size_t r = 0; r < w->rows; r++)
    for (size_t p = 0; p < w->cols; p++) {
      const int16_t *tap = x + r * w->row_step + p * w->channels;
      KERN_ELEMENTWISE
      for (size_t c = 0; c < w->channels; c++) y[c] = y[c] < tap[c] ? tap[c] : y[c];
    }
  const int16_t lo = (int16_t)b->lo, hi = (int16_t)b->hi;
  KERN_ELEMENTWISE
  for (size_t c = 0; c < w->channels; c++) {
    const int16_t low = y[c] < lo ? lo : y[c];
    y[c] = low > hi ? hi : low;
  }
}

/* Sums of very large windows wrap, as in the reference. */
static inline int32_t pool_sum(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

/* acc / count, half away from zero. A double quotient of such integers, truncated, is exact. */
static void pool_divide(int32_t *acc, size_t n, size_t count) {
  const int32_t half = (int32_t)(count / 2);
  const double divisor = (double)count;
  KERN_ELEMENTWISE
  for (size_t c = 0; c < n; c++) {
    const int32_t rounded = acc[c] > 0 ? pool_sum(acc[c], half) : pool_sum(acc[c], -half);
    acc[c] = (int32_t)((double)rounded / divisor);
  }
}

static void pool_average_8(const void *vx, const pool_window *w, void *vy, const pool_bounds *b) {
  const uint8_t *x = vx;
  uint8_t *y = vy;
  const uint8_t flip = (uint8_t)b->flip;
  const size_t count = w->rows * w->cols;
  int32_t acc[POOL_BLOCK];
  for (size_t c = 0, n; c < w->channels; c += n) {
    n = w->channels - c < POOL_BLOCK ? w->channels - c : POOL_BLOCK;
    /* int8 is met 128 higher in every tap. */
    for (size_t i = 0; i < n; i++) acc[i] = flip ? (int32_t)(UINT32_C(0) - 128 * (uint32_t)count) : 0;
    for (size_t r = 0; r < w->rows; r++)
      for (size_t p = 0; p < w->cols; p++) {
        const uint8_t *tap = x + r * w->row_step + p * w->channels + c;
        KERN_ELEMENTWISE
        for (size_t i = 0; i < n; i++) acc[i] = pool_sum(acc[i], tap[i] ^ flip);
      }
    pool_divide(acc, n, count);
    quant_narrow_8(acc, y + c, n, 0, b->lo, b->hi);
  }
}

static void pool_average_16(const void *vx, const pool_window *w, void *vy, const pool_bounds *b) {
  const int16_t *x = vx;
  int16_t *y = vy;
  const size_t count = w->rows * w->cols;
  int32_t acc[POOL_BLOCK];
  for (size_t c = 0, n; c < w->channels; c += n) {
    n = w->channels - c < POOL_BLOCK ? w->channels - c : POOL_BLOCK;
    for (size_t i = 0; i < n; i++) acc[i] = 0;
    for (size_t r = 0; r < w->rows; r++)
      for (size_t p = 0; p < w->cols; p++) {
        const int16_t *tap = x + r * w->row_step + p * w->channels + c;
        KERN_ELEMENTWISE
        for (size_t i = 0; i < n; i++) acc[i] = pool_sum(acc[i], tap[i]);
      }
    pool_divide(acc, n, count);
    quant_narrow_16(acc, y + c, n, 0, b->lo, b->hi);
  }
}

const pool_kernels KERN_TABLE(pool_kernels) = {
    .f32 = {[POOL_AVERAGE] = pool_average_f32, [POOL_MAX] = pool_max_f32},
    .s8 = {[POOL_AVERAGE] = pool_average_8, [POOL_MAX] = pool_max_8},
    .s16 = {[POOL_AVERAGE] = pool_average_16, [POOL_MAX] = pool_max_16},
};
