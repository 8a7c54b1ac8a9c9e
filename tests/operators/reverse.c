/* REVERSE_V2, REVERSE_SEQUENCE, Roll, MIRROR_PAD: where each element comes from, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_reverse_v2, op_reverse_sequence, op_roll, op_mirror_pad;

static void reverses_axes(void **state) {
  (void)state;
  op_random r = {1};
  for (int round = 0; round < 1000; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 1, OP_MAX_RANK);
    const uint32_t mask = op_random_below(&r, 1u << rank);
    int32_t dims[OP_MAX_RANK], axes[OP_MAX_RANK], at[OP_MAX_RANK], count = 0;
    op_random_dims(&r, rank, MOVE_CASE_LIMIT, dims);
    for (int32_t i = rank - 1; i >= 0; i--)
      if (mask >> i & 1) axes[count++] = round % 2 ? i : i - rank;
    op_case k;
    op_case_begin(&k, &op_reverse_v2, NULL);
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    op_case_input(&k, MOTE_INT32, 1, &count, axes, OP_CONST);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank, dims, at);
      for (int32_t i = 0; i < rank; i++)
        if (mask >> i & 1) at[i] = dims[i] - 1 - at[i];
      assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(rank, dims, at)));
    }
    assert_true(op_case_end(&k));
  }
}

static void reverses_sequences(void **state) {
  (void)state;
  op_random r = {2};
  for (int round = 0; round < 800; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 2, 5), seq = op_random_in(&r, 0, rank - 1);
    const int32_t batch = (seq + op_random_in(&r, 1, rank - 1)) % rank;
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK];
    int64_t lengths[16];
    op_random_dims(&r, rank, MOVE_CASE_LIMIT, dims);
    for (int32_t i = 0; i < dims[batch]; i++) lengths[i] = op_random_in(&r, 0, dims[seq]);
    op_case k;
    op_case_begin(&k, &op_reverse_sequence, &(sch_ReverseSequenceOptions){.seq_dim = seq, .batch_dim = batch});
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    op_case_input(&k, MOTE_INT64, 1, &dims[batch], lengths, 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank, dims, at);
      const int32_t length = (int32_t)lengths[at[batch]];
      if (at[seq] < length) at[seq] = length - 1 - at[seq];
      assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(rank, dims, at)));
    }
    assert_true(op_case_end(&k));
  }
}

static void rolls(void **state) {
  (void)state;
  op_random r = {3};
  for (int round = 0; round < 1000; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 1, 5), count = op_random_in(&r, 0, 3);
    int32_t dims[OP_MAX_RANK], shift[3], at[OP_MAX_RANK];
    int64_t axis[3];
    op_random_dims(&r, rank, MOVE_CASE_LIMIT, dims);
    for (int32_t i = 0; i < count; i++)
      shift[i] = op_random_in(&r, -20, 20), axis[i] = op_random_in(&r, -rank, rank - 1);
    op_case k;
    op_case_begin(&k, &op_roll, NULL);
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    op_case_input(&k, MOTE_INT32, 1, &count, shift, 0);
    op_case_input(&k, MOTE_INT64, 1, &count, axis, 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank, dims, at);
      for (int32_t i = 0; i < count; i++) {
        const int32_t d = (int32_t)(axis[i] < 0 ? axis[i] + rank : axis[i]);
        at[d] = ((at[d] - shift[i]) % dims[d] + dims[d]) % dims[d];
      }
      assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(rank, dims, at)));
    }
    assert_true(op_case_end(&k));
  }
}

static void mirrors(void **state) {
  (void)state;
  op_random r = {4};
  for (int round = 0; round < 1000; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 0, 4), mode = round % 2;
    int32_t dims[OP_MAX_RANK], pads[2 * OP_MAX_RANK], at[OP_MAX_RANK];
    op_random_dims(&r, rank, 60, dims);
    for (int32_t i = 0; i < rank; i++) {
      const int32_t most = dims[i] - (mode == sch_MirrorPadMode_REFLECT) > 0 ? dims[i] - (mode == 0) : 0;
      pads[2 * i] = op_random_in(&r, 0, most), pads[2 * i + 1] = op_random_in(&r, 0, most);
    }
    op_case k;
    op_case_begin(&k, &op_mirror_pad, &(sch_MirrorPadOptions){.mode = mode});
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    op_case_input(&k, MOTE_INT32, 2, (int32_t[]){rank, 2}, pads, OP_CONST);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const int32_t skip = mode == sch_MirrorPadMode_REFLECT;
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank, k.out[0].dims, at);
      for (int32_t i = 0; i < rank; i++) {
        at[i] -= pads[2 * i];
        if (at[i] < 0) at[i] = -at[i] - 1 + skip;
        if (at[i] >= dims[i]) at[i] = 2 * dims[i] - 1 - at[i] - skip;
      }
      assert_true(move_case_same(&k.out[0], e, move_case_bytes(), op_offset(rank, dims, at)));
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status reverse(int32_t first, int32_t second) {
  op_case k;
  op_case_begin(&k, &op_reverse_v2, NULL);
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){2, 3, 4}, move_case_bytes(), 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, (int32_t[]){first, second}, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static mote_status sequence(int32_t seq, int32_t batch, int32_t lengths, int32_t length) {
  op_case k;
  op_case_begin(&k, &op_reverse_sequence, &(sch_ReverseSequenceOptions){.seq_dim = seq, .batch_dim = batch});
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 3}, move_case_bytes(), 0);
  op_case_input(&k, MOTE_INT32, 1, &lengths, (int32_t[]){length, length, length}, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

static mote_status roll(int32_t shifts, int32_t axis) {
  op_case k;
  op_case_begin(&k, &op_roll, NULL);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 3}, move_case_bytes(), 0);
  op_case_input(&k, MOTE_INT32, 1, &shifts, (int32_t[]){1, 1}, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, &axis, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

/* Paddings that are not known yet, for this many dimensions of an input of one. */
static mote_status mirror_rows(int32_t rows) {
  op_case k;
  op_case_begin(&k, &op_mirror_pad, NULL);
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){3}, NULL, 0);
  op_case_input(&k, MOTE_INT64, 2, (int32_t[]){rows, 2}, NULL, 0);
  op_case_output(&k, MOTE_INT8);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static mote_status mirror(int32_t mode, int64_t before, float scale) {
  op_case k;
  op_case_begin(&k, &op_mirror_pad, &(sch_MirrorPadOptions){.mode = mode});
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){3}, move_case_bytes(), 0)->scale = scale;
  op_case_input(&k, MOTE_INT64, 2, (int32_t[]){1, 2}, (int64_t[]){before, 0}, OP_CONST);
  op_case_output(&k, MOTE_INT8);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void refuses(void **state) {
  (void)state;
  assert_int_equal(reverse(0, -1), MOTE_OK);
  assert_int_equal(reverse(0, 3), MOTE_ERR_SHAPE);
  assert_int_equal(reverse(2, -1), MOTE_ERR_SHAPE);
  assert_int_equal(sequence(1, 0, 2, 3), MOTE_OK);
  assert_int_equal(sequence(1, 0, 2, 4), MOTE_ERR_RUN);
  assert_int_equal(sequence(1, 0, 2, -1), MOTE_ERR_RUN);
  assert_int_equal(sequence(1, 0, 3, 1), MOTE_ERR_SHAPE);
  assert_int_equal(sequence(1, 1, 3, 1), MOTE_ERR_MODEL);
  assert_int_equal(sequence(2, 0, 2, 1), MOTE_ERR_SHAPE);
  assert_int_equal(roll(1, 1), MOTE_OK);
  assert_int_equal(roll(1, 2), MOTE_ERR_SHAPE);
  assert_int_equal(roll(2, 1), MOTE_ERR_SHAPE);
  assert_int_equal(mirror(sch_MirrorPadMode_SYMMETRIC, 3, 0), MOTE_OK);
  assert_int_equal(mirror(sch_MirrorPadMode_REFLECT, 3, 0), MOTE_ERR_SHAPE);
  assert_int_equal(mirror(sch_MirrorPadMode_REFLECT, -1, 0), MOTE_ERR_SHAPE);
  assert_int_equal(mirror(sch_MirrorPadMode_SYMMETRIC, INT64_MAX, 0), MOTE_ERR_SHAPE);
  assert_int_equal(mirror(7, 1, 0), MOTE_ERR_MODEL);
  assert_int_equal(mirror(0, 1, 0.5f), MOTE_ERR_MODEL);
  assert_int_equal(mirror_rows(1), MOTE_OK);
  assert_int_equal(mirror_rows(2), MOTE_ERR_SHAPE);
  assert_int_equal(mirror_rows(99), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reverses_axes), cmocka_unit_test(reverses_sequences),
      cmocka_unit_test(rolls),         cmocka_unit_test(mirrors),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
