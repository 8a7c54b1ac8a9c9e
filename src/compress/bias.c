/* bias.c: see bias.h. */
#include "compress/bias.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

static int32_t reads_of(const graph *g, int32_t value) {
  int32_t n = 0;
  for (int32_t i = 0; i < g->num_nodes; i++)
    for (int32_t j = 0; j < g->nodes[i].num_inputs; j++) n += g->nodes[i].inputs[j] == value;
  return n;
}

static int32_t maker_of(const graph *g, int32_t value) {
  for (int32_t i = 0; i < g->num_nodes; i++)
    if (g->nodes[i].outputs[0] == value) return i;
  return -1;
}

/* The constant behind the bias of a layer, -1: it has none; -2: it is computed. */
static int32_t bias_behind(const graph *g, const layer *l) {
  const graph_node *const n = &g->nodes[l->node];
  int32_t v = l->at_bias < n->num_inputs ? n->inputs[l->at_bias] : -1;
  if (v < 0) return -1;
  const int32_t maker = maker_of(g, v);
  if (maker >= 0 && g->nodes[maker].op->code == sch_BuiltinOperator_DEQUANTIZE) v = g->nodes[maker].inputs[0];
  return g->values[v].is_const && !g->values[v].sparsity ? v : -2;
}

/* Puts a constant of the layer's own in the place of its bias. */
static bool set_bias(mote_graph *g, const layer *l, int32_t value) {
  graph_node *const n = &g->set.graphs[0].nodes[l->node];
  const int32_t count = n->num_inputs > l->at_bias ? n->num_inputs : l->at_bias + 1;
  int32_t *const inputs = ARENA_ARRAY(&g->arena, int32_t, (size_t)count);
  if (!inputs) return false;
  for (int32_t i = 0; i < count; i++) inputs[i] = i < n->num_inputs ? n->inputs[i] : -1;
  inputs[l->at_bias] = value;
  n->inputs = inputs;
  n->num_inputs = count;
  return true;
}

static void add_to_floats(float *b, const bias_change *c, size_t channels) {
  for (size_t i = 0; i < channels; i++) b[i] = (float)((double)b[i] * c[i].factor + c[i].more);
}

static void add_to_int32(int32_t *b, const graph_value *v, const bias_change *c, size_t channels) {
  for (size_t i = 0; i < channels; i++) {
    const double scale = (double)v->quant.scale[v->quant.count > 1 ? i : 0];
    const double q = (double)b[i] + round(c[i].more / scale);
    b[i] = q > INT32_MAX ? INT32_MAX : q < INT32_MIN ? INT32_MIN : (int32_t)q;
  }
}

bool bias_changeable(const graph *g, const layer *l, size_t channels) {
  const int32_t bias = bias_behind(g, l);
  if (bias == -1) return g->values[g->nodes[l->node].outputs[0]].type == MOTE_FLOAT32;
  if (bias < 0) return false;
  const graph_value *const v = &g->values[bias];
  if (v->rank != 1 || v->bytes != channels * ((size_t)mote_type_bits(v->type) / 8)) return false;
  if (v->type == MOTE_INT32) return v->quant.count == 1 || (size_t)v->quant.count == channels;
  return v->type == MOTE_FLOAT32 || v->type == MOTE_FLOAT16;
}

mote_status bias_apply(mote_graph *g, const layer *l, const bias_change *c, size_t channels, mote_error *e) {
  graph *const of = &g->set.graphs[0];
  const int32_t bias = bias_behind(of, l), size = (int32_t)channels;
  const bool integers = bias >= 0 && of->values[bias].type == MOTE_INT32;
  void *const data = arena_alloc(&g->arena, (channels + 1) * sizeof(float));
  if (!data) return err_memory(e, "a bias", channels * sizeof(float));
  if (integers) {
    memcpy(data, of->values[bias].data, channels * sizeof(int32_t));
    add_to_int32(data, &of->values[bias], c, channels);
  } else {
    const layer as_weights = {.graph = 0, .node = l->node, .stored = bias, .count = channels};
    if (bias >= 0) MOTE_TRY(weights_read(&g->set, &as_weights, WEIGHTS_REAL, data, e));
    add_to_floats(data, c, channels);
  }
  if (bias >= 0 && of->values[bias].type != MOTE_FLOAT16 && reads_of(of, bias) == 1) {
    of->values[bias].data = data;
    return MOTE_OK;
  }
  const op_quant quant = bias >= 0 ? of->values[bias].quant : (op_quant){.scales = -1, .zero_points = -1};
  const int32_t current = g->b.graph;
  build_select(&g->b, 0);
  const int32_t made = build_const(&g->b, bias >= 0 ? "bias" : "new_bias", integers ? MOTE_INT32 : MOTE_FLOAT32, 1,
                                   &size, data, BUILD_BORROW);
  build_select(&g->b, current);
  if (made < 0 || !set_bias(g, l, made)) return err_memory(e, "a bias", 0);
  if (integers) g->set.graphs[0].values[made].quant = quant;
  return MOTE_OK;
}
