/* reduce.h: sums over dense runs, and of runs into rows of accumulators.
 *
 * "8" stands for int8 and uint8: bytes are taken as uint8 after an exclusive or with `flip` (0x80 for int8: x + 128).
 * Integer sums wrap: 8 and 16 bits in 32, 32 and 64 bits in 64. Float runs are summed in a fixed number of lanes, so
 * that the result is the same on every level.
 */
#ifndef KERNELS_REDUCE_H
#define KERNELS_REDUCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

typedef struct reduce_kernels {
  /* The sum of a run. */
  float (*sum_f32)(const float *x, size_t n);
  int32_t (*sum_8)(const uint8_t *x, size_t n, int32_t flip);
  int32_t (*sum_16)(const int16_t *x, size_t n);
  int64_t (*sum_32)(const int32_t *x, size_t n);
  int64_t (*sum_64)(const int64_t *x, size_t n);
  /* acc[i] += x[i]. */
  void (*add_f32)(float *acc, const float *x, size_t n);
  void (*add_8)(int32_t *acc, const uint8_t *x, size_t n, int32_t flip);
  void (*add_16)(int32_t *acc, const int16_t *x, size_t n);
  void (*add_32)(int64_t *acc, const int32_t *x, size_t n);
  void (*add_64)(int64_t *acc, const int64_t *x, size_t n);
} reduce_kernels;

const reduce_kernels *kern_reduce(cpu_level level);

#endif
