/* matrix_diag.c: MATRIX_DIAG makes matrices of diagonals, MATRIX_SET_DIAG replaces the diagonals of matrices. */
#include <string.h>

#include "operators/move.h"

/* Writes vectors of n elements on the diagonals of matrices [.., rows, columns]. */
static void write_diagonals(op_ctx *c, const op_tensor *matrices, const op_tensor *vectors) {
  const int64_t element = move_element(matrices->type), n = vectors->dims[vectors->rank - 1];
  const int64_t columns = matrices->dims[matrices->rank - 1], rows = matrices->dims[matrices->rank - 2];
  copy_plan plan;
  copy_begin(&plan, (size_t)element);
  copy_axis(&plan, n, (columns + 1) * element, element);
  copy_axis(&plan, (int64_t)op_span(vectors, 0, vectors->rank - 1), rows * columns * element, n * element);
  copy_end(&plan);
  move_run(c, &plan, matrices->data, vectors->data);
}

/* ---- MATRIX_DIAG ---- */

static mote_status diag_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  OP_REQUIRE(c, in->rank != 0 && in->rank < OP_MAX_RANK, MOTE_ERR_SHAPE,
             "the input has %d dimensions; it must have 1 to %d", (int)in->rank, OP_MAX_RANK - 1);
  op_same_shape(c->out[0], in);
  if (in->rank < 0) return MOTE_OK;
  c->out[0]->dims[c->out[0]->rank++] = in->dims[in->rank - 1];
  return move_check_size(c);
}

static mote_status diag_move(op_ctx *c) {
  memset(c->out[0]->data, 0, c->out[0]->bytes);
  write_diagonals(c, c->out[0], c->in[0]);
  return MOTE_OK;
}

static mote_status diag_run(op_ctx *c) { return move_any(c, diag_move); }

const mote_op op_matrix_diag = {
    .name = "MATRIX_DIAG",
    .code = sch_BuiltinOperator_MATRIX_DIAG,
    .versions = 1,
    .options = sch_BuiltinOptions_MatrixDiagOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " > =",
    .infer = diag_infer,
    .plan = move_plan,
    .run = diag_run,
    .notes = "0 off the diagonal, whatever the zero point.",
};

/* ---- MATRIX_SET_DIAG ---- */

static mote_status set_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const diagonal = c->in[1];
  OP_REQUIRE(c, in->rank < 0 || in->rank >= 2, MOTE_ERR_SHAPE, "the input has %d dimensions; a matrix has 2 or more",
             (int)in->rank);
  op_same_shape(c->out[0], in);
  if (in->rank < 0 || diagonal->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, diagonal->rank == in->rank - 1, MOTE_ERR_SHAPE,
             "the diagonal has %d dimensions; it must have one less than the input's %d", (int)diagonal->rank,
             (int)in->rank);
  for (int32_t i = 0; i < diagonal->rank; i++) {
    const int32_t last = in->dims[in->rank - 1], n = in->dims[i], d = diagonal->dims[i];
    const int32_t wanted = i < diagonal->rank - 1 || n < last ? n : last;
    if (n < 0 || d < 0 || (i == diagonal->rank - 1 && last < 0)) continue;
    OP_REQUIRE(c, d == wanted, MOTE_ERR_SHAPE, "dimension %d of the diagonal is %d; these matrices need %d", (int)i,
               (int)d, (int)wanted);
  }
  return MOTE_OK;
}

static mote_status set_move(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  if (out->data != in->data) move_bytes(c, out->data, in->data, out->bytes);
  write_diagonals(c, out, c->in[1]);
  return MOTE_OK;
}

static mote_status set_run(op_ctx *c) { return move_any(c, set_move); }

const mote_op op_matrix_set_diag = {
    .name = "MATRIX_SET_DIAG",
    .code = sch_BuiltinOperator_MATRIX_SET_DIAG,
    .versions = 1,
    .options = sch_BuiltinOptions_MatrixSetDiagOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " = > =",
    .traits = OP_INPLACE_0,
    .infer = set_infer,
    .plan = move_plan,
    .run = set_run,
    .notes = "Matrices need not be square.",
};
