/* concatenation.c: CONCATENATION and STABLEHLO_CONCATENATE. Inputs are joined along one axis; uint8 inputs of another
 * scale are requantised, and a fused activation is applied to what was joined. */
#include <math.h>

#include "base/fixed.h"
#include "kernels/map.h"
#include "kernels/math_f32.h"
#include "operators/move.h"

typedef struct concat_params {
  int32_t activation;
  map_clamp bounds;       /* of the activations that are bounds */
  uint8_t (*tables)[256]; /* [num_inputs], for uint8 inputs whose quantization is not the output's; NULL: none is */
} concat_params;

/* Where inputs are joined; STABLEHLO_CONCATENATE, which has no activation, says it in another option. */
static mote_status joined_axis(op_ctx *c, int32_t rank, int32_t *axis) {
  if (c->op->options_2) return op_axis(c, ((const sch_StablehloConcatenateOptions *)c->options)->dimension, rank, axis);
  return op_axis(c, ((const sch_ConcatenationOptions *)c->options)->axis, rank, axis);
}

static bool same_quantization(const op_tensor *a, const op_tensor *b) {
  return a->scale == b->scale && a->zero_point == b->zero_point;
}

static mote_status check(op_ctx *c) {
  const op_tensor *const out = c->out[0];
  const int32_t activation = c->op->options_2
                                 ? (int32_t)sch_ActivationFunctionType_NONE
                                 : ((const sch_ConcatenationOptions *)c->options)->fused_activation_function;
  concat_params *const p = c->params;
  OP_REQUIRE(c, activation == sch_ActivationFunctionType_NONE || out->type == MOTE_FLOAT32, MOTE_ERR_UNSUPPORTED,
             "fused activation %d is supported for float32 alone; put an operator of its own behind this one",
             (int)activation);
  p->activation = activation;
  MOTE_TRY(op_activation_f32(c, activation, &p->bounds.lo, &p->bounds.hi));
  for (int32_t i = 0; i < c->num_inputs; i++) {
    const op_tensor *const in = c->in[i];
    if (out->type == MOTE_INT8)
      OP_REQUIRE(c, same_quantization(in, out), MOTE_ERR_MODEL,
                 "input %d has scale %g and zero point %d, the output %g and %d; int8 is joined as it is, so they must "
                 "be equal",
                 (int)i, (double)in->scale, (int)in->zero_point, (double)out->scale, (int)out->zero_point);
    if (out->type == MOTE_INT16)
      OP_REQUIRE(c, in->zero_point == 0 && out->zero_point == 0, MOTE_ERR_MODEL,
                 "input %d has zero point %d and the output %d; int16 is symmetric, so both must be 0", (int)i,
                 (int)in->zero_point, (int)out->zero_point);
    if (out->type == MOTE_UINT8 && !same_quantization(in, out)) {
      MOTE_TRY(op_need_scale(c, in));
      MOTE_TRY(op_need_scale(c, out));
    }
  }
  return MOTE_OK;
}

/* q' = round(q * s + b) + z_out with s = s_in * (1 / s_out) and b = -z_in * s, all in float, as the reference does. */
static void fill_table(uint8_t *table, const op_tensor *in, const op_tensor *out) {
  const float inverse = 1.0f / out->scale, scale = in->scale * inverse;
  const float bias = (float)-in->zero_point * scale;
  for (int32_t q = 0; q < 256; q++) {
    const float x = (float)q * scale + bias;
    table[q] = (uint8_t)fx_clamp((int64_t)fx_to_i32(fx_round((double)x)) + out->zero_point, 0, 255);
  }
}

static mote_status prepare(op_ctx *c) {
  const op_tensor *const out = c->out[0];
  concat_params *const p = c->params;
  bool differ = false;
  for (int32_t i = 0; i < c->num_inputs; i++) differ |= !same_quantization(c->in[i], out);
  if (out->type != MOTE_UINT8 || !differ) return MOTE_OK;
  const size_t bytes = (size_t)c->num_inputs * sizeof *p->tables;
  p->tables = op_alloc(c, bytes);
  if (!p->tables) return op_no_memory(c, bytes);
  for (int32_t i = 0; i < c->num_inputs; i++) fill_table(p->tables[i], c->in[i], out);
  return MOTE_OK;
}

/* Scalars are joined as vectors of one element. */
static int32_t joined_rank(const op_tensor *t) { return t->rank == 0 ? 1 : t->rank; }
static int32_t joined_dim(const op_tensor *t, int32_t i) { return t->rank == 0 ? 1 : t->dims[i]; }

/* Adds one input's shape to the output's. */
static mote_status join(op_ctx *c, int32_t index, int32_t axis) {
  const op_tensor *const in = c->in[index];
  op_tensor *const out = c->out[0];
  OP_REQUIRE(c, joined_rank(in) == out->rank, MOTE_ERR_SHAPE,
             "input %d has %d dimensions and input 0 has %d; they must be equal", (int)index, (int)joined_rank(in),
             (int)out->rank);
  for (int32_t i = 0; i < out->rank; i++) {
    const int32_t n = joined_dim(in, i);
    if (i == axis) {
      OP_REQUIRE(c, out->dims[i] < 0 || n < 0 || (int64_t)out->dims[i] + n <= INT32_MAX, MOTE_ERR_SHAPE,
                 "the joined dimension %d is larger than %d", (int)i, INT32_MAX);
      out->dims[i] = out->dims[i] < 0 || n < 0 ? -1 : out->dims[i] + n;
    } else {
      OP_REQUIRE(c, out->dims[i] < 0 || n < 0 || out->dims[i] == n, MOTE_ERR_SHAPE,
                 "dimension %d of input %d is %d, but %d in an input before it; all but axis %d must be equal", (int)i,
                 (int)index, (int)n, (int)out->dims[i], (int)axis);
      if (out->dims[i] < 0) out->dims[i] = n;
    }
  }
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  op_tensor *const out = c->out[0];
  int32_t first = -1; /* the first input whose rank is known */
  bool all = true;
  for (int32_t i = c->num_inputs - 1; i >= 0; i--) {
    if (c->in[i]->rank >= 0) first = i;
    else all = false;
  }
  if (first < 0) {
    out->rank = -1;
    return MOTE_OK;
  }
  int32_t axis;
  move_unknown(out, joined_rank(c->in[first]));
  MOTE_TRY(joined_axis(c, out->rank, &axis));
  out->dims[axis] = 0;
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i]->rank >= 0) MOTE_TRY(join(c, i, axis));
  if (!all) out->dims[axis] = -1;
  return MOTE_OK;
}

/* Rows of one input that are translated by a table. */
typedef struct translation {
  uint8_t *to;
  const uint8_t *from, *table;
  size_t to_step, bytes, rows, tasks;
} translation;

static void translate_task(void *arg, size_t task, int worker) {
  (void)worker;
  const translation *const t = arg;
  for (size_t row = t->rows * task / t->tasks; row < t->rows * (task + 1) / t->tasks; row++)
    for (size_t i = 0; i < t->bytes; i++) t->to[row * t->to_step + i] = t->table[t->from[row * t->bytes + i]];
}

static void translate(op_ctx *c, translation t) {
  const size_t wanted = t.rows * t.bytes / (32 * 1024);
  t.tasks = wanted < 1 ? 1 : wanted > t.rows ? t.rows : wanted;
  if (t.rows && t.bytes) op_parallel(c, t.tasks, translate_task, &t);
}

enum { ACTIVATED = 16 * 1024 }; /* elements of one task */

static void activate_task(void *arg, size_t task, int worker) {
  (void)worker;
  const op_ctx *const c = arg;
  const concat_params *const p = c->params;
  const size_t first = task * ACTIVATED, rest = op_count(c->out[0]) - first, n = rest < ACTIVATED ? rest : ACTIVATED;
  float *const y = (float *)c->out[0]->data + first;
  switch (p->activation) {
    case sch_ActivationFunctionType_TANH:
      for (size_t i = 0; i < n; i++) y[i] = math_tanh(y[i]);
      return;
    case sch_ActivationFunctionType_SIGN_BIT:
      for (size_t i = 0; i < n; i++) y[i] = signbit(y[i]) ? 1.0f : 0.0f;
      return;
    default: map_clamp_f32[c->isa](y, y, n, &p->bounds); return;
  }
}

static mote_status move(op_ctx *c) {
  op_tensor *const out = c->out[0];
  const concat_params *const p = c->params;
  int32_t axis;
  MOTE_TRY(joined_axis(c, out->rank, &axis));
  const size_t rows = op_span(out, 0, axis), element = (size_t)move_element(out->type);
  const size_t out_bytes = op_span(out, axis, out->rank) * element;
  uint8_t *to = out->data;
  for (int32_t i = 0; i < c->num_inputs; i++) {
    const op_tensor *const in = c->in[i];
    const size_t bytes = op_span(in, in->rank ? axis : 0, in->rank) * element;
    if (p->tables && !same_quantization(in, out))
      translate(c, (translation){to, in->data, p->tables[i], out_bytes, bytes, rows, 0});
    else move_rows(c, to, (int64_t)out_bytes, in->data, (int64_t)bytes, (int64_t)rows, (int64_t)bytes);
    to += bytes;
  }
  if (p->activation != sch_ActivationFunctionType_NONE)
    op_parallel(c, (op_count(out) + ACTIVATED - 1) / ACTIVATED, activate_task, c);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) { return move_any(c, move); }

const mote_op op_concatenation = {
    .name = "CONCATENATION",
    .code = sch_BuiltinOperator_CONCATENATION,
    .versions = 7,
    .options = sch_BuiltinOptions_ConcatenationOptions,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " = ... > =",
    .params_size = sizeof(concat_params),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = move_plan,
    .run = run,
    .notes = "uint8 inputs may differ in scale; int8 inputs must have the output's. Fused activations: float32.",
};

const mote_op op_stablehlo_concatenate = {
    .name = "STABLEHLO_CONCATENATE",
    .code = sch_BuiltinOperator_STABLEHLO_CONCATENATE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloConcatenateOptions,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " = ... > =",
    .params_size = sizeof(concat_params),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = move_plan,
    .run = run,
    .notes = "uint8 inputs may differ in scale; int8 inputs must have the output's.",
};
