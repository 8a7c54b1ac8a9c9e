/* EMBEDDING_LOOKUP, EMBEDDING_LOOKUP_SPARSE and HASHTABLE_LOOKUP against their definitions; ids that lie outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_embedding_lookup, op_embedding_lookup_sparse, op_hashtable_lookup;

static const int32_t zeros[8];

static void copies_rows(void **state) {
  (void)state;
  op_random r = {1};
  for (int round = 0; round < 400; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rows = op_random_in(&r, 1, 9), n = op_random_in(&r, 0, 6),
                  dims[3] = {rows, op_random_in(&r, 0, 5), 3};
    int32_t ids[6], at[3];
    for (int i = 0; i < 6; i++) ids[i] = op_random_in(&r, 0, rows - 1);
    op_case k;
    op_case_begin(&k, &op_embedding_lookup, NULL);
    op_case_input(&k, MOTE_INT32, 1, &n, ids, 0);
    op_case_input(&k, type, 3, dims, move_case_bytes(), 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, 3, k.out[0].dims, at);
      at[0] = ids[at[0]];
      assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(3, dims, at)));
    }
    assert_true(op_case_end(&k));
  }
}

static op_tensor block_scales;

static const op_tensor *tensor_of(op_ctx *c, int32_t index) {
  (void)c;
  return index == 7 ? &block_scales : NULL;
}

static void dequantizes_rows(void **state) {
  (void)state;
  const float scale[3] = {0.5f, 2, 0.25f};
  const uint16_t half_scales[6] = {0x3800, 0x4000, 0x3400, 0x3c00, 0x4400, 0x3800}; /* 0.5 2 0.25 1 4 0.5 */
  const float halves[6] = {0.5f, 2, 0.25f, 1, 4, 0.5f};
  const mote_type types[] = {MOTE_INT8, MOTE_UINT8, MOTE_INT4, MOTE_INT2};
  const int32_t dims[2] = {3, 8}, ids[] = {2, 0, 2};
  for (int t = 0; t < 4; t++)
    for (int kind = 0; kind < 3; kind++) { /* one scale, one a row, two blocks a row */
      const op_quant q = {.count = kind == 0   ? 1
                                   : kind == 1 ? 3
                                               : 0,
                          .scale = scale,
                          .zero_point = zeros,
                          .block_size = kind == 2 ? 4 : 0,
                          .scales = kind == 2 ? 7 : -1};
      op_host host = op_case_host;
      host.tensor = tensor_of;
      op_case k;
      op_case_begin(&k, &op_embedding_lookup, NULL);
      k.c.host = &host;
      op_case_fill(&k, &block_scales, MOTE_FLOAT16);
      block_scales.flags = OP_CONST;
      block_scales.data = (void *)(uintptr_t)half_scales;
      block_scales.bytes = sizeof half_scales;
      op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, ids, 0);
      op_case_input(&k, types[t], 2, dims, move_case_bytes(), OP_CONST)->quant = &q;
      op_case_output(&k, MOTE_FLOAT32);
      assert_int_equal(op_case_run(&k), MOTE_OK);
      const int bits = mote_type_bits(types[t]), each = 8 / bits;
      for (int e = 0; e < 24; e++) {
        const int row = ids[e / 8], at = row * 8 + e % 8;
        const int raw = move_case_bytes()[at / each] >> at % each * bits & ((1 << bits) - 1);
        const int v = raw >= 1 << (bits - 1) ? raw - (1 << bits) : raw;
        const float s = kind == 0 ? scale[0] : kind == 1 ? scale[row] : halves[2 * row + e % 8 / 4];
        assert_true(((float *)k.out[0].data)[e] == (float)v * s);
      }
      assert_true(op_case_end(&k));
    }
}

static mote_status lookup(int32_t id, int32_t rows, const op_quant *q, mote_type to) {
  op_case k;
  op_case_begin(&k, &op_embedding_lookup, NULL);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, &id, 0);
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){rows, 2}, move_case_bytes(), OP_CONST)->quant = q;
  op_case_output(&k, to);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

/* TFSA-2021-083: a table without rows; ids outside of it. */
static void tfsa_2021_083_embedding_lookup(void **state) {
  (void)state;
  const op_quant none = {.scales = -1};
  assert_int_equal(lookup(0, 1, &none, MOTE_INT8), MOTE_OK);
  assert_int_equal(lookup(0, 0, &none, MOTE_INT8), MOTE_ERR_RUN);
  assert_int_equal(lookup(-1, 3, &none, MOTE_INT8), MOTE_ERR_RUN);
  assert_int_equal(lookup(3, 3, &none, MOTE_INT8), MOTE_ERR_RUN);
}

static void refuses_quantizations(void **state) {
  (void)state;
  const float scale[3] = {1, 1, 1};
  const int32_t shifted[3] = {0, 1, 0};
  const op_quant none = {.scales = -1}, one = {1, 0, scale, zeros, 0, -1, -1}, rows = {3, 0, scale, zeros, 0, -1, -1};
  const op_quant columns = {3, 1, scale, zeros, 0, -1, -1}, zero_point = {3, 0, scale, shifted, 0, -1, -1};
  const op_quant blocks = {0, 0, NULL, NULL, 2, 5, -1};
  assert_int_equal(lookup(0, 3, &one, MOTE_FLOAT32), MOTE_OK);
  assert_int_equal(lookup(0, 3, &rows, MOTE_FLOAT16), MOTE_OK);
  assert_int_equal(lookup(0, 2, &rows, MOTE_FLOAT32), MOTE_ERR_MODEL);
  assert_int_equal(lookup(0, 3, &none, MOTE_FLOAT32), MOTE_ERR_MODEL);
  assert_int_equal(lookup(0, 3, &columns, MOTE_FLOAT32), MOTE_ERR_MODEL);
  assert_int_equal(lookup(0, 3, &zero_point, MOTE_FLOAT32), MOTE_ERR_MODEL);
  assert_int_equal(lookup(0, 3, &blocks, MOTE_FLOAT32), MOTE_ERR_MODEL);
  assert_int_equal(lookup(0, 3, &rows, MOTE_INT8), MOTE_ERR_UNSUPPORTED);
}

/* ids of a sparse matrix [2, 4]. */
static mote_status sparse(int32_t combiner, const int32_t *indices, int32_t rows, float *out) {
  const int32_t ids[3] = {1, 0, 2}, shape[2] = {rows, 4};
  const float weights[3] = {2, 1, 3}, table[6] = {1, 2, 10, 20, 100, 200};
  op_case k;
  op_case_begin(&k, &op_embedding_lookup_sparse, &(sch_EmbeddingLookupSparseOptions){.combiner = combiner});
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, ids, 0);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){3, 2}, indices, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, shape, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){3}, weights, 0);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){3, 2}, table, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(out, k.out[0].data, 16);
  op_case_end(&k);
  return status;
}

static void combines_rows(void **state) {
  (void)state;
  const int32_t indices[6] = {0, 0, 0, 2, 1, 1}, outside[6] = {0, 0, 2, 0, 1, 1};
  float out[4];
  assert_int_equal(sparse(sch_CombinerType_SUM, indices, 2, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){21, 42, 300, 600}), 16);
  assert_int_equal(sparse(sch_CombinerType_MEAN, indices, 2, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){7, 14, 100, 200}), 16);
  assert_int_equal(sparse(sch_CombinerType_SQRTN, indices, 2, out), MOTE_OK);
  assert_true(out[2] == 100 && out[0] > 9.39f && out[0] < 9.40f); /* 21 / sqrt(5) */
  assert_int_equal(sparse(3, indices, 2, out), MOTE_ERR_MODEL);
  assert_int_equal(sparse(0, outside, 2, out), MOTE_ERR_RUN);
  assert_int_equal(sparse(0, indices, -2, out), MOTE_ERR_SHAPE);
}

/* TFSA-2022-024: a shape whose product wraps. */
static void tfsa_2022_024_embedding_lookup_sparse(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_embedding_lookup_sparse, NULL);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, zeros, 0);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){1, 4}, zeros, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){4}, (int32_t[]){INT32_MAX, INT32_MAX, INT32_MAX, 1}, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){1}, zeros, 0);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){1, 1}, zeros, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  op_case_end(&k);
}

static void finds_keys(void **state) {
  (void)state;
  char buffer[64];
  const int32_t wanted[] = {5, 3, 9, 0}, keys[] = {0, 5, 9};
  op_case k;
  op_case_begin(&k, &op_hashtable_lookup, NULL);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){4}, wanted, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, keys, 0);
  move_case_string_input(&k, 1, (int32_t[]){3}, buffer, (const char *[]){"zero", "five", "nine"}, 3);
  op_case_output(&k, MOTE_STRING);
  op_case_output(&k, MOTE_UINT8);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(move_case_is(&k.out[0], 0, "five") && move_case_is(&k.out[0], 1, ""));
  assert_true(move_case_is(&k.out[0], 2, "nine") && move_case_is(&k.out[0], 3, "zero"));
  assert_memory_equal(k.out[1].data, ((uint8_t[]){1, 0, 1, 1}), 4);
  assert_true(op_case_end(&k));
}

/* TFSA-2021-090: a table without rows. */
static void tfsa_2021_090_hashtable_lookup(void **state) {
  (void)state;
  for (int32_t rows = 0; rows < 2; rows++) {
    op_case k;
    op_case_begin(&k, &op_hashtable_lookup, NULL);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, zeros, 0);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){0}, zeros, 0);
    op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){rows, 2}, zeros, 0);
    op_case_output(&k, MOTE_FLOAT32);
    op_case_output(&k, MOTE_UINT8);
    assert_int_equal(op_case_run(&k), rows ? MOTE_ERR_SHAPE : MOTE_OK);
    if (!rows) assert_memory_equal(k.out[0].data, zeros, 8);
    op_case_end(&k);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(copies_rows),
      cmocka_unit_test(dequantizes_rows),
      cmocka_unit_test(tfsa_2021_083_embedding_lookup),
      cmocka_unit_test(refuses_quantizations),
      cmocka_unit_test(combines_rows),
      cmocka_unit_test(tfsa_2022_024_embedding_lookup_sparse),
      cmocka_unit_test(finds_keys),
      cmocka_unit_test(tfsa_2021_090_hashtable_lookup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
