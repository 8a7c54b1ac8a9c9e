/* lines.h: text as lines. */
#ifndef METADATA_LINES_H
#define METADATA_LINES_H

#include "base/alloc.h"
#include "mote/metadata.h"

/* Makes an object of a copy of the text; NULL after filling *e. It retains m. */
mote_lines *lines_new(const void *text, size_t size, mem *m, mote_error *e);

#endif
