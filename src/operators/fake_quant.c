/* fake_quant.c: FAKE_QUANT: floats as if they had been quantized: rounded to the steps of a range that is moved so that
 * 0 is one of them.
 */
#include <math.h>

#include "operators/unary.h"

typedef struct fake_quant_params {
  float lo, hi, scale;
} fake_quant_params;

static mote_status check(op_ctx *c) {
  const sch_FakeQuantOptions *o = c->options;
  fake_quant_params *p = c->params;
  OP_REQUIRE(c, o->num_bits >= 2 && o->num_bits <= 16, MOTE_ERR_MODEL, "num_bits is %d; it must lie in [2, 16]",
             (int)o->num_bits);
  OP_REQUIRE(c, isfinite(o->min) && isfinite(o->max) && o->min < o->max, MOTE_ERR_MODEL,
             "the range from %g to %g is empty or infinite", (double)o->min, (double)o->max);
  const float least = o->narrow_range ? 1 : 0, most = (float)((1 << o->num_bits) - 1);
  p->scale = (o->max - o->min) / (most - least);
  const float zero = least - o->min / p->scale;
  const float nudged = zero < least ? least : zero > most ? most : roundf(zero);
  p->lo = (least - nudged) * p->scale;
  p->hi = (most - nudged) * p->scale;
  return MOTE_OK;
}

static void round_to_steps(const void *vx, void *vy, size_t n, const void *params) {
  const fake_quant_params p = *(const fake_quant_params *)params;
  const float inverse = 1 / p.scale, *x = vx;
  float *y = vy;
  for (size_t i = 0; i < n; i++) {
    const float inside = x[i] < p.lo ? p.lo : x[i] > p.hi ? p.hi : x[i];
    y[i] = roundf((inside - p.lo) * inverse) * p.scale + p.lo;
  }
}

static mote_status run(op_ctx *c) {
  unary_run(c, round_to_steps, c->params);
  return MOTE_OK;
}

const mote_op op_fake_quant = {
    .name = "FAKE_QUANT",
    .code = sch_BuiltinOperator_FAKE_QUANT,
    .versions = 2,
    .options = sch_BuiltinOptions_FakeQuantOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 > f32",
    .traits = OP_INPLACE_0,
    .params_size = sizeof(fake_quant_params),
    .check = check,
    .infer = unary_infer,
    .run = run,
};
