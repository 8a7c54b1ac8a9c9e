/* layers_conv.c: convolutions of 1, 2 and 3 dimensions. .tflite has them with channels last, and those of one dimension
 * as two with a height of 1.
 */
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

/* What convolutions share. Lists are of height and width, or of depth, height and width. */
typedef struct conv {
  int32_t n; /* dimensions of space in the layer: 1, 2, 3 */
  int32_t stride[3], dilation[3];
  bool same, causal;
  int32_t x; /* channels last; of 2 dimensions at least */
} conv;

/* Settings for one dimension become those for two. */
static void widen(const conv *v, int32_t *list) {
  if (v->n == 1) list[1] = list[0], list[0] = 1;
}

/* Sizes of the kernel are 1 to Keras 2 and later, one name a dimension to Keras 1; they come from the weights here. */
static bool begin(k_ctx *c, int32_t n, conv *v) {
  const char *padding = k_text(c, "padding|border_mode", "valid");
  int32_t x = k_cast(c, c->in[0].value, MOTE_FLOAT32);
  *v = (conv){.n = n, .same = !strcmp(padding, "same"), .causal = !strcmp(padding, "causal")};
  for (int i = 0; i < 3; i++) v->stride[i] = v->dilation[i] = 1;
  k_ints(c, "strides|subsample|subsample_length", v->stride, n);
  k_ints(c, "dilation_rate|atrous_rate", v->dilation, n);
  for (int i = 0; i < n; i++)
    if (v->stride[i] < 1 || v->dilation[i] < 1)
      return build_fail(c->b, MOTE_ERR_MODEL, "its strides and dilations must be 1 or more") >= 0;
  if (k_rank(c, x) != n + 2)
    return build_fail(c->b, MOTE_ERR_MODEL, "its input has %d dimensions, where %d are needed", (int)k_rank(c, x),
                      (int)n + 2) >= 0;
  if (k_first(c)) x = k_to_last(c, x);
  widen(v, v->stride);
  widen(v, v->dilation);
  v->x = x;
  return true;
}

/* Weights of one dimension as those of two. */
static k_array widened(const k_array *a, const conv *v) {
  k_array to = *a;
  if (v->n != 1) return to;
  to.rank++;
  to.dims[0] = 1;
  memcpy(to.dims + 1, a->dims, (size_t)a->rank * sizeof *a->dims);
  return to;
}

/* Pads what is causal, and makes two dimensions of one. */
static void prepare(k_ctx *c, conv *v, int32_t size) {
  if (v->causal) v->x = k_pad(c, v->x, (int32_t[]){0, 0, (size - 1) * v->dilation[1], 0, 0, 0});
  if (v->n == 1) v->x = k_expand(c, v->x, 1);
}

static void finish(k_ctx *c, const conv *v, int32_t y) {
  if (v->n == 1) y = k_squeeze(c, y, 1);
  y = k_activate(c, y, k_get(c->config, "activation"));
  c->out[0].value = k_first(c) ? k_to_first(c, y) : y;
}

static int8_t padding_of(const conv *v) { return v->same ? sch_Padding_SAME : sch_Padding_VALID; }

/* A bias; .tflite's own readers want one on convolutions, so it is zeros when the layer has none. */
static int32_t bias_of(k_ctx *c, int index, int32_t count) {
  if (k_flag(c, "use_bias|bias", true)) return k_const_array(c, "bias", k_take(c, "bias", index, 1, &count));
  return k_const(c, "bias", 1, &count, k_floats(c, (size_t)count));
}

static int32_t conv_2d(k_ctx *c, const conv *v, int32_t weights, int32_t bias) {
  sch_Conv2DOptions o = BUILD_OPTIONS(Conv2DOptions);
  o.padding = padding_of(v);
  o.stride_h = v->stride[0], o.stride_w = v->stride[1];
  o.dilation_h_factor = v->dilation[0], o.dilation_w_factor = v->dilation[1];
  return k_op3(c, OP(CONV_2D), &o, v->x, weights, bias);
}

static sch_Conv3DOptions options_3d(const conv *v) {
  sch_Conv3DOptions o = BUILD_OPTIONS(Conv3DOptions);
  o.padding = padding_of(v);
  o.stride_d = v->stride[0], o.stride_h = v->stride[1], o.stride_w = v->stride[2];
  o.dilation_d_factor = v->dilation[0], o.dilation_h_factor = v->dilation[1], o.dilation_w_factor = v->dilation[2];
  return o;
}

/* Columns first..first + n of the last dimension of a kernel. */
static int32_t columns(k_ctx *c, const k_array *a, int32_t first, int32_t n) {
  int32_t dims[OP_MAX_RANK];
  const int32_t last = a->rank - 1, width = a->dims[last];
  const size_t rows = a->count / (size_t)width;
  float *to = k_floats(c, rows * (size_t)n);
  memcpy(dims, a->dims, sizeof dims);
  dims[last] = n;
  for (size_t i = 0; to && i < rows; i++)
    memcpy(to + i * (size_t)n, a->data + i * (size_t)width + first, (size_t)n * sizeof *to);
  return k_const(c, "kernel", a->rank, dims, to);
}

/* CONV_3D knows no groups: each is one of its own, on its own channels. */
static int32_t conv_3d(k_ctx *c, const conv *v, const k_array *kernel, int32_t bias) {
  const sch_Conv3DOptions o = options_3d(v);
  const int32_t groups = k_int(c, "groups", 1), in = kernel->dims[3], out = kernel->dims[4];
  if (groups == 1) return k_op3(c, OP(CONV_3D), &o, v->x, k_const_array(c, "kernel", kernel), bias);
  if (groups < 1 || out % groups || build_dim(c->b, v->x, 4) != (int64_t)in * groups)
    return build_fail(c->b, MOTE_ERR_MODEL, "its channels do not make %d groups", (int)groups);
  int32_t *parts = ARENA_ARRAY(c->b->arena, int32_t, (size_t)groups);
  if (!parts) return build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for its groups");
  for (int32_t i = 0; i < groups; i++)
    parts[i] = k_op3(c, OP(CONV_3D), &o, k_cut(c, v->x, 4, i * in, (i + 1) * in),
                     columns(c, kernel, i * (out / groups), out / groups), -1);
  return k_add(c, k_concat(c, parts, groups, 4), bias);
}

static void conv_n(k_ctx *c, int32_t n) {
  conv v;
  if (!begin(c, n, &v)) return;
  const k_array *kernel = k_take(c, "kernel", 0, n + 2, NULL);
  if (!kernel) return;
  const int32_t bias = bias_of(c, 1, kernel->dims[n + 1]);
  const k_array wide = widened(kernel, &v);
  prepare(c, &v, kernel->dims[0]);
  finish(c, &v,
         n == 3 ? conv_3d(c, &v, kernel, bias)
                : conv_2d(c, &v, k_const_perm(c, "kernel", &wide, (int32_t[]){3, 0, 1, 2}), bias));
}

static void conv_1(k_ctx *c) { conv_n(c, 1); }
static void conv_2(k_ctx *c) { conv_n(c, 2); }
static void conv_3(k_ctx *c) { conv_n(c, 3); }

/* ---- depthwise ---- */

/* kernel[..., channels, multiplier] is 1 x height x width x (channels * multiplier) to .tflite, in the same order. */
static int32_t depthwise(k_ctx *c, const conv *v, const k_array *kernel, int32_t bias) {
  const k_array w = widened(kernel, v);
  const int32_t dims[] = {1, w.dims[0], w.dims[1], w.dims[2] * w.dims[3]};
  sch_DepthwiseConv2DOptions o = BUILD_OPTIONS(DepthwiseConv2DOptions);
  o.padding = padding_of(v);
  o.stride_h = v->stride[0], o.stride_w = v->stride[1];
  o.dilation_h_factor = v->dilation[0], o.dilation_w_factor = v->dilation[1];
  o.depth_multiplier = w.dims[3];
  return k_op3(c, OP(DEPTHWISE_CONV_2D), &o, v->x, k_const(c, "depthwise_kernel", 4, dims, w.data), bias);
}

static void depthwise_n(k_ctx *c, int32_t n) {
  conv v;
  if (!begin(c, n, &v)) return;
  const k_array *kernel = k_take(c, "kernel", 0, n + 2, NULL);
  if (!kernel) return;
  const int32_t bias = bias_of(c, 1, kernel->dims[n] * kernel->dims[n + 1]);
  prepare(c, &v, kernel->dims[0]);
  finish(c, &v, depthwise(c, &v, kernel, bias));
}

static void depthwise_1(k_ctx *c) { depthwise_n(c, 1); }
static void depthwise_2(k_ctx *c) { depthwise_n(c, 2); }

static void separable_n(k_ctx *c, int32_t n) {
  conv v;
  if (!begin(c, n, &v)) return;
  const k_array *depth = k_take(c, "depthwise kernel", 0, n + 2, NULL),
                *point = k_take(c, "pointwise kernel", 1, n + 2, NULL);
  if (!depth || !point) return;
  const int32_t between = depth->dims[n] * depth->dims[n + 1];
  const int32_t bias = bias_of(c, 2, point->dims[n + 1]);
  prepare(c, &v, depth->dims[0]);
  const conv then = {.n = n, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  conv last = then;
  last.x = depthwise(c, &v, depth, k_const(c, "bias", 1, &between, k_floats(c, (size_t)between)));
  const k_array wide = widened(point, &v);
  finish(c, &v, conv_2d(c, &last, k_const_perm(c, "pointwise_kernel", &wide, (int32_t[]){3, 0, 1, 2}), bias));
}

static void separable_1(k_ctx *c) { separable_n(c, 1); }
static void separable_2(k_ctx *c) { separable_n(c, 2); }

/* ---- transposed ---- */

/* Size of a dimension of the output, by Keras' rule. */
static k_size grown(k_ctx *c, k_size in, const conv *v, int i, int32_t kernel, int32_t extra) {
  const k_size stride = k_known(v->stride[i]);
  if (extra >= 0) /* (in - 1) stride + kernel - 2 pad + extra */
    return k_size_plus(c, k_size_times(c, k_size_plus(c, in, -1), stride),
                       kernel - (v->same ? 2 * (kernel / 2) : 0) + extra);
  const int32_t over = kernel > v->stride[i] && !v->same ? kernel - v->stride[i] : 0;
  return k_size_plus(c, k_size_times(c, in, stride), over);
}

/* A dilated kernel is one with zeros between: the operator has no dilation of its own. */
static const k_array *dilated(k_ctx *c, const k_array *a, const conv *v, int32_t space) {
  bool any = false;
  for (int32_t i = 0; i < space; i++) any |= v->dilation[i] > 1;
  if (!any) return a;
  k_array *to = ARENA_NEW(c->b->arena, k_array);
  if (!to) return a;
  *to = *a;
  to->count = 1;
  for (int32_t i = 0; i < space; i++) to->dims[i] = (a->dims[i] - 1) * v->dilation[i] + 1;
  for (int32_t i = 0; i < a->rank; i++) to->count *= (size_t)to->dims[i];
  to->data = k_floats(c, to->count);
  const size_t inner = (size_t)a->dims[space] * (size_t)a->dims[space + 1];
  int32_t at[3] = {0};
  for (size_t n = 0; to->data && n < a->count / inner; n++) {
    size_t where = 0;
    for (int32_t i = 0; i < space; i++) where = where * (size_t)to->dims[i] + (size_t)at[i] * (size_t)v->dilation[i];
    memcpy(to->data + where * inner, a->data + n * inner, inner * sizeof *a->data);
    for (int32_t i = space - 1; i >= 0 && ++at[i] == a->dims[i]; i--) at[i] = 0;
  }
  return to;
}

static void transposed_n(k_ctx *c, int32_t n) {
  conv v;
  int32_t extra[3] = {-1, -1, -1};
  if (!begin(c, n, &v)) return;
  const k_array *kernel = k_take(c, "kernel", 0, n + 2, NULL);
  if (!kernel) return;
  if (k_ints(c, "output_padding", extra, n) && n == 1) extra[1] = extra[0], extra[0] = -1;
  const int32_t filters = kernel->dims[n], space = n == 1 ? 2 : n;
  const int32_t bias = bias_of(c, 1, filters);
  prepare(c, &v, 1);
  const k_array wide = widened(kernel, &v), *w = dilated(c, &wide, &v, space);
  k_size sizes[5] = {k_size_of(c, v.x, 0)};
  for (int32_t i = 0; i < space; i++) sizes[1 + i] = grown(c, k_size_of(c, v.x, 1 + i), &v, i, w->dims[i], extra[i]);
  sizes[1 + space] = k_known(filters);
  const int32_t shape = k_sizes(c, sizes, space + 2);
  if (n == 3) {
    conv plain = v;
    for (int i = 0; i < 3; i++) plain.dilation[i] = 1;
    const sch_Conv3DOptions o = options_3d(&plain);
    const int32_t in[] = {shape, k_const_array(c, "kernel", w), v.x, bias};
    finish(c, &v, build_op(c->b, OP(CONV_3D_TRANSPOSE), &o, 4, in));
    return;
  }
  sch_TransposeConvOptions o = BUILD_OPTIONS(TransposeConvOptions);
  o.padding = padding_of(&v);
  o.stride_h = v.stride[0], o.stride_w = v.stride[1];
  const int32_t in[] = {shape, k_const_perm(c, "kernel", w, (int32_t[]){2, 0, 1, 3}), v.x, bias};
  finish(c, &v, build_op(c->b, OP(TRANSPOSE_CONV), &o, 4, in));
}

static void transposed_1(k_ctx *c) { transposed_n(c, 1); }
static void transposed_2(k_ctx *c) { transposed_n(c, 2); }
static void transposed_3(k_ctx *c) { transposed_n(c, 3); }

const k_row k_rows_conv[] = {
    {"Conv1D", conv_1, 0, false},
    {"Conv2D", conv_2, 0, false},
    {"Conv3D", conv_3, 0, false},
    {"Convolution2D", conv_2, 0, false},
    {"Convolution3D", conv_3, 0, false},
    {"DepthwiseConv1D", depthwise_1, 0, false},
    {"DepthwiseConv2D", depthwise_2, 0, false},
    {"SeparableConv1D", separable_1, 0, false},
    {"SeparableConv2D", separable_2, 0, false},
    {"SeparableConvolution2D", separable_2, 0, false},
    {"Conv1DTranspose", transposed_1, 0, false},
    {"Conv2DTranspose", transposed_2, 0, false},
    {"Deconvolution2D", transposed_2, 0, false},
    {"Conv3DTranspose", transposed_3, 0, false},
    {NULL, NULL, 0, false},
};
