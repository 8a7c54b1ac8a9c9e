/* integer.c: operators between DEQUANTIZE and QUANTIZE compute with codes of 8 bits.
 *
 * A network of quantization-aware training says where its numbers have ranges. What reads and writes such numbers alone
 * becomes an integer operator; all else stays as it is, between a DEQUANTIZE and a QUANTIZE.
 */
#include <math.h>

#include "graph/rewrite/codes.h"
#include "graph/rewrite/linear.h"

typedef enum kind {
  MOVES = 1, /* codes go through as they are: scale and zero point stay */
  PICKS,     /* the same with several operands, which must share a scale */
  FREE,      /* computes from any scale into any scale */
  FIXED,     /* the scale of the output is that of the operator */
  ORDERS,    /* tells places, which are those of the codes */
  LINEAR
} kind;

typedef struct rule {
  int32_t code;
  kind kind;
  uint32_t numbers; /* bit i: operand i is one of the numbers; 0: all are */
  float scale;      /* FIXED */
  int32_t zero;
} rule;

#define OP(name) sch_BuiltinOperator_##name
static const rule rules[] = {
    {OP(RESHAPE), MOVES, 1, 0, 0},
    {OP(SQUEEZE), MOVES, 1, 0, 0},
    {OP(EXPAND_DIMS), MOVES, 1, 0, 0},
    {OP(TRANSPOSE), MOVES, 1, 0, 0},
    {OP(SLICE), MOVES, 1, 0, 0},
    {OP(STRIDED_SLICE), MOVES, 1, 0, 0},
    {OP(PAD), MOVES, 1, 0, 0},
    {OP(MIRROR_PAD), MOVES, 1, 0, 0},
    {OP(TILE), MOVES, 1, 0, 0},
    {OP(REVERSE_V2), MOVES, 1, 0, 0},
    {OP(GATHER), MOVES, 1, 0, 0},
    {OP(GATHER_ND), MOVES, 1, 0, 0},
    {OP(BROADCAST_TO), MOVES, 1, 0, 0},
    {OP(SPACE_TO_DEPTH), MOVES, 1, 0, 0},
    {OP(DEPTH_TO_SPACE), MOVES, 1, 0, 0},
    {OP(SPACE_TO_BATCH_ND), MOVES, 1, 0, 0},
    {OP(BATCH_TO_SPACE_ND), MOVES, 1, 0, 0},
    {OP(RESIZE_NEAREST_NEIGHBOR), MOVES, 1, 0, 0},
    {OP(RESIZE_BILINEAR), MOVES, 1, 0, 0},
    {OP(MAX_POOL_2D), MOVES, 1, 0, 0},
    {OP(AVERAGE_POOL_2D), MOVES, 1, 0, 0},
    {OP(REDUCE_MAX), MOVES, 1, 0, 0},
    {OP(REDUCE_MIN), MOVES, 1, 0, 0},
    {OP(CONCATENATION), PICKS, 0, 0, 0},
    {OP(PACK), PICKS, 0, 0, 0},
    {OP(MAXIMUM), PICKS, 0, 0, 0},
    {OP(MINIMUM), PICKS, 0, 0, 0},
    {OP(SELECT_V2), PICKS, 6, 0, 0},
    {OP(ADD), FREE, 0, 0, 0},
    {OP(SUB), FREE, 0, 0, 0},
    {OP(MUL), FREE, 0, 0, 0},
    {OP(SQUARED_DIFFERENCE), FREE, 0, 0, 0},
    {OP(BATCH_MATMUL), FREE, 0, 0, 0},
    {OP(PRELU), FREE, 0, 0, 0},
    {OP(MEAN), FREE, 1, 0, 0},
    {OP(SUM), FREE, 1, 0, 0},
    {OP(RELU), FREE, 0, 0, 0},
    {OP(RELU6), FREE, 0, 0, 0},
    {OP(RELU_N1_TO_1), FREE, 0, 0, 0},
    {OP(LEAKY_RELU), FREE, 0, 0, 0},
    {OP(HARD_SWISH), FREE, 0, 0, 0},
    {OP(ABS), FREE, 0, 0, 0},
    {OP(SOFTMAX), FIXED, 0, 1.0f / 256, -128},
    {OP(LOGISTIC), FIXED, 0, 1.0f / 256, -128},
    {OP(TANH), FIXED, 0, 1.0f / 128, 0},
    {OP(L2_NORMALIZATION), FIXED, 0, 1.0f / 128, 0},
    {OP(LOG_SOFTMAX), FIXED, 0, 16.0f / 256, 127},
    {OP(ARG_MAX), ORDERS, 1, 0, 0},
    {OP(ARG_MIN), ORDERS, 1, 0, 0},
    {OP(CONV_2D), LINEAR, 0, 0, 0},
    {OP(DEPTHWISE_CONV_2D), LINEAR, 0, 0, 0},
    {OP(TRANSPOSE_CONV), LINEAR, 0, 0, 0},
    {OP(FULLY_CONNECTED), LINEAR, 0, 0, 0},
};

static const rule *rule_of(const rewriting *w, int32_t node) {
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (rw_is(w, node, rules[i].code)) return rw_node(w, node)->num_outputs == 1 ? &rules[i] : NULL;
  return NULL;
}

static bool is_number(const rule *r, int32_t i) { return !r->numbers || (i < 32 && r->numbers >> i & 1); }

static int32_t *copy_inputs(rewriting *w, int32_t node) {
  const graph_node *const n = rw_node(w, node);
  int32_t *const copy = ARENA_ARRAY(w->b.arena, int32_t, (size_t)n->num_inputs + 1);
  for (int32_t i = 0; copy && i < n->num_inputs; i++) copy[i] = n->inputs[i];
  return copy;
}

/* ---- constants ---- */

/* Codes of a constant in a quantization; NULL: in one that its least and greatest number span, with 0. */
static int32_t constant_codes(rewriting *w, int32_t value, const op_quant *as) {
  size_t n;
  const float *const from = rw_floats(w, value, &n);
  int8_t *const to = ARENA_ARRAY(w->b.arena, int8_t, n + 1);
  if (!from || !to) return -1;
  float lo = 0, hi = 0;
  for (size_t i = 0; i < n; i++) lo = fminf(lo, from[i]), hi = fmaxf(hi, from[i]);
  const float scale = as ? as->scale[0] : hi > lo ? (hi - lo) / 255 : 1;
  const int32_t zero = as ? as->zero_point[0] : (int32_t)roundf(-128 - lo / scale);
  if (!isfinite(scale) || !(scale > 0)) return -1;
  for (size_t i = 0; i < n; i++) {
    const float code = roundf(from[i] / scale) + (float)zero;
    to[i] = (int8_t)(code >= 127 ? 127 : code > -128 ? (int32_t)code : -128);
  }
  const graph_value v = *rw_value(w, value);
  return codes_const(w, value, v.rank, v.dims, to, 1, 0, &scale, &zero);
}

/* ---- weights ---- */

/* Weights and bias on their way. */
typedef struct fitting {
  const linear *l;
  const graph_value *codes; /* of the weights */
  float input;              /* scale of what comes in */
  int8_t *w;
  float *scales;
  int32_t *bias;
} fitting;

enum { BIAS_BITS = 30 };

/* A channel whose bias is too much for 32 bits of its steps gets larger ones; one without weights, steps for its bias.
 */
static void fit_channel(fitting *f, size_t c) {
  const double b = f->l->b ? (double)f->l->b[c] : 0, room = ldexp(1, BIAS_BITS);
  bool empty = true;
  for (size_t i = 0; i < f->l->count; i++)
    if (linear_output_of(f->l, i) == c && f->w[i]) empty = false;
  const float was = f->scales[c];
  if (empty) f->scales[c] = b != 0 ? (float)(fabs(b) / (double)f->input / ldexp(1, 24)) : was;
  else if (fabs(b) / (double)f->input / (double)was > room) f->scales[c] = (float)(fabs(b) / (double)f->input / room);
  for (size_t i = 0; i < f->l->count && !empty && f->scales[c] != was; i++)
    if (linear_output_of(f->l, i) == c) f->w[i] = (int8_t)roundf((float)f->w[i] * was / f->scales[c]);
  if (f->bias) f->bias[c] = (int32_t)round(b / ((double)f->input * (double)f->scales[c]));
}

static bool fit(rewriting *w, fitting *f) {
  const linear *const l = f->l;
  f->w = ARENA_ARRAY(w->b.arena, int8_t, l->count + 1);
  f->scales = ARENA_ARRAY(w->b.arena, float, l->channels + 1);
  f->bias = l->b ? ARENA_ARRAY(w->b.arena, int32_t, l->channels + 1) : NULL;
  if (!f->w || !f->scales || (l->b && !f->bias)) return false;
  const op_quant *const quant = &f->codes->quant;
  for (int32_t i = 0; i < quant->count; i++)
    if (quant->zero_point[i]) return false;
  for (size_t i = 0; i < l->count; i++) f->w[i] = ((const int8_t *)f->codes->data)[i];
  for (size_t c = 0; c < l->channels; c++) {
    f->scales[c] = quant->scale[quant->count == 1 ? 0 : c];
    if (!(f->scales[c] > 0) || (l->b && !isfinite(l->b[c]))) return false;
    fit_channel(f, c);
  }
  return true;
}

static bool all_equal(const float *v, size_t n) {
  for (size_t i = 1; i < n; i++)
    if (v[i] != v[0]) return false;
  return true;
}

/*     codes ──▶ DEQUANTIZE ──▶ CONV_2D, weights ──▶ DEQUANTIZE, bias ──▶ QUANTIZE ──▶ y
 *     codes ──▶ CONV_2D weights, bias of int32 ──▶ y */
static bool integer_linear(rewriting *w, int32_t node, int32_t maker) {
  linear l;
  if (!linear_of(w, maker, &l) || l.codes < 0) return false;
  const int32_t x = codes_of_one(w, l.input), axis = l.code == OP(DEPTHWISE_CONV_2D) ? 3 : 0;
  const graph_value codes = *rw_value(w, l.codes);
  if (x < 0 || (codes.quant.count > 1 && codes.quant.axis != axis)) return false;
  fitting f = {.l = &l, .codes = &codes, .input = rw_value(w, x)->quant.scale[0]};
  int32_t *const inputs = copy_inputs(w, maker);
  if (!inputs || !fit(w, &f)) return false;
  const int32_t count = all_equal(f.scales, l.channels) ? 1 : (int32_t)l.channels;
  inputs[l.at_input] = x;
  inputs[1] = codes_const(w, l.codes, codes.rank, codes.dims, f.w, count, axis, f.scales, NULL);
  float *const steps = ARENA_ARRAY(w->b.arena, float, (size_t)count);
  int32_t *const zeros = ARENA_ARRAY(w->b.arena, int32_t, (size_t)count);
  if (!steps || !zeros) return false;
  for (int32_t i = 0; i < count; i++) steps[i] = f.scales[i] * f.input;
  if (l.b) {
    const int32_t channels = (int32_t)l.channels;
    inputs[l.at_bias] = rw_const(w, l.bias, MOTE_INT32, 1, &channels, f.bias);
    if (inputs[l.at_bias] >= 0)
      build_quantize(&w->b, inputs[l.at_bias], &(op_quant){count, 0, steps, zeros, 0, -1, -1});
  }
  return rw_become(w, node, l.code, rw_node(w, maker)->options, rw_node(w, maker)->num_inputs, inputs);
}

/* ---- up to a QUANTIZE ---- */

/* A number in codes that an operator of free scales takes. */
static int32_t any_codes(rewriting *w, int32_t value) {
  const int32_t codes = codes_of_one(w, value);
  return codes >= 0 ? codes : constant_codes(w, value, NULL);
}

/* A number in the codes of `like`: those that it has, or by a QUANTIZE of its own. Rounding does not mind whether it
 * comes before the choice among numbers or after it. */
static int32_t same_codes(rewriting *w, int32_t value, int32_t like) {
  const op_quant quant = rw_value(w, like)->quant;
  if (rw_is_const(w, value)) return constant_codes(w, value, &quant);
  const int32_t codes = codes_of_one(w, value);
  if (codes >= 0 && rw_same_kind(w, codes, like)) return codes;
  const int32_t from = codes >= 0 ? codes : value;
  if (!rw_float32(w, value)) return -1;
  return codes_add(w, value, OP(QUANTIZE), NULL, 1, &from, MOTE_INT8, &quant);
}

static bool before_quantize(rewriting *w, int32_t node, int32_t maker, const rule *r) {
  const int32_t out = rw_output(w, node), count = rw_node(w, maker)->num_inputs;
  int32_t *const inputs = copy_inputs(w, maker);
  if (!inputs) return false;
  for (int32_t i = 0; i < count; i++) {
    if (!is_number(r, i) || inputs[i] < 0) continue;
    inputs[i] = r->kind == FREE ? any_codes(w, inputs[i]) : same_codes(w, inputs[i], out);
    if (inputs[i] < 0) return false;
  }
  return rw_become(w, node, r->code, rw_node(w, maker)->options, count, inputs);
}

/* Numbers that are averaged are so before they are rounded. */
static bool averages(int32_t code) { return code == OP(AVERAGE_POOL_2D) || code == OP(RESIZE_BILINEAR); }

/*     codes ──▶ DEQUANTIZE ──▶ ADD ──▶ QUANTIZE ──▶ y          codes ──▶ ADD ──▶ y */
static bool between(rewriting *w, int32_t node) {
  if (!rw_is(w, node, OP(QUANTIZE))) return false;
  const graph_value *const out = rw_value(w, rw_output(w, node));
  const int32_t x = rw_input(w, node, 0), codes = codes_of_one(w, x), maker = rw_maker(w, x);
  if (out->type != MOTE_INT8 || out->quant.count != 1 || !rw_float32(w, x)) return false;
  if (codes >= 0) return rw_become(w, node, OP(QUANTIZE), NULL, 1, &codes);
  const rule *const r = maker < 0 ? NULL : rule_of(w, maker);
  if (!r || !rw_only(w, x)) return false;
  if (r->kind == LINEAR) return integer_linear(w, node, maker);
  if (r->kind == MOVES && (averages(r->code) || codes_of_one(w, rw_input(w, maker, 0)) >= 0)) return false;
  return (r->kind == FREE || r->kind == PICKS || r->kind == MOVES) && before_quantize(w, node, maker, r);
}

const rewrite rewrite_integers_between = {
    .name = "integers-between",
    .reason = "it reads and writes numbers of 8 bits",
    .marks = REWRITE_FILE,
    .apply = between,
};

/* ---- down from a DEQUANTIZE ---- */

/*     codes ──▶ DEQUANTIZE ──▶ RESHAPE ──▶ y          codes ──▶ RESHAPE ──▶ DEQUANTIZE ──▶ y */
static bool behind(rewriting *w, int32_t node) {
  const rule *const r = rule_of(w, node);
  if (!r || r->kind == LINEAR || r->kind == FREE) return false;
  const int32_t count = rw_node(w, node)->num_inputs;
  int32_t *const inputs = copy_inputs(w, node), first = -1;
  if (!inputs) return false;
  for (int32_t i = 0; i < count; i++) {
    if (!is_number(r, i)) continue;
    inputs[i] = codes_of_one(w, inputs[i]);
    if (inputs[i] < 0 || (first >= 0 && !rw_same_kind(w, inputs[i], first))) return false;
    first = inputs[i];
  }
  if (first < 0) return false;
  const void *const options = rw_node(w, node)->options;
  if (r->kind == ORDERS) return rw_become(w, node, r->code, options, count, inputs);
  op_quant quant = rw_value(w, first)->quant;
  if (r->kind == FIXED) quant.scale = &r->scale, quant.zero_point = &r->zero;
  const int32_t y = codes_add(w, rw_output(w, node), r->code, options, count, inputs, MOTE_INT8, &quant);
  return y >= 0 && rw_become(w, node, OP(DEQUANTIZE), NULL, 1, &y);
}

const rewrite rewrite_integers_behind = {
    .name = "integers-behind",
    .reason = "it reads numbers of 8 bits, and its own need no range",
    .marks = REWRITE_FILE,
    .apply = behind,
};
