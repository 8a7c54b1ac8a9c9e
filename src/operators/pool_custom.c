/* pool_custom.c: pooling operators that files hold under a name: AveragePool3D and MaxPool3D, MaxPoolWithArgmax and
 * MediaPipe's MaxPoolingWithArgmax2D, and MaxUnpooling2D, which puts back what was pooled. Pooling of images is in
 * pool.c.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/number.h"
#include "operators/flexbuffer.h"
#include "operators/op.h"

enum { SPATIAL = 3, WINDOW_DIMS = SPATIAL + 2 };

/* Sizes and strides of windows, by dimension of the input, batch and channels included. */
typedef struct pool_options {
  int32_t size[WINDOW_DIMS], stride[WINDOW_DIMS];
  int32_t padding; /* sch_Padding_... */
  bool batch_in_index;
  float lo, hi; /* of the fused activation, where there is one */
} pool_options;

/* The options may also be the C struct of TensorFlow Lite's pooling operators: these fields, int32 each, and more that
 * do not matter here. */
enum { C_PADDING, C_STRIDE_W, C_STRIDE_H, C_FILTER_W, C_FILTER_H, C_ACTIVATION, C_FIELDS };
enum { C_PADDING_SAME = 1, C_PADDING_VALID = 2 };

/* The first `fields` of them. */
static mote_status read_struct(op_ctx *c, int32_t *to, size_t fields) {
  OP_REQUIRE(c, c->custom_size >= fields * sizeof *to, MOTE_ERR_MODEL,
             "the custom options have %zu bytes; padding, strides, filter sizes and what follows take %zu",
             c->custom_size, fields * sizeof *to);
  memcpy(to, c->custom, fields * sizeof *to);
  OP_REQUIRE(c, to[C_PADDING] == C_PADDING_SAME || to[C_PADDING] == C_PADDING_VALID, MOTE_ERR_MODEL,
             "padding %d is neither SAME (1) nor VALID (2)", (int)to[C_PADDING]);
  for (int i = C_STRIDE_W; i <= C_FILTER_H; i++)
    OP_REQUIRE(c, to[i] >= 1 && to[i] <= INT16_MAX, MOTE_ERR_MODEL,
               "strides and filter sizes must lie in [1, 32767], and one of them is %d", (int)to[i]);
  return MOTE_OK;
}

static mote_status window_list(op_ctx *c, const flex_value *map, const char *key, int32_t rank, int32_t *to) {
  flex_value v;
  int32_t count;
  OP_REQUIRE(c, flex_find(map, key, &v) && flex_ints(&v, to, WINDOW_DIMS, &count) && count == rank, MOTE_ERR_MODEL,
             "the custom options have no list '%s' of %d integers", key, (int)rank);
  OP_REQUIRE(c, to[0] == 1 && to[rank - 1] == 1, MOTE_ERR_MODEL,
             "'%s' must begin and end with 1: batches and channels are not pooled", key);
  return MOTE_OK;
}

/* The options of an operator whose input has `rank` dimensions. */
static mote_status read_options(op_ctx *c, int32_t rank) {
  pool_options *o = c->params;
  flex_value root, v;
  OP_REQUIRE(c, flex_root(c->custom, c->custom_size, &root) && flex_is_map(&root), MOTE_ERR_MODEL,
             "the custom options are no FlexBuffer map; they hold 'ksize', 'strides' and 'padding'");
  MOTE_TRY(window_list(c, &root, "ksize", rank, o->size));
  MOTE_TRY(window_list(c, &root, "strides", rank, o->stride));
  OP_REQUIRE(c, flex_find(&root, "padding", &v) && (flex_is_text(&v, "SAME") || flex_is_text(&v, "VALID")),
             MOTE_ERR_MODEL, "the padding must be 'SAME' or 'VALID'");
  o->padding = flex_is_text(&v, "SAME") ? sch_Padding_SAME : sch_Padding_VALID;
  if (flex_find(&root, "include_batch_in_index", &v)) flex_bool(&v, &o->batch_in_index);
  OP_REQUIRE(c, !flex_find(&root, "data_format", &v) || flex_is_text(&v, "NDHWC"), MOTE_ERR_MODEL,
             "the data format must be 'NDHWC'");
  return MOTE_OK;
}

static mote_status windows(op_ctx *c, op_window *w) {
  const pool_options *o = c->params;
  const op_tensor *x = c->in[0];
  for (int32_t i = 1; i < x->rank - 1; i++)
    MOTE_TRY(op_window_of(c, o->padding, x->dims[i], o->size[i], o->stride[i], 1, &w[i]));
  return MOTE_OK;
}

static mote_status infer_windows(op_ctx *c, int32_t rank) {
  const op_tensor *x = c->in[0];
  op_window w[WINDOW_DIMS];
  for (int32_t k = 0; k < c->num_outputs; k++) c->out[k]->rank = -1;
  if (x->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, x->rank == rank, MOTE_ERR_SHAPE,
             "the input must have %d dimensions, batch first and channels last, "
             "not %d",
             (int)rank, (int)x->rank);
  MOTE_TRY(windows(c, w));
  for (int32_t k = 0; k < c->num_outputs; k++) {
    op_same_shape(c->out[k], x);
    for (int32_t i = 1; i < rank - 1; i++) c->out[k]->dims[i] = w[i].out;
  }
  return MOTE_OK;
}

typedef struct pool_windows {
  op_window at[WINDOW_DIMS];
} pool_windows;

static mote_status plan(op_ctx *c) { return windows(c, ((pool_windows *)c->record)->at); }

/* What of a window lies in the image: [*first, *last). */
static void clip(const op_ctx *c, int32_t dim, int32_t at, int32_t *first, int32_t *last) {
  const pool_options *o = c->params;
  const int32_t from = at * o->stride[dim] - ((const pool_windows *)c->record)->at[dim].before;
  const int32_t size = c->in[0]->dims[dim], to = from + o->size[dim];
  *first = from > 0 ? from : 0;
  *last = to < size ? to : size;
}

/* ---- AveragePool3D, MaxPool3D ---- */

static mote_status check_3d(op_ctx *c) { return read_options(c, 5); }
static mote_status infer_3d(op_ctx *c) { return infer_windows(c, 5); }

static bool is_max(const op_ctx *c) { return c->op->name[0] == 'M'; }

/* Folds m channels of one element of a window. */
static void fold(num_class class, bool max, const void *values, void *acc, size_t m) {
  if (class == NUM_F32) {
    const float *x = values;
    float *y = acc;
    for (size_t i = 0; i < m; i++) y[i] = !max ? y[i] + x[i] : x[i] > y[i] ? x[i] : y[i];
  } else {
    const int64_t *x = values;
    int64_t *y = acc;
    for (size_t i = 0; i < m; i++) y[i] = !max ? y[i] + x[i] : x[i] > y[i] ? x[i] : y[i];
  }
}

static void begin(num_class class, bool max, void *acc, size_t m) {
  for (size_t i = 0; i < m; i++) {
    if (class == NUM_F32) ((float *)acc)[i] = max ? -FLT_MAX : 0;
    else ((int64_t *)acc)[i] = max ? INT64_MIN : 0;
  }
}

/* Means of integers round half away from zero. */
static void divide(num_class class, void *acc, size_t m, int64_t count) {
  for (size_t i = 0; i < m; i++) {
    int64_t *v = (int64_t *)acc + i;
    if (class == NUM_F32) ((float *)acc)[i] /= (float)count;
    else *v = (*v + (*v > 0 ? count / 2 : -(count / 2))) / count;
  }
}

/* Channels from `channel` on of one output element, of which `at` are the batch and the place. */
static void pool_channels(const op_ctx *c, const int32_t *at, size_t to, size_t channel, size_t m) {
  int64_t acc[NUM_BLOCK], block[NUM_BLOCK];
  const op_tensor *x = c->in[0], *y = c->out[0];
  const num_class class = num_class_of(x->type);
  int32_t first[4], last[4];
  int64_t count = 1;
  for (int32_t i = 1; i <= SPATIAL; i++) {
    clip(c, i, at[i], &first[i], &last[i]);
    count *= last[i] - first[i];
  }
  begin(class, is_max(c), acc, m);
  for (int32_t d = first[1]; d < last[1]; d++)
    for (int32_t h = first[2]; h < last[2]; h++)
      for (int32_t w = first[3]; w < last[3]; w++) {
        const size_t depth = (size_t)at[0] * (size_t)x->dims[1] + (size_t)d;
        const size_t row = depth * (size_t)x->dims[2] + (size_t)h, pixel = row * (size_t)x->dims[3] + (size_t)w;
        fold(class, is_max(c), num_read(x->type, x->data, pixel * (size_t)x->dims[4] + channel, m, block), acc, m);
      }
  if (!is_max(c)) divide(class, acc, m, count);
  if (class == NUM_F32) memcpy((float *)y->data + to + channel, acc, m * sizeof(float));
  else num_write(y->type, y->data, to + channel, m, acc);
}

static void task_3d(void *arg, size_t index, int worker) {
  (void)worker;
  const op_ctx *c = arg;
  const op_tensor *y = c->out[0];
  const size_t width = (size_t)y->dims[3], channels = (size_t)y->dims[4];
  int32_t at[4] = {(int32_t)(index / (size_t)y->dims[2] / (size_t)y->dims[1]),
                   (int32_t)(index / (size_t)y->dims[2] % (size_t)y->dims[1]), (int32_t)(index % (size_t)y->dims[2])};
  for (size_t i = 0; i < width; i++) {
    at[3] = (int32_t)i;
    for (size_t k = 0; k < channels; k += NUM_BLOCK)
      pool_channels(c, at, (index * width + i) * channels, k, channels - k < NUM_BLOCK ? channels - k : NUM_BLOCK);
  }
}

static mote_status run_3d(op_ctx *c) {
  if (op_count(c->out[0])) op_parallel(c, op_span(c->out[0], 0, 3), task_3d, c);
  return MOTE_OK;
}

#define POOL_3D(symbol, operator_name)                                                                                 \
  const mote_op op_##symbol = {                                                                                        \
      .name = operator_name,                                                                                           \
      .code = sch_BuiltinOperator_CUSTOM,                                                                              \
      .versions = 1,                                                                                                   \
      .inputs_min = 1,                                                                                                 \
      .inputs_max = 1,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = "f32|i8|i16 > =",                                                                                       \
      .params_size = sizeof(pool_options),                                                                             \
      .record_size = sizeof(pool_windows),                                                                             \
      .check = check_3d,                                                                                               \
      .infer = infer_3d,                                                                                               \
      .plan = plan,                                                                                                    \
      .run = run_3d,                                                                                                   \
      .notes = "Input and output share one scale.",                                                                    \
  };

POOL_3D(average_pool_3d, "AveragePool3D")
POOL_3D(max_pool_3d, "MaxPool3D")

/* ---- MaxPoolWithArgmax, MaxPoolingWithArgmax2D ---- */

static mote_status check_argmax(op_ctx *c) {
  pool_options *o = c->params;
  MOTE_TRY(read_options(c, 4));
  return op_activation_f32(c, sch_ActivationFunctionType_NONE, &o->lo, &o->hi);
}

static mote_status check_local_argmax(op_ctx *c) {
  pool_options *o = c->params;
  int32_t from[C_FIELDS];
  MOTE_TRY(read_struct(c, from, C_FIELDS));
  o->padding = from[C_PADDING] == C_PADDING_SAME ? sch_Padding_SAME : sch_Padding_VALID;
  o->size[0] = o->size[3] = o->stride[0] = o->stride[3] = 1;
  o->size[1] = from[C_FILTER_H], o->size[2] = from[C_FILTER_W];
  o->stride[1] = from[C_STRIDE_H], o->stride[2] = from[C_STRIDE_W];
  return op_activation_f32(c, from[C_ACTIVATION], &o->lo, &o->hi);
}

/* Indices that are floats number an element of its window, and lie a little above so that rounding down is safe. */
static bool local_indices(const op_tensor *indices) { return indices->type == MOTE_FLOAT32; }

static mote_status infer_argmax(op_ctx *c) {
  const op_tensor *x = c->in[0];
  size_t count = 1;
  if (op_shape_known(x)) count = op_count(x);
  OP_REQUIRE(c, count <= INT32_MAX || local_indices(c->out[1]), MOTE_ERR_SHAPE,
             "%zu elements cannot be numbered in 32 bits", count);
  return infer_windows(c, 4);
}

/* The window of output element (row, column) in channel k of an image, which begins at `from`. The first of equals
 * wins. Returns its number. */
static size_t largest(const op_ctx *c, const float *from, int32_t row, int32_t column, size_t k, float *value) {
  const op_tensor *x = c->in[0];
  const pool_options *o = c->params;
  const op_window *w = ((const pool_windows *)c->record)->at;
  const bool local = local_indices(c->out[1]);
  const size_t width = (size_t)x->dims[2], channels = (size_t)x->dims[3];
  const int32_t top = row * o->stride[1] - w[1].before, left = column * o->stride[2] - w[2].before;
  int32_t y0, y1, x0, x1;
  clip(c, 1, row, &y0, &y1);
  clip(c, 2, column, &x0, &x1);
  size_t best = local ? 0 : k;
  *value = -FLT_MAX;
  for (int32_t i = y0; i < y1; i++)
    for (int32_t j = x0; j < x1; j++) {
      const size_t at = ((size_t)i * width + (size_t)j) * channels + k;
      if (!(from[at] > *value)) continue;
      *value = from[at];
      best = local ? (size_t)(i - top) * (size_t)o->size[2] + (size_t)(j - left) : at;
    }
  return best;
}

/* One row of an output image. */
static void task_argmax(void *arg, size_t index, int worker) {
  (void)worker;
  const op_ctx *c = arg;
  const op_tensor *y = c->out[0], *indices = c->out[1];
  const pool_options *o = c->params;
  const size_t channels = (size_t)y->dims[3], width = (size_t)y->dims[2], height = (size_t)y->dims[1];
  const size_t image = index / height * op_span(c->in[0], 1, 4), base = o->batch_in_index ? image : 0;
  for (size_t i = 0; i < width; i++)
    for (size_t k = 0; k < channels; k++) {
      const size_t to = (index * width + i) * channels + k;
      float value;
      const size_t best =
          largest(c, (const float *)c->in[0]->data + image, (int32_t)(index % height), (int32_t)i, k, &value);
      ((float *)y->data)[to] = fminf(fmaxf(value, o->lo), o->hi);
      if (local_indices(indices)) ((float *)indices->data)[to] = (float)best + 0.1f;
      else ((int32_t *)indices->data)[to] = (int32_t)(base + best);
    }
}

static mote_status run_argmax(op_ctx *c) {
  if (op_count(c->out[0])) op_parallel(c, op_span(c->out[0], 0, 2), task_argmax, c);
  return MOTE_OK;
}

#define POOL_ARGMAX(symbol, operator_name, operator_types, check_options, sentence)                                    \
  const mote_op op_##symbol = {                                                                                        \
      .name = operator_name,                                                                                           \
      .code = sch_BuiltinOperator_CUSTOM,                                                                              \
      .versions = 1,                                                                                                   \
      .inputs_min = 1,                                                                                                 \
      .inputs_max = 1,                                                                                                 \
      .outputs_min = 2,                                                                                                \
      .outputs_max = 2,                                                                                                \
      .types = operator_types,                                                                                         \
      .params_size = sizeof(pool_options),                                                                             \
      .record_size = sizeof(pool_windows),                                                                             \
      .check = check_options,                                                                                          \
      .infer = infer_argmax,                                                                                           \
      .plan = plan,                                                                                                    \
      .run = run_argmax,                                                                                               \
      .notes = sentence,                                                                                               \
  };

POOL_ARGMAX(max_pool_with_argmax, "MaxPoolWithArgmax", "f32 > f32 i32", check_argmax,
            "Output 1 numbers the element in its image, or among all with include_batch_in_index.")
POOL_ARGMAX(max_pooling_with_argmax_2d, "MaxPoolingWithArgmax2D", "f32 > f32 f32", check_local_argmax,
            "MediaPipe's: output 1 numbers the element in its window, and lies 0.1 above.")

/* ---- MaxUnpooling2D ---- */

enum { UNPOOL_FIELDS = C_FILTER_H + 1 };

static mote_status unpool_check(op_ctx *c) { return read_struct(c, c->params, UNPOOL_FIELDS); }

/* Of local indices images grow by the filter; else by the stride, or to where the last VALID filter ends. */
static mote_status unpooled(op_ctx *c, int32_t in, int stride, int filter, int32_t *out) {
  const int32_t *o = c->params;
  const bool valid = o[C_PADDING] == C_PADDING_VALID;
  const int64_t size = local_indices(c->in[1]) ? (int64_t)in * o[filter]
                       : valid && in > 0       ? ((int64_t)in - 1) * o[stride] + o[filter]
                                               : (int64_t)in * o[stride];
  OP_REQUIRE(c, size <= INT32_MAX, MOTE_ERR_SHAPE, "the result would be %lld high or wide", (long long)size);
  *out = in < 0 ? -1 : (int32_t)size;
  return MOTE_OK;
}

static mote_status unpool_infer(op_ctx *c) {
  const op_tensor *x = c->in[0], *indices = c->in[1];
  op_tensor *y = c->out[0];
  y->rank = -1;
  OP_REQUIRE(c, !op_shape_known(x) || !op_shape_known(indices) || op_same_dims(x, indices), MOTE_ERR_SHAPE,
             "input and indices must have the same shape");
  if (x->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, x->rank == 4, MOTE_ERR_SHAPE,
             "the input must have 4 dimensions (batch, height, width, channels), not %d", (int)x->rank);
  op_same_shape(y, x);
  MOTE_TRY(unpooled(c, x->dims[1], C_STRIDE_H, C_FILTER_H, &y->dims[1]));
  return unpooled(c, x->dims[2], C_STRIDE_W, C_FILTER_W, &y->dims[2]);
}

/* Where padding begins, as the pooling of the output's size would have it. */
static int64_t padding_before(int64_t in, int64_t out, int64_t stride, int64_t filter) {
  const int64_t total = (in - 1) * stride + filter - out;
  return total > 0 ? total / 2 : 0;
}

/* The place in its output image of input element i, -1: outside. */
static int64_t unpooled_place(const op_ctx *c, size_t i) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  const int32_t *o = c->params;
  const int64_t size = (int64_t)op_span(y, 1, 4);
  if (!local_indices(c->in[1])) {
    const int32_t index = ((const int32_t *)c->in[1]->data)[i];
    return index >= 0 && index < size ? index : -1;
  }
  const float index = ((const float *)c->in[1]->data)[i];
  if (!(index >= 0 && index < (float)(1 << 24))) return -1;
  const size_t channels = (size_t)x->dims[3], width = (size_t)x->dims[2], pixel = i / channels;
  const int64_t row = (int64_t)(pixel / width % (size_t)x->dims[1]) * o[C_STRIDE_H] + (int32_t)index / o[C_FILTER_W] -
                      padding_before(x->dims[1], y->dims[1], o[C_STRIDE_H], o[C_FILTER_H]);
  const int64_t column = (int64_t)(pixel % width) * o[C_STRIDE_W] + (int32_t)index % o[C_FILTER_W] -
                         padding_before(x->dims[2], y->dims[2], o[C_STRIDE_W], o[C_FILTER_W]);
  if (row < 0 || row >= y->dims[1] || column < 0 || column >= y->dims[2]) return -1;
  return (row * y->dims[2] + column) * (int64_t)channels + (int64_t)(i % channels);
}

static mote_status unpool_run(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  const size_t n = op_count(x), image = op_span(x, 1, 4), out_image = op_span(y, 1, 4);
  if (y->bytes) memset(y->data, 0, y->bytes);
  for (size_t i = 0; i < n; i++) {
    const int64_t to = unpooled_place(c, i);
    OP_REQUIRE(c, to >= 0 || local_indices(c->in[1]), MOTE_ERR_RUN,
               "index %zu is %d, and an output image has %zu elements", i, (int)((const int32_t *)c->in[1]->data)[i],
               out_image);
    if (to >= 0) ((float *)y->data)[i / image * out_image + (size_t)to] = ((const float *)x->data)[i];
  }
  return MOTE_OK;
}

const mote_op op_max_unpooling_2d = {
    .name = "MaxUnpooling2D",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 i32|f32 > f32",
    .params_size = UNPOOL_FIELDS * sizeof(int32_t),
    .check = unpool_check,
    .infer = unpool_infer,
    .run = unpool_run,
    .notes = "int32 indices number an element of its image, float32 ones of its window (MediaPipe's form).",
};
