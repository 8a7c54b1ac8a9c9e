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
typedef struct arith arith;
typedef void arith_loop(const void *a, const void *b, void *y, size_t n, const arith *p);
typedef struct arith_op {
  arith_loop *f32, *f64, *integers, *c64; /* by class; NULL: it has none */
  arith_loop *bytes;                      /* of any integers, on n bytes: what works bit by bit; NULL: does not */
  bool compares;                          /* gives bool */
} arith_op;

extern const arith_op arith_add, arith_sub, arith_mul, arith_div, arith_max, arith_min, arith_squared_difference;
extern const arith_op arith_pow, arith_floor_div, arith_floor_mod, arith_rem, arith_atan2;
extern const arith_op arith_and, arith_or, arith_xor, arith_shl, arith_shr;
extern const arith_op arith_eq, arith_ne, arith_lt, arith_le;

/* What kern_arith_run works with: its operands and their type. */
struct arith {
  mote_type type;
  const arith_op *op;
  double lo, hi; /* results of ADD, SUB, MUL and DIV are clamped, unless lo > hi */
};

bool kern_arith_has(num_class class, const arith_op *op);
/* A binary_fn whose params are an arith. */
void kern_arith_run(const void *a, const void *b, void *y, size_t n, const void *params);

/* The index of the first element that is 0; n when there is none. */
size_t kern_first_zero_f32(const float *x, size_t n);

#endif
