/* layers_pool.c: pooling. .tflite pools over two dimensions: one is two with a height of 1, three are two and one. */
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

typedef struct window {
  int32_t size[3], stride[3];
  bool same;
} window;

static bool read_window(k_ctx *c, int32_t n, window *w) {
  *w = (window){.same = k_is(c, "padding|border_mode", "same")};
  for (int i = 0; i < 3; i++) w->size[i] = 2;
  k_ints(c, "pool_size|pool_length", w->size, n);
  memcpy(w->stride, w->size, sizeof w->stride);
  k_ints(c, "strides|stride", w->stride, n);
  for (int32_t i = 0; i < n; i++)
    if (w->size[i] < 1 || w->stride[i] < 1)
      return build_fail(c->b, MOTE_ERR_MODEL, "its pool size and strides must be 1 or more") >= 0;
  const int32_t rank = k_rank(c, c->in[0].value);
  if (rank == n + 2) return true;
  return build_fail(c->b, MOTE_ERR_MODEL, "its input has %d dimensions, where %d are needed", (int)rank, (int)n + 2) >=
         0;
}

static int32_t pool(k_ctx *c, int32_t code, int32_t x, const window *w, int32_t height, int32_t width) {
  sch_Pool2DOptions o = BUILD_OPTIONS(Pool2DOptions);
  o.padding = w->same ? sch_Padding_SAME : sch_Padding_VALID;
  o.filter_height = height < 0 ? 1 : w->size[height], o.filter_width = width < 0 ? 1 : w->size[width];
  o.stride_h = height < 0 ? 1 : w->stride[height], o.stride_w = width < 0 ? 1 : w->stride[width];
  return k_op1(c, code, &o, x);
}

/* Height and width of each slice, then depth alone. */
static int32_t pool_3(k_ctx *c, int32_t code, int32_t x, const window *w) {
  const k_size batch = k_size_of(c, x, 0), depth = k_size_of(c, x, 1), channels = k_size_of(c, x, 4);
  int32_t y =
      k_reshape(c, x, (k_size[]){k_size_times(c, batch, depth), k_size_of(c, x, 2), k_size_of(c, x, 3), channels}, 4);
  y = pool(c, code, y, w, 1, 2);
  const k_size height = k_size_of(c, y, 1), width = k_size_of(c, y, 2);
  y = k_reshape(c, y, (k_size[]){batch, depth, k_size_times(c, height, width), channels}, 4);
  y = pool(c, code, y, w, 0, -1);
  return k_reshape(c, y, (k_size[]){batch, k_size_of(c, y, 1), height, width, channels}, 5);
}

static void pool_n(k_ctx *c, int32_t n, int32_t code) {
  window w;
  if (!read_window(c, n, &w)) return;
  int32_t x = k_first(c) ? k_to_last(c, c->in[0].value) : c->in[0].value;
  if (n == 1) x = k_squeeze(c, pool(c, code, k_expand(c, x, 1), &w, -1, 0), 1);
  else x = n == 2 ? pool(c, code, x, &w, 0, 1) : pool_3(c, code, x, &w);
  c->out[0].value = k_first(c) ? k_to_first(c, x) : x;
}

static void max_1(k_ctx *c) { pool_n(c, 1, OP(MAX_POOL_2D)); }
static void max_2(k_ctx *c) { pool_n(c, 2, OP(MAX_POOL_2D)); }
static void max_3(k_ctx *c) { pool_n(c, 3, OP(MAX_POOL_2D)); }
static void average_1(k_ctx *c) { pool_n(c, 1, OP(AVERAGE_POOL_2D)); }
static void average_2(k_ctx *c) { pool_n(c, 2, OP(AVERAGE_POOL_2D)); }
static void average_3(k_ctx *c) { pool_n(c, 3, OP(AVERAGE_POOL_2D)); }

/* ---- global ---- */

static void global(k_ctx *c, int32_t code) {
  const int32_t x = c->in[0].value, rank = k_rank(c, x), first = k_first(c) ? 2 : 1;
  int32_t axes[OP_MAX_RANK];
  for (int32_t i = 0; i + 2 < rank; i++) axes[i] = first + i;
  if (rank < 3) build_fail(c->b, MOTE_ERR_MODEL, "its input has %d dimensions; it needs 3 or more", (int)rank);
  else c->out[0].value = k_reduce(c, code, x, axes, rank - 2, k_flag(c, "keepdims", false));
}

/* The mean of the time steps that count. */
static void masked_mean(k_ctx *c) {
  const int32_t x = c->in[0].value, axis = k_first(c) ? 2 : 1;
  const bool keep = k_flag(c, "keepdims", false);
  const int32_t weight = k_cast(c, k_expand(c, c->in[0].mask, k_first(c) ? 1 : -1), MOTE_FLOAT32);
  c->out[0].value = k_op2(c, OP(DIV), NULL, k_reduce(c, OP(SUM), k_mul(c, x, weight), &axis, 1, keep),
                          k_reduce(c, OP(SUM), weight, &axis, 1, keep));
}

static void global_average(k_ctx *c) {
  if (c->in[0].mask >= 0 && k_rank(c, c->in[0].value) == 3) masked_mean(c);
  else global(c, OP(MEAN));
}
static void global_max(k_ctx *c) { global(c, OP(REDUCE_MAX)); }

/* ---- adaptive: window i of n covers floor(i size / n) to ceil((i + 1) size / n) ---- */

static int32_t adapt(k_ctx *c, int32_t code, int32_t x, int32_t axis, int32_t n) {
  const int32_t size = build_dim(c->b, x, axis);
  int32_t parts[K_MOST_OUT];
  if (size < 1 || n < 1 || n > K_MOST_OUT)
    return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it needs a known size to adapt, and at most %d outputs a dimension",
                      K_MOST_OUT);
  for (int32_t i = 0; i < n; i++) {
    const int32_t begin = (int32_t)((int64_t)i * size / n), end = (int32_t)(((int64_t)(i + 1) * size + n - 1) / n);
    parts[i] = k_reduce(c, code, k_cut(c, x, axis, begin, end), &axis, 1, true);
  }
  return k_concat(c, parts, n, axis);
}

static void adaptive(k_ctx *c, int32_t code) {
  int32_t x = c->in[0].value, sizes[3] = {1, 1, 1};
  const int32_t n = k_rank(c, x) - 2, first = k_first(c) ? 2 : 1;
  if (n < 1 || n > 3) {
    build_fail(c->b, MOTE_ERR_MODEL, "its input has %d dimensions; 3 to 5 are taken", (int)n + 2);
    return;
  }
  k_ints(c, "output_size", sizes, n);
  for (int32_t i = 0; i < n && !c->b->failed; i++) x = adapt(c, code, x, first + i, sizes[i]);
  c->out[0].value = x;
}

static void adaptive_average(k_ctx *c) { adaptive(c, OP(MEAN)); }
static void adaptive_max(k_ctx *c) { adaptive(c, OP(REDUCE_MAX)); }

const k_row k_rows_pool[] = {
    {"MaxPooling1D", max_1, 0, false},
    {"MaxPooling2D", max_2, 0, false},
    {"MaxPooling3D", max_3, 0, false},
    {"AveragePooling1D", average_1, 0, false},
    {"AveragePooling2D", average_2, 0, false},
    {"AveragePooling3D", average_3, 0, false},
    {"GlobalAveragePooling1D", global_average, 0, false},
    {"GlobalAveragePooling2D", global_average, 0, false},
    {"GlobalAveragePooling3D", global_average, 0, false},
    {"GlobalMaxPooling1D", global_max, 0, false},
    {"GlobalMaxPooling2D", global_max, 0, false},
    {"GlobalMaxPooling3D", global_max, 0, false},
    {"AdaptiveAveragePooling1D", adaptive_average, 0, false},
    {"AdaptiveAveragePooling2D", adaptive_average, 0, false},
    {"AdaptiveAveragePooling3D", adaptive_average, 0, false},
    {"AdaptiveMaxPooling1D", adaptive_max, 0, false},
    {"AdaptiveMaxPooling2D", adaptive_max, 0, false},
    {"AdaptiveMaxPooling3D", adaptive_max, 0, false},
    {NULL, NULL, 0, false},
};
