/* dwconv_f32.c: depthwise convolution of floats in plain C: what the levels with vectors are tested against.
 *
 * A pack is a row of blocks of WIDTH channels. A block is WIDTH biases, then WIDTH weights a tap, columns of the window
 * first; the last block is filled up with zeros.
 */
#include "kernels/dwconv_f32.h"

#include "base/size.h"
#include "kernels/tables.h"

enum { WIDTH = 8 };

static bool packed_bytes(size_t kh, size_t kw, size_t channels, size_t *bytes) {
  size_t lanes, rows, floats;
  return size_align(channels, WIDTH, &lanes) && size_mul(kh, kw, &rows) && size_add(rows, 1, &rows) &&
         size_mul(rows, lanes, &floats) && size_mul(floats, sizeof(float), bytes);
}

static void pack(float *to, const float *w, size_t kh, size_t kw, size_t channels, const float *bias) {
  for (size_t c = 0; c < channels; c += WIDTH) {
    const size_t width = channels - c < WIDTH ? channels - c : WIDTH;
    for (size_t l = 0; l < WIDTH; l++) *to++ = bias && l < width ? bias[c + l] : 0.0f;
    for (size_t x = 0; x < kw; x++)
      for (size_t y = 0; y < kh; y++)
        for (size_t l = 0; l < WIDTH; l++) *to++ = l < width ? w[(y * kw + x) * channels + c + l] : 0.0f;
  }
}

static void run(const dwconv_f32_job *job) {
  const size_t taps = job->kh * job->kw;
  for (size_t p = 0; p < job->pixels; p++) {
    const float *const *window = job->pointers + p * job->step;
    const float *w = job->packed;
    for (size_t c = 0; c < job->channels; c += WIDTH) {
      const size_t width = job->channels - c < WIDTH ? job->channels - c : WIDTH;
      float sum[WIDTH];
      for (size_t l = 0; l < WIDTH; l++) sum[l] = *w++;
      for (size_t t = 0; t < taps; t++, w += WIDTH)
        for (size_t l = 0; l < width; l++) sum[l] += window[t][c + l] * w[l];
      for (size_t l = 0; l < width; l++) {
        const float y = sum[l] < job->lo ? job->lo : sum[l];
        job->out[p * job->out_stride + c + l] = job->hi < y ? job->hi : y;
      }
    }
  }
}

const dwconv_f32 dwconv_f32_scalar = {.packed_bytes = packed_bytes, .pack = pack, .run = run};
