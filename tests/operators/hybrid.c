/* Float rows times int8 weights: the quantization of rows, and products with it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fixed.h"
#include "kernels/dynquant.h"
#include "operators/hybrid.h"
#include "support/op_case.h"

enum { MOST = 300 };

static void symmetric_rows_have_no_offset(void **state) {
  (void)state;
  op_random r = {3};
  float x[MOST];
  int8_t q[MOST];
  for (int round = 0; round < 500; round++) {
    const size_t n = op_random_below(&r, MOST);
    float most = 0;
    for (size_t i = 0; i < n; i++) {
      x[i] = (float)op_random_in(&r, -1000, 1000) / 77;
      most = fmaxf(most, fabsf(x[i]));
    }
    const float scale = dynquant_symmetric(x, n, q);
    assert_true(scale == (most == 0 ? 1 : most / 127));
    for (size_t i = 0; i < n; i++)
      assert_int_equal(q[i], most == 0 ? 0 : fx_clamp((int64_t)roundf(x[i] * (127 / most)), -127, 127));
  }
}

static void asymmetric_rows_cover_zero(void **state) {
  (void)state;
  op_random r = {4};
  float x[MOST];
  int8_t q[MOST];
  int32_t offset;
  for (int round = 0; round < 500; round++) {
    const size_t n = 1 + op_random_below(&r, MOST - 1);
    const int32_t lo = op_random_in(&r, -1000, 500), hi = op_random_in(&r, lo, 1000);
    float least = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
      x[i] = (float)op_random_in(&r, lo, hi) / 77;
      least = fminf(least, x[i]);
      most = fmaxf(most, x[i]);
    }
    const float scale = dynquant_asymmetric(x, n, q, &offset);
    assert_true(scale == (least == most ? 1 : (float)(((double)most - (double)least) / 255)));
    assert_in_range(offset + 128, 0, 255);
    for (size_t i = 0; i < n; i++) assert_true(fabsf((float)(q[i] - offset) * scale - x[i]) <= scale * 1.001f);
  }
}

/* What no range can be made of is still defined. */
static void odd_floats_are_survived(void **state) {
  (void)state;
  const float odd[][3] = {{NAN, 1, -1}, {INFINITY, 1, 0}, {-INFINITY, INFINITY, 0}, {NAN, NAN, NAN}, {0x1p-149f, 0, 0}};
  int8_t q[3];
  int32_t offset;
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    (void)dynquant_symmetric(odd[i], 3, q);
    (void)dynquant_asymmetric(odd[i], 3, q, &offset);
    assert_in_range(offset + 128, 0, 255);
  }
}

static void products_are_scaled_once(void **state) {
  (void)state;
  enum { ROWS = 3, COLS = 37, OUT = 5 };
  op_random r = {5};
  float x[ROWS * COLS], out[ROWS * OUT];
  int8_t w[OUT * COLS], q[COLS];
  int32_t acc[ROWS * OUT], offset;
  for (int i = 0; i < OUT * COLS; i++) w[i] = (int8_t)op_random_in(&r, -127, 127);
  const gemm_s8 *const kernel = kern_gemm_s8(cpu_best());
  size_t bytes;
  assert_true(hybrid_pack_bytes(kernel, OUT, COLS, &bytes));
  void *const block = aligned_alloc(MEM_ALIGN, (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN);
  hybrid_pack(kernel, w, OUT, COLS, block);
  const hybrid_weights weights = {.rows = OUT, .cols = COLS, .scale = 0.25f, .block = block};
  assert_true(hybrid_input_bytes(kernel, ROWS, COLS, &bytes));
  void *const scratch = aligned_alloc(MEM_ALIGN, (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN);
  for (int round = 0; round < 100; round++) {
    const bool asymmetric = round & 1, zero = round % 10 == 9;
    for (int i = 0; i < ROWS * COLS; i++) x[i] = zero ? 0 : (float)op_random_in(&r, -100, 300) / 50;
    for (int i = 0; i < ROWS * OUT; i++) out[i] = (float)i;
    hybrid_input in;
    hybrid_input_place(&in, kernel, scratch, ROWS, COLS);
    hybrid_quantize(&in, kernel, x, asymmetric);
    hybrid_accumulate(&weights, kernel, &in, acc, out);
    assert_true(in.zero == zero);
    for (int b = 0; b < ROWS; b++) {
      offset = 0;
      const float scale =
          asymmetric ? dynquant_asymmetric(x + b * COLS, COLS, q, &offset) : dynquant_symmetric(x + b * COLS, COLS, q);
      for (int o = 0; o < OUT; o++) {
        int32_t dot = 0;
        for (int i = 0; i < COLS; i++) dot += (q[i] - offset) * w[o * COLS + i];
        assert_true(out[b * OUT + o] == (float)(b * OUT + o) + (float)dot * (scale * 0.25f));
      }
    }
  }
  free(scratch);
  free(block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(symmetric_rows_have_no_offset),
      cmocka_unit_test(asymmetric_rows_cover_zero),
      cmocka_unit_test(odd_floats_are_survived),
      cmocka_unit_test(products_are_scaled_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
