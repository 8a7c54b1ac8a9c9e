/* sort.c: sorting for rules that look for duplicates and overlaps. */
#include "schema/rules.h"

static bool less(const rule_key *a, const rule_key *b) {
  if (a->major != b->major) return a->major < b->major;
  return a->minor != b->minor ? a->minor < b->minor : a->id < b->id;
}

static void sift(rule_key *heap, size_t count, size_t i) {
  for (;;) {
    size_t largest = i;
    for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
      if (less(&heap[largest], &heap[child])) largest = child;
    if (largest == i) return;
    const rule_key t = heap[i];
    heap[i] = heap[largest];
    heap[largest] = t;
    i = largest;
  }
}

/* Heap sort: it takes no memory, and no file makes it slow. */
void rule_sort(rule_key *keys, size_t count) {
  for (size_t i = count / 2; i-- > 0;) sift(keys, count, i);
  for (size_t n = count; n-- > 1;) {
    const rule_key t = keys[0];
    keys[0] = keys[n];
    keys[n] = t;
    sift(keys, n, 0);
  }
}
