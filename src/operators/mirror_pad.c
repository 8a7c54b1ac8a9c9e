/* mirror_pad.c: MIRROR_PAD continues the input past its edges by its reflection. Padding by a value is pad.c. */
#include "operators/move.h"

/* Paddings of one axis from the operand [rank, 2]; *known is false while it is not known. */
static mote_status read_pads(op_ctx *c, int64_t *pads, bool *known) {
  const op_tensor *const in = c->in[0], *const operand = c->in[1];
  int32_t count;
  OP_REQUIRE(c, operand->rank < 0 || (operand->rank == 2 && (operand->dims[1] == 2 || operand->dims[1] < 0)),
             MOTE_ERR_SHAPE, "the paddings must have two columns: before and behind each dimension");
  OP_REQUIRE(c, operand->rank < 0 || in->rank < 0 || operand->dims[0] < 0 || operand->dims[0] == in->rank,
             MOTE_ERR_SHAPE, "there are paddings for %d dimensions, but the input has %d", (int)operand->dims[0],
             (int)in->rank);
  *known = op_ints(c, 1, pads, &count);
  return MOTE_OK;
}

static mote_status mirror_check(op_ctx *c) {
  const int32_t mode = ((const sch_MirrorPadOptions *)c->options)->mode;
  OP_REQUIRE(c, mode == sch_MirrorPadMode_REFLECT || mode == sch_MirrorPadMode_SYMMETRIC, MOTE_ERR_MODEL,
             "mode %d is neither REFLECT (%d) nor SYMMETRIC (%d)", (int)mode, sch_MirrorPadMode_REFLECT,
             sch_MirrorPadMode_SYMMETRIC);
  return move_same_quant(c, c->in[0], c->out[0]);
}

/* 1 when the element at the edge is not repeated. */
static int64_t skipped(const op_ctx *c) {
  return ((const sch_MirrorPadOptions *)c->options)->mode == sch_MirrorPadMode_REFLECT;
}

static mote_status mirror_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  int64_t pads[OP_KNOWN_MAX];
  bool known;
  MOTE_TRY(read_pads(c, pads, &known));
  move_unknown(c->out[0], in->rank);
  for (int32_t i = 0; known && i < in->rank; i++) {
    if (in->dims[i] < 0) continue;
    const int64_t before = pads[2 * i], behind = pads[2 * i + 1], most = in->dims[i] - skipped(c);
    OP_REQUIRE(
        c, before >= 0 && behind >= 0 && ((before <= most && behind <= most) || (before | behind) == 0), MOTE_ERR_SHAPE,
        "the padding of dimension %d is %lld before and %lld behind; its %d elements can be mirrored in [0, %lld]",
        (int)i, (long long)before, (long long)behind, (int)in->dims[i], (long long)(most < 0 ? 0 : most));
    MOTE_TRY(move_set_dim(c, i, before + in->dims[i] + behind));
  }
  return move_check_size(c);
}

/* Mirrors the padding of one axis inside of out: axes before it within what the input covers, axes behind it in full.
 */
static void mirror_axis(op_ctx *c, const int64_t *pads, int32_t axis) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  move_grid to = move_whole(), from = move_whole();
  int64_t count[OP_MAX_RANK];
  for (int32_t i = 0; i < out->rank; i++) {
    count[i] = i < axis ? in->dims[i] : out->dims[i];
    if (i < axis) to.first[i] = from.first[i] = pads[2 * i];
  }
  const int64_t before = pads[2 * axis], n = in->dims[axis], skip = skipped(c);
  from.step[axis] = -1;
  count[axis] = before;
  from.first[axis] = 2 * before - 1 + skip;
  move_box(c, out, &to, out, &from, count);
  count[axis] = pads[2 * axis + 1];
  to.first[axis] = before + n;
  from.first[axis] = before + n - 1 - skip;
  move_box(c, out, &to, out, &from, count);
}

static mote_status mirror_move(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  const move_grid whole = move_whole();
  move_grid inside = whole;
  int64_t pads[OP_KNOWN_MAX], count[OP_MAX_RANK];
  bool known;
  MOTE_TRY(read_pads(c, pads, &known));
  for (int32_t i = 0; i < in->rank; i++) inside.first[i] = pads[2 * i], count[i] = in->dims[i];
  move_box(c, out, &inside, in, &whole, count);
  for (int32_t i = in->rank - 1; i >= 0; i--) mirror_axis(c, pads, i);
  return MOTE_OK;
}

static mote_status mirror_run(op_ctx *c) { return move_any(c, mirror_move); }

const mote_op op_mirror_pad = {
    .name = "MIRROR_PAD",
    .code = sch_BuiltinOperator_MIRROR_PAD,
    .versions = 3,
    .options = sch_BuiltinOptions_MirrorPadOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 > =",
    .check = mirror_check,
    .infer = mirror_infer,
    .plan = move_plan,
    .run = mirror_run,
    .notes = "REFLECT does not repeat the edge, SYMMETRIC does; paddings may be computed in the run.",
};
