/* loops.c: the families that are loops over elements, a level against scalar. They do the same arithmetic in the same
 * order on every level, so floats are equal too. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "kernels/binary.h"
#include "kernels/map.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"

enum { MOST = 700, TILE = 64 };

static fx_mult some_mult(check *c) {
  if (check_int(c, 0, 20) == 0) return (fx_mult){0, 0};
  return (fx_mult){(int32_t)check_int(c, INT32_C(1) << 30, INT32_MAX), (int32_t)check_int(c, -31, 8)};
}

/* Floats of all magnitudes, and those that are special. */
static void some_floats(check *c, float *x, size_t n) {
  static const float special[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 0.5f, -0.5f, 1e-40f};
  for (size_t i = 0; i < n; i++)
    x[i] = check_int(c, 0, 9) ? ldexpf(check_float(c), (int)check_int(c, -3, 12)) : special[check_int(c, 0, 7)];
}

/* Equal, or both NaN: which NaN comes of two is the compiler's choice. */
static void check_floats(check *c, const char *what, const float *want, const float *got, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (memcmp(&want[i], &got[i], 4) != 0 && !(want[i] != want[i] && got[i] != got[i])) {
      check_fail(c, "%s: element %zu of %zu is %a, not %a", what, i, n, (double)got[i], (double)want[i]);
      return;
    }
}

static void *operand(check *c, size_t n, size_t bytes, bool floats) {
  void *p = check_memory(c, n * bytes);
  if (floats) some_floats(c, p, n);
  return p;
}

/* ---- binary ---- */

typedef struct binary_entry {
  const char *name;
  binary_fn scalar, level;
  size_t in, out; /* bytes of an element */
  const void *params;
} binary_entry;

static void check_binary_entry(check *c, const binary_entry *e) {
  const size_t n = check_size(c, TILE, MOST);
  const bool floats = strstr(e->name, "f32") != NULL;
  const void *a = operand(c, n, e->in, floats), *b = operand(c, n, e->in, floats);
  void *want = check_memory(c, n * e->out), *got = check_copy(c, want, n * e->out);
  check_case(c, "%s of %zu", e->name, n);
  e->scalar(a, b, want, n, e->params);
  e->level(a, b, got, n, e->params);
  if (floats && e->out == 4) check_floats(c, "result", want, got, n);
  else check_equal(c, "result", want, got, n * e->out);
  if (e->in == e->out) {
    void *in_place = check_copy(c, a, n * e->in);
    e->level(in_place, b, in_place, n, e->params);
    if (floats) check_floats(c, "in place", want, in_place, n);
    else check_equal(c, "in place", want, in_place, n * e->in);
  }
  check_free(c);
}

/* An entry, its name for reports, and scalar and the level of it. */
#define ENTRY(c, name) #name, name[CPU_SCALAR], name[(c)->level]
#define BINARY(name, in, out, params) check_binary_entry(c, &(binary_entry){ENTRY(c, binary_##name), in, out, params})

static void check_floats_and_integers(check *c) {
  const binary_f32 bounds = {check_coin(c) ? 0 : -INFINITY, check_coin(c) ? 6 : INFINITY};
  const binary_int narrow = {check_coin(c) ? 0 : INT16_MIN, check_coin(c) ? 6 : INT16_MAX};
  const binary_int wide = {check_coin(c) ? -1 : INT64_MIN, check_coin(c) ? 1 : INT64_MAX};
  const binary_int middle = {check_coin(c) ? -1 : INT32_MIN, check_coin(c) ? 1 : INT32_MAX};
  BINARY(add_f32, 4, 4, &bounds);
  BINARY(mul_f32, 4, 4, &bounds);
  BINARY(sub_f32, 4, 4, &bounds);
  BINARY(div_f32, 4, 4, &bounds);
  BINARY(squared_difference_f32, 4, 4, &bounds);
  BINARY(max_f32, 4, 4, NULL);
  BINARY(min_f32, 4, 4, NULL);
  BINARY(prelu_f32, 4, 4, NULL);
  BINARY(add_i16, 2, 2, &narrow);
  BINARY(mul_i16, 2, 2, &narrow);
  BINARY(add_i32, 4, 4, &middle);
  BINARY(mul_i32, 4, 4, &middle);
  BINARY(sub_i32, 4, 4, &middle);
  BINARY(add_i64, 8, 8, &wide);
  BINARY(mul_i64, 8, 8, &wide);
}

static void check_quantized(check *c, const binary_quant *q) {
  binary_quant division = *q;
  division.b_zero = 1 << 16; /* no element is 0 */
  binary_quant pot = *q;
  pot.a.shift = -(int32_t)check_int(c, 0, 15), pot.b.shift = -(int32_t)check_int(c, 0, 15);
  BINARY(add_q8, 1, 1, q);
  BINARY(mul_q8, 1, 1, q);
  BINARY(sub_q8, 1, 1, q);
  BINARY(div_q8, 1, 1, &division);
  BINARY(squared_difference_q8, 1, 1, q);
  BINARY(prelu_q8, 1, 1, q);
  BINARY(max_8, 1, 1, q);
  BINARY(min_8, 1, 1, q);
  BINARY(add_q16, 2, 2, q);
  BINARY(mul_q16, 2, 2, q);
  BINARY(sub_q16, 2, 2, q);
  BINARY(div_q16, 2, 2, &division);
  BINARY(prelu_q16, 2, 2, q);
  BINARY(mul_q15_8, 2, 1, q);
  BINARY(add_pot16, 2, 2, &pot);
  BINARY(sub_pot16, 2, 2, &pot);
}

static void check_comparisons(check *c, const binary_quant *q) {
  BINARY(less_f32, 4, 1, NULL);
  BINARY(less_i16, 2, 1, NULL);
  BINARY(less_i32, 4, 1, NULL);
  BINARY(less_i64, 8, 1, NULL);
  BINARY(less_q8, 1, 1, q);
  BINARY(less_equal_f32, 4, 1, NULL);
  BINARY(less_equal_i16, 2, 1, NULL);
  BINARY(less_equal_i32, 4, 1, NULL);
  BINARY(less_equal_i64, 8, 1, NULL);
  BINARY(less_equal_q8, 1, 1, q);
  BINARY(equal_f32, 4, 1, NULL);
  BINARY(equal_i32, 4, 1, NULL);
  BINARY(equal_q8, 1, 1, q);
  BINARY(equal_q16, 2, 1, q);
  BINARY(not_equal_f32, 4, 1, NULL);
  BINARY(not_equal_i32, 4, 1, NULL);
  BINARY(not_equal_q8, 1, 1, q);
  BINARY(not_equal_q16, 2, 1, q);
}

void check_binary(check *c) {
  for (int r = 0; r < c->rounds; r++) {
    const bool is_signed = check_coin(c);
    const int32_t low = is_signed ? -128 : 0;
    const binary_quant q = {.flip = is_signed ? 0x80 : 0,
                            .a_zero = (int32_t)check_int(c, 0, 255),
                            .b_zero = (int32_t)check_int(c, 0, 255),
                            .y_zero = (int32_t)check_int(c, low, low + 255),
                            .a = some_mult(c),
                            .b = some_mult(c),
                            .y = some_mult(c),
                            .left = (int32_t)check_int(c, 0, 20),
                            .lo = low + (int32_t)check_int(c, 0, 100),
                            .hi = low + (int32_t)check_int(c, 100, 255)};
    check_floats_and_integers(c);
    check_quantized(c, &q);
    check_comparisons(c, &q);
  }
}

/* ---- map ---- */

typedef struct map_entry {
  const char *name;
  map_fn scalar, level;
  size_t in, out;
  const void *params;
} map_entry;

static void check_map_entry(check *c, size_t n, const map_entry *e) {
  const void *x = operand(c, n, e->in, e->in == 4 && !strstr(e->name, "requant"));
  void *want = check_memory(c, n * e->out), *got = check_copy(c, want, n * e->out);
  check_case(c, "%s of %zu", e->name, n);
  e->scalar(x, want, n, e->params);
  e->level(x, got, n, e->params);
  if (strstr(e->name, "f32") || strstr(e->name, "dequantize") || strstr(e->name, "f16"))
    check_floats(c, "result", want, got, n);
  else check_equal(c, "result", want, got, n * e->out);
}

#define MAP(name, in, out, params) check_map_entry(c, n, &(map_entry){ENTRY(c, map_##name), in, out, params})

static void check_requantizing(check *c, size_t n) {
  map_requant q = {.x_zero = (int32_t)check_int(c, -128, 127),
                   .y_zero = (int32_t)check_int(c, -128, 127),
                   .mult = some_mult(c),
                   .negative = some_mult(c),
                   .negate = check_coin(c),
                   .lo = -128,
                   .hi = 127};
  MAP(requant_16_8, 2, 1, &q);
  MAP(requant_32_8, 4, 1, &q);
  q.lo = -20000, q.hi = 30000;
  MAP(requant_16_16, 2, 2, &q);
  MAP(requant_32_16, 4, 2, &q);
  MAP(leaky_16, 2, 2, &q);
  q.lo = INT32_MIN, q.hi = INT32_MAX;
  MAP(requant_16_32, 2, 4, &q);
  const map_logistic16 logistic = {(int32_t)check_int(c, 1, 32767), (int32_t)check_int(c, 0, 31)};
  MAP(logistic_16, 2, 2, &logistic);
}

static void check_conversions(check *c, size_t n) {
  const float scale = ldexpf(1 + fabsf(check_float(c)), (int)check_int(c, -6, 3));
  const int32_t zero = (int32_t)check_int(c, -128, 127), flip = check_coin(c) ? 0x80 : 0;
  float *scales = check_memory(c, n * sizeof *scales);
  int32_t *zeros = check_memory(c, n * sizeof *zeros);
  for (size_t i = 0; i < n; i++) scales[i] = 0.01f + fabsf(check_float(c)), zeros[i] = (int32_t)check_int(c, -128, 127);
  const map_quantize q8 = {scale, zero, -128, 127}, q16 = {scale, zero, INT16_MIN, INT16_MAX};
  const map_quantize_row qr8 = {scales, zeros, -128, 127}, qr16 = {scales, zeros, INT16_MIN, INT16_MAX};
  const map_dequantize d = {flip, zero, scale};
  const map_dequantize_row dr = {flip, scales, zeros};
  MAP(quantize_8, 4, 1, &q8);
  MAP(quantize_16, 4, 2, &q16);
  MAP(quantize_row_8, 4, 1, &qr8);
  MAP(quantize_row_16, 4, 2, &qr16);
  MAP(dequantize_8, 1, 4, &d);
  MAP(dequantize_16, 2, 4, &d);
  MAP(dequantize_row_8, 1, 4, &dr);
  MAP(dequantize_row_16, 2, 4, &dr);
  MAP(widen_f16, 2, 4, NULL);
}

void check_map(check *c) {
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    const size_t n = check_size(c, TILE, MOST);
    const map_clamp clamp = {check_float(c), 1 + fabsf(check_float(c))};
    const map_alpha alpha = {check_float(c)};
    const void *table = check_memory(c, 512);
    MAP(clamp_f32, 4, 4, &clamp);
    MAP(leaky_f32, 4, 4, &alpha);
    MAP(logistic_f32, 4, 4, NULL);
    MAP(exp_f32, 4, 4, NULL);
    MAP(tanh_f32, 4, 4, NULL);
    MAP(lut_8, 1, 1, table);
    MAP(lut_8_16, 1, 2, table);
    check_free(c);
    check_requantizing(c, n);
    check_free(c);
    check_conversions(c, n);
  }
}

/* ---- reduce ---- */

/* Outputs side by side over columns or over rows of what they take, dense or with a gap. */
static reduce_shape some_shape(check *c, size_t *elements) {
  reduce_shape s = {.rows = check_size(c, TILE, MOST), .n = check_size(c, 4, 9) + 1, .flip = check_coin(c) ? 0x80 : 0};
  if (check_coin(c)) {
    s.row_step = 1;
    s.step = s.rows + (size_t)check_int(c, 0, 2);
    *elements = s.rows ? (s.n - 1) * s.step + s.rows : 0;
    return s;
  }
  s.rows = check_size(c, 4, 9);
  s.n = check_size(c, 16, 600) + 2;
  s.step = 1;
  s.row_step = s.n;
  *elements = s.rows * s.n;
  return s;
}

void check_reduce(check *c) {
  const struct {
    const char *name;
    reduce_fn scalar, level;
    size_t in, acc;
  } sums[] = {{ENTRY(c, reduce_sum_f32), 4, 4},
              {ENTRY(c, reduce_sum_8), 1, 4},
              {ENTRY(c, reduce_sum_16), 2, 4},
              {ENTRY(c, reduce_sum_32), 4, 8},
              {ENTRY(c, reduce_sum_64), 8, 8}};
  const struct {
    const char *name;
    reduce_arg_fn scalar, level;
    size_t in;
  } args[] = {{ENTRY(c, reduce_arg_max_f32), 4}, {ENTRY(c, reduce_arg_max_8), 1}, {ENTRY(c, reduce_arg_max_32), 4}};
  for (int r = 0; r < c->rounds; r++) {
    size_t elements;
    for (size_t e = 0; e < sizeof sums / sizeof *sums; e++, check_free(c)) {
      const reduce_shape shape = some_shape(c, &elements);
      const void *x = operand(c, elements, sums[e].in, e == 0);
      void *want = operand(c, shape.rows, sums[e].acc, e == 0);
      void *got = check_copy(c, want, shape.rows * sums[e].acc);
      check_case(c, "%s, %zu outputs of %zu", sums[e].name, shape.rows, shape.n);
      sums[e].scalar(want, x, &shape);
      sums[e].level(got, x, &shape);
      if (e == 0) check_floats(c, "sums", want, got, shape.rows);
      else check_equal(c, "sums", want, got, shape.rows * sums[e].acc);
    }
    for (size_t e = 0; e < sizeof args / sizeof *args; e++, check_free(c)) {
      const reduce_shape shape = some_shape(c, &elements);
      const void *x = operand(c, elements, args[e].in, e == 0);
      int32_t *want = check_memory(c, shape.rows * sizeof *want), *got = check_copy(c, want, shape.rows * sizeof *want);
      check_case(c, "%s, %zu outputs of %zu", args[e].name, shape.rows, shape.n);
      args[e].scalar(want, x, &shape);
      args[e].level(got, x, &shape);
      check_equal(c, "places", want, got, shape.rows * sizeof *want);
    }
  }
}

/* ---- pool ---- */

static void check_pool_entry(check *c, const char *name, pool_fn scalar, pool_fn level, size_t bytes, bool floats) {
  const pool_window w = {
      .rows = (size_t)check_int(c, 1, 5), .cols = (size_t)check_int(c, 1, 5), .channels = check_size(c, 16, 70)};
  pool_window window = w;
  window.row_step = (w.cols + (size_t)check_int(c, 0, 2)) * w.channels;
  const bool is_signed = bytes == 2 || check_coin(c);
  const int32_t low = bytes == 2 ? INT16_MIN : is_signed ? -128 : 0, high = bytes == 2 ? INT16_MAX : low + 255;
  const pool_bounds bounds = {.f_lo = check_coin(c) ? 0 : -INFINITY,
                              .f_hi = check_coin(c) ? 6 : INFINITY,
                              .lo = check_coin(c) ? low : (int32_t)check_int(c, low, 100),
                              .hi = check_coin(c) ? high : (int32_t)check_int(c, 100, high),
                              .flip = bytes == 1 && is_signed ? 0x80 : 0};
  const void *x = operand(c, (w.rows - 1) * window.row_step + w.cols * w.channels, bytes, floats);
  void *want = check_memory(c, w.channels * bytes), *got = check_copy(c, want, w.channels * bytes);
  check_case(c, "%s, %zu x %zu taps of %zu channels", name, w.rows, w.cols, w.channels);
  scalar(x, &window, want, &bounds);
  level(x, &window, got, &bounds);
  if (floats) check_floats(c, "pixel", want, got, w.channels);
  else check_equal(c, "pixel", want, got, w.channels * bytes);
}

void check_pool(check *c) {
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    check_pool_entry(c, ENTRY(c, pool_average_f32), 4, true);
    check_pool_entry(c, ENTRY(c, pool_max_f32), 4, true);
    check_pool_entry(c, ENTRY(c, pool_average_8), 1, false);
    check_pool_entry(c, ENTRY(c, pool_max_8), 1, false);
    check_pool_entry(c, ENTRY(c, pool_average_16), 2, false);
    check_pool_entry(c, ENTRY(c, pool_max_16), 2, false);
  }
}
