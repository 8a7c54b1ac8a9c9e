/* softmax_lstm.c: softmax_f32.h, lstm_f32.h, lstm_s16.h, a level against scalar. Floats may differ where a level fuses
 * a product into a sum: in the last places of numbers of magnitude 1.
 */
#include <math.h>

#include "check.h"
#include "kernels/lstm_f32.h"
#include "kernels/lstm_s16.h"
#include "kernels/softmax_f32.h"

static float *floats(check *c, size_t n, float scale) {
  float *x = check_memory(c, n * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = check_float(c) * scale;
  return x;
}

static void compare(check *c, const char *what, const float *want, const float *got, size_t n, float bound) {
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(want[i] - got[i]) <= bound) && !(isnan(want[i]) && isnan(got[i]))) {
      check_fail(c, "%s: element %zu is %g, scalar has %g", what, i, (double)got[i], (double)want[i]);
      return;
    }
}

void check_softmax_f32(check *c) {
  const softmax_f32 *scalar = kern_softmax_f32(CPU_SCALAR), *level = kern_softmax_f32(c->level);
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    const size_t n = check_size(c, 16, 200) + 1, rows = (size_t)check_int(c, 0, 4);
    const float beta = check_coin(c) ? 1 : check_float(c) + 2;
    float *x = floats(c, rows * n, 30);
    if (rows && check_int(c, 0, 9) == 0) x[check_int(c, 0, (int64_t)(rows * n) - 1)] = check_coin(c) ? NAN : -INFINITY;
    check_case(c, "%zu rows of %zu, beta %g", rows, n, (double)beta);
    float *want = check_memory(c, rows * n * sizeof *want), *got = check_copy(c, x, rows * n * sizeof *x);
    scalar->run(want, x, rows, n, beta);
    level->run(got, got, rows, n, beta); /* in place */
    compare(c, "softmax", want, got, rows * n, 1e-6f);
  }
}

void check_lstm_f32(check *c) {
  const lstm_f32 *scalar = kern_lstm_f32(CPU_SCALAR), *level = kern_lstm_f32(c->level);
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    const size_t n = check_size(c, 16, 100), bytes = n * sizeof(float);
    const float *x = floats(c, n, 8), *w = floats(c, n, 1), *f = floats(c, n, 1), *g = floats(c, n, 1);
    check_case(c, "%zu elements", n);
    for (lstm_activation a = LSTM_NONE; a <= LSTM_LOGISTIC; a++) {
      float *want = check_memory(c, bytes), *got = check_copy(c, x, bytes);
      scalar->activate(want, x, n, a);
      level->activate(got, got, n, a);
      compare(c, "activate", want, got, n, a == LSTM_TANH || a == LSTM_LOGISTIC ? 4e-7f : 0);
    }
    float *want = check_copy(c, x, bytes), *got = check_copy(c, x, bytes);
    scalar->add(want, w, n), level->add(got, w, n);
    compare(c, "add", want, got, n, 0);
    scalar->multiply(want, w, n), level->multiply(got, w, n);
    compare(c, "multiply", want, got, n, 0);
    scalar->add_product(want, f, g, n), level->add_product(got, f, g, n);
    compare(c, "add_product", want, got, n, 2e-6f);
    const float *input = check_coin(c) ? w : NULL, clip = check_coin(c) ? 0.5f : 0;
    scalar->update(want, input, f, g, n, clip), level->update(got, input, f, g, n, clip);
    compare(c, "update", want, got, n, 4e-6f);
  }
}

static fx_mult some_mult(check *c) {
  return (fx_mult){(int32_t)check_int(c, INT32_C(1) << 30, INT32_MAX), (int32_t)check_int(c, -20, 4)};
}

void check_lstm_s16(check *c) {
  const lstm_s16 *scalar = kern_lstm_s16(CPU_SCALAR), *level = kern_lstm_s16(c->level);
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    const size_t n = check_size(c, 16, 100), bytes = n * sizeof(int16_t);
    const int16_t *a = check_memory(c, bytes), *b = check_memory(c, bytes), *f = check_memory(c, bytes);
    const int32_t *acc = check_memory(c, n * sizeof *acc);
    const fx_mult q = some_mult(c);
    const int bits = (int)check_int(c, 0, 6), shift = (int)check_int(c, 15, 21);
    const int32_t zero = (int32_t)check_int(c, -128, 128);
    const int16_t clip = (int16_t)(check_coin(c) ? check_int(c, 1, INT16_MAX) : 0);
    check_case(c, "%zu elements, multiplier %d, shift %d, %d integer bits", n, (int)q.m, (int)q.shift, bits);
    int16_t *want = check_copy(c, a, bytes), *got = check_copy(c, a, bytes);
    scalar->begin(want, acc, n, q), level->begin(got, acc, n, q);
    check_equal(c, "begin", want, got, bytes);
    scalar->add(want, acc, n, q), level->add(got, acc, n, q);
    check_equal(c, "add", want, got, bytes);
    scalar->add_product(want, a, b, n, q), level->add_product(got, a, b, n, q);
    check_equal(c, "add_product", want, got, bytes);
    scalar->logistic(want, n), level->logistic(got, n);
    check_equal(c, "logistic", want, got, bytes);
    scalar->tanh(want, a, n, bits), level->tanh(got, a, n, bits);
    check_equal(c, "tanh", want, got, bytes);
    const int16_t *input = check_coin(c) ? b : NULL;
    scalar->update(want, input, f, a, n, shift, clip), level->update(got, input, f, a, n, shift, clip);
    check_equal(c, "update", want, got, bytes);
    int8_t *want8 = check_memory(c, n), *got8 = check_memory(c, n);
    scalar->hide(want8, a, b, n, q, zero), level->hide(got8, a, b, n, q, zero);
    check_equal(c, "hide", want8, got8, n);
  }
}
