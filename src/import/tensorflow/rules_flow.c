/* rules_flow.c: branches and loops, whose bodies become subgraphs; operators that only matter in training.
 *
 * A body gets what it reads as inputs. Handles of variables are no values here: the constant that one stands for is
 * made again inside, and not passed.
 */
#include <stdio.h>
#include <string.h>

#include "import/tensorflow/emit.h"

#define OP(name) sch_BuiltinOperator_##name
enum { MAX_DEPTH = 16, MAX_ENDS = 1000 };

/* A value of the calling graph made again in the current one, as a constant. */
static int32_t constant_again(tf_ctx *c, int32_t from_graph, int32_t value) {
  const graph_value v = c->b->set->graphs[from_graph].values[value];
  char name[200];
  snprintf(name, sizeof name, "%.*s", (int)(v.name.size < 190 ? v.name.size : 190), v.name.data);
  build_at(c->b, "");
  return build_const(c->b, name, v.type, v.rank, v.signature, v.data, BUILD_BORROW);
}

typedef struct body {
  int32_t index; /* of the subgraph */
  int32_t outputs;
  mote_type types[MAX_ENDS]; /* of the outputs */
} body;

/* Makes a function a subgraph. as_constant[i]: input i is not passed, but made again inside. */
static bool make_body(tf_ctx *c, const char *function, const int32_t *in, int32_t count, const bool *as_constant,
                      body *out) {
  graph_builder *const b = c->b;
  const int32_t caller = b->graph;
  tf_flat flat;
  mote_error e;
  if (c->emitter->depth == MAX_DEPTH) {
    build_fail(b, MOTE_ERR_LIMIT, "loops and branches are nested more than %d deep", MAX_DEPTH);
    return false;
  }
  const Tf__Signature *s = tf_function(c->emitter->program, function);
  if (!s || (int32_t)s->n_input_arg != count || s->n_output_arg > MAX_ENDS) {
    build_fail(b, MOTE_ERR_MODEL, "it calls '%.200s' with %d values, which the model does not have, or takes %d",
               function, (int)count, s ? (int)s->n_input_arg : 0);
    return false;
  }
  if (tf_flatten_function(c->emitter->program, function, &flat, &e) != MOTE_OK) {
    build_fail(b, e.code, "%s", e.text);
    return false;
  }
  out->index = build_graph(b, function);
  int32_t arguments[MAX_ENDS], results[MAX_ENDS];
  for (int32_t i = 0; i < count && !b->failed; i++) {
    if (in[i] < 0) {
      build_fail(b, MOTE_ERR_UNSUPPORTED, "value %d that '%.200s' is called with is none", (int)i, function);
      break;
    }
    const graph_value v = b->set->graphs[caller].values[in[i]];
    if (as_constant[i]) arguments[i] = constant_again(c, caller, in[i]);
    else arguments[i] = build_input(b, s->input_arg[i]->name, v.type, v.rank, v.signature);
  }
  c->emitter->depth++;
  if (!b->failed && tf_emit(c->emitter, &flat, arguments, results) != MOTE_OK)
    build_fail(b, MOTE_ERR_MEMORY, "out of memory for a body");
  c->emitter->depth--;
  out->outputs = flat.num_outputs;
  for (int32_t i = 0; i < flat.num_outputs && !b->failed; i++) {
    if (results[i] >= 0) out->types[i] = build_type(b, results[i]), build_output(b, results[i]);
    else if (!c->emitter->faults.count)
      build_fail(b, MOTE_ERR_UNSUPPORTED, "result %d of '%.200s' is no value", (int)i, function);
  }
  build_select(b, caller);
  build_at(b, c->op->name);
  return !b->failed && !c->emitter->faults.count;
}

/* Which inputs are handles of variables: constants already, and of type resource in the function. */
static void handles(tf_ctx *c, const char *function, const int32_t *in, int32_t count, bool *to) {
  const Tf__Signature *s = tf_function(c->emitter->program, function);
  for (int32_t i = 0; i < count; i++) {
    const graph_value *v = tf_value(c, in[i]);
    to[i] = s && i < (int32_t)s->n_input_arg && s->input_arg[i]->type == TF_RESOURCE && v && v->is_const;
  }
}

/* Values that are passed: all but the constants. */
static int32_t passed(const int32_t *in, int32_t count, const bool *as_constant, int32_t *to) {
  int32_t n = 0;
  for (int32_t i = 0; i < count; i++)
    if (!as_constant[i]) to[n++] = in[i];
  return n;
}

static void rule_if(tf_ctx *c) {
  const char *yes = tf_attr_text(c->node, "then_branch"), *no = tf_attr_text(c->node, "else_branch");
  bool constant[MAX_ENDS];
  int32_t in[MAX_ENDS + 1];
  body branches[2];
  if (c->num_in > MAX_ENDS) {
    build_fail(c->b, MOTE_ERR_LIMIT, "it has %d inputs; at most %d are taken", (int)c->num_in, MAX_ENDS);
    return;
  }
  handles(c, yes, c->in + 1, c->num_in - 1, constant);
  if (!make_body(c, yes, c->in + 1, c->num_in - 1, constant, &branches[0]) ||
      !make_body(c, no, c->in + 1, c->num_in - 1, constant, &branches[1]))
    return;
  sch_IfOptions o = BUILD_OPTIONS(IfOptions);
  o.then_subgraph_index = branches[0].index;
  o.else_subgraph_index = branches[1].index;
  in[0] = c->in[0];
  const int32_t n = 1 + passed(c->in + 1, c->num_in - 1, constant, in + 1);
  tf_outputs(c, &(build_node){.code = OP(IF),
                              .options = &o,
                              .num_inputs = n,
                              .inputs = in,
                              .num_outputs = branches[0].outputs,
                              .types = branches[0].types});
}

static void rule_while(tf_ctx *c) {
  const char *cond = tf_attr_text(c->node, "cond"), *again = tf_attr_text(c->node, "body");
  bool constant[MAX_ENDS];
  body test, round;
  if (c->num_in > MAX_ENDS) {
    build_fail(c->b, MOTE_ERR_LIMIT, "it has %d inputs; at most %d are taken", (int)c->num_in, MAX_ENDS);
    return;
  }
  handles(c, again, c->in, c->num_in, constant);
  for (int32_t i = 0; i < c->num_in; i++)
    if (constant[i]) {
      build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it carries the handle of a variable through a loop");
      return;
    }
  if (!make_body(c, cond, c->in, c->num_in, constant, &test) ||
      !make_body(c, again, c->in, c->num_in, constant, &round))
    return;
  sch_WhileOptions o = BUILD_OPTIONS(WhileOptions);
  o.cond_subgraph_index = test.index;
  o.body_subgraph_index = round.index;
  if (round.outputs != c->num_in) {
    build_fail(c->b, MOTE_ERR_MODEL, "its body gives %d values and takes %d", (int)round.outputs, (int)c->num_in);
    return;
  }
  tf_outputs(c, &(build_node){.code = OP(WHILE),
                              .options = &o,
                              .num_inputs = c->num_in,
                              .inputs = c->in,
                              .num_outputs = c->num_in,
                              .types = round.types});
}

/* Matters in training alone, or checks what the network does not. */
static void rule_nothing(tf_ctx *c) { (void)c; }

const tf_row tf_rows_flow[] = {
    {"If", rule_if, 0},        {"StatelessIf", rule_if, 0}, {"While", rule_while, 0}, {"StatelessWhile", rule_while, 0},
    {"NoOp", rule_nothing, 0}, {"Assert", rule_nothing, 0}, {NULL, NULL, 0},
};
