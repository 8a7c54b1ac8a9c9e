/* normalize.c: L2_NORMALIZATION, and LOCAL_RESPONSE_NORMALIZATION over neighbouring channels. */
#include <math.h>

#include "base/fixed.h"
#include "operators/op.h"

enum { TASK_ELEMENTS = 16 * 1024 };

typedef void (*row_fn)(const op_ctx *c, const void *x, void *y, size_t n);

/* ---- rows of the last dimension ---- */

typedef struct job {
  const op_ctx *c;
  row_fn f;
  size_t rows, depth, bytes, rows_a_task;
} job;

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const job *j = arg;
  const size_t first = index * j->rows_a_task, step = j->depth * j->bytes;
  const size_t last = j->rows - first < j->rows_a_task ? j->rows : first + j->rows_a_task;
  for (size_t i = first; i < last; i++)
    j->f(j->c, (const char *)j->c->in[0]->data + i * step, (char *)j->c->out[0]->data + i * step, j->depth);
}

static void run_rows(op_ctx *c, row_fn f) {
  const op_tensor *x = c->in[0];
  job j = {.c = c, .f = f, .rows = op_span(x, 0, x->rank - 1), .depth = (size_t)x->dims[x->rank - 1]};
  if (!j.rows || !j.depth) return;
  j.bytes = (size_t)mote_type_bits(x->type) / 8;
  j.rows_a_task = TASK_ELEMENTS / j.depth + 1;
  op_parallel(c, (j.rows + j.rows_a_task - 1) / j.rows_a_task, task, &j);
}

/* ---- L2_NORMALIZATION ---- */

static mote_status l2_check(op_ctx *c) {
  const op_tensor *y = c->out[0];
  const int32_t activation = ((const sch_L2NormOptions *)c->options)->fused_activation_function;
  OP_REQUIRE(c, activation == sch_ActivationFunctionType_NONE, MOTE_ERR_MODEL,
             "no activation can be fused, and here it is %d", (int)activation);
  if (y->type == MOTE_FLOAT32) return MOTE_OK;
  MOTE_TRY(op_need_scale(c, c->in[0]));
  const int32_t zero_point = y->type == MOTE_INT8 ? 0 : 128;
  OP_REQUIRE(c, y->scale == 1.0f / 128 && y->zero_point == zero_point, MOTE_ERR_MODEL,
             "the output has scale %g and zero point %d; %s needs 1/128 and %d", (double)y->scale, (int)y->zero_point,
             mote_type_name(y->type), (int)zero_point);
  return MOTE_OK;
}

static mote_status l2_infer(op_ctx *c) {
  OP_REQUIRE(c, c->in[0]->rank != 0, MOTE_ERR_SHAPE, "a scalar has no last dimension to go over");
  op_same_shape(c->out[0], c->in[0]);
  return MOTE_OK;
}

static void l2_f32(const op_ctx *c, const void *vx, void *vy, size_t n) {
  const float *x = vx, least = 1e-6f;
  float *y = vy, sum = 0;
  (void)c;
  for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
  const float norm = sqrtf(sum), divisor = norm > least ? norm : least;
  for (size_t i = 0; i < n; i++) y[i] = x[i] / divisor;
}

static void l2_8(const op_ctx *c, const void *vx, void *vy, size_t n) {
  const uint8_t *x = vx, flip = c->in[0]->type == MOTE_INT8 ? 0x80 : 0;
  const int32_t zero = c->in[0]->zero_point + flip;
  uint8_t *y = vy;
  uint32_t sum = 0;
  for (size_t i = 0; i < n; i++) {
    const int32_t d = (x[i] ^ flip) - zero;
    sum += (uint32_t)(d * d);
  }
  fx_mult root = fx_inv_sqrt((int32_t)sum, -1);
  const int32_t up = flip ? 1 : 128; /* where the factor 128 of the output's scale comes in decides how halves round */
  if (flip) root.shift += 7;
  for (size_t i = 0; i < n; i++) {
    const int32_t q = fx_mbqm(up * ((x[i] ^ flip) - zero), root);
    y[i] = (uint8_t)((uint8_t)fx_clamp((int64_t)q + 128, 0, UINT8_MAX) ^ flip);
  }
}

static mote_status l2_run(op_ctx *c) {
  run_rows(c, c->in[0]->type == MOTE_FLOAT32 ? l2_f32 : l2_8);
  return MOTE_OK;
}

const mote_op op_l2_normalization = {
    .name = "L2_NORMALIZATION",
    .code = sch_BuiltinOperator_L2_NORMALIZATION,
    .versions = 2,
    .options = sch_BuiltinOptions_L2NormOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|i8|u8 > =",
    .traits = OP_INPLACE_0,
    .check = l2_check,
    .infer = l2_infer,
    .run = l2_run,
    .notes = "Goes over the last dimension; in 8 bits the output scale is 1/128.",
};

/* ---- LOCAL_RESPONSE_NORMALIZATION ---- */

static mote_status lrn_check(op_ctx *c) {
  const int32_t radius = ((const sch_LocalResponseNormalizationOptions *)c->options)->radius;
  OP_REQUIRE(c, radius >= 0, MOTE_ERR_MODEL, "the radius is %d; it must be 0 or more", (int)radius);
  return MOTE_OK;
}

static mote_status lrn_infer(op_ctx *c) {
  const op_tensor *x = c->in[0];
  OP_REQUIRE(c, x->rank < 0 || x->rank == 4, MOTE_ERR_SHAPE,
             "the input must have 4 dimensions (batch, height, width, channels), not %d", (int)x->rank);
  op_same_shape(c->out[0], x);
  return MOTE_OK;
}

/* The window of channel i is [i - radius, i + radius], clipped; its sum moves along with it. */
static void lrn_row(const op_ctx *c, const void *vx, void *vy, size_t n) {
  const sch_LocalResponseNormalizationOptions *o = c->options;
  const float *x = vx;
  float *y = vy;
  const size_t radius = (size_t)o->radius;
  double sum = 0; /* what leaves takes away exactly what came, but for double's rounding */
  for (size_t i = 0; i < n && i < radius; i++) sum += (double)x[i] * (double)x[i];
  for (size_t i = 0; i < n; i++) {
    if (radius < n - i) sum += (double)x[i + radius] * (double)x[i + radius];
    y[i] = x[i] * powf(o->bias + o->alpha * (float)sum, -o->beta);
    if (i >= radius) sum -= (double)x[i - radius] * (double)x[i - radius];
  }
}

static mote_status lrn_run(op_ctx *c) {
  run_rows(c, lrn_row);
  return MOTE_OK;
}

const mote_op op_local_response_normalization = {
    .name = "LOCAL_RESPONSE_NORMALIZATION",
    .code = sch_BuiltinOperator_LOCAL_RESPONSE_NORMALIZATION,
    .versions = 1,
    .options = sch_BuiltinOptions_LocalResponseNormalizationOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 > f32",
    .check = lrn_check,
    .infer = lrn_infer,
    .run = lrn_run,
    .notes = "The window of a channel reaches as far to both sides.",
};
