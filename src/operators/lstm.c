/* lstm.c: what the LSTM operators share: which operands belong together, their shapes, and the walk over a sequence.
 *
 * Cell steps are in lstm_float.c, lstm_hybrid.c, lstm_s8.c and lstm_s8x8.c; the cell of five operands is in
 * lstm_basic.c.
 */
#include "operators/lstm.h"

#include <string.h>

static const char *const gate_names[LSTM_GATES] = {"input", "forget", "cell", "output"};

/* ---- operands ---- */

static lstm_activation activation_of(int32_t activation) {
  switch (activation) {
    case sch_ActivationFunctionType_RELU: return LSTM_RELU;
    case sch_ActivationFunctionType_RELU_N1_TO_1: return LSTM_RELU_N1_TO_1;
    case sch_ActivationFunctionType_RELU6: return LSTM_RELU6;
    case sch_ActivationFunctionType_TANH: return LSTM_TANH;
    case sch_ActivationFunctionType_SIGN_BIT: return LSTM_SIGN_BIT;
    default: return LSTM_NONE;
  }
}

mote_status lstm_activation_of(op_ctx *c, int32_t activation, lstm_activation *to) {
  *to = activation_of(activation);
  OP_REQUIRE(c, *to != LSTM_NONE || activation == sch_ActivationFunctionType_NONE, MOTE_ERR_MODEL,
             "fused activation %d does not exist", (int)activation);
  return MOTE_OK;
}

/* Operands of a gate that are there or not there together. */
static mote_status check_gates(op_ctx *c, const lstm_operands *o) {
  const bool norm = o->norm[LSTM_FORGET_GATE] != NULL, peephole = o->peephole[LSTM_FORGET_GATE] != NULL;
  for (int g = 0; g < LSTM_GATES; g++) {
    const bool gate = lstm_has_gate(o, g);
    OP_REQUIRE(c, gate == (o->matrix[LSTM_H + g] != NULL) && gate == (o->bias[g] != NULL), MOTE_ERR_MODEL,
               "the %s gate needs weights for the input, weights for the state and a bias, or none of them",
               gate_names[g]);
    OP_REQUIRE(c, (o->aux && gate) == (o->matrix[LSTM_AUX + g] != NULL), MOTE_ERR_MODEL,
               "an auxiliary input needs weights for every gate there is, and these need it; the %s gate differs",
               gate_names[g]);
    OP_REQUIRE(c, !gate || norm == (o->norm[g] != NULL), MOTE_ERR_MODEL,
               "layer normalization must be given for all gates or for none; that of the %s gate differs",
               gate_names[g]);
    OP_REQUIRE(c, !gate || g == LSTM_CELL_GATE || peephole == (o->peephole[g] != NULL), MOTE_ERR_MODEL,
               "peephole weights must be given for all gates or for none; those of the %s gate differ", gate_names[g]);
  }
  return MOTE_OK;
}

mote_status lstm_check(op_ctx *c, const lstm_operands *o, lstm_params *p) {
  MOTE_TRY(check_gates(c, o));
  OP_REQUIRE(c, !o->projection_bias || o->matrix[LSTM_PROJECTION], MOTE_ERR_MODEL,
             "there is a bias for a projection, but no weights");
  OP_REQUIRE(c, o->hidden->flags & o->cell->flags & OP_VARIABLE, MOTE_ERR_MODEL,
             "the two state tensors must be variables");
  OP_REQUIRE(c, p->attr.cell_clip >= 0 && p->attr.projection_clip >= 0, MOTE_ERR_MODEL,
             "clips must be 0 (none) or above; they are %g and %g", (double)p->attr.cell_clip,
             (double)p->attr.projection_clip);
  const bool integer = o->input->type == MOTE_INT8;
  p->kind = !integer ? o->matrix[LSTM_X + LSTM_OUTPUT_GATE]->type == MOTE_FLOAT32 ? &lstm_kind_f32 : &lstm_kind_hybrid
            : c->num_intermediates == LSTM_SCALES_S8X8 ? &lstm_kind_s8x8
                                                       : &lstm_kind_s8;
  OP_REQUIRE(c, !p->attr.diagonal || !integer, MOTE_ERR_UNSUPPORTED,
             "diagonal weights for the state are taken with float activations only");
  /* A diagonal is used as it is; whole matrices are of the type of the others. */
  for (int g = 0; g < LSTM_GATES; g++) {
    const op_tensor *const x = o->matrix[LSTM_X + g], *const h = o->matrix[LSTM_H + g];
    const bool is_float = h && h->type == MOTE_FLOAT32;
    OP_REQUIRE(c, !h || (p->attr.diagonal ? is_float : is_float == (x->type == MOTE_FLOAT32)), MOTE_ERR_TYPE,
               "the %s gate's weights are %s for the input and %s for the state", gate_names[g],
               mote_type_name(x->type), mote_type_name(h->type));
  }
  return MOTE_OK;
}

/* ---- shapes ---- */

/* Sizes as far as they are known, else -1. */
typedef struct known_size {
  int32_t batch, input, aux, cell, output;
} known_size;

static bool fits(int32_t dim, int32_t want) { return dim < 0 || want < 0 || dim == want; }

static mote_status check_vector(op_ctx *c, const op_tensor *t, int32_t n, const char *what, int gate) {
  if (!t || t->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, t->rank == 1 && fits(t->dims[0], n), MOTE_ERR_SHAPE, "the %s of the %s gate must have shape [%d]", what,
             gate_names[gate], (int)n);
  return MOTE_OK;
}

static mote_status check_matrix(op_ctx *c, const op_tensor *t, int32_t rows, int32_t cols, const char *what) {
  if (!t || t->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, t->rank == 2 && fits(t->dims[0], rows) && fits(t->dims[1], cols), MOTE_ERR_SHAPE,
             "the %s must have shape [%d, %d]", what, (int)rows, (int)cols);
  return MOTE_OK;
}

static int32_t width_of(const op_tensor *t) { return t && t->rank > 0 ? t->dims[t->rank - 1] : -1; }

static known_size known_size_of(const lstm_operands *o, const lstm_attr *attr) {
  const op_tensor *const x = o->matrix[LSTM_X + LSTM_OUTPUT_GATE], *const h = o->matrix[LSTM_H + LSTM_OUTPUT_GATE];
  const int32_t diagonal = h->rank == 1 ? h->dims[0] : -1, columns = h->rank == 2 ? h->dims[1] : -1;
  return (known_size){.batch = o->input->rank > 0 ? o->input->dims[attr->time_major && !attr->single ? 1 : 0] : -1,
                      .input = width_of(o->input),
                      .aux = width_of(o->aux),
                      .cell = x->rank == 2 ? x->dims[0] : -1,
                      .output = attr->diagonal ? diagonal : columns};
}

static mote_status check_inputs(op_ctx *c, const lstm_operands *o, const lstm_attr *attr) {
  const op_tensor *const x = o->input, *const aux = o->aux;
  if (attr->single)
    OP_REQUIRE(c, x->rank < 0 || x->rank == 2, MOTE_ERR_SHAPE,
               "the input must have two dimensions: batch and elements");
  else
    OP_REQUIRE(c, x->rank < 0 || x->rank == 3, MOTE_ERR_SHAPE, "the input must have three dimensions: %s, and elements",
               attr->time_major ? "time, batch" : "batch, time");
  if (!aux || aux->rank < 0 || x->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, aux->rank == x->rank && fits(aux->dims[0], x->dims[0]) && fits(aux->dims[1], x->dims[1]),
             MOTE_ERR_SHAPE, "the auxiliary input must have as many time steps and batch elements as the input");
  return MOTE_OK;
}

static mote_status check_gate_shapes(op_ctx *c, const lstm_operands *o, const lstm_attr *attr, const known_size *s,
                                     int g) {
  MOTE_TRY(check_matrix(c, o->matrix[LSTM_X + g], s->cell, s->input, "weights of the input"));
  MOTE_TRY(check_matrix(c, o->matrix[LSTM_AUX + g], s->cell, s->aux, "weights of the auxiliary input"));
  if (attr->diagonal) MOTE_TRY(check_vector(c, o->matrix[LSTM_H + g], s->cell, "diagonal of the state", g));
  else MOTE_TRY(check_matrix(c, o->matrix[LSTM_H + g], s->cell, s->output, "weights of the state"));
  MOTE_TRY(check_vector(c, o->peephole[g], s->cell, "peephole", g));
  MOTE_TRY(check_vector(c, o->bias[g], s->cell, "bias", g));
  return check_vector(c, o->norm[g], s->cell, "layer normalization", g);
}

mote_status lstm_infer(op_ctx *c, const lstm_operands *o, const lstm_attr *attr, op_tensor *out) {
  const op_tensor *const x = o->input;
  MOTE_TRY(check_inputs(c, o, attr));
  const known_size s = known_size_of(o, attr);
  OP_REQUIRE(c, s.cell != 0, MOTE_ERR_SHAPE, "the cell has no elements: the weights of the output gate have no rows");
  for (int g = 0; g < LSTM_GATES; g++) MOTE_TRY(check_gate_shapes(c, o, attr, &s, g));
  MOTE_TRY(check_matrix(c, o->matrix[LSTM_PROJECTION], s.output, s.cell, "projection"));
  const op_tensor *const bias = o->projection_bias;
  OP_REQUIRE(c, !bias || bias->rank < 0 || (bias->rank == 1 && fits(bias->dims[0], s.output)), MOTE_ERR_SHAPE,
             "the bias of the projection must have shape [%d]", (int)s.output);
  OP_REQUIRE(c, o->matrix[LSTM_PROJECTION] || fits(s.cell, s.output), MOTE_ERR_SHAPE,
             "without a projection the output has as many elements as the cell; they are %d and %d", (int)s.output,
             (int)s.cell);
  MOTE_TRY(sequence_state(c, o->hidden, s.batch, s.output, "output state"));
  MOTE_TRY(sequence_state(c, o->cell, s.batch, s.cell, "cell state"));
  const int32_t rank = attr->single ? 2 : 3;
  if (x->rank < 0) op_set_shape(out, rank, (const int32_t[]){-1, -1, -1});
  else op_set_shape(out, rank, x->dims);
  out->dims[rank - 1] = s.output;
  return MOTE_OK;
}

static lstm_size size_of(const lstm_operands *o, const lstm_attr *attr) {
  const known_size s = known_size_of(o, attr);
  return (lstm_size){.sequence = sequence_of(o->input, attr->time_major, attr->backward),
                     .batch = (size_t)s.batch,
                     .input = (size_t)s.input,
                     .aux = o->aux ? (size_t)s.aux : 0,
                     .cell = (size_t)s.cell,
                     .output = (size_t)s.output};
}

/* ---- plan ---- */

static uint64_t macs_of(const lstm_operands *o, const lstm_attr *attr, const lstm_size *s) {
  uint64_t macs = 0;
  for (int m = 0; m < LSTM_MATRICES; m++)
    if (o->matrix[m])
      macs += lstm_is_matrix(o, attr, m) ? (uint64_t)lstm_matrix_rows(s, m) * lstm_matrix_cols(s, m) : s->cell;
  return macs * s->batch * s->sequence.time;
}

mote_status lstm_plan(op_ctx *c, const lstm_operands *o, const lstm_params *p, lstm_record *r) {
  const lstm_size s = size_of(o, &p->attr);
  scratch_layout l = {0};
  r->steps = sequence_piece(&s.sequence);
  r->rows = sequence_part(&s.sequence, s.aux > s.input ? o->aux : o->input, (size_t)r->steps, &l);
  p->kind->plan(c, o, p, &s, &l, r);
  c->macs = macs_of(o, &p->attr, &s);
  return scratch_done(c, &l);
}

/* ---- run ---- */

mote_status lstm_sequence(op_ctx *c, const lstm_operands *o, const lstm_params *p, const lstm_record *r) {
  lstm_run run = {.c = c, .o = o, .p = p, .r = r, .size = size_of(o, &p->attr)};
  const lstm_kind *const kind = p->kind;
  const lstm_size *const size = &run.size;
  const sequence *const walk = &size->sequence;
  if (!op_count(o->output)) return MOTE_OK;
  memcpy(run.block, p->block, sizeof run.block);
  kind->begin(&run);
  for (size_t done = 0; done < walk->time; done += (size_t)r->steps) {
    const sequence_steps steps = sequence_next(walk, done, (size_t)r->steps);
    void *const gathered = lstm_part(&run, r->rows);
    OP_POLL(c);
    kind->inputs(&run, LSTM_X, sequence_rows(walk, o->input, steps, gathered), steps.count);
    if (o->aux) kind->inputs(&run, LSTM_AUX, sequence_rows(walk, o->aux, steps, gathered), steps.count);
    for (size_t i = 0; i < steps.count; i++) {
      const size_t step = sequence_index(walk, i, steps.count);
      kind->step(&run, step);
      sequence_put(walk, o->output, steps.first + step, o->column, size->output, o->hidden->data);
    }
  }
  return MOTE_OK;
}
