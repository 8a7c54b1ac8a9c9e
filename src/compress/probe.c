/* probe.c: see probe.h. */
#include "compress/probe.h"

#include <string.h>

#include "base/error.h"
#include "graph/options.h"

static const int32_t *activation_of(const graph_node *n) {
  switch (n->op->code) {
    case sch_BuiltinOperator_CONV_2D: return &((const sch_Conv2DOptions *)n->options)->fused_activation_function;
    case sch_BuiltinOperator_DEPTHWISE_CONV_2D:
      return &((const sch_DepthwiseConv2DOptions *)n->options)->fused_activation_function;
    case sch_BuiltinOperator_CONV_3D: return &((const sch_Conv3DOptions *)n->options)->fused_activation_function;
    case sch_BuiltinOperator_TRANSPOSE_CONV:
      return &((const sch_TransposeConvOptions *)n->options)->fused_activation_function;
    case sch_BuiltinOperator_FULLY_CONNECTED:
      return &((const sch_FullyConnectedOptions *)n->options)->fused_activation_function;
    default: return NULL;
  }
}

/* The operator that an activation is by itself; -1: none. */
static int32_t operator_of(int32_t activation) {
  switch (activation) {
    case sch_ActivationFunctionType_RELU: return sch_BuiltinOperator_RELU;
    case sch_ActivationFunctionType_RELU6: return sch_BuiltinOperator_RELU6;
    case sch_ActivationFunctionType_RELU_N1_TO_1: return sch_BuiltinOperator_RELU_N1_TO_1;
    default: return -1;
  }
}

/* In a copy that is only looked at: the activation becomes a node behind the layer. Returns the value in front of it.
 */
static mote_status split(mote_graph *g, const layer *l, int32_t *sums, mote_error *e) {
  graph *const of = &g->set.graphs[0];
  graph_node *n = &of->nodes[l->node];
  const int32_t *const activation = activation_of(n);
  const int32_t code = activation && of->values[n->outputs[0]].type == MOTE_FLOAT32 ? operator_of(*activation) : -1;
  *sums = n->outputs[0];
  if (code < 0) return MOTE_OK;
  const sch_table *const table = options_of(n->op);
  void *const options = arena_alloc(&g->arena, table->size);
  int32_t *const ends = ARENA_ARRAY(&g->arena, int32_t, 3);
  if (!options || !ends || !graph_grow(&g->arena, &of->nodes, of->num_nodes, &of->room_nodes, sizeof *n) ||
      !graph_grow(&g->arena, &of->values, of->num_values, &of->room_values, sizeof *of->values))
    return err_memory(e, "a network to look at", table->size);
  n = &of->nodes[l->node];
  ends[0] = of->num_values++;
  ends[1] = n->outputs[0];
  of->values[ends[0]] = of->values[ends[1]];
  of->values[ends[0]].tensor = ends[0];
  of->values[ends[0]].name = (sch_string){0};
  of->nodes[of->num_nodes++] = (graph_node){.op = op_find(code),
                                            .inputs = ends,
                                            .num_inputs = 1,
                                            .outputs = ends + 1,
                                            .num_outputs = 1,
                                            .version = 1,
                                            .index = -1};
  memcpy(options, n->options, table->size);
  n->options = options;
  *(int32_t *)(uintptr_t)activation_of(n) = sch_ActivationFunctionType_NONE;
  n->outputs = ends;
  *sums = ends[0];
  return MOTE_OK;
}

mote_graph *probe_open(const mote_graph *g, const layers *all, int32_t from, int32_t to, int32_t *sums, mote_error *e) {
  mote_graph *const copy = network_copy(g, e);
  mote_status status = copy ? MOTE_OK : MOTE_ERR_MEMORY;
  for (int32_t i = from; i < to && status == MOTE_OK; i++) status = split(copy, &all->at[i], &sums[i - from], e);
  if (status == MOTE_OK) {
    copy->set.graphs[0].num_outputs = 0;
    copy->set.num_signatures = 0;
    return copy;
  }
  mote_graph_free(copy);
  return NULL;
}
