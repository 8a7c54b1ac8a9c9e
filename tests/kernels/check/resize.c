/* resize.c: bilinear rows, a level against scalar: equal bits for floats too, since the order of operations is fixed.
 */
#include "kernels/resize.h"

#include "check.h"

static resize_tap some_tap(check *c, int32_t positions) {
  resize_tap t = {.lo = (int32_t)check_int(c, 0, positions - 1)};
  t.hi = t.lo + 1 < positions && check_coin(c) ? t.lo + 1 : t.lo;
  t.fixed = (int32_t)(t.lo == t.hi ? check_int(c, -512, 1536) : check_int(c, 0, 1023));
  t.weight = (float)t.fixed / 1024;
  return t;
}

static void compare(check *c, const char *what, resize_fn scalar, resize_fn level, size_t element) {
  const int32_t width = (int32_t)check_int(c, 0, 9), channels = (int32_t)check_size(c, 16, 70);
  const int32_t positions = (int32_t)check_int(c, 1, 6);
  const size_t in_bytes = (size_t)positions * (size_t)channels * element;
  const size_t out_bytes = (size_t)width * (size_t)channels * element;
  void *lo = check_memory(c, in_bytes), *hi = check_memory(c, in_bytes);
  if (what[0] == 'f')
    for (size_t i = 0; i < in_bytes / element; i++)
      ((float *)lo)[i] = check_float(c), ((float *)hi)[i] = check_float(c);
  resize_tap *x = check_memory(c, (size_t)width * sizeof *x);
  for (int32_t i = 0; i < width; i++) x[i] = some_tap(c, positions);
  const resize_tap y = some_tap(c, 2);
  check_case(c, "%s, width %d, channels %d", what, (int)width, (int)channels);
  const void *blank = check_memory(c, out_bytes);
  void *want = check_copy(c, blank, out_bytes), *got = check_copy(c, blank, out_bytes);
  scalar(want, lo, hi, &y, x, width, channels);
  level(got, lo, hi, &y, x, width, channels);
  check_equal(c, what, want, got, out_bytes);
}

void check_resize(check *c) {
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    compare(c, "f32", resize_f32[CPU_SCALAR], resize_f32[c->level], 4);
    compare(c, "u8", resize_u8[CPU_SCALAR], resize_u8[c->level], 1);
    compare(c, "s8", resize_s8[CPU_SCALAR], resize_s8[c->level], 1);
  }
}
