/* copy.c: strided copies of any rank, down to loops over two axes for which the compiler knows the element size. */
#include "kernels/copy.h"

#include <string.h>

enum {
  WHOLE,    /* everything is one run */
  ROWS,     /* dim[1] rows of dim[0] runs */
  TRANSPOSE /* dim[0] and dim[1] in squares */
};

enum {
  SMALL = 16,             /* longer runs are memcpy's */
  UNIT_BYTES = 64 * 1024, /* work of one unit: enough to be worth handing to a thread */
  SQUARE = 16             /* a transposition's squares keep their cache lines of both sides in the first-level cache */
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
    p->kind = TRANSPOSE;
    bring_to_second(p, partner);
    if (p->dim[0].size < SQUARE && p->dim[1].size > p->dim[0].size) swap_dims(p);
  }
  while (p->rank < 2) p->dim[p->rank++] = (copy_dim){1, 0, 0};
  p->cut = p->dim[1].size < p->dim[0].size ? 0 : 1;
  p->rows = UNIT_BYTES / (p->dim[!p->cut].size * p->run) + 1;
  if (p->kind == TRANSPOSE) p->rows = (p->rows + SQUARE - 1) / SQUARE * SQUARE;
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

INLINE void squares_of(char *to, const char *from, const copy_dim *d, int64_t e) {
  for (int64_t j0 = 0; j0 < d[1].size; j0 += SQUARE) {
    const int64_t j1 = j0 + SQUARE < d[1].size ? j0 + SQUARE : d[1].size;
    for (int64_t i0 = 0; i0 < d[0].size; i0 += SQUARE) {
      const int64_t i1 = i0 + SQUARE < d[0].size ? i0 + SQUARE : d[0].size;
      for (int64_t j = j0; j < j1; j++)
        for (int64_t i = i0; i < i1; i++)
          memcpy(to + j * d[1].to + i * d[0].to, from + j * d[1].from + i * d[0].from, (size_t)e);
    }
  }
}

INLINE void plane_of(char *to, const char *from, const copy_dim *d, int32_t kind, int64_t e) {
  if (kind == TRANSPOSE) squares_of(to, from, d, e);
  else rows_of(to, from, d, e);
}

static void long_runs(char *to, const char *from, const copy_dim *d, int64_t run) {
  for (int64_t j = 0; j < d[1].size; j++)
    for (int64_t i = 0; i < d[0].size; i++)
      memcpy(to + j * d[1].to + i * d[0].to, from + j * d[1].from + i * d[0].from, (size_t)run);
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
    default: long_runs(to, from, d, run); return;
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
