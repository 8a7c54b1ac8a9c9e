/* dwconv_sums.c: the sums of a depthwise convolution at one output pixel. */
#include "kernels/dwconv_sums.h"

#include <string.h>

void dwconv_sums_s16(const dwconv_sums_job *job, int64_t *acc) {
  const size_t channels = job->channels;
  memset(acc, 0, channels * sizeof *acc);
  for (size_t y = 0; y < job->kh; y++)
    for (size_t x = 0; x < job->kw; x++) {
      const int16_t *const in = job->window[x * job->kh + y];
      const int8_t *const w = job->w + (y * job->kw + x) * channels;
      for (size_t c = 0; c < channels; c++) acc[c] += in[c] * w[c];
    }
}

void dwconv_sums_s8(const dwconv_sums_job *job, int32_t x_zero, int32_t *acc) {
  const size_t channels = job->channels;
  memset(acc, 0, channels * sizeof *acc);
  for (size_t y = 0; y < job->kh; y++)
    for (size_t x = 0; x < job->kw; x++) {
      const int8_t *const in = job->window[x * job->kh + y];
      const int8_t *const w = job->w + (y * job->kw + x) * channels;
      for (size_t c = 0; c < channels; c++) acc[c] = (int32_t)((uint32_t)acc[c] + (uint32_t)((in[c] - x_zero) * w[c]));
    }
}
