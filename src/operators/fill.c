/* fill.c: tensors made from a few numbers: FILL, RANGE, ONE_HOT, STABLEHLO_IOTA. */
#include <math.h>
#include <string.h>

#include "base/f16.h"
#include "operators/move.h"

/* ---- FILL ---- */

static mote_status fill_check(op_ctx *c) { return move_same_quant(c, c->in[1], c->out[0]); }

static mote_status fill_infer(op_ctx *c) {
  const op_tensor *const dims = c->in[0], *const value = c->in[1];
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  OP_REQUIRE(c, dims->rank == 1 || dims->rank < 0, MOTE_ERR_SHAPE,
             "the dimensions are a tensor of %d dimensions; they must be a vector", (int)dims->rank);
  OP_REQUIRE(c, !op_shape_known(value) || op_count(value) == 1, MOTE_ERR_SHAPE,
             "the value must be one element; it has %zu", op_count(value));
  const bool known = op_ints(c, 0, v, &count);
  if (!known) count = dims->rank == 1 ? dims->dims[0] : -1;
  OP_REQUIRE(c, count <= OP_MAX_RANK, MOTE_ERR_SHAPE, "%d dimensions are too many; at most %d are supported",
             (int)count, OP_MAX_RANK);
  move_unknown(c->out[0], count);
  for (int32_t i = 0; known && i < count; i++) MOTE_TRY(move_set_dim(c, i, v[i]));
  return move_check_size(c);
}

static mote_status fill_move(op_ctx *c) {
  move_fill(c, c->out[0], c->in[1]->data);
  return MOTE_OK;
}

static mote_status fill_run(op_ctx *c) { return move_any(c, fill_move); }

const mote_op op_fill = {
    .name = "FILL",
    .code = sch_BuiltinOperator_FILL,
    .versions = 5,
    .options = sch_BuiltinOptions_FillOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32|i64 " MOVE_ALL " > =1",
    .check = fill_check,
    .infer = fill_infer,
    .plan = move_plan,
    .run = fill_run,
    .notes = "The dimensions may be computed in the run.",
};

/* ---- RANGE ---- */

/* start, limit and delta, of the three inputs; false while one is not known. */
static bool range_floats(const op_ctx *c, float v[3]) {
  for (int i = 0; i < 3; i++) {
    if (!c->in[i]->data || !op_shape_known(c->in[i])) return false;
    memcpy(&v[i], c->in[i]->data, sizeof v[i]);
  }
  return true;
}

/* How many numbers lie in [start, limit): (limit - start) / delta rounded up, in the arithmetic of the type. */
static mote_status range_infer(op_ctx *c) {
  for (int i = 0; i < 3; i++)
    OP_REQUIRE(c, !op_shape_known(c->in[i]) || op_count(c->in[i]) == 1, MOTE_ERR_SHAPE,
               "input %d must be one number; it has %zu", i, op_count(c->in[i]));
  move_unknown(c->out[0], 1);
  if (c->in[0]->type == MOTE_FLOAT32) {
    float v[3];
    if (!range_floats(c, v)) return MOTE_OK;
    OP_REQUIRE(c, (v[2] > 0 && v[0] <= v[1]) || (v[2] < 0 && v[0] >= v[1]), MOTE_ERR_SHAPE,
               "a step of %g does not lead from %g to %g", (double)v[2], (double)v[0], (double)v[1]);
    const float n = ceilf(fabsf((v[1] - v[0]) / v[2]));
    OP_REQUIRE(c, n < 2147483648.0f, MOTE_ERR_SHAPE, "%g numbers are too many; at most %d are supported", (double)n,
               INT32_MAX);
    return move_set_dim(c, 0, (int64_t)n);
  }
  int64_t start, limit, delta;
  if (!move_scalar(c, 0, &start) || !move_scalar(c, 1, &limit) || !move_scalar(c, 2, &delta)) return MOTE_OK;
  OP_REQUIRE(c, (delta > 0 && start <= limit) || (delta < 0 && start >= limit), MOTE_ERR_SHAPE,
             "a step of %lld does not lead from %lld to %lld", (long long)delta, (long long)start, (long long)limit);
  const uint64_t span = delta > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
  const uint64_t step = delta > 0 ? (uint64_t)delta : 0 - (uint64_t)delta;
  const uint64_t n = span / step + (span % step != 0);
  OP_REQUIRE(c, n <= INT32_MAX, MOTE_ERR_SHAPE, "%llu numbers are too many; at most %d are supported",
             (unsigned long long)n, INT32_MAX);
  return move_set_dim(c, 0, (int64_t)n);
}

/* Floats are added up step by step, as the reference does. */
static mote_status range_run(op_ctx *c) {
  const size_t n = op_count(c->out[0]);
  if (c->in[0]->type == MOTE_FLOAT32) {
    float v[3], *const out = c->out[0]->data;
    range_floats(c, v);
    for (size_t i = 0; i < n; i++, v[0] += v[2]) out[i] = v[0];
    return MOTE_OK;
  }
  uint64_t value = (uint64_t)op_int_at(c->in[0], 0);
  const uint64_t delta = (uint64_t)op_int_at(c->in[2], 0);
  for (size_t i = 0; i < n; i++, value += delta) {
    if (c->out[0]->type == MOTE_INT64) ((uint64_t *)c->out[0]->data)[i] = value;
    else ((uint32_t *)c->out[0]->data)[i] = (uint32_t)value;
  }
  return MOTE_OK;
}

const mote_op op_range = {
    .name = "RANGE",
    .code = sch_BuiltinOperator_RANGE,
    .versions = 2,
    .options = sch_BuiltinOptions_RangeOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|i32|i64 = = > =",
    .infer = range_infer,
    .run = range_run,
    .notes = "Start, limit and step may be computed in the run.",
};

/* ---- ONE_HOT ---- */

enum { INDICES = 0, DEPTH = 1, ON = 2, OFF = 3 };

static mote_status hot_axis(op_ctx *c, int32_t *axis) {
  const int32_t wanted = ((const sch_OneHotOptions *)c->options)->axis, rank = c->in[INDICES]->rank;
  OP_REQUIRE(c, wanted >= -1 && wanted <= rank, MOTE_ERR_SHAPE, "axis %d must lie in [-1, %d]", (int)wanted, (int)rank);
  *axis = wanted < 0 ? rank : wanted;
  return MOTE_OK;
}

static mote_status one_hot_infer(op_ctx *c) {
  const op_tensor *const indices = c->in[INDICES];
  op_tensor *const out = c->out[0];
  for (int i = DEPTH; i <= OFF; i++)
    OP_REQUIRE(c, !op_shape_known(c->in[i]) || op_count(c->in[i]) == 1, MOTE_ERR_SHAPE,
               "input %d must be one element; it has %zu", i, op_count(c->in[i]));
  out->rank = -1;
  if (indices->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, indices->rank < OP_MAX_RANK, MOTE_ERR_SHAPE,
             "indices of %d dimensions are too many; at most %d are "
             "supported",
             (int)indices->rank, OP_MAX_RANK - 1);
  int32_t axis;
  int64_t depth;
  MOTE_TRY(hot_axis(c, &axis));
  move_unknown(out, indices->rank + 1);
  for (int32_t i = 0; i < out->rank; i++)
    if (i != axis) out->dims[i] = indices->dims[i < axis ? i : i - 1];
  if (move_scalar(c, DEPTH, &depth)) MOTE_TRY(move_set_dim(c, axis, depth));
  return move_check_size(c);
}

/* Everything is off but one element of each index that lies in [0, depth). */
static mote_status one_hot_move(op_ctx *c) {
  const op_tensor *const indices = c->in[INDICES], *const out = c->out[0];
  int32_t axis;
  MOTE_TRY(hot_axis(c, &axis));
  move_fill(c, out, c->in[OFF]->data);
  const size_t inner = op_span(out, axis + 1, out->rank), depth = (size_t)out->dims[axis], n = op_count(indices);
  const size_t element = (size_t)move_element(out->type);
  for (size_t i = 0; i < n; i++) {
    const int64_t v = op_int_at(indices, i);
    if (v < 0 || (uint64_t)v >= depth) continue;
    const size_t at = (i / inner * depth + (size_t)v) * inner + i % inner;
    memcpy((char *)out->data + at * element, c->in[ON]->data, element);
  }
  return MOTE_OK;
}

static mote_status one_hot_run(op_ctx *c) { return move_any(c, one_hot_move); }

const mote_op op_one_hot = {
    .name = "ONE_HOT",
    .code = sch_BuiltinOperator_ONE_HOT,
    .versions = 1,
    .options = sch_BuiltinOptions_OneHotOptions,
    .inputs_min = 4,
    .inputs_max = 4,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32|i64 i32 " MOVE_ALL " =2 > =2",
    .infer = one_hot_infer,
    .plan = move_plan,
    .run = one_hot_run,
    .notes = "An index outside of the depth sets no element on.",
};

/* ---- STABLEHLO_IOTA: the shape is the one that the file declares for the output ---- */

static mote_status iota_infer(op_ctx *c) {
  const int64_t axis = ((const sch_StablehloIotaOptions *)c->options)->iota_dimension;
  OP_REQUIRE(c, op_shape_known(c->out[0]), MOTE_ERR_SHAPE, "the file must declare the output's shape in full");
  OP_REQUIRE(c, axis >= 0 && axis < c->out[0]->rank, MOTE_ERR_SHAPE,
             "iota_dimension %lld is outside the output's %d "
             "dimensions",
             (long long)axis, (int)c->out[0]->rank);
  return MOTE_OK;
}

static void put_number(const op_tensor *t, size_t i, int64_t v) {
  switch (t->type) {
    case MOTE_FLOAT32: ((float *)t->data)[i] = (float)v; return;
    case MOTE_FLOAT64: ((double *)t->data)[i] = (double)v; return;
    case MOTE_FLOAT16: ((uint16_t *)t->data)[i] = f16_from_f32((float)v); return;
    case MOTE_BFLOAT16: ((uint16_t *)t->data)[i] = bf16_from_f32((float)v); return;
    case MOTE_COMPLEX64: ((float *)t->data)[2 * i] = (float)v, ((float *)t->data)[2 * i + 1] = 0; return;
    default: break; /* integers wrap: their low bytes, little-endian */
  }
  memcpy((char *)t->data + i * (size_t)move_element(t->type), &v, (size_t)move_element(t->type));
}

/* The first run along the axis is counted; everything else repeats it. */
static mote_status iota_move(op_ctx *c) {
  const op_tensor *const out = c->out[0];
  const int32_t axis = (int32_t)((const sch_StablehloIotaOptions *)c->options)->iota_dimension;
  const size_t inner = op_span(out, axis + 1, out->rank), n = (size_t)out->dims[axis], rows = op_span(out, 0, axis);
  if (!rows) return MOTE_OK;
  for (size_t i = 0; i < n * inner; i++) put_number(out, i, (int64_t)(i / inner));
  const int64_t bytes = (int64_t)(n * inner) * move_element(out->type);
  move_rows(c, (char *)out->data + bytes, bytes, out->data, 0, (int64_t)rows - 1, bytes);
  return MOTE_OK;
}

static mote_status iota_run(op_ctx *c) { return move_any(c, iota_move); }

const mote_op op_stablehlo_iota = {
    .name = "STABLEHLO_IOTA",
    .code = sch_BuiltinOperator_STABLEHLO_IOTA,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloIotaOptions,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "> f32|f16|bf16|f64|i8|i16|i32|i64|u8|u16|u32|u64|c64|i4|i2|u4",
    .infer = iota_infer,
    .plan = move_plan,
    .run = iota_run,
    .notes = "Counts along one dimension; the shape is the one declared for the output.",
};
