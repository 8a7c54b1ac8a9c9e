/* Sparse constants: what is written out in full, and damage that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "operators/sparse.h"

static sch_range range_of(const void *data, size_t size) {
  return (sch_range){.size = size, .memory = data, .present = true};
}

/* 2 x 8 in blocks of 1 x 4: rows dense, columns compressed. Row 0 has its second block, row 1 its first. */
typedef struct blocks {
  uint8_t segments[3];
  uint16_t indices[2];
  int32_t order[3], map[1];
  float values[8];
  sch_Uint8Vector segment_vector;
  sch_Uint16Vector index_vector;
  sch_DimensionMetadata levels[3];
  sch_SparsityParameters sparsity;
  sparse_constant constant;
} blocks;

static void make(blocks *b) {
  static const int32_t dims[] = {2, 8};
  *b = (blocks){.segments = {0, 1, 2}, .indices = {1, 0}, .order = {0, 1, 2}, .map = {1}};
  for (int i = 0; i < 8; i++) b->values[i] = (float)(i + 1);
  b->segment_vector.values = range_of(b->segments, sizeof b->segments);
  b->index_vector.values = range_of(b->indices, sizeof b->indices);
  b->levels[0] = (sch_DimensionMetadata){.dense_size = 2};
  b->levels[1] = (sch_DimensionMetadata){.format = sch_DimensionType_SPARSE_CSR,
                                         .array_segments_type = sch_SparseIndexVector_Uint8Vector,
                                         .array_segments = &b->segment_vector,
                                         .array_indices_type = sch_SparseIndexVector_Uint16Vector,
                                         .array_indices = &b->index_vector};
  b->levels[2] = (sch_DimensionMetadata){.dense_size = 4};
  b->sparsity.traversal_order = (sch_i32s){b->order, 3};
  b->sparsity.block_map = (sch_i32s){b->map, 1};
  b->sparsity.dim_metadata.data = b->levels;
  b->sparsity.dim_metadata.count = 3;
  b->constant = (sparse_constant){
      .sparsity = &b->sparsity, .rank = 2, .dims = dims, .element = 4, .values = b->values, .bytes = sizeof b->values};
}

static void expands_blocks(void **state) {
  (void)state;
  const float want[2][8] = {{0, 0, 0, 0, 1, 2, 3, 4}, {5, 6, 7, 8, 0, 0, 0, 0}};
  float full[2][8];
  blocks b;
  make(&b);
  assert_int_equal(sparse_expand(&b.constant, full, NULL), MOTE_OK);
  assert_memory_equal(full, want, sizeof want);
}

/* Columns first: the traversal decides in which order values stand. */
static void expands_in_any_order(void **state) {
  (void)state;
  static const int32_t dims[] = {2, 3}, order[] = {1, 0}, segments[] = {0, 1, 1, 3}, indices[] = {1, 0, 1};
  static const int8_t values[] = {10, 20, 30}, want[] = {0, 0, 20, 10, 0, 30};
  sch_Int32Vector s = {.values = range_of(segments, sizeof segments)},
                  i = {.values = range_of(indices, sizeof indices)};
  sch_DimensionMetadata levels[] = {{.dense_size = 3},
                                    {.format = sch_DimensionType_SPARSE_CSR,
                                     .array_segments_type = sch_SparseIndexVector_Int32Vector,
                                     .array_segments = &s,
                                     .array_indices_type = sch_SparseIndexVector_Int32Vector,
                                     .array_indices = &i}};
  const sch_SparsityParameters p = {.traversal_order = {order, 2}, .dim_metadata = {levels, 2}};
  const sparse_constant c = {
      .sparsity = &p, .rank = 2, .dims = dims, .element = 1, .values = values, .bytes = sizeof values};
  int8_t full[6];
  assert_int_equal(sparse_expand(&c, full, NULL), MOTE_OK);
  assert_memory_equal(full, want, sizeof want);
}

static void refuse(const blocks *b) {
  float full[2][8];
  mote_error e = {0};
  assert_int_equal(sparse_expand(&b->constant, full, &e), MOTE_ERR_MODEL);
  assert_true(e.text[0]);
}

static void refuses_damage(void **state) {
  (void)state;
  blocks b;
  make(&b), b.indices[0] = 2, refuse(&b);                      /* past the last block */
  make(&b), b.segments[1] = 3, refuse(&b);                     /* past the indices */
  make(&b), b.segments[0] = 1, refuse(&b);                     /* not from the first */
  make(&b), b.segments[2] = 0, refuse(&b);                     /* backwards */
  make(&b), b.segment_vector.values.size = 2, refuse(&b);      /* too few rows */
  make(&b), b.constant.bytes = 28, refuse(&b);                 /* too few values */
  make(&b), b.order[2] = 1, refuse(&b);                        /* no permutation */
  make(&b), b.map[0] = 2, refuse(&b);                          /* no such dimension */
  make(&b), b.levels[2].dense_size = 3, refuse(&b);            /* does not divide 8 */
  make(&b), b.levels[0].dense_size = 3, refuse(&b);            /* not the dimension's */
  make(&b), b.levels[1].array_indices = NULL, refuse(&b);      /* missing */
  make(&b), b.sparsity.dim_metadata.count = 2, refuse(&b);     /* a level too few */
  make(&b), b.segment_vector.values.memory = NULL, refuse(&b); /* beyond the file */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(expands_blocks),
      cmocka_unit_test(expands_in_any_order),
      cmocka_unit_test(refuses_damage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
