/* RESHAPE and SQUEEZE: where the shape comes from, what is refused, what stays unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_reshape, op_squeeze;

static const int32_t six[] = {0, 1, 2, 3, 4, 5};

static mote_status reshape(op_case *k, const int32_t *shape, int32_t count, const sch_ReshapeOptions *o) {
  op_case_begin(k, &op_reshape, o);
  op_case_input(k, MOTE_INT32, 2, (int32_t[]){2, 3}, six, 0);
  if (shape) op_case_input(k, MOTE_INT32, 1, &count, shape, OP_CONST);
  op_case_output(k, MOTE_INT32);
  return op_case_run(k);
}

static void assert_shape(const op_tensor *t, int32_t rank, const int32_t *dims) {
  assert_int_equal(t->rank, rank);
  for (int32_t i = 0; i < rank; i++) assert_int_equal(t->dims[i], dims[i]);
}

static void computes_one_dimension(void **state) {
  (void)state;
  op_case k;
  assert_int_equal(reshape(&k, (int32_t[]){3, -1, 1}, 3, NULL), MOTE_OK);
  assert_shape(&k.out[0], 3, (int32_t[]){3, 2, 1});
  assert_memory_equal(k.out[0].data, six, sizeof six);
  assert_true(op_case_end(&k));
}

static void shape_may_be_an_option(void **state) {
  (void)state;
  op_case k;
  const sch_ReshapeOptions o = {.new_shape = {(int32_t[]){6}, 1}};
  assert_int_equal(reshape(&k, NULL, 0, &o), MOTE_OK);
  assert_shape(&k.out[0], 1, (int32_t[]){6});
  assert_true(op_case_end(&k));
  assert_int_equal(reshape(&k, (int32_t[]){3, 2}, 2, &o), MOTE_OK); /* the operand counts */
  assert_shape(&k.out[0], 2, (int32_t[]){3, 2});
  assert_true(op_case_end(&k));
}

static void old_files_write_a_scalar_as_0(void **state) {
  (void)state;
  op_case k;
  const sch_ReshapeOptions o = {.new_shape = {(int32_t[]){0}, 1}};
  op_case_begin(&k, &op_reshape, &o);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, six, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(k.out[0].rank, 0);
  assert_true(op_case_end(&k));
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  const struct {
    int32_t count, shape[9];
  } bad[] = {{2, {4, 2}},
             {2, {-1, -1}},
             {2, {-1, 4}},
             {2, {-1, 0}},
             {2, {-2, -3}},
             {1, {0}},
             {0, {0}},
             {9, {1, 1, 1, 1, 1, 1, 1, 1, 6}},
             {3, {65536, 65536, 65536}}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    op_case k;
    assert_int_not_equal(reshape(&k, bad[i].shape, bad[i].count, NULL), MOTE_OK);
    assert_non_null(strstr(k.error.text, "RESHAPE"));
    assert_true(op_case_end(&k));
  }
}

static void empty_tensors(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_reshape, NULL);
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){0, 3}, six, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, (int32_t[]){7, -1}, OP_CONST);
  op_case_output(&k, MOTE_INT8);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_shape(&k.out[0], 2, (int32_t[]){7, 0});
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_reshape, NULL);
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){4, 0}, six, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, (int32_t[]){2, 0, -1}, OP_CONST);
  op_case_output(&k, MOTE_INT8);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_shape(&k.out[0], 3, (int32_t[]){2, 0, 2}); /* as the reference */
  assert_true(op_case_end(&k));
}

static void unknown_until_the_data_is_there(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_reshape, NULL);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){2, 3}, six, 0);
  op_tensor *const shape = op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, NULL, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_shape(&k.out[0], 3, (int32_t[]){-1, -1, -1});
  shape->data = (int32_t[]){1, -1, 2};
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_shape(&k.out[0], 3, (int32_t[]){1, 3, 2});
  k.in[0].dims[0] = -1; /* the shape is known, the input is not */
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_shape(&k.out[0], 3, (int32_t[]){1, -1, 2});
  assert_true(op_case_end(&k));
}

static mote_status squeeze(op_case *k, int32_t rank, const int32_t *dims, const int32_t *named, uint32_t count) {
  const sch_SqueezeOptions o = {.squeeze_dims = {named, count}};
  op_case_begin(k, &op_squeeze, &o);
  op_case_input(k, MOTE_INT32, rank, dims, six, 0);
  op_case_output(k, MOTE_INT32);
  const mote_status status = op_case_infer(k);
  op_case_end(k);
  return status;
}

static void squeezes(void **state) {
  (void)state;
  op_case k;
  const int32_t dims[] = {1, 2, 1, 3, 1};
  assert_int_equal(squeeze(&k, 5, dims, NULL, 0), MOTE_OK);
  assert_shape(&k.out[0], 2, (int32_t[]){2, 3});
  assert_int_equal(squeeze(&k, 5, dims, (int32_t[]){-1, 0}, 2), MOTE_OK);
  assert_shape(&k.out[0], 3, (int32_t[]){2, 1, 3});
  assert_int_equal(squeeze(&k, 2, (int32_t[]){1, 1}, NULL, 0), MOTE_OK);
  assert_int_equal(k.out[0].rank, 0);
  assert_int_equal(squeeze(&k, 3, (int32_t[]){1, -1, 6}, NULL, 0), MOTE_OK);
  assert_int_equal(k.out[0].rank, -1);
  assert_int_equal(squeeze(&k, 3, (int32_t[]){1, -1, 6}, (int32_t[]){1}, 1), MOTE_OK);
  assert_shape(&k.out[0], 2, (int32_t[]){1, 6});
  assert_int_equal(squeeze(&k, 5, dims, (int32_t[]){1}, 1), MOTE_ERR_SHAPE);
  assert_int_equal(squeeze(&k, 5, dims, (int32_t[]){5}, 1), MOTE_ERR_SHAPE);
  assert_int_equal(squeeze(&k, 5, dims, (int32_t[]){0, -5}, 2), MOTE_ERR_MODEL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(computes_one_dimension),
      cmocka_unit_test(shape_may_be_an_option),
      cmocka_unit_test(old_files_write_a_scalar_as_0),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(empty_tensors),
      cmocka_unit_test(unknown_until_the_data_is_there),
      cmocka_unit_test(squeezes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
