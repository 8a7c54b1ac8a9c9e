/* products.h: products of plain numbers of any type and layout, for STABLEHLO_DOT_GENERAL and STABLEHLO_CONVOLUTION.
 *
 * Numbers are brought to one of the few types that matmul.h multiplies, and operands to the order of dimensions it
 * reads; what is so already is used where it lies.
 */
#ifndef OPERATORS_PRODUCTS_H
#define OPERATORS_PRODUCTS_H

#include "kernels/copy.h"
#include "operators/matmul.h"
#include "operators/pack.h"

#define PRODUCTS_TYPES                                                                                                 \
  PRODUCTS_FLOATS " " PRODUCTS_FLOATS " > " PRODUCTS_FLOATS "; " PRODUCTS_INTS " " PRODUCTS_INTS " > " PRODUCTS_INTS   \
                  "; bool bool > bool"
#define PRODUCTS_FLOATS "f32|f16|bf16|f64"
#define PRODUCTS_INTS "i8|i16|i32|i64|u8|u16|u32|u64|i4|u4|i2"

/* Integers wrap, and float16 and bfloat16 are added up in float32. `bytes`: int8 products may be used where they fit.
 * Quantized operands are computed as the reals they stand for, in float32, as StableHLO's quantized types say; then all
 * three are quantized (check). */
mote_status products_check(op_ctx *c, bool bytes, matmul_numbers *x);
mote_type products_type(const matmul_numbers *x);   /* of operands */
mote_type products_result(const matmul_numbers *x); /* of results */

/* How an operand is brought into form. Holds no pointers. */
typedef struct products_side {
  copy_plan copy;
  bool converted, copied;
  size_t converted_at, copied_at; /* in scratch */
} products_side;

/* True when dimensions lie in this order, outermost first, but for those of one element. */
bool products_ordered(const op_tensor *t, const int32_t *order);
/* Lays out an operand whose dimensions are wanted in this order (plan). */
void products_lay(const op_tensor *t, const int32_t *order, mote_type type, scratch_layout *l, products_side *s);
/* The operand in form (run). */
const void *products_bring(op_ctx *c, const op_tensor *t, mote_type type, const products_side *s, void *scratch);

/* The output from results of `type`, which are overwritten (run). */
void products_give(op_ctx *c, mote_type type, void *from);

/* Tests a list of dimensions: in [0, rank), and none that is in *mask already, where they are added. */
mote_status products_dims(op_ctx *c, const char *name, sch_i64s dims, int32_t rank, uint32_t *mask);

#endif
