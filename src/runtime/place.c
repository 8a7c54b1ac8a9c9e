/* place.c: the memory planner. Blocks are placed in order of size, largest first, each at the lowest gap that is free
 * for its whole life. That reaches the lower bound on most networks. */
#include <stdlib.h>

#include "base/size.h"
#include "runtime/runtime.h"

typedef struct sort_key {
  size_t size;
  int32_t index;
} sort_key;

static int larger_first(const void *a, const void *b) {
  const sort_key *x = a, *y = b;
  if (x->size != y->size) return x->size < y->size ? 1 : -1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static bool overlap(const block *a, const block *b) { return a->from <= b->to && b->from <= a->to; }

/* The lowest offset at which b fits beside the placed blocks that live at the same time. `order` holds the placed
 * blocks sorted by offset. */
static bool lowest_gap(const block *blocks, const int32_t *order, int32_t placed, const block *b, size_t *at) {
  size_t end = 0;
  for (int32_t i = 0; i < placed; i++) {
    const block *other = &blocks[order[i]];
    if (!overlap(other, b)) continue;
    if (other->at >= end && other->at - end >= b->size) break;
    const size_t other_end = other->at + other->size;
    if (other_end > end) end = other_end;
  }
  *at = end;
  size_t top;
  return size_add(end, b->size, &top);
}

static void insert_by_offset(const block *blocks, int32_t *order, int32_t placed, int32_t index) {
  int32_t lo = 0, hi = placed;
  while (lo < hi) {
    const int32_t mid = (lo + hi) / 2;
    if (blocks[order[mid]].at <= blocks[index].at) lo = mid + 1;
    else hi = mid;
  }
  for (int32_t i = placed; i > lo; i--) order[i] = order[i - 1];
  order[lo] = index;
}

static bool bound_below(const block *blocks, int32_t count, int32_t num_steps, size_t *bound, mem *m) {
  /* Differences at the steps where blocks begin and end, summed up. */
  int64_t *change = MEM_ARRAY(m, int64_t, (size_t)num_steps + 4);
  if (!change) return false;
  for (int32_t i = 0; i < count; i++) {
    change[blocks[i].from + 1] += (int64_t)blocks[i].size;
    change[blocks[i].to + 2] -= (int64_t)blocks[i].size;
  }
  int64_t now = 0, most = 0;
  for (int32_t i = 0; i < num_steps + 4; i++) {
    now += change[i];
    if (now > most) most = now;
  }
  mem_free(m, change);
  *bound = (size_t)most;
  return true;
}

bool place_blocks(block *blocks, int32_t *order, int32_t count, int32_t num_steps, size_t *total, size_t *lower_bound,
                  mem *m) {
  sort_key *keys = MEM_ARRAY(m, sort_key, (size_t)count + 1);
  if (!keys) return false;
  for (int32_t i = 0; i < count; i++) keys[i] = (sort_key){blocks[i].size, i};
  qsort(keys, (size_t)count, sizeof *keys, larger_first);
  size_t top = 0;
  bool fits = true;
  for (int32_t i = 0; i < count && fits; i++) {
    block *b = &blocks[keys[i].index];
    fits = lowest_gap(blocks, order, i, b, &b->at);
    if (!fits) break;
    insert_by_offset(blocks, order, i, keys[i].index);
    if (b->at + b->size > top) top = b->at + b->size;
  }
  mem_free(m, keys);
  if (!fits || !bound_below(blocks, count, num_steps, lower_bound, m)) return false;
  *total = top;
  return true;
}
