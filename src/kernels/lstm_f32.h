/* lstm_f32.h: the element-wise part of a float LSTM cell. */
#ifndef KERNELS_LSTM_F32_H
#define KERNELS_LSTM_F32_H

#include <stddef.h>

#include "base/cpu.h"

typedef enum lstm_activation {
  LSTM_NONE,
  LSTM_RELU,
  LSTM_RELU_N1_TO_1,
  LSTM_RELU6,
  LSTM_TANH,
  LSTM_SIGN_BIT,
  LSTM_LOGISTIC
} lstm_activation;

typedef struct lstm_f32 {
  /* x[i] += y[i] */
  void (*add)(float *x, const float *y, size_t n);
  /* x[i] += w[i] * y[i] */
  void (*add_product)(float *x, const float *w, const float *y, size_t n);
  /* y[i] = activation(x[i]); y may be x */
  void (*activate)(float *y, const float *x, size_t n, lstm_activation activation);
  /* y[i] *= x[i] */
  void (*multiply)(float *y, const float *x, size_t n);
  /* cell[i] = forget[i] * cell[i] + input[i] * update[i], within +-clip when that is above 0. input NULL: 1 - forget */
  void (*update)(float *cell, const float *input, const float *forget, const float *update, size_t n, float clip);
} lstm_f32;

const lstm_f32 *kern_lstm_f32(cpu_level level);

#endif
