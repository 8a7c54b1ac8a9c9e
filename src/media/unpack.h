/* unpack.h: what is compressed becomes bytes that can be looked at in any order: it is unpacked into a nameless
 * temporary file, which is mapped, so that it takes no memory of the process' own however large it is. */
#ifndef MEDIA_UNPACK_H
#define MEDIA_UNPACK_H

#include <stdio.h>

#include "media/source.h"

typedef struct unpacked {
  FILE *file;
  uint64_t size, limit; /* written so far, and the most that may be */
  char name[256];       /* for messages */
} unpacked;

/* `limit`: the memory limit of the source, or 16 GiB: what unpacks without end ends somewhere. */
mote_status unpack_begin(unpacked *u, const media_source *s, const char *name, mote_error *e);
mote_status unpack_put(unpacked *u, const void *data, size_t size, mote_error *e);
/* Maps what was put. The file is closed on success and on failure; file_close ends the view. */
mote_status unpack_end(unpacked *u, mem *m, file_view *view, mote_error *e);
void unpack_drop(unpacked *u); /* instead of unpack_end */

/* A source that is a gzip file becomes what is in it; any other stays as it is. */
mote_status unpack_gzip(media_source *s, mote_error *e);

#endif
