/* math.c: functions of one number that are never quantized: FLOOR, CEIL, ROUND, SQUARE, SIN, COS, NEG, SIGN,
 * LOGICAL_NOT, ZEROS_LIKE, and the STABLEHLO operators of one operand.
 *
 * The loops are kernels/real.h. Functions with quantized forms are in curve.c, activations in unary.c.
 */
#include <string.h>

#include "kernels/real.h"
#include "operators/unary.h"

typedef struct rule {
  int32_t code;
  real_op op;
} rule;

static const rule rules[] = {
    {sch_BuiltinOperator_FLOOR, REAL_FLOOR},
    {sch_BuiltinOperator_CEIL, REAL_CEIL},
    {sch_BuiltinOperator_ROUND, REAL_ROUND},
    {sch_BuiltinOperator_SQUARE, REAL_SQUARE},
    {sch_BuiltinOperator_SIN, REAL_SIN},
    {sch_BuiltinOperator_COS, REAL_COS},
    {sch_BuiltinOperator_NEG, REAL_NEG},
    {sch_BuiltinOperator_SIGN, REAL_SIGN},
    {sch_BuiltinOperator_CUSTOM, REAL_SIGN},
    {sch_BuiltinOperator_LOGICAL_NOT, REAL_NOT},
    {sch_BuiltinOperator_STABLEHLO_ABS, REAL_ABS},
    {sch_BuiltinOperator_STABLEHLO_NEGATE, REAL_NEG},
    {sch_BuiltinOperator_STABLEHLO_FLOOR, REAL_FLOOR},
    {sch_BuiltinOperator_STABLEHLO_EXPONENTIAL, REAL_EXP},
    {sch_BuiltinOperator_STABLEHLO_LOG, REAL_LOG},
    {sch_BuiltinOperator_STABLEHLO_COSINE, REAL_COS},
    {sch_BuiltinOperator_STABLEHLO_TANH, REAL_TANH},
    {sch_BuiltinOperator_STABLEHLO_LOGISTIC, REAL_LOGISTIC},
    {sch_BuiltinOperator_STABLEHLO_RSQRT, REAL_RSQRT},
    {sch_BuiltinOperator_STABLEHLO_CBRT, REAL_CBRT},
};

static mote_status check(op_ctx *c) {
  const rule *r = rules;
  while (r->code != c->op->code) r++;
  *(real_map *)c->params = (real_map){c->in[0]->type, r->op};
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  unary_run(c, kern_real_run, c->params);
  return MOTE_OK;
}

static mote_status zero(op_ctx *c) {
  if (c->out[0]->bytes) memset(c->out[0]->data, 0, c->out[0]->bytes);
  return MOTE_OK;
}

#define MATH(symbol, code_name, operator_name, version, taken, ...)                                                    \
  const mote_op op_##symbol = {                                                                                        \
      .name = operator_name,                                                                                           \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = version,                                                                                             \
      .inputs_min = 1,                                                                                                 \
      .inputs_max = 1,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = taken " > =",                                                                                           \
      .traits = OP_INPLACE_0,                                                                                          \
      .params_size = sizeof(real_map),                                                                                 \
      .check = check,                                                                                                  \
      .infer = unary_infer,                                                                                            \
      .run = run,                                                                                                      \
      __VA_ARGS__,                                                                                                     \
  };

#define FLOATS "f32|f16|bf16|f64"
#define SIGNED FLOATS "|i8|i16|i32|i64"

MATH(floor, FLOOR, "FLOOR", 1, "f32|f16|bf16", .notes = NULL)
MATH(ceil, CEIL, "CEIL", 1, "f32", .notes = NULL)
MATH(round, ROUND, "ROUND", 1, "f32|f16|bf16", .notes = "Halves go to the even neighbour.")
MATH(square, SQUARE, "SQUARE", 1, "f32", .options = sch_BuiltinOptions_SquareOptions)
MATH(sin, SIN, "SIN", 2, "f32|f16", .notes = NULL)
MATH(cos, COS, "COS", 2, "f32|f16", .options = sch_BuiltinOptions_CosOptions)
MATH(neg, NEG, "NEG", 1, "f32|f16|bf16|i64|i32|i16|i8", .options = sch_BuiltinOptions_NegOptions,
     .notes = "Integers wrap; scales are not looked at.")
MATH(sign, SIGN, "SIGN", 2, "f32|f64|i32", .options = sch_BuiltinOptions_SignOptions)
MATH(sign_custom, CUSTOM, "Sign", 1, "f32|f64|i32", .notes = "SIGN of files older than it.")
MATH(logical_not, LOGICAL_NOT, "LOGICAL_NOT", 1, "bool", .options = sch_BuiltinOptions_LogicalNotOptions)

MATH(stablehlo_abs, STABLEHLO_ABS, "STABLEHLO_ABS", 1, SIGNED, .notes = "Integers wrap.")
MATH(stablehlo_negate, STABLEHLO_NEGATE, "STABLEHLO_NEGATE", 1, SIGNED "|u8|u16|u32|u64", .notes = "Integers wrap.")
MATH(stablehlo_floor, STABLEHLO_FLOOR, "STABLEHLO_FLOOR", 1, FLOATS, .notes = NULL)
MATH(stablehlo_exponential, STABLEHLO_EXPONENTIAL, "STABLEHLO_EXPONENTIAL", 1, FLOATS, .notes = NULL)
MATH(stablehlo_log, STABLEHLO_LOG, "STABLEHLO_LOG", 1, FLOATS, .notes = NULL)
MATH(stablehlo_cosine, STABLEHLO_COSINE, "STABLEHLO_COSINE", 1, FLOATS, .notes = NULL)
MATH(stablehlo_tanh, STABLEHLO_TANH, "STABLEHLO_TANH", 1, FLOATS, .notes = NULL)
MATH(stablehlo_logistic, STABLEHLO_LOGISTIC, "STABLEHLO_LOGISTIC", 1, FLOATS, .notes = NULL)
MATH(stablehlo_rsqrt, STABLEHLO_RSQRT, "STABLEHLO_RSQRT", 1, FLOATS, .notes = NULL)
MATH(stablehlo_cbrt, STABLEHLO_CBRT, "STABLEHLO_CBRT", 1, FLOATS, .notes = NULL)

const mote_op op_zeros_like = {
    .name = "ZEROS_LIKE",
    .code = sch_BuiltinOperator_ZEROS_LIKE,
    .versions = 1,
    .options = sch_BuiltinOptions_ZerosLikeOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|i32|i64 > =",
    .infer = unary_infer,
    .run = zero,
};
