/* foreign.c: nodes that callbacks compute, as descriptors in a program. Prepare is called where shapes are inferred,
 * invoke where the step runs; between, the tensors that the callbacks see are brought in step with the program's.
 *
 * An output that prepare makes kTfLiteDynamic is one whose size the run decides: its memory is the tensor's own, and
 * the program reads it there. Temporaries and scratch join the plan of the step. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "bindings/tflite_c/tflite_c.h"

static sub_node *node_of(const op_ctx *c) {
  return (sub_node *)(void *)((char *)(uintptr_t)c->op - offsetof(sub_node, op));
}

static TfLiteTensor *tensor_of(const op_ctx *c, const op_tensor *t) {
  return t && t->index >= 0 ? &node_of(c)->owner->context.tensors[t->index] : NULL;
}

static const char *name_of(const sub_node *n) {
  const TfLiteRegistration *r = &n->registration;
  const char *builtin = sch_enum_name(&sch_enum_BuiltinOperator, r->builtin_code);
  if (r->custom_name && *r->custom_name) return r->custom_name;
  if (r->registration_external && r->registration_external->custom_name) return r->registration_external->custom_name;
  return builtin ? builtin : "unknown";
}

/* Remembers what the callback returned, for the function of the interface that is under way. */
static mote_status failed(op_ctx *c, TfLiteStatus status, const char *what) {
  const sub_node *n = node_of(c);
  n->owner->it->foreign_status = status;
  return err_set(c->error, status == kTfLiteCancelled ? MOTE_ERR_CANCELLED : MOTE_ERR_RUN,
                 "Node number %d (%.200s) failed to %s.", (int)n->index, name_of(n), what);
}

static mote_status no_memory(op_ctx *c) { return op_no_memory(c, 0); }

/* ---- tensors: from the program to the callback and back ---- */

static bool is_sized(const TfLiteTensor *t) { return t->type != kTfLiteString && t->type != kTfLiteVariant; }

static mote_status show_input(op_ctx *c, const op_tensor *from) {
  TfLiteTensor *t = tensor_of(c, from);
  if (!t || t->allocation_type == kTfLiteMmapRo) return MOTE_OK;
  if (!tensor_set_dims(t, from->rank, from->dims)) return no_memory(c);
  /* What a foreign node made dynamic, and strings that the caller wrote, the tensor holds itself. */
  if (t->data.data == from->data || tensor_owns_data(t)) return MOTE_OK;
  if ((from->flags & OP_LATE) || !is_sized(t)) tensor_borrow(t, from->data, from->bytes);
  else t->data.data = from->data, t->bytes = from->bytes;
  return MOTE_OK;
}

static mote_status show_inputs(op_ctx *c) {
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i]) MOTE_TRY(show_input(c, c->in[i]));
  return MOTE_OK;
}

/* What prepare made of an output. */
static mote_status take_shape(op_ctx *c, op_tensor *to) {
  const TfLiteTensor *t = tensor_of(c, to);
  mote_type type;
  if (!t) return MOTE_OK;
  if (!type_from_tflite(t->type, &type) || type != to->type)
    return op_fail(c, MOTE_ERR_UNSUPPORTED, "prepare changed the type of output '%s' from %s to %s", to->name,
                   mote_type_name(to->type), TfLiteTypeGetName(t->type));
  if (t->allocation_type == kTfLiteDynamic) {
    to->rank = -1;
    return MOTE_OK;
  }
  if (!t->dims || t->dims->size > OP_MAX_RANK)
    return op_fail(c, MOTE_ERR_UNSUPPORTED, "prepare gave output '%s' %d dimensions; 0 to %d are taken", to->name,
                   t->dims ? t->dims->size : -1, OP_MAX_RANK);
  op_set_shape(to, t->dims->size, t->dims->data);
  return MOTE_OK;
}

/* ---- infer: prepare ---- */

static bool reads_late(const op_ctx *c) {
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i] && (c->in[i]->flags & OP_LATE)) return true;
  return false;
}

static TfLiteStatus call_prepare(sub_node *n) {
  subgraph *sg = n->owner;
  if (n->unresolved) {
    report(&sg->it->reporter,
           "Encountered unresolved custom op: %s. Register it with TfLiteInterpreterOptionsAddCustomOp.", name_of(n));
    return kTfLiteUnresolvedOps;
  }
  if (n->node.user_data == TfLiteKernelInitFailed()) return kTfLiteError;
  n->num_scratch = 0;
  sub_node *outer = sg->current;
  const bool invoking = sg->invoking;
  sg->current = n;
  sg->invoking = false;
  const TfLiteStatus status = registration_prepare(&n->registration, &sg->context, &n->node);
  sg->current = outer;
  sg->invoking = invoking;
  return status;
}

static mote_status prepare(op_ctx *c) {
  sub_node *n = node_of(c);
  MOTE_TRY(show_inputs(c));
  const TfLiteStatus status = call_prepare(n);
  if (status != kTfLiteOk && status != kTfLiteOutputShapeNotKnown) return failed(c, status, "prepare");
  n->prepared_for = c;
  return MOTE_OK;
}

static mote_status foreign_infer(op_ctx *c) {
  const exec_step *step = (const exec_step *)(const void *)c;
  /* A step that only writes what the run decides was prepared with the plan. */
  if (!step->late || node_of(c)->prepared_for != c || reads_late(c)) MOTE_TRY(prepare(c));
  for (int32_t i = 0; i < c->num_outputs; i++) MOTE_TRY(take_shape(c, c->out[i]));
  return MOTE_OK;
}

/* ---- plan: temporaries and scratch ---- */

/* Temporaries of the arena lie in the step's scratch; this goes through them with their offsets. base NULL: only adds
 * up. False: too large, or not there. */
static bool lay_out(sub_node *n, char *base, size_t *total) {
  subgraph *sg = n->owner;
  *total = 0;
  for (int i = 0; i < n->node.temporaries->size; i++) {
    const int index = n->node.temporaries->data[i];
    TfLiteTensor *t = has_tensor(sg, index) ? &sg->context.tensors[index] : NULL;
    if (!t || t->allocation_type != kTfLiteArenaRw) continue;
    if (subgraph_tensor_bytes(t, &t->bytes) != kTfLiteOk) return false;
    if (base) t->data.raw = base + *total;
    if (!size_add(*total, t->bytes, total) || !size_align(*total, MEM_ALIGN, total)) return false;
  }
  for (int32_t i = 0; i < n->num_scratch; i++) {
    if (base) n->scratch[i] = base + *total;
    if (!size_add(*total, n->scratch_sizes[i], total) || !size_align(*total, MEM_ALIGN, total)) return false;
  }
  return true;
}

/* Temporaries that last over runs have memory of their own, kept while their size stays. */
static bool keep_persistent(sub_node *n) {
  subgraph *sg = n->owner;
  mem *m = sg->it->model->mem;
  for (int i = 0; i < n->node.temporaries->size; i++) {
    const int index = n->node.temporaries->data[i];
    TfLiteTensor *t = has_tensor(sg, index) ? &sg->context.tensors[index] : NULL;
    if (!t || index < sg->num_file_tensors || t->allocation_type != kTfLiteArenaRwPersistent) continue;
    void **own = &sg->persistent[index];
    if (subgraph_tensor_bytes(t, &t->bytes) != kTfLiteOk) return false;
    if (!*own || mem_size(*own) != t->bytes) {
      mem_free(m, *own);
      *own = mem_zalloc(m, t->bytes);
      if (!*own) return false;
    }
    t->data.data = *own;
  }
  return true;
}

static mote_status foreign_plan(op_ctx *c) {
  sub_node *n = node_of(c);
  if (!lay_out(n, NULL, &c->scratch_size) || !keep_persistent(n))
    return op_fail(c, MOTE_ERR_LIMIT, "its temporaries are too large, or have no shape");
  return MOTE_OK;
}

/* ---- run: invoke ---- */

static mote_status show_output(op_ctx *c, const op_tensor *from) {
  TfLiteTensor *t = tensor_of(c, from);
  if (!t || (from->flags & OP_LATE)) return MOTE_OK;
  if (!tensor_set_dims(t, from->rank, from->dims)) return no_memory(c);
  t->data.data = from->data;
  t->bytes = from->bytes;
  return MOTE_OK;
}

static mote_status take_output(op_ctx *c, op_tensor *to) {
  static uint64_t nothing;
  const TfLiteTensor *t = tensor_of(c, to);
  if (!t || !(to->flags & OP_LATE)) return MOTE_OK;
  size_t count, bytes = t->bytes;
  const bool shaped = t->dims && t->dims->size <= OP_MAX_RANK && size_dims(t->dims->data, t->dims->size, &count);
  if (!shaped || (is_sized(t) && (!op_type_bytes(to->type, count, &bytes) || bytes > t->bytes)) ||
      (bytes && !t->data.data))
    return op_fail(c, MOTE_ERR_RUN, "invoke left the dynamic output '%s' without data of its shape", to->name);
  if (to->type == MOTE_STRING) MOTE_TRY(sch_check_strings(t->data.data, t->bytes, count, c->error));
  op_set_shape(to, t->dims->size, t->dims->data);
  to->data = t->data.data ? t->data.data : &nothing;
  to->bytes = bytes;
  return MOTE_OK;
}

/* Someone who cannot read the delegate's buffer: another node, or the caller. */
static bool read_elsewhere(const subgraph *sg, const TfLiteDelegate *d, int tensor) {
  for (int s = 0; s < sg->plan->size; s++) {
    const TfLiteNode *node = &sg->nodes[sg->plan->data[s]]->node;
    for (int i = 0; node->delegate != d && i < node->inputs->size; i++)
      if (node->inputs->data[i] == tensor) return true;
  }
  const sch_i32s *out = &subgraph_record(sg)->outputs;
  for (uint32_t i = 0; i < out->count && !sg->it->buffer_output; i++)
    if (out->data[i] == tensor) return true;
  return false;
}

static TfLiteStatus fetch_outputs(sub_node *n) {
  subgraph *sg = n->owner;
  for (int i = 0; i < n->node.outputs->size; i++) {
    const int index = n->node.outputs->data[i];
    if (!has_tensor(sg, index) || !sg->context.tensors[index].data_is_stale) continue;
    if (read_elsewhere(sg, n->node.delegate, index)) TF_LITE_ENSURE_STATUS(context_ensure_readable(sg, index));
  }
  return kTfLiteOk;
}

static TfLiteStatus call_invoke(sub_node *n) {
  subgraph *sg = n->owner;
  for (int i = 0; i < n->node.inputs->size; i++) {
    const int index = n->node.inputs->data[i];
    if (!has_tensor(sg, index)) continue;
    const TfLiteTensor *t = &sg->context.tensors[index];
    if (t->data_is_stale && t->delegate != n->node.delegate) TF_LITE_ENSURE_STATUS(context_ensure_readable(sg, index));
  }
  sub_node *outer = sg->current;
  const bool invoking = sg->invoking;
  sg->current = n;
  sg->invoking = true;
  const TfLiteStatus status = registration_invoke(&n->registration, &sg->context, &n->node);
  sg->current = outer;
  sg->invoking = invoking;
  return status == kTfLiteOk ? fetch_outputs(n) : status;
}

static mote_status foreign_run(op_ctx *c) {
  sub_node *n = node_of(c);
  size_t total;
  /* Another call of this subgraph, with other shapes, may have been prepared since. */
  if (n->prepared_for != c) MOTE_TRY(prepare(c));
  MOTE_TRY(show_inputs(c));
  for (int32_t i = 0; i < c->num_outputs; i++) MOTE_TRY(show_output(c, c->out[i]));
  if (!lay_out(n, c->scratch, &total) || total > c->scratch_size || !keep_persistent(n))
    return op_fail(c, MOTE_ERR_RUN, "prepare asked for more scratch than when the run was planned");
  const TfLiteStatus status = call_invoke(n);
  if (status != kTfLiteOk) return failed(c, status == kTfLiteCancelled ? status : kTfLiteError, "invoke");
  for (int32_t i = 0; i < c->num_outputs; i++) MOTE_TRY(take_output(c, c->out[i]));
  return MOTE_OK;
}

/* ---- graphs ---- */

static void describe(sub_node *n) {
  n->op = (mote_op){.name = name_of(n),
                    .code = sch_BuiltinOperator_CUSTOM,
                    .versions = INT32_MAX,
                    .inputs_max = OP_ANY,
                    .outputs_max = OP_ANY,
                    .optional = ~UINT64_C(0),
                    .types = "any ... > any ...",
                    .traits = OP_STATEFUL | OP_DATA_SHAPE,
                    .infer = foreign_infer,
                    .plan = foreign_plan,
                    .run = foreign_run};
}

/* A foreign node of the file keeps the indices of the lifted one, which name outputs that the file omits; one of a
 * delegate has its own. */
static void fill_node(graph_node *to, const graph *lifted, sub_node *n) {
  if (n->index < n->owner->num_file_nodes) *to = lifted->nodes[n->index];
  else
    *to = (graph_node){.inputs = n->node.inputs->data,
                       .num_inputs = n->node.inputs->size,
                       .outputs = n->node.outputs->data,
                       .num_outputs = n->node.outputs->size};
  to->index = n->index;
  if (!n->foreign) return;
  describe(n);
  to->op = &n->op;
  to->options = NULL;
}

bool foreign_graphs(TfLiteInterpreter *it) {
  arena_free(&it->changed_arena);
  arena_init(&it->changed_arena, it->model->mem);
  it->changed.count = it->lifted.count;
  it->changed.graphs = ARENA_ARRAY(&it->changed_arena, graph, (size_t)it->lifted.count + 1);
  for (int32_t g = 0; it->changed.graphs && g < it->changed.count; g++) {
    const subgraph *sg = &it->subgraphs[g];
    graph *to = &it->changed.graphs[g];
    *to = it->lifted.graphs[g];
    to->nodes = ARENA_ARRAY(&it->changed_arena, graph_node, (size_t)sg->plan->size + 1);
    if (!to->nodes) return false;
    to->num_nodes = sg->plan->size;
    for (int32_t i = 0; i < sg->plan->size; i++)
      fill_node(&to->nodes[i], &it->lifted.graphs[g], sg->nodes[sg->plan->data[i]]);
  }
  return it->changed.graphs != NULL;
}
