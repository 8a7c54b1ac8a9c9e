/* conv_2d.c: CONV_2D: how a convolution is cut and what is made from its filter. The arithmetic is in conv_2d_tiles.c.
 */
#include "operators/conv_2d.h"

#include <string.h>

#include "base/error.h"
#include "kernels/dots.h"
#include "kernels/dynquant.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"
#include "operators/pack.h"

static conv_attr attributes(const op_ctx *c) {
  const sch_Conv2DOptions *const o = c->options;
  return (conv_attr){.padding = o->padding,
                     .stride_h = o->stride_h,
                     .stride_w = o->stride_w,
                     .dilation_h = o->dilation_h_factor,
                     .dilation_w = o->dilation_w_factor,
                     .activation = o->fused_activation_function,
                     .bias_type = o->quantized_bias_type,
                     .axis = 0};
}

/* The reference takes a hybrid filter as one per channel only when its scales really differ. */
static bool scales_differ(const op_quant *q) {
  for (int32_t i = 1; i < q->count; i++)
    if (q->scale[i] != q->scale[0]) return true;
  return false;
}

static mote_status check_wide(op_ctx *c) {
  const conv_attr a = attributes(c);
  conv_2d_params *const p = c->params;
  MOTE_TRY(conv_check(c, &a, &p->base));
  p->per_channel = p->base.kind == CONV_HYBRID && scales_differ(c->in[CONV_FILTER]->quant);
  return MOTE_OK;
}

static mote_status infer_wide(op_ctx *c) {
  const conv_attr a = attributes(c);
  return conv_infer(c, &a);
}

/* ---- what is made from the filter ---- */

/* Matrix kernels take float32, and 8 bits where they have vectors for them; inner products take the rest, and what has
 * too few columns to fill a kernel. Those need rows that are gathered in pieces of more than a few elements. */
static conv_method choose_method(const op_ctx *c, const conv_plan *p, conv_kind kind) {
  const bool matrix = kind == CONV_F32 || (kind != CONV_16 && c->isa != CPU_SCALAR);
  if (matrix) return p->groups == 1 && p->n <= 2 ? CONV_DOTS : CONV_MATRIX;
  return p->groups == 1 || p->shape.filter_c >= 4 ? CONV_DOTS : CONV_TAPS;
}

static size_t kernel_columns(const op_ctx *c, conv_kind kind) {
  return kind == CONV_F32 ? kern_gemm_f32(c->isa)->nr : kern_gemm_s8(c->isa)->nr;
}

/* Method and sizes of the matrices; fails when the filter is larger than any that other implementations take. */
static mote_status matrices(op_ctx *c, const conv_shape *s, conv_kind kind, conv_plan *p) {
  size_t elements;
  OP_REQUIRE(c,
             size_dims((const int32_t[]){s->out_c, s->filter_h, s->filter_w, s->filter_c}, 4, &elements) &&
                 elements <= INT32_MAX,
             MOTE_ERR_LIMIT, "the filter has more than %d elements", INT32_MAX);
  const size_t groups = p->groups = (size_t)(s->in_c / s->filter_c);
  p->n = (size_t)s->out_c / groups;
  p->own_k = elements / (size_t)s->out_c;
  p->method = choose_method(c, p, kind);
  p->merge = 1;
  if (p->method == CONV_MATRIX)
    for (size_t m = 2; m <= groups && m * p->n <= kernel_columns(c, kind); m++)
      if (groups % m == 0) p->merge = m;
  p->groups /= p->merge;
  p->n *= p->merge;
  p->k = p->own_k * p->merge;
  p->channels = (size_t)s->filter_c * p->merge;
  return MOTE_OK;
}

static mote_status lay_block(op_ctx *c, conv_plan *p, conv_kind kind) {
  conv_block *const b = &p->block;
  const bool packed = p->method == CONV_MATRIX;
  const size_t channels = p->n * p->groups;
  bool fits = true;
  scratch_layout l = {0};
  b->each = 0;
  if (packed && kind == CONV_F32) fits = kern_gemm_f32(c->isa)->packed_bytes(p->n, p->k, &b->each);
  else if (packed) fits = kern_gemm_s8(c->isa)->packed_bytes(p->n, p->k, &b->each);
  fits = fits && size_align(b->each, MEM_ALIGN, &b->each);
  b->mult = scratch_part(&l, kind == CONV_8 || kind == CONV_16 ? channels : 0, sizeof(fx_mult));
  b->sums = scratch_part(&l, kind == CONV_HYBRID ? channels : 0, sizeof(int32_t));
  b->packs = scratch_part(&l, p->groups, b->each);
  b->spread = scratch_part(&l, p->merge > 1 ? p->n * (kind == CONV_F32 ? sizeof(float) : 1) : 0, p->k);
  b->bytes = l.bytes;
  OP_REQUIRE(c, fits && !l.too_large, MOTE_ERR_LIMIT, "the packed filter is larger than this machine can address");
  return MOTE_OK;
}

typedef struct fill_arg {
  const op_ctx *c;
  const conv_plan *plan;
  conv_kind kind;
} fill_arg;

/* Filters of group g, n rows of k elements. Those of merged groups are spread over zeros, given as a byte. */
static const void *rows_of(const fill_arg *f, size_t g, size_t element, uint8_t zero, uint8_t *to) {
  const conv_plan *const p = f->plan;
  const uint8_t *const w = (const uint8_t *)f->c->in[CONV_FILTER]->data + g * p->n * p->own_k * element;
  if (p->merge == 1) return w;
  const size_t piece = (size_t)p->shape.filter_c * element, taps = p->own_k / (size_t)p->shape.filter_c;
  uint8_t *const spread = to + p->block.spread;
  memset(spread, zero, p->n * p->k * element);
  for (size_t row = 0; row < p->n; row++) {
    const size_t at = row / (p->n / p->merge); /* its group among those that are merged */
    for (size_t t = 0; t < taps; t++)
      memcpy(spread + ((row * taps + t) * p->merge + at) * piece, w + (row * taps + t) * piece, piece);
  }
  return spread;
}

static void fill_f32(const fill_arg *f, uint8_t *to) {
  const conv_plan *const p = f->plan;
  const op_tensor *const bias = conv_input(f->c, CONV_BIAS);
  const float *const b = bias ? bias->data : NULL;
  for (size_t g = 0; g < p->groups; g++)
    kern_gemm_f32(f->c->isa)->pack((float *)(void *)(to + p->block.packs + g * p->block.each),
                                   rows_of(f, g, sizeof(float), 0, to), p->n, p->k, b ? b + g * p->n : NULL);
}

static void fill_8(const fill_arg *f, uint8_t *to) {
  const conv_plan *const p = f->plan;
  const op_tensor *const in = f->c->in[CONV_INPUT], *const filter = f->c->in[CONV_FILTER];
  const op_tensor *const bias = conv_input(f->c, CONV_BIAS);
  const bool hybrid = f->kind == CONV_HYBRID;
  const int32_t w_zero = hybrid ? 0 : filter->zero_point;
  const int32_t *const b = bias && !hybrid ? bias->data : NULL;
  for (size_t g = 0; g < p->groups; g++) {
    /* Hybrid filters are int8, also where a file says uint8: old converters wrote them so. */
    const gemm_s8_weights weights = {.n = p->n,
                                     .k = p->k,
                                     .w = rows_of(f, g, 1, (uint8_t)w_zero, to),
                                     .w_signed = hybrid || filter->type == MOTE_INT8,
                                     .a_signed = hybrid || in->type == MOTE_INT8,
                                     .w_zero = w_zero,
                                     .a_zero = hybrid ? 0 : in->zero_point,
                                     .bias = b ? b + g * p->n : NULL};
    kern_gemm_s8(f->c->isa)->pack(to + p->block.packs + g * p->block.each, &weights);
  }
}

static void fill(void *to, const void *arg) {
  const fill_arg *const f = arg;
  const conv_plan *const p = f->plan;
  const size_t outputs = p->groups * p->n;
  const conv_attr a = attributes(f->c);
  if (p->method == CONV_MATRIX && f->kind == CONV_F32) fill_f32(f, to);
  else if (p->method == CONV_MATRIX) fill_8(f, to);
  if (f->kind == CONV_8 || f->kind == CONV_16)
    conv_multipliers(f->c, &a, outputs, (fx_mult *)(void *)((uint8_t *)to + p->block.mult));
  int32_t *const sums = (int32_t *)(void *)((uint8_t *)to + p->block.sums);
  for (size_t i = 0; f->kind == CONV_HYBRID && i < outputs; i++)
    sums[i] = sum_s8((const int8_t *)f->c->in[CONV_FILTER]->data + i * p->own_k, p->own_k);
}

/* All that a block depends on besides the filter's data, the bias and the scales. */
typedef struct block_key {
  uint64_t groups, n, k;
  int32_t zero_points[2];
  int32_t types[2];
  float scales[2];
} block_key;

static mote_status prepare_wide(op_ctx *c) {
  conv_2d_params *const params = c->params;
  const op_tensor *const filter = c->in[CONV_FILTER], *const in = c->in[CONV_INPUT], *const out = c->out[0];
  const op_tensor *const bias = conv_input(c, CONV_BIAS);
  const bool hybrid = params->base.kind == CONV_HYBRID;
  const conv_attr a = attributes(c);
  conv_plan p;
  conv_shape *const s = &p.shape;
  if (!conv_filter_of(c, &a, s) || s->in_c < 1 || s->in_c % s->filter_c || s->out_c % (s->in_c / s->filter_c))
    return MOTE_OK;
  MOTE_TRY(matrices(c, s, params->base.kind, &p));
  MOTE_TRY(lay_block(c, &p, params->base.kind));
  const block_key key = {.groups = p.groups,
                         .n = p.n,
                         .k = p.k,
                         .zero_points = {in->zero_point, filter->zero_point},
                         .types = {(int32_t)in->type, (int32_t)filter->type},
                         .scales = {in->scale, out->scale}};
  const fill_arg f = {.c = c, .plan = &p, .kind = params->base.kind};
  const pack_request r = {.source = filter->data,
                          .kind = PACK_CONV_2D,
                          .made_from = {{&key, sizeof key},
                                        {filter->quant->scale, (size_t)filter->quant->count * sizeof(float)},
                                        {bias ? bias->data : NULL, bias && !hybrid ? bias->bytes : 0}},
                          .bytes = p.block.bytes,
                          .fill = fill,
                          .arg = &f};
  params->in_c = s->in_c;
  if (p.method == CONV_MATRIX) c->consumed |= 1u << CONV_FILTER;
  if (p.method == CONV_MATRIX && !hybrid) c->consumed |= 1u << CONV_BIAS;
  return pack_constant(c, &r, &params->block);
}

/* ---- plan ---- */

/* Taps of fewer floats are taken line by line, or gathered: reaching for them would take longer than using them. */
enum { PIECE_LEAST = 16 };

/* Where rows are, and their bytes. */
static mote_status lay_rows(op_ctx *c, conv_plan *p, conv_kind kind, size_t element) {
  const gemm_s8 *const g = kern_gemm_s8(c->isa);
  const bool staged = p->method == CONV_MATRIX && kind != CONV_F32;
  size_t stride = 0;
  bool in_place = windows_in_place(&p->shape, &stride);
  OP_REQUIRE(c, size_mul(p->k, 4, &p->row_bytes) && p->row_bytes < SIZE_MAX - g->k_align, MOTE_ERR_LIMIT,
             "a window is larger than this machine can address");
  p->row_bytes = staged ? gemm_s8_staged(g, p->k) : p->k * element;
  if (staged) {
    const bool is_signed = kind == CONV_HYBRID || c->in[CONV_INPUT]->type == MOTE_INT8;
    in_place = in_place && g->direct == (is_signed ? GEMM_S8_SIGNED : GEMM_S8_UNSIGNED) && p->k % g->k_align == 0;
  }
  const bool floats = p->method == CONV_MATRIX && kind == CONV_F32;
  const bool lines = p->shape.dilation_w == 1 && p->channels == (size_t)p->shape.in_c;
  if (in_place) p->row_bytes = stride * element;
  if (in_place || p->method == CONV_TAPS) p->rows = ROWS_IN_PLACE;
  else if (floats && p->channels >= PIECE_LEAST) p->rows = ROWS_POINTED;
  else p->rows = floats && lines ? ROWS_LINED : ROWS_GATHERED;
  return MOTE_OK;
}

/* How much of a row a kernel reads again and again. */
static size_t hot_bytes(const op_ctx *c, const conv_plan *p, conv_kind kind) {
  if (kind != CONV_F32 || p->method != CONV_MATRIX) return p->row_bytes;
  const size_t depth = kern_gemm_f32(c->isa)->depth;
  return (p->k < depth ? p->k : depth) * sizeof(float);
}

static mote_status lay_scratch(op_ctx *c, conv_plan *p, const conv_2d_params *params, size_t element) {
  const conv_kind kind = params->base.kind;
  const bool hybrid = kind == CONV_HYBRID, sums_up = kind == CONV_8 || hybrid;
  scratch_layout worker = {0}, all = {0};
  const size_t taps = (size_t)p->shape.filter_h * (size_t)p->shape.filter_w;
  const size_t row_tiles = p->images * p->groups * p->tiles.row_tiles;
  if (p->rows == ROWS_POINTED || p->rows == ROWS_LINED)
    p->rows_at = scratch_part(&worker, p->tiles.rows * sizeof(void *), taps);
  else p->rows_at = scratch_part(&worker, p->rows == ROWS_GATHERED ? p->tiles.rows : 0, p->row_bytes);
  p->lines_at = scratch_part(&worker, p->rows == ROWS_LINED ? p->tiles.rows : 0, p->row_bytes);
  p->acc_at = scratch_part(&worker, sums_up ? p->tiles.rows * p->acc_cols : 0, sizeof(int32_t));
  p->sums_at = scratch_part(&worker, sums_up ? p->tiles.rows : 0, sizeof(int32_t));
  p->outside_at = scratch_part(&worker, p->rows == ROWS_IN_PLACE ? 0 : p->k / (size_t)p->shape.filter_h, element);
  p->worker_bytes = worker.bytes;
  p->block_at = scratch_part(&all, 1, params->block ? 0 : p->block.bytes);
  size_t quantized = 0;
  if (hybrid) quantized = op_count(c->in[CONV_INPUT]);
  p->quantized_at = scratch_part(&all, quantized, 1);
  p->scales_at = scratch_part(&all, hybrid ? p->images : 0, sizeof(conv_image));
  p->shared_at = scratch_part(&all, p->rows == ROWS_SHARED ? row_tiles * p->tiles.rows : 0, p->row_bytes);
  p->workers_at = scratch_part(&all, (size_t)c->workers, p->worker_bytes);
  all.too_large |= worker.too_large;
  return scratch_done(c, &all);
}

static mote_status plan_wide(op_ctx *c) {
  const conv_attr a = attributes(c);
  const conv_2d_params *const params = c->params;
  const conv_kind kind = params->base.kind;
  conv_plan *const p = c->record;
  conv_shape *const s = &p->shape;
  MOTE_TRY(conv_shape_of(c, &a, s));
  MOTE_TRY(matrices(c, s, kind, p));
  MOTE_TRY(lay_block(c, p, kind));
  OP_REQUIRE(c, !params->block || params->in_c == s->in_c, MOTE_ERR_UNSUPPORTED,
             "the filter was packed for the %d input channels that the model declares, but now there are %d",
             (int)params->in_c, (int)s->in_c);
  OP_REQUIRE(c, size_dims((const int32_t[]){s->out_h, s->out_w}, 2, &p->pixels), MOTE_ERR_LIMIT,
             "the output is larger than this machine can address");
  p->images = (size_t)s->batches;
  if (kind != CONV_HYBRID) {
    OP_REQUIRE(c, size_mul(p->pixels, p->images, &p->pixels), MOTE_ERR_LIMIT,
               "the output is larger than this machine can address");
    p->images = 1;
  }
  if (kind == CONV_HYBRID) MOTE_TRY(conv_check_quantizable(c, &a));
  const size_t element = kind == CONV_16 ? 2 : kind == CONV_F32 ? 4 : 1;
  size_t mr = 4, nr = 1;
  if (p->method == CONV_MATRIX) {
    mr = kind == CONV_F32 ? kern_gemm_f32(c->isa)->mr : kern_gemm_s8(c->isa)->mr;
    nr = kernel_columns(c, kind);
  }
  MOTE_TRY(lay_rows(c, p, kind, element));
  p->tiles = tiles_cut(&(tiles_product){.products = p->images * p->groups,
                                        .m = p->pixels,
                                        .n = p->n,
                                        .k = p->k,
                                        .row_bytes = hot_bytes(c, p, kind),
                                        .mr = mr,
                                        .nr = nr});
  if (p->rows == ROWS_GATHERED && p->tiles.col_tiles > 1) p->rows = ROWS_SHARED;
  p->acc_cols = tiles_step(&p->tiles, nr);
  c->macs = (uint64_t)p->images * p->pixels * p->groups * p->n * p->own_k;
  return lay_scratch(c, p, params, element);
}

/* ---- run ---- */

static void quantize_image(void *arg, size_t image, int worker) {
  const conv_job *const j = arg;
  const conv_shape *const s = &j->plan->shape;
  const size_t size = (size_t)s->in_h * (size_t)s->in_w * (size_t)s->in_c;
  const float *const x = (const float *)j->c->in[CONV_INPUT]->data + image * size;
  int8_t *const q = (int8_t *)j->c->scratch + j->plan->quantized_at + image * size;
  conv_image *const to = (conv_image *)((uint8_t *)j->c->scratch + j->plan->scales_at) + image;
  (void)worker;
  to->offset = 0;
  if (j->params->per_channel) to->scale = dynquant_asymmetric(x, size, q, &to->offset);
  else to->scale = dynquant_symmetric(x, size, q);
}

static mote_status run_wide(op_ctx *c) {
  const conv_2d_params *const params = c->params;
  const conv_plan *const p = c->record;
  uint8_t *const scratch = c->scratch;
  conv_job j = {.c = c,
                .params = params,
                .plan = p,
                .block = params->block,
                .input = c->in[CONV_INPUT]->data,
                .images = (const conv_image *)(scratch + p->scales_at),
                .workers = scratch + p->workers_at};
  const size_t tasks = p->images * p->groups * p->tiles.row_tiles * p->tiles.col_tiles;
  if (tasks == 0) return MOTE_OK;
  if (!j.block) {
    fill(scratch + p->block_at, &(fill_arg){.c = c, .plan = p, .kind = params->base.kind});
    j.block = scratch + p->block_at;
  }
  if (params->base.kind == CONV_HYBRID) {
    op_parallel(c, p->images, quantize_image, &j);
    j.input = scratch + p->quantized_at;
  }
  if (p->rows == ROWS_SHARED) op_parallel(c, tasks / p->tiles.col_tiles, conv_2d_share, &j);
  op_parallel(c, tasks, conv_2d_tile, &j);
  OP_POLL(c);
  return MOTE_OK;
}

/* ---- weights of 4 and 2 bits ---- */

static mote_status with_wide(op_ctx *c, low_bits_when when, op_phase phase) {
  return low_bits_phase(c, CONV_FILTER, &((conv_2d_params *)c->params)->low, when, phase);
}

static mote_status check(op_ctx *c) { return with_wide(c, LOW_BITS_CHECK, check_wide); }
static mote_status prepare(op_ctx *c) { return with_wide(c, LOW_BITS_PREPARE, prepare_wide); }
static mote_status infer(op_ctx *c) { return with_wide(c, LOW_BITS_INFER, infer_wide); }
static mote_status plan(op_ctx *c) { return with_wide(c, LOW_BITS_PLAN, plan_wide); }
static mote_status run(op_ctx *c) { return with_wide(c, LOW_BITS_RUN, run_wide); }

const mote_op op_conv_2d = {
    .name = "CONV_2D",
    .code = sch_BuiltinOperator_CONV_2D,
    .versions = 8,
    .options = sch_BuiltinOptions_Conv2DOptions,
    .inputs_min = 2,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .optional = 1u << CONV_BIAS,
    .types = "f32 f32|i8|u8|" LOW_BITS " f32 > f32; i8 i8|" LOW_BITS " i32 > i8; u8 u8 i32 > u8; "
             "i16 i8|" LOW_BITS " i32|i64 > i16",
    .params_size = sizeof(conv_2d_params),
    .record_size = sizeof(conv_plan),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Dilation and groups; int8 filters have a scale for each output channel; a uint8 filter of a float "
             "convolution is read as int8.",
};
