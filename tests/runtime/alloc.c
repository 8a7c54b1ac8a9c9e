/* alloc.c: for every operator, a small network by chance in which allocation number k fails, for every k until all goes
 * well: always a clean error, never a leak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "mote/mote.h"
#include "support/chance.h"

enum { TRIES = 300, MOST_ALLOCATIONS = 3000 };

typedef struct counting {
  int left, live;
} counting;

static void *count_allocate(void *user, size_t bytes) {
  counting *c = user;
  if (c->left-- <= 0) return NULL;
  void *p = malloc(bytes);
  c->live += p != NULL;
  return p;
}

static void count_release(void *user, void *block) {
  ((counting *)user)->live -= block != NULL;
  free(block);
}

/* Opens, compiles, plans and runs. */
static mote_status go(const uint8_t *file, size_t size, const mote_config *config, mote_error *e) {
  mote_model *model = mote_model_from_memory(file, size, config, e);
  mote_program *program = model ? mote_program_new(model, config, e) : NULL;
  mote_session *session = program ? mote_session_new(program, NULL, e) : NULL;
  const mote_status status = session ? mote_session_run(session, e) : e->code;
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
  return status;
}

static mote_status with_allocations(const uint8_t *file, size_t size, int k) {
  counting c = {.left = k};
  const mote_config config = {
      .allocator = {count_allocate, count_release, &c}, .memory_limit = 16 << 20, .loop_budget = 100};
  mote_error e = {0};
  const mote_status status = go(file, size, &config, &e);
  assert_int_equal(c.live, 0);
  assert_true(status == MOTE_OK || e.text[0]);
  return status;
}

/* A network around the operator that runs when there is memory; the bytes of chance are a number and its squares. */
static const uint8_t *running_net(net *n, const mote_op *op, size_t *size) {
  static uint8_t bytes[512];
  for (uint32_t seed = 1; seed <= TRIES; seed++) {
    uint32_t state = seed * 2654435761u;
    for (size_t i = 0; i < sizeof bytes; i++) {
      state = state * 1664525u + 1013904223u;
      bytes[i] = (uint8_t)(state >> 24);
    }
    chance c = {.data = bytes, .size = sizeof bytes};
    chance_net(n, &c, op);
    const uint8_t *file = net_file(n, size);
    if (file && with_allocations(file, *size, INT32_MAX) == MOTE_OK) return file;
    net_end(n);
  }
  return NULL;
}

static void every_allocation_of_every_operator(void **state) {
  (void)state;
  static net n;
  int covered = 0, all = 0;
  for (const mote_op *const *op = op_list; *op; op++, all++) {
    size_t size;
    const uint8_t *file = running_net(&n, *op, &size);
    if (!file) {
      printf("%s runs in no network by chance\n", (*op)->name);
      continue;
    }
    covered++;
    mote_status status = MOTE_ERR_MEMORY;
    for (int k = 0; status != MOTE_OK && k < MOST_ALLOCATIONS; k++) {
      status = with_allocations(file, size, k);
      if (status != MOTE_OK && status != MOTE_ERR_MEMORY) fail_msg("%s: %s", (*op)->name, mote_status_name(status));
    }
    assert_int_equal(status, MOTE_OK);
    net_end(&n);
  }
  printf("%d of %d operators ran in a network by chance\n", covered, all);
  assert_int_equal(covered, all);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_of_every_operator)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
