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
    /* Not for files: other people's accelerators want the input flat. */
    .marks = REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = flatten,
};
