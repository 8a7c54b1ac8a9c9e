/* What the recurrent operators refuse: one network of each kind, spoiled in one place at a time. Not here: operands
 * that are missing and counts of them, which are tested for all operators alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/operands.h"

extern const mote_op op_rnn, op_unidirectional_sequence_rnn, op_bidirectional_sequence_rnn, op_svdf,
    op_unidirectional_sequence_gru, op_bidirectional_sequence_lstm, op_unidirectional_sequence_lstm, op_lstm;

enum { BATCH = 2, TIME = 3, INPUT = 4, CELLS = 5, OUTPUT = 6, INTERMEDIATES = 12 };

/* ---- networks ---- */

static op_tensor inner[INTERMEDIATES];
static int inners;
static float inner_scale;
static operand outputs;

static void begin_net(mote_type output) {
  used = inners = 0;
  inner_scale = 0x1p-11f;
  outputs = (operand){.type = output, .scale = 0.02f};
}

/* Weights of the input, of the state, peepholes, biases, projection, of one cell of LSTM. */
static void add_cell(op_random *r, mote_type weights, mote_type vectors, mote_type biases, int32_t output) {
  const float bias = biases == MOTE_INT32 ? 1e-7f : 0.01f;
  for (int g = 0; g < 4; g++) add(r, weights, 0.01f, 2, CELLS, INPUT, 0);
  for (int g = 0; g < 4; g++) add(r, weights, 0.01f, 2, CELLS, output, 0);
  for (int g = 0; g < 3; g++) add(r, vectors, 1e-4f, 1, CELLS, 0, 0);
  for (int g = 0; g < 4; g++) add(r, biases, bias, 1, CELLS, 0, 0);
  if (output == CELLS) {
    leave_out();
    leave_out();
    return;
  }
  add(r, weights, 0.01f, 2, output, CELLS, 0);
  add(r, biases, bias, 1, output, 0, 0);
}

static void add_lstm(op_random *r, mote_type rows, mote_type weights, bool single) {
  const bool integer = rows == MOTE_INT8;
  const mote_type vectors = integer ? MOTE_INT16 : weights;
  begin_net(rows);
  if (single) add(r, rows, 0.01f, 2, BATCH, INPUT, 0);
  else add(r, rows, 0.01f, 3, BATCH, TIME, INPUT);
  add_cell(r, weights, vectors, integer ? MOTE_INT32 : MOTE_FLOAT32, OUTPUT);
  variable(add(r, rows, 0.01f, 2, BATCH, OUTPUT, 0));
  variable(add(r, integer ? MOTE_INT16 : MOTE_FLOAT32, 0x1p-11f, 2, BATCH, CELLS, 0));
  for (int g = 0; g < 4; g++) add(r, integer ? MOTE_INT16 : MOTE_FLOAT32, 1e-4f, 1, CELLS, 0, 0);
  if (integer) inners = 5;
}

static void float_sequence(op_random *r) { add_lstm(r, MOTE_FLOAT32, MOTE_FLOAT32, false); }
static void float_step(op_random *r) { add_lstm(r, MOTE_FLOAT32, MOTE_FLOAT32, true); }
static void hybrid_sequence(op_random *r) { add_lstm(r, MOTE_FLOAT32, MOTE_INT8, false); }
static void integer_sequence(op_random *r) { add_lstm(r, MOTE_INT8, MOTE_INT8, false); }

/* Without the projection that makes 6 outputs of 5 cells. */
static void unprojected(op_random *r) {
  float_sequence(r);
  operands[16].rank = operands[17].rank = -1;
}

/* Twelve intermediate tensors: no input gate, no peephole. */
static void products_of_bytes(op_random *r) {
  integer_sequence(r);
  for (int i = 1; i <= 12; i += 4) operands[i].rank = -1; /* 1, 5: weights; 9: peephole; */
  for (int i = 9; i <= 12; i++) operands[i].rank = -1;    /* 12: bias */
  operands[20].rank = -1;
  operands[19].scale = 0x1p-15f;
  inners = INTERMEDIATES;
}

static void products_without_projection(op_random *r) {
  products_of_bytes(r);
  operands[16].rank = operands[17].rank = -1;
}

static void basic_bytes(op_random *r) {
  begin_net(MOTE_UINT8);
  add(r, MOTE_UINT8, 0x1p-7f, 2, BATCH, INPUT, 0);
  add(r, MOTE_UINT8, 0x1p-7f, 2, BATCH, CELLS, 0);
  add(r, MOTE_UINT8, 0.01f, 2, 4 * CELLS, INPUT + CELLS, 0);
  add(r, MOTE_INT32, 1e-4f, 1, 4 * CELLS, 0, 0);
  add(r, MOTE_INT16, 0x1p-11f, 2, BATCH, CELLS, 0);
  outputs.scale = 0x1p-11f; /* all four; only that of the state is read */
}

static void two_lstms(op_random *r) {
  begin_net(MOTE_FLOAT32);
  add(r, MOTE_FLOAT32, 0.01f, 3, TIME, BATCH, INPUT);
  for (int d = 0; d < 2; d++) add_cell(r, MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32, CELLS);
  for (int i = 0; i < 4; i++) variable(add(r, MOTE_FLOAT32, 0.01f, 2, BATCH, CELLS, 0));
  add(r, MOTE_FLOAT32, 0.01f, 3, TIME, BATCH, INPUT + 1);
  for (int g = 0; g < 8; g++) add(r, MOTE_FLOAT32, 0.01f, 2, CELLS, INPUT + 1, 0);
}

static void add_simple(op_random *r, mote_type weights) {
  add(r, weights, 0.01f, 2, CELLS, INPUT, 0);
  add(r, weights, 0.01f, 2, CELLS, CELLS, 0);
  add(r, MOTE_FLOAT32, 0.01f, 1, CELLS, 0, 0);
  variable(add(r, MOTE_FLOAT32, 0.01f, 2, BATCH, CELLS, 0));
}

static void simple_step(op_random *r) {
  begin_net(MOTE_FLOAT32);
  add(r, MOTE_FLOAT32, 0.01f, 2, BATCH, INPUT, 0);
  add_simple(r, MOTE_FLOAT32);
}

static void simple_hybrid(op_random *r) {
  begin_net(MOTE_FLOAT32);
  add(r, MOTE_FLOAT32, 0.01f, 3, BATCH, TIME, INPUT);
  add_simple(r, MOTE_INT8);
}

static void two_simple(op_random *r) {
  begin_net(MOTE_FLOAT32);
  add(r, MOTE_FLOAT32, 0.01f, 3, TIME, BATCH, INPUT);
  for (int d = 0; d < 2; d++) add_simple(r, MOTE_FLOAT32);
  add(r, MOTE_FLOAT32, 0.01f, 3, TIME, BATCH, INPUT + 1);
  for (int d = 0; d < 2; d++) add(r, MOTE_FLOAT32, 0.01f, 2, CELLS, INPUT + 1, 0);
}

static void add_svdf(op_random *r, mote_type rows, mote_type weights, mote_type over_time, mote_type bias,
                     mote_type state) {
  begin_net(rows);
  add(r, rows, 0.01f, 2, BATCH, INPUT, 0);
  add(r, weights, 0.01f, 2, 2 * CELLS, INPUT, 0);
  add(r, over_time, 0.01f, 2, 2 * CELLS, TIME, 0);
  add(r, bias, 0.01f, 1, CELLS, 0, 0);
  variable(add(r, state, 0.01f, 2, BATCH, 2 * CELLS * TIME, 0));
}

static void float_svdf(op_random *r) {
  add_svdf(r, MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32);
}
static void hybrid_svdf(op_random *r) { add_svdf(r, MOTE_FLOAT32, MOTE_INT8, MOTE_INT8, MOTE_FLOAT32, MOTE_FLOAT32); }
static void integer_svdf(op_random *r) { add_svdf(r, MOTE_INT8, MOTE_INT8, MOTE_INT16, MOTE_INT32, MOTE_INT16); }

static void gated(op_random *r) {
  begin_net(MOTE_FLOAT32);
  add(r, MOTE_FLOAT32, 0.01f, 3, TIME, BATCH, INPUT);
  add(r, MOTE_FLOAT32, 0.01f, 2, BATCH, CELLS, 0);
  add(r, MOTE_FLOAT32, 0.01f, 2, 2 * CELLS, INPUT + CELLS, 0);
  add(r, MOTE_FLOAT32, 0.01f, 1, 2 * CELLS, 0, 0);
  add(r, MOTE_FLOAT32, 0.01f, 2, CELLS, INPUT + CELLS, 0);
  add(r, MOTE_FLOAT32, 0.01f, 1, CELLS, 0, 0);
}

/* ---- spoiling them ---- */

typedef enum change {
  NONE,
  OMIT,
  RANK,
  ROWS, /* dimension 0 */
  COLUMNS,
  DEPTH, /* dimension 2 */
  TYPE,
  CONSTANT, /* no variable */
  SCALE,
  ZERO,
  COUNT,   /* of inputs */
  OUTPUTS, /* how many */
  OUTPUT_SCALE,
  INNERS, /* how many intermediate tensors */
  INNER_SCALE,
  INNER_LACKS /* the scale of one of them */
} change;

static int output_count, inner_without;

static void spoil(change what, int at, double value) {
  operand *const o = &operands[at];
  const int32_t number = fabs(value) < 1e6 ? (int32_t)value : 0;
  switch (what) {
    case NONE: break;
    case OMIT: o->rank = -1; break;
    case RANK: o->rank = number; break;
    case ROWS: o->dims[0] = number; break;
    case COLUMNS: o->dims[1] = number; break;
    case DEPTH: o->dims[2] = number; break;
    case TYPE: o->type = (mote_type)number; break;
    case CONSTANT: o->flags = 0; break;
    case SCALE: o->scale = (float)value; break;
    case ZERO: o->zero = number; break;
    case COUNT: used = number; break;
    case OUTPUTS: output_count = number; break;
    case OUTPUT_SCALE: outputs.scale = (float)value; break;
    case INNERS: inners = number; break;
    case INNER_LACKS: inner_without = at; break;
    case INNER_SCALE: inner_scale = (float)value; break;
  }
}

/* An operator, its network and its options; how many outputs it has. */
typedef struct network {
  const mote_op *op;
  void (*make)(op_random *r);
  const void *options;
  int outputs;
} network;

/* phrase NULL: it runs. */
static void try(const network *n, change what, int at, double value, const void *options, const char *phrase) {
  op_random r = {11};
  op_tensor *intermediates[INTERMEDIATES];
  op_case k;
  n->make(&r);
  output_count = n->outputs;
  inner_without = -1;
  spoil(what, at, value);
  begin(&k, n->op, options ? options : n->options, output_count, &outputs);
  if (n->make == basic_bytes && output_count == 4) k.out[1].type = k.out[3].type = MOTE_INT16;
  for (int i = 0; i < inners; i++) {
    op_case_fill(&k, &inner[i], MOTE_INT16);
    inner[i].scale = i == inner_without ? 0 : inner_scale;
    intermediates[i] = &inner[i];
  }
  k.c.intermediates = intermediates;
  k.c.num_intermediates = inners;
  const mote_status status = op_case_run(&k);
  if (!phrase) {
    if (status) fail_msg("%s must run: %s", n->op->name, k.error.text);
  } else if (status == MOTE_OK || !strstr(k.error.text, phrase)) {
    fail_msg("%s must be refused with '%s': %s", n->op->name, phrase, status ? k.error.text : "it is not");
  }
  assert_true(op_case_end(&k));
}

typedef struct wrong {
  change what;
  int at;
  double value;
  const char *phrase;
} wrong;

static void refuse(const network *n, const wrong *all, size_t count) {
  try(n, NONE, 0, 0, NULL, NULL);
  for (size_t i = 0; i < count; i++) try(n, all[i].what, all[i].at, all[i].value, NULL, all[i].phrase);
}

#define REFUSE(network, ...)                                                                                           \
  do {                                                                                                                 \
    const wrong all[] = {__VA_ARGS__};                                                                                 \
    refuse(&(network), all, sizeof all / sizeof *all);                                                                 \
  } while (0)

/* ---- LSTM ---- */

static const sch_UnidirectionalSequenceLSTMOptions sequence_options = {.fused_activation_function =
                                                                           sch_ActivationFunctionType_TANH};
static const sch_LSTMOptions step_options = {.fused_activation_function = sch_ActivationFunctionType_TANH};
static const network sequence = {&op_unidirectional_sequence_lstm, float_sequence, &sequence_options, 1};
static const network hybrid = {&op_unidirectional_sequence_lstm, hybrid_sequence, &sequence_options, 1};
static const network integer = {&op_unidirectional_sequence_lstm, integer_sequence, &sequence_options, 1};

static void operands_of_lstm(void **state) {
  (void)state;
  const network bare = {&op_unidirectional_sequence_lstm, unprojected, &sequence_options, 1};
  REFUSE(sequence, {OMIT, 1, 0, "the input gate needs weights for the input, weights for the state and a bias"},
         {OMIT, 5, 0, "the input gate needs"}, {OMIT, 12, 0, "the input gate needs"},
         {OMIT, 9, 0, "peephole weights must be given for all gates"}, {OMIT, 11, 0, "those of the output gate"},
         {OMIT, 21, 0, "layer normalization must be given for all gates"}, {OMIT, 16, 0, "but no weights"},
         {CONSTANT, 18, 0, "must be variables"}, {CONSTANT, 19, 0, "must be variables"}, {TYPE, 7, MOTE_INT8, "int8"},
         {RANK, 0, 2, "three dimensions: batch, time"}, {DEPTH, 0, 5, "weights of the input"},
         {ROWS, 2, 4, "weights of the input"}, {COLUMNS, 6, 5, "weights of the state"},
         {RANK, 7, 1, "weights of the state"}, {ROWS, 10, 4, "the peephole of the forget gate must have shape [5]"},
         {RANK, 13, 2, "the bias of the forget gate"}, {ROWS, 23, 6, "the layer normalization of the output gate"},
         {ROWS, 16, 7, "the projection must have shape [6, 5]"}, {ROWS, 17, 5, "the bias of the projection"},
         {ROWS, 18, 3, "the output state has 18 elements and needs 2 x 6"},
         {COLUMNS, 19, 6, "the cell state has 12 elements and needs 2 x 5"}, {ROWS, 4, 0, "the cell has no elements"});
  try(&bare, NONE, 0, 0, NULL, "without a projection the output has as many elements as the cell; they are 6 and 5");
  REFUSE(hybrid, {SCALE, 3, 0, "input 3 is int8 without a quantization scale"}, {SCALE, 16, 0, "input 16"},
         {SCALE, 9, 0, "input 9"}, {TYPE, 6, MOTE_FLOAT32, "float32"});
}

static void integer_lstm(void **state) {
  (void)state;
  const network bytes = {&op_unidirectional_sequence_lstm, products_of_bytes, &sequence_options, 1};
  const network bare = {&op_unidirectional_sequence_lstm, products_without_projection, &sequence_options, 1};
  try(&bare, NONE, 0, 0, NULL, "needs layer normalization and a projection");
  REFUSE(integer, {INNERS, 0, 0, "has 0 intermediate tensors here, but 5 are needed"},
         {INNERS, 0, 12, "no input gate and no peephole"}, {INNER_SCALE, 0, 0, "quantization scale"},
         {INNER_LACKS, 1, 0, "quantization scale"}, {SCALE, 0, 0, "input 0"}, {SCALE, 18, -1, "input 18"},
         {SCALE, 19, 0, "input 19"}, {SCALE, 19, 0.003, "it must be a power of two"},
         {SCALE, 19, 0.5, "from 2^-15 to 2^-9"}, {SCALE, 4, 0, "input 4"}, {SCALE, 16, INFINITY, "input 16"},
         {SCALE, 10, NAN, "input 10"}, {SCALE, 22, 0, "input 22"}, {SCALE, 22, 1e9, "it is too large"});
  REFUSE(bytes, {OMIT, 16, 0, "but no weights"}, {INNER_SCALE, 0, 0, "quantization scale"}, {SCALE, 0, 0, "input 0"},
         {SCALE, 18, 0, "input 18"}, {SCALE, 16, 0, "input 16"}, {SCALE, 21, 0, "input 21"}, {SCALE, 2, 0, "input 2"},
         {SCALE, 6, 0, "input 6"}, {SCALE, 19, 0x1p-14, "it must be 2^-15"});
}

static void options_of_lstm(void **state) {
  (void)state;
  const network step = {&op_lstm, float_step, &step_options, 1};
  sch_UnidirectionalSequenceLSTMOptions o = sequence_options;
  o.fused_activation_function = 77;
  try(&sequence, NONE, 0, 0, &o, "fused activation 77 does not exist");
  o = sequence_options, o.cell_clip = -1;
  try(&sequence, NONE, 0, 0, &o, "clips must be 0 (none) or above");
  o.cell_clip = NAN;
  try(&sequence, NONE, 0, 0, &o, "clips");
  o = sequence_options, o.time_major = true;
  try(&sequence, NONE, 0, 0, &o, "the output state has 12 elements and needs 3 x 6");
  o = sequence_options, o.diagonal_recurrent_tensors = true;
  try(&sequence, NONE, 0, 0, &o, "the diagonal of the state of the input gate");
  try(&integer, NONE, 0, 0, &o, "diagonal weights for the state are taken with float activations only");
  sch_LSTMOptions l = step_options;
  l.kernel_type = 9;
  try(&step, NONE, 0, 0, &l, "kernel type 9 does not exist");
  REFUSE(step, {COUNT, 0, 22, "there are 22 inputs"}, {OUTPUTS, 0, 4, "there are 4 outputs"},
         {RANK, 0, 3, "two dimensions: batch and elements"}, {COUNT, 0, 3, "3"});
}

static void basic_lstm(void **state) {
  (void)state;
  sch_LSTMOptions o = step_options;
  o.kernel_type = sch_LSTMKernelType_BASIC;
  const network basic = {&op_lstm, basic_bytes, &o, 4};
  REFUSE(basic, {OUTPUTS, 0, 1, "there are 5 inputs and 1 outputs"}, {OMIT, 1, 0, "input 1 is left out"},
         {SCALE, 2, 0, "input 2"}, {SCALE, 3, 0, "input 3"}, {OUTPUT_SCALE, 0, 0.001, "the cell computes with 2^-11"},
         {OUTPUT_SCALE, 0, 0, "scale"}, {ZERO, 0, 127, "the zero point of input 0 is 127"},
         {ZERO, 1, 0, "the zero point of input 1"}, {RANK, 0, 1, "input 0"}, {ROWS, 1, 3, "input 1 must have shape [2"},
         {COLUMNS, 2, 8, "input 2 must have shape [20, 9]"}, {ROWS, 2, 19, "input 2"},
         {ROWS, 3, 5, "the bias must have shape [20]"}, {COLUMNS, 4, 4, "input 4 must have shape [2, 5]"},
         {TYPE, 4, MOTE_FLOAT32, "float32"});
}

static void bidirectional_lstm(void **state) {
  (void)state;
  const sch_BidirectionalSequenceLSTMOptions o = {.time_major = true,
                                                  .fused_activation_function = sch_ActivationFunctionType_TANH};
  const network both = {&op_bidirectional_sequence_lstm, two_lstms, &o, 2};
  REFUSE(both, {OUTPUTS, 0, 1, "there must be one for each direction"}, {OMIT, 39, 0, "but there is none"},
         {OMIT, 42, 0, "an auxiliary input needs weights for every gate"}, {OMIT, 46, 0, "the cell gate differs"},
         {OMIT, 41, 0, "an auxiliary input needs weights"}, {ROWS, 39, 2, "as many time steps and batch elements"},
         {COLUMNS, 39, 3, "as many time steps"}, {DEPTH, 39, 4, "weights of the auxiliary input"},
         {COLUMNS, 47, 4, "weights of the auxiliary input"}, {CONSTANT, 37, 0, "must be variables"},
         {ROWS, 38, 3, "the cell state has 15 elements and needs 2 x 5"});
  sch_BidirectionalSequenceLSTMOptions merged = o;
  merged.merge_outputs = true;
  try(&both, NONE, 0, 0, &merged, "merged results are one");
}

/* ---- the others ---- */

static void simple_cells(void **state) {
  (void)state;
  const sch_RNNOptions one = {.fused_activation_function = sch_ActivationFunctionType_TANH};
  const sch_SequenceRNNOptions many = {.fused_activation_function = sch_ActivationFunctionType_TANH};
  sch_SequenceRNNOptions unknown = many;
  unknown.fused_activation_function = 8;
  const network step = {&op_rnn, simple_step, &one, 1};
  const network sequence_of_bytes = {&op_unidirectional_sequence_rnn, simple_hybrid, &many, 1};
  REFUSE(step, {RANK, 0, 3, "two dimensions: batch, elements"}, {COLUMNS, 1, 5, "the weights of the input"},
         {ROWS, 2, 4, "the weights of the state must have shape [5, 5]"}, {RANK, 2, 1, "the weights of the state"},
         {ROWS, 3, 4, "the bias must have shape [5]"}, {CONSTANT, 4, 0, "the hidden state must be a variable"},
         {ROWS, 4, 3, "the hidden state has 15 elements and needs 2 x 5"});
  REFUSE(sequence_of_bytes, {SCALE, 1, 0, "input 1 is int8 without"}, {SCALE, 2, 0, "input 2"},
         {TYPE, 2, MOTE_UINT8, "the weights must be of one type"}, {RANK, 0, 2, "three dimensions"});
  try(&sequence_of_bytes, NONE, 0, 0, &unknown, "fused activation 8 does not exist");
}

static void two_simple_cells(void **state) {
  (void)state;
  const sch_BidirectionalSequenceRNNOptions o = {.time_major = true,
                                                 .fused_activation_function = sch_ActivationFunctionType_TANH};
  const network both = {&op_bidirectional_sequence_rnn, two_simple, &o, 2};
  REFUSE(both, {OUTPUTS, 0, 1, "there must be one for each direction"}, {OMIT, 9, 0, "an auxiliary input needs"},
         {OMIT, 11, 0, "an auxiliary input needs weights for both directions"}, {OMIT, 10, 0, "auxiliary input"},
         {ROWS, 9, 2, "as many time steps and batch elements"}, {DEPTH, 9, 4, "the weights of the auxiliary input"},
         {ROWS, 11, 6, "the weights of the auxiliary input"}, {CONSTANT, 8, 0, "must be a variable"},
         {COLUMNS, 8, 4, "the hidden state has 8 elements and needs 2 x 5"});
  sch_BidirectionalSequenceRNNOptions merged = o;
  merged.merge_outputs = true;
  try(&both, NONE, 0, 0, &merged, "merged results are one");
}

/* CVE-2021-29598: rank 0 divides; CVE-2021-37681: a state that is no variable. */
static void svdf(void **state) {
  (void)state;
  const sch_SVDFOptions o = {.rank = 2};
  const network floats = {&op_svdf, float_svdf, &o, 1}, bytes = {&op_svdf, hybrid_svdf, &o, 1},
                integers = {&op_svdf, integer_svdf, &o, 1};
  REFUSE(floats, {CONSTANT, 4, 0, "the state must be a variable"}, {RANK, 0, 1, "two dimensions: batch, elements"},
         {COLUMNS, 1, 5, "[filters, elements of the input]"}, {ROWS, 2, 9, "[10 filters, steps]"},
         {COLUMNS, 2, 0, "no steps"}, {ROWS, 3, 10, "the bias must have shape [5]"},
         {COLUMNS, 4, 29, "the state has 58 elements and needs 2 x 30"}, {TYPE, 2, MOTE_INT8, "int8"});
  REFUSE(bytes, {SCALE, 1, 0, "input 1"}, {SCALE, 2, 0, "input 2"});
  REFUSE(integers, {SCALE, 0, 0, "input 0"}, {SCALE, 1, 0, "input 1"}, {SCALE, 2, 0, "input 2"},
         {SCALE, 4, 0, "input 4"}, {OUTPUT_SCALE, 0, 0, "output 0"}, {TYPE, 4, MOTE_INT8, "int8"});
  try(&floats, NONE, 0, 0, &(sch_SVDFOptions){.rank = 0}, "its rank is 0; it must be 1 or more");
  try(&floats, NONE, 0, 0, &(sch_SVDFOptions){.rank = -2}, "its rank is -2");
  try(&floats, NONE, 0, 0, &(sch_SVDFOptions){.rank = 3}, "10 filters are no whole number of units of rank 3");
  try(&floats, NONE, 0, 0, &(sch_SVDFOptions){.rank = 2, .fused_activation_function = 6},
      "fused activation 6 does not exist");
}

static void gru(void **state) {
  (void)state;
  const network floats = {&op_unidirectional_sequence_gru, gated, NULL, 2};
  REFUSE(floats, {RANK, 0, 2, "three dimensions: time, batch, elements"}, {RANK, 1, 1, "two dimensions: batch, units"},
         {ROWS, 1, 3, "input 1 must have shape [2, 5]"}, {COLUMNS, 2, 8, "input 2 must have shape [10, 9]"},
         {ROWS, 3, 5, "input 3 must have 10 elements"}, {ROWS, 4, 6, "input 4 must have shape [5, 9]"},
         {ROWS, 5, 4, "input 5 must have 5 elements"}, {TYPE, 2, MOTE_INT8, "int8"});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operands_of_lstm),
      cmocka_unit_test(integer_lstm),
      cmocka_unit_test(options_of_lstm),
      cmocka_unit_test(basic_lstm),
      cmocka_unit_test(bidirectional_lstm),
      cmocka_unit_test(simple_cells),
      cmocka_unit_test(two_simple_cells),
      cmocka_unit_test(svdf),
      cmocka_unit_test(gru),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
