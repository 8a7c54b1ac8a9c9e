/* arrays.c: arrays and names of types of common.h. */
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

static const TfLiteType types[MOTE_TYPE_COUNT] = {
    [MOTE_FLOAT32] = kTfLiteFloat32,
    [MOTE_FLOAT16] = kTfLiteFloat16,
    [MOTE_INT32] = kTfLiteInt32,
    [MOTE_UINT8] = kTfLiteUInt8,
    [MOTE_INT64] = kTfLiteInt64,
    [MOTE_STRING] = kTfLiteString,
    [MOTE_BOOL] = kTfLiteBool,
    [MOTE_INT16] = kTfLiteInt16,
    [MOTE_COMPLEX64] = kTfLiteComplex64,
    [MOTE_INT8] = kTfLiteInt8,
    [MOTE_FLOAT64] = kTfLiteFloat64,
    [MOTE_COMPLEX128] = kTfLiteComplex128,
    [MOTE_UINT64] = kTfLiteUInt64,
    [MOTE_RESOURCE] = kTfLiteResource,
    [MOTE_VARIANT] = kTfLiteVariant,
    [MOTE_UINT32] = kTfLiteUInt32,
    [MOTE_UINT16] = kTfLiteUInt16,
    [MOTE_INT4] = kTfLiteInt4,
    [MOTE_BFLOAT16] = kTfLiteBFloat16,
    [MOTE_INT2] = kTfLiteInt2,
    [MOTE_UINT4] = kTfLiteUInt4,
    [MOTE_FLOAT8_E4M3FN] = kTfLiteFloat8E4M3FN,
    [MOTE_FLOAT8_E5M2] = kTfLiteFloat8E5M2,
};

TfLiteType type_to_tflite(mote_type type) { return (unsigned)type < MOTE_TYPE_COUNT ? types[type] : kTfLiteNoType; }

bool type_from_tflite(TfLiteType type, mote_type *out) {
  for (int i = 0; i < MOTE_TYPE_COUNT; i++)
    if (types[i] == type) {
      *out = (mote_type)i;
      return true;
    }
  return false;
}

const char *TfLiteTypeGetName(TfLiteType type) {
  static const char *const names[] = {"NOTYPE",     "FLOAT32",  "INT32",     "UINT8",   "INT64",         "STRING",
                                      "BOOL",       "INT16",    "COMPLEX64", "INT8",    "FLOAT16",       "FLOAT64",
                                      "COMPLEX128", "UINT64",   "RESOURCE",  "VARIANT", "UINT32",        "UINT16",
                                      "INT4",       "BFLOAT16", "INT2",      "UINT4",   "FLOAT8_E4M3FN", "FLOAT8_E5M2"};
  return (unsigned)type < sizeof names / sizeof *names ? names[type] : "Unknown type";
}

size_t TfLiteIntArrayGetSizeInBytes(int size) {
  return size < 0 ? 0 : sizeof(TfLiteIntArray) + (size_t)size * sizeof(int);
}

TfLiteIntArray *TfLiteIntArrayCreate(int size) {
  TfLiteIntArray *a = size < 0 ? NULL : calloc(1, TfLiteIntArrayGetSizeInBytes(size));
  if (a) a->size = size;
  return a;
}

int TfLiteIntArrayEqualsArray(const TfLiteIntArray *a, int size, const int data[]) {
  if (!a) return size == 0;
  return a->size == size && (!size || !memcmp(a->data, data, (size_t)size * sizeof(int)));
}

int TfLiteIntArrayEqual(const TfLiteIntArray *a, const TfLiteIntArray *b) {
  return a == b || (a && b && TfLiteIntArrayEqualsArray(a, b->size, b->data));
}

TfLiteIntArray *TfLiteIntArrayCopy(const TfLiteIntArray *source) {
  TfLiteIntArray *a = source ? TfLiteIntArrayCreate(source->size) : NULL;
  if (a && a->size) memcpy(a->data, source->data, (size_t)a->size * sizeof(int));
  return a;
}

void TfLiteIntArrayFree(TfLiteIntArray *a) { free(a); }

int TfLiteFloatArrayGetSizeInBytes(int size) {
  return size < 0 ? 0 : (int)(sizeof(TfLiteFloatArray) + (size_t)size * sizeof(float));
}

TfLiteFloatArray *TfLiteFloatArrayCreate(int size) {
  TfLiteFloatArray *a = size < 0 ? NULL : calloc(1, (size_t)TfLiteFloatArrayGetSizeInBytes(size));
  if (a) a->size = size;
  return a;
}

TfLiteFloatArray *TfLiteFloatArrayCopy(const TfLiteFloatArray *source) {
  TfLiteFloatArray *a = source ? TfLiteFloatArrayCreate(source->size) : NULL;
  if (a && a->size) memcpy(a->data, source->data, (size_t)a->size * sizeof(float));
  return a;
}

void TfLiteFloatArrayFree(TfLiteFloatArray *a) { free(a); }
