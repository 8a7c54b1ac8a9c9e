/* unary.h: runs a kernel of one operand over a whole tensor. */
#ifndef OPERATORS_UNARY_H
#define OPERATORS_UNARY_H

#include "kernels/map.h"
#include "operators/op.h"

/* f on all elements of input 0, to output 0, on the threads there are. */
void unary_run(op_ctx *c, map_fn f, const void *params);

#endif
