/* RFFT2D and Irfft2d against the sums that define them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_rfft2d, op_irfft2d;

static const double pi = 3.14159265358979323846;
enum { MOST = 4096 };
static float signal[MOST];

static void fill(op_random *r, float *to, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] = (float)op_random_in(r, -1000, 1000) / 250;
}

/* Element (i, k) of an input slice, 0 outside. */
static double at(const float *slice, int32_t rows, int32_t pitch, int32_t i, int32_t k) {
  return i < rows && k < pitch ? (double)slice[i * pitch + k] : 0;
}

static void spectrum_at(const float *slice, const int32_t *dims, const int32_t *length, int32_t u, int32_t v,
                        double to[2]) {
  to[0] = to[1] = 0;
  for (int32_t i = 0; i < length[0]; i++)
    for (int32_t k = 0; k < length[1]; k++) {
      const double angle = -2 * pi * ((double)u * i / length[0] + (double)v * k / length[1]);
      to[0] += at(slice, dims[0], dims[1], i, k) * cos(angle);
      to[1] += at(slice, dims[0], dims[1], i, k) * sin(angle);
    }
}

static void check_forward(const op_tensor *y, const int32_t *dims, const int32_t *length, size_t slices) {
  const int32_t columns = length[1] / 2 + 1;
  assert_int_equal(op_count(y), slices * (size_t)(length[0] * columns));
  for (size_t n = 0; n < slices; n++)
    for (int32_t u = 0; u < length[0]; u++)
      for (int32_t v = 0; v < columns; v++) {
        double expected[2];
        const float *const got =
            (float *)y->data + 2 * ((n * (size_t)length[0] + (size_t)u) * (size_t)columns + (size_t)v);
        spectrum_at(signal + n * (size_t)(dims[0] * dims[1]), dims, length, u, v, expected);
        for (int c = 0; c < 2; c++) assert_true(fabs((double)got[c] - expected[c]) < 1e-3);
      }
}

static void forward_random(void **state) {
  (void)state;
  op_random r = {1};
  for (int round = 0; round < 60; round++) {
    int32_t dims[6], rank = op_random_in(&r, 2, 5);
    const int32_t length[2] = {1 << op_random_below(&r, 4), 1 << op_random_below(&r, 5)};
    size_t slices = 1;
    for (int32_t i = 0; i < rank; i++) dims[i] = op_random_in(&r, i < rank - 2 ? 0 : 1, i < rank - 2 ? 3 : 9);
    for (int32_t i = 0; i < rank - 2; i++) slices *= (size_t)dims[i];
    fill(&r, signal, MOST);
    op_case k;
    op_case_begin(&k, &op_rfft2d, NULL);
    k.c.workers = 2;
    op_case_input(&k, MOTE_FLOAT32, rank, dims, signal, 0);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, length, round % 2 ? OP_CONST : 0);
    op_case_output(&k, MOTE_COMPLEX64);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    check_forward(&k.out[0], dims + rank - 2, length, slices);
    assert_true(op_case_end(&k));
  }
}

/* What Irfft2d takes a spectrum's element for: the first and last column are half read, half mirrored. */
static void read_spectrum(const float *slice, const int32_t *dims, const int32_t *length, int32_t u, int32_t v,
                          double to[2]) {
  const int32_t half = length[0] / 2, nyquist = length[1] / 2;
  if (v > nyquist) {
    read_spectrum(slice, dims, length, (length[0] - u) % length[0], length[1] - v, to);
    to[1] = -to[1];
    return;
  }
  const bool edge = v == 0 || v == nyquist, mirrored = edge && u != 0 && u != half && (v == 0) == (u > half);
  if (mirrored) u = length[0] - u;
  to[0] = at(slice, dims[0], 2 * dims[1], u, 2 * v);
  to[1] = v < dims[1] ? at(slice, dims[0], 2 * dims[1], u, 2 * v + 1) : 0;
  if (mirrored) to[1] = -to[1];
  if (edge && (u == 0 || u == half)) to[1] = 0;
}

static double signal_at(const float *slice, const int32_t *dims, const int32_t *length, int32_t i, int32_t k) {
  double sum = 0;
  for (int32_t u = 0; u < length[0]; u++)
    for (int32_t v = 0; v < length[1]; v++) {
      double f[2];
      const double angle = 2 * pi * ((double)u * i / length[0] + (double)v * k / length[1]);
      read_spectrum(slice, dims, length, u, v, f);
      sum += f[0] * cos(angle) - f[1] * sin(angle);
    }
  return sum / (length[0] * length[1]);
}

static void backward_random(void **state) {
  (void)state;
  op_random r = {2};
  for (int round = 0; round < 60; round++) {
    const int32_t dims[3] = {op_random_in(&r, 0, 3), op_random_in(&r, 1, 9), op_random_in(&r, 1, 9)};
    const int32_t length[2] = {1 << op_random_below(&r, 4), 1 << op_random_below(&r, 5)};
    fill(&r, signal, MOST);
    op_case k;
    op_case_begin(&k, &op_irfft2d, NULL);
    op_case_input(&k, MOTE_COMPLEX64, 3, dims, signal, 0);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, length, OP_CONST);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const float *y = k.out[0].data;
    for (int32_t n = 0; n < dims[0]; n++)
      for (int32_t i = 0; i < length[0]; i++)
        for (int32_t j = 0; j < length[1]; j++, y++) {
          const double expected = signal_at(signal + 2 * n * dims[1] * dims[2], dims + 1, length, i, j);
          assert_true(fabs((double)*y - expected) < 1e-4);
        }
    assert_true(op_case_end(&k));
  }
}

static mote_status refused(int32_t rank, int32_t lengths, const int32_t *length) {
  op_case k;
  op_case_begin(&k, &op_rfft2d, NULL);
  op_case_input(&k, MOTE_FLOAT32, rank, (int32_t[]){2, 2, 2}, signal, 0);
  op_case_input(&k, MOTE_INT32, 1, &lengths, length, OP_CONST);
  op_case_output(&k, MOTE_COMPLEX64);
  const mote_status status = op_case_run(&k);
  assert_true(op_case_end(&k));
  return status;
}

static void refusals(void **state) {
  (void)state;
  assert_int_equal(refused(2, 2, (int32_t[]){2, 3}), MOTE_ERR_SHAPE);
  assert_int_equal(refused(2, 2, (int32_t[]){0, 2}), MOTE_ERR_SHAPE);
  assert_int_equal(refused(2, 2, (int32_t[]){-2, 2}), MOTE_ERR_SHAPE);
  assert_int_equal(refused(1, 2, (int32_t[]){2, 2}), MOTE_ERR_SHAPE);
  assert_int_equal(refused(2, 3, (int32_t[]){2, 2, 2}), MOTE_ERR_SHAPE);
  assert_int_not_equal(refused(3, 2, (int32_t[]){1 << 30, 1 << 30}), MOTE_OK);
}

/* The lengths come with the data: until then the shape is open. */
static void late_lengths(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_rfft2d, NULL);
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){5, -1, 4}, NULL, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, NULL, 0);
  op_case_output(&k, MOTE_COMPLEX64);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[0].rank, 3);
  assert_int_equal(k.out[0].dims[0], 5);
  assert_int_equal(k.out[0].dims[2], -1);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(forward_random), cmocka_unit_test(backward_random),
                                     cmocka_unit_test(refusals), cmocka_unit_test(late_lengths)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
