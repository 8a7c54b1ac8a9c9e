/* linear.c: sums and products with constants go into the weights and biases of what stands beside them: batch
 * normalisation, scaling of inputs, biases that came as an ADD.
 *
 * Floats move by the roundings of the products: some ULPs of the largest term of a sum.
 */
#include "graph/rewrite/linear.h"

#include <math.h>
#include <string.h>

#include "graph/rewrite/codes.h"

/* ---- what is linear ---- */

static bool shape_of(linear *l, const graph_value *weights, const graph_value *input) {
  const int32_t *const d = weights->dims;
  if (l->code == sch_BuiltinOperator_FULLY_CONNECTED) {
    if (weights->rank != 2) return false;
    l->channels = (size_t)d[0], l->inputs = (size_t)d[1], l->groups = 1;
    return true;
  }
  const int32_t rank = l->code == sch_BuiltinOperator_CONV_3D ? 5 : 4;
  if (weights->rank != rank || input->rank != rank || input->signature[rank - 1] < 1) return false;
  const size_t depth = (size_t)input->signature[rank - 1];
  switch (l->code) {
    case sch_BuiltinOperator_CONV_2D: l->channels = (size_t)d[0], l->inputs = (size_t)d[3]; break;
    case sch_BuiltinOperator_TRANSPOSE_CONV: l->channels = (size_t)d[0], l->inputs = (size_t)d[3]; break;
    case sch_BuiltinOperator_CONV_3D: l->channels = (size_t)d[4], l->inputs = (size_t)d[3]; break;
    default: l->channels = (size_t)d[3], l->inputs = 1; break; /* depthwise */
  }
  if (!l->channels || !l->inputs || depth % l->inputs) return false;
  l->groups = depth / l->inputs;
  return l->channels % l->groups == 0;
}

bool linear_of(const rewriting *w, int32_t node, linear *l) {
  const graph_node *const n = node < 0 ? NULL : rw_node(w, node);
  if (!n) return false;
  *l = (linear){.node = node, .code = n->op->code, .at_input = 0, .at_bias = 2, .codes = -1};
  switch (n->op->code) {
    case sch_BuiltinOperator_CONV_2D:
    case sch_BuiltinOperator_DEPTHWISE_CONV_2D:
    case sch_BuiltinOperator_CONV_3D: break;
    case sch_BuiltinOperator_FULLY_CONNECTED:
      if (((const sch_FullyConnectedOptions *)n->options)->weights_format) return false;
      break;
    case sch_BuiltinOperator_TRANSPOSE_CONV: l->at_input = 2, l->at_bias = 3; break;
    default: return false;
  }
  l->input = rw_input(w, node, l->at_input);
  l->weights = rw_input(w, node, 1);
  l->bias = rw_input(w, node, l->at_bias);
  size_t biases = 0;
  if (n->num_outputs != 1 || l->input < 0 || !rw_float32(w, l->input) || !rw_float32(w, n->outputs[0])) return false;
  l->w = rw_floats(w, l->weights, &l->count);
  if (!l->w) {
    l->codes = codes_of(w, l->weights);
    if (!rw_is_const(w, l->codes)) return false;
    l->count = rw_value(w, l->codes)->bytes;
  }
  if (!l->count) return false;
  if (l->bias >= 0 && !(l->b = rw_floats(w, l->bias, &biases))) return false;
  return shape_of(l, rw_value(w, l->weights), rw_value(w, l->input)) && (!l->b || biases == l->channels);
}

size_t linear_output_of(const linear *l, size_t i) {
  const bool last = l->code == sch_BuiltinOperator_DEPTHWISE_CONV_2D || l->code == sch_BuiltinOperator_CONV_3D;
  return last ? i % l->channels : i / (l->count / l->channels);
}

size_t linear_input_of(const linear *l, size_t i) {
  const size_t group = linear_output_of(l, i) / (l->channels / l->groups);
  if (l->code == sch_BuiltinOperator_CONV_3D) return group * l->inputs + i / l->channels % l->inputs;
  return group * l->inputs + (l->code == sch_BuiltinOperator_DEPTHWISE_CONV_2D ? 0 : i % l->inputs);
}

bool linear_become(rewriting *w, int32_t node, const linear *l, int32_t input, int32_t weights, int32_t bias,
                   int32_t activation) {
  const graph_node n = *rw_node(w, l->node);
  int32_t inputs[4] = {-1, -1, -1, -1};
  void *const options = rw_options(w, l->node);
  if (!options) return false;
  const graph_node with = {.op = n.op, .options = options};
  *(int32_t *)(uintptr_t)rw_activation(&with) = activation;
  for (int32_t i = 0; i < n.num_inputs; i++) inputs[i] = n.inputs[i];
  inputs[l->at_input] = input;
  if (weights >= 0) inputs[1] = weights;
  if (bias >= 0) inputs[l->at_bias] = bias;
  const int32_t count = bias >= 0 && n.num_inputs <= l->at_bias ? l->at_bias + 1 : n.num_inputs;
  const int32_t version = activation != sch_ActivationFunctionType_NONE ? 4 : count > n.num_inputs ? 3 : 1;
  if (l->code == sch_BuiltinOperator_TRANSPOSE_CONV && !rw_may_use(w, l->code, version)) return false;
  return rw_become(w, node, l->code, options, count, inputs);
}

/* ---- constants beside it ---- */

/* A constant of one element, or of one for each of `channels` in the last dimension. */
static const float *channel_constant(const rewriting *w, int32_t value, size_t channels, size_t *count) {
  const float *const c = rw_floats(w, value, count);
  if (!c || (*count != 1 && *count != channels)) return NULL;
  const graph_value *const v = rw_value(w, value);
  return *count == 1 || v->dims[v->rank - 1] == (int32_t)channels ? c : NULL;
}

static bool all_finite(const float *v, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!isfinite(v[i])) return false;
  return true;
}

/* A new bias of zeros, or of what there is. */
static int32_t new_bias(rewriting *w, const linear *l, float **to) {
  const int32_t channels = (int32_t)l->channels;
  *to = ARENA_ARRAY(w->b.arena, float, l->channels + 1);
  if (!*to) return -1;
  if (l->b) memcpy(*to, l->b, l->channels * sizeof **to);
  const char *const name = rw_value(w, l->bias >= 0 ? l->bias : rw_output(w, l->node))->name.data;
  return build_const(&w->b, name, MOTE_FLOAT32, 1, &channels, *to, BUILD_BORROW);
}

/* ---- behind ---- */

/* Weights times one number a channel, where they are codes: the scales take it in, and the sign changes codes. */
static int32_t scaled_codes(rewriting *w, const linear *l, const float *c, size_t n) {
  const graph_value v = *rw_value(w, l->codes);
  const int32_t channels = (int32_t)l->channels, axis = l->code == sch_BuiltinOperator_DEPTHWISE_CONV_2D ? 3 : 0;
  int8_t *const data = ARENA_ARRAY(w->b.arena, int8_t, l->count);
  float *const scales = ARENA_ARRAY(w->b.arena, float, l->channels);
  if (!data || !scales || (v.quant.count > 1 && v.quant.axis != axis)) return -1;
  for (int32_t i = 0; i < v.quant.count; i++)
    if (v.quant.zero_point[i]) return -1;
  for (int32_t i = 0; i < channels; i++) {
    const float by = fabsf(c[n == 1 ? 0 : i]);
    scales[i] = v.quant.scale[v.quant.count == 1 ? 0 : i] * (by > 0 ? by : 1);
    if (!isfinite(scales[i]) || !(scales[i] > 0)) return -1;
  }
  for (size_t i = 0; i < l->count; i++) {
    const float by = c[n == 1 ? 0 : linear_output_of(l, i)];
    const int8_t code = ((const int8_t *)v.data)[i];
    if (code == -128) return -1;
    data[i] = (int8_t)(by > 0 ? code : by < 0 ? -code : 0);
  }
  const int32_t codes = codes_const(w, l->codes, v.rank, v.dims, data, channels, axis, scales, NULL);
  return rw_add(w, l->weights, sch_BuiltinOperator_DEQUANTIZE, NULL, 1, &codes);
}

/*     x ──▶ CONV_2D W, b ──▶ MUL c ──▶ y          x ──▶ CONV_2D W*c, b*c ──▶ y
 *     x ──▶ CONV_2D W, b ──▶ ADD c ──▶ y          x ──▶ CONV_2D W, b+c ──▶ y          c: a number, or one a channel */
static bool after(rewriting *w, int32_t node) {
  const bool times = rw_is(w, node, sch_BuiltinOperator_MUL);
  if (!times && !rw_is(w, node, sch_BuiltinOperator_ADD)) return false;
  linear l;
  size_t n;
  const int32_t x = rw_input(w, node, 0);
  if (!linear_of(w, rw_maker(w, x), &l) || !rw_only(w, x) || !rw_no_activation(w, l.node)) return false;
  const float *const c = channel_constant(w, rw_input(w, node, 1), l.channels, &n);
  if (!c) return false;
  float *weights = NULL, *bias = NULL;
  const int32_t to_bias = times && !l.b ? -1 : new_bias(w, &l, &bias);
  const int32_t to_weights = !times ? -1 : l.w ? rw_like(w, l.weights, &weights) : scaled_codes(w, &l, c, n);
  if (w->b.failed || (times && to_weights < 0)) return false;
  for (size_t i = 0; bias && i < l.channels; i++) {
    if (times) bias[i] *= c[n == 1 ? 0 : i];
    else bias[i] += c[n == 1 ? 0 : i];
  }
  for (size_t i = 0; weights && i < l.count; i++) weights[i] = l.w[i] * c[n == 1 ? 0 : linear_output_of(&l, i)];
  if ((bias && !all_finite(bias, l.channels)) || (weights && !all_finite(weights, l.count))) return false;
  return linear_become(w, node, &l, l.input, to_weights, to_bias, *rw_activation(rw_node(w, node)));
}

const rewrite rewrite_fold_after = {
    .name = "fold-after",
    .reason = "weights and bias take in what follows (batch normalisation, a bias)",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = after,
};

/* ---- in front ---- */

/* Whether every output sums over all weights, so that a constant in front is a constant behind. */
static bool never_pads(const rewriting *w, const linear *l) {
  const graph_value *const v = rw_value(w, l->weights);
  const void *const o = rw_node(w, l->node)->options;
  switch (l->code) {
    case sch_BuiltinOperator_FULLY_CONNECTED: return true;
    case sch_BuiltinOperator_CONV_2D:
      if (((const sch_Conv2DOptions *)o)->padding == sch_Padding_VALID) return true;
      return v->dims[1] == 1 && v->dims[2] == 1;
    case sch_BuiltinOperator_DEPTHWISE_CONV_2D:
      if (((const sch_DepthwiseConv2DOptions *)o)->padding == sch_Padding_VALID) return true;
      return v->dims[1] == 1 && v->dims[2] == 1;
    case sch_BuiltinOperator_CONV_3D: return ((const sch_Conv3DOptions *)o)->padding == sch_Padding_VALID;
    default: return false; /* transposed: at the rim fewer weights are summed */
  }
}

/* Channels that stand in the last dimension of what comes in. */
static bool channels_in(const rewriting *w, const linear *l, size_t *channels) {
  const graph_value *const x = rw_value(w, l->input);
  if (x->rank < 1 || x->signature[x->rank - 1] < 1) return false;
  *channels = (size_t)x->signature[x->rank - 1];
  return l->code != sch_BuiltinOperator_FULLY_CONNECTED || *channels == l->inputs;
}

/*     x ──▶ MUL c ──▶ CONV_2D W, b ──▶ y          x ──▶ CONV_2D W*c, b ──▶ y
 *     x ──▶ ADD c ──▶ CONV_2D W, b ──▶ y          x ──▶ CONV_2D W, b + sum of W*c ──▶ y, without padding */
static bool before(rewriting *w, int32_t node) {
  linear l;
  size_t n, channels;
  if (!linear_of(w, node, &l) || !l.w || !channels_in(w, &l, &channels)) return false;
  const int32_t maker = rw_maker(w, l.input);
  const bool times = maker >= 0 && rw_is(w, maker, sch_BuiltinOperator_MUL);
  if (maker < 0 || (!times && !rw_is(w, maker, sch_BuiltinOperator_ADD)) || !rw_no_activation(w, maker)) return false;
  const float *const c = channel_constant(w, rw_input(w, maker, 1), channels, &n);
  if (!c || !rw_only(w, l.input) || (!times && !never_pads(w, &l))) return false;
  float *weights = NULL, *bias = NULL;
  const int32_t to_weights = times ? rw_like(w, l.weights, &weights) : -1;
  const int32_t to_bias = times ? -1 : new_bias(w, &l, &bias);
  if (w->b.failed) return false;
  for (size_t i = 0; i < l.count; i++) {
    const float term = l.w[i] * c[n == 1 ? 0 : linear_input_of(&l, i)];
    if (times) weights[i] = term;
    else bias[linear_output_of(&l, i)] += term;
  }
  if ((bias && !all_finite(bias, l.channels)) || (weights && !all_finite(weights, l.count))) return false;
  return linear_become(w, node, &l, rw_input(w, maker, 0), to_weights, to_bias, *rw_activation(rw_node(w, node)));
}

const rewrite rewrite_fold_before = {
    .name = "fold-before",
    .reason = "weights and bias take in what stands in front (batch normalisation, scaling of the input)",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = before,
};
