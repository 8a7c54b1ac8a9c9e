/* rules_sparse.c: rules about sparse constants (S1 to S9).
 *
 * A sparse tensor of n dimensions, k of them cut into blocks, is stored level by level: level i is dimension
 * traversal_order[i] of the n + k expanded ones, of which n + b is the inside of a block along dimension block_map[b].
 * A dense level multiplies the number of elements; a level in CSR form has segments (one more than the elements of
 * the level before) that cut its list of indices into one run for each of those.
 */
#include <string.h>

#include "schema/rules.h"

uint64_t rule_index_count(uint8_t type, const void *vector) {
  if (!vector) return 0;
  switch (type) {
    case sch_SparseIndexVector_Int32Vector: return ((const sch_Int32Vector *)vector)->values.size / 4;
    case sch_SparseIndexVector_Uint16Vector: return ((const sch_Uint16Vector *)vector)->values.size / 2;
    case sch_SparseIndexVector_Uint8Vector: return ((const sch_Uint8Vector *)vector)->values.size;
    default: return 0;
  }
}

int64_t rule_index_at(const sch_file *file, uint8_t type, const void *vector, uint64_t i) {
  const uint8_t *bytes;
  int32_t wide;
  uint16_t half;
  switch (type) {
    case sch_SparseIndexVector_Int32Vector:
      bytes = sch_bytes(file, &((const sch_Int32Vector *)vector)->values);
      memcpy(&wide, bytes + 4 * i, sizeof wide);
      return wide;
    case sch_SparseIndexVector_Uint16Vector:
      bytes = sch_bytes(file, &((const sch_Uint16Vector *)vector)->values);
      memcpy(&half, bytes + 2 * i, sizeof half);
      return half;
    default: bytes = sch_bytes(file, &((const sch_Uint8Vector *)vector)->values); return bytes[i];
  }
}

static bool permutation(const int32_t *order, uint32_t count, int32_t first) {
  uint32_t seen = 0;
  for (uint32_t i = 0; i < count; i++) {
    const int64_t v = (int64_t)order[i] - first;
    if (v < 0 || v >= count || seen >> v & 1) return false;
    seen |= 1u << v;
  }
  return true;
}

/* S1 to S3. */
static const char *order_fault(const sch_Tensor *t, const char **rule) {
  const sch_SparsityParameters *s = t->sparsity;
  const uint32_t n = t->shape.count, all = s->traversal_order.count;
  *rule = "S1";
  if (all != s->dim_metadata.count) return "its traversal order and its dimensions differ in length";
  if (all < n || all > 2 * n) return "its traversal order fits no tensor of its rank";
  *rule = "S2";
  if (!permutation(s->traversal_order.data, n, 0)) return "its traversal order does not name every dimension once";
  if (!permutation(s->traversal_order.data + n, all - n, (int32_t)n))
    return "its traversal order does not name every block dimension once, at the end";
  *rule = "S3";
  if (s->block_map.count != all - n) return "its block map does not have one entry for each block dimension";
  uint32_t seen = 0;
  for (uint32_t i = 0; i < s->block_map.count; i++) {
    const int32_t d = s->block_map.data[i];
    if (d < 0 || (uint32_t)d >= n || seen >> d & 1) return "its block map names a dimension twice, or one there is not";
    seen |= 1u << d;
  }
  return NULL;
}

/* S4, S5. Fills *l. */
static const char *size_fault(const sch_Tensor *t, rule_levels *l, const char **rule) {
  const sch_SparsityParameters *s = t->sparsity;
  const uint32_t n = t->shape.count;
  int32_t sizes[RULE_LEVELS];
  for (uint32_t i = 0; i < n; i++) sizes[i] = t->shape.data[i];
  *rule = "S4";
  for (uint32_t i = n; i < s->traversal_order.count; i++) {
    const sch_DimensionMetadata *d = &s->dim_metadata.data[i];
    const int32_t of = s->block_map.data[s->traversal_order.data[i] - (int32_t)n];
    if (d->format != sch_DimensionType_DENSE || d->dense_size < 1 || sizes[of] % d->dense_size)
      return "a block dimension is not dense, or its size does not divide the dimension it cuts";
    sizes[s->traversal_order.data[i]] = d->dense_size;
    sizes[of] /= d->dense_size;
  }
  *rule = "S5";
  l->count = s->traversal_order.count;
  for (uint32_t i = 0; i < l->count; i++) {
    const sch_DimensionMetadata *d = &s->dim_metadata.data[i];
    l->size[i] = sizes[s->traversal_order.data[i]];
    if (d->format != sch_DimensionType_DENSE && d->format != sch_DimensionType_SPARSE_CSR)
      return "a dimension is neither dense nor in CSR form";
    if (d->format == sch_DimensionType_DENSE && d->dense_size != l->size[i])
      return "the size of a dense dimension is not that of the tensor's shape";
  }
  return NULL;
}

/* S6, S7 (counts), S9. */
static const char *count_fault(const sch_Model *m, const sch_Tensor *t, const rule_levels *l, const char **rule) {
  uint64_t count = 1;
  for (uint32_t i = 0; i < l->count; i++) {
    const sch_DimensionMetadata *d = &t->sparsity->dim_metadata.data[i];
    *rule = "S9";
    if (d->format == sch_DimensionType_DENSE) {
      if (__builtin_mul_overflow(count, (uint64_t)l->size[i], &count))
        return "it has more elements than memory can hold";
      continue;
    }
    *rule = "S6";
    if (!d->array_segments || !d->array_indices) return "a dimension in CSR form lacks segments or indices";
    *rule = "S7";
    if (rule_index_count(d->array_segments_type, d->array_segments) != count + 1)
      return "a dimension in CSR form has not one segment more than there are elements before it";
    count = rule_index_count(d->array_indices_type, d->array_indices);
  }
  *rule = "S9";
  const uint64_t bits = (uint64_t)mote_type_bits((mote_type)t->type);
  if (!bits) return "it is of a type that cannot be sparse";
  if (count > UINT64_MAX / bits - 7 || (count * bits + 7) / 8 != sch_buffer_range(m, t->buffer).size)
    return "its buffer does not hold as many elements as its dimensions say";
  return NULL;
}

const char *rule_sparse(const sch_Model *m, const sch_Tensor *t, rule_levels *l, const char **rule) {
  const char *fault = order_fault(t, rule);
  if (!fault) fault = size_fault(t, l, rule);
  return fault ? fault : count_fault(m, t, l, rule);
}

void rules_sparsity(checker *c) {
  for (uint32_t g = 0; g < c->model->subgraphs.count; g++)
    for (uint32_t i = 0; i < c->model->subgraphs.data[g].tensors.count && !rule_stop(c); i++) {
      const sch_Tensor *t = &c->model->subgraphs.data[g].tensors.data[i];
      if (!t->sparsity || t->external_buffer) continue;
      const char *rule;
      rule_levels l;
      if (!sch_is_constant(c->model, t)) {
        rule_fault(c, at_tensor(c, g, i), MOTE_ERR_MODEL, "S11", "it is sparse, which only constants can be");
        continue;
      }
      const char *fault = rule_sparse(c->model, t, &l, &rule);
      if (fault) rule_fault(c, at_tensor(c, g, i), MOTE_ERR_MODEL, rule, "it is sparse, but %s", fault);
    }
}
