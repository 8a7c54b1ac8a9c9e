/* decode.c: any bytes into every reader of media: pictures, sounds, arrays, tables, archives; what is read goes on into
 * a tensor. Limits are small, so that the fuzzer looks for faults and not for patience. */
#include <stdlib.h>
#include <string.h>

#include "media/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const mote_media_config limits = {.max_pixels = 1 << 18, .memory_limit = 32 << 20};

static void fuzz_image(const uint8_t *data, size_t size, bool crop) {
  static const mote_type types[4] = {MOTE_FLOAT32, MOTE_UINT8, MOTE_INT8, MOTE_INT16};
  mote_image *image = mote_image_from_memory(data, size, "fuzz", &limits, NULL);
  if (!image) return;
  float room[16 * 16 * 4];
  for (int32_t channels = 1; channels <= 4; channels++) {
    mote_tensor t = {
        .type = types[channels - 1], .rank = 4, .dims = {1, 16, 16, channels}, .data = room, .scale = 0.01f};
    t.size = 256 * (size_t)channels * (size_t)mote_type_bits(t.type) / 8;
    mote_image_prep prep;
    mote_image_prep_default(&prep, &t);
    prep.crop = crop;
    mote_image_to_tensor(image, &prep, &t, NULL);
  }
  mote_image_free(image);
}

static void fuzz_sound(const uint8_t *data, size_t size) {
  mote_sound *sound = mote_sound_from_memory(data, size, "fuzz", &limits, NULL);
  if (!sound) return;
  int16_t room[256];
  mote_tensor t = {.type = MOTE_INT16, .rank = 1, .dims = {256}, .data = room, .size = sizeof room};
  mote_sound_to_tensor(sound, sound->frames / 2, &t, NULL);
  mote_sound_free(sound);
}

static void fuzz_array(const uint8_t *data, size_t size) {
  mote_array *array = mote_array_from_memory(data, size, "fuzz", &limits, NULL);
  if (!array) return;
  mote_tensor t = {.type = MOTE_INT8, .rank = array->rank, .scale = 0.5f};
  memcpy(t.dims, array->dims, sizeof t.dims);
  const int bits = mote_type_bits(array->type);
  t.size = bits ? array->size * 8 / (size_t)bits : 0;
  t.data = malloc(t.size + 1);
  if (t.data) mote_array_to_tensor(array, "fuzz", true, &t, NULL);
  free(t.data);
  mote_array_free(array);
}

static void fuzz_arrays(const uint8_t *data, size_t size) {
  mote_arrays *arrays = mote_arrays_from_memory(data, size, "fuzz", &limits, NULL);
  for (int32_t i = 0; arrays && i < arrays->count; i++) {
    const mote_array *a = &arrays->arrays[i];
    mote_array one;
    if (a->rank > 0) mote_array_slice(a, a->dims[0] - 1, &one, NULL);
  }
  mote_arrays_free(arrays);
}

static void fuzz_table(const uint8_t *data, size_t size) {
  mote_table *t = mote_table_from_memory(data, size, "fuzz", &limits, NULL);
  double *row = t ? malloc((size_t)t->columns * sizeof *row + 1) : NULL;
  char text[8];
  for (int64_t i = 0; row && i < t->rows && i < 100; i++) {
    mote_table_numbers(t, i, row, NULL);
    mote_table_text(t, i, t->columns - 1, text, sizeof text);
  }
  free(row);
  mote_table_free(t);
}

static void fuzz_tar(const uint8_t *data, size_t size) {
  media_source s;
  tar_file f;
  if (media_from_memory(&s, data, size, "fuzz", &limits, NULL)) return;
  for (size_t at = 0; tar_next(&s, &at, &f, NULL);) mote_media_kind(f.data, f.size);
  media_close(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_image(data, size, size % 2);
  fuzz_sound(data, size);
  fuzz_array(data, size);
  fuzz_arrays(data, size);
  fuzz_table(data, size);
  fuzz_tar(data, size);
  return 0;
}
