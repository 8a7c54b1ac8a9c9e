/* strings.h: string tensors as operators read and write them: int32 count, int32 offset[count + 1] from the buffer's
 * start, bytes. Buffers come from callers too, so nothing in them is trusted.
 */
#ifndef OPERATORS_STRINGS_H
#define OPERATORS_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operators/op.h"

typedef struct str_view {
  const char *data;
  size_t size;
} str_view;

/* Strings that the buffer says it holds and has room for in its head. */
size_t str_count(const op_tensor *t);
/* String i < str_count; false when its bytes do not lie inside the buffer. */
bool str_at(const op_tensor *t, size_t i, str_view *s);

/* Bytes of a buffer with `count` strings of `bytes` bytes together; false above 2^31 - 1. */
bool str_buffer_size(size_t count, uint64_t bytes, size_t *size);

/* Writes a buffer of that size string by string, i = 0 .. count-1. */
typedef struct str_writer {
  uint8_t *buffer;
  size_t count, next, at; /* at: where the next bytes go */
} str_writer;
void str_begin(str_writer *w, void *buffer, size_t count);
void str_put(str_writer *w, str_view s);
/* The same in pieces: str_add as often as needed, then str_end. */
void str_add(str_writer *w, str_view s);
void str_end(str_writer *w);

#endif
