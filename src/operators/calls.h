/* calls.h: what operators that call subgraphs have in common. */
#ifndef OPERATORS_CALLS_H
#define OPERATORS_CALLS_H

#include "kernels/arith.h"
#include "operators/op.h"

/* Inputs and outputs of a subgraph; an input is NULL when it is absent. */
typedef struct callee {
  const op_tensor *const *in, *const *out;
  int in_count, out_count;
} callee;

/* In check: a subgraph's inputs and outputs; fails when there is no such subgraph. */
mote_status calls_find(op_ctx *c, int32_t subgraph, callee *k);

/* Counts and types of operands against those of a subgraph's inputs or outputs. Inputs of either may be absent. */
mote_status calls_match(op_ctx *c, const char *what, const op_tensor *const *a, int a_count, const op_tensor *const *b,
                        int b_count);

/* Output i takes the value of `from`. */
mote_status calls_take(op_ctx *c, int i, const op_tensor *from);

/* What fits both shapes: dimensions that differ become unknown. Returns how many unknowns `to` has, rank included. */
int calls_join(op_tensor *to, const op_tensor *with);

/* True of a subgraph that is a single operator on both of its inputs, one by which elements are folded: a sum, product,
 * maximum, minimum, and, or or. *logical: of whether numbers are not 0. */
bool calls_fold(const op_region *r, const arith_op **op, bool *logical);

#endif
