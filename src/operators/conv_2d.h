/* conv_2d.h: between the descriptor of CONV_2D (conv_2d.c) and its arithmetic (conv_2d_tiles.c).
 *
 * A convolution is a product of matrices: a row for each output pixel (its window's elements), a column for each output
 * channel (its filter's). It is cut into tiles of rows and columns by sizes alone. Groups are products of their own,
 * but small ones are merged, with zeros where a filter does not see a channel, until they fill the columns of a kernel.
 */
#ifndef OPERATORS_CONV_2D_H
#define OPERATORS_CONV_2D_H

#include "operators/conv.h"
#include "operators/low_bits.h"
#include "operators/tiles.h"
#include "operators/windows.h"

/* Everything made from the filter and its scales: constant when they are, else made in each run. Offsets in bytes. */
typedef struct conv_block {
  size_t mult;  /* fx_mult of each output channel; integers only */
  size_t sums;  /* int32 sum of each output channel's filter; hybrid only */
  size_t packs; /* of group g at packs + g * each */
  size_t each;
  size_t spread; /* room for the filters of merged groups, zeros included */
  size_t bytes;
} conv_block;

/* Where the rows of the left matrix are. */
typedef enum conv_rows {
  ROWS_IN_PLACE, /* in the input */
  ROWS_POINTED,  /* in the input, a piece for each tap: float kernels take pointers to them */
  ROWS_LINED,    /* in the input, a piece for each line of the window; those at the sides are gathered by each tile */
  ROWS_GATHERED, /* by each tile */
  ROWS_SHARED    /* gathered before all tiles, where several share them */
} conv_rows;

/* How sums are made. */
typedef enum conv_method {
  CONV_MATRIX, /* a matrix kernel, weights packed */
  CONV_DOTS,   /* single inner products, weights as they are */
  CONV_TAPS    /* tap by tap, from the input: rows too short for anything else */
} conv_method;

typedef struct conv_plan {
  conv_shape shape;
  conv_method method;
  size_t merge;          /* groups of the operator that make one group here */
  size_t groups, n, k;   /* of one group: columns, and elements of a row */
  size_t own_k;          /* elements that one output really sees */
  size_t channels;       /* of the input, in one group */
  size_t images, pixels; /* rows of one image; where images need not be told apart, all count as one */
  tiles tiles;
  size_t acc_cols; /* columns that are summed up at once */
  conv_rows rows;
  size_t row_bytes;
  conv_block block;
  /* scratch: for all, then for each worker */
  size_t block_at, quantized_at, scales_at, shared_at, workers_at, worker_bytes;
  size_t rows_at, lines_at, acc_at, sums_at, outside_at;
} conv_plan;

typedef struct conv_2d_params {
  conv_base base;
  low_bits low;
  bool per_channel; /* hybrid: each channel of the filter has a scale of its own; inputs are quantized asymmetrically */
  const void *block; /* NULL: made in each run */
  int32_t in_c;      /* that it was made for */
} conv_2d_params;

/* How images were quantized (hybrid). */
typedef struct conv_image {
  float scale;
  int32_t offset;
} conv_image;

typedef struct conv_job {
  op_ctx *c;
  const conv_2d_params *params;
  const conv_plan *plan;
  const uint8_t *block;
  const uint8_t *input; /* the operator's, or what it was quantized to */
  const conv_image *images;
  uint8_t *workers;
} conv_job;

/* One tile: its part of the matrices. */
typedef struct conv_tile {
  size_t image, group;
  size_t first_row, rows, first_col, last_col;
  const uint8_t *a;  /* rows, row_bytes apart ... */
  const void **taps; /* ... or pointers to their pieces */
  uint8_t *scratch;  /* of the worker */
} conv_tile;

/* Tasks of op_parallel; arg is a conv_job. Sharing: the rows of tiles that differ in columns only. */
void conv_2d_share(void *arg, size_t task, int worker);
void conv_2d_tile(void *arg, size_t task, int worker);

#endif
