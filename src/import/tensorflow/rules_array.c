/* rules_array.c: shapes, and moving data. */
#include <string.h>

#include "import/tensorflow/emit.h"

#define OP(name) sch_BuiltinOperator_##name

static void rule_const(tf_ctx *c) {
  const Tf__Attr *a = tf_attr(c->node, "value");
  if (!a || a->value_case != TF__ATTR__VALUE_TENSOR || !a->tensor) build_fail(c->b, MOTE_ERR_MODEL, "it has no value");
  else c->out[0] = tf_const(c, "value", a->tensor);
}

static void rule_two(tf_ctx *c) { c->out[0] = tf_op2(c, c->code, NULL, c->in[0], c->in[1]); }
static void rule_three(tf_ctx *c) { c->out[0] = tf_op3(c, c->code, NULL, c->in[0], c->in[1], c->in[2]); }

/* Shapes and axes of int64, which few of .tflite's operators take. */
static int32_t ints32(tf_ctx *c, int32_t i) { return tf_cast(c, c->in[i], MOTE_INT32); }

/* ---- shapes ---- */

static void rule_reshape(tf_ctx *c) { c->out[0] = tf_op2(c, OP(RESHAPE), NULL, c->in[0], ints32(c, 1)); }

static void rule_expand_dims(tf_ctx *c) { c->out[0] = tf_op2(c, OP(EXPAND_DIMS), NULL, c->in[0], ints32(c, 1)); }

static void rule_squeeze(tf_ctx *c) {
  int64_t axes[TF_LIST];
  int32_t list[TF_LIST];
  int32_t count = tf_attr_ints(c->node, "squeeze_dims", axes, TF_LIST);
  if (!count) count = tf_attr_ints(c->node, "axis", axes, TF_LIST);
  if (count > TF_LIST) count = TF_LIST;
  for (int32_t i = 0; i < count; i++) list[i] = (int32_t)axes[i];
  sch_SqueezeOptions o = BUILD_OPTIONS(SqueezeOptions);
  int32_t *kept = ARENA_ARRAY(c->b->arena, int32_t, (size_t)count + 1);
  if (kept) memcpy(kept, list, (size_t)count * sizeof *kept);
  o.squeeze_dims = (sch_i32s){kept, (uint32_t)count};
  c->out[0] = tf_op1(c, OP(SQUEEZE), &o, c->in[0]);
}

static void rule_transpose(tf_ctx *c) { c->out[0] = tf_op2(c, OP(TRANSPOSE), NULL, c->in[0], ints32(c, 1)); }

static void rule_shape(tf_ctx *c) {
  sch_ShapeOptions o = BUILD_OPTIONS(ShapeOptions);
  o.out_type = tf_attr_type(c->node, "out_type", TF_INT32) == TF_INT64 ? sch_TensorType_INT64 : sch_TensorType_INT32;
  for (int32_t i = 0; i < c->num_in && i < TF_MOST_OUT; i++) c->out[i] = tf_op1(c, OP(SHAPE), &o, c->in[i]);
}

static void rule_rank(tf_ctx *c) { c->out[0] = tf_op1(c, OP(RANK), NULL, c->in[0]); }

static void rule_size(tf_ctx *c) {
  const int32_t shape = tf_op1(c, OP(SHAPE), NULL, c->in[0]);
  c->out[0] = tf_op2(c, OP(REDUCE_PROD), NULL, shape, build_ints(c->b, "axis", 1, (int32_t[]){0}));
}

static void rule_fill(tf_ctx *c) { c->out[0] = tf_op2(c, OP(FILL), NULL, ints32(c, 0), c->in[1]); }

static void rule_broadcast_to(tf_ctx *c) { c->out[0] = tf_op2(c, OP(BROADCAST_TO), NULL, c->in[0], ints32(c, 1)); }

/* ---- joining and cutting ---- */

static void concat(tf_ctx *c, const int32_t *values, int32_t count, int32_t axis_input) {
  int64_t axis;
  sch_ConcatenationOptions o = BUILD_OPTIONS(ConcatenationOptions);
  if (!tf_need_int(c, axis_input, "axis", &axis)) return;
  o.axis = (int32_t)axis;
  c->out[0] = count == 1 ? values[0] : build_op(c->b, OP(CONCATENATION), &o, count, values);
}
static void rule_concat_v2(tf_ctx *c) { concat(c, c->in, c->num_in - 1, c->num_in - 1); }
static void rule_concat(tf_ctx *c) { concat(c, c->in + 1, c->num_in - 1, 0); }

static void rule_pack(tf_ctx *c) {
  sch_PackOptions o = BUILD_OPTIONS(PackOptions);
  o.values_count = c->num_in;
  o.axis = (int32_t)tf_attr_int(c->node, "axis", 0);
  c->out[0] = build_op(c->b, OP(PACK), &o, c->num_in, c->in);
}

static void many(tf_ctx *c, int32_t code, const void *options, int32_t count, const int32_t *inputs, int64_t outputs) {
  tf_outputs(c, &(build_node){.code = code,
                              .options = options,
                              .num_inputs = count,
                              .inputs = inputs,
                              .num_outputs = outputs > INT32_MAX ? -1 : (int32_t)outputs});
}

static void rule_unpack(tf_ctx *c) {
  sch_UnpackOptions o = BUILD_OPTIONS(UnpackOptions);
  o.num = (int32_t)tf_attr_int(c->node, "num", 0);
  o.axis = (int32_t)tf_attr_int(c->node, "axis", 0);
  many(c, OP(UNPACK), &o, 1, c->in, o.num);
}

static void rule_split(tf_ctx *c) {
  sch_SplitOptions o = BUILD_OPTIONS(SplitOptions);
  o.num_splits = (int32_t)tf_attr_int(c->node, "num_split", 1);
  many(c, OP(SPLIT), &o, 2, c->in, o.num_splits);
}

static void rule_split_v(tf_ctx *c) {
  sch_SplitVOptions o = BUILD_OPTIONS(SplitVOptions);
  o.num_splits = (int32_t)tf_attr_int(c->node, "num_split", 1);
  many(c, OP(SPLIT_V), &o, 3, (const int32_t[]){c->in[0], ints32(c, 1), ints32(c, 2)}, o.num_splits);
}

static void rule_slice(tf_ctx *c) { c->out[0] = tf_op3(c, OP(SLICE), NULL, c->in[0], ints32(c, 1), ints32(c, 2)); }

static void rule_strided_slice(tf_ctx *c) {
  sch_StridedSliceOptions o = BUILD_OPTIONS(StridedSliceOptions);
  o.begin_mask = (int32_t)tf_attr_int(c->node, "begin_mask", 0);
  o.end_mask = (int32_t)tf_attr_int(c->node, "end_mask", 0);
  o.ellipsis_mask = (int32_t)tf_attr_int(c->node, "ellipsis_mask", 0);
  o.new_axis_mask = (int32_t)tf_attr_int(c->node, "new_axis_mask", 0);
  o.shrink_axis_mask = (int32_t)tf_attr_int(c->node, "shrink_axis_mask", 0);
  const int32_t in[4] = {c->in[0], ints32(c, 1), ints32(c, 2), ints32(c, 3)};
  c->out[0] = build_op(c->b, OP(STRIDED_SLICE), &o, 4, in);
}

static void rule_gather(tf_ctx *c) {
  int64_t axis = 0;
  sch_GatherOptions o = BUILD_OPTIONS(GatherOptions);
  if (c->num_in > 2 && !tf_need_int(c, 2, "axis", &axis)) return;
  o.axis = (int32_t)axis;
  o.batch_dims = (int32_t)tf_attr_int(c->node, "batch_dims", 0);
  c->out[0] = tf_op2(c, OP(GATHER), &o, c->in[0], c->in[1]);
}

/* ---- padding, repeating, turning ---- */

static void rule_mirror_pad(tf_ctx *c) {
  sch_MirrorPadOptions o = BUILD_OPTIONS(MirrorPadOptions);
  o.mode = tf_attr_is(c->node, "mode", "SYMMETRIC") ? sch_MirrorPadMode_SYMMETRIC : sch_MirrorPadMode_REFLECT;
  c->out[0] = tf_op2(c, OP(MIRROR_PAD), &o, c->in[0], c->in[1]);
}

static void rule_reverse_sequence(tf_ctx *c) {
  sch_ReverseSequenceOptions o = BUILD_OPTIONS(ReverseSequenceOptions);
  o.seq_dim = (int32_t)tf_attr_int(c->node, "seq_dim", 0);
  o.batch_dim = (int32_t)tf_attr_int(c->node, "batch_dim", 0);
  c->out[0] = tf_op2(c, OP(REVERSE_SEQUENCE), &o, c->in[0], c->in[1]);
}

static void rule_space_to_depth(tf_ctx *c) {
  sch_SpaceToDepthOptions to = BUILD_OPTIONS(SpaceToDepthOptions);
  sch_DepthToSpaceOptions from = BUILD_OPTIONS(DepthToSpaceOptions);
  to.block_size = from.block_size = (int32_t)tf_attr_int(c->node, "block_size", 2);
  if (strcmp(tf_attr_text(c->node, "data_format"), "NHWC") && *tf_attr_text(c->node, "data_format")) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its layout is %.20s; NHWC is taken", tf_attr_text(c->node, "data_format"));
    return;
  }
  const bool is_to = c->code == OP(SPACE_TO_DEPTH);
  c->out[0] = tf_op1(c, c->code, is_to ? (const void *)&to : &from, c->in[0]);
}

static void rule_one_hot(tf_ctx *c) {
  sch_OneHotOptions o = BUILD_OPTIONS(OneHotOptions);
  o.axis = (int32_t)tf_attr_int(c->node, "axis", -1);
  c->out[0] = build_op(c->b, OP(ONE_HOT), &o, 4, c->in);
}

static void rule_top_k(tf_ctx *c) { many(c, OP(TOPK_V2), NULL, 2, c->in, 2); }

static void rule_unique(tf_ctx *c) {
  sch_UniqueOptions o = BUILD_OPTIONS(UniqueOptions);
  o.idx_out_type = tf_attr_type(c->node, "out_idx", TF_INT32) == TF_INT64 ? sch_TensorType_INT64 : sch_TensorType_INT32;
  many(c, OP(UNIQUE), &o, 1, c->in, 2);
}

static void rule_matrix_diag(tf_ctx *c) { c->out[0] = tf_op1(c, OP(MATRIX_DIAG), NULL, c->in[0]); }

static void rule_sparse_to_dense(tf_ctx *c) { c->out[0] = build_op(c->b, OP(SPARSE_TO_DENSE), NULL, 4, c->in); }

static void rule_bucketize(tf_ctx *c) {
  const Tf__Attr *a = tf_attr(c->node, "boundaries");
  sch_BucketizeOptions o = BUILD_OPTIONS(BucketizeOptions);
  if (a && a->value_case == TF__ATTR__VALUE_LIST && a->list)
    o.boundaries = (sch_f32s){a->list->f, (uint32_t)a->list->n_f};
  c->out[0] = tf_op1(c, OP(BUCKETIZE), &o, c->in[0]);
}

/* Element p[i] of the result is i. */
static void rule_invert_permutation(tf_ctx *c) {
  int64_t from[TF_LIST];
  int32_t to[TF_LIST], count;
  if (!tf_need_ints(c, 0, "permutation", from, &count)) return;
  for (int32_t i = 0; i < count; i++) {
    if (from[i] < 0 || from[i] >= count) {
      build_fail(c->b, MOTE_ERR_MODEL, "element %d of its permutation is %lld", (int)i, (long long)from[i]);
      return;
    }
    to[from[i]] = i;
  }
  c->out[0] = build_ints(c->b, "permutation", count, to);
}

static void rule_bitcast(tf_ctx *c) {
  mote_type to;
  if (!tf_type(c, tf_attr_type(c->node, "type", TF_FLOAT), &to)) return;
  c->out[0] = build_add(c->b, &(build_node){.code = OP(BITCAST), .num_inputs = 1, .inputs = c->in, .types = &to});
}

const tf_row tf_rows_array[] = {
    {"Const", rule_const, 0},
    {"Reshape", rule_reshape, 0},
    {"ExpandDims", rule_expand_dims, 0},
    {"Squeeze", rule_squeeze, 0},
    {"Transpose", rule_transpose, 0},
    {"Shape", rule_shape, 0},
    {"ShapeN", rule_shape, 0},
    {"Rank", rule_rank, 0},
    {"Size", rule_size, 0},
    {"Fill", rule_fill, 0},
    {"Range", rule_three, OP(RANGE)},
    {"BroadcastTo", rule_broadcast_to, 0},
    {"BroadcastArgs", rule_two, OP(BROADCAST_ARGS)},
    {"ConcatV2", rule_concat_v2, 0},
    {"Concat", rule_concat, 0},
    {"Pack", rule_pack, 0},
    {"Unpack", rule_unpack, 0},
    {"Split", rule_split, 0},
    {"SplitV", rule_split_v, 0},
    {"Slice", rule_slice, 0},
    {"StridedSlice", rule_strided_slice, 0},
    {"Gather", rule_gather, 0},
    {"GatherV2", rule_gather, 0},
    {"ResourceGather", rule_gather, 0},
    {"GatherNd", rule_two, OP(GATHER_ND)},
    {"ScatterNd", rule_three, OP(SCATTER_ND)},
    {"Pad", rule_two, OP(PAD)},
    {"PadV2", rule_three, OP(PADV2)},
    {"MirrorPad", rule_mirror_pad, 0},
    {"Tile", rule_two, OP(TILE)},
    {"ReverseV2", rule_two, OP(REVERSE_V2)},
    {"ReverseSequence", rule_reverse_sequence, 0},
    {"SpaceToDepth", rule_space_to_depth, OP(SPACE_TO_DEPTH)},
    {"DepthToSpace", rule_space_to_depth, OP(DEPTH_TO_SPACE)},
    {"SpaceToBatchND", rule_three, OP(SPACE_TO_BATCH_ND)},
    {"BatchToSpaceND", rule_three, OP(BATCH_TO_SPACE_ND)},
    {"OneHot", rule_one_hot, 0},
    {"TopKV2", rule_top_k, 0},
    {"Unique", rule_unique, 0},
    {"MatrixDiag", rule_matrix_diag, 0},
    {"MatrixDiagV2", rule_matrix_diag, 0},
    {"MatrixDiagV3", rule_matrix_diag, 0},
    {"MatrixSetDiag", rule_two, OP(MATRIX_SET_DIAG)},
    {"MatrixSetDiagV2", rule_two, OP(MATRIX_SET_DIAG)},
    {"MatrixSetDiagV3", rule_two, OP(MATRIX_SET_DIAG)},
    {"SparseToDense", rule_sparse_to_dense, 0},
    {"Bucketize", rule_bucketize, 0},
    {"InvertPermutation", rule_invert_permutation, 0},
    {"Bitcast", rule_bitcast, 0},
    {NULL, NULL, 0},
};
