/* idx.h: idx, the format of the MNIST files: a big-endian header, then the elements of one array. */
#ifndef MEDIA_IDX_H
#define MEDIA_IDX_H

#include "media/source.h"

typedef struct idx {
  mote_type type;
  size_t item; /* bytes of an element */
  int32_t rank;
  int32_t dims[MOTE_MAX_RANK];
  size_t count;        /* elements */
  const uint8_t *data; /* count * item bytes, inside the source, the highest byte of each element first */
} idx;

mote_status idx_find(idx *x, const media_source *s, mote_error *e);
void idx_copy(const idx *x, void *to); /* in the order of bytes of this machine */

#endif
