/* repair.h: after weights went, every channel gets back the mean and the deviation that it had, layer by layer from the
 * front: what training a batch normalisation anew would do. No layer's weights change but by one factor for a channel,
 * so zeros stay zeros.
 *
 * Measured are the sums of a layer before its activation. Of integer layers, whose activation cannot be told apart, the
 * means of the outputs are set right, and no deviation.
 */
#ifndef COMPRESS_REPAIR_H
#define COMPRESS_REPAIR_H

#include "compress/sampler.h"

/* What every channel of every layer of the main graph was like. */
typedef struct repair {
  mem *mem;
  layers all;
  channel_sums *before; /* [all.count] */
  bool **gone;          /* [all.count]: output channels that the layer lost since; NULL: none */
} repair;

mote_status repair_open(repair *r, const mote_graph *g, sampler *s, arena *a, mote_error *e);
void repair_close(repair *r);

/* The network has the same nodes as then, with other weights, and maybe fewer channels (see `gone`). */
mote_status repair_run(repair *r, mote_graph *g, sampler *s, mote_error *e);

#endif
