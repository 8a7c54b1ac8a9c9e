/* number.c: see number.h. */
#include "kernels/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/f16.h"
#include "kernels/unroll.h"

num_class num_class_of(mote_type type) {
  switch ((int)type) {
    case MOTE_FLOAT16:
    case MOTE_BFLOAT16:
    case MOTE_FLOAT32: return NUM_F32;
    case MOTE_FLOAT64: return NUM_F64;
    case MOTE_COMPLEX64: return NUM_C64;
    case MOTE_COMPLEX128: return NUM_C128;
    case MOTE_STRING:
    case MOTE_RESOURCE:
    case MOTE_VARIANT: return NUM_NONE;
    default: return mote_type_bits(type) ? NUM_INT : NUM_NONE;
  }
}

/* True of types that are their own class. */
static bool is_native(mote_type type) {
  return type == MOTE_FLOAT32 || type == MOTE_FLOAT64 || type == MOTE_INT64 || type == MOTE_UINT64 ||
         type == MOTE_COMPLEX64 || type == MOTE_COMPLEX128;
}

#define READ(T, C, VALUE)                                                                                              \
  {                                                                                                                    \
    const T *x = (const T *)data + first;                                                                              \
    C *y = block;                                                                                                      \
    KERN_ELEMENTWISE                                                                                                   \
    for (size_t i = 0; i < n; i++) y[i] = VALUE(x[i]);                                                                 \
    return block;                                                                                                      \
  }
#define SAME(v) (v)
#define NOT_ZERO(v) ((v) != 0)
#define WITH_SIGN(v) ((int64_t)((v) ^ sign) - sign)

static void unpack(mote_type type, const uint8_t *x, size_t first, size_t n, int64_t *y) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    const int8_t nibble = type == MOTE_INT2 ? int2_get(x, first + i) : int4_get(x, first + i);
    y[i] = type == MOTE_UINT4 ? nibble & 15 : nibble;
  }
}

/* Bits of a signed integer are met as unsigned ones, with the sign turned, and lowered by it: one loop for both. */
const void *num_read(mote_type type, const void *data, size_t first, size_t n, void *block) {
  const bool is_signed = type == MOTE_INT8 || type == MOTE_INT16 || type == MOTE_INT32;
  const uint32_t sign = is_signed ? UINT32_C(1) << (mote_type_bits(type) - 1) : 0;
  switch ((int)type) {
    case MOTE_FLOAT16: READ(uint16_t, float, f16_to_f32)
    case MOTE_BFLOAT16: READ(uint16_t, float, bf16_to_f32)
    case MOTE_BOOL: READ(uint8_t, int64_t, NOT_ZERO)
    case MOTE_INT8:
    case MOTE_UINT8: READ(uint8_t, int64_t, WITH_SIGN)
    case MOTE_INT16:
    case MOTE_UINT16: READ(uint16_t, int64_t, WITH_SIGN)
    case MOTE_INT32:
    case MOTE_UINT32: READ(uint32_t, int64_t, WITH_SIGN)
    case MOTE_INT2:
    case MOTE_INT4:
    case MOTE_UINT4: unpack(type, data, first, n, block); return block;
    default: return (const char *)data + first * (size_t)mote_type_bits(type) / 8;
  }
}

void *num_place(mote_type type, void *data, size_t first, void *block) {
  return is_native(type) ? (char *)data + first * (size_t)mote_type_bits(type) / 8 : block;
}

#define WRITE(T, C, VALUE)                                                                                             \
  {                                                                                                                    \
    const C *x = values;                                                                                               \
    T *y = (T *)data + first;                                                                                          \
    KERN_ELEMENTWISE                                                                                                   \
    for (size_t i = 0; i < n; i++) y[i] = (T)VALUE(x[i]);                                                              \
    return;                                                                                                            \
  }

static void pack(mote_type type, const int64_t *x, uint8_t *y, size_t first, size_t n) {
  const size_t bits = (size_t)mote_type_bits(type), each = 8 / bits;
  const unsigned mask = (1u << bits) - 1;
  y += first / each;
  for (size_t i = 0; i < n; i += each) {
    unsigned byte = 0;
    for (size_t k = 0; k < each && i + k < n; k++) byte |= ((unsigned)x[i + k] & mask) << (k * bits);
    *y++ = (uint8_t)byte;
  }
}

void num_write(mote_type type, void *data, size_t first, size_t n, const void *values) {
  switch ((int)type) {
    case MOTE_FLOAT16: WRITE(uint16_t, float, f16_from_f32)
    case MOTE_BFLOAT16: WRITE(uint16_t, float, bf16_from_f32)
    case MOTE_BOOL: WRITE(uint8_t, int64_t, NOT_ZERO)
    case MOTE_INT8:
    case MOTE_UINT8: WRITE(uint8_t, int64_t, SAME)
    case MOTE_INT16:
    case MOTE_UINT16: WRITE(uint16_t, int64_t, SAME)
    case MOTE_INT32:
    case MOTE_UINT32: WRITE(uint32_t, int64_t, SAME)
    case MOTE_INT2:
    case MOTE_INT4:
    case MOTE_UINT4: pack(type, values, data, first, n); return;
    default: return; /* native: the values are there */
  }
}

/* ---- conversions ---- */

#define EACH(VALUE)                                                                                                    \
  KERN_ELEMENTWISE                                                                                                     \
  for (size_t i = 0; i < n; i++) VALUE;                                                                                \
  break

/* Real parts as double; every class but int64 fits. */
static void widen(num_class from, const void *x, double *y, size_t n) {
  const float *f = x;
  const double *d = x;
  switch (from) {
    case NUM_F32: EACH(y[i] = (double)f[i]);
    case NUM_F64: EACH(y[i] = d[i]);
    case NUM_C64: EACH(y[i] = (double)f[2 * i]);
    default: EACH(y[i] = d[2 * i]);
  }
}

/* Truncates, within the integers that the type holds. The ends of 64 bits are no doubles: what reaches them saturates.
 */
static void truncate_to(mote_type type, const double *x, int64_t *y, size_t n) {
  const int bits = type == MOTE_BOOL ? 64 : mote_type_bits(type);
  const bool is_unsigned =
      type == MOTE_UINT4 || type == MOTE_UINT8 || type == MOTE_UINT16 || type == MOTE_UINT32 || type == MOTE_UINT64;
  const double end = ldexp(1, is_unsigned ? bits : bits - 1), lo = is_unsigned ? 0 : -end;
  const uint64_t most = is_unsigned ? UINT64_MAX >> (64 - bits) : (uint64_t)INT64_MAX >> (64 - bits);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    if (!(x[i] < end)) y[i] = (int64_t)most;
    else if (x[i] <= lo) y[i] = (int64_t)lo;
    else if (is_unsigned) y[i] = (int64_t)(uint64_t)x[i];
    else y[i] = (int64_t)x[i];
  }
}

/* The same from floats to integers of at most 32 bits, where uint32 does not count: int32 is enough in between, and
 * loops become vectors. */
static void truncate_f32(mote_type type, const float *x, int64_t *y, size_t n) {
  const int bits = mote_type_bits(type);
  const bool is_unsigned = type == MOTE_UINT4 || type == MOTE_UINT8 || type == MOTE_UINT16;
  const int32_t most = (int32_t)(UINT32_MAX >> (32 - bits) >> !is_unsigned), least = is_unsigned ? 0 : -most - 1;
  const float lo = (float)least, end = (float)most + 1; /* a power of two, also where the sum is rounded */
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    const float v = x[i] < lo ? lo : x[i];
    const int32_t whole = (int32_t)(v < end ? v : 0);
    y[i] = v < end ? whole : most;
  }
}

static void from_real(const double *x, mote_type to, void *y, size_t n) {
  float *f = y;
  double *d = y;
  switch (num_class_of(to)) {
    case NUM_INT:
      if (to != MOTE_BOOL) {
        truncate_to(to, x, y, n);
        break;
      }
      EACH(((int64_t *)y)[i] = x[i] != 0);
    case NUM_F32: EACH(f[i] = (float)x[i]);
    case NUM_F64: EACH(d[i] = x[i]);
    case NUM_C64: EACH((f[2 * i] = (float)x[i], f[2 * i + 1] = 0));
    default: EACH((d[2 * i] = x[i], d[2 * i + 1] = 0));
  }
}

/* Integers are rounded once, so they do not go through double to float. */
static void from_int(const int64_t *x, num_class to, void *y, size_t n) {
  float *f = y;
  double *d = y;
  switch (to) {
    case NUM_INT: memcpy(y, x, n * sizeof *x); break;
    case NUM_F32: EACH(f[i] = (float)x[i]);
    case NUM_F64: EACH(d[i] = (double)x[i]);
    case NUM_C64: EACH((f[2 * i] = (float)x[i], f[2 * i + 1] = 0));
    default: EACH((d[2 * i] = (double)x[i], d[2 * i + 1] = 0));
  }
}

static void from_u64(const uint64_t *x, num_class to, void *y, size_t n) {
  float *f = y;
  double *d = y;
  switch (to) {
    case NUM_INT: memcpy(y, x, n * sizeof *x); break;
    case NUM_F32: EACH(f[i] = (float)x[i]);
    case NUM_F64: EACH(d[i] = (double)x[i]);
    case NUM_C64: EACH((f[2 * i] = (float)x[i], f[2 * i + 1] = 0));
    default: EACH((d[2 * i] = (double)x[i], d[2 * i + 1] = 0));
  }
}

static void from_complex(num_class from, const void *x, num_class to, void *y, size_t n) {
  if (from == to) {
    memcpy(y, x, n * (from == NUM_C64 ? 8 : 16));
    return;
  }
  for (size_t i = 0; i < 2 * n; i++) {
    if (from == NUM_C64) ((double *)y)[i] = (double)((const float *)x)[i];
    else ((float *)y)[i] = (float)((const double *)x)[i];
  }
}

void num_convert(mote_type from, const void *x, mote_type to, void *y, size_t first, size_t n) {
  double in[NUM_BLOCK * 2], real[NUM_BLOCK], out[NUM_BLOCK * 2];
  const num_class a = num_class_of(from), b = num_class_of(to);
  for (size_t i = 0, m; i < n; i += m) {
    m = n - i < NUM_BLOCK ? n - i : NUM_BLOCK;
    const void *const values = num_read(from, x, first + i, m, in);
    void *const place = num_place(to, y, first + i, out);
    if (from == MOTE_UINT64) from_u64(values, b, place, m);
    else if (a == NUM_INT) from_int(values, b, place, m);
    else if (a == NUM_F32 && b == NUM_INT && to != MOTE_BOOL && to != MOTE_UINT32 && to != MOTE_INT64 &&
             to != MOTE_UINT64)
      truncate_f32(to, values, place, m);
    else if (a >= NUM_C64 && b >= NUM_C64) from_complex(a, values, b, place, m);
    else {
      widen(a, values, real, m);
      from_real(real, to, place, m);
    }
    num_write(to, y, first + i, m, place);
  }
}
