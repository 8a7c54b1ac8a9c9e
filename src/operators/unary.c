/* unary.c: operators of one operand, element by element: RELU, RELU6, LEAKY_RELU, LOGISTIC.
 *
 * In 8 bits each is a table of 256 bytes that prepare fills; in 16 bits and float32 it is a loop of kernels/map.h.
 */
#include "operators/unary.h"

#include <math.h>

#include "base/fixed.h"

/* ---- running ---- */

typedef struct chunks {
  map_fn f;
  const void *params;
  const char *x;
  char *y;
  size_t x_bytes, y_bytes; /* of an element */
  size_t n, most;          /* elements, and of them in one task */
} chunks;

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const chunks *k = arg;
  const size_t first = index * k->most, rest = k->n - first;
  k->f(k->x + first * k->x_bytes, k->y + first * k->y_bytes, rest < k->most ? rest : k->most, k->params);
}

void unary_run(op_ctx *c, map_fn f, const void *params) {
  enum { TASK_BYTES = 64 * 1024 };
  chunks k = {.f = f, .params = params, .x = c->in[0]->data, .y = c->out[0]->data, .n = op_count(c->in[0])};
  k.x_bytes = (size_t)mote_type_bits(c->in[0]->type) / 8;
  k.y_bytes = (size_t)mote_type_bits(c->out[0]->type) / 8;
  k.most = TASK_BYTES / (k.x_bytes > k.y_bytes ? k.x_bytes : k.y_bytes);
  op_parallel(c, (k.n + k.most - 1) / k.most, task, &k);
}

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

static bool is_8_bit(const op_tensor *t) { return t->type == MOTE_INT8 || t->type == MOTE_UINT8; }

/* The value that a byte of an 8-bit tensor means. */
static int32_t byte_value(const op_tensor *t, int byte) { return t->type == MOTE_INT8 ? (int8_t)byte : byte; }

static mote_status need_scales(op_ctx *c) {
  MOTE_TRY(op_need_scale(c, c->in[0]));
  return op_need_scale(c, c->out[0]);
}

static mote_status infer(op_ctx *c) {
  op_same_shape(c->out[0], c->in[0]);
  return MOTE_OK;
}

/* ---- RELU, RELU6 ---- */

static int32_t relu_activation(const op_ctx *c) {
  return c->op->code == sch_BuiltinOperator_RELU ? sch_ActivationFunctionType_RELU : sch_ActivationFunctionType_RELU6;
}

static int32_t requant_one(const map_requant *p, int32_t x) {
  return fx_clamp((int64_t)fx_mbqm(x - p->x_zero, p->mult) + p->y_zero, p->lo, p->hi);
}

/* Rescales to the output's scale, the ratio computed in float, and clamps between the activation's bounds. */
static mote_status relu_check(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  unary_params *p = c->params;
  if (x->type == MOTE_FLOAT32) {
    p->u.clamp = (map_clamp){0, relu_activation(c) == sch_ActivationFunctionType_RELU ? INFINITY : 6};
    return MOTE_OK;
  }
  MOTE_TRY(need_scales(c));
  map_requant q = {.x_zero = x->zero_point, .y_zero = y->zero_point};
  q.mult = fx_quantize_multiplier(x->scale / y->scale);
  MOTE_TRY(op_activation_quant(c, relu_activation(c), y, &q.lo, &q.hi));
  if (!is_8_bit(x)) p->u.requant = q;
  else
    for (int i = 0; i < 256; i++) p->u.table[i] = (uint8_t)requant_one(&q, byte_value(x, i));
  return MOTE_OK;
}

static mote_status relu_run(op_ctx *c) {
  const map_kernels *k = kern_map(c->isa);
  const mote_type type = c->in[0]->type;
  unary_run(c, type == MOTE_FLOAT32 ? k->clamp_f32 : type == MOTE_INT16 ? k->requant_16_16 : k->lut_8, c->params);
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
  MOTE_TRY(need_scales(c));
  map_requant q = {.x_zero = x->zero_point, .y_zero = y->zero_point, .negate = alpha < 0};
  q.mult = fx_quantize_multiplier(x->scale / y->scale);
  q.negative = fx_quantize_multiplier(fabsf(x->scale * alpha / y->scale));
  op_type_range(y->type, &q.lo, &q.hi);
  if (!is_8_bit(x)) p->u.requant = q;
  else
    for (int i = 0; i < 256; i++) p->u.table[i] = (uint8_t)leaky_one(&q, byte_value(x, i));
  return MOTE_OK;
}

static mote_status leaky_run(op_ctx *c) {
  const map_kernels *k = kern_map(c->isa);
  const mote_type type = c->in[0]->type;
  unary_run(c, type == MOTE_FLOAT32 ? k->leaky_f32 : type == MOTE_INT16 ? k->leaky_16 : k->lut_8, c->params);
  return MOTE_OK;
}

/* ---- LOGISTIC ---- */

static float logistic(float x) { return 1.0f / (1.0f + expf(-x)); }

/* The table of an 8-bit function, all in float as the reference has it. */
static void fill_table(const op_tensor *x, const op_tensor *y, float (*f)(float), uint8_t *table) {
  int32_t lo, hi;
  op_type_range(y->type, &lo, &hi);
  const float inverse = 1 / y->scale;
  for (int i = 0; i < 256; i++) {
    const float real = x->scale * (float)(byte_value(x, i) - x->zero_point);
    const float q = roundf(f(real) * inverse) + (float)y->zero_point;
    table[i] = (uint8_t)fx_clamp(fx_to_i32(q), lo, hi);
  }
}

/* The input as Q3.12 times 3, the step of the table: exactly when its scale is 2^-12, else by a 15-bit multiplier. */
static mote_status logistic16(op_ctx *c, map_logistic16 *p) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  OP_REQUIRE(c, y->scale == 0x1p-15f && y->zero_point == 0 && x->zero_point == 0, MOTE_ERR_MODEL,
             "int16 needs zero points 0 and the output scale 1/32768, and here the zero points are %d and %d and the "
             "output scale is %g",
             (int)x->zero_point, (int)y->zero_point, (double)y->scale);
  const float log2 = logf(x->scale) * (1.0f / logf(2.0f)), whole = roundf(log2);
  if (fabsf(log2 - whole) < 1e-3f && whole == -12) {
    *p = (map_logistic16){.multiplier = 3, .shift = 0};
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
  if (x->type == MOTE_FLOAT32) return MOTE_OK;
  MOTE_TRY(need_scales(c));
  if (!is_8_bit(x)) return logistic16(c, &p->u.logistic16);
  OP_REQUIRE(c, y->scale == 1.0f / 256, MOTE_ERR_MODEL, "the output scale must be 1/256 in 8 bits, and here it is %g",
             (double)y->scale);
  fill_table(x, y, logistic, p->u.table);
  return MOTE_OK;
}

static mote_status logistic_run(op_ctx *c) {
  const map_kernels *k = kern_map(c->isa);
  const mote_type type = c->in[0]->type;
  unary_run(c, type == MOTE_FLOAT32 ? k->logistic_f32 : type == MOTE_INT16 ? k->logistic_16 : k->lut_8, c->params);
  return MOTE_OK;
}

/* ---- descriptors ---- */

#define UNARY_COMMON                                                                                                   \
  .inputs_min = 1, .inputs_max = 1, .outputs_min = 1, .outputs_max = 1,                                                \
  .types = "f32 > f32; i8 > i8; u8 > u8; i16 > i16", .traits = OP_INPLACE_0, .params_size = sizeof(unary_params),      \
  .infer = infer

const mote_op op_relu = {
    .name = "RELU",
    .code = sch_BuiltinOperator_RELU,
    .versions = 3,
    UNARY_COMMON,
    .check = relu_check,
    .run = relu_run,
};

const mote_op op_relu6 = {
    .name = "RELU6",
    .code = sch_BuiltinOperator_RELU6,
    .versions = 3,
    UNARY_COMMON,
    .check = relu_check,
    .run = relu_run,
};

const mote_op op_leaky_relu = {
    .name = "LEAKY_RELU",
    .code = sch_BuiltinOperator_LEAKY_RELU,
    .versions = 2,
    .options = sch_BuiltinOptions_LeakyReluOptions,
    UNARY_COMMON,
    .check = leaky_check,
    .run = leaky_run,
};

const mote_op op_logistic = {
    .name = "LOGISTIC",
    .code = sch_BuiltinOperator_LOGISTIC,
    .versions = 3,
    UNARY_COMMON,
    .check = logistic_check,
    .run = logistic_run,
    .notes = "The output scale is fixed: 1/256 in 8 bits, 1/32768 in 16.",
};
