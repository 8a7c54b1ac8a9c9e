/* json_base64.h: bytes as text (RFC 4648, with padding). Private to the JSON of this room. */
#ifndef SCHEMA_JSON_BASE64_H
#define SCHEMA_JSON_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters for n bytes; 0 when they are too many. */
size_t base64_size(size_t n);
void base64_encode(char *to, const uint8_t *bytes, size_t n);

/* At most 3 * (length / 4) bytes to `to`; false when the text is no base64. */
bool base64_decode(uint8_t *to, size_t *size, const char *text, size_t length);

#endif
