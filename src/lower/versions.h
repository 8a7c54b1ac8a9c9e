/* versions.h: versions of operators: the lowest that is enough, and the releases of TensorFlow Lite that have it. */
#ifndef LOWER_VERSIONS_H
#define LOWER_VERSIONS_H

#include "graph/graph.h"

/* Gives every builtin node the lowest version of its operator that does what the node asks. */
void versions_stamp(graph_set *set);

/* The first release that has an operator in this version; NULL when that is not known (custom operators). */
const char *versions_first_runtime(int32_t code, int32_t version);

/* The first release that runs all nodes as they are stamped: "2.4.0"; never NULL. */
const char *versions_runtime(const graph_set *set);

/* "2.5", "2.5.0": less than, equal to or greater than 0 as strcmp. */
int versions_compare(const char *a, const char *b);

/* Fails when a release is too old for the nodes as they are stamped, naming all operators that prevent it. */
mote_status versions_fit(const graph_set *set, const char *runtime, mote_error *e);

#endif
