/* delegate.c: delegates: applied to the subgraphs of an interpreter, taken back, and their buffers. */
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

/* ---- callbacks, of the struct or of the opaque builder behind it ---- */

static const TfLiteOpaqueDelegateBuilder *builder_of(const TfLiteDelegate *d) { return d->opaque_delegate_builder; }
static TfLiteOpaqueContext *opaque(TfLiteContext *c) { return (TfLiteOpaqueContext *)(void *)c; }
static TfLiteOpaqueTensor *opaque_tensor(TfLiteTensor *t) { return (TfLiteOpaqueTensor *)(void *)t; }

int64_t delegate_flags(const TfLiteDelegate *d) { return builder_of(d) ? builder_of(d)->flags : d->flags; }

static TfLiteStatus call_prepare(TfLiteContext *c, TfLiteDelegate *d) {
  const TfLiteOpaqueDelegateBuilder *b = builder_of(d);
  if (b && b->Prepare) return b->Prepare(opaque(c), d, b->data);
  return !b && d->Prepare ? d->Prepare(c, d) : kTfLiteDelegateError;
}

TfLiteStatus delegate_copy_from(TfLiteContext *c, TfLiteDelegate *d, TfLiteBufferHandle handle, TfLiteTensor *t) {
  const TfLiteOpaqueDelegateBuilder *b = builder_of(d);
  if (b && b->CopyFromBufferHandle) return b->CopyFromBufferHandle(opaque(c), d, b->data, handle, opaque_tensor(t));
  return !b && d->CopyFromBufferHandle ? d->CopyFromBufferHandle(c, d, handle, t) : kTfLiteError;
}

void delegate_free_handle(TfLiteContext *c, TfLiteDelegate *d, TfLiteBufferHandle *handle) {
  const TfLiteOpaqueDelegateBuilder *b = builder_of(d);
  if (b && b->FreeBufferHandle) b->FreeBufferHandle(opaque(c), d, b->data, handle);
  else if (!b && d->FreeBufferHandle) d->FreeBufferHandle(c, d, handle);
}

/* ---- the objects ---- */

TfLiteDelegate TfLiteDelegateCreate(void) { return (TfLiteDelegate){0}; }

TfLiteOpaqueDelegate *TfLiteOpaqueDelegateCreate(const TfLiteOpaqueDelegateBuilder *builder) {
  if (!builder) return NULL;
  TfLiteDelegate *d = calloc(1, sizeof *d);
  TfLiteOpaqueDelegateBuilder *copy = d ? malloc(sizeof *copy) : NULL;
  if (!copy) {
    free(d);
    return NULL;
  }
  *copy = *builder;
  d->opaque_delegate_builder = copy;
  return d;
}

void TfLiteOpaqueDelegateDelete(TfLiteOpaqueDelegate *d) {
  if (!d) return;
  free(d->opaque_delegate_builder);
  free(d);
}

void *TfLiteOpaqueDelegateGetData(const TfLiteOpaqueDelegate *d) {
  if (!d) return NULL;
  return builder_of(d) ? builder_of(d)->data : d->data_;
}

/* ---- parameters of kernels ---- */

void free_delegate_params(TfLiteDelegateParams *p, int32_t count) {
  for (int32_t i = 0; p && i < count; i++) {
    TfLiteIntArrayFree(p[i].nodes_to_replace);
    TfLiteIntArrayFree(p[i].input_tensors);
    TfLiteIntArrayFree(p[i].output_tensors);
  }
  free(p);
}

static TfLiteIntArray *place(char **at, const TfLiteIntArray *from) {
  TfLiteIntArray *to = (TfLiteIntArray *)(void *)*at;
  memcpy(to, from, TfLiteIntArrayGetSizeInBytes(from->size));
  *at += TfLiteIntArrayGetSizeInBytes(from->size);
  return to;
}

/* One block for the struct and its arrays, as nodes own it. */
static void *make_params(TfLiteDelegate *d, const partition *p) {
  const bool is_opaque = builder_of(d) != NULL;
  const size_t head = is_opaque ? sizeof(TfLiteOpaqueDelegateParams) : sizeof(TfLiteDelegateParams);
  char *memory = malloc(head + TfLiteIntArrayGetSizeInBytes(p->nodes->size) +
                        TfLiteIntArrayGetSizeInBytes(p->inputs->size) + TfLiteIntArrayGetSizeInBytes(p->outputs->size));
  if (!memory) return NULL;
  char *at = memory + head;
  TfLiteIntArray *nodes = place(&at, p->nodes), *in = place(&at, p->inputs), *out = place(&at, p->outputs);
  if (is_opaque)
    *(TfLiteOpaqueDelegateParams *)(void *)memory =
        (TfLiteOpaqueDelegateParams){d, builder_of(d)->data, nodes, in, out};
  else *(TfLiteDelegateParams *)(void *)memory = (TfLiteDelegateParams){d, nodes, in, out};
  return memory;
}

/* ---- replacing nodes ---- */

static TfLiteStatus own_operator(TfLiteInterpreter *it, TfLiteOperator *op) {
  for (size_t i = 0; i < it->num_owned_ops; i++)
    if (it->owned_ops[i] == op) return kTfLiteOk;
  TfLiteOperator **more = realloc(it->owned_ops, (it->num_owned_ops + 1) * sizeof(TfLiteOperator *));
  if (!more) return kTfLiteError;
  it->owned_ops = more;
  it->owned_ops[it->num_owned_ops++] = op;
  return kTfLiteOk;
}

static TfLiteStatus add_kernel(subgraph *sg, const TfLiteRegistration *r, const partition *p, TfLiteDelegate *d,
                               int *index) {
  void *params = make_params(d, p);
  sub_node *n =
      params ? subgraph_add_node(sg, TfLiteIntArrayCopy(p->inputs), TfLiteIntArrayCopy(p->outputs), r, params) : NULL;
  if (!n) return kTfLiteError;
  n->foreign = true;
  n->node.delegate = d;
  for (int i = 0; i < p->outputs->size; i++) {
    TfLiteTensor *t = &sg->context.tensors[p->outputs->data[i]];
    if (t->delegate && t->delegate != d) return kTfLiteError;
    t->delegate = d;
  }
  node_init(n);
  *index = n->index;
  return kTfLiteOk;
}

static TfLiteStatus replace(subgraph *sg, const TfLiteRegistration *r, const partition *parts, int32_t count,
                            TfLiteDelegate *d) {
  int32_t total = 0, at = 0;
  for (int32_t i = 0; i < count; i++) total += parts[i].taken ? 1 : parts[i].nodes->size;
  TfLiteIntArray *plan = TfLiteIntArrayCreate(total);
  TfLiteStatus status = plan ? kTfLiteOk : kTfLiteError;
  for (int32_t i = 0; status == kTfLiteOk && i < count; i++) {
    if (parts[i].taken) status = add_kernel(sg, r, &parts[i], d, &plan->data[at++]);
    else
      for (int k = 0; k < parts[i].nodes->size; k++) plan->data[at++] = parts[i].nodes->data[k];
  }
  if (status != kTfLiteOk) {
    TfLiteIntArrayFree(plan);
    return status;
  }
  TfLiteIntArrayFree(sg->plan);
  sg->plan = plan;
  return kTfLiteOk;
}

TfLiteStatus delegate_replace(subgraph *sg, TfLiteRegistration r, const TfLiteIntArray *nodes, TfLiteDelegate *d) {
  if (!d || !nodes || !sg->it->applying) {
    report(&sg->it->reporter, "nodes can only be replaced while a delegate is being applied");
    return kTfLiteError;
  }
  r.builtin_code = sch_BuiltinOperator_DELEGATE;
  if (builder_of(d)) {
    if (!r.registration_external) return kTfLiteDelegateError;
    TF_LITE_ENSURE_STATUS(own_operator(sg->it, r.registration_external));
  }
  if (r.registration_external) r.registration_external->builtin_code = kTfLiteBuiltinDelegate;
  if (!nodes->size) return kTfLiteOk;
  partition *parts;
  int32_t count;
  if (!partition_plan(sg, nodes, &parts, &count)) return kTfLiteError;
  const TfLiteStatus status = replace(sg, &r, parts, count, d);
  partition_free(parts, count);
  return status;
}

/* ---- applying and taking back ---- */

TfLiteStatus delegate_undo(subgraph *sg) {
  if (!sg->first_plan) return kTfLiteOk;
  interpreter_drop_program(sg->it);
  for (size_t i = 0; i < sg->context.tensors_size; i++) {
    TfLiteTensor *t = &sg->context.tensors[i];
    if (t->delegate && t->buffer_handle != kTfLiteNullBufferHandle)
      delegate_free_handle(&sg->context, t->delegate, &t->buffer_handle);
    if (t->delegate && t->allocation_type == kTfLiteDynamic && t->type != kTfLiteString) {
      TfLiteTensorDataFree(t);
      t->allocation_type = kTfLiteArenaRw;
    }
    t->delegate = NULL;
    t->buffer_handle = kTfLiteNullBufferHandle;
    t->data_is_stale = false;
  }
  while (sg->num_nodes > sg->num_file_nodes) node_free(sg->nodes[--sg->num_nodes]);
  TfLiteIntArrayFree(sg->plan);
  sg->plan = sg->first_plan;
  sg->first_plan = NULL;
  sg->undone = sg->num_delegates > 0;
  sg->immutable = sg->allocated = false;
  for (int32_t i = 0; i < sg->it->num_subgraphs; i++) sg->it->subgraphs[i].skippable = false;
  return kTfLiteOk;
}

static void note_allocated(TfLiteInterpreter *it) {
  for (int32_t i = 0; i < it->num_subgraphs; i++) it->subgraphs[i].wanted = it->subgraphs[i].allocated;
}

static TfLiteStatus allocate_wanted(TfLiteInterpreter *it) {
  for (int32_t i = 0; i < it->num_subgraphs; i++)
    if (it->subgraphs[i].wanted) TF_LITE_ENSURE_STATUS(subgraph_allocate(&it->subgraphs[i]));
  return kTfLiteOk;
}

static TfLiteStatus forget_delegates(subgraph *sg) {
  TF_LITE_ENSURE_STATUS(delegate_undo(sg));
  sg->num_delegates = 0;
  sg->undone = false;
  return kTfLiteOk;
}

TfLiteStatus delegate_remove_all(TfLiteInterpreter *it) {
  note_allocated(it);
  for (int32_t i = 0; i < it->num_subgraphs; i++) TF_LITE_ENSURE_STATUS(forget_delegates(&it->subgraphs[i]));
  return allocate_wanted(it);
}

/* A delegate for fixed shapes may not meet a tensor whose size a run decides. */
static TfLiteStatus need_fixed_shapes(subgraph *sg) {
  TF_LITE_ENSURE_STATUS(subgraph_plan(sg));
  const frame *f = subgraph_frame(sg);
  if (!f || !f->has_late) return kTfLiteOk;
  report(&sg->it->reporter,
         "Attempting to use a delegate that only supports static-sized tensors with a graph that has "
         "dynamic-sized tensors.");
  return kTfLiteApplicationError;
}

static bool fully_delegated(const subgraph *sg) {
  for (int i = 0; i < sg->plan->size; i++)
    if (!sg->nodes[sg->plan->data[i]]->node.delegate) return false;
  return true;
}

static TfLiteStatus restore(subgraph *sg) {
  TF_LITE_ENSURE_STATUS(forget_delegates(sg));
  report(&sg->it->reporter, "Restored original execution plan after delegate application failure.");
  return kTfLiteDelegateError;
}

static TfLiteStatus prepare(subgraph *sg, TfLiteDelegate *d) {
  TfLiteInterpreter *it = sg->it;
  if (!sg->first_plan) sg->first_plan = TfLiteIntArrayCopy(sg->plan);
  if (!sg->first_plan) return kTfLiteError;
  it->applying = true;
  const TfLiteStatus status = call_prepare(&sg->context, d);
  it->applying = false;
  free_delegate_params(sg->previews, sg->num_previews);
  sg->previews = NULL;
  sg->num_previews = 0;
  if (status == kTfLiteOk) return kTfLiteOk;
  return restore(sg);
}

static bool remember(subgraph *sg, TfLiteDelegate *d) {
  TfLiteDelegate **more = realloc(sg->delegates, (sg->num_delegates + 1) * sizeof(TfLiteDelegate *));
  if (!more) return false;
  sg->delegates = more;
  sg->delegates[sg->num_delegates++] = d;
  return true;
}

static TfLiteStatus apply(subgraph *sg, TfLiteDelegate *d) {
  if (!d) {
    report(&sg->it->reporter, "Null delegate.");
    return kTfLiteDelegateError;
  }
  TF_LITE_ENSURE_STATUS(delegate_redo(sg));
  const int64_t flags = delegate_flags(d);
  const bool dynamic = flags & kTfLiteDelegateFlagsAllowDynamicTensors;
  const bool hint_full = flags & kTfLiteDelegateFlagsHintFullyDelegatedToSingleDelegate;
  if (!dynamic && !hint_full && !sg->immutable) TF_LITE_ENSURE_STATUS(need_fixed_shapes(sg));
  const int32_t nodes = sg->num_nodes;
  TF_LITE_ENSURE_STATUS(prepare(sg, d));
  if (hint_full && !fully_delegated(sg)) {
    report(&sg->it->reporter, "Hint fully delegated to single delegate is set, but the graph is not fully delegated.");
    return kTfLiteApplicationError;
  }
  if (!remember(sg, d)) return kTfLiteError;
  if (sg->num_nodes != nodes) interpreter_drop_program(sg->it);
  sg->immutable |= !dynamic;
  return kTfLiteOk;
}

TfLiteStatus delegate_redo(subgraph *sg) {
  if (!sg->undone) return kTfLiteOk;
  sg->undone = false;
  TfLiteDelegate **list = sg->delegates;
  const size_t count = sg->num_delegates;
  sg->delegates = NULL;
  sg->num_delegates = 0;
  TfLiteStatus status = kTfLiteOk;
  for (size_t i = 0; status == kTfLiteOk && i < count; i++) status = apply(sg, list[i]);
  free(list);
  return status;
}

/* Subgraphs are left as they were found: ready to run, if they were. After a delegate for fixed shapes the first one
 * always is. */
TfLiteStatus delegate_apply(TfLiteInterpreter *it, TfLiteDelegate *d) {
  TfLiteStatus status = kTfLiteOk;
  note_allocated(it);
  for (int32_t i = 0; status == kTfLiteOk && i < it->num_subgraphs; i++)
    if (!it->subgraphs[i].skippable) status = apply(&it->subgraphs[i], d);
  const int64_t free_shapes =
      kTfLiteDelegateFlagsAllowDynamicTensors | kTfLiteDelegateFlagsHintFullyDelegatedToSingleDelegate;
  if (status == kTfLiteOk && !(delegate_flags(d) & free_shapes)) it->subgraphs[0].wanted = true;
  if (status == kTfLiteOk && allocate_wanted(it) != kTfLiteOk) status = kTfLiteDelegateError;
  if (status == kTfLiteDelegateError) TF_LITE_ENSURE_STATUS(delegate_remove_all(it));
  return status;
}
