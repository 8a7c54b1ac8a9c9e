/* lstm_float.c: a cell step with float activations, and its kind with float weights. */
#include <math.h>

#include "kernels/gemm_f32.h"
#include "operators/lstm.h"
#include "operators/product.h"

enum { COLUMNS = 128 }; /* of one task */

/* ---- weights ---- */

mote_status lstm_pack_float(op_ctx *c, const lstm_operands *o, lstm_params *p) {
  for (int m = 0; m < LSTM_MATRICES; m++)
    if (lstm_is_matrix(o, &p->attr, m)) MOTE_TRY(product_pack(c, o->matrix[m], &p->block[m]));
  return MOTE_OK;
}

void lstm_plan_blocks(op_ctx *c, const lstm_operands *o, const lstm_params *p, scratch_layout *l, lstm_record *r) {
  for (int m = 0; m < LSTM_MATRICES; m++)
    if (lstm_is_matrix(o, &p->attr, m) && !p->block[m]) r->block[m] = product_block_part(c, o->matrix[m], l);
}

void lstm_begin_float(lstm_run *run) {
  for (int m = 0; m < LSTM_MATRICES; m++) {
    if (!lstm_is_matrix(run->o, &run->p->attr, m) || run->block[m]) continue;
    void *const block = lstm_part(run, run->r->block[m]);
    product_fill(run->c, run->o->matrix[m], block);
    run->block[m] = block;
  }
}

/* ---- a step ---- */

void lstm_plan_float(const lstm_operands *o, const lstm_size *s, scratch_layout *l, lstm_record *r) {
  size_t state = 0;
  if (!size_mul(s->batch, s->cell, &state)) l->too_large = true;
  size_t all = 0;
  if (!size_mul(state, LSTM_GATES * (size_t)r->steps, &all)) l->too_large = true;
  r->gates = scratch_part(l, all, sizeof(float));
  if (o->matrix[LSTM_PROJECTION]) r->hidden = scratch_part(l, state, sizeof(float));
}

void lstm_gates_at(const lstm_run *run, size_t step, float *gates[LSTM_GATES]) {
  const size_t state = run->size.batch * run->size.cell, plane = (size_t)run->r->steps * state;
  float *const all = lstm_part(run, run->r->gates);
  for (size_t g = 0; g < LSTM_GATES; g++)
    gates[g] = lstm_has_gate(run->o, (int)g) ? all + g * plane + step * state : NULL;
}

/* Mean 0 and variance 1. */
static void normalize(float *x, size_t n) {
  float sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  const float mean = sum / (float)n;
  for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
  const float scale = 1.0f / sqrtf(squares / (float)n + 1e-8f);
  for (size_t i = 0; i < n; i++) x[i] = (x[i] - mean) * scale;
}

/* Peephole weights as floats: the tensor's, or the copy that a hybrid run makes. */
static const float *peephole_of(const lstm_run *run, int gate) {
  const op_tensor *const t = run->o->peephole[gate];
  if (!t) return NULL;
  if (t->type == MOTE_FLOAT32) return t->data;
  return (const float *)lstm_part(run, run->r->peephole) + (size_t)gate * run->size.cell;
}

/* From the sum of products to the gate's value. */
static void finish_gate(const lstm_run *run, const lstm_f32 *k, int g, float *gate, bool biased) {
  const lstm_size *const s = &run->size;
  const op_tensor *const norm = run->o->norm[g];
  const float *const bias = run->o->bias[g]->data, *const peephole = peephole_of(run, g);
  for (size_t b = 0; b < s->batch; b++) {
    float *const row = gate + b * s->cell;
    if (peephole) k->add_product(row, peephole, (const float *)run->o->cell->data + b * s->cell, s->cell);
    if (norm) {
      normalize(row, s->cell);
      k->multiply(row, norm->data, s->cell);
    }
    if (norm || !biased) k->add(row, bias, s->cell);
  }
  k->activate(gate, gate, s->batch * s->cell, g == LSTM_CELL_GATE ? run->p->attr.activation : LSTM_LOGISTIC);
}

/* State times a diagonal. */
static void add_diagonals(const lstm_run *run, const lstm_f32 *k, float *const gates[LSTM_GATES]) {
  const size_t n = run->size.cell;
  for (int g = 0; g < LSTM_GATES; g++)
    for (size_t b = 0; gates[g] && b < run->size.batch; b++)
      k->add_product(gates[g] + b * n, run->o->matrix[LSTM_H + g]->data, (const float *)run->o->hidden->data + b * n,
                     n);
}

static void finish_projection(const lstm_run *run, const lstm_f32 *k, float *to) {
  const size_t n = run->size.output;
  const float clip = run->p->attr.projection_clip;
  const op_tensor *const bias = run->o->projection_bias;
  for (size_t b = 0; bias && b < run->size.batch; b++) k->add(to + b * n, bias->data, n);
  for (size_t i = 0; clip > 0 && i < run->size.batch * n; i++) to[i] = fminf(fmaxf(to[i], -clip), clip);
}

void lstm_step_float(const lstm_run *run, size_t step, const lstm_products *products) {
  const lstm_f32 *const k = kern_lstm_f32(run->c->isa);
  const lstm_attr *const attr = &run->p->attr;
  const size_t n = run->size.batch * run->size.cell;
  const bool project = run->o->matrix[LSTM_PROJECTION] != NULL;
  float *const cell = run->o->cell->data, *const state = run->o->hidden->data;
  float *gates[LSTM_GATES];
  lstm_gates_at(run, step, gates);
  if (attr->diagonal) add_diagonals(run, k, gates);
  else products->state(run, step, gates);
  for (int g = LSTM_INPUT_GATE; g <= LSTM_CELL_GATE; g++)
    if (gates[g]) finish_gate(run, k, g, gates[g], products->biased);
  k->update(cell, gates[LSTM_INPUT_GATE], gates[LSTM_FORGET_GATE], gates[LSTM_CELL_GATE], n, attr->cell_clip);
  finish_gate(run, k, LSTM_OUTPUT_GATE, gates[LSTM_OUTPUT_GATE], products->biased); /* its peephole sees the new cell */
  float *const hidden = project ? lstm_part(run, run->r->hidden) : state;
  k->activate(hidden, cell, n, attr->activation);
  k->multiply(hidden, gates[LSTM_OUTPUT_GATE], n);
  if (!project) return;
  products->project(run, hidden, state);
  finish_projection(run, k, state);
}

/* ---- float weights ---- */

static void f32_plan(op_ctx *c, const lstm_operands *o, const lstm_params *p, const lstm_size *s, scratch_layout *l,
                     lstm_record *r) {
  size_t sums = 0;
  lstm_plan_float(o, s, l, r);
  if (!size_mul(s->batch * s->cell, o->aux ? (size_t)r->steps : 1, &sums)) l->too_large = true;
  r->products = scratch_part(l, sums, LSTM_GATES * sizeof(float));
  lstm_plan_blocks(c, o, p, l, r);
}

/* Rows times the weights of all gates. */
typedef struct gates_job {
  const lstm_run *run;
  const gemm_f32 *kernel;
  int first; /* LSTM_X, LSTM_AUX or LSTM_H */
  const float *rows;
  size_t count, blocks;
  float *to; /* plane of gate g at to + g * plane */
  size_t plane;
} gates_job;

static void gates_task(void *arg, size_t task, int worker) {
  (void)worker;
  const gates_job *const j = arg;
  const lstm_size *const s = &j->run->size;
  const size_t g = task / j->blocks, begin = task % j->blocks * COLUMNS;
  const int m = j->first + (int)g;
  if (!j->run->o->matrix[m]) return;
  const size_t k = lstm_matrix_cols(s, m);
  j->kernel->run(&(gemm_f32_job){.m = j->count,
                                 .k = k,
                                 .n_begin = begin,
                                 .n_end = s->cell - begin < COLUMNS ? s->cell : begin + COLUMNS,
                                 .a = j->rows,
                                 .a_stride = k,
                                 .packed = j->run->block[m],
                                 .c = j->to + g * j->plane + begin,
                                 .c_stride = s->cell,
                                 .lo = -INFINITY,
                                 .hi = INFINITY});
}

static void multiply_gates(const lstm_run *run, int first, const float *rows, size_t count, float *to, size_t plane) {
  gates_job j = {run,  kern_gemm_f32(run->c->isa), first, rows, count, (run->size.cell + COLUMNS - 1) / COLUMNS, to,
                 plane};
  const size_t tasks = LSTM_GATES * j.blocks;
  if (count * run->size.cell * lstm_matrix_cols(&run->size, first) >= LSTM_PARALLEL_MACS)
    op_parallel(run->c, tasks, gates_task, &j);
  else
    for (size_t t = 0; t < tasks; t++) gates_task(&j, t, 0);
}

static void f32_inputs(const lstm_run *run, int first, const void *rows, size_t steps) {
  const lstm_f32 *const k = kern_lstm_f32(run->c->isa);
  const size_t count = steps * run->size.batch, plane = (size_t)run->r->steps * run->size.batch * run->size.cell;
  float *const gates = lstm_part(run, run->r->gates), *const products = lstm_part(run, run->r->products);
  multiply_gates(run, first, rows, count, first == LSTM_X ? gates : products, plane);
  for (int g = 0; g < LSTM_GATES && first != LSTM_X; g++)
    if (lstm_has_gate(run->o, g))
      k->add(gates + (size_t)g * plane, products + (size_t)g * plane, count * run->size.cell);
}

static void f32_state(const lstm_run *run, size_t step, float *const gates[LSTM_GATES]) {
  (void)step;
  const lstm_f32 *const k = kern_lstm_f32(run->c->isa);
  const size_t n = run->size.batch * run->size.cell;
  float *const products = lstm_part(run, run->r->products);
  multiply_gates(run, LSTM_H, run->o->hidden->data, run->size.batch, products, n);
  for (size_t g = 0; g < LSTM_GATES; g++)
    if (gates[g]) k->add(gates[g], products + g * n, n);
}

static void f32_project(const lstm_run *run, const float *hidden, float *to) {
  const lstm_size *const s = &run->size;
  kern_gemm_f32(run->c->isa)
      ->run(&(gemm_f32_job){.m = s->batch,
                            .k = s->cell,
                            .n_end = s->output,
                            .a = hidden,
                            .a_stride = s->cell,
                            .packed = run->block[LSTM_PROJECTION],
                            .c = to,
                            .c_stride = s->output,
                            .lo = -INFINITY,
                            .hi = INFINITY});
}

static const lstm_products f32_products = {.biased = false, .state = f32_state, .project = f32_project};

static void f32_step(const lstm_run *run, size_t step) { lstm_step_float(run, step, &f32_products); }

const lstm_kind lstm_kind_f32 = {
    .prepare = lstm_pack_float, .plan = f32_plan, .begin = lstm_begin_float, .inputs = f32_inputs, .step = f32_step};
