/* FULLY_CONNECTED against its definition, on every level of the machine; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/conv_case.h"

extern const mote_op op_fully_connected;

typedef enum fc_case_kind {
  F32,
  S8,
  S8_SPARSE,
  U8,
  U8_TO_16,
  S16,
  S16_B32,
  S16X16,
  HYBRID,
  HYBRID_ZERO,
  KINDS
} fc_case_kind;

enum { MOST_IN = 4000, MOST_WEIGHTS = 20000, MOST_OUT = 200 };

typedef struct fc_case {
  fc_case_kind kind;
  bool constant, biased, keep, per_channel;
  int32_t rank, in[4], m, n, k;
  int32_t activation;
  int32_t in_zero, weight_zero, out_zero, weight_zeros[MOST_OUT];
  float in_scale, out_scale, weight_scale[MOST_OUT];
  double x[MOST_IN], w[MOST_WEIGHTS], b[MOST_OUT];
  int64_t input[MOST_IN], weights[MOST_WEIGHTS], bias[MOST_OUT];
} fc_case;

static const mote_type types[KINDS][4] = {
    [F32] = {MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32},
    [S8] = {MOTE_INT8, MOTE_INT8, MOTE_INT32, MOTE_INT8},
    [S8_SPARSE] = {MOTE_INT8, MOTE_INT8, MOTE_INT32, MOTE_INT8},
    [U8] = {MOTE_UINT8, MOTE_UINT8, MOTE_INT32, MOTE_UINT8},
    [U8_TO_16] = {MOTE_UINT8, MOTE_UINT8, MOTE_INT32, MOTE_INT16},
    [S16] = {MOTE_INT16, MOTE_INT8, MOTE_INT64, MOTE_INT16},
    [S16_B32] = {MOTE_INT16, MOTE_INT8, MOTE_INT32, MOTE_INT16},
    [S16X16] = {MOTE_INT16, MOTE_INT16, MOTE_INT32, MOTE_INT16},
    [HYBRID] = {MOTE_FLOAT32, MOTE_INT8, MOTE_FLOAT32, MOTE_FLOAT32},
    [HYBRID_ZERO] = {MOTE_FLOAT32, MOTE_INT8, MOTE_FLOAT32, MOTE_FLOAT32},
};

static int32_t zero_of(op_random *r, mote_type type) {
  return type == MOTE_INT8 ? op_random_in(r, -128, 127) : type == MOTE_UINT8 ? op_random_in(r, 0, 255) : 0;
}

static void make(fc_case *f, op_random *r, fc_case_kind kind) {
  static const int32_t activations[] = {sch_ActivationFunctionType_NONE, sch_ActivationFunctionType_RELU,
                                        sch_ActivationFunctionType_RELU6};
  memset(f, 0, sizeof *f);
  f->kind = kind;
  f->constant = op_random_below(r, 2);
  f->biased = op_random_below(r, 4);
  f->keep = op_random_below(r, 2);
  f->activation = activations[op_random_below(r, 3)];
  f->k = op_random_in(r, 1, op_random_below(r, 3) ? 40 : 200);
  f->n = op_random_in(r, 1, op_random_below(r, 3) ? 20 : 100);
  f->rank = op_random_in(r, 1, 3);
  f->m = 1;
  for (int32_t i = 0; i < f->rank - 1; i++) f->m *= f->in[i] = op_random_in(r, 1, 4);
  f->in[f->rank - 1] = f->k;
  for (int32_t i = 0; i < f->m * f->k; i++) {
    f->x[i] = conv_case_value(r, types[kind][0]);
    conv_case_store(types[kind][0], f->input, (size_t)i, f->x[i]);
  }
  for (int32_t i = 0; i < f->n * f->k; i++) {
    f->w[i] = conv_case_value(r, types[kind][1]);
    conv_case_store(types[kind][1], f->weights, (size_t)i, f->w[i]);
  }
  for (int32_t i = 0; i < f->n; i++) {
    f->b[i] = f->biased ? conv_case_value(r, types[kind][2]) : 0;
    conv_case_store(types[kind][2], f->bias, (size_t)i, f->b[i]);
    f->weight_scale[i] = (float)op_random_in(r, 1, 1000) / 8000;
  }
  f->per_channel = types[kind][1] != MOTE_UINT8 && op_random_below(r, 2);
  f->in_zero = zero_of(r, types[kind][0]);
  f->out_zero = zero_of(r, types[kind][3]);
  f->weight_zero = f->per_channel || kind >= S8_SPARSE ? 0 : zero_of(r, types[kind][1]);
  if (types[kind][1] == MOTE_UINT8) f->weight_zero = zero_of(r, MOTE_UINT8);
  f->in_scale = 0.02f;
  f->out_scale = types[kind][3] == MOTE_INT16 ? 0.5f : 2.0f;
  if (kind == S16X16) f->out_scale = 60;
}

/* ---- the definition ---- */

static double real_scale(const fc_case *f, int32_t col) {
  const bool fixed = f->kind == S8_SPARSE || f->kind == S16X16;
  const float w = f->weight_scale[f->per_channel && f->n > 1 ? col : 0];
  if (fixed && (!f->per_channel || f->n == 1)) return (double)(f->in_scale * w) / (double)f->out_scale;
  return (double)f->in_scale * (double)w / (double)f->out_scale;
}

static int32_t requantized(const fc_case *f, int64_t sum, int32_t col) {
  const double real = real_scale(f, col);
  int64_t y;
  if (f->kind == S8_SPARSE) y = fx_mbqm((int32_t)sum, fx_quantize_multiplier(real));
  else if (f->kind == S16X16) y = fx_mbqm64(sum, fx_quantize_multiplier(real));
  else y = (int64_t)round((double)sum * real);
  int32_t lo, hi;
  op_type_range(types[f->kind][3], &lo, &hi);
  const int32_t lowest = lo, highest = hi;
  if (f->activation != sch_ActivationFunctionType_NONE) lo = fx_clamp(f->out_zero, lowest, highest);
  if (f->activation == sch_ActivationFunctionType_RELU6)
    hi = fx_clamp(f->out_zero + (int64_t)roundf(6 / f->out_scale), lowest, highest);
  return fx_clamp(y + f->out_zero, lo, hi);
}

static bool right_float(const fc_case *f, int32_t row, int32_t col, float y) {
  double sum = 0, size = 0;
  float scale = 1;
  int8_t q[MOST_IN];
  int32_t offset = 0;
  const float *const x = (const float *)f->input + (size_t)row * (size_t)f->k;
  if (f->kind == HYBRID) scale = dynquant_symmetric(x, (size_t)f->k, q);
  else if (f->kind == HYBRID_ZERO) scale = dynquant_asymmetric(x, (size_t)f->k, q, &offset);
  for (int32_t i = 0; i < f->k; i++) {
    const double in = f->kind == F32 ? (double)x[i] : q[i] - offset, product = in * f->w[col * f->k + i];
    sum += product;
    size += fabs(product);
  }
  if (f->kind != F32) scale *= f->weight_scale[f->per_channel && f->n > 1 ? col : 0];
  const float want = conv_case_clamp(&(conv_case){.activation = f->activation}, (float)(sum * scale + f->b[col]));
  return fabs((double)(y - want)) <= 1e-6 * (1 + size * scale + fabs(f->b[col]));
}

static bool right(const fc_case *f, int32_t row, int32_t col, const op_tensor *out) {
  const int32_t i = row * f->n + col;
  if (out->type == MOTE_FLOAT32) return right_float(f, row, col, ((const float *)out->data)[i]);
  int64_t sum = (int64_t)f->b[col];
  for (int32_t p = 0; p < f->k; p++)
    sum += ((int64_t)f->x[row * f->k + p] - f->in_zero) * ((int64_t)f->w[col * f->k + p] - f->weight_zero);
  const int32_t want = requantized(f, sum, col);
  switch (out->type) {
    case MOTE_INT8: return ((const int8_t *)out->data)[i] == want;
    case MOTE_UINT8: return ((const uint8_t *)out->data)[i] == want;
    default: return ((const int16_t *)out->data)[i] == want;
  }
}

/* ---- running it ---- */

static bool holds(const fc_case *f, cpu_level level) {
  static const sch_SparsityParameters sparse;
  const sch_FullyConnectedOptions options = {.fused_activation_function = f->activation,
                                             .keep_num_dims = f->keep,
                                             .asymmetric_quantize_inputs = f->kind == HYBRID_ZERO};
  const uint32_t flags = f->constant ? OP_CONST : 0;
  const op_quant q = {.count = f->per_channel ? f->n : 1,
                      .scale = f->weight_scale,
                      .zero_point = f->per_channel ? f->weight_zeros : &f->weight_zero};
  op_case c;
  op_case_begin(&c, &op_fully_connected, &options);
  c.c.isa = level;
  c.c.workers = 3;
  op_tensor *const in = op_case_input(&c, types[f->kind][0], f->rank, f->in, f->input, 0);
  op_tensor *const w = op_case_input(&c, types[f->kind][1], 2, (int32_t[]){f->n, f->k}, f->weights, flags);
  if (f->biased) op_case_input(&c, types[f->kind][2], 1, &f->n, f->bias, flags);
  op_tensor *const out = op_case_output(&c, types[f->kind][3]);
  if (f->kind != F32) {
    w->quant = &q;
    if (q.count == 1) w->scale = f->weight_scale[0], w->zero_point = f->weight_zero;
    in->scale = f->in_scale, in->zero_point = f->in_zero;
    out->scale = f->out_scale, out->zero_point = f->out_zero;
  }
  if (f->kind == S8_SPARSE) w->sparsity = &sparse;
  bool good = op_case_run(&c) == MOTE_OK;
  if (!good) fprintf(stderr, "%s\n", c.error.text);
  good = good && out->rank == (f->keep ? f->rank : 2) && out->dims[out->rank - 1] == f->n &&
         op_count(out) == (size_t)(f->m * f->n);
  for (int32_t i = 0; good && i < f->m * f->n; i++) {
    good = right(f, i / f->n, i % f->n, out);
    if (!good) fprintf(stderr, "kind %d on %s: output %d,%d differs\n", f->kind, cpu_name(level), i / f->n, i % f->n);
  }
  return op_case_end(&c) && good;
}

static void follows_the_definition(void **state) {
  (void)state;
  static fc_case f;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  op_random r = {9};
  for (int round = 0; round < 2000; round++) {
    make(&f, &r, (fc_case_kind)(round % KINDS));
    for (int i = 0; i < count; i++) assert_true(holds(&f, levels[i]));
  }
}

/* A float operator of these sizes; how far it gets. */
static mote_status try_sizes(int32_t rank, const int32_t *in, const int32_t *weights, int32_t bias, bool keep) {
  const sch_FullyConnectedOptions options = {.keep_num_dims = keep};
  op_case k;
  op_case_begin(&k, &op_fully_connected, &options);
  op_case_input(&k, MOTE_FLOAT32, rank, in, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 2, weights, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 1, &bias, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  assert_true(status == MOTE_OK || k.error.text[0]);
  op_case_end(&k);
  return status;
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  const int32_t weights[] = {6, 8};
  assert_int_equal(try_sizes(3, (int32_t[]){2, 3, 4}, weights, 6, false), MOTE_OK);
  assert_int_equal(try_sizes(3, (int32_t[]){2, 3, 4}, weights, 6, true), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(3, (int32_t[]){2, 3, 5}, weights, 6, false), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(2, (int32_t[]){2, 8}, weights, 5, false), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(0, NULL, weights, 6, true), MOTE_ERR_SHAPE);
  assert_int_equal(try_sizes(2, (int32_t[]){-1, 8}, weights, 6, true), MOTE_OK);
  assert_int_equal(try_sizes(2, (int32_t[]){0, 8}, weights, 6, false), MOTE_OK);
}

/* Without inputs the output is 0, the bias left out. */
static void no_inputs_give_zeros(void **state) {
  (void)state;
  const float bias[] = {1, 2};
  op_case k;
  op_case_begin(&k, &op_fully_connected, NULL);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){3, 0}, bias, 0);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 0}, bias, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){2}, bias, OP_CONST);
  const op_tensor *const out = op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(op_count(out), 6);
  for (int i = 0; i < 6; i++) assert_true(((float *)out->data)[i] == 0);
  assert_true(op_case_end(&k));
}

/* TFSA-2021-154 (weights of no columns under an input that has some), 2022-021 (a bias of nothing), 2020-008 (sizes
 * that do not pair).
 */
static void tfsa_2020_008_2021_154_2022_021_fully_connected(void **state) {
  (void)state;
  assert_int_not_equal(try_sizes(2, (int32_t[]){2, 8}, (int32_t[]){6, 0}, 6, false), MOTE_OK);
  assert_int_not_equal(try_sizes(2, (int32_t[]){2, 8}, (int32_t[]){6, 8}, 0, false), MOTE_OK);
  assert_int_not_equal(try_sizes(2, (int32_t[]){2, 7}, (int32_t[]){6, 8}, 6, true), MOTE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(no_inputs_give_zeros),
      cmocka_unit_test(tfsa_2020_008_2021_154_2022_021_fully_connected),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
