/* channels.h: which channels of a network can go, and which only together.
 *
 * Every coordinate of a dimension that is a channel somewhere has a unit. A layer's output channels are units of their
 * own; whatever is added to them, multiplied with them, normalised with them has the same ones; a concatenation has
 * those of its parts. Units that are found to be the same are joined (a union-find), and one that reaches an input or
 * output of the network, or an operator that looks at it in another way than channel by channel, is fixed. Of what is
 * left each set of joined units may go: all that is named by it goes at once, and the network stays whole.
 */
#ifndef COMPRESS_CHANNELS_H
#define COMPRESS_CHANNELS_H

#include "compress/weights.h"

typedef struct channels {
  const graph_set *set;
  const graph *g;
  arena *arena;
  int32_t **units; /* [values * OP_MAX_RANK]: of each coordinate; NULL: not looked at; channels_fixed: it stays */
  int32_t *parent; /* of the union-find */
  bool *fixed;     /* of roots */
  int32_t count, room, room_fixed;
  bool failed; /* no memory */
} channels;

extern int32_t channels_fixed[1];

/* Looks at graph `index` of the set. */
mote_status channels_find(channels *c, const graph_set *set, int32_t index, arena *a, mote_error *e);

/* Units of a dimension that are not fixed as a whole; NULL: there are none. */
const int32_t *channels_of(const channels *c, int32_t value, int32_t axis);
/* The one that stands for all joined with it; -1 when it is fixed. */
int32_t channels_root(const channels *c, int32_t unit);

/* Takes out everything that is named by a root for which gone[root] is set: constants shrink, options and shapes that
 * are written out follow, and all shapes are found anew. */
mote_status channels_remove(channels *c, mote_graph *g, const bool *gone, mote_error *e);

#endif
