/* cast.c: CAST between all types, BITCAST, parts of complex numbers, and packed QUANTIZE and DEQUANTIZE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "kernels/number.h"
#include "support/op_case.h"

extern const mote_op op_cast, op_bitcast, op_real, op_imag, op_complex_abs, op_quantize, op_dequantize;

static const mote_type types[] = {MOTE_FLOAT32, MOTE_FLOAT64,   MOTE_FLOAT16,   MOTE_BFLOAT16, MOTE_INT8,
                                  MOTE_UINT8,   MOTE_INT16,     MOTE_UINT16,    MOTE_INT32,    MOTE_UINT32,
                                  MOTE_INT64,   MOTE_UINT64,    MOTE_BOOL,      MOTE_INT4,     MOTE_INT2,
                                  MOTE_UINT4,   MOTE_COMPLEX64, MOTE_COMPLEX128};
enum { TYPES = sizeof types / sizeof *types, N = 5 };

static void every_pair(void **state) {
  (void)state;
  static const double small[N] = {0, 1, 1, 0, 1}; /* what all types hold */
  for (int a = 0; a < TYPES; a++)
    for (int b = 0; b < TYPES; b++) {
      uint64_t x[2 * N];
      double back[N];
      num_convert(MOTE_FLOAT64, small, types[a], x, 0, N);
      op_case k;
      op_case_begin(&k, &op_cast, NULL);
      op_case_input(&k, types[a], 1, (int32_t[]){N}, x, 0);
      op_case_output(&k, types[b]);
      assert_int_equal(op_case_run(&k), MOTE_OK);
      num_convert(types[b], k.out[0].data, MOTE_FLOAT64, back, 0, N);
      for (int i = 0; i < N; i++) assert_true(back[i] == small[i]);
      assert_true(op_case_end(&k));
    }
}

static void one(mote_type from, const void *x, mote_type to, const void *want, size_t bytes) {
  op_case k;
  op_case_begin(&k, &op_cast, NULL);
  op_case_input(&k, from, 1, (int32_t[]){4}, x, 0);
  op_case_output(&k, to);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, want, bytes);
  assert_true(op_case_end(&k));
}

static void edges(void **state) {
  (void)state;
  const float f[] = {-1e20f, 2.9f, 1e20f, NAN};
  one(MOTE_FLOAT32, f, MOTE_INT8, (const int8_t[]){-128, 2, 127, 127}, 4);
  one(MOTE_FLOAT32, f, MOTE_UINT16, (const uint16_t[]){0, 2, 65535, 65535}, 8);
  one(MOTE_FLOAT32, f, MOTE_INT64, (const int64_t[]){INT64_MIN, 2, INT64_MAX, INT64_MAX}, 32);
  one(MOTE_FLOAT32, f, MOTE_UINT64, (const uint64_t[]){0, 2, UINT64_MAX, UINT64_MAX}, 32);
  one(MOTE_FLOAT32, f, MOTE_INT4, (const uint8_t[]){0x28, 0x77}, 2);
  one(MOTE_FLOAT32, (const float[]){0.5f, 0, -0.0f, NAN}, MOTE_BOOL, (const uint8_t[]){1, 0, 0, 1}, 4);
  one(MOTE_INT32, (const int32_t[]){257, -1, 128, 0}, MOTE_INT8, (const int8_t[]){1, -1, -128, 0}, 4);
  one(MOTE_UINT64, (const uint64_t[]){UINT64_MAX, 1, 0, 2}, MOTE_FLOAT32, (const float[]){0x1p64f, 1, 0, 2}, 16);
  one(MOTE_INT8, (const int8_t[]){-128, -1, 0, 127}, MOTE_FLOAT32, (const float[]){-128, -1, 0, 127}, 16);
}

static void bits_are_kept(void **state) {
  (void)state;
  const uint32_t x[] = {0x3f800000, 0x40000000};
  op_case k;
  op_case_begin(&k, &op_bitcast, NULL);
  op_case_input(&k, MOTE_UINT32, 1, (int32_t[]){2}, x, 0);
  op_case_output(&k, MOTE_INT16);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(k.out[0].rank, 2);
  assert_int_equal(k.out[0].dims[1], 2);
  assert_memory_equal(k.out[0].data, x, sizeof x);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_bitcast, NULL);
  op_case_input(&k, MOTE_UINT32, 1, (int32_t[]){2}, x, 0);
  op_case_output(&k, MOTE_FLOAT64);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(k.out[0].rank, 0);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_bitcast, NULL);
  op_case_input(&k, MOTE_UINT8, 1, (int32_t[]){3}, x, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  assert_true(op_case_end(&k));
}

static void parts(void **state) {
  (void)state;
  static const mote_op *const ops[] = {&op_real, &op_imag, &op_complex_abs};
  const float x[] = {3, -4, 0, 2}, want[3][2] = {{3, 0}, {-4, 2}, {5, 2}};
  for (int i = 0; i < 3; i++) {
    op_case k;
    op_case_begin(&k, ops[i], NULL);
    op_case_input(&k, MOTE_COMPLEX64, 1, (int32_t[]){2}, x, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_memory_equal(k.out[0].data, want[i], 8);
    assert_true(op_case_end(&k));
  }
}

/* Odd counts leave the upper half of the last byte 0. */
static void packed_integers(void **state) {
  (void)state;
  const float x[] = {-4, 0.24f, 3.6f}, scales[] = {0.5f, 1, 2};
  const int32_t zeros[] = {0, 1, 0};
  const op_quant each = {.count = 3, .scale = scales, .zero_point = zeros}, single = {.count = 1};
  op_case k;
  op_case_begin(&k, &op_quantize, NULL);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){3}, x, 0);
  op_case_output(&k, MOTE_INT4)->quant = &each;
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const uint8_t[]){0x18, 0x02}), 2);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_dequantize, NULL);
  op_case_input(&k, MOTE_INT4, 1, (int32_t[]){3}, (const uint8_t[]){0x18, 0x02}, 0)->quant = &each;
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const float[]){-4, 0, 4}), 12);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_dequantize, NULL);
  op_case_input(&k, MOTE_UINT4, 1, (int32_t[]){3}, (const uint8_t[]){0xf1, 0x02}, 0);
  op_case_output(&k, MOTE_FLOAT32);
  k.in[0].quant = &single, k.in[0].scale = 0.5f, k.in[0].zero_point = 1;
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const float[]){0, 7, 0.5f}), 12);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_pair), cmocka_unit_test(edges),           cmocka_unit_test(bits_are_kept),
      cmocka_unit_test(parts),      cmocka_unit_test(packed_integers),
  };
  return cmocka_run_group_tests_name("operators: cast", tests, NULL, NULL);
}
