/* versions.c: the lowest version that is enough, and the release that runs it; real files seldom say less (some
 * writers left the first version where it was, and all did for DEQUANTIZE of float16). */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/build.h"
#include "lower/versions.h"
#include "runtime/runtime.h"

typedef struct made {
  mem *mem;
  arena arena;
  graph_set set;
  graph_builder b;
} made;

static void begin(made *m) {
  m->mem = mem_new(NULL, 0);
  arena_init(&m->arena, m->mem);
  build_begin(&m->b, &m->arena, &m->set);
  build_graph(&m->b, "main");
}

static void end(made *m) {
  arena_free(&m->arena);
  mem_release(m->mem);
}

static int32_t version_of(made *m, int32_t node) {
  assert_int_equal(build_finish(&m->b, NULL), MOTE_OK);
  versions_stamp(&m->set);
  return m->set.graphs[0].nodes[node].version;
}

static void by_type_shape_and_option(void **state) {
  (void)state;
  made m;
  begin(&m);
  const int32_t x = build_input(&m.b, "x", MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 2});
  const int32_t i = build_input(&m.b, "i", MOTE_INT64, 1, (int32_t[]){2});
  const float zero[36] = {0};
  const int32_t w = build_const(&m.b, "w", MOTE_FLOAT32, 4, (int32_t[]){2, 3, 3, 1}, zero, BUILD_COPY);
  const int32_t c = build_const(&m.b, "c", MOTE_FLOAT32, 1, (int32_t[]){2}, zero, BUILD_COPY);
  const int32_t d = build_const(&m.b, "d", MOTE_FLOAT32, 4, (int32_t[]){1, 3, 3, 2}, zero, BUILD_COPY);
  const int32_t five = build_input(&m.b, "five", MOTE_FLOAT32, 5, (int32_t[]){1, 1, 1, 1, 2});
  sch_DepthwiseConv2DOptions dilated = BUILD_OPTIONS(DepthwiseConv2DOptions);
  dilated.stride_w = dilated.stride_h = dilated.depth_multiplier = 1;
  dilated.dilation_h_factor = 2;
  sch_Conv2DOptions conv = BUILD_OPTIONS(Conv2DOptions);
  conv.stride_w = conv.stride_h = 1;
  build_op(&m.b, sch_BuiltinOperator_ADD, NULL, 2, (int32_t[]){x, x});
  build_op(&m.b, sch_BuiltinOperator_ADD, NULL, 2, (int32_t[]){i, i});
  build_op(&m.b, sch_BuiltinOperator_CONV_2D, &conv, 3, (int32_t[]){x, w, c});
  build_op(&m.b, sch_BuiltinOperator_DEPTHWISE_CONV_2D, &dilated, 3, (int32_t[]){x, d, c});
  build_op(&m.b, sch_BuiltinOperator_SUB, NULL, 2, (int32_t[]){x, five});
  assert_int_equal(version_of(&m, 0), 1);
  assert_int_equal(version_of(&m, 1), 4);
  assert_int_equal(version_of(&m, 2), 6);
  assert_int_equal(version_of(&m, 3), 2);
  assert_int_equal(version_of(&m, 4), 3);
  assert_string_equal(versions_runtime(&m.set), "2.9.0");
  mote_error e;
  assert_int_equal(versions_fit(&m.set, "2.9", &e), MOTE_OK);
  assert_int_equal(versions_fit(&m.set, "2.10.1", &e), MOTE_OK);
  assert_int_equal(versions_fit(&m.set, "2.5", &e), MOTE_ERR_UNSUPPORTED);
  assert_non_null(strstr(e.text, "ADD version 4 (since 2.6.0), CONV_2D version 6 (since 2.9.0)"));
  end(&m);
}

static int newer, older, all;

static void against_file(const char *path) {
  mem *m = mem_new(NULL, 0);
  arena a;
  graph_set set;
  arena_init(&a, m);
  mote_model *model = mote_model_open(path, NULL, NULL);
  assert_non_null(model);
  if (graph_lift(model->schema, NULL, &a, &set, NULL) == MOTE_OK) {
    int32_t *before[1000];
    for (int32_t s = 0; s < set.count; s++) {
      before[s] = ARENA_ARRAY(&a, int32_t, (size_t)set.graphs[s].num_nodes + 1);
      for (int32_t i = 0; i < set.graphs[s].num_nodes; i++) before[s][i] = set.graphs[s].nodes[i].version;
    }
    versions_stamp(&set);
    for (int32_t s = 0; s < set.count; s++)
      for (int32_t i = 0; i < set.graphs[s].num_nodes; i++, all++) {
        const int32_t version = set.graphs[s].nodes[i].version;
        older += version < before[s][i];
        newer += version > before[s][i] && set.graphs[s].nodes[i].op->code != sch_BuiltinOperator_DEQUANTIZE;
      }
  }
  mote_model_free(model);
  arena_free(&a);
  mem_release(m);
}

static void real_files_seldom_say_less(void **state) {
  (void)state;
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
    against_file(path);
  }
  closedir(d);
  printf("of %d nodes %d could have had a lower version, and %d have one that is too low\n", all, older, newer);
  assert_true(newer * 50 < all);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(by_type_shape_and_option),
                                     cmocka_unit_test(real_files_seldom_say_less)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
