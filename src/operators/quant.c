/* quant.c: per-tensor quantization and fused activations, as ranges. */
#include <float.h>

#include "base/fixed.h"
#include "operators/op.h"

/* The bounds of a fused activation; `low` and `high` say which of them exist. */
typedef struct bounds {
  bool low, high;
  float lo, hi;
} bounds;

static mote_status activation_bounds(op_ctx *c, int32_t activation, bounds *b) {
  switch (activation) {
    case sch_ActivationFunctionType_NONE:
    case sch_ActivationFunctionType_TANH: /* the reference kernels take these two for NONE */
    case sch_ActivationFunctionType_SIGN_BIT: *b = (bounds){false, false, 0, 0}; return MOTE_OK;
    case sch_ActivationFunctionType_RELU: *b = (bounds){true, false, 0, 0}; return MOTE_OK;
    case sch_ActivationFunctionType_RELU_N1_TO_1: *b = (bounds){true, true, -1, 1}; return MOTE_OK;
    case sch_ActivationFunctionType_RELU6: *b = (bounds){true, true, 0, 6}; return MOTE_OK;
    default: return op_fail(c, MOTE_ERR_MODEL, "fused activation %d does not exist", (int)activation);
  }
}

mote_status op_activation_f32(op_ctx *c, int32_t activation, float *lo, float *hi) {
  bounds b = {false, false, 0, 0};
  MOTE_TRY(activation_bounds(c, activation, &b));
  *lo = b.low ? b.lo : -FLT_MAX;
  *hi = b.high ? b.hi : FLT_MAX;
  return MOTE_OK;
}

/* Q(v) = zero point + round(v / scale), the quotient in float, within the type. */
static int32_t quantize_bound(const op_tensor *t, float v, int32_t type_lo, int32_t type_hi) {
  const float q = v / t->scale;
  return fx_clamp((int64_t)t->zero_point + fx_to_i32(fx_round(q)), type_lo, type_hi);
}

mote_status op_activation_quant(op_ctx *c, int32_t activation, const op_tensor *t, int32_t *lo, int32_t *hi) {
  bounds b = {false, false, 0, 0};
  MOTE_TRY(activation_bounds(c, activation, &b));
  int32_t type_lo, type_hi;
  op_type_range(t->type, &type_lo, &type_hi);
  *lo = b.low ? quantize_bound(t, b.lo, type_lo, type_hi) : type_lo;
  *hi = b.high ? quantize_bound(t, b.hi, type_lo, type_hi) : type_hi;
  return MOTE_OK;
}

mote_status op_need_scale(op_ctx *c, const op_tensor *t) {
  if (t->scale > 0 && isfinite(t->scale)) return MOTE_OK;
  bool output = false;
  int32_t at = -1;
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i] == t) at = i;
  for (int32_t i = 0; i < c->num_outputs && at < 0; i++)
    if (c->out[i] == t) output = true, at = i;
  const char *const kind = output ? "output" : at < 0 ? "tensor" : "input";
  if (t->quant->count > 1)
    return op_fail(c, MOTE_ERR_MODEL, "%s %d is quantized per channel, and this operator takes one scale per tensor",
                   kind, (int)at);
  return op_fail(c, MOTE_ERR_MODEL, "%s %d is %s without a quantization scale greater than 0", kind, (int)at,
                 mote_type_name(t->type));
}
