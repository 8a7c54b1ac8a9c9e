/* network.h: what stands behind mote_graph (mote/graph.h): a set of graphs, the builder that extends it, and the file
 * it came from. Importers fill one through its builder.
 */
#ifndef LOWER_NETWORK_H
#define LOWER_NETWORK_H

#include "graph/build.h"
#include "mote/graph.h"
#include "schema/write.h"

struct mote_graph {
  mem *mem;
  arena arena; /* all of the graphs */
  graph_set set;
  graph_builder b;
  mote_model *model; /* whose constants are used in place; NULL: none */
  sch_string description;
  void *json;     /* bytes that `model` was made from; NULL: it is a file */
  uint8_t *bytes; /* of mote_graph_bytes */
  size_t size;
};

/* Everything a file needs: order, names, signatures, versions, checked; then its image, whose parts point into the
 * network. Records go to `a`. */
mote_status network_image(mote_graph *g, arena *a, sch_image *out, mote_error *e);

/* Order, names, a signature, versions: what must hold before anything is written or told of the network. */
mote_status network_finish(mote_graph *g, mote_error *e);

#endif
