/* copy.h: moving elements without looking at them.
 *
 * A plan says how elements lie in two places: for each axis its size and a step in bytes on both sides. A step of
 * `from` may be 0 (an element is repeated) or negative (an axis is reversed). Slices, transpositions, tiles, pads and
 * joins are all such plans; types do not matter, only the size of an element. What is not here: threads.
 *
 *     copy_plan p;
 *     copy_begin(&p, 4);
 *     copy_axis(&p, columns, to_step, from_step);     innermost first
 *     copy_axis(&p, rows, ...);
 *     copy_end(&p);
 *     copy_units(&p, to, from, 0, p.units);
 *
 * Records are of fixed size and hold no pointers. `to` and `from` do not overlap. Nothing needs to be aligned.
 */
#ifndef KERNELS_COPY_H
#define KERNELS_COPY_H

#include <stddef.h>
#include <stdint.h>

enum { COPY_MAX_RANK = 16 };

typedef struct copy_dim {
  int64_t size;     /* >= 1 */
  int64_t to, from; /* bytes from one element to the next */
} copy_dim;

typedef struct copy_plan {
  int64_t run;   /* bytes that lie together on both sides and move at once */
  int64_t units; /* pieces of about equal work, for threads; 0: nothing to copy */
  int64_t rows;  /* dim[cut] is cut into pieces of so many elements */
  int32_t cut;
  int32_t rank; /* axes in use; after copy_end at least 2; dim[0] is innermost */
  int32_t kind; /* how dim[0] and dim[1] are walked */
  copy_dim dim[COPY_MAX_RANK];
} copy_plan;

/* An empty plan of elements of so many bytes (1 or more). */
void copy_begin(copy_plan *p, size_t element);
/* Adds the next axis outwards; it is merged with the one before where both sides allow. size 0: nothing to copy. At
 * most COPY_MAX_RANK axes. */
void copy_axis(copy_plan *p, int64_t size, int64_t to, int64_t from);
/* Chooses the inner loops; the plan is then ready. */
void copy_end(copy_plan *p);
/* Bytes that the whole plan moves. */
int64_t copy_bytes(const copy_plan *p);
/* Does units first .. last-1. */
void copy_units(const copy_plan *p, void *to, const void *from, int64_t first, int64_t last);

/* to[i] = from[index[i]] for elements of `run` bytes; every index is valid. */
void copy_picked(void *to, const void *from, const int32_t *index, int64_t count, int64_t run);

#endif
