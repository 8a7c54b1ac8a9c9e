/* metadata.c: the metadata of a file as an object: decoded by the tables of metadata.def, then told in the words of
 * mote/metadata.h. The appended zip is read in zip.c. */
#include "mote/metadata.h"

#include <string.h>

#include "media/source.h"
#include "metadata/lines.h"
#include "metadata/records.h"
#include "metadata/zip.h"
#include "schema/read.h"

typedef struct metadata_object {
  mote_metadata metadata; /* first: the pointer a caller holds */
  arena arena;            /* all that it points to */
  media_source source;    /* open: the file, for its zip */
} metadata_object;

static const char *text_of(sch_string s) { return s.data ? s.data : ""; }

/* ---- from records ---- */

/* Appends files to a list that has room. */
static void add_files(mote_meta_file *to, size_t *count, const sch_AssociatedFile *from, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    to[(*count)++] = (mote_meta_file){text_of(from[i].name), text_of(from[i].description), text_of(from[i].locale),
                                      (mote_meta_file_type)from[i].type};
}

static void take_units(mote_meta_tensor *t, const sch_TensorMetadata *from) {
  for (uint32_t i = 0; i < from->process_units.count; i++) {
    const sch_ProcessUnit *unit = &from->process_units.data[i];
    if (!unit->options) continue;
    if (unit->options_type == sch_ProcessUnitOptions_NormalizationOptions) {
      const sch_NormalizationOptions *o = unit->options;
      t->mean = o->mean.data;
      t->mean_count = o->mean.count;
      t->std = o->std.data;
      t->std_count = o->std.count;
    } else if (unit->options_type == sch_ProcessUnitOptions_ScoreThresholdingOptions) {
      t->has_threshold = true;
      t->threshold = ((const sch_ScoreThresholdingOptions *)unit->options)->global_score_threshold;
    }
  }
}

static void take_content(mote_meta_tensor *t, const sch_Content *c) {
  if (!c || !c->content_properties || c->content_properties_type != sch_ContentProperties_ImageProperties) return;
  const sch_ImageProperties *p = c->content_properties;
  t->is_image = true;
  t->is_grey = p->color_space == sch_ColorSpaceType_GRAYSCALE;
  if (!p->default_size) return;
  t->image_width = p->default_size->width;
  t->image_height = p->default_size->height;
}

static mote_status take_tensors(arena *a, const sch_TensorMetadata *from, uint32_t n, const mote_meta_tensor **to,
                                size_t *count, mote_error *e) {
  mote_meta_tensor *tensors = ARENA_ARRAY(a, mote_meta_tensor, n);
  if (!tensors) return err_memory(e, "metadata of tensors", (uint64_t)n * sizeof *tensors);
  for (uint32_t i = 0; i < n; i++) {
    mote_meta_tensor *t = &tensors[i];
    t->name = text_of(from[i].name);
    t->description = text_of(from[i].description);
    take_content(t, from[i].content);
    take_units(t, &from[i]);
    mote_meta_file *files = ARENA_ARRAY(a, mote_meta_file, from[i].associated_files.count);
    if (!files) return err_memory(e, "names of files", from[i].associated_files.count * sizeof *files);
    add_files(files, &t->file_count, from[i].associated_files.data, from[i].associated_files.count);
    t->files = files;
  }
  *to = tensors;
  *count = n;
  return MOTE_OK;
}

static mote_status take_model(metadata_object *o, const sch_ModelMetadata *from, mote_error *e) {
  static const sch_SubGraphMetadata nothing = {0};
  const sch_SubGraphMetadata *g = from->subgraph_metadata.count ? from->subgraph_metadata.data : &nothing;
  mote_metadata *m = &o->metadata;
  m->present = true;
  m->name = text_of(from->name);
  m->description = text_of(from->description);
  m->version = text_of(from->version);
  m->author = text_of(from->author);
  m->license = text_of(from->license);
  MOTE_TRY(take_tensors(&o->arena, g->input_tensor_metadata.data, g->input_tensor_metadata.count, &m->inputs,
                        &m->input_count, e));
  MOTE_TRY(take_tensors(&o->arena, g->output_tensor_metadata.data, g->output_tensor_metadata.count, &m->outputs,
                        &m->output_count, e));
  const uint64_t count = (uint64_t)g->associated_files.count + from->associated_files.count;
  mote_meta_file *files = ARENA_ARRAY(&o->arena, mote_meta_file, (size_t)count);
  if (!files) return err_memory(e, "names of files", count * sizeof *files);
  add_files(files, &m->file_count, g->associated_files.data, g->associated_files.count);
  add_files(files, &m->file_count, from->associated_files.data, from->associated_files.count);
  m->files = files;
  return MOTE_OK;
}

static mote_status decode(metadata_object *o, const void *data, size_t size, mote_error *e) {
  if (size < 8 || memcmp((const char *)data + 4, "M001", 4) != 0)
    return err_set(e, MOTE_ERR_FORMAT,
                   "%s: its metadata of %zu bytes does not have the identifier M001: it is damaged, or "
                   "of a kind that mote does not know",
                   o->source.name, size);
  void *record;
  const mote_status status = sch_read_tables(data, size, &sch_table_ModelMetadata, &o->arena, &record, e);
  if (status) err_prefix(e, "%s", o->source.name);
  return status ? status : take_model(o, record, e);
}

/* ---- life ---- */

static void release(metadata_object *o) {
  arena_free(&o->arena);
  mem *m = mem_retain(o->source.mem);
  media_close(&o->source);
  mem_free(m, o);
  mem_release(m);
}

/* Takes over the source, also on failure. data NULL: the file has no metadata. */
static mote_metadata *make(media_source *s, const void *data, size_t size, mote_error *e) {
  metadata_object *o = MEM_NEW(s->mem, metadata_object);
  if (!o) {
    err_memory(e, "a metadata record", sizeof *o);
    media_close(s);
    return NULL;
  }
  o->source = *s;
  arena_init(&o->arena, s->mem);
  mote_metadata *m = &o->metadata;
  m->name = m->description = m->version = m->author = m->license = "";
  if (!data || !decode(o, data, size, e)) return m;
  release(o);
  return NULL;
}

static const sch_Metadata *find_entry(const sch_Model *model) {
  static const char key[] = "TFLITE_METADATA";
  for (uint32_t i = 0; i < model->metadata.count; i++) {
    const sch_Metadata *entry = &model->metadata.data[i];
    if (entry->name.data && !strcmp(entry->name.data, key)) return entry;
  }
  return NULL;
}

/* Verifies the file, and finds the metadata in it. Takes over the source. */
static mote_metadata *read_file(media_source *s, mote_error *e) {
  file_view view;
  sch_file *file = NULL;
  if (file_from_memory(&view, s->mem, s->data, s->size, false, e) || sch_read(&view, s->mem, NULL, &file, e)) {
    err_prefix(e, "%s", s->name);
    media_close(s);
    return NULL;
  }
  const void *data = NULL;
  uint64_t size = 0;
  const sch_Metadata *entry = find_entry(file->model);
  if (entry) sch_buffer(file, entry->buffer, &data, &size);
  sch_close(file);
  return make(s, data, (size_t)size, e);
}

mote_metadata *mote_metadata_open(const char *path, const mote_media_config *config, mote_error *e) {
  media_source s;
  return media_open(&s, path, config, e) ? NULL : read_file(&s, e);
}

mote_metadata *mote_metadata_from_memory(const void *file, size_t size, const char *name,
                                         const mote_media_config *config, mote_error *e) {
  media_source s;
  return media_from_memory(&s, file, size, name, config, e) ? NULL : read_file(&s, e);
}

mote_metadata *mote_metadata_new(const void *metadata, size_t metadata_size, const void *file, size_t size,
                                 const char *name, const mote_media_config *config, mote_error *e) {
  media_source s;
  return media_from_memory(&s, file, size, name, config, e) ? NULL : make(&s, metadata, metadata_size, e);
}

void mote_metadata_free(mote_metadata *metadata) {
  if (metadata) release((metadata_object *)metadata);
}

/* ---- answers ---- */

static void spread(float to[4], const float *from, size_t count) {
  for (size_t i = 0; i < 4; i++) to[i] = from[count == 1 ? 0 : i < count ? i : count - 1];
}

bool mote_metadata_prep(const mote_metadata *metadata, size_t input, mote_image_prep *prep) {
  if (input >= metadata->input_count) return false;
  const mote_meta_tensor *t = &metadata->inputs[input];
  if (!t->mean_count || !t->std_count) return false;
  spread(prep->mean, t->mean, t->mean_count);
  spread(prep->std, t->std, t->std_count);
  prep->normalise = true;
  return true;
}

/* The better of two label files is the one that comes first in this order. */
static int rank_of(const mote_meta_file *f) {
  if (f->type != MOTE_META_FILE_AXIS_LABELS && f->type != MOTE_META_FILE_VALUE_LABELS) return 4;
  return (f->type == MOTE_META_FILE_VALUE_LABELS ? 2 : 0) + (f->locale[0] != 0);
}

static const mote_meta_file *best_of(const mote_meta_file *files, size_t count) {
  const mote_meta_file *best = NULL;
  for (size_t i = 0; i < count; i++)
    if (rank_of(&files[i]) < (best ? rank_of(best) : 4)) best = &files[i];
  return best;
}

const mote_meta_file *mote_metadata_label_file(const mote_metadata *metadata, size_t output) {
  const mote_meta_file *own = NULL;
  if (output < metadata->output_count)
    own = best_of(metadata->outputs[output].files, metadata->outputs[output].file_count);
  return own ? own : best_of(metadata->files, metadata->file_count);
}

mote_lines *mote_metadata_lines(const mote_metadata *metadata, const mote_meta_file *file, mote_error *e) {
  const metadata_object *o = (const metadata_object *)metadata;
  if (!metadata || !file) {
    err_set(e, MOTE_ERR_ARGUMENT, "metadata and a file that it names are needed, and one is NULL");
    return NULL;
  }
  void *data;
  size_t size;
  if (appended_read(o->source.data, o->source.size, o->source.name, file->name, o->source.mem, &data, &size, e))
    return NULL;
  mote_lines *lines = lines_new(data, size, o->source.mem, e);
  mem_free(o->source.mem, data);
  return lines;
}
