/* npy.h: the header of NumPy's .npy files: read with bounds, and written. */
#ifndef MEDIA_NPY_H
#define MEDIA_NPY_H

#include "media/source.h"

typedef struct npy {
  mote_type type; /* of the array made from it; MOTE_STRING for both kinds of strings */
  size_t item;    /* bytes of an element in the file */
  bool unicode;   /* strings of 4-byte characters instead of bytes */
  bool fortran;   /* the first dimension runs fastest */
  int32_t rank;
  int32_t dims[MOTE_MAX_RANK];
  size_t count;        /* elements */
  const uint8_t *data; /* count * item bytes, inside the source */
} npy;

mote_status npy_find(npy *n, const media_source *s, mote_error *e);

/* The array of a .npy, in memory of the source's allocator. */
mote_array *npy_array(const media_source *s, mote_error *e);

/* The header that goes before the data; `code` is NumPy's type code, such as "<f4". Returns its length, a multiple of
 * 64. */
enum { NPY_HEADER_ROOM = 256 };
size_t npy_header(char to[NPY_HEADER_ROOM], const char *code, const int32_t *dims, int32_t rank);

/* NumPy's code for a type that it has; NULL for the others. */
const char *npy_code(mote_type type);

#endif
