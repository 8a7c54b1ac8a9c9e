/* range.h: what is seen of an activation over all samples, in constant memory, and the range that is chosen from it. */
#ifndef COMPRESS_RANGE_H
#define COMPRESS_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mote/compress.h"

enum { RANGE_BINS = 4096 };

/* bins cover [-reach, reach); reach doubles, and bins merge by two, when a value lies outside. */
typedef struct range_stats {
  uint64_t samples, seen, odd; /* odd: values that are NaN or infinite, left out */
  float lo, hi;                /* extremes of all, 0 among them */
  float average_lo, average_hi;
  float reach;
  uint64_t bins[RANGE_BINS];
} range_stats;

/* Takes the values of one sample. */
void range_see(range_stats *s, const float *x, size_t count);

/* Chooses lo <= 0 <= hi for integers of so many steps (255, 65534). */
void range_choose(const range_stats *s, mote_calibration how, int32_t steps, float *lo, float *hi);

/* Mean squared error of what was seen in so many steps between lo and hi, by the bins. */
double range_error(const range_stats *s, double lo, double hi, int32_t steps);

#endif
