/* arg.c: ARG_MAX: where along an axis the largest element is.
 *
 * The first of equals wins. NaN is passed over; a row of nothing but NaN gives 0, as in the reference.
 */
#include "operators/op.h"

enum { TASK_ELEMENTS = 16 * 1024 };

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
             "dimension %d has no elements, so none of them is the largest", (int)axis);
  return MOTE_OK;
}

/* Index of the largest of n elements that lie `step` apart. */
#define ARG_MAX_OF(name, type)                                                                                         \
  static int64_t name(const void *data, size_t n, size_t step) {                                                       \
    const type *x = data;                                                                                              \
    type best = x[0];                                                                                                  \
    size_t at = 0;                                                                                                     \
    for (size_t i = 1; i < n; i++) {                                                                                   \
      const type v = x[i * step];                                                                                      \
      if (v > best || (best != best && v == v)) best = v, at = i;                                                      \
    }                                                                                                                  \
    return (int64_t)at;                                                                                                \
  }

ARG_MAX_OF(arg_max_f32, float)
ARG_MAX_OF(arg_max_i8, int8_t)
ARG_MAX_OF(arg_max_u8, uint8_t)
ARG_MAX_OF(arg_max_i32, int32_t)

typedef struct walk {
  const arg_plan *plan;
  int64_t (*find)(const void *data, size_t n, size_t step);
  const char *x;
  void *y;
  size_t bytes, outputs, outputs_a_task;
  bool wide;
} walk;

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const walk *w = arg;
  const size_t n = (size_t)w->plan->n, inner = (size_t)w->plan->inner, first = index * w->outputs_a_task;
  const size_t last = w->outputs - first < w->outputs_a_task ? w->outputs : first + w->outputs_a_task;
  for (size_t i = first; i < last; i++) {
    const int64_t at = w->find(w->x + (i / inner * n * inner + i % inner) * w->bytes, n, inner);
    if (w->wide) ((int64_t *)w->y)[i] = at;
    else ((int32_t *)w->y)[i] = (int32_t)at;
  }
}

static mote_status run(op_ctx *c) {
  const arg_plan *p = c->record;
  const mote_type type = c->in[0]->type;
  walk w = {.plan = p, .x = c->in[0]->data, .y = c->out[0]->data, .outputs = op_count(c->out[0])};
  w.find = type == MOTE_FLOAT32 ? arg_max_f32
           : type == MOTE_INT32 ? arg_max_i32
           : type == MOTE_INT8  ? arg_max_i8
                                : arg_max_u8;
  w.bytes = (size_t)mote_type_bits(type) / 8;
  w.wide = c->out[0]->type == MOTE_INT64;
  w.outputs_a_task = TASK_ELEMENTS / ((size_t)p->n + 1) + 1;
  op_parallel(c, (w.outputs + w.outputs_a_task - 1) / w.outputs_a_task, task, &w);
  return MOTE_OK;
}

const mote_op op_arg_max = {
    .name = "ARG_MAX",
    .code = sch_BuiltinOperator_ARG_MAX,
    .versions = 3,
    .options = sch_BuiltinOptions_ArgMaxOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|u8|i8|i32|bool i32|i64 > i32|i64",
    .record_size = sizeof(arg_plan),
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "The first of equals wins; NaN is passed over.",
};
