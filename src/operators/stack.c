/* stack.c: PACK stacks tensors along a new axis, UNPACK takes one apart. */
#include "operators/move.h"

/* ---- PACK ---- */

static mote_status pack_check(op_ctx *c) {
  const sch_PackOptions *const o = c->options;
  OP_REQUIRE(c, o->values_count == c->num_inputs, MOTE_ERR_MODEL, "values_count is %d, but there are %d inputs",
             (int)o->values_count, (int)c->num_inputs);
  for (int32_t i = 0; i < c->num_inputs; i++) MOTE_TRY(move_same_quant(c, c->in[i], c->out[0]));
  return MOTE_OK;
}

/* What all inputs tell about the shape of one: into `one`. */
static mote_status common_shape(op_ctx *c, op_tensor *one) {
  one->rank = -1;
  for (int32_t i = 0; i < c->num_inputs; i++) {
    const op_tensor *const in = c->in[i];
    if (in->rank < 0) continue;
    if (one->rank < 0) op_same_shape(one, in);
    OP_REQUIRE(c, in->rank == one->rank, MOTE_ERR_SHAPE,
               "input %d has %d dimensions, one before it %d; they must be "
               "equal",
               (int)i, (int)in->rank, (int)one->rank);
    for (int32_t k = 0; k < in->rank; k++) {
      OP_REQUIRE(c, in->dims[k] == one->dims[k] || in->dims[k] < 0 || one->dims[k] < 0, MOTE_ERR_SHAPE,
                 "dimension %d of input %d is %d, but %d in an input before it; all shapes must be equal", (int)k,
                 (int)i, (int)in->dims[k], (int)one->dims[k]);
      if (one->dims[k] < 0) one->dims[k] = in->dims[k];
    }
  }
  return MOTE_OK;
}

static mote_status pack_infer(op_ctx *c) {
  op_tensor *const out = c->out[0], one;
  int32_t axis;
  MOTE_TRY(common_shape(c, &one));
  OP_REQUIRE(c, one.rank < OP_MAX_RANK, MOTE_ERR_SHAPE, "the inputs have %d dimensions; at most %d can be stacked",
             (int)one.rank, OP_MAX_RANK - 1);
  out->rank = -1;
  if (one.rank < 0) return MOTE_OK;
  MOTE_TRY(op_axis(c, ((const sch_PackOptions *)c->options)->axis, one.rank + 1, &axis));
  out->rank = one.rank + 1;
  for (int32_t i = 0; i < out->rank; i++)
    out->dims[i] = i < axis ? one.dims[i] : i == axis ? c->num_inputs : one.dims[i - 1];
  return MOTE_OK;
}

/* Bytes of what lies behind the axis, and how often. */
static mote_status rows_of(op_ctx *c, const op_tensor *stacked, int32_t wanted, int64_t *rows, int64_t *bytes) {
  int32_t axis;
  MOTE_TRY(op_axis(c, wanted, stacked->rank, &axis));
  *rows = (int64_t)op_span(stacked, 0, axis);
  *bytes = (int64_t)op_span(stacked, axis + 1, stacked->rank) * move_element(stacked->type);
  return MOTE_OK;
}

static mote_status pack_move(op_ctx *c) {
  int64_t rows, bytes;
  MOTE_TRY(rows_of(c, c->out[0], ((const sch_PackOptions *)c->options)->axis, &rows, &bytes));
  for (int32_t i = 0; i < c->num_inputs; i++)
    move_rows(c, (char *)c->out[0]->data + i * bytes, bytes * c->num_inputs, c->in[i]->data, bytes, rows, bytes);
  return MOTE_OK;
}

static mote_status pack_run(op_ctx *c) { return move_any(c, pack_move); }

const mote_op op_pack_values = {
    .name = "PACK",
    .code = sch_BuiltinOperator_PACK,
    .versions = 5,
    .options = sch_BuiltinOptions_PackOptions,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " = ... > =",
    .check = pack_check,
    .infer = pack_infer,
    .plan = move_plan,
    .run = pack_run,
    .notes = "All inputs have one shape and the output's quantization.",
};

/* ---- UNPACK ---- */

static mote_status unpack_check(op_ctx *c) {
  const sch_UnpackOptions *const o = c->options;
  OP_REQUIRE(c, o->num == c->num_outputs, MOTE_ERR_MODEL, "num is %d, but there are %d outputs", (int)o->num,
             (int)c->num_outputs);
  for (int32_t i = 0; i < c->num_outputs; i++) MOTE_TRY(move_same_quant(c, c->in[0], c->out[i]));
  return MOTE_OK;
}

static mote_status unpack_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  int32_t axis;
  for (int32_t i = 0; i < c->num_outputs; i++) c->out[i]->rank = -1;
  if (in->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, in->rank > 0, MOTE_ERR_SHAPE, "a scalar cannot be taken apart");
  MOTE_TRY(op_axis(c, ((const sch_UnpackOptions *)c->options)->axis, in->rank, &axis));
  OP_REQUIRE(c, in->dims[axis] < 0 || in->dims[axis] == c->num_outputs, MOTE_ERR_SHAPE,
             "dimension %d is %d, but there are %d outputs; they must be equal", (int)axis, (int)in->dims[axis],
             (int)c->num_outputs);
  for (int32_t i = 0; i < c->num_outputs; i++) {
    op_tensor *const out = c->out[i];
    out->rank = in->rank - 1;
    for (int32_t k = 0; k < out->rank; k++) out->dims[k] = in->dims[k < axis ? k : k + 1];
  }
  return MOTE_OK;
}

static mote_status unpack_move(op_ctx *c) {
  int64_t rows, bytes;
  MOTE_TRY(rows_of(c, c->in[0], ((const sch_UnpackOptions *)c->options)->axis, &rows, &bytes));
  for (int32_t i = 0; i < c->num_outputs; i++)
    move_rows(c, c->out[i]->data, bytes, (const char *)c->in[0]->data + i * bytes, bytes * c->num_outputs, rows, bytes);
  return MOTE_OK;
}

static mote_status unpack_run(op_ctx *c) { return move_any(c, unpack_move); }

const mote_op op_unpack = {
    .name = "UNPACK",
    .code = sch_BuiltinOperator_UNPACK,
    .versions = 6,
    .options = sch_BuiltinOptions_UnpackOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = MOVE_ALL " > = ...",
    .check = unpack_check,
    .infer = unpack_infer,
    .plan = move_plan,
    .run = unpack_run,
    .notes = "As many outputs as the dimension has elements.",
};
