/* session.c: the public interface from opening to running: shapes, memory, limits, state, signatures, cancelling. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "mote/mote.h"
#include "mote/op.h"
#include "support/flex.h"
#include "support/net.h"

/* ---- networks ---- */

/* y = x + x, x 1x4 with an open first dimension. */
static const uint8_t *doubling(net *n, size_t *size) {
  net_begin(n);
  const int x = net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){1, 4});
  const int y = net_tensor(n, MOTE_FLOAT32, 2, (int32_t[]){1, 4});
  net_open_dim(n, x, 0);
  net_open_dim(n, y, 0);
  net_op(n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){x, x}, 1, (int32_t[]){y});
  net_ends(n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  return net_file(n, size);
}

/* A chain of `count` sums over a tensor of `width` floats. */
static const uint8_t *chain(net *n, int count, int32_t width, size_t *size) {
  net_begin(n);
  int last = net_tensor(n, MOTE_FLOAT32, 1, &width);
  const int first = last;
  for (int i = 0; i < count; i++) {
    const int next = net_tensor(n, MOTE_FLOAT32, 1, &width);
    net_op(n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){last, first}, 1,
           (int32_t[]){next});
    last = next;
  }
  net_ends(n, 1, (int32_t[]){first}, 1, (int32_t[]){last});
  return net_file(n, size);
}

/* while (i < limit) i = i + step, on int32 scalars. step 0 never ends. */
static const uint8_t *loop(net *n, int32_t step, size_t *size) {
  static sch_WhileOptions options;
  options = *(const sch_WhileOptions *)sch_table_WhileOptions.defaults;
  options.cond_subgraph_index = 1;
  options.body_subgraph_index = 2;
  const int32_t ten = 10;
  net_begin(n);
  const int x = net_tensor(n, MOTE_INT32, 0, NULL), y = net_tensor(n, MOTE_INT32, 0, NULL);
  net_op(n, sch_BuiltinOperator_WHILE, sch_BuiltinOptions_WhileOptions, &options, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  net_ends(n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  net_graph(n);
  const int i = net_tensor(n, MOTE_INT32, 0, NULL), most = net_const(n, MOTE_INT32, 0, NULL, &ten, 4);
  const int less = net_tensor(n, MOTE_BOOL, 0, NULL);
  net_op(n, sch_BuiltinOperator_LESS, sch_BuiltinOptions_LessOptions, NULL, 2, (int32_t[]){i, most}, 1,
         (int32_t[]){less});
  net_ends(n, 1, (int32_t[]){i}, 1, (int32_t[]){less});
  net_graph(n);
  const int j = net_tensor(n, MOTE_INT32, 0, NULL), by = net_const(n, MOTE_INT32, 0, NULL, &step, 4);
  const int sum = net_tensor(n, MOTE_INT32, 0, NULL);
  net_op(n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){j, by}, 1, (int32_t[]){sum});
  net_ends(n, 1, (int32_t[]){j}, 1, (int32_t[]){sum});
  return net_file(n, size);
}

/* Subgraph 0: y = x + x as "double"; subgraph 1: y = x * x as "square". */
static const uint8_t *two_signatures(net *n, size_t *size) {
  net_begin(n);
  for (int g = 0; g < 2; g++) {
    if (g) net_graph(n);
    const int x = net_tensor(n, MOTE_FLOAT32, 1, (int32_t[]){3}), y = net_tensor(n, MOTE_FLOAT32, 1, (int32_t[]){3});
    net_op(n, g ? sch_BuiltinOperator_MUL : sch_BuiltinOperator_ADD,
           g ? sch_BuiltinOptions_MulOptions : sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){x, x}, 1,
           (int32_t[]){y});
    net_ends(n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
    net_signature(n, g ? "square" : "double");
  }
  return net_file(n, size);
}

/* ---- opening and running ---- */

typedef struct opened {
  mote_model *model;
  mote_program *program;
  mote_session *session;
  mote_error e;
} opened;

static bool open_bytes(opened *o, const uint8_t *file, size_t size, const mote_config *config) {
  memset(o, 0, sizeof *o);
  o->model = mote_model_from_memory(file, size, config, &o->e);
  o->program = o->model ? mote_program_new(o->model, config, &o->e) : NULL;
  o->session = o->program ? mote_session_new(o->program, NULL, &o->e) : NULL;
  return o->session != NULL;
}

static void close_all(opened *o) {
  mote_session_free(o->session);
  mote_program_free(o->program);
  mote_model_free(o->model);
}

static void runs_and_resizes(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  const uint8_t *file = doubling(&n, &size);
  assert_non_null(file);
  assert_true(open_bytes(&o, file, size, NULL));
  mote_tensor *x = mote_session_input(o.session, 0);
  assert_int_equal(x->signature[0], -1);
  assert_int_equal(x->dims[0], 1);
  assert_int_equal(x->size, 16);
  for (int32_t rows = 1; rows <= 5; rows += 2) {
    assert_int_equal(mote_session_resize(o.session, 0, (int32_t[]){rows, 4}, 2, &o.e), MOTE_OK);
    assert_int_equal(mote_session_plan(o.session, &o.e), MOTE_OK);
    assert_int_equal(x->size, 16 * (size_t)rows);
    for (int i = 0; i < 4 * rows; i++) ((float *)x->data)[i] = (float)i;
    assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
    const mote_tensor *y = mote_session_output(o.session, 0);
    assert_int_equal(y->dims[0], rows);
    for (int i = 0; i < 4 * rows; i++) assert_true(((const float *)y->data)[i] == 2 * (float)i);
  }
  assert_int_equal(mote_session_resize(o.session, 0, (int32_t[]){-1, 4}, 2, &o.e), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_session_resize(o.session, 1, (int32_t[]){1, 4}, 2, &o.e), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_session_resize(o.session, 0, (int32_t[9]){1}, 9, &o.e), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  close_all(&o);
  net_end(&n);
}

/* A shape that fits no plan fails and leaves the session usable with another. */
static void recovers_from_a_bad_shape(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  const uint8_t *file = two_signatures(&n, &size);
  assert_true(open_bytes(&o, file, size, NULL));
  assert_int_equal(mote_session_resize(o.session, 0, (int32_t[]){INT32_MAX, INT32_MAX, INT32_MAX}, 3, &o.e), MOTE_OK);
  assert_int_not_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  assert_true(o.e.text[0]);
  assert_int_equal(mote_session_resize(o.session, 0, (int32_t[]){2}, 1, &o.e), MOTE_OK);
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  close_all(&o);
  net_end(&n);
}

static void selects_signatures(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  const uint8_t *file = two_signatures(&n, &size);
  assert_true(open_bytes(&o, file, size, NULL));
  assert_int_equal(mote_model_signature_count(o.model), 2);
  assert_string_equal(mote_model_signature_key(o.model, 1), "square");
  assert_null(mote_model_signature_key(o.model, 2));
  const float in[3] = {1, -2, 3};
  for (int turn = 0; turn < 4; turn++) {
    const bool square = turn & 1;
    assert_int_equal(mote_session_select(o.session, square ? "square" : "double", &o.e), MOTE_OK);
    mote_tensor *x = mote_session_input_named(o.session, "a");
    assert_non_null(x);
    memcpy(x->data, in, sizeof in);
    assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
    const float *y = mote_session_output_named(o.session, "y")->data;
    for (int i = 0; i < 3; i++) assert_true(y[i] == (square ? in[i] * in[i] : 2 * in[i]));
  }
  assert_int_equal(mote_session_select(o.session, "cube", &o.e), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  close_all(&o);
  net_end(&n);
}

static void opens_from_everywhere(void **state) {
  (void)state;
  net n;
  size_t size;
  const uint8_t *file = doubling(&n, &size);
  char path[] = "/tmp/mote_test_XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  static const char before[1000] = "something else";
  assert_int_equal(write(fd, before, 777), 777);
  assert_int_equal(write(fd, file, size), (ssize_t)size);
  assert_int_equal(write(fd, before, 100), 100);
  mote_error e;
  for (int copy = 0; copy < 2; copy++) {
    const mote_config config = {.copy = copy};
    mote_model *m = mote_model_from_fd(fd, 777, size, &config, &e);
    assert_non_null(m);
    assert_int_equal(mote_model_size(m), size);
    mote_model_free(m);
  }
  assert_null(mote_model_from_fd(fd, 0, 0, NULL, &e));
  assert_null(mote_model_from_fd(fd, 5000, 10, NULL, &e));
  assert_int_equal(e.code, MOTE_ERR_ARGUMENT);
  assert_null(mote_model_open("/tmp", NULL, &e));
  assert_int_equal(e.code, MOTE_ERR_IO);
  assert_null(mote_model_open(NULL, NULL, &e));
  assert_null(mote_model_from_memory(NULL, 10, NULL, NULL));
  close(fd);
  unlink(path);
  net_end(&n);
}

/* ---- memory ---- */

static void reports_and_limits_memory(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  const uint8_t *file = chain(&n, 10, 100000, &size);
  assert_true(open_bytes(&o, file, size, NULL));
  mote_memory memory, planned;
  mote_session_memory(o.session, &memory);
  assert_int_equal(mote_program_memory(o.program, &planned, &o.e), MOTE_OK);
  assert_int_equal(planned.arena, memory.arena);
  /* each sum takes the place of the one before, down to the output: the arena has nothing left to hold */
  assert_int_equal(memory.arena, 0);
  assert_true(memory.lower_bound <= memory.arena);
  assert_true(memory.io >= 800000);
  mote_session_free(o.session);
  const mote_config tight = {.memory_limit = 300000};
  o.session = mote_session_new(o.program, &tight, &o.e);
  assert_null(o.session);
  assert_int_equal(o.e.code, MOTE_ERR_LIMIT);
  assert_non_null(strstr(o.e.text, "300000"));
  const mote_config wide = {.memory_limit = 3000000};
  o.session = mote_session_new(o.program, &wide, &o.e);
  assert_non_null(o.session);
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  close_all(&o);
  net_end(&n);
}

/* A program made to be looked at tells what the real one will need, and runs nothing. */
static void plans_without_packing(void **state) {
  (void)state;
  static const char *const path = "examples/digits/digits.tflite";
  mote_error e = {0};
  const mote_config look = {.plan_only = true};
  mote_model *model = mote_model_open(path, NULL, &e);
  mote_program *planned = mote_program_new(model, &look, &e), *made = mote_program_new(model, NULL, &e);
  assert_non_null(planned);
  assert_non_null(made);
  mote_memory a, b;
  assert_null(mote_session_new(planned, NULL, &e));
  assert_non_null(strstr(e.text, "plan_only"));
  assert_int_equal(mote_program_memory(planned, &a, &e), MOTE_OK);
  mote_program_free(planned);
  assert_int_equal(mote_program_memory(made, &b, &e), MOTE_OK);
  assert_memory_equal(&a, &b, sizeof a);
  assert_true(a.packed > 0);
  mote_program_free(made);
  mote_model_free(model);
}

typedef struct counting {
  int left; /* allocations that still succeed; -1: all do */
  int calls, live;
} counting;

static void *count_allocate(void *user, size_t bytes) {
  counting *c = user;
  c->calls++;
  if (c->left == 0) return NULL;
  if (c->left > 0) c->left--;
  void *p = malloc(bytes);
  c->live += p != NULL;
  return p;
}

static void count_release(void *user, void *block) {
  ((counting *)user)->live -= block != NULL;
  free(block);
}

static mote_config counted(counting *c, int left) {
  *c = (counting){.left = left};
  return (mote_config){.allocator = {count_allocate, count_release, c}};
}

typedef const uint8_t *(*network)(net *n, size_t *size);
static const uint8_t *ending_loop(net *n, size_t *size) { return loop(n, 1, size); }
static const uint8_t *long_chain(net *n, size_t *size) { return chain(n, 20, 50, size); }
static const network networks[] = {doubling, two_signatures, ending_loop, long_chain};

/* Allocation number k fails, for every k until all goes well: always a clean error, never a leak. */
static void every_allocation_may_fail(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
    net n;
    size_t size;
    const uint8_t *file = networks[i](&n, &size);
    bool good = false;
    for (int k = 0; !good && k < 5000; k++) {
      counting c;
      const mote_config config = counted(&c, k);
      opened o;
      good = open_bytes(&o, file, size, &config) && mote_session_run(o.session, &o.e) == MOTE_OK;
      if (!good) assert_true(o.e.code == MOTE_ERR_MEMORY && o.e.text[0]);
      close_all(&o);
      assert_int_equal(c.live, 0);
    }
    assert_true(good);
    net_end(&n);
  }
}

/* From the moment a session is planned nothing is allocated. */
static void running_allocates_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
    net n;
    size_t size;
    const uint8_t *file = networks[i](&n, &size);
    counting c;
    const mote_config config = counted(&c, -1);
    opened o;
    assert_true(open_bytes(&o, file, size, &config));
    c.left = 0;
    c.calls = 0;
    for (int run = 0; run < 3; run++) assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
    assert_int_equal(c.calls, 0);
    close_all(&o);
    net_end(&n);
  }
}

/* ---- loops and cancelling ---- */

static void loops_end_or_are_ended(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  const uint8_t *file = loop(&n, 1, &size);
  assert_true(open_bytes(&o, file, size, NULL));
  *(int32_t *)mote_session_input(o.session, 0)->data = -5;
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  assert_int_equal(*(const int32_t *)mote_session_output(o.session, 0)->data, 10);
  close_all(&o);
  net_end(&n);

  file = loop(&n, 0, &size);
  const mote_config config = {.loop_budget = 1000};
  assert_true(open_bytes(&o, file, size, &config));
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_ERR_LIMIT);
  assert_non_null(strstr(o.e.text, "1000"));
  *(int32_t *)mote_session_input(o.session, 0)->data = 11;
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  close_all(&o);
  net_end(&n);
}

typedef struct racer {
  mote_session *session;
  mote_status status;
} racer;

static void *race(void *arg) {
  racer *r = arg;
  r->status = mote_session_run(r->session, NULL);
  return NULL;
}

static void cancels_from_another_thread(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  const uint8_t *file = loop(&n, 0, &size);
  assert_true(open_bytes(&o, file, size, NULL));
  racer r = {o.session, MOTE_OK};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, race, &r), 0);
  usleep(20000);
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_ERR_BUSY);
  mote_session_cancel(o.session);
  pthread_join(thread, NULL);
  assert_int_equal(r.status, MOTE_ERR_CANCELLED);
  *(int32_t *)mote_session_input(o.session, 0)->data = 10;
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  close_all(&o);
  net_end(&n);
}

/* ---- values that pass through, custom operators, profiling ---- */

/* Outputs that are an input, a constant, and the same value twice. */
static void passes_values_through(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  const float seven = 7;
  net_begin(&n);
  const int x = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){1});
  const int c = net_const(&n, MOTE_FLOAT32, 1, (int32_t[]){1}, &seven, 4);
  const int y = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){1});
  net_op(&n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){x, c}, 1, (int32_t[]){y});
  net_ends(&n, 1, (int32_t[]){x}, 4, (int32_t[]){x, c, y, y});
  const uint8_t *file = net_file(&n, &size);
  assert_true(open_bytes(&o, file, size, NULL));
  *(float *)mote_session_input(o.session, 0)->data = 3;
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  const float want[4] = {3, 7, 10, 10};
  for (int i = 0; i < 4; i++) assert_true(*(const float *)mote_session_output(o.session, i)->data == want[i]);
  close_all(&o);
  net_end(&n);
}

/* An operand that decides a shape and has more numbers than dimensions can have is refused, not run. */
static void refuses_shapes_that_nothing_decides(void **state) {
  (void)state;
  static const int32_t codes[] = {sch_BuiltinOperator_PAD, sch_BuiltinOperator_MIRROR_PAD};
  static const uint8_t options[] = {sch_BuiltinOptions_PadOptions, sch_BuiltinOptions_MirrorPadOptions};
  const int32_t pads[66] = {1};
  for (int i = 0; i < 2; i++) {
    net n;
    opened o;
    size_t size;
    net_begin(&n);
    const int x = net_tensor(&n, MOTE_FLOAT32, 2, (int32_t[]){3, 2});
    const int p = net_const(&n, MOTE_INT32, 2, (int32_t[]){33, 2}, pads, sizeof pads);
    const int y = net_tensor(&n, MOTE_FLOAT32, 2, (int32_t[]){4, 2});
    net_op(&n, codes[i], options[i], NULL, 2, (int32_t[]){x, p}, 1, (int32_t[]){y});
    net_ends(&n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
    const uint8_t *file = net_file(&n, &size);
    const mote_status status = open_bytes(&o, file, size, NULL) ? mote_session_run(o.session, &o.e) : o.e.code;
    assert_int_equal(status, MOTE_ERR_SHAPE);
    close_all(&o);
    net_end(&n);
  }
}

/* Runs a delay of 3 samples on rows of 4 and holds its last row against `want`. */
static void expect_delayed(opened *o, int16_t first, const int16_t want[4]) {
  mote_tensor *const x = mote_session_input(o->session, 0);
  assert_int_equal(mote_session_plan(o->session, &o->e), MOTE_OK);
  for (size_t i = 0; i < x->size / 2; i++) ((int16_t *)x->data)[i] = (int16_t)(first + (int)(i % 4));
  assert_int_equal(mote_session_run(o->session, &o->e), MOTE_OK);
  const mote_tensor *const y = mote_session_output(o->session, 0);
  assert_int_equal(y->size, x->size);
  assert_memory_equal((const char *)y->data + y->size - 8, want, 8);
}

/* State whose size the shapes decide lives on from run to run, and begins anew with another size or a reset. */
static void keeps_state_of_any_size(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  uint8_t delay[FLEX_ROOM];
  net_begin(&n);
  const int x = net_tensor(&n, MOTE_INT16, 2, (int32_t[]){1, 4}), y = net_tensor(&n, MOTE_INT16, 2, (int32_t[]){1, 4});
  net_open_dim(&n, x, 0);
  net_open_dim(&n, y, 0);
  sch_Operator *const op = net_custom(&n, "SignalDelay", 1, (int32_t[]){x}, 1, (int32_t[]){y});
  op->custom_options = (sch_u8s){delay, (uint32_t)flex_write(&(flex_option){"delay_length", 3}, 1, delay)};
  net_ends(&n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  const uint8_t *file = net_file(&n, &size);
  assert_true(open_bytes(&o, file, size, NULL));
  expect_delayed(&o, 1, (int16_t[]){0, 0, 0, 1});
  expect_delayed(&o, 5, (int16_t[]){2, 3, 4, 5});
  assert_int_equal(mote_session_resize(o.session, 0, (int32_t[]){2, 4}, 2, &o.e), MOTE_OK);
  expect_delayed(&o, 1, (int16_t[]){0, 0, 0, 1});
  expect_delayed(&o, 5, (int16_t[]){2, 3, 4, 5});
  assert_int_equal(mote_session_resize(o.session, 0, (int32_t[]){1, 4}, 2, &o.e), MOTE_OK);
  expect_delayed(&o, 9, (int16_t[]){0, 0, 0, 9});
  mote_session_reset(o.session);
  expect_delayed(&o, 1, (int16_t[]){0, 0, 0, 1});
  close_all(&o);
  net_end(&n);
}

static mote_status twice_infer(void *user, mote_op_call *call) {
  (void)user;
  return mote_op_same_shape(call, 0, 0);
}

static mote_status twice_run(void *user, mote_op_call *call) {
  const mote_tensor *x = mote_op_input(call, 0), *y = mote_op_output(call, 0);
  for (size_t i = 0; i < x->size / 4; i++) {
    if (((const float *)x->data)[i] < 0) return mote_op_fail(call, MOTE_ERR_RUN, "negative numbers are not doubled");
    ((float *)y->data)[i] = *(const float *)user * ((const float *)x->data)[i];
  }
  return MOTE_OK;
}

static void runs_custom_operators(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  net_begin(&n);
  const int x = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){3}), y = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){3});
  net_custom(&n, "Twice", 1, (int32_t[]){x}, 1, (int32_t[]){y});
  net_ends(&n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  const uint8_t *file = net_file(&n, &size);
  assert_false(open_bytes(&o, file, size, NULL));
  assert_int_equal(o.e.code, MOTE_ERR_UNSUPPORTED);
  assert_non_null(strstr(o.e.text, "Twice"));
  close_all(&o);
  float factor = 2;
  const mote_op_def twice = {
      .struct_size = sizeof twice, .name = "Twice", .user = &factor, .infer = twice_infer, .run = twice_run};
  const mote_op_def *const list[] = {&twice};
  const mote_config config = {.operators = list, .operator_count = 1};
  assert_true(open_bytes(&o, file, size, &config));
  float *in = mote_session_input(o.session, 0)->data;
  for (int i = 0; i < 3; i++) in[i] = (float)i;
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  for (int i = 0; i < 3; i++) assert_true(((const float *)mote_session_output(o.session, 0)->data)[i] == 2 * (float)i);
  in[1] = -1;
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_ERR_RUN);
  assert_non_null(strstr(o.e.text, "negative numbers"));
  close_all(&o);
  net_end(&n);
}

static void count_step(void *user, const mote_step *step) {
  *(int *)user += 1;
  assert_non_null(step->op);
}

static void profiles_steps(void **state) {
  (void)state;
  net n;
  opened o;
  size_t size;
  const uint8_t *file = chain(&n, 7, 10, &size);
  assert_true(open_bytes(&o, file, size, NULL));
  int steps = 0;
  mote_session_profile(o.session, count_step, &steps);
  assert_int_equal(mote_session_run(o.session, &o.e), MOTE_OK);
  assert_int_equal(steps, 7);
  close_all(&o);
  net_end(&n);
}

/* Sessions of one program run at once on threads of one pool, and agree. */
static void sessions_share_program_and_pool(void **state) {
  (void)state;
  net n;
  size_t size;
  mote_error e;
  const uint8_t *file = chain(&n, 20, 100000, &size);
  mote_pool *pool = mote_pool_new(3, &e);
  const mote_config config = {.pool = pool};
  mote_model *model = mote_model_from_memory(file, size, &config, &e);
  mote_program *program = mote_program_new(model, &config, &e);
  mote_model_free(model);
  racer r[4];
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    r[i] = (racer){mote_session_new(program, NULL, &e), MOTE_ERR_ARGUMENT};
    assert_non_null(r[i].session);
    float *in = mote_session_input(r[i].session, 0)->data;
    for (int k = 0; k < 100000; k++) in[k] = (float)(k % 17);
  }
  mote_program_free(program);
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, race, &r[i]), 0);
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(r[i].status, MOTE_OK);
    const float *out = mote_session_output(r[i].session, 0)->data;
    for (int k = 0; k < 100000; k++) assert_true(out[k] == 21 * (float)(k % 17));
    mote_session_free(r[i].session);
  }
  mote_pool_free(pool);
  net_end(&n);
}

/* What stands in a file for work that only some other engine can do is refused with what to do about it. */
static void missing_operators_say_what_to_do(void **state) {
  (void)state;
  static const struct {
    int32_t code;
    const char *name, *remedy;
  } cases[] = {{sch_BuiltinOperator_CONCAT_EMBEDDINGS, "CONCAT_EMBEDDINGS", "EMBEDDING_LOOKUP and CONCATENATION"},
               {sch_BuiltinOperator_DELEGATE, "DELEGATE", "without delegates"},
               {sch_BuiltinOperator_CUSTOM, "edgetpu-custom-op", "Edge TPU"},
               {sch_BuiltinOperator_CUSTOM, "ethos-u", "Ethos-U"},
               {sch_BuiltinOperator_CUSTOM, "FlexBitcast", "builtin operators"},
               {sch_BuiltinOperator_CUSTOM, "MyOwn", "registered"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    net n;
    size_t size;
    mote_error e;
    net_begin(&n);
    const int x = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){1});
    int y = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){1});
    for (int version = 1; version <= 2; version++) { /* it is named once */
      sch_Operator *const op = cases[i].code == sch_BuiltinOperator_CUSTOM
                                   ? net_custom(&n, cases[i].name, 1, (int32_t[]){x}, 1, (int32_t[]){y})
                                   : net_op(&n, cases[i].code, 0, NULL, 1, (int32_t[]){x}, 1, (int32_t[]){y});
      n.codes[op->opcode_index].version = version;
      y = net_tensor(&n, MOTE_FLOAT32, 1, (int32_t[]){1});
    }
    y--; /* what the second one makes */
    net_ends(&n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
    const uint8_t *const file = net_file(&n, &size);
    mote_model *const model = mote_model_from_memory(file, size, NULL, &e);
    assert_non_null(model);
    assert_null(mote_program_new(model, NULL, &e));
    assert_int_equal(e.code, MOTE_ERR_UNSUPPORTED);
    assert_non_null(strstr(e.text, "the model needs 1 operator that"));
    assert_non_null(strstr(e.text, cases[i].name));
    assert_non_null(strstr(e.text, cases[i].remedy));
    mote_model_free(model);
    net_end(&n);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(missing_operators_say_what_to_do),
      cmocka_unit_test(runs_and_resizes),
      cmocka_unit_test(recovers_from_a_bad_shape),
      cmocka_unit_test(selects_signatures),
      cmocka_unit_test(opens_from_everywhere),
      cmocka_unit_test(reports_and_limits_memory),
      cmocka_unit_test(plans_without_packing),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(running_allocates_nothing),
      cmocka_unit_test(loops_end_or_are_ended),
      cmocka_unit_test(cancels_from_another_thread),
      cmocka_unit_test(passes_values_through),
      cmocka_unit_test(refuses_shapes_that_nothing_decides),
      cmocka_unit_test(keeps_state_of_any_size),
      cmocka_unit_test(runs_custom_operators),
      cmocka_unit_test(profiles_steps),
      cmocka_unit_test(sessions_share_program_and_pool),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
