/* dwconv_f32.inc.h: depthwise convolution of floats with vectors; the body that each instruction set's dwconv_f32.c
 * includes, after vec_f32.h of its folder and TABLE, the name of the function table.
 *
 * A tile is 4 pixels by two vectors of channels, or one pixel where there are not 4. A pack is a row of blocks of two
 * vectors' width, the last one two or one wide: a row of biases, then a row of weights a tap, columns of the window
 * first, filled up with zeros. So channel c, where a block begins, lies at float c * (taps + 1).
 */
#include "base/size.h"
#include "kernels/tables.h"
#include "kernels/unroll.h"

enum { PIXELS = 4, BLOCK = 2 * LANES };

static bool packed_bytes(size_t kh, size_t kw, size_t channels, size_t *bytes) {
  size_t lanes, rows, floats;
  return size_align(channels, LANES, &lanes) && size_mul(kh, kw, &rows) && size_add(rows, 1, &rows) &&
         size_mul(rows, lanes, &floats) && size_mul(floats, sizeof(float), bytes);
}

KERN_ONCE void pack(float *to, const float *w, size_t kh, size_t kw, size_t channels, const float *bias) {
  for (size_t c = 0; c < channels; c += BLOCK) {
    const size_t width = channels - c < BLOCK ? channels - c : BLOCK, row = width > LANES ? BLOCK : LANES;
    for (size_t l = 0; l < row; l++) *to++ = bias && l < width ? bias[c + l] : 0.0f;
    for (size_t x = 0; x < kw; x++)
      for (size_t y = 0; y < kh; y++)
        for (size_t l = 0; l < row; l++) *to++ = l < width ? w[(y * kw + x) * channels + c + l] : 0.0f;
  }
}

static inline size_t at_most(size_t most, size_t n) { return n < most ? n : most; }
/* Whole vectors are loaded faster as such, unless masks cost nothing. */
static inline vec load_last(const float *p, size_t count) {
  return !MASKS && count == LANES ? load(p) : load_part(p, count);
}

/* One tile from channel c on. pixels and vectors are constants of each call, so that the sums become registers. */
KERN_INLINE void tile(const dwconv_f32_job *job, const float *const *window, float *out, size_t c, size_t last,
                      const int pixels, const int vectors) {
  const size_t taps = job->kh * job->kw, step = job->step;
  const float *w = job->packed + c * (taps + 1);
  const int end = vectors - 1;
  vec sum[PIXELS][2];
  KERN_UNROLL
  for (int p = 0; p < pixels; p++) {
    sum[p][0] = load(w);
    sum[p][end] = load(w + end * LANES);
  }
  for (size_t t = 0; t < taps; t++) {
    w += vectors * LANES;
    const vec w0 = load(w), w1 = load(w + end * LANES);
    KERN_UNROLL
    for (int p = 0; p < pixels; p++) {
      const float *x = window[(size_t)p * step + t] + c;
      if (vectors > 1) sum[p][0] = madd(load(x), w0, sum[p][0]);
      sum[p][end] = madd(load_last(x + end * LANES, last), w1, sum[p][end]);
    }
  }
  const float lo = job->lo, hi = job->hi;
  const size_t stride = job->out_stride;
  float *y = out + c;
  KERN_UNROLL
  for (int p = 0; p < pixels; p++, y += stride) {
    if (vectors > 1) store(y, clamp(sum[p][0], lo, hi));
    store_part(y + end * LANES, clamp(sum[p][end], lo, hi), last);
  }
}

/* The same for one vector of a 3 x 3 window with stride 1, where neighbouring pixels share columns: each input is
 * loaded once. Every sum still goes in the order of its pointers. */
KERN_INLINE void tile_3x3(const dwconv_f32_job *job, const float *const *window, float *out, size_t c, const float *w,
                          size_t row, size_t last) {
  vec sum[PIXELS], weight[9];
  KERN_UNROLL
  for (int t = 0; t < 9; t++) weight[t] = load(w + (size_t)(t + 1) * row);
  KERN_UNROLL
  for (int p = 0; p < PIXELS; p++) sum[p] = load(w);
  KERN_UNROLL
  for (int x = 0; x < PIXELS + 2; x++) {
    KERN_UNROLL
    for (int y = 0; y < 3; y++) {
      const float *in = window[x * 3 + y] + c;
      const vec v = load_last(in, last);
      KERN_UNROLL
      for (int p = 0; p < PIXELS; p++)
        if (p <= x && x - p < 3) sum[p] = madd(v, weight[(x - p) * 3 + y], sum[p]);
    }
  }
  const float lo = job->lo, hi = job->hi;
  const size_t stride = job->out_stride;
  float *y = out + c;
  KERN_UNROLL
  for (int p = 0; p < PIXELS; p++, y += stride) store_part(y, clamp(sum[p], lo, hi), last);
}

static void strip_3x3(const dwconv_f32_job *job, const float *const *window, float *out) {
  const float *block = job->packed;
  for (size_t c = 0; c < job->channels; c += BLOCK) {
    const size_t width = job->channels - c < BLOCK ? job->channels - c : BLOCK, row = width > LANES ? BLOCK : LANES;
    for (size_t l = 0; l < row; l += LANES)
      if (!MASKS && width - l >= LANES) tile_3x3(job, window, out, c + l, block + l, row, LANES);
      else tile_3x3(job, window, out, c + l, block + l, row, at_most(LANES, width - l));
    block += row * 10;
  }
}

/* All channels of a few pixels. */
KERN_INLINE void strip(const dwconv_f32_job *job, const float *const *window, float *out, const int pixels) {
  const size_t channels = job->channels;
  size_t c = 0;
  for (; !MASKS && channels - c >= BLOCK; c += BLOCK) tile(job, window, out, c, LANES, pixels, 2);
  for (; c + LANES < channels; c += BLOCK) tile(job, window, out, c, at_most(LANES, channels - c - LANES), pixels, 2);
  if (c < channels) tile(job, window, out, c, channels - c, pixels, 1);
}

static void run(const dwconv_f32_job *job) {
  const bool shared = REGISTERS >= 32 && job->kh == 3 && job->kw == 3 && job->step == 3;
  const size_t pixels = job->pixels;
  for (size_t p = 0; p < pixels; p += PIXELS) {
    /* The last tile begins earlier rather than being smaller: it makes the same numbers again. */
    const size_t first = pixels - p >= PIXELS ? p : pixels >= PIXELS ? pixels - PIXELS : p;
    const float *const *window = job->pointers + first * job->step;
    float *out = job->out + first * job->out_stride;
    if (pixels < PIXELS)
      for (size_t i = 0; i < pixels; i++) strip(job, window + i * job->step, out + i * job->out_stride, 1);
    else if (shared) strip_3x3(job, window, out);
    else strip(job, window, out, PIXELS);
  }
}

const dwconv_f32 TABLE = {.packed_bytes = packed_bytes, .pack = pack, .run = run};
