/* variable.c: VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE: values that a session keeps under a name.
 *
 * A variable takes the type and shape of what is assigned to it; its memory grows when a larger value comes and is
 * kept.
 */
#include <string.h>

#include "operators/op.h"

/* ---- VAR_HANDLE ---- */

typedef struct handle_params {
  int32_t id;
} handle_params;

static mote_status handle_prepare(op_ctx *c) {
  const sch_VarHandleOptions *const o = c->options;
  handle_params *const p = c->params;
  return c->host->resource_id(c, OP_RESOURCE_VARIABLE, o->container, o->shared_name, 0, &p->id);
}

/* One element, in the shape that the file declares. */
static mote_status handle_infer(op_ctx *c) {
  op_tensor *const out = c->out[0];
  if (!op_shape_known(out) || op_count(out) != 1) op_set_shape(out, 1, (const int32_t[]){1});
  return MOTE_OK;
}

static mote_status handle_run(op_ctx *c) {
  const handle_params *const p = c->params;
  *(int32_t *)c->out[0]->data = p->id;
  return MOTE_OK;
}

const mote_op op_var_handle = {
    .name = "VAR_HANDLE",
    .code = sch_BuiltinOperator_VAR_HANDLE,
    .versions = 1,
    .options = sch_BuiltinOptions_VarHandleOptions,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "> res|i32",
    .traits = OP_STATEFUL,
    .params_size = sizeof(handle_params),
    .prepare = handle_prepare,
    .infer = handle_infer,
    .run = handle_run,
    .notes = "Variables are told apart by container and name.",
};

/* ---- what both others do ---- */

static mote_status check_handle(op_ctx *c) {
  const op_tensor *const t = c->in[0];
  OP_REQUIRE(c, !op_shape_known(t) || op_count(t) == 1, MOTE_ERR_SHAPE, "the handle must be one element");
  return MOTE_OK;
}

static mote_status variable_of(op_ctx *c, op_variable **v) {
  op_resource *r;
  MOTE_TRY(c->host->resource(c, OP_RESOURCE_VARIABLE, *(const int32_t *)c->in[0]->data, &r));
  *v = &r->variable;
  return MOTE_OK;
}

/* ---- READ_VARIABLE ---- */

/* The shape is the declared one, where the file declares it; else the run decides. Files that leave the shape empty
 * mean any, so a scalar is no declaration. */
static mote_status read_infer(op_ctx *c) {
  if (c->out[0]->rank == 0) c->out[0]->rank = -1;
  return check_handle(c);
}

static mote_status read_run(op_ctx *c) {
  op_variable *v;
  MOTE_TRY(variable_of(c, &v));
  const op_tensor *const value = &v->value;
  op_tensor *const out = c->out[0];
  OP_REQUIRE(c, value->data, MOTE_ERR_RUN, "the variable is read before a value was assigned to it");
  OP_REQUIRE(c, value->type == out->type, MOTE_ERR_RUN, "the variable holds %s, but %s is read",
             mote_type_name(value->type), mote_type_name(out->type));
  if (out->flags & OP_LATE) MOTE_TRY(op_resize(c, 0, value->rank, value->dims, value->bytes));
  else if (!op_same_dims(value, out)) {
    char text[128];
    return op_fail(c, MOTE_ERR_RUN, "the variable holds a value of shape %s, which is not the declared one",
                   op_shape_text(text, sizeof text, value->rank, value->dims));
  }
  if (value->bytes) memcpy(out->data, value->data, value->bytes);
  return MOTE_OK;
}

const mote_op op_read_variable = {
    .name = "READ_VARIABLE",
    .code = sch_BuiltinOperator_READ_VARIABLE,
    .versions = 1,
    .options = sch_BuiltinOptions_ReadVariableOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "res|i32 > any",
    .traits = OP_STATEFUL | OP_DATA_SHAPE,
    .infer = read_infer,
    .run = read_run,
    .notes = "The output's size is known before a run only if the file declares it.",
};

/* ---- ASSIGN_VARIABLE ---- */

static mote_status assign_infer(op_ctx *c) { return check_handle(c); }

static mote_status assign_run(op_ctx *c) {
  op_variable *v;
  MOTE_TRY(variable_of(c, &v));
  const op_tensor *const from = c->in[1];
  op_tensor *const to = &v->value;
  OP_REQUIRE(c, !to->data || to->type == from->type, MOTE_ERR_RUN, "the variable holds %s, but %s is assigned",
             mote_type_name(to->type), mote_type_name(from->type));
  if (!to->data || v->room < from->bytes) {
    void *const grown = mem_resize(c->host->session_mem(c), to->data, from->bytes);
    if (!grown) return op_no_memory(c, from->bytes);
    to->data = grown;
    v->room = from->bytes;
  }
  to->type = from->type;
  to->bytes = from->bytes;
  op_same_shape(to, from);
  if (from->bytes) memcpy(to->data, from->data, from->bytes);
  return MOTE_OK;
}

const mote_op op_assign_variable = {
    .name = "ASSIGN_VARIABLE",
    .code = sch_BuiltinOperator_ASSIGN_VARIABLE,
    .versions = 1,
    .options = sch_BuiltinOptions_AssignVariableOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .types = "res|i32 any",
    .traits = OP_STATEFUL,
    .infer = assign_infer,
    .run = assign_run,
    .notes = "The variable takes the shape of the value; its type stays that of the first one.",
};
