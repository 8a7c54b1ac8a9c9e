/* gather_nd.c: elements addressed by rows of indices: GATHER_ND reads them, SCATTER_ND and SPARSE_TO_DENSE write them.
 * One axis at a time is gather.c, StableHLO's general forms are stablehlo_gather.c.
 */
#include <string.h>

#include "base/size.h"
#include "operators/combine.h"
#include "operators/move.h"

/* Position of row `row` of `width` indices in the first `width` axes of a tensor, counted in what lies behind them. */
static mote_status position(op_ctx *c, const op_tensor *indices, size_t row, int32_t width, const op_tensor *in,
                            size_t *at) {
  *at = 0;
  for (int32_t i = 0; i < width; i++) {
    const int64_t v = op_int_at(indices, row * (size_t)width + (size_t)i);
    OP_REQUIRE(c, v >= 0 && v < in->dims[i], MOTE_ERR_RUN, "index %lld (row %zu, dimension %d) is outside [0, %d)",
               (long long)v, row, (int)i, (int)in->dims[i]);
    *at = *at * (size_t)in->dims[i] + (size_t)v;
  }
  return MOTE_OK;
}

/* ---- GATHER_ND ---- */

static mote_status gather_infer(op_ctx *c) {
  const op_tensor *const params = c->in[0], *const indices = c->in[1];
  op_tensor *const out = c->out[0];
  out->rank = -1;
  OP_REQUIRE(c, params->rank != 0 && indices->rank != 0, MOTE_ERR_SHAPE,
             "neither the input nor the indices may be a scalar");
  if (params->rank < 0 || indices->rank < 0) return MOTE_OK;
  const int32_t width = indices->dims[indices->rank - 1];
  if (width < 0) return MOTE_OK;
  OP_REQUIRE(c, width <= params->rank, MOTE_ERR_SHAPE, "rows of %d indices address %d dimensions; the input has fewer",
             (int)width, (int)width);
  const int32_t rank = indices->rank - 1 + params->rank - width;
  OP_REQUIRE(c, rank <= OP_MAX_RANK, MOTE_ERR_SHAPE, "the result has %d dimensions; at most %d are supported",
             (int)rank, OP_MAX_RANK);
  out->rank = rank;
  for (int32_t i = 0; i < rank; i++)
    out->dims[i] = i < indices->rank - 1 ? indices->dims[i] : params->dims[i - (indices->rank - 1) + width];
  return move_check_size(c);
}

typedef struct picks {
  char *to;
  const char *from;
  const size_t *at;
  size_t bytes, count, tasks;
} picks;

static void pick_task(void *arg, size_t task, int worker) {
  (void)worker;
  const picks *const p = arg;
  for (size_t i = p->count * task / p->tasks; i < p->count * (task + 1) / p->tasks; i++)
    memcpy(p->to + i * p->bytes, p->from + p->at[i] * p->bytes, p->bytes);
}

static size_t rows_of(const op_tensor *indices) { return op_span(indices, 0, indices->rank - 1); }

static mote_status gather_plan(op_ctx *c) {
  OP_REQUIRE(c, size_mul(rows_of(c->in[1]), sizeof(size_t), &c->scratch_size), MOTE_ERR_LIMIT,
             "there are more indices than memory can hold");
  return move_plan(c);
}

static mote_status gather_move(op_ctx *c) {
  const op_tensor *const params = c->in[0], *const indices = c->in[1];
  const int32_t width = indices->dims[indices->rank - 1];
  size_t *const at = c->scratch;
  picks p = {.to = c->out[0]->data, .from = params->data, .at = at, .count = rows_of(indices)};
  for (size_t i = 0; i < p.count; i++) MOTE_TRY(position(c, indices, i, width, params, &at[i]));
  p.bytes = op_span(params, width, params->rank) * (size_t)move_element(params->type);
  p.tasks = p.count * p.bytes / (256 * 1024);
  p.tasks = p.tasks < 1 ? 1 : p.tasks > p.count ? p.count : p.tasks;
  if (p.count && p.bytes) op_parallel(c, p.tasks, pick_task, &p);
  return MOTE_OK;
}

static mote_status gather_run(op_ctx *c) { return move_any(c, gather_move); }

const mote_op op_gather_nd = {
    .name = "GATHER_ND",
    .code = sch_BuiltinOperator_GATHER_ND,
    .versions = 6,
    .options = sch_BuiltinOptions_GatherNdOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i16|i32|i64 > =",
    .infer = gather_infer,
    .plan = gather_plan,
    .run = gather_run,
    .notes = "Indices are tested in every run.",
};

/* ---- SCATTER_ND ---- */

/* The shape that operand `input` holds, into the output; unknown dimensions where it is not known. */
static mote_status shape_operand(op_ctx *c, int input) {
  const op_tensor *const shape = c->in[input];
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  OP_REQUIRE(c, shape->rank == 1 || shape->rank < 0, MOTE_ERR_SHAPE, "the shape has %d dimensions; it must be a vector",
             (int)shape->rank);
  const bool known = op_ints(c, input, v, &count);
  if (!known) count = shape->rank == 1 ? shape->dims[0] : -1;
  OP_REQUIRE(c, count <= OP_MAX_RANK, MOTE_ERR_SHAPE, "%d dimensions are too many; at most %d are supported",
             (int)count, OP_MAX_RANK);
  move_unknown(c->out[0], count);
  for (int32_t i = 0; known && i < count; i++) MOTE_TRY(move_set_dim(c, i, v[i]));
  return move_check_size(c);
}

/* updates are [rows of indices.., what lies behind the addressed axes..]. */
static mote_status scatter_infer(op_ctx *c) {
  const op_tensor *const indices = c->in[0], *const updates = c->in[1], *const out = c->out[0];
  MOTE_TRY(shape_operand(c, 2));
  if (out->rank < 0 || indices->rank < 0 || updates->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, indices->rank > 0, MOTE_ERR_SHAPE, "the indices may not be a scalar");
  const int32_t width = indices->dims[indices->rank - 1], before = indices->rank - 1;
  if (width < 0) return MOTE_OK;
  OP_REQUIRE(c, width <= out->rank && updates->rank == before + out->rank - width, MOTE_ERR_SHAPE,
             "rows of %d indices and updates of %d dimensions do not address an output of %d", (int)width,
             (int)updates->rank, (int)out->rank);
  for (int32_t i = 0; i < updates->rank; i++) {
    const int32_t wanted = i < before ? indices->dims[i] : out->dims[i - before + width];
    OP_REQUIRE(c, updates->dims[i] == wanted || updates->dims[i] < 0 || wanted < 0, MOTE_ERR_SHAPE,
               "dimension %d of the updates is %d; indices and shape need %d", (int)i, (int)updates->dims[i],
               (int)wanted);
  }
  return MOTE_OK;
}

static mote_status scatter_run(op_ctx *c) {
  const op_tensor *const indices = c->in[0], *const updates = c->in[1], *const out = c->out[0];
  const int32_t width = indices->dims[indices->rank - 1];
  const size_t rows = rows_of(indices), n = op_span(out, width, out->rank), element = (size_t)move_element(out->type);
  if (out->bytes) memset(out->data, 0, out->bytes);
  for (size_t i = 0; i < rows; i++) {
    size_t at;
    MOTE_TRY(position(c, indices, i, width, out, &at));
    combine(COMBINE_ADD, out->type, (char *)out->data + at * n * element, (const char *)updates->data + i * n * element,
            n);
  }
  return MOTE_OK;
}

const mote_op op_scatter_nd = {
    .name = "SCATTER_ND",
    .code = sch_BuiltinOperator_SCATTER_ND,
    .versions = 1,
    .options = sch_BuiltinOptions_ScatterNdOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32|i64 " COMBINE_TYPES " i32|i64 > =1",
    .infer = scatter_infer,
    .run = scatter_run,
    .notes = "Updates of one place add up; indices are tested in every run.",
};

/* ---- SPARSE_TO_DENSE ---- */

enum { INDICES = 0, SHAPE = 1, VALUES = 2, DEFAULT = 3 };

/* Indices are a scalar (one element of a vector), a vector (elements of a vector) or a matrix (a row an element). */
static size_t element_count(const op_tensor *indices) { return indices->rank ? (size_t)indices->dims[0] : 1; }

static mote_status dense_infer(op_ctx *c) {
  const op_tensor *const indices = c->in[INDICES], *const values = c->in[VALUES], *const out = c->out[0];
  MOTE_TRY(shape_operand(c, SHAPE));
  OP_REQUIRE(c, indices->rank <= 2 && values->rank <= 1, MOTE_ERR_SHAPE,
             "indices of %d and values of %d dimensions are not supported; at most 2 and 1 are", (int)indices->rank,
             (int)values->rank);
  OP_REQUIRE(c, !op_shape_known(c->in[DEFAULT]) || op_count(c->in[DEFAULT]) == 1, MOTE_ERR_SHAPE,
             "the default must be one element");
  if (!op_shape_known(indices)) return MOTE_OK;
  const int32_t width = indices->rank == 2 ? indices->dims[1] : 1;
  OP_REQUIRE(c, out->rank < 0 || width == out->rank, MOTE_ERR_SHAPE,
             "an element is addressed by %d indices, but the output has %d dimensions", (int)width, (int)out->rank);
  OP_REQUIRE(c, values->rank != 1 || values->dims[0] < 0 || (size_t)values->dims[0] == element_count(indices),
             MOTE_ERR_SHAPE, "there are %d values for %zu indices; they must be equally many, or the value a scalar",
             (int)values->dims[0], element_count(indices));
  return MOTE_OK;
}

static mote_status dense_move(op_ctx *c) {
  const op_tensor *const indices = c->in[INDICES], *const values = c->in[VALUES], *const out = c->out[0];
  const size_t element = (size_t)move_element(out->type), count = element_count(indices);
  move_fill(c, out, c->in[DEFAULT]->data);
  for (size_t i = 0; i < count; i++) {
    size_t at;
    MOTE_TRY(position(c, indices, i, out->rank, out, &at));
    memcpy((char *)out->data + at * element, (const char *)values->data + (values->rank ? i * element : 0), element);
  }
  return MOTE_OK;
}

static mote_status dense_run(op_ctx *c) { return move_any(c, dense_move); }

const mote_op op_sparse_to_dense = {
    .name = "SPARSE_TO_DENSE",
    .code = sch_BuiltinOperator_SPARSE_TO_DENSE,
    .versions = 3,
    .options = sch_BuiltinOptions_SparseToDenseOptions,
    .inputs_min = 4,
    .inputs_max = 4,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32|i64 i32|i64 " MOVE_ALL " =2 > =2",
    .infer = dense_infer,
    .plan = move_plan,
    .run = dense_run,
    .notes = "The last of several values for one place counts; indices are tested in every run.",
};
