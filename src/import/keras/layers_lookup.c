/* layers_lookup.c: IntegerLookup and StringLookup: numbers of the words of a vocabulary.
 *
 * A word is compared with all of the vocabulary: builtin operators do that for whole numbers and for text. Numbers
 * begin with the mask's, when there is one, and that of all words that are not in the vocabulary.
 */
#include <stdio.h>
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

enum { MOST_WORDS = 100000 };

/* Texts as the format packs them: count, offsets of each and of the end, bytes. */
static int32_t texts(k_ctx *c, const json_t *list) {
  const int32_t count = (int32_t)json_array_size(list);
  size_t bytes = ((size_t)count + 2) * sizeof(int32_t);
  for (int32_t i = 0; i < count; i++) bytes += json_string_length(json_array_get(list, (size_t)i));
  uint8_t *to = bytes < INT32_MAX ? arena_alloc(c->b->arena, bytes) : NULL;
  if (!to) return build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for its vocabulary");
  int32_t at = (int32_t)(((size_t)count + 2) * sizeof(int32_t));
  memcpy(to, &count, sizeof count);
  for (int32_t i = 0; i < count; i++) {
    const json_t *word = json_array_get(list, (size_t)i);
    memcpy(to + sizeof at * ((size_t)i + 1), &at, sizeof at);
    if (json_string_length(word)) memcpy(to + at, json_string_value(word), json_string_length(word));
    at += (int32_t)json_string_length(word);
  }
  memcpy(to + sizeof at * ((size_t)count + 1), &at, sizeof at);
  return build_strings(c->b, "vocabulary", 1, &count, to, bytes);
}

static int32_t numbers(k_ctx *c, const json_t *list, mote_type type) {
  const int32_t count = (int32_t)json_array_size(list);
  int64_t *wide = ARENA_ARRAY(c->b->arena, int64_t, (size_t)count);
  int32_t *narrow = ARENA_ARRAY(c->b->arena, int32_t, (size_t)count);
  if (!wide || !narrow) return build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for its vocabulary");
  for (int32_t i = 0; i < count; i++) {
    wide[i] = (int64_t)json_number_value(json_array_get(list, (size_t)i));
    narrow[i] = (int32_t)wide[i];
  }
  return build_const(c->b, "vocabulary", type, 1, &count, type == MOTE_INT64 ? (void *)wide : narrow, BUILD_BORROW);
}

/* x[...] against words[n]: their numbers from `first` on, `otherwise` where none is equal. */
static int32_t find(k_ctx *c, int32_t x, int32_t words, int32_t count, int32_t first, int32_t otherwise) {
  const int32_t axis = k_rank(c, x);
  int32_t *offsets = ARENA_ARRAY(c->b->arena, int32_t, (size_t)count);
  if (!offsets || axis < 0) return -1;
  for (int32_t i = 0; i < count; i++) offsets[i] = first + i - otherwise;
  const int32_t equal = k_cast(c, k_op2(c, OP(EQUAL), NULL, k_expand(c, x, axis), words), MOTE_INT32);
  const int32_t found = k_mul(c, equal, build_const(c->b, "numbers", MOTE_INT32, 1, &count, offsets, BUILD_BORROW));
  return k_add(c, k_reduce(c, OP(SUM), found, &axis, 1, false), build_int(c->b, "unknown", otherwise));
}

static void lookup(k_ctx *c, bool text) {
  int32_t x = c->in[0].value;
  const json_t *list = k_get(c->config, "vocabulary"), *mask = k_get(c->config, "mask_token|mask_value");
  const int32_t unknown = k_int(c, "num_oov_indices", 1), count = (int32_t)json_array_size(list);
  const bool masked = mask && !json_is_null(mask);
  if (!count || count > MOST_WORDS) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED,
               "its settings hold a vocabulary of %d words; 1 to %d are taken (give it as a list, not as a file)",
               (int)count, MOST_WORDS);
    return;
  }
  if (unknown > 1 || k_flag(c, "invert", false)) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED,
               "it hashes unknown words into %d numbers, or turns numbers into words; .tflite has no operator for it",
               (int)unknown);
    return;
  }
  if (!text && build_type(c->b, x) != MOTE_INT64) x = k_cast(c, x, MOTE_INT32);
  /* The lists of some versions begin with the tokens for masks and for what is unknown. */
  const json_t *head = json_array_get(list, 0);
  const json_t *oov = k_get(c->config, "oov_token|oov_value");
  const bool whole = json_equal(head, masked ? mask : oov) && (masked || unknown);
  const int32_t first = whole ? 0 : masked + unknown;
  const int32_t words = text ? texts(c, list) : numbers(c, list, build_type(c->b, x));
  int32_t y = find(c, x, words, count, first, masked);
  if (masked && !whole) { /* the mask's own number is 0 */
    json_t *one = json_pack("[O]", mask);
    const int32_t none = text ? texts(c, one) : numbers(c, one, build_type(c->b, x));
    json_decref(one);
    y = k_mul(c, y, k_cast(c, k_op2(c, OP(NOT_EQUAL), NULL, x, none), MOTE_INT32));
  }
  const char *mode = k_text(c, "output_mode", "int");
  c->out[0].value = strcmp(mode, "int") ? k_encode(c, y, first + count, mode) : k_cast(c, y, MOTE_INT64);
}

static void integers(k_ctx *c) { lookup(c, false); }
static void strings(k_ctx *c) { lookup(c, true); }

const k_row k_rows_lookup[] = {
    {"IntegerLookup", integers, 0, false},
    {"StringLookup", strings, 0, false},
    {NULL, NULL, 0, false},
};
