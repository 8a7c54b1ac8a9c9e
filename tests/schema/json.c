/* json.c: a model to JSON and back, bit by bit; and what is wrong in JSON is told by its path. */
#include "schema/support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/json.h"

typedef struct text_buffer {
  char *data;
  size_t size, room;
} text_buffer;

static int append(const char *piece, size_t size, void *user) {
  text_buffer *b = user;
  if (b->size + size > b->room) {
    b->room = 2 * (b->size + size);
    b->data = realloc(b->data, b->room);
  }
  memcpy(b->data + b->size, piece, size);
  b->size += size;
  return 0;
}

static text_buffer printed(const sch_file *file, int indent) {
  text_buffer b = {0};
  mote_error e;
  if (sch_json_print(file, indent, append, &b, &e)) fail_msg("%s", e.text);
  append("", 1, &b);
  b.size--;
  return b;
}

/* JSON and back gives the same records, and again the same JSON. */
static void comes_back(mem *m, const sch_file *file) {
  mote_error e;
  sch_file *back;
  const text_buffer first = printed(file, 2);
  if (sch_json_parse(first.data, first.size, m, &back, &e)) fail_msg("%s", e.text);
  assert_true(same_model(file, back));
  const text_buffer second = printed(back, 2);
  assert_string_equal(first.data, second.data);
  free(first.data);
  free(second.data);
  sch_close(back);
}

static void a_small_model_comes_back(void **state) {
  (void)state;
  arena a;
  mem *m = mem_new(NULL, 0);
  arena_init(&a, m);
  const sch_file file = {.model = small_model(&a)};
  comes_back(m, &file);
  arena_free(&a);
  assert_int_equal(atomic_load(&m->used), 0);
  mem_release(m);
}

static float float_of(uint32_t bits) {
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

static void odd_values_come_back(void **state) {
  (void)state;
  static const float odd[] = {0.1f, -0.0f, 1e-45f, 3.4028234663852886e38f, 16777217.0f, 1.0f / 3, 5e-324, 0.30000001f};
  arena a;
  mem *m = mem_new(NULL, 0);
  arena_init(&a, m);
  sch_Model *model = small_model(&a);
  sch_QuantizationParameters *q = tensor(model, MAIN, T_QUANT)->quantization;
  float *values = ARENA_ARRAY(&a, float, 16);
  memcpy(values, odd, sizeof odd);
  values[8] = INFINITY;
  values[9] = -INFINITY;
  values[10] = float_of(0x7fc00000);
  values[11] = float_of(0xffc00001);
  q->min = (sch_f32s){values, 12};
  q->max = floats(&a, 0);
  const int64_t longs_of[] = {INT64_MIN, INT64_MAX, 1ll << 53 | 1};
  q->zero_point = (sch_i64s){longs_of, 3};
  model->buffers.data[B_NOTE].offset = 1; /* means nothing, and is kept */
  model->buffers.data[B_NOTE].size = UINT64_MAX;
  tensor(model, MAIN, T_X)->name = (sch_string){"caf\xc3\xa9 \"\\\n", 9};
  tensor(model, MAIN, T_W)->name = (sch_string){"\xff\xfe", 2};
  tensor(model, MAIN, T_SUM)->name = (sch_string){"a\0b", 3};
  tensor(model, MAIN, T_LOOP)->name = (sch_string){"", 0};
  tensor(model, MAIN, T_THING)->name = (sch_string){0};
  const sch_file file = {.model = model};
  comes_back(m, &file);
  const text_buffer b = printed(&file, 0);
  assert_non_null(strstr(b.data, "\"min\":[0.1,-0.0,"));
  assert_non_null(strstr(b.data, "\"Infinity\",\"-Infinity\",\"NaN\",\"0xffc00001\"]"));
  assert_non_null(strstr(b.data, "\"max\":[]"));
  assert_non_null(strstr(b.data, "\"18446744073709551615\""));
  assert_non_null(strstr(b.data, "{\"base64\":\"//4=\"}"));
  free(b.data);
  arena_free(&a);
  mem_release(m);
}

static void hand_written_json_is_read(void **state) {
  (void)state;
  static const char json[] =
      "{\"version\": 3, \"subgraphs\": [{\"operators\": [{\"custom_options\": [1, 2, 255],"
      "\"builtin_options_type\": \"Conv2DOptions\", \"builtin_options\": {\"padding\": \"VALID\"}}]}],"
      "\"buffers\": [{}, {\"data\": \"AQID\"}]}";
  mem *m = mem_new(NULL, 0);
  mote_error e;
  sch_file *file;
  if (sch_json_parse(json, strlen(json), m, &file, &e)) fail_msg("%s", e.text);
  const sch_Operator *o = file->model->subgraphs.data[0].operators.data;
  assert_int_equal(o->custom_options.count, 3);
  assert_int_equal(o->custom_options.data[2], 255);
  assert_int_equal(o->debug_metadata_index, -1);
  const sch_Conv2DOptions *options = o->builtin_options;
  assert_int_equal(options->padding, sch_Padding_VALID);
  assert_int_equal(options->dilation_h_factor, 1);
  const void *data;
  uint64_t size;
  assert_true(sch_buffer(file, 1, &data, &size));
  assert_int_equal(size, 3);
  assert_memory_equal(data, "\1\2\3", 3);
  sch_close(file);
  mem_release(m);
}

static void faults_are_told_by_path(void **state) {
  (void)state;
  static const struct {
    const char *json, *says;
  } cases[] = {
      {"", "line"},
      {"{\"version\": 3,, }", "line 1"},
      {"[]", "$ must be an object, not a list"},
      {"{\"versoin\": 3}", "$ has a field 'versoin', which Model does not have"},
      {"{\"version\": \"3\"}", "$.version must be a whole number, not a string"},
      {"{\"version\": 3.5}", "$.version must be a whole number, not a number with a fraction"},
      {"{\"version\": -1}", "$.version is -1; it must lie between 0 and 4294967295"},
      {"{\"version\": 3, \"version\": 3}", "duplicate"},
      {"{\"subgraphs\": {}}", "$.subgraphs must be a list, not an object"},
      {"{\"subgraphs\": [{\"tensors\": [{}, {\"type\": \"FLOAT33\"}]}]}",
       "$.subgraphs[0].tensors[1].type is 'FLOAT33', which is no TensorType"},
      {"{\"subgraphs\": [{\"tensors\": [{\"type\": 300}]}]}", "$.subgraphs[0].tensors[0].type is 300"},
      {"{\"subgraphs\": [{\"tensors\": [{\"name\": 3}]}]}", "$.subgraphs[0].tensors[0].name must be a string"},
      {"{\"subgraphs\": [{\"inputs\": [1, null]}]}", "$.subgraphs[0].inputs[1] must be a whole number, not null"},
      {"{\"subgraphs\": [{\"tensors\": [{\"is_variable\": 1}]}]}", "is_variable must be true or false"},
      {"{\"subgraphs\": [{\"tensors\": [{\"quantization\": {\"scale\": [\"x\"]}}]}]}",
       "$.subgraphs[0].tensors[0].quantization.scale[0] must be a number, \"Infinity\""},
      {"{\"subgraphs\": [{\"tensors\": [{\"quantization\": {\"scale\": [1e39]}}]}]}", "32-bit float"},
      {"{\"buffers\": [{\"data\": \"AQI\"}]}", "$.buffers[0].data is no base64"},
      {"{\"buffers\": [{\"data\": \"AQ=A\"}]}", "$.buffers[0].data is no base64"},
      {"{\"buffers\": [{\"offset\": \"18446744073709551616\"}]}", "$.buffers[0].offset must be digits"},
      {"{\"subgraphs\": [{\"operators\": [{\"builtin_options\": {}}]}]}", "needs a 'builtin_options_type'"},
      {"{\"subgraphs\": [{\"operators\": [{\"builtin_options_type\": \"Nope\"}]}]}", "no member of BuiltinOptions"},
  };
  mem *m = mem_new(NULL, 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mote_error e = {0};
    sch_file *file;
    assert_int_equal(sch_json_parse(cases[i].json, strlen(cases[i].json), m, &file, &e), MOTE_ERR_FORMAT);
    assert_null(file);
    if (!strstr(e.text, cases[i].says)) fail_msg("'%s' does not say '%s'", e.text, cases[i].says);
  }
  assert_int_equal(atomic_load(&m->used), 0);
  mem_release(m);
}

static void data_outside_becomes_data_inside(void **state) {
  (void)state;
  const sch_write_options way = {.outside = true};
  arena a;
  size_t size;
  file_view v;
  mote_error e;
  sch_file *file;
  mem *m = mem_new(NULL, 0);
  arena_init(&a, m);
  uint8_t *data = file_of(m, small_model(&a), &way, &size);
  assert_int_equal(file_from_memory(&v, m, data, size, false, &e), MOTE_OK);
  assert_int_equal(sch_read(&v, m, NULL, &file, &e), MOTE_OK);
  const sch_file inside = {.model = small_model(&a)};
  const text_buffer one = printed(file, 1), other = printed(&inside, 1);
  assert_string_equal(one.data, other.data);
  free(one.data);
  free(other.data);
  sch_close(file);
  mem_free(m, data);
  arena_free(&a);
  mem_release(m);
}

static void real_models_come_back(void **state) {
  (void)state;
  char folder[500], path[900];
  if (!shared_path(folder, sizeof folder, "models")) skip();
  mem *m = mem_new(NULL, 0);
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  int count = 0;
  for (struct dirent *d; (d = readdir(dir));) {
    if (!strstr(d->d_name, ".tflite")) continue;
    snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
    file_view v;
    mote_error e;
    sch_file *file;
    assert_int_equal(file_open(&v, m, path, false, &e), MOTE_OK);
    if (sch_read(&v, m, NULL, &file, &e)) fail_msg("%s: %s", path, e.text);
    comes_back(m, file);
    sch_close(file);
    file_close(&v);
    count++;
  }
  closedir(dir);
  assert_true(count > 0);
  print_message("%d models come back\n", count);
  mem_release(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_small_model_comes_back),         cmocka_unit_test(odd_values_come_back),
      cmocka_unit_test(hand_written_json_is_read),        cmocka_unit_test(faults_are_told_by_path),
      cmocka_unit_test(data_outside_becomes_data_inside), cmocka_unit_test(real_models_come_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
