/* flexbuffer.h: a bounded reader of FlexBuffers, the format of custom options.
 *
 * Values are read from their place in the blob, which is never trusted: no pointer leaves it, and no chain of maps and
 * lists is followed deeper than FLEX_MAX_DEPTH. Not here: writing, vectors of anything but
 * integers.
 */
#ifndef OPERATORS_FLEXBUFFER_H
#define OPERATORS_FLEXBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLEX_MAX_DEPTH = 16 };

typedef struct flex_value {
  const uint8_t *blob;
  size_t size;
  size_t at;     /* of the value's bytes in the blob */
  uint8_t width; /* bytes of the value: 1, 2, 4 or 8 */
  uint8_t type;  /* FlexBuffers' type code */
  uint8_t child; /* bytes of what it points to */
  uint8_t depth;
} flex_value;

/* The outermost value; false when the blob is no FlexBuffer. */
bool flex_root(const void *blob, size_t size, flex_value *root);
/* The value under a key of a map; false when it is no map, is damaged, or has no such key. */
bool flex_find(const flex_value *map, const char *key, flex_value *value);
/* True when the value is a map whose keys and values lie inside the blob. */
bool flex_is_map(const flex_value *value);
/* The value as a number; false when it is none or, for flex_int, does not fit 32 bits. */
bool flex_int(const flex_value *value, int32_t *to);
bool flex_float(const flex_value *value, float *to);
bool flex_bool(const flex_value *value, bool *to);
/* The integers of a vector, typed or not; false when it is none, is damaged, holds anything else or more than `most`.
 */
bool flex_ints(const flex_value *value, int32_t *to, int32_t most, int32_t *count);
/* True when the value is this string. */
bool flex_is_text(const flex_value *value, const char *text);

#endif
