/* heaps.h: texts of open length in an HDF5 file, read without libhdf5. */
#ifndef IMPORT_KERAS_HEAPS_H
#define IMPORT_KERAS_HEAPS_H

#include "base/arena.h"

/* The bytes of a file, and what may still be read of them: references may all name the same place. */
typedef struct k_heaps {
  const uint8_t *data;
  uint64_t size, base;              /* addresses count from base */
  size_t address_bytes, size_bytes; /* of an address, and of a size, in this file */
  uint64_t objects_left, text_left;
} k_heaps;

/* Bytes of a reference to a text. */
static inline size_t k_heaps_reference(const k_heaps *h) { return 4 + h->address_bytes + 4; }
/* The text that a reference names, in the arena; NULL: the file is damaged, or there is too much of it, or no memory.
 */
char *k_heaps_text(k_heaps *h, const uint8_t *reference, arena *a);

#endif
