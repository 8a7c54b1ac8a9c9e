/* dwconv.c: the depthwise convolutions of a level against those of scalar. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "kernels/dwconv_f32.h"
#include "kernels/dwconv_s8.h"

/* Windows over a few pixels that each have a guarded place of their own; many pointers share one. */
typedef struct windows {
  size_t pixels, kh, kw, channels, step;
  const void **pointers;
} windows;

enum { PLACES = 6 };

static windows some_windows(check *c, size_t block, const void *const places[PLACES]) {
  (void)block;
  windows w = {
      .pixels = (size_t)check_int(c, 0, 9), .kh = (size_t)check_int(c, 1, 5), .kw = (size_t)check_int(c, 1, 5)};
  if (check_int(c, 0, 2) == 0) w.kh = w.kw = 3;
  w.step = check_coin(c) ? w.kh * w.kw : w.kh * (size_t)check_int(c, 1, 2);
  const size_t count = w.pixels ? (w.pixels - 1) * w.step + w.kh * w.kw : 0;
  w.pointers = check_memory(c, count * sizeof *w.pointers);
  for (size_t i = 0; i < count; i++) w.pointers[i] = places[check_int(c, 0, PLACES - 1)];
  return w;
}

/* ---- float32 ---- */

static float *run_f32(check *c, const dwconv_f32 *g, dwconv_f32_job job, const float *w, const float *bias,
                      const float *blank, size_t floats) {
  size_t bytes;
  if (!g->packed_bytes(job.kh, job.kw, job.channels, &bytes)) check_fail(c, "packed_bytes says no");
  float *packed = check_memory(c, bytes);
  g->pack(packed, w, job.kh, job.kw, job.channels, bias);
  job.packed = packed;
  job.out = check_copy(c, blank, floats * sizeof *blank);
  g->run(&job);
  return job.out;
}

void check_dwconv_f32(check *c) {
  const dwconv_f32 *scalar = kern_dwconv_f32(CPU_SCALAR), *level = kern_dwconv_f32(c->level);
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    const size_t channels = check_size(c, 16, 80);
    const void *places[PLACES];
    for (int i = 0; i < PLACES; i++) {
      float *x = check_memory(c, channels * sizeof *x);
      for (size_t l = 0; l < channels; l++) x[l] = check_float(c);
      if (channels && check_int(c, 0, 20) == 0) x[0] = NAN;
      places[i] = x;
    }
    const windows v = some_windows(c, 32, places);
    const size_t taps = v.kh * v.kw, stride = channels + (size_t)check_int(c, 0, 3);
    float *w = check_memory(c, taps * channels * sizeof *w), *bias = check_memory(c, channels * sizeof *bias);
    for (size_t i = 0; i < taps * channels; i++) w[i] = check_float(c);
    for (size_t i = 0; i < channels; i++) bias[i] = check_float(c);
    const float lo = check_coin(c) ? -FLT_MAX : check_float(c);
    const dwconv_f32_job job = {.pixels = v.pixels,
                                .kh = v.kh,
                                .kw = v.kw,
                                .channels = channels,
                                .pointers = (const float *const *)v.pointers,
                                .step = v.step,
                                .out_stride = stride,
                                .lo = lo,
                                .hi = check_coin(c) ? FLT_MAX : lo + 0.5f};
    check_case(c, "%zu pixels, window %zux%zu, %zu channels, step %zu", v.pixels, v.kh, v.kw, channels, v.step);
    const size_t floats = v.pixels ? (v.pixels - 1) * stride + channels : 0;
    const float *blank = check_memory(c, floats * sizeof *blank), *b = check_coin(c) ? bias : NULL;
    const float *want = run_f32(c, scalar, job, w, b, blank, floats),
                *got = run_f32(c, level, job, w, b, blank, floats);
    /* All factors lie in [-1, 1], so (taps + 1) terms with a rounding or two for each. */
    const double bound = 2 * (double)(taps + 1) * (double)(taps + 2) * 0x1p-23;
    for (size_t i = 0; i < floats; i++)
      if (memcmp(want + i, got + i, sizeof *got) && !(isnan(want[i]) && isnan(got[i])) &&
          !(fabs((double)want[i] - (double)got[i]) <= (i % stride < channels ? bound : 0))) {
        check_fail(c, "pixel %zu, channel %zu is %.9g, not %.9g", i / stride, i % stride, (double)got[i],
                   (double)want[i]);
        break;
      }
  }
}

/* ---- 8 bit ---- */

static void *run_s8(check *c, const dwconv_s8 *g, dwconv_s8_job job, const dwconv_s8_weights *w, const void *blank,
                    size_t size) {
  size_t bytes;
  if (!g->packed_bytes(w->kh, w->kw, w->channels, &bytes)) check_fail(c, "packed_bytes says no");
  void *packed = check_memory(c, bytes);
  g->pack(packed, w);
  job.packed = packed;
  job.out = check_copy(c, blank, size);
  g->run(&job);
  return job.out;
}

/* Scalar itself, against the definition, for one output. */
static uint8_t defined(const dwconv_s8_job *job, const dwconv_s8_weights *b, size_t p, size_t c) {
  uint32_t sum = b->bias ? (uint32_t)b->bias[c] : 0;
  for (size_t y = 0; y < b->kh; y++)
    for (size_t x = 0; x < b->kw; x++) {
      const uint8_t in = ((const uint8_t *)job->pointers[p * job->step + x * b->kh + y])[c];
      const uint8_t w = ((const uint8_t *)b->w)[(y * b->kw + x) * b->channels + c];
      sum += (uint32_t)(((b->x_signed ? (int8_t)in : in) - b->x_zero) * ((b->w_signed ? (int8_t)w : w) - b->w_zero));
    }
  return (uint8_t)fx_clamp((int64_t)fx_mbqm((int32_t)sum, b->mult[c]) + job->zero_point, job->lo, job->hi);
}

void check_dwconv_s8(check *c) {
  const dwconv_s8 *scalar = kern_dwconv_s8(CPU_SCALAR), *level = kern_dwconv_s8(c->level);
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    const size_t channels = check_size(c, 16, 140);
    const bool x_signed = check_coin(c), w_signed = check_coin(c);
    const void *places[PLACES];
    for (int i = 0; i < PLACES; i++) places[i] = check_memory(c, channels);
    const windows v = some_windows(c, 64, places);
    fx_mult *mult = check_memory(c, channels * sizeof *mult);
    const int64_t most = check_coin(c) ? 1 : -1;
    for (size_t i = 0; i < channels; i++)
      mult[i] = (fx_mult){(int32_t)check_int(c, INT32_C(1) << 30, INT32_MAX), (int32_t)check_int(c, -16, most)};
    int32_t *bias = check_memory(c, channels * sizeof *bias);
    if (check_coin(c))
      for (size_t i = 0; i < channels; i++) bias[i] = (int32_t)check_int(c, -20000, 20000);
    const dwconv_s8_weights w = {.kh = v.kh,
                                 .kw = v.kw,
                                 .channels = channels,
                                 .w = check_memory(c, v.kh * v.kw * channels),
                                 .w_signed = w_signed,
                                 .x_signed = x_signed,
                                 .w_zero = w_signed ? check_int(c, 0, 2) ? 0 : (int32_t)check_int(c, -128, 127)
                                                    : (int32_t)check_int(c, 0, 255),
                                 .x_zero = (int32_t)(x_signed ? check_int(c, -128, 127) : check_int(c, 0, 255)),
                                 .bias = check_coin(c) ? bias : NULL,
                                 .mult = mult};
    const int32_t low = x_signed ? -128 : 0, high = x_signed ? 127 : 255;
    const size_t stride = channels + (size_t)check_int(c, 0, 3);
    const int32_t lo = check_coin(c) ? low : (int32_t)check_int(c, low, high);
    const dwconv_s8_job job = {.pixels = v.pixels,
                               .kh = v.kh,
                               .kw = v.kw,
                               .channels = channels,
                               .pointers = v.pointers,
                               .step = v.step,
                               .x_signed = x_signed,
                               .zero_point = (int32_t)check_int(c, low, high),
                               .lo = lo,
                               .hi = check_coin(c) ? high : (int32_t)check_int(c, lo, high),
                               .out_stride = stride};
    check_case(c, "%zu pixels, window %zux%zu, %zu channels, step %zu, x %s zero %d, w %s zero %d", v.pixels, v.kh,
               v.kw, channels, v.step, x_signed ? "s8" : "u8", w.x_zero, w_signed ? "s8" : "u8", w.w_zero);
    const size_t size = v.pixels ? (v.pixels - 1) * stride + channels : 0;
    const void *blank = check_memory(c, size);
    const uint8_t *want = run_s8(c, scalar, job, &w, blank, size);
    check_equal(c, "output", want, run_s8(c, level, job, &w, blank, size), size);
    for (size_t p = 0; p < v.pixels; p++)
      for (size_t i = 0; i < channels; i++)
        if (want[p * stride + i] != defined(&job, &w, p, i)) check_fail(c, "scalar differs from the definition");
  }
}
