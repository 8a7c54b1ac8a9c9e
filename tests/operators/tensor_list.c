/* tensor_list.c: random walks over lists, held against lists that copy everything; memory; what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/refusals.h"

extern const mote_op op_tensor_list_reserve, op_tensor_list_from_tensor, op_tensor_list_set_item,
    op_tensor_list_push_back, op_tensor_list_get_item, op_tensor_list_pop_back, op_tensor_list_stack,
    op_tensor_list_length, op_tensor_list_element_shape, op_variant_add_n, op_variant_zeros_like, op_empty_tensor_list,
    op_flex_tensor_list_reserve, op_flex_tensor_list_stack;

/* ---- a session: some variant values, and what the lists behind them hold ---- */

enum { SLOTS = 4, ITEMS = 12, ROW = 2 };

typedef struct model {
  bool there;
  int count;
  bool set[ITEMS];
  int32_t value[ITEMS][ROW];
} model;

static mem *memory;
static op_tensor_lists lists;
static op_tensor slots[SLOTS];
static int64_t numbers[SLOTS]; /* data of the slots */
static model models[SLOTS];
static int allocations_left = -1; /* -1: no end */

static void *allocate(void *user, size_t size) {
  (void)user;
  if (allocations_left == 0) return NULL;
  if (allocations_left > 0) allocations_left--;
  return malloc(size);
}

static void release(void *user, void *block) {
  (void)user;
  free(block);
}

static mem *session_mem(op_ctx *c) {
  (void)c;
  return memory;
}

static op_tensor_lists *session_lists(op_ctx *c) {
  (void)c;
  return &lists;
}

static void variants(op_ctx *c, void (*visit)(op_ctx *c, const op_tensor *variant)) {
  for (int i = 0; i < SLOTS; i++) visit(c, &slots[i]);
}

static const op_host host = {.alloc = op_case_alloc,
                             .parallel = op_case_parallel,
                             .cancelled = op_case_cancelled,
                             .resize = op_case_resize,
                             .session_mem = session_mem,
                             .lists = session_lists,
                             .variants = variants};

static int setup(void **state) {
  (void)state;
  const mote_allocator allocator = {.allocate = allocate, .release = release};
  memory = mem_new(&allocator, 0);
  memset(models, 0, sizeof models);
  memset(numbers, 0, sizeof numbers);
  for (int i = 0; i < SLOTS; i++)
    slots[i] = (op_tensor){.type = MOTE_VARIANT, .data = &numbers[i], .bytes = sizeof numbers[i]};
  return 0;
}

static int teardown(void **state) {
  (void)state;
  allocations_left = -1;
  if (lists.free_all) lists.free_all(memory, &lists);
  const bool clean = atomic_load(&memory->used) == 0;
  mem_release(memory);
  return clean ? 0 : -1;
}

static void begin(op_case *k, const mote_op *op) {
  op_case_begin(k, op, NULL);
  k->c.host = &host;
}

static void list_input(op_case *k, int slot) {
  op_case_input(k, MOTE_VARIANT, 0, NULL, &numbers[slot], 0)->bytes = sizeof numbers[slot];
}

static void ints(op_case *k, int32_t rank, int32_t n, const int32_t *data) {
  op_case_input(k, MOTE_INT32, rank, &n, data, 0);
}

static void number(op_case *k, const int32_t *data) { ints(k, 0, 0, data); }

static const int32_t unknown = -1, row_dims[1] = {ROW};

/* Runs it; output 0, a list, goes into the slot. */
static mote_status into(op_case *k, int slot) {
  const mote_status status = op_case_run(k);
  if (status == MOTE_OK) memcpy(&numbers[slot], k->out[0].data, sizeof numbers[slot]);
  assert_true(op_case_end(k));
  return status;
}

static mote_status reserve(const mote_op *op, int slot, int32_t count, int32_t rank, const int32_t *dims) {
  op_case k;
  begin(&k, op);
  ints(&k, rank < 0 ? 0 : 1, rank, dims);
  number(&k, &count);
  op_case_output(&k, MOTE_VARIANT);
  return into(&k, slot);
}

static mote_status set(int slot, int from, int32_t at, mote_type type, int32_t rank, const int32_t *dims,
                       const void *data) {
  op_case k;
  begin(&k, &op_tensor_list_set_item);
  list_input(&k, from);
  number(&k, &at);
  op_case_input(&k, type, rank, dims, data, 0);
  op_case_output(&k, MOTE_VARIANT);
  return into(&k, slot);
}

/* The item; or the status. */
static mote_status get(int from, int32_t at, int32_t rank, const int32_t *dims, mote_type type, int32_t *to) {
  op_case k;
  begin(&k, &op_tensor_list_get_item);
  list_input(&k, from);
  number(&k, &at);
  ints(&k, rank < 0 ? 0 : 1, rank, dims);
  op_case_output(&k, type);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK && to) memcpy(to, k.out[0].data, k.out[0].bytes);
  assert_true(op_case_end(&k));
  return status;
}

/* ---- the walk ---- */

static void step_set(op_random *r, int to, int from) {
  const int32_t row[ROW] = {op_random_in(r, -99, 99), op_random_in(r, -99, 99)};
  const int32_t at = op_random_in(r, 0, ITEMS - 1);
  assert_int_equal(set(to, from, at, MOTE_INT32, 1, row_dims, row), MOTE_OK);
  models[to] = models[from];
  for (; models[to].count <= at; models[to].count++) models[to].set[models[to].count] = false;
  models[to].set[at] = true;
  memcpy(models[to].value[at], row, sizeof row);
}

static void step_push(op_random *r, int to, int from) {
  const int32_t row[ROW] = {op_random_in(r, -99, 99), 7};
  op_case k;
  if (models[from].count == ITEMS) return;
  begin(&k, &op_tensor_list_push_back);
  list_input(&k, from);
  op_case_input(&k, MOTE_INT32, 1, row_dims, row, 0);
  op_case_output(&k, MOTE_VARIANT);
  assert_int_equal(into(&k, to), MOTE_OK);
  models[to] = models[from];
  model *const m = &models[to];
  m->set[m->count] = true;
  memcpy(m->value[m->count++], row, sizeof row);
}

static void value_of(const model *m, int i, int32_t *to) {
  for (int k = 0; k < ROW; k++) to[k] = m->set[i] ? m->value[i][k] : 0;
}

static void step_pop(int to, int from) {
  int32_t want[ROW];
  op_case k;
  begin(&k, &op_tensor_list_pop_back);
  list_input(&k, from);
  ints(&k, 1, 1, row_dims);
  op_case_output(&k, MOTE_VARIANT);
  op_case_output(&k, MOTE_INT32);
  if (models[from].count == 0) {
    assert_int_equal(into(&k, to), MOTE_ERR_RUN);
    return;
  }
  value_of(&models[from], models[from].count - 1, want);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[1].data, want, sizeof want);
  memcpy(&numbers[to], k.out[0].data, sizeof numbers[to]);
  assert_true(op_case_end(&k));
  models[to] = models[from];
  models[to].count--;
}

static void step_zeros(int to, int from) {
  op_case k;
  begin(&k, &op_variant_zeros_like);
  list_input(&k, from);
  op_case_output(&k, MOTE_VARIANT);
  assert_int_equal(into(&k, to), MOTE_OK);
  models[to] = models[from];
  memset(models[to].value, 0, sizeof models[to].value);
}

static void step_add(int to, int a, int b) {
  op_case k;
  begin(&k, &op_variant_add_n);
  list_input(&k, a);
  list_input(&k, b);
  op_case_output(&k, MOTE_VARIANT);
  if (models[a].count != models[b].count) {
    assert_int_equal(into(&k, to), MOTE_ERR_RUN);
    return;
  }
  const mote_status status = into(&k, to);
  model sum = models[a];
  for (int i = 0; i < sum.count; i++) {
    int32_t other[ROW];
    value_of(&models[a], i, sum.value[i]);
    value_of(&models[b], i, other);
    for (int n = 0; n < ROW; n++) sum.value[i][n] += other[n];
    if (!models[a].set[i] && !models[b].set[i]) {
      if (status != MOTE_OK) return; /* of what type zeros are, no item has said yet */
    }
    sum.set[i] = true;
  }
  assert_int_equal(status, MOTE_OK);
  models[to] = sum;
}

static void check_list(op_random *r, int from) {
  const model *const m = &models[from];
  int32_t want[ITEMS * ROW + ROW], got[ROW];
  for (int i = 0; i < m->count; i++) value_of(m, i, want + i * ROW);
  op_case k;
  begin(&k, &op_tensor_list_stack);
  list_input(&k, from);
  ints(&k, 1, 1, row_dims);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(k.out[0].rank == 2 && k.out[0].dims[0] == m->count && k.out[0].dims[1] == ROW);
  if (m->count) assert_memory_equal(k.out[0].data, want, k.out[0].bytes);
  assert_true(op_case_end(&k));
  begin(&k, &op_tensor_list_length);
  list_input(&k, from);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(*(int32_t *)k.out[0].data, m->count);
  assert_true(op_case_end(&k));
  const int32_t at = op_random_in(r, -1, ITEMS);
  const bool there = at >= 0 && at < m->count;
  assert_int_equal(get(from, at, 1, row_dims, MOTE_INT32, got), there ? MOTE_OK : MOTE_ERR_RUN);
  if (there) assert_memory_equal(got, want + at * ROW, sizeof got);
}

static void lists_walk(void **state) {
  (void)state;
  op_random r = {11};
  for (int turn = 0; turn < 3000; turn++) {
    const int to = op_random_in(&r, 0, SLOTS - 1), from = op_random_in(&r, 0, SLOTS - 1);
    if (!models[from].there || !op_random_below(&r, 12)) {
      const int32_t count = op_random_in(&r, 0, ITEMS - 1);
      const bool empty = op_random_below(&r, 2);
      models[from] = (model){.there = true, .count = empty ? 0 : count};
      assert_int_equal(reserve(empty ? &op_empty_tensor_list : &op_tensor_list_reserve, from, count, 1, row_dims),
                       MOTE_OK);
    }
    switch (op_random_below(&r, 6)) {
      case 0:
      case 1: step_set(&r, to, from); break;
      case 2: step_push(&r, to, from); break;
      case 3: step_pop(to, from); break;
      case 4: step_zeros(to, from); break;
      default:
        if (models[to].there) step_add(from, to, from);
    }
    for (int i = 0; i < SLOTS; i++)
      if (models[i].there) check_list(&r, i);
    assert_true(lists.count <= SLOTS + 1); /* what no value stands for goes */
  }
}

/* ---- one by one ---- */

static void rows_of_a_tensor(void **state) {
  (void)state;
  static const float x[] = {1, 2, 3, 4, 5, 6};
  const int32_t dims[] = {3, 2, 1}, told[] = {-1, 1};
  float got[6];
  op_case k;
  begin(&k, &op_tensor_list_from_tensor);
  op_case_input(&k, MOTE_FLOAT32, 3, dims, x, 0);
  ints(&k, 1, 2, told);
  op_case_output(&k, MOTE_VARIANT);
  assert_int_equal(into(&k, 0), MOTE_OK);
  assert_int_equal(get(0, 1, 1, &unknown, MOTE_FLOAT32, (int32_t *)got), MOTE_OK);
  assert_memory_equal(got, x + 2, 8);
  begin(&k, &op_tensor_list_element_shape);
  list_input(&k, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(k.out[0].rank == 1 && k.out[0].dims[0] == 2);
  assert_memory_equal(k.out[0].data, told, sizeof told);
  assert_true(op_case_end(&k));
}

static void shapes_that_nothing_says(void **state) {
  (void)state;
  op_case k;
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, 3, -1, &unknown), MOTE_OK);
  begin(&k, &op_tensor_list_element_shape);
  list_input(&k, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(k.out[0].rank == 0 && *(int32_t *)k.out[0].data == -1);
  assert_true(op_case_end(&k));
  assert_int_equal(get(0, 0, -1, &unknown, MOTE_INT32, NULL), MOTE_ERR_RUN);
  const int32_t one_two[] = {1, 2};
  int32_t got[2] = {5, 5};
  assert_int_equal(set(0, 0, 2, MOTE_INT32, 2, one_two, one_two), MOTE_OK);
  assert_int_equal(get(0, 0, -1, &unknown, MOTE_INT32, got), MOTE_OK); /* now the others do */
  assert_true(got[0] == 0 && got[1] == 0);
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, 0, 0, NULL), MOTE_OK);
  begin(&k, &op_tensor_list_element_shape);
  list_input(&k, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(k.out[0].rank == 1 && k.out[0].dims[0] == 0);
  assert_true(op_case_end(&k));
}

/* A 1 that stands alone: TFLite leaves it out, TensorFlow does not. */
static void stacks_of_single_numbers(void **state) {
  (void)state;
  const int32_t one[] = {1}, value[] = {8};
  for (int flex = 0; flex < 2; flex++) {
    op_case k;
    assert_int_equal(reserve(flex ? &op_flex_tensor_list_reserve : &op_tensor_list_reserve, 0, 2, 1, one), MOTE_OK);
    assert_int_equal(set(0, 0, 1, MOTE_INT32, 1, one, value), MOTE_OK);
    begin(&k, flex ? &op_flex_tensor_list_stack : &op_tensor_list_stack);
    list_input(&k, 0);
    number(&k, &unknown);
    op_case_output(&k, MOTE_INT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_int_equal(k.out[0].rank, 1 + flex);
    assert_memory_equal(k.out[0].data, ((const int32_t[]){0, 8}), 8);
    assert_true(op_case_end(&k));
  }
}

static mote_status stack(int from, int32_t rank, const int32_t *dims, mote_type type) {
  op_case k;
  begin(&k, &op_tensor_list_stack);
  list_input(&k, from);
  ints(&k, rank < 0 ? 0 : 1, rank, dims);
  op_case_output(&k, type);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

static mote_status from_tensor(mote_type type, int32_t rank, int32_t told_rank, const int32_t *told) {
  static const int64_t data[8];
  op_case k;
  begin(&k, &op_tensor_list_from_tensor);
  op_case_input(&k, type, rank, (int32_t[]){2, 2, 2}, data, 0);
  ints(&k, 1, told_rank, told);
  op_case_output(&k, MOTE_VARIANT);
  return into(&k, 1);
}

static void what_is_refused(void **state) {
  (void)state;
  const int32_t two_two[] = {2, 2}, three[] = {3}, low[] = {-2}, nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, zero = 0;
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, -1, 1, row_dims), MOTE_ERR_RUN);
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, INT32_MAX, 1, row_dims), MOTE_ERR_RUN);
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, 1, 1, low), MOTE_ERR_RUN);
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, 1, 9, nine), MOTE_ERR_RUN);
  assert_int_equal(get(0, 0, 1, row_dims, MOTE_INT32, NULL), MOTE_ERR_RUN); /* no list was ever made */
  assert_int_equal(stack(0, 1, row_dims, MOTE_INT32), MOTE_ERR_RUN);
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, 2, 1, row_dims), MOTE_OK);
  assert_int_equal(set(0, 0, -1, MOTE_INT32, 1, row_dims, two_two), MOTE_ERR_RUN);
  assert_int_equal(set(0, 0, INT32_MAX, MOTE_INT32, 1, row_dims, two_two), MOTE_ERR_RUN);
  assert_int_equal(set(0, 0, 0, MOTE_INT4, 1, row_dims, two_two), MOTE_ERR_TYPE);
  assert_int_equal(set(0, 0, 0, MOTE_STRING, 1, row_dims, two_two), MOTE_ERR_TYPE);
  assert_int_equal(set(0, 0, 0, MOTE_VARIANT, 0, NULL, &numbers[0]), MOTE_ERR_TYPE);
  assert_int_equal(set(0, 0, 0, MOTE_INT32, 1, row_dims, two_two), MOTE_OK);
  assert_int_equal(set(1, 0, 1, MOTE_FLOAT32, 1, row_dims, two_two), MOTE_ERR_RUN);
  assert_int_equal(get(0, 0, 1, row_dims, MOTE_FLOAT32, NULL), MOTE_ERR_RUN);
  assert_int_equal(get(0, 1, 1, three, MOTE_INT32, NULL), MOTE_ERR_RUN);
  assert_int_equal(stack(0, 1, three, MOTE_INT32), MOTE_ERR_RUN);
  assert_int_equal(stack(0, 1, row_dims, MOTE_FLOAT32), MOTE_ERR_RUN);
  assert_int_equal(from_tensor(MOTE_INT32, 0, 1, row_dims), MOTE_ERR_SHAPE);
  assert_int_equal(from_tensor(MOTE_INT32, 2, 1, three), MOTE_ERR_RUN);
  assert_int_equal(from_tensor(MOTE_INT32, 2, 0, &zero), MOTE_ERR_RUN);
  assert_int_equal(from_tensor(MOTE_INT4, 2, 1, row_dims), MOTE_ERR_TYPE);
  assert_int_equal(from_tensor(MOTE_INT64, 3, 2, two_two), MOTE_OK);
  numbers[1] ^= INT64_C(1) << 32; /* another serial number */
  assert_int_equal(get(1, 0, 2, two_two, MOTE_INT64, NULL), MOTE_ERR_RUN);
  numbers[1] = -1;
  assert_int_equal(get(1, 0, 2, two_two, MOTE_INT64, NULL), MOTE_ERR_RUN);
}

/* What other engines read past its end: a shape without dimensions, items whose elements share bytes, an operand that
 * is no list. */
static void known_faults_410523574_1b094d8e9_e9eef1577(void **state) {
  (void)state;
  const int32_t row[ROW] = {1, 2};
  op_case k;
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, 2, 1, row_dims), MOTE_OK);
  assert_int_equal(stack(0, 0, NULL, MOTE_INT32), MOTE_ERR_RUN);
  assert_int_equal(get(0, 0, 0, NULL, MOTE_INT32, NULL), MOTE_ERR_RUN);
  assert_int_equal(from_tensor(MOTE_INT32, 2, 0, NULL), MOTE_ERR_RUN);
  assert_int_equal(from_tensor(MOTE_INT4, 2, 1, row_dims), MOTE_ERR_TYPE);
  assert_int_equal(stack(0, 1, row_dims, MOTE_INT4), MOTE_ERR_TYPE);
  begin(&k, &op_tensor_list_length);
  op_case_input(&k, MOTE_INT32, 1, row_dims, row, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_ERR_TYPE);
  op_case_end(&k);
}

static void types_in_the_options(void **state) {
  (void)state;
  const uint8_t codes[] = {MOTE_FLOAT32, MOTE_INT4, MOTE_VARIANT, 200};
  const int32_t count = 1;
  for (int i = 0; i < 4; i++) {
    op_case k;
    begin(&k, &op_tensor_list_reserve);
    k.c.custom = &codes[i], k.c.custom_size = 1;
    ints(&k, 1, 1, row_dims);
    number(&k, &count);
    op_case_output(&k, MOTE_VARIANT);
    assert_int_equal(into(&k, 0), i ? MOTE_ERR_TYPE : MOTE_OK);
  }
  assert_int_equal(set(0, 0, 0, MOTE_INT32, 1, row_dims, row_dims), MOTE_ERR_RUN);
}

static void memory_that_runs_out(void **state) {
  (void)state;
  const int32_t row[ROW] = {1, 2};
  for (allocations_left = 0; allocations_left < 2;) { /* the list of lists, then the list */
    const int left = allocations_left;
    assert_int_equal(reserve(&op_tensor_list_reserve, 0, 2, 1, row_dims), MOTE_ERR_MEMORY);
    if (lists.free_all) lists.free_all(memory, &lists);
    assert_int_equal(atomic_load(&memory->used), 0);
    allocations_left = left + 1;
  }
  allocations_left = -1;
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, 2, 1, row_dims), MOTE_OK);
  for (int left = 0; left < 3; left++) {
    allocations_left = left;
    const mote_status status = set(1, 0, 1, MOTE_INT32, 1, row_dims, row);
    allocations_left = -1;
    assert_true(status == MOTE_ERR_MEMORY || (left == 2 && status == MOTE_OK));
    assert_int_equal(get(0, 0, 1, row_dims, MOTE_INT32, NULL), MOTE_OK);
  }
}

/* Values of lists in rows: their number and, in the upper half, how many lists were made before. */
#define PAIRS "var ~ 4294967296"
#define TRIPLES "var ~ 8589934593"
#define UNTOLD "var ~ 12884901890"
#define NO_LIST "var ~ 77"

static void refused(void **state) {
  (void)state;
  static const int32_t two[1] = {2}, three[1] = {3};
  assert_int_equal(reserve(&op_tensor_list_reserve, 0, 1, 1, two), MOTE_OK);
  assert_int_equal(reserve(&op_tensor_list_reserve, 1, 1, 1, three), MOTE_OK);
  for (int i = 2; i < SLOTS; i++) assert_int_equal(reserve(&op_tensor_list_reserve, i, 1, -1, &unknown), MOTE_OK);
  refusal_host = &host;
  REFUSE(
      {"TensorListReserve", "i32 1 ~ 2, i32 2 ~ 1 > var", NULL, "input 1 must be one number, not 2"},
      {"TensorListReserve", "i32 9 ~ 1, i32 ~ 1 > var", NULL, "9"},
      {"TensorListFromTensor", "f32 2x3, i32 9 ~ 1 > var", NULL, "9"},
      {"TensorListSetItem", NO_LIST ", i32, f32 2 > var", NULL, "list"},
      {"TensorListSetItem", PAIRS ", i32 2, f32 2 > var", NULL, "input 1 must be one number"},
      {"TensorListPushBack", NO_LIST ", f32 2 > var", NULL, "list"},
      {"TensorListGetItem", NO_LIST ", i32, i32 1 ~ 2 > f32", NULL, "list"},
      {"TensorListGetItem", PAIRS ", i32 2, i32 1 ~ 2 > f32", NULL, "input 1 must be one number"},
      {"TensorListGetItem", PAIRS ", i32, i32 9 ~ 2 > f32", NULL, "9"},
      {"TensorListPopBack", NO_LIST ", i32 1 ~ 2 > var, f32", NULL, "list"},
      {"TensorListPopBack", PAIRS ", i32 9 ~ 2 > var, f32", NULL, "9"},
      {"TensorListStack", NO_LIST ", i32 1 ~ 2 > f32", NULL, "list"},
      {"TensorListStack", PAIRS ", i32 9 ~ 2 > f32", NULL, "9"},
      {"TensorListStack", UNTOLD ", i32 8 ~ 1 > f32", NULL, "items of 8 dimensions cannot be stacked"},
      {"TensorListLength", NO_LIST " > i32", NULL, "list"}, {"TensorListElementShape", NO_LIST " > i32", NULL, "list"},
      {"VariantZerosLike", NO_LIST " > var", NULL, "list"}, {"VariantAddN", NO_LIST ", " PAIRS " > var", NULL, "list"},
      {"VariantAddN", PAIRS ", " NO_LIST " > var", NULL, "list"},
      {"VariantAddN", PAIRS ", " TRIPLES " > var", NULL, "list 1 is of another shape than those before it"});
  refusal_host = NULL;
}

static void sums_that_cannot_be(void **state) {
  (void)state;
  static const int32_t two[1] = {2}, three[1] = {3};
  static const float row[3];
  for (int i = 0; i < 3; i++) assert_int_equal(reserve(&op_tensor_list_reserve, i, 1, -1, &unknown), MOTE_OK);
  assert_int_equal(set(0, 0, 0, MOTE_FLOAT32, 1, two, row), MOTE_OK);
  assert_int_equal(set(1, 1, 0, MOTE_FLOAT32, 1, three, row), MOTE_OK);
  assert_int_equal(set(2, 2, 0, MOTE_INT8, 1, two, row), MOTE_OK);
  char other_shapes[64], other_types[64], bytes[64];
  snprintf(other_shapes, sizeof other_shapes, "var ~ %lld, var ~ %lld > var", (long long)numbers[0],
           (long long)numbers[1]);
  snprintf(other_types, sizeof other_types, "var ~ %lld, var ~ %lld > var", (long long)numbers[0],
           (long long)numbers[2]);
  snprintf(bytes, sizeof bytes, "var ~ %lld, var ~ %lld > var", (long long)numbers[2], (long long)numbers[2]);
  refusal_host = &host;
  REFUSE({"VariantAddN", other_shapes, NULL, "the items at 0 have different shapes"},
         {"VariantAddN", other_types, NULL, "list 1 is of another type than those before it"},
         {"VariantAddN", bytes, NULL, "lists of int8 cannot be added"});
  refusal_host = NULL;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(refused, setup, teardown),
      cmocka_unit_test_setup_teardown(sums_that_cannot_be, setup, teardown),
      cmocka_unit_test_setup_teardown(lists_walk, setup, teardown),
      cmocka_unit_test_setup_teardown(rows_of_a_tensor, setup, teardown),
      cmocka_unit_test_setup_teardown(shapes_that_nothing_says, setup, teardown),
      cmocka_unit_test_setup_teardown(stacks_of_single_numbers, setup, teardown),
      cmocka_unit_test_setup_teardown(what_is_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(types_in_the_options, setup, teardown),
      cmocka_unit_test_setup_teardown(known_faults_410523574_1b094d8e9_e9eef1577, setup, teardown),
      cmocka_unit_test_setup_teardown(memory_that_runs_out, setup, teardown),
  };
  return cmocka_run_group_tests_name("operators: tensor_list", tests, NULL, NULL);
}
