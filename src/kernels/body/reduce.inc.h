/* reduce.inc.h: body of reduce.h. Sums that wrap are written on unsigned numbers. */
#include "kernels/body/level.h"
#include "kernels/reduce.h"

enum { REDUCE_LANES = 16 };

static float reduce_sum_f32(const float *x, size_t n) {
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

static int32_t reduce_sum_8(const uint8_t *x, size_t n, int32_t flip) {
  uint32_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += (uint32_t)(x[i] ^ flip);
  return (int32_t)sum;
}

static int32_t reduce_sum_16(const int16_t *x, size_t n) {
  uint32_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += (uint32_t)x[i];
  return (int32_t)sum;
}

static int64_t reduce_sum_32(const int32_t *x, size_t n) {
  uint64_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += (uint64_t)(int64_t)x[i];
  return (int64_t)sum;
}

static int64_t reduce_sum_64(const int64_t *x, size_t n) {
  uint64_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += (uint64_t)x[i];
  return (int64_t)sum;
}

static void reduce_add_f32(float *acc, const float *x, size_t n) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) acc[i] += x[i];
}

static void reduce_add_8(int32_t *acc, const uint8_t *x, size_t n, int32_t flip) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) acc[i] = (int32_t)((uint32_t)acc[i] + (uint32_t)(x[i] ^ flip));
}

static void reduce_add_16(int32_t *acc, const int16_t *x, size_t n) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) acc[i] = (int32_t)((uint32_t)acc[i] + (uint32_t)x[i]);
}

static void reduce_add_32(int64_t *acc, const int32_t *x, size_t n) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) acc[i] = (int64_t)((uint64_t)acc[i] + (uint64_t)(int64_t)x[i]);
}

static void reduce_add_64(int64_t *acc, const int64_t *x, size_t n) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) acc[i] = (int64_t)((uint64_t)acc[i] + (uint64_t)x[i]);
}

const reduce_kernels KERN_TABLE(reduce_kernels) = {
    .sum_f32 = reduce_sum_f32,
    .sum_8 = reduce_sum_8,
    .sum_16 = reduce_sum_16,
    .sum_32 = reduce_sum_32,
    .sum_64 = reduce_sum_64,
    .add_f32 = reduce_add_f32,
    .add_8 = reduce_add_8,
    .add_16 = reduce_add_16,
    .add_32 = reduce_add_32,
    .add_64 = reduce_add_64,
};
