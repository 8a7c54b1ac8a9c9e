/* archive.h: the zip archive behind a model, from the side of its structure: where it lies, and one with another entry.
 * What is in it is unpacked in zip.h.
 */
#ifndef METADATA_ARCHIVE_H
#define METADATA_ARCHIVE_H

#include "base/arena.h"
#include "mote/mote.h"

/* Positions in the file. */
typedef struct archive_place {
  size_t start; /* what offsets count from: the model's file, or the archive */
  size_t directory, directory_size, end;
  uint32_t entries;
} archive_place;

enum { ARCHIVE_ENTRIES = 4096 };

/* False when no archive ends the file. */
bool archive_has(const uint8_t *file, size_t size);
/* Where it lies. `model` names the file in messages. */
mote_status archive_find(const uint8_t *file, size_t size, const char *model, archive_place *p, mote_error *e);

/* Whether a name may stand in it: no path, no drive, nothing that leads elsewhere. */
bool archive_takes_name(const char *name);

/* A new archive in `a`, whose offsets count from its own start: what follows byte `from` of the file (an archive, other
 * bytes, or nothing), and a stored entry, which replaces one of that name. */
mote_status archive_extend(const uint8_t *file, size_t size, size_t from, const char *model, const char *name,
                           const void *data, size_t data_size, arena *a, const void **out, size_t *out_size,
                           mote_error *e);

#endif
