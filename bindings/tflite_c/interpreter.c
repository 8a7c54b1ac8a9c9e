/* interpreter.c: models, options and interpreters of c_api.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

/* ---- reporting ---- */

static void call_reporter(const reporter *r, const char *format, ...) {
  va_list args;
  va_start(args, format);
  r->fn(r->user, format, args);
  va_end(args);
}

void report(const reporter *r, const char *sentence) {
  if (r->fn) call_reporter(r, "%s", sentence);
  else fprintf(stderr, "ERROR: %s\n", sentence);
}

/* ---- versions ---- */

/* The release of TensorFlow Lite whose interface this is. */
const char *TfLiteVersion(void) { return "2.20.0"; }
const char *TfLiteExtensionApisVersion(void) { return "1.0.0"; }
int TfLiteSchemaVersion(void) { return 3; }

/* ---- models ---- */

static TfLiteModel *wrap_model(mote_model *model, const mote_error *e, const reporter *r) {
  if (!model) {
    report(r, e->text);
    return NULL;
  }
  TfLiteModel *m = malloc(sizeof *m);
  if (m) m->model = model;
  else mote_model_free(model);
  return m;
}

TfLiteModel *TfLiteModelCreateWithErrorReporter(const void *data, size_t size, report_fn fn, void *user) {
  const reporter r = {fn, user};
  mote_error e = {0};
  return wrap_model(mote_model_from_memory(data, size, NULL, &e), &e, &r);
}

TfLiteModel *TfLiteModelCreate(const void *data, size_t size) {
  return TfLiteModelCreateWithErrorReporter(data, size, NULL, NULL);
}

TfLiteModel *TfLiteModelCreateFromFileWithErrorReporter(const char *path, report_fn fn, void *user) {
  const reporter r = {fn, user};
  mote_error e = {0};
  return wrap_model(mote_model_open(path, NULL, &e), &e, &r);
}

TfLiteModel *TfLiteModelCreateFromFile(const char *path) {
  return TfLiteModelCreateFromFileWithErrorReporter(path, NULL, NULL);
}

void TfLiteModelDelete(TfLiteModel *m) {
  if (!m) return;
  mote_model_free(m->model);
  free(m);
}

/* ---- options ---- */

TfLiteInterpreterOptions *TfLiteInterpreterOptionsCreate(void) {
  TfLiteInterpreterOptions *o = calloc(1, sizeof *o);
  if (o) o->threads = -1;
  return o;
}

TfLiteInterpreterOptions *TfLiteInterpreterOptionsCopy(const TfLiteInterpreterOptions *from) {
  TfLiteInterpreterOptions *o = from ? malloc(sizeof *o) : NULL;
  if (o) *o = *from;
  return o;
}

void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions *o) { free(o); }

void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions *o, int32_t n) {
  if (o && n >= -1) o->threads = n;
}

void TfLiteInterpreterOptionsSetErrorReporter(TfLiteInterpreterOptions *o, report_fn fn, void *user) {
  if (o) o->reporter = (reporter){fn, user};
}

TfLiteStatus TfLiteInterpreterOptionsEnableCancellation(TfLiteInterpreterOptions *o, bool enable) {
  if (!o) return kTfLiteError;
  o->cancellable = enable;
  return kTfLiteOk;
}

/* ---- interpreters ---- */

static TfLiteStatus fail(const TfLiteInterpreter *it, const mote_error *e) {
  report(&it->reporter, e->text);
  return e->code == MOTE_ERR_CANCELLED ? kTfLiteCancelled : kTfLiteError;
}

static const graph *main_graph(const TfLiteInterpreter *it) { return &it->program->graphs.graphs[0]; }

static bool is_const(const TfLiteInterpreter *it, int32_t value) {
  return value >= 0 && main_graph(it)->values[value].is_const;
}

static TfLiteTensor *output_at(const TfLiteInterpreter *it, int32_t i) { return &it->tensors[it->num_inputs + i]; }

static bool make_tensors(TfLiteInterpreter *it) {
  const graph *g = main_graph(it);
  it->num_inputs = mote_session_input_count(it->session);
  it->num_outputs = mote_session_output_count(it->session);
  const size_t count = (size_t)it->num_inputs + (size_t)it->num_outputs;
  it->tensors = calloc(count + 1, sizeof *it->tensors);
  it->input_indices = calloc((size_t)it->num_inputs + 1, sizeof(int));
  it->output_indices = calloc((size_t)it->num_outputs + 1, sizeof(int));
  if (!it->tensors || !it->input_indices || !it->output_indices) return false;
  for (int32_t i = 0; i < it->num_inputs; i++) {
    it->input_indices[i] = g->inputs[i];
    if (!tensor_make(&it->tensors[i], mote_session_input(it->session, i), is_const(it, g->inputs[i]))) return false;
  }
  for (int32_t i = 0; i < it->num_outputs; i++) {
    it->output_indices[i] = g->outputs[i];
    if (!tensor_make(output_at(it, i), mote_session_output(it->session, i), is_const(it, g->outputs[i]))) return false;
  }
  return true;
}

static void sync(TfLiteInterpreter *it) {
  for (int32_t i = 0; i < it->num_inputs; i++) tensor_from_view(&it->tensors[i], mote_session_input(it->session, i));
  for (int32_t i = 0; i < it->num_outputs; i++) tensor_from_view(output_at(it, i), mote_session_output(it->session, i));
}

TfLiteInterpreter *TfLiteInterpreterCreate(const TfLiteModel *model, const TfLiteInterpreterOptions *options) {
  if (!model) return NULL;
  TfLiteInterpreter *it = calloc(1, sizeof *it);
  if (!it) return NULL;
  if (options) it->reporter = options->reporter, it->cancellable = options->cancellable;
  const mote_config config = {.threads = options && options->threads > 1 ? options->threads : 1};
  mote_error e = {0};
  it->program = mote_program_new(model->model, &config, &e);
  it->session = it->program ? session_open(it->program, NULL, SESSION_EMPTY, &e) : NULL;
  if (it->session && make_tensors(it)) return it;
  report(&it->reporter, it->session ? "out of memory: tensors of the interpreter" : e.text);
  TfLiteInterpreterDelete(it);
  return NULL;
}

void TfLiteInterpreterDelete(TfLiteInterpreter *it) {
  if (!it) return;
  for (int32_t i = 0; it->tensors && i < it->num_inputs + it->num_outputs; i++) tensor_free(&it->tensors[i]);
  free(it->tensors);
  free(it->input_indices);
  free(it->output_indices);
  mote_session_free(it->session);
  mote_program_free(it->program);
  free(it);
}

int32_t TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter *it) { return it ? it->num_inputs : 0; }
int32_t TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter *it) { return it ? it->num_outputs : 0; }
const int *TfLiteInterpreterInputTensorIndices(const TfLiteInterpreter *it) { return it ? it->input_indices : NULL; }
const int *TfLiteInterpreterOutputTensorIndices(const TfLiteInterpreter *it) { return it ? it->output_indices : NULL; }

TfLiteTensor *TfLiteInterpreterGetInputTensor(const TfLiteInterpreter *it, int32_t i) {
  return it && i >= 0 && i < it->num_inputs ? &it->tensors[i] : NULL;
}

const TfLiteTensor *TfLiteInterpreterGetOutputTensor(const TfLiteInterpreter *it, int32_t i) {
  return it && i >= 0 && i < it->num_outputs ? output_at(it, i) : NULL;
}

TfLiteStatus TfLiteInterpreterResizeInputTensor(TfLiteInterpreter *it, int32_t i, const int *dims, int32_t rank) {
  if (!it || (rank && !dims)) return kTfLiteError;
  mote_error e = {0};
  if (mote_session_resize(it->session, i, dims, rank, &e) != MOTE_OK) return fail(it, &e);
  TfLiteTensor *t = &it->tensors[i];
  t->dims->size = rank;
  for (int32_t d = 0; d < rank; d++) t->dims->data[d] = dims[d];
  it->allocated &= !it->session->entries[it->session->current].stale;
  return kTfLiteOk;
}

TfLiteStatus TfLiteInterpreterAllocateTensors(TfLiteInterpreter *it) {
  if (!it) return kTfLiteError;
  mote_error e = {0};
  it->allocated = mote_session_plan(it->session, &e) == MOTE_OK;
  if (!it->allocated) return fail(it, &e);
  sync(it);
  return kTfLiteOk;
}

/* Input data that lies elsewhere than in the session (strings, or a pointer that the caller put there) is brought in.
 */
static mote_status bring_inputs(TfLiteInterpreter *it, mote_error *e) {
  for (int32_t i = 0; i < it->num_inputs; i++) {
    const TfLiteTensor *t = &it->tensors[i];
    const mote_tensor *view = mote_session_input(it->session, i);
    if (t->data.data == view->data || !t->data.data || t->allocation_type == kTfLiteMmapRo) continue;
    void *to = view->data;
    if (t->type == kTfLiteString) MOTE_TRY(session_write_moving(it->session, i, t->bytes, &to, e));
    else if (t->bytes != view->size) continue;
    if (t->bytes) memcpy(to, t->data.data, t->bytes);
  }
  return MOTE_OK;
}

TfLiteStatus TfLiteInterpreterInvoke(TfLiteInterpreter *it) {
  if (!it) return kTfLiteError;
  if (!it->allocated) {
    report(&it->reporter,
           "Invoke called on an interpreter whose tensors are not allocated; call AllocateTensors first");
    return kTfLiteError;
  }
  mote_error e = {0};
  mote_status status = bring_inputs(it, &e);
  if (status == MOTE_OK) status = mote_session_run(it->session, &e);
  sync(it);
  return status == MOTE_OK ? kTfLiteOk : fail(it, &e);
}

TfLiteStatus TfLiteInterpreterCancel(const TfLiteInterpreter *it) {
  if (!it || !it->cancellable) return kTfLiteError;
  mote_session_cancel(it->session);
  return kTfLiteOk;
}
