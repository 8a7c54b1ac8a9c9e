/* softmax.c: SOFTMAX over the last dimension: y = e^(beta (x - max)) / sum of the same.
 *
 * 8-bit inputs have 256 possible differences to the largest element, so the exponentials are a table made once; 16-bit
 * ones interpolate in the two tables of TFLite's kernel.
 */
#include <math.h>

#include "base/fixed.h"
#include "kernels/number.h"
#include "kernels/softmax_f32.h"
#include "operators/op.h"

enum { ACCUMULATOR_BITS = 12, LUT_SIZE = 513, TASK_ELEMENTS = 16384 };

typedef struct softmax_params {
  float beta;
  int32_t exp[256];              /* 8 bits: e^-(beta scale d), Q0.31 */
  fx_mult to_table;              /* 16 bits: difference to the domain of exp_lut */
  int16_t exp_lut[LUT_SIZE];     /* 16 bits: e^x for x in [-10, 0] */
  int16_t inverse_lut[LUT_SIZE]; /* 16 bits: 1 / (1 + x) for x in [0, 1] */
} softmax_params;

static bool near(float scale, float want) { return fabsf(scale / want - 1.0f) < 0.01f; }

/* The output's range is [0, 1) and its quantization is fixed; from 8 bits to 16 it uses all codes. */
static mote_status check_output(op_ctx *c, float scale, int32_t zero_point) {
  const op_tensor *const out = c->out[0];
  OP_REQUIRE(c, near(out->scale, scale) && out->zero_point == zero_point, MOTE_ERR_MODEL,
             "the output has scale %g and zero point %d; %s needs 1/%d and %d", (double)out->scale,
             (int)out->zero_point, mote_type_name(out->type), (int)(1.0f / scale), (int)zero_point);
  return MOTE_OK;
}

static mote_status check(op_ctx *c) {
  const sch_SoftmaxOptions *const o = c->options;
  if (num_class_of(c->in[0]->type) == NUM_F32) return MOTE_OK;
  MOTE_TRY(op_need_scale(c, c->in[0]));
  MOTE_TRY(op_need_scale(c, c->out[0]));
  OP_REQUIRE(c, o->beta >= 0 && isfinite(o->beta), MOTE_ERR_MODEL, "beta is %g; quantized inputs need 0 or more",
             (double)o->beta);
  switch (c->out[0]->type) {
    case MOTE_INT8: return check_output(c, 1.0f / 256, -128);
    case MOTE_UINT8: return check_output(c, 1.0f / 256, 0);
    default:
      return c->in[0]->type == MOTE_INT16 ? check_output(c, 1.0f / 32768, 0) : check_output(c, 1.0f / 65536, -32768);
  }
}

/* Differences beyond what Q5.26 holds count as minus infinity: their entries stay 0. */
static void fill_exp(softmax_params *p, double scale) {
  const double exact = p->beta * scale * (1 << 26), multiplier = exact < INT32_MAX ? exact : INT32_MAX;
  const fx_mult q = fx_quantize_multiplier(multiplier);
  const double radius = floor(ldexp(31.0 * (1 << 26), -q.shift));
  for (int32_t d = 0; d < 256 && d <= radius; d++) p->exp[d] = fx_exp_negative(fx_mbqm(-d, q), 5);
}

static double exp_of(double x) { return exp(x); }
static double inverse_of(double x) { return 1.0 / (1.0 + x); }

/* 512 segments over [lo, hi], values times `unit`; each sample is moved by half the error in its segment's middle. */
static void fill_lut(int16_t *lut, double (*f)(double), double lo, double hi, double unit) {
  const double step = (hi - lo) / (LUT_SIZE - 1);
  for (int i = 0; i < LUT_SIZE - 1; i++) {
    const double x = lo + i * step;
    const double sample = fx_round(f(x) * unit);
    const double between = fx_round((f(lo + (i + 1) * step) * unit + sample) / 2);
    const double bias = fx_round((between - fx_round(f(x + step / 2) * unit)) / 2);
    lut[i] = fx_sat16((int64_t)(sample - bias));
  }
  lut[LUT_SIZE - 1] = fx_sat16((int64_t)fx_round(f(hi) * unit));
}

static int32_t lut_at(const int16_t *lut, int16_t x) {
  const int i = 256 + (x >> 7), offset = x & 127;
  return lut[i] + (((lut[i + 1] - lut[i]) * offset + 64) >> 7);
}

static mote_status prepare(op_ctx *c) {
  const sch_SoftmaxOptions *const o = c->options;
  softmax_params *const p = c->params;
  p->beta = o->beta;
  switch (c->in[0]->type) {
    case MOTE_INT8:
    case MOTE_UINT8: fill_exp(p, c->in[0]->scale); break;
    case MOTE_INT16:
      p->to_table = fx_quantize_multiplier((double)(c->in[0]->scale * o->beta) / (10.0 / 65535.0));
      fill_lut(p->exp_lut, exp_of, -10, 0, 32768);
      fill_lut(p->inverse_lut, inverse_of, 0, 1, 32768);
      break;
    default: break;
  }
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const x = c->in[0];
  OP_REQUIRE(c, x->rank != 0, MOTE_ERR_SHAPE, "a scalar has no last dimension to go over");
  op_same_shape(c->out[0], x);
  return MOTE_OK;
}

/* ---- rows ---- */

/* One row of 8-bit elements: `d` are the differences to the largest, so 256 answers are all there are. */
static void row_from_table(const softmax_params *p, int64_t sum, mote_type out, int32_t answer[256]) {
  int over;
  const int32_t scale = fx_reciprocal((int32_t)(sum > INT32_MAX ? INT32_MAX : sum), ACCUMULATOR_BITS, &over);
  const int shift = over + 31 - mote_type_bits(out);
  int32_t lo, hi;
  op_type_range(out, &lo, &hi);
  for (int d = 0; d < 256; d++) {
    const int32_t share = fx_srdhm32(scale, p->exp[d]);
    answer[d] = fx_clamp((int64_t)(shift > 31 ? 0 : fx_rdbp(share, shift)) + lo, lo, hi);
  }
}

static void row_i8(const softmax_params *p, const int8_t *x, void *y, mote_type out, size_t n) {
  int32_t max = INT8_MIN, answer[256];
  int64_t sum = 0;
  for (size_t i = 0; i < n; i++) max = x[i] > max ? x[i] : max;
  for (size_t i = 0; i < n; i++) sum += fx_rdbp(p->exp[max - x[i]], ACCUMULATOR_BITS);
  row_from_table(p, sum, out, answer);
  if (out == MOTE_INT8)
    for (size_t i = 0; i < n; i++) ((int8_t *)y)[i] = (int8_t)answer[max - x[i]];
  else
    for (size_t i = 0; i < n; i++) ((int16_t *)y)[i] = (int16_t)answer[max - x[i]];
}

static void row_u8(const softmax_params *p, const uint8_t *x, void *y, mote_type out, size_t n) {
  int32_t max = 0, answer[256];
  int64_t sum = 0;
  for (size_t i = 0; i < n; i++) max = x[i] > max ? x[i] : max;
  for (size_t i = 0; i < n; i++) sum += fx_rdbp(p->exp[max - x[i]], ACCUMULATOR_BITS);
  row_from_table(p, sum, out, answer);
  if (out == MOTE_UINT8)
    for (size_t i = 0; i < n; i++) ((uint8_t *)y)[i] = (uint8_t)answer[max - x[i]];
  else
    for (size_t i = 0; i < n; i++) ((int16_t *)y)[i] = (int16_t)answer[max - x[i]];
}

static int32_t exp_i16(const softmax_params *p, int32_t difference) {
  return lut_at(p->exp_lut, fx_sat16((int64_t)fx_mbqm(difference, p->to_table) + 32767));
}

static void row_i16(const softmax_params *p, const int16_t *x, int16_t *y, size_t n) {
  int32_t max = INT16_MIN;
  int64_t total = 0;
  for (size_t i = 0; i < n; i++) max = x[i] > max ? x[i] : max;
  for (size_t i = 0; i < n; i++) {
    y[i] = (int16_t)exp_i16(p, x[i] - max);
    total += y[i];
  }
  const int32_t sum = (int32_t)(total > INT32_MAX ? INT32_MAX : total);
  const int zeros = __builtin_clz((uint32_t)sum), shift = 31 - zeros;
  /* The sum as 1 + f, f in 16 bits, then 1 / (1 + f). */
  const int32_t one_plus = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
  const int32_t inverse = lut_at(p->inverse_lut, fx_sat16(one_plus - ((1 << 15) + (1 << 16))));
  const int32_t half = shift ? 1 << (shift - 1) : 0;
  for (size_t i = 0; i < n; i++) y[i] = (int16_t)fx_clamp((y[i] * inverse + half) >> shift, 0, INT16_MAX);
}

/* float16 in blocks of float; a row is read three times. */
static void row_f16(const softmax_params *p, const void *x, void *y, size_t n) {
  float block[NUM_BLOCK], max = -INFINITY, sum = 0;
  for (int pass = 0; pass < 3; pass++)
    for (size_t i = 0, m; i < n; i += m) {
      m = n - i < NUM_BLOCK ? n - i : NUM_BLOCK;
      num_read(MOTE_FLOAT16, x, i, m, block);
      for (size_t k = 0; k < m; k++) {
        if (pass == 0) max = block[k] > max ? block[k] : max;
        else block[k] = expf((block[k] - max) * p->beta);
        if (pass == 1) sum += block[k];
        if (pass == 2) block[k] /= sum;
      }
      if (pass == 2) num_write(MOTE_FLOAT16, y, i, m, block);
    }
}

/* ---- all rows ---- */

typedef struct softmax_job {
  op_ctx *c;
  const softmax_f32 *kernel;
  size_t rows, depth, rows_per_task;
} softmax_job;

static void softmax_task(void *arg, size_t task, int worker) {
  (void)worker;
  const softmax_job *const job = arg;
  const op_tensor *const x = job->c->in[0], *const y = job->c->out[0];
  const softmax_params *const p = job->c->params;
  const size_t first = task * job->rows_per_task, rest = job->rows - first, n = job->depth;
  const size_t end = first + (rest < job->rows_per_task ? rest : job->rows_per_task);
  const size_t out_bytes = (size_t)mote_type_bits(y->type) / 8;
  if (x->type == MOTE_FLOAT32) {
    job->kernel->run((float *)y->data + first * n, (const float *)x->data + first * n, end - first, n, p->beta);
    return;
  }
  for (size_t row = first; row < end; row++) {
    void *const to = (uint8_t *)y->data + row * n * out_bytes;
    switch (x->type) {
      case MOTE_INT8: row_i8(p, (const int8_t *)x->data + row * n, to, y->type, n); break;
      case MOTE_FLOAT16: row_f16(p, (const uint16_t *)x->data + row * n, to, n); break;
      case MOTE_UINT8: row_u8(p, (const uint8_t *)x->data + row * n, to, y->type, n); break;
      default: row_i16(p, (const int16_t *)x->data + row * n, to, n); break;
    }
  }
}

static mote_status run(op_ctx *c) {
  const op_tensor *const x = c->in[0];
  softmax_job job = {.c = c, .kernel = kern_softmax_f32(c->isa)};
  job.depth = (size_t)x->dims[x->rank - 1];
  job.rows = op_span(x, 0, x->rank - 1);
  if (!job.rows || !job.depth) return MOTE_OK;
  job.rows_per_task = job.depth < TASK_ELEMENTS ? TASK_ELEMENTS / job.depth : 1;
  op_parallel(c, (job.rows + job.rows_per_task - 1) / job.rows_per_task, softmax_task, &job);
  return MOTE_OK;
}

const mote_op op_softmax = {
    .name = "SOFTMAX",
    .code = sch_BuiltinOperator_SOFTMAX,
    .versions = 4,
    .options = sch_BuiltinOptions_SoftmaxOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|f16 > =; i8 > i8|i16; u8 > u8|i16; i16 > i16",
    .traits = OP_INPLACE_0,
    .params_size = sizeof(softmax_params),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .run = run,
    .notes = "Goes over the last dimension.",
};
