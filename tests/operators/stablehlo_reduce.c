/* STABLEHLO_REDUCE by known functions against the definition, one element after the other: ranks 0 to 8, any
 * dimensions, empty ones too; and what is refused. Functions that must be called are tested in whole networks
 * (runtime/regions.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_stablehlo_reduce;

enum { MOST = 6000 };

static op_region region;
static op_tensor ends[3]; /* what has been folded, an element, and the result */
static op_quant no_quant;
static op_host host;

static mote_status give_region(op_ctx *c, int32_t subgraph, op_region *out) {
  (void)c, (void)subgraph;
  *out = region;
  return MOTE_OK;
}

static mote_status give_callee(op_ctx *c, int32_t subgraph, const op_tensor *const **in, int *in_count,
                               const op_tensor *const **out, int *out_count) {
  static const op_tensor *list[] = {&ends[0], &ends[1], &ends[2]};
  (void)c, (void)subgraph;
  *in = list, *in_count = 2;
  *out = list + 2, *out_count = 1;
  return MOTE_OK;
}

static void begin(op_case *k, const sch_StablehloReduceOptions *o, mote_type type) {
  op_case_begin(k, &op_stablehlo_reduce, o);
  host = op_case_host;
  host.region = give_region, host.callee = give_callee;
  k->c.host = &host;
  for (int i = 0; i < 3; i++) ends[i] = (op_tensor){.type = type, .quant = &no_quant, .name = ""};
}

static int64_t join(int64_t a, int64_t b) {
  switch (region.code) {
    case sch_BuiltinOperator_ADD: return a + b;
    case sch_BuiltinOperator_STABLEHLO_MULTIPLY: return a * b;
    case sch_BuiltinOperator_MAXIMUM: return a > b ? a : b;
    case sch_BuiltinOperator_STABLEHLO_MINIMUM: return a < b ? a : b;
    default: return a & b;
  }
}

static double number(mote_type type, const void *data, size_t i) {
  switch ((int)type) {
    case MOTE_FLOAT32: return (double)((const float *)data)[i];
    case MOTE_INT8: return ((const int8_t *)data)[i];
    default: return ((const int32_t *)data)[i];
  }
}

static void put(mote_type type, void *data, size_t i, int64_t v) {
  switch ((int)type) {
    case MOTE_FLOAT32: ((float *)data)[i] = (float)v; break;
    case MOTE_INT8: ((int8_t *)data)[i] = (int8_t)v; break;
    default: ((int32_t *)data)[i] = (int32_t)v; break;
  }
}

static void fold_by_definition(int32_t rank, const int32_t *dims, uint32_t mask, const int64_t *x, int64_t init,
                               int64_t *y) {
  int32_t out[OP_MAX_RANK], kept = 0, at[OP_MAX_RANK], to[OP_MAX_RANK];
  size_t count = 1, outputs = 1;
  for (int32_t i = 0; i < rank; i++) {
    count *= (size_t)dims[i];
    if (!(mask >> i & 1)) outputs *= (size_t)dims[i], out[kept++] = dims[i];
  }
  for (size_t i = 0; i < outputs; i++) y[i] = init;
  for (size_t i = 0; i < count; i++) {
    op_coordinates(i, rank, dims, at);
    kept = 0;
    for (int32_t d = 0; d < rank; d++)
      if (!(mask >> d & 1)) to[kept++] = at[d];
    int64_t *const place = &y[op_offset(kept, out, to)];
    *place = join(*place, x[i]);
  }
}

static void follows_the_definition(void **state) {
  (void)state;
  static const int32_t codes[] = {sch_BuiltinOperator_ADD, sch_BuiltinOperator_STABLEHLO_MULTIPLY,
                                  sch_BuiltinOperator_MAXIMUM, sch_BuiltinOperator_STABLEHLO_MINIMUM,
                                  sch_BuiltinOperator_STABLEHLO_AND};
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_INT8, MOTE_INT32};
  static int64_t x[MOST], want[MOST];
  static int32_t data[MOST], value;
  op_random r = {31};
  for (int round = 0; round < 1500; round++) {
    const mote_type type = types[op_random_below(&r, 3)];
    const int32_t rank = op_random_in(&r, 0, OP_MAX_RANK);
    region = (op_region){.operators = 1,
                         .code = codes[op_random_below(&r, type == MOTE_FLOAT32 ? 4 : 5)],
                         .takes = {round % 2, 1 - round % 2},
                         .gives = -1};
    int32_t dims[OP_MAX_RANK];
    int64_t list[OP_MAX_RANK];
    uint32_t mask = op_random_below(&r, 1u << rank), named = 0;
    const size_t count = op_random_dims(&r, rank, MOST, dims);
    if (rank == 1 && count && op_random_below(&r, 2)) dims[0] = op_random_in(&r, 200, MOST);
    const size_t n = rank == 1 ? (size_t)dims[0] : count;
    for (int32_t i = rank - 1; i >= 0; i--)
      if (mask >> i & 1) list[named++] = i;
    size_t outputs = 1; /* of no elements there may be many */
    for (int32_t i = 0; i < rank; i++) outputs *= mask >> i & 1 ? 1 : (size_t)dims[i];
    if (outputs > MOST) continue;
    const bool small = region.code == sch_BuiltinOperator_STABLEHLO_MULTIPLY; /* products stay exact */
    for (size_t i = 0; i < n; i++) {
      x[i] = small ? (op_random_below(&r, 300) ? op_random_below(&r, 2) ? 1 : -1 : 2) : op_random_in(&r, -100, 100);
      put(type, data, i, x[i]);
    }
    const int64_t init = op_random_in(&r, -3, 3);
    put(type, &value, 0, init);
    fold_by_definition(rank, dims, mask, x, init, want);
    op_case k;
    begin(&k, &(sch_StablehloReduceOptions){.dimensions = {list, named}, .body_subgraph_index = 1}, type);
    op_case_input(&k, type, rank, dims, data, 0);
    op_case_input(&k, type, 0, NULL, &value, 0);
    const op_tensor *const y = op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_int_equal(y->rank, rank - (int32_t)named);
    for (size_t i = 0; i < op_count(y); i++) {
      const int64_t w = type == MOTE_INT8 ? (int8_t)want[i] : type == MOTE_INT32 ? (int32_t)want[i] : want[i];
      assert_true(number(type, y->data, i) == (double)w);
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status attempt(int64_t first, int64_t second, int32_t init_size, mote_type init_type, int inputs) {
  const int64_t dims[] = {first, second};
  op_case k;
  begin(&k, &(sch_StablehloReduceOptions){.dimensions = {dims, 2}, .body_subgraph_index = 1}, MOTE_FLOAT32);
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){2, 3, 4}, NULL, 0);
  for (int i = 1; i < inputs; i++) op_case_input(&k, init_type, 1, &init_size, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  assert_true(status == MOTE_OK || k.error.text[0]);
  op_case_end(&k);
  return status;
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  region = (op_region){.operators = 1, .code = sch_BuiltinOperator_ADD, .takes = {0, 1}, .gives = -1};
  assert_int_equal(attempt(0, 2, 1, MOTE_FLOAT32, 2), MOTE_OK);
  assert_int_equal(attempt(0, 3, 1, MOTE_FLOAT32, 2), MOTE_ERR_MODEL);
  assert_int_equal(attempt(-1, 2, 1, MOTE_FLOAT32, 2), MOTE_ERR_MODEL);
  assert_int_equal(attempt(1, 1, 1, MOTE_FLOAT32, 2), MOTE_ERR_MODEL);
  assert_int_equal(attempt(0, 2, 2, MOTE_FLOAT32, 2), MOTE_ERR_SHAPE);
  assert_int_equal(attempt(0, 2, 1, MOTE_INT32, 2), MOTE_ERR_MODEL);
  assert_int_equal(attempt(0, 2, 1, MOTE_FLOAT32, 3), MOTE_ERR_MODEL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(refuses_what_does_not_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
