/* extend.c: see extend.h. Records are decoded, extended and written again, so that the rest of what a file says stays.
 * The label files themselves go to the archive (archive.h).
 */
#include "metadata/extend.h"

#include <string.h>

#include "base/error.h"
#include "metadata/records.h"
#include "schema/read.h"
#include "schema/write.h"

/* The oldest reader that knows normalisation and labels. */
static const char parser[] = "1.0.0";

typedef struct extender {
  arena *arena;
  mote_error *error;
} extender;

static mote_status no_memory(const extender *x) { return err_memory(x->error, "what a file says of itself", 0); }

#define DEFAULT_OF(table) (*(const sch_##table *)sch_table_##table.defaults)

static sch_string text(const char *s) { return (sch_string){s, (uint32_t)strlen(s)}; }

/* ---- one tensor ---- */

static mote_status set_content(extender *x, sch_TensorMetadata *t, const metadata_news *n, bool is_output) {
  if (t->content || (!n->is_image && !is_output)) return MOTE_OK;
  sch_Content *const content = ARENA_NEW(x->arena, sch_Content);
  sch_ImageProperties *const image = ARENA_NEW(x->arena, sch_ImageProperties);
  sch_FeatureProperties *const feature = ARENA_NEW(x->arena, sch_FeatureProperties);
  if (!content || !image || !feature) return no_memory(x);
  *content = DEFAULT_OF(Content);
  *image = DEFAULT_OF(ImageProperties);
  image->color_space = n->is_grey ? sch_ColorSpaceType_GRAYSCALE : sch_ColorSpaceType_RGB;
  content->content_properties_type =
      n->is_image ? sch_ContentProperties_ImageProperties : sch_ContentProperties_FeatureProperties;
  content->content_properties = n->is_image ? (void *)image : (void *)feature;
  t->content = content;
  return MOTE_OK;
}

/* The file's steps but for normalisation, then the new one. */
static mote_status set_normalisation(extender *x, sch_TensorMetadata *t, const metadata_news *n) {
  if (!n->channels) return MOTE_OK;
  sch_ProcessUnit *const units = ARENA_ARRAY(x->arena, sch_ProcessUnit, (size_t)t->process_units.count + 1);
  sch_NormalizationOptions *const options = ARENA_NEW(x->arena, sch_NormalizationOptions);
  if (!units || !options) return no_memory(x);
  uint32_t count = 0;
  for (uint32_t i = 0; i < t->process_units.count; i++)
    if (t->process_units.data[i].options_type != sch_ProcessUnitOptions_NormalizationOptions)
      units[count++] = t->process_units.data[i];
  *options = DEFAULT_OF(NormalizationOptions);
  options->mean = (sch_f32s){n->mean, (uint32_t)n->channels};
  options->std = (sch_f32s){n->std, (uint32_t)n->channels};
  units[count] = DEFAULT_OF(ProcessUnit);
  units[count].options_type = sch_ProcessUnitOptions_NormalizationOptions;
  units[count++].options = options;
  t->process_units.data = units;
  t->process_units.count = count;
  return MOTE_OK;
}

static bool is_labels(const sch_AssociatedFile *f) {
  return f->type == sch_AssociatedFileType_TENSOR_AXIS_LABELS || f->type == sch_AssociatedFileType_TENSOR_VALUE_LABELS;
}

/* The file's files but for labels, then the new one. */
static mote_status set_labels(extender *x, sch_TensorMetadata *t, const metadata_news *n) {
  if (!n->labels) return MOTE_OK;
  sch_AssociatedFile *const files = ARENA_ARRAY(x->arena, sch_AssociatedFile, (size_t)t->associated_files.count + 1);
  if (!files) return no_memory(x);
  uint32_t count = 0;
  for (uint32_t i = 0; i < t->associated_files.count; i++)
    if (!is_labels(&t->associated_files.data[i])) files[count++] = t->associated_files.data[i];
  files[count] = DEFAULT_OF(AssociatedFile);
  files[count].name = text(n->labels);
  files[count].type =
      n->labels_are_of_values ? sch_AssociatedFileType_TENSOR_VALUE_LABELS : sch_AssociatedFileType_TENSOR_AXIS_LABELS;
  files[count++].description = text("names of the classes, one a line");
  t->associated_files.data = files;
  t->associated_files.count = count;
  return MOTE_OK;
}

/* A list as long as the graph's: what the file says, and the news. */
static mote_status extend_list(extender *x, const sch_TensorMetadata *have, uint32_t num_have,
                               const metadata_news *news, int32_t count, bool are_outputs, sch_TensorMetadata **to) {
  sch_TensorMetadata *const list = ARENA_ARRAY(x->arena, sch_TensorMetadata, (size_t)count + 1);
  if (!list) return no_memory(x);
  for (int32_t i = 0; i < count; i++) {
    list[i] = (uint32_t)i < num_have ? have[i] : DEFAULT_OF(TensorMetadata);
    if (!list[i].name.data && news[i].name) list[i].name = text(news[i].name);
    MOTE_TRY(set_content(x, &list[i], &news[i], are_outputs));
    MOTE_TRY(set_normalisation(x, &list[i], &news[i]));
    MOTE_TRY(set_labels(x, &list[i], &news[i]));
  }
  *to = list;
  return MOTE_OK;
}

/* ---- the whole ---- */

/* The records of what the file says; defaults when it says nothing. */
static mote_status decode(extender *x, const void *have, size_t size, sch_ModelMetadata *model) {
  void *record;
  *model = DEFAULT_OF(ModelMetadata);
  if (!size) return MOTE_OK;
  if (size < 8 || memcmp((const char *)have + 4, "M001", 4) != 0)
    return err_set(
        x->error, MOTE_ERR_FORMAT,
        "the file's metadata of %zu bytes lacks the identifier M001: it is damaged, and nothing can be added "
        "to it",
        size);
  const mote_status status = sch_read_tables(have, size, &sch_table_ModelMetadata, x->arena, &record, x->error);
  if (status) return err_prefix(x->error, "the file's metadata, to which something is to be added"), status;
  *model = *(const sch_ModelMetadata *)record;
  return MOTE_OK;
}

/* In place of the first subgraph's record one that the caller can change. */
static sch_SubGraphMetadata *first_graph(extender *x, sch_ModelMetadata *model) {
  const uint32_t have = model->subgraph_metadata.count;
  sch_SubGraphMetadata *const graphs = ARENA_ARRAY(x->arena, sch_SubGraphMetadata, (size_t)have + 1);
  if (!graphs) return NULL;
  graphs[0] = DEFAULT_OF(SubGraphMetadata);
  for (uint32_t i = 0; i < have; i++) graphs[i] = model->subgraph_metadata.data[i];
  model->subgraph_metadata.data = graphs;
  model->subgraph_metadata.count = have ? have : 1;
  return graphs;
}

mote_status metadata_extend(const void *have, size_t size, const metadata_news *inputs, int32_t num_inputs,
                            const metadata_news *outputs, int32_t num_outputs, arena *a, const void **data,
                            size_t *data_size, mote_error *e) {
  extender x = {a, e};
  sch_ModelMetadata model;
  MOTE_TRY(decode(&x, have, size, &model));
  sch_SubGraphMetadata *const g = first_graph(&x, &model);
  if (!g) return no_memory(&x);
  MOTE_TRY(extend_list(&x, g->input_tensor_metadata.data, g->input_tensor_metadata.count, inputs, num_inputs, false,
                       &g->input_tensor_metadata.data));
  MOTE_TRY(extend_list(&x, g->output_tensor_metadata.data, g->output_tensor_metadata.count, outputs, num_outputs, true,
                       &g->output_tensor_metadata.data));
  g->input_tensor_metadata.count = (uint32_t)num_inputs;
  g->output_tensor_metadata.count = (uint32_t)num_outputs;
  if (!model.min_parser_version.data) model.min_parser_version = text(parser);
  uint8_t *bytes;
  MOTE_TRY(sch_write_tables(&model, &sch_table_ModelMetadata, "M001", a->mem, &bytes, data_size, e));
  *data = arena_string(a, bytes, *data_size);
  mem_free(a->mem, bytes);
  return *data ? MOTE_OK : no_memory(&x);
}
