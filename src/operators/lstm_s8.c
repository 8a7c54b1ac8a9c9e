/* lstm_s8.c: the integer LSTM: int8 inputs, weights and output, int16 gates and cell.
 *
 * Gates are Q3.12 before their activation and Q0.15 after it. Each product is brought to the gate's scale and saturated
 * before the next is added, as the reference does it.
 */
#include <math.h>

#include "kernels/gemm_s8.h"
#include "kernels/lstm_s16.h"
#include "operators/lstm.h"
#include "operators/product.h"

enum { GATE_BITS = 3 };

/* ---- prepare ---- */

static fx_mult mult_of(float real) { return fx_quantize_multiplier((double)real); }

static mote_status prepare_cell(op_ctx *c, const lstm_operands *o, lstm_params *p) {
  const float scale = o->cell->scale, log_2 = log2f(scale);
  const int32_t rounded = (int32_t)roundf(log_2);
  OP_REQUIRE(c, fabsf(log_2 - (float)rounded) < 1e-3f && rounded >= -15 && rounded <= -9, MOTE_ERR_MODEL,
             "the cell's scale is %g; it must be a power of two from 2^-15 to 2^-9", (double)scale);
  p->s8.cell_log2 = rounded;
  p->s8.cell_clip = (int16_t)fminf(p->attr.cell_clip / scale, INT16_MAX);
  p->s8.projection_clip = (int8_t)fminf(p->attr.projection_clip / o->hidden->scale, INT8_MAX);
  return MOTE_OK;
}

static mote_status prepare_gate(op_ctx *c, const lstm_operands *o, lstm_s8_params *s, int g) {
  float scale = 0x1p-12f;
  if (o->norm[g]) {
    MOTE_TRY(op_need_scale(c, o->norm[g]));
    MOTE_TRY(op_need_scale(c, o->scale[g]));
    scale = o->scale[g]->scale;
    s->norm[g] = mult_of(o->norm[g]->scale);
    OP_REQUIRE(c, s->norm[g].shift <= 18, MOTE_ERR_MODEL, "the scale of a layer normalization is %g; it is too large",
               (double)o->norm[g]->scale);
    s->norm[g].shift += 12; /* sums of the normalized row have that many more bits */
    s->norm_guard[g] = (int32_t)fmaxf(1, fminf(10000 * o->norm[g]->scale, 0x1p30f));
  }
  s->matrix[LSTM_X + g] = mult_of(o->matrix[LSTM_X + g]->scale * o->input->scale / scale);
  s->matrix[LSTM_H + g] = mult_of(o->matrix[LSTM_H + g]->scale * o->hidden->scale / scale);
  if (!o->peephole[g]) return MOTE_OK;
  MOTE_TRY(op_need_scale(c, o->peephole[g]));
  s->peephole[g] = mult_of(ldexpf(o->peephole[g]->scale, s->cell_log2) / scale);
  return MOTE_OK;
}

static mote_status prepare_multipliers(op_ctx *c, const lstm_operands *o, lstm_params *p) {
  OP_REQUIRE(c, c->num_intermediates == LSTM_SCALES, MOTE_ERR_UNSUPPORTED,
             "an LSTM with int8 inputs has %d intermediate tensors here, but %d are needed: scales of the gates and of "
             "the hidden state",
             (int)c->num_intermediates, LSTM_SCALES);
  MOTE_TRY(op_need_scale(c, o->input));
  MOTE_TRY(op_need_scale(c, o->hidden));
  MOTE_TRY(op_need_scale(c, o->cell));
  MOTE_TRY(op_need_scale(c, o->scale[LSTM_GATES]));
  MOTE_TRY(prepare_cell(c, o, p));
  lstm_s8_params *const s = &p->s8;
  for (int m = 0; m < LSTM_MATRICES; m++)
    if (o->matrix[m]) MOTE_TRY(op_need_scale(c, o->matrix[m])); /* zero points of weights count as 0, as in TFLite */
  for (int g = 0; g < LSTM_GATES; g++)
    if (lstm_has_gate(o, g)) MOTE_TRY(prepare_gate(c, o, s, g));
  const float hidden = o->scale[LSTM_GATES]->scale;
  s->hidden_zero = o->scale[LSTM_GATES]->zero_point;
  s->output_zero = o->hidden->zero_point;
  s->hidden = mult_of(0x1p-15f / hidden * 0x1p-15f);
  if (o->matrix[LSTM_PROJECTION])
    s->matrix[LSTM_PROJECTION] = mult_of(o->matrix[LSTM_PROJECTION]->scale * hidden / o->hidden->scale);
  return MOTE_OK;
}

/* The bias that belongs into a product: a gate's goes with the input, unless layer normalization takes it. */
static const op_tensor *bias_of(const lstm_operands *o, int m) {
  if (m == LSTM_PROJECTION) return o->projection_bias;
  return m < LSTM_H && !o->norm[m] ? o->bias[m] : NULL;
}

/* What the product subtracts from its rows. The hidden state is stored less its zero point twice over: see step. */
static int32_t zero_of(const lstm_operands *o, const lstm_params *p, int m) {
  if (m == LSTM_PROJECTION) return -p->s8.hidden_zero;
  return m < LSTM_H ? o->input->zero_point : p->s8.output_zero;
}

static gemm_s8_weights weights_of(const lstm_operands *o, const lstm_params *p, int m, size_t rows, size_t cols) {
  const op_tensor *const bias = bias_of(o, m);
  return (gemm_s8_weights){.n = rows,
                           .k = cols,
                           .w = o->matrix[m]->data,
                           .w_signed = true,
                           .a_signed = true,
                           .a_zero = zero_of(o, p, m),
                           .bias = bias ? bias->data : NULL};
}

/* Matrices that int8 rows are multiplied with: all but s8x8's projection, which takes int16 ones. */
static bool is_packed(const lstm_operands *o, const lstm_params *p, int m) {
  return o->matrix[m] && (m != LSTM_PROJECTION || p->kind == &lstm_kind_s8);
}

typedef struct pack_arg {
  const gemm_s8 *kernel;
  const gemm_s8_weights *weights;
} pack_arg;

static void fill(void *to, const void *arg) {
  const pack_arg *const a = arg;
  a->kernel->pack(to, a->weights);
}

mote_status lstm_pack_s8(op_ctx *c, const lstm_operands *o, lstm_params *p) {
  for (int m = 0; m < LSTM_MATRICES; m++) {
    const op_tensor *const t = o->matrix[m];
    if (!is_packed(o, p, m) || !op_is_const(t) || t->rank != 2) continue;
    const op_tensor *const bias = bias_of(o, m);
    const size_t rows = (size_t)t->dims[0], bias_bytes = rows * sizeof(int32_t);
    if (bias && (!op_is_const(bias) || bias->bytes != bias_bytes)) continue;
    const gemm_s8_weights w = weights_of(o, p, m, rows, (size_t)t->dims[1]);
    const pack_arg arg = {kern_gemm_s8(c->isa), &w};
    pack_request request = {.source = t->data, .kind = PACK_LSTM_S8, .fill = fill, .arg = &arg};
    request.made_from[0].data = &w.a_zero, request.made_from[0].size = sizeof w.a_zero;
    if (bias) request.made_from[1].data = bias->data, request.made_from[1].size = bias_bytes;
    if (!arg.kernel->packed_bytes(w.n, w.k, &request.bytes)) return op_no_memory(c, SIZE_MAX);
    MOTE_TRY(pack_constant(c, &request, &p->block[m]));
    product_consume(c, t);
  }
  return MOTE_OK;
}

static mote_status prepare(op_ctx *c, const lstm_operands *o, lstm_params *p) {
  MOTE_TRY(prepare_multipliers(c, o, p));
  return lstm_pack_s8(c, o, p);
}

/* ---- plan ---- */

static uint64_t state_part(scratch_layout *l, size_t rows, size_t cols, size_t element) {
  size_t count = 0;
  if (!size_mul(rows, cols, &count)) l->too_large = true;
  return scratch_part(l, count, element);
}

void lstm_plan_s8(op_ctx *c, const lstm_operands *o, const lstm_params *p, const lstm_size *s, scratch_layout *l,
                  lstm_record *r) {
  const gemm_s8 *const k = kern_gemm_s8(c->isa);
  const size_t rows = (size_t)r->steps * s->batch;
  r->gates = state_part(l, rows, s->cell, LSTM_GATES * sizeof(int16_t));
  r->products = state_part(l, rows, s->cell > s->output ? s->cell : s->output, LSTM_GATES * sizeof(int32_t));
  r->staged_x = state_part(l, rows, gemm_s8_staged(k, s->input), 1);
  r->staged_h = state_part(l, s->batch, gemm_s8_staged(k, s->output), 1);
  if (o->matrix[LSTM_PROJECTION]) {
    r->hidden = state_part(l, s->batch, s->cell, 1);
    r->staged_hidden = state_part(l, s->batch, gemm_s8_staged(k, s->cell), 1);
  }
  for (int m = 0; m < LSTM_MATRICES; m++) {
    if (!is_packed(o, p, m) || p->block[m]) continue;
    size_t bytes = 0;
    if (!k->packed_bytes(lstm_matrix_rows(s, m), lstm_matrix_cols(s, m), &bytes)) l->too_large = true;
    r->block[m] = scratch_part(l, bytes, 1);
  }
}

/* ---- products ---- */

void lstm_begin_s8(lstm_run *run) {
  const lstm_size *const s = &run->size;
  for (int m = 0; m < LSTM_MATRICES; m++) {
    if (!is_packed(run->o, run->p, m) || run->block[m]) continue;
    const gemm_s8_weights w = weights_of(run->o, run->p, m, lstm_matrix_rows(s, m), lstm_matrix_cols(s, m));
    kern_gemm_s8(run->c->isa)->pack(lstm_part(run, run->r->block[m]), &w);
    run->block[m] = lstm_part(run, run->r->block[m]);
  }
}

void lstm_multiply_s8(const lstm_run *run, int m, const void *staged, size_t rows, int32_t *to) {
  const gemm_s8 *const k = kern_gemm_s8(run->c->isa);
  const size_t n = lstm_matrix_rows(&run->size, m), cols = lstm_matrix_cols(&run->size, m);
  k->run(&(gemm_s8_job){.m = rows,
                        .k = cols,
                        .n_end = n,
                        .a = staged,
                        .a_stride = gemm_s8_staged(k, cols),
                        .packed = run->block[m],
                        .c = to,
                        .c_stride = n});
}

const void *lstm_stage_s8(const lstm_run *run, uint64_t at, const int8_t *rows, size_t count, size_t cols) {
  const gemm_s8 *const k = kern_gemm_s8(run->c->isa);
  uint8_t *const to = lstm_part(run, at);
  const size_t stride = gemm_s8_staged(k, cols);
  for (size_t i = 0; i < count; i++) k->stage(to + i * stride, rows + i * cols, cols, true);
  return to;
}

static int16_t *gate_at(const lstm_run *run, size_t g, size_t step) {
  const size_t state = run->size.batch * run->size.cell;
  return (int16_t *)lstm_part(run, run->r->gates) + (g * (size_t)run->r->steps + step) * state;
}

/* One gate a task: rows times its weights, brought to its scale and added. */
typedef struct gates_job {
  const lstm_run *run;
  int first; /* LSTM_X, which begins the sums, or LSTM_H */
  const void *staged;
  size_t rows, step;
} gates_job;

static void gates_task(void *arg, size_t g, int worker) {
  (void)worker;
  const gates_job *const j = arg;
  if (!lstm_has_gate(j->run->o, (int)g)) return;
  const int m = j->first + (int)g;
  const size_t n = j->rows * j->run->size.cell;
  int32_t *const acc = (int32_t *)lstm_part(j->run, j->run->r->products) +
                       g * (size_t)j->run->r->steps * j->run->size.batch * j->run->size.cell;
  int16_t *const gate = gate_at(j->run, g, j->step);
  const fx_mult q = j->run->p->s8.matrix[m];
  lstm_multiply_s8(j->run, m, j->staged, j->rows, acc);
  const lstm_s16 *const k = kern_lstm_s16(j->run->c->isa);
  (j->first == LSTM_X ? k->begin : k->add)(gate, acc, n, q);
}

static void multiply_gates(const lstm_run *run, int first, const void *staged, size_t rows, size_t step) {
  gates_job j = {run, first, staged, rows, step};
  if (rows * run->size.cell * lstm_matrix_cols(&run->size, first) >= LSTM_PARALLEL_MACS)
    op_parallel(run->c, LSTM_GATES, gates_task, &j);
  else
    for (size_t g = 0; g < LSTM_GATES; g++) gates_task(&j, g, 0);
}

static void inputs(const lstm_run *run, int first, const void *rows, size_t steps) {
  const size_t count = steps * run->size.batch;
  multiply_gates(run, first, lstm_stage_s8(run, run->r->staged_x, rows, count, run->size.input), count, 0);
}

/* ---- a step ---- */

/* The reference walks gates and cells in rows as wide as the output, which is not the cell's width where there is a
 * projection; what it would read outside its weights is left out here. */
static void add_peephole(const lstm_run *run, const lstm_s16 *k, int g, int16_t *gate) {
  const lstm_size *const s = &run->size;
  const size_t total = s->batch * s->cell, width = s->output < s->cell ? s->output : s->cell;
  size_t at = 0;
  for (size_t b = 0; b < s->batch && at < total; b++, at += s->output)
    k->add_product(gate + at, run->o->peephole[g]->data, (const int16_t *)run->o->cell->data + at,
                   width < total - at ? width : total - at, run->p->s8.peephole[g]);
}

/* One row to mean 0 and variance 1 in Q.10, times the norm's weights, plus the bias. */
static void normalize(const lstm_run *run, int g, int16_t *x) {
  const lstm_s8_params *const p = &run->p->s8;
  const int16_t *const w = run->o->norm[g]->data;
  const int32_t *const bias = run->o->bias[g]->data;
  const int64_t n = (int64_t)run->size.cell;
  int64_t sum = 0, squares = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += x[i];
    squares += (int32_t)x[i] * x[i];
  }
  const int64_t mean = sum * 1024 / n;
  int64_t variance = (squares * ((1 << 20) / n) - mean * mean) / (1 << 20);
  if (variance < 1) variance = p->norm_guard[g];
  const fx_mult inverse = fx_inv_sqrt((int32_t)variance, -1);
  for (int64_t i = 0; i < n; i++) {
    const int32_t unit = fx_mbqm((int32_t)(1024 * x[i] - mean), inverse);
    const int64_t t = (int64_t)unit * w[i] + bias[i];
    x[i] = fx_sat16(fx_mbqm((int32_t)((t > 0 ? t + 512 : t - 512) / 1024), p->norm[g]));
  }
}

static void finish_gate(const lstm_run *run, const lstm_s16 *k, int g, int16_t *gate) {
  const size_t n = run->size.batch * run->size.cell;
  if (run->o->peephole[g]) add_peephole(run, k, g, gate);
  for (size_t b = 0; run->o->norm[g] && b < run->size.batch; b++) normalize(run, g, gate + b * run->size.cell);
  if (g == LSTM_CELL_GATE) k->tanh(gate, gate, n, GATE_BITS);
  else k->logistic(gate, n);
}

/* cell = forget * cell + input * change. */
static void update_cell(const lstm_run *run, const lstm_s16 *k, size_t step) {
  const lstm_s8_params *const p = &run->p->s8;
  const bool has_input = lstm_has_gate(run->o, LSTM_INPUT_GATE);
  k->update(run->o->cell->data, has_input ? gate_at(run, LSTM_INPUT_GATE, step) : NULL,
            gate_at(run, LSTM_FORGET_GATE, step), gate_at(run, LSTM_CELL_GATE, step), run->size.batch * run->size.cell,
            30 + p->cell_log2, p->cell_clip);
}

static void project(const lstm_run *run, const int8_t *hidden, int8_t *to) {
  const lstm_s8_params *const p = &run->p->s8;
  const lstm_size *const s = &run->size;
  int32_t *const acc = lstm_part(run, run->r->products);
  lstm_multiply_s8(run, LSTM_PROJECTION, lstm_stage_s8(run, run->r->staged_hidden, hidden, s->batch, s->cell), s->batch,
                   acc);
  for (size_t i = 0; i < s->batch * s->output; i++) {
    to[i] = (int8_t)fx_clamp((int64_t)fx_mbqm(acc[i], p->matrix[LSTM_PROJECTION]) + p->output_zero, INT8_MIN, INT8_MAX);
    if (p->projection_clip > 0) to[i] = (int8_t)fx_clamp(to[i], -p->projection_clip, p->projection_clip);
  }
}

static void step(const lstm_run *run, size_t at) {
  const lstm_s16 *const k = kern_lstm_s16(run->c->isa);
  const lstm_size *const s = &run->size;
  const lstm_s8_params *const p = &run->p->s8;
  const size_t n = s->batch * s->cell;
  int8_t *const state = run->o->hidden->data;
  multiply_gates(run, LSTM_H, lstm_stage_s8(run, run->r->staged_h, state, s->batch, s->output), s->batch, at);
  for (int g = LSTM_INPUT_GATE; g <= LSTM_CELL_GATE; g++)
    if (lstm_has_gate(run->o, g)) finish_gate(run, k, g, gate_at(run, (size_t)g, at));
  update_cell(run, k, at);
  int16_t *const output = gate_at(run, LSTM_OUTPUT_GATE, at);
  finish_gate(run, k, LSTM_OUTPUT_GATE, output);              /* its peephole sees the new cell */
  int16_t *const squashed = gate_at(run, LSTM_CELL_GATE, at); /* the gate is not needed any more */
  k->tanh(squashed, run->o->cell->data, n, 15 + p->cell_log2);
  /* With a projection the reference stores the hidden state with the sign of its zero point turned, and adds the zero
   * point again in the product. */
  if (!run->o->matrix[LSTM_PROJECTION]) k->hide(state, output, squashed, n, p->hidden, p->hidden_zero);
  else {
    int8_t *const hidden = lstm_part(run, run->r->hidden);
    k->hide(hidden, output, squashed, n, p->hidden, -p->hidden_zero);
    project(run, hidden, state);
  }
}

const lstm_kind lstm_kind_s8 = {
    .prepare = prepare, .plan = lstm_plan_s8, .begin = lstm_begin_s8, .inputs = inputs, .step = step};
