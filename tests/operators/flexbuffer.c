/* The reader of FlexBuffers: values of all widths, and blobs that are cut, changed or made to harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "operators/flexbuffer.h"

enum { SIZE = 84 };

static void put(uint8_t *b, size_t at, uint32_t value) { memcpy(b + at, &value, 4); }

/* {"a": -5, "b": 200 (unsigned), "c": 0.5 (float32), "n": {"x": true}, "q": 1.25 (indirect float64)}, by hand. Values
 * of the outer map are 4 bytes wide, all else 1; distances count back from where they stand. */
static void make(uint8_t b[SIZE]) {
  const double q = 1.25;
  const float c = 0.5f;
  memset(b, 0, SIZE);
  memcpy(b, &q, sizeof q);
  memcpy(b + 8, "a\0b\0c\0n\0q\0x", 12);
  b[20] = 1, b[21] = 21 - 18;            /* keys of the inner map: count, "x" */
  b[24] = 24 - 21, b[25] = 1, b[26] = 1; /* inner map: its keys, their width, count, */
  b[27] = 1, b[28] = 26 << 2;            /* true, of type bool */
  b[32] = 5;                             /* keys of the outer map: count, "a" ... "q" */
  for (int i = 0; i < 5; i++) b[36 + i] = (uint8_t)(36 + i - (8 + 2 * i));
  put(b, 44, 44 - 36), put(b, 48, 1), put(b, 52, 5); /* outer map: its keys, their width, count */
  put(b, 56, (uint32_t)-5), put(b, 60, 200), memcpy(b + 64, &c, 4);
  put(b, 68, 68 - 27), put(b, 72, 72 - 0);
  b[76] = 1 << 2, b[77] = 2 << 2, b[78] = 3 << 2, b[79] = 9 << 2, b[80] = 8 << 2 | 3;
  b[81] = 81 - 56, b[82] = 9 << 2 | 2, b[83] = 1; /* root: the outer map, whose values are 2^2 bytes wide */
}

static void reads_values(void **state) {
  (void)state;
  uint8_t b[SIZE];
  make(b);
  flex_value root, v, inner;
  int32_t i = 0;
  float f = 0;
  bool yes = false;
  assert_true(flex_root(b, SIZE, &root) && flex_is_map(&root));
  assert_true(flex_find(&root, "a", &v) && flex_int(&v, &i) && flex_float(&v, &f));
  assert_int_equal(i, -5);
  assert_true(f == -5);
  assert_true(flex_find(&root, "b", &v) && flex_int(&v, &i));
  assert_int_equal(i, 200);
  assert_true(flex_find(&root, "c", &v) && flex_float(&v, &f) && f == 0.5f);
  assert_true(flex_find(&root, "q", &v) && flex_float(&v, &f) && f == 1.25f);
  assert_true(flex_find(&root, "n", &inner) && flex_is_map(&inner) && !flex_int(&inner, &i));
  assert_true(flex_find(&inner, "x", &v) && flex_bool(&v, &yes) && yes);
  assert_false(flex_find(&root, "x", &v));
  assert_false(flex_find(&root, "", &v));
  assert_false(flex_find(&v, "a", &v));
}

/* Walks over all that can be reached. */
static void walk(const uint8_t *bytes, size_t size) {
  static const char *const keys[] = {"a", "b", "c", "n", "q", "x"};
  flex_value v, next;
  if (!flex_root(bytes, size, &v)) return;
  for (int depth = 0; depth < 2 * FLEX_MAX_DEPTH; depth++) {
    bool deeper = false;
    for (int k = 0; k < 6; k++) {
      flex_value found;
      int32_t i;
      float f;
      bool b;
      if (!flex_find(&v, keys[k], &found)) continue;
      (void)(flex_int(&found, &i) || flex_float(&found, &f) || flex_bool(&found, &b));
      if (!deeper && flex_is_map(&found)) deeper = true, next = found;
    }
    if (!deeper) return;
    v = next;
  }
  fail_msg("maps are followed without end");
}

static void damage_is_harmless(void **state) {
  (void)state;
  uint8_t b[SIZE];
  for (size_t size = 0; size <= SIZE; size++) {
    uint8_t *const cut = malloc(size + 1); /* so that a sanitizer sees every step outside */
    make(b);
    memcpy(cut, b + (SIZE - size), size);
    walk(cut, size);
    free(cut);
  }
  for (size_t at = 0; at < SIZE; at++)
    for (int value = 0; value < 256; value++) {
      uint8_t *const changed = malloc(SIZE);
      make(changed);
      changed[at] = (uint8_t)value;
      walk(changed, SIZE);
      free(changed);
    }
}

static void a_map_in_itself_ends(void **state) {
  (void)state;
  uint8_t b[SIZE];
  make(b);
  b[68] = 68 - 56; /* n is the outer map, */
  b[79] = 9 << 2 | 2;
  flex_value v;
  int depth = 0;
  assert_true(flex_root(b, SIZE, &v));
  while (flex_find(&v, "n", &v)) depth++;
  assert_int_equal(depth, FLEX_MAX_DEPTH);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_values),
      cmocka_unit_test(damage_is_harmless),
      cmocka_unit_test(a_map_in_itself_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
