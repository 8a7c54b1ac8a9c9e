/* real.h: y[i] = f(x[i]) for functions of one number, over the classes of number.h.
 *
 * One set of loops for all levels; map.h has those that are worth vectors.
 */
#ifndef KERNELS_REAL_H
#define KERNELS_REAL_H

#include <stdbool.h>

#include "kernels/map.h"
#include "kernels/number.h"

/* ROUND: ties to even. GELU_TANH: the approximation 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). Integers have
 * ABS, NEG, SIGN, SQUARE and NOT, and wrap; NOT is for bool. */
typedef enum real_op {
  REAL_ABS,
  REAL_NEG,
  REAL_SIGN,
  REAL_SQUARE,
  REAL_NOT,
  REAL_FLOOR,
  REAL_CEIL,
  REAL_ROUND,
  REAL_SQRT,
  REAL_RSQRT,
  REAL_CBRT,
  REAL_EXP,
  REAL_LOG,
  REAL_SIN,
  REAL_COS,
  REAL_TANH,
  REAL_LOGISTIC,
  REAL_ELU,
  REAL_GELU,
  REAL_GELU_TANH,
  REAL_HARD_SWISH,
  REAL_OPS
} real_op;

/* What kern_real_run works with. */
typedef struct real_map {
  mote_type type;
  real_op op;
} real_map;

/* A map_fn whose params are a real_map; input and output are of its type. */
void kern_real_run(const void *x, void *y, size_t n, const void *params);
/* One value. */
float kern_real_f32(real_op op, float x);

/* int16 through a table of 513 entries over its whole range, interpolated in steps of 128. */
void kern_lut_16(const void *x, void *y, size_t n, const void *lut);
/* TANH of int16: v = (x * multiplier rounded) >> shift, then the table of LOGISTIC. Params: map_logistic16. */
void kern_tanh_16(const void *x, void *y, size_t n, const void *params);

#endif
