/* hdf5.c: see hdf5.h. */
#include "import/keras/hdf5.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/size.h"
#include "import/keras/heaps.h"

enum {
  MOST_PATH = 2000,
  MOST_STRINGS = 1 << 16,
  MOST_TEXT = 256 << 20,  /* bytes of an attribute */
  MOST_OBJECTS = 1 << 26, /* looked at in heaps, to find texts */
  DEFLATE_RATIO = 1040,   /* deflate packs no better */
  SMALL = 1 << 16         /* arrays that may be stored as their fill value alone */
};

struct k_file {
  mem *mem;
  hid_t id;
  file_view bytes;
  k_heaps heaps;
};

/* ---- opening ---- */

/* What the file says of its addresses. */
static bool read_heaps(k_file *f) {
  const hid_t made = H5Fget_create_plist(f->id);
  hsize_t base = 0;
  const bool fine = made >= 0 && H5Pget_userblock(made, &base) >= 0 &&
                    H5Pget_sizes(made, &f->heaps.address_bytes, &f->heaps.size_bytes) >= 0;
  if (made >= 0) H5Pclose(made);
  f->heaps.data = f->bytes.data;
  f->heaps.size = f->bytes.size;
  f->heaps.base = base;
  f->heaps.objects_left = MOST_OBJECTS;
  f->heaps.text_left = MOST_TEXT;
  return fine && f->heaps.address_bytes <= 8 && f->heaps.size_bytes <= 8;
}

/* Takes the file's handle and its bytes, also when it fails. */
static mote_status opened(k_file **out, hid_t id, file_view *bytes, mem *m, const char *what, mote_error *e) {
  k_file *f = id < 0 ? NULL : MEM_NEW(m, k_file);
  if (f) {
    *f = (k_file){.mem = m, .id = id, .bytes = *bytes};
    if (read_heaps(f)) {
      *out = f;
      return MOTE_OK;
    }
    k_file_close(f);
    return err_set(e, MOTE_ERR_FORMAT, "%s: it does not say how long its addresses are", what);
  }
  file_close(bytes);
  if (id < 0) return err_set(e, MOTE_ERR_FORMAT, "%s: it is no HDF5 file, or a damaged one", what);
  H5Fclose(id);
  return err_memory(e, "an HDF5 file", sizeof *f);
}

/* Errors are told by us; filters are those that are built in. */
static hid_t new_access(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
  return H5Pcreate(H5P_FILE_ACCESS);
}

mote_status k_file_open(k_file **out, const char *path, mem *m, mote_error *e) {
  file_view bytes;
  MOTE_TRY(file_open(&bytes, m, path, false, e));
  const hid_t access = new_access();
  hid_t id = -1;
  if (access >= 0 && H5Pset_file_locking(access, false, true) >= 0) id = H5Fopen(path, H5F_ACC_RDONLY, access);
  if (access >= 0) H5Pclose(access);
  return opened(out, id, &bytes, m, path, e);
}

mote_status k_file_image(k_file **out, const void *image, size_t size, mem *m, mote_error *e) {
  file_view bytes;
  MOTE_TRY(file_from_memory(&bytes, m, image, size, false, e));
  const hid_t access = new_access();
  hid_t id = -1;
  if (access >= 0 && H5Pset_fapl_core(access, 1 << 16, false) >= 0 &&
      H5Pset_file_image(access, (void *)(uintptr_t)image, size) >= 0)
    id = H5Fopen("weights in the archive", H5F_ACC_RDONLY, access);
  if (access >= 0) H5Pclose(access);
  return opened(out, id, &bytes, m, "the weights in the archive", e);
}

void k_file_close(k_file *f) {
  if (!f) return;
  H5Fclose(f->id);
  file_close(&f->bytes);
  mem_free(f->mem, f);
}

/* ---- paths ---- */

/* Whether every part of a path is a plain link. */
static bool plain(const k_file *f, const char *path) {
  char part[MOST_PATH];
  if (strlen(path) >= sizeof part) return false;
  for (const char *at = path; *at;) {
    at += strspn(at, "/");
    const size_t n = (size_t)(at - path) + strcspn(at, "/");
    if (n == (size_t)(at - path)) break;
    memcpy(part, path, n);
    part[n] = 0;
    H5L_info_t info;
    if (H5Lexists(f->id, part, H5P_DEFAULT) <= 0 || H5Lget_info(f->id, part, &info, H5P_DEFAULT) < 0 ||
        info.type != H5L_TYPE_HARD)
      return false;
    at = path + n;
  }
  return true;
}

static hid_t open_object(const k_file *f, const char *path) {
  if (!plain(f, path)) return -1;
  return H5Oopen(f->id, *path ? path : "/", H5P_DEFAULT);
}

bool k_file_has(const k_file *f, const char *path) {
  const hid_t id = open_object(f, path);
  if (id < 0) return false;
  H5Oclose(id);
  return true;
}

/* ---- attributes ---- */

/* Texts of fixed length: the whole attribute at once, cut at its zeros. */
static bool read_fixed(hid_t attribute, hid_t type, size_t count, arena *a, char **to) {
  const size_t size = H5Tget_size(type);
  size_t bytes;
  if (!size || !size_mul(size, count, &bytes) || bytes > MOST_TEXT) return false;
  char *all = arena_alloc(a, bytes + 1);
  if (!all || H5Aread(attribute, type, all) < 0) return false;
  for (size_t i = 0; i < count; i++) {
    size_t n = strnlen(all + i * size, size);
    while (n && H5Tget_strpad(type) == H5T_STR_SPACEPAD && all[i * size + n - 1] == ' ') n--;
    if (!(to[i] = arena_string(a, all + i * size, n))) return false;
  }
  return true;
}

/* A conversion of libhdf5 that leaves references to texts as they stand in the file. */
static herr_t keep_reference(hid_t from, hid_t to, H5T_cdata_t *about, size_t count, size_t stride, size_t other,
                             void *data, void *background, hid_t how) {
  (void)count, (void)stride, (void)other, (void)data, (void)background, (void)how;
  about->need_bkg = H5T_BKG_NO;
  return about->command != H5T_CONV_CONV || H5Tget_size(from) == H5Tget_size(to) ? 0 : -1;
}

/* The attribute's references, as bytes. */
static bool read_references(hid_t attribute, hid_t type, size_t bytes, void *to) {
  const hid_t raw = H5Tcreate(H5T_OPAQUE, bytes);
  bool fine = raw >= 0 && H5Tregister(H5T_PERS_SOFT, "reference", type, raw, keep_reference) >= 0;
  if (fine) {
    fine = H5Aread(attribute, raw, to) >= 0;
    H5Tunregister(H5T_PERS_SOFT, "reference", type, raw, keep_reference);
  }
  if (raw >= 0) H5Tclose(raw);
  return fine;
}

/* Texts of open length are in the file's heaps (heaps.c says why libhdf5 is not asked for them). */
static bool read_variable(k_heaps *h, hid_t attribute, hid_t type, size_t count, arena *a, char **to) {
  const size_t each = k_heaps_reference(h);
  uint8_t *raw = arena_alloc(a, count * each);
  bool fine = raw && read_references(attribute, type, each, raw);
  for (size_t i = 0; i < count && fine; i++) fine = (to[i] = k_heaps_text(h, raw + i * each, a)) != NULL;
  return fine;
}

/* Appends what an attribute holds. */
static bool read_attribute(k_heaps *h, hid_t attribute, arena *a, k_strings *to) {
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  const hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  bool fine = type >= 0 && n >= 0 && n <= MOST_STRINGS && to->count + n <= MOST_STRINGS;
  if (fine && n && H5Tget_class(type) == H5T_STRING) {
    char **list = ARENA_ARRAY(a, char *, (size_t)to->count + (size_t)n);
    fine = list != NULL;
    if (fine && to->count) memcpy(list, to->text, (size_t)to->count * sizeof *list);
    fine = fine && (H5Tis_variable_str(type) > 0 ? read_variable(h, attribute, type, (size_t)n, a, list + to->count)
                                                 : read_fixed(attribute, type, (size_t)n, a, list + to->count));
    if (fine) to->text = list, to->count += (int32_t)n;
  } else if (n > 0) {
    fine = false;
  }
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  return fine;
}

mote_status k_file_strings(k_file *f, const char *path, const char *name, arena *a, k_strings *out, mote_error *e) {
  *out = (k_strings){NULL, -1};
  const hid_t object = open_object(f, path);
  if (object < 0) return err_set(e, MOTE_ERR_MODEL, "the file has no group '%.200s'", path);
  bool fine = true;
  char part[100];
  snprintf(part, sizeof part, "%s", name);
  for (int i = 0; fine && i < MOST_STRINGS; i++) {
    if (H5Aexists(object, part) <= 0) {
      if (i) break;
    } else {
      const hid_t attribute = H5Aopen(object, part, H5P_DEFAULT);
      if (out->count < 0) out->count = 0;
      fine = attribute >= 0 && read_attribute(&f->heaps, attribute, a, out);
      if (attribute >= 0) H5Aclose(attribute);
      if (!i) break;
    }
    snprintf(part, sizeof part, "%s%d", name, i);
  }
  H5Oclose(object);
  return fine ? MOTE_OK
              : err_set(e, MOTE_ERR_FORMAT, "attribute '%s' of '%.200s' is no text, or is damaged", name,
                        *path ? path : "/");
}

/* ---- arrays ---- */

/* How an array is stored; false when that is not in this file, or not all of what it claims. */
static bool stored_here(hid_t set, size_t bytes) {
  const hid_t plist = H5Dget_create_plist(set);
  if (plist < 0) return false;
  const H5D_layout_t layout = H5Pget_layout(plist);
  const bool here =
      H5Pget_external_count(plist) == 0 && (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT || layout == H5D_CHUNKED);
  H5Pclose(plist);
  const uint64_t stored = H5Dget_storage_size(set);
  return here && (bytes <= SMALL || bytes / DEFLATE_RATIO <= stored);
}

static mote_status read_data(hid_t set, hid_t type, const char *path, arena *a, k_array *out, mote_error *e) {
  size_t bytes;
  const H5T_class_t class = H5Tget_class(type);
  if (class != H5T_FLOAT && class != H5T_INTEGER)
    return err_set(e, MOTE_ERR_UNSUPPORTED, "array '%.200s' holds no numbers", path);
  if (!size_dims(out->dims, out->rank, &out->count) || !size_mul(out->count, sizeof(float), &bytes) ||
      !stored_here(set, bytes))
    return err_set(e, MOTE_ERR_MODEL, "array '%.200s' is not, or not all, in this file", path);
  out->data = arena_alloc(a, bytes ? bytes : 1);
  if (!out->data) return err_memory(e, "the weights", bytes);
  if (out->count && H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, out->data) < 0)
    return err_set(e, MOTE_ERR_FORMAT, "array '%.200s' is damaged", path);
  return MOTE_OK;
}

static mote_status read_shape(hid_t space, const char *path, k_array *out, mote_error *e) {
  hsize_t dims[H5S_MAX_RANK];
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > OP_MAX_RANK || H5Sget_simple_extent_dims(space, dims, NULL) != rank)
    return err_set(e, MOTE_ERR_LIMIT, "array '%.200s' has %d dimensions; at most %d are read", path, rank, OP_MAX_RANK);
  *out = (k_array){.rank = rank};
  for (int i = 0; i < rank; i++) {
    if (dims[i] > INT32_MAX)
      return err_set(e, MOTE_ERR_LIMIT, "dimension %d of array '%.200s' is %llu", i, path, (unsigned long long)dims[i]);
    out->dims[i] = (int32_t)dims[i];
  }
  return MOTE_OK;
}

mote_status k_file_array(const k_file *f, const char *path, arena *a, k_array *out, mote_error *e) {
  const hid_t object = open_object(f, path);
  if (object < 0 || H5Iget_type(object) != H5I_DATASET) {
    if (object >= 0) H5Oclose(object);
    return err_set(e, MOTE_ERR_MODEL, "the file has no array '%.300s'", path);
  }
  const hid_t type = H5Dget_type(object), space = H5Dget_space(object);
  mote_status status = type < 0 || space < 0 ? err_set(e, MOTE_ERR_FORMAT, "array '%.200s' is damaged", path)
                                             : read_shape(space, path, out, e);
  if (status == MOTE_OK) status = read_data(object, type, path, a, out, e);
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  H5Oclose(object);
  return status;
}
