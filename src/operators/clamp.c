/* clamp.c: STABLEHLO_CLAMP: elements kept between two bounds, each of which is one element or has the operand's shape.
 */
#include "kernels/arith.h"
#include "operators/broadcast.h"

enum { LO, X, HI };

typedef struct clamp_plan {
  broadcast_plan lo, hi;
} clamp_plan;

static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[X];
  for (int i = LO; i <= HI; i += HI - LO) {
    const op_tensor *bound = c->in[i];
    OP_REQUIRE(c, !op_shape_known(bound) || !op_shape_known(x) || bound->rank == 0 || op_same_dims(bound, x),
               MOTE_ERR_SHAPE, "input %d, a bound, must be a scalar or have the operand's shape", i);
  }
  op_same_shape(c->out[0], x);
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  clamp_plan *p = c->record;
  broadcast_plan_of(&p->lo, c->in[LO], c->in[X], c->out[0]);
  broadcast_plan_of(&p->hi, c->in[HI], c->out[0], c->out[0]);
  return MOTE_OK;
}

/* min(max(x, lo), hi), the second step on the result of the first. */
static mote_status run(op_ctx *c) {
  const clamp_plan *p = c->record;
  arith a = {.type = c->in[X]->type, .op = &arith_max, .lo = 1, .hi = 0};
  broadcast_run(c, &p->lo, c->in[LO], c->in[X], kern_arith_run, &a);
  a.op = &arith_min;
  broadcast_run(c, &p->hi, c->in[HI], c->out[0], kern_arith_run, &a);
  return MOTE_OK;
}

const mote_op op_stablehlo_clamp = {
    .name = "STABLEHLO_CLAMP",
    .code = sch_BuiltinOperator_STABLEHLO_CLAMP,
    .versions = 1,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|f16|bf16|f64|i8|u8|i16|u16|i32|u32|i64|u64 = = > =",
    .record_size = sizeof(clamp_plan),
    .infer = infer,
    .plan = plan,
    .run = run,
};
