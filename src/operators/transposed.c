/* transposed.c: transposed convolutions, one line of the output at a time. */
#include "operators/transposed.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "kernels/dots.h"
#include "kernels/dynquant.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"
#include "kernels/requant.h"
#include "operators/pack.h"

enum { DEPTH, HEIGHT, WIDTH };

enum {
  PRODUCT_BYTES = 64 << 10, /* products of one chunk stay in a near cache */
  TASKS = 16,               /* enough for a dozen threads ... */
  TASK_MACS = 128 << 10     /* ... of which each has something to do */
};

/* How an image was quantized (hybrid). */
typedef struct transposed_head {
  float scale;
  int32_t offset;
} transposed_head;

typedef struct transposed_job {
  op_ctx *c;
  const conv_attr *attr;
  const conv_base *base;
  const transposed_plan *plan;
  const uint8_t *block, *input; /* the operator's input, or what it was quantized to */
  const transposed_head *heads;
  uint8_t *workers;
} transposed_job;

static bool sums_up(const conv_base *b) { return b->kind == CONV_8 || b->kind == CONV_HYBRID; }

/* ---- the block ---- */

static mote_status lay_block(op_ctx *c, const conv_base *b, transposed_plan *p) {
  const transposed_shape *const s = &p->s;
  scratch_layout l = {0};
  bool fits = size_mul((size_t)s->filter[WIDTH], (size_t)s->out_c, &p->n) &&
              size_mul((size_t)s->filter[DEPTH], (size_t)s->filter[HEIGHT], &p->lines);
  p->k = (size_t)s->in_c;
  p->element = b->kind == CONV_F32 ? 4 : b->kind == CONV_16 ? 2 : 1;
  p->each = 0;
  if (b->kind == CONV_F32) fits = fits && kern_gemm_f32(c->isa)->packed_bytes(p->n, p->k, &p->each);
  if (sums_up(b)) fits = fits && kern_gemm_s8(c->isa)->packed_bytes(p->n, p->k, &p->each);
  fits = fits && size_align(p->each, MEM_ALIGN, &p->each);
  p->mult_at = scratch_part(&l, b->kind == CONV_8 || b->kind == CONV_16 ? (size_t)s->out_c : 0, sizeof(fx_mult));
  p->sums_at = scratch_part(&l, b->kind == CONV_HYBRID ? p->lines * sizeof(int32_t) : 0, p->n);
  p->packs_at = scratch_part(&l, p->lines, p->each);
  p->room_at = scratch_part(&l, s->taps_first || b->kind == CONV_16 ? 0 : p->n * p->element, p->k);
  p->block_bytes = l.bytes;
  OP_REQUIRE(c, fits && !l.too_large, MOTE_ERR_LIMIT, "the packed filter is larger than this machine can address");
  return MOTE_OK;
}

typedef struct fill_arg {
  const op_ctx *c;
  const conv_attr *attr;
  const conv_base *base;
  const transposed_plan *plan;
} fill_arg;

/* Columns of one filter line: n rows of k elements, each tap's channels together. */
static const void *line_of(const fill_arg *f, size_t line, uint8_t *to) {
  const transposed_plan *const p = f->plan;
  const size_t width = (size_t)p->s.filter[WIDTH], out_c = (size_t)p->s.out_c, bytes = p->k * p->element;
  const uint8_t *const w = conv_operand(f->c, f->attr, CONV_FILTER)->data;
  if (p->s.taps_first) return w + line * p->n * bytes;
  uint8_t *const room = to + p->room_at;
  for (size_t x = 0; x < width; x++)
    for (size_t o = 0; o < out_c; o++)
      memcpy(room + (x * out_c + o) * bytes, w + ((o * p->lines + line) * width + x) * bytes, bytes);
  return room;
}

static void pack_line(const fill_arg *f, size_t line, uint8_t *to) {
  const transposed_plan *const p = f->plan;
  const op_tensor *const filter = conv_operand(f->c, f->attr, CONV_FILTER);
  const op_tensor *const in = conv_operand(f->c, f->attr, CONV_INPUT);
  const void *const rows = line_of(f, line, to);
  uint8_t *const pack = to + p->packs_at + line * p->each;
  const bool hybrid = f->base->kind == CONV_HYBRID;
  if (f->base->kind == CONV_F32) {
    kern_gemm_f32(f->c->isa)->pack((float *)(void *)pack, rows, p->n, p->k, NULL);
    return;
  }
  kern_gemm_s8(f->c->isa)->pack(pack, &(gemm_s8_weights){.n = p->n,
                                                         .k = p->k,
                                                         .w = rows,
                                                         .w_signed = filter->type != MOTE_UINT8,
                                                         .a_signed = in->type != MOTE_UINT8,
                                                         .w_zero = hybrid ? 0 : filter->zero_point,
                                                         .a_zero = hybrid ? 0 : in->zero_point});
  int32_t *const sums = (int32_t *)(void *)(to + p->sums_at) + line * p->n;
  for (size_t i = 0; hybrid && i < p->n; i++) sums[i] = sum_s8((const int8_t *)rows + i * p->k, p->k);
}

static void fill(void *to, const void *arg) {
  const fill_arg *const f = arg;
  const transposed_plan *const p = f->plan;
  if (f->base->kind == CONV_8 || f->base->kind == CONV_16)
    conv_multipliers(f->c, f->attr, (size_t)p->s.out_c, (fx_mult *)(void *)((uint8_t *)to + p->mult_at));
  for (size_t i = 0; f->base->kind != CONV_16 && i < p->lines; i++) pack_line(f, i, to);
}

/* All that a block depends on besides the filter's data and scales. */
typedef struct block_key {
  int32_t filter[TRANSPOSED_DIMS], channels[2], zero_points[2], types[2], taps_first;
  float scales[2];
} block_key;

mote_status transposed_prepare(op_ctx *c, const conv_attr *a, const conv_base *base, const transposed_shape *s,
                               const void **block) {
  const op_tensor *const filter = conv_operand(c, a, CONV_FILTER), *const in = conv_operand(c, a, CONV_INPUT);
  transposed_plan p = {.s = *s};
  MOTE_TRY(lay_block(c, base, &p));
  const block_key key = {.filter = {s->filter[DEPTH], s->filter[HEIGHT], s->filter[WIDTH]},
                         .channels = {s->in_c, s->out_c},
                         .zero_points = {in->zero_point, filter->zero_point},
                         .types = {(int32_t)in->type, (int32_t)filter->type},
                         .taps_first = s->taps_first,
                         .scales = {in->scale, c->out[0]->scale}};
  const fill_arg f = {.c = c, .attr = a, .base = base, .plan = &p};
  const pack_request r = {
      .source = filter->data,
      .kind = PACK_TRANSPOSED,
      .made_from = {{&key, sizeof key}, {filter->quant->scale, (size_t)filter->quant->count * sizeof(float)}},
      .bytes = p.block_bytes,
      .fill = fill,
      .arg = &f};
  if (base->kind != CONV_16) c->consumed |= 1u << (a->order ? a->order[CONV_FILTER] : CONV_FILTER);
  return pack_constant(c, &r, block);
}

/* ---- plan ---- */

static mote_status measure(op_ctx *c, transposed_plan *p) {
  const transposed_shape *const s = &p->s;
  const int32_t pixels[] = {s->batches, s->in[DEPTH], s->in[HEIGHT], s->in[WIDTH]};
  size_t in, out;
  OP_REQUIRE(c,
             size_dims(pixels, 4, &in) && size_mul(in, p->k, &in) && in < SIZE_MAX / 64 &&
                 size_dims((const int32_t[]){s->batches, s->out[DEPTH], s->out[HEIGHT]}, 3, &p->rows) &&
                 size_mul(p->rows, (size_t)s->out[WIDTH], &out) && size_mul(out, (size_t)s->out_c, &out) &&
                 out < SIZE_MAX / 64,
             MOTE_ERR_LIMIT, "the input or the output is larger than this machine can address");
  c->macs = (uint64_t)in * p->n * p->lines;
  const uint64_t macs = p->rows ? c->macs / p->rows + 1 : 1;
  const size_t least = (size_t)(TASK_MACS / macs) + 1, even = (p->rows + TASKS - 1) / TASKS;
  p->row_step = least > even ? least : even;
  return MOTE_OK;
}

/* Pixels whose products are made at once: as many as a near cache has room for, but a kernel's tile. */
static size_t chunk_of(const op_ctx *c, const conv_base *b, const transposed_plan *p) {
  const size_t mr = b->kind == CONV_F32 ? kern_gemm_f32(c->isa)->mr : kern_gemm_s8(c->isa)->mr;
  const size_t width = (size_t)p->s.in[WIDTH], fitting = PRODUCT_BYTES / sizeof(float) / (p->n ? p->n : 1) / mr * mr;
  const size_t chunk = fitting > mr ? fitting : mr;
  return chunk < width ? chunk : width;
}

mote_status transposed_lay(op_ctx *c, const conv_attr *a, const conv_base *base, const transposed_shape *s,
                           const void *block, transposed_plan *p) {
  scratch_layout worker = {0}, all = {0};
  (void)a;
  *p = (transposed_plan){.s = *s};
  MOTE_TRY(lay_block(c, base, p));
  MOTE_TRY(measure(c, p));
  const bool hybrid = base->kind == CONV_HYBRID, products = base->kind != CONV_16;
  const size_t line = (size_t)s->out[WIDTH] * (size_t)s->out_c;
  const size_t image = (size_t)s->in[DEPTH] * (size_t)s->in[HEIGHT] * (size_t)s->in[WIDTH] * p->k;
  p->chunk = chunk_of(c, base, p);
  p->staged = sums_up(base) ? gemm_s8_staged(kern_gemm_s8(c->isa), p->k) : 0;
  p->acc_at = scratch_part(&worker, base->kind == CONV_F32 ? 0 : line, base->kind == CONV_16 ? 8 : 4);
  p->products_at = scratch_part(&worker, products ? (p->chunk + hybrid) * sizeof(float) : 0, p->n);
  p->staged_at = scratch_part(&worker, p->chunk, p->staged);
  p->row_sums_at = scratch_part(&worker, sums_up(base) ? p->chunk : 0, sizeof(int32_t));
  p->worker_bytes = worker.bytes;
  p->block_at = scratch_part(&all, 1, block ? 0 : p->block_bytes);
  p->quantized_at = scratch_part(&all, hybrid ? (size_t)s->batches : 0, image);
  p->heads_at = scratch_part(&all, hybrid ? (size_t)s->batches : 0, sizeof(transposed_head));
  p->workers_at = scratch_part(&all, (size_t)c->workers, p->worker_bytes);
  all.too_large |= worker.too_large;
  return scratch_done(c, &all);
}

/* ---- run ---- */

/* The input coordinate that filter element f brings to output coordinate `at`; false: none. */
static bool source(const transposed_shape *s, int d, int32_t at, int32_t f, int32_t *from) {
  const int64_t x = (int64_t)at + s->before[d] - (int64_t)f * s->dilation[d];
  if (x < 0 || x % s->stride[d] || x / s->stride[d] >= s->in[d]) return false;
  *from = (int32_t)(x / s->stride[d]);
  return true;
}

/* Where the taps of pixel x of an input line fall: those of [*first, *last) inside of the output's line, the first at
 * *place. Taps lie `dilation` apart. */
static void taps_inside(const transposed_shape *s, size_t x, int32_t *first, int32_t *last, int64_t *place) {
  const int64_t origin = (int64_t)x * s->stride[WIDTH] - s->before[WIDTH], step = s->dilation[WIDTH];
  const int64_t begin = origin < 0 ? (-origin + step - 1) / step : 0;
  const int64_t room = s->out[WIDTH] - origin, end = room <= 0 ? 0 : (room + step - 1) / step;
  *last = (int32_t)(end < s->filter[WIDTH] ? end : s->filter[WIDTH]);
  *first = (int32_t)(begin < *last ? begin : *last);
  *place = origin + *first * step;
}

/* to[place] += from, for all pixels of a chunk; `more`, or NULL, is added to each product. Elements are 4 bytes. */
static void scatter(const transposed_plan *p, size_t pixel, size_t count, const void *from, const int32_t *more,
                    void *to, bool floats) {
  const transposed_shape *const s = &p->s;
  const size_t channels = (size_t)s->out_c;
  const bool together = s->dilation[WIDTH] == 1; /* taps side by side are one run */
  for (size_t i = 0; i < count; i++) {
    int32_t first, last;
    int64_t place;
    taps_inside(s, pixel + i, &first, &last, &place);
    const size_t run = together ? (size_t)(last - first) * channels : channels;
    for (int32_t f = first; f < last; f += together ? last - first : 1, place += s->dilation[WIDTH]) {
      const size_t at = (size_t)place * channels, column = (size_t)f * channels, product = i * p->n + column;
      if (floats) add_row_f32((float *)to + at, (const float *)from + product, run);
      else add_row_s32((int32_t *)to + at, (const int32_t *)from + product, run);
      if (more) add_row_s32((int32_t *)to + at, more + column, run);
    }
  }
}

/* One line of the output in the making. */
typedef struct transposed_line {
  size_t image;
  uint8_t *scratch; /* of the worker */
  void *sums;       /* float32 in the output itself, int32, or int64 */
} transposed_line;

static void add_f32(const transposed_job *j, const transposed_line *t, size_t line, const uint8_t *in) {
  const transposed_plan *const p = j->plan;
  float *const products = (float *)(void *)(t->scratch + p->products_at);
  const size_t width = (size_t)p->s.in[WIDTH];
  for (size_t x = 0, count; x < width; x += count) {
    count = width - x < p->chunk ? width - x : p->chunk;
    kern_gemm_f32(j->c->isa)->run(
        &(gemm_f32_job){.m = count,
                        .k = p->k,
                        .n_end = p->n,
                        .a = (const float *)(const void *)in + x * p->k,
                        .a_stride = p->k,
                        .packed = (const float *)(const void *)(j->block + p->packs_at + line * p->each),
                        .c = products,
                        .c_stride = p->n,
                        .lo = -INFINITY,
                        .hi = INFINITY});
    scatter(p, x, count, products, NULL, t->sums, true);
  }
}

/* What the zero point of a quantized image adds to the products of one filter line; they are put behind the products.
 */
static const int32_t *offset_of(const transposed_job *j, const transposed_line *t, size_t line, int32_t *to) {
  const transposed_plan *const p = j->plan;
  if (j->base->kind != CONV_HYBRID || j->heads[t->image].offset == 0) return NULL;
  const int32_t *const sums = (const int32_t *)(const void *)(j->block + p->sums_at) + line * p->n;
  for (size_t i = 0; i < p->n; i++) to[i] = (int32_t)(-(uint32_t)j->heads[t->image].offset * (uint32_t)sums[i]);
  return to;
}

static void add_8(const transposed_job *j, const transposed_line *t, size_t line, const uint8_t *in) {
  const transposed_plan *const p = j->plan;
  const gemm_s8 *const g = kern_gemm_s8(j->c->isa);
  const op_tensor *const filter = conv_operand(j->c, j->attr, CONV_FILTER);
  const bool hybrid = j->base->kind == CONV_HYBRID;
  const int32_t w_zero = hybrid ? 0 : gemm_s8_weight_zero(filter->zero_point, filter->type != MOTE_UINT8);
  int32_t *const products = (int32_t *)(void *)(t->scratch + p->products_at);
  int32_t *const sums = (int32_t *)(void *)(t->scratch + p->row_sums_at);
  uint8_t *const rows = t->scratch + p->staged_at;
  const size_t width = (size_t)p->s.in[WIDTH];
  for (size_t x = 0, count; x < width; x += count) {
    count = width - x < p->chunk ? width - x : p->chunk;
    for (size_t i = 0; i < count; i++) {
      g->stage(rows + i * p->staged, in + (x + i) * p->k, p->k,
               hybrid || conv_operand(j->c, j->attr, CONV_INPUT)->type != MOTE_UINT8);
      if (w_zero) sums[i] = g->row_sum(rows + i * p->staged, p->k);
    }
    g->run(&(gemm_s8_job){.m = count,
                          .k = p->k,
                          .n_end = p->n,
                          .a = rows,
                          .a_stride = p->staged,
                          .packed = j->block + p->packs_at + line * p->each,
                          .w_zero = w_zero,
                          .sums = sums,
                          .c = products,
                          .c_stride = p->n});
    scatter(p, x, count, products, offset_of(j, t, line, products + p->chunk * p->n), t->sums, false);
  }
}

static void add_16(const transposed_job *j, const transposed_line *t, size_t line, const uint8_t *in) {
  const transposed_plan *const p = j->plan;
  const size_t channels = (size_t)p->s.out_c, width = (size_t)p->s.filter[WIDTH];
  const int8_t *const w = conv_operand(j->c, j->attr, CONV_FILTER)->data;
  for (size_t x = 0; x < (size_t)p->s.in[WIDTH]; x++) {
    int32_t first, last;
    int64_t place;
    taps_inside(&p->s, x, &first, &last, &place);
    for (int32_t f = first; f < last; f++, place += p->s.dilation[WIDTH]) {
      int64_t *const to = (int64_t *)t->sums + (size_t)place * channels;
      for (size_t o = 0; o < channels; o++)
        to[o] += dot_s16_s8((const int16_t *)(const void *)in + x * p->k,
                            w + ((o * p->lines + line) * width + (size_t)f) * p->k, p->k);
    }
  }
}

/* ---- before and after ---- */

static int64_t bias_at(const op_tensor *bias, size_t channel) {
  if (!bias) return 0;
  return bias->type == MOTE_INT64 ? ((const int64_t *)bias->data)[channel] : ((const int32_t *)bias->data)[channel];
}

/* Float sums begin with 0: the reference adds the bias last. */
static void begin(const transposed_job *j, const transposed_line *t) {
  const size_t width = (size_t)j->plan->s.out[WIDTH], channels = (size_t)j->plan->s.out_c;
  const op_tensor *const bias = conv_operand(j->c, j->attr, CONV_BIAS);
  const size_t element = j->base->kind == CONV_16 ? 8 : 4;
  memset(t->sums, 0, width * channels * element);
  if (!bias || j->base->kind == CONV_F32 || j->base->kind == CONV_HYBRID) return;
  for (size_t x = 0; x < width; x++)
    for (size_t o = 0; o < channels; o++) {
      if (element == 8) ((int64_t *)t->sums)[x * channels + o] = bias_at(bias, o);
      else ((int32_t *)t->sums)[x * channels + o] = (int32_t)bias_at(bias, o);
    }
}

static void finish_f32(const transposed_job *j, float *y) {
  const size_t width = (size_t)j->plan->s.out[WIDTH], channels = (size_t)j->plan->s.out_c;
  const op_tensor *const tensor = conv_operand(j->c, j->attr, CONV_BIAS);
  const float *const bias = tensor ? tensor->data : NULL, lo = j->base->lo, hi = j->base->hi;
  for (size_t x = 0; x < width; x++, y += channels)
    for (size_t o = 0; o < channels; o++) {
      float v = bias ? y[o] + bias[o] : y[o];
      v = v < lo ? lo : v;
      y[o] = hi < v ? hi : v;
    }
}

static void finish_8(const transposed_job *j, const transposed_line *t, uint8_t *out) {
  const size_t channels = (size_t)j->plan->s.out_c;
  kern_requant(j->c->isa)->fixed(&(requant_job){.m = (size_t)j->plan->s.out[WIDTH],
                                                .n = channels,
                                                .acc = t->sums,
                                                .acc_stride = channels,
                                                .mult = (const fx_mult *)(const void *)(j->block + j->plan->mult_at),
                                                .zero_point = j->c->out[0]->zero_point,
                                                .lo = j->base->qlo,
                                                .hi = j->base->qhi,
                                                .out = out,
                                                .out_stride = channels});
}

static void finish_16(const transposed_job *j, const transposed_line *t, int16_t *out) {
  const size_t width = (size_t)j->plan->s.out[WIDTH], channels = (size_t)j->plan->s.out_c;
  const fx_mult *const mult = (const fx_mult *)(const void *)(j->block + j->plan->mult_at);
  const int64_t *sum = t->sums;
  for (size_t x = 0; x < width; x++)
    for (size_t o = 0; o < channels; o++, sum++) {
      const int32_t y = j->base->wide ? fx_mbqm64(*sum, mult[o]) : fx_mbqm((int32_t)*sum, mult[o]);
      *out++ = (int16_t)fx_clamp(y, j->base->qlo, j->base->qhi);
    }
}

static void finish_hybrid(const transposed_job *j, const transposed_line *t, float *out) {
  const size_t width = (size_t)j->plan->s.out[WIDTH], channels = (size_t)j->plan->s.out_c;
  const op_quant *const q = conv_operand(j->c, j->attr, CONV_FILTER)->quant;
  const op_tensor *const bias = conv_operand(j->c, j->attr, CONV_BIAS);
  const float scale = j->heads[t->image].scale;
  dynquant_row row = {.n = channels,
                      .acc = t->sums,
                      .scale = q->count == 1 ? q->scale[0] * scale : scale,
                      .channel_scale = q->count == 1 ? NULL : q->scale,
                      .channel_first = true,
                      .bias = bias ? bias->data : NULL,
                      .lo = j->base->lo,
                      .hi = j->base->hi,
                      .out = out};
  for (size_t x = 0; x < width; x++, row.acc += channels, row.out += channels) dynquant_finish(&row);
}

/* ---- lines ---- */

static void add_filter_line(const transposed_job *j, const transposed_line *t, size_t line, const uint8_t *in) {
  switch (j->base->kind) {
    case CONV_F32: add_f32(j, t, line, in); break;
    case CONV_16: add_16(j, t, line, in); break;
    case CONV_8:
    case CONV_HYBRID: add_8(j, t, line, in); break;
  }
}

/* Line `row` of the output, counted over all images. */
static void make_line(const transposed_job *j, size_t row, uint8_t *scratch) {
  const transposed_plan *const p = j->plan;
  const transposed_shape *const s = &p->s;
  const size_t height = (size_t)s->out[HEIGHT], depth = (size_t)s->out[DEPTH];
  const size_t at = row * (size_t)s->out[WIDTH] * (size_t)s->out_c,
               line_bytes = (size_t)s->in[WIDTH] * p->k * p->element;
  uint8_t *const out = j->c->out[0]->data;
  transposed_line t = {.image = row / height / depth, .scratch = scratch, .sums = scratch + p->acc_at};
  if (j->base->kind == CONV_F32) t.sums = (float *)(void *)out + at;
  begin(j, &t);
  for (int32_t d = 0; d < s->filter[DEPTH]; d++)
    for (int32_t h = 0; h < s->filter[HEIGHT]; h++) {
      int32_t z, y;
      if (!source(s, DEPTH, (int32_t)(row / height % depth), d, &z) ||
          !source(s, HEIGHT, (int32_t)(row % height), h, &y))
        continue;
      const size_t from = (t.image * (size_t)s->in[DEPTH] + (size_t)z) * (size_t)s->in[HEIGHT] + (size_t)y;
      add_filter_line(j, &t, (size_t)d * (size_t)s->filter[HEIGHT] + (size_t)h, j->input + from * line_bytes);
    }
  switch (j->base->kind) {
    case CONV_F32: finish_f32(j, t.sums); break;
    case CONV_8: finish_8(j, &t, out + at); break;
    case CONV_16: finish_16(j, &t, (int16_t *)(void *)out + at); break;
    case CONV_HYBRID: finish_hybrid(j, &t, (float *)(void *)out + at); break;
  }
}

static void lines_task(void *arg, size_t task, int worker) {
  const transposed_job *const j = arg;
  const transposed_plan *const p = j->plan;
  const size_t first = task * p->row_step, last = p->rows - first < p->row_step ? p->rows : first + p->row_step;
  for (size_t r = first; r < last && !j->c->host->cancelled(j->c); r++)
    make_line(j, r, j->workers + (size_t)worker * p->worker_bytes);
}

static void quantize_image(void *arg, size_t image, int worker) {
  const transposed_job *const j = arg;
  const transposed_shape *const s = &j->plan->s;
  const size_t size = (size_t)s->in[DEPTH] * (size_t)s->in[HEIGHT] * (size_t)s->in[WIDTH] * j->plan->k;
  uint8_t *const scratch = j->c->scratch;
  transposed_head *const to = (transposed_head *)(void *)(scratch + j->plan->heads_at) + image;
  (void)worker;
  to->scale = dynquant_asymmetric((const float *)conv_operand(j->c, j->attr, CONV_INPUT)->data + image * size, size,
                                  (int8_t *)scratch + j->plan->quantized_at + image * size, &to->offset);
}

mote_status transposed_run(op_ctx *c, const conv_attr *a, const conv_base *base, const transposed_plan *p,
                           const void *block) {
  uint8_t *const scratch = c->scratch;
  transposed_job j = {.c = c,
                      .attr = a,
                      .base = base,
                      .plan = p,
                      .block = block,
                      .input = conv_operand(c, a, CONV_INPUT)->data,
                      .heads = (const transposed_head *)(const void *)(scratch + p->heads_at),
                      .workers = scratch + p->workers_at};
  if (p->rows == 0 || p->s.out[WIDTH] == 0 || p->s.out_c == 0) return MOTE_OK;
  if (!block) {
    fill(scratch + p->block_at, &(fill_arg){.c = c, .attr = a, .base = base, .plan = p});
    j.block = scratch + p->block_at;
  }
  if (base->kind == CONV_HYBRID) {
    op_parallel(c, (size_t)p->s.batches, quantize_image, &j);
    j.input = scratch + p->quantized_at;
  }
  op_parallel(c, (p->rows + p->row_step - 1) / p->row_step, lines_task, &j);
  OP_POLL(c);
  return MOTE_OK;
}
