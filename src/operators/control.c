/* control.c: operators that call subgraphs: CALL_ONCE and WHILE.
 *
 * The values a loop carries live in WHILE's outputs: each round copies them into the called subgraph and copies its
 * results back, so no two of them can overwrite each other.
 */
#include <string.h>

#include "operators/op.h"

/* ---- what calls have in common ---- */

typedef struct callee {
  const op_tensor *const *in, *const *out;
  int in_count, out_count;
} callee;

static mote_status find_callee(op_ctx *c, int32_t subgraph, callee *k) {
  return c->host->callee(c, subgraph, &k->in, &k->in_count, &k->out, &k->out_count);
}

/* Counts and types of operands against those of a subgraph's inputs or outputs. Inputs of either may be absent. */
static mote_status match(op_ctx *c, const char *what, const op_tensor *const *a, int a_count, const op_tensor *const *b,
                         int b_count) {
  OP_REQUIRE(c, a_count == b_count, MOTE_ERR_MODEL, "the %s: there are %d, but the operator has %d", what, b_count,
             a_count);
  for (int i = 0; i < a_count; i++)
    if (a[i] && b[i])
      OP_REQUIRE(c, a[i]->type == b[i]->type, MOTE_ERR_MODEL, "the %s: number %d is %s, but the operator's is %s", what,
                 i, mote_type_name(b[i]->type), mote_type_name(a[i]->type));
  return MOTE_OK;
}

/* Output i takes the value of `from`. */
static mote_status take(op_ctx *c, int i, const op_tensor *from) {
  op_tensor *const out = c->out[i];
  if (out->flags & OP_LATE) MOTE_TRY(op_resize(c, i, from->rank, from->dims, from->bytes));
  else if (!op_same_dims(out, from)) {
    char text[128];
    return op_fail(c, MOTE_ERR_RUN, "a called subgraph gives output %d the shape %s, which was not planned", i,
                   op_shape_text(text, sizeof text, from->rank, from->dims));
  }
  if (from->bytes) memmove(out->data, from->data, from->bytes);
  return MOTE_OK;
}

/* ---- CALL_ONCE ---- */

static mote_status once_check(op_ctx *c) {
  const sch_CallOnceOptions *const o = c->options;
  callee k;
  MOTE_TRY(find_callee(c, o->init_subgraph_index, &k));
  OP_REQUIRE(c, k.in_count == 0 && k.out_count == 0, MOTE_ERR_MODEL,
             "subgraph %d has %d inputs and %d outputs; one that is called once has none", (int)o->init_subgraph_index,
             k.in_count, k.out_count);
  return MOTE_OK;
}

static mote_status once_infer(op_ctx *c) {
  const sch_CallOnceOptions *const o = c->options;
  return c->host->infer_call(c, o->init_subgraph_index, NULL, 0, NULL, 0);
}

static mote_status once_run(op_ctx *c) {
  const sch_CallOnceOptions *const o = c->options;
  bool *const called = c->host->called(c, o->init_subgraph_index);
  if (*called) return MOTE_OK;
  const op_tensor *const *out;
  int out_count;
  MOTE_TRY(c->host->call(c, o->init_subgraph_index, NULL, 0, &out, &out_count));
  *called = true;
  return MOTE_OK;
}

const mote_op op_call_once = {
    .name = "CALL_ONCE",
    .code = sch_BuiltinOperator_CALL_ONCE,
    .versions = 1,
    .options = sch_BuiltinOptions_CallOnceOptions,
    .traits = OP_STATEFUL | OP_CALLS,
    .check = once_check,
    .infer = once_infer,
    .run = once_run,
    .notes = "Once in a session, whatever signature runs.",
};

/* ---- WHILE ---- */

static mote_status while_check(op_ctx *c) {
  const sch_WhileOptions *const o = c->options;
  const op_tensor *const *const in = (const op_tensor *const *)c->in;
  callee cond, body;
  MOTE_TRY(find_callee(c, o->cond_subgraph_index, &cond));
  MOTE_TRY(find_callee(c, o->body_subgraph_index, &body));
  MOTE_TRY(match(c, "outputs of WHILE", in, c->num_inputs, (const op_tensor *const *)c->out, c->num_outputs));
  MOTE_TRY(match(c, "inputs of the condition", in, c->num_inputs, cond.in, cond.in_count));
  MOTE_TRY(match(c, "inputs of the body", in, c->num_inputs, body.in, body.in_count));
  MOTE_TRY(match(c, "outputs of the body", in, c->num_inputs, body.out, body.out_count));
  OP_REQUIRE(c, cond.out_count == 1 && cond.out[0]->type == MOTE_BOOL, MOTE_ERR_MODEL,
             "the condition (subgraph %d) must have one output, a bool", (int)o->cond_subgraph_index);
  return MOTE_OK;
}

/* What fits both shapes: dimensions that differ become unknown. Returns how many unknowns `to` has, rank included. */
static int join(op_tensor *to, const op_tensor *with) {
  if (to->rank != with->rank || to->rank < 0) {
    to->rank = -1;
    return OP_MAX_RANK + 1;
  }
  int unknown = 0;
  for (int32_t i = 0; i < to->rank; i++) {
    if (to->dims[i] != with->dims[i]) to->dims[i] = -1;
    unknown += to->dims[i] < 0;
  }
  return unknown;
}

/* The shapes that hold in every round: begin with the inputs', pass them through the body, and let what differs from
 * the inputs be unknown, until nothing new becomes so. */
static mote_status while_infer(op_ctx *c) {
  const sch_WhileOptions *const o = c->options;
  const op_tensor *const *const state = (const op_tensor *const *)c->out;
  const int n = c->num_inputs;
  for (int i = 0; i < n; i++) op_same_shape(c->out[i], c->in[i]);
  for (int before = -1, unknown = 0; unknown > before;) {
    before = unknown;
    MOTE_TRY(c->host->infer_call(c, o->body_subgraph_index, state, n, c->out, n));
    unknown = 0;
    for (int i = 0; i < n; i++) unknown += join(c->out[i], c->in[i]);
  }
  return c->host->infer_call(c, o->cond_subgraph_index, state, n, NULL, 0);
}

/* Of a condition with several elements the first counts, as in TFLite. */
static mote_status test(op_ctx *c, const op_tensor *const *state, bool *go_on) {
  const sch_WhileOptions *const o = c->options;
  const op_tensor *const *out;
  int out_count;
  MOTE_TRY(c->host->call(c, o->cond_subgraph_index, state, c->num_inputs, &out, &out_count));
  OP_REQUIRE(c, out[0]->bytes >= 1, MOTE_ERR_RUN, "the condition gives no value");
  *go_on = *(const uint8_t *)out[0]->data != 0;
  return MOTE_OK;
}

static mote_status while_run(op_ctx *c) {
  const sch_WhileOptions *const o = c->options;
  const int n = c->num_inputs;
  const op_tensor *const *state = (const op_tensor *const *)c->in;
  for (bool first = true;; first = false) {
    bool go_on = false;
    OP_POLL(c);
    MOTE_TRY(test(c, state, &go_on));
    if (!go_on && !first) return MOTE_OK;
    const op_tensor *const *result = state;
    int count = n;
    if (go_on) {
      MOTE_TRY(c->host->loop_round(c));
      MOTE_TRY(c->host->call(c, o->body_subgraph_index, state, n, &result, &count));
    }
    for (int i = 0; i < n; i++) MOTE_TRY(take(c, i, result[i]));
    if (!go_on) return MOTE_OK;
    state = (const op_tensor *const *)c->out;
  }
}

const mote_op op_while = {
    .name = "WHILE",
    .code = sch_BuiltinOperator_WHILE,
    .versions = 1,
    .options = sch_BuiltinOptions_WhileOptions,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = "any ... > any ...",
    .traits = OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE,
    .check = while_check,
    .infer = while_infer,
    .run = while_run,
    .notes = "Carried values may change shape from round to round; an output may be omitted.",
};
