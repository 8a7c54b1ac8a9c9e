/* control.c: operators that call subgraphs over time: CALL_ONCE, WHILE and STABLEHLO_WHILE. Branches are in branch.c.
 *
 * The values a loop carries live in WHILE's outputs: each round copies them into the called subgraph and copies its
 * results back, so no two of them can overwrite each other.
 */
#include "operators/calls.h"

/* ---- CALL_ONCE ---- */

static mote_status once_check(op_ctx *c) {
  const sch_CallOnceOptions *const o = c->options;
  callee k;
  MOTE_TRY(calls_find(c, o->init_subgraph_index, &k));
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

typedef struct loop_graphs {
  int32_t cond, body;
} loop_graphs;

static loop_graphs graphs_of(const op_ctx *c) {
  if (c->op->options_2) {
    const sch_StablehloWhileOptions *const o = c->options;
    return (loop_graphs){o->cond_subgraph_index, o->body_subgraph_index};
  }
  const sch_WhileOptions *const o = c->options;
  return (loop_graphs){o->cond_subgraph_index, o->body_subgraph_index};
}

static mote_status while_check(op_ctx *c) {
  const loop_graphs g = graphs_of(c);
  const op_tensor *const *const in = (const op_tensor *const *)c->in;
  callee cond, body;
  MOTE_TRY(calls_find(c, g.cond, &cond));
  MOTE_TRY(calls_find(c, g.body, &body));
  MOTE_TRY(calls_match(c, "outputs of the loop", in, c->num_inputs, (const op_tensor *const *)c->out, c->num_outputs));
  MOTE_TRY(calls_match(c, "inputs of the condition", in, c->num_inputs, cond.in, cond.in_count));
  MOTE_TRY(calls_match(c, "inputs of the body", in, c->num_inputs, body.in, body.in_count));
  MOTE_TRY(calls_match(c, "outputs of the body", in, c->num_inputs, body.out, body.out_count));
  OP_REQUIRE(c, cond.out_count == 1 && cond.out[0]->type == MOTE_BOOL, MOTE_ERR_MODEL,
             "the condition (subgraph %d) must have one output, a bool", (int)g.cond);
  return MOTE_OK;
}

/* The shapes that hold in every round: begin with the inputs', pass them through the body, and let what differs from
 * the inputs be unknown, until nothing new becomes so. */
static mote_status while_infer(op_ctx *c) {
  const loop_graphs g = graphs_of(c);
  const op_tensor *const *const state = (const op_tensor *const *)c->out;
  const int n = c->num_inputs;
  for (int i = 0; i < n; i++) op_same_shape(c->out[i], c->in[i]);
  for (int before = -1, unknown = 0; unknown > before;) {
    before = unknown;
    MOTE_TRY(c->host->infer_call(c, g.body, state, n, c->out, n));
    unknown = 0;
    for (int i = 0; i < n; i++) unknown += calls_join(c->out[i], c->in[i]);
  }
  return c->host->infer_call(c, g.cond, state, n, NULL, 0);
}

/* Of a condition with several elements the first counts, as in TFLite. */
static mote_status test(op_ctx *c, const op_tensor *const *state, bool *go_on) {
  const loop_graphs g = graphs_of(c);
  const op_tensor *const *out;
  int out_count;
  MOTE_TRY(c->host->call(c, g.cond, state, c->num_inputs, &out, &out_count));
  OP_REQUIRE(c, out[0]->bytes >= 1, MOTE_ERR_RUN, "the condition gives no value");
  *go_on = *(const uint8_t *)out[0]->data != 0;
  return MOTE_OK;
}

static mote_status while_run(op_ctx *c) {
  const loop_graphs g = graphs_of(c);
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
      MOTE_TRY(c->host->call(c, g.body, state, n, &result, &count));
    }
    for (int i = 0; i < n; i++) MOTE_TRY(calls_take(c, i, result[i]));
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

const mote_op op_stablehlo_while = {
    .name = "STABLEHLO_WHILE",
    .code = sch_BuiltinOperator_STABLEHLO_WHILE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloWhileOptions,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = "any ... > any ...",
    .traits = OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE,
    .check = while_check,
    .infer = while_infer,
    .run = while_run,
    .notes = "As WHILE.",
};
