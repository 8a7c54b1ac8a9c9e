/* kmeans.c: see kmeans.h. */
#include "compress/kmeans.h"

#include <string.h>

/* ---- sorting and sums ---- */

/* Floats as integers of the same order; 0 and -0 are one. */
static uint32_t key_of(float v) {
  uint32_t bits;
  v += 0.0f;
  memcpy(&bits, &v, sizeof bits);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

/* By bytes of the key, the lowest first. */
static void sort(float *v, float *other, size_t count) {
  for (int shift = 0; shift < 32; shift += 8) {
    size_t at[256] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++) at[key_of(v[i]) >> shift & 255]++;
    for (size_t b = 0; b < 256; b++) {
      const size_t here = at[b];
      at[b] = sum;
      sum += here;
    }
    for (size_t i = 0; i < count; i++) other[at[key_of(v[i]) >> shift & 255]++] = v[i];
    float *const swap = v;
    v = other;
    other = swap;
  }
}

bool kmeans_open(kmeans *m, mem *of, const float *numbers, size_t count) {
  *m = (kmeans){.mem = of, .count = count};
  float *const other = MEM_ARRAY(of, float, count + 1);
  m->sorted = MEM_ARRAY(of, float, count + 1);
  m->sum = MEM_ARRAY(of, double, count + 1);
  m->square = MEM_ARRAY(of, double, count + 1);
  if (!other || !m->sorted || !m->sum || !m->square) {
    mem_free(of, other);
    kmeans_close(m);
    return false;
  }
  memcpy(m->sorted, numbers, count * sizeof *numbers);
  sort(m->sorted, other, count);
  mem_free(of, other);
  for (size_t i = 0; i < count; i++) {
    m->sum[i + 1] = m->sum[i] + m->sorted[i];
    m->square[i + 1] = m->square[i] + (double)m->sorted[i] * m->sorted[i];
  }
  return true;
}

void kmeans_close(kmeans *m) {
  mem_free(m->mem, m->sorted);
  mem_free(m->mem, m->sum);
  mem_free(m->mem, m->square);
  *m = (kmeans){0};
}

size_t kmeans_different(const kmeans *m, size_t most) {
  size_t n = m->count > 0;
  for (size_t i = 1; i < m->count && n < most; i++) n += m->sorted[i] != m->sorted[i - 1];
  return n;
}

/* Numbers at most `than`. */
static size_t up_to(const kmeans *m, double than) {
  size_t lo = 0, hi = m->count;
  while (lo < hi) {
    const size_t mid = lo + (hi - lo) / 2;
    if ((double)m->sorted[mid] <= than) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/* ---- where the search begins ---- */

static uint64_t next_random(uint64_t *state) { /* SplitMix64 (Steele et al. 2014) */
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static double chance(uint64_t *state) { return (double)(next_random(state) >> 11) * 0x1p-53; }

static void begin_linear(const kmeans *m, size_t k, double *values) {
  const double lo = m->sorted[0], hi = m->sorted[m->count - 1];
  for (size_t i = 0; i < k; i++) values[i] = lo + (hi - lo) * (double)i / (double)(k - 1);
}

static void begin_density(const kmeans *m, size_t k, double *values) {
  for (size_t i = 0; i < k; i++) values[i] = m->sorted[(size_t)(((double)i + 0.5) / (double)k * (double)m->count)];
}

static void insert(double *values, size_t count, double v) {
  size_t i = count;
  for (; i > 0 && values[i - 1] > v; i--) values[i] = values[i - 1];
  values[i] = v;
}

/* Squared distances to a value, summed over numbers [from, to). */
static double distance(const kmeans *m, size_t from, size_t to, double value) {
  const double n = (double)(to - from), sum = m->sum[to] - m->sum[from], square = m->square[to] - m->square[from];
  const double d = square - 2 * value * sum + n * value * value;
  return d > 0 ? d : 0;
}

/* Numbers that value i is nearest to: [*from, *to). */
static void run_of(const kmeans *m, size_t k, const double *values, size_t i, size_t *from, size_t *to) {
  *from = i ? up_to(m, (values[i - 1] + values[i]) / 2) : 0;
  *to = i + 1 < k ? up_to(m, (values[i] + values[i + 1]) / 2) : m->count;
}

/* k-means++ (Arthur and Vassilvitskii 2007): the next value is a number, drawn by its squared distance to the nearest
 * value there is. Which run it lies in is drawn first, then where, by halving. */
static void begin_random(const kmeans *m, size_t k, uint64_t *state, double *values) {
  values[0] = m->sorted[(size_t)(chance(state) * (double)m->count)];
  for (size_t have = 1; have < k; have++) {
    double draw = chance(state) * kmeans_loss(m, have, values);
    size_t run = 0, from, to;
    for (;; run++) {
      run_of(m, have, values, run, &from, &to);
      const double here = distance(m, from, to, values[run]);
      if (draw < here || run + 1 == have) break;
      draw -= here;
    }
    size_t lo = from, hi = to;
    while (lo + 1 < hi) {
      const size_t mid = lo + (hi - lo) / 2;
      if (distance(m, from, mid, values[run]) <= draw) lo = mid;
      else hi = mid;
    }
    insert(values, have, m->sorted[lo < m->count ? lo : m->count - 1]);
  }
}

/* ---- the search ---- */

double kmeans_loss(const kmeans *m, size_t k, const double *values) {
  double all = 0;
  for (size_t i = 0; i < k; i++) {
    size_t from, to;
    run_of(m, k, values, i, &from, &to);
    if (to > from) all += distance(m, from, to, values[i]);
  }
  return all;
}

size_t kmeans_nearest(size_t k, const double *values, double number) {
  size_t lo = 0, hi = k - 1;
  while (lo < hi) {
    const size_t mid = lo + (hi - lo) / 2;
    if (number <= (values[mid] + values[mid + 1]) / 2) hi = mid;
    else lo = mid + 1;
  }
  return lo;
}

/* Lloyd's steps: each value moves to the mean of its run, until none moves. A value without numbers goes. */
static size_t improve(const kmeans *m, size_t k, double *values) {
  enum { MOST_STEPS = 1000 };
  for (int step = 0; step < MOST_STEPS; step++) {
    bool moved = false;
    size_t left = 0, from = 0;
    for (size_t i = 0; i < k; i++) {
      const size_t to = i + 1 < k ? up_to(m, (values[i] + values[i + 1]) / 2) : m->count;
      if (to > from) {
        const double mean = (m->sum[to] - m->sum[from]) / (double)(to - from);
        moved |= mean != values[i];
        values[left++] = mean;
        from = to;
      }
    }
    moved |= left != k;
    k = left;
    if (!moved) break;
  }
  return k;
}

static size_t search(const kmeans *m, size_t k, mote_cluster_start start, uint64_t *state, double *values) {
  if (k == 1) values[0] = 0;
  else if (start == MOTE_CLUSTER_LINEAR) begin_linear(m, k, values);
  else if (start == MOTE_CLUSTER_DENSITY) begin_density(m, k, values);
  else begin_random(m, k, state, values);
  return improve(m, k, values);
}

/* All numbers, when there are no more than k different ones. */
static size_t take_all(const kmeans *m, double *values) {
  size_t n = 0;
  for (size_t i = 0; i < m->count; i++)
    if (!i || m->sorted[i] != m->sorted[i - 1]) values[n++] = m->sorted[i];
  return n;
}

size_t kmeans_find(const kmeans *m, size_t k, mote_cluster_start start, uint64_t seed, double *values) {
  enum { DRAWS = 8 };
  if (!m->count || !k) return 0;
  if (kmeans_different(m, k + 1) <= k) return take_all(m, values);
  if (start != MOTE_CLUSTER_BEST) return search(m, k, start, &seed, values);
  double *const trial = MEM_ARRAY(m->mem, double, k);
  if (!trial) return 0;
  size_t best = search(m, k, MOTE_CLUSTER_LINEAR, &seed, values);
  double least = kmeans_loss(m, best, values);
  for (int i = 0; i <= DRAWS; i++) {
    const size_t n = search(m, k, i ? MOTE_CLUSTER_RANDOM : MOTE_CLUSTER_DENSITY, &seed, trial);
    const double loss = kmeans_loss(m, n, trial);
    if (loss >= least) continue;
    least = loss;
    best = n;
    memcpy(values, trial, n * sizeof *trial);
  }
  mem_free(m->mem, trial);
  return best;
}
