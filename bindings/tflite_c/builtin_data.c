/* builtin_data.c: options of a builtin operator, as the file has them, in the structs that operators and delegates
 * written for TensorFlow Lite read. Each struct comes from malloc and holds no pointer of its own: strings, lists of
 * floats and attributes are the model's. */
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

static TfLitePadding padding(int32_t of_file) {
  return of_file == sch_Padding_SAME    ? kTfLitePaddingSame
         : of_file == sch_Padding_VALID ? kTfLitePaddingValid
                                        : kTfLitePaddingUnknown;
}

static TfLiteFusedActivation activation(int32_t of_file) { return (TfLiteFusedActivation)of_file; }
static TfLiteType type_of(int32_t of_file) { return type_to_tflite((mote_type)of_file); }

static void *copy_of(const void *params, size_t size) {
  void *copy = malloc(size);
  if (copy) memcpy(copy, params, size);
  return copy;
}

/* Case of a switch: a record `o` of the file becomes a struct. */
#define CASE(Options, Params, ...)                                                                                     \
  case sch_BuiltinOptions_##Options: {                                                                                 \
    const sch_##Options *o = options;                                                                                  \
    (void)o;                                                                                                           \
    return copy_of(&(Params){__VA_ARGS__}, sizeof(Params));                                                            \
  }

static void *windows(uint8_t kind, const void *options) {
  switch (kind) {
    CASE(Conv2DOptions, TfLiteConvParams, padding(o->padding), o->stride_w, o->stride_h,
         activation(o->fused_activation_function), o->dilation_w_factor, o->dilation_h_factor,
         type_of(o->quantized_bias_type))
    CASE(Conv3DOptions, TfLiteConv3DParams, padding(o->padding), o->stride_w, o->stride_h, o->stride_d,
         o->dilation_w_factor, o->dilation_h_factor, o->dilation_d_factor, activation(o->fused_activation_function))
    CASE(Pool2DOptions, TfLitePoolParams, padding(o->padding), o->stride_w, o->stride_h, o->filter_width,
         o->filter_height, activation(o->fused_activation_function), {{0, 0, 0, 0}})
    CASE(DepthwiseConv2DOptions, TfLiteDepthwiseConvParams, padding(o->padding), o->stride_w, o->stride_h,
         o->depth_multiplier, activation(o->fused_activation_function), o->dilation_w_factor, o->dilation_h_factor)
    CASE(TransposeConvOptions, TfLiteTransposeConvParams, padding(o->padding), o->stride_w, o->stride_h,
         activation(o->fused_activation_function), type_of(o->quantized_bias_type))
    CASE(MirrorPadOptions, TfLiteMirrorPaddingParams,
         o->mode == sch_MirrorPadMode_SYMMETRIC ? kTfLiteMirrorPaddingSymmetric : kTfLiteMirrorPaddingReflect)
    CASE(ResizeBilinearOptions, TfLiteResizeBilinearParams, o->align_corners, o->half_pixel_centers)
    CASE(ResizeNearestNeighborOptions, TfLiteResizeNearestNeighborParams, o->align_corners, o->half_pixel_centers)
  }
  return NULL;
}

static void *products(uint8_t kind, const void *options) {
  switch (kind) {
    CASE(FullyConnectedOptions, TfLiteFullyConnectedParams, activation(o->fused_activation_function),
         (TfLiteFullyConnectedWeightsFormat)o->weights_format, o->keep_num_dims, o->asymmetric_quantize_inputs,
         type_of(o->quantized_bias_type))
    CASE(BatchMatMulOptions, TfLiteBatchMatMulParams, o->adj_x, o->adj_y, o->asymmetric_quantize_inputs)
    CASE(SVDFOptions, TfLiteSVDFParams, o->rank, activation(o->fused_activation_function),
         o->asymmetric_quantize_inputs)
    CASE(RNNOptions, TfLiteRNNParams, activation(o->fused_activation_function), o->asymmetric_quantize_inputs)
    CASE(SequenceRNNOptions, TfLiteSequenceRNNParams, o->time_major, activation(o->fused_activation_function),
         o->asymmetric_quantize_inputs)
    CASE(BidirectionalSequenceRNNOptions, TfLiteBidirectionalSequenceRNNParams, o->time_major,
         activation(o->fused_activation_function), o->merge_outputs, o->asymmetric_quantize_inputs)
    CASE(LSTMOptions, TfLiteLSTMParams, activation(o->fused_activation_function), o->cell_clip, o->proj_clip,
         (TfLiteLSTMKernelType)o->kernel_type, o->asymmetric_quantize_inputs)
    CASE(UnidirectionalSequenceLSTMOptions, TfLiteUnidirectionalSequenceLSTMParams,
         activation(o->fused_activation_function), o->cell_clip, o->proj_clip, o->time_major,
         o->asymmetric_quantize_inputs, o->diagonal_recurrent_tensors)
    CASE(BidirectionalSequenceLSTMOptions, TfLiteBidirectionalSequenceLSTMParams,
         activation(o->fused_activation_function), o->cell_clip, o->proj_clip, o->merge_outputs, o->time_major,
         o->asymmetric_quantize_inputs)
  }
  return NULL;
}

static void *elements(uint8_t kind, const void *options) {
  switch (kind) {
    CASE(AddOptions, TfLiteAddParams, activation(o->fused_activation_function), o->pot_scale_int16)
    CASE(SubOptions, TfLiteSubParams, activation(o->fused_activation_function), o->pot_scale_int16)
    CASE(MulOptions, TfLiteMulParams, activation(o->fused_activation_function))
    CASE(DivOptions, TfLiteDivParams, activation(o->fused_activation_function))
    CASE(L2NormOptions, TfLiteL2NormParams, activation(o->fused_activation_function))
    CASE(SoftmaxOptions, TfLiteSoftmaxParams, o->beta)
    CASE(LeakyReluOptions, TfLiteLeakyReluParams, o->alpha)
    CASE(GeluOptions, TfLiteGeluParams, o->approximate)
    CASE(LocalResponseNormalizationOptions, TfLiteLocalResponseNormParams, o->radius, o->bias, o->alpha, o->beta)
    CASE(CastOptions, TfLiteCastParams, type_of(o->in_data_type), type_of(o->out_data_type))
    CASE(FakeQuantOptions, TfLiteFakeQuantParams, o->min, o->max, o->num_bits, o->narrow_range)
    CASE(BucketizeOptions, TfLiteBucketizeParams, (int)o->boundaries.count, o->boundaries.data)
    CASE(CumsumOptions, TfLiteCumsumParams, o->exclusive, o->reverse)
  }
  return NULL;
}

/* Lists of fixed room: what does not fit is left out, and the count says so. */
static int fill_i32(int32_t *to, int room, sch_i32s list) {
  const int count = list.count < (uint32_t)room ? (int)list.count : room;
  if (count) memcpy(to, list.data, (size_t)count * sizeof *to);
  return count;
}

static int fill_i64(int64_t *to, int room, sch_i64s list) {
  const int count = list.count < (uint32_t)room ? (int)list.count : room;
  if (count) memcpy(to, list.data, (size_t)count * sizeof *to);
  return count;
}

static void *reshape(const sch_ReshapeOptions *o) {
  TfLiteReshapeParams p = {0};
  p.num_dimensions = fill_i32(p.shape, TFLITE_RESHAPE_PARAMS_MAX_DIMENSION_COUNT, o->new_shape);
  return copy_of(&p, sizeof p);
}

static void *squeeze(const sch_SqueezeOptions *o) {
  TfLiteSqueezeParams p = {0};
  p.num_squeeze_dims = fill_i32(p.squeeze_dims, 8, o->squeeze_dims);
  return copy_of(&p, sizeof p);
}

static void *shapes(uint8_t kind, const void *options) {
  switch (kind) {
    case sch_BuiltinOptions_ReshapeOptions: return reshape(options);
    case sch_BuiltinOptions_SqueezeOptions:
      return squeeze(options);
      CASE(ConcatenationOptions, TfLiteConcatenationParams, o->axis, activation(o->fused_activation_function))
      CASE(SpaceToBatchNDOptions, TfLiteSpaceToBatchNDParams, {0})
      CASE(BatchToSpaceNDOptions, TfLiteBatchToSpaceNDParams, {0})
      CASE(PadOptions, TfLitePadParams, {0})
      CASE(PadV2Options, TfLitePadV2Params, {0})
      CASE(TransposeOptions, TfLiteTransposeParams, {0})
      CASE(RankOptions, TfLiteRankParams, {0})
      CASE(MatrixDiagOptions, TfLiteMatrixDiagParams, {0})
      CASE(MatrixSetDiagOptions, TfLiteMatrixSetDiagParams, {0})
      CASE(SpaceToDepthOptions, TfLiteSpaceToDepthParams, o->block_size)
      CASE(DepthToSpaceOptions, TfLiteDepthToSpaceParams, o->block_size)
      CASE(GatherOptions, TfLiteGatherParams, o->axis, o->batch_dims)
      CASE(ReducerOptions, TfLiteReducerParams, o->keep_dims)
      CASE(SplitOptions, TfLiteSplitParams, o->num_splits)
      CASE(SplitVOptions, TfLiteSplitVParams, o->num_splits)
      CASE(StridedSliceOptions, TfLiteStridedSliceParams, o->begin_mask, o->end_mask, o->ellipsis_mask,
           o->new_axis_mask, o->shrink_axis_mask, o->offset)
      CASE(ArgMaxOptions, TfLiteArgMaxParams, type_of(o->output_type))
      CASE(ArgMinOptions, TfLiteArgMinParams, type_of(o->output_type))
      CASE(ShapeOptions, TfLiteShapeParams, type_of(o->out_type))
      CASE(PackOptions, TfLitePackParams, o->values_count, o->axis)
      CASE(UnpackOptions, TfLiteUnpackParams, o->num, o->axis)
      CASE(OneHotOptions, TfLiteOneHotParams, o->axis)
      CASE(UniqueOptions, TfLiteUniqueParams, type_of(o->idx_out_type))
      CASE(ReverseSequenceOptions, TfLiteReverseSequenceParams, o->seq_dim, o->batch_dim)
      CASE(SparseToDenseOptions, TfLiteSparseToDenseParams, o->validate_indices)
  }
  return NULL;
}

static void *calls(uint8_t kind, const void *options) {
  switch (kind) {
    CASE(LSHProjectionOptions, TfLiteLSHProjectionParams, (TfLiteLSHProjectionType)o->type)
    CASE(SkipGramOptions, TfLiteSkipGramParams, o->ngram_size, o->max_skip_size, o->include_all_ngrams)
    CASE(EmbeddingLookupSparseOptions, TfLiteEmbeddingLookupSparseParams, (TfLiteCombinerType)o->combiner)
    CASE(IfOptions, TfLiteIfParams, o->then_subgraph_index, o->else_subgraph_index)
    CASE(WhileOptions, TfLiteWhileParams, o->cond_subgraph_index, o->body_subgraph_index)
    CASE(CallOnceOptions, TfLiteCallOnceParams, o->init_subgraph_index)
    CASE(HashtableOptions, TfLiteHashtableParams, o->table_id, type_of(o->key_dtype), type_of(o->value_dtype))
    CASE(VarHandleOptions, TfLiteVarHandleParams, o->container.data, o->shared_name.data)
    CASE(RandomOptions, TfLiteRandomParams, (int)o->seed, (int)o->seed2)
  }
  return NULL;
}

/* ---- StableHLO ---- */

static void *scatter(const sch_StablehloScatterOptions *o) {
  TfLiteStablehloScatterParams p = {.indices_are_sorted = o->indices_are_sorted,
                                    .index_vector_dim = o->index_vector_dim,
                                    .unique_indices = o->unique_indices,
                                    .update_computation_subgraph_index = o->update_computation_subgraph_index};
  p.num_update_window_dims = fill_i64(p.update_window_dims, 8, o->update_window_dims);
  p.num_inserted_window_dims = fill_i64(p.inserted_window_dims, 8, o->inserted_window_dims);
  p.num_scatter_dims_to_operand_dims = fill_i64(p.scatter_dims_to_operand_dims, 8, o->scatter_dims_to_operand_dims);
  return copy_of(&p, sizeof p);
}

static void *gather(const sch_StablehloGatherOptions *o) {
  TfLiteStablehloGatherParams p = {.index_vector_dim = o->index_vector_dim,
                                   .indices_are_sorted = o->indices_are_sorted};
  p.num_offset_dims = fill_i64(p.offset_dims, 8, o->offset_dims);
  p.num_collapsed_slice_dims = fill_i64(p.collapsed_slice_dims, 8, o->collapsed_slice_dims);
  p.num_start_index_map = fill_i64(p.start_index_map, 8, o->start_index_map);
  p.num_slice_sizes = fill_i64(p.slice_sizes, 8, o->slice_sizes);
  return copy_of(&p, sizeof p);
}

static void *reduce_window(const sch_StablehloReduceWindowOptions *o) {
  TfLiteStablehloReduceWindowParams p = {.body_subgraph_index = o->body_subgraph_index};
  fill_i64(p.window_dimensions, 8, o->window_dimensions);
  fill_i64(p.window_strides, 8, o->window_strides);
  fill_i64(p.base_dilations, 8, o->base_dilations);
  fill_i64(p.window_dilations, 8, o->window_dilations);
  fill_i64(p.padding, 16, o->padding);
  return copy_of(&p, sizeof p);
}

static void *pad(const sch_StablehloPadOptions *o) {
  TfLiteStablehloPadParams p = {{0}, {0}, {0}};
  fill_i64(p.edge_padding_low, 8, o->edge_padding_low);
  fill_i64(p.edge_padding_high, 8, o->edge_padding_high);
  fill_i64(p.interior_padding, 8, o->interior_padding);
  return copy_of(&p, sizeof p);
}

static void *branches(const sch_StablehloCaseOptions *o) {
  TfLiteStablehloCaseParams p = {{0}, 0};
  p.num_branches = (uint32_t)fill_i32(p.branch_subgraph_indices, TFLITE_STABLEHLO_CASE_PARAMS_MAX_BRANCHES_COUNT,
                                      o->branch_subgraph_indices);
  return copy_of(&p, sizeof p);
}

static void *composite(const sch_StableHLOCompositeOptions *o) {
  const TfLiteStablehloCompositeParams p = {o->name.data, o->decomposition_subgraph_index, o->version,
                                            o->composite_attributes.data, o->composite_attributes.count};
  return copy_of(&p, sizeof p);
}

static TfLiteRngAlgorithm generator(int32_t of_file) {
  return of_file == sch_RngAlgorithm_THREEFRY ? kTfLiteRngAlgorithmThreefry
         : of_file == sch_RngAlgorithm_PHILOX ? kTfLiteRngAlgorithmPhilox
                                              : kTfLiteRngAlgorithmUnknown;
}

static void *stablehlo(uint8_t kind, const void *options) {
  switch (kind) {
    case sch_BuiltinOptions2_StablehloScatterOptions: return scatter(options);
    case sch_BuiltinOptions2_StablehloGatherOptions: return gather(options);
    case sch_BuiltinOptions2_StablehloReduceWindowOptions: return reduce_window(options);
    case sch_BuiltinOptions2_StablehloPadOptions: return pad(options);
    case sch_BuiltinOptions2_StablehloCaseOptions: return branches(options);
    case sch_BuiltinOptions2_StableHLOCompositeOptions: return composite(options);
    case sch_BuiltinOptions2_StablehloConcatenateOptions: {
      const sch_StablehloConcatenateOptions *o = options;
      return copy_of(&(TfLiteStablehloConcatenateParams){o->dimension}, sizeof(TfLiteStablehloConcatenateParams));
    }
    case sch_BuiltinOptions2_StablehloWhileOptions: {
      const sch_StablehloWhileOptions *o = options;
      return copy_of(&(TfLiteWhileParams){o->cond_subgraph_index, o->body_subgraph_index}, sizeof(TfLiteWhileParams));
    }
    case sch_BuiltinOptions2_StablehloRngBitGeneratorOptions: {
      const sch_StablehloRngBitGeneratorOptions *o = options;
      return copy_of(&(TfLiteStablehloRngBitGeneratorParams){generator(o->algorithm)},
                     sizeof(TfLiteStablehloRngBitGeneratorParams));
    }
    case sch_BuiltinOptions2_ReduceWindowOptions: {
      const sch_ReduceWindowOptions *o = options;
      return copy_of(&(TfLiteReduceWindowParams){(TfLiteReduceWindowFunction)o->reduce_function},
                     sizeof(TfLiteReduceWindowParams));
    }
  }
  return NULL;
}

void *builtin_data_of(const sch_Operator *o, int32_t code) {
  if (code == sch_BuiltinOperator_CUSTOM) return NULL;
  const mote_op *op = op_find(code);
  const uint8_t kind_2 = o->builtin_options_2_type ? o->builtin_options_2_type : op ? op->options_2 : 0;
  if (kind_2) return stablehlo(kind_2, sch_operator_options(o, 2, kind_2));
  const uint8_t kind = o->builtin_options_type ? o->builtin_options_type : op ? op->options : 0;
  if (!kind) return NULL;
  static void *(*const families[])(uint8_t kind, const void *options) = {windows, products, elements, shapes, calls};
  const void *options = sch_operator_options(o, 1, kind);
  void *data = NULL;
  for (size_t i = 0; options && !data && i < sizeof families / sizeof *families; i++) data = families[i](kind, options);
  return data;
}
