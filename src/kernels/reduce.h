/* reduce.h: many elements into one: sums, and where the largest lies.
 *
 * "8" stands for int8 and uint8: bytes are taken as uint8 after an exclusive or with `flip` (0x80 for int8: x + 128).
 * Integer sums wrap: 8 and 16 bits in 32, 32 and 64 bits in 64. Float runs are summed in a fixed number of lanes, so
 * that the result is the same on every level.
 */
#ifndef KERNELS_REDUCE_H
#define KERNELS_REDUCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/fixed.h"
#include "kernels/entry.h"

/* What is reduced into `rows` outputs side by side: of output r, element i of n lies at x + r * row_step + i * step.
 * One of the steps is 1. */
typedef struct reduce_shape {
  size_t rows, row_step, n, step;
  int32_t flip;
  int32_t zero; /* of quantized products (fold.h) alone */
  fx_mult mult;
} reduce_shape;

/* acc[r] += the sum; `acc` is float, int32_t for 8 and 16 bits, int64_t for 32 and 64. */
typedef void reduce_loop(void *acc, const void *x, const reduce_shape *shape);
typedef reduce_loop *reduce_fn;
/* at[r] = index of the first of the largest elements. NaN is passed over; of nothing but NaN, 0. n > 0. Elements are
 * compared after an exclusive or of all their bits with flip's: the sign of floats, all of integers, makes it the
 * smallest. */
typedef void reduce_arg_loop(int32_t *at, const void *x, const reduce_shape *shape);
typedef reduce_arg_loop *reduce_arg_fn;

#define REDUCE_ENTRIES(X)                                                                                              \
  X(reduce_loop, reduce_sum_f32)                                                                                       \
  X(reduce_loop, reduce_sum_8)                                                                                         \
  X(reduce_loop, reduce_sum_16)                                                                                        \
  X(reduce_loop, reduce_sum_32)                                                                                        \
  X(reduce_loop, reduce_sum_64)                                                                                        \
  X(reduce_arg_loop, reduce_arg_max_f32)                                                                               \
  X(reduce_arg_loop, reduce_arg_max_8)                                                                                 \
  X(reduce_arg_loop, reduce_arg_max_32)
REDUCE_ENTRIES(KERN_DECLARE)

#endif
