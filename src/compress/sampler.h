/* sampler.h: runs of a network on the same samples again and again, as measuring and repairing need them.
 *
 * The samples that are looked at are spread evenly over a range of those there are. One that cannot be read is told of
 * once and left out from then on.
 */
#ifndef COMPRESS_SAMPLER_H
#define COMPRESS_SAMPLER_H

#include "compress/observe.h"
#include "compress/report.h"

typedef struct sampler {
  mem *mem;
  const mote_samples *samples;
  const mote_watch *watch;
  int threads;
  int64_t first, all; /* the range */
  int64_t count;      /* that are looked at */
  bool *bad;          /* [count] */
  int32_t label;      /* of the sample that is visited; MOTE_NO_LABEL: not known */
  /* What is going on, for people, and which part of it the next run is. */
  const char *what;
  double done, part;
} sampler;

/* Of samples [first, first + all), at most `most`. */
mote_status sampler_open(sampler *s, mem *m, const mote_samples *samples, int64_t first, int64_t all, int64_t most,
                         const mote_watch *watch, int threads, mote_error *e);
void sampler_close(sampler *s);

/* A network, and values of it to be seen. */
typedef struct sampler_view {
  const mote_graph *g;
  int32_t count;
  const int32_t *values;
} sampler_view;

/* Called for each sample, with an observer for each view; `sample` counts from 0, with gaps for those left out. */
typedef mote_status (*sampler_visit)(void *user, const observer *o, int64_t sample, mote_error *e);

/* Runs one or two networks on the first `most` of the samples. Fails when none can be read. */
mote_status sampler_run(sampler *s, const sampler_view *views, int32_t num_views, int64_t most, sampler_visit visit,
                        void *user, mote_error *e);

/* Element i of a tensor as a real: of integers with a scale what they stand for. 0 for types that are no numbers. */
double sampler_number(const mote_tensor *t, size_t i);
size_t sampler_elements(const mote_tensor *t);

/* ---- outputs, and how far others are from them ---- */

typedef struct outcome {
  sampler *s;
  int32_t outputs;
  int64_t samples;
  float **values; /* [samples * outputs] */
  size_t *counts; /* [samples * outputs] */
} outcome;

/* Keeps what the network answers on the first `most` samples, fewer where that would take more than 64 MB. */
mote_status outcome_keep(outcome *o, sampler *s, const mote_graph *g, int64_t most, mote_error *e);
void outcome_free(outcome *o);

typedef struct distance {
  double noise; /* mean over the outputs: the square of the difference, as a share of the square of what was kept */
  double top1;  /* share of rows of the first output in which the largest is the same; NAN: rows have one element */
  int64_t seen;
} distance;

/* How far another network (of as many outputs) is from what was kept, on the first `most` samples of it. */
mote_status outcome_measure(const outcome *o, const mote_graph *g, int64_t most, distance *d, mote_error *e);

double distance_decibel(const distance *d);

/* ---- means and deviations by channel ---- */

typedef struct channel_sums {
  size_t channels; /* element i is of channel i % channels */
  double count;    /* elements of one channel */
  double *sum, *square;
} channel_sums;

mote_status channel_sums_open(channel_sums *c, mem *m, size_t channels, mote_error *e);
void channel_sums_close(channel_sums *c, mem *m);
void channel_sums_add(channel_sums *c, const mote_tensor *t);

/* Sums up what values show. lists[i] says how many channels value i has and has room for them, zeroed. */
mote_status sampler_sum(sampler *s, const mote_graph *g, int32_t count, const int32_t *values, channel_sums *lists,
                        mote_error *e);
double channel_mean(const channel_sums *c, size_t channel);
double channel_deviation(const channel_sums *c, size_t channel);

#endif
