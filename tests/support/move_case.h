/* move_case.h: operators that move elements, against a function that tells where each element comes from. */
#ifndef SUPPORT_MOVE_CASE_H
#define SUPPORT_MOVE_CASE_H

#include "operators/strings.h"
#include "support/op_case.h"

enum { MOVE_CASE_LIMIT = 2000 };

/* Bytes that differ, for inputs of any type. */
static inline uint8_t *move_case_bytes(void) {
  static uint8_t bytes[16 * MOVE_CASE_LIMIT];
  if (!bytes[1])
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 157 + (i >> 8) + 1);
  return bytes;
}

/* A type of whole bytes or a packed one. */
static inline mote_type move_case_type(op_random *r) {
  const mote_type types[] = {MOTE_INT8,       MOTE_BOOL, MOTE_FLOAT16, MOTE_FLOAT32, MOTE_INT64,
                             MOTE_COMPLEX128, MOTE_INT4, MOTE_INT2,    MOTE_UINT4};
  return types[op_random_below(r, sizeof types / sizeof *types)];
}

/* Whether element i of a is element k of b, both of one type. */
static inline bool move_case_same(const op_tensor *a, size_t i, const void *b, size_t k) {
  const size_t bits = (size_t)mote_type_bits(a->type), each = bits < 8 ? 8 / bits : 1;
  if (bits >= 8) return !memcmp((const char *)a->data + i * bits / 8, (const char *)b + k * bits / 8, bits / 8);
  const unsigned x = ((const uint8_t *)a->data)[i / each] >> i % each * bits;
  const unsigned y = ((const uint8_t *)b)[k / each] >> k % each * bits;
  return ((x ^ y) & ((1u << bits) - 1)) == 0;
}

/* Whether element i of t is of zero bits. */
static inline bool move_case_zero(const op_tensor *t, size_t i) {
  static const char zeros[16];
  return move_case_same(t, i, zeros, 0);
}

/* Makes a string buffer; returns its size. */
static inline size_t move_case_strings(void *buffer, const char *const *strings, size_t count) {
  str_writer w;
  str_begin(&w, buffer, count);
  for (size_t i = 0; i < count; i++) str_put(&w, (str_view){strings[i], strlen(strings[i])});
  return w.at;
}

static inline op_tensor *move_case_string_input(op_case *k, int32_t rank, const int32_t *dims, void *buffer,
                                                const char *const *strings, size_t count) {
  op_tensor *const t = op_case_input(k, MOTE_STRING, rank, dims, buffer, 0);
  t->bytes = move_case_strings(buffer, strings, count);
  return t;
}

/* Whether string i of t is this one. */
static inline bool move_case_is(const op_tensor *t, size_t i, const char *wanted) {
  str_view s;
  return i < str_count(t) && str_at(t, i, &s) && s.size == strlen(wanted) && !memcmp(s.data, wanted, s.size);
}

#endif
