/* image_warp.c: the custom DenseImageWarp: each pixel is taken from where a field of flow says, between four others. */
#include <math.h>

#include "operators/move.h"

static mote_status infer(op_ctx *c) {
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

static mote_status run(op_ctx *c) {
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
    .infer = infer,
    .run = run,
    .notes = "The pixel at y, x comes from y - flow[0], x - flow[1]; the edges continue.",
};
