/* experimental.c: what c_api_experimental.h adds to interpreters: variables, delegates applied later, buffer handles,
 * memory of the caller's. */
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

/* ---- variables ---- */

int32_t TfLiteInterpreterGetVariableTensorCount(const TfLiteInterpreter *it) {
  return it ? it->subgraphs[0].num_variables : 0;
}

TfLiteTensor *TfLiteInterpreterGetVariableTensor(const TfLiteInterpreter *it, int32_t i) {
  if (!it || i < 0 || i >= it->subgraphs[0].num_variables) return NULL;
  return &it->subgraphs[0].context.tensors[it->subgraphs[0].variables[i]];
}

TfLiteStatus TfLiteInterpreterResetVariableTensors(TfLiteInterpreter *it) {
  if (!it) return kTfLiteError;
  for (int32_t g = 0; g < it->num_subgraphs; g++) {
    if (it->session) state_reset_variables(it->session, g);
    subgraph_reset_given(&it->subgraphs[g]);
  }
  return kTfLiteOk;
}

/* ---- delegates ---- */

TfLiteStatus TfLiteInterpreterModifyGraphWithDelegate(const TfLiteInterpreter *it, TfLiteDelegate *d) {
  return it ? delegate_apply((TfLiteInterpreter *)(uintptr_t)it, d) : kTfLiteError;
}

void TfLiteSetAllowBufferHandleOutput(const TfLiteInterpreter *it, bool allow) {
  if (it) ((TfLiteInterpreter *)(uintptr_t)it)->buffer_output = allow;
}

static subgraph *owner_of(TfLiteInterpreter *it, const TfLiteTensor *t) {
  for (int32_t i = 0; i < it->num_subgraphs; i++) {
    const TfLiteContext *c = &it->subgraphs[i].context;
    if (t >= c->tensors && t < c->tensors + c->tensors_size) return &it->subgraphs[i];
  }
  return NULL;
}

TfLiteStatus TfLiteInterpreterSetBufferHandle(TfLiteInterpreter *it, TfLiteTensor *t, TfLiteBufferHandle handle,
                                              TfLiteOpaqueDelegate *d) {
  subgraph *sg = it && t ? owner_of(it, t) : NULL;
  if (!sg || (t->delegate && t->delegate != d)) return kTfLiteError;
  t->delegate = d;
  if (t->buffer_handle != kTfLiteNullBufferHandle && d) delegate_free_handle(&sg->context, d, &t->buffer_handle);
  t->buffer_handle = handle;
  return kTfLiteOk;
}

TfLiteStatus TfLiteInterpreterGetBufferHandle(TfLiteInterpreter *it, int index, TfLiteBufferHandle *handle,
                                              TfLiteOpaqueDelegate **d) {
  const TfLiteTensor *t = TfLiteInterpreterGetTensor(it, index);
  if (!t || !handle || !d) return kTfLiteError;
  *d = t->delegate;
  *handle = t->buffer_handle;
  return kTfLiteOk;
}

TfLiteStatus TfLiteInterpreterEnsureTensorDataIsReadable(TfLiteInterpreter *it, int index) {
  return it ? context_ensure_readable(&it->subgraphs[0], index) : kTfLiteError;
}

/* ---- memory of the caller's ---- */

TfLiteStatus TfLiteInterpreterSetCustomAllocationForTensor(TfLiteInterpreter *it, int index,
                                                           const TfLiteCustomAllocation *a, int64_t flags) {
  TfLiteTensor *t = TfLiteInterpreterGetTensor(it, index);
  if (!t || !a || !a->data || index >= it->subgraphs[0].num_file_tensors) return kTfLiteError;
  if (t->allocation_type != kTfLiteArenaRw && t->allocation_type != kTfLiteArenaRwPersistent &&
      t->allocation_type != kTfLiteCustom && t->allocation_type != kTfLiteNonCpu) {
    report(&it->reporter, "tensor %d '%s' is a constant or dynamic: it cannot have memory of the caller's", index,
           TfLiteTensorName(t));
    return kTfLiteError;
  }
  if (!(flags & kTfLiteCustomAllocationFlagsSkipAlignCheck) && (uintptr_t)a->data % MEM_ALIGN) {
    report(&it->reporter, "the memory given for tensor %d '%s' is not aligned to %d bytes", index, TfLiteTensorName(t),
           MEM_ALIGN);
    return kTfLiteError;
  }
  subgraph *sg = &it->subgraphs[0];
  if (!sg->given) sg->given = calloc(sg->room, sizeof *sg->given);
  if (!sg->given) return kTfLiteError;
  sg->given[index] = *a;
  t->allocation_type = kTfLiteCustom;
  t->data.data = a->data;
  return kTfLiteOk;
}
