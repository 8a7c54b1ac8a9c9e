/* map.inc.h: body of map.h. */
#include <string.h>

#include "base/f16.h"
#include "kernels/body/level.h"
#include "kernels/body/quant.h"
#include "kernels/map.h"
#include "kernels/math_f32.h"

void KERN_FN(map_clamp_f32)(const void *vx, void *vy, size_t n, const void *params) {
  const map_clamp p = *(const map_clamp *)params;
  const float *x = vx;
  float *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    const float low = x[i] < p.lo ? p.lo : x[i];
    y[i] = low > p.hi ? p.hi : low;
  }
}

void KERN_FN(map_leaky_f32)(const void *vx, void *vy, size_t n, const void *params) {
  const float alpha = ((const map_alpha *)params)->alpha;
  const float *x = vx;
  float *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : x[i] * alpha;
}

void KERN_FN(map_logistic_f32)(const void *vx, void *vy, size_t n, const void *params) {
  const float *x = vx;
  float *y = vy;
  (void)params;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = math_logistic(x[i]);
}

void KERN_FN(map_exp_f32)(const void *vx, void *vy, size_t n, const void *params) {
  const float *x = vx;
  float *y = vy;
  (void)params;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = math_exp(x[i]);
}

void KERN_FN(map_tanh_f32)(const void *vx, void *vy, size_t n, const void *params) {
  const float *x = vx;
  float *y = vy;
  (void)params;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = math_tanh(x[i]);
}

void KERN_FN(map_lut_8)(const void *vx, void *vy, size_t n, const void *params) {
  const uint8_t *x = vx, *table = params;
  uint8_t *y = vy;
  for (size_t i = 0; i < n; i++) y[i] = table[x[i]];
}

void KERN_FN(map_lut_8_16)(const void *vx, void *vy, size_t n, const void *params) {
  const uint8_t *x = vx;
  const int16_t *table = params;
  int16_t *y = vy;
  for (size_t i = 0; i < n; i++) y[i] = table[x[i]];
}

/* ---- requantization: through blocks of int32 ---- */

/* Below 0 the result takes the other sign where p->negate says so. */
static void map_scale_leaky(int32_t *x, size_t n, const map_requant *p) {
  int32_t of[QUANT_BLOCK];
  memcpy(of, x, n * sizeof *x);
  quant_scale_by_sign(x, of, n, p->mult, p->negative);
  if (!p->negate) return;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) x[i] = of[i] >= 0 ? x[i] : (int32_t)(0 - (uint32_t)x[i]);
}

KERN_PASS map_widen_32(const int32_t *x, int32_t *to, size_t n, int32_t zero) {
  for (size_t i = 0; i < n; i++) to[i] = (int32_t)((uint32_t)x[i] - (uint32_t)zero);
}

#define NAME map_requant_16_8
#define IN int16_t
#define OUT uint8_t
#define PARAMS map_requant
#define WIDEN(x, wide, m) quant_widen_16((x), wide, m, p.x_zero)
#define APPLY(wide, m) quant_scale(wide, m, 0, p.mult)
#define NARROW quant_narrow_8
#include "kernels/body/map_block.inc.h"

#define NAME map_requant_16_16
#define IN int16_t
#define OUT int16_t
#define PARAMS map_requant
#define WIDEN(x, wide, m) quant_widen_16((x), wide, m, p.x_zero)
#define APPLY(wide, m) quant_scale(wide, m, 0, p.mult)
#define NARROW quant_narrow_16
#include "kernels/body/map_block.inc.h"

#define NAME map_leaky_16
#define IN int16_t
#define OUT int16_t
#define PARAMS map_requant
#define WIDEN(x, wide, m) quant_widen_16((x), wide, m, p.x_zero)
#define APPLY(wide, m) map_scale_leaky(wide, m, &p)
#define NARROW quant_narrow_16
#include "kernels/body/map_block.inc.h"

#define NAME map_requant_32_8
#define IN int32_t
#define OUT uint8_t
#define PARAMS map_requant
#define WIDEN(x, wide, m) map_widen_32(x, wide, m, p.x_zero)
#define APPLY(wide, m) quant_scale(wide, m, 0, p.mult)
#define NARROW quant_narrow_8
#include "kernels/body/map_block.inc.h"

#define NAME map_requant_32_16
#define IN int32_t
#define OUT int16_t
#define PARAMS map_requant
#define WIDEN(x, wide, m) map_widen_32(x, wide, m, p.x_zero)
#define APPLY(wide, m) quant_scale(wide, m, 0, p.mult)
#define NARROW quant_narrow_16
#include "kernels/body/map_block.inc.h"

void KERN_FN(map_requant_16_32)(const void *vx, void *vy, size_t n, const void *params) {
  const map_requant *p = params;
  int32_t *y = vy;
  quant_widen_16(vx, y, n, p->x_zero);
  quant_scale(y, n, 0, p->mult);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = clamp_i32((int32_t)((uint32_t)y[i] + (uint32_t)p->y_zero), p->lo, p->hi);
}

/* ---- the int16 table ---- */

void KERN_FN(map_logistic_16)(const void *vx, void *vy, size_t n, const void *params) {
  const map_logistic16 p = *(const map_logistic16 *)params;
  const uint32_t round = p.shift > 0 ? UINT32_C(1) << (p.shift - 1) : 0;
  const int16_t *x = vx;
  int16_t *y = vy;
  for (size_t i = 0; i < n; i++) {
    const int32_t v = (int32_t)((uint32_t)x[i] * (uint32_t)p.multiplier + round) >> p.shift;
    const uint32_t u = v < 0 ? 0 - (uint32_t)v : (uint32_t)v, step = u >> 9;
    uint32_t r = UINT32_C(0x7fff) << 10;
    if (step < 255) {
      const uint32_t at = kern_sigmoid_table[step], next = kern_sigmoid_table[step + 1];
      r = (at << 9) + (u & 511) * (next - at);
    }
    r = v >= 0 ? r + (1 << 9) : (1 << 25) - r + (1 << 9) - 1;
    y[i] = (int16_t)(r >> 10);
  }
}

/* ---- between floats and integers ---- */

/* round(x / scale), ties away from zero, clamped to integers lo and hi; NaN gives 0. Bounds that are no constants keep
 * compilers from making branches of the clamp. */
static inline int32_t map_round(float x, float scale, float lo, float hi) {
  float v = x / scale;
  v = v == v ? v : 0;
  v = v > lo ? v : lo;
  v = v < hi ? v : hi;
  const int32_t whole = (int32_t)v;
  return whole + (int32_t)((v - (float)whole) * 2);
}

KERN_PASS map_round_run(const float *x, int32_t *to, size_t n, const map_quantize *p) {
  const float scale = p->scale, lo = (float)(p->lo - p->y_zero), hi = (float)(p->hi - p->y_zero);
  for (size_t i = 0; i < n; i++) to[i] = map_round(x[i], scale, lo, hi);
}

#define NAME map_quantize_8
#define IN float
#define OUT uint8_t
#define PARAMS map_quantize
#define WIDEN(x, wide, m) map_round_run(x, wide, m, &p)
#define APPLY(wide, m) (void)0
#define NARROW quant_narrow_8
#include "kernels/body/map_block.inc.h"

#define NAME map_quantize_16
#define IN float
#define OUT int16_t
#define PARAMS map_quantize
#define WIDEN(x, wide, m) map_round_run(x, wide, m, &p)
#define APPLY(wide, m) (void)0
#define NARROW quant_narrow_16
#include "kernels/body/map_block.inc.h"

void KERN_FN(map_quantize_row_8)(const void *vx, void *vy, size_t n, const void *params) {
  const map_quantize_row p = *(const map_quantize_row *)params;
  const float *x = vx;
  uint8_t *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    const float lo = (float)(p.lo - p.y_zero[i]), hi = (float)(p.hi - p.y_zero[i]);
    y[i] = (uint8_t)(map_round(x[i], p.scale[i], lo, hi) + p.y_zero[i]);
  }
}

void KERN_FN(map_quantize_row_16)(const void *vx, void *vy, size_t n, const void *params) {
  const map_quantize_row p = *(const map_quantize_row *)params;
  const float *x = vx;
  int16_t *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    const float lo = (float)(p.lo - p.y_zero[i]), hi = (float)(p.hi - p.y_zero[i]);
    y[i] = (int16_t)(map_round(x[i], p.scale[i], lo, hi) + p.y_zero[i]);
  }
}

void KERN_FN(map_dequantize_8)(const void *vx, void *vy, size_t n, const void *params) {
  const map_dequantize p = *(const map_dequantize *)params;
  const uint8_t *x = vx;
  float *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = p.scale * (float)((x[i] ^ p.flip) - p.zero);
}

void KERN_FN(map_dequantize_16)(const void *vx, void *vy, size_t n, const void *params) {
  const map_dequantize p = *(const map_dequantize *)params;
  const int16_t *x = vx;
  float *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = p.scale * (float)(x[i] - p.zero);
}

void KERN_FN(map_dequantize_row_8)(const void *vx, void *vy, size_t n, const void *params) {
  const map_dequantize_row p = *(const map_dequantize_row *)params;
  const uint8_t *x = vx;
  float *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = p.scale[i] * (float)((x[i] ^ p.flip) - (p.zero[i] + p.flip));
}

void KERN_FN(map_dequantize_row_16)(const void *vx, void *vy, size_t n, const void *params) {
  const map_dequantize_row p = *(const map_dequantize_row *)params;
  const int16_t *x = vx;
  float *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = p.scale[i] * (float)(x[i] - p.zero[i]);
}

void KERN_FN(map_widen_f16)(const void *vx, void *vy, size_t n, const void *params) {
  const uint16_t *x = vx;
  float *y = vy;
  (void)params;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = f16_to_f32(x[i]);
}
