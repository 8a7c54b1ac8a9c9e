/* array.c: arrays as objects: from .npy files, into tensors. The header is read in npy.c; what tensors do is in
 * array_tensor.c. */
#include <string.h>

#include "media/npy.h"

typedef struct array_object {
  mote_array array; /* first: the pointer a caller holds */
  void *data;
  mem *mem;
} array_object;

/* In C order, element i of an array that is stored with its first dimension running fastest. */
static void copy_transposed(const npy *n, uint8_t *to) {
  size_t step[MOTE_MAX_RANK], at = 0;
  int32_t index[MOTE_MAX_RANK] = {0};
  for (int32_t d = 0; d < n->rank; d++) step[d] = d ? step[d - 1] * (size_t)n->dims[d - 1] : n->item;
  for (size_t i = 0; i < n->count; i++) {
    memcpy(to + i * n->item, n->data + at, n->item);
    for (int32_t d = n->rank - 1; d >= 0; d--) {
      at += step[d];
      if (++index[d] < n->dims[d]) break;
      at -= step[d] * (size_t)n->dims[d];
      index[d] = 0;
    }
  }
}

/* One character as UTF-8; what is no character becomes U+FFFD. Returns its bytes (`to` may be NULL). */
static size_t utf8(uint32_t c, uint8_t *to) {
  if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = 0xfffd;
  const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  if (!to) return n;
  static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = n; i-- > 1; c >>= 6) to[i] = (uint8_t)(0x80 | (c & 63));
  to[0] = (uint8_t)(lead[n] | c);
  return n;
}

/* The bytes of one string of the file, of a fixed width there and padded by 0. `to` may be NULL, for the length. */
static size_t copy_string(const npy *n, const uint8_t *from, uint8_t *to) {
  size_t width = n->item, used = 0;
  if (!n->unicode) {
    while (width && !from[width - 1]) width--;
    if (to) memcpy(to, from, width);
    return width;
  }
  while (width && !get_u32le(from + width - 4)) width -= 4;
  for (size_t i = 0; i < width; i += 4) used += utf8(get_u32le(from + i), to ? to + used : NULL);
  return used;
}

/* The packed form of MOTE_STRING: count, count + 1 offsets from the start, bytes. */
static mote_status pack_strings(const npy *n, const uint8_t *items, array_object *o, const media_source *s,
                                mote_error *e) {
  uint64_t total = 4 * ((uint64_t)n->count + 2);
  for (size_t i = 0; i < n->count; i++) total += copy_string(n, items + i * n->item, NULL);
  if (total > INT32_MAX)
    return err_set(e, MOTE_ERR_LIMIT, "%s holds strings of %llu bytes; a tensor holds at most 2^31 - 1", s->name,
                   (unsigned long long)total);
  uint8_t *packed = mem_alloc(s->mem, (size_t)total);
  if (!packed) return err_memory(e, "the strings", total);
  const int32_t count = (int32_t)n->count;
  int32_t at = 4 * (count + 2);
  memcpy(packed, &count, 4);
  for (size_t i = 0; i < n->count; i++) {
    memcpy(packed + 4 * (i + 1), &at, 4);
    at += (int32_t)copy_string(n, items + i * n->item, packed + at);
  }
  memcpy(packed + 4 * (n->count + 1), &at, 4);
  o->data = packed;
  o->array.size = (size_t)total;
  return MOTE_OK;
}

static mote_status fill(array_object *o, const npy *n, const media_source *s, mote_error *e) {
  const size_t size = n->count * n->item;
  uint8_t *items = mem_alloc(s->mem, size);
  if (!items) return err_memory(e, "the array", size);
  if (n->fortran && n->rank > 1) copy_transposed(n, items);
  else memcpy(items, n->data, size);
  if (n->type != MOTE_STRING) {
    o->data = items;
    o->array.size = size;
    return MOTE_OK;
  }
  const mote_status status = pack_strings(n, items, o, s, e);
  mem_free(s->mem, items);
  return status;
}

mote_array *npy_array(const media_source *s, mote_error *e) {
  if (media_kind_of(s->data, s->size) != KIND_NPY) {
    err_set(e, MOTE_ERR_FORMAT, "%s is no array that mote can read: it looks like %s; NumPy's .npy is read", s->name,
            mote_media_kind(s->data, s->size));
    return NULL;
  }
  npy n;
  if (npy_find(&n, s, e)) return NULL;
  array_object *o = MEM_NEW(s->mem, array_object);
  if (!o) {
    err_memory(e, "an array's record", sizeof *o);
    return NULL;
  }
  o->array.type = n.type;
  o->array.rank = n.rank;
  memcpy(o->array.dims, n.dims, sizeof n.dims);
  if (fill(o, &n, s, e)) {
    err_prefix(e, "%s", s->name);
    mem_free(s->mem, o);
    return NULL;
  }
  o->array.data = o->data;
  o->mem = mem_retain(s->mem);
  return &o->array;
}

mote_array *mote_array_open(const char *path, const mote_media_config *config, mote_error *e) {
  media_source s;
  if (media_open(&s, path, config, e)) return NULL;
  mote_array *array = npy_array(&s, e);
  media_close(&s);
  return array;
}

mote_array *mote_array_from_memory(const void *data, size_t size, const char *name, const mote_media_config *config,
                                   mote_error *e) {
  media_source s;
  if (media_from_memory(&s, data, size, name, config, e)) return NULL;
  mote_array *array = npy_array(&s, e);
  media_close(&s);
  return array;
}

void mote_array_free(mote_array *array) {
  if (!array) return;
  array_object *o = (array_object *)array;
  mem *m = o->mem;
  mem_free(m, o->data);
  mem_free(m, o);
  mem_release(m);
}
