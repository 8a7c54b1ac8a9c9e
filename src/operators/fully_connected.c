/* fully_connected.c: FULLY_CONNECTED: what a file may say, shapes, and what is made from the weights. The arithmetic is
 * in fully_connected_tiles.c. */
#include "operators/fully_connected.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "kernels/dots.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"
#include "operators/pack.h"

static fc_kind kind_of(const op_ctx *c) {
  const sch_FullyConnectedOptions *const o = c->options;
  const mote_type weights = c->in[FC_WEIGHTS]->type;
  if (c->in[FC_WEIGHTS]->quant->block_size > 0) return FC_BLOCKS;
  switch (c->in[FC_INPUT]->type) {
    case MOTE_FLOAT32: return weights == MOTE_FLOAT32 ? FC_F32 : FC_HYBRID;
    case MOTE_INT16: return weights == MOTE_INT16 ? FC_16X16 : FC_16X8;
    default: return o->weights_format == sch_FullyConnectedOptionsWeightsFormat_SHUFFLED4x16INT8 ? FC_SHUFFLED : FC_8;
  }
}

/* ---- check ---- */

static mote_status check_weight_scales(op_ctx *c) {
  const op_tensor *const w = c->in[FC_WEIGHTS];
  const op_quant *const q = w->quant;
  OP_REQUIRE(c, q->count >= 1, MOTE_ERR_MODEL, "the weights are %s without a quantization scale",
             mote_type_name(w->type));
  OP_REQUIRE(c, q->count == 1 || (w->type != MOTE_UINT8 && q->axis == 0), MOTE_ERR_MODEL,
             "the weights have %d scales along dimension %d; taken are one, or for signed weights one for each output, "
             "dimension 0",
             (int)q->count, (int)q->axis);
  for (int32_t i = 0; i < q->count; i++) {
    OP_REQUIRE(c, isfinite(q->scale[i]) && q->scale[i] >= 0, MOTE_ERR_MODEL, "weight scale %d is %g", (int)i,
               (double)q->scale[i]);
    OP_REQUIRE(c, q->count == 1 || q->zero_point[i] == 0, MOTE_ERR_MODEL,
               "weight zero point %d is %d; weights with a scale for each output are symmetric, so that it must be 0",
               (int)i, (int)q->zero_point[i]);
  }
  return MOTE_OK;
}

/* Scale of sums over the output's scale. The reference makes the fixed-point multiplier of one scale for all from a
 * float product. */
static double real_scale(const op_ctx *c, int32_t i, bool fixed) {
  const op_quant *const q = c->in[FC_WEIGHTS]->quant;
  const float in = c->in[FC_INPUT]->scale, w = q->scale[q->count == 1 ? 0 : i], out = c->out[0]->scale;
  if (fixed && q->count == 1) return (double)(in * w) / (double)out;
  return (double)in * (double)w / (double)out;
}

static mote_status check_bias_type(op_ctx *c, fc_params *p) {
  const sch_FullyConnectedOptions *const o = c->options;
  const op_tensor *const bias = fc_bias(c);
  const int32_t said = o->quantized_bias_type;
  p->wide_bias = bias && bias->type == MOTE_INT64;
  /* By int16 weights the reference reads a bias as int32, whatever its type, unless the options say INT64. Its answers
   * are what such files have been tested with. */
  if (p->kind == FC_16X16) p->wide_bias = said == sch_TensorType_INT64;
  if (said == sch_TensorType_FLOAT32) return MOTE_OK; /* not said */
  OP_REQUIRE(c, said == sch_TensorType_INT32 || said == sch_TensorType_INT64, MOTE_ERR_MODEL,
             "quantized_bias_type %d is neither INT32 nor INT64", (int)said);
  OP_REQUIRE(c, !bias || (said == sch_TensorType_INT64) == (bias->type == MOTE_INT64), MOTE_ERR_MODEL,
             "quantized_bias_type is %s, but the bias is %s", said == sch_TensorType_INT64 ? "INT64" : "INT32",
             mote_type_name(bias->type));
  return MOTE_OK;
}

static mote_status check_integers(op_ctx *c, fc_params *p) {
  const op_tensor *const in = c->in[FC_INPUT], *const w = c->in[FC_WEIGHTS], *const out = c->out[0];
  MOTE_TRY(op_need_scale(c, in));
  MOTE_TRY(op_need_scale(c, out));
  MOTE_TRY(check_weight_scales(c));
  if (in->type == MOTE_INT16) {
    OP_REQUIRE(c, in->zero_point == 0, MOTE_ERR_MODEL, "int16 inputs are symmetric, but the zero point is %d",
               (int)in->zero_point);
    MOTE_TRY(check_bias_type(c, p));
  }
  OP_REQUIRE(c, out->type != MOTE_INT16 || out->zero_point == 0, MOTE_ERR_MODEL,
             "int16 outputs are symmetric, but the zero point is %d", (int)out->zero_point);
  OP_REQUIRE(c, !w->sparsity || w->zero_point == 0, MOTE_ERR_MODEL,
             "sparse weights are symmetric, but the zero point is %d", (int)w->zero_point);
  const int32_t most = p->kind == FC_16X16 ? 14 : 30; /* what the shifts of the requantization can do */
  for (int32_t i = 0; i < w->quant->count; i++) {
    const double m = real_scale(c, i, p->fixed);
    OP_REQUIRE(c, isfinite(m) && fx_quantize_multiplier(m).shift <= most, MOTE_ERR_MODEL,
               "input scale * weight scale %d / output scale is %g; it must be below 2^%d", (int)i, m, (int)most);
  }
  return MOTE_OK;
}

static mote_status check_format(op_ctx *c, const fc_params *p) {
  const sch_FullyConnectedOptions *const o = c->options;
  const bool shuffled = o->weights_format == sch_FullyConnectedOptionsWeightsFormat_SHUFFLED4x16INT8;
  OP_REQUIRE(c, shuffled || o->weights_format == sch_FullyConnectedOptionsWeightsFormat_DEFAULT, MOTE_ERR_MODEL,
             "weights format %d does not exist", (int)o->weights_format);
  OP_REQUIRE(c, shuffled == (p->kind == FC_SHUFFLED) && shuffled == (c->num_outputs == 2), MOTE_ERR_MODEL,
             "shuffled weights go with uint8 operands and two outputs, others with one output; this has %d",
             (int)c->num_outputs);
  return MOTE_OK;
}

static mote_status check_wide(op_ctx *c) {
  const sch_FullyConnectedOptions *const o = c->options;
  fc_params *const p = c->params;
  int32_t activation = o->fused_activation_function;
  const bool unclamped =
      activation == sch_ActivationFunctionType_TANH || activation == sch_ActivationFunctionType_SIGN_BIT;
  p->kind = kind_of(c);
  p->asymmetric = p->kind == FC_BLOCKS || (p->kind == FC_HYBRID && o->asymmetric_quantize_inputs);
  p->fixed = p->kind == FC_16X16 || p->kind == FC_SHUFFLED || (p->kind == FC_8 && c->in[FC_WEIGHTS]->sparsity);
  MOTE_TRY(check_format(c, p));
  const bool floats = p->kind == FC_F32 || fc_is_hybrid(p->kind);
  p->float_more = floats && unclamped ? activation : sch_ActivationFunctionType_NONE;
  if (unclamped) activation = sch_ActivationFunctionType_NONE;
  if (floats) {
    if (p->kind == FC_HYBRID) MOTE_TRY(check_weight_scales(c));
    if (p->kind == FC_BLOCKS) MOTE_TRY(fc_blocks_check(c));
    return op_activation_f32(c, activation, &p->lo, &p->hi);
  }
  MOTE_TRY(check_integers(c, p));
  return op_activation_quant(c, activation, c->out[0], &p->qlo, &p->qhi);
}

/* ---- shapes ---- */

/* Rows of the product; -1 while unknown. */
static mote_status count_rows(op_ctx *c, int32_t k, int32_t *rows) {
  const op_tensor *const in = c->in[FC_INPUT];
  size_t elements;
  *rows = -1;
  if (k < 0 || !op_shape_known(in)) return MOTE_OK;
  /* Without inputs the last dimension, 0, cannot say how many rows there are; those before it do. */
  const int32_t rank = k == 0 && in->rank > 0 ? in->rank - 1 : in->rank;
  OP_REQUIRE(c, size_dims(in->dims, rank, &elements), MOTE_ERR_LIMIT, "the input is too large");
  OP_REQUIRE(c, k ? elements % (size_t)k == 0 : op_count(in) == 0, MOTE_ERR_SHAPE,
             "the input's %zu elements do not divide into rows of %d, the width of the weights", elements, (int)k);
  const size_t n = k ? elements / (size_t)k : elements;
  OP_REQUIRE(c, n <= INT32_MAX, MOTE_ERR_LIMIT, "%zu rows are more than a dimension can hold", n);
  *rows = (int32_t)n;
  return MOTE_OK;
}

static mote_status check_counts(op_ctx *c, int32_t n) {
  const op_tensor *const bias = fc_bias(c), *const w = c->in[FC_WEIGHTS];
  if (n < 0) return MOTE_OK;
  OP_REQUIRE(c, !bias || !op_shape_known(bias) || op_count(bias) == (size_t)n, MOTE_ERR_SHAPE,
             "the bias has %zu elements for %d outputs", op_count(bias), (int)n);
  if (w->quant->block_size > 0) return MOTE_OK;
  OP_REQUIRE(c, w->type == MOTE_FLOAT32 || w->quant->count == 1 || w->quant->count == n, MOTE_ERR_MODEL,
             "the weights have %d scales for %d outputs", (int)w->quant->count, (int)n);
  return MOTE_OK;
}

static mote_status infer_shuffled(op_ctx *c, int32_t rows, int32_t n, int32_t k) {
  OP_REQUIRE(c, (n < 0 || n % 4 == 0) && (k < 0 || k % 16 == 0), MOTE_ERR_SHAPE,
             "shuffled weights come in blocks of 4x16, which do not divide %dx%d", (int)n, (int)k);
  OP_REQUIRE(c, rows < 0 || rows == 1 || rows == 4, MOTE_ERR_SHAPE,
             "shuffled weights take 1 or 4 rows of input, not %d", (int)rows);
  op_same_shape(c->out[1], c->in[FC_INPUT]);
  return MOTE_OK;
}

static mote_status infer_wide(op_ctx *c) {
  const sch_FullyConnectedOptions *const o = c->options;
  const fc_params *const p = c->params;
  const op_tensor *const in = c->in[FC_INPUT], *const w = c->in[FC_WEIGHTS];
  op_tensor *const out = c->out[0];
  OP_REQUIRE(c, w->rank == 2 || w->rank < 0, MOTE_ERR_SHAPE, "the weights have rank %d; it must be 2", (int)w->rank);
  const int32_t n = w->rank < 0 ? -1 : w->dims[0], k = w->rank < 0 ? -1 : w->dims[1];
  int32_t rows;
  MOTE_TRY(count_rows(c, k, &rows));
  MOTE_TRY(check_counts(c, n));
  if (p->kind == FC_SHUFFLED) MOTE_TRY(infer_shuffled(c, rows, n, k));
  if (p->kind == FC_BLOCKS) MOTE_TRY(fc_blocks_infer(c, n, k));
  if (!o->keep_num_dims) {
    op_set_shape(out, 2, (const int32_t[]){rows, n});
    return MOTE_OK;
  }
  out->rank = -1;
  if (in->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, in->rank >= 1, MOTE_ERR_SHAPE, "the input is a scalar, whose dimensions cannot be kept");
  const int32_t last = in->dims[in->rank - 1];
  OP_REQUIRE(c, last < 0 || k < 0 || last == k, MOTE_ERR_SHAPE,
             "the input's last dimension is %d, but the weights are %d wide", (int)last, (int)k);
  op_same_shape(out, in);
  out->dims[out->rank - 1] = n;
  return MOTE_OK;
}

/* ---- what is made from the weights ---- */

/* Rows for which weights that are computed in the run are worth packing. */
enum { WORTH_PACKING = 8 };

/* By inner products: always for 16 bits; for 8 where kernels have no vectors; for outputs too few to fill a kernel; and
 * for weights that are not constant, unless there are many rows. m is SIZE_MAX for constant weights. */
static bool by_dots(const op_ctx *c, fc_kind kind, size_t m) {
  const bool eight = kind == FC_8 || kind == FC_HYBRID, no_vectors = eight && c->isa == CPU_SCALAR;
  if (kind != FC_F32 && !eight) return true;
  return no_vectors || c->in[FC_WEIGHTS]->dims[0] <= 2 || m < WORTH_PACKING;
}

/* Whether the sums of the weights are needed. */
static bool takes_sums(const fc_params *params) { return params->kind == FC_HYBRID && params->asymmetric; }

static mote_status lay_block(op_ctx *c, const fc_params *params, fc_plan *p) {
  const op_tensor *const w = c->in[FC_WEIGHTS];
  fc_block *const b = &p->block;
  const bool integers = params->kind != FC_F32 && !fc_is_hybrid(params->kind);
  size_t pack = 0;
  bool fits = true;
  scratch_layout l = {0};
  p->n = (size_t)w->dims[0];
  p->k = (size_t)w->dims[1];
  if (!p->dots && params->kind == FC_F32) fits = kern_gemm_f32(c->isa)->packed_bytes(p->n, p->k, &pack);
  else if (!p->dots) fits = kern_gemm_s8(c->isa)->packed_bytes(p->n, p->k, &pack);
  b->scale = scratch_part(&l, integers && !params->fixed ? p->n : 0, sizeof(double));
  b->mult = scratch_part(&l, integers && params->fixed ? p->n : 0, sizeof(fx_mult));
  b->sums = scratch_part(&l, takes_sums(params) ? p->n : 0, sizeof(int32_t));
  b->pack = scratch_part(&l, 1, pack);
  b->bytes = l.bytes;
  OP_REQUIRE(c, fits && !l.too_large, MOTE_ERR_LIMIT, "the packed weights are larger than this machine can address");
  return MOTE_OK;
}

typedef struct fill_arg {
  const op_ctx *c;
  const fc_params *params;
  const fc_plan *plan;
} fill_arg;

static void fill_scales(const fill_arg *f, uint8_t *to) {
  const fc_plan *const p = f->plan;
  double *const scale = (double *)(void *)(to + p->block.scale);
  fx_mult *const mult = (fx_mult *)(void *)(to + p->block.mult);
  for (size_t i = 0; i < p->n; i++) {
    const double real = real_scale(f->c, (int32_t)i, f->params->fixed);
    if (f->params->fixed) mult[i] = fx_quantize_multiplier(real);
    else scale[i] = real;
  }
}

static void fill_pack(const fill_arg *f, void *pack) {
  const fc_plan *const p = f->plan;
  const op_tensor *const in = f->c->in[FC_INPUT], *const w = f->c->in[FC_WEIGHTS], *const bias = fc_bias(f->c);
  const bool hybrid = f->params->kind == FC_HYBRID;
  if (f->params->kind == FC_F32) {
    kern_gemm_f32(f->c->isa)->pack(pack, w->data, p->n, p->k, bias ? bias->data : NULL);
    return;
  }
  /* Hybrid weights are int8, also where a file says uint8: old converters wrote them so. */
  const gemm_s8_weights weights = {.n = p->n,
                                   .k = p->k,
                                   .w = w->data,
                                   .w_signed = hybrid || w->type == MOTE_INT8,
                                   .a_signed = hybrid || in->type == MOTE_INT8,
                                   .w_zero = hybrid ? 0 : w->zero_point,
                                   .a_zero = hybrid ? 0 : in->zero_point,
                                   .bias = bias && !hybrid ? bias->data : NULL};
  kern_gemm_s8(f->c->isa)->pack(pack, &weights);
}

static void fill(void *to, const void *arg) {
  const fill_arg *const f = arg;
  const fc_plan *const p = f->plan;
  if (!p->dots) fill_pack(f, (uint8_t *)to + p->block.pack);
  if (f->params->kind != FC_F32 && !fc_is_hybrid(f->params->kind)) fill_scales(f, to);
  int32_t *const sums = (int32_t *)(void *)((uint8_t *)to + p->block.sums);
  for (size_t i = 0; takes_sums(f->params) && i < p->n; i++)
    sums[i] = sum_s8((const int8_t *)f->c->in[FC_WEIGHTS]->data + i * p->k, p->k);
}

/* All that a block depends on besides the weights' data, the bias and the scales. */
typedef struct block_key {
  uint64_t n, k;
  int32_t zero_points[2], types[2];
  float scales[2];
  int32_t flags[2];
} block_key;

static mote_status prepare_wide(op_ctx *c) {
  fc_params *const params = c->params;
  const op_tensor *const in = c->in[FC_INPUT], *const w = c->in[FC_WEIGHTS], *const bias = fc_bias(c);
  const bool takes_bias = bias && (params->kind == FC_F32 || params->kind == FC_8);
  if (params->kind == FC_BLOCKS || !op_is_const(w) || w->rank != 2 || (takes_bias && !op_is_const(bias)))
    return MOTE_OK;
  fc_plan p = {.dots = by_dots(c, params->kind, SIZE_MAX)};
  MOTE_TRY(lay_block(c, params, &p));
  const block_key key = {.n = p.n,
                         .k = p.k,
                         .zero_points = {in->zero_point, w->zero_point},
                         .types = {(int32_t)in->type, (int32_t)w->type},
                         .scales = {in->scale, c->out[0]->scale},
                         .flags = {params->fixed, params->asymmetric}};
  const fill_arg f = {.c = c, .params = params, .plan = &p};
  const pack_request r = {.source = w->data,
                          .kind = PACK_FULLY_CONNECTED,
                          .made_from = {{&key, sizeof key},
                                        {w->quant->scale, (size_t)w->quant->count * sizeof(float)},
                                        {takes_bias ? bias->data : NULL, takes_bias ? bias->bytes : 0}},
                          .bytes = p.block.bytes,
                          .fill = fill,
                          .arg = &f};
  if (!p.dots) c->consumed |= 1u << FC_WEIGHTS;
  if (!p.dots && takes_bias) c->consumed |= 1u << FC_BIAS;
  return pack_constant(c, &r, &params->block);
}

/* ---- plan ---- */

/* How rows lie before the kernel. */
static void lay_rows(const op_ctx *c, const fc_params *params, fc_plan *p) {
  const bool hybrid = fc_is_hybrid(params->kind), is_signed = hybrid || c->in[FC_INPUT]->type == MOTE_INT8;
  p->staged = false;
  p->row_bytes = p->k * (hybrid ? 1 : (size_t)mote_type_bits(c->in[FC_INPUT]->type) / 8);
  p->quantized_row = hybrid ? p->k : 0;
  if (p->dots || params->kind == FC_F32) return;
  const gemm_s8 *const g = kern_gemm_s8(c->isa);
  /* Rows that were quantized just now may be as long as the kernel likes. */
  if (hybrid) p->quantized_row = (p->k + g->k_align - 1) / g->k_align * g->k_align;
  p->staged = g->direct != (is_signed ? GEMM_S8_SIGNED : GEMM_S8_UNSIGNED) || (!hybrid && p->k % g->k_align);
  if (p->staged) p->row_bytes = gemm_s8_staged(g, p->k);
  else if (hybrid) p->row_bytes = p->quantized_row;
}

static mote_status lay_scratch(op_ctx *c, const fc_params *params, fc_plan *p) {
  const bool hybrid = fc_is_hybrid(params->kind), sums_up = params->kind == FC_HYBRID || params->kind == FC_8;
  const size_t rows = params->kind == FC_BLOCKS ? 1 : p->staged ? p->tiles.rows : 0;
  scratch_layout worker = {0}, all = {0};
  p->rows_at = scratch_part(&worker, rows, p->row_bytes);
  p->acc_at = scratch_part(&worker, sums_up ? p->tiles.rows * p->acc_cols : 0, sizeof(int32_t));
  p->sums_at = scratch_part(&worker, sums_up ? p->tiles.rows : 0, sizeof(int32_t));
  p->worker_bytes = worker.bytes;
  p->block_at = scratch_part(&all, 1, params->block ? 0 : p->block.bytes);
  p->quantized_at = scratch_part(&all, p->m, p->quantized_row);
  p->heads_at = scratch_part(&all, hybrid ? p->m : 0, sizeof(fc_row));
  p->workers_at = scratch_part(&all, (size_t)c->workers, p->worker_bytes);
  all.too_large |= worker.too_large;
  return scratch_done(c, &all);
}

static mote_status plan_wide(op_ctx *c) {
  const fc_params *const params = c->params;
  fc_plan *const p = c->record;
  int32_t rows;
  MOTE_TRY(count_rows(c, c->in[FC_WEIGHTS]->dims[1], &rows));
  p->dots = by_dots(c, params->kind, params->block ? SIZE_MAX : (size_t)rows);
  MOTE_TRY(lay_block(c, params, p));
  OP_REQUIRE(c, p->k < SIZE_MAX / 16, MOTE_ERR_LIMIT, "a row of the weights is larger than this machine can address");
  p->m = (size_t)rows;
  lay_rows(c, params, p);
  size_t mr = 4, nr = 1;
  if (!p->dots && params->kind == FC_F32) mr = kern_gemm_f32(c->isa)->mr, nr = kern_gemm_f32(c->isa)->nr;
  else if (!p->dots) mr = kern_gemm_s8(c->isa)->mr, nr = kern_gemm_s8(c->isa)->nr;
  const bool blocks = params->kind == FC_BLOCKS; /* tasks are columns of all rows */
  const tiles_product product = {
      .products = 1, .m = blocks ? 1 : p->m, .n = p->n, .k = p->k, .row_bytes = p->row_bytes, .mr = mr, .nr = nr};
  p->tiles = tiles_cut(&product);
  p->acc_cols = tiles_step(&p->tiles, nr);
  c->macs = (uint64_t)p->m * p->n * p->k;
  return lay_scratch(c, params, p);
}

/* ---- run ---- */

static mote_status run_wide(op_ctx *c) {
  const fc_params *const params = c->params;
  const fc_plan *const p = c->record;
  uint8_t *const scratch = c->scratch;
  fc_job j = {.c = c,
              .params = params,
              .plan = p,
              .block = params->block,
              .input = c->in[FC_INPUT]->data,
              .input_row = p->k * (size_t)mote_type_bits(c->in[FC_INPUT]->type) / 8,
              .heads = (const fc_row *)(const void *)(scratch + p->heads_at),
              .workers = scratch + p->workers_at};
  if (p->m == 0 || p->n == 0) return MOTE_OK;
  if (p->k == 0) { /* the reference leaves the bias out too */
    memset(c->out[0]->data, 0, c->out[0]->bytes);
    return MOTE_OK;
  }
  if (!j.block) {
    fill(scratch + p->block_at, &(fill_arg){.c = c, .params = params, .plan = p});
    j.block = scratch + p->block_at;
  }
  if (params->kind == FC_SHUFFLED) {
    fc_shuffled(&j);
    return MOTE_OK;
  }
  if (fc_is_hybrid(params->kind)) {
    op_parallel(c, p->m, fc_quantize_row, &j);
    j.input = scratch + p->quantized_at;
    j.input_row = p->quantized_row;
  }
  op_parallel(c, p->tiles.row_tiles * p->tiles.col_tiles, params->kind == FC_BLOCKS ? fc_blocks_tile : fc_tile, &j);
  OP_POLL(c);
  return MOTE_OK;
}

/* ---- weights of 4 and 2 bits ---- */

static mote_status with_wide(op_ctx *c, low_bits_when when, op_phase phase) {
  if (c->in[FC_WEIGHTS]->quant->block_size > 0) return phase(c); /* they stay packed */
  return low_bits_phase(c, FC_WEIGHTS, &((fc_params *)c->params)->low, when, phase);
}

static mote_status check(op_ctx *c) { return with_wide(c, LOW_BITS_CHECK, check_wide); }
static mote_status prepare(op_ctx *c) { return with_wide(c, LOW_BITS_PREPARE, prepare_wide); }
static mote_status infer(op_ctx *c) { return with_wide(c, LOW_BITS_INFER, infer_wide); }
static mote_status plan(op_ctx *c) { return with_wide(c, LOW_BITS_PLAN, plan_wide); }
static mote_status run(op_ctx *c) { return with_wide(c, LOW_BITS_RUN, run_wide); }

const mote_op op_fully_connected = {
    .name = "FULLY_CONNECTED",
    .code = sch_BuiltinOperator_FULLY_CONNECTED,
    .versions = 14,
    .options = sch_BuiltinOptions_FullyConnectedOptions,
    .inputs_min = 2,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 2,
    .optional = 1u << FC_BIAS,
    .types =
        "f32 f32|i8|u8|" LOW_BITS " f32 > f32; i8 i8|" LOW_BITS " i32 > i8; u8 u8 i32 > u8|i16; u8 u8 i32 > i16 u8; "
        "i16 i8|i16|" LOW_BITS " i32|i64 > i16",
    .params_size = sizeof(fc_params),
    .record_size = sizeof(fc_plan),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "int8 weights may have a scale for each output; float inputs by int8 weights are quantized row by row; a "
             "second output goes with weights in blocks of 4x16.",
};
