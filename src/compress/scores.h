/* scores.h: how much each weight matters.
 *
 * What a weight adds to the output of its layer is its square, times the mean square of what it is multiplied with
 * where samples tell that (as Sun et al. 2023 do for language models). Each layer's share of that energy, times how
 * strongly the network's outputs answer to errors of the layer, makes weights of all layers comparable: with the
 * weights taken by this score, the least of the outputs is lost to first order.
 */
#ifndef COMPRESS_SCORES_H
#define COMPRESS_SCORES_H

#include "compress/sampler.h"

typedef struct scored {
  layer l;
  float *w;      /* [count]: reals */
  float *square; /* mean squares of the channels of in_axis; NULL: not known, 1 */
  double energy; /* of all weights */
  double gain;   /* share of the outputs that errs, for a small share of the energy that goes */
  uint8_t *mask; /* bit i: weight i may differ from 0 */
  bool stays;    /* by name, or because it is small */
  bool prunable;
} scored;

typedef struct scores {
  mem *mem;
  scored *at;
  int32_t count;
} scores;

/* Reads the weights of all layers of the network; what `keep` and `smallest` leave out is not prunable, and neither are
 * depthwise convolutions. */
mote_status scores_open(scores *s, const mote_graph *g, const char *keep, int32_t smallest, arena *a, mote_error *e);
void scores_close(scores *s);

/* Mean squares of what comes in to the layers; centered: around the means, where biases will be repaired. */
mote_status scores_look(scores *s, const mote_graph *g, sampler *with, bool centered, mote_error *e);

/* What weight i adds. */
static inline double scored_energy(const scored *x, extent in, size_t i) {
  const double w = (double)x->w[i];
  return w * w * (x->square ? (double)x->square[extent_at(in, i)] : 1);
}

static inline bool mask_at(const uint8_t *mask, size_t i) { return mask[i / 8] >> i % 8 & 1; }

/* Weights that are masked become zero: in w and in the network. */
mote_status scored_apply(scored *x, mote_graph *g, mote_error *e);

#endif
