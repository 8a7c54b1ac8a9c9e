/* labels.c: names of classes, from a file with one a line or from the model itself. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "mote/media.h"

/* Cuts text into lines, in place. */
static bool cut_lines(labels *l, char *text, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++) count += text[i] == '\n';
  l->line = calloc(count + 2, sizeof *l->line);
  if (!l->line) return false;
  for (char *at = text, *end = text + size; at < end;) {
    char *next = memchr(at, '\n', (size_t)(end - at));
    if (!next) next = end;
    char *stop = next;
    if (stop > at && stop[-1] == '\r') stop--;
    *stop = 0;
    l->line[l->count++] = at;
    at = next + 1;
  }
  return true;
}

static bool read_file(labels *l, const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return fault("cannot open the labels %s", path), false;
  size_t room = 1 << 16, used = 0;
  char *text = malloc(room + 1);
  for (size_t got; text && (got = fread(text + used, 1, room - used, f)) > 0;) {
    used += got;
    if (used < room) continue;
    char *more = room < (64u << 20) ? realloc(text, room * 2 + 1) : NULL;
    if (!more) free(text);
    text = more;
    room *= 2;
  }
  const bool failed = ferror(f) || !text;
  fclose(f);
  l->text = text;
  l->source = path;
  if (failed) return fault("cannot read the labels %s: not a readable file of at most 64 MB", path), false;
  text[used] = 0;
  if (memchr(text, 0, used)) return fault("%s is no list of labels: it holds bytes of 0", path), false;
  return cut_lines(l, text, used) || (fault("out of memory"), false);
}

bool labels_load(labels *l, const char *path, const mote_model *model, int32_t output) {
  *l = (labels){.source = "none"};
  if (path) return read_file(l, path);
  size_t size;
  char *text = labels_of(model, output, &size);
  if (!text) return true;
  l->text = text;
  l->source = "metadata";
  return cut_lines(l, text, size);
}

void labels_free(labels *l) {
  free(l->line);
  free(l->text);
}
