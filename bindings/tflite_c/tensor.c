/* tensor.c: accessors of tensors. Every function takes NULL. */
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

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

const TfLiteIntArray *TfLiteTensorGetDimsSignature(const TfLiteTensor *t) {
  if (!t) return NULL;
  return t->dims_signature && t->dims_signature->size ? t->dims_signature : t->dims;
}

/* Constants may lie in a read-only map: they are not written. */
TfLiteStatus TfLiteTensorCopyFromBuffer(TfLiteTensor *t, const void *data, size_t size) {
  if (!t || size != t->bytes || t->allocation_type == kTfLiteMmapRo) return kTfLiteError;
  if (size && (!data || !t->data.data)) return kTfLiteError;
  if (size) memcpy(t->data.data, data, size);
  return kTfLiteOk;
}

TfLiteStatus TfLiteTensorCopyToBuffer(const TfLiteTensor *t, void *data, size_t size) {
  if (!t || size != t->bytes || (size && (!data || !t->data.data))) return kTfLiteError;
  if (size) memcpy(data, t->data.data, size);
  return kTfLiteOk;
}

/* ---- how long what lasts, by the kind of allocation ---- */

typedef struct stability {
  TfLiteAllocationStrategy strategy;
  TfLiteRunStability address, data;
  TfLiteRunStep known, shape; /* when data and shape are known */
} stability;

static const stability *stability_of(const TfLiteTensor *t) {
  static const stability unknown = {0};
  static const stability table[] = {
      [kTfLiteMemNone] = {kTfLiteAllocationStrategyNone, kTfLiteRunStabilityAcrossRuns, kTfLiteRunStabilityAcrossRuns,
                          kTfLiteRunStepInit, kTfLiteRunStepInit},
      [kTfLiteMmapRo] = {kTfLiteAllocationStrategyMMap, kTfLiteRunStabilityAcrossRuns, kTfLiteRunStabilityAcrossRuns,
                         kTfLiteRunStepInit, kTfLiteRunStepInit},
      [kTfLiteArenaRw] = {kTfLiteAllocationStrategyArena, kTfLiteRunStabilityUnstable, kTfLiteRunStabilitySingleRun,
                          kTfLiteRunStepEval, kTfLiteRunStepPrepare},
      [kTfLiteArenaRwPersistent] = {kTfLiteAllocationStrategyArena, kTfLiteRunStabilityUnstable,
                                    kTfLiteRunStabilityAcrossRuns, kTfLiteRunStepEval, kTfLiteRunStepPrepare},
      [kTfLiteDynamic] = {kTfLiteAllocationStrategyMalloc, kTfLiteRunStabilitySingleRun, kTfLiteRunStabilitySingleRun,
                          kTfLiteRunStepEval, kTfLiteRunStepEval},
      [kTfLitePersistentRo] = {kTfLiteAllocationStrategyMalloc, kTfLiteRunStabilitySingleRun,
                               kTfLiteRunStabilitySingleRun, kTfLiteRunStepPrepare, kTfLiteRunStepPrepare},
      [kTfLiteCustom] = {0},
      [kTfLiteVariantObject] = {kTfLiteAllocationStrategyNew, kTfLiteRunStabilityAcrossRuns,
                                kTfLiteRunStabilitySingleRun, kTfLiteRunStepEval, kTfLiteRunStepEval},
      [kTfLiteNonCpu] = {0},
  };
  return t && (unsigned)t->allocation_type < sizeof table / sizeof *table ? &table[t->allocation_type] : &unknown;
}

TfLiteAllocationStrategy TfLiteTensorGetAllocationStrategy(const TfLiteTensor *t) { return stability_of(t)->strategy; }
TfLiteRunStability TfLiteTensorGetBufferAddressStability(const TfLiteTensor *t) { return stability_of(t)->address; }
TfLiteRunStability TfLiteTensorGetDataStability(const TfLiteTensor *t) { return stability_of(t)->data; }
TfLiteRunStep TfLiteTensorGetDataKnownStep(const TfLiteTensor *t) { return stability_of(t)->known; }
TfLiteRunStep TfLiteTensorGetShapeKnownStep(const TfLiteTensor *t) { return stability_of(t)->shape; }
