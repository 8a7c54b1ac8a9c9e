/* WHILE and CALL_ONCE, with subgraphs that are C functions: shapes that grow, values that change places, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_while, op_call_once;

/* The loop carries a counter, a list of int32 and another list. The condition: counter < limit. The body counts,
 * appends the counter to the first list when `grows`, and lets the lists change places when `swaps`. */
enum { COND = 1, BODY = 2, INIT = 3, VALUES = 3, ROOM = 64 };

static struct {
  int32_t limit, fail_at, rounds, budget, calls_of_init;
  bool grows, swaps, init_fails, called;
  int32_t in[VALUES][ROOM], result[VALUES][ROOM]; /* frames of the body */
  op_tensor values[VALUES], flag;
  const op_tensor *list[VALUES], *flag_list[1];
  uint8_t go_on;
} world;

static mote_status callee(op_ctx *c, int32_t subgraph, const op_tensor *const **in, int *in_count,
                          const op_tensor *const **out, int *out_count) {
  (void)c;
  *in = world.list;
  *in_count = subgraph == INIT ? 0 : VALUES;
  *out = subgraph == COND ? world.flag_list : world.list;
  *out_count = subgraph == INIT ? 0 : subgraph == COND ? 1 : VALUES;
  return MOTE_OK;
}

static mote_status infer_call(op_ctx *c, int32_t subgraph, const op_tensor *const *in, int in_count,
                              op_tensor *const *out, int out_count) {
  (void)c, (void)in_count;
  if (subgraph != BODY) return MOTE_OK;
  assert_int_equal(out_count, VALUES);
  const op_tensor a = *in[1], b = *in[2]; /* in and out may be one list */
  op_same_shape(out[1], world.swaps ? &b : &a);
  op_same_shape(out[2], world.swaps ? &a : &b);
  op_tensor *const grown = out[world.swaps ? 2 : 1];
  if (world.grows && grown->rank == 1 && grown->dims[0] >= 0) grown->dims[0]++;
  return MOTE_OK;
}

static mote_status call(op_ctx *c, int32_t subgraph, const op_tensor *const *in, int in_count,
                        const op_tensor *const **out, int *out_count) {
  if (subgraph == INIT) {
    world.calls_of_init++;
    return world.init_fails ? op_fail(c, MOTE_ERR_RUN, "it fails") : MOTE_OK;
  }
  /* As the runtime: inputs are copied into the frame before anything runs. */
  for (int i = 0; i < in_count; i++) memcpy(world.in[i], in[i]->data, in[i]->bytes);
  if (subgraph == COND) {
    world.go_on = world.in[0][0] < world.limit;
    *out = world.flag_list;
    *out_count = 1;
    return MOTE_OK;
  }
  if (world.in[0][0] == world.fail_at) return op_fail(c, MOTE_ERR_RUN, "it fails");
  for (int i = 0; i < in_count; i++) {
    const int from = i && world.swaps ? VALUES - i : i;
    world.values[i] = *in[from];
    world.values[i].data = world.result[i];
    memcpy(world.result[i], world.in[from], in[from]->bytes);
    if (from != 1 || !world.grows) continue;
    world.result[i][world.values[i].dims[0]++] = world.in[0][0];
    world.values[i].bytes += 4;
  }
  world.result[0][0]++;
  *out = world.list;
  *out_count = VALUES;
  return MOTE_OK;
}

static mote_status loop_round(op_ctx *c) {
  return world.rounds++ < world.budget ? MOTE_OK : op_fail(c, MOTE_ERR_LIMIT, "too many rounds");
}

static bool *called(op_ctx *c, int32_t subgraph) {
  (void)c, (void)subgraph;
  return &world.called;
}

static mote_status resize(op_ctx *c, int output, int32_t rank, const int32_t *dims, size_t bytes) {
  op_tensor *const t = c->out[output];
  op_set_shape(t, rank, dims);
  t->data = realloc(t->data, bytes + 1);
  t->bytes = bytes;
  return MOTE_OK;
}

static op_host host;

static int setup(void **state) {
  (void)state;
  memset(&world, 0, sizeof world);
  world.limit = 3, world.fail_at = -1, world.budget = 100;
  host = (op_host){.alloc = op_case_alloc,
                   .cancelled = op_case_cancelled,
                   .resize = resize,
                   .callee = callee,
                   .infer_call = infer_call,
                   .call = call,
                   .loop_round = loop_round,
                   .called = called};
  for (int i = 0; i < VALUES; i++) {
    world.values[i].type = MOTE_INT32;
    world.list[i] = &world.values[i];
  }
  world.flag = (op_tensor){.type = MOTE_BOOL, .data = &world.go_on, .bytes = 1};
  world.flag_list[0] = &world.flag;
  return 0;
}

static const sch_WhileOptions loop = {.cond_subgraph_index = COND, .body_subgraph_index = BODY};
static const int32_t zero, first[2] = {10, 11}, second[2] = {20, 21};

static mote_status run(op_case *k, int32_t second_size) {
  op_case_begin(k, &op_while, &loop);
  k->c.host = &host;
  op_case_input(k, MOTE_INT32, 0, NULL, &zero, 0);
  op_case_input(k, MOTE_INT32, 1, (int32_t[]){2}, first, 0);
  op_case_input(k, MOTE_INT32, 1, &second_size, second, 0);
  for (int i = 0; i < VALUES; i++) op_case_output(k, MOTE_INT32);
  MOTE_TRY(op_case_infer(k));
  for (int i = 0; i < VALUES; i++) {
    op_tensor *const t = &k->out[i];
    t->bytes = op_shape_known(t) ? op_count(t) * 4 : 0;
    t->data = malloc(t->bytes + 1);
    if (!op_shape_known(t)) t->flags |= OP_LATE;
  }
  return k->c.op->run(&k->c);
}

static void end(op_case *k) {
  for (int i = 0; i < k->c.num_outputs; i++) free(k->out[i].data);
  for (int i = 0; i < k->num_blocks; i++) free(k->blocks[i]);
}

static void expect(const op_case *k, int i, int32_t n, const int32_t *want) {
  assert_int_equal(op_count(&k->out[i]), n);
  assert_memory_equal(k->out[i].data, want, (size_t)n * 4);
}

static void values_change_places(void **state) {
  (void)state;
  world.swaps = true;
  op_case k;
  assert_int_equal(run(&k, 2), MOTE_OK);
  for (int i = 0; i < VALUES; i++) assert_false(k.out[i].flags & OP_LATE);
  expect(&k, 0, 1, (int32_t[]){3});
  expect(&k, 1, 2, second);
  expect(&k, 2, 2, first);
  end(&k);
}

static void no_round_gives_the_inputs(void **state) {
  (void)state;
  world.limit = 0;
  op_case k;
  assert_int_equal(run(&k, 1), MOTE_OK);
  expect(&k, 0, 1, &zero);
  expect(&k, 1, 2, first);
  expect(&k, 2, 1, second);
  end(&k);
}

static void a_growing_list_is_late_alone(void **state) {
  (void)state;
  world.grows = true;
  op_case k;
  assert_int_equal(run(&k, 2), MOTE_OK);
  assert_true(k.out[1].flags & OP_LATE);
  assert_false(k.out[2].flags & OP_LATE);
  expect(&k, 1, 5, (int32_t[]){10, 11, 0, 1, 2});
  expect(&k, 2, 2, second);
  end(&k);
}

/* The growth reaches the other list in the second round; so does another shape. */
static void unknown_shapes_spread(void **state) {
  (void)state;
  world.grows = world.swaps = true;
  op_case k;
  assert_int_equal(run(&k, 1), MOTE_OK);
  assert_true(k.out[1].flags & k.out[2].flags & OP_LATE);
  expect(&k, 1, 2, (int32_t[]){20, 1});
  expect(&k, 2, 4, (int32_t[]){10, 11, 0, 2});
  end(&k);
}

static void loops_end(void **state) {
  (void)state;
  op_case k;
  world.limit = 1000;
  assert_int_equal(run(&k, 2), MOTE_ERR_LIMIT);
  end(&k);
  world.rounds = 0;
  world.fail_at = 2;
  assert_int_equal(run(&k, 2), MOTE_ERR_RUN);
  end(&k);
}

static void types_must_match(void **state) {
  (void)state;
  op_case k;
  world.values[1].type = MOTE_FLOAT32;
  assert_int_equal(run(&k, 2), MOTE_ERR_MODEL);
  end(&k);
  world.values[1].type = MOTE_INT32;
  world.flag.type = MOTE_INT32;
  assert_int_equal(run(&k, 2), MOTE_ERR_MODEL);
  end(&k);
}

static void a_failed_call_once_is_called_again(void **state) {
  (void)state;
  const sch_CallOnceOptions once = {.init_subgraph_index = INIT};
  for (int round = 0; round < 4; round++) {
    world.init_fails = round == 0;
    op_case k;
    op_case_begin(&k, &op_call_once, &once);
    k.c.host = &host;
    assert_int_equal(op_case_infer(&k), MOTE_OK);
    assert_int_equal(k.c.op->run(&k.c), round == 0 ? MOTE_ERR_RUN : MOTE_OK);
    assert_int_equal(world.calls_of_init, round == 0 ? 1 : 2);
    end(&k);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(values_change_places, setup),
      cmocka_unit_test_setup(no_round_gives_the_inputs, setup),
      cmocka_unit_test_setup(a_growing_list_is_late_alone, setup),
      cmocka_unit_test_setup(unknown_shapes_spread, setup),
      cmocka_unit_test_setup(loops_end, setup),
      cmocka_unit_test_setup(types_must_match, setup),
      cmocka_unit_test_setup(a_failed_call_once_is_called_again, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
