/* fold.c: what depends on constants and shapes alone becomes a constant.
 *
 *     constants ──▶ ADD ──▶ y           y: a constant
 *     x (shape known) ──▶ SHAPE ──▶ y
 *
 * A node runs through its own descriptor. What would make a file larger than what it is made from (float weights of
 * float16 or int8 ones, a tensor filled with one number) stays as it is, and so do outputs of the graph.
 */
#include <string.h>

#include "base/size.h"
#include "graph/eval.h"
#include "graph/rewrite/rewrite.h"

enum { SMALL = 256 }; /* bytes that may be stored on top: about what a node takes in a file */

static bool foldable(const rewriting *w, const graph_node *n) {
  if (!n->num_outputs || n->op->traits & (OP_STATEFUL | OP_CALLS)) return false;
  if (w->options->keep_codes) {
    const int32_t in = n->num_inputs ? n->inputs[0] : -1;
    const bool codes = n->op->code == sch_BuiltinOperator_DEQUANTIZE && in >= 0 && rw_value(w, in)->type == MOTE_INT8;
    if (codes || n->op->code == sch_BuiltinOperator_FAKE_QUANT) return false;
  }
  for (int32_t i = 0; i < n->num_outputs; i++)
    if (n->outputs[i] < 0 || w->is_output[n->outputs[i]]) return false;
  return true;
}

/* Bytes that the outputs may have: as many as the inputs, which the file would lose. */
static bool constant_inputs(const rewriting *w, const graph_node *n, size_t *bytes) {
  *bytes = SMALL;
  for (int32_t i = 0; i < n->num_inputs; i++) {
    if (n->inputs[i] < 0) continue;
    if (!rw_is_const(w, n->inputs[i]) || !size_add(*bytes, rw_value(w, n->inputs[i])->bytes, bytes)) return false;
  }
  return n->num_inputs > 0;
}

/* Gives an output that is known from shapes alone its data. */
static bool known_data(eval *v, op_tensor *t) {
  size_t n;
  if (!t->known || !op_shape_known(t) || !size_dims(t->dims, t->rank, &n) || n > OP_KNOWN_MAX) return false;
  if (t->type != MOTE_INT32 && t->type != MOTE_INT64) return false;
  for (size_t i = 0; i < n; i++)
    if (!(t->known->mask >> i & 1)) return false;
  if (!op_type_bytes(t->type, n, &t->bytes) || !(t->data = arena_alloc(v->arena, t->bytes))) return false;
  for (size_t i = 0; i < n; i++) {
    if (t->type == MOTE_INT64) ((int64_t *)t->data)[i] = t->known->v[i];
    else ((int32_t *)t->data)[i] = (int32_t)t->known->v[i];
  }
  return true;
}

static bool compute(const rewriting *w, eval *v, const graph_node *n) {
  if (eval_check(v) != MOTE_OK || eval_infer(v) != MOTE_OK) return false;
  bool known = true;
  for (int32_t i = 0; i < n->num_outputs && known; i++) known = known_data(v, v->c.out[i]);
  size_t most;
  return known || (constant_inputs(w, n, &most) && eval_run(v, most));
}

static bool keep(rewriting *w, const eval *v, const graph_node *n) {
  void *copies[8];
  if (n->num_outputs > 8) return false;
  for (int32_t i = 0; i < n->num_outputs; i++)
    if (!(copies[i] = arena_string(w->b.arena, v->c.out[i]->data, v->c.out[i]->bytes))) return false;
  for (int32_t i = 0; i < n->num_outputs; i++) {
    graph_value *const to = &w->g->values[n->outputs[i]];
    const op_tensor *const from = v->c.out[i];
    to->is_const = true;
    to->data = copies[i];
    to->bytes = from->bytes;
    to->rank = from->rank;
    for (int32_t d = 0; d < from->rank; d++) to->dims[d] = to->signature[d] = from->dims[d];
  }
  return true;
}

static bool fold(rewriting *w, int32_t node) {
  const graph_node *const n = rw_node(w, node);
  if (!foldable(w, n)) return false;
  size_t most;
  bool known = constant_inputs(w, n, &most);
  for (int32_t i = 0; i < n->num_outputs && !known; i++) known = rw_value(w, n->outputs[i])->known != NULL;
  if (!known) return false;
  arena scratch;
  eval v;
  arena_init(&scratch, w->b.arena->mem);
  const bool done =
      eval_open(&v, w->set, w->g, n, node, &scratch, NULL) == MOTE_OK && compute(w, &v, n) && keep(w, &v, n);
  arena_free(&scratch);
  if (done) rw_kill(w, node);
  return done;
}

const rewrite rewrite_fold_constants = {
    .name = "fold-constants",
    .reason = "it depends on constants and shapes alone",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = fold,
};
