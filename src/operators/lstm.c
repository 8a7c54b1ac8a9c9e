/* lstm.c: what the LSTM operators share: which operands belong together, their shapes, and the walk over a sequence.
 *
 * Cell steps are in lstm_float.c, lstm_hybrid.c and lstm_s8.c.
 */
#include "operators/lstm.h"

#include <string.h>

/* Input rows to multiply at once: enough for full tiles of the matrix kernels. */
enum { ROWS_AT_ONCE = 32 };

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
  p->kind = o->input->type == MOTE_INT8                                  ? &lstm_kind_s8
            : o->matrix[LSTM_X + LSTM_OUTPUT_GATE]->type == MOTE_FLOAT32 ? &lstm_kind_f32
                                                                         : &lstm_kind_hybrid;
  OP_REQUIRE(c, !p->attr.diagonal || p->kind != &lstm_kind_s8, MOTE_ERR_UNSUPPORTED,
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

void lstm_consume(op_ctx *c, const op_tensor *t) {
  for (int32_t i = 0; i < c->num_inputs && i < 32; i++)
    if (c->in[i] == t) c->consumed |= UINT32_C(1) << i;
}

/* ---- shapes ---- */

/* Sizes as far as they are known, else -1. */
typedef struct known_size {
  int32_t batch, input, cell, output;
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

static mote_status check_state(op_ctx *c, const op_tensor *t, int32_t batch, int32_t n, const char *what) {
  if (!op_shape_known(t) || batch < 0 || n < 0) return MOTE_OK;
  OP_REQUIRE(c, op_count(t) == (size_t)batch * (size_t)n, MOTE_ERR_SHAPE, "the %s must have %d x %d elements", what,
             (int)batch, (int)n);
  return MOTE_OK;
}

static known_size known_size_of(const lstm_operands *o, const lstm_attr *attr) {
  const op_tensor *const x = o->matrix[LSTM_X + LSTM_OUTPUT_GATE], *const h = o->matrix[LSTM_H + LSTM_OUTPUT_GATE];
  const int32_t diagonal = h->rank == 1 ? h->dims[0] : -1, columns = h->rank == 2 ? h->dims[1] : -1;
  return (known_size){.batch = o->input->rank == 3 ? o->input->dims[attr->time_major ? 1 : 0] : -1,
                      .input = o->input->rank == 3 ? o->input->dims[2] : -1,
                      .cell = x->rank == 2 ? x->dims[0] : -1,
                      .output = attr->diagonal ? diagonal : columns};
}

mote_status lstm_infer(op_ctx *c, const lstm_operands *o, const lstm_attr *attr, op_tensor *out) {
  const op_tensor *const x = o->input;
  OP_REQUIRE(c, x->rank < 0 || x->rank == 3, MOTE_ERR_SHAPE, "the input must have three dimensions: %s, and elements",
             attr->time_major ? "time, batch" : "batch, time");
  const known_size s = known_size_of(o, attr);
  OP_REQUIRE(c, s.cell != 0, MOTE_ERR_SHAPE, "the cell has no elements: the weights of the output gate have no rows");
  for (int g = 0; g < LSTM_GATES; g++) {
    MOTE_TRY(check_matrix(c, o->matrix[LSTM_X + g], s.cell, s.input, "weights of the input"));
    if (attr->diagonal) MOTE_TRY(check_vector(c, o->matrix[LSTM_H + g], s.cell, "diagonal of the state", g));
    else MOTE_TRY(check_matrix(c, o->matrix[LSTM_H + g], s.cell, s.output, "weights of the state"));
    MOTE_TRY(check_vector(c, o->peephole[g], s.cell, "peephole", g));
    MOTE_TRY(check_vector(c, o->bias[g], s.cell, "bias", g));
    MOTE_TRY(check_vector(c, o->norm[g], s.cell, "layer normalization", g));
  }
  MOTE_TRY(check_matrix(c, o->matrix[LSTM_PROJECTION], s.output, s.cell, "projection"));
  const op_tensor *const bias = o->projection_bias;
  OP_REQUIRE(c, !bias || bias->rank < 0 || (bias->rank == 1 && fits(bias->dims[0], s.output)), MOTE_ERR_SHAPE,
             "the bias of the projection must have shape [%d]", (int)s.output);
  OP_REQUIRE(c, o->matrix[LSTM_PROJECTION] || fits(s.cell, s.output), MOTE_ERR_SHAPE,
             "without a projection the output has as many elements as the cell; they are %d and %d", (int)s.output,
             (int)s.cell);
  MOTE_TRY(check_state(c, o->hidden, s.batch, s.output, "output state"));
  MOTE_TRY(check_state(c, o->cell, s.batch, s.cell, "cell state"));
  if (x->rank < 0) op_set_shape(out, 3, (const int32_t[]){-1, -1, s.output});
  else op_set_shape(out, 3, (const int32_t[]){x->dims[0], x->dims[1], s.output});
  return MOTE_OK;
}

static lstm_size size_of(const lstm_operands *o, const lstm_attr *attr) {
  const known_size s = known_size_of(o, attr);
  return (lstm_size){.batch = (size_t)s.batch,
                     .time = (size_t)o->input->dims[attr->time_major ? 0 : 1],
                     .input = (size_t)s.input,
                     .cell = (size_t)s.cell,
                     .output = (size_t)s.output};
}

/* ---- plan ---- */

/* Input rows of one time step lie side by side: nothing has to be gathered. */
static bool is_dense(const lstm_size *s, const lstm_attr *attr) { return attr->time_major || s->batch == 1; }

static uint64_t macs_of(const lstm_operands *o, const lstm_attr *attr, const lstm_size *s) {
  uint64_t macs = 0;
  for (int m = 0; m < LSTM_MATRICES; m++)
    if (o->matrix[m])
      macs += lstm_is_matrix(o, attr, m) ? (uint64_t)lstm_matrix_rows(s, m) * lstm_matrix_cols(s, m) : s->cell;
  return macs * s->batch * s->time;
}

mote_status lstm_plan(op_ctx *c, const lstm_operands *o, const lstm_params *p, lstm_record *r) {
  const lstm_size s = size_of(o, &p->attr);
  scratch_layout l = {0};
  const size_t steps = s.batch < ROWS_AT_ONCE && s.batch ? (ROWS_AT_ONCE + s.batch - 1) / s.batch : 1;
  r->steps = steps < s.time ? steps : s.time;
  if (!is_dense(&s, &p->attr))
    r->rows = scratch_part(&l, (size_t)r->steps * s.batch, s.input * (size_t)mote_type_bits(o->input->type) / 8);
  p->kind->plan(c, o, p, &s, &l, r);
  c->macs = macs_of(o, &p->attr, &s);
  return scratch_done(c, &l);
}

/* ---- run ---- */

/* Rows of `steps` time steps from t0 on, time-major. */
static const void *input_rows(const lstm_run *run, size_t t0, size_t steps) {
  const lstm_size *const s = &run->size;
  const size_t bytes = s->input * (size_t)mote_type_bits(run->o->input->type) / 8;
  const uint8_t *const from = run->o->input->data;
  if (is_dense(s, &run->p->attr)) return from + t0 * s->batch * bytes;
  uint8_t *const rows = lstm_part(run, run->r->rows);
  for (size_t t = 0; t < steps; t++)
    for (size_t b = 0; b < s->batch; b++)
      memcpy(rows + (t * s->batch + b) * bytes, from + (b * s->time + t0 + t) * bytes, bytes);
  return rows;
}

/* The output at time t is the new state. */
static void write_output(const lstm_run *run, size_t t) {
  const lstm_size *const s = &run->size;
  const size_t bytes = s->output * (size_t)mote_type_bits(run->o->output->type) / 8;
  for (size_t b = 0; b < s->batch; b++) {
    const size_t row = run->p->attr.time_major ? t * s->batch + b : b * s->time + t;
    memcpy((uint8_t *)run->o->output->data + row * bytes, (const uint8_t *)run->o->hidden->data + b * bytes, bytes);
  }
}

mote_status lstm_sequence(op_ctx *c, const lstm_operands *o, const lstm_params *p, const lstm_record *r) {
  lstm_run run = {.c = c, .o = o, .p = p, .r = r, .size = size_of(o, &p->attr)};
  const lstm_kind *const kind = p->kind;
  if (!op_count(o->output)) return MOTE_OK;
  memcpy(run.block, p->block, sizeof run.block);
  kind->begin(&run);
  for (size_t t0 = 0; t0 < run.size.time; t0 += (size_t)r->steps) {
    const size_t left = run.size.time - t0, steps = left < r->steps ? left : (size_t)r->steps;
    OP_POLL(c);
    kind->inputs(&run, input_rows(&run, t0, steps), steps);
    for (size_t s = 0; s < steps; s++) {
      kind->step(&run, s);
      write_output(&run, t0 + s);
    }
  }
  return MOTE_OK;
}
