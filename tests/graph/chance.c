/* chance.c: networks made by chance of what rewrites look for, in all orders and with values that are read several
 * times: the checker holds after each rewrite, and the answers stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/bench.h"

enum { NETWORKS = 400, VALUES = 40 };

typedef struct maker {
  bench t;
  uint32_t state;
  int32_t values[VALUES];
  int count;
} maker;

static int32_t below(maker *m, int32_t n) {
  m->state = m->state * 1664525U + 1013904223U;
  return (int32_t)((m->state >> 8) % (uint32_t)n);
}

static int32_t any(maker *m) { return m->values[below(m, m->count)]; }

/* Mostly the newest, so that networks are deep. */
static int32_t recent(maker *m) { return below(m, 4) ? m->values[m->count - 1] : any(m); }

static int32_t order(maker *m) {
  int32_t v[4] = {0, 1, 2, 3};
  if (below(m, 2)) return below(m, 2) ? INTS(&m->t, 0, 3, 1, 2) : INTS(&m->t, 0, 2, 3, 1);
  for (int32_t i = 3; i > 1; i--) { /* the batch stays in front */
    const int32_t k = 1 + below(m, i), old = v[i];
    v[i] = v[k];
    v[k] = old;
  }
  return build_ints(&m->t.b, "order", 4, v);
}

/* A constant that broadcasts to bx4x4x4. */
static int32_t small(maker *m) {
  switch (below(m, 6)) {
    case 0: return NUMBER(&m->t, 1);
    case 1: return NUMBER(&m->t, (float)below(m, 5) - 2);
    case 2: return bench_const(&m->t, DIMS(4));
    case 3: return bench_const(&m->t, DIMS(4, 1, 1));
    case 4: return bench_const(&m->t, DIMS(1, 1, 4, 1));
    default: return bench_const(&m->t, DIMS(1, 4, 4, 4));
  }
}

static int32_t unary(maker *m, int32_t x) {
  static const int32_t codes[] = {sch_BuiltinOperator_RELU, sch_BuiltinOperator_RELU6,
                                  sch_BuiltinOperator_TANH, sch_BuiltinOperator_NEG,
                                  sch_BuiltinOperator_ABS,  sch_BuiltinOperator_LOGISTIC,
                                  sch_BuiltinOperator_RELU, sch_BuiltinOperator_RELU_N1_TO_1};
  return build_op(&m->t.b, codes[below(m, 8)], NULL, 1, &x);
}

static int32_t binary(maker *m, int32_t x) {
  static const int32_t codes[] = {sch_BuiltinOperator_ADD, sch_BuiltinOperator_MUL,     sch_BuiltinOperator_SUB,
                                  sch_BuiltinOperator_ADD, sch_BuiltinOperator_MAXIMUM, sch_BuiltinOperator_MINIMUM};
  const int32_t y = below(m, 2) ? small(m) : any(m);
  return build_op(&m->t.b, codes[below(m, 6)], NULL, 2, below(m, 4) ? (int32_t[]){x, y} : (int32_t[]){y, x});
}

static int32_t window(maker *m, int32_t x) {
  sch_Conv2DOptions o = BUILD_OPTIONS(Conv2DOptions);
  o.stride_w = o.stride_h = 1;
  o.padding = below(m, 2);
  if (!below(m, 3)) o.fused_activation_function = sch_ActivationFunctionType_RELU;
  const int32_t size = o.padding == sch_Padding_VALID ? 1 : 1 + 2 * below(m, 2);
  const int32_t w = bench_const(&m->t, DIMS(4, size, size, below(m, 4) ? 4 : 2)), b = bench_const(&m->t, DIMS(4));
  return build_op(&m->t.b, sch_BuiltinOperator_CONV_2D, &o, 3, (int32_t[]){x, w, b});
}

/* PAD and VALID, as frameworks write SAME. */
static int32_t padded(maker *m, int32_t x) {
  const int32_t top = below(m, 3), left = 1, pads[] = {0, 0, top, 2 - top, left, 1, 0, 0};
  sch_Conv2DOptions o = BUILD_OPTIONS(Conv2DOptions);
  o.stride_w = o.stride_h = 1;
  o.padding = sch_Padding_VALID;
  const int32_t y = OP(&m->t, PAD, NULL, x, build_const(&m->t.b, "pads", MOTE_INT32, DIMS(4, 2), pads, BUILD_COPY));
  return OP(&m->t, CONV_2D, &o, y, bench_const(&m->t, DIMS(4, 3, 3, 4)), bench_const(&m->t, DIMS(4)));
}

static int32_t depthwise(maker *m, int32_t x) {
  const sch_DepthwiseConv2DOptions o = {.padding = sch_Padding_SAME,
                                        .stride_w = 1,
                                        .stride_h = 1,
                                        .depth_multiplier = 1,
                                        .dilation_w_factor = 1,
                                        .dilation_h_factor = 1};
  return OP(&m->t, DEPTHWISE_CONV_2D, &o, x, bench_const(&m->t, DIMS(1, 3, 3, 4)), bench_const(&m->t, DIMS(4)));
}

static int32_t reshaped(maker *m, int32_t x) {
  const int32_t flat = below(m, 2) ? INTS(&m->t, -1, 64) : INTS(&m->t, -1, 4, 16);
  const int32_t y = OP(&m->t, RESHAPE, NULL, x, flat);
  return OP(&m->t, RESHAPE, NULL, y, INTS(&m->t, -1, 4, 4, 4));
}

/* Two halves of a concatenation in another order. */
static int32_t joined(maker *m, int32_t x) {
  sch_ConcatenationOptions o = BUILD_OPTIONS(ConcatenationOptions);
  o.axis = 1 + below(m, 3);
  const int32_t both = OP(&m->t, CONCATENATION, &o, x, any(m));
  int32_t begin[4] = {0}, size[4] = {-1, 4, 4, 4};
  begin[o.axis] = 2;
  return OP(&m->t, SLICE, NULL, both, build_ints(&m->t.b, "begin", 4, begin), build_ints(&m->t.b, "size", 4, size));
}

static int32_t averaged(maker *m, int32_t x) {
  const sch_ReducerOptions keep = {.keep_dims = true};
  const int32_t mean = OP(&m->t, MEAN, &keep, x, build_ints(&m->t.b, "axes", 1, (int32_t[]){1 + below(m, 3)}));
  return OP(&m->t, SUB, NULL, x, mean);
}

static int32_t step(maker *m) {
  const int32_t x = recent(m);
  switch (below(m, 12)) {
    case 0:
    case 1: return unary(m, x);
    case 2:
    case 3:
    case 4: return binary(m, x);
    case 5: return window(m, x);
    case 6: return padded(m, x);
    case 7: return depthwise(m, x);
    case 8: return reshaped(m, x);
    case 9: return below(m, 2) ? joined(m, x) : averaged(m, x);
    default: return OP(&m->t, TRANSPOSE, NULL, x, order(m));
  }
}

static bool fits(const maker *m, int32_t value) {
  return build_rank(&m->t.b, value) == 4 && build_dim(&m->t.b, value, 1) == 4 && build_dim(&m->t.b, value, 2) == 4 &&
         build_dim(&m->t.b, value, 3) == 4;
}

static void networks_by_chance(void **state) {
  (void)state;
  for (int32_t seed = 0; seed < NETWORKS; seed++) {
    maker m = {.state = (uint32_t)seed * 7919U + 1};
    bench_begin(&m.t);
    m.t.chance = (uint32_t)seed;
    m.values[m.count++] = bench_input(&m.t, "x", DIMS(seed % 2 ? -1 : 2, 4, 4, 4));
    const int steps = 3 + below(&m, 20);
    for (int i = 0; i < steps && m.count < VALUES; i++) {
      const int32_t y = step(&m);
      if (m.t.b.failed) fail_msg("network %d: %s", (int)seed, m.t.b.error.text);
      if (fits(&m, y)) m.values[m.count++] = y;
    }
    bench_output(&m.t, m.values[m.count - 1]);
    if (m.count > 3) bench_output(&m.t, m.values[m.count - 3]);
    bench_end(&m.t, NULL, NULL, 2e-4);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(networks_by_chance)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
