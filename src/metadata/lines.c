/* lines.c: see lines.h and mote/metadata.h. */
#include "metadata/lines.h"

#include <string.h>

#include "media/source.h"

typedef struct lines_object {
  mote_lines lines; /* first: the pointer a caller holds */
  char *text;
  const char **line;
  mem *mem;
} lines_object;

static size_t count_lines(const char *text, size_t size) {
  size_t count = size && text[size - 1] != '\n';
  for (size_t i = 0; i < size; i++) count += text[i] == '\n';
  return count;
}

/* Ends every line of the copy by 0. */
static void cut(lines_object *o, size_t size) {
  char *at = o->text, *end = o->text + size;
  for (size_t i = 0; i < o->lines.count; i++) {
    char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop) stop = end;
    *stop = 0;
    if (stop > at && stop[-1] == '\r') stop[-1] = 0;
    o->line[i] = at;
    at = stop + 1;
  }
}

mote_lines *lines_new(const void *text, size_t size, mem *m, mote_error *e) {
  if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
    text = (const char *)text + 3;
    size -= 3;
  }
  const size_t count = count_lines(text, size);
  lines_object *o = MEM_NEW(m, lines_object);
  char *copy = mem_alloc(m, size + 1);
  const char **line = MEM_ARRAY(m, const char *, count);
  if (!o || !copy || !line) {
    mem_free(m, o);
    mem_free(m, copy);
    mem_free(m, line);
    err_memory(e, "lines of text", (uint64_t)size + count * sizeof *line);
    return NULL;
  }
  memcpy(copy, text, size);
  copy[size] = 0;
  *o = (lines_object){{count, line}, copy, line, mem_retain(m)};
  cut(o, size);
  return &o->lines;
}

mote_lines *mote_lines_open(const char *path, const mote_media_config *config, mote_error *e) {
  media_source s;
  if (media_open(&s, path, config, e)) return NULL;
  mote_lines *lines = NULL;
  if (memchr(s.data, 0, s.size))
    err_set(e, MOTE_ERR_FORMAT, "%s is no list of lines: it looks like %s", s.name, mote_media_kind(s.data, s.size));
  else lines = lines_new(s.data, s.size, s.mem, e);
  media_close(&s);
  return lines;
}

void mote_lines_free(mote_lines *lines) {
  if (!lines) return;
  lines_object *o = (lines_object *)lines;
  mem *m = o->mem;
  mem_free(m, o->text);
  mem_free(m, o->line);
  mem_free(m, o);
  mem_release(m);
}
