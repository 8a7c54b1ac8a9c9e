/* conv_3d.c: CONV_3D: float volumes by filters of depth, height, width, input and output channels. The arithmetic is in
 * volume.c. */
#include "base/error.h"
#include "base/size.h"
#include "operators/volume.h"

enum { INPUT, FILTER, BIAS, DIMS = 3 };

typedef struct conv_3d_params {
  matmul_numbers numbers;
  const void *block; /* NULL: the filter is packed in each run */
  float lo, hi;
} conv_3d_params;

static const op_tensor *bias_of(const op_ctx *c) { return c->num_inputs > BIAS ? c->in[BIAS] : NULL; }
static int32_t dim_of(const op_tensor *t, int i) { return t->rank < 0 ? -1 : t->dims[i]; }

static void options_of(const op_ctx *c, int32_t stride[DIMS], int32_t dilation[DIMS]) {
  const sch_Conv3DOptions *const o = c->options;
  stride[0] = o->stride_d, stride[1] = o->stride_h, stride[2] = o->stride_w;
  dilation[0] = o->dilation_d_factor, dilation[1] = o->dilation_h_factor, dilation[2] = o->dilation_w_factor;
}

static mote_status check(op_ctx *c) {
  conv_3d_params *const p = c->params;
  int32_t stride[DIMS], dilation[DIMS];
  options_of(c, stride, dilation);
  for (int i = 0; i < DIMS; i++)
    OP_REQUIRE(c, stride[i] >= 1 && stride[i] <= INT16_MAX && dilation[i] >= 1 && dilation[i] <= INT16_MAX,
               MOTE_ERR_MODEL, "strides and dilations must lie in [1, %d], and those of dimension %d are %d and %d",
               INT16_MAX, i, (int)stride[i], (int)dilation[i]);
  p->numbers.kind = MATMUL_F32;
  return op_activation_f32(c, ((const sch_Conv3DOptions *)c->options)->fused_activation_function, &p->lo, &p->hi);
}

static mote_status check_shapes(op_ctx *c) {
  const op_tensor *const in = c->in[INPUT], *const filter = c->in[FILTER], *const bias = bias_of(c);
  for (int i = INPUT; i <= FILTER; i++)
    OP_REQUIRE(c, c->in[i]->rank == 5 || c->in[i]->rank < 0, MOTE_ERR_SHAPE, "input %d has rank %d; it must be 5", i,
               (int)c->in[i]->rank);
  for (int i = 0; i < 4; i++)
    OP_REQUIRE(c, dim_of(in, 1 + i) && dim_of(filter, i) && dim_of(filter, 4), MOTE_ERR_SHAPE,
               "sizes and channels must be at least 1; a batch alone may be empty");
  size_t window = 0;
  OP_REQUIRE(c, !op_shape_known(filter) || (size_dims(filter->dims, 4, &window) && window <= INT32_MAX), MOTE_ERR_LIMIT,
             "one output is made of more than the %d numbers that are taken", INT32_MAX);
  const int32_t in_c = dim_of(in, 4), filter_c = dim_of(filter, 3), out_c = dim_of(filter, 4);
  OP_REQUIRE(c, in_c < 0 || filter_c < 0 || in_c == filter_c, MOTE_ERR_SHAPE,
             "the input has %d channels, and the filter takes %d", (int)in_c, (int)filter_c);
  OP_REQUIRE(c, !bias || !op_shape_known(bias) || out_c < 0 || op_count(bias) == (size_t)out_c, MOTE_ERR_SHAPE,
             "the bias has %zu elements for %d output channels", op_count(bias), (int)out_c);
  return MOTE_OK;
}

static mote_status window(op_ctx *c, int i, op_window *w) {
  int32_t stride[DIMS], dilation[DIMS];
  options_of(c, stride, dilation);
  *w = (op_window){.out = -1};
  const int32_t filter = dim_of(c->in[FILTER], i);
  if (filter < 0) return MOTE_OK;
  return op_window_of(c, ((const sch_Conv3DOptions *)c->options)->padding, dim_of(c->in[INPUT], 1 + i), filter,
                      stride[i], dilation[i], w);
}

static mote_status infer(op_ctx *c) {
  int32_t dims[5] = {dim_of(c->in[INPUT], 0), 0, 0, 0, dim_of(c->in[FILTER], 4)};
  op_window w;
  MOTE_TRY(check_shapes(c));
  for (int i = 0; i < DIMS; i++) {
    MOTE_TRY(window(c, i, &w));
    dims[1 + i] = w.out;
  }
  op_set_shape(c->out[0], 5, dims);
  return MOTE_OK;
}

static mote_status prepare(op_ctx *c) {
  conv_3d_params *const p = c->params;
  const op_tensor *const filter = c->in[FILTER];
  if (!op_is_const(filter) || filter->rank != 5) return MOTE_OK;
  size_t k;
  OP_REQUIRE(c, size_dims(filter->dims, 4, &k), MOTE_ERR_LIMIT, "the filter is larger than this machine can address");
  const matmul_shape s = {.n = (size_t)filter->dims[4], .k = k, .a_count = 1, .b_count = 1};
  MOTE_TRY(matmul_prepare(c, &p->numbers, &s, filter->data, &p->block));
  if (p->block) c->consumed |= 1u << FILTER;
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  const conv_3d_params *const p = c->params;
  const op_tensor *const in = c->in[INPUT], *const filter = c->in[FILTER];
  int32_t stride[DIMS], dilation[DIMS];
  options_of(c, stride, dilation);
  volume v = {.rank = DIMS, .batches = in->dims[0], .channels = in->dims[4]};
  v.batch_step = (int64_t)op_span(in, 1, 5);
  for (int i = 0; i < DIMS; i++) {
    op_window w;
    MOTE_TRY(window(c, i, &w));
    v.dim[i] = (volume_dim){.in = in->dims[1 + i],
                            .out = w.out,
                            .filter = filter->dims[i],
                            .stride = stride[i],
                            .dilation = dilation[i],
                            .base = 1,
                            .before = w.before,
                            .step = (int64_t)op_span(in, 2 + i, 5)};
  }
  return volume_lay(c, &p->numbers, &v, (size_t)filter->dims[4], false, p->block != NULL, c->record, &c->scratch_size);
}

/* Bias and activation of one image's plane. */
static void finish_task(void *arg, size_t plane, int worker) {
  op_ctx *const c = arg;
  const conv_3d_params *const p = c->params;
  const op_tensor *const out = c->out[0], *const tensor = bias_of(c);
  const float *const bias = tensor ? tensor->data : NULL;
  const size_t pixels = op_span(out, 2, 4), n = (size_t)out->dims[4];
  float *y = (float *)out->data + plane * pixels * n;
  (void)worker;
  for (size_t i = 0; i < pixels; i++, y += n)
    for (size_t o = 0; o < n; o++) {
      float x = bias ? y[o] + bias[o] : y[o];
      x = x < p->lo ? p->lo : x;
      y[o] = p->hi < x ? p->hi : x;
    }
}

static mote_status run(op_ctx *c) {
  const conv_3d_params *const p = c->params;
  const op_tensor *const out = c->out[0];
  const matmul_operands o = {.a = c->in[INPUT]->data, .b = c->in[FILTER]->data, .out = out->data, .block = p->block};
  MOTE_TRY(volume_run(c, &p->numbers, c->record, &o, c->scratch));
  op_parallel(c, op_span(out, 0, 2), finish_task, c);
  return MOTE_OK;
}

const mote_op op_conv_3d = {
    .name = "CONV_3D",
    .code = sch_BuiltinOperator_CONV_3D,
    .versions = 1,
    .options = sch_BuiltinOptions_Conv3DOptions,
    .inputs_min = 2,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .optional = 1u << BIAS,
    .types = "f32 f32 f32 > f32",
    .params_size = sizeof(conv_3d_params),
    .record_size = sizeof(volume_plan),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "The filter is depth, height, width, input and output channels.",
};
