/* bench.c: see bench.h. */
#include "graph/bench.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/trained.h"
#include "lower/lower.h"
#include "mote/mote.h"
#include "schema/write.h"

void bench_begin(bench *t) {
  memset(t, 0, sizeof *t);
  t->mem = mem_new(NULL, 0);
  arena_init(&t->arena, t->mem);
  build_begin(&t->b, &t->arena, &t->set);
  build_graph(&t->b, "main");
  build_at(&t->b, "v");
  t->chance = 7;
}

static float random_number(bench *t) {
  t->chance = t->chance * 1664525U + 1013904223U;
  return (float)(t->chance >> 8) / (float)(1 << 23) - 1;
}

int32_t bench_input(bench *t, const char *name, int32_t rank, const int32_t *dims) {
  return build_input(&t->b, name, MOTE_FLOAT32, rank, dims);
}

int32_t bench_const(bench *t, int32_t rank, const int32_t *dims) {
  float data[4096];
  size_t n = 1;
  for (int32_t i = 0; i < rank; i++) n *= (size_t)dims[i];
  assert_true(n <= 4096);
  for (size_t i = 0; i < n; i++) data[i] = random_number(t);
  return build_const(&t->b, "c", MOTE_FLOAT32, rank, dims, data, BUILD_COPY);
}

int32_t bench_op(bench *t, int32_t code, const void *options, int32_t count, const int32_t *inputs) {
  const int32_t value = build_op(&t->b, code, options, count, inputs);
  if (value < 0) fail_msg("%s", t->b.error.text);
  return value;
}

void bench_output(bench *t, int32_t value) { build_output(&t->b, value); }

/* ---- answers ---- */

enum { MOST_OUTPUTS = 4, MOST_FLOATS = 16384 };

typedef struct answers {
  int32_t count;
  size_t size[MOST_OUTPUTS];
  char name[MOST_OUTPUTS][40];
  mote_type type[MOST_OUTPUTS];
  float data[MOST_OUTPUTS][MOST_FLOATS];
} answers;

static void fill(bench *t, const mote_tensor *in) {
  for (size_t k = 0; k < in->size; k++) ((uint8_t *)in->data)[k] = (uint8_t)(int)(random_number(t) * 127);
  for (size_t k = 0; in->type == MOTE_FLOAT32 && k < in->size / sizeof(float); k++)
    ((float *)in->data)[k] = 4 * random_number(t);
}

/* Open dimensions become 3. */
static void open_dims(mote_session *s) {
  for (int32_t i = 0; i < mote_session_input_count(s); i++) {
    const mote_tensor *in = mote_session_input(s, i);
    int32_t dims[MOTE_MAX_RANK];
    for (int32_t k = 0; k < in->rank; k++) dims[k] = in->signature[k] < 0 ? 3 : in->signature[k];
    assert_int_equal(mote_session_resize(s, i, dims, in->rank, NULL), MOTE_OK);
  }
  assert_int_equal(mote_session_plan(s, NULL), MOTE_OK);
}

static void run(bench *t, answers *to) {
  mote_error e = {0};
  sch_Model *records;
  sch_image image;
  uint8_t *file;
  size_t size;
  if (build_finish(&t->b, &e) != MOTE_OK) fail_msg("%s", e.text);
  if (lower_graphs(&t->set, NULL, &t->arena, &records, &e) != MOTE_OK) fail_msg("%s", e.text);
  assert_int_equal(sch_write(&(sch_file){.model = records}, t->mem, NULL, &image, &e), MOTE_OK);
  assert_int_equal(sch_image_join(&image, t->mem, &file, &size, &e), MOTE_OK);
  sch_image_free(&image);
  mote_model *m = mote_model_from_memory(file, size, NULL, &e);
  if (!m) fail_msg("%s", e.text);
  mote_program *p = mote_program_new(m, &(mote_config){.no_rewrites = true}, &e);
  if (!p) fail_msg("%s", e.text);
  mote_session *s = mote_session_new(p, NULL, &e);
  if (!s) fail_msg("%s", e.text);
  open_dims(s);
  t->chance = 11;
  for (int32_t i = 0; i < mote_session_input_count(s); i++) fill(t, mote_session_input(s, i));
  if (mote_session_run(s, &e) != MOTE_OK) fail_msg("%s", e.text);
  to->count = mote_session_output_count(s);
  for (int32_t i = 0; i < to->count; i++) {
    const mote_tensor *out = mote_session_output(s, i);
    assert_true(out->size <= sizeof to->data[i]);
    to->size[i] = out->size;
    to->type[i] = out->type;
    snprintf(to->name[i], sizeof to->name[i], "%s", out->name);
    if (out->size) memcpy(to->data[i], out->data, out->size);
  }
  mote_session_free(s);
  mote_program_free(p);
  mote_model_free(m);
  mem_free(t->mem, file);
}

static void compare(const answers *a, const answers *b, double bound) {
  assert_int_equal(a->count, b->count);
  for (int32_t i = 0; i < a->count; i++) {
    assert_string_equal(a->name[i], b->name[i]);
    assert_int_equal(a->size[i], b->size[i]);
    if (a->type[i] != MOTE_FLOAT32 || bound == 0) {
      assert_memory_equal(a->data[i], b->data[i], a->size[i]);
      continue;
    }
    double most = 1e-6;
    for (size_t k = 0; k < a->size[i] / sizeof(float); k++) most = fmax(most, fabs((double)a->data[i][k]));
    for (size_t k = 0; k < a->size[i] / sizeof(float); k++)
      if (!(fabs((double)a->data[i][k] - (double)b->data[i][k]) <= bound * most))
        fail_msg("output %d, element %zu: %g before, %g after", (int)i, k, (double)a->data[i][k],
                 (double)b->data[i][k]);
  }
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Sorted, in one line: which operators there are, in whatever order. */
static void sorted_line(char *to, const char **words, int count) {
  qsort(words, (size_t)count, sizeof *words, by_text);
  *to = 0;
  for (int i = 0; i < count; i++) sprintf(to + strlen(to), "%s%s", i ? " " : "", words[i]);
}

static void same_operators(const bench *t, const char *operators) {
  char have[2000], want[2000], text[2000];
  const char *words[100];
  int count = 0;
  const graph *g = &t->set.graphs[0];
  for (int32_t i = 0; i < g->num_nodes; i++) words[i] = g->nodes[i].op->name;
  sorted_line(have, words, g->num_nodes);
  snprintf(text, sizeof text, "%s", operators);
  for (char *at = strtok(text, " "); at; at = strtok(NULL, " ")) words[count++] = at;
  sorted_line(want, words, count);
  assert_string_equal(have, want);
}

void bench_end(bench *t, const char *only, const char *operators, double bound) {
  static answers before, after;
  mote_error e = {0};
  if (t->b.failed) fail_msg("%s", t->b.error.text);
  run(t, &before);
  const passes_options options = {.list =
                                      only && !strcmp(only, "drop-flatten") ? rewrites_for_running : rewrites_for_files,
                                  .check = graph_check,
                                  .only = only};
  if ((trained_has_ranges(&t->set) ? trained_run : passes_run)(&t->set, &t->arena, &options, NULL, &e) != MOTE_OK)
    fail_msg("%s", e.text);
  if (operators) same_operators(t, operators);
  build_resume(&t->b, &t->arena, &t->set, 0);
  run(t, &after);
  compare(&before, &after, bound);
  arena_free(&t->arena);
  mem_release(t->mem);
}
