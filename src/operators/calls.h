/* calls.h: what operators that call subgraphs have in common. */
#ifndef OPERATORS_CALLS_H
#define OPERATORS_CALLS_H

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

#endif
