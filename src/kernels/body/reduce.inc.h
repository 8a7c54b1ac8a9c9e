/* reduce.inc.h: body of reduce.h. Sums that wrap are written on unsigned numbers. */
#include <math.h>
#include <stdbool.h>

#include "kernels/body/level.h"
#include "kernels/math_f32.h"
#include "kernels/reduce.h"

enum { REDUCE_LANES = 16, REDUCE_BLOCK = 256 };

static float run_sum_f32(const float *x, size_t n) {
  float lane[REDUCE_LANES] = {0};
  size_t i = 0;
  for (; i + REDUCE_LANES <= n; i += REDUCE_LANES)
    for (int j = 0; j < REDUCE_LANES; j++) lane[j] += x[i + (size_t)j];
  float rest = 0;
  for (; i < n; i++) rest += x[i];
  for (int width = REDUCE_LANES / 2; width; width /= 2)
    for (int j = 0; j < width; j++) lane[j] += lane[j + width];
  return lane[0] + rest;
}

void KERN_FN(reduce_sum_f32)(void *acc, const void *vx, const reduce_shape *shape) {
  const reduce_shape s = *shape;
  const float *x = vx;
  float *sum = acc;
  if (s.row_step == 1)
    for (size_t i = 0; i < s.n; i++, x += s.step) {
      KERN_ELEMENTWISE
      for (size_t r = 0; r < s.rows; r++) sum[r] += x[r];
    }
  else if (s.n >= 2 * REDUCE_LANES)
    for (size_t r = 0; r < s.rows; r++) sum[r] += run_sum_f32(x + r * s.row_step, s.n);
  else {
    size_t r = 0;
    for (; r + 4 <= s.rows; r += 4, x += 4 * s.row_step) { /* four sums at a time: one would wait for itself */
      const float *x1 = x + s.row_step, *x2 = x1 + s.row_step, *x3 = x2 + s.row_step;
      float t0 = 0, t1 = 0, t2 = 0, t3 = 0;
      for (size_t i = 0; i < s.n; i++) t0 += x[i], t1 += x1[i], t2 += x2[i], t3 += x3[i];
      sum[r] += t0, sum[r + 1] += t1, sum[r + 2] += t2, sum[r + 3] += t3;
    }
    for (; r < s.rows; r++, x += s.row_step) {
      float total = 0;
      for (size_t i = 0; i < s.n; i++) total += x[i];
      sum[r] += total;
    }
  }
}

#define NAME reduce_sum_8
#define IN uint8_t
#define ACC uint32_t
#define VALUE(x) (uint32_t)((x) ^ flip)
#include "kernels/body/reduce_int.inc.h"

#define NAME reduce_sum_16
#define IN int16_t
#define ACC uint32_t
#define VALUE(x) (uint32_t)(x)
#include "kernels/body/reduce_int.inc.h"

#define NAME reduce_sum_32
#define IN int32_t
#define ACC uint64_t
#define VALUE(x) (uint64_t)(int64_t)(x)
#include "kernels/body/reduce_int.inc.h"

#define NAME reduce_sum_64
#define IN int64_t
#define ACC uint64_t
#define VALUE(x) (uint64_t)(x)
#include "kernels/body/reduce_int.inc.h"

#define NAME reduce_arg_max_f32
#define IN float
#define LEAST (-INFINITY)
#define VALUE(x) math_from_bits(math_bits(x) ^ (uint32_t)flip)
#include "kernels/body/reduce_arg.inc.h"

#define NAME reduce_arg_max_8
#define IN uint8_t
#define LEAST 0
#define VALUE(x) (uint8_t)((x) ^ flip)
#include "kernels/body/reduce_arg.inc.h"

#define NAME reduce_arg_max_32
#define IN int32_t
#define LEAST INT32_MIN
#define VALUE(x) ((x) ^ flip)
#include "kernels/body/reduce_arg.inc.h"
