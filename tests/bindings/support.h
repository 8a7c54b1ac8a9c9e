/* support.h: networks and a listener for tests of the C ABI. Tests see the library through its headers alone; only the
 * networks are written with mote's own writer (support/net.h). */
#ifndef BINDINGS_SUPPORT_H
#define BINDINGS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/net.h"
#include "tensorflow/lite/c/builtin_op_data.h"
#include "tensorflow/lite/c/c_api.h"
#include "tensorflow/lite/c/c_api_experimental.h"
#include "tensorflow/lite/c/c_api_opaque.h"
#include "tensorflow/lite/c/common.h"

/* What was reported. */
typedef struct said {
  int count;
  char all[4000];
} said;

static inline void listen(void *user, const char *format, va_list args) {
  said *s = user;
  const size_t used = strlen(s->all);
  s->count++;
  vsnprintf(s->all + used, sizeof s->all - used, format, args);
}

/* A model and its file. */
typedef struct subject {
  net net;
  TfLiteModel *model;
} subject;

static inline void subject_end(subject *s) {
  TfLiteModelDelete(s->model);
  net_end(&s->net);
}

static inline void subject_load(subject *s) {
  size_t size;
  const uint8_t *file = net_file(&s->net, &size);
  assert_non_null(file);
  s->model = TfLiteModelCreate(file, size);
  assert_non_null(s->model);
}

enum { WIDTH = 4 };

static inline int floats(net *n) { return net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){1, WIDTH}); }

/* Tensors 0 (x) to `count` in a row, joined by the operators of `codes`, each of the tensor before with itself. */
static inline void subject_chain(subject *s, int count, const int32_t *codes) {
  static const struct {
    int32_t code;
    uint8_t options;
  } kinds[] = {{sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions},
               {sch_BuiltinOperator_MUL, sch_BuiltinOptions_MulOptions},
               {sch_BuiltinOperator_SUB, sch_BuiltinOptions_SubOptions}};
  net_begin(&s->net);
  for (int i = 0; i <= count; i++) net_open_dim(&s->net, floats(&s->net), 0);
  for (int i = 0; i < count; i++) {
    uint8_t options = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
      if (kinds[k].code == codes[i]) options = kinds[k].options;
    net_op(&s->net, codes[i], options, NULL, 2, (int32_t[]){i, i}, 1, (int32_t[]){i + 1});
  }
  net_ends(&s->net, 1, (int32_t[]){0}, 1, (int32_t[]){count});
  net_signature(&s->net, "chain");
  subject_load(s);
}

/* One custom operator, x to y, of these types. */
static inline void subject_custom(subject *s, const char *name, mote_type type) {
  net_begin(&s->net);
  const int x = net_tensor(&s->net, type, 1, (int32_t[]){WIDTH}), y = net_tensor(&s->net, type, 1, (int32_t[]){WIDTH});
  net_custom(&s->net, name, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  net_ends(&s->net, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  subject_load(s);
}

static inline TfLiteInterpreterOptions *options_for(said *s) {
  TfLiteInterpreterOptions *o = TfLiteInterpreterOptionsCreate();
  if (s) TfLiteInterpreterOptionsSetErrorReporter(o, listen, s);
  return o;
}

/* Writes the input, runs, and gives the first output. */
static inline const float *run_floats(TfLiteInterpreter *it, const float *values, size_t count) {
  TfLiteTensor *in = TfLiteInterpreterGetInputTensor(it, 0);
  assert_int_equal(TfLiteTensorCopyFromBuffer(in, values, count * sizeof *values), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  return TfLiteTensorData(TfLiteInterpreterGetOutputTensor(it, 0));
}

#endif
