/* gemm_f32.h: C = clamp(A * B^T + bias) in float32, for convolution and fully connected layers.
 *
 * A has m rows of k floats, which lie together or in pieces: the window of an output pixel is a piece for each tap, and
 * pointers to the taps stand for a row that nobody has to gather. B is given as n rows of k (the layout of TFLite's
 * weights: [out][h * w * in]) and is packed once. Element (i, j) is summed in the order of k, beginning with the bias,
 * whatever m, the columns asked for and the rest of the tile are: cutting a product into pieces does not change a bit
 * of it. Levels differ from each other only in whether a product is rounded before it is added.
 *
 * Not here: threads, memory.
 */
#ifndef KERNELS_GEMM_F32_H
#define KERNELS_GEMM_F32_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cpu.h"

typedef struct gemm_f32_job {
  size_t m, k;
  size_t n_begin, n_end; /* columns to compute; n_begin is a multiple of nr, n_end that or n */
  const float *a;        /* row i: k floats at a + i * a_stride; or ... */
  size_t a_stride;
  const float *const *pieces; /* ... unless NULL: piece t of row i at pieces[t * m + i] ... */
  size_t piece;               /* ... and this many floats; k is a multiple of it */
  const float *packed;        /* of the whole B */
  float *c;                   /* element (i, j) at c + i * c_stride + (j - n_begin) */
  size_t c_stride;
  float lo, hi; /* min(max(x, lo), hi); NaN stays NaN */
} gemm_f32_job;

typedef struct gemm_f32 {
  size_t mr, nr; /* tile: pieces of a multiple of mr rows and nr columns waste nothing */
  size_t depth;  /* a run goes through so many steps of k at once: this part of the rows should stay in a cache */
  /* Bytes of a pack; false when that does not fit a size_t. */
  bool (*packed_bytes)(size_t n, size_t k, size_t *bytes);
  /* b: n rows of k floats, dense. bias: n floats, or NULL for zeros. Columns may be packed in parts: those from j on, a
   * multiple of nr, are a pack of their own that begins packed_bytes(j, k) bytes behind `to`. */
  void (*pack)(float *to, const float *b, size_t n, size_t k, const float *bias);
  void (*run)(const gemm_f32_job *job);
} gemm_f32;

const gemm_f32 *kern_gemm_f32(cpu_level level);

#endif
