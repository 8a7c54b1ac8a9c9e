/* network.c: mote/graph.h as its users meet it: built by hand, saved, opened, extended, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mote/graph.h"

/* Runs the network as it is on one float input; returns its first output, which the caller does not own. */
typedef struct running {
  mote_model *model;
  mote_program *program;
  mote_session *session;
} running;

static void start(running *r, mote_graph *g) {
  const void *data;
  size_t size;
  mote_error e = {0};
  if (mote_graph_bytes(g, &data, &size, &e) != MOTE_OK) fail_msg("%s", e.text);
  r->model = mote_model_from_memory(data, size, NULL, &e);
  if (!r->model) fail_msg("%s", e.text);
  r->program = mote_program_new(r->model, NULL, &e);
  if (!r->program) fail_msg("%s", e.text);
  r->session = mote_session_new(r->program, NULL, &e);
  if (!r->session) fail_msg("%s", e.text);
}

static void stop(running *r) {
  mote_session_free(r->session);
  mote_program_free(r->program);
  mote_model_free(r->model);
}

static mote_graph *doubler(void) {
  mote_graph *g = mote_graph_new(NULL, NULL);
  assert_non_null(g);
  const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 2, (int32_t[]){-1, 3});
  mote_graph_output(g, MOTE_OP(g, "twice", "ADD", NULL, x, x));
  return g;
}

static void options_are_text(void **state) {
  (void)state;
  mote_graph *g = mote_graph_new(NULL, NULL);
  const float kernel[9] = {0, 0, 0, 0, 1, 0, 0, 0, 0}, bias[1] = {-3};
  const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 1});
  const mote_value w = mote_graph_const(g, "w", MOTE_FLOAT32, 4, (int32_t[]){1, 3, 3, 1}, kernel);
  const mote_value b = mote_graph_const(g, "b", MOTE_FLOAT32, 1, (int32_t[]){1}, bias);
  const mote_value y =
      MOTE_OP(g, "conv", "CONV_2D", "padding: SAME, stride_w: 2,stride_h:2 , fused_activation_function: RELU", x, w, b);
  mote_tensor view;
  assert_true(mote_graph_value(g, y, &view));
  assert_int_equal(view.rank, 4);
  assert_int_equal(view.signature[1], 2);
  const mote_value z = MOTE_OP(g, "flat", "RESHAPE", "new_shape: [1, -1]", y);
  assert_true(mote_graph_value(g, z, &view));
  assert_int_equal(view.signature[1], 4);
  mote_graph_output(g, z);
  running r;
  start(&r, g);
  float *in = mote_session_input(r.session, 0)->data;
  for (int i = 0; i < 16; i++) in[i] = (float)i;
  assert_int_equal(mote_session_run(r.session, NULL), MOTE_OK);
  const float *out = mote_session_output(r.session, 0)->data;
  const float want[4] = {2, 4, 10, 12}; /* padding stands behind: centres are 5, 7, 13, 15 */
  for (int i = 0; i < 4; i++) assert_float_equal(out[i], want[i], 0);
  stop(&r);
  mote_graph_free(g);
}

/* Each mistake of a user, and words its sentence must have. */
static void mistakes_are_told(void **state) {
  (void)state;
  static const struct {
    const char *op, *options, *words[3];
  } cases[] = {
      {"CONV2D", NULL, {"no operator 'CONV2D'", "mote ops", "'n'"}},
      {"SOFTMAX", "bta: 1", {"no option 'bta'", "it has beta", "'n'"}},
      {"SOFTMAX", "beta: big", {"'beta'", "takes a number", "'big'"}},
      {"SOFTMAX", "beta 1", {"'beta'", "colon", "'n'"}},
      {"MAX_POOL_2D", "padding: same", {"'padding'", "SAME, VALID", "'same'"}},
      {"MAX_POOL_2D", "stride_w: 2 stride_h: 2", {"comma", "stride_w", "stride_h"}},
      {"RESHAPE", "new_shape: 3", {"'new_shape'", "list in brackets", "'3'"}},
      {"FLOOR", "anything: 1", {"FLOOR", "no options", "'n'"}},
      {"CONV_2D", NULL, {"CONV_2D", "1 inputs", "'n'"}},
      {"MATMUL_OF_NO_ONE", NULL, {"MATMUL_OF_NO_ONE", "no operator", "'n'"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    mote_graph *g = mote_graph_new(NULL, NULL);
    mote_error e = {0};
    const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 4, (int32_t[]){1, 2, 2, 1});
    assert_int_equal(MOTE_OP(g, "n", cases[i].op, cases[i].options, x), MOTE_NO_VALUE);
    assert_int_equal(MOTE_OP(g, "after", "ADD", NULL, x, x), MOTE_NO_VALUE);
    assert_int_not_equal(mote_graph_check(g, &e), MOTE_OK);
    for (int k = 0; k < 3; k++)
      if (!strstr(e.text, cases[i].words[k])) fail_msg("'%s' lacks \"%s\"", e.text, cases[i].words[k]);
    mote_graph_free(g);
  }
}

static void no_output_is_refused(void **state) {
  (void)state;
  mote_graph *g = mote_graph_new(NULL, NULL);
  mote_error e = {0};
  assert_int_equal(mote_graph_check(g, &e), MOTE_ERR_MODEL);
  assert_int_equal(mote_graph_save(g, "/nowhere/x.tflite", &e), MOTE_ERR_MODEL);
  mote_graph_free(g);
  g = doubler();
  assert_int_equal(mote_graph_save(g, "/nowhere/x.tflite", &e), MOTE_ERR_IO);
  mote_graph_free(g);
}

static void saved_opened_and_extended(void **state) {
  (void)state;
  char folder[] = "/tmp/mote-network-XXXXXX", path[100];
  mote_error e = {0};
  assert_non_null(mkdtemp(folder));
  for (int json = 0; json < 2; json++) {
    snprintf(path, sizeof path, "%s/twice.%s", folder, json ? "json" : "tflite");
    mote_graph *g = doubler();
    mote_graph_describe(g, "doubles");
    if (mote_graph_save(g, path, &e) != MOTE_OK) fail_msg("%s", e.text);
    mote_graph_free(g);
    g = mote_graph_open(path, NULL, &e);
    if (!g) fail_msg("%s", e.text);
    assert_int_equal(mote_graph_node_count(g), 1);
    assert_string_equal(mote_graph_node_op(g, 0), "ADD");
    const mote_value y = mote_graph_output_at(g, 0);
    assert_int_equal(mote_graph_find(g, "twice"), y);
    mote_graph_output(g, MOTE_OP(g, "minus", "NEG", NULL, y));
    running r;
    start(&r, g);
    assert_string_equal(mote_model_description(r.model), "doubles");
    assert_string_equal(mote_model_signature_key(r.model, 0), "serving_default");
    assert_int_equal(mote_session_resize(r.session, 0, (int32_t[]){1, 3}, 2, NULL), MOTE_OK);
    assert_int_equal(mote_session_plan(r.session, NULL), MOTE_OK);
    memcpy(mote_session_input(r.session, 0)->data, (float[]){1, 2, 3}, 12);
    assert_int_equal(mote_session_run(r.session, NULL), MOTE_OK);
    assert_float_equal(((const float *)mote_session_output(r.session, 1)->data)[2], -6, 0);
    stop(&r);
    mote_graph_free(g);
    unlink(path);
  }
  rmdir(folder);
}

static void quantized_values(void **state) {
  (void)state;
  mote_graph *g = mote_graph_new(NULL, NULL);
  const mote_value x = mote_graph_input(g, "x", MOTE_INT8, 2, (int32_t[]){1, 4});
  mote_graph_quantize(g, x, 0.5F, 3);
  const mote_value y = mote_graph_op_n(g, "real", "DEQUANTIZE", NULL, &x, 1, 1, (const mote_type[]){MOTE_FLOAT32});
  mote_graph_output(g, y);
  mote_tensor view;
  assert_true(mote_graph_value(g, x, &view));
  assert_float_equal(view.scale, 0.5F, 0);
  assert_int_equal(view.zero_point, 3);
  running r;
  start(&r, g);
  ((int8_t *)mote_session_input(r.session, 0)->data)[1] = 7;
  assert_int_equal(mote_session_run(r.session, NULL), MOTE_OK);
  assert_float_equal(((const float *)mote_session_output(r.session, 0)->data)[1], 2, 0);
  assert_string_equal(mote_graph_runtime(g), "1.14.0");
  assert_int_equal(mote_graph_fits(g, "1.13", NULL), MOTE_ERR_UNSUPPORTED);
  stop(&r);
  mote_graph_free(g);
}

/* ---- when memory runs out ---- */

static long left;

static void *allocate(void *user, size_t size) {
  (void)user;
  return left-- > 0 ? malloc(size) : NULL;
}

static void release(void *user, void *block) {
  (void)user;
  free(block);
}

/* Builds, improves and writes a network; false when some allocation failed. */
static bool build_all(void) {
  static const float weights[72], few[8];
  const mote_config config = {.allocator = {.allocate = allocate, .release = release}};
  mote_error e = {0};
  const void *data;
  size_t size;
  mote_graph *g = mote_graph_new(&config, &e);
  if (!g) return false;
  const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 4, (int32_t[]){-1, 6, 6, 1});
  const mote_value w = mote_graph_const(g, "w", MOTE_FLOAT32, 4, (int32_t[]){8, 3, 3, 1}, weights);
  const mote_value b = mote_graph_const(g, "b", MOTE_FLOAT32, 1, (int32_t[]){8}, few);
  const mote_value pads =
      mote_graph_const(g, "p", MOTE_INT32, 2, (int32_t[]){4, 2}, (int32_t[]){0, 0, 1, 1, 1, 1, 0, 0});
  const mote_value p = MOTE_OP(g, "pad", "PAD", NULL, x, pads);
  const mote_value c = MOTE_OP(g, "conv", "CONV_2D", "padding: VALID, stride_w: 1, stride_h: 1", p, w, b);
  const mote_value s = MOTE_OP(g, "scaled", "DIV", NULL, c, mote_graph_float(g, "two", 2));
  const mote_value a =
      MOTE_OP(g, "sum", "ADD", NULL,
              MOTE_OP(g, "t", "TRANSPOSE", NULL, s, mote_graph_ints(g, "order", 4, (int32_t[]){0, 3, 1, 2})),
              mote_graph_float(g, "one", 1));
  const mote_value r = MOTE_OP(g, "r", "MAXIMUM", NULL, a, mote_graph_float(g, "zero", 0));
  mote_graph_output(g, MOTE_OP(g, "y", "MEAN", NULL, r, mote_graph_ints(g, "axes", 2, (int32_t[]){2, 3})));
  mote_status status = mote_graph_improve(g, NULL, &e);
  if (status == MOTE_OK) status = mote_graph_bytes(g, &data, &size, &e);
  if (status != MOTE_OK && status != MOTE_ERR_MEMORY) fail_msg("after %ld allocations: %s", left, e.text);
  mote_graph_free(g);
  return status == MOTE_OK;
}

static void any_allocation_may_fail(void **state) {
  (void)state;
  long count = 0;
  for (bool done = false; !done && count < 3000; count++) {
    left = count;
    done = build_all();
  }
  assert_true(count > 10 && count < 3000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_are_text),     cmocka_unit_test(mistakes_are_told),
      cmocka_unit_test(no_output_is_refused), cmocka_unit_test(saved_opened_and_extended),
      cmocka_unit_test(quantized_values),     cmocka_unit_test(any_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
