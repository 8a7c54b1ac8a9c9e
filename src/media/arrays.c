/* arrays.c: files that hold arrays of many samples: mapped where they can be used as they lie, else copied. The formats
 * are in npy.c, npz.c and idx.c. */
#include <string.h>

#include "base/size.h"
#include "media/idx.h"
#include "media/npy.h"
#include "media/npz.h"
#include "media/unpack.h"

/* What an array's data belong to; all zero: to the source itself. */
typedef struct holder {
  file_view view;
  mote_array *array;
  void *copy;
} holder;

typedef struct arrays_object {
  mote_arrays arrays; /* first: the pointer a caller holds */
  media_source source;
  mote_array *list;
  char **names;
  holder *holders;
} arrays_object;

static bool aligned(const void *data, mote_type type) {
  const size_t bytes = (size_t)mote_type_bits(type) / 8;
  return !bytes || (uintptr_t)data % (bytes > 8 ? 8 : bytes) == 0;
}

static mote_status take_npy(const media_source *s, mote_array *a, holder *h, mote_error *e) {
  npy n;
  MOTE_TRY(npy_find(&n, s, e));
  if (n.type != MOTE_STRING && !(n.fortran && n.rank > 1) && aligned(n.data, n.type)) {
    *a = (mote_array){.type = n.type, .rank = n.rank, .size = n.count * n.item, .data = n.data};
    memcpy(a->dims, n.dims, sizeof n.dims);
    return MOTE_OK;
  }
  h->array = npy_array(s, e);
  if (!h->array) return e ? e->code : MOTE_ERR_FORMAT;
  *a = *h->array;
  return MOTE_OK;
}

static mote_status take_idx(const media_source *s, mote_array *a, holder *h, mote_error *e) {
  idx x;
  MOTE_TRY(idx_find(&x, s, e));
  *a = (mote_array){.type = x.type, .rank = x.rank, .size = x.count * x.item, .data = x.data};
  memcpy(a->dims, x.dims, sizeof x.dims);
  if (x.item == 1) return MOTE_OK;
  h->copy = mem_alloc(s->mem, a->size);
  if (!h->copy) return err_memory(e, "the array", a->size);
  idx_copy(&x, h->copy);
  a->data = h->copy;
  return MOTE_OK;
}

/* Room for one more array, with its name. */
static mote_status grow(arrays_object *o, const char *name, mote_error *e) {
  mem *m = o->source.mem;
  const size_t count = (size_t)o->arrays.count, length = strlen(name) + 1;
  mote_array *list = mem_resize(m, o->list, (count + 1) * sizeof *list);
  if (list) o->list = list;
  char **names = mem_resize(m, o->names, (count + 1) * sizeof *names);
  if (names) o->names = names;
  holder *holders = mem_resize(m, o->holders, (count + 1) * sizeof *holders);
  if (holders) o->holders = holders;
  char *copy = mem_alloc(m, length);
  if (!list || !names || !holders || !copy) {
    mem_free(m, copy);
    return err_memory(e, "a list of arrays", (count + 1) * sizeof *list);
  }
  o->names[count] = memcpy(copy, name, length);
  o->list[count] = (mote_array){0};
  o->holders[count] = (holder){0};
  o->arrays = (mote_arrays){(int32_t)count + 1, (const char *const *)o->names, o->list};
  return MOTE_OK;
}

static mote_status take_entry(void *user, const char *name, file_view view, mote_error *e) {
  arrays_object *o = user;
  media_source s = o->source;
  const mote_status status = grow(o, name, e);
  if (status != MOTE_OK) {
    file_close(&view);
    return status;
  }
  const int32_t at = o->arrays.count - 1;
  o->holders[at].view = view;
  s.data = view.data;
  s.size = (size_t)view.size;
  snprintf(s.name, sizeof s.name, "'%.60s' in %.180s", name, o->source.name);
  if (media_kind_of(s.data, s.size) != KIND_NPY)
    return err_set(e, MOTE_ERR_FORMAT, "%s is no NumPy array: it looks like %s", s.name,
                   mote_media_kind(s.data, s.size));
  return take_npy(&s, &o->list[at], &o->holders[at], e);
}

static mote_status take_all(arrays_object *o, mote_error *e) {
  media_source *s = &o->source;
  MOTE_TRY(unpack_gzip(s, e));
  switch (media_kind_of(s->data, s->size)) {
    case KIND_ZIP:
      MOTE_TRY(npz_read(s, take_entry, o, e));
      return o->arrays.count ? MOTE_OK
                             : err_set(e, MOTE_ERR_FORMAT, "%s is a zip archive without a NumPy array in it", s->name);
    case KIND_NPY: MOTE_TRY(grow(o, "", e)); return take_npy(s, &o->list[0], &o->holders[0], e);
    case KIND_IDX: MOTE_TRY(grow(o, "", e)); return take_idx(s, &o->list[0], &o->holders[0], e);
    default:
      return err_set(e, MOTE_ERR_FORMAT,
                     "%s holds no arrays that mote can read: it looks like %s; .npy, .npz and idx are read, also "
                     "compressed by gzip",
                     s->name, mote_media_kind(s->data, s->size));
  }
}

/* Takes over the source, also on failure. */
static mote_arrays *read(media_source *s, mote_error *e) {
  arrays_object *o = MEM_NEW(s->mem, arrays_object);
  if (!o) {
    err_memory(e, "a record of arrays", sizeof *o);
    media_close(s);
    return NULL;
  }
  o->source = *s;
  o->list = MEM_ARRAY(s->mem, mote_array, 0);
  o->names = MEM_ARRAY(s->mem, char *, 0);
  o->holders = MEM_ARRAY(s->mem, holder, 0);
  const bool room = o->list && o->names && o->holders;
  if (!room) err_memory(e, "a list of arrays", sizeof *o->list);
  if (room && take_all(o, e) == MOTE_OK) return &o->arrays;
  mote_arrays_free(&o->arrays);
  return NULL;
}

mote_arrays *mote_arrays_open(const char *path, const mote_media_config *config, mote_error *e) {
  media_source s;
  return media_open(&s, path, config, e) ? NULL : read(&s, e);
}

mote_arrays *mote_arrays_from_memory(const void *data, size_t size, const char *name, const mote_media_config *config,
                                     mote_error *e) {
  media_source s;
  return media_from_memory(&s, data, size, name, config, e) ? NULL : read(&s, e);
}

void mote_arrays_free(mote_arrays *arrays) {
  if (!arrays) return;
  arrays_object *o = (arrays_object *)arrays;
  media_source s = o->source;
  for (int32_t i = 0; i < o->arrays.count; i++) {
    mem_free(s.mem, o->names[i]);
    mem_free(s.mem, o->holders[i].copy);
    mote_array_free(o->holders[i].array);
    if (o->holders[i].view.data) file_close(&o->holders[i].view);
  }
  mem_free(s.mem, o->list);
  mem_free(s.mem, o->names);
  mem_free(s.mem, o->holders);
  mem_free(s.mem, o);
  media_close(&s);
}

mote_status mote_array_slice(const mote_array *array, int64_t index, mote_array *slice, mote_error *e) {
  if (!array || !slice || array->rank < 1 || array->type == MOTE_STRING)
    return err_set(e, MOTE_ERR_ARGUMENT, "an array of numbers with at least one axis is needed to take a slice of it");
  if (index < 0 || index >= array->dims[0])
    return err_set(e, MOTE_ERR_ARGUMENT, "the array holds %d slices, so there is no slice %lld", (int)array->dims[0],
                   (long long)index);
  const size_t size = array->size / (size_t)array->dims[0];
  *slice = (mote_array){.type = array->type, .rank = array->rank - 1, .size = size};
  memcpy(slice->dims, array->dims + 1, (size_t)slice->rank * sizeof *slice->dims);
  slice->data = (const uint8_t *)array->data + size * (size_t)index;
  return MOTE_OK;
}
