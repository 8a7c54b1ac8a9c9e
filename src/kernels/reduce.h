/* reduce.h: sums of rows into accumulators.
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

/* acc[r] += the sum of n elements at x + r * n, for r in [0, rows). `acc` is float, int32_t for 8 and 16 bits, int64_t
 * for 32 and 64. */
typedef void (*reduce_fn)(void *acc, const void *x, size_t rows, size_t n, int32_t flip);

typedef struct reduce_kernels {
  reduce_fn sum_f32, sum_8, sum_16, sum_32, sum_64;
} reduce_kernels;

const reduce_kernels *kern_reduce(cpu_level level);

#endif
