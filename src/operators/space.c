/* space.c: blocks of an image moved to its channels (SPACE_TO_DEPTH, DEPTH_TO_SPACE) or its batch (SPACE_TO_BATCH_ND,
 * BATCH_TO_SPACE_ND), and back.
 */
#include "operators/move.h"

/* ---- channels ---- */

static mote_status block_size(op_ctx *c, int32_t size) {
  OP_REQUIRE(c, size > 0, MOTE_ERR_MODEL, "block_size is %d; it must be at least 1", (int)size);
  OP_REQUIRE(c, c->in[0]->rank == 4 || c->in[0]->rank < 0, MOTE_ERR_SHAPE,
             "the input has %d dimensions; it must have 4: batch, height, width, channels", (int)c->in[0]->rank);
  move_unknown(c->out[0], 4);
  if (c->in[0]->rank == 4) c->out[0]->dims[0] = c->in[0]->dims[0];
  return MOTE_OK;
}

static mote_status depth_infer(op_ctx *c) {
  const int64_t block = ((const sch_DepthToSpaceOptions *)c->options)->block_size;
  const op_tensor *const in = c->in[0];
  MOTE_TRY(block_size(c, (int32_t)block));
  for (int32_t i = 1; i < in->rank; i++) {
    if (in->dims[i] < 0) continue;
    OP_REQUIRE(c, i < 3 || in->dims[i] % (block * block) == 0, MOTE_ERR_SHAPE,
               "%d channels do not fill blocks of %lld x %lld", (int)in->dims[i], (long long)block, (long long)block);
    MOTE_TRY(move_set_dim(c, i, i < 3 ? in->dims[i] * block : in->dims[i] / (block * block)));
  }
  return MOTE_OK;
}

static mote_status space_infer(op_ctx *c) {
  const int64_t block = ((const sch_SpaceToDepthOptions *)c->options)->block_size;
  const op_tensor *const in = c->in[0];
  MOTE_TRY(block_size(c, (int32_t)block));
  for (int32_t i = 1; i < in->rank; i++) {
    if (in->dims[i] < 0) continue;
    OP_REQUIRE(c, i == 3 || in->dims[i] % block == 0, MOTE_ERR_SHAPE,
               "dimension %d is %d, which blocks of %lld do not divide", (int)i, (int)in->dims[i], (long long)block);
    OP_REQUIRE(c, i < 3 || block <= INT32_MAX / block, MOTE_ERR_SHAPE, "blocks of %lld are too large",
               (long long)block);
    MOTE_TRY(move_set_dim(c, i, i < 3 ? in->dims[i] / block : in->dims[i] * block * block));
  }
  return MOTE_OK;
}

/* Both ways: the deep side is [rows, width, block, block, depth], the flat one [rows, block, width, block, depth]. */
static void swap_blocks(op_ctx *c, const op_tensor *flat, int64_t block, bool to_flat) {
  const int64_t depth = flat->dims[3] * move_element(flat->type), width = flat->dims[2] / block;
  const int64_t rows = (int64_t)flat->dims[0] * (flat->dims[1] / block), line = block * depth;
  copy_plan plan;
  if (!op_count(flat)) return;
  copy_begin(&plan, (size_t)line); /* a line of a block lies together on both sides */
  copy_axis(&plan, block, to_flat ? width * line : line, to_flat ? line : width * line);
  copy_axis(&plan, width, to_flat ? line : block * line, to_flat ? block * line : line);
  copy_axis(&plan, rows, width * block * line, width * block * line);
  copy_end(&plan);
  move_run(c, &plan, c->out[0]->data, c->in[0]->data);
}

static mote_status depth_move(op_ctx *c) {
  swap_blocks(c, c->out[0], ((const sch_DepthToSpaceOptions *)c->options)->block_size, true);
  return MOTE_OK;
}

static mote_status space_move(op_ctx *c) {
  swap_blocks(c, c->in[0], ((const sch_SpaceToDepthOptions *)c->options)->block_size, false);
  return MOTE_OK;
}

static mote_status depth_run(op_ctx *c) { return move_any(c, depth_move); }
static mote_status space_run(op_ctx *c) { return move_any(c, space_move); }

const mote_op op_depth_to_space = {
    .name = "DEPTH_TO_SPACE",
    .code = sch_BuiltinOperator_DEPTH_TO_SPACE,
    .versions = 2,
    .options = sch_BuiltinOptions_DepthToSpaceOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " > =",
    .infer = depth_infer,
    .plan = move_plan,
    .run = depth_run,
    .notes = "Channels count rows of a block, then columns, then depth.",
};

const mote_op op_space_to_depth = {
    .name = "SPACE_TO_DEPTH",
    .code = sch_BuiltinOperator_SPACE_TO_DEPTH,
    .versions = 2,
    .options = sch_BuiltinOptions_SpaceToDepthOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " > =",
    .infer = space_infer,
    .plan = move_plan,
    .run = space_run,
    .notes = "The inverse of DEPTH_TO_SPACE.",
};

/* ---- batch ---- */

/* Blocks, and what is padded or cropped, of the first `axes` dimensions behind the batch. */
typedef struct blocks {
  bool known;
  int32_t axes;
  int64_t size[OP_MAX_RANK], edges[2 * OP_MAX_RANK], count; /* count: blocks, the product of size */
} blocks;

static mote_status read_blocks(op_ctx *c, blocks *b) {
  const op_tensor *const in = c->in[0], *const size = c->in[1], *const edges = c->in[2];
  int64_t sizes[OP_KNOWN_MAX], crops[OP_KNOWN_MAX];
  int32_t count, edge_count;
  OP_REQUIRE(c, size->rank == 1 || size->rank < 0, MOTE_ERR_SHAPE, "the block shape must be a vector");
  OP_REQUIRE(c, edges->rank < 0 || (edges->rank == 2 && (edges->dims[1] == 2 || edges->dims[1] < 0)), MOTE_ERR_SHAPE,
             "what is added or cropped must have two columns: before and behind each dimension");
  const int32_t axes = size->rank == 1 ? size->dims[0] : -1;
  OP_REQUIRE(c, axes < 0 || edges->rank < 0 || edges->dims[0] < 0 || axes == edges->dims[0], MOTE_ERR_SHAPE,
             "there are %d block sizes and %d pairs of edges; they must be equally many", (int)axes,
             (int)edges->dims[0]);
  OP_REQUIRE(c, axes < OP_MAX_RANK && (in->rank < 0 || axes < in->rank), MOTE_ERR_SHAPE,
             "there are %d block sizes, but the input has %d dimensions and needs one for the batch", (int)axes,
             (int)in->rank);
  b->known = op_ints(c, 1, sizes, &count) && op_ints(c, 2, crops, &edge_count);
  b->axes = axes;
  b->count = 1;
  for (int32_t i = 0; b->known && i < axes; i++) {
    OP_REQUIRE(c, sizes[i] > 0 && sizes[i] <= INT32_MAX / b->count, MOTE_ERR_SHAPE,
               "block size %d is %lld; it must be at least 1, and all together at most %d", (int)i, (long long)sizes[i],
               INT32_MAX);
    OP_REQUIRE(c,
               crops[2 * i] >= 0 && crops[2 * i + 1] >= 0 && crops[2 * i] <= INT32_MAX && crops[2 * i + 1] <= INT32_MAX,
               MOTE_ERR_SHAPE, "the edges of dimension %d are %lld and %lld; neither may be negative", (int)i + 1,
               (long long)crops[2 * i], (long long)crops[2 * i + 1]);
    b->size[i] = sizes[i];
    b->edges[2 * i] = crops[2 * i];
    b->edges[2 * i + 1] = crops[2 * i + 1];
    b->count *= sizes[i];
  }
  return MOTE_OK;
}

static mote_status batch_check(op_ctx *c) { return move_same_quant(c, c->in[0], c->out[0]); }

static mote_status to_batch_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  blocks b;
  MOTE_TRY(read_blocks(c, &b));
  move_unknown(c->out[0], in->rank);
  for (int32_t i = 0; i < in->rank && b.known; i++) {
    if (in->dims[i] < 0) continue;
    if (i == 0) MOTE_TRY(move_set_dim(c, 0, in->dims[0] * b.count));
    else if (i > b.axes) c->out[0]->dims[i] = in->dims[i];
    else {
      const int64_t padded = in->dims[i] + b.edges[2 * i - 2] + b.edges[2 * i - 1];
      OP_REQUIRE(c, padded % b.size[i - 1] == 0, MOTE_ERR_SHAPE,
                 "dimension %d is %lld with its padding, which blocks of %lld do not divide", (int)i, (long long)padded,
                 (long long)b.size[i - 1]);
      MOTE_TRY(move_set_dim(c, i, padded / b.size[i - 1]));
    }
  }
  return move_check_size(c);
}

static mote_status from_batch_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  blocks b;
  MOTE_TRY(read_blocks(c, &b));
  move_unknown(c->out[0], in->rank);
  for (int32_t i = 0; i < in->rank && b.known; i++) {
    if (in->dims[i] < 0) continue;
    if (i > b.axes) c->out[0]->dims[i] = in->dims[i];
    else if (i == 0) {
      OP_REQUIRE(c, in->dims[0] % b.count == 0, MOTE_ERR_SHAPE, "a batch of %d cannot be shared out into %lld blocks",
                 (int)in->dims[0], (long long)b.count);
      c->out[0]->dims[0] = (int32_t)(in->dims[0] / b.count);
    } else {
      const int64_t whole = in->dims[i] * b.size[i - 1];
      OP_REQUIRE(c, b.edges[2 * i - 2] + b.edges[2 * i - 1] <= whole, MOTE_ERR_SHAPE,
                 "%lld and %lld elements are cropped of dimension %d, which has %lld", (long long)b.edges[2 * i - 2],
                 (long long)b.edges[2 * i - 1], (int)i, (long long)whole);
      MOTE_TRY(move_set_dim(c, i, whole - b.edges[2 * i - 2] - b.edges[2 * i - 1]));
    }
  }
  return move_check_size(c);
}

/* Position `block` of every block is one slice of the batched side; in the flat one its elements lie a block size
 * apart. Elements of the flat side begin where edges end, so the first and last of a slice may lie outside of it. */
static void move_slice(op_ctx *c, const blocks *b, int64_t block, bool to_batch) {
  const op_tensor *const flat = to_batch ? c->in[0] : c->out[0];
  const op_tensor *const batched = to_batch ? c->out[0] : c->in[0];
  move_grid in_flat = move_whole(), in_batch = move_whole();
  int64_t count[OP_MAX_RANK], rest = block;
  for (int32_t i = 0; i < flat->rank; i++) count[i] = flat->dims[i];
  in_batch.first[0] = block * flat->dims[0];
  for (int32_t i = b->axes; i >= 1; i--) {
    const int64_t size = b->size[i - 1], shift = rest % size - b->edges[2 * i - 2]; /* of element 0 */
    rest /= size;
    const int64_t first = shift < 0 ? (-shift + size - 1) / size : 0;
    const int64_t room = flat->dims[i] - 1 - shift, last = room < 0 ? -1 : room / size;
    in_batch.first[i] = first;
    in_flat.first[i] = shift + first * size;
    count[i] = (last < batched->dims[i] ? last + 1 : batched->dims[i]) - first;
    in_flat.step[i] = count[i] > 1 ? size : 1;
  }
  if (to_batch) move_box(c, batched, &in_batch, flat, &in_flat, count);
  else move_box(c, flat, &in_flat, batched, &in_batch, count);
}

static mote_status to_batch_move(op_ctx *c) {
  blocks b;
  int64_t zero[2];
  bool padded = false;
  MOTE_TRY(read_blocks(c, &b));
  for (int32_t i = 0; i < 2 * b.axes; i++) padded |= b.edges[i] != 0;
  move_zero(c->out[0], zero);
  if (padded) move_fill(c, c->out[0], zero);
  for (int64_t i = 0; i < b.count; i++) move_slice(c, &b, i, true);
  return MOTE_OK;
}

static mote_status from_batch_move(op_ctx *c) {
  blocks b;
  MOTE_TRY(read_blocks(c, &b));
  for (int64_t i = 0; i < b.count; i++) move_slice(c, &b, i, false);
  return MOTE_OK;
}

static mote_status to_batch_run(op_ctx *c) { return move_any(c, to_batch_move); }
static mote_status from_batch_run(op_ctx *c) { return move_any(c, from_batch_move); }

const mote_op op_space_to_batch_nd = {
    .name = "SPACE_TO_BATCH_ND",
    .code = sch_BuiltinOperator_SPACE_TO_BATCH_ND,
    .versions = 4,
    .options = sch_BuiltinOptions_SpaceToBatchNDOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 i32|i64 > =",
    .check = batch_check,
    .infer = to_batch_infer,
    .plan = move_plan,
    .run = to_batch_run,
    .notes = "Any number of spatial dimensions; padding is the zero point.",
};

const mote_op op_batch_to_space_nd = {
    .name = "BATCH_TO_SPACE_ND",
    .code = sch_BuiltinOperator_BATCH_TO_SPACE_ND,
    .versions = 4,
    .options = sch_BuiltinOptions_BatchToSpaceNDOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 i32|i64 > =",
    .check = batch_check,
    .infer = from_batch_infer,
    .plan = move_plan,
    .run = from_batch_run,
    .notes = "Any number of spatial dimensions.",
};
