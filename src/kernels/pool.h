/* pool.h: one pixel of a pooled image, all its channels.
 *
 * The window lies at x: `rows` rows, row_step elements apart, of `cols` pixels of `channels` elements each; it is
 * clipped to the image and never empty. "8" stands for int8 and uint8: bytes are taken as uint8 after an exclusive or
 * with `flip` (0x80 for int8).
 *
 *   max:     clamp(largest), from the type's lowest value up; NaN is passed over
 *   average: clamp(sum / count); integers round half away from zero
 */
#ifndef KERNELS_POOL_H
#define KERNELS_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/entry.h"

typedef struct pool_window {
  size_t rows, row_step, cols, channels;
} pool_window;

typedef struct pool_bounds {
  float f_lo, f_hi;
  int32_t lo, hi;
  int32_t flip;
} pool_bounds;

typedef void pool_pixel(const void *x, const pool_window *w, void *y, const pool_bounds *bounds);
typedef pool_pixel *pool_fn;

#define POOL_ENTRIES(X)                                                                                                \
  X(pool_pixel, pool_average_f32)                                                                                      \
  X(pool_pixel, pool_average_8)                                                                                        \
  X(pool_pixel, pool_average_16)                                                                                       \
  X(pool_pixel, pool_max_f32)                                                                                          \
  X(pool_pixel, pool_max_8)                                                                                            \
  X(pool_pixel, pool_max_16)
POOL_ENTRIES(KERN_DECLARE)

/* The root of the mean of squares, clamped, for all levels. */
pool_pixel kern_pool_l2_f32;

#endif
