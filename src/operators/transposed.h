/* transposed.h: transposed convolutions, the arithmetic of TRANSPOSE_CONV, CONV_3D_TRANSPOSE and their like.
 *
 * Each line of the output is a sum over the lines of a filter, and what one filter line gives is a product of matrices:
 * a row for each pixel of one input line, a column for each tap and output channel; the columns are then added up where
 * the taps fall. Nothing is multiplied that would not be by the definition, and scratch is a few lines.
 */
#ifndef OPERATORS_TRANSPOSED_H
#define OPERATORS_TRANSPOSED_H

#include "operators/conv.h"

enum { TRANSPOSED_DIMS = 3 }; /* depth, height, width; two-dimensional ones have depth 1 */

typedef struct transposed_shape {
  int32_t batches, in_c, out_c;
  int32_t in[TRANSPOSED_DIMS], filter[TRANSPOSED_DIMS], out[TRANSPOSED_DIMS];
  int32_t stride[TRANSPOSED_DIMS], dilation[TRANSPOSED_DIMS], before[TRANSPOSED_DIMS];
  bool taps_first; /* the filter is [depth][height][width][out][in]; else [out][depth][height][width][in] */
} transposed_shape;

typedef struct transposed_plan {
  transposed_shape s;
  size_t n, k, lines;            /* taps and channels of a filter line, input channels, filter lines */
  size_t element, staged, chunk; /* bytes of an input element and of a staged pixel; pixels of one product */
  size_t rows, row_step;         /* lines of the output, and how many a task has */
  /* A block: multipliers of the channels, sums of the columns of all filter lines (hybrid), packs, room for one line.
   */
  size_t mult_at, sums_at, packs_at, each, room_at, block_bytes;
  /* scratch: for all, then for each worker */
  size_t block_at, quantized_at, heads_at, workers_at, worker_bytes;
  size_t acc_at, products_at, staged_at, row_sums_at;
} transposed_plan;

/* Lays block and scratch out; `block` is the one made before, or NULL. Sets c->macs and c->scratch_size. */
mote_status transposed_lay(op_ctx *c, const conv_attr *a, const conv_base *base, const transposed_shape *s,
                           const void *block, transposed_plan *p);
/* Makes a block of a constant filter, of which only sizes and channels need to be set in the shape (prepare). */
mote_status transposed_prepare(op_ctx *c, const conv_attr *a, const conv_base *base, const transposed_shape *s,
                               const void **block);
mote_status transposed_run(op_ctx *c, const conv_attr *a, const conv_base *base, const transposed_plan *p,
                           const void *block);

#endif
