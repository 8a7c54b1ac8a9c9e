/* prelu.c: PRELU: x where x >= 0, x times alpha elsewhere; alpha broadcasts to the shape of x. */
#include "kernels/binary.h"
#include "operators/broadcast.h"
#include "operators/op.h"

static mote_status check(op_ctx *c) {
  const op_tensor *x = c->in[0], *alpha = c->in[1], *y = c->out[0];
  if (x->type == MOTE_FLOAT32) return MOTE_OK;
  MOTE_TRY(op_need_scale(c, x));
  MOTE_TRY(op_need_scale(c, alpha));
  MOTE_TRY(op_need_scale(c, y));
  binary_quant *q = c->params;
  q->flip = x->type == MOTE_INT8 ? 0x80 : 0;
  q->a_zero = x->zero_point + q->flip;
  q->b_zero = alpha->zero_point + q->flip;
  q->y_zero = y->zero_point;
  /* Ratios in float, as the reference has them. */
  q->a = fx_quantize_multiplier(x->scale / y->scale);
  q->y = fx_quantize_multiplier(x->scale * alpha->scale / y->scale);
  op_type_range(y->type, &q->lo, &q->hi);
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[0], *alpha = c->in[1];
  op_tensor *y = c->out[0];
  MOTE_TRY(op_broadcast(c, x, alpha, y));
  OP_REQUIRE(c, !op_shape_known(x) || !op_shape_known(alpha) || op_same_dims(x, y), MOTE_ERR_SHAPE,
             "alpha must broadcast to the shape of the input, and here it is the larger of the two");
  op_same_shape(y, x);
  return MOTE_OK;
}

/* Beside int16 x the reference reads alpha as int8, byte by byte, even where the file calls it int16; files made for it
 * depend on that. Kernels take one type, so these bytes are widened. */
static bool widens(const op_ctx *c) { return c->in[0]->type == MOTE_INT16; }

static mote_status plan(op_ctx *c) {
  broadcast_plan_of(c->record, c->in[0], c->in[1], c->out[0]);
  if (widens(c)) c->scratch_size = op_count(c->in[1]) * sizeof(int16_t);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  const mote_type type = c->in[0]->type;
  op_tensor alpha = *c->in[1];
  if (widens(c)) {
    int16_t *wide = c->scratch;
    const size_t n = op_count(&alpha);
    for (size_t i = 0; i < n; i++) wide[i] = ((const int8_t *)alpha.data)[i];
    alpha.data = wide;
    alpha.type = MOTE_INT16;
  }
  const binary_fn *const f = type == MOTE_FLOAT32 ? binary_prelu_f32
                             : type == MOTE_INT16 ? binary_prelu_q16
                                                  : binary_prelu_q8;
  broadcast_run(c, c->record, c->in[0], &alpha, f[c->isa], c->params);
  return MOTE_OK;
}

const mote_op op_prelu = {
    .name = "PRELU",
    .code = sch_BuiltinOperator_PRELU,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 f32 > f32; i8 i8 > i8; u8 u8 > u8; i16 i16|i8 > i16",
    .traits = OP_INPLACE_0,
    .params_size = sizeof(binary_quant),
    .record_size = sizeof(broadcast_plan),
    .check = check,
    .infer = infer,
    .plan = plan,
    .run = run,
};
