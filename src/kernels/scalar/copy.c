/* copy.c: strided copies of any rank, down to loops over two axes for which the compiler knows the element size. */
#include "kernels/copy.h"

#include <stdbool.h>
#include <string.h>

enum {
  WHOLE,    /* everything is one run */
  ROWS,     /* dim[1] rows of dim[0] runs */
  COLUMNS,  /* the same, a few rows that are walked together */
  TRANSPOSE /* dim[0] and dim[1] in squares */
};

enum {
  SMALL = 16,             /* longer runs are memcpy's */
  UNIT_BYTES = 64 * 1024, /* work of one unit: enough to be worth handing to a thread */
  LINE = 64,              /* a transposition's squares are one cache line wide on both sides */
  NARROW = 8,             /* a side shorter than this makes no squares */
  MEDIUM = 256            /* runs up to this are shorter than a call of memcpy takes */
};

void copy_begin(copy_plan *p, size_t element) { *p = (copy_plan){.run = (int64_t)element, .units = 1}; }

void copy_axis(copy_plan *p, int64_t size, int64_t to, int64_t from) {
  if (size == 0) p->units = 0;
  if (size <= 1) return;
  if (p->rank == 0) {
    if (to == p->run && from == p->run) p->run *= size;
    else p->dim[p->rank++] = (copy_dim){size, to, from};
    return;
  }
  copy_dim *const inner = &p->dim[p->rank - 1];
  if (to == inner->to * inner->size && from == inner->from * inner->size) inner->size *= size;
  else p->dim[p->rank++] = (copy_dim){size, to, from};
}

static int64_t distance(int64_t step) { return step < 0 ? -step : step; }

/* The axis along which `from` is densest, 0 if that is the innermost: the partner in a transposition. */
static int32_t dense_partner(const copy_plan *p) {
  int32_t best = 0;
  for (int32_t i = 1; i < p->rank; i++)
    if (p->dim[i].from && distance(p->dim[i].from) < distance(p->dim[best].from)) best = i;
  return best;
}

static void swap_dims(copy_plan *p) {
  const copy_dim d = p->dim[0];
  p->dim[0] = p->dim[1];
  p->dim[1] = d;
}

/* Moves axis i to place 1, keeping the order of the others. */
static void bring_to_second(copy_plan *p, int32_t i) {
  const copy_dim d = p->dim[i];
  memmove(&p->dim[2], &p->dim[1], (size_t)(i - 1) * sizeof d);
  p->dim[1] = d;
}

void copy_end(copy_plan *p) {
  if (p->units == 0) return;
  if (p->rank == 0) {
    p->kind = WHOLE;
    p->units = (p->run + UNIT_BYTES - 1) / UNIT_BYTES;
    return;
  }
  p->kind = ROWS;
  const int32_t partner = p->run <= SMALL ? dense_partner(p) : 0;
  if (partner) {
    bring_to_second(p, partner);
    if (p->dim[0].size >= NARROW && p->dim[1].size >= NARROW) p->kind = TRANSPOSE;
    else {
      p->kind = COLUMNS;
      if (p->dim[0].size < p->dim[1].size) swap_dims(p);
    }
  }
  while (p->rank < 2) p->dim[p->rank++] = (copy_dim){1, 0, 0};
  p->cut = p->dim[1].size < p->dim[0].size ? 0 : 1;
  p->rows = UNIT_BYTES / (p->dim[!p->cut].size * p->run) + 1;
  if (p->kind == TRANSPOSE) p->rows = (p->rows + LINE - 1) / LINE * LINE;
  p->units = (p->dim[p->cut].size + p->rows - 1) / p->rows;
  for (int32_t i = 2; i < p->rank; i++) p->units *= p->dim[i].size;
}

int64_t copy_bytes(const copy_plan *p) {
  int64_t bytes = p->units ? p->run : 0;
  for (int32_t i = 0; i < p->rank; i++) bytes *= p->dim[i].size;
  return bytes;
}

/* ---- loops over two axes; e is a constant where they are used ---- */

#define INLINE static inline __attribute__((always_inline))

/* One row of n elements. The steps that occur most are told apart, so that the compiler sees them. */
INLINE void row(char *to, const char *from, int64_t n, int64_t to_step, int64_t from_step, int64_t e) {
  if (to_step != e) {
    for (int64_t i = 0; i < n; i++) memcpy(to + i * to_step, from + i * from_step, (size_t)e);
  } else if (from_step == 0) {
    char v[SMALL];
    memcpy(v, from, (size_t)e);
    for (int64_t i = 0; i < n; i++) memcpy(to + i * e, v, (size_t)e);
  } else if (from_step == -e) {
    for (int64_t i = 0; i < n; i++) memcpy(to + i * e, from - i * e, (size_t)e);
  } else {
    for (int64_t i = 0; i < n; i++) memcpy(to + i * e, from + i * from_step, (size_t)e);
  }
}

INLINE void rows_of(char *to, const char *from, const copy_dim *d, int64_t e) {
  for (int64_t j = 0; j < d[1].size; j++) row(to + j * d[1].to, from + j * d[1].from, d[0].size, d[0].to, d[0].from, e);
}

/* Exchanges the upper `bits` of row i with the lower ones of row i + apart. */
INLINE void exchange(uint64_t *row, int count, int apart, int bits, uint64_t low) {
  for (int i = 0; i < count; i++) {
    if (i & apart) continue;
    const uint64_t swapped = (row[i] >> bits ^ row[i + apart]) & low;
    row[i + apart] ^= swapped;
    row[i] ^= swapped << bits;
  }
}

/* A square of 8 / e elements a side, as words: halves are exchanged between rows, then quarters, then eighths. */
INLINE void word_square(char *to, int64_t to_step, const char *from, int64_t from_step, int e) {
  uint64_t row[8];
  const int count = 8 / e;
  for (int i = 0; i < count; i++) memcpy(&row[i], from + i * from_step, 8);
  exchange(row, count, count / 2, 32, UINT64_C(0x00000000ffffffff));
  if (e <= 2) exchange(row, count, count / 4, 16, UINT64_C(0x0000ffff0000ffff));
  if (e == 1) exchange(row, count, count / 8, 8, UINT64_C(0x00ff00ff00ff00ff));
  for (int i = 0; i < count; i++) memcpy(to + i * to_step, &row[i], 8);
}

/* A whole square, LINE bytes wide on both sides. It is read by lines into a buffer and written by lines, so that each
 * cache line is met once, however far apart the rows lie. */
INLINE void line_square(char *to, int64_t to_step, const char *from, int64_t from_step, int64_t e) {
  const int64_t side = LINE / e, count = 8 / e;
  char buffer[LINE * LINE];
  for (int64_t i = 0; i < side; i++) memcpy(buffer + i * LINE, from + i * from_step, LINE);
  for (int64_t j = 0; j < side; j += count)
    for (int64_t i = 0; i < side; i += count)
      word_square(to + j * to_step + i * e, to_step, buffer + i * LINE + j * e, LINE, (int)e);
}

/* rows x columns elements one by one, with steps of any kind. */
INLINE void elements(char *to, const char *from, copy_dim row, copy_dim column, int64_t e) {
  for (int64_t j = 0; j < row.size; j++)
    for (int64_t i = 0; i < column.size; i++)
      memcpy(to + j * row.to + i * column.to, from + j * row.from + i * column.from, (size_t)e);
}

/* A square cut off by the edge: words where they fit. `to` is dense along columns, `from` along rows. */
INLINE void edge_square(char *to, const char *from, copy_dim row, copy_dim column, int64_t e) {
  const int64_t count = 8 / e, rows = row.size / count * count, columns = column.size / count * count;
  for (int64_t j = 0; j < rows; j += count)
    for (int64_t i = 0; i < columns; i += count)
      word_square(to + j * row.to + i * e, row.to, from + j * e + i * column.from, column.from, (int)e);
  const copy_dim right = {column.size - columns, column.to, column.from};
  const copy_dim below = {row.size - rows, row.to, row.from}, left = {columns, column.to, column.from};
  elements(to + columns * e, from + columns * column.from, row, right, e);
  elements(to + rows * row.to, from + rows * e, below, left, e);
}

INLINE void squares_of(char *to, const char *from, const copy_dim *d, int64_t e) {
  copy_dim row = d[1], column = d[0];
  const bool words = (e == 1 || e == 2 || e == 4) && column.to == e && row.from == e;
  const int64_t side = e > 4 ? 16 : LINE / e;
  for (int64_t j = 0; j < d[1].size; j += side) {
    row.size = j + side < d[1].size ? side : d[1].size - j;
    for (int64_t i = 0; i < d[0].size; i += side) {
      column.size = i + side < d[0].size ? side : d[0].size - i;
      char *const t = to + j * row.to + i * column.to;
      const char *const f = from + j * row.from + i * column.from;
      if (!words) elements(t, f, row, column, e);
      else if (row.size == side && column.size == side) line_square(t, row.to, f, column.from, e);
      else edge_square(t, f, row, column, e);
    }
  }
}

/* Steps are read once: stores of bytes might change the record, for all that the compiler knows. */
INLINE void columns_of(char *to, const char *from, const copy_dim *d, int64_t e, int count) {
  const int64_t n = d[0].size, to0 = d[0].to, to1 = d[1].to, from0 = d[0].from, from1 = d[1].from;
  for (int64_t i = 0; i < n; i++, to += to0, from += from0)
    for (int j = 0; j < count; j++) memcpy(to + j * to1, from + j * from1, (size_t)e);
}

INLINE void plane_of(char *to, const char *from, const copy_dim *d, int32_t kind, int64_t e) {
  if (kind == TRANSPOSE) squares_of(to, from, d, e);
  else if (kind == COLUMNS && d[1].size == 2) columns_of(to, from, d, e, 2);
  else if (kind == COLUMNS && d[1].size == 3) columns_of(to, from, d, e, 3);
  else if (kind == COLUMNS && d[1].size == 4) columns_of(to, from, d, e, 4);
  else rows_of(to, from, d, e);
}

/* More than 16 bytes: the last 16 may be written twice. */
INLINE void medium_run(char *to, const char *from, int64_t run) {
  for (int64_t k = 0; k < run - 16; k += 16) memcpy(to + k, from + k, 16);
  memcpy(to + run - 16, from + run - 16, 16);
}

static void runs_of(char *to, const char *from, const copy_dim *d, int64_t run) {
  const int64_t n = d[0].size, to_step = d[0].to, from_step = d[0].from;
  for (int64_t j = 0; j < d[1].size; j++) {
    char *t = to + j * d[1].to;
    const char *f = from + j * d[1].from;
    for (int64_t i = 0; i < n; i++, t += to_step, f += from_step)
      if (run > SMALL && run <= MEDIUM) medium_run(t, f, run);
      else memcpy(t, f, (size_t)run);
  }
}

/* Sizes of elements, of pairs of them, and of pixels of three bytes or floats. */
static void plane(char *to, const char *from, const copy_dim *d, int32_t kind, int64_t run) {
  switch (run) {
    case 1: plane_of(to, from, d, kind, 1); return;
    case 2: plane_of(to, from, d, kind, 2); return;
    case 3: plane_of(to, from, d, kind, 3); return;
    case 4: plane_of(to, from, d, kind, 4); return;
    case 8: plane_of(to, from, d, kind, 8); return;
    case 12: plane_of(to, from, d, kind, 12); return;
    case 16: plane_of(to, from, d, kind, 16); return;
    default: runs_of(to, from, d, run); return;
  }
}

/* One piece of dim[cut] of the plane at t and f. */
static void piece_of(const copy_plan *p, char *t, const char *f, int64_t piece) {
  copy_dim d[2] = {p->dim[0], p->dim[1]};
  copy_dim *const cut = &d[p->cut];
  const int64_t begin = piece * p->rows;
  cut->size = begin + p->rows < cut->size ? p->rows : cut->size - begin;
  plane(t + begin * cut->to, f + begin * cut->from, d, p->kind, p->run);
}

void copy_units(const copy_plan *p, void *to, const void *from, int64_t first, int64_t last) {
  if (first >= last) return;
  if (p->kind == WHOLE) {
    const int64_t begin = first * UNIT_BYTES, end = last < p->units ? last * UNIT_BYTES : p->run;
    memcpy((char *)to + begin, (const char *)from + begin, (size_t)(end - begin));
    return;
  }
  /* Units count pieces fastest, then the axes from 2 outwards, as an odometer does. */
  const int64_t pieces = (p->dim[p->cut].size + p->rows - 1) / p->rows;
  int64_t piece = first % pieces, rest = first / pieces, digit[COPY_MAX_RANK];
  char *t = to;
  const char *f = from;
  for (int32_t i = 2; i < p->rank; i++) {
    digit[i] = rest % p->dim[i].size;
    rest /= p->dim[i].size;
    t += digit[i] * p->dim[i].to;
    f += digit[i] * p->dim[i].from;
  }
  for (int64_t u = first; u < last; u++) {
    piece_of(p, t, f, piece);
    if (++piece < pieces) continue;
    piece = 0;
    for (int32_t i = 2; i < p->rank; i++) {
      const copy_dim *const d = &p->dim[i];
      t += d->to;
      f += d->from;
      if (++digit[i] < d->size) break;
      t -= d->size * d->to;
      f -= d->size * d->from;
      digit[i] = 0;
    }
  }
}

INLINE void picked_of(char *to, const char *from, const int32_t *index, int64_t count, int64_t e) {
  for (int64_t i = 0; i < count; i++) memcpy(to + i * e, from + index[i] * e, (size_t)e);
}

void copy_picked(void *to, const void *from, const int32_t *index, int64_t count, int64_t run) {
  switch (run) {
    case 1: picked_of(to, from, index, count, 1); return;
    case 2: picked_of(to, from, index, count, 2); return;
    case 3: picked_of(to, from, index, count, 3); return;
    case 4: picked_of(to, from, index, count, 4); return;
    case 8: picked_of(to, from, index, count, 8); return;
    case 12: picked_of(to, from, index, count, 12); return;
    case 16: picked_of(to, from, index, count, 16); return;
    default: picked_of(to, from, index, count, run); return;
  }
}
