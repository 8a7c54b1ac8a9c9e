/* fully_connected.h: between the descriptor of FULLY_CONNECTED (fully_connected.c) and its arithmetic
 * (fully_connected_tiles.c, fully_connected_blocks.c).
 *
 * A product of matrices: `m` rows of `k` inputs, by weights of `n` rows of `k`.
 */
#ifndef OPERATORS_FULLY_CONNECTED_H
#define OPERATORS_FULLY_CONNECTED_H

#include "base/fixed.h"
#include "operators/low_bits.h"
#include "operators/op.h"
#include "operators/tiles.h"

enum { FC_INPUT, FC_WEIGHTS, FC_BIAS };

typedef enum fc_kind {
  FC_F32,
  FC_HYBRID,   /* float32 by int8: rows are quantized in the run */
  FC_BLOCKS,   /* the same, and weights have a scale for each block of a row */
  FC_8,        /* int8 or uint8 to the same, or uint8 to int16 */
  FC_SHUFFLED, /* uint8 to int16, weights in blocks of 4 x 16 */
  FC_16X8,
  FC_16X16
} fc_kind;

typedef struct fc_params {
  fc_kind kind;
  low_bits low;
  bool fixed;                   /* requantized in fixed point; else in float64, as the reference does */
  bool asymmetric;              /* hybrid: rows have a zero point */
  bool wide_bias;               /* 16-bit activations: the bias is read as int64 */
  int32_t float_more;           /* TANH or SIGN_BIT on float outputs, else NONE */
  float lo, hi;                 /* fused activation of float outputs ... */
  int32_t qlo, qhi;             /* ... and of integer ones */
  const void *block;            /* NULL: made in each run */
  const uint16_t *block_scales; /* FC_BLOCKS: float16 [n, k / block size] */
  size_t num_scales;
} fc_params;

/* Floats in and out, integers between. */
static inline bool fc_is_hybrid(fc_kind kind) { return kind == FC_HYBRID || kind == FC_BLOCKS; }

/* What is made from the weights and scales. Offsets in bytes. */
typedef struct fc_block {
  size_t scale; /* float64 [n], when not fixed */
  size_t mult;  /* fx_mult [n], when fixed */
  size_t sums;  /* int32 [n] of the weights' rows, for asymmetric rows */
  size_t pack;
  size_t bytes;
} fc_block;

typedef struct fc_plan {
  size_t m, n, k;
  bool dots; /* by single inner products, weights as they are; else by a matrix kernel, weights packed */
  tiles tiles;
  size_t acc_cols;
  bool staged;      /* rows must be brought into the kernel's form */
  size_t row_bytes; /* as the kernel reads them */
  fc_block block;
  /* scratch: for all, then for each worker */
  size_t block_at, quantized_at, quantized_row, heads_at, workers_at, worker_bytes;
  size_t rows_at, acc_at, sums_at;
} fc_plan;

/* How a row was quantized (hybrid). */
typedef struct fc_row {
  float scale;
  int32_t offset;
} fc_row;

typedef struct fc_job {
  op_ctx *c;
  const fc_params *params;
  const fc_plan *plan;
  const uint8_t *block;
  const uint8_t *input; /* the operator's, or what it was quantized to */
  size_t input_row;     /* bytes from row to row */
  const fc_row *heads;
  uint8_t *workers;
} fc_job;

static inline const op_tensor *fc_bias(const op_ctx *c) { return c->num_inputs > FC_BIAS ? c->in[FC_BIAS] : NULL; }

/* Tasks of op_parallel; arg is an fc_job. */
void fc_quantize_row(void *arg, size_t row, int worker);
void fc_tile(void *arg, size_t task, int worker);

/* Weights with a scale for each block of a row: what a file may say, sizes, and a task: some outputs of all rows. */
mote_status fc_blocks_check(op_ctx *c);
mote_status fc_blocks_infer(op_ctx *c, int32_t n, int32_t k);
void fc_blocks_tile(void *arg, size_t task, int worker);

/* The legacy format: weights in blocks of 4 rows x 16 columns; the second output receives the rows as the product reads
 * them. */
void fc_shuffled(const fc_job *j);

#endif
