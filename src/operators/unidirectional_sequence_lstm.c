/* unidirectional_sequence_lstm.c: UNIDIRECTIONAL_SEQUENCE_LSTM: one LSTM cell over a sequence, forwards. */
#include "operators/lstm.h"

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
  for (int i = 0; i < LSTM_SCALES && i < c->num_intermediates; i++) o.scale[i] = c->intermediates[i];
  return o;
}

static mote_status check(op_ctx *c) {
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

const mote_op op_unidirectional_sequence_lstm = {
    .name = "UNIDIRECTIONAL_SEQUENCE_LSTM",
    .code = sch_BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM,
    .versions = 4,
    .options = sch_BuiltinOptions_UnidirectionalSequenceLSTMOptions,
    .inputs_min = 20,
    .inputs_max = 24,
    .outputs_min = 1,
    .outputs_max = 1,
    .optional = UINT64_C(1) << X_WEIGHTS | UINT64_C(1) << H_WEIGHTS | UINT64_C(7) << PEEPHOLE | UINT64_C(1) << BIAS |
                UINT64_C(3) << PROJECTION | UINT64_C(15) << NORM,
    .types = "f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 > f32;"
             "f32 i8|u8 i8|u8 i8|u8 i8|u8 i8|u8|f32 i8|u8|f32 i8|u8|f32 i8|u8|f32 i8|u8 i8|u8 i8|u8 f32 f32 f32 f32 "
             "i8|u8 f32 f32 f32 f32 f32 f32 f32 > f32;"
             "i8 i8 i8 i8 i8 i8 i8 i8 i8 i16 i16 i16 i32 i32 i32 i32 i8 i32 i8|i16 i16 i16 i16 i16 i16 > i8",
    .traits = OP_STATEFUL,
    .params_size = sizeof(lstm_params),
    .record_size = sizeof(lstm_record),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Peephole, projection, layer normalization and CIFG; float32, hybrid, or int8 with an int16 cell.",
};
