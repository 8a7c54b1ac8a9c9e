/* check.c: the checker finds what is made wrong on purpose, and says where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "graph/bench.h"

static void begin(bench *t) {
  bench_begin(t);
  const int32_t x = bench_input(t, "x", DIMS(2, 3));
  const int32_t e = OP(t, EXP, NULL, x);
  bench_output(t, OP(t, ADD, NULL, e, bench_const(t, DIMS(3))));
  assert_int_equal(build_finish(&t->b, NULL), MOTE_OK);
  assert_int_equal(graph_check(&t->set, true, t->mem, NULL), MOTE_OK);
}

static void end(bench *t, const char *words, bool final) {
  mote_error e = {0};
  assert_int_not_equal(graph_check(&t->set, final, t->mem, &e), MOTE_OK);
  if (!strstr(e.text, words)) fail_msg("'%s' lacks \"%s\"", e.text, words);
  if (final) assert_int_equal(graph_check(&t->set, false, t->mem, NULL), MOTE_OK);
  arena_free(&t->arena);
  mem_release(t->mem);
}

static void structure(void **state) {
  (void)state;
  bench t;
  begin(&t);
  t.set.graphs[0].nodes[0].inputs = (const int32_t[]){99};
  end(&t, "there is no such value", false);
  begin(&t);
  t.set.graphs[0].nodes[1].outputs = t.set.graphs[0].nodes[0].outputs;
  end(&t, "two nodes make it", false);
  begin(&t);
  t.set.graphs[0].nodes[0].outputs = t.set.graphs[0].inputs;
  end(&t, "is an input, a constant or a variable", false);
  begin(&t);
  const graph_node first = t.set.graphs[0].nodes[0];
  t.set.graphs[0].nodes[0] = t.set.graphs[0].nodes[1];
  t.set.graphs[0].nodes[1] = first;
  end(&t, "read before any node makes it", false);
  begin(&t);
  t.set.graphs[0].num_nodes = 1;
  end(&t, "is an output, and nothing makes it", false);
}

static void types_and_shapes(void **state) {
  (void)state;
  bench t;
  begin(&t);
  t.set.graphs[0].values[t.set.graphs[0].nodes[0].outputs[0]].type = MOTE_INT32;
  end(&t, "EXP", false);
  begin(&t);
  t.set.graphs[0].values[t.set.graphs[0].outputs[0]].signature[1] = 4;
  end(&t, "it has the shape 2x4, and 2x3 follows from the inputs", false);
}

static void what_files_need(void **state) {
  (void)state;
  static mote_op source;
  bench t;
  begin(&t);
  t.set.graphs[0].values[1].name = t.set.graphs[0].values[0].name;
  end(&t, "another value has the same name", true);
  begin(&t);
  source = *t.set.graphs[0].nodes[0].op;
  source.traits |= OP_SOURCE;
  t.set.graphs[0].nodes[0].op = &source;
  end(&t, "operator of a source format", true);
}

static void circles(void **state) {
  (void)state;
  bench t;
  mote_error e = {0};
  begin(&t);
  t.set.graphs[0].nodes[0].inputs = t.set.graphs[0].outputs;
  assert_int_equal(build_finish(&t.b, &e), MOTE_ERR_MODEL);
  assert_non_null(strstr(e.text, "circle"));
  arena_free(&t.arena);
  mem_release(t.mem);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(structure), cmocka_unit_test(types_and_shapes),
                                     cmocka_unit_test(what_files_need), cmocka_unit_test(circles)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
