/* CIRCULAR_BUFFER against the slices that went in, and when it lets a run go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/flex.h"
#include "support/op_case.h"

extern const mote_op op_circular_buffer;

enum { BATCHES = 2, DEPTH = 6, RUNS = 12 };

static void begin(op_case *k, const flex_option *cycles, const int32_t *out_dims, const int8_t *x) {
  static uint8_t blob[FLEX_ROOM];
  op_case_begin(k, &op_circular_buffer, NULL);
  if (cycles) k->c.custom = blob, k->c.custom_size = flex_write(cycles, 1, blob);
  op_case_input(k, MOTE_INT8, 4, (int32_t[]){BATCHES, 1, 2, 3}, x, 0)->zero_point = 7;
  op_set_shape(op_case_output(k, MOTE_INT8), 4, out_dims);
  k->out[0].zero_point = 7;
}

/* cycles 0: no options. due: runs until one goes on. */
static void check(int32_t slices, int32_t cycles, int32_t due, bool tells) {
  int8_t all[RUNS][BATCHES * DEPTH], x[BATCHES * DEPTH] = {0};
  op_random r = {(uint64_t)slices};
  op_case k;
  for (int i = 0; i < RUNS; i++)
    for (int n = 0; n < BATCHES * DEPTH; n++) all[i][n] = (int8_t)op_random_in(&r, -128, 127);
  begin(&k, cycles ? &(flex_option){"cycles_max", (float)cycles} : NULL, (int32_t[]){BATCHES, slices, 2, 3}, x);
  if (tells) op_case_output(&k, MOTE_BOOL);
  for (int32_t run = 0; run < RUNS; run++) {
    memcpy(x, all[run], sizeof x);
    const bool goes_on = (run + 1) % due == 0;
    const mote_status status = run ? k.c.op->run(&k.c) : op_case_run(&k);
    assert_int_equal(status, goes_on || tells ? MOTE_OK : MOTE_ERR_CANCELLED);
    if (tells) assert_int_equal(*(bool *)k.out[1].data, goes_on);
    for (int32_t i = 0; i < BATCHES * slices * DEPTH; i++) {
      const int32_t batch = i / (slices * DEPTH), at = run - slices + 1 + i / DEPTH % slices;
      assert_int_equal(((int8_t *)k.out[0].data)[i], at < 0 ? 7 : all[at][batch * DEPTH + i % DEPTH]);
    }
  }
  assert_true(op_case_end(&k));
}

static void hands_on_the_last_slices(void **state) {
  (void)state;
  for (int32_t slices = 1; slices < 9; slices++)
    for (int32_t cycles = 1; cycles < 5; cycles++) check(slices, cycles, cycles, cycles % 2);
}

static void knows_cycles_by_the_number_of_slices(void **state) {
  (void)state;
  check(5, 0, 1, false);
  check(13, 0, 1, false);
  check(25, -1, 1, false);
  check(4, 0, 2, false);
  check(3, -1, 2, true);
}

static mote_status refused(int32_t rank, const int32_t *in_dims, int32_t out_rank, const int32_t *out_dims) {
  op_case k;
  begin(&k, NULL, out_dims, NULL);
  op_set_shape(&k.in[0], rank, in_dims);
  k.out[0].rank = out_rank;
  const mote_status status = op_case_infer(&k);
  assert_true(op_case_end(&k));
  return status;
}

static void refusals(void **state) {
  (void)state;
  const int32_t good[] = {1, 1, 2, 3}, thick[] = {1, 2, 2, 3}, flat[] = {1, 0, 2, 3};
  assert_int_equal(refused(4, good, 4, thick), MOTE_OK);
  assert_int_equal(refused(4, thick, 4, thick), MOTE_ERR_SHAPE);
  assert_int_equal(refused(3, good, 4, thick), MOTE_ERR_SHAPE);
  assert_int_equal(refused(4, good, 3, thick), MOTE_ERR_SHAPE);
  assert_int_equal(refused(4, good, 4, flat), MOTE_ERR_SHAPE);
  op_case k;
  begin(&k, NULL, thick, NULL);
  k.out[0].zero_point = 8;
  assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(hands_on_the_last_slices),
                                     cmocka_unit_test(knows_cycles_by_the_number_of_slices),
                                     cmocka_unit_test(refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
