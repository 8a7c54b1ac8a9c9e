/* rewrite.c: see rewrite.h. */
#include "graph/rewrite/rewrite.h"

#include <string.h>

#include "base/size.h"
#include "graph/options.h"

/* ---- looking ---- */

int32_t rw_maker(const rewriting *w, int32_t value) {
  if (value < 0 || value >= w->num_values) return -1;
  const int32_t node = w->maker[value];
  return node >= 0 && !w->dead[node] ? node : -1;
}

int32_t rw_made_by(const rewriting *w, int32_t value, int32_t code) {
  const int32_t node = rw_maker(w, value);
  return node >= 0 && rw_is(w, node, code) ? node : -1;
}

bool rw_only(const rewriting *w, int32_t value) {
  return value >= 0 && value < w->num_values && w->reads[value] == 1 && !w->is_output[value];
}

int32_t rw_input(const rewriting *w, int32_t node, int32_t i) {
  const graph_node *const n = rw_node(w, node);
  return i < n->num_inputs ? n->inputs[i] : -1;
}

bool rw_is_const(const rewriting *w, int32_t value) {
  return value >= 0 && rw_value(w, value)->is_const && !rw_value(w, value)->sparsity;
}

bool rw_float32(const rewriting *w, int32_t value) {
  return value >= 0 && rw_value(w, value)->type == MOTE_FLOAT32 && !rw_value(w, value)->quant.count;
}

const float *rw_floats(const rewriting *w, int32_t value, size_t *count) {
  if (!rw_is_const(w, value) || !rw_float32(w, value)) return NULL;
  const graph_value *const v = rw_value(w, value);
  *count = v->bytes / sizeof(float);
  return v->data;
}

bool rw_scalar(const rewriting *w, int32_t value, float *is) {
  size_t n;
  const float *const v = rw_floats(w, value, &n);
  if (!v || !n) return false;
  for (size_t i = 1; i < n; i++)
    if (v[i] != v[0]) return false;
  *is = v[0];
  return true;
}

bool rw_ints(const rewriting *w, int32_t value, int64_t *to, int32_t *count) {
  if (value < 0) return false;
  const graph_value *const v = rw_value(w, value);
  if (v->type != MOTE_INT32 && v->type != MOTE_INT64) return false;
  const size_t size = v->type == MOTE_INT32 ? sizeof(int32_t) : sizeof(int64_t);
  if (v->is_const && !v->sparsity && v->bytes / size <= OP_KNOWN_MAX) {
    *count = (int32_t)(v->bytes / size);
    for (int32_t i = 0; i < *count; i++)
      to[i] = v->type == MOTE_INT32 ? ((const int32_t *)v->data)[i] : ((const int64_t *)v->data)[i];
    return true;
  }
  if (!v->known) return false;
  for (int32_t i = 0; i < v->known->count; i++) {
    if (!(v->known->mask >> i & 1)) return false;
    to[i] = v->known->v[i];
  }
  *count = v->known->count;
  return true;
}

bool rw_same_kind(const rewriting *w, int32_t a, int32_t b) {
  const graph_value *const x = rw_value(w, a), *const y = rw_value(w, b);
  if (x->type != y->type || x->quant.count != y->quant.count || x->quant.block_size || y->quant.block_size)
    return false;
  if (x->quant.count > 1 && x->quant.axis != y->quant.axis) return false;
  for (int32_t i = 0; i < x->quant.count; i++)
    if (x->quant.scale[i] != y->quant.scale[i] || x->quant.zero_point[i] != y->quant.zero_point[i]) return false;
  return true;
}

bool rw_same_shape(const rewriting *w, int32_t a, int32_t b) {
  const graph_value *const x = rw_value(w, a), *const y = rw_value(w, b);
  if (x->rank != y->rank || x->rank < 0) return false;
  int open = 0;
  for (int32_t i = 0; i < x->rank; i++) {
    if (x->signature[i] != y->signature[i]) return false;
    open += x->signature[i] < 0;
  }
  return open <= 1;
}

bool rw_shape_known(const rewriting *w, int32_t value) {
  const graph_value *const v = rw_value(w, value);
  for (int32_t i = 0; i < v->rank; i++)
    if (v->signature[i] < 0) return false;
  return v->rank >= 0;
}

size_t rw_count(const rewriting *w, int32_t value) {
  const graph_value *const v = rw_value(w, value);
  size_t n = 0;
  return size_dims(v->signature, v->rank, &n) ? n : 0;
}

static const sch_field *activation_field(const graph_node *n) {
  const sch_table *const table = options_of(n->op);
  for (uint32_t i = 0; table && n->options && i < table->count; i++)
    if (!strcmp(table->fields[i].name, "fused_activation_function")) return &table->fields[i];
  return NULL;
}

const int32_t *rw_activation(const graph_node *n) {
  const sch_field *const f = activation_field(n);
  return f ? (const int32_t *)(const void *)((const char *)n->options + f->offset) : NULL;
}

bool rw_no_activation(const rewriting *w, int32_t node) {
  const int32_t *const activation = rw_activation(rw_node(w, node));
  return !activation || *activation == sch_ActivationFunctionType_NONE;
}

bool rw_may_use(const rewriting *w, int32_t code, int32_t version) {
  return !w->options->may_use || w->options->may_use(w->options->user, code, version);
}

/* ---- changing ---- */

static const char *name_of(const rewriting *w, int32_t like) {
  const sch_string name = rw_value(w, like)->name;
  return name.data ? name.data : "";
}

int32_t rw_const(rewriting *w, int32_t like, mote_type type, int32_t rank, const int32_t *dims, const void *data) {
  return build_const(&w->b, name_of(w, like), type, rank, dims, data, BUILD_COPY);
}

int32_t rw_int32s(rewriting *w, int32_t like, int32_t count, const int32_t *v) {
  return rw_const(w, like, MOTE_INT32, 1, &count, v);
}

int32_t rw_like(rewriting *w, int32_t like, float **data) {
  const graph_value *const v = rw_value(w, like);
  int32_t dims[OP_MAX_RANK];
  const int32_t rank = v->rank;
  memcpy(dims, v->dims, sizeof dims);
  *data = arena_array(w->b.arena, v->bytes / sizeof(float) + 1, sizeof(float));
  if (!*data) return build_fail(&w->b, MOTE_ERR_MEMORY, "out of memory for a constant");
  return build_const(&w->b, name_of(w, like), MOTE_FLOAT32, rank, dims, *data, BUILD_BORROW);
}

void *rw_options(rewriting *w, int32_t node) {
  const graph_node *const n = rw_node(w, node);
  const sch_table *const table = options_of(n->op);
  void *const copy = table ? arena_alloc(w->b.arena, table->size) : NULL;
  if (copy) memcpy(copy, n->options, table->size);
  return copy;
}

/* A node like one that made `like`: same name, type and quantization. */
static int32_t add_like(rewriting *w, int32_t like, const mote_op *op, int32_t code, const void *options,
                        const graph_node *custom, int32_t count, const int32_t *inputs) {
  const graph_value *const v = rw_value(w, like);
  const mote_type type = v->type;
  const op_quant quant = v->quant;
  const char *const name = name_of(w, like);
  w->b.at = v->name;
  return build_add(&w->b, &(build_node){.op = op,
                                        .code = code,
                                        .options = options,
                                        .custom = custom ? custom->custom : NULL,
                                        .custom_size = custom ? custom->custom_size : 0,
                                        .num_inputs = count,
                                        .inputs = inputs,
                                        .num_outputs = 1,
                                        .types = &type,
                                        .quant = quant.count ? &quant : NULL,
                                        .names = &name});
}

int32_t rw_add(rewriting *w, int32_t like, int32_t code, const void *options, int32_t count, const int32_t *inputs) {
  return add_like(w, like, NULL, code, options, NULL, count, inputs);
}

static bool same_signature(const graph_value *a, const graph_value *b) {
  return a->rank == b->rank &&
         (a->rank <= 0 || !memcmp(a->signature, b->signature, (size_t)a->rank * sizeof *a->signature));
}

/* The newest node, which made `fresh`, makes the old value of `node` instead. */
static bool take_over(rewriting *w, int32_t node, int32_t fresh) {
  graph *const g = w->g;
  const int32_t old = rw_output(w, node);
  if (fresh < 0 || !same_signature(&g->values[old], &g->values[fresh])) return false;
  int32_t *const outputs = ARENA_ARRAY(w->b.arena, int32_t, 1);
  if (!outputs) return false;
  outputs[0] = old;
  g->nodes[g->num_nodes - 1].outputs = outputs;
  rw_kill(w, node);
  return true;
}

bool rw_become(rewriting *w, int32_t node, int32_t code, const void *options, int32_t count, const int32_t *inputs) {
  if (rw_node(w, node)->num_outputs != 1) return false;
  return take_over(w, node, rw_add(w, rw_output(w, node), code, options, count, inputs));
}

bool rw_refine(rewriting *w, int32_t node, int32_t code, int32_t count, const int32_t *inputs) {
  const int32_t fresh = rw_add(w, rw_output(w, node), code, NULL, count, inputs);
  if (fresh < 0) return false;
  graph_value *const old = &w->g->values[rw_output(w, node)];
  const graph_value *const now = &w->g->values[fresh];
  if (now->rank < 0 || (old->rank >= 0 && old->rank != now->rank)) return false;
  for (int32_t i = 0; i < now->rank; i++)
    if (old->rank >= 0 && old->signature[i] >= 0 && old->signature[i] != now->signature[i]) return false;
  old->rank = now->rank;
  old->has_rank = true;
  for (int32_t i = 0; i < now->rank; i++) old->signature[i] = now->signature[i], old->dims[i] = now->dims[i];
  w->refined = true;
  return take_over(w, node, fresh);
}

bool rw_change(rewriting *w, int32_t node, const void *options, int32_t count, const int32_t *inputs) {
  const graph_node n = *rw_node(w, node);
  if (n.num_outputs != 1) return false;
  return take_over(w, node, add_like(w, n.outputs[0], n.op, 0, options ? options : n.options, &n, count, inputs));
}

/* Everyone who reads `from` reads `to`. */
static bool redirect(rewriting *w, int32_t from, int32_t to) {
  for (int32_t i = 0; i < w->num_nodes; i++) {
    graph_node *const n = &w->g->nodes[i];
    bool reads = false;
    for (int32_t k = 0; k < n->num_inputs; k++) reads |= n->inputs[k] == from;
    if (!reads) continue;
    int32_t *const copy = ARENA_ARRAY(w->b.arena, int32_t, (size_t)n->num_inputs);
    if (!copy) return false;
    for (int32_t k = 0; k < n->num_inputs; k++) copy[k] = n->inputs[k] == from ? to : n->inputs[k];
    n->inputs = copy;
  }
  return true;
}

/* The maker of `value` makes `out`, an output of the graph, in its stead. */
static bool move_up(rewriting *w, int32_t value, int32_t out) {
  const int32_t maker = rw_maker(w, value);
  if (maker < 0 || w->is_output[value] || w->is_input[value]) return false;
  graph_node *const n = &w->g->nodes[maker];
  int32_t *const outputs = ARENA_ARRAY(w->b.arena, int32_t, (size_t)n->num_outputs);
  if (!outputs) return false;
  for (int32_t i = 0; i < n->num_outputs; i++) outputs[i] = n->outputs[i] == value ? out : n->outputs[i];
  n->outputs = outputs;
  return redirect(w, value, out);
}

bool rw_bypass(rewriting *w, int32_t node, int32_t value) {
  const int32_t out = rw_output(w, node);
  if (rw_node(w, node)->num_outputs != 1 || !rw_same_kind(w, out, value)) return false;
  if (w->is_output[out] ? !move_up(w, value, out) : !redirect(w, out, value)) return false;
  rw_kill(w, node);
  return true;
}

void rw_kill(rewriting *w, int32_t node) { w->dead[node] = true; }
