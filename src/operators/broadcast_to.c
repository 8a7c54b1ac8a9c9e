/* broadcast_to.c: BROADCAST_TO repeats a tensor until it has a shape; BROADCAST_ARGS says which shape two have
 * together.
 */
#include "operators/move.h"

static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[0], *shape = c->in[1];
  op_tensor *y = c->out[0];
  int64_t dims[OP_KNOWN_MAX];
  int32_t rank;
  OP_REQUIRE(c, shape->rank < 0 || shape->rank == 1, MOTE_ERR_SHAPE, "the shape must be a list, and has %d dimensions",
             (int)shape->rank);
  y->rank = -1;
  if (!op_ints(c, 1, dims, &rank)) {
    if (shape->rank == 1 && shape->dims[0] >= 0 && shape->dims[0] <= OP_MAX_RANK) move_unknown(y, shape->dims[0]);
    return MOTE_OK;
  }
  OP_REQUIRE(c, rank <= OP_MAX_RANK, MOTE_ERR_SHAPE, "the shape has %d dimensions; at most %d are supported", (int)rank,
             OP_MAX_RANK);
  OP_REQUIRE(c, x->rank <= rank, MOTE_ERR_SHAPE, "%d dimensions cannot become %d", (int)x->rank, (int)rank);
  y->rank = rank;
  for (int32_t i = 0; i < rank; i++) {
    OP_REQUIRE(c, dims[i] >= 0 && dims[i] <= INT32_MAX, MOTE_ERR_SHAPE, "dimension %d of the shape is %lld", (int)i,
               (long long)dims[i]);
    y->dims[i] = (int32_t)dims[i];
    const int32_t from = x->rank < 0 || i < rank - x->rank ? -1 : x->dims[i - (rank - x->rank)];
    OP_REQUIRE(c, from < 0 || from == 1 || from == y->dims[i], MOTE_ERR_SHAPE,
               "dimension %d of the input is %d, which can become nothing but itself, and the shape has %d",
               (int)(i - (rank - x->rank)), (int)from, (int)y->dims[i]);
  }
  return MOTE_OK;
}

static mote_status spread(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  int64_t from[OP_MAX_RANK], to[OP_MAX_RANK];
  copy_plan p;
  move_steps(x, from);
  move_steps(y, to);
  copy_begin(&p, (size_t)move_element(x->type));
  for (int32_t i = y->rank - 1; i >= 0; i--) {
    const int32_t at = i - (y->rank - x->rank);
    copy_axis(&p, y->dims[i], to[i], at < 0 || x->dims[at] != y->dims[i] ? 0 : from[at]);
  }
  copy_end(&p);
  move_run(c, &p, y->data, x->data);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) { return move_any(c, spread); }

const mote_op op_broadcast_to = {
    .name = "BROADCAST_TO",
    .code = sch_BuiltinOperator_BROADCAST_TO,
    .versions = 4,
    .options = sch_BuiltinOptions_BroadcastToOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_TYPES "|i4|i2|u4 i32|i64 > =",
    .infer = infer,
    .plan = move_plan,
    .run = run,
};

/* ---- BROADCAST_ARGS ---- */

static mote_status args_infer(op_ctx *c) {
  int32_t rank = 0;
  for (int i = 0; i < 2; i++) {
    const op_tensor *t = c->in[i];
    OP_REQUIRE(c, t->rank < 0 || t->rank == 1, MOTE_ERR_SHAPE, "a shape is a list, and input %d has %d dimensions", i,
               (int)t->rank);
    const int32_t n = t->rank < 0 ? -1 : t->dims[0];
    rank = n < 0 || rank < 0 ? -1 : n > rank ? n : rank;
  }
  op_set_shape(c->out[0], 1, &rank);
  return MOTE_OK;
}

/* Dimension i of `rank`, counted from the front, of the shape that t holds; what it lacks is 1. */
static int64_t dim_at(const op_tensor *t, int32_t rank, int32_t i) {
  const int32_t at = i - (rank - t->dims[0]);
  return at < 0 ? 1 : op_int_at(t, (size_t)at);
}

static mote_status args_run(op_ctx *c) {
  const op_tensor *y = c->out[0];
  const int32_t rank = y->dims[0];
  for (int32_t i = 0; i < rank; i++) {
    const int64_t a = dim_at(c->in[0], rank, i), b = dim_at(c->in[1], rank, i);
    OP_REQUIRE(c, a == b || a == 1 || b == 1, MOTE_ERR_RUN,
               "shapes do not broadcast: %lld and %lld meet in dimension %d, and neither is 1", (long long)a,
               (long long)b, (int)i);
    const int64_t dim = a == 1 ? b : a;
    if (y->type == MOTE_INT64) ((int64_t *)y->data)[i] = dim;
    else ((int32_t *)y->data)[i] = (int32_t)dim;
  }
  return MOTE_OK;
}

const mote_op op_broadcast_args = {
    .name = "BROADCAST_ARGS",
    .code = sch_BuiltinOperator_BROADCAST_ARGS,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32|i64 = > =",
    .infer = args_infer,
    .run = args_run,
};
