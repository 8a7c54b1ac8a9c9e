/* dwconv_f32.h: depthwise convolution of NHWC float32, vectorised over channels.
 *
 * The window of an output pixel is given as pointers to pixels of `channels` floats: tap (y, x) of a window of height
 * kh and width kw is pointer x * kh + y (columns first), and pixel p begins at pointer p * step. So with dilation 1 the
 * pixels of an output row share pointers: a row of columns, kh pointers each, and step = stride * kh. With dilation, or
 * wherever sharing does not fit, step = kh * kw. Taps outside the image point to `channels` zeros.
 *
 * Each sum begins with the bias and goes in the order of the pointers.
 *
 * The depth multiplier is 1 here. For others the operator first repeats each channel of the input (repeat.h).
 */
#ifndef KERNELS_DWCONV_F32_H
#define KERNELS_DWCONV_F32_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cpu.h"

typedef struct dwconv_f32_job {
  size_t pixels, kh, kw, channels;
  const float *const *pointers;
  size_t step;
  const float *packed;
  float *out; /* pixel p at out + p * out_stride */
  size_t out_stride;
  float lo, hi; /* min(max(x, lo), hi); NaN stays NaN */
} dwconv_f32_job;

typedef struct dwconv_f32 {
  bool (*packed_bytes)(size_t kh, size_t kw, size_t channels, size_t *bytes); /* false when it does not fit a size_t */
  /* w: [kh][kw][channels], as in the file. bias: `channels` floats, or NULL for zeros. */
  void (*pack)(float *to, const float *w, size_t kh, size_t kw, size_t channels, const float *bias);
  void (*run)(const dwconv_f32_job *job);
} dwconv_f32;

const dwconv_f32 *kern_dwconv_f32(cpu_level level);

#endif
