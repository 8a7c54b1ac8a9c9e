/* lower.h: from graphs to records that can be written as a file (schema/write.h).
 *
 * A graph that came from a file gives that file's network again, operator by operator; what importers and passes make
 * of graphs goes out by the same door. A value becomes the tensor that it has the number of.
 */
#ifndef LOWER_LOWER_H
#define LOWER_LOWER_H

#include "graph/graph.h"

/* What a file says beside its graphs. Strings and lists belong to the caller and must outlive the result. */
typedef struct lower_about {
  sch_string description;
  const sch_Metadata *metadata; /* their buffers are indices of `blocks` */
  uint32_t num_metadata;
  const sch_range *blocks; /* contents of metadata, in memory */
} lower_about;

/* Makes a model in `a`. Constants are not copied: they must stay until the file is written. about may be NULL. */
mote_status lower_graphs(const graph_set *graphs, const lower_about *about, arena *a, sch_Model **out, mote_error *e);

#endif
