/* array_tensor.c: numbers between tensors and files: arrays into tensors, tensors into .npy, raw bytes both ways. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/f16.h"
#include "base/size.h"
#include "media/npy.h"

/* float8 E4M3FN: 4 bits of exponent with bias 7, no infinity, NaN when all bits are 1. */
static float e4m3fn_to_f32(uint8_t b) {
  const int exponent = b >> 3 & 15, mantissa = b & 7;
  const float magnitude = (b & 127) == 127 ? NAN
                          : exponent       ? ldexpf((float)(8 + mantissa), exponent - 10)
                                           : ldexpf((float)mantissa, -9);
  return b & 128 ? -magnitude : magnitude;
}

/* Element i as a real number, before scale and zero point; packed types are unpacked. */
static double number_at(mote_type type, const void *data, size_t i) {
  switch (type) {
    case MOTE_FLOAT32: return ((const float *)data)[i];
    case MOTE_FLOAT64: return ((const double *)data)[i];
    case MOTE_FLOAT16: return f16_to_f32(((const uint16_t *)data)[i]);
    case MOTE_BFLOAT16: return bf16_to_f32(((const uint16_t *)data)[i]);
    case MOTE_FLOAT8_E4M3FN: return e4m3fn_to_f32(((const uint8_t *)data)[i]);
    case MOTE_FLOAT8_E5M2: return f16_to_f32((uint16_t)(((const uint8_t *)data)[i] << 8));
    case MOTE_INT8: return ((const int8_t *)data)[i];
    case MOTE_UINT8:
    case MOTE_BOOL: return ((const uint8_t *)data)[i];
    case MOTE_INT16: return ((const int16_t *)data)[i];
    case MOTE_UINT16: return ((const uint16_t *)data)[i];
    case MOTE_INT32: return ((const int32_t *)data)[i];
    case MOTE_UINT32: return ((const uint32_t *)data)[i];
    case MOTE_INT64: return (double)((const int64_t *)data)[i];
    case MOTE_UINT64: return (double)((const uint64_t *)data)[i];
    case MOTE_INT4: return int4_get(data, i);
    case MOTE_UINT4: return int4_get(data, i) & 15;
    case MOTE_INT2: return int2_get(data, i);
    default: return NAN;
  }
}

static bool is_float(mote_type t) { return t == MOTE_FLOAT32 || t == MOTE_FLOAT16 || t == MOTE_FLOAT64; }
static bool is_complex(mote_type t) { return t == MOTE_COMPLEX64 || t == MOTE_COMPLEX128; }

/* Integer types that hold quantized values a byte or more each. */
static bool is_quantized(const mote_tensor *t) {
  return t->scale > 0 &&
         (t->type == MOTE_INT8 || t->type == MOTE_UINT8 || t->type == MOTE_INT16 || t->type == MOTE_INT32);
}

static void put_float(mote_tensor *t, size_t i, double v) {
  if (t->type == MOTE_FLOAT32) ((float *)t->data)[i] = (float)v;
  else if (t->type == MOTE_FLOAT16) ((uint16_t *)t->data)[i] = f16_from_f32((float)v);
  else ((double *)t->data)[i] = v;
}

static void put_quantized(mote_tensor *t, size_t i, double v) {
  const int bits = mote_type_bits(t->type);
  const double lowest = t->type == MOTE_UINT8 ? 0 : -ldexp(1, bits - 1);
  const double highest = t->type == MOTE_UINT8 ? 255 : ldexp(1, bits - 1) - 1;
  const double q = fmin(fmax(round(v / (double)t->scale) + t->zero_point, lowest), highest);
  if (t->type == MOTE_INT32) ((int32_t *)t->data)[i] = (int32_t)q;
  else if (t->type == MOTE_INT16) ((int16_t *)t->data)[i] = (int16_t)q;
  else ((uint8_t *)t->data)[i] = (uint8_t)(int32_t)q;
}

static mote_status check_dims(const mote_array *a, const char *name, const mote_tensor *t, mote_error *e) {
  if (a->rank == t->rank && !memcmp(a->dims, t->dims, (size_t)a->rank * sizeof *a->dims)) return MOTE_OK;
  char takes[MEDIA_DIMS_TEXT], has[MEDIA_DIMS_TEXT];
  return err_set(e, MOTE_ERR_SHAPE, "'%s' takes %s %s, but %s holds %s %s; reshape the array first",
                 t->name ? t->name : "", mote_type_name(t->type), media_dims_text(takes, t->dims, t->rank), name,
                 mote_type_name(a->type), media_dims_text(has, a->dims, a->rank));
}

mote_status mote_array_to_tensor(const mote_array *array, const char *name, bool convert, mote_tensor *tensor,
                                 mote_error *e) {
  if (!array || !tensor || !tensor->data)
    return err_set(e, MOTE_ERR_ARGUMENT, "an array and a tensor with memory are needed, and one is NULL");
  if (!name) name = "the array";
  MOTE_TRY(check_dims(array, name, tensor, e));
  if (array->type == MOTE_STRING)
    return err_set(e, MOTE_ERR_TYPE, "%s holds strings, which mote_session_write_strings puts into a tensor", name);
  if (array->type == tensor->type) {
    if (array->size != tensor->size)
      return err_set(e, MOTE_ERR_ARGUMENT, "the tensor has memory for %zu bytes, and %s holds %zu", tensor->size, name,
                     array->size);
    memcpy(tensor->data, array->data, array->size);
    return MOTE_OK;
  }
  const bool to_float = is_float(tensor->type) && !is_complex(array->type);
  const bool to_quantized = is_quantized(tensor) && is_float(array->type);
  if (!convert || (!to_float && !to_quantized))
    return err_set(e, MOTE_ERR_TYPE, "'%s' takes %s, but %s holds %s; %s", tensor->name ? tensor->name : "",
                   mote_type_name(tensor->type), name, mote_type_name(array->type),
                   to_float || to_quantized ? "convert the array first, or have it converted (--float)"
                                            : "convert the array first");
  const size_t count = array->size / ((size_t)mote_type_bits(array->type) / 8);
  for (size_t i = 0; i < count; i++) {
    const double v = number_at(array->type, array->data, i);
    if (to_float) put_float(tensor, i, v);
    else put_quantized(tensor, i, v);
  }
  return MOTE_OK;
}

/* ---- writing ---- */

/* The type that a tensor is written as. */
static mote_type written_type(const mote_tensor *t, bool convert) {
  if (convert && is_quantized(t)) return MOTE_FLOAT32;
  switch (t->type) {
    case MOTE_BFLOAT16:
    case MOTE_FLOAT8_E4M3FN:
    case MOTE_FLOAT8_E5M2: return MOTE_FLOAT32;
    case MOTE_INT4:
    case MOTE_INT2: return convert && t->scale > 0 ? MOTE_FLOAT32 : MOTE_INT8;
    case MOTE_UINT4: return convert && t->scale > 0 ? MOTE_FLOAT32 : MOTE_UINT8;
    default: return t->type;
  }
}

static mote_status write_npy(const char *path, const char *code, const mote_tensor *t, const void *data, size_t size,
                             mote_error *e) {
  char header[NPY_HEADER_ROOM];
  const file_part parts[2] = {{header, npy_header(header, code, t->dims, t->rank)}, {data, size}};
  return file_write(path, parts, 2, e);
}

static mote_status write_converted(const char *path, const mote_tensor *t, size_t count, mote_type type, mem *m,
                                   mote_error *e) {
  const size_t item = (size_t)mote_type_bits(type) / 8;
  uint8_t *data = mem_array(m, count, item);
  if (!data) return err_memory(e, "the converted tensor", (uint64_t)count * item);
  const bool scaled = type == MOTE_FLOAT32 && t->scale > 0;
  for (size_t i = 0; i < count; i++) {
    const double v = number_at(t->type, t->data, i);
    if (type == MOTE_FLOAT32) ((float *)(void *)data)[i] = (float)(scaled ? (v - t->zero_point) * (double)t->scale : v);
    else data[i] = (uint8_t)(int32_t)v;
  }
  const mote_status status = write_npy(path, npy_code(type), t, data, count * item, e);
  mem_free(m, data);
  return status;
}

/* String i of the packed form, checked against the tensor's bytes. */
static bool string_at(const mote_tensor *t, size_t i, const uint8_t **bytes, size_t *length) {
  const uint8_t *data = t->data;
  if (t->size < 4 || i >= get_u32le(data) || (t->size - 4) / 4 < i + 2) return false;
  const uint32_t start = get_u32le(data + 4 * (i + 1)), end = get_u32le(data + 4 * (i + 2));
  if (start > end || end > t->size) return false;
  *bytes = data + start;
  *length = end - start;
  return true;
}

static mote_status write_strings(const char *path, const mote_tensor *t, size_t count, mem *m, mote_error *e) {
  size_t longest = 1; /* NumPy has no strings of width 0 */
  for (size_t i = 0; i < count; i++) {
    const uint8_t *bytes;
    size_t length;
    if (!string_at(t, i, &bytes, &length))
      return err_set(e, MOTE_ERR_ARGUMENT, "string %zu of the tensor is missing or damaged; nothing was written", i);
    if (length > longest) longest = length;
  }
  char *data = mem_array(m, count, longest);
  if (!data) return err_memory(e, "the strings", (uint64_t)count * longest);
  for (size_t i = 0; i < count; i++) {
    const uint8_t *bytes;
    size_t length;
    if (string_at(t, i, &bytes, &length)) memcpy(data + i * longest, bytes, length);
  }
  char code[32];
  snprintf(code, sizeof code, "|S%zu", longest);
  const mote_status status = write_npy(path, code, t, data, count * longest, e);
  mem_free(m, data);
  return status;
}

static mote_status count_elements(const mote_tensor *t, size_t *count, mote_error *e) {
  const size_t bits = (size_t)mote_type_bits(t->type);
  size_t all;
  *count = 0;
  const bool fits = t->data && t->rank >= 0 && t->rank <= MOTE_MAX_RANK && size_dims(t->dims, t->rank, count) &&
                    size_mul(*count, bits ? bits : 1, &all) && (!bits || (all + 7) / 8 <= t->size);
  return fits ? MOTE_OK
              : err_set(e, MOTE_ERR_ARGUMENT, "the tensor '%s' has no data, or less than its dimensions say; run first",
                        t->name ? t->name : "");
}

mote_status mote_array_write(const char *path, const mote_tensor *tensor, bool convert, mote_error *e) {
  if (!path || !tensor) return err_set(e, MOTE_ERR_ARGUMENT, "a path and a tensor are needed, and one is NULL");
  size_t count;
  MOTE_TRY(count_elements(tensor, &count, e));
  const mote_type type = written_type(tensor, convert);
  const char *code = npy_code(type);
  if (!code && type != MOTE_STRING)
    return err_set(e, MOTE_ERR_UNSUPPORTED, "tensors of type %s cannot be written as .npy", mote_type_name(type));
  if (type == tensor->type && code)
    return write_npy(path, code, tensor, tensor->data, count * (size_t)mote_type_bits(type) / 8, e);
  mem *m = mem_new(NULL, 0);
  if (!m) return err_memory(e, "an allocator object", sizeof *m);
  const mote_status status =
      type == MOTE_STRING ? write_strings(path, tensor, count, m, e) : write_converted(path, tensor, count, type, m, e);
  mem_release(m);
  return status;
}

mote_status mote_raw_read(const char *path, mote_tensor *tensor, mote_error *e) {
  if (!tensor || !tensor->data) return err_set(e, MOTE_ERR_ARGUMENT, "a tensor with memory is needed, and it has none");
  media_source s;
  MOTE_TRY(media_open(&s, path, NULL, e));
  char dims[MEDIA_DIMS_TEXT];
  mote_status status = MOTE_OK;
  if (s.size == tensor->size) memcpy(tensor->data, s.data, s.size);
  else
    status = err_set(e, MOTE_ERR_SHAPE, "'%s' takes %zu bytes (%s %s), but %s holds %zu",
                     tensor->name ? tensor->name : "", tensor->size, mote_type_name(tensor->type),
                     media_dims_text(dims, tensor->dims, tensor->rank), s.name, s.size);
  media_close(&s);
  return status;
}

mote_status mote_raw_write(const char *path, const mote_tensor *tensor, mote_error *e) {
  if (!path || !tensor || !tensor->data)
    return err_set(e, MOTE_ERR_ARGUMENT, "a path and a tensor with data are needed, and one is missing");
  const file_part part = {tensor->data, tensor->size};
  return file_write(path, &part, 1, e);
}
