/* landmarks.c: what MediaPipe's networks for faces have between their stages: Landmarks2TransformMatrix makes the map
 * from a crop around landmarks to the image, TransformTensorBilinear takes the crop, TransformLandmarks brings points
 * that were found in it back.
 *
 * Version 1 and 2 differ in where the matrix has the centres of pixels, and in the names of their options.
 */
#include <math.h>

#include "operators/custom.h"
#include "operators/flexbuffer.h"
#include "operators/move.h"

/* A map of the plane: the first two rows of the 4 x 4 matrix without its third column. */
typedef struct affine {
  float xx, xy, x;
  float yx, yy, y;
} affine;

enum { MATRIX = 16, MOST_LANDMARKS = 65536 };

static affine read_matrix(const op_tensor *t) {
  const float *const m = t->data;
  return (affine){m[0], m[1], m[3], m[4], m[5], m[7]};
}

static void write_matrix(affine a, float *to) {
  const float m[MATRIX] = {a.xx, a.xy, 0, a.x, a.yx, a.yy, 0, a.y, 0, 0, 1, 0, 0, 0, 0, 1};
  for (int i = 0; i < MATRIX; i++) to[i] = m[i];
}

static void apply(affine a, float x, float y, float *to) {
  to[0] = a.xx * x + a.xy * y + a.x;
  to[1] = a.yx * x + a.yy * y + a.y;
}

/* First b, then a. */
static affine compose(affine a, affine b) {
  return (affine){a.xx * b.xx + a.xy * b.yx, a.xx * b.xy + a.xy * b.yy, a.xx * b.x + a.xy * b.y + a.x,
                  a.yx * b.xx + a.yy * b.yx, a.yx * b.xy + a.yy * b.yy, a.yx * b.x + a.yy * b.y + a.y};
}

static affine scaling(float x, float y) { return (affine){x, 0, 0, 0, y, 0}; }
static affine shift(float x, float y) { return (affine){1, 0, x, 0, 1, y}; }
static affine rotation(float angle) { return (affine){cosf(angle), -sinf(angle), 0, sinf(angle), cosf(angle), 0}; }

static mote_status check_matrix(op_ctx *c) {
  const op_tensor *const m = c->in[1];
  OP_REQUIRE(c, !op_shape_known(m) || op_count(m) == MATRIX, MOTE_ERR_SHAPE,
             "the transformation must have the %d elements of a 4 x 4 matrix", (int)MATRIX);
  return MOTE_OK;
}

static mote_status check_rank(op_ctx *c, int32_t rank) {
  OP_REQUIRE(c, c->in[0]->rank < 0 || c->in[0]->rank == rank, MOTE_ERR_SHAPE,
             "the input of version %d must have %d dimensions, not %d", (int)c->version, (int)rank,
             (int)c->in[0]->rank);
  return MOTE_OK;
}

static bool is_v1(const op_ctx *c) { return c->version <= 1; }

/* ---- options ---- */

static mote_status float_option(op_ctx *c, const char *key, float *to) {
  flex_value map, v;
  OP_REQUIRE(c, flex_root(c->custom, c->custom_size, &map) && flex_find(&map, key, &v) && flex_float(&v, to),
             MOTE_ERR_MODEL, "its %zu bytes of options are no FlexBuffer map with the key '%s', a number",
             c->custom_size, key);
  return MOTE_OK;
}

static mote_status list_option(op_ctx *c, const char *key, int32_t most, int32_t *to, int32_t *count) {
  flex_value map, v;
  OP_REQUIRE(c,
             flex_root(c->custom, c->custom_size, &map) && flex_find(&map, key, &v) && flex_ints(&v, to, most, count),
             MOTE_ERR_MODEL, "its %zu bytes of options are no FlexBuffer map with the key '%s', a list of integers",
             c->custom_size, key);
  return MOTE_OK;
}

/* Height and width: a list in version 1, options of their own in version 2. */
static mote_status size_option(op_ctx *c, const char *list, int32_t size[2]) {
  int32_t count = 2;
  if (is_v1(c)) MOTE_TRY(list_option(c, list, 2, size, &count));
  else {
    MOTE_TRY(custom_int(c, "output_height", 1, INT32_MAX, &size[0]));
    MOTE_TRY(custom_int(c, "output_width", 1, INT32_MAX, &size[1]));
  }
  OP_REQUIRE(c, count == 2 && size[0] >= 1 && size[1] >= 1, MOTE_ERR_MODEL,
             "the option '%s' must be a height and a width of at least 1", list);
  return MOTE_OK;
}

/* ---- Landmarks2TransformMatrix ---- */

typedef struct crop_params {
  int32_t left, right; /* landmarks on a line that shall lie level, or at `turn` to that */
  const int32_t *subset;
  int32_t count;
  int32_t in[2], out[2]; /* height and width of the image (version 1) and of the crop */
  float range;           /* version 1: landmarks lie in [0, range] */
  float scale_x, scale_y, turn;
} crop_params;

static mote_status crop_check(op_ctx *c) {
  crop_params *const p = c->params;
  int32_t dimensions, range;
  const size_t most = c->custom_size < MOST_LANDMARKS ? c->custom_size : MOST_LANDMARKS; /* a byte each at least */
  int32_t *const subset = op_alloc(c, most * sizeof *subset);
  if (!subset) return op_no_memory(c, most * sizeof *subset);
  p->subset = subset;
  MOTE_TRY(custom_int(c, "left_rotation_idx", 0, INT32_MAX, &p->left));
  MOTE_TRY(custom_int(c, "right_rotation_idx", 0, INT32_MAX, &p->right));
  MOTE_TRY(list_option(c, is_v1(c) ? "subset" : "subset_idxs", (int32_t)most, subset, &p->count));
  MOTE_TRY(size_option(c, "output_hw", p->out));
  OP_REQUIRE(c, p->count > 0, MOTE_ERR_MODEL, "the subset of landmarks that the crop holds is empty");
  for (int32_t i = 0; i < p->count; i++)
    OP_REQUIRE(c, subset[i] >= 0, MOTE_ERR_MODEL, "landmark %d of the subset is %d, below 0", (int)i, (int)subset[i]);
  if (is_v1(c)) {
    MOTE_TRY(size_option(c, "input_hw", p->in));
    MOTE_TRY(custom_int(c, "dimensions", 3, 3, &dimensions));
    MOTE_TRY(custom_int(c, "landmarks_range", 1, INT32_MAX, &range));
    MOTE_TRY(float_option(c, "bbox_size_multiplier", &p->scale_x));
    OP_REQUIRE(c, p->scale_x != 0, MOTE_ERR_MODEL, "the option 'bbox_size_multiplier' is 0");
    p->range = (float)range;
    return MOTE_OK;
  }
  MOTE_TRY(float_option(c, "scale_x", &p->scale_x));
  MOTE_TRY(float_option(c, "scale_y", &p->scale_y));
  OP_REQUIRE(c, p->scale_x > 0 && p->scale_y > 0, MOTE_ERR_MODEL, "the scales are %g and %g; they must be above 0",
             (double)p->scale_x, (double)p->scale_y);
  return float_option(c, "target_rotation_radians", &p->turn);
}

static mote_status crop_infer(op_ctx *c) {
  const crop_params *const p = c->params;
  const op_tensor *const x = c->in[0];
  op_set_shape(c->out[0], 3, (const int32_t[]){1, 4, 4});
  MOTE_TRY(check_rank(c, is_v1(c) ? 4 : 3));
  if (!op_shape_known(x)) return MOTE_OK;
  int32_t last = p->left > p->right ? p->left : p->right;
  for (int32_t i = 0; i < p->count; i++) last = p->subset[i] > last ? p->subset[i] : last;
  OP_REQUIRE(c, op_count(x) / 3 > (size_t)last, MOTE_ERR_SHAPE,
             "the input has %zu landmarks of 3 numbers, and the options name landmark %d", op_count(x) / 3, (int)last);
  return MOTE_OK;
}

/* The box around the subset after a turn: its centre, as it was before the turn, and its width and height. */
static void enclose(const crop_params *p, const float *x, float angle, float centre[2], float size[2]) {
  const affine turn = rotation(angle);
  float lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};
  for (int32_t i = 0; i < p->count; i++) {
    const float *const from = x + (size_t)p->subset[i] * 3;
    float at[2];
    apply(turn, from[0], from[1], at);
    for (int k = 0; k < 2; k++) {
      lo[k] = fminf(lo[k], at[k]);
      hi[k] = fmaxf(hi[k], at[k]);
    }
  }
  for (int k = 0; k < 2; k++) size[k] = hi[k] - lo[k];
  apply(rotation(-angle), (lo[0] + hi[0]) / 2, (lo[1] + hi[1]) / 2, centre);
}

/* By way of [-1, 1] on both sides, from the centre of the first pixel to that of the last. */
static affine crop_v1(const crop_params *p, const float *centre, const float *size, float angle) {
  const float half_w = ((float)p->in[1] - 1) / 2, half_h = ((float)p->in[0] - 1) / 2;
  const affine absolute = {half_w, 0, half_w, 0, half_h, half_h};
  const affine relative = {2 / ((float)p->out[1] - 1), 0, -1, 0, 2 / ((float)p->out[0] - 1), -1};
  affine turn = rotation(-angle);
  turn.x = centre[0] / p->range * 2 - 1;
  turn.y = centre[1] / p->range * 2 - 1;
  const affine scale = scaling(size[0] * p->scale_x / p->range, size[1] * p->scale_x / p->range);
  return compose(compose(compose(absolute, turn), scale), relative);
}

static affine crop_v2(const crop_params *p, const float *centre, const float *size, float angle) {
  const float width = (float)p->out[1], height = (float)p->out[0];
  const affine placed = compose(shift(centre[0], centre[1]), rotation(-angle));
  const affine scale = scaling(p->scale_x * size[0] / width, p->scale_y * size[1] / height);
  return compose(compose(placed, scale), shift(-width / 2, -height / 2));
}

static mote_status crop_run(op_ctx *c) {
  const crop_params *const p = c->params;
  const float *const x = c->in[0]->data, *const left = x + (size_t)p->left * 3, *const right = x + (size_t)p->right * 3;
  const float dx = right[0] - left[0], dy = right[1] - left[1];
  const float angle = is_v1(c) ? -atanf(dy / dx) : p->turn - atan2f(dy, dx);
  float centre[2], size[2];
  enclose(p, x, angle, centre, size);
  write_matrix(is_v1(c) ? crop_v1(p, centre, size, angle) : crop_v2(p, centre, size, angle), c->out[0]->data);
  return MOTE_OK;
}

const mote_op op_landmarks_to_transform_matrix = {
    .name = "Landmarks2TransformMatrix",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 2,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 > f32",
    .params_size = sizeof(crop_params),
    .check = crop_check,
    .infer = crop_infer,
    .run = crop_run,
    .notes = "MediaPipe's: the map from a crop around some landmarks, turned upright, to the image.",
};

/* ---- TransformLandmarks ---- */

typedef struct points_params {
  int32_t dimensions; /* version 1; of version 2 the shape has them */
  float scale;
} points_params;

static mote_status points_check(op_ctx *c) {
  points_params *const p = c->params;
  *p = (points_params){3, 1};
  if (!is_v1(c)) return MOTE_OK;
  MOTE_TRY(custom_int_or(c, "dimensions", 2, 3, &p->dimensions));
  if (custom_has(c, "scale")) MOTE_TRY(float_option(c, "scale", &p->scale));
  OP_REQUIRE(c, p->scale != 0, MOTE_ERR_MODEL, "the option 'scale' is 0");
  return MOTE_OK;
}

static int32_t point_size(const op_ctx *c) {
  return is_v1(c) ? ((const points_params *)c->params)->dimensions : c->in[0]->dims[2];
}

static mote_status points_infer(op_ctx *c) {
  const op_tensor *const x = c->in[0];
  op_same_shape(c->out[0], x);
  MOTE_TRY(check_rank(c, is_v1(c) ? 4 : 3));
  MOTE_TRY(check_matrix(c));
  if (!op_shape_known(x)) return MOTE_OK;
  const int32_t last = x->dims[x->rank - 1];
  OP_REQUIRE(c, is_v1(c) ? last % point_size(c) == 0 : last == 2 || last == 3, MOTE_ERR_SHAPE,
             "the last dimension is %d; it must hold whole landmarks, of %d numbers each", (int)last,
             is_v1(c) ? (int)point_size(c) : 3);
  return MOTE_OK;
}

static mote_status points_run(op_ctx *c) {
  const float scale = ((const points_params *)c->params)->scale, *x = c->in[0]->data;
  const size_t size = (size_t)point_size(c), end = op_count(c->in[0]);
  float *const y = c->out[0]->data;
  affine a = read_matrix(c->in[1]);
  a.x *= scale;
  a.y *= scale;
  for (size_t i = 0; i < end; i += size) {
    if (size == 3) y[i + 2] = x[i + 2];
    apply(a, x[i], x[i + 1], y + i);
  }
  return MOTE_OK;
}

const mote_op op_transform_landmarks = {
    .name = "TransformLandmarks",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 2,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 f32 > f32",
    .params_size = sizeof(points_params),
    .check = points_check,
    .infer = points_infer,
    .run = points_run,
    .notes = "MediaPipe's: applies a map to landmarks; their depth stays.",
};

/* ---- TransformTensorBilinear ---- */

static mote_status warp_check(op_ctx *c) {
  flex_value map, v;
  OP_REQUIRE(
      c, !flex_root(c->custom, c->custom_size, &map) || !flex_find(&map, "mode", &v) || flex_is_text(&v, "bilinear"),
      MOTE_ERR_MODEL, "the option 'mode' must be 'bilinear'");
  return size_option(c, "output_size", c->params);
}

static mote_status warp_infer(op_ctx *c) {
  const int32_t *const size = c->params;
  op_tensor *const y = c->out[0];
  MOTE_TRY(check_rank(c, 4));
  MOTE_TRY(check_matrix(c));
  move_unknown(y, 4);
  if (c->in[0]->rank == 4) op_same_shape(y, c->in[0]);
  y->dims[1] = size[0];
  y->dims[2] = size[1];
  return move_check_size(c);
}

/* Version 2 has (0, 0) in the corner of a pixel, version 1 in its centre. */
static affine warp_map(const op_ctx *c) {
  affine a = read_matrix(c->in[1]);
  if (is_v1(c)) return a;
  a.x += a.xx * 0.5f + a.xy * 0.5f - 0.5f;
  a.y += a.yx * 0.5f + a.yy * 0.5f - 0.5f;
  return a;
}

/* One pixel from between four; outside of the image all is 0. */
static void take_pixel(const op_tensor *x, const float *image, const float *at, float *to) {
  const int32_t height = x->dims[1], width = x->dims[2];
  const size_t channels = (size_t)x->dims[3];
  bool inside = at[0] >= 0 && at[0] <= (float)(width - 1) && at[1] >= 0 && at[1] <= (float)(height - 1);
  const int32_t left = inside ? (int32_t)at[0] : 0, top = inside ? (int32_t)at[1] : 0;
  inside = inside && left < width && top < height; /* where the last pixel's number is no float */
  const bool has_right = left + 1 < width, has_below = top + 1 < height;
  const float right = at[0] - (float)left, below = at[1] - (float)top;
  const size_t line = (size_t)width * channels;
  const float *const q = image + (size_t)top * line + (size_t)left * channels;
  for (size_t k = 0; k < channels; k++) {
    if (!inside) {
      to[k] = 0;
      continue;
    }
    const float q21 = has_right ? q[k + channels] : 0, q12 = has_below ? q[k + line] : 0;
    const float q22 = has_right && has_below ? q[k + line + channels] : 0;
    const float upper = (1 - right) * q[k] + right * q21, lower = (1 - right) * q12 + right * q22;
    to[k] = below * lower + (1 - below) * upper;
  }
}

/* One row of the output. */
static void warp_row(void *arg, size_t row, int worker) {
  (void)worker;
  const op_ctx *const c = arg;
  const op_tensor *const x = c->in[0], *const y = c->out[0];
  const size_t height = (size_t)y->dims[1], line = op_span(y, 2, 4);
  const affine map = warp_map(c);
  const float *const image = (const float *)x->data + row / height * op_span(x, 1, 4);
  float *to = (float *)y->data + row * line;
  for (int32_t i = 0; i < y->dims[2]; i++, to += y->dims[3]) {
    float at[2];
    apply(map, (float)i, (float)(row % height), at);
    take_pixel(x, image, at, to);
  }
}

static mote_status warp_run(op_ctx *c) {
  if (op_count(c->out[0])) op_parallel(c, op_span(c->out[0], 0, 2), warp_row, c);
  return MOTE_OK;
}

/* Version 1 went by a shorter name too. */
#define WARP(symbol, operator_name, highest)                                                                           \
  const mote_op op_##symbol = {                                                                                        \
      .name = operator_name,                                                                                           \
      .code = sch_BuiltinOperator_CUSTOM,                                                                              \
      .versions = highest,                                                                                             \
      .inputs_min = 2,                                                                                                 \
      .inputs_max = 2,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = "f32 f32 > f32",                                                                                        \
      .params_size = 2 * sizeof(int32_t),                                                                              \
      .check = warp_check,                                                                                             \
      .infer = warp_infer,                                                                                             \
      .run = warp_run,                                                                                                 \
      .notes = "MediaPipe's: takes each pixel from where a map says, between four others.",                            \
  };

WARP(transform_tensor, "TransformTensor", 1)
WARP(transform_tensor_bilinear, "TransformTensorBilinear", 2)
