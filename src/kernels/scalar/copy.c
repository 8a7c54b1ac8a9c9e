/* copy.c: strided copies of any rank, down to loops over two axes for which the compiler knows the element size. */
#include "kernels/copy.h"

#include <stdbool.h>
#include <string.h>

#include "kernels/unroll.h"

enum {
  WHOLE,    /* everything is one run */
  ROWS,     /* dim[1] rows of dim[0] runs */
  COLUMNS,  /* the same, a few rows that are walked together */
  TRANSPOSE /* dim[0] and dim[1] in squares; dim[0] is dense in `to` and dim[1] in `from` */
};

enum {
  MEDIUM = 128,           /* longer runs are memcpy's, shorter ones take less time than its call */
  UNIT_BYTES = 64 * 1024, /* work of one unit: enough to be worth handing to a thread */
  LINE = 64,              /* bytes of a cache line */
  NARROW = 8              /* a side shorter than this makes no squares */
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
  const bool word = p->run == 1 || p->run == 2 || p->run == 4 || p->run == 8;
  const int32_t partner = word ? dense_partner(p) : 0;
  if (partner) {
    bring_to_second(p, partner);
    const copy_dim *const column = &p->dim[0], *const row = &p->dim[1];
    const bool dense = column->to == p->run && row->from == p->run;
    p->kind = dense && column->size >= NARROW && row->size >= NARROW ? TRANSPOSE : COLUMNS;
    if (p->kind == COLUMNS && column->size < row->size) swap_dims(p);
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

/* ---- loops over two axes ----
 *
 * Steps are taken out of the records first: stores of bytes might change those, for all that the compiler knows. In
 * functions marked KERN_INLINE, e, the size of an element, is a constant: 1, 2, 4 or 8. */

#if defined(__clang__)
#define FOUR_AT_ONCE _Pragma("clang loop unroll_count(4)")
#else
#define FOUR_AT_ONCE _Pragma("GCC unroll 4")
#endif

/* Elements of any size, of at most `run` bytes that lie together. The last bytes may be written twice. */
KERN_INLINE void copy_run(char *to, const char *from, int64_t run) {
  if (run > MEDIUM) memcpy(to, from, (size_t)run);
  else if (run >= 16) {
    for (int64_t k = 0; k < run - 16; k += 16) memcpy(to + k, from + k, 16);
    memcpy(to + run - 16, from + run - 16, 16);
  } else if (run >= 8) {
    memcpy(to, from, 8);
    memcpy(to + run - 8, from + run - 8, 8);
  } else
    for (int64_t k = 0; k < run; k++) to[k] = from[k];
}

static void runs(char *to, const char *from, copy_dim row, copy_dim column, int64_t run) {
  for (int64_t j = 0; j < row.size; j++, to += row.to, from += row.from)
    for (int64_t i = 0; i < column.size; i++) copy_run(to + i * column.to, from + i * column.from, run);
}

/* n equal elements; 16 bytes hold a whole number of them, so that the last 16 may be written twice. */
KERN_INLINE void fill(char *to, const char *from, int64_t n, int64_t e) {
  char sixteen[16];
  for (int i = 0; i < 16; i += (int)e) memcpy(sixteen + i, from, (size_t)e);
  const int64_t bytes = n * e;
  if (bytes < 16) {
    for (int64_t i = 0; i < bytes; i += e) memcpy(to + i, sixteen, (size_t)e);
    return;
  }
  for (int64_t i = 0; i < bytes - 16; i += 16) memcpy(to + i, sixteen, 16);
  memcpy(to + bytes - 16, sixteen, 16);
}

KERN_INLINE void elements(char *to, const char *from, copy_dim row, copy_dim column, int64_t e) {
  for (int64_t j = 0; j < row.size; j++, to += row.to, from += row.from) FOUR_AT_ONCE
  for (int64_t i = 0; i < column.size; i++) memcpy(to + i * column.to, from + i * column.from, (size_t)e);
}

KERN_INLINE void rows(char *to, const char *from, copy_dim row, copy_dim column, int64_t e) {
  if (column.from || column.to != e) elements(to, from, row, column, e);
  else
    for (int64_t j = 0; j < row.size; j++) fill(to + j * row.to, from + j * row.from, column.size, e);
}

/* `count` rows walked together. */
KERN_INLINE void columns(char *to, const char *from, copy_dim row, copy_dim column, int count, int64_t e) {
  for (int64_t i = 0; i < column.size; i++, to += column.to, from += column.from) KERN_UNROLL
  for (int j = 0; j < count; j++) memcpy(to + j * row.to, from + j * row.from, (size_t)e);
}

/* ---- transpositions ---- */

/* Exchanges the upper `bits` of row i with the lower ones of row i + apart. */
KERN_INLINE void exchange(uint64_t *row, int count, int apart, int bits, uint64_t low) {
  KERN_UNROLL
  for (int i = 0; i < count; i++) {
    if (i & apart) continue;
    const uint64_t swapped = (row[i] >> bits ^ row[i + apart]) & low;
    row[i + apart] ^= swapped;
    row[i] ^= swapped << bits;
  }
}

/* A square of 8 / e elements a side, as words: halves are exchanged between rows, then quarters, then eighths. */
KERN_INLINE void word_square(char *to, int64_t to_step, const char *from, int64_t from_step, int e) {
  uint64_t row[8];
  const int count = 8 / e;
  KERN_UNROLL
  for (int i = 0; i < count; i++) memcpy(&row[i], from + i * from_step, 8);
  if (e <= 4) exchange(row, count, count / 2, 32, UINT64_C(0x00000000ffffffff));
  if (e <= 2) exchange(row, count, count / 4, 16, UINT64_C(0x0000ffff0000ffff));
  if (e == 1) exchange(row, count, count / 8, 8, UINT64_C(0x00ff00ff00ff00ff));
  KERN_UNROLL
  for (int i = 0; i < count; i++) memcpy(to + i * to_step, &row[i], 8);
}

/* rows x columns elements in words where they fit. `to` is dense along columns, `from` along rows. */
KERN_INLINE void square(char *to, const char *from, copy_dim row, copy_dim column, int64_t e) {
  const int64_t count = 8 / e, high = row.size / count * count, wide = column.size / count * count;
  for (int64_t j = 0; j < high; j += count)
    for (int64_t i = 0; i < wide; i += count)
      word_square(to + j * row.to + i * e, row.to, from + j * e + i * column.from, column.from, (int)e);
  const copy_dim right = {column.size - wide, column.to, column.from};
  const copy_dim below = {row.size - high, row.to, row.from}, left = {wide, column.to, column.from};
  if (right.size) elements(to + wide * e, from + wide * column.from, row, right, e);
  if (below.size) elements(to + high * row.to, from + high * e, below, left, e);
}

/* Squares one cache line wide on both sides. They are read by lines into a buffer and written by lines, so that each
 * line is met once, however far apart the rows lie. */
KERN_INLINE void squares(char *to, const char *from, copy_dim row, copy_dim column, int64_t e) {
  const int64_t side = LINE / e, high = row.size, wide = column.size;
  char buffer[LINE * LINE];
  for (int64_t j = 0; j < high; j += side) {
    row.size = j + side < high ? side : high - j;
    for (int64_t i = 0; i < wide; i += side) {
      column.size = i + side < wide ? side : wide - i;
      const char *const f = from + j * row.from + i * column.from;
      char *const t = to + j * row.to + i * e;
      if (row.size == side && column.size == side) { /* nearly all: with constant sizes */
        for (int64_t k = 0; k < side; k++) memcpy(buffer + k * LINE, f + k * column.from, LINE);
        square(t, buffer, (copy_dim){side, row.to, e}, (copy_dim){side, e, LINE}, e);
      } else {
        for (int64_t k = 0; k < column.size; k++) copy_run(buffer + k * LINE, f + k * column.from, row.size * e);
        square(t, buffer, row, (copy_dim){column.size, e, LINE}, e);
      }
    }
  }
}

KERN_INLINE void plane_of(char *to, const char *from, copy_dim row, copy_dim column, int32_t kind, int64_t e) {
  if (kind == TRANSPOSE) squares(to, from, row, column, e);
  else if (kind == COLUMNS && row.size == 2) columns(to, from, row, column, 2, e);
  else if (kind == COLUMNS && row.size == 3) columns(to, from, row, column, 3, e);
  else rows(to, from, row, column, e);
}

static void plane(char *to, const char *from, copy_dim row, copy_dim column, int32_t kind, int64_t run) {
  switch (run) {
    case 1: plane_of(to, from, row, column, kind, 1); return;
    case 2: plane_of(to, from, row, column, kind, 2); return;
    case 4: plane_of(to, from, row, column, kind, 4); return;
    case 8: plane_of(to, from, row, column, kind, 8); return;
    default: runs(to, from, row, column, run); return;
  }
}

/* One piece of dim[cut] of the plane at t and f. */
static void piece_of(const copy_plan *p, char *t, const char *f, int64_t piece) {
  copy_dim d[2] = {p->dim[0], p->dim[1]};
  copy_dim *const cut = &d[p->cut];
  const int64_t begin = piece * p->rows;
  cut->size = begin + p->rows < cut->size ? p->rows : cut->size - begin;
  plane(t + begin * cut->to, f + begin * cut->from, d[1], d[0], p->kind, p->run);
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

KERN_INLINE void picked(char *to, const char *from, const int32_t *index, int64_t count, int64_t e) {
  for (int64_t i = 0; i < count; i++) memcpy(to + i * e, from + index[i] * e, (size_t)e);
}

void copy_picked(void *to, const void *from, const int32_t *index, int64_t count, int64_t run) {
  switch (run) {
    case 1: picked(to, from, index, count, 1); return;
    case 2: picked(to, from, index, count, 2); return;
    case 4: picked(to, from, index, count, 4); return;
    case 8: picked(to, from, index, count, 8); return;
    default:
      for (int64_t i = 0; i < count; i++) copy_run((char *)to + i * run, (const char *)from + index[i] * run, run);
      return;
  }
}
