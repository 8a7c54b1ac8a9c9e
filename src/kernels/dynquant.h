/* dynquant.h: quantization of float rows in the run, for products with 8-bit weights ("hybrid" operators).
 *
 * Roundings and the choice of the zero point are those of TFLite's portable tensor utilities. NaN becomes the lowest
 * code. Not here: quantization with parameters known beforehand (QUANTIZE).
 */
#ifndef KERNELS_DYNQUANT_H
#define KERNELS_DYNQUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* q = round(x * (127 / max|x|)) in [-127, 127]; returns the scale max|x| / 127, or 1 when all x are 0. */
float dynquant_symmetric(const float *x, size_t n, int8_t *q);

/* q = round(offset + x / scale) in [-128, 127], over the range of x widened to hold 0. */
float dynquant_asymmetric(const float *x, size_t n, int8_t *q, int32_t *offset);

/* int32 sums of products with quantized rows to floats: out = clamp(bias + real(acc - offset * sums)). */
typedef struct dynquant_row {
  size_t n;
  const int32_t *acc;
  const int32_t *sums;        /* of the weights of each column; NULL when the offset counts in acc already */
  int32_t offset;             /* of the row */
  float scale;                /* of the row, or of row and weights */
  const float *channel_scale; /* of the weights of each column, or NULL */
  bool channel_first;         /* real(x) = x * channel_scale * scale; else x * (scale * channel_scale) */
  const float *bias;          /* or NULL */
  float lo, hi;
  float *out;
} dynquant_row;

void dynquant_finish(const dynquant_row *row);

/* out += (acc - offset * sums) * scale: a row that has its bias, or other products, already. Operands do not overlap.
 */
void dynquant_add(float *out, const int32_t *acc, const int32_t *sums, int32_t offset, float scale, size_t n);

#endif
