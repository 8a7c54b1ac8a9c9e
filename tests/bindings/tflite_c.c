/* The C ABI of TensorFlow Lite: struct layouts that programs were compiled against, and what functions do when they are
 * used as documented, and when they are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tensorflow/lite/c/c_api.h"
#include "tensorflow/lite/c/common.h"

/* ---- layouts on machines of 64 bits, as compilers lay out TensorFlow Lite's own headers ---- */

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)
#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)

SIZE(TfLiteStatus, 4);
SIZE(TfLiteType, 4);
SIZE(TfLiteQuantizationParams, 8);
AT(TfLiteQuantizationParams, zero_point, 4);
SIZE(TfLiteIntArray, 4);
AT(TfLiteIntArray, data, 4);
SIZE(TfLiteFloatArray, 4);
AT(TfLiteFloatArray, data, 4);
SIZE(TfLiteComplex64, 8);
SIZE(TfLiteComplex128, 16);
SIZE(TfLiteFloat16, 2);
SIZE(TfLiteBFloat16, 2);
#if UINTPTR_MAX > 0xffffffff
SIZE(TfLiteQuantization, 16);
AT(TfLiteQuantization, params, 8);
SIZE(TfLiteAffineQuantization, 24);
AT(TfLiteAffineQuantization, zero_point, 8);
AT(TfLiteAffineQuantization, quantized_dimension, 16);
SIZE(TfLitePtrUnion, 8);
SIZE(TfLiteTensor, 112);
AT(TfLiteTensor, type, 0);
AT(TfLiteTensor, data, 8);
AT(TfLiteTensor, dims, 16);
AT(TfLiteTensor, params, 24);
AT(TfLiteTensor, allocation_type, 32);
AT(TfLiteTensor, bytes, 40);
AT(TfLiteTensor, allocation, 48);
AT(TfLiteTensor, name, 56);
AT(TfLiteTensor, delegate, 64);
AT(TfLiteTensor, buffer_handle, 72);
AT(TfLiteTensor, data_is_stale, 76);
AT(TfLiteTensor, is_variable, 77);
AT(TfLiteTensor, quantization, 80);
AT(TfLiteTensor, sparsity, 96);
AT(TfLiteTensor, dims_signature, 104);
#endif

_Static_assert(kTfLiteInt8 == 9 && kTfLiteFloat16 == 10 && kTfLiteFloat8E5M2 == 23, "types are numbered as published");
_Static_assert(kTfLiteCancelled == 8 && kTfLiteUnresolvedOps == 7, "statuses are numbered as published");
_Static_assert(kTfLiteNonCpu == 8 && kTfLiteMultiAxisQuantization == 3, "kinds are numbered as published");

/* ---- a network to work with ---- */

static const char *const MODEL = "examples/digits/digits.tflite";
enum { PIXELS = 28 * 28, CLASSES = 10 };

typedef struct said {
  int count;
  char last[1200];
} said;

static void listen(void *user, const char *format, va_list args) {
  said *s = user;
  s->count++;
  vsnprintf(s->last, sizeof s->last, format, args);
}

static TfLiteInterpreter *open_digits(said *s) {
  TfLiteModel *model = TfLiteModelCreateFromFile(MODEL);
  assert_non_null(model);
  TfLiteInterpreterOptions *options = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreterOptionsSetErrorReporter(options, listen, s);
  assert_int_equal(TfLiteInterpreterOptionsEnableCancellation(options, true), kTfLiteOk);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(model, options);
  assert_non_null(it);
  /* The interpreter needs neither any more. */
  TfLiteInterpreterOptionsDelete(options);
  TfLiteModelDelete(model);
  return it;
}

static void runs_as_documented(void **state) {
  (void)state;
  said s = {0};
  TfLiteInterpreter *it = open_digits(&s);
  assert_int_equal(TfLiteInterpreterGetInputTensorCount(it), 1);
  assert_int_equal(TfLiteInterpreterGetOutputTensorCount(it), 1);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  TfLiteTensor *in = TfLiteInterpreterGetInputTensor(it, 0);
  const TfLiteTensor *out = TfLiteInterpreterGetOutputTensor(it, 0);
  assert_int_equal(TfLiteTensorType(in), kTfLiteFloat32);
  assert_int_equal(TfLiteTensorNumDims(in), 4);
  assert_int_equal(TfLiteTensorDim(in, 1), 28);
  assert_int_equal(TfLiteTensorByteSize(in), PIXELS * sizeof(float));
  assert_int_equal(in->dims->size, 4);
  assert_int_equal(in->bytes, PIXELS * sizeof(float));
  assert_true(in->data.data == TfLiteTensorData(in));
  assert_int_equal(in->allocation_type, kTfLiteArenaRw);
  assert_true(TfLiteTensorQuantizationParams(in).scale == 0);
  float pixels[PIXELS] = {0}, scores[CLASSES] = {0}, sum = 0;
  assert_int_equal(TfLiteTensorCopyFromBuffer(in, pixels, sizeof pixels), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  assert_int_equal(TfLiteTensorCopyToBuffer(out, scores, sizeof scores), kTfLiteOk);
  for (int i = 0; i < CLASSES; i++) sum += scores[i];
  assert_true(sum > 0.999F && sum < 1.001F);
  assert_int_equal(s.count, 0);
  TfLiteInterpreterDelete(it);
}

/* Structs of tensors never move, whatever happens to their data. */
static void resizes(void **state) {
  (void)state;
  said s = {0};
  TfLiteInterpreter *it = open_digits(&s);
  TfLiteTensor *in = TfLiteInterpreterGetInputTensor(it, 0);
  const int three[4] = {3, 28, 28, 1}, one[4] = {1, 28, 28, 1}, bad[4] = {1, -28, 28, 1};
  assert_int_equal(TfLiteInterpreterResizeInputTensor(it, 0, three, 4), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteError); /* not allocated since */
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_true(TfLiteInterpreterGetInputTensor(it, 0) == in);
  assert_int_equal(TfLiteTensorByteSize(in), 3 * PIXELS * sizeof(float));
  memset(TfLiteTensorData(in), 0, TfLiteTensorByteSize(in));
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  assert_int_equal(TfLiteTensorDim(TfLiteInterpreterGetOutputTensor(it, 0), 0), 3);
  assert_int_equal(TfLiteInterpreterResizeInputTensor(it, 0, bad, 4), kTfLiteError);
  assert_int_equal(TfLiteInterpreterResizeInputTensor(it, 1, one, 4), kTfLiteError);
  assert_int_equal(TfLiteInterpreterResizeInputTensor(it, -1, one, 4), kTfLiteError);
  assert_int_equal(TfLiteInterpreterResizeInputTensor(it, 0, NULL, 4), kTfLiteError);
  assert_int_equal(TfLiteInterpreterResizeInputTensor(it, 0, one, 4), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  TfLiteInterpreterDelete(it);
}

static void misuse_is_answered(void **state) {
  (void)state;
  said s = {0};
  TfLiteInterpreter *it = open_digits(&s);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteError);
  assert_int_equal(s.count, 1);
  assert_non_null(strstr(s.last, "AllocateTensors"));
  assert_null(TfLiteInterpreterGetInputTensor(it, 1));
  assert_null(TfLiteInterpreterGetInputTensor(it, -1));
  assert_null(TfLiteInterpreterGetOutputTensor(it, 1));
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  TfLiteTensor *in = TfLiteInterpreterGetInputTensor(it, 0);
  float few[4] = {0};
  assert_int_equal(TfLiteTensorCopyFromBuffer(in, few, sizeof few), kTfLiteError);
  assert_int_equal(TfLiteTensorCopyToBuffer(in, few, sizeof few), kTfLiteError);
  assert_int_equal(TfLiteTensorCopyFromBuffer(in, NULL, TfLiteTensorByteSize(in)), kTfLiteError);
  assert_int_equal(TfLiteTensorDim(in, 4), -1);
  assert_int_equal(TfLiteTensorDim(in, -1), -1);
  assert_int_equal(TfLiteInterpreterCancel(it), kTfLiteOk); /* nothing runs: the next run is not affected for good */
  TfLiteInterpreterInvoke(it);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  TfLiteInterpreterDelete(it);
}

static void null_is_answered(void **state) {
  (void)state;
  said s = {0};
  assert_null(TfLiteModelCreate(NULL, 0));
  assert_null(TfLiteModelCreateWithErrorReporter("not a model", 11, listen, &s));
  assert_null(TfLiteModelCreateFromFileWithErrorReporter("no/such/file", listen, &s));
  assert_null(TfLiteModelCreateFromFileWithErrorReporter(NULL, listen, &s));
  assert_int_equal(s.count, 3);
  assert_null(TfLiteInterpreterCreate(NULL, NULL));
  assert_null(TfLiteInterpreterOptionsCopy(NULL));
  TfLiteModelDelete(NULL);
  TfLiteInterpreterOptionsDelete(NULL);
  TfLiteInterpreterDelete(NULL);
  TfLiteInterpreterOptionsSetNumThreads(NULL, 2);
  TfLiteInterpreterOptionsSetErrorReporter(NULL, listen, &s);
  assert_int_equal(TfLiteInterpreterOptionsEnableCancellation(NULL, true), kTfLiteError);
  assert_int_equal(TfLiteInterpreterGetInputTensorCount(NULL), 0);
  assert_int_equal(TfLiteInterpreterGetOutputTensorCount(NULL), 0);
  assert_null(TfLiteInterpreterInputTensorIndices(NULL));
  assert_null(TfLiteInterpreterOutputTensorIndices(NULL));
  assert_null(TfLiteInterpreterGetInputTensor(NULL, 0));
  assert_null(TfLiteInterpreterGetOutputTensor(NULL, 0));
  assert_int_equal(TfLiteInterpreterResizeInputTensor(NULL, 0, NULL, 0), kTfLiteError);
  assert_int_equal(TfLiteInterpreterAllocateTensors(NULL), kTfLiteError);
  assert_int_equal(TfLiteInterpreterInvoke(NULL), kTfLiteError);
  assert_int_equal(TfLiteInterpreterCancel(NULL), kTfLiteError);
  assert_int_equal(TfLiteTensorType(NULL), kTfLiteNoType);
  assert_int_equal(TfLiteTensorNumDims(NULL), -1);
  assert_int_equal(TfLiteTensorDim(NULL, 0), -1);
  assert_int_equal(TfLiteTensorByteSize(NULL), 0);
  assert_null(TfLiteTensorData(NULL));
  assert_string_equal(TfLiteTensorName(NULL), "");
  assert_true(TfLiteTensorQuantizationParams(NULL).scale == 0);
  assert_int_equal(TfLiteTensorCopyFromBuffer(NULL, &s, 1), kTfLiteError);
  assert_int_equal(TfLiteTensorCopyToBuffer(NULL, &s, 1), kTfLiteError);
  TfLiteTensorRealloc(4, NULL);
}

static void arrays_and_names(void **state) {
  (void)state;
  const int values[3] = {4, 5, 6};
  assert_int_equal(TfLiteIntArrayGetSizeInBytes(3), 16);
  assert_int_equal(TfLiteFloatArrayGetSizeInBytes(3), 16);
  assert_null(TfLiteIntArrayCreate(-1));
  assert_null(TfLiteFloatArrayCreate(-1));
  TfLiteIntArray *a = TfLiteIntArrayCreate(3);
  assert_int_equal(a->size, 3);
  memcpy(a->data, values, sizeof values);
  TfLiteIntArray *b = TfLiteIntArrayCopy(a);
  assert_true(TfLiteIntArrayEqual(a, b) && TfLiteIntArrayEqual(a, a));
  assert_true(TfLiteIntArrayEqualsArray(a, 3, values));
  b->data[2] = 7;
  assert_false(TfLiteIntArrayEqual(a, b) || TfLiteIntArrayEqual(a, NULL) || TfLiteIntArrayEqualsArray(a, 2, values));
  assert_null(TfLiteIntArrayCopy(NULL));
  assert_null(TfLiteFloatArrayCopy(NULL));
  TfLiteFloatArray *f = TfLiteFloatArrayCreate(2), *g = TfLiteFloatArrayCopy(f);
  assert_int_equal(g->size, 2);
  TfLiteIntArrayFree(a);
  TfLiteIntArrayFree(b);
  TfLiteFloatArrayFree(f);
  TfLiteFloatArrayFree(g);
  TfLiteIntArrayFree(NULL);
  TfLiteFloatArrayFree(NULL);
  assert_string_equal(TfLiteTypeGetName(kTfLiteNoType), "NOTYPE");
  assert_string_equal(TfLiteTypeGetName(kTfLiteInt8), "INT8");
  assert_string_equal(TfLiteTypeGetName(kTfLiteFloat8E5M2), "FLOAT8_E5M2");
  assert_string_equal(TfLiteTypeGetName((TfLiteType)99), "Unknown type");
  assert_int_equal(TfLiteSchemaVersion(), 3);
  assert_non_null(strchr(TfLiteVersion(), '.'));
  assert_non_null(strchr(TfLiteExtensionApisVersion(), '.'));
}

static void options_are_copied(void **state) {
  (void)state;
  said s = {0};
  TfLiteInterpreterOptions *o = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreterOptionsSetErrorReporter(o, listen, &s);
  TfLiteInterpreterOptionsSetNumThreads(o, 2);
  TfLiteInterpreterOptionsSetNumThreads(o, -7); /* no number of threads: passed over */
  TfLiteInterpreterOptions *copy = TfLiteInterpreterOptionsCopy(o);
  TfLiteInterpreterOptionsDelete(o);
  TfLiteModel *model = TfLiteModelCreateFromFile(MODEL);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(model, copy);
  assert_non_null(it);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteError);
  assert_int_equal(s.count, 1);
  assert_int_equal(TfLiteInterpreterCancel(it), kTfLiteError); /* was not asked for */
  TfLiteInterpreterDelete(it);
  TfLiteModelDelete(model);
  TfLiteInterpreterOptionsDelete(copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_as_documented), cmocka_unit_test(resizes),          cmocka_unit_test(misuse_is_answered),
      cmocka_unit_test(null_is_answered),   cmocka_unit_test(arrays_and_names), cmocka_unit_test(options_are_copied),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
