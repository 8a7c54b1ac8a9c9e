/* select.c: SELECT and its kin, BROADCAST_TO, BROADCAST_ARGS and ADD_N against their definitions, and what they refuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_select, op_select_v2, op_stablehlo_select, op_broadcast_to, op_broadcast_args, op_add_n;

enum { LIMIT = 3000 };

static size_t source(const op_tensor *t, const op_tensor *out, size_t n) {
  int32_t at[OP_MAX_RANK], mine[OP_MAX_RANK];
  op_coordinates(n, out->rank, out->dims, at);
  for (int32_t i = 0; i < t->rank; i++) mine[i] = t->dims[i] == 1 ? 0 : at[out->rank - t->rank + i];
  return op_offset(t->rank, t->dims, mine);
}

/* A shape that broadcasts to dims: some dimensions 1, some leading ones gone. */
static int32_t narrower(op_random *r, int32_t rank, const int32_t *dims, int32_t *to) {
  const int32_t drop = op_random_below(r, 2) ? 0 : op_random_in(r, 0, rank);
  for (int32_t i = drop; i < rank; i++) to[i - drop] = op_random_below(r, 3) ? dims[i] : 1;
  return rank - drop;
}

static void selections_broadcast(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_INT8, MOTE_INT16, MOTE_FLOAT32, MOTE_INT64, MOTE_COMPLEX128};
  static uint8_t cond[LIMIT], data[2][LIMIT * 16];
  op_random r = {1};
  for (int k = 0; k < 2; k++)
    for (size_t i = 0; i < sizeof data[k]; i++) data[k][i] = (uint8_t)op_random_below(&r, 256);
  for (size_t i = 0; i < LIMIT; i++) cond[i] = (uint8_t)op_random_below(&r, 2);
  for (int turn = 0; turn < 1500; turn++) {
    const mote_type type = types[op_random_below(&r, 5)];
    const int32_t rank = op_random_in(&r, 0, OP_MAX_RANK);
    int32_t dims[OP_MAX_RANK], part[OP_MAX_RANK];
    op_random_dims(&r, rank, LIMIT, dims);
    op_case k;
    op_case_begin(&k, &op_select_v2, NULL);
    int32_t n = narrower(&r, rank, dims, part);
    op_case_input(&k, MOTE_BOOL, n, part, cond, 0);
    for (int i = 0; i < 2; i++) {
      n = narrower(&r, rank, dims, part);
      op_case_input(&k, type, n, part, data[i], 0);
    }
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const size_t bytes = (size_t)mote_type_bits(type) / 8;
    for (size_t i = 0; i < op_count(&k.out[0]); i++) {
      const op_tensor *from = cond[source(&k.in[0], &k.out[0], i)] ? &k.in[1] : &k.in[2];
      assert_memory_equal((char *)k.out[0].data + i * bytes, (char *)from->data + source(from, &k.out[0], i) * bytes,
                          bytes);
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status select_rows(const mote_op *op, int32_t rank, int32_t n, int32_t other, int32_t *to) {
  static const int32_t x[] = {1, 2, 3, 4, 5, 6}, z[] = {-1, -2, -3, -4, -5, -6};
  op_case k;
  op_case_begin(&k, op, NULL);
  op_case_input(&k, MOTE_BOOL, rank, &n, (const uint8_t[]){1, 0, 1}, 0);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){3, 2}, x, 0);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){other, 2}, z, 0);
  op_case_output(&k, MOTE_INT32);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(to, k.out[0].data, sizeof x);
  else k.c.num_outputs = 0;
  op_case_end(&k);
  return status;
}

static void conditions_of_rows(void **state) {
  (void)state;
  int32_t y[6];
  assert_int_equal(select_rows(&op_select, 1, 3, 3, y), MOTE_OK);
  assert_memory_equal(y, ((const int32_t[]){1, 2, -3, -4, 5, 6}), sizeof y);
  assert_int_equal(select_rows(&op_stablehlo_select, 0, 0, 3, y), MOTE_OK);
  assert_memory_equal(y, ((const int32_t[]){1, 2, 3, 4, 5, 6}), sizeof y);
  assert_int_equal(select_rows(&op_select, 1, 2, 3, y), MOTE_ERR_SHAPE);
  assert_int_equal(select_rows(&op_select, 1, 3, 1, y), MOTE_ERR_SHAPE);
}

static mote_status broadcast(int32_t x_rank, const int32_t *x_dims, int32_t rank, const int32_t *dims, uint8_t *to) {
  static const uint8_t x[] = {1, 2, 3, 4, 5, 6};
  op_case k;
  op_case_begin(&k, &op_broadcast_to, NULL);
  op_case_input(&k, MOTE_UINT8, x_rank, x_dims, x, 0);
  op_case_input(&k, MOTE_INT32, 1, &rank, dims, OP_CONST);
  op_case_output(&k, MOTE_UINT8);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(to, k.out[0].data, k.out[0].bytes);
  else k.c.num_outputs = 0;
  op_case_end(&k);
  return status;
}

static void broadcasts_to(void **state) {
  (void)state;
  uint8_t y[64];
  assert_int_equal(broadcast(2, (int32_t[]){2, 1}, 3, (int32_t[]){2, 2, 3}, y), MOTE_OK);
  assert_memory_equal(y, ((const uint8_t[]){1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}), 12);
  assert_int_equal(broadcast(1, (int32_t[]){1}, 2, (int32_t[]){0, 3}, y), MOTE_OK);
  assert_int_equal(broadcast(0, NULL, 0, NULL, y), MOTE_OK);
  assert_int_equal(broadcast(1, (int32_t[]){2}, 1, (int32_t[]){3}, y), MOTE_ERR_SHAPE);
  assert_int_equal(broadcast(2, (int32_t[]){1, 2}, 1, (int32_t[]){2}, y), MOTE_ERR_SHAPE);
  assert_int_equal(broadcast(1, (int32_t[]){1}, 1, (int32_t[]){-1}, y), MOTE_ERR_SHAPE);
}

static void packed_integers(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_broadcast_to, NULL);
  op_case_input(&k, MOTE_INT4, 2, (int32_t[]){3, 1}, (const uint8_t[]){0xf1, 0x02}, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, (const int32_t[]){3, 3}, OP_CONST);
  op_case_output(&k, MOTE_INT4);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const uint8_t[]){0x11, 0xf1, 0xff, 0x22, 0x02}), 5);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_select_v2, NULL);
  op_case_input(&k, MOTE_BOOL, 1, (int32_t[]){3}, (const uint8_t[]){1, 0, 1}, 0);
  op_case_input(&k, MOTE_UINT4, 1, (int32_t[]){3}, (const uint8_t[]){0xf1, 0x02}, 0);
  op_case_input(&k, MOTE_UINT4, 0, NULL, (const uint8_t[]){0x09}, 0);
  op_case_output(&k, MOTE_UINT4);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const uint8_t[]){0x91, 0x02}), 2);
  assert_true(op_case_end(&k));
}

/* The reference crashes on shapes that do not fit. */
static void broadcast_shapes(void **state) {
  (void)state;
  for (int fits = 0; fits < 2; fits++) {
    op_case k;
    op_case_begin(&k, &op_broadcast_args, NULL);
    op_case_input(&k, MOTE_INT64, 1, (int32_t[]){2}, ((const int64_t[]){fits ? 1 : 5, 3}), 0);
    op_case_input(&k, MOTE_INT64, 1, (int32_t[]){3}, ((const int64_t[]){7, 4, 1}), 0);
    op_case_output(&k, MOTE_INT64);
    assert_int_equal(op_case_run(&k), fits ? MOTE_OK : MOTE_ERR_RUN);
    if (fits) assert_memory_equal(k.out[0].data, ((const int64_t[]){7, 4, 3}), 24);
    assert_true(op_case_end(&k));
  }
}

static void sums_of_many(void **state) {
  (void)state;
  const int32_t x[3][2] = {{1, INT32_MAX}, {10, 1}, {100, 0}};
  op_case k;
  op_case_begin(&k, &op_add_n, NULL);
  for (int i = 0; i < 3; i++) op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, x[i], 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const int32_t[]){111, INT32_MIN}), 8);
  assert_true(op_case_end(&k));
  op_case_begin(&k, &op_add_n, NULL);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, x[0], 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, x[1], 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(selections_broadcast), cmocka_unit_test(conditions_of_rows), cmocka_unit_test(broadcasts_to),
      cmocka_unit_test(packed_integers),      cmocka_unit_test(broadcast_shapes),   cmocka_unit_test(sums_of_many),
  };
  return cmocka_run_group_tests_name("operators: select", tests, NULL, NULL);
}
