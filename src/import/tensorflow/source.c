/* source.c: which of TensorFlow's files a path names, and opening it; see source.h. */
#include "import/tensorflow/source.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

/* A record in memory is larger than in a file; more than this many times as large is no honest file. */
enum { GROWTH = 24, LEAST_MEMORY = 64 << 20 };

static bool exists(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

/* "folder/name" in the arena; NULL without memory. */
static char *join(arena *a, const char *folder, const char *name) {
  char *path = arena_alloc(a, strlen(folder) + strlen(name) + 2);
  if (path) sprintf(path, "%s/%s", folder, name);
  return path;
}

bool tf_is_saved_model(const char *path) {
  char file[4096];
  return (snprintf(file, sizeof file, "%s/saved_model.pb", path) < (int)sizeof file && exists(file)) ||
         (snprintf(file, sizeof file, "%s/saved_model.pbtxt", path) < (int)sizeof file && exists(file));
}

/* Text begins with a comment or the name of a field; a binary message with a field's number, which is no letter. */
static bool is_text(const file_view *f) {
  uint64_t i = 0;
  while (i < f->size && isspace(f->data[i]) && f->data[i] != '\n') i++;
  while (i < f->size && isspace(f->data[i])) i++;
  if (i == f->size || !(isalpha(f->data[i]) || f->data[i] == '#')) return false;
  for (uint64_t k = i; k < f->size && k < i + 512; k++)
    if (f->data[k] < 32 && !isspace(f->data[k])) return false;
  return true;
}

static mote_status parse(tf_source *s, const file_view *f, const ProtobufCMessageDescriptor *kind,
                         ProtobufCMessage **out, mote_error *e) {
  return is_text(f) ? tf_text_parse((const char *)f->data, (size_t)f->size, kind, &s->arena, out, e)
                    : tf_binary_parse(f->data, (size_t)f->size, kind, &s->arena, out, e);
}

static bool has_tag(const Tf__MetaGraph *g, const char *tag) {
  for (size_t i = 0; g->meta_info_def && i < g->meta_info_def->n_tags; i++)
    if (!strcmp(g->meta_info_def->tags[i], tag)) return true;
  return false;
}

/* The graph for inference, else the first. */
static const Tf__MetaGraph *pick(const Tf__SavedModel *m) {
  for (size_t i = 0; i < m->n_meta_graphs; i++)
    if (has_tag(m->meta_graphs[i], "serve")) return m->meta_graphs[i];
  return m->n_meta_graphs ? m->meta_graphs[0] : NULL;
}

static mote_status open_file(tf_source *s, const char *path, const ProtobufCMessageDescriptor *kind,
                             ProtobufCMessage **out, mote_error *e) {
  file_view f;
  MOTE_TRY(file_open(&f, s->mem, path, true, e));
  s->mem->limit = s->mem->used + LEAST_MEMORY + GROWTH * f.size;
  const mote_status status = parse(s, &f, kind, out, e);
  s->mem->limit = 0;
  file_close(&f);
  return status;
}

static mote_status take_meta(tf_source *s, const Tf__MetaGraph *g, const char *prefix, mote_error *e) {
  if (!g || !g->graph_def) return err_set(e, MOTE_ERR_MODEL, "it holds no graph");
  s->meta = g;
  s->graph = g->graph_def;
  char *index = arena_alloc(&s->arena, strlen(prefix) + sizeof ".index");
  if (!index) return err_memory(e, "a path", 0);
  sprintf(index, "%s.index", prefix);
  return exists(index) ? tf_bundle_open(&s->bundle, prefix, &s->arena, e) : MOTE_OK;
}

static mote_status open_saved_model(tf_source *s, mote_error *e) {
  const char *binary = join(&s->arena, s->path, "saved_model.pb"),
             *text = join(&s->arena, s->path, "saved_model.pbtxt"),
             *prefix = join(&s->arena, s->path, "variables/variables");
  if (!binary || !text || !prefix) return err_memory(e, "a path", 0);
  ProtobufCMessage *m;
  MOTE_TRY(open_file(s, exists(binary) ? binary : text, &tf__saved_model__descriptor, &m, e));
  return take_meta(s, pick((const Tf__SavedModel *)m), prefix, e);
}

static mote_status open_checkpoint(tf_source *s, mote_error *e) {
  ProtobufCMessage *m;
  MOTE_TRY(open_file(s, s->path, &tf__meta_graph__descriptor, &m, e));
  const char *prefix = arena_string(&s->arena, s->path, strlen(s->path) - strlen(".meta"));
  if (!prefix) return err_memory(e, "a path", 0);
  return take_meta(s, (const Tf__MetaGraph *)m, prefix, e);
}

static mote_status open_graph(tf_source *s, mote_error *e) {
  ProtobufCMessage *m;
  MOTE_TRY(open_file(s, s->path, &tf__graph__descriptor, &m, e));
  s->graph = (const Tf__Graph *)m;
  if (s->graph->n_node) return MOTE_OK;
  /* A SavedModel's file, named itself. */
  MOTE_TRY(open_file(s, s->path, &tf__saved_model__descriptor, &m, e));
  const char *slash = strrchr(s->path, '/');
  const char *folder = slash ? arena_string(&s->arena, s->path, (size_t)(slash - s->path)) : ".";
  const char *prefix = folder ? join(&s->arena, folder, "variables/variables") : NULL;
  if (!prefix) return err_memory(e, "a path", 0);
  return take_meta(s, pick((const Tf__SavedModel *)m), prefix, e);
}

static bool ends_with(const char *text, const char *end) {
  const size_t n = strlen(text), k = strlen(end);
  return n >= k && !strcmp(text + n - k, end);
}

static mote_status open_any(tf_source *s, mote_error *e) {
  struct stat st;
  if (stat(s->path, &st) == 0 && S_ISDIR(st.st_mode)) {
    if (tf_is_saved_model(s->path)) return open_saved_model(s, e);
    return err_set(e, MOTE_ERR_FORMAT,
                   "the folder holds no saved_model.pb and no saved_model.pbtxt: it is no SavedModel");
  }
  return ends_with(s->path, ".meta") ? open_checkpoint(s, e) : open_graph(s, e);
}

mote_status tf_source_open(tf_source **out, const char *path, mote_error *e) {
  mem *m = mem_new(NULL, 0);
  tf_source *s = m ? MEM_NEW(m, tf_source) : NULL;
  if (!s) {
    if (m) mem_release(m);
    return err_memory(e, "a TensorFlow model", 0);
  }
  s->mem = m;
  arena_init(&s->arena, m);
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  s->path = arena_string(&s->arena, path, length);
  const mote_status status = s->path ? open_any(s, e) : err_memory(e, "a path", 0);
  if (status == MOTE_OK) {
    *out = s;
    return MOTE_OK;
  }
  err_prefix(e, "%s", path);
  tf_source_close(s);
  return status;
}

void tf_source_close(tf_source *s) {
  if (!s) return;
  mem *m = s->mem;
  tf_bundle_close(s->bundle);
  arena_free(&s->arena);
  mem_free(m, s);
  mem_release(m);
}
