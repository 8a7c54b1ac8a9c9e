/* rewrites.c: each rewrite on its pattern, and on what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "graph/bench.h"
#include "graph/rewrite/rewrite.h"

#define CASE(name) static void name(void **state)

/* ---- constants, unused, equal ---- */

CASE(constants_are_folded) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3));
  const int32_t a = bench_const(&t, DIMS(3)), b = bench_const(&t, DIMS(3));
  bench_output(&t, OP(&t, ADD, NULL, x, OP(&t, EXP, NULL, OP(&t, MUL, NULL, a, b))));
  bench_end(&t, "fold-constants", "ADD", 0);
}

CASE(shapes_are_folded) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3, 4));
  const int32_t s = OP(&t, SHAPE, &(sch_ShapeOptions){.out_type = MOTE_INT32}, x);
  const int32_t last = OP(&t, GATHER, NULL, s, INTS(&t, 2));
  const int32_t wanted = OP(&t, CONCATENATION, NULL, INTS(&t, -1), last);
  bench_output(&t, OP(&t, RESHAPE, NULL, x, wanted));
  bench_end(&t, "fold-constants", "RESHAPE", 0);
}

/* float16 weights would be twice as large; an output of the graph stays one. */
CASE(some_constants_stay) {
  (void)state;
  bench t;
  static const uint16_t half[1024];
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 1024));
  const int32_t w = build_const(&t.b, "half", MOTE_FLOAT16, DIMS(1024), half, BUILD_COPY);
  const int32_t full = OP(&t, DEQUANTIZE, NULL, w);
  bench_output(&t, OP(&t, ADD, NULL, x, full));
  const int32_t c = bench_const(&t, DIMS(3));
  bench_output(&t, OP(&t, NEG, NULL, c));
  bench_end(&t, "fold-constants", "DEQUANTIZE ADD NEG", 0);
}

CASE(unused_work_goes) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3));
  const int32_t e = OP(&t, EXP, NULL, x);
  OP(&t, NEG, NULL, OP(&t, TANH, NULL, e));
  bench_output(&t, e);
  bench_end(&t, "drop-unused", "EXP", 0);
}

CASE(identities_go) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(-1, 3));
  const int32_t a = OP(&t, RESHAPE, NULL, OP(&t, EXP, NULL, x), INTS(&t, -1, 3));
  const int32_t b = OP(&t, MUL, NULL, OP(&t, TRANSPOSE, NULL, a, INTS(&t, 0, 1)), NUMBER(&t, 1));
  const int32_t none = build_const(&t.b, "none", MOTE_INT32, DIMS(2, 2), (int32_t[4]){0}, BUILD_COPY);
  bench_output(&t, OP(&t, NEG, NULL, OP(&t, PAD, NULL, OP(&t, SUB, NULL, b, NUMBER(&t, 0)), none)));
  bench_end(&t, "drop-identity", "EXP NEG", 0);
}

/* The maker takes over the output's name. */
CASE(identity_at_an_output) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3));
  const int32_t e = OP(&t, EXP, NULL, x), y = OP(&t, RESHAPE, NULL, e, INTS(&t, 2, 3));
  build_rename(&t.b, y, "answer");
  bench_output(&t, OP(&t, NEG, NULL, e));
  bench_output(&t, y);
  bench_end(&t, "drop-identity", "EXP NEG", 0);
}

CASE(some_identities_stay) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3));
  const float ones[6] = {1, 1, 1, 1, 1, 1};
  const int32_t wide = build_const(&t.b, "ones", MOTE_FLOAT32, DIMS(2, 1, 3), ones, BUILD_COPY);
  bench_output(&t, OP(&t, RESHAPE, NULL, x, INTS(&t, 2, 3))); /* from an input straight to an output */
  bench_output(&t, OP(&t, MUL, NULL, x, wide));               /* the product is larger */
  bench_end(&t, "drop-identity", "RESHAPE MUL", 0);
}

CASE(equal_work_is_shared) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3));
  const int32_t a = OP(&t, ADD, NULL, x, NUMBER(&t, 2)), b = OP(&t, ADD, NULL, x, NUMBER(&t, 2));
  const int32_t p = OP(&t, SOFTMAX, &(sch_SoftmaxOptions){.beta = 1}, x);
  const int32_t q = OP(&t, SOFTMAX, &(sch_SoftmaxOptions){.beta = 2}, x);
  bench_output(&t, OP(&t, MUL, NULL, a, b));
  bench_output(&t, OP(&t, MUL, NULL, p, q));
  bench_end(&t, "share-equal", "ADD SOFTMAX SOFTMAX MUL MUL", 0);
}

/* ---- ranges that were trained ---- */

static int32_t ranged(bench *t, int32_t x, float lo, float hi) {
  const sch_FakeQuantOptions eight = {.min = lo, .max = hi, .num_bits = 8};
  return OP(t, FAKE_QUANT, &eight, x);
}

/* Rounding comes before joining and moving as well as after: what is joined needs no range of its own. */
CASE(ranges_go_up_through_what_moves) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = ranged(&t, bench_input(&t, "x", DIMS(-1, 6)), -4, 4), y = ranged(&t, x, -2, 3);
  const int32_t sum = OP(&t, ADD, NULL, x, bench_const(&t, DIMS(6)));
  const sch_ConcatenationOptions last = {.axis = 1};
  const int32_t both = OP(&t, CONCATENATION, &last, OP(&t, RESHAPE, NULL, sum, INTS(&t, -1, 6)), y);
  bench_output(&t, ranged(&t, both, -5, 5));
  bench_end(&t, NULL, "QUANTIZE QUANTIZE ADD QUANTIZE CONCATENATION DEQUANTIZE", 0.017);
}

/* Answers of a fixed range, places, and what keeps a range need none; what has none stays float. */
CASE(operators_that_need_no_range) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = ranged(&t, bench_input(&t, "x", DIMS(3, 8)), -4, 4);
  bench_output(&t, OP(&t, SOFTMAX, &(sch_SoftmaxOptions){.beta = 1}, OP(&t, REVERSE_V2, NULL, x, INTS(&t, 1))));
  bench_output(&t, OP(&t, ARG_MAX, &(sch_ArgMaxOptions){.output_type = sch_TensorType_INT32}, x, INTS(&t, 1)));
  bench_output(&t, OP(&t, SIN, NULL, x));
  bench_end(&t, NULL, "QUANTIZE REVERSE_V2 SOFTMAX DEQUANTIZE ARG_MAX DEQUANTIZE SIN", 0.012);
}

/* Fewer bits clamp to less than int8 holds; weights take them. */
CASE(ranges_of_few_bits) {
  (void)state;
  bench t;
  bench_begin(&t);
  const sch_FakeQuantOptions four = {.min = -1, .max = 1, .num_bits = 4, .narrow_range = true};
  const int32_t x = ranged(&t, bench_input(&t, "x", DIMS(2, 5)), -4, 4),
                w = OP(&t, FAKE_QUANT, &four, bench_const(&t, DIMS(3, 5)));
  const sch_FullyConnectedOptions relu = {.fused_activation_function = sch_ActivationFunctionType_RELU};
  const int32_t y = ranged(&t, OP(&t, FULLY_CONNECTED, &relu, x, w, bench_const(&t, DIMS(3))), 0, 8);
  bench_output(&t, y);
  bench_output(&t, OP(&t, FAKE_QUANT, &four, y));
  bench_end(&t, NULL, "QUANTIZE FULLY_CONNECTED DEQUANTIZE FAKE_QUANT", 0.15);
}

/* ---- shapes and transposes ---- */

CASE(reshapes_are_joined) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(-1, 3, 4));
  const int32_t a = OP(&t, EXPAND_DIMS, NULL, x, build_int(&t.b, "axis", 1));
  const int32_t b = OP(&t, RESHAPE, NULL, OP(&t, SQUEEZE, NULL, a), INTS(&t, -1, 6));
  bench_output(&t, b);
  bench_end(&t, "join-reshapes", "RESHAPE", 0);
}

/* What frameworks write for "keep the batch": its number is read from the shape. */
CASE(shapes_that_are_put_together_are_made_plain) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(-1, 3, 4));
  const int32_t shape = OP(&t, SHAPE, &(sch_ShapeOptions){.out_type = MOTE_INT32}, x);
  const int32_t batch = OP(&t, GATHER, NULL, shape, build_int(&t.b, "zero", 0));
  const sch_PackOptions two = {.values_count = 2}, three = {.values_count = 3};
  const int32_t flat = OP(&t, PACK, &two, batch, build_int(&t.b, "rest", -1));
  const int32_t kept = OP(&t, PACK, &three, batch, build_int(&t.b, "a", 2), build_int(&t.b, "b", 6));
  const int32_t open = OP(&t, PACK, &two, batch, batch); /* says nothing of what is left */
  bench_output(&t, OP(&t, EXP, NULL, OP(&t, RESHAPE, NULL, x, flat)));
  bench_output(&t, OP(&t, RESHAPE, NULL, x, kept));
  bench_output(&t, OP(&t, SUM, NULL, OP(&t, BROADCAST_TO, NULL, NUMBER(&t, 2), open), INTS(&t, 0, 1)));
  bench_end(&t, "plain-shapes", "SHAPE GATHER PACK BROADCAST_TO SUM RESHAPE EXP RESHAPE", 0);
}

CASE(transposes_between_reshapes_stay) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3, 4));
  const int32_t a = OP(&t, RESHAPE, NULL, x, INTS(&t, 6, 4));
  bench_output(&t, OP(&t, RESHAPE, NULL, OP(&t, TRANSPOSE, NULL, a, INTS(&t, 1, 0)), INTS(&t, 24)));
  bench_end(&t, "join-reshapes transpose-to-reshape", "RESHAPE TRANSPOSE RESHAPE", 0);
}

CASE(transposes_of_ones_are_reshapes) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 7, 1, 5)), y = bench_input(&t, "y", DIMS(1, 7, 2, 5));
  bench_output(&t, OP(&t, TRANSPOSE, NULL, x, INTS(&t, 1, 0, 3, 2)));
  bench_output(&t, OP(&t, TRANSPOSE, NULL, y, INTS(&t, 1, 0, 3, 2)));
  bench_end(&t, "transpose-to-reshape", "RESHAPE TRANSPOSE", 0);
}

CASE(transposes_are_joined) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3, 4));
  const int32_t a = OP(&t, TRANSPOSE, NULL, x, INTS(&t, 2, 0, 1)); /* read twice */
  const int32_t back = OP(&t, TRANSPOSE, NULL, a, INTS(&t, 1, 2, 0));
  bench_output(&t, OP(&t, NEG, NULL, back));
  bench_output(&t, OP(&t, TRANSPOSE, NULL, a, INTS(&t, 2, 1, 0)));
  bench_end(&t, "join-transposes drop-unused", "NEG TRANSPOSE", 0);
}

/* Channels first around a convolution-like chain: nothing but the outer transposes is left. */
CASE(transposes_sink_and_cancel) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(-1, 4, 5, 3));
  const int32_t first = OP(&t, TRANSPOSE, NULL, OP(&t, EXP, NULL, x), INTS(&t, 0, 3, 1, 2));
  const int32_t scaled = OP(&t, MUL, NULL, first, bench_const(&t, DIMS(3, 1, 1)));
  const int32_t r = OP(&t, RELU, NULL, OP(&t, ADD, NULL, bench_const(&t, DIMS(1, 3, 1, 1)), scaled));
  const int32_t pads =
      build_const(&t.b, "pads", MOTE_INT32, DIMS(4, 2), (int32_t[]){0, 0, 0, 0, 1, 2, 3, 4}, BUILD_COPY);
  bench_output(&t, OP(&t, TRANSPOSE, NULL, OP(&t, PAD, NULL, r, pads), INTS(&t, 0, 2, 3, 1)));
  bench_end(&t, "sink-transposes join-transposes drop-unused", "EXP MUL ADD RELU PAD", 0);
}

CASE(transposes_sink_through_two) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 4, 5, 3)), y = bench_input(&t, "y", DIMS(1, 4, 5, 3));
  const int32_t p = INTS(&t, 0, 3, 1, 2);
  const int32_t a = OP(&t, TRANSPOSE, NULL, x, p), b = OP(&t, TRANSPOSE, NULL, y, p);
  const int32_t sum = OP(&t, ADD, NULL, a, b);
  sch_ConcatenationOptions o = BUILD_OPTIONS(ConcatenationOptions);
  o.axis = 1;
  const int32_t both = OP(&t, CONCATENATION, &o, sum, b);
  bench_output(&t, OP(&t, MEAN, NULL, both, INTS(&t, 2, -1)));
  bench_end(&t, "sink-transposes join-transposes drop-unused", "ADD CONCATENATION MEAN", 1e-6);
}

CASE(some_transposes_stay) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(4, 4, 4));
  const int32_t a = OP(&t, TRANSPOSE, NULL, x, INTS(&t, 1, 2, 0)), b = OP(&t, TRANSPOSE, NULL, x, INTS(&t, 2, 0, 1));
  bench_output(&t, OP(&t, ADD, NULL, a, b)); /* not the same */
  const int32_t c = OP(&t, TRANSPOSE, NULL, x, INTS(&t, 0, 2, 1));
  bench_output(&t, OP(&t, RELU, NULL, c)); /* read twice: there would be two */
  bench_output(&t, c);
  const int32_t d = OP(&t, TRANSPOSE, NULL, x, INTS(&t, 1, 0, 2));
  bench_output(&t, OP(&t, SOFTMAX, &(sch_SoftmaxOptions){.beta = 1}, d)); /* along a dimension */
  bench_end(&t, "sink-transposes", "TRANSPOSE TRANSPOSE ADD TRANSPOSE RELU TRANSPOSE SOFTMAX", 0);
}

/* ---- paddings ---- */

static int32_t pad(bench *t, int32_t x, int32_t top, int32_t bottom, int32_t left, int32_t right) {
  const int32_t v[] = {0, 0, top, bottom, left, right, 0, 0};
  return OP(t, PAD, NULL, x, build_const(&t->b, "pads", MOTE_INT32, DIMS(4, 2), v, BUILD_COPY));
}

static sch_Conv2DOptions conv_options(int32_t padding, int32_t stride) {
  sch_Conv2DOptions o = BUILD_OPTIONS(Conv2DOptions);
  o.padding = padding;
  o.stride_h = o.stride_w = stride;
  return o;
}

static int32_t conv(bench *t, int32_t x, int32_t out, int32_t size, int32_t in, int32_t padding, int32_t stride) {
  const sch_Conv2DOptions o = conv_options(padding, stride);
  return OP(t, CONV_2D, &o, x, bench_const(t, DIMS(out, size, size, in)), bench_const(t, DIMS(out)));
}

CASE(paddings_are_joined) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 4, 5, 2));
  bench_output(&t, pad(&t, pad(&t, x, 1, 0, 0, 2), 1, 1, 3, 0));
  bench_end(&t, "join-pads", "PAD", 0);
}

CASE(padding_goes_into_convolutions) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 8, 7, 2));
  bench_output(&t, conv(&t, pad(&t, x, 1, 1, 1, 1), 3, 3, 2, sch_Padding_VALID, 1));
  bench_output(&t, conv(&t, pad(&t, x, 0, 1, 1, 1), 3, 3, 2, sch_Padding_VALID, 2)); /* 8 by 2: 0, 1; 7 by 2: 1, 1 */
  bench_end(&t, "fuse-pad drop-unused", "CONV_2D CONV_2D", 0);
}

CASE(some_paddings_stay) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 8, 8, 2));
  const sch_Pool2DOptions pool = {
      .stride_w = 2, .stride_h = 2, .filter_width = 3, .filter_height = 3, .padding = sch_Padding_VALID};
  bench_output(&t, conv(&t, pad(&t, x, 1, 1, 1, 1), 3, 3, 2, sch_Padding_VALID, 2)); /* SAME begins elsewhere */
  bench_output(&t, conv(&t, pad(&t, x, 1, 1, 1, 1), 3, 3, 2, sch_Padding_SAME, 1));  /* padded twice */
  bench_output(&t, OP(&t, MAX_POOL_2D, &pool, pad(&t, x, 0, 1, 0, 1)));              /* x may be below 0 */
  bench_end(&t, "fuse-pad", "PAD CONV_2D PAD CONV_2D PAD MAX_POOL_2D", 0);
}

CASE(padding_goes_into_pooling_of_what_is_positive) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 8, 8, 2));
  const sch_Pool2DOptions pool = {
      .stride_w = 2, .stride_h = 2, .filter_width = 3, .filter_height = 3, .padding = sch_Padding_VALID};
  bench_output(&t, OP(&t, MAX_POOL_2D, &pool, pad(&t, OP(&t, RELU, NULL, x), 0, 1, 0, 1)));
  bench_end(&t, "fuse-pad drop-unused", "RELU MAX_POOL_2D", 0);
}

/* ---- arithmetic ---- */

CASE(arithmetic_is_made_plain_and_joined) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3));
  const int32_t a = OP(&t, DIV, NULL, OP(&t, SUB, NULL, x, bench_const(&t, DIMS(3))), NUMBER(&t, 3));
  const int32_t b = OP(&t, ADD, NULL, NUMBER(&t, 1), OP(&t, MUL, NULL, bench_const(&t, DIMS(1, 3)), a));
  bench_output(&t, OP(&t, MUL, NULL, OP(&t, ADD, NULL, b, bench_const(&t, DIMS(3))), NUMBER(&t, 5)));
  bench_end(&t, "plain-arithmetic join-scalars drop-unused", "ADD MUL ADD", 2e-6);
}

CASE(some_sums_stay) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(3, 3));
  const sch_AddOptions relu = {.fused_activation_function = sch_ActivationFunctionType_RELU};
  bench_output(&t, OP(&t, ADD, NULL, OP(&t, ADD, &relu, x, NUMBER(&t, 1)), NUMBER(&t, 1))); /* clamped between */
  const int32_t a = OP(&t, MUL, NULL, x, NUMBER(&t, 2));
  bench_output(&t, OP(&t, MUL, NULL, a, NUMBER(&t, 2))); /* read twice */
  bench_output(&t, a);
  bench_output(&t, OP(&t, MUL, NULL, OP(&t, MUL, NULL, x, bench_const(&t, DIMS(3, 1))), bench_const(&t, DIMS(1, 3))));
  bench_end(&t, "join-scalars", "ADD ADD MUL MUL MUL MUL", 0);
}

CASE(sums_by_their_number_are_means) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(-1, 4, 5));
  bench_output(&t, OP(&t, MUL, NULL, OP(&t, SUM, NULL, x, INTS(&t, 1, -1)), NUMBER(&t, 0.05F)));
  bench_output(&t, OP(&t, MUL, NULL, OP(&t, SUM, NULL, x, INTS(&t, 1)), NUMBER(&t, 0.05F)));
  bench_end(&t, "recognise-mean drop-unused", "SUM MEAN MUL", 1e-6);
}

CASE(products_with_matrices_are_dense) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(-1, 4, 5)), y = bench_input(&t, "y", DIMS(2, 5, 4));
  bench_output(&t, OP(&t, BATCH_MATMUL, NULL, x, bench_const(&t, DIMS(5, 3))));
  bench_output(&t, OP(&t, BATCH_MATMUL, &(sch_BatchMatMulOptions){.adj_y = true}, x, bench_const(&t, DIMS(1, 3, 5))));
  bench_output(&t, OP(&t, BATCH_MATMUL, &(sch_BatchMatMulOptions){.adj_x = true}, y, bench_const(&t, DIMS(5, 3))));
  bench_output(&t, OP(&t, BATCH_MATMUL, NULL, y, bench_const(&t, DIMS(2, 4, 3)))); /* another matrix for each */
  bench_end(&t, "matmul-to-dense", "BATCH_MATMUL BATCH_MATMUL FULLY_CONNECTED FULLY_CONNECTED", 1e-6);
}

/* ---- into weights ---- */

/* Batch normalisation as products and sums of one number a channel. */
static int32_t normalised(bench *t, int32_t x, int32_t channels) {
  const sch_AddOptions relu = {.fused_activation_function = sch_ActivationFunctionType_RELU6};
  return OP(t, ADD, &relu, OP(t, MUL, NULL, x, bench_const(t, DIMS(channels))), bench_const(t, DIMS(1, channels)));
}

CASE(what_follows_goes_into_weights) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(-1, 5, 5, 2)), v = bench_input(&t, "v", DIMS(1, 3, 4, 4, 2));
  const sch_DepthwiseConv2DOptions d = {.padding = sch_Padding_SAME,
                                        .stride_w = 1,
                                        .stride_h = 1,
                                        .depth_multiplier = 2,
                                        .dilation_w_factor = 1,
                                        .dilation_h_factor = 1};
  const sch_Conv3DOptions c3 = {.padding = sch_Padding_SAME,
                                .stride_d = 1,
                                .stride_w = 1,
                                .stride_h = 1,
                                .dilation_d_factor = 1,
                                .dilation_w_factor = 1,
                                .dilation_h_factor = 1};
  bench_output(&t, normalised(&t, conv(&t, x, 3, 3, 2, sch_Padding_SAME, 1), 3));
  bench_output(
      &t,
      normalised(&t, OP(&t, DEPTHWISE_CONV_2D, &d, x, bench_const(&t, DIMS(1, 3, 3, 4)), bench_const(&t, DIMS(4))), 4));
  bench_output(&t, normalised(&t, OP(&t, CONV_3D, &c3, v, bench_const(&t, DIMS(2, 2, 2, 2, 3))), 3));
  const int32_t flat = OP(&t, RESHAPE, NULL, x, INTS(&t, -1, 50));
  bench_output(&t, normalised(&t, OP(&t, FULLY_CONNECTED, NULL, flat, bench_const(&t, DIMS(6, 50))), 6));
  bench_end(&t, "fold-after drop-unused", "CONV_2D DEPTHWISE_CONV_2D CONV_3D RESHAPE FULLY_CONNECTED", 2e-6);
}

CASE(what_follows_goes_into_transposed_weights) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 3, 3, 2));
  const sch_TransposeConvOptions up = {.padding = sch_Padding_SAME, .stride_w = 2, .stride_h = 2};
  bench_output(
      &t, normalised(&t, OP(&t, TRANSPOSE_CONV, &up, INTS(&t, 1, 6, 6, 3), bench_const(&t, DIMS(3, 3, 3, 2)), x), 3));
  bench_end(&t, "fold-after drop-unused", "TRANSPOSE_CONV", 2e-6);
}

CASE(some_that_follow_stay) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 3, 3, 3));
  const int32_t a = conv(&t, x, 3, 1, 3, sch_Padding_SAME, 1), b = conv(&t, x, 3, 1, 3, sch_Padding_SAME, 1);
  sch_Conv2DOptions o = conv_options(sch_Padding_SAME, 1);
  o.fused_activation_function = sch_ActivationFunctionType_RELU;
  const int32_t c = OP(&t, CONV_2D, &o, x, bench_const(&t, DIMS(3, 1, 1, 3)), bench_const(&t, DIMS(3)));
  bench_output(&t, OP(&t, MUL, NULL, a, bench_const(&t, DIMS(3, 1)))); /* along the width */
  bench_output(&t, OP(&t, ADD, NULL, b, NUMBER(&t, 1)));
  bench_output(&t, b);                                              /* wanted as it is too */
  bench_output(&t, OP(&t, MUL, NULL, c, bench_const(&t, DIMS(3)))); /* clamped between */
  bench_end(&t, "fold-after", "CONV_2D CONV_2D CONV_2D MUL ADD MUL", 0);
}

CASE(what_stands_in_front_goes_into_weights) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 5, 5, 4)), f = bench_input(&t, "f", DIMS(-1, 6));
  const sch_DepthwiseConv2DOptions d = {.padding = sch_Padding_SAME,
                                        .stride_w = 1,
                                        .stride_h = 1,
                                        .depth_multiplier = 2,
                                        .dilation_w_factor = 1,
                                        .dilation_h_factor = 1};
  const int32_t scaled = OP(&t, MUL, NULL, x, bench_const(&t, DIMS(4)));
  bench_output(&t, OP(&t, DEPTHWISE_CONV_2D, &d, scaled, bench_const(&t, DIMS(1, 3, 3, 8)), bench_const(&t, DIMS(8))));
  const int32_t shifted = OP(&t, ADD, NULL, OP(&t, MUL, NULL, x, bench_const(&t, DIMS(4))), bench_const(&t, DIMS(4)));
  bench_output(&t, conv(&t, shifted, 2, 3, 4, sch_Padding_VALID, 1));
  const int32_t grouped = OP(&t, MUL, NULL, x, bench_const(&t, DIMS(4)));
  bench_output(&t, conv(&t, grouped, 6, 3, 2, sch_Padding_SAME, 1)); /* two groups */
  const int32_t both = OP(&t, ADD, NULL, OP(&t, MUL, NULL, f, bench_const(&t, DIMS(6))), bench_const(&t, DIMS(6)));
  bench_output(&t, OP(&t, FULLY_CONNECTED, NULL, both, bench_const(&t, DIMS(2, 6))));
  bench_end(&t, "fold-before drop-unused", "DEPTHWISE_CONV_2D CONV_2D CONV_2D FULLY_CONNECTED", 2e-6);
}

CASE(some_in_front_stay) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 5, 5, 4));
  const int32_t shifted = OP(&t, ADD, NULL, x, bench_const(&t, DIMS(4)));
  bench_output(&t, conv(&t, shifted, 2, 3, 4, sch_Padding_SAME, 1)); /* the padding is not shifted */
  const int32_t along = OP(&t, MUL, NULL, x, bench_const(&t, DIMS(5, 1)));
  bench_output(&t, conv(&t, along, 2, 3, 4, sch_Padding_VALID, 1)); /* along the width */
  const int32_t twice = OP(&t, MUL, NULL, x, bench_const(&t, DIMS(4)));
  bench_output(&t, conv(&t, twice, 2, 3, 4, sch_Padding_VALID, 1));
  bench_output(&t, twice);
  bench_end(&t, "fold-before", "ADD CONV_2D MUL CONV_2D MUL CONV_2D", 0);
}

/* ---- activations ---- */

CASE(activations_are_fused) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 4, 4, 2));
  const int32_t a = OP(&t, RELU, NULL, conv(&t, x, 3, 3, 2, sch_Padding_SAME, 1));
  bench_output(&t, OP(&t, RELU6, NULL, a));
  bench_output(&t, OP(&t, RELU_N1_TO_1, NULL, OP(&t, MUL, NULL, x, x)));
  bench_end(&t, "fuse-activation drop-unused", "CONV_2D MUL", 0);
}

CASE(some_activations_stay) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 4, 4, 2));
  const int32_t a = conv(&t, x, 3, 3, 2, sch_Padding_SAME, 1);
  bench_output(&t,
               OP(&t, TANH, NULL, conv(&t, x, 3, 3, 2, sch_Padding_SAME, 1))); /* heeded by none but recurrent ones */
  bench_output(&t, OP(&t, RELU, NULL, a));
  bench_output(&t, a);
  bench_output(&t, OP(&t, RELU, NULL, OP(&t, EXP, NULL, x)));
  bench_end(&t, "fuse-activation", "CONV_2D CONV_2D TANH RELU EXP RELU", 0);
}

static int32_t quantized(bench *t, int32_t code, int32_t count, const int32_t *inputs, float scale) {
  const op_quant q = {.count = 1, .scale = &scale, .zero_point = &(int32_t){-5}, .scales = -1, .zero_points = -1};
  const mote_type type = MOTE_INT8;
  return build_add(
      &t->b, &(build_node){
                 .code = code, .num_inputs = count, .inputs = inputs, .num_outputs = 1, .types = &type, .quant = &q});
}

CASE(quantized_activations_are_fused_where_scales_agree) {
  (void)state;
  bench t;
  bench_begin(&t);
  const float scale = 0.05F;
  const op_quant q = {.count = 1, .scale = &scale, .zero_point = &(int32_t){3}, .scales = -1, .zero_points = -1};
  const int32_t x = build_input(&t.b, "x", MOTE_INT8, DIMS(1, 64));
  build_quantize(&t.b, x, &q);
  const int32_t a = quantized(&t, sch_BuiltinOperator_ADD, 2, (int32_t[]){x, x}, 0.1F);
  const int32_t b = quantized(&t, sch_BuiltinOperator_ADD, 2, (int32_t[]){x, x}, 0.1F);
  bench_output(&t, quantized(&t, sch_BuiltinOperator_RELU, 1, &a, 0.1F));
  bench_output(&t, quantized(&t, sch_BuiltinOperator_RELU, 1, &b, 0.07F));
  bench_end(&t, "fuse-activation drop-unused", "ADD ADD RELU", 0);
}

CASE(activations_are_recognised) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 40));
  const sch_AddOptions relu6 = {.fused_activation_function = sch_ActivationFunctionType_RELU6};
  bench_output(&t,
               OP(&t, MUL, NULL, OP(&t, MUL, NULL, x, OP(&t, ADD, &relu6, x, NUMBER(&t, 3))), NUMBER(&t, 1 / 6.0F)));
  const int32_t y = OP(&t, NEG, NULL, x);
  const int32_t cube = OP(&t, MUL, NULL, OP(&t, MUL, NULL, y, y), y);
  const int32_t inner = OP(&t, ADD, NULL, y, OP(&t, MUL, NULL, cube, NUMBER(&t, 0.044715F)));
  const int32_t tanh1 =
      OP(&t, ADD, NULL, OP(&t, TANH, NULL, OP(&t, MUL, NULL, inner, NUMBER(&t, 0.7978845608F))), NUMBER(&t, 1));
  bench_output(&t, OP(&t, MUL, NULL, OP(&t, MUL, NULL, NUMBER(&t, 0.5F), y), tanh1));
  bench_output(&t, OP(&t, MAXIMUM, NULL, x, OP(&t, MUL, NULL, x, NUMBER(&t, 0.2F))));
  bench_end(&t, "recognise-activation drop-unused", "HARD_SWISH NEG GELU LEAKY_RELU", 2e-6);
}

CASE(clamps_are_recognised) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 40));
  bench_output(&t, OP(&t, MINIMUM, NULL, OP(&t, MAXIMUM, NULL, x, NUMBER(&t, 0)), NUMBER(&t, 6)));
  bench_output(&t, OP(&t, MAXIMUM, NULL, NUMBER(&t, -1), OP(&t, MINIMUM, NULL, x, NUMBER(&t, 1))));
  bench_output(&t, OP(&t, MINIMUM, NULL, OP(&t, MAXIMUM, NULL, x, NUMBER(&t, 0)), NUMBER(&t, 5)));
  bench_output(&t, OP(&t, MINIMUM, NULL, OP(&t, RELU, NULL, x), NUMBER(&t, 1e6F)));
  bench_end(&t, "recognise-activation drop-unused", "RELU6 RELU_N1_TO_1 RELU MINIMUM RELU MINIMUM", 0);
}

CASE(lengths_are_recognised) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3, 5));
  const sch_ReducerOptions keep = {.keep_dims = true};
  const int32_t a = OP(&t, SUM, &keep, OP(&t, SQUARE, NULL, x), INTS(&t, -1));
  bench_output(&t, OP(&t, MUL, NULL, x, OP(&t, RSQRT, NULL, OP(&t, MAXIMUM, NULL, a, NUMBER(&t, 1e-12F)))));
  const int32_t b = OP(&t, SUM, &keep, OP(&t, MUL, NULL, x, x), INTS(&t, 2));
  bench_output(&t, OP(&t, DIV, NULL, x, OP(&t, SQRT, NULL, OP(&t, MAXIMUM, NULL, b, NUMBER(&t, 1e-12F)))));
  bench_end(&t, "recognise-l2-normalize drop-unused", "L2_NORMALIZATION L2_NORMALIZATION", 1e-6);
}

CASE(some_lengths_stay) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3, 5)), y = bench_input(&t, "y", DIMS(2, 3, 5));
  const sch_ReducerOptions keep = {.keep_dims = true};
  const int32_t a = OP(&t, SUM, &keep, OP(&t, SQUARE, NULL, x), INTS(&t, 1)); /* another dimension */
  bench_output(&t, OP(&t, MUL, NULL, x, OP(&t, RSQRT, NULL, OP(&t, MAXIMUM, NULL, a, NUMBER(&t, 1e-12F)))));
  const int32_t b = OP(&t, SUM, &keep, OP(&t, SQUARE, NULL, x), INTS(&t, 2));
  bench_output(&t, OP(&t, MUL, NULL, y, OP(&t, RSQRT, NULL, OP(&t, MAXIMUM, NULL, b, NUMBER(&t, 1e-12F)))));
  bench_output(&t, OP(&t, MUL, NULL, x, OP(&t, RSQRT, NULL, OP(&t, MAXIMUM, NULL, b, NUMBER(&t, 1e-3F)))));
  bench_end(&t, "recognise-l2-normalize", "SQUARE SUM MAXIMUM RSQRT MUL SQUARE SUM MAXIMUM RSQRT MUL MAXIMUM RSQRT MUL",
            0);
}

CASE(flattening_goes) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(-1, 2, 3));
  const int32_t flat = OP(&t, RESHAPE, NULL, x, INTS(&t, -1, 6));
  bench_output(&t, OP(&t, FULLY_CONNECTED, NULL, flat, bench_const(&t, DIMS(4, 6))));
  bench_end(&t, "drop-flatten", "FULLY_CONNECTED", 0);
}

CASE(holes_are_dilation) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 7, 9, 2)), block = INTS(&t, 2, 3);
  const int32_t pads = build_const(&t.b, "pads", MOTE_INT32, DIMS(2, 2), (int32_t[]){2, 3, 3, 3}, BUILD_COPY);
  const int32_t crops = build_const(&t.b, "crops", MOTE_INT32, DIMS(2, 2), (int32_t[]){0, 1, 0, 0}, BUILD_COPY);
  const int32_t front = build_const(&t.b, "front", MOTE_INT32, DIMS(2, 2), (int32_t[]){1, 0, 0, 0}, BUILD_COPY);
  const int32_t a = OP(&t, SPACE_TO_BATCH_ND, NULL, x, block, pads);
  bench_output(&t, OP(&t, BATCH_TO_SPACE_ND, NULL, conv(&t, a, 3, 3, 2, sch_Padding_VALID, 1), block, crops));
  const int32_t b = OP(&t, SPACE_TO_BATCH_ND, NULL, x, block, pads);
  bench_output(&t, OP(&t, BATCH_TO_SPACE_ND, NULL, conv(&t, b, 3, 3, 2, sch_Padding_VALID, 1), block, front));
  bench_end(&t, "dilate-convolution fuse-pad", "CONV_2D SPACE_TO_BATCH_ND CONV_2D BATCH_TO_SPACE_ND", 1e-6);
}

CASE(powers_and_squares_are_recognised) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(2, 3)), y = bench_input(&t, "y", DIMS(3));
  bench_output(&t, OP(&t, POW, NULL, OP(&t, SUB, NULL, x, y), NUMBER(&t, 2)));
  const int32_t d = OP(&t, SUB, NULL, y, x);
  bench_output(&t, OP(&t, MUL, NULL, d, d));
  const int32_t kept = OP(&t, SUB, NULL, x, x);
  bench_output(&t, OP(&t, MUL, NULL, kept, kept));
  bench_output(&t, kept);
  bench_end(&t, "recognise-power recognise-squared-difference", "SQUARED_DIFFERENCE SQUARED_DIFFERENCE SUB MUL", 1e-6);
}

CASE(broadcasts_go) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(1, 3)), y = bench_input(&t, "y", DIMS(4, 3));
  const int32_t wide = OP(&t, BROADCAST_TO, NULL, x, INTS(&t, 4, 3));
  bench_output(&t, OP(&t, ADD, NULL, wide, y));
  bench_output(&t, OP(&t, MUL, NULL, OP(&t, BROADCAST_TO, NULL, x, INTS(&t, 2, 3)), NUMBER(&t, 3)));
  bench_end(&t, "drop-broadcast", "ADD BROADCAST_TO MUL", 0);
}

/* There and back in one scale is nothing; in another it rounds. */
CASE(requantization_goes_where_scales_agree) {
  (void)state;
  bench t;
  bench_begin(&t);
  const float scale = 0.1F;
  const op_quant q = {.count = 1, .scale = &scale, .zero_point = &(int32_t){-5}, .scales = -1, .zero_points = -1};
  const int32_t x = build_input(&t.b, "x", MOTE_INT8, DIMS(1, 64));
  build_quantize(&t.b, x, &q);
  const int32_t s = quantized(&t, sch_BuiltinOperator_ADD, 2, (int32_t[]){x, x}, 0.1F);
  const int32_t real = OP(&t, DEQUANTIZE, NULL, s);
  const int32_t same = quantized(&t, sch_BuiltinOperator_QUANTIZE, 1, &real, 0.1F);
  const int32_t other = quantized(&t, sch_BuiltinOperator_QUANTIZE, 1, &real, 0.2F);
  bench_output(&t, quantized(&t, sch_BuiltinOperator_ADD, 2, (int32_t[]){same, same}, 0.3F));
  bench_output(&t, quantized(&t, sch_BuiltinOperator_ADD, 2, (int32_t[]){other, other}, 0.3F));
  bench_end(&t, "drop-identity", "ADD DEQUANTIZE QUANTIZE ADD ADD", 0);
}

/* All together: a channels-first block as importers make it. */
CASE(all_rewrites_together) {
  (void)state;
  bench t;
  bench_begin(&t);
  const int32_t x = bench_input(&t, "x", DIMS(-1, 3, 8, 8));
  const int32_t last = INTS(&t, 0, 2, 3, 1), first = INTS(&t, 0, 3, 1, 2);
  int32_t y = OP(&t, TRANSPOSE, NULL, conv(&t, OP(&t, TRANSPOSE, NULL, x, last), 4, 3, 3, sch_Padding_SAME, 1), first);
  y = OP(&t, SUB, NULL, y, bench_const(&t, DIMS(4, 1, 1)));
  y = OP(&t, DIV, NULL, y, NUMBER(&t, 1.5F));
  y = OP(&t, RELU, NULL, OP(&t, ADD, NULL, y, bench_const(&t, DIMS(4, 1, 1))));
  int32_t z = OP(&t, TRANSPOSE, NULL, conv(&t, OP(&t, TRANSPOSE, NULL, y, last), 4, 3, 4, sch_Padding_SAME, 1), first);
  z = OP(&t, RELU, NULL, OP(&t, ADD, NULL, z, y));
  bench_output(&t, OP(&t, MEAN, NULL, z, INTS(&t, 2, 3)));
  bench_end(&t, NULL, "TRANSPOSE CONV_2D CONV_2D ADD MEAN", 2e-6);
}

/* Lists go by marks. */
CASE(lists_and_marks_agree) {
  (void)state;
  for (const rewrite *const *r = rewrites_for_files; *r; r++) assert_true((*r)->marks & REWRITE_FILE);
  for (const rewrite *const *r = rewrites_for_running; *r; r++) {
    assert_true((*r)->marks & REWRITE_RUNTIME);
    assert_true((*r)->marks & REWRITE_EXACT);
    bool listed = false;
    for (const rewrite *const *f = rewrites_for_files; *f; f++) listed |= *f == *r;
    assert_int_equal(listed, ((*r)->marks & REWRITE_FILE) != 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constants_are_folded),
      cmocka_unit_test(shapes_are_folded),
      cmocka_unit_test(some_constants_stay),
      cmocka_unit_test(unused_work_goes),
      cmocka_unit_test(identities_go),
      cmocka_unit_test(identity_at_an_output),
      cmocka_unit_test(some_identities_stay),
      cmocka_unit_test(equal_work_is_shared),
      cmocka_unit_test(ranges_go_up_through_what_moves),
      cmocka_unit_test(operators_that_need_no_range),
      cmocka_unit_test(ranges_of_few_bits),
      cmocka_unit_test(reshapes_are_joined),
      cmocka_unit_test(shapes_that_are_put_together_are_made_plain),
      cmocka_unit_test(transposes_between_reshapes_stay),
      cmocka_unit_test(transposes_of_ones_are_reshapes),
      cmocka_unit_test(transposes_are_joined),
      cmocka_unit_test(transposes_sink_and_cancel),
      cmocka_unit_test(transposes_sink_through_two),
      cmocka_unit_test(some_transposes_stay),
      cmocka_unit_test(paddings_are_joined),
      cmocka_unit_test(padding_goes_into_convolutions),
      cmocka_unit_test(some_paddings_stay),
      cmocka_unit_test(padding_goes_into_pooling_of_what_is_positive),
      cmocka_unit_test(arithmetic_is_made_plain_and_joined),
      cmocka_unit_test(some_sums_stay),
      cmocka_unit_test(sums_by_their_number_are_means),
      cmocka_unit_test(products_with_matrices_are_dense),
      cmocka_unit_test(what_follows_goes_into_weights),
      cmocka_unit_test(what_follows_goes_into_transposed_weights),
      cmocka_unit_test(some_that_follow_stay),
      cmocka_unit_test(what_stands_in_front_goes_into_weights),
      cmocka_unit_test(some_in_front_stay),
      cmocka_unit_test(activations_are_fused),
      cmocka_unit_test(some_activations_stay),
      cmocka_unit_test(quantized_activations_are_fused_where_scales_agree),
      cmocka_unit_test(activations_are_recognised),
      cmocka_unit_test(clamps_are_recognised),
      cmocka_unit_test(lengths_are_recognised),
      cmocka_unit_test(some_lengths_stay),
      cmocka_unit_test(flattening_goes),
      cmocka_unit_test(holes_are_dilation),
      cmocka_unit_test(powers_and_squares_are_recognised),
      cmocka_unit_test(broadcasts_go),
      cmocka_unit_test(requantization_goes_where_scales_agree),
      cmocka_unit_test(lists_and_marks_agree),
      cmocka_unit_test(all_rewrites_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
