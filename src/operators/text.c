/* text.c: words of strings: SKIP_GRAM and the custom tftext:WhitespaceTokenizer. */
#include <string.h>

#include "base/size.h"
#include "operators/move.h"
#include "operators/strings.h"

/* Gives string i of t, which callers may have filled with anything. */
static mote_status string_at(op_ctx *c, const op_tensor *t, size_t i, str_view *s) {
  OP_REQUIRE(c, i < str_count(t) && str_at(t, i, s), MOTE_ERR_RUN, "string %zu does not lie inside of its tensor", i);
  return MOTE_OK;
}

/* ---- SKIP_GRAM: every choice of n words in order, with at most so many words skipped between neighbours ---- */

/* Words of the sentence and the choice at hand: chosen[0 .. depth) are numbers of words. */
typedef struct grams {
  str_view *words;
  int32_t *chosen;
  int32_t count, size, skip, depth;
  bool all; /* shorter choices too */
} grams;

static mote_status skip_check(op_ctx *c) {
  const sch_SkipGramOptions *const o = c->options;
  OP_REQUIRE(c, o->ngram_size >= 1 && o->max_skip_size >= 0, MOTE_ERR_MODEL,
             "ngram_size is %d and max_skip_size %d; the first must be at least 1, the second at least 0",
             (int)o->ngram_size, (int)o->max_skip_size);
  return MOTE_OK;
}

static mote_status skip_infer(op_ctx *c) {
  op_set_shape(c->out[0], 1, &(int32_t){-1});
  return MOTE_OK;
}

/* A word takes at least one byte. */
static size_t words_most(const op_ctx *c) { return c->in[0]->bytes + 1; }

static mote_status skip_plan(op_ctx *c) {
  OP_REQUIRE(c, size_mul(words_most(c), sizeof(str_view) + sizeof(int32_t), &c->scratch_size), MOTE_ERR_LIMIT,
             "a string of %zu bytes is more than memory can hold the words of", c->in[0]->bytes);
  return MOTE_OK;
}

static bool is_space(char ch) { return ch == ' ' || (ch >= '\t' && ch <= '\r'); }

/* Words end at white space. As in the reference, the first and the last word may be white space themselves. */
static void split_words(grams *g, str_view s) {
  size_t begin = 0;
  g->count = 0;
  for (size_t i = 1; i < s.size; i++) {
    if (!is_space(s.data[i])) continue;
    if (i > begin && !is_space(s.data[begin])) g->words[g->count++] = (str_view){s.data + begin, i - begin};
    begin = i + 1;
  }
  if (s.size > begin) g->words[g->count++] = (str_view){s.data + begin, s.size - begin};
}

/* Goes on to the next choice that counts; false when there is none. Deeper choices come first. */
static bool next_gram(grams *g) {
  while (g->depth >= 0) {
    const int32_t d = g->depth;
    const bool room = d < g->size && g->chosen[d] + 1 < g->count;
    if (room && (d == 0 || g->chosen[d] - g->chosen[d - 1] <= g->skip)) {
      g->chosen[d]++;
      if (++g->depth < g->size) g->chosen[g->depth] = g->chosen[d];
      continue;
    }
    g->depth--;
    if (d > 0 && (g->all || d == g->size)) return true;
  }
  return false;
}

static void first_gram(grams *g) {
  memset(g->chosen, 0, (size_t)g->size * sizeof *g->chosen);
  g->depth = 1;
}

/* Length of the choice that next_gram found; its words are joined by blanks. */
static int32_t gram_words(const grams *g) { return g->depth + 1; }

static uint64_t gram_bytes(const grams *g) {
  uint64_t bytes = 0;
  for (int32_t i = 0; i < gram_words(g); i++) bytes += g->words[g->chosen[i]].size + (i > 0);
  return bytes;
}

static void put_gram(const grams *g, str_writer *w) {
  for (int32_t i = 0; i < gram_words(g); i++) {
    if (i) str_add(w, (str_view){" ", 1});
    str_add(w, g->words[g->chosen[i]]);
  }
  str_end(w);
}

static mote_status skip_run(op_ctx *c) {
  const sch_SkipGramOptions *const o = c->options;
  grams g = {.words = c->scratch, .size = o->ngram_size, .skip = o->max_skip_size, .all = o->include_all_ngrams};
  str_view s;
  uint64_t bytes = 0;
  size_t count = 0, size;
  g.chosen = (int32_t *)(void *)(g.words + words_most(c));
  MOTE_TRY(string_at(c, c->in[0], 0, &s));
  split_words(&g, s);
  const bool any = g.count >= g.size;
  if (any) {
    first_gram(&g);
    for (; next_gram(&g); bytes += gram_bytes(&g), count++) {
      OP_REQUIRE(c, str_buffer_size(count, bytes, &size), MOTE_ERR_LIMIT,
                 "the choices of %d of %d words take 2 GiB or more", (int)g.size, (int)g.count);
      if (count % 65536 == 65535) OP_POLL(c);
    }
  }
  OP_REQUIRE(c, str_buffer_size(count, bytes, &size), MOTE_ERR_LIMIT,
             "the choices of %d of %d words take 2 GiB or more", (int)g.size, (int)g.count);
  MOTE_TRY(op_resize(c, 0, 1, &(int32_t){(int32_t)count}, size));
  str_writer w;
  str_begin(&w, c->out[0]->data, count);
  if (!any) return MOTE_OK;
  first_gram(&g);
  while (next_gram(&g)) put_gram(&g, &w);
  return MOTE_OK;
}

const mote_op op_skip_gram = {
    .name = "SKIP_GRAM",
    .code = sch_BuiltinOperator_SKIP_GRAM,
    .versions = 1,
    .options = sch_BuiltinOptions_SkipGramOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "str > str",
    .traits = OP_DATA_SHAPE,
    .check = skip_check,
    .infer = skip_infer,
    .plan = skip_plan,
    .run = skip_run,
    .notes = "Words are separated by white space; the first string alone is read.",
};

/* ---- tftext:WhitespaceTokenizer ---- */

/* Length of the UTF-8 character at the start of s, and its code; 0 where there is none. */
static size_t character(str_view s, uint32_t *code) {
  const uint8_t *const b = (const uint8_t *)s.data;
  const size_t n = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf5 ? 4 : 0;
  if (n == 0 || n > s.size) return 0;
  *code = n == 1 ? b[0] : b[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) {
    if ((b[i] & 0xc0) != 0x80) return 0;
    *code = *code << 6 | (b[i] & 0x3f);
  }
  return n;
}

/* Unicode's property White_Space. */
static bool is_white(uint32_t code) {
  return code == ' ' || (code >= 9 && code <= 13) || code == 0x85 || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
         code == 0x3000;
}

/* Takes the next token off the front of *rest; false when there is none. What is no UTF-8 ends the string. */
static bool next_token(str_view *rest, str_view *token) {
  *token = (str_view){rest->data, 0};
  while (rest->size) {
    uint32_t code = 0;
    const size_t n = character(*rest, &code);
    if (n == 0) rest->size = 0;
    const bool white = n == 0 || is_white(code);
    if (!white && !token->size) token->data = rest->data;
    if (!white) token->size += n;
    rest->data += n;
    rest->size -= n;
    if (white && token->size) return true;
  }
  return token->size > 0;
}

/* Outputs: the tokens, and row splits for each dimension of the input; or one tensor that is filled up. */
static mote_status tokens_infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  const bool padded = c->num_outputs == 1;
  c->out[0]->rank = -1;
  for (int32_t i = 1; i < c->num_outputs; i++) move_unknown(c->out[i], 1);
  if (!op_shape_known(in)) return MOTE_OK;
  OP_REQUIRE(c, padded || in->rank == c->num_outputs - 1, MOTE_ERR_SHAPE,
             "the input has %d dimensions, but there are %d outputs for row splits; they must be equally many",
             (int)in->rank, (int)c->num_outputs - 1);
  OP_REQUIRE(c, in->rank < OP_MAX_RANK, MOTE_ERR_SHAPE, "the input has %d dimensions; at most %d are supported",
             (int)in->rank, OP_MAX_RANK - 1);
  op_same_shape(c->out[0], in);
  if (padded) c->out[0]->dims[c->out[0]->rank++] = -1;
  else move_unknown(c->out[0], 1);
  size_t strings;
  OP_REQUIRE(c, size_dims(in->dims, in->rank, &strings), MOTE_ERR_SHAPE, "there are more strings than memory can hold");
  for (int32_t i = 1; i < c->num_outputs; i++) {
    const size_t rows = op_span(in, 0, i);
    OP_REQUIRE(c, rows < INT32_MAX, MOTE_ERR_SHAPE, "%zu strings are too many", rows);
    c->out[i]->dims[0] = (int32_t)rows + 1;
  }
  return MOTE_OK;
}

/* Tokens of one string after the other: how many, how long, and the most of one string. */
static mote_status count_tokens(op_ctx *c, size_t *count, uint64_t *bytes, size_t *most) {
  const op_tensor *const in = c->in[0];
  const size_t n = op_count(in);
  int64_t *const splits = c->num_outputs > 1 ? c->out[c->num_outputs - 1]->data : NULL;
  *count = *most = 0;
  *bytes = 0;
  for (size_t i = 0; i < n; i++) {
    str_view rest, token;
    size_t tokens = 0;
    if (splits) splits[i] = (int64_t)*count;
    MOTE_TRY(string_at(c, in, i, &rest));
    for (; next_token(&rest, &token); tokens++) *bytes += token.size;
    *count += tokens;
    if (tokens > *most) *most = tokens;
  }
  if (splits) splits[n] = (int64_t)*count;
  return MOTE_OK;
}

static mote_status tokens_run(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  const size_t n = op_count(in);
  size_t count, most, size;
  uint64_t bytes;
  MOTE_TRY(count_tokens(c, &count, &bytes, &most));
  for (int32_t i = 1; i < c->num_outputs - 1; i++) {
    const size_t rows = op_span(in, 0, i);
    for (size_t k = 0; k <= rows; k++) ((int64_t *)c->out[i]->data)[k] = (int64_t)k * in->dims[i];
  }
  const bool padded = c->num_outputs == 1;
  if (padded) OP_REQUIRE(c, size_mul(n, most, &count), MOTE_ERR_LIMIT, "there are too many tokens");
  OP_REQUIRE(c, str_buffer_size(count, bytes, &size), MOTE_ERR_LIMIT, "the %zu tokens take 2 GiB or more", count);
  op_tensor shape = *in;
  shape.dims[in->rank] = (int32_t)most;
  if (padded) MOTE_TRY(op_resize(c, 0, in->rank + 1, shape.dims, size));
  else MOTE_TRY(op_resize(c, 0, 1, &(int32_t){(int32_t)count}, size));
  str_writer w;
  str_begin(&w, c->out[0]->data, count);
  for (size_t i = 0; i < n; i++) {
    str_view rest, token;
    size_t tokens = 0;
    MOTE_TRY(string_at(c, in, i, &rest));
    for (; next_token(&rest, &token); tokens++) str_put(&w, token);
    for (; padded && tokens < most; tokens++) str_put(&w, (str_view){"", 0});
  }
  return MOTE_OK;
}

const mote_op op_whitespace_tokenizer = {
    .name = "tftext:WhitespaceTokenizer",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = OP_MAX_RANK,
    .types = "str > str i64 ...",
    .traits = OP_DATA_SHAPE,
    .infer = tokens_infer,
    .run = tokens_run,
    .notes = "With row splits as further outputs the tokens are ragged; else shorter rows are filled up with \"\".",
};
