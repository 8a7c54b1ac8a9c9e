/* hybrid.h: float rows times int8 weights. The rows are quantized anew in each run, each with a scale of its own.
 *
 * For the recurrent operators. Numbers follow TFLite's portable tensor utilities: an int32 dot product, scaled once in
 * float and added to what the output holds. FULLY_CONNECTED and the convolutions, which differ in how they scale and
 * cut their work, use kernels/dynquant.h directly.
 */
#ifndef OPERATORS_HYBRID_H
#define OPERATORS_HYBRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/gemm_s8.h"

typedef struct hybrid_weights {
  size_t rows, cols;
  float scale;
  const void *block; /* made by hybrid_pack */
} hybrid_weights;

/* Quantized rows; the arrays lie in one block of scratch. */
typedef struct hybrid_input {
  size_t rows, cols;
  float *scale;    /* [rows] */
  int32_t *offset; /* [rows]; 0 when symmetric */
  int8_t *row;     /* the row that was quantized last */
  uint8_t *staged; /* all rows, as the kernel takes them */
  bool zero;       /* all rows are 0: products with them are passed over */
} hybrid_input;

/* Weights as a block: the sum of each row, then the rows packed. `to` is aligned to MEM_ALIGN. False: too large. */
bool hybrid_pack_bytes(const gemm_s8 *kernel, size_t rows, size_t cols, size_t *bytes);
void hybrid_pack(const gemm_s8 *kernel, const int8_t *data, size_t rows, size_t cols, void *to);

/* Bytes of scratch that an input takes; false when that is more than memory can hold. */
bool hybrid_input_bytes(const gemm_s8 *kernel, size_t rows, size_t cols, size_t *bytes);
/* Lays the arrays of `in` into scratch, which is aligned to MEM_ALIGN. */
void hybrid_input_place(hybrid_input *in, const gemm_s8 *kernel, void *scratch, size_t rows, size_t cols);
/* Quantizes rows x cols floats. */
void hybrid_quantize(hybrid_input *in, const gemm_s8 *kernel, const float *x, bool asymmetric);

/* out[b * w->rows + r] += (x[b] . w[r] - sum(w[r]) * offset[b]) * scale. `acc` is room for as many int32. */
void hybrid_accumulate(const hybrid_weights *w, const gemm_s8 *kernel, const hybrid_input *x, int32_t *acc, float *out);

#endif
