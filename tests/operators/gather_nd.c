/* GATHER_ND, SCATTER_ND, SPARSE_TO_DENSE against their definitions; indices that lie outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_gather_nd, op_scatter_nd, op_sparse_to_dense;

static void gathers(void **state) {
  (void)state;
  op_random r = {1};
  for (int round = 0; round < 1000; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 1, 5), width = op_random_in(&r, 0, rank), outer = op_random_in(&r, 0, 2);
    int32_t dims[5], index_dims[3], at[OP_MAX_RANK], indices[64], in[5];
    for (int32_t i = 0; i < rank; i++) dims[i] = op_random_in(&r, 1, 4);
    for (int32_t i = 0; i < outer; i++) index_dims[i] = op_random_in(&r, 0, 3);
    index_dims[outer] = width;
    for (int i = 0; i < 64 && width; i++) indices[i] = op_random_in(&r, 0, dims[i % width] - 1);
    op_case k;
    op_case_begin(&k, &op_gather_nd, NULL);
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    op_case_input(&k, MOTE_INT32, outer + 1, index_dims, indices, 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_int_equal(k.out[0].rank, outer + rank - width);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, k.out[0].rank, k.out[0].dims, at);
      const size_t row = op_offset(outer, index_dims, at);
      for (int32_t i = 0; i < rank; i++)
        in[i] = i < width ? indices[row * (size_t)width + (size_t)i] : at[outer + i - width];
      assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(rank, dims, in)));
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status gather(int32_t rows, int32_t width, int64_t index, int32_t dim) {
  op_case k;
  op_case_begin(&k, &op_gather_nd, NULL);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){dim, 3}, move_case_bytes(), 0);
  op_case_input(&k, MOTE_INT64, 2, (int32_t[]){rows, width}, (int64_t[]){index, 0, 0}, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

/* TFSA-2021-076 (a dimension of nothing), 2021-161 and 2022-087 (indices outside). */
static void tfsa_2021_076_161_2022_087_gather_nd(void **state) {
  (void)state;
  assert_int_equal(gather(1, 1, 0, 0), MOTE_ERR_RUN);
  assert_int_equal(gather(0, 1, 0, 0), MOTE_OK);
  assert_int_equal(gather(1, 1, -10, 2), MOTE_ERR_RUN);
  assert_int_equal(gather(1, 1, 2, 2), MOTE_ERR_RUN);
  assert_int_equal(gather(1, 1, INT64_MIN, 2), MOTE_ERR_RUN);
  assert_int_equal(gather(1, 1, 1, 2), MOTE_OK);
  assert_int_equal(gather(1, 3, 1, 2), MOTE_ERR_SHAPE);
}

static void scatters_and_adds(void **state) {
  (void)state;
  const int32_t indices[] = {1, 3, 1}, shape[] = {5, 2};
  const int32_t updates[] = {1, 2, 30, 40, 500, INT32_MAX};
  op_case k;
  op_case_begin(&k, &op_scatter_nd, NULL);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){3, 1}, indices, 0);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){3, 2}, updates, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, shape, OP_CONST);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((int32_t[]){0, 0, 501, INT32_MIN + 1, 0, 0, 30, 40, 0, 0}), 40);
  assert_true(op_case_end(&k));
}

static void scatters_every_type(void **state) {
  (void)state;
  const mote_type types[] = {MOTE_FLOAT32, MOTE_FLOAT64, MOTE_FLOAT16, MOTE_BFLOAT16, MOTE_INT8,   MOTE_INT16,
                             MOTE_INT64,   MOTE_UINT8,   MOTE_UINT16,  MOTE_UINT32,   MOTE_UINT64, MOTE_BOOL};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    const size_t bytes = (size_t)mote_type_bits(types[t]) / 8;
    uint8_t ones[2][8] = {{0}}, sum[8] = {0}, *both = ones[0];
    const float f1 = 1, f2 = 2;
    const double d1 = 1, d2 = 2;
    switch (types[t]) {
      case MOTE_FLOAT32: memcpy(both, &f1, 4), memcpy(both + 4, &f1, 4), memcpy(sum, &f2, 4); break;
      case MOTE_FLOAT64: memcpy(both, &d1, 8), memcpy(both + 8, &d1, 8), memcpy(sum, &d2, 8); break;
      case MOTE_FLOAT16: memcpy(both, (uint16_t[]){0x3c00, 0x3c00}, 4), memcpy(sum, (uint16_t[]){0x4000}, 2); break;
      case MOTE_BFLOAT16: memcpy(both, (uint16_t[]){0x3f80, 0x3f80}, 4), memcpy(sum, (uint16_t[]){0x4000}, 2); break;
      default: both[0] = both[bytes] = 1, sum[0] = types[t] == MOTE_BOOL ? 1 : 2;
    }
    op_case k;
    op_case_begin(&k, &op_scatter_nd, NULL);
    op_case_input(&k, MOTE_INT32, 2, (int32_t[]){2, 1}, (int32_t[]){1, 1}, 0);
    op_case_input(&k, types[t], 1, (int32_t[]){2}, both, 0);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, (int32_t[]){2}, OP_CONST);
    op_case_output(&k, types[t]);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_true(move_case_zero(&k.out[0], 0));
    assert_memory_equal((char *)k.out[0].data + bytes, sum, bytes);
    assert_true(op_case_end(&k));
  }
}

static mote_status scatter(int32_t index, int32_t updates, int32_t dim) {
  op_case k;
  op_case_begin(&k, &op_scatter_nd, NULL);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){1, 1}, &index, 0);
  op_case_input(&k, MOTE_FLOAT32, 1, &updates, move_case_bytes(), 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, &dim, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

/* TFSA-2022-089: indices outside. */
static void tfsa_2022_089_scatter_nd(void **state) {
  (void)state;
  assert_int_equal(scatter(3, 1, 4), MOTE_OK);
  assert_int_equal(scatter(-1, 1, 4), MOTE_ERR_RUN);
  assert_int_equal(scatter(4, 1, 4), MOTE_ERR_RUN);
  assert_int_equal(scatter(0, 2, 4), MOTE_ERR_SHAPE);
  assert_int_equal(scatter(0, 1, -1), MOTE_ERR_SHAPE);
}

static void writes_sparse_values(void **state) {
  (void)state;
  const int64_t indices[] = {0, 1, 1, 2, 0, 1}, shape[] = {2, 3};
  const int16_t values[] = {5, 6, 7}, missing = -1;
  op_case k;
  op_case_begin(&k, &op_sparse_to_dense, NULL);
  op_case_input(&k, MOTE_INT64, 2, (int32_t[]){3, 2}, indices, 0);
  op_case_input(&k, MOTE_INT64, 1, (int32_t[]){2}, shape, OP_CONST);
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){3}, values, 0);
  op_case_input(&k, MOTE_INT16, 0, NULL, &missing, 0);
  op_case_output(&k, MOTE_INT16);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((int16_t[]){-1, 7, -1, -1, -1, 6}), 12);
  assert_true(op_case_end(&k));
}

static mote_status dense(int32_t index, int32_t values, int32_t width) {
  op_case k;
  op_case_begin(&k, &op_sparse_to_dense, NULL);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){1, width}, (int32_t[]){index, 0}, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, (int32_t[]){4}, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 1, &values, move_case_bytes(), 0);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, move_case_bytes(), 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

static void refuses(void **state) {
  (void)state;
  assert_int_equal(dense(3, 1, 1), MOTE_OK);
  assert_int_equal(dense(4, 1, 1), MOTE_ERR_RUN);
  assert_int_equal(dense(-1, 1, 1), MOTE_ERR_RUN);
  assert_int_equal(dense(0, 2, 1), MOTE_ERR_SHAPE);
  assert_int_equal(dense(0, 1, 2), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gathers),
      cmocka_unit_test(tfsa_2021_076_161_2022_087_gather_nd),
      cmocka_unit_test(scatters_and_adds),
      cmocka_unit_test(scatters_every_type),
      cmocka_unit_test(tfsa_2022_089_scatter_nd),
      cmocka_unit_test(writes_sparse_values),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
