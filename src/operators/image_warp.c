/* image_warp.c: images whose pixels are taken from elsewhere, between four others: where a field of flow says
 * (DenseImageWarp) or where coordinates do (Resampler of MediaPipe and TensorFlow Addons). */
#include <math.h>

#include "operators/move.h"

/* ---- DenseImageWarp ---- */

static mote_status infer_flow(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const flow = c->in[1];
  op_same_shape(c->out[0], in);
  for (int i = 0; i < 2; i++)
    OP_REQUIRE(c, c->in[i]->rank == 4 || c->in[i]->rank < 0, MOTE_ERR_SHAPE,
               "input %d has %d dimensions; it must have 4: batch, height, width, channels", i, (int)c->in[i]->rank);
  if (!op_shape_known(in) || !op_shape_known(flow)) return MOTE_OK;
  OP_REQUIRE(c, in->dims[0] == flow->dims[0] && in->dims[1] == flow->dims[1] && in->dims[2] == flow->dims[2],
             MOTE_ERR_SHAPE, "the flow must have the batch, height and width of the images");
  OP_REQUIRE(c, flow->dims[3] == 2, MOTE_ERR_SHAPE, "the flow has %d channels; it must have 2", (int)flow->dims[3]);
  OP_REQUIRE(c, in->dims[1] >= 2 && in->dims[2] >= 2, MOTE_ERR_SHAPE,
             "images of %d x %d are too small; at least 2 x 2 "
             "is needed",
             (int)in->dims[1], (int)in->dims[2]);
  return MOTE_OK;
}

/* The lower neighbour of x among n, such that there is an upper one, and how far x is on the way to that. */
static int32_t lower(float x, int32_t n, float *way) {
  const float floor = floorf(x);
  const int32_t at = !(floor > 0) ? 0 : floor > (float)(n - 2) ? n - 2 : (int32_t)floor;
  *way = fminf(fmaxf(0.0f, x - (float)at), 1.0f);
  return at;
}

/* One row of the output: of all batches and heights. */
static void warp_row(void *arg, size_t row, int worker) {
  (void)worker;
  const op_ctx *const c = arg;
  const op_tensor *const in = c->in[0];
  const int32_t height = in->dims[1], width = in->dims[2];
  const size_t channels = (size_t)in->dims[3], line = (size_t)width * channels;
  const float *const flow = (const float *)c->in[1]->data + row * (size_t)width * 2;
  const float *const image = (const float *)in->data + row / (size_t)height * (size_t)height * line;
  float *to = (float *)c->out[0]->data + row * line;
  for (int32_t x = 0; x < width; x++) {
    float ay, ax;
    const int32_t y0 = lower((float)(row % (size_t)height) - flow[2 * x], height, &ay);
    const int32_t x0 = lower((float)x - flow[2 * x + 1], width, &ax);
    const float *const top = image + (size_t)y0 * line + (size_t)x0 * channels, *const bottom = top + line;
    for (size_t k = 0; k < channels; k++) {
      const float a = ax * (top[k + channels] - top[k]) + top[k];
      const float b = ax * (bottom[k + channels] - bottom[k]) + bottom[k];
      *to++ = ay * (b - a) + a;
    }
  }
}

static mote_status run_flow(op_ctx *c) {
  const size_t rows = op_span(c->in[0], 0, 2);
  if (op_count(c->out[0])) op_parallel(c, rows, warp_row, c);
  return MOTE_OK;
}

const mote_op op_dense_image_warp = {
    .name = "DenseImageWarp",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 f32 > f32",
    .infer = infer_flow,
    .run = run_flow,
    .notes = "The pixel at y, x comes from y - flow[0], x - flow[1]; the edges continue.",
};

/* ---- Resampler ---- */

enum { POINTS_PER_TASK = 256 };

/* Points of any arrangement: [batch, ..., 2] gives [batch, ..., channels]. */
static mote_status infer_points(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const points = c->in[1];
  op_tensor *const out = c->out[0];
  out->rank = -1;
  OP_REQUIRE(c, in->rank == 4 || in->rank < 0, MOTE_ERR_SHAPE,
             "the images have %d dimensions; they must have 4: batch, height, width, channels", (int)in->rank);
  OP_REQUIRE(c, points->rank >= 2 || points->rank < 0, MOTE_ERR_SHAPE,
             "the points have %d dimensions; they must have 2 or more: batch, ..., 2", (int)points->rank);
  if (points->rank < 0) return MOTE_OK;
  const int32_t last = points->dims[points->rank - 1];
  OP_REQUIRE(c, last == 2 || last < 0, MOTE_ERR_SHAPE, "points have %d coordinates; they must have 2: x and y",
             (int)last);
  op_same_shape(out, points);
  out->dims[out->rank - 1] = in->rank == 4 ? in->dims[3] : -1;
  if (in->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, in->dims[0] == points->dims[0] || in->dims[0] < 0 || points->dims[0] < 0, MOTE_ERR_SHAPE,
             "there are %d images, and points for %d; they must be equally many", (int)in->dims[0],
             (int)points->dims[0]);
  return MOTE_OK;
}

/* The parts of four pixels, in the order of the sum in TensorFlow Addons; a pixel outside the image is 0. */
static void resample(const op_tensor *image, const float *pixels, float x, float y, float *to) {
  const int32_t height = image->dims[1], width = image->dims[2];
  const size_t channels = (size_t)image->dims[3];
  for (size_t k = 0; k < channels; k++) to[k] = 0;
  if (!(x > -1 && y > -1 && x < (float)width && y < (float)height)) return;
  const int32_t left = (int32_t)floorf(x), top = (int32_t)floorf(y);
  const float dx = (float)(left + 1) - x, dy = (float)(top + 1) - y;
  const float part[] = {dx * dy, (1 - dx) * (1 - dy), dx * (1 - dy), (1 - dx) * dy};
  const int32_t at_x[] = {left, left + 1, left, left + 1}, at_y[] = {top, top + 1, top + 1, top};
  for (int i = 0; i < 4; i++) {
    if (at_x[i] < 0 || at_y[i] < 0 || at_x[i] >= width || at_y[i] >= height) continue;
    const float *const from = pixels + ((size_t)at_y[i] * (size_t)width + (size_t)at_x[i]) * channels;
    for (size_t k = 0; k < channels; k++) to[k] += part[i] * from[k];
  }
}

static void resample_some(void *arg, size_t task, int worker) {
  (void)worker;
  const op_ctx *const c = arg;
  const op_tensor *const image = c->in[0], *const points = c->in[1];
  const size_t total = op_span(points, 0, points->rank - 1), each = op_span(points, 1, points->rank - 1);
  const size_t size = op_span(image, 1, 4), channels = (size_t)image->dims[3], begin = task * POINTS_PER_TASK;
  const float *const at = points->data;
  for (size_t i = begin; i < total && i < begin + POINTS_PER_TASK; i++)
    resample(image, (const float *)image->data + i / each * size, at[2 * i], at[2 * i + 1],
             (float *)c->out[0]->data + i * channels);
}

static mote_status run_points(op_ctx *c) {
  const size_t points = op_span(c->in[1], 0, c->in[1]->rank - 1);
  if (op_count(c->out[0])) op_parallel(c, (points + POINTS_PER_TASK - 1) / POINTS_PER_TASK, resample_some, c);
  return MOTE_OK;
}

const mote_op op_resampler = {
    .name = "Resampler",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 f32 > f32",
    .infer = infer_points,
    .run = run_points,
    .notes = "Bilinear at points x, y in pixels, arranged in any shape; outside the image there are zeros.",
};
