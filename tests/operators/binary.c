/* binary.c: ADD, MUL, SUB, DIV, SQUARED_DIFFERENCE, MAXIMUM, MINIMUM, the comparisons and PRELU against their
 * definitions, element by element, broadcast in every way, on every level of the machine, also in place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fixed.h"
#include "support/op_case.h"

extern const mote_op op_add, op_mul, op_sub, op_div, op_squared_difference, op_maximum, op_minimum, op_prelu;
extern const mote_op op_less, op_less_equal, op_greater, op_greater_equal, op_equal, op_not_equal;

enum { LIMIT = 6000 };

static int64_t element(const op_tensor *t, size_t i) { return op_int_at(t, i); }
static float real(const op_tensor *t, size_t i) { return ((const float *)t->data)[i]; }

/* Where output element n takes its operand: dimensions of size 1 do not move. */
static size_t source(const op_tensor *t, const op_tensor *out, size_t n) {
  int32_t at[OP_MAX_RANK], mine[OP_MAX_RANK];
  op_coordinates(n, out->rank, out->dims, at);
  for (int32_t i = 0; i < t->rank; i++) {
    const int32_t o = out->rank - t->rank + i;
    mine[i] = t->dims[i] == 1 ? 0 : at[o];
  }
  return op_offset(t->rank, t->dims, mine);
}

static int32_t scaled(int64_t x, int32_t zero, int left, double ratio) {
  return fx_mbqm(fx_shl((int32_t)x - zero, left), fx_quantize_multiplier(ratio));
}

static int64_t clamp(int64_t x, const op_tensor *t) {
  int32_t lo, hi;
  op_type_range(t->type, &lo, &hi);
  return x < lo ? lo : x > hi ? hi : x;
}

static bool compares(const mote_op *op) {
  return op == &op_less || op == &op_less_equal || op == &op_greater || op == &op_greater_equal || op == &op_equal ||
         op == &op_not_equal;
}

static int64_t quant_add(const op_tensor *a, const op_tensor *b, const op_tensor *y, int64_t x, int64_t z, int sign) {
  const int left = a->type == MOTE_INT16 ? 15 : 20;
  const double twice = 2 * (double)fmaxf(a->scale, b->scale);
  const int32_t sum =
      scaled(x, a->zero_point, left, a->scale / twice) + sign * scaled(z, b->zero_point, left, b->scale / twice);
  return clamp(fx_mbqm(sum, fx_quantize_multiplier(twice / ((double)(1 << left) * y->scale))) + y->zero_point, y);
}

static int64_t quant_mul(const op_tensor *a, const op_tensor *b, const op_tensor *y, int64_t x, int64_t z) {
  const float ratio = a->scale * b->scale / y->scale;
  const int32_t product = (int32_t)((x - a->zero_point) * (z - b->zero_point));
  return clamp(fx_mbqm(product, fx_quantize_multiplier(ratio)) + y->zero_point, y);
}

static int64_t quant_squared_difference(const op_tensor *a, const op_tensor *b, const op_tensor *y, int64_t x,
                                        int64_t z) {
  const double twice = 2 * (double)fmaxf(a->scale, b->scale);
  const int32_t d = scaled(x, a->zero_point, 7, a->scale / twice) - scaled(z, b->zero_point, 7, b->scale / twice);
  return clamp(fx_mbqm(d * d, fx_quantize_multiplier(twice * twice / ((double)(1 << 14) * y->scale))) + y->zero_point,
               y);
}

static int64_t quant_prelu(const op_tensor *a, const op_tensor *b, const op_tensor *y, int64_t x, int64_t z) {
  const int32_t d = (int32_t)x - a->zero_point, p = (int32_t)z - b->zero_point;
  const int32_t r = d >= 0 ? fx_mbqm(d, fx_quantize_multiplier(a->scale / y->scale))
                           : fx_mbqm(d * p, fx_quantize_multiplier(a->scale * b->scale / y->scale));
  return clamp(r + y->zero_point, y);
}

static int64_t wrap(int64_t x, mote_type type) {
  return type == MOTE_INT16 ? (int16_t)x : type == MOTE_INT32 ? (int32_t)x : x;
}

static bool compared(const mote_op *op, double x, double z) {
  if (op == &op_less) return x < z;
  if (op == &op_less_equal) return x <= z;
  if (op == &op_greater) return x > z;
  if (op == &op_greater_equal) return x >= z;
  return op == &op_equal ? x == z : x != z;
}

static int64_t quant_result(const op_case *k, int64_t x, int64_t z) {
  const op_tensor *a = &k->in[0], *b = &k->in[1], *y = &k->out[0];
  const mote_op *op = k->c.op;
  if (op == &op_prelu) return quant_prelu(a, b, y, x, z);
  if (op == &op_mul) return quant_mul(a, b, y, x, z);
  if (op == &op_squared_difference) return quant_squared_difference(a, b, y, x, z);
  return quant_add(a, b, y, x, z, op == &op_sub ? -1 : 1);
}

static int64_t integer_result(const op_case *k, int64_t x, int64_t z) {
  const op_tensor *a = &k->in[0], *b = &k->in[1];
  const mote_op *op = k->c.op;
  const bool ordered_16 = a->type == MOTE_INT16 && op != &op_equal && op != &op_not_equal;
  if (compares(op)) {
    if (a->scale > 0 && !ordered_16)
      x = scaled(x, a->zero_point, 8, a->scale), z = scaled(z, b->zero_point, 8, b->scale);
    return op == &op_equal       ? x == z
           : op == &op_not_equal ? x != z
           : op == &op_less      ? x < z
           : op == &op_greater   ? x > z
                                 : (op == &op_less_equal ? x <= z : x >= z);
  }
  if (op == &op_maximum) return x > z ? x : z;
  if (op == &op_minimum) return x < z ? x : z;
  if (a->scale > 0) return quant_result(k, x, z);
  const uint64_t ux = (uint64_t)x, uz = (uint64_t)z;
  if (op == &op_div) return wrap(z == -1 ? (int64_t)(0 - ux) : x / z, a->type);
  if (op == &op_squared_difference) return wrap((int64_t)((ux - uz) * (ux - uz)), a->type);
  return wrap((int64_t)(op == &op_add ? ux + uz : op == &op_sub ? ux - uz : ux * uz), a->type);
}

static float real_result(const mote_op *op, float x, float z) {
  if (op == &op_add) return x + z;
  if (op == &op_mul) return x * z;
  if (op == &op_sub) return x - z;
  if (op == &op_div) return fminf(fmaxf(x / z, -3.402823466e38f), 3.402823466e38f);
  if (op == &op_squared_difference) return (x - z) * (x - z);
  if (op == &op_maximum) return x > z ? x : z;
  if (op == &op_minimum) return x < z ? x : z;
  return x >= 0 ? x : x * z;
}

static void compare_all(const op_case *k, const op_tensor *a, const op_tensor *b) {
  const op_tensor *y = &k->out[0];
  const mote_op *op = k->c.op;
  for (size_t n = 0; n < op_count(y); n++) {
    const size_t i = source(a, y, n), j = source(b, y, n);
    if (a->type != MOTE_FLOAT32) assert_int_equal(element(y, n), integer_result(k, element(a, i), element(b, j)));
    else if (y->type == MOTE_BOOL)
      assert_int_equal(element(y, n), compared(op, (double)real(a, i), (double)real(b, j)));
    else {
      float want = real_result(op, real(a, i), real(b, j));
      const float got = real(y, n);
      if (op == &op_div && real(a, i) / real(b, j) != real(a, i) / real(b, j)) want = (float)NAN;
      assert_true(want == got || (want != want && got != got));
    }
  }
}

static void quantize(op_random *r, op_tensor *t) {
  int32_t lo, hi;
  op_type_range(t->type, &lo, &hi);
  t->scale = ldexpf(1.0f + (float)op_random_below(r, 1000) / 1000, op_random_in(r, -9, -1));
  t->zero_point = t->type == MOTE_INT16 ? 0 : op_random_in(r, lo, hi);
  static const op_quant one = {.count = 1};
  t->quant = &one;
}

/* Shapes of two operands that broadcast: dimensions drop to 1, and leading ones away, by chance. */
static void shapes(op_random *r, int32_t dims[2][OP_MAX_RANK], int32_t rank[2], bool smaller) {
  int32_t all[OP_MAX_RANK];
  const int32_t most = op_random_in(r, 0, OP_MAX_RANK);
  op_random_dims(r, most, LIMIT, all);
  if (most > 0 && op_random_below(r, 3) == 0) all[most - 1] = op_random_in(r, 1, 200);
  size_t count = 1; /* of dimensions of 0 taken as 1 */
  for (int32_t i = 0; i < most; i++) count *= all[i] ? (size_t)all[i] : 1;
  for (int32_t i = 0; i < most && count > LIMIT; i++)
    if (all[i] > 1) count /= (size_t)all[i], all[i] = 1;
  for (int k = 0; k < 2; k++) {
    const int32_t drop = (k == 0 && smaller) || op_random_below(r, 2) ? 0 : op_random_in(r, 0, most);
    rank[k] = most - drop;
    for (int32_t i = 0; i < rank[k]; i++)
      dims[k][i] = (k == 1 || !smaller) && op_random_below(r, 3) == 0 ? 1 : all[i + drop];
  }
}

static uint64_t operands[2][LIMIT + 1];

static void fill(op_random *r, mote_type type, bool divides) {
  for (int k = 0; k < 2; k++)
    for (size_t i = 0; i < LIMIT; i++) {
      if (type == MOTE_FLOAT32)
        ((float *)operands[k])[i] = op_random_below(r, 50) ? (float)op_random_in(r, -3000, 3000) / 64 : (float)NAN;
      else operands[k][i] = (uint64_t)op_random_below(r, UINT32_MAX) << 32 | op_random_below(r, UINT32_MAX);
      if (type == MOTE_INT32 && op_random_below(r, 2)) ((int32_t *)operands[k])[i] = op_random_in(r, -9, 9);
    }
  for (size_t i = 0; divides && type != MOTE_FLOAT32 && i < LIMIT; i++)
    if (((int32_t *)operands[1])[i] == 0) ((int32_t *)operands[1])[i] = 1;
}

static void follow(op_random *r, const mote_op *op, mote_type type, bool quantized) {
  int32_t dims[2][OP_MAX_RANK], rank[2];
  cpu_level levels[4];
  op_case k;
  shapes(r, dims, rank, op == &op_prelu);
  fill(r, type, op == &op_div);
  op_case_begin(&k, op, NULL);
  k.c.isa = levels[op_random_below(r, (uint32_t)cpu_levels(levels))];
  for (int i = 0; i < 2; i++) op_case_input(&k, type, rank[i], dims[i], operands[i], 0);
  op_case_output(&k, compares(op) ? MOTE_BOOL : type);
  if (quantized) quantize(r, &k.in[0]), quantize(r, &k.in[1]);
  if (quantized && k.out[0].type != MOTE_BOOL) quantize(r, &k.out[0]);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  compare_all(&k, &k.in[0], &k.in[1]);
  /* Once more in place, where that is allowed: operand 0 lies where the output lies. */
  if ((op->traits & OP_INPLACE_0) && k.in[0].bytes == k.out[0].bytes) {
    op_tensor a = k.in[0];
    memcpy(k.out[0].data, a.data, a.bytes);
    k.in[0].data = k.out[0].data;
    assert_int_equal(op->run(&k.c), MOTE_OK);
    compare_all(&k, &a, &k.in[1]);
  }
  assert_true(op_case_end(&k));
}

static void arithmetic(void **state) {
  (void)state;
  static const mote_type plain[] = {MOTE_FLOAT32, MOTE_INT32, MOTE_INT64, MOTE_INT16};
  static const mote_type quant[] = {MOTE_INT8, MOTE_UINT8, MOTE_INT16};
  static const mote_op *const ops[] = {&op_add, &op_mul, &op_sub};
  op_random r = {1};
  for (int round = 0; round < 1500; round++) {
    follow(&r, ops[op_random_below(&r, 3)], plain[op_random_below(&r, 4)], false);
    follow(&r, ops[op_random_below(&r, 3)], quant[op_random_below(&r, 3)], true);
    follow(&r, op_random_below(&r, 2) ? &op_div : &op_squared_difference, plain[op_random_below(&r, 2)], false);
    follow(&r, &op_squared_difference, MOTE_INT8, true);
  }
}

static void extremes(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_INT32, MOTE_INT64, MOTE_INT16, MOTE_INT8, MOTE_UINT8};
  op_random r = {4};
  for (int round = 0; round < 1000; round++)
    follow(&r, op_random_below(&r, 2) ? &op_maximum : &op_minimum, types[op_random_below(&r, 6)], false);
}

static void comparisons(void **state) {
  (void)state;
  static const mote_type plain[] = {MOTE_FLOAT32, MOTE_INT32, MOTE_INT64, MOTE_INT16, MOTE_INT8, MOTE_UINT8};
  static const mote_op *const ops[] = {&op_less,          &op_less_equal, &op_greater,
                                       &op_greater_equal, &op_equal,      &op_not_equal};
  op_random r = {2};
  for (int round = 0; round < 2000; round++) {
    follow(&r, ops[op_random_below(&r, 6)], plain[op_random_below(&r, 6)], false);
    follow(&r, ops[op_random_below(&r, 6)], plain[3 + op_random_below(&r, 3)], true);
  }
}

/* A quotient in fixed point is at most one step from the exact one, where that lies inside of the type and is at least
 * half a step: below, the reference shifts by more bits than there are, and what comes of it is the rule. */
static void quantized_quotients(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_INT8, MOTE_UINT8};
  static const op_quant one = {.count = 1};
  op_random r = {5};
  for (int turn = 0; turn < 500; turn++) {
    const mote_type type = types[op_random_below(&r, 2)];
    int8_t x[100], z[100];
    op_case k;
    op_case_begin(&k, &op_div, NULL);
    op_case_input(&k, type, 1, (int32_t[]){100}, x, 0);
    op_case_input(&k, type, 1, (int32_t[]){100}, z, 0);
    op_case_output(&k, type);
    k.in[0].quant = k.in[1].quant = k.out[0].quant = &one;
    k.in[0].scale = 0.02f, k.in[1].scale = 0.05f, k.out[0].scale = (float)op_random_in(&r, 1, 50) / 40;
    k.in[0].zero_point = 3, k.in[1].zero_point = 20, k.out[0].zero_point = 9;
    for (int i = 0; i < 100; i++) {
      x[i] = (int8_t)op_random_below(&r, 256), z[i] = (int8_t)op_random_below(&r, 256);
      if (z[i] == 20) z[i] = 21;
    }
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t i = 0; i < 100; i++) {
      const double a = 0.02 * (double)(element(&k.in[0], i) - 3), b = 0.05 * (double)(element(&k.in[1], i) - 20);
      const double steps = a / b / (double)k.out[0].scale;
      const int64_t want = clamp((int64_t)round(steps) + 9, &k.out[0]);
      if (fabs(steps) < 0.5) continue;
      assert_true(llabs(element(&k.out[0], i) - want) <= 1);
    }
    assert_true(op_case_end(&k));
  }
}

/* TFSA-2021-157: a divisor of 0. TF#124409: the lowest integer by -1, which wraps. */
static void tfsa_2021_157_div(void **state) {
  (void)state;
  for (int zero = 0; zero < 2; zero++) {
    op_case k;
    op_case_begin(&k, &op_div, NULL);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, (int32_t[]){1, INT32_MIN}, 0);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, (int32_t[]){1, zero ? 0 : -1}, 0);
    op_case_output(&k, MOTE_INT32);
    assert_int_equal(op_case_run(&k), zero ? MOTE_ERR_RUN : MOTE_OK);
    if (!zero) assert_int_equal(element(&k.out[0], 1), INT32_MIN);
    assert_true(op_case_end(&k));
  }
}

/* TFSA-2022-081: a scale of 1 or more is legal. */
static void tfsa_2022_081_comparisons(void **state) {
  (void)state;
  static const op_quant one = {.count = 1};
  op_case k;
  op_case_begin(&k, &op_greater, NULL);
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){2}, (int8_t[]){10, 1}, 0);
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){2}, (int8_t[]){3, 2}, 0);
  op_case_output(&k, MOTE_BOOL);
  k.in[0].quant = k.in[1].quant = &one;
  k.in[0].scale = 2, k.in[1].scale = 5;
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(element(&k.out[0], 0), 1);
  assert_int_equal(element(&k.out[0], 1), 0);
  assert_true(op_case_end(&k));
}

/* Strings "a", "bc", "" and "a" in a column, "a" and "" in a row. */
static void strings_are_equal(void **state) {
  (void)state;
  static const int32_t column[] = {4, 24, 25, 27, 27, 28}, row[] = {2, 16, 17, 17};
  char a[28], b[17];
  memcpy(a, column, 24), memcpy(a + 24, "abca", 4);
  memcpy(b, row, 16), memcpy(b + 16, "a", 1);
  static const uint8_t want[] = {1, 0, 0, 0, 0, 1, 1, 0};
  for (int differs = 0; differs < 2; differs++) {
    op_case k;
    op_case_begin(&k, differs ? &op_not_equal : &op_equal, NULL);
    op_case_input(&k, MOTE_STRING, 2, (int32_t[]){4, 1}, a, 0)->bytes = sizeof a;
    op_case_input(&k, MOTE_STRING, 1, (int32_t[]){2}, b, 0)->bytes = sizeof b;
    op_case_output(&k, MOTE_BOOL);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t i = 0; i < 8; i++) assert_int_equal(element(&k.out[0], i), want[i] ^ differs);
    k.in[1].bytes = 16; /* the buffer ends before its string */
    assert_int_equal(k.c.op->run(&k.c), MOTE_ERR_RUN);
    assert_true(op_case_end(&k));
  }
}

static void parametric(void **state) {
  (void)state;
  op_random r = {3};
  for (int round = 0; round < 700; round++) {
    follow(&r, &op_prelu, MOTE_FLOAT32, false);
    follow(&r, &op_prelu, op_random_below(&r, 2) ? MOTE_INT8 : MOTE_UINT8, true);
  }
}

static void long_operands_are_cut(void **state) {
  (void)state;
  enum { ROWS = 3, N = 70001 };
  float *a = calloc(ROWS * N, sizeof *a), b[ROWS] = {1, 2, 3};
  assert_non_null(a);
  for (size_t i = 0; i < ROWS * N; i++) a[i] = (float)i;
  op_case k;
  op_case_begin(&k, &op_add, NULL);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){ROWS, N}, a, 0);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){ROWS, 1}, b, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  for (size_t i = 0; i < ROWS * N; i++) assert_true(((float *)k.out[0].data)[i] == a[i] + b[i / N]);
  assert_true(op_case_end(&k));
  free(a);
}

static void what_is_refused(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_add, NULL);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){3}, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){4}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  op_case_end(&k);
  op_case_begin(&k, &op_add, NULL); /* no scales */
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){3}, NULL, 0);
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){3}, NULL, 0);
  op_case_output(&k, MOTE_INT8);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
  op_case_end(&k);
  op_case_begin(&k, &op_prelu, NULL); /* alpha larger than x */
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){3}, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 3}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  op_case_end(&k);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arithmetic),
      cmocka_unit_test(extremes),
      cmocka_unit_test(comparisons),
      cmocka_unit_test(quantized_quotients),
      cmocka_unit_test(tfsa_2021_157_div),
      cmocka_unit_test(tfsa_2022_081_comparisons),
      cmocka_unit_test(strings_are_equal),
      cmocka_unit_test(parametric),
      cmocka_unit_test(long_operands_are_cut),
      cmocka_unit_test(what_is_refused),
  };
  return cmocka_run_group_tests_name("operators: binary", tests, NULL, NULL);
}
