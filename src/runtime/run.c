/* run.c: running the steps of a frame, values whose size comes late, and calls of subgraphs. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "runtime/runtime.h"

/* ---- late values ---- */

/* Room that is kept between runs: grown when too small, so that a second run of like shapes takes nothing. */
static mote_status keep_room(exec_step *s, void **room, size_t bytes) {
  mote_session *session = s->session;
  if (*room && mem_size(*room) >= bytes) return MOTE_OK;
  session->late_bytes -= mem_size(*room);
  mem_free(session->mem, *room);
  *room = mem_alloc(session->mem, bytes);
  if (!*room) return op_no_memory(&s->c, bytes);
  session->late_bytes += bytes;
  return MOTE_OK;
}

mote_status late_resize(exec_step *s, op_tensor *t, int32_t rank, const int32_t *dims, size_t bytes) {
  op_set_shape(t, rank, dims);
  t->bytes = bytes;
  const ptrdiff_t v = t - s->frame->tensors;
  /* A static place is as large as its shape; only late values move. */
  if (s->frame->places[v].kind != PLACE_LATE) return MOTE_OK;
  MOTE_TRY(keep_room(s, &s->frame->late_data[v], bytes ? bytes : 1));
  t->data = s->frame->late_data[v];
  return MOTE_OK;
}

/* Infers, sizes and plans a step whose operands are all there now. */
static mote_status late_plan(exec_step *s) {
  op_ctx *c = &s->c;
  const prog_graph *g = &s->program->compiled[s->frame->graph];
  for (int32_t i = 0; i < c->num_outputs; i++) {
    /* Before infer an output has the shape that the file declares. */
    const op_tensor *declared = &g->values[c->out[i] - s->frame->tensors];
    op_set_shape(c->out[i], declared->rank, declared->dims);
  }
  if (c->op->infer) MOTE_TRY(c->op->infer(c));
  for (int32_t i = 0; i < c->num_outputs; i++) {
    op_tensor *t = c->out[i];
    size_t count, bytes;
    if (!op_shape_known(t) && !(c->op->traits & (OP_DATA_SHAPE | OP_CALLS)))
      return op_fail(c, MOTE_ERR_SHAPE, "output %d has no shape: an operand that decides it has more than %d numbers",
                     (int)i, OP_KNOWN_MAX);
    if (t->type == MOTE_STRING || t->type == MOTE_VARIANT || !op_shape_known(t)) {
      t->data = NULL; /* the operator will say */
      continue;
    }
    if (!size_dims(t->dims, t->rank, &count) || !op_type_bytes(t->type, count, &bytes))
      return op_fail(c, MOTE_ERR_LIMIT, "output %d is larger than this machine can address", (int)i);
    MOTE_TRY(late_resize(s, t, t->rank, t->dims, bytes));
  }
  memset(c->record, 0, c->op->record_size);
  c->scratch_size = 0;
  c->state_size = c->op->state_size;
  if (c->op->plan) MOTE_TRY(c->op->plan(c));
  MOTE_TRY(keep_room(s, &s->frame->late_scratch, c->scratch_size ? c->scratch_size : 1));
  c->scratch = s->frame->late_scratch;
  return MOTE_OK;
}

/* ---- steps ---- */

static void report_step(exec_step *s, uint64_t start) {
  mote_session *session = s->session;
  const mote_step step = {.op = s->c.op->name,
                          .subgraph = s->c.subgraph,
                          .index = s->c.index,
                          .nanoseconds = time_ns() - start,
                          .macs = s->c.macs};
  session->on_step(session->on_step_user, &step);
}

static mote_status run_step(exec_step *s, mote_error *e) {
  s->c.error = e;
  if (s->late) MOTE_TRY(late_plan(s));
  MOTE_TRY(step_state(s, e)); /* a plan for other shapes may have replaced it */
  const uint64_t start = s->session->on_step ? time_ns() : 0;
  const mote_status status = s->c.op->run(&s->c);
  if (s->session->on_step) report_step(s, start);
  return status;
}

mote_status step_state(exec_step *s, mote_error *e) {
  if (!s->c.state_size) return MOTE_OK;
  const int32_t step = (int32_t)(s - s->frame->steps);
  return state_of_op(s->session, s->frame->graph, step, s->c.state_size, &s->c.state, e);
}

static mote_status test_cancel(const exec_step *s, int32_t index, const char *where, mote_error *e) {
  if (!atomic_load_explicit(&s->session->cancel, memory_order_relaxed)) return MOTE_OK;
  return err_set(e, MOTE_ERR_CANCELLED, "the run was cancelled %s operator %d (%s)", where, (int)index, s->c.op->name);
}

mote_status frame_run(frame *f, mote_error *e) {
  for (int32_t i = 0; i < f->num_steps; i++) {
    exec_step *s = &f->steps[i];
    if (s->done) continue;
    MOTE_TRY(test_cancel(s, i, "before", e));
    MOTE_TRY(run_step(s, e));
    MOTE_TRY(test_cancel(s, i, "in", e)); /* tasks were left out */
  }
  return MOTE_OK;
}

/* ---- calls ---- */

static mote_status find_callee(exec_step *caller, int32_t subgraph, const op_tensor *const *in, int in_count,
                               frame **out, size_t *at) {
  int32_t(*key)[OP_MAX_RANK + 1];
  int32_t small[16][OP_MAX_RANK + 1];
  mem *m = caller->session->mem;
  key = in_count <= 16 ? small : mem_array(m, (size_t)in_count, sizeof *key);
  if (!key) return op_no_memory(&caller->c, 0);
  memset(key, 0, (size_t)in_count * sizeof *key);
  for (int i = 0; i < in_count; i++) {
    if (!in[i]) continue;
    key[i][0] = in[i]->rank;
    memcpy(&key[i][1], in[i]->dims, (size_t)in[i]->rank * sizeof **key);
  }
  const mote_status status =
      frame_get(caller->session, subgraph, (const int32_t(*)[OP_MAX_RANK + 1]) key, false, out, caller->c.error);
  if (key != small) mem_free(m, key);
  *at = SIZE_MAX;
  for (int32_t i = 0; i < caller->num_callees && status == MOTE_OK && !caller->late; i++)
    if (caller->callees[i] == *out) *at = caller->callee_at[i];
  return status;
}

/* A frame that a static step calls lies behind that step's scratch; one planned in the run has memory of its own. */
static mote_status bind_callee(exec_step *caller, frame *f, size_t at) {
  uint8_t *base;
  if (at != SIZE_MAX) base = (uint8_t *)caller->c.scratch + at;
  else {
    MOTE_TRY(keep_room(caller, &f->own, f->arena_bytes ? f->arena_bytes : 1));
    base = f->own;
  }
  if (f->arena_base != base) frame_bind(caller->session, f, base, NULL);
  return MOTE_OK;
}

static mote_status copy_inputs(exec_step *caller, frame *f, const op_tensor *const *in, int in_count) {
  const graph *g = &caller->program->graphs.graphs[f->graph];
  for (int i = 0; i < in_count && i < g->num_inputs; i++) {
    const int32_t v = g->inputs[i];
    if (v < 0 || !in[i]) continue;
    op_tensor *t = &f->tensors[v];
    if (f->places[v].kind == PLACE_LATE)
      MOTE_TRY(late_resize(&(exec_step){.c = caller->c, .session = caller->session, .frame = f}, t, in[i]->rank,
                           in[i]->dims, in[i]->bytes));
    if (in[i]->bytes != t->bytes)
      return op_fail(&caller->c, MOTE_ERR_SHAPE, "input %d of subgraph %d takes %zu bytes, given %zu", i, (int)f->graph,
                     t->bytes, in[i]->bytes);
    if (t->bytes && t->data != in[i]->data) memmove(t->data, in[i]->data, t->bytes);
  }
  return MOTE_OK;
}

mote_status step_call(exec_step *caller, int32_t subgraph, const op_tensor *const *in, int in_count,
                      const op_tensor *const **out, int *out_count) {
  const graph *g = &caller->program->graphs.graphs[subgraph];
  if (in_count != g->num_inputs)
    return op_fail(&caller->c, MOTE_ERR_MODEL, "subgraph %d takes %d inputs, given %d", (int)subgraph,
                   (int)g->num_inputs, in_count);
  frame *f;
  size_t at;
  MOTE_TRY(find_callee(caller, subgraph, in, in_count, &f, &at));
  MOTE_TRY(bind_callee(caller, f, at));
  MOTE_TRY(copy_inputs(caller, f, in, in_count));
  MOTE_TRY(frame_run(f, caller->c.error));
  *out = f->outputs;
  *out_count = g->num_outputs;
  return MOTE_OK;
}
