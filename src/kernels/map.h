/* map.h: y[i] = f(x[i]) over n elements, dense. y may be x where elements have equal size.
 *
 * "8" stands for int8 and uint8 as in binary.h: an exclusive or with `flip` makes int8 x the uint8 x + 128, and lo and
 * hi decide what a result byte means.
 */
#ifndef KERNELS_MAP_H
#define KERNELS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fixed.h"
#include "kernels/entry.h"

typedef void map_loop(const void *x, void *y, size_t n, const void *params);
typedef map_loop *map_fn;

typedef struct map_clamp {
  float lo, hi; /* y = min(max(x, lo), hi); NaN stays NaN */
} map_clamp;

typedef struct map_alpha {
  float alpha; /* y = x > 0 ? x : x * alpha */
} map_alpha;

/* y = clamp(Q(x - x_zero) + y_zero), Q being fx_mbqm. leaky: by `mult` from 0 up, by `negative` below, where
 * `negate` turns the sign. */
typedef struct map_requant {
  int32_t x_zero, y_zero;
  fx_mult mult, negative;
  bool negate;
  int32_t lo, hi;
} map_requant;

/* LOGISTIC of int16: v = (x * multiplier rounded) >> shift, then a table of 256 steps is interpolated. */
typedef struct map_logistic16 {
  int32_t multiplier, shift;
} map_logistic16;

/* y = clamp(round(x / scale) + y_zero), ties away from zero; NaN gives y_zero. */
typedef struct map_quantize {
  float scale;
  int32_t y_zero, lo, hi;
} map_quantize;

/* The same for rows with a scale and zero point for each element. */
typedef struct map_quantize_row {
  const float *scale;
  const int32_t *y_zero;
  int32_t lo, hi;
} map_quantize_row;

/* y = scale * (x - zero). */
typedef struct map_dequantize {
  int32_t flip; /* 8 bits only */
  int32_t zero;
  float scale;
} map_dequantize;

typedef struct map_dequantize_row {
  int32_t flip;
  const float *scale;
  const int32_t *zero; /* as the file gives it: the kernel adds flip */
} map_dequantize_row;

/* Entries, and what their params are. */
#define MAP_ENTRIES(X)                                                                                                 \
  X(map_loop, map_clamp_f32)         /* map_clamp */                                                                   \
  X(map_loop, map_leaky_f32)         /* map_alpha */                                                                   \
  X(map_loop, map_logistic_f32)      /* NULL; at most 2.5 ULP from the exact value */                                  \
  X(map_loop, map_exp_f32)           /* NULL; at most 1 ULP */                                                         \
  X(map_loop, map_tanh_f32)          /* NULL; at most 1.5 ULP */                                                       \
  X(map_loop, map_lut_8)             /* const uint8_t table[256], by the byte */                                       \
  X(map_loop, map_lut_8_16)          /* const int16_t table[256], by the byte */                                       \
  X(map_loop, map_requant_16_8)      /* map_requant */                                                                 \
  X(map_loop, map_requant_16_16)     /* map_requant */                                                                 \
  X(map_loop, map_requant_16_32)     /* map_requant */                                                                 \
  X(map_loop, map_requant_32_8)      /* map_requant */                                                                 \
  X(map_loop, map_requant_32_16)     /* map_requant */                                                                 \
  X(map_loop, map_leaky_16)          /* map_requant */                                                                 \
  X(map_loop, map_logistic_16)       /* map_logistic16 */                                                              \
  X(map_loop, map_quantize_8)        /* map_quantize */                                                                \
  X(map_loop, map_quantize_16)       /* map_quantize */                                                                \
  X(map_loop, map_quantize_row_8)    /* map_quantize_row */                                                            \
  X(map_loop, map_quantize_row_16)   /* map_quantize_row */                                                            \
  X(map_loop, map_dequantize_8)      /* map_dequantize */                                                              \
  X(map_loop, map_dequantize_16)     /* map_dequantize */                                                              \
  X(map_loop, map_dequantize_row_8)  /* map_dequantize_row */                                                          \
  X(map_loop, map_dequantize_row_16) /* map_dequantize_row */                                                          \
  X(map_loop, map_widen_f16)         /* NULL: float16 to float32, exact */
MAP_ENTRIES(KERN_DECLARE)

/* sigmoid(i / 24) in 0.16 fixed point, as TFLite's int16 LOGISTIC and TANH have it. */
extern const uint16_t kern_sigmoid_table[256];

#endif
