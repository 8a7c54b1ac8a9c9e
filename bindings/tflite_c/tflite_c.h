/* tflite_c.h: what the files of this binding share. */
#ifndef BINDINGS_TFLITE_C_H
#define BINDINGS_TFLITE_C_H

#include "runtime/runtime.h"
#include "tensorflow/lite/c/c_api.h"
#include "tensorflow/lite/c/common.h"

typedef void (*report_fn)(void *user_data, const char *format, va_list args);

/* Where errors go: the caller's function, or stderr with "ERROR: " before them. */
typedef struct reporter {
  report_fn fn;
  void *user;
} reporter;
void report(const reporter *r, const char *sentence);

struct TfLiteModel {
  mote_model *model;
};

struct TfLiteInterpreterOptions {
  int32_t threads;
  reporter reporter;
  bool cancellable;
};

/* Tensors are structs of their own that never move: read before a run, written after it. */
struct TfLiteInterpreter {
  mote_program *program;
  mote_session *session;
  reporter reporter;
  bool cancellable;
  bool allocated;
  int32_t num_inputs, num_outputs;
  int *input_indices, *output_indices;
  TfLiteTensor *tensors; /* inputs, then outputs */
};

TfLiteType type_to_tflite(mote_type type);

/* tensor.c: makes and frees the struct of a view, and brings the two in step. */
bool tensor_make(TfLiteTensor *t, const mote_tensor *view, bool constant);
void tensor_free(TfLiteTensor *t);
void tensor_from_view(TfLiteTensor *t, const mote_tensor *view);

#endif
