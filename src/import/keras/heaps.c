/* heaps.c: the global heaps of an HDF5 file, where texts of open length are, checked before libhdf5 reads them: sizes
 * that do not add up make older versions of it go round forever.
 *
 *     "GCOL", version 1, 3 zeros, size of the collection; then objects: number (2 bytes), references (2), zeros (4),
 *     size, bytes padded to 8. Number 0 is the free rest, its size with its header.
 */
#include <string.h>

#include "base/size.h"
#include "import/keras/hdf5.h"

enum { HEAP_HEADER = 8, OBJECT_HEADER = 8, ALIGN = 8 };

static uint64_t number(const uint8_t *p, size_t bytes) {
  uint64_t v = 0;
  for (size_t i = bytes; i-- > 0;) v = v << 8 | p[i];
  return v;
}

/* Bytes of a length in this file; they stand in the superblock, which is at 0, 512, 1024, ... */
static size_t length_bytes(const uint8_t *data, uint64_t size) {
  static const char signature[] = "\x89HDF\r\n\x1a\n";
  for (uint64_t at = 0; at + 16 <= size; at = at ? 2 * at : 512)
    if (!memcmp(data + at, signature, 8)) return data[at + (data[at + 8] < 2 ? 14 : 10)];
  return 8;
}

/* Whether the objects of a collection fill it. */
static bool is_sound(const uint8_t *heap, uint64_t rest, size_t length) {
  const uint64_t size = number(heap + HEAP_HEADER, length), header = OBJECT_HEADER + length;
  if (size > rest) return false;
  for (uint64_t at = HEAP_HEADER + length; at < size;) {
    if (size - at < header) return true; /* too little for an object: unused */
    const uint64_t bytes = number(heap + at + OBJECT_HEADER, length);
    if (bytes > size - at) return false;
    const uint64_t need = number(heap + at, 2) ? header + (bytes + ALIGN - 1) / ALIGN * ALIGN : bytes;
    if (need < header || need > size - at) return false;
    at += need;
  }
  return true;
}

bool k_heaps_sound(const uint8_t *data, uint64_t size) {
  const size_t length = length_bytes(data, size);
  if (length != 2 && length != 4 && length != 8) return false;
  for (uint64_t at = 0; size - at > HEAP_HEADER + length;) {
    const uint8_t *found = memchr(data + at, 'G', (size_t)(size - at));
    if (!found) return true;
    at = (uint64_t)(found - data);
    if (size - at <= HEAP_HEADER + length) return true;
    if (!memcmp(found, "GCOL\1\0\0\0", HEAP_HEADER) && !is_sound(found, size - at, length)) return false;
    at++;
  }
  return true;
}
