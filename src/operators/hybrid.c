/* hybrid.c: float rows times int8 weights. */
#include "operators/hybrid.h"

#include "base/alloc.h"
#include "base/size.h"
#include "kernels/dots.h"
#include "kernels/dynquant.h"

/* ---- weights ---- */

/* Where the pack begins, behind the sums. */
static bool sums_bytes(size_t rows, size_t *bytes) {
  return size_mul(rows, sizeof(int32_t), bytes) && size_align(*bytes, MEM_ALIGN, bytes);
}

bool hybrid_pack_bytes(const gemm_s8 *kernel, size_t rows, size_t cols, size_t *bytes) {
  size_t sums, pack;
  return sums_bytes(rows, &sums) && kernel->packed_bytes(rows, cols, &pack) && size_add(sums, pack, bytes);
}

void hybrid_pack(const gemm_s8 *kernel, const int8_t *data, size_t rows, size_t cols, void *to) {
  int32_t *const sums = to;
  size_t behind = 0;
  sums_bytes(rows, &behind);
  for (size_t r = 0; r < rows; r++) sums[r] = sum_s8(data + r * cols, cols);
  kernel->pack((uint8_t *)to + behind,
               &(gemm_s8_weights){.n = rows, .k = cols, .w = data, .w_signed = true, .a_signed = true});
}

/* ---- rows ---- */

/* Offsets of the parts; false when there is not that much memory. */
typedef struct input_layout {
  size_t offset, row, staged, bytes;
} input_layout;

static bool lay_out(const gemm_s8 *kernel, size_t rows, size_t cols, input_layout *l) {
  size_t heads, staged;
  return size_mul(rows, sizeof(float), &l->offset) && size_mul(l->offset, 2, &heads) &&
         size_align(heads, MEM_ALIGN, &l->row) && size_add(l->row, cols, &heads) &&
         size_align(heads, MEM_ALIGN, &l->staged) && size_mul(rows, gemm_s8_staged(kernel, cols), &staged) &&
         size_add(l->staged, staged, &l->bytes);
}

bool hybrid_input_bytes(const gemm_s8 *kernel, size_t rows, size_t cols, size_t *bytes) {
  input_layout l;
  if (!lay_out(kernel, rows, cols, &l)) return false;
  *bytes = l.bytes;
  return true;
}

void hybrid_input_place(hybrid_input *in, const gemm_s8 *kernel, void *scratch, size_t rows, size_t cols) {
  input_layout l = {0};
  lay_out(kernel, rows, cols, &l);
  uint8_t *const base = scratch;
  *in = (hybrid_input){.rows = rows,
                       .cols = cols,
                       .scale = scratch,
                       .offset = (int32_t *)(void *)(base + l.offset),
                       .row = (int8_t *)(base + l.row),
                       .staged = base + l.staged,
                       .zero = true};
}

static bool all_zero(const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (x[i] != 0) return false;
  return true;
}

void hybrid_quantize(hybrid_input *in, const gemm_s8 *kernel, const float *x, bool asymmetric) {
  in->zero = all_zero(x, in->rows * in->cols);
  for (size_t b = 0; b < in->rows && in->zero; b++) in->scale[b] = 1;
  if (in->zero) return;
  for (size_t b = 0; b < in->rows; b++) {
    const float *const row = x + b * in->cols;
    in->offset[b] = 0;
    if (asymmetric) in->scale[b] = dynquant_asymmetric(row, in->cols, in->row, &in->offset[b]);
    else in->scale[b] = dynquant_symmetric(row, in->cols, in->row);
    kernel->stage(in->staged + b * gemm_s8_staged(kernel, in->cols), in->row, in->cols, true);
  }
}

/* ---- products ---- */

void hybrid_accumulate(const hybrid_weights *w, const gemm_s8 *kernel, const hybrid_input *x, int32_t *acc,
                       float *out) {
  const int32_t *const sums = w->block;
  size_t behind = 0;
  if (x->zero) return;
  sums_bytes(w->rows, &behind);
  kernel->run(&(gemm_s8_job){.m = x->rows,
                             .k = x->cols,
                             .n_end = w->rows,
                             .a = x->staged,
                             .a_stride = gemm_s8_staged(kernel, x->cols),
                             .packed = (const uint8_t *)w->block + behind,
                             .c = acc,
                             .c_stride = w->rows});
  for (size_t b = 0; b < x->rows; b++)
    dynquant_add(out + b * w->rows, acc + b * w->rows, sums, x->offset[b], x->scale[b] * w->scale, w->rows);
}
