/* dwconv_sums.h: the sums of a depthwise convolution at one output pixel, for the rarer types: 16-bit activations, and
 * float ones that were quantized in the run. What is made of the sums is up to the operator.
 *
 * The window is given as pointers to pixels of `channels` elements, columns first, as in dwconv_f32.h. w is the filter
 * as in the file: [kh][kw][channels].
 */
#ifndef KERNELS_DWCONV_SUMS_H
#define KERNELS_DWCONV_SUMS_H

#include <stddef.h>
#include <stdint.h>

typedef struct dwconv_sums_job {
  size_t kh, kw, channels;
  const void *const *window;
  const int8_t *w;
} dwconv_sums_job;

/* acc[c] = sum over taps of x * w, x being int16; at most 2^23 taps. */
void dwconv_sums_s16(const dwconv_sums_job *job, int64_t *acc);

/* acc[c] = sum over taps of (x - x_zero) * w, x being int8, modulo 2^32. */
void dwconv_sums_s8(const dwconv_sums_job *job, int32_t x_zero, int32_t *acc);

#endif
