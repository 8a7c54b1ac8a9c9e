/* gemm_f32.inc.h: the product of float matrices with vectors; the body that each instruction set's gemm_f32.c
 * includes.
 *
 * The including file says above the include:
 *   vec_f32.h           of its folder
 *   MR                  rows of a tile
 *   FOR_EACH_TILE(X)    X(rows) for the heights of tiles, from MR down to 1; FOR_EACH_NARROW(X) for those
 *                      one vector wide
 *   TABLE               the name of the function table
 *
 * A tile is up to MR rows by two vectors of columns, or by one where no more are left. A pack is a row of panels of two
 * vectors' width, the last one two or one wide: a row of biases, then a row for each step of k, filled up with zeros.
 * So column j, where a panel begins, lies at float j * (k + 1).
 *
 * The sum over k is cut into stretches of DEPTH, so that a stretch of a panel stays in the caches while all rows of A
 * pass by it; between stretches sums rest in C, which changes no bit of them.
 */
#include <math.h>

#include "base/size.h"
#include "kernels/tables.h"
#include "kernels/unroll.h"

enum { NR = 2 * LANES, DEPTH = 512 };

static bool packed_bytes(size_t n, size_t k, size_t *bytes) {
  size_t columns, depth, floats;
  return size_align(n, LANES, &columns) && size_add(k, 1, &depth) && size_mul(columns, depth, &floats) &&
         size_mul(floats, sizeof(float), bytes);
}

/* Steps of k that are packed together: their rows of a panel stay in the first cache. Columns are asked for AHEAD of
 * that, for processors do not follow so many of them by themselves. */
enum { PACKED_STEPS = 16, AHEAD = 64 };

/* `steps` steps of k for the columns of one panel, width of row of them real; `rest` are left of each. */
static void pack_steps(float *to, size_t row, const float *b, size_t k, size_t width, size_t steps, size_t rest) {
  const size_t ahead = rest > AHEAD ? AHEAD : 0;
  for (size_t x = 0; x < width; x++) {
    __builtin_prefetch(b + x * k + ahead);
    for (size_t p = 0; p < steps; p++) to[p * row + x] = b[x * k + p];
  }
  for (size_t p = 0; p < steps; p++)
    for (size_t x = width; x < row; x++) to[p * row + x] = 0.0f;
}

static void pack(float *to, const float *b, size_t n, size_t k, const float *bias) {
  for (size_t j = 0; j < n; j += NR) {
    const size_t width = n - j < NR ? n - j : NR, row = width > LANES ? NR : LANES;
    for (size_t x = 0; x < row; x++) *to++ = bias && x < width ? bias[j + x] : 0.0f;
    for (size_t p = 0; p < k; p += PACKED_STEPS) {
      const size_t steps = k - p < PACKED_STEPS ? k - p : PACKED_STEPS;
      pack_steps(to, row, b + j * k + p, k, width, steps, k - p);
      to += steps * row;
    }
  }
}

/* A stretch of the sum over k, for one tile. */
typedef struct stretch {
  size_t pieces, length;    /* its k is pieces * length */
  const float *a;           /* row i at a + i * a_stride + offset, when it is one piece */
  const float *const *rows; /* unless NULL: piece t of row i at rows[t * m + i] + offset */
  size_t a_stride, m, offset;
  const float *b;     /* the panel, from the first step on */
  const float *start; /* biases, or NULL: go on with the sums in c */
  float *c;
  size_t c_stride;
  size_t last;  /* columns of the last vector that exist */
  float lo, hi; /* bounds of the sums: infinite before the last stretch */
} stretch;

/* rows and vectors are constants of each call, so that the sums become registers. */
KERN_INLINE void tile(const stretch *s, const int rows, const int vectors) {
  vec sum[MR][2];
  const float *a[MR], *b = s->b;
  const float *from = s->start ? s->start : s->c;
  const size_t from_step = s->start ? 0 : s->c_stride, last = s->last;
  const int end = vectors - 1;
  KERN_UNROLL
  for (int i = 0; i < rows; i++, from += from_step) {
    if (vectors > 1) sum[i][0] = load(from);
    sum[i][end] = load_part(from + end * LANES, last);
  }
  for (size_t t = 0; t < s->pieces; t++) {
    KERN_UNROLL
    for (int i = 0; i < rows; i++)
      a[i] = (s->rows ? s->rows[t * s->m + (size_t)i] : s->a + (size_t)i * s->a_stride) + s->offset;
    for (size_t p = 0; p < s->length; p++, b += vectors * LANES) {
      const vec b0 = load(b), b1 = load(b + end * LANES);
      KERN_UNROLL
      for (int i = 0; i < rows; i++) {
        const vec x = broadcast(a[i] + p);
        sum[i][0] = madd(x, b0, sum[i][0]);
        if (vectors > 1) sum[i][1] = madd(x, b1, sum[i][1]);
      }
    }
  }
  const float lo = s->lo, hi = s->hi;
  const size_t step = s->c_stride;
  float *c = s->c;
  KERN_UNROLL
  for (int i = 0; i < rows; i++, c += step) {
    if (vectors > 1) store(c, clamp(sum[i][0], lo, hi));
    store_part(c + end * LANES, clamp(sum[i][end], lo, hi), last);
  }
}

#define WIDE(rows)                                                                                                     \
  static void tile_##rows##x2(const stretch *s) { tile(s, rows, 2); }
#define NARROW(rows)                                                                                                   \
  static void tile_##rows##x1(const stretch *s) { tile(s, rows, 1); }
FOR_EACH_TILE(WIDE)
FOR_EACH_NARROW(NARROW)
#undef WIDE
#undef NARROW

typedef struct height {
  size_t rows;
  void (*run)(const stretch *s);
} height;

#define WIDE(rows) {rows, tile_##rows##x2},
#define NARROW(rows) {rows, tile_##rows##x1},
static const height wide_tiles[] = {FOR_EACH_TILE(WIDE)}, narrow_tiles[] = {FOR_EACH_NARROW(NARROW)};
#undef WIDE
#undef NARROW

/* Rows that lie a multiple of 4096 bytes apart share a set of the first cache, which holds 8 of their lines: then lower
 * tiles are faster. Returns the first height to use where there are two vectors of columns. */
static int first_tile(const gemm_f32_job *job) {
  const size_t apart = job->pieces ? job->piece : job->a_stride;
  return MR > 8 && apart % (4096 / sizeof(float)) == 0 ? 1 : 0;
}

/* All rows of A through one stretch of one panel. */
static void sweep(stretch s, size_t m, const height *tile) {
  for (; m > 0; tile++)
    for (; m >= tile->rows; m -= tile->rows) {
      tile->run(&s);
      if (s.rows) s.rows += tile->rows;
      else if (s.a_stride) s.a += tile->rows * s.a_stride; /* rows of no elements may lie nowhere */
      s.c += tile->rows * s.c_stride;
    }
}

/* A stretch that begins with step p, through all columns. */
static void run_stretch(const gemm_f32_job *job, stretch s, size_t p) {
  for (size_t j = job->n_begin; j < job->n_end; j += NR) {
    const size_t width = job->n_end - j < NR ? job->n_end - j : NR, row = width > LANES ? NR : LANES;
    const float *panel = job->packed + j * (job->k + 1);
    s.b = panel + row * (p + 1);
    s.start = p == 0 ? panel : NULL;
    s.c = job->c + (j - job->n_begin);
    s.last = width - (row - LANES);
    sweep(s, job->m, width > LANES ? wide_tiles + first_tile(job) : narrow_tiles);
  }
}

/* Lays the stretch that begins with step p: a part of a piece, or as many pieces as fit. Returns its steps. */
static size_t cut(const gemm_f32_job *job, stretch *s, size_t p) {
  const size_t piece = job->pieces ? job->piece : job->k;
  const size_t most = job->k - p < DEPTH ? job->k - p : DEPTH;
  if (most == 0) return 0;
  const size_t at = p % piece;
  s->rows = job->pieces ? job->pieces + p / piece * job->m : NULL;
  s->offset = at;
  s->length = piece - at < most ? piece - at : most;
  s->pieces = s->length == piece ? most / piece : 1;
  return s->pieces * s->length;
}

static void run(const gemm_f32_job *job) {
  stretch s = {.a = job->a, .a_stride = job->a_stride, .m = job->m, .c_stride = job->c_stride};
  size_t p = 0;
  do {
    const size_t steps = cut(job, &s, p);
    const bool end = p + steps == job->k;
    s.lo = end ? job->lo : -INFINITY;
    s.hi = end ? job->hi : INFINITY;
    run_stretch(job, s, p);
    p += steps;
  } while (p < job->k);
}

const gemm_f32 TABLE = {.mr = MR, .nr = NR, .depth = DEPTH, .packed_bytes = packed_bytes, .pack = pack, .run = run};
