/* quantize.c (tests): networks of integers that answer as those of floats did, ranges, and what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compress/range.h"
#include "mote/compress.h"

/* ---- a small network, and samples ---- */

static float noise_at(uint32_t i) {
  i = i * 2654435761u + 12345u;
  i ^= i >> 15;
  i *= 2246822519u;
  i ^= i >> 13;
  return (float)(i % 20001) / 10000 - 1;
}

static float *numbers(size_t count, uint32_t seed, float scale) {
  static float room[4096];
  for (size_t i = 0; i < count; i++) room[i] = noise_at((uint32_t)i + seed * 7919u) * scale;
  return room;
}

static mote_status read_noise(void *user, int64_t index, mote_session *s, int32_t *label, mote_error *e) {
  (void)user, (void)e, (void)label;
  mote_tensor *const t = mote_session_input(s, 0);
  int64_t count = 1;
  for (int32_t d = 0; d < t->rank; d++) count *= t->dims[d];
  for (int64_t i = 0; i < count; i++) {
    const float x = noise_at((uint32_t)(index * 1000 + i));
    const double q = t->scale > 0 ? round((double)x / (double)t->scale) + t->zero_point : 0;
    if (t->type == MOTE_FLOAT32) ((float *)t->data)[i] = x;
    else if (t->type == MOTE_INT8) ((int8_t *)t->data)[i] = (int8_t)fmin(fmax(q, -128), 127);
    else if (t->type == MOTE_UINT8) ((uint8_t *)t->data)[i] = (uint8_t)fmin(fmax(q, 0), 255);
    else ((int16_t *)t->data)[i] = (int16_t)fmin(fmax(q, -32768), 32767);
  }
  return MOTE_OK;
}

static const mote_samples noise = {.count = 40, .read = read_noise};

/* Convolution, depthwise, a residual, concatenation, mean, dense, softmax: scales of every kind. */
static mote_graph *network(void) {
  mote_graph *const g = mote_graph_new(NULL, NULL);
  const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 4, (int32_t[]){1, 8, 8, 3});
  const mote_value w1 = mote_graph_const(g, "w1", MOTE_FLOAT32, 4, (int32_t[]){8, 3, 3, 3}, numbers(216, 1, 0.4f));
  const mote_value b1 = mote_graph_const(g, "b1", MOTE_FLOAT32, 1, (int32_t[]){8}, numbers(8, 2, 0.2f));
  const mote_value y1 = MOTE_OP(g, "conv", "CONV_2D",
                                "padding: SAME, stride_w: 1, stride_h: 1, fused_activation_function: RELU", x, w1, b1);
  const mote_value w2 = mote_graph_const(g, "w2", MOTE_FLOAT32, 4, (int32_t[]){1, 3, 3, 8}, numbers(72, 3, 0.6f));
  const mote_value b2 = mote_graph_const(g, "b2", MOTE_FLOAT32, 1, (int32_t[]){8}, numbers(8, 4, 0.2f));
  const mote_value y2 = MOTE_OP(g, "depthwise", "DEPTHWISE_CONV_2D",
                                "padding: SAME, stride_w: 1, stride_h: 1, depth_multiplier: 1", y1, w2, b2);
  const mote_value sum = MOTE_OP(g, "sum", "ADD", NULL, y1, y2);
  const mote_value gate = MOTE_OP(g, "gate", "LOGISTIC", NULL, y2);
  const mote_value both = MOTE_OP(g, "both", "CONCATENATION", "axis: 3", sum, gate);
  const mote_value mean = MOTE_OP(g, "mean", "MEAN", NULL, both, mote_graph_ints(g, "axes", 2, (int32_t[]){1, 2}));
  const mote_value w3 = mote_graph_const(g, "w3", MOTE_FLOAT32, 2, (int32_t[]){10, 16}, numbers(160, 5, 2));
  const mote_value b3 = mote_graph_const(g, "b3", MOTE_FLOAT32, 1, (int32_t[]){10}, numbers(10, 6, 0.2f));
  const mote_value logits = MOTE_OP(g, "dense", "FULLY_CONNECTED", NULL, mean, w3, b3);
  mote_graph_output(g, MOTE_OP(g, "scores", "SOFTMAX", "beta: 1", logits));
  return g;
}

static bool uses(const mote_graph *g, const char *op) {
  for (int32_t i = 0; i < mote_graph_node_count(g); i++)
    if (!strcmp(mote_graph_node_op(g, i), op)) return true;
  return false;
}

/* ---- whole networks ---- */

static void keeps_the_answers(void **state) {
  (void)state;
  static const struct {
    mote_quantize_kind kind;
    mote_type io;
    double least; /* decibel */
  } rows[] = {{MOTE_QUANTIZE_INT8, MOTE_FLOAT32, 25},    {MOTE_QUANTIZE_INT8, MOTE_INT8, 25},
              {MOTE_QUANTIZE_INT8, MOTE_UINT8, 25},      {MOTE_QUANTIZE_INT16X8, MOTE_FLOAT32, 28},
              {MOTE_QUANTIZE_INT16X8, MOTE_INT16, 28},   {MOTE_QUANTIZE_DYNAMIC, MOTE_FLOAT32, 25},
              {MOTE_QUANTIZE_FLOAT16, MOTE_FLOAT32, 50}, {MOTE_QUANTIZE_INT4, MOTE_FLOAT32, 5}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    mote_graph *const g = network();
    mote_error e;
    mote_tensor in, out;
    const mote_quantize_config config = {.kind = rows[i].kind, .samples = noise, .io = rows[i].io, .smallest = 1};
    mote_quantize_report *const r = mote_quantize(g, &config, &e);
    if (!r) fail_msg("kind %d: %s", (int)rows[i].kind, e.text);
    if (!(r->sqnr >= rows[i].least)) fail_msg("kind %d: %.1f dB", (int)rows[i].kind, r->sqnr);
    assert_int_equal(mote_graph_check(g, &e), MOTE_OK);
    assert_true(mote_graph_value(g, mote_graph_input_at(g, 0), &in));
    assert_true(mote_graph_value(g, mote_graph_output_at(g, 0), &out));
    assert_int_equal(in.type, rows[i].io);
    assert_int_equal(out.type, rows[i].io);
    assert_string_equal(in.name, "x");
    if (rows[i].kind == MOTE_QUANTIZE_INT8) {
      assert_int_equal(r->quantized, r->operators);
      assert_true(uses(g, "QUANTIZE")); /* the gate's scale is fixed, the concatenation's is not */
    }
    if (rows[i].io == MOTE_INT8) assert_true(out.scale == 1.0f / 256 && out.zero_point == -128);
    mote_quantize_report_free(r);
    mote_graph_free(g);
  }
}

static void the_same_for_any_number_of_threads(void **state) {
  (void)state;
  uint8_t *first = NULL;
  size_t size = 0;
  for (int threads = 1; threads <= 3; threads++) {
    mote_graph *const g = network();
    const void *data;
    size_t now;
    const mote_quantize_config config = {.kind = MOTE_QUANTIZE_INT8, .samples = noise, .threads = threads};
    mote_quantize_report *const r = mote_quantize(g, &config, NULL);
    assert_non_null(r);
    assert_int_equal(mote_graph_bytes(g, &data, &now, NULL), MOTE_OK);
    if (!first) {
      first = malloc(size = now);
      assert_non_null(first);
      memcpy(first, data, now);
    }
    assert_int_equal(now, size);
    assert_memory_equal(data, first, size);
    mote_quantize_report_free(r);
    mote_graph_free(g);
  }
  free(first);
}

static void what_is_kept_stays_float(void **state) {
  (void)state;
  mote_graph *const g = network();
  const mote_quantize_config config = {.kind = MOTE_QUANTIZE_INT8, .samples = noise, .keep = "SOFTMAX depthwise"};
  mote_quantize_report *const r = mote_quantize(g, &config, NULL);
  assert_non_null(r);
  int32_t floats = 0;
  for (int32_t i = 0; i < r->num_layers; i++) {
    const mote_quantize_layer *const l = &r->layers[i];
    const bool kept = !strcmp(l->op, "SOFTMAX") || !strcmp(l->name, "depthwise");
    assert_int_equal(l->reason != NULL, kept);
    floats += kept;
  }
  assert_int_equal(floats, 2);
  mote_quantize_report_free(r);
  mote_graph_free(g);
}

static void a_promise_is_kept(void **state) {
  (void)state;
  mote_graph *const g = network();
  const mote_quantize_config config = {.kind = MOTE_QUANTIZE_INT2, .samples = noise, .max_drop = 0.01};
  mote_quantize_report *const r = mote_quantize(g, &config, NULL);
  assert_non_null(r);
  assert_true(r->promise);
  assert_true(1 - r->top1 <= 0.01);
  mote_quantize_report_free(r);
  mote_graph_free(g);
}

/* ---- what is refused ---- */

static bool stop(void *user, const char *what, double done) {
  (void)what, (void)done;
  return --*(int *)user > 0;
}

static mote_status read_nothing(void *user, int64_t index, mote_session *s, int32_t *label, mote_error *e) {
  (void)user, (void)index, (void)s, (void)label;
  e->code = MOTE_ERR_FORMAT;
  snprintf(e->text, sizeof e->text, "no picture");
  return MOTE_ERR_FORMAT;
}

static void refused(const mote_quantize_config *config, mote_status code, const char *says) {
  mote_graph *const g = network();
  mote_error e;
  const int32_t nodes = mote_graph_node_count(g);
  assert_null(mote_quantize(g, config, &e));
  assert_int_equal(e.code, code);
  if (!strstr(e.text, says)) fail_msg("'%s' does not say '%s'", e.text, says);
  assert_int_equal(mote_graph_node_count(g), nodes);
  assert_int_equal(mote_graph_check(g, &e), MOTE_OK);
  mote_graph_free(g);
}

static void says_what_is_wrong(void **state) {
  (void)state;
  int rounds = 5;
  refused(&(mote_quantize_config){.kind = MOTE_QUANTIZE_INT8}, MOTE_ERR_ARGUMENT, "need samples");
  refused(&(mote_quantize_config){.kind = MOTE_QUANTIZE_INT8, .samples = noise, .io = MOTE_INT16}, MOTE_ERR_ARGUMENT,
          "not int16 here");
  refused(&(mote_quantize_config){.kind = MOTE_QUANTIZE_INT8, .samples = {.count = 3, .read = read_nothing}},
          MOTE_ERR_FORMAT, "none of 3 samples can be read");
  refused(&(mote_quantize_config){.kind = MOTE_QUANTIZE_INT8, .samples = noise, .keep = "MEAN", .strict = true},
          MOTE_ERR_UNSUPPORTED, "1 operators would stay float: MEAN (operator 5): it was asked to stay");
  refused(&(mote_quantize_config){.kind = MOTE_QUANTIZE_INT8,
                                  .samples = noise,
                                  .watch = {.on_progress = stop, .user = &rounds}},
          MOTE_ERR_CANCELLED, "cancelled");
}

static void weights_must_be_numbers(void **state) {
  (void)state;
  mote_graph *const g = mote_graph_new(NULL, NULL);
  float w[20];
  mote_error e;
  memcpy(w, numbers(20, 9, 1), sizeof w);
  w[7] = NAN;
  const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 2, (int32_t[]){1, 4});
  const mote_value c = mote_graph_const(g, "weights", MOTE_FLOAT32, 2, (int32_t[]){5, 4}, w);
  mote_graph_output(g, MOTE_OP(g, "y", "FULLY_CONNECTED", NULL, x, c, MOTE_NO_VALUE));
  assert_null(mote_quantize(g, &(mote_quantize_config){.kind = MOTE_QUANTIZE_DYNAMIC, .smallest = 1}, &e));
  assert_non_null(strstr(e.text, "'weights' has weights that are no finite numbers"));
  mote_graph_free(g);
}

/* ---- ranges ---- */

static void ranges_by_every_method(void **state) {
  (void)state;
  static range_stats s;
  static float x[10000];
  float lo, hi;
  memset(&s, 0, sizeof s);
  for (uint32_t i = 0; i < 10000; i++) {
    /* A sum of noises is near a bell; one value lies far out. */
    x[i] = noise_at(i) + noise_at(i + 20000) + noise_at(i + 40000);
  }
  x[5000] = 100;
  range_see(&s, x, 10000);
  range_choose(&s, MOTE_CALIBRATE_MIN_MAX, 255, &lo, &hi);
  assert_true(hi == 100 && lo < -2 && lo >= -3);
  const double all = range_error(&s, (double)lo, (double)hi, 255);
  range_choose(&s, MOTE_CALIBRATE_PERCENTILE, 255, &lo, &hi);
  assert_true(hi < 3.2f && hi > 2);
  range_choose(&s, MOTE_CALIBRATE_MSE, 255, &lo, &hi);
  assert_true(range_error(&s, (double)lo, (double)hi, 255) <= all);
  range_choose(&s, MOTE_CALIBRATE_ENTROPY, 255, &lo, &hi);
  assert_true(lo <= 0 && hi > 0 && hi <= 100);
  range_choose(&s, MOTE_CALIBRATE_BEST, 255, &lo, &hi);
  assert_true(range_error(&s, (double)lo, (double)hi, 255) <= all);
}

static void odd_values_are_counted_and_left_out(void **state) {
  (void)state;
  static range_stats s;
  float lo, hi;
  memset(&s, 0, sizeof s);
  range_see(&s, (float[]){1, NAN, INFINITY, -2, 0}, 5);
  range_choose(&s, MOTE_CALIBRATE_MIN_MAX, 255, &lo, &hi);
  assert_true(lo == -2 && hi == 1);
  assert_int_equal(s.odd, 2);
  memset(&s, 0, sizeof s);
  range_see(&s, NULL, 0);
  range_choose(&s, MOTE_CALIBRATE_BEST, 255, &lo, &hi);
  assert_true(lo == 0 && hi == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_the_answers),        cmocka_unit_test(the_same_for_any_number_of_threads),
      cmocka_unit_test(what_is_kept_stays_float), cmocka_unit_test(a_promise_is_kept),
      cmocka_unit_test(says_what_is_wrong),       cmocka_unit_test(weights_must_be_numbers),
      cmocka_unit_test(ranges_by_every_method),   cmocka_unit_test(odd_values_are_counted_and_left_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
