/* curve.c: functions of one number that may be quantized: ABS, EXP, LOG, SQRT, RSQRT, TANH, ELU, GELU, HARD_SWISH.
 *
 * In 8 bits each is a table of 256 bytes, in int16 a table that is interpolated (ABS, SQRT and TANH aside); floats are
 * loops of kernels/map.h and kernels/real.h.
 */
#include <math.h>

#include "base/fixed.h"
#include "kernels/real.h"
#include "operators/unary.h"

typedef struct curve_params {
  union {
    uint8_t table[256];
    int16_t lut[UNARY_LUT_SIZE];
    map_logistic16 tanh16;
    map_requant requant;
    real_map real;
  } u;
} curve_params;

/* ---- the functions in float, as tables have them ---- */

static float exp_of(float x, const op_tensor *y) {
  (void)y;
  return expf(x);
}

/* Below its domain the logarithm is the least that the output holds. */
static float log_of(float x, const op_tensor *y) {
  int32_t lo, hi;
  op_type_range(y->type, &lo, &hi);
  return x <= 0 ? (float)(lo - y->zero_point) * y->scale : logf(x);
}

static float rsqrt_of(float x, const op_tensor *y) { return x <= 0 ? 32767.0f * y->scale : 1.0f / sqrtf(x); }

static float tanh_of(float x, const op_tensor *y) {
  (void)y;
  return tanhf(x);
}

static float elu_of(float x, const op_tensor *y) {
  (void)y;
  return kern_real_f32(REAL_ELU, x);
}

static float gelu_of(float x, const op_tensor *y) {
  (void)y;
  return kern_real_f32(REAL_GELU, x);
}

static float gelu_tanh_of(float x, const op_tensor *y) {
  (void)y;
  return kern_real_f32(REAL_GELU_TANH, x);
}

typedef struct rule {
  int32_t code;
  real_op op;
  unary_function of; /* NULL: quantized by a rule of its own */
} rule;

static rule rule_of(const op_ctx *c) {
  static const rule rules[] = {
      {sch_BuiltinOperator_ABS, REAL_ABS, NULL},
      {sch_BuiltinOperator_EXP, REAL_EXP, exp_of},
      {sch_BuiltinOperator_LOG, REAL_LOG, log_of},
      {sch_BuiltinOperator_SQRT, REAL_SQRT, NULL},
      {sch_BuiltinOperator_RSQRT, REAL_RSQRT, rsqrt_of},
      {sch_BuiltinOperator_TANH, REAL_TANH, tanh_of},
      {sch_BuiltinOperator_ELU, REAL_ELU, elu_of},
      {sch_BuiltinOperator_GELU, REAL_GELU, gelu_of},
      {sch_BuiltinOperator_HARD_SWISH, REAL_HARD_SWISH, NULL},
  };
  const rule *r = rules;
  while (r->code != c->op->code) r++;
  if (r->op == REAL_GELU && ((const sch_GeluOptions *)c->options)->approximate)
    return (rule){r->code, REAL_GELU_TANH, gelu_tanh_of};
  return *r;
}

/* ---- quantized by a rule of their own ---- */

static int32_t abs_one(const map_requant *q, int32_t x) {
  const int32_t d = x - q->x_zero;
  return fx_clamp((int64_t)fx_mbqm(d < 0 ? -d : d, q->mult) + q->y_zero, q->lo, q->hi);
}

static void abs_16(const void *x, void *y, size_t n, const void *params) {
  for (size_t i = 0; i < n; i++) ((int16_t *)y)[i] = (int16_t)abs_one(params, ((const int16_t *)x)[i]);
}

static void check_abs(op_ctx *c, curve_params *p) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  map_requant q = {.x_zero = x->zero_point, .y_zero = y->zero_point};
  q.mult = fx_quantize_multiplier(x->scale / y->scale);
  op_type_range(y->type, &q.lo, &q.hi);
  if (!unary_is_8_bit(x)) p->u.requant = q;
  else
    for (int i = 0; i < 256; i++) p->u.table[i] = (uint8_t)abs_one(&q, unary_byte(x, i));
}

/* In float, and what is behind the point is dropped. */
static int32_t sqrt_one(const op_tensor *x, const op_tensor *y, int32_t v) {
  int32_t lo, hi;
  op_type_range(y->type, &lo, &hi);
  const float value = x->scale * (float)(v - x->zero_point);
  return value < 0 ? lo : fx_clamp((int64_t)fx_to_i32(sqrtf(value) / y->scale) + y->zero_point, lo, hi);
}

/* By the reciprocal root in fixed point; 0 gives the largest value. */
static int32_t rsqrt_one(const op_tensor *x, const op_tensor *y, int32_t v) {
  enum { SPARE = 20 };
  const int32_t d = v - x->zero_point;
  if (d <= 0) return INT8_MAX;
  const fx_mult root = fx_inv_sqrt(d, -1), scale = fx_quantize_multiplier(1.0 / (sqrtf(x->scale) * y->scale));
  if (scale.shift < SPARE - 31) return y->zero_point; /* too coarse for any root */
  const int32_t r = fx_mbqm(1, (fx_mult){root.m, root.shift + SPARE});
  return fx_clamp((int64_t)fx_mbqm(r, (fx_mult){scale.m, scale.shift - SPARE}) + y->zero_point, INT8_MIN, INT8_MAX);
}

/* A multiplier in 16 bits. */
static int16_t in_16_bits(int32_t m) {
  return (int16_t)(m >= INT32_MAX - (1 << 15) ? INT16_MAX : (m + (1 << 15)) >> 16);
}

static int16_t shift_left(int16_t x, int by) { return fx_sat16((int64_t)x * (INT64_C(1) << by)); }

/* x * relu6(x + 3) / 6 in int16: the second factor is a ramp from 0 to 1, for which a scale of 3/32768 makes the
 * saturation of int16 do the clamping. */
static int32_t hard_swish_one(const op_tensor *x, const op_tensor *y, int32_t v) {
  const float fine = (1.0f / 128.0f) * x->scale;
  const fx_mult out = fx_quantize_multiplier((double)(fine / y->scale));
  const fx_mult ramp = fx_quantize_multiplier((double)(fine / (3.0f / 32768.0f)));
  int32_t lo, hi;
  op_type_range(y->type, &lo, &hi);
  const int16_t wide = (int16_t)((v - x->zero_point) * 128);
  const int16_t scaled = fx_srdhm16(wide, in_16_bits(out.m));
  int16_t r = wide;
  if (ramp.shift > 0) r = shift_left(r, ramp.shift - 1);
  r = fx_srdhm16(r, in_16_bits(ramp.m));
  if (ramp.shift > 0) r = shift_left(r, 1);
  if (ramp.shift < 0) r = (int16_t)fx_rdbp(r, -ramp.shift);
  r = (int16_t)((r + (1 << 15)) >> 1);
  const int32_t product = fx_clamp((int64_t)r * scaled / (1 << 15), INT16_MIN, INT16_MAX);
  return fx_clamp((int64_t)fx_rdbp(product, out.shift < 0 ? -out.shift : 0) + y->zero_point, lo, hi);
}

static void fill(op_ctx *c, int32_t (*one)(const op_tensor *x, const op_tensor *y, int32_t v)) {
  uint8_t *const table = ((curve_params *)c->params)->u.table;
  for (int i = 0; i < 256; i++) table[i] = (uint8_t)one(c->in[0], c->out[0], unary_byte(c->in[0], i));
}

/* ---- check ---- */

static mote_status check_8(op_ctx *c, curve_params *p) {
  const rule r = rule_of(c);
  switch ((int)r.op) {
    case REAL_ABS: check_abs(c, p); return MOTE_OK;
    case REAL_SQRT: fill(c, sqrt_one); return MOTE_OK;
    case REAL_RSQRT: fill(c, rsqrt_one); return MOTE_OK;
    case REAL_HARD_SWISH:
      OP_REQUIRE(c, c->in[0]->scale / 128.0f / c->out[0]->scale < 1, MOTE_ERR_MODEL,
                 "the input scale %g is more than 128 times the output scale %g", (double)c->in[0]->scale,
                 (double)c->out[0]->scale);
      fill(c, hard_swish_one);
      return MOTE_OK;
    default: unary_fill_table(c->in[0], c->out[0], r.of, p->u.table); return MOTE_OK;
  }
}

static mote_status check(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  const rule r = rule_of(c);
  curve_params *p = c->params;
  p->u.real = (real_map){x->type, r.op};
  const bool plain_abs = r.op == REAL_ABS && !x->quant->count && !y->quant->count;
  if (num_class_of(x->type) == NUM_F32 || x->type == MOTE_INT32 || plain_abs) return MOTE_OK;
  MOTE_TRY(unary_need_scales(c));
  if (unary_is_8_bit(x)) return check_8(c, p);
  if (r.op == REAL_TANH) return unary_logistic16(c, 1, &p->u.tanh16);
  OP_REQUIRE(c, x->zero_point == 0 && y->zero_point == 0, MOTE_ERR_MODEL,
             "int16 needs zero points 0, and here they are %d and %d", (int)x->zero_point, (int)y->zero_point);
  if (r.op == REAL_ABS) check_abs(c, p);
  else if (r.op != REAL_SQRT) unary_fill_lut(x, y, r.of, p->u.lut);
  return MOTE_OK;
}

/* ---- run ---- */

/* Roots of quantized numbers below 0 are errors. */
static mote_status check_roots(op_ctx *c) {
  const op_tensor *x = c->in[0];
  const bool roots = c->op->code == sch_BuiltinOperator_SQRT || c->op->code == sch_BuiltinOperator_RSQRT;
  if (!roots || x->type == MOTE_FLOAT32) return MOTE_OK;
  const size_t n = op_count(x);
  for (size_t i = 0; i < n; i++)
    OP_REQUIRE(c, op_int_at(x, i) >= x->zero_point, MOTE_ERR_RUN,
               "element %zu is %lld, which is below the zero point %d: negative numbers have no root", i,
               (long long)op_int_at(x, i), (int)x->zero_point);
  return MOTE_OK;
}

static void run_sqrt_16(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  const size_t n = op_count(x);
  for (size_t i = 0; i < n; i++) ((int16_t *)y->data)[i] = (int16_t)sqrt_one(x, y, ((const int16_t *)x->data)[i]);
}

static mote_status run(op_ctx *c) {
  const op_tensor *x = c->in[0];
  const real_op op = rule_of(c).op;
  const bool plain = op == REAL_ABS && !x->quant->count && !c->out[0]->quant->count;
  MOTE_TRY(check_roots(c));
  if (unary_is_8_bit(x) && !plain) unary_run(c, map_lut_8[c->isa], c->params);
  else if (x->type == MOTE_INT16 && !plain) {
    if (op == REAL_SQRT) run_sqrt_16(c);
    else unary_run(c, op == REAL_TANH ? kern_tanh_16 : op == REAL_ABS ? abs_16 : kern_lut_16, c->params);
  } else if (x->type == MOTE_FLOAT32 && op == REAL_EXP) unary_run(c, map_exp_f32[c->isa], NULL);
  else if (x->type == MOTE_FLOAT32 && op == REAL_TANH) unary_run(c, map_tanh_f32[c->isa], NULL);
  else unary_run(c, kern_real_run, c->params);
  return MOTE_OK;
}

#define CURVE(symbol, code_name, version, taken, ...)                                                                  \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = version,                                                                                             \
      .inputs_min = 1,                                                                                                 \
      .inputs_max = 1,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = taken " > =",                                                                                           \
      .traits = OP_INPLACE_0,                                                                                          \
      .params_size = sizeof(curve_params),                                                                             \
      .check = check,                                                                                                  \
      .infer = unary_infer,                                                                                            \
      .run = run,                                                                                                      \
      __VA_ARGS__,                                                                                                     \
  };

CURVE(abs, ABS, 5, "f32|i8|i16|i32", .options = sch_BuiltinOptions_AbsOptions,
      .notes = "Rescales where the scales differ.")
CURVE(exp, EXP, 2, "f32|i8|i16", .options = sch_BuiltinOptions_ExpOptions)
CURVE(log, LOG, 2, "f32|i8|i16", .notes = "Quantized numbers up to 0 give the least that the output holds.")
CURVE(sqrt, SQRT, 2, "f32|i8|i16", .notes = "Quantized numbers below 0 are an error.")
CURVE(rsqrt, RSQRT, 3, "f32|i8|i16", .notes = "Quantized numbers below 0 are an error.")
CURVE(tanh, TANH, 3, "f32|f16|bf16|i8|u8|i16", .notes = "The output scale of int16 is 1/32768.")
CURVE(elu, ELU, 1, "f32|i8", .notes = NULL)
CURVE(gelu, GELU, 3, "f32|f16|i8|u8|i16", .options = sch_BuiltinOptions_GeluOptions)
CURVE(hard_swish, HARD_SWISH, 1, "f32|i8|u8", .options = sch_BuiltinOptions_HardSwishOptions)
