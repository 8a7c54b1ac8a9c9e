/* volume.h: convolutions over any number of dimensions as products of matrices: CONV_3D and STABLEHLO_CONVOLUTION.
 *
 * Windows are gathered as rows, some thousand at a time, and multiplied by the filter, k rows of n columns (matmul.h).
 * Two-dimensional convolutions of the usual kinds have CONV_2D, which does better.
 */
#ifndef OPERATORS_VOLUME_H
#define OPERATORS_VOLUME_H

#include "operators/matmul.h"

enum { VOLUME_DIMS = OP_MAX_RANK - 2 };

/* Filter element f of output o lies at input (o * stride + f * dilation - before) / base, where that is whole and
 * inside; `reversed`: filter element filter - 1 - f does. */
typedef struct volume_dim {
  int64_t in, out, filter, stride, dilation, base, before;
  int64_t step; /* elements from one input position to the next */
  bool reversed;
} volume_dim;

typedef struct volume {
  int32_t rank;
  volume_dim dim[VOLUME_DIMS];           /* innermost last */
  int64_t batches, batch_step, channels; /* channels lie together */
} volume;

typedef struct volume_plan {
  volume v;
  size_t element, rows, k, chunk; /* bytes of an element; rows of all images; elements of a row; rows at a time */
  bool in_place;                  /* the input is the rows */
  matmul_plan whole, rest;        /* products of a chunk and of the last one */
  size_t rows_at, products_at;    /* in scratch */
} volume_plan;

/* The output has rows of n. `turned`: the filter is n rows of k. `constant`: matmul_prepare has packed the filter.
 * Fails when sizes overflow. */
mote_status volume_lay(op_ctx *c, const matmul_numbers *numbers, const volume *v, size_t n, bool turned, bool constant,
                       volume_plan *p, size_t *scratch);
mote_status volume_run(op_ctx *c, const matmul_numbers *numbers, const volume_plan *p, const matmul_operands *o,
                       void *scratch);

#endif
