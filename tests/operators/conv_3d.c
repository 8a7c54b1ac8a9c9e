/* CONV_3D against its definition, a sum over the window of each output, on every level of the machine; and what is
 * refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/conv_case.h"

extern const mote_op op_conv_3d;

enum { MOST = 6000 };

typedef struct volume_case {
  bool constant, biased, relu;
  sch_Conv3DOptions options;
  int32_t in[5], filter[5], out[5], stride[3], dilation[3], before[3];
  float x[MOST], w[MOST], b[40];
} volume_case;

static bool make(volume_case *t, op_random *r) {
  memset(t, 0, sizeof *t);
  const bool same = op_random_below(r, 2), pointwise = op_random_below(r, 5) == 0;
  t->constant = op_random_below(r, 2), t->biased = op_random_below(r, 3), t->relu = op_random_below(r, 2);
  t->in[0] = t->out[0] = op_random_in(r, op_random_below(r, 9) ? 1 : 0, 3);
  t->in[4] = t->filter[3] = op_random_in(r, 1, op_random_below(r, 3) ? 4 : 30);
  t->filter[4] = t->out[4] = op_random_in(r, 1, op_random_below(r, 3) ? 5 : 40);
  for (int d = 0; d < 3; d++) {
    t->stride[d] = pointwise ? 1 : op_random_in(r, 1, 3);
    t->dilation[d] = op_random_below(r, 3) ? 1 : 2;
    t->filter[d] = pointwise ? 1 : op_random_in(r, 1, 3);
    const int32_t span = (t->filter[d] - 1) * t->dilation[d] + 1, in = op_random_in(r, same ? 1 : span, span + 4);
    const int32_t out = same ? (in + t->stride[d] - 1) / t->stride[d] : (in - span) / t->stride[d] + 1;
    const int32_t total = (out - 1) * t->stride[d] + span - in;
    t->in[1 + d] = in, t->out[1 + d] = out, t->before[d] = total > 0 ? total / 2 : 0;
  }
  t->options = (sch_Conv3DOptions){.padding = same ? sch_Padding_SAME : sch_Padding_VALID,
                                   .stride_d = t->stride[0],
                                   .stride_h = t->stride[1],
                                   .stride_w = t->stride[2],
                                   .dilation_d_factor = t->dilation[0],
                                   .dilation_h_factor = t->dilation[1],
                                   .dilation_w_factor = t->dilation[2],
                                   .fused_activation_function =
                                       t->relu ? sch_ActivationFunctionType_RELU : sch_ActivationFunctionType_NONE};
  size_t in, filter;
  if (!size_dims(t->in, 5, &in) || !size_dims(t->filter, 5, &filter) || in > MOST || filter > MOST) return false;
  for (size_t i = 0; i < in; i++) t->x[i] = (float)conv_case_value(r, MOTE_FLOAT32);
  for (size_t i = 0; i < filter; i++) t->w[i] = (float)conv_case_value(r, MOTE_FLOAT32);
  for (size_t i = 0; i < 40 && t->biased; i++) t->b[i] = (float)conv_case_value(r, MOTE_FLOAT32);
  return true;
}

static bool right(const volume_case *t, size_t i, float y) {
  int32_t at[5], tap[4];
  double sum, size = 0;
  op_coordinates(i, 5, t->out, at);
  sum = (double)t->b[at[4]];
  const size_t taps = (size_t)(t->filter[0] * t->filter[1] * t->filter[2] * t->filter[3]);
  for (size_t f = 0; f < taps; f++) {
    int32_t from[5] = {at[0]};
    bool inside = true;
    op_coordinates(f, 4, t->filter, tap);
    for (int d = 0; d < 3; d++) {
      from[1 + d] = at[1 + d] * t->stride[d] + tap[d] * t->dilation[d] - t->before[d];
      inside &= from[1 + d] >= 0 && from[1 + d] < t->in[1 + d];
    }
    from[4] = tap[3];
    if (!inside) continue;
    const double product =
        (double)t->x[op_offset(5, t->in, from)] * (double)t->w[f * (size_t)t->filter[4] + (size_t)at[4]];
    sum += product, size += fabs(product);
  }
  if (t->relu && sum < 0) sum = 0;
  return fabs((double)y - sum) <= 2e-6 * (1 + size);
}

static bool holds(const volume_case *t, cpu_level level) {
  op_case c;
  op_case_begin(&c, &op_conv_3d, &t->options);
  c.c.isa = level, c.c.workers = 3;
  op_case_input(&c, MOTE_FLOAT32, 5, t->in, t->x, 0);
  op_case_input(&c, MOTE_FLOAT32, 5, t->filter, t->w, t->constant ? OP_CONST : 0);
  if (t->biased) op_case_input(&c, MOTE_FLOAT32, 1, &t->out[4], t->b, 0);
  const op_tensor *const y = op_case_output(&c, MOTE_FLOAT32);
  bool good = op_case_run(&c) == MOTE_OK;
  if (!good) fprintf(stderr, "%s\n", c.error.text);
  for (int d = 0; good && d < 5; d++) good = y->dims[d] == t->out[d];
  for (size_t i = 0; good && i < op_count(y); i++) {
    good = right(t, i, ((const float *)y->data)[i]);
    if (!good) fprintf(stderr, "%s: element %zu differs\n", cpu_name(level), i);
  }
  return op_case_end(&c) && good;
}

static void follows_the_definition(void **state) {
  (void)state;
  static volume_case t;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  op_random r = {21};
  for (int round = 0; round < 300; round++) {
    if (!make(&t, &r)) continue;
    for (int i = 0; i < count; i++) assert_true(holds(&t, levels[i]));
  }
}

static mote_status try_shapes(int32_t rank, const int32_t *in, const int32_t *filter, int32_t bias, int32_t stride) {
  const sch_Conv3DOptions o = {.padding = sch_Padding_VALID,
                               .stride_d = stride,
                               .stride_h = 1,
                               .stride_w = 1,
                               .dilation_d_factor = 1,
                               .dilation_h_factor = 1,
                               .dilation_w_factor = 1};
  op_case k;
  op_case_begin(&k, &op_conv_3d, &o);
  op_case_input(&k, MOTE_FLOAT32, rank, in, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 5, filter, NULL, 0);
  if (bias) op_case_input(&k, MOTE_FLOAT32, 1, &bias, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  assert_true(status == MOTE_OK || k.error.text[0]);
  op_case_end(&k);
  return status;
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  const int32_t in[] = {1, 3, 4, 5, 2}, filter[] = {2, 2, 2, 2, 3};
  assert_int_equal(try_shapes(5, in, filter, 3, 1), MOTE_OK);
  assert_int_equal(try_shapes(5, (int32_t[]){-1, -1, -1, -1, -1}, filter, 3, 1), MOTE_OK);
  assert_int_equal(try_shapes(5, (int32_t[]){0, 3, 4, 5, 2}, filter, 3, 1), MOTE_OK);
  assert_int_equal(try_shapes(4, in, filter, 3, 1), MOTE_ERR_SHAPE);
  assert_int_equal(try_shapes(5, in, filter, 2, 1), MOTE_ERR_SHAPE);
  assert_int_equal(try_shapes(5, in, filter, 3, 0), MOTE_ERR_MODEL);
  assert_int_equal(try_shapes(5, (int32_t[]){1, 3, 4, 5, 4}, filter, 3, 1), MOTE_ERR_SHAPE);
  assert_int_equal(try_shapes(5, (int32_t[]){1, 0, 4, 5, 2}, filter, 3, 1), MOTE_ERR_SHAPE);
  assert_int_equal(try_shapes(5, in, (int32_t[]){2, 2, 2, 2, 0}, 0, 1), MOTE_ERR_SHAPE);
  assert_int_equal(try_shapes(5, in, (int32_t[]){2, 0, 2, 2, 3}, 3, 1), MOTE_ERR_SHAPE);
  assert_int_equal(try_shapes(5, (int32_t[]){1, 1, 1, 1, 46341}, (int32_t[]){46341, 1, 1, 46341, 1}, 0, 1),
                   MOTE_ERR_LIMIT);
}

/* TFSA-2021-150: shapes of zeros alone. */
static void tfsa_2021_150_conv_3d(void **state) {
  (void)state;
  const int32_t nothing[] = {0, 0, 0, 0, 0};
  assert_int_equal(try_shapes(5, nothing, nothing, 0, 1), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(tfsa_2021_150_conv_3d),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
