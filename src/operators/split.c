/* split.c: SPLIT into equal parts and SPLIT_V into parts of given sizes, along one axis. */
#include "operators/move.h"

enum { SPLIT_AXIS = 0, SPLIT_IN = 1 };                        /* inputs of SPLIT */
enum { SPLIT_V_IN = 0, SPLIT_V_SIZES = 1, SPLIT_V_AXIS = 2 }; /* inputs of SPLIT_V */

static mote_status check_outputs(op_ctx *c, int32_t num_splits) {
  OP_REQUIRE(c, num_splits == c->num_outputs, MOTE_ERR_MODEL, "num_splits is %d, but there are %d outputs",
             (int)num_splits, (int)c->num_outputs);
  return MOTE_OK;
}

/* The axis that operand `input` holds; *axis is -1 while it or the rank is not known. */
static mote_status axis_operand(op_ctx *c, int input, int32_t rank, int32_t *axis) {
  int64_t value[OP_KNOWN_MAX];
  int32_t count;
  *axis = -1;
  if (rank < 0 || !op_ints(c, input, value, &count)) return MOTE_OK;
  OP_REQUIRE(c, count == 1, MOTE_ERR_SHAPE, "the axis operand holds %d numbers; it must hold one", (int)count);
  return op_axis(c, value[0], rank, axis);
}

static void all_unknown(op_ctx *c, int32_t rank) {
  for (int32_t i = 0; i < c->num_outputs; i++) move_unknown(c->out[i], rank);
}

/* Copies each output's part of every row. */
static mote_status run_split(op_ctx *c, int input, int axis_input) {
  const op_tensor *const in = c->in[input];
  int32_t axis;
  MOTE_TRY(axis_operand(c, axis_input, in->rank, &axis));
  const int64_t inner = (int64_t)op_span(in, axis + 1, in->rank) * move_element(in->type);
  const int64_t rows = (int64_t)op_span(in, 0, axis), step = inner * in->dims[axis];
  const char *from = in->data;
  for (int32_t i = 0; i < c->num_outputs; i++) {
    const int64_t bytes = inner * c->out[i]->dims[axis];
    move_rows(c, c->out[i]->data, bytes, from, step, rows, bytes);
    from += bytes;
  }
  return MOTE_OK;
}

/* ---- SPLIT ---- */

static mote_status split_check(op_ctx *c) {
  return check_outputs(c, ((const sch_SplitOptions *)c->options)->num_splits);
}

static mote_status split_infer(op_ctx *c) {
  const op_tensor *const in = c->in[SPLIT_IN];
  int32_t axis;
  MOTE_TRY(axis_operand(c, SPLIT_AXIS, in->rank, &axis));
  if (axis < 0) {
    all_unknown(c, in->rank);
    return MOTE_OK;
  }
  const int32_t n = in->dims[axis];
  OP_REQUIRE(c, n < 0 || n % c->num_outputs == 0, MOTE_ERR_SHAPE,
             "dimension %d is %d and cannot be split into %d equal parts", (int)axis, (int)n, (int)c->num_outputs);
  for (int32_t i = 0; i < c->num_outputs; i++) {
    op_same_shape(c->out[i], in);
    c->out[i]->dims[axis] = n < 0 ? -1 : n / c->num_outputs;
  }
  return MOTE_OK;
}

static mote_status split_move(op_ctx *c) { return run_split(c, SPLIT_IN, SPLIT_AXIS); }
static mote_status split_run(op_ctx *c) { return move_any(c, split_move); }

const mote_op op_split = {
    .name = "SPLIT",
    .code = sch_BuiltinOperator_SPLIT,
    .versions = 5,
    .options = sch_BuiltinOptions_SplitOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = "i32 " MOVE_ALL " > =1 ...",
    .check = split_check,
    .infer = split_infer,
    .plan = move_plan,
    .run = split_run,
    .notes = "The axis may be computed in the run.",
};

/* ---- SPLIT_V ---- */

static mote_status split_v_check(op_ctx *c) {
  return check_outputs(c, ((const sch_SplitVOptions *)c->options)->num_splits);
}

/* Size i of the sizes operand; false while it is not known. There may be more than op_ints gives. */
static bool size_at(const op_tensor *sizes, int32_t i, int64_t *size) {
  if (sizes->data) {
    *size = op_int_at(sizes, (size_t)i);
    return true;
  }
  if (!sizes->known || i >= sizes->known->count || !(sizes->known->mask >> i & 1)) return false;
  *size = sizes->known->v[i];
  return true;
}

/* Gives each output its part of `n` (-1: not known yet); one size may be -1 and gets what is left. */
static mote_status share_out(op_ctx *c, int32_t axis, int32_t n) {
  const op_tensor *const sizes = c->in[SPLIT_V_SIZES];
  int64_t sum = 0;
  int32_t rest = -1;
  bool known = true;
  for (int32_t i = 0; i < c->num_outputs; i++) {
    int64_t size = 0;
    known &= size_at(sizes, i, &size);
    OP_REQUIRE(c, size >= -1 && size <= INT32_MAX, MOTE_ERR_SHAPE,
               "the size of part %d is %lld; it must be -1 or lie in [0, %d]", (int)i, (long long)size, INT32_MAX);
    OP_REQUIRE(c, size >= 0 || rest < 0, MOTE_ERR_SHAPE,
               "the sizes of parts %d and %d are both -1; only one can be computed", (int)rest, (int)i);
    if (size < 0) rest = i;
    else sum += size;
    c->out[i]->dims[axis] = known ? (int32_t)size : -1;
  }
  if (n < 0 || !known) return MOTE_OK;
  OP_REQUIRE(c, rest >= 0 ? sum <= n : sum == n, MOTE_ERR_SHAPE,
             "the parts have %lld elements together, but dimension %d has %d", (long long)sum, (int)axis, (int)n);
  if (rest >= 0) c->out[rest]->dims[axis] = (int32_t)(n - sum);
  return MOTE_OK;
}

static mote_status split_v_infer(op_ctx *c) {
  const op_tensor *const in = c->in[SPLIT_V_IN], *const sizes = c->in[SPLIT_V_SIZES];
  OP_REQUIRE(c, sizes->rank < 0 || !op_shape_known(sizes) || op_count(sizes) == (size_t)c->num_outputs, MOTE_ERR_SHAPE,
             "there are %zu sizes for %d outputs", op_count(sizes), (int)c->num_outputs);
  int32_t axis;
  MOTE_TRY(axis_operand(c, SPLIT_V_AXIS, in->rank, &axis));
  if (axis < 0) {
    all_unknown(c, in->rank);
    return MOTE_OK;
  }
  for (int32_t i = 0; i < c->num_outputs; i++) op_same_shape(c->out[i], in);
  return share_out(c, axis, in->dims[axis]);
}

static mote_status split_v_move(op_ctx *c) { return run_split(c, SPLIT_V_IN, SPLIT_V_AXIS); }
static mote_status split_v_run(op_ctx *c) { return move_any(c, split_v_move); }

const mote_op op_split_v = {
    .name = "SPLIT_V",
    .code = sch_BuiltinOperator_SPLIT_V,
    .versions = 3,
    .options = sch_BuiltinOptions_SplitVOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = MOVE_ALL " i32|i64 i32 > = ...",
    .check = split_v_check,
    .infer = split_v_infer,
    .plan = move_plan,
    .run = split_v_run,
    .notes = "One size may be -1: it gets what is left. Sizes and axis may be computed in the run.",
};
