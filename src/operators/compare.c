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

typedef struct compare_params {
  compare_kind kind;
  bool swaps;  /* the second operand is the first one of the kernel's */
  bool scaled; /* each operand by its own scale */
  binary_quant quant;
  arith arith;
} compare_params;

static void direction(const op_ctx *c, compare_params *p) {
  int32_t code = c->op->code;
  if (code == sch_BuiltinOperator_STABLEHLO_COMPARE) {
    static const int32_t codes[] = {sch_BuiltinOperator_EQUAL,         sch_BuiltinOperator_NOT_EQUAL,
                                    sch_BuiltinOperator_GREATER_EQUAL, sch_BuiltinOperator_GREATER,
                                    sch_BuiltinOperator_LESS_EQUAL,    sch_BuiltinOperator_LESS};
    code = codes[((const sch_StablehloCompareOptions *)c->options)->comparison_direction];
  }
  p->swaps = code == sch_BuiltinOperator_GREATER || code == sch_BuiltinOperator_GREATER_EQUAL;
  switch (code) {
    case sch_BuiltinOperator_EQUAL: p->kind = COMPARE_EQUAL; break;
    case sch_BuiltinOperator_NOT_EQUAL: p->kind = COMPARE_NOT_EQUAL; break;
    case sch_BuiltinOperator_LESS:
    case sch_BuiltinOperator_GREATER: p->kind = COMPARE_LESS; break;
    default: p->kind = COMPARE_LESS_EQUAL; break;
  }
}

static bool tests_equality(const compare_params *p) { return p->kind == COMPARE_EQUAL || p->kind == COMPARE_NOT_EQUAL; }

/* The operands as the kernel takes them. */
static const op_tensor *operand(const op_ctx *c, int i) {
  return c->in[((const compare_params *)c->params)->swaps ^ i];
}

/* Quantized operands are compared after rescaling each by its own scale, with 8 spare bits below: what the reference
 * does, though equal real values may so compare unequal. Without scales they are plain integers; int16 is scaled for
 * equality alone. */
static mote_status check(op_ctx *c) {
  static const arith_op ops[] = {ARITH_LT, ARITH_LE, ARITH_EQ, ARITH_NE};
  compare_params *p = c->params;
  if (c->op->code == sch_BuiltinOperator_STABLEHLO_COMPARE) {
    const uint32_t which = (uint32_t)((const sch_StablehloCompareOptions *)c->options)->comparison_direction;
    OP_REQUIRE(c, which <= sch_StablehloComparisonDirection_STABLEHLO_COMPARISON_DIRECTION_LT, MOTE_ERR_MODEL,
               "comparison direction %u does not exist", (unsigned)which);
  }
  direction(c, p);
  const op_tensor *a = operand(c, 0), *b = operand(c, 1);
  p->arith = (arith){.type = a->type, .op = ops[p->kind]};
  const bool is_8_bit = a->type == MOTE_INT8 || a->type == MOTE_UINT8;
  const bool may_scale = is_8_bit || (a->type == MOTE_INT16 && tests_equality(p));
  if (!may_scale || c->op->code == sch_BuiltinOperator_STABLEHLO_COMPARE) return MOTE_OK;
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
  const bool equal = ((const compare_params *)c->params)->kind == COMPARE_EQUAL;
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
    ((uint8_t *)out->data)[i] = same == equal;
  }
  return MOTE_OK;
}

/* ---- numbers ---- */

static binary_fn kernel_of(const op_ctx *c) {
  const compare_params *p = c->params;
  const binary_kernels *k = kern_binary(c->isa);
  const mote_type type = c->in[0]->type;
  if (p->scaled && type == MOTE_INT16) return p->kind == COMPARE_EQUAL ? k->equal_q16 : k->not_equal_q16;
  if (p->scaled) return k->compare_q8[p->kind];
  switch ((int)type) {
    case MOTE_FLOAT32: return k->compare_f32[p->kind];
    case MOTE_INT16: return k->compare_i16[p->kind];
    case MOTE_INT32: return k->compare_i32[p->kind];
    case MOTE_INT64: return k->compare_i64[p->kind];
    default: return NULL;
  }
}

static mote_status run(op_ctx *c) {
  const compare_params *p = c->params;
  if (c->in[0]->type == MOTE_STRING) return run_strings(c);
  const binary_fn f = kernel_of(c);
  const void *params = f ? (const void *)&p->quant : (const void *)&p->arith;
  broadcast_run(c, c->record, operand(c, 0), operand(c, 1), f ? f : kern_arith_run, params);
  return MOTE_OK;
}

#define COMPARE(symbol, code_name, version, taken, ...)                                                                \
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
      __VA_ARGS__,                                                                                                     \
  };

#define ORDERED "f32|f16|bf16|i16|i32|i64|i8|u8"

COMPARE(less, LESS, 3, ORDERED, .options = sch_BuiltinOptions_LessOptions)
COMPARE(less_equal, LESS_EQUAL, 2, ORDERED, .options = sch_BuiltinOptions_LessEqualOptions)
COMPARE(greater, GREATER, 2, ORDERED, .options = sch_BuiltinOptions_GreaterOptions)
COMPARE(greater_equal, GREATER_EQUAL, 3, ORDERED, .options = sch_BuiltinOptions_GreaterEqualOptions)
COMPARE(equal, EQUAL, 5, ORDERED "|bool|str", .options = sch_BuiltinOptions_EqualOptions,
        .notes = "int16 with a scale is compared by what it means.")
COMPARE(not_equal, NOT_EQUAL, 4, ORDERED "|bool|str", .options = sch_BuiltinOptions_NotEqualOptions,
        .notes = "int16 with a scale is compared by what it means.")
COMPARE(stablehlo_compare, STABLEHLO_COMPARE, 1, "f32|f16|bf16|f64|i8|u8|i16|u16|i32|u32|i64|u64|bool",
        .options_2 = sch_BuiltinOptions2_StablehloCompareOptions, .notes = "Scales are not looked at.")
