/* archive.h: Keras 3's .keras: a zip archive with config.json, metadata.json and model.weights.h5. */
#ifndef IMPORT_KERAS_ARCHIVE_H
#define IMPORT_KERAS_ARCHIVE_H

#include "base/arena.h"

typedef struct k_bytes {
  uint8_t *data; /* in the arena, with a 0 behind them; NULL: there is no such file */
  size_t size;
} k_bytes;

typedef struct k_archive k_archive;

mote_status k_archive_open(k_archive **out, const char *path, arena *a, mote_error *e);
mote_status k_archive_read(const k_archive *z, const char *name, arena *a, k_bytes *out, mote_error *e);
void k_archive_close(k_archive *z);

#endif
