/* depthwise_conv_2d.c: DEPTHWISE_CONV_2D: each input channel is convolved with filters of its own.
 *
 * Kernels take the window of an output pixel as pointers to pixels, so nothing is gathered. With a depth multiplier the
 * channels of the input are first repeated; then every output channel has one input channel. The unit of work is a row
 * of the output.
 */
#include <string.h>

#include "base/error.h"
#include "kernels/dwconv_f32.h"
#include "kernels/dwconv_s8.h"
#include "kernels/dwconv_sums.h"
#include "kernels/dynquant.h"
#include "kernels/repeat.h"
#include "operators/conv.h"
#include "operators/low_bits.h"
#include "operators/pack.h"

typedef struct depthwise_params {
  conv_base base;
  low_bits low;
  const void *block; /* NULL: made in each run */
} depthwise_params;

typedef struct depthwise_plan {
  conv_shape shape;
  size_t taps, channels, repeat; /* repeat: depth multiplier */
  size_t element;                /* bytes of an element as kernels read it */
  /* A block: multipliers of the channels, then the kernel's pack. */
  size_t mult_at, pack_at, block_bytes;
  bool shared;        /* the windows of a row share columns */
  size_t columns;     /* of all windows of a row */
  size_t rows, tasks; /* rows of the output in a task */
  /* scratch: for all, then for each worker */
  size_t block_at, quantized_at, scales_at, repeated_at, outside_at, workers_at, worker_bytes;
  size_t pointers_at, sums_at;
} depthwise_plan;

/* How an image was quantized (hybrid). */
typedef struct image_scale {
  float scale;
  int32_t offset;
} image_scale;

typedef struct depthwise_job {
  op_ctx *c;
  const conv_base *base;
  const depthwise_plan *plan;
  const uint8_t *block;
  const uint8_t *input;   /* pixels of plan->channels elements */
  const uint8_t *outside; /* one such pixel, standing for those outside; hybrid: one for each image */
  const image_scale *images;
} depthwise_job;

/* Vector kernels fill up to many channels, which does not pay for a few. */
static const dwconv_s8 *eight_bit(const op_ctx *c, size_t channels) {
  return kern_dwconv_s8(channels < 4 ? CPU_SCALAR : c->isa);
}

static conv_attr attributes(const op_ctx *c) {
  const sch_DepthwiseConv2DOptions *const o = c->options;
  return (conv_attr){.padding = o->padding,
                     .stride_h = o->stride_h,
                     .stride_w = o->stride_w,
                     .dilation_h = o->dilation_h_factor,
                     .dilation_w = o->dilation_w_factor,
                     .activation = o->fused_activation_function,
                     .bias_type = sch_TensorType_FLOAT32,
                     .axis = 3};
}

static mote_status check_wide(op_ctx *c) {
  const conv_attr a = attributes(c);
  depthwise_params *const p = c->params;
  return conv_check(c, &a, &p->base);
}

static mote_status infer_wide(op_ctx *c) {
  const conv_attr a = attributes(c);
  return conv_infer(c, &a);
}

/* ---- what is made from the filter ---- */

static mote_status lay_block(op_ctx *c, conv_kind kind, depthwise_plan *p) {
  const conv_shape *const s = &p->shape;
  const size_t kh = (size_t)s->filter_h, kw = (size_t)s->filter_w;
  size_t pack = 0;
  scratch_layout l = {0};
  p->channels = (size_t)s->out_c;
  bool fits = size_mul(kh, kw, &p->taps);
  if (kind == CONV_F32) fits = fits && kern_dwconv_f32(c->isa)->packed_bytes(kh, kw, p->channels, &pack);
  if (kind == CONV_8) fits = fits && eight_bit(c, p->channels)->packed_bytes(kh, kw, p->channels, &pack);
  p->mult_at = scratch_part(&l, kind == CONV_8 || kind == CONV_16 ? p->channels : 0, sizeof(fx_mult));
  p->pack_at = scratch_part(&l, 1, pack);
  p->block_bytes = l.bytes;
  OP_REQUIRE(c, fits && !l.too_large, MOTE_ERR_LIMIT, "the packed filter is larger than this machine can address");
  return MOTE_OK;
}

typedef struct fill_arg {
  const op_ctx *c;
  const depthwise_plan *plan;
  conv_kind kind;
} fill_arg;

static void fill(void *to, const void *arg) {
  const fill_arg *const f = arg;
  const depthwise_plan *const p = f->plan;
  const op_tensor *const in = f->c->in[CONV_INPUT], *const filter = f->c->in[CONV_FILTER];
  const op_tensor *const bias = conv_input(f->c, CONV_BIAS);
  const size_t kh = (size_t)p->shape.filter_h, kw = (size_t)p->shape.filter_w;
  void *const pack = (uint8_t *)to + p->pack_at;
  fx_mult *const mult = (fx_mult *)(void *)((uint8_t *)to + p->mult_at);
  const conv_attr a = attributes(f->c);
  if (f->kind == CONV_F32)
    kern_dwconv_f32(f->c->isa)->pack(pack, filter->data, kh, kw, p->channels, bias ? bias->data : NULL);
  if (f->kind == CONV_8 || f->kind == CONV_16) conv_multipliers(f->c, &a, p->channels, mult);
  if (f->kind == CONV_8) {
    const dwconv_s8_weights weights = {.kh = kh,
                                       .kw = kw,
                                       .channels = p->channels,
                                       .w = filter->data,
                                       .w_signed = filter->type == MOTE_INT8,
                                       .x_signed = in->type == MOTE_INT8,
                                       .w_zero = filter->zero_point,
                                       .x_zero = in->zero_point,
                                       .bias = bias ? bias->data : NULL,
                                       .mult = mult};
    eight_bit(f->c, p->channels)->pack(pack, &weights);
  }
}

/* All that a block depends on besides the filter's data, the bias and the scales. */
typedef struct block_key {
  int32_t kh, kw, channels;
  int32_t zero_points[2];
  int32_t types[2];
  float scales[2];
} block_key;

static mote_status prepare_wide(op_ctx *c) {
  depthwise_params *const params = c->params;
  const conv_kind kind = params->base.kind;
  const op_tensor *const filter = c->in[CONV_FILTER], *const in = c->in[CONV_INPUT];
  const op_tensor *const bias = conv_input(c, CONV_BIAS);
  const conv_attr a = attributes(c);
  depthwise_plan p;
  if (kind == CONV_HYBRID || !conv_filter_of(c, &a, &p.shape)) return MOTE_OK;
  MOTE_TRY(lay_block(c, kind, &p));
  const block_key key = {.kh = p.shape.filter_h,
                         .kw = p.shape.filter_w,
                         .channels = p.shape.out_c,
                         .zero_points = {in->zero_point, filter->zero_point},
                         .types = {(int32_t)in->type, (int32_t)filter->type},
                         .scales = {in->scale, c->out[0]->scale}};
  const fill_arg f = {.c = c, .plan = &p, .kind = kind};
  const pack_request r = {.source = filter->data,
                          .kind = PACK_DEPTHWISE,
                          .made_from = {{&key, sizeof key},
                                        {filter->quant->scale, (size_t)filter->quant->count * sizeof(float)},
                                        {bias ? bias->data : NULL, bias ? bias->bytes : 0}},
                          .bytes = p.block_bytes,
                          .fill = fill,
                          .arg = &f};
  if (kind != CONV_16) c->consumed |= 1u << CONV_FILTER | 1u << CONV_BIAS;
  return pack_constant(c, &r, &params->block);
}

/* ---- plan ---- */

enum {
  TASKS = 16,           /* enough for a dozen threads ... */
  TASK_MACS = 128 << 10 /* ... of which each has something to do */
};

static mote_status cut(op_ctx *c, depthwise_plan *p) {
  const conv_shape *const s = &p->shape;
  const size_t out_w = (size_t)s->out_w, kw = (size_t)s->filter_w;
  size_t rows, apart, together;
  OP_REQUIRE(c,
             size_mul((size_t)s->batches, (size_t)s->out_h, &rows) && size_mul(out_w, kw, &apart) &&
                 size_mul(out_w, (size_t)s->stride_w, &together) && size_add(together, kw, &together),
             MOTE_ERR_LIMIT, "the output is larger than this machine can address");
  p->shared = s->dilation_w == 1 && together - (size_t)s->stride_w <= apart && out_w > 0;
  p->columns = p->shared ? together - (size_t)s->stride_w : apart;
  const uint64_t macs = (uint64_t)out_w * p->taps * p->channels;
  c->macs = macs * rows;
  const size_t least = (size_t)(TASK_MACS / (macs ? macs : 1)) + 1, even = (rows + TASKS - 1) / TASKS;
  p->rows = least > even ? least : even;
  p->tasks = out_w ? (rows + p->rows - 1) / p->rows : 0;
  return MOTE_OK;
}

static mote_status lay_scratch(op_ctx *c, const depthwise_params *params, depthwise_plan *p) {
  const conv_shape *const s = &p->shape;
  const conv_kind kind = params->base.kind;
  const bool hybrid = kind == CONV_HYBRID, sums = hybrid || kind == CONV_16;
  const size_t images = (size_t)s->batches;
  scratch_layout worker = {0}, all = {0};
  size_t pointers, pixels, elements;
  OP_REQUIRE(c,
             size_mul(p->columns, (size_t)s->filter_h, &pointers) &&
                 size_dims((const int32_t[]){s->batches, s->in_h, s->in_w}, 3, &pixels) &&
                 size_mul(pixels, (size_t)s->in_c, &elements),
             MOTE_ERR_LIMIT, "the input is larger than this machine can address");
  p->pointers_at = scratch_part(&worker, pointers, sizeof(void *));
  p->sums_at = scratch_part(&worker, sums ? p->channels : 0, sizeof(int64_t));
  p->worker_bytes = worker.bytes;
  p->block_at = scratch_part(&all, 1, params->block ? 0 : p->block_bytes);
  p->quantized_at = scratch_part(&all, hybrid ? elements : 0, 1);
  p->scales_at = scratch_part(&all, hybrid ? images : 0, sizeof(image_scale));
  p->repeated_at = scratch_part(&all, p->repeat == 1 ? 0 : pixels, p->channels * p->element);
  p->outside_at = scratch_part(&all, hybrid ? images : 1, p->channels * p->element);
  p->workers_at = scratch_part(&all, (size_t)c->workers, p->worker_bytes);
  all.too_large |= worker.too_large;
  return scratch_done(c, &all);
}

static mote_status plan_wide(op_ctx *c) {
  const conv_attr a = attributes(c);
  const depthwise_params *const params = c->params;
  depthwise_plan *const p = c->record;
  MOTE_TRY(conv_shape_of(c, &a, &p->shape));
  MOTE_TRY(lay_block(c, params->base.kind, p));
  p->repeat = (size_t)(p->shape.out_c / p->shape.in_c);
  p->element = params->base.kind == CONV_F32 ? 4 : params->base.kind == CONV_16 ? 2 : 1;
  MOTE_TRY(cut(c, p));
  if (params->base.kind == CONV_HYBRID) MOTE_TRY(conv_check_quantizable(c, &a));
  return lay_scratch(c, params, p);
}

/* ---- run ---- */

/* Pointers to the pixels under the windows of row y, column by column. */
static void point(const depthwise_job *j, size_t image, int32_t y, const void **pointers) {
  const depthwise_plan *const p = j->plan;
  const conv_shape *const s = &p->shape;
  const size_t pixel = p->channels * p->element, line = (size_t)s->in_w * pixel;
  const uint8_t *const base = j->input + image * (size_t)s->in_h * line;
  const uint8_t *const outside = j->outside + (j->base->kind == CONV_HYBRID ? image * pixel : 0);
  const int32_t top = y * s->stride_h - s->before_h;
  for (size_t i = 0; i < p->columns; i++) {
    const int32_t at = (int32_t)i, kw = s->filter_w;
    const int32_t x = p->shared ? at - s->before_w : at / kw * s->stride_w - s->before_w + at % kw * s->dilation_w;
    for (int32_t f = 0; f < s->filter_h; f++) {
      const int32_t in_y = top + f * s->dilation_h;
      const bool inside = x >= 0 && x < s->in_w && in_y >= 0 && in_y < s->in_h;
      *pointers++ = inside ? base + (size_t)in_y * line + (size_t)x * pixel : outside;
    }
  }
}

/* Distance between the windows of neighbouring pixels, in pointers. */
static size_t window_step(const depthwise_plan *p) {
  return (size_t)(p->shared ? p->shape.stride_w : p->shape.filter_w) * (size_t)p->shape.filter_h;
}

static void row_f32(const depthwise_job *j, const void *const *pointers, float *out) {
  const depthwise_plan *const p = j->plan;
  const dwconv_f32_job job = {.pixels = (size_t)p->shape.out_w,
                              .kh = (size_t)p->shape.filter_h,
                              .kw = (size_t)p->shape.filter_w,
                              .channels = p->channels,
                              .pointers = (const float *const *)pointers,
                              .step = window_step(p),
                              .packed = (const float *)(const void *)(j->block + p->pack_at),
                              .out = out,
                              .out_stride = p->channels,
                              .lo = j->base->lo,
                              .hi = j->base->hi};
  kern_dwconv_f32(j->c->isa)->run(&job);
}

static void row_8(const depthwise_job *j, const void *const *pointers, uint8_t *out) {
  const depthwise_plan *const p = j->plan;
  const dwconv_s8_job job = {.pixels = (size_t)p->shape.out_w,
                             .kh = (size_t)p->shape.filter_h,
                             .kw = (size_t)p->shape.filter_w,
                             .channels = p->channels,
                             .pointers = pointers,
                             .step = window_step(p),
                             .x_signed = j->c->in[CONV_INPUT]->type == MOTE_INT8,
                             .packed = j->block + p->pack_at,
                             .zero_point = j->c->out[0]->zero_point,
                             .lo = j->base->qlo,
                             .hi = j->base->qhi,
                             .out = out,
                             .out_stride = p->channels};
  eight_bit(j->c, p->channels)->run(&job);
}

static dwconv_sums_job sums_of(const depthwise_job *j, const void *const *window) {
  return (dwconv_sums_job){.kh = (size_t)j->plan->shape.filter_h,
                           .kw = (size_t)j->plan->shape.filter_w,
                           .channels = j->plan->channels,
                           .window = window,
                           .w = j->c->in[CONV_FILTER]->data};
}

static void row_16(const depthwise_job *j, const void *const *pointers, int64_t *acc, int16_t *out) {
  const depthwise_plan *const p = j->plan;
  const op_tensor *const bias_tensor = conv_input(j->c, CONV_BIAS);
  const int64_t *const bias = bias_tensor ? bias_tensor->data : NULL;
  const fx_mult *const mult = (const fx_mult *)(const void *)(j->block + p->mult_at);
  for (int32_t x = 0; x < p->shape.out_w; x++, pointers += window_step(p), out += p->channels) {
    const dwconv_sums_job job = sums_of(j, pointers);
    dwconv_sums_s16(&job, acc);
    for (size_t i = 0; i < p->channels; i++) {
      const int64_t sum = (int64_t)((uint64_t)acc[i] + (bias ? (uint64_t)bias[i] : 0));
      out[i] = (int16_t)fx_clamp(fx_mbqm64(sum, mult[i]), j->base->qlo, j->base->qhi);
    }
  }
}

static void row_hybrid(const depthwise_job *j, image_scale image, const void *const *pointers, int32_t *acc,
                       float *out) {
  const depthwise_plan *const p = j->plan;
  const op_tensor *const bias_tensor = conv_input(j->c, CONV_BIAS);
  const float *const bias = bias_tensor ? bias_tensor->data : NULL;
  const op_quant *const q = j->c->in[CONV_FILTER]->quant;
  for (int32_t x = 0; x < p->shape.out_w; x++, pointers += window_step(p), out += p->channels) {
    const dwconv_sums_job job = sums_of(j, pointers);
    dwconv_sums_s8(&job, image.offset, acc);
    const dynquant_row row = {.n = p->channels,
                              .acc = acc,
                              .scale = q->count == 1 ? q->scale[0] * image.scale : image.scale,
                              .channel_scale = q->count == 1 ? NULL : q->scale,
                              .channel_first = true,
                              .bias = bias,
                              .lo = j->base->lo,
                              .hi = j->base->hi,
                              .out = out};
    dynquant_finish(&row);
  }
}

static void rows_task(void *arg, size_t task, int worker) {
  const depthwise_job *const j = arg;
  const depthwise_plan *const p = j->plan;
  uint8_t *const scratch = (uint8_t *)j->c->scratch + p->workers_at + (size_t)worker * p->worker_bytes;
  const void **const pointers = (const void **)(void *)(scratch + p->pointers_at);
  void *const sums = scratch + p->sums_at, *const out = j->c->out[0]->data;
  const size_t out_h = (size_t)p->shape.out_h, rows = (size_t)p->shape.batches * out_h;
  const size_t first = task * p->rows, last = rows - first < p->rows ? rows : first + p->rows;
  if (j->c->host->cancelled(j->c)) return;
  for (size_t r = first; r < last; r++) {
    const size_t image = r / out_h, at = r * (size_t)p->shape.out_w * p->channels;
    point(j, image, (int32_t)(r % out_h), pointers);
    switch (j->base->kind) {
      case CONV_F32: row_f32(j, pointers, (float *)out + at); break;
      case CONV_8: row_8(j, pointers, (uint8_t *)out + at); break;
      case CONV_16: row_16(j, pointers, sums, (int16_t *)out + at); break;
      case CONV_HYBRID: row_hybrid(j, j->images[image], pointers, sums, (float *)out + at); break;
    }
  }
}

static void quantize_image(void *arg, size_t image, int worker) {
  const depthwise_job *const j = arg;
  const depthwise_plan *const p = j->plan;
  const conv_shape *const s = &p->shape;
  const size_t size = (size_t)s->in_h * (size_t)s->in_w * (size_t)s->in_c;
  uint8_t *const scratch = j->c->scratch;
  image_scale *const to = (image_scale *)(void *)(scratch + p->scales_at) + image;
  (void)worker;
  to->scale = dynquant_asymmetric((const float *)j->c->in[CONV_INPUT]->data + image * size, size,
                                  (int8_t *)scratch + p->quantized_at + image * size, &to->offset);
}

/* One line of the input, each channel repeated. */
static void repeat_line(void *arg, size_t line, int worker) {
  const depthwise_job *const j = arg;
  const depthwise_plan *const p = j->plan;
  const size_t count = (size_t)p->shape.in_w * (size_t)p->shape.in_c, from = line * count * p->element;
  uint8_t *const to = (uint8_t *)j->c->scratch + p->repeated_at + from * p->repeat;
  (void)worker;
  switch (p->element) {
    case 1: kern_repeat_8(to, j->input + from, count, p->repeat); break;
    case 2: kern_repeat_16(to, j->input + from, count, p->repeat); break;
    default: kern_repeat_32(to, j->input + from, count, p->repeat); break;
  }
}

/* The pixels that stand for those outside: they add nothing to a sum. */
static void fill_outside(const depthwise_job *j, uint8_t *to) {
  const depthwise_plan *const p = j->plan;
  const size_t pixel = p->channels * p->element;
  if (j->base->kind == CONV_HYBRID) {
    for (size_t i = 0; i < (size_t)p->shape.batches; i++) memset(to + i * pixel, (uint8_t)j->images[i].offset, pixel);
    return;
  }
  memset(to, j->base->kind == CONV_8 ? (uint8_t)j->c->in[CONV_INPUT]->zero_point : 0, pixel);
}

static mote_status run_wide(op_ctx *c) {
  const depthwise_params *const params = c->params;
  const depthwise_plan *const p = c->record;
  uint8_t *const scratch = c->scratch;
  depthwise_job j = {.c = c,
                     .base = &params->base,
                     .plan = p,
                     .block = params->block,
                     .input = c->in[CONV_INPUT]->data,
                     .outside = scratch + p->outside_at,
                     .images = (const image_scale *)(const void *)(scratch + p->scales_at)};
  if (p->tasks == 0) return MOTE_OK;
  if (!j.block) {
    fill(scratch + p->block_at, &(fill_arg){.c = c, .plan = p, .kind = params->base.kind});
    j.block = scratch + p->block_at;
  }
  if (params->base.kind == CONV_HYBRID) {
    op_parallel(c, (size_t)p->shape.batches, quantize_image, &j);
    j.input = scratch + p->quantized_at;
  }
  if (p->repeat != 1) {
    op_parallel(c, (size_t)p->shape.batches * (size_t)p->shape.in_h, repeat_line, &j);
    j.input = scratch + p->repeated_at;
  }
  fill_outside(&j, scratch + p->outside_at);
  op_parallel(c, p->tasks, rows_task, &j);
  OP_POLL(c);
  return MOTE_OK;
}

/* ---- weights of 4 and 2 bits ---- */

static mote_status with_wide(op_ctx *c, low_bits_when when, op_phase phase) {
  return low_bits_phase(c, CONV_FILTER, &((depthwise_params *)c->params)->low, when, phase);
}

static mote_status check(op_ctx *c) { return with_wide(c, LOW_BITS_CHECK, check_wide); }
static mote_status prepare(op_ctx *c) { return with_wide(c, LOW_BITS_PREPARE, prepare_wide); }
static mote_status infer(op_ctx *c) { return with_wide(c, LOW_BITS_INFER, infer_wide); }
static mote_status plan(op_ctx *c) { return with_wide(c, LOW_BITS_PLAN, plan_wide); }
static mote_status run(op_ctx *c) { return with_wide(c, LOW_BITS_RUN, run_wide); }

const mote_op op_depthwise_conv_2d = {
    .name = "DEPTHWISE_CONV_2D",
    .code = sch_BuiltinOperator_DEPTHWISE_CONV_2D,
    .versions = 7,
    .options = sch_BuiltinOptions_DepthwiseConv2DOptions,
    .inputs_min = 2,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .optional = 1u << CONV_BIAS,
    .types = "f32 f32|i8|" LOW_BITS " f32 > f32; i8 i8|" LOW_BITS " i32 > i8; u8 u8 i32 > u8; "
             "i16 i8|" LOW_BITS " i64 > i16",
    .params_size = sizeof(depthwise_params),
    .record_size = sizeof(depthwise_plan),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "The depth multiplier follows from the shapes; int8 filters have a scale for each output channel.",
};
