/* channels.c (tests): whole channels go. Channels that are zero anyway must leave the answers as they are, through
 * every operator that carries channels on. */
#include "compress/support.h"

#define PADDED "padding: SAME, stride_w: 1, stride_h: 1"
#define WINDOW PADDED ", filter_width: 2, filter_height: 2"

enum { WIDE = 8, ZEROS = 0x24, LEFT = 6 }; /* channels 2 and 5 of 8 are zero */

/* From x, of 4x4 and WIDE channels, two of them zero, to something in which channels stand in the last dimension, as
 * many as *to says afterwards; or flat. */
typedef mote_value (*carry)(mote_graph *g, mote_value x, int32_t *to);

static mote_value through_relu6(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  return MOTE_OP(g, "y", "RELU6", NULL, x);
}

static mote_value through_pools(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  return MOTE_OP(g, "y", "MAX_POOL_2D", WINDOW, MOTE_OP(g, "p", "AVERAGE_POOL_2D", WINDOW, x));
}

static mote_value through_resize(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  return MOTE_OP(g, "y", "RESIZE_BILINEAR", NULL, x, mote_graph_ints(g, "size", 2, (int32_t[]){5, 7}));
}

static mote_value through_depthwise(mote_graph *g, mote_value x, int32_t *to) {
  *to = 2 * WIDE; /* channels 4, 5, 10 and 11 come from those that are zero */
  const mote_value w = weights(g, "w", 4, (int32_t[]){1, 3, 3, 2 * WIDE}, 3, 0xc30);
  const mote_value b = weights(g, "b", 1, to, 0, 0xc30);
  return MOTE_OP(g, "y", "DEPTHWISE_CONV_2D", PADDED ", depth_multiplier: 2", x, w, b);
}

static mote_value through_batch_norm(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  const mote_value scaled = MOTE_OP(g, "m", "MUL", NULL, x, weights(g, "scale", 1, (int32_t[]){WIDE}, -1, 0));
  return MOTE_OP(g, "y", "ADD", NULL, weights(g, "shift", 4, (int32_t[]){1, 1, 1, WIDE}, 3, ZEROS), scaled);
}

static mote_value through_prelu(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  return MOTE_OP(g, "y", "PRELU", NULL, x, weights(g, "alpha", 3, (int32_t[]){1, 1, WIDE}, -1, 0));
}

static mote_value through_residual(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  return MOTE_OP(g, "y", "ADD", NULL, x, conv(g, "branch", x, 3, WIDE, WIDE, ZEROS));
}

static mote_value through_gate(mote_graph *g, mote_value x, int32_t *to) { /* squeeze and excite */
  (void)to;
  const mote_value axes = mote_graph_ints(g, "axes", 2, (int32_t[]){1, 2});
  const mote_value mean = MOTE_OP(g, "mean", "MEAN", "keep_dims: true", x, axes);
  return MOTE_OP(g, "y", "MUL", NULL, x,
                 MOTE_OP(g, "s", "LOGISTIC", NULL, conv(g, "gate", mean, 1, WIDE, WIDE, ZEROS)));
}

static mote_value through_concatenation(mote_graph *g, mote_value x, int32_t *to) {
  *to = 2 * WIDE + 3;
  const mote_value other = conv(g, "other", x, 1, WIDE, WIDE, 0x81);
  return MOTE_OP(g, "y", "CONCATENATION", "axis: -1", other, x, weights(g, "c", 4, (int32_t[]){1, 4, 4, 3}, -1, 0));
}

static mote_value through_pad(mote_graph *g, mote_value x, int32_t *to) {
  *to = WIDE + 3;
  const mote_value pads =
      mote_graph_const(g, "pads", MOTE_INT32, 2, (int32_t[]){4, 2}, (int32_t[]){0, 0, 1, 1, 0, 2, 1, 2});
  return MOTE_OP(g, "y", "PAD", NULL, x, pads);
}

static mote_value through_padded_residual(mote_graph *g, mote_value x, int32_t *to) {
  *to = WIDE + 4;
  const mote_value pads =
      mote_graph_const(g, "pads", MOTE_INT32, 2, (int32_t[]){4, 2}, (int32_t[]){0, 0, 0, 0, 0, 0, 0, 4});
  return MOTE_OP(g, "y", "ADD", NULL, MOTE_OP(g, "p", "PAD", NULL, x, pads),
                 conv(g, "b", x, 3, WIDE, *to, ZEROS | 0x400));
}

static mote_value through_space_to_depth(mote_graph *g, mote_value x, int32_t *to) {
  *to = 4 * WIDE;
  return MOTE_OP(g, "y", "SPACE_TO_DEPTH", "block_size: 2", x);
}

static mote_value through_space_and_back(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  return MOTE_OP(g, "y", "DEPTH_TO_SPACE", "block_size: 2", MOTE_OP(g, "d", "SPACE_TO_DEPTH", "block_size: 2", x));
}

static mote_value through_split(mote_graph *g, mote_value x, int32_t *to) { /* 2 and 6 go, as 2 of each half */
  *to = WIDE / 2;
  const mote_value parts[] = {mote_graph_int(g, "axis", 3), conv(g, "w", x, 1, WIDE, WIDE, 0x44)};
  const mote_value half = mote_graph_op_n(g, "h", "SPLIT", "num_splits: 2", parts, 2, 2, NULL);
  return MOTE_OP(g, "y", "SUB", NULL, half + 1, half);
}

static mote_value through_transposed_convolution(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  const mote_value shape = mote_graph_ints(g, "shape", 4, (int32_t[]){1, 8, 8, WIDE});
  const mote_value w = weights(g, "w", 4, (int32_t[]){WIDE, 2, 2, WIDE}, 0, ZEROS);
  return MOTE_OP(g, "y", "TRANSPOSE_CONV", "padding: SAME, stride_w: 2, stride_h: 2", shape, w, x);
}

static mote_value through_strided_slice(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  return MOTE_OP(
      g, "y", "STRIDED_SLICE", "begin_mask: 1, end_mask: 1", x, mote_graph_ints(g, "b", 4, (int32_t[]){0, 1, 0, 0}),
      mote_graph_ints(g, "e", 4, (int32_t[]){0, 4, 3, WIDE}), mote_graph_ints(g, "s", 4, (int32_t[]){1, 1, 2, 1}));
}

static mote_value through_slice(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  return MOTE_OP(g, "y", "SLICE", NULL, x, mote_graph_ints(g, "b", 4, (int32_t[]){0, 1, 1, 0}),
                 mote_graph_ints(g, "n", 4, (int32_t[]){-1, 2, 3, WIDE}));
}

static mote_value through_transposes(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  const mote_value first = MOTE_OP(g, "t", "TRANSPOSE", NULL, x, mote_graph_ints(g, "p", 4, (int32_t[]){0, 3, 1, 2}));
  const mote_value middle = MOTE_OP(g, "n", "NEG", NULL, first);
  return MOTE_OP(g, "y", "TRANSPOSE", NULL, middle, mote_graph_ints(g, "q", 4, (int32_t[]){0, 3, 2, 1}));
}

static mote_value through_flatten(mote_graph *g, mote_value x, int32_t *to) {
  *to = 16 * WIDE;
  return MOTE_OP(g, "y", "RESHAPE", NULL, x, mote_graph_ints(g, "shape", 2, (int32_t[]){1, 16 * WIDE}));
}

static mote_value through_open_flatten(mote_graph *g, mote_value x, int32_t *to) {
  *to = 16 * WIDE;
  return MOTE_OP(g, "y", "RESHAPE", "new_shape: [1, -1]", x, mote_graph_ints(g, "shape", 2, (int32_t[]){1, -1}));
}

static mote_value through_flatten_and_back(mote_graph *g, mote_value x, int32_t *to) {
  const mote_value flat = through_flatten(g, x, to);
  *to = WIDE;
  return MOTE_OP(g, "z", "RESHAPE", NULL, flat, mote_graph_ints(g, "back", 4, (int32_t[]){1, 2, 8, WIDE}));
}

static mote_value through_mean(mote_graph *g, mote_value x, int32_t *to) {
  (void)to;
  const mote_value mean =
      MOTE_OP(g, "m", "MEAN", "keep_dims: true", x, mote_graph_ints(g, "axes", 2, (int32_t[]){1, 2}));
  return MOTE_OP(g, "y", "SQUEEZE", "squeeze_dims: [1, 2]", mean);
}

static mote_value through_dense(mote_graph *g, mote_value x, int32_t *to) { /* reads all of it, without a RESHAPE */
  const mote_value y = dense(g, "y", x, 16 * WIDE, WIDE);
  (void)to;
  return y;
}

static mote_value through_matmul(mote_graph *g, mote_value x, int32_t *to) {
  *to = 5;
  return MOTE_OP(g, "y", "BATCH_MATMUL", NULL, x, weights(g, "w", 2, (int32_t[]){WIDE, 5}, -1, 0));
}

static mote_value through_softmax(mote_graph *g, mote_value x, int32_t *to) { /* it sums over channels: none may go */
  (void)to;
  return MOTE_OP(g, "y", "SOFTMAX", "beta: 1", x);
}

/* x ──▶ convolution with zeros ──▶ what is tested ──▶ convolution or dense layer. */
static mote_graph *network(carry through, uint32_t seed) {
  chance_state = seed;
  mote_graph *const g = mote_graph_new(NULL, NULL);
  const mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 3});
  int32_t to = WIDE;
  const mote_value y = through(g, conv(g, "first", x, 3, 3, WIDE, ZEROS), &to);
  mote_tensor v;
  mote_error e;
  if (!mote_graph_value(g, y, &v)) fail_msg("%s", (mote_graph_check(g, &e), e.text));
  mote_graph_output(g, v.rank == 4 ? conv(g, "last", y, 1, to, 4, 0) : dense(g, "last", y, to, 4));
  return g;
}

static void channels_that_are_zero_go(void **unused) {
  (void)unused;
  const struct {
    const char *name;
    carry through;
    int channels, zeros; /* that might go; that are zero */
  } cases[] = {
      {"RELU6", through_relu6, 8, 2},
      {"pools", through_pools, 8, 2},
      {"RESIZE_BILINEAR", through_resize, 8, 2},
      {"DEPTHWISE_CONV_2D", through_depthwise, 8, 2},
      {"MUL and ADD", through_batch_norm, 8, 2},
      {"PRELU", through_prelu, 8, 2},
      {"residual", through_residual, 8, 2},
      {"gate", through_gate, 8, 2},
      {"CONCATENATION", through_concatenation, 16, 4},
      {"PAD", through_pad, 11, 5},
      {"PAD and ADD", through_padded_residual, 12, 3},
      {"SPACE_TO_DEPTH", through_space_to_depth, 8, 2},
      {"DEPTH_TO_SPACE", through_space_and_back, 8, 2},
      {"SPLIT", through_split, 12, 3},
      {"TRANSPOSE_CONV", through_transposed_convolution, 16, 4},
      {"STRIDED_SLICE", through_strided_slice, 8, 2},
      {"SLICE", through_slice, 8, 2},
      {"TRANSPOSE", through_transposes, 8, 2},
      {"flatten", through_flatten, 8, 2},
      {"flatten of open size", through_open_flatten, 8, 2},
      {"flatten and back", through_flatten_and_back, 8, 2},
      {"MEAN and SQUEEZE", through_mean, 8, 2},
      {"FULLY_CONNECTED", through_dense, 16, 2},
      {"BATCH_MATMUL", through_matmul, 13, 2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    mote_error e;
    mote_graph *const g = network(cases[i].through, 3), *const before = network(cases[i].through, 3);
    /* Channels are taken from the least score on, so that by this limit those of zero go and no other. */
    const mote_prune_config c = {.pattern = MOTE_PRUNE_CHANNELS, .sparsity = 0.001, .multiple = 1};
    int gone = 0;
    for (; gone < cases[i].zeros; gone++) {
      mote_prune_report *const r = mote_prune(g, &c, &e);
      if (!r) fail_msg("%s: %s", cases[i].name, e.text);
      if (r->channels_before != cases[i].channels - gone || r->channels_after != r->channels_before - 1)
        fail_msg("%s: %d of %d channels are left after %d went", cases[i].name, (int)r->channels_after,
                 (int)r->channels_before, gone);
      assert_true(r->left < r->weights || r->weights == r->left);
      assert_true(r->after.bytes <= r->before.bytes);
      mote_prune_report_free(r);
    }
    if (mote_graph_check(g, &e)) fail_msg("%s: %s", cases[i].name, e.text);
    for (uint32_t seed = 1; seed < 4; seed++) {
      const double d = difference(before, g, seed);
      if (d > 1e-5) fail_msg("%s: the answers differ by %g", cases[i].name, d);
    }
    mote_graph_free(g);
    mote_graph_free(before);
  }
}

static void channels_that_are_needed_stay(void **unused) {
  (void)unused;
  mote_error e;
  mote_graph *const g = network(through_softmax, 3);
  const mote_prune_config c = {.pattern = MOTE_PRUNE_CHANNELS, .sparsity = 0.5};
  assert_null(mote_prune(g, &c, &e));
  assert_int_equal(e.code, MOTE_ERR_MODEL);
  assert_non_null(strstr(e.text, "no channel can go"));
  mote_graph_free(g);
}

static void layers_that_are_kept_keep_their_channels(void **unused) {
  (void)unused;
  mote_error e;
  mote_graph *const g = network(through_concatenation, 3);
  const mote_prune_config c = {.pattern = MOTE_PRUNE_CHANNELS, .sparsity = 0.3, .keep = "other"};
  mote_prune_report *const r = mote_prune(g, &c, &e);
  assert_null(r); /* it reads the channels of the first, and makes its own: none is left to go */
  assert_non_null(strstr(e.text, "no channel can go"));
  mote_graph_free(g);
}

/* A network of some depth, most of whose channels may go. */
static mote_graph *deep(void) {
  chance_state = 11;
  mote_graph *const g = mote_graph_new(NULL, NULL);
  int32_t to = 0;
  mote_value x = mote_graph_input(g, "x", MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 3});
  x = conv(g, "a", x, 3, 3, WIDE, 0);
  x = through_residual(g, x, &to);
  x = conv(g, "c", x, 3, WIDE, 32, 0);
  x = conv(g, "d", x, 1, 32, WIDE, 0);
  x = through_flatten(g, x, &to);
  mote_graph_output(g, dense(g, "last", x, to, 10));
  return g;
}

static void budgets_hold(void **unused) {
  (void)unused;
  mote_error e;
  mote_graph *const whole = deep();
  const void *data;
  size_t size;
  assert_int_equal(mote_graph_bytes(whole, &data, &size, &e), MOTE_OK);
  for (int i = 1; i < 5; i++) {
    const mote_prune_config by[] = {
        {.pattern = MOTE_PRUNE_CHANNELS, .sparsity = 0.15 * i, .multiple = 1},
        {.pattern = MOTE_PRUNE_CHANNELS, .macs = (uint64_t)(130000 - 20000 * i)},
        {.pattern = MOTE_PRUNE_CHANNELS, .size = size - (size_t)i * size / 8},
    };
    for (int k = 0; k < 3; k++) {
      mote_graph *const g = deep();
      mote_prune_report *const r = mote_prune(g, &by[k], &e);
      if (!r) fail_msg("%d, %d: %s", i, k, e.text);
      assert_true(k != 0 || (double)r->left <= (1 - by[k].sparsity) * (double)r->weights);
      assert_true(k != 0 || (double)r->left > (0.8 - by[k].sparsity) * (double)r->weights);
      assert_true(k != 1 || r->macs_after <= by[k].macs);
      assert_true(k != 2 || r->after.bytes <= by[k].size);
      size_t count;
      free(answer(g, 1, &count));
      assert_int_equal(count, 10);
      mote_prune_report_free(r);
      mote_graph_free(g);
    }
  }
  mote_graph_free(whole);
}

static void layers_keep_multiples(void **unused) {
  (void)unused;
  const struct { int32_t multiple, wide, narrow; } cases[] = {{0, 8, 4}, {1, 1, 1}, {2, 2, 2}};
  for (int i = 0; i < 3; i++) {
    mote_error e;
    mote_graph *const g = deep();
    const mote_prune_config c = {.pattern = MOTE_PRUNE_CHANNELS, .sparsity = 0.45, .multiple = cases[i].multiple};
    mote_prune_report *const r = mote_prune(g, &c, &e);
    if (!r) fail_msg("%s", e.text);
    mote_tensor v;
    assert_true(mote_graph_value(g, mote_graph_find(g, "c"), &v)); /* had 32 */
    assert_int_equal(v.dims[3] % cases[i].wide, 0);
    assert_true(v.dims[3] < 32);
    assert_true(mote_graph_value(g, mote_graph_find(g, "a"), &v)); /* had 8 */
    assert_int_equal(v.dims[3] % cases[i].narrow, 0);
    mote_prune_report_free(r);
    mote_graph_free(g);
  }
}

static void what_cannot_be_reached_is_told(void **unused) {
  (void)unused;
  mote_error e;
  mote_graph *const g = deep(), *const before = deep();
  const mote_prune_config c = {.pattern = MOTE_PRUNE_CHANNELS, .size = 1000};
  assert_null(mote_prune(g, &c, &e));
  assert_int_equal(e.code, MOTE_ERR_LIMIT);
  assert_non_null(strstr(e.text, "1000 bytes cannot be reached"));
  assert_true(difference(g, before, 1) == 0);
  mote_graph_free(g);
  mote_graph_free(before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(channels_that_are_zero_go),
      cmocka_unit_test(channels_that_are_needed_stay),
      cmocka_unit_test(layers_that_are_kept_keep_their_channels),
      cmocka_unit_test(budgets_hold),
      cmocka_unit_test(layers_keep_multiples),
      cmocka_unit_test(what_cannot_be_reached_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
