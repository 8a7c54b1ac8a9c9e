/* dot_s16.c: exact inner products of int16 activations. Sums are kept in 32 bits as long as they surely fit. */
#include "kernels/dot_s16.h"

enum {
  RUN_8 = 256,    /* products below 2^22 */
  RUN_SUM = 32768 /* terms below 2^15 */
};

int64_t dot_s16_s8(const int16_t *a, const int8_t *w, size_t n) {
  int64_t total = 0;
  for (size_t begin = 0; begin < n; begin += RUN_8) {
    const size_t end = n - begin < RUN_8 ? n : begin + RUN_8;
    int32_t sum = 0;
    for (size_t i = begin; i < end; i++) sum += a[i] * w[i];
    total += sum;
  }
  return total;
}

int64_t dot_s16_s16(const int16_t *a, const int16_t *w, size_t n) {
  int64_t total = 0;
  for (size_t i = 0; i < n; i++) total += a[i] * w[i];
  return total;
}

int64_t sum_s16(const int16_t *a, size_t n) {
  int64_t total = 0;
  for (size_t begin = 0; begin < n; begin += RUN_SUM) {
    const size_t end = n - begin < RUN_SUM ? n : begin + RUN_SUM;
    int32_t sum = 0;
    for (size_t i = begin; i < end; i++) sum += a[i];
    total += sum;
  }
  return total;
}
