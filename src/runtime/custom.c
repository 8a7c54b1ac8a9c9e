/* custom.c: operators of the caller's own (mote/op.h) behind descriptors like any other. */
#include <stdio.h>

#include "base/error.h"
#include "base/size.h"
#include "runtime/runtime.h"

typedef struct custom {
  mote_op op;
  const mote_op_def *def;
} custom;

enum { VIEWS = 64 };

struct mote_op_call {
  op_ctx *c;
  bool inferring;
  char text[MOTE_ERROR_TEXT];
  mote_tensor views[VIEWS];
  int used;
};

static void fill_view(mote_tensor *v, const op_tensor *t) {
  *v = (mote_tensor){.name = t->name,
                     .type = t->type,
                     .rank = t->rank,
                     .scale = t->scale,
                     .zero_point = t->zero_point,
                     .data = t->data,
                     .size = t->bytes};
  for (int32_t i = 0; i < t->rank; i++) v->dims[i] = v->signature[i] = t->dims[i];
}

static mote_tensor *view_of(mote_op_call *call, const op_tensor *t) {
  if (!t || call->used == VIEWS) return NULL;
  mote_tensor *v = &call->views[call->used++];
  fill_view(v, t);
  return v;
}

int32_t mote_op_input_count(const mote_op_call *call) { return call->c->num_inputs; }
int32_t mote_op_output_count(const mote_op_call *call) { return call->c->num_outputs; }

const mote_tensor *mote_op_input(mote_op_call *call, int32_t index) {
  return index < 0 || index >= call->c->num_inputs ? NULL : view_of(call, call->c->in[index]);
}

const mote_tensor *mote_op_output(mote_op_call *call, int32_t index) {
  return index < 0 || index >= call->c->num_outputs ? NULL : view_of(call, call->c->out[index]);
}

const void *mote_op_options(const mote_op_call *call, size_t *size) {
  *size = call->c->custom_size;
  return call->c->custom;
}

mote_status mote_op_fail(mote_op_call *call, mote_status code, const char *sentence) {
  snprintf(call->text, sizeof call->text, "%s", sentence);
  return code;
}

mote_status mote_op_set_shape(mote_op_call *call, int32_t output, const int32_t *dims, int32_t rank) {
  size_t count;
  if (!call->inferring || output < 0 || output >= call->c->num_outputs || !call->c->out[output])
    return mote_op_fail(call, MOTE_ERR_ARGUMENT, "a shape was set for an output that does not exist, or outside infer");
  if (rank < 0 || rank > MOTE_MAX_RANK || !size_dims(dims, rank, &count))
    return mote_op_fail(call, MOTE_ERR_SHAPE, "a shape with a negative dimension or more than 8 of them was set");
  op_set_shape(call->c->out[output], rank, dims);
  return MOTE_OK;
}

mote_status mote_op_same_shape(mote_op_call *call, int32_t output, int32_t input) {
  const op_tensor *in = input < 0 || input >= call->c->num_inputs ? NULL : call->c->in[input];
  if (!in) return mote_op_fail(call, MOTE_ERR_ARGUMENT, "a shape was taken from an input that does not exist");
  return mote_op_set_shape(call, output, in->dims, in->rank);
}

static mote_status finish(mote_op_call *call, mote_status status) {
  if (status == MOTE_OK) return MOTE_OK;
  return op_fail(call->c, status, "%s", call->text[0] ? call->text : mote_status_name(status));
}

static const mote_op_def *def_of(const op_ctx *c) { return ((const custom *)(const void *)c->op)->def; }

static mote_status custom_infer(op_ctx *c) {
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i] && !op_shape_known(c->in[i])) {
      for (int32_t o = 0; o < c->num_outputs; o++) c->out[o]->rank = -1;
      return MOTE_OK;
    }
  mote_op_call call = {.c = c, .inferring = true};
  return finish(&call, def_of(c)->infer(def_of(c)->user, &call));
}

static mote_status custom_run(op_ctx *c) {
  mote_op_call call = {.c = c};
  return finish(&call, def_of(c)->run(def_of(c)->user, &call));
}

const mote_op *custom_op(arena *a, const mote_op_def *def) {
  if (!def->infer || !def->run) return NULL;
  custom *k = ARENA_NEW(a, custom);
  if (!k) return NULL;
  k->def = def;
  k->op = (mote_op){.name = def->name,
                    .code = sch_BuiltinOperator_CUSTOM,
                    .versions = INT32_MAX,
                    .inputs_max = OP_ANY,
                    .outputs_max = OP_ANY,
                    .optional = ~UINT64_C(0),
                    .types = "any ... > any ...",
                    .traits = def->stateful ? OP_STATEFUL : 0,
                    .infer = custom_infer,
                    .run = custom_run};
  return &k->op;
}
