/* windows.c: faults of convolutions, pools and blocks: steps of 0, shapes that do not fit, sizes that are narrowed. */
#include "runtime/faults/faults.h"

#define CONV(...)                                                                                                      \
  OP(CONV_2D, Conv2DOptions), .options = &(const sch_Conv2DOptions) { __VA_ARGS__ }
#define DEPTHWISE(...)                                                                                                 \
  OP(DEPTHWISE_CONV_2D, DepthwiseConv2DOptions), .options = &(const sch_DepthwiseConv2DOptions) { __VA_ARGS__ }
#define POOL(name, ...)                                                                                                \
  OP(name, Pool2DOptions), .options = &(const sch_Pool2DOptions) { __VA_ARGS__ }
#define STEP_1 .stride_w = 1, .stride_h = 1, .dilation_w_factor = 1, .dilation_h_factor = 1
#define TRANSPOSED(w, h)                                                                                               \
  OP(TRANSPOSE_CONV, TransposeConvOptions), .options = &(const sch_TransposeConvOptions) {                             \
    .stride_w = w, .stride_h = h                                                                                       \
  }
#define BLOCK(name, table, size)                                                                                       \
  OP(name, table), .options = &(const sch_##table) { .block_size = size }
#define I8 "i8:1x4x4x1@1,0 > i8:1x4x4x1@1,0"

/* clang-format off */
const fault faults_of_windows[] = {
    {"CVE-2021-29585, TFSA-2021-073", "strides of 0", CONV(.dilation_w_factor = 1, .dilation_h_factor = 1),
     .operands = "f32:1x4x4x1 f32:1x2x2x1=1,1,1,1 f32:1=0 > f32:1x4x4x1", REFUSED(COMPILE, MODEL, "strides 0x0 must lie in [1, 32767]")},
    {"CVE-2021-29586, TFSA-2021-074", "stride_h 0", POOL(AVERAGE_POOL_2D, .stride_w = 1, .filter_width = 2, .filter_height = 2),
     .operands = "f32:1x4x4x1 > f32:1x4x4x1", REFUSED(PLAN, MODEL, "filter size 2, stride 0 and dilation 1 must all be at least 1")},
    {"CVE-2021-37684, TFSA-2021-158", "stride_w 0", POOL(MAX_POOL_2D, .stride_h = 1, .filter_width = 2, .filter_height = 2),
     .operands = "f32:1x4x4x1 > f32:1x4x4x1", REFUSED(PLAN, MODEL, "filter size 2, stride 0 and dilation 1 must all be at least 1")},
    {"CVE-2021-37684, TFSA-2021-158", "a filter of height 0", POOL(L2_POOL_2D, .stride_w = 1, .stride_h = 1, .filter_width = 2),
     .operands = "f32:1x4x4x1 > f32:1x4x4x1", REFUSED(PLAN, MODEL, "filter size 0, stride 1 and dilation 1 must all be at least 1")},
    {"CVE-2021-37684, TFSA-2021-158", "a filter of width 0, int8", POOL(AVERAGE_POOL_2D, .stride_w = 1, .stride_h = 1, .filter_height = 2),
     .operands = I8, REFUSED(PLAN, MODEL, "filter size 0, stride 1 and dilation 1 must all be at least 1")},
    {"CVE-2021-37684, TFSA-2021-158", "strides of 0, int8", POOL(MAX_POOL_2D, .filter_width = 2, .filter_height = 2),
     .operands = I8, REFUSED(PLAN, MODEL, "filter size 2, stride 0 and dilation 1 must all be at least 1")},
    {"CVE-2021-29588, TFSA-2021-077", "stride_w 0", TRANSPOSED(0, 1),
     .operands = "i32:4=1,4,4,1 f32:1x2x2x1=1,1,1,1 f32:1x4x4x1 > f32:1x4x4x1", REFUSED(COMPILE, MODEL, "strides 1x0 must lie in [1, 32767]")},
    {"CVE-2022-21741, TFSA-2022-022", "strides of 0", DEPTHWISE(.dilation_w_factor = 1, .dilation_h_factor = 1, .depth_multiplier = 1),
     .operands = "f32:1x4x4x1 f32:1x2x2x1=1,1,1,1 f32:1=0 > f32:1x4x4x1", REFUSED(COMPILE, MODEL, "strides 0x0 must lie in [1, 32767]")},
    {"CVE-2022-21741, TFSA-2022-022", "dilations of 0", DEPTHWISE(.stride_w = 1, .stride_h = 1, .depth_multiplier = 1),
     .operands = "f32:1x4x4x1 f32:1x2x2x1=1,1,1,1 f32:1=0 > f32:1x4x4x1", REFUSED(COMPILE, MODEL, "dilation factors 0x0 must lie in [1, 32767]")},
    {"LiteRT#120", "a stride of 65536, which is 0 in 16 bits",
     DEPTHWISE(.stride_w = 65536, .stride_h = 65536, .dilation_w_factor = 1, .dilation_h_factor = 1, .depth_multiplier = 1),
     .operands = "f32:1x4x4x1 f32:1x2x2x1=1,1,1,1 f32:1=0 > f32:1x1x1x1", REFUSED(COMPILE, MODEL, "strides 65536x65536 must lie in [1, 32767]")},
    {"CVE-2021-29602, TFSA-2021-089", "an input without channels", DEPTHWISE(STEP_1, .depth_multiplier = 1),
     .operands = "f32:1x4x4x0 f32:1x2x2x2=1,1,1,1,1,1,1,1 f32:2=0,0 > f32:1x4x4x2", REFUSED(PLAN, SHAPE, "there are no channels: 0 come in, the filter has 2x1")},
    {"CVE-2021-29594, TFSA-2021-082", "an input without pictures", CONV(STEP_1),
     .operands = "f32:0x4x4x1 f32:1x2x2x1=1,1,1,1 f32:1=0 > f32:0x4x4x1", RUNS},
    {"CVE-2021-29594, TFSA-2021-082", "a filter of height 0", CONV(STEP_1),
     .operands = "f32:1x4x4x1 f32:1x0x2x1= f32:1=0 > f32:1x4x4x1", REFUSED(PLAN, MODEL, "filter size 0, stride 1 and dilation 1 must all be at least 1")},
    {"CVE-2021-37675, TFSA-2021-150", "shapes of zeros alone", CONV(STEP_1),
     .operands = "f32:0x0x0x0 f32:0x0x0x0= f32:0= > f32:0x0x0x0", REFUSED(PLAN, SHAPE, "there are no channels: 0 come in, the filter has 0x0")},
    {"CVE-2023-27579, TFSA-2023-001", "a filter without input channels", CONV(STEP_1),
     .operands = "f32:1x4x4x1 f32:1x2x2x0= f32:1=0 > f32:1x4x4x1", REFUSED(PLAN, SHAPE, "there are no channels: 1 come in, the filter has 1x0")},
    {"CVE-2022-23557, TFSA-2022-021", "a bias of no elements", CONV(STEP_1),
     .operands = "f32:1x4x4x1 f32:1x2x2x1=1,1,1,1 f32:0= > f32:1x4x4x1", REFUSED(PLAN, SHAPE, "the bias has 0 elements for 1 output channels")},
    {"CVE-2022-23557, TFSA-2022-021", "a bias of no elements", OP(FULLY_CONNECTED, FullyConnectedOptions),
     .operands = "f32:1x4 f32:2x4=1,1,1,1,1,1,1,1 f32:0= > f32:1x2", REFUSED(PLAN, SHAPE, "the bias has 0 elements for 2 outputs")},
    {"CVE-2020-15208, TFSA-2020-008", "channels that the filter does not have", CONV(STEP_1),
     .operands = "f32:1x4x4x3 f32:1x2x2x2=1,1,1,1,1,1,1,1 f32:1=0 > f32:1x4x4x1", REFUSED(PLAN, SHAPE, "the input's 3 channels are no multiple of the filter's 2, so that they form no groups")},
    {"CVE-2020-15208, TFSA-2020-008", "rows that the weights do not fit", OP(FULLY_CONNECTED, FullyConnectedOptions),
     .operands = "f32:1x5 f32:2x4=1,1,1,1,1,1,1,1 - > f32:1x2", REFUSED(PLAN, SHAPE, "the input's 5 elements do not divide into rows of 4, the width of the weights")},
    {"CVE-2021-37680, TFSA-2021-154", "weights of no columns", OP(FULLY_CONNECTED, FullyConnectedOptions),
     .operands = "f32:1x4 f32:2x0= - > f32:1x2", REFUSED(PLAN, SHAPE, "the input's 1 elements do not divide into rows of 0, the width of the weights")},
    {"CVE-2021-29587, TFSA-2021-075", "block_size 0", BLOCK(SPACE_TO_DEPTH, SpaceToDepthOptions, 0),
     .operands = "f32:1x2x2x1 > f32:1x1x1x4", REFUSED(PLAN, MODEL, "block_size is 0; it must be at least 1")},
    {"CVE-2021-29595, TFSA-2021-081", "block_size 0", BLOCK(DEPTH_TO_SPACE, DepthToSpaceOptions, 0),
     .operands = "f32:1x1x1x4 > f32:1x2x2x1", REFUSED(PLAN, MODEL, "block_size is 0; it must be at least 1")},
    {"XNNPACK, 2026", "a block whose square passes 2^31", BLOCK(DEPTH_TO_SPACE, DepthToSpaceOptions, 65536),
     .operands = "f32:1x1x1x4 > f32:1x2x2x1", REFUSED(PLAN, SHAPE, "4 channels do not fill blocks of 65536 x 65536")},
    {"CVE-2021-29593, TFSA-2021-084", "blocks of 0 by 1", OP(BATCH_TO_SPACE_ND, BatchToSpaceNDOptions),
     .operands = "f32:4x1x1x1 i32:2=0,1 i32:2x2=0,0,0,0 > f32:1x2x2x1", REFUSED(PLAN, SHAPE, "block size 0 is 0; it must be at least 1, and all together at most 2147483647")},
    {"CVE-2021-29597, TFSA-2021-085", "blocks of 1 by 0", OP(SPACE_TO_BATCH_ND, SpaceToBatchNDOptions),
     .operands = "f32:1x2x2x1 i32:2=1,0 i32:2x2=0,0,0,0 > f32:4x1x1x1", REFUSED(PLAN, SHAPE, "block size 1 is 0; it must be at least 1, and all together at most 2147483647")},
    {"CVE-2021-29597, TFSA-2021-085", "blocks of 0, as an input", OP(SPACE_TO_BATCH_ND, SpaceToBatchNDOptions),
     .operands = "f32:1x2x2x1 i32:2~0 i32:2x2=0,0,0,0 > f32:4x1x1x1", REFUSED(RUN, SHAPE, "block size 0 is 0; it must be at least 1, and all together at most 2147483647")},
    {"CVE-2022-41894, TFSA-2022-156", "1024 input channels, 8 filters and a bias", OP(CONV_3D_TRANSPOSE, Conv3DOptions),
     .options = &(const sch_Conv3DOptions){.stride_d = 1, .stride_w = 1, .stride_h = 1, .dilation_d_factor = 1,
                                           .dilation_w_factor = 1, .dilation_h_factor = 1},
     .operands = "i32:5=1,1,1,1,8 f32:1x1x1x8x1024~1 f32:1x1x1x1x1024~1 f32:8=1,2,3,4,5,6,7,8 > f32:1x1x1x1x8",
     GIVES("1025,1026,1027,1028,1029,1030,1031,1032")},
    {.id = NULL},
};
