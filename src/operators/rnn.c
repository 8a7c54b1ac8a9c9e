/* rnn.c: RNN, one step of the simple recurrent cell; UNIDIRECTIONAL_SEQUENCE_RNN and BIDIRECTIONAL_SEQUENCE_RNN, the
 * cell over a sequence, and another one backwards.
 */
#include "operators/rnn.h"

/* Places of operands: a cell's weights, recurrent weights, bias and state. */
enum { INPUT = 0, FORWARD = 1, BACKWARD = 5, AUX = 9, AUX_WEIGHTS = 10 };
enum { CELL_WEIGHTS, CELL_RECURRENT, CELL_BIAS, CELL_HIDDEN };
enum { FW, BW, DIRECTIONS };

typedef struct rnn_all_params {
  rnn_params cell[DIRECTIONS];
} rnn_all_params;

typedef struct rnn_all_record {
  rnn_record cell[DIRECTIONS];
} rnn_all_record;

static bool is_bidirectional(const op_ctx *c) { return c->op->code == sch_BuiltinOperator_BIDIRECTIONAL_SEQUENCE_RNN; }
static int directions(const op_ctx *c) { return is_bidirectional(c) ? DIRECTIONS : 1; }

static bool is_merged(const op_ctx *c) {
  return is_bidirectional(c) && ((const sch_BidirectionalSequenceRNNOptions *)c->options)->merge_outputs;
}

static bool is_time_major(const op_ctx *c) {
  if (is_bidirectional(c)) return ((const sch_BidirectionalSequenceRNNOptions *)c->options)->time_major;
  return c->op->code != sch_BuiltinOperator_RNN && ((const sch_SequenceRNNOptions *)c->options)->time_major;
}

/* An auxiliary input without weights is what the backward cell reads in place of the input: the backward results of the
 * layer below. So it is with the time first; with the batch first the reference kernel does not read it at all, and
 * models live with that.
 */
static rnn_operands operands_of(const op_ctx *c, int direction) {
  op_tensor *const *const cell = c->in + (direction == FW ? FORWARD : BACKWARD);
  const bool weighted = is_bidirectional(c) && c->in[AUX_WEIGHTS];
  const bool replaced = direction == BW && c->in[AUX] && !weighted && is_time_major(c);
  rnn_operands o = {.input = replaced ? c->in[AUX] : c->in[INPUT],
                    .aux = weighted ? c->in[AUX] : NULL,
                    .matrix = {cell[CELL_WEIGHTS], cell[CELL_RECURRENT]},
                    .bias = cell[CELL_BIAS],
                    .hidden = cell[CELL_HIDDEN],
                    .output = c->out[is_merged(c) ? 0 : direction]};
  if (is_bidirectional(c)) o.matrix[RNN_AUX] = c->in[AUX_WEIGHTS + direction];
  const op_tensor *const first = c->in[FORWARD + CELL_WEIGHTS];
  if (direction == BW && is_merged(c) && first->rank == 2 && first->dims[0] > 0) o.column = (size_t)first->dims[0];
  return o;
}

/* ---- options ---- */

static mote_status read_options(op_ctx *c, rnn_params *p) {
  int32_t activation;
  p->time_major = is_time_major(c);
  if (c->op->code == sch_BuiltinOperator_RNN) {
    const sch_RNNOptions *const o = c->options;
    activation = o->fused_activation_function;
    p->asymmetric = o->asymmetric_quantize_inputs;
  } else if (is_bidirectional(c)) {
    const sch_BidirectionalSequenceRNNOptions *const o = c->options;
    activation = o->fused_activation_function;
    p->asymmetric = o->asymmetric_quantize_inputs;
  } else {
    const sch_SequenceRNNOptions *const o = c->options;
    activation = o->fused_activation_function;
    p->asymmetric = o->asymmetric_quantize_inputs;
  }
  return lstm_activation_of(c, activation, &p->activation);
}

/* ---- phases ---- */

static mote_status check(op_ctx *c) {
  rnn_all_params *const p = c->params;
  OP_REQUIRE(c, c->num_outputs == (is_merged(c) ? 1 : directions(c)), MOTE_ERR_MODEL, "there are %d outputs; %s",
             (int)c->num_outputs, is_merged(c) ? "merged results are one" : "there must be one for each direction");
  for (int d = 0; d < directions(c); d++) {
    const rnn_operands o = operands_of(c, d);
    MOTE_TRY(read_options(c, &p->cell[d]));
    p->cell[d].backward = d == BW;
    MOTE_TRY(rnn_check(c, &o));
  }
  return MOTE_OK;
}

static mote_status prepare(op_ctx *c) {
  rnn_all_params *const p = c->params;
  for (int d = 0; d < directions(c); d++) {
    const rnn_operands o = operands_of(c, d);
    MOTE_TRY(rnn_prepare(c, &o, &p->cell[d]));
  }
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  op_tensor out[DIRECTIONS];
  for (int d = 0; d < directions(c); d++) {
    const rnn_operands o = operands_of(c, d);
    MOTE_TRY(rnn_infer(c, &o, &out[d]));
  }
  if (is_bidirectional(c)) MOTE_TRY(sequence_directions(c, &out[FW], &out[BW], is_merged(c)));
  for (int d = 0; d < c->num_outputs; d++) op_same_shape(c->out[d], &out[d]);
  return MOTE_OK;
}

/* One cell runs after the other, in the same scratch. */
static mote_status plan(op_ctx *c) {
  const rnn_all_params *const p = c->params;
  rnn_all_record *const r = c->record;
  size_t scratch = 0;
  for (int d = 0; d < directions(c); d++) {
    const rnn_operands o = operands_of(c, d);
    MOTE_TRY(rnn_plan(c, &o, &p->cell[d], &r->cell[d]));
    if (scratch < c->scratch_size) scratch = c->scratch_size;
  }
  c->scratch_size = scratch;
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  const rnn_all_params *const p = c->params;
  const rnn_all_record *const r = c->record;
  for (int d = 0; d < directions(c); d++) {
    const rnn_operands o = operands_of(c, d);
    MOTE_TRY(rnn_run(c, &o, &p->cell[d], &r->cell[d]));
  }
  return MOTE_OK;
}

/* ---- descriptors ---- */

#define CELL_TYPES "i8|u8 i8|u8 f32 f32 "
#define PHASES                                                                                                         \
  .traits = OP_STATEFUL, .params_size = sizeof(rnn_all_params), .record_size = sizeof(rnn_all_record), .check = check, \
  .prepare = prepare, .infer = infer, .plan = plan, .run = run

const mote_op op_rnn = {
    .name = "RNN",
    .code = sch_BuiltinOperator_RNN,
    .versions = 3,
    .options = sch_BuiltinOptions_RNNOptions,
    .inputs_min = BACKWARD,
    .inputs_max = BACKWARD,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 ... > f32; f32 " CELL_TYPES "> f32",
    PHASES,
    .notes = "One step; float32 or hybrid.",
};

const mote_op op_unidirectional_sequence_rnn = {
    .name = "UNIDIRECTIONAL_SEQUENCE_RNN",
    .code = sch_BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_RNN,
    .versions = 3,
    .options = sch_BuiltinOptions_SequenceRNNOptions,
    .inputs_min = BACKWARD,
    .inputs_max = BACKWARD,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 ... > f32; f32 " CELL_TYPES "> f32",
    PHASES,
    .notes = "Time or batch first; float32 or hybrid.",
};

const mote_op op_bidirectional_sequence_rnn = {
    .name = "BIDIRECTIONAL_SEQUENCE_RNN",
    .code = sch_BuiltinOperator_BIDIRECTIONAL_SEQUENCE_RNN,
    .versions = 3,
    .options = sch_BuiltinOptions_BidirectionalSequenceRNNOptions,
    .inputs_min = AUX_WEIGHTS + DIRECTIONS,
    .inputs_max = AUX_WEIGHTS + DIRECTIONS,
    .outputs_min = 1,
    .outputs_max = DIRECTIONS,
    .optional = UINT64_C(7) << AUX,
    .types = "f32 ... > f32 ...; f32 " CELL_TYPES CELL_TYPES "f32 i8|u8 ... > f32 ...",
    PHASES,
    .notes = "Auxiliary input; outputs apart or merged; float32 or hybrid.",
};
