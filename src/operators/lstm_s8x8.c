/* lstm_s8x8.c: the integer LSTM with twelve intermediate tensors ("8x8 to 8"): int8 products, int16 gates and cell.
 *
 * Each product of a gate is rounded to int8 at a scale of its own before the two are added. Layer normalization and
 * activations are computed in float and rounded to Q3.12 and Q0.15, as the reference does it, with libm's functions.
 * Layer normalization and a projection are always there, an input gate never: the reference knows no other form.
 */
#include <math.h>

#include "kernels/lstm_s16.h"
#include "operators/lstm.h"

/* Intermediate tensors of a gate: what it holds, its product with the input, its product with the state. */
enum { SUM, OF_INPUT, OF_STATE, PER_GATE };

static const op_tensor *scale_of(const lstm_operands *o, int gate, int what) {
  return o->scale[PER_GATE * gate + what];
}

/* ---- prepare ---- */

static fx_mult mult_of(float real) { return fx_quantize_multiplier((double)real); }

static mote_status check_form(op_ctx *c, const lstm_operands *o) {
  OP_REQUIRE(c, !lstm_has_gate(o, LSTM_INPUT_GATE) && !o->peephole[LSTM_FORGET_GATE], MOTE_ERR_UNSUPPORTED,
             "an LSTM with %d intermediate tensors has no input gate and no peephole weights; leave them out",
             LSTM_SCALES_S8X8);
  OP_REQUIRE(c, o->norm[LSTM_FORGET_GATE] && o->matrix[LSTM_PROJECTION], MOTE_ERR_UNSUPPORTED,
             "an LSTM with %d intermediate tensors needs layer normalization and a projection", LSTM_SCALES_S8X8);
  MOTE_TRY(op_need_scale(c, o->input));
  MOTE_TRY(op_need_scale(c, o->hidden));
  MOTE_TRY(op_need_scale(c, o->matrix[LSTM_PROJECTION]));
  OP_REQUIRE(c, o->cell->scale == 0x1p-15f, MOTE_ERR_MODEL,
             "the cell's scale is %g; with %d intermediate tensors it must be 2^-15", (double)o->cell->scale,
             LSTM_SCALES_S8X8);
  return MOTE_OK;
}

static mote_status prepare_gate(op_ctx *c, const lstm_operands *o, lstm_s8_params *s, int g) {
  const op_tensor *const x = o->matrix[LSTM_X + g], *const h = o->matrix[LSTM_H + g];
  for (int what = SUM; what < PER_GATE; what++) MOTE_TRY(op_need_scale(c, scale_of(o, g, what)));
  MOTE_TRY(op_need_scale(c, x));
  MOTE_TRY(op_need_scale(c, h));
  MOTE_TRY(op_need_scale(c, o->norm[g]));
  const float sum = scale_of(o, g, SUM)->scale, of_x = scale_of(o, g, OF_INPUT)->scale,
              of_h = scale_of(o, g, OF_STATE)->scale;
  s->matrix[LSTM_X + g] = mult_of(x->scale * o->input->scale / of_x);
  s->matrix[LSTM_H + g] = mult_of(h->scale * o->hidden->scale / of_h);
  s->sum[LSTM_X + g] = mult_of(of_x / sum);
  s->sum[LSTM_H + g] = mult_of(of_h / sum);
  s->norm[g] = mult_of(o->norm[g]->scale);
  return MOTE_OK;
}

static mote_status prepare(op_ctx *c, const lstm_operands *o, lstm_params *p) {
  lstm_s8_params *const s = &p->s8;
  MOTE_TRY(check_form(c, o));
  for (int g = LSTM_FORGET_GATE; g < LSTM_GATES; g++) MOTE_TRY(prepare_gate(c, o, s, g));
  const float clip = p->attr.cell_clip;
  s->cell_log2 = -15;
  s->cell_clip = clip > 0 && clip < 1 ? (int16_t)fminf(clip * 0x1p15f, INT16_MAX) : 0;
  s->projection_clip = (int8_t)fminf(p->attr.projection_clip / o->hidden->scale, INT8_MAX);
  s->output_zero = o->hidden->zero_point;
  s->matrix[LSTM_PROJECTION] = mult_of(o->matrix[LSTM_PROJECTION]->scale * 0x1p-15f / o->hidden->scale);
  return lstm_pack_s8(c, o, p);
}

/* ---- products ---- */

static void plan(op_ctx *c, const lstm_operands *o, const lstm_params *p, const lstm_size *s, scratch_layout *l,
                 lstm_record *r) {
  lstm_plan_s8(c, o, p, s, l, r);
  size_t count = 0;
  if (!size_mul((size_t)r->steps * s->batch, s->cell, &count)) l->too_large = true;
  r->parts = scratch_part(l, count, LSTM_GATES);
}

static int16_t *gate_at(const lstm_run *run, int g, size_t step) {
  const size_t state = run->size.batch * run->size.cell;
  return (int16_t *)lstm_part(run, run->r->gates) + ((size_t)g * (size_t)run->r->steps + step) * state;
}

static int8_t *part_at(const lstm_run *run, int g, size_t step) {
  const size_t state = run->size.batch * run->size.cell;
  return (int8_t *)lstm_part(run, run->r->parts) + ((size_t)g * (size_t)run->r->steps + step) * state;
}

static int32_t round_s8(int32_t acc, fx_mult q, int32_t zero) {
  return fx_clamp((int64_t)fx_mbqm(acc, q) + zero, INT8_MIN, INT8_MAX);
}

static void inputs(const lstm_run *run, int first, const void *rows, size_t steps) {
  const size_t count = steps * run->size.batch;
  const void *const staged = lstm_stage_s8(run, run->r->staged_x, rows, count, run->size.input);
  int32_t *const acc = lstm_part(run, run->r->products);
  for (int g = LSTM_FORGET_GATE; g < LSTM_GATES; g++) {
    const int32_t zero = scale_of(run->o, g, OF_INPUT)->zero_point;
    int8_t *const to = part_at(run, g, 0);
    lstm_multiply_s8(run, first + g, staged, count, acc);
    for (size_t i = 0; i < count * run->size.cell; i++)
      to[i] = (int8_t)round_s8(acc[i], run->p->s8.matrix[first + g], zero);
  }
}

/* gate = (input's product) + (state's product), both without their zero points and at the gate's scale.
 *
 * For the output gate the reference takes the multiplier of the second from behind the end of its list, and the zero
 * point of the cell gate's. That is an error and not a rule: here each gate has its own. */
static void add_products(const lstm_run *run, int g, const void *staged, int16_t *gate, size_t step) {
  const lstm_s8_params *const p = &run->p->s8;
  const int8_t *const of_x = part_at(run, g, step);
  int32_t *const acc = lstm_part(run, run->r->products);
  const int32_t zero_x = scale_of(run->o, g, OF_INPUT)->zero_point, zero_h = scale_of(run->o, g, OF_STATE)->zero_point;
  lstm_multiply_s8(run, LSTM_H + g, staged, run->size.batch, acc);
  for (size_t i = 0; i < run->size.batch * run->size.cell; i++) {
    const int32_t of_h = round_s8(acc[i], p->matrix[LSTM_H + g], zero_h);
    gate[i] =
        fx_sat16((int64_t)fx_mbqm(of_x[i] - zero_x, p->sum[LSTM_X + g]) + fx_mbqm(of_h - zero_h, p->sum[LSTM_H + g]));
  }
}

/* ---- float between integers ---- */

/* A row to mean 0 and variance 1, times the norm's weights, plus the bias; Q3.12. */
static void normalize(const lstm_run *run, int g, int16_t *x) {
  const fx_mult q = run->p->s8.norm[g];
  const float scale = (float)ldexp(q.m, q.shift - 31), bias_scale = 0x1p-10f * scale;
  const int16_t *const w = run->o->norm[g]->data;
  const int32_t *const bias = run->o->bias[g]->data;
  const size_t n = run->size.cell;
  float sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) {
    sum += x[i];
    squares += (float)x[i] * x[i];
  }
  const float mean = sum / (float)n, variance = squares / (float)n - mean * mean;
  const float inverse = (float)(1 / sqrt(variance == 0 ? 1e-8 : (double)variance));
  for (size_t i = 0; i < n; i++) {
    const float y = ((float)x[i] - mean) * inverse * w[i] * scale + (float)bias[i] * bias_scale;
    x[i] = fx_sat16(fx_to_i32(fx_round((double)y * 4096)));
  }
}

/* Q0.15, truncated. */
static int16_t to_q15(float y) { return fx_sat16((int32_t)(y * 32768)); }

static void logistic_all(int16_t *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = to_q15(1 / (1 + expf(-(x[i] * 0x1p-12f))));
}

static void tanh_all(int16_t *y, const int16_t *x, size_t n, float scale) {
  for (size_t i = 0; i < n; i++) y[i] = to_q15(tanhf(x[i] * scale));
}

/* ---- a step ---- */

static void project(const lstm_run *run, const int16_t *hidden, int8_t *to) {
  const lstm_s8_params *const p = &run->p->s8;
  const lstm_size *const s = &run->size;
  const int8_t *const w = run->o->matrix[LSTM_PROJECTION]->data;
  const int32_t *const bias = run->o->projection_bias ? run->o->projection_bias->data : NULL;
  for (size_t b = 0; b < s->batch; b++)
    for (size_t j = 0; j < s->output; j++) {
      int64_t acc = bias ? bias[j] : 0;
      for (size_t i = 0; i < s->cell; i++) acc += hidden[b * s->cell + i] * w[j * s->cell + i];
      int32_t y = round_s8((int32_t)acc, p->matrix[LSTM_PROJECTION], p->output_zero);
      if (p->projection_clip > 0) y = fx_clamp(y, -p->projection_clip, p->projection_clip);
      to[b * s->output + j] = (int8_t)y;
    }
}

static void step(const lstm_run *run, size_t at) {
  const lstm_s16 *const k = kern_lstm_s16(run->c->isa);
  const lstm_size *const s = &run->size;
  const size_t n = s->batch * s->cell;
  int16_t *const cell = run->o->cell->data, *gates[LSTM_GATES] = {NULL};
  const void *const staged = lstm_stage_s8(run, run->r->staged_h, run->o->hidden->data, s->batch, s->output);
  for (int g = LSTM_FORGET_GATE; g < LSTM_GATES; g++) {
    gates[g] = gate_at(run, g, at);
    add_products(run, g, staged, gates[g], at);
    for (size_t b = 0; b < s->batch; b++) normalize(run, g, gates[g] + b * s->cell);
    if (g == LSTM_CELL_GATE) tanh_all(gates[g], gates[g], n, 0x1p-12f);
    else logistic_all(gates[g], n);
  }
  k->update(cell, NULL, gates[LSTM_FORGET_GATE], gates[LSTM_CELL_GATE], n, 15, run->p->s8.cell_clip);
  int16_t *const hidden = gates[LSTM_CELL_GATE]; /* the gate is not needed any more */
  tanh_all(hidden, cell, n, 0x1p-15f);
  for (size_t i = 0; i < n; i++) hidden[i] = (int16_t)fx_rdbp(gates[LSTM_OUTPUT_GATE][i] * hidden[i], 15);
  project(run, hidden, run->o->hidden->data);
}

const lstm_kind lstm_kind_s8x8 = {
    .prepare = prepare, .plan = plan, .begin = lstm_begin_s8, .inputs = inputs, .step = step};
