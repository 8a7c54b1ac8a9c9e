/* opaque_node.c: nodes through functions alone. */
#include "bindings/tflite_c/opaque.h"

static int index_at(const TfLiteIntArray *list, int i) {
  return list && i >= 0 && i < list->size ? list->data[i] : kTfLiteOptionalTensor;
}

static TfLiteTensor *tensor_at(const TfLiteOpaqueContext *c, const TfLiteIntArray *list, int i) {
  return c ? context_in(c)->GetTensor(context_in(c), index_at(list, i)) : NULL;
}

static TfLiteStatus give(const TfLiteIntArray *list, const int **data, int *count) {
  if (!list || !data || !count) return kTfLiteError;
  *data = list->data;
  *count = list->size;
  return kTfLiteOk;
}

const TfLiteOpaqueTensor *TfLiteOpaqueNodeGetInput(const TfLiteOpaqueContext *c, const TfLiteOpaqueNode *n, int i) {
  return n ? (const TfLiteOpaqueTensor *)(void *)tensor_at(c, node_in(n)->inputs, i) : NULL;
}
TfLiteOpaqueTensor *TfLiteOpaqueNodeGetOutput(TfLiteOpaqueContext *c, const TfLiteOpaqueNode *n, int i) {
  return n ? (TfLiteOpaqueTensor *)(void *)tensor_at(c, node_in(n)->outputs, i) : NULL;
}
int TfLiteOpaqueNodeNumberOfInputs(const TfLiteOpaqueNode *n) { return n ? node_in(n)->inputs->size : 0; }
int TfLiteOpaqueNodeNumberOfOutputs(const TfLiteOpaqueNode *n) { return n ? node_in(n)->outputs->size : 0; }
void *TfLiteOpaqueNodeGetUserData(const TfLiteOpaqueNode *n) { return n ? node_in(n)->user_data : NULL; }
void *TfLiteOpaqueNodeGetBuiltinData(const TfLiteOpaqueNode *n) { return n ? node_in(n)->builtin_data : NULL; }

TfLiteStatus TfLiteOpaqueNodeGetCustomInitialData(const TfLiteOpaqueNode *n, const void **data, int *size) {
  if (!n || !data || !size) return kTfLiteError;
  *data = node_in(n)->custom_initial_data;
  *size = node_in(n)->custom_initial_data_size;
  return kTfLiteOk;
}

TfLiteStatus TfLiteOpaqueNodeInputs(const TfLiteOpaqueNode *n, const int **data, int *count) {
  return n ? give(node_in(n)->inputs, data, count) : kTfLiteError;
}
TfLiteStatus TfLiteOpaqueNodeOutputs(const TfLiteOpaqueNode *n, const int **data, int *count) {
  return n ? give(node_in(n)->outputs, data, count) : kTfLiteError;
}
TfLiteStatus TfLiteOpaqueNodeTemporaries(const TfLiteOpaqueNode *n, const int **data, int *count) {
  return n ? give(node_in(n)->temporaries, data, count) : kTfLiteError;
}

TfLiteStatus TfLiteOpaqueNodeSetTemporaries(TfLiteOpaqueNode *o, const int *temporaries, int count) {
  TfLiteNode *n = (TfLiteNode *)(void *)o;
  TfLiteIntArray *list = !n || count < 0 || (count && !temporaries) ? NULL : TfLiteIntArrayCreate(count);
  if (!list) return kTfLiteError;
  for (int i = 0; i < count; i++) list->data[i] = temporaries[i];
  TfLiteIntArrayFree(n->temporaries);
  n->temporaries = list;
  return kTfLiteOk;
}

int TfLiteOpaqueNodeGetInputTensorIndex(const TfLiteOpaqueNode *n, int i) {
  return n ? index_at(node_in(n)->inputs, i) : -1;
}
int TfLiteOpaqueNodeGetOutputTensorIndex(const TfLiteOpaqueNode *n, int i) {
  return n ? index_at(node_in(n)->outputs, i) : -1;
}
