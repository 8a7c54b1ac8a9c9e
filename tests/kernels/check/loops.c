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
  if (!e->scalar && !e->level) return; /* a kind that this type has no entry for */
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

static void check_arithmetic(check *c, const binary_kernels *s, const binary_kernels *l, const binary_quant *q) {
  /* BINARY_MAX and BINARY_MIN have f32 alone. */
  static const char *const f32[] = {"add f32", "mul f32", "sub f32", "div f32", "sqdiff f32", "max f32", "min f32"};
  static const char *const i16[] = {"add i16", "mul i16", "sub i16", "div i16", "sqdiff i16", "max i16", "min i16"};
  static const char *const i32[] = {"add i32", "mul i32", "sub i32", "div i32", "sqdiff i32", "max i32", "min i32"};
  static const char *const i64[] = {"add i64", "mul i64", "sub i64", "div i64", "sqdiff i64", "max i64", "min i64"};
  static const char *const q8[] = {"add q8", "mul q8", "sub q8", "div q8", "sqdiff q8", "max q8", "min q8"};
  static const char *const q16[] = {"add q16", "mul q16", "sub q16", "div q16", "sqdiff q16", "max q16", "min q16"};
  binary_quant division = *q;
  division.b_zero = 1 << 16; /* no element is 0 */
  const binary_f32 bounds = {check_coin(c) ? 0 : -INFINITY, check_coin(c) ? 6 : INFINITY};
  const binary_int narrow = {check_coin(c) ? 0 : INT16_MIN, check_coin(c) ? 6 : INT16_MAX};
  const binary_int wide = {check_coin(c) ? -1 : INT64_MIN, check_coin(c) ? 1 : INT64_MAX};
  const binary_int middle = {check_coin(c) ? -1 : INT32_MIN, check_coin(c) ? 1 : INT32_MAX};
  for (int k = 0; k < BINARY_KINDS; k++) {
    check_binary_entry(c, &(binary_entry){f32[k], s->f32[k], l->f32[k], 4, 4, &bounds});
    check_binary_entry(c, &(binary_entry){i16[k], s->i16[k], l->i16[k], 2, 2, &narrow});
    check_binary_entry(c, &(binary_entry){i32[k], s->i32[k], l->i32[k], 4, 4, &middle});
    check_binary_entry(c, &(binary_entry){i64[k], s->i64[k], l->i64[k], 8, 8, &wide});
    const binary_quant *quant = k == BINARY_DIV ? &division : q;
    check_binary_entry(c, &(binary_entry){q8[k], s->q8[k], l->q8[k], 1, 1, quant});
    check_binary_entry(c, &(binary_entry){q16[k], s->q16[k], l->q16[k], 2, 2, quant});
  }
  check_binary_entry(c, &(binary_entry){"prelu f32", s->prelu_f32, l->prelu_f32, 4, 4, NULL});
  check_binary_entry(c, &(binary_entry){"prelu q8", s->prelu_q8, l->prelu_q8, 1, 1, q});
  check_binary_entry(c, &(binary_entry){"prelu q16", s->prelu_q16, l->prelu_q16, 2, 2, q});
  check_binary_entry(c, &(binary_entry){"mul q15 to 8", s->mul_q15_8, l->mul_q15_8, 2, 1, q});
  binary_quant pot = *q;
  pot.a.shift = -(int32_t)check_int(c, 0, 15), pot.b.shift = -(int32_t)check_int(c, 0, 15);
  check_binary_entry(c, &(binary_entry){"add pot16", s->add_pot16, l->add_pot16, 2, 2, &pot});
  check_binary_entry(c, &(binary_entry){"sub pot16", s->sub_pot16, l->sub_pot16, 2, 2, &pot});
  check_binary_entry(c, &(binary_entry){"max 8", s->max_8, l->max_8, 1, 1, q});
  check_binary_entry(c, &(binary_entry){"min 8", s->min_8, l->min_8, 1, 1, q});
}

void check_binary(check *c) {
  const binary_kernels *s = kern_binary(CPU_SCALAR), *l = kern_binary(c->level);
  static const char *const f32[] = {"less f32", "less equal f32", "equal f32", "not equal f32"};
  static const char *const i16[] = {"less i16", "less equal i16", "equal i16", "not equal i16"};
  static const char *const i32[] = {"less i32", "less equal i32", "equal i32", "not equal i32"};
  static const char *const i64[] = {"less i64", "less equal i64", "equal i64", "not equal i64"};
  static const char *const q8[] = {"less q8", "less equal q8", "equal q8", "not equal q8"};
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
    check_arithmetic(c, s, l, &q);
    for (int k = 0; k < COMPARE_KINDS; k++) {
      check_binary_entry(c, &(binary_entry){f32[k], s->compare_f32[k], l->compare_f32[k], 4, 1, NULL});
      check_binary_entry(c, &(binary_entry){i16[k], s->compare_i16[k], l->compare_i16[k], 2, 1, NULL});
      check_binary_entry(c, &(binary_entry){i32[k], s->compare_i32[k], l->compare_i32[k], 4, 1, NULL});
      check_binary_entry(c, &(binary_entry){i64[k], s->compare_i64[k], l->compare_i64[k], 8, 1, NULL});
      check_binary_entry(c, &(binary_entry){q8[k], s->compare_q8[k], l->compare_q8[k], 1, 1, &q});
    }
    check_binary_entry(c, &(binary_entry){"equal q16", s->equal_q16, l->equal_q16, 2, 1, &q});
    check_binary_entry(c, &(binary_entry){"not equal q16", s->not_equal_q16, l->not_equal_q16, 2, 1, &q});
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
  const void *x = operand(c, n, e->in, e->in == 4 && !strstr(e->name, "32 to"));
  void *want = check_memory(c, n * e->out), *got = check_copy(c, want, n * e->out);
  check_case(c, "%s of %zu", e->name, n);
  e->scalar(x, want, n, e->params);
  e->level(x, got, n, e->params);
  if (strstr(e->name, "f32")) check_floats(c, "result", want, got, n);
  else check_equal(c, "result", want, got, n * e->out);
}

static void check_requantizing(check *c, size_t n, const map_kernels *s, const map_kernels *l) {
  map_requant q = {.x_zero = (int32_t)check_int(c, -128, 127),
                   .y_zero = (int32_t)check_int(c, -128, 127),
                   .mult = some_mult(c),
                   .negative = some_mult(c),
                   .negate = check_coin(c),
                   .lo = -128,
                   .hi = 127};
  check_map_entry(c, n, &(map_entry){"requantize 16 to 8", s->requant_16_8, l->requant_16_8, 2, 1, &q});
  check_map_entry(c, n, &(map_entry){"requantize 32 to 8", s->requant_32_8, l->requant_32_8, 4, 1, &q});
  q.lo = -20000, q.hi = 30000;
  check_map_entry(c, n, &(map_entry){"requantize 16 to 16", s->requant_16_16, l->requant_16_16, 2, 2, &q});
  check_map_entry(c, n, &(map_entry){"requantize 32 to 16", s->requant_32_16, l->requant_32_16, 4, 2, &q});
  check_map_entry(c, n, &(map_entry){"leaky 16", s->leaky_16, l->leaky_16, 2, 2, &q});
  q.lo = INT32_MIN, q.hi = INT32_MAX;
  check_map_entry(c, n, &(map_entry){"requantize 16 to 32", s->requant_16_32, l->requant_16_32, 2, 4, &q});
  const map_logistic16 logistic = {(int32_t)check_int(c, 1, 32767), (int32_t)check_int(c, 0, 31)};
  check_map_entry(c, n, &(map_entry){"logistic 16", s->logistic_16, l->logistic_16, 2, 2, &logistic});
}

static void check_conversions(check *c, size_t n, const map_kernels *s, const map_kernels *l) {
  const float scale = ldexpf(1 + fabsf(check_float(c)), (int)check_int(c, -6, 3));
  const int32_t zero = (int32_t)check_int(c, -128, 127), flip = check_coin(c) ? 0x80 : 0;
  float *scales = check_memory(c, n * sizeof *scales);
  int32_t *zeros = check_memory(c, n * sizeof *zeros);
  for (size_t i = 0; i < n; i++) scales[i] = 0.01f + fabsf(check_float(c)), zeros[i] = (int32_t)check_int(c, -128, 127);
  const map_quantize q8 = {scale, zero, -128, 127}, q16 = {scale, zero, INT16_MIN, INT16_MAX};
  const map_quantize_row qr8 = {scales, zeros, -128, 127}, qr16 = {scales, zeros, INT16_MIN, INT16_MAX};
  const map_dequantize d = {flip, zero, scale};
  const map_dequantize_row dr = {flip, scales, zeros};
  check_map_entry(c, n, &(map_entry){"quantize 8", s->quantize_8, l->quantize_8, 4, 1, &q8});
  check_map_entry(c, n, &(map_entry){"quantize 16", s->quantize_16, l->quantize_16, 4, 2, &q16});
  check_map_entry(c, n, &(map_entry){"quantize row 8", s->quantize_row_8, l->quantize_row_8, 4, 1, &qr8});
  check_map_entry(c, n, &(map_entry){"quantize row 16", s->quantize_row_16, l->quantize_row_16, 4, 2, &qr16});
  check_map_entry(c, n, &(map_entry){"8 to f32", s->dequantize_8, l->dequantize_8, 1, 4, &d});
  check_map_entry(c, n, &(map_entry){"16 to f32", s->dequantize_16, l->dequantize_16, 2, 4, &d});
  check_map_entry(c, n, &(map_entry){"row 8 to f32", s->dequantize_row_8, l->dequantize_row_8, 1, 4, &dr});
  check_map_entry(c, n, &(map_entry){"row 16 to f32", s->dequantize_row_16, l->dequantize_row_16, 2, 4, &dr});
  check_map_entry(c, n, &(map_entry){"f16 to f32", s->widen_f16, l->widen_f16, 2, 4, NULL});
}

void check_map(check *c) {
  const map_kernels *s = kern_map(CPU_SCALAR), *l = kern_map(c->level);
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    const size_t n = check_size(c, TILE, MOST);
    const map_clamp clamp = {check_float(c), 1 + fabsf(check_float(c))};
    const map_alpha alpha = {check_float(c)};
    const void *table = check_memory(c, 512);
    check_map_entry(c, n, &(map_entry){"clamp f32", s->clamp_f32, l->clamp_f32, 4, 4, &clamp});
    check_map_entry(c, n, &(map_entry){"leaky f32", s->leaky_f32, l->leaky_f32, 4, 4, &alpha});
    check_map_entry(c, n, &(map_entry){"logistic f32", s->logistic_f32, l->logistic_f32, 4, 4, NULL});
    check_map_entry(c, n, &(map_entry){"exp f32", s->exp_f32, l->exp_f32, 4, 4, NULL});
    check_map_entry(c, n, &(map_entry){"tanh f32", s->tanh_f32, l->tanh_f32, 4, 4, NULL});
    check_map_entry(c, n, &(map_entry){"table 8", s->lut_8, l->lut_8, 1, 1, table});
    check_map_entry(c, n, &(map_entry){"table 8 to 16", s->lut_8_16, l->lut_8_16, 1, 2, table});
    check_free(c);
    check_requantizing(c, n, s, l);
    check_free(c);
    check_conversions(c, n, s, l);
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
  const reduce_kernels *s = kern_reduce(CPU_SCALAR), *l = kern_reduce(c->level);
  const struct {
    const char *name;
    reduce_fn scalar, level;
    size_t in, acc;
  } sums[] = {{"sum f32", s->sum_f32, l->sum_f32, 4, 4},
              {"sum 8", s->sum_8, l->sum_8, 1, 4},
              {"sum 16", s->sum_16, l->sum_16, 2, 4},
              {"sum 32", s->sum_32, l->sum_32, 4, 8},
              {"sum 64", s->sum_64, l->sum_64, 8, 8}};
  const struct {
    const char *name;
    reduce_arg_fn scalar, level;
    size_t in;
  } args[] = {{"arg max f32", s->arg_max_f32, l->arg_max_f32, 4},
              {"arg max 8", s->arg_max_8, l->arg_max_8, 1},
              {"arg max 32", s->arg_max_32, l->arg_max_32, 4}};
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
  const pool_kernels *s = kern_pool(CPU_SCALAR), *l = kern_pool(c->level);
  static const char *const f32[] = {"average f32", "max f32"}, *const s8[] = {"average 8", "max 8"};
  static const char *const s16[] = {"average 16", "max 16"};
  for (int r = 0; r < c->rounds; r++, check_free(c))
    for (int k = 0; k < POOL_KINDS; k++) {
      check_pool_entry(c, f32[k], s->f32[k], l->f32[k], 4, true);
      check_pool_entry(c, s8[k], s->s8[k], l->s8[k], 1, false);
      check_pool_entry(c, s16[k], s->s16[k], l->s16[k], 2, false);
    }
}
