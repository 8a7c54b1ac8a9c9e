/* svdf.c: SVDF: a layer whose weights over input and time are products of two vectors each, `rank` of them a unit
 * (Nakkiran et al. 2015, "Compressing Deep Neural Networks using a Rank-Constrained Topology").
 *
 *   state[f] = the last products of filter f with the input, one a time step
 *   unit u   = activation(bias + sum over its filters of time weights . state)
 */
#include <string.h>

#include "base/fixed.h"
#include "base/size.h"
#include "kernels/dots.h"
#include "kernels/lstm_f32.h"
#include "operators/lstm.h"
#include "operators/product.h"

enum { INPUT, FEATURE, TIME, BIAS, STATE, INPUTS };

typedef struct svdf_params {
  const void *block; /* of float and hybrid features */
  lstm_activation activation;
  fx_mult feature, time;
  int32_t rank;
  bool asymmetric;
} svdf_params;

typedef struct svdf_record {
  product_record product;
  uint64_t features, time; /* products with the input; time weights as floats */
} svdf_record;

static bool is_integer(const op_ctx *c) { return c->in[INPUT]->type == MOTE_INT8; }

/* ---- check, prepare ---- */

static mote_status check(op_ctx *c) {
  const sch_SVDFOptions *const o = c->options;
  svdf_params *const p = c->params;
  p->rank = o->rank;
  p->asymmetric = o->asymmetric_quantize_inputs;
  OP_REQUIRE(c, p->rank >= 1, MOTE_ERR_MODEL, "its rank is %d; it must be 1 or more", (int)p->rank);
  OP_REQUIRE(c, c->in[STATE]->flags & OP_VARIABLE, MOTE_ERR_MODEL, "the state must be a variable");
  MOTE_TRY(lstm_activation_of(c, o->fused_activation_function, &p->activation));
  if (!is_integer(c)) return MOTE_OK;
  for (int i = 0; i < INPUTS; i++)
    if (i != BIAS) MOTE_TRY(op_need_scale(c, c->in[i]));
  return op_need_scale(c, c->out[0]);
}

static fx_mult multiplier(const op_tensor *a, const op_tensor *b, const op_tensor *out) {
  return fx_quantize_multiplier((double)a->scale * (double)b->scale / (double)out->scale);
}

static mote_status prepare(op_ctx *c) {
  svdf_params *const p = c->params;
  if (!is_integer(c)) {
    if (c->in[TIME]->type != MOTE_FLOAT32) MOTE_TRY(op_need_scale(c, c->in[TIME]));
    return product_pack(c, c->in[FEATURE], &p->block);
  }
  p->feature = multiplier(c->in[INPUT], c->in[FEATURE], c->in[STATE]);
  p->time = multiplier(c->in[STATE], c->in[TIME], c->out[0]);
  return MOTE_OK;
}

/* ---- shapes ---- */

static bool fits(int32_t dim, int32_t want) { return dim < 0 || want < 0 || dim == want; }

static mote_status infer(op_ctx *c) {
  const op_tensor *const x = c->in[INPUT], *const w = c->in[FEATURE], *const t = c->in[TIME], *const b = c->in[BIAS];
  const int32_t rank = ((const svdf_params *)c->params)->rank;
  OP_REQUIRE(c, x->rank < 0 || x->rank == 2, MOTE_ERR_SHAPE, "the input must have two dimensions: batch, elements");
  OP_REQUIRE(c, w->rank < 0 || (w->rank == 2 && fits(w->dims[1], x->rank == 2 ? x->dims[1] : -1)), MOTE_ERR_SHAPE,
             "the feature weights must have shape [filters, elements of the input]");
  const int32_t filters = w->rank == 2 ? w->dims[0] : -1;
  OP_REQUIRE(c, t->rank < 0 || (t->rank == 2 && fits(t->dims[0], filters)), MOTE_ERR_SHAPE,
             "the time weights must have shape [%d filters, steps]", (int)filters);
  OP_REQUIRE(c, t->rank < 0 || t->dims[1] != 0, MOTE_ERR_SHAPE, "the time weights have no steps");
  OP_REQUIRE(c, filters < 0 || filters % rank == 0, MOTE_ERR_SHAPE,
             "%d filters are no whole number of units of rank %d", (int)filters, (int)rank);
  const int32_t units = filters < 0 ? -1 : filters / rank;
  OP_REQUIRE(c, !b || b->rank < 0 || (b->rank == 1 && fits(b->dims[0], units)), MOTE_ERR_SHAPE,
             "the bias must have shape [%d]", (int)units);
  op_set_shape(c->out[0], 2, (const int32_t[]){x->rank == 2 ? x->dims[0] : -1, units});
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  const op_tensor *const w = c->in[FEATURE], *const t = c->in[TIME];
  const svdf_params *const p = c->params;
  svdf_record *const r = c->record;
  const size_t batch = (size_t)c->in[INPUT]->dims[0], filters = (size_t)w->dims[0];
  size_t features = 0;
  scratch_layout l = {0};
  MOTE_TRY(sequence_state(c, c->in[STATE], (int64_t)batch, (int64_t)op_count(t), "state"));
  if (!size_mul(batch, filters, &features)) l.too_large = true;
  c->macs = (uint64_t)batch * (op_count(w) + op_count(t));
  r->features = scratch_part(&l, features, sizeof(float));
  if (is_integer(c)) return scratch_done(c, &l);
  product_plan(c, w, p->block, batch, &l, &r->product);
  if (t->type != MOTE_FLOAT32) r->time = scratch_part(&l, op_count(t), sizeof(float));
  return scratch_done(c, &l);
}

/* ---- run ---- */

/* Drops the oldest product of every filter; the place of the newest holds nothing yet. */
static void shift(const op_tensor *state, size_t element) {
  if (state->bytes > element) memmove(state->data, (const uint8_t *)state->data + element, state->bytes - element);
}

static const float *time_weights(op_ctx *c) {
  const op_tensor *const t = c->in[TIME];
  if (t->type == MOTE_FLOAT32) return t->data;
  float *const to = (float *)(void *)((uint8_t *)c->scratch + ((const svdf_record *)c->record)->time);
  for (size_t i = 0; i < op_count(t); i++) to[i] = t->scale * ((const int8_t *)t->data)[i];
  return to;
}

static void run_float(op_ctx *c) {
  const svdf_params *const p = c->params;
  const svdf_record *const r = c->record;
  const size_t batch = (size_t)c->out[0]->dims[0], units = (size_t)c->out[0]->dims[1];
  const size_t filters = (size_t)c->in[FEATURE]->dims[0], memory = (size_t)c->in[TIME]->dims[1];
  float *const features = (float *)(void *)((uint8_t *)c->scratch + r->features), *const y = c->out[0]->data;
  float *const state = c->in[STATE]->data;
  const float *const bias = c->in[BIAS] ? c->in[BIAS]->data : NULL, *const time = time_weights(c);
  const product features_of = product_begin(c, c->in[FEATURE], p->block, &r->product, p->asymmetric);
  memset(features, 0, batch * filters * sizeof *features);
  product_add(&features_of, c->in[INPUT]->data, batch, features);
  shift(c->in[STATE], sizeof *state);
  for (size_t i = 0; i < batch * filters; i++) {
    state[i * memory + memory - 1] = features[i];
    features[i] = dot_f32(time + i % filters * memory, state + i * memory, memory, 0);
  }
  for (size_t i = 0; i < batch * units; i++) {
    y[i] = bias ? bias[i % units] : 0;
    for (int32_t k = 0; k < p->rank; k++) y[i] += features[i * (size_t)p->rank + (size_t)k];
  }
  kern_lstm_f32(c->isa)->activate(y, y, batch * units, p->activation);
}

/* Products with the input, in steps of the state: the newest element of each filter. */
static void put_newest(const op_ctx *c, int32_t lo, int32_t hi) {
  const svdf_params *const p = c->params;
  const op_tensor *const x = c->in[INPUT], *const w = c->in[FEATURE], *const state = c->in[STATE];
  const size_t width = (size_t)w->dims[1], filters = (size_t)w->dims[0], memory = (size_t)c->in[TIME]->dims[1];
  for (size_t i = 0; i < (size_t)x->dims[0] * filters; i++) {
    const int32_t sum = dot_s8((const int8_t *)x->data + i / filters * width, x->zero_point,
                               (const int8_t *)w->data + i % filters * width, 0, width);
    const int32_t v = fx_clamp(fx_mbqm(sum, p->feature), lo, hi);
    if (state->type == MOTE_INT8) ((int8_t *)state->data)[i * memory + memory - 1] = (int8_t)v;
    else ((int16_t *)state->data)[i * memory + memory - 1] = (int16_t)v;
  }
}

/* Time weights of filter f times its state, modulo 2^32. */
static uint32_t over_time(const op_ctx *c, size_t f) {
  const op_tensor *const t = c->in[TIME], *const state = c->in[STATE];
  const size_t memory = (size_t)t->dims[1], w = f % (size_t)t->dims[0] * memory, s = f * memory;
  if (t->type == MOTE_INT8)
    return (uint32_t)dot_s8((const int8_t *)t->data + w, 0, (const int8_t *)state->data + s, 0, memory);
  return (uint32_t)dot_s16_s16((const int16_t *)t->data + w, (const int16_t *)state->data + s, memory);
}

/* The range of the output stands for the activation. */
static void run_integer(op_ctx *c) {
  const svdf_params *const p = c->params;
  const op_tensor *const out = c->out[0];
  const bool small = c->in[STATE]->type == MOTE_INT8;
  const size_t units = (size_t)out->dims[1], rank = (size_t)p->rank;
  const int32_t *const bias = c->in[BIAS] ? c->in[BIAS]->data : NULL;
  shift(c->in[STATE], small ? 1 : 2);
  put_newest(c, small ? INT8_MIN : INT16_MIN, small ? INT8_MAX : INT16_MAX);
  for (size_t i = 0; i < (size_t)out->dims[0] * units; i++) {
    uint32_t sum = bias ? (uint32_t)bias[i % units] : 0;
    for (size_t k = 0; k < rank; k++) sum += over_time(c, i * rank + k);
    ((int8_t *)out->data)[i] =
        (int8_t)fx_clamp((int64_t)fx_mbqm((int32_t)sum, p->time) + out->zero_point, INT8_MIN, INT8_MAX);
  }
}

static mote_status run(op_ctx *c) {
  if (!op_count(c->out[0])) return MOTE_OK;
  if (is_integer(c)) run_integer(c);
  else run_float(c);
  return MOTE_OK;
}

const mote_op op_svdf = {
    .name = "SVDF",
    .code = sch_BuiltinOperator_SVDF,
    .versions = 4,
    .options = sch_BuiltinOptions_SVDFOptions,
    .inputs_min = INPUTS,
    .inputs_max = INPUTS,
    .outputs_min = 1,
    .outputs_max = 1,
    .optional = UINT64_C(1) << BIAS,
    .types = "f32 ... > f32; f32 i8|u8 i8|u8|f32 f32 f32 > f32; i8 i8 i16 i32 i16 > i8; i8 i8 i8 i32 i8 > i8",
    .traits = OP_STATEFUL,
    .params_size = sizeof(svdf_params),
    .record_size = sizeof(svdf_record),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Float32, hybrid, or int8 with an int16 or int8 state.",
};
