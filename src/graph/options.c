/* options.c: see options.h. */
#include "graph/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

typedef struct text {
  const char *at;
  arena *arena;
  mote_error *error;
  const sch_table *table;
  const sch_field *field;
} text;

static void skip(text *t) { t->at += strspn(t->at, " \t\n"); }

static bool take(text *t, char c) {
  skip(t);
  if (*t->at != c) return false;
  t->at++;
  return true;
}

/* Letters, digits and what names and numbers of the format are made of. */
static size_t word(text *t) {
  skip(t);
  return strspn(t->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-");
}

static mote_status wrong_value(const text *t, const char *at, size_t length, const char *want) {
  return err_set(t->error, MOTE_ERR_ARGUMENT, "option '%s' of %s takes %s, not '%.*s'", t->field->name, t->table->name,
                 want, (int)(length < 60 ? length : 60), at);
}

/* The names of an enum: "SAME, VALID". */
static mote_status wrong_name(const text *t, const char *at, size_t length) {
  char want[300] = "one of ";
  size_t used = strlen(want);
  const char *name = t->field->values->names;
  for (uint32_t i = 0; i < t->field->values->count; i++, name += strlen(name) + 1) {
    const size_t size = strlen(name);
    if (used + size + 8 > sizeof want) {
      memcpy(want + used, "...", 4);
      break;
    }
    if (i) memcpy(want + used, ", ", 2), used += 2;
    memcpy(want + used, name, size + 1);
    used += size;
  }
  return wrong_value(t, at, length, want);
}

typedef union number {
  bool b;
  int32_t i;
  int64_t l;
  float f;
} number;

static bool whole(const char *at, size_t length, long long *v) {
  char *end;
  errno = 0;
  *v = strtoll(at, &end, 10);
  return length && end == at + length && !errno;
}

/* One number or name, as the record holds it. */
static mote_status parse_number(text *t, number *to) {
  const size_t length = word(t);
  const char *const at = t->at;
  const sch_field *const f = t->field;
  long long v;
  char *end;
  t->at += length;
  if (f->values) {
    int32_t named;
    if (sch_enum_number(f->values, at, length, &named)) return to->i = named, MOTE_OK;
    if (whole(at, length, &v) && v >= INT32_MIN && v <= INT32_MAX) return to->i = (int32_t)v, MOTE_OK;
    return wrong_name(t, at, length);
  }
  if (f->scalar == SCH_bool) {
    const bool yes = length == 4 && !memcmp(at, "true", 4), no = length == 5 && !memcmp(at, "false", 5);
    to->b = yes;
    return yes || no ? MOTE_OK : wrong_value(t, at, length, "true or false");
  }
  if (f->scalar == SCH_float) {
    to->f = strtof(at, &end);
    return length && end == at + length ? MOTE_OK : wrong_value(t, at, length, "a number");
  }
  if (!whole(at, length, &v)) return wrong_value(t, at, length, "a whole number");
  if (f->scalar == SCH_long || f->scalar == SCH_ulong) return to->l = v, MOTE_OK;
  if (v < INT32_MIN || v > INT32_MAX) return wrong_value(t, at, length, "a number of 32 bits");
  to->i = (int32_t)v;
  return MOTE_OK;
}

/* "[1, 2, 3]": every vector of a record is a pointer and a count. */
static mote_status parse_list(text *t, void *to) {
  const size_t size = t->field->scalar == SCH_ubyte ? 1 : sch_record_scalar_size((sch_scalar)t->field->scalar);
  if (!take(t, '[')) return wrong_value(t, t->at, word(t), "a list in brackets");
  size_t most = 1;
  for (const char *p = t->at; *p && *p != ']'; p++) most += *p == ',';
  uint8_t *const items = arena_array(t->arena, most, size);
  if (!items) return err_memory(t->error, "a list of options", most * size);
  uint32_t count = 0;
  while (!take(t, ']')) {
    if (count && !take(t, ',')) return wrong_value(t, t->at, word(t), "commas between the elements of a list");
    number v = {0};
    MOTE_TRY(parse_number(t, &v));
    if (size == 1 && t->field->scalar == SCH_ubyte) items[count++] = (uint8_t)v.i;
    else memcpy(items + count++ * size, &v, size);
  }
  const sch_list list = {items, count};
  memcpy(to, &list, sizeof list);
  return MOTE_OK;
}

static mote_status parse_string(text *t, void *to) {
  if (!take(t, '"')) return wrong_value(t, t->at, word(t), "a text in double quotes");
  const size_t length = strcspn(t->at, "\"");
  const sch_string s = {arena_string(t->arena, t->at, length), (uint32_t)length};
  if (!s.data) return err_memory(t->error, "a text of options", length);
  t->at += length + (t->at[length] == '"');
  memcpy(to, &s, sizeof s);
  return MOTE_OK;
}

static mote_status parse_value(text *t, uint8_t *record) {
  const sch_field *const f = t->field;
  number v = {0};
  switch ((sch_kind)f->kind) {
    case SCH_SCALAR:
      MOTE_TRY(parse_number(t, &v));
      memcpy(record + f->offset, &v, sch_record_scalar_size((sch_scalar)f->scalar));
      return MOTE_OK;
    case SCH_VECTOR: return parse_list(t, record + f->offset);
    case SCH_STRING: return parse_string(t, record + f->offset);
    default:
      return err_set(t->error, MOTE_ERR_UNSUPPORTED, "option '%s' of %s is a table and cannot be written as text",
                     f->name, t->table->name);
  }
}

static const sch_field *find(const sch_table *table, const char *name, size_t length) {
  for (uint32_t i = 0; i < table->count; i++)
    if (strlen(table->fields[i].name) == length && !memcmp(table->fields[i].name, name, length))
      return &table->fields[i];
  return NULL;
}

static mote_status unknown(const text *t, size_t length) {
  char names[300] = "";
  size_t used = 0;
  for (uint32_t i = 0; i < t->table->count && used + 60 < sizeof names; i++) {
    const size_t size = strlen(t->table->fields[i].name);
    if (i) memcpy(names + used, ", ", 2), used += 2;
    memcpy(names + used, t->table->fields[i].name, size < 50 ? size + 1 : 50);
    used += size < 50 ? size : 49;
  }
  return err_set(t->error, MOTE_ERR_ARGUMENT, "%s has no option '%.*s'; it has %s", t->table->name,
                 (int)(length < 60 ? length : 60), t->at, used ? names : "none");
}

static mote_status parse(text *t, uint8_t *record) {
  for (skip(t); *t->at;) {
    const size_t length = word(t);
    t->field = find(t->table, t->at, length);
    if (!t->field) return unknown(t, length);
    t->at += length;
    if (!take(t, ':')) return wrong_value(t, t->at, strlen(t->at), "a colon and a value");
    MOTE_TRY(parse_value(t, record));
    skip(t);
    if (*t->at && !take(t, ','))
      return err_set(t->error, MOTE_ERR_ARGUMENT, "after option '%s' of %s a comma is missing, before '%.40s'",
                     t->field->name, t->table->name, t->at);
    skip(t);
  }
  return MOTE_OK;
}

void *options_parse(const sch_table *table, const char *from, arena *a, mote_error *e) {
  uint8_t *const record = arena_alloc(a, table->size);
  text t = {.at = from ? from : "", .arena = a, .error = e, .table = table};
  if (!record) {
    err_memory(e, "options", table->size);
    return NULL;
  }
  memcpy(record, table->defaults, table->size);
  return parse(&t, record) == MOTE_OK ? record : NULL;
}

const sch_table *options_of(const mote_op *op) {
  return op->options_2 ? sch_options_table(2, op->options_2) : sch_options_table(1, op->options);
}

/* Tables within tables are the same only where they are one. */
static bool field_equal(const sch_field *f, const uint8_t *a, const uint8_t *b) {
  if (f->kind == SCH_SCALAR) return !memcmp(a, b, sch_record_scalar_size((sch_scalar)f->scalar));
  if (f->kind == SCH_STRING || f->kind == SCH_VECTOR || f->kind == SCH_RECORDS) {
    sch_list x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    if (x.data == y.data) return x.count == y.count;
    if (f->kind == SCH_RECORDS || x.count != y.count || !x.data || !y.data) return false;
    const bool bytes = f->kind == SCH_STRING || f->scalar == SCH_ubyte;
    return !memcmp(x.data, y.data, x.count * (bytes ? 1 : sch_record_scalar_size((sch_scalar)f->scalar)));
  }
  return !memcmp(a, b, sizeof(void *)) && f->kind == SCH_RECORD;
}

bool options_equal(const sch_table *table, const void *a, const void *b) {
  if (!table || a == b) return true;
  if (!a || !b) return false;
  for (uint32_t i = 0; i < table->count; i++) {
    const sch_field *const f = &table->fields[i];
    if (!field_equal(f, (const uint8_t *)a + f->offset, (const uint8_t *)b + f->offset)) return false;
  }
  return true;
}
