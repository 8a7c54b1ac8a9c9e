/* arith.c: what is computed from two operands of one type and is never quantized: POW, FLOOR_DIV, FLOOR_MOD, ATAN2,
 * BITWISE_XOR, RIGHT_SHIFT, LOGICAL_AND, LOGICAL_OR, and the STABLEHLO operators of two operands.
 *
 * The loops are kernels/arith.h. ADD and its like, which may be quantized, are in binary.c.
 */
#include "kernels/arith.h"

#include "operators/broadcast.h"
#include "operators/op.h"

typedef struct rule {
  int32_t code;
  const arith_op *op;
  bool broadcasts;
} rule;

static const rule rules[] = {
    {sch_BuiltinOperator_POW, &arith_pow, true},
    {sch_BuiltinOperator_FLOOR_DIV, &arith_floor_div, true},
    {sch_BuiltinOperator_FLOOR_MOD, &arith_floor_mod, true},
    {sch_BuiltinOperator_BITWISE_XOR, &arith_xor, true},
    {sch_BuiltinOperator_RIGHT_SHIFT, &arith_shr, true},
    {sch_BuiltinOperator_LOGICAL_AND, &arith_and, true},
    {sch_BuiltinOperator_LOGICAL_OR, &arith_or, true},
    {sch_BuiltinOperator_ATAN2, &arith_atan2, false},
    {sch_BuiltinOperator_CUSTOM, &arith_atan2, false},
    {sch_BuiltinOperator_STABLEHLO_ADD, &arith_add, false},
    {sch_BuiltinOperator_STABLEHLO_SUBTRACT, &arith_sub, false},
    {sch_BuiltinOperator_STABLEHLO_MULTIPLY, &arith_mul, false},
    {sch_BuiltinOperator_STABLEHLO_DIVIDE, &arith_div, false},
    {sch_BuiltinOperator_STABLEHLO_REMAINDER, &arith_rem, false},
    {sch_BuiltinOperator_STABLEHLO_MAXIMUM, &arith_max, false},
    {sch_BuiltinOperator_STABLEHLO_MINIMUM, &arith_min, false},
    {sch_BuiltinOperator_STABLEHLO_POWER, &arith_pow, false},
    {sch_BuiltinOperator_STABLEHLO_AND, &arith_and, false},
    {sch_BuiltinOperator_STABLEHLO_OR, &arith_or, false},
    {sch_BuiltinOperator_STABLEHLO_SHIFT_LEFT, &arith_shl, false},
};

static const rule *rule_of(const op_ctx *c) {
  const rule *r = rules;
  while (r->code != c->op->code) r++;
  return r;
}

static mote_status check(op_ctx *c) {
  *(arith *)c->params = (arith){.type = c->in[0]->type, .op = rule_of(c)->op, .lo = 1, .hi = 0};
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *a = c->in[0], *b = c->in[1];
  MOTE_TRY(op_broadcast(c, a, b, c->out[0]));
  OP_REQUIRE(c, rule_of(c)->broadcasts || !op_shape_known(a) || !op_shape_known(b) || op_same_dims(a, b),
             MOTE_ERR_SHAPE, "both operands must have the same shape; this operator does not broadcast");
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  broadcast_plan_of(c->record, c->in[0], c->in[1], c->out[0]);
  return MOTE_OK;
}

/* What the second operand may not be: 0 as a divisor, below 0 as the exponent of an integer. */
static mote_status check_second(op_ctx *c) {
  const op_tensor *b = c->in[1];
  const bool divides = c->op->code == sch_BuiltinOperator_FLOOR_DIV || c->op->code == sch_BuiltinOperator_FLOOR_MOD;
  const size_t n = op_count(b);
  if (b->type == MOTE_FLOAT32 && divides) {
    const size_t zero = kern_first_zero_f32(b->data, n);
    OP_REQUIRE(c, zero == n, MOTE_ERR_RUN, "element %zu of the divisor is 0", zero);
  }
  if (b->type == MOTE_FLOAT32) return MOTE_OK;
  if (divides)
    for (size_t i = 0; i < n; i++)
      OP_REQUIRE(c, op_int_at(b, i) != 0, MOTE_ERR_RUN, "element %zu of the divisor is 0", i);
  if (c->op->code == sch_BuiltinOperator_POW)
    for (size_t i = 0; i < n; i++)
      OP_REQUIRE(c, op_int_at(b, i) >= 0, MOTE_ERR_RUN,
                 "exponent %zu is %lld, and powers of integers need exponents of 0 or more", i,
                 (long long)op_int_at(b, i));
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  MOTE_TRY(check_second(c));
  broadcast_run(c, c->record, c->in[0], c->in[1], kern_arith_run, c->params);
  return MOTE_OK;
}

#define ARITH(symbol, code_name, operator_name, version, taken, ...)                                                   \
  const mote_op op_##symbol = {                                                                                        \
      .name = operator_name,                                                                                           \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = version,                                                                                             \
      .inputs_min = 2,                                                                                                 \
      .inputs_max = 2,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = taken,                                                                                                  \
      .traits = OP_INPLACE_0 | OP_INPLACE_1,                                                                           \
      .params_size = sizeof(arith),                                                                                    \
      .record_size = sizeof(broadcast_plan),                                                                           \
      .check = check,                                                                                                  \
      .infer = infer,                                                                                                  \
      .plan = plan,                                                                                                    \
      .run = run,                                                                                                      \
      __VA_ARGS__,                                                                                                     \
  };

#define BITS "i8|u8|i16|u16|i32|u32"
#define INTEGERS BITS "|i64|u64|bool"
#define NUMBERS "f32|f16|bf16|f64|" INTEGERS

ARITH(pow, POW, "POW", 1, "f32|i32 = > =", .options = sch_BuiltinOptions_PowOptions,
      .notes = "Integers wrap and take exponents of 0 or more.")
ARITH(floor_div, FLOOR_DIV, "FLOOR_DIV", 3, "f32|i32|i16|i8 = > =", .options = sch_BuiltinOptions_FloorDivOptions,
      .notes = "A divisor of 0 is an error, for floats too.")
ARITH(floor_mod, FLOOR_MOD, "FLOOR_MOD", 2, "f32|i64|i32|i16|i8 = > =", .options = sch_BuiltinOptions_FloorModOptions,
      .notes = "The result has the divisor's sign; a divisor of 0 is an error, for floats too.")
ARITH(bitwise_xor, BITWISE_XOR, "BITWISE_XOR", 1, BITS " = > =", .options = sch_BuiltinOptions_BitwiseXorOptions)
ARITH(right_shift, RIGHT_SHIFT, "RIGHT_SHIFT", 1, BITS " = > =", .options = sch_BuiltinOptions_RightShiftOptions,
      .notes = "Arithmetic for signed types; the distance is clamped to the type's bits.")
ARITH(logical_and, LOGICAL_AND, "LOGICAL_AND", 1, "bool = > =", .options = sch_BuiltinOptions_LogicalAndOptions)
ARITH(logical_or, LOGICAL_OR, "LOGICAL_OR", 1, "bool = > =", .options = sch_BuiltinOptions_LogicalOrOptions)
ARITH(atan2, ATAN2, "ATAN2", 1, "f32|f64|f16|bf16 = > =", .options = sch_BuiltinOptions_ATan2Options)
ARITH(atan2_custom, CUSTOM, "atan2", 1, "f32|f64|f16|bf16 = > =", .notes = "ATAN2 of files older than it.")
ARITH(atan2_custom_capital, CUSTOM, "Atan2", 1, "f32|f64|f16|bf16 = > =", .notes = "ATAN2 of files older than it.")

ARITH(stablehlo_add, STABLEHLO_ADD, "STABLEHLO_ADD", 1, NUMBERS "|c64 = > =", .notes = "Of bool: or.")
ARITH(stablehlo_subtract, STABLEHLO_SUBTRACT, "STABLEHLO_SUBTRACT", 1, NUMBERS "|c64 = > =", .notes = "Integers wrap.")
ARITH(stablehlo_multiply, STABLEHLO_MULTIPLY, "STABLEHLO_MULTIPLY", 1, NUMBERS "|c64 = > =", .notes = "Of bool: and.")
ARITH(stablehlo_divide, STABLEHLO_DIVIDE, "STABLEHLO_DIVIDE", 1,
      NUMBERS " = > =", .notes = "Integers truncate; divided by 0 they give -1.")
ARITH(stablehlo_remainder, STABLEHLO_REMAINDER, "STABLEHLO_REMAINDER", 1,
      NUMBERS " = > =", .notes = "The result has the dividend's sign; an integer divided by 0 is its own remainder.")
ARITH(stablehlo_maximum, STABLEHLO_MAXIMUM, "STABLEHLO_MAXIMUM", 1, NUMBERS " = > =", .notes = "Of bool: or.")
ARITH(stablehlo_minimum, STABLEHLO_MINIMUM, "STABLEHLO_MINIMUM", 1, NUMBERS " = > =", .notes = "Of bool: and.")
ARITH(stablehlo_power, STABLEHLO_POWER, "STABLEHLO_POWER", 1,
      NUMBERS " = > =", .notes = "Integers to a negative power are 0, but for 1 and -1.")
ARITH(stablehlo_and, STABLEHLO_AND, "STABLEHLO_AND", 1, INTEGERS " = > =", .notes = "Bit by bit.")
ARITH(stablehlo_or, STABLEHLO_OR, "STABLEHLO_OR", 1, INTEGERS " = > =", .notes = "Bit by bit.")
ARITH(stablehlo_shift_left, STABLEHLO_SHIFT_LEFT, "STABLEHLO_SHIFT_LEFT", 1,
      "i8|u8|i16|u16|i32|u32|i64|u64 = > =", .options_2 = sch_BuiltinOptions2_StablehloShiftLeftOptions,
      .notes = "By the type's bits or more the result is 0.")
