/* sound.c: sounds as objects, their sample rate, and their way into a tensor. Decoding is in wav.c. */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "media/wav.h"

typedef struct sound_object {
  mote_sound sound; /* first: the pointer a caller holds */
  float *samples;
  mem *mem;
} sound_object;

static sound_object *sound_new(mem *m, const char *name, uint32_t rate, uint32_t channels, size_t frames,
                               mote_error *e) {
  sound_object *o = MEM_NEW(m, sound_object);
  float *samples = mem_array(m, frames, sizeof(float) * channels);
  if (!o || !samples) {
    mem_free(m, o);
    mem_free(m, samples);
    err_memory(e, "the samples", (uint64_t)frames * channels * sizeof(float));
    err_prefix(e, "%s", name);
    return NULL;
  }
  *o = (sound_object){{.rate = (int32_t)rate, .channels = (int32_t)channels, .frames = frames, .samples = samples},
                      samples,
                      mem_retain(m)};
  return o;
}

static mote_sound *decode(const media_source *s, mote_error *e) {
  if (media_kind_of(s->data, s->size) != KIND_WAV) {
    err_set(e, MOTE_ERR_FORMAT, "%s is no sound that mote can read: it looks like %s; WAV is read", s->name,
            mote_media_kind(s->data, s->size));
    return NULL;
  }
  wav w;
  if (wav_find(&w, s, e)) return NULL;
  sound_object *o = sound_new(s->mem, s->name, w.rate, w.channels, w.frames, e);
  if (!o) return NULL;
  wav_read(&w, o->samples);
  return &o->sound;
}

mote_sound *mote_sound_open(const char *path, const mote_media_config *config, mote_error *e) {
  media_source s;
  if (media_open(&s, path, config, e)) return NULL;
  mote_sound *sound = decode(&s, e);
  media_close(&s);
  return sound;
}

mote_sound *mote_sound_from_memory(const void *data, size_t size, const char *name, const mote_media_config *config,
                                   mote_error *e) {
  media_source s;
  if (media_from_memory(&s, data, size, name, config, e)) return NULL;
  mote_sound *sound = decode(&s, e);
  media_close(&s);
  return sound;
}

void mote_sound_free(mote_sound *sound) {
  if (!sound) return;
  sound_object *o = (sound_object *)sound;
  mem *m = o->mem;
  mem_free(m, o->samples);
  mem_free(m, o);
  mem_release(m);
}

/* The windowed sinc at distance t, in input frames; `cutoff` is relative to the input's Nyquist frequency. */
static double kernel(double t, double cutoff, double radius) {
  const double pi = 3.14159265358979323846, x = pi * t * cutoff;
  if (fabs(t) >= radius) return 0;
  return (fabs(x) < 1e-9 ? 1 : sin(x) / x) * cutoff * (0.5 + 0.5 * cos(pi * t / radius));
}

static void resample(const mote_sound *from, sound_object *to) {
  enum { CROSSINGS = 16 };
  const double step = (double)from->rate / to->sound.rate, cutoff = step > 1 ? 1 / step : 1,
               radius = CROSSINGS / cutoff;
  const size_t channels = (size_t)from->channels;
  for (size_t i = 0; i < to->sound.frames; i++) {
    const double at = (double)i * step;
    const size_t first = at > radius ? (size_t)ceil(at - radius) : 0;
    double sum[MOST_CHANNELS] = {0};
    for (size_t j = first; j < from->frames && (double)j < at + radius; j++) {
      const double weight = kernel((double)j - at, cutoff, radius);
      for (size_t c = 0; c < channels; c++) sum[c] += weight * (double)from->samples[j * channels + c];
    }
    for (size_t c = 0; c < channels; c++) to->samples[i * channels + c] = (float)sum[c];
  }
}

mote_sound *mote_sound_resample(const mote_sound *sound, int32_t rate, const mote_media_config *config, mote_error *e) {
  if (!sound || rate < 1 || sound->rate < 1 || sound->channels < 1 || sound->channels > MOST_CHANNELS) {
    err_set(e, MOTE_ERR_ARGUMENT,
            "a sound of 1 to %d channels and a new rate are needed, 16000 for example; the rate given is %d",
            (int)MOST_CHANNELS, (int)rate);
    return NULL;
  }
  const double frames = ceil((double)sound->frames * rate / sound->rate);
  if (frames > (double)(SIZE_MAX / 2)) {
    err_set(e, MOTE_ERR_LIMIT, "the sound would have %.0f frames, more than this machine can address", frames);
    return NULL;
  }
  media_source s;
  if (media_from_memory(&s, sound, sizeof *sound, "the resampled sound", config, e)) return NULL;
  sound_object *o = sound_new(s.mem, s.name, (uint32_t)rate, (uint32_t)sound->channels, (size_t)frames, e);
  media_close(&s);
  if (!o) return NULL;
  resample(sound, o);
  return &o->sound;
}

static float mixed(const mote_sound *s, size_t frame) {
  if (frame >= s->frames) return 0;
  const float *p = s->samples + frame * (size_t)s->channels;
  float sum = 0;
  for (int32_t c = 0; c < s->channels; c++) sum += p[c];
  return sum / (float)s->channels;
}

mote_status mote_sound_to_tensor(const mote_sound *sound, size_t start, mote_tensor *tensor, mote_error *e) {
  if (!sound || !tensor || !tensor->data)
    return err_set(e, MOTE_ERR_ARGUMENT, "a sound and a tensor with memory are needed, and one is NULL");
  const mote_type type = tensor->type;
  const bool small = type == MOTE_INT8 || type == MOTE_UINT8;
  const float scale = tensor->scale > 0 ? tensor->scale : type == MOTE_INT16 ? 0x1p-15f : 0;
  if (type != MOTE_FLOAT32 && !(scale > 0 && (small || type == MOTE_INT16)))
    return err_set(e, MOTE_ERR_TYPE, "a sound goes into float32, int16 and quantized int8 and uint8, not into %s%s",
                   mote_type_name(type), small ? " without a scale" : "");
  const size_t count = tensor->size / ((size_t)mote_type_bits(type) / 8);
  const double lowest = type == MOTE_UINT8 ? 0 : small ? -128 : -32768;
  const double highest = type == MOTE_UINT8 ? 255 : small ? 127 : 32767;
  for (size_t i = 0; i < count; i++) {
    const float v = i <= SIZE_MAX - start ? mixed(sound, start + i) : 0;
    if (type == MOTE_FLOAT32) {
      ((float *)tensor->data)[i] = v;
      continue;
    }
    const double q = round((double)v / (double)scale) + tensor->zero_point;
    const int32_t stored = (int32_t)fmin(fmax(q, lowest), highest); /* fmax passes over NaN */
    if (small) ((uint8_t *)tensor->data)[i] = (uint8_t)stored;
    else ((int16_t *)tensor->data)[i] = (int16_t)stored;
  }
  return MOTE_OK;
}
