/* branch.c: operators that call one of several subgraphs once: IF, STABLEHLO_CASE, STABLEHLO_COMPOSITE, CALL; and
 * STABLEHLO_CUSTOM_CALL, which calls the one it brings.
 *
 * Which one is decided in the run. Outputs that all of them give the same shape are planned; the others are late.
 */
#include <string.h>

#include "operators/calls.h"

enum { OUTPUTS_MOST = 64 };

/* The subgraphs to choose from, and how many of the inputs choose. */
typedef struct choices {
  int32_t graphs[2];   /* IF, COMPOSITE */
  const int32_t *list; /* CASE */
  int32_t count, selectors;
} choices;

static choices choices_of(const op_ctx *c) {
  if (c->op->options == sch_BuiltinOptions_IfOptions) {
    const sch_IfOptions *const o = c->options;
    return (choices){.graphs = {o->then_subgraph_index, o->else_subgraph_index}, .count = 2, .selectors = 1};
  }
  if (c->op->options_2 == sch_BuiltinOptions2_StablehloCaseOptions) {
    const sch_StablehloCaseOptions *const o = c->options;
    return (choices){
        .list = o->branch_subgraph_indices.data, .count = (int32_t)o->branch_subgraph_indices.count, .selectors = 1};
  }
  if (c->op->options == sch_BuiltinOptions_CallOptions)
    return (choices){.graphs = {(int32_t)((const sch_CallOptions *)c->options)->subgraph}, .count = 1};
  if (c->op->options_2 == sch_BuiltinOptions2_StablehloCustomCallOptions) {
    const sch_StablehloCustomCallOptions *const o = c->options;
    return (choices){.list = o->called_computations.data, .count = 1};
  }
  const sch_StableHLOCompositeOptions *const o = c->options;
  return (choices){.graphs = {o->decomposition_subgraph_index}, .count = 1};
}

static int32_t graph_at(const choices *k, int32_t i) { return k->list ? k->list[i] : k->graphs[i]; }

static const op_tensor *const *operands(const op_ctx *c, const choices *k) {
  return (const op_tensor *const *)c->in + k->selectors;
}

static mote_status branch_check(op_ctx *c) {
  const choices k = choices_of(c);
  OP_REQUIRE(c, k.count > 0, MOTE_ERR_MODEL, "it has no branches");
  OP_REQUIRE(c, c->num_outputs <= OUTPUTS_MOST, MOTE_ERR_UNSUPPORTED, "it has %d outputs; mote takes at most %d",
             (int)c->num_outputs, OUTPUTS_MOST);
  for (int32_t i = 0; i < k.count; i++) {
    callee g;
    MOTE_TRY(calls_find(c, graph_at(&k, i), &g));
    MOTE_TRY(calls_match(c, "inputs of a branch", operands(c, &k), c->num_inputs - k.selectors, g.in, g.in_count));
    MOTE_TRY(
        calls_match(c, "outputs of a branch", (const op_tensor *const *)c->out, c->num_outputs, g.out, g.out_count));
  }
  return MOTE_OK;
}

static mote_status branch_infer(op_ctx *c) {
  const choices k = choices_of(c);
  op_tensor other[OUTPUTS_MOST], *others[OUTPUTS_MOST];
  for (int32_t i = 0; i < c->num_outputs; i++) others[i] = &other[i];
  for (int32_t i = 0; i < k.count; i++) {
    op_tensor *const *const to = i ? others : c->out;
    MOTE_TRY(c->host->infer_call(c, graph_at(&k, i), operands(c, &k), c->num_inputs - k.selectors, to, c->num_outputs));
    for (int32_t o = 0; i && o < c->num_outputs; o++) calls_join(c->out[o], others[o]);
  }
  return MOTE_OK;
}

/* IF: the first branch for true. CASE: the branch of that number, the last one for a number out of range. */
static mote_status choose(op_ctx *c, const choices *k, int32_t *graph) {
  int64_t at = 0;
  if (k->selectors) {
    OP_REQUIRE(c, op_count(c->in[0]) >= 1, MOTE_ERR_RUN, "the input that chooses a branch is empty");
    if (c->in[0]->type == MOTE_BOOL) at = *(const uint8_t *)c->in[0]->data ? 0 : 1;
    else at = op_int_at(c->in[0], 0);
    if (at < 0 || at >= k->count) at = k->count - 1;
  }
  *graph = graph_at(k, (int32_t)at);
  return MOTE_OK;
}

static mote_status branch_run(op_ctx *c) {
  const choices k = choices_of(c);
  int32_t graph = -1;
  MOTE_TRY(choose(c, &k, &graph));
  const op_tensor *const *out;
  int count;
  MOTE_TRY(c->host->call(c, graph, operands(c, &k), c->num_inputs - k.selectors, &out, &count));
  for (int i = 0; i < c->num_outputs; i++) MOTE_TRY(calls_take(c, i, out[i]));
  return MOTE_OK;
}

const mote_op op_if = {
    .name = "IF",
    .code = sch_BuiltinOperator_IF,
    .versions = 1,
    .options = sch_BuiltinOptions_IfOptions,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = "bool any ... > any ...",
    .traits = OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE,
    .check = branch_check,
    .infer = branch_infer,
    .run = branch_run,
    .notes = "Outputs whose shapes differ between the branches are sized in the run.",
};

const mote_op op_stablehlo_case = {
    .name = "STABLEHLO_CASE",
    .code = sch_BuiltinOperator_STABLEHLO_CASE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloCaseOptions,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = "i32 any ... > any ...",
    .traits = OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE,
    .check = branch_check,
    .infer = branch_infer,
    .run = branch_run,
    .notes = "An index out of range takes the last branch.",
};

const mote_op op_stablehlo_composite = {
    .name = "STABLEHLO_COMPOSITE",
    .code = sch_BuiltinOperator_STABLEHLO_COMPOSITE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StableHLOCompositeOptions,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = "any ... > any ...",
    .traits = OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE,
    .check = branch_check,
    .infer = branch_infer,
    .run = branch_run,
    .notes = "Runs its decomposition.",
};

const mote_op op_call = {
    .name = "CALL",
    .code = sch_BuiltinOperator_CALL,
    .versions = 1,
    .options = sch_BuiltinOptions_CallOptions,
    .inputs_max = OP_ANY,
    .outputs_max = OP_ANY,
    .types = "any ... > any ...",
    .traits = OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE,
    .check = branch_check,
    .infer = branch_infer,
    .run = branch_run,
    .notes = "Runs a subgraph.",
};

/* ---- STABLEHLO_CUSTOM_CALL ---- */

/* Targets by which compilers note on which device, or in which layout, values lie: they give their operands back. */
static bool gives_operands(const op_ctx *c) {
  static const char *const targets[] = {"Sharding",
                                        "SPMDFullToShardShape",
                                        "SPMDShardToFullShape",
                                        "LayoutConstraint",
                                        "MoveToHost",
                                        "MoveToDevice",
                                        "PinToDevice",
                                        "Unpin",
                                        "annotate_device_placement"};
  const sch_string name = ((const sch_StablehloCustomCallOptions *)c->options)->call_target_name;
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
    if (name.size == strlen(targets[i]) && !memcmp(name.data, targets[i], name.size)) return true;
  return false;
}

static mote_status custom_check(op_ctx *c) {
  const sch_StablehloCustomCallOptions *const o = c->options;
  if (gives_operands(c))
    return calls_match(c, "outputs", (const op_tensor *const *)c->in, c->num_inputs, (const op_tensor *const *)c->out,
                       c->num_outputs);
  char name[80];
  OP_REQUIRE(c, o->called_computations.count == 1, MOTE_ERR_UNSUPPORTED,
             "the target '%s' is not known, and of the %u computations that come with it none can be taken for it; one "
             "would be run instead",
             err_name(name, sizeof name, o->call_target_name.data, o->call_target_name.size),
             (unsigned)o->called_computations.count);
  return branch_check(c);
}

static mote_status custom_infer(op_ctx *c) {
  if (!gives_operands(c)) return branch_infer(c);
  for (int32_t i = 0; i < c->num_outputs; i++) op_same_shape(c->out[i], c->in[i]);
  return MOTE_OK;
}

static mote_status custom_run(op_ctx *c) {
  if (!gives_operands(c)) return branch_run(c);
  for (int32_t i = 0; i < c->num_outputs; i++) MOTE_TRY(calls_take(c, i, c->in[i]));
  return MOTE_OK;
}

const mote_op op_stablehlo_custom_call = {
    .name = "STABLEHLO_CUSTOM_CALL",
    .code = sch_BuiltinOperator_STABLEHLO_CUSTOM_CALL,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloCustomCallOptions,
    .inputs_max = OP_ANY,
    .outputs_max = OP_ANY,
    .types = "any ... > any ...",
    .traits = OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE,
    .check = custom_check,
    .infer = custom_infer,
    .run = custom_run,
    .notes = "Runs the one computation that comes with it; notes about devices and layouts give their operands back.",
};
