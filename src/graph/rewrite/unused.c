/* unused.c: what nobody reads, what changes nothing, and what is computed twice. */
#include <string.h>

#include "graph/options.h"
#include "graph/rewrite/rewrite.h"

/* ---- nodes that nobody reads ---- */

static bool unneeded(const rewriting *w, int32_t node) {
  const graph_node *const n = rw_node(w, node);
  if (n->op->traits & (OP_STATEFUL | OP_CALLS) || n->op->state_size || !n->num_outputs) return false;
  for (int32_t i = 0; i < n->num_inputs; i++) /* who reads a variable may write it */
    if (n->inputs[i] >= 0 && rw_value(w, n->inputs[i])->is_variable) return false;
  for (int32_t i = 0; i < n->num_outputs; i++)
    if (n->outputs[i] >= 0 && w->reads[n->outputs[i]]) return false;
  return true;
}

/* Takes out the node, and those that only it needed, along first inputs that are needed no more. */
static bool drop(rewriting *w, int32_t node) {
  if (!unneeded(w, node)) return false;
  while (node >= 0) {
    const graph_node *const n = rw_node(w, node);
    rw_kill(w, node);
    node = -1;
    for (int32_t i = 0; i < n->num_inputs; i++) {
      const int32_t v = n->inputs[i], maker = rw_maker(w, v);
      if (v >= 0) w->reads[v]--;
      if (node < 0 && maker >= 0 && unneeded(w, maker)) node = maker;
    }
  }
  return true;
}

const rewrite rewrite_drop_unused = {
    .name = "drop-unused",
    .reason = "nobody reads it",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = drop,
};

/* ---- nodes that change nothing ---- */

static bool all_are(const rewriting *w, int32_t value, int64_t what) {
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  if (!rw_ints(w, value, v, &count)) return false;
  for (int32_t i = 0; i < count; i++)
    if (v[i] != what) return false;
  return true;
}

/* TRANSPOSE by 0, 1, 2, ... */
static bool in_order(const rewriting *w, int32_t value) {
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  if (!rw_ints(w, value, v, &count)) return false;
  for (int32_t i = 0; i < count; i++)
    if (v[i] != i) return false;
  return true;
}

static bool is_zero(const rewriting *w, int32_t value) {
  float v;
  return rw_scalar(w, value, &v) && v == 0;
}

static bool is_one(const rewriting *w, int32_t value) {
  float v;
  return rw_scalar(w, value, &v) && v == 1;
}

/* Which input the output of a node equals; -1: none. Shapes are compared by the caller. */
static int32_t equal_input(const rewriting *w, int32_t node) {
  const graph_node *const n = rw_node(w, node);
  const int32_t a = rw_input(w, node, 0), b = rw_input(w, node, 1);
  switch (n->op->code) {
    case sch_BuiltinOperator_RESHAPE:
    case sch_BuiltinOperator_SQUEEZE:
    case sch_BuiltinOperator_EXPAND_DIMS:
    case sch_BuiltinOperator_CAST: return a;
    case sch_BuiltinOperator_BROADCAST_TO: return rw_shape_known(w, a) ? a : -1; /* an open dimension may be 1 */
    case sch_BuiltinOperator_QUANTIZE: {                                         /* there and back, in the same scale */
      const int32_t real = rw_made_by(w, a, sch_BuiltinOperator_DEQUANTIZE);
      return real < 0 ? -1 : rw_input(w, real, 0);
    }
    case sch_BuiltinOperator_TRANSPOSE: return in_order(w, b) ? a : -1;
    case sch_BuiltinOperator_PAD:
    case sch_BuiltinOperator_PADV2: return all_are(w, b, 0) ? a : -1;
    case sch_BuiltinOperator_TILE: return all_are(w, b, 1) ? a : -1;
    case sch_BuiltinOperator_CONCATENATION:
    case sch_BuiltinOperator_ADD_N: return n->num_inputs == 1 && rw_no_activation(w, node) ? a : -1;
    case sch_BuiltinOperator_MUL: return !rw_no_activation(w, node) ? -1 : is_one(w, b) ? a : is_one(w, a) ? b : -1;
    case sch_BuiltinOperator_ADD: return !rw_no_activation(w, node) ? -1 : is_zero(w, b) ? a : is_zero(w, a) ? b : -1;
    case sch_BuiltinOperator_SUB: return rw_no_activation(w, node) && is_zero(w, b) ? a : -1;
    case sch_BuiltinOperator_DIV: return rw_no_activation(w, node) && is_one(w, b) ? a : -1;
    default: return -1;
  }
}

/*     x ──▶ RESHAPE to x's own shape, TRANSPOSE by 0,1,2,..., PAD by 0, MUL by 1, CAST to x's type, ... ──▶ y
 *     y: x */
static bool bypass(rewriting *w, int32_t node) {
  if (rw_node(w, node)->num_outputs != 1) return false;
  const int32_t from = equal_input(w, node);
  return from >= 0 && rw_same_shape(w, from, rw_output(w, node)) && rw_bypass(w, node, from);
}

const rewrite rewrite_drop_identity = {
    .name = "drop-identity",
    .reason = "its output equals its input",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = bypass,
};

/* ---- nodes that compute the same ---- */

static bool same_constant(const rewriting *w, int32_t a, int32_t b) {
  if (!rw_is_const(w, a) || !rw_is_const(w, b) || !rw_same_kind(w, a, b) || !rw_same_shape(w, a, b)) return false;
  const graph_value *const x = rw_value(w, a), *const y = rw_value(w, b);
  return x->bytes == y->bytes && !memcmp(x->data, y->data, x->bytes);
}

static bool same_work(const rewriting *w, const graph_node *a, const graph_node *b) {
  if (a->op != b->op || a->num_inputs != b->num_inputs || b->num_outputs != 1 || a->custom_size != b->custom_size)
    return false;
  for (int32_t i = 0; i < a->num_inputs; i++)
    if (a->inputs[i] != b->inputs[i] && !same_constant(w, a->inputs[i], b->inputs[i])) return false;
  if (a->custom_size && memcmp(a->custom, b->custom, a->custom_size)) return false;
  return options_equal(options_of(a->op), a->options, b->options);
}

/*     x ──▶ f ──▶ y        x ──▶ f ──▶ y, z
 *     x ──▶ f ──▶ z
 *
 * Equal work gives equal shapes, also where nothing is known of them. */
static bool share(rewriting *w, int32_t node) {
  const graph_node *const n = rw_node(w, node);
  if (n->num_outputs != 1 || !n->num_inputs || n->op->traits & (OP_STATEFUL | OP_CALLS) || n->op->state_size)
    return false;
  w->budget -= node / 8;
  for (int32_t i = 0; i < node; i++) {
    if (w->dead[i] || !same_work(w, n, rw_node(w, i))) continue;
    if (rw_bypass(w, node, rw_output(w, i))) return true;
  }
  return false;
}

const rewrite rewrite_share_equal = {
    .name = "share-equal",
    .reason = "another operator computes the same",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = share,
};
