/* options.h: options of operators as text, "padding: SAME, stride_w: 2", by the tables of the format. */
#ifndef GRAPH_OPTIONS_H
#define GRAPH_OPTIONS_H

#include "graph/graph.h"

/* The record of a table with the fields that the text names, the others at their defaults; in `a`. NULL on failure: the
 * sentence names the field and what it takes. text may be NULL. */
void *options_parse(const sch_table *table, const char *text, arena *a, mote_error *e);

/* The table of an operator's options; NULL when it has none. */
const sch_table *options_of(const mote_op *op);

/* Whether two records of a table say the same. table NULL: yes. */
bool options_equal(const sch_table *table, const void *a, const void *b);

#endif
