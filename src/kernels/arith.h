/* arith.h: y[i] = f(a[i], b[i]) for the operators and types that few models use, over the classes of number.h.
 *
 * One set of loops for all levels; binary.h has those that are worth vectors.
 */
#ifndef KERNELS_ARITH_H
#define KERNELS_ARITH_H

#include <stdbool.h>

#include "kernels/binary.h"
#include "kernels/number.h"

/* Integers wrap. Quotients truncate; FLOOR_DIV and FLOOR_MOD round down, so that the rest has the divisor's sign; REM
 * has the dividend's. A divisor is not 0 in the first two with integers; elsewhere x / 0 is -1 and x rem 0 is x.
 * POW of integers has no negative exponents, or it is 0 (1 and -1 aside). Shifts by less than 0 or more than the type's
 * bits are shifts by 0 or, to the left, give 0; to the right by all but one. */
typedef enum arith_op {
  ARITH_ADD,
  ARITH_SUB,
  ARITH_MUL,
  ARITH_DIV,
  ARITH_MAX,
  ARITH_MIN,
  ARITH_SQUARED_DIFFERENCE,
  ARITH_POW,
  ARITH_FLOOR_DIV,
  ARITH_FLOOR_MOD,
  ARITH_REM,
  ARITH_ATAN2,
  ARITH_AND,
  ARITH_OR,
  ARITH_XOR,
  ARITH_SHL,
  ARITH_SHR,
  ARITH_EQ, /* these four give bool */
  ARITH_NE,
  ARITH_LT,
  ARITH_LE,
  ARITH_OPS
} arith_op;

/* What kern_arith_run works with: its operands and their type. */
typedef struct arith {
  mote_type type;
  arith_op op;
  double lo, hi; /* results of ADD, SUB, MUL and DIV are clamped, unless lo > hi */
} arith;

bool kern_arith_has(num_class class, arith_op op);
/* A binary_fn whose params are an arith. */
void kern_arith_run(const void *a, const void *b, void *y, size_t n, const void *params);

#endif
