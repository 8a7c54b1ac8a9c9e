/* cast.c: elements as other types: CAST, BITCAST, REAL, IMAG, COMPLEX_ABS, and STABLEHLO_CONVERT.
 *
 * The conversions are kernels/number.h. Scales are not looked at; QUANTIZE and DEQUANTIZE are in quantize.c.
 */
#include <math.h>
#include <string.h>

#include "kernels/number.h"
#include "operators/move.h"
#include "operators/unary.h"

/* ---- CAST ---- */

typedef struct cast_params {
  mote_type from, to;
} cast_params;

static void convert(const void *x, void *y, size_t n, const void *params) {
  const cast_params *p = params;
  num_convert(p->from, x, p->to, y, 0, n);
}

static mote_status cast_run(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  const int32_t flip = x->type == MOTE_INT8 ? 0x80 : 0;
  const map_dequantize plain = {.flip = flip, .zero = flip, .scale = 1};
  const cast_params p = {x->type, y->type};
  if (x->type == y->type) {
    if (x->bytes && x->data != y->data) memcpy(y->data, x->data, x->bytes);
  } else if (y->type == MOTE_FLOAT32 && unary_is_8_bit(x)) unary_run(c, map_dequantize_8[c->isa], &plain);
  else if (y->type == MOTE_FLOAT32 && x->type == MOTE_INT16) unary_run(c, map_dequantize_16[c->isa], &plain);
  else if (y->type == MOTE_FLOAT32 && x->type == MOTE_FLOAT16) unary_run(c, map_widen_f16[c->isa], NULL);
  else unary_run(c, convert, &p);
  return MOTE_OK;
}

#define CAST_TYPES MOVE_TYPES "|i4|i2|u4"

#define CAST(symbol, code_name, version, ...)                                                                          \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = version,                                                                                             \
      .inputs_min = 1,                                                                                                 \
      .inputs_max = 1,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = CAST_TYPES " > " CAST_TYPES,                                                                            \
      .infer = unary_infer,                                                                                            \
      .run = cast_run,                                                                                                 \
      __VA_ARGS__,                                                                                                     \
  };

#define CAST_NOTE "Floats are truncated and saturate, NaN gives the largest; integers keep their low bits."

CAST(cast, CAST, 9, .options = sch_BuiltinOptions_CastOptions, .notes = CAST_NOTE)
CAST(stablehlo_convert, STABLEHLO_CONVERT, 1, .notes = CAST_NOTE)

/* ---- BITCAST ---- */

/* Wider elements take the last dimension, which must be as many as fit; narrower ones add one. */
static mote_status bitcast_infer(op_ctx *c) {
  const op_tensor *x = c->in[0];
  op_tensor *y = c->out[0];
  const int32_t from = mote_type_bits(x->type), to = mote_type_bits(y->type);
  op_same_shape(y, x);
  if (x->rank < 0 || from == to) return MOTE_OK;
  if (from > to) {
    OP_REQUIRE(c, x->rank < OP_MAX_RANK, MOTE_ERR_SHAPE,
               "the result would have %d dimensions; at most %d are supported", (int)x->rank + 1, OP_MAX_RANK);
    y->dims[y->rank++] = from / to;
    return MOTE_OK;
  }
  OP_REQUIRE(c, x->rank > 0 && (x->dims[x->rank - 1] < 0 || x->dims[x->rank - 1] == to / from), MOTE_ERR_SHAPE,
             "the last dimension must be %d, the elements that make one of the output's", (int)(to / from));
  y->rank--;
  return MOTE_OK;
}

static mote_status bitcast_run(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  if (x->bytes && x->data != y->data) memcpy(y->data, x->data, x->bytes);
  return MOTE_OK;
}

const mote_op op_bitcast = {
    .name = "BITCAST",
    .code = sch_BuiltinOperator_BITCAST,
    .versions = 1,
    .options = sch_BuiltinOptions_BitcastOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_TYPES " > " MOVE_TYPES,
    .traits = OP_ALIAS,
    .infer = bitcast_infer,
    .run = bitcast_run,
    .notes = "Wider elements take the last dimension; narrower ones add one.",
};

/* ---- parts of complex numbers ---- */

enum { PART_REAL, PART_IMAG, PART_ABS };

typedef struct part_params {
  int32_t part;
  bool wide;
} part_params;

static void take_part(const void *vx, void *vy, size_t n, const void *params) {
  const part_params *p = params;
  if (p->wide) {
    const double *x = vx;
    double *y = vy;
    for (size_t i = 0; i < n; i++)
      y[i] = p->part == PART_ABS ? hypot(x[2 * i], x[2 * i + 1]) : x[2 * i + (size_t)p->part];
  } else {
    const float *x = vx;
    float *y = vy;
    for (size_t i = 0; i < n; i++)
      y[i] = p->part == PART_ABS ? hypotf(x[2 * i], x[2 * i + 1]) : x[2 * i + (size_t)p->part];
  }
}

static mote_status part_run(op_ctx *c) {
  const int32_t code = c->op->code;
  const part_params p = {.wide = c->in[0]->type == MOTE_COMPLEX128,
                         .part = code == sch_BuiltinOperator_REAL   ? PART_REAL
                                 : code == sch_BuiltinOperator_IMAG ? PART_IMAG
                                                                    : PART_ABS};
  unary_run(c, take_part, &p);
  return MOTE_OK;
}

#define PART(symbol, code_name)                                                                                        \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = 1,                                                                                                   \
      .inputs_min = 1,                                                                                                 \
      .inputs_max = 1,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = "c64 > f32; c128 > f64",                                                                                \
      .infer = unary_infer,                                                                                            \
      .run = part_run,                                                                                                 \
  };

PART(real, REAL)
PART(imag, IMAG)
PART(complex_abs, COMPLEX_ABS)
