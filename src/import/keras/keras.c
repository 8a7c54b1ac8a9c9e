/* keras.c: a Keras model as a graph: which files it is in, its ends, and the way between. */
#include "import/keras.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "import/keras/archive.h"
#include "import/keras/emit.h"

typedef struct work {
  const mote_convert_config *options;
  const import_source *source;
  arena *arena; /* of the network */
  mem *mem;
  k_archive *archive;
  k_file *file;
  k_bytes text; /* the model's JSON */
  const char *version;
  k_config config;
  k_emitter emitter;
  mote_error *error;
} work;

static mote_status no_memory(const work *w) { return err_memory(w->error, "a Keras model", 0); }

/* ---- files ---- */

/* "keras_version" of metadata.json. */
static mote_status archive_version(work *w) {
  k_bytes about;
  MOTE_TRY(k_archive_read(w->archive, "metadata.json", w->arena, &about, w->error));
  json_t *j = about.data ? json_loadb((const char *)about.data, about.size, 0, NULL) : NULL;
  const char *said = json_string_value(json_object_get(j, "keras_version"));
  w->version = arena_string(w->arena, said ? said : "3", said ? strlen(said) : 1);
  json_decref(j);
  return w->version ? MOTE_OK : no_memory(w);
}

static mote_status open_archive(work *w) {
  k_bytes weights;
  MOTE_TRY(k_archive_open(&w->archive, w->source->path, w->arena, w->error));
  MOTE_TRY(k_archive_read(w->archive, "config.json", w->arena, &w->text, w->error));
  MOTE_TRY(k_archive_read(w->archive, "model.weights.h5", w->arena, &weights, w->error));
  if (!w->text.data || !weights.data)
    return err_set(w->error, MOTE_ERR_MODEL, "the archive holds no %s, so it is no Keras model",
                   w->text.data ? "model.weights.h5" : "config.json");
  MOTE_TRY(archive_version(w));
  return k_file_image(&w->file, weights.data, weights.size, w->mem, w->error);
}

/* The .json of the same name, for files that hold weights alone. */
static mote_status read_beside(work *w) {
  const char *path = w->source->path, *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
  const size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
  char *name = arena_alloc(w->arena, stem + sizeof ".json");
  file_view f;
  if (!name) return no_memory(w);
  memcpy(name, path, stem);
  strcpy(name + stem, ".json");
  const char *weights = ".weights"; /* model.weights.h5 stands beside model.json */
  struct stat about;
  if (stat(name, &about) && stem > strlen(weights) && !strncmp(path + stem - strlen(weights), weights, strlen(weights)))
    strcpy(name + stem - strlen(weights), ".json");
  if (file_open(&f, w->mem, name, true, w->error) != MOTE_OK)
    return err_set(w->error, MOTE_ERR_MODEL,
                   "the file holds weights alone; put the model's JSON (model.to_json()) beside it as %s", name);
  w->text.size = (size_t)f.size;
  w->text.data = (uint8_t *)arena_string(w->arena, f.data, (size_t)f.size);
  file_close(&f);
  return w->text.data ? MOTE_OK : no_memory(w);
}

static mote_status open_hdf5(work *w) {
  k_strings text, version;
  MOTE_TRY(k_file_open(&w->file, w->source->path, w->mem, w->error));
  MOTE_TRY(k_file_strings(w->file, "", "keras_version", w->arena, &version, w->error));
  if (version.count < 0 && k_file_has(w->file, "model_weights"))
    MOTE_TRY(k_file_strings(w->file, "model_weights", "keras_version", w->arena, &version, w->error));
  if (version.count > 0) w->version = version.text[0];
  MOTE_TRY(k_file_strings(w->file, "", "model_config", w->arena, &text, w->error));
  if (text.count < 1) return read_beside(w);
  w->text = (k_bytes){(uint8_t *)text.text[0], strlen(text.text[0])};
  return MOTE_OK;
}

/* ---- ends ---- */

static mote_type type_of(const json_t *config) {
  static const struct {
    const char *name;
    mote_type type;
  } types[] = {{"int32", MOTE_INT32}, {"int64", MOTE_INT64}, {"string", MOTE_STRING}, {"bool", MOTE_BOOL},
               {"uint8", MOTE_UINT8}, {"int8", MOTE_INT8},   {"int16", MOTE_INT16}};
  const char *name = json_string_value(json_object_get(config, "dtype"));
  for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
    if (!strcmp(types[i].name, name)) return types[i].type;
  return MOTE_FLOAT32;
}

static int32_t make_input(work *w, const k_layer *l, bool only) {
  graph_builder *b = w->emitter.b;
  const json_t *shape = k_get(l->config, "batch_shape|batch_input_shape");
  const mote_convert_shape *other = import_shape(w->options, l->name, l->name, only);
  int32_t dims[OP_MAX_RANK], rank = (int32_t)json_array_size(shape);
  build_at(b, l->name);
  if (other) {
    rank = other->rank;
    memcpy(dims, other->dims, sizeof other->dims);
  } else if (!json_is_array(shape) || rank > OP_MAX_RANK) {
    return build_fail(b, MOTE_ERR_SHAPE, "the model does not say the shape of its input; say it: --input-shape 1x...");
  }
  for (int32_t i = 0; !other && i < rank; i++) {
    const json_t *v = json_array_get(shape, (size_t)i);
    const json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
    dims[i] = n < 0 || n > INT32_MAX ? -1 : (int32_t)n;
  }
  if (w->options->batch && rank && dims[0] < 0) dims[0] = w->options->batch;
  return build_input(b, l->name, type_of(l->config), rank, dims);
}

/* Layer's name; with a number where it has several outputs among them. */
static const char *output_name(const work *w, const k_model *m, int32_t i) {
  const char *name = m->layers[m->outputs[i].layer].name;
  int32_t same = 0, before = 0;
  for (int32_t k = 0; k < m->num_outputs; k++) {
    same += m->outputs[k].layer == m->outputs[i].layer;
    before += k < i && m->outputs[k].layer == m->outputs[i].layer;
  }
  bool input = false;
  for (int32_t k = 0; k < m->num_inputs; k++) input |= m->inputs[k].layer == m->outputs[i].layer;
  if (same == 1 && !input) return name;
  char *text = arena_alloc(w->arena, strlen(name) + 20);
  if (text) sprintf(text, "%s_%d", name, (int)before + input);
  return text;
}

static mote_status make_ends(work *w, const k_tensor *out) {
  const k_model *m = w->config.model;
  graph_builder *b = w->emitter.b;
  const char **in_names = ARENA_ARRAY(w->arena, const char *, (size_t)m->num_inputs + 1),
             **out_names = ARENA_ARRAY(w->arena, const char *, (size_t)m->num_outputs + 1);
  if (!in_names || !out_names) return no_memory(w);
  for (int32_t i = 0; i < m->num_inputs; i++) in_names[i] = m->layers[m->inputs[i].layer].name;
  for (int32_t i = 0; i < m->num_outputs; i++) {
    if (out[i].value < 0) return err_set(w->error, MOTE_ERR_MODEL, "output %d is no value", (int)i);
    if (!(out_names[i] = output_name(w, m, i))) return no_memory(w);
    import_output(b, out[i].value, out_names[i]);
  }
  build_signature(b, "serving_default", in_names, out_names);
  return build_finish(b, w->error);
}

/* ---- the whole ---- */

static mote_status emit(work *w, mote_convert_report *report) {
  const k_model *m = w->config.model;
  k_scope weights;
  k_tensor *in = ARENA_ARRAY(w->arena, k_tensor, (size_t)m->num_inputs + 1),
           *out = ARENA_ARRAY(w->arena, k_tensor, (size_t)m->num_outputs + 1);
  if (!in || !out) return no_memory(w);
  MOTE_TRY(k_scope_begin(&weights, w->file, w->arena, w->error));
  w->emitter.config = &w->config;
  w->emitter.file = w->file;
  w->emitter.options = w->options;
  for (int32_t i = 0; i < m->num_inputs; i++)
    in[i] = (k_tensor){make_input(w, &m->layers[m->inputs[i].layer], m->num_inputs == 1), -1};
  if (w->emitter.b->failed) return build_finish(w->emitter.b, w->error);
  if (k_emit_model(&w->emitter, m, &weights, in, m->num_inputs, out) != MOTE_OK) return no_memory(w);
  if (w->emitter.faults.count) return import_report(&w->emitter.faults, w->options, "layers", w->error);
  report->layers = w->emitter.layers;
  return make_ends(w, out);
}

static mote_status read_source(work *w, mote_convert_report *report) {
  const bool zip = w->source->size > 3 && !memcmp(w->source->head, "PK\3\4", 4);
  MOTE_TRY(zip ? open_archive(w) : open_hdf5(w));
  mote_status status =
      k_config_read(&w->config, (const char *)w->text.data, w->text.size, w->version, w->arena, w->error);
  if (status == MOTE_OK) status = emit(w, report);
  k_config_free(&w->config);
  return status;
}

static mote_graph *read_network(const import_source *s, const mote_convert_config *config, mote_convert_report *report,
                                mote_error *e) {
  mote_graph *g = mote_graph_new(config->memory, e);
  if (!g) return NULL;
  work w = {.options = config, .source = s, .arena = &g->arena, .mem = g->mem, .error = e};
  w.emitter.b = &g->b;
  const mote_status status = read_source(&w, report);
  k_file_close(w.file);
  k_archive_close(w.archive);
  if (status == MOTE_OK) return g;
  if (e && strncmp(e->text, s->path, strlen(s->path))) err_prefix(e, "%s", s->path); /* once */
  mote_graph_free(g);
  return NULL;
}

/* An HDF5 file begins at 0, 512, 1024, ...; a zip archive with its first file. */
static bool takes(const import_source *s) {
  static const char hdf5[] = "\x89HDF\r\n\x1a\n";
  if (s->size >= 4 && !memcmp(s->head, "PK\3\4", 4)) return true;
  if (s->size >= 8 && !memcmp(s->head, hdf5, 8)) return true;
  for (size_t at = 512; at + 8 <= s->size; at *= 2)
    if (!memcmp(s->head + at, hdf5, 8)) return true;
  return false;
}

static const char *known(int32_t index) {
  for (const k_row *const *table = k_tables; *table; table++)
    for (const k_row *row = *table; row->class_name; row++)
      if (!index--) return row->class_name;
  return NULL;
}

const importer import_keras = {.kind = "Keras", .takes = takes, .read = read_network, .known = known};
