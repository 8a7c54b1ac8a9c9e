/* transpose.c: TRANSPOSE and STABLEHLO_TRANSPOSE: output axis i is input axis perm[i]; STABLEHLO_BROADCAST_IN_DIM:
 * input axis i is output axis dims[i], and the others repeat it. The copying, in squares, is kernels/copy.h.
 */
#include <string.h>

#include "operators/move.h"

/* The permutation, of the operand or the options; false while it is not known. */
static bool wanted_axes(const op_ctx *c, int64_t *perm, int32_t *count) {
  if (c->op->options_2 != sch_BuiltinOptions2_StablehloTransposeOptions) return op_ints(c, 1, perm, count);
  const sch_i64s option = ((const sch_StablehloTransposeOptions *)c->options)->permutation;
  *count = option.count > OP_KNOWN_MAX ? OP_KNOWN_MAX : (int32_t)option.count;
  if (*count) memcpy(perm, option.data, (size_t)*count * sizeof *perm);
  return true;
}

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
  const op_tensor *const in = c->in[0];
  op_tensor *const out = c->out[0];
  int64_t perm[OP_KNOWN_MAX];
  int32_t count, axes[OP_MAX_RANK];
  const bool known = wanted_axes(c, perm, &count);
  if (in->rank < 0 || !known) {
    const int32_t length = known ? count : c->in[1]->rank == 1 ? c->in[1]->dims[0] : -1;
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
  int32_t axes[OP_MAX_RANK], count;
  int64_t from[OP_MAX_RANK], to[OP_MAX_RANK], perm[OP_KNOWN_MAX];
  wanted_axes(c, perm, &count);
  MOTE_TRY(permutation(c, perm, count, in->rank, axes));
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

const mote_op op_stablehlo_transpose = {
    .name = "STABLEHLO_TRANSPOSE",
    .code = sch_BuiltinOperator_STABLEHLO_TRANSPOSE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloTransposeOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " > =",
    .infer = infer,
    .plan = move_plan,
    .run = run,
    .notes = "The permutation is an option.",
};

/* ---- STABLEHLO_BROADCAST_IN_DIM: the shape is the one that the file declares for the output ---- */

static mote_status broadcast_infer(op_ctx *c) {
  const sch_i64s dims = ((const sch_StablehloBroadcastInDimOptions *)c->options)->broadcast_dimensions;
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  OP_REQUIRE(c, op_shape_known(out), MOTE_ERR_SHAPE, "the file must declare the output's shape in full");
  OP_REQUIRE(c, in->rank < 0 || dims.count == (uint32_t)in->rank, MOTE_ERR_MODEL,
             "broadcast_dimensions names %u dimensions for the input's %d", (unsigned)dims.count, (int)in->rank);
  uint32_t seen = 0;
  for (int32_t i = 0; i < in->rank; i++) {
    const int64_t to = dims.data[i];
    OP_REQUIRE(c, to >= 0 && to < out->rank && !(seen >> to & 1), MOTE_ERR_MODEL,
               "broadcast_dimensions sends dimension %d to %lld; the output has %d, and each can be named once", (int)i,
               (long long)to, (int)out->rank);
    seen |= 1u << to;
    OP_REQUIRE(c, in->dims[i] == 1 || in->dims[i] < 0 || in->dims[i] == out->dims[to], MOTE_ERR_SHAPE,
               "dimension %d of the input is %d and cannot be repeated to fill the output's %d", (int)i,
               (int)in->dims[i], (int)out->dims[to]);
  }
  return MOTE_OK;
}

static mote_status broadcast_move(op_ctx *c) {
  const sch_i64s dims = ((const sch_StablehloBroadcastInDimOptions *)c->options)->broadcast_dimensions;
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  int64_t from[OP_MAX_RANK], to[OP_MAX_RANK], step[OP_MAX_RANK] = {0};
  move_steps(in, from);
  move_steps(out, to);
  for (int32_t i = 0; i < in->rank; i++) step[dims.data[i]] = in->dims[i] == 1 ? 0 : from[i];
  copy_plan plan;
  copy_begin(&plan, (size_t)move_element(in->type));
  for (int32_t i = out->rank - 1; i >= 0; i--) copy_axis(&plan, out->dims[i], to[i], step[i]);
  copy_end(&plan);
  move_run(c, &plan, out->data, in->data);
  return MOTE_OK;
}

static mote_status broadcast_run(op_ctx *c) { return move_any(c, broadcast_move); }

const mote_op op_stablehlo_broadcast_in_dim = {
    .name = "STABLEHLO_BROADCAST_IN_DIM",
    .code = sch_BuiltinOperator_STABLEHLO_BROADCAST_IN_DIM,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloBroadcastInDimOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " > =",
    .infer = broadcast_infer,
    .plan = move_plan,
    .run = broadcast_run,
    .notes = "The shape is the one declared for the output.",
};
