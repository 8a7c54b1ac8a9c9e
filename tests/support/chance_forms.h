/* chance_forms.h: what shapes, integers and options operators take in networks by chance; see chance.c, which alone
 * includes it. */
#ifndef SUPPORT_CHANCE_FORMS_H
#define SUPPORT_CHANCE_FORMS_H

#include "operators/op.h"

/* One word an input, the last one for all that follow. A shape is letters (a dimension each, the same for the same
 * letter), digits, "." (scalar), "?" (any shape), "~" (one that broadcasts to it), R (as many as "?" has dimensions),
 * K (as many as there are outputs), V (some), G (a table of gains), T (a table of the type's values); "@" makes it a
 * variable. What the integers are stands after ":": a axes, p small and not negative, 0 zero, z sizes, u 1 or 2, l
 * large, s a shape of as many elements as "?", q a permutation, f a split, t the size of an output of batch b and
 * channels o, w that of bdhwo. */
static const struct {
  int32_t code;
  const char *form;
} forms[] = {
    {sch_BuiltinOperator_ADD, "? ~"},
    {sch_BuiltinOperator_ARG_MAX, "? .:a"},
    {sch_BuiltinOperator_ARG_MIN, "? .:a"},
    {sch_BuiltinOperator_AVERAGE_POOL_2D, "bhwc"},
    {sch_BuiltinOperator_BATCH_MATMUL, "bmk bkn"},
    {sch_BuiltinOperator_BATCH_TO_SPACE_ND, "4hwc 2:u 22:p"},
    {sch_BuiltinOperator_BIDIRECTIONAL_SEQUENCE_LSTM,
     "tbi ui ui ui ui uu uu uu uu u u u u u u u uu u ui ui ui ui uu uu uu uu u u u u u u u uu u @bu @bu @bu @bu tbi ui "
     "ui ui ui ui ui ui ui"},
    {sch_BuiltinOperator_BIDIRECTIONAL_SEQUENCE_RNN, "tbi ui uu u @bu ui uu u @bu tbi ui ui"},
    {sch_BuiltinOperator_CONV_2D, "bhwc oyxc o"},
    {sch_BuiltinOperator_CONV_3D, "bdhwc zyxco o"},
    {sch_BuiltinOperator_CONV_3D_TRANSPOSE, "5:w zyxoc bdhwc o"},
    {sch_BuiltinOperator_CUMSUM, "? .:a"},
    {sch_BuiltinOperator_DEPTHWISE_CONV_2D, "bhwc 1yxc c"},
    {sch_BuiltinOperator_DEPTH_TO_SPACE, "bhw8"},
    {sch_BuiltinOperator_EMBEDDING_LOOKUP, "n:p vk"},
    {sch_BuiltinOperator_EMBEDDING_LOOKUP_SPARSE, "n:p n2:0 2:l n vk"},
    {sch_BuiltinOperator_FILL, "V:p ."},
    {sch_BuiltinOperator_FULLY_CONNECTED, "bi oi o"},
    {sch_BuiltinOperator_GATHER, "? V:p"},
    {sch_BuiltinOperator_LESS, "? ~"},
    {sch_BuiltinOperator_LESS_EQUAL, "? ~"},
    {sch_BuiltinOperator_LSTM, "bi ui ui ui ui uo uo uo uo u u u u u u u ou o @bo @bu u u u u"},
    {sch_BuiltinOperator_MATRIX_SET_DIAG, "bmm bm"},
    {sch_BuiltinOperator_MAX_POOL_2D, "bhwc"},
    {sch_BuiltinOperator_MEAN, "? V:a"},
    {sch_BuiltinOperator_MIRROR_PAD, "hw 22:0"},
    {sch_BuiltinOperator_MUL, "? ~"},
    {sch_BuiltinOperator_NON_MAX_SUPPRESSION_V4, "n4 n .:p . ."},
    {sch_BuiltinOperator_NON_MAX_SUPPRESSION_V5, "n4 n .:p ."},
    {sch_BuiltinOperator_PACK, "?"},
    {sch_BuiltinOperator_PAD, "? R2:p ."},
    {sch_BuiltinOperator_PADV2, "? R2:p ."},
    {sch_BuiltinOperator_PRELU, "? ~"},
    {sch_BuiltinOperator_RESHAPE, "? V:s"},
    {sch_BuiltinOperator_RESIZE_BILINEAR, "bhwc 2:z"},
    {sch_BuiltinOperator_RESIZE_NEAREST_NEIGHBOR, "bhwc 2:z"},
    {sch_BuiltinOperator_REVERSE_SEQUENCE, "bt b:p"},
    {sch_BuiltinOperator_RFFT2D, "bhw 2:z"},
    {sch_BuiltinOperator_RNN, "bi ui uu u @bu"},
    {sch_BuiltinOperator_SCATTER_ND, "n1:p n 1:l"},
    {sch_BuiltinOperator_SKIP_GRAM, ".:p"},
    {sch_BuiltinOperator_SPACE_TO_BATCH_ND, "bhwc 2:u 22:p"},
    {sch_BuiltinOperator_SPACE_TO_DEPTH, "b48c"},
    {sch_BuiltinOperator_SPLIT, ".:a ?"},
    {sch_BuiltinOperator_SPLIT_V, "? K:f .:a"},
    {sch_BuiltinOperator_STABLEHLO_CONVOLUTION, "bhwc yxco"},
    {sch_BuiltinOperator_STABLEHLO_DOT_GENERAL, "bm bn"},
    {sch_BuiltinOperator_STABLEHLO_DYNAMIC_SLICE, "45 .:p"},
    {sch_BuiltinOperator_STABLEHLO_GATHER, "45 n1:p"},
    {sch_BuiltinOperator_STABLEHLO_SCATTER, "45 n1:p n5"},
    {sch_BuiltinOperator_STRIDED_SLICE, "? R:p R:l R:z"},
    {sch_BuiltinOperator_SUM, "? V:a"},
    {sch_BuiltinOperator_SVDF, "bi ui u1 u @bu"},
    {sch_BuiltinOperator_TILE, "? R:p"},
    {sch_BuiltinOperator_TOPK_V2, "? .:p"},
    {sch_BuiltinOperator_TRANSPOSE, "? R:q"},
    {sch_BuiltinOperator_TRANSPOSE_CONV, "4:t oyxc bhwc o"},
    {sch_BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM,
     "tbi ui ui ui ui uo uo uo uo u u u u u u u ou o @bo @bu u u u u"},
    {sch_BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_RNN, "tbi ui uu u @bu"},
    {sch_BuiltinOperator_UNPACK, "Khw"},
};

/* Options that have few values which fit the shapes above. */
static const struct {
  const char *name;
  int count;
  int64_t value[4];
} fitting[] = {
    {"batch_group_count", 1, {1}},
    {"feature_group_count", 1, {1}},
    {"input_feature_dimension", 1, {3}},
    {"input_spatial_dimensions", 2, {1, 2}},
    {"kernel_input_feature_dimension", 1, {2}},
    {"kernel_output_feature_dimension", 1, {3}},
    {"kernel_spatial_dimensions", 2, {0, 1}},
    {"output_feature_dimension", 1, {3}},
    {"output_spatial_dimensions", 2, {1, 2}},
    {"lhs_dilation", 2, {2, 1}},
    {"rhs_dilation", 2, {1, 2}},
    {"window_strides", 2, {1, 2}},
    {"padding", 4, {1, 0, 2, -1}},
    {"block_size", 1, {2}},
    {"num_bits", 1, {8}},
    {"ngram_size", 1, {2}},
    {"max_skip_size", 1, {1}},
    {"rank", 1, {1}},
    {"seq_dim", 1, {1}},
    {"offset_dims", 1, {1}},
    {"collapsed_slice_dims", 1, {0}},
    {"start_index_map", 1, {0}},
    {"index_vector_dim", 1, {1}},
    {"slice_sizes", 2, {1, 5}},
    {"update_window_dims", 1, {1}},
    {"inserted_window_dims", 1, {0}},
    {"scatter_dims_to_operand_dims", 1, {0}},
    {"body_subgraph_index", 1, {1}},
    {"cond_subgraph_index", 1, {2}},
    {"comparator_subgraph_index", 1, {1}},
    {"update_computation_subgraph_index", 1, {1}},
    {"decomposition_subgraph_index", 1, {1}},
    {"then_subgraph_index", 1, {1}},
    {"else_subgraph_index", 1, {2}},
    {"subgraph", 1, {1}},
    {"dimensions", 1, {0}},
    {"window_dimensions", 2, {2, 1}},
    {"base_dilations", 2, {1, 1}},
    {"window_dilations", 2, {1, 1}},
};

/* Custom operators by name, with the keys of their options in order. A number by chance unless one stands behind "=",
 * or a text; a list of digits stands in brackets. "#" and digits: a C struct of int32 instead. */
typedef struct custom_form {
  const char *name, *form, *keys;
} custom_form;

static const custom_form customs[] = {
    {"AudioSpectrogram", "tc", "stride window_size"},
    {"CIRCULAR_BUFFER", "b1hw", "cycles_max"},
    {"CTCBeamSearchDecoder", "tbk b", "beam_width merge_repeated top_paths"},
    {"Irfft2d", "bhw 2:z", ""},
    {"Mfcc", "bhw .", "dct_coefficient_count filterbank_channel_count"},
    {"SignalDelay", "bt", "delay_length"},
    {"SignalEnergy", "t", "end_index start_index"},
    {"SignalFilterBank", "i w w k k k", "num_channels"},
    {"SignalFilterBankLog", "k", "input_correction_bits output_scale"},
    {"SignalFilterBankSpectralSubtraction", "k",
     "alternate_one_minus_smoothing alternate_smoothing clamping min_signal_remaining num_channels one_minus_smoothing "
     "smoothing smoothing_bits spectral_subtraction_bits"},
    {"SignalFilterBankSquareRoot", "k .", ""},
    {"SignalFftAutoScale", "t", ""},
    {"SignalFramer", "bt", "frame_size frame_step prefill"},
    {"SignalIrfft", "bt", "fft_length"},
    {"SignalOverlapAdd", "bht", "frame_step"},
    {"SignalPCAN", "k k G", "snr_shift"},
    {"SignalRfft", "bt", "fft_length"},
    {"SignalStacker", "k", "num_channels stacker_left_context stacker_right_context stacker_step"},
    {"SignalWindow", "bt t", "shift"},
    {"TFLite_Detection_PostProcess", "1n4 1nk n4",
     "detections_per_class h_scale max_classes_per_detection max_detections nms_iou_threshold nms_score_threshold "
     "num_classes use_regular_nms w_scale x_scale y_scale"},
    {"TransformLandmarks", "bhw3 44", ""},
    {"AveragePool3D", "bdhwc", "ksize[12221] padding=SAME strides[12121]"},
    {"MaxPool3D", "bdhwc", "ksize[12221] padding=SAME strides[12121]"},
    {"MaxPoolWithArgmax", "bhwc", "include_batch_in_index=1 ksize[1221] padding=SAME strides[1221]"},
    {"Convolution2DTransposeBias", "bhwc oyxc o", "#122"},
    {"MaxPoolingWithArgmax2D", "bhwc", "#122220"},
    {"MaxUnpooling2D", "bhwc bhwc:0", "#122220"},
    {"Landmarks2TransformMatrix", "1191",
     "bbox_size_multiplier dimensions=3 input_hw[44] landmarks_range left_rotation_idx=0 output_hw[88] "
     "right_rotation_idx=1 subset[012]"},
    {"NumericVerify", "? ?", "tolerance"},
    {"NUMERIC_VERIFY", "? ?", "tolerance"},
    {"PosenetDecoderOp", "1hwP 1hwQ 1hwE 1hwQ", "max_detections nms_radius score_threshold stride"},
    {"Resampler", "bhwc bn2", ""},
    {"Table", "? T:p", ""},
    {"TransformTensor", "bhwc 44", "output_size[23]"},
    {"TransformTensorBilinear", "bhwc 44", "output_size[23]"},
    {"UNIDIRECTIONAL_SEQUENCE_GRU", "tb2 @b3 65 6 35 3", ""},
    {"aeq.hadamard_rotation", "b8", "hadamard_size=4"},
    {"tftext:WhitespaceTokenizer", "n:p", ""},
};

#endif
