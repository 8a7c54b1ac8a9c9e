/* dwconv_sums.c: the sums of a depthwise convolution at one output pixel. */
#include "kernels/dwconv_sums.h"

#include <string.h>

/* So few channels are summed one by one. */
enum { FEW = 4 };

void dwconv_sums_s16(const dwconv_sums_job *job, int64_t *acc) {
  const size_t channels = job->channels, kh = job->kh, kw = job->kw;
  const int16_t *const *window = (const int16_t *const *)job->window;
  if (channels < FEW) {
    for (size_t c = 0; c < channels; c++) {
      int64_t sum = 0;
      for (size_t y = 0; y < kh; y++)
        for (size_t x = 0; x < kw; x++) sum += window[x * kh + y][c] * job->w[(y * kw + x) * channels + c];
      acc[c] = sum;
    }
    return;
  }
  memset(acc, 0, channels * sizeof *acc);
  for (size_t y = 0; y < kh; y++)
    for (size_t x = 0; x < kw; x++) {
      const int16_t *const in = window[x * kh + y];
      const int8_t *const w = job->w + (y * kw + x) * channels;
      for (size_t c = 0; c < channels; c++) acc[c] += in[c] * w[c];
    }
}

void dwconv_sums_s8(const dwconv_sums_job *job, int32_t x_zero, int32_t *acc) {
  const size_t channels = job->channels, kh = job->kh, kw = job->kw;
  const int8_t *const *window = (const int8_t *const *)job->window;
  if (channels < FEW) {
    for (size_t c = 0; c < channels; c++) {
      uint32_t sum = 0;
      for (size_t y = 0; y < kh; y++)
        for (size_t x = 0; x < kw; x++)
          sum += (uint32_t)((window[x * kh + y][c] - x_zero) * job->w[(y * kw + x) * channels + c]);
      acc[c] = (int32_t)sum;
    }
    return;
  }
  const int16_t zero = (int16_t)x_zero;
  memset(acc, 0, channels * sizeof *acc);
  for (size_t y = 0; y < kh; y++)
    for (size_t x = 0; x < kw; x++) {
      const int8_t *const in = window[x * kh + y];
      const int8_t *const w = job->w + (y * kw + x) * channels;
      for (size_t c = 0; c < channels; c++)
        acc[c] = (int32_t)((uint32_t)acc[c] + (uint32_t)((int16_t)(in[c] - zero) * (int16_t)w[c]));
    }
}
