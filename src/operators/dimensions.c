/* dimensions.c: integers that follow from shapes alone: SHAPE, RANK, the custom BroadcastGradientArgs. */
#include "operators/move.h"

static void put(const op_tensor *out, int32_t i, int32_t value) {
  if (out->type == MOTE_INT64) ((int64_t *)out->data)[i] = value;
  else ((int32_t *)out->data)[i] = value;
}

/* ---- SHAPE ---- */

static mote_status shape_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  op_set_shape(c->out[0], 1, &(int32_t){in->rank});
  op_known *const known = in->rank > 0 ? op_know(c, 0) : NULL;
  if (!known) return MOTE_OK;
  known->count = in->rank;
  for (int32_t i = 0; i < in->rank; i++) {
    known->v[i] = in->dims[i];
    if (in->dims[i] >= 0) known->mask |= UINT64_C(1) << i;
  }
  return MOTE_OK;
}

static mote_status shape_run(op_ctx *c) {
  for (int32_t i = 0; i < c->in[0]->rank; i++) put(c->out[0], i, c->in[0]->dims[i]);
  return MOTE_OK;
}

const mote_op op_shape = {
    .name = "SHAPE",
    .code = sch_BuiltinOperator_SHAPE,
    .versions = 1,
    .options = sch_BuiltinOptions_ShapeOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "any > i32|i64",
    .infer = shape_infer,
    .run = shape_run,
    .notes = "Known as soon as the input's shape is, before anything runs.",
};

/* ---- RANK ---- */

static mote_status rank_infer(op_ctx *c) {
  c->out[0]->rank = 0;
  op_known *const known = c->in[0]->rank >= 0 ? op_know(c, 0) : NULL;
  if (!known) return MOTE_OK;
  known->count = 1;
  known->v[0] = c->in[0]->rank;
  known->mask = 1;
  return MOTE_OK;
}

static mote_status rank_run(op_ctx *c) {
  put(c->out[0], 0, c->in[0]->rank);
  return MOTE_OK;
}

const mote_op op_rank = {
    .name = "RANK",
    .code = sch_BuiltinOperator_RANK,
    .versions = 1,
    .options = sch_BuiltinOptions_RankOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "any > i32|i64",
    .infer = rank_infer,
    .run = rank_run,
    .notes = "Known as soon as the input's rank is, before anything runs.",
};

/* ---- BroadcastGradientArgs: which axes a gradient is summed over to undo the broadcast of two shapes ---- */

enum { SHAPES = 2 };

typedef struct shape_value {
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
} shape_value;

/* The axes of each, at most OP_KNOWN_MAX. Equal shapes have none; two others are both summed where both are 1. */
static mote_status reduced_axes(op_ctx *c, const shape_value shapes[SHAPES], shape_value axes[SHAPES]) {
  const int32_t rank = shapes[0].count > shapes[1].count ? shapes[0].count : shapes[1].count;
  bool equal = shapes[0].count == shapes[1].count;
  axes[0].count = axes[1].count = 0;
  for (int32_t i = 0; equal && i < rank; i++) equal = shapes[0].v[i] == shapes[1].v[i];
  for (int32_t i = 0; !equal && i < rank; i++) {
    int64_t n[SHAPES];
    for (int k = 0; k < SHAPES; k++) {
      const int32_t at = i - (rank - shapes[k].count);
      n[k] = at < 0 ? 1 : shapes[k].v[at];
    }
    OP_REQUIRE(c, n[0] == n[1] || n[0] == 1 || n[1] == 1, MOTE_ERR_SHAPE,
               "shapes do not broadcast: %lld and %lld meet in dimension %d, and neither is 1", (long long)n[0],
               (long long)n[1], (int)i);
    for (int k = 0; k < SHAPES; k++)
      if (n[k] == 1) axes[k].v[axes[k].count++] = i;
  }
  return MOTE_OK;
}

static bool both_shapes(const op_ctx *c, shape_value shapes[SHAPES]) {
  return op_ints(c, 0, shapes[0].v, &shapes[0].count) && op_ints(c, 1, shapes[1].v, &shapes[1].count);
}

static mote_status gradient_infer(op_ctx *c) {
  shape_value shapes[SHAPES], axes[SHAPES];
  for (int k = 0; k < SHAPES; k++) {
    OP_REQUIRE(c, c->in[k]->rank == 1 || c->in[k]->rank < 0, MOTE_ERR_SHAPE,
               "input %d has %d dimensions; a shape is a vector", k, (int)c->in[k]->rank);
    OP_REQUIRE(c, c->in[k]->rank < 0 || c->in[k]->dims[0] <= OP_KNOWN_MAX, MOTE_ERR_SHAPE,
               "a shape of %d dimensions is too long; at most %d are supported", (int)c->in[k]->dims[0], OP_KNOWN_MAX);
    move_unknown(c->out[k], 1);
  }
  if (!both_shapes(c, shapes)) return MOTE_OK;
  MOTE_TRY(reduced_axes(c, shapes, axes));
  for (int k = 0; k < SHAPES; k++) c->out[k]->dims[0] = axes[k].count;
  return MOTE_OK;
}

static mote_status gradient_run(op_ctx *c) {
  shape_value shapes[SHAPES], axes[SHAPES];
  if (!both_shapes(c, shapes)) return op_fail(c, MOTE_ERR_RUN, "its shapes are not there");
  MOTE_TRY(reduced_axes(c, shapes, axes));
  for (int k = 0; k < SHAPES; k++)
    for (int32_t i = 0; i < axes[k].count; i++) put(c->out[k], i, (int32_t)axes[k].v[i]);
  return MOTE_OK;
}

const mote_op op_broadcast_gradient_args = {
    .name = "BroadcastGradientArgs",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "i32|i64 = > = =",
    .infer = gradient_infer,
    .run = gradient_run,
    .notes = "The shapes may be computed in the run.",
};
