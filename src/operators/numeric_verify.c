/* numeric_verify.c: NumericVerify: how far a quantized tensor is from the floats that it stands for; on demand the run
 * fails where that is too far.
 */
#include <math.h>

#include "kernels/number.h"
#include "operators/flexbuffer.h"
#include "operators/op.h"

typedef struct verify_params {
  float tolerance; /* in steps of the scale */
  bool fails;
} verify_params;

static mote_status check(op_ctx *c) {
  verify_params *p = c->params;
  flex_value root, v;
  if (c->in[0]->type != MOTE_FLOAT16) MOTE_TRY(op_need_scale(c, c->in[0]));
  *p = (verify_params){0};
  OP_REQUIRE(c, flex_root(c->custom, c->custom_size, &root) && flex_is_map(&root), MOTE_ERR_MODEL,
             "the custom options are no FlexBuffer map; they hold 'tolerance' and 'log_if_failed'");
  if (flex_find(&root, "tolerance", &v)) flex_float(&v, &p->tolerance);
  if (flex_find(&root, "log_if_failed", &v)) flex_bool(&v, &p->fails);
  p->fails &= p->tolerance >= 0.1f; /* below it differences are only reported */
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[0], *reference = c->in[1];
  OP_REQUIRE(c, !op_shape_known(x) || !op_shape_known(reference) || op_same_dims(x, reference), MOTE_ERR_SHAPE,
             "the quantized tensor and its reference must have the same shape");
  op_same_shape(c->out[0], x);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  const op_tensor *x = c->in[0];
  const verify_params *p = c->params;
  const bool scaled = x->type != MOTE_FLOAT16;
  const float *reference = c->in[1]->data, far = p->tolerance * (scaled ? x->scale : 1);
  float *y = c->out[0]->data;
  const size_t n = op_count(x);
  num_convert(x->type, x->data, MOTE_FLOAT32, y, 0, n);
  for (size_t i = 0; i < n; i++) {
    const float value = scaled ? x->scale * (y[i] - (float)x->zero_point) : y[i];
    y[i] = value - reference[i];
    OP_REQUIRE(c, !p->fails || !(fabsf(y[i]) > far), MOTE_ERR_RUN,
               "element %zu stands for %g, and its reference is %g: more than %g steps of the scale away", i,
               (double)value, (double)reference[i], (double)p->tolerance);
  }
  return MOTE_OK;
}

#define VERIFY(symbol, operator_name)                                                                                  \
  const mote_op op_##symbol = {                                                                                        \
      .name = operator_name,                                                                                           \
      .code = sch_BuiltinOperator_CUSTOM,                                                                              \
      .versions = 1,                                                                                                   \
      .inputs_min = 2,                                                                                                 \
      .inputs_max = 2,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = "u8|i8|i16|f16 f32 > f32",                                                                              \
      .params_size = sizeof(verify_params),                                                                            \
      .check = check,                                                                                                  \
      .infer = infer,                                                                                                  \
      .run = run,                                                                                                      \
      .notes = "With log_if_failed and a tolerance of 0.1 or more, a difference of so many steps fails the run.",      \
  };

VERIFY(numeric_verify, "NumericVerify")
VERIFY(numeric_verify_capital, "NUMERIC_VERIFY")
