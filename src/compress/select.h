/* select.h: which weights go: those with the least scores, in the shape that the pattern asks for. */
#ifndef COMPRESS_SELECT_H
#define COMPRESS_SELECT_H

#include "compress/scores.h"

/* What counts as the size of a weight. */
typedef enum select_cost { SELECT_WEIGHTS, SELECT_MACS } select_cost;

/* What the prunable weights of a layer, or of all, cost together. */
double select_total(const scores *s, select_cost cost);

/* Masks weights worth `amount` together, over the network at once or, uniform, the same share of each layer. Every
 * layer keeps its largest piece. 2 of 4: half of each row, whatever the amount. */
mote_status select_least(scores *s, const graph_set *set, mote_prune_pattern pattern, select_cost cost, double amount,
                         bool uniform, mote_error *e);

/* The same for one layer. */
mote_status select_in_layer(scored *x, const graph_set *set, mem *m, mote_prune_pattern pattern, double share,
                            mote_error *e);

/* The share of a layer's energy that its mask takes away. */
double select_lost(const scored *x, const graph_set *set);
/* Weights that are masked or zero. */
size_t select_zeros(const scored *x);

#endif
