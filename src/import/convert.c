/* convert.c: from a file of any known kind to a network that is ready to be saved. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/size.h"
#include "import/describe.h"
#include "import/import.h"
#include "lower/half.h"
#include "lower/versions.h"

void import_note(const mote_convert_config *config, const char *format, ...) {
  char sentence[MOTE_ERROR_TEXT];
  va_list args;
  if (!config->on_note) return;
  va_start(args, format);
  vsnprintf(sentence, sizeof sentence, format, args);
  va_end(args);
  config->on_note(config->on_note_user, sentence);
}

const mote_convert_shape *import_shape(const mote_convert_config *config, const char *name, const char *other,
                                       bool only) {
  for (int32_t i = 0; i < config->num_shapes; i++) {
    const char *const of = config->shapes[i].name;
    if (of ? !strcmp(of, name) || !strcmp(of, other) : only) return &config->shapes[i];
  }
  return NULL;
}

/* ---- which kind ---- */

static mote_status look(const char *path, import_source *s, uint8_t *head, mote_error *e) {
  struct stat about;
  *s = (import_source){.path = path, .head = head};
  if (stat(path, &about) != 0) return err_set(e, MOTE_ERR_IO, "%s: %s", path, strerror(errno));
  s->is_folder = S_ISDIR(about.st_mode);
  if (s->is_folder) return MOTE_OK;
  FILE *const f = fopen(path, "rb");
  if (!f) return err_set(e, MOTE_ERR_IO, "%s: %s", path, strerror(errno));
  s->size = fread(head, 1, IMPORT_HEAD, f);
  fclose(f);
  return MOTE_OK;
}

/* What a file is that nobody here takes. */
static const char *looks_like(const import_source *s) {
  static const struct {
    const char *bytes;
    size_t size;
    const char *name;
  } known[] = {
      {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file (Keras)"},
      {"PK\3\4", 4, "a zip archive (Keras 3, or PyTorch)"},
      {"{", 1, "JSON"},
  };
  if (s->is_folder) return "a folder (a SavedModel?)";
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (s->size >= known[i].size && !memcmp(s->head, known[i].bytes, known[i].size)) return known[i].name;
  return s->size ? "of no kind that is known" : "empty";
}

static const importer *find(const import_source *s, mote_error *e) {
  char kinds[300] = "";
  size_t used = 0;
  for (const importer *const *i = importers; *i; i++) {
    if ((*i)->takes(s)) return *i;
    if (used < sizeof kinds)
      used += (size_t)snprintf(kinds + used, sizeof kinds - used, "%s%s", used ? ", " : "", (*i)->kind);
  }
  err_set(e, MOTE_ERR_FORMAT, "%s: the file is %s; this build reads %s", s->path, looks_like(s), kinds);
  return NULL;
}

/* ---- what came of it ---- */

static int32_t count_nodes(const graph_set *set) {
  int32_t count = 0;
  for (int32_t i = 0; i < set->count; i++) count += set->graphs[i].num_nodes;
  return count;
}

/* Constants that steer are plain integers and truth values. */
static uint64_t count_parameters(const graph_set *set) {
  uint64_t count = 0;
  for (int32_t s = 0; s < set->count; s++)
    for (int32_t i = 0; i < set->graphs[s].num_values; i++) {
      const graph_value *const v = &set->graphs[s].values[i];
      const bool plain = (v->type == MOTE_INT32 || v->type == MOTE_INT64) && !v->quant.count;
      size_t n;
      if (v->is_const && !plain && v->type != MOTE_BOOL && size_dims(v->dims, v->rank, &n)) count += n;
    }
  return count;
}

static void take_report(const passes_report *done, mote_convert_report *r) {
  for (int32_t i = 0; i < done->rewrites; i++)
    if (done->done[i].count && r->num_rewrites < MOTE_CONVERT_REWRITES)
      r->rewrites[r->num_rewrites++] = (mote_rewrite){done->done[i].name, done->done[i].reason, done->done[i].count};
}

static mote_status improve(mote_graph *g, const mote_convert_config *config, mote_convert_report *r, mote_error *e) {
  passes_report done;
  if (!config->no_rewrites) {
    MOTE_TRY(network_improve(g, config->runtime, config->without, &done, e));
    take_report(&done, r);
  }
  if (!config->runtime) return MOTE_OK;
  MOTE_TRY(network_older(g, config->runtime, &done, e));
  take_report(&done, r);
  return MOTE_OK;
}

static mote_status halve(mote_graph *g, const mote_convert_config *config, mote_error *e) {
  half_report done;
  MOTE_TRY(network_half(g, &done, e));
  if (done.clamped)
    import_note(config, "%llu weights, the first of '%s', lie past +-65504, the largest float16, and became that",
                (unsigned long long)done.clamped, done.first);
  if (done.kept)
    import_note(config, "%d constants stay float32, as their operators take nothing computed there", (int)done.kept);
  return MOTE_OK;
}

static mote_status convert(mote_graph *g, const mote_convert_config *config, mote_convert_report *r, mote_error *e) {
  r->nodes_before = count_nodes(&g->set);
  MOTE_TRY(improve(g, config, r, e));
  if (config->float16) MOTE_TRY(halve(g, config, e));
  MOTE_TRY(import_describe(g, config, e));
  MOTE_TRY(mote_graph_check(g, e));
  r->nodes = count_nodes(&g->set);
  r->parameters = count_parameters(&g->set);
  r->runtime = versions_runtime(&g->set);
  return config->runtime ? versions_fit(&g->set, config->runtime, e) : MOTE_OK;
}

mote_graph *mote_convert(const char *path, const mote_convert_config *config, mote_convert_report *report,
                         mote_error *e) {
  static const mote_convert_config none;
  mote_convert_report ignored;
  import_source source;
  uint8_t head[IMPORT_HEAD];
  if (!config) config = &none;
  if (!report) report = &ignored;
  *report = (mote_convert_report){0};
  if (look(path, &source, head, e) != MOTE_OK) return NULL;
  const importer *const from = find(&source, e);
  if (!from) return NULL;
  snprintf(report->kind, sizeof report->kind, "%s", from->kind);
  mote_graph *const g = from->read(&source, config, report, e);
  if (!g || convert(g, config, report, e) == MOTE_OK) return g;
  mote_graph_free(g);
  return NULL;
}

const char *mote_convert_known(const char *kind, int32_t index) {
  for (const importer *const *i = importers; *i; i++)
    if (!strcmp((*i)->kind, kind)) return (*i)->known && index >= 0 ? (*i)->known(index) : NULL;
  return NULL;
}
