/* reshape.c: RESHAPE, SQUEEZE, EXPAND_DIMS and STABLEHLO_RESHAPE, which give the same elements another shape; and
 * DENSIFY, whose input the compiler has written out in full already.
 *
 * All are aliases: the planner makes output and input one, and run copies only where it could not.
 */
#include <string.h>

#include "base/size.h"
#include "operators/move.h"

static mote_status copy_all(op_ctx *c) {
  if (c->in[0]->type == MOTE_STRING) MOTE_TRY(op_resize(c, 0, c->out[0]->rank, c->out[0]->dims, c->in[0]->bytes));
  if (c->out[0]->data != c->in[0]->data) move_bytes(c, c->out[0]->data, c->in[0]->data, c->out[0]->bytes);
  return MOTE_OK;
}

/* ---- RESHAPE ---- */

/* The shape that is asked for, -1 for a dimension to be computed; *count is -1 while it is not known. The operand
 * counts when it is a vector of int32, else the option; in the option [0] is how old files write a scalar. */
static mote_status wanted_shape(op_ctx *c, int64_t *wanted, int32_t *count) {
  const op_tensor *const shape = c->num_inputs > 1 ? c->in[1] : NULL;
  if (shape && shape->type == MOTE_INT32 && (shape->rank == 1 || shape->rank < 0)) {
    const int32_t length = shape->rank == 1 ? shape->dims[0] : -1;
    OP_REQUIRE(c, length <= OP_MAX_RANK, MOTE_ERR_SHAPE,
               "a shape of %d dimensions is asked for; at most %d are supported", (int)length, OP_MAX_RANK);
    if (op_ints(c, 1, wanted, count)) return MOTE_OK;
    move_unknown(c->out[0], length);
    *count = -1;
    return MOTE_OK;
  }
  const sch_i32s option = ((const sch_ReshapeOptions *)c->options)->new_shape;
  OP_REQUIRE(c, option.count <= OP_MAX_RANK, MOTE_ERR_SHAPE,
             "a shape of %u dimensions is asked for; at most %d are supported", (unsigned)option.count, OP_MAX_RANK);
  *count = option.count == 1 && option.data[0] == 0 ? 0 : (int32_t)option.count;
  for (int32_t i = 0; i < *count; i++) wanted[i] = option.data[i];
  return MOTE_OK;
}

/* Tests the wanted dimensions; *free is the one that is -1, or -1. */
static mote_status check_wanted(op_ctx *c, const int64_t *wanted, int32_t count, int32_t *free) {
  *free = -1;
  for (int32_t i = 0; i < count; i++) {
    OP_REQUIRE(c, wanted[i] >= -1 && wanted[i] <= INT32_MAX, MOTE_ERR_SHAPE,
               "dimension %d of the new shape is %lld; it must be -1 or lie in [0, %d]", (int)i, (long long)wanted[i],
               INT32_MAX);
    OP_REQUIRE(c, wanted[i] >= 0 || *free < 0, MOTE_ERR_SHAPE,
               "dimensions %d and %d of the new shape are both -1; only one can be computed", (int)*free, (int)i);
    if (wanted[i] < 0) *free = i;
  }
  return MOTE_OK;
}

/* Product of the dimensions that are > 0; *empty: whether one is 0. False when it does not fit. */
static bool product_of(const int32_t *dims, int32_t rank, size_t *product, bool *empty) {
  *product = 1;
  *empty = false;
  for (int32_t i = 0; i < rank; i++) {
    if (dims[i] == 0) *empty = true;
    else if (dims[i] > 0 && !size_mul(*product, (size_t)dims[i], product)) return false;
  }
  return true;
}

/* Computes the free dimension of out, whose other dimensions are set. A 0 among them is left out of both products, as
 * the reference does: 4x0 as 2x0x-1 is 2x0x2. */
static mote_status fit(op_ctx *c, int32_t free) {
  const op_tensor *const in = c->in[0];
  op_tensor *const out = c->out[0];
  size_t have, want;
  bool in_empty, out_empty;
  OP_REQUIRE(c, product_of(in->dims, in->rank, &have, &in_empty) && product_of(out->dims, out->rank, &want, &out_empty),
             MOTE_ERR_SHAPE, "the shape has more elements than memory can hold");
  if (free >= 0) {
    const size_t n = in_empty && !out_empty ? 0 : have / want;
    OP_REQUIRE(c, in_empty || (!out_empty && have % want == 0), MOTE_ERR_SHAPE,
               "%zu elements cannot be shared out into rows of %zu, as the new shape asks", have, out_empty ? 0 : want);
    OP_REQUIRE(c, n <= INT32_MAX, MOTE_ERR_SHAPE, "dimension %d of the new shape would be %zu", (int)free, n);
    out->dims[free] = (int32_t)n;
    return MOTE_OK;
  }
  OP_REQUIRE(c, in_empty == out_empty && (in_empty || have == want), MOTE_ERR_SHAPE,
             "the input has %zu elements and the new shape %zu; they must be equal", in_empty ? 0 : have,
             out_empty ? 0 : want);
  return MOTE_OK;
}

static mote_status reshape_infer(op_ctx *c) {
  op_tensor *const out = c->out[0];
  int64_t wanted[OP_KNOWN_MAX];
  int32_t count, free = -1;
  MOTE_TRY(wanted_shape(c, wanted, &count));
  if (count < 0) return MOTE_OK;
  MOTE_TRY(check_wanted(c, wanted, count, &free));
  out->rank = count;
  for (int32_t i = 0; i < count; i++) out->dims[i] = (int32_t)wanted[i];
  return op_shape_known(c->in[0]) ? fit(c, free) : MOTE_OK;
}

const mote_op op_reshape = {
    .name = "RESHAPE",
    .code = sch_BuiltinOperator_RESHAPE,
    .versions = 1,
    .options = sch_BuiltinOptions_ReshapeOptions,
    .inputs_min = 1,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " any > =",
    .traits = OP_ALIAS,
    .infer = reshape_infer,
    .run = copy_all,
    .notes = "One dimension of the new shape may be -1; the shape may be computed in the run.",
};

/* ---- SQUEEZE ---- */

/* Bits of the dimensions that go: those that the options name, or all of size 1. */
static mote_status squeezed_dims(op_ctx *c, uint32_t *mask) {
  const op_tensor *const in = c->in[0];
  const sch_i32s named = ((const sch_SqueezeOptions *)c->options)->squeeze_dims;
  *mask = 0;
  for (uint32_t i = 0; i < named.count; i++) {
    int32_t axis;
    MOTE_TRY(op_axis(c, named.data[i], in->rank, &axis));
    OP_REQUIRE(c, !(*mask >> axis & 1), MOTE_ERR_MODEL, "squeeze_dims names dimension %d twice", (int)axis);
    OP_REQUIRE(c, in->dims[axis] == 1 || in->dims[axis] < 0, MOTE_ERR_SHAPE,
               "dimension %d is %d; only dimensions of size 1 can be squeezed", (int)axis, (int)in->dims[axis]);
    *mask |= 1u << axis;
  }
  for (int32_t i = 0; named.count == 0 && i < in->rank; i++)
    if (in->dims[i] == 1) *mask |= 1u << i;
  return MOTE_OK;
}

static mote_status squeeze_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  op_tensor *const out = c->out[0];
  const bool all = ((const sch_SqueezeOptions *)c->options)->squeeze_dims.count == 0;
  out->rank = -1;
  if (in->rank < 0 || (all && !op_shape_known(in))) return MOTE_OK; /* an unknown dimension may be 1 */
  uint32_t mask;
  MOTE_TRY(squeezed_dims(c, &mask));
  out->rank = 0;
  for (int32_t i = 0; i < in->rank; i++)
    if (!(mask >> i & 1)) out->dims[out->rank++] = in->dims[i];
  return MOTE_OK;
}

const mote_op op_squeeze = {
    .name = "SQUEEZE",
    .code = sch_BuiltinOperator_SQUEEZE,
    .versions = 2,
    .options = sch_BuiltinOptions_SqueezeOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " > =",
    .traits = OP_ALIAS,
    .infer = squeeze_infer,
    .run = copy_all,
    .notes = "Without squeeze_dims all dimensions of size 1 go.",
};

/* ---- EXPAND_DIMS ---- */

static mote_status expand_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  op_tensor *const out = c->out[0];
  OP_REQUIRE(c, !op_shape_known(c->in[1]) || op_count(c->in[1]) == 1, MOTE_ERR_SHAPE,
             "the axis must be one number; it has %zu", op_count(c->in[1]));
  OP_REQUIRE(c, in->rank < OP_MAX_RANK, MOTE_ERR_SHAPE, "the input has %d dimensions already; at most %d are supported",
             (int)in->rank, OP_MAX_RANK);
  move_unknown(out, in->rank < 0 ? -1 : in->rank + 1);
  int64_t wanted;
  int32_t axis;
  if (in->rank < 0 || !move_scalar(c, 1, &wanted)) return MOTE_OK;
  MOTE_TRY(op_axis(c, wanted, out->rank, &axis));
  for (int32_t i = 0; i < out->rank; i++) out->dims[i] = i < axis ? in->dims[i] : i == axis ? 1 : in->dims[i - 1];
  return MOTE_OK;
}

const mote_op op_expand_dims = {
    .name = "EXPAND_DIMS",
    .code = sch_BuiltinOperator_EXPAND_DIMS,
    .versions = 1,
    .options = sch_BuiltinOptions_ExpandDimsOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 > =",
    .traits = OP_ALIAS,
    .infer = expand_infer,
    .run = copy_all,
    .notes = "The axis may be computed in the run.",
};

/* ---- STABLEHLO_RESHAPE: the shape is the one that the file declares for the output ---- */

static mote_status declared_infer(op_ctx *c) {
  op_tensor *const out = c->out[0];
  int32_t free = -1, open = 0;
  for (int32_t i = 0; i < out->rank; i++)
    if (out->dims[i] < 0) free = i, open++;
  if (out->rank < 0 || open > 1 || !op_shape_known(c->in[0])) return MOTE_OK;
  return fit(c, free);
}

const mote_op op_stablehlo_reshape = {
    .name = "STABLEHLO_RESHAPE",
    .code = sch_BuiltinOperator_STABLEHLO_RESHAPE,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " > =",
    .traits = OP_ALIAS,
    .infer = declared_infer,
    .run = copy_all,
    .notes = "The shape is the one declared for the output; one dimension of it may be open.",
};

/* ---- DENSIFY ---- */

static mote_status densify_check(op_ctx *c) {
  OP_REQUIRE(c, op_is_const(c->in[0]), MOTE_ERR_MODEL,
             "the input must be a constant; sparse tensors are computed by "
             "no operator");
  return MOTE_OK;
}

static mote_status same_infer(op_ctx *c) {
  op_same_shape(c->out[0], c->in[0]);
  return MOTE_OK;
}

const mote_op op_densify = {
    .name = "DENSIFY",
    .code = sch_BuiltinOperator_DENSIFY,
    .versions = 1,
    .options = sch_BuiltinOptions_DensifyOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_TYPES " > =",
    .traits = OP_ALIAS,
    .check = densify_check,
    .infer = same_infer,
    .run = copy_all,
    .notes = "Sparse constants are written out in full once a program.",
};
