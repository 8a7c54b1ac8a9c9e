/* Copy plans against a copy element by element: every element size, merged axes, reversals, repeats, squares, units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/copy.h"
#include "support/op_case.h"

typedef struct axes {
  int32_t rank;
  int64_t size[COPY_MAX_RANK], to[COPY_MAX_RANK], from[COPY_MAX_RANK]; /* innermost first */
} axes;

static void naive(const axes *a, size_t element, char *to, const char *from) {
  int64_t at[COPY_MAX_RANK] = {0};
  for (int32_t i = 0; i < a->rank; i++)
    if (a->size[i] == 0) return;
  for (;;) {
    int64_t t = 0, f = 0;
    for (int32_t i = 0; i < a->rank; i++) t += at[i] * a->to[i], f += at[i] * a->from[i];
    memcpy(to + t, from + f, element);
    int32_t i = 0;
    while (i < a->rank && ++at[i] == a->size[i]) at[i++] = 0;
    if (i == a->rank) return;
  }
}

/* Runs the plan in units of random grouping, last group first. */
static void run_plan(const axes *a, size_t element, char *to, const char *from, op_random *r) {
  copy_plan p;
  copy_begin(&p, element);
  for (int32_t i = 0; i < a->rank; i++) copy_axis(&p, a->size[i], a->to[i], a->from[i]);
  copy_end(&p);
  int64_t bytes = (int64_t)element;
  for (int32_t i = 0; i < a->rank; i++) bytes *= a->size[i];
  assert_int_equal(copy_bytes(&p), bytes);
  for (int64_t last = p.units; last > 0;) {
    const int64_t first = last - op_random_in(r, 1, (int32_t)(last < 1000 ? last : 1000));
    copy_units(&p, to, from, first, last);
    last = first;
  }
}

enum { ROOM = 1 << 21 };

/* Outputs are dense; the bytes behind them must stay as they were. */
static void compare(const axes *a, size_t element, const char *from, op_random *r) {
  static char expected[ROOM + 64], actual[ROOM + 64];
  size_t bytes = element;
  for (int32_t i = 0; i < a->rank; i++) bytes *= (size_t)a->size[i];
  assert_true(bytes <= ROOM);
  memset(expected, 0, bytes + 64);
  memset(actual, 0, bytes + 64);
  naive(a, element, expected, from);
  run_plan(a, element, actual, from, r);
  assert_memory_equal(expected, actual, bytes + 64);
}

static char source[2 * ROOM];

static void fill_source(op_random *r) {
  for (size_t i = 0; i < sizeof source; i++) source[i] = (char)op_random_below(r, 256);
}

/* Dense output in any order of its axes; input steps of every kind. */
static void any_steps(void **state) {
  (void)state;
  op_random r = {1};
  fill_source(&r);
  for (int round = 0; round < 3000; round++) {
    axes a = {.rank = op_random_in(&r, 0, 6)};
    const size_t element = (size_t[]){1, 2, 3, 4, 5, 8, 12, 16, 24}[op_random_below(&r, 9)];
    int64_t to = (int64_t)element, from = (int64_t)element;
    for (int32_t i = 0; i < a.rank; i++) {
      a.size[i] = op_random_below(&r, 60) ? op_random_in(&r, 1, i < 2 ? 9 : 3) : 0;
      a.to[i] = to;
      to *= a.size[i];
      a.from[i] = from * op_random_in(&r, op_random_below(&r, 2) ? -1 : 1, op_random_below(&r, 2) ? 3 : 1);
      from *= a.size[i] ? a.size[i] : 1;
    }
    compare(&a, element, source + ROOM, &r);
  }
}

static void transpositions(void **state) {
  (void)state;
  op_random r = {2};
  fill_source(&r);
  const int32_t sizes[] = {1, 2, 3, 15, 16, 17, 31, 33, 100, 300};
  for (size_t e = 0; e < 7; e++) {
    const int64_t element = (int64_t[]){1, 2, 3, 4, 8, 12, 16}[e];
    for (int rows = 0; rows < 10; rows++)
      for (int columns = 0; columns < 10; columns++) {
        const int64_t n = sizes[rows], m = sizes[columns];
        if (n * m * element * 3 > ROOM) continue;
        const axes plane = {2, {n, m}, {element, n * element}, {m * element, element}};
        compare(&plane, (size_t)element, source, &r);
        const axes batch = {
            3, {n, m, 3}, {element, n * element, n * m * element}, {m * element, element, n * m * element}};
        compare(&batch, (size_t)element, source, &r);
        const axes outer = {
            3, {3, n, m}, {element, 3 * element, 3 * n * element}, {n * m * element, m * element, element}};
        compare(&outer, (size_t)element, source, &r);
      }
  }
}

static void contiguous_axes_are_one_run(void **state) {
  (void)state;
  copy_plan p;
  copy_begin(&p, 4);
  copy_axis(&p, 5, 4, 4);
  copy_axis(&p, 1, 99, -99);
  copy_axis(&p, 7, 20, 20);
  copy_end(&p);
  assert_int_equal(p.run, 140);
  op_random r = {3};
  fill_source(&r);
  const axes large = {1, {ROOM - 5}, {1}, {1}};
  compare(&large, 1, source, &r);
}

static void picked_elements(void **state) {
  (void)state;
  op_random r = {4};
  fill_source(&r);
  const int32_t index[] = {5, 0, 0, 31, 2};
  for (int64_t run = 1; run <= 40; run++) {
    char to[5 * 40 + 1] = {0};
    copy_picked(to, source, index, 5, run);
    for (int i = 0; i < 5; i++) assert_memory_equal(to + i * run, source + index[i] * run, (size_t)run);
    assert_int_equal(to[5 * run], 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_steps),
      cmocka_unit_test(transpositions),
      cmocka_unit_test(contiguous_axes_are_one_run),
      cmocka_unit_test(picked_elements),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
