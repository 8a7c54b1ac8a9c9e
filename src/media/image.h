/* image.h: what stands behind a mote_image. */
#ifndef MEDIA_IMAGE_H
#define MEDIA_IMAGE_H

#include "base/alloc.h"
#include "mote/media.h"

typedef struct image_object {
  mote_image image; /* first: the pointer a caller holds */
  uint8_t *pixels;
  mem *mem;
} image_object;

static inline image_object *image_object_of(const mote_image *image) { return (image_object *)(uintptr_t)image; }

#endif
