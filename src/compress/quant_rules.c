/* quant_rules.c: what operators are when they are quantized: TensorFlow Lite's quantization specification, and the
 * properties of operators that its quantizer goes by.
 */
#include "compress/quant.h"

#define OP(name) sch_BuiltinOperator_##name
#define LINEAR(name, in, w, b, ax)                                                                                     \
  { .code = OP(name), .data = 1u << (in), .weights = 1u << (w), .bias = (b), .axis = (ax), .output = QUANT_FREE }
#define FREE(name, in)                                                                                                 \
  { .code = OP(name), .data = (in), .bias = -1, .axis = -1, .output = QUANT_FREE }
#define SAME(name, in)                                                                                                 \
  { .code = OP(name), .data = (in), .bias = -1, .axis = -1, .output = QUANT_SAME }
#define NONE(name, in)                                                                                                 \
  { .code = OP(name), .data = (in), .bias = -1, .axis = -1, .output = QUANT_NONE }
#define FIXED(name, s8, z8, s16)                                                                                       \
  {                                                                                                                    \
    .code = OP(name), .data = 1, .bias = -1, .axis = -1, .output = QUANT_FIXED, .scale8 = (s8), .zero8 = (z8),         \
    .scale16 = (s16)                                                                                                   \
  }
#define WEIGHTS(name, w)                                                                                               \
  { .code = OP(name), .weights = (w), .bias = -1, .axis = -1, .output = QUANT_NONE }

enum { FIRST = 1, SECOND = 2, THIRD = 4, BOTH = 3 };

static const quant_rule rules[] = {
    LINEAR(CONV_2D, 0, 1, 2, 0),
    LINEAR(DEPTHWISE_CONV_2D, 0, 1, 2, 3),
    LINEAR(TRANSPOSE_CONV, 2, 1, 3, 0),
    LINEAR(FULLY_CONNECTED, 0, 1, 2, 0),

    FREE(BATCH_MATMUL, BOTH),
    FREE(ADD, BOTH),
    FREE(SUB, BOTH),
    FREE(MUL, BOTH),
    FREE(DIV, BOTH),
    FREE(SQUARED_DIFFERENCE, BOTH),
    FREE(PRELU, BOTH),
    FREE(MEAN, FIRST),
    FREE(SUM, FIRST),
    FREE(RELU, FIRST),
    FREE(RELU6, FIRST),
    FREE(RELU_N1_TO_1, FIRST),
    FREE(RELU_0_TO_1, FIRST),
    FREE(LEAKY_RELU, FIRST),
    FREE(ELU, FIRST),
    FREE(GELU, FIRST),
    FREE(HARD_SWISH, FIRST),
    FREE(EXP, FIRST),
    FREE(LOG, FIRST),
    FREE(SQRT, FIRST),
    FREE(RSQRT, FIRST),
    FREE(ABS, FIRST),
    FREE(NEG, FIRST),

    FIXED(LOGISTIC, 1.0f / 256, -128, 1.0f / 32768),
    FIXED(SOFTMAX, 1.0f / 256, -128, 1.0f / 32768),
    FIXED(TANH, 1.0f / 128, 0, 1.0f / 32768),
    FIXED(L2_NORMALIZATION, 1.0f / 128, 0, 0),
    FIXED(LOG_SOFTMAX, 16.0f / 256, 127, 0),

    SAME(AVERAGE_POOL_2D, FIRST),
    SAME(MAX_POOL_2D, FIRST),
    SAME(RESHAPE, FIRST),
    SAME(SQUEEZE, FIRST),
    SAME(EXPAND_DIMS, FIRST),
    SAME(TRANSPOSE, FIRST),
    SAME(SLICE, FIRST),
    SAME(STRIDED_SLICE, FIRST),
    SAME(SPLIT, SECOND),
    SAME(SPLIT_V, FIRST),
    SAME(UNPACK, FIRST),
    SAME(GATHER, FIRST),
    SAME(GATHER_ND, FIRST),
    SAME(PAD, FIRST),
    SAME(PADV2, FIRST | THIRD),
    SAME(MIRROR_PAD, FIRST),
    SAME(TILE, FIRST),
    SAME(BROADCAST_TO, FIRST),
    SAME(SPACE_TO_BATCH_ND, FIRST),
    SAME(BATCH_TO_SPACE_ND, FIRST),
    SAME(SPACE_TO_DEPTH, FIRST),
    SAME(DEPTH_TO_SPACE, FIRST),
    SAME(RESIZE_BILINEAR, FIRST),
    SAME(RESIZE_NEAREST_NEIGHBOR, FIRST),
    SAME(REVERSE_V2, FIRST),
    SAME(REDUCE_MAX, FIRST),
    SAME(REDUCE_MIN, FIRST),
    SAME(SCATTER_ND, SECOND),
    SAME(DYNAMIC_UPDATE_SLICE, BOTH),
    SAME(MAXIMUM, BOTH),
    SAME(MINIMUM, BOTH),
    SAME(SELECT, SECOND | THIRD),
    SAME(SELECT_V2, SECOND | THIRD),
    SAME(CONCATENATION, QUANT_ALL),
    SAME(PACK, QUANT_ALL),

    NONE(ARG_MAX, FIRST),
    NONE(ARG_MIN, FIRST),
    NONE(EQUAL, BOTH),
    NONE(NOT_EQUAL, BOTH),
    NONE(GREATER, BOTH),
    NONE(GREATER_EQUAL, BOTH),
    NONE(LESS, BOTH),
    NONE(LESS_EQUAL, BOTH),

    /* Their weights alone, beside floats. */
    WEIGHTS(SVDF, 0x6),
    WEIGHTS(RNN, 0x6),
    WEIGHTS(UNIDIRECTIONAL_SEQUENCE_RNN, 0x6),
    WEIGHTS(LSTM, 0x10ffe),
    WEIGHTS(UNIDIRECTIONAL_SEQUENCE_LSTM, 0x10ffe),
    WEIGHTS(EMBEDDING_LOOKUP, SECOND),
};

const quant_rule *quant_rule_of(const graph_node *n) {
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (n->op->code == rules[i].code) return &rules[i];
  return NULL;
}
