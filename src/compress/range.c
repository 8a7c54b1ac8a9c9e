/* range.c: see range.h.
 *
 * Errors are told from the histogram: a value inside the range errs by rounding, step^2 / 12 on average; one outside by
 * its distance to the nearer end. Zero itself is a step of every range and errs by nothing, which matters after RELU.
 */
#include "compress/range.h"

#include <math.h>

enum { HALF = RANGE_BINS / 2 };

static double width_of(const range_stats *s) { return (double)s->reach / HALF; }
static double centre_of(const range_stats *s, int32_t bin) { return (bin - HALF + 0.5) * width_of(s); }

/* Twice as far, with bins twice as wide. */
static void widen(range_stats *s) {
  uint64_t wide[RANGE_BINS] = {0};
  for (int32_t i = 0; i < RANGE_BINS; i++) wide[HALF / 2 + i / 2] += s->bins[i];
  for (int32_t i = 0; i < RANGE_BINS; i++) s->bins[i] = wide[i];
  s->reach *= 2;
}

/* A power of two, so that bins are the same whatever is seen first. */
static void reach_for(range_stats *s, float most) {
  if (s->reach == 0) s->reach = exp2f(ceilf(log2f(fmaxf(most, 1e-20f))));
  while (s->reach <= most) widen(s);
}

static void extremes(const float *x, size_t count, float *lo, float *hi, uint64_t *odd) {
  float low = 0, high = 0;
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(x[i])) {
      (*odd)++;
      continue;
    }
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  *lo = low;
  *hi = high;
}

void range_see(range_stats *s, const float *x, size_t count) {
  float lo, hi;
  extremes(x, count, &lo, &hi, &s->odd);
  reach_for(s, fmaxf(-lo, hi));
  const float by = (float)HALF / s->reach;
  for (size_t i = 0; i < count; i++)
    if (isfinite(x[i])) s->bins[(int32_t)(x[i] * by + (float)HALF)]++;
  const float keep = s->samples ? 0.95f : 0;
  s->average_lo = keep * s->average_lo + (1 - keep) * lo;
  s->average_hi = keep * s->average_hi + (1 - keep) * hi;
  s->lo = fminf(s->lo, lo);
  s->hi = fmaxf(s->hi, hi);
  s->seen += count;
  s->samples++;
}

/* ---- choosing ---- */

double range_error(const range_stats *s, double lo, double hi, int32_t steps) {
  const double step = (hi - lo) / steps, rounding = step * step / 12;
  double sum = 0;
  for (int32_t i = 0; i < RANGE_BINS; i++) {
    if (!s->bins[i]) continue;
    const double x = centre_of(s, i), past = x < lo ? lo - x : x > hi ? x - hi : 0;
    /* RELU's zeros lie in this bin, and are exact. */
    if (i == HALF && s->lo == 0) continue;
    sum += (double)s->bins[i] * (past > 0 ? past * past : rounding);
  }
  return s->seen ? sum / (double)s->seen : 0;
}

static void percentile(const range_stats *s, float *lo, float *hi) {
  const double out = 1e-4 * (double)s->seen;
  double below = 0, above = 0;
  int32_t first = 0, last = RANGE_BINS - 1;
  while (first < HALF && below + (double)s->bins[first] <= out) below += (double)s->bins[first++];
  while (last >= HALF && above + (double)s->bins[last] <= out) above += (double)s->bins[last--];
  *lo = fmaxf(s->lo, (float)((first - HALF) * width_of(s)));
  *hi = fminf(s->hi, (float)((last + 1 - HALF) * width_of(s)));
}

/* Each end by itself, in turn, from the extremes inwards. */
static void least_error(const range_stats *s, int32_t steps, float *lo, float *hi) {
  enum { TRIES = 64, ROUNDS = 2 };
  double ends[2] = {s->lo, s->hi};
  double best = range_error(s, ends[0], ends[1], steps);
  for (int r = 0; r < 2 * ROUNDS; r++) {
    const int end = 1 - r % 2;
    const double whole = end ? s->hi : s->lo;
    for (int t = 1; t < TRIES; t++) {
      double to[2] = {ends[0], ends[1]};
      to[end] = whole * (1 - (double)t / TRIES);
      if (to[1] - to[0] <= 0) continue;
      const double error = range_error(s, to[0], to[1], steps);
      if (error < best) best = error, ends[end] = to[end];
    }
  }
  *lo = (float)ends[0];
  *hi = (float)ends[1];
}

/* Kullback-Leibler divergence of what was seen, with what lies outside put at the ends, from itself in `levels` equal
 * pieces: bins [first, last). */
static double divergence(const range_stats *s, int32_t first, int32_t last, int32_t levels) {
  double all = 0, outside = 0, sum = 0;
  for (int32_t i = 0; i < RANGE_BINS; i++) {
    all += (double)s->bins[i];
    if (i < first || i >= last) outside += (double)s->bins[i];
  }
  if (all == outside) return INFINITY;
  const int32_t bins = last - first;
  for (int32_t l = 0; l < levels; l++) {
    const int32_t from = first + (int32_t)((int64_t)l * bins / levels),
                  to = first + (int32_t)((int64_t)(l + 1) * bins / levels);
    double mass = 0;
    int32_t used = 0;
    for (int32_t i = from; i < to; i++) mass += (double)s->bins[i], used += s->bins[i] != 0;
    for (int32_t i = from; i < to; i++) {
      if (!s->bins[i]) continue;
      double p = (double)s->bins[i];
      if (i == first || i == last - 1) p += outside / 2;
      sum += p / all * log(p / all / (mass / used / (all - outside)));
    }
  }
  return sum;
}

static void least_divergence(const range_stats *s, int32_t steps, float *lo, float *hi) {
  enum { TRIES = 48 };
  const int32_t levels = steps < 256 ? steps + 1 : 256;
  double best = INFINITY;
  *lo = s->lo;
  *hi = s->hi;
  for (int t = 0; t < TRIES; t++) {
    const double share = 1 - (double)t / 64, low = s->lo * share, high = s->hi * share;
    int32_t first = HALF + (int32_t)floor(low / width_of(s)), last = HALF + (int32_t)ceil(high / width_of(s));
    if (first < 0) first = 0;
    if (last > RANGE_BINS) last = RANGE_BINS;
    if (last - first < levels) break;
    const double now = divergence(s, first, last, levels);
    if (now < best) best = now, *lo = (float)low, *hi = (float)high;
  }
}

static void by(const range_stats *s, mote_calibration how, int32_t steps, float *lo, float *hi) {
  *lo = s->lo;
  *hi = s->hi;
  if (how == MOTE_CALIBRATE_MOVING_AVERAGE) *lo = s->average_lo, *hi = s->average_hi;
  else if (how == MOTE_CALIBRATE_PERCENTILE) percentile(s, lo, hi);
  else if (how == MOTE_CALIBRATE_MSE) least_error(s, steps, lo, hi);
  else if (how == MOTE_CALIBRATE_ENTROPY) least_divergence(s, steps, lo, hi);
}

void range_choose(const range_stats *s, mote_calibration how, int32_t steps, float *lo, float *hi) {
  if (s->reach == 0) {
    *lo = *hi = 0;
    return;
  }
  if (how != MOTE_CALIBRATE_BEST) {
    by(s, how, steps, lo, hi);
    return;
  }
  double best = INFINITY;
  for (mote_calibration c = MOTE_CALIBRATE_MIN_MAX; c <= MOTE_CALIBRATE_ENTROPY; c++) {
    float low, high;
    by(s, c, steps, &low, &high);
    const double error = range_error(s, low, high, steps);
    if (error < best) best = error, *lo = low, *hi = high;
  }
}
