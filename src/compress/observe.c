/* observe.c: see observe.h. */
#include "compress/observe.h"

#include <string.h>

#include "base/error.h"

/* The output of the copy that is this value; a new one when there is none. */
static int32_t show(mote_graph *g, int32_t value) {
  const graph *const main_graph = &g->set.graphs[0];
  for (int32_t i = 0; i < main_graph->num_outputs; i++)
    if (main_graph->outputs[i] == value) return i;
  build_output(&g->b, value);
  return main_graph->num_outputs - 1;
}

static mote_status show_all(observer *o, int32_t count, const int32_t *values, mote_error *e) {
  o->count = count;
  o->at = MEM_ARRAY(o->mem, int32_t, (size_t)count + 1);
  if (!o->at) return err_memory(e, "a list of values", (size_t)count * sizeof *o->at);
  build_select(&o->copy->b, 0);
  for (int32_t i = 0; i < count; i++) o->at[i] = show(o->copy, values[i]);
  /* A signature names the outputs there were; the session is asked by number. */
  o->copy->set.num_signatures = 0;
  return MOTE_OK;
}

static mote_status start(observer *o, int threads, mote_error *e) {
  const void *data;
  size_t size;
  const mote_config config = {.threads = threads};
  MOTE_TRY(mote_graph_bytes(o->copy, &data, &size, e));
  o->model = mote_model_from_memory(data, size, &config, e);
  if (!o->model) return e->code;
  mote_program *const program = mote_program_new(o->model, &config, e);
  if (!program) return e->code;
  o->session = mote_session_new(program, &config, e);
  mote_program_free(program);
  return o->session ? MOTE_OK : e->code;
}

mote_status observe_open(observer *o, const mote_graph *g, int32_t count, const int32_t *values, int threads,
                         mote_error *e) {
  *o = (observer){.mem = g->mem, .copy = network_copy(g, e)};
  if (!o->copy) return e->code;
  mote_status status = show_all(o, count, values, e);
  if (status == MOTE_OK) status = start(o, threads, e);
  if (status != MOTE_OK) observe_close(o);
  return status;
}

void observe_close(observer *o) {
  mote_session_free(o->session);
  mote_model_free(o->model);
  mote_graph_free(o->copy);
  mem_free(o->mem, o->at);
  *o = (observer){0};
}

mote_status observe_sample(observer *o, const mote_samples *samples, int64_t index, int32_t *label, mote_error *e) {
  mote_session_reset(o->session);
  *label = MOTE_NO_LABEL;
  MOTE_TRY(samples->read(samples->user, index, o->session, label, e));
  return mote_session_run(o->session, e);
}

const mote_tensor *observe_value(const observer *o, int32_t i) { return mote_session_output(o->session, o->at[i]); }
