/* wav.c: WAV: finding format and samples among the chunks of a RIFF file, and turning samples into floats. */
#include "media/wav.h"

#include <string.h>

enum { WAVE_PCM = 1, WAVE_FLOAT = 3, WAVE_ALAW = 6, WAVE_MULAW = 7, WAVE_EXTENSIBLE = 0xfffe };

static const char *format_name(uint32_t format) {
  switch (format) {
    case 2: return "ADPCM";
    case WAVE_ALAW: return "A-law";
    case WAVE_MULAW: return "mu-law";
    case 0x11: return "IMA ADPCM";
    case 0x31: return "GSM 6.10";
    case 0x55: return "MP3";
    default: return "an unknown coding";
  }
}

static mote_status read_format(wav *w, const media_source *s, const uint8_t *p, size_t size, mote_error *e) {
  if (size < 16)
    return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged WAV sound: its format takes 16 bytes, and %zu are there",
                   s->name, size);
  w->format = get_u16le(p);
  w->channels = get_u16le(p + 2);
  w->rate = get_u32le(p + 4);
  const uint32_t block = get_u16le(p + 12);
  w->bits = get_u16le(p + 14);
  if (w->format == WAVE_EXTENSIBLE && size >= 26) w->format = get_u16le(p + 24);
  if (w->format != WAVE_PCM && w->format != WAVE_FLOAT)
    return err_set(e, MOTE_ERR_UNSUPPORTED, "%s holds %s (format %u); convert it to PCM or float samples", s->name,
                   format_name(w->format), (unsigned)w->format);
  const bool floats = w->format == WAVE_FLOAT;
  if (floats ? w->bits != 32 && w->bits != 64 : w->bits < 8 || w->bits > 32 || w->bits % 8)
    return err_set(e, MOTE_ERR_UNSUPPORTED,
                   "%s has %u-bit %s samples; PCM of 8, 16, 24 and 32 bits and floats of 32 and 64 "
                   "are read",
                   s->name, (unsigned)w->bits, floats ? "float" : "PCM");
  if (!w->channels || w->channels > MOST_CHANNELS || !w->rate || w->rate > INT32_MAX ||
      block != w->channels * w->bits / 8)
    return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged WAV sound: %u channels, %u frames a second, %u bytes a frame",
                   s->name, (unsigned)w->channels, (unsigned)w->rate, (unsigned)block);
  return MOTE_OK;
}

/* Programs that write to a pipe cannot know the length, and leave 0 or the largest number. */
static bool is_open_ended(uint32_t length, size_t rest) { return length == UINT32_MAX || (length == 0 && rest); }

mote_status wav_find(wav *w, const media_source *s, mote_error *e) {
  *w = (wav){0};
  for (size_t at = 12; s->size - at >= 8;) {
    const uint8_t *chunk = s->data + at;
    const uint32_t length = get_u32le(chunk + 4);
    const size_t rest = s->size - at - 8;
    if (!memcmp(chunk, "data", 4)) {
      if (!w->channels)
        return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged WAV sound: its samples come before their format", s->name);
      const bool open = is_open_ended(length, rest);
      if (!open && length > rest) return media_truncated(s, "the samples", e);
      w->data = chunk + 8;
      w->frames = (open ? rest : length) / (w->channels * w->bits / 8);
      return MOTE_OK;
    }
    if (length > rest) break;
    if (!memcmp(chunk, "fmt ", 4)) MOTE_TRY(read_format(w, s, chunk + 8, length, e));
    const size_t step = (size_t)length + (length & 1);
    if (step >= rest) break;
    at += 8 + step;
  }
  return media_truncated(s, "the chunks before its samples", e);
}

static float sample_of(const wav *w, const uint8_t *p) {
  if (w->format == WAVE_FLOAT) {
    float f;
    double d;
    if (w->bits == 32) return memcpy(&f, p, 4), f;
    return memcpy(&d, p, 8), (float)d;
  }
  switch (w->bits) {
    case 8: return (float)(p[0] - 128) * 0x1p-7f;
    case 16: return (float)(int16_t)get_u16le(p) * 0x1p-15f;
    case 24: return (float)(int32_t)((uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 24) * 0x1p-31f;
    default: return (float)(int32_t)get_u32le(p) * 0x1p-31f;
  }
}

void wav_read(const wav *w, float *samples) {
  const size_t count = w->frames * w->channels, bytes = w->bits / 8;
  for (size_t i = 0; i < count; i++) samples[i] = sample_of(w, w->data + i * bytes);
}
