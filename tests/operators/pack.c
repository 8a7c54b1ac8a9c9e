/* Blocks from constant weights: shared when all that they are made from is equal, and kept apart when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "operators/pack.h"

typedef struct shelf {
  op_ctx c; /* first: services get from it to the rest */
  int count, filled;
  struct {
    const void *source;
    uint32_t layout;
    size_t bytes;
    void *data;
  } packs[8];
} shelf;

static mote_status shelf_pack(op_ctx *c, const void *source, uint32_t layout, size_t bytes,
                              void (*fill)(void *to, const void *arg), const void *arg, const void **out) {
  shelf *const s = (shelf *)(void *)c;
  int i = 0;
  while (i < s->count && (s->packs[i].source != source || s->packs[i].layout != layout || s->packs[i].bytes != bytes))
    i++;
  if (i == s->count) {
    s->packs[i].source = source, s->packs[i].layout = layout, s->packs[i].bytes = bytes;
    s->packs[i].data = malloc(bytes);
    fill(s->packs[i].data, arg);
    s->count++, s->filled++;
  }
  *out = s->packs[i].data;
  return MOTE_OK;
}

static void fill(void *to, const void *arg) { memcpy(to, arg, 8); }

static const void *pack(shelf *s, const char *source, const char *bias) {
  const pack_request r = {.source = source,
                          .kind = PACK_CONV_2D,
                          .made_from = {{bias, bias ? 4 : 0}},
                          .bytes = 8,
                          .fill = fill,
                          .arg = source};
  const void *out = NULL;
  assert_int_equal(pack_constant(&s->c, &r, &out), MOTE_OK);
  assert_memory_equal(out, source, 8);
  return out;
}

static void blocks_are_told_apart(void **state) {
  (void)state;
  static const op_host host = {.pack = shelf_pack};
  static const char weights[] = "weights", others[] = "another";
  shelf s = {.c = {.host = &host}};
  const void *const first = pack(&s, weights, "abcd"), *const second = pack(&s, weights, "abce");
  assert_ptr_not_equal(first, second);
  assert_ptr_equal(pack(&s, weights, "abcd"), first);
  assert_ptr_equal(pack(&s, weights, "abce"), second);
  assert_ptr_not_equal(pack(&s, weights, NULL), first);
  assert_ptr_not_equal(pack(&s, others, "abcd"), first);
  assert_int_equal(s.filled, 4);
  for (int i = 0; i < s.count; i++) free(s.packs[i].data);
}

static mote_status foreign_pack(op_ctx *c, const void *source, uint32_t layout, size_t bytes,
                                void (*fill_in)(void *to, const void *arg), const void *arg, const void **out) {
  static const uint64_t block[32];
  (void)c, (void)source, (void)layout, (void)bytes, (void)fill_in, (void)arg;
  *out = block;
  return MOTE_OK;
}

/* Every number is taken by a block that was made from something else. */
static void too_many_variants(void **state) {
  (void)state;
  static const op_host host = {.pack = foreign_pack};
  static const mote_op op = {.name = "TEST"};
  mote_error error = {0};
  shelf s = {.c = {.host = &host, .op = &op, .error = &error}};
  const pack_request r = {
      .source = "weights", .kind = PACK_CONV_2D, .made_from = {{"abcd", 4}}, .bytes = 8, .fill = fill};
  const void *out;
  assert_int_equal(pack_constant(&s.c, &r, &out), MOTE_ERR_LIMIT);
  assert_non_null(strstr(error.text, "share these weights with different biases or scales"));
}

static void scratch_parts_do_not_overflow(void **state) {
  (void)state;
  scratch_layout l = {0};
  assert_int_equal(scratch_part(&l, 3, 1), 0);
  assert_int_equal(scratch_part(&l, 0, 8), MEM_ALIGN);
  assert_int_equal(scratch_part(&l, 1, 1), MEM_ALIGN);
  assert_int_equal(l.bytes, 2 * MEM_ALIGN);
  assert_false(l.too_large);
  (void)scratch_part(&l, SIZE_MAX / 2, 3);
  assert_true(l.too_large);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_told_apart),
      cmocka_unit_test(too_many_variants),
      cmocka_unit_test(scratch_parts_do_not_overflow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
