/* opaque_tensor.c: tensors through functions alone, strings in them, and the builder of new ones. */
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "bindings/tflite_c/opaque.h"

/* ---- reading ---- */

TfLiteType TfLiteOpaqueTensorType(const TfLiteOpaqueTensor *t) { return TfLiteTensorType(tensor_in(t)); }
int32_t TfLiteOpaqueTensorNumDims(const TfLiteOpaqueTensor *t) { return TfLiteTensorNumDims(tensor_in(t)); }
int32_t TfLiteOpaqueTensorDim(const TfLiteOpaqueTensor *t, int32_t i) { return TfLiteTensorDim(tensor_in(t), i); }
size_t TfLiteOpaqueTensorByteSize(const TfLiteOpaqueTensor *t) { return TfLiteTensorByteSize(tensor_in(t)); }
void *TfLiteOpaqueTensorData(const TfLiteOpaqueTensor *t) { return TfLiteTensorData(tensor_in(t)); }
const char *TfLiteOpaqueTensorName(const TfLiteOpaqueTensor *t) { return TfLiteTensorName(tensor_in(t)); }
int TfLiteOpaqueTensorIsVariable(const TfLiteOpaqueTensor *t) { return t && tensor_in(t)->is_variable; }

TfLiteStatus TfLiteOpaqueTensorGetNumDimsSignature(const TfLiteOpaqueTensor *t, int32_t *count) {
  if (!t || !count) return kTfLiteError;
  const TfLiteIntArray *signature = tensor_in(t)->dims_signature;
  *count = signature ? signature->size : -1;
  return kTfLiteOk;
}

TfLiteStatus TfLiteOpaqueTensorGetDimSignature(const TfLiteOpaqueTensor *t, int32_t i, int32_t *length) {
  const TfLiteIntArray *signature = t ? tensor_in(t)->dims_signature : NULL;
  if (!length) return kTfLiteError;
  if (!signature) {
    *length = -1;
    return t ? kTfLiteOk : kTfLiteError;
  }
  if (i < 0 || i >= signature->size) return kTfLiteError;
  *length = signature->data[i];
  return kTfLiteOk;
}

TfLiteAllocationType TfLiteOpaqueTensorGetAllocationType(const TfLiteOpaqueTensor *t) {
  return t ? tensor_in(t)->allocation_type : kTfLiteMemNone;
}
TfLiteAllocationStrategy TfLiteOpaqueTensorGetAllocationStrategy(const TfLiteOpaqueTensor *t) {
  return TfLiteTensorGetAllocationStrategy(tensor_in(t));
}
TfLiteRunStability TfLiteOpaqueTensorGetBufferAddressStability(const TfLiteOpaqueTensor *t) {
  return TfLiteTensorGetBufferAddressStability(tensor_in(t));
}
TfLiteRunStability TfLiteOpaqueTensorGetDataStability(const TfLiteOpaqueTensor *t) {
  return TfLiteTensorGetDataStability(tensor_in(t));
}
TfLiteRunStep TfLiteOpaqueTensorGetDataKnownStep(const TfLiteOpaqueTensor *t) {
  return TfLiteTensorGetDataKnownStep(tensor_in(t));
}
TfLiteRunStep TfLiteOpaqueTensorGetShapeKnownStep(const TfLiteOpaqueTensor *t) {
  return TfLiteTensorGetShapeKnownStep(tensor_in(t));
}
TfLiteQuantization TfLiteOpaqueTensorGetQuantization(const TfLiteOpaqueTensor *t) {
  return t ? tensor_in(t)->quantization : (TfLiteQuantization){kTfLiteNoQuantization, NULL};
}
TfLiteQuantizationParams TfLiteOpaqueTensorGetQuantizationParams(const TfLiteOpaqueTensor *t) {
  return TfLiteTensorQuantizationParams(tensor_in(t));
}

/* ---- writing ---- */

TfLiteStatus TfLiteOpaqueTensorCopyFromBuffer(TfLiteOpaqueTensor *t, const void *data, size_t size) {
  return TfLiteTensorCopyFromBuffer(tensor_out(t), data, size);
}
TfLiteStatus TfLiteOpaqueTensorCopyToBuffer(const TfLiteOpaqueTensor *t, void *data, size_t size) {
  return TfLiteTensorCopyToBuffer(tensor_in(t), data, size);
}

void TfLiteOpaqueTensorSetAllocationTypeToDynamic(TfLiteOpaqueTensor *o) {
  TfLiteTensor *t = tensor_out(o);
  if (!t || t->allocation_type == kTfLiteDynamic) return;
  t->allocation_type = kTfLiteDynamic;
  t->allocation = NULL;
  t->data.data = NULL;
}

TfLiteStatus TfLiteOpaqueTensorSetNonCpuAllocation(TfLiteOpaqueTensor *o) {
  TfLiteTensor *t = tensor_out(o);
  if (!t) return kTfLiteError;
  TfLiteTensorDataFree(t);
  t->allocation_type = kTfLiteNonCpu;
  return kTfLiteOk;
}

/* ---- strings ---- */

/* The list at the head of string data: count, offsets, the end. NULL when it does not hold. */
static const int32_t *string_head(const TfLiteTensor *t) {
  if (!t || t->type != kTfLiteString || !t->data.data || t->bytes < 8) return NULL;
  const int32_t *head = t->data.i32;
  return head[0] >= 0 && ((uint64_t)head[0] + 2) * 4 <= t->bytes ? head : NULL;
}

int TfLiteOpaqueTensorGetStringCount(const TfLiteOpaqueTensor *t) {
  const int32_t *head = string_head(tensor_in(t));
  return head ? head[0] : -1;
}

TfLiteStatus TfLiteOpaqueTensorGetString(const TfLiteOpaqueTensor *t, int index, const char **str, int *len) {
  const int32_t *head = string_head(tensor_in(t));
  if (!head || !str || !len || index < 0 || index >= head[0]) return kTfLiteError;
  const int32_t from = head[index + 1], to = head[index + 2];
  if (from < 0 || to < from || (size_t)to > tensor_in(t)->bytes) return kTfLiteError;
  *str = tensor_in(t)->data.raw + from;
  *len = to - from;
  return kTfLiteOk;
}

static bool string_bytes(const int *lengths, int count, size_t *bytes) {
  *bytes = ((size_t)count + 2) * 4;
  for (int i = 0; i < count; i++)
    if (lengths[i] < 0 || !size_add(*bytes, (size_t)lengths[i], bytes)) return false;
  return *bytes <= INT32_MAX;
}

TfLiteStatus TfLiteOpaqueTensorWriteStrings(TfLiteOpaqueTensor *o, const char *const *strings, int count,
                                            const int *lengths) {
  TfLiteTensor *t = tensor_out(o);
  size_t bytes;
  if (!t || t->type != kTfLiteString || count < 0 || (count && (!strings || !lengths))) return kTfLiteError;
  if (!string_bytes(lengths, count, &bytes)) return kTfLiteError;
  int32_t *data = malloc(bytes);
  if (!data) return kTfLiteError;
  size_t at = ((size_t)count + 2) * 4;
  data[0] = count;
  for (int i = 0; i < count; i++) {
    data[i + 1] = (int32_t)at;
    if (lengths[i]) memcpy((char *)data + at, strings[i], (size_t)lengths[i]);
    at += (size_t)lengths[i];
  }
  data[count + 1] = (int32_t)at;
  TfLiteTensorDataFree(t);
  t->allocation_type = kTfLiteDynamic;
  t->allocation = NULL;
  t->data.i32 = data;
  t->bytes = bytes;
  /* The shape stays when it holds that many; otherwise the strings are a list. */
  size_t elements;
  if (t->dims && size_dims(t->dims->data, t->dims->size, &elements) && elements == (size_t)count) return kTfLiteOk;
  return tensor_set_dims(t, 1, &(int32_t){count}) ? kTfLiteOk : kTfLiteError;
}

TfLiteStatus TfLiteOpaqueTensorWriteString(TfLiteOpaqueTensor *t, const char *str, int len) {
  return TfLiteOpaqueTensorWriteStrings(t, &str, 1, &len);
}

/* ---- the builder ---- */

TfLiteOpaqueTensorBuilder *TfLiteOpaqueTensorBuilderCreate(void) {
  return calloc(1, sizeof(TfLiteOpaqueTensorBuilder));
}
void TfLiteOpaqueTensorBuilderDelete(TfLiteOpaqueTensorBuilder *b) { free(b); }

TfLiteOpaqueTensorBuilder *TfLiteOpaqueTensorBuilderSetType(TfLiteOpaqueTensorBuilder *b, TfLiteType type) {
  if (b) b->type = type;
  return b;
}
TfLiteOpaqueTensorBuilder *TfLiteOpaqueTensorBuilderSetData(TfLiteOpaqueTensorBuilder *b, void *data) {
  if (b) b->data = data;
  return b;
}
TfLiteOpaqueTensorBuilder *TfLiteOpaqueTensorBuilderSetAllocationType(TfLiteOpaqueTensorBuilder *b,
                                                                      TfLiteAllocationType type) {
  if (b) b->allocation_type = type;
  return b;
}
TfLiteOpaqueTensorBuilder *TfLiteOpaqueTensorBuilderSetQuantizationParams(TfLiteOpaqueTensorBuilder *b,
                                                                          TfLiteQuantizationParams params) {
  if (b) b->params = params;
  return b;
}
TfLiteOpaqueTensorBuilder *TfLiteOpaqueTensorBuilderSetQuantization(TfLiteOpaqueTensorBuilder *b,
                                                                    TfLiteQuantization quantization) {
  if (b) b->quantization = quantization;
  return b;
}
