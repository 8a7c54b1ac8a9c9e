/* files.c: pictures, sounds and arrays that the command line names; "-" is standard input. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* Reads standard input to its end, once: what comes after finds it empty. */
static bool read_stdin(void **data, size_t *size, mote_error *e) {
  size_t room = 1 << 16;
  char *to = malloc(room);
  *size = 0;
  for (size_t got = 1; to && got;) {
    if (*size == room) {
      char *more = realloc(to, room *= 2);
      if (!more) free(to);
      to = more;
    }
    got = to ? fread(to + *size, 1, room - *size, stdin) : 0;
    *size += got;
  }
  *data = to;
  e->code = !to ? MOTE_ERR_MEMORY : ferror(stdin) ? MOTE_ERR_IO : *size ? MOTE_OK : MOTE_ERR_FORMAT;
  if (e->code != MOTE_OK)
    snprintf(e->text, sizeof e->text, "%s %s", STDIN_NAME,
             !to     ? "does not fit into memory"
             : *size ? strerror(errno)
                     : "is empty");
  return e->code == MOTE_OK;
}

/* The first bytes of a file decide, and its name where they say nothing, so that a damaged .npy is told as one. */
static file_kind kind_of(const char *path, const void *data, size_t size) {
  const char *dot = path ? strrchr(path, '.') : NULL, *looks = mote_media_kind(data, size);
  if (dot && (!strcmp(dot, ".raw") || !strcmp(dot, ".bin"))) return FILE_RAW;
  if (!strcmp(looks, "a NumPy array") || (dot && !strcmp(dot, ".npy"))) return FILE_ARRAY;
  if (!strcmp(looks, "a WAV sound") || (dot && !strcmp(dot, ".wav"))) return FILE_SOUND;
  return FILE_IMAGE;
}

bool data_open(data_file *f, const char *path, const common *c, mote_error *e) {
  *f = (data_file){.path = path, .name = path, .config = {.memory_limit = c->limit_memory}};
  if (!strcmp(path, "-")) {
    f->path = NULL;
    f->name = STDIN_NAME;
    if (!read_stdin(&f->data, &f->size, e)) return data_close(f), false;
    f->kind = kind_of(NULL, f->data, f->size);
    return true;
  }
  char first[512];
  FILE *file = fopen(path, "rb"); /* what cannot be opened is told by whoever reads it */
  f->kind = kind_of(path, first, file ? fread(first, 1, sizeof first, file) : 0);
  if (file) fclose(file);
  return true;
}

void data_memory(data_file *f, const char *name, const void *data, size_t size, const common *c) {
  *f = (data_file){.name = name, .data = (void *)(uintptr_t)data, .size = size};
  f->config.memory_limit = c->limit_memory;
  f->kind = kind_of(name, data, size);
}

void data_close(data_file *f) { free(f->data); }

mote_image *data_image(const data_file *f, mote_error *e) {
  return f->path ? mote_image_open(f->path, &f->config, e)
                 : mote_image_from_memory(f->data, f->size, f->name, &f->config, e);
}

mote_sound *data_sound(const data_file *f, mote_error *e) {
  return f->path ? mote_sound_open(f->path, &f->config, e)
                 : mote_sound_from_memory(f->data, f->size, f->name, &f->config, e);
}

mote_array *data_array(const data_file *f, mote_error *e) {
  return f->path ? mote_array_open(f->path, &f->config, e)
                 : mote_array_from_memory(f->data, f->size, f->name, &f->config, e);
}
