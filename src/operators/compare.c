/* compare.c: comparisons of two operands that broadcast: LESS, LESS_EQUAL.
 *
 * A comparison with NaN is false. The loops are kernels/binary.h.
 */
#include "kernels/binary.h"
#include "operators/broadcast.h"
#include "operators/op.h"

static compare_kind kind_of(const op_ctx *c) {
  return c->op->code == sch_BuiltinOperator_LESS ? COMPARE_LESS : COMPARE_LESS_EQUAL;
}

/* 8-bit operands are compared after rescaling each by its own scale, with 8 spare bits below: what the reference does,
 * though equal real values may so compare unequal. Without scales they are plain integers. */
static mote_status check(op_ctx *c) {
  const op_tensor *a = c->in[0], *b = c->in[1];
  if (a->type != MOTE_INT8 && a->type != MOTE_UINT8) return MOTE_OK;
  binary_quant *q = c->params;
  const bool plain = !a->quant->count && !b->quant->count;
  if (!plain) {
    MOTE_TRY(op_need_scale(c, a));
    MOTE_TRY(op_need_scale(c, b));
  }
  q->flip = a->type == MOTE_INT8 ? 0x80 : 0;
  q->a_zero = a->zero_point + q->flip;
  q->b_zero = b->zero_point + q->flip;
  q->left = 8;
  q->a = fx_quantize_multiplier(plain ? 1 : a->scale);
  q->b = fx_quantize_multiplier(plain ? 1 : b->scale);
  q->hi = 1;
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) { return op_broadcast(c, c->in[0], c->in[1], c->out[0]); }

static mote_status plan(op_ctx *c) {
  broadcast_plan_of(c->record, c->in[0], c->in[1], c->out[0]);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  const binary_kernels *k = kern_binary(c->isa);
  const compare_kind kind = kind_of(c);
  binary_fn f = k->compare_q8[kind];
  switch ((int)c->in[0]->type) {
    case MOTE_FLOAT32: f = k->compare_f32[kind]; break;
    case MOTE_INT16: f = k->compare_i16[kind]; break;
    case MOTE_INT32: f = k->compare_i32[kind]; break;
    case MOTE_INT64: f = k->compare_i64[kind]; break;
  }
  broadcast_run(c, c->record, c->in[0], c->in[1], f, c->params);
  return MOTE_OK;
}

#define COMPARE_COMMON                                                                                                 \
  .inputs_min = 2, .inputs_max = 2, .outputs_min = 1, .outputs_max = 1, .params_size = sizeof(binary_quant),           \
  .record_size = sizeof(broadcast_plan), .check = check, .infer = infer, .plan = plan, .run = run

const mote_op op_less = {
    .name = "LESS",
    .code = sch_BuiltinOperator_LESS,
    .versions = 3,
    .options = sch_BuiltinOptions_LessOptions,
    .types = "f32|i16|i32|i64|i8|u8 = > bool",
    COMPARE_COMMON,
};

const mote_op op_less_equal = {
    .name = "LESS_EQUAL",
    .code = sch_BuiltinOperator_LESS_EQUAL,
    .versions = 2,
    .options = sch_BuiltinOptions_LessEqualOptions,
    .types = "f32|i16|i32|i64|i8|u8 = > bool",
    COMPARE_COMMON,
};
