/* cluster.c (tests): weights that share a few values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "compress/kmeans.h"
#include "lower/network.h"
#include "mote/compress.h"

enum { ROWS = 24, COLUMNS = 40, WEIGHTS = ROWS * COLUMNS };

static uint32_t state;
static float draw(void) {
  state = state * 1664525u + 1013904223u;
  return (float)(state >> 8) / 8388608.0f - 1;
}

/* x times weights, every third of which is zero. */
static mote_graph *network(float spoiled) {
  float w[WEIGHTS], b[ROWS] = {0};
  state = 1;
  for (int i = 0; i < WEIGHTS; i++) w[i] = i % 3 ? draw() : 0;
  w[7] += spoiled;
  mote_graph *const g = mote_graph_new(NULL, NULL);
  const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 2, (int32_t[]){1, COLUMNS});
  const mote_value weights = mote_graph_const(g, "w", MOTE_FLOAT32, 2, (int32_t[]){ROWS, COLUMNS}, w);
  const mote_value bias = mote_graph_const(g, "b", MOTE_FLOAT32, 1, (int32_t[]){ROWS}, b);
  mote_graph_output(g, MOTE_OP(g, "y", "FULLY_CONNECTED", NULL, x, weights, bias));
  return g;
}

static const float *weights_of(const mote_graph *g) {
  mote_tensor view;
  assert_true(mote_graph_value(g, mote_graph_find(g, "w"), &view));
  assert_int_equal(view.size, WEIGHTS * sizeof(float));
  return view.data;
}

static int different(const float *v, int count) {
  int n = 0;
  for (int i = 0; i < count; i++) {
    int before = 0;
    while (before < i && v[before] != v[i]) before++;
    n += before == i;
  }
  return n;
}

static void few_values_and_zeros_stay(void **unused) {
  (void)unused;
  for (int start = MOTE_CLUSTER_BEST; start <= MOTE_CLUSTER_RANDOM; start++) {
    mote_error e;
    mote_graph *const g = network(0), *const before = network(0);
    const mote_cluster_config c = {.clusters = 9, .start = (mote_cluster_start)start, .seed = 5};
    mote_cluster_report *const r = mote_cluster(g, &c, &e);
    assert_non_null(r);
    assert_int_equal(r->num_layers, 1);
    assert_string_equal(r->layers[0].op, "FULLY_CONNECTED");
    assert_string_equal(r->layers[0].name, "y");
    assert_int_equal(r->layers[0].zeros, WEIGHTS / 3);
    assert_int_equal(r->layers[0].before, 1 + WEIGHTS - WEIGHTS / 3);
    assert_in_range(r->layers[0].after, 5, 9);
    assert_true(r->layers[0].sqnr > 10);
    const float *const now = weights_of(g), *const was = weights_of(before);
    assert_in_range(different(now, WEIGHTS), 5, 9);
    for (int i = 0; i < WEIGHTS; i++)
      if (was[i] == 0) assert_true(now[i] == 0);
      else assert_true(fabsf(now[i] - was[i]) < 0.3f);
    assert_int_equal(mote_graph_check(g, &e), MOTE_OK);
    mote_cluster_report_free(r);
    mote_graph_free(g);
    mote_graph_free(before);
  }
}

static void the_same_seed_gives_the_same(void **unused) {
  (void)unused;
  const void *data[2];
  size_t size[2];
  mote_graph *g[2];
  for (int i = 0; i < 2; i++) {
    const mote_cluster_config c = {.clusters = 7, .start = MOTE_CLUSTER_RANDOM, .seed = 3, .threads = i ? 3 : 0};
    g[i] = network(0);
    mote_cluster_report_free(mote_cluster(g[i], &c, NULL));
    assert_int_equal(mote_graph_bytes(g[i], &data[i], &size[i], NULL), MOTE_OK);
  }
  assert_int_equal(size[0], size[1]);
  assert_memory_equal(data[0], data[1], size[0]);
  for (int i = 0; i < 2; i++) mote_graph_free(g[i]);
}

static bool stop(void *user, const char *what, double done) {
  (void)user, (void)what, (void)done;
  return false;
}

static void what_fails_leaves_the_network(void **unused) {
  (void)unused;
  const struct {
    float spoiled;
    mote_cluster_config config;
    mote_status status;
    const char *says;
  } cases[] = {
      {NAN, {.clusters = 4}, MOTE_ERR_MODEL, "weight 7 of FULLY_CONNECTED 'y' is not a number"},
      {INFINITY, {.clusters = 4}, MOTE_ERR_MODEL, "weight 7 of FULLY_CONNECTED 'y' is infinite"},
      {0, {.clusters = 1}, MOTE_ERR_ARGUMENT, "2 to 65536 values, not 1"},
      {0, {.clusters = 4, .keep = "x y"}, MOTE_ERR_MODEL, "no layer"},
      {0, {.clusters = 4, .keep = " FULLY_CONNECTED"}, MOTE_ERR_MODEL, "no layer"},
      {0, {.clusters = 4, .smallest = WEIGHTS + 1}, MOTE_ERR_MODEL, "no layer"},
      {0, {.clusters = 4, .watch = {.on_progress = stop}}, MOTE_ERR_CANCELLED, "as it was"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    mote_error e;
    mote_graph *const g = network(cases[i].spoiled), *const before = network(cases[i].spoiled);
    assert_null(mote_cluster(g, &cases[i].config, &e));
    assert_int_equal(e.code, cases[i].status);
    assert_non_null(strstr(e.text, cases[i].says));
    assert_memory_equal(weights_of(g), weights_of(before), WEIGHTS * sizeof(float));
    mote_graph_free(g);
    mote_graph_free(before);
  }
}

static mote_status read_sample(void *user, int64_t index, mote_session *s, int32_t *label, mote_error *e) {
  (void)user, (void)label, (void)e;
  float *const x = mote_session_input(s, 0)->data;
  state = (uint32_t)index * 7919u + 1;
  for (int i = 0; i < COLUMNS; i++) x[i] = draw() + 1;
  return MOTE_OK;
}

static void samples_bring_the_answers_nearer(void **unused) {
  (void)unused;
  double sqnr[2];
  for (int i = 0; i < 2; i++) {
    mote_error e;
    mote_graph *const g = network(0);
    const mote_cluster_config c = {.clusters = 4, .samples = {.count = i ? 100 : 10, .read = read_sample}};
    mote_cluster_report *const r = mote_cluster(g, &c, &e);
    if (!r) fail_msg("%s", e.text);
    assert_int_equal(r->samples, i ? 20 : 2);
    assert_true(r->top1 >= 0 && r->top1 <= 1);
    assert_true(different(weights_of(g), WEIGHTS) <= 4);
    sqnr[i] = r->sqnr;
    mote_cluster_report_free(r);
    mote_graph_free(g);
  }
  if (sqnr[1] < 10) fail_msg("%g dB", sqnr[1]);
}

/* ---- the search itself ---- */

static void as_many_values_as_there_are(void **unused) {
  (void)unused;
  mem *const m = mem_new(NULL, 0);
  kmeans k;
  double values[8];
  assert_true(kmeans_open(&k, m, (const float[]){3, -1, 3, 0, -0.0f, 3, -1}, 7));
  assert_int_equal(kmeans_different(&k, 100), 3);
  assert_int_equal(kmeans_different(&k, 2), 2);
  assert_int_equal(kmeans_find(&k, 8, MOTE_CLUSTER_BEST, 0, values), 3);
  assert_true(values[0] == -1 && values[1] == 0 && values[2] == 3);
  assert_true(kmeans_loss(&k, 3, values) == 0);
  assert_int_equal(kmeans_find(&k, 2, MOTE_CLUSTER_BEST, 0, values), 2);
  assert_true(values[0] == -0.5 && values[1] == 3);
  assert_int_equal(kmeans_find(&k, 1, MOTE_CLUSTER_LINEAR, 0, values), 1);
  assert_true(fabs(values[0] - 1) < 1e-12);
  kmeans_close(&k);
  mem_release(m);
}

/* Heaps far apart are found from any start but an unlucky one; the best of all finds them always. */
static void heaps_are_found(void **unused) {
  (void)unused;
  enum { HEAPS = 6, EACH = 500 };
  float v[HEAPS * EACH];
  state = 9;
  for (int i = 0; i < HEAPS * EACH; i++) v[i] = (float)(i % HEAPS * 10) + draw();
  mem *const m = mem_new(NULL, 0);
  kmeans k;
  double values[HEAPS];
  assert_true(kmeans_open(&k, m, v, HEAPS * EACH));
  assert_int_equal(kmeans_find(&k, HEAPS, MOTE_CLUSTER_BEST, 1, values), HEAPS);
  for (int i = 0; i < HEAPS; i++) {
    assert_true(fabs(values[i] - 10 * i) < 0.2);
    assert_int_equal(kmeans_nearest(HEAPS, values, 10 * i + 1), i);
  }
  kmeans_close(&k);
  mem_release(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(few_values_and_zeros_stay),     cmocka_unit_test(the_same_seed_gives_the_same),
      cmocka_unit_test(what_fails_leaves_the_network), cmocka_unit_test(samples_bring_the_answers_nearer),
      cmocka_unit_test(as_many_values_as_there_are),   cmocka_unit_test(heaps_are_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
