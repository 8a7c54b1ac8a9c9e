/* models.c: all rewrites on real models, checked after each, with a bound on how far the answers move: not at all for
 * integers, 1e-5 of their range for floats. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/eval.h"
#include "graph/passes.h"
#include "lower/lower.h"
#include "runtime/runtime.h"
#include "schema/write.h"

/* The file after rewriting; NULL when this build lacks operators. */
static uint8_t *rewritten(const char *name, mote_model *model, const rewrite *const *list, mem *m, size_t *size,
                          int32_t *before, int32_t *after) {
  arena a;
  graph_set set;
  sch_Model *records;
  sch_image image;
  mote_error e;
  uint8_t *data = NULL;
  arena_init(&a, m);
  if (graph_lift(model->schema, NULL, &a, &set, &e) == MOTE_OK) {
    const passes_options options = {.list = list, .check = graph_check};
    *before = set.graphs[0].num_nodes;
    if (graph_infer(&set, &a, &e) != MOTE_OK) fail_msg("%s: %s", name, e.text);
    if (passes_run(&set, &a, &options, NULL, &e) != MOTE_OK) fail_msg("%s: %s", name, e.text);
    *after = set.graphs[0].num_nodes;
    if (lower_graphs(&set, NULL, &a, &records, &e) != MOTE_OK) fail_msg("%s: %s", name, e.text);
    const sch_file file = {.model = records, .data = model->file.data, .size = model->file.size};
    assert_int_equal(sch_write(&file, m, &(sch_write_options){.drop_appended = true}, &image, &e), MOTE_OK);
    assert_int_equal(sch_image_join(&image, m, &data, size, &e), MOTE_OK);
    sch_image_free(&image);
  }
  arena_free(&a);
  return data;
}

typedef struct running {
  mote_program *program;
  mote_session *session;
} running;

static bool start(running *r, const mote_model *model) {
  mote_error e = {0};
  r->program = mote_program_new(model, NULL, &e);
  r->session = r->program ? mote_session_new(r->program, NULL, &e) : NULL;
  return r->session != NULL;
}

static void stop(running *r) {
  mote_session_free(r->session);
  mote_program_free(r->program);
}

static uint32_t state;

static uint32_t chance(void) { return state = state * 1664525U + 1013904223U, state >> 8; }

static void fill(const mote_tensor *t) {
  for (size_t i = 0; i < t->size; i++) ((uint8_t *)t->data)[i] = (uint8_t)(chance() % (t->type == MOTE_BOOL ? 2 : 256));
  const size_t n = t->size / sizeof(float);
  for (size_t i = 0; t->type == MOTE_FLOAT32 && i < n; i++) ((float *)t->data)[i] = (float)(chance() % 2001) / 1000 - 1;
  for (size_t i = 0; (t->type == MOTE_INT32 || t->type == MOTE_INT64) && i < t->size; i++)
    ((uint8_t *)t->data)[i] = i % (t->type == MOTE_INT32 ? 4 : 8) ? 0 : (uint8_t)(chance() % 3);
}

static void compare(const char *name, int32_t output, const mote_tensor *x, const mote_tensor *y) {
  assert_int_equal(x->size, y->size);
  if (x->type != MOTE_FLOAT32) {
    if (x->size && memcmp(x->data, y->data, x->size)) fail_msg("%s: output %d differs", name, (int)output);
    return;
  }
  const float *p = x->data, *q = y->data;
  const size_t n = x->size / sizeof *p;
  double lo = INFINITY, hi = -INFINITY, apart = 0;
  for (size_t i = 0; i < n; i++) {
    if (isnan(p[i]) || isinf(p[i])) continue;
    lo = fmin(lo, p[i]);
    hi = fmax(hi, p[i]);
    if (!(fabs((double)p[i] - q[i]) <= apart)) apart = fabs((double)p[i] - q[i]);
  }
  const double range = n == 1 ? fmax(fabs(hi), 1e-3) : fmax(hi - lo, 1e-6);
  if (n && !(apart <= 1e-5 * range)) fail_msg("%s: output %d is %g apart, range %g", name, (int)output, apart, range);
}

static void same_answers(const char *name, running *a, running *b) {
  assert_int_equal(mote_session_input_count(a->session), mote_session_input_count(b->session));
  assert_int_equal(mote_session_output_count(a->session), mote_session_output_count(b->session));
  state = 1;
  for (int32_t i = 0; i < mote_session_input_count(a->session); i++) {
    mote_tensor *x = mote_session_input(a->session, i), *y = mote_session_input(b->session, i);
    assert_string_equal(x->name, y->name);
    assert_int_equal(x->size, y->size);
    if (!x->data) continue;
    fill(x);
    memcpy(y->data, x->data, x->size);
  }
  const mote_status status = mote_session_run(a->session, NULL);
  assert_int_equal(status, mote_session_run(b->session, NULL));
  for (int32_t i = 0; status == MOTE_OK && i < mote_session_output_count(a->session); i++) {
    assert_string_equal(mote_session_output(a->session, i)->name, mote_session_output(b->session, i)->name);
    compare(name, i, mote_session_output(a->session, i), mote_session_output(b->session, i));
  }
}

static void survives(const char *name, mote_model *model, const rewrite *const *list) {
  mem *m = mem_new(NULL, 0);
  size_t size;
  int32_t before = 0, after = 0;
  mote_error e = {0};
  uint8_t *data = rewritten(name, model, list, m, &size, &before, &after);
  if (data) {
    mote_model *copy = mote_model_from_memory(data, size, NULL, &e);
    if (!copy) fail_msg("%s: the rewritten file is refused: %s", name, e.text);
    running a, b;
    assert_int_equal(start(&a, model), start(&b, copy));
    if (a.session) same_answers(name, &a, &b);
    printf("%-50s %4d operators, %4d after\n", name, (int)before, (int)after);
    stop(&a);
    stop(&b);
    mote_model_free(copy);
    mem_free(m, data);
  }
  mem_release(m);
}

static void with_list(const rewrite *const *list) {
  const char *shared = getenv("MOTE_SHARED");
  char folder[4100], path[4400];
  snprintf(folder, sizeof folder, "%s/models", shared ? shared : "../shared");
  DIR *d = opendir(folder);
  if (!d) {
    printf("left out: real models, because %s is not there\n", folder);
    return;
  }
  for (struct dirent *f; (f = readdir(d));) {
    if (!strstr(f->d_name, ".tflite")) continue;
    snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
    mote_model *model = mote_model_open(path, NULL, NULL);
    assert_non_null(model);
    survives(f->d_name, model, list);
    mote_model_free(model);
  }
  closedir(d);
}

static void all_that_fit_a_file(void **s) {
  (void)s;
  with_list(rewrites_for_files);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_that_fit_a_file)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
