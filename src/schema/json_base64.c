/* json_base64.c: see json_base64.h. */
#include "schema/json_base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_size(size_t n) { return n > SIZE_MAX / 4 * 3 - 3 ? 0 : (n + 2) / 3 * 4; }

void base64_encode(char *to, const uint8_t *bytes, size_t n) {
  for (size_t i = 0; i < n; i += 3, to += 4) {
    const uint32_t v =
        (uint32_t)bytes[i] << 16 | (i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0) | (i + 2 < n ? bytes[i + 2] : 0);
    to[0] = digits[v >> 18];
    to[1] = digits[v >> 12 & 63];
    to[2] = i + 1 < n ? digits[v >> 6 & 63] : '=';
    to[3] = i + 2 < n ? digits[v & 63] : '=';
  }
}

static int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(uint8_t *to, size_t *size, const char *text, size_t length) {
  size_t n = 0;
  if (length % 4) return false;
  for (size_t i = 0; i < length; i += 4) {
    const int padding = i + 4 == length ? (text[i + 3] == '=') + (text[i + 3] == '=' && text[i + 2] == '=') : 0;
    uint32_t v = 0;
    for (int j = 0; j < 4; j++) {
      const int digit = j >= 4 - padding ? 0 : value_of(text[i + (size_t)j]);
      if (digit < 0) return false;
      v = v << 6 | (uint32_t)digit;
    }
    to[n++] = (uint8_t)(v >> 16);
    if (padding < 2) to[n++] = (uint8_t)(v >> 8);
    if (padding < 1) to[n++] = (uint8_t)v;
  }
  *size = n;
  return true;
}
