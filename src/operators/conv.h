/* conv.h: what CONV_2D and DEPTHWISE_CONV_2D share: geometry, checks, multipliers. */
#ifndef OPERATORS_CONV_H
#define OPERATORS_CONV_H

#include "base/fixed.h"
#include "operators/op.h"

/* Operands of both. */
enum { CONV_INPUT, CONV_FILTER, CONV_BIAS };

typedef enum conv_kind {
  CONV_F32,
  CONV_8,     /* int8 or uint8, int32 accumulators */
  CONV_16,    /* int16 by int8, accumulators as wide as the bias */
  CONV_HYBRID /* float32 by int8: images are quantized in the run */
} conv_kind;

/* The options of either operator. */
typedef struct conv_attr {
  int32_t padding, stride_h, stride_w, dilation_h, dilation_w;
  int32_t activation;
  int32_t bias_type;    /* sch_TensorType_..., FLOAT32: not said */
  int32_t axis;         /* of the filter's output channels: 0, or 3 when depthwise */
  const uint8_t *order; /* where the operands stand among the inputs; NULL: input, filter, bias */
} conv_attr;

/* Sizes of one plan. */
typedef struct conv_shape {
  int32_t batches, in_h, in_w, in_c;
  int32_t filter_h, filter_w, filter_c; /* filter_c: input channels that an output sees; depthwise: 1 */
  int32_t out_h, out_w, out_c;
  int32_t stride_h, stride_w, dilation_h, dilation_w;
  int32_t before_h, before_w; /* padding */
} conv_shape;

/* Parameters of both. */
typedef struct conv_base {
  conv_kind kind;
  bool wide;        /* CONV_16: int64 accumulators */
  float lo, hi;     /* fused activation of float outputs ... */
  int32_t qlo, qhi; /* ... and of integer ones */
} conv_base;

static inline bool conv_is_depthwise(const conv_attr *a) { return a->axis == 3; }
/* Input i, NULL when it is omitted or beyond the file's count. */
static inline const op_tensor *conv_input(const op_ctx *c, int i) { return i < c->num_inputs ? c->in[i] : NULL; }

/* The same of an operator whose inputs are in another order. */
static inline const op_tensor *conv_operand(const op_ctx *c, const conv_attr *a, int i) {
  return conv_input(c, a->order ? a->order[i] : i);
}

mote_status conv_check(op_ctx *c, const conv_attr *a, conv_base *base);
mote_status conv_infer(op_ctx *c, const conv_attr *a);
/* A bias, and scales, for each output channel. */
mote_status conv_check_counts(op_ctx *c, const conv_attr *a, int32_t out_c);
/* All shapes are known and inferred. */
mote_status conv_shape_of(op_ctx *c, const conv_attr *a, conv_shape *s);
/* Channels and filter sizes, as far as a constant filter and the declared input tell them before shapes are inferred;
 * in_c is -1 when it is not known. False: nothing sound can be made of them yet. */
bool conv_filter_of(const op_ctx *c, const conv_attr *a, conv_shape *s);

/* Fails when an input is too large to be quantized in the run (hybrid). */
mote_status conv_check_quantizable(op_ctx *c, const conv_attr *a);

/* Multiplier of each output channel: scale_in * scale_w[ch] / scale_out. */
void conv_multipliers(const op_ctx *c, const conv_attr *a, size_t channels, fx_mult *mult);

#endif
