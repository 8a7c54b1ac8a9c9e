/* matmul.h: products of many matrices, the arithmetic of BATCH_MATMUL and of STABLEHLO_DOT_GENERAL.
 *
 * out[b] = lhs[b] * rhs[b], m x k by k x n. Matrices of an operand lie one behind the other; which of them product b
 * takes follows from steps along the dimensions of the batch, 0 where an operand is repeated. A plan holds no pointers.
 */
#ifndef OPERATORS_MATMUL_H
#define OPERATORS_MATMUL_H

#include "base/fixed.h"
#include "operators/op.h"
#include "operators/tiles.h"

typedef enum matmul_kind {
  MATMUL_F32,
  MATMUL_HYBRID, /* float32 by int8: rows of lhs are quantized in the run */
  MATMUL_8,      /* int8 to int8 */
  MATMUL_RAW,    /* int8 to the int32 sums of the bytes as they are */
  MATMUL_16,     /* int16 by int16 */
  MATMUL_16X8,   /* int16 by int8 */
  MATMUL_F64,    /* float64 and int64 as they are: for types that nothing faster is made for */
  MATMUL_S64
} matmul_kind;

/* How numbers are computed: the same in all runs. */
typedef struct matmul_numbers {
  matmul_kind kind;
  int32_t a_zero, b_zero, out_zero;
  fx_mult mult;
  bool asymmetric;     /* hybrid: rows have a zero point */
  float scale;         /* hybrid: of rhs ... */
  const float *scales; /* ... or of each of its n columns, unless NULL */
} matmul_numbers;

/* How sums are made. */
typedef enum matmul_method {
  MATMUL_PACKED, /* a matrix kernel, rhs packed */
  MATMUL_DOTS,   /* single inner products with rows of the transposed rhs */
  MATMUL_ROWS    /* rows of rhs added up, for the few rows of a lhs: float32 */
} matmul_method;

/* What is given; matmul_lay works out the rest. */
typedef struct matmul_shape {
  size_t m, n, k;
  bool a_turned; /* lhs matrices are k x m */
  bool b_turned; /* rhs matrices are n x k: what products read fastest */
  int32_t rank;  /* dimensions of the batch, outermost first */
  size_t size[OP_MAX_RANK], a_step[OP_MAX_RANK], b_step[OP_MAX_RANK]; /* steps count matrices */
  size_t a_count, b_count;
} matmul_shape;

typedef struct matmul_plan {
  matmul_shape s;
  matmul_method method;
  size_t batches, a_element, b_element;
  tiles tiles;
  size_t acc_cols;
  bool staged;      /* rows must be brought into the kernel's form */
  size_t row_bytes; /* as the kernel reads them */
  /* A block: for each matrix of rhs the sums of its columns (hybrid), then its pack. */
  size_t pack_at, each, block_bytes;
  size_t panel; /* columns that are packed at once */
  /* scratch: for all, then for each worker */
  size_t block_at, turned_a_at, turned_b_at, quantized_at, quantized_row, heads_at, workers_at, worker_bytes;
  size_t rows_at, acc_at, sums_at, mult_at, panel_at;
} matmul_plan;

/* What a run adds: operands, and a block made before (NULL: made in the run). */
typedef struct matmul_operands {
  const void *a, *b;
  void *out;
  const void *block;
} matmul_operands;

/* Chooses the method and lays block and scratch out; sets c->macs. `constant`: rhs is packed once for all runs. */
mote_status matmul_lay(op_ctx *c, const matmul_numbers *numbers, const matmul_shape *shape, bool constant,
                       matmul_plan *p, size_t *scratch);
/* Packs a constant rhs, when that is what its sizes ask for; *block is NULL otherwise (prepare). */
mote_status matmul_prepare(op_ctx *c, const matmul_numbers *numbers, const matmul_shape *shape, const void *b,
                           const void **block);
/* scratch: as many bytes as matmul_lay said, aligned to MEM_ALIGN (run). */
mote_status matmul_run(op_ctx *c, const matmul_numbers *numbers, const matmul_plan *p, const matmul_operands *o,
                       void *scratch);

#endif
