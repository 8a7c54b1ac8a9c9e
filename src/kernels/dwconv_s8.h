/* dwconv_s8.h: depthwise convolution of NHWC int8 or uint8, vectorised over channels, requantized as it leaves.
 *
 *   acc[c] = bias[c] + sum over taps of (x[tap][c] - x_zero) * (w[tap][c] - w_zero)          modulo 2^32
 *   out[c] = clamp(fx_mbqm(acc[c], mult[c]) + zero_point)
 *
 * Windows are given as pointers to pixels of `channels` bytes, columns first, exactly as in dwconv_f32.h. Taps outside
 * the image point to `channels` bytes of x_zero. The depth multiplier is 1; see repeat.h for others.
 */
#ifndef KERNELS_DWCONV_S8_H
#define KERNELS_DWCONV_S8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/fixed.h"

/* What a pack is made of. */
typedef struct dwconv_s8_weights {
  size_t kh, kw, channels;
  const void *w; /* [kh][kw][channels], as in the file */
  bool w_signed, x_signed;
  int32_t w_zero, x_zero; /* as the file gives them */
  const int32_t *bias;    /* `channels`, or NULL for zeros */
  const fx_mult *mult;    /* `channels`; m >= 0, -31 <= shift <= 31 */
} dwconv_s8_weights;

typedef struct dwconv_s8_job {
  size_t pixels, kh, kw, channels;
  const void *const *pointers;
  size_t step;
  bool x_signed;
  const void *packed;
  int32_t zero_point, lo, hi; /* lo and hi lie within int8 or within uint8: that alone decides what out means */
  void *out;                  /* pixel p at byte p * out_stride */
  size_t out_stride;
} dwconv_s8_job;

typedef struct dwconv_s8 {
  /* Room for any weights of this size; false when that does not fit a size_t. */
  bool (*packed_bytes)(size_t kh, size_t kw, size_t channels, size_t *bytes);
  void (*pack)(void *to, const dwconv_s8_weights *weights);
  void (*run)(const dwconv_s8_job *job);
} dwconv_s8;

const dwconv_s8 *kern_dwconv_s8(cpu_level level);

#endif
