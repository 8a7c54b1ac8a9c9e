/* fully_connected_tiles.c: the arithmetic of FULLY_CONNECTED, one tile at a time. */
#include <math.h>

#include "kernels/dots.h"
#include "kernels/dynquant.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"
#include "kernels/math_f32.h"
#include "kernels/requant.h"
#include "operators/fully_connected.h"

/* Part of the output: rows [row, row + rows), columns [col, last_col). */
typedef struct fc_part {
  size_t row, rows, col, last_col;
  const uint8_t *a;
  uint8_t *scratch; /* of the worker */
} fc_part;

void fc_quantize_row(void *arg, size_t row, int worker) {
  const fc_job *const j = arg;
  const fc_plan *const p = j->plan;
  uint8_t *const scratch = j->c->scratch;
  const float *const x = (const float *)j->c->in[FC_INPUT]->data + row * p->k;
  int8_t *const q = (int8_t *)(scratch + p->quantized_at + row * p->quantized_row);
  fc_row *const head = (fc_row *)(void *)(scratch + p->heads_at) + row;
  (void)worker;
  head->offset = 0;
  if (j->params->asymmetric) head->scale = dynquant_asymmetric(x, p->k, q, &head->offset);
  else head->scale = dynquant_symmetric(x, p->k, q);
}

/* What clamping cannot do. */
static void activate(const fc_job *j, const fc_part *t) {
  for (size_t i = 0; i < t->rows; i++) {
    float *const row = (float *)j->c->out[0]->data + (t->row + i) * j->plan->n;
    for (size_t x = t->col; x < t->last_col; x++)
      row[x] =
          j->params->float_more == sch_ActivationFunctionType_TANH ? math_tanh(row[x]) : (float)(signbit(row[x]) != 0);
  }
}

static void multiply_f32(const fc_job *j, const fc_part *t) {
  const fc_plan *const p = j->plan;
  const gemm_f32_job job = {.m = t->rows,
                            .k = p->k,
                            .n_begin = t->col,
                            .n_end = t->last_col,
                            .a = (const float *)(const void *)t->a,
                            .a_stride = p->k,
                            .packed = (const float *)(const void *)(j->block + p->block.pack),
                            .c = (float *)j->c->out[0]->data + t->row * p->n + t->col,
                            .c_stride = p->n,
                            .lo = j->params->lo,
                            .hi = j->params->hi};
  kern_gemm_f32(j->c->isa)->run(&job);
}

/* ---- products of 8-bit numbers ---- */

/* int32 sums of columns [col, col + cols). */
typedef struct fc_sums {
  const int32_t *acc;
  size_t stride, col, cols;
} fc_sums;

static void finish_8(const fc_job *j, const fc_part *t, const fc_sums *s) {
  const fc_plan *const p = j->plan;
  const requant_job job = {.m = t->rows,
                           .n = s->cols,
                           .acc = s->acc,
                           .acc_stride = s->stride,
                           .mult = (const fx_mult *)(const void *)(j->block + p->block.mult) + s->col,
                           .scale = (const double *)(const void *)(j->block + p->block.scale) + s->col,
                           .zero_point = j->c->out[0]->zero_point,
                           .lo = j->params->qlo,
                           .hi = j->params->qhi,
                           .out = (uint8_t *)j->c->out[0]->data + t->row * p->n + s->col,
                           .out_stride = p->n};
  const requant *const r = kern_requant(j->c->isa);
  if (j->params->fixed) r->fixed(&job);
  else r->real(&job);
}

static int16_t real_16(const fc_job *j, int64_t sum, size_t col) {
  const double *const scale = (const double *)(const void *)(j->block + j->plan->block.scale);
  const int64_t y = (int64_t)j->c->out[0]->zero_point + fx_to_i32(fx_round((double)sum * scale[col]));
  return (int16_t)fx_clamp(y, j->params->qlo, j->params->qhi);
}

/* uint8 by uint8 to int16. */
static void finish_16(const fc_job *j, const fc_part *t, const fc_sums *s) {
  for (size_t i = 0; i < t->rows; i++) {
    int16_t *const out = (int16_t *)j->c->out[0]->data + (t->row + i) * j->plan->n + s->col;
    for (size_t x = 0; x < s->cols; x++) out[x] = real_16(j, s->acc[i * s->stride + x], s->col + x);
  }
}

/* bias + (sum - offset * sum of weights) * scale, where the scale is a float product made first. */
static void finish_hybrid(const fc_job *j, const fc_part *t, const fc_sums *s) {
  const fc_plan *const p = j->plan;
  const op_tensor *const bias = fc_bias(j->c);
  const op_quant *const q = j->c->in[FC_WEIGHTS]->quant;
  const int32_t *const sums = (const int32_t *)(const void *)(j->block + p->block.sums) + s->col;
  for (size_t i = 0; i < t->rows; i++) {
    const fc_row head = j->heads[t->row + i];
    const dynquant_row row = {.n = s->cols,
                              .acc = s->acc + i * s->stride,
                              .sums = j->params->asymmetric ? sums : NULL,
                              .offset = head.offset,
                              .scale = q->count == 1 ? head.scale * q->scale[0] : head.scale,
                              .channel_scale = q->count == 1 ? NULL : q->scale + s->col,
                              .bias = bias ? (const float *)bias->data + s->col : NULL,
                              .lo = j->params->lo,
                              .hi = j->params->hi,
                              .out = (float *)j->c->out[0]->data + (t->row + i) * p->n + s->col};
    dynquant_finish(&row);
  }
}

typedef void finish(const fc_job *j, const fc_part *t, const fc_sums *s);

static void multiply_8(const fc_job *j, const fc_part *t, int32_t w_zero, finish *then) {
  const fc_plan *const p = j->plan;
  const gemm_s8 *const g = kern_gemm_s8(j->c->isa);
  int32_t *const acc = (int32_t *)(void *)(t->scratch + p->acc_at);
  int32_t *const sums = (int32_t *)(void *)(t->scratch + p->sums_at);
  if (w_zero)
    for (size_t i = 0; i < t->rows; i++) sums[i] = g->row_sum(t->a + i * p->row_bytes, p->k);
  gemm_s8_job job = {.m = t->rows,
                     .k = p->k,
                     .a = t->a,
                     .a_stride = p->row_bytes,
                     .packed = j->block + p->block.pack,
                     .w_zero = w_zero,
                     .sums = sums,
                     .c = acc,
                     .c_stride = p->acc_cols};
  for (size_t col = t->col; col < t->last_col; col = job.n_end) {
    job.n_begin = col;
    job.n_end = t->last_col - col < p->acc_cols ? t->last_col : col + p->acc_cols;
    g->run(&job);
    then(j, t, &(fc_sums){.acc = acc, .stride = p->acc_cols, .col = col, .cols = job.n_end - col});
  }
}

/* ---- inner products ---- */

static void dots_f32(const fc_job *j, const fc_part *t) {
  const fc_plan *const p = j->plan;
  const op_tensor *const bias = fc_bias(j->c);
  const float *const w = j->c->in[FC_WEIGHTS]->data;
  for (size_t i = 0; i < t->rows; i++) {
    const float *const row = (const float *)(const void *)t->a + i * p->k;
    float *const out = (float *)j->c->out[0]->data + (t->row + i) * p->n;
    for (size_t x = t->col; x < t->last_col; x++) {
      float y = dot_f32(row, w + x * p->k, p->k, bias ? ((const float *)bias->data)[x] : 0);
      y = y < j->params->lo ? j->params->lo : y;
      out[x] = j->params->hi < y ? j->params->hi : y;
    }
  }
}

static void dots_8(const fc_job *j, const fc_part *t, finish *then) {
  const fc_plan *const p = j->plan;
  const bool hybrid = j->params->kind == FC_HYBRID;
  const op_tensor *const in = j->c->in[FC_INPUT], *const w = j->c->in[FC_WEIGHTS];
  const op_tensor *const bias = hybrid ? NULL : fc_bias(j->c);
  const int32_t a_zero = hybrid ? 0 : in->zero_point, w_zero = hybrid ? 0 : w->zero_point;
  const bool is_signed = hybrid || w->type == MOTE_INT8;
  fc_sums s = {.acc = (const int32_t *)(const void *)(t->scratch + p->acc_at), .stride = p->acc_cols};
  for (s.col = t->col; s.col < t->last_col; s.col += s.cols) {
    s.cols = t->last_col - s.col < p->acc_cols ? t->last_col - s.col : p->acc_cols;
    for (size_t i = 0; i < t->rows; i++) {
      int32_t *const acc = (int32_t *)(void *)(t->scratch + p->acc_at) + i * p->acc_cols;
      const uint8_t *const row = t->a + i * p->row_bytes;
      for (size_t x = 0; x < s.cols; x++) {
        const uint8_t *const column = (const uint8_t *)w->data + (s.col + x) * p->k;
        const int32_t sum = is_signed ? dot_s8((const int8_t *)row, a_zero, (const int8_t *)column, w_zero, p->k)
                                      : dot_u8(row, a_zero, column, w_zero, p->k);
        acc[x] = (int32_t)((uint32_t)sum + (bias ? (uint32_t)((const int32_t *)bias->data)[s.col + x] : 0));
      }
    }
    then(j, t, &s);
  }
}

/* ---- 16-bit activations ---- */

static int64_t bias_at(const fc_job *j, size_t i) {
  const op_tensor *const bias = fc_bias(j->c);
  if (!bias) return 0;
  return j->params->wide_bias ? ((const int64_t *)bias->data)[i] : ((const int32_t *)bias->data)[i];
}

static void multiply_16(const fc_job *j, const fc_part *t) {
  const fc_plan *const p = j->plan;
  const op_tensor *const weights = j->c->in[FC_WEIGHTS];
  const fx_mult *const mult = (const fx_mult *)(const void *)(j->block + p->block.mult);
  for (size_t i = 0; i < t->rows; i++) {
    const int16_t *const row = (const int16_t *)(const void *)t->a + i * p->k;
    int16_t *const out = (int16_t *)j->c->out[0]->data + (t->row + i) * p->n;
    const int64_t correction = weights->zero_point ? weights->zero_point * sum_s16(row, p->k) : 0;
    for (size_t x = t->col; x < t->last_col; x++) {
      const int64_t dot = j->params->kind == FC_16X8
                              ? dot_s16_s8(row, (const int8_t *)weights->data + x * p->k, p->k)
                              : dot_s16_s16(row, (const int16_t *)weights->data + x * p->k, p->k);
      const int64_t sum = (int64_t)((uint64_t)(dot - correction) + (uint64_t)bias_at(j, x));
      if (j->params->fixed) out[x] = (int16_t)fx_clamp(fx_mbqm64(sum, mult[x]), j->params->qlo, j->params->qhi);
      else out[x] = real_16(j, sum, x);
    }
  }
}

static void multiply(const fc_job *j, const fc_part *t) {
  const op_tensor *const w = j->c->in[FC_WEIGHTS];
  const bool dots = j->plan->dots;
  finish *const then = j->c->out[0]->type == MOTE_INT16 ? finish_16 : finish_8;
  switch (j->params->kind) {
    case FC_F32: dots ? dots_f32(j, t) : multiply_f32(j, t); break;
    case FC_HYBRID: dots ? dots_8(j, t, finish_hybrid) : multiply_8(j, t, 0, finish_hybrid); break;
    case FC_8:
      if (dots) dots_8(j, t, then);
      else multiply_8(j, t, gemm_s8_weight_zero(w->zero_point, w->type == MOTE_INT8), then);
      break;
    case FC_16X8:
    case FC_16X16: multiply_16(j, t); break;
    case FC_BLOCKS:
    case FC_SHUFFLED: break; /* cut otherwise */
  }
}

void fc_tile(void *arg, size_t task, int worker) {
  const fc_job *const j = arg;
  const fc_plan *const p = j->plan;
  if (j->c->host->cancelled(j->c)) return;
  fc_part t = {.row = task / p->tiles.col_tiles * p->tiles.rows,
               .col = task % p->tiles.col_tiles * p->tiles.cols,
               .scratch = j->workers + (size_t)worker * p->worker_bytes};
  t.rows = p->m - t.row < p->tiles.rows ? p->m - t.row : p->tiles.rows;
  t.last_col = p->n - t.col < p->tiles.cols ? p->n : t.col + p->tiles.cols;
  t.a = j->input + t.row * j->input_row;
  if (p->staged) {
    const bool is_signed = j->params->kind == FC_HYBRID || j->c->in[FC_INPUT]->type == MOTE_INT8;
    for (size_t i = 0; i < t.rows; i++)
      kern_gemm_s8(j->c->isa)->stage(t.scratch + p->rows_at + i * p->row_bytes, t.a + i * j->input_row, p->k,
                                     is_signed);
    t.a = t.scratch + p->rows_at;
  }
  multiply(j, &t);
  if (j->params->float_more != sch_ActivationFunctionType_NONE) activate(j, &t);
}

/* ---- shuffled weights ---- */

enum { BLOCK_ROWS = 4, BLOCK_COLS = 16 };

/* Inputs, less 128, in the order of the blocks: 16 of each row in turn. */
static void shuffle_inputs(const fc_plan *p, const uint8_t *x, uint8_t *to) {
  for (size_t d = 0; d < p->k; d += BLOCK_COLS)
    for (size_t b = 0; b < p->m; b++)
      for (size_t i = 0; i < BLOCK_COLS; i++) *to++ = x[b * p->k + d + i] ^ 0x80;
}

void fc_shuffled(const fc_job *j) {
  const fc_plan *const p = j->plan;
  const op_tensor *const bias = fc_bias(j->c);
  const int8_t *const w = j->c->in[FC_WEIGHTS]->data;
  const fx_mult mult = *(const fx_mult *)(const void *)(j->block + p->block.mult);
  shuffle_inputs(p, j->c->in[FC_INPUT]->data, j->c->out[1]->data);
  const int8_t *const x = j->c->out[1]->data;
  int16_t *const out = j->c->out[0]->data;
  for (size_t b = 0; b < p->m; b++)
    for (size_t o = 0; o < p->n; o++) {
      uint32_t sum = bias ? (uint32_t)((const int32_t *)bias->data)[o] : 0;
      const int8_t *const rows = w + o / BLOCK_ROWS * BLOCK_ROWS * p->k + o % BLOCK_ROWS * BLOCK_COLS;
      for (size_t d = 0; d < p->k; d += BLOCK_COLS)
        sum += (uint32_t)dot_s8(x + d * p->m + b * BLOCK_COLS, 0, rows + d * BLOCK_ROWS, 0, BLOCK_COLS);
      out[b * p->n + o] = (int16_t)fx_clamp(fx_mbqm((int32_t)sum, mult), j->params->qlo, j->params->qhi);
    }
}
