/* opaque.h: what stands behind the opaque names. */
#ifndef BINDINGS_OPAQUE_H
#define BINDINGS_OPAQUE_H

#include "bindings/tflite_c/tflite_c.h"

static inline const TfLiteTensor *tensor_in(const TfLiteOpaqueTensor *t) {
  return (const TfLiteTensor *)(const void *)t;
}
static inline TfLiteTensor *tensor_out(TfLiteOpaqueTensor *t) { return (TfLiteTensor *)(void *)t; }
static inline const TfLiteNode *node_in(const TfLiteOpaqueNode *n) { return (const TfLiteNode *)(const void *)n; }
static inline const TfLiteContext *context_in(const TfLiteOpaqueContext *c) {
  return (const TfLiteContext *)(const void *)c;
}
static inline TfLiteContext *context_out(TfLiteOpaqueContext *c) { return (TfLiteContext *)(void *)c; }

struct TfLiteOpaqueTensorBuilder {
  TfLiteType type;
  void *data;
  TfLiteAllocationType allocation_type;
  TfLiteQuantizationParams params;
  TfLiteQuantization quantization;
};

#endif
