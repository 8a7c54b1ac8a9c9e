/* refusals.h: tables of what operators refuse, a row a refusal:
 *
 *     REFUSE({"TILE", "f32 2x3, i64 2 = 1 -1 > f32", NULL, "multiple 1 is -1"},
 *            {"CONV_2D", "f32 1x4x4x2, f32 3x2x2x2, f32 3 > f32", "stride_w=0", "strides"});
 *
 * An operator by its name (NAME@VERSION), its operands, its options, a phrase of the sentence. Without a phrase the row
 * must run: how its neighbours look when they are right. With "the run was cancelled" it was.
 *
 * Operands are inputs, '>', outputs, with commas between them. "-" is one left out, else TYPE[!][@QUANT] [SHAPE]
 * [DATA]: TYPE   as in descriptors; "!" behind it: a variable QUANT  SCALE[:ZERO], or SCALE[:ZERO]*COUNT/AXIS for as
 * many channels SHAPE  as in sentences, 2x3; ? is an unknown dimension, ?? an unknown rank; nothing: a scalar DATA   "=
 * VALUES" of a constant, "~ VALUES" of what only a run sees, the last value repeated; else such zeros.
 *          Of strings: words; "?" for a buffer that holds none, a last "!" lies outside Options are
 * NAME=NUMBER, NAME=[NUMBERS], NAME='TEXT' with spaces between them, by the names of the format (enum values too:
 * padding=SAME); those of custom operators become a map, or with # before them are int32 numbers.
 *
 * Include cmocka.h before it.
 */
#ifndef SUPPORT_REFUSALS_H
#define SUPPORT_REFUSALS_H

#include <stdio.h>

#include "base/f16.h"
#include "operators/strings.h"
#include "support/flex.h"
#include "support/op_case.h"

typedef struct refusal {
  const char *name, *operands, *options, *phrase;
} refusal;

/* A row that is tried, and what was allocated for it. */
typedef struct refusal_case {
  op_case k;
  const char *at; /* in operands or options */
  void *blocks[4 * OP_CASE_OPERANDS];
  int num_blocks;
  op_quant quants[2 * OP_CASE_OPERANDS];
  int num_quants;
  _Alignas(int32_t) uint8_t flex[FLEX_ROOM];
} refusal_case;

static inline void *refusal_alloc(refusal_case *r, size_t bytes) {
  assert_true(r->num_blocks < 4 * OP_CASE_OPERANDS);
  return r->blocks[r->num_blocks++] = calloc(1, bytes ? bytes : 1);
}

/* Passes over spaces, and over `sign` when it comes next. */
static inline bool refusal_sign(refusal_case *r, char sign) {
  while (*r->at == ' ') r->at++;
  if (*r->at != sign) return false;
  r->at++;
  return true;
}

static inline double refusal_number(refusal_case *r) {
  char *end;
  const double v = strtod(r->at, &end);
  if (end == r->at) fail_msg("a number is wanted at '%s'", r->at);
  r->at = end;
  return v;
}

/* ---- operands ---- */

static inline mote_type refusal_type(refusal_case *r) {
  static const char *const tokens[] = {
      [MOTE_FLOAT32] = "f32",    [MOTE_FLOAT16] = "f16",  [MOTE_BFLOAT16] = "bf16", [MOTE_FLOAT64] = "f64",
      [MOTE_INT2] = "i2",        [MOTE_INT4] = "i4",      [MOTE_INT8] = "i8",       [MOTE_INT16] = "i16",
      [MOTE_INT32] = "i32",      [MOTE_INT64] = "i64",    [MOTE_UINT4] = "u4",      [MOTE_UINT8] = "u8",
      [MOTE_UINT16] = "u16",     [MOTE_UINT32] = "u32",   [MOTE_UINT64] = "u64",    [MOTE_BOOL] = "bool",
      [MOTE_STRING] = "str",     [MOTE_RESOURCE] = "res", [MOTE_VARIANT] = "var",   [MOTE_COMPLEX64] = "c64",
      [MOTE_COMPLEX128] = "c128"};
  const size_t length = strspn(r->at, "abcdefghijklmnopqrstuvwxyz0123456789");
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
    if (tokens[i] && strlen(tokens[i]) == length && !memcmp(tokens[i], r->at, length)) {
      r->at += length;
      return (mote_type)i;
    }
  fail_msg("a type is wanted at '%s'", r->at);
  return MOTE_FLOAT32;
}

static inline void refusal_quant(refusal_case *r, op_tensor *t) {
  op_quant *const q = &r->quants[r->num_quants++];
  const float scale = (float)refusal_number(r);
  const int32_t zero = refusal_sign(r, ':') ? (int32_t)refusal_number(r) : 0;
  q->count = refusal_sign(r, '*') ? (int32_t)refusal_number(r) : 1;
  if (refusal_sign(r, '/')) q->axis = (int32_t)refusal_number(r);
  else t->scale = scale, t->zero_point = zero;
  float *const scales = refusal_alloc(r, (size_t)q->count * sizeof *scales);
  int32_t *const zeros = refusal_alloc(r, (size_t)q->count * sizeof *zeros);
  for (int32_t i = 0; i < q->count; i++) scales[i] = scale, zeros[i] = zero;
  q->scale = scales, q->zero_point = zeros;
  q->scales = q->zero_points = -1;
  t->quant = q;
}

static inline void refusal_shape(refusal_case *r, op_tensor *t) {
  if (r->at[0] == '?' && r->at[1] == '?') {
    t->rank = -1;
    r->at += 2;
    return;
  }
  while (*r->at == '?' || (*r->at >= '0' && *r->at <= '9')) {
    assert_true(t->rank < OP_MAX_RANK);
    if (*r->at == '?') t->dims[t->rank++] = -1, r->at++;
    else t->dims[t->rank++] = (int32_t)strtol(r->at, (char **)(uintptr_t)&r->at, 10);
    if (*r->at == 'x') r->at++;
  }
}

static inline void refusal_put(const op_tensor *t, size_t i, double v, long long n) {
  const uint16_t half = f16_from_f32((float)v);
  const float f = (float)v;
  const size_t bits = t->type == MOTE_VARIANT ? 64 : (size_t)mote_type_bits(t->type);
  char *const to = (char *)t->data + i * bits / 8;
  switch (t->type) {
    case MOTE_FLOAT32:
    case MOTE_COMPLEX64: memcpy(to, &f, sizeof f); break;
    case MOTE_FLOAT64:
    case MOTE_COMPLEX128: memcpy(to, &v, sizeof v); break;
    case MOTE_FLOAT16: memcpy(to, &half, sizeof half); break;
    default:
      if (bits < 8) *to |= (char)((n & ((1 << bits) - 1)) << i * bits % 8);
      else memcpy(to, &n, bits / 8); /* little-endian */
  }
}

static inline void refusal_strings(refusal_case *r, op_tensor *t, size_t count) {
  const size_t room = strcspn(r->at, ",>") + 1;
  t->data = refusal_alloc(r, 8 + count * (4 + room));
  str_writer w;
  str_begin(&w, t->data, count);
  str_view word = {"", 0};
  for (size_t i = 0; i < count; i++) {
    while (*r->at == ' ') r->at++;
    const size_t length = strcspn(r->at, " ,>");
    if (*r->at == '?') break;
    if (length) word = (str_view){r->at, length};
    str_put(&w, word);
    r->at += length;
  }
  t->bytes = *r->at == '?' ? 0 : w.at;
  if (word.size == 1 && *word.data == '!') t->bytes--;
  r->at += *r->at == '?';
}

/* Numbers to the next comma; what does not fit in memory or has no shape has no data. */
static inline void refusal_data(refusal_case *r, op_tensor *t) {
  size_t count;
  const bool given = refusal_sign(r, '='), late = !given && refusal_sign(r, '~');
  if (given) t->flags |= OP_CONST;
  if (!op_shape_known(t) || !size_dims(t->dims, t->rank, &count) || count > 1 << 20) return;
  if (t->type == MOTE_STRING) {
    refusal_strings(r, t, count);
    return;
  }
  if (t->type == MOTE_VARIANT) t->bytes = count * sizeof(int64_t);
  else assert_true(op_type_bytes(t->type, count, &t->bytes));
  t->data = refusal_alloc(r, t->bytes);
  double v = 0;
  long long n = 0;
  for (size_t i = 0; (given || late) && i < count; i++) {
    while (*r->at == ' ') r->at++;
    if (*r->at && !strchr(",>", *r->at)) {
      n = strtoll(r->at, NULL, 10);
      v = refusal_number(r);
    }
    refusal_put(t, i, v, n);
  }
}

static inline void refusal_operand(refusal_case *r, bool input) {
  op_case *const k = &r->k;
  if (input && refusal_sign(r, '-')) {
    k->inputs[k->c.num_inputs++] = NULL;
    return;
  }
  const mote_type type = refusal_type(r);
  op_tensor *const t = input ? op_case_input(k, type, 0, NULL, NULL, 0) : op_case_output(k, type);
  t->bytes = 0;
  if (refusal_sign(r, '!')) t->flags |= OP_VARIABLE;
  if (refusal_sign(r, '@')) refusal_quant(r, t);
  while (*r->at == ' ') r->at++;
  refusal_shape(r, t);
  if (input) refusal_data(r, t);
}

static inline void refusal_operands(refusal_case *r, const char *text) {
  bool input = true;
  r->at = text;
  for (;;) {
    if (refusal_sign(r, '>')) input = false;
    while (*r->at == ' ') r->at++;
    if (!*r->at) return;
    if (*r->at != '>') refusal_operand(r, input);
    if (!refusal_sign(r, ',') && *r->at && *r->at != '>') fail_msg("'%s' is not understood in '%s'", r->at, text);
  }
}

/* ---- options ---- */

/* Reads a list; returns how many numbers it has. */
static inline uint32_t refusal_list(refusal_case *r, double list[FLEX_ROOM]) {
  uint32_t n = 0;
  while (!refusal_sign(r, ']')) list[n++] = refusal_number(r);
  return n;
}

static inline void refusal_custom(refusal_case *r) {
  static char names[FLEX_OPTIONS][64], texts[FLEX_OPTIONS][64];
  static int32_t lists[FLEX_OPTIONS][FLEX_ROOM];
  flex_entry entries[FLEX_OPTIONS] = {{0}};
  uint32_t n = 0;
  for (; *r->at; n++, refusal_sign(r, ' ')) {
    flex_entry *const e = &entries[n];
    const size_t length = strcspn(r->at, "=");
    snprintf(names[n], sizeof names[n], "%.*s", (int)length, r->at);
    e->key = names[n];
    r->at += length + 1;
    if (refusal_sign(r, '[')) {
      double list[FLEX_ROOM];
      e->count = refusal_list(r, list);
      for (uint32_t i = 0; i < e->count; i++) lists[n][i] = (int32_t)list[i];
      e->list = lists[n];
    } else if (refusal_sign(r, '\'')) {
      const size_t size = strcspn(r->at, "'");
      snprintf(texts[n], sizeof texts[n], "%.*s", (int)size, r->at);
      e->text = texts[n];
      r->at += size + 1;
    } else e->value = (float)refusal_number(r);
  }
  r->k.c.custom = r->flex;
  r->k.c.custom_size = flex_write_entries(entries, n, r->flex);
}

static inline double refusal_value(refusal_case *r, const sch_field *f) {
  const size_t length = strcspn(r->at, " ]");
  int32_t number;
  if (!f->values || !sch_enum_number(f->values, r->at, length, &number)) return refusal_number(r);
  r->at += length;
  return number;
}

static inline void refusal_scalar(void *to, uint8_t scalar, double v) {
  switch (scalar) {
    case SCH_bool: *(bool *)to = v != 0; break;
    case SCH_float: *(float *)to = (float)v; break;
    case SCH_long:
    case SCH_ulong: *(int64_t *)to = (int64_t)v; break;
    case SCH_uint: *(uint32_t *)to = (uint32_t)v; break;
    default: *(int32_t *)to = (int32_t)v;
  }
}

/* One field of a record. */
static inline void refusal_field(refusal_case *r, const sch_field *f, void *to) {
  if (f->kind == SCH_STRING && refusal_sign(r, '\'')) {
    const size_t length = strcspn(r->at, "'");
    *(sch_string *)to = (sch_string){r->at, (uint32_t)length};
    r->at += length + 1;
  } else if (f->kind == SCH_SCALAR) refusal_scalar(to, f->scalar, refusal_value(r, f));
  else if (f->kind == SCH_VECTOR && refusal_sign(r, '[')) {
    const size_t each = f->scalar == SCH_ubyte ? 1 : sch_record_scalar_size((sch_scalar)f->scalar);
    char *const list = refusal_alloc(r, FLEX_ROOM * each);
    uint32_t n = 0;
    for (; !refusal_sign(r, ']'); n++)
      if (each == 1 && f->scalar == SCH_ubyte) list[n] = (char)refusal_number(r);
      else refusal_scalar(list + n * each, f->scalar, refusal_value(r, f));
    *(sch_list *)to = (sch_list){list, n};
  } else fail_msg("option %s cannot be '%s'", f->name, r->at);
}

static inline void refusal_options(refusal_case *r, const mote_op *op, const char *text) {
  const sch_table *const table = op->options     ? sch_options_table(1, op->options)
                                 : op->options_2 ? sch_options_table(2, op->options_2)
                                                 : NULL;
  r->at = text;
  if (!table && refusal_sign(r, '#')) {
    int32_t *const numbers = (int32_t *)(void *)r->flex;
    for (size_t n = 0; *r->at; r->k.c.custom_size = ++n * sizeof *numbers) numbers[n] = (int32_t)refusal_number(r);
    r->k.c.custom = r->flex;
    return;
  }
  if (!table) {
    refusal_custom(r);
    return;
  }
  char *const record = refusal_alloc(r, table->size);
  memcpy(record, table->defaults, table->size);
  while (*r->at) {
    const size_t length = strcspn(r->at, "=");
    const sch_field *f = NULL;
    for (uint32_t i = 0; i < table->count; i++)
      if (strlen(table->fields[i].name) == length && !memcmp(table->fields[i].name, r->at, length))
        f = &table->fields[i];
    if (!f) fail_msg("%s has no option '%.*s'", op->name, (int)length, r->at);
    r->at += length + 1;
    if (f) refusal_field(r, f, record + f->offset);
    refusal_sign(r, ' ');
  }
  r->k.c.options = record;
}

/* ---- rows ---- */

/* Services that rows need besides those of op_case.h; NULL: none. */
static const op_host *refusal_host;

/* The host of a run that was cancelled. */
static inline bool refusal_is_cancelled(op_ctx *c) {
  (void)c;
  return true;
}

static inline void refusal_cancel(op_case *k) {
  static op_host host;
  host = *k->c.host;
  host.cancelled = refusal_is_cancelled;
  k->c.host = &host;
}

/* Types, check and infer before data is there, and infer once more with it, as for values that only a run tells.
 * Operators whose outputs data decides look at it when they run. */
static inline mote_status refusal_infer(op_case *k) {
  void *data[OP_CASE_OPERANDS];
  for (int32_t i = 0; i < k->c.num_inputs; i++) {
    data[i] = k->in[i].data;
    if (!(k->in[i].flags & OP_CONST)) k->in[i].data = NULL;
  }
  const mote_status status = op_case_infer(k);
  for (int32_t i = 0; i < k->c.num_inputs; i++) k->in[i].data = data[i];
  return status == MOTE_OK && !(k->c.op->traits & OP_DATA_SHAPE) ? k->c.op->infer(&k->c) : status;
}

/* op_case_run, but for sizes that no test can give memory to: those must be refused when planning. */
static inline mote_status refusal_run(op_case *k) {
  const size_t most = (size_t)1 << 26;
  bool huge = false;
  MOTE_TRY(refusal_infer(k));
  for (int32_t i = 0; i < k->c.num_outputs; i++) {
    op_tensor *const t = &k->out[i];
    size_t count, bytes;
    if (t->type == MOTE_STRING || !op_shape_known(t)) continue;
    if (!size_dims(t->dims, t->rank, &count) || !op_type_bytes(t->type, count, &bytes) || bytes > most) huge = true;
    else if (!op_case_memory(t, bytes)) return MOTE_ERR_MEMORY;
  }
  if (k->c.op->record_size) k->c.record = op_case_alloc(&k->c, k->c.op->record_size);
  if (k->c.op->plan) MOTE_TRY(k->c.op->plan(&k->c));
  if (huge || k->c.scratch_size > most || k->c.state_size > most) return MOTE_OK;
  k->c.scratch = op_case_alloc(&k->c, k->c.scratch_size);
  k->c.state = op_case_alloc(&k->c, k->c.state_size);
  return k->c.op->run(&k->c);
}

static inline const mote_op *refusal_op(const char *name) {
  const size_t length = strcspn(name, "@");
  for (const mote_op *const *op = op_list; *op; op++)
    if (strlen((*op)->name) == length && !memcmp((*op)->name, name, length)) return *op;
  fail_msg("there is no operator %s", name);
  return NULL;
}

/* False when the row is not refused as it says. */
static inline bool refusal_holds(const refusal *row) {
  static refusal_case r;
  const mote_op *const op = refusal_op(row->name);
  memset(&r, 0, sizeof r);
  op_case_begin(&r.k, op, NULL);
  r.k.c.isa = cpu_best();
  if (strchr(row->name, '@')) r.k.c.version = (int32_t)strtol(strchr(row->name, '@') + 1, NULL, 10);
  if (refusal_host) r.k.c.host = refusal_host;
  refusal_operands(&r, row->operands);
  if (row->options) refusal_options(&r, op, row->options);
  if (row->phrase && !strcmp(row->phrase, "the run was cancelled")) refusal_cancel(&r.k);
  const mote_status status = refusal_run(&r.k);
  char start[128];
  snprintf(start, sizeof start, "%s (operator 0): ", op->name);
  const char *const said = r.k.error.text;
  bool good = row->phrase
                  ? status != MOTE_OK && !strncmp(said, start, strlen(start)) && strstr(said, row->phrase) != NULL
                  : status == MOTE_OK;
  if (!good)
    print_error("%s of '%s' %s%s%s: %s\n", row->name, row->operands,
                row->phrase ? "must be refused with '" : "must run", row->phrase ? row->phrase : "",
                row->phrase ? "'" : "", status ? said : "it is not");
  if (!op_case_end(&r.k)) {
    print_error("%s of '%s' writes past its output\n", row->name, row->operands);
    good = false;
  }
  for (int i = 0; i < r.num_blocks; i++) free(r.blocks[i]);
  return good;
}

static inline void refuse_rows(const refusal *rows, size_t count) {
  bool good = true;
  for (size_t i = 0; i < count; i++) good = refusal_holds(&rows[i]) && good;
  assert_true(good);
}

#define REFUSE(...)                                                                                                    \
  do {                                                                                                                 \
    const refusal rows_[] = {__VA_ARGS__};                                                                             \
    refuse_rows(rows_, sizeof rows_ / sizeof *rows_);                                                                  \
  } while (0)

#endif
