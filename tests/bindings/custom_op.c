/* Custom operators through TfLiteRegistration: what their callbacks are called with, and what the context does. */
#include "support.h"

/* ---- Twice: temporaries of every kind, scratch, persistent memory ---- */

typedef struct twice {
  int prepared, invoked, freed;
  int first_temporary, scratch;
  float *buffer;
} twice;

static twice counts;

static void *twice_init(TfLiteContext *c, const char *buffer, size_t length) {
  (void)buffer;
  assert_int_equal(length, 0);
  counts = (twice){0};
  assert_int_equal(c->AddTensors(c, 2, &counts.first_temporary), kTfLiteOk);
  counts.buffer = c->AllocatePersistentBuffer(c, 16);
  assert_non_null(counts.buffer);
  return &counts;
}

static void twice_free(TfLiteContext *c, void *data) {
  (void)c;
  ((twice *)data)->freed++;
}

static TfLiteStatus shape_temporary(TfLiteContext *c, int index, TfLiteAllocationType type, const TfLiteTensor *like) {
  TfLiteTensor *t = c->GetTensor(c, index);
  TF_LITE_ENSURE(c, t != NULL);
  t->type = kTfLiteFloat32;
  t->allocation_type = type;
  return c->ResizeTensor(c, t, TfLiteIntArrayCopy(like->dims));
}

static TfLiteStatus twice_prepare(TfLiteContext *c, TfLiteNode *n) {
  twice *t = n->user_data;
  t->prepared++;
  const TfLiteTensor *in = c->GetTensor(c, n->inputs->data[0]);
  TfLiteTensor *out = c->GetTensor(c, n->outputs->data[0]);
  TfLiteIntArrayFree(n->temporaries);
  n->temporaries = TfLiteIntArrayCreate(2);
  n->temporaries->data[0] = t->first_temporary;
  n->temporaries->data[1] = t->first_temporary + 1;
  TF_LITE_ENSURE_STATUS(shape_temporary(c, t->first_temporary, kTfLiteArenaRw, in));
  TF_LITE_ENSURE_STATUS(shape_temporary(c, t->first_temporary + 1, kTfLiteArenaRwPersistent, in));
  TF_LITE_ENSURE_STATUS(c->RequestScratchBufferInArena(c, 100, &t->scratch));
  return c->ResizeTensor(c, out, TfLiteIntArrayCopy(in->dims));
}

static TfLiteStatus twice_invoke(TfLiteContext *c, TfLiteNode *n) {
  twice *t = n->user_data;
  const TfLiteTensor *in = c->GetTensor(c, n->inputs->data[0]);
  TfLiteTensor *out = c->GetTensor(c, n->outputs->data[0]);
  float *temporary = c->tensors[n->temporaries->data[0]].data.f, *kept = c->tensors[n->temporaries->data[1]].data.f;
  char *scratch = c->GetScratchBuffer(c, t->scratch);
  TF_LITE_ENSURE(c, temporary && kept && scratch && temporary != kept);
  TF_LITE_ENSURE_EQ(c, (int)c->tensors[n->temporaries->data[0]].bytes, (int)in->bytes);
  TF_LITE_ENSURE(c, c->GetScratchBuffer(c, t->scratch + 1) == NULL);
  if (t->invoked) TF_LITE_ENSURE(c, kept[0] == (float)t->invoked);
  memset(scratch, 7, 100);
  memcpy(temporary, in->data.f, in->bytes);
  for (size_t i = 0; i < in->bytes / sizeof(float); i++) out->data.f[i] = 2 * temporary[i];
  kept[0] = t->buffer[0] = (float)++t->invoked;
  return kTfLiteOk;
}

static const TfLiteRegistration twice_op = {
    .init = twice_init, .free = twice_free, .prepare = twice_prepare, .invoke = twice_invoke};

static TfLiteInterpreter *open_custom(subject *s, said *heard, const char *name, const TfLiteRegistration *r) {
  TfLiteInterpreterOptions *o = options_for(heard);
  TfLiteInterpreterOptionsAddCustomOp(o, name, r, 1, 3);
  TfLiteInterpreter *it = TfLiteInterpreterCreate(s->model, o);
  TfLiteInterpreterOptionsDelete(o);
  assert_non_null(it);
  return it;
}

static void temporaries_and_scratch(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  subject_custom(&s, "Twice", MOTE_FLOAT32);
  TfLiteInterpreter *it = open_custom(&s, &heard, "Twice", &twice_op);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_int_equal(counts.prepared, 1);
  const float x[WIDTH] = {1, -2, 3, 4.5F};
  for (int i = 0; i < 2; i++) assert_true(run_floats(it, x, WIDTH)[3] == 9);
  assert_int_equal(counts.invoked, 2);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk); /* nothing changed: nothing is prepared */
  assert_int_equal(counts.prepared, 1);
  const int seven[1] = {7};
  assert_int_equal(TfLiteInterpreterResizeInputTensor(it, 0, seven, 1), kTfLiteOk);
  counts.invoked = 0;
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_int_equal(counts.prepared, 2);
  assert_int_equal(TfLiteTensorByteSize(TfLiteInterpreterGetOutputTensor(it, 0)), 28);
  const float longer[7] = {0, 1, 2, 3, 4, 5, 6};
  assert_true(run_floats(it, longer, 7)[6] == 12);
  TfLiteInterpreterDelete(it);
  assert_int_equal(counts.freed, 1);
  assert_int_equal(heard.count, 0);
  subject_end(&s);
}

/* ---- Positives: an output whose size the run decides ---- */

static TfLiteStatus positives_prepare(TfLiteContext *c, TfLiteNode *n) {
  TfLiteTensor *out = c->GetTensor(c, n->outputs->data[0]);
  if (out->allocation_type == kTfLiteDynamic) return kTfLiteOk;
  out->allocation_type = kTfLiteDynamic;
  out->data.raw = NULL;
  return kTfLiteOk;
}

static TfLiteStatus positives_invoke(TfLiteContext *c, TfLiteNode *n) {
  const TfLiteTensor *in = c->GetTensor(c, n->inputs->data[0]);
  TfLiteTensor *out = c->GetTensor(c, n->outputs->data[0]);
  TfLiteIntArray *dims = TfLiteIntArrayCreate(1);
  dims->data[0] = 0;
  for (int i = 0; i < in->dims->data[0]; i++) dims->data[0] += in->data.f[i] > 0;
  TF_LITE_ENSURE_STATUS(c->ResizeTensor(c, out, dims));
  for (int i = 0, k = 0; i < in->dims->data[0]; i++)
    if (in->data.f[i] > 0) out->data.f[k++] = in->data.f[i];
  return kTfLiteOk;
}

static const TfLiteRegistration positives_op = {.prepare = positives_prepare, .invoke = positives_invoke};

/* Before and after it stand operators of mote's own: y = positives(x + x) * itself. */
static void dynamic_outputs(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  net_begin(&s.net);
  int t[4];
  for (int i = 0; i < 4; i++) t[i] = net_tensor(&s.net, MOTE_FLOAT32, 1, (int32_t[]){WIDTH});
  net_op(&s.net, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){t[0], t[0]}, 1, &t[1]);
  net_custom(&s.net, "Positives", 1, &t[1], 1, &t[2]);
  net_op(&s.net, sch_BuiltinOperator_MUL, sch_BuiltinOptions_MulOptions, NULL, 2, (int32_t[]){t[2], t[2]}, 1, &t[3]);
  net_ends(&s.net, 1, &t[0], 1, &t[3]);
  subject_load(&s);
  TfLiteInterpreter *it = open_custom(&s, &heard, "Positives", &positives_op);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  const TfLiteTensor *out = TfLiteInterpreterGetOutputTensor(it, 0);
  assert_int_equal(out->allocation_type, kTfLiteDynamic);
  const float cases[3][WIDTH] = {{1, -1, 2, -2}, {1, 2, 3, 4}, {-1, -1, -1, -1}};
  const int sizes[3] = {2, 4, 0};
  for (int i = 0; i < 3; i++) {
    const float *y = run_floats(it, cases[i], WIDTH);
    assert_int_equal(TfLiteTensorNumDims(out), 1);
    assert_int_equal(TfLiteTensorDim(out, 0), sizes[i]);
    assert_int_equal(TfLiteTensorByteSize(out), (size_t)sizes[i] * sizeof(float));
    if (sizes[i]) assert_true(y[0] == 4 && y[1] == 16);
  }
  assert_int_equal(TfLiteInterpreterGetTensor(it, t[2])->dims->data[0], 0);
  TfLiteInterpreterDelete(it);
  assert_int_equal(heard.count, 0);
  subject_end(&s);
}

/* ---- Join: strings ---- */

static TfLiteStatus join_invoke(TfLiteContext *c, TfLiteNode *n) {
  const TfLiteOpaqueTensor *in = (const TfLiteOpaqueTensor *)(const void *)c->GetTensor(c, n->inputs->data[0]);
  TfLiteOpaqueTensor *out = (TfLiteOpaqueTensor *)(void *)c->GetTensor(c, n->outputs->data[0]);
  char joined[100] = "";
  for (int i = 0; i < TfLiteOpaqueTensorGetStringCount(in); i++) {
    const char *text;
    int length;
    TF_LITE_ENSURE_STATUS(TfLiteOpaqueTensorGetString(in, i, &text, &length));
    strncat(joined, text, (size_t)length);
  }
  return TfLiteOpaqueTensorWriteString(out, joined, (int)strlen(joined));
}

static void strings(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  const TfLiteRegistration join = {.invoke = join_invoke};
  subject_custom(&s, "Join", MOTE_STRING);
  TfLiteInterpreter *it = open_custom(&s, &heard, "Join", &join);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  TfLiteOpaqueTensor *in = (TfLiteOpaqueTensor *)(void *)TfLiteInterpreterGetInputTensor(it, 0);
  const TfLiteOpaqueTensor *out = (const TfLiteOpaqueTensor *)(const void *)TfLiteInterpreterGetOutputTensor(it, 0);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteError); /* nothing was written */
  for (int i = 0; i < 2; i++) {
    const char *const words[WIDTH] = {"a", "", i ? "longer than before" : "bc", "d"};
    const int lengths[WIDTH] = {1, 0, (int)strlen(words[2]), 1};
    assert_int_equal(TfLiteOpaqueTensorWriteStrings(in, words, WIDTH, lengths), kTfLiteOk);
    assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
    const char *text;
    int length;
    assert_int_equal(TfLiteOpaqueTensorGetStringCount(out), 1);
    assert_int_equal(TfLiteOpaqueTensorGetString(out, 0, &text, &length), kTfLiteOk);
    assert_int_equal(length, 2 + lengths[2]);
    assert_memory_equal(text + 1, words[2], (size_t)lengths[2]);
    assert_int_equal(TfLiteOpaqueTensorGetString(out, 1, &text, &length), kTfLiteError);
    assert_int_equal(TfLiteOpaqueTensorGetStringCount(in), WIDTH); /* still the caller's */
  }
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* Data that a caller put into the struct by hand, as some bindings do. */
static void strings_by_hand(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  const TfLiteRegistration join = {.invoke = join_invoke};
  subject_custom(&s, "Join", MOTE_STRING);
  TfLiteInterpreter *it = open_custom(&s, &heard, "Join", &join);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  TfLiteTensor *in = TfLiteInterpreterGetInputTensor(it, 0);
  const int32_t head[WIDTH + 2] = {WIDTH, 24, 25, 26, 27, 28};
  char *data = malloc(28);
  memcpy(data, head, sizeof head);
  memcpy(data + 24, "wxyz", 4);
  TfLiteTensorReset(kTfLiteString, in->name, TfLiteIntArrayCopy(in->dims), in->params, data, 28, kTfLiteDynamic,
                    in->allocation, in->is_variable, in);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  const TfLiteTensor *out = TfLiteInterpreterGetOutputTensor(it, 0);
  assert_int_equal(out->bytes, 16);
  assert_memory_equal(out->data.raw + 12, "wxyz", 4);
  in->data.i32[2] = 1000; /* an offset outside: refused, not read */
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteError);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* ---- the context ---- */

static TfLiteStatus look_around(TfLiteContext *c, TfLiteNode *n) {
  TfLiteIntArray *plan;
  TfLiteNode *node;
  TfLiteRegistration *r;
  TfLiteContext *other;
  const char *data;
  size_t bytes;
  int index;
  void *block;
  TF_LITE_ENSURE_STATUS(c->GetExecutionPlan(c, &plan));
  TF_LITE_ENSURE_EQ(c, plan->size, 1);
  TF_LITE_ENSURE_STATUS(c->GetNodeAndRegistration(c, plan->data[0], &node, &r));
  TF_LITE_ENSURE(c, node == n);
  TF_LITE_ENSURE(c, !strcmp(r->custom_name, "Look"));
  TF_LITE_ENSURE_EQ(c, r->builtin_code, kTfLiteBuiltinCustom);
  TF_LITE_ENSURE_EQ(c, r->version, 1);
  TF_LITE_ENSURE(c, c->GetNodeAndRegistration(c, 1, &node, &r) == kTfLiteError);
  TF_LITE_ENSURE(c, c->GetTensor(c, 2) == NULL && c->GetTensor(c, -1) == NULL);
  TF_LITE_ENSURE(c, c->GetModelMetadata(c, "none", &data, &bytes) == kTfLiteError);
  TF_LITE_ENSURE_STATUS(c->AcquireSubgraphContext(c, 0, &other));
  TF_LITE_ENSURE(c, other == c);
  TF_LITE_ENSURE_STATUS(c->ReleaseSubgraphContext(c, 0));
  TF_LITE_ENSURE(c, c->AcquireSubgraphContext(c, 1, &other) == kTfLiteError);
  static TfLiteExternalContext external = {kTfLiteEdgeTpuContext, NULL};
  c->SetExternalContext(c, kTfLiteEdgeTpuContext, &external);
  TF_LITE_ENSURE(c, c->GetExternalContext(c, kTfLiteEdgeTpuContext) == &external);
  TF_LITE_ENSURE(c, c->GetExternalContext(c, kTfLiteMaxExternalContexts) == NULL);
  TF_LITE_ENSURE_STATUS(c->AllocateBufferForEval(c, 10, &block));
  TF_LITE_ENSURE(c, c->AddTensors(c, 1 << 24, &index) == kTfLiteError);
  TF_LITE_ENSURE(c, c->ReplaceNodeSubsetsWithDelegateKernels(c, *r, plan, NULL) == kTfLiteError);
  TfLiteTensor *out = c->GetTensor(c, n->outputs->data[0]);
  TF_LITE_ENSURE(c, c->ResizeTensorExplicit(c, out, 1, (const int[]){-1}) == kTfLiteError);
  TF_LITE_ENSURE(c, c->ResizeTensor(c, NULL, TfLiteIntArrayCreate(1)) == kTfLiteError);
  return c->ResizeTensorExplicit(c, out, 2, (const int[]){2, 3});
}

static TfLiteStatus fixed_in_runs(TfLiteContext *c, TfLiteNode *n) {
  TfLiteTensor *out = c->GetTensor(c, n->outputs->data[0]);
  TF_LITE_ENSURE(c, c->ResizeTensorExplicit(c, out, 1, (const int[]){60}) == kTfLiteError);
  int index;
  TF_LITE_ENSURE(c, c->RequestScratchBufferInArena(c, 8, &index) == kTfLiteError);
  memset(out->data.raw, 0, out->bytes);
  return kTfLiteOk;
}

static void context_works(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  const TfLiteRegistration look = {.prepare = look_around, .invoke = fixed_in_runs};
  subject_custom(&s, "Look", MOTE_FLOAT32);
  TfLiteInterpreter *it = open_custom(&s, &heard, "Look", &look);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  const TfLiteTensor *out = TfLiteInterpreterGetOutputTensor(it, 0);
  assert_int_equal(TfLiteTensorNumDims(out), 2);
  assert_int_equal(TfLiteTensorByteSize(out), 24);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteOk);
  assert_non_null(strstr(heard.all, "fixed place"));
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

/* ---- failures ---- */

static TfLiteStatus refuse(TfLiteContext *c, TfLiteNode *n) {
  (void)n;
  c->ReportError(c, "no %s today", "service");
  return kTfLiteApplicationError;
}

static void *init_fails(TfLiteContext *c, const char *buffer, size_t length) {
  (void)c;
  (void)buffer;
  (void)length;
  return TfLiteKernelInitFailed();
}

static void failures_are_told(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  subject_custom(&s, "Moody", MOTE_FLOAT32);
  TfLiteRegistration r = {.prepare = refuse, .invoke = refuse};
  TfLiteInterpreter *it = open_custom(&s, &heard, "Moody", &r);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteApplicationError);
  assert_non_null(strstr(heard.all, "no service today"));
  assert_non_null(strstr(heard.all, "Node number 0 (Moody) failed to prepare."));
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteError);
  TfLiteInterpreterDelete(it);
  r.prepare = NULL;
  it = open_custom(&s, &heard, "Moody", &r);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteOk);
  assert_int_equal(TfLiteInterpreterInvoke(it), kTfLiteError);
  assert_non_null(strstr(heard.all, "Node number 0 (Moody) failed to invoke."));
  TfLiteInterpreterDelete(it);
  r = (TfLiteRegistration){.init = init_fails, .invoke = refuse};
  it = open_custom(&s, &heard, "Moody", &r);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteError);
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

static void unresolved_ones_are_told_late(void **state) {
  (void)state;
  subject s;
  said heard = {0};
  subject_custom(&s, "Unheard", MOTE_FLOAT32);
  TfLiteInterpreter *it = open_custom(&s, &heard, "Other", &twice_op);
  assert_int_equal(heard.count, 0);
  assert_int_equal(TfLiteInterpreterAllocateTensors(it), kTfLiteUnresolvedOps);
  assert_non_null(strstr(heard.all, "Encountered unresolved custom op: Unheard."));
  TfLiteInterpreterDelete(it);
  subject_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(temporaries_and_scratch),
      cmocka_unit_test(dynamic_outputs),
      cmocka_unit_test(strings),
      cmocka_unit_test(strings_by_hand),
      cmocka_unit_test(context_works),
      cmocka_unit_test(failures_are_told),
      cmocka_unit_test(unresolved_ones_are_told_late),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
