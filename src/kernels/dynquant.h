/* dynquant.h: quantization of float rows in the run, for products with 8-bit weights ("hybrid" operators).
 *
 * Roundings and the choice of the zero point are those of TFLite's portable tensor utilities. NaN becomes the lowest
 * code. Not here: quantization with parameters known beforehand (QUANTIZE).
 */
#ifndef KERNELS_DYNQUANT_H
#define KERNELS_DYNQUANT_H

#include <stddef.h>
#include <stdint.h>

/* q = round(x * (127 / max|x|)) in [-127, 127]; returns the scale max|x| / 127, or 1 when all x are 0. */
float dynquant_symmetric(const float *x, size_t n, int8_t *q);

/* q = round(offset + x / scale) in [-128, 127], over the range of x widened to hold 0. */
float dynquant_asymmetric(const float *x, size_t n, int8_t *q, int32_t *offset);

/* Sum of a[i] * b[i]; exact while n <= 2^17. */
int32_t dynquant_dot(const int8_t *a, const int8_t *b, size_t n);

/* Sum of a[i]. */
int32_t dynquant_sum(const int8_t *a, size_t n);

#endif
