/* build.c: networks built node by node: shapes follow, open dimensions stay open, and the file runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "graph/build.h"
#include "lower/lower.h"
#include "mote/mote.h"
#include "schema/write.h"

typedef struct made {
  mem *mem;
  arena arena;
  graph_set set;
  graph_builder b;
  uint8_t *file;
  mote_model *model;
  mote_program *program;
  mote_session *session;
} made;

static void begin(made *m) {
  memset(m, 0, sizeof *m);
  m->mem = mem_new(NULL, 0);
  arena_init(&m->arena, m->mem);
  build_begin(&m->b, &m->arena, &m->set);
  build_graph(&m->b, "main");
}

/* Finishes, writes, opens and plans. */
static mote_session *start(made *m) {
  mote_error e = {0};
  sch_Model *records;
  sch_image image;
  size_t size;
  if (build_finish(&m->b, &e) != MOTE_OK) fail_msg("%s", e.text);
  if (lower_graphs(&m->set, NULL, &m->arena, &records, &e) != MOTE_OK) fail_msg("%s", e.text);
  const sch_file file = {.model = records};
  assert_int_equal(sch_write(&file, m->mem, NULL, &image, &e), MOTE_OK);
  assert_int_equal(sch_image_join(&image, m->mem, &m->file, &size, &e), MOTE_OK);
  sch_image_free(&image);
  m->model = mote_model_from_memory(m->file, size, NULL, &e);
  if (!m->model) fail_msg("%s", e.text);
  m->program = mote_program_new(m->model, NULL, &e);
  if (!m->program) fail_msg("%s", e.text);
  m->session = mote_session_new(m->program, NULL, &e);
  if (!m->session) fail_msg("%s", e.text);
  return m->session;
}

static void end(made *m) {
  mote_session_free(m->session);
  mote_program_free(m->program);
  mote_model_free(m->model);
  mem_free(m->mem, m->file);
  arena_free(&m->arena);
  mem_release(m->mem);
}

static void has_shape(const graph_builder *b, int32_t value, int32_t rank, const int32_t *dims) {
  assert_false(b->failed);
  assert_int_equal(build_rank(b, value), rank);
  for (int32_t i = 0; i < rank; i++) assert_int_equal(build_dim(b, value, i), dims[i]);
}

static void convolution_with_open_batch(void **state) {
  (void)state;
  made m;
  begin(&m);
  const float weights[8] = {1, 2, 3, 4, -1, -2, -3, -4}, bias[2] = {10, 20};
  const int32_t x = build_input(&m.b, "x", MOTE_FLOAT32, 4, (int32_t[]){-1, 4, 4, 1});
  build_at(&m.b, "conv");
  sch_Conv2DOptions o = BUILD_OPTIONS(Conv2DOptions);
  o.padding = sch_Padding_VALID;
  o.stride_h = o.stride_w = 2;
  const int32_t w = build_const(&m.b, "w", MOTE_FLOAT32, 4, (int32_t[]){2, 2, 2, 1}, weights, BUILD_COPY);
  const int32_t c = build_const(&m.b, "c", MOTE_FLOAT32, 1, (int32_t[]){2}, bias, BUILD_BORROW);
  const int32_t y = build_op(&m.b, sch_BuiltinOperator_CONV_2D, &o, 3, (int32_t[]){x, w, c});
  has_shape(&m.b, y, 4, (int32_t[]){-1, 2, 2, 2});
  build_at(&m.b, "flat");
  const int32_t s = build_ints(&m.b, "s", 2, (int32_t[]){-1, 8});
  const int32_t z = build_op(&m.b, sch_BuiltinOperator_RESHAPE, NULL, 2, (int32_t[]){y, s});
  has_shape(&m.b, z, 2, (int32_t[]){-1, 8});
  build_output(&m.b, z);
  build_signature(&m.b, "serving_default", (const char *[]){"image"}, (const char *[]){"flat"});
  mote_session *run = start(&m);
  assert_int_equal(mote_session_select(run, "serving_default", NULL), MOTE_OK);
  assert_int_equal(mote_session_resize(run, 0, (int32_t[]){2, 4, 4, 1}, 4, NULL), MOTE_OK);
  assert_int_equal(mote_session_plan(run, NULL), MOTE_OK);
  float *in = mote_session_input_named(run, "image")->data;
  for (int i = 0; i < 32; i++) in[i] = 1;
  assert_int_equal(mote_session_run(run, NULL), MOTE_OK);
  const float *out = mote_session_output_named(run, "flat")->data;
  for (int i = 0; i < 16; i++) assert_float_equal(out[i], (i % 2 ? 10.0F : 20.0F), 1e-6F);
  end(&m);
}

/* A shape computed from SHAPE: what is known of it goes on. */
static void shapes_are_followed(void **state) {
  (void)state;
  made m;
  begin(&m);
  const int32_t x = build_input(&m.b, "x", MOTE_FLOAT32, 3, (int32_t[]){2, 3, 4});
  build_at(&m.b, "shape");
  const int32_t s = build_op(&m.b, sch_BuiltinOperator_SHAPE, &(sch_ShapeOptions){.out_type = MOTE_INT32}, 1, &x);
  assert_int_equal(build_type(&m.b, s), MOTE_INT32);
  const int32_t at = build_ints(&m.b, "axes", 1, (int32_t[]){2}), keep = build_int(&m.b, "axis", 0);
  const int32_t last = build_op(&m.b, sch_BuiltinOperator_GATHER, NULL, 2, (int32_t[]){s, at});
  const int32_t minus = build_ints(&m.b, "minus", 1, (int32_t[]){-1});
  const int32_t wanted = build_op(&m.b, sch_BuiltinOperator_CONCATENATION, NULL, 2, (int32_t[]){minus, last});
  const int32_t y = build_op(&m.b, sch_BuiltinOperator_RESHAPE, NULL, 2, (int32_t[]){x, wanted});
  has_shape(&m.b, y, 2, (int32_t[]){6, 4});
  const int32_t z = build_op(&m.b, sch_BuiltinOperator_SUM, NULL, 2, (int32_t[]){y, keep});
  has_shape(&m.b, z, 1, (int32_t[]){4});
  build_output(&m.b, z);
  start(&m);
  end(&m);
}

/* while (i < 10) i = i + i */
static void loops(void **state) {
  (void)state;
  made m;
  begin(&m);
  const int32_t cond = build_graph(&m.b, "cond");
  int32_t i = build_input(&m.b, "i", MOTE_INT32, 1, (int32_t[]){1});
  const int32_t ten = build_ints(&m.b, "ten", 1, (int32_t[]){10});
  build_output(&m.b, build_op(&m.b, sch_BuiltinOperator_LESS, NULL, 2, (int32_t[]){i, ten}));
  const int32_t body = build_graph(&m.b, "body");
  i = build_input(&m.b, "i", MOTE_INT32, 1, (int32_t[]){1});
  build_output(&m.b, build_op(&m.b, sch_BuiltinOperator_ADD, NULL, 2, (int32_t[]){i, i}));
  build_select(&m.b, 0);
  const int32_t x = build_input(&m.b, "x", MOTE_INT32, 1, (int32_t[]){1});
  sch_WhileOptions o = {.cond_subgraph_index = cond, .body_subgraph_index = body};
  const int32_t y = build_add(
      &m.b,
      &(build_node){.code = sch_BuiltinOperator_WHILE, .options = &o, .num_inputs = 1, .inputs = &x, .num_outputs = 1});
  assert_int_equal(build_type(&m.b, y), MOTE_INT32);
  has_shape(&m.b, y, 1, (int32_t[]){1});
  build_output(&m.b, y);
  mote_session *run = start(&m);
  *(int32_t *)mote_session_input(run, 0)->data = 3;
  assert_int_equal(mote_session_run(run, NULL), MOTE_OK);
  assert_int_equal(*(const int32_t *)mote_session_output(run, 0)->data, 12);
  end(&m);
}

static void faults_name_the_layer(void **state) {
  (void)state;
  made m;
  mote_error e;
  begin(&m);
  const int32_t x = build_input(&m.b, "x", MOTE_FLOAT32, 2, (int32_t[]){2, 3});
  const int32_t y = build_input(&m.b, "y", MOTE_FLOAT32, 2, (int32_t[]){2, 4});
  build_at(&m.b, "sum_of_both");
  assert_int_equal(build_op(&m.b, sch_BuiltinOperator_ADD, NULL, 2, (int32_t[]){x, y}), -1);
  assert_int_equal(build_op(&m.b, sch_BuiltinOperator_ADD, NULL, 2, (int32_t[]){x, x}), -1);
  assert_int_equal(build_finish(&m.b, &e), MOTE_ERR_SHAPE);
  assert_non_null(strstr(e.text, "'sum_of_both': ADD"));
  assert_non_null(strstr(e.text, "2x4"));
  build_forgive(&m.b);
  assert_int_equal(build_op(&m.b, sch_BuiltinOperator_ADD, NULL, 2, (int32_t[]){x, 99}), -1);
  end(&m);
}

static void names_become_unique(void **state) {
  (void)state;
  made m;
  begin(&m);
  const int32_t x = build_input(&m.b, "x", MOTE_FLOAT32, 1, (int32_t[]){2});
  const int32_t other = build_input(&m.b, "x_1", MOTE_FLOAT32, 1, (int32_t[]){2});
  build_at(&m.b, "x");
  const int32_t y = build_op(&m.b, sch_BuiltinOperator_ADD, NULL, 2, (int32_t[]){x, other});
  const int32_t z = build_op(&m.b, sch_BuiltinOperator_ADD, NULL, 2, (int32_t[]){y, other});
  build_output(&m.b, z);
  assert_int_equal(build_finish(&m.b, NULL), MOTE_OK);
  const graph *g = &m.set.graphs[0];
  for (int32_t i = 0; i < g->num_values; i++)
    for (int32_t k = 0; k < i; k++) assert_string_not_equal(g->values[i].name.data, g->values[k].name.data);
  assert_string_equal(g->values[x].name.data, "x");
  assert_string_equal(g->values[other].name.data, "x_1");
  end(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(convolution_with_open_batch), cmocka_unit_test(shapes_are_followed), cmocka_unit_test(loops),
      cmocka_unit_test(faults_name_the_layer),       cmocka_unit_test(names_become_unique),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
