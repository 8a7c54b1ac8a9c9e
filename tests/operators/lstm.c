/* UNIDIRECTIONAL_SEQUENCE_LSTM and the whole cell of LSTM: sequences against their definition in double, and against
 * themselves: cut into single steps, in the other order of time and batch, with weights that are no constants.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_unidirectional_sequence_lstm, op_lstm;

enum {
  OPERANDS = 24,
  LIMIT = 6000,
  GATES = 4,
  X = 1,
  H = 5,
  PEEPHOLE = 9,
  BIAS = 12,
  PROJECT = 16,
  HIDDEN = 18,
  CELL = 19,
  NORM = 20
};

typedef enum kind { FLOAT, HYBRID, INTEGER } kind;

typedef struct net {
  kind kind;
  sch_UnidirectionalSequenceLSTMOptions options;
  bool single; /* LSTM, one step without a dimension of time */
  bool input_gate, peephole, project, norm, constant;
  int32_t batch, time, input, cell, output;
} net;

/* Operand i: numbers, bytes and scale. Real values are number * scale. */
typedef struct operand {
  mote_type type;
  int32_t rank, dims[3];
  float scale;
  int32_t zero;
  op_quant quant;
  union {
    float f32[LIMIT];
    int8_t i8[LIMIT];
    int16_t i16[LIMIT];
    int32_t i32[LIMIT];
  } data;
} operand;

static operand operands[OPERANDS], scales[5];

static void fill(operand *o, op_random *r, mote_type type, float scale, int32_t rank, int32_t d0, int32_t d1,
                 int32_t d2) {
  const int32_t dims[3] = {d0, d1, d2};
  o->type = type;
  o->rank = rank;
  o->scale = scale;
  o->zero = 0;
  int32_t count = 1;
  for (int32_t i = 0; i < rank; i++) count *= o->dims[i] = dims[i];
  assert_true(count <= LIMIT);
  for (int32_t i = 0; i < count; i++) {
    const int32_t n = op_random_in(r, -100, 100);
    if (type == MOTE_FLOAT32) o->data.f32[i] = (float)n * scale;
    else if (type == MOTE_INT8) o->data.i8[i] = (int8_t)n;
    else if (type == MOTE_INT16) o->data.i16[i] = (int16_t)(n * 100);
    else o->data.i32[i] = n * 20;
  }
}

static double real(const operand *o, int32_t i) {
  switch (o->type) {
    case MOTE_FLOAT32: return (double)o->data.f32[i];
    case MOTE_INT8: return (double)o->scale * (o->data.i8[i] - o->zero);
    case MOTE_INT16: return (double)o->scale * o->data.i16[i];
    default: return (double)o->scale * o->data.i32[i];
  }
}

static void make(const net *n, op_random *r) {
  const bool integer = n->kind == INTEGER;
  const mote_type weights = n->kind == FLOAT ? MOTE_FLOAT32 : MOTE_INT8;
  const mote_type vectors = n->kind == FLOAT ? MOTE_FLOAT32 : integer ? MOTE_INT16 : MOTE_INT8;
  const mote_type biases = integer ? MOTE_INT32 : MOTE_FLOAT32, state = integer ? MOTE_INT8 : MOTE_FLOAT32;
  for (int i = 0; i < OPERANDS; i++) operands[i].rank = -1;
  fill(&operands[0], r, state, 0.01f, 3, n->batch, n->time, n->input);
  for (int g = n->input_gate ? 0 : 1; g < GATES; g++) {
    fill(&operands[X + g], r, weights, 0.005f, 2, n->cell, n->input, 0);
    if (n->options.diagonal_recurrent_tensors) fill(&operands[H + g], r, MOTE_FLOAT32, 0.01f, 1, n->cell, 0, 0);
    else fill(&operands[H + g], r, weights, 0.004f, 2, n->cell, n->output, 0);
    fill(&operands[BIAS + g], r, biases, integer ? 0.01f * 0.005f : 0.002f, 1, n->cell, 0, 0);
    if (n->norm)
      fill(&operands[NORM + g], r, biases == MOTE_INT32 ? MOTE_INT16 : MOTE_FLOAT32, integer ? 1e-4f : 0.01f, 1,
           n->cell, 0, 0);
    if (n->norm && integer) operands[BIAS + g].scale = 1e-4f / 1024;
    if (n->peephole && g != 2)
      fill(&operands[g == 3 ? PEEPHOLE + 2 : PEEPHOLE + g], r, vectors, integer ? 3e-5f : 0.003f, 1, n->cell, 0, 0);
  }
  if (n->project) {
    fill(&operands[PROJECT], r, weights, 0.005f, 2, n->output, n->cell, 0);
    fill(&operands[PROJECT + 1], r, biases, integer ? 0.005f / 127 : 0.002f, 1, n->output, 0, 0);
  }
  fill(&operands[HIDDEN], r, state, 0.01f, 2, n->batch, n->output, 0);
  fill(&operands[CELL], r, integer ? MOTE_INT16 : MOTE_FLOAT32, integer ? 0x1p-11f : 0.01f, 2, n->batch, n->cell, 0);
  if (integer) operands[0].zero = 5, operands[HIDDEN].zero = -3;
  for (int i = 0; i < 5; i++)
    scales[i].scale = i < 4        ? 0x1p-11f
                      : n->project ? 1.0f / 127
                                   : operands[HIDDEN].scale,
    scales[i].zero = i == 4 ? (n->project ? 4 : operands[HIDDEN].zero) : 0;
}

/* ---- the definition ---- */

static double logistic(double x) { return 1 / (1 + exp(-x)); }

static double activation(const net *n, double x) {
  return n->options.fused_activation_function == sch_ActivationFunctionType_RELU ? fmax(x, 0) : tanh(x);
}

static double clip(double x, float limit) { return limit > 0 ? fmin(fmax(x, -(double)limit), (double)limit) : x; }

/* A gate of one batch element: what its activation takes. */
static void gate(const net *n, int g, const double *x, const double *h, const double *cell, double *to) {
  const operand *const peephole = g == 2 ? NULL : &operands[g == 3 ? PEEPHOLE + 2 : PEEPHOLE + g];
  double mean = 0, variance = 0;
  for (int32_t i = 0; i < n->cell; i++) {
    to[i] = n->norm ? 0 : real(&operands[BIAS + g], i);
    for (int32_t j = 0; j < n->input; j++) to[i] += x[j] * real(&operands[X + g], i * n->input + j);
    if (n->options.diagonal_recurrent_tensors) to[i] += h[i] * real(&operands[H + g], i);
    else
      for (int32_t j = 0; j < n->output; j++) to[i] += h[j] * real(&operands[H + g], i * n->output + j);
    if (n->peephole && peephole) to[i] += cell[i] * real(peephole, i);
    mean += to[i] / n->cell;
  }
  if (!n->norm) return;
  for (int32_t i = 0; i < n->cell; i++) variance += (to[i] - mean) * (to[i] - mean) / n->cell;
  for (int32_t i = 0; i < n->cell; i++)
    to[i] = (to[i] - mean) / sqrt(variance + 1e-8) * real(&operands[NORM + g], i) + real(&operands[BIAS + g], i);
}

/* One step of one batch element, in place. */
static void step(const net *n, const double *x, double *h, double *cell) {
  static double in[LIMIT], forget[LIMIT], change[LIMIT], out[LIMIT];
  gate(n, 1, x, h, cell, forget);
  if (n->input_gate) gate(n, 0, x, h, cell, in);
  gate(n, 2, x, h, cell, change);
  for (int32_t i = 0; i < n->cell; i++) {
    const double f = logistic(forget[i]), share = n->input_gate ? logistic(in[i]) : 1 - f;
    cell[i] = clip(f * cell[i] + share * activation(n, change[i]), n->options.cell_clip);
  }
  gate(n, 3, x, h, cell, out);
  for (int32_t i = 0; i < n->cell; i++) out[i] = logistic(out[i]) * activation(n, cell[i]);
  for (int32_t i = 0; i < n->output; i++) {
    h[i] = n->project ? real(&operands[PROJECT + 1], i) : out[i];
    for (int32_t j = 0; n->project && j < n->cell; j++) h[i] += out[j] * real(&operands[PROJECT], i * n->cell + j);
    if (n->project) h[i] = clip(h[i], n->options.proj_clip);
  }
}

static double expected[LIMIT]; /* [batch][time][output] */

static void define(const net *n) {
  double x[LIMIT], h[LIMIT], cell[LIMIT];
  for (int32_t b = 0; b < n->batch; b++) {
    for (int32_t i = 0; i < n->output; i++) h[i] = real(&operands[HIDDEN], b * n->output + i);
    for (int32_t i = 0; i < n->cell; i++) cell[i] = real(&operands[CELL], b * n->cell + i);
    for (int32_t t = 0; t < n->time; t++) {
      for (int32_t i = 0; i < n->input; i++) x[i] = real(&operands[0], (b * n->time + t) * n->input + i);
      step(n, x, h, cell);
      for (int32_t i = 0; i < n->output; i++) expected[(b * n->time + t) * n->output + i] = h[i];
    }
  }
}

/* ---- the operator ---- */

static void *numbers(operand *o) { return &o->data; }

static size_t element(const net *n) { return n->kind == INTEGER ? 1 : 4; }

/* Runs `time` steps of `input`; state is copied from and to `hidden` and `cell`. */
static void run(const net *n, bool time_major, int32_t time, void *input, void *hidden, void *cell, void *output) {
  sch_UnidirectionalSequenceLSTMOptions options = n->options;
  options.time_major = time_major;
  op_tensor inner[5], *intermediates[5];
  op_case k;
  const sch_LSTMOptions one = {.fused_activation_function = options.fused_activation_function,
                               .cell_clip = options.cell_clip,
                               .proj_clip = options.proj_clip,
                               .asymmetric_quantize_inputs = options.asymmetric_quantize_inputs};
  if (n->single) op_case_begin(&k, &op_lstm, &one);
  else op_case_begin(&k, &op_unidirectional_sequence_lstm, &options);
  k.c.isa = cpu_best();
  for (int i = 0; i < OPERANDS; i++) {
    operand *const o = &operands[i];
    if (o->rank < 0) {
      k.inputs[k.c.num_inputs++] = NULL;
      continue;
    }
    void *const data = i == 0 ? input : i == HIDDEN ? hidden : i == CELL ? cell : numbers(o);
    const uint32_t flags = i == HIDDEN || i == CELL ? OP_VARIABLE : i > 0 && n->constant ? OP_CONST : 0;
    op_tensor *const t = op_case_input(&k, o->type, o->rank, o->dims, data, flags);
    if (i == 0 && n->single) op_set_shape(t, 2, (int32_t[]){n->batch, n->input});
    else if (i == 0)
      op_set_shape(t, 3, time_major ? (int32_t[]){time, n->batch, n->input} : (int32_t[]){n->batch, time, n->input});
    o->quant = (op_quant){.count = 1, .scale = &o->scale, .zero_point = &o->zero};
    if (o->type != MOTE_FLOAT32) t->quant = &o->quant, t->scale = o->scale, t->zero_point = o->zero;
  }
  for (int i = 0; i < 5; i++) {
    op_case_fill(&k, &inner[i], MOTE_INT16);
    inner[i].scale = scales[i].scale, inner[i].zero_point = scales[i].zero;
    intermediates[i] = &inner[i];
  }
  k.c.intermediates = intermediates;
  k.c.num_intermediates = n->kind == INTEGER ? 5 : 0;
  op_case_output(&k, operands[0].type);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  memcpy(output, k.out[0].data, k.out[0].bytes);
  assert_true(op_case_end(&k));
}

static net some_net(op_random *r, kind which) {
  net n = {.kind = which,
           .single = op_random_below(r, 4) == 0,
           .input_gate = op_random_below(r, 2),
           .peephole = op_random_below(r, 2),
           .project = op_random_below(r, 2),
           .norm = op_random_below(r, 2),
           .constant = op_random_below(r, 3) > 0,
           .batch = op_random_in(r, 0, 3),
           .time = op_random_in(r, 0, 45),
           .input = op_random_in(r, 0, 20),
           .cell = op_random_in(r, 2, 40)};
  /* The reference's integer peephole follows its definition only where output and cell are equally wide. */
  const bool equal = !n.project || (which == INTEGER && n.peephole);
  n.output = equal ? n.cell : op_random_in(r, 1, 40);
  if (n.single) n.time = 1;
  else n.options.diagonal_recurrent_tensors = which != INTEGER && n.output == n.cell && op_random_below(r, 3) == 0;
  n.options.asymmetric_quantize_inputs = op_random_below(r, 2);
  n.options.fused_activation_function =
      which == INTEGER || op_random_below(r, 2) ? sch_ActivationFunctionType_TANH : sch_ActivationFunctionType_RELU;
  n.options.cell_clip = op_random_below(r, 2) ? 0.6f : 0;
  n.options.proj_clip = op_random_below(r, 2) ? 0.3f : 0;
  return n;
}

static double result(const net *n, const char *output, int32_t i) {
  float f;
  if (n->kind == INTEGER) return (double)operands[HIDDEN].scale * ((int8_t)output[i] - operands[HIDDEN].zero);
  memcpy(&f, output + 4 * i, 4);
  return (double)f;
}

/* Errors of one number, and of all on average; those of roundings to int8 grow from step to step, by chance. */
static void compare(const net *n, const char *output, double most, double average) {
  const int32_t count = n->batch * n->time * n->output;
  double largest = 1, sum = 0;
  for (int32_t i = 0; i < count; i++) largest = fmax(largest, fabs(expected[i]));
  for (int32_t i = 0; i < count; i++) {
    if (n->kind == INTEGER && fabs(expected[i]) > 1.2) continue; /* int8 does not hold it */
    const double error = fabs(result(n, output, i) - expected[i]) / largest;
    assert_true(error < most);
    sum += error;
  }
  assert_true(sum <= average * count);
}

static void follow_the_definition(kind which, double most, double average) {
  op_random r = {(uint64_t)which + 1};
  static char hidden[4 * LIMIT], cell[4 * LIMIT], output[4 * LIMIT];
  for (int round = 0; round < 60; round++) {
    net n = some_net(&r, which);
    /* A rectified state has no bound, and roundings of 8 bits grow with it from step to step. */
    if (which == HYBRID) n.options.fused_activation_function = sch_ActivationFunctionType_TANH;
    /* So it is with layer normalization, which multiplies them. */
    if (which == INTEGER && n.norm && n.time > 8) n.time = 8;
    make(&n, &r);
    define(&n);
    memcpy(hidden, numbers(&operands[HIDDEN]), sizeof hidden);
    memcpy(cell, numbers(&operands[CELL]), sizeof cell);
    run(&n, false, n.time, numbers(&operands[0]), hidden, cell, output);
    compare(&n, output, most, average);
  }
}

static void floats(void **state) {
  (void)state;
  follow_the_definition(FLOAT, 2e-4, 1e-5);
}

static void hybrid(void **state) {
  (void)state;
  follow_the_definition(HYBRID, 0.1, 0.02);
}

static void integers(void **state) {
  (void)state;
  follow_the_definition(INTEGER, 0.3, 0.03);
}

/* Bit for bit: single steps, and the other order of time and batch, give what the whole sequence gives. */
static void order_and_cuts_do_not_matter(void **state) {
  (void)state;
  op_random r = {9};
  static char hidden[3][4 * LIMIT], cell[3][4 * LIMIT], output[3][4 * LIMIT], turned[4 * LIMIT];
  for (int round = 0; round < 90; round++) {
    net n = some_net(&r, (kind)(round % 3));
    n.single = false;
    make(&n, &r);
    for (int i = 0; i < 3; i++) {
      memcpy(hidden[i], numbers(&operands[HIDDEN]), sizeof hidden[i]);
      memcpy(cell[i], numbers(&operands[CELL]), sizeof cell[i]);
    }
    const size_t in = (size_t)n.input * element(&n), out = (size_t)n.output * element(&n), batch = (size_t)n.batch;
    const char *const source = numbers(&operands[0]);
    for (size_t b = 0; b < batch; b++)
      for (size_t t = 0; t < (size_t)n.time; t++)
        memcpy(turned + (t * batch + b) * in, source + (b * (size_t)n.time + t) * in, in);
    run(&n, false, n.time, numbers(&operands[0]), hidden[0], cell[0], output[0]);
    run(&n, true, n.time, turned, hidden[1], cell[1], output[1]);
    n.single = !n.options.diagonal_recurrent_tensors; /* the steps by LSTM, which has no diagonals */
    for (size_t t = 0; t < (size_t)n.time; t++)
      run(&n, true, 1, turned + t * batch * in, hidden[2], cell[2], output[2] + t * batch * out);
    assert_memory_equal(output[1], output[2], batch * (size_t)n.time * out);
    for (size_t b = 0; b < batch; b++)
      for (size_t t = 0; t < (size_t)n.time; t++)
        assert_memory_equal(output[0] + (b * (size_t)n.time + t) * out, output[1] + (t * batch + b) * out, out);
    for (int i = 1; i < 3; i++) {
      assert_memory_equal(hidden[0], hidden[i], batch * out);
      assert_memory_equal(cell[0], cell[i], batch * (size_t)n.cell * (n.kind == INTEGER ? 2 : 4));
    }
  }
}

static void nothing_happens_in_no_time(void **state) {
  (void)state;
  op_random r = {4};
  static char hidden[4 * LIMIT], cell[4 * LIMIT], output[1];
  for (int round = 0; round < 3; round++) {
    net n = some_net(&r, (kind)round);
    n.single = false;
    make(&n, &r);
    memcpy(hidden, numbers(&operands[HIDDEN]), sizeof hidden);
    run(&n, false, 0, numbers(&operands[0]), hidden, cell, output);
    assert_memory_equal(hidden, numbers(&operands[HIDDEN]), sizeof hidden);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(floats),
      cmocka_unit_test(hybrid),
      cmocka_unit_test(integers),
      cmocka_unit_test(order_and_cuts_do_not_matter),
      cmocka_unit_test(nothing_happens_in_no_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
