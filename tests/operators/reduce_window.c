/* reduce_window.c: STABLEHLO_REDUCE_WINDOW and REDUCE_WINDOW against the definition: every window element looked up,
 * with padding that adds and crops, and dilations of both kinds; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_reduce_window, op_stablehlo_reduce_window;

static op_region region;

static mote_status give_region(op_ctx *c, int32_t subgraph, op_region *out) {
  (void)c, (void)subgraph;
  *out = region;
  return MOTE_OK;
}

static mote_status give_callee(op_ctx *c, int32_t subgraph, const op_tensor *const **in, int *in_count,
                               const op_tensor *const **out, int *out_count) {
  (void)c, (void)subgraph, (void)in, (void)out;
  *in_count = 2, *out_count = 1;
  return MOTE_OK;
}

static op_host host;

static void begin(op_case *k, const mote_op *op, const void *options) {
  op_case_begin(k, op, options);
  host = op_case_host;
  host.region = give_region;
  host.callee = give_callee;
  k->c.host = &host;
}

typedef struct slide {
  int64_t size[3], stride[3], base[3], dilation[3], padding[6];
} slide;

static int64_t folded(const slide *s, const int32_t *dims, const int32_t *data, const int32_t *at, int64_t init) {
  int64_t acc = init, k[3];
  for (k[0] = 0; k[0] < s->size[0]; k[0]++)
    for (k[1] = 0; k[1] < s->size[1]; k[1]++)
      for (k[2] = 0; k[2] < s->size[2]; k[2]++) {
        int32_t from[3];
        bool inside = true;
        for (int i = 0; i < 3; i++) {
          const int64_t p = at[i] * s->stride[i] + k[i] * s->dilation[i] - s->padding[2 * i];
          inside &= p >= 0 && p % s->base[i] == 0 && p / s->base[i] < dims[i];
          from[i] = (int32_t)(p / s->base[i]);
        }
        if (!inside) continue;
        const int64_t v = data[op_offset(3, dims, from)];
        acc = region.code == sch_BuiltinOperator_ADD          ? acc + v
              : region.code == sch_BuiltinOperator_LOGICAL_OR ? acc || v
              : v > acc                                       ? v
                                                              : acc;
      }
  return acc;
}

static void windows_slide(void **state) {
  (void)state;
  static const int32_t codes[] = {sch_BuiltinOperator_ADD, sch_BuiltinOperator_MAXIMUM, sch_BuiltinOperator_LOGICAL_OR};
  op_random r = {1};
  int32_t data[1000];
  for (int turn = 0; turn < 1500; turn++) {
    slide s;
    int32_t dims[3];
    for (int i = 0; i < 3; i++) {
      dims[i] = op_random_in(&r, op_random_below(&r, 20) ? 1 : 0, 7);
      s.size[i] = op_random_in(&r, 1, 3), s.stride[i] = op_random_in(&r, 1, 3);
      s.base[i] = op_random_in(&r, 1, 3), s.dilation[i] = op_random_in(&r, 1, 3);
      s.padding[2 * i] = op_random_in(&r, -2, 3), s.padding[2 * i + 1] = op_random_in(&r, -2, 3);
    }
    const int32_t init = op_random_in(&r, 0, 2);
    for (int i = 0; i < 1000; i++) data[i] = op_random_below(&r, 2) ? op_random_in(&r, -50, 50) : 0;
    region = (op_region){.operators = 1, .code = codes[op_random_below(&r, 3)], .takes = {0, 1}, .gives = -1};
    const sch_StablehloReduceWindowOptions o = {.window_dimensions = {.count = 3, .data = s.size},
                                                .window_strides = {.count = 3, .data = s.stride},
                                                .base_dilations = {.count = 3, .data = s.base},
                                                .window_dilations = {.count = 3, .data = s.dilation},
                                                .padding = {.count = 6, .data = s.padding}};
    op_case k;
    begin(&k, &op_stablehlo_reduce_window, &o);
    op_case_input(&k, MOTE_INT32, 3, dims, data, 0);
    op_case_input(&k, MOTE_INT32, 0, NULL, &init, 0);
    op_case_output(&k, MOTE_INT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const bool logical = region.code == sch_BuiltinOperator_LOGICAL_OR;
    for (size_t n = 0; n < op_count(&k.out[0]); n++) {
      int32_t at[OP_MAX_RANK];
      op_coordinates(n, 3, k.out[0].dims, at);
      assert_int_equal(op_int_at(&k.out[0], n), folded(&s, dims, data, at, logical ? init != 0 : init));
    }
    assert_true(op_case_end(&k));
  }
}

/* A window of 2^30 elements over padding of as many takes no longer than the input is large. */
static void vast_windows(void **state) {
  (void)state;
  static const int64_t size[] = {1 << 30, 1 << 30}, ones[] = {1, 1}, padding[] = {1 << 30, 1 << 30, 1 << 30, 1 << 30};
  static const int64_t stride[] = {INT32_MAX, INT32_MAX};
  const int32_t init = 7;
  const sch_StablehloReduceWindowOptions o = {.window_dimensions = {.count = 2, .data = size},
                                              .window_strides = {.count = 2, .data = stride},
                                              .base_dilations = {.count = 2, .data = ones},
                                              .padding = {.count = 4, .data = padding}};
  op_case k;
  region = (op_region){.operators = 1, .code = sch_BuiltinOperator_ADD, .takes = {0, 1}, .gives = -1};
  begin(&k, &op_stablehlo_reduce_window, &o);
  op_case_input(&k, MOTE_INT32, 2, (int32_t[]){2, 2}, (int32_t[]){1, 2, 3, 4}, 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &init, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(op_int_at(&k.out[0], 0), 7);
  assert_true(op_case_end(&k));
}

static mote_status older(int32_t function, const int64_t *window, float *to) {
  static const float x[] = {1, 2, 3, 4, 5};
  static const int64_t ones[] = {1};
  const sch_ReduceWindowOptions o = {.reduce_function = function};
  const float init = 0;
  op_case k;
  begin(&k, &op_reduce_window, &o);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){5}, x, 0);
  op_case_input(&k, MOTE_FLOAT32, 0, NULL, &init, 0);
  op_case_input(&k, MOTE_INT64, 1, (int32_t[]){1}, window, OP_CONST);
  op_case_input(&k, MOTE_INT64, 1, (int32_t[]){1}, ones, OP_CONST);
  op_case_input(&k, MOTE_INT64, 1, (int32_t[]){1}, ones, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(to, k.out[0].data, k.out[0].bytes);
  else k.c.num_outputs = 0;
  op_case_end(&k);
  return status;
}

static void the_older_form(void **state) {
  (void)state;
  float y[5];
  assert_int_equal(older(sch_ReduceWindowFunction_ADD, (const int64_t[]){3}, y), MOTE_OK);
  assert_memory_equal(y, ((const float[]){6, 9, 12}), 12);
  assert_int_equal(older(sch_ReduceWindowFunction_ADD, (const int64_t[]){0}, y), MOTE_ERR_MODEL);
  assert_int_equal(older(sch_ReduceWindowFunction_UNSUPPORTED, (const int64_t[]){3}, y), MOTE_ERR_MODEL);
  assert_int_equal(older(7, (const int64_t[]){3}, y), MOTE_ERR_MODEL);
}

static mote_status described(op_region what, size_t window, size_t padding, int64_t stride) {
  static const int64_t sizes[] = {2, 2, 2, 2};
  const sch_StablehloReduceWindowOptions o = {.window_dimensions = {.count = window, .data = sizes},
                                              .window_strides = {.count = 1, .data = &stride},
                                              .padding = {.count = padding, .data = sizes}};
  op_case k;
  region = what;
  begin(&k, &op_stablehlo_reduce_window, &o);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){4}, NULL, 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, NULL, 0);
  op_case_output(&k, MOTE_INT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void what_is_refused(void **state) {
  (void)state;
  const op_region add = {.operators = 1, .code = sch_BuiltinOperator_ADD, .takes = {1, 0}, .gives = -1};
  op_region other = add;
  assert_int_equal(described(add, 1, 2, 1), MOTE_OK);
  assert_int_equal(described(add, 2, 2, 1), MOTE_ERR_MODEL);
  assert_int_equal(described(add, 1, 1, 1), MOTE_ERR_MODEL);
  assert_int_equal(described(add, 1, 2, 0), MOTE_ERR_MODEL);
  assert_int_equal(described(add, 1, 2, INT64_MAX), MOTE_ERR_MODEL);
  other.code = sch_BuiltinOperator_SUB;
  assert_int_equal(described(other, 1, 2, 1), MOTE_ERR_UNSUPPORTED);
  other = add, other.operators = 2;
  assert_int_equal(described(other, 1, 2, 1), MOTE_ERR_UNSUPPORTED);
  other = add, other.takes[0] = 0;
  assert_int_equal(described(other, 1, 2, 1), MOTE_ERR_UNSUPPORTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(windows_slide),
      cmocka_unit_test(vast_windows),
      cmocka_unit_test(the_older_form),
      cmocka_unit_test(what_is_refused),
  };
  return cmocka_run_group_tests_name("operators: reduce_window", tests, NULL, NULL);
}
