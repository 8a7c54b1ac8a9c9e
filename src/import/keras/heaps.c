/* heaps.c: see heaps.h. Reads the global heaps of an HDF5 file, where its texts of open length are.
 *
 * libhdf5 trusts what an attribute says of its texts: version 1.10 copies an object of the heap, however long, to where
 * the attribute claimed less, takes objects by numbers that the heap does not have, and goes round forever in heaps
 * whose sizes do not add up. So it is asked for the references alone, and what they name is found here, with every
 * address, size and number held against the file.
 *
 *     reference    length (4 bytes), address of a collection, number of the object in it (4)
 *     collection   "GCOL", version 1, 3 zeros, size; then objects: number (2), references (2), zeros (4), size, bytes
 *                  padded to 8. Number 0 is the free rest, its size with its header.
 */
#include "import/keras/heaps.h"

#include <string.h>

enum { HEAP_HEADER = 8, OBJECT_HEADER = 8, ALIGN = 8 };

static uint64_t number(const uint8_t *p, size_t bytes) {
  uint64_t v = 0;
  for (size_t i = bytes; i-- > 0;) v = v << 8 | p[i];
  return v;
}

/* The collection at an address, and its size; NULL: it is not all there. */
static const uint8_t *collection(const k_heaps *h, uint64_t address, uint64_t *size) {
  const uint64_t header = HEAP_HEADER + h->size_bytes;
  if (address > h->size || h->base > h->size - address || h->size - address - h->base < header) return NULL;
  const uint8_t *heap = h->data + h->base + address;
  *size = number(heap + HEAP_HEADER, h->size_bytes);
  const bool whole = *size >= header && *size <= h->size - address - h->base;
  return whole && !memcmp(heap, "GCOL\1", 5) ? heap : NULL;
}

/* The bytes of an object of a collection; NULL: there is none of that number and length. */
static const uint8_t *object(k_heaps *h, const uint8_t *heap, uint64_t size, uint64_t index, uint64_t length) {
  const uint64_t header = OBJECT_HEADER + h->size_bytes;
  for (uint64_t at = HEAP_HEADER + h->size_bytes; size - at >= header && h->objects_left; h->objects_left--) {
    const uint64_t bytes = number(heap + at + OBJECT_HEADER, h->size_bytes), which = number(heap + at, 2);
    if (!which || bytes > size - at - header) return NULL;
    if (which == index) return bytes >= length ? heap + at + header : NULL;
    const uint64_t need = header + (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (need > size - at) return NULL;
    at += need;
  }
  return NULL;
}

char *k_heaps_text(k_heaps *h, const uint8_t *reference, arena *a) {
  const uint64_t length = number(reference, 4), address = number(reference + 4, h->address_bytes),
                 index = number(reference + 4 + h->address_bytes, 4);
  uint64_t size;
  if (!length || !address) return arena_string(a, "", 0); /* nothing was ever written */
  const uint8_t *heap = collection(h, address, &size);
  const uint8_t *text = heap && index ? object(h, heap, size, index, length) : NULL;
  if (!text || length > h->text_left) return NULL;
  h->text_left -= length;
  const uint8_t *end = memchr(text, 0, (size_t)length);
  return arena_string(a, (const char *)text, end ? (size_t)(end - text) : (size_t)length);
}
