/* rules_math.c: arithmetic, comparison, reduction, products of matrices. */
#include <math.h>
#include <string.h>

#include "import/tensorflow/emit.h"

/* ---- one operator for one ---- */

static void rule_same(tf_ctx *c) { c->out[0] = build_op(c->b, c->code, NULL, c->num_in, c->in); }

/* Operands that TensorFlow gives as 64-bit or smaller stay so; .tflite's comparison and arithmetic take them. */
static void rule_binary(tf_ctx *c) { c->out[0] = tf_op2(c, c->code, NULL, c->in[0], c->in[1]); }

static void rule_unary(tf_ctx *c) { c->out[0] = tf_op1(c, c->code, NULL, c->in[0]); }

/* ---- composed ---- */

static void rule_div_no_nan(tf_ctx *c) {
  const int32_t zero = tf_scalar_like(c, c->in[1], 0);
  const int32_t is_zero = tf_op2(c, sch_BuiltinOperator_EQUAL, NULL, c->in[1], zero);
  const int32_t quotient = tf_op2(c, sch_BuiltinOperator_DIV, NULL, c->in[0], c->in[1]);
  c->out[0] = tf_op3(c, sch_BuiltinOperator_SELECT_V2, NULL, is_zero, zero, quotient);
}

static void rule_log1p(tf_ctx *c) {
  const int32_t sum = tf_op2(c, sch_BuiltinOperator_ADD, NULL, c->in[0], tf_scalar_like(c, c->in[0], 1));
  c->out[0] = tf_op1(c, sch_BuiltinOperator_LOG, NULL, sum);
}

static void rule_expm1(tf_ctx *c) {
  const int32_t power = tf_op1(c, sch_BuiltinOperator_EXP, NULL, c->in[0]);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_SUB, NULL, power, tf_scalar_like(c, c->in[0], 1));
}

static void rule_reciprocal(tf_ctx *c) {
  c->out[0] = tf_op2(c, sch_BuiltinOperator_DIV, NULL, tf_scalar_like(c, c->in[0], 1), c->in[0]);
}

static void rule_tan(tf_ctx *c) {
  const int32_t s = tf_op1(c, sch_BuiltinOperator_SIN, NULL, c->in[0]);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_DIV, NULL, s, tf_op1(c, sch_BuiltinOperator_COS, NULL, c->in[0]));
}

/* log(1 + exp(x)) as relu(x) + log(1 + exp(-|x|)), which does not overflow. */
static void rule_softplus(tf_ctx *c) {
  const int32_t low = tf_op1(c, sch_BuiltinOperator_NEG, NULL, tf_op1(c, sch_BuiltinOperator_ABS, NULL, c->in[0]));
  const int32_t power = tf_op1(c, sch_BuiltinOperator_EXP, NULL, low);
  const int32_t sum = tf_op2(c, sch_BuiltinOperator_ADD, NULL, power, tf_float(c, 1));
  const int32_t rest = tf_op1(c, sch_BuiltinOperator_LOG, NULL, sum);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_ADD, NULL, tf_op1(c, sch_BuiltinOperator_RELU, NULL, c->in[0]), rest);
}

static void rule_softsign(tf_ctx *c) {
  const int32_t size = tf_op1(c, sch_BuiltinOperator_ABS, NULL, c->in[0]);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_DIV, NULL, c->in[0],
                     tf_op2(c, sch_BuiltinOperator_ADD, NULL, size, tf_float(c, 1)));
}

/* scale * (relu(x) + alpha * elu(min(x, 0))), Klambauer et al. 2017. */
static void rule_selu(tf_ctx *c) {
  const int32_t low = tf_op2(c, sch_BuiltinOperator_MINIMUM, NULL, c->in[0], tf_float(c, 0));
  const int32_t bent = tf_op2(c, sch_BuiltinOperator_MUL, NULL, tf_op1(c, sch_BuiltinOperator_ELU, NULL, low),
                              tf_float(c, 1.6732632423543772f));
  const int32_t sum =
      tf_op2(c, sch_BuiltinOperator_ADD, NULL, tf_op1(c, sch_BuiltinOperator_RELU, NULL, c->in[0]), bent);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_MUL, NULL, sum, tf_float(c, 1.0507009873554805f));
}

static void rule_is_nan(tf_ctx *c) { c->out[0] = tf_op2(c, sch_BuiltinOperator_NOT_EQUAL, NULL, c->in[0], c->in[0]); }

static void rule_is_inf(tf_ctx *c) {
  const int32_t size = tf_op1(c, sch_BuiltinOperator_ABS, NULL, c->in[0]);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_EQUAL, NULL, size, tf_float(c, INFINITY));
}

static void rule_is_finite(tf_ctx *c) {
  const int32_t size = tf_op1(c, sch_BuiltinOperator_ABS, NULL, c->in[0]);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_LESS, NULL, size, tf_float(c, INFINITY));
}

static void rule_clip(tf_ctx *c) {
  const int32_t low = tf_op2(c, sch_BuiltinOperator_MINIMUM, NULL, c->in[0], c->in[2]);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_MAXIMUM, NULL, low, c->in[1]);
}

static void rule_ones_like(tf_ctx *c) {
  const int32_t zeros = tf_op1(c, sch_BuiltinOperator_ZEROS_LIKE, NULL, c->in[0]);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_ADD, NULL, zeros, tf_scalar_like(c, c->in[0], 1));
}

static void rule_add_n(tf_ctx *c) {
  c->out[0] = c->num_in == 1   ? c->in[0]
              : c->num_in == 2 ? tf_op2(c, sch_BuiltinOperator_ADD, NULL, c->in[0], c->in[1])
                               : build_op(c->b, sch_BuiltinOperator_ADD_N, NULL, c->num_in, c->in);
}

static void rule_cast(tf_ctx *c) {
  mote_type to;
  if (tf_type(c, tf_attr_type(c->node, "DstT", TF_FLOAT), &to)) c->out[0] = tf_cast(c, c->in[0], to);
}

static void rule_leaky_relu(tf_ctx *c) {
  sch_LeakyReluOptions o = BUILD_OPTIONS(LeakyReluOptions);
  o.alpha = tf_attr_float(c->node, "alpha", 0.2f);
  c->out[0] = tf_op1(c, sch_BuiltinOperator_LEAKY_RELU, &o, c->in[0]);
}

static void rule_softmax(tf_ctx *c) {
  sch_SoftmaxOptions o = BUILD_OPTIONS(SoftmaxOptions);
  o.beta = 1;
  c->out[0] = tf_op1(c, sch_BuiltinOperator_SOFTMAX, &o, c->in[0]);
}

static void rule_l2_loss(tf_ctx *c) {
  const int32_t rank = build_rank(c->b, c->in[0]);
  int32_t axes[OP_MAX_RANK];
  for (int32_t i = 0; i < rank; i++) axes[i] = i;
  const int32_t square = tf_op1(c, sch_BuiltinOperator_SQUARE, NULL, c->in[0]);
  const int32_t sum = tf_op2(c, sch_BuiltinOperator_SUM, NULL, square, build_ints(c->b, "axes", rank, axes));
  c->out[0] = tf_op2(c, sch_BuiltinOperator_MUL, NULL, sum, tf_float(c, 0.5f));
}

/* ---- reductions ---- */

static void rule_reduce(tf_ctx *c) {
  sch_ReducerOptions o = BUILD_OPTIONS(ReducerOptions);
  o.keep_dims = tf_attr_bool(c->node, "keep_dims", false);
  c->out[0] = tf_op2(c, c->code, &o, c->in[0], tf_cast(c, c->in[1], MOTE_INT32));
}

static void rule_arg(tf_ctx *c) {
  sch_ArgMaxOptions most = BUILD_OPTIONS(ArgMaxOptions);
  sch_ArgMinOptions least = BUILD_OPTIONS(ArgMinOptions);
  const bool is_max = c->code == sch_BuiltinOperator_ARG_MAX;
  const bool is_long = tf_attr_type(c->node, "output_type", TF_INT64) == TF_INT64;
  most.output_type = least.output_type = is_long ? sch_TensorType_INT64 : sch_TensorType_INT32;
  const int32_t axis = c->num_in > 1 ? tf_cast(c, c->in[1], MOTE_INT32) : build_int(c->b, "axis", 0);
  c->out[0] = tf_op2(c, c->code, is_max ? (const void *)&most : &least, c->in[0], axis);
}

static void rule_cumsum(tf_ctx *c) {
  sch_CumsumOptions o = BUILD_OPTIONS(CumsumOptions);
  o.exclusive = tf_attr_bool(c->node, "exclusive", false);
  o.reverse = tf_attr_bool(c->node, "reverse", false);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_CUMSUM, &o, c->in[0], tf_cast(c, c->in[1], MOTE_INT32));
}

/* ---- choice ---- */

/* The first form takes a vector of conditions, one a row; where .tflite's SELECT does too. */
static void rule_select(tf_ctx *c) {
  const bool rows =
      !strcmp(c->op->type, "Select") && build_rank(c->b, c->in[0]) == 1 && build_rank(c->b, c->in[1]) != 1;
  c->out[0] =
      tf_op3(c, rows ? sch_BuiltinOperator_SELECT : sch_BuiltinOperator_SELECT_V2, NULL, c->in[0], c->in[1], c->in[2]);
}

/* ---- products of matrices ---- */

static int32_t swap_last(tf_ctx *c, int32_t value) {
  const int32_t rank = build_rank(c->b, value);
  int32_t perm[OP_MAX_RANK];
  for (int32_t i = 0; i < rank; i++) perm[i] = i;
  if (rank >= 2) perm[rank - 1] = rank - 2, perm[rank - 2] = rank - 1;
  return tf_transpose(c, value, rank, perm);
}

static void rule_mat_mul(tf_ctx *c) {
  const bool left = tf_attr_bool(c->node, "transpose_a", false), right = tf_attr_bool(c->node, "transpose_b", false);
  const graph_value *w = tf_value(c, c->in[1]);
  if (build_rank(c->b, c->in[0]) == 2 && w && w->is_const) {
    const int32_t x = left ? swap_last(c, c->in[0]) : c->in[0];
    const int32_t weights = right ? c->in[1] : swap_last(c, c->in[1]);
    c->out[0] = tf_op3(c, sch_BuiltinOperator_FULLY_CONNECTED, NULL, x, weights, -1);
    return;
  }
  sch_BatchMatMulOptions o = BUILD_OPTIONS(BatchMatMulOptions);
  o.adj_x = left;
  o.adj_y = right;
  c->out[0] = tf_op2(c, sch_BuiltinOperator_BATCH_MATMUL, &o, c->in[0], c->in[1]);
}

static void rule_batch_mat_mul(tf_ctx *c) {
  sch_BatchMatMulOptions o = BUILD_OPTIONS(BatchMatMulOptions);
  o.adj_x = tf_attr_bool(c->node, "adj_x", false);
  o.adj_y = tf_attr_bool(c->node, "adj_y", false);
  c->out[0] = tf_op2(c, sch_BuiltinOperator_BATCH_MATMUL, &o, c->in[0], c->in[1]);
}

#define OP(name) sch_BuiltinOperator_##name

const tf_row tf_rows_math[] = {
    {"Add", rule_binary, OP(ADD)},
    {"AddV2", rule_binary, OP(ADD)},
    {"AddN", rule_add_n, 0},
    {"AccumulateNV2", rule_add_n, 0},
    {"Sub", rule_binary, OP(SUB)},
    {"Mul", rule_binary, OP(MUL)},
    {"Div", rule_binary, OP(DIV)},
    {"RealDiv", rule_binary, OP(DIV)},
    {"TruncateDiv", rule_binary, OP(DIV)},
    {"DivNoNan", rule_div_no_nan, 0},
    {"FloorDiv", rule_binary, OP(FLOOR_DIV)},
    {"FloorMod", rule_binary, OP(FLOOR_MOD)},
    {"Maximum", rule_binary, OP(MAXIMUM)},
    {"Minimum", rule_binary, OP(MINIMUM)},
    {"Pow", rule_binary, OP(POW)},
    {"SquaredDifference", rule_binary, OP(SQUARED_DIFFERENCE)},
    {"Atan2", rule_binary, OP(ATAN2)},
    {"BitwiseXor", rule_binary, OP(BITWISE_XOR)},
    {"RightShift", rule_binary, OP(RIGHT_SHIFT)},
    {"Equal", rule_binary, OP(EQUAL)},
    {"NotEqual", rule_binary, OP(NOT_EQUAL)},
    {"Greater", rule_binary, OP(GREATER)},
    {"GreaterEqual", rule_binary, OP(GREATER_EQUAL)},
    {"Less", rule_binary, OP(LESS)},
    {"LessEqual", rule_binary, OP(LESS_EQUAL)},
    {"LogicalAnd", rule_binary, OP(LOGICAL_AND)},
    {"LogicalOr", rule_binary, OP(LOGICAL_OR)},
    {"LogicalXor", rule_binary, OP(NOT_EQUAL)},
    {"LogicalNot", rule_unary, OP(LOGICAL_NOT)},
    {"Abs", rule_unary, OP(ABS)},
    {"Neg", rule_unary, OP(NEG)},
    {"Exp", rule_unary, OP(EXP)},
    {"Expm1", rule_expm1, 0},
    {"Log", rule_unary, OP(LOG)},
    {"Log1p", rule_log1p, 0},
    {"Sin", rule_unary, OP(SIN)},
    {"Cos", rule_unary, OP(COS)},
    {"Tan", rule_tan, 0},
    {"Sqrt", rule_unary, OP(SQRT)},
    {"Rsqrt", rule_unary, OP(RSQRT)},
    {"Square", rule_unary, OP(SQUARE)},
    {"Reciprocal", rule_reciprocal, 0},
    {"Inv", rule_reciprocal, 0},
    {"Floor", rule_unary, OP(FLOOR)},
    {"Ceil", rule_unary, OP(CEIL)},
    {"Round", rule_unary, OP(ROUND)},
    {"Rint", rule_unary, OP(ROUND)},
    {"Sign", rule_unary, OP(SIGN)},
    {"IsNan", rule_is_nan, 0},
    {"IsInf", rule_is_inf, 0},
    {"IsFinite", rule_is_finite, 0},
    {"ClipByValue", rule_clip, 0},
    {"ZerosLike", rule_unary, OP(ZEROS_LIKE)},
    {"OnesLike", rule_ones_like, 0},
    {"Cast", rule_cast, 0},
    {"Real", rule_unary, OP(REAL)},
    {"Imag", rule_unary, OP(IMAG)},
    {"ComplexAbs", rule_unary, OP(COMPLEX_ABS)},
    {"Relu", rule_unary, OP(RELU)},
    {"Relu6", rule_unary, OP(RELU6)},
    {"LeakyRelu", rule_leaky_relu, 0},
    {"Elu", rule_unary, OP(ELU)},
    {"Selu", rule_selu, 0},
    {"Tanh", rule_unary, OP(TANH)},
    {"Sigmoid", rule_unary, OP(LOGISTIC)},
    {"Softplus", rule_softplus, 0},
    {"Softsign", rule_softsign, 0},
    {"Softmax", rule_softmax, 0},
    {"LogSoftmax", rule_unary, OP(LOG_SOFTMAX)},
    {"L2Loss", rule_l2_loss, 0},
    {"Sum", rule_reduce, OP(SUM)},
    {"Mean", rule_reduce, OP(MEAN)},
    {"Prod", rule_reduce, OP(REDUCE_PROD)},
    {"Max", rule_reduce, OP(REDUCE_MAX)},
    {"Min", rule_reduce, OP(REDUCE_MIN)},
    {"Any", rule_reduce, OP(REDUCE_ANY)},
    {"All", rule_reduce, OP(REDUCE_ALL)},
    {"ArgMax", rule_arg, OP(ARG_MAX)},
    {"ArgMin", rule_arg, OP(ARG_MIN)},
    {"Cumsum", rule_cumsum, 0},
    {"Select", rule_select, 0},
    {"SelectV2", rule_select, 0},
    {"Where", rule_unary, OP(WHERE)},
    {"MatMul", rule_mat_mul, 0},
    {"BatchMatMul", rule_batch_mat_mul, 0},
    {"BatchMatMulV2", rule_batch_mat_mul, 0},
    {"BatchMatMulV3", rule_batch_mat_mul, 0},
    {"SegmentSum", rule_same, OP(SEGMENT_SUM)},
    {"UnsortedSegmentSum", rule_same, OP(UNSORTED_SEGMENT_SUM)},
    {"UnsortedSegmentMin", rule_same, OP(UNSORTED_SEGMENT_MIN)},
    {"UnsortedSegmentMax", rule_same, OP(UNSORTED_SEGMENT_MAX)},
    {"UnsortedSegmentProd", rule_same, OP(UNSORTED_SEGMENT_PROD)},
    {NULL, NULL, 0},
};
