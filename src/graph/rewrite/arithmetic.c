/* arithmetic.c: sums and products with constants in one form, and chains of them joined.
 *
 * Floats move: a division by c becomes a product with 1/c, rounded once more; a product of two constants is rounded
 * before it meets the input. Each moves the result by at most 1 ULP of its largest term.
 */
#include <math.h>

#include "graph/rewrite/rewrite.h"

/* A node with a fused activation, as its options hold it. */
static int32_t activation(const rewriting *w, int32_t node) {
  const int32_t *const fused = rw_activation(rw_node(w, node));
  return fused ? *fused : sch_ActivationFunctionType_NONE;
}

static bool become_product(rewriting *w, int32_t node, int32_t x, int32_t c) {
  sch_MulOptions o = BUILD_OPTIONS(MulOptions);
  o.fused_activation_function = activation(w, node);
  return rw_become(w, node, sch_BuiltinOperator_MUL, &o, 2, (int32_t[]){x, c});
}

static bool become_sum(rewriting *w, int32_t node, int32_t x, int32_t c) {
  sch_AddOptions o = BUILD_OPTIONS(AddOptions);
  o.fused_activation_function = activation(w, node);
  return rw_become(w, node, sch_BuiltinOperator_ADD, &o, 2, (int32_t[]){x, c});
}

/* ---- one form ---- */

/*     x / c ──▶ x * (1/c)      x - c ──▶ x + (-c)      c * x ──▶ x * c      c + x ──▶ x + c */
static bool plain(rewriting *w, int32_t node) {
  const int32_t a = rw_input(w, node, 0), b = rw_input(w, node, 1), code = rw_node(w, node)->op->code;
  size_t n;
  if (!rw_float32(w, rw_output(w, node))) return false;
  if (code == sch_BuiltinOperator_MUL || code == sch_BuiltinOperator_ADD) {
    if (!rw_floats(w, a, &n) || rw_floats(w, b, &n)) return false;
    return code == sch_BuiltinOperator_MUL ? become_product(w, node, b, a) : become_sum(w, node, b, a);
  }
  const bool divides = code == sch_BuiltinOperator_DIV;
  const float *const c = rw_floats(w, b, &n);
  float *to;
  if ((!divides && code != sch_BuiltinOperator_SUB) || !c || rw_floats(w, a, &n)) return false;
  const int32_t changed = rw_like(w, b, &to);
  if (changed < 0) return false;
  for (size_t i = 0; i < n; i++) {
    to[i] = divides ? 1 / c[i] : -c[i];
    if (!isfinite(to[i]) || (divides && fabsf(to[i]) < 1e-37F)) return false;
  }
  return divides ? become_product(w, node, a, changed) : become_sum(w, node, a, changed);
}

const rewrite rewrite_plain_arithmetic = {
    .name = "plain-arithmetic",
    .reason = "products and sums with a constant are easier to join than quotients and differences",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = plain,
};

/* ---- chains ---- */

/* Element of v at coordinates that count from the last dimension of a shape of `rank`, with v broadcast. */
static size_t element(const graph_value *v, const int32_t *at, int32_t rank) {
  size_t index = 0;
  for (int32_t i = 0; i < v->rank; i++) {
    const int32_t where = at[i + rank - v->rank];
    index = index * (size_t)v->dims[i] + (v->dims[i] == 1 ? 0 : (size_t)where);
  }
  return index;
}

/* a * b or a + b of two constants, broadcast; -1 where the result has more elements than either. */
static int32_t combine(rewriting *w, int32_t a, int32_t b, bool times) {
  size_t na, nb, n = 1;
  if (!rw_floats(w, a, &na) || !rw_floats(w, b, &nb)) return -1;
  const graph_value x = *rw_value(w, a), y = *rw_value(w, b);
  const int32_t rank = x.rank > y.rank ? x.rank : y.rank;
  int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK] = {0};
  for (int32_t i = 0; i < rank; i++) {
    const int32_t dx = i < rank - x.rank ? 1 : x.dims[i - (rank - x.rank)];
    const int32_t dy = i < rank - y.rank ? 1 : y.dims[i - (rank - y.rank)];
    if (dx != dy && dx != 1 && dy != 1) return -1;
    dims[i] = dx == 1 ? dy : dx;
    n *= (size_t)dims[i];
  }
  if (n != na && n != nb) return -1;
  float *const to = ARENA_ARRAY(w->b.arena, float, n + 1);
  if (!to) return -1;
  for (size_t i = 0; i < n; i++) {
    const float p = ((const float *)x.data)[element(&x, at, rank)], q = ((const float *)y.data)[element(&y, at, rank)];
    to[i] = times ? p * q : p + q;
    if (!isfinite(to[i])) return -1;
    for (int32_t d = rank - 1; d >= 0 && ++at[d] == dims[d]; d--) at[d] = 0;
  }
  return rw_const(w, b, MOTE_FLOAT32, rank, dims, to);
}

/* The node in front, when it is a sum or product with a constant that only `node` reads. */
static int32_t before(const rewriting *w, int32_t node, int32_t code) {
  size_t n;
  const int32_t x = rw_input(w, node, 0), maker = rw_made_by(w, x, code);
  return maker >= 0 && rw_only(w, x) && rw_no_activation(w, maker) && rw_floats(w, rw_input(w, maker, 1), &n) ? maker
                                                                                                              : -1;
}

/*     (x * a) * b ──▶ x * (a * b)      (x + a) + b ──▶ x + (a + b)
 *     (x * a + b) * c ──▶ (x * c*a) + b*c, in two steps */
static bool join(rewriting *w, int32_t node) {
  const int32_t code = rw_node(w, node)->op->code, c = rw_input(w, node, 1);
  const bool times = code == sch_BuiltinOperator_MUL;
  size_t n;
  if ((!times && code != sch_BuiltinOperator_ADD) || !rw_floats(w, c, &n)) return false;
  const int32_t same = before(w, node, code);
  if (same >= 0) {
    const int32_t x = rw_input(w, same, 0), both = combine(w, rw_input(w, same, 1), c, times);
    if (both < 0) return false;
    return times ? become_product(w, node, x, both) : become_sum(w, node, x, both);
  }
  const int32_t sum = times ? before(w, node, sch_BuiltinOperator_ADD) : -1;
  if (sum < 0 || before(w, sum, sch_BuiltinOperator_MUL) < 0) return false;
  const int32_t shift = combine(w, rw_input(w, sum, 1), c, true);
  const int32_t x =
      shift < 0 ? -1
                : rw_add(w, rw_output(w, sum), sch_BuiltinOperator_MUL, NULL, 2, (int32_t[]){rw_input(w, sum, 0), c});
  return x >= 0 && become_sum(w, node, x, shift);
}

const rewrite rewrite_join_scalars = {
    .name = "join-scalars",
    .reason = "constants that follow each other are one",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = join,
};

/* ---- the mean ---- */

/*     x ──▶ SUM axes ──▶ MUL 1/n ──▶ y          x ──▶ MEAN axes ──▶ y          n: elements that are summed up */
static bool mean(rewriting *w, int32_t node) {
  int64_t axes[OP_KNOWN_MAX];
  int32_t count;
  float factor;
  const int32_t sum = rw_made_by(w, rw_input(w, node, 0), sch_BuiltinOperator_SUM);
  if (!rw_is(w, node, sch_BuiltinOperator_MUL) || sum < 0 || !rw_only(w, rw_output(w, sum))) return false;
  if (!rw_no_activation(w, node) || !rw_scalar(w, rw_input(w, node, 1), &factor)) return false;
  const graph_value *const x = rw_value(w, rw_input(w, sum, 0));
  double n = 1;
  if (!rw_ints(w, rw_input(w, sum, 1), axes, &count)) return false;
  for (int32_t i = 0; i < count; i++) {
    const int64_t axis = axes[i] < 0 ? axes[i] + x->rank : axes[i];
    if (axis < 0 || axis >= x->rank || x->signature[axis] < 1) return false;
    n *= x->signature[axis];
  }
  if (fabs((double)factor * n - 1) > 1e-6) return false;
  return rw_become(w, node, sch_BuiltinOperator_MEAN, rw_node(w, sum)->options, 2,
                   (int32_t[]){rw_input(w, sum, 0), rw_input(w, sum, 1)});
}

const rewrite rewrite_recognise_mean = {
    .name = "recognise-mean",
    .reason = "a sum by its number of terms is a mean",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = mean,
};

/* ---- powers and squares ---- */

/*     x ^ 2 ──▶ SQUARE      x ^ 0.5 ──▶ SQRT      x ^ -0.5 ──▶ RSQRT      x ^ 1 ──▶ x */
static bool power(rewriting *w, int32_t node) {
  float exponent;
  const int32_t x = rw_input(w, node, 0);
  if (!rw_is(w, node, sch_BuiltinOperator_POW) || !rw_float32(w, x)) return false;
  if (!rw_scalar(w, rw_input(w, node, 1), &exponent)) return false;
  if (exponent == 2) return rw_become(w, node, sch_BuiltinOperator_SQUARE, NULL, 1, &x);
  if (exponent == 0.5F) return rw_become(w, node, sch_BuiltinOperator_SQRT, NULL, 1, &x);
  if (exponent == -0.5F) return rw_become(w, node, sch_BuiltinOperator_RSQRT, NULL, 1, &x);
  return exponent == 1 && rw_same_shape(w, x, rw_output(w, node)) && rw_bypass(w, node, x);
}

const rewrite rewrite_recognise_power = {
    .name = "recognise-power",
    .reason = "a square or a root is cheaper than any power",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = power,
};

/*     x, y ──▶ SUB ──▶ d ──▶ SQUARE or MUL d ──▶ z          x, y ──▶ SQUARED_DIFFERENCE ──▶ z */
static bool squared(rewriting *w, int32_t node) {
  const int32_t d = rw_input(w, node, 0), minus = rw_made_by(w, d, sch_BuiltinOperator_SUB);
  const bool square = rw_is(w, node, sch_BuiltinOperator_SQUARE);
  if (minus < 0 || !rw_float32(w, d) || !rw_no_activation(w, minus) || w->is_output[d]) return false;
  if (!square && (!rw_is(w, node, sch_BuiltinOperator_MUL) || rw_input(w, node, 1) != d)) return false;
  if (w->reads[d] != (square ? 1 : 2) || !rw_no_activation(w, node)) return false;
  return rw_become(w, node, sch_BuiltinOperator_SQUARED_DIFFERENCE, NULL, 2,
                   (int32_t[]){rw_input(w, minus, 0), rw_input(w, minus, 1)});
}

const rewrite rewrite_recognise_squared_difference = {
    .name = "recognise-squared-difference",
    .reason = "one operator subtracts and squares",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = squared,
};

/* ---- what is broadcast anyway ---- */

/*     x ──▶ BROADCAST_TO ──▶ ADD y ──▶ z          x ──▶ ADD y ──▶ z, where y gives z its shape */
static bool broadcast(rewriting *w, int32_t node) {
  switch (rw_node(w, node)->op->code) {
    case sch_BuiltinOperator_ADD:
    case sch_BuiltinOperator_SUB:
    case sch_BuiltinOperator_MUL:
    case sch_BuiltinOperator_DIV:
    case sch_BuiltinOperator_MAXIMUM:
    case sch_BuiltinOperator_MINIMUM: break;
    default: return false;
  }
  for (int32_t i = 0; i < 2; i++) {
    const int32_t wide = rw_made_by(w, rw_input(w, node, i), sch_BuiltinOperator_BROADCAST_TO);
    if (wide < 0 || !rw_same_kind(w, rw_input(w, wide, 0), rw_output(w, wide)) ||
        !rw_shape_known(w, rw_output(w, node)))
      continue;
    int32_t inputs[2] = {rw_input(w, node, 0), rw_input(w, node, 1)};
    inputs[i] = rw_input(w, wide, 0);
    if (rw_change(w, node, NULL, 2, inputs)) return true;
  }
  return false;
}

const rewrite rewrite_drop_broadcast = {
    .name = "drop-broadcast",
    .reason = "the operator behind it broadcasts by itself",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = broadcast,
};
