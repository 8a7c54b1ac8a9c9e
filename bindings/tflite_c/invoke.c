/* invoke.c: allocating tensors, runs, cancelling; how tensors and the session's plan are kept in step. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bindings/tflite_c/tflite_c.h"

static TfLiteStatus fail(TfLiteInterpreter *it, const mote_error *e) {
  report(&it->reporter, "%s", e->text);
  if (it->foreign_status != kTfLiteOk) return it->foreign_status;
  return e->code == MOTE_ERR_CANCELLED ? kTfLiteCancelled : kTfLiteError;
}

/* ---- program and session ---- */

/* No tensor may point into memory that goes. */
static void forget_data(subgraph *sg) {
  sg->allocated = false;
  for (int32_t v = 0; v < sg->num_file_tensors; v++) {
    TfLiteTensor *t = &sg->context.tensors[v];
    const bool planned = t->allocation_type == kTfLiteArenaRw || t->allocation_type == kTfLiteArenaRwPersistent;
    if (planned || t->allocation == &tensor_borrowed) t->data.data = NULL;
  }
}

void interpreter_drop_program(TfLiteInterpreter *it) {
  for (int32_t i = 0; i < it->num_subgraphs; i++) forget_data(&it->subgraphs[i]);
  pthread_mutex_lock(&it->lock);
  mote_session *s = it->session;
  it->session = NULL;
  pthread_mutex_unlock(&it->lock);
  mote_session_free(s);
  mote_program_free(it->program);
  it->program = NULL;
}

static mote_status make_program(TfLiteInterpreter *it, mote_error *e) {
  if (it->session) return MOTE_OK;
  if (!foreign_graphs(it)) return err_memory(e, "the graphs of an interpreter", 0);
  /* -1 leaves the choice to the runtime, which is one thread. */
  const mote_config config = {.threads = it->threads < 0 ? 1 : it->threads};
  it->program = program_of_graphs(it->model, &config, &it->changed, e);
  mote_session *s = it->program ? session_open(it->program, NULL, SESSION_EMPTY, e) : NULL;
  if (!s) {
    mote_program_free(it->program);
    it->program = NULL;
    return e->code;
  }
  pthread_mutex_lock(&it->lock);
  it->session = s;
  pthread_mutex_unlock(&it->lock);
  return MOTE_OK;
}

const frame *subgraph_frame(const subgraph *sg) {
  return sg->it->session ? sg->it->session->entries[sg->index].frame : NULL;
}

/* ---- from the plan to the tensors ---- */

static bool is_dynamic(const op_tensor *t) {
  return (t->flags & OP_LATE) || t->type == MOTE_STRING || t->type == MOTE_VARIANT || t->type == MOTE_RESOURCE;
}

/* Brings a tensor in step with a value of the plan. Constants of the file stay as they are, and data of the tensor's
 * own stays its own. */
static bool show_tensor(subgraph *sg, int32_t v, const op_tensor *from) {
  TfLiteTensor *t = &sg->context.tensors[v];
  if (t->allocation_type == kTfLiteMmapRo) return true;
  if (from->rank >= 0 && !tensor_set_dims(t, from->rank, from->dims)) return false;
  if (tensor_owns_data(t)) return true;
  if (is_dynamic(from)) {
    tensor_borrow(t, from->data, from->bytes);
    return true;
  }
  if (t->allocation_type == kTfLiteDynamic) t->allocation_type = kTfLiteArenaRw, t->allocation = NULL;
  t->data.data = from->data;
  t->bytes = from->bytes;
  return true;
}

static bool show_tensors(subgraph *sg) {
  const frame *f = subgraph_frame(sg);
  for (int32_t v = 0; f && v < sg->num_file_tensors; v++)
    if (!show_tensor(sg, v, &f->tensors[v])) return false;
  return true;
}

/* After a run only what the run sized has changed; inputs are the caller's. */
static bool show_late(subgraph *sg) {
  const frame *f = subgraph_frame(sg);
  for (int32_t v = 0; f->has_late && v < sg->num_file_tensors; v++)
    if ((f->tensors[v].flags & OP_LATE) && !show_tensor(sg, v, &f->tensors[v])) return false;
  return true;
}

/* Memory that the caller gave goes in the place of the plan's. */
static TfLiteStatus use_given(subgraph *sg) {
  const frame *f = subgraph_frame(sg);
  for (int32_t v = 0; sg->given && f && v < sg->num_file_tensors; v++) {
    const TfLiteCustomAllocation *a = &sg->given[v];
    op_tensor *t = &f->tensors[v];
    if (!a->data || is_dynamic(t)) continue;
    if (a->bytes < t->bytes) {
      report(&sg->it->reporter, "Custom allocation is too small for tensor idx: %d; it has %zu bytes and needs %zu",
             (int)v, a->bytes, t->bytes);
      return kTfLiteError;
    }
    /* What was known before the run is a constant of the plan. */
    if ((t->flags & OP_CONST) && a->data != t->data && t->bytes) memcpy(a->data, t->data, t->bytes);
    t->data = a->data;
  }
  return kTfLiteOk;
}

/* Makes the subgraph the session's current one. */
static mote_status enter(subgraph *sg, mote_error *e) { return session_enter(sg->it->session, sg->index, e); }

static mote_status plan(subgraph *sg, mote_error *e) {
  MOTE_TRY(make_program(sg->it, e));
  MOTE_TRY(enter(sg, e));
  const sch_i32s *in = &subgraph_record(sg)->inputs;
  for (uint32_t i = 0; i < in->count; i++) {
    if (in->data[i] < 0) continue;
    const TfLiteIntArray *dims = sg->context.tensors[in->data[i]].dims;
    if (dims) MOTE_TRY(mote_session_resize(sg->it->session, (int32_t)i, dims->data, dims->size, e));
  }
  return mote_session_plan(sg->it->session, e);
}

TfLiteStatus subgraph_plan(subgraph *sg) {
  mote_error e = {0};
  sg->it->foreign_status = kTfLiteOk;
  return plan(sg, &e) == MOTE_OK ? kTfLiteOk : fail(sg->it, &e);
}

void subgraph_reset_given(subgraph *sg) {
  for (int32_t i = 0; sg->given && i < sg->num_variables; i++) {
    const TfLiteTensor *t = &sg->context.tensors[sg->variables[i]];
    const TfLiteCustomAllocation *a = &sg->given[sg->variables[i]];
    if (a->data) memset(a->data, t->type == kTfLiteInt8 ? t->params.zero_point : 0, t->bytes);
  }
}

/* The arena is one for all subgraphs: when it moved, the tensors of the others follow. */
static TfLiteStatus show_all(TfLiteInterpreter *it) {
  mote_error e = {0};
  for (int32_t i = 0; i < it->num_subgraphs; i++) {
    subgraph *sg = &it->subgraphs[i];
    if (!sg->allocated) continue;
    if (enter(sg, &e) != MOTE_OK) return fail(it, &e);
    TF_LITE_ENSURE_STATUS(use_given(sg));
    if (!show_tensors(sg)) return kTfLiteError;
  }
  return kTfLiteOk;
}

TfLiteStatus subgraph_allocate(subgraph *sg) {
  TF_LITE_ENSURE_STATUS(delegate_redo(sg));
  if (sg->allocated) return use_given(sg) == kTfLiteOk && show_tensors(sg) ? kTfLiteOk : kTfLiteError;
  TF_LITE_ENSURE_STATUS(subgraph_plan(sg));
  sg->allocated = true;
  const TfLiteStatus status = show_all(sg->it);
  if (status != kTfLiteOk) {
    sg->allocated = false;
    return status;
  }
  state_reset_variables(sg->it->session, sg->index);
  subgraph_reset_given(sg);
  return kTfLiteOk;
}

/* ---- resizing ---- */

TfLiteStatus subgraph_resize_input(subgraph *sg, int index, const int *dims, int rank) {
  TfLiteInterpreter *it = sg->it;
  if (!has_tensor(sg, index) || rank < 0 || (rank && !dims)) return kTfLiteError;
  TfLiteTensor *t = &sg->context.tensors[index];
  if ((t->data.data || t->is_variable) && TfLiteIntArrayEqualsArray(t->dims, rank, dims)) return kTfLiteOk;
  if (t->allocation_type == kTfLiteMmapRo || t->is_variable) {
    report(&it->reporter, "Attempting to resize a fixed-size tensor.");
    return kTfLiteError;
  }
  const TfLiteTensor shaped = {.type = t->type, .dims = TfLiteIntArrayCreate(rank)};
  size_t bytes = 0;
  bool good = shaped.dims && rank <= OP_MAX_RANK;
  for (int i = 0; good && i < rank; i++) good = (shaped.dims->data[i] = dims[i]) >= 0;
  if (good && t->type != kTfLiteString && t->type != kTfLiteResource && t->type != kTfLiteVariant)
    good = subgraph_tensor_bytes(&shaped, &bytes) == kTfLiteOk;
  TfLiteIntArrayFree(shaped.dims);
  if (!good) {
    report(&it->reporter,
           "tensor %d '%s' cannot have the shape that was given: 0 to %d dimensions of 0 or more are taken, and the "
           "size must be addressable",
           index, TfLiteTensorName(t), OP_MAX_RANK);
    return kTfLiteError;
  }
  /* A delegate for fixed shapes is taken back, and put in again when tensors are allocated. */
  if (sg->immutable) TF_LITE_ENSURE_STATUS(delegate_undo(sg));
  sg->allocated = false;
  if (!tensor_set_dims(t, rank, dims)) return kTfLiteError;
  if (t->allocation_type == kTfLiteArenaRw) t->data.data = NULL;
  t->bytes = bytes;
  return kTfLiteOk;
}

/* ---- runs ---- */

/* Input data that lies elsewhere than in the session (strings, or where the caller put it) is brought in. */
static mote_status bring_inputs(subgraph *sg, mote_error *e) {
  mote_session *s = sg->it->session;
  const sch_i32s *in = &subgraph_record(sg)->inputs;
  for (uint32_t i = 0; i < in->count; i++) {
    if (in->data[i] < 0) continue;
    const TfLiteTensor *t = &sg->context.tensors[in->data[i]];
    const op_tensor *to = &subgraph_frame(sg)->tensors[in->data[i]];
    if (t->data.data == to->data || !t->data.data || t->allocation_type == kTfLiteMmapRo) continue;
    void *data = to->data;
    if (t->type == kTfLiteString) MOTE_TRY(session_write_moving(s, (int32_t)i, t->bytes, &data, e));
    else if (t->bytes != to->bytes)
      return err_set(e, MOTE_ERR_ARGUMENT, "input %u holds %zu bytes, but its shape needs %zu", i, t->bytes, to->bytes);
    if (t->bytes) memcpy(data, t->data.data, t->bytes);
  }
  return MOTE_OK;
}

static mote_status ensure_inputs(subgraph *sg, mote_error *e) {
  const sch_i32s *in = &subgraph_record(sg)->inputs;
  for (uint32_t i = 0; i < in->count; i++) {
    if (in->data[i] < 0 || !sg->context.tensors[in->data[i]].data_is_stale) continue;
    const TfLiteStatus status = context_ensure_readable(sg, in->data[i]);
    if (status == kTfLiteOk) continue;
    sg->it->foreign_status = status;
    return err_set(e, MOTE_ERR_RUN, "the delegate's buffer of input %u could not be read", i);
  }
  return MOTE_OK;
}

static TfLiteStatus run(subgraph *sg) {
  TfLiteInterpreter *it = sg->it;
  mote_error e = {0};
  it->foreign_status = kTfLiteOk;
  it->cancelled = false;
  mote_status status = enter(sg, &e);
  if (status == MOTE_OK && use_given(sg) != kTfLiteOk) return kTfLiteError;
  if (status == MOTE_OK) status = ensure_inputs(sg, &e);
  if (status == MOTE_OK) status = bring_inputs(sg, &e);
  if (status == MOTE_OK) status = mote_session_run(it->session, &e);
  if (!show_late(sg)) status = err_memory(&e, "the shapes of tensors", 0);
  it->cancelled = e.code == MOTE_ERR_CANCELLED;
  return status == MOTE_OK ? kTfLiteOk : fail(it, &e);
}

static bool has_delegates(const TfLiteInterpreter *it) {
  for (int32_t i = 0; i < it->num_subgraphs; i++)
    if (it->subgraphs[i].num_delegates) return true;
  return false;
}

/* Copies of what inputs hold, for a second try: taking delegates back moves tensors. */
static void *save_inputs(const subgraph *sg) {
  const sch_i32s *in = &subgraph_record(sg)->inputs;
  size_t total = 1, at = 0;
  for (uint32_t i = 0; i < in->count; i++)
    if (in->data[i] >= 0) total += sg->context.tensors[in->data[i]].bytes;
  char *copy = malloc(total);
  for (uint32_t i = 0; copy && i < in->count; i++) {
    if (in->data[i] < 0) continue;
    const TfLiteTensor *t = &sg->context.tensors[in->data[i]];
    if (t->data.data) memcpy(copy + at, t->data.data, t->bytes);
    at += t->bytes;
  }
  return copy;
}

static void put_inputs(const subgraph *sg, const char *copy) {
  const sch_i32s *in = &subgraph_record(sg)->inputs;
  for (uint32_t i = 0; i < in->count; i++) {
    if (in->data[i] < 0) continue;
    TfLiteTensor *t = &sg->context.tensors[in->data[i]];
    if (t->data.data && t->allocation_type != kTfLiteMmapRo) memcpy(t->data.data, copy, t->bytes);
    copy += t->bytes;
  }
}

static TfLiteStatus run_without_delegates(subgraph *sg) {
  char *copy = save_inputs(sg);
  if (!copy) return kTfLiteError;
  TfLiteStatus status = delegate_remove_all(sg->it);
  if (status == kTfLiteOk) status = subgraph_allocate(sg);
  if (status == kTfLiteOk) put_inputs(sg, copy);
  free(copy);
  TF_LITE_ENSURE_STATUS(status);
  TF_LITE_ENSURE_STATUS(run(sg));
  return kTfLiteDelegateError;
}

TfLiteStatus subgraph_invoke(subgraph *sg) {
  if (!sg->allocated) {
    report(&sg->it->reporter, "Invoke called on model that is not ready: call AllocateTensors first.");
    return kTfLiteError;
  }
  const TfLiteStatus status = run(sg);
  if (status == kTfLiteOk || !sg->it->fallback || sg->it->cancelled || !has_delegates(sg->it)) return status;
  return run_without_delegates(sg);
}

TfLiteStatus interpreter_cancel(TfLiteInterpreter *it) {
  if (!it->cancellable) return kTfLiteError;
  pthread_mutex_lock(&it->lock);
  if (it->session) mote_session_cancel(it->session);
  pthread_mutex_unlock(&it->lock);
  return kTfLiteOk;
}
