/* arg.c: ARG_MAX and ARG_MIN: where along an axis the largest or smallest element is.
 *
 * The first of equals wins. NaN is passed over; a row of nothing but NaN gives 0, as in the reference.
 */
#include "kernels/reduce.h"
#include "operators/op.h"

enum { BLOCK = 256, TASK_ELEMENTS = 16 * 1024 };

/* The input is outer x n x inner. */
typedef struct arg_plan {
  uint64_t outer, n, inner;
} arg_plan;

static mote_status axis_of(op_ctx *c, int32_t *axis, bool *known) {
  const op_tensor *x = c->in[0], *t = c->in[1];
  *known = x->rank >= 0 && op_shape_known(t) && t->data;
  if (op_shape_known(t))
    OP_REQUIRE(c, op_count(t) == 1, MOTE_ERR_SHAPE, "the axis must be one number, and %zu are given", op_count(t));
  return *known ? op_axis(c, op_int_at(t, 0), x->rank, axis) : MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[0];
  op_tensor *y = c->out[0];
  int32_t axis;
  bool known;
  MOTE_TRY(axis_of(c, &axis, &known));
  y->rank = -1;
  if (!known) return MOTE_OK;
  y->rank = 0;
  for (int32_t i = 0; i < x->rank; i++)
    if (i != axis) y->dims[y->rank++] = x->dims[i];
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  const op_tensor *x = c->in[0];
  arg_plan *p = c->record;
  int32_t axis;
  bool known;
  MOTE_TRY(axis_of(c, &axis, &known));
  p->outer = op_span(x, 0, axis);
  p->n = (uint64_t)x->dims[axis];
  p->inner = op_span(x, axis + 1, x->rank);
  OP_REQUIRE(c, p->n > 0 || p->outer == 0 || p->inner == 0, MOTE_ERR_SHAPE,
             "dimension %d has no elements, so none of them is the largest or smallest", (int)axis);
  return MOTE_OK;
}

typedef struct walk {
  reduce_arg_fn find;
  const char *x;
  void *y;
  size_t bytes;
  bool wide;
  reduce_shape shape;         /* but for its rows */
  size_t width, blocks;       /* outputs side by side, and blocks of them */
  size_t outer_step;          /* elements from one row of outputs to the next */
  size_t units, units_a_task; /* blocks in all, and in a task */
} walk;

/* One block of outputs that lie side by side. */
static void unit(const walk *w, size_t index) {
  int32_t at[BLOCK];
  const size_t row = index / w->blocks, first = index % w->blocks * BLOCK, rest = w->width - first;
  reduce_shape shape = w->shape;
  shape.rows = rest < BLOCK ? rest : BLOCK;
  w->find(at, w->x + (row * w->outer_step + first * shape.row_step) * w->bytes, &shape);
  const size_t to = row * w->width + first;
  for (size_t i = 0; i < shape.rows; i++) {
    if (w->wide) ((int64_t *)w->y)[to + i] = at[i];
    else ((int32_t *)w->y)[to + i] = at[i];
  }
}

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const walk *w = arg;
  const size_t first = index * w->units_a_task;
  const size_t last = w->units - first < w->units_a_task ? w->units : first + w->units_a_task;
  for (size_t i = first; i < last; i++) unit(w, i);
}

/* What turns elements into ones that the search for the largest is right for. */
static int32_t flip_of(const op_ctx *c) {
  const mote_type type = c->in[0]->type;
  const bool min = c->op->code == sch_BuiltinOperator_ARG_MIN;
  switch ((int)type) {
    case MOTE_FLOAT32: return min ? INT32_MIN : 0;
    case MOTE_INT32: return min ? -1 : 0;
    default: return (type == MOTE_INT8 ? 0x80 : 0) ^ (min ? 0xff : 0);
  }
}

static mote_status run(op_ctx *c) {
  const arg_plan *p = c->record;
  const mote_type type = c->in[0]->type;
  const size_t outputs = op_count(c->out[0]), n = (size_t)p->n, inner = (size_t)p->inner;
  if (outputs == 0) return MOTE_OK;
  walk w = {.x = c->in[0]->data, .y = c->out[0]->data, .wide = c->out[0]->type == MOTE_INT64};
  w.find = (type == MOTE_FLOAT32 ? reduce_arg_max_f32
            : type == MOTE_INT32 ? reduce_arg_max_32
                                 : reduce_arg_max_8)[c->isa];
  w.bytes = (size_t)mote_type_bits(type) / 8;
  /* Along the last axis the rows themselves lie side by side. */
  w.width = inner == 1 ? outputs : inner;
  w.shape = (reduce_shape){.row_step = inner == 1 ? n : 1, .n = n, .step = inner, .flip = flip_of(c)};
  w.outer_step = n * inner;
  w.blocks = (w.width + BLOCK - 1) / BLOCK;
  w.units = outputs / w.width * w.blocks;
  w.units_a_task = TASK_ELEMENTS / (n * (w.width < BLOCK ? w.width : BLOCK)) + 1;
  op_parallel(c, (w.units + w.units_a_task - 1) / w.units_a_task, task, &w);
  return MOTE_OK;
}

#define ARG(symbol, code_name, table)                                                                                  \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = 3,                                                                                                   \
      .options = sch_BuiltinOptions_##table,                                                                           \
      .inputs_min = 2,                                                                                                 \
      .inputs_max = 2,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = "f32|u8|i8|i32|bool i32|i64 > i32|i64",                                                                 \
      .record_size = sizeof(arg_plan),                                                                                 \
      .infer = infer,                                                                                                  \
      .plan = plan,                                                                                                    \
      .run = run,                                                                                                      \
      .notes = "The first of equals wins; NaN is passed over.",                                                        \
  };

ARG(arg_max, ARG_MAX, ArgMaxOptions)
ARG(arg_min, ARG_MIN, ArgMinOptions)
