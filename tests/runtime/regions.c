/* regions.c: operators whose work is a subgraph, and strings, in whole networks: STABLEHLO_SORT, STABLEHLO_SCATTER and
 * STABLEHLO_REDUCE with regions that have to be called, CALL and STABLEHLO_CUSTOM_CALL, and the tokenizer of a
 * published model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "mote/mote.h"
#include "support/net.h"

typedef struct opened {
  mote_model *model;
  mote_program *program;
  mote_session *session;
  mote_error e;
} opened;

static bool open_model(opened *o, mote_model *model) {
  o->model = model;
  o->program = model ? mote_program_new(model, NULL, &o->e) : NULL;
  o->session = o->program ? mote_session_new(o->program, NULL, &o->e) : NULL;
  if (!o->session) print_message("%s\n", o->e.text);
  return o->session != NULL;
}

static void close_all(opened *o) {
  mote_session_free(o->session);
  mote_program_free(o->program);
  mote_model_free(o->model);
}

static sch_Operator *net_hlo(net *n, int32_t code, uint8_t kind, void *options, int in_count, const int32_t *in,
                             int out) {
  sch_Operator *const o = net_op(n, code, 0, NULL, in_count, in, 1, (int32_t[]){out});
  o->builtin_options_2_type = kind;
  o->builtin_options_2 = options;
  return o;
}

/* y = sort(x) by |a| < |b|, with the absolute value as a * a. */
static void sorts_by_a_called_comparator(void **state) {
  (void)state;
  net n;
  size_t size;
  opened o = {0};
  sch_StablehloSortOptions options = {.dimension = 0, .comparator_subgraph_index = 1};
  net_begin(&n);
  const int x = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){5}), y = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){5});
  net_hlo(&n, sch_BuiltinOperator_STABLEHLO_SORT, sch_BuiltinOptions2_StablehloSortOptions, &options, 1, (int32_t[]){x},
          y);
  net_ends(&n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  net_graph(&n);
  int t[4];
  for (int i = 0; i < 4; i++) t[i] = net_tensor(&n, MOTE_FLOAT32, 0, NULL);
  const int less = net_tensor(&n, MOTE_BOOL, 0, NULL);
  for (int i = 0; i < 2; i++)
    net_op(&n, sch_BuiltinOperator_MUL, sch_BuiltinOptions_MulOptions, NULL, 2, (int32_t[]){t[i], t[i]}, 1, &t[2 + i]);
  net_op(&n, sch_BuiltinOperator_LESS, sch_BuiltinOptions_LessOptions, NULL, 2, &t[2], 1, (int32_t[]){less});
  net_ends(&n, 2, t, 1, (int32_t[]){less});
  const uint8_t *const file = net_file(&n, &size);
  assert_non_null(file);
  assert_true(open_model(&o, mote_model_from_memory(file, size, NULL, &o.e)));
  for (int run = 0; run < 2; run++) {
    memcpy(mote_session_input(o.session, 0)->data, (float[]){-3, 2, 0.5f, -1, 3}, 20);
    assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
    assert_memory_equal(mote_session_output(o.session, 0)->data, ((float[]){0.5f, -1, 2, -3, 3}), 20);
  }
  close_all(&o);
  net_end(&n);
}

/* y = x, with each update multiplied by itself and added. */
static void scatters_by_a_called_region(void **state) {
  (void)state;
  net n;
  size_t size;
  opened o = {0};
  const int64_t zero = 0;
  const int32_t places[3] = {2, 0, 2};
  sch_StablehloScatterOptions options = {.inserted_window_dims = {&zero, 1},
                                         .scatter_dims_to_operand_dims = {&zero, 1},
                                         .index_vector_dim = 1,
                                         .update_computation_subgraph_index = 1};
  net_begin(&n);
  const int x = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){3}), y = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){3});
  const int at = net_const(&n, MOTE_INT32, 1, (int32_t[]){3}, places, sizeof places);
  const int updates = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){3});
  net_hlo(&n, sch_BuiltinOperator_STABLEHLO_SCATTER, sch_BuiltinOptions2_StablehloScatterOptions, &options, 3,
          (int32_t[]){x, at, updates}, y);
  net_ends(&n, 2, (int32_t[]){x, updates}, 1, (int32_t[]){y});
  net_graph(&n);
  int t[4];
  for (int i = 0; i < 4; i++) t[i] = net_tensor(&n, MOTE_FLOAT32, 0, NULL);
  net_op(&n, sch_BuiltinOperator_MUL, sch_BuiltinOptions_MulOptions, NULL, 2, (int32_t[]){t[1], t[1]}, 1, &t[2]);
  net_op(&n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){t[0], t[2]}, 1, &t[3]);
  net_ends(&n, 2, t, 1, &t[3]);
  const uint8_t *const file = net_file(&n, &size);
  assert_non_null(file);
  assert_true(open_model(&o, mote_model_from_memory(file, size, NULL, &o.e)));
  memcpy(mote_session_input(o.session, 0)->data, (float[]){1, 1, 1}, 12);
  memcpy(mote_session_input(o.session, 1)->data, (float[]){2, 3, 4}, 12);
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  assert_memory_equal(mote_session_output(o.session, 0)->data, ((float[]){10, 1, 21}), 12);
  close_all(&o);
  net_end(&n);
}

/* Two operands folded at once along dimension 0: sums of squares, and largest elements. */
static void reduces_by_a_called_region(void **state) {
  (void)state;
  net n;
  size_t size;
  opened o = {0};
  const int64_t zero = 0;
  sch_StablehloReduceOptions options = {.dimensions = {&zero, 1}, .body_subgraph_index = 1};
  net_begin(&n);
  const int x = net_tensor(&n, MOTE_FLOAT32, 2, (int32_t[]){3, 2}),
            v = net_tensor(&n, MOTE_INT32, 2, (int32_t[]){3, 2});
  const int a = net_const(&n, MOTE_FLOAT32, 0, NULL, &(float){1}, 4);
  const int b = net_const(&n, MOTE_INT32, 0, NULL, &(int32_t){-9}, 4);
  const int32_t out[] = {net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){2}),
                         net_tensor(&n, MOTE_INT32, 1, (int32_t[]){2})};
  sch_Operator *const op = net_hlo(&n, sch_BuiltinOperator_STABLEHLO_REDUCE, sch_BuiltinOptions2_StablehloReduceOptions,
                                   &options, 4, (int32_t[]){x, v, a, b}, out[0]);
  op->outputs = net_ints(&n, 2, out);
  net_ends(&n, 2, (int32_t[]){x, v}, 2, out);
  net_graph(&n);
  int32_t t[7];
  for (int i = 0; i < 7; i++) t[i] = net_tensor(&n, i % 2 || i == 6 ? MOTE_INT32 : MOTE_FLOAT32, 0, NULL);
  const int sum = net_tensor(&n, MOTE_FLOAT32, 0, NULL);
  net_op(&n, sch_BuiltinOperator_MUL, sch_BuiltinOptions_MulOptions, NULL, 2, (int32_t[]){t[2], t[2]}, 1, &t[4]);
  net_op(&n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){t[0], t[4]}, 1, &sum);
  net_op(&n, sch_BuiltinOperator_MAXIMUM, sch_BuiltinOptions_MaximumMinimumOptions, NULL, 2, (int32_t[]){t[1], t[3]}, 1,
         &t[6]);
  net_ends(&n, 4, t, 2, (int32_t[]){sum, t[6]});
  const uint8_t *const file = net_file(&n, &size);
  assert_non_null(file);
  assert_true(open_model(&o, mote_model_from_memory(file, size, NULL, &o.e)));
  memcpy(mote_session_input(o.session, 0)->data, (float[]){1, 2, 3, 4, 5, 6}, 24);
  memcpy(mote_session_input(o.session, 1)->data, (int32_t[]){5, -20, 7, -30, 6, -40}, 24);
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  assert_memory_equal(mote_session_output(o.session, 0)->data, ((float[]){36, 57}), 8);
  assert_memory_equal(mote_session_output(o.session, 1)->data, ((int32_t[]){7, -9}), 8);
  close_all(&o);
  net_end(&n);
}

/* y = x + x in a subgraph, called by CALL or by a custom call of this name that brings it, or none. */
static bool calls(opened *o, net *n, const char *target, bool brings) {
  size_t size;
  static const int32_t graph = 1;
  sch_CallOptions call = {.subgraph = 1};
  sch_StablehloCustomCallOptions custom = {.called_computations = {&graph, brings}};
  if (target) custom.call_target_name = net_text(target);
  net_begin(n);
  const int32_t x = net_tensor(n, MOTE_FLOAT32, 1, (int32_t[]){3}), y = net_tensor(n, MOTE_FLOAT32, 1, (int32_t[]){3});
  if (target)
    net_hlo(n, sch_BuiltinOperator_STABLEHLO_CUSTOM_CALL, sch_BuiltinOptions2_StablehloCustomCallOptions, &custom, 1,
            &x, y);
  else net_op(n, sch_BuiltinOperator_CALL, sch_BuiltinOptions_CallOptions, &call, 1, &x, 1, &y);
  net_ends(n, 1, &x, 1, &y);
  net_graph(n);
  const int32_t in = net_tensor(n, MOTE_FLOAT32, 1, (int32_t[]){3}),
                out = net_tensor(n, MOTE_FLOAT32, 1, (int32_t[]){3});
  net_op(n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){in, in}, 1, &out);
  net_ends(n, 1, &in, 1, &out);
  const uint8_t *const file = net_file(n, &size);
  assert_non_null(file);
  *o = (opened){0};
  if (!open_model(o, mote_model_from_memory(file, size, NULL, &o->e))) return false;
  memcpy(mote_session_input(o->session, 0)->data, (float[]){1, 2, 3}, 12);
  assert_int_equal(mote_session_run(o->session, &o->e), MOTE_OK);
  return true;
}

static void calls_subgraphs(void **state) {
  (void)state;
  static const struct {
    const char *target;
    bool brings;
    float first; /* 0: refused */
  } cases[] = {{NULL, true, 2}, {"some.function", true, 2}, {"Sharding", false, 1}, {"some.function", false, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    net n;
    opened o;
    const bool runs = calls(&o, &n, cases[i].target, cases[i].brings);
    assert_int_equal(runs, cases[i].first > 0);
    if (runs) assert_true(((const float *)mote_session_output(o.session, 0)->data)[0] == cases[i].first);
    else assert_non_null(strstr(o.e.text, "some.function"));
    close_all(&o);
    net_end(&n);
  }
}

static void splits_a_sentence(void **state) {
  (void)state;
  char path[1024];
  opened o = {0};
  const char *const shared = getenv("MOTE_SHARED"), *const sentence = " I am a  tokenized sentence";
  const char *const words[] = {"I", "am", "a", "tokenized", "sentence"};
  const size_t length = strlen(sentence);
  snprintf(path, sizeof path, "%s/models/tftext_whitespace_tokenizer.tflite", shared ? shared : "../shared");
  mote_model *const model = mote_model_open(path, NULL, &o.e);
  if (!model) {
    print_message("skipped: %s is not there (MOTE_SHARED names its folder)\n", path);
    skip();
  }
  assert_true(open_model(&o, model));
  assert_int_equal(mote_session_write_strings(o.session, 0, &sentence, &length, 1, &o.e), MOTE_OK);
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  const mote_tensor *const out = mote_session_output(o.session, 0);
  assert_memory_equal(out->dims, ((int32_t[]){1, 5}), 8);
  for (size_t i = 0; i < 5; i++) {
    const char *word;
    size_t size;
    assert_true(mote_tensor_string(out, i, &word, &size));
    assert_int_equal(size, strlen(words[i]));
    assert_memory_equal(word, words[i], size);
  }
  close_all(&o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sorts_by_a_called_comparator),
      cmocka_unit_test(scatters_by_a_called_region),
      cmocka_unit_test(reduces_by_a_called_region),
      cmocka_unit_test(calls_subgraphs),
      cmocka_unit_test(splits_a_sentence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
