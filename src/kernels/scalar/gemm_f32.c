/* gemm_f32.c: the product of float matrices in plain C: what the levels with vectors are tested against.
 *
 * A pack is a row of panels of NR columns. A panel is NR biases, then k times NR elements, one of each column; the last
 * panel is filled up with zeros. So column j, a multiple of NR, begins at float j * (k + 1).
 */
#include "kernels/gemm_f32.h"

#include <stdint.h>

#include "base/size.h"
#include "kernels/tables.h"

enum { MR = 4, NR = 8 };

static bool packed_bytes(size_t n, size_t k, size_t *bytes) {
  size_t columns, depth, floats;
  return size_align(n, NR, &columns) && size_add(k, 1, &depth) && size_mul(columns, depth, &floats) &&
         size_mul(floats, sizeof(float), bytes);
}

static void pack(float *to, const float *b, size_t n, size_t k, const float *bias) {
  for (size_t j = 0; j < n; j += NR) {
    const size_t width = n - j < NR ? n - j : NR;
    for (size_t x = 0; x < NR; x++) *to++ = bias && x < width ? bias[j + x] : 0.0f;
    for (size_t p = 0; p < k; p++)
      for (size_t x = 0; x < NR; x++) *to++ = x < width ? b[(j + x) * k + p] : 0.0f;
  }
}

/* rows (at most MR) x width (at most NR) elements of C, beginning with row i. */
static void tile(const gemm_f32_job *job, size_t i, size_t rows, const float *panel, float *c, size_t width) {
  const size_t piece = job->pieces ? job->piece : job->k;
  float sum[MR][NR];
  for (size_t r = 0; r < MR; r++)
    for (size_t x = 0; x < NR; x++) sum[r][x] = panel[x];
  for (size_t t = 0; t * piece < job->k; t++) {
    const float *a[MR];
    for (size_t r = 0; r < rows; r++)
      a[r] = job->pieces ? job->pieces[t * job->m + i + r] : job->a + (i + r) * job->a_stride;
    for (size_t p = 0; p < piece; p++) {
      panel += NR;
      for (size_t r = 0; r < rows; r++)
        for (size_t x = 0; x < NR; x++) sum[r][x] += a[r][p] * panel[x];
    }
  }
  for (size_t r = 0; r < rows; r++)
    for (size_t x = 0; x < width; x++) {
      const float y = sum[r][x] < job->lo ? job->lo : sum[r][x];
      c[(i + r) * job->c_stride + x] = job->hi < y ? job->hi : y;
    }
}

static void run(const gemm_f32_job *job) {
  for (size_t j = job->n_begin; j < job->n_end; j += NR) {
    const float *panel = job->packed + j * (job->k + 1);
    const size_t width = job->n_end - j < NR ? job->n_end - j : NR;
    for (size_t i = 0; i < job->m; i += MR)
      tile(job, i, job->m - i < MR ? job->m - i : MR, panel, job->c + (j - job->n_begin), width);
  }
}

const gemm_f32 gemm_f32_scalar = {
    .mr = MR, .nr = NR, .depth = SIZE_MAX, .packed_bytes = packed_bytes, .pack = pack, .run = run};
