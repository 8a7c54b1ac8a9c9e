/* transpose.c: TRANSPOSE: output axis i is input axis perm[i]. The copying, in squares, is kernels/copy.h. */
#include "operators/move.h"

/* Tests the permutation and makes it non-negative. */
static mote_status permutation(op_ctx *c, const int64_t *perm, int32_t count, int32_t rank, int32_t *axes) {
  OP_REQUIRE(c, count == rank, MOTE_ERR_SHAPE, "the permutation has %d axes, but the input has %d dimensions",
             (int)count, (int)rank);
  uint32_t seen = 0;
  for (int32_t i = 0; i < rank; i++) {
    MOTE_TRY(op_axis(c, perm[i], rank, &axes[i]));
    OP_REQUIRE(c, !(seen >> axes[i] & 1), MOTE_ERR_SHAPE, "the permutation names axis %d twice", (int)axes[i]);
    seen |= 1u << axes[i];
  }
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const operand = c->in[1];
  op_tensor *const out = c->out[0];
  int64_t perm[OP_KNOWN_MAX];
  int32_t count, axes[OP_MAX_RANK];
  const bool known = op_ints(c, 1, perm, &count);
  if (in->rank < 0 || !known) {
    const int32_t length = known ? count : operand->rank == 1 ? operand->dims[0] : -1;
    const int32_t rank = in->rank >= 0 ? in->rank : length;
    OP_REQUIRE(c, length < 0 || length == rank, MOTE_ERR_SHAPE,
               "the permutation has %d axes, but the input has %d dimensions", (int)length, (int)rank);
    OP_REQUIRE(c, rank <= OP_MAX_RANK, MOTE_ERR_SHAPE, "%d dimensions are too many; at most %d are supported",
               (int)rank, OP_MAX_RANK);
    move_unknown(out, rank);
    return MOTE_OK;
  }
  MOTE_TRY(permutation(c, perm, count, in->rank, axes));
  out->rank = in->rank;
  for (int32_t i = 0; i < in->rank; i++) out->dims[i] = in->dims[axes[i]];
  return MOTE_OK;
}

static mote_status move(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  int32_t axes[OP_MAX_RANK];
  int64_t from[OP_MAX_RANK], to[OP_MAX_RANK];
  for (int32_t i = 0; i < in->rank; i++) MOTE_TRY(op_axis(c, op_int_at(c->in[1], (size_t)i), in->rank, &axes[i]));
  move_steps(in, from);
  move_steps(out, to);
  copy_plan plan;
  copy_begin(&plan, (size_t)move_element(in->type));
  for (int32_t i = in->rank - 1; i >= 0; i--) copy_axis(&plan, out->dims[i], to[i], from[axes[i]]);
  copy_end(&plan);
  move_run(c, &plan, out->data, in->data);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) { return move_any(c, move); }

const mote_op op_transpose = {
    .name = "TRANSPOSE",
    .code = sch_BuiltinOperator_TRANSPOSE,
    .versions = 9,
    .options = sch_BuiltinOptions_TransposeOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 > =",
    .infer = infer,
    .plan = move_plan,
    .run = run,
    .notes = "Up to 8 dimensions.",
};
