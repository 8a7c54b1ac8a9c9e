/* tile.c: TILE repeats the input along each axis. */
#include "base/size.h"
#include "operators/move.h"

static mote_status infer(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const operand = c->in[1];
  op_tensor *const out = c->out[0];
  int64_t times[OP_KNOWN_MAX];
  int32_t count;
  const bool known = op_ints(c, 1, times, &count);
  if (!known) count = operand->rank == 1 ? operand->dims[0] : -1;
  OP_REQUIRE(c, count < 0 || in->rank < 0 || count == in->rank, MOTE_ERR_SHAPE,
             "there are %d multiples for %d dimensions", (int)count, (int)in->rank);
  OP_REQUIRE(c, count <= OP_MAX_RANK, MOTE_ERR_SHAPE, "%d dimensions are too many; at most %d are supported",
             (int)count, OP_MAX_RANK);
  move_unknown(out, in->rank >= 0 ? in->rank : count);
  for (int32_t i = 0; known && i < count; i++) {
    OP_REQUIRE(c, times[i] >= 0, MOTE_ERR_SHAPE, "multiple %d is %lld; it must not be negative", (int)i,
               (long long)times[i]);
    if (in->rank < 0 || in->dims[i] < 0) continue;
    OP_REQUIRE(c, in->dims[i] == 0 || times[i] <= INT32_MAX / in->dims[i], MOTE_ERR_SHAPE,
               "dimension %d of %d repeated %lld times is larger than %d", (int)i, (int)in->dims[i],
               (long long)times[i], INT32_MAX);
    out->dims[i] = in->dims[i] ? (int32_t)(in->dims[i] * times[i]) : 0;
  }
  size_t elements;
  OP_REQUIRE(c, !op_shape_known(out) || size_dims(out->dims, out->rank, &elements), MOTE_ERR_SHAPE,
             "the result has more elements than memory can hold");
  return MOTE_OK;
}

/* Each axis becomes two: which repetition, and which element, with a step of 0 in the input for the first. */
static mote_status move(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  int64_t from[OP_MAX_RANK], to[OP_MAX_RANK];
  move_steps(in, from);
  move_steps(out, to);
  copy_plan plan;
  copy_begin(&plan, (size_t)move_element(in->type));
  for (int32_t i = in->rank - 1; i >= 0; i--) {
    copy_axis(&plan, in->dims[i], to[i], from[i]);
    if (in->dims[i]) copy_axis(&plan, out->dims[i] / in->dims[i], to[i] * in->dims[i], 0);
  }
  copy_end(&plan);
  move_run(c, &plan, out->data, in->data);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) { return move_any(c, move); }

const mote_op op_tile = {
    .name = "TILE",
    .code = sch_BuiltinOperator_TILE,
    .versions = 3,
    .options = sch_BuiltinOptions_TileOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 > =",
    .infer = infer,
    .plan = move_plan,
    .run = run,
    .notes = "Multiples may be computed in the run.",
};
