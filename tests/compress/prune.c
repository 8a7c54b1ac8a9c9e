/* prune.c (tests): single weights and blocks become zero; samples, repair, sparse tensors, budgets, what fails. */
#include "compress/support.h"

#include <stdio.h>

#include "base/f16.h"

/* Convolutions and dense layers of sizes that blocks do not divide. */
static mote_graph *network(float spoiled) {
  chance_state = 7;
  mote_graph *const g = mote_graph_new(NULL, NULL);
  mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 4, (int32_t[]){1, 6, 6, 3});
  x = conv(g, "a", x, 3, 3, 16, 0);
  const mote_value depthwise = weights(g, "d_weights", 4, (int32_t[]){1, 3, 3, 16}, -1, 0);
  x = MOTE_OP(g, "d", "DEPTHWISE_CONV_2D", "padding: SAME, stride_w: 2, stride_h: 2, fused_activation_function: RELU6",
              x, depthwise, weights(g, "d_bias", 1, (int32_t[]){16}, -1, 0));
  x = conv(g, "b", x, 1, 16, 30, 0);
  x = dense(g, "c", x, 9 * 30, 32);
  const mote_value w = weights(g, "last_weights", 2, (int32_t[]){10, 32}, -1, 0);
  ((float *)(uintptr_t)g->set.graphs[0].values[w].data)[5] += spoiled;
  mote_graph_output(g, MOTE_OP(g, "last", "FULLY_CONNECTED", NULL, x, w, -1));
  return g;
}

enum { PRUNABLE = 3 * 3 * 3 * 16 + 16 * 30 + 9 * 30 * 32 + 32 * 10 };

static const float *floats_of(const mote_graph *g, mote_value v, size_t *count) {
  mote_tensor view;
  assert_true(mote_graph_value(g, v, &view));
  *count = view.size / sizeof(float);
  return view.data;
}

/* ---- how much, and in which pieces ---- */

static void as_many_weights_go_as_were_asked_for(void **unused) {
  (void)unused;
  for (int uniform = 0; uniform < 2; uniform++)
    for (int percent = 10; percent < 100; percent += 20) {
      mote_error e;
      mote_graph *const g = network(0);
      const mote_prune_config c = {.sparsity = percent / 100.0, .uniform = uniform};
      mote_prune_report *const r = mote_prune(g, &c, &e);
      assert_non_null(r);
      assert_int_equal(r->weights, PRUNABLE);
      assert_true(fabs((double)r->left / PRUNABLE - 1 + c.sparsity) < 0.001);
      assert_int_equal(r->num_layers, 4);
      uint64_t left = 0;
      for (int32_t i = 0; i < r->num_layers; i++) {
        const mote_prune_layer *const l = &r->layers[i];
        size_t count;
        const float *const w = floats_of(g, l->value, &count);
        assert_int_equal(count, l->weights);
        for (size_t k = 0; k < count; k++) assert_int_equal(w[k] != 0, l->mask[k / 8] >> k % 8 & 1);
        assert_true(l->left > 0);
        if (uniform) assert_true(fabs((double)l->left - (1 - c.sparsity) * (double)count) <= 1);
        left += l->left;
      }
      assert_int_equal(left, r->left);
      assert_true(isnan(r->sqnr) && isnan(r->top1));
      mote_prune_report_free(r);
      mote_graph_free(g);
    }
}

static void the_largest_weights_stay(void **unused) {
  (void)unused;
  mote_graph *const g = network(0), *const before = network(0);
  const mote_prune_config c = {.sparsity = 0.6, .uniform = true};
  mote_prune_report *const r = mote_prune(g, &c, NULL);
  assert_non_null(r);
  for (int32_t i = 0; i < r->num_layers; i++) {
    size_t count;
    const mote_prune_layer *const l = &r->layers[i];
    const float *const now = floats_of(g, l->value, &count), *const was = floats_of(before, l->value, &count);
    float gone = 0, kept = 2;
    for (size_t k = 0; k < count; k++) {
      if (now[k] == 0) gone = fmaxf(gone, fabsf(was[k]));
      else assert_true(now[k] == was[k]), kept = fminf(kept, fabsf(was[k]));
    }
    assert_true(gone <= kept);
  }
  mote_prune_report_free(r);
  mote_graph_free(g);
  mote_graph_free(before);
}

static void pieces_go_whole(void **unused) {
  (void)unused;
  const struct {
    mote_prune_pattern pattern;
    size_t size;
  } cases[] = {{MOTE_PRUNE_1X4, 4}, {MOTE_PRUNE_1X16, 16}};
  for (int i = 0; i < 2; i++) {
    mote_graph *const g = network(0);
    const mote_prune_config c = {.pattern = cases[i].pattern, .sparsity = 0.5};
    mote_prune_report *const r = mote_prune(g, &c, NULL);
    assert_true(fabs((double)r->left / PRUNABLE - 0.5) < 0.01);
    for (int32_t k = 0; k < r->num_layers; k++) {
      mote_tensor view;
      assert_true(mote_graph_value(g, r->layers[k].value, &view));
      const size_t row = (size_t)view.dims[view.rank - 1], count = view.size / 4;
      const float *const w = view.data;
      for (size_t from = 0; from < count; from += row)
        for (size_t at = 0; at < row; at++)
          assert_int_equal(w[from + at] == 0, w[from + at / cases[i].size * cases[i].size] == 0);
    }
    mote_prune_report_free(r);
    mote_graph_free(g);
  }
}

static void two_of_four_stay(void **unused) {
  (void)unused;
  mote_graph *const g = network(0);
  const mote_prune_config c = {.pattern = MOTE_PRUNE_2_OF_4};
  mote_prune_report *const r = mote_prune(g, &c, NULL);
  for (int32_t k = 0; k < r->num_layers; k++) {
    mote_tensor view;
    assert_true(mote_graph_value(g, r->layers[k].value, &view));
    const size_t row = (size_t)view.dims[view.rank - 1], count = view.size / 4;
    const float *const w = view.data;
    for (size_t i = 0; i < count; i++) {
      const size_t at = i % row, first = i - at % 4, n = row - (at - at % 4) < 4 ? row - (at - at % 4) : 4;
      size_t left = 0;
      for (size_t j = 0; j < n; j++) left += w[first + j] != 0;
      assert_int_equal(left, n < 2 ? n : 2);
    }
  }
  mote_prune_report_free(r);
  mote_graph_free(g);
}

static void budgets_hold(void **unused) {
  (void)unused;
  mote_graph *const whole = network(0);
  const void *data;
  size_t size;
  assert_int_equal(mote_graph_bytes(whole, &data, &size, NULL), MOTE_OK);
  const mote_prune_config by[] = {{.macs = 15000},
                                  {.macs = 9000, .pattern = MOTE_PRUNE_1X4},
                                  {.macs = 20000, .uniform = true},
                                  {.size = size * 6 / 10, .encode = true},
                                  {.size = size / 3, .encode = true},
                                  {.size = size / 2, .encode = true, .pattern = MOTE_PRUNE_1X4}};
  for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
    mote_error e;
    mote_graph *const g = network(0);
    mote_prune_report *const r = mote_prune(g, &by[i], &e);
    if (!r) fail_msg("%zu: %s", i, e.text);
    if (by[i].macs) assert_in_range(r->macs_after, by[i].macs * 90 / 100, by[i].macs);
    if (by[i].size) assert_in_range(r->after.bytes, by[i].size * 85 / 100, by[i].size);
    mote_prune_report_free(r);
    mote_graph_free(g);
  }
  mote_graph_free(whole);
}

/* ---- stored sparse ---- */

static void sparse_tensors_hold_the_same(void **unused) {
  (void)unused;
  const mote_prune_pattern patterns[] = {MOTE_PRUNE_WEIGHTS, MOTE_PRUNE_1X4, MOTE_PRUNE_1X16};
  for (int i = 0; i < 3; i++) {
    mote_error e;
    mote_graph *const full = network(0), *const sparse = network(0);
    mote_prune_config c = {.pattern = patterns[i], .sparsity = 0.8};
    mote_prune_report *const a = mote_prune(full, &c, &e);
    c.encode = true;
    mote_prune_report *const b = mote_prune(sparse, &c, &e);
    assert_true(b->after.bytes < a->after.bytes / 2);
    assert_true(difference(full, sparse, 5) == 0);
    /* Written and read again, it is the same network, and may be pruned on. */
    assert_int_equal(mote_graph_save(sparse, "sparse.tflite", &e), MOTE_OK);
    mote_graph *const again = mote_graph_open("sparse.tflite", NULL, &e);
    assert_non_null(again);
    assert_true(difference(full, again, 5) == 0);
    c.encode = false;
    c.sparsity = 0.81;
    mote_prune_report *const more = mote_prune(again, &c, &e);
    if (!more) fail_msg("%s", e.text);
    assert_true(more->after.bytes <= b->after.bytes); /* what came sparse goes sparse */
    mote_prune_report_free(more);
    mote_prune_report_free(a);
    mote_prune_report_free(b);
    mote_graph_free(again);
    mote_graph_free(full);
    mote_graph_free(sparse);
    remove("sparse.tflite");
  }
}

/* ---- samples ---- */

static mote_status read_sample(void *user, int64_t index, mote_session *s, int32_t *label, mote_error *e) {
  (void)label;
  if (user && index % 5 == 3) {
    strcpy(e->text, "this one is spoiled");
    return e->code = MOTE_ERR_FORMAT;
  }
  mote_tensor *const t = mote_session_input(s, 0);
  chance_state = (uint32_t)index * 7919u + 1;
  for (size_t i = 0; i < t->size / 4; i++) ((float *)t->data)[i] = chance() + 0.3f;
  return MOTE_OK;
}

static void repair_brings_the_answers_nearer(void **unused) {
  (void)unused;
  const mote_prune_pattern patterns[] = {MOTE_PRUNE_WEIGHTS, MOTE_PRUNE_2_OF_4, MOTE_PRUNE_CHANNELS};
  for (int i = 0; i < 3; i++) {
    mote_error e;
    double sqnr[2];
    for (int without = 0; without < 2; without++) {
      mote_graph *const g = network(0);
      const mote_prune_config c = {.pattern = patterns[i],
                                   .sparsity = 0.5,
                                   .samples = {.count = 120, .read = read_sample},
                                   .no_repair = without};
      mote_prune_report *const r = mote_prune(g, &c, &e);
      if (!r) fail_msg("%s", e.text);
      assert_int_equal(r->samples, 24); /* a fifth is held back */
      assert_true(r->top1 >= 0 && r->top1 <= 1);
      sqnr[without] = r->sqnr;
      for (int32_t k = 0; k < r->num_layers; k++) { /* zeros stay zeros */
        size_t count;
        const float *const w = floats_of(g, r->layers[k].value, &count);
        for (size_t j = 0; j < count; j++) assert_true(w[j] == 0 || (r->layers[k].mask[j / 8] >> j % 8 & 1));
      }
      assert_true(patterns[i] == MOTE_PRUNE_CHANNELS || fabs((double)r->left / PRUNABLE - 0.5) < 0.02);
      mote_prune_report_free(r);
      mote_graph_free(g);
    }
    if (sqnr[0] < sqnr[1] + 0.5) fail_msg("pattern %d: %g dB with repair, %g dB without", i, sqnr[0], sqnr[1]);
  }
}

static void notes_repair(void *user, const char *sentence) {
  assert_non_null(strstr(sentence, "made the network worse"));
  ++*(int *)user;
}

/* A handful of noise tells nothing of other noise. */
static void repair_does_no_harm(void **unused) {
  (void)unused;
  mote_error e;
  double sqnr[2];
  int notes = 0;
  for (int without = 0; without < 2; without++) {
    mote_graph *const g = network(0);
    const mote_prune_config c = {.pattern = MOTE_PRUNE_2_OF_4,
                                 .samples = {.count = 10, .read = read_sample},
                                 .watch = {.on_note = notes_repair, .user = &notes},
                                 .no_repair = without};
    mote_prune_report *const r = mote_prune(g, &c, &e);
    if (!r) fail_msg("%s", e.text);
    sqnr[without] = r->sqnr;
    mote_prune_report_free(r);
    mote_graph_free(g);
  }
  /* What is left out is told of. */
  assert_true(notes == 1 || sqnr[0] > sqnr[1]);
}

static void notes_of(void *user, const char *sentence) {
  assert_non_null(strstr(sentence, "this one is spoiled"));
  ++*(int *)user;
}

static void spoiled_samples_are_left_out(void **unused) {
  (void)unused;
  mote_error e;
  int notes = 0;
  mote_graph *const g = network(0);
  const mote_prune_config c = {.sparsity = 0.5,
                               .samples = {.count = 20, .read = read_sample, .user = &notes},
                               .watch = {.on_note = notes_of, .user = &notes}};
  mote_prune_report *const r = mote_prune(g, &c, &e);
  assert_non_null(r);
  assert_int_equal(notes, 4); /* told of once each */
  assert_int_equal(r->samples, 3);
  mote_prune_report_free(r);
  mote_graph_free(g);
}

static void threads_change_nothing(void **unused) {
  (void)unused;
  const void *data[2];
  size_t size[2];
  mote_graph *g[2];
  for (int i = 0; i < 2; i++) {
    const mote_prune_config c = {.pattern = MOTE_PRUNE_CHANNELS,
                                 .sparsity = 0.3,
                                 .samples = {.count = 10, .read = read_sample},
                                 .threads = i ? 3 : 1};
    g[i] = network(0);
    mote_prune_report_free(mote_prune(g[i], &c, NULL));
    assert_int_equal(mote_graph_bytes(g[i], &data[i], &size[i], NULL), MOTE_OK);
  }
  assert_int_equal(size[0], size[1]);
  assert_memory_equal(data[0], data[1], size[0]);
  for (int i = 0; i < 2; i++) mote_graph_free(g[i]);
}

/* ---- other types ---- */

/* float16 weights behind DEQUANTIZE, or int8 ones in an int8 network. */
static mote_graph *halves(void) {
  chance_state = 5;
  uint16_t w[32 * 16];
  for (int i = 0; i < 32 * 16; i++) w[i] = f16_from_f32(chance());
  mote_graph *const g = mote_graph_new(NULL, NULL);
  const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 2, (int32_t[]){1, 16});
  const mote_value half = mote_graph_const(g, "w", MOTE_FLOAT16, 2, (int32_t[]){32, 16}, w);
  const mote_value first = MOTE_OP(g, "first", "FULLY_CONNECTED", "fused_activation_function: RELU", x,
                                   MOTE_OP(g, "wide", "DEQUANTIZE", NULL, half), -1);
  mote_graph_output(g, dense(g, "last", first, 32, 4));
  return g;
}

static mote_graph *bytes(void) {
  chance_state = 5;
  int8_t w[32 * 16];
  int32_t b[32];
  for (int i = 0; i < 32 * 16; i++) w[i] = (int8_t)(chance() * 127);
  for (int i = 0; i < 32; i++) b[i] = (int32_t)(chance() * 1000);
  mote_graph *const g = mote_graph_new(NULL, NULL);
  const mote_value x = mote_graph_input(g, "x", MOTE_INT8, 2, (int32_t[]){1, 16});
  mote_graph_quantize(g, x, 0.02f, 3);
  const mote_value weight = mote_graph_const(g, "w", MOTE_INT8, 2, (int32_t[]){32, 16}, w);
  mote_graph_quantize(g, weight, 0.01f, 0);
  const mote_value bias = mote_graph_const(g, "b", MOTE_INT32, 1, (int32_t[]){32}, b);
  mote_graph_quantize(g, bias, 0.0002f, 0);
  mote_graph_quantize_next(g, 0.05f, -7);
  mote_graph_output(g, MOTE_OP(g, "y", "FULLY_CONNECTED", NULL, x, weight, bias));
  return g;
}

static void halves_stay_halves(void **unused) {
  (void)unused;
  for (int i = 0; i < 2; i++) {
    mote_error e;
    mote_graph *const g = halves();
    const mote_prune_config c = {
        .pattern = i ? MOTE_PRUNE_CHANNELS : MOTE_PRUNE_WEIGHTS, .sparsity = 0.75, .encode = true};
    mote_prune_report *const r = mote_prune(g, &c, &e);
    if (!r) fail_msg("%s", e.text);
    assert_int_equal(r->num_layers, 2);
    mote_tensor v;
    assert_true(mote_graph_value(g, r->layers[0].value, &v));
    assert_int_equal(v.type, MOTE_FLOAT16);
    if (i) assert_true(v.dims[0] < 10 && v.dims[1] == 16);
    size_t count;
    free(answer(g, 1, &count));
    assert_int_equal(count, 4);
    mote_prune_report_free(r);
    mote_graph_free(g);
  }
}

static void bytes_stay_bytes(void **unused) {
  (void)unused;
  for (int i = 0; i < 2; i++) {
    mote_error e;
    mote_graph *const full = bytes(), *const sparse = bytes();
    mote_prune_config c = {.sparsity = 0.75, .pattern = i ? MOTE_PRUNE_1X16 : MOTE_PRUNE_WEIGHTS};
    mote_prune_report *const a = mote_prune(full, &c, &e);
    c.encode = true;
    mote_prune_report *const b = mote_prune(sparse, &c, &e);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(a->left, 128);
    assert_true(difference(full, sparse, 2) <= 1.0 / 127); /* sparse int8 kernels round another way */
    mote_prune_report_free(a);
    mote_prune_report_free(b);
    mote_graph_free(full);
    mote_graph_free(sparse);
  }
}

/* ---- with clusters ---- */

static void clusters_keep_zeros(void **unused) {
  (void)unused;
  mote_graph *const g = network(0);
  const mote_prune_config p = {.sparsity = 0.6};
  const mote_cluster_config k = {.clusters = 16};
  mote_prune_report *const r = mote_prune(g, &p, NULL);
  mote_cluster_report *const c = mote_cluster(g, &k, NULL);
  assert_non_null(c);
  for (int32_t i = 0; i < r->num_layers; i++) {
    size_t count;
    const float *const w = floats_of(g, r->layers[i].value, &count);
    for (size_t j = 0; j < count; j++)
      if (!(r->layers[i].mask[j / 8] >> j % 8 & 1)) assert_true(w[j] == 0);
    assert_in_range(c->layers[i].after, 2, 16);
    assert_true(c->layers[i].zeros == r->layers[i].weights - r->layers[i].left);
  }
  mote_prune_report_free(r);
  mote_cluster_report_free(c);
  mote_graph_free(g);
}

/* ---- what is wrong ---- */

static bool stop_later(void *user, const char *what, double done) {
  (void)what, (void)done;
  return --*(int *)user > 0;
}

static mote_status read_nothing(void *user, int64_t index, mote_session *s, int32_t *label, mote_error *e) {
  (void)user, (void)index, (void)s, (void)label;
  strcpy(e->text, "no picture");
  return e->code = MOTE_ERR_FORMAT;
}

static void what_fails_leaves_the_network(void **unused) {
  (void)unused;
  int left = 60;
  const struct {
    float spoiled;
    mote_prune_config config;
    mote_status status;
    const char *says;
  } cases[] = {
      {0, {0}, MOTE_ERR_ARGUMENT, "one of sparsity, size and multiply-adds, not 0"},
      {0, {.sparsity = 0.5, .macs = 5}, MOTE_ERR_ARGUMENT, "not 2"},
      {0, {.sparsity = 1}, MOTE_ERR_ARGUMENT, "the sparsity is 1;"},
      {0, {.sparsity = -0.1}, MOTE_ERR_ARGUMENT, "the sparsity is -0.1;"},
      {0, {.sparsity = (double)NAN}, MOTE_ERR_ARGUMENT, "the sparsity is nan;"},
      {0, {.sparsity = 0.7, .pattern = MOTE_PRUNE_2_OF_4}, MOTE_ERR_ARGUMENT, "always half"},
      {0, {.size = 1000}, MOTE_ERR_ARGUMENT, "sparse tensors"},
      {0, {.size = 100, .encode = true}, MOTE_ERR_LIMIT, "100 bytes cannot be reached"},
      {0, {.macs = 10}, MOTE_ERR_LIMIT, "10 multiply-adds cannot be reached"},
      {NAN, {.sparsity = 0.5}, MOTE_ERR_MODEL, "weight 5 of FULLY_CONNECTED 'last' is not a number"},
      {0, {.sparsity = 0.5, .keep = "CONV_2D FULLY_CONNECTED"}, MOTE_ERR_MODEL, "no layer"},
      {0, {.sparsity = 0.5, .samples = {3, read_nothing, NULL}}, MOTE_ERR_FORMAT, "none of 3 samples can be read"},
      {0,
       {.sparsity = 0.5, .samples = {9, read_sample, NULL}, .watch = {stop_later, NULL, &left}},
       MOTE_ERR_CANCELLED,
       "as it was"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    mote_error e;
    mote_graph *const g = network(cases[i].spoiled), *const before = network(cases[i].spoiled);
    assert_null(mote_prune(g, &cases[i].config, &e));
    if (e.code != cases[i].status || !strstr(e.text, cases[i].says)) fail_msg("%zu: %s", i, e.text);
    const void *data[2];
    size_t size[2];
    assert_int_equal(mote_graph_bytes(g, &data[0], &size[0], &e), MOTE_OK);
    assert_int_equal(mote_graph_bytes(before, &data[1], &size[1], &e), MOTE_OK);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(data[0], data[1], size[0]);
    mote_graph_free(g);
    mote_graph_free(before);
  }
}

static void spoiled_weights_that_stay_are_nobodys_business(void **unused) {
  (void)unused;
  mote_graph *const g = network(NAN);
  const mote_prune_config c = {.sparsity = 0.5, .keep = "last"};
  mote_prune_report *const r = mote_prune(g, &c, NULL);
  assert_non_null(r);
  assert_int_equal(r->num_layers, 3);
  mote_prune_report_free(r);
  mote_graph_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(as_many_weights_go_as_were_asked_for),
      cmocka_unit_test(the_largest_weights_stay),
      cmocka_unit_test(pieces_go_whole),
      cmocka_unit_test(two_of_four_stay),
      cmocka_unit_test(budgets_hold),
      cmocka_unit_test(sparse_tensors_hold_the_same),
      cmocka_unit_test(repair_brings_the_answers_nearer),
      cmocka_unit_test(repair_does_no_harm),
      cmocka_unit_test(spoiled_samples_are_left_out),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(halves_stay_halves),
      cmocka_unit_test(bytes_stay_bytes),
      cmocka_unit_test(clusters_keep_zeros),
      cmocka_unit_test(what_fails_leaves_the_network),
      cmocka_unit_test(spoiled_weights_that_stay_are_nobodys_business),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
