/* observe.c (tests): values inside a network, sample by sample. */
#include "compress/observe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Sample i: x = {i, -i}. */
static mote_status read_sample(void *user, int64_t index, mote_session *s, int32_t *label, mote_error *e) {
  (void)user, (void)e;
  float *const x = mote_session_input(s, 0)->data;
  x[0] = (float)index;
  x[1] = -(float)index;
  *label = (int32_t)index % 3;
  return MOTE_OK;
}

/* x + 1, then relu, then x * 2: the value in the middle is no output. */
static mote_graph *network(mote_value *middle) {
  mote_graph *const g = mote_graph_new(NULL, NULL);
  const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 2, (int32_t[]){1, 2});
  const mote_value sum = MOTE_OP(g, "sum", "ADD", NULL, x, mote_graph_float(g, "one", 1));
  *middle = MOTE_OP(g, "cut", "RELU", NULL, sum);
  mote_graph_output(g, MOTE_OP(g, "twice", "MUL", NULL, *middle, mote_graph_float(g, "two", 2)));
  return g;
}

static void shows_values_inside(void **state) {
  (void)state;
  observer o;
  mote_value middle;
  int32_t label;
  mote_error e;
  mote_graph *const g = network(&middle);
  const mote_samples samples = {.count = 5, .read = read_sample};
  const int32_t values[] = {middle, mote_graph_output_at(g, 0), mote_graph_input_at(g, 0)};
  assert_int_equal(observe_open(&o, g, 3, values, 1, &e), MOTE_OK);
  for (int64_t i = 0; i < samples.count; i++) {
    assert_int_equal(observe_sample(&o, &samples, i, &label, &e), MOTE_OK);
    assert_int_equal(label, i % 3);
    const float *const m = observe_value(&o, 0)->data, *const y = observe_value(&o, 1)->data,
                       *const x = observe_value(&o, 2)->data;
    const float want[2] = {(float)i + 1, i < 1 ? 1 - (float)i : 0};
    for (int k = 0; k < 2; k++) {
      assert_true(m[k] == want[k]);
      assert_true(y[k] == 2 * want[k]);
    }
    assert_true(x[0] == (float)i && x[1] == -(float)i);
  }
  observe_close(&o);
  assert_int_equal(mote_graph_output_count(g), 1); /* the network is as it was */
  mote_graph_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(shows_values_inside)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
