/* host.c: the services an operator gets from the room that runs it. */
#include <string.h>

#include "base/error.h"
#include "runtime/runtime.h"

static exec_step *step_of(op_ctx *c) { return (exec_step *)(void *)c; }

static void *host_alloc(op_ctx *c, size_t bytes) { return arena_alloc(&step_of(c)->program->arena, bytes); }

static bool in_file(const mote_program *p, const void *source) {
  const uint8_t *at = source;
  const file_view *f = &p->model->file;
  return at >= f->data && at < f->data + f->size;
}

static mote_status host_pack(op_ctx *c, const void *source, uint32_t layout, size_t bytes,
                             void (*fill)(void *to, const void *arg), const void *arg, const void **out) {
  mote_program *p = step_of(c)->program;
  pack_list *list = in_file(p, source) && !p->plan_only ? &p->model->packs : &p->packs;
  /* Packs of different instruction sets differ: the level is part of the layout. */
  const uint32_t key = layout << 3 | (uint32_t)c->isa;
  bool made;
  step_of(c)->unpacked = p->plan_only;
  return packs_get(list, p->mem, source, key, bytes, p->plan_only ? NULL : fill, arg, out, &made, c->error);
}

static bool host_cancelled(op_ctx *c) {
  const exec_step *s = step_of(c);
  return s->session && atomic_load_explicit(&s->session->cancel, memory_order_relaxed);
}

typedef struct guarded {
  op_ctx *c;
  void (*task)(void *arg, size_t task, int worker);
  void *arg;
} guarded;

/* Every task is a point where a run can be cancelled; run_step says so. */
static void guarded_task(void *arg, size_t task, int worker) {
  const guarded *g = arg;
  if (!host_cancelled(g->c)) g->task(g->arg, task, worker);
}

static void host_parallel(op_ctx *c, size_t count, void (*task)(void *arg, size_t task, int worker), void *arg) {
  const exec_step *s = step_of(c);
  guarded g = {c, task, arg};
  pool_run(s->session ? s->session->pool : NULL, count, guarded_task, &g);
}

static mote_status host_resize(op_ctx *c, int output, int32_t rank, const int32_t *dims, size_t bytes) {
  return late_resize(step_of(c), c->out[output], rank, dims, bytes);
}

static bool same_string(sch_string a, sch_string b) {
  return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

static mote_status host_resource_id(op_ctx *c, op_resource_kind kind, sch_string container, sch_string name,
                                    int32_t table, int32_t *id) {
  mote_program *p = step_of(c)->program;
  for (int32_t i = 0; i < p->num_resources; i++) {
    const resource_name *r = &p->resources[i];
    if (r->kind == kind && r->table == table && same_string(r->container, container) && same_string(r->name, name)) {
      *id = i;
      return MOTE_OK;
    }
  }
  resource_name *more = mem_resize(p->mem, p->resources, ((size_t)p->num_resources + 1) * sizeof *more);
  if (!more) return op_no_memory(c, sizeof *more);
  p->resources = more;
  p->resources[p->num_resources] = (resource_name){kind, container, name, table};
  *id = p->num_resources++;
  return MOTE_OK;
}

static mote_status host_resource(op_ctx *c, op_resource_kind kind, int32_t id, op_resource **out) {
  const exec_step *s = step_of(c);
  if (id < 0 || id >= s->program->num_resources)
    return op_fail(c, MOTE_ERR_RUN, "resource number %d does not exist; the model has %d", (int)id,
                   (int)s->program->num_resources);
  op_resource *r = &s->session->resources[id];
  if (s->program->resources[id].kind != kind)
    return op_fail(c, MOTE_ERR_RUN, "resource number %d is a %s, but a %s is needed", (int)id,
                   kind == OP_RESOURCE_TABLE ? "variable" : "hash table",
                   kind == OP_RESOURCE_TABLE ? "hash table" : "variable");
  r->kind = kind;
  r->used = true;
  *out = r;
  return MOTE_OK;
}

static mem *host_session_mem(op_ctx *c) { return step_of(c)->session->mem; }

static op_tensor_lists *host_lists(op_ctx *c) { return &step_of(c)->session->lists; }

static void visit_frame(op_ctx *c, const frame *f, void (*visit)(op_ctx *c, const op_tensor *variant)) {
  const int32_t values = step_of(c)->program->graphs.graphs[f->graph].num_values;
  for (int32_t v = 0; f->has_late && v < values; v++)
    if (f->tensors[v].type == MOTE_VARIANT) visit(c, &f->tensors[v]);
}

static void host_variants(op_ctx *c, void (*visit)(op_ctx *c, const op_tensor *variant)) {
  const mote_session *s = step_of(c)->session;
  for (int32_t g = 0; g < s->program->graphs.count; g++) {
    if (s->entries[g].frame) visit_frame(c, s->entries[g].frame, visit);
    for (const frame *f = s->frames[g]; f; f = f->next) visit_frame(c, f, visit);
  }
  for (int32_t i = 0; i < s->program->num_resources; i++)
    if (s->resources[i].variable.value.type == MOTE_VARIANT) visit(c, &s->resources[i].variable.value);
}

static mote_status host_callee(op_ctx *c, int32_t subgraph, const op_tensor *const **in, int *in_count,
                               const op_tensor *const **out, int *out_count) {
  mote_program *p = step_of(c)->program;
  if (subgraph < 0 || subgraph >= p->graphs.count)
    return op_fail(c, MOTE_ERR_MODEL, "subgraph %d does not exist; the model has %d", (int)subgraph,
                   (int)p->graphs.count);
  const graph *g = &p->graphs.graphs[subgraph];
  op_tensor *values = p->compiled[subgraph].values;
  const op_tensor **list = ARENA_ARRAY(&p->arena, const op_tensor *, (size_t)(g->num_inputs + g->num_outputs + 1));
  if (!list) return op_no_memory(c, 0);
  for (int32_t i = 0; i < g->num_inputs; i++) list[i] = g->inputs[i] < 0 ? NULL : &values[g->inputs[i]];
  for (int32_t i = 0; i < g->num_outputs; i++) list[g->num_inputs + i] = &values[g->outputs[i]];
  *in = list;
  *in_count = g->num_inputs;
  *out = list + g->num_inputs;
  *out_count = g->num_outputs;
  return MOTE_OK;
}

/* Which input of g a value is; -1: none. */
static int32_t input_number(const graph *g, int32_t value) {
  for (int32_t i = 0; i < g->num_inputs; i++)
    if (g->inputs[i] == value) return i;
  return -1;
}

static mote_status host_region(op_ctx *c, int32_t subgraph, op_region *out) {
  const mote_program *p = step_of(c)->program;
  if (subgraph < 0 || subgraph >= p->graphs.count)
    return op_fail(c, MOTE_ERR_MODEL, "subgraph %d does not exist; the model has %d", (int)subgraph,
                   (int)p->graphs.count);
  const graph *g = &p->graphs.graphs[subgraph];
  *out = (op_region){.operators = g->num_nodes, .code = -1, .takes = {-1, -1}, .gives = -1};
  if (g->num_outputs > 0) out->gives = input_number(g, g->outputs[0]);
  if (g->num_nodes != 1) return MOTE_OK;
  const graph_node *n = &g->nodes[0];
  out->code = n->op->code;
  out->options = n->options;
  for (int32_t i = 0; i < 2 && i < n->num_inputs; i++) out->takes[i] = input_number(g, n->inputs[i]);
  return MOTE_OK;
}

/* Remembers that the step uses this frame, once. */
static mote_status note_callee(exec_step *s, frame *f) {
  for (int32_t i = 0; i < s->num_callees; i++)
    if (s->callees[i] == f) return MOTE_OK;
  frame **more = ARENA_ARRAY(&s->frame->records, frame *, (size_t)s->num_callees + 1);
  size_t *at = ARENA_ARRAY(&s->frame->records, size_t, (size_t)s->num_callees + 1);
  if (!more || !at) return op_no_memory(&s->c, 0);
  if (s->num_callees) memcpy(more, s->callees, (size_t)s->num_callees * sizeof *more);
  more[s->num_callees++] = f;
  s->callees = more;
  s->callee_at = at;
  f->pinned++;
  return MOTE_OK;
}

static mote_status host_infer_call(op_ctx *c, int32_t subgraph, const op_tensor *const *in, int in_count,
                                   op_tensor *const *out, int out_count) {
  exec_step *s = step_of(c);
  int32_t(*key)[OP_MAX_RANK + 1] = mem_array(s->session->mem, (size_t)in_count + 1, sizeof *key);
  if (!key) return op_no_memory(c, sizeof *key);
  bool known = true;
  for (int i = 0; i < in_count; i++) {
    if (!in[i]) continue;
    known &= op_shape_known(in[i]);
    key[i][0] = in[i]->rank;
    if (in[i]->rank > 0) memcpy(&key[i][1], in[i]->dims, (size_t)in[i]->rank * sizeof **key);
  }
  frame *f = NULL;
  mote_status status = MOTE_OK;
  if (known) {
    status = frame_get(s->session, subgraph, (const int32_t(*)[OP_MAX_RANK + 1]) key, false, &f, c->error);
    if (status == MOTE_OK && !s->late) status = note_callee(s, f);
  }
  mem_free(s->session->mem, key);
  if (status != MOTE_OK) return status;
  const graph *g = &s->program->graphs.graphs[subgraph];
  for (int i = 0; i < out_count && i < g->num_outputs; i++) {
    if (!out[i]) continue;
    const op_tensor *from = f ? &f->tensors[g->outputs[i]] : NULL;
    if (from && !(from->flags & OP_LATE)) op_same_shape(out[i], from);
    else out[i]->rank = -1;
  }
  return MOTE_OK;
}

static mote_status host_call(op_ctx *c, int32_t subgraph, const op_tensor *const *in, int in_count,
                             const op_tensor *const **out, int *out_count) {
  return step_call(step_of(c), subgraph, in, in_count, out, out_count);
}

static mote_status host_loop_round(op_ctx *c) {
  mote_session *s = step_of(c)->session;
  if (s->rounds == 0)
    return op_fail(c, MOTE_ERR_LIMIT,
                   "the loops of this run made %llu rounds, all that the configuration's loop_budget allows",
                   (unsigned long long)s->loop_budget);
  s->rounds--;
  return MOTE_OK;
}

static bool *host_called(op_ctx *c, int32_t subgraph) { return &step_of(c)->session->called[subgraph]; }

/* Only while planning a frame; a program that folds constants has no use for it. */
static op_known *host_know(op_ctx *c, int output) {
  const exec_step *s = step_of(c);
  if (!s->frame || s->late) return NULL;
  op_known *known = ARENA_NEW(&s->frame->records, op_known);
  if (known) known->count = OP_KNOWN_MAX;
  return c->out[output]->known = known;
}

static const op_tensor *host_tensor(op_ctx *c, int32_t index) {
  const exec_step *s = step_of(c);
  const prog_graph *g = &s->program->compiled[c->subgraph];
  return index >= 0 && index < g->graph->num_values ? &g->values[index] : NULL;
}

const op_host runtime_host = {
    .alloc = host_alloc,
    .pack = host_pack,
    .parallel = host_parallel,
    .cancelled = host_cancelled,
    .resize = host_resize,
    .resource_id = host_resource_id,
    .resource = host_resource,
    .session_mem = host_session_mem,
    .lists = host_lists,
    .variants = host_variants,
    .callee = host_callee,
    .infer_call = host_infer_call,
    .call = host_call,
    .region = host_region,
    .loop_round = host_loop_round,
    .called = host_called,
    .know = host_know,
    .tensor = host_tensor,
};

/* The list of tensors behind value indices; NULL where the index is -1. */
static op_tensor **tensor_list(arena *a, op_tensor *tensors, const int32_t *indices, int32_t count) {
  op_tensor **list = ARENA_ARRAY(a, op_tensor *, (size_t)count + 1);
  for (int32_t i = 0; list && i < count; i++) list[i] = indices[i] < 0 ? NULL : &tensors[indices[i]];
  return list;
}

mote_status step_init(exec_step *s, mote_program *p, const prog_graph *g, int32_t step, op_tensor *tensors, arena *a,
                      mote_error *e) {
  const prog_step *from = &g->steps[step];
  const graph_node *n = from->node;
  s->program = p;
  s->c = (op_ctx){.op = n->op,
                  .options = n->options,
                  .custom = n->custom,
                  .custom_size = n->custom_size,
                  .version = n->version,
                  .num_inputs = n->num_inputs,
                  .num_outputs = n->num_outputs,
                  .num_intermediates = n->num_intermediates,
                  .params = from->params,
                  .state_size = n->op->state_size,
                  .workers = 1,
                  .isa = p->isa,
                  .host = &runtime_host,
                  .error = e,
                  .subgraph = g->graph->subgraph,
                  .index = n->index};
  s->c.in = tensor_list(a, tensors, n->inputs, n->num_inputs);
  s->c.out = tensor_list(a, tensors, n->outputs, n->num_outputs);
  s->c.intermediates = tensor_list(a, tensors, n->intermediates, n->num_intermediates);
  s->c.record = arena_alloc(a, n->op->record_size);
  if (!s->c.in || !s->c.out || !s->c.intermediates || !s->c.record) return err_memory(e, "the steps of the network", 0);
  return MOTE_OK;
}
