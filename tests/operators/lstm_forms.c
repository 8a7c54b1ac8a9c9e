/* The forms of LSTM that lstm.c leaves out, against their definitions in double: the basic cell of five operands, in
 * float32 and uint8; and the integer cell whose products are rounded to int8, with twelve intermediate tensors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/operands.h"

extern const mote_op op_lstm, op_unidirectional_sequence_lstm;

static double logistic(double x) { return 1 / (1 + exp(-x)); }

/* ---- the basic cell ---- */

enum { INPUT, PREVIOUS, WEIGHTS, BIAS, STATE };
enum { OUTPUT, NEW_STATE, ROWS, GATES, OUTPUTS };

static const sch_LSTMOptions basic_options = {.kernel_type = sch_LSTMKernelType_BASIC,
                                              .fused_activation_function = sch_ActivationFunctionType_TANH};

static void add_basic(op_random *r, bool is_float, int32_t batch, int32_t depth, int32_t units) {
  const mote_type type = is_float ? MOTE_FLOAT32 : MOTE_UINT8;
  const float scale = is_float ? 0.01f : 0x1p-7f, weights = 0.004f;
  used = 0;
  add(r, type, scale, 2, batch, depth, 0);
  add(r, type, scale, 2, batch, units, 0);
  add(r, type, weights, 2, 4 * units, depth + units, 0);
  if (!is_float) operands[WEIGHTS].zero = 117;
  add(r, is_float ? MOTE_FLOAT32 : MOTE_INT32, is_float ? 0.01f : scale * weights, 1, 4 * units, 0, 0);
  add(r, is_float ? MOTE_FLOAT32 : MOTE_INT16, is_float ? 0.01f : 0x1p-11f, 2, batch, units, 0);
}

static void begin_basic(op_case *k) {
  static const mote_type types[OUTPUTS] = {MOTE_UINT8, MOTE_INT16, MOTE_UINT8, MOTE_INT16};
  begin(k, &op_lstm, &basic_options, OUTPUTS, NULL);
  if (operands[INPUT].type == MOTE_FLOAT32) return;
  for (int i = 0; i < OUTPUTS; i++) k->out[i].type = types[i];
  k->out[OUTPUT].scale = 0x1p-7f, k->out[OUTPUT].zero_point = 128;
  k->out[NEW_STATE].scale = 0x1p-11f;
}

/* What the outputs hold, as real numbers. */
static double basic_result(const op_case *k, int output, int32_t i) {
  const op_tensor *const t = &k->out[output];
  if (t->type == MOTE_FLOAT32) return (double)((const float *)t->data)[i];
  if (t->type == MOTE_UINT8) return (((const uint8_t *)t->data)[i] - 128) / 128.0;
  return ((const int16_t *)t->data)[i] / (output == GATES ? 4096.0 : 2048.0);
}

/* Compares one batch element with its definition. */
static void check_basic(const op_case *k, int32_t b, int32_t depth, int32_t units, const double *previous,
                        const double *state, double bound) {
  const int32_t width = depth + units;
  double gates[4 * 16], row[64];
  for (int32_t j = 0; j < width; j++) {
    row[j] = j < depth ? real(&operands[INPUT], b * depth + j) : previous[b * units + j - depth];
    assert_true(fabs(basic_result(k, ROWS, b * width + j) - row[j]) < 1e-6);
  }
  for (int32_t g = 0; g < 4 * units; g++) {
    gates[g] = real(&operands[BIAS], g);
    for (int32_t j = 0; j < width; j++) gates[g] += row[j] * real(&operands[WEIGHTS], g * width + j);
    assert_true(fabs(basic_result(k, GATES, b * 4 * units + g) - gates[g]) < bound);
  }
  for (int32_t i = 0; i < units; i++) {
    const double y =
        logistic(gates[i]) * tanh(gates[units + i]) + logistic(gates[2 * units + i]) * state[b * units + i];
    assert_true(fabs(basic_result(k, NEW_STATE, b * units + i) - y) < bound);
    assert_true(fabs(basic_result(k, OUTPUT, b * units + i) - logistic(gates[3 * units + i]) * tanh(y)) < bound);
  }
}

static void basic(bool is_float, double bound) {
  op_random r = {7};
  static double previous[LIMIT], state[LIMIT];
  for (int round = 0; round < 40; round++) {
    const int32_t batch = op_random_in(&r, 0, 3), depth = op_random_in(&r, 0, 20), units = op_random_in(&r, 1, 12);
    const bool keeps = op_random_below(&r, 2), constant = op_random_below(&r, 2);
    add_basic(&r, is_float, batch, depth, units);
    if (keeps) operands[PREVIOUS].flags = operands[STATE].flags = OP_VARIABLE;
    if (constant) operands[WEIGHTS].flags = operands[BIAS].flags = OP_CONST;
    for (int32_t i = 0; i < batch * units; i++) {
      previous[i] = real(&operands[PREVIOUS], i);
      state[i] = real(&operands[STATE], i);
    }
    op_case k;
    begin_basic(&k);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t b = 0; b < batch; b++) check_basic(&k, b, depth, units, previous, state, bound);
    for (int32_t i = 0; i < batch * units; i++) {
      assert_true(real(&operands[PREVIOUS], i) == (keeps ? basic_result(&k, OUTPUT, i) : previous[i]));
      assert_true(real(&operands[STATE], i) == (keeps ? basic_result(&k, NEW_STATE, i) : state[i]));
    }
    assert_true(op_case_end(&k));
  }
}

static void basic_floats(void **state) {
  (void)state;
  basic(true, 1e-5);
}

static void basic_bytes(void **state) {
  (void)state;
  basic(false, 0.006);
}

/* ---- products rounded to int8 ---- */

enum { X = 1, H = 5, NORM_BIAS = 12, PROJECT = 16, PROJECT_BIAS, HIDDEN, CELL, NORM = 20, INTERMEDIATES = 12 };
enum { FORGET = 1, CHANGE, OPEN, GATE_COUNT };

static const float sum_scale = 0x1p-12f, product_scale = 0.02f, norm_scale = 1e-4f, weight_scale = 0.003f;
static op_tensor inner[INTERMEDIATES], *intermediates[INTERMEDIATES];

typedef struct net {
  int32_t batch, time, input, cell, output;
} net;

static void multiply(operand *o, int32_t count, int32_t by) {
  for (int32_t i = 0; i < count; i++) o->data.i32[i] *= by;
}

static void add_net(op_random *r, const net *n) {
  used = 0;
  add(r, MOTE_INT8, 0.01f, 3, n->batch, n->time, n->input)->zero = 4;
  for (int g = 0; g < GATE_COUNT; g++)
    if (g) add(r, MOTE_INT8, weight_scale, 2, n->cell, n->input, 0);
    else leave_out();
  for (int g = 0; g < GATE_COUNT; g++)
    if (g) add(r, MOTE_INT8, weight_scale, 2, n->cell, n->output, 0);
    else leave_out();
  for (int i = 0; i < 3; i++) leave_out();
  for (int g = 0; g < GATE_COUNT; g++)
    if (g) multiply(add(r, MOTE_INT32, norm_scale / 1024, 1, n->cell, 0, 0), n->cell, 20000);
    else leave_out();
  add(r, MOTE_INT8, weight_scale, 2, n->output, n->cell, 0);
  multiply(add(r, MOTE_INT32, weight_scale / 32768, 1, n->output, 0, 0), n->output, 9000);
  variable(add(r, MOTE_INT8, 0.01f, 2, n->batch, n->output, 0))->zero = -6;
  variable(add(r, MOTE_INT16, 0x1p-15f, 2, n->batch, n->cell, 0));
  for (int g = 0; g < GATE_COUNT; g++)
    if (g) add(r, MOTE_INT16, norm_scale, 1, n->cell, 0, 0);
    else leave_out();
}

static void begin_net(op_case *k, const void *options, const mote_op *op) {
  static operand out;
  out = (operand){.type = MOTE_INT8, .scale = operands[HIDDEN].scale, .zero = operands[HIDDEN].zero};
  begin(k, op, options, 1, &out);
  for (int i = 0; i < INTERMEDIATES; i++) {
    op_case_fill(k, &inner[i], i % 3 ? MOTE_INT8 : MOTE_INT16);
    inner[i].scale = i % 3 ? product_scale : sum_scale;
    inner[i].zero_point = i % 3; /* of products, 1 and 2 */
    intermediates[i] = &inner[i];
  }
  k->c.intermediates = intermediates;
  k->c.num_intermediates = INTERMEDIATES;
}

static void define_gate(const net *n, int g, const double *x, const double *h, double *to) {
  double mean = 0, variance = 0;
  for (int32_t i = 0; i < n->cell; i++) {
    to[i] = 0;
    for (int32_t j = 0; j < n->input; j++) to[i] += x[j] * real(&operands[X + g], i * n->input + j);
    for (int32_t j = 0; j < n->output; j++) to[i] += h[j] * real(&operands[H + g], i * n->output + j);
    mean += to[i] / n->cell;
  }
  for (int32_t i = 0; i < n->cell; i++) variance += (to[i] - mean) * (to[i] - mean) / n->cell;
  for (int32_t i = 0; i < n->cell; i++)
    to[i] = (to[i] - mean) / sqrt(variance) * real(&operands[NORM + g], i) + real(&operands[NORM_BIAS + g], i);
}

static double expected[LIMIT]; /* [batch][time][output] */

static void define_net(const net *n) {
  double x[64], h[64], cell[64], gates[GATE_COUNT][64];
  for (int32_t b = 0; b < n->batch; b++) {
    for (int32_t i = 0; i < n->output; i++) h[i] = real(&operands[HIDDEN], b * n->output + i);
    for (int32_t i = 0; i < n->cell; i++) cell[i] = real(&operands[CELL], b * n->cell + i);
    for (int32_t t = b * n->time; t < (b + 1) * n->time; t++) {
      for (int32_t j = 0; j < n->input; j++) x[j] = real(&operands[INPUT], t * n->input + j);
      for (int g = FORGET; g < GATE_COUNT; g++) define_gate(n, g, x, h, gates[g]);
      for (int32_t i = 0; i < n->cell; i++) {
        const double forget = logistic(gates[FORGET][i]);
        cell[i] = forget * cell[i] + (1 - forget) * tanh(gates[CHANGE][i]);
      }
      for (int32_t i = 0; i < n->output; i++) {
        h[i] = real(&operands[PROJECT_BIAS], i);
        for (int32_t j = 0; j < n->cell; j++)
          h[i] += logistic(gates[OPEN][j]) * tanh(cell[j]) * real(&operands[PROJECT], i * n->cell + j);
        expected[t * n->output + i] = h[i];
      }
    }
  }
}

static void products_of_bytes(void **state) {
  (void)state;
  op_random r = {8};
  double sum = 0, numbers = 0;
  for (int round = 0; round < 40; round++) {
    const bool single = round % 4 == 3;
    const net n = {.batch = op_random_in(&r, 1, 3),
                   .time = single ? 1 : op_random_in(&r, 1, 6),
                   .input = op_random_in(&r, 4, 20),
                   .cell = op_random_in(&r, 6, 20),
                   .output = op_random_in(&r, 1, 12)};
    add_net(&r, &n);
    define_net(&n);
    if (single) {
      operands[INPUT].rank = 2;
      operands[INPUT].dims[1] = n.input;
    }
    op_case k;
    begin_net(&k, NULL, single ? &op_lstm : &op_unidirectional_sequence_lstm);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < n.batch * n.time * n.output; i++) {
      const double y = operands[HIDDEN].scale * (((const int8_t *)k.out[0].data)[i] - operands[HIDDEN].zero);
      const double error = fabs(y - expected[i]);
      assert_true(error < 0.08);
      sum += error, numbers++;
    }
    assert_true(op_case_end(&k));
  }
  assert_true(sum / numbers < 0.01);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(basic_floats),
      cmocka_unit_test(basic_bytes),
      cmocka_unit_test(products_of_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
