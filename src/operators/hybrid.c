/* hybrid.c: float rows times int8 weights. */
#include "operators/hybrid.h"

#include "base/size.h"
#include "kernels/dots.h"
#include "kernels/dynquant.h"

bool hybrid_input_bytes(size_t rows, size_t cols, size_t *bytes) {
  size_t data, heads;
  return size_mul(rows, cols, &data) && size_mul(rows, sizeof(float) + sizeof(int32_t), &heads) &&
         size_add(data, heads, bytes);
}

void hybrid_input_place(hybrid_input *in, void *scratch, size_t rows, size_t cols) {
  in->rows = rows;
  in->cols = cols;
  in->scale = scratch;
  in->offset = (int32_t *)(in->scale + rows);
  in->data = (int8_t *)(in->offset + rows);
  in->zero = true;
}

static bool all_zero(const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (x[i] != 0) return false;
  return true;
}

void hybrid_quantize(hybrid_input *in, const float *x, bool asymmetric) {
  in->zero = all_zero(x, in->rows * in->cols);
  if (in->zero) return;
  for (size_t b = 0; b < in->rows; b++) {
    const float *const row = x + b * in->cols;
    int8_t *const q = in->data + b * in->cols;
    in->offset[b] = 0;
    if (asymmetric) in->scale[b] = dynquant_asymmetric(row, in->cols, q, &in->offset[b]);
    else in->scale[b] = dynquant_symmetric(row, in->cols, q);
  }
}

void hybrid_row_sums(const int8_t *data, size_t rows, size_t cols, int32_t *sums) {
  for (size_t r = 0; r < rows; r++) sums[r] = sum_s8(data + r * cols, cols);
}

void hybrid_accumulate(const hybrid_weights *w, const hybrid_input *x, size_t first, size_t last, float *out,
                       size_t stride) {
  if (x->zero) return;
  for (size_t b = 0; b < x->rows; b++) {
    const float scale = w->channel_scale ? x->scale[b] : x->scale[b] * w->scale;
    for (size_t r = first; r < last; r++) {
      int32_t dot = dot_s8(x->data + b * x->cols, 0, w->data + r * w->cols, 0, w->cols);
      if (w->row_sum) dot -= w->row_sum[r] * x->offset[b];
      out[b * stride + r] += (float)dot * (w->channel_scale ? scale * w->channel_scale[r] : scale);
    }
  }
}
