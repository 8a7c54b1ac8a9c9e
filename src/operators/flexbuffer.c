/* flexbuffer.c: see flexbuffer.h. A value is a scalar stored in place, or the distance back to where its content lies.
 */
#include "operators/flexbuffer.h"

#include <math.h>
#include <string.h>

#include "base/f16.h"

enum {
  FLEX_INT = 1,
  FLEX_UINT = 2,
  FLEX_FLOAT = 3,
  FLEX_STRING = 5,
  FLEX_INDIRECT_INT = 6,
  FLEX_INDIRECT_UINT = 7,
  FLEX_INDIRECT_FLOAT = 8,
  FLEX_MAP = 9,
  FLEX_VECTOR = 10,     /* a byte of type for each element behind them */
  FLEX_VECTOR_INT = 11, /* and of no other type */
  FLEX_VECTOR_UINT = 12,
  FLEX_VECTOR_INT_2 = 16, /* of two, without a count; then of unsigned and float, then of three and four */
  FLEX_VECTOR_FLOAT_4 = 24,
  FLEX_BOOL = 26
};

static bool inside(size_t size, uint64_t at, uint64_t bytes) { return at <= size && bytes <= size - at; }

static uint64_t read_uint(const uint8_t *from, uint8_t width) {
  uint64_t v = 0;
  memcpy(&v, from, width); /* little-endian, as all hosts are */
  return v;
}

static int64_t read_int(const uint8_t *from, uint8_t width) {
  const int unused = 64 - 8 * width;
  return (int64_t)(read_uint(from, width) << unused) >> unused;
}

static bool read_float(const uint8_t *from, uint8_t width, double *to) {
  uint16_t half;
  float single;
  switch (width) {
    case 2:
      memcpy(&half, from, 2);
      *to = (double)f16_to_f32(half);
      return true;
    case 4:
      memcpy(&single, from, 4);
      *to = (double)single;
      return true;
    case 8: memcpy(to, from, 8); return true;
    default: return false;
  }
}

/* Low bits of a packed type: log2 of a width. The rest is the type. */
static uint8_t packed_width(uint8_t packed) { return (uint8_t)(1 << (packed & 3)); }

bool flex_root(const void *blob, size_t size, flex_value *root) {
  const uint8_t *const bytes = blob;
  if (!bytes || size < 3) return false;
  /* Ends with: the value, its packed type, its width. */
  const uint8_t packed = bytes[size - 2], width = bytes[size - 1];
  if ((width != 1 && width != 2 && width != 4 && width != 8) || size - 2 < width) return false;
  *root = (flex_value){bytes, size, size - 2 - width, width, (uint8_t)(packed >> 2), packed_width(packed), 0};
  return true;
}

/* Follows the distance stored at `at`. */
static bool follow(const flex_value *v, size_t at, uint8_t width, size_t *to) {
  const uint64_t back = read_uint(v->blob + at, width);
  if (back > at) return false;
  *to = at - (size_t)back;
  return true;
}

/* A map: `count` values of `child` bytes at `values`, then a byte of type for each; keys are distances elsewhere. Ahead
 * of the values stand the distance to the keys, the width of one, and the count. */
typedef struct map_view {
  size_t values, keys;
  uint64_t count;
  uint8_t key_width;
} map_view;

static bool open_map(const flex_value *v, map_view *m) {
  if (v->type != FLEX_MAP || v->depth >= FLEX_MAX_DEPTH || !follow(v, v->at, v->width, &m->values)) return false;
  const uint8_t child = v->child;
  if (m->values < 3u * child) return false;
  m->count = read_uint(v->blob + m->values - child, child);
  if (m->count > v->size || !inside(v->size, m->values, m->count * (child + 1u))) return false;
  const uint64_t key_width = read_uint(v->blob + m->values - 2u * child, child);
  if (key_width != 1 && key_width != 2 && key_width != 4 && key_width != 8) return false;
  m->key_width = (uint8_t)key_width;
  return follow(v, m->values - 3u * child, child, &m->keys) && inside(v->size, m->keys, m->count * key_width);
}

bool flex_is_map(const flex_value *value) {
  map_view m;
  return open_map(value, &m);
}

/* True when entry i has this key. Keys end with a 0 that must lie inside the blob. */
static bool key_is(const flex_value *v, const map_view *m, size_t i, const char *key) {
  size_t at;
  const size_t length = strlen(key) + 1;
  return follow(v, m->keys + i * m->key_width, m->key_width, &at) && inside(v->size, at, length) &&
         !memcmp(v->blob + at, key, length);
}

bool flex_find(const flex_value *map, const char *key, flex_value *value) {
  map_view m;
  if (!open_map(map, &m)) return false;
  for (size_t i = 0; i < m.count; i++) {
    if (!key_is(map, &m, i, key)) continue;
    const uint8_t packed = map->blob[m.values + (size_t)m.count * map->child + i];
    *value = (flex_value){map->blob,
                          map->size,
                          m.values + i * map->child,
                          map->child,
                          (uint8_t)(packed >> 2),
                          packed_width(packed),
                          (uint8_t)(map->depth + 1)};
    return true;
  }
  return false;
}

/* Any number, as the two kinds of 64 bits that hold it. */
static bool number(const flex_value *v, double *real, int64_t *integer) {
  size_t at = v->at;
  uint8_t width = v->width, type = v->type;
  if (type >= FLEX_INDIRECT_INT && type <= FLEX_INDIRECT_FLOAT) {
    width = v->child;
    if (!follow(v, v->at, v->width, &at) || !inside(v->size, at, width)) return false;
    type = (uint8_t)(type - FLEX_INDIRECT_INT + FLEX_INT);
  }
  const uint8_t *const from = v->blob + at;
  switch (type) {
    case FLEX_INT: *integer = read_int(from, width), *real = (double)*integer; return true;
    case FLEX_UINT:
    case FLEX_BOOL: {
      const uint64_t u = read_uint(from, width);
      *integer = u > INT64_MAX ? INT64_MAX : (int64_t)u, *real = (double)u;
      return true;
    }
    case FLEX_FLOAT:
      if (!read_float(from, width, real) || !isfinite(*real)) return false;
      *integer = fabs(*real) < 9e18 ? (int64_t)*real : INT64_MAX;
      return true;
    default: return false;
  }
}

bool flex_int(const flex_value *value, int32_t *to) {
  double real;
  int64_t integer;
  if (!number(value, &real, &integer) || integer < INT32_MIN || integer > INT32_MAX) return false;
  *to = (int32_t)integer;
  return true;
}

bool flex_float(const flex_value *value, float *to) {
  double real;
  int64_t integer;
  if (!number(value, &real, &integer)) return false;
  *to = (float)real;
  return true;
}

bool flex_bool(const flex_value *value, bool *to) {
  double real;
  int64_t integer;
  if (!number(value, &real, &integer)) return false;
  *to = real != 0;
  return true;
}

/* A vector: where its elements lie, how many, and their type; FLEX_VECTOR where each has its own. */
static bool open_vector(const flex_value *v, size_t *at, uint64_t *count, uint8_t *type) {
  const uint8_t child = v->child;
  if (!follow(v, v->at, v->width, at)) return false;
  if (v->type >= FLEX_VECTOR_INT_2 && v->type <= FLEX_VECTOR_FLOAT_4) {
    *count = (uint64_t)(v->type - FLEX_VECTOR_INT_2) / 3 + 2;
    *type = (uint8_t)((v->type - FLEX_VECTOR_INT_2) % 3 + FLEX_INT);
  } else {
    if ((v->type != FLEX_VECTOR && v->type != FLEX_VECTOR_INT && v->type != FLEX_VECTOR_UINT) || *at < child)
      return false;
    *count = read_uint(v->blob + *at - child, child);
    *type = v->type == FLEX_VECTOR ? FLEX_VECTOR : (uint8_t)(v->type - FLEX_VECTOR_INT + FLEX_INT);
  }
  return *count <= v->size && inside(v->size, *at, *count * (child + (*type == FLEX_VECTOR)));
}

bool flex_ints(const flex_value *value, int32_t *to, int32_t most, int32_t *count) {
  size_t at;
  uint64_t n;
  uint8_t type;
  if (!open_vector(value, &at, &n, &type) || n > (uint64_t)most) return false;
  for (size_t i = 0; i < n; i++) {
    flex_value element = *value;
    element.at = at + i * value->child;
    element.width = value->child;
    element.type = type;
    if (type == FLEX_VECTOR) {
      const uint8_t packed = value->blob[at + (size_t)n * value->child + i];
      element.type = (uint8_t)(packed >> 2);
      element.child = packed_width(packed);
    }
    if (!flex_int(&element, &to[i])) return false;
  }
  *count = (int32_t)n;
  return true;
}

bool flex_is_text(const flex_value *value, const char *text) {
  const size_t length = strlen(text);
  size_t at;
  if (value->type != FLEX_STRING || !follow(value, value->at, value->width, &at) || at < value->child) return false;
  return read_uint(value->blob + at - value->child, value->child) == length && inside(value->size, at, length) &&
         !memcmp(value->blob + at, text, length);
}
