/* transpose_conv.c: TRANSPOSE_CONV, CONV_3D_TRANSPOSE and MediaPipe's Convolution2DTransposeBias: what a file may say,
 * and shapes. The arithmetic is in transposed.c.
 *
 * The first two are given the shape of their output, which decides the padding; the third works it out.
 */
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "operators/low_bits.h"
#include "operators/transposed.h"

enum { DEPTH, HEIGHT, WIDTH, FILTER_INPUT = 1 };

typedef struct transpose_params {
  conv_base base;
  low_bits low;
  const void *block;      /* NULL: made in each run */
  int32_t own_options[3]; /* Convolution2DTransposeBias: padding (of sch_Padding_...), stride_w, stride_h */
} transpose_params;

typedef enum transpose_form { FORM_2D, FORM_3D, FORM_BIAS } transpose_form;

static transpose_form form_of(const op_ctx *c) {
  if (c->op->code == sch_BuiltinOperator_CUSTOM) return FORM_BIAS;
  return c->op->code == sch_BuiltinOperator_CONV_3D_TRANSPOSE ? FORM_3D : FORM_2D;
}

/* The output's shape, the filter, the input, the bias. */
static const uint8_t shape_first[] = {[CONV_INPUT] = 2, [CONV_FILTER] = 1, [CONV_BIAS] = 3};

static conv_attr attributes(const op_ctx *c) {
  conv_attr a = {.dilation_h = 1, .dilation_w = 1, .bias_type = sch_TensorType_FLOAT32, .order = shape_first};
  if (form_of(c) == FORM_BIAS) {
    const int32_t *const o = ((const transpose_params *)c->params)->own_options;
    a.padding = o[0], a.stride_w = o[1], a.stride_h = o[2], a.order = NULL;
  } else if (form_of(c) == FORM_2D) {
    const sch_TransposeConvOptions *const o = c->options;
    a.padding = o->padding, a.stride_w = o->stride_w, a.stride_h = o->stride_h;
    a.activation = o->fused_activation_function, a.bias_type = o->quantized_bias_type;
  } else {
    const sch_Conv3DOptions *const o = c->options;
    a.padding = o->padding, a.stride_w = o->stride_w, a.stride_h = o->stride_h;
    a.dilation_w = o->dilation_w_factor, a.dilation_h = o->dilation_h_factor;
    a.activation = o->fused_activation_function;
  }
  return a;
}

/* ---- check ---- */

/* The C struct of TensorFlow Lite's TRANSPOSE_CONV: these fields, int32 each; more may follow. */
static mote_status read_struct(op_ctx *c, int32_t *o) {
  enum { C_PADDING_SAME = 1, C_PADDING_VALID = 2, FIELDS = 3 };
  OP_REQUIRE(c, c->custom_size >= FIELDS * sizeof *o, MOTE_ERR_MODEL,
             "the custom options have %zu bytes; padding and strides take %zu", c->custom_size, FIELDS * sizeof *o);
  memcpy(o, c->custom, FIELDS * sizeof *o);
  OP_REQUIRE(c, o[0] == C_PADDING_SAME || o[0] == C_PADDING_VALID, MOTE_ERR_MODEL,
             "padding %d is neither SAME (%d) nor VALID (%d)", (int)o[0], C_PADDING_SAME, C_PADDING_VALID);
  o[0] = o[0] == C_PADDING_SAME ? sch_Padding_SAME : sch_Padding_VALID;
  return MOTE_OK;
}

static mote_status check_wide(op_ctx *c) {
  transpose_params *const p = c->params;
  if (form_of(c) == FORM_BIAS) MOTE_TRY(read_struct(c, p->own_options));
  const conv_attr a = attributes(c);
  OP_REQUIRE(c, a.padding == sch_Padding_SAME || a.padding == sch_Padding_VALID, MOTE_ERR_MODEL,
             "padding %d is neither SAME (%d) nor VALID (%d)", (int)a.padding, sch_Padding_SAME, sch_Padding_VALID);
  if (form_of(c) == FORM_3D) {
    const sch_Conv3DOptions *const o = c->options;
    OP_REQUIRE(c,
               o->stride_d >= 1 && o->stride_d <= INT16_MAX && o->dilation_d_factor >= 1 &&
                   o->dilation_d_factor <= INT16_MAX,
               MOTE_ERR_MODEL, "stride %d and dilation %d of the depth must lie in [1, %d]", (int)o->stride_d,
               (int)o->dilation_d_factor, INT16_MAX);
  }
  return conv_check(c, &a, &p->base);
}

/* ---- shapes ---- */

static int32_t dim_of(const op_tensor *t, int32_t i) { return t->rank < 0 ? -1 : t->dims[i]; }

/* What filter and input say; unknown dimensions are -1. */
static mote_status read_shape(op_ctx *c, const conv_attr *a, transposed_shape *s) {
  const op_tensor *const in = conv_operand(c, a, CONV_INPUT), *const filter = conv_operand(c, a, CONV_FILTER);
  const bool deep = form_of(c) == FORM_3D;
  const int32_t rank = deep ? 5 : 4, first = deep ? DEPTH : HEIGHT;
  OP_REQUIRE(c, (in->rank == rank || in->rank < 0) && (filter->rank == rank || filter->rank < 0), MOTE_ERR_SHAPE,
             "the ranks of input and filter are %d and %d; both must be %d", (int)in->rank, (int)filter->rank,
             (int)rank);
  *s = (transposed_shape){.batches = dim_of(in, 0),
                          .in_c = dim_of(in, rank - 1),
                          .out_c = dim_of(filter, deep ? 3 : 0),
                          .taps_first = deep,
                          .in = {1, 1, 1},
                          .filter = {1, 1, 1},
                          .out = {1, 1, 1},
                          .stride = {1, a->stride_h, a->stride_w},
                          .dilation = {1, a->dilation_h, a->dilation_w}};
  for (int32_t d = first; d <= WIDTH; d++) {
    s->in[d] = dim_of(in, 1 + d - first);
    s->filter[d] = dim_of(filter, deep ? d : 1 + d - first);
    s->out[d] = -1;
    OP_REQUIRE(c, s->filter[d] != 0, MOTE_ERR_SHAPE, "the filter has no elements");
  }
  if (deep) {
    s->stride[DEPTH] = ((const sch_Conv3DOptions *)c->options)->stride_d;
    s->dilation[DEPTH] = ((const sch_Conv3DOptions *)c->options)->dilation_d_factor;
  }
  const int32_t filter_c = dim_of(filter, rank - 1);
  OP_REQUIRE(c, s->in_c < 0 || filter_c < 0 || s->in_c == filter_c, MOTE_ERR_SHAPE,
             "the input has %d channels, and the filter takes %d", (int)s->in_c, (int)filter_c);
  if (filter_c >= 0) s->in_c = filter_c;
  OP_REQUIRE(c, s->in_c && s->out_c, MOTE_ERR_SHAPE, "there are no channels: %d come in, %d go out", (int)s->in_c,
             (int)s->out_c);
  return conv_check_counts(c, a, s->out_c);
}

/* The output's size as operand 0 gives it. */
static mote_status given_size(op_ctx *c, const conv_attr *a, transposed_shape *s) {
  const int32_t rank = form_of(c) == FORM_3D ? 5 : 4, first = rank == 5 ? DEPTH : HEIGHT;
  const op_tensor *const shape = c->in[0];
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  OP_REQUIRE(c, shape->rank < 0 || (shape->rank == 1 && (shape->dims[0] < 0 || shape->dims[0] == rank)), MOTE_ERR_SHAPE,
             "the shape of the output must be given as %d numbers", (int)rank);
  if (!op_ints(c, 0, v, &count)) return MOTE_OK;
  for (int32_t i = 0; i < rank; i++)
    OP_REQUIRE(c, v[i] >= 0 && v[i] <= INT32_MAX / 4, MOTE_ERR_SHAPE, "dimension %d of the output is given as %lld",
               (int)i, (long long)v[i]);
  OP_REQUIRE(c, (s->batches < 0 || v[0] == s->batches) && (s->out_c < 0 || v[rank - 1] == s->out_c), MOTE_ERR_SHAPE,
             "the output is given as %lld images of %lld channels, but %d images come in, and the filter makes %d "
             "channels",
             (long long)v[0], (long long)v[rank - 1], (int)s->batches, (int)s->out_c);
  for (int32_t d = first; d <= WIDTH; d++) {
    op_window w;
    s->out[d] = (int32_t)v[1 + d - first];
    if (s->filter[d] < 0) continue;
    MOTE_TRY(op_window_of(c, a->padding, s->out[d], s->filter[d], s->stride[d], s->dilation[d], &w));
    OP_REQUIRE(c, s->in[d] < 0 || w.out == s->in[d], MOTE_ERR_SHAPE,
               "the output is given as %d elements in one dimension, of which a filter of %d with stride %d makes %d, "
               "but the input has %d",
               (int)s->out[d], (int)s->filter[d], (int)s->stride[d], (int)w.out, (int)s->in[d]);
    s->before[d] = w.before;
  }
  return MOTE_OK;
}

/* MediaPipe's rule: SAME takes away what reaches beyond a whole number of strides, half of it at the beginning. */
static mote_status own_size(op_ctx *c, const conv_attr *a, transposed_shape *s) {
  for (int32_t d = HEIGHT; d <= WIDTH; d++) {
    if (s->in[d] < 0 || s->filter[d] < 0) continue;
    int64_t padding = 0;
    if (a->padding == sch_Padding_SAME) padding = (int64_t)s->filter[d] - ((int64_t)s->in[d] - 1) % s->stride[d] - 1;
    if (padding < 0) padding = 0;
    const int64_t out = s->in[d] ? (int64_t)s->stride[d] * (s->in[d] - 1) + s->filter[d] - padding : 0;
    OP_REQUIRE(c, out >= 0 && out <= INT32_MAX / 4, MOTE_ERR_SHAPE, "the output would be %lld high or wide",
               (long long)out);
    s->out[d] = (int32_t)out;
    s->before[d] = (int32_t)(padding / 2);
  }
  return MOTE_OK;
}

static mote_status shape_of(op_ctx *c, const conv_attr *a, transposed_shape *s) {
  MOTE_TRY(read_shape(c, a, s));
  return form_of(c) == FORM_BIAS ? own_size(c, a, s) : given_size(c, a, s);
}

static mote_status infer_wide(op_ctx *c) {
  const conv_attr a = attributes(c);
  transposed_shape s;
  MOTE_TRY(shape_of(c, &a, &s));
  if (form_of(c) == FORM_3D)
    op_set_shape(c->out[0], 5, (const int32_t[]){s.batches, s.out[DEPTH], s.out[HEIGHT], s.out[WIDTH], s.out_c});
  else op_set_shape(c->out[0], 4, (const int32_t[]){s.batches, s.out[HEIGHT], s.out[WIDTH], s.out_c});
  return MOTE_OK;
}

/* ---- prepare, plan, run ---- */

static mote_status prepare_wide(op_ctx *c) {
  transpose_params *const p = c->params;
  const conv_attr a = attributes(c);
  const op_tensor *const filter = conv_operand(c, &a, CONV_FILTER);
  transposed_shape s;
  if (!op_is_const(filter) || !op_shape_known(filter)) return MOTE_OK;
  MOTE_TRY(read_shape(c, &a, &s));
  return transposed_prepare(c, &a, &p->base, &s, &p->block);
}

static mote_status plan_wide(op_ctx *c) {
  const transpose_params *const p = c->params;
  const conv_attr a = attributes(c);
  transposed_shape s;
  MOTE_TRY(shape_of(c, &a, &s));
  size_t elements;
  OP_REQUIRE(c,
             p->base.kind != CONV_HYBRID ||
                 (size_dims((const int32_t[]){s.batches, s.in[HEIGHT], s.in[WIDTH], s.in_c}, 4, &elements) &&
                  elements <= INT32_MAX),
             MOTE_ERR_LIMIT, "the input has more than the %d elements that are quantized in a run", INT32_MAX);
  return transposed_lay(c, &a, &p->base, &s, p->block, c->record);
}

static mote_status run_wide(op_ctx *c) {
  const transpose_params *const p = c->params;
  const conv_attr a = attributes(c);
  return transposed_run(c, &a, &p->base, c->record, p->block);
}

/* Weights of 4 and 2 bits. */
static mote_status with_wide(op_ctx *c, low_bits_when when, op_phase phase) {
  return low_bits_phase(c, FILTER_INPUT, &((transpose_params *)c->params)->low, when, phase);
}

static mote_status check(op_ctx *c) { return with_wide(c, LOW_BITS_CHECK, check_wide); }
static mote_status prepare(op_ctx *c) { return with_wide(c, LOW_BITS_PREPARE, prepare_wide); }
static mote_status infer(op_ctx *c) { return with_wide(c, LOW_BITS_INFER, infer_wide); }
static mote_status plan(op_ctx *c) { return with_wide(c, LOW_BITS_PLAN, plan_wide); }
static mote_status run(op_ctx *c) { return with_wide(c, LOW_BITS_RUN, run_wide); }

#define TRANSPOSED                                                                                                     \
  .outputs_min = 1, .outputs_max = 1, .params_size = sizeof(transpose_params), .record_size = sizeof(transposed_plan), \
  .check = check, .prepare = prepare, .infer = infer, .plan = plan, .run = run

const mote_op op_transpose_conv = {
    .name = "TRANSPOSE_CONV",
    .code = sch_BuiltinOperator_TRANSPOSE_CONV,
    .versions = 5,
    .options = sch_BuiltinOptions_TransposeConvOptions,
    .inputs_min = 3,
    .inputs_max = 4,
    .optional = 1u << 3,
    .types = "i32 f32 f32 f32 > f32; i32 i8|" LOW_BITS " f32 f32 > f32; i32 i8|" LOW_BITS
             " i8 i32 > i8; i32 u8 u8 i32 > u8; i32 i8|" LOW_BITS " i16 i32|i64 > i16",
    TRANSPOSED,
    .notes = "The inputs are the output's shape, the filter, the data and the bias; int8 filters have a scale for each "
             "output channel.",
};

const mote_op op_conv_3d_transpose = {
    .name = "CONV_3D_TRANSPOSE",
    .code = sch_BuiltinOperator_CONV_3D_TRANSPOSE,
    .versions = 1,
    .options = sch_BuiltinOptions_Conv3DOptions,
    .inputs_min = 3,
    .inputs_max = 4,
    .optional = 1u << 3,
    .types = "i32 f32 f32 f32 > f32",
    TRANSPOSED,
    .notes =
        "The inputs are the output's shape, the filter (depth, height, width, output and input channels), the data "
        "and the bias.",
};

const mote_op op_convolution_2d_transpose_bias = {
    .name = "Convolution2DTransposeBias",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 3,
    .inputs_max = 3,
    .types = "f32 f32 f32 > f32",
    TRANSPOSED,
    .notes = "MediaPipe's transposed convolution: data, filter, bias; the options are padding and strides as int32.",
};
