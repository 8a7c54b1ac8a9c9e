/* signature.c: runners of signatures: a subgraph, with the names that the signature gives its inputs and outputs, in
 * alphabetical order. */
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

typedef struct named {
  const char *name;
  int tensor;
} named;

typedef struct name_list {
  named *items;
  size_t count;
} name_list;

struct TfLiteSignatureRunner {
  subgraph *sg;
  name_list inputs, outputs;
};

static int by_name(const void *a, const void *b) { return strcmp(((const named *)a)->name, ((const named *)b)->name); }

static bool make_list(name_list *l, const sch_TensorMap *maps, uint32_t count) {
  l->items = calloc((size_t)count + 1, sizeof *l->items);
  if (!l->items) return false;
  l->count = count;
  for (uint32_t i = 0; i < count; i++)
    l->items[i] = (named){maps[i].name.data ? maps[i].name.data : "", (int)maps[i].tensor_index};
  if (count) qsort(l->items, count, sizeof *l->items, by_name);
  return true;
}

/* -1: there is none of this name. */
static int tensor_named(const name_list *l, const char *name) {
  for (size_t i = 0; name && i < l->count; i++)
    if (!strcmp(l->items[i].name, name)) return l->items[i].tensor;
  return -1;
}

static const char *name_at(const name_list *l, int32_t i) {
  return i >= 0 && (size_t)i < l->count ? l->items[i].name : NULL;
}

/* ---- signatures of an interpreter ---- */

int32_t TfLiteInterpreterGetSignatureCount(const TfLiteInterpreter *it) {
  return it ? mote_model_signature_count(it->model) : 0;
}

const char *TfLiteInterpreterGetSignatureKey(const TfLiteInterpreter *it, int32_t i) {
  return i >= 0 && i < TfLiteInterpreterGetSignatureCount(it) ? mote_model_signature_key(it->model, i) : NULL;
}

TfLiteSignatureRunner *TfLiteInterpreterGetSignatureRunner(const TfLiteInterpreter *it, const char *key) {
  const int32_t count = TfLiteInterpreterGetSignatureCount(it);
  int32_t found = -1;
  for (int32_t i = 0; key && found < 0 && i < count; i++)
    if (!strcmp(mote_model_signature_key(it->model, i), key)) found = i;
  TfLiteSignatureRunner *r = found < 0 ? NULL : calloc(1, sizeof *r);
  if (!r) return NULL;
  const sch_SignatureDef *d = &it->model->schema->model->signature_defs.data[found];
  r->sg = &it->subgraphs[d->subgraph_index];
  if (make_list(&r->inputs, d->inputs.data, d->inputs.count) &&
      make_list(&r->outputs, d->outputs.data, d->outputs.count))
    return r;
  TfLiteSignatureRunnerDelete(r);
  return NULL;
}

void TfLiteSignatureRunnerDelete(TfLiteSignatureRunner *r) {
  if (!r) return;
  free(r->inputs.items);
  free(r->outputs.items);
  free(r);
}

/* ---- a runner ---- */

static TfLiteTensor *tensor_of(const TfLiteSignatureRunner *r, const name_list *l, const char *name) {
  const int index = tensor_named(l, name);
  return has_tensor(r->sg, index) ? &r->sg->context.tensors[index] : NULL;
}

size_t TfLiteSignatureRunnerGetInputCount(const TfLiteSignatureRunner *r) { return r ? r->inputs.count : 0; }
size_t TfLiteSignatureRunnerGetOutputCount(const TfLiteSignatureRunner *r) { return r ? r->outputs.count : 0; }
const char *TfLiteSignatureRunnerGetInputName(const TfLiteSignatureRunner *r, int32_t i) {
  return r ? name_at(&r->inputs, i) : NULL;
}
const char *TfLiteSignatureRunnerGetOutputName(const TfLiteSignatureRunner *r, int32_t i) {
  return r ? name_at(&r->outputs, i) : NULL;
}
TfLiteTensor *TfLiteSignatureRunnerGetInputTensor(TfLiteSignatureRunner *r, const char *name) {
  return r ? tensor_of(r, &r->inputs, name) : NULL;
}
const TfLiteTensor *TfLiteSignatureRunnerGetOutputTensor(const TfLiteSignatureRunner *r, const char *name) {
  return r ? tensor_of(r, &r->outputs, name) : NULL;
}

TfLiteStatus TfLiteSignatureRunnerResizeInputTensor(TfLiteSignatureRunner *r, const char *name, const int *dims,
                                                    int32_t rank) {
  if (!r || rank < 0 || (rank && !dims)) return kTfLiteError;
  const reporter *to = &r->sg->it->reporter;
  const int index = tensor_named(&r->inputs, name);
  if (!has_tensor(r->sg, index)) {
    report(to, "Input name %s was not found", name ? name : "(null)");
    return kTfLiteError;
  }
  const TfLiteTensor *t = &r->sg->context.tensors[index];
  const TfLiteIntArray *signature = TfLiteTensorGetDimsSignature(t);
  if (!signature || signature->size != rank) {
    report(to, "Attempting to resize tensor %d from %d dimensions to %d.", index, signature ? signature->size : -1,
           (int)rank);
    return kTfLiteError;
  }
  for (int32_t i = 0; i < rank; i++) {
    if (signature->data[i] == -1 || signature->data[i] == dims[i]) continue;
    report(to,
           "Attempting to resize dimension %d of tensor %d with value %d to %d. ResizeInputTensorStrict only allows "
           "mutating unknown dimensions identified by -1.",
           (int)i, index, signature->data[i], dims[i]);
    return kTfLiteError;
  }
  return subgraph_resize_input(r->sg, index, dims, rank);
}

TfLiteStatus TfLiteSignatureRunnerAllocateTensors(TfLiteSignatureRunner *r) {
  return r ? subgraph_allocate(r->sg) : kTfLiteError;
}
TfLiteStatus TfLiteSignatureRunnerInvoke(TfLiteSignatureRunner *r) { return r ? subgraph_invoke(r->sg) : kTfLiteError; }
TfLiteStatus TfLiteSignatureRunnerCancel(TfLiteSignatureRunner *r) {
  return r ? interpreter_cancel(r->sg->it) : kTfLiteError;
}
