/* fit.c (tests): weights fitted to answers, and rounded to few values. */
#include "compress/fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { INPUTS = 12, OUTPUTS = 5, ROWS = 2000 };

static uint32_t state;
static float draw(void) {
  state = state * 1664525u + 1013904223u;
  return (float)(state >> 8) / 8388608.0f - 1;
}

/* Inputs that are alike, as those of networks are. */
static void draw_row(float *x) {
  const float common = draw();
  for (int i = 0; i < INPUTS; i++) x[i] = 0.7f * common + 0.5f * draw() + 0.3f;
}

static void answer(const float *w, const float *b, const float *x, float *y) {
  for (int o = 0; o < OUTPUTS; o++) {
    y[o] = b[o];
    for (int i = 0; i < INPUTS; i++) y[o] += w[o * INPUTS + i] * x[i];
  }
}

static void draw_layer(float *w, float *b) {
  state = 3;
  for (int i = 0; i < INPUTS * OUTPUTS; i++) w[i] = draw();
  for (int i = 0; i < OUTPUTS; i++) b[i] = draw();
}

static void see(fit *f, const float *w, const float *b) {
  float x[INPUTS], y[OUTPUTS];
  for (int r = 0; r < ROWS; r++) {
    draw_row(x);
    answer(w, b, x, y);
    fit_add(f, x, y);
  }
}

/* Mean square of how far two layers are apart. */
static double apart(const float *w, const float *b, const float *w2, const float *b2) {
  double sum = 0;
  float x[INPUTS], y[OUTPUTS], y2[OUTPUTS];
  state = 99;
  for (int r = 0; r < 500; r++) {
    draw_row(x);
    answer(w, b, x, y);
    answer(w2, b2, x, y2);
    for (int o = 0; o < OUTPUTS; o++) sum += (double)(y[o] - y2[o]) * (double)(y[o] - y2[o]);
  }
  return sum / (500 * OUTPUTS);
}

static void weights_are_found_again(void **unused) {
  (void)unused;
  float w[INPUTS * OUTPUTS], b[OUTPUTS], w2[INPUTS * OUTPUTS], b2[OUTPUTS] = {0};
  fit f;
  mem *const m = mem_new(NULL, 0);
  draw_layer(w, b);
  for (int i = 0; i < INPUTS * OUTPUTS; i++) w2[i] = w[i] * 0.5f + 0.2f;
  const double before = apart(w, b, w2, b2);
  assert_true(fit_open(&f, m, INPUTS, OUTPUTS));
  see(&f, w, b);
  assert_true(fit_solve(&f, w2, b2, NULL));
  assert_true(apart(w, b, w2, b2) < 0.01 * before);
  fit_close(&f);
  mem_release(m);
}

static void zeros_stay_and_others_make_up_for_them(void **unused) {
  (void)unused;
  float w[INPUTS * OUTPUTS], b[OUTPUTS], w2[INPUTS * OUTPUTS], b2[OUTPUTS];
  fit f;
  mem *const m = mem_new(NULL, 0);
  draw_layer(w, b);
  for (int i = 0; i < INPUTS * OUTPUTS; i++) w2[i] = i % 3 ? w[i] : 0;
  memcpy(b2, b, sizeof b);
  const double before = apart(w, b, w2, b2);
  assert_true(fit_open(&f, m, INPUTS, OUTPUTS));
  see(&f, w, b);
  assert_true(fit_solve(&f, w2, b2, NULL));
  for (int i = 0; i < INPUTS * OUTPUTS; i++) assert_int_equal(w2[i] == 0, i % 3 == 0);
  assert_true(apart(w, b, w2, b2) < 0.3 * before);
  fit_close(&f);
  mem_release(m);
}

static void rounding_shares_out_what_it_loses(void **unused) {
  (void)unused;
  const double values[] = {-0.9, -0.4, 0, 0.3, 0.8};
  float w[INPUTS * OUTPUTS], b[OUTPUTS], w2[INPUTS * OUTPUTS], b2[OUTPUTS], nearest[INPUTS * OUTPUTS];
  fit f;
  mem *const m = mem_new(NULL, 0);
  draw_layer(w, b);
  memcpy(w2, w, sizeof w);
  memcpy(b2, b, sizeof b);
  for (int i = 0; i < INPUTS * OUTPUTS; i++) {
    size_t at = 0;
    for (size_t k = 1; k < 5; k++)
      if (fabs((double)w[i] - values[k]) < fabs((double)w[i] - values[at])) at = k;
    nearest[i] = (float)values[at];
  }
  assert_true(fit_open(&f, m, INPUTS, OUTPUTS));
  see(&f, w, b);
  assert_true(fit_solve(&f, w2, b2, NULL));
  assert_true(fit_round(&f, w2, b2, values, 5, NULL));
  for (int i = 0; i < INPUTS * OUTPUTS; i++) {
    size_t k = 0;
    while (k < 5 && w2[i] != (float)values[k]) k++;
    assert_true(k < 5);
  }
  assert_true(apart(w, b, w2, b2) < 0.5 * apart(w, b, nearest, b));
  fit_close(&f);
  mem_release(m);
}

/* Inputs that are always the same, or are never there, tell nothing and spoil nothing. */
static void inputs_that_stand_still(void **unused) {
  (void)unused;
  const double values[] = {-1, 1};
  float w[INPUTS] = {1, 2, 0.5f}, b = 0, x[INPUTS] = {3, 0, 1};
  fit f;
  mem *const m = mem_new(NULL, 0);
  assert_true(fit_open(&f, m, INPUTS, 1));
  for (int r = 0; r < 10; r++) fit_add(&f, x, &(float){7});
  assert_true(fit_solve(&f, w, &b, NULL));
  assert_true(w[0] == 1 && w[1] == 2 && w[2] == 0.5f && fabsf(b - 3.5f) < 1e-5f);
  assert_true(fit_round(&f, w, &b, values, 2, NULL));
  for (int i = 0; i < 3; i++) assert_true(w[i] == 1 || w[i] == -1);
  assert_true(fabsf(w[0] * 3 + w[2] + b - 7) < 1e-5f);
  fit_close(&f);
  mem_release(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_found_again),
      cmocka_unit_test(zeros_stay_and_others_make_up_for_them),
      cmocka_unit_test(rounding_shares_out_what_it_loses),
      cmocka_unit_test(inputs_that_stand_still),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
