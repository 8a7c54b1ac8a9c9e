/* bidirectional_sequence_lstm.c: BIDIRECTIONAL_SEQUENCE_LSTM: a cell over a sequence forwards and another backwards.
 *
 * An auxiliary input with weights of its own is added to the gates of both cells. Without such weights it is what the
 * backward cell reads in place of the input: the backward results of the layer below.
 */
#include "operators/lstm.h"

/* Places of operands. A cell's own begin at FORWARD or BACKWARD, in the order of CELL_... */
enum { INPUT = 0, FORWARD = 1, BACKWARD = 18, STATES = 35, AUX = 39, AUX_WEIGHTS = 40, INPUTS = 48 };
enum {
  CELL_X = 0,
  CELL_H = CELL_X + LSTM_GATES,
  CELL_PEEPHOLE = CELL_H + LSTM_GATES,
  CELL_BIAS = CELL_PEEPHOLE + 3,
  CELL_PROJECTION = CELL_BIAS + LSTM_GATES,
  CELL_PROJECTION_BIAS
};
enum { FW, BW, DIRECTIONS };

typedef struct bidi_params {
  lstm_params cell[DIRECTIONS];
} bidi_params;

typedef struct bidi_record {
  lstm_record cell[DIRECTIONS];
} bidi_record;

static const sch_BidirectionalSequenceLSTMOptions *options_of(const op_ctx *c) { return c->options; }

static lstm_operands operands_of(const op_ctx *c, int direction) {
  const int base = direction == FW ? FORWARD : BACKWARD;
  const bool weighted = c->in[AUX_WEIGHTS + LSTM_FORGET_GATE] != NULL, merged = options_of(c)->merge_outputs;
  const op_tensor *const aux = c->in[AUX];
  lstm_operands o = {.input = direction == BW && aux && !weighted ? aux : c->in[INPUT],
                     .aux = weighted ? aux : NULL,
                     .output = c->out[merged ? 0 : direction],
                     .hidden = c->in[STATES + 2 * direction],
                     .cell = c->in[STATES + 2 * direction + 1],
                     .projection_bias = c->in[base + CELL_PROJECTION_BIAS]};
  for (int g = 0; g < LSTM_GATES; g++) {
    o.matrix[LSTM_X + g] = c->in[base + CELL_X + g];
    o.matrix[LSTM_H + g] = c->in[base + CELL_H + g];
    o.matrix[LSTM_AUX + g] = c->in[AUX_WEIGHTS + direction * LSTM_GATES + g];
    o.bias[g] = c->in[base + CELL_BIAS + g];
  }
  o.matrix[LSTM_PROJECTION] = c->in[base + CELL_PROJECTION];
  o.peephole[LSTM_INPUT_GATE] = c->in[base + CELL_PEEPHOLE];
  o.peephole[LSTM_FORGET_GATE] = c->in[base + CELL_PEEPHOLE + 1];
  o.peephole[LSTM_OUTPUT_GATE] = c->in[base + CELL_PEEPHOLE + 2];
  /* Results of the forward cell come first. */
  const op_tensor *const first = c->in[FORWARD + CELL_H + LSTM_OUTPUT_GATE];
  if (direction == BW && merged && first->rank == 2 && first->dims[1] > 0) o.column = (size_t)first->dims[1];
  return o;
}

static mote_status check(op_ctx *c) {
  const sch_BidirectionalSequenceLSTMOptions *const o = options_of(c);
  bidi_params *const p = c->params;
  OP_REQUIRE(c, c->num_outputs == (o->merge_outputs ? 1 : DIRECTIONS), MOTE_ERR_MODEL, "there are %d outputs; %s",
             (int)c->num_outputs, o->merge_outputs ? "merged results are one" : "there must be one for each direction");
  for (int d = 0; d < DIRECTIONS; d++) {
    const lstm_operands operands = operands_of(c, d);
    p->cell[d].attr = (lstm_attr){.cell_clip = o->cell_clip,
                                  .projection_clip = o->proj_clip,
                                  .time_major = o->time_major,
                                  .backward = d == BW,
                                  .asymmetric = o->asymmetric_quantize_inputs};
    OP_REQUIRE(c, c->in[AUX] || !operands.matrix[LSTM_AUX + LSTM_FORGET_GATE], MOTE_ERR_MODEL,
               "there are weights for an auxiliary input, but there is none");
    MOTE_TRY(lstm_activation_of(c, o->fused_activation_function, &p->cell[d].attr.activation));
    MOTE_TRY(lstm_check(c, &operands, &p->cell[d]));
  }
  return MOTE_OK;
}

static mote_status prepare(op_ctx *c) {
  bidi_params *const p = c->params;
  for (int d = 0; d < DIRECTIONS; d++) {
    const lstm_operands operands = operands_of(c, d);
    MOTE_TRY(p->cell[d].kind->prepare(c, &operands, &p->cell[d]));
  }
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const bidi_params *const p = c->params;
  op_tensor out[DIRECTIONS];
  for (int d = 0; d < DIRECTIONS; d++) {
    const lstm_operands operands = operands_of(c, d);
    MOTE_TRY(lstm_infer(c, &operands, &p->cell[d].attr, &out[d]));
  }
  MOTE_TRY(sequence_directions(c, &out[FW], &out[BW], options_of(c)->merge_outputs));
  for (int d = 0; d < c->num_outputs; d++) op_same_shape(c->out[d], &out[d]);
  return MOTE_OK;
}

/* One cell runs after the other, in the same scratch. */
static mote_status plan(op_ctx *c) {
  const bidi_params *const p = c->params;
  bidi_record *const r = c->record;
  size_t scratch = 0;
  uint64_t macs = 0;
  for (int d = 0; d < DIRECTIONS; d++) {
    const lstm_operands operands = operands_of(c, d);
    MOTE_TRY(lstm_plan(c, &operands, &p->cell[d], &r->cell[d]));
    if (scratch < c->scratch_size) scratch = c->scratch_size;
    macs += c->macs;
  }
  c->scratch_size = scratch;
  c->macs = macs;
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  const bidi_params *const p = c->params;
  const bidi_record *const r = c->record;
  for (int d = 0; d < DIRECTIONS; d++) {
    const lstm_operands operands = operands_of(c, d);
    MOTE_TRY(lstm_sequence(c, &operands, &p->cell[d], &r->cell[d]));
  }
  return MOTE_OK;
}

#define BYTES "i8|u8 "
#define CELL_TYPES BYTES BYTES BYTES BYTES BYTES BYTES BYTES BYTES BYTES BYTES BYTES "f32 f32 f32 f32 " BYTES "f32 "

/* Of one cell: weights of the input gate, peepholes, bias of the input gate, projection. */
#define CELL_OPTIONAL                                                                                                  \
  (UINT64_C(1) << CELL_X | UINT64_C(1) << CELL_H | UINT64_C(7) << CELL_PEEPHOLE | UINT64_C(1) << CELL_BIAS |           \
   UINT64_C(3) << CELL_PROJECTION)

const mote_op op_bidirectional_sequence_lstm = {
    .name = "BIDIRECTIONAL_SEQUENCE_LSTM",
    .code = sch_BuiltinOperator_BIDIRECTIONAL_SEQUENCE_LSTM,
    .versions = 3,
    .options = sch_BuiltinOptions_BidirectionalSequenceLSTMOptions,
    .inputs_min = INPUTS,
    .inputs_max = INPUTS,
    .outputs_min = 1,
    .outputs_max = 2,
    .optional = CELL_OPTIONAL << FORWARD | CELL_OPTIONAL << BACKWARD | UINT64_C(0x1ff) << AUX,
    .types = "f32 ... > f32 ...; f32 " CELL_TYPES CELL_TYPES "f32 f32 f32 f32 f32 i8|u8 ... > f32 ...",
    .traits = OP_STATEFUL,
    .params_size = sizeof(bidi_params),
    .record_size = sizeof(bidi_record),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Peephole, projection, CIFG, auxiliary input; outputs apart or merged; float32 or hybrid.",
};
