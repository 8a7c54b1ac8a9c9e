/* dynquant.c: quantization of float rows in the run. The loops are written in lanes, so that compilers vectorise them
 * without reordering anything that matters. */
#include "kernels/dynquant.h"

#include <math.h>
#include <string.h>

#include "kernels/unroll.h"

enum { LANES = 8 };

static void range_of(const float *x, size_t n, float *lo, float *hi) {
  float low[LANES] = {0}, high[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int j = 0; j < LANES; j++) {
      low[j] = x[i + j] < low[j] ? x[i + j] : low[j];
      high[j] = x[i + j] > high[j] ? x[i + j] : high[j];
    }
  for (; i < n; i++) {
    low[0] = x[i] < low[0] ? x[i] : low[0];
    high[0] = x[i] > high[0] ? x[i] : high[0];
  }
  *lo = low[0];
  *hi = high[0];
  for (int j = 1; j < LANES; j++) {
    *lo = low[j] < *lo ? low[j] : *lo;
    *hi = high[j] > *hi ? high[j] : *hi;
  }
}

/* Clamps, then rounds to nearest with ties away from zero: v - trunc(v) is exact, and so is twice that. */
static inline int8_t round_clamped(float v, float lo, float hi) {
  v = v > lo ? v : lo;
  v = v < hi ? v : hi;
  const int32_t whole = (int32_t)v;
  return (int8_t)(whole + (int32_t)((v - (float)whole) * 2));
}

/* q = shift + x * inverse, rounded within [lo, 127]. */
KERN_PASS quantize(const float *x, size_t n, int8_t *q, float inverse, float shift, float lo) {
  for (size_t i = 0; i < n; i++) q[i] = round_clamped(shift + x[i] * inverse, lo, 127);
}

float dynquant_symmetric(const float *x, size_t n, int8_t *q) {
  float lo, hi;
  range_of(x, n, &lo, &hi);
  const float range = -lo > hi ? -lo : hi;
  if (range == 0) {
    memset(q, 0, n);
    return 1;
  }
  quantize(x, n, q, 127 / range, 0, -127);
  return range / 127;
}

float dynquant_asymmetric(const float *x, size_t n, int8_t *q, int32_t *offset) {
  float lo, hi;
  range_of(x, n, &lo, &hi);
  *offset = 0;
  if (lo == hi) {
    memset(q, 0, n);
    return 1;
  }
  /* Of the two zero points that map an end of the range exactly, the one with the smaller rounding error. */
  const double low = lo, high = hi, scale = (high - low) / 255;
  const double from_low = -128 - low / scale, from_high = 127 - high / scale;
  const double zero = 128 + fabs(low / scale) < 127 + fabs(high / scale) ? from_low : from_high;
  *offset = zero > -128 ? zero < 127 ? (int32_t)round(zero) : 127 : -128;
  quantize(x, n, q, 1 / (float)scale, (float)*offset, -128);
  return (float)scale;
}

/* One step after the other over a row that stays in the nearest cache: fused, the cases would be many. Operands do not
 * overlap. */
void dynquant_finish(const dynquant_row *row) {
  const size_t n = row->n;
  float *restrict const y = row->out;
  const float *restrict const each = row->channel_scale, *restrict const bias = row->bias;
  const float scale = row->scale, lo = row->lo, hi = row->hi;
  const int32_t *restrict const acc = row->acc, *restrict const sums = row->sums;
  const uint32_t offset = (uint32_t)row->offset;
  if (sums)
    for (size_t i = 0; i < n; i++) y[i] = (float)(int32_t)((uint32_t)acc[i] - (uint32_t)sums[i] * offset);
  else
    for (size_t i = 0; i < n; i++) y[i] = (float)acc[i];
  if (!each)
    for (size_t i = 0; i < n; i++) y[i] *= scale;
  else if (row->channel_first)
    for (size_t i = 0; i < n; i++) y[i] = y[i] * each[i] * scale;
  else
    for (size_t i = 0; i < n; i++) y[i] *= scale * each[i];
  if (bias)
    for (size_t i = 0; i < n; i++) y[i] += bias[i];
  for (size_t i = 0; i < n; i++) {
    const float low = y[i] < lo ? lo : y[i];
    y[i] = hi < low ? hi : low;
  }
}

void dynquant_add(float *out, const int32_t *acc, const int32_t *sums, int32_t offset, float scale, size_t n) {
  float *restrict const y = out;
  if (offset)
    for (size_t i = 0; i < n; i++)
      y[i] += (float)(int32_t)((uint32_t)acc[i] - (uint32_t)sums[i] * (uint32_t)offset) * scale;
  else
    for (size_t i = 0; i < n; i++) y[i] += (float)acc[i] * scale;
}
