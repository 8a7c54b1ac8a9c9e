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

#include "tensorflow/lite/c/builtin_op_data.h"
#include "tensorflow/lite/c/c_api.h"
#include "tensorflow/lite/c/c_api_experimental.h"
#include "tensorflow/lite/c/c_api_opaque.h"
#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h"

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
SIZE(TfLiteBlockwiseQuantization, 16);
AT(TfLiteBlockwiseQuantization, quantized_dimension, 12);
SIZE(TfLiteMultiAxisQuantization, 24);
AT(TfLiteMultiAxisQuantization, quantized_dimensions, 16);
SIZE(TfLiteDimensionMetadata, 24);
AT(TfLiteDimensionMetadata, array_segments, 8);
AT(TfLiteDimensionMetadata, array_indices, 16);
SIZE(TfLiteSparsity, 32);
AT(TfLiteSparsity, dim_metadata, 16);
AT(TfLiteSparsity, dim_metadata_size, 24);
SIZE(TfLiteNode, 80);
AT(TfLiteNode, temporaries, 24);
AT(TfLiteNode, user_data, 32);
AT(TfLiteNode, builtin_data, 40);
AT(TfLiteNode, custom_initial_data, 48);
AT(TfLiteNode, custom_initial_data_size, 56);
AT(TfLiteNode, delegate, 64);
AT(TfLiteNode, might_have_side_effect, 72);
SIZE(TfLiteRegistration, 88);
SIZE(TfLiteRegistration_V3, 80);
SIZE(TfLiteRegistration_V2, 72);
SIZE(TfLiteRegistration_V1, 64);
AT(TfLiteRegistration, invoke, 24);
AT(TfLiteRegistration, builtin_code, 40);
AT(TfLiteRegistration, custom_name, 48);
AT(TfLiteRegistration, version, 56);
AT(TfLiteRegistration, registration_external, 64);
AT(TfLiteRegistration, async_kernel, 72);
AT(TfLiteRegistration, inplace_operator, 80);
SIZE(TfLiteContext, 200);
AT(TfLiteContext, GetExecutionPlan, 8);
AT(TfLiteContext, tensors, 16);
AT(TfLiteContext, impl_, 24);
AT(TfLiteContext, ResizeTensor, 32);
AT(TfLiteContext, ReportError, 40);
AT(TfLiteContext, AddTensors, 48);
AT(TfLiteContext, GetNodeAndRegistration, 56);
AT(TfLiteContext, ReplaceNodeSubsetsWithDelegateKernels, 64);
AT(TfLiteContext, recommended_num_threads, 72);
AT(TfLiteContext, GetExternalContext, 80);
AT(TfLiteContext, SetExternalContext, 88);
AT(TfLiteContext, allow_fp32_relax_to_fp16, 96);
AT(TfLiteContext, profiler, 104);
AT(TfLiteContext, AllocatePersistentBuffer, 112);
AT(TfLiteContext, AllocateBufferForEval, 120);
AT(TfLiteContext, RequestScratchBufferInArena, 128);
AT(TfLiteContext, GetScratchBuffer, 136);
AT(TfLiteContext, ResizeTensorExplicit, 144);
AT(TfLiteContext, PreviewDelegatePartitioning, 152);
AT(TfLiteContext, GetTensor, 160);
AT(TfLiteContext, GetEvalTensor, 168);
AT(TfLiteContext, GetModelMetadata, 176);
AT(TfLiteContext, AcquireSubgraphContext, 184);
AT(TfLiteContext, ReleaseSubgraphContext, 192);
SIZE(TfLiteDelegate, 56);
AT(TfLiteDelegate, Prepare, 8);
AT(TfLiteDelegate, CopyFromBufferHandle, 16);
AT(TfLiteDelegate, CopyToBufferHandle, 24);
AT(TfLiteDelegate, FreeBufferHandle, 32);
AT(TfLiteDelegate, flags, 40);
AT(TfLiteDelegate, opaque_delegate_builder, 48);
SIZE(TfLiteOpaqueDelegateBuilder, 48);
AT(TfLiteOpaqueDelegateBuilder, flags, 40);
SIZE(TfLiteDelegateParams, 32);
SIZE(TfLiteOpaqueDelegateParams, 40);
AT(TfLiteOpaqueDelegateParams, nodes_to_replace, 16);
SIZE(TfLiteCustomAllocation, 16);
SIZE(TfLiteAllocator, 32);
SIZE(TfLiteExternalContext, 16);
SIZE(TfLiteEvalTensor, 24);
AT(TfLiteEvalTensor, type, 16);
SIZE(TfLiteXNNPackDelegateOptions, 64);
AT(TfLiteXNNPackDelegateOptions, flags, 8);
AT(TfLiteXNNPackDelegateOptions, weights_cache, 16);
AT(TfLiteXNNPackDelegateOptions, weight_cache_file_path, 32);
AT(TfLiteXNNPackDelegateOptions, weight_cache_provider, 48);
SIZE(TfLiteStablehloCompositeParams, 32);
SIZE(TfLiteBucketizeParams, 16);
#endif

SIZE(TfLiteConvParams, 28);
AT(TfLiteConvParams, activation, 12);
AT(TfLiteConvParams, dilation_width_factor, 16);
SIZE(TfLiteDepthwiseConvParams, 28);
AT(TfLiteDepthwiseConvParams, depth_multiplier, 12);
SIZE(TfLitePoolParams, 40);
AT(TfLitePoolParams, activation, 20);
SIZE(TfLiteFullyConnectedParams, 16);
AT(TfLiteFullyConnectedParams, keep_num_dims, 8);
AT(TfLiteFullyConnectedParams, quantized_bias_type, 12);
SIZE(TfLiteReshapeParams, 36);
SIZE(TfLiteSqueezeParams, 36);
SIZE(TfLiteStridedSliceParams, 24);
SIZE(TfLiteAddParams, 8);
SIZE(TfLiteUnidirectionalSequenceLSTMParams, 16);
_Static_assert(kTfLitePaddingSame == 1 && kTfLitePaddingValid == 2, "paddings are numbered as published");
_Static_assert(kTfLiteBuiltinAdd == 0 && kTfLiteBuiltinConv2d == 3 && kTfLiteBuiltinCustom == 32 &&
                   kTfLiteBuiltinDelegate == 51 && kTfLiteBuiltinStablehloCase == 209,
               "operators are numbered as published");

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
