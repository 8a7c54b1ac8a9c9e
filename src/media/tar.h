/* tar.h: the files of a tar archive (ustar and GNU), one after the other, as they lie in it. */
#ifndef MEDIA_TAR_H
#define MEDIA_TAR_H

#include "media/source.h"

enum { TAR_NAME = 512 };
typedef struct tar_file {
  char name[TAR_NAME]; /* a path; longer ones are cut */
  const uint8_t *data;
  size_t size;
} tar_file;

/* The next file from byte *at on, which begins at 0; what is no file is passed over. False at the end, and, with
 * e->code set, where the archive is damaged. */
bool tar_next(const media_source *s, size_t *at, tar_file *file, mote_error *e);

#endif
