/* types.c: element types of operands: what a descriptor's `types` accepts and gives, sizes and ranges.
 *
 * The rows of `types` are described at mote_op in op.h.
 */
#include <string.h>

#include "base/size.h"
#include "operators/op.h"

static const struct {
  const char *token;
  mote_type type;
} tokens[] = {
    {"f32", MOTE_FLOAT32}, {"f16", MOTE_FLOAT16},  {"bf16", MOTE_BFLOAT16}, {"f64", MOTE_FLOAT64},
    {"i2", MOTE_INT2},     {"i4", MOTE_INT4},      {"i8", MOTE_INT8},       {"i16", MOTE_INT16},
    {"i32", MOTE_INT32},   {"i64", MOTE_INT64},    {"u4", MOTE_UINT4},      {"u8", MOTE_UINT8},
    {"u16", MOTE_UINT16},  {"u32", MOTE_UINT32},   {"u64", MOTE_UINT64},    {"bool", MOTE_BOOL},
    {"str", MOTE_STRING},  {"res", MOTE_RESOURCE}, {"c64", MOTE_COMPLEX64}, {"c128", MOTE_COMPLEX128},
    {"var", MOTE_VARIANT},
};

static bool names_type(const char *token, size_t length, mote_type type) {
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
    if (tokens[i].type == type) return strlen(tokens[i].token) == length && !memcmp(tokens[i].token, token, length);
  return false;
}

/* One word of a row ("i8|u8", "=", "=2", "any") against a type. */
static bool word_takes(const op_ctx *c, const char *word, size_t length, mote_type type) {
  if (length == 3 && !memcmp(word, "any", 3)) return true;
  if (*word == '=') {
    const int32_t i = length > 1 ? word[1] - '0' : 0;
    return i >= c->num_inputs || !c->in[i] || c->in[i]->type == type;
  }
  const char *const end = word + length;
  while (word < end) {
    const char *const bar = memchr(word, '|', (size_t)(end - word));
    const char *const stop = bar ? bar : end;
    if (names_type(word, (size_t)(stop - word), type)) return true;
    word = stop + 1;
  }
  return false;
}

/* The next word in [*at, end); false when there is none. */
static bool next_word(const char **at, const char *end, const char **word, size_t *length) {
  while (*at < end && **at == ' ') ++*at;
  *word = *at;
  while (*at < end && **at != ' ') ++*at;
  *length = (size_t)(*at - *word);
  return *length > 0;
}

/* Matches one side of a row; returns how many operands fit before the first that does not (count when all do). */
static int32_t side_fits(const op_ctx *c, const char *at, const char *end, op_tensor *const *tensors, int32_t count) {
  const char *word = at, *last = at;
  size_t length = 0, last_length = 0;
  bool repeat = false;
  for (int32_t i = 0; i < count; i++) {
    if (!repeat) {
      if (!next_word(&at, end, &word, &length)) return i;
      if (length == 3 && !memcmp(word, "...", 3)) repeat = true;
      else last = word, last_length = length;
    }
    if (tensors[i] && !word_takes(c, last, last_length, tensors[i]->type)) return i;
  }
  return count;
}

/* How many operands, inputs then outputs, fit the row [row, end). */
static int32_t row_fits(const op_ctx *c, const char *row, const char *end) {
  const char *const arrow = memchr(row, '>', (size_t)(end - row));
  const int32_t inputs = side_fits(c, row, arrow ? arrow : end, c->in, c->num_inputs);
  if (inputs < c->num_inputs) return inputs;
  return inputs + (arrow ? side_fits(c, arrow + 1, end, c->out, c->num_outputs) : c->num_outputs);
}

mote_status op_check_types(op_ctx *c) {
  if (!c->op->types) return MOTE_OK;
  int32_t best = 0;
  for (const char *row = c->op->types; *row;) {
    const char *const end = row + strcspn(row, ";");
    const int32_t fit = row_fits(c, row, end);
    if (fit == c->num_inputs + c->num_outputs) return MOTE_OK;
    if (fit > best) best = fit;
    row = *end ? end + 1 : end;
  }
  const bool input = best < c->num_inputs;
  const int32_t i = input ? best : best - c->num_inputs;
  const op_tensor *const t = input ? c->in[i] : c->out[i];
  return op_fail(c, MOTE_ERR_TYPE, "%s %d of type %s is not supported in this combination; taken are \"%s\"",
                 input ? "input" : "output", (int)i, t ? mote_type_name(t->type) : "(omitted)", c->op->types);
}

/* The word of a row's side that stands for operand `index`; false when the side has fewer. */
static bool word_at(const char *at, const char *end, int32_t index, const char **word, size_t *length) {
  const char *next;
  size_t n;
  for (int32_t i = 0; next_word(&at, end, &next, &n); i++) {
    if (n == 3 && !memcmp(next, "...", 3)) return i > 0;
    *word = next, *length = n;
    if (i == index) return true;
  }
  return false;
}

/* The option that names the type of an output ("out_type", "output_type", "out_data_type", ...). */
static bool option_type(const op_ctx *c, mote_type *type) {
  const sch_table *const table =
      c->op->options_2 ? sch_options_table(2, c->op->options_2) : sch_options_table(1, c->op->options);
  for (uint32_t i = 0; table && c->options && i < table->count; i++) {
    const sch_field *const f = &table->fields[i];
    if (f->kind != SCH_SCALAR || f->values != &sch_enum_TensorType || !strstr(f->name, "out")) continue;
    *type = (mote_type) * (const int32_t *)(const void *)((const char *)c->options + f->offset);
    return true;
  }
  return false;
}

/* The first type that a word names. */
static bool first_type(const op_ctx *c, const char *word, size_t length, mote_type *type) {
  if (*word == '=') {
    const int32_t i = length > 1 ? word[1] - '0' : 0;
    if (i >= c->num_inputs || !c->in[i]) return false;
    *type = c->in[i]->type;
    return true;
  }
  const char *const bar = memchr(word, '|', length);
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
    if (names_type(word, bar ? (size_t)(bar - word) : length, tokens[i].type)) return *type = tokens[i].type, true;
  return false;
}

bool op_output_type(const op_ctx *c, int32_t output, mote_type *type) {
  for (const char *row = c->op->types; row && *row;) {
    const char *const end = row + strcspn(row, ";");
    const char *const arrow = memchr(row, '>', (size_t)(end - row));
    const char *word = NULL;
    size_t length = 0;
    if (arrow && side_fits(c, row, arrow, c->in, c->num_inputs) == c->num_inputs &&
        word_at(arrow + 1, end, output, &word, &length)) {
      mote_type named;
      const bool choice = memchr(word, '|', length) || (length == 3 && !memcmp(word, "any", 3));
      if (choice && option_type(c, &named) && word_takes(c, word, length, named)) return *type = named, true;
      return first_type(c, word, length, type);
    }
    row = *end ? end + 1 : end;
  }
  return false;
}

bool op_type_bytes(mote_type type, size_t count, size_t *bytes) {
  const size_t bits = (size_t)mote_type_bits(type);
  if (bits >= 8) return size_mul(count, bits / 8, bytes);
  if (!bits) return false;
  const size_t each = 8 / bits;
  *bytes = count / each + (count % each != 0);
  return true;
}

void op_type_range(mote_type type, int32_t *lo, int32_t *hi) {
  switch (type) {
    case MOTE_INT2: *lo = -2, *hi = 1; break;
    case MOTE_INT4: *lo = -8, *hi = 7; break;
    case MOTE_UINT4: *lo = 0, *hi = 15; break;
    case MOTE_INT8: *lo = INT8_MIN, *hi = INT8_MAX; break;
    case MOTE_UINT8: *lo = 0, *hi = UINT8_MAX; break;
    case MOTE_INT16: *lo = INT16_MIN, *hi = INT16_MAX; break;
    case MOTE_UINT16: *lo = 0, *hi = UINT16_MAX; break;
    default: *lo = INT32_MIN, *hi = INT32_MAX; break;
  }
}
