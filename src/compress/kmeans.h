/* kmeans.h: k-means of numbers: the few values that numbers are best replaced by.
 *
 * Numbers are sorted once. Then a cluster is a run of neighbours, its mean comes from sums up to each place, and a step
 * of the search takes the time of a few look-ups for each value, however many numbers there are.
 */
#ifndef COMPRESS_KMEANS_H
#define COMPRESS_KMEANS_H

#include "base/alloc.h"
#include "mote/compress.h"

typedef struct kmeans {
  mem *mem;
  float *sorted;        /* [count] */
  double *sum, *square; /* [count + 1]: of all numbers before */
  size_t count;
} kmeans;

/* Sorts and sums; false when memory ran out. */
bool kmeans_open(kmeans *m, mem *of, const float *numbers, size_t count);
void kmeans_close(kmeans *m);

/* Different numbers; counting stops at `most`. */
size_t kmeans_different(const kmeans *m, size_t most);

/* Finds at most k values, ascending, and returns how many there are; 0: there are no numbers, or no memory. The same
 * seed gives the same. `values` has room for k. */
size_t kmeans_find(const kmeans *m, size_t k, mote_cluster_start start, uint64_t seed, double *values);

/* The sum of squares of what is lost when each number becomes the nearest of the values. */
double kmeans_loss(const kmeans *m, size_t k, const double *values);

/* The nearest value, by number. */
size_t kmeans_nearest(size_t k, const double *values, double number);

#endif
