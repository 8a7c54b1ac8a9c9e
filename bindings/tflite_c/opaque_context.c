/* opaque_context.c: contexts through functions alone. */
#include "bindings/tflite_c/opaque.h"

static const subgraph *subgraph_in(const TfLiteOpaqueContext *c) { return c ? subgraph_of(context_in(c)) : NULL; }

static TfLiteStatus give(const int *list, size_t size, const int **data, int *count) {
  if (!data || !count) return kTfLiteError;
  *data = list;
  *count = (int)size;
  return kTfLiteOk;
}

/* ---- the subgraph ---- */

TfLiteStatus TfLiteOpaqueContextGetInputs(const TfLiteOpaqueContext *c, const int **data, int *count) {
  if (!c) return kTfLiteError;
  const sch_i32s *list = &subgraph_record(subgraph_in(c))->inputs;
  return give(list->data, list->count, data, count);
}
TfLiteStatus TfLiteOpaqueContextGetOutputs(const TfLiteOpaqueContext *c, const int **data, int *count) {
  if (!c) return kTfLiteError;
  const sch_i32s *list = &subgraph_record(subgraph_in(c))->outputs;
  return give(list->data, list->count, data, count);
}
TfLiteStatus TfLiteOpaqueContextGetVariables(const TfLiteOpaqueContext *c, const int **data, int *count) {
  const subgraph *sg = subgraph_in(c);
  return sg ? give(sg->variables, (size_t)sg->num_variables, data, count) : kTfLiteError;
}
size_t TfLiteOpaqueContextGetNumNodes(const TfLiteOpaqueContext *c) {
  return c ? (size_t)subgraph_in(c)->num_nodes : 0;
}
size_t TfLiteOpaqueContextGetNumTensors(const TfLiteOpaqueContext *c) { return c ? context_in(c)->tensors_size : 0; }
const char *TfLiteOpaqueContextGetName(const TfLiteOpaqueContext *c) {
  const char *name = c ? subgraph_record(subgraph_in(c))->name.data : NULL;
  return name ? name : "";
}

/* ---- nodes ---- */

TfLiteStatus TfLiteOpaqueContextGetExecutionPlan(TfLiteOpaqueContext *c, TfLiteIntArray **plan) {
  return c ? context_out(c)->GetExecutionPlan(context_out(c), plan) : kTfLiteError;
}

/* A registration filled by hand has no operator: one without callbacks says its code, name and version. */
static TfLiteOperator *operator_of(sub_node *n) {
  const TfLiteRegistration *r = &n->registration;
  if (r->registration_external) return r->registration_external;
  if (!n->shown)
    n->shown = TfLiteOperatorCreate((TfLiteBuiltinOperator)r->builtin_code, r->custom_name, r->version, NULL);
  return n->shown;
}

TfLiteStatus TfLiteOpaqueContextGetNodeAndRegistration(TfLiteOpaqueContext *c, int index, TfLiteOpaqueNode **node,
                                                       TfLiteOperator **op) {
  TfLiteNode *found;
  TfLiteRegistration *registration;
  if (!c || !node || !op) return kTfLiteError;
  TF_LITE_ENSURE_STATUS(context_out(c)->GetNodeAndRegistration(context_out(c), index, &found, &registration));
  *node = (TfLiteOpaqueNode *)(void *)found;
  *op = operator_of(subgraph_in(c)->nodes[index]);
  return *op ? kTfLiteOk : kTfLiteError;
}

TfLiteStatus TfLiteOpaqueContextReplaceNodeSubsetsWithDelegateKernels(TfLiteOpaqueContext *c, TfLiteOperator *op,
                                                                      const TfLiteIntArray *nodes,
                                                                      TfLiteOpaqueDelegate *d) {
  if (!c || !op) return kTfLiteError;
  return context_out(c)->ReplaceNodeSubsetsWithDelegateKernels(context_out(c), operator_registration(op), nodes, d);
}

/* ---- tensors ---- */

TfLiteOpaqueTensor *TfLiteOpaqueContextGetOpaqueTensor(const TfLiteOpaqueContext *c, int index) {
  return c ? (TfLiteOpaqueTensor *)(void *)context_in(c)->GetTensor(context_in(c), index) : NULL;
}

TfLiteStatus TfLiteOpaqueContextResizeTensor(TfLiteOpaqueContext *c, TfLiteOpaqueTensor *t, TfLiteIntArray *size) {
  if (c) return context_out(c)->ResizeTensor(context_out(c), tensor_out(t), size);
  TfLiteIntArrayFree(size);
  return kTfLiteError;
}

TfLiteStatus TfLiteOpaqueContextAddTensor(TfLiteOpaqueContext *o, TfLiteOpaqueTensorBuilder *b, int *index) {
  if (!o || !b) return kTfLiteError;
  TfLiteContext *c = context_out(o);
  const TfLiteAllocationType type = b->allocation_type;
  if (type != kTfLiteDynamic && type != kTfLiteArenaRw && type != kTfLiteArenaRwPersistent) {
    c->ReportError(c, "Invalid allocation type: a tensor that is added is dynamic, of the arena, or persistent there");
    return kTfLiteError;
  }
  if (type != kTfLiteDynamic && b->data) {
    c->ReportError(c, "Only a dynamic tensor is added with data");
    return kTfLiteError;
  }
  if (type == kTfLiteDynamic && !b->data) {
    c->ReportError(c, "A dynamic tensor is added with data");
    return kTfLiteError;
  }
  int first;
  TF_LITE_ENSURE_STATUS(c->AddTensors(c, 1, &first));
  TfLiteTensor *t = &c->tensors[first];
  t->type = b->type;
  t->allocation_type = type;
  t->data.data = b->data;
  t->params = b->params;
  t->quantization = b->quantization;
  if (index) *index = first;
  return kTfLiteOk;
}

TfLiteStatus TfLiteOpaqueContextGetSizeOfType(TfLiteOpaqueContext *c, TfLiteType type, size_t *bytes) {
  mote_type of_mote;
  const int bits = type_from_tflite(type, &of_mote) ? mote_type_bits(of_mote) : 0;
  if (!bytes) return kTfLiteError;
  if (!bits) {
    if (c) TfLiteOpaqueContextReportError(c, "Type %d has no fixed size", (int)type);
    return kTfLiteError;
  }
  *bytes = bits < 8 ? 1 : (size_t)bits / 8;
  return kTfLiteOk;
}

/* ---- the rest ---- */

TfLiteStatus TfLiteOpaqueContextGetExternalContext(TfLiteOpaqueContext *c, void **external,
                                                   TfLiteExternalContextType type) {
  if (!c || !external) return kTfLiteError;
  *external = context_out(c)->GetExternalContext(context_out(c), type);
  return kTfLiteOk;
}

TfLiteStatus TfLiteOpaqueContextAcquireSubgraphContext(TfLiteOpaqueContext *c, int index,
                                                       TfLiteOpaqueContext **acquired) {
  TfLiteContext *found = NULL;
  if (!c || !acquired) return kTfLiteError;
  TF_LITE_ENSURE_STATUS(context_out(c)->AcquireSubgraphContext(context_out(c), index, &found));
  *acquired = (TfLiteOpaqueContext *)(void *)found;
  return kTfLiteOk;
}

TfLiteStatus TfLiteOpaqueContextReleaseSubgraphContext(TfLiteOpaqueContext *c, int index) {
  return c ? context_out(c)->ReleaseSubgraphContext(context_out(c), index) : kTfLiteError;
}

TfLiteStatus TfLiteOpaqueContextMarkSubgraphAsDelegationSkippable(TfLiteOpaqueContext *c, int index) {
  const subgraph *sg = subgraph_in(c);
  if (!sg || index <= 0 || index >= sg->it->num_subgraphs) return kTfLiteError;
  sg->it->subgraphs[index].skippable = true;
  return kTfLiteOk;
}

TfLiteStatus TfLiteOpaqueContextGetNodeInitDataMmapInfo(const TfLiteOpaqueContext *c, const TfLiteOpaqueNode *n,
                                                        int *fd, int64_t *offset, int64_t *size) {
  (void)c;
  (void)n;
  (void)fd;
  (void)offset;
  (void)size;
  return kTfLiteError;
}

TfLiteStatus TfLiteOpaqueContextGetMetadata(TfLiteOpaqueContext *c, const char *name, const char **data,
                                            size_t *bytes) {
  return c ? context_out(c)->GetModelMetadata(context_out(c), name, data, bytes) : kTfLiteError;
}

void TfLiteOpaqueContextReportErrorVa(TfLiteOpaqueContext *c, const char *format, va_list args) {
  if (c && format) report_va(&subgraph_in(c)->it->reporter, format, args);
}

void TfLiteOpaqueContextReportError(TfLiteOpaqueContext *c, const char *format, ...) {
  va_list args;
  va_start(args, format);
  TfLiteOpaqueContextReportErrorVa(c, format, args);
  va_end(args);
}
