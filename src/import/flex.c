/* flex.c: see flex.h. All numbers are 4 bytes wide: keys, distances back to them, head of the map, values, a byte for
 * the type of each, and the root: where the map lies, its type, the width of that. */
#include "import/flex.h"

#include <string.h>

enum { WIDTH = 4, WIDTH_CODE = 2, MAP = 9, KEYS_HEAD = 4 };

static size_t put(uint8_t *to, size_t at, uint32_t v) {
  memcpy(to + at, &v, WIDTH);
  return at + WIDTH;
}

static uint32_t bits_of(const flex_entry *e) {
  const float f = (float)e->value;
  uint32_t v = (uint32_t)(int32_t)e->value;
  if (e->kind == FLEX_FLOAT) memcpy(&v, &f, sizeof v);
  return v;
}

const uint8_t *flex_map(arena *a, const flex_entry *entries, uint32_t count, size_t *size) {
  size_t room = KEYS_HEAD + WIDTH * (2 * (size_t)count + 4) + count + 3;
  for (uint32_t i = 0; i < count; i++) room += strlen(entries[i].key) + 1;
  uint8_t *to = arena_alloc(a, room);
  size_t *keys = ARENA_ARRAY(a, size_t, (size_t)count + 1), at = 0;
  if (!to || !keys) return NULL;
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = at;
    memcpy(to + at, entries[i].key, strlen(entries[i].key) + 1);
    at += strlen(entries[i].key) + 1;
  }
  at = put(to, (at + WIDTH - 1) / WIDTH * WIDTH, count);
  const size_t list = at;
  for (uint32_t i = 0; i < count; i++) at = put(to, at, (uint32_t)(at - keys[i]));
  at = put(to, at, (uint32_t)(at - list));
  at = put(to, at, WIDTH);
  at = put(to, at, count);
  const size_t values = at;
  for (uint32_t i = 0; i < count; i++) at = put(to, at, bits_of(&entries[i]));
  for (uint32_t i = 0; i < count; i++) to[at++] = (uint8_t)(entries[i].kind << 2 | WIDTH_CODE);
  to[at] = (uint8_t)(at - values);
  to[at + 1] = MAP << 2 | WIDTH_CODE;
  to[at + 2] = 1;
  *size = at + 3;
  return to;
}
