/* STABLEHLO_GATHER, SCATTER, SORT, BROADCAST_IN_DIM against their definitions, regions that are called, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_stablehlo_gather, op_stablehlo_scatter, op_stablehlo_sort, op_stablehlo_broadcast_in_dim;
extern const mote_op op_stablehlo_transpose, op_stablehlo_concatenate, op_stablehlo_reshape;

/* ---- a region: what the host says of it, and what it computes when it is called ---- */

static op_region region;
static int calls;
static bool (*comes_before)(float a, float b);

static mote_status region_of(op_ctx *c, int32_t subgraph, op_region *out) {
  (void)c, (void)subgraph;
  *out = region;
  return MOTE_OK;
}

static op_tensor region_in[2], region_out;

static mote_status callee_of(op_ctx *c, int32_t subgraph, const op_tensor *const **in, int *in_count,
                             const op_tensor *const **out, int *out_count) {
  (void)subgraph;
  static const op_tensor *ins[2], *outs[1];
  ins[0] = &region_in[0], ins[1] = &region_in[1], outs[0] = &region_out;
  region_in[0].type = region_in[1].type = c->in[0]->type;
  region_out.type = c->op == &op_stablehlo_sort ? MOTE_BOOL : c->in[0]->type;
  *in = ins, *in_count = 2, *out = outs, *out_count = 1;
  return MOTE_OK;
}

static mote_status infer_call(op_ctx *c, int32_t subgraph, const op_tensor *const *in, int in_count,
                              op_tensor *const *out, int out_count) {
  (void)c, (void)subgraph, (void)in, (void)in_count, (void)out_count;
  out[0]->rank = 0;
  return MOTE_OK;
}

/* Scatter: old - update. Sort: comes_before. */
static mote_status call(op_ctx *c, int32_t subgraph, const op_tensor *const *in, int in_count,
                        const op_tensor *const **out, int *out_count) {
  (void)subgraph, (void)in_count;
  static const op_tensor *outs[1];
  static float value;
  static bool yes;
  float a, b;
  memcpy(&a, in[0]->data, 4);
  memcpy(&b, in[1]->data, 4);
  value = a - b;
  yes = comes_before && comes_before(a, b);
  region_out.data = c->op == &op_stablehlo_sort ? (void *)&yes : &value;
  region_out.bytes = c->op == &op_stablehlo_sort ? 1 : 4;
  outs[0] = &region_out;
  *out = outs, *out_count = 1;
  calls++;
  return MOTE_OK;
}

static op_host host;

static void begin(op_case *k, const mote_op *op, const void *options) {
  host = op_case_host;
  host.region = region_of, host.callee = callee_of, host.infer_call = infer_call, host.call = call;
  op_case_begin(k, op, options);
  k->c.host = &host;
}

/* ---- gather ---- */

/* The specification's own example: operand [3,4,2], indices [2,3,2], slices [1,2,2]. */
static void gathers_windows(void **state) {
  (void)state;
  const int64_t offset[] = {2, 3}, collapsed[] = {0}, map[] = {1, 0}, sizes[] = {1, 2, 2};
  const int64_t indices[] = {0, 0, 1, 0, 2, 1, 0, 1, 1, 1, 0, 2};
  const sch_StablehloGatherOptions o = {.offset_dims = {offset, 2},
                                        .collapsed_slice_dims = {collapsed, 1},
                                        .start_index_map = {map, 2},
                                        .index_vector_dim = 2,
                                        .slice_sizes = {sizes, 3}};
  int32_t data[24];
  for (int i = 0; i < 24; i++) data[i] = i + 1;
  op_case k;
  begin(&k, &op_stablehlo_gather, &o);
  op_case_input(&k, MOTE_INT32, 3, (int32_t[]){3, 4, 2}, data, 0);
  op_case_input(&k, MOTE_INT64, 3, (int32_t[]){2, 3, 2}, indices, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  const int32_t wanted[] = {1, 2, 3, 4, 3, 4, 5, 6, 13, 14, 15, 16, 9, 10, 11, 12, 11, 12, 13, 14, 17, 18, 19, 20};
  assert_int_equal(k.out[0].rank, 4);
  assert_memory_equal(k.out[0].data, wanted, sizeof wanted);
  assert_true(op_case_end(&k));
}

/* Vectors of one component that are no dimension; starts beyond both ends. */
static void gathers_from_inside(void **state) {
  (void)state;
  const int64_t offset[] = {1}, map[] = {0}, sizes[] = {2};
  const sch_StablehloGatherOptions o = {
      .offset_dims = {offset, 1}, .start_index_map = {map, 1}, .index_vector_dim = 1, .slice_sizes = {sizes, 1}};
  op_case k;
  begin(&k, &op_stablehlo_gather, &o);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){4}, (float[]){0, 1, 2, 3}, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, (int32_t[]){-5, 1, 99}, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((float[]){0, 1, 1, 2, 2, 3}), 24);
  assert_true(op_case_end(&k));
}

static mote_status gather(int64_t offset, int64_t map, int64_t vector, int64_t size) {
  const sch_StablehloGatherOptions o = {
      .offset_dims = {&offset, 1}, .start_index_map = {&map, 1}, .index_vector_dim = vector, .slice_sizes = {&size, 1}};
  op_case k;
  begin(&k, &op_stablehlo_gather, &o);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){4}, NULL, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

/* ---- scatter ---- */

static mote_status scatter(int64_t vector, int64_t window, const int32_t *indices, float *out) {
  const int64_t inserted[] = {0}, map[] = {0};
  const sch_StablehloScatterOptions o = {.update_window_dims = {&window, 1},
                                         .inserted_window_dims = {inserted, 1},
                                         .scatter_dims_to_operand_dims = {map, 1},
                                         .index_vector_dim = vector};
  op_case k;
  begin(&k, &op_stablehlo_scatter, &o);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 2}, (float[]){1, 2, 3, 4}, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){3}, indices, 0);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){3, 2}, (float[]){10, 20, 30, 40, 50, 60}, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(out, k.out[0].data, 16);
  op_case_end(&k);
  return status;
}

static void scatters_by_region(void **state) {
  (void)state;
  const int32_t indices[3] = {1, 5, 1}; /* 5 lies outside and counts nothing */
  float out[4];
  region = (op_region){.operators = 1, .code = sch_BuiltinOperator_STABLEHLO_ADD, .takes = {0, 1}, .gives = -1};
  assert_int_equal(scatter(1, 1, indices, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){1, 2, 63, 84}), 16);
  region.code = sch_BuiltinOperator_MUL;
  assert_int_equal(scatter(1, 1, indices, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){1, 2, 1500, 4800}), 16);
  region.code = sch_BuiltinOperator_STABLEHLO_MAXIMUM;
  assert_int_equal(scatter(1, 1, indices, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){1, 2, 50, 60}), 16);
  region.code = sch_BuiltinOperator_STABLEHLO_MINIMUM;
  assert_int_equal(scatter(1, 1, indices, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){1, 2, 3, 4}), 16);
  region = (op_region){.operators = 0, .code = -1, .takes = {-1, -1}, .gives = 1};
  assert_int_equal(scatter(1, 1, indices, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){1, 2, 50, 60}), 16);
  region.gives = 0;
  assert_int_equal(scatter(1, 1, indices, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){1, 2, 3, 4}), 16);
}

/* Windows [2, 3] of updates [2, 3, positions] or [positions, 2, 3], at starts that reach over every edge. */
static void scatters_over_edges(void **state) {
  (void)state;
  op_random r = {9};
  region = (op_region){.operators = 1, .code = sch_BuiltinOperator_ADD, .takes = {0, 1}, .gives = -1};
  for (int round = 0; round < 500; round++) {
    const bool behind = round % 2;
    const int64_t window[] = {behind ? 0 : 1, behind ? 1 : 2}, map[] = {0, 1};
    const int32_t dims[3] = {behind ? 2 : 4, behind ? 3 : 2, behind ? 4 : 3};
    int32_t starts[8], wanted[30] = {0};
    for (int i = 0; i < 8; i++) starts[i] = op_random_in(&r, -4, 7);
    int32_t updates[24];
    for (int i = 0; i < 24; i++) updates[i] = 1 << i;
    for (int i = 0; i < 24; i++) {
      int32_t at[3];
      op_coordinates((size_t)i, 3, dims, at);
      const int position = at[behind ? 2 : 0];
      const int y = starts[2 * position] + at[window[0]], x = starts[2 * position + 1] + at[window[1]];
      if (y >= 0 && y < 5 && x >= 0 && x < 6) wanted[6 * y + x] += updates[i];
    }
    const sch_StablehloScatterOptions o = {
        .update_window_dims = {window, 2}, .scatter_dims_to_operand_dims = {map, 2}, .index_vector_dim = 1};
    const int32_t zeros[30] = {0};
    op_case k;
    begin(&k, &op_stablehlo_scatter, &o);
    op_case_input(&k, MOTE_INT32, 2, (int32_t[]){5, 6}, zeros, 0);
    op_case_input(&k, MOTE_INT32, 2, (int32_t[]){4, 2}, starts, 0);
    op_case_input(&k, MOTE_INT32, 3, dims, updates, 0);
    op_case_output(&k, MOTE_INT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_memory_equal(k.out[0].data, wanted, sizeof wanted);
    assert_true(op_case_end(&k));
  }
}

static void scatters_by_calls(void **state) {
  (void)state;
  float out[4];
  region = (op_region){.operators = 1, .code = sch_BuiltinOperator_STABLEHLO_SUBTRACT, .takes = {0, 1}, .gives = -1};
  calls = 0;
  assert_int_equal(scatter(1, 1, (int32_t[]){1, -1, 1}, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){1, 2, -57, -76}), 16);
  assert_int_equal(calls, 4);
}

/* ---- sort ---- */

static bool closer_to_two(float a, float b) { return (a - 2) * (a - 2) < (b - 2) * (b - 2); }

static void sort(int64_t axis, float *out) {
  op_case k;
  begin(&k, &op_stablehlo_sort, &(sch_StablehloSortOptions){.dimension = axis});
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){3, 2}, (float[]){3, 1, 2, 5, 0, 1}, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  memcpy(out, k.out[0].data, 24);
  assert_true(op_case_end(&k));
}

static void sorts(void **state) {
  (void)state;
  float out[6];
  const sch_StablehloCompareOptions greater = {.comparison_direction =
                                                   sch_StablehloComparisonDirection_STABLEHLO_COMPARISON_DIRECTION_GT};
  calls = 0;
  region = (op_region){.operators = 1, .code = sch_BuiltinOperator_LESS, .takes = {0, 1}, .gives = -1};
  sort(0, out);
  assert_memory_equal(out, ((float[]){0, 1, 2, 1, 3, 5}), 24);
  region.takes[0] = 1, region.takes[1] = 0;
  sort(-1, out);
  assert_memory_equal(out, ((float[]){3, 1, 5, 2, 1, 0}), 24);
  region = (op_region){1, sch_BuiltinOperator_STABLEHLO_COMPARE, &greater, {0, 1}, -1};
  sort(0, out);
  assert_memory_equal(out, ((float[]){3, 5, 2, 1, 0, 1}), 24);
  assert_int_equal(calls, 0);
  region = (op_region){.operators = 4, .code = -1, .takes = {-1, -1}, .gives = -1};
  comes_before = closer_to_two;
  sort(0, out);
  assert_memory_equal(out, ((float[]){2, 1, 3, 1, 0, 5}), 24);
  assert_true(calls > 0);
}

static void sorts_many_stably(void **state) {
  (void)state;
  op_random r = {1};
  region = (op_region){.operators = 1, .code = sch_BuiltinOperator_LESS, .takes = {0, 1}, .gives = -1};
  for (int round = 0; round < 200; round++) {
    int32_t keys[100];
    const int32_t n = op_random_in(&r, 0, 100);
    for (int32_t i = 0; i < n; i++) keys[i] = op_random_in(&r, -5, 5);
    op_case k;
    begin(&k, &op_stablehlo_sort, &(sch_StablehloSortOptions){.dimension = 0});
    op_case_input(&k, MOTE_INT32, 1, &n, keys, 0);
    op_case_output(&k, MOTE_INT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const int32_t *const out = k.out[0].data;
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++) sum += keys[i] - out[i];
    for (int32_t i = 1; i < n; i++) assert_true(out[i - 1] <= out[i]);
    assert_int_equal(sum, 0);
    assert_true(op_case_end(&k));
  }
}

/* ---- shapes ---- */

static void broadcasts(void **state) {
  (void)state;
  const int64_t dims[] = {2, 0};
  const sch_StablehloBroadcastInDimOptions o = {.broadcast_dimensions = {dims, 2}};
  op_case k;
  begin(&k, &op_stablehlo_broadcast_in_dim, &o);
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){1, 3}, (int8_t[]){1, 2, 3}, 0);
  op_set_shape(op_case_output(&k, MOTE_INT8), 3, (int32_t[]){3, 2, 2});
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((int8_t[]){1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}), 12);
  assert_true(op_case_end(&k));
}

static mote_status broadcast(int64_t to, int32_t size) {
  const sch_StablehloBroadcastInDimOptions o = {.broadcast_dimensions = {&to, 1}};
  op_case k;
  begin(&k, &op_stablehlo_broadcast_in_dim, &o);
  op_case_input(&k, MOTE_INT8, 1, &size, NULL, 0);
  op_set_shape(op_case_output(&k, MOTE_INT8), 2, (int32_t[]){3, 4});
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void shapes_of_options(void **state) {
  (void)state;
  const int64_t perm[] = {1, 0};
  const sch_StablehloTransposeOptions o = {.permutation = {perm, 2}};
  op_case k;
  begin(&k, &op_stablehlo_transpose, &o);
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){2, 2}, (int8_t[]){1, 2, 3, 4}, 0);
  op_case_output(&k, MOTE_INT8);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((int8_t[]){1, 3, 2, 4}), 4);
  assert_true(op_case_end(&k));
  begin(&k, &op_stablehlo_concatenate, &(sch_StablehloConcatenateOptions){.dimension = 1});
  for (int i = 0; i < 2; i++) op_case_input(&k, MOTE_INT8, 2, (int32_t[]){2, 1}, (int8_t[]){1, 2}, 0);
  op_case_output(&k, MOTE_INT8);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((int8_t[]){1, 1, 2, 2}), 4);
  assert_true(op_case_end(&k));
  begin(&k, &op_stablehlo_reshape, NULL);
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){2, 3}, NULL, 0);
  op_set_shape(op_case_output(&k, MOTE_INT8), 2, (int32_t[]){-1, 2});
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[0].dims[0], 3);
  op_case_end(&k);
}

static void refuses(void **state) {
  (void)state;
  float out[4];
  assert_int_equal(gather(1, 0, 1, 2), MOTE_OK);
  assert_int_equal(gather(2, 0, 1, 2), MOTE_ERR_MODEL);
  assert_int_equal(gather(1, 1, 1, 2), MOTE_ERR_MODEL);
  assert_int_equal(gather(1, 0, 2, 2), MOTE_ERR_MODEL);
  assert_int_equal(gather(1, 0, 0, 2), MOTE_ERR_MODEL);
  assert_int_equal(gather(1, 0, 1, 5), MOTE_ERR_SHAPE);
  assert_int_equal(gather(1, 0, 1, -1), MOTE_ERR_SHAPE);
  assert_int_equal(scatter(1, 2, (int32_t[]){0, 0, 0}, out), MOTE_ERR_MODEL);
  assert_int_equal(scatter(1, 0, (int32_t[]){0, 0, 0}, out), MOTE_ERR_SHAPE);
  assert_int_equal(scatter(3, 1, (int32_t[]){0, 0, 0}, out), MOTE_ERR_MODEL);
  assert_int_equal(broadcast(1, 4), MOTE_OK);
  assert_int_equal(broadcast(0, 1), MOTE_OK);
  assert_int_equal(broadcast(0, 4), MOTE_ERR_SHAPE);
  assert_int_equal(broadcast(2, 1), MOTE_ERR_MODEL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gathers_windows),   cmocka_unit_test(gathers_from_inside), cmocka_unit_test(scatters_by_region),
      cmocka_unit_test(scatters_by_calls), cmocka_unit_test(scatters_over_edges), cmocka_unit_test(sorts),
      cmocka_unit_test(sorts_many_stably), cmocka_unit_test(broadcasts),          cmocka_unit_test(shapes_of_options),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
