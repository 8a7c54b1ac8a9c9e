/* operators.c: the time of operators, one at a time, at sizes of usual networks.
 *
 *   bench_operators [--check] [NAME...]
 *
 * Every operator has a row: one of the table below, or, where sizes of usual networks say no more than others, the
 * largest of some networks by chance around it (tests/support/chance.h), which is small, so that its time is mostly
 * that of a run. --check runs each row once, times nothing, and fails when an operator has none that runs.
 *
 * A row of the table is a network of one operator, built here and run on one thread: nanoseconds for an element of its
 * largest operand or result, and gigabytes a second of all that it reads and writes. Beside some stands the plain
 * scalar loop of the definition; an operator that is slower than its loop by a tenth or more is pointed out, and the
 * exit status is then 1.
 *
 * An operand is written as in "f32 1x56x56x64" (an input), "f32 64 ..." behind "=" (a constant of 0.5, or of 1 for
 * integers), "ints 0,2,1" (a constant list), "var f32 1x64" (a variable).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "mote/graph.h"
#include "support/chance.h"

typedef void (*loop)(const mote_tensor *const *in, const mote_tensor *out);

typedef struct row {
  const char *op, *operands, *options;
  int outputs;    /* 0: 1 */
  mote_type type; /* of the outputs, where the operator does not decide; 0: it does */
  loop plain;
} row;

/* ---- plain loops ---- */

static size_t count_of(const mote_tensor *t) {
  size_t n = 1;
  for (int32_t i = 0; i < t->rank; i++) n *= (size_t)t->dims[i];
  return n;
}

#define UNARY(name, expression)                                                                                        \
  static void name(const mote_tensor *const *in, const mote_tensor *out) {                                             \
    const float *const restrict a = in[0]->data;                                                                       \
    float *const restrict y = out->data;                                                                               \
    for (size_t i = 0, n = count_of(out); i < n; i++) {                                                                \
      const float x = a[i];                                                                                            \
      y[i] = (expression);                                                                                             \
    }                                                                                                                  \
  }
#define BINARY(name, expression)                                                                                       \
  static void name(const mote_tensor *const *in, const mote_tensor *out) {                                             \
    const float *const a = in[0]->data, *const b = in[1]->data;                                                        \
    float *const y = out->data;                                                                                        \
    for (size_t i = 0, n = count_of(out); i < n; i++) y[i] = a[i] expression b[i];                                     \
  }
UNARY(plain_abs, fabsf(x))
UNARY(plain_exp, expf(x))
UNARY(plain_tanh, tanhf(x))
UNARY(plain_logistic, 1 / (1 + expf(-x)))
UNARY(plain_relu6, x<0 ? 0 : x> 6 ? 6 : x)
UNARY(plain_sqrt, sqrtf(x))
UNARY(plain_floor, floorf(x))
UNARY(plain_log, logf(x))
#define COMPARE(name, expression)                                                                                      \
  static void name(const mote_tensor *const *in, const mote_tensor *out) {                                             \
    const float *const a = in[0]->data, *const b = in[1]->data;                                                        \
    bool *const y = out->data;                                                                                         \
    for (size_t i = 0, n = count_of(out); i < n; i++) y[i] = a[i] expression b[i];                                     \
  }
#define BINARY_OF(name, expression)                                                                                    \
  static void name(const mote_tensor *const *in, const mote_tensor *out) {                                             \
    const float *const p = in[0]->data, *const q = in[1]->data;                                                        \
    for (size_t i = 0, n = count_of(out); i < n; i++) {                                                                \
      const float a = p[i], b = q[i];                                                                                  \
      ((float *)out->data)[i] = (expression);                                                                          \
    }                                                                                                                  \
  }
UNARY(plain_neg, -x)
UNARY(plain_square, x *x)
UNARY(plain_relu, x < 0 ? 0 : x)
UNARY(plain_leaky_relu, x < 0 ? 0.1f * x : x)
UNARY(plain_sin, sinf(x))
UNARY(plain_cos, cosf(x))
UNARY(plain_rsqrt, 1 / sqrtf(x))
UNARY(plain_ceil, ceilf(x))
UNARY(plain_round, rintf(x))
UNARY(plain_sign, x > 0 ? 1 : x < 0 ? -1 : x)
UNARY(plain_gelu, 0.5f * x * (1 + erff(x * 0.70710678f)))
UNARY(plain_hard_swish, x *fminf(fmaxf(x + 3, 0), 6) / 6)
UNARY(plain_cbrt, cbrtf(x))
BINARY_OF(plain_maximum, a > b ? a : b)
BINARY_OF(plain_minimum, a < b ? a : b)
BINARY_OF(plain_squared_difference, (a - b) * (a - b))
BINARY_OF(plain_pow, powf(a, b))
BINARY_OF(plain_floor_div, (float)floor((double)a / (double)b)) /* in double, as the reference */
BINARY_OF(plain_remainder, fmodf(a, b))
BINARY_OF(plain_atan2, atan2f(a, b))
COMPARE(plain_less, <)
COMPARE(plain_less_equal, <=)
COMPARE(plain_greater, >)
COMPARE(plain_greater_equal, >=)
COMPARE(plain_equal, ==)
COMPARE(plain_not_equal, !=)
BINARY(plain_sub, -)
BINARY(plain_add, +)
BINARY(plain_mul, *)
BINARY(plain_div, /)

static void plain_and(const mote_tensor *const *in, const mote_tensor *out) {
  const bool *const a = in[0]->data, *const b = in[1]->data;
  for (size_t i = 0, n = count_of(out); i < n; i++) ((bool *)out->data)[i] = a[i] && b[i];
}

static void plain_select(const mote_tensor *const *in, const mote_tensor *out) {
  const bool *const c = in[0]->data;
  const float *const a = in[1]->data, *const b = in[2]->data;
  for (size_t i = 0, n = count_of(out); i < n; i++) ((float *)out->data)[i] = c[i] ? a[i] : b[i];
}

static void plain_cumsum(const mote_tensor *const *in, const mote_tensor *out) {
  const size_t n = (size_t)out->dims[1];
  for (size_t r = 0; r < (size_t)out->dims[0]; r++) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) ((float *)out->data)[r * n + i] = sum += ((const float *)in[0]->data)[r * n + i];
  }
}

static void plain_most(const mote_tensor *const *in, const mote_tensor *out) {
  const size_t rows = count_of(out), n = count_of(in[0]) / rows;
  for (size_t r = 0; r < rows; r++) {
    const float *const x = (const float *)in[0]->data + r * n;
    float most = x[0];
    for (size_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
    ((float *)out->data)[r] = most;
  }
}

static void plain_log_softmax(const mote_tensor *const *in, const mote_tensor *out) {
  const size_t n = (size_t)out->dims[out->rank - 1], rows = count_of(out) / n;
  for (size_t r = 0; r < rows; r++) {
    const float *const x = (const float *)in[0]->data + r * n;
    float most = x[0], sum = 0;
    for (size_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < n; i++) sum += expf(x[i] - most);
    const float shift = most + logf(sum);
    for (size_t i = 0; i < n; i++) ((float *)out->data)[r * n + i] = x[i] - shift;
  }
}

static void plain_sum(const mote_tensor *const *in, const mote_tensor *out) {
  const size_t rows = count_of(out), n = count_of(in[0]) / rows;
  for (size_t r = 0; r < rows; r++) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += ((const float *)in[0]->data)[r * n + i];
    ((float *)out->data)[r] = sum;
  }
}

static void plain_softmax(const mote_tensor *const *in, const mote_tensor *out) {
  const size_t n = (size_t)out->dims[out->rank - 1], rows = count_of(out) / n;
  for (size_t r = 0; r < rows; r++) {
    const float *const x = (const float *)in[0]->data + r * n;
    float *const y = (float *)out->data + r * n, most = x[0], sum = 0;
    for (size_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < n; i++) sum += y[i] = expf(x[i] - most);
    for (size_t i = 0; i < n; i++) y[i] /= sum;
  }
}

/* The last two of three dimensions change places. */
static void plain_transpose(const mote_tensor *const *in, const mote_tensor *out) {
  const size_t b = (size_t)in[0]->dims[0], n = (size_t)in[0]->dims[1], m = (size_t)in[0]->dims[2];
  for (size_t k = 0; k < b; k++)
    for (size_t j = 0; j < m; j++)
      for (size_t i = 0; i < n; i++)
        ((float *)out->data)[(k * m + j) * n + i] = ((const float *)in[0]->data)[(k * n + i) * m + j];
}

static void plain_copy(const mote_tensor *const *in, const mote_tensor *out) {
  const float *const a = in[0]->data;
  for (size_t i = 0, n = count_of(out); i < n; i++) ((float *)out->data)[i] = a[i % count_of(in[0])];
}

static void plain_gather(const mote_tensor *const *in, const mote_tensor *out) {
  const size_t width = (size_t)in[0]->dims[1], rows = count_of(in[1]);
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < width; i++)
      ((float *)out->data)[r * width + i] =
          ((const float *)in[0]->data)[(size_t)((const int32_t *)in[1]->data)[r] * width + i];
}

static void plain_max_pool(const mote_tensor *const *in, const mote_tensor *out) {
  const size_t w = (size_t)in[0]->dims[2], c = (size_t)in[0]->dims[3], oh = (size_t)out->dims[1],
               ow = (size_t)out->dims[2];
  const float *const x = in[0]->data;
  for (size_t i = 0; i < oh; i++)
    for (size_t j = 0; j < ow; j++)
      for (size_t k = 0; k < c; k++) {
        float most = -INFINITY;
        for (size_t y = 0; y < 2; y++)
          for (size_t z = 0; z < 2; z++) most = fmaxf(most, x[((2 * i + y) * w + 2 * j + z) * c + k]);
        ((float *)out->data)[(i * ow + j) * c + k] = most;
      }
}

/* ---- what is timed ---- */

#define IMAGE "f32 1x56x56x64"
#define BYTES "i8 1x56x56x64"
#define POOL "padding: VALID, stride_w: 2, stride_h: 2, filter_width: 2, filter_height: 2"
#define CONV "padding: SAME, stride_w: 1, stride_h: 1"

static const row rows[] = {
    {"ADD", IMAGE ";" IMAGE, NULL, 0, 0, plain_add},
    {"ADD", BYTES ";" BYTES, NULL, 0, 0, NULL},
    {"SUB", IMAGE ";" IMAGE, NULL, 0, 0, plain_sub},
    {"MUL", IMAGE ";" IMAGE, NULL, 0, 0, plain_mul},
    {"MUL", IMAGE "; f32 64", NULL, 0, 0, NULL},
    {"MUL", BYTES ";" BYTES, NULL, 0, 0, NULL},
    {"DIV", IMAGE ";" IMAGE, NULL, 0, 0, plain_div},
    {"MAXIMUM", IMAGE ";" IMAGE, NULL, 0, 0, plain_maximum},
    {"MINIMUM", IMAGE ";" IMAGE, NULL, 0, 0, plain_minimum},
    {"POW", IMAGE ";" IMAGE, NULL, 0, 0, plain_pow},
    {"SQUARED_DIFFERENCE", IMAGE ";" IMAGE, NULL, 0, 0, plain_squared_difference},
    {"FLOOR_DIV", IMAGE ";" IMAGE, NULL, 0, 0, plain_floor_div},
    {"FLOOR_MOD", IMAGE ";" IMAGE, NULL, 0, 0, NULL},
    {"ADD_N", IMAGE ";" IMAGE ";" IMAGE, NULL, 0, 0, NULL},
    {"LESS", IMAGE ";" IMAGE, NULL, 0, 0, plain_less},
    {"LESS_EQUAL", IMAGE ";" IMAGE, NULL, 0, 0, plain_less_equal},
    {"GREATER", IMAGE ";" IMAGE, NULL, 0, 0, plain_greater},
    {"GREATER_EQUAL", IMAGE ";" IMAGE, NULL, 0, 0, plain_greater_equal},
    {"EQUAL", IMAGE ";" IMAGE, NULL, 0, 0, plain_equal},
    {"NOT_EQUAL", IMAGE ";" IMAGE, NULL, 0, 0, plain_not_equal},
    {"LOGICAL_AND", "bool 1x56x56x64; bool 1x56x56x64", NULL, 0, 0, plain_and},
    {"LOGICAL_OR", "bool 1x56x56x64; bool 1x56x56x64", NULL, 0, 0, NULL},
    {"LOGICAL_NOT", "bool 1x56x56x64", NULL, 0, 0, NULL},
    {"ABS", IMAGE, NULL, 0, 0, plain_abs},
    {"NEG", IMAGE, NULL, 0, 0, plain_neg},
    {"EXP", IMAGE, NULL, 0, 0, plain_exp},
    {"LOG", IMAGE, NULL, 0, 0, plain_log},
    {"SIN", IMAGE, NULL, 0, 0, plain_sin},
    {"COS", IMAGE, NULL, 0, 0, plain_cos},
    {"SQRT", IMAGE, NULL, 0, 0, plain_sqrt},
    {"RSQRT", IMAGE, NULL, 0, 0, plain_rsqrt},
    {"SQUARE", IMAGE, NULL, 0, 0, plain_square},
    {"FLOOR", IMAGE, NULL, 0, 0, plain_floor},
    {"CEIL", IMAGE, NULL, 0, 0, plain_ceil},
    {"ROUND", IMAGE, NULL, 0, 0, plain_round},
    {"SIGN", IMAGE, NULL, 0, 0, plain_sign},
    {"RELU", IMAGE, NULL, 0, 0, plain_relu},
    {"RELU6", IMAGE, NULL, 0, 0, plain_relu6},
    {"RELU6", BYTES, NULL, 0, 0, NULL},
    {"LEAKY_RELU", IMAGE, "alpha: 0.1", 0, 0, plain_leaky_relu},
    {"PRELU", IMAGE "; = f32 64", NULL, 0, 0, NULL},
    {"ELU", IMAGE, NULL, 0, 0, NULL},
    {"GELU", IMAGE, NULL, 0, 0, plain_gelu},
    {"HARD_SWISH", IMAGE, NULL, 0, 0, plain_hard_swish},
    {"TANH", IMAGE, NULL, 0, 0, plain_tanh},
    {"TANH", BYTES, NULL, 0, 0, NULL},
    {"LOGISTIC", IMAGE, NULL, 0, 0, plain_logistic},
    {"LOGISTIC", BYTES, NULL, 0, 0, NULL},
    {"SOFTMAX", "f32 64x1000", "beta: 1", 0, 0, plain_softmax},
    {"SOFTMAX", "i8 64x1000", "beta: 1", 0, 0, NULL},
    {"LOG_SOFTMAX", "f32 64x1000", NULL, 0, 0, plain_log_softmax},
    {"L2_NORMALIZATION", "f32 64x1000", NULL, 0, 0, NULL},
    {"LOCAL_RESPONSE_NORMALIZATION", IMAGE, "radius: 2, bias: 1, alpha: 0.1, beta: 0.5", 0, 0, NULL},
    {"SUM", "f32 784x256; ints 1", NULL, 0, 0, plain_sum},
    {"SUM", IMAGE "; ints 1,2", NULL, 0, 0, NULL},
    {"MEAN", IMAGE "; ints 1,2", NULL, 0, 0, NULL},
    {"MEAN", BYTES "; ints 1,2", NULL, 0, 0, NULL},
    {"REDUCE_MAX", IMAGE "; ints 3", NULL, 0, 0, plain_most},
    {"REDUCE_MIN", IMAGE "; ints 3", NULL, 0, 0, NULL},
    {"REDUCE_PROD", IMAGE "; ints 3", NULL, 0, 0, NULL},
    {"REDUCE_ANY", "bool 1x56x56x64; ints 3", NULL, 0, 0, NULL},
    {"REDUCE_ALL", "bool 1x56x56x64; ints 3", NULL, 0, 0, NULL},
    {"ARG_MAX", "f32 256x1000; int 1", NULL, 0, 0, NULL},
    {"ARG_MIN", "f32 256x1000; int 1", NULL, 0, 0, NULL},
    {"CUMSUM", "f32 256x1000; int 1", NULL, 0, 0, plain_cumsum},
    {"TOPK_V2", "f32 64x1000; int 5", NULL, 2, 0, NULL},
    {"CAST", IMAGE, NULL, 0, MOTE_INT32, NULL},
    {"QUANTIZE", IMAGE, NULL, 0, MOTE_INT8, NULL},
    {"DEQUANTIZE", BYTES, NULL, 0, 0, NULL},
    {"TRANSPOSE", "f32 16x112x112; ints 0,2,1", NULL, 0, 0, plain_transpose},
    {"TRANSPOSE", "i8 1x112x112x64; ints 0,3,1,2", NULL, 0, 0, NULL},
    {"CONCATENATION", IMAGE ";" IMAGE, "axis: 3", 0, 0, NULL},
    {"SPLIT", "int 3;" IMAGE, "num_splits: 2", 2, 0, NULL},
    {"SPLIT_V", IMAGE "; ints 16,48; int 3", "num_splits: 2", 2, 0, NULL},
    {"PACK", IMAGE ";" IMAGE, "values_count: 2, axis: 0", 0, 0, NULL},
    {"UNPACK", "f32 4x56x56x64", "num: 4, axis: 0", 4, 0, NULL},
    {"SLICE", IMAGE "; ints 0,8,8,0; ints 1,40,40,64", NULL, 0, 0, NULL},
    {"STRIDED_SLICE", IMAGE "; ints 0,0,0,0; ints 1,56,56,64; ints 1,2,2,1", NULL, 0, 0, NULL},
    {"PAD", IMAGE "; pairs 0,0,1,1,1,1,0,0", NULL, 0, 0, NULL},
    {"PADV2", IMAGE "; pairs 0,0,1,1,1,1,0,0; = f32 scalar", NULL, 0, 0, NULL},
    {"MIRROR_PAD", IMAGE "; pairs 0,0,1,1,1,1,0,0", "mode: REFLECT", 0, 0, NULL},
    {"TILE", IMAGE "; ints 4,1,1,1", NULL, 0, 0, plain_copy},
    {"REVERSE_V2", IMAGE "; ints 3", NULL, 0, 0, NULL},
    {"BROADCAST_TO", "f32 1x1x1x64; ints 1,56,56,64", NULL, 0, 0, NULL},
    {"GATHER", "f32 1000x256; i32 512", NULL, 0, 0, plain_gather},
    {"GATHER_ND", "f32 1000x256; = i32 512x1", NULL, 0, 0, NULL},
    {"SCATTER_ND", "= i32 512x1; f32 512x256; ints 1000,256", NULL, 0, 0, NULL},
    {"EMBEDDING_LOOKUP", "= i32 512; f32 1000x256", NULL, 0, 0, NULL},
    {"ONE_HOT", "i32 512; int 1000; = f32 scalar; = f32 scalar", "axis: -1", 0, 0, NULL},
    {"SELECT_V2", "bool 1x56x56x64;" IMAGE ";" IMAGE, NULL, 0, 0, plain_select},
    {"WHERE", "bool 1x56x56x64", NULL, 0, 0, NULL},
    {"SPACE_TO_DEPTH", IMAGE, "block_size: 2", 0, 0, NULL},
    {"DEPTH_TO_SPACE", IMAGE, "block_size: 2", 0, 0, NULL},
    {"SPACE_TO_BATCH_ND", IMAGE "; ints 2,2; pairs 0,0,0,0", NULL, 0, 0, NULL},
    {"BATCH_TO_SPACE_ND", "f32 4x28x28x64; ints 2,2; pairs 0,0,0,0", NULL, 0, 0, NULL},
    {"RESHAPE", IMAGE "; ints 56,56,64", NULL, 0, 0, NULL},
    {"FILL", "ints 56,56,64; f32 scalar", NULL, 0, 0, NULL},
    {"RESIZE_BILINEAR", IMAGE "; ints 112,112", NULL, 0, 0, NULL},
    {"RESIZE_BILINEAR", BYTES "; ints 112,112", NULL, 0, 0, NULL},
    {"RESIZE_NEAREST_NEIGHBOR", IMAGE "; ints 112,112", NULL, 0, 0, NULL},
    {"MAX_POOL_2D", IMAGE, POOL, 0, 0, plain_max_pool},
    {"MAX_POOL_2D", BYTES, POOL, 0, 0, NULL},
    {"AVERAGE_POOL_2D", IMAGE, POOL, 0, 0, NULL},
    {"AVERAGE_POOL_2D", BYTES, POOL, 0, 0, NULL},
    {"L2_POOL_2D", IMAGE, POOL, 0, 0, NULL},
    {"CONV_2D", IMAGE "; = f32 64x3x3x64; = f32 64", CONV, 0, 0, NULL},
    {"CONV_2D", BYTES "; = i8 64x3x3x64; = i32 64", CONV, 0, 0, NULL},
    {"DEPTHWISE_CONV_2D", IMAGE "; = f32 1x3x3x64; = f32 64", CONV, 0, 0, NULL},
    {"DEPTHWISE_CONV_2D", BYTES "; = i8 1x3x3x64; = i32 64", CONV, 0, 0, NULL},
    {"TRANSPOSE_CONV", "ints 1,112,112,32; = f32 32x3x3x64;" IMAGE, "padding: SAME, stride_w: 2, stride_h: 2", 0, 0,
     NULL},
    {"CONV_3D", "f32 1x8x28x28x16; = f32 3x3x3x16x16", "padding: SAME, stride_d: 1, stride_w: 1, stride_h: 1", 0, 0,
     NULL},
    {"FULLY_CONNECTED", "f32 1x1024; = f32 1024x1024; = f32 1024", NULL, 0, 0, NULL},
    {"FULLY_CONNECTED", "i8 1x1024; = i8 1024x1024; = i32 1024", NULL, 0, 0, NULL},
    {"BATCH_MATMUL", "f32 8x64x64; f32 8x64x64", NULL, 0, 0, NULL},
    {"RFFT2D", "f32 8x128x128; ints 128,128", NULL, 0, 0, NULL},
    {"UNIDIRECTIONAL_SEQUENCE_RNN", "f32 1x32x64; = f32 64x64; = f32 64x64; = f32 64; var f32 1x64", NULL, 0, 0, NULL},
    {"SVDF", "f32 1x64; = f32 128x64; = f32 128x8; = f32 64; var f32 1x1024", "rank: 2", 0, 0, NULL},
    {"STABLEHLO_ADD", IMAGE ";" IMAGE, NULL, 0, 0, plain_add},
    {"STABLEHLO_SUBTRACT", IMAGE ";" IMAGE, NULL, 0, 0, plain_sub},
    {"STABLEHLO_MULTIPLY", IMAGE ";" IMAGE, NULL, 0, 0, plain_mul},
    {"STABLEHLO_DIVIDE", IMAGE ";" IMAGE, NULL, 0, 0, plain_div},
    {"STABLEHLO_MAXIMUM", IMAGE ";" IMAGE, NULL, 0, 0, plain_maximum},
    {"STABLEHLO_MINIMUM", IMAGE ";" IMAGE, NULL, 0, 0, plain_minimum},
    {"STABLEHLO_POWER", IMAGE ";" IMAGE, NULL, 0, 0, plain_pow},
    {"STABLEHLO_REMAINDER", IMAGE ";" IMAGE, NULL, 0, 0, plain_remainder},
    {"STABLEHLO_ABS", IMAGE, NULL, 0, 0, plain_abs},
    {"STABLEHLO_NEGATE", IMAGE, NULL, 0, 0, plain_neg},
    {"STABLEHLO_EXPONENTIAL", IMAGE, NULL, 0, 0, plain_exp},
    {"STABLEHLO_LOG", IMAGE, NULL, 0, 0, plain_log},
    {"STABLEHLO_LOGISTIC", IMAGE, NULL, 0, 0, plain_logistic},
    {"STABLEHLO_TANH", IMAGE, NULL, 0, 0, plain_tanh},
    {"STABLEHLO_RSQRT", IMAGE, NULL, 0, 0, plain_rsqrt},
    {"STABLEHLO_FLOOR", IMAGE, NULL, 0, 0, plain_floor},
    {"STABLEHLO_COSINE", IMAGE, NULL, 0, 0, plain_cos},
    {"STABLEHLO_CBRT", IMAGE, NULL, 0, 0, plain_cbrt},
    {"STABLEHLO_AND", "bool 1x56x56x64; bool 1x56x56x64", NULL, 0, 0, plain_and},
    {"STABLEHLO_OR", "bool 1x56x56x64; bool 1x56x56x64", NULL, 0, 0, NULL},
    {"STABLEHLO_SELECT", "bool 1x56x56x64;" IMAGE ";" IMAGE, NULL, 0, 0, plain_select},
    {"SELECT", "bool 1x56x56x64;" IMAGE ";" IMAGE, NULL, 0, 0, plain_select},
    {"ATAN2", IMAGE ";" IMAGE, NULL, 0, 0, plain_atan2},
    {"RELU_N1_TO_1", IMAGE, NULL, 0, 0, NULL},
    {"RELU_0_TO_1", IMAGE, NULL, 0, 0, NULL},
    {"ZEROS_LIKE", IMAGE, NULL, 0, 0, NULL},
    {"EXPAND_DIMS", IMAGE "; int 0", NULL, 0, 0, NULL},
    {"SQUEEZE", IMAGE, NULL, 0, 0, NULL},
    {"SHAPE", IMAGE, NULL, 0, 0, NULL},
    {"RANK", IMAGE, NULL, 0, 0, NULL},
};

/* ---- a network of one operator ---- */

static mote_type type_named(const char *name, size_t n) {
  static const struct {
    const char *name;
    mote_type type;
  } types[] = {{"f32", MOTE_FLOAT32}, {"i8", MOTE_INT8}, {"i32", MOTE_INT32}, {"bool", MOTE_BOOL}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strlen(types[i].name) == n && !memcmp(types[i].name, name, n)) return types[i].type;
  fprintf(stderr, "bench_operators: there is no type '%.*s'\n", (int)n, name);
  exit(2);
}

static int32_t numbers(const char *text, char between, int32_t *to) {
  int32_t count = 0;
  char *end;
  while (count < 16 && (to[count] = (int32_t)strtol(text, &end, 10), end != text)) {
    count++;
    if (*end != between) break;
    text = end + 1;
  }
  return count;
}

static mote_value constant(mote_graph *g, mote_type type, int32_t rank, const int32_t *dims) {
  size_t n = 1;
  for (int32_t i = 0; i < rank; i++) n *= (size_t)dims[i];
  void *const data = calloc(n, 4);
  for (size_t i = 0; data && i < n; i++) {
    if (type == MOTE_FLOAT32) ((float *)data)[i] = 0.5f;
    else if (type == MOTE_INT8) ((int8_t *)data)[i] = (int8_t)(i % 100);
    else ((int32_t *)data)[i] = (int32_t)(i % 500);
  }
  const mote_value v = mote_graph_const(g, "constant", type, rank, dims, data);
  free(data);
  return v;
}

static mote_value operand(mote_graph *g, const char *text) {
  int32_t dims[16];
  char name[16];
  static int made;
  while (*text == ' ') text++;
  const bool is_const = *text == '=', is_variable = !strncmp(text, "var ", 4);
  if (!strncmp(text, "ints ", 5)) return mote_graph_ints(g, "list", numbers(text + 5, ',', dims), dims);
  if (!strncmp(text, "int ", 4)) return mote_graph_int(g, "number", atoi(text + 4));
  if (!strncmp(text, "pairs ", 6)) {
    const int32_t n = numbers(text + 6, ',', dims);
    return mote_graph_const(g, "pairs", MOTE_INT32, 2, (int32_t[]){n / 2, 2}, dims);
  }
  text += is_const ? 2 : is_variable ? 4 : 0;
  const size_t length = strcspn(text, " ");
  const mote_type type = type_named(text, length);
  const int32_t rank = numbers(text + length, 'x', dims);
  snprintf(name, sizeof name, "x%d", made++);
  const mote_value v = is_const      ? constant(g, type, rank, dims)
                       : is_variable ? mote_graph_variable(g, name, type, rank, dims)
                                     : mote_graph_input(g, name, type, rank, dims);
  if (type == MOTE_INT8) mote_graph_quantize(g, v, is_const ? 0.01f : 1 / 128.0f, 0);
  return v;
}

static mote_graph *network(const row *r, mote_error *e) {
  mote_graph *const g = mote_graph_new(NULL, e);
  mote_value in[8];
  mote_type types[8];
  int32_t count = 0;
  for (const char *at = r->operands; g && count < 8;) {
    char one[100];
    snprintf(one, sizeof one, "%.*s", (int)strcspn(at, ";"), at);
    in[count++] = operand(g, one);
    at += strcspn(at, ";");
    if (!*at++) break;
  }
  if (!g) return NULL;
  const bool bytes = strncmp(r->operands, "i8", 2) == 0 && strcmp(r->op, "DEQUANTIZE");
  const int outputs = r->outputs ? r->outputs : 1;
  for (int i = 0; i < outputs; i++) types[i] = r->type;
  const float scale = !strcmp(r->op, "SOFTMAX") || !strcmp(r->op, "LOGISTIC") ? 1 / 256.0f : 1 / 128.0f;
  const int32_t zero = scale < 1 / 200.0f ? -128 : 0;
  if (bytes || r->type == MOTE_INT8) mote_graph_quantize_next(g, scale, zero);
  const mote_value y = mote_graph_op_n(g, "y", r->op, r->options, in, count, outputs, r->type ? types : NULL);
  for (int i = 0; i < outputs; i++) mote_graph_output(g, y + i);
  return g;
}

/* ---- time ---- */

#define LEAST 0.9 /* of the time of the plain loop: machines are noisy */
enum { ROUNDS = 5 };
static const uint64_t budget = 20000000; /* nanoseconds of one round */

typedef struct job {
  mote_session *session;
  loop plain;
  const mote_tensor *in[8];
  const mote_tensor *out;
} job;

static void once(const job *j, mote_error *e) {
  if (j->plain) j->plain(j->in, j->out);
  else mote_session_run(j->session, e);
}

/* The least nanoseconds of a run. */
static double best_time(const job *j) {
  double best = INFINITY;
  mote_error e;
  once(j, &e);
  for (int round = 0; round < ROUNDS; round++) {
    const uint64_t begin = time_ns();
    uint64_t now = begin;
    int runs = 0;
    for (; now - begin < budget; runs++, now = time_ns()) once(j, &e);
    best = fmin(best, (double)(now - begin) / runs);
  }
  return best;
}

static void fill(const mote_tensor *t) {
  const size_t n = count_of(t);
  for (size_t i = 0; i < n; i++) {
    if (t->type == MOTE_FLOAT32) ((float *)t->data)[i] = 0.25f + (float)(i * 37 % 64) / 64;
    else if (t->type == MOTE_INT32) ((int32_t *)t->data)[i] = (int32_t)(i * 37 % 500);
    else ((uint8_t *)t->data)[i] = t->type == MOTE_BOOL ? i % 3 == 0 : (uint8_t)(i * 37 % 100);
  }
}

static bool check_only;

/* Returns false when the operator does not run, or is slower than its plain loop. Data by chance stays zeros, for which
 * the network was chosen. */
static bool measure(const row *r, mote_session *s, bool filled) {
  job j = {.session = s, .out = mote_session_output(s, 0)};
  size_t bytes = 0, most = 0;
  mote_error e;
  for (int32_t i = 0; i < mote_session_input_count(s) && i < 8; i++) {
    j.in[i] = mote_session_input(s, i);
    if (filled) fill(j.in[i]);
    bytes += j.in[i]->size;
    if (count_of(j.in[i]) > most) most = count_of(j.in[i]);
  }
  if (mote_session_run(s, &e) != MOTE_OK) {
    printf("%-30s %s\n", r->op, e.text);
    return false;
  }
  for (int32_t i = 0; i < mote_session_output_count(s); i++) {
    bytes += mote_session_output(s, i)->size;
    if (count_of(mote_session_output(s, i)) > most) most = count_of(mote_session_output(s, i));
  }
  if (check_only) return true;
  const double own = best_time(&j);
  printf("%-30s %-34.34s %9.3f %8.2f", r->op, r->operands, own / (double)(most ? most : 1), (double)bytes / own);
  if (!r->plain) return printf("\n"), true;
  j.plain = r->plain;
  const double plain = best_time(&j);
  printf(" %8.2fx%s\n", plain / own, plain < LEAST * own ? "  SLOWER than the plain loop" : "");
  return plain >= LEAST * own;
}

static mote_session *open_session(const void *data, size_t size, mote_model **m, mote_program **p, mote_error *e) {
  const mote_config config = {.memory_limit = 64 << 20, .loop_budget = 1000};
  *m = mote_model_from_memory(data, size, &config, e);
  *p = *m ? mote_program_new(*m, &config, e) : NULL;
  return *p ? mote_session_new(*p, NULL, e) : NULL;
}

static bool bench_file(const row *r, const void *data, size_t size, bool filled) {
  mote_error e = {0};
  mote_model *m;
  mote_program *p;
  mote_session *const s = open_session(data, size, &m, &p, &e);
  const bool good = s && measure(r, s, filled);
  if (!s) printf("%-30s %s\n", r->op, e.text);
  mote_session_free(s);
  mote_program_free(p);
  mote_model_free(m);
  return good;
}

static bool bench(const row *r) {
  mote_error e = {0};
  const void *data;
  size_t size;
  mote_graph *const g = network(r, &e);
  const bool made = g && mote_graph_bytes(g, &data, &size, &e) == MOTE_OK;
  const bool good = made && bench_file(r, data, size, true);
  if (!made) printf("%-30s %s\n", r->op, e.text);
  mote_graph_free(g);
  return good;
}

/* ---- networks by chance ---- */

enum { TRIES = 300, ENOUGH = 20 };

/* Elements of the largest operand or result of a network that runs, 0: it does not. */
static size_t running(const uint8_t *file, size_t size) {
  mote_error e;
  mote_model *m;
  mote_program *p;
  mote_session *const s = open_session(file, size, &m, &p, &e);
  size_t most = 0;
  if (s && mote_session_run(s, &e) == MOTE_OK) {
    most = 1;
    for (int32_t i = 0; i < mote_session_input_count(s); i++)
      if (count_of(mote_session_input(s, i)) > most) most = count_of(mote_session_input(s, i));
    for (int32_t i = 0; i < mote_session_output_count(s); i++)
      if (count_of(mote_session_output(s, i)) > most) most = count_of(mote_session_output(s, i));
  }
  mote_session_free(s);
  mote_program_free(p);
  mote_model_free(m);
  return most;
}

/* The file of the network of this number around the operator; the caller ends it. */
static const uint8_t *numbered(net *n, const mote_op *op, uint32_t seed, size_t *size) {
  uint8_t dice[512];
  uint32_t state = seed * 2654435761u;
  for (size_t i = 0; i < sizeof dice; i++) dice[i] = (uint8_t)((state = state * 1664525u + 1013904223u) >> 24);
  chance c = {.data = dice, .size = sizeof dice};
  chance_net(n, &c, op);
  return net_file(n, size);
}

static bool bench_by_chance(const mote_op *op) {
  static net n;
  size_t size, best = 0;
  uint32_t chosen = 0;
  int good = 0;
  for (uint32_t seed = 1; seed <= TRIES && good < ENOUGH; seed++) {
    const uint8_t *const file = numbered(&n, op, seed, &size);
    const size_t most = file ? running(file, size) : 0;
    good += most > 0;
    if (most > best) best = most, chosen = seed;
    net_end(&n);
  }
  if (!chosen) return printf("%-30s no network by chance runs\n", op->name), false;
  const uint8_t *const file = numbered(&n, op, chosen, &size);
  const bool ran = bench_file(&(row){.op = op->name, .operands = "by chance"}, file, size, false);
  net_end(&n);
  return ran;
}

/* ---- the whole ---- */

static bool has_row(const mote_op *op) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (op->code != sch_BuiltinOperator_CUSTOM && !strcmp(rows[i].op, op->name)) return true;
  return false;
}

static bool wanted(const char *op, int count, char **names) {
  for (int i = 0; i < count; i++)
    if (!strcmp(names[i], op)) return true;
  return count == 0;
}

int main(int argc, char **argv) {
  bool good = true;
  check_only = argc > 1 && !strcmp(argv[1], "--check");
  argc -= 1 + check_only;
  argv += 1 + check_only;
  if (!check_only) printf("%-30s %-34s %9s %8s %8s\n", "operator", "operands", "ns/elem", "GB/s", "plain");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (wanted(rows[i].op, argc, argv)) good &= bench(&rows[i]);
  for (const mote_op *const *op = op_list; *op; op++)
    if (!has_row(*op) && wanted((*op)->name, argc, argv)) good &= bench_by_chance(*op);
  return !good;
}
