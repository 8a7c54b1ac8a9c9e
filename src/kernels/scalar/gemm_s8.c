/* gemm_s8.c: the exact product of 8-bit matrices in plain C: what the levels with vectors are tested against.
 *
 * Staged elements are int16 and hold the activation as it is. A pack is a row of panels of NR columns. A panel is NR
 * int32 starts (the bias and what corrects for a_zero), then k times NR int8, one of each column; the last is filled up
 * with zeros.
 */
#include "kernels/gemm_s8.h"

#include <string.h>

#include "base/size.h"
#include "kernels/tables.h"

enum { MR = 4, NR = 8 };

static bool packed_bytes(size_t n, size_t k, size_t *bytes) {
  size_t columns, depth;
  return size_align(n, NR, &columns) && size_add(k, sizeof(int32_t), &depth) && size_mul(columns, depth, bytes);
}

static void pack(void *to, const gemm_s8_weights *b) {
  const uint8_t *w = b->w;
  const uint8_t flip = b->w_signed ? 0 : 0x80;
  const uint32_t w_zero = (uint32_t)gemm_s8_weight_zero(b->w_zero, b->w_signed), a_zero = (uint32_t)b->a_zero;
  for (size_t j = 0; j < b->n; j += NR) {
    uint32_t start[NR] = {0};
    int8_t *panel = (int8_t *)to + sizeof start;
    memset(panel, 0, b->k * NR);
    for (size_t x = 0; x < NR && j + x < b->n; x++) {
      uint32_t sum = 0;
      for (size_t p = 0; p < b->k; p++) {
        panel[p * NR + x] = (int8_t)(w[(j + x) * b->k + p] ^ flip);
        sum += (uint32_t)panel[p * NR + x];
      }
      start[x] = (b->bias ? (uint32_t)b->bias[j + x] : 0) - a_zero * sum + (uint32_t)b->k * a_zero * w_zero;
    }
    memcpy(to, start, sizeof start);
    to = panel + b->k * NR;
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

/* rows (at most MR) x width (at most NR) elements of C, beginning with row i. */
static void tile(const gemm_s8_job *job, size_t i, size_t rows, const char *panel, int32_t *c, size_t width) {
  uint32_t sum[MR][NR];
  for (size_t r = 0; r < MR; r++) {
    memcpy(sum[r], panel, sizeof sum[r]);
    const uint32_t row = job->w_zero && r < rows ? (uint32_t)job->w_zero * (uint32_t)job->sums[i + r] : 0;
    for (size_t x = 0; x < NR; x++) sum[r][x] -= row;
  }
  const int8_t *w = (const int8_t *)panel + sizeof sum[0];
  for (size_t p = 0; p < job->k; p++, w += NR)
    for (size_t r = 0; r < rows; r++) {
      const int16_t *a = (const int16_t *)((const char *)job->a + (i + r) * job->a_stride);
      for (size_t x = 0; x < NR; x++) sum[r][x] += (uint32_t)(a[p] * w[x]);
    }
  for (size_t r = 0; r < rows; r++) memcpy(c + (i + r) * job->c_stride, sum[r], width * sizeof *c);
}

static void run(const gemm_s8_job *job) {
  for (size_t j = job->n_begin; j < job->n_end; j += NR) {
    const char *panel = (const char *)job->packed + j * (job->k + sizeof(int32_t));
    const size_t width = job->n_end - j < NR ? job->n_end - j : NR;
    for (size_t i = 0; i < job->m; i += MR)
      tile(job, i, job->m - i < MR ? job->m - i : MR, panel, job->c + (j - job->n_begin), width);
  }
}

const gemm_s8 gemm_s8_scalar = {.mr = MR,
                                .nr = NR,
                                .element = sizeof(int16_t),
                                .k_align = 1,
                                .direct = GEMM_S8_NEVER,
                                .packed_bytes = packed_bytes,
                                .pack = pack,
                                .stage = stage,
                                .row_sum = row_sum,
                                .run = run};
