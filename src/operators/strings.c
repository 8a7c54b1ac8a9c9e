/* strings.c: see strings.h. */
#include "operators/strings.h"

#include <string.h>

#include "base/size.h"

static uint32_t word(const op_tensor *t, size_t i) {
  uint32_t v;
  memcpy(&v, (const uint8_t *)t->data + 4 * i, 4);
  return v;
}

size_t str_count(const op_tensor *t) {
  if (!t->data || t->bytes < 8) return 0;
  const size_t count = word(t, 0);
  return count <= t->bytes / 4 - 2 ? count : 0;
}

bool str_at(const op_tensor *t, size_t i, str_view *s) {
  const size_t begin = word(t, i + 1), end = word(t, i + 2);
  if (begin > end || end > t->bytes) return false;
  *s = (str_view){(const char *)t->data + begin, end - begin};
  return true;
}

bool str_buffer_size(size_t count, uint64_t bytes, size_t *size) {
  if (count > INT32_MAX / 4 - 2 || bytes > INT32_MAX - 4 * (count + 2)) return false;
  *size = 4 * (count + 2) + (size_t)bytes;
  return true;
}

static void put_word(str_writer *w, size_t i, size_t value) {
  const uint32_t v = (uint32_t)value;
  memcpy(w->buffer + 4 * i, &v, 4);
}

void str_begin(str_writer *w, void *buffer, size_t count) {
  *w = (str_writer){buffer, count, 0, 4 * (count + 2)};
  put_word(w, 0, count);
  put_word(w, 1, w->at);
}

void str_add(str_writer *w, str_view s) {
  if (s.size) memcpy(w->buffer + w->at, s.data, s.size);
  w->at += s.size;
}

void str_end(str_writer *w) { put_word(w, 2 + w->next++, w->at); }

void str_put(str_writer *w, str_view s) {
  str_add(w, s);
  str_end(w);
}
