/* product.h: rows of floats times a matrix of float32 or 8-bit weights, for the recurrent operators.
 *
 * 8-bit weights are "hybrid": rows are quantized anew in each run (hybrid.h). uint8 weights hold the bytes of int8
 * ones: older converters named their type so. Not here: integer rows, threads.
 */
#ifndef OPERATORS_PRODUCT_H
#define OPERATORS_PRODUCT_H

#include "operators/hybrid.h"
#include "operators/op.h"
#include "operators/pack.h"

/* ---- weights as blocks ---- */

/* prepare: the block of constant weights, which the run does not read itself any more. Other weights leave NULL and are
 * packed in each run. 8-bit weights need a scale. */
mote_status product_pack(op_ctx *c, const op_tensor *weights, const void **block);
/* plan: scratch for a block that the run makes. */
uint64_t product_block_part(op_ctx *c, const op_tensor *weights, scratch_layout *l);
/* run: makes it. */
void product_fill(op_ctx *c, const op_tensor *weights, void *to);

/* prepare: the data of this input is not read in the run. */
void product_consume(op_ctx *c, const op_tensor *t);

/* ---- whole products ---- */

/* Parts of scratch. */
typedef struct product_record {
  uint64_t block, input, acc;
} product_record;

typedef struct product {
  op_ctx *c;
  const op_tensor *weights;
  const void *block;
  uint8_t *input, *acc;
  bool asymmetric;
} product;

/* plan: products of at most `rows` rows at once. */
void product_plan(op_ctx *c, const op_tensor *weights, const void *block, size_t rows, scratch_layout *l,
                  product_record *r);
/* run: a product ready for rows. */
product product_begin(op_ctx *c, const op_tensor *weights, const void *block, const product_record *r, bool asymmetric);
/* out[i][j] += x[i] . weights[j]; as many outputs in a row as weights have rows. */
void product_add(const product *p, const float *x, size_t rows, float *out);

#endif
