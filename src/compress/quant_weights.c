/* quant_weights.c: weights as symmetric integers of 8, 4 or 2 bits. */
#include <math.h>
#include <string.h>

#include "compress/quant.h"

int32_t quant_most(mote_type type) { return type == MOTE_INT4 ? 7 : type == MOTE_INT2 ? 1 : 127; }

static double error_of(const float *w, size_t count, extent x, size_t channel, double scale, int32_t most) {
  double sum = 0;
  for (size_t from = channel * x.step; from < count; from += x.size * x.step)
    for (size_t i = from; i < from + x.step; i++) {
      const double q = quant_nearest(w[i], scale, most) * scale;
      sum += ((double)w[i] - q) * ((double)w[i] - q);
    }
  return sum;
}

/* All elements are of one coordinate when there is no axis. */
static extent whole(const graph_value *v, int32_t axis) {
  extent x = extent_of(v, axis);
  if (axis < 0) x.step = v->bytes / sizeof(float) + (v->bytes == 0);
  return x;
}

/* With few steps, cutting the largest weights costs less than wide steps do. */
static float least_error(const float *w, size_t count, extent x, size_t channel, float scale, int32_t most) {
  double best = error_of(w, count, x, channel, (double)scale, most);
  float found = scale;
  for (int t = 1; t < 16; t++) {
    const float smaller = scale * (1 - (float)t / 24);
    const double error = error_of(w, count, x, channel, (double)smaller, most);
    if (error < best) best = error, found = smaller;
  }
  return found;
}

bool quant_scales(const graph_value *v, int32_t axis, mote_type type, float *scales) {
  const float *const w = v->data;
  const size_t count = v->bytes / sizeof *w;
  const extent x = whole(v, axis);
  const int32_t most = quant_most(type);
  memset(scales, 0, x.size * sizeof *scales);
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(w[i])) return false;
    const size_t c = extent_at(x, i);
    scales[c] = fmaxf(scales[c], fabsf(w[i]));
  }
  for (size_t c = 0; c < x.size; c++) {
    scales[c] /= (float)most;
    if (scales[c] < 1e-30f) scales[c] = 1;
    else if (most < 127) scales[c] = least_error(w, count, x, c, scales[c], most);
  }
  return true;
}

void quant_round(const graph_value *v, int32_t axis, mote_type type, const float *scales, void *to) {
  const float *const w = v->data;
  const size_t count = v->bytes / sizeof *w;
  const extent x = whole(v, axis);
  const int32_t most = quant_most(type);
  const size_t per_byte = 8 / (size_t)mote_type_bits(type), bits = (size_t)mote_type_bits(type);
  uint8_t *const bytes = to;
  memset(bytes, 0, (count + per_byte - 1) / per_byte);
  for (size_t i = 0; i < count; i++) {
    const double q = quant_nearest(w[i], (double)scales[extent_at(x, i)], most);
    const uint8_t stored = (uint8_t)(int8_t)q;
    bytes[i / per_byte] |= (uint8_t)((stored & ((1u << bits) - 1)) << (i % per_byte * bits));
  }
}
