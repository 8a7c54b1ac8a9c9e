/* CONV_2D against its definition, on every level of the machine; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/conv_case.h"

extern const mote_op op_conv_2d;

static void follows_the_definition(void **state) {
  (void)state;
  static conv_case k;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  op_random r = {7};
  for (int round = 0; round < 1400; round++) {
    const conv_case_kind kind = (conv_case_kind)(round % CASE_KINDS);
    if (!conv_case_make(&k, &r, kind, false)) continue;
    const sch_Conv2DOptions options = {.padding = k.same ? sch_Padding_SAME : sch_Padding_VALID,
                                       .stride_h = k.stride[0],
                                       .stride_w = k.stride[1],
                                       .dilation_h_factor = k.dilation[0],
                                       .dilation_w_factor = k.dilation[1],
                                       .fused_activation_function = k.activation,
                                       .quantized_bias_type =
                                           kind == CASE_S16_B32 ? sch_TensorType_INT32 : sch_TensorType_FLOAT32};
    for (int i = 0; i < count; i++) assert_true(conv_case_holds(&k, &op_conv_2d, &options, levels[i]));
  }
}

/* A float convolution of these sizes; returns how far it got. */
static mote_status try_sizes(const int32_t *in, const int32_t *filter, int32_t bias, const sch_Conv2DOptions *options) {
  op_case k;
  op_case_begin(&k, &op_conv_2d, options);
  op_case_input(&k, MOTE_FLOAT32, 4, in, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 4, filter, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 1, &bias, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  assert_true(status == MOTE_OK || k.error.text[0]);
  op_case_end(&k);
  return status;
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  sch_Conv2DOptions o = {
      .padding = sch_Padding_VALID, .stride_h = 1, .stride_w = 1, .dilation_h_factor = 1, .dilation_w_factor = 1};
  const int32_t in[] = {1, 5, 5, 4}, filter[] = {6, 3, 3, 4};
  assert_int_equal(try_sizes(in, filter, 6, &o), MOTE_OK);
  assert_int_equal(try_sizes(in, filter, 5, &o), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(in, (int32_t[]){6, 3, 3, 3}, 6, &o), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(in, (int32_t[]){6, 3, 3, 0}, 6, &o), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(in, (int32_t[]){5, 3, 3, 2}, 5, &o), MOTE_ERR_SHAPE); /* 2 groups for 5 outputs */
  assert_int_equal(try_sizes(in, (int32_t[]){6, 6, 3, 4}, 6, &o), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes((int32_t[]){1, 5, 5, 0}, filter, 6, &o), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes((int32_t[]){0, 5, 5, 4}, filter, 6, &o), MOTE_OK);
  assert_int_equal(try_sizes((int32_t[]){-1, -1, 5, 4}, filter, 6, &o), MOTE_OK);
  o.stride_h = 0;
  assert_int_equal(try_sizes(in, filter, 6, &o), MOTE_ERR_MODEL);
  o.stride_h = 1, o.dilation_w_factor = 70000;
  assert_int_equal(try_sizes(in, filter, 6, &o), MOTE_ERR_MODEL);
}

/* TFSA-2021-073, 2021-082, 2022-021, 2023-001 (strides, dimensions, a bias and channels of 0), 2021-150 (nothing at
 * all), 2020-008 (channels that differ).
 */
static void tfsa_2020_008_2021_073_082_150_2022_021_2023_001_conv_2d(void **state) {
  (void)state;
  sch_Conv2DOptions o = {
      .padding = sch_Padding_SAME, .stride_h = 1, .stride_w = 1, .dilation_h_factor = 1, .dilation_w_factor = 1};
  const int32_t in[] = {1, 5, 5, 4}, filter[] = {6, 3, 3, 4}, nothing[] = {0, 0, 0, 0};
  assert_int_not_equal(try_sizes(in, filter, 0, &o), MOTE_OK);
  assert_int_not_equal(try_sizes(in, nothing, 6, &o), MOTE_OK);
  assert_int_not_equal(try_sizes(nothing, nothing, 0, &o), MOTE_OK);
  assert_int_not_equal(try_sizes(in, (int32_t[]){6, 3, 3, 0}, 6, &o), MOTE_OK);
  assert_int_not_equal(try_sizes(in, (int32_t[]){6, 0, 3, 4}, 6, &o), MOTE_OK);
  assert_int_not_equal(try_sizes(in, (int32_t[]){6, 3, 3, 7}, 6, &o), MOTE_OK);
  o.stride_w = 0;
  assert_int_not_equal(try_sizes(in, filter, 6, &o), MOTE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(tfsa_2020_008_2021_073_082_150_2022_021_2023_001_conv_2d),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
