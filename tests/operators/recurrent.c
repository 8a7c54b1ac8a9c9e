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
    const walk w = {.batch = op_random_in(&r, 0, 3),
                    .time = single ? 1 : op_random_in(&r, 0, 40),
                    .input = op_random_in(&r, 0, 20),
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
    walk w = {.batch = op_random_in(&r, 0, 3),
              .time = op_random_in(&r, 0, 20),
              .input = op_random_in(&r, 0, 12),
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

typedef struct svdf_kind {
  mote_type rows, features, time, bias, state;
  float time_scale, bias_scale, state_scale;
  double bound, state_bound; /* errors of outputs and of the state */
} svdf_kind;

static const svdf_kind svdf_kinds[] = {
    {MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32, 0.01f, 0.001f, 0.001f, 1e-4, 1e-5},
    {MOTE_FLOAT32, MOTE_INT8, MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32, 0.01f, 0.001f, 0.001f, 0.05, 0.03},
    {MOTE_FLOAT32, MOTE_INT8, MOTE_INT8, MOTE_FLOAT32, MOTE_FLOAT32, 0.01f, 0.001f, 0.001f, 0.05, 0.03},
    {MOTE_INT8, MOTE_INT8, MOTE_INT16, MOTE_INT32, MOTE_INT16, 1e-4f, 1e-8f, 1e-4f, 0.03, 2e-4},
    {MOTE_INT8, MOTE_INT8, MOTE_INT8, MOTE_INT32, MOTE_INT8, 0.005f, 1e-4f, 0.02f, 0.05, 0.021}};

typedef struct svdf_size {
  int32_t batch, input, rank, units, filters, steps;
} svdf_size;

static void add_svdf(op_random *r, const svdf_kind *kind, const svdf_size *s, bool biased) {
  used = 0;
  add(r, kind->rows, 0.01f, 2, s->batch, s->input, 0)->zero = kind->rows == MOTE_INT8 ? 3 : 0;
  add(r, kind->features, 0.005f, 2, s->filters, s->input, 0);
  add(r, kind->time, kind->time_scale, 2, s->filters, s->steps, 0);
  if (biased) add(r, kind->bias, kind->bias_scale, 1, s->units, 0, 0);
  else leave_out();
  variable(add(r, kind->state, kind->state_scale, 2, s->batch, s->filters * s->steps, 0));
}

/* The state after one more step; an int8 one saturates. */
static void define_memory(const svdf_kind *kind, const svdf_size *s, double *memory) {
  for (int32_t i = 0; i < s->batch * s->filters; i++) {
    double newest = product(&operands[0], i / s->filters, &operands[1], i % s->filters);
    if (kind->state == MOTE_INT8) newest = 0.02 * fmin(fmax(rint(newest / 0.02), -128), 127);
    for (int32_t m = 0; m + 1 < s->steps; m++) memory[i * s->steps + m] = real(&operands[4], i * s->steps + m + 1);
    memory[i * s->steps + s->steps - 1] = newest;
  }
}

static double define_unit(const svdf_size *s, const double *memory, int32_t unit) {
  double y = operands[3].rank < 0 ? 0 : real(&operands[3], unit % s->units);
  for (int32_t f = unit * s->rank; f < (unit + 1) * s->rank; f++)
    for (int32_t m = 0; m < s->steps; m++)
      y += memory[f * s->steps + m] * real(&operands[2], f % s->filters * s->steps + m);
  return y;
}

static void svdf(void **state) {
  (void)state;
  op_random r = {3};
  static double memory[LIMIT];
  for (int round = 0; round < 100; round++) {
    const svdf_kind *const kind = &svdf_kinds[round % 5];
    svdf_size s = {.batch = op_random_in(&r, 0, 3),
                   .input = op_random_in(&r, 0, 20),
                   .rank = op_random_in(&r, 1, 3),
                   .units = op_random_in(&r, 1, 8),
                   .steps = op_random_in(&r, 1, 9)};
    s.filters = s.rank * s.units;
    add_svdf(&r, kind, &s, round % 3);
    const bool integer = kind->rows == MOTE_INT8, rectified = !integer && op_random_below(&r, 2);
    const sch_SVDFOptions o = {.rank = s.rank,
                               .fused_activation_function =
                                   rectified ? sch_ActivationFunctionType_RELU : sch_ActivationFunctionType_NONE,
                               .asymmetric_quantize_inputs = op_random_below(&r, 2)};
    operand out = {.type = kind->rows, .scale = 0.02f};
    op_case k;
    begin(&k, &op_svdf, &o, 1, &out);
    define_memory(kind, &s, memory);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < s.batch * s.units; i++) {
      const double y = define_unit(&s, memory, i);
      const double want = integer ? fmin(fmax(y, -2.56), 2.54) : rectified ? fmax(y, 0) : y;
      const void *const data = k.out[0].data;
      const double got = integer ? 0.02 * ((const int8_t *)data)[i] : (double)((const float *)data)[i];
      assert_true(fabs(got - want) < kind->bound);
    }
    for (int32_t i = 0; i < s.batch * s.filters * s.steps; i++)
      assert_true(fabs(real(&operands[4], i) - memory[i]) < kind->state_bound);
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
    const int32_t time = op_random_in(&r, 0, 9), batch = op_random_in(&r, 0, 3), n = op_random_in(&r, 0, 9),
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

enum { CELL_OPERANDS = 17, FORWARD = 1, BACKWARD = 18, STATES = 35, AUX = 39, AUX_WEIGHTS = 40 };

typedef struct pair {
  walk walk;
  aux aux;
  mote_type weights;
  int32_t more, cells[2], outputs[2];
  bool gate[2], peephole, merge, asymmetric;
} pair;

/* Weights of the input, of the state, peepholes, biases and projection of direction d. */
static void add_lstm(op_random *r, const pair *p, int d) {
  const int32_t n = p->cells[d], out = p->outputs[d];
  for (int g = 0; g < 4; g++)
    if (g || p->gate[d]) add(r, p->weights, 0.005f, 2, n, p->walk.input, 0);
    else leave_out();
  for (int g = 0; g < 4; g++)
    if (g || p->gate[d]) add(r, p->weights, 0.005f, 2, n, out, 0);
    else leave_out();
  for (int g = 0; g < 3; g++)
    if (p->peephole && (g || p->gate[d])) add(r, p->weights, 0.005f, 1, n, 0, 0);
    else leave_out();
  for (int g = 0; g < 4; g++)
    if (g || p->gate[d]) add(r, MOTE_FLOAT32, 0.005f, 1, n, 0, 0);
    else leave_out();
  for (int i = 0; i < 2; i++)
    if (n == out) leave_out();
    else if (i == 0) add(r, p->weights, 0.005f, 2, out, n, 0);
    else add(r, MOTE_FLOAT32, 0.005f, 1, out, 0, 0);
}

static void add_pair(op_random *r, const pair *p) {
  const walk *const w = &p->walk;
  const int32_t first = w->time_major ? w->time : w->batch, second = w->time_major ? w->batch : w->time;
  used = 0;
  add(r, MOTE_FLOAT32, 0.01f, 3, first, second, w->input);
  for (int d = 0; d < 2; d++) add_lstm(r, p, d);
  for (int d = 0; d < 2; d++) {
    variable(add(r, MOTE_FLOAT32, 0.01f, 2, w->batch, p->outputs[d], 0));
    variable(add(r, MOTE_FLOAT32, 0.01f, 2, w->batch, p->cells[d], 0));
  }
  if (p->aux == NO_AUX) leave_out();
  else add(r, MOTE_FLOAT32, 0.01f, 3, first, second, p->more);
  for (int i = 0; i < 8; i++)
    if (p->aux == WEIGHTED && (i % 4 || p->gate[i / 4])) add(r, p->weights, 0.005f, 2, p->cells[i / 4], p->more, 0);
    else leave_out();
}

/* Rows of two operands side by side. */
static void join(const operand *a, const operand *b, int32_t rows, int32_t width, int32_t more, operand *to) {
  *to = *a;
  to->dims[a->rank - 1] = width + more;
  assert_true(rows * (width + more) <= LIMIT);
  for (int32_t i = 0; i < rows; i++) {
    memcpy(to->data.f32 + i * (width + more), a->data.f32 + i * width, (size_t)width * 4);
    memcpy(to->data.f32 + i * (width + more) + width, b->data.f32 + i * more, (size_t)more * 4);
  }
}

/* The other way round in time. */
static void turn(const walk *w, const float *from, int32_t width, float *to) {
  for (int32_t b = 0; b < w->batch; b++)
    for (int32_t t = 0; t < w->time; t++)
      memcpy(to + row(w, b, w->time - 1 - t) * width, from + row(w, b, t) * width, (size_t)width * 4);
}

/* One direction by the operator that has only one: the backward one from a sequence that is turned, and turned again.
 * An auxiliary input with weights is more columns of the input. */
static void one_direction(const pair *p, int d, float *to) {
  static operand input, turned, joined[4];
  static float hidden[LIMIT], cell[LIMIT], result[LIMIT];
  const sch_UnidirectionalSequenceLSTMOptions o = {.time_major = p->walk.time_major,
                                                   .fused_activation_function = sch_ActivationFunctionType_TANH,
                                                   .asymmetric_quantize_inputs = p->asymmetric};
  const int32_t rows = p->walk.batch * p->walk.time;
  const bool wide = p->aux == WEIGHTED;
  op_case k;
  op_case_begin(&k, &op_unidirectional_sequence_lstm, &o);
  k.c.isa = cpu_best();
  input = operands[d && p->aux == PLAIN ? AUX : 0];
  if (wide) join(&operands[0], &operands[AUX], rows, p->walk.input, p->more, &input);
  turned = input;
  if (d) turn(&p->walk, input.data.f32, input.dims[2], turned.data.f32);
  op_case_input(&k, MOTE_FLOAT32, 3, turned.dims, &turned.data, 0);
  for (int i = 0; i < CELL_OPERANDS; i++) {
    const operand *from = &operands[(d ? BACKWARD : FORWARD) + i];
    if (wide && i < 4 && from->rank > 0) {
      join(from, &operands[AUX_WEIGHTS + 4 * d + i], p->cells[d], p->walk.input, p->more, &joined[i]);
      from = &joined[i];
    }
    if (from->rank < 0) k.inputs[k.c.num_inputs++] = NULL;
    else op_case_input(&k, from->type, from->rank, from->dims, &from->data, 0)->scale = from->scale;
  }
  const operand *const states = &operands[STATES + 2 * d];
  memcpy(hidden, states[0].data.f32, sizeof hidden);
  memcpy(cell, states[1].data.f32, sizeof cell);
  op_case_input(&k, MOTE_FLOAT32, 2, states[0].dims, hidden, OP_VARIABLE);
  op_case_input(&k, MOTE_FLOAT32, 2, states[1].dims, cell, OP_VARIABLE);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  memcpy(result, k.out[0].data, k.out[0].bytes);
  memcpy(to, result, k.out[0].bytes);
  if (d) turn(&p->walk, result, p->outputs[1], to);
  assert_true(op_case_end(&k));
}

static pair some_pair(op_random *r) {
  pair p = {.walk = {.batch = op_random_in(r, 0, 3),
                     .time = op_random_in(r, 0, 20),
                     .input = op_random_in(r, 1, 9),
                     .time_major = op_random_below(r, 2)},
            .aux = (aux)op_random_below(r, 3),
            .peephole = op_random_below(r, 2),
            .merge = op_random_below(r, 2),
            .asymmetric = op_random_below(r, 2)};
  /* Joined rows are quantized together, so auxiliary weights are floats here. */
  p.weights = p.aux != WEIGHTED && op_random_below(r, 2) ? MOTE_INT8 : MOTE_FLOAT32;
  p.more = p.aux == PLAIN ? p.walk.input : op_random_in(r, 1, 9);
  for (int d = 0; d < 2; d++) {
    p.gate[d] = op_random_below(r, 2);
    p.cells[d] = op_random_in(r, 1, 9);
    p.outputs[d] = op_random_below(r, 2) ? p.cells[d] : op_random_in(r, 1, 9);
  }
  return p;
}

static void two_lstms(void **state) {
  (void)state;
  op_random r = {5};
  static float expected[2][LIMIT];
  for (int round = 0; round < 150; round++) {
    const pair p = some_pair(&r);
    add_pair(&r, &p);
    for (int d = 0; d < 2; d++) one_direction(&p, d, expected[d]);
    const sch_BidirectionalSequenceLSTMOptions o = {.time_major = p.walk.time_major,
                                                    .merge_outputs = p.merge,
                                                    .fused_activation_function = sch_ActivationFunctionType_TANH,
                                                    .asymmetric_quantize_inputs = p.asymmetric};
    op_case k;
    begin(&k, &op_bidirectional_sequence_lstm, &o, p.merge ? 1 : 2, NULL);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int d = 0; d < 2; d++)
      for (int32_t i = 0; i < p.walk.batch * p.walk.time * p.outputs[d]; i++) {
        const int32_t n = i / p.outputs[d], u = i % p.outputs[d];
        const float *const all = k.out[p.merge ? 0 : d].data;
        const float got = p.merge ? all[n * (p.outputs[0] + p.outputs[1]) + (d ? p.outputs[0] : 0) + u] : all[i];
        assert_true(p.aux == WEIGHTED ? fabsf(got - expected[d][i]) < 1e-5f : got == expected[d][i]);
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
