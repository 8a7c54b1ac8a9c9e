/* common.h: what importers share once they have a builder: faults in a list, ends of the network, casts. */
#ifndef IMPORT_COMMON_H
#define IMPORT_COMMON_H

#include "graph/build.h"
#include "mote/convert.h"

/* Parts that cannot be converted, a line of text each. Zero-initialise. */
typedef struct import_faults {
  char *text;
  size_t size, room;
  int32_t count;
} import_faults;

/* Adds a line; it is copied. */
mote_status import_fault(import_faults *f, arena *a, const char *line);
/* The builder's failure, without the name of build_at that it begins with: the line has it. */
const char *import_sentence(const graph_builder *b);
/* Tells config->on_fault each of several lines, and makes the error of them all. kind: "layers", "operators". */
mote_status import_report(const import_faults *f, const mote_convert_config *config, const char *kind, mote_error *e);

/* Names a value of graph 0 and makes it an output. One that is an input, a constant, or an output already is copied
 * first: outputs are values of their own. */
void import_output(graph_builder *b, int32_t value, const char *name);

/* The value as another type; itself when it has it. */
int32_t import_cast(graph_builder *b, int32_t value, mote_type to);

#endif
