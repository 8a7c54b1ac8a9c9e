/* fold.h: products and extremes of many elements; reduce.h has the sums.
 *
 * One set of loops for all levels. acc[r] goes in as what has been folded so far and comes out with a run more. NaN is
 * passed over by extremes.
 */
#ifndef KERNELS_FOLD_H
#define KERNELS_FOLD_H

#include "kernels/reduce.h"

/* acc is of the elements' type; of 8 bits it is a uint8 that has been flipped as they are. any and all are of bool. */
void fold_max_f32(void *acc, const void *x, const reduce_shape *shape);
void fold_min_f32(void *acc, const void *x, const reduce_shape *shape);
void fold_max_8(void *acc, const void *x, const reduce_shape *shape);
void fold_min_8(void *acc, const void *x, const reduce_shape *shape);
void fold_max_16(void *acc, const void *x, const reduce_shape *shape);
void fold_min_16(void *acc, const void *x, const reduce_shape *shape);
void fold_max_32(void *acc, const void *x, const reduce_shape *shape);
void fold_min_32(void *acc, const void *x, const reduce_shape *shape);
void fold_max_64(void *acc, const void *x, const reduce_shape *shape);
void fold_min_64(void *acc, const void *x, const reduce_shape *shape);
void fold_any(void *acc, const void *x, const reduce_shape *shape);
void fold_all(void *acc, const void *x, const reduce_shape *shape);

/* acc is float, or int64_t and wraps. */
void fold_product_f32(void *acc, const void *x, const reduce_shape *shape);
void fold_product_32(void *acc, const void *x, const reduce_shape *shape);
void fold_product_64(void *acc, const void *x, const reduce_shape *shape);

/* Quantized: acc is int64_t, FOLD_NOTHING before the first element, whose value less `zero` it becomes; each further
 * one is multiplied by it and rescaled by `mult`. */
#define FOLD_NOTHING INT64_MIN
void fold_product_q8(void *acc, const void *x, const reduce_shape *shape);
void fold_product_q16(void *acc, const void *x, const reduce_shape *shape);

#endif
