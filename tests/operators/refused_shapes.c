/* What the operators that move, cut and join tensors refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/refusals.h"

#define RANK_8 "f32 1x1x1x1x1x1x1x1"

static void broadcasting(void **state) {
  (void)state;
  REFUSE({"BROADCAST_TO", "f32 2, i32 1x2 = 2 2 > f32", NULL, "the shape must be a list, and has 2 dimensions"},
         {"BROADCAST_TO", "f32 2, i32 9 = 1 > f32", NULL, "the shape has 9 dimensions; at most 8"},
         {"BROADCAST_TO", "f32 2x2, i32 1 = 2 > f32", NULL, "2 dimensions cannot become 1"},
         {"BROADCAST_TO", "f32 1, i32 1 = -2 > f32", NULL, "dimension 0 of the shape is -2"},
         {"BROADCAST_TO", "f32 2, i32 1 = 3 > f32", NULL, "can become nothing but itself"},
         {"BROADCAST_ARGS", "i32 1x1, i32 1 > i32", NULL, "a shape is a list, and input 0 has 2 dimensions"},
         {"BROADCAST_ARGS", "i32 2 ~ 2 3, i32 1 ~ 2 > i32", NULL, "neither is 1"});
}

static void joining(void **state) {
  (void)state;
  REFUSE({"CONCATENATION", "i32 2, i32 2 > i32", "fused_activation_function=RELU", "supported for float32 alone"},
         {"CONCATENATION", "f32 2, f32 2 > f32", "fused_activation_function=17", "fused activation 17 does not exist"},
         {"CONCATENATION", "i8@1 2, i8@2 2 > i8@1", NULL, "input 1 has scale 2 and zero point 0"},
         {"CONCATENATION", "i16@1:3 2, i16@1 2 > i16@1", NULL, "int16 is symmetric, so both must be 0"},
         {"CONCATENATION", "u8@1 2, u8@0 2 > u8@1", NULL, "input 1 is uint8 without a quantization scale"},
         {"CONCATENATION", "u8@1 2, u8@1 2 > u8", NULL, "output 0 is uint8 without a quantization scale"},
         {"CONCATENATION", "f32 2x3, f32 3x3 > f32", "axis=1", "dimension"},
         {"CONCATENATION", "f32 2, f32 2 > f32", "axis=4", "axis"},
         {"PACK", "f32 2, f32 2x1 > f32", "values_count=2", "input 1 has 2 dimensions"},
         {"PACK", RANK_8 ", " RANK_8 " > f32", "values_count=2", "at most 7 can be stacked"},
         {"PACK", "f32 2, f32 2 > f32", "values_count=2 axis=3", "axis 3"},
         {"UNPACK", "i8@1 2 > i8@2, i8@1", "num=2", "scale"}, {"UNPACK", "f32 2 > f32, f32", "num=2 axis=5", "axis 5"},
         {"STABLEHLO_CONCATENATE", "f32 2, f32 2 > f32", "dimension=4", "axis 4"});
}

static void gathering(void **state) {
  (void)state;
  REFUSE({"GATHER", "str 2x2, i32 1 = 0 > str", NULL, "strings are gathered from a vector"},
         {"GATHER", "f32 2x3, i32 4x1 > f32", "axis=1 batch_dims=1", "batch dimension 0 is 2 in the input and 4"},
         {"GATHER", "f32 1x1x1x1x1, i32 1x1x1x1x1 > f32", NULL, "the result has 9 dimensions"},
         {"GATHER", "f32 2, i32 1 > f32", "axis=3", "axis 3"},
         {"GATHER_ND", "f32, i32 1 > f32", NULL, "neither the input nor the indices may be a scalar"},
         {"GATHER_ND", "f32 1x1x1x1x1x1, i32 1x1x1x1x1 > f32", NULL, "the result has 9 dimensions"},
         {"GATHER_ND", "f32 2, i32 1x2 > f32", NULL, "the input has fewer"},
         {"SCATTER_ND", "i32 1x1, f32 1, i32 1x1 = 3 > f32", NULL, "the shape has 2 dimensions; it must be a vector"},
         {"SCATTER_ND", "i32 1x1, f32 1, i32 9 = 1 > f32", NULL, "9 dimensions are too many"},
         {"SCATTER_ND", "i32, f32 1, i32 1 = 3 > f32", NULL, "the indices may not be a scalar"},
         {"SCATTER_ND", "i32 1x2, f32 1, i32 1 = 3 > f32", NULL, "do not address an output of 1"},
         {"SCATTER_ND", "i32 2x1, f32 3, i32 1 = 3 > f32", NULL, "dimension 0 of the updates is 3"},
         {"SCATTER_ND", "i32 1x1, f32 1, i32 1 = -3 > f32", NULL, "-3"},
         {"SPARSE_TO_DENSE", "i32 1x1x1, i32 1 = 3, f32, f32 > f32", NULL, "indices of 3 and values of 0 dimensions"},
         {"SPARSE_TO_DENSE", "i32 1, i32 1 = 3, f32, f32 2 > f32", NULL, "the default must be one element"},
         {"SPARSE_TO_DENSE", "i32 1, i32 1x1 = 3, f32, f32 > f32", NULL, "it must be a vector"},
         {"SPARSE_TO_DENSE", "i32 1x2, i32 1 = 3, f32, f32 > f32", NULL, "addressed by 2 indices"});
}

static void padding(void **state) {
  (void)state;
  REFUSE(
      {"PAD", "f32 2x2, i32 1x2 = 1 > f32", NULL, "there are paddings for 1 dimensions, but the input has 2"},
      {"PADV2", "i8@1 2, i32 1x2 = 1, i8@2 > i8@1", NULL, "the padding value has scale 2"},
      {"PADV2", "f32 2, i32 1x2 = 1, f32 2 > f32", NULL, "the padding value must be one element"},
      {"PAD", "f32 ??, i32 9x2 = 1 > f32", NULL, "9 dimensions are too many"},
      {"PAD", "f32 2x2x2, i32 3x2 = 2000000000 0 2000000000 0 2000000000 0 > f32", NULL, "more elements than memory"},
      {"MIRROR_PAD", "f32 2, i32 1x3 = 1 > f32", NULL, "two columns"},
      {"MIRROR_PAD", "f32 2x2, i32 1x2 = 1 > f32", NULL, "there are paddings for 1 dimensions, but the input has 2"},
      {"MIRROR_PAD", "f32 2147483647, i32 1x2 = 1 > f32", NULL, "2147483649"},
      {"DILATE", "f32 2, i32 1x1 = 1, f32 > f32", NULL, "the dilations must be a vector"},
      {"DILATE", "f32 2, i32 2 = 1, f32 > f32", NULL, "there are 2 dilations for 1 dimensions"},
      {"DILATE", "f32 2, i32 1 = 1, f32 2 > f32", NULL, "the padding value must be one element; it has 2"},
      {"DILATE", "f32 2, i32 1 = 0, f32 > f32", NULL, "dimension 0 is spread by 0"},
      {"DILATE", "f32 2, i32 1 ~ 0, f32 > f32", NULL, "dimension 0 is spread by 0"},
      {"STABLEHLO_PAD", "f32 2, f32 > f32", "edge_padding_low=[1] edge_padding_high=[1 1] interior_padding=[0]",
       "it has paddings for 1, 2 and 1 dimensions"},
      {"STABLEHLO_PAD", "f32 2, f32 > f32", "edge_padding_low=[1] edge_padding_high=[1] interior_padding=[-1]",
       "the interior padding of dimension 0 is -1"});
}

static void shaping(void **state) {
  (void)state;
  REFUSE({"RESHAPE", "f32 1 > f32", "new_shape=[1 1 1 1 1 1 1 1 1]", "a shape of 9 dimensions is asked for"},
         {"RESHAPE", "f32 1, i32 9 = 1 > f32", NULL, "a shape of 9 dimensions is asked for"},
         {"RESHAPE", "f32 1, i32 4 = 2147483647 > f32", NULL, "the shape has more elements than memory can hold"},
         {"RESHAPE", "f32 65536x65536, i32 1 = -1 > f32", NULL,
          sizeof(size_t) > 4 ? "dimension 0 of the new shape would be" : "more elements than memory can hold"},
         {"RESHAPE", "f32 2x3, i32 1 = 5 > f32", NULL, "6 elements and the new shape 5"},
         {"EXPAND_DIMS", "f32 2, i32 2 = 0 > f32", NULL, "the axis must be one number; it has 2"},
         {"EXPAND_DIMS", RANK_8 ", i32 = 0 > f32", NULL, "8 dimensions already"},
         {"TILE", "f32 ??, i32 9 = 1 > f32", NULL, "9 dimensions are too many"},
         {"TILE", "f32 1x1x1, i32 3 = 2147483647 > f32", NULL, "more elements than memory can hold"},
         {"TRANSPOSE", "f32 2x3, i32 3 > f32", NULL, "the permutation has 3 axes, but the input has 2 dimensions"},
         {"TRANSPOSE", "f32 ??, i32 9 = 0 > f32", NULL, "9 dimensions are too many"},
         {"TRANSPOSE", "f32 2x3, i32 2 = 0 0 > f32", NULL, "perm"},
         {"TRANSPOSE", "f32 2x3, i32 2 ~ 0 0 > f32", NULL, "perm"},
         {"STABLEHLO_BROADCAST_IN_DIM", "f32 2 > f32 ?", NULL, "must declare the output's shape in full"},
         {"STABLEHLO_BROADCAST_IN_DIM", "f32 2 > f32 2x2", "broadcast_dimensions=[0 1]", "names 2 dimensions for"},
         {"RESHAPE", "f32 1, i32 9 ~ 1 > f32", NULL, "a shape of 9 dimensions is asked for"},
         {"BroadcastGradientArgs", "i32 65, i32 1 > i32, i32", NULL, "a shape of 65 dimensions is too long"},
         {"BroadcastGradientArgs", "i32 1 ~ 2, i32 1 ~ 3 > i32, i32", NULL, "neither is 1"},
         {"BITCAST", "f32 1x1x1x1x1x1x1x1 > i8", NULL, "the result would have 9 dimensions"},
         {"RESIZE_BILINEAR", "f32 2147483647x1x1x2147483647, i32 2 = 2147483647 2147483647 > f32", NULL,
          "more elements than memory can hold"},
         {"MATRIX_DIAG", "f32 > f32", NULL, "the input has 0 dimensions; it must have 1 to 7"},
         {"MATRIX_SET_DIAG", "f32 2, f32 2 > f32", NULL, "a matrix has 2 or more"},
         {"MATRIX_SET_DIAG", "f32 2x2, f32 2x2 > f32", NULL, "the diagonal has 2 dimensions"},
         {"BroadcastGradientArgs", "i32 1x1, i32 1 > i32, i32", NULL, "a shape is a vector"},
         {"FILL", "i32 1x1 = 1, f32 > f32", NULL, "they must be a vector"},
         {"FILL", "i32 1 = 1, f32 2 > f32", NULL, "the value must be one element; it has 2"},
         {"RANGE", "i32 2, i32, i32 > i32", NULL, "input 0 must be one number; it has 2"},
         {"ONE_HOT", "i32 1, i32 2 = 1, f32, f32 > f32", NULL, "input 1 must be one element; it has 2"},
         {"ONE_HOT", "i32 1x1x1x1x1x1x1x1, i32 = 1, f32, f32 > f32", NULL, "indices of 8 dimensions are too many"},
         {"ONE_HOT", "i32 1, i32 = 1, f32, f32 > f32", "axis=4", "axis 4"});
}

static void reversing(void **state) {
  (void)state;
  REFUSE({"REVERSE_V2", "f32 2, i32 1x1 = 0 > f32", NULL, "they must be a vector"},
         {"REVERSE_V2", "f32 2, i32 1 ~ 3 > f32", NULL, "axis 3"},
         {"REVERSE_V2", "f32 2, i32 1 = 3 > f32", NULL, "axis 3"},
         {"REVERSE_SEQUENCE", "f32 2x2, i32 2 > f32", "seq_dim=1 batch_dim=7", "axis 7"},
         {"REVERSE_SEQUENCE", "f32 2x2, i32 2 > f32", "seq_dim=7", "axis 7"},
         {"REVERSE_SEQUENCE", "f32 2x2, i32 2x1 > f32", "seq_dim=1", "the lengths must be a vector"},
         {"Roll", "f32 2, i32 1x1, i32 1 > f32", NULL, "shifts and axes must be scalars or vectors"});
}

static void slicing(void **state) {
  (void)state;
  REFUSE({"SLICE", "f32 2, i32 1x1, i32 1 > f32", NULL, "input 1 has 2 dimensions; it must be a vector"},
         {"SLICE", "f32 2, i32 1, i32 1x1 > f32", NULL, "input 2 has 2 dimensions"},
         {"SLICE", "f32 2, i32 2, i32 1 > f32", NULL, "input 1 has 2 numbers for the 1 dimensions"},
         {"SLICE", "f32 2, i32 1, i32 2 > f32", NULL, "input 2 has 2 numbers"},
         {"STABLEHLO_SLICE", "f32 2 > f32", "start_indices=[0] limit_indices=[1 1] strides=[1]", "1 starts, 2 limits"},
         {"STABLEHLO_SLICE", "f32 2 > f32", "start_indices=[0] limit_indices=[3] strides=[1]", "elements 0 to 3"},
         {"STABLEHLO_SLICE", "f32 ? > f32", "start_indices=[0] limit_indices=[3000000000] strides=[1]", "3000000000"},
         {"STABLEHLO_DYNAMIC_SLICE", "f32 2x2, i32 > f32", "slice_sizes=[1 1]", "there are 1 starts for 2 dimensions"},
         {"STABLEHLO_DYNAMIC_SLICE", "f32 2, i32 2 > f32", "slice_sizes=[1]", "input 1, a start, must be one number"},
         {"STABLEHLO_DYNAMIC_SLICE", "f32 2, i32 > f32", "slice_sizes=[1 1]", "slice_sizes has 2 numbers"},
         {"STABLEHLO_DYNAMIC_SLICE", "f32 2, i32 > f32", "slice_sizes=[3]", "3 elements of dimension 0"},
         {"STABLEHLO_DYNAMIC_SLICE", "f32 2, i32 > f32", "slice_sizes=[-3]", "-3"},
         {"DYNAMIC_UPDATE_SLICE", "f32 2, f32 1x1, i32 1 > f32", NULL, "the operand has 1 dimensions and the update 2"},
         {"DYNAMIC_UPDATE_SLICE", "f32 2, f32 3, i32 1 > f32", NULL, "does not fit into the operand's 2"},
         {"DYNAMIC_UPDATE_SLICE", "f32 2, f32 1, i32 2 > f32", NULL, "input 2 has 2 numbers"},
         {"STABLEHLO_DYNAMIC_UPDATE_SLICE", "f32 2, f32 1, i32, i32 > f32", NULL, "there are 2 starts"},
         {"STRIDED_SLICE", "f32 2, i32 1x1, i32 1, i32 1 > f32", NULL, "input 1 has 2 dimensions; it must be a vector"},
         {"STRIDED_SLICE", "f32 2, i32 1, i32 2, i32 1 > f32", NULL, "equally long, but have 1 and 2"},
         {"STRIDED_SLICE", "f32 2, i32 99, i32 99, i32 99 > f32", NULL, "99 entries are too many"},
         {"STRIDED_SLICE", RANK_8 ", i32 1 = 0, i32 1 = 1, i32 1 = 1 > f32", "new_axis_mask=1", "dimensions"},
         {"STRIDED_SLICE", "f32 2, i32 1 ~ 0, i32 1 ~ 1, i32 1 ~ 0 > f32", NULL, "stride"},
         {"SPLIT", "i32 2 = 0, f32 2 > f32", "num_splits=1", "the axis operand holds 2 numbers"},
         {"SPLIT", "i32 = 3, f32 2 > f32", "num_splits=1", "axis 3"},
         {"SPLIT", "i32 ~ 3, f32 2 > f32", "num_splits=1", "axis 3"},
         {"SPLIT_V", "f32 2, i32 1 = 2, i32 = 3 > f32", "num_splits=1", "axis 3"},
         {"SPLIT_V", "f32 2, i32 2 = 1, i32 = 0 > f32", "num_splits=1", "there are 2 sizes for 1 outputs"});
}

static void too_many_axes(void **state) {
  (void)state;
  REFUSE({"STRIDED_SLICE", RANK_8 ", i32 2 = 0, i32 2 = 1, i32 2 = 1 > f32", "new_axis_mask=1 ellipsis_mask=2",
          "dimensions"},
         {"STRIDED_SLICE", RANK_8 ", i32 2 = 0, i32 2 = 1, i32 2 = 1 > f32", "new_axis_mask=2 ellipsis_mask=1",
          "dimensions"},
         {"STABLEHLO_GATHER", "f32 ?x?, i32 2x1 > f32",
          "offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] index_vector_dim=1 slice_sizes=[1 -3]",
          "slices have -3 elements"},
         {"STABLEHLO_GATHER", "f32 ?x?, i32 2x1 > f32",
          "offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] index_vector_dim=1 slice_sizes=[1 3000000000]",
          "dimension 1 of the result would be 3000000000"});
}

static void blocks(void **state) {
  (void)state;
  REFUSE({"DEPTH_TO_SPACE", "f32 2x2x4 > f32", "block_size=2", "it must have 4: batch, height, width, channels"},
         {"DEPTH_TO_SPACE", "f32 1x2000000000x1x4 > f32", "block_size=2", "4000000000"},
         {"SPACE_TO_DEPTH", "f32 1x0x0x1 > f32", "block_size=2147483647", "blocks of 2147483647 are too large"},
         {"SPACE_TO_DEPTH", "f32 1x2x2x2000000000 > f32", "block_size=2", "8000000000"},
         {"SPACE_TO_BATCH_ND", "f32 1x2x1, i32 1x1 = 1, i32 1x2 = 0 > f32", NULL, "the block shape must be a vector"},
         {"SPACE_TO_BATCH_ND", "f32 1x2x1, i32 1 = 1, i32 1x3 = 0 > f32", NULL, "two columns"},
         {"SPACE_TO_BATCH_ND", "f32 1x2x1, i32 3 = 1, i32 3x2 = 0 > f32", NULL, "there are 3 block sizes"},
         {"SPACE_TO_BATCH_ND", "f32 2000000000x2x1, i32 1 = 2, i32 1x2 = 0 > f32", NULL, "4000000000"},
         {"SPACE_TO_BATCH_ND", "f32 1x2x1, i32 1 ~ 0, i32 1x2 ~ 0 > f32", NULL, "block"},
         {"BATCH_TO_SPACE_ND", "f32 1x2x1, i32 1 ~ 0, i32 1x2 ~ 0 > f32", NULL, "block"},
         {"BATCH_TO_SPACE_ND", "f32 2x2000000000x1, i32 1 = 2, i32 1x2 = 0 > f32", NULL, "4000000000"},
         {"BATCH_TO_SPACE_ND", "f32 2x1x1, i32 1 = 2, i32 1x2 = 9 > f32", NULL,
          "9 and 9 elements are cropped of dimension 1"});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(broadcasting), cmocka_unit_test(joining), cmocka_unit_test(gathering),
      cmocka_unit_test(padding),      cmocka_unit_test(shaping), cmocka_unit_test(reversing),
      cmocka_unit_test(slicing),      cmocka_unit_test(blocks),  cmocka_unit_test(too_many_axes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
