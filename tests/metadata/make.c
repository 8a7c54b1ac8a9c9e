/* make.c: see make.h. Tables are written front to back, every field 4 bytes wide. */
#include "make.h"

#ifdef MOTE_HAVE_ZIP
#include <zip.h>
#endif

#include "schema/write.h"

/* ---- FlatBuffer ---- */

typedef struct table {
  size_t at;
  unsigned slots;
} table;

static void align(bytes *b) {
  while (b->size % 4) put_le(b, 0, 1);
}

/* A table with the slots that are bits of the mask. */
static table begin(bytes *b, unsigned slots) {
  unsigned count = 0, place = 4;
  while (slots >> count) count++;
  align(b);
  if (count % 2) put_le(b, 0, 2); /* the table behind its list of fields is then aligned */
  const size_t vtable = b->size;
  put_le(b, 4 + 2 * count, 2);
  put_le(b, 0, 2);
  for (unsigned i = 0; i < count; i++) {
    put_le(b, slots >> i & 1 ? place : 0, 2);
    place += slots >> i & 1 ? 4 : 0;
  }
  const size_t at = b->size;
  b->data[vtable + 2] = (uint8_t)place;
  put_le(b, at - vtable, 4);
  for (unsigned i = 4; i < place; i += 4) put_le(b, 0, 4);
  return (table){at, slots};
}

static size_t field(table t, unsigned slot) {
  size_t at = t.at + 4;
  for (unsigned i = 0; i < slot; i++) at += t.slots >> i & 1 ? 4 : 0;
  return at;
}

static void set(bytes *b, size_t at, uint32_t v) { memcpy(b->data + at, &v, 4); }
/* The offset at `at` leads to `to`, or to what is written next. */
static void lead(bytes *b, size_t at, size_t to) { set(b, at, (uint32_t)(to - at)); }
static void lead_on(bytes *b, size_t at) {
  align(b);
  lead(b, at, b->size);
}
static void lead_to_text(bytes *b, size_t at, const char *text) {
  lead_on(b, at);
  put_le(b, strlen(text), 4);
  put(b, text, strlen(text) + 1);
}
/* A list of n offsets; returns where the first stands. */
static size_t lead_to_list(bytes *b, size_t at, size_t n) {
  lead_on(b, at);
  put_le(b, n, 4);
  const size_t first = b->size;
  for (size_t i = 0; i < n; i++) put_le(b, 0, 4);
  return first;
}

static void put_floats(bytes *b, size_t at, int count, float first) {
  lead_on(b, at);
  put_le(b, (uint64_t)count, 4);
  for (int i = 0; i < count; i++) put(b, &(float){first + (float)i}, 4);
}

static void put_input(bytes *b, size_t at, const about *a) {
  const table t = begin(b, 1 << 0 | 1 << 3 | 1 << 4);
  lead(b, at, t.at);
  lead_to_text(b, field(t, 0), "picture");
  const table content = begin(b, 3); /* ImageProperties */
  lead(b, field(t, 3), content.at);
  set(b, field(content, 0), 2);
  const table image = begin(b, 3);
  lead(b, field(content, 1), image.at);
  set(b, field(image, 0), 2); /* grey */
  const table size = begin(b, 3);
  lead(b, field(image, 1), size.at);
  set(b, field(size, 0), 28);
  set(b, field(size, 1), 30);
  const size_t unit_at = lead_to_list(b, field(t, 4), 1);
  const table unit = begin(b, 3); /* NormalizationOptions */
  lead(b, unit_at, unit.at);
  set(b, field(unit, 0), 1);
  const table options = begin(b, 3);
  lead(b, field(unit, 1), options.at);
  put_floats(b, field(options, 0), a->means, 100);
  put_floats(b, field(options, 1), a->stds, 2);
}

static void put_files(bytes *b, size_t at, const about *a) {
  size_t n = 0;
  while (n < 4 && a->files[n]) n++;
  const size_t first = lead_to_list(b, at, n);
  for (size_t i = 0; i < n; i++) {
    const table t = begin(b, a->locales[i] ? 13 : 5);
    lead(b, first + 4 * i, t.at);
    set(b, field(t, 2), (uint32_t)a->types[i]);
    lead_to_text(b, field(t, 0), a->files[i]);
    if (a->locales[i]) lead_to_text(b, field(t, 3), a->locales[i]);
  }
}

static void put_output(bytes *b, size_t at, const about *a) {
  const bool own = !a->files_of_model;
  const table t = begin(b, 1u | 1u << 3 | (a->threshold != 0 ? 1u << 4 : 0) | (own ? 1u << 6 : 0));
  lead(b, at, t.at);
  lead_to_text(b, field(t, 0), "probability");
  const table content = begin(b, 1); /* FeatureProperties, without the table, as real files have it */
  lead(b, field(t, 3), content.at);
  set(b, field(content, 0), 1);
  if (own) put_files(b, field(t, 6), a);
  if (a->threshold == 0) return;
  const size_t unit_at = lead_to_list(b, field(t, 4), 1);
  const table unit = begin(b, 3); /* ScoreThresholdingOptions */
  lead(b, unit_at, unit.at);
  set(b, field(unit, 0), 3);
  const table options = begin(b, 1);
  lead(b, field(unit, 1), options.at);
  memcpy(b->data + field(options, 0), &a->threshold, 4);
}

bytes make_metadata(const about *a) {
  bytes b = {0};
  put_le(&b, 0, 4);
  put_text(&b, "M001");
  const table t = begin(&b, 1u << 0 | 1u << 3 | (a->files_of_model ? 1u << 6 : 0));
  lead(&b, 0, t.at);
  lead_to_text(&b, field(t, 0), a->name);
  const size_t graph_at = lead_to_list(&b, field(t, 3), 1);
  const table graph = begin(&b, 1 << 2 | 1 << 3);
  lead(&b, graph_at, graph.at);
  put_input(&b, lead_to_list(&b, field(graph, 2), 1), a);
  put_output(&b, lead_to_list(&b, field(graph, 3), 1), a);
  if (a->files_of_model) put_files(&b, field(t, 6), a);
  return b;
}

/* ---- model ---- */

bytes make_model(const bytes *metadata) {
  static const int32_t nothing = 0; /* lists that are there, and empty */
  static sch_Tensor no_tensor;
  static sch_Operator no_operator;
  static sch_OperatorCode no_code;
  sch_SubGraph graph = {.inputs = {&nothing, 0}, .outputs = {&nothing, 0}};
  graph.tensors.data = &no_tensor;
  graph.operators.data = &no_operator;
  sch_Buffer buffers[2] = {{.at = 0}, {.at = 0}};
  sch_Metadata entry = {.name = {"TFLITE_METADATA", 15}, .buffer = 1};
  sch_Model model = {.version = 3};
  if (metadata) {
    buffers[1].data = (sch_range){.size = metadata->size, .memory = metadata->data, .present = true};
    model.metadata.data = &entry;
    model.metadata.count = 1;
  }
  model.subgraphs.data = &graph;
  model.subgraphs.count = 1;
  model.operator_codes.data = &no_code;
  model.buffers.data = buffers;
  model.buffers.count = 2;
  const sch_file file = {.model = &model};
  mote_error e;
  mem *m = mem_new(NULL, 0);
  sch_image image;
  if (sch_write(&file, m, NULL, &image, &e)) fail_msg("%s", e.text);
  bytes b = {0};
  for (size_t i = 0; i < image.count; i++) put(&b, image.parts[i].data, image.parts[i].size);
  sch_image_free(&image);
  mem_release(m);
  return b;
}

/* ---- zip ---- */

#ifdef MOTE_HAVE_ZIP
static void add(uint8_t *at, size_t n) {
  uint32_t v;
  memcpy(&v, at, 4);
  v += (uint32_t)n;
  memcpy(at, &v, 4);
}

void append_zip(bytes *model, const char *entry, const void *data, size_t size, bool deflated, bool from_whole) {
  zip_source_t *to = zip_source_buffer_create(NULL, 0, 0, NULL);
  zip_t *archive = zip_open_from_source(to, ZIP_TRUNCATE, NULL);
  assert_non_null(archive);
  zip_source_keep(to);
  const zip_int64_t i = zip_file_add(archive, entry, zip_source_buffer(archive, data, size, 0), ZIP_FL_ENC_UTF_8);
  assert_true(i >= 0);
  zip_set_file_compression(archive, (zip_uint64_t)i, deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 9);
  assert_int_equal(zip_close(archive), 0);
  zip_stat_t s;
  zip_source_stat(to, &s);
  uint8_t *zipped = malloc(s.size);
  assert_non_null(zipped);
  zip_source_open(to);
  assert_int_equal(zip_source_read(to, zipped, s.size), (zip_int64_t)s.size);
  zip_source_close(to);
  zip_source_free(to);
  if (from_whole) {
    uint8_t *end = zipped + s.size - 22;
    uint32_t directory;
    memcpy(&directory, end + 16, 4);
    add(zipped + directory + 42, model->size);
    add(end + 16, model->size);
  }
  put(model, zipped, s.size);
  free(zipped);
}
#endif
