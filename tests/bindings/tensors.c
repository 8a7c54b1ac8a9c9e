/* The functions of common.h on tensors, and the opaque accessors of tensors, nodes and contexts. */
#include "support.h"

static TfLiteIntArray *dims_of(int n) {
  TfLiteIntArray *a = TfLiteIntArrayCreate(1);
  a->data[0] = n;
  return a;
}

static TfLiteTensor dynamic_floats(int n) {
  TfLiteTensor t = {.type = kTfLiteFloat32, .dims = dims_of(n), .allocation_type = kTfLiteDynamic};
  assert_int_equal(TfLiteTensorRealloc((size_t)n * sizeof(float), &t), kTfLiteOk);
  return t;
}

static const TfLiteOpaqueTensor *opaque(const TfLiteTensor *t) { return (const TfLiteOpaqueTensor *)(const void *)t; }
static TfLiteOpaqueTensor *opaque_out(TfLiteTensor *t) { return (TfLiteOpaqueTensor *)(void *)t; }

static void data_of_tensors(void **state) {
  (void)state;
  TfLiteTensor t = dynamic_floats(4);
  t.data.f[0] = 1.5F;
  assert_int_equal(TfLiteTensorResizeMaybeCopy(400, &t, true), kTfLiteOk);
  assert_true(t.data.f[0] == 1.5F && t.bytes == 400);
  assert_int_equal(TfLiteTensorResizeMaybeCopy(1 << 20, &t, false), kTfLiteOk);
  assert_int_equal(TfLiteTensorResizeMaybeCopy(8, &t, true), kTfLiteOk);
  assert_int_equal(t.bytes, 8);
  TfLiteTensorDataFree(&t);
  assert_null(t.data.data);
  float fixed[2] = {1, 2};
  TfLiteTensor planned = {.allocation_type = kTfLiteArenaRw, .data.f = fixed, .bytes = 8};
  assert_int_equal(TfLiteTensorRealloc(100, &planned), kTfLiteOk); /* not its to give */
  assert_true(planned.data.f == fixed && planned.bytes == 8);
  assert_int_equal(TfLiteTensorRealloc(8, NULL), kTfLiteError);
  TfLiteTensorFree(&t);
  TfLiteTensorFree(NULL);
  TfLiteTensorDataFree(NULL);
}

static int live;

static void *take(void *data, size_t bytes, size_t alignment) {
  assert_ptr_equal(data, &live);
  assert_int_equal(alignment, 64);
  live++;
  return malloc(bytes);
}

static void *take_again(void *data, void *block, size_t old_bytes, size_t new_bytes, size_t alignment) {
  (void)data;
  (void)old_bytes;
  (void)alignment;
  return realloc(block, new_bytes);
}

static void give_back(void *data, void *block, size_t bytes, size_t alignment) {
  (void)data;
  (void)bytes;
  (void)alignment;
  live--;
  free(block);
}

static void allocators(void **state) {
  (void)state;
  TfLiteAllocator a = {&live, take, take_again, give_back};
  TfLiteTensor t = {.type = kTfLiteUInt8, .allocation_type = kTfLiteDynamic};
  assert_int_equal(TfLiteTensorReallocWithAllocator(10, &t, &a), kTfLiteOk);
  assert_int_equal(TfLiteTensorResizeMaybeCopyWithAllocator(1000, &t, true, &a), kTfLiteOk);
  assert_int_equal(live, 1);
  TfLiteTensorDataFreeWithAllocator(&t, &a);
  assert_int_equal(live, 0);
  TfLiteTensorDataFreeWithAllocator(NULL, &a);
}

static void copies_and_clones(void **state) {
  (void)state;
  TfLiteTensor a = dynamic_floats(3), b = dynamic_floats(3), c = dynamic_floats(2);
  for (int i = 0; i < 3; i++) a.data.f[i] = (float)i;
  TfLiteAffineQuantization *q = calloc(1, sizeof *q);
  q->scale = TfLiteFloatArrayCreate(1);
  q->zero_point = TfLiteIntArrayCreate(1);
  q->scale->data[0] = 0.25F;
  a.quantization = (TfLiteQuantization){kTfLiteAffineQuantization, q};
  a.sparsity = calloc(1, sizeof *a.sparsity);
  a.sparsity->traversal_order = dims_of(7);
  a.sparsity->dim_metadata = calloc(1, sizeof *a.sparsity->dim_metadata);
  a.sparsity->dim_metadata_size = 1;
  a.sparsity->dim_metadata[0].array_indices = dims_of(9);
  assert_int_equal(TfLiteTensorCopy(&a, &b), kTfLiteOk);
  assert_true(b.data.f[2] == 2);
  assert_int_equal(TfLiteTensorCopy(&a, &c), kTfLiteError);
  assert_int_equal(TfLiteTensorCopy(&a, &a), kTfLiteOk);
  assert_int_equal(TfLiteTensorCopy(NULL, &a), kTfLiteOk);
  TfLiteTensor d = TfLiteTensorClone(a);
  assert_true(d.data.f != a.data.f && d.data.f[1] == 1 && d.dims != a.dims);
  assert_true(((TfLiteAffineQuantization *)d.quantization.params)->scale->data[0] == 0.25F);
  assert_int_equal(d.sparsity->dim_metadata[0].array_indices->data[0], 9);
  TfLiteTensorReset(kTfLiteInt8, "new", dims_of(1), (TfLiteQuantizationParams){2, 1}, NULL, 0, kTfLiteArenaRw, NULL,
                    true, &b);
  assert_true(b.type == kTfLiteInt8 && b.is_variable && b.params.zero_point == 1 && !b.data.data);
  TfLiteTensorReset(kTfLiteInt8, "", NULL, (TfLiteQuantizationParams){0, 0}, NULL, 0, kTfLiteArenaRw, NULL, true, NULL);
  TfLiteTensorFree(&a);
  TfLiteTensorFree(&b);
  TfLiteTensorFree(&c);
  TfLiteTensorFree(&d);
  TfLiteQuantizationFree(NULL);
  TfLiteSparsityFree(NULL);
}

static void stability(void **state) {
  (void)state;
  TfLiteTensor t = {.allocation_type = kTfLiteMmapRo};
  assert_int_equal(TfLiteTensorGetAllocationStrategy(&t), kTfLiteAllocationStrategyMMap);
  assert_int_equal(TfLiteTensorGetDataStability(&t), kTfLiteRunStabilityAcrossRuns);
  assert_int_equal(TfLiteTensorGetDataKnownStep(&t), kTfLiteRunStepInit);
  t.allocation_type = kTfLiteArenaRw;
  assert_int_equal(TfLiteTensorGetBufferAddressStability(&t), kTfLiteRunStabilityUnstable);
  assert_int_equal(TfLiteTensorGetShapeKnownStep(&t), kTfLiteRunStepPrepare);
  t.allocation_type = kTfLiteDynamic;
  assert_int_equal(TfLiteOpaqueTensorGetAllocationStrategy(opaque(&t)), kTfLiteAllocationStrategyMalloc);
  assert_int_equal(TfLiteOpaqueTensorGetShapeKnownStep(opaque(&t)), kTfLiteRunStepEval);
  assert_int_equal(TfLiteOpaqueTensorGetBufferAddressStability(opaque(&t)), kTfLiteRunStabilitySingleRun);
  assert_int_equal(TfLiteOpaqueTensorGetDataStability(opaque(&t)), kTfLiteRunStabilitySingleRun);
  assert_int_equal(TfLiteOpaqueTensorGetDataKnownStep(opaque(&t)), kTfLiteRunStepEval);
  t.allocation_type = (TfLiteAllocationType)77;
  assert_int_equal(TfLiteTensorGetAllocationStrategy(&t), kTfLiteAllocationStrategyUnknown);
  assert_int_equal(TfLiteTensorGetAllocationStrategy(NULL), kTfLiteAllocationStrategyUnknown);
}

static void opaque_tensors(void **state) {
  (void)state;
  TfLiteTensor t = dynamic_floats(3);
  TfLiteIntArray *signature = dims_of(-1);
  t.dims_signature = signature;
  t.name = "x";
  t.is_variable = true;
  t.params = (TfLiteQuantizationParams){0.5F, 3};
  int32_t n = 0;
  assert_int_equal(TfLiteOpaqueTensorType(opaque(&t)), kTfLiteFloat32);
  assert_int_equal(TfLiteOpaqueTensorNumDims(opaque(&t)), 1);
  assert_int_equal(TfLiteOpaqueTensorDim(opaque(&t), 0), 3);
  assert_int_equal(TfLiteOpaqueTensorByteSize(opaque(&t)), 12);
  assert_ptr_equal(TfLiteOpaqueTensorData(opaque(&t)), t.data.data);
  assert_string_equal(TfLiteOpaqueTensorName(opaque(&t)), "x");
  assert_true(TfLiteOpaqueTensorIsVariable(opaque(&t)));
  assert_int_equal(TfLiteOpaqueTensorGetNumDimsSignature(opaque(&t), &n), kTfLiteOk);
  assert_int_equal(n, 1);
  assert_int_equal(TfLiteOpaqueTensorGetDimSignature(opaque(&t), 0, &n), kTfLiteOk);
  assert_int_equal(n, -1);
  assert_int_equal(TfLiteOpaqueTensorGetDimSignature(opaque(&t), 1, &n), kTfLiteError);
  assert_ptr_equal(TfLiteTensorGetDimsSignature(&t), signature);
  assert_int_equal(TfLiteOpaqueTensorGetAllocationType(opaque(&t)), kTfLiteDynamic);
  assert_int_equal(TfLiteOpaqueTensorGetQuantizationParams(opaque(&t)).zero_point, 3);
  assert_int_equal(TfLiteOpaqueTensorGetQuantization(opaque(&t)).type, kTfLiteNoQuantization);
  const float values[3] = {1, 2, 3};
  float back[3];
  assert_int_equal(TfLiteOpaqueTensorCopyFromBuffer(opaque_out(&t), values, sizeof values), kTfLiteOk);
  assert_int_equal(TfLiteOpaqueTensorCopyToBuffer(opaque(&t), back, sizeof back), kTfLiteOk);
  assert_true(back[2] == 3);
  assert_int_equal(TfLiteOpaqueTensorGetStringCount(opaque(&t)), -1);
  assert_int_equal(TfLiteOpaqueTensorWriteString(opaque_out(&t), "x", 1), kTfLiteError); /* no strings */
  assert_int_equal(TfLiteOpaqueTensorSetNonCpuAllocation(opaque_out(&t)), kTfLiteOk);
  assert_int_equal(t.allocation_type, kTfLiteNonCpu);
  TfLiteOpaqueTensorSetAllocationTypeToDynamic(opaque_out(&t));
  assert_int_equal(t.allocation_type, kTfLiteDynamic);
  TfLiteTensorFree(&t);
  /* NULL everywhere. */
  assert_int_equal(TfLiteOpaqueTensorType(NULL), kTfLiteNoType);
  assert_int_equal(TfLiteOpaqueTensorNumDims(NULL), -1);
  assert_int_equal(TfLiteOpaqueTensorGetNumDimsSignature(NULL, &n), kTfLiteError);
  assert_int_equal(TfLiteOpaqueTensorGetDimSignature(NULL, 0, &n), kTfLiteError);
  assert_int_equal(TfLiteOpaqueTensorIsVariable(NULL), 0);
  assert_null(TfLiteOpaqueTensorData(NULL));
  assert_int_equal(TfLiteOpaqueTensorGetAllocationType(NULL), kTfLiteMemNone);
  assert_int_equal(TfLiteOpaqueTensorGetQuantization(NULL).type, kTfLiteNoQuantization);
  assert_int_equal(TfLiteOpaqueTensorGetStringCount(NULL), -1);
  assert_int_equal(TfLiteOpaqueTensorWriteString(NULL, "x", 1), kTfLiteError);
  assert_int_equal(TfLiteOpaqueTensorSetNonCpuAllocation(NULL), kTfLiteError);
  TfLiteOpaqueTensorSetAllocationTypeToDynamic(NULL);
}

/* ---- nodes and contexts, from inside an operator ---- */

static TfLiteStatus add_temporary(TfLiteOpaqueContext *c, TfLiteOpaqueNode *n) {
  TfLiteOpaqueTensorBuilder *b = TfLiteOpaqueTensorBuilderCreate();
  int index = -1;
  TfLiteOpaqueTensorBuilderSetAllocationType(TfLiteOpaqueTensorBuilderSetType(b, kTfLiteInt16), kTfLiteMmapRo);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextAddTensor(c, b, &index) == kTfLiteError);
  TfLiteOpaqueTensorBuilderSetQuantizationParams(b, (TfLiteQuantizationParams){1, 2});
  TfLiteOpaqueTensorBuilderSetQuantization(b, (TfLiteQuantization){kTfLiteNoQuantization, NULL});
  TfLiteOpaqueTensorBuilderSetData(TfLiteOpaqueTensorBuilderSetAllocationType(b, kTfLiteArenaRw), NULL);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextAddTensor(c, b, &index) == kTfLiteOk);
  TfLiteOpaqueTensorBuilderDelete(b);
  TfLiteOpaqueTensor *t = TfLiteOpaqueContextGetOpaqueTensor(c, index);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueTensorType(t) == kTfLiteInt16);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextResizeTensor(c, t, dims_of(5)) == kTfLiteOk);
  return TfLiteOpaqueNodeSetTemporaries(n, &index, 1);
}

static TfLiteStatus look_prepare(TfLiteOpaqueContext *c, TfLiteOpaqueNode *n) {
  const int *list;
  int count, size;
  const void *data;
  const char *text;
  void *external;
  size_t bytes;
  TfLiteOpaqueContext *other;
  TF_LITE_OPAQUE_ENSURE_EQ(c, TfLiteOpaqueNodeNumberOfInputs(n), 1);
  TF_LITE_OPAQUE_ENSURE_EQ(c, TfLiteOpaqueNodeNumberOfOutputs(n), 1);
  TF_LITE_OPAQUE_ENSURE_EQ(c, TfLiteOpaqueNodeGetInputTensorIndex(n, 0), 0);
  TF_LITE_OPAQUE_ENSURE_EQ(c, TfLiteOpaqueNodeGetOutputTensorIndex(n, 0), 1);
  TF_LITE_OPAQUE_ENSURE_EQ(c, TfLiteOpaqueNodeGetOutputTensorIndex(n, 1), -1);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueNodeGetInput(c, n, 1) == NULL);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueNodeGetBuiltinData(n) == NULL);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueNodeGetCustomInitialData(n, &data, &size) == kTfLiteOk && size == 3);
  TF_LITE_OPAQUE_ENSURE(c, !memcmp(data, "abc", 3));
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueNodeInputs(n, &list, &count) == kTfLiteOk && count == 1 && list[0] == 0);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueNodeOutputs(n, &list, &count) == kTfLiteOk && list[0] == 1);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueNodeInputs(n, NULL, &count) == kTfLiteError);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetInputs(c, &list, &count) == kTfLiteOk && list[0] == 0);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetOutputs(c, &list, &count) == kTfLiteOk && list[0] == 1);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetVariables(c, &list, &count) == kTfLiteOk && count == 0);
  TF_LITE_OPAQUE_ENSURE_EQ(c, TfLiteOpaqueContextGetNumNodes(c), 1);
  TF_LITE_OPAQUE_ENSURE_EQ(c, TfLiteOpaqueContextGetNumTensors(c), 2);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetName(c) != NULL);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetSizeOfType(c, kTfLiteInt16, &bytes) == kTfLiteOk && bytes == 2);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetSizeOfType(c, kTfLiteString, &bytes) == kTfLiteError);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetMetadata(c, "none", &text, &bytes) == kTfLiteError);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetExternalContext(c, &external, kTfLiteEigenContext) == kTfLiteOk);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextAcquireSubgraphContext(c, 0, &other) == kTfLiteOk && other == c);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextReleaseSubgraphContext(c, 0) == kTfLiteOk);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextAcquireSubgraphContext(c, 4, &other) == kTfLiteError);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextMarkSubgraphAsDelegationSkippable(c, 0) == kTfLiteError);
  int fd;
  int64_t offset, length;
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetNodeInitDataMmapInfo(c, n, &fd, &offset, &length) == kTfLiteError);
  return add_temporary(c, n);
}

static TfLiteStatus look_invoke(TfLiteOpaqueContext *c, TfLiteOpaqueNode *n) {
  const int *list;
  int count;
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueNodeTemporaries(n, &list, &count) == kTfLiteOk && count == 1);
  TfLiteOpaqueTensor *t = TfLiteOpaqueContextGetOpaqueTensor(c, list[0]);
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueTensorData(t) != NULL);
  TF_LITE_OPAQUE_ENSURE_EQ(c, TfLiteOpaqueTensorByteSize(t), 10);
  memset(TfLiteOpaqueTensorData(t), 1, 10);
  TfLiteOpaqueTensor *out = TfLiteOpaqueNodeGetOutput(c, n, 0);
  memset(TfLiteOpaqueTensorData(out), 0, TfLiteOpaqueTensorByteSize(out));
  TfLiteOpaqueContextReportError(c, "%s %d", "seen", 4);
  return kTfLiteOk;
}

static void *sees_options(TfLiteOpaqueContext *c, const char *buffer, size_t length) {
  (void)c;
  assert_int_equal(length, 3);
  assert_memory_equal(buffer, "abc", 3);
  return NULL;
}

static void opaque_nodes_and_contexts(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  net_begin(&s.net);
  const int x = floats(&s.net), y = floats(&s.net);
  sch_Operator *o = net_custom(&s.net, "Look", 1, &x, 1, &y);
  o->custom_options = (sch_u8s){(const uint8_t *)"abc", 3};
  net_ends(&s.net, 1, &x, 1, &y);
  subject_load(&s);
  TfLiteOperator *op = TfLiteOperatorCreate(kTfLiteBuiltinCustom, "Look", 1, NULL);
  TfLiteOperatorSetInit(op, sees_options);
  TfLiteOperatorSetPrepare(op, look_prepare);
  TfLiteOperatorSetInvoke(op, look_invoke);
  TfLiteInterpreterOptions *options = options_for(&heard);
  TfLiteInterpreterOptionsAddOperator(options, op);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, options);
  TfLiteInterpreterOptionsDelete(options);
  if (TfLiteInterpreterAllocateTensors(it) != kTfLiteOk) fail_msg("%s", heard.all);
  if (TfLiteInterpreterInvoke(it) != kTfLiteOk) fail_msg("%s", heard.all);
  assert_non_null(strstr(heard.all, "seen 4"));
  TfLiteInterpreterDelete(it);
  TfLiteOperatorDelete(op);
  subject_end(&s);
}

static void opaque_misuse(void **state) {
  (void)state;
  const int *list;
  int count;
  TfLiteIntArray *plan;
  assert_null(TfLiteOpaqueNodeGetInput(NULL, NULL, 0));
  assert_null(TfLiteOpaqueNodeGetOutput(NULL, NULL, 0));
  assert_int_equal(TfLiteOpaqueNodeNumberOfInputs(NULL), 0);
  assert_int_equal(TfLiteOpaqueNodeNumberOfOutputs(NULL), 0);
  assert_null(TfLiteOpaqueNodeGetUserData(NULL));
  assert_null(TfLiteOpaqueNodeGetBuiltinData(NULL));
  assert_int_equal(TfLiteOpaqueNodeInputs(NULL, &list, &count), kTfLiteError);
  assert_int_equal(TfLiteOpaqueNodeTemporaries(NULL, &list, &count), kTfLiteError);
  assert_int_equal(TfLiteOpaqueNodeSetTemporaries(NULL, NULL, 0), kTfLiteError);
  assert_int_equal(TfLiteOpaqueNodeGetInputTensorIndex(NULL, 0), -1);
  assert_int_equal(TfLiteOpaqueContextGetInputs(NULL, &list, &count), kTfLiteError);
  assert_int_equal(TfLiteOpaqueContextGetVariables(NULL, &list, &count), kTfLiteError);
  assert_int_equal(TfLiteOpaqueContextGetExecutionPlan(NULL, &plan), kTfLiteError);
  assert_int_equal(TfLiteOpaqueContextGetNumNodes(NULL), 0);
  assert_int_equal(TfLiteOpaqueContextGetNumTensors(NULL), 0);
  assert_string_equal(TfLiteOpaqueContextGetName(NULL), "");
  assert_null(TfLiteOpaqueContextGetOpaqueTensor(NULL, 0));
  assert_int_equal(TfLiteOpaqueContextResizeTensor(NULL, NULL, dims_of(1)), kTfLiteError);
  assert_int_equal(TfLiteOpaqueContextAddTensor(NULL, NULL, NULL), kTfLiteError);
  assert_int_equal(TfLiteOpaqueContextReplaceNodeSubsetsWithDelegateKernels(NULL, NULL, NULL, NULL), kTfLiteError);
  TfLiteOpaqueContextReportError(NULL, "nobody hears this");
  TfLiteOpaqueTensorBuilderDelete(NULL);
  assert_null(TfLiteOpaqueTensorBuilderSetType(NULL, kTfLiteInt8));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(data_of_tensors), cmocka_unit_test(allocators),     cmocka_unit_test(copies_and_clones),
      cmocka_unit_test(stability),       cmocka_unit_test(opaque_tensors), cmocka_unit_test(opaque_nodes_and_contexts),
      cmocka_unit_test(opaque_misuse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
