/* Hash tables and variables: life in a session, wrong uses, damaged strings, and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "operators/strings.h"
#include "support/refusals.h"

extern const mote_op op_hashtable, op_hashtable_import, op_hashtable_find, op_hashtable_size;
extern const mote_op op_var_handle, op_read_variable, op_assign_variable;

/* ---- a session of one table and one variable ---- */

static op_resource table, variable;
static mem *memory;
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

static mote_status resource_id(op_ctx *c, op_resource_kind kind, sch_string container, sch_string name, int32_t id,
                               int32_t *to) {
  (void)c, (void)container, (void)name;
  *to = kind == OP_RESOURCE_TABLE ? id : 0;
  return MOTE_OK;
}

static bool resource_fails;

static mote_status resource(op_ctx *c, op_resource_kind kind, int32_t id, op_resource **out) {
  (void)id;
  if (resource_fails) return op_fail(c, MOTE_ERR_RUN, "there is no such resource");
  *out = kind == OP_RESOURCE_TABLE ? &table : &variable;
  return MOTE_OK;
}

static mem *session_mem(op_ctx *c) {
  (void)c;
  return memory;
}

static mote_status resize(op_ctx *c, int output, int32_t rank, const int32_t *dims, size_t bytes) {
  op_tensor *const t = c->out[output];
  op_set_shape(t, rank, dims);
  t->data = realloc(t->data, bytes ? bytes : 1);
  t->bytes = bytes;
  return MOTE_OK;
}

static op_host host;

static int setup(void **state) {
  (void)state;
  host = (op_host){.alloc = op_case_alloc,
                   .parallel = op_case_parallel,
                   .cancelled = op_case_cancelled,
                   .resize = resize,
                   .resource_id = resource_id,
                   .resource = resource,
                   .session_mem = session_mem};
  const mote_allocator allocator = {.allocate = allocate, .release = release};
  memory = mem_new(&allocator, 0);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  allocations_left = -1;
  if (table.table) table.free_table(memory, table.table);
  mem_free(memory, variable.variable.value.data);
  const bool clean = atomic_load(&memory->used) == 0;
  mem_release(memory);
  table = variable = (op_resource){.used = false};
  return clean ? 0 : -1;
}

static void begin(op_case *k, const mote_op *op, const void *options) {
  op_case_begin(k, op, options);
  k->c.host = &host;
}

/* All phases; outputs are allocated here or by resize. */
static mote_status run(op_case *k) {
  MOTE_TRY(op_case_infer(k));
  for (int32_t i = 0; i < k->c.num_outputs; i++) {
    op_tensor *const t = &k->out[i];
    size_t count;
    const bool sized = op_shape_known(t) && t->type != MOTE_STRING && size_dims(t->dims, t->rank, &count) &&
                       op_type_bytes(t->type, count, &t->bytes);
    if (sized) t->data = malloc(t->bytes + 1);
    else t->flags |= OP_LATE;
  }
  if (k->c.op->plan) MOTE_TRY(k->c.op->plan(&k->c));
  k->c.scratch = op_case_alloc(&k->c, k->c.scratch_size);
  return k->c.op->run(&k->c);
}

static void end(op_case *k) {
  for (int32_t i = 0; i < k->c.num_outputs; i++) free(k->out[i].data);
  for (int i = 0; i < k->num_blocks; i++) free(k->blocks[i]);
}

/* ---- hash tables ---- */

static const int32_t handle = 7;
static const int64_t numbers[4] = {3, -1, 3, 1000};
/* "a", "", "a", "xyz" */
static const int32_t texts[] = {4, 24, 25, 25, 26, 29, 'a' | 'a' << 8 | 'x' << 16 | 'y' << 24, 'z'};
static const int32_t nothing[] = {1, 12, 12};

static void strings_input(op_case *k, const void *data, size_t bytes, int32_t n) {
  op_case_input(k, MOTE_STRING, 1, &n, data, 0)->bytes = bytes;
}

static mote_status make_table(mote_type key, mote_type value) {
  op_case k;
  const sch_HashtableOptions o = {.table_id = handle, .key_dtype = (int32_t)key, .value_dtype = (int32_t)value};
  begin(&k, &op_hashtable, &o);
  op_case_output(&k, MOTE_RESOURCE);
  const mote_status status = run(&k);
  if (status == MOTE_OK) assert_int_equal(*(int32_t *)k.out[0].data, handle);
  end(&k);
  return status;
}

static mote_status import(bool to_text, size_t text_bytes) {
  op_case k;
  begin(&k, &op_hashtable_import, NULL);
  op_case_input(&k, MOTE_RESOURCE, 1, (int32_t[]){1}, &handle, 0);
  if (!to_text) strings_input(&k, texts, text_bytes, 4);
  op_case_input(&k, MOTE_INT64, 1, (int32_t[]){4}, numbers, 0);
  if (to_text) strings_input(&k, texts, text_bytes, 4);
  const mote_status status = run(&k);
  end(&k);
  return status;
}

static int64_t size_of_table(void) {
  op_case k;
  begin(&k, &op_hashtable_size, NULL);
  op_case_input(&k, MOTE_RESOURCE, 1, (int32_t[]){1}, &handle, 0);
  op_case_output(&k, MOTE_INT64);
  assert_int_equal(run(&k), MOTE_OK);
  const int64_t n = *(int64_t *)k.out[0].data;
  end(&k);
  return n;
}

static mote_status find_text(op_case *k, const int64_t *keys, int32_t n) {
  begin(k, &op_hashtable_find, NULL);
  op_case_input(k, MOTE_RESOURCE, 1, (int32_t[]){1}, &handle, 0);
  op_case_input(k, MOTE_INT64, 1, &n, keys, 0);
  strings_input(k, nothing, sizeof nothing, 1);
  op_case_output(k, MOTE_STRING);
  return run(k);
}

static mote_status find_number(op_case *k, size_t text_bytes, int32_t n) {
  static const int64_t missing = -99;
  begin(k, &op_hashtable_find, NULL);
  op_case_input(k, MOTE_RESOURCE, 1, (int32_t[]){1}, &handle, 0);
  strings_input(k, texts, text_bytes, n);
  op_case_input(k, MOTE_INT64, 0, NULL, &missing, 0);
  op_case_output(k, MOTE_INT64);
  return run(k);
}

static void numbers_to_strings(void **state) {
  (void)state;
  op_case k;
  assert_int_equal(make_table(MOTE_INT64, MOTE_STRING), MOTE_OK);
  assert_int_equal(find_text(&k, numbers, 4), MOTE_ERR_RUN); /* nothing imported yet */
  end(&k);
  assert_int_equal(size_of_table(), 0);
  assert_int_equal(import(true, 29), MOTE_OK);
  assert_int_equal(import(true, 29), MOTE_OK); /* changes nothing */
  assert_int_equal(size_of_table(), 3);        /* of equal keys the first counts */
  const int64_t keys[] = {1000, 5, 3, -1};
  assert_int_equal(find_text(&k, keys, 4), MOTE_OK);
  assert_int_equal(str_count(&k.out[0]), 4);
  const char *const want[] = {"xyz", "", "a", ""};
  for (size_t i = 0; i < 4; i++) {
    str_view s;
    assert_true(str_at(&k.out[0], i, &s));
    assert_int_equal(s.size, strlen(want[i]));
    assert_memory_equal(s.data, want[i], s.size);
  }
  end(&k);
  assert_int_equal(find_text(&k, keys, 0), MOTE_OK);
  assert_int_equal(str_count(&k.out[0]), 0);
  end(&k);
}

static void strings_to_numbers(void **state) {
  (void)state;
  op_case k;
  assert_int_equal(make_table(MOTE_STRING, MOTE_INT64), MOTE_OK);
  assert_int_equal(import(false, 29), MOTE_OK);
  assert_int_equal(size_of_table(), 3);
  assert_int_equal(find_number(&k, 29, 4), MOTE_OK);
  const int64_t want[] = {3, -1, 3, 1000};
  assert_memory_equal(k.out[0].data, want, sizeof want);
  end(&k);
}

static void wrong_uses_are_refused(void **state) {
  (void)state;
  op_case k;
  assert_int_equal(import(true, 29), MOTE_ERR_RUN); /* no table */
  assert_int_equal(make_table(MOTE_FLOAT32, MOTE_STRING), MOTE_ERR_UNSUPPORTED);
  assert_int_equal(make_table(MOTE_INT64, MOTE_STRING), MOTE_OK);
  assert_int_equal(make_table(MOTE_STRING, MOTE_INT64), MOTE_ERR_RUN); /* the same table, turned round */
  assert_int_equal(import(false, 29), MOTE_ERR_RUN);
  assert_int_equal(import(true, 28), MOTE_ERR_RUN); /* the last string ends outside */
  assert_int_equal(import(true, 20), MOTE_ERR_RUN); /* nor does the head fit */
  assert_int_equal(size_of_table(), 0);
  assert_int_equal(import(true, 29), MOTE_OK);
  assert_int_equal(find_number(&k, 29, 4), MOTE_ERR_RUN);
  end(&k);
}

static void memory_that_runs_out_is_an_error(void **state) {
  (void)state;
  allocations_left = 0;
  assert_int_equal(make_table(MOTE_INT64, MOTE_STRING), MOTE_ERR_MEMORY);
  allocations_left = -1;
  assert_int_equal(make_table(MOTE_INT64, MOTE_STRING), MOTE_OK);
  for (int n = 0; n < 3; n++) {
    allocations_left = n;
    assert_int_equal(import(true, 29), MOTE_ERR_MEMORY);
  }
  allocations_left = -1;
  assert_int_equal(import(true, 29), MOTE_OK);
  assert_int_equal(size_of_table(), 3);
}

/* ---- variables ---- */

static mote_status assign(mote_type type, int32_t n, const void *data) {
  op_case k;
  begin(&k, &op_assign_variable, NULL);
  op_case_input(&k, MOTE_RESOURCE, 1, (int32_t[]){1}, &handle, 0);
  op_case_input(&k, type, 1, &n, data, 0);
  const mote_status status = run(&k);
  end(&k);
  return status;
}

/* rank -1: the file does not declare a shape. */
static mote_status read(op_case *k, mote_type type, int32_t rank, int32_t n) {
  begin(k, &op_read_variable, NULL);
  op_case_input(k, MOTE_RESOURCE, 1, (int32_t[]){1}, &handle, 0);
  op_tensor *const out = op_case_output(k, type);
  out->rank = rank;
  out->dims[0] = n;
  return run(k);
}

static void variables_take_what_is_assigned(void **state) {
  (void)state;
  const int32_t data[5] = {1, 2, 3, 4, 5};
  op_case k;
  assert_int_equal(read(&k, MOTE_INT32, 1, 3), MOTE_ERR_RUN);
  end(&k);
  for (int32_t n = 5; n >= 0; n--) {
    assert_int_equal(assign(MOTE_INT32, n, data), MOTE_OK);
    assert_int_equal(read(&k, MOTE_INT32, n & 1 ? -1 : 1, n), MOTE_OK);
    assert_int_equal(k.out[0].rank, 1);
    assert_int_equal(k.out[0].dims[0], n);
    if (n) assert_memory_equal(k.out[0].data, data, (size_t)n * sizeof *data);
    end(&k);
  }
}

static void variables_keep_their_type(void **state) {
  (void)state;
  const int32_t data[2] = {1, 2};
  op_case k;
  assert_int_equal(assign(MOTE_INT32, 2, data), MOTE_OK);
  assert_int_equal(assign(MOTE_FLOAT32, 2, data), MOTE_ERR_RUN);
  assert_int_equal(read(&k, MOTE_FLOAT32, 1, 2), MOTE_ERR_RUN);
  end(&k);
  assert_int_equal(read(&k, MOTE_INT32, 1, 3), MOTE_ERR_RUN); /* declared otherwise */
  end(&k);
  allocations_left = 0;
  const int32_t more[3] = {1, 2, 3};
  assert_int_equal(assign(MOTE_INT32, 3, more), MOTE_ERR_MEMORY);
  allocations_left = -1;
  assert_int_equal(read(&k, MOTE_INT32, 1, 2), MOTE_OK); /* as it was */
  assert_memory_equal(k.out[0].data, data, sizeof data);
  end(&k);
}

static void resources_that_are_not_there(void **state) {
  (void)state;
  resource_fails = true;
  refusal_host = &host;
  REFUSE({"HASHTABLE", "> res", "table_id=7 key_dtype=INT64 value_dtype=STRING", "there is no such resource"},
         {"ASSIGN_VARIABLE", "res, f32 >", NULL, "there is no such resource"},
         {"READ_VARIABLE", "res > f32", NULL, "there is no such resource"});
  refusal_host = NULL;
  resource_fails = false;
}

static void defaults_that_are_not_there(void **state) {
  (void)state;
  host.resize = op_case_resize;
  refusal_host = &host;
  assert_int_equal(make_table(MOTE_INT64, MOTE_STRING), MOTE_OK);
  REFUSE({"HASHTABLE_IMPORT", "res ~ 7, i64 1 ~ 1, str 1 ~ a >", NULL, NULL},
         {"HASHTABLE_FIND", "res ~ 7, i64 1 ~ 2, str ~ ? > str", NULL, "a tensor of 1 strings holds 0"},
         {"HASHTABLE_FIND", "res ~ 7, i64 1 ~ 2, str ~ ! > str", NULL, "string 0 does not lie inside its tensor"});
  refusal_host = NULL;
}

static void strings_that_are_not_there(void **state) {
  (void)state;
  host.resize = op_case_resize;
  refusal_host = &host;
  REFUSE({"HASHTABLE_FIND", "res ~ 7, str 1 ~ a, i64 > i64", NULL, "used before HASHTABLE has made it"});
  assert_int_equal(make_table(MOTE_STRING, MOTE_INT64), MOTE_OK);
  REFUSE({"HASHTABLE_IMPORT", "res ~ 7, str 2 ~ ?, i64 2 >", NULL, "a tensor of 2 strings holds 0"},
         {"HASHTABLE_IMPORT", "res ~ 7, str 2 ~ a !, i64 2 >", NULL, "string 1 does not lie inside its tensor"},
         {"HASHTABLE_IMPORT", "res ~ 7, str 2 ~ a b, i64 2 >", NULL, NULL},
         {"HASHTABLE_FIND", "res ~ 7, str 2 ~ ?, i64 > i64", NULL, "a tensor of 2 strings holds 0"},
         {"HASHTABLE_FIND", "res ~ 7, str 2 ~ a !, i64 > i64", NULL, "string 1 does not lie inside its tensor"});
  refusal_host = NULL;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(resources_that_are_not_there, setup, teardown),
      cmocka_unit_test_setup_teardown(defaults_that_are_not_there, setup, teardown),
      cmocka_unit_test_setup_teardown(strings_that_are_not_there, setup, teardown),
      cmocka_unit_test_setup_teardown(numbers_to_strings, setup, teardown),
      cmocka_unit_test_setup_teardown(strings_to_numbers, setup, teardown),
      cmocka_unit_test_setup_teardown(wrong_uses_are_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(memory_that_runs_out_is_an_error, setup, teardown),
      cmocka_unit_test_setup_teardown(variables_take_what_is_assigned, setup, teardown),
      cmocka_unit_test_setup_teardown(variables_keep_their_type, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
