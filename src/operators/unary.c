/* unary.c: RELU and its like, LEAKY_RELU, LOGISTIC, and what operators of one operand share.
 *
 * In 8 bits each is a table of 256 bytes; in 16 bits and float32 it is a loop of kernels/map.h. Functions that are no
 * activations are in curve.c and, when they are never quantized, in math.c.
 */
#include "operators/unary.h"

#include <math.h>

#include "base/fixed.h"
#include "kernels/number.h"

/* ---- running ---- */

typedef struct chunks {
  map_fn f;
  const void *params;
  const char *x;
  char *y;
  size_t x_bits, y_bits; /* of an element */
  size_t n, most;        /* elements, and of them in one task */
} chunks;

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const chunks *k = arg;
  const size_t first = index * k->most, rest = k->n - first;
  k->f(k->x + first / 8 * k->x_bits, k->y + first / 8 * k->y_bits, rest < k->most ? rest : k->most, k->params);
}

void unary_run_on(op_ctx *c, const op_tensor *x, const op_tensor *y, map_fn f, const void *params) {
  enum { TASK_BYTES = 64 * 1024 };
  chunks k = {.f = f, .params = params, .x = x->data, .y = y->data, .n = op_count(x)};
  k.x_bits = (size_t)mote_type_bits(x->type);
  k.y_bits = (size_t)mote_type_bits(y->type);
  const size_t wider = k.x_bits > k.y_bits ? k.x_bits : k.y_bits;
  k.most = TASK_BYTES / (wider < 8 ? 8 : wider) * 8; /* a multiple of 8 */
  op_parallel(c, (k.n + k.most - 1) / k.most, task, &k);
}

void unary_run(op_ctx *c, map_fn f, const void *params) { unary_run_on(c, c->in[0], c->out[0], f, params); }

/* ---- parameters ---- */

typedef struct unary_params {
  union {
    uint8_t table[256]; /* 8 bits, by the byte */
    map_requant requant;
    map_logistic16 logistic16;
    map_clamp clamp;
    map_alpha alpha;
  } u;
} unary_params;

mote_status unary_need_scales(op_ctx *c) {
  MOTE_TRY(op_need_scale(c, c->in[0]));
  return op_need_scale(c, c->out[0]);
}

mote_status unary_infer(op_ctx *c) {
  op_same_shape(c->out[0], c->in[0]);
  return MOTE_OK;
}

/* ---- tables ---- */

void unary_fill_table(const op_tensor *x, const op_tensor *y, unary_function f, uint8_t table[256]) {
  int32_t lo, hi;
  op_type_range(y->type, &lo, &hi);
  const float inverse = 1 / y->scale;
  for (int i = 0; i < 256; i++) {
    const float at = x->scale * (float)(unary_byte(x, i) - x->zero_point);
    const float q = roundf(f(at, y) * inverse) + (float)y->zero_point;
    table[i] = (uint8_t)fx_clamp(fx_to_i32(q), lo, hi);
  }
}

/* 512 segments over the whole range; each sample is moved by half the error in its segment's middle. */
void unary_fill_lut(const op_tensor *x, const op_tensor *y, unary_function f, int16_t lut[UNARY_LUT_SIZE]) {
  enum { SEGMENTS = UNARY_LUT_SIZE - 1 };
  const float lo = x->scale * (float)(INT16_MIN - x->zero_point), hi = x->scale * (float)(INT16_MAX - x->zero_point);
  const float out_lo = y->scale * (float)(INT16_MIN - y->zero_point);
  const float out_hi = y->scale * (float)(INT16_MAX - y->zero_point);
  const float step = (hi - lo) / SEGMENTS, inverse = 65536.0f / (out_hi - out_lo);
  for (int i = 0; i < SEGMENTS; i++) {
    const float at = lo + (float)i * step;
    const float sample = roundf(f(at, y) * inverse);
    const float between = roundf((f(lo + (float)(i + 1) * step, y) * inverse + sample) / 2);
    const float middle = roundf(f(at + step / 2, y) * inverse);
    lut[i] = fx_sat16(fx_to_i32(sample - roundf((between - middle) / 2)));
  }
  lut[SEGMENTS] = fx_sat16(fx_to_i32(roundf(f(hi, y) * inverse)));
}

/* ---- RELU, RELU6, RELU_N1_TO_1, RELU_0_TO_1 ---- */

static map_clamp relu_bounds(const op_ctx *c) {
  switch (c->op->code) {
    case sch_BuiltinOperator_RELU: return (map_clamp){0, INFINITY};
    case sch_BuiltinOperator_RELU6: return (map_clamp){0, 6};
    case sch_BuiltinOperator_RELU_N1_TO_1: return (map_clamp){-1, 1};
    default: return (map_clamp){0, 1};
  }
}

/* What a bound is in the output's integers, within its type. */
static int32_t quantized_bound(const op_tensor *y, float bound) {
  int32_t lo, hi;
  op_type_range(y->type, &lo, &hi);
  return fx_clamp((int64_t)y->zero_point + fx_to_i32(fx_round(bound / y->scale)), lo, hi);
}

static int32_t requant_one(const map_requant *p, int32_t x) {
  return fx_clamp((int64_t)fx_mbqm(x - p->x_zero, p->mult) + p->y_zero, p->lo, p->hi);
}

/* Rescales to the output's scale, the ratio computed in float, and clamps between the activation's bounds. */
static mote_status relu_check(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  unary_params *p = c->params;
  if (x->type == MOTE_FLOAT32) {
    p->u.clamp = relu_bounds(c);
    return MOTE_OK;
  }
  MOTE_TRY(unary_need_scales(c));
  map_requant q = {.x_zero = x->zero_point, .y_zero = y->zero_point};
  q.mult = fx_quantize_multiplier(x->scale / y->scale);
  const map_clamp bounds = relu_bounds(c);
  q.lo = quantized_bound(y, bounds.lo);
  q.hi = quantized_bound(y, bounds.hi);
  if (!unary_is_8_bit(x)) p->u.requant = q;
  else
    for (int i = 0; i < 256; i++) p->u.table[i] = (uint8_t)requant_one(&q, unary_byte(x, i));
  return MOTE_OK;
}

static mote_status relu_run(op_ctx *c) {
  const mote_type type = c->in[0]->type;
  const map_fn *const f = type == MOTE_FLOAT32 ? map_clamp_f32 : type == MOTE_INT16 ? map_requant_16_16 : map_lut_8;
  unary_run(c, f[c->isa], c->params);
  return MOTE_OK;
}

/* ---- LEAKY_RELU ---- */

static int32_t leaky_one(const map_requant *p, int32_t x) {
  const int32_t d = x - p->x_zero;
  const int32_t below = fx_mbqm(d, p->negative);
  return fx_clamp((d >= 0      ? fx_mbqm(d, p->mult)
                   : p->negate ? -(int64_t)below
                               : below) +
                      (int64_t)p->y_zero,
                  p->lo, p->hi);
}

/* A negative alpha is rescaled by its magnitude, and the sign comes afterwards: that decides how halves round. */
static mote_status leaky_check(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  unary_params *p = c->params;
  const float alpha = ((const sch_LeakyReluOptions *)c->options)->alpha;
  if (x->type == MOTE_FLOAT32) {
    p->u.alpha.alpha = alpha;
    return MOTE_OK;
  }
  MOTE_TRY(unary_need_scales(c));
  map_requant q = {.x_zero = x->zero_point, .y_zero = y->zero_point, .negate = alpha < 0};
  q.mult = fx_quantize_multiplier(x->scale / y->scale);
  q.negative = fx_quantize_multiplier(fabsf(x->scale * alpha / y->scale));
  op_type_range(y->type, &q.lo, &q.hi);
  if (!unary_is_8_bit(x)) p->u.requant = q;
  else
    for (int i = 0; i < 256; i++) p->u.table[i] = (uint8_t)leaky_one(&q, unary_byte(x, i));
  return MOTE_OK;
}

static mote_status leaky_run(op_ctx *c) {
  const mote_type type = c->in[0]->type;
  const map_fn *const f = type == MOTE_FLOAT32 ? map_leaky_f32 : type == MOTE_INT16 ? map_leaky_16 : map_lut_8;
  unary_run(c, f[c->isa], c->params);
  return MOTE_OK;
}

/* ---- LOGISTIC ---- */

static float logistic(float x, const op_tensor *y) {
  (void)y;
  return 1.0f / (1.0f + expf(-x));
}

mote_status unary_logistic16(op_ctx *c, int most_left, map_logistic16 *p) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  OP_REQUIRE(c, y->scale == 0x1p-15f && y->zero_point == 0 && x->zero_point == 0, MOTE_ERR_MODEL,
             "int16 needs zero points 0 and the output scale 1/32768, and here the zero points are %d and %d and the "
             "output scale is %g",
             (int)x->zero_point, (int)y->zero_point, (double)y->scale);
  const float log2 = logf(x->scale) * (1.0f / logf(2.0f)), whole = roundf(log2);
  if (fabsf(log2 - whole) < 1e-3f && whole >= -12 && whole <= (float)(most_left - 12)) {
    *p = (map_logistic16){.multiplier = 3 << ((int)whole + 12), .shift = 0};
    return MOTE_OK;
  }
  double multiplier = (double)x->scale * 4096 * 3;
  p->shift = 0;
  while (multiplier <= 32767.0 / 2 && p->shift <= 30) multiplier *= 2, p->shift++;
  p->multiplier = fx_to_i32(multiplier);
  return MOTE_OK;
}

static mote_status logistic_check(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  unary_params *p = c->params;
  if (num_class_of(x->type) == NUM_F32) return MOTE_OK;
  MOTE_TRY(unary_need_scales(c));
  if (!unary_is_8_bit(x)) return unary_logistic16(c, 0, &p->u.logistic16);
  OP_REQUIRE(c, y->scale == 1.0f / 256, MOTE_ERR_MODEL, "the output scale must be 1/256 in 8 bits, and here it is %g",
             (double)y->scale);
  unary_fill_table(x, y, logistic, p->u.table);
  return MOTE_OK;
}

/* Small floats go through float32. */
typedef struct logistic_half {
  mote_type type;
  map_fn kernel;
} logistic_half;

static void logistic_run_half(const void *x, void *y, size_t n, const void *params) {
  const logistic_half *const h = params;
  float block[NUM_BLOCK];
  for (size_t i = 0, m; i < n; i += m) {
    m = n - i < NUM_BLOCK ? n - i : NUM_BLOCK;
    h->kernel(num_read(h->type, x, i, m, block), block, m, NULL);
    num_write(h->type, y, i, m, block);
  }
}

static mote_status logistic_run(op_ctx *c) {
  const mote_type type = c->in[0]->type;
  const logistic_half half = {type, map_logistic_f32[c->isa]};
  switch ((int)type) {
    case MOTE_FLOAT32: unary_run(c, map_logistic_f32[c->isa], NULL); break;
    case MOTE_INT16: unary_run(c, map_logistic_16[c->isa], c->params); break;
    case MOTE_INT8:
    case MOTE_UINT8: unary_run(c, map_lut_8[c->isa], c->params); break;
    default: unary_run(c, logistic_run_half, &half); break;
  }
  return MOTE_OK;
}

/* ---- descriptors ---- */

#define UNARY_COMMON                                                                                                   \
  .inputs_min = 1, .inputs_max = 1, .outputs_min = 1, .outputs_max = 1, .traits = OP_INPLACE_0,                        \
  .params_size = sizeof(unary_params), .infer = unary_infer

#define RELU(symbol, code_name, version, taken)                                                                        \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = version,                                                                                             \
      .types = taken " > =",                                                                                           \
      UNARY_COMMON,                                                                                                    \
      .check = relu_check,                                                                                             \
      .run = relu_run,                                                                                                 \
  };

RELU(relu, RELU, 3, "f32|i8|u8|i16")
RELU(relu6, RELU6, 3, "f32|i8|u8|i16")
RELU(relu_n1_to_1, RELU_N1_TO_1, 1, "f32|i8|u8")
RELU(relu_0_to_1, RELU_0_TO_1, 1, "f32|i8|u8")

const mote_op op_leaky_relu = {
    .name = "LEAKY_RELU",
    .code = sch_BuiltinOperator_LEAKY_RELU,
    .versions = 2,
    .options = sch_BuiltinOptions_LeakyReluOptions,
    .types = "f32|i8|u8|i16 > =",
    UNARY_COMMON,
    .check = leaky_check,
    .run = leaky_run,
};

const mote_op op_logistic = {
    .name = "LOGISTIC",
    .code = sch_BuiltinOperator_LOGISTIC,
    .versions = 3,
    .types = "f32|f16|bf16|i8|u8|i16 > =",
    UNARY_COMMON,
    .check = logistic_check,
    .run = logistic_run,
    .notes = "The output scale is fixed: 1/256 in 8 bits, 1/32768 in 16.",
};
