/* histogram.h: how the values of a constant are spread. */
#ifndef VIEW_HISTOGRAM_H
#define VIEW_HISTOGRAM_H

#include "schema/read.h"

enum { HISTOGRAM_BINS = 40 };

/* Of values as reals: quantized ones by scale and zero point. */
typedef struct histogram {
  uint64_t count, zeros, odd; /* odd: not finite */
  double min, max, mean, deviation;
  uint64_t bins[HISTOGRAM_BINS]; /* from min to max */
} histogram;

/* False for types without numbers, and where the data is not what the shape says. A sparse tensor's stored values. */
bool histogram_of(const sch_Tensor *t, const void *data, uint64_t size, histogram *h);

#endif
