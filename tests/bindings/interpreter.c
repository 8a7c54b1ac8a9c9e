/* Interpreters: tensors by index, signatures, variables, memory of the caller's, several on one model, threads,
 * cancelling. */
#include "support.h"

#include <pthread.h>

enum { ADD = sch_BuiltinOperator_ADD, MUL = sch_BuiltinOperator_MUL, SUB = sch_BuiltinOperator_SUB };

static const int32_t add_mul[2] = {ADD, MUL};

static TfLiteInterpreter *open_ready(const subject *s, said *heard) {
  TfLiteInterpreterOptions *o = options_for(heard);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s->model, o);
  TfLiteInterpreterOptionsDelete(o);
  assert_non_null(it);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  return it;
}

static void tensors_by_index(void **state) {
  (void)state;
  subject s;
  subject_chain(&s, 2, add_mul);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, NULL);
  TfLiteTensor *t[3];
  for (int i = 0; i < 3; i++) {
    t[i] = TfLiteInterpreterGetTensor(it, i);
    assert_int_equal(TfLiteTensorType(t[i]), kTfLiteFloat32);
    assert_null(TfLiteTensorData(t[i]));
    assert_int_equal(TfLiteTensorByteSize(t[i]), 16); /* known before there is memory */
    assert_int_equal(t[i]->dims_signature->data[0], -1);
  }
  assert_string_equal(TfLiteTensorName(t[1]), "t1");
  assert_null(TfLiteInterpreterGetTensor(it, 3));
  assert_null(TfLiteInterpreterGetTensor(it, -1));
  assert_null(TfLiteInterpreterGetTensor(NULL, 0));
  assert_int_equal(TfLiteInterpreterInputTensorIndices(it)[0], 0);
  assert_int_equal(TfLiteInterpreterOutputTensorIndices(it)[0], 2);
  assert_int_equal(TfLiteInterpreterGetInputTensorIndex(it, 0), 0);
  assert_int_equal(TfLiteInterpreterGetOutputTensorIndex(it, 0), 2);
  assert_int_equal(TfLiteInterpreterGetInputTensorIndex(it, 1), -1);
  assert_int_equal(TfLiteInterpreterGetOutputTensorIndex(it, -1), -1);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  const int rows[2] = {2, WIDTH};
  assert_int_equal(TfLiteInterpreterResizeInputTensor(it, 0, rows, 2), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  for (int i = 0; i < 3; i++) {
    assert_ptr_equal(TfLiteInterpreterGetTensor(it, i), t[i]);
    assert_non_null(TfLiteTensorData(t[i]));
    assert_int_equal(TfLiteTensorByteSize(t[i]), 32);
    assert_int_equal(TfLiteTensorDim(t[i], 0), 2);
  }
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

static void constants_and_quantization(void **state) {
  (void)state;
  subject s;
  net_begin(&s.net);
  const float values[WIDTH] = {1, 2, 3, 4};
  const int x = floats(&s.net), y = floats(&s.net);
  const int c = net_const(&s.net, MOTE_FLOAT32, 1, (int32_t[]){WIDTH}, values, sizeof values);
  const int q = net_tensor(&s.net, MOTE_INT8, 1, (int32_t[]){3});
  net_quant(&s.net, q, 0.5F, -3);
  net_op(&s.net, ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){x, c}, 1, &y);
  net_ends(&s.net, 1, &x, 1, &y);
  subject_load(&s);
  TfLiteInterpreter *it = open_ready(&s, NULL);
  TfLiteTensor *t = TfLiteInterpreterGetTensor(it, c);
  assert_int_equal(t->allocation_type, kTfLiteMmapRo);
  assert_true(t->data.f[3] == 4);
  assert_int_equal(TfLiteTensorCopyFromBuffer(t, values, sizeof values), kTfLiteError);
  const TfLiteTensor *quantized = TfLiteInterpreterGetTensor(it, q);
  assert_int_equal(quantized->quantization.type, kTfLiteAffineQuantization);
  const TfLiteAffineQuantization *a = quantized->quantization.params;
  assert_true(a->scale->size == 1 && a->scale->data[0] == 0.5F && a->zero_point->data[0] == -3);
  assert_int_equal(TfLiteTensorQuantizationParams(quantized).zero_point, -3);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* ---- signatures ---- */

/* Two subgraphs: "sum" (b + a, names out of order in the file) and "twice". */
static void two_signatures(subject *s) {
  net_begin(&s->net);
  const int a = floats(&s->net), b = floats(&s->net), y = floats(&s->net);
  net_open_dim(&s->net, a, 0);
  net_open_dim(&s->net, b, 0);
  net_op(&s->net, ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){a, b}, 1, &y);
  net_ends(&s->net, 2, (int32_t[]){a, b}, 1, &y);
  net_signature(&s->net, "sum");
  sch_TensorMap *maps = s->net.signatures[0].inputs.data, first = maps[0];
  maps[0] = maps[1];
  maps[1] = first;
  net_graph(&s->net);
  const int x = floats(&s->net), z = floats(&s->net);
  net_op(&s->net, ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){x, x}, 1, &z);
  net_ends(&s->net, 1, &x, 1, &z);
  net_signature(&s->net, "twice");
  subject_load(s);
}

static void write_named(TfLiteSignatureRunner *r, const char *name, float value) {
  TfLiteTensor *t = TfLiteSignatureRunnerGetInputTensor(r, name);
  for (size_t i = 0; i < TfLiteTensorByteSize(t) / sizeof(float); i++) t->data.f[i] = value;
}

static void signatures(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  two_signatures(&s);
  TfLiteInterpreterOptions *o = options_for(&heard);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, o);
  TfLiteInterpreterOptionsDelete(o);
  assert_int_equal(TfLiteInterpreterGetSignatureCount(it), 2);
  assert_string_equal(TfLiteInterpreterGetSignatureKey(it, 1), "twice");
  assert_null(TfLiteInterpreterGetSignatureKey(it, 2));
  assert_null(TfLiteInterpreterGetSignatureKey(it, -1));
  assert_null(TfLiteInterpreterGetSignatureRunner(it, "none"));
  assert_null(TfLiteInterpreterGetSignatureRunner(it, NULL));
  TfLiteSignatureRunner *sum = TfLiteInterpreterGetSignatureRunner(it, "sum");
  TfLiteSignatureRunner *twice = TfLiteInterpreterGetSignatureRunner(it, "twice");
  assert_int_equal(TfLiteSignatureRunnerGetInputCount(sum), 2);
  assert_string_equal(TfLiteSignatureRunnerGetInputName(sum, 0), "a"); /* in alphabetical order */
  assert_string_equal(TfLiteSignatureRunnerGetInputName(sum, 1), "b");
  assert_null(TfLiteSignatureRunnerGetInputName(sum, 2));
  assert_int_equal(TfLiteSignatureRunnerGetOutputCount(sum), 1);
  assert_string_equal(TfLiteSignatureRunnerGetOutputName(sum, 0), "y");
  assert_null(TfLiteSignatureRunnerGetOutputName(sum, -1));
  assert_null(TfLiteSignatureRunnerGetInputTensor(sum, "c"));
  assert_null(TfLiteSignatureRunnerGetOutputTensor(sum, NULL));
  assert_int_equal(TfLiteSignatureRunnerInvoke(sum), kTfLiteError); /* not allocated */
  assert_int_equal(TfLiteSignatureRunnerAllocateTensors(sum), kTfLiteOk);
  assert_int_equal(TfLiteSignatureRunnerAllocateTensors(twice), kTfLiteOk);
  write_named(sum, "a", 1);
  write_named(sum, "b", 2);
  write_named(twice, "a", 5);
  /* Resizing one leaves the other as it is. */
  const int rows[2] = {100, WIDTH}, wide[2] = {1, WIDTH + 1}, flat[1] = {WIDTH};
  assert_int_equal(TfLiteSignatureRunnerResizeInputTensor(sum, "a", rows, 2), kTfLiteOk);
  assert_int_equal(TfLiteSignatureRunnerResizeInputTensor(sum, "b", rows, 2), kTfLiteOk);
  assert_int_equal(TfLiteSignatureRunnerAllocateTensors(sum), kTfLiteOk);
  assert_int_equal(TfLiteSignatureRunnerInvoke(twice), kTfLiteOk);
  const TfLiteTensor *z = TfLiteSignatureRunnerGetOutputTensor(twice, "y");
  assert_true(z->data.f[3] == 10);
  write_named(sum, "a", 3);
  write_named(sum, "b", 4);
  assert_int_equal(TfLiteSignatureRunnerInvoke(sum), kTfLiteOk);
  assert_true(TfLiteSignatureRunnerGetOutputTensor(sum, "y")->data.f[399] == 7);
  assert_true(z->data.f[3] == 10);
  /* Only open dimensions may change. */
  assert_int_equal(TfLiteSignatureRunnerResizeInputTensor(sum, "a", wide, 2), kTfLiteError);
  assert_int_equal(TfLiteSignatureRunnerResizeInputTensor(sum, "a", flat, 1), kTfLiteError);
  assert_int_equal(TfLiteSignatureRunnerResizeInputTensor(sum, "q", rows, 2), kTfLiteError);
  assert_non_null(strstr(heard.all, "Input name q was not found"));
  assert_int_equal(TfLiteSignatureRunnerResizeInputTensor(twice, "a", rows, 2), kTfLiteError);
  assert_int_equal(TfLiteSignatureRunnerResizeInputTensor(NULL, "a", rows, 2), kTfLiteError);
  assert_int_equal(TfLiteSignatureRunnerCancel(sum), kTfLiteError);
  TfLiteSignatureRunnerDelete(sum);
  TfLiteSignatureRunnerDelete(twice);
  TfLiteSignatureRunnerDelete(NULL);
  assert_int_equal(TfLiteSignatureRunnerGetInputCount(NULL), 0);
  assert_null(TfLiteSignatureRunnerGetInputTensor(NULL, "a"));
  assert_int_equal(TfLiteSignatureRunnerInvoke(NULL), kTfLiteError);
  assert_int_equal(TfLiteSignatureRunnerAllocateTensors(NULL), kTfLiteError);
  assert_int_equal(TfLiteSignatureRunnerCancel(NULL), kTfLiteError);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* ---- variables ---- */

static TfLiteStatus count_up(TfLiteContext *c, TfLiteNode *n) {
  float *total = c->tensors[n->inputs->data[1]].data.f;
  TF_LITE_ENSURE(c, c->tensors[n->inputs->data[1]].is_variable);
  for (int i = 0; i < WIDTH; i++)
    c->tensors[n->outputs->data[0]].data.f[i] = total[i] += c->tensors[n->inputs->data[0]].data.f[i];
  return kTfLiteOk;
}

static void variables(void **state) {
  (void)state;
  subject s;
  net_begin(&s.net);
  const int x = floats(&s.net), v = floats(&s.net), y = floats(&s.net);
  net_at(&s.net, v)->is_variable = true;
  net_custom(&s.net, "CountUp", 2, (int32_t[]){x, v}, 1, &y);
  net_ends(&s.net, 1, &x, 1, &y);
  subject_load(&s);
  const TfLiteRegistration r = {.invoke = count_up};
  const float ones[WIDTH] = {1, 1, 1, 1};
  TfLiteInterpreterOptions *o = options_for(NULL);
  TfLiteInterpreterOptionsAddCustomOp(o, "CountUp", &r, 1, 1);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, o);
  TfLiteInterpreterOptionsDelete(o);
  assert_int_equal(TfLiteInterpreterResetVariableTensors(it), kTfLiteOk); /* nothing to reset yet */
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  for (int i = 1; i < 4; i++) assert_true(run_floats(it, ones, WIDTH)[0] == (float)i);
  assert_int_equal(TfLiteInterpreterGetVariableTensorCount(it), 1);
  TfLiteTensor *t = TfLiteInterpreterGetVariableTensor(it, 0);
  assert_ptr_equal(t, TfLiteInterpreterGetTensor(it, v));
  assert_int_equal(t->allocation_type, kTfLiteArenaRwPersistent);
  assert_true(t->data.f[2] == 3);
  assert_int_equal(TfLiteInterpreterResetVariableTensors(it), kTfLiteOk);
  assert_true(t->data.f[2] == 0);
  assert_true(run_floats(it, ones, WIDTH)[0] == 1);
  _Alignas(64) static float mine[WIDTH];
  mine[0] = 40;
  const TfLiteCustomAllocation given = {mine, sizeof mine};
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, v, &given, 0), kTfLiteOk);
  assert_true(run_floats(it, ones, WIDTH)[0] == 41);
  assert_int_equal(TfLiteInterpreterResetVariableTensors(it), kTfLiteOk);
  assert_true(mine[0] == 0);
  assert_null(TfLiteInterpreterGetVariableTensor(it, 1));
  assert_null(TfLiteInterpreterGetVariableTensor(NULL, 0));
  assert_int_equal(TfLiteInterpreterGetVariableTensorCount(NULL), 0);
  assert_int_equal(TfLiteInterpreterResetVariableTensors(NULL), kTfLiteError);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* ---- memory of the caller's ---- */

static void custom_allocations(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  net_begin(&s.net);
  const int x = floats(&s.net), flat = net_tensor(&s.net, MOTE_FLOAT32, 1, (int32_t[]){WIDTH}),
            y = net_tensor(&s.net, MOTE_FLOAT32, 1, (int32_t[]){WIDTH});
  const int32_t shape[1] = {WIDTH};
  const int to = net_const(&s.net, MOTE_INT32, 1, (int32_t[]){1}, shape, sizeof shape);
  net_op(&s.net, sch_BuiltinOperator_RESHAPE, sch_BuiltinOptions_ReshapeOptions, NULL, 2, (int32_t[]){x, to}, 1, &flat);
  net_op(&s.net, ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){flat, flat}, 1, &y);
  net_ends(&s.net, 1, &x, 1, &y);
  subject_load(&s);
  TfLiteInterpreter *it = open_ready(&s, &heard);
  _Alignas(64) static float in[WIDTH + 1], middle[WIDTH], out[WIDTH];
  const TfLiteCustomAllocation at_in = {in, sizeof in}, at_middle = {middle, sizeof middle}, at_out = {out, sizeof out};
  const TfLiteCustomAllocation crooked = {in + 1, WIDTH * sizeof(float)}, small = {out, 8}, none = {NULL, 16};
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, x, &at_in, 0), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, flat, &at_middle, 0), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, y, &at_out, 0), kTfLiteOk);
  for (int i = 0; i < WIDTH; i++) in[i] = (float)i;
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  assert_true(middle[3] == 3 && out[3] == 6);
  assert_ptr_equal(TfLiteTensorData(TfLiteInterpreterGetOutputTensor(it, 0)), out);
  assert_int_equal(TfLiteInterpreterGetInputTensor(it, 0)->allocation_type, kTfLiteCustom);
  in[0] = 50;
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  assert_true(out[0] == 100);
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, x, &crooked, 0), kTfLiteError);
  assert_int_equal(
      TfLiteInterpreterSetCustomAllocationForTensor(it, x, &crooked, kTfLiteCustomAllocationFlagsSkipAlignCheck),
      kTfLiteOk);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  assert_true(out[0] == 2);
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, to, &at_in, 0), kTfLiteError); /* a constant */
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, x, &none, 0), kTfLiteError);
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, x, NULL, 0), kTfLiteError);
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, 99, &at_in, 0), kTfLiteError);
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(NULL, x, &at_in, 0), kTfLiteError);
  assert_int_equal(TfLiteInterpreterSetCustomAllocationForTensor(it, y, &small, 0), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteError);
  assert_non_null(strstr(heard.all, "Custom allocation is too small for tensor idx: 2"));
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* ---- several interpreters ---- */

typedef struct worker {
  const subject *s;
  int number;
  bool good;
} worker;

static void *work(void *arg) {
  worker *w = arg;
  w->good = true;
  for (int round = 0; round < 20; round++) {
    TfLiteInterpreterOptions *o = TfLiteInterpreterOptionsCreate();
    TfLiteInterpreterOptionsSetNumThreads(o, 2);
    TfLiteInterpreter *it = TfLiteInterpreterCreate(w->s->model, o);
    TfLiteInterpreterOptionsDelete(o);
    w->good &= TfLiteInterpreterAllocateTensors(it) == kTfLiteOk;
    TfLiteTensor *in = TfLiteInterpreterGetInputTensor(it, 0);
    for (int i = 0; i < WIDTH; i++) in->data.f[i] = (float)w->number;
    w->good &= TfLiteInterpreterInvoke(it) == kTfLiteOk;
    const float *y = TfLiteTensorData(TfLiteInterpreterGetOutputTensor(it, 0));
    w->good &= y[3] == 4.0F * (float)(w->number * w->number);
    TfLiteInterpreterDelete(it);
  }
  return NULL;
}

static void several_on_one_model(void **state) {
  (void)state;
  subject s;
  subject_chain(&s, 2, add_mul);
  enum { WORKERS = 4 };
  pthread_t threads[WORKERS];
  worker workers[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    workers[i] = (worker){&s, i + 1, false};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < WORKERS; i++) {
    pthread_join(threads[i], NULL);
    assert_true(workers[i].good);
  }
  /* The model may go first. */
  TfLiteInterpreter *it = open_ready(&s, NULL);
  TfLiteModelDelete(s.model);
  s.model = NULL;
  const float x[WIDTH] = {1, 2, 3, 4};
  assert_true(run_floats(it, x, WIDTH)[3] == 64);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* ---- cancelling ---- */

static TfLiteInterpreter *to_cancel;

static TfLiteStatus cancels(TfLiteContext *c, TfLiteNode *n) {
  (void)c;
  (void)n;
  return TfLiteInterpreterCancel(to_cancel);
}

static void cancelling(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  net_begin(&s.net);
  const int x = floats(&s.net), y = floats(&s.net), z = floats(&s.net);
  net_custom(&s.net, "Cancels", 1, &x, 1, &y);
  net_op(&s.net, ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){y, y}, 1, &z);
  net_ends(&s.net, 1, &x, 1, &z);
  subject_load(&s);
  const TfLiteRegistration r = {.invoke = cancels};
  TfLiteInterpreterOptions *o = options_for(&heard);
  TfLiteInterpreterOptionsAddCustomOp(o, "Cancels", &r, 1, 1);
  TfLiteInterpreterOptionsEnableCancellation(o, true);
  to_cancel = TfLiteInterpreterCreate(s.model, o);
  assert_int_equal(TfLiteInterpreterCancel(to_cancel), kTfLiteOk); /* before there is anything to cancel */
  assert_int_equal(TfLiteInterpreterAllocateTensors(to_cancel), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterInvoke(to_cancel), kTfLiteCancelled);
  assert_int_equal(TfLiteInterpreterInvoke(to_cancel), kTfLiteCancelled);
  TfLiteInterpreterDelete(to_cancel);
  TfLiteInterpreterOptionsDelete(o);
  subject_end(&s);
}

/* ---- what the model is refused for ---- */

static void refused_models(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  net_begin(&s.net);
  const int x = floats(&s.net), y = floats(&s.net);
  net_op(&s.net, sch_BuiltinOperator_CONCAT_EMBEDDINGS, 0, NULL, 1, &x, 1, &y);
  net_ends(&s.net, 1, &x, 1, &y);
  subject_load(&s);
  TfLiteInterpreterOptions *o = options_for(&heard);
  assert_null(TfLiteInterpreterCreate(s.model, o));
  assert_non_null(strstr(heard.all, "Didn't find op for builtin opcode 'CONCAT_EMBEDDINGS' version '1'."));
  TfLiteInterpreterOptionsDelete(o);
  subject_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors_by_index),   cmocka_unit_test(constants_and_quantization),
      cmocka_unit_test(signatures),         cmocka_unit_test(variables),
      cmocka_unit_test(custom_allocations), cmocka_unit_test(several_on_one_model),
      cmocka_unit_test(cancelling),         cmocka_unit_test(refused_models),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
