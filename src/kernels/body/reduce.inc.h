/* reduce.inc.h: body of reduce.h. Sums that wrap are written on unsigned numbers. */
#include "kernels/body/level.h"
#include "kernels/reduce.h"

enum { REDUCE_LANES = 16 };

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

static void reduce_sum_f32(void *acc, const void *vx, size_t rows, size_t n, int32_t flip) {
  const float *x = vx;
  float *sum = acc;
  (void)flip;
  if (n >= REDUCE_LANES) {
    for (size_t r = 0; r < rows; r++) sum[r] += run_sum_f32(x + r * n, n);
    return;
  }
  if (n == 1) {
    KERN_ELEMENTWISE
    for (size_t r = 0; r < rows; r++) sum[r] += x[r];
    return;
  }
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < n; i++) sum[r] += x[r * n + i];
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

const reduce_kernels KERN_TABLE(reduce_kernels) = {
    .sum_f32 = reduce_sum_f32,
    .sum_8 = reduce_sum_8,
    .sum_16 = reduce_sum_16,
    .sum_32 = reduce_sum_32,
    .sum_64 = reduce_sum_64,
};
