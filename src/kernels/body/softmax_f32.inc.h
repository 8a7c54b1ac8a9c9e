/* softmax_f32.inc.h: softmax in lanes; compilers turn them into vectors. */
#include "kernels/softmax_f32.h"

#include <math.h>

#include "kernels/body/level.h"
#include "kernels/math_f32.h"
#include "kernels/tables.h"

enum { LANES = 16 };

static float max_of(const float *x, size_t n) {
  float lane[LANES], max = -INFINITY;
  size_t i = 0;
  for (int j = 0; j < LANES; j++) lane[j] = -INFINITY;
  for (; i + LANES <= n; i += LANES)
    for (int j = 0; j < LANES; j++) lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
  for (; i < n; i++) max = x[i] > max ? x[i] : max;
  for (int j = 0; j < LANES; j++) max = lane[j] > max ? lane[j] : max;
  return max;
}

static float sum_of(const float *x, size_t n) {
  float lane[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int j = 0; j < LANES; j++) lane[j] += x[i + j];
  for (int j = 0; j < LANES; j++) sum += lane[j];
  for (; i < n; i++) sum += x[i];
  return sum;
}

static void row(float *y, const float *x, size_t n, float beta) {
  const float max = max_of(x, n);
  for (size_t i = 0; i < n; i++) y[i] = math_exp((x[i] - max) * beta);
  const float sum = sum_of(y, n);
  for (size_t i = 0; i < n; i++) y[i] /= sum;
}

static void run(float *y, const float *x, size_t rows, size_t n, float beta) {
  for (size_t r = 0; r < rows; r++) row(y + r * n, x + r * n, n, beta);
}

const softmax_f32 KERN_TABLE(softmax_f32) = {.run = run};
