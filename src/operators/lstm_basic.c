/* lstm_basic.c: the cell of LSTM with kernel type BASIC.
 *
 *   gates = [input, previous output] * weights + bias, in the order input, change, forget, output
 *   state = logistic(input) tanh(change) + logistic(forget) state
 *   output = logistic(output) tanh(state)
 *
 * Rows and gates are outputs of the operator, too. The last two outputs become the previous ones of the next run, where
 * these are variables.
 */
#include "operators/lstm_basic.h"

#include <math.h>
#include <string.h>

#include "kernels/lstm_f32.h"
#include "kernels/lstm_s16.h"

enum { INPUT, PREVIOUS, WEIGHTS, BIAS, STATE };
enum { OUTPUT, NEW_STATE, ROWS, GATES };
enum { INPUT_GATE, CHANGE, FORGET_GATE, OUTPUT_GATE, GATE_COUNT };
enum { ZERO = 128, GATE_BITS = 3, STATE_BITS = 4 };

static bool is_float(const op_ctx *c) { return c->in[INPUT]->type == MOTE_FLOAT32; }

/* ---- check, prepare ---- */

mote_status lstm_basic_check(op_ctx *c) {
  OP_REQUIRE(c, c->num_inputs == LSTM_BASIC_INPUTS && c->num_outputs == LSTM_BASIC_OUTPUTS, MOTE_ERR_MODEL,
             "there are %d inputs and %d outputs; the basic cell has %d and %d", (int)c->num_inputs,
             (int)c->num_outputs, LSTM_BASIC_INPUTS, LSTM_BASIC_OUTPUTS);
  for (int i = 0; i < LSTM_BASIC_INPUTS; i++)
    OP_REQUIRE(c, c->in[i], MOTE_ERR_MODEL, "input %d is left out; the basic cell needs all of its inputs", i);
  if (is_float(c)) return MOTE_OK;
  MOTE_TRY(op_need_scale(c, c->in[WEIGHTS]));
  MOTE_TRY(op_need_scale(c, c->in[BIAS]));
  MOTE_TRY(op_need_scale(c, c->out[NEW_STATE]));
  const float state = c->out[NEW_STATE]->scale;
  OP_REQUIRE(c, fabsf(log2f(state) + 15 - STATE_BITS) < 1e-3f, MOTE_ERR_UNSUPPORTED,
             "the scale of the state is %g; the cell computes with 2^-11", (double)state);
  for (int i = INPUT; i <= PREVIOUS; i++)
    OP_REQUIRE(c, c->in[i]->zero_point == ZERO, MOTE_ERR_UNSUPPORTED,
               "the zero point of input %d is %d; the cell computes with %d", i, (int)c->in[i]->zero_point, ZERO);
  return MOTE_OK;
}

typedef struct pack_arg {
  const gemm_s8 *kernel;
  const op_tensor *weights, *bias;
} pack_arg;

static void fill(void *to, const void *arg) {
  const pack_arg *const a = arg;
  a->kernel->pack(to, &(gemm_s8_weights){.n = (size_t)a->weights->dims[0],
                                         .k = (size_t)a->weights->dims[1],
                                         .w = a->weights->data,
                                         .w_zero = a->weights->zero_point,
                                         .a_zero = ZERO,
                                         .bias = a->bias->data});
}

static mote_status pack_u8(op_ctx *c, lstm_basic_params *p) {
  const op_tensor *const w = c->in[WEIGHTS], *const bias = c->in[BIAS];
  if (!op_is_const(w) || !op_is_const(bias) || w->rank != 2 || bias->bytes != (size_t)w->dims[0] * sizeof(int32_t))
    return MOTE_OK;
  const pack_arg arg = {kern_gemm_s8(c->isa), w, bias};
  const pack_request request = {.source = w->data,
                                .kind = PACK_LSTM_BASIC,
                                .made_from = {{&w->zero_point, sizeof w->zero_point}, {bias->data, bias->bytes}},
                                .fill = fill,
                                .arg = &arg};
  pack_request sized = request;
  if (!arg.kernel->packed_bytes((size_t)w->dims[0], (size_t)w->dims[1], &sized.bytes)) return op_no_memory(c, SIZE_MAX);
  MOTE_TRY(pack_constant(c, &sized, &p->block));
  product_consume(c, w);
  return MOTE_OK;
}

mote_status lstm_basic_prepare(op_ctx *c) {
  lstm_basic_params *const p = c->params;
  if (is_float(c)) return product_pack(c, c->in[WEIGHTS], &p->block);
  p->gates = fx_quantize_multiplier(4096 * (double)c->in[BIAS]->scale);
  return pack_u8(c, p);
}

/* ---- infer ---- */

static bool fits(int32_t dim, int64_t want) { return dim < 0 || want < 0 || dim == want; }

static mote_status check_shape(op_ctx *c, int input, int64_t rows, int64_t cols) {
  const op_tensor *const t = c->in[input];
  OP_REQUIRE(c, t->rank < 0 || (t->rank == 2 && fits(t->dims[0], rows) && fits(t->dims[1], cols)), MOTE_ERR_SHAPE,
             "input %d must have shape [%lld, %lld]", input, (long long)rows, (long long)cols);
  return MOTE_OK;
}

mote_status lstm_basic_infer(op_ctx *c) {
  const op_tensor *const x = c->in[INPUT], *const previous = c->in[PREVIOUS], *const bias = c->in[BIAS];
  MOTE_TRY(check_shape(c, INPUT, -1, -1));
  const int64_t batch = x->rank == 2 ? x->dims[0] : -1, depth = x->rank == 2 ? x->dims[1] : -1;
  MOTE_TRY(check_shape(c, PREVIOUS, batch, -1));
  const int64_t cells = previous->rank == 2 ? previous->dims[1] : -1;
  const int64_t gates = cells < 0 ? -1 : GATE_COUNT * cells, total = cells < 0 || depth < 0 ? -1 : depth + cells;
  OP_REQUIRE(c, gates <= INT32_MAX && total <= INT32_MAX, MOTE_ERR_SHAPE, "%lld cells are too many", (long long)cells);
  MOTE_TRY(check_shape(c, WEIGHTS, gates, total));
  MOTE_TRY(check_shape(c, STATE, batch, cells));
  OP_REQUIRE(c, bias->rank < 0 || (bias->rank == 1 && fits(bias->dims[0], gates)), MOTE_ERR_SHAPE,
             "the bias must have shape [%lld]", (long long)gates);
  const int32_t widths[LSTM_BASIC_OUTPUTS] = {(int32_t)cells, (int32_t)cells, (int32_t)total, (int32_t)gates};
  for (int i = 0; i < LSTM_BASIC_OUTPUTS; i++) op_set_shape(c->out[i], 2, (const int32_t[]){(int32_t)batch, widths[i]});
  return MOTE_OK;
}

/* ---- plan ---- */

mote_status lstm_basic_plan(op_ctx *c) {
  const op_tensor *const w = c->in[WEIGHTS];
  const lstm_basic_params *const p = c->params;
  lstm_basic_record *const r = c->record;
  const size_t batch = (size_t)c->in[INPUT]->dims[0];
  scratch_layout l = {0};
  c->macs = (uint64_t)batch * op_count(w);
  if (is_float(c)) product_plan(c, w, p->block, batch, &l, &r->product);
  else {
    const gemm_s8 *const k = kern_gemm_s8(c->isa);
    size_t bytes = 0;
    if (!k->packed_bytes((size_t)w->dims[0], (size_t)w->dims[1], &bytes)) l.too_large = true;
    if (!p->block) r->product.block = scratch_part(&l, bytes, 1);
    r->product.input = scratch_part(&l, batch, gemm_s8_staged(k, (size_t)w->dims[1]));
    r->product.acc = scratch_part(&l, op_count(c->out[GATES]), sizeof(int32_t));
    r->sums = scratch_part(&l, batch, sizeof(int32_t));
  }
  return scratch_done(c, &l);
}

/* ---- run ---- */

/* Rows of the input and the previous output, side by side. */
static void join(const op_ctx *c, size_t element) {
  const size_t from[2] = {(size_t)c->in[INPUT]->dims[1] * element, (size_t)c->in[PREVIOUS]->dims[1] * element};
  uint8_t *to = c->out[ROWS]->data;
  for (size_t b = 0; b < (size_t)c->out[ROWS]->dims[0]; b++)
    for (int i = 0; i < 2; i++, to += from[i - 1])
      if (from[i]) memcpy(to, (const uint8_t *)c->in[i]->data + b * from[i], from[i]);
}

static void run_f32(op_ctx *c) {
  const lstm_f32 *const k = kern_lstm_f32(c->isa);
  const lstm_basic_params *const p = c->params;
  const lstm_basic_record *const r = c->record;
  const size_t batch = (size_t)c->out[GATES]->dims[0], gates = (size_t)c->out[GATES]->dims[1], n = gates / GATE_COUNT;
  float *const all = c->out[GATES]->data;
  join(c, sizeof(float));
  for (size_t b = 0; b < batch; b++) memcpy(all + b * gates, c->in[BIAS]->data, gates * sizeof *all);
  const product w = product_begin(c, c->in[WEIGHTS], p->block, &r->product, false);
  product_add(&w, c->out[ROWS]->data, batch, all);
  float *const open = (float *)(void *)((uint8_t *)c->scratch + r->product.acc); /* its sums are added already */
  memcpy(c->out[NEW_STATE]->data, c->in[STATE]->data, batch * n * sizeof *open);
  for (size_t b = 0; b < batch; b++) {
    float *const state = (float *)c->out[NEW_STATE]->data + b * n, *const output =
                                                                       (float *)c->out[OUTPUT]->data + b * n;
    for (size_t g = 0; g < GATE_COUNT; g++)
      k->activate(open + g * n, all + b * gates + g * n, n, g == CHANGE ? LSTM_TANH : LSTM_LOGISTIC);
    k->update(state, open + INPUT_GATE * n, open + FORGET_GATE * n, open + CHANGE * n, n, 0);
    k->activate(output, state, n, LSTM_TANH);
    k->multiply(output, open + OUTPUT_GATE * n, n);
  }
}

/* Sums of products, brought to Q3.12. */
static void multiply_u8(op_ctx *c, int16_t *gates) {
  const gemm_s8 *const k = kern_gemm_s8(c->isa);
  const op_tensor *const w = c->in[WEIGHTS];
  const lstm_basic_params *const p = c->params;
  const lstm_basic_record *const r = c->record;
  const size_t batch = (size_t)c->in[INPUT]->dims[0], n = (size_t)w->dims[0], cols = (size_t)w->dims[1],
               stride = gemm_s8_staged(k, cols);
  uint8_t *const scratch = c->scratch, *const staged = scratch + r->product.input;
  int32_t *const sums = (int32_t *)(void *)(scratch + r->sums), *const acc =
                                                                    (int32_t *)(void *)(scratch + r->product.acc);
  const pack_arg arg = {k, w, c->in[BIAS]};
  if (!p->block) fill(scratch + r->product.block, &arg);
  for (size_t b = 0; b < batch; b++) {
    k->stage(staged + b * stride, (const uint8_t *)c->out[ROWS]->data + b * cols, cols, false);
    sums[b] = k->row_sum(staged + b * stride, cols);
  }
  k->run(&(gemm_s8_job){.m = batch,
                        .k = cols,
                        .n_end = n,
                        .a = staged,
                        .a_stride = stride,
                        .packed = p->block ? p->block : scratch + r->product.block,
                        .w_zero = gemm_s8_weight_zero(w->zero_point, false),
                        .sums = sums,
                        .c = acc,
                        .c_stride = n});
  kern_lstm_s16(c->isa)->begin(gates, acc, batch * n, p->gates);
}

/* One row: gates Q3.12, state Q4.11, output Q0.7. */
static void step_u8(const int16_t *gates, size_t n, const int16_t *before, int16_t *state, uint8_t *output) {
  for (size_t i = 0; i < n; i++) {
    const int16_t input = fx_logistic16(gates[INPUT_GATE * n + i], GATE_BITS);
    const int16_t change = fx_tanh16(gates[CHANGE * n + i], GATE_BITS);
    const int16_t forget = fx_logistic16(gates[FORGET_GATE * n + i], GATE_BITS);
    const int16_t open = fx_logistic16(gates[OUTPUT_GATE * n + i], GATE_BITS);
    const int16_t added = fx_mul_pot16(fx_srdhm16(input, change), -STATE_BITS);
    state[i] = fx_sat16(added + fx_srdhm16(forget, before[i]));
    const int16_t y = fx_srdhm16(open, fx_tanh16(fx_mul_pot16(state[i], STATE_BITS - GATE_BITS), GATE_BITS));
    output[i] = (uint8_t)(ZERO + fx_clamp(fx_rdbp(y, 8), INT8_MIN, INT8_MAX));
  }
}

static void run_u8(op_ctx *c) {
  int16_t *const gates = c->out[GATES]->data;
  const size_t batch = (size_t)c->out[GATES]->dims[0], n = (size_t)c->out[OUTPUT]->dims[1];
  join(c, 1);
  multiply_u8(c, gates);
  for (size_t b = 0; b < batch; b++)
    step_u8(gates + b * GATE_COUNT * n, n, (const int16_t *)c->in[STATE]->data + b * n,
            (int16_t *)c->out[NEW_STATE]->data + b * n, (uint8_t *)c->out[OUTPUT]->data + b * n);
}

static void keep(const op_tensor *variable, const op_tensor *value) {
  if (variable->flags & OP_VARIABLE) memcpy(variable->data, value->data, value->bytes);
}

mote_status lstm_basic_run(op_ctx *c) {
  if (!op_count(c->out[OUTPUT])) return MOTE_OK;
  if (is_float(c)) run_f32(c);
  else run_u8(c);
  keep(c->in[PREVIOUS], c->out[OUTPUT]);
  keep(c->in[STATE], c->out[NEW_STATE]);
  return MOTE_OK;
}
