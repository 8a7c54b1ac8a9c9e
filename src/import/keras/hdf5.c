/* hdf5.c: see hdf5.h. */
#include "import/keras/hdf5.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/size.h"

enum {
  MOST_PATH = 2000,
  MOST_STRINGS = 1 << 16,
  MOST_TEXT = 256 << 20, /* bytes of an attribute */
  DEFLATE_RATIO = 1040,  /* deflate packs no better */
  SMALL = 1 << 16        /* arrays that may be stored as their fill value alone */
};

struct k_file {
  mem *mem;
  hid_t id;
};

/* ---- opening ---- */

static mote_status opened(k_file **out, hid_t id, mem *m, const char *what, mote_error *e) {
  k_file *f = id < 0 ? NULL : MEM_NEW(m, k_file);
  if (f) {
    *f = (k_file){m, id};
    *out = f;
    return MOTE_OK;
  }
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

static mote_status check_heaps(const uint8_t *data, uint64_t size, const char *what, mote_error *e) {
  if (k_heaps_sound(data, size)) return MOTE_OK;
  return err_set(e, MOTE_ERR_FORMAT, "%s: it is a damaged HDF5 file: sizes in a heap of texts do not add up", what);
}

mote_status k_file_open(k_file **out, const char *path, mem *m, mote_error *e) {
  file_view f;
  MOTE_TRY(file_open(&f, m, path, false, e));
  const mote_status sound = check_heaps(f.data, f.size, path, e);
  file_close(&f);
  MOTE_TRY(sound);
  const hid_t access = new_access();
  if (access < 0) return err_memory(e, "an HDF5 file", 0);
  H5Pset_file_locking(access, false, true);
  const hid_t id = H5Fopen(path, H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return opened(out, id, m, path, e);
}

mote_status k_file_image(k_file **out, const void *bytes, size_t size, mem *m, mote_error *e) {
  MOTE_TRY(check_heaps(bytes, size, "the weights in the archive", e));
  const hid_t access = new_access();
  if (access < 0) return err_memory(e, "an HDF5 file", 0);
  hid_t id = -1;
  if (H5Pset_fapl_core(access, 1 << 16, false) >= 0 && H5Pset_file_image(access, (void *)(uintptr_t)bytes, size) >= 0)
    id = H5Fopen("weights in the archive", H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return opened(out, id, m, "the weights in the archive", e);
}

void k_file_close(k_file *f) {
  if (!f) return;
  H5Fclose(f->id);
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

static bool read_variable(hid_t attribute, hid_t type, hid_t space, size_t count, arena *a, char **to) {
  char **raw = ARENA_ARRAY(a, char *, count + 1);
  if (!raw || H5Aread(attribute, type, raw) < 0) return false;
  bool fine = true;
  for (size_t i = 0; i < count && fine; i++) {
    const char *text = raw[i] ? raw[i] : "";
    fine = (to[i] = arena_string(a, text, strlen(text))) != NULL;
  }
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, raw);
  return fine;
}

/* Appends what an attribute holds. */
static bool read_attribute(hid_t attribute, arena *a, k_strings *to) {
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  const hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  bool fine = type >= 0 && n >= 0 && n <= MOST_STRINGS && to->count + n <= MOST_STRINGS;
  if (fine && n && H5Tget_class(type) == H5T_STRING) {
    char **list = ARENA_ARRAY(a, char *, (size_t)to->count + (size_t)n);
    fine = list != NULL;
    if (fine && to->count) memcpy(list, to->text, (size_t)to->count * sizeof *list);
    fine = fine && (H5Tis_variable_str(type) > 0 ? read_variable(attribute, type, space, (size_t)n, a, list + to->count)
                                                 : read_fixed(attribute, type, (size_t)n, a, list + to->count));
    if (fine) to->text = list, to->count += (int32_t)n;
  } else if (n > 0) {
    fine = false;
  }
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  return fine;
}

mote_status k_file_strings(const k_file *f, const char *path, const char *name, arena *a, k_strings *out,
                           mote_error *e) {
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
      fine = attribute >= 0 && read_attribute(attribute, a, out);
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
