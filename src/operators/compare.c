/* compare.c: comparisons of two operands that broadcast: LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL,
 * and STABLEHLO_COMPARE.
 *
 * A comparison with NaN is false, but NOT_EQUAL is true. GREATER is LESS of the operands the other way round. The loops
 * are kernels/binary.h and kernels/arith.h.
 */
#include <string.h>

#include "kernels/arith.h"
#include "operators/broadcast.h"
#include "operators/op.h"
#include "operators/strings.h"

/* Lists of kernels by type, NULL where arith.h serves. */
typedef struct comparison {
  const arith_op *arith;
  const binary_fn *f32, *i16, *i32, *i64, *q8, *q16;
} comparison;

static const comparison less = {.arith = &arith_lt,
                                .f32 = binary_less_f32,
                                .i16 = binary_less_i16,
                                .i32 = binary_less_i32,
                                .i64 = binary_less_i64,
                                .q8 = binary_less_q8};
static const comparison less_equal = {.arith = &arith_le,
                                      .f32 = binary_less_equal_f32,
                                      .i16 = binary_less_equal_i16,
                                      .i32 = binary_less_equal_i32,
                                      .i64 = binary_less_equal_i64,
                                      .q8 = binary_less_equal_q8};
static const comparison equal = {.arith = &arith_eq,
                                 .f32 = binary_equal_f32,
                                 .i32 = binary_equal_i32,
                                 .q8 = binary_equal_q8,
                                 .q16 = binary_equal_q16};
static const comparison not_equal = {.arith = &arith_ne,
                                     .f32 = binary_not_equal_f32,
                                     .i32 = binary_not_equal_i32,
                                     .q8 = binary_not_equal_q8,
                                     .q16 = binary_not_equal_q16};

/* A comparison, of the operands as they are or the other way round. */
typedef struct direction {
  const comparison *is;
  bool swaps;
} direction;

typedef struct compare_params {
  direction direction;
  bool scaled; /* each operand by its own scale */
  binary_quant quant;
  arith arith;
} compare_params;

/* The operands as the kernel takes them. */
static const op_tensor *operand(const op_ctx *c, int i) {
  return c->in[((const compare_params *)c->params)->direction.swaps ^ i];
}

/* Quantized operands are compared after rescaling each by its own scale, with 8 spare bits below: what the reference
 * does, though equal real values may so compare unequal. Without scales they are plain integers; int16 is scaled for
 * equality alone. */
static mote_status check(op_ctx *c) {
  compare_params *p = c->params;
  p->direction = *(const direction *)c->op->variant;
  const op_tensor *a = operand(c, 0), *b = operand(c, 1);
  p->arith = (arith){.type = a->type, .op = p->direction.is->arith};
  const bool is_8_bit = a->type == MOTE_INT8 || a->type == MOTE_UINT8;
  if (!is_8_bit && !(a->type == MOTE_INT16 && p->direction.is->q16)) return MOTE_OK;
  const bool plain = !a->quant->count && !b->quant->count;
  p->scaled = is_8_bit || !plain;
  if (!plain) {
    MOTE_TRY(op_need_scale(c, a));
    MOTE_TRY(op_need_scale(c, b));
  }
  binary_quant *q = &p->quant;
  q->flip = a->type == MOTE_INT8 ? 0x80 : 0;
  q->a_zero = a->zero_point + q->flip;
  q->b_zero = b->zero_point + q->flip;
  q->left = 8;
  q->a = fx_quantize_multiplier(plain ? 1 : a->scale);
  q->b = fx_quantize_multiplier(plain ? 1 : b->scale);
  q->hi = 1;
  return MOTE_OK;
}

/* STABLEHLO_COMPARE looks at no scales. */
static mote_status stablehlo_check(op_ctx *c) {
  static const direction directions[] = {{&equal, false}, {&not_equal, false},  {&less_equal, true},
                                         {&less, true},   {&less_equal, false}, {&less, false}};
  const uint32_t which = (uint32_t)((const sch_StablehloCompareOptions *)c->options)->comparison_direction;
  OP_REQUIRE(c, which < sizeof directions / sizeof *directions, MOTE_ERR_MODEL,
             "comparison direction %u does not exist", (unsigned)which);
  compare_params *p = c->params;
  p->direction = directions[which];
  p->arith = (arith){.type = c->in[0]->type, .op = p->direction.is->arith};
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) { return op_broadcast(c, c->in[0], c->in[1], c->out[0]); }

static mote_status plan(op_ctx *c) {
  broadcast_plan_of(c->record, operand(c, 0), operand(c, 1), c->out[0]);
  return MOTE_OK;
}

/* ---- strings ---- */

/* Where element n of the output is in operand t. */
static size_t index_in(const op_tensor *t, const op_tensor *out, size_t n) {
  size_t at = 0, step = 1;
  for (int32_t i = out->rank - 1, k = t->rank - 1; k >= 0; i--, k--) {
    const size_t coordinate = n % (size_t)out->dims[i];
    n /= (size_t)out->dims[i];
    if (t->dims[k] != 1) at += coordinate * step;
    step *= (size_t)t->dims[k];
  }
  return at;
}

static mote_status run_strings(op_ctx *c) {
  const op_tensor *out = c->out[0];
  const bool wanted = ((const compare_params *)c->params)->arith.op == &arith_eq;
  const size_t n = op_count(out);
  if (n == 0) return MOTE_OK;
  for (int i = 0; i < 2; i++)
    OP_REQUIRE(c, str_count(c->in[i]) >= op_count(c->in[i]), MOTE_ERR_RUN,
               "input %d holds %zu strings where its shape has %zu", i, str_count(c->in[i]), op_count(c->in[i]));
  for (size_t i = 0; i < n; i++) {
    str_view s[2];
    for (int k = 0; k < 2; k++)
      OP_REQUIRE(c, str_at(c->in[k], index_in(c->in[k], out, i), &s[k]), MOTE_ERR_RUN,
                 "a string of input %d does not lie inside its buffer", k);
    const bool same = s[0].size == s[1].size && (s[0].size == 0 || !memcmp(s[0].data, s[1].data, s[0].size));
    ((uint8_t *)out->data)[i] = same == wanted;
  }
  return MOTE_OK;
}

/* ---- numbers ---- */

static const binary_fn *kernel_of(const op_ctx *c) {
  const compare_params *p = c->params;
  const comparison *is = p->direction.is;
  const mote_type type = c->in[0]->type;
  if (p->scaled) return type == MOTE_INT16 ? is->q16 : is->q8;
  switch ((int)type) {
    case MOTE_FLOAT32: return is->f32;
    case MOTE_INT16: return is->i16;
    case MOTE_INT32: return is->i32;
    case MOTE_INT64: return is->i64;
    default: return NULL;
  }
}

static mote_status run(op_ctx *c) {
  const compare_params *p = c->params;
  if (c->in[0]->type == MOTE_STRING) return run_strings(c);
  const binary_fn *const f = kernel_of(c);
  const void *params = f ? (const void *)&p->quant : (const void *)&p->arith;
  broadcast_run(c, c->record, operand(c, 0), operand(c, 1), f ? f[c->isa] : kern_arith_run, params);
  return MOTE_OK;
}

#define COMPARE(symbol, code_name, which, swaps, version, taken, ...)                                                  \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = version,                                                                                             \
      .inputs_min = 2,                                                                                                 \
      .inputs_max = 2,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = taken " = > bool",                                                                                      \
      .params_size = sizeof(compare_params),                                                                           \
      .record_size = sizeof(broadcast_plan),                                                                           \
      .check = check,                                                                                                  \
      .infer = infer,                                                                                                  \
      .plan = plan,                                                                                                    \
      .run = run,                                                                                                      \
      .variant = &(const direction){&which, swaps},                                                                    \
      __VA_ARGS__,                                                                                                     \
  };

#define ORDERED "f32|f16|bf16|i16|i32|i64|i8|u8"

COMPARE(less, LESS, less, false, 3, ORDERED, .options = sch_BuiltinOptions_LessOptions)
COMPARE(less_equal, LESS_EQUAL, less_equal, false, 2, ORDERED, .options = sch_BuiltinOptions_LessEqualOptions)
COMPARE(greater, GREATER, less, true, 2, ORDERED, .options = sch_BuiltinOptions_GreaterOptions)
COMPARE(greater_equal, GREATER_EQUAL, less_equal, true, 3, ORDERED, .options = sch_BuiltinOptions_GreaterEqualOptions)
COMPARE(equal, EQUAL, equal, false, 5, ORDERED "|bool|str", .options = sch_BuiltinOptions_EqualOptions,
        .notes = "int16 with a scale is compared by what it means.")
COMPARE(not_equal, NOT_EQUAL, not_equal, false, 4, ORDERED "|bool|str", .options = sch_BuiltinOptions_NotEqualOptions,
        .notes = "int16 with a scale is compared by what it means.")
const mote_op op_stablehlo_compare = {
    .name = "STABLEHLO_COMPARE",
    .code = sch_BuiltinOperator_STABLEHLO_COMPARE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloCompareOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|f16|bf16|f64|i8|u8|i16|u16|i32|u32|i64|u64|bool = > bool",
    .params_size = sizeof(compare_params),
    .record_size = sizeof(broadcast_plan),
    .check = stablehlo_check,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Scales are not looked at.",
};
