/* STABLEHLO_DOT_GENERAL and STABLEHLO_CONVOLUTION against their specification, product by product: any layout, groups,
 * holes, windows turned round, every kind of number; and what is refused. Numbers are small, so that all sums are
 * exact.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/f16.h"
#include "support/op_case.h"

extern const mote_op op_stablehlo_dot_general, op_stablehlo_convolution;

enum { MOST = 5000 };

static const mote_type types[][3] = {{MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32}, {MOTE_INT8, MOTE_INT8, MOTE_INT32},
                                     {MOTE_FLOAT16, MOTE_FLOAT16, MOTE_FLOAT16}, {MOTE_INT32, MOTE_INT32, MOTE_INT32},
                                     {MOTE_FLOAT64, MOTE_FLOAT64, MOTE_FLOAT64}, {MOTE_UINT8, MOTE_UINT8, MOTE_UINT8},
                                     {MOTE_FLOAT16, MOTE_FLOAT16, MOTE_FLOAT32}, {MOTE_BOOL, MOTE_BOOL, MOTE_BOOL},
                                     {MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32}};
enum { KINDS = sizeof types / sizeof *types };

static void put(mote_type type, void *data, size_t i, int v) {
  switch ((int)type) {
    case MOTE_FLOAT32: ((float *)data)[i] = (float)v; break;
    case MOTE_FLOAT64: ((double *)data)[i] = v; break;
    case MOTE_FLOAT16: ((uint16_t *)data)[i] = f16_from_f32((float)v); break;
    case MOTE_INT32: ((int32_t *)data)[i] = v; break;
    default: ((uint8_t *)data)[i] = (uint8_t)v; break;
  }
}

static bool is(mote_type type, const void *data, size_t i, int64_t want) {
  switch ((int)type) {
    case MOTE_FLOAT32: return ((const float *)data)[i] == (float)want;
    case MOTE_FLOAT64: return ((const double *)data)[i] == (double)want;
    case MOTE_FLOAT16: return f16_to_f32(((const uint16_t *)data)[i]) == (float)want;
    case MOTE_INT32: return ((const int32_t *)data)[i] == (int32_t)want;
    case MOTE_BOOL: return ((const uint8_t *)data)[i] == (want != 0);
    default: return ((const uint8_t *)data)[i] == (uint8_t)want;
  }
}

typedef struct operand {
  int32_t rank, dims[OP_MAX_RANK];
  int value[MOST];
  double data[MOST];
} operand;

/* Random numbers; false when there are too many. */
static bool fill(operand *o, op_random *r, mote_type type) {
  size_t count;
  if (!size_dims(o->dims, o->rank, &count) || count > MOST) return false;
  for (size_t i = 0; i < count; i++) {
    o->value[i] = type == MOTE_BOOL    ? op_random_in(r, 0, 1)
                  : type == MOTE_UINT8 ? op_random_in(r, 0, 9)
                                       : op_random_in(r, -2, 2);
    put(type, o->data, i, o->value[i]);
  }
  return true;
}

static void shuffle(op_random *r, int64_t *list, int32_t n) {
  for (int32_t i = n - 1; i > 0; i--) {
    const int32_t j = op_random_in(r, 0, i);
    const int64_t v = list[i];
    list[i] = list[j], list[j] = v;
  }
}

static bool run_with(op_case *c, const mote_op *op, const void *options, int kind, const operand *o, bool constant,
                     cpu_level level) {
  op_case_begin(c, op, options);
  c->c.isa = level, c->c.workers = 3;
  for (int i = 0; i < 2; i++)
    op_case_input(c, types[kind][i], o[i].rank, o[i].dims, o[i].data, i && constant ? OP_CONST : 0);
  op_case_output(c, types[kind][2]);
  if (op_case_run(c) == MOTE_OK) return true;
  fprintf(stderr, "%s\n", c->error.text);
  return false;
}

/* ---- STABLEHLO_DOT_GENERAL ---- */

typedef struct dot_case {
  operand side[2];
  int32_t batches, contracts, rests[2];
  int64_t batch[2][OP_MAX_RANK], contract[2][OP_MAX_RANK], rest[2][OP_MAX_RANK];
} dot_case;

static bool make_dot(dot_case *t, op_random *r, int kind) {
  t->batches = op_random_in(r, 0, 2), t->contracts = op_random_in(r, 0, 2);
  int32_t shared[4];
  for (int i = 0; i < 4; i++) shared[i] = op_random_below(r, 30) ? op_random_in(r, 1, i < 2 ? 3 : 14) : 0;
  for (int s = 0; s < 2; s++) {
    operand *const o = &t->side[s];
    int64_t list[OP_MAX_RANK];
    int32_t n = 0;
    t->rests[s] = op_random_in(r, 0, 2);
    o->rank = t->batches + t->contracts + t->rests[s];
    for (int32_t i = 0; i < o->rank; i++) list[i] = i;
    if (op_random_below(r, 3)) shuffle(r, list, o->rank);
    for (int32_t i = 0; i < t->batches; i++) o->dims[t->batch[s][i] = list[n++]] = shared[i];
    for (int32_t i = 0; i < t->contracts; i++) o->dims[t->contract[s][i] = list[n++]] = shared[2 + i];
    for (int32_t i = 0; i < t->rests[s]; i++) o->dims[list[n++]] = op_random_in(r, 1, op_random_below(r, 3) ? 4 : 20);
    n = 0;
    for (int32_t d = 0; d < o->rank; d++) {
      bool named = false;
      for (int32_t i = 0; i < t->batches; i++) named |= t->batch[s][i] == d;
      for (int32_t i = 0; i < t->contracts; i++) named |= t->contract[s][i] == d;
      if (!named) t->rest[s][n++] = d;
    }
    if (!fill(o, r, types[kind][s])) return false;
  }
  return true;
}

static int64_t dot_by_definition(const dot_case *t, const int32_t *at) {
  int32_t place[2][OP_MAX_RANK], size[2], k[2] = {0};
  const int32_t begin[2] = {t->batches, t->batches + t->rests[0]};
  for (int s = 0; s < 2; s++) {
    for (int32_t i = 0; i < t->batches; i++) place[s][t->batch[s][i]] = at[i];
    for (int32_t i = 0; i < t->rests[s]; i++) place[s][t->rest[s][i]] = at[begin[s] + i];
  }
  for (int i = 0; i < 2; i++) size[i] = i < t->contracts ? t->side[0].dims[t->contract[0][i]] : 1;
  int64_t sum = 0;
  for (k[0] = 0; k[0] < size[0]; k[0]++)
    for (k[1] = 0; k[1] < size[1]; k[1]++) {
      for (int s = 0; s < 2; s++)
        for (int32_t i = 0; i < t->contracts; i++) place[s][t->contract[s][i]] = k[i];
      sum += (int64_t)t->side[0].value[op_offset(t->side[0].rank, t->side[0].dims, place[0])] *
             t->side[1].value[op_offset(t->side[1].rank, t->side[1].dims, place[1])];
    }
  return sum;
}

static void dot_general_follows_the_specification(void **state) {
  (void)state;
  static dot_case t;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  op_random r = {41};
  for (int round = 0; round < 1800; round++) {
    const int kind = round % KINDS;
    if (!make_dot(&t, &r, kind)) continue;
    const sch_StablehloDotGeneralOptions o = {
        .lhs_batching_dimensions = {t.batch[0], (uint32_t)t.batches},
        .rhs_batching_dimensions = {t.batch[1], (uint32_t)t.batches},
        .lhs_contracting_dimensions = {t.contract[0], (uint32_t)t.contracts},
        .rhs_contracting_dimensions = {t.contract[1], (uint32_t)t.contracts},
    };
    const bool constant = op_random_below(&r, 2);
    for (int i = 0; i < count; i++) {
      op_case c;
      int32_t at[OP_MAX_RANK];
      assert_true(run_with(&c, &op_stablehlo_dot_general, &o, kind, t.side, constant, levels[i]));
      const op_tensor *const y = &c.out[0];
      assert_int_equal(y->rank, t.batches + t.rests[0] + t.rests[1]);
      for (size_t e = 0; e < op_count(y); e++) {
        op_coordinates(e, y->rank, y->dims, at);
        assert_true(is(y->type, y->data, e, dot_by_definition(&t, at)));
      }
      assert_true(op_case_end(&c));
    }
  }
}

/* ---- STABLEHLO_CONVOLUTION ---- */

typedef struct window_case {
  operand side[2];
  int32_t spatial, out[OP_MAX_RANK]; /* in the output's layout */
  int64_t order[3][OP_MAX_RANK];     /* input: image, space, channel; filter: output, space, input; output */
  int64_t stride[3], base[3], dilation[3], padding[6];
  bool reversal[3];
  int64_t feature_groups, batch_groups;
} window_case;

static bool make_window(window_case *t, op_random *r, int kind) {
  t->spatial = op_random_in(r, 0, 3);
  const int32_t rank = t->spatial + 2, last = rank - 1;
  t->feature_groups = op_random_below(r, 3) ? 1 : op_random_in(r, 1, 4);
  t->batch_groups = t->feature_groups > 1 || op_random_below(r, 3) ? 1 : op_random_in(r, 1, 3);
  int32_t size[3][OP_MAX_RANK];
  const int64_t groups = t->feature_groups * t->batch_groups;
  size[0][0] = op_random_in(r, op_random_below(r, 9) ? 1 : 0, 2) * (int32_t)t->batch_groups;
  size[1][last] = op_random_in(r, 1, op_random_below(r, 4) ? 4 : 20);
  size[0][last] = size[1][last] * (int32_t)t->feature_groups;
  size[1][0] = size[2][last] = op_random_in(r, 1, op_random_below(r, 4) ? 4 : 20) * (int32_t)groups;
  size[2][0] = size[0][0] / (int32_t)t->batch_groups;
  for (int32_t i = 0; i < t->spatial; i++) {
    t->stride[i] = op_random_in(r, 1, 3), t->base[i] = op_random_below(r, 3) ? 1 : op_random_in(r, 1, 3);
    t->dilation[i] = op_random_below(r, 3) ? 1 : op_random_in(r, 1, 3), t->reversal[i] = op_random_below(r, 3) == 0;
    t->padding[2 * i] = op_random_in(r, -1, 2), t->padding[2 * i + 1] = op_random_in(r, -1, 2);
    size[0][1 + i] = op_random_in(r, op_random_below(r, 9) ? 1 : 0, 6);
    size[1][1 + i] = op_random_in(r, op_random_below(r, 20) ? 1 : 0, 3);
    const int64_t in = size[0][1 + i] ? (size[0][1 + i] - 1) * t->base[i] + 1 : 0;
    const int64_t padded = in + t->padding[2 * i] + t->padding[2 * i + 1];
    const int64_t span = size[1][1 + i] ? (size[1][1 + i] - 1) * t->dilation[i] + 1 : 0;
    size[2][1 + i] = padded <= 0 || span > padded ? 0 : (int32_t)((padded - span) / t->stride[i] + 1);
  }
  const int plain = op_random_in(r, 0, 2); /* 0: the usual layouts */
  for (int o = 0; o < 3; o++) {
    for (int32_t i = 0; i < rank; i++) t->order[o][i] = i;
    if (plain) shuffle(r, t->order[o], rank);
    else if (o == 1 && op_random_below(r, 2)) /* space, input, output */
      for (int32_t i = 0; i < rank; i++) t->order[o][i] = i ? i - 1 : last;
    for (int32_t i = 0; i < rank; i++) (o == 2 ? t->out : t->side[o].dims)[t->order[o][i]] = size[o][i];
  }
  for (int s = 0; s < 2; s++) {
    t->side[s].rank = rank;
    if (!fill(&t->side[s], r, types[kind][s])) return false;
  }
  return true;
}

/* The sum for one output, at: image, space, channel. */
static int64_t window_by_definition(const window_case *t, const int64_t *at) {
  const operand *const x = &t->side[0], *const w = &t->side[1];
  const int32_t last = t->spatial + 1;
  const int64_t out_c = w->dims[t->order[1][0]], in_c = w->dims[t->order[1][last]];
  const int64_t images = x->dims[t->order[0][0]] / t->batch_groups;
  const int64_t image_group = at[last] / (out_c / t->batch_groups), group = at[last] / (out_c / t->feature_groups);
  int32_t sizes[4] = {1, 1, 1, (int32_t)in_c}, tap[4];
  for (int32_t i = 0; i < t->spatial; i++) sizes[i] = w->dims[t->order[1][1 + i]];
  int64_t sum = 0;
  for (size_t k = 0; k < (size_t)(sizes[0] * sizes[1] * sizes[2] * sizes[3]); k++) {
    int32_t in[OP_MAX_RANK], filter[OP_MAX_RANK];
    bool inside = true;
    op_coordinates(k, 4, sizes, tap);
    for (int32_t i = 0; i < t->spatial; i++) {
      const int64_t place = at[1 + i] * t->stride[i] + tap[i] * t->dilation[i] - t->padding[2 * i];
      inside &= place >= 0 && place % t->base[i] == 0 && place / t->base[i] < x->dims[t->order[0][1 + i]];
      in[t->order[0][1 + i]] = (int32_t)(place / t->base[i]);
      filter[t->order[1][1 + i]] = t->reversal[i] ? sizes[i] - 1 - tap[i] : tap[i];
    }
    if (!inside) continue;
    in[t->order[0][0]] = (int32_t)(image_group * images + at[0]);
    in[t->order[0][last]] = (int32_t)(group * in_c + tap[3]);
    filter[t->order[1][0]] = (int32_t)at[last];
    filter[t->order[1][last]] = tap[3];
    sum += (int64_t)x->value[op_offset(x->rank, x->dims, in)] * w->value[op_offset(w->rank, w->dims, filter)];
  }
  return sum;
}

static sch_StablehloConvolutionOptions options_of(const window_case *t) {
  const uint32_t n = (uint32_t)t->spatial, last = n + 1;
  return (sch_StablehloConvolutionOptions){.window_strides = {t->stride, n},
                                           .padding = {t->padding, 2 * n},
                                           .lhs_dilation = {t->base, n},
                                           .rhs_dilation = {t->dilation, n},
                                           .window_reversal = {t->reversal, n},
                                           .input_batch_dimension = t->order[0][0],
                                           .input_feature_dimension = t->order[0][last],
                                           .input_spatial_dimensions = {t->order[0] + 1, n},
                                           .kernel_input_feature_dimension = t->order[1][last],
                                           .kernel_output_feature_dimension = t->order[1][0],
                                           .kernel_spatial_dimensions = {t->order[1] + 1, n},
                                           .output_batch_dimension = t->order[2][0],
                                           .output_feature_dimension = t->order[2][last],
                                           .output_spatial_dimensions = {t->order[2] + 1, n},
                                           .feature_group_count = t->feature_groups,
                                           .batch_group_count = t->batch_groups};
}

static void convolution_follows_the_specification(void **state) {
  (void)state;
  static window_case t;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  op_random r = {43};
  for (int round = 0; round < 1800; round++) {
    const int kind = round % KINDS;
    if (!make_window(&t, &r, kind)) continue;
    const sch_StablehloConvolutionOptions o = options_of(&t);
    const bool constant = op_random_below(&r, 2);
    for (int i = 0; i < count; i++) {
      op_case c;
      assert_true(run_with(&c, &op_stablehlo_convolution, &o, kind, t.side, constant, levels[i]));
      const op_tensor *const y = &c.out[0];
      assert_int_equal(y->rank, t.spatial + 2);
      for (int32_t d = 0; d < y->rank; d++) assert_int_equal(y->dims[d], t.out[d]);
      for (size_t e = 0; e < op_count(y); e++) {
        int32_t lies[OP_MAX_RANK];
        int64_t at[OP_MAX_RANK];
        op_coordinates(e, y->rank, y->dims, lies);
        for (int32_t d = 0; d < y->rank; d++) at[d] = lies[t.order[2][d]];
        assert_true(is(y->type, y->data, e, window_by_definition(&t, at)));
      }
      assert_true(op_case_end(&c));
    }
  }
}

/* ---- quantized ---- */

/* The product of 2x3 and 3x4 as the specification has it: reals, then the nearest step, even ones in the middle. */
static void quantized_operands_stand_for_reals(void **state) {
  (void)state;
  static int8_t a[6] = {-128, 7, 3, 100, -5, 127}, b[12] = {1, -2, 3, 127, 5, 6, -7, -128, 9, 0, 11, 4};
  static const float scale_a = 0.5f, scale_b[4] = {0.25f, 0.125f, 1, 0.01f}, scale_y[2] = {0.75f, 40};
  const sch_StablehloDotGeneralOptions options = {.lhs_contracting_dimensions = {(int64_t[]){1}, 1},
                                                  .rhs_contracting_dimensions = {(int64_t[]){0}, 1}};
  const op_quant qa = {.count = 1, .scale = &scale_a, .zero_point = &(int32_t){-3}};
  const int32_t zero_b[4] = {0, 0, 0, 0};
  for (int by_axis = 0; by_axis < 2; by_axis++)
    for (int wide = 0; wide < 2; wide++) {
      const op_quant qb = {.count = by_axis ? 4 : 1, .axis = 1, .scale = scale_b, .zero_point = zero_b};
      const op_quant qy = {.count = 1, .scale = &scale_y[wide], .zero_point = &(int32_t){5}};
      op_case k;
      op_case_begin(&k, &op_stablehlo_dot_general, &options);
      op_case_input(&k, MOTE_INT8, 2, (int32_t[]){2, 3}, a, 0)->quant = &qa;
      op_case_input(&k, MOTE_INT8, 2, (int32_t[]){3, 4}, b, by_axis ? OP_CONST : 0)->quant = &qb;
      op_tensor *const y = op_case_output(&k, MOTE_INT8);
      y->quant = &qy;
      assert_int_equal(op_case_run(&k), MOTE_OK);
      for (int i = 0; i < 8; i++) {
        double sum = 0;
        for (int c = 0; c < 3; c++)
          sum += 0.5 * (a[i / 4 * 3 + c] + 3) * (double)scale_b[by_axis ? i % 4 : 0] * b[c * 4 + i % 4];
        const double want = fmin(fmax(rint(sum / (double)scale_y[wide]) + 5, -128), 127);
        assert_true(fabs(((const int8_t *)y->data)[i] - want) <= (by_axis && i % 4 == 3)); /* 0.01 is no exact float */
      }
      op_case_end(&k);
    }
}

static void refuse_scales(const op_quant *left, const op_quant *right, mote_status code, const char *phrase) {
  static int8_t data[4] = {1, 2, 3, 4};
  const sch_StablehloDotGeneralOptions options = {.lhs_contracting_dimensions = {(int64_t[]){1}, 1},
                                                  .rhs_contracting_dimensions = {(int64_t[]){0}, 1}};
  op_case k;
  op_case_begin(&k, &op_stablehlo_dot_general, &options);
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){2, 2}, data, 0)->quant = left;
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){2, 2}, data, 0)->quant = right;
  op_case_output(&k, MOTE_INT8)->quant = left;
  assert_int_equal(op_case_infer(&k), code);
  assert_non_null(strstr(k.error.text, phrase));
  op_case_end(&k);
}

static void scales_that_mean_nothing(void **state) {
  (void)state;
  static const float scales[2] = {1, 2}, none[1] = {0};
  static const int32_t zeros[2];
  const op_quant one = {.count = 1, .scale = scales, .zero_point = zeros},
                 two = {.count = 2, .axis = 1, .scale = scales, .zero_point = zeros},
                 zero = {.count = 1, .scale = none, .zero_point = zeros};
  refuse_scales(&one, &two, MOTE_ERR_UNSUPPORTED, "2 scales; one is taken"); /* of an axis: constants alone have them */
  refuse_scales(&one, &zero, MOTE_ERR_MODEL, "is 0; scales are above 0");
}

/* ---- refusals ---- */

static mote_status infer(const mote_op *op, const void *options, const operand *o, float scale) {
  const op_quant q = {.count = 1, .scale = &scale, .zero_point = &(int32_t){0}};
  op_case k;
  op_case_begin(&k, op, options);
  for (int i = 0; i < 2; i++) op_case_input(&k, MOTE_INT8, o[i].rank, o[i].dims, NULL, 0);
  if (scale > 0) k.in[0].quant = &q;
  op_case_output(&k, MOTE_INT8);
  const mote_status status = op_case_infer(&k);
  assert_true(status == MOTE_OK || k.error.text[0]);
  op_case_end(&k);
  return status;
}

static mote_status try_dot(int64_t batch, int64_t contract, uint32_t right, int32_t k, float scale) {
  static operand o[2];
  o[0] = (operand){.rank = 3, .dims = {2, 3, 4}}, o[1] = (operand){.rank = 3, .dims = {2, k, 5}};
  const int64_t right_contract[] = {1, 2};
  return infer(&op_stablehlo_dot_general,
               &(sch_StablehloDotGeneralOptions){.lhs_batching_dimensions = {&batch, 1},
                                                 .rhs_batching_dimensions = {(int64_t[]){0}, 1},
                                                 .lhs_contracting_dimensions = {&contract, 1},
                                                 .rhs_contracting_dimensions = {right_contract, right}},
               o, scale);
}

static void dot_general_refuses_what_does_not_fit(void **state) {
  (void)state;
  assert_int_equal(try_dot(0, 2, 1, 4, 0), MOTE_OK);
  assert_int_equal(try_dot(0, 2, 1, -1, 0), MOTE_OK);
  assert_int_equal(try_dot(0, 2, 1, 5, 0), MOTE_ERR_SHAPE);
  assert_int_equal(try_dot(1, 2, 1, 4, 0), MOTE_ERR_SHAPE);
  assert_int_equal(try_dot(0, 0, 1, 4, 0), MOTE_ERR_MODEL);
  assert_int_equal(try_dot(0, 3, 1, 4, 0), MOTE_ERR_MODEL);
  assert_int_equal(try_dot(-1, 2, 1, 4, 0), MOTE_ERR_MODEL);
  assert_int_equal(try_dot(0, 2, 2, 4, 0), MOTE_ERR_MODEL);
  assert_int_equal(try_dot(0, 2, 1, 4, 0.5f), MOTE_ERR_UNSUPPORTED);
}

static void convolution_refuses_what_does_not_fit(void **state) {
  (void)state;
  static window_case good, t;
  good = (window_case){
      .spatial = 2, .stride = {1, 1}, .base = {1, 1}, .dilation = {1, 1}, .feature_groups = 2, .batch_groups = 1};
  for (int o = 0; o < 3; o++)
    for (int i = 0; i < 4; i++) good.order[o][i] = i;
  good.side[0] = (operand){.rank = 4, .dims = {2, 5, 5, 4}}, good.side[1] = (operand){.rank = 4, .dims = {6, 3, 3, 2}};
#define TRY(change, status)                                                                                            \
  t = good;                                                                                                            \
  change;                                                                                                              \
  options = options_of(&t);                                                                                            \
  assert_int_equal(infer(&op_stablehlo_convolution, &options, t.side, 0), status)
  sch_StablehloConvolutionOptions options;
  TRY((void)0, MOTE_OK);
  TRY(t.side[0].dims[1] = -1, MOTE_OK);
  TRY(t.stride[0] = 0, MOTE_ERR_MODEL);
  TRY(t.base[1] = -1, MOTE_ERR_MODEL);
  TRY(t.padding[3] = INT64_MAX, MOTE_ERR_MODEL);
  TRY(t.feature_groups = 0, MOTE_ERR_MODEL);
  TRY(t.batch_groups = 2, MOTE_ERR_MODEL);
  TRY(t.feature_groups = 4, MOTE_ERR_SHAPE);
  TRY((t.feature_groups = 1, t.batch_groups = 3), MOTE_ERR_SHAPE);
  TRY(t.side[1].dims[0] = 5, MOTE_ERR_SHAPE);
  TRY(t.side[0].rank = 3, MOTE_ERR_SHAPE);
  TRY(t.order[0][0] = 1, MOTE_ERR_MODEL);
  TRY(t.order[2][3] = 4, MOTE_ERR_MODEL);
  TRY(t.spatial = 1, MOTE_ERR_SHAPE);
#undef TRY
  options = options_of(&good);
  options.window_strides.count = 1;
  assert_int_equal(infer(&op_stablehlo_convolution, &options, good.side, 0), MOTE_ERR_MODEL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dot_general_follows_the_specification), cmocka_unit_test(convolution_follows_the_specification),
      cmocka_unit_test(dot_general_refuses_what_does_not_fit), cmocka_unit_test(convolution_refuses_what_does_not_fit),
      cmocka_unit_test(quantized_operands_stand_for_reals),    cmocka_unit_test(scales_that_mean_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
