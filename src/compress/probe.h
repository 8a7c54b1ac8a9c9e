/* probe.h: a copy of a network that is only looked at, in which the sums of layers are values before their activations.
 */
#ifndef COMPRESS_PROBE_H
#define COMPRESS_PROBE_H

#include "compress/weights.h"

/* Splits layers [from, to) of the list (all of the main graph) into layer and activation; sums[i - from] is the value
 * between them, or the layer's output where there is no activation or it cannot be told apart (integers). The copy has
 * no outputs: what is to be seen must be named (observe.h), and nothing behind it is run. NULL: *e says why. */
mote_graph *probe_open(const mote_graph *g, const layers *all, int32_t from, int32_t to, int32_t *sums, mote_error *e);

#endif
