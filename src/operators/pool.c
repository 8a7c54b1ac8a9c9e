/* pool.c: AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D. Windows are clipped to the image, so padding counts nowhere. */
#include "kernels/pool.h"

#include "operators/op.h"

enum { TASK_ELEMENTS = 16 * 1024 };

typedef struct pool_plan {
  op_window h, w;
} pool_plan;

static const sch_Pool2DOptions *options(const op_ctx *c) { return c->options; }

static bool is_8_bit(mote_type type) { return type == MOTE_INT8 || type == MOTE_UINT8; }

static mote_status check(op_ctx *c) {
  pool_bounds *p = c->params;
  const op_tensor *y = c->out[0];
  const int32_t activation = options(c)->fused_activation_function;
  p->flip = y->type == MOTE_INT8 ? 0x80 : 0;
  if (y->type == MOTE_FLOAT32) return op_activation_f32(c, activation, &p->f_lo, &p->f_hi);
  if (activation != sch_ActivationFunctionType_NONE) MOTE_TRY(op_need_scale(c, y));
  return op_activation_quant(c, activation, y, &p->lo, &p->hi);
}

static mote_status windows(op_ctx *c, op_window *h, op_window *w) {
  const sch_Pool2DOptions *o = options(c);
  const op_tensor *x = c->in[0];
  MOTE_TRY(op_window_of(c, o->padding, x->dims[1], o->filter_height, o->stride_h, 1, h));
  return op_window_of(c, o->padding, x->dims[2], o->filter_width, o->stride_w, 1, w);
}

static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[0];
  op_tensor *y = c->out[0];
  y->rank = -1;
  if (x->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, x->rank == 4, MOTE_ERR_SHAPE,
             "the input must have 4 dimensions (batch, height, width, channels), not %d", (int)x->rank);
  op_window h, w;
  MOTE_TRY(windows(c, &h, &w));
  op_set_shape(y, 4, (const int32_t[]){x->dims[0], h.out, w.out, x->dims[3]});
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  pool_plan *p = c->record;
  return windows(c, &p->h, &p->w);
}

typedef struct walk {
  const pool_plan *plan;
  const sch_Pool2DOptions *options;
  const pool_bounds *bounds;
  pool_fn f;
  const char *x;
  char *y;
  size_t bytes;
  int32_t height, width, channels;
  size_t rows, rows_a_task; /* output rows of all images */
} walk;

/* What of a window that begins at `from` lies in [0, size). */
static size_t clip(int32_t from, int32_t filter, int32_t size, int32_t *first) {
  const int32_t last = from + filter < size ? from + filter : size;
  *first = from > 0 ? from : 0;
  return (size_t)(last - *first);
}

static void pool_row(const walk *k, size_t row) {
  const sch_Pool2DOptions *o = k->options;
  const size_t out_h = (size_t)k->plan->h.out, channels = (size_t)k->channels;
  const size_t image = row / out_h, pixels = (size_t)k->height * (size_t)k->width;
  int32_t y0, x0;
  pool_window window = {.row_step = (size_t)k->width * channels, .channels = channels};
  window.rows = clip((int32_t)(row % out_h) * o->stride_h - k->plan->h.before, o->filter_height, k->height, &y0);
  const char *x = k->x + (image * pixels + (size_t)y0 * (size_t)k->width) * channels * k->bytes;
  char *y = k->y + row * (size_t)k->plan->w.out * channels * k->bytes;
  for (int32_t i = 0; i < k->plan->w.out; i++, y += channels * k->bytes) {
    window.cols = clip(i * o->stride_w - k->plan->w.before, o->filter_width, k->width, &x0);
    k->f(x + (size_t)x0 * channels * k->bytes, &window, y, k->bounds);
  }
}

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const walk *k = arg;
  const size_t first = index * k->rows_a_task;
  const size_t last = k->rows - first < k->rows_a_task ? k->rows : first + k->rows_a_task;
  for (size_t i = first; i < last; i++) pool_row(k, i);
}

typedef struct pooling {
  pool_fn (*kernel)(mote_type type, cpu_level isa);
} pooling;

static pool_fn average(mote_type type, cpu_level isa) {
  return (type == MOTE_FLOAT32 ? pool_average_f32 : is_8_bit(type) ? pool_average_8 : pool_average_16)[isa];
}

static pool_fn max(mote_type type, cpu_level isa) {
  return (type == MOTE_FLOAT32 ? pool_max_f32 : is_8_bit(type) ? pool_max_8 : pool_max_16)[isa];
}

static pool_fn l2(mote_type type, cpu_level isa) {
  (void)type, (void)isa;
  return kern_pool_l2_f32;
}

static mote_status run(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  if (op_count(y) == 0) return MOTE_OK;
  const pooling *const p = c->op->variant;
  walk k = {.plan = c->record, .options = options(c), .bounds = c->params, .x = x->data, .y = y->data};
  k.f = p->kernel(x->type, c->isa);
  k.bytes = (size_t)mote_type_bits(x->type) / 8;
  k.height = x->dims[1], k.width = x->dims[2], k.channels = x->dims[3];
  k.rows = (size_t)y->dims[0] * (size_t)y->dims[1];
  const uint64_t taps = (uint64_t)k.options->filter_height * (uint64_t)k.options->filter_width;
  const uint64_t row = taps * op_span(y, 2, 4);
  k.rows_a_task = row >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / (size_t)row;
  op_parallel(c, (k.rows + k.rows_a_task - 1) / k.rows_a_task, task, &k);
  return MOTE_OK;
}

#define POOL(symbol, code_name, which, version, taken, note)                                                           \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = version,                                                                                             \
      .options = sch_BuiltinOptions_Pool2DOptions,                                                                     \
      .inputs_min = 1,                                                                                                 \
      .inputs_max = 1,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = taken " > =",                                                                                           \
      .params_size = sizeof(pool_bounds),                                                                              \
      .record_size = sizeof(pool_plan),                                                                                \
      .check = check,                                                                                                  \
      .infer = infer,                                                                                                  \
      .plan = plan,                                                                                                    \
      .run = run,                                                                                                      \
      .variant = &(const pooling){which},                                                                              \
      .notes = note,                                                                                                   \
  };

POOL(average_pool_2d, AVERAGE_POOL_2D, average, 3, "f32|i8|u8|i16", "Input and output share one scale.")
POOL(max_pool_2d, MAX_POOL_2D, max, 3, "f32|i8|u8|i16", "Input and output share one scale.")
POOL(l2_pool_2d, L2_POOL_2D, l2, 1, "f32", "The root of the mean of squares.")
