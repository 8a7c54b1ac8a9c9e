/* Delegates: a delegate that takes over ADD and MUL gets the right partitions, through the struct and through the
 * opaque interface; buffers, fallback, and delegates that fail. */
#include "support.h"

#include "tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h"

enum { ADD = sch_BuiltinOperator_ADD, MUL = sch_BuiltinOperator_MUL, SUB = sch_BuiltinOperator_SUB };

/* ---- a delegate that computes x + x and x * x ---- */

enum { MOST = 8 };

typedef struct kernel {
  int count;
  int codes[MOST], in[MOST], out[MOST], activation[MOST];
} kernel;

typedef struct taker {
  int kernels, freed, invoked;
  int nodes[MOST], inputs[MOST], outputs[MOST]; /* of each kernel */
  int previews;
  bool fails, handles;
} taker;

static void *kernel_init(TfLiteContext *c, const char *buffer, size_t length) {
  const TfLiteDelegateParams *p = (const TfLiteDelegateParams *)(const void *)buffer;
  assert_int_equal(length, 0);
  taker *t = p->delegate->data_;
  kernel *k = calloc(1, sizeof *k);
  t->nodes[t->kernels] = p->nodes_to_replace->size;
  t->inputs[t->kernels] = p->input_tensors->size;
  t->outputs[t->kernels++] = p->output_tensors->size;
  for (int i = 0; i < p->nodes_to_replace->size; i++) {
    TfLiteNode *node;
    TfLiteRegistration *r;
    assert_int_equal(c->GetNodeAndRegistration(c, p->nodes_to_replace->data[i], &node, &r), kTfLiteOk);
    k->codes[i] = r->builtin_code;
    k->in[i] = node->inputs->data[0];
    k->out[i] = node->outputs->data[0];
    k->activation[i] = (int)(r->builtin_code == ADD ? ((const TfLiteAddParams *)node->builtin_data)->activation
                                                    : ((const TfLiteMulParams *)node->builtin_data)->activation);
    k->count++;
  }
  return k;
}

static taker *current;

static void kernel_free(TfLiteContext *c, void *data) {
  (void)c;
  current->freed++;
  free(data);
}

static TfLiteStatus kernel_prepare(TfLiteContext *c, TfLiteNode *n) {
  const TfLiteIntArray *dims = c->tensors[n->inputs->data[0]].dims;
  for (int i = 0; i < n->outputs->size; i++)
    TF_LITE_ENSURE_STATUS(c->ResizeTensor(c, &c->tensors[n->outputs->data[i]], TfLiteIntArrayCopy(dims)));
  return kTfLiteOk;
}

/* Only the last value leaves the kernel; those between are numbers here. */
static TfLiteStatus kernel_invoke(TfLiteContext *c, TfLiteNode *n) {
  const kernel *k = n->user_data;
  taker *t = n->delegate->data_;
  t->invoked++;
  if (t->fails) return kTfLiteDelegateError;
  const TfLiteTensor *in = &c->tensors[n->inputs->data[0]];
  TfLiteTensor *out = &c->tensors[n->outputs->data[0]];
  TF_LITE_ENSURE_EQ(c, k->in[0], n->inputs->data[0]);
  for (size_t i = 0; i < in->bytes / sizeof(float); i++) {
    float x = in->data.f[i];
    for (int s = 0; s < k->count; s++) x = k->codes[s] == ADD ? x + x : x * x;
    out->data.f[i] = x;
  }
  if (t->handles) {
    out->buffer_handle = 5;
    out->data_is_stale = true;
  }
  return kTfLiteOk;
}

static TfLiteStatus take_nodes(TfLiteContext *c, TfLiteDelegate *d) {
  taker *t = d->data_;
  TfLiteIntArray *plan;
  TF_LITE_ENSURE_STATUS(c->GetExecutionPlan(c, &plan));
  TfLiteIntArray *wanted = TfLiteIntArrayCreate(plan->size);
  wanted->size = 0;
  for (int i = 0; i < plan->size; i++) {
    TfLiteNode *node;
    TfLiteRegistration *r;
    TF_LITE_ENSURE_STATUS(c->GetNodeAndRegistration(c, plan->data[i], &node, &r));
    if (r->builtin_code == ADD || r->builtin_code == MUL) wanted->data[wanted->size++] = plan->data[i];
  }
  TfLiteDelegateParams *parts;
  TF_LITE_ENSURE_STATUS(c->PreviewDelegatePartitioning(c, wanted, &parts, &t->previews));
  const TfLiteRegistration r = {.init = kernel_init,
                                .free = kernel_free,
                                .prepare = kernel_prepare,
                                .invoke = kernel_invoke,
                                .custom_name = "Taker",
                                .version = 1};
  const TfLiteStatus status = c->ReplaceNodeSubsetsWithDelegateKernels(c, r, wanted, d);
  TfLiteIntArrayFree(wanted);
  return status;
}

static TfLiteDelegate delegate_of(taker *t, int64_t flags) {
  current = t;
  TfLiteDelegate d = TfLiteDelegateCreate();
  d.data_ = t;
  d.Prepare = take_nodes;
  d.flags = flags;
  return d;
}

static TfLiteInterpreter *open_with(const subject *s, TfLiteDelegate *d, said *heard, bool fallback) {
  TfLiteInterpreterOptions *o = options_for(heard);
  TfLiteInterpreterOptionsAddDelegate(o, d);
  TfLiteInterpreterOptionsSetEnableDelegateFallback(o, fallback);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s->model, o);
  TfLiteInterpreterOptionsDelete(o);
  return it;
}

static const float xs[WIDTH] = {1, 2, -1, 0.5F};

/* x + x, squared, minus itself plus ... : ADD MUL | SUB | MUL ADD, two partitions. */
static const int32_t five[5] = {ADD, MUL, SUB, ADD, MUL};

static void partitions(void **state) {
  (void)state;
  subject s;
  subject_chain(&s, 5, five);
  said heard = {0};
  for (int64_t flags = 0; flags < 2; flags++) { /* fixed shapes, then dynamic ones allowed */
    taker t = {0};
    TfLiteDelegate d = delegate_of(&t, flags);
    TfLiteInterpreter *it = open_with(&s, &d, &heard, false);
    assert_non_null(it);
    assert_int_equal(t.previews, 2);
    assert_int_equal(t.kernels, 2);
    for (int i = 0; i < 2; i++) assert_true(t.nodes[i] == 2 && t.inputs[i] == 1 && t.outputs[i] == 1);
    assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
    for (int i = 0; i < 2; i++) assert_true(run_floats(it, xs, WIDTH)[1] == 0);
    assert_int_equal(t.invoked, 4);
    TfLiteInterpreterDelete(it);
    assert_int_equal(t.freed, 2);
  }
  assert_int_equal(heard.count, 0);
  subject_end(&s);
}

/* A diamond: nodes of one kind join past those of the other. a = x+x; b = x-x; c = b*b; y = a+c, z = b. */
static void partitions_join(void **state) {
  (void)state;
  subject s;
  net_begin(&s.net);
  int t[5];
  for (int i = 0; i < 5; i++) t[i] = floats(&s.net);
  net_op(&s.net, ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){t[0], t[0]}, 1, &t[1]);
  net_op(&s.net, SUB, sch_BuiltinOptions_SubOptions, NULL, 2, (int32_t[]){t[0], t[0]}, 1, &t[2]);
  net_op(&s.net, SUB, sch_BuiltinOptions_SubOptions, NULL, 2, (int32_t[]){t[2], t[0]}, 1, &t[3]);
  net_op(&s.net, ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){t[1], t[1]}, 1, &t[4]);
  net_ends(&s.net, 1, &t[0], 2, (int32_t[]){t[4], t[3]});
  subject_load(&s);
  taker k = {0};
  TfLiteDelegate d = delegate_of(&k, 1);
  TfLiteInterpreter *it = open_with(&s, &d, NULL, false);
  assert_int_equal(k.kernels, 1); /* both ADD in one, though a SUB stands between */
  assert_int_equal(k.nodes[0], 2);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_true(run_floats(it, xs, WIDTH)[1] == 8);
  assert_true(((const float *)TfLiteTensorData(TfLiteInterpreterGetOutputTensor(it, 1)))[1] == -2);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

static void applied_later_and_resized(void **state) {
  (void)state;
  subject s;
  const int32_t codes[3] = {ADD, SUB, MUL};
  subject_chain(&s, 3, codes);
  said heard = {0};
  for (int64_t flags = 0; flags < 2; flags++) {
    taker t = {0};
    TfLiteDelegate d = delegate_of(&t, flags);
    TfLiteInterpreterOptions *o = options_for(&heard);
    TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, o);
    TfLiteInterpreterOptionsDelete(o);
    assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
    assert_true(run_floats(it, xs, WIDTH)[0] == 0);
    assert_int_equal(TfLiteInterpreterModifyGraphWithDelegate(it, &d), kTfLiteOk);
    assert_true(run_floats(it, xs, WIDTH)[0] == 0); /* it was ready to run, and is */
    assert_int_equal(t.invoked, 2);
    const int rows[2] = {3, WIDTH};
    assert_int_equal(TfLiteInterpreterResizeInputTensor(it, 0, rows, 2), kTfLiteOk);
    assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteError);
    assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
    const float more[3 * WIDTH] = {1};
    run_floats(it, more, 3 * WIDTH);
    assert_int_equal(t.invoked, 4); /* still applied */
    TfLiteInterpreterDelete(it);
    assert_int_equal(t.freed, t.kernels);
  }
  subject_end(&s);
}

/* Each subgraph is offered to the delegate: y = cond ? x + x : x * x. */
static void called_subgraphs(void **state) {
  (void)state;
  subject s;
  net_begin(&s.net);
  const int c = net_tensor(&s.net, MOTE_BOOL, 1, (int32_t[]){1}), x = floats(&s.net), y = floats(&s.net);
  sch_IfOptions branches = {.then_subgraph_index = 1, .else_subgraph_index = 2};
  net_op(&s.net, sch_BuiltinOperator_IF, sch_BuiltinOptions_IfOptions, &branches, 2, (int32_t[]){c, x}, 1, &y);
  net_ends(&s.net, 2, (int32_t[]){c, x}, 1, &y);
  for (int branch = 0; branch < 2; branch++) {
    net_graph(&s.net);
    const int a = floats(&s.net), b = floats(&s.net);
    net_op(&s.net, branch ? MUL : ADD, branch ? sch_BuiltinOptions_MulOptions : sch_BuiltinOptions_AddOptions, NULL, 2,
           (int32_t[]){a, a}, 1, &b);
    net_ends(&s.net, 1, &a, 1, &b);
  }
  subject_load(&s);
  said heard = {0};
  taker t = {0};
  TfLiteDelegate d = delegate_of(&t, 1);
  TfLiteInterpreter *it = open_with(&s, &d, &heard, false);
  assert_int_equal(t.kernels, 2);
  const int rows[2] = {2, WIDTH};
  for (int round = 0; round < 2; round++) {
    assert_int_equal(TfLiteInterpreterResizeInputTensor(it, 1, round ? rows : (const int[]){1, WIDTH}, 2), kTfLiteOk);
    if (TfLiteInterpreterAllocateTensors(it) != kTfLiteOk) fail_msg("%s", heard.all);
    TfLiteTensor *in = TfLiteInterpreterGetInputTensor(it, 1);
    for (size_t i = 0; i < in->bytes / sizeof(float); i++) in->data.f[i] = 3;
    for (int cond = 0; cond < 2; cond++) {
      *TfLiteInterpreterGetInputTensor(it, 0)->data.b = cond;
      assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
      const TfLiteTensor *out = TfLiteInterpreterGetOutputTensor(it, 0);
      assert_int_equal(out->bytes, in->bytes);
      assert_true(out->data.f[out->bytes / sizeof(float) - 1] == (cond ? 6 : 9));
    }
  }
  assert_int_equal(t.invoked, 4);
  TfLiteInterpreterDelete(it);
  assert_int_equal(t.freed, 2);
  subject_end(&s);
}

/* ---- what goes wrong ---- */

static TfLiteStatus fails_to_prepare(TfLiteContext *c, TfLiteDelegate *d) {
  TF_LITE_ENSURE_STATUS(take_nodes(c, d));
  return kTfLiteError;
}

static void failing_delegates(void **state) {
  (void)state;
  subject s;
  const int32_t codes[2] = {ADD, SUB};
  subject_chain(&s, 2, codes);
  said heard = {0};
  taker t = {0};
  TfLiteDelegate d = delegate_of(&t, 1);
  d.Prepare = fails_to_prepare;
  assert_null(open_with(&s, &d, &heard, false));
  assert_int_equal(t.freed, t.kernels);
  TfLiteInterpreterOptions *o = options_for(&heard);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, o);
  TfLiteInterpreterOptionsDelete(o);
  assert_int_equal(TfLiteInterpreterModifyGraphWithDelegate(it, NULL), kTfLiteDelegateError);
  assert_int_equal(TfLiteInterpreterModifyGraphWithDelegate(NULL, &d), kTfLiteError);
  assert_int_equal(TfLiteInterpreterModifyGraphWithDelegate(it, &d), kTfLiteDelegateError);
  assert_non_null(strstr(heard.all, "Restored original execution plan"));
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk); /* and works without */
  assert_true(run_floats(it, xs, WIDTH)[0] == 0);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

static void fallback(void **state) {
  (void)state;
  subject s;
  const int32_t codes[2] = {ADD, MUL};
  subject_chain(&s, 2, codes);
  said heard = {0};
  taker t = {.fails = true};
  TfLiteDelegate d = delegate_of(&t, 1);
  TfLiteInterpreter *it = open_with(&s, &d, &heard, true);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  TfLiteTensorCopyFromBuffer(TfLiteInterpreterGetInputTensor(it, 0), xs, sizeof xs);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteDelegateError);
  const float *y = TfLiteTensorData(TfLiteInterpreterGetOutputTensor(it, 0));
  for (int i = 0; i < WIDTH; i++) assert_true(y[i] == 4 * xs[i] * xs[i]);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk); /* without the delegate, for good */
  assert_int_equal(t.invoked, 1);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* Shapes that only the run knows are not for a delegate that wants them fixed. */
static TfLiteStatus make_dynamic(TfLiteContext *c, TfLiteNode *n) {
  c->GetTensor(c, n->outputs->data[0])->allocation_type = kTfLiteDynamic;
  return kTfLiteOk;
}

static void fixed_shapes_only(void **state) {
  (void)state;
  subject s;
  subject_custom(&s, "Dynamic", MOTE_FLOAT32);
  const TfLiteRegistration r = {.prepare = make_dynamic};
  said heard = {0};
  TfLiteInterpreterOptions *o = options_for(&heard);
  TfLiteInterpreterOptionsAddCustomOp(o, "Dynamic", &r, 1, 1);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s.model, o);
  TfLiteInterpreterOptionsDelete(o);
  taker t = {0};
  TfLiteDelegate d = delegate_of(&t, 0);
  assert_int_equal(TfLiteInterpreterModifyGraphWithDelegate(it, &d), kTfLiteApplicationError);
  d.flags = kTfLiteDelegateFlagsAllowDynamicTensors;
  assert_int_equal(TfLiteInterpreterModifyGraphWithDelegate(it, &d), kTfLiteOk);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* ---- buffers ---- */

static int handles_freed;

static TfLiteStatus copy_from(TfLiteContext *c, TfLiteDelegate *d, TfLiteBufferHandle handle, TfLiteTensor *t) {
  (void)c;
  (void)d;
  for (int i = 0; i < WIDTH; i++) t->data.f[i] = (float)handle;
  return kTfLiteOk;
}

static void free_handle(TfLiteContext *c, TfLiteDelegate *d, TfLiteBufferHandle *handle) {
  (void)c;
  (void)d;
  handles_freed++;
  *handle = kTfLiteNullBufferHandle;
}

static void buffer_handles(void **state) {
  (void)state;
  subject s;
  const int32_t codes[2] = {SUB, ADD};
  subject_chain(&s, 2, codes);
  taker t = {.handles = true};
  TfLiteDelegate d = delegate_of(&t, 1);
  d.CopyFromBufferHandle = copy_from;
  d.FreeBufferHandle = free_handle;
  TfLiteInterpreter *it = open_with(&s, &d, NULL, false);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_true(run_floats(it, xs, WIDTH)[2] == 5); /* fetched for the caller */
  const TfLiteTensor *out = TfLiteInterpreterGetOutputTensor(it, 0);
  TfLiteBufferHandle handle;
  TfLiteOpaqueDelegate *owner;
  assert_int_equal(TfLiteInterpreterGetBufferHandle(it, 2, &handle, &owner), kTfLiteOk);
  assert_true(handle == 5 && owner == &d);
  TfLiteSetAllowBufferHandleOutput(it, true);
  run_floats(it, xs, WIDTH);
  assert_true(out->data_is_stale);
  assert_int_equal(TfLiteInterpreterEnsureTensorDataIsReadable(it, 2), kTfLiteOk);
  assert_false(out->data_is_stale);
  TfLiteTensor *in = TfLiteInterpreterGetInputTensor(it, 0);
  assert_int_equal(TfLiteInterpreterSetBufferHandle(it, in, 9, &d), kTfLiteOk);
  in->data_is_stale = true;
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  assert_true(in->data.f[0] == 9);
  taker other_taker = {0};
  TfLiteDelegate other = delegate_of(&other_taker, 1);
  current = &t;
  assert_int_equal(TfLiteInterpreterSetBufferHandle(it, in, 1, &other), kTfLiteError);
  assert_int_equal(TfLiteInterpreterSetBufferHandle(it, NULL, 1, &d), kTfLiteError);
  assert_int_equal(TfLiteInterpreterSetBufferHandle(NULL, in, 1, &d), kTfLiteError);
  assert_int_equal(TfLiteInterpreterGetBufferHandle(it, 99, &handle, &owner), kTfLiteError);
  assert_int_equal(TfLiteInterpreterEnsureTensorDataIsReadable(it, 99), kTfLiteError);
  handles_freed = 0;
  TfLiteInterpreterDelete(it);
  assert_int_equal(handles_freed, 2);
  subject_end(&s);
}

/* ---- the opaque interface ---- */

static void *opaque_init(TfLiteOpaqueContext *c, const char *buffer, size_t length) {
  (void)length;
  const TfLiteOpaqueDelegateParams *p = (const TfLiteOpaqueDelegateParams *)(const void *)buffer;
  taker *t = p->delegate_data;
  assert_ptr_equal(TfLiteOpaqueDelegateGetData(p->delegate), t);
  t->nodes[t->kernels++] = p->nodes_to_replace->size;
  for (int i = 0; i < p->nodes_to_replace->size; i++) {
    TfLiteOpaqueNode *n;
    TfLiteOperator *op;
    assert_int_equal(TfLiteOpaqueContextGetNodeAndRegistration(c, p->nodes_to_replace->data[i], &n, &op), kTfLiteOk);
    assert_int_equal(TfLiteOperatorGetBuiltInCode(op), ADD);
  }
  return t;
}

static TfLiteStatus opaque_invoke(TfLiteOpaqueContext *c, TfLiteOpaqueNode *n) {
  taker *t = TfLiteOpaqueNodeGetUserData(n);
  const TfLiteOpaqueTensor *in = TfLiteOpaqueNodeGetInput(c, n, 0);
  TfLiteOpaqueTensor *out = TfLiteOpaqueNodeGetOutput(c, n, 0);
  t->invoked++;
  const float *x = TfLiteOpaqueTensorData(in);
  float *y = TfLiteOpaqueTensorData(out);
  for (int i = 0; i < WIDTH; i++) y[i] = 2 * x[i];
  return kTfLiteOk;
}

static TfLiteStatus opaque_prepare(TfLiteOpaqueContext *c, TfLiteOpaqueDelegate *d, void *data) {
  (void)data;
  TfLiteIntArray *plan;
  TF_LITE_OPAQUE_ENSURE(c, TfLiteOpaqueContextGetExecutionPlan(c, &plan) == kTfLiteOk);
  TfLiteIntArray *wanted = TfLiteIntArrayCreate(1);
  wanted->data[0] = plan->data[1];
  TfLiteOperator *op = TfLiteOperatorCreate(kTfLiteBuiltinDelegate, "Opaque", 1, NULL);
  TfLiteOperatorSetInit(op, opaque_init);
  TfLiteOperatorSetInvoke(op, opaque_invoke);
  const TfLiteStatus status = TfLiteOpaqueContextReplaceNodeSubsetsWithDelegateKernels(c, op, wanted, d);
  TfLiteIntArrayFree(wanted);
  return status;
}

static void opaque_delegate(void **state) {
  (void)state;
  subject s;
  const int32_t codes[2] = {MUL, ADD};
  subject_chain(&s, 2, codes);
  taker t = {0};
  const TfLiteOpaqueDelegateBuilder b = {.data = &t, .Prepare = opaque_prepare, .flags = 1};
  TfLiteOpaqueDelegate *d = TfLiteOpaqueDelegateCreate(&b);
  TfLiteInterpreter *it = open_with(&s, d, NULL, false);
  assert_non_null(it);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_true(run_floats(it, xs, WIDTH)[1] == 8);
  assert_true(t.kernels == 1 && t.nodes[0] == 1 && t.invoked == 1);
  TfLiteInterpreterDelete(it);
  TfLiteOpaqueDelegateDelete(d);
  assert_null(TfLiteOpaqueDelegateCreate(NULL));
  assert_null(TfLiteOpaqueDelegateGetData(NULL));
  TfLiteOpaqueDelegateDelete(NULL);
  subject_end(&s);
}

/* ---- XNNPACK's ---- */

static void xnnpack(void **state) {
  (void)state;
  subject s;
  const int32_t codes[2] = {ADD, MUL};
  subject_chain(&s, 2, codes);
  TfLiteXNNPackDelegateOptions o = TfLiteXNNPackDelegateOptionsDefault();
  o.num_threads = 3;
  TfLiteDelegate *d = TfLiteXNNPackDelegateCreate(&o);
  assert_int_equal(TfLiteXNNPackDelegateGetOptions(d)->num_threads, 3);
  TfLiteInterpreter *it = open_with(&s, d, NULL, false);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_true(run_floats(it, xs, WIDTH)[1] == 16);
  TfLiteInterpreterDelete(it);
  TfLiteXNNPackDelegateDelete(d);
  TfLiteXNNPackDelegateDelete(NULL);
  TfLiteXNNPackDelegateDelete(TfLiteXNNPackDelegateCreateWithThreadpool(NULL, NULL));
  assert_null(TfLiteXNNPackDelegateGetThreadPool(NULL));
  assert_null(TfLiteXNNPackDelegateGetOptions(NULL));
  assert_int_equal(TfLiteXNNPackDelegateGetFlags(NULL), 0);
  assert_false(TfLiteXNNPackDelegateCanUseInMemoryWeightCacheProvider());
  assert_string_equal(TfLiteXNNPackDelegateInMemoryFilePath(), ":memory");
  struct TfLiteXNNPackDelegateWeightsCache *cache = TfLiteXNNPackDelegateWeightsCacheCreateWithSize(100);
  assert_true(TfLiteXNNPackDelegateWeightsCacheFinalizeSoft(cache));
  assert_true(TfLiteXNNPackDelegateWeightsCacheFinalizeHard(cache));
  assert_false(TfLiteXNNPackDelegateWeightsCacheFinalizeHard(cache));
  TfLiteXNNPackDelegateWeightsCacheDelete(cache);
  TfLiteXNNPackDelegateWeightsCacheDelete(TfLiteXNNPackDelegateWeightsCacheCreate());
  subject_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(partitions),
      cmocka_unit_test(partitions_join),
      cmocka_unit_test(applied_later_and_resized),
      cmocka_unit_test(called_subgraphs),
      cmocka_unit_test(failing_delegates),
      cmocka_unit_test(fallback),
      cmocka_unit_test(fixed_shapes_only),
      cmocka_unit_test(buffer_handles),
      cmocka_unit_test(opaque_delegate),
      cmocka_unit_test(xnnpack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
