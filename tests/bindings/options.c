/* Who computes which operator: registrations that go before mote's own, resolvers in every layout, TfLiteOperator. */
#include "support.h"

enum { ADD = sch_BuiltinOperator_ADD };

static const float xs[WIDTH] = {1, 2, 3, 4};

/* ---- a stand-in for ADD: subtracts from 100 ---- */

static TfLiteStatus like_input(TfLiteContext *c, TfLiteNode *n) {
  const TfLiteTensor *in = c->GetTensor(c, n->inputs->data[0]);
  return c->ResizeTensor(c, c->GetTensor(c, n->outputs->data[0]), TfLiteIntArrayCopy(in->dims));
}

static TfLiteStatus from_hundred(TfLiteContext *c, TfLiteNode *n) {
  const TfLiteTensor *in = c->GetTensor(c, n->inputs->data[0]);
  const TfLiteAddParams *p = n->builtin_data;
  for (int i = 0; p && i < WIDTH; i++) c->GetTensor(c, n->outputs->data[0])->data.f[i] = 100 - in->data.f[i];
  return p && p->activation == kTfLiteActNone ? kTfLiteOk : kTfLiteError;
}

static const TfLiteRegistration hundred = {.prepare = like_input, .invoke = from_hundred};

static void check_hundred(TfLiteInterpreter *it) {
  assert_non_null(it);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_true(run_floats(it, xs, WIDTH)[2] == 97);
  TfLiteInterpreterDelete(it);
}

static void builtins_are_replaced(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  subject_chain(&s, 1, (int32_t[]){ADD});
  TfLiteInterpreterOptions *o = options_for(&heard);
  assert_null(TfLiteInterpreterCreateWithSelectedOps(s.model, o)); /* it has none */
  assert_non_null(strstr(heard.all, "'ADD'"));
  TfLiteInterpreterOptionsAddBuiltinOp(o, kTfLiteBuiltinAdd, &hundred, 2, 9); /* not this version */
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, o);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_true(run_floats(it, xs, WIDTH)[2] == 6);
  TfLiteInterpreterDelete(it);
  TfLiteInterpreterOptionsAddBuiltinOp(o, kTfLiteBuiltinAdd, &hundred, 1, 1);
  TfLiteInterpreterOptionsAddBuiltinOp(o, kTfLiteBuiltinMul, NULL, 1, 1);
  TfLiteInterpreterOptions *copy = TfLiteInterpreterOptionsCopy(o);
  TfLiteInterpreterOptionsDelete(o);
  check_hundred(TfLiteInterpreterCreate(s.model, copy));
  check_hundred(TfLiteInterpreterCreateWithSelectedOps(s.model, copy));
  TfLiteInterpreterOptionsDelete(copy);
  TfLiteInterpreterOptionsAddBuiltinOp(NULL, kTfLiteBuiltinAdd, &hundred, 1, 1);
  TfLiteInterpreterOptionsAddCustomOp(NULL, "x", &hundred, 1, 1);
  subject_end(&s);
}

/* ---- resolvers ---- */

static int asked;

#define FINDERS(suffix, type, value)                                                                                   \
  static const type *find_builtin##suffix(void *user, TfLiteBuiltinOperator op, int version) {                         \
    static const type r = value;                                                                                       \
    asked++;                                                                                                           \
    assert_ptr_equal(user, &asked);                                                                                    \
    assert_int_equal(version, 1);                                                                                      \
    return op == kTfLiteBuiltinAdd ? &r : NULL;                                                                        \
  }                                                                                                                    \
  static const type *find_custom##suffix(void *user, const char *name, int version) {                                  \
    (void)user;                                                                                                        \
    (void)version;                                                                                                     \
    assert_non_null(name);                                                                                             \
    return NULL;                                                                                                       \
  }
#define CALLBACKS                                                                                                      \
  { .prepare = like_input, .invoke = from_hundred }

FINDERS(_v1, TfLiteRegistration_V1, CALLBACKS)
FINDERS(_v2, TfLiteRegistration_V2, CALLBACKS)
FINDERS(_v3, TfLiteRegistration_V3, CALLBACKS)
FINDERS(_v4, TfLiteRegistration, CALLBACKS)

static void resolvers(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  subject_chain(&s, 1, (int32_t[]){ADD});
  TfLiteInterpreterOptions *o = options_for(&heard);
  TfLiteInterpreterOptionsSetOpResolverV1(o, find_builtin_v1, find_custom_v1, &asked);
  check_hundred(TfLiteInterpreterCreate(s.model, o));
  TfLiteInterpreterOptionsSetOpResolverV2(o, find_builtin_v2, find_custom_v2, &asked);
  check_hundred(TfLiteInterpreterCreate(s.model, o));
  TfLiteInterpreterOptionsSetOpResolverV3(o, find_builtin_v3, find_custom_v3, &asked);
  check_hundred(TfLiteInterpreterCreate(s.model, o));
  TfLiteInterpreterOptionsSetOpResolver(o, find_builtin_v4, find_custom_v4, &asked);
  check_hundred(TfLiteInterpreterCreate(s.model, o));
  assert_true(asked >= 4);
  subject_end(&s);
  /* A resolver stands for all operators. */
  subject_chain(&s, 1, (int32_t[]){sch_BuiltinOperator_MUL});
  assert_null(TfLiteInterpreterCreate(s.model, o));
  TfLiteInterpreterOptionsSetOpResolver(o, NULL, NULL, NULL); /* none: mote's own again */
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, o);
  assert_non_null(it);
  TfLiteInterpreterDelete(it);
  TfLiteInterpreterOptionsDelete(o);
  TfLiteInterpreterOptionsSetOpResolver(NULL, find_builtin_v4, NULL, NULL);
  subject_end(&s);
}

/* ---- TfLiteOperator ---- */

static int data_freed, tag;

static void *op_init(void *user, TfLiteOpaqueContext *c, const char *buffer, size_t length) {
  (void)c;
  (void)buffer;
  (void)length;
  return user;
}

static void op_free(void *user, TfLiteOpaqueContext *c, void *data) {
  (void)c;
  data_freed += user == data;
}

static TfLiteStatus op_prepare(TfLiteOpaqueContext *c, TfLiteOpaqueNode *n) {
  const TfLiteOpaqueTensor *in = TfLiteOpaqueNodeGetInput(c, n, 0);
  TfLiteIntArray *dims = TfLiteIntArrayCreate(TfLiteOpaqueTensorNumDims(in));
  for (int i = 0; i < dims->size; i++) dims->data[i] = TfLiteOpaqueTensorDim(in, i);
  return TfLiteOpaqueContextResizeTensor(c, TfLiteOpaqueNodeGetOutput(c, n, 0), dims);
}

static TfLiteStatus op_invoke(void *user, TfLiteOpaqueContext *c, TfLiteOpaqueNode *n) {
  const float *x = TfLiteOpaqueTensorData(TfLiteOpaqueNodeGetInput(c, n, 0));
  float *y = TfLiteOpaqueTensorData(TfLiteOpaqueNodeGetOutput(c, n, 0));
  for (int i = 0; i < WIDTH; i++) y[i] = x[i] + 1;
  return user == &tag && TfLiteOpaqueNodeGetUserData(n) == &tag ? kTfLiteOk : kTfLiteError;
}

static TfLiteOperator *plus_one(void) {
  TfLiteOperator *op = TfLiteOperatorCreate(kTfLiteBuiltinCustom, "PlusOne", 1, &tag);
  assert_int_equal(TfLiteOperatorSetInitWithData(op, op_init), kTfLiteOk);
  assert_int_equal(TfLiteOperatorSetFreeWithData(op, op_free), kTfLiteOk);
  assert_int_equal(TfLiteOperatorSetInvokeWithData(op, op_invoke), kTfLiteOk);
  TfLiteOperatorSetPrepare(op, op_prepare);
  TfLiteOperatorSetInplaceOperator(op, kTfLiteInplaceOpInput0Shared);
  return op;
}

static TfLiteOperator *external;

static const TfLiteOperator *find_custom_external(void *user, const char *name, int version) {
  (void)user;
  (void)version;
  return strcmp(name, "PlusOne") ? NULL : external;
}

static void check_plus_one(TfLiteInterpreter *it) {
  data_freed = 0;
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_true(run_floats(it, xs, WIDTH)[3] == 5);
  TfLiteInterpreterDelete(it);
  assert_int_equal(data_freed, 1);
}

static void operators(void **state) {
  (void)state;
  subject s;
  subject_custom(&s, "PlusOne", MOTE_FLOAT32);
  external = plus_one();
  TfLiteInterpreterOptions *o = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreterOptionsAddOperator(o, external);
  TfLiteInterpreterOptionsAddOperator(o, NULL);
  check_plus_one(TfLiteInterpreterCreate(s.model, o));
  TfLiteInterpreterOptionsDelete(o);
  o = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreterOptionsSetOpResolverExternal(o, NULL, find_custom_external, NULL);
  check_plus_one(TfLiteInterpreterCreate(s.model, o));
  TfLiteInterpreterOptionsSetOpResolverExternalWithFallback(o, NULL, find_custom_external, find_builtin_v4, NULL,
                                                            &asked);
  check_plus_one(TfLiteInterpreterCreate(s.model, o));
  TfLiteInterpreterOptionsDelete(o);
  assert_string_equal(TfLiteOperatorGetCustomName(external), "PlusOne");
  assert_int_equal(TfLiteOperatorGetVersion(external), 1);
  assert_int_equal(TfLiteOperatorGetBuiltInCode(external), kTfLiteBuiltinCustom);
  assert_ptr_equal(TfLiteOperatorGetUserData(external), &tag);
  TfLiteOperatorDelete(external);
  subject_end(&s);
}

static void operators_misused(void **state) {
  (void)state;
  assert_int_equal(TfLiteOperatorGetVersion(NULL), -1);
  assert_null(TfLiteOperatorGetCustomName(NULL));
  assert_null(TfLiteOperatorGetUserData(NULL));
  TfLiteOperatorGetBuiltInCode(NULL);
  assert_int_equal(TfLiteOperatorSetInitWithData(NULL, op_init), kTfLiteError);
  assert_int_equal(TfLiteOperatorSetFreeWithData(NULL, op_free), kTfLiteError);
  assert_int_equal(TfLiteOperatorSetInvokeWithData(NULL, op_invoke), kTfLiteError);
  assert_int_equal(TfLiteOperatorSetPrepareWithData(NULL, op_invoke), kTfLiteError);
  assert_int_equal(TfLiteOperatorSetAsyncKernelWithData(NULL, NULL), kTfLiteError);
  TfLiteOperatorSetInit(NULL, NULL);
  TfLiteOperatorSetFree(NULL, NULL);
  TfLiteOperatorSetPrepare(NULL, op_prepare);
  TfLiteOperatorSetInvoke(NULL, op_prepare);
  TfLiteOperatorSetAsyncKernel(NULL, NULL);
  TfLiteOperatorSetInplaceOperator(NULL, 1);
  TfLiteOperatorDelete(NULL);
  TfLiteRegistrationExternal *old = TfLiteRegistrationExternalCreate(kTfLiteBuiltinCustom, "Old", 2);
  TfLiteRegistrationExternalSetInit(old, NULL);
  TfLiteRegistrationExternalSetFree(old, NULL);
  TfLiteRegistrationExternalSetPrepare(old, op_prepare);
  TfLiteRegistrationExternalSetInvoke(old, op_prepare);
  assert_string_equal(TfLiteRegistrationExternalGetCustomName(old), "Old");
  assert_int_equal(TfLiteRegistrationExternalGetVersion(old), 2);
  assert_int_equal(TfLiteRegistrationExternalGetBuiltInCode(old), kTfLiteBuiltinCustom);
  TfLiteRegistrationExternalDelete(old);
}

static void settings_without_effect(void **state) {
  (void)state;
  TfLiteInterpreterOptions *o = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreterOptionsSetUseNNAPI(o, true);
  TfLiteInterpreterOptionsSetTelemetryProfiler(o, NULL);
  TfLiteInterpreterOptionsSetEnableDelegateFallback(o, true);
  subject s;
  subject_chain(&s, 1, (int32_t[]){ADD});
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, o);
  assert_non_null(it);
  TfLiteInterpreterDelete(it);
  TfLiteInterpreterOptionsDelete(o);
  TfLiteInterpreterOptionsSetUseNNAPI(NULL, true);
  TfLiteInterpreterOptionsSetTelemetryProfiler(NULL, NULL);
  TfLiteInterpreterOptionsSetEnableDelegateFallback(NULL, true);
  TfLiteInterpreterOptionsAddDelegate(NULL, NULL);
  TfLiteSetAllowBufferHandleOutput(NULL, true);
  subject_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(builtins_are_replaced),
      cmocka_unit_test(resolvers),
      cmocka_unit_test(operators),
      cmocka_unit_test(operators_misused),
      cmocka_unit_test(settings_without_effect),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
