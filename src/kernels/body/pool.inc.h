/* pool.inc.h: body of pool.h. */
#include <float.h>

#include "kernels/body/level.h"
#include "kernels/body/quant.h"
#include "kernels/pool.h"

enum { POOL_LANES = 16 };

static inline float pool_clamp(float x, const pool_bounds *b) {
  x = x < b->f_lo ? b->f_lo : x;
  return x > b->f_hi ? b->f_hi : x;
}

/* Sums of very large windows wrap, as in the reference. */
static inline int32_t pool_sum(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

/* sum / count, half away from zero, clamped. A double quotient of such integers, truncated, is exact. */
static inline int32_t pool_mean(int32_t sum, size_t count, const pool_bounds *b) {
  const int32_t half = (int32_t)(count / 2), rounded = pool_sum(sum, sum > 0 ? half : -half);
  return clamp_i32((int32_t)((double)rounded / (double)count), b->lo, b->hi);
}

#define NAME pool_max_f32
#define TYPE float
#define ACC float
#define FIRST -FLT_MAX
#define STEP(acc, x) ((acc) < (x) ? (x) : (acc))
#define LAST(acc) pool_clamp(acc, &b)
#include "kernels/body/pool_loop.inc.h"

#define NAME pool_average_f32
#define TYPE float
#define ACC float
#define FIRST 0
#define STEP(acc, x) ((acc) + (x))
#define LAST(acc) pool_clamp((acc) / (float)count, &b)
#include "kernels/body/pool_loop.inc.h"

/* With `flip`, the order of int8 is that of uint8. */
static inline uint8_t pool_larger(uint8_t acc, uint8_t x, uint8_t flip) {
  x ^= flip;
  return acc < x ? x : acc;
}

#define NAME pool_max_8
#define TYPE uint8_t
#define ACC uint8_t
#define FIRST 0
#define STEP(acc, x) pool_larger(acc, x, (uint8_t)b.flip)
#define LAST(acc) clamp_i32(b.flip ? (int8_t)((acc) ^ b.flip) : (acc), b.lo, b.hi)
#include "kernels/body/pool_loop.inc.h"

#define NAME pool_max_16
#define TYPE int16_t
#define ACC int16_t
#define FIRST INT16_MIN
#define STEP(acc, x) ((acc) < (x) ? (x) : (acc))
#define LAST(acc) clamp_i32(acc, b.lo, b.hi)
#include "kernels/body/pool_loop.inc.h"

/* int8 is met 128 higher in every tap. */
#define NAME pool_average_8
#define TYPE uint8_t
#define ACC int32_t
#define FIRST (b.flip ? (int32_t)(0 - 128 * (uint32_t)count) : 0)
#define STEP(acc, x) pool_sum(acc, (x) ^ b.flip)
#define LAST(acc) pool_mean(acc, count, &b)
#include "kernels/body/pool_loop.inc.h"

#define NAME pool_average_16
#define TYPE int16_t
#define ACC int32_t
#define FIRST 0
#define STEP(acc, x) pool_sum(acc, x)
#define LAST(acc) pool_mean(acc, count, &b)
#include "kernels/body/pool_loop.inc.h"
