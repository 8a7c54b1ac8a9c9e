/* flex.h: writes the options of custom operators: a FlexBuffer map of numbers, lists of integers and texts. */
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

/* A list where there is one, else a text, else the number. */
typedef struct flex_entry {
  const char *key;
  float value;
  const int32_t *list;
  uint32_t count; /* of the list */
  const char *text;
} flex_entry;

static inline size_t flex_put(uint8_t *to, size_t at, const void *from, size_t bytes) {
  memcpy(to + at, from, bytes);
  return at + bytes;
}

static inline size_t flex_put_back(uint8_t *to, size_t at, size_t target) {
  const uint32_t back = (uint32_t)(at - target);
  return flex_put(to, at, &back, sizeof back);
}

/* At most FLEX_OPTIONS entries. Keys and contents, distances to keys, head, values, types, root. Returns the size. */
static inline size_t flex_write_entries(const flex_entry *entries, uint32_t n, uint8_t to[FLEX_ROOM]) {
  size_t at = 0, keys[FLEX_OPTIONS], contents[FLEX_OPTIONS];
  memset(to, 0, FLEX_ROOM);
  for (uint32_t i = 0; i < n; i++) {
    const flex_entry *const e = &entries[i];
    keys[i] = at;
    at = flex_put(to, at, e->key, strlen(e->key) + 1);
    at = (at + 3) / 4 * 4;
    const uint32_t length = e->text ? (uint32_t)strlen(e->text) : e->count;
    if (e->list || e->text) at = flex_put(to, at, &length, sizeof length);
    contents[i] = at;
    if (e->list) at = flex_put(to, at, e->list, e->count * sizeof *e->list);
    else if (e->text) at = flex_put(to, at, e->text, length + 1);
  }
  at = (at + 7) / 4 * 4;
  const size_t key_list = at;
  for (uint32_t i = 0; i < n; i++) at = flex_put_back(to, at, keys[i]);
  at = flex_put_back(to, at, key_list);
  at = flex_put(to, at, &(const uint32_t){4}, 4);
  at = flex_put(to, at, &n, sizeof n);
  const size_t values = at;
  for (uint32_t i = 0; i < n; i++)
    at = entries[i].list || entries[i].text ? flex_put_back(to, at, contents[i])
                                            : flex_put(to, at, &entries[i].value, sizeof entries[i].value);
  for (uint32_t i = 0; i < n; i++) {
    const int type = entries[i].list ? 11 /* integers */ : entries[i].text ? 5 : 3 /* float */;
    to[at++] = (uint8_t)(type << 2 | 2);
  }
  to[at] = (uint8_t)(at - values);
  to[at + 1] = 9 << 2 | 2; /* map */
  to[at + 2] = 1;
  return at + 3;
}

/* The same of numbers alone. */
static inline size_t flex_write(const flex_option *options, uint32_t n, uint8_t to[FLEX_ROOM]) {
  flex_entry entries[FLEX_OPTIONS];
  for (uint32_t i = 0; i < n; i++) entries[i] = (flex_entry){.key = options[i].key, .value = options[i].value};
  return flex_write_entries(entries, n, to);
}

#endif
