/* Lists that loops fill, through the public interface: a small loop, and a real network of two LSTM layers against
 * float64. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"
#include "mote/mote.h"
#include "schema/read.h"
#include "support/net.h"

static int scalar(net *n, mote_type type) { return net_tensor(n, type, 0, NULL); }

static int int_const(net *n, int32_t value) { return net_const(n, MOTE_INT32, 0, NULL, &value, sizeof value); }

/* while (i < count) list[i] = i * i, i += 1; then all of the list. */
static const uint8_t *squares(net *n, size_t *size) {
  static sch_WhileOptions loop;
  loop = *(const sch_WhileOptions *)sch_options_default(1, sch_BuiltinOptions_WhileOptions);
  loop.cond_subgraph_index = 1, loop.body_subgraph_index = 2;
  net_begin(n);
  const int count = scalar(n, MOTE_INT32), zero = int_const(n, 0),
            shape = net_const(n, MOTE_INT32, 1, (int32_t[]){0}, "", 0);
  const int list = scalar(n, MOTE_VARIANT), i = scalar(n, MOTE_INT32), all = scalar(n, MOTE_INT32);
  const int full = scalar(n, MOTE_VARIANT), y = net_tensor(n, MOTE_INT32, 1, (int32_t[]){1});
  net_custom(n, "TensorListReserve", 2, (int32_t[]){shape, count}, 1, (int32_t[]){list});
  net_op(n, sch_BuiltinOperator_WHILE, sch_BuiltinOptions_WhileOptions, &loop, 3, (int32_t[]){zero, count, list}, 3,
         (int32_t[]){i, all, full});
  net_custom(n, "TensorListStack", 2, (int32_t[]){full, shape}, 1, (int32_t[]){y});
  net_ends(n, 1, (int32_t[]){count}, 1, (int32_t[]){y});
  net_graph(n);
  const int ci = scalar(n, MOTE_INT32), cn = scalar(n, MOTE_INT32), cl = scalar(n, MOTE_VARIANT),
            go = scalar(n, MOTE_BOOL);
  net_op(n, sch_BuiltinOperator_LESS, sch_BuiltinOptions_LessOptions, NULL, 2, (int32_t[]){ci, cn}, 1, (int32_t[]){go});
  net_ends(n, 3, (int32_t[]){ci, cn, cl}, 1, (int32_t[]){go});
  net_graph(n);
  const int bi = scalar(n, MOTE_INT32), bn = scalar(n, MOTE_INT32), bl = scalar(n, MOTE_VARIANT), one = int_const(n, 1);
  const int square = scalar(n, MOTE_INT32), next = scalar(n, MOTE_INT32), more = scalar(n, MOTE_VARIANT);
  net_op(n, sch_BuiltinOperator_MUL, sch_BuiltinOptions_MulOptions, NULL, 2, (int32_t[]){bi, bi}, 1,
         (int32_t[]){square});
  net_op(n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){bi, one}, 1,
         (int32_t[]){next});
  net_custom(n, "TensorListSetItem", 3, (int32_t[]){bl, bi, square}, 1, (int32_t[]){more});
  net_ends(n, 3, (int32_t[]){bi, bn, bl}, 3, (int32_t[]){next, bn, more});
  return net_file(n, size);
}

static void loops_fill_lists(void **state) {
  (void)state;
  static const int32_t counts[] = {5, 0, 300, 1, 40};
  net n;
  size_t size;
  mote_error e;
  const uint8_t *const file = squares(&n, &size);
  mote_model *const model = mote_model_from_memory(file, size, NULL, &e);
  mote_program *const program = mote_program_new(model, NULL, &e);
  mote_session *const session = mote_session_new(program, NULL, &e);
  assert_non_null(session);
  for (int turn = 0; turn < 5; turn++) {
    const int32_t count = counts[turn];
    *(int32_t *)mote_session_input(session, 0)->data = count;
    assert_int_equal(mote_session_run(session, &e), MOTE_OK);
    const mote_tensor *const y = mote_session_output(session, 0);
    assert_true(y->rank == 1 && y->dims[0] == count);
    for (int32_t i = 0; i < count; i++) assert_int_equal(((const int32_t *)y->data)[i], i * i);
  }
  *(int32_t *)mote_session_input(session, 0)->data = -1;
  assert_int_equal(mote_session_run(session, &e), MOTE_ERR_RUN);
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
  net_end(&n);
}

/* ---- a real network ---- */

enum { STEPS = 50, FEATURES = 132, UNITS = 64, CLASSES = 3 };

/* Where the constants of a layer are: subgraph, weights, weights of the state, bias. */
typedef struct layer {
  int graph, weights, recurrent, bias;
} layer;

static const float *constant(const sch_file *file, int graph, int tensor) {
  const void *data;
  uint64_t size;
  const sch_Tensor *const t = &file->model->subgraphs.data[graph].tensors.data[tensor];
  assert_true(sch_buffer(file, t->buffer, &data, &size) && size > 0);
  return data;
}

static double dot(const float *w, const double *x, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += (double)w[i] * x[i];
  return sum;
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* Gates in the order input, forget, cell, output; relu where others have tanh. */
static void lstm(const sch_file *file, const layer *l, int features, const double *x, double (*y)[UNITS]) {
  const float *const w = constant(file, l->graph, l->weights), *const r = constant(file, l->graph, l->recurrent);
  const float *const bias = constant(file, l->graph, l->bias);
  double cell[UNITS] = {0}, before[UNITS] = {0}, z[4 * UNITS];
  for (int t = 0; t < STEPS; t++) {
    for (int i = 0; i < 4 * UNITS; i++)
      z[i] = dot(w + i * features, x + t * features, features) + dot(r + i * UNITS, before, UNITS) + (double)bias[i];
    for (int i = 0; i < UNITS; i++) {
      cell[i] = sigmoid(z[UNITS + i]) * cell[i] + sigmoid(z[i]) * fmax(0, z[2 * UNITS + i]);
      y[t][i] = sigmoid(z[3 * UNITS + i]) * fmax(0, cell[i]);
    }
    memcpy(before, y[t], sizeof before);
  }
}

static void classify(const sch_file *file, const double *x, double *classes) {
  static double first[STEPS][UNITS], second[STEPS][UNITS];
  double hidden[UNITS], sum = 0;
  lstm(file, &(layer){2, 9, 8, 7}, FEATURES, x, first);
  lstm(file, &(layer){4, 11, 10, 9}, UNITS, first[0], second);
  for (int i = 0; i < UNITS; i++)
    hidden[i] =
        fmax(0, dot(constant(file, 0, 15) + i * UNITS, second[STEPS - 1], UNITS) + (double)constant(file, 0, 4)[i]);
  for (int i = 0; i < CLASSES; i++)
    sum += classes[i] = exp(dot(constant(file, 0, 16) + i * UNITS, hidden, UNITS) + (double)constant(file, 0, 5)[i]);
  for (int i = 0; i < CLASSES; i++) classes[i] /= sum;
}

static void two_layers_agree_with_float64(void **state) {
  (void)state;
  char path[1024];
  static double exact[STEPS * FEATURES];
  const char *const shared = getenv("MOTE_SHARED");
  mote_error e;
  file_view view;
  sch_file *file;
  mem *const m = mem_new(NULL, 0);
  snprintf(path, sizeof path, "%s/convert/action_lstm/official.tflite", shared ? shared : "../shared");
  if (file_open(&view, m, path, false, &e) != MOTE_OK) {
    mem_release(m);
    print_message("skipped: %s is not there (MOTE_SHARED names its folder)\n", path);
    skip();
  }
  assert_int_equal(sch_read(&view, m, NULL, &file, &e), MOTE_OK);
  mote_model *const model = mote_model_open(path, NULL, &e);
  mote_program *const program = mote_program_new(model, NULL, &e);
  mote_session *const session = mote_session_new(program, NULL, &e);
  assert_non_null(session);
  for (int turn = 0; turn < 3; turn++) {
    double want[CLASSES];
    float *const x = mote_session_input(session, 0)->data;
    for (int i = 0; i < STEPS * FEATURES; i++) exact[i] = x[i] = (float)sin(i * (0.3 + turn)) * (float)(1 + i % 3);
    classify(file, exact, want);
    assert_int_equal(mote_session_run(session, &e), MOTE_OK);
    const float *const y = mote_session_output(session, 0)->data;
    for (int i = 0; i < CLASSES; i++) assert_true(fabs((double)y[i] - want[i]) < 1e-4);
  }
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
  sch_close(file);
  file_close(&view);
  mem_release(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loops_fill_lists),
      cmocka_unit_test(two_layers_agree_with_float64),
  };
  return cmocka_run_group_tests_name("runtime: lists", tests, NULL, NULL);
}
