/* What operators that multiply matrices and slide windows refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/refusals.h"

/* Dimensions of which the product of three does not fit 64 bits; LARGE also leaves room for windows. */
#define VAST "2147483647"
#define LARGE "500000000"

static void matrices(void **state) {
  (void)state;
  REFUSE(
      {"BATCH_MATMUL", "f32 2x2, i8 2x2 > f32", NULL, "int8 without a quantization scale"},
      {"BATCH_MATMUL", "f32 2x2, i8@1:1 2x2 > f32", NULL, "scale 0 of the right matrices is 1 with zero point 1"},
      {"BATCH_MATMUL", "f32 2x2, i8@1*3/1 2x2 > f32", NULL, "the right matrices have 3 scales for 2 columns"},
      {"BATCH_MATMUL", "f32 2x2, i8@1*3/1 2x2 = 1 > f32", NULL, "the right matrices have 3 scales for 2 columns"},
      {"BATCH_MATMUL", "i8 2x2, i8@1 2x2 > i8@1", NULL, "input 0 is int8 without"},
      {"BATCH_MATMUL", "i8@1 2x2, i8 2x2 > i8@1", NULL, "input 1 is int8 without"},
      {"BATCH_MATMUL", "i8@1 2x2, i8@1 2x2 > i8", NULL, "output 0 is int8 without"},
      {"BATCH_MATMUL", "i8@1e30 2x2, i8@1e30 2x2 > i8@1", NULL, "it must be below 2^30"},
      {"BATCH_MATMUL", "i16@1:2 2x2, i16@1 2x2 > i16@1", NULL, "of the left input and the output are 2 and 0"},
      {"BATCH_MATMUL", "i16@1 2x2, i16@1:2 2x2 > i16@1", NULL, "the zero point of the right input is 2"},
      {"BATCH_MATMUL", "f32 2, f32 2x2 > f32", NULL, "matrices take at least 2 dimensions"},
      {"BATCH_MATMUL", "f32 2x3, f32 2x2 > f32", NULL, "rows of 3 elements cannot be multiplied by columns of 2"},
      {"BATCH_MATMUL", "f32 2x2x2, f32 3x2x2 > f32", NULL, "broadcast"},
      {"BATCH_MATMUL", "f32 " VAST "x" VAST "x" VAST "x2, f32 2x2 > f32", NULL, "than this machine can address"},
      {"BATCH_MATMUL", "f32 " VAST "x" VAST "x" VAST "x2x2, f32 2x1x1x2x2 > f32", NULL, "broadcast"},
      {"BATCH_MATMUL", "f32 " VAST "x1x" VAST "x2x2, f32 1x" VAST "x1x2x2 > f32", NULL, "there are too many matrices"},
      {"BATCH_MATMUL", "f32 2x" VAST ", f32 " VAST "x" VAST " > f32", NULL, "than this machine can address"},
      {"BATCH_MATMUL", "f32 64x64, f32 64x64 > f32", NULL, "the run was cancelled"});
}

static void fully_connected(void **state) {
  (void)state;
  const char *const each = "weights_format=SHUFFLED4x16INT8";
  REFUSE({"FULLY_CONNECTED", "f32 1x2, i8 3x2 = 1 > f32", NULL, "the weights are int8 without a quantization scale"},
         {"FULLY_CONNECTED", "f32 1x2, i8@1*2/1 3x2 = 1 > f32", NULL, "2 scales along dimension 1"},
         {"FULLY_CONNECTED", "f32 1x2, i8@-1 3x2 = 1 > f32", NULL, "weight scale 0 is -1"},
         {"FULLY_CONNECTED", "f32 1x2, i8@1:4*3/0 3x2 = 1 > f32", NULL, "weight zero point 0 is 4"},
         {"FULLY_CONNECTED", "f32 1x2, i8@1*2/0 3x2 = 1 > f32", NULL, "the weights have 2 scales for 3 outputs"},
         {"FULLY_CONNECTED", "i8 1x2, i8@1 3x2 = 1 > i8@1", NULL, "input 0 is int8 without"},
         {"FULLY_CONNECTED", "i8@1 1x2, i8@1 3x2 = 1 > i8", NULL, "output 0 is int8 without"},
         {"FULLY_CONNECTED", "i8@1 1x2, i8 3x2 = 1 > i8@1", NULL, "the weights are int8 without"},
         {"FULLY_CONNECTED", "i16@1 1x2, i16@1e20 3x2 = 1 > i16@1", NULL, "it must be below 2^14"},
         {"FULLY_CONNECTED", "i16@1:2 1x2, i8@1 3x2 = 1 > i16@1", NULL, "int16 inputs are symmetric"},
         {"FULLY_CONNECTED", "i16@1 1x2, i8@1 3x2 = 1 > i16@1:2", NULL, "int16 outputs are symmetric"},
         {"FULLY_CONNECTED", "i16@1 1x2, i8@1 3x2 = 1, i32@1 3 = 1 > i16@1", "quantized_bias_type=UINT8",
          "quantized_bias_type 3 is neither"},
         {"FULLY_CONNECTED", "i16@1 1x2, i8@1 3x2 = 1, i32@1 3 = 1 > i16@1", "quantized_bias_type=INT64",
          "quantized_bias_type is INT64, but the bias is int32"},
         {"FULLY_CONNECTED", "f32 1x2, f32 3x2 > f32", "weights_format=7", "weights format 7 does not exist"},
         {"FULLY_CONNECTED", "f32 1x2, f32 3x2 > f32", each, "shuffled weights go with uint8 operands"},
         {"FULLY_CONNECTED", "u8@1 1x2, u8@1 3x2 = 1, i32 3 = 1 > i16@1, u8", each, "blocks of 4x16"},
         {"FULLY_CONNECTED", "u8@1 2x16, u8@1 4x16 = 1, i32 4 = 1 > i16@1, u8", each, "1 or 4 rows of input, not 2"},
         {"FULLY_CONNECTED", "f32 1x2, f32 3x2x1 > f32", NULL, "the weights have rank 3; it must be 2"},
         {"FULLY_CONNECTED", "f32 1x3, f32 3x2 > f32", NULL, "do not divide into rows of 2"},
         {"FULLY_CONNECTED", "f32 1x2, f32 3x2, f32 4 > f32", NULL, "the bias has 4 elements for 3 outputs"},
         {"FULLY_CONNECTED", "f32, f32 3x1 > f32", "keep_num_dims=1", "the input is a scalar"},
         {"FULLY_CONNECTED", "f32 2x4, f32 3x2 > f32", "keep_num_dims=1", "last dimension is 4, but the weights are 2"},
         {"FULLY_CONNECTED", "f32 " VAST "x" VAST "x" VAST "x2, f32 3x2 > f32", NULL, "the input is too large"},
         {"FULLY_CONNECTED", "f32 " VAST "x4, f32 3x2 > f32", NULL,
          sizeof(size_t) > 4 ? "rows are more than a dimension can hold" : "the input is too large"},
         {"FULLY_CONNECTED", "f32 64x64, f32 64x64 > f32", NULL, "the run was cancelled"},
         {"FULLY_CONNECTED", "f32 1x2, f32 3x2 > f32", "fused_activation_function=9", "fused activation 9"});
}

static void convolutions(void **state) {
  (void)state;
#define CONV(first, filter, rest, options, phrase)                                                                     \
  {"CONV_2D", first " 1x4x4x2, " filter " 3x2x2x2 = 1" rest, "stride_w=1 stride_h=1" options, phrase}
  REFUSE(
      CONV("f32", "i8", " > f32", "", "the filter is int8 without a quantization scale"),
      CONV("f32", "i8@1*3/1", " > f32", "", "the filter has 3 scales along dimension 1"),
      CONV("f32", "i8@-1", " > f32", "", "filter scale 0 is -1"),
      CONV("f32", "i8@1:3", " > f32", "", "the filter's zero point 0 is 3"),
      CONV("f32", "i8@1*2/0", " > f32", "", "the filter has 2 scales for 3 output channels"),
      CONV("i8", "i8@1", " > i8@1", "", "input 0 is int8 without"),
      CONV("i8@1", "i8@1", " > i8", "", "output 0 is int8 without"),
      CONV("i8@1", "i8", " > i8@1", "", "the filter is int8 without"),
      CONV("i16@1", "i8@1e20", ", i64@1 3 = 1 > i16@1", "", "it must be below 2^14"),
      CONV("i8@1", "i8@1", ", i32@1:2 3 = 1 > i8@1", "", "the bias has zero point 2"),
      CONV("i16@1:2", "i8@1", " > i16@1", "", "zero points of input and output are 2 and 0"),
      CONV("i16@1", "i8@1", " > i16@1", " quantized_bias_type=UINT8", "quantized_bias_type 3 is neither"),
      CONV("i16@1", "i8@1", ", i32@1 3 = 1 > i16@1", " quantized_bias_type=INT64", "but the bias is of another type"),
      CONV("f32", "f32", ", f32 4 > f32", "", "bias"), CONV("f32", "f32", " > f32", " dilation_h_factor=0", "dilation"),
      CONV("f32", "f32", " > f32", " padding=9", "padding"), CONV("f32", "f32", " > f32", "", "the run was cancelled"),
      CONV("f32", "f32", " > f32", " fused_activation_function=9", "fused activation 9"),
      {"CONV_2D", "f32 1x4x4, f32 3x2x2x2 > f32", "stride_w=1 stride_h=1", "the input has rank 3; it must be 4: NHWC"},
      {"CONV_2D", "f32 1x4x4x2, f32 3x2x2 > f32", "stride_w=1 stride_h=1", "the filter has rank 3; it must be 4"},
      {"CONV_2D", "f32 1x4x4x3, f32 3x2x2x2 > f32", "stride_w=1 stride_h=1", "channels"},
      {"CONV_2D", "f32 1x4x1x2, f32 3x2x9x2 > f32", "stride_w=1 stride_h=1 padding=VALID", "window"},
      {"CONV_2D", "f32 1x1x4x2, f32 3x9x2x2 > f32", "stride_w=1 stride_h=1 padding=VALID", "window"},
      {"CONV_2D", "f32 1x4x4x2, f32 " LARGE "x4x2x2 > f32", "stride_w=1 stride_h=1", "the filter has more than"},
      {"CONV_2D", "f32 " LARGE "x" LARGE "x" LARGE "x2, f32 3x2x2x2 > f32", "stride_w=1 stride_h=1",
       "output is larger"},
      {"CONV_2D", "f32 1x" LARGE "x" LARGE "x2, i8@1 3x2x2x2 > f32", "stride_w=1 stride_h=1",
       sizeof(size_t) > 4 ? "quantized in a run" : "the output is larger"},
      {"CONV_2D", "f32 1x" LARGE "x" LARGE "x2, i8@1 3x2x2x2 = 1 > f32", "stride_w=1 stride_h=1",
       sizeof(size_t) > 4 ? "quantized in a run" : "the output is larger"},
      {"DEPTHWISE_CONV_2D", "f32 1x" LARGE "x" LARGE "x2, i8@1 1x2x2x2 = 1 > f32",
       "stride_w=1 stride_h=1 depth_multiplier=1", "quantized in a run"},
      {"DEPTHWISE_CONV_2D", "f32 1x4x4, f32 1x2x2x2 > f32", "stride_w=1 stride_h=1", "the input has rank 3"},
      {"DEPTHWISE_CONV_2D", "f32 1x4x4x2, f32 2x2x2x2 > f32", "stride_w=1 stride_h=1", "filter"},
      {"DEPTHWISE_CONV_2D", "f32 1x4x4x2, f32 1x2x2x2 > f32", "stride_w=1 stride_h=1", "the run was cancelled"},
      {"DEPTHWISE_CONV_2D", "f32 " LARGE "x" LARGE "x" LARGE "x2, f32 1x2x2x2 > f32", "stride_w=1 stride_h=1",
       "larger than this machine can address"},
      {"CONV_3D", "f32 1x2x2x2x1, f32 9x1x1x1x1 > f32", "stride_d=1 stride_w=1 stride_h=1 padding=VALID", "window"},
      {"CONV_3D", "f32 1x2x2x2x1, f32 1x1x1x1x1 > f32", "stride_d=1 stride_w=1 stride_h=1", "the run was cancelled"},
      {"CONV_3D", "f32 1x2x2x2x" LARGE ", f32 " LARGE "x" LARGE "x" LARGE "x" LARGE "x1 > f32",
       "stride_d=1 stride_w=1 stride_h=1 padding=SAME", "one output is made of more than"});
}

static void transposed(void **state) {
  (void)state;
#define T_CONV(shape, filter, input, options, phrase)                                                                  \
  {"TRANSPOSE_CONV", "i32 " shape ", " filter ", " input, "stride_w=1 stride_h=1" options, phrase}
  REFUSE(T_CONV("4 = 1 4 4 3", "f32 3x2x2x2", "f32 1x4x4x2 > f32", " padding=7", "padding 7 is neither SAME (0)"),
         T_CONV("4 = 1 4 4 3", "f32 3x2x2", "f32 1x4x4x2 > f32", "", "the ranks of input and filter are 4 and 3"),
         T_CONV("4 = 1 4 4 0", "f32 0x2x2x0", "f32 1x4x4x0 > f32", "", "there are no channels"),
         T_CONV("3 = 1 4 4", "f32 3x2x2x2", "f32 1x4x4x2 > f32", "", "must be given as 4 numbers"),
         T_CONV("4 ~ 1 9 4 3", "f32 3x2x2x2", "f32 1x4x4x2 > f32", "", "4"),
         T_CONV("4 = 1 4 4 3", "f32 3x2x2x2", "f32 1x4x4x2 > f32", "", "the run was cancelled"),
         T_CONV("4 = 1 " LARGE " " LARGE " 3", "i8@1 3x2x2x2", "f32 1x" LARGE "x" LARGE "x2 > f32", "",
                "quantized in a run"),
         T_CONV("4 = 1 " LARGE " " LARGE " 3", "f32 3x2x2x2", "f32 1x" LARGE "x" LARGE "x2 > f32", "", "can address"),
         {"CONV_3D_TRANSPOSE", "i32 5 = 1 2 2 2 1, f32 1x1x1x1x1, f32 1x2x2x2x1 > f32",
          "stride_d=0 stride_w=1 stride_h=1", "stride 0 and dilation 1 of the depth"});
}

static void windows_that_do_not_fit(void **state) {
  (void)state;
  REFUSE(
      {"TRANSPOSE_CONV", "i32 4 = 1 4 4 3, f32 3x9x2x2, f32 1x4x4x2 > f32", "stride_w=1 stride_h=1 padding=VALID",
       "window"},
      {"STABLEHLO_CONVOLUTION", "f32 1x1x4, f32 1x1x2 > f32",
       "input_batch_dimension=0 input_feature_dimension=1 kernel_input_feature_dimension=0 "
       "kernel_output_feature_dimension=1 output_batch_dimension=0 output_feature_dimension=1 feature_group_count=1 "
       "batch_group_count=1 input_spatial_dimensions=[2] kernel_spatial_dimensions=[2] output_spatial_dimensions=[2]",
       "the run was cancelled"});
}

static void stablehlo(void **state) {
  (void)state;
  REFUSE({"STABLEHLO_DOT_GENERAL", "i8@1 2x2, i8 2x2 > i8",
          "lhs_contracting_dimensions=[1] rhs_contracting_dimensions=[0]",
          "1 of two inputs and the output are quantized"},
         {"STABLEHLO_DOT_GENERAL", "u32@1 2x2, u32@1 2x2 > u32@1",
          "lhs_contracting_dimensions=[1] rhs_contracting_dimensions=[0]", "is uint32, which is not quantized"},
         {"STABLEHLO_DOT_GENERAL", "f32 2x2, f32 2x2 > f32",
          "lhs_contracting_dimensions=[1] rhs_contracting_dimensions=[7]", "7"},
         {"STABLEHLO_DOT_GENERAL", "f32 2x2, f32 2x2 = 1 > f32",
          "lhs_contracting_dimensions=[1] rhs_contracting_dimensions=[7]", "7"},
         {"STABLEHLO_DOT_GENERAL", "f32 1x1x1x1x1, f32 1x1x1x1x1 > f32", NULL, "the result has 10 dimensions"},
         {"STABLEHLO_DOT_GENERAL", "f32 64x64, f32 64x64 > f32",
          "lhs_contracting_dimensions=[1] rhs_contracting_dimensions=[0]", "the run was cancelled"},
         {"STABLEHLO_DOT_GENERAL", "f32 2x" VAST ", f32 " VAST "x" VAST " > f32",
          "lhs_contracting_dimensions=[1] rhs_contracting_dimensions=[0]", "can address"});
}

/* ---- what the text of a row cannot say ---- */

static op_tensor block_scales, block_zeros;

static const op_tensor *tensor_at(op_ctx *c, int32_t index) {
  (void)c;
  return index == 7 ? &block_scales : &block_zeros;
}

/* Types, check and infer of an operator with constant weights 3x8 as input 1, quantized like this. */
static void refuse_weights(const char *name, mote_type first, mote_type output, op_quant weights,
                           const sch_SparsityParameters *sparsity, const char *phrase) {
  static int8_t data[24];
  static uint16_t halves[2] = {0x3c00, 0x3c00};
  static uint8_t zeros[1] = {1};
  static const float one[1] = {1};
  static const int32_t three[1] = {3}, zero[1];
  const op_quant activation = {.count = 1, .scale = one, .zero_point = zero};
  op_host host = op_case_host;
  op_case k;
  host.tensor = tensor_at;
  op_case_begin(&k, refusal_op(name), NULL);
  k.c.host = &host;
  op_case_fill(&k, &block_scales, MOTE_FLOAT16);
  op_case_fill(&k, &block_zeros, MOTE_UINT8);
  block_scales.flags = block_zeros.flags = OP_CONST;
  block_scales.data = halves, block_scales.bytes = sizeof halves;
  block_zeros.data = zeros, block_zeros.bytes = sizeof zeros;
  weights.scale = one, weights.zero_point = three;
  op_tensor *const x = op_case_input(&k, first, first == MOTE_INT32 ? 1 : 2, (int32_t[]){1, 8}, NULL, 0);
  op_tensor *const w = op_case_input(&k, MOTE_INT8, 2, (int32_t[]){3, 8}, data, OP_CONST);
  op_tensor *const y = op_case_output(&k, output);
  w->quant = &weights, w->sparsity = sparsity, w->scale = 1, w->zero_point = 3;
  x->quant = y->quant = &activation, x->scale = y->scale = 1;
  assert_int_not_equal(op_case_infer(&k), MOTE_OK);
  if (!strstr(k.error.text, phrase)) fail_msg("'%s' is wanted, not '%s'", phrase, k.error.text);
  op_case_end(&k);
}

static void weights(void **state) {
  (void)state;
  const sch_SparsityParameters sparse = {0};
  refuse_weights("FULLY_CONNECTED", MOTE_INT8, MOTE_INT8, (op_quant){.count = 1}, &sparse,
                 "sparse weights are symmetric, but the zero point is 3");
  refuse_weights("FULLY_CONNECTED", MOTE_FLOAT32, MOTE_FLOAT32,
                 (op_quant){.block_size = 4, .scales = 7, .zero_points = 8}, NULL,
                 "have zero points, tensor 8, which are not");
  refuse_weights("EMBEDDING_LOOKUP", MOTE_INT32, MOTE_FLOAT32,
                 (op_quant){.block_size = 3, .scales = 7, .zero_points = -1}, NULL,
                 "rows of 8 elements do not consist of blocks of 3");
  refuse_weights("EMBEDDING_LOOKUP", MOTE_INT32, MOTE_FLOAT32,
                 (op_quant){.block_size = 4, .scales = 7, .zero_points = -1}, NULL, "there are scales for 2 blocks");
}

/* A filter is packed for the channels that come in; with fewer it would be one of other groups. */
static void channels_that_change(void **state) {
  (void)state;
  static const float filter[64 * 8] = {1};
  const sch_Conv2DOptions o = {.stride_w = 1, .stride_h = 1, .dilation_w_factor = 1, .dilation_h_factor = 1};
  op_case k;
  op_case_begin(&k, refusal_op("CONV_2D"), &o);
  k.c.isa = cpu_best();
  op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 16}, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){64, 1, 1, 8}, filter, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  k.in[0].dims[3] = 8;
  assert_int_equal(k.c.op->infer(&k.c), MOTE_OK);
  k.c.record = op_case_alloc(&k.c, k.c.op->record_size);
  assert_int_equal(k.c.op->plan(&k.c), MOTE_ERR_UNSUPPORTED);
  assert_non_null(strstr(k.error.text, "was packed for the 16 input channels"));
  op_case_end(&k);
}

/* ---- recurrent operators ---- */

#define GATES(operand) operand ", " operand ", " operand ", " operand ", "
#define CELL GATES("f32 5x4") GATES("f32 5x5") "-, -, -, " GATES("f32 5") "-, -, "
#define STATE "f32! 2x5, f32! 2x5"

static void recurrent(void **state) {
  (void)state;
  const char *const two = "f32 3x2x4, " CELL CELL STATE ", " STATE " > f32, f32";
  REFUSE({"UNIDIRECTIONAL_SEQUENCE_LSTM", "f32 2x3x4, " CELL STATE " > f32", "fused_activation_function=TANH",
          "the run was cancelled"},
         {"BIDIRECTIONAL_SEQUENCE_LSTM", "f32 3x2x4, " CELL CELL STATE ", " STATE ", f32 2x2x4 > f32, f32",
          "fused_activation_function=TANH", "as many time steps and batch elements as the input"},
         {"BIDIRECTIONAL_SEQUENCE_RNN",
          "f32 3x2x4, f32 5x4, f32 5x5, f32 5, f32! 2x5, f32 5x4, f32 5x5, f32 5, f32! 2x5, f32 2x2x4, -, - > f32, f32",
          "fused_activation_function=TANH time_major=1", "as many time steps and batch elements as the input"},
         {"LSTM", "f32 2x4, " CELL STATE " > f32", "fused_activation_function=77", "fused activation 77"},
         {"BIDIRECTIONAL_SEQUENCE_LSTM", two, "fused_activation_function=77", "fused activation 77"},
         {"BIDIRECTIONAL_SEQUENCE_LSTM", two, "fused_activation_function=TANH", "the run was cancelled"},
         {"RNN", "f32 2x4, f32 5x4, f32 5x5, f32 5, f32! 2x5 > f32", "fused_activation_function=TANH",
          "the run was cancelled"},
         {"UNIDIRECTIONAL_SEQUENCE_GRU", "f32 3x2x4, f32 2x5, f32 10x9, f32 10, f32 5x9, f32 5 > f32, f32", NULL,
          "the run was cancelled"});
}

static void general(void **state) {
  (void)state;
#define BATCHED                                                                                                        \
  "input_batch_dimension=0 input_feature_dimension=1 kernel_input_feature_dimension=0 "                                \
  "kernel_output_feature_dimension=1 output_batch_dimension=0 output_feature_dimension=1 feature_group_count=1 "       \
  "batch_group_count=1 "
  REFUSE({"STABLEHLO_CONVOLUTION", "f32 1x1x1x1x1x1, f32 1x1x1x1x1x1 > f32",
          BATCHED "input_spatial_dimensions=[2 3 4 5 6 7 8]", "there are 7 spatial dimensions; at most"},
         {"STABLEHLO_CONVOLUTION", "f32 1x1x4, f32 1x1x2 > f32",
          BATCHED "input_spatial_dimensions=[2] kernel_spatial_dimensions=[1] output_spatial_dimensions=[2]",
          "the filter's list"},
         {"STABLEHLO_CONVOLUTION", "f32 1x1x4 = 1, f32 1x1x2 = 1 > f32",
          BATCHED "input_spatial_dimensions=[2] kernel_spatial_dimensions=[2] output_spatial_dimensions=[2] "
                  "padding=[2147483647 2147483647]",
          "spatial dimension 0 of the"});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(matrices),
      cmocka_unit_test(fully_connected),
      cmocka_unit_test(convolutions),
      cmocka_unit_test(transposed),
      cmocka_unit_test(stablehlo),
      cmocka_unit_test(weights),
      cmocka_unit_test(channels_that_change),
      cmocka_unit_test(windows_that_do_not_fit),
      cmocka_unit_test(recurrent),
      cmocka_unit_test(general),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
