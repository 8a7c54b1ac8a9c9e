/* GATHER against its definition, with batch dimensions; indices out of range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_gather;

enum { LIMIT = 2000 };

static uint32_t data[LIMIT];

static void store_index(void *to, mote_type type, size_t i, int32_t v) {
  if (type == MOTE_INT16) ((int16_t *)to)[i] = (int16_t)v;
  else if (type == MOTE_INT32) ((int32_t *)to)[i] = v;
  else ((int64_t *)to)[i] = v;
}

/* out[b, o, i, n] = params[b, o, indices[b, i], n], each letter standing for several dimensions. */
static void follows_the_definition(void **state) {
  (void)state;
  op_random r = {1};
  for (int i = 0; i < LIMIT; i++) data[i] = op_random_below(&r, UINT32_MAX);
  const mote_type types[] = {MOTE_INT8, MOTE_INT16, MOTE_FLOAT32}, kinds[] = {MOTE_INT16, MOTE_INT32, MOTE_INT64};
  for (int round = 0; round < 2000; round++) {
    const mote_type type = types[op_random_below(&r, 3)], kind = kinds[op_random_below(&r, 3)];
    const size_t element = (size_t)mote_type_bits(type) / 8;
    const int32_t rank = op_random_in(&r, 1, 5), axis = op_random_in(&r, 0, rank - 1),
                  batch = op_random_in(&r, 0, axis);
    const int32_t index_rank = batch + op_random_in(&r, 0, 2);
    int32_t dims[OP_MAX_RANK], index_dims[OP_MAX_RANK];
    op_random_dims(&r, rank, LIMIT, dims);
    if (dims[axis] == 0) continue;
    for (int32_t i = 0; i < index_rank; i++) index_dims[i] = i < batch ? dims[i] : op_random_in(&r, 0, 4);
    size_t count = 0;
    assert_true(size_dims(index_dims, index_rank, &count) && count <= LIMIT * 16);
    static int64_t index[LIMIT * 16];
    static int32_t plain[LIMIT * 16];
    for (size_t i = 0; i < count; i++) store_index(index, kind, i, plain[i] = op_random_in(&r, 0, dims[axis] - 1));
    op_case k;
    op_case_begin(&k, &op_gather, &(sch_GatherOptions){.axis = axis, .batch_dims = batch});
    const op_tensor *const params = op_case_input(&k, type, rank, dims, data, 0);
    const op_tensor *const indices = op_case_input(&k, kind, index_rank, index_dims, index, 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const size_t outer = op_span(params, batch, axis), picks = op_span(indices, batch, index_rank);
    const size_t inner = op_span(params, axis + 1, rank);
    assert_int_equal(op_count(&k.out[0]), op_span(params, 0, batch) * outer * picks * inner);
    for (size_t n = 0; n < op_count(&k.out[0]); n++) {
      const size_t pick = n / inner % picks, row = n / inner / picks;
      const size_t from = (row * (size_t)dims[axis] + (size_t)plain[row / outer * picks + pick]) * inner + n % inner;
      assert_memory_equal((char *)k.out[0].data + n * element, (char *)data + from * element, element);
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status gather(op_case *k, const sch_GatherOptions *o, const int32_t *index, uint32_t flags) {
  op_case_begin(k, &op_gather, o);
  op_case_input(k, MOTE_FLOAT32, 2, (int32_t[]){2, 3}, data, 0);
  op_case_input(k, MOTE_INT32, 2, (int32_t[]){2, 2}, index, flags);
  op_case_output(k, MOTE_FLOAT32);
  return flags ? op_case_infer(k) : op_case_run(k);
}

static void refuses_indices_out_of_range(void **state) {
  (void)state;
  const sch_GatherOptions o = {.axis = 1};
  const int32_t bad[][4] = {{0, 1, 2, 3}, {-1, 0, 0, 0}, {0, 0, INT32_MAX, 0}, {0, INT32_MIN, 0, 0}};
  for (int i = 0; i < 4; i++) {
    op_case k;
    assert_int_equal(gather(&k, &o, bad[i], 0), MOTE_ERR_RUN);
    assert_true(op_case_end(&k));
    assert_int_equal(gather(&k, &o, bad[i], OP_CONST), MOTE_ERR_RUN); /* before any run */
    assert_true(op_case_end(&k));
  }
}

static void refuses_impossible_axes(void **state) {
  (void)state;
  const int32_t index[4] = {0};
  const sch_GatherOptions bad[] = {{.axis = 2},
                                   {.axis = -3},
                                   {.axis = 0, .batch_dims = 1},
                                   {.axis = 1, .batch_dims = 3},
                                   {.axis = 1, .batch_dims = -3}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    op_case k;
    assert_int_equal(gather(&k, &bad[i], index, OP_CONST), MOTE_ERR_SHAPE);
    assert_true(op_case_end(&k));
  }
}

/* TFSA-2021-161: index -10, in the file and in the run. */
static void tfsa_2021_161_gather(void **state) {
  (void)state;
  for (uint32_t flags = 0; flags <= OP_CONST; flags++) {
    const int32_t index = -10;
    op_case k;
    op_case_begin(&k, &op_gather, &(sch_GatherOptions){.axis = 0});
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){4}, data, 0);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, &index, flags);
    op_case_output(&k, MOTE_INT32);
    assert_int_equal(op_case_run(&k), MOTE_ERR_RUN);
    op_case_end(&k);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(refuses_indices_out_of_range),
      cmocka_unit_test(refuses_impossible_axes),
      cmocka_unit_test(tfsa_2021_161_gather),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
