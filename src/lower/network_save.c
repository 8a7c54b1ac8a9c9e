/* network_save.c: a network as a file: .tflite, its JSON form, or a C array. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "lower/about.h"
#include "lower/network.h"
#include "runtime/runtime.h"
#include "schema/json.h"

/* Records and, where the network came from a file, what follows the model in it (label files, say), or the archive that
 * takes its place. */
static mote_status network_records(mote_graph *g, arena *a, sch_file *out, sch_range *archive, mote_error *e) {
  lower_about about;
  sch_Model *model;
  MOTE_TRY(mote_graph_check(g, e));
  MOTE_TRY(network_about(g, a, &about, archive, e));
  MOTE_TRY(lower_graphs(&g->set, &about, a, &model, e));
  *out = (sch_file){.model = model};
  if (!g->model) return MOTE_OK;
  const sch_file *const from = g->model->schema;
  const sch_range appended = sch_appended(from);
  out->data = from->data;
  out->size = from->size;
  out->flatbuffer_size = appended.size ? appended.offset : from->size;
  return MOTE_OK;
}

mote_status network_image(mote_graph *g, arena *a, sch_image *out, mote_error *e) {
  sch_file file;
  sch_write_options options = {0};
  MOTE_TRY(network_records(g, a, &file, &options.archive, e));
  return sch_write(&file, g->mem, &options, out, e);
}

/* ---- formats ---- */

/* What was written must be read as a model, as whoever gets the file will read it. It is mapped, and only what
 * describes the network is looked at. */
static mote_status verify(const char *path, mote_error *e) {
  mote_error why;
  mote_model *const m = mote_model_open(path, NULL, &why);
  mote_model_free(m);
  if (m) return MOTE_OK;
  return err_set(e, why.code, "what was to be saved is no model: %s", why.text);
}

static mote_status save_model(mote_graph *g, const char *path, arena *a, mote_error *e) {
  sch_image image;
  MOTE_TRY(network_image(g, a, &image, e));
  const mote_status status = file_write_if(path, image.parts, image.count, verify, e);
  sch_image_free(&image);
  return status;
}

/* Text that grows in memory. */
typedef struct writer {
  mem *mem;
  char *data;
  size_t size, room;
} writer;

static int append(const char *piece, size_t size, void *user) {
  writer *const w = user;
  size_t need;
  if (!size_add(w->size, size, &need)) return -1;
  if (need > w->room) {
    const size_t room = need + need / 2 + 4096;
    char *const more = mem_resize(w->mem, w->data, room);
    if (!more) return -1;
    w->data = more;
    w->room = room;
  }
  memcpy(w->data + w->size, piece, size);
  w->size = need;
  return 0;
}

static bool put(writer *w, const char *text) { return append(text, strlen(text), w) == 0; }

static mote_status write_out(const writer *w, const char *path, mote_error *e) {
  const file_part part = {w->data, w->size};
  return file_write(path, &part, 1, e);
}

static mote_status save_json(mote_graph *g, const char *path, arena *a, mote_error *e) {
  sch_file file;
  sch_range archive; /* JSON has no place for it */
  writer w = {.mem = g->mem};
  MOTE_TRY(network_records(g, a, &file, &archive, e));
  mote_status status = sch_json_print(&file, 2, append, &w, e);
  if (status == MOTE_OK) status = write_out(&w, path, e);
  mem_free(g->mem, w.data);
  return status;
}

/* "my-model.c" names the array my_model. */
static void array_name(char *to, size_t room, const char *path) {
  const char *const slash = strrchr(path, '/'), *const from = slash ? slash + 1 : path;
  size_t used = 0;
  if (isdigit((unsigned char)*from)) to[used++] = '_';
  for (const char *p = from; *p && *p != '.' && used + 1 < room; p++)
    to[used++] = isalnum((unsigned char)*p) ? *p : '_';
  to[used] = 0;
}

static bool put_array(writer *w, const char *name, const char *header, const sch_image *image) {
  char line[300];
  snprintf(line, sizeof line,
           "/* A TensorFlow Lite model, aligned as its weights need it. */\n#include \"%s\"\n\n"
           "_Alignas(16) const unsigned char %s[%llu] = {",
           header, name, (unsigned long long)image->size);
  bool good = put(w, line);
  unsigned column = 0;
  for (size_t p = 0; p < image->count && good; p++)
    for (size_t i = 0; i < image->parts[p].size && good; i++) {
      char text[8];
      snprintf(text, sizeof text, "%s%u,", column % 24 ? "" : "\n  ", ((const uint8_t *)image->parts[p].data)[i]);
      good = put(w, text);
      column++;
    }
  return good && put(w, "\n};\n");
}

static mote_status write_header(const char *path, const char *name, uint64_t size, mote_error *e) {
  char guard[200], text[1200];
  snprintf(guard, sizeof guard, "%s_H", name);
  for (char *p = guard; *p; p++) *p = (char)toupper((unsigned char)*p);
  const int length =
      snprintf(text, sizeof text,
               "/* A TensorFlow Lite model of %llu bytes. */\n#ifndef %s\n#define %s\n\n"
               "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
               "enum { %s_size = %llu };\nextern const unsigned char %s[%llu];\n\n"
               "#ifdef __cplusplus\n}\n#endif\n#endif\n",
               (unsigned long long)size, guard, guard, name, (unsigned long long)size, name, (unsigned long long)size);
  const file_part part = {text, (size_t)length};
  return file_write(path, &part, 1, e);
}

static mote_status save_c(mote_graph *g, const char *path, arena *a, mote_error *e) {
  char name[160];
  sch_image image;
  array_name(name, sizeof name, path);
  MOTE_TRY(network_image(g, a, &image, e));
  const size_t length = strlen(path);
  char *const header = arena_string(a, path, length);
  writer w = {.mem = g->mem};
  mote_status status = MOTE_OK;
  if (header) header[length - 1] = 'h';
  const char *const slash = header ? strrchr(header, '/') : NULL;
  if (!header || !put_array(&w, name, slash ? slash + 1 : header, &image))
    status = err_memory(e, "a model as C source", image.size * 4);
  if (status == MOTE_OK) status = write_out(&w, path, e);
  if (status == MOTE_OK) status = write_header(header, name, image.size, e);
  mem_free(g->mem, w.data);
  sch_image_free(&image);
  return status;
}

static bool ends_with(const char *path, const char *ending) {
  const size_t length = strlen(path), size = strlen(ending);
  return length > size && !strcmp(path + length - size, ending);
}

mote_status mote_graph_save(mote_graph *g, const char *path, mote_error *e) {
  arena a;
  arena_init(&a, g->mem);
  const mote_status status = ends_with(path, ".json") ? save_json(g, path, &a, e)
                             : ends_with(path, ".c")  ? save_c(g, path, &a, e)
                                                      : save_model(g, path, &a, e);
  arena_free(&a);
  return status;
}

mote_status mote_graph_bytes(mote_graph *g, const void **data, size_t *size, mote_error *e) {
  arena a;
  sch_image image;
  arena_init(&a, g->mem);
  mem_free(g->mem, g->bytes);
  g->bytes = NULL;
  mote_status status = network_image(g, &a, &image, e);
  if (status == MOTE_OK) {
    status = sch_image_join(&image, g->mem, &g->bytes, &g->size, e);
    sch_image_free(&image);
  }
  arena_free(&a);
  if (status != MOTE_OK) return status;
  *data = g->bytes;
  *size = g->size;
  return MOTE_OK;
}
