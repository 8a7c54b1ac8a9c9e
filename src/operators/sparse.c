/* sparse.c: a sparse constant written out in full. */
#include "operators/sparse.h"

#include <stdbool.h>
#include <string.h>

#include "base/size.h"
#include "mote/mote.h"

enum { MAX_LEVELS = 2 * MOTE_MAX_RANK };

/* A vector of indices: where it lies and how wide its numbers are. */
typedef struct index_vector {
  const uint8_t *data;
  size_t count;
  int width; /* bytes: 1, 2, 4 */
} index_vector;

typedef struct level {
  bool compressed;
  size_t size; /* coordinates that there are */
  size_t step; /* elements of the full tensor from one coordinate to the next */
  index_vector segments, indices;
  /* where the traversal stands: children [at, end) of the current parent; `first` is the first of them, and all
   * before `used` are done with */
  size_t at, end, first, used;
} level;

typedef struct traversal {
  int count;
  level levels[MAX_LEVELS];
} traversal;

static mote_status damaged(mote_error *e, const char *what) {
  return err_set(e, MOTE_ERR_MODEL, "a sparse constant is damaged: %s", what);
}

static bool vector_of(const sparse_constant *s, uint8_t type, const void *record, index_vector *v) {
  const sch_range *r;
  switch (record ? type : sch_SparseIndexVector_NONE) {
    case sch_SparseIndexVector_Int32Vector: r = &((const sch_Int32Vector *)record)->values, v->width = 4; break;
    case sch_SparseIndexVector_Uint16Vector: r = &((const sch_Uint16Vector *)record)->values, v->width = 2; break;
    case sch_SparseIndexVector_Uint8Vector: r = &((const sch_Uint8Vector *)record)->values, v->width = 1; break;
    default: return false;
  }
  if (!r->present || r->size > SIZE_MAX) return false;
  if (!r->memory && (r->size > s->file_size || r->offset > s->file_size - r->size)) return false;
  v->data = r->memory ? r->memory : s->file + r->offset;
  v->count = (size_t)r->size / (size_t)v->width;
  return true;
}

/* Element i; negative numbers come out too large for any bound. */
static size_t index_at(const index_vector *v, size_t i) {
  uint32_t wide;
  uint16_t half;
  switch (v->width) {
    case 1: return v->data[i];
    case 2: memcpy(&half, v->data + 2 * i, 2); return half;
    default: memcpy(&wide, v->data + 4 * i, 4); return wide;
  }
}

/* The level that traverses expanded dimension `dim`: coordinates and the distance between them. */
static bool measure(const sparse_constant *s, int32_t dim, const size_t *stride, const int32_t *block, level *l) {
  const sch_i32s *map = &s->sparsity->block_map;
  if (dim < s->rank) {
    l->size = (size_t)(s->dims[dim] / block[dim]);
    l->step = stride[dim] * (size_t)block[dim];
    return s->dims[dim] % block[dim] == 0;
  }
  if ((uint32_t)(dim - s->rank) >= map->count) return false;
  const int32_t of = map->data[dim - s->rank];
  l->size = (size_t)block[of];
  l->step = stride[of];
  return true;
}

/* Sizes of the blocks in each dimension, 1 where there are none. */
static bool block_sizes(const sparse_constant *s, int32_t *block) {
  const sch_SparsityParameters *p = s->sparsity;
  for (int32_t d = 0; d < s->rank; d++) block[d] = 1;
  for (uint32_t l = 0; l < p->traversal_order.count; l++) {
    const int32_t dim = p->traversal_order.data[l];
    if (dim < s->rank) continue;
    const sch_DimensionMetadata *m = &p->dim_metadata.data[l];
    if ((uint32_t)(dim - s->rank) >= p->block_map.count) return false;
    const int32_t of = p->block_map.data[dim - s->rank];
    if (of < 0 || of >= s->rank || block[of] != 1 || m->format != sch_DimensionType_DENSE || m->dense_size < 1)
      return false;
    block[of] = m->dense_size;
  }
  return true;
}

static bool is_permutation(const sch_i32s *order) {
  uint32_t seen = 0;
  for (uint32_t i = 0; i < order->count; i++) {
    const int32_t d = order->data[i];
    if (d < 0 || (uint32_t)d >= order->count || seen >> d & 1) return false;
    seen |= UINT32_C(1) << d;
  }
  return true;
}

static mote_status describe(const sparse_constant *s, traversal *t, mote_error *e) {
  const sch_SparsityParameters *p = s->sparsity;
  const uint32_t count = p->traversal_order.count, rank = (uint32_t)s->rank;
  if (count < rank || count > 2 * rank || count > MAX_LEVELS || count != p->dim_metadata.count ||
      count - rank != p->block_map.count || !is_permutation(&p->traversal_order))
    return damaged(e, "its traversal order is no permutation of its dimensions and blocks");
  size_t stride[MOTE_MAX_RANK], step = 1;
  for (int32_t d = s->rank; d-- > 0; step *= (size_t)s->dims[d]) stride[d] = step;
  int32_t block[MOTE_MAX_RANK];
  if (!block_sizes(s, block)) return damaged(e, "its blocks are not dense, or two share a dimension");
  t->count = (int)count;
  for (uint32_t i = 0; i < count; i++) {
    const sch_DimensionMetadata *m = &p->dim_metadata.data[i];
    level *l = &t->levels[i];
    *l = (level){.compressed = m->format == sch_DimensionType_SPARSE_CSR};
    if (!measure(s, p->traversal_order.data[i], stride, block, l))
      return damaged(e, "its blocks do not divide its dimensions");
    if (!l->compressed && (m->dense_size < 0 || (size_t)m->dense_size != l->size))
      return damaged(e, "a dense level has another size than its dimension");
    if (l->compressed && (!vector_of(s, m->array_segments_type, m->array_segments, &l->segments) ||
                          !vector_of(s, m->array_indices_type, m->array_indices, &l->indices)))
      return damaged(e, "a compressed level lacks its segments or indices");
  }
  return MOTE_OK;
}

/* Enters level l below child `parent` of the level above. Segments must follow each other, so no index counts twice. */
static bool enter(level *l, size_t parent) {
  if (!l->compressed) {
    l->first = l->at = parent * l->size;
    l->end = l->at + l->size;
    return true;
  }
  if (parent + 1 >= l->segments.count) return false;
  l->first = l->at = index_at(&l->segments, parent);
  l->end = index_at(&l->segments, parent + 1);
  if (l->at != l->used || l->at > l->end || l->end > l->indices.count) return false;
  l->used = l->end;
  return true;
}

/* Coordinate of the child where l stands. */
static size_t coordinate(const level *l) { return l->compressed ? index_at(&l->indices, l->at) : l->at - l->first; }

mote_status sparse_expand(const sparse_constant *s, void *full, mote_error *e) {
  size_t elements;
  if (!size_dims(s->dims, s->rank, &elements)) return damaged(e, "its size is too large");
  memset(full, 0, elements * s->element);
  if (elements == 0) return MOTE_OK;
  traversal t;
  MOTE_TRY(describe(s, &t, e));
  const size_t stored = s->bytes / s->element;
  size_t offset[MAX_LEVELS + 1] = {0}; /* of the full tensor, where each level begins */
  int depth = 0;
  if (t.count == 0) return damaged(e, "it has no dimensions");
  if (!enter(&t.levels[0], 0)) return damaged(e, "segments lie outside of its indices");
  while (depth >= 0) {
    level *l = &t.levels[depth];
    if (l->at == l->end) {
      if (--depth >= 0) t.levels[depth].at++;
      continue;
    }
    const size_t where = coordinate(l);
    if (where >= l->size) return damaged(e, "an index is larger than its dimension");
    offset[depth + 1] = offset[depth] + where * l->step;
    if (depth + 1 < t.count) {
      if (!enter(&t.levels[depth + 1], l->at)) return damaged(e, "segments lie outside of its indices");
      depth++;
      continue;
    }
    if (l->at >= stored) return damaged(e, "it stores fewer values than it has indices");
    memcpy((uint8_t *)full + offset[depth + 1] * s->element, (const uint8_t *)s->values + l->at * s->element,
           s->element);
    l->at++;
  }
  return MOTE_OK;
}
