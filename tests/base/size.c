/* size.c: sizes of shapes fit, or are refused, the same on every machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/size.h"

static void shapes_have_a_size_or_none(void **state) {
  (void)state;
  enum { MOST = INT32_MAX };
  size_t n = 7;
  assert_true(size_dims(NULL, 0, &n) && n == 1);
  assert_true(size_dims((int32_t[]){2, 3, 4}, 3, &n) && n == 24);
  assert_true(size_dims((int32_t[]){MOST, 0, MOST}, 3, &n) && n == 0);
  assert_true(size_dims((int32_t[]){MOST}, 1, &n) && n == MOST);
  assert_int_equal(size_dims((int32_t[]){MOST, MOST}, 2, &n), sizeof(size_t) == 8);
  n = 7;
  assert_false(size_dims((int32_t[]){MOST, MOST, MOST}, 3, &n));
  assert_false(size_dims((int32_t[]){MOST, 0, MOST, MOST}, 4, &n));
  assert_false(size_dims((int32_t[]){2, -1}, 2, &n));
  assert_int_equal(n, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(shapes_have_a_size_or_none)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
