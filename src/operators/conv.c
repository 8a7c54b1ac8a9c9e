/* conv.c: what CONV_2D and DEPTHWISE_CONV_2D share. */
#include "operators/conv.h"

#include <math.h>

#include "base/error.h"
#include "base/size.h"

static conv_kind kind_of(const op_ctx *c, const conv_attr *a) {
  switch (conv_operand(c, a, CONV_INPUT)->type) {
    case MOTE_INT16: return CONV_16;
    case MOTE_INT8:
    case MOTE_UINT8: return CONV_8;
    default: return conv_operand(c, a, CONV_FILTER)->type == MOTE_FLOAT32 ? CONV_F32 : CONV_HYBRID;
  }
}

static mote_status check_filter_scales(op_ctx *c, const conv_attr *a) {
  const op_tensor *const filter = conv_operand(c, a, CONV_FILTER);
  const op_quant *const q = filter->quant;
  OP_REQUIRE(c, q->count >= 1, MOTE_ERR_MODEL, "the filter is %s without a quantization scale",
             mote_type_name(filter->type));
  OP_REQUIRE(c, q->count == 1 || (filter->type == MOTE_INT8 && q->axis == a->axis), MOTE_ERR_MODEL,
             "the filter has %d scales along dimension %d; taken are one, or for int8 one for each output channel, "
             "dimension %d",
             (int)q->count, (int)q->axis, (int)a->axis);
  for (int32_t i = 0; i < q->count; i++) {
    OP_REQUIRE(c, isfinite(q->scale[i]) && q->scale[i] >= 0, MOTE_ERR_MODEL, "filter scale %d is %g", (int)i,
               (double)q->scale[i]);
    OP_REQUIRE(c, filter->type == MOTE_UINT8 || q->zero_point[i] == 0, MOTE_ERR_MODEL,
               "the filter's zero point %d is %d; an %s filter is symmetric, so that it must be 0", (int)i,
               (int)q->zero_point[i], mote_type_name(filter->type));
  }
  return MOTE_OK;
}

/* The real multiplier of one output channel. A uint8 filter's is made from a float product, as the reference does. */
static double real_multiplier(const op_ctx *c, const conv_attr *a, int32_t channel) {
  const op_quant *const q = conv_operand(c, a, CONV_FILTER)->quant;
  const float in = conv_operand(c, a, CONV_INPUT)->scale, w = q->scale[q->count == 1 ? 0 : channel],
              out = c->out[0]->scale;
  if (conv_operand(c, a, CONV_INPUT)->type == MOTE_UINT8) return (double)(in * w) / (double)out;
  return (double)in * (double)w / (double)out;
}

static mote_status check_multipliers(op_ctx *c, const conv_attr *a, const conv_base *base) {
  /* What the shifts of the requantization can do; 16-bit multipliers shift right by 15 - shift. */
  const int32_t most = base->kind == CONV_16 && base->wide ? 14 : 30;
  for (int32_t i = 0; i < conv_operand(c, a, CONV_FILTER)->quant->count; i++) {
    const double m = real_multiplier(c, a, i);
    OP_REQUIRE(c, isfinite(m) && fx_quantize_multiplier(m).shift <= most, MOTE_ERR_MODEL,
               "input scale * filter scale %d / output scale is %g; it must be below 2^%d", (int)i, m, (int)most);
  }
  return MOTE_OK;
}

/* 16-bit activations: the bias decides how wide sums are; without one the options do. */
static mote_status check_bias_type(op_ctx *c, const conv_attr *a, conv_base *base) {
  const op_tensor *const bias = conv_operand(c, a, CONV_BIAS);
  const bool said = a->bias_type != sch_TensorType_FLOAT32;
  OP_REQUIRE(c, !said || a->bias_type == sch_TensorType_INT32 || a->bias_type == sch_TensorType_INT64, MOTE_ERR_MODEL,
             "quantized_bias_type %d is neither INT32 nor INT64", (int)a->bias_type);
  const bool wide = a->bias_type != sch_TensorType_INT32;
  base->wide = bias ? bias->type == MOTE_INT64 : wide;
  OP_REQUIRE(c, !said || base->wide == wide, MOTE_ERR_MODEL,
             "quantized_bias_type is INT%d, but the bias is of another type", wide ? 64 : 32);
  return MOTE_OK;
}

static mote_status check_integers(op_ctx *c, const conv_attr *a, conv_base *base) {
  const op_tensor *const in = conv_operand(c, a, CONV_INPUT), *const bias = conv_operand(c, a, CONV_BIAS);
  MOTE_TRY(op_need_scale(c, in));
  MOTE_TRY(op_need_scale(c, c->out[0]));
  OP_REQUIRE(c, !bias || bias->zero_point == 0, MOTE_ERR_MODEL, "the bias has zero point %d; it must be 0",
             (int)bias->zero_point);
  if (base->kind == CONV_16) {
    OP_REQUIRE(c, in->zero_point == 0 && c->out[0]->zero_point == 0, MOTE_ERR_MODEL,
               "int16 activations are symmetric, but the zero points of input and output are %d and %d",
               (int)in->zero_point, (int)c->out[0]->zero_point);
    MOTE_TRY(check_bias_type(c, a, base));
  }
  MOTE_TRY(check_filter_scales(c, a));
  return check_multipliers(c, a, base);
}

/* TANH and SIGN_BIT clamp nothing in TFLite's convolutions. */
static int32_t clamping_activation(int32_t activation) {
  return activation == sch_ActivationFunctionType_TANH || activation == sch_ActivationFunctionType_SIGN_BIT
             ? sch_ActivationFunctionType_NONE
             : activation;
}

mote_status conv_check(op_ctx *c, const conv_attr *a, conv_base *base) {
  const int32_t limit = INT16_MAX; /* what other implementations of the format take */
  const int32_t activation = clamping_activation(a->activation);
  OP_REQUIRE(c, a->stride_h >= 1 && a->stride_w >= 1 && a->stride_h <= limit && a->stride_w <= limit, MOTE_ERR_MODEL,
             "strides %dx%d must lie in [1, %d]", (int)a->stride_h, (int)a->stride_w, (int)limit);
  OP_REQUIRE(c, a->dilation_h >= 1 && a->dilation_w >= 1 && a->dilation_h <= limit && a->dilation_w <= limit,
             MOTE_ERR_MODEL, "dilation factors %dx%d must lie in [1, %d]", (int)a->dilation_h, (int)a->dilation_w,
             (int)limit);
  base->kind = kind_of(c, a);
  if (base->kind == CONV_F32 || base->kind == CONV_HYBRID) {
    if (base->kind == CONV_HYBRID) MOTE_TRY(check_filter_scales(c, a));
    return op_activation_f32(c, activation, &base->lo, &base->hi);
  }
  MOTE_TRY(check_integers(c, a, base));
  return op_activation_quant(c, activation, c->out[0], &base->qlo, &base->qhi);
}

void conv_multipliers(const op_ctx *c, const conv_attr *a, size_t channels, fx_mult *mult) {
  const int32_t scales = conv_operand(c, a, CONV_FILTER)->quant->count;
  for (size_t i = 0; i < channels; i++)
    mult[i] = i && scales == 1 ? mult[0] : fx_quantize_multiplier(real_multiplier(c, a, (int32_t)i));
}

/* ---- shapes ---- */

/* Dimension i of a tensor of rank 4, -1 while it is unknown. */
static int32_t dim_of(const op_tensor *t, int i) { return t->rank < 0 ? -1 : t->dims[i]; }

static mote_status check_channels(op_ctx *c, int32_t in_c, int32_t filter_c, int32_t out_c) {
  OP_REQUIRE(c, in_c && filter_c && out_c, MOTE_ERR_SHAPE, "there are no channels: %d come in, the filter has %dx%d",
             (int)in_c, (int)out_c, (int)filter_c);
  if (in_c < 0 || filter_c < 0) return MOTE_OK;
  OP_REQUIRE(c, in_c % filter_c == 0, MOTE_ERR_SHAPE,
             "the input's %d channels are no multiple of the filter's %d, so that they form no groups", (int)in_c,
             (int)filter_c);
  const int32_t groups = in_c / filter_c;
  OP_REQUIRE(c, out_c < 0 || out_c % groups == 0, MOTE_ERR_SHAPE,
             "%d output channels do not divide into the %d groups that the input's channels form", (int)out_c,
             (int)groups);
  return MOTE_OK;
}

mote_status conv_check_counts(op_ctx *c, const conv_attr *a, int32_t out_c) {
  const op_tensor *const bias = conv_operand(c, a, CONV_BIAS), *const filter = conv_operand(c, a, CONV_FILTER);
  if (out_c < 0) return MOTE_OK;
  if (bias && op_shape_known(bias))
    OP_REQUIRE(c, op_count(bias) == (size_t)out_c, MOTE_ERR_SHAPE, "the bias has %zu elements for %d output channels",
               op_count(bias), (int)out_c);
  if (filter->type != MOTE_FLOAT32)
    OP_REQUIRE(c, filter->quant->count == 1 || filter->quant->count == out_c, MOTE_ERR_MODEL,
               "the filter has %d scales for %d output channels", (int)filter->quant->count, (int)out_c);
  return MOTE_OK;
}

static mote_status window(op_ctx *c, const conv_attr *a, int32_t in, int32_t filter, bool vertical, op_window *w) {
  *w = (op_window){.out = -1};
  if (filter < 0) return MOTE_OK;
  return op_window_of(c, a->padding, in, filter, vertical ? a->stride_h : a->stride_w,
                      vertical ? a->dilation_h : a->dilation_w, w);
}

static mote_status measure(op_ctx *c, const conv_attr *a, conv_shape *s) {
  const op_tensor *const in = conv_operand(c, a, CONV_INPUT), *const filter = conv_operand(c, a, CONV_FILTER);
  OP_REQUIRE(c, in->rank == 4 || in->rank < 0, MOTE_ERR_SHAPE, "the input has rank %d; it must be 4: NHWC",
             (int)in->rank);
  OP_REQUIRE(c, filter->rank == 4 || filter->rank < 0, MOTE_ERR_SHAPE, "the filter has rank %d; it must be 4",
             (int)filter->rank);
  const bool depthwise = conv_is_depthwise(a);
  *s = (conv_shape){.batches = dim_of(in, 0),
                    .in_h = dim_of(in, 1),
                    .in_w = dim_of(in, 2),
                    .in_c = dim_of(in, 3),
                    .filter_h = dim_of(filter, 1),
                    .filter_w = dim_of(filter, 2),
                    .filter_c = depthwise ? 1 : dim_of(filter, 3),
                    .out_c = dim_of(filter, a->axis),
                    .stride_h = a->stride_h,
                    .stride_w = a->stride_w,
                    .dilation_h = a->dilation_h,
                    .dilation_w = a->dilation_w};
  OP_REQUIRE(c, !depthwise || dim_of(filter, 0) == 1 || dim_of(filter, 0) < 0, MOTE_ERR_SHAPE,
             "the first dimension of a depthwise filter is %d; it must be 1", (int)dim_of(filter, 0));
  MOTE_TRY(check_channels(c, s->in_c, s->filter_c, s->out_c));
  MOTE_TRY(conv_check_counts(c, a, s->out_c));
  op_window h, w;
  MOTE_TRY(window(c, a, s->in_h, s->filter_h, true, &h));
  MOTE_TRY(window(c, a, s->in_w, s->filter_w, false, &w));
  s->out_h = h.out, s->before_h = h.before;
  s->out_w = w.out, s->before_w = w.before;
  return MOTE_OK;
}

mote_status conv_infer(op_ctx *c, const conv_attr *a) {
  conv_shape s;
  MOTE_TRY(measure(c, a, &s));
  op_set_shape(c->out[0], 4, (const int32_t[]){s.batches, s.out_h, s.out_w, s.out_c});
  return MOTE_OK;
}

mote_status conv_shape_of(op_ctx *c, const conv_attr *a, conv_shape *s) { return measure(c, a, s); }

mote_status conv_check_quantizable(op_ctx *c, const conv_attr *a) {
  size_t elements;
  OP_REQUIRE(c, size_dims(conv_operand(c, a, CONV_INPUT)->dims, 4, &elements) && elements <= INT32_MAX, MOTE_ERR_LIMIT,
             "the input has more than the %d elements that are quantized in a run", INT32_MAX);
  return MOTE_OK;
}

bool conv_filter_of(const op_ctx *c, const conv_attr *a, conv_shape *s) {
  const op_tensor *const in = conv_operand(c, a, CONV_INPUT), *const filter = conv_operand(c, a, CONV_FILTER),
                         *const bias = conv_operand(c, a, CONV_BIAS);
  if (!op_is_const(filter) || filter->rank != 4) return false;
  *s = (conv_shape){.in_c = in->rank == 4 ? in->dims[3] : -1,
                    .filter_h = filter->dims[1],
                    .filter_w = filter->dims[2],
                    .filter_c = conv_is_depthwise(a) ? 1 : filter->dims[3],
                    .out_c = filter->dims[a->axis]};
  if (s->filter_h < 1 || s->filter_w < 1 || s->filter_c < 1 || s->out_c < 1) return false;
  if (bias && (!op_is_const(bias) || op_count(bias) != (size_t)s->out_c)) return false;
  return filter->quant->count <= 1 || filter->quant->count == s->out_c;
}
