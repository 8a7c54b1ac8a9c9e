/* histogram.c: see histogram.h. Two passes: the range, then what falls where. */
#include "view/histogram.h"

#include <math.h>
#include <string.h>

#include "base/f16.h"

typedef struct reader {
  const uint8_t *data;
  uint64_t count;
  int32_t type;
  const sch_QuantizationParameters *quant; /* with scales; NULL: numbers as they are */
  uint64_t inner;                          /* elements for each step along the quantized axis */
  uint32_t channels;
} reader;

static unsigned bits_of(int32_t type) {
  switch (type) {
    case sch_TensorType_FLOAT32:
    case sch_TensorType_INT32:
    case sch_TensorType_UINT32: return 32;
    case sch_TensorType_FLOAT16:
    case sch_TensorType_BFLOAT16:
    case sch_TensorType_INT16:
    case sch_TensorType_UINT16: return 16;
    case sch_TensorType_FLOAT64:
    case sch_TensorType_INT64:
    case sch_TensorType_UINT64: return 64;
    case sch_TensorType_INT8:
    case sch_TensorType_UINT8: return 8;
    case sch_TensorType_INT4: return 4;
    default: return 0;
  }
}

#define AS(type, at)                                                                                                   \
  type v;                                                                                                              \
  memcpy(&v, r->data + (at) * sizeof v, sizeof v)

static double stored(const reader *r, uint64_t i) {
  switch (r->type) {
    case sch_TensorType_FLOAT32: {
      AS(float, i);
      return (double)v;
    }
    case sch_TensorType_FLOAT64: {
      AS(double, i);
      return v;
    }
    case sch_TensorType_FLOAT16: {
      AS(uint16_t, i);
      return (double)f16_to_f32(v);
    }
    case sch_TensorType_BFLOAT16: {
      AS(uint16_t, i);
      return (double)bf16_to_f32(v);
    }
    case sch_TensorType_INT64: {
      AS(int64_t, i);
      return (double)v;
    }
    case sch_TensorType_UINT64: {
      AS(uint64_t, i);
      return (double)v;
    }
    case sch_TensorType_INT32: {
      AS(int32_t, i);
      return v;
    }
    case sch_TensorType_UINT32: {
      AS(uint32_t, i);
      return v;
    }
    case sch_TensorType_INT16: {
      AS(int16_t, i);
      return v;
    }
    case sch_TensorType_UINT16: {
      AS(uint16_t, i);
      return v;
    }
    case sch_TensorType_INT8: return (int8_t)r->data[i];
    case sch_TensorType_UINT8: return r->data[i];
    default: return int4_get(r->data, (size_t)i);
  }
}

static double real(const reader *r, uint64_t i) {
  const double v = stored(r, i);
  if (!r->quant) return v;
  const uint32_t c = r->channels > 1 ? (uint32_t)(i / r->inner % r->channels) : 0;
  const sch_i64s *zero = &r->quant->zero_point;
  return (double)r->quant->scale.data[c] * (v - (double)(c < zero->count ? zero->data[c] : 0));
}

static uint64_t elements(const sch_Tensor *t) {
  uint64_t n = 1;
  for (uint32_t i = 0; i < t->shape.count; i++) {
    const uint64_t d = t->shape.data[i] > 0 ? (uint64_t)t->shape.data[i] : 0;
    if (d && n > UINT64_MAX / d) return 0;
    n *= d;
  }
  return n;
}

static bool open_values(const sch_Tensor *t, const void *data, uint64_t size, reader *r) {
  const unsigned bits = bits_of(t->type);
  *r = (reader){.data = data, .type = t->type, .inner = 1, .channels = 1};
  if (!bits || !data || !size) return false;
  const uint64_t most = bits == 4 ? (size > UINT64_MAX / 2 ? size : size * 2) : size / (bits / 8), count = elements(t);
  r->count = t->sparsity || count > most ? most : count;
  if (t->sparsity || !t->quantization || !t->quantization->scale.count) return r->count > 0;
  r->quant = t->quantization;
  const int32_t axis = sch_quant_axis(t);
  if (r->quant->scale.count > 1 && axis >= 0 && (uint32_t)axis < t->shape.count) {
    r->channels = r->quant->scale.count;
    for (uint32_t i = (uint32_t)axis + 1; i < t->shape.count; i++) r->inner *= (uint64_t)t->shape.data[i];
  }
  return r->count > 0 && r->inner > 0;
}

bool histogram_of(const sch_Tensor *t, const void *data, uint64_t size, histogram *h) {
  reader r;
  *h = (histogram){0};
  if (!open_values(t, data, size, &r)) return false;
  double sum = 0, squares = 0;
  h->min = INFINITY;
  h->max = -INFINITY;
  for (uint64_t i = 0; i < r.count; i++) {
    const double v = real(&r, i);
    if (!isfinite(v)) {
      h->odd++;
      continue;
    }
    if (v < h->min) h->min = v;
    if (v > h->max) h->max = v;
    h->zeros += v == 0;
    sum += v;
    squares += v * v;
  }
  h->count = r.count;
  const double finite = (double)(r.count - h->odd);
  if (finite == 0) return false;
  h->mean = sum / finite;
  h->deviation = sqrt(fmax(0, squares / finite - h->mean * h->mean));
  const double width = h->max - h->min, scale = width > 0 ? HISTOGRAM_BINS / width : 0;
  for (uint64_t i = 0; i < r.count; i++) {
    const double v = real(&r, i);
    if (!isfinite(v)) continue;
    int bin = (int)((v - h->min) * scale);
    if (bin >= HISTOGRAM_BINS) bin = HISTOGRAM_BINS - 1;
    h->bins[bin < 0 ? 0 : bin]++;
  }
  return true;
}
