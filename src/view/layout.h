/* layout.h: boxes with lines between them, placed in layers from top to bottom. It knows nothing of networks. */
#ifndef VIEW_LAYOUT_H
#define VIEW_LAYOUT_H

#include "base/arena.h"
#include "mote/mote.h"

typedef struct layout_box {
  float width, height;
  float x, y; /* out: of the middle, and of the upper edge */
} layout_box;

/* A line from one box to several: lines of one wire share their way. */
typedef struct layout_wire {
  int32_t from;
  const int32_t *to; /* [count] */
  int32_t count;
} layout_wire;

/* What to draw of a wire: bends[i] are what its trunk passes, one a layer, from the layer below its box on. */
typedef struct layout_route {
  float start_x; /* at the lower edge of its box */
  const float *bends;
  int32_t num_bends;
  const float *end_x;   /* [count] at the upper edges of its targets */
  const int32_t *leave; /* [count] bends passed before the target is reached: 0 is straight from the box */
} layout_route;

typedef struct layout {
  layout_box *boxes; /* in an order in which wires lead onwards; those that do not are drawn and place nothing */
  int32_t num_boxes;
  const layout_wire *wires;
  int32_t num_wires;
  /* out: */
  layout_route *routes;
  const int32_t *rank;       /* [num_boxes] layer */
  const float *top, *bottom; /* [num_layers] */
  int32_t num_layers;
  float width, height;
} layout;

/* Places all. Results are in `a`. Deterministic, and bounded: a graph of thousands of boxes takes well under a second.
 */
mote_status layout_run(layout *l, arena *a, mote_error *e);

#endif
