/* weights.h: the weights of a network, layer by layer: where they are, what their dimensions mean, and their values as
 * reals, in whatever type the file has them.
 *
 * A layer is an operand of a node that holds weights: a constant, or what DEQUANTIZE makes of one (networks of
 * float16). Sparse constants are written out in full first (weights_unpack).
 */
#ifndef COMPRESS_WEIGHTS_H
#define COMPRESS_WEIGHTS_H

#include "lower/network.h"

typedef struct layer {
  int32_t graph, node, operand; /* who reads the weights, first */
  int32_t value;                /* that operand */
  int32_t stored;               /* the constant behind it */
  int32_t input, at_bias;    /* the value that they are multiplied with, -1: several; the operand that is a bias, -1 */
  int32_t out_axis, in_axis; /* of the weights, -1: none */
  bool depthwise, shared;    /* shared: others read the weights too */
  size_t count;
  double uses; /* multiply-adds of each weight in one run; open dimensions count as 1 */
} layer;

typedef struct layers {
  layer *at;
  int32_t count;
} layers;

/* Whether `keep` names the operator, or its first output (separated by spaces; NULL: nothing). */
bool weights_kept(const char *keep, const graph *g, const graph_node *n);

/* Layers of all graphs, in order, but those that `keep` names (operators or their first outputs, separated by spaces;
 * NULL: none) and those with fewer than `smallest` weights. The list is in `a`. */
mote_status weights_list(const graph_set *set, const char *keep, int32_t smallest, arena *a, layers *out,
                         mote_error *e);

/* Writes sparse constants out in full, and takes out the DENSIFY nodes behind them. */
mote_status weights_unpack(mote_graph *g, mote_error *e);

const graph *layer_graph(const graph_set *set, const layer *l);
const graph_node *layer_node(const graph_set *set, const layer *l);
const graph_value *layer_stored(const graph_set *set, const layer *l);
/* The name of its first output, with unprintable bytes escaped; returns `to`. */
char *layer_name(const graph_set *set, const layer *l, char *to, size_t room);

/* Whether reals can be made of the constant, and it of them. */
bool weights_readable(const graph_value *v);
/* In what integers are counted: as what they stand for, or from their zero points. */
typedef enum weights_unit { WEIGHTS_REAL, WEIGHTS_STORED } weights_unit;
/* Numbers of a constant. Fails on NaN and infinity, for which `l` is named. */
mote_status weights_read(const graph_set *set, const layer *l, weights_unit unit, float *to, mote_error *e);
/* Puts numbers in the constant's place, each as the nearest that its type holds; the data is in the network's arena. */
mote_status weights_write(mote_graph *g, const layer *l, weights_unit unit, const float *from, mote_error *e);

/* Size of `axis`, and elements between one coordinate and the next. axis -1: one coordinate. */
typedef struct extent {
  size_t size, step;
} extent;
extent extent_of(const graph_value *v, int32_t axis);
static inline size_t extent_at(extent x, size_t i) { return i / x.step % x.size; }

#endif
