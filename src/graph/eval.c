/* eval.c: see eval.h. The host here has memory and a single thread, and knows the other graphs of the set. */
#include "graph/eval.h"

#include <string.h>

#include "base/error.h"
#include "base/size.h"

enum { MOST_DEPTH = 16 };

static const op_quant no_quant = {.scales = -1, .zero_points = -1};

void eval_tensor(const graph_value *v, op_tensor *t) {
  *t = (op_tensor){.type = v->type, .rank = v->rank, .sparsity = v->sparsity, .index = v->tensor, .bytes = v->bytes};
  const int32_t *const dims = v->is_const || v->is_variable ? v->dims : v->signature;
  for (int32_t i = 0; i < v->rank; i++) t->dims[i] = dims[i];
  t->quant = v->quant.count || v->quant.block_size ? &v->quant : &no_quant;
  if (v->quant.count == 1) t->scale = v->quant.scale[0], t->zero_point = v->quant.zero_point[0];
  t->name = v->name.data ? v->name.data : "";
  t->flags = (v->is_const ? OP_CONST : 0) | (v->is_variable ? OP_VARIABLE : 0);
  t->data = (void *)v->data;
  t->known = (op_known *)v->known;
}

/* ---- services ---- */

static eval *eval_of(op_ctx *c) { return (eval *)(void *)c; }

static void *host_alloc(op_ctx *c, size_t bytes) { return arena_alloc(eval_of(c)->arena, bytes); }

static mote_status host_pack(op_ctx *c, const void *source, uint32_t layout, size_t bytes,
                             void (*fill)(void *to, const void *arg), const void *arg, const void **out) {
  (void)source, (void)layout;
  void *const block = arena_alloc(eval_of(c)->arena, bytes);
  if (!block) return op_no_memory(c, bytes);
  fill(block, arg);
  *out = block;
  return MOTE_OK;
}

static void host_parallel(op_ctx *c, size_t count, void (*task)(void *arg, size_t task, int worker), void *arg) {
  (void)c;
  for (size_t i = 0; i < count; i++) task(arg, i, 0);
}

static bool host_cancelled(op_ctx *c) {
  (void)c;
  return false;
}

static mote_status host_resource_id(op_ctx *c, op_resource_kind kind, sch_string container, sch_string name,
                                    int32_t table, int32_t *id) {
  (void)c, (void)kind, (void)container, (void)name, (void)table;
  *id = 0;
  return MOTE_OK;
}

static op_known *host_know(op_ctx *c, int output) {
  op_known *const known = ARENA_NEW(eval_of(c)->arena, op_known);
  if (known) known->count = OP_KNOWN_MAX;
  return c->out[output]->known = known;
}

static const graph *graph_at(op_ctx *c, int32_t subgraph) {
  const graph_set *const set = eval_of(c)->set;
  return subgraph >= 0 && subgraph < set->count ? &set->graphs[subgraph] : NULL;
}

static mote_status no_graph(op_ctx *c, int32_t subgraph) {
  return op_fail(c, MOTE_ERR_MODEL, "subgraph %d does not exist; the model has %d", (int)subgraph,
                 (int)eval_of(c)->set->count);
}

static const op_tensor *described(op_ctx *c, const graph_value *v) {
  op_tensor *const t = ARENA_NEW(eval_of(c)->arena, op_tensor);
  if (t) eval_tensor(v, t);
  return t;
}

static mote_status host_callee(op_ctx *c, int32_t subgraph, const op_tensor *const **in, int *in_count,
                               const op_tensor *const **out, int *out_count) {
  const graph *const g = graph_at(c, subgraph);
  if (!g) return no_graph(c, subgraph);
  const op_tensor **list =
      ARENA_ARRAY(eval_of(c)->arena, const op_tensor *, (size_t)g->num_inputs + (size_t)g->num_outputs + 1);
  if (!list) return op_no_memory(c, 0);
  for (int32_t i = 0; i < g->num_inputs + g->num_outputs; i++) {
    const int32_t v = i < g->num_inputs ? g->inputs[i] : g->outputs[i - g->num_inputs];
    if (v >= 0 && !(list[i] = described(c, &g->values[v]))) return op_no_memory(c, 0);
  }
  *in = list;
  *in_count = g->num_inputs;
  *out = list + g->num_inputs;
  *out_count = g->num_outputs;
  return MOTE_OK;
}

static int32_t input_number(const graph *g, int32_t value) {
  for (int32_t i = 0; i < g->num_inputs; i++)
    if (g->inputs[i] == value) return i;
  return -1;
}

static mote_status host_region(op_ctx *c, int32_t subgraph, op_region *out) {
  const graph *const g = graph_at(c, subgraph);
  if (!g) return no_graph(c, subgraph);
  *out = (op_region){.operators = g->num_nodes, .code = -1, .takes = {-1, -1}, .gives = -1};
  if (g->num_outputs > 0) out->gives = input_number(g, g->outputs[0]);
  if (g->num_nodes != 1) return MOTE_OK;
  const graph_node *const n = &g->nodes[0];
  out->code = n->op->code;
  out->options = n->options;
  for (int32_t i = 0; i < 2 && i < n->num_inputs; i++) out->takes[i] = input_number(g, n->inputs[i]);
  return MOTE_OK;
}

static const op_tensor *host_tensor(op_ctx *c, int32_t index) {
  const graph *const g = &eval_of(c)->set->graphs[c->subgraph];
  return index >= 0 && index < g->num_values ? described(c, &g->values[index]) : NULL;
}

/* ---- calls ---- */

static mote_status open_on(eval *v, const graph *g, const graph_node *n, int32_t index, op_tensor *tensors);

/* Shapes of all values of a graph for these inputs, node by node. */
static mote_status infer_graph(eval *caller, const graph *g, const op_tensor *const *in, int in_count,
                               op_tensor *tensors) {
  for (int32_t i = 0; i < g->num_values; i++) eval_tensor(&g->values[i], &tensors[i]);
  for (int32_t i = 0; i < g->num_inputs && i < in_count; i++)
    if (in[i] && g->inputs[i] >= 0 && !op_is_const(&tensors[g->inputs[i]]))
      op_set_shape(&tensors[g->inputs[i]], in[i]->rank, in[i]->dims);
  for (int32_t i = 0; i < g->num_nodes; i++) {
    eval v = {.set = caller->set, .arena = caller->arena, .depth = caller->depth + 1, .c.error = caller->c.error};
    MOTE_TRY(open_on(&v, g, &g->nodes[i], i, tensors));
    MOTE_TRY(eval_check(&v));
    MOTE_TRY(eval_infer(&v));
  }
  return MOTE_OK;
}

static mote_status host_infer_call(op_ctx *c, int32_t subgraph, const op_tensor *const *in, int in_count,
                                   op_tensor *const *out, int out_count) {
  eval *const v = eval_of(c);
  const graph *const g = graph_at(c, subgraph);
  if (!g) return no_graph(c, subgraph);
  if (v->depth >= MOST_DEPTH)
    return op_fail(c, MOTE_ERR_LIMIT, "calls of subgraphs go more than %d deep here", MOST_DEPTH);
  op_tensor *const tensors = ARENA_ARRAY(v->arena, op_tensor, (size_t)g->num_values + 1);
  if (!tensors) return op_no_memory(c, 0);
  MOTE_TRY(infer_graph(v, g, in, in_count, tensors));
  for (int i = 0; i < out_count && i < g->num_outputs; i++)
    if (out[i]) op_same_shape(out[i], &tensors[g->outputs[i]]);
  return MOTE_OK;
}

static const op_host host = {
    .alloc = host_alloc,
    .pack = host_pack,
    .parallel = host_parallel,
    .cancelled = host_cancelled,
    .resource_id = host_resource_id,
    .callee = host_callee,
    .infer_call = host_infer_call,
    .region = host_region,
    .know = host_know,
    .tensor = host_tensor,
};

/* ---- one node ---- */

static mote_status no_memory(const eval *v) { return err_memory(v->c.error, "the shapes of a network", 0); }

/* Lists of operands; in `tensors` when they are given for all values of the graph, else described here. */
static op_tensor **operands(eval *v, const graph *g, const int32_t *indices, int32_t count, op_tensor *tensors) {
  op_tensor **const list = ARENA_ARRAY(v->arena, op_tensor *, (size_t)count + 1);
  op_tensor *const own = tensors ? NULL : ARENA_ARRAY(v->arena, op_tensor, (size_t)count + 1);
  if (!list || (!tensors && !own)) return NULL;
  for (int32_t i = 0; i < count; i++) {
    if (indices[i] < 0) continue;
    list[i] = tensors ? &tensors[indices[i]] : &own[i];
    if (!tensors) eval_tensor(&g->values[indices[i]], &own[i]);
  }
  return list;
}

static mote_status open_on(eval *v, const graph *g, const graph_node *n, int32_t index, op_tensor *tensors) {
  mote_error *const e = v->c.error;
  v->c = (op_ctx){.op = n->op,
                  .options = n->options,
                  .custom = n->custom,
                  .custom_size = n->custom_size,
                  .version = n->version,
                  .num_inputs = n->num_inputs,
                  .num_outputs = n->num_outputs,
                  .num_intermediates = n->num_intermediates,
                  .workers = 1,
                  .isa = cpu_best(),
                  .host = &host,
                  .error = e,
                  .subgraph = g->subgraph,
                  .index = index};
  v->c.in = operands(v, g, n->inputs, n->num_inputs, tensors);
  v->c.out = operands(v, g, n->outputs, n->num_outputs, tensors);
  v->c.intermediates = operands(v, g, n->intermediates, n->num_intermediates, tensors);
  v->c.params = arena_alloc(v->arena, n->op->params_size);
  v->c.record = arena_alloc(v->arena, n->op->record_size);
  if (!v->c.in || !v->c.out || !v->c.intermediates || !v->c.params || !v->c.record) return no_memory(v);
  return MOTE_OK;
}

mote_status eval_open(eval *v, const graph_set *set, const graph *g, const graph_node *n, int32_t index, arena *a,
                      mote_error *e) {
  *v = (eval){.set = set, .arena = a, .c.error = e};
  return open_on(v, g, n, index, NULL);
}

mote_status eval_arity(op_ctx *c) {
  const mote_op *const op = c->op;
  if (c->num_inputs < op->inputs_min || (op->inputs_max != OP_ANY && c->num_inputs > op->inputs_max))
    return op_fail(c, MOTE_ERR_MODEL, "it has %d inputs; %d to %d are taken", (int)c->num_inputs, op->inputs_min,
                   op->inputs_max);
  if (c->num_outputs < op->outputs_min || (op->outputs_max != OP_ANY && c->num_outputs > op->outputs_max))
    return op_fail(c, MOTE_ERR_MODEL, "it has %d outputs; %d to %d are given", (int)c->num_outputs, op->outputs_min,
                   op->outputs_max);
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (!c->in[i] && !(i < 64 && (op->optional >> i & 1)))
      return op_fail(c, MOTE_ERR_MODEL, "input %d is left out, but it is not optional", (int)i);
  for (int32_t i = 0; i < c->num_outputs; i++)
    if (!c->out[i] && !(op->traits & OP_CALLS)) return op_fail(c, MOTE_ERR_MODEL, "output %d is left out", (int)i);
  return MOTE_OK;
}

mote_status eval_check(eval *v) {
  MOTE_TRY(eval_arity(&v->c));
  MOTE_TRY(op_check_types(&v->c));
  return v->c.op->check ? v->c.op->check(&v->c) : MOTE_OK;
}

/* ---- integers that follow from shapes ---- */

static bool small_integers(const op_tensor *t) {
  size_t n;
  return (t->type == MOTE_INT32 || t->type == MOTE_INT64) && op_shape_known(t) && size_dims(t->dims, t->rank, &n) &&
         n <= OP_KNOWN_MAX;
}

static bool known_whole(const op_tensor *t) {
  if (!t->known || !small_integers(t)) return false;
  const size_t n = op_count(t);
  const uint64_t all = n == OP_KNOWN_MAX ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
  return (t->known->mask & all) == all;
}

/* Gives an operand that is known without data its data. */
static bool write_out(eval *v, op_tensor *t) {
  if (!known_whole(t)) return false;
  const size_t n = op_count(t);
  if (!op_type_bytes(t->type, n, &t->bytes)) return false;
  void *const data = arena_alloc(v->arena, t->bytes);
  for (size_t i = 0; data && i < n; i++) {
    if (t->type == MOTE_INT64) ((int64_t *)data)[i] = t->known->v[i];
    else ((int32_t *)data)[i] = (int32_t)t->known->v[i];
  }
  t->data = data;
  return data != NULL;
}

/* What operators compute of known integers is known too. */
static void know_results(eval *v) {
  op_ctx *const c = &v->c;
  bool good = eval_pure(c) && c->num_inputs > 0;
  for (int32_t i = 0; i < c->num_outputs && good; i++)
    good = c->out[i] && !c->out[i]->known && small_integers(c->out[i]);
  for (int32_t i = 0; i < c->num_inputs && good; i++)
    good = !c->in[i] || (c->in[i]->data && c->in[i]->bytes <= OP_KNOWN_MAX * sizeof(int64_t)) || write_out(v, c->in[i]);
  if (!good || !eval_run(v, OP_KNOWN_MAX * sizeof(int64_t))) return;
  for (int32_t i = 0; i < c->num_outputs; i++) {
    const size_t n = op_count(c->out[i]);
    op_known *const known = ARENA_NEW(v->arena, op_known);
    if (!known) return;
    known->count = (int32_t)n;
    known->mask = n == OP_KNOWN_MAX ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
    for (size_t k = 0; k < n; k++) known->v[k] = op_int_at(c->out[i], k);
    c->out[i]->known = known;
  }
}

mote_status eval_infer(eval *v) {
  op_ctx *const c = &v->c;
  for (int32_t i = 0; i < c->num_outputs; i++)
    if (c->out[i]) c->out[i]->known = NULL;
  if (c->op->infer) MOTE_TRY(c->op->infer(c));
  know_results(v);
  return MOTE_OK;
}

bool eval_keep(const eval *e, graph *g, const graph_node *n, arena *a) {
  for (int32_t i = 0; i < n->num_outputs; i++) {
    if (n->outputs[i] < 0) continue;
    graph_value *const v = &g->values[n->outputs[i]];
    const op_tensor *const t = e->c.out[i];
    v->rank = t->rank;
    v->has_rank = t->rank >= 0;
    for (int32_t d = 0; d < t->rank; d++) {
      v->signature[d] = t->dims[d];
      v->dims[d] = t->dims[d] < 0 ? 1 : t->dims[d]; /* the format's way of writing an open dimension */
    }
    v->known = NULL;
    if (!t->known) continue;
    op_known *const known = ARENA_NEW(a, op_known);
    if (!known) return false;
    *known = *t->known;
    v->known = known;
  }
  return true;
}

static mote_status infer_node(graph_set *set, graph *g, int32_t node, arena *a, mote_error *e) {
  const graph_node *const n = &g->nodes[node];
  arena scratch;
  eval v;
  arena_init(&scratch, a->mem);
  mote_status status = eval_open(&v, set, g, n, n->index, &scratch, e);
  if (status == MOTE_OK) status = eval_check(&v);
  if (status == MOTE_OK) status = eval_infer(&v);
  if (status == MOTE_OK && !eval_keep(&v, g, n, a)) status = no_memory(&v);
  arena_free(&scratch);
  return status;
}

mote_status graph_infer_nodes(graph_set *set, graph *g, arena *a, mote_error *e) {
  for (int32_t i = 0; i < g->num_nodes; i++) MOTE_TRY(infer_node(set, g, i, a, e));
  return MOTE_OK;
}

mote_status graph_infer(graph_set *set, arena *a, mote_error *e) {
  for (int32_t s = 0; s < set->count; s++) {
    graph *const g = &set->graphs[s];
    for (int32_t i = 0; i < g->num_inputs; i++) {
      graph_value *const v = g->inputs[i] < 0 ? NULL : &g->values[g->inputs[i]];
      if (v && !v->rank && !v->has_rank && !v->is_const) v->rank = -1;
    }
    MOTE_TRY(graph_infer_nodes(set, g, a, e));
  }
  return MOTE_OK;
}

/* ---- running ---- */

bool eval_pure(const op_ctx *c) {
  if (c->op->traits & (OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE) || c->op->state_size || !c->op->run) return false;
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i] && (c->in[i]->type == MOTE_STRING || c->in[i]->flags & OP_VARIABLE)) return false;
  for (int32_t i = 0; i < c->num_outputs; i++)
    if (!c->out[i] || c->out[i]->type == MOTE_STRING) return false;
  return true;
}

static bool output_memory(eval *v, size_t most) {
  op_ctx *const c = &v->c;
  for (int32_t i = 0; i < c->num_outputs; i++) {
    op_tensor *const t = c->out[i];
    size_t count;
    if (!op_shape_known(t) || !size_dims(t->dims, t->rank, &count) || !op_type_bytes(t->type, count, &t->bytes) ||
        t->bytes > most || !(t->data = arena_alloc(v->arena, t->bytes)))
      return false;
    most -= t->bytes;
  }
  return true;
}

bool eval_run(eval *v, size_t most) {
  op_ctx *const c = &v->c;
  mote_error *const error = c->error;
  if (!eval_pure(c)) return false;
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i]) {
      if (!c->in[i]->data || c->in[i]->sparsity) return false;
      c->in[i]->flags |= OP_CONST;
    }
  c->error = NULL; /* what cannot be computed here is left for the run, which says why */
  bool good = (!c->op->prepare || c->op->prepare(c) == MOTE_OK) && output_memory(v, most) &&
              (!c->op->plan || c->op->plan(c) == MOTE_OK) && (c->scratch = arena_alloc(v->arena, c->scratch_size));
  good = good && c->op->run(c) == MOTE_OK;
  c->error = error;
  for (int32_t i = 0; i < c->num_outputs && !good; i++) c->out[i]->data = NULL;
  return good;
}
