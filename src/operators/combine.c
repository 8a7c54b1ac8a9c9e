/* combine.c: see combine.h. */
#include "operators/combine.h"

#include <string.h>

#include "base/f16.h"

/* One loop a kind; ARITH is the type in which sums and products wrap, or round to TYPE. */
#define DEFINE_COMBINE(NAME, TYPE, ARITH)                                                                              \
  static void combine_##NAME(combine_kind kind, void *to, const void *from, size_t n) {                                \
    TYPE *const y = to;                                                                                                \
    const TYPE *const x = from;                                                                                        \
    switch (kind) {                                                                                                    \
      case COMBINE_ADD:                                                                                                \
        for (size_t i = 0; i < n; i++) y[i] = (TYPE)((ARITH)y[i] + (ARITH)x[i]);                                       \
        return;                                                                                                        \
      case COMBINE_MULTIPLY:                                                                                           \
        for (size_t i = 0; i < n; i++) y[i] = (TYPE)((ARITH)y[i] * (ARITH)x[i]);                                       \
        return;                                                                                                        \
      case COMBINE_MAXIMUM:                                                                                            \
        for (size_t i = 0; i < n; i++) y[i] = y[i] < x[i] ? x[i] : y[i];                                               \
        return;                                                                                                        \
      case COMBINE_MINIMUM:                                                                                            \
        for (size_t i = 0; i < n; i++) y[i] = x[i] < y[i] ? x[i] : y[i];                                               \
        return;                                                                                                        \
      default: return;                                                                                                 \
    }                                                                                                                  \
  }
DEFINE_COMBINE(f32, float, float)
DEFINE_COMBINE(f64, double, double)
DEFINE_COMBINE(s8, int8_t, uint32_t)
DEFINE_COMBINE(s16, int16_t, uint32_t)
DEFINE_COMBINE(s32, int32_t, uint32_t)
DEFINE_COMBINE(s64, int64_t, uint64_t)
DEFINE_COMBINE(u8, uint8_t, uint32_t)
DEFINE_COMBINE(u16, uint16_t, uint32_t)
DEFINE_COMBINE(u32, uint32_t, uint32_t)
DEFINE_COMBINE(u64, uint64_t, uint64_t)

static void combine_halves(combine_kind kind, mote_type type, uint16_t *to, const uint16_t *from, size_t n) {
  const bool half = type == MOTE_FLOAT16;
  for (size_t i = 0; i < n; i++) {
    float y = half ? f16_to_f32(to[i]) : bf16_to_f32(to[i]);
    const float x = half ? f16_to_f32(from[i]) : bf16_to_f32(from[i]);
    combine_f32(kind, &y, &x, 1);
    to[i] = half ? f16_from_f32(y) : bf16_from_f32(y);
  }
}

static void combine_bools(combine_kind kind, uint8_t *to, const uint8_t *from, size_t n) {
  const bool either = kind == COMBINE_ADD || kind == COMBINE_MAXIMUM;
  for (size_t i = 0; i < n; i++) to[i] = either ? to[i] || from[i] : to[i] && from[i];
}

void combine(combine_kind kind, mote_type type, void *to, const void *from, size_t n) {
  if (kind == COMBINE_REPLACE) {
    if (n) memcpy(to, from, n * (size_t)(mote_type_bits(type) / 8));
    return;
  }
  switch (type) {
    case MOTE_FLOAT32: combine_f32(kind, to, from, n); return;
    case MOTE_FLOAT64: combine_f64(kind, to, from, n); return;
    case MOTE_INT8: combine_s8(kind, to, from, n); return;
    case MOTE_INT16: combine_s16(kind, to, from, n); return;
    case MOTE_INT32: combine_s32(kind, to, from, n); return;
    case MOTE_INT64: combine_s64(kind, to, from, n); return;
    case MOTE_UINT8: combine_u8(kind, to, from, n); return;
    case MOTE_UINT16: combine_u16(kind, to, from, n); return;
    case MOTE_UINT32: combine_u32(kind, to, from, n); return;
    case MOTE_UINT64: combine_u64(kind, to, from, n); return;
    case MOTE_BOOL: combine_bools(kind, to, from, n); return;
    default: combine_halves(kind, type, to, from, n); return;
  }
}
