/* import.h: what an importer is: a source format, told by its first bytes, read into a network.
 *
 * An importer is one descriptor; importers.c lists them. It fills network->b (graph/build.h): build_at names the layer
 * that is being read, build_op adds operators, build_output ends it. What a source cannot say in operators of the file
 * format is an operator with the trait OP_SOURCE, which the importer has to replace before it returns.
 */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "lower/network.h"
#include "mote/convert.h"

/* What a file begins with, and what kind of thing it is. */
typedef struct import_source {
  const char *path;
  bool is_folder;
  const uint8_t *head; /* the first bytes; none of a folder */
  size_t size;         /* of head; at most IMPORT_HEAD */
} import_source;

enum { IMPORT_HEAD = 4096 };

typedef struct importer {
  const char *kind; /* "Keras" */
  /* Whether the source is of this kind, by its first bytes; the name only where these say nothing. */
  bool (*takes)(const import_source *source);
  /* A new network from it; NULL on failure. Sets report->layers. */
  mote_graph *(*read)(const import_source *source, const mote_convert_config *config, mote_convert_report *report,
                      mote_error *e);
  /* Name `index` of the layers or operators that it knows; NULL behind the last. NULL: it has no such list. */
  const char *(*known)(int32_t index);
} importer;

/* The list of this build, ends with NULL. */
extern const importer *const importers[];

/* The shape that the configuration gives for an input known by either name; NULL: none. */
const mote_convert_shape *import_shape(const mote_convert_config *config, const char *name, const char *other,
                                       bool only);

/* A sentence for whoever converts. */
__attribute__((format(printf, 2, 3))) void import_note(const mote_convert_config *config, const char *format, ...);

#endif
