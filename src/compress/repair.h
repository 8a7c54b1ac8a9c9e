/* repair.h: after weights went, what is left of a network is brought back to what it answered, layer by layer from the
 * front.
 *
 * Layers of floats whose inputs are not too many get their weights fitted anew (fit.h), to what the whole network had
 * at that place on the same samples: so they make up for what went, here and in front of them. In other layers every
 * channel gets back the mean and the deviation that it had, as training a batch normalisation anew would do; in integer
 * ones the mean alone. Weights that are zero stay so.
 */
#ifndef COMPRESS_REPAIR_H
#define COMPRESS_REPAIR_H

#include "compress/fit.h"
#include "compress/sampler.h"

typedef struct repair {
  mem *mem;
  mote_graph *before; /* the network as it was */
  layers all;         /* of the main graph, in its order */
  bool **gone;        /* [all.count]: output channels that the layer lost since; NULL: none */
  /* What becomes of weights that were fitted: w has them, and is changed (fit_round). Then other layers but depthwise
   * ones keep their weights, and all are fitted from what they were before. NULL: nothing. */
  mote_status (*shape)(void *user, const layer *l, const fit *f, float *w, float *bias, mote_pool *pool, mote_error *e);
  void *user;
  mote_pool *pool;
} repair;

/* Keeps the network as it is now. What `keep` names (weights.h) is left alone. */
mote_status repair_open(repair *r, const mote_graph *g, const char *keep, int threads, arena *a, mote_error *e);
void repair_close(repair *r);

/* The network has the same nodes as then, with other weights, and maybe fewer channels (see `gone`). */
mote_status repair_run(repair *r, mote_graph *g, sampler *s, mote_error *e);

#endif
