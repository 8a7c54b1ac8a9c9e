/* settings.c: what layers read: their settings, and their weights (emit.h). */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "import/keras/emit.h"

/* ---- settings ---- */

const json_t *k_get(const json_t *config, const char *keys) {
  char key[64];
  for (const char *at = keys; *at;) {
    const size_t n = strcspn(at, "|");
    if (n < sizeof key) {
      memcpy(key, at, n);
      key[n] = 0;
      const json_t *found = json_object_get(config, key);
      if (found) return found;
    }
    at += n + (at[n] == '|');
  }
  return NULL;
}

static int32_t to_int(const json_t *j) {
  const double v = json_number_value(j);
  return v > INT32_MAX ? INT32_MAX : v < -INT32_MAX ? -INT32_MAX : (int32_t)v;
}

int32_t k_int(const k_ctx *c, const char *keys, int32_t otherwise) {
  const json_t *j = k_get(c->config, keys);
  if (json_is_array(j)) j = json_array_get(j, 0);
  return json_is_number(j) ? to_int(j) : otherwise;
}

double k_real(const k_ctx *c, const char *keys, double otherwise) {
  const json_t *j = k_get(c->config, keys);
  if (json_is_object(j)) j = json_object_get(j, "value"); /* a NumPy array of one element */
  return json_is_number(j) ? json_number_value(j) : otherwise;
}

bool k_flag(const k_ctx *c, const char *keys, bool otherwise) {
  const json_t *j = k_get(c->config, keys);
  return json_is_boolean(j) ? json_is_true(j) : json_is_number(j) ? json_number_value(j) != 0 : otherwise;
}

const char *k_text(const k_ctx *c, const char *keys, const char *otherwise) {
  const char *text = json_string_value(k_get(c->config, keys));
  return text ? text : otherwise;
}

bool k_is(const k_ctx *c, const char *keys, const char *text) { return !strcmp(k_text(c, keys, ""), text); }

int32_t k_ints(const k_ctx *c, const char *keys, int32_t *to, int32_t most) {
  const json_t *j = k_get(c->config, keys);
  if (json_is_number(j)) {
    for (int32_t i = 0; i < most; i++) to[i] = to_int(j);
    return 1;
  }
  const size_t n = json_array_size(j);
  for (size_t i = 0; i < n && i < (size_t)most; i++) to[i] = to_int(json_array_get(j, i));
  return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

bool k_first(const k_ctx *c) { return k_is(c, "data_format", "channels_first") || k_is(c, "dim_ordering", "th"); }

/* ---- weights ---- */

static const k_array *read_array(k_ctx *c, const char *path) {
  for (const k_cached *at = c->e->arrays; at; at = at->next)
    if (!strcmp(at->path, path)) return &at->array;
  k_cached *new = ARENA_NEW(c->b->arena, k_cached);
  mote_error e;
  if (!new) {
    build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for its weights");
    return NULL;
  }
  if (k_file_array(c->e->file, path, c->b->arena, &new->array, &e) != MOTE_OK) {
    build_fail(c->b, e.code, "%s", e.text);
    return NULL;
  }
  new->path = path;
  new->next = c->e->arrays;
  c->e->arrays = new;
  return &new->array;
}

const k_array *k_take(k_ctx *c, const char *what, int index, int32_t rank, const int32_t *dims) {
  if (c->b->failed) return NULL;
  const char *path = k_scope_take(&c->weights, index, c->b->arena);
  if (!path) {
    build_fail(c->b, MOTE_ERR_MODEL, "the file holds no %s for it", what);
    return NULL;
  }
  const k_array *a = read_array(c, path);
  if (!a) return NULL;
  bool fits = a->rank == rank;
  for (int32_t i = 0; fits && dims && i < rank; i++) fits = dims[i] < 0 || dims[i] == a->dims[i];
  for (int32_t i = 0; fits && i < rank; i++) fits = a->dims[i] > 0;
  if (fits) return a;
  build_fail(c->b, MOTE_ERR_MODEL,
             "its %s has another shape than its settings and input ask for ('%.100s', %d dimensions)", what, path,
             (int)a->rank);
  return NULL;
}

k_scope k_part(k_ctx *c, const char *part) {
  k_scope s = c->weights;
  mote_error e;
  if (k_scope_part(&c->weights, part, c->b->arena, &s, &e) != MOTE_OK) build_fail(c->b, e.code, "%s", e.text);
  return s;
}

float *k_floats(k_ctx *c, size_t count) {
  float *v = ARENA_ARRAY(c->b->arena, float, count ? count : 1);
  if (!v) build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for its weights");
  return v;
}

int32_t k_const(k_ctx *c, const char *name, int32_t rank, const int32_t *dims, const float *data) {
  return data ? build_const(c->b, name, MOTE_FLOAT32, rank, dims, data, BUILD_BORROW) : -1;
}

int32_t k_const_array(k_ctx *c, const char *name, const k_array *a) {
  return a ? k_const(c, name, a->rank, a->dims, a->data) : -1;
}

float *k_permuted(k_ctx *c, const k_array *a, const int32_t *perm) {
  float *to = k_floats(c, a->count);
  if (!to) return NULL;
  int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK] = {0};
  size_t strides[OP_MAX_RANK], step[OP_MAX_RANK], product = 1, from = 0;
  for (int32_t i = a->rank - 1; i >= 0; i--) strides[i] = product, product *= (size_t)a->dims[i];
  for (int32_t i = 0; i < a->rank; i++) dims[i] = a->dims[perm[i]], step[i] = strides[perm[i]];
  for (size_t n = 0; n < a->count; n++) {
    to[n] = a->data[from];
    for (int32_t i = a->rank - 1; i >= 0; i--) {
      from += step[i];
      if (++at[i] < dims[i]) break;
      from -= step[i] * (size_t)dims[i];
      at[i] = 0;
    }
  }
  return to;
}

int32_t k_const_perm(k_ctx *c, const char *name, const k_array *a, const int32_t *perm) {
  int32_t dims[OP_MAX_RANK];
  if (!a) return -1;
  for (int32_t i = 0; i < a->rank; i++) dims[i] = a->dims[perm[i]];
  return k_const(c, name, a->rank, dims, k_permuted(c, a, perm));
}
