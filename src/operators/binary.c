/* binary.c: arithmetic of two operands that broadcast and may be quantized: ADD, MUL, SUB, DIV, SQUARED_DIFFERENCE,
 * MAXIMUM, MINIMUM.
 *
 * Comparisons are in compare.c, PRELU in prelu.c, what is never quantized in arith.c; the loops are kernels/binary.h
 * and, of types that few models use, kernels/arith.h; the walk is broadcast.h.
 */
#include "kernels/binary.h"

#include <math.h>

#include "kernels/arith.h"
#include "operators/broadcast.h"
#include "operators/op.h"

/* Which kernels an operator's types and quantization ask for. */
enum { PATH_F32, PATH_INT, PATH_QUANT, PATH_POT, PATH_Q15, PATH_BYTES, PATH_ARITH };

typedef struct binary_params {
  int32_t path;
  union {
    binary_f32 f32;
    binary_int ints;
    binary_quant quant;
    arith arith;
  } u;
} binary_params;

/* ---- what differs between the operators ---- */

/* ADD: operands are brought to twice the larger scale, with `left` spare bits below. */
static void quant_add(const op_ctx *c, binary_quant *q) {
  const float sa = c->in[0]->scale, sb = c->in[1]->scale;
  const double twice = 2 * (double)(sa > sb ? sa : sb);
  q->left = c->in[0]->type == MOTE_INT16 ? 15 : 20;
  q->a = fx_quantize_multiplier(sa / twice);
  q->b = fx_quantize_multiplier(sb / twice);
  q->y = fx_quantize_multiplier(twice / ((double)(1 << q->left) * c->out[0]->scale));
}

/* MUL: the ratio is computed in float, as the reference does. */
static void quant_mul(const op_ctx *c, binary_quant *q) {
  q->y = fx_quantize_multiplier(c->in[0]->scale * c->in[1]->scale / c->out[0]->scale);
}

/* SQUARED_DIFFERENCE: as ADD up to the difference, and its square has twice the spare bits. */
static void quant_squared_difference(const op_ctx *c, binary_quant *q) {
  const float sa = c->in[0]->scale, sb = c->in[1]->scale;
  const double twice = 2 * (double)(sa > sb ? sa : sb);
  q->left = 7;
  q->a = fx_quantize_multiplier(sa / twice);
  q->b = fx_quantize_multiplier(sb / twice);
  q->y = fx_quantize_multiplier(twice * twice / ((double)(1 << 14) * c->out[0]->scale));
}

static void quant_div(const op_ctx *c, binary_quant *q) {
  q->y = fx_quantize_multiplier(c->in[0]->scale / (c->in[1]->scale * c->out[0]->scale));
}

/* Lists of kernels by type, NULL where arith.h serves. */
typedef struct rule {
  const arith_op *arith;
  void (*quant)(const op_ctx *c, binary_quant *q); /* NULL: operands of 8 bits are compared as they are, by `bytes` */
  const binary_fn *f32, *i16, *i32, *i64;
  const binary_fn *q8, *q16;
  const binary_fn *pot16; /* int16 with scales that are powers of two */
  const binary_fn *q15_8; /* int16 to 8 bits */
  const binary_fn *bytes;
} rule;

static const rule add = {.arith = &arith_add,
                         .quant = quant_add,
                         .f32 = binary_add_f32,
                         .i16 = binary_add_i16,
                         .i32 = binary_add_i32,
                         .i64 = binary_add_i64,
                         .q8 = binary_add_q8,
                         .q16 = binary_add_q16,
                         .pot16 = binary_add_pot16};
static const rule mul = {.arith = &arith_mul,
                         .quant = quant_mul,
                         .f32 = binary_mul_f32,
                         .i16 = binary_mul_i16,
                         .i32 = binary_mul_i32,
                         .i64 = binary_mul_i64,
                         .q8 = binary_mul_q8,
                         .q16 = binary_mul_q16,
                         .q15_8 = binary_mul_q15_8};
static const rule sub = {.arith = &arith_sub,
                         .quant = quant_add,
                         .f32 = binary_sub_f32,
                         .i32 = binary_sub_i32,
                         .q8 = binary_sub_q8,
                         .q16 = binary_sub_q16,
                         .pot16 = binary_sub_pot16};
static const rule quotient = {
    .arith = &arith_div, .quant = quant_div, .f32 = binary_div_f32, .q8 = binary_div_q8, .q16 = binary_div_q16};
static const rule squared_difference = {.arith = &arith_squared_difference,
                                        .quant = quant_squared_difference,
                                        .f32 = binary_squared_difference_f32,
                                        .q8 = binary_squared_difference_q8};
static const rule maximum = {.arith = &arith_max, .f32 = binary_max_f32, .bytes = binary_max_8};
static const rule minimum = {.arith = &arith_min, .f32 = binary_min_f32, .bytes = binary_min_8};

static const rule *rule_of(const op_ctx *c) { return c->op->variant; }

static int32_t activation_of(const op_ctx *c) {
  switch (c->op->options) {
    case sch_BuiltinOptions_AddOptions: return ((const sch_AddOptions *)c->options)->fused_activation_function;
    case sch_BuiltinOptions_MulOptions: return ((const sch_MulOptions *)c->options)->fused_activation_function;
    case sch_BuiltinOptions_SubOptions: return ((const sch_SubOptions *)c->options)->fused_activation_function;
    case sch_BuiltinOptions_DivOptions: return ((const sch_DivOptions *)c->options)->fused_activation_function;
    default: return sch_ActivationFunctionType_NONE;
  }
}

/* ---- check ---- */

/* The exponent of a scale that is a power of two, tested as the reference does: in float, to a thousandth. */
static bool power_of_two(float scale, int32_t *exponent) {
  const float log2 = logf(scale) * (1.0f / logf(2.0f)), whole = roundf(log2);
  *exponent = (int32_t)whole;
  return fabsf(log2 - whole) < 1e-3f;
}

static bool wants_pot(const op_ctx *c) {
  if (c->op->code == sch_BuiltinOperator_ADD) return ((const sch_AddOptions *)c->options)->pot_scale_int16;
  return c->op->code == sch_BuiltinOperator_SUB && ((const sch_SubOptions *)c->options)->pot_scale_int16;
}

/* int16 ADD and SUB of old models: all scales are powers of two, and one operand is shifted right to the output's. */
static mote_status check_pot(op_ctx *c, binary_params *p, bool *pot) {
  *pot = false;
  if (!wants_pot(c)) return MOTE_OK;
  int32_t a, b, y;
  if (!power_of_two(c->in[0]->scale, &a) || !power_of_two(c->in[1]->scale, &b) || !power_of_two(c->out[0]->scale, &y))
    return MOTE_OK;
  OP_REQUIRE(c, a <= y && b <= y && (a == y || b == y) && y - a <= 15 && y - b <= 15, MOTE_ERR_MODEL,
             "of int16 operands with scales 2^%d and 2^%d one must have the output's scale 2^%d, and none a larger one",
             (int)a, (int)b, (int)y);
  p->path = PATH_POT;
  p->u.quant.a.shift = a - y;
  p->u.quant.b.shift = b - y;
  *pot = true;
  return MOTE_OK;
}

static bool is_8_bit(mote_type type) { return type == MOTE_INT8 || type == MOTE_UINT8; }

static mote_status check_quant(op_ctx *c, binary_params *p) {
  const op_tensor *a = c->in[0], *b = c->in[1], *y = c->out[0];
  MOTE_TRY(op_need_scale(c, a));
  MOTE_TRY(op_need_scale(c, b));
  MOTE_TRY(op_need_scale(c, y));
  binary_quant *q = &p->u.quant;
  q->flip = a->type == MOTE_INT8 ? 0x80 : 0;
  q->a_zero = a->zero_point + q->flip;
  q->b_zero = b->zero_point + q->flip;
  q->y_zero = y->zero_point;
  bool pot = false;
  if (a->type == MOTE_INT16) MOTE_TRY(check_pot(c, p, &pot));
  if (!pot) {
    p->path = PATH_QUANT;
    rule_of(c)->quant(c, q);
  }
  return op_activation_quant(c, activation_of(c), y, &q->lo, &q->hi);
}

static const binary_fn *int_kernel(const op_ctx *c) {
  switch ((int)c->in[0]->type) {
    case MOTE_INT16: return rule_of(c)->i16;
    case MOTE_INT32: return rule_of(c)->i32;
    case MOTE_INT64: return rule_of(c)->i64;
    default: return NULL;
  }
}

/* Types and operators without kernels of their own. */
static mote_status check_arith(op_ctx *c, binary_params *p) {
  const int32_t activation = activation_of(c);
  float lo, hi;
  MOTE_TRY(op_activation_f32(c, activation, &lo, &hi));
  OP_REQUIRE(c, c->in[0]->type != MOTE_COMPLEX64 || activation == sch_ActivationFunctionType_NONE, MOTE_ERR_MODEL,
             "complex numbers have no order, so no activation can be fused; here it is %d", (int)activation);
  p->path = PATH_ARITH;
  p->u.arith = (arith){.type = c->in[0]->type, .op = rule_of(c)->arith, .lo = 1, .hi = 0};
  if (lo < -1 && hi > 6) return MOTE_OK;
  p->u.arith.lo = lo >= -1 ? (double)lo : -INFINITY;
  p->u.arith.hi = hi <= 6 ? (double)hi : INFINITY;
  return MOTE_OK;
}

static mote_status check_int(op_ctx *c, binary_params *p) {
  if (!int_kernel(c)) return check_arith(c, p);
  float lo, hi;
  MOTE_TRY(op_activation_f32(c, activation_of(c), &lo, &hi));
  int32_t least, most;
  op_type_range(c->out[0]->type, &least, &most);
  const bool wide = c->out[0]->type == MOTE_INT64;
  p->path = PATH_INT;
  /* A fused activation's bounds are small integers; a bound that is absent is the type's. */
  p->u.ints.lo = lo >= -1 ? (int64_t)lo : wide ? INT64_MIN : least;
  p->u.ints.hi = hi <= 6 ? (int64_t)hi : wide ? INT64_MAX : most;
  return MOTE_OK;
}

/* int16 to 8 bits: a Q0.15 product; scales are not looked at. */
static mote_status check_q15(op_ctx *c, binary_params *p) {
  binary_quant *q = &p->u.quant;
  p->path = PATH_Q15;
  q->y_zero = c->out[0]->zero_point;
  if (activation_of(c) != sch_ActivationFunctionType_NONE) MOTE_TRY(op_need_scale(c, c->out[0]));
  return op_activation_quant(c, activation_of(c), c->out[0], &q->lo, &q->hi);
}

static bool any_scale(const op_ctx *c) {
  return c->in[0]->quant->count || c->in[1]->quant->count || c->out[0]->quant->count;
}

static mote_status check(op_ctx *c) {
  binary_params *p = c->params;
  const mote_type in = c->in[0]->type, out = c->out[0]->type;
  if (in == MOTE_FLOAT32) {
    p->path = PATH_F32;
    p->u.f32 = (binary_f32){-INFINITY, INFINITY};
    if (c->op->code == sch_BuiltinOperator_SQUARED_DIFFERENCE) return MOTE_OK;
    return op_activation_f32(c, activation_of(c), &p->u.f32.lo, &p->u.f32.hi);
  }
  if (!rule_of(c)->quant && is_8_bit(in)) {
    p->path = PATH_BYTES;
    p->u.quant.flip = in == MOTE_INT8 ? 0x80 : 0;
    return MOTE_OK;
  }
  if (!rule_of(c)->quant) return check_int(c, p);
  if (in == MOTE_INT16 && is_8_bit(out)) return check_q15(c, p);
  if (is_8_bit(in) || (in == MOTE_INT16 && any_scale(c))) return check_quant(c, p);
  return check_int(c, p);
}

/* ---- the other phases ---- */

static mote_status infer(op_ctx *c) { return op_broadcast(c, c->in[0], c->in[1], c->out[0]); }

static mote_status plan(op_ctx *c) {
  broadcast_plan_of(c->record, c->in[0], c->in[1], c->out[0]);
  return MOTE_OK;
}

static binary_fn kernel_of(const op_ctx *c) {
  const rule *const r = rule_of(c);
  switch (((const binary_params *)c->params)->path) {
    case PATH_F32: return r->f32[c->isa];
    case PATH_QUANT: return (c->in[0]->type == MOTE_INT16 ? r->q16 : r->q8)[c->isa];
    case PATH_POT: return r->pot16[c->isa];
    case PATH_Q15: return r->q15_8[c->isa];
    case PATH_BYTES: return r->bytes[c->isa];
    case PATH_ARITH: return kern_arith_run;
    default: return int_kernel(c)[c->isa];
  }
}

static mote_status run(op_ctx *c) {
  const binary_params *p = c->params;
  broadcast_run(c, c->record, c->in[0], c->in[1], kernel_of(c), &p->u);
  return MOTE_OK;
}

/* Quotients of integers: no divisor may be 0. */
static mote_status run_div(op_ctx *c) {
  const op_tensor *b = c->in[1];
  const size_t n = b->type == MOTE_FLOAT32 ? 0 : op_count(b);
  for (size_t i = 0; i < n; i++)
    OP_REQUIRE(c, op_int_at(b, i) != b->zero_point, MOTE_ERR_RUN,
               "element %zu of the divisor is 0, and integers cannot be divided by it", i);
  return run(c);
}

#define BINARY_COMMON(rule, runs)                                                                                      \
  .inputs_min = 2, .inputs_max = 2, .outputs_min = 1, .outputs_max = 1, .traits = OP_INPLACE_0 | OP_INPLACE_1,         \
  .params_size = sizeof(binary_params), .record_size = sizeof(broadcast_plan), .check = check, .infer = infer,         \
  .plan = plan, .run = runs, .variant = &rule

const mote_op op_add = {
    .name = "ADD",
    .code = sch_BuiltinOperator_ADD,
    .versions = 6,
    .options = sch_BuiltinOptions_AddOptions,
    .types = "f32|f16|i32|i64|i16|i8|u8 = > =",
    BINARY_COMMON(add, run),
    .notes = "Integers without a scale wrap.",
};

const mote_op op_mul = {
    .name = "MUL",
    .code = sch_BuiltinOperator_MUL,
    .versions = 8,
    .options = sch_BuiltinOptions_MulOptions,
    .types = "f32|f16|i32|u32|i64|c64|i8|u8 = > =; i16 i16 > i16|i8|u8",
    BINARY_COMMON(mul, run),
    .notes = "Integers without a scale wrap; int16 to 8 bits is a Q0.15 product.",
};

const mote_op op_sub = {
    .name = "SUB",
    .code = sch_BuiltinOperator_SUB,
    .versions = 5,
    .options = sch_BuiltinOptions_SubOptions,
    .types = "f32|i32|i64|i16|i8|u8 = > =",
    BINARY_COMMON(sub, run),
    .notes = "Integers without a scale wrap.",
};

const mote_op op_div = {
    .name = "DIV",
    .code = sch_BuiltinOperator_DIV,
    .versions = 2,
    .options = sch_BuiltinOptions_DivOptions,
    .types = "f32|i32|i16|i8|u8 = > =",
    BINARY_COMMON(quotient, run_div),
    .notes = "Integers truncate; a divisor of 0 is an error unless the numbers are floats.",
};

const mote_op op_squared_difference = {
    .name = "SQUARED_DIFFERENCE",
    .code = sch_BuiltinOperator_SQUARED_DIFFERENCE,
    .versions = 2,
    .options = sch_BuiltinOptions_SquaredDifferenceOptions,
    .types = "f32|i32|i8 = > =",
    BINARY_COMMON(squared_difference, run),
};

const mote_op op_maximum = {
    .name = "MAXIMUM",
    .code = sch_BuiltinOperator_MAXIMUM,
    .versions = 4,
    .options = sch_BuiltinOptions_MaximumMinimumOptions,
    .types = "f32|f16|bf16|u8|i8|i16|i32|i64 = > =",
    BINARY_COMMON(maximum, run),
    .notes = "Quantized operands and the result share one scale.",
};

const mote_op op_minimum = {
    .name = "MINIMUM",
    .code = sch_BuiltinOperator_MINIMUM,
    .versions = 4,
    .options = sch_BuiltinOptions_MaximumMinimumOptions,
    .types = "f32|f16|bf16|u8|i8|i16|i32|i64 = > =",
    BINARY_COMMON(minimum, run),
    .notes = "Quantized operands and the result share one scale.",
};
