/* gemm.c: the matrix products of a level against those of scalar. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"

/* ---- float32 ---- */

typedef struct floats {
  size_t m, n, k, a_stride, n_begin, n_end;
  const float *a, *b, *bias;
  size_t piece; /* not 0: rows are given in pieces of this many floats */
  float lo, hi;
} floats;

static float *some_floats(check *c, size_t n) {
  float *x = check_memory(c, n * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = check_float(c);
  return x;
}

/* Pointers to the pieces of m rows from `first` on. */
static const float **pieces_of(check *c, const floats *x, size_t first, size_t m) {
  const float **p = check_memory(c, x->k / x->piece * m * sizeof *p);
  for (size_t t = 0; t < x->k / x->piece; t++)
    for (size_t i = 0; i < m; i++) p[t * m + i] = x->a + (first + i) * x->a_stride + t * x->piece;
  return p;
}

/* C, c_stride apart, over memory that begins as a copy of `blank`. */
static float *product(check *c, const gemm_f32 *g, const floats *x, const float *blank, size_t c_stride, size_t split) {
  size_t bytes;
  if (!g->packed_bytes(x->n, x->k, &bytes)) check_fail(c, "packed_bytes says no");
  float *packed = check_memory(c, bytes), *out = check_copy(c, blank, x->m * c_stride * sizeof *out);
  g->pack(packed, x->b, x->n, x->k, x->bias);
  gemm_f32_job job = {.m = split,
                      .k = x->k,
                      .n_begin = x->n_begin,
                      .n_end = x->n_end,
                      .a = x->piece ? NULL : x->a,
                      .a_stride = x->piece ? 0 : x->a_stride,
                      .pieces = x->piece ? pieces_of(c, x, 0, split) : NULL,
                      .piece = x->piece,
                      .packed = packed,
                      .c = out,
                      .c_stride = c_stride,
                      .lo = x->lo,
                      .hi = x->hi};
  g->run(&job);
  if (x->piece) job.pieces = pieces_of(c, x, split, x->m - split);
  else job.a += split * x->a_stride;
  job.c += split * c_stride;
  job.m = x->m - split;
  g->run(&job);
  return out;
}

/* Both sums have k products and one rounding or two for each: they differ from the exact sum by no more than
 * (k + 2) * 2^-23 times the sum of the magnitudes. */
static void compare(check *c, const floats *x, const float *want, const float *got, size_t c_stride) {
  for (size_t i = 0; i < x->m; i++)
    for (size_t j = 0; j < c_stride; j++) {
      const float w = want[i * c_stride + j], g = got[i * c_stride + j];
      double bound = 0;
      if (j < x->n_end - x->n_begin) {
        double sum = x->bias ? fabs((double)x->bias[x->n_begin + j]) : 0;
        for (size_t p = 0; p < x->k; p++)
          sum += fabs((double)x->a[i * x->a_stride + p] * (double)x->b[(x->n_begin + j) * x->k + p]);
        bound = 2 * sum * (double)(x->k + 2) * 0x1p-23;
      }
      if (memcmp(&w, &g, sizeof w) && !(isnan(w) && isnan(g)) && !(fabs((double)w - (double)g) <= bound)) {
        check_fail(c, "row %zu, column %zu is %.9g, not %.9g", i, j, (double)g, (double)w);
        return;
      }
    }
}

void check_gemm_f32(check *c) {
  const gemm_f32 *scalar = kern_gemm_f32(CPU_SCALAR), *level = kern_gemm_f32(c->level);
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    floats x = {.m = check_size(c, level->mr, 40), .n = check_size(c, level->nr, 100), .k = check_size(c, 4, 40)};
    if (check_int(c, 0, 7) == 0) x.k = check_size(c, 512, 1100);
    if (check_coin(c)) {
      x.piece = check_size(c, 4, 40) + 1;
      if (check_int(c, 0, 7) == 0) x.piece = check_size(c, 512, 1100) + 1;
      x.k = x.piece * (size_t)check_int(c, 0, x.piece > 40 ? 2 : 30);
    }
    x.a_stride = check_int(c, 0, 7) ? x.k + (size_t)check_int(c, 0, 5) : (x.k + 1023) / 1024 * 1024;
    /* A level's columns are cut where scalar's may be, too. */
    x.n_begin = (size_t)check_int(c, 0, (int64_t)(x.n / level->nr)) * level->nr;
    x.n_end = check_coin(c) ? x.n : x.n_begin + (x.n - x.n_begin) / level->nr * level->nr;
    const size_t c_stride = x.n_end - x.n_begin + (size_t)check_int(c, 0, 3);
    check_case(c, "m %zu, n %zu (columns %zu to %zu), k %zu in pieces of %zu, stride %zu", x.m, x.n, x.n_begin, x.n_end,
               x.k, x.piece, x.a_stride);
    float *a = some_floats(c, x.m ? (x.m - 1) * x.a_stride + x.k : 0), *b = some_floats(c, x.n * x.k);
    if (x.m && x.k && check_int(c, 0, 3) == 0) a[0] = check_coin(c) ? NAN : INFINITY;
    x.a = a;
    x.b = b;
    x.bias = check_coin(c) ? some_floats(c, x.n) : NULL;
    x.lo = check_coin(c) ? -FLT_MAX : check_float(c);
    x.hi = check_coin(c) ? FLT_MAX : x.lo + 0.5f;
    const float *blank = check_memory(c, x.m * c_stride * sizeof *blank);
    const float *want = product(c, scalar, &x, blank, c_stride, x.m);
    const float *got = product(c, level, &x, blank, c_stride, (size_t)check_int(c, 0, (int64_t)x.m));
    compare(c, &x, want, got, c_stride);
    const float *whole = product(c, level, &x, blank, c_stride, x.m);
    check_equal(c, "cut into two pieces", whole, got, x.m * c_stride * sizeof *got);
  }
}

/* ---- 8 bit ---- */

typedef struct bytes8 {
  gemm_s8_weights weights;
  size_t m, n_begin, n_end;
  const void *a;
} bytes8;

static int32_t *product8(check *c, const gemm_s8 *g, const bytes8 *x, const int32_t *blank, size_t c_stride) {
  const gemm_s8_weights *w = &x->weights;
  const int32_t w_zero = gemm_s8_weight_zero(w->w_zero, w->w_signed);
  const size_t stride = gemm_s8_staged(g, w->k), cut = (size_t)check_int(c, 0, (int64_t)w->k);
  size_t bytes;
  if (!g->packed_bytes(w->n, w->k, &bytes)) check_fail(c, "packed_bytes says no");
  void *packed = check_memory(c, bytes);
  g->pack(packed, w);
  char *staged = check_memory(c, x->m * stride);
  int32_t *sums = check_memory(c, x->m * sizeof *sums), *out = check_copy(c, blank, x->m * c_stride * sizeof *out);
  for (size_t i = 0; i < x->m; i++) {
    const char *row = (const char *)x->a + i * w->k;
    g->stage(staged + i * stride, row, cut, w->a_signed);
    g->stage(staged + i * stride + cut * g->element, row + cut, w->k - cut, w->a_signed);
    sums[i] = g->row_sum(staged + i * stride, w->k);
  }
  const bool as_it_is = g->direct == (w->a_signed ? GEMM_S8_SIGNED : GEMM_S8_UNSIGNED) && w->k % g->k_align == 0;
  g->run(&(gemm_s8_job){.m = x->m,
                        .k = w->k,
                        .n_begin = x->n_begin,
                        .n_end = x->n_end,
                        .a = as_it_is ? x->a : staged,
                        .a_stride = as_it_is ? w->k : stride,
                        .packed = packed,
                        .w_zero = w_zero,
                        .sums = w_zero ? sums : NULL,
                        .c = out,
                        .c_stride = c_stride});
  return out;
}

void check_gemm_s8(check *c) {
  const gemm_s8 *scalar = kern_gemm_s8(CPU_SCALAR), *level = kern_gemm_s8(c->level);
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    const bool a_signed = check_coin(c), w_signed = check_coin(c);
    bytes8 x = {.m = check_size(c, level->mr, 40)};
    const size_t n = check_size(c, level->nr, 100), k = check_size(c, 4, 70);
    x.n_begin = (size_t)check_int(c, 0, (int64_t)(n / level->nr)) * level->nr;
    x.n_end = check_coin(c) ? n : x.n_begin + (n - x.n_begin) / level->nr * level->nr;
    const size_t c_stride = x.n_end - x.n_begin + (size_t)check_int(c, 0, 3);
    x.weights = (gemm_s8_weights){.n = n,
                                  .k = k,
                                  .w = check_memory(c, n * k),
                                  .w_signed = w_signed,
                                  .a_signed = a_signed,
                                  .w_zero = w_signed ? check_int(c, 0, 2) ? 0 : (int32_t)check_int(c, -128, 127)
                                                     : (int32_t)check_int(c, 0, 255),
                                  .a_zero = (int32_t)(a_signed ? check_int(c, -128, 127) : check_int(c, 0, 255)),
                                  .bias = check_coin(c) ? check_memory(c, n * sizeof(int32_t)) : NULL};
    char *a = check_memory(c, x.m * k);
    if (check_int(c, 0, 3) == 0) { /* the largest products */
      memset(a, a_signed ? -128 : 255, x.m * k);
      memset((void *)(uintptr_t)x.weights.w, w_signed ? -128 : 255, n * k);
    }
    x.a = a;
    check_case(c, "m %zu, n %zu (columns %zu to %zu), k %zu, a %s zero %d, w %s zero %d", x.m, n, x.n_begin, x.n_end, k,
               a_signed ? "s8" : "u8", x.weights.a_zero, w_signed ? "s8" : "u8", x.weights.w_zero);
    const int32_t *blank = check_memory(c, x.m * c_stride * sizeof *blank);
    const int32_t *want = product8(c, scalar, &x, blank, c_stride), *got = product8(c, level, &x, blank, c_stride);
    check_equal(c, "product", want, got, x.m * c_stride * sizeof *got);
    for (size_t i = 0; i < x.m; i++) /* scalar itself, against the definition */
      for (size_t j = x.n_begin; j < x.n_end; j++) {
        uint32_t sum = x.weights.bias ? (uint32_t)x.weights.bias[j] : 0;
        const uint8_t *p = (const uint8_t *)a + i * k, *q = (const uint8_t *)x.weights.w + j * k;
        for (size_t e = 0; e < k; e++)
          sum += (uint32_t)(((a_signed ? (int8_t)p[e] : p[e]) - x.weights.a_zero) *
                            ((w_signed ? (int8_t)q[e] : q[e]) - x.weights.w_zero));
        if (sum != (uint32_t)want[i * c_stride + j - x.n_begin]) check_fail(c, "scalar differs from the definition");
      }
  }
}
