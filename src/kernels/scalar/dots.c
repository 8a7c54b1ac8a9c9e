/* dots.c: single inner products. Integers are summed in 32 bits as long as they surely fit. */
#include "kernels/dots.h"

enum {
  LANES = 16,
  RUN_8 = 16384,  /* products below 2^17 */
  RUN_16 = 256,   /* products below 2^22 */
  RUN_SUM = 32768 /* terms below 2^15 */
};

float dot_f32(const float *a, const float *b, size_t n, float start) {
  float lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++) lanes[j] += a[i + j] * b[i + j];
  for (size_t half = LANES / 2; i >= LANES && half > 0; half /= 2)
    for (size_t j = 0; j < half; j++) lanes[j] += lanes[j + half];
  float sum = start + lanes[0];
  for (; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* BODY sums one run of at most `most` terms, from begin to end, into the int32 `sum`. */
#define IN_RUNS(total_type, most, body)                                                                                \
  total_type total = 0;                                                                                                \
  for (size_t begin = 0; begin < n; begin += (most)) {                                                                 \
    const size_t end = n - begin < (most) ? n : begin + (most);                                                        \
    int32_t sum = 0;                                                                                                   \
    for (size_t i = begin; i < end; i++) body;                                                                         \
    total += (total_type)sum;                                                                                          \
  }

int32_t dot_s8(const int8_t *a, int32_t a_zero, const int8_t *w, int32_t w_zero, size_t n) {
  const int16_t az = (int16_t)a_zero, wz = (int16_t)w_zero;
  IN_RUNS(uint32_t, RUN_8, sum += (int16_t)(a[i] - az) * (int16_t)(w[i] - wz))
  return (int32_t)total;
}

int32_t dot_u8(const uint8_t *a, int32_t a_zero, const uint8_t *w, int32_t w_zero, size_t n) {
  const int16_t az = (int16_t)a_zero, wz = (int16_t)w_zero;
  IN_RUNS(uint32_t, RUN_8, sum += (int16_t)(a[i] - az) * (int16_t)(w[i] - wz))
  return (int32_t)total;
}

int64_t dot_s16_s8(const int16_t *a, const int8_t *w, size_t n) {
  IN_RUNS(int64_t, RUN_16, sum += a[i] * (int16_t)w[i])
  return total;
}

int64_t dot_s16_s16(const int16_t *a, const int16_t *w, size_t n) {
  int64_t total = 0;
  for (size_t i = 0; i < n; i++) total += a[i] * w[i];
  return total;
}

int32_t sum_s8(const int8_t *a, size_t n) {
  IN_RUNS(uint32_t, RUN_8, sum += a[i])
  return (int32_t)total;
}

int64_t sum_s16(const int16_t *a, size_t n) {
  IN_RUNS(int64_t, RUN_SUM, sum += a[i])
  return total;
}

void add_row_f32(float *restrict y, const float *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += x[i];
}

void add_row_s32(int32_t *restrict y, const int32_t *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = (int32_t)((uint32_t)y[i] + (uint32_t)x[i]);
}

void add_scaled_f32(float *restrict y, const float *restrict x, float a, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}
