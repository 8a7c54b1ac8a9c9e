/* reshape.c: chains of RESHAPE, SQUEEZE and EXPAND_DIMS, and what only looks like more than that. */
#include "graph/rewrite/rewrite.h"

static bool reshapes(const rewriting *w, int32_t node) {
  return rw_is(w, node, sch_BuiltinOperator_RESHAPE) || rw_is(w, node, sch_BuiltinOperator_SQUEEZE) ||
         rw_is(w, node, sch_BuiltinOperator_EXPAND_DIMS);
}

/* One RESHAPE of x in the place of `node`: to its output's shape where that has at most one open dimension, else to the
 * constant shape that a RESHAPE has already. */
static bool reshape_to(rewriting *w, int32_t node, int32_t x) {
  const graph_value *const y = rw_value(w, rw_output(w, node));
  int32_t shape[OP_MAX_RANK], open = 0;
  for (int32_t i = 0; i < y->rank; i++) {
    shape[i] = y->signature[i];
    open += shape[i] < 0;
  }
  int32_t to = -1;
  if (y->rank >= 0 && open <= 1) to = rw_int32s(w, rw_output(w, node), y->rank, shape);
  else if (rw_is(w, node, sch_BuiltinOperator_RESHAPE)) to = rw_input(w, node, 1);
  return to >= 0 && rw_become(w, node, sch_BuiltinOperator_RESHAPE, NULL, 2, (int32_t[]){x, to});
}

/*     x ──▶ RESHAPE ──▶ SQUEEZE ──▶ y          x ──▶ RESHAPE ──▶ y */
static bool join(rewriting *w, int32_t node) {
  if (!reshapes(w, node)) return false;
  const int32_t before = rw_maker(w, rw_input(w, node, 0));
  return before >= 0 && reshapes(w, before) && reshape_to(w, node, rw_input(w, before, 0));
}

const rewrite rewrite_join_reshapes = {
    .name = "join-reshapes",
    .reason = "two changes of shape are one",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = join,
};

/* ---- shapes that are put together ---- */

/* Elements of a shape that PACK or CONCATENATION makes of single numbers: those that are known, and -2 for each that is
 * not; `at` is then the value of the last of these. */
static bool parts_of(const rewriting *w, int32_t value, int32_t *shape, int32_t *count, int32_t *unknown, int32_t *at) {
  const int32_t pack = rw_maker(w, value);
  if (pack < 0 || (!rw_is(w, pack, sch_BuiltinOperator_PACK) && !rw_is(w, pack, sch_BuiltinOperator_CONCATENATION)))
    return false;
  const graph_node *const n = rw_node(w, pack);
  if (n->num_inputs > OP_MAX_RANK || rw_value(w, value)->rank != 1) return false;
  *unknown = 0;
  for (int32_t i = 0; i < n->num_inputs; i++) {
    int64_t v[OP_KNOWN_MAX];
    int32_t length;
    const bool known = rw_ints(w, n->inputs[i], v, &length);
    if (!rw_shape_known(w, n->inputs[i]) || rw_count(w, n->inputs[i]) != 1) return false;
    if (known && (v[0] < -1 || v[0] > INT32_MAX)) return false;
    shape[i] = known ? (int32_t)v[0] : -2;
    if (!known) ++*unknown, *at = n->inputs[i];
  }
  *count = n->num_inputs;
  return true;
}

/* Which dimension of x a value is: SHAPE of x, then STRIDED_SLICE or GATHER of one element; -1: none. */
static int32_t dimension_of(const rewriting *w, int32_t value, int32_t x) {
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  const int32_t node = rw_maker(w, value);
  if (node < 0 || (!rw_is(w, node, sch_BuiltinOperator_STRIDED_SLICE) && !rw_is(w, node, sch_BuiltinOperator_GATHER)))
    return -1;
  const int32_t shape = rw_made_by(w, rw_input(w, node, 0), sch_BuiltinOperator_SHAPE);
  if (shape < 0 || rw_input(w, shape, 0) != x || !rw_ints(w, rw_input(w, node, 1), v, &count) || count != 1) return -1;
  return v[0] >= 0 && v[0] < rw_value(w, x)->rank ? (int32_t)v[0] : -1;
}

/* The other dimensions of x, multiplied; -1 where one is open or the product is too large. */
static int64_t rest_of(const graph_value *x, int32_t but) {
  int64_t product = 1;
  for (int32_t i = 0; i < x->rank; i++) {
    if (i == but) continue;
    if (x->signature[i] < 0 || (product *= x->signature[i]) > INT32_MAX) return -1;
  }
  return product;
}

/*     x ──▶ RESHAPE to PACK(n, 3, 4) ──▶ y            x ──▶ RESHAPE to -1, 3, 4 ──▶ y         n: whatever
 *     x ──▶ RESHAPE to PACK(n, -1) ──▶ y              x ──▶ RESHAPE to -1, 12 ──▶ y           n: dimension 0 of x
 *
 * The number of elements stays, so one number that is not known follows from the others. */
static bool plain_shape(rewriting *w, int32_t node) {
  int32_t shape[OP_MAX_RANK], count, unknown, at = -1, open = -1;
  if (!rw_is(w, node, sch_BuiltinOperator_RESHAPE) || rw_is_const(w, rw_input(w, node, 1))) return false;
  if (!parts_of(w, rw_input(w, node, 1), shape, &count, &unknown, &at) || unknown != 1) return false;
  const int32_t x = rw_input(w, node, 0);
  int64_t product = 1;
  for (int32_t i = 0; i < count; i++) {
    if (shape[i] >= 0 && (product *= shape[i]) > INT32_MAX) return false;
    if (shape[i] == -1) open = i;
  }
  if (!product) return false;
  if (open >= 0) {
    const int32_t same = dimension_of(w, at, x);
    const int64_t rest = same < 0 ? -1 : rest_of(rw_value(w, x), same);
    if (rest < 1 || rest % product) return false;
    shape[open] = (int32_t)(rest / product);
  }
  for (int32_t i = 0; i < count; i++)
    if (shape[i] == -2) shape[i] = -1;
  const int32_t to = rw_int32s(w, rw_output(w, node), count, shape);
  return rw_refine(w, node, sch_BuiltinOperator_RESHAPE, 2, (int32_t[]){x, to});
}

const rewrite rewrite_plain_shapes = {
    .name = "plain-shapes",
    .reason = "one number of a shape follows from the number of elements",
    .marks = REWRITE_FILE,
    .apply = plain_shape,
};

/* Dimensions of 1 alone change places: 1x7x1x5 to 7x1x1x5. */
static bool moves_ones_alone(const graph_value *x, const int64_t *order, int32_t rank) {
  int64_t last = -1;
  for (int32_t i = 0; i < rank; i++) {
    if (x->signature[order[i]] == 1) continue;
    if (order[i] < last) return false;
    last = order[i];
  }
  return true;
}

/*     x (1x7x1x5) ──▶ TRANSPOSE 2,1,0,3 ──▶ y          x ──▶ RESHAPE ──▶ y */
static bool plain(rewriting *w, int32_t node) {
  int64_t order[OP_KNOWN_MAX];
  int32_t rank;
  if (!rw_is(w, node, sch_BuiltinOperator_TRANSPOSE) || !rw_ints(w, rw_input(w, node, 1), order, &rank)) return false;
  const graph_value *const x = rw_value(w, rw_input(w, node, 0));
  if (x->rank != rank || !rw_same_kind(w, rw_input(w, node, 0), rw_output(w, node))) return false;
  for (int32_t i = 0; i < rank; i++)
    if (order[i] < 0 || order[i] >= rank) return false;
  return moves_ones_alone(x, order, rank) && reshape_to(w, node, rw_input(w, node, 0));
}

const rewrite rewrite_transpose_to_reshape = {
    .name = "transpose-to-reshape",
    .reason = "only dimensions of 1 change places, so no element moves",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = plain,
};

/* FULLY_CONNECTED flattens its input by itself:
 *
 *     x (?x7x7x64) ──▶ RESHAPE ?x3136 ──▶ FULLY_CONNECTED ──▶ y          x ──▶ FULLY_CONNECTED ──▶ y */
static bool flatten(rewriting *w, int32_t node) {
  const graph_node *const n = rw_node(w, node);
  if (n->op->code != sch_BuiltinOperator_FULLY_CONNECTED || n->num_inputs > 3) return false;
  if (((const sch_FullyConnectedOptions *)n->options)->keep_num_dims) return false;
  const int32_t before = rw_maker(w, n->inputs[0]);
  if (before < 0 || !reshapes(w, before)) return false;
  const int32_t x = rw_input(w, before, 0);
  if (rw_value(w, x)->rank < 1 || !rw_same_kind(w, x, n->inputs[0])) return false;
  return rw_change(w, node, NULL, n->num_inputs, (int32_t[]){x, n->inputs[1], rw_input(w, node, 2)});
}

const rewrite rewrite_drop_flatten = {
    .name = "drop-flatten",
    .reason = "FULLY_CONNECTED flattens its input by itself",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = flatten,
};
