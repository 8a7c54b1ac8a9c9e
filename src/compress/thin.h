/* thin.h: which channels go: those that cost the outputs least for what they take. */
#ifndef COMPRESS_THIN_H
#define COMPRESS_THIN_H

#include "compress/channels.h"
#include "compress/scores.h"

/* What a network is measured by. */
typedef enum thin_cost { THIN_WEIGHTS, THIN_MACS, THIN_BYTES } thin_cost;

typedef struct thin {
  channels c;
  bool *gone;           /* by root */
  int32_t before, left; /* channels that might go, and those that do not */
  double cost;          /* of the layers' weights, with what goes gone */
} thin;

/* Chooses channels of the main graph until the weights of all layers cost at most `most`, or no more can go: then
 * t->cost is above it. No layer loses nearly all. Channels that stand in the same places are left in
 * a multiple of `multiple`; 0: of 8, fewer where they are few. Lists are in `a`. */
mote_status thin_choose(thin *t, const graph_set *set, const scores *s, thin_cost cost, double most, int32_t multiple,
                        arena *a, mote_error *e);

#endif
