/* gemm_s8.c: the exact product of 8-bit matrices in plain C: what the levels with vectors are tested against.
 *
 * Staged elements are int16 and hold the activation as it is; so do packed weights, column by column, behind an int32
 * start (the bias and what corrects for a_zero): the inner loop is one that compilers know.
 */
#include "kernels/gemm_s8.h"

#include <string.h>

#include "base/size.h"
#include "kernels/tables.h"

/* A column of a pack, as int16: two for the start, then k. */
enum { START = sizeof(int32_t) / sizeof(int16_t) };

/* Columns are padded to a whole number of int32. */
static size_t column_of(size_t k) { return START + (k + START - 1) / START * START; }

static bool packed_bytes(size_t n, size_t k, size_t *bytes) {
  size_t column;
  return size_align(k, START, &column) && size_add(column, START, &column) &&
         size_mul(column, sizeof(int16_t), &column) && size_mul(column, n, bytes);
}

static void pack(void *to, const gemm_s8_weights *b) {
  const uint8_t *w = b->w, flip = b->w_signed ? 0 : 0x80;
  const uint32_t w_zero = (uint32_t)gemm_s8_weight_zero(b->w_zero, b->w_signed), a_zero = (uint32_t)b->a_zero;
  int16_t *column = to;
  for (size_t j = 0; j < b->n; j++, w += b->k, column += column_of(b->k)) {
    uint32_t sum = 0;
    for (size_t p = 0; p < b->k; p++) {
      column[START + p] = (int8_t)(w[p] ^ flip);
      sum += (uint32_t)column[START + p];
    }
    const uint32_t start = (b->bias ? (uint32_t)b->bias[j] : 0) - a_zero * sum + (uint32_t)b->k * a_zero * w_zero;
    memcpy(column, &start, sizeof start);
  }
}

static void stage(void *to, const void *from, size_t count, bool is_signed) {
  int16_t *out = to;
  if (is_signed)
    for (size_t i = 0; i < count; i++) out[i] = ((const int8_t *)from)[i];
  else
    for (size_t i = 0; i < count; i++) out[i] = ((const uint8_t *)from)[i];
}

static int32_t row_sum(const void *staged, size_t k) {
  const int16_t *a = staged;
  uint32_t sum = 0;
  for (size_t p = 0; p < k; p++) sum += (uint32_t)a[p];
  return (int32_t)sum;
}

static uint32_t dot(const int16_t *a, const int16_t *w, size_t k) {
  uint32_t sum = 0;
  for (size_t p = 0; p < k; p++) sum += (uint32_t)(a[p] * w[p]);
  return sum;
}

static void run(const gemm_s8_job *job) {
  for (size_t i = 0; i < job->m; i++) {
    const int16_t *a = (const int16_t *)((const char *)job->a + i * job->a_stride);
    const int16_t *column = (const int16_t *)job->packed + job->n_begin * column_of(job->k);
    const uint32_t row = job->w_zero ? (uint32_t)job->w_zero * (uint32_t)job->sums[i] : 0;
    int32_t *c = job->c + i * job->c_stride;
    for (size_t j = job->n_begin; j < job->n_end; j++, column += column_of(job->k)) {
      uint32_t start;
      memcpy(&start, column, sizeof start);
      *c++ = (int32_t)(start - row + dot(a, column + START, job->k));
    }
  }
}

const gemm_s8 gemm_s8_scalar = {.mr = 1,
                                .nr = 1,
                                .element = sizeof(int16_t),
                                .k_align = 1,
                                .direct = GEMM_S8_NEVER,
                                .packed_bytes = packed_bytes,
                                .pack = pack,
                                .stage = stage,
                                .row_sum = row_sum,
                                .run = run};
