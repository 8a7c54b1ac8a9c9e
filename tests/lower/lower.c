/* lower.c: file -> graphs -> file: the copy verifies and gives the same outputs, for small networks and real models. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "lower/lower.h"
#include "mote/mote.h"
#include "runtime/runtime.h"
#include "support/net.h"

/* The file of a model's graphs, lifted and lowered; owned by mem. */
static uint8_t *copy_of(mote_model *model, mem *m, size_t *size) {
  arena a;
  arena_init(&a, m);
  graph_set graphs;
  sch_Model *records;
  sch_image image;
  mote_error e;
  uint8_t *data = NULL;
  const sch_Model *from = model->schema->model;
  const lower_about about = {.description = from->description};
  if (graph_lift(model->schema, NULL, &a, &graphs, &e) == MOTE_OK) {
    assert_int_equal(lower_graphs(&graphs, &about, &a, &records, &e), MOTE_OK);
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
  r->program = mote_program_new(model, NULL, NULL);
  r->session = r->program ? mote_session_new(r->program, NULL, NULL) : NULL;
  return r->session != NULL;
}

static void stop(running *r) {
  mote_session_free(r->session);
  mote_program_free(r->program);
}

static void same_answers(const char *name, running *a, running *b) {
  assert_int_equal(mote_session_input_count(a->session), mote_session_input_count(b->session));
  assert_int_equal(mote_session_output_count(a->session), mote_session_output_count(b->session));
  for (int32_t i = 0; i < mote_session_input_count(a->session); i++) {
    mote_tensor *x = mote_session_input(a->session, i), *y = mote_session_input(b->session, i);
    assert_int_equal(x->size, y->size);
    for (size_t k = 0; x->data && k < x->size; k++)
      ((uint8_t *)x->data)[k] = x->type == MOTE_FLOAT32 ? (k & 3) == 3 ? 0x3e : (uint8_t)k : (uint8_t)(k % 5);
    if (x->data) memcpy(y->data, x->data, x->size);
  }
  for (int step = 0; step < 2; step++) {
    const mote_status status = mote_session_run(a->session, NULL);
    assert_int_equal(status, mote_session_run(b->session, NULL));
    for (int32_t i = 0; status == MOTE_OK && i < mote_session_output_count(a->session); i++) {
      const mote_tensor *x = mote_session_output(a->session, i), *y = mote_session_output(b->session, i);
      assert_int_equal(x->size, y->size);
      if (x->size && memcmp(x->data, y->data, x->size)) fail_msg("%s: output %d differs", name, (int)i);
    }
  }
}

/* False when this build lacks operators of the model. */
static bool survives(const char *name, mote_model *model) {
  mem *m = mem_new(NULL, 0);
  size_t size;
  uint8_t *data = copy_of(model, m, &size);
  mote_error e = {0};
  if (data) {
    mote_model *copy = mote_model_from_memory(data, size, NULL, &e);
    if (!copy) fail_msg("%s: the copy is refused: %s", name, e.text);
    running a, b;
    assert_int_equal(start(&a, model), start(&b, copy));
    if (a.session) same_answers(name, &a, &b);
    stop(&a);
    stop(&b);
    mote_model_free(copy);
    mem_free(m, data);
  }
  mem_release(m);
  return data != NULL;
}

static void small_networks(void **state) {
  (void)state;
  net n;
  size_t size;
  net_begin(&n);
  const int x = net_tensor(&n, MOTE_INT8, 2, (int32_t[]){1, 3}), y = net_tensor(&n, MOTE_INT8, 2, (int32_t[]){1, 3});
  net_quant(&n, x, 0.5F, -3);
  net_quant(&n, y, 0.25F, 4);
  net_open_dim(&n, x, 0);
  net_op(&n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){x, x}, 1, (int32_t[]){y});
  net_ends(&n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  net_signature(&n, "serving_default");
  const uint8_t *file = net_file(&n, &size);
  mote_model *model = mote_model_from_memory(file, size, NULL, NULL);
  assert_non_null(model);
  assert_true(survives("built", model));
  mote_model_free(model);
  net_end(&n);
}

static void real_models(void **state) {
  (void)state;
  const char *shared = getenv("MOTE_SHARED");
  char folder[4100], path[4400];
  snprintf(folder, sizeof folder, "%s/models", shared ? shared : "../shared");
  DIR *d = opendir(folder);
  if (!d) {
    printf("left out: real models, because %s is not there\n", folder);
    return;
  }
  int count = 0;
  for (struct dirent *f; (f = readdir(d));) {
    if (!strstr(f->d_name, ".tflite")) continue;
    snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
    mote_model *model = mote_model_open(path, NULL, NULL);
    assert_non_null(model);
    count += survives(f->d_name, model);
    mote_model_free(model);
  }
  closedir(d);
  assert_true(count > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(small_networks), cmocka_unit_test(real_models)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
