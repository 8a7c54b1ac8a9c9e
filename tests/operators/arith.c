/* arith.c: POW, FLOOR_DIV, FLOOR_MOD, ATAN2, bitwise and logical operators and the STABLEHLO ones of two operands
 * against their definitions, in every type that they take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/f16.h"
#include "support/op_case.h"

extern const mote_op op_pow, op_floor_div, op_floor_mod, op_atan2, op_bitwise_xor, op_right_shift, op_logical_and,
    op_logical_or, op_stablehlo_add, op_stablehlo_subtract, op_stablehlo_multiply, op_stablehlo_divide,
    op_stablehlo_remainder, op_stablehlo_maximum, op_stablehlo_minimum, op_stablehlo_power, op_stablehlo_and,
    op_stablehlo_or, op_stablehlo_shift_left, op_mul, op_stablehlo_compare, op_stablehlo_clamp;

static const mote_type types[] = {MOTE_FLOAT32, MOTE_FLOAT64, MOTE_FLOAT16, MOTE_BFLOAT16, MOTE_INT8,
                                  MOTE_UINT8,   MOTE_INT16,   MOTE_UINT16,  MOTE_INT32,    MOTE_UINT32,
                                  MOTE_INT64,   MOTE_UINT64,  MOTE_BOOL};
enum { TYPES = sizeof types / sizeof *types, FLOATS = 4, ROWS = 5, COLUMNS = 7 };

/* Values small enough that every result is exact in double, but for quotients and powers of floats. */
static double value(const op_tensor *t, size_t i) {
  switch ((int)t->type) {
    case MOTE_FLOAT32: return (double)((const float *)t->data)[i];
    case MOTE_FLOAT64: return ((const double *)t->data)[i];
    case MOTE_FLOAT16: return (double)f16_to_f32(((const uint16_t *)t->data)[i]);
    case MOTE_BFLOAT16: return (double)bf16_to_f32(((const uint16_t *)t->data)[i]);
    default: return (double)op_int_at(t, i);
  }
}

static void put(mote_type type, void *data, size_t i, int v) {
  switch ((int)type) {
    case MOTE_FLOAT32: ((float *)data)[i] = (float)v; break;
    case MOTE_FLOAT64: ((double *)data)[i] = v; break;
    case MOTE_FLOAT16: ((uint16_t *)data)[i] = f16_from_f32((float)v); break;
    case MOTE_BFLOAT16: ((uint16_t *)data)[i] = bf16_from_f32((float)v); break;
    case MOTE_BOOL: ((uint8_t *)data)[i] = (uint8_t)(v & 1); break;
    default:
      memcpy((char *)data + i * (size_t)mote_type_bits(type) / 8, &(int64_t){v}, (size_t)mote_type_bits(type) / 8);
  }
}

static bool is_unsigned(mote_type type) {
  return type == MOTE_UINT8 || type == MOTE_UINT16 || type == MOTE_UINT32 || type == MOTE_UINT64 || type == MOTE_BOOL;
}

static double expected(const mote_op *op, bool real, int bits, double x, double z) {
  const int64_t a = (int64_t)x, b = (int64_t)z;
  if (op == &op_stablehlo_add) return x + z;
  if (op == &op_stablehlo_subtract) return x - z;
  if (op == &op_stablehlo_multiply) return x * z;
  if (op == &op_stablehlo_divide) return real ? x / z : z == 0 ? -1 : trunc(x / z);
  if (op == &op_stablehlo_remainder) return z == 0 ? (real ? NAN : x) : fmod(x, z);
  if (op == &op_stablehlo_maximum) return x > z ? x : z;
  if (op == &op_stablehlo_minimum) return x < z ? x : z;
  if (op == &op_pow || op == &op_stablehlo_power)
    return real || z >= 0 ? pow(x, z) : x == 1 ? 1 : x == -1 ? (b & 1 ? -1 : 1) : 0;
  if (op == &op_floor_div) return floor(x / z);
  if (op == &op_floor_mod) return x - z * floor(x / z);
  if (op == &op_atan2) return atan2(x, z);
  if (op == &op_bitwise_xor) return (double)(a ^ b);
  if (op == &op_logical_and || op == &op_stablehlo_and) return (double)(a & b);
  if (op == &op_logical_or || op == &op_stablehlo_or) return (double)(a | b);
  if (op == &op_right_shift) return (double)(a >> (b < 0 ? 0 : b >= bits ? bits - 1 : b));
  return b < 0 ? x : b >= bits ? 0 : (double)(a * (INT64_C(1) << b)); /* to the left */
}

/* What the low bits of an integer mean in a type. */
static double wrapped(mote_type type, double v) {
  const int64_t i = (int64_t)v;
  switch ((int)type) {
    case MOTE_INT8: return (int8_t)i;
    case MOTE_UINT8: return (uint8_t)i;
    case MOTE_INT16: return (int16_t)i;
    case MOTE_UINT16: return (uint16_t)i;
    case MOTE_INT32: return (int32_t)i;
    case MOTE_UINT32: return (uint32_t)i;
    case MOTE_UINT64: return (double)(int64_t)i; /* op_int_at reads it so */
    case MOTE_BOOL: return i != 0;
    default: return v;
  }
}

static void follow(const mote_op *op, mote_type type, op_random *r) {
  static uint64_t a[ROWS * COLUMNS], b[ROWS * COLUMNS];
  const bool broadcasts = op->code < sch_BuiltinOperator_STABLEHLO_LOGISTIC && op != &op_atan2;
  const bool real = type == MOTE_FLOAT32 || type == MOTE_FLOAT64 || type == MOTE_FLOAT16 || type == MOTE_BFLOAT16;
  const bool divides = op == &op_floor_div || op == &op_floor_mod, power = op == &op_pow || op == &op_stablehlo_power;
  const int lo = is_unsigned(type) ? 0 : -5;
  for (size_t i = 0; i < ROWS * COLUMNS; i++) {
    int second = op_random_in(r, op == &op_pow ? 0 : lo, power ? 3 : 11);
    if (divides && second == 0) second = 1;
    put(type, a, i, op_random_in(r, lo, 9)), put(type, b, i, second);
  }
  op_case k;
  op_case_begin(&k, op, NULL);
  op_case_input(&k, type, 2, (int32_t[]){ROWS, COLUMNS}, a, 0);
  op_case_input(&k, type, 2, (int32_t[]){broadcasts ? 1 : ROWS, COLUMNS}, b, 0);
  op_case_output(&k, type);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_ERR_TYPE) {
    k.c.num_outputs = 0;
    op_case_end(&k);
    return;
  }
  assert_int_equal(status, MOTE_OK);
  for (size_t i = 0; i < ROWS * COLUMNS; i++) {
    const double x = value(&k.in[0], i), z = value(&k.in[1], broadcasts ? i % COLUMNS : i);
    const double exact = expected(op, real, mote_type_bits(type), x, z), got = value(&k.out[0], i);
    const double want = real ? exact : wrapped(type, exact);
    assert_true(got == want || (got != got && want != want) || (real && fabs(got - want) <= 8e-3 * fabs(want)));
  }
  assert_true(op_case_end(&k));
}

static void all_types_follow(void **state) {
  (void)state;
  static const mote_op *const ops[] = {&op_pow,
                                       &op_floor_div,
                                       &op_floor_mod,
                                       &op_atan2,
                                       &op_bitwise_xor,
                                       &op_right_shift,
                                       &op_logical_and,
                                       &op_logical_or,
                                       &op_stablehlo_add,
                                       &op_stablehlo_subtract,
                                       &op_stablehlo_multiply,
                                       &op_stablehlo_divide,
                                       &op_stablehlo_remainder,
                                       &op_stablehlo_maximum,
                                       &op_stablehlo_minimum,
                                       &op_stablehlo_power,
                                       &op_stablehlo_and,
                                       &op_stablehlo_or,
                                       &op_stablehlo_shift_left};
  op_random r = {1};
  for (size_t o = 0; o < sizeof ops / sizeof *ops; o++)
    for (int t = 0; t < TYPES; t++)
      if (!(types[t] == MOTE_BOOL && ops[o] == &op_stablehlo_subtract)) follow(ops[o], types[t], &r);
}

static void unsigned_64_bits_have_their_order(void **state) {
  (void)state;
  static const uint64_t a[] = {UINT64_MAX, 1, UINT64_C(1) << 63}, b[] = {1, UINT64_MAX, (UINT64_C(1) << 63) - 1};
  static const struct {
    const mote_op *op;
    uint64_t want[3];
  } cases[] = {{&op_stablehlo_maximum, {UINT64_MAX, UINT64_MAX, UINT64_C(1) << 63}},
               {&op_stablehlo_minimum, {1, 1, (UINT64_C(1) << 63) - 1}},
               {&op_stablehlo_divide, {UINT64_MAX, 0, 1}},
               {&op_stablehlo_remainder, {0, 1, 1}}};
  for (int i = 0; i < 4; i++) {
    op_case k;
    op_case_begin(&k, cases[i].op, NULL);
    op_case_input(&k, MOTE_UINT64, 1, (int32_t[]){3}, a, 0);
    op_case_input(&k, MOTE_UINT64, 1, (int32_t[]){3}, b, 0);
    op_case_output(&k, MOTE_UINT64);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_memory_equal(k.out[0].data, cases[i].want, sizeof a);
    assert_true(op_case_end(&k));
  }
}

static void complex_products(void **state) {
  (void)state;
  static const float a[] = {1, 2, -3, 0.5f}, b[] = {4, -1};
  op_case k;
  op_case_begin(&k, &op_mul, NULL);
  op_case_input(&k, MOTE_COMPLEX64, 1, (int32_t[]){2}, a, 0);
  op_case_input(&k, MOTE_COMPLEX64, 1, (int32_t[]){1}, b, 0);
  op_case_output(&k, MOTE_COMPLEX64);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const float[]){6, 7, -11.5f, 5}), 16);
  assert_true(op_case_end(&k));
}

static void comparison_directions(void **state) {
  (void)state;
  static const double a[] = {1, 2, 3}, b[] = {2, 2, 2};
  static const uint8_t want[6][3] = {{0, 1, 0}, {1, 0, 1}, {0, 1, 1}, {0, 0, 1}, {1, 1, 0}, {1, 0, 0}};
  for (uint32_t d = 0; d < 7; d++) {
    const sch_StablehloCompareOptions o = {.comparison_direction = d};
    op_case k;
    op_case_begin(&k, &op_stablehlo_compare, &o);
    op_case_input(&k, MOTE_FLOAT64, 1, (int32_t[]){3}, a, 0);
    op_case_input(&k, MOTE_FLOAT64, 1, (int32_t[]){3}, b, 0);
    op_case_output(&k, MOTE_BOOL);
    const mote_status status = op_case_run(&k);
    assert_int_equal(status, d < 6 ? MOTE_OK : MOTE_ERR_MODEL);
    if (d < 6) assert_memory_equal(k.out[0].data, want[d], 3);
    assert_true(op_case_end(&k));
  }
}

static void clamps(void **state) {
  (void)state;
  static const int16_t x[] = {-9, 3, 9, 100}, lo[] = {-5}, hi[] = {4, 2, 4, 5};
  op_case k;
  op_case_begin(&k, &op_stablehlo_clamp, NULL);
  op_case_input(&k, MOTE_INT16, 0, NULL, lo, 0);
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){4}, x, 0);
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){4}, hi, 0);
  op_case_output(&k, MOTE_INT16);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const int16_t[]){-5, 2, 4, 5}), 8);
  assert_true(op_case_end(&k));
}

static mote_status second(const mote_op *op, mote_type type, const void *b, int32_t rank) {
  static const int32_t ones[] = {1, 1};
  op_case k;
  op_case_begin(&k, op, NULL);
  op_case_input(&k, type, 1, (int32_t[]){2}, ones, 0);
  op_case_input(&k, type, rank, (int32_t[]){2}, b, 0);
  op_case_output(&k, type);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

static void what_is_refused(void **state) {
  (void)state;
  const int32_t zero[] = {1, 0}, negative[] = {2, -1};
  const float zero_f[] = {1, 0};
  assert_int_equal(second(&op_floor_div, MOTE_INT32, zero, 1), MOTE_ERR_RUN);
  assert_int_equal(second(&op_floor_mod, MOTE_INT32, zero, 1), MOTE_ERR_RUN);
  assert_int_equal(second(&op_floor_div, MOTE_FLOAT32, zero_f, 1), MOTE_ERR_RUN);
  assert_int_equal(second(&op_pow, MOTE_INT32, negative, 1), MOTE_ERR_RUN);
  assert_int_equal(second(&op_stablehlo_add, MOTE_INT32, negative, 0), MOTE_ERR_SHAPE);
  assert_int_equal(second(&op_atan2, MOTE_FLOAT32, zero_f, 0), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_types_follow), cmocka_unit_test(unsigned_64_bits_have_their_order),
      cmocka_unit_test(complex_products), cmocka_unit_test(comparison_directions),
      cmocka_unit_test(clamps),           cmocka_unit_test(what_is_refused),
  };
  return cmocka_run_group_tests_name("operators: arith", tests, NULL, NULL);
}
