/* repair.c: see repair.h. */
#include "compress/repair.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "graph/options.h"

/* ---- which layers, and where their sums are seen ---- */

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

static size_t channels_of(const graph_set *set, const layer *l) {
  return extent_of(layer_stored(set, l), l->out_axis).size;
}

static bool is_float(const graph_set *set, const layer *l) {
  return layer_graph(set, l)->values[layer_node(set, l)->outputs[0]].type == MOTE_FLOAT32;
}

/* In a copy that is only looked at: the activation becomes a node behind the layer. Returns the value in front of it.
 */
static mote_status split(mote_graph *g, const layer *l, int32_t *sums, mote_error *e) {
  graph *const of = &g->set.graphs[0];
  graph_node *n = &of->nodes[l->node];
  const int32_t *const activation = activation_of(n);
  const int32_t code = activation && is_float(&g->set, l) ? operator_of(*activation) : -1;
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

/* Sums the channels of layers [from, to), of which `sums` has room for all. */
static mote_status look(const mote_graph *g, sampler *s, const layers *all, int32_t from, int32_t to,
                        channel_sums *sums, mote_error *e) {
  mote_graph *const copy = network_copy(g, e);
  if (!copy) return e->code;
  mote_status status = MOTE_OK;
  int32_t *const values = ARENA_ARRAY(&copy->arena, int32_t, (size_t)(to - from) + 1);
  if (!values) status = err_memory(e, "a network to look at", 0);
  for (int32_t i = from; i < to && status == MOTE_OK; i++) status = split(copy, &all->at[i], &values[i - from], e);
  if (status == MOTE_OK) {
    copy->set.graphs[0].num_outputs = 0; /* what lies behind is not run */
    copy->set.num_signatures = 0;
    status = sampler_sum(s, copy, to - from, values, sums, e);
  }
  mote_graph_free(copy);
  return status;
}

static mote_status sums_open(mem *m, size_t channels, channel_sums *c, mote_error *e) {
  *c = (channel_sums){.channels = channels};
  c->sum = MEM_ARRAY(m, double, channels + 1);
  c->square = MEM_ARRAY(m, double, channels + 1);
  return c->sum && c->square ? MOTE_OK : err_memory(e, "means of channels", channels * sizeof(double));
}

static void sums_close(mem *m, channel_sums *c) {
  mem_free(m, c->sum);
  mem_free(m, c->square);
}

/* ---- before ---- */

enum { SEEN_BYTES = 64 << 20 };

static double bytes_of(const graph_set *set, const layer *l) {
  const graph_value *const v = &layer_graph(set, l)->values[layer_node(set, l)->outputs[0]];
  double bytes = 4;
  for (int32_t d = 0; d < v->rank; d++) bytes *= v->dims[d];
  return bytes;
}

static bool repairable(const layer *l) { return l->graph == 0 && l->out_axis >= 0 && l->at_bias >= 0; }

mote_status repair_open(repair *r, const mote_graph *g, sampler *s, arena *a, mote_error *e) {
  *r = (repair){.mem = g->mem};
  MOTE_TRY(weights_list(&g->set, NULL, 0, a, &r->all, e));
  int32_t count = 0;
  for (int32_t i = 0; i < r->all.count; i++)
    if (repairable(&r->all.at[i])) r->all.at[count++] = r->all.at[i];
  r->all.count = count;
  r->before = MEM_ARRAY(g->mem, channel_sums, (size_t)count + 1);
  r->gone = MEM_ARRAY(g->mem, bool *, (size_t)count + 1);
  if (!r->before || !r->gone) return err_memory(e, "means of channels", 0);
  for (int32_t i = 0; i < count; i++)
    MOTE_TRY(sums_open(g->mem, channels_of(&g->set, &r->all.at[i]), &r->before[i], e));
  /* As many layers at once as are seen within a bound of memory. */
  const double done = s->done, part = s->part;
  for (int32_t from = 0, to; from < count; from = to) {
    double bytes = bytes_of(&g->set, &r->all.at[from]);
    for (to = from + 1; to < count && (bytes += bytes_of(&g->set, &r->all.at[to])) < SEEN_BYTES;) to++;
    s->part = part * (to - from) / count;
    MOTE_TRY(look(g, s, &r->all, from, to, r->before + from, e));
  }
  s->done = done + part;
  s->part = part;
  return MOTE_OK;
}

void repair_close(repair *r) {
  for (int32_t i = 0; r->before && i < r->all.count; i++) sums_close(r->mem, &r->before[i]);
  for (int32_t i = 0; r->gone && i < r->all.count; i++) mem_free(r->mem, r->gone[i]);
  if (r->mem) mem_free(r->mem, r->before), mem_free(r->mem, r->gone);
  *r = (repair){0};
}

/* ---- biases ---- */

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

/* What is to be done to a channel: times `factor`, then plus `more`. */
typedef struct change {
  double factor, more;
} change;

static bool add_to_floats(float *b, const change *c, size_t channels) {
  for (size_t i = 0; i < channels; i++) b[i] = (float)((double)b[i] * c[i].factor + c[i].more);
  return true;
}

static void add_to_int32(int32_t *b, const graph_value *v, const change *c, size_t channels) {
  for (size_t i = 0; i < channels; i++) {
    const double scale = (double)v->quant.scale[v->quant.count > 1 ? i : 0];
    const double q = (double)b[i] + round(c[i].more / scale);
    b[i] = q > INT32_MAX ? INT32_MAX : q < INT32_MIN ? INT32_MIN : (int32_t)q;
  }
}

/* Whether a bias of this kind can be changed, or made. */
static bool bias_fits(const graph *g, int32_t bias, size_t channels, bool floats) {
  if (bias == -1) return floats;
  if (bias < 0) return false;
  const graph_value *const v = &g->values[bias];
  const size_t size = (size_t)mote_type_bits(v->type) / 8;
  if (v->rank != 1 || v->bytes != channels * size) return false;
  if (v->type == MOTE_INT32) return v->quant.count == 1 || (size_t)v->quant.count == channels;
  return v->type == MOTE_FLOAT32 || v->type == MOTE_FLOAT16;
}

static mote_status change_bias(mote_graph *g, const layer *l, const change *c, size_t channels, mote_error *e) {
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

/* ---- after ---- */

enum { MOST_FACTOR = 4 };

/* What brings channels back to what they were. */
static void find_changes(const channel_sums *was, const bool *gone, const channel_sums *is, bool scale, change *c) {
  for (size_t from = 0, to = 0; from < was->channels && to < is->channels; from++) {
    if (gone && gone[from]) continue;
    const double wanted = channel_deviation(was, from), have = channel_deviation(is, to);
    double factor = scale && have > 1e-3 * wanted && wanted > 0 ? wanted / have : 1;
    if (factor > MOST_FACTOR) factor = MOST_FACTOR;
    if (factor < 1.0 / MOST_FACTOR) factor = 1.0 / MOST_FACTOR;
    c[to].factor = factor;
    c[to].more = channel_mean(was, from) - factor * channel_mean(is, to);
    to++;
  }
}

static mote_status scale_weights(mote_graph *g, const layer *l, const change *c, mote_error *e) {
  float *const w = MEM_ARRAY(g->mem, float, l->count + 1);
  if (!w) return err_memory(e, "the weights of a layer", l->count * sizeof *w);
  mote_status status = weights_read(&g->set, l, WEIGHTS_REAL, w, e);
  const extent out = extent_of(layer_stored(&g->set, l), l->out_axis);
  for (size_t i = 0; i < l->count && status == MOTE_OK; i++) w[i] = (float)((double)w[i] * c[extent_at(out, i)].factor);
  if (status == MOTE_OK) status = weights_write(g, l, WEIGHTS_REAL, w, e);
  mem_free(g->mem, w);
  return status;
}

static mote_status set_right(const repair *r, mote_graph *g, int32_t i, const channel_sums *is, mote_error *e) {
  layer l = r->all.at[i];
  const graph *const of = &g->set.graphs[0];
  const graph_value *const stored = layer_stored(&g->set, &l);
  const bool floats = is_float(&g->set, &l);
  if (is->count <= 0 || !bias_fits(of, bias_behind(of, &l), is->channels, floats)) return MOTE_OK;
  l.count = extent_of(stored, 0).size * extent_of(stored, 0).step;
  const bool scale = floats && !l.shared && (stored->type == MOTE_FLOAT32 || stored->type == MOTE_FLOAT16);
  change *const c = MEM_ARRAY(r->mem, change, is->channels + 1);
  if (!c) return err_memory(e, "means of channels", is->channels * sizeof *c);
  find_changes(&r->before[i], r->gone[i], is, scale, c);
  mote_status status = scale ? scale_weights(g, &l, c, e) : MOTE_OK;
  if (status == MOTE_OK) status = change_bias(g, &l, c, is->channels, e);
  mem_free(r->mem, c);
  return status;
}

/* Layers [from, to) are looked at together, then set right. */
static mote_status run_some(const repair *r, mote_graph *g, sampler *s, int32_t from, int32_t to, mote_error *e) {
  channel_sums *const is = MEM_ARRAY(r->mem, channel_sums, (size_t)(to - from) + 1);
  mote_status status = is ? MOTE_OK : err_memory(e, "means of channels", 0);
  for (int32_t i = from; i < to && status == MOTE_OK; i++)
    status = sums_open(r->mem, channels_of(&g->set, &r->all.at[i]), &is[i - from], e);
  if (status == MOTE_OK) status = look(g, s, &r->all, from, to, is, e);
  for (int32_t i = from; i < to && status == MOTE_OK; i++) status = set_right(r, g, i, &is[i - from], e);
  for (int32_t i = from; is && i < to; i++) sums_close(r->mem, &is[i - from]);
  mem_free(r->mem, is);
  return status;
}

mote_status repair_run(repair *r, mote_graph *g, sampler *s, mote_error *e) {
  enum { MOST_STEPS = 32 };
  const double done = s->done, part = s->part;
  const int32_t count = r->all.count, each = (count + MOST_STEPS - 1) / MOST_STEPS;
  for (int32_t from = 0; from < count; from += each) {
    const int32_t to = from + each < count ? from + each : count;
    s->part = part * (to - from) / count;
    MOTE_TRY(run_some(r, g, s, from, to, e));
  }
  s->done = done + part;
  s->part = part;
  return MOTE_OK;
}
