/* sparse.h: a sparse constant of a file written out in full.
 *
 * The format stores a tensor of rank n in up to 2n levels, traversed in any order, each dense or compressed (CSR);
 * the levels after the n-th are blocks inside of dimensions. Everything is checked here, index by index, because the
 * vectors lie in the file.
 */
#ifndef OPERATORS_SPARSE_H
#define OPERATORS_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "schema/schema.h"

typedef struct sparse_constant {
  const sch_SparsityParameters *sparsity;
  const uint8_t *file; /* where the ranges of index vectors count from */
  uint64_t file_size;
  int32_t rank;
  const int32_t *dims; /* of the full tensor */
  size_t element;      /* bytes of one; packed types are not taken */
  const void *values;  /* those that are stored, in order of traversal */
  size_t bytes;        /* of values */
} sparse_constant;

/* Writes the full tensor, whose bytes the caller has counted: 0 where nothing is stored. */
mote_status sparse_expand(const sparse_constant *s, void *full, mote_error *e);

#endif
