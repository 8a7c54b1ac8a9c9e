/* flex.c: see flex.h. All numbers are 4 bytes wide: texts with their lengths, keys, distances back to them, head of the
 * map, values, a byte for the type of each, and the root: where the map lies, its type, the width of that. */
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

static size_t aligned(size_t at) { return (at + WIDTH - 1) / WIDTH * WIDTH; }

/* Texts stand first; texts[i] is where the bytes of one begin. */
static size_t put_texts(uint8_t *to, const flex_entry *entries, uint32_t count, size_t *texts) {
  size_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (entries[i].kind != FLEX_TEXT) continue;
    const size_t length = strlen(entries[i].text);
    texts[i] = put(to, at, (uint32_t)length);
    memcpy(to + texts[i], entries[i].text, length + 1);
    at = aligned(texts[i] + length + 1);
  }
  return at;
}

const uint8_t *flex_map(arena *a, const flex_entry *entries, uint32_t count, size_t *size) {
  size_t room = KEYS_HEAD + WIDTH * (2 * (size_t)count + 4) + count + 3;
  for (uint32_t i = 0; i < count; i++) room += strlen(entries[i].key) + 1;
  for (uint32_t i = 0; i < count; i++)
    if (entries[i].kind == FLEX_TEXT) room += strlen(entries[i].text) + 1 + 2 * WIDTH;
  uint8_t *to = arena_alloc(a, room);
  size_t *keys = ARENA_ARRAY(a, size_t, (size_t)count + 1), *texts = ARENA_ARRAY(a, size_t, (size_t)count + 1);
  if (!to || !keys || !texts) return NULL;
  size_t at = put_texts(to, entries, count, texts);
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = at;
    memcpy(to + at, entries[i].key, strlen(entries[i].key) + 1);
    at += strlen(entries[i].key) + 1;
  }
  at = put(to, aligned(at), count);
  const size_t list = at;
  for (uint32_t i = 0; i < count; i++) at = put(to, at, (uint32_t)(at - keys[i]));
  at = put(to, at, (uint32_t)(at - list));
  at = put(to, at, WIDTH);
  at = put(to, at, count);
  const size_t values = at;
  for (uint32_t i = 0; i < count; i++)
    at = put(to, at, entries[i].kind == FLEX_TEXT ? (uint32_t)(at - texts[i]) : bits_of(&entries[i]));
  for (uint32_t i = 0; i < count; i++) to[at++] = (uint8_t)(entries[i].kind << 2 | WIDTH_CODE);
  to[at] = (uint8_t)(at - values);
  to[at + 1] = MAP << 2 | WIDTH_CODE;
  to[at + 2] = 1;
  *size = at + 3;
  return to;
}
