/* conv_2d_tiles.c: the arithmetic of CONV_2D, one tile at a time. */
#include <string.h>

#include "kernels/dots.h"
#include "kernels/dynquant.h"
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
                            .piece = p->rows == ROWS_LINED ? p->channels * (size_t)p->shape.filter_w : p->channels,
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

/* Per channel: acc * filter scale * image scale; per tensor: acc * (image scale * filter scale), each step rounded. */
static void finish_hybrid(const conv_job *j, const conv_tile *t, const int32_t *acc, size_t col, size_t cols) {
  const conv_plan *const p = j->plan;
  const size_t channel = first_channel(p, t) + col;
  const op_tensor *const bias = conv_input(j->c, CONV_BIAS);
  const float *const scales = j->c->in[CONV_FILTER]->quant->scale;
  const bool per_channel = j->params->per_channel;
  const conv_image image = j->images[t->image];
  dynquant_row row = {
      .n = cols,
      .acc = acc,
      .sums = p->method == CONV_TAPS ? NULL : (const int32_t *)(const void *)(j->block + p->block.sums) + channel,
      .offset = image.offset,
      .scale = per_channel ? image.scale : image.scale * scales[0],
      .channel_scale = per_channel ? scales + channel : NULL,
      .channel_first = true,
      .bias = bias ? (const float *)bias->data + channel : NULL,
      .lo = j->params->base.lo,
      .hi = j->params->base.hi,
      .out = (float *)j->c->out[0]->data + output_at(p, t) + col};
  for (size_t i = 0; i < t->rows; i++, row.acc += p->acc_cols, row.out += p->shape.out_c) dynquant_finish(&row);
}

/* ---- inner products ---- */

static void dots_f32(const conv_job *j, const conv_tile *t) {
  const conv_plan *const p = j->plan;
  const conv_base *const b = &j->params->base;
  const op_tensor *const bias = conv_input(j->c, CONV_BIAS);
  const float *const filter = j->c->in[CONV_FILTER]->data;
  float *const out = (float *)j->c->out[0]->data + output_at(p, t);
  for (size_t x = 0; x < t->last_col - t->first_col; x++) {
    const size_t channel = first_channel(p, t) + x;
    const float start = bias ? ((const float *)bias->data)[channel] : 0;
    for (size_t i = 0; i < t->rows; i++) {
      float y = dot_f32((const float *)(const void *)(t->a + i * p->row_bytes), filter + channel * p->k, p->k, start);
      y = y < b->lo ? b->lo : y;
      out[i * (size_t)p->shape.out_c + x] = b->hi < y ? b->hi : y;
    }
  }
}

static void dots_8(const conv_job *j, const conv_tile *t, finish *then) {
  const conv_plan *const p = j->plan;
  const bool hybrid = j->params->base.kind == CONV_HYBRID;
  const op_tensor *const in = j->c->in[CONV_INPUT], *const filter = j->c->in[CONV_FILTER];
  const op_tensor *const bias = hybrid ? NULL : conv_input(j->c, CONV_BIAS);
  const int32_t a_zero = hybrid ? 0 : in->zero_point, w_zero = hybrid ? 0 : filter->zero_point;
  int32_t *const acc = (int32_t *)(void *)(t->scratch + p->acc_at);
  size_t cols;
  for (size_t col = t->first_col; col < t->last_col; col += cols) {
    cols = t->last_col - col < p->acc_cols ? t->last_col - col : p->acc_cols;
    for (size_t x = 0; x < cols; x++) {
      const size_t channel = t->group * p->n + col + x;
      const uint8_t *const w = (const uint8_t *)filter->data + channel * p->k;
      const uint32_t start = bias ? (uint32_t)((const int32_t *)bias->data)[channel] : 0;
      for (size_t i = 0; i < t->rows; i++) {
        const uint8_t *const row = t->a + i * p->row_bytes;
        const int32_t sum = !hybrid && filter->type == MOTE_UINT8
                                ? dot_u8(row, a_zero, w, w_zero, p->k)
                                : dot_s8((const int8_t *)row, a_zero, (const int8_t *)w, w_zero, p->k);
        acc[i * p->acc_cols + x] = (int32_t)(start + (uint32_t)sum);
      }
    }
    then(j, t, acc, col - t->first_col, cols);
  }
}

static int64_t bias_at(const op_tensor *bias, size_t channel) {
  if (!bias) return 0;
  return bias->type == MOTE_INT64 ? ((const int64_t *)bias->data)[channel] : ((const int32_t *)bias->data)[channel];
}

static void finish_16(const conv_job *j, int64_t sum, size_t channel, int16_t *out) {
  const op_tensor *const bias = conv_input(j->c, CONV_BIAS);
  const fx_mult mult = ((const fx_mult *)(const void *)(j->block + j->plan->block.mult))[channel];
  const int64_t all = (int64_t)((uint64_t)sum + (uint64_t)bias_at(bias, channel));
  const int32_t y = j->params->base.wide ? fx_mbqm64(all, mult) : fx_mbqm((int32_t)all, mult);
  *out = (int16_t)fx_clamp(y, j->params->base.qlo, j->params->base.qhi);
}

static void dots_16(const conv_job *j, const conv_tile *t) {
  const conv_plan *const p = j->plan;
  const int8_t *const filter = j->c->in[CONV_FILTER]->data;
  int16_t *const out = (int16_t *)j->c->out[0]->data + output_at(p, t);
  for (size_t x = 0; x < t->last_col - t->first_col; x++) {
    const size_t channel = first_channel(p, t) + x;
    for (size_t i = 0; i < t->rows; i++) {
      const int16_t *const row = (const int16_t *)(const void *)(t->a + i * p->row_bytes);
      finish_16(j, dot_s16_s8(row, filter + channel * p->k, p->k), channel, out + i * (size_t)p->shape.out_c + x);
    }
  }
}

/* ---- tap by tap ---- */

/* Where the window of a row begins: its image (an element of the input) and its first tap. */
typedef struct conv_corner {
  size_t image;
  int32_t top, left;
} conv_corner;

static conv_corner corner_of(const conv_plan *p, size_t row) {
  const conv_shape *const s = &p->shape;
  const size_t out_w = (size_t)s->out_w, out_h = (size_t)s->out_h, line = row / out_w;
  return (conv_corner){.image = line / out_h * (size_t)s->in_h * (size_t)s->in_w * (size_t)s->in_c,
                       .top = (int32_t)(line % out_h) * s->stride_h - s->before_h,
                       .left = (int32_t)(row % out_w) * s->stride_w - s->before_w};
}

/* Sum over the taps of one output that lie in the image; `in` and `w` begin with the group's first channel. */
#define SUM_TAPS(name, X, W, SUM)                                                                                      \
  static SUM name(const conv_shape *s, const conv_corner *at, const void *in, int32_t x_zero, const void *filter,      \
                  int32_t w_zero) {                                                                                    \
    const X *const image = (const X *)in + at->image;                                                                  \
    const W *w = filter;                                                                                               \
    SUM sum = 0;                                                                                                       \
    for (int32_t y = 0; y < s->filter_h; y++)                                                                          \
      for (int32_t x = 0; x < s->filter_w; x++, w += s->filter_c) {                                                    \
        const int32_t in_y = at->top + y * s->dilation_h, in_x = at->left + x * s->dilation_w;                         \
        if (in_y < 0 || in_y >= s->in_h || in_x < 0 || in_x >= s->in_w) continue;                                      \
        const X *const from = image + ((size_t)in_y * (size_t)s->in_w + (size_t)in_x) * (size_t)s->in_c;               \
        for (int32_t c = 0; c < s->filter_c; c++) sum += (SUM)((from[c] - x_zero) * (w[c] - w_zero));                  \
      }                                                                                                                \
    return sum;                                                                                                        \
  }

SUM_TAPS(sum_taps_s8, int8_t, int8_t, uint32_t)
SUM_TAPS(sum_taps_u8, uint8_t, uint8_t, uint32_t)
SUM_TAPS(sum_taps_16, int16_t, int8_t, int64_t)

static void taps_16(const conv_job *j, const conv_tile *t) {
  const conv_plan *const p = j->plan;
  const int8_t *const filter = j->c->in[CONV_FILTER]->data;
  const int16_t *const in = (const int16_t *)(const void *)j->input + t->group * p->channels;
  int16_t *out = (int16_t *)j->c->out[0]->data + output_at(p, t);
  for (size_t i = 0; i < t->rows; i++, out += p->shape.out_c) {
    const conv_corner at = corner_of(p, t->first_row + i);
    for (size_t x = 0; x < t->last_col - t->first_col; x++) {
      const size_t channel = first_channel(p, t) + x;
      finish_16(j, sum_taps_16(&p->shape, &at, in, 0, filter + channel * p->k, 0), channel, out + x);
    }
  }
}

static void taps_8(const conv_job *j, const conv_tile *t, finish *then) {
  const conv_plan *const p = j->plan;
  const conv_shape *const s = &p->shape;
  const bool hybrid = j->params->base.kind == CONV_HYBRID;
  const op_tensor *const filter = j->c->in[CONV_FILTER], *const bias = hybrid ? NULL : conv_input(j->c, CONV_BIAS);
  const int32_t x_zero = hybrid ? j->images[t->image].offset : j->c->in[CONV_INPUT]->zero_point;
  const bool is_signed = hybrid || filter->type == MOTE_INT8;
  const uint8_t *const in = j->input + t->group * p->channels;
  int32_t *const acc = (int32_t *)(void *)(t->scratch + p->acc_at);
  size_t cols;
  for (size_t col = t->first_col; col < t->last_col; col += cols) {
    cols = t->last_col - col < p->acc_cols ? t->last_col - col : p->acc_cols;
    for (size_t i = 0; i < t->rows; i++) {
      const conv_corner at = corner_of(p, t->image * p->pixels + t->first_row + i);
      for (size_t x = 0; x < cols; x++) {
        const size_t channel = t->group * p->n + col + x;
        const uint8_t *const w = (const uint8_t *)filter->data + channel * p->k;
        const uint32_t sum =
            is_signed ? sum_taps_s8(s, &at, in, x_zero, w, 0) : sum_taps_u8(s, &at, in, x_zero, w, filter->zero_point);
        acc[i * p->acc_cols + x] = (int32_t)(sum + (bias ? (uint32_t)((const int32_t *)bias->data)[channel] : 0));
      }
    }
    then(j, t, acc, col - t->first_col, cols);
  }
}

/* ---- tiles ---- */

/* The value that stands for positions outside an image. */
static void fill_outside(const conv_job *j, const conv_tile *t, size_t element, void *to) {
  const conv_plan *const p = j->plan;
  const size_t count = (size_t)p->shape.filter_w * p->channels;
  int32_t value = 0;
  if (j->params->base.kind == CONV_8) value = j->c->in[CONV_INPUT]->zero_point;
  if (j->params->base.kind == CONV_HYBRID) value = j->images[t->image].offset;
  memset(to, (uint8_t)value, count * element); /* elements are bytes, or 0 */
}

static windows windows_of(const conv_job *j, const conv_tile *t) {
  const conv_plan *const p = j->plan;
  windows w = {.shape = &p->shape,
               .images = j->input,
               .first = t->group * p->channels,
               .channels = p->channels,
               .outside = t->scratch + p->outside_at,
               .is_signed = j->c->in[CONV_INPUT]->type != MOTE_UINT8};
  switch (j->params->base.kind) {
    case CONV_F32: w.element = w.put_element = 4, w.put = windows_copy_4; break;
    case CONV_16: w.element = w.put_element = 2, w.put = windows_copy_2; break;
    case CONV_8:
    case CONV_HYBRID: {
      const gemm_s8 *const g = kern_gemm_s8(j->c->isa);
      w.element = w.put_element = 1, w.put = windows_copy_1;
      if (p->method == CONV_MATRIX) w.put_element = g->element, w.put = g->stage;
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
  if (j->plan->rows == ROWS_LINED)
    windows_point_lines(&w, first_pixel(j->plan, t), t->rows, t->taps, t->scratch + j->plan->lines_at);
  else windows_point(&w, first_pixel(j->plan, t), t->rows, t->taps);
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
    case ROWS_POINTED:
    case ROWS_LINED: point(j, t); break;
    case ROWS_GATHERED:
      gather(j, t, t->scratch + p->rows_at);
      t->a = t->scratch + p->rows_at;
      break;
    case ROWS_SHARED: t->a = shared_rows(j, n); break;
  }
}

static void multiply_eight_bits(const conv_job *j, const conv_tile *t, finish *then) {
  const op_tensor *const filter = j->c->in[CONV_FILTER];
  const bool hybrid = j->params->base.kind == CONV_HYBRID;
  switch (j->plan->method) {
    case CONV_MATRIX:
      multiply_8(j, t, hybrid ? 0 : gemm_s8_weight_zero(filter->zero_point, filter->type == MOTE_INT8), then);
      break;
    case CONV_DOTS: dots_8(j, t, then); break;
    case CONV_TAPS: taps_8(j, t, then); break;
  }
}

static void multiply(const conv_job *j, const conv_tile *t) {
  const bool dots = j->plan->method == CONV_DOTS;
  switch (j->params->base.kind) {
    case CONV_F32: dots ? dots_f32(j, t) : multiply_f32(j, t); break;
    case CONV_8: multiply_eight_bits(j, t, finish_8); break;
    case CONV_HYBRID: multiply_eight_bits(j, t, finish_hybrid); break;
    case CONV_16: dots ? dots_16(j, t) : taps_16(j, t); break;
  }
}

void conv_2d_tile(void *arg, size_t task, int worker) {
  const conv_job *const j = arg;
  const conv_plan *const p = j->plan;
  if (j->c->host->cancelled(j->c)) return;
  conv_tile t = tile_of(j, task / p->tiles.col_tiles, worker);
  t.first_col = task % p->tiles.col_tiles * p->tiles.cols;
  t.last_col = p->n - t.first_col < p->tiles.cols ? p->n : t.first_col + p->tiles.cols;
  if (p->method != CONV_TAPS) find_rows(j, &t, task / p->tiles.col_tiles);
  multiply(j, &t);
}
