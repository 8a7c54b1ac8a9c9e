/* layout_graph.h: what the steps of a layout share: vertices (boxes, then bends of wires) in layers, and the segments
 * between neighbouring layers. */
#ifndef VIEW_LAYOUT_GRAPH_H
#define VIEW_LAYOUT_GRAPH_H

#include "base/arena.h"

typedef struct layout_segment {
  int32_t from, to; /* to is one layer below */
} layout_segment;

typedef struct layout_graph {
  int32_t num_vertices, num_layers, num_segments;
  int32_t *rank;
  float *width, *x; /* x: of the middle */
  bool *is_bend;
  layout_segment *segments;
  int32_t *first_bend, *num_bends;   /* of each wire */
  const int32_t *start[2], *list[2]; /* neighbours above and below: list[start[v] .. start[v + 1]] */
  int32_t *layer;                    /* order[layer[r] .. layer[r + 1]] are the vertices of layer r */
  int32_t *order, *place;            /* place[v]: in its layer */
} layout_graph;

/* Sets x: lines are as straight as they can be. False when memory ran out. */
bool layout_place(layout_graph *g, arena *scratch);

#endif
