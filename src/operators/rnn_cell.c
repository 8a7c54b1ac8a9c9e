/* rnn_cell.c: see rnn.h. Products with the input do not depend on the state: they are made for many steps at once. */
#include <string.h>

#include "kernels/lstm_f32.h"
#include "operators/rnn.h"

static bool fits(int32_t dim, int32_t want) { return dim < 0 || want < 0 || dim == want; }
static int32_t width_of(const op_tensor *t) { return t && t->rank > 0 ? t->dims[t->rank - 1] : -1; }

mote_status rnn_check(op_ctx *c, const rnn_operands *o) {
  OP_REQUIRE(c, o->hidden->flags & OP_VARIABLE, MOTE_ERR_MODEL, "the hidden state must be a variable");
  OP_REQUIRE(c, !o->aux == !o->matrix[RNN_AUX], MOTE_ERR_MODEL,
             "an auxiliary input needs weights for both directions, and these need it");
  const mote_type type = o->matrix[RNN_WEIGHTS]->type;
  for (int m = 0; m < RNN_MATRICES; m++)
    OP_REQUIRE(c, !o->matrix[m] || o->matrix[m]->type == type, MOTE_ERR_TYPE,
               "the weights must be of one type; they are %s and %s", mote_type_name(type),
               mote_type_name(o->matrix[m]->type));
  return MOTE_OK;
}

mote_status rnn_prepare(op_ctx *c, const rnn_operands *o, rnn_params *p) {
  for (int m = 0; m < RNN_MATRICES; m++)
    if (o->matrix[m]) MOTE_TRY(product_pack(c, o->matrix[m], &p->block[m]));
  return MOTE_OK;
}

/* ---- shapes ---- */

static mote_status check_weights(op_ctx *c, const op_tensor *w, int32_t units, int32_t width, const char *what) {
  OP_REQUIRE(c, !w || w->rank < 0 || (w->rank == 2 && fits(w->dims[0], units) && fits(w->dims[1], width)),
             MOTE_ERR_SHAPE, "the weights of the %s must have shape [%d, %d]", what, (int)units, (int)width);
  return MOTE_OK;
}

mote_status rnn_infer(op_ctx *c, const rnn_operands *o, op_tensor *out) {
  const op_tensor *const x = o->input, *const w = o->matrix[RNN_WEIGHTS];
  const int32_t units = w->rank == 2 ? w->dims[0] : -1;
  const bool single = c->op->code == sch_BuiltinOperator_RNN;
  OP_REQUIRE(c, x->rank < 0 || x->rank == (single ? 2 : 3), MOTE_ERR_SHAPE, "the input must have %s",
             single ? "two dimensions: batch, elements" : "three dimensions: time and batch, elements");
  OP_REQUIRE(c,
             !o->aux || o->aux->rank < 0 || x->rank < 0 ||
                 (o->aux->rank == x->rank && fits(o->aux->dims[0], x->dims[0]) && fits(o->aux->dims[1], x->dims[1])),
             MOTE_ERR_SHAPE, "the auxiliary input must have as many time steps and batch elements as the input");
  MOTE_TRY(check_weights(c, w, units, width_of(x), "input"));
  MOTE_TRY(check_weights(c, o->matrix[RNN_RECURRENT], units, units, "state"));
  MOTE_TRY(check_weights(c, o->matrix[RNN_AUX], units, width_of(o->aux), "auxiliary input"));
  OP_REQUIRE(c, o->bias->rank < 0 || (o->bias->rank == 1 && fits(o->bias->dims[0], units)), MOTE_ERR_SHAPE,
             "the bias must have shape [%d]", (int)units);
  if (x->rank < 0) op_set_shape(out, single ? 2 : 3, (const int32_t[]){-1, -1, -1});
  else op_set_shape(out, x->rank, x->dims);
  out->dims[out->rank - 1] = units;
  return MOTE_OK;
}

/* ---- plan ---- */

static sequence walk_of(const rnn_operands *o, const rnn_params *p) {
  return sequence_of(o->input, p->time_major, p->backward);
}

mote_status rnn_plan(op_ctx *c, const rnn_operands *o, const rnn_params *p, rnn_record *r) {
  const sequence walk = walk_of(o, p);
  const size_t units = (size_t)o->matrix[RNN_WEIGHTS]->dims[0];
  size_t rows = 0, all = 0;
  scratch_layout l = {0};
  MOTE_TRY(sequence_state(c, o->hidden, (int64_t)walk.batch, (int64_t)units, "hidden state"));
  r->steps = sequence_piece(&walk);
  if (!size_mul(walk.batch, (size_t)r->steps, &rows) || !size_mul(rows, units, &all)) l.too_large = true;
  r->rows = sequence_part(&walk, width_of(o->aux) > width_of(o->input) ? o->aux : o->input, (size_t)r->steps, &l);
  r->gates = scratch_part(&l, all, sizeof(float));
  for (int m = 0; m < RNN_MATRICES; m++) {
    const op_tensor *const w = o->matrix[m];
    if (!w) continue;
    product_plan(c, w, p->block[m], m == RNN_RECURRENT ? walk.batch : rows, &l, &r->product[m]);
    c->macs += (uint64_t)op_count(w) * walk.batch * walk.time;
  }
  return scratch_done(c, &l);
}

/* ---- run ---- */

typedef struct cell_run {
  const rnn_operands *o;
  const rnn_params *p;
  const lstm_f32 *kernels;
  sequence walk;
  product products[RNN_MATRICES];
  size_t units;
  float *gates;
} cell_run;

/* Biases and products with the input, of all steps of a piece. */
static void begin_piece(const cell_run *run, sequence_steps steps, void *gathered) {
  const size_t rows = steps.count * run->walk.batch;
  for (size_t i = 0; i < rows; i++) memcpy(run->gates + i * run->units, run->o->bias->data, run->units * sizeof(float));
  product_add(&run->products[RNN_WEIGHTS], sequence_rows(&run->walk, run->o->input, steps, gathered), rows, run->gates);
  if (run->o->aux)
    product_add(&run->products[RNN_AUX], sequence_rows(&run->walk, run->o->aux, steps, gathered), rows, run->gates);
}

static void take_step(const cell_run *run, size_t step, size_t t) {
  const size_t state = run->walk.batch * run->units;
  float *const gates = run->gates + step * state, *const hidden = run->o->hidden->data;
  product_add(&run->products[RNN_RECURRENT], hidden, run->walk.batch, gates);
  run->kernels->activate(hidden, gates, state, run->p->activation);
  sequence_put(&run->walk, run->o->output, t, run->o->column, run->units, hidden);
}

mote_status rnn_run(op_ctx *c, const rnn_operands *o, const rnn_params *p, const rnn_record *r) {
  if (!op_count(o->output)) return MOTE_OK;
  uint8_t *const scratch = c->scratch;
  cell_run run = {.o = o, .p = p, .kernels = kern_lstm_f32(c->isa), .walk = walk_of(o, p)};
  run.units = (size_t)o->matrix[RNN_WEIGHTS]->dims[0];
  run.gates = (float *)(void *)(scratch + r->gates);
  if (!run.units) return MOTE_OK;
  for (int m = 0; m < RNN_MATRICES; m++)
    if (o->matrix[m]) run.products[m] = product_begin(c, o->matrix[m], p->block[m], &r->product[m], p->asymmetric);
  for (size_t done = 0; done < run.walk.time; done += (size_t)r->steps) {
    const sequence_steps steps = sequence_next(&run.walk, done, (size_t)r->steps);
    OP_POLL(c);
    begin_piece(&run, steps, scratch + r->rows);
    for (size_t i = 0; i < steps.count; i++) {
      const size_t step = sequence_index(&run.walk, i, steps.count);
      take_step(&run, step, steps.first + step);
    }
  }
  return MOTE_OK;
}
