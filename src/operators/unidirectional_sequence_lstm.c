/* unidirectional_sequence_lstm.c: UNIDIRECTIONAL_SEQUENCE_LSTM: one LSTM cell over a sequence, forwards; and LSTM, a
 * single step of the same cell, or of the one of five operands in lstm_basic.c.
 */
#include "operators/lstm.h"
#include "operators/lstm_basic.h"

/* Places of operands. An int16 output state of the integer kind holds int8 in its first half, as in TFLite. */
enum {
  INPUT = 0,
  X_WEIGHTS = 1,
  H_WEIGHTS = 5,
  PEEPHOLE = 9,
  BIAS = 12,
  PROJECTION = 16,
  PROJECTION_BIAS = 17,
  HIDDEN = 18,
  CELL = 19,
  NORM = 20
};

static const op_tensor *in(const op_ctx *c, int i) { return i < c->num_inputs ? c->in[i] : NULL; }

static lstm_operands operands_of(const op_ctx *c) {
  lstm_operands o = {.input = in(c, INPUT),
                     .output = c->out[0],
                     .hidden = in(c, HIDDEN),
                     .cell = in(c, CELL),
                     .projection_bias = in(c, PROJECTION_BIAS)};
  for (int g = 0; g < LSTM_GATES; g++) {
    o.matrix[LSTM_X + g] = in(c, X_WEIGHTS + g);
    o.matrix[LSTM_H + g] = in(c, H_WEIGHTS + g);
    o.bias[g] = in(c, BIAS + g);
    o.norm[g] = in(c, NORM + g);
  }
  o.matrix[LSTM_PROJECTION] = in(c, PROJECTION);
  o.peephole[LSTM_INPUT_GATE] = in(c, PEEPHOLE);
  o.peephole[LSTM_FORGET_GATE] = in(c, PEEPHOLE + 1);
  o.peephole[LSTM_OUTPUT_GATE] = in(c, PEEPHOLE + 2);
  for (int i = 0; i < LSTM_SCALES_S8X8 && i < c->num_intermediates; i++) o.scale[i] = c->intermediates[i];
  return o;
}

/* ---- phases of the whole cell ---- */

static mote_status check_sequence(op_ctx *c) {
  const sch_UnidirectionalSequenceLSTMOptions *const options = c->options;
  const lstm_operands o = operands_of(c);
  lstm_params *const p = c->params;
  p->attr = (lstm_attr){.cell_clip = options->cell_clip,
                        .projection_clip = options->proj_clip,
                        .time_major = options->time_major,
                        .asymmetric = options->asymmetric_quantize_inputs,
                        .diagonal = options->diagonal_recurrent_tensors};
  MOTE_TRY(lstm_activation_of(c, options->fused_activation_function, &p->attr.activation));
  return lstm_check(c, &o, p);
}

static mote_status prepare(op_ctx *c) {
  const lstm_operands o = operands_of(c);
  lstm_params *const p = c->params;
  return p->kind->prepare(c, &o, p);
}

static mote_status infer(op_ctx *c) {
  const lstm_operands o = operands_of(c);
  const lstm_params *const p = c->params;
  return lstm_infer(c, &o, &p->attr, c->out[0]);
}

static mote_status plan(op_ctx *c) {
  const lstm_operands o = operands_of(c);
  return lstm_plan(c, &o, c->params, c->record);
}

static mote_status run(op_ctx *c) {
  const lstm_operands o = operands_of(c);
  return lstm_sequence(c, &o, c->params, c->record);
}

/* ---- LSTM ---- */

typedef union single_params {
  lstm_params full;
  lstm_basic_params basic;
} single_params;

typedef union single_record {
  lstm_record full;
  lstm_basic_record basic;
} single_record;

static bool is_basic(const op_ctx *c) {
  return ((const sch_LSTMOptions *)c->options)->kernel_type == sch_LSTMKernelType_BASIC;
}

static mote_status check_single(op_ctx *c) {
  const sch_LSTMOptions *const options = c->options;
  if (is_basic(c)) return lstm_basic_check(c);
  OP_REQUIRE(c, options->kernel_type == sch_LSTMKernelType_FULL, MOTE_ERR_MODEL, "kernel type %d does not exist",
             (int)options->kernel_type);
  OP_REQUIRE(c, c->num_inputs == NORM || c->num_inputs == NORM + LSTM_GATES, MOTE_ERR_MODEL,
             "there are %d inputs; the whole cell takes %d, or %d with layer normalization", (int)c->num_inputs, NORM,
             NORM + LSTM_GATES);
  OP_REQUIRE(c, c->num_outputs == 1, MOTE_ERR_MODEL, "there are %d outputs; the whole cell has one",
             (int)c->num_outputs);
  const lstm_operands o = operands_of(c);
  lstm_params *const p = c->params;
  p->attr = (lstm_attr){.cell_clip = options->cell_clip,
                        .projection_clip = options->proj_clip,
                        .single = true,
                        .asymmetric = options->asymmetric_quantize_inputs,
                        .sparse = o.matrix[LSTM_X + LSTM_OUTPUT_GATE]->sparsity != NULL};
  MOTE_TRY(lstm_activation_of(c, options->fused_activation_function, &p->attr.activation));
  return lstm_check(c, &o, p);
}

static mote_status prepare_single(op_ctx *c) { return is_basic(c) ? lstm_basic_prepare(c) : prepare(c); }
static mote_status infer_single(op_ctx *c) { return is_basic(c) ? lstm_basic_infer(c) : infer(c); }
static mote_status plan_single(op_ctx *c) { return is_basic(c) ? lstm_basic_plan(c) : plan(c); }
static mote_status run_single(op_ctx *c) { return is_basic(c) ? lstm_basic_run(c) : run(c); }

/* ---- descriptors ---- */

#define WHOLE_CELL_OPTIONAL                                                                                            \
  (UINT64_C(1) << X_WEIGHTS | UINT64_C(1) << H_WEIGHTS | UINT64_C(7) << PEEPHOLE | UINT64_C(1) << BIAS |               \
   UINT64_C(3) << PROJECTION | UINT64_C(15) << NORM)

#define WHOLE_CELL_TYPES                                                                                               \
  "f32 ... > f32;"                                                                                                     \
  "f32 i8|u8 i8|u8 i8|u8 i8|u8 i8|u8|f32 i8|u8|f32 i8|u8|f32 i8|u8|f32 i8|u8 i8|u8 i8|u8 f32 f32 f32 f32 "             \
  "i8|u8 f32 ... > f32;"                                                                                               \
  "i8 i8 i8 i8 i8 i8 i8 i8 i8 i16 i16 i16 i32 i32 i32 i32 i8 i32 i8|i16 i16 ... > i8"

const mote_op op_unidirectional_sequence_lstm = {
    .name = "UNIDIRECTIONAL_SEQUENCE_LSTM",
    .code = sch_BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM,
    .versions = 4,
    .options = sch_BuiltinOptions_UnidirectionalSequenceLSTMOptions,
    .inputs_min = 20,
    .inputs_max = 24,
    .outputs_min = 1,
    .outputs_max = 1,
    .optional = WHOLE_CELL_OPTIONAL,
    .types = WHOLE_CELL_TYPES,
    .traits = OP_STATEFUL,
    .params_size = sizeof(lstm_params),
    .record_size = sizeof(lstm_record),
    .check = check_sequence,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Peephole, projection, layer normalization and CIFG; float32, hybrid, or int8 with an int16 cell.",
};

const mote_op op_lstm = {
    .name = "LSTM",
    .code = sch_BuiltinOperator_LSTM,
    .versions = 4,
    .options = sch_BuiltinOptions_LSTMOptions,
    .inputs_min = LSTM_BASIC_INPUTS,
    .inputs_max = NORM + LSTM_GATES,
    .outputs_min = 1,
    .outputs_max = LSTM_BASIC_OUTPUTS,
    .optional = WHOLE_CELL_OPTIONAL,
    .types = WHOLE_CELL_TYPES ";" LSTM_BASIC_TYPES,
    .traits = OP_STATEFUL,
    .params_size = sizeof(single_params),
    .record_size = sizeof(single_record),
    .check = check_single,
    .prepare = prepare_single,
    .infer = infer_single,
    .plan = plan_single,
    .run = run_single,
    .notes = "One step of the cell; or of the basic cell of five operands, in float32 or uint8 with an int16 state.",
};
