/* pad.c: PAD puts elements of one value around the input.
 *
 * The value is an optional third input; without it, quantised tensors get their zero point, so that the real value is
 * 0.
 */
#include <string.h>

#include "base/size.h"
#include "operators/move.h"

/* Elements before and behind each axis. */
typedef struct padding {
  int64_t before[OP_MAX_RANK], behind[OP_MAX_RANK];
} padding;

/* Reads the operand [rank, 2]; *known is false while it is not known. */
static mote_status read_padding(op_ctx *c, int32_t rank, padding *p, bool *known) {
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  *known = op_ints(c, 1, v, &count);
  if (!*known) return MOTE_OK;
  for (int32_t i = 0; i < rank; i++) {
    OP_REQUIRE(c, v[2 * i] >= 0 && v[2 * i + 1] >= 0, MOTE_ERR_SHAPE,
               "the padding of dimension %d is %lld before and %lld behind; neither may be negative", (int)i,
               (long long)v[2 * i], (long long)v[2 * i + 1]);
    p->before[i] = v[2 * i];
    p->behind[i] = v[2 * i + 1];
  }
  return MOTE_OK;
}

/* A value given as operand is copied as it is: one element in the output's quantization. */
static mote_status check(op_ctx *c) {
  const op_tensor *const out = c->out[0], *const value = c->num_inputs > 2 ? c->in[2] : NULL;
  OP_REQUIRE(c, !value || (value->scale == out->scale && value->zero_point == out->zero_point), MOTE_ERR_MODEL,
             "the padding value has scale %g and zero point %d, the output %g and %d; they must be equal",
             (double)value->scale, (int)value->zero_point, (double)out->scale, (int)out->zero_point);
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const operand = c->in[1];
  const op_tensor *const value = c->num_inputs > 2 ? c->in[2] : NULL;
  op_tensor *const out = c->out[0];
  OP_REQUIRE(c, !value || !op_shape_known(value) || op_count(value) == 1, MOTE_ERR_SHAPE,
             "the padding value must be one element");
  OP_REQUIRE(c, operand->rank < 0 || (operand->rank == 2 && (operand->dims[1] == 2 || operand->dims[1] < 0)),
             MOTE_ERR_SHAPE, "the paddings must have two columns: before and behind each dimension");
  const int32_t rank = in->rank >= 0 ? in->rank : operand->rank == 2 ? operand->dims[0] : -1;
  OP_REQUIRE(c, operand->rank < 0 || operand->dims[0] < 0 || operand->dims[0] == rank, MOTE_ERR_SHAPE,
             "there are paddings for %d dimensions, but the input has %d", (int)operand->dims[0], (int)rank);
  OP_REQUIRE(c, rank <= OP_MAX_RANK, MOTE_ERR_SHAPE, "%d dimensions are too many; at most %d are supported", (int)rank,
             OP_MAX_RANK);
  move_unknown(out, rank);
  if (in->rank < 0) return MOTE_OK;
  padding p;
  bool known;
  MOTE_TRY(read_padding(c, rank, &p, &known));
  for (int32_t i = 0; known && i < rank; i++) {
    if (in->dims[i] < 0) continue;
    /* both tested before they are added, so that nothing wraps */
    OP_REQUIRE(
        c, p.before[i] <= INT32_MAX && p.behind[i] <= INT32_MAX && in->dims[i] + p.before[i] + p.behind[i] <= INT32_MAX,
        MOTE_ERR_SHAPE, "dimension %d of %d padded by %lld and %lld is larger than %d", (int)i, (int)in->dims[i],
        (long long)p.before[i], (long long)p.behind[i], INT32_MAX);
    out->dims[i] = (int32_t)(in->dims[i] + p.before[i] + p.behind[i]);
  }
  size_t elements;
  OP_REQUIRE(c, !op_shape_known(out) || size_dims(out->dims, out->rank, &elements), MOTE_ERR_SHAPE,
             "the result has more elements than memory can hold");
  return MOTE_OK;
}

/* One element of the padding: the operand, or the zero point, in little-endian bytes. */
static void read_value(const op_ctx *c, int64_t value[2]) {
  const op_tensor *const t = c->out[0], *const operand = c->num_inputs > 2 ? c->in[2] : NULL;
  move_zero(t, value);
  if (operand) memcpy(value, operand->data, (size_t)move_element(t->type));
}

/* Fills positions [at, at + size) of one axis, for all positions of the axes before it that the input covers, and all
 * of the axes behind it. So the slabs of all axes do not overlap. */
static void fill_slab(op_ctx *c, const padding *p, const void *value, int32_t axis, int64_t at, int64_t size) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  int64_t steps[OP_MAX_RANK], start = 0;
  move_steps(out, steps);
  copy_plan plan;
  copy_begin(&plan, (size_t)move_element(out->type));
  for (int32_t i = out->rank - 1; i >= 0; i--) {
    copy_axis(&plan, i > axis ? out->dims[i] : i == axis ? size : in->dims[i], steps[i], 0);
    if (i <= axis) start += steps[i] * (i == axis ? at : p->before[i]);
  }
  copy_end(&plan);
  move_run(c, &plan, (char *)out->data + start, value);
}

static void copy_inside(op_ctx *c, const padding *p) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  int64_t to[OP_MAX_RANK], from[OP_MAX_RANK], start = 0;
  move_steps(out, to);
  move_steps(in, from);
  copy_plan plan;
  copy_begin(&plan, (size_t)move_element(out->type));
  for (int32_t i = out->rank - 1; i >= 0; i--) {
    copy_axis(&plan, in->dims[i], to[i], from[i]);
    start += to[i] * p->before[i];
  }
  copy_end(&plan);
  move_run(c, &plan, (char *)out->data + start, in->data);
}

static mote_status move(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  padding p;
  bool known;
  MOTE_TRY(read_padding(c, in->rank, &p, &known));
  int64_t value[2];
  read_value(c, value);
  for (int32_t i = 0; i < out->rank; i++) {
    if (p.before[i]) fill_slab(c, &p, value, i, 0, p.before[i]);
    if (p.behind[i]) fill_slab(c, &p, value, i, p.before[i] + in->dims[i], p.behind[i]);
  }
  copy_inside(c, &p);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) { return move_any(c, move); }

const mote_op op_pad = {
    .name = "PAD",
    .code = sch_BuiltinOperator_PAD,
    .versions = 6,
    .options = sch_BuiltinOptions_PadOptions,
    .inputs_min = 2,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .optional = 1u << 2,
    .types = MOVE_ALL " i8|i16|i32|i64 = > =",
    .check = check,
    .infer = infer,
    .plan = move_plan,
    .run = run,
    .notes = "Up to 8 dimensions; paddings may be computed in the run.",
};

const mote_op op_padv2 = {
    .name = "PADV2",
    .code = sch_BuiltinOperator_PADV2,
    .versions = 6,
    .options = sch_BuiltinOptions_PadV2Options,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i8|i16|i32|i64 = > =",
    .check = check,
    .infer = infer,
    .plan = move_plan,
    .run = run,
    .notes = "Up to 8 dimensions; the value must be quantised as the output is.",
};
