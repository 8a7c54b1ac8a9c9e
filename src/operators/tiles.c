/* tiles.c: how a product of matrices is cut. */
#include "operators/tiles.h"

#include <stdint.h>

enum {
  ROWS_BYTES = 384 << 10, /* rows of a tile are read once for each few columns, so they should stay in a cache */
  ROWS_MOST = 192,
  SUMS_BYTES = 64 << 10,
  TASKS = 16,           /* enough for a dozen threads ... */
  TASK_MACS = 256 << 10 /* ... of which each has something to do */
};

static size_t round_up(size_t x, size_t to) { return (x + to - 1) / to * to; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t parts(size_t x, size_t of) { return (x + of - 1) / of; }

tiles tiles_cut(const tiles_product *p) {
  tiles t = {.rows = p->mr, .cols = p->nr};
  if (p->products == 0 || p->m == 0 || p->n == 0) return t;
  const size_t fitting = smaller(ROWS_BYTES / larger(p->row_bytes, 1), ROWS_MOST) / p->mr;
  t.row_tiles = parts(p->m, larger(fitting, 1) * p->mr);
  t.rows = round_up(parts(p->m, t.row_tiles), p->mr);
  t.row_tiles = parts(p->m, t.rows);
  /* Few rows: cut the columns too, but not below what makes a task worthwhile. */
  const size_t tasks = p->products * t.row_tiles, wanted = parts(TASKS, smaller(tasks, TASKS));
  const size_t column_macs = smaller(t.rows, p->m) * larger(p->k, 1);
  t.cols = round_up(larger(parts(p->n, wanted), smaller(parts(TASK_MACS, column_macs), p->n)), p->nr);
  t.col_tiles = parts(p->n, t.cols);
  return t;
}

size_t tiles_step(const tiles *t, size_t nr) {
  return smaller(t->cols, larger(SUMS_BYTES / sizeof(int32_t) / t->rows / nr, 1) * nr);
}
