/* lstm.h: what the LSTM operators share: operands by their role, and a sequence of cell steps in three kinds of
 * arithmetic.
 *
 * A kind works in two parts. The products of inputs and weights do not depend on the state, so they are made for many
 * time steps at once; then the steps follow one after another. Rows of all that lies in scratch are time-major: row
 * (t - t0) * batch + b.
 */
#ifndef OPERATORS_LSTM_H
#define OPERATORS_LSTM_H

#include "base/fixed.h"
#include "kernels/lstm_f32.h"
#include "operators/op.h"
#include "operators/pack.h"
#include "operators/sequence.h"

/* Gates, in the order of operands. Without an input gate (CIFG) the forget gate takes its place: 1 - forget. */
enum { LSTM_INPUT_GATE, LSTM_FORGET_GATE, LSTM_CELL_GATE, LSTM_OUTPUT_GATE, LSTM_GATES };

/* Weight matrices: input to each gate, state to each gate, cell to output, auxiliary input to each gate. */
enum {
  LSTM_X = 0,
  LSTM_H = LSTM_GATES,
  LSTM_PROJECTION = 2 * LSTM_GATES,
  LSTM_AUX,
  LSTM_MATRICES = LSTM_AUX + LSTM_GATES
};

/* Intermediate tensors of the integer kinds. s8: of each gate before layer normalization, and of the hidden state.
 * s8x8: of each gate, its product with the input and its product with the state. */
enum { LSTM_SCALES = LSTM_GATES + 1, LSTM_SCALES_S8X8 = 3 * LSTM_GATES };

/* Products of rows and one gate's weights that are smaller than this are not worth handing to other threads. */
enum { LSTM_PARALLEL_MACS = 1 << 15 };

/* NULL: absent. */
typedef struct lstm_operands {
  const op_tensor *input, *aux, *output;
  size_t column; /* of the output, where this cell's results begin */
  const op_tensor *matrix[LSTM_MATRICES];
  const op_tensor *peephole[LSTM_GATES], *bias[LSTM_GATES], *norm[LSTM_GATES];
  const op_tensor *projection_bias;
  const op_tensor *hidden, *cell; /* the state: variables [batch, output] and [batch, cell] */
  const op_tensor *scale[LSTM_SCALES_S8X8];
} lstm_operands;

typedef struct lstm_attr {
  lstm_activation activation;
  float cell_clip, projection_clip; /* 0: none */
  bool time_major;                  /* [time, batch, ...], else [batch, time, ...] */
  bool single;                      /* one step: [batch, ...] */
  bool backward;
  bool asymmetric; /* hybrid: inputs are quantized with a zero point */
  bool diagonal;   /* the weights of the state are diagonals, given as vectors */
  bool sparse;     /* LSTM with sparse weights; see lstm_hybrid.c */
} lstm_attr;

typedef struct lstm_size {
  sequence sequence;
  size_t batch, input, aux, cell, output;
} lstm_size;

/* Multipliers of the integer kinds. */
typedef struct lstm_s8_params {
  fx_mult matrix[LSTM_MATRICES], peephole[LSTM_GATES], norm[LSTM_GATES], hidden;
  fx_mult sum[LSTM_H + LSTM_GATES]; /* s8x8: from products to gates */
  int32_t norm_guard[LSTM_GATES];
  int32_t cell_log2; /* the cell's scale is 2^cell_log2 */
  int32_t hidden_zero, output_zero;
  int16_t cell_clip;
  int8_t projection_clip;
} lstm_s8_params;

struct lstm_kind;

typedef struct lstm_params {
  lstm_attr attr;
  const struct lstm_kind *kind;
  const void *block[LSTM_MATRICES]; /* packed weights; NULL: made in the run */
  lstm_s8_params s8;
} lstm_params;

/* Parts of scratch, as offsets; what they hold is the kind's affair. */
typedef struct lstm_record {
  uint64_t steps; /* time steps whose inputs are multiplied together */
  uint64_t rows, gates, products, parts, staged_x, staged_h, hidden, staged_hidden, peephole, block[LSTM_MATRICES];
} lstm_record;

/* One sequence being run. */
typedef struct lstm_run {
  op_ctx *c;
  const lstm_operands *o;
  const lstm_params *p;
  const lstm_record *r;
  lstm_size size;
  const void *block[LSTM_MATRICES];
} lstm_run;

typedef struct lstm_kind {
  mote_status (*prepare)(op_ctx *c, const lstm_operands *o, lstm_params *p);
  /* Adds the parts of scratch it needs; r->steps is set. */
  void (*plan)(op_ctx *c, const lstm_operands *o, const lstm_params *p, const lstm_size *size, scratch_layout *l,
               lstm_record *r);
  void (*begin)(lstm_run *run); /* makes what could not be made before the run */
  /* Products of the input rows of `steps` time steps with the matrices from `first` on: LSTM_X, which begins the gates,
   * or LSTM_AUX. */
  void (*inputs)(const lstm_run *run, int first, const void *rows, size_t steps);
  /* One of these steps; leaves the new state in the variables. */
  void (*step)(const lstm_run *run, size_t step);
} lstm_kind;

extern const lstm_kind lstm_kind_f32, lstm_kind_hybrid, lstm_kind_s8, lstm_kind_s8x8;

/* The activation of the options; fails on those that do not exist. */
mote_status lstm_activation_of(op_ctx *c, int32_t activation, lstm_activation *to);
/* check: which operands belong together; chooses the kind. p->attr is set. */
mote_status lstm_check(op_ctx *c, const lstm_operands *o, lstm_params *p);
/* infer: all shapes against each other, as far as they are known; sets that of the output. */
mote_status lstm_infer(op_ctx *c, const lstm_operands *o, const lstm_attr *attr, op_tensor *out);
mote_status lstm_plan(op_ctx *c, const lstm_operands *o, const lstm_params *p, lstm_record *r);
mote_status lstm_sequence(op_ctx *c, const lstm_operands *o, const lstm_params *p, const lstm_record *r);

static inline bool lstm_has_gate(const lstm_operands *o, int gate) { return o->matrix[LSTM_X + gate] != NULL; }
/* A matrix that is multiplied as such, not a diagonal. */
static inline bool lstm_is_matrix(const lstm_operands *o, const lstm_attr *attr, int m) {
  return o->matrix[m] && !(attr->diagonal && m >= LSTM_H && m < LSTM_PROJECTION);
}
/* Rows and columns of a matrix. */
static inline size_t lstm_matrix_rows(const lstm_size *s, int m) { return m == LSTM_PROJECTION ? s->output : s->cell; }
static inline size_t lstm_matrix_cols(const lstm_size *s, int m) {
  return m == LSTM_PROJECTION ? s->cell : m >= LSTM_AUX ? s->aux : m < LSTM_H ? s->input : s->output;
}
static inline void *lstm_part(const lstm_run *run, uint64_t at) { return (uint8_t *)run->c->scratch + at; }

/* ---- shared by the kinds with float activations ---- */

typedef struct lstm_products {
  bool biased; /* gates hold their biases before a step, where there is no layer normalization */
  /* Adds the products of state and weights to the gates of a step; NULL: no such gate. */
  void (*state)(const lstm_run *run, size_t step, float *const gates[LSTM_GATES]);
  /* to = hidden * weights, for the projection, without bias and clip. */
  void (*project)(const lstm_run *run, const float *hidden, float *to);
} lstm_products;

/* prepare and plan: blocks of constant weights, and parts of scratch for the others; begin: makes those. */
mote_status lstm_pack_float(op_ctx *c, const lstm_operands *o, lstm_params *p);
void lstm_plan_blocks(op_ctx *c, const lstm_operands *o, const lstm_params *p, scratch_layout *l, lstm_record *r);
void lstm_begin_float(lstm_run *run);
/* Parts of scratch of a float step. */
void lstm_plan_float(const lstm_operands *o, const lstm_size *s, scratch_layout *l, lstm_record *r);
/* Gates of a step; NULL where there is none. */
void lstm_gates_at(const lstm_run *run, size_t step, float *gates[LSTM_GATES]);
void lstm_step_float(const lstm_run *run, size_t step, const lstm_products *products);

/* ---- shared by the integer kinds ---- */

mote_status lstm_pack_s8(op_ctx *c, const lstm_operands *o, lstm_params *p);
void lstm_plan_s8(op_ctx *c, const lstm_operands *o, const lstm_params *p, const lstm_size *s, scratch_layout *l,
                  lstm_record *r);
void lstm_begin_s8(lstm_run *run);
/* Rows as the matrix kernel reads them, in the part of scratch at `at`. */
const void *lstm_stage_s8(const lstm_run *run, uint64_t at, const int8_t *rows, size_t count, size_t cols);
/* Staged rows times matrix m. */
void lstm_multiply_s8(const lstm_run *run, int m, const void *staged, size_t rows, int32_t *to);

#endif
