/* lstm_hybrid.c: LSTM with float activations and 8-bit weights: rows are quantized before each product. */
#include <string.h>

#include "operators/hybrid.h"
#include "operators/lstm.h"
#include "operators/product.h"

static mote_status prepare(op_ctx *c, const lstm_operands *o, lstm_params *p) {
  MOTE_TRY(lstm_pack_float(c, o, p));
  for (int g = 0; g < LSTM_GATES; g++)
    if (o->peephole[g] && o->peephole[g]->type != MOTE_FLOAT32) MOTE_TRY(op_need_scale(c, o->peephole[g]));
  return MOTE_OK;
}

static uint64_t input_part(const op_ctx *c, scratch_layout *l, size_t rows, size_t cols) {
  size_t bytes = 0;
  if (!hybrid_input_bytes(kern_gemm_s8(c->isa), rows, cols, &bytes)) l->too_large = true;
  return scratch_part(l, bytes, 1);
}

static void plan(op_ctx *c, const lstm_operands *o, const lstm_params *p, const lstm_size *s, scratch_layout *l,
                 lstm_record *r) {
  const size_t rows = (size_t)r->steps * s->batch, widest = s->cell > s->output ? s->cell : s->output;
  size_t products = 0;
  lstm_plan_float(o, s, l, r);
  r->staged_x = input_part(c, l, rows, s->input > s->aux ? s->input : s->aux);
  r->staged_h = input_part(c, l, s->batch, s->output);
  if (o->matrix[LSTM_PROJECTION]) r->staged_hidden = input_part(c, l, s->batch, s->cell);
  if (!size_mul(rows, widest, &products)) l->too_large = true;
  r->products = scratch_part(l, products, LSTM_GATES * sizeof(int32_t));
  if (o->peephole[LSTM_FORGET_GATE]) r->peephole = scratch_part(l, s->cell, LSTM_GATES * sizeof(float));
  lstm_plan_blocks(c, o, p, l, r);
}

static void begin(lstm_run *run) {
  lstm_begin_float(run);
  for (size_t g = 0; g < LSTM_GATES; g++) {
    const op_tensor *const t = run->o->peephole[g];
    if (!t || t->type == MOTE_FLOAT32) continue;
    float *const to = (float *)lstm_part(run, run->r->peephole) + g * run->size.cell;
    const int8_t *const from = t->data;
    for (size_t i = 0; i < run->size.cell; i++) to[i] = (float)from[i] * t->scale;
  }
}

static hybrid_weights weights_of(const lstm_run *run, int m) {
  return (hybrid_weights){.rows = lstm_matrix_rows(&run->size, m),
                          .cols = lstm_matrix_cols(&run->size, m),
                          .scale = run->o->matrix[m]->scale,
                          .block = run->block[m]};
}

static hybrid_input quantize(const lstm_run *run, uint64_t at, const float *rows, size_t count, size_t cols) {
  const gemm_s8 *const kernel = kern_gemm_s8(run->c->isa);
  hybrid_input in;
  hybrid_input_place(&in, kernel, lstm_part(run, at), count, cols);
  hybrid_quantize(&in, kernel, rows, run->p->attr.asymmetric);
  return in;
}

/* Quantized rows times the weights of one gate a task. */
typedef struct gates_job {
  const lstm_run *run;
  const hybrid_input *rows;
  float *const *gates;
  int first;           /* LSTM_X, LSTM_AUX or LSTM_H */
  float *sparse_scale; /* of rows, for gates with sparse weights; NULL: that of all others */
} gates_job;

static void gates_task(void *arg, size_t task, int worker) {
  (void)worker;
  const gates_job *const j = arg;
  if (!j->gates[task]) return;
  const int m = j->first + (int)task;
  const hybrid_weights w = weights_of(j->run, m);
  hybrid_input rows = *j->rows;
  if (j->sparse_scale && j->run->o->matrix[m]->sparsity) rows.scale = j->sparse_scale;
  int32_t *const acc = (int32_t *)lstm_part(j->run, j->run->r->products) + task * j->rows->rows * w.rows;
  hybrid_accumulate(&w, kern_gemm_s8(j->run->c->isa), &rows, acc, j->gates[task]);
}

static void accumulate(const lstm_run *run, int first, const hybrid_input *rows, float *const gates[LSTM_GATES],
                       float *sparse_scale) {
  gates_job j = {run, rows, gates, first, sparse_scale};
  if (rows->rows * run->size.cell * rows->cols >= LSTM_PARALLEL_MACS) op_parallel(run->c, LSTM_GATES, gates_task, &j);
  else
    for (size_t g = 0; g < LSTM_GATES; g++) gates_task(&j, g, 0);
}

/* Rows begin with the bias; where layer normalization follows, that adds it. */
static void begin_rows(float *to, size_t rows, size_t n, const float *bias) {
  for (size_t i = 0; i < rows; i++)
    if (bias) memcpy(to + i * n, bias, n * sizeof *to);
    else memset(to + i * n, 0, n * sizeof *to);
}

static void inputs(const lstm_run *run, int first, const void *rows, size_t steps) {
  const lstm_size *const s = &run->size;
  const size_t count = steps * s->batch;
  float *gates[LSTM_GATES];
  lstm_gates_at(run, 0, gates);
  for (int g = 0; g < LSTM_GATES && first == LSTM_X; g++)
    if (gates[g]) begin_rows(gates[g], count, s->cell, run->o->norm[g] ? NULL : (const float *)run->o->bias[g]->data);
  const hybrid_input in = quantize(run, run->r->staged_x, rows, count, lstm_matrix_cols(s, first));
  accumulate(run, first, &in, gates, NULL);
}

/* Scales of the input's rows in this step: they stand first, whatever the number of rows. */
static float *input_scale(const lstm_run *run, size_t step) {
  hybrid_input in;
  hybrid_input_place(&in, kern_gemm_s8(run->c->isa), lstm_part(run, run->r->staged_x), 1, run->size.input);
  return in.scale + step * run->size.batch;
}

/* TFLite's LSTM scales products of the state and sparse weights as if the state were the input. Models trained and
 * quantized with it live with that, so it is the rule. */
static void state(const lstm_run *run, size_t step, float *const gates[LSTM_GATES]) {
  const lstm_size *const s = &run->size;
  const hybrid_input in = quantize(run, run->r->staged_h, run->o->hidden->data, s->batch, s->output);
  accumulate(run, LSTM_H, &in, gates, run->p->attr.sparse ? input_scale(run, step) : NULL);
}

static void project(const lstm_run *run, const float *hidden, float *to) {
  const lstm_size *const s = &run->size;
  begin_rows(to, s->batch, s->output, NULL);
  const hybrid_input in = quantize(run, run->r->staged_hidden, hidden, s->batch, s->cell);
  const hybrid_weights w = weights_of(run, LSTM_PROJECTION);
  hybrid_accumulate(&w, kern_gemm_s8(run->c->isa), &in, lstm_part(run, run->r->products), to);
}

static const lstm_products products = {.biased = true, .state = state, .project = project};

static void step(const lstm_run *run, size_t at) { lstm_step_float(run, at, &products); }

const lstm_kind lstm_kind_hybrid = {.prepare = prepare, .plan = plan, .begin = begin, .inputs = inputs, .step = step};
