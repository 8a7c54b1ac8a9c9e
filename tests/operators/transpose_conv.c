/* TRANSPOSE_CONV, CONV_3D_TRANSPOSE and Convolution2DTransposeBias against the definition: each input element, times
 * the filter, added where its taps fall; on every level of the machine; and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/conv_case.h"

extern const mote_op op_transpose_conv, op_conv_3d_transpose, op_convolution_2d_transpose_bias;

enum { MOST = 6000, CHANNELS = 40 };

typedef struct transpose_case {
  conv_case kinds; /* kind, activation, scales, zero points */
  const mote_op *op;
  bool constant, biased, same;
  int32_t rank, in[5], out[5], filter[3], stride[3], dilation[3], before[3]; /* in, out: batch, three sizes, channels */
  double x[MOST], w[MOST], b[CHANNELS], sum[MOST], size[MOST];
  int64_t input[MOST], filters[MOST], bias[CHANNELS];
} transpose_case;

static bool deep(const transpose_case *t) { return t->op == &op_conv_3d_transpose; }
static bool own(const transpose_case *t) { return t->op == &op_convolution_2d_transpose_bias; }

/* Sizes of dimension d: a first, then the input that it makes; MediaPipe's operator goes the other way. */
static void make_sizes(transpose_case *t, op_random *r, int d) {
  const bool flat = d == 0 && !deep(t);
  t->filter[d] = flat ? 1 : op_random_in(r, 1, 4);
  t->stride[d] = flat ? 1 : op_random_in(r, 1, 3);
  t->dilation[d] = deep(t) && op_random_below(r, 3) == 0 ? 2 : 1;
  const int32_t span = (t->filter[d] - 1) * t->dilation[d] + 1, step = t->stride[d];
  if (own(t)) {
    t->in[1 + d] = flat ? 1 : op_random_in(r, 1, 6);
    const int32_t more = span - (t->in[1 + d] - 1) % step - 1, padding = t->same && more > 0 ? more : 0;
    t->before[d] = padding / 2;
    t->out[1 + d] = flat ? 1 : (t->in[1 + d] - 1) * step + span - padding;
    return;
  }
  t->out[1 + d] = flat ? 1 : op_random_in(r, t->same ? 1 : span, span + 8);
  t->in[1 + d] = t->same ? (t->out[1 + d] + step - 1) / step : (t->out[1 + d] - span) / step + 1;
  const int32_t total = (t->in[1 + d] - 1) * step + span - t->out[1 + d];
  t->before[d] = total > 0 ? total / 2 : 0;
}

static size_t filter_at(const transpose_case *t, const int32_t *tap, int32_t o, int32_t i) {
  const int32_t in_c = t->in[4], out_c = t->out[4];
  if (deep(t))
    return op_offset(5, (int32_t[]){0, t->filter[1], t->filter[2], out_c, in_c},
                     (int32_t[]){tap[0], tap[1], tap[2], o, i});
  return op_offset(4, (int32_t[]){out_c, t->filter[1], t->filter[2], in_c}, (int32_t[]){o, tap[1], tap[2], i});
}

static bool make(transpose_case *t, op_random *r, const mote_op *op, conv_case_kind kind) {
  memset(t, 0, sizeof *t);
  conv_case *const k = &t->kinds;
  t->op = op, k->kind = kind;
  t->constant = op_random_below(r, 2), t->biased = own(t) || op_random_below(r, 3), t->same = op_random_below(r, 2);
  t->in[0] = t->out[0] = op_random_in(r, op_random_below(r, 9) ? 1 : 0, 2);
  t->in[4] = op_random_in(r, 1, op_random_below(r, 3) ? 8 : 70), t->out[4] = op_random_in(r, 1, 9);
  for (int d = 0; d < 3; d++) make_sizes(t, r, d);
  size_t in, out, filter;
  const int32_t sizes[] = {t->filter[0], t->filter[1], t->filter[2], t->in[4], t->out[4]};
  if (!size_dims(t->in, 5, &in) || !size_dims(t->out, 5, &out) || !size_dims(sizes, 5, &filter)) return false;
  if (in > CONV_CASE_IN || out > MOST || filter > MOST) return false;
  k->activation = own(t) || op_random_below(r, 2) ? sch_ActivationFunctionType_NONE : sch_ActivationFunctionType_RELU6;
  k->in_zero = kind == CASE_S8 ? op_random_in(r, -128, 127) : kind == CASE_U8 ? op_random_in(r, 0, 255) : 0;
  k->out_zero = kind == CASE_S8 || kind == CASE_U8 ? 7 : 0;
  k->filter_zero = kind == CASE_U8 ? op_random_in(r, 0, 255) : 0;
  k->in_scale = 0.02f, k->out_scale = kind == CASE_S16 || kind == CASE_S16_B32 ? 0.5f : 2.0f;
  for (int i = 0; i < CHANNELS; i++) k->filter_scale[i] = (float)op_random_in(r, 1, 1000) / 8000;
  const struct {
    double *v;
    int64_t *data;
    size_t n;
  } operands[] = {{t->x, t->input, in}, {t->w, t->filters, filter}, {t->b, t->bias, t->biased ? (size_t)t->out[4] : 0}};
  for (int o = 0; o < 3; o++)
    for (size_t i = 0; i < operands[o].n; i++) {
      operands[o].v[i] = (double)(float)conv_case_value(r, conv_case_type(k, o));
      conv_case_store(conv_case_type(k, o), operands[o].data, i, operands[o].v[i]);
    }
  return true;
}

/* Adds what element `at` of the input, worth x, gives. */
static void add_element(transpose_case *t, const int32_t *at, double x) {
  for (int32_t d = 0; d < t->filter[0]; d++)
    for (int32_t h = 0; h < t->filter[1]; h++)
      for (int32_t w = 0; w < t->filter[2]; w++) {
        const int32_t tap[] = {d, h, w};
        int32_t to[5] = {at[0]};
        bool inside = true;
        for (int i = 0; i < 3; i++) {
          to[1 + i] = at[1 + i] * t->stride[i] + tap[i] * t->dilation[i] - t->before[i];
          inside &= to[1 + i] >= 0 && to[1 + i] < t->out[1 + i];
        }
        for (int32_t o = 0; inside && o < t->out[4]; o++) {
          const double product = x * (t->w[filter_at(t, tap, o, at[4])] - t->kinds.filter_zero);
          to[4] = o;
          t->sum[op_offset(5, t->out, to)] += product;
          t->size[op_offset(5, t->out, to)] += fabs(product);
        }
      }
}

/* All sums; scales: of the images (hybrid). */
static void add_up(transpose_case *t, float *scales) {
  static int8_t q[CONV_CASE_IN];
  const size_t image = (size_t)(t->in[1] * t->in[2] * t->in[3] * t->in[4]);
  int32_t offset = t->kinds.in_zero, at[5];
  for (size_t i = 0; i < image * (size_t)t->in[0]; i++) {
    op_coordinates(i, 5, t->in, at);
    if (t->kinds.kind < CASE_HYBRID) {
      add_element(t, at, t->x[i] - offset);
      continue;
    }
    if (i % image == 0) scales[at[0]] = dynquant_asymmetric((const float *)t->input + i, image, q, &offset);
    add_element(t, at, q[i % image] - offset);
  }
}

static bool right(const transpose_case *t, size_t i, const float *scales, const op_tensor *out) {
  const conv_case *const k = &t->kinds;
  int32_t at[5];
  op_coordinates(i, 5, t->out, at);
  const int64_t whole = (int64_t)t->sum[i] + (int64_t)t->b[at[4]];
  switch (k->kind) {
    case CASE_S8: return ((int8_t *)out->data)[i] == conv_case_requantize(k, whole, at[4], -128, 127);
    case CASE_U8: return ((uint8_t *)out->data)[i] == conv_case_requantize(k, whole, at[4], 0, 255);
    case CASE_S16:
    case CASE_S16_B32: return ((int16_t *)out->data)[i] == conv_case_requantize(k, whole, at[4], -32768, 32767);
    default: break;
  }
  const bool hybrid = k->kind != CASE_F32;
  const double scale =
      hybrid ? (double)scales[at[0]] * (double)k->filter_scale[conv_case_per_channel(k) ? at[4] : 0] : 1;
  const float want = conv_case_clamp(k, (float)(t->sum[i] * scale + t->b[at[4]]));
  return fabs((double)(((float *)out->data)[i] - want)) <= 2e-6 * (1 + t->size[i]);
}

/* The operands in the operator's order. */
static void add_operands(const transpose_case *t, op_case *c, op_quant *q, const int32_t *shape) {
  const conv_case *const k = &t->kinds;
  const int32_t rank = deep(t) ? 5 : 4;
  const int32_t in[] = {t->in[0], t->in[2], t->in[3], t->in[4]};
  const int32_t filter[] = {t->out[4], t->filter[1], t->filter[2], t->in[4]};
  const int32_t deep_filter[] = {t->filter[0], t->filter[1], t->filter[2], t->out[4], t->in[4]};
  op_tensor *x = NULL;
  if (own(t)) x = op_case_input(c, conv_case_type(k, 0), rank, in, t->input, 0);
  else op_case_input(c, MOTE_INT32, 1, &rank, shape, OP_CONST);
  op_tensor *const w = op_case_input(c, conv_case_type(k, 1), rank, deep(t) ? deep_filter : filter, t->filters,
                                     t->constant ? OP_CONST : 0);
  if (!x) x = op_case_input(c, conv_case_type(k, 0), rank, deep(t) ? t->in : in, t->input, 0);
  if (t->biased) op_case_input(c, conv_case_type(k, 2), 1, &t->out[4], t->bias, OP_CONST);
  op_tensor *const y = op_case_output(c, conv_case_type(k, 0));
  if (k->kind == CASE_F32) return;
  x->scale = k->in_scale, x->zero_point = k->in_zero;
  y->scale = k->out_scale, y->zero_point = k->out_zero;
  const bool channels = conv_case_per_channel(k);
  *q = (op_quant){.count = channels ? t->out[4] : 1,
                  .scale = k->filter_scale,
                  .zero_point = channels ? k->filter_zeros : &k->filter_zero};
  w->quant = q;
  if (q->count == 1) w->scale = k->filter_scale[0], w->zero_point = k->filter_zero;
}

static bool holds(const transpose_case *t, const float *scales, cpu_level level) {
  const sch_TransposeConvOptions flat = {.padding = t->same ? sch_Padding_SAME : sch_Padding_VALID,
                                         .stride_h = t->stride[1],
                                         .stride_w = t->stride[2],
                                         .fused_activation_function = (int8_t)t->kinds.activation,
                                         .quantized_bias_type =
                                             t->kinds.kind == CASE_S16_B32 ? sch_TensorType_INT32 : 0};
  const sch_Conv3DOptions volume = {.padding = flat.padding,
                                    .stride_d = t->stride[0],
                                    .stride_h = t->stride[1],
                                    .stride_w = t->stride[2],
                                    .fused_activation_function = flat.fused_activation_function,
                                    .dilation_d_factor = t->dilation[0],
                                    .dilation_h_factor = t->dilation[1],
                                    .dilation_w_factor = t->dilation[2]};
  const int32_t custom[] = {t->same ? 1 : 2, t->stride[2], t->stride[1]};
  const int32_t shape[] = {t->out[0], t->out[deep(t) ? 1 : 2], t->out[deep(t) ? 2 : 3], t->out[deep(t) ? 3 : 4],
                           t->out[4]};
  op_case c;
  op_quant q;
  op_case_begin(&c, t->op, own(t) ? NULL : deep(t) ? (const void *)&volume : &flat);
  c.c.custom = (const uint8_t *)custom, c.c.custom_size = sizeof custom;
  c.c.isa = level, c.c.workers = 3;
  add_operands(t, &c, &q, shape);
  const op_tensor *const y = &c.out[0];
  bool good = op_case_run(&c) == MOTE_OK;
  if (!good) fprintf(stderr, "%s\n", c.error.text);
  for (int32_t d = 1; good && d <= 3; d++) good = d == 1 && !deep(t) ? true : y->dims[deep(t) ? d : d - 1] == t->out[d];
  for (size_t i = 0; good && i < op_count(y); i++) {
    good = right(t, i, scales, y);
    if (!good) fprintf(stderr, "%s, kind %d on %s: element %zu\n", t->op->name, t->kinds.kind, cpu_name(level), i);
  }
  return op_case_end(&c) && good;
}

static void try_all(const mote_op *op, int kinds, int rounds, uint64_t seed) {
  static transpose_case t;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  op_random r = {seed};
  for (int round = 0; round < rounds; round++) {
    float scales[2] = {1, 1};
    if (!make(&t, &r, op, (conv_case_kind)(round % kinds))) continue;
    add_up(&t, scales);
    for (int i = 0; i < count; i++) assert_true(holds(&t, scales, levels[i]));
  }
}

static void transpose_conv_follows_the_definition(void **state) {
  (void)state;
  try_all(&op_transpose_conv, CASE_KINDS, 700, 5);
}
static void conv_3d_transpose_follows_the_definition(void **state) {
  (void)state;
  try_all(&op_conv_3d_transpose, 1, 200, 6);
}
static void transpose_bias_follows_the_definition(void **state) {
  (void)state;
  try_all(&op_convolution_2d_transpose_bias, 1, 100, 7);
}

/* ---- refusals ---- */

typedef struct attempt {
  int32_t shape[4], filter[4], in[4], stride, bias; /* bias 0: none */
  bool late;                                        /* the output's shape is computed */
} attempt;

static mote_status infer(const attempt *a, op_tensor *out) {
  const sch_TransposeConvOptions o = {.padding = sch_Padding_SAME, .stride_h = a->stride, .stride_w = a->stride};
  op_case k;
  op_case_begin(&k, &op_transpose_conv, &o);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){4}, a->late ? NULL : a->shape, a->late ? 0 : OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 4, a->filter, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 4, a->in, NULL, 0);
  if (a->bias) op_case_input(&k, MOTE_FLOAT32, 1, &a->bias, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  assert_true(status == MOTE_OK || k.error.text[0]);
  if (out) *out = k.out[0];
  op_case_end(&k);
  return status;
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  const attempt good = {{1, 4, 4, 3}, {3, 3, 3, 2}, {1, 2, 2, 2}, 2, 3, false};
  attempt a = good;
  assert_int_equal(infer(&a, NULL), MOTE_OK);
  a = good, a.stride = 0;
  assert_int_equal(infer(&a, NULL), MOTE_ERR_MODEL);
  a = good, a.in[3] = 5;
  assert_int_equal(infer(&a, NULL), MOTE_ERR_SHAPE);
  a = good, a.shape[1] = 7;
  assert_int_equal(infer(&a, NULL), MOTE_ERR_SHAPE);
  a = good, a.shape[0] = 2;
  assert_int_equal(infer(&a, NULL), MOTE_ERR_SHAPE);
  a = good, a.shape[3] = 2;
  assert_int_equal(infer(&a, NULL), MOTE_ERR_SHAPE);
  a = good, a.shape[2] = -4;
  assert_int_equal(infer(&a, NULL), MOTE_ERR_SHAPE);
  a = good, a.bias = 2;
  assert_int_equal(infer(&a, NULL), MOTE_ERR_SHAPE);
  a = good, a.filter[1] = 0;
  assert_int_equal(infer(&a, NULL), MOTE_ERR_SHAPE);
}

static void waits_for_a_computed_shape(void **state) {
  (void)state;
  const attempt a = {{0}, {3, 3, 3, 2}, {1, 2, 2, 2}, 2, 3, true};
  op_tensor out;
  assert_int_equal(infer(&a, &out), MOTE_OK);
  assert_int_equal(out.rank, 4);
  assert_int_equal(out.dims[1], -1);
  assert_int_equal(out.dims[3], 3);
}

/* TFSA-2021-077: a stride of 0. */
static void tfsa_2021_077_transpose_conv(void **state) {
  (void)state;
  const attempt a = {{1, 4, 4, 3}, {3, 3, 3, 2}, {1, 2, 2, 2}, 0, 3, false};
  assert_int_equal(infer(&a, NULL), MOTE_ERR_MODEL);
}

/* TFSA-2022-156: many input channels, few output channels, and a bias; the output lies between guard bytes. */
static void tfsa_2022_156_conv_3d_transpose(void **state) {
  (void)state;
  static const int32_t shape[] = {1, 2, 2, 2, 8}, filter[] = {2, 2, 2, 8, 1024}, in[] = {1, 1, 1, 1, 1024};
  static float w[8 * 8 * 1024], x[1024], b[8];
  for (int i = 0; i < 1024; i++) x[i] = 1;
  for (int i = 0; i < 8 * 8 * 1024; i++) w[i] = 0.25f;
  for (int i = 0; i < 8; i++) b[i] = (float)i;
  op_case k;
  op_case_begin(&k, &op_conv_3d_transpose,
                &(sch_Conv3DOptions){.padding = sch_Padding_VALID,
                                     .stride_d = 2,
                                     .stride_h = 2,
                                     .stride_w = 2,
                                     .dilation_d_factor = 1,
                                     .dilation_h_factor = 1,
                                     .dilation_w_factor = 1});
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){5}, shape, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 5, filter, w, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 5, in, x, 0);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){8}, b, OP_CONST);
  const op_tensor *const y = op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  for (int i = 0; i < 64; i++) assert_true(((const float *)y->data)[i] == 256 + (float)(i % 8));
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(transpose_conv_follows_the_definition),
      cmocka_unit_test(conv_3d_transpose_follows_the_definition),
      cmocka_unit_test(transpose_bias_follows_the_definition),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(waits_for_a_computed_shape),
      cmocka_unit_test(tfsa_2021_077_transpose_conv),
      cmocka_unit_test(tfsa_2022_156_conv_3d_transpose),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
