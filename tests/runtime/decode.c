/* decode.c: weights that are packed in a file are unpacked when a program is made, and are constants from then on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "mote/mote.h"
#include "support/net.h"

/* y = W x, W 2x3 of two values, by indices of a bit each. */
static const uint8_t *packed_layer(net *n, size_t *size) {
  const float values[2] = {-1, 2.5f};
  const uint8_t indices = 0xb4; /* 1 0 1, 1 0 1 */
  uint8_t table[16 + sizeof values] = {0, 1, 0, 0, 1, 1, 2};
  memcpy(table + 16, values, sizeof values);
  net_begin(n);
  const int x = net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){1, 3}),
            y = net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){1, 2});
  const int bits = net_const(n, MOTE_UINT8, 1, (int32_t[]){1}, &indices, 1);
  const int how = net_const(n, MOTE_UINT8, 1, (int32_t[]){sizeof table}, table, sizeof table);
  const int w = net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){2, 3});
  net_custom(n, "TFLM_DECODE", 2, (int32_t[]){bits, how}, 1, (int32_t[]){w});
  net_op(n, sch_BuiltinOperator_FULLY_CONNECTED, sch_BuiltinOptions_FullyConnectedOptions, NULL, 3,
         (int32_t[]){x, w, -1}, 1, (int32_t[]){y});
  net_ends(n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  return net_file(n, size);
}

static void count_step(void *user, const mote_step *step) {
  (void)step;
  ++*(int *)user;
}

static void packed_weights_are_constants(void **state) {
  (void)state;
  net n;
  size_t size;
  mote_error e = {0};
  int steps = 0;
  const uint8_t *const file = packed_layer(&n, &size);
  assert_non_null(file);
  mote_model *const model = mote_model_from_memory(file, size, NULL, &e);
  mote_program *const program = model ? mote_program_new(model, NULL, &e) : NULL;
  mote_session *const session = program ? mote_session_new(program, NULL, &e) : NULL;
  if (!session) fail_msg("%s", e.text);
  mote_session_profile(session, count_step, &steps);
  memcpy(mote_session_input(session, 0)->data, ((float[]){1, 10, 100}), 12);
  assert_int_equal(mote_session_run(session, &e), MOTE_OK);
  assert_memory_equal(mote_session_output(session, 0)->data, ((float[]){242.5f, 242.5f}), 8);
  assert_int_equal(steps, 1);
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
  net_end(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(packed_weights_are_constants)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
