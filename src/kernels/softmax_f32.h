/* softmax_f32.h: softmax over rows of float32: y = e^(beta (x - max)) / sum, with the exponential of math_f32.h.
 *
 * Sums are made in 16 lanes, so they depend on the length of a row alone. A NaN makes its whole row NaN.
 */
#ifndef KERNELS_SOFTMAX_F32_H
#define KERNELS_SOFTMAX_F32_H

#include <stddef.h>

#include "base/cpu.h"

typedef struct softmax_f32 {
  /* rows of n contiguous floats, n >= 1; y may be x. */
  void (*run)(float *y, const float *x, size_t rows, size_t n, float beta);
} softmax_f32;

const softmax_f32 *kern_softmax_f32(cpu_level level);

#endif
