/* resize.h: one output row of a bilinear resize, in TensorFlow Lite's own order of operations.
 *
 * A tap says where an output position lies between two input positions. Where both are one, its weight may lie
 * outside [0, 1]; the sum is right all the same. Rows are [width, channels].
 *
 *   out = a*(1-y)*(1-x) + c*y*(1-x) + b*(1-y)*x + d*y*x      a, b in row lo, c, d in row hi
 *
 *   f32, u8: products and sums in float, from left to right; uint8 adds 0.5 and cuts
 *   s8, s16: in integers with weights of 10 bits; the sum is rounded to nearest, ties away from zero
 *
 * Every level gives the same bits.
 */
#ifndef KERNELS_RESIZE_H
#define KERNELS_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/entry.h"

typedef struct resize_tap {
  int32_t lo, hi; /* input positions */
  float weight;   /* of hi; lo has 1 - weight */
  int32_t fixed;  /* the same times 1024, in [-512, 1536], for int8 and int16 */
} resize_tap;

/* `y` is the row's tap: the weight of hi. `x` has `width` taps. */
typedef void resize_row(void *out, const void *lo, const void *hi, const resize_tap *y, const resize_tap *x,
                        int32_t width, int32_t channels);
typedef resize_row *resize_fn;

#define RESIZE_ENTRIES(X)                                                                                              \
  X(resize_row, resize_f32)                                                                                            \
  X(resize_row, resize_u8)                                                                                             \
  X(resize_row, resize_s8)
RESIZE_ENTRIES(KERN_DECLARE)
/* The same for all levels. */
resize_row resize_s16;

#endif
