/* hdf5.h: HDF5 files, read with bounds: groups by path, attributes that are text, arrays of numbers.
 *
 * Nothing outside the file is followed: links other than plain ones, arrays kept in other files and filters that are
 * loaded from elsewhere are refused. What is read is measured first: an array larger than what is stored of it can
 * unpack to is no honest one.
 */
#ifndef IMPORT_KERAS_HDF5_H
#define IMPORT_KERAS_HDF5_H

#include "base/arena.h"
#include "operators/op.h"

typedef struct k_file k_file;

/* An array of the file as floats, row by row; its data live in the arena it was read into. */
typedef struct k_array {
  int32_t rank;
  int32_t dims[OP_MAX_RANK];
  size_t count;
  float *data;
} k_array;

typedef struct k_strings {
  char **text;
  int32_t count;
} k_strings;

mote_status k_file_open(k_file **out, const char *path, mem *m, mote_error *e);
/* Bytes that stay until it is closed. */
mote_status k_file_image(k_file **out, const void *bytes, size_t size, mem *m, mote_error *e);
void k_file_close(k_file *f);

/* Whether there is a group, or an array, at a path ("layers/dense/vars/0"). */
bool k_file_has(const k_file *f, const char *path);

/* Texts of an attribute: one, or a list; lists too long for one attribute stand in NAME0, NAME1, ... None when there is
 * no such attribute (count -1). */
mote_status k_file_strings(k_file *f, const char *path, const char *name, arena *a, k_strings *out, mote_error *e);
mote_status k_file_array(const k_file *f, const char *path, arena *a, k_array *out, mote_error *e);

#endif
