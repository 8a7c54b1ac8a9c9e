/* slice.c: boxes cut out of a tensor or laid over it: SLICE, DYNAMIC_UPDATE_SLICE, and STABLEHLO's SLICE, DYNAMIC_SLICE
 * and DYNAMIC_UPDATE_SLICE. Strides with masks are strided_slice.c.
 */
#include <string.h>

#include "operators/move.h"

/* ---- SLICE ---- */

static mote_status vector_length(op_ctx *c, int input, int32_t rank) {
  const op_tensor *const t = c->in[input];
  OP_REQUIRE(c, t->rank == 1 || t->rank < 0, MOTE_ERR_SHAPE, "input %d has %d dimensions; it must be a vector", input,
             (int)t->rank);
  OP_REQUIRE(c, t->rank < 0 || t->dims[0] < 0 || rank < 0 || t->dims[0] == rank, MOTE_ERR_SHAPE,
             "input %d has %d numbers for the %d dimensions of the input", input, (int)t->dims[0], (int)rank);
  return MOTE_OK;
}

static mote_status slice_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  op_tensor *const out = c->out[0];
  int64_t begin[OP_KNOWN_MAX], size[OP_KNOWN_MAX];
  int32_t count;
  MOTE_TRY(vector_length(c, 1, in->rank));
  MOTE_TRY(vector_length(c, 2, in->rank));
  move_unknown(out, in->rank);
  const bool begins = op_ints(c, 1, begin, &count), sizes = op_ints(c, 2, size, &count);
  for (int32_t i = 0; i < in->rank && sizes; i++) {
    OP_REQUIRE(c, size[i] >= -1 && size[i] <= INT32_MAX, MOTE_ERR_SHAPE,
               "size %d is %lld; it must be -1 (all that is left) or at least 0", (int)i, (long long)size[i]);
    if (size[i] >= 0) out->dims[i] = (int32_t)size[i];
    if (!begins || in->dims[i] < 0) continue;
    const int64_t n = in->dims[i], wanted = size[i] < 0 ? 0 : size[i];
    OP_REQUIRE(c, begin[i] >= 0 && begin[i] <= n && wanted <= n - begin[i], MOTE_ERR_SHAPE,
               "%lld elements from %lld on are asked for of dimension %d, which has %lld", (long long)wanted,
               (long long)begin[i], (int)i, (long long)n);
    if (size[i] < 0) out->dims[i] = (int32_t)(n - begin[i]);
  }
  return MOTE_OK;
}

/* Copies the box of the output's size that begins at `of` in the input. */
static void cut(op_ctx *c, const move_grid *of) {
  const move_grid whole = move_whole();
  int64_t count[OP_MAX_RANK];
  for (int32_t i = 0; i < c->out[0]->rank; i++) count[i] = c->out[0]->dims[i];
  move_box(c, c->out[0], &whole, c->in[0], of, count);
}

/* Where sizes are constant and starts are not, infer has not seen the starts: they are tested in every run. */
static mote_status slice_move(op_ctx *c) {
  move_grid of = move_whole();
  for (int32_t i = 0; i < c->in[0]->rank; i++) {
    const int64_t begin = op_int_at(c->in[1], (size_t)i), n = c->in[0]->dims[i], size = c->out[0]->dims[i];
    OP_REQUIRE(c, begin >= 0 && begin <= n && size <= n - begin, MOTE_ERR_SHAPE,
               "%lld elements from %lld on are asked for of dimension %d, which has %lld", (long long)size,
               (long long)begin, (int)i, (long long)n);
    of.first[i] = begin;
  }
  cut(c, &of);
  return MOTE_OK;
}

static mote_status slice_run(op_ctx *c) { return move_any(c, slice_move); }

const mote_op op_slice = {
    .name = "SLICE",
    .code = sch_BuiltinOperator_SLICE,
    .versions = 8,
    .options = sch_BuiltinOptions_SliceOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 i32|i64 > =",
    .infer = slice_infer,
    .plan = move_plan,
    .run = slice_run,
    .notes = "A size of -1 takes all that is left; begin and size may be computed in the run.",
};

/* ---- STABLEHLO_SLICE ---- */

static mote_status hlo_slice_infer(op_ctx *c) {
  const sch_StablehloSliceOptions *const o = c->options;
  const op_tensor *const in = c->in[0];
  const uint32_t rank = o->start_indices.count;
  OP_REQUIRE(c, o->limit_indices.count == rank && o->strides.count == rank && (in->rank < 0 || in->rank == (int)rank),
             MOTE_ERR_MODEL, "it has %u starts, %u limits and %u strides; each dimension needs one of each",
             (unsigned)rank, (unsigned)o->limit_indices.count, (unsigned)o->strides.count);
  move_unknown(c->out[0], in->rank);
  for (int32_t i = 0; i < in->rank; i++) {
    const int64_t first = o->start_indices.data[i], end = o->limit_indices.data[i], step = o->strides.data[i];
    OP_REQUIRE(c, first >= 0 && first <= end && step > 0 && (in->dims[i] < 0 || end <= in->dims[i]), MOTE_ERR_SHAPE,
               "elements %lld to %lld in steps of %lld are asked for of dimension %d, which has %d", (long long)first,
               (long long)end, (long long)step, (int)i, (int)in->dims[i]);
    MOTE_TRY(move_set_dim(c, i, (end - first) / step + ((end - first) % step != 0)));
  }
  return MOTE_OK;
}

static mote_status hlo_slice_move(op_ctx *c) {
  const sch_StablehloSliceOptions *const o = c->options;
  move_grid of = move_whole();
  for (int32_t i = 0; i < c->in[0]->rank; i++) {
    of.first[i] = o->start_indices.data[i];
    of.step[i] = c->out[0]->dims[i] > 1 ? o->strides.data[i] : 1;
  }
  cut(c, &of);
  return MOTE_OK;
}

static mote_status hlo_slice_run(op_ctx *c) { return move_any(c, hlo_slice_move); }

const mote_op op_stablehlo_slice = {
    .name = "STABLEHLO_SLICE",
    .code = sch_BuiltinOperator_STABLEHLO_SLICE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloSliceOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " > =",
    .infer = hlo_slice_infer,
    .plan = move_plan,
    .run = hlo_slice_run,
    .notes = "Every stride-th element from start up to limit.",
};

/* ---- starts that are clamped so that the box lies inside ---- */

static int64_t clamped(int64_t start, int64_t n, int64_t size) {
  return start < 0 ? 0 : start > n - size ? n - size : start;
}

/* ---- STABLEHLO_DYNAMIC_SLICE: operand, then one scalar a dimension ---- */

static mote_status scalar_starts(op_ctx *c, int first, int32_t rank) {
  OP_REQUIRE(c, rank < 0 || c->num_inputs - first == rank, MOTE_ERR_MODEL,
             "there are %d starts for %d dimensions; each needs one", (int)(c->num_inputs - first), (int)rank);
  for (int32_t i = first; i < c->num_inputs; i++)
    OP_REQUIRE(c, !op_shape_known(c->in[i]) || op_count(c->in[i]) == 1, MOTE_ERR_SHAPE,
               "input %d, a start, must be one number", (int)i);
  return MOTE_OK;
}

static mote_status dynamic_slice_infer(op_ctx *c) {
  const sch_i64s sizes = ((const sch_StablehloDynamicSliceOptions *)c->options)->slice_sizes;
  const op_tensor *const in = c->in[0];
  MOTE_TRY(scalar_starts(c, 1, in->rank));
  OP_REQUIRE(c, sizes.count <= OP_MAX_RANK && (in->rank < 0 || sizes.count == (uint32_t)in->rank), MOTE_ERR_MODEL,
             "slice_sizes has %u numbers for %d dimensions", (unsigned)sizes.count, (int)in->rank);
  move_unknown(c->out[0], (int32_t)sizes.count);
  for (int32_t i = 0; i < (int32_t)sizes.count; i++) {
    OP_REQUIRE(c, in->rank < 0 || in->dims[i] < 0 || sizes.data[i] <= in->dims[i], MOTE_ERR_SHAPE,
               "%lld elements of dimension %d are asked for, which has %d", (long long)sizes.data[i], (int)i,
               (int)in->dims[i]);
    MOTE_TRY(move_set_dim(c, i, sizes.data[i]));
  }
  return MOTE_OK;
}

static mote_status dynamic_slice_move(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  move_grid of = move_whole();
  for (int32_t i = 0; i < in->rank; i++) of.first[i] = clamped(op_int_at(c->in[i + 1], 0), in->dims[i], out->dims[i]);
  cut(c, &of);
  return MOTE_OK;
}

static mote_status dynamic_slice_run(op_ctx *c) { return move_any(c, dynamic_slice_move); }

const mote_op op_stablehlo_dynamic_slice = {
    .name = "STABLEHLO_DYNAMIC_SLICE",
    .code = sch_BuiltinOperator_STABLEHLO_DYNAMIC_SLICE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloDynamicSliceOptions,
    .inputs_min = 1,
    .inputs_max = 1 + OP_MAX_RANK,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i8|i16|i32|i64|u8|u16|u32|u64 ... > =",
    .infer = dynamic_slice_infer,
    .plan = move_plan,
    .run = dynamic_slice_run,
    .notes = "Starts are clamped so that the slice lies inside.",
};

/* ---- DYNAMIC_UPDATE_SLICE and STABLEHLO_DYNAMIC_UPDATE_SLICE: operand, update, start(s) ---- */

static mote_status fits_inside(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const update = c->in[1];
  op_same_shape(c->out[0], in);
  if (in->rank < 0 || update->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, in->rank == update->rank, MOTE_ERR_SHAPE,
             "the operand has %d dimensions and the update %d; they must be equal", (int)in->rank, (int)update->rank);
  for (int32_t i = 0; i < in->rank; i++)
    OP_REQUIRE(c, in->dims[i] < 0 || update->dims[i] <= in->dims[i], MOTE_ERR_SHAPE,
               "dimension %d of the update is %d and does not fit into the operand's %d", (int)i, (int)update->dims[i],
               (int)in->dims[i]);
  return MOTE_OK;
}

static mote_status update_infer(op_ctx *c) {
  MOTE_TRY(vector_length(c, 2, c->in[0]->rank));
  return fits_inside(c);
}

static mote_status hlo_update_infer(op_ctx *c) {
  MOTE_TRY(scalar_starts(c, 2, c->in[0]->rank));
  return fits_inside(c);
}

static mote_status update_move(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const update = c->in[1], *const out = c->out[0];
  const move_grid whole = move_whole();
  move_grid at = whole;
  int64_t count[OP_MAX_RANK];
  for (int32_t i = 0; i < in->rank; i++) {
    const bool scalars = c->op->code == sch_BuiltinOperator_STABLEHLO_DYNAMIC_UPDATE_SLICE;
    const int64_t start = scalars ? op_int_at(c->in[2 + i], 0) : op_int_at(c->in[2], (size_t)i);
    at.first[i] = clamped(start, in->dims[i], update->dims[i]);
    count[i] = update->dims[i];
  }
  if (out->data != in->data) move_bytes(c, out->data, in->data, out->bytes);
  move_box(c, out, &at, update, &whole, count);
  return MOTE_OK;
}

static mote_status update_run(op_ctx *c) { return move_any(c, update_move); }

const mote_op op_dynamic_update_slice = {
    .name = "DYNAMIC_UPDATE_SLICE",
    .code = sch_BuiltinOperator_DYNAMIC_UPDATE_SLICE,
    .versions = 6,
    .options = sch_BuiltinOptions_DynamicUpdateSliceOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " = i32|i64 > =",
    .traits = OP_INPLACE_0,
    .infer = update_infer,
    .plan = move_plan,
    .run = update_run,
    .notes = "Starts are clamped so that the update lies inside.",
};

const mote_op op_stablehlo_dynamic_update_slice = {
    .name = "STABLEHLO_DYNAMIC_UPDATE_SLICE",
    .code = sch_BuiltinOperator_STABLEHLO_DYNAMIC_UPDATE_SLICE,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2 + OP_MAX_RANK,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " = i8|i16|i32|i64|u8|u16|u32|u64 ... > =",
    .traits = OP_INPLACE_0,
    .infer = hlo_update_infer,
    .plan = move_plan,
    .run = update_run,
    .notes = "Starts are clamped so that the update lies inside.",
};
