/* improve.c: what rewrites make of a network before it runs: fewer steps, the same bits, at every size of the input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mote/mote.h"
#include "support/net.h"

/* PAD, CONV_2D, RELU, two reshapes and a dense layer, one after the other. */
static const uint8_t *network(net *n, size_t *size) {
  static float kernel[18], weights[2 * 32];
  static sch_Conv2DOptions conv = {
      .padding = sch_Padding_VALID, .stride_w = 1, .stride_h = 1, .dilation_w_factor = 1, .dilation_h_factor = 1};
  for (int i = 0; i < 18; i++) kernel[i] = (float)(i % 5) - 2;
  for (int i = 0; i < 64; i++) weights[i] = (float)(i % 7) / 8 - 0.4F;
  net_begin(n);
  const int x = net_tensor(n, MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 1});
  const int pads = net_const(n, MOTE_INT32, 2, (int32_t[]){4, 2}, (int32_t[]){0, 0, 1, 1, 1, 1, 0, 0}, 32);
  const int wide = net_tensor(n, MOTE_FLOAT32, 4, (int32_t[]){1, 6, 6, 1});
  const int w = net_const(n, MOTE_FLOAT32, 4, (int32_t[]){2, 3, 3, 1}, kernel, sizeof kernel);
  const int c = net_const(n, MOTE_FLOAT32, 1, (int32_t[]){2}, (float[]){1, -1}, 8);
  const int y = net_tensor(n, MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 2});
  const int r = net_tensor(n, MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 2});
  const int to[] = {net_const(n, MOTE_INT32, 1, (int32_t[]){3}, (int32_t[]){-1, 4, 8}, 12),
                    net_const(n, MOTE_INT32, 1, (int32_t[]){2}, (int32_t[]){-1, 32}, 8)};
  const int a = net_tensor(n, MOTE_FLOAT32, 3, (int32_t[]){1, 4, 8});
  const int b = net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){1, 32});
  const int d = net_const(n, MOTE_FLOAT32, 2, (int32_t[]){2, 32}, weights, sizeof weights);
  const int z = net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){1, 2});
  net_op(n, sch_BuiltinOperator_PAD, sch_BuiltinOptions_PadOptions, NULL, 2, (int32_t[]){x, pads}, 1, &wide);
  net_op(n, sch_BuiltinOperator_CONV_2D, sch_BuiltinOptions_Conv2DOptions, &conv, 3, (int32_t[]){wide, w, c}, 1, &y);
  net_op(n, sch_BuiltinOperator_RELU, 0, NULL, 1, &y, 1, &r);
  net_op(n, sch_BuiltinOperator_RESHAPE, sch_BuiltinOptions_ReshapeOptions, NULL, 2, (int32_t[]){r, to[0]}, 1, &a);
  net_op(n, sch_BuiltinOperator_RESHAPE, sch_BuiltinOptions_ReshapeOptions, NULL, 2, (int32_t[]){a, to[1]}, 1, &b);
  net_op(n, sch_BuiltinOperator_FULLY_CONNECTED, sch_BuiltinOptions_FullyConnectedOptions, NULL, 2, (int32_t[]){b, d},
         1, &z);
  net_ends(n, 1, &x, 1, &z);
  return net_file(n, size);
}

static int steps;

static void on_step(void *user, const mote_step *step) {
  (void)user;
  steps++;
  assert_in_range(step->index, 0, 5);
}

/* The answer for a batch; returns the number of steps. */
static int answer(const mote_model *model, bool plain, int32_t batch, float *to) {
  mote_error e = {0};
  mote_program *p = mote_program_new(model, &(mote_config){.no_rewrites = plain}, &e);
  if (!p) fail_msg("%s", e.text);
  mote_session *s = mote_session_new(p, NULL, &e);
  if (!s) fail_msg("%s", e.text);
  assert_string_equal(mote_session_input(s, 0)->name, "t0");
  assert_int_equal(mote_session_input(s, 0)->signature[0], 1);
  assert_int_equal(mote_session_resize(s, 0, (int32_t[]){batch, 4, 4, 1}, 4, &e), MOTE_OK);
  if (mote_session_plan(s, &e) != MOTE_OK) fail_msg("%s", e.text);
  float *in = mote_session_input(s, 0)->data;
  for (int i = 0; i < 16 * batch; i++) in[i] = (float)(i * 7 % 11) - 5;
  mote_session_profile(s, on_step, NULL);
  steps = 0;
  assert_int_equal(mote_session_run(s, &e), MOTE_OK);
  memcpy(to, mote_session_output(s, 0)->data, mote_session_output(s, 0)->size);
  assert_int_equal(strstr(mote_program_plan(p), "rewrite fuse-activation, 1 x: ") == NULL, plain);
  mote_session_free(s);
  mote_program_free(p);
  return steps;
}

static void fewer_steps_and_the_same_bits(void **state) {
  (void)state;
  net n;
  size_t size;
  const uint8_t *file = network(&n, &size);
  mote_error e = {0};
  mote_model *model = mote_model_from_memory(file, size, NULL, &e);
  if (!model) fail_msg("%s", e.text);
  for (int32_t batch = 1; batch < 4; batch++) {
    float plain[8] = {0}, better[8] = {0};
    assert_int_equal(answer(model, true, batch, plain), 6);
    assert_int_equal(answer(model, false, batch, better), 2);
    assert_memory_equal(plain, better, sizeof plain);
  }
  mote_model_free(model);
  net_end(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(fewer_steps_and_the_same_bits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
