/* Transforms of all lengths against the sums that define them, in floating and in fixed point. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/fft.h"
#include "kernels/fft_fixed.h"
#include "support/op_case.h"

static const double pi = 3.14159265358979323846;
enum { LONGEST = 131 };

/* sum x_k exp(-+ 2 pi i k u / n) */
static void sum_at(const double *x, int n, int u, double sign, double to[2]) {
  to[0] = to[1] = 0;
  for (int k = 0; k < n; k++) {
    const double angle = sign * 2 * pi * (k * u % n) / n;
    to[0] += x[2 * k] * cos(angle) - x[2 * k + 1] * sin(angle);
    to[1] += x[2 * k] * sin(angle) + x[2 * k + 1] * cos(angle);
  }
}

static void *make(size_t bytes) {
  void *const block = malloc(bytes + 1);
  assert_non_null(block);
  return block;
}

static void complex_numbers(void **state) {
  (void)state;
  op_random r = {3};
  double x[2 * LONGEST], y[2 * LONGEST];
  for (int n = 1; n <= LONGEST; n++) {
    size_t tables, work;
    assert_true(fft_room((size_t)n, &tables, &work));
    double *const table = make(tables), *const room = make(work);
    fft_plan p;
    fft_plan_init(&p, (size_t)n, table);
    for (int inverse = 0; inverse < 2; inverse++) {
      for (int i = 0; i < 2 * n; i++) y[i] = x[i] = op_random_in(&r, -100, 100);
      fft_run(&p, y, inverse, room);
      for (int u = 0; u < n; u++) {
        double expected[2];
        sum_at(x, n, u, inverse ? 1 : -1, expected);
        for (int c = 0; c < 2; c++) assert_true(fabs(y[2 * u + c] - expected[c]) < 1e-8);
      }
    }
    free(table);
    free(room);
  }
}

static void real_numbers(void **state) {
  (void)state;
  op_random r = {4};
  double x[2 * LONGEST], y[2 * LONGEST + 2];
  for (int n = 1; n <= LONGEST; n++) {
    size_t tables, work;
    assert_true(fft_real_room((size_t)n, &tables, &work));
    double *const table = make(tables), *const room = make(work);
    fft_real p;
    fft_real_init(&p, (size_t)n, table);
    for (int i = 0; i < n; i++) y[i] = x[2 * i] = op_random_in(&r, -100, 100), x[2 * i + 1] = 0;
    fft_real_run(&p, y, room);
    for (int u = 0; u <= n / 2; u++) {
      double expected[2];
      sum_at(x, n, u, -1, expected);
      for (int c = 0; c < 2; c++) assert_true(fabs(y[2 * u + c] - expected[c]) < 1e-8);
    }
    y[1] = 7; /* not read */
    fft_real_inverse(&p, y, room);
    for (int i = 0; i < n; i++) assert_true(fabs(y[i] / n - x[2 * i]) < 1e-8);
    free(table);
    free(room);
  }
}

static double load(const void *from, int i, int bits) {
  return bits == 16 ? ((const int16_t *)from)[i] : ((const int32_t *)from)[i];
}

/* Forward gives the spectrum over n, back from it the signal; each stage may be off by a unit or two. */
static void check_fixed(op_random *r, int n, int bits) {
  size_t tables, work;
  assert_true(fft_fixed_room(n, &tables, &work));
  int32_t *const table = make(tables * 4), *const room = make(work * 4);
  int32_t in[LONGEST + 1], spectrum[LONGEST + 3], out[LONGEST + 1];
  double x[2 * LONGEST];
  const double unit = bits == 16 ? 1 : 64, bound = (6 + log2(n) * 2) * unit;
  for (int i = 0; i < n; i++) {
    const int32_t v = op_random_in(r, -16000, 16000) * (bits == 16 ? 1 : 50000);
    if (bits == 16) ((int16_t *)in)[i] = (int16_t)v;
    else in[i] = v;
    x[2 * i] = v, x[2 * i + 1] = 0;
  }
  fft_fixed p;
  fft_fixed_init(&p, n, bits, false, table);
  fft_fixed_run(&p, in, spectrum, room);
  for (int u = 0; u <= n / 2; u++) {
    double expected[2];
    sum_at(x, n, u, -1, expected);
    for (int c = 0; c < 2; c++) assert_true(fabs(load(spectrum, 2 * u + c, bits) - expected[c] / n) < bound);
  }
  fft_fixed_init(&p, n, bits, true, table);
  fft_fixed_inverse(&p, spectrum, out, room);
  for (int i = 0; i < n; i++) assert_true(fabs(load(out, i, bits) * n - x[2 * i]) < bound * n * 4);
  free(table);
  free(room);
}

static void fixed_point(void **state) {
  (void)state;
  op_random r = {5};
  for (int n = 2; n < LONGEST; n += 2) check_fixed(&r, n, 16), check_fixed(&r, n, 32);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(complex_numbers), cmocka_unit_test(real_numbers),
                                     cmocka_unit_test(fixed_point)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
