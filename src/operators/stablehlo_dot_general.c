/* stablehlo_dot_general.c: STABLEHLO_DOT_GENERAL: products over any dimensions of two operands. The result has the
 * batching dimensions, then what is left of the left side, then what is left of the right one.
 */
#include <string.h>

#include "base/error.h"
#include "kernels/number.h"
#include "operators/products.h"

enum { LHS, RHS };

typedef struct dot_params {
  matmul_numbers numbers;
  const void *block; /* NULL: the right side is packed in each run */
} dot_params;

/* The dimensions of one operand by their role. */
typedef struct roles {
  int32_t batch[OP_MAX_RANK], contract[OP_MAX_RANK], rest[OP_MAX_RANK];
  int32_t batches, contracts, rests;
} roles;

typedef struct dot_plan {
  matmul_plan product;
  products_side side[2];
  bool converted; /* products are of another type than the output */
  size_t products_at, room_at;
} dot_plan;

static mote_status roles_of(op_ctx *c, int operand, roles *r) {
  const sch_StablehloDotGeneralOptions *const o = c->options;
  const sch_i64s batch = operand == LHS ? o->lhs_batching_dimensions : o->rhs_batching_dimensions;
  const sch_i64s contract = operand == LHS ? o->lhs_contracting_dimensions : o->rhs_contracting_dimensions;
  const int32_t rank = c->in[operand]->rank;
  uint32_t mask = 0;
  MOTE_TRY(
      products_dims(c, operand == LHS ? "lhs_batching_dimensions" : "rhs_batching_dimensions", batch, rank, &mask));
  MOTE_TRY(products_dims(c, operand == LHS ? "lhs_contracting_dimensions" : "rhs_contracting_dimensions", contract,
                         rank, &mask));
  *r = (roles){.batches = (int32_t)batch.count, .contracts = (int32_t)contract.count};
  for (int32_t i = 0; i < r->batches; i++) r->batch[i] = (int32_t)batch.data[i];
  for (int32_t i = 0; i < r->contracts; i++) r->contract[i] = (int32_t)contract.data[i];
  for (int32_t i = 0; i < rank; i++)
    if (!(mask >> i & 1)) r->rest[r->rests++] = i;
  return MOTE_OK;
}

/* All dimensions: batch, then the rest and what is contracted, or the other way round. */
static void order_of(const roles *r, bool contract_first, int32_t order[OP_MAX_RANK]) {
  int32_t n = 0;
  for (int32_t i = 0; i < r->batches; i++) order[n++] = r->batch[i];
  for (int32_t i = 0; contract_first && i < r->contracts; i++) order[n++] = r->contract[i];
  for (int32_t i = 0; i < r->rests; i++) order[n++] = r->rest[i];
  for (int32_t i = 0; !contract_first && i < r->contracts; i++) order[n++] = r->contract[i];
}

static mote_status check(op_ctx *c) {
  const sch_StablehloDotGeneralOptions *const o = c->options;
  OP_REQUIRE(c,
             o->lhs_batching_dimensions.count == o->rhs_batching_dimensions.count &&
                 o->lhs_contracting_dimensions.count == o->rhs_contracting_dimensions.count,
             MOTE_ERR_MODEL, "%u and %u batching dimensions and %u and %u contracting ones do not pair",
             (unsigned)o->lhs_batching_dimensions.count, (unsigned)o->rhs_batching_dimensions.count,
             (unsigned)o->lhs_contracting_dimensions.count, (unsigned)o->rhs_contracting_dimensions.count);
  return products_check(c, true, &((dot_params *)c->params)->numbers);
}

/* ---- shapes ---- */

static mote_status check_pair(op_ctx *c, int32_t left, int32_t right) {
  const int32_t a = c->in[LHS]->dims[left], b = c->in[RHS]->dims[right];
  OP_REQUIRE(c, a < 0 || b < 0 || a == b, MOTE_ERR_SHAPE,
             "dimension %d of the left side has %d elements, and dimension %d of the right, its partner, %d", (int)left,
             (int)a, (int)right, (int)b);
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const a = c->in[LHS], *const b = c->in[RHS];
  op_tensor *const out = c->out[0];
  roles l, r;
  out->rank = -1;
  if (a->rank < 0 || b->rank < 0) return MOTE_OK;
  MOTE_TRY(roles_of(c, LHS, &l));
  MOTE_TRY(roles_of(c, RHS, &r));
  for (int32_t i = 0; i < l.batches; i++) MOTE_TRY(check_pair(c, l.batch[i], r.batch[i]));
  for (int32_t i = 0; i < l.contracts; i++) MOTE_TRY(check_pair(c, l.contract[i], r.contract[i]));
  OP_REQUIRE(c, l.batches + l.rests + r.rests <= OP_MAX_RANK, MOTE_ERR_SHAPE,
             "the result has %d dimensions; at most %d are supported", (int)(l.batches + l.rests + r.rests),
             OP_MAX_RANK);
  out->rank = 0;
  for (int32_t i = 0; i < l.batches; i++) {
    const int32_t dim = a->dims[l.batch[i]];
    out->dims[out->rank++] = dim < 0 ? b->dims[r.batch[i]] : dim;
  }
  for (int32_t i = 0; i < l.rests; i++) out->dims[out->rank++] = a->dims[l.rest[i]];
  for (int32_t i = 0; i < r.rests; i++) out->dims[out->rank++] = b->dims[r.rest[i]];
  return MOTE_OK;
}

static size_t span(const op_tensor *t, const int32_t *list, int32_t count) {
  size_t n = 1;
  for (int32_t i = 0; i < count; i++) n *= (size_t)t->dims[list[i]];
  return n;
}

/* The right side's part of the shape. Returns whether it lies so that products can read it. */
static bool right_shape(const op_tensor *b, const roles *r, int32_t order[OP_MAX_RANK], matmul_shape *s) {
  *s = (matmul_shape){.n = span(b, r->rest, r->rests), .k = span(b, r->contract, r->contracts), .rank = 1};
  s->size[0] = s->b_count = span(b, r->batch, r->batches);
  s->a_step[0] = s->b_step[0] = 1;
  order_of(r, true, order);
  if (products_ordered(b, order)) return true;
  order_of(r, false, order);
  s->b_turned = true;
  return products_ordered(b, order);
}

static mote_status prepare(op_ctx *c) {
  dot_params *const p = c->params;
  const op_tensor *const b = c->in[RHS];
  int32_t order[OP_MAX_RANK];
  matmul_shape s;
  roles r;
  if (!op_is_const(b) || !op_shape_known(b) || b->type != products_type(&p->numbers)) return MOTE_OK;
  MOTE_TRY(roles_of(c, RHS, &r));
  if (!right_shape(b, &r, order, &s)) return MOTE_OK;
  MOTE_TRY(matmul_prepare(c, &p->numbers, &s, b->data, &p->block));
  if (p->block) c->consumed |= 1u << RHS;
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  const dot_params *const p = c->params;
  dot_plan *const d = c->record;
  const op_tensor *const a = c->in[LHS], *const b = c->in[RHS];
  const mote_type type = products_type(&p->numbers), result = products_result(&p->numbers);
  int32_t order[OP_MAX_RANK];
  scratch_layout l = {0};
  matmul_shape s;
  roles left, right;
  size_t room;
  MOTE_TRY(roles_of(c, LHS, &left));
  MOTE_TRY(roles_of(c, RHS, &right));
  right_shape(b, &right, order, &s);
  products_lay(b, order, type, &l, &d->side[RHS]);
  s.m = span(a, left.rest, left.rests), s.a_count = s.b_count;
  order_of(&left, true, order);
  s.a_turned = products_ordered(a, order);
  order_of(&left, false, order);
  if (products_ordered(a, order)) s.a_turned = false;
  else if (s.a_turned) order_of(&left, true, order);
  products_lay(a, order, type, &l, &d->side[LHS]);
  MOTE_TRY(matmul_lay(c, &p->numbers, &s, p->block != NULL, &d->product, &room));
  d->converted = c->out[0]->type != result;
  d->products_at = scratch_part(&l, d->converted ? op_count(c->out[0]) : 0, (size_t)mote_type_bits(result) / 8);
  d->room_at = scratch_part(&l, 1, room);
  return scratch_done(c, &l);
}

static mote_status run(op_ctx *c) {
  const dot_params *const p = c->params;
  const dot_plan *const d = c->record;
  const op_tensor *const out = c->out[0];
  const mote_type type = products_type(&p->numbers);
  uint8_t *const scratch = c->scratch;
  const matmul_operands o = {
      .a = products_bring(c, c->in[LHS], type, &d->side[LHS], scratch),
      .b = p->block ? NULL : products_bring(c, c->in[RHS], type, &d->side[RHS], scratch),
      .out = d->converted ? scratch + d->products_at : out->data,
      .block = p->block,
  };
  MOTE_TRY(matmul_run(c, &p->numbers, &d->product, &o, scratch + d->room_at));
  if (d->converted) products_give(c, products_result(&p->numbers), o.out);
  return MOTE_OK;
}

const mote_op op_stablehlo_dot_general = {
    .name = "STABLEHLO_DOT_GENERAL",
    .code = sch_BuiltinOperator_STABLEHLO_DOT_GENERAL,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloDotGeneralOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = PRODUCTS_TYPES,
    .params_size = sizeof(dot_params),
    .record_size = sizeof(dot_plan),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Integers wrap, float16 and bfloat16 are added up in float32; bool is whether any pair is true; quantized "
             "operands "
             "are computed as the reals they stand for.",
};
