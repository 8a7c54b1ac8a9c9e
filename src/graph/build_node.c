/* build_node.c: adding a node: its outputs get types and shapes from its descriptor. */
#include <string.h>

#include "base/error.h"
#include "graph/build.h"
#include "graph/eval.h"
#include "graph/options.h"

static int32_t no_memory(graph_builder *b) { return build_fail(b, MOTE_ERR_MEMORY, "out of memory for the network"); }

static int32_t *copy_list(graph_builder *b, const int32_t *list, int32_t count) {
  int32_t *const copy = ARENA_ARRAY(b->arena, int32_t, (size_t)count + 1);
  if (copy && count) memcpy(copy, list, (size_t)count * sizeof *list);
  return copy;
}

static const void *copy_options(graph_builder *b, const mote_op *op, const void *options) {
  const sch_table *const table = options_of(op);
  if (!table || !options) return table ? table->defaults : NULL;
  void *const copy = arena_alloc(b->arena, table->size);
  if (copy) memcpy(copy, options, table->size);
  return copy;
}

/* Outputs are new values without a shape. */
static int32_t *add_outputs(graph_builder *b, const build_node *from, int32_t count) {
  int32_t *const outputs = ARENA_ARRAY(b->arena, int32_t, (size_t)count + 1);
  for (int32_t i = 0; outputs && i < count; i++) {
    outputs[i] = build_value(b, from->names ? from->names[i] : b->at.data, from->types ? from->types[i] : MOTE_FLOAT32,
                             -1, NULL);
    if (outputs[i] < 0) return NULL;
  }
  if (!outputs) no_memory(b);
  if (outputs && count && from->quant) build_quantize(b, outputs[0], from->quant);
  return b->failed ? NULL : outputs;
}

/* Types that the caller did not give. What calls a subgraph gives what that gives. */
static mote_status choose_types(eval *v, graph *g, const graph_node *n) {
  for (int32_t i = 0; i < n->num_outputs; i++) {
    mote_type type;
    graph_value *const value = &g->values[n->outputs[i]];
    if (n->op->traits & OP_CALLS && i < n->num_inputs && v->c.in[i]) type = v->c.in[i]->type;
    else if (!op_output_type(&v->c, i, &type)) continue; /* the check of types says what is wrong */
    value->type = v->c.out[i]->type = type;
  }
  return MOTE_OK;
}

static mote_status settle(graph_builder *b, graph *g, const graph_node *n, bool typed, arena *scratch, mote_error *e) {
  eval v;
  MOTE_TRY(eval_open(&v, b->set, g, n, g->num_nodes, scratch, e));
  MOTE_TRY(eval_arity(&v.c));
  if (!typed) MOTE_TRY(choose_types(&v, g, n));
  MOTE_TRY(eval_check(&v));
  MOTE_TRY(eval_infer(&v));
  return eval_keep(&v, g, n, b->arena) ? MOTE_OK : err_memory(e, "the network", 0);
}

/* Reads only values there are. */
static bool inputs_exist(graph_builder *b, const build_node *n, const mote_op *op) {
  const int32_t values = b->set->graphs[b->graph].num_values;
  for (int32_t i = 0; i < n->num_inputs; i++)
    if (n->inputs[i] < -1 || n->inputs[i] >= values) {
      build_fail(b, MOTE_ERR_ARGUMENT, "input %d of %s is value %d; the graph has %d", (int)i, op->name,
                 (int)n->inputs[i], (int)values);
      return false;
    }
  return true;
}

int32_t build_add(graph_builder *b, const build_node *from) {
  if (b->failed) return -1;
  if (b->graph < 0) return build_fail(b, MOTE_ERR_ARGUMENT, "a node needs a graph: call build_graph first");
  const mote_op *const op = from->op ? from->op : op_find(from->code);
  if (!op) return build_fail(b, MOTE_ERR_UNSUPPORTED, "this build has no operator of code %d", (int)from->code);
  if (!inputs_exist(b, from, op)) return -1;
  graph *const g = &b->set->graphs[b->graph];
  if (!graph_grow(b->arena, &g->nodes, g->num_nodes, &g->room_nodes, sizeof *g->nodes)) return no_memory(b);
  graph_node n = {.op = op,
                  .custom = from->custom,
                  .custom_size = from->custom_size,
                  .num_inputs = from->num_inputs,
                  .num_outputs = from->num_outputs ? from->num_outputs : op->outputs_min,
                  .index = g->num_nodes};
  n.options = copy_options(b, op, from->options);
  n.inputs = copy_list(b, from->inputs, from->num_inputs);
  n.outputs = add_outputs(b, from, n.num_outputs);
  if (!n.inputs || !n.outputs || ((op->options || op->options_2) && !n.options)) return no_memory(b);
  arena scratch;
  mote_error e = {0};
  arena_init(&scratch, b->arena->mem);
  const mote_status status = settle(b, g, &n, from->types != NULL, &scratch, &e);
  arena_free(&scratch);
  if (status != MOTE_OK) return build_fail(b, status, "%s", e.text);
  g->nodes[g->num_nodes++] = n;
  return n.num_outputs ? n.outputs[0] : 0;
}

int32_t build_op(graph_builder *b, int32_t code, const void *options, int32_t count, const int32_t *inputs) {
  return build_add(b, &(build_node){.code = code, .options = options, .num_inputs = count, .inputs = inputs});
}
