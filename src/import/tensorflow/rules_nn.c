/* rules_nn.c: convolution, pooling, normalization, resizing, audio; quantization that was trained with.
 *
 * .tflite has one layout, channels last (NHWC, NDHWC). Operators of channels first stand between two transposes here,
 * which passes cancel along a network.
 */
#include <math.h>
#include <string.h>

#include "import/flex.h"
#include "import/tensorflow/emit.h"

#define OP(name) sch_BuiltinOperator_##name

/* ---- layout ---- */

static bool channels_first(const tf_ctx *c) {
  const char *format = tf_attr_text(c->node, "data_format");
  return format[0] == 'N' && format[1] == 'C';
}

/* The value with channels last, and back. */
static int32_t to_last(tf_ctx *c, int32_t value) {
  if (!channels_first(c)) return value;
  const int32_t four[] = {0, 2, 3, 1}, five[] = {0, 2, 3, 4, 1}, rank = build_rank(c->b, value);
  return tf_transpose(c, value, rank, rank == 5 ? five : four);
}
static int32_t from_last(tf_ctx *c, int32_t value) {
  if (!channels_first(c)) return value;
  const int32_t four[] = {0, 3, 1, 2}, five[] = {0, 4, 1, 2, 3}, rank = build_rank(c->b, value);
  return tf_transpose(c, value, rank, rank == 5 ? five : four);
}

/* Numbers of a list attribute for the dimensions of space, in their order; `absent` where there is no list. */
static void spatial(const tf_ctx *c, const char *key, int32_t rank, int32_t *to) {
  int64_t list[OP_MAX_RANK];
  const int32_t n = tf_attr_ints(c->node, key, list, OP_MAX_RANK), first = channels_first(c) ? 2 : 1;
  for (int32_t i = 0; i < rank - 2; i++) to[i] = n == rank ? (int32_t)list[first + i] : 1;
}

/* SAME and VALID are options of the operator; EXPLICIT is a PAD before it. */
static bool padded(tf_ctx *c, int32_t *x, int32_t *padding) {
  const char *text = tf_attr_text(c->node, "padding");
  *padding = !strcmp(text, "SAME") ? sch_Padding_SAME : sch_Padding_VALID;
  if (strcmp(text, "EXPLICIT")) return true;
  int64_t list[2 * OP_MAX_RANK];
  int32_t pads[2 * OP_MAX_RANK] = {0};
  const int32_t n = tf_attr_ints(c->node, "explicit_paddings", list, 2 * OP_MAX_RANK), rank = build_rank(c->b, *x);
  if (n != 2 * rank) {
    build_fail(c->b, MOTE_ERR_MODEL, "it has %d explicit paddings, and %d dimensions", (int)n, (int)rank);
    return false;
  }
  for (int32_t i = 0; i < rank; i++) {
    const int32_t from = !channels_first(c) || i == 0 ? i : i == rank - 1 ? 1 : i + 1;
    pads[2 * i] = (int32_t)list[2 * from], pads[2 * i + 1] = (int32_t)list[2 * from + 1];
  }
  const int32_t value = build_const(c->b, "paddings", MOTE_INT32, 2, (int32_t[]){rank, 2}, pads, BUILD_COPY);
  *x = tf_op2(c, OP(PAD), NULL, *x, value);
  return true;
}

/* ---- convolution ---- */

static void rule_conv_2d(tf_ctx *c) {
  sch_Conv2DOptions o = BUILD_OPTIONS(Conv2DOptions);
  int32_t x = to_last(c, c->in[0]), padding, strides[2], dilations[2];
  if (!padded(c, &x, &padding)) return;
  spatial(c, "strides", 4, strides);
  spatial(c, "dilations", 4, dilations);
  o.padding = (int8_t)padding;
  o.stride_h = strides[0], o.stride_w = strides[1];
  o.dilation_h_factor = dilations[0], o.dilation_w_factor = dilations[1];
  const int32_t w = tf_transpose(c, c->in[1], 4, (int32_t[]){3, 0, 1, 2}); /* HWIO to OHWI */
  c->out[0] = from_last(c, tf_op3(c, OP(CONV_2D), &o, x, w, -1));
}

/* Weights HxWxCxM; .tflite has 1xHxWx(C*M). */
static void rule_depthwise(tf_ctx *c) {
  sch_DepthwiseConv2DOptions o = BUILD_OPTIONS(DepthwiseConv2DOptions);
  int32_t x = to_last(c, c->in[0]), padding, strides[2], dilations[2], dims[4] = {1};
  if (!padded(c, &x, &padding)) return;
  if (build_rank(c->b, c->in[1]) != 4) {
    build_fail(c->b, MOTE_ERR_SHAPE, "its weights have %d dimensions; 4 are taken", (int)build_rank(c->b, c->in[1]));
    return;
  }
  spatial(c, "strides", 4, strides);
  spatial(c, "dilations", 4, dilations);
  o.padding = (int8_t)padding;
  o.stride_h = strides[0], o.stride_w = strides[1];
  o.dilation_h_factor = dilations[0], o.dilation_w_factor = dilations[1];
  o.depth_multiplier = build_dim(c->b, c->in[1], 3);
  dims[1] = build_dim(c->b, c->in[1], 0), dims[2] = build_dim(c->b, c->in[1], 1);
  dims[3] = build_dim(c->b, c->in[1], 2) * o.depth_multiplier;
  const int32_t w = tf_reshape(c, c->in[1], 4, dims);
  c->out[0] = from_last(c, tf_op3(c, OP(DEPTHWISE_CONV_2D), &o, x, w, -1));
}

/* A shape with its channels moved to the end. */
static int32_t shape_to_last(tf_ctx *c, int32_t shape, int32_t rank) {
  const int32_t four[] = {0, 2, 3, 1}, five[] = {0, 2, 3, 4, 1};
  shape = tf_cast(c, shape, MOTE_INT32);
  if (!channels_first(c)) return shape;
  return tf_op2(c, OP(GATHER), NULL, shape, build_ints(c->b, "order", rank, rank == 5 ? five : four));
}

static void rule_transpose_conv(tf_ctx *c) {
  sch_TransposeConvOptions o = BUILD_OPTIONS(TransposeConvOptions);
  int32_t strides[2];
  spatial(c, "strides", 4, strides);
  if (tf_attr_is(c->node, "padding", "EXPLICIT")) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its padding is explicit; .tflite has SAME and VALID");
    return;
  }
  o.padding = tf_attr_is(c->node, "padding", "SAME") ? sch_Padding_SAME : sch_Padding_VALID;
  o.stride_h = strides[0], o.stride_w = strides[1];
  const int32_t w = tf_transpose(c, c->in[1], 4, (int32_t[]){2, 0, 1, 3}); /* HWOI to OHWI */
  const int32_t shape = shape_to_last(c, c->in[0], 4);
  c->out[0] = from_last(c, tf_op3(c, OP(TRANSPOSE_CONV), &o, shape, w, to_last(c, c->in[2])));
}

static void conv_3d_options(tf_ctx *c, sch_Conv3DOptions *o) {
  int32_t strides[3], dilations[3];
  spatial(c, "strides", 5, strides);
  spatial(c, "dilations", 5, dilations);
  *o = BUILD_OPTIONS(Conv3DOptions);
  o->padding = tf_attr_is(c->node, "padding", "SAME") ? sch_Padding_SAME : sch_Padding_VALID;
  o->stride_d = strides[0], o->stride_h = strides[1], o->stride_w = strides[2];
  o->dilation_d_factor = dilations[0], o->dilation_h_factor = dilations[1], o->dilation_w_factor = dilations[2];
}

static void rule_conv_3d(tf_ctx *c) {
  sch_Conv3DOptions o;
  conv_3d_options(c, &o);
  c->out[0] = from_last(c, tf_op3(c, OP(CONV_3D), &o, to_last(c, c->in[0]), c->in[1], -1));
}

static void rule_transpose_conv_3d(tf_ctx *c) {
  sch_Conv3DOptions o;
  conv_3d_options(c, &o);
  const int32_t shape = shape_to_last(c, c->in[0], 5);
  c->out[0] = from_last(
      c, build_op(c->b, OP(CONV_3D_TRANSPOSE), &o, 4, (int32_t[]){shape, c->in[1], to_last(c, c->in[2]), -1}));
}

/* Channels are last, or second. */
static void rule_bias_add(tf_ctx *c) {
  const int32_t rank = build_rank(c->b, c->in[0]);
  int32_t bias = c->in[1];
  if (channels_first(c) && rank > 2) {
    int32_t dims[OP_MAX_RANK];
    for (int32_t i = 0; i < rank - 1; i++) dims[i] = i ? 1 : build_dim(c->b, bias, 0);
    bias = tf_reshape(c, bias, rank - 1, dims);
  }
  c->out[0] = tf_op2(c, OP(ADD), NULL, c->in[0], bias);
}

/* ---- pooling ---- */

static void rule_pool(tf_ctx *c) {
  sch_Pool2DOptions o = BUILD_OPTIONS(Pool2DOptions);
  int32_t x = to_last(c, c->in[0]), padding, strides[2], size[2];
  if (!padded(c, &x, &padding)) return;
  spatial(c, "strides", 4, strides);
  spatial(c, "ksize", 4, size);
  o.padding = (int8_t)padding;
  o.stride_h = strides[0], o.stride_w = strides[1];
  o.filter_height = size[0], o.filter_width = size[1];
  c->out[0] = from_last(c, tf_op1(c, c->code, &o, x));
}

/* ---- normalization ---- */

/* scale / sqrt(variance + epsilon) and offset - mean times that, as constants. */
static bool folded(tf_ctx *c, const float *scale, const float *offset, const float *mean, const float *variance,
                   int64_t count, float epsilon, float *factor, float *shift) {
  for (int64_t i = 0; i < count; i++) {
    const double f = (double)(scale ? scale[i] : 1) / sqrt((double)variance[i] + (double)epsilon);
    factor[i] = (float)f;
    shift[i] = (float)((double)offset[i] - (double)mean[i] * f);
  }
  return !c->b->failed;
}

static void rule_batch_norm(tf_ctx *c) {
  if (tf_attr_bool(c->node, "is_training", true) && tf_count(tf_value(c, c->in[3])) == 0) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED,
               "it normalizes by its own batch, as in training; export the model for inference");
    return;
  }
  const float *scale = tf_floats(c, c->in[1]), *offset = tf_floats(c, c->in[2]), *mean = tf_floats(c, c->in[3]),
              *variance = tf_floats(c, c->in[4]);
  const float epsilon = tf_attr_float(c->node, "epsilon", 1e-4f);
  const int64_t count = tf_count(tf_value(c, c->in[4]));
  float *factor = ARENA_ARRAY(c->b->arena, float, (size_t)(count > 0 ? count : 0) + 1),
        *shift = ARENA_ARRAY(c->b->arena, float, (size_t)(count > 0 ? count : 0) + 1);
  if (!scale || !offset || !mean || !variance || count < 0 || tf_count(tf_value(c, c->in[1])) != count ||
      tf_count(tf_value(c, c->in[2])) != count || tf_count(tf_value(c, c->in[3])) != count) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its scale, offset, mean and variance must be constants of one length");
    return;
  }
  if (!factor || !shift || !folded(c, scale, offset, mean, variance, count, epsilon, factor, shift)) return;
  const int32_t dims[] = {(int32_t)count};
  const int32_t x = to_last(c, c->in[0]);
  const int32_t product =
      tf_op2(c, OP(MUL), NULL, x, build_const(c->b, "scale", MOTE_FLOAT32, 1, dims, factor, BUILD_BORROW));
  const int32_t sum =
      tf_op2(c, OP(ADD), NULL, product, build_const(c->b, "offset", MOTE_FLOAT32, 1, dims, shift, BUILD_BORROW));
  c->out[0] = from_last(c, sum);
  c->out[1] = c->in[3];
  c->out[2] = c->in[4];
}

static void rule_lrn(tf_ctx *c) {
  sch_LocalResponseNormalizationOptions o = BUILD_OPTIONS(LocalResponseNormalizationOptions);
  o.radius = (int32_t)tf_attr_int(c->node, "depth_radius", 5);
  o.bias = tf_attr_float(c->node, "bias", 1);
  o.alpha = tf_attr_float(c->node, "alpha", 1);
  o.beta = tf_attr_float(c->node, "beta", 0.5f);
  c->out[0] = tf_op1(c, OP(LOCAL_RESPONSE_NORMALIZATION), &o, c->in[0]);
}

/* ---- resizing ---- */

static void rule_resize(tf_ctx *c) {
  sch_ResizeBilinearOptions smooth = BUILD_OPTIONS(ResizeBilinearOptions);
  sch_ResizeNearestNeighborOptions nearest = BUILD_OPTIONS(ResizeNearestNeighborOptions);
  smooth.align_corners = nearest.align_corners = tf_attr_bool(c->node, "align_corners", false);
  smooth.half_pixel_centers = nearest.half_pixel_centers = tf_attr_bool(c->node, "half_pixel_centers", false);
  const bool is_smooth = c->code == OP(RESIZE_BILINEAR);
  c->out[0] =
      tf_op2(c, c->code, is_smooth ? (const void *)&smooth : &nearest, c->in[0], tf_cast(c, c->in[1], MOTE_INT32));
}

/* ---- ranges of quantization-aware training ---- */

/* The range is moved so that 0 is one of its steps, as TensorFlow's FakeQuant does (nudged_min, nudged_max). */
static void nudge(float lo, float hi, int bits, bool narrow, float *scale, int32_t *zero) {
  const float least = narrow ? 1 : 0, most = (float)((1 << bits) - 1);
  *scale = (hi - lo) / (most - least);
  const float from_lo = least - lo / *scale;
  *zero = from_lo <= least ? (int32_t)least : from_lo >= most ? (int32_t)most : (int32_t)roundf(from_lo);
}

static void fake_quant(tf_ctx *c, const float *lo, const float *hi, int32_t count) {
  const int bits = (int)tf_attr_int(c->node, "num_bits", 8);
  const bool narrow = tf_attr_bool(c->node, "narrow_range", false);
  float *scales = ARENA_ARRAY(c->b->arena, float, (size_t)count);
  int32_t *zeros = ARENA_ARRAY(c->b->arena, int32_t, (size_t)count);
  if (!scales || !zeros) return;
  if (bits < 2 || bits > 8) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it has %d bits; 2 to 8 are taken", bits);
    return;
  }
  for (int32_t i = 0; i < count; i++) {
    if (lo[i] == 0 && hi[i] == 0) { /* a channel of zeros */
      scales[i] = 1;
      continue;
    }
    if (!(lo[i] <= 0 && hi[i] >= 0 && hi[i] > lo[i])) {
      build_fail(c->b, MOTE_ERR_MODEL, "its range %g to %g must hold 0", (double)lo[i], (double)hi[i]);
      return;
    }
    nudge(lo[i], hi[i], bits, narrow, &scales[i], &zeros[i]);
    zeros[i] -= 1 << (bits - 1); /* int8 */
  }
  const op_quant quant = {.count = count,
                          .axis = count > 1 ? build_rank(c->b, c->in[0]) - 1 : 0,
                          .scale = scales,
                          .zero_point = zeros,
                          .scales = -1,
                          .zero_points = -1};
  const mote_type type = MOTE_INT8;
  const int32_t q = build_add(
      c->b, &(build_node){.code = OP(QUANTIZE), .num_inputs = 1, .inputs = c->in, .types = &type, .quant = &quant});
  c->out[0] = tf_op1(c, OP(DEQUANTIZE), NULL, q);
}

/* One range for all: passes make integers of what has ranges on both sides. */
static void fake_quant_of_all(tf_ctx *c, float lo, float hi) {
  sch_FakeQuantOptions o = BUILD_OPTIONS(FakeQuantOptions);
  o.min = lo;
  o.max = hi;
  o.num_bits = (int32_t)tf_attr_int(c->node, "num_bits", 8);
  o.narrow_range = tf_attr_bool(c->node, "narrow_range", false);
  c->out[0] = tf_op1(c, OP(FAKE_QUANT), &o, c->in[0]);
}

static void rule_fake_quant_args(tf_ctx *c) {
  fake_quant_of_all(c, tf_attr_float(c->node, "min", -6), tf_attr_float(c->node, "max", 6));
}

static void rule_fake_quant_vars(tf_ctx *c) {
  const float *lo = tf_floats(c, c->in[1]), *hi = tf_floats(c, c->in[2]);
  const int64_t count = tf_count(tf_value(c, c->in[1]));
  if (!lo || !hi || count < 1 || count != tf_count(tf_value(c, c->in[2])) || count > INT32_MAX)
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its range must be constant");
  else if (count == 1) fake_quant_of_all(c, *lo, *hi);
  else fake_quant(c, lo, hi, (int32_t)count);
}

/* Steps around 0, as many on both sides as bits and sign allow, of the larger end of the range. */
static void rule_quantize_and_dequantize(tf_ctx *c) {
  const bool is_signed = tf_attr_bool(c->node, "signed_input", true);
  const bool narrow = is_signed && tf_attr_bool(c->node, "narrow_range", false);
  const float *const lo = tf_floats(c, c->in[1]), *const hi = tf_floats(c, c->in[2]);
  int64_t bits = tf_attr_int(c->node, "num_bits", 8);
  if (!strcmp(c->op->type, "QuantizeAndDequantizeV3") && !tf_need_int(c, 3, "number of bits", &bits)) return;
  if (!tf_attr_bool(c->node, "range_given", false) || tf_attr_int(c->node, "axis", -1) != -1 || !lo || !hi ||
      tf_count(tf_value(c, c->in[1])) != 1 || tf_count(tf_value(c, c->in[2])) != 1 || bits < 2 || bits > 16) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED,
               "it finds its range in the data, or has several; one constant range of 2 to 16 bits is taken");
    return;
  }
  const float least = is_signed ? -(float)(1 << (bits - 1)) + (narrow ? 1 : 0) : 0;
  const float most = (float)((1 << (is_signed ? bits - 1 : bits)) - 1);
  const float step = fmaxf(least < 0 && *lo < 0 ? *lo / least : 0, *hi > 0 ? *hi / most : 0);
  if (!(step > 0) || !isfinite(step)) {
    build_fail(c->b, MOTE_ERR_MODEL, "its range is %g to %g", (double)*lo, (double)*hi);
    return;
  }
  sch_FakeQuantOptions o = BUILD_OPTIONS(FakeQuantOptions);
  o.min = least * step;
  o.max = most * step;
  o.num_bits = (int32_t)bits;
  o.narrow_range = narrow;
  c->out[0] = tf_op1(c, OP(FAKE_QUANT), &o, c->in[0]);
}

/* ---- boxes ---- */

static void rule_nms_4(tf_ctx *c) {
  tf_outputs(c, &(build_node){.code = OP(NON_MAX_SUPPRESSION_V4), .num_inputs = 5, .inputs = c->in, .num_outputs = 2});
}
static void rule_nms_5(tf_ctx *c) {
  tf_outputs(c, &(build_node){.code = OP(NON_MAX_SUPPRESSION_V5), .num_inputs = 6, .inputs = c->in, .num_outputs = 3});
}

/* Real parts in, complex numbers out: over the last dimension, as the two-dimensional operator does over one row. */
static void rule_rfft(tf_ctx *c) {
  int64_t length;
  if (!tf_need_int(c, 1, "length", &length)) return;
  const int32_t axis = build_int(c->b, "axis", -2), rank = build_rank(c->b, c->in[0]);
  const int32_t rows = tf_op2(c, OP(EXPAND_DIMS), NULL, c->in[0], axis);
  const int32_t lengths = build_ints(c->b, "fft_length", 2, (int32_t[]){1, (int32_t)length});
  const int32_t made = tf_op2(c, OP(RFFT2D), NULL, rows, lengths);
  sch_SqueezeOptions o = BUILD_OPTIONS(SqueezeOptions);
  int32_t *axes = ARENA_ARRAY(c->b->arena, int32_t, 1);
  if (!axes) return;
  axes[0] = rank - 1;
  o.squeeze_dims = (sch_i32s){axes, 1};
  c->out[0] = tf_op1(c, OP(SQUEEZE), &o, made);
}

static void rule_rfft_2d(tf_ctx *c) { c->out[0] = tf_op2(c, OP(RFFT2D), NULL, c->in[0], c->in[1]); }

/* ---- sound: custom operators, with options by name ---- */

static void custom(tf_ctx *c, const char *name, const flex_entry *entries, uint32_t count) {
  size_t size = 0;
  const uint8_t *options = flex_map(c->b->arena, entries, count, &size);
  const mote_op *op = op_find_custom(name, strlen(name));
  if (!options || !op) {
    build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for options");
    return;
  }
  c->out[0] = build_add(c->b, &(build_node){.op = op,
                                            .code = OP(CUSTOM),
                                            .custom = options,
                                            .custom_size = size,
                                            .num_inputs = c->num_in,
                                            .inputs = c->in});
}

static void rule_spectrogram(tf_ctx *c) {
  const flex_entry options[] = {
      {"magnitude_squared", FLEX_BOOL, tf_attr_bool(c->node, "magnitude_squared", false), NULL},
      {"stride", FLEX_INT, (double)tf_attr_int(c->node, "stride", 1), NULL},
      {"window_size", FLEX_INT, (double)tf_attr_int(c->node, "window_size", 1), NULL},
  };
  custom(c, "AudioSpectrogram", options, 3);
}

static void rule_mfcc(tf_ctx *c) {
  const flex_entry options[] = {
      {"dct_coefficient_count", FLEX_INT, (double)tf_attr_int(c->node, "dct_coefficient_count", 13), NULL},
      {"filterbank_channel_count", FLEX_INT, (double)tf_attr_int(c->node, "filterbank_channel_count", 40), NULL},
      {"lower_frequency_limit", FLEX_INT, (double)tf_attr_float(c->node, "lower_frequency_limit", 20), NULL},
      {"upper_frequency_limit", FLEX_INT, (double)tf_attr_float(c->node, "upper_frequency_limit", 4000), NULL},
  };
  custom(c, "Mfcc", options, 4);
}

const tf_row tf_rows_nn[] = {
    {"Conv2D", rule_conv_2d, 0},
    {"DepthwiseConv2dNative", rule_depthwise, 0},
    {"Conv2DBackpropInput", rule_transpose_conv, 0},
    {"Conv3D", rule_conv_3d, 0},
    {"Conv3DBackpropInputV2", rule_transpose_conv_3d, 0},
    {"BiasAdd", rule_bias_add, 0},
    {"BiasAddV1", rule_bias_add, 0},
    {"MaxPool", rule_pool, OP(MAX_POOL_2D)},
    {"AvgPool", rule_pool, OP(AVERAGE_POOL_2D)},
    {"FusedBatchNorm", rule_batch_norm, 0},
    {"FusedBatchNormV2", rule_batch_norm, 0},
    {"FusedBatchNormV3", rule_batch_norm, 0},
    {"LRN", rule_lrn, 0},
    {"ResizeBilinear", rule_resize, OP(RESIZE_BILINEAR)},
    {"ResizeNearestNeighbor", rule_resize, OP(RESIZE_NEAREST_NEIGHBOR)},
    {"FakeQuantWithMinMaxArgs", rule_fake_quant_args, 0},
    {"FakeQuantWithMinMaxVars", rule_fake_quant_vars, 0},
    {"FakeQuantWithMinMaxVarsPerChannel", rule_fake_quant_vars, 0},
    {"QuantizeAndDequantizeV2", rule_quantize_and_dequantize, 0},
    {"QuantizeAndDequantizeV3", rule_quantize_and_dequantize, 0},
    {"QuantizeAndDequantizeV4", rule_quantize_and_dequantize, 0},
    {"NonMaxSuppressionV4", rule_nms_4, 0},
    {"NonMaxSuppressionV5", rule_nms_5, 0},
    {"AudioSpectrogram", rule_spectrogram, 0},
    {"Mfcc", rule_mfcc, 0},
    {"RFFT", rule_rfft, 0},
    {"RFFT2D", rule_rfft_2d, 0},
    {NULL, NULL, 0},
};
