/* hybrid.h: float rows times int8 weights. The rows are quantized anew in each run, each with a scale of its own.
 *
 * Shared by FULLY_CONNECTED and the recurrent operators. Numbers follow TFLite's portable tensor utilities: an int32
 * dot product, scaled once in float and added to what the output holds. Convolutions, which quantize whole images, use
 * kernels/dynquant.h directly.
 */
#ifndef OPERATORS_HYBRID_H
#define OPERATORS_HYBRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hybrid_weights {
  const int8_t *data; /* [rows][cols] */
  size_t rows, cols;
  float scale;                /* per tensor, when there is no channel_scale */
  const float *channel_scale; /* [rows] or NULL */
  const int32_t *row_sum;     /* [rows], see hybrid_row_sums; NULL when inputs are quantized symmetrically */
} hybrid_weights;

/* Quantized rows; the arrays lie in one block of scratch. */
typedef struct hybrid_input {
  size_t rows, cols;
  int8_t *data;    /* [rows][cols] */
  float *scale;    /* [rows] */
  int32_t *offset; /* [rows]; 0 when symmetric */
  bool zero;       /* all rows are 0: products with them are passed over */
} hybrid_input;

/* Bytes of scratch that an input takes; false when that is more than memory can hold. */
bool hybrid_input_bytes(size_t rows, size_t cols, size_t *bytes);
/* Lays the arrays of `in` into scratch, which is aligned to 4. */
void hybrid_input_place(hybrid_input *in, void *scratch, size_t rows, size_t cols);
/* Quantizes rows x cols floats. */
void hybrid_quantize(hybrid_input *in, const float *x, bool asymmetric);

/* Sums of each row of int8 weights, for asymmetric inputs. */
void hybrid_row_sums(const int8_t *data, size_t rows, size_t cols, int32_t *sums);

/* out[b * stride + r] += (x[b] . w[r] - row_sum[r] * offset[b]) * scale, for rows r in [first, last). */
void hybrid_accumulate(const hybrid_weights *w, const hybrid_input *x, size_t first, size_t last, float *out,
                       size_t stride);

#endif
