/* The space, depth and batch operators, DILATE, STABLEHLO_PAD and the diagonals: where each element comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_depth_to_space, op_space_to_depth, op_space_to_batch_nd, op_batch_to_space_nd;
extern const mote_op op_dilate, op_stablehlo_pad, op_matrix_diag, op_matrix_set_diag;

static void moves_between_space_and_depth(void **state) {
  (void)state;
  op_random r = {1};
  for (int round = 0; round < 500; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t b = op_random_in(&r, 1, 3), dims[4] = {op_random_in(&r, 0, 2), op_random_in(&r, 1, 4),
                                                         op_random_in(&r, 1, 4), op_random_in(&r, 1, 3)};
    const int32_t deep[4] = {dims[0], dims[1], dims[2], dims[3] * b * b};
    const int32_t flat[4] = {dims[0], dims[1] * b, dims[2] * b, dims[3]};
    for (int way = 0; way < 2; way++) {
      op_case k;
      const sch_SpaceToDepthOptions to_depth = {.block_size = b};
      const sch_DepthToSpaceOptions to_space = {.block_size = b};
      op_case_begin(&k, way ? &op_space_to_depth : &op_depth_to_space, way ? (const void *)&to_depth : &to_space);
      op_case_input(&k, type, 4, way ? flat : deep, move_case_bytes(), 0);
      op_case_output(&k, type);
      assert_int_equal(op_case_run(&k), MOTE_OK);
      assert_memory_equal(k.out[0].dims, way ? deep : flat, sizeof flat);
      int32_t at[4];
      for (size_t e = 0; e < op_count(&k.out[0]); e++) { /* e of the flat side */
        op_coordinates(e, 4, flat, at);
        const int32_t in[4] = {at[0], at[1] / b, at[2] / b, (at[1] % b * b + at[2] % b) * dims[3] + at[3]};
        const size_t d = op_offset(4, deep, in);
        assert_true(move_case_same(&k.out[0], way ? d : e, move_case_bytes(), way ? e : d));
      }
      assert_true(op_case_end(&k));
    }
  }
}

/* Batch side [count * n, ..]: slice s of position p in the blocks. */
static void moves_between_space_and_batch(void **state) {
  (void)state;
  op_random r = {2};
  for (int round = 0; round < 800; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 2, 5), axes = op_random_in(&r, 1, rank - 1);
    int32_t flat[5], batched[5], size[5], edges[10], at[5], in[5], count = 1;
    for (int32_t i = 0; i < rank; i++) flat[i] = batched[i] = op_random_in(&r, 1, 4);
    for (int32_t i = 0; i < axes; i++) {
      size[i] = op_random_in(&r, 1, 3);
      edges[2 * i] = op_random_in(&r, 0, 3);
      const int32_t rest = (flat[i + 1] + edges[2 * i]) % size[i];
      edges[2 * i + 1] = (rest ? size[i] - rest : 0) + size[i] * op_random_in(&r, 0, 1);
      batched[i + 1] = (flat[i + 1] + edges[2 * i] + edges[2 * i + 1]) / size[i];
      count *= size[i];
    }
    batched[0] = flat[0] * count;
    if (op_offset(rank, batched, batched) > MOVE_CASE_LIMIT) continue;
    for (int way = 0; way < 2; way++) {
      op_case k;
      op_case_begin(&k, way ? &op_batch_to_space_nd : &op_space_to_batch_nd, NULL);
      op_case_input(&k, type, rank, way ? batched : flat, move_case_bytes(), 0);
      op_case_input(&k, MOTE_INT32, 1, &axes, size, OP_CONST);
      op_case_input(&k, MOTE_INT32, 2, (int32_t[]){axes, 2}, edges, OP_CONST);
      op_case_output(&k, type);
      assert_int_equal(op_case_run(&k), MOTE_OK);
      assert_memory_equal(k.out[0].dims, way ? flat : batched, (size_t)rank * 4);
      size_t n = 1;
      for (int32_t i = 0; i < rank; i++) n *= (size_t)batched[i];
      for (size_t e = 0; e < n; e++) { /* e of the batched side */
        op_coordinates(e, rank, batched, at);
        int32_t block = at[0] / flat[0];
        bool inside = true;
        memcpy(in, at, sizeof in);
        in[0] = at[0] % flat[0];
        for (int32_t i = axes; i >= 1; i--) {
          in[i] = at[i] * size[i - 1] + block % size[i - 1] - edges[2 * i - 2];
          block /= size[i - 1];
          inside &= in[i] >= 0 && in[i] < flat[i];
        }
        if (inside && way) assert_true(move_case_same(&k.out[0], op_offset(rank, flat, in), move_case_bytes(), e));
        else if (inside) assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(rank, flat, in)));
        else if (!way) assert_true(move_case_zero(&k.out[0], e));
      }
      assert_true(op_case_end(&k));
    }
  }
}

static void spreads(void **state) {
  (void)state;
  op_random r = {3};
  for (int round = 0; round < 1500; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 1, 4);
    const bool dilate = round % 3 == 0;
    int32_t dims[4], step[4], at[4];
    int64_t low[4] = {0}, high[4] = {0}, inner[4];
    op_random_dims(&r, rank, 60, dims);
    for (int32_t i = 0; i < rank; i++) {
      step[i] = op_random_in(&r, 1, 3), inner[i] = step[i] - 1;
      if (!dilate) low[i] = op_random_in(&r, -3, 3), high[i] = op_random_in(&r, -3, 3);
    }
    const sch_StablehloPadOptions o = {.edge_padding_low = {low, (uint32_t)rank},
                                       .edge_padding_high = {high, (uint32_t)rank},
                                       .interior_padding = {inner, (uint32_t)rank}};
    op_case k;
    op_case_begin(&k, dilate ? &op_dilate : &op_stablehlo_pad, dilate ? NULL : &o);
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    if (dilate) op_case_input(&k, MOTE_INT32, 1, &rank, step, OP_CONST);
    op_case_input(&k, type, 0, NULL, move_case_bytes() + 5, 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank, k.out[0].dims, at);
      bool inside = true;
      for (int32_t i = 0; i < rank; i++) {
        at[i] -= (int32_t)low[i];
        inside &= at[i] >= 0 && at[i] % step[i] == 0 && at[i] / step[i] < dims[i];
        at[i] /= step[i];
      }
      if (inside) assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(rank, dims, at)));
      else assert_true(move_case_same(&k.out[0], e, move_case_bytes() + 5, 0));
    }
    assert_true(op_case_end(&k));
  }
}

static void writes_diagonals(void **state) {
  (void)state;
  op_random r = {4};
  const uint8_t *const diagonal = move_case_bytes() + 91;
  for (int round = 0; round < 600; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 2, 5);
    const bool set = round % 2;
    int32_t dims[5], small[5], at[5];
    op_random_dims(&r, rank, 300, dims);
    if (!set) dims[rank - 1] = dims[rank - 2] = op_random_in(&r, 0, 4);
    memcpy(small, dims, sizeof small);
    small[rank - 2] = dims[rank - 2] < dims[rank - 1] ? dims[rank - 2] : dims[rank - 1];
    op_case k;
    op_case_begin(&k, set ? &op_matrix_set_diag : &op_matrix_diag, NULL);
    if (set) op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    op_case_input(&k, type, rank - 1, small, diagonal, 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_memory_equal(k.out[0].dims, dims, (size_t)rank * 4);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank, dims, at);
      if (at[rank - 1] == at[rank - 2])
        assert_true(move_case_same(&k.out[0], e, diagonal, op_offset(rank - 1, small, at)));
      else if (set) assert_true(move_case_same(&k.out[0], e, move_case_bytes(), e));
      else assert_true(move_case_zero(&k.out[0], e));
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status block(const mote_op *op, int32_t size, int32_t width, int32_t depth) {
  op_case k;
  const sch_DepthToSpaceOptions d = {.block_size = size};
  const sch_SpaceToDepthOptions s = {.block_size = size};
  op_case_begin(&k, op, op == &op_depth_to_space ? (const void *)&d : &s);
  op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, 2, width, depth}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static mote_status batch(const mote_op *op, int32_t size, int32_t before, int32_t behind) {
  op_case k;
  op_case_begin(&k, op, NULL);
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){4, 6, 1}, NULL, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, &size, OP_CONST);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){1, 2}, (int32_t[]){before, behind}, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

/* TFSA-2021-075, 081, 084, 085: blocks of size 0. */
static void tfsa_2021_075_081_084_085_blocks_of_nothing(void **state) {
  (void)state;
  assert_int_equal(block(&op_space_to_depth, 0, 4, 4), MOTE_ERR_MODEL);
  assert_int_equal(block(&op_depth_to_space, 0, 4, 4), MOTE_ERR_MODEL);
  assert_int_equal(batch(&op_batch_to_space_nd, 0, 0, 0), MOTE_ERR_SHAPE);
  assert_int_equal(batch(&op_space_to_batch_nd, 0, 0, 0), MOTE_ERR_SHAPE);
}

static mote_status dilate(int64_t by) {
  op_case k;
  op_case_begin(&k, &op_dilate, NULL);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){3}, NULL, 0);
  op_case_input(&k, MOTE_INT64, 1, (int32_t[]){1}, &by, OP_CONST);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, move_case_bytes(), OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static mote_status set_diagonal(int32_t n) {
  op_case k;
  op_case_begin(&k, &op_matrix_set_diag, NULL);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){3, 2}, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 1, &n, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void refuses(void **state) {
  (void)state;
  assert_int_equal(block(&op_space_to_depth, 2, 4, 1), MOTE_OK);
  assert_int_equal(block(&op_space_to_depth, 2, 5, 1), MOTE_ERR_SHAPE);
  assert_int_equal(block(&op_space_to_depth, -2, 4, 1), MOTE_ERR_MODEL);
  assert_int_equal(block(&op_space_to_depth, INT32_MAX, 0, 1), MOTE_ERR_SHAPE);
  assert_int_equal(block(&op_depth_to_space, 2, 1, 8), MOTE_OK);
  assert_int_equal(block(&op_depth_to_space, 2, 1, 6), MOTE_ERR_SHAPE);
  assert_int_equal(batch(&op_space_to_batch_nd, 2, 1, 1), MOTE_OK);
  assert_int_equal(batch(&op_space_to_batch_nd, 2, 1, 0), MOTE_ERR_SHAPE);
  assert_int_equal(batch(&op_space_to_batch_nd, 2, -1, 1), MOTE_ERR_SHAPE);
  assert_int_equal(batch(&op_batch_to_space_nd, 2, 12, 0), MOTE_OK);
  assert_int_equal(batch(&op_batch_to_space_nd, 2, 12, 1), MOTE_ERR_SHAPE);
  assert_int_equal(batch(&op_batch_to_space_nd, 3, 0, 0), MOTE_ERR_SHAPE);
  assert_int_equal(dilate(1), MOTE_OK);
  assert_int_equal(dilate(0), MOTE_ERR_SHAPE);
  assert_int_equal(dilate(-1), MOTE_ERR_SHAPE);
  assert_int_equal(dilate(INT32_MAX), MOTE_ERR_SHAPE);
  assert_int_equal(set_diagonal(2), MOTE_OK);
  assert_int_equal(set_diagonal(1), MOTE_ERR_SHAPE);
  assert_int_equal(set_diagonal(3), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(moves_between_space_and_depth),
      cmocka_unit_test(moves_between_space_and_batch),
      cmocka_unit_test(spreads),
      cmocka_unit_test(writes_diagonals),
      cmocka_unit_test(tfsa_2021_075_081_084_085_blocks_of_nothing),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
