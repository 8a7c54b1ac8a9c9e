/* rules_flow.c: branches and loops, whose bodies become subgraphs; operators that only matter in training.
 *
 * A body gets what it reads as inputs. Handles of variables are no values here: the constant that one stands for is
 * made again inside, and not passed.
 */
#include <stdio.h>
#include <string.h>

#include "import/tensorflow/emit.h"

#define OP(name) sch_BuiltinOperator_##name
enum { MAX_DEPTH = 16, MAX_ENDS = 1000, MAX_AGAIN = 256 };

/* A value of the calling graph made again in the current one, as a constant. */
static int32_t constant_again(tf_ctx *c, int32_t from_graph, int32_t value) {
  const graph_value v = c->b->set->graphs[from_graph].values[value];
  char name[200];
  snprintf(name, sizeof name, "%.*s", (int)(v.name.size < 190 ? v.name.size : 190), v.name.data);
  build_at(c->b, "");
  return build_const(c->b, name, v.type, v.rank, v.signature, v.data, BUILD_BORROW);
}

/* A condition, body or branch on its way into a subgraph. */
typedef struct body {
  const char *name;
  tf_flat flat;
  int32_t index;             /* of the subgraph */
  int32_t outputs;           /* that it has there */
  mote_type types[MAX_ENDS]; /* of them */
  int32_t results[MAX_ENDS]; /* of all results, its values; -1: not given out */
} body;

/* How each value that is given goes in. */
typedef enum way { PASSED, AGAIN /* made again inside, a constant */, LEFT_OUT /* nobody reads it */ } way;

/* A function of the library as a body. */
static bool flatten_body(tf_ctx *c, const char *function, int32_t count, body *out) {
  mote_error e;
  const Tf__Signature *s = tf_function(c->emitter->program, function);
  if (!s || (int32_t)s->n_input_arg != count || s->n_output_arg > MAX_ENDS) {
    build_fail(c->b, MOTE_ERR_MODEL, "it calls '%.200s' with %d values, which the model does not have, or takes %d",
               function, (int)count, s ? (int)s->n_input_arg : 0);
    return false;
  }
  out->name = function;
  if (tf_flatten_function(c->emitter->program, function, &out->flat, &e) == MOTE_OK) return true;
  build_fail(c->b, e.code, "%s", e.text);
  return false;
}

/* The values that go in, as values of the new graph. */
static void enter_body(tf_ctx *c, const body *to, int32_t caller, const int32_t *in, int32_t count, const way *ways,
                       int32_t *arguments) {
  graph_builder *const b = c->b;
  for (int32_t i = 0; i < count && !b->failed; i++) {
    char name[24];
    arguments[i] = -1;
    if (ways[i] == LEFT_OUT) continue;
    if (in[i] < 0) {
      build_fail(b, MOTE_ERR_UNSUPPORTED, "value %d that '%.200s' is called with is none", (int)i, to->name);
      return;
    }
    const graph_value v = b->set->graphs[caller].values[in[i]];
    snprintf(name, sizeof name, "argument_%d", (int)i);
    arguments[i] =
        ways[i] == AGAIN ? constant_again(c, caller, in[i]) : build_input(b, name, v.type, v.rank, v.signature);
  }
}

/* Makes a body a subgraph. Results whose way is not PASSED are not given out; ways_out NULL: all are. */
static bool make_body(tf_ctx *c, body *to, const int32_t *in, int32_t count, const way *ways, const way *ways_out) {
  graph_builder *const b = c->b;
  const int32_t caller = b->graph;
  int32_t arguments[MAX_ENDS];
  if (c->emitter->depth == MAX_DEPTH) {
    build_fail(b, MOTE_ERR_LIMIT, "loops and branches are nested more than %d deep", MAX_DEPTH);
    return false;
  }
  to->index = build_graph(b, to->name);
  enter_body(c, to, caller, in, count, ways, arguments);
  c->emitter->depth++;
  if (!b->failed && tf_emit(c->emitter, &to->flat, arguments, to->results) != MOTE_OK)
    build_fail(b, MOTE_ERR_MEMORY, "out of memory for a body");
  c->emitter->depth--;
  to->outputs = 0;
  for (int32_t i = 0; i < to->flat.num_outputs && !b->failed; i++) {
    if (ways_out && ways_out[i] != PASSED) continue;
    if (to->results[i] >= 0) to->types[to->outputs++] = build_type(b, to->results[i]), build_output(b, to->results[i]);
    else if (!c->emitter->faults.count)
      build_fail(b, MOTE_ERR_UNSUPPORTED, "result %d of '%.200s' is no value", (int)i, to->name);
  }
  build_select(b, caller);
  build_at(b, c->op->name);
  return !b->failed && !c->emitter->faults.count;
}

/* Handles of variables are constants already, and of type resource in the function; the rest is passed. */
static void handles(tf_ctx *c, const char *function, const int32_t *in, int32_t count, way *to) {
  const Tf__Signature *s = tf_function(c->emitter->program, function);
  for (int32_t i = 0; i < count; i++) {
    const graph_value *v = tf_value(c, in[i]);
    to[i] =
        s && i < (int32_t)s->n_input_arg && s->input_arg[i]->type == TF_RESOURCE && v && v->is_const ? AGAIN : PASSED;
  }
}

static int32_t passed(const int32_t *in, int32_t count, const way *ways, int32_t *to) {
  int32_t n = 0;
  for (int32_t i = 0; i < count; i++)
    if (ways[i] == PASSED) to[n++] = in[i];
  return n;
}

static bool few_inputs(tf_ctx *c) {
  if (c->num_in <= MAX_ENDS) return true;
  build_fail(c->b, MOTE_ERR_LIMIT, "it has %d inputs; at most %d are taken", (int)c->num_in, MAX_ENDS);
  return false;
}

static body *two_bodies(tf_ctx *c) {
  body *to = ARENA_ARRAY(c->b->arena, body, 2);
  if (!to) build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for a body");
  return to;
}

static void rule_if(tf_ctx *c) {
  const char *yes = tf_attr_text(c->node, "then_branch"), *no = tf_attr_text(c->node, "else_branch");
  way ways[MAX_ENDS];
  int32_t in[MAX_ENDS + 1];
  if (!few_inputs(c)) return;
  const int32_t count = c->num_in - 1;
  body *branches = two_bodies(c);
  if (!branches) return;
  handles(c, yes, c->in + 1, count, ways);
  if (!flatten_body(c, yes, count, &branches[0]) || !flatten_body(c, no, count, &branches[1]) ||
      !make_body(c, &branches[0], c->in + 1, count, ways, NULL) ||
      !make_body(c, &branches[1], c->in + 1, count, ways, NULL))
    return;
  sch_IfOptions o = BUILD_OPTIONS(IfOptions);
  o.then_subgraph_index = branches[0].index;
  o.else_subgraph_index = branches[1].index;
  in[0] = c->in[0];
  const int32_t n = 1 + passed(c->in + 1, count, ways, in + 1);
  tf_outputs(c, &(build_node){.code = OP(IF),
                              .options = &o,
                              .num_inputs = n,
                              .inputs = in,
                              .num_outputs = branches[0].outputs,
                              .types = branches[0].types});
}

/* ---- loops ---- */

/* Which arguments operators of a graph read. */
static void note_read(const tf_flat *f, bool *read) {
  for (int32_t i = 0; i < f->count; i++)
    for (int32_t k = 0; k < f->ops[i].num_inputs; k++) {
      const int32_t argument = f->ops[f->ops[i].inputs[k].op].argument;
      if (argument >= 0) read[argument] = true;
    }
}

/* What goes around unchanged need not be carried when it is a constant, or nobody reads it. */
static void choose_ways(tf_ctx *c, const body *test, const body *round, way *ways) {
  bool read[MAX_ENDS] = {false};
  note_read(&test->flat, read);
  note_read(&round->flat, read);
  for (int32_t i = 0; i < c->num_in; i++) {
    const graph_value *v = tf_value(c, c->in[i]);
    const bool same = round->flat.ops[round->flat.outputs[i].op].argument == i;
    ways[i] = !same ? PASSED : v && v->is_const ? AGAIN : read[i] ? PASSED : LEFT_OUT;
  }
}

/* Lists in which the body writes first (rules_list.c) get their elements' shape before the loop. *changed: some did. */
static void make_lists(tf_ctx *c, const body *round, const way *ways, int32_t *in, bool *changed) {
  const graph *inside = &c->b->set->graphs[round->index];
  for (int32_t i = 0; i < c->num_in; i++) {
    if (ways[i] != PASSED || build_rank(c->b, in[i]) != 0 || build_type(c->b, in[i]) != MOTE_INT32) continue;
    const graph_value v = inside->values[round->results[i]];
    if (v.rank < 1) continue;
    in[i] = tf_new_list(c, in[i], v.type, v.rank - 1, v.signature + 1);
    *changed = true;
  }
}

static bool find_parts(tf_ctx *c, body *test, body *round) {
  if (c->op->parts) {
    test->name = round->name = c->op->name;
    test->flat = c->op->parts[0];
    round->flat = c->op->parts[1];
    return true;
  }
  const char *cond = tf_attr_text(c->node, "cond"), *again = tf_attr_text(c->node, "body");
  if (!flatten_body(c, cond, c->num_in, test) || !flatten_body(c, again, c->num_in, round)) return false;
  if (round->flat.num_outputs == c->num_in) return true;
  build_fail(c->b, MOTE_ERR_MODEL, "its body gives %d values and takes %d", (int)round->flat.num_outputs,
             (int)c->num_in);
  return false;
}

/* The body, made a second time when lists are known better after the first. in: what the loop begins with. */
static bool make_round(tf_ctx *c, body *round, int32_t *in, const way *ways) {
  const int32_t graphs = c->b->set->count;
  bool changed = false;
  if (!make_body(c, round, in, c->num_in, ways, ways)) return false;
  make_lists(c, round, ways, in, &changed);
  if (!changed || c->b->failed) return !c->b->failed;
  if (c->emitter->bodies_again++ == MAX_AGAIN)
    return build_fail(c->b, MOTE_ERR_LIMIT, "the model has more than %d loops that write into lists", MAX_AGAIN) >= 0;
  c->b->set->count = graphs;
  return make_body(c, round, in, c->num_in, ways, ways);
}

static void rule_while(tf_ctx *c) {
  way ways[MAX_ENDS];
  int32_t in[MAX_ENDS], carried[MAX_ENDS];
  body *parts = two_bodies(c);
  if (!few_inputs(c) || !parts || !find_parts(c, &parts[0], &parts[1])) return;
  memcpy(in, c->in, (size_t)c->num_in * sizeof *in);
  choose_ways(c, &parts[0], &parts[1], ways);
  if (!make_round(c, &parts[1], in, ways) || !make_body(c, &parts[0], in, c->num_in, ways, NULL)) return;
  sch_WhileOptions o = BUILD_OPTIONS(WhileOptions);
  o.cond_subgraph_index = parts[0].index;
  o.body_subgraph_index = parts[1].index;
  const int32_t n = passed(in, c->num_in, ways, carried);
  const int32_t first = build_add(c->b, &(build_node){.code = OP(WHILE),
                                                      .options = &o,
                                                      .num_inputs = n,
                                                      .inputs = carried,
                                                      .num_outputs = n,
                                                      .types = parts[1].types});
  for (int32_t i = 0, k = 0; i < c->num_in && i < TF_MOST_OUT && first >= 0; i++)
    c->out[i] = ways[i] == PASSED ? first + k++ : in[i];
}

/* Conditionals of TensorFlow 1. */
static void rule_switch(tf_ctx *c) {
  build_fail(c->b, MOTE_ERR_UNSUPPORTED,
             "it belongs to a conditional of TensorFlow 1, which is not taken apart; write the graph with "
             "tf.compat.v1.enable_control_flow_v2(), which makes it an If");
}

/* Matters in training alone, or checks what the network does not. */
static void rule_nothing(tf_ctx *c) { (void)c; }

const tf_row tf_rows_flow[] = {
    {"If", rule_if, 0},
    {"StatelessIf", rule_if, 0},
    {"While", rule_while, 0},
    {"StatelessWhile", rule_while, 0},
    {"Switch", rule_switch, 0},
    {"Merge", rule_switch, 0},
    {"NoOp", rule_nothing, 0},
    {"Assert", rule_nothing, 0},
    {NULL, NULL, 0},
};
