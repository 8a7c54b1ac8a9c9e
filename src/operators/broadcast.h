/* broadcast.h: walks two operands that broadcast against each other, as runs that are dense in both.
 *
 * An operand of one element, a row or a column is repeated in a small block, so kernels know nothing of broadcasting.
 */
#ifndef OPERATORS_BROADCAST_H
#define OPERATORS_BROADCAST_H

#include "kernels/binary.h"
#include "operators/op.h"

/* The output's dimensions, neighbours merged wherever both operands allow; part of a plan record. Bit i of a mask: the
 * operand moves along dimension i; else it is repeated. */
typedef struct broadcast_plan {
  uint64_t dims[OP_MAX_RANK];
  int32_t rank; /* 0: nothing to do */
  uint8_t a_moves, b_moves;
} broadcast_plan;

void broadcast_plan_of(broadcast_plan *plan, const op_tensor *a, const op_tensor *b, const op_tensor *out);

/* Calls f for all elements of a and b, to output 0, on the threads there are. */
void broadcast_run(op_ctx *c, const broadcast_plan *plan, const op_tensor *a, const op_tensor *b, binary_fn f,
                   const void *params);

#endif
