/* flex.h: writes the options of custom operators: a FlexBuffer map of numbers. */
#ifndef SUPPORT_FLEX_H
#define SUPPORT_FLEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FLEX_OPTIONS = 16, FLEX_ROOM = 512 };

typedef struct flex_option {
  const char *key;
  float value;
} flex_option;

/* At most FLEX_OPTIONS options. Keys, distances to them, head, values, types, root. Returns the size. */
static inline size_t flex_write(const flex_option *options, uint32_t n, uint8_t to[FLEX_ROOM]) {
  size_t at = 0, keys[FLEX_OPTIONS];
  memset(to, 0, FLEX_ROOM);
  for (uint32_t i = 0; i < n; i++) {
    keys[i] = at;
    memcpy(to + at, options[i].key, strlen(options[i].key) + 1);
    at += strlen(options[i].key) + 1;
  }
  at = (at + 7) / 4 * 4;
  const uint32_t key_list = (uint32_t)at;
  for (uint32_t i = 0; i < n; i++, at += 4) {
    const uint32_t back = (uint32_t)(at - keys[i]);
    memcpy(to + at, &back, 4);
  }
  const uint32_t head[3] = {(uint32_t)at - key_list, 4, n};
  memcpy(to + at, head, sizeof head);
  at += sizeof head;
  const size_t values = at;
  for (uint32_t i = 0; i < n; i++, at += 4) memcpy(to + at, &options[i].value, 4);
  for (uint32_t i = 0; i < n; i++) to[at++] = 3 << 2 | 2; /* float */
  to[at] = (uint8_t)(at - values);
  to[at + 1] = 9 << 2 | 2; /* map */
  to[at + 2] = 1;
  return at + 3;
}

#endif
