/* conv_2d_tiles.c: the arithmetic of CONV_2D, one tile at a time. */
#include <string.h>

#include "kernels/dot_s16.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"
#include "kernels/requant.h"
#include "operators/conv_2d.h"

/* First element of the tile's output: the place of (first_row, first_col). */
static size_t output_at(const conv_plan *p, const conv_tile *t) {
  return (t->image * p->pixels + t->first_row) * (size_t)p->shape.out_c + t->group * p->n + t->first_col;
}

static const void *pack_of(const conv_job *j, const conv_tile *t) {
  return j->block + j->plan->block.packs + t->group * j->plan->block.each;
}

/* Number of the tile's first output channel. */
static size_t first_channel(const conv_plan *p, const conv_tile *t) { return t->group * p->n + t->first_col; }

static void multiply_f32(const conv_job *j, const conv_tile *t) {
  const conv_plan *const p = j->plan;
  const gemm_f32_job job = {.m = t->rows,
                            .k = p->k,
                            .n_begin = t->first_col,
                            .n_end = t->last_col,
                            .a = (const float *)t->a,
                            .a_stride = t->a ? p->row_bytes / sizeof(float) : 0,
                            .pieces = (const float *const *)t->taps,
                            .piece = (size_t)p->shape.filter_c,
                            .packed = pack_of(j, t),
                            .c = (float *)j->c->out[0]->data + output_at(p, t),
                            .c_stride = (size_t)p->shape.out_c,
                            .lo = j->params->base.lo,
                            .hi = j->params->base.hi};
  kern_gemm_f32(j->c->isa)->run(&job);
}

/* What is done with int32 sums: columns [col, col + cols) of the tile. */
typedef void finish(const conv_job *j, const conv_tile *t, const int32_t *acc, size_t col, size_t cols);

static void multiply_8(const conv_job *j, const conv_tile *t, int32_t w_zero, finish *then) {
  const conv_plan *const p = j->plan;
  const gemm_s8 *const g = kern_gemm_s8(j->c->isa);
  int32_t *const acc = (int32_t *)(t->scratch + p->acc_at), *const sums = (int32_t *)(t->scratch + p->sums_at);
  if (w_zero)
    for (size_t i = 0; i < t->rows; i++) sums[i] = g->row_sum(t->a + i * p->row_bytes, p->k);
  gemm_s8_job job = {.m = t->rows,
                     .k = p->k,
                     .a = t->a,
                     .a_stride = p->row_bytes,
                     .packed = pack_of(j, t),
                     .w_zero = w_zero,
                     .sums = sums,
                     .c = acc,
                     .c_stride = p->acc_cols};
  for (size_t col = t->first_col; col < t->last_col; col = job.n_end) {
    job.n_begin = col;
    job.n_end = t->last_col - col < p->acc_cols ? t->last_col : col + p->acc_cols;
    g->run(&job);
    then(j, t, acc, col - t->first_col, job.n_end - col);
  }
}

static void finish_8(const conv_job *j, const conv_tile *t, const int32_t *acc, size_t col, size_t cols) {
  const conv_plan *const p = j->plan;
  const requant_job job = {
      .m = t->rows,
      .n = cols,
      .acc = acc,
      .acc_stride = p->acc_cols,
      .mult = (const fx_mult *)(j->block + p->block.mult) + first_channel(p, t) + col,
      .zero_point = j->c->out[0]->zero_point,
      .lo = j->params->base.qlo,
      .hi = j->params->base.qhi,
      .out = (uint8_t *)j->c->out[0]->data + output_at(p, t) + col,
      .out_stride = (size_t)p->shape.out_c,
  };
  kern_requant(j->c->isa)->fixed(&job);
}

static inline float clamp_f32(const conv_base *b, float x) {
  x = x < b->lo ? b->lo : x;
  return b->hi < x ? b->hi : x;
}

/* Per channel: acc * filter scale * image scale; per tensor: acc * (image scale * filter scale), each step rounded. */
static void finish_hybrid(const conv_job *j, const conv_tile *t, const int32_t *acc, size_t col, size_t cols) {
  const conv_plan *const p = j->plan;
  const size_t channel = first_channel(p, t) + col;
  const op_tensor *const bias_tensor = conv_input(j->c, CONV_BIAS);
  const float *const bias = bias_tensor ? (const float *)bias_tensor->data + channel : NULL;
  const int32_t *const filter_sums = (const int32_t *)(j->block + p->block.sums) + channel;
  const float *const scales = j->c->in[CONV_FILTER]->quant->scale;
  const conv_image image = j->images[t->image];
  const float scale = image.scale * scales[0];
  float *out = (float *)j->c->out[0]->data + output_at(p, t) + col;
  for (size_t i = 0; i < t->rows; i++, acc += p->acc_cols, out += p->shape.out_c)
    for (size_t x = 0; x < cols; x++) {
      const float sum = (float)(int32_t)((uint32_t)acc[x] - (uint32_t)filter_sums[x] * (uint32_t)image.offset);
      const float y = j->params->per_channel ? sum * scales[channel + x] * image.scale : sum * scale;
      out[x] = clamp_f32(&j->params->base, bias ? y + bias[x] : y);
    }
}

static int64_t bias_at(const op_tensor *bias, size_t channel) {
  if (!bias) return 0;
  return bias->type == MOTE_INT64 ? ((const int64_t *)bias->data)[channel] : ((const int32_t *)bias->data)[channel];
}

static void multiply_16(const conv_job *j, const conv_tile *t) {
  const conv_plan *const p = j->plan;
  const op_tensor *const bias = conv_input(j->c, CONV_BIAS);
  const fx_mult *const mult = (const fx_mult *)(j->block + p->block.mult);
  const int8_t *const filter = j->c->in[CONV_FILTER]->data;
  int16_t *const out = (int16_t *)j->c->out[0]->data + output_at(p, t);
  for (size_t x = 0; x < t->last_col - t->first_col; x++) {
    const size_t channel = first_channel(p, t) + x;
    for (size_t i = 0; i < t->rows; i++) {
      const int16_t *const row = (const int16_t *)(const void *)(t->a + i * p->row_bytes);
      const int64_t sum =
          (int64_t)((uint64_t)dot_s16_s8(row, filter + channel * p->k, p->k) + (uint64_t)bias_at(bias, channel));
      const int32_t y = j->params->base.wide ? fx_mbqm64(sum, mult[channel]) : fx_mbqm((int32_t)sum, mult[channel]);
      out[i * (size_t)p->shape.out_c + x] = (int16_t)fx_clamp(y, j->params->base.qlo, j->params->base.qhi);
    }
  }
}

/* The value that stands for positions outside an image. */
static void fill_outside(const conv_job *j, const conv_tile *t, size_t element, void *to) {
  const conv_plan *const p = j->plan;
  const size_t count = (size_t)p->shape.filter_w * (size_t)p->shape.filter_c;
  int32_t value = 0;
  if (j->params->base.kind == CONV_8) value = j->c->in[CONV_INPUT]->zero_point;
  if (j->params->base.kind == CONV_HYBRID) value = j->images[t->image].offset;
  memset(to, (uint8_t)value, count * element); /* elements are bytes, or 0 */
}

static windows windows_of(const conv_job *j, const conv_tile *t) {
  const conv_plan *const p = j->plan;
  const size_t channels = (size_t)p->shape.filter_c;
  windows w = {.shape = &p->shape,
               .images = j->input,
               .first = t->group * channels,
               .channels = channels,
               .outside = t->scratch + p->outside_at,
               .is_signed = j->c->in[CONV_INPUT]->type != MOTE_UINT8};
  switch (j->params->base.kind) {
    case CONV_F32: w.element = w.put_element = 4, w.put = windows_copy_4; break;
    case CONV_16: w.element = w.put_element = 2, w.put = windows_copy_2; break;
    case CONV_8:
    case CONV_HYBRID: {
      const gemm_s8 *const g = kern_gemm_s8(j->c->isa);
      w.element = 1, w.put_element = g->element, w.put = g->stage;
    }
  }
  return w;
}

/* First row of the tile, counted over all images. */
static size_t first_pixel(const conv_plan *p, const conv_tile *t) { return t->image * p->pixels + t->first_row; }

static void gather(const conv_job *j, const conv_tile *t, uint8_t *to) {
  const windows w = windows_of(j, t);
  fill_outside(j, t, w.element, t->scratch + j->plan->outside_at);
  windows_gather(&w, first_pixel(j->plan, t), t->rows, to, j->plan->row_bytes);
}

static void point(const conv_job *j, conv_tile *t) {
  const windows w = windows_of(j, t);
  fill_outside(j, t, w.element, t->scratch + j->plan->outside_at);
  t->taps = (const void **)(void *)(t->scratch + j->plan->rows_at);
  windows_point(&w, first_pixel(j->plan, t), t->rows, t->taps);
}

/* The rows of tile number `n` of all that have rows of their own. */
static conv_tile tile_of(const conv_job *j, size_t n, int worker) {
  const conv_plan *const p = j->plan;
  conv_tile t = {.scratch = j->workers + (size_t)worker * p->worker_bytes};
  t.group = n % p->groups;
  n /= p->groups;
  t.first_row = n % p->tiles.row_tiles * p->tiles.rows;
  t.image = n / p->tiles.row_tiles;
  t.rows = p->pixels - t.first_row < p->tiles.rows ? p->pixels - t.first_row : p->tiles.rows;
  return t;
}

static uint8_t *shared_rows(const conv_job *j, size_t n) {
  return (uint8_t *)j->c->scratch + j->plan->shared_at + n * j->plan->tiles.rows * j->plan->row_bytes;
}

void conv_2d_share(void *arg, size_t task, int worker) {
  const conv_job *const j = arg;
  const conv_tile t = tile_of(j, task, worker);
  if (!j->c->host->cancelled(j->c)) gather(j, &t, shared_rows(j, task));
}

static void find_rows(const conv_job *j, conv_tile *t, size_t n) {
  const conv_plan *const p = j->plan;
  switch (p->rows) {
    case ROWS_IN_PLACE:
      t->a = j->input + first_pixel(p, t) * p->row_bytes + windows_of(j, t).first * windows_of(j, t).element;
      break;
    case ROWS_POINTED: point(j, t); break;
    case ROWS_GATHERED:
      gather(j, t, t->scratch + p->rows_at);
      t->a = t->scratch + p->rows_at;
      break;
    case ROWS_SHARED: t->a = shared_rows(j, n); break;
  }
}

void conv_2d_tile(void *arg, size_t task, int worker) {
  const conv_job *const j = arg;
  const conv_plan *const p = j->plan;
  if (j->c->host->cancelled(j->c)) return;
  conv_tile t = tile_of(j, task / p->tiles.col_tiles, worker);
  t.first_col = task % p->tiles.col_tiles * p->tiles.cols;
  t.last_col = p->n - t.first_col < p->tiles.cols ? p->n : t.first_col + p->tiles.cols;
  find_rows(j, &t, task / p->tiles.col_tiles);
  const op_tensor *const filter = j->c->in[CONV_FILTER];
  switch (j->params->base.kind) {
    case CONV_F32: multiply_f32(j, &t); break;
    case CONV_8: multiply_8(j, &t, gemm_s8_weight_zero(filter->zero_point, filter->type == MOTE_INT8), finish_8); break;
    case CONV_16: multiply_16(j, &t); break;
    case CONV_HYBRID: multiply_8(j, &t, 0, finish_hybrid); break;
  }
}
