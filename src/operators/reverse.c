/* reverse.c: axes walked backwards or from another start: REVERSE_V2, REVERSE_SEQUENCE, the custom Roll. */
#include "operators/move.h"

static mote_status same_infer(op_ctx *c) {
  op_same_shape(c->out[0], c->in[0]);
  return MOTE_OK;
}

static void count_all(const op_tensor *t, int64_t *count) {
  for (int32_t i = 0; i < t->rank; i++) count[i] = t->dims[i];
}

/* ---- REVERSE_V2 ---- */

/* Bits of the axes that the operand names; *known is false while it is not known. */
static mote_status reversed_axes(op_ctx *c, uint32_t *axes, bool *known) {
  int64_t v[OP_KNOWN_MAX];
  int32_t count, axis;
  *axes = 0;
  *known = op_ints(c, 1, v, &count);
  for (int32_t i = 0; *known && i < count; i++) {
    MOTE_TRY(op_axis(c, v[i], c->in[0]->rank, &axis));
    OP_REQUIRE(c, !(*axes >> axis & 1), MOTE_ERR_SHAPE, "axis %d is named twice", (int)axis);
    *axes |= 1u << axis;
  }
  return MOTE_OK;
}

static mote_status reverse_infer(op_ctx *c) {
  uint32_t axes;
  bool known;
  OP_REQUIRE(c, c->in[1]->rank <= 1, MOTE_ERR_SHAPE, "the axes are a tensor of %d dimensions; they must be a vector",
             (int)c->in[1]->rank);
  if (c->in[0]->rank >= 0) MOTE_TRY(reversed_axes(c, &axes, &known));
  return same_infer(c);
}

static mote_status reverse_move(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  const move_grid whole = move_whole();
  move_grid of = whole;
  int64_t count[OP_MAX_RANK];
  uint32_t axes;
  bool known;
  MOTE_TRY(reversed_axes(c, &axes, &known));
  count_all(in, count);
  for (int32_t i = 0; i < in->rank; i++)
    if (axes >> i & 1) of.first[i] = in->dims[i] - 1, of.step[i] = -1;
  move_box(c, c->out[0], &whole, in, &of, count);
  return MOTE_OK;
}

static mote_status reverse_run(op_ctx *c) { return move_any(c, reverse_move); }

const mote_op op_reverse_v2 = {
    .name = "REVERSE_V2",
    .code = sch_BuiltinOperator_REVERSE_V2,
    .versions = 4,
    .options = sch_BuiltinOptions_ReverseV2Options,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 > =",
    .infer = reverse_infer,
    .plan = move_plan,
    .run = reverse_run,
    .notes = "Any set of axes.",
};

/* ---- REVERSE_SEQUENCE ---- */

static mote_status sequence_axes(op_ctx *c, int32_t *seq, int32_t *batch) {
  const sch_ReverseSequenceOptions *const o = c->options;
  MOTE_TRY(op_axis(c, o->seq_dim, c->in[0]->rank, seq));
  MOTE_TRY(op_axis(c, o->batch_dim, c->in[0]->rank, batch));
  OP_REQUIRE(c, *seq != *batch, MOTE_ERR_MODEL, "seq_dim and batch_dim are both %d; they must differ", (int)*seq);
  return MOTE_OK;
}

static mote_status sequence_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const lengths = c->in[1];
  int32_t seq, batch;
  OP_REQUIRE(c, lengths->rank == 1 || lengths->rank < 0, MOTE_ERR_SHAPE, "the lengths must be a vector");
  if (in->rank >= 0) {
    MOTE_TRY(sequence_axes(c, &seq, &batch));
    OP_REQUIRE(c,
               lengths->rank < 0 || lengths->dims[0] < 0 || in->dims[batch] < 0 || lengths->dims[0] == in->dims[batch],
               MOTE_ERR_SHAPE, "there are %d lengths for a batch of %d", (int)lengths->dims[0], (int)in->dims[batch]);
  }
  return same_infer(c);
}

static mote_status sequence_move(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const lengths = c->in[1];
  int32_t seq, batch;
  MOTE_TRY(sequence_axes(c, &seq, &batch));
  const int64_t n = in->dims[seq];
  int64_t count[OP_MAX_RANK];
  count_all(in, count);
  count[batch] = 1;
  for (int32_t b = 0; b < in->dims[batch]; b++) {
    const int64_t length = op_int_at(lengths, (size_t)b);
    OP_REQUIRE(c, length >= 0 && length <= n, MOTE_ERR_RUN,
               "length %d is %lld; it must lie in [0, %lld], the size of dimension %d", (int)b, (long long)length,
               (long long)n, (int)seq);
    move_grid to = move_whole(), from = to;
    to.first[batch] = from.first[batch] = b;
    from.first[seq] = length - 1, from.step[seq] = -1;
    count[seq] = length;
    move_box(c, c->out[0], &to, in, &from, count);
    to.first[seq] = from.first[seq] = length, from.step[seq] = 1;
    count[seq] = n - length;
    move_box(c, c->out[0], &to, in, &from, count);
  }
  return MOTE_OK;
}

static mote_status sequence_run(op_ctx *c) { return move_any(c, sequence_move); }

const mote_op op_reverse_sequence = {
    .name = "REVERSE_SEQUENCE",
    .code = sch_BuiltinOperator_REVERSE_SEQUENCE,
    .versions = 1,
    .options = sch_BuiltinOptions_ReverseSequenceOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 > =",
    .infer = sequence_infer,
    .plan = move_plan,
    .run = sequence_run,
    .notes = "The first elements of each sequence are reversed, as many as its length says.",
};

/* ---- Roll ---- */

static mote_status roll_infer(op_ctx *c) {
  const op_tensor *const shift = c->in[1], *const axis = c->in[2];
  OP_REQUIRE(c, shift->rank <= 1 && axis->rank <= 1, MOTE_ERR_SHAPE, "shifts and axes must be scalars or vectors");
  OP_REQUIRE(c, !op_shape_known(shift) || !op_shape_known(axis) || op_count(shift) == op_count(axis), MOTE_ERR_SHAPE,
             "there are %zu shifts for %zu axes; they must be equally many", op_count(shift), op_count(axis));
  return same_infer(c);
}

/* Each shifted axis falls into two parts that change places; a part of the tensor is a choice of one for each axis. */
static mote_status roll_move(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  int64_t shift[OP_MAX_RANK] = {0};
  const size_t shifts = op_count(c->in[1]);
  for (size_t i = 0; i < shifts; i++) {
    int32_t axis;
    MOTE_TRY(op_axis(c, op_int_at(c->in[2], i), in->rank, &axis));
    const int64_t n = in->dims[axis];
    if (n > 0) shift[axis] = ((shift[axis] + op_int_at(c->in[1], i) % n) % n + n) % n;
  }
  for (uint32_t part = 0; part < 1u << in->rank; part++) {
    move_grid to = move_whole(), from = to;
    int64_t count[OP_MAX_RANK];
    for (int32_t i = 0; i < in->rank; i++) {
      const bool tail = part >> i & 1; /* what is shifted past the end, to the front */
      from.first[i] = tail ? in->dims[i] - shift[i] : 0;
      to.first[i] = tail ? 0 : shift[i];
      count[i] = tail ? shift[i] : in->dims[i] - shift[i];
    }
    move_box(c, c->out[0], &to, in, &from, count);
  }
  return MOTE_OK;
}

static mote_status roll_run(op_ctx *c) { return move_any(c, roll_move); }

const mote_op op_roll = {
    .name = "Roll",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 i32|i64 > =",
    .infer = roll_infer,
    .plan = move_plan,
    .run = roll_run,
    .notes = "Elements shifted past an end come back at the other; shifts of one axis add up.",
};
