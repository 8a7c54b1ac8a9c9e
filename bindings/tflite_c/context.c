/* context.c: the functions of TfLiteContext. They work in every callback; those that change the graph, only while a
 * delegate is being applied. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bindings/tflite_c/tflite_c.h"

static void report_error(TfLiteContext *c, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report_va(&subgraph_of(c)->it->reporter, format, args);
  va_end(args);
}

/* ---- tensors ---- */

static TfLiteTensor *get_tensor(const TfLiteContext *c, int index) {
  const subgraph *sg = subgraph_of(c);
  return has_tensor(sg, index) ? &sg->context.tensors[index] : NULL;
}

static TfLiteStatus add_tensors(TfLiteContext *c, int count, int *first) {
  return subgraph_add_tensors(subgraph_of(c), count, first) ? kTfLiteOk : kTfLiteError;
}

static bool can_resize(const TfLiteTensor *t) {
  return t->allocation_type != kTfLiteMmapRo && t->allocation_type != kTfLiteMemNone &&
         t->allocation_type != kTfLiteVariantObject;
}

/* A tensor of the plan has the memory that the plan gave it: in a run its shape is fixed. */
static bool is_planned(const TfLiteTensor *t) {
  return t->allocation_type == kTfLiteArenaRw || t->allocation_type == kTfLiteArenaRwPersistent ||
         t->allocation_type == kTfLiteCustom;
}

static TfLiteStatus resize(subgraph *sg, TfLiteTensor *t, const TfLiteIntArray *dims) {
  size_t bytes = 0;
  const bool sized = t->type != kTfLiteString && t->type != kTfLiteResource && t->type != kTfLiteVariant;
  for (int i = 0; i < dims->size; i++)
    if (dims->data[i] < 0) {
      report(&sg->it->reporter, "tensor '%s' was resized to a negative dimension (%d)", TfLiteTensorName(t),
             dims->data[i]);
      return kTfLiteError;
    }
  if (sg->invoking && is_planned(t) && !TfLiteIntArrayEqual(t->dims, dims)) {
    report(&sg->it->reporter,
           "tensor '%s' was resized in a run, but has a fixed place; make it kTfLiteDynamic in prepare",
           TfLiteTensorName(t));
    return kTfLiteError;
  }
  const TfLiteTensor shaped = {.type = t->type, .dims = (TfLiteIntArray *)dims};
  if (sized) {
    if (subgraph_tensor_bytes(&shaped, &bytes) != kTfLiteOk) {
      report(&sg->it->reporter, "tensor '%s' of type %s cannot have the size that was asked for", TfLiteTensorName(t),
             TfLiteTypeGetName(t->type));
      return kTfLiteError;
    }
    if (TfLiteTensorResizeMaybeCopy(bytes, t, false) != kTfLiteOk) {
      report(&sg->it->reporter, "out of memory: tensor '%s' needs %zu bytes", TfLiteTensorName(t), bytes);
      return kTfLiteError;
    }
    if (!sg->invoking && is_planned(t) && t->allocation_type != kTfLiteCustom && bytes != t->bytes) t->data.data = NULL;
    t->bytes = bytes;
  }
  return tensor_set_dims(t, dims->size, dims->data) ? kTfLiteOk : kTfLiteError;
}

static TfLiteStatus resize_tensor(TfLiteContext *c, TfLiteTensor *t, TfLiteIntArray *dims) {
  if (!t || !dims || !can_resize(t)) {
    report_error(c, "Attempting to resize a fixed-size tensor.");
    TfLiteIntArrayFree(dims);
    return kTfLiteError;
  }
  const TfLiteStatus status = resize(subgraph_of(c), t, dims);
  /* The tensor has a copy; one that hands back the tensor's own shape keeps it. */
  if (dims != t->dims) TfLiteIntArrayFree(dims);
  return status;
}

static TfLiteStatus resize_tensor_explicit(TfLiteContext *c, TfLiteTensor *t, int rank, const int *shape) {
  TfLiteIntArray *dims = rank < 0 || (rank && !shape) ? NULL : TfLiteIntArrayCreate(rank);
  if (!dims) return kTfLiteError;
  for (int i = 0; i < rank; i++) dims->data[i] = shape[i];
  return resize_tensor(c, t, dims);
}

TfLiteStatus context_ensure_readable(subgraph *sg, int index) {
  if (!has_tensor(sg, index)) return kTfLiteError;
  TfLiteTensor *t = &sg->context.tensors[index];
  if (!t->data_is_stale) return kTfLiteOk;
  if (!t->delegate || t->buffer_handle == kTfLiteNullBufferHandle) return kTfLiteError;
  const TfLiteStatus status = delegate_copy_from(&sg->context, t->delegate, t->buffer_handle, t);
  if (status == kTfLiteOk) t->data_is_stale = false;
  return status;
}

/* ---- nodes ---- */

static TfLiteStatus get_execution_plan(TfLiteContext *c, TfLiteIntArray **plan) {
  subgraph *sg = subgraph_of(c);
  TfLiteIntArray *copy = plan ? TfLiteIntArrayCopy(sg->plan) : NULL;
  if (!copy) return kTfLiteError;
  TfLiteIntArrayFree(sg->shown_plan);
  *plan = sg->shown_plan = copy;
  return kTfLiteOk;
}

static TfLiteStatus get_node(TfLiteContext *c, int index, TfLiteNode **node, TfLiteRegistration **registration) {
  subgraph *sg = subgraph_of(c);
  if (index < 0 || index >= sg->num_nodes || !node || !registration) {
    report_error(c, "node %d was asked for; subgraph %d has %d", index, (int)sg->index, (int)sg->num_nodes);
    return kTfLiteError;
  }
  *node = &sg->nodes[index]->node;
  *registration = &sg->nodes[index]->registration;
  return kTfLiteOk;
}

static TfLiteStatus replace_nodes(TfLiteContext *c, TfLiteRegistration registration, const TfLiteIntArray *nodes,
                                  TfLiteDelegate *d) {
  return delegate_replace(subgraph_of(c), registration, nodes, d);
}

static TfLiteStatus preview(TfLiteContext *c, const TfLiteIntArray *nodes, TfLiteDelegateParams **params, int *count) {
  subgraph *sg = subgraph_of(c);
  free_delegate_params(sg->previews, sg->num_previews);
  sg->previews = NULL;
  sg->num_previews = 0;
  if (!params || !count || !nodes) return kTfLiteError;
  *params = NULL;
  *count = 0;
  partition *parts;
  int32_t num_parts;
  if (!nodes->size) return kTfLiteOk;
  if (!partition_plan(sg, nodes, &parts, &num_parts)) return kTfLiteError;
  sg->previews = calloc((size_t)num_parts + 1, sizeof *sg->previews);
  for (int32_t i = 0; sg->previews && i < num_parts; i++) {
    if (!parts[i].taken) continue;
    sg->previews[sg->num_previews++] = (TfLiteDelegateParams){NULL, parts[i].nodes, parts[i].inputs, parts[i].outputs};
    parts[i] = (partition){0}; /* the arrays are the preview's now */
  }
  partition_free(parts, num_parts);
  if (!sg->previews) return kTfLiteError;
  *params = sg->previews;
  *count = sg->num_previews;
  return kTfLiteOk;
}

/* ---- memory ---- */

static void *allocate_persistent(TfLiteContext *c, size_t bytes) {
  return arena_alloc(&subgraph_of(c)->it->arena, bytes ? bytes : 1);
}

static TfLiteStatus allocate_for_eval(TfLiteContext *c, size_t bytes, void **memory) {
  if (!memory) return kTfLiteError;
  *memory = allocate_persistent(c, bytes);
  return *memory ? kTfLiteOk : kTfLiteError;
}

static TfLiteStatus request_scratch(TfLiteContext *c, size_t bytes, int *index) {
  sub_node *n = subgraph_of(c)->current;
  if (!n || !index || subgraph_of(c)->invoking) {
    report_error(c, "scratch of %zu bytes was asked for outside prepare", bytes);
    return kTfLiteError;
  }
  const size_t count = (size_t)n->num_scratch + 1;
  size_t *sizes = realloc(n->scratch_sizes, count * sizeof *sizes);
  if (sizes) n->scratch_sizes = sizes;
  void **places = realloc(n->scratch, count * sizeof *places);
  if (places) n->scratch = places;
  if (!sizes || !places) return kTfLiteError;
  sizes[n->num_scratch] = bytes;
  places[n->num_scratch] = NULL;
  *index = n->num_scratch++;
  return kTfLiteOk;
}

static void *get_scratch(TfLiteContext *c, int index) {
  const sub_node *n = subgraph_of(c)->current;
  return n && index >= 0 && index < n->num_scratch ? n->scratch[index] : NULL;
}

/* ---- the rest ---- */

static TfLiteExternalContext *get_external(TfLiteContext *c, TfLiteExternalContextType type) {
  return (unsigned)type < kTfLiteMaxExternalContexts ? subgraph_of(c)->it->external[type] : NULL;
}

static void set_external(TfLiteContext *c, TfLiteExternalContextType type, TfLiteExternalContext *external) {
  if ((unsigned)type < kTfLiteMaxExternalContexts) subgraph_of(c)->it->external[type] = external;
}

static TfLiteStatus get_metadata(const TfLiteContext *c, const char *name, const char **data, size_t *bytes) {
  if (!name || !data || !bytes) return kTfLiteError;
  *data = NULL;
  *bytes = 0;
  const void *memory;
  if (!mote_model_metadata(subgraph_of(c)->it->model, name, &memory, bytes)) return kTfLiteError;
  *data = memory;
  return kTfLiteOk;
}

static TfLiteStatus acquire_subgraph(TfLiteContext *c, int index, TfLiteContext **acquired) {
  TfLiteInterpreter *it = subgraph_of(c)->it;
  if (!acquired || index < 0 || index >= it->num_subgraphs) {
    report_error(c, "subgraph %d was asked for; the model has %d", index, (int)it->num_subgraphs);
    return kTfLiteError;
  }
  *acquired = &it->subgraphs[index].context;
  return kTfLiteOk;
}

static TfLiteStatus release_subgraph(TfLiteContext *c, int index) {
  return index >= 0 && index < subgraph_of(c)->it->num_subgraphs ? kTfLiteOk : kTfLiteError;
}

void context_fill(subgraph *sg) {
  const int32_t threads = sg->it->threads;
  sg->context = (TfLiteContext){
      .impl_ = sg,
      .recommended_num_threads = threads,
      .GetExecutionPlan = get_execution_plan,
      .ResizeTensor = resize_tensor,
      .ReportError = report_error,
      .AddTensors = add_tensors,
      .GetNodeAndRegistration = get_node,
      .ReplaceNodeSubsetsWithDelegateKernels = replace_nodes,
      .GetExternalContext = get_external,
      .SetExternalContext = set_external,
      .AllocatePersistentBuffer = allocate_persistent,
      .AllocateBufferForEval = allocate_for_eval,
      .RequestScratchBufferInArena = request_scratch,
      .GetScratchBuffer = get_scratch,
      .ResizeTensorExplicit = resize_tensor_explicit,
      .PreviewDelegatePartitioning = preview,
      .GetTensor = get_tensor,
      .GetModelMetadata = get_metadata,
      .AcquireSubgraphContext = acquire_subgraph,
      .ReleaseSubgraphContext = release_subgraph,
  };
}
