/* dwconv_s8.c: depthwise convolution of 8-bit numbers in plain C: what the levels with vectors are tested against.
 *
 * A pack is a row of blocks of WIDTH channels. A block is WIDTH int32 starts (the bias and what corrects for x_zero),
 * WIDTH multipliers, then WIDTH weights less their zero point a tap, columns of the window first; the last block is
 * filled up with zeros.
 */
#include "kernels/dwconv_s8.h"

#include <string.h>

#include "base/size.h"
#include "kernels/tables.h"

enum { WIDTH = 8 };

typedef struct block {
  uint32_t start[WIDTH];
  fx_mult mult[WIDTH];
  int16_t w[][WIDTH];
} block;

static size_t block_bytes(size_t taps) { return sizeof(block) + taps * WIDTH * sizeof(int16_t); }

static bool packed_bytes(size_t kh, size_t kw, size_t channels, size_t *bytes) {
  size_t lanes, taps, size;
  return size_align(channels, WIDTH, &lanes) && size_mul(kh, kw, &taps) &&
         size_mul(taps, WIDTH * sizeof(int16_t), &size) && size_add(size, sizeof(block), &size) &&
         size_mul(size, lanes / WIDTH, bytes);
}

static int16_t weight(const dwconv_s8_weights *b, size_t i) {
  return (int16_t)((b->w_signed ? ((const int8_t *)b->w)[i] : ((const uint8_t *)b->w)[i]) - b->w_zero);
}

static void pack(void *to, const dwconv_s8_weights *b) {
  const size_t taps = b->kh * b->kw;
  for (size_t c = 0; c < b->channels; c += WIDTH) {
    block *k = to;
    memset(k, 0, block_bytes(taps));
    for (size_t l = 0; l < WIDTH && c + l < b->channels; l++) {
      uint32_t sum = 0;
      for (size_t x = 0; x < b->kw; x++)
        for (size_t y = 0; y < b->kh; y++) {
          const int16_t w = weight(b, (y * b->kw + x) * b->channels + c + l);
          k->w[x * b->kh + y][l] = w;
          sum += (uint32_t)w;
        }
      k->start[l] = (b->bias ? (uint32_t)b->bias[c + l] : 0) - (uint32_t)b->x_zero * sum;
      k->mult[l] = b->mult[c + l];
    }
    to = (char *)to + block_bytes(taps);
  }
}

/* One block of one pixel: `width` channels from c on. */
static void run_block(const dwconv_s8_job *job, const void *const *window, const block *k, size_t c, size_t width,
                      uint8_t *out) {
  uint32_t sum[WIDTH];
  memcpy(sum, k->start, sizeof sum);
  for (size_t t = 0; t < job->kh * job->kw; t++)
    if (job->x_signed)
      for (size_t l = 0; l < width; l++) sum[l] += (uint32_t)(((const int8_t *)window[t])[c + l] * k->w[t][l]);
    else
      for (size_t l = 0; l < width; l++) sum[l] += (uint32_t)(((const uint8_t *)window[t])[c + l] * k->w[t][l]);
  for (size_t l = 0; l < width; l++)
    out[c + l] = (uint8_t)fx_clamp((int64_t)fx_mbqm((int32_t)sum[l], k->mult[l]) + job->zero_point, job->lo, job->hi);
}

static void run(const dwconv_s8_job *job) {
  const size_t bytes = block_bytes(job->kh * job->kw);
  for (size_t p = 0; p < job->pixels; p++) {
    const char *k = job->packed;
    for (size_t c = 0; c < job->channels; c += WIDTH, k += bytes)
      run_block(job, job->pointers + p * job->step, (const block *)k, c,
                job->channels - c < WIDTH ? job->channels - c : WIDTH, (uint8_t *)job->out + p * job->out_stride);
  }
}

const dwconv_s8 dwconv_s8_scalar = {.packed_bytes = packed_bytes, .pack = pack, .run = run};
