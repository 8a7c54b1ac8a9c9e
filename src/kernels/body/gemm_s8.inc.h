/* gemm_s8.inc.h: the exact product of 8-bit matrices with vectors; the body that each instruction set's gemm_s8.c
 * includes.
 *
 * The including file says above the include:
 *   MR, LANES, STEP     rows of a tile, int32 of a vector, elements of k that one `dot` takes
 *   staged              type of a staged element (uint8_t or int16_t), and SIGNED_OFFSET: what staging adds to int8
 *   vec, load, load_part... on int32: load, store_part, broadcast, subtract
 *   act, wgt            STEP elements of a row of A; STEP x LANES weights, with load_act and load_wgt
 *   dot(sum, act, wgt)  sum + the products of each lane
 *   place(lane, step)   where in LANES * STEP bytes of weights the one of this column and step stands
 *   stage               see gemm_s8.h
 *   FOR_EACH_TILE(X)    X(rows) for the heights of tiles, from MR down to 1; FOR_EACH_NARROW(X) for those
 *                      one vector wide
 *   TABLE, DIRECT       the name of the function table; its field `direct`
 *
 * A pack is a row of panels of two vectors' width, the last one two or one wide: an int32 start a column (the bias and
 * what corrects for a_zero), then for each STEP of k the weights of one vector, then of the other, filled up with
 * zeros. So column j, where a panel begins, lies at byte j * (4 + k rounded up to STEP).
 */
#include <string.h>

#include "base/size.h"
#include "kernels/tables.h"
#include "kernels/unroll.h"

enum { NR = 2 * LANES };

static size_t depth_of(size_t k) { return (k + STEP - 1) / STEP * STEP; }

static bool packed_bytes(size_t n, size_t k, size_t *bytes) {
  size_t columns, depth;
  return size_align(n, LANES, &columns) && size_align(k, STEP, &depth) && size_add(depth, sizeof(int32_t), &depth) &&
         size_mul(columns, depth, bytes);
}

/* Elements of k that are packed together: their part of a panel stays in the first cache. */
enum { PACKED_STEPS = 64 };

/* Elements p to p + count (a whole number of STEPs, but for the last ones) of a column; panel is that of element p. */
static void pack_part(int8_t *panel, size_t row, size_t x, const uint8_t *w, size_t count, uint8_t flip) {
  int8_t *to = panel + x / LANES * LANES * STEP;
  const size_t lane = x % LANES;
  for (; count >= STEP; count -= STEP, w += STEP, to += STEP * row)
    for (size_t s = 0; s < STEP; s++) to[place(lane, s)] = (int8_t)(w[s] ^ flip);
  for (size_t s = 0; s < count; s++) to[place(lane, s)] = (int8_t)(w[s] ^ flip);
}

static uint32_t sum_of(const uint8_t *w, size_t k, uint8_t flip) {
  uint32_t sum = 0;
  for (size_t p = 0; p < k; p++) sum += (uint32_t)(int8_t)(w[p] ^ flip);
  return sum;
}

static void pack(void *to, const gemm_s8_weights *b) {
  const uint8_t *w = b->w, flip = b->w_signed ? 0 : 0x80;
  const uint32_t w_zero = (uint32_t)gemm_s8_weight_zero(b->w_zero, b->w_signed);
  const uint32_t a_zero = (uint32_t)(b->a_zero + (b->a_signed ? SIGNED_OFFSET : 0));
  const size_t depth = depth_of(b->k), k = b->k;
  for (size_t j = 0; j < b->n; j += NR, w += NR * k) {
    const size_t width = b->n - j < NR ? b->n - j : NR, row = width > LANES ? NR : LANES;
    uint32_t start[NR] = {0};
    int8_t *panel = (int8_t *)to + row * sizeof *start;
    for (size_t x = 0; x < width; x++)
      start[x] = (b->bias ? (uint32_t)b->bias[j + x] : 0) - a_zero * sum_of(w + x * k, k, flip) +
                 (uint32_t)k * a_zero * w_zero;
    memcpy(to, start, row * sizeof *start);
    if (width < row || k < depth) memset(panel, 0, row * depth);
    for (size_t p = 0; p < k; p += PACKED_STEPS)
      for (size_t x = 0; x < width; x++)
        pack_part(panel + p * row, row, x, w + x * k + p, k - p < PACKED_STEPS ? k - p : PACKED_STEPS, flip);
    to = panel + row * depth;
  }
}

static int32_t row_sum(const void *row, size_t k) {
  const staged *a = row;
  uint32_t sum = 0;
  for (size_t p = 0; p < k; p++) sum += (uint32_t)a[p];
  return (int32_t)sum;
}

/* What the tiles of one panel share, and the place of the next tile. */
typedef struct strip {
  size_t depth;
  const char *a; /* row i at a + i * a_stride */
  size_t a_stride;
  const char *panel;
  int32_t w_zero;
  const int32_t *sums;
  int32_t *c;
  size_t c_stride;
  size_t last; /* columns of the last vector that exist */
} strip;

/* rows and vectors are constants of each call, so that the sums become registers. */
KERN_INLINE void tile(const strip *s, const int rows, const int vectors) {
  vec sum[MR][2];
  static const int32_t none[MR] = {0};
  const int32_t *sums = s->w_zero ? s->sums : none;
  const uint32_t w_zero = (uint32_t)s->w_zero;
  const int end = vectors - 1;
  const vec start0 = load((const int32_t *)s->panel), start1 = load((const int32_t *)s->panel + end * LANES);
  KERN_UNROLL
  for (int i = 0; i < rows; i++) {
    const int32_t row = (int32_t)(w_zero * (uint32_t)sums[i]);
    sum[i][0] = subtract(start0, row);
    if (vectors > 1) sum[i][1] = subtract(start1, row);
  }
  const char *a = s->a, *b = s->panel + (size_t)vectors * LANES * sizeof(int32_t);
  const size_t stride = s->a_stride;
  for (size_t p = 0; p < s->depth; p += STEP, a += STEP * sizeof(staged), b += vectors * LANES * STEP) {
    const wgt b0 = load_wgt(b), b1 = load_wgt(b + end * LANES * STEP);
    KERN_UNROLL
    for (int i = 0; i < rows; i++) {
      const act x = load_act(a + (size_t)i * stride);
      sum[i][0] = dot(sum[i][0], x, b0);
      if (vectors > 1) sum[i][1] = dot(sum[i][1], x, b1);
    }
  }
  KERN_UNROLL
  for (int i = 0; i < rows; i++) {
    int32_t *c = s->c + (size_t)i * s->c_stride;
    if (vectors > 1) store_part(c, sum[i][0], LANES);
    store_part(c + end * LANES, sum[i][end], s->last);
  }
}

#define WIDE(rows)                                                                                                     \
  static void tile_##rows##x2(const strip *s) { tile(s, rows, 2); }
#define NARROW(rows)                                                                                                   \
  static void tile_##rows##x1(const strip *s) { tile(s, rows, 1); }
FOR_EACH_TILE(WIDE)
FOR_EACH_NARROW(NARROW)
#undef WIDE
#undef NARROW

typedef struct height {
  size_t rows;
  void (*run)(const strip *s);
} height;

#define WIDE(rows) {rows, tile_##rows##x2},
#define NARROW(rows) {rows, tile_##rows##x1},
static const height wide_tiles[] = {FOR_EACH_TILE(WIDE)}, narrow_tiles[] = {FOR_EACH_NARROW(NARROW)};
#undef WIDE
#undef NARROW

/* All rows of A by one panel. */
static void sweep(strip s, size_t m, const height *tile) {
  for (; m > 0; tile++)
    for (; m >= tile->rows; m -= tile->rows) {
      tile->run(&s);
      s.a += tile->rows * s.a_stride;
      s.c += tile->rows * s.c_stride;
      if (s.w_zero) s.sums += tile->rows;
    }
}

static void run(const gemm_s8_job *job) {
  const size_t depth = depth_of(job->k);
  for (size_t j = job->n_begin; j < job->n_end; j += NR) {
    const size_t width = job->n_end - j < NR ? job->n_end - j : NR, row = width > LANES ? NR : LANES;
    sweep((strip){.depth = depth,
                  .a = job->a,
                  .a_stride = job->a_stride,
                  .panel = (const char *)job->packed + j * (depth + sizeof(int32_t)),
                  .w_zero = job->w_zero,
                  .sums = job->sums,
                  .c = job->c + (j - job->n_begin),
                  .c_stride = job->c_stride,
                  .last = width - (row - LANES)},
          job->m, width > LANES ? wide_tiles : narrow_tiles);
  }
}

const gemm_s8 TABLE = {.mr = MR,
                       .nr = NR,
                       .element = sizeof(staged),
                       .k_align = STEP,
                       .direct = DIRECT,
                       .packed_bytes = packed_bytes,
                       .pack = pack,
                       .stage = stage,
                       .row_sum = row_sum,
                       .run = run};
