/* structure.c: bytes that are no well-formed FlatBuffer are refused under the rule's name: rules F. And what is no
 * .tflite at all is called by its name. */
#include "schema/support.h"

#include <stdio.h>
#include <stdlib.h>

/* A small file, its records, and a copy of its bytes to damage. */
typedef struct sample {
  mem *m;
  arena arena;
  uint8_t *data;
  size_t size;
  sch_file *file;
  const sch_Model *model;
} sample;

static void open_sample(sample *s, void (*apply)(arena *, sch_Model *)) {
  file_view view;
  mote_error e;
  s->m = mem_new(NULL, 0);
  arena_init(&s->arena, s->m);
  sch_Model *model = small_model(&s->arena);
  if (apply) apply(&s->arena, model);
  s->data = file_of(s->m, model, NULL, &s->size);
  assert_int_equal(file_from_memory(&view, s->m, s->data, s->size, false, &e), MOTE_OK);
  s->file = NULL;
  s->model = model;
  if (!apply) {
    assert_int_equal(sch_read(&view, s->m, NULL, &s->file, &e), MOTE_OK);
    s->model = s->file->model;
  }
}

static void close_sample(sample *s) {
  sch_close(s->file);
  mem_free(s->m, s->data);
  arena_free(&s->arena);
  mem_release(s->m);
}

static void expect(const sample *s, size_t size, const char *rule) {
  const verdict v = verify(s->data, size, false);
  if (strcmp(v.rule, rule) != 0) fail_msg("must be refused by %s, not by '%s': %s", rule, v.rule, v.error.text);
}

/* Sets 32 bits, expects the rule, and puts them back. */
static void expect32(sample *s, size_t at, uint32_t v, const char *rule) {
  const uint32_t old = get32(s->data, at);
  assert_true(at != 0 || v != old);
  set32(s->data, at, v);
  expect(s, s->size, rule);
  set32(s->data, at, old);
}

/* The place of a vector or table that the field in `slot` points at. */
static size_t target(const sample *s, size_t table, unsigned slot) {
  const size_t at = field_at(s->data, table, slot);
  assert_true(at > 0);
  return at + get32(s->data, at);
}

static void head(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  expect(&s, 7, "F1");
  expect32(&s, 4, 0x334c4654 + 1, "F2");
  expect32(&s, 0, 0, "F3");
  expect32(&s, 0, 9, "F3");
  expect32(&s, 0, 0x80000000, "F3");
  expect32(&s, 0, (uint32_t)s.size & ~3u, "F3");
  static const uint8_t classic[8] = {0x18, 0, 0, 0, 'T', 'F', 'L', '3'};
  assert_string_equal(verify(classic, sizeof classic, false).rule, "F3");
  close_sample(&s);
}

static void offsets(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  const size_t subgraphs = field_at(s.data, s.model->at, 2), list = target(&s, s.model->at, 2);
  expect32(&s, subgraphs, 0, "F4");
  expect32(&s, subgraphs, 0x80000000, "F4");
  expect32(&s, subgraphs, (uint32_t)s.size, "F4");
  expect32(&s, list + 4, 0, "F4");
  expect32(&s, subgraphs, get32(s.data, subgraphs) + 2, "F9"); /* a list at an odd place */
  close_sample(&s);
}

static void tables(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  const size_t list = target(&s, s.model->at, 2), graph = s.model->subgraphs.data[0].at;
  const size_t vtable = graph - get32(s.data, graph);
  expect32(&s, list + 4, get32(s.data, list + 4) + 2, "F5");
  expect32(&s, graph, 1, "F5");
  expect32(&s, graph, (uint32_t)s.size, "F5");             /* before the file */
  expect32(&s, graph, (uint32_t) - (int32_t)s.size, "F5"); /* behind it */
  uint16_t old[3];
  memcpy(old, s.data + vtable, sizeof old);
  set16(s.data, vtable, 3);
  expect(&s, s.size, "F6");
  set16(s.data, vtable, 2);
  expect(&s, s.size, "F6");
  set16(s.data, vtable, 0xfffe);
  expect(&s, s.size, "F6");
  set16(s.data, vtable, old[0]);
  set16(s.data, vtable + 2, 3);
  expect(&s, s.size, "F6");
  set16(s.data, vtable + 2, 0xfffc);
  expect(&s, s.size, "F6");
  set16(s.data, vtable + 2, old[1]);
  set16(s.data, vtable + 4, old[1]); /* a field at the table's end */
  expect(&s, s.size, "F7");
  set16(s.data, vtable + 4, (uint16_t)(old[2] + 1)); /* at an odd place */
  expect(&s, s.size, "F7");
  set16(s.data, vtable + 4, 2); /* inside the offset of the vtable */
  expect(&s, s.size, "F7");
  close_sample(&s);
}

static void vectors(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  const sch_SubGraph *g = &s.model->subgraphs.data[0];
  const size_t inputs = target(&s, g->at, 1), name = target(&s, g->tensors.data[0].at, 3);
  expect32(&s, inputs, UINT32_MAX, "F9");
  expect32(&s, inputs, (uint32_t)s.size, "F9");
  expect32(&s, target(&s, s.model->at, 2), 0x40000000, "F9");
  expect32(&s, target(&s, s.model->buffers.data[B_W].at, 0), 0x7fffffff, "F9");
  expect32(&s, name, (uint32_t)s.size, "F9");
  s.data[name + 5] = 'x'; /* the 0 behind the name */
  expect(&s, s.size, "F10");
  close_sample(&s);
}

static void name_at_the_end(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  const size_t name = target(&s, s.model->subgraphs.data[0].tensors.data[0].at, 3);
  expect32(&s, name, (uint32_t)(s.size - name - 4), "F10");
  close_sample(&s);
}

static void unions(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  const size_t type = field_at(s.data, s.model->subgraphs.data[0].operators.data[OP_SUM].at, 3);
  s.data[type] = 0;
  expect(&s, s.size, "F12");
  s.data[type] = 250; /* a kind of the future: the operator that needs its options refuses it */
  const verdict v = verify(s.data, s.size, false);
  assert_string_equal(v.rule, "M7");
  close_sample(&s);
}

/* ---- bombs ---- */

/* A list of offsets that all lead to one empty table takes 4 bytes for each. */
static void many_offsets_to_one_table(void **state) {
  (void)state;
  enum { COUNT = 10000, ROOT = 28, LIST = ROOT + 8, ENTRY = LIST + 4 + 4 * COUNT, SIZE = ENTRY + 8 };
  static const uint16_t vtable[9] = {18, 8, 0, 0, 0, 0, 0, 0, 4}, empty[2] = {4, 4};
  uint8_t *data = calloc(1, SIZE);
  set32(data, 0, ROOT);
  memcpy(data + 4, "TFL3", 4);
  memcpy(data + 8, vtable, sizeof vtable);
  set32(data, ROOT, ROOT - 8);
  set32(data, ROOT + 4, 4);
  set32(data, LIST, COUNT);
  for (uint32_t i = 0; i < COUNT; i++) set32(data, LIST + 4 + 4 * i, ENTRY + 4 - (LIST + 4 + 4 * i));
  memcpy(data + ENTRY, empty, sizeof empty);
  set32(data, ENTRY + 4, 4);
  assert_string_equal(verify(data, SIZE, false).rule, "F13");
  free(data);
}

static void long_shape(arena *a, sch_Model *m) {
  int32_t *dims = ARENA_ARRAY(a, int32_t, 40000);
  m->subgraphs.data[0].name = (sch_string){(char *)dims, 160000};
  memset(dims, 'x', 160000);
}

/* Every tensor takes the long name of the subgraph. */
static void many_users_of_one_vector(void **state) {
  (void)state;
  sample s;
  open_sample(&s, long_shape);
  const size_t root = get32(s.data, 0), list = target(&s, root, 2), graph = list + 4 + get32(s.data, list + 4);
  const size_t name = target(&s, graph, 4), tensors = target(&s, graph, 0);
  for (uint32_t i = 0; i < get32(s.data, tensors); i++) {
    const size_t tensor_at = tensors + 4 + 4 * i + get32(s.data, tensors + 4 + 4 * i);
    const size_t field = field_at(s.data, tensor_at, 3);
    if (field < name) set32(s.data, field, (uint32_t)(name - field));
  }
  expect(&s, s.size, "F14");
  close_sample(&s);
}

/* ---- data outside ---- */

typedef struct outside_case {
  const char *rule;
  int64_t offset; /* from the end of the file when negative */
  uint64_t size;
} outside_case;

static void outside_ranges(void **state) {
  (void)state;
  static const outside_case cases[] = {
      {"F17", 1 << 20, 16}, {"F17", -16, 17}, {"F17", -16, UINT64_MAX}, {"F17", INT64_MAX, 16}, {"F18", 64, 16},
  };
  mem *m = mem_new(NULL, 0);
  arena a;
  size_t size;
  arena_init(&a, m);
  const sch_write_options o = {.outside = true};
  uint8_t *data = file_of(m, small_model(&a), &o, &size);
  assert_int_equal(verify(data, size, true).status, MOTE_OK);
  const size_t root = get32(data, 0), list_field = field_at(data, root, 4);
  const size_t list = list_field + get32(data, list_field), entry = list + 4 + 4 * B_W;
  const size_t buffer = entry + get32(data, entry);
  const size_t offset_at = field_at(data, buffer, 1), size_at = field_at(data, buffer, 2);
  uint64_t good_offset;
  memcpy(&good_offset, data + offset_at, 8);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const uint64_t offset = cases[i].offset < 0 ? size - (uint64_t)-cases[i].offset : (uint64_t)cases[i].offset;
    memcpy(data + offset_at, &offset, 8);
    memcpy(data + size_at, &cases[i].size, 8);
    assert_string_equal(verify(data, size, false).rule, cases[i].rule);
  }
  const uint64_t shifted = good_offset + 4, sixteen = 16;
  memcpy(data + offset_at, &shifted, 8); /* half of the next buffer */
  memcpy(data + size_at, &sixteen, 8);
  assert_string_equal(verify(data, size, false).rule, "F18");
  mem_free(m, data);
  arena_free(&a);
  mem_release(m);
}

/* A buffer's data is given inside and outside. */
static void both_inside_and_outside(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  /* A table with both fields, behind the file, takes the place of the buffer. */
  uint8_t *copy = mem_alloc(s.m, s.size + 32);
  memcpy(copy, s.data, s.size);
  const size_t table = (s.size + 15) / 8 * 8 + 4, end = table + 16;
  memset(copy + s.size, 0, end - s.size);
  const uint16_t vtable[4] = {8, 16, 12, 4};
  memcpy(copy + table - 12, vtable, sizeof vtable);
  set32(copy, table, 12);
  const uint64_t outside = 16;
  memcpy(copy + table + 4, &outside, 8);
  const size_t list = target(&s, s.model->at, 4), entry = list + 4 + 4 * B_W;
  set32(copy, entry, (uint32_t)(table - entry));
  /* Offsets go forward only: a vector of one byte behind the table. */
  set32(copy, table + 12, 4);
  set32(copy, table + 16, 1);
  copy[table + 20] = 1;
  assert_string_equal(verify(copy, table + 21, false).rule, "F19");
  mem_free(s.m, copy);
  close_sample(&s);
}

/* ---- what is allowed ---- */

static void trailing_bytes_are_allowed(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  uint8_t *longer = mem_zalloc(s.m, s.size + 100);
  memcpy(longer, s.data, s.size);
  memset(longer + s.size, 0xff, 100);
  assert_int_equal(verify(longer, s.size + 100, true).status, MOTE_OK);
  mem_free(s.m, longer);
  close_sample(&s);
}

static void any_address_will_do(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  uint8_t *moved = mem_alloc(s.m, s.size + 4);
  for (size_t shift = 1; shift < 4; shift++) {
    memcpy(moved + shift, s.data, s.size);
    assert_int_equal(verify(moved + shift, s.size, true).status, MOTE_OK);
  }
  mem_free(s.m, moved);
  close_sample(&s);
}

/* ---- damage of every kind ---- */

static void cut_anywhere(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  for (size_t size = 0; size < s.size; size++) {
    uint8_t *part = malloc(size ? size : 1); /* of exactly this size, so that a sanitizer sees what lies beyond */
    memcpy(part, s.data, size);
    assert_int_not_equal(verify(part, size, true).status, MOTE_OK);
    free(part);
  }
  close_sample(&s);
}

static void every_bit_flipped(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  for (size_t bit = 0; bit < 8 * s.size; bit++) {
    s.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    verify(s.data, s.size, true); /* refused or not, but safely */
    s.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  close_sample(&s);
}

static int allowed;
static void *allocate_some(void *user, size_t size) {
  (void)user;
  return allowed-- > 0 ? malloc(size) : NULL;
}
static void release(void *user, void *block) {
  (void)user;
  free(block);
}

static void memory_runs_out_anywhere(void **state) {
  (void)state;
  sample s;
  open_sample(&s, NULL);
  const mote_allocator some = {allocate_some, release, NULL};
  for (int n = 1;; n++) {
    mote_error e = {0};
    file_view view;
    sch_file *file = NULL;
    allowed = n;
    mem *m = mem_new(&some, 0);
    assert_non_null(m);
    assert_int_equal(file_from_memory(&view, m, s.data, s.size, false, &e), MOTE_OK);
    const sch_read_options o = {.deep = true};
    const mote_status status = sch_read(&view, m, &o, &file, &e);
    sch_close(file);
    assert_int_equal(atomic_load(&m->used), 0);
    mem_release(m);
    if (!status) break;
    assert_int_equal(status, MOTE_ERR_MEMORY);
    assert_true(n < 1000);
  }
  close_sample(&s);
}

/* ---- other files ---- */

static void other_files_are_named(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
    const char *says;
  } files[] = {
      {"", 0, "empty"},
      {"PK\3\4xxxxxxxx", 12, "zip"},
      {"\x1f\x8b\x08\0\0\0\0\0\0\0", 10, "gzip"},
      {"  <!DOCTYPE html><html>", 23, "web page"},
      {"<HTML><head>", 12, "web page"},
      {"version https://git-lfs.github.com/spec/v1\n", 43, "git-LFS"},
      {"\x89PNG\r\n\x1a\n", 8, "PNG"},
      {"\xff\xd8\xff\xe0xxxxxx", 10, "JPEG"},
      {"\x89HDF\r\n\x1a\n", 8, "HDF5"},
      {"{\"version\": 3}", 14, "JSON"},
      {"Hello, this is a letter.", 24, "text"},
      {"\0\1\2", 3, "8 bytes"},
      {"\1\2\3\4\5\6\7\x8\x9", 9, "TFL3"},
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    const verdict v = verify(files[i].bytes, files[i].size, false);
    assert_int_equal(v.status, MOTE_ERR_FORMAT);
    if (!strstr(v.error.text, files[i].says)) fail_msg("'%s' does not say '%s'", v.error.text, files[i].says);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(head),
      cmocka_unit_test(offsets),
      cmocka_unit_test(tables),
      cmocka_unit_test(vectors),
      cmocka_unit_test(name_at_the_end),
      cmocka_unit_test(unions),
      cmocka_unit_test(many_offsets_to_one_table),
      cmocka_unit_test(many_users_of_one_vector),
      cmocka_unit_test(outside_ranges),
      cmocka_unit_test(both_inside_and_outside),
      cmocka_unit_test(trailing_bytes_are_allowed),
      cmocka_unit_test(any_address_will_do),
      cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(every_bit_flipped),
      cmocka_unit_test(memory_runs_out_anywhere),
      cmocka_unit_test(other_files_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
