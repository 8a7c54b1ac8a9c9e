/* RNN, UNIDIRECTIONAL_ and BIDIRECTIONAL_SEQUENCE_RNN, SVDF and UNIDIRECTIONAL_SEQUENCE_GRU against their definitions
 * in double; BIDIRECTIONAL_SEQUENCE_LSTM against two LSTMs of one direction.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/operands.h"

extern const mote_op op_rnn, op_unidirectional_sequence_rnn, op_bidirectional_sequence_rnn, op_svdf,
    op_unidirectional_sequence_gru, op_bidirectional_sequence_lstm, op_unidirectional_sequence_lstm, op_lstm;

/* ---- the simple cell ---- */

typedef struct walk {
  int32_t batch, time, input, units;
  bool time_major, backward;
} walk;

static int32_t row(const walk *w, int32_t b, int32_t t) { return w->time_major ? t * w->batch + b : b * w->time + t; }

/* What else a cell reads: rows of an auxiliary input and their weights. NULL: nothing. */
typedef struct more_input {
  const operand *rows, *weights;
} more_input;

/* Row n of x times row i of weights. */
static double product(const operand *x, int32_t n, const operand *weights, int32_t i) {
  const int32_t width = weights->dims[1];
  double sum = 0;
  for (int32_t j = 0; j < width; j++) sum += real(x, n * width + j) * real(weights, i * width + j);
  return sum;
}

/* h = tanh(x W + aux A + h R + bias); operands: W, R, bias, h from `at` on. Writes [rows][width] at column. */
static void define_rnn(const walk *w, const operand *x, more_input more, int at, double *to, int32_t width,
                       int32_t column) {
  double h[64], next[64];
  for (int32_t b = 0; b < w->batch; b++) {
    for (int32_t i = 0; i < w->units; i++) h[i] = real(&operands[at + 3], b * w->units + i);
    for (int32_t s = 0; s < w->time; s++) {
      const int32_t n = row(w, b, w->backward ? w->time - 1 - s : s);
      for (int32_t i = 0; i < w->units; i++) {
        next[i] = real(&operands[at + 2], i) + product(x, n, &operands[at], i);
        if (more.rows) next[i] += product(more.rows, n, more.weights, i);
        for (int32_t j = 0; j < w->units; j++) next[i] += h[j] * real(&operands[at + 1], i * w->units + j);
      }
      for (int32_t i = 0; i < w->units; i++) to[n * width + column + i] = h[i] = tanh(next[i]);
    }
  }
}

static void add_cell(op_random *r, const walk *w, mote_type weights) {
  add(r, weights, 0.005f, 2, w->units, w->input, 0);
  add(r, weights, 0.004f, 2, w->units, w->units, 0);
  add(r, MOTE_FLOAT32, 0.002f, 1, w->units, 0, 0);
  variable(add(r, MOTE_FLOAT32, 0.01f, 2, w->batch, w->units, 0));
}

static void simple_cells(void **state) {
  (void)state;
  op_random r = {1};
  static double expected[LIMIT];
  for (int round = 0; round < 80; round++) {
    const bool hybrid = round % 3 == 2, single = round % 4 == 3;
    const walk w = {.batch = op_random_in(&r, 1, 3),
                    .time = single ? 1 : op_random_in(&r, 1, 40),
                    .input = op_random_in(&r, 1, 20),
                    .units = op_random_in(&r, 1, 20),
                    .time_major = op_random_below(&r, 2)};
    used = 0;
    if (single) add(&r, MOTE_FLOAT32, 0.01f, 2, w.batch, w.input, 0);
    else add(&r, MOTE_FLOAT32, 0.01f, 3, w.time_major ? w.time : w.batch, w.time_major ? w.batch : w.time, w.input);
    add_cell(&r, &w, hybrid ? MOTE_INT8 : MOTE_FLOAT32);
    define_rnn(&w, &operands[0], (more_input){0}, 1, expected, w.units, 0);
    const sch_RNNOptions one = {.fused_activation_function = sch_ActivationFunctionType_TANH};
    const sch_SequenceRNNOptions many = {.time_major = w.time_major,
                                         .fused_activation_function = sch_ActivationFunctionType_TANH};
    op_case k;
    begin(&k, single ? &op_rnn : &op_unidirectional_sequence_rnn, single ? (const void *)&one : &many, 1, NULL);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    close_to(&k.out[0], expected, (size_t)(w.batch * w.time * w.units), hybrid ? 0.05 : 1e-4);
    assert_true(op_case_end(&k));
  }
}

/* What an auxiliary input does: there is none; it has weights of its own, which come last; it has none. */
typedef enum aux { NO_AUX, WEIGHTED, PLAIN } aux;

static void add_both(op_random *r, walk w, const int32_t units[2], aux kind, mote_type weights) {
  const int32_t more = kind == PLAIN ? w.input : op_random_in(r, 1, 12);
  const int32_t first = w.time_major ? w.time : w.batch, second = w.time_major ? w.batch : w.time;
  used = 0;
  add(r, MOTE_FLOAT32, 0.01f, 3, first, second, w.input);
  for (int d = 0; d < 2; d++) {
    w.units = units[d];
    add_cell(r, &w, weights);
  }
  if (kind == NO_AUX) leave_out();
  else add(r, MOTE_FLOAT32, 0.01f, 3, first, second, more);
  for (int d = 0; d < 2; d++)
    if (kind == WEIGHTED) add(r, weights, 0.005f, 2, units[d], more, 0);
    else leave_out();
}

static void both_directions(void **state) {
  (void)state;
  op_random r = {2};
  static double expected[2][LIMIT];
  for (int round = 0; round < 120; round++) {
    walk w = {.batch = op_random_in(&r, 1, 3),
              .time = op_random_in(&r, 1, 20),
              .input = op_random_in(&r, 1, 12),
              .time_major = op_random_below(&r, 2)};
    const bool merge = op_random_below(&r, 2);
    const aux kind = (aux)(round % 3);
    const mote_type weights = round % 4 == 3 ? MOTE_INT8 : MOTE_FLOAT32;
    const int32_t units[2] = {op_random_in(&r, 1, 12), op_random_in(&r, 1, 12)};
    add_both(&r, w, units, kind, weights);
    const int32_t width = merge ? units[0] + units[1] : 0;
    for (int d = 0; d < 2; d++) {
      w.units = units[d];
      w.backward = d == 1;
      double *const to = expected[merge ? 0 : d];
      const int32_t all = merge ? width : units[d], column = merge && d ? units[0] : 0;
      const more_input more_of = {kind == WEIGHTED ? &operands[9] : NULL, &operands[10 + d]};
      define_rnn(&w, &operands[d && kind == PLAIN && w.time_major ? 9 : 0], more_of, 1 + 4 * d, to, all, column);
    }
    const sch_BidirectionalSequenceRNNOptions o = {.time_major = w.time_major,
                                                   .merge_outputs = merge,
                                                   .fused_activation_function = sch_ActivationFunctionType_TANH};
    op_case k;
    begin(&k, &op_bidirectional_sequence_rnn, &o, merge ? 1 : 2, NULL);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int d = 0; d < (merge ? 1 : 2); d++)
      close_to(&k.out[d], expected[d], (size_t)(w.batch * w.time * (merge ? width : units[d])),
               weights == MOTE_INT8 ? 0.05 : 1e-4);
    assert_true(op_case_end(&k));
  }
}

/* ---- SVDF ---- */

static void svdf(void **state) {
  (void)state;
  op_random r = {3};
  static double memory[LIMIT];
  for (int round = 0; round < 60; round++) {
    const bool integer = round % 2, small = round % 4 == 3; /* state and time weights of int8 */
    const int32_t batch = op_random_in(&r, 1, 3), input = op_random_in(&r, 1, 20), rank = op_random_in(&r, 1, 3),
                  units = op_random_in(&r, 1, 8), filters = rank * units, steps = op_random_in(&r, 1, 9);
    used = 0;
    add(&r, integer ? MOTE_INT8 : MOTE_FLOAT32, 0.01f, 2, batch, input, 0)->zero = integer ? 3 : 0;
    add(&r, integer ? MOTE_INT8 : MOTE_FLOAT32, 0.005f, 2, filters, input, 0);
    add(&r,
        small     ? MOTE_INT8
        : integer ? MOTE_INT16
                  : MOTE_FLOAT32,
        small     ? 0.005f
        : integer ? 1e-4f
                  : 0.01f,
        2, filters, steps, 0);
    if (round % 3) add(&r, integer ? MOTE_INT32 : MOTE_FLOAT32, integer ? 1e-8f : 0.001f, 1, units, 0, 0);
    else leave_out();
    variable(add(&r,
                 small     ? MOTE_INT8
                 : integer ? MOTE_INT16
                           : MOTE_FLOAT32,
                 small     ? 0.02f
                 : integer ? 1e-4f
                           : 0.001f,
                 2, batch, filters * steps, 0));
    operand out = {.type = operands[0].type, .scale = 0.02f};
    const sch_SVDFOptions o = {.rank = rank};
    op_case k;
    begin(&k, &op_svdf, &o, 1, &out);
    for (int32_t i = 0; i < batch * filters; i++) {
      double newest = 0;
      for (int32_t j = 0; j < input; j++)
        newest += real(&operands[0], i / filters * input + j) * real(&operands[1], i % filters * input + j);
      for (int32_t m = 0; m + 1 < steps; m++) memory[i * steps + m] = real(&operands[4], i * steps + m + 1);
      memory[i * steps + steps - 1] = small ? 0.02 * fmin(fmax(rint(newest / 0.02), -128), 127) : newest;
    }
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < batch * units; i++) {
      double y = operands[3].rank < 0 ? 0 : real(&operands[3], i % units);
      for (int32_t f = i * rank; f < (i + 1) * rank; f++)
        for (int32_t m = 0; m < steps; m++) y += memory[f * steps + m] * real(&operands[2], f % filters * steps + m);
      const double got =
          integer ? 0.02 * ((const int8_t *)k.out[0].data)[i] : (double)((const float *)k.out[0].data)[i];
      assert_true(fabs(got - (integer ? fmin(fmax(y, -2.56), 2.54) : y)) < (small ? 0.05 : integer ? 0.03 : 1e-4));
    }
    for (int32_t i = 0; i < batch * filters * steps; i++)
      assert_true(fabs(real(&operands[4], i) - memory[i]) < (small ? 0.021 : integer ? 2e-4 : 1e-5));
    assert_true(op_case_end(&k));
  }
}

/* ---- GRU ---- */

static double logistic(double x) { return 1 / (1 + exp(-x)); }

/* Row i of weights with [x, h], plus the bias. */
static double affine(int weights, int32_t i, const double *x, int32_t n, const double *h, int32_t units) {
  double y = real(&operands[weights + 1], i);
  for (int32_t j = 0; j < n; j++) y += x[j] * real(&operands[weights], i * (n + units) + j);
  for (int32_t j = 0; j < units; j++) y += h[j] * real(&operands[weights], i * (n + units) + n + j);
  return y;
}

static void gru(void **state) {
  (void)state;
  op_random r = {4};
  static double expected[LIMIT];
  double x[64], h[64], reset[64], next[64];
  for (int round = 0; round < 30; round++) {
    const int32_t time = op_random_in(&r, 0, 9), batch = op_random_in(&r, 1, 3), n = op_random_in(&r, 1, 9),
                  units = op_random_in(&r, 1, 9);
    used = 0;
    add(&r, MOTE_FLOAT32, 0.01f, 3, time, batch, n);
    add(&r, MOTE_FLOAT32, 0.01f, 2, batch, units, 0);
    add(&r, MOTE_FLOAT32, 0.01f, 2, 2 * units, n + units, 0);
    add(&r, MOTE_FLOAT32, 0.01f, 1, 2 * units, 0, 0);
    add(&r, MOTE_FLOAT32, 0.01f, 2, units, n + units, 0);
    add(&r, MOTE_FLOAT32, 0.01f, 1, units, 0, 0);
    for (int32_t b = 0; b < batch; b++) {
      for (int32_t i = 0; i < units; i++) h[i] = real(&operands[1], b * units + i);
      for (int32_t t = 0; t < time; t++) {
        for (int32_t j = 0; j < n; j++) x[j] = real(&operands[0], (t * batch + b) * n + j);
        for (int32_t i = 0; i < units; i++) reset[i] = h[i] * logistic(affine(2, i, x, n, h, units));
        for (int32_t i = 0; i < units; i++) {
          const double keep = logistic(affine(2, units + i, x, n, h, units));
          next[i] = keep * h[i] + (1 - keep) * tanh(affine(4, i, x, n, reset, units));
        }
        for (int32_t i = 0; i < units; i++) expected[(t * batch + b) * units + i] = h[i] = next[i];
      }
    }
    op_case k;
    begin(&k, &op_unidirectional_sequence_gru, NULL, 2, NULL);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    close_to(&k.out[0], expected, (size_t)(time * batch * units), 1e-4);
    if (time) close_to(&k.out[1], expected + (time - 1) * batch * units, (size_t)(batch * units), 1e-4);
    assert_true(op_case_end(&k));
  }
}

/* ---- two LSTMs ---- */

static void one_direction(const walk *w, int base, int states, const float *x, float *to, int32_t output) {
  op_case k;
  const sch_UnidirectionalSequenceLSTMOptions o = {.time_major = true,
                                                   .fused_activation_function = sch_ActivationFunctionType_TANH};
  op_case_begin(&k, &op_unidirectional_sequence_lstm, &o);
  k.c.isa = cpu_best();
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){w->time, w->batch, w->input}, x, 0);
  for (int i = 0; i < 17; i++) {
    operand *const from = &operands[base + i];
    if (from->rank < 0) k.inputs[k.c.num_inputs++] = NULL;
    else op_case_input(&k, from->type, from->rank, from->dims, &from->data, 0);
  }
  static float hidden[LIMIT], cell[LIMIT];
  memcpy(hidden, operands[states].data.f32, sizeof hidden);
  memcpy(cell, operands[states + 1].data.f32, sizeof cell);
  op_case_input(&k, MOTE_FLOAT32, 2, operands[states].dims, hidden, OP_VARIABLE);
  op_case_input(&k, MOTE_FLOAT32, 2, operands[states + 1].dims, cell, OP_VARIABLE);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  memcpy(to, k.out[0].data, (size_t)(w->time * w->batch * output) * sizeof *to);
  assert_true(op_case_end(&k));
}

static void add_lstm(op_random *r, const walk *w, bool gate, bool peephole) {
  for (int i = 0; i < 4; i++)
    if (i || gate) add(r, MOTE_FLOAT32, 0.005f, 2, w->units, w->input, 0);
    else leave_out();
  for (int i = 0; i < 4; i++)
    if (i || gate) add(r, MOTE_FLOAT32, 0.005f, 2, w->units, w->units, 0);
    else leave_out();
  for (int i = 0; i < 3; i++)
    if (peephole && (i || gate)) add(r, MOTE_FLOAT32, 0.005f, 1, w->units, 0, 0);
    else leave_out();
  for (int i = 0; i < 4; i++)
    if (i || gate) add(r, MOTE_FLOAT32, 0.005f, 1, w->units, 0, 0);
    else leave_out();
  for (int i = 0; i < 2; i++) leave_out();
}

static void two_lstms(void **state) {
  (void)state;
  op_random r = {5};
  static float forwards[LIMIT], backwards[LIMIT], turned[LIMIT];
  for (int round = 0; round < 30; round++) {
    const walk w = {.batch = op_random_in(&r, 1, 2),
                    .time = op_random_in(&r, 1, 9),
                    .input = op_random_in(&r, 1, 9),
                    .units = op_random_in(&r, 1, 9),
                    .time_major = true};
    const bool gate = op_random_below(&r, 2), peephole = op_random_below(&r, 2), merge = op_random_below(&r, 2);
    used = 0;
    add(&r, MOTE_FLOAT32, 0.01f, 3, w.time, w.batch, w.input);
    add_lstm(&r, &w, gate, peephole);
    add_lstm(&r, &w, gate, peephole);
    for (int i = 0; i < 4; i++) variable(add(&r, MOTE_FLOAT32, 0.01f, 2, w.batch, w.units, 0));
    for (int i = 0; i < 9; i++) leave_out();
    const size_t piece = (size_t)(w.batch * w.input), width = (size_t)(w.batch * w.units);
    for (size_t t = 0; t < (size_t)w.time; t++)
      memcpy(turned + t * piece, operands[0].data.f32 + ((size_t)w.time - 1 - t) * piece, piece * sizeof *turned);
    one_direction(&w, 1, 35, operands[0].data.f32, forwards, w.units);
    one_direction(&w, 18, 37, turned, backwards, w.units);
    const sch_BidirectionalSequenceLSTMOptions o = {
        .time_major = true, .merge_outputs = merge, .fused_activation_function = sch_ActivationFunctionType_TANH};
    op_case k;
    begin(&k, &op_bidirectional_sequence_lstm, &o, merge ? 1 : 2, NULL);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t t = 0; t < (size_t)w.time; t++)
      for (size_t i = 0; i < width; i++) {
        const size_t b = i / (size_t)w.units, u = i % (size_t)w.units, rows = t * (size_t)w.batch + b;
        const float *const all = k.out[0].data, *const back = k.out[merge ? 0 : 1].data;
        const size_t n = (size_t)w.units * (merge ? 2 : 1);
        assert_true(all[rows * n + u] == forwards[t * width + i]);
        assert_true(back[rows * n + (merge ? (size_t)w.units : 0) + u] ==
                    backwards[((size_t)w.time - 1 - t) * width + i]);
      }
    assert_true(op_case_end(&k));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(simple_cells), cmocka_unit_test(both_directions), cmocka_unit_test(svdf),
      cmocka_unit_test(gru),          cmocka_unit_test(two_lstms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
