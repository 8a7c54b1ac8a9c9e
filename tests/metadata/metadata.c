/* What a model says of itself is read as it was written, and label files come out of the zip behind it. */
#include "mote/metadata.h"

#include "make.h"

static mote_error error;

static const about classifier = {.name = "digits",
                                 .means = 1,
                                 .stds = 3,
                                 .files = {"labels_de.txt", "labels.txt", "x.txt"},
                                 .types = {2, 2, 3},
                                 .locales = {"de"},
                                 .threshold = 0.25f};

static void fields_are_read(void **state) {
  (void)state;
  bytes metadata = make_metadata(&classifier);
  mote_metadata *m = mote_metadata_new(metadata.data, metadata.size, "x", 1, "m.tflite", NULL, &error);
  assert_non_null(m);
  assert_true(m->present);
  assert_string_equal(m->name, "digits");
  assert_string_equal(m->author, "");
  assert_int_equal(m->input_count, 1);
  const mote_meta_tensor *in = m->inputs, *out = m->outputs;
  assert_string_equal(in->name, "picture");
  assert_true(in->is_image && in->is_grey && !in->has_threshold);
  assert_int_equal(in->image_width, 28);
  assert_int_equal(in->image_height, 30);
  assert_int_equal(in->mean_count, 1);
  assert_int_equal(in->std_count, 3);
  assert_true(in->std[2] == 4);
  assert_int_equal(m->output_count, 1);
  assert_string_equal(out->name, "probability");
  assert_true(out->has_threshold && out->threshold == 0.25f && !out->is_image);
  assert_int_equal(out->file_count, 3);
  assert_string_equal(out->files[0].locale, "de");
  assert_int_equal(out->files[2].type, MOTE_META_FILE_VALUE_LABELS);
  assert_string_equal(mote_metadata_label_file(m, 0)->name, "labels.txt");
  assert_null(mote_metadata_label_file(m, 1));

  mote_image_prep prep = {.crop = true};
  assert_false(mote_metadata_prep(m, 1, &prep));
  assert_true(mote_metadata_prep(m, 0, &prep));
  assert_true(prep.crop && prep.normalise && prep.mean[0] == 100 && prep.mean[3] == 100);
  assert_true(prep.std[0] == 2 && prep.std[1] == 3 && prep.std[2] == 4 && prep.std[3] == 4);
  mote_metadata_free(m);
  done(&metadata);
}

static void labels_of_the_model_serve_every_output(void **state) {
  (void)state;
  about a = classifier;
  a.files_of_model = true;
  bytes metadata = make_metadata(&a);
  mote_metadata *m = mote_metadata_new(metadata.data, metadata.size, "x", 1, NULL, NULL, &error);
  assert_non_null(m);
  assert_int_equal(m->file_count, 3);
  assert_string_equal(mote_metadata_label_file(m, 7)->name, "labels.txt");
  mote_metadata_free(m);
  done(&metadata);
}

static void files_without_metadata_are_fine(void **state) {
  (void)state;
  bytes model = make_model(NULL);
  mote_metadata *m = mote_metadata_from_memory(model.data, model.size, "m.tflite", NULL, &error);
  if (!m) print_message("%s\n", error.text);
  assert_non_null(m);
  assert_false(m->present);
  assert_null(mote_metadata_label_file(m, 0));
  mote_metadata_free(m);
  assert_null(mote_metadata_from_memory("no model at all", 15, "m.tflite", NULL, &error));
  assert_int_equal(error.code, MOTE_ERR_FORMAT);
  assert_null(mote_metadata_open("/nowhere", NULL, &error));
  assert_int_equal(error.code, MOTE_ERR_IO);
  done(&model);
}

#ifdef MOTE_HAVE_ZIP
enum { DEFLATED = 1, FROM_WHOLE = 2 };

/* Lines of the label file of a model with this entry; NULL, with `error`, when it cannot be read. */
static mote_lines *labels_from(const char *listed, const char *entry, const char *text, size_t size, int how) {
  about a = {.name = "m", .means = 1, .stds = 1, .files = {listed}, .types = {2}};
  bytes metadata = make_metadata(&a), model = make_model(&metadata);
  if (entry) append_zip(&model, entry, text, size, how & DEFLATED, how & FROM_WHOLE);
  mote_metadata *m = mote_metadata_from_memory(model.data, model.size, "m.tflite", NULL, &error);
  assert_non_null(m);
  const mote_meta_file *file = mote_metadata_label_file(m, 0);
  assert_non_null(file);
  mote_lines *lines = mote_metadata_lines(m, file, &error);
  mote_metadata_free(m);
  done(&metadata);
  done(&model);
  return lines;
}

static void labels_are_read_from_the_zip(void **state) {
  (void)state;
  static const char text[] = "\xef\xbb\xbf"
                             "background\r\ncat\n\n dog \nlast";
  static const char *const expected[] = {"background", "cat", "", " dog ", "last"};
  for (int how = 0; how < 4; how++) {
    mote_lines *lines = labels_from("labels.txt", "labels.txt", text, sizeof text - 1, how);
    if (!lines) print_message("%s\n", error.text);
    assert_non_null(lines);
    assert_int_equal(lines->count, 5);
    for (int i = 0; i < 5; i++) assert_string_equal(lines->line[i], expected[i]);
    mote_lines_free(lines);
    lines = labels_from("labels.txt", "labels.txt", "a\nb\n", 4, how);
    assert_non_null(lines);
    assert_int_equal(lines->count, 2);
    mote_lines_free(lines);
    lines = labels_from("labels.txt", "labels.txt", "", 0, how);
    assert_non_null(lines);
    assert_int_equal(lines->count, 0);
    mote_lines_free(lines);
  }
}

static void hostile_archives_are_refused(void **state) {
  (void)state;
  static const char *const paths[] = {"../labels.txt", "/etc/passwd", "a\\b", "c:x", "..", ""};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    assert_null(labels_from(paths[i], paths[i][0] ? paths[i] : "x", "a", 1, 0));
    assert_non_null(strstr(error.text, "path"));
  }
  assert_null(labels_from("labels.txt", "other.txt", "a", 1, DEFLATED));
  assert_non_null(strstr(error.text, "not in the zip"));
  assert_null(labels_from("labels.txt", NULL, NULL, 0, 0));
  assert_non_null(strstr(error.text, "there is none"));
  char *zeros = calloc(1, 1 << 20);
  assert_non_null(zeros);
  assert_null(labels_from("labels.txt", "labels.txt", zeros, 1 << 20, DEFLATED));
  assert_int_equal(error.code, MOTE_ERR_LIMIT);
  free(zeros);
}

static mote_lines *read_all(const bytes *model) {
  uint8_t *copy = malloc(model->size + 1);
  assert_non_null(copy);
  if (model->size) memcpy(copy, model->data, model->size);
  const mote_media_config config = {.memory_limit = 8 << 20};
  mote_metadata *m = mote_metadata_from_memory(copy, model->size, "m.tflite", &config, NULL);
  const mote_meta_file *file = m ? mote_metadata_label_file(m, 0) : NULL;
  mote_lines *lines = file ? mote_metadata_lines(m, file, NULL) : NULL;
  mote_metadata_free(m);
  free(copy);
  return lines;
}

static void damaged_archives_do_no_harm(void **state) {
  (void)state;
  bytes metadata = make_metadata(&classifier), model = make_model(&metadata);
  append_zip(&model, "labels.txt", "one\ntwo\nthree\n", 14, true, true);
  mote_lines *lines = read_all(&model);
  assert_non_null(lines);
  mote_lines_free(lines);
  for (size_t size = model.size; size-- > 0;) {
    const bytes shorter = {model.data, size, 0};
    assert_null(read_all(&shorter));
  }
  for (size_t i = 0; i < model.size; i++)
    for (int bit = 0; bit < 8; bit++) {
      model.data[i] ^= (uint8_t)(1 << bit);
      mote_lines_free(read_all(&model));
      model.data[i] ^= (uint8_t)(1 << bit);
    }
  done(&model);
  done(&metadata);
}
#endif

static void truncated_metadata_is_refused(void **state) {
  (void)state;
  bytes metadata = make_metadata(&classifier);
  for (size_t size = 0; size < metadata.size; size++) {
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, metadata.data, size);
    assert_null(mote_metadata_new(copy, size, "x", 1, NULL, NULL, &error));
    free(copy);
  }
  done(&metadata);
}

typedef struct failing {
  int left, out;
} failing;

static void *fail_allocate(void *user, size_t size) {
  failing *f = user;
  if (f->left-- <= 0) return NULL;
  f->out++;
  return malloc(size);
}

static void fail_release(void *user, void *block) {
  ((failing *)user)->out--;
  free(block);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  bytes metadata = make_metadata(&classifier), model = make_model(&metadata);
#ifdef MOTE_HAVE_ZIP
  append_zip(&model, "labels.txt", "one\ntwo\n", 8, true, false);
#endif
  bool read = false;
  for (int limit = 0; !read; limit++) {
    assert_true(limit < 100);
    failing counter = {.left = limit};
    const mote_media_config config = {.allocator = {fail_allocate, fail_release, &counter}};
    mote_metadata *m = mote_metadata_from_memory(model.data, model.size, "x", &config, NULL);
    mote_lines *lines = m ? mote_metadata_lines(m, mote_metadata_label_file(m, 0), &error) : NULL;
    read = lines || (m && error.code == MOTE_ERR_UNSUPPORTED);
    mote_metadata_free(m); /* lines outlive it */
    mote_lines_free(lines);
    assert_int_equal(counter.out, 0);
  }
  done(&metadata);
  done(&model);
}

static void label_files_of_their_own_are_read(void **state) {
  (void)state;
  char path[] = "/tmp/mote_labels_XXXXXX";
  FILE *f = fdopen(mkstemp(path), "wb");
  assert_non_null(f);
  fputs("cat\r\ndog\r\n", f);
  fclose(f);
  mote_lines *lines = mote_lines_open(path, NULL, &error);
  assert_non_null(lines);
  assert_int_equal(lines->count, 2);
  assert_string_equal(lines->line[1], "dog");
  mote_lines_free(lines);
  f = fopen(path, "wb");
  assert_non_null(f);
  fwrite("\x89PNG\r\n\x1a\n\0", 1, 9, f);
  fclose(f);
  assert_null(mote_lines_open(path, NULL, &error));
  assert_non_null(strstr(error.text, "PNG"));
  remove(path);
  assert_null(mote_lines_open(path, NULL, &error));
  assert_int_equal(error.code, MOTE_ERR_IO);
}

static void shared_models_are_read(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t labels;
    const char *first;
    float mean; /* 0: no normalisation */
  } models[] = {{"mobilenet_v2_1.0_224_quant.tflite", 1001, "background", 127.5f},
                {"mobilenet_v1_0.25_224_float.tflite", 1001, "background", 127.5f},
                {"yamnet_audio_classifier.tflite", 521, "Speech", 0}};
  const char *shared = getenv("MOTE_SHARED") ? getenv("MOTE_SHARED") : "../shared";
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/models/%s", shared, models[i].name);
    FILE *f = fopen(path, "rb");
    if (!f) {
      print_message("skipped: %s is not there\n", path);
      continue;
    }
    fclose(f);
    mote_metadata *m = mote_metadata_open(path, NULL, &error);
    if (!m) print_message("%s\n", error.text);
    assert_non_null(m);
    assert_true(m->present);
    mote_image_prep prep = {0};
    assert_int_equal(mote_metadata_prep(m, 0, &prep), models[i].mean != 0);
    assert_true(prep.mean[0] == models[i].mean);
#ifdef MOTE_HAVE_ZIP
    mote_lines *lines = mote_metadata_lines(m, mote_metadata_label_file(m, 0), &error);
    if (!lines) print_message("%s\n", error.text);
    assert_non_null(lines);
    assert_int_equal(lines->count, models[i].labels);
    assert_string_equal(lines->line[0], models[i].first);
    mote_lines_free(lines);
#endif
    mote_metadata_free(m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_are_read),
      cmocka_unit_test(labels_of_the_model_serve_every_output),
      cmocka_unit_test(files_without_metadata_are_fine),
#ifdef MOTE_HAVE_ZIP
      cmocka_unit_test(labels_are_read_from_the_zip),
      cmocka_unit_test(hostile_archives_are_refused),
      cmocka_unit_test(damaged_archives_do_no_harm),
#endif
      cmocka_unit_test(truncated_metadata_is_refused),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(label_files_of_their_own_are_read),
      cmocka_unit_test(shared_models_are_read),
  };
  return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
