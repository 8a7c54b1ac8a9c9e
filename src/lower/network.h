/* network.h: what stands behind mote_graph (mote/graph.h): a set of graphs, the builder that extends it, and the file
 * it came from. Importers fill one through its builder.
 */
#ifndef LOWER_NETWORK_H
#define LOWER_NETWORK_H

#include "graph/build.h"
#include "graph/passes.h"
#include "mote/graph.h"
#include "schema/write.h"

/* What was said of inputs and outputs for the file's metadata (about.c), the last first. */
typedef struct network_said network_said;

struct mote_graph {
  mem *mem;
  arena arena; /* all of the graphs */
  graph_set set;
  graph_builder b;
  mote_model *model; /* whose constants are used in place; NULL: none */
  sch_string description;
  const network_said *said; /* NULL: nothing */
  float next_scale;         /* of mote_graph_quantize_next; 0: none */
  int32_t next_zero;
  void *json;     /* bytes that `model` was made from; NULL: it is a file */
  uint8_t *bytes; /* of mote_graph_bytes */
  size_t size;
};

/* Everything a file needs: order, names, signatures, versions, checked; then its image, whose parts point into the
 * network. Records go to `a`. */
mote_status network_image(mote_graph *g, arena *a, sch_image *out, mote_error *e);

/* Whether an output of the main graph numbers classes, as those of detectors do: its labels are names of values. */
bool network_gives_classes(const mote_graph *g, int32_t output);

/* All rewrites that fit a file, but for those that `without` names (separated by spaces; NULL: none). Operators that
 * TensorFlow Lite `runtime` lacks are not brought in; NULL: any may. report may be NULL. */
mote_status network_improve(mote_graph *g, const char *runtime, const char *without, passes_report *report,
                            mote_error *e);

/* Puts older operators in the place of those that TensorFlow Lite `runtime` lacks, where equal ones exist. report may
 * be NULL. */
mote_status network_older(mote_graph *g, const char *runtime, passes_report *report, mote_error *e);

/* Order, names, a signature, versions: what must hold before anything is written or told of the network. */
mote_status network_finish(mote_graph *g, mote_error *e);

/* A network of its own over the same constants, options and names: `of` must outlive it and is not changed by it. */
mote_graph *network_copy(const mote_graph *of, mote_error *e);

#endif
