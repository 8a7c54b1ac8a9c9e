/* resize.h: bilinear resizing of pictures, antialiased when shrinking. Layout and numbers of tensors are not here. */
#ifndef MEDIA_RESIZE_H
#define MEDIA_RESIZE_H

#include "base/alloc.h"
#include "mote/media.h"

/* A rectangle of a picture. */
typedef struct resize_box {
  int32_t x, y, width, height;
} resize_box;

/* Resizes `box` of an image to width x height pixels of 1, 3 or 4 channels and hands over each row, top first, as
 * width * channels floats in 0 .. 255. */
typedef void (*resize_row)(void *arg, int32_t y, const float *row);
mote_status resize_image(const mote_image *image, resize_box box, int32_t width, int32_t height, int32_t channels,
                         mem *m, resize_row take, void *arg, mote_error *e);

#endif
