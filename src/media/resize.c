/* resize.c: see resize.h.
 *
 * Along one axis, output i is a weighted mean of the inputs under a triangle around its centre. With s = in / out:
 *
 *     centre(i) = (i + 0.5) s,   radius = max(s, 1),   weight(j) = max(0, 1 - |j + 0.5 - centre| / radius) / sum
 *
 * Rows are combined first (contiguous, one row of memory), then columns.
 */
#include "media/resize.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"

/* What each output of an axis is made of: inputs first .. first + count - 1, weights at `start`. */
typedef struct tap {
  int32_t first, count;
  size_t start;
} tap;

typedef struct axis {
  tap *taps;
  float *weights;
} axis;

static void free_axis(axis *a, mem *m) {
  mem_free(m, a->taps);
  mem_free(m, a->weights);
}

static tap make_tap(float *weights, size_t start, int32_t i, int32_t in, double scale) {
  const double radius = scale > 1 ? scale : 1, centre = (i + 0.5) * scale;
  const int32_t first = (int32_t)fmax(0, floor(centre - radius)), end = (int32_t)fmin(in, ceil(centre + radius));
  double sum = 0;
  tap t = {.first = -1, .start = start};
  for (int32_t j = first; j < end; j++) {
    const double weight = 1 - fabs(j + 0.5 - centre) / radius;
    if (weight <= 0) continue; /* at the two ends; never all, as the nearest input is within half a pixel */
    if (t.first < 0) t.first = j;
    weights[start + (size_t)t.count++] = (float)weight;
    sum += weight;
  }
  for (int32_t k = 0; k < t.count; k++) weights[start + (size_t)k] = (float)(weights[start + (size_t)k] / sum);
  return t;
}

static mote_status make_axis(axis *a, int32_t in, int32_t out, mem *m, mote_error *e) {
  const double scale = (double)in / out;
  /* A triangle 2 * radius wide covers at most that many inputs and one more. */
  const size_t most = (size_t)ceil(2 * (scale > 1 ? scale : 1)) + 1;
  size_t count;
  a->taps = MEM_ARRAY(m, tap, (size_t)out);
  a->weights = size_mul(most, (size_t)out, &count) ? MEM_ARRAY(m, float, count) : NULL;
  if (!a->taps || !a->weights) return err_memory(e, "the weights of resizing", (uint64_t)most * (uint64_t)out * 4);
  size_t start = 0;
  for (int32_t i = 0; i < out; i++) {
    a->taps[i] = make_tap(a->weights, start, i, in, scale);
    start += (size_t)a->taps[i].count;
  }
  return MOTE_OK;
}

/* One pixel to other channels: alpha over white unless it is kept; grey from colour by the weights of BT.601. */
static void convert_pixel(const uint8_t *from, int has, float *to, int want) {
  const bool alpha = has == 2 || has == 4;
  const float a = alpha ? from[has - 1] : 255, white = want == 4 ? 0 : 255 - a, part = want == 4 ? 1 : a / 255;
  float rgb[3];
  for (int c = 0; c < 3; c++) rgb[c] = (float)from[has >= 3 ? c : 0] * part + white;
  if (want == 1) to[0] = has >= 3 ? 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2] : rgb[0];
  else {
    memcpy(to, rgb, sizeof rgb);
    if (want == 4) to[3] = a;
  }
}

/* sum += weight * row, for a row that has the channels already. */
static void add_bytes(float *restrict sum, const uint8_t *restrict row, float weight, size_t n) {
  for (size_t i = 0; i < n; i++) sum[i] += weight * (float)row[i];
}

static void add_converted(float *sum, const uint8_t *row, float weight, size_t pixels, int has, int want) {
  for (size_t x = 0; x < pixels; x++) {
    float to[4];
    convert_pixel(row + x * (size_t)has, has, to, want);
    for (int c = 0; c < want; c++) sum[x * (size_t)want + (size_t)c] += weight * to[c];
  }
}

static void combine_columns(const axis *a, const float *row, float *out, int32_t width, int channels) {
  for (int32_t x = 0; x < width; x++, out += channels) {
    const tap t = a->taps[x];
    const float *weights = a->weights + t.start, *from = row + (size_t)t.first * (size_t)channels;
    for (int c = 0; c < channels; c++) {
      float sum = 0;
      for (int32_t k = 0; k < t.count; k++) sum += weights[k] * from[(size_t)k * (size_t)channels + (size_t)c];
      out[c] = sum;
    }
  }
}

typedef struct work {
  axis columns, rows;
  float *sum, *out; /* one row of the box, one row of the result */
} work;

static mote_status prepare(work *w, resize_box box, int32_t width, int32_t height, int32_t channels, mem *m,
                           mote_error *e) {
  MOTE_TRY(make_axis(&w->columns, box.width, width, m, e));
  MOTE_TRY(make_axis(&w->rows, box.height, height, m, e));
  w->sum = mem_array(m, (size_t)box.width, (size_t)channels * sizeof(float));
  w->out = mem_array(m, (size_t)width, (size_t)channels * sizeof(float));
  return w->sum && w->out ? MOTE_OK : err_memory(e, "rows for resizing", ((uint64_t)box.width + (uint64_t)width) * 4);
}

mote_status resize_image(const mote_image *image, resize_box box, int32_t width, int32_t height, int32_t channels,
                         mem *m, resize_row take, void *arg, mote_error *e) {
  work w = {0};
  const mote_status status = prepare(&w, box, width, height, channels, m, e);
  const size_t has = (size_t)image->channels, pixels = (size_t)box.width, n = pixels * (size_t)channels;
  for (int32_t y = 0; y < height && !status; y++) {
    const tap t = w.rows.taps[y];
    memset(w.sum, 0, n * sizeof(float));
    for (int32_t k = 0; k < t.count; k++) {
      const size_t line = (size_t)(box.y + t.first + k);
      const uint8_t *row = image->pixels + (line * (size_t)image->width + (size_t)box.x) * has;
      const float weight = w.rows.weights[t.start + (size_t)k];
      if (image->channels == channels) add_bytes(w.sum, row, weight, n);
      else add_converted(w.sum, row, weight, pixels, image->channels, channels);
    }
    combine_columns(&w.columns, w.sum, w.out, width, channels);
    take(arg, y, w.out);
  }
  free_axis(&w.columns, m);
  free_axis(&w.rows, m);
  mem_free(m, w.sum);
  mem_free(m, w.out);
  return status;
}
