/* picture.h: what the picture decoders share. Each decodes one format into a picture and knows nothing of the others.
 */
#ifndef MEDIA_PICTURE_H
#define MEDIA_PICTURE_H

#include "media/source.h"

/* A picture in the making, owned by source->mem. Fields as in mote_image. */
typedef struct picture {
  int32_t width, height, channels;
  int32_t orientation; /* EXIF, to be applied still; 1: upright */
  int32_t damage;
  uint8_t *pixels;
} picture;

/* Refuses sizes of 0 and above the pixel limit. */
mote_status picture_check(const media_source *s, uint64_t width, uint64_t height, mote_error *e);
/* Checks, sets the size and takes memory for it, not zeroed: the decoder fills it or fails. */
mote_status picture_take(picture *p, const media_source *s, uint64_t width, uint64_t height, int32_t channels,
                         mote_error *e);

/* On failure p->pixels may be set; the caller frees it. */
mote_status jpeg_decode(const media_source *s, picture *p, mote_error *e);
mote_status png_decode(const media_source *s, picture *p, mote_error *e);
mote_status bmp_decode(const media_source *s, picture *p, mote_error *e);
mote_status pnm_decode(const media_source *s, picture *p, mote_error *e);

/* The orientation (1 .. 8) that a TIFF header with EXIF fields names; 1 when it names none or is damaged. */
int32_t exif_orientation(const uint8_t *tiff, size_t size);

/* Turns and mirrors the pixels as p->orientation says, and sets width and height of the upright picture. */
mote_status picture_orient(picture *p, mem *m, mote_error *e);

#endif
