/* normalize.c: L2 normalization, however it was written. */
#include <math.h>

#include "graph/rewrite/rewrite.h"

/* The x of which a value is the sum of squares over the last dimension, kept as 1; -1: it is none. */
static int32_t squares_of(const rewriting *w, int32_t value) {
  int64_t axes[OP_KNOWN_MAX];
  int32_t count;
  const int32_t sum = rw_made_by(w, value, sch_BuiltinOperator_SUM);
  if (sum < 0 || !((const sch_ReducerOptions *)rw_node(w, sum)->options)->keep_dims) return -1;
  if (!rw_ints(w, rw_input(w, sum, 1), axes, &count) || count != 1) return -1;
  const int32_t squares = rw_input(w, sum, 0), rank = rw_value(w, squares)->rank;
  if (rank < 1 || (axes[0] != -1 && axes[0] != rank - 1)) return -1;
  const int32_t square = rw_made_by(w, squares, sch_BuiltinOperator_SQUARE);
  if (square >= 0) return rw_input(w, square, 0);
  const int32_t mul = rw_made_by(w, squares, sch_BuiltinOperator_MUL);
  if (mul < 0 || !rw_no_activation(w, mul) || rw_input(w, mul, 0) != rw_input(w, mul, 1)) return -1;
  return rw_input(w, mul, 0);
}

/* What a value is the larger of and `least`; -1: nothing. */
static int32_t at_least(const rewriting *w, int32_t value, double least) {
  const int32_t maximum = rw_made_by(w, value, sch_BuiltinOperator_MAXIMUM);
  float v;
  for (int32_t i = 0; i < 2 && maximum >= 0; i++)
    if (rw_scalar(w, rw_input(w, maximum, 1 - i), &v) && fabs((double)v / least - 1) < 1e-3)
      return rw_input(w, maximum, i);
  return -1;
}

/* The x that a value is the length of, at least 1e-6, as L2_NORMALIZATION has it. */
static int32_t length_of(const rewriting *w, int32_t value) {
  int32_t root = rw_made_by(w, value, sch_BuiltinOperator_SQRT);
  if (root >= 0) return squares_of(w, at_least(w, rw_input(w, root, 0), 1e-12));
  root = rw_made_by(w, at_least(w, value, 1e-6), sch_BuiltinOperator_SQRT);
  return root < 0 ? -1 : squares_of(w, rw_input(w, root, 0));
}

/*     x * rsqrt(max(sum of x*x, 1e-12))
 *     x / sqrt(max(sum of x*x, 1e-12))                x ──▶ L2_NORMALIZATION ──▶ y
 *     x / max(sqrt(sum of x*x), 1e-6) */
static bool l2(rewriting *w, int32_t node) {
  const bool times = rw_is(w, node, sch_BuiltinOperator_MUL);
  if ((!times && !rw_is(w, node, sch_BuiltinOperator_DIV)) || !rw_no_activation(w, node)) return false;
  if (!rw_float32(w, rw_output(w, node)) || rw_value(w, rw_output(w, node))->rank > 4) return false;
  for (int32_t i = 0; i < 1 + times; i++) {
    const int32_t x = rw_input(w, node, i), by = rw_input(w, node, 1 - i);
    const int32_t root = rw_made_by(w, by, sch_BuiltinOperator_RSQRT);
    const int32_t of =
        times ? root < 0 ? -1 : squares_of(w, at_least(w, rw_input(w, root, 0), 1e-12)) : length_of(w, by);
    if (of >= 0 && of == x) return rw_become(w, node, sch_BuiltinOperator_L2_NORMALIZATION, NULL, 1, &x);
  }
  return false;
}

const rewrite rewrite_recognise_l2_normalize = {
    .name = "recognise-l2-normalize",
    .reason = "one operator divides by the length",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = l2,
};
