/* gemm_s8.h: the exact int32 product of 8-bit matrices, for convolution and fully connected layers.
 *
 *   c[i][j] = bias[j] + sum over k of (a[i][k] - a_zero) * (w[j][k] - w_zero)        modulo 2^32
 *
 * Activations and weights are int8 or uint8 each. Rows of A are first staged: brought into the form that a level
 * multiplies (a byte or two an element). Weights are packed as int8, uint8 ones as w ^ 0x80, together with what
 * corrects for a_zero. A zero point of the packed weights (`gemm_s8_weight_zero`) needs the sums of the staged rows as
 * well; it is 0 for all symmetric weights.
 *
 * A convolution stages each tap of a window at its place in the row: positions outside the image from a row that is
 * filled with a_zero. The int32 results go through requant.h.
 */
#ifndef KERNELS_GEMM_S8_H
#define KERNELS_GEMM_S8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

/* What a pack is made of. */
typedef struct gemm_s8_weights {
  size_t n, k;
  const void *w; /* n rows of k bytes, dense */
  bool w_signed, a_signed;
  int32_t w_zero, a_zero; /* as the file gives them */
  const int32_t *bias;    /* n, or NULL for zeros */
} gemm_s8_weights;

typedef struct gemm_s8_job {
  size_t m, k;
  size_t n_begin, n_end; /* columns to compute; n_begin is a multiple of nr, n_end that or n */
  const void *a;         /* staged row i at (char *)a + i * a_stride */
  size_t a_stride;       /* bytes, at least gemm_s8_staged(kernels, k) */
  const void *packed;    /* of all n columns */
  int32_t w_zero;        /* gemm_s8_weight_zero of the weights */
  const int32_t *sums;   /* row_sum of each of the m rows; not read, and may be NULL, when w_zero is 0 */
  int32_t *c;            /* element (i, j) at c + i * c_stride + (j - n_begin) */
  size_t c_stride;
} gemm_s8_job;

/* Sources whose bytes are already what stage would write: their rows may be used unstaged, when k is a multiple of
 * k_align and the stride is given in a_stride. */
typedef enum gemm_s8_direct { GEMM_S8_NEVER, GEMM_S8_UNSIGNED, GEMM_S8_SIGNED } gemm_s8_direct;

typedef struct gemm_s8 {
  size_t mr, nr;  /* tile: pieces of a multiple of mr rows and nr columns waste nothing */
  size_t element; /* bytes of a staged element */
  size_t k_align; /* staged rows are read up to a multiple of this many elements; those beyond k do not matter */
  gemm_s8_direct direct;
  bool (*packed_bytes)(size_t n, size_t k, size_t *bytes); /* false when that does not fit a size_t */
  /* Columns may be packed in parts, as in gemm_f32.h. */
  void (*pack)(void *to, const gemm_s8_weights *weights);
  /* Stages `count` elements. A row may be staged in parts: element e of it lies at (char *)row + e * element. */
  void (*stage)(void *to, const void *from, size_t count, bool is_signed);
  int32_t (*row_sum)(const void *staged, size_t k);
  void (*run)(const gemm_s8_job *job);
} gemm_s8;

const gemm_s8 *kern_gemm_s8(cpu_level level);

/* Bytes of a staged row. */
static inline size_t gemm_s8_staged(const gemm_s8 *g, size_t k) {
  return (k + g->k_align - 1) / g->k_align * g->k_align * g->element;
}
/* The zero point of weights as they are packed. */
static inline int32_t gemm_s8_weight_zero(int32_t w_zero, bool w_signed) { return w_signed ? w_zero : w_zero - 128; }

#endif
