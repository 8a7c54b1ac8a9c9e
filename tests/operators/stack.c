/* PACK and UNPACK against their definitions, in all widths of elements, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_pack_values, op_unpack;

static uint8_t parts[3][16 * MOVE_CASE_LIMIT];

static void packs_along_any_axis(void **state) {
  (void)state;
  op_random r = {1};
  for (int i = 0; i < 3; i++) memcpy(parts[i], move_case_bytes() + 977 * i, 16 * MOVE_CASE_LIMIT / 2);
  for (int round = 0; round < 600; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 0, OP_MAX_RANK - 1), n = op_random_in(&r, 1, 3);
    const int32_t axis = op_random_in(&r, -rank - 1, rank), at_axis = axis < 0 ? axis + rank + 1 : axis;
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK], in_at[OP_MAX_RANK];
    op_random_dims(&r, rank, MOVE_CASE_LIMIT / 3, dims);
    op_case k;
    op_case_begin(&k, &op_pack_values, &(sch_PackOptions){.values_count = n, .axis = axis});
    for (int32_t i = 0; i < n; i++) op_case_input(&k, type, rank, dims, parts[i], 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_int_equal(k.out[0].rank, rank + 1);
    assert_int_equal(k.out[0].dims[at_axis], n);
    for (size_t e = 0; e < op_count(&k.out[0]); e++) {
      op_coordinates(e, rank + 1, k.out[0].dims, at);
      for (int32_t i = 0; i < rank; i++) in_at[i] = at[i < at_axis ? i : i + 1];
      assert_true(move_case_same(&k.out[0], e, parts[at[at_axis]], op_offset(rank, dims, in_at)));
    }
    assert_true(op_case_end(&k));
  }
}

static void unpacks_what_was_packed(void **state) {
  (void)state;
  op_random r = {2};
  for (int round = 0; round < 600; round++) {
    const mote_type type = move_case_type(&r);
    const int32_t rank = op_random_in(&r, 1, OP_MAX_RANK), axis = op_random_in(&r, 0, rank - 1);
    int32_t dims[OP_MAX_RANK], at[OP_MAX_RANK], in_at[OP_MAX_RANK];
    op_random_dims(&r, rank, MOVE_CASE_LIMIT, dims);
    if (dims[axis] == 0) dims[axis] = 1;
    op_case k;
    op_case_begin(&k, &op_unpack, &(sch_UnpackOptions){.num = dims[axis], .axis = axis - (round % 2 ? rank : 0)});
    op_case_input(&k, type, rank, dims, move_case_bytes(), 0);
    for (int32_t i = 0; i < dims[axis]; i++) op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t o = 0; o < dims[axis]; o++)
      for (size_t e = 0; e < op_count(&k.out[o]); e++) {
        op_coordinates(e, rank - 1, k.out[o].dims, at);
        for (int32_t i = 0; i < rank; i++) in_at[i] = i < axis ? at[i] : i == axis ? o : at[i - 1];
        assert_true(move_case_same(&k.out[o], e, move_case_bytes(), op_offset(rank, dims, in_at)));
      }
    assert_true(op_case_end(&k));
  }
}

static void packs_strings(void **state) {
  (void)state;
  char a[64], b[64];
  op_case k;
  op_case_begin(&k, &op_pack_values, &(sch_PackOptions){.values_count = 2, .axis = 1});
  move_case_string_input(&k, 1, (int32_t[]){2}, a, (const char *[]){"one", ""}, 2);
  move_case_string_input(&k, 1, (int32_t[]){2}, b, (const char *[]){"three", "four"}, 2);
  op_case_output(&k, MOTE_STRING);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(move_case_is(&k.out[0], 0, "one") && move_case_is(&k.out[0], 1, "three"));
  assert_true(move_case_is(&k.out[0], 2, "") && move_case_is(&k.out[0], 3, "four"));
  assert_true(op_case_end(&k));
}

static mote_status pack(int32_t values, int32_t axis, int32_t second, float scale) {
  op_case k;
  op_case_begin(&k, &op_pack_values, &(sch_PackOptions){.values_count = values, .axis = axis});
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){2}, move_case_bytes(), 0);
  op_case_input(&k, MOTE_INT8, 1, &second, move_case_bytes(), 0)->scale = scale;
  op_case_output(&k, MOTE_INT8);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static mote_status unpack(int32_t num, int32_t axis, int32_t rank) {
  op_case k;
  op_case_begin(&k, &op_unpack, &(sch_UnpackOptions){.num = num, .axis = axis});
  op_case_input(&k, MOTE_INT64, rank, (int32_t[]){2, 3}, move_case_bytes(), 0);
  for (int32_t i = 0; i < 2; i++) op_case_output(&k, MOTE_INT64);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void refuses(void **state) {
  (void)state;
  assert_int_equal(pack(2, 0, 2, 0), MOTE_OK);
  assert_int_equal(pack(2, 0, -1, 0), MOTE_OK);
  assert_int_equal(pack(3, 0, 2, 0), MOTE_ERR_MODEL);
  assert_int_equal(pack(2, 0, 2, 0.5f), MOTE_ERR_MODEL);
  assert_int_equal(pack(2, 0, 3, 0), MOTE_ERR_SHAPE);
  assert_int_equal(pack(2, 2, 2, 0), MOTE_ERR_SHAPE);
  assert_int_equal(pack(2, -3, 2, 0), MOTE_ERR_SHAPE);
  assert_int_equal(unpack(2, 0, 2), MOTE_OK);
  assert_int_equal(unpack(2, 0, -1), MOTE_OK);
  assert_int_equal(unpack(2, 1, 2), MOTE_ERR_SHAPE);
  assert_int_equal(unpack(2, 2, 2), MOTE_ERR_SHAPE);
  assert_int_equal(unpack(2, 0, 0), MOTE_ERR_SHAPE);
  assert_int_equal(unpack(3, 0, 2), MOTE_ERR_MODEL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(packs_along_any_axis),
      cmocka_unit_test(unpacks_what_was_packed),
      cmocka_unit_test(packs_strings),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
