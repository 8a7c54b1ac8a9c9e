/* shapes.c: faults of shape arithmetic: axes, ranks, broadcasts, products that wrap, memory that is not there. */
#include "runtime/faults/faults.h"

static const sch_ArgMaxOptions arg_i32 = {.output_type = MOTE_INT32};
static const sch_ConcatenationOptions join_0 = {.axis = 0};
static const sch_PackOptions pack_2 = {.values_count = 2};
static const sch_SplitVOptions two_parts = {.num_splits = 2};
static const sch_SplitOptions no_parts = {.num_splits = 0};
static const sch_StridedSliceOptions ellipsis_1 = {.ellipsis_mask = 2};
static const sch_ReshapeOptions no_shape = {0};

static const int64_t rank_8_zero[8] = {0}, rank_8_one[8] = {1, 1, 1, 1, 1, 1, 1, 1}, wide[2] = {INT64_MAX, 1};
static const sch_StablehloPadOptions pad_rank_8 = {
    .edge_padding_low = {rank_8_one, 8}, .edge_padding_high = {rank_8_zero, 8}, .interior_padding = {rank_8_zero, 8}};
static const sch_StablehloPadOptions pad_wide = {
    .edge_padding_low = {wide, 2}, .edge_padding_high = {wide, 2}, .interior_padding = {rank_8_zero, 2}};

/* An operator whose options are of the second union. */
static void second_options(net *n, const void *options, uint8_t kind) {
  n->ops[0][0].builtin_options_2 = (void *)(uintptr_t)options;
  n->ops[0][0].builtin_options_2_type = kind;
}
static void pads_rank_8(net *n) { second_options(n, &pad_rank_8, sch_BuiltinOptions2_StablehloPadOptions); }
static void pads_wide(net *n) { second_options(n, &pad_wide, sch_BuiltinOptions2_StablehloPadOptions); }

static void adds_windows(net *n) {
  static const sch_ReduceWindowOptions add = {.reduce_function = sch_ReduceWindowFunction_ADD};
  second_options(n, &add, sch_BuiltinOptions2_ReduceWindowOptions);
}

/* FULLY_CONNECTED of no units, then an activation and a product with a constant. */
static void layer_without_units(net *n) {
  const float three = 3;
  const int x = net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){2, 4}),
            c = net_const(n, MOTE_FLOAT32, 1, (int32_t[]){1}, &three, 4);
  const int w = net_const(n, MOTE_FLOAT32, 2, (int32_t[]){0, 4}, NULL, 0);
  int32_t t[3];
  for (int i = 0; i < 3; i++) t[i] = net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){2, 0});
  net_op(n, sch_BuiltinOperator_FULLY_CONNECTED, sch_BuiltinOptions_FullyConnectedOptions, NULL, 3,
         (int32_t[]){x, w, -1}, 1, t);
  net_op(n, sch_BuiltinOperator_RELU, 0, NULL, 1, t, 1, t + 1);
  net_op(n, sch_BuiltinOperator_MUL, sch_BuiltinOptions_MulOptions, NULL, 2, (int32_t[]){t[1], c}, 1, t + 2);
  net_ends(n, 1, (int32_t[]){x}, 1, t + 2);
}

#define REDUCE(name) OP(name, ReducerOptions)
#define SLICES OP(STRIDED_SLICE, StridedSliceOptions)

/* clang-format off */
const fault faults_of_shapes[] = {
    {"CVE-2020-15207, TFSA-2020-009", "axis -100 of four", REDUCE(MEAN), .operands = "f32:1x2x3x4 i32:1=-100 > f32:1x2x3",
     REFUSED(PLAN, SHAPE, "axis -100 is outside the 4 dimensions there are; it must lie in [-4, 3]")},
    {"CVE-2020-15207, TFSA-2020-009", "axis -100 of four, as an input", REDUCE(SUM),
     .operands = "f32:1x2x3x4 i32:1~-100 > f32:1x2x3", REFUSED(RUN, SHAPE, "axis -100 is outside the 4 dimensions there are; it must lie in [-4, 3]")},
    {"LiteRT 9b5418dd7 (XNNPACK)", "more axes than there are dimensions", REDUCE(SUM),
     .operands = "f32:2x2 i32:20=0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 > f32:2", GIVES("2,2")},
    {"CVE-2021-37689, TFSA-2021-163", "a list of no axes", REDUCE(MEAN), .operands = "f32:2x2~3 i32:0= > f32:2x2",
     GIVES("3,3,3,3")},
    {"CVE-2021-29603, TFSA-2021-093; TFLM#3504, 3704", "an axis that is the rank", OP(ARG_MAX, ArgMaxOptions), .options = &arg_i32,
     .operands = "f32:2x3 i32:.=2 > i32:2", REFUSED(PLAN, SHAPE, "axis 2 is outside the 2 dimensions there are; it must lie in [-2, 1]")},
    {"CVE-2021-29603, TFSA-2021-093", "an axis below the lowest", OP(ARG_MIN, ArgMinOptions), .options = &arg_i32,
     .operands = "f32:2x3 i32:.=-3 > i32:2", REFUSED(PLAN, SHAPE, "axis -3 is outside the 2 dimensions there are; it must lie in [-2, 1]")},
    {"CVE-2021-29603, TFSA-2021-093; TFLM#3504, 3704", "an axis that is the rank, as an input", OP(ARG_MAX, ArgMaxOptions),
     .options = &arg_i32, .operands = "f32:2x3 i32:.~2 > i32:2", REFUSED(RUN, SHAPE, "axis 2 is outside the 2 dimensions there are; it must lie in [-2, 1]")},
    {"CVE-2021-29606, TFSA-2021-094", "axis 100 of one", OP(SPLIT_V, SplitVOptions), .options = &two_parts,
     .operands = "f32:4 i32:2=2,2 i32:.=100 > f32:2 f32:2", REFUSED(PLAN, SHAPE, "axis 100 is outside the 1 dimensions there are; it must lie in [-1, 0]")},
    {"CVE-2021-29599, TFSA-2021-087", "a split into no parts", OP(SPLIT, SplitOptions), .options = &no_parts,
     .operands = "i32:.=0 f32:4 >", REFUSED(OPEN, MODEL, "it has 0 outputs, and needs 1 or more")},
    {"CVE-2021-29599, TFSA-2021-087", "a split into one part by options of none", OP(SPLIT, SplitOptions),
     .options = &no_parts, .operands = "i32:.=0 f32:4 > f32:4", REFUSED(COMPILE, MODEL, "num_splits is 0, but there are 1 outputs")},
    {"CVE-2021-37685, TFSA-2021-160", "axis -100000", OP(EXPAND_DIMS, ExpandDimsOptions),
     .operands = "f32:4 i32:.=-100000 > f32:4x1", REFUSED(PLAN, SHAPE, "axis -100000 is outside the 2 dimensions there are; it must lie in [-2, 1]")},
    {"tensorflow#127292", "a permutation with an entry past the rank", OP(TRANSPOSE, TransposeOptions),
     .operands = "f32:2x3 i32:2=1,7 > f32:3x2", REFUSED(PLAN, SHAPE, "axis 7 is outside the 2 dimensions there are; it must lie in [-2, 1]")},
    {"tensorflow#127292", "crops of another shape than the block", OP(BATCH_TO_SPACE_ND, BatchToSpaceNDOptions),
     .operands = "f32:4x1x1x1 i32:2=2,2 i32:3x2=0,0,0,0,0,0 > f32:1x2x2x1", REFUSED(PLAN, SHAPE, "there are 2 block sizes and 3 pairs of edges; they must be equally many")},
    {"CVE-2021-29590, TFSA-2021-078", "a shape of nothing against 4 x 4", OP(MINIMUM, MaximumMinimumOptions),
     .operands = "f32:0 f32:4x4 > f32:4x4", REFUSED(PLAN, SHAPE, "shapes do not broadcast: 0 and 4 meet in dimension 1, and neither is 1")},
    {"CVE-2021-37688, TFSA-2021-162", "a layer of no units, then what broadcasts", .part = "FULLY_CONNECTED, MUL", RUNS,
     .edit = layer_without_units},
    {"tensorflow#124904, 125223", "nine dimensions, every other one of 1", OP(SELECT_V2, SelectV2Options),
     .operands = "bool:1x2x1x2x1x2x1x2x1 f32:2x1x2x1x2x1x2x1x2 f32:1 > f32:2x2x2x2x2x2x2x2x2",
     REFUSED(OPEN, UNSUPPORTED, "it has 9 dimensions; at most 8 are supported")},
    {"tensorflow#121681", "six dimensions that broadcast", OP(SELECT_V2, SelectV2Options),
     .operands = "bool:1x2x1x1x1x1~1 f32:2x1x1x1x1x1~5 f32:1x1x1x1x1x1 > f32:2x2x1x1x1x1", GIVES("5,5,5,5")},
    {"CVE-2021-29601, TFSA-2021-091", "a join whose length passes 2^31", OP(CONCATENATION, ConcatenationOptions),
     .options = &join_0, .operands = "i8:1500000000 i8:1500000000 > i8:1", REFUSED(PLAN, SHAPE, "the joined dimension 0 is larger than 2147483647")},
    {"TFSA-2022-025, CVE-2022-23561", "a shape of more than 8 dimensions, from a constant", OP(FILL, FillOptions),
     .operands = "i32:12=1,1,1,1,1,1,1,1,1,1,1,1 f32:.=1 > f32:1", REFUSED(PLAN, SHAPE, "12 dimensions are too many; at most 8 are supported")},
    {"TFSA-2022-025, CVE-2022-23561", "a shape of more than 8 dimensions, from an input", OP(BROADCAST_TO, BroadcastToOptions),
     .operands = "f32:1 i32:12~1 > f32:1", REFUSED(RUN, SHAPE, "the shape has 12 dimensions; at most 8 are supported")},
    {"TFSA-2022-025, CVE-2022-23561", "more multiples than dimensions", OP(TILE, TileOptions),
     .operands = "f32:2 i32:12=1,1,1,1,1,1,1,1,1,1,1,1 > f32:2", REFUSED(PLAN, SHAPE, "there are 12 multiples for 1 dimensions")},
    {"TFSA-2022-025, CVE-2022-23561", "a new shape of more than 8 dimensions", OP(RESHAPE, ReshapeOptions),
     .options = &no_shape, .operands = "f32:1 i32:9=1,1,1,1,1,1,1,1,1 > f32:1", REFUSED(PLAN, SHAPE, "a shape of 9 dimensions is asked for; at most 8 are supported")},
    {"TFSA-2022-015, CVE-2022-23569; tensorflow#111458", "a dimension of 2^31 - 1", OP(ADD, AddOptions),
     .operands = "f32:2147483647 f32:1 > f32:2147483647", REFUSED(PLAN, LIMIT, "the session needs 17179869248 bytes")},
    {"tensorflow#111458", "a dimension of 0 before two whose product wraps", OP(ADD, AddOptions),
     .operands = "f32:0x2147483647x2147483647x2147483647 f32:1 > f32:0x1x1x1", REFUSED(OPEN, LIMIT, "0x2147483647x2147483647x2147483647 elements of float32 are more than memory can hold")},
    {"TFLM#3552, 3761", "65536 x 65536 elements of 4 bytes", OP(ADD, AddOptions),
     .operands = "f32:65536x65536 f32:1 > f32:65536x65536", REFUSED(PLAN, LIMIT, "the session needs 34359738432 bytes")},
    {"tensorflow#61908", "tensors of more memory than there is", OP(ADD, AddOptions),
     .operands = "f32:100000x1000 f32:100000x1000 > f32:100000x1000", REFUSED(PLAN, LIMIT, "the session needs 1200000000 bytes")},
    {"onnxruntime#27444, 27090, 27721", "a dimension of -1", OP(ADD, AddOptions), .operands = "f32:-1x4 f32:1 > f32:-1x4",
     REFUSED(OPEN, MODEL, "its shape -1x4 has a negative dimension; unknown ones are written as 1 there, and as -1")},
    {"ggml c2cdd2b2 (GGUF)", "a dimension of 0", OP(ADD, AddOptions), .operands = "f32:3x0 f32:1 > f32:3x0", RUNS},
    {"tensorflow#111637", "65537 elements repeated 65536 times", OP(TILE, TileOptions),
     .operands = "u8:65537 i32:1=65536 > u8:1", REFUSED(PLAN, SHAPE, "dimension 0 of 65537 repeated 65536 times is larger than 2147483647")},
    {"tensorflow#111637", "65537 elements repeated 65536 times, as an input", OP(TILE, TileOptions),
     .operands = "u8:65537 i32:1~65536 > u8:1", REFUSED(RUN, SHAPE, "dimension 0 of 65537 repeated 65536 times is larger than 2147483647")},
    {"TFSA-2022-006, CVE-2022-21729", "a shape whose product wraps to 0", OP(BROADCAST_TO, BroadcastToOptions),
     .operands = "f32:1 i64:4=65536,65536,65536,65536 > f32:1", REFUSED(PLAN, LIMIT, "tensor 2 't2' of float32 x 65536x65536x65536x65536 elements is larger than this machine")},
    {"TFSA-2022-095, CVE-2022-35963", "a shape of -5", OP(FILL, FillOptions), .operands = "i32:2~-5 f32:. > f32:1",
     REFUSED(RUN, SHAPE, "dimension 0 of the result would be -5; it must lie in [0, 2147483647]")},
    {"TFSA-2022-095, CVE-2022-35963", "a new shape of -5", OP(RESHAPE, ReshapeOptions), .options = &no_shape,
     .operands = "f32:10 i32:2~-5 > f32:1", REFUSED(RUN, SHAPE, "dimension 0 of the new shape is -5; it must be -1 or lie in [0, 2147483647]")},
    {"tensorflow#115458", "begin -2 and end 2^31 - 1", SLICES,
     .operands = "f32:4~7 i32:1=-2 i32:1=2147483647 i32:1=1 > f32:2", GIVES("7,7")},
    {"tensorflow#115458", "a stride of -2^31", SLICES, .operands = "f32:4~7 i32:1=-1 i32:1=-2147483648 i32:1=-2147483648 > f32:1",
     REFUSED(PLAN, SHAPE, "stride 0 is -2147483648; it must not be 0")},
    {"tensorflow#115458", "a stride with which the counter wraps", SLICES,
     .operands = "f32:200~7 i32:1=0 i32:1=2147483647 i32:1=126322568 > f32:1", GIVES("7")},
    {"tensorflow#115458", "a stride of 0", SLICES, .operands = "f32:4 i32:1=0 i32:1=4 i32:1~0 > f32:4",
     REFUSED(RUN, SHAPE, "stride 0 is 0; it must not be 0, and at least -2147483647")},
    {"CVE-2021-37686, TFSA-2021-159", "an ellipsis among more entries than dimensions", SLICES, .options = &ellipsis_1,
     .operands = "f32:3x4 i32:5=0,0,0,0,0 i32:5=1,1,1,1,1 i32:5=1,1,1,1,1 > f32:1", RUNS},
    {"tensorflow#126177, 126106", "a slice past the end", OP(SLICE, SliceOptions),
     .operands = "f32:4 i32:1=3 i32:1=2 > f32:2", REFUSED(PLAN, SHAPE, "2 elements from 3 on are asked for of dimension 0, which has 4")},
    {"tensorflow#126177, 126106", "a slice past the end whose length stands in the file", OP(SLICE, SliceOptions),
     .operands = "f32:4 i32:1~3 i32:1=2 > f32:2", REFUSED(RUN, SHAPE, "2 elements from 3 on are asked for of dimension 0, which has 4")},
    {"tensorflow#126177, 126106", "a slice that begins at -1", OP(SLICE, SliceOptions),
     .operands = "f32:4 i32:1~-1 i32:1=2 > f32:2", REFUSED(RUN, SHAPE, "2 elements from -1 on are asked for of dimension 0, which has 4")},
    {"tensorflow#115452 to 115457, 121760", "paddings of 2^32, which are 0 in 32 bits", OP(PAD, PadOptions),
     .operands = "f32:4 i64:1x2=4294967296,0 > f32:4", REFUSED(PLAN, SHAPE, "dimension 0 of 4 padded by 4294967296 and 0 is larger than 2147483647")},
    {"tensorflow#115452 to 115457, 121760", "paddings of 2^62, as an input", OP(MIRROR_PAD, MirrorPadOptions),
     .operands = "f32:4 i64:1x2~4611686018427387904 > f32:4", REFUSED(RUN, SHAPE, "the padding of dimension 0 is 4611686018427387904 before and 4611686018427387904 behind")},
    {"tensorflow#115452 to 115457, 121760", "paddings of 2^31 - 1 before blocks", OP(SPACE_TO_BATCH_ND, SpaceToBatchNDOptions),
     .operands = "f32:1x4x1 i32:1=1 i32:1x2=2147483647,2147483647 > f32:1x4x1", REFUSED(PLAN, SHAPE, "dimension 1 of the result would be 4294967298; it must lie in [0, 2147483647]")},
    {"tensorflow#115452 to 115457, 121760", "a length of 2^32 + 1, which is 1 in 32 bits", OP(FILL, FillOptions),
     .operands = "i64:1=4294967297 f32:. > f32:1", REFUSED(PLAN, SHAPE, "dimension 0 of the result would be 4294967297; it must lie in [0, 2147483647]")},
    {"tensorflow#115452 to 115457, 121760", "paddings of 2^63 - 1", BARE(STABLEHLO_PAD), .operands = "f32:2x2 f32:.=0 > f32:2x2",
     REFUSED(PLAN, SHAPE, "dimension 0 is spread by 1 and padded by 9223372036854775807 and 9223372036854775807; the"), .edit = pads_wide},
    {"tensorflow#115452 to 115457, 121760", "a dilation of 2^40", BARE(REDUCE_WINDOW),
     .operands = "f32:4 f32:.=0 i64:1=2 i64:1=1 i64:1=1099511627776 > f32:1", REFUSED(PLAN, MODEL, "window sizes, strides and dilations must lie in [1, 2^31), and one of dimension 0 is"),
     .edit = adds_windows},
    {"tensorflow#66834", "eight dimensions", BARE(STABLEHLO_PAD),
     .operands = "f32:1x1x1x1x1x1x1x1 f32:.=0 > f32:2x2x2x2x2x2x2x2", RUNS, .edit = pads_rank_8},
    {"tensorflow#61901", "matrices of 0 x 0", OP(BATCH_MATMUL, BatchMatMulOptions),
     .operands = "f32:4x0x0x0 f32:4x0x0x0 > f32:4x0x0x0", RUNS},
    {"tensorflow#120388", "a picture of (2^31 - 1)^2", OP(RESIZE_BILINEAR, ResizeBilinearOptions),
     .operands = "f32:1x2x2x1 i32:2=2147483647,2147483647 > f32:1x1x1x1", REFUSED(PLAN, LIMIT, "the session needs 18446744073709551615 bytes")},
    {"tensorflow#120388", "a picture of (2^31 - 1)^2, as an input", OP(RESIZE_NEAREST_NEIGHBOR, ResizeNearestNeighborOptions),
     .operands = "f32:1x2x2x1 i32:2~2147483647 > f32:1x1x1x1", REFUSED(RUN, MEMORY, "out of memory: RESIZE_NEAREST_NEIGHBOR (operator 0) needs 18446744056529682436 bytes")},
    {"LiteRT 07e476157", "parts of different sizes", OP(PACK, PackOptions), .options = &pack_2,
     .operands = "f32:2=1,2 f32:3=1,2,3 > f32:2x2", REFUSED(PLAN, SHAPE, "dimension 0 of input 1 is 3, but 2 in an input before it; all shapes must be equal")},
    {.id = NULL},
};
