/* about.c: see about.h. Labels and normalisation are noted when they are given and written when the network is. */
#include "lower/about.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "lower/versions.h"
#include "metadata/archive.h"
#include "metadata/extend.h"
#include "runtime/runtime.h"

enum { MOST_LABELS = 64 << 20 }; /* bytes of a label file that readers take */

/* One thing said of an input or an output; the last one said of it counts. */
struct network_said {
  const network_said *next;
  int32_t end; /* index among the inputs or outputs */
  int32_t channels;
  const float *mean, *std;
  const char *file; /* NULL: it is normalisation of an input */
  const char *text;
  size_t size;
};

static const graph *main_graph(const mote_graph *g) { return &g->set.graphs[0]; }

static void say(mote_graph *g, const network_said *what) {
  network_said *const said = ARENA_NEW(&g->arena, network_said);
  if (!said) {
    build_fail(&g->b, MOTE_ERR_MEMORY, "out of memory for what the file says of itself");
    return;
  }
  *said = *what;
  said->next = g->said;
  g->said = said;
}

/* ---- normalisation ---- */

void mote_graph_normalise(mote_graph *g, int32_t input, int32_t channels, const float *mean, const float *std) {
  if (input < 0 || input >= main_graph(g)->num_inputs || channels < 1) {
    build_fail(&g->b, MOTE_ERR_ARGUMENT, "normalisation needs an input (%d of %d) and one channel or more (%d)",
               (int)input, (int)main_graph(g)->num_inputs, (int)channels);
    return;
  }
  for (int32_t i = 0; i < channels; i++)
    if (!(std[i] > 0)) {
      build_fail(&g->b, MOTE_ERR_ARGUMENT, "normalisation divides by std, and %g is not greater than 0",
                 (double)std[i]);
      return;
    }
  const size_t bytes = (size_t)channels * sizeof(float);
  const void *const m = arena_string(&g->arena, mean, bytes), *const s = arena_string(&g->arena, std, bytes);
  if (m && s) say(g, &(network_said){.end = input, .channels = channels, .mean = m, .std = s});
  else build_fail(&g->b, MOTE_ERR_MEMORY, "out of memory for normalisation");
}

/* ---- labels ---- */

/* A line each; NULL when memory ran out or it is more than readers take. */
static char *join(arena *a, const char *const *line, size_t count, size_t *size) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++)
    if (!size_add(total, strlen(line[i]) + 1, &total) || total > MOST_LABELS) return NULL;
  char *const text = arena_alloc(a, total + 1);
  *size = 0;
  for (size_t i = 0; text && i < count; i++) {
    const size_t length = strlen(line[i]);
    memcpy(text + *size, line[i], length);
    text[*size + length] = '\n';
    *size += length + 1;
  }
  return text;
}

void mote_graph_labels(mote_graph *g, int32_t output, const char *file, const char *const *line, size_t count) {
  size_t size;
  if (output < 0 || output >= main_graph(g)->num_outputs || !count || !archive_takes_name(file)) {
    build_fail(&g->b, MOTE_ERR_ARGUMENT,
               "labels need an output (%d of %d), the name of a file that is no path ('%.80s'), and a line or more "
               "(%zu)",
               (int)output, (int)main_graph(g)->num_outputs, file, count);
    return;
  }
  const char *const name = arena_string(&g->arena, file, strlen(file));
  const char *const text = join(&g->arena, line, count, &size);
  if (name && text) say(g, &(network_said){.end = output, .file = name, .text = text, .size = size});
  else build_fail(&g->b, MOTE_ERR_MEMORY, "%zu labels take too much memory; at most 64 MiB are read", count);
}

/* The node that makes an output, with which of its outputs it is; NULL: none does. */
static const graph_node *maker_of(const graph *g, int32_t value, int32_t *which) {
  for (int32_t i = 0; i < g->num_nodes; i++)
    for (*which = 0; *which < g->nodes[i].num_outputs; ++*which)
      if (g->nodes[i].outputs[*which] == value) return &g->nodes[i];
  return NULL;
}

bool network_gives_classes(const mote_graph *g, int32_t output) {
  int32_t which;
  const graph_node *const n = maker_of(main_graph(g), main_graph(g)->outputs[output], &which);
  return n && which == 1 && n->op->code == sch_BuiltinOperator_CUSTOM &&
         !strcmp(n->op->name, "TFLite_Detection_PostProcess");
}

/* ---- into the file ---- */

static const char runtime_key[] = "min_runtime_version", meta_key[] = "TFLITE_METADATA";

static bool is_named(const sch_Metadata *m, const char *name) {
  return m->name.size == strlen(name) && !memcmp(m->name.data, name, m->name.size);
}

static void add_block(lower_about *about, sch_Metadata *metadata, sch_range *blocks, const char *name, const void *data,
                      uint64_t size) {
  const uint32_t to = about->num_metadata++;
  metadata[to] = *(const sch_Metadata *)sch_table_Metadata.defaults;
  metadata[to].name = (sch_string){name, (uint32_t)strlen(name)};
  metadata[to].buffer = to;
  blocks[to] = (sch_range){.memory = data, .size = size, .present = true};
}

/* Pictures have 1 or 3 channels. */
static metadata_news *news_of(const mote_graph *g, const int32_t *values, int32_t count, bool are_inputs, arena *a) {
  metadata_news *const news = ARENA_ARRAY(a, metadata_news, (size_t)count + 1);
  for (int32_t i = 0; news && i < count; i++) {
    if (values[i] < 0) continue;
    const graph_value *const v = &main_graph(g)->values[values[i]];
    const int32_t channels = v->rank == 4 ? v->dims[3] : 0;
    news[i].name = v->name.data;
    news[i].is_image = are_inputs && (channels == 1 || channels == 3) &&
                       (v->type == MOTE_FLOAT32 || v->type == MOTE_UINT8 || v->type == MOTE_INT8);
    news[i].is_grey = channels == 1;
  }
  return news;
}

/* What was said, the first words first. */
static mote_status tell(const mote_graph *g, arena *a, metadata_news *inputs, metadata_news *outputs,
                        sch_range *archive, mote_error *e) {
  const sch_file *const file = g->model ? g->model->schema : NULL;
  const sch_range old = file ? sch_appended(file) : (sch_range){0};
  const network_said *last = NULL;
  while (last != g->said) {
    const network_said *said = g->said;
    while (said->next != last) said = said->next;
    last = said;
    if (!said->file) {
      inputs[said->end].channels = said->channels;
      inputs[said->end].mean = said->mean;
      inputs[said->end].std = said->std;
      continue;
    }
    outputs[said->end].labels = said->file;
    outputs[said->end].labels_are_of_values = network_gives_classes(g, said->end);
    const bool first = !archive->present;
    const uint8_t *const data = first ? (old.size ? file->data : NULL) : archive->memory;
    const uint64_t size = first ? (old.size ? file->size : 0) : archive->size;
    const void *extended;
    size_t bytes;
    MOTE_TRY(archive_extend(data, (size_t)size, (size_t)(first ? old.offset : 0), "the model", said->file, said->text,
                            said->size, a, &extended, &bytes, e));
    *archive = (sch_range){.memory = extended, .size = bytes, .present = true};
  }
  return MOTE_OK;
}

static mote_status add_meta(const mote_graph *g, arena *a, const void *have, uint64_t have_size, lower_about *about,
                            sch_Metadata *metadata, sch_range *blocks, sch_range *archive, mote_error *e) {
  const graph *const m = main_graph(g);
  metadata_news *const inputs = news_of(g, m->inputs, m->num_inputs, true, a);
  metadata_news *const outputs = news_of(g, m->outputs, m->num_outputs, false, a);
  const void *data;
  size_t size;
  if (!inputs || !outputs) return err_memory(e, "what the file says of itself", 0);
  MOTE_TRY(tell(g, a, inputs, outputs, archive, e));
  MOTE_TRY(
      metadata_extend(have, (size_t)have_size, inputs, m->num_inputs, outputs, m->num_outputs, a, &data, &size, e));
  add_block(about, metadata, blocks, meta_key, data, size);
  return MOTE_OK;
}

mote_status network_about(const mote_graph *g, arena *a, lower_about *about, sch_range *archive, mote_error *e) {
  const sch_file *const file = g->model ? g->model->schema : NULL;
  const uint32_t have = file ? file->model->metadata.count : 0;
  sch_Metadata *const metadata = ARENA_ARRAY(a, sch_Metadata, (size_t)have + 2);
  sch_range *const blocks = ARENA_ARRAY(a, sch_range, (size_t)have + 2);
  char *const runtime = arena_alloc(a, 16); /* as long as readers expect it */
  const void *old = NULL;
  uint64_t old_size = 0;
  if (!metadata || !blocks || !runtime) return err_memory(e, "the metadata of a file", 0);
  *about = (lower_about){.description = g->description, .metadata = metadata, .blocks = blocks};
  *archive = (sch_range){0};
  for (uint32_t i = 0; i < have; i++) {
    const sch_Metadata *const from = &file->model->metadata.data[i];
    const void *data;
    uint64_t size;
    if (is_named(from, runtime_key)) continue;
    sch_buffer(file, from->buffer, &data, &size);
    if (g->said && is_named(from, meta_key)) old = data, old_size = size;
    else add_block(about, metadata, blocks, from->name.data ? from->name.data : "", data, size);
  }
  if (g->said) MOTE_TRY(add_meta(g, a, old, old_size, about, metadata, blocks, archive, e));
  snprintf(runtime, 16, "%s", versions_runtime(&g->set));
  add_block(about, metadata, blocks, runtime_key, runtime, 16);
  return MOTE_OK;
}
