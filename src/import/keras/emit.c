/* emit.c: see emit.h. Walks a model and gives each call of a layer to its function. */
#include "import/keras/emit.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

const k_row *const k_tables[] = {
    k_rows_core,    k_rows_conv, k_rows_pool,      k_rows_norm,   k_rows_activation, k_rows_merge, k_rows_recurrent,
    k_rows_reshape, k_rows_wrap, k_rows_attention, k_rows_lookup, k_rows_operation,  NULL};

const k_row *k_find_row(const char *class_name) {
  for (const k_row *const *table = k_tables; *table; table++)
    for (const k_row *row = *table; row->class_name; row++)
      if (!strcmp(row->class_name, class_name)) return row;
  return NULL;
}

/* ---- faults ---- */

static void note_fault(k_emitter *e, const k_layer *l) {
  char line[MOTE_ERROR_TEXT + 300], name[120], class_name[80];
  snprintf(line, sizeof line, "%s (%s): %s", err_name(name, sizeof name, l->name, strlen(l->name)),
           err_name(class_name, sizeof class_name, l->class_name, strlen(l->class_name)), import_sentence(e->b));
  import_fault(&e->faults, e->b->arena, line);
}

/* ---- one call ---- */

/* What to do about a layer that is not known. */
static void refuse(k_ctx *c) {
  if (!strcmp(c->layer->class_name, "Lambda"))
    build_fail(c->b, MOTE_ERR_UNSUPPORTED,
               "a Lambda layer is Python byte code, which is not run; put a layer of Keras in its place, or export the "
               "model as a SavedModel");
  else
    build_fail(c->b, MOTE_ERR_UNSUPPORTED,
               "a layer of this class is not known (mote convert --layers lists those that are); build it from them, "
               "or export the model as a SavedModel");
}

static void emit_layer(k_ctx *c) {
  const k_row *row = k_find_row(c->layer->class_name);
  c->num_out = 1;
  c->out[0] = (k_tensor){-1, -1};
  if (c->layer->model) {
    c->num_out = c->layer->model->num_outputs;
    if (c->num_out > K_MOST_OUT) build_fail(c->b, MOTE_ERR_LIMIT, "it has %d outputs", (int)c->num_out);
    else if (k_emit_model(c->e, c->layer->model, &c->weights, c->in, c->num_in, c->out) != MOTE_OK)
      build_fail(c->b, MOTE_ERR_MODEL, "the model inside takes other inputs than it is given");
    return;
  }
  if (!row && !c->layer->is_operation) {
    refuse(c);
    return;
  }
  if (!c->num_in) {
    build_fail(c->b, MOTE_ERR_MODEL, "it reads nothing");
    return;
  }
  if (c->layer->is_operation) {
    k_emit_operation(c);
    return;
  }
  row->emit(c);
  if (row->keeps_mask && c->out[0].mask < 0) c->out[0].mask = c->in[0].mask;
}

void k_emit_inner(const k_ctx *outer, const k_layer *layer, const k_scope *weights, const k_tensor *in, int32_t num_in,
                  k_tensor *out, int32_t *num_out) {
  k_ctx c = *outer;
  c.layer = layer;
  c.config = layer->config;
  c.weights = *weights;
  c.in = in;
  c.num_in = num_in;
  c.out = out;
  emit_layer(&c);
  *num_out = c.num_out;
}

static mote_status emit_call(k_emitter *e, k_run *run, const k_scope *weights, int32_t layer, int32_t index) {
  const k_layer *l = &run->model->layers[layer];
  const k_call *call = &l->calls[index];
  k_tensor out[K_MOST_OUT];
  k_tensor *in = ARENA_ARRAY(e->b->arena, k_tensor, (size_t)call->num_in + 1);
  if (!in) return MOTE_ERR_MEMORY;
  k_ctx c = {.e = e, .b = e->b, .layer = l, .config = l->config, .call = call, .run = run, .in = in, .out = out};
  for (int32_t i = 0; i < call->num_in; i++) {
    const k_result *r = &run->results[call->in[i].layer][call->in[i].call];
    if (call->in[i].tensor < r->count) in[c.num_in++] = r->v[call->in[i].tensor];
  }
  mote_error error;
  build_at(e->b, l->name);
  if (c.num_in < call->num_in) build_fail(e->b, MOTE_ERR_MODEL, "it reads an output that another layer does not have");
  else if (k_scope_layer(weights, l, e->file, e->b->arena, &c.weights, &error) != MOTE_OK)
    build_fail(e->b, error.code, "%s", error.text);
  else emit_layer(&c);
  k_result *to = &run->results[layer][index];
  e->layers++;
  if (e->b->failed) {
    if (e->b->error.code == MOTE_ERR_MEMORY) return MOTE_ERR_MEMORY;
    note_fault(e, l);
    build_forgive(e->b);
    to->count = -1;
    return MOTE_OK;
  }
  to->v = ARENA_ARRAY(e->b->arena, k_tensor, (size_t)c.num_out + 1);
  if (!to->v) return MOTE_ERR_MEMORY;
  memcpy(to->v, out, (size_t)c.num_out * sizeof *out);
  to->count = c.num_out;
  return MOTE_OK;
}

/* ---- a model ---- */

typedef enum readiness { READY, WAITS, LOST } readiness;

static readiness ready(const k_run *run, const k_call *c) {
  readiness all = READY;
  for (int32_t i = 0; i < c->num_needs; i++) {
    const int32_t count = run->results[c->needs[i].layer][c->needs[i].call].count;
    if (count < 0) return LOST;
    if (!count) all = WAITS;
  }
  return all;
}

/* Calls of all layers once over, as far as their inputs are there. */
static mote_status sweep(k_emitter *e, k_run *run, const k_scope *weights, bool *moved) {
  *moved = false;
  for (int32_t i = 0; i < run->model->num_layers; i++) {
    const k_layer *l = &run->model->layers[i];
    for (int32_t k = 0; k < l->num_calls; k++) {
      if (run->results[i][k].count) continue;
      const readiness r = ready(run, &l->calls[k]);
      if (r == WAITS) continue;
      *moved = true;
      if (r == LOST) run->results[i][k].count = -1;
      else MOTE_TRY(emit_call(e, run, weights, i, k));
    }
  }
  return MOTE_OK;
}

static mote_status begin_run(k_emitter *e, const k_model *m, const k_tensor *in, k_run *run) {
  *run = (k_run){m, ARENA_ARRAY(e->b->arena, k_result *, (size_t)m->num_layers + 1)};
  if (!run->results) return MOTE_ERR_MEMORY;
  for (int32_t i = 0; i < m->num_layers; i++) {
    run->results[i] = ARENA_ARRAY(e->b->arena, k_result, (size_t)m->layers[i].num_calls + 1);
    if (!run->results[i]) return MOTE_ERR_MEMORY;
  }
  for (int32_t i = 0; i < m->num_inputs; i++) {
    k_tensor *v = ARENA_NEW(e->b->arena, k_tensor);
    if (!v) return MOTE_ERR_MEMORY;
    *v = in[i];
    run->results[m->inputs[i].layer][0] = (k_result){v, 1};
  }
  return MOTE_OK;
}

mote_status k_emit_model(k_emitter *e, const k_model *m, const k_scope *weights, const k_tensor *in, int32_t num_in,
                         k_tensor *out) {
  k_run run;
  if (num_in != m->num_inputs || e->depth == K_MOST_DEPTH) return MOTE_ERR_MODEL;
  if (!e->faults.text) e->faults.text = (char *)"";
  MOTE_TRY(begin_run(e, m, in, &run));
  const sch_string at = e->b->at;
  e->depth++;
  mote_status status = MOTE_OK;
  for (bool moved = true; moved && status == MOTE_OK;) status = sweep(e, &run, weights, &moved);
  e->depth--;
  e->b->at = at;
  for (int32_t i = 0; i < m->num_outputs && status == MOTE_OK; i++) {
    const k_result *r = &run.results[m->outputs[i].layer][m->outputs[i].call];
    out[i] = (k_tensor){-1, -1};
    if (m->outputs[i].tensor < r->count) out[i] = r->v[m->outputs[i].tensor];
    else if (r->count >= 0 && !e->faults.count)
      import_fault(&e->faults, e->b->arena, "the model's outputs cannot be reached from its inputs");
  }
  return status;
}
