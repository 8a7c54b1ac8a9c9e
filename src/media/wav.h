/* wav.h: the samples of a WAV file. */
#ifndef MEDIA_WAV_H
#define MEDIA_WAV_H

#include "media/source.h"

enum { MOST_CHANNELS = 256 };

typedef struct wav {
  uint32_t format; /* 1: PCM, 3: float */
  uint32_t channels, rate, bits;
  size_t frames;
  const uint8_t *data; /* frames * channels * bits / 8 bytes, inside the source */
} wav;

mote_status wav_find(wav *w, const media_source *s, mote_error *e);
void wav_read(const wav *w, float *samples); /* frames * channels */

#endif
