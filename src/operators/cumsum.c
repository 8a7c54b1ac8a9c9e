/* cumsum.c: CUMSUM: running sums along one axis, from either end, with or without the element itself. */
#include "operators/op.h"

static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[0], *t = c->in[1];
  OP_REQUIRE(c, !op_shape_known(t) || op_count(t) == 1, MOTE_ERR_SHAPE,
             "the axis must be one number, and %zu are given", op_shape_known(t) ? op_count(t) : 0);
  int64_t axis;
  int32_t count, at;
  if (x->rank >= 0 && op_ints(c, 1, &axis, &count)) MOTE_TRY(op_axis(c, axis, x->rank, &at));
  op_same_shape(c->out[0], x);
  return MOTE_OK;
}

/* The input is outer x n x inner; a task is one outer index. */
typedef struct walk {
  const op_tensor *x, *y;
  size_t n, inner;
  bool exclusive, reverse;
} walk;

/* Integer sums wrap. Columns lie side by side, so rows of them are added whole; a single column is one running sum. */
#define SUM(T, U)                                                                                                      \
  if (w->inner == 1) {                                                                                                 \
    const T *x = (const T *)w->x->data + index * w->n;                                                                 \
    T *y = (T *)w->y->data + index * w->n, sum = 0;                                                                    \
    for (size_t i = 0; i < w->n; i++) {                                                                                \
      const size_t at = w->reverse ? w->n - 1 - i : i;                                                                 \
      const T next = (T)((U)sum + (U)x[at]);                                                                           \
      y[at] = w->exclusive ? sum : next;                                                                               \
      sum = next;                                                                                                      \
    }                                                                                                                  \
    break;                                                                                                             \
  }                                                                                                                    \
  for (size_t i = 0; i < w->n; i++) {                                                                                  \
    const size_t at = (index * w->n + (w->reverse ? w->n - 1 - i : i)) * w->inner;                                     \
    const size_t before = w->reverse ? at + w->inner : at - w->inner; /* meaningless at i = 0, and not read then */    \
    const T *x = (const T *)w->x->data;                                                                                \
    T *y = (T *)w->y->data;                                                                                            \
    for (size_t k = 0; k < w->inner; k++) {                                                                            \
      const T add = w->exclusive ? (i ? x[before + k] : 0) : x[at + k];                                                \
      y[at + k] = i ? (T)((U)y[before + k] + (U)add) : add;                                                            \
    }                                                                                                                  \
  }                                                                                                                    \
  break

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const walk *w = arg;
  switch ((int)w->x->type) {
    case MOTE_FLOAT32: SUM(float, float);
    case MOTE_INT32: SUM(int32_t, uint32_t);
    default: SUM(int64_t, uint64_t);
  }
}

static mote_status run(op_ctx *c) {
  const sch_CumsumOptions *o = c->options;
  const op_tensor *x = c->in[0];
  int32_t axis;
  MOTE_TRY(op_axis(c, op_int_at(c->in[1], 0), x->rank, &axis));
  walk w = {.x = x, .y = c->out[0], .exclusive = o->exclusive, .reverse = o->reverse};
  w.n = (size_t)x->dims[axis];
  w.inner = op_span(x, axis + 1, x->rank);
  if (op_count(x)) op_parallel(c, op_span(x, 0, axis), task, &w);
  return MOTE_OK;
}

const mote_op op_cumsum = {
    .name = "CUMSUM",
    .code = sch_BuiltinOperator_CUMSUM,
    .versions = 1,
    .options = sch_BuiltinOptions_CumsumOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|i32|i64 i32 > =",
    .infer = infer,
    .run = run,
    .notes = "Integers wrap.",
};
