/* batch_matmul.c: BATCH_MATMUL: matrices of the last two dimensions multiplied, the others broadcast. The arithmetic is
 * in matmul.c.
 */
#include <math.h>

#include "base/error.h"
#include "operators/matmul.h"

enum { LHS, RHS };

typedef struct batch_params {
  matmul_numbers numbers;
  const void *block; /* NULL: rhs is packed in each run */
} batch_params;

static matmul_kind kind_of(const op_ctx *c) {
  switch (c->in[LHS]->type) {
    case MOTE_INT16: return c->in[RHS]->type == MOTE_INT16 ? MATMUL_16 : MATMUL_16X8;
    case MOTE_INT8: return c->out[0]->type == MOTE_INT8 ? MATMUL_8 : MATMUL_RAW;
    default: return c->in[RHS]->type == MOTE_FLOAT32 ? MATMUL_F32 : MATMUL_HYBRID;
  }
}

/* ---- check ---- */

static mote_status check_hybrid(op_ctx *c, matmul_numbers *x) {
  const op_quant *const q = c->in[RHS]->quant;
  OP_REQUIRE(c, q->count >= 1, MOTE_ERR_MODEL, "the right matrices are int8 without a quantization scale");
  for (int32_t i = 0; i < q->count; i++)
    OP_REQUIRE(
        c, isfinite(q->scale[i]) && q->scale[i] >= 0 && q->zero_point[i] == 0, MOTE_ERR_MODEL,
        "scale %d of the right matrices is %g with zero point %d; it must be a number >= 0, and the zero point 0",
        (int)i, (double)q->scale[i], (int)q->zero_point[i]);
  x->asymmetric = ((const sch_BatchMatMulOptions *)c->options)->asymmetric_quantize_inputs;
  x->scale = q->scale[0];
  x->scales = q->count > 1 ? q->scale : NULL;
  return MOTE_OK;
}

/* The multiplier is made from a float product, as the reference does. */
static mote_status check_integers(op_ctx *c, matmul_numbers *x) {
  const op_tensor *const a = c->in[LHS], *const b = c->in[RHS], *const out = c->out[0];
  const bool sixteen = a->type == MOTE_INT16;
  const int32_t most = sixteen ? 14 : 30; /* what the shifts of the requantization can do */
  MOTE_TRY(op_need_scale(c, a));
  MOTE_TRY(op_need_scale(c, b));
  MOTE_TRY(op_need_scale(c, out));
  OP_REQUIRE(c, !sixteen || (a->zero_point == 0 && out->zero_point == 0), MOTE_ERR_MODEL,
             "int16 operands are symmetric, but the zero points of the left input and the output are %d and %d",
             (int)a->zero_point, (int)out->zero_point);
  OP_REQUIRE(c, b->type != MOTE_INT16 || b->zero_point == 0, MOTE_ERR_MODEL,
             "int16 operands are symmetric, but the zero point of the right input is %d", (int)b->zero_point);
  const double m = (double)(a->scale * b->scale) / (double)out->scale;
  x->mult = fx_quantize_multiplier(m);
  OP_REQUIRE(c, isfinite(m) && x->mult.shift <= most, MOTE_ERR_MODEL,
             "left scale * right scale / output scale is %g; it must be below 2^%d", m, (int)most);
  x->a_zero = a->zero_point, x->b_zero = b->zero_point, x->out_zero = out->zero_point;
  return MOTE_OK;
}

static mote_status check(op_ctx *c) {
  matmul_numbers *const x = &((batch_params *)c->params)->numbers;
  x->kind = kind_of(c);
  if (x->kind == MATMUL_F32 || x->kind == MATMUL_RAW) return MOTE_OK;
  return x->kind == MATMUL_HYBRID ? check_hybrid(c, x) : check_integers(c, x);
}

/* ---- shapes ---- */

/* Dimension `back` from the end, -1 while it is unknown. */
static int32_t last_dim(const op_tensor *t, int32_t back) { return t->rank < 0 ? -1 : t->dims[t->rank - back]; }

static mote_status infer(op_ctx *c) {
  const sch_BatchMatMulOptions *const o = c->options;
  const op_tensor *const a = c->in[LHS], *const b = c->in[RHS];
  const matmul_numbers *const x = &((const batch_params *)c->params)->numbers;
  op_tensor *const out = c->out[0];
  for (int i = 0; i < 2; i++)
    OP_REQUIRE(c, c->in[i]->rank < 0 || c->in[i]->rank >= 2, MOTE_ERR_SHAPE,
               "input %d has rank %d; matrices take at least 2 dimensions", i, (int)c->in[i]->rank);
  const int32_t m = last_dim(a, o->adj_x ? 1 : 2), k = last_dim(a, o->adj_x ? 2 : 1);
  const int32_t k_too = last_dim(b, o->adj_y ? 1 : 2), n = last_dim(b, o->adj_y ? 2 : 1);
  OP_REQUIRE(c, k < 0 || k_too < 0 || k == k_too, MOTE_ERR_SHAPE,
             "rows of %d elements cannot be multiplied by columns of %d (adj_x is %d, adj_y %d)", (int)k, (int)k_too,
             (int)o->adj_x, (int)o->adj_y);
  OP_REQUIRE(c, !x->scales || n < 0 || c->in[RHS]->quant->count == n, MOTE_ERR_MODEL,
             "the right matrices have %d scales for %d columns", (int)c->in[RHS]->quant->count, (int)n);
  out->rank = -1;
  if (a->rank < 0 || b->rank < 0) return MOTE_OK;
  op_tensor left = *a, right = *b;
  left.rank -= 2, right.rank -= 2;
  MOTE_TRY(op_broadcast(c, &left, &right, out));
  out->dims[out->rank++] = m;
  out->dims[out->rank++] = n;
  return MOTE_OK;
}

/* Step of each dimension of the batch in an operand, in matrices; returns how many there are. */
static size_t steps_of(const op_tensor *t, int32_t rank, size_t *step) {
  size_t count = 1;
  for (int32_t i = rank - 1; i >= 0; i--) {
    const int32_t own = i - (rank - (t->rank - 2)), dim = own < 0 ? 1 : t->dims[own];
    step[i] = dim == 1 ? 0 : count;
    count *= (size_t)dim;
  }
  return count;
}

static void right_shape(const op_ctx *c, matmul_shape *s) {
  const sch_BatchMatMulOptions *const o = c->options;
  const op_tensor *const b = c->in[RHS];
  s->k = (size_t)last_dim(b, o->adj_y ? 1 : 2);
  s->n = (size_t)last_dim(b, o->adj_y ? 2 : 1);
  s->b_turned = o->adj_y;
}

static mote_status prepare(op_ctx *c) {
  batch_params *const p = c->params;
  const op_tensor *const b = c->in[RHS];
  matmul_shape s = {0};
  if (!op_is_const(b) || b->rank < 2 || !op_shape_known(b)) return MOTE_OK;
  right_shape(c, &s);
  s.b_count = steps_of(b, b->rank - 2, s.b_step);
  if (p->numbers.scales && (size_t)b->quant->count != s.n) return MOTE_OK; /* infer refuses it */
  MOTE_TRY(matmul_prepare(c, &p->numbers, &s, b->data, &p->block));
  if (p->block) c->consumed |= 1u << RHS;
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  const batch_params *const p = c->params;
  const sch_BatchMatMulOptions *const o = c->options;
  const op_tensor *const out = c->out[0];
  matmul_shape s = {.m = (size_t)last_dim(out, 2), .a_turned = o->adj_x, .rank = out->rank - 2};
  right_shape(c, &s);
  for (int32_t i = 0; i < s.rank; i++) s.size[i] = (size_t)out->dims[i];
  s.a_count = steps_of(c->in[LHS], s.rank, s.a_step);
  s.b_count = steps_of(c->in[RHS], s.rank, s.b_step);
  return matmul_lay(c, &p->numbers, &s, p->block != NULL, c->record, &c->scratch_size);
}

static mote_status run(op_ctx *c) {
  const batch_params *const p = c->params;
  const matmul_operands o = {.a = c->in[LHS]->data, .b = c->in[RHS]->data, .out = c->out[0]->data, .block = p->block};
  return matmul_run(c, &p->numbers, c->record, &o, c->scratch);
}

const mote_op op_batch_matmul = {
    .name = "BATCH_MATMUL",
    .code = sch_BuiltinOperator_BATCH_MATMUL,
    .versions = 4,
    .options = sch_BuiltinOptions_BatchMatMulOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 f32|i8 > f32; i8 i8 > i8|i32; i16 i16|i8 > i16",
    .params_size = sizeof(batch_params),
    .record_size = sizeof(matmul_plan),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "int8 matrices under float ones have one scale, or one for each column; int32 results are the sums of the "
             "products as they are.",
};
