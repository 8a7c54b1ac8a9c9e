/* bias.h: biases of layers, changed channel by channel. */
#ifndef COMPRESS_BIAS_H
#define COMPRESS_BIAS_H

#include "compress/weights.h"

/* What is done to a channel: times `factor` (not of integers), then plus `more`. */
typedef struct bias_change {
  double factor, more;
} bias_change;

/* Whether the layer, of the main graph, has a bias that can be changed, or is one of floats and can get one. */
bool bias_changeable(const graph *g, const layer *l, size_t channels);

/* Changes it; one that other layers read too becomes the layer's own. */
mote_status bias_apply(mote_graph *g, const layer *l, const bias_change *c, size_t channels, mote_error *e);

#endif
