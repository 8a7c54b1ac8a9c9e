/* resize.c: RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR of images [batch, height, width, channels].
 *
 * The grids, with out > 1 where corners are aligned:
 *   plain           input position = i * in / out
 *   half pixel      input position = (i + 1/2) * in / out - 1/2     (nearest: without the last term)
 *   align corners   input position = i * (in - 1) / (out - 1)       (nearest: with half pixel, of i + 1/2)
 */
#include <math.h>
#include <string.h>

#include "base/fixed.h"
#include "base/size.h"
#include "kernels/resize.h"
#include "operators/move.h"

enum { TASK_ELEMENTS = 16 * 1024 }; /* of the output; less is not worth a thread */

typedef struct grid {
  bool align, half;
} grid;

static mote_status infer(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const operand = c->in[1];
  op_tensor *const out = c->out[0];
  OP_REQUIRE(c, in->rank == 4 || in->rank < 0, MOTE_ERR_SHAPE,
             "the input has %d dimensions; it must have 4: batch, height, width, channels", (int)in->rank);
  OP_REQUIRE(c, operand->rank < 0 || (operand->rank == 1 && (operand->dims[0] == 2 || operand->dims[0] < 0)),
             MOTE_ERR_SHAPE, "the size must be a vector of two numbers: height and width");
  move_unknown(out, 4);
  if (in->rank == 4) {
    out->dims[0] = in->dims[0];
    out->dims[3] = in->dims[3];
  }
  int64_t size[OP_KNOWN_MAX];
  int32_t count;
  if (!op_ints(c, 1, size, &count)) return MOTE_OK;
  OP_REQUIRE(c, count == 2 && size[0] >= 1 && size[1] >= 1, MOTE_ERR_SHAPE,
             "the new size is %lld x %lld; both must be at least 1", (long long)size[0], (long long)size[1]);
  for (int32_t i = 1; i <= 2; i++) {
    OP_REQUIRE(c, in->rank < 0 || in->dims[i] != 0, MOTE_ERR_SHAPE, "dimension %d is 0; there is nothing to resize",
               (int)i);
    out->dims[i] = (int32_t)size[i - 1];
  }
  size_t elements;
  OP_REQUIRE(c, !op_shape_known(out) || size_dims(out->dims, out->rank, &elements), MOTE_ERR_SHAPE,
             "the result has more elements than memory can hold");
  return MOTE_OK;
}

/* Input positions per output position, in float as the reference computes it. */
static float scale_of(int32_t in, int32_t out, bool align) {
  return align && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
}

/* One resize in progress; rows are all rows of all images. */
typedef struct job {
  const op_tensor *in, *out;
  grid grid;
  bool integer;        /* positions are fixed-point */
  resize_fn bilinear;  /* NULL for nearest */
  const void *columns; /* [out width]: resize_tap, or int32_t for nearest */
  size_t rows, tasks;
} job;

static void run_rows(op_ctx *c, job *j, void (*task)(void *arg, size_t task, int worker)) {
  const op_tensor *const out = j->out;
  j->rows = op_span(out, 0, 2);
  const size_t wanted = op_count(out) / TASK_ELEMENTS;
  j->tasks = wanted < 1 ? 1 : wanted > j->rows ? j->rows : wanted;
  if (op_count(out)) op_parallel(c, j->tasks, task, j);
}

/* ---- RESIZE_BILINEAR ---- */

/* Both forms of the position i. Positions are held within the input, where rounding could carry them out of it. */
static resize_tap tap_at(int32_t i, int32_t in, int32_t out, grid g, bool integer) {
  resize_tap t = {0};
  if (integer) {
    const int64_t step = g.align && out > 1 ? (((int64_t)in - 1) * 1024 + (out - 1) / 2) / (out - 1)
                                            : ((int64_t)in * 1024 + out / 2) / out;
    const int64_t at = i * step + (g.half ? step / 2 - 512 : 0);
    t.lo = fx_clamp(at / 1024, 0, in - 1);
    t.hi = fx_clamp((at + 1023) / 1024, 0, in - 1);
    /* between two equal elements every weight gives the same */
    t.fixed = t.lo == t.hi ? 0 : (int32_t)(at - (int64_t)t.lo * 1024);
    return t;
  }
  const float scale = scale_of(in, out, g.align);
  const float at = g.half ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale;
  t.lo = fx_clamp(fx_to_i32((double)floorf(at)), 0, in - 1);
  t.hi = fx_clamp(fx_to_i32((double)ceilf(at)), 0, in - 1);
  t.weight = at - (float)t.lo;
  return t;
}

static void bilinear_task(void *arg, size_t task, int worker) {
  (void)worker;
  const job *const j = arg;
  const op_tensor *const in = j->in, *const out = j->out;
  const int32_t height = out->dims[1], width = out->dims[2], channels = out->dims[3];
  const size_t pixel = (size_t)(channels * move_element(in->type));
  const size_t in_row = (size_t)in->dims[2] * pixel, out_row = (size_t)width * pixel;
  for (size_t row = j->rows * task / j->tasks; row < j->rows * (task + 1) / j->tasks; row++) {
    const resize_tap y = tap_at((int32_t)(row % (size_t)height), in->dims[1], height, j->grid, j->integer);
    const char *const image = (const char *)in->data + row / (size_t)height * (size_t)in->dims[1] * in_row;
    j->bilinear((char *)out->data + row * out_row, image + (size_t)y.lo * in_row, image + (size_t)y.hi * in_row, &y,
                j->columns, width, channels);
  }
}

static resize_fn bilinear_kernel(mote_type type, cpu_level level) {
  switch (type) {
    case MOTE_UINT8: return resize_u8[level];
    case MOTE_INT8: return resize_s8[level];
    case MOTE_INT16: return resize_s16;
    default: return resize_f32[level];
  }
}

static grid bilinear_grid(const op_ctx *c) {
  const sch_ResizeBilinearOptions *const o = c->options;
  return (grid){o->align_corners, o->half_pixel_centers};
}

static mote_status bilinear_check(op_ctx *c) {
  const grid g = bilinear_grid(c);
  OP_REQUIRE(c, !(g.align && g.half), MOTE_ERR_MODEL,
             "align_corners and half_pixel_centers are both set; they name different grids");
  return MOTE_OK;
}

static mote_status bilinear_plan(op_ctx *c) {
  c->scratch_size = (size_t)c->out[0]->dims[2] * sizeof(resize_tap);
  c->macs = (uint64_t)op_count(c->out[0]) * 4;
  return MOTE_OK;
}

static mote_status bilinear_run(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  const bool integer = in->type == MOTE_INT8 || in->type == MOTE_INT16;
  resize_tap *const columns = c->scratch;
  job j = {.in = in, .out = out, .grid = bilinear_grid(c), .integer = integer, .columns = columns};
  j.bilinear = bilinear_kernel(in->type, c->isa);
  for (int32_t i = 0; i < out->dims[2]; i++) columns[i] = tap_at(i, in->dims[2], out->dims[2], j.grid, integer);
  run_rows(c, &j, bilinear_task);
  return MOTE_OK;
}

const mote_op op_resize_bilinear = {
    .name = "RESIZE_BILINEAR",
    .code = sch_BuiltinOperator_RESIZE_BILINEAR,
    .versions = 4,
    .options = sch_BuiltinOptions_ResizeBilinearOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|u8|i8|i16 i32 > =",
    .check = bilinear_check,
    .infer = infer,
    .plan = bilinear_plan,
    .run = bilinear_run,
    .notes = "Elements are interpolated as they are; quantization is carried over.",
};

/* ---- RESIZE_NEAREST_NEIGHBOR ---- */

static int32_t nearest_at(int32_t i, int32_t in, int32_t out, grid g) {
  const float at = ((float)i + (g.half ? 0.5f : 0.0f)) * scale_of(in, out, g.align);
  return fx_clamp(fx_to_i32(g.align ? fx_round((double)at) : (double)floorf(at)), 0, in - 1);
}

static void nearest_task(void *arg, size_t task, int worker) {
  (void)worker;
  const job *const j = arg;
  const op_tensor *const in = j->in, *const out = j->out;
  const size_t height = (size_t)out->dims[1];
  const size_t pixel = (size_t)(in->dims[3] * move_element(in->type));
  const size_t in_row = (size_t)in->dims[2] * pixel, out_row = (size_t)out->dims[2] * pixel;
  const char *last = NULL; /* the input row that the output row before was made of */
  for (size_t row = j->rows * task / j->tasks; row < j->rows * (task + 1) / j->tasks; row++) {
    const int32_t y = nearest_at((int32_t)(row % height), in->dims[1], out->dims[1], j->grid);
    const char *const from = (const char *)in->data + (row / height * (size_t)in->dims[1] + (size_t)y) * in_row;
    char *const to = (char *)out->data + row * out_row;
    if (from == last) memcpy(to, to - out_row, out_row);
    else copy_picked(to, from, j->columns, out->dims[2], (int64_t)pixel);
    last = from;
  }
}

static grid nearest_grid(const op_ctx *c) {
  const sch_ResizeNearestNeighborOptions *const o = c->options;
  return (grid){o->align_corners, o->half_pixel_centers};
}

static mote_status nearest_plan(op_ctx *c) {
  c->scratch_size = (size_t)c->out[0]->dims[2] * sizeof(int32_t);
  return MOTE_OK;
}

static mote_status nearest_run(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  int32_t *const columns = c->scratch;
  job j = {.in = in, .out = out, .grid = nearest_grid(c), .columns = columns};
  for (int32_t i = 0; i < out->dims[2]; i++) columns[i] = nearest_at(i, in->dims[2], out->dims[2], j.grid);
  run_rows(c, &j, nearest_task);
  return MOTE_OK;
}

const mote_op op_resize_nearest_neighbor = {
    .name = "RESIZE_NEAREST_NEIGHBOR",
    .code = sch_BuiltinOperator_RESIZE_NEAREST_NEIGHBOR,
    .versions = 4,
    .options = sch_BuiltinOptions_ResizeNearestNeighborOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|u8|i8|i16 i32 > =",
    .infer = infer,
    .plan = nearest_plan,
    .run = nearest_run,
    .notes = "Elements are copied as they are.",
};
