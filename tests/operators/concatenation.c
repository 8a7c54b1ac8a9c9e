/* CONCATENATION: joins along every axis, scalars, uint8 of other scales, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_concatenation;

enum { LIMIT = 5000, INPUTS = 6 };

static void follows_the_definition(void **state) {
  (void)state;
  op_random r = {1};
  static uint32_t data[INPUTS][LIMIT];
  for (int i = 0; i < INPUTS; i++)
    for (int n = 0; n < LIMIT; n++) data[i][n] = op_random_below(&r, UINT32_MAX);
  const mote_type types[] = {MOTE_INT8, MOTE_BOOL, MOTE_INT16, MOTE_FLOAT32};
  for (int round = 0; round < 1000; round++) {
    const mote_type type = types[op_random_below(&r, 4)];
    const size_t element = (size_t)mote_type_bits(type) / 8;
    const int32_t rank = op_random_in(&r, 1, 6), axis = op_random_in(&r, 0, rank - 1),
                  inputs = op_random_in(&r, 1, INPUTS);
    const sch_ConcatenationOptions o = {.axis = op_random_below(&r, 2) ? axis : axis - rank};
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK], sum = 0;
    op_random_dims(&r, rank, LIMIT / 9, dims);
    op_case k;
    op_case_begin(&k, &op_concatenation, &o);
    for (int32_t i = 0; i < inputs; i++) {
      sum += dims[axis] = op_random_in(&r, 0, 9);
      op_case_input(&k, type, rank, dims, data[i], 0);
    }
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const op_tensor *const out = &k.out[0];
    assert_int_equal(out->dims[axis], sum);
    for (size_t n = 0; n < op_count(out); n++) {
      op_coordinates(n, rank, out->dims, at);
      int32_t i = 0;
      while (at[axis] >= k.in[i].dims[axis]) at[axis] -= k.in[i++].dims[axis];
      assert_memory_equal((char *)out->data + n * element,
                          (char *)data[i] + op_offset(rank, k.in[i].dims, at) * element, element);
    }
    assert_true(op_case_end(&k));
  }
}

static void scalars_are_stacked(void **state) {
  (void)state;
  const int32_t seven = 7;
  op_case k;
  op_case_begin(&k, &op_concatenation, NULL);
  for (int i = 0; i < 3; i++) op_case_input(&k, MOTE_INT32, 0, NULL, &seven, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(k.out[0].rank, 1);
  assert_int_equal(k.out[0].dims[0], 3);
  assert_int_equal(((int32_t *)k.out[0].data)[2], 7);
  assert_true(op_case_end(&k));
}

/* real = scale * (q - zero point): 0.5 * (q - 10) read on a grid of 1 with zero point 3. */
static void uint8_is_requantised(void **state) {
  (void)state;
  static const uint8_t a[] = {0, 10, 12, 13, 255}, expected[] = {0, 3, 4, 5, 126};
  op_case k;
  op_case_begin(&k, &op_concatenation, NULL);
  op_tensor *const first = op_case_input(&k, MOTE_UINT8, 1, (int32_t[]){5}, a, 0);
  op_tensor *const second = op_case_input(&k, MOTE_UINT8, 1, (int32_t[]){5}, a, 0);
  op_tensor *const out = op_case_output(&k, MOTE_UINT8);
  first->scale = 0.5f, first->zero_point = 10;
  second->scale = out->scale = 1.0f;
  second->zero_point = out->zero_point = 3;
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(out->data, expected, 5);
  assert_memory_equal((uint8_t *)out->data + 5, a, 5);
  assert_true(op_case_end(&k));
}

static void fused_activations(void **state) {
  (void)state;
  const float a[] = {-2, -0.0f, 7}, tanh_of_7 = 0.99999834f;
  const struct {
    int32_t activation;
    float expected[3];
  } cases[] = {
      {sch_ActivationFunctionType_RELU, {0, 0, 7}},     {sch_ActivationFunctionType_RELU_N1_TO_1, {-1, 0, 1}},
      {sch_ActivationFunctionType_RELU6, {0, 0, 6}},    {sch_ActivationFunctionType_TANH, {-0.96402758f, 0, tanh_of_7}},
      {sch_ActivationFunctionType_SIGN_BIT, {1, 1, 0}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const sch_ConcatenationOptions o = {.fused_activation_function = cases[i].activation};
    op_case k;
    op_case_begin(&k, &op_concatenation, &o);
    for (int n = 0; n < 2; n++) op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){3}, a, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int n = 0; n < 6; n++) assert_float_equal(((float *)k.out[0].data)[n], cases[i].expected[n % 3], 1e-6f);
    assert_true(op_case_end(&k));
  }
}

static mote_status join(const int32_t *a, int32_t rank_a, const int32_t *b, int32_t rank_b, int32_t axis,
                        int32_t *dims) {
  op_case k;
  const sch_ConcatenationOptions o = {.axis = axis};
  op_case_begin(&k, &op_concatenation, &o);
  op_case_input(&k, MOTE_FLOAT32, rank_a, a, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, rank_b, b, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  if (dims) memcpy(dims, k.out[0].dims, sizeof k.out[0].dims);
  op_case_end(&k);
  return status;
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  const int32_t a[] = {2, 3, 4}, b[] = {2, 5, 4}, large[] = {2, INT32_MAX, 4};
  assert_int_equal(join(a, 3, b, 3, 1, NULL), MOTE_OK);
  assert_int_equal(join(a, 3, b, 3, 0, NULL), MOTE_ERR_SHAPE);
  assert_int_equal(join(a, 3, b, 3, 3, NULL), MOTE_ERR_SHAPE);
  assert_int_equal(join(a, 3, b, 3, -4, NULL), MOTE_ERR_SHAPE);
  assert_int_equal(join(a, 3, b, 2, 1, NULL), MOTE_ERR_SHAPE);
  assert_int_equal(join(a, 3, large, 3, 1, NULL), MOTE_ERR_SHAPE);
}

static void unknown_dimensions_fit_everything(void **state) {
  (void)state;
  int32_t dims[OP_MAX_RANK];
  assert_int_equal(join((int32_t[]){-1, 3}, 2, (int32_t[]){2, -1}, 2, 1, dims), MOTE_OK);
  assert_int_equal(dims[0], 2);
  assert_int_equal(dims[1], -1);
  assert_int_equal(join((int32_t[]){-1, 3}, 2, (int32_t[]){2, -1}, 2, 0, dims), MOTE_OK);
  assert_int_equal(dims[0], -1);
  assert_int_equal(dims[1], 3);
}

/* TFSA-2021-091: a joined dimension past 2^31 - 1. */
static void tfsa_2021_091_concatenation(void **state) {
  (void)state;
  const int32_t half[2] = {1 << 30, 0};
  assert_int_equal(join(half, 2, half, 2, 0, NULL), MOTE_ERR_SHAPE);
}

/* Parts of three and two nibbles do not meet between bytes. */
static void joins_packed_integers(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_concatenation, &(sch_ConcatenationOptions){.axis = 0});
  op_case_input(&k, MOTE_INT4, 1, (int32_t[]){3}, (uint8_t[]){0x21, 0xF3}, 0);
  op_case_input(&k, MOTE_INT4, 1, (int32_t[]){2}, (uint8_t[]){0x54}, 0);
  op_case_output(&k, MOTE_INT4);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((uint8_t[]){0x21, 0x43, 0x05}), 3);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),      cmocka_unit_test(scalars_are_stacked),
      cmocka_unit_test(fused_activations),           cmocka_unit_test(uint8_is_requantised),
      cmocka_unit_test(refuses_what_does_not_fit),   cmocka_unit_test(unknown_dimensions_fit_everything),
      cmocka_unit_test(tfsa_2021_091_concatenation), cmocka_unit_test(joins_packed_integers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
