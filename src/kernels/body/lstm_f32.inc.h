/* lstm_f32.inc.h: the element-wise part of an LSTM cell. */
#include "kernels/lstm_f32.h"

#include <math.h>
#include <string.h>

#include "kernels/body/level.h"
#include "kernels/map.h"
#include "kernels/tables.h"

static void add(float *x, const float *y, size_t n) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) x[i] += y[i];
}

static void add_product(float *x, const float *w, const float *y, size_t n) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) x[i] += w[i] * y[i];
}

static void multiply(float *y, const float *x, size_t n) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] *= x[i];
}

static void clamp(float *y, const float *x, size_t n, float lo, float hi) {
  KERN_FN(map_clamp_f32)(x, y, n, &(const map_clamp){lo, hi});
}

static void activate(float *y, const float *x, size_t n, lstm_activation activation) {
  switch (activation) {
    case LSTM_NONE: memmove(y, x, n * sizeof *y); return;
    case LSTM_RELU: clamp(y, x, n, 0, INFINITY); return;
    case LSTM_RELU_N1_TO_1: clamp(y, x, n, -1, 1); return;
    case LSTM_RELU6: clamp(y, x, n, 0, 6); return;
    case LSTM_TANH: KERN_FN(map_tanh_f32)(x, y, n, NULL); return;
    case LSTM_SIGN_BIT:
      for (size_t i = 0; i < n; i++) y[i] = signbit(x[i]) ? 1 : 0;
      return;
    case LSTM_LOGISTIC: KERN_FN(map_logistic_f32)(x, y, n, NULL); return;
  }
}

static void update(float *cell, const float *input, const float *forget, const float *change, size_t n, float clip) {
  if (input) {
    KERN_ELEMENTWISE
    for (size_t i = 0; i < n; i++) cell[i] = forget[i] * cell[i] + input[i] * change[i];
  } else {
    KERN_ELEMENTWISE
    for (size_t i = 0; i < n; i++) cell[i] = forget[i] * cell[i] + (1 - forget[i]) * change[i];
  }
  if (clip > 0) clamp(cell, cell, n, -clip, clip);
}

const lstm_f32 KERN_TABLE(lstm_f32) = {
    .add = add, .add_product = add_product, .activate = activate, .multiply = multiply, .update = update};
