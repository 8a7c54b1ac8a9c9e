/* lstm_s16.h: the element-wise part of an integer LSTM cell: int16 gates and cell, base/fixed.h's roundings. Every
 * level gives the same integers.
 */
#ifndef KERNELS_LSTM_S16_H
#define KERNELS_LSTM_S16_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/fixed.h"

/* sat is saturation to int16; Q is fx_mbqm. */
typedef struct lstm_s16 {
  /* gate[i] = sat(Q(acc[i])), or sat(Q(acc[i]) + gate[i]) */
  void (*begin)(int16_t *gate, const int32_t *acc, size_t n, fx_mult q);
  void (*add)(int16_t *gate, const int32_t *acc, size_t n, fx_mult q);
  /* gate[i] = sat(Q(w[i] * cell[i]) + gate[i]) */
  void (*add_product)(int16_t *gate, const int16_t *w, const int16_t *cell, size_t n, fx_mult q);
  /* Q3.12 to Q0.15, in place */
  void (*logistic)(int16_t *x, size_t n);
  /* with `bits` integer bits, 0 to 6, to Q0.15; y may be x */
  void (*tanh)(int16_t *y, const int16_t *x, size_t n, int bits);
  /* cell[i] = sat(forget * cell / 2^15 + input * change / 2^shift), each rounded, within +-clip when that is above 0.
   * input NULL: 32767 - forget. */
  void (*update)(int16_t *cell, const int16_t *input, const int16_t *forget, const int16_t *change, size_t n, int shift,
                 int16_t clip);
  /* to[i] = Q(a[i] * b[i]) + zero, saturated to int8 */
  void (*hide)(int8_t *to, const int16_t *a, const int16_t *b, size_t n, fx_mult q, int32_t zero);
} lstm_s16;

const lstm_s16 *kern_lstm_s16(cpu_level level);

#endif
