/* DEPTHWISE_CONV_2D against its definition, on every level of the machine; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/conv_case.h"

extern const mote_op op_depthwise_conv_2d;

static void follows_the_definition(void **state) {
  (void)state;
  static conv_case k;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  op_random r = {8};
  for (int round = 0; round < 2100; round++) {
    const conv_case_kind kind = (conv_case_kind)(round % CASE_KINDS);
    if (kind == CASE_S16_B32 || !conv_case_make(&k, &r, kind, true)) continue;
    const sch_DepthwiseConv2DOptions options = {.padding = k.same ? sch_Padding_SAME : sch_Padding_VALID,
                                                .stride_h = k.stride[0],
                                                .stride_w = k.stride[1],
                                                .dilation_h_factor = k.dilation[0],
                                                .dilation_w_factor = k.dilation[1],
                                                .fused_activation_function = k.activation};
    for (int i = 0; i < count; i++) assert_true(conv_case_holds(&k, &op_depthwise_conv_2d, &options, levels[i]));
  }
}

static mote_status try_sizes(const int32_t *in, const int32_t *filter, int32_t stride) {
  const sch_DepthwiseConv2DOptions o = {.padding = sch_Padding_SAME,
                                        .stride_h = stride,
                                        .stride_w = stride,
                                        .dilation_h_factor = 1,
                                        .dilation_w_factor = 1};
  op_case k;
  op_case_begin(&k, &op_depthwise_conv_2d, &o);
  op_case_input(&k, MOTE_FLOAT32, 4, in, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 4, filter, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  assert_true(status == MOTE_OK || k.error.text[0]);
  op_case_end(&k);
  return status;
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  const int32_t in[] = {1, 5, 5, 4};
  assert_int_equal(try_sizes(in, (int32_t[]){1, 3, 3, 8}, 1), MOTE_OK);
  assert_int_equal(try_sizes(in, (int32_t[]){1, 3, 3, 6}, 1), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(in, (int32_t[]){2, 3, 3, 8}, 1), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(in, (int32_t[]){1, 0, 3, 8}, 1), MOTE_ERR_MODEL);
  assert_int_equal(try_sizes((int32_t[]){1, 5, 5, 0}, (int32_t[]){1, 3, 3, 0}, 1), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(in, (int32_t[]){1, 3, 3, 8}, 0), MOTE_ERR_MODEL);
  assert_int_equal(try_sizes(in, (int32_t[]){1, 3, 3, 8}, 40000), MOTE_ERR_MODEL);
}

/* TFSA-2021-089 (an input without channels), TFSA-2022-022 (a stride of 0); and a stride of 65536, whose low 16 bits
 * are 0.
 */
static void tfsa_2021_089_2022_022_depthwise_conv_2d(void **state) {
  (void)state;
  const int32_t in[] = {1, 5, 5, 4}, filter[] = {1, 3, 3, 8};
  assert_int_not_equal(try_sizes((int32_t[]){1, 5, 5, 0}, filter, 1), MOTE_OK);
  assert_int_not_equal(try_sizes(in, filter, 0), MOTE_OK);
  assert_int_not_equal(try_sizes(in, filter, 65536), MOTE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(tfsa_2021_089_2022_022_depthwise_conv_2d),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
