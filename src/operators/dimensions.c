/* dimensions.c: operators whose results are integers that follow from shapes alone: SHAPE and RANK. */
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
