/* tensor.c: TfLiteTensor and its accessors. Every function takes NULL. */
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

static void set_dims(TfLiteIntArray *a, const mote_tensor *view, const int32_t *dims) {
  a->size = view->rank;
  for (int32_t i = 0; i < view->rank; i++) a->data[i] = dims[i];
}

bool tensor_make(TfLiteTensor *t, const mote_tensor *view, bool constant) {
  *t = (TfLiteTensor){.type = type_to_tflite(view->type),
                      .name = view->name,
                      .params = {view->scale, view->zero_point},
                      .buffer_handle = -1,
                      .allocation_type = constant                    ? kTfLiteMmapRo
                                         : view->type == MOTE_STRING ? kTfLiteDynamic
                                                                     : kTfLiteArenaRw};
  t->dims = TfLiteIntArrayCreate(MOTE_MAX_RANK);
  TfLiteIntArray *signature = TfLiteIntArrayCreate(MOTE_MAX_RANK);
  t->dims_signature = signature;
  if (!t->dims || !signature) return false;
  set_dims(t->dims, view, view->dims);
  set_dims(signature, view, view->signature);
  if (view->scale == 0) return true;
  TfLiteAffineQuantization *q = calloc(1, sizeof *q);
  if (!q) return false;
  t->quantization = (TfLiteQuantization){kTfLiteAffineQuantization, q};
  q->scale = TfLiteFloatArrayCreate(1);
  q->zero_point = TfLiteIntArrayCreate(1);
  if (!q->scale || !q->zero_point) return false;
  q->scale->data[0] = view->scale;
  q->zero_point->data[0] = view->zero_point;
  return true;
}

/* Data of a dynamic tensor that the caller wrote is the tensor's own. */
static bool owns_data(const TfLiteTensor *t) { return t->allocation_type == kTfLiteDynamic && t->allocation == t; }

void tensor_free(TfLiteTensor *t) {
  if (owns_data(t)) free(t->data.raw);
  free(t->dims);
  free((void *)t->dims_signature);
  TfLiteAffineQuantization *q = t->quantization.params;
  if (!q) return;
  free(q->scale);
  free(q->zero_point);
  free(q);
}

void tensor_from_view(TfLiteTensor *t, const mote_tensor *view) {
  set_dims(t->dims, view, view->dims);
  if (owns_data(t)) return;
  t->data.data = view->data;
  t->bytes = view->size;
}

void TfLiteTensorRealloc(size_t num_bytes, TfLiteTensor *t) {
  if (!t || t->allocation_type != kTfLiteDynamic) return;
  const bool mine = owns_data(t);
  char *data = realloc(mine ? t->data.raw : NULL, num_bytes ? num_bytes : 1);
  if (!data) return;
  if (!mine && t->data.raw) memcpy(data, t->data.raw, t->bytes < num_bytes ? t->bytes : num_bytes);
  t->data.raw = data;
  t->bytes = num_bytes;
  t->allocation = t; /* marks whose data this is */
}

TfLiteType TfLiteTensorType(const TfLiteTensor *t) { return t ? t->type : kTfLiteNoType; }
int32_t TfLiteTensorNumDims(const TfLiteTensor *t) { return t && t->dims ? t->dims->size : -1; }
int32_t TfLiteTensorDim(const TfLiteTensor *t, int32_t i) {
  return t && t->dims && i >= 0 && i < t->dims->size ? t->dims->data[i] : -1;
}
size_t TfLiteTensorByteSize(const TfLiteTensor *t) { return t ? t->bytes : 0; }
void *TfLiteTensorData(const TfLiteTensor *t) { return t ? t->data.data : NULL; }
const char *TfLiteTensorName(const TfLiteTensor *t) { return t && t->name ? t->name : ""; }

TfLiteQuantizationParams TfLiteTensorQuantizationParams(const TfLiteTensor *t) {
  return t ? t->params : (TfLiteQuantizationParams){0, 0};
}

TfLiteStatus TfLiteTensorCopyFromBuffer(TfLiteTensor *t, const void *data, size_t size) {
  if (!t || size != t->bytes || (size && (!data || !t->data.data))) return kTfLiteError;
  if (size) memcpy(t->data.data, data, size);
  return kTfLiteOk;
}

TfLiteStatus TfLiteTensorCopyToBuffer(const TfLiteTensor *t, void *data, size_t size) {
  if (!t || size != t->bytes || (size && (!data || !t->data.data))) return kTfLiteError;
  if (size) memcpy(data, t->data.data, size);
  return kTfLiteOk;
}
