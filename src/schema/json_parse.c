/* json_parse.c: JSON to records, driven by the tables of schema.h. See json.h. */
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "schema/json.h"
#include "schema/json_base64.h"

enum { MAX_DEPTH = 24 };

typedef struct parser {
  arena *arena;
  mote_error *error;
  int depth; /* the way from $ to the value at hand */
  struct {
    const char *key;
    size_t index; /* of a list, when key is NULL */
  } path[MAX_DEPTH];
} parser;

static mote_status parse_table(parser *p, const sch_table *table, const json_t *value, void *record);

/* ---- messages ---- */

static void enter(parser *p, const char *key, size_t index) {
  if (p->depth < MAX_DEPTH) {
    p->path[p->depth].key = key;
    p->path[p->depth].index = index;
  }
  p->depth++;
}

__attribute__((format(printf, 2, 3))) static mote_status wrong(const parser *p, const char *format, ...) {
  char path[300] = "$", text[400];
  size_t used = 1;
  for (int i = 0; i < p->depth && i < MAX_DEPTH && used < sizeof path; i++)
    if (p->path[i].key) used += (size_t)snprintf(path + used, sizeof path - used, ".%s", p->path[i].key);
    else used += (size_t)snprintf(path + used, sizeof path - used, "[%zu]", p->path[i].index);
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return err_set(p->error, MOTE_ERR_FORMAT, "%s %s", path, text);
}

static const char *kind_of(const json_t *value) {
  static const char *const names[] = {"an object", "a list", "a string", "a whole number", "a number with a fraction",
                                      "true",      "false",  "null"};
  return names[json_typeof(value)];
}

static mote_status expected(const parser *p, const char *what, const json_t *value) {
  return wrong(p, "must be %s, not %s", what, kind_of(value));
}

static mote_status no_memory(const parser *p, uint64_t bytes) {
  return err_memory(p->error, "records from JSON", bytes);
}

/* ---- scalars ---- */

static mote_status parse_float(const parser *p, const json_t *value, float *to) {
  if (json_is_number(value)) {
    const double d = json_number_value(value);
    *to = (float)d;
    return isinf(*to) ? wrong(p, "is %g, more than a 32-bit float can hold", d) : MOTE_OK;
  }
  const char *text = json_string_value(value);
  if (!text) return expected(p, "a number", value);
  uint32_t bits;
  char *end;
  if (!strcmp(text, "Infinity")) bits = 0x7f800000;
  else if (!strcmp(text, "-Infinity")) bits = 0xff800000;
  else if (!strcmp(text, "NaN")) bits = 0x7fc00000;
  else {
    bits = (uint32_t)strtoul(text, &end, 16);
    if (strlen(text) != 10 || strncmp(text, "0x", 2) != 0 || *end)
      return wrong(p, "must be a number, \"Infinity\", \"-Infinity\", \"NaN\" or bits like \"0x7fc00001\"");
  }
  memcpy(to, &bits, sizeof bits);
  return MOTE_OK;
}

static mote_status parse_ulong(const parser *p, const json_t *value, uint64_t *to) {
  const char *text = json_string_value(value);
  if (json_is_integer(value) && json_integer_value(value) >= 0) {
    *to = (uint64_t)json_integer_value(value);
    return MOTE_OK;
  }
  if (!text) return expected(p, "a whole number from 0 on, or a string of digits", value);
  *to = 0;
  for (const char *c = text; *c; c++)
    if (*c < '0' || *c > '9' || __builtin_mul_overflow(*to, 10, to) || __builtin_add_overflow(*to, *c - '0', to))
      return wrong(p, "must be digits of a number below 2^64");
  return *text ? MOTE_OK : wrong(p, "must be digits of a number below 2^64");
}

static mote_status parse_integer(const parser *p, const sch_enum *values, const json_t *value, int64_t lo, int64_t hi,
                                 int64_t *to) {
  if (values && json_is_string(value)) {
    int32_t number;
    if (!sch_enum_number(values, json_string_value(value), json_string_length(value), &number))
      return wrong(p, "is '%.80s', which is no %s", json_string_value(value), values->name);
    *to = number;
    return MOTE_OK;
  }
  if (!json_is_integer(value)) return expected(p, values ? "a name or a whole number" : "a whole number", value);
  *to = json_integer_value(value);
  return *to >= lo && *to <= hi
             ? MOTE_OK
             : wrong(p, "is %lld; it must lie between %lld and %lld", (long long)*to, (long long)lo, (long long)hi);
}

/* Writes a value as records hold it; ushort, which only vectors have, as in the file. */
static mote_status parse_scalar(const parser *p, sch_scalar scalar, const sch_enum *values, const json_t *value,
                                void *to) {
  static const int64_t lo[] = {0, INT8_MIN, 0, 0, INT32_MIN, 0, INT64_MIN};
  static const int64_t hi[] = {1, INT8_MAX, UINT8_MAX, UINT16_MAX, INT32_MAX, UINT32_MAX, INT64_MAX};
  int64_t v = 0;
  if (scalar == SCH_float) return parse_float(p, value, to);
  if (scalar == SCH_ulong) return parse_ulong(p, value, to);
  if (scalar == SCH_bool) {
    if (!json_is_boolean(value)) return expected(p, "true or false", value);
    *(bool *)to = json_is_true(value);
    return MOTE_OK;
  }
  MOTE_TRY(parse_integer(p, values, value, lo[scalar], hi[scalar], &v));
  const int32_t narrow = (int32_t)v;
  if (scalar == SCH_long) memcpy(to, &v, sizeof v);
  else if (scalar == SCH_ubyte) memcpy(to, &narrow, 1);
  else if (scalar == SCH_ushort) memcpy(to, &narrow, 2);
  else memcpy(to, &narrow, sizeof narrow);
  return MOTE_OK;
}

/* ---- strings and lists ---- */

static mote_status parse_base64(const parser *p, const json_t *value, uint8_t **to, size_t *size) {
  const size_t length = json_string_length(value);
  *to = arena_alloc(p->arena, length / 4 * 3 + 1);
  if (!*to) return no_memory(p, length);
  if (!base64_decode(*to, size, json_string_value(value), length)) return wrong(p, "is no base64");
  (*to)[*size] = 0;
  return MOTE_OK;
}

static mote_status parse_string(parser *p, const json_t *value, sch_string *to) {
  const json_t *escaped = json_object_get(value, "base64");
  size_t size;
  uint8_t *bytes;
  if (json_is_string(escaped) && json_object_size(value) == 1) {
    MOTE_TRY(parse_base64(p, escaped, &bytes, &size));
    to->data = (const char *)bytes;
  } else {
    if (!json_is_string(value)) return expected(p, "a string or {\"base64\": \"...\"}", value);
    size = json_string_length(value);
    to->data = arena_string(p->arena, json_string_value(value), size);
    if (!to->data) return no_memory(p, size);
  }
  if (size > INT32_MAX) return wrong(p, "holds %zu bytes, more than the format allows", size);
  to->size = (uint32_t)size;
  return MOTE_OK;
}

/* Elements of `width` bytes in memory. */
static mote_status parse_list(parser *p, const sch_field *f, const json_t *value, size_t width, uint8_t **to,
                              size_t *count) {
  if (f->scalar == SCH_ubyte && json_is_string(value)) return parse_base64(p, value, to, count);
  if (!json_is_array(value))
    return expected(p, f->scalar == SCH_ubyte ? "a string in base64, or a list" : "a list", value);
  *count = json_array_size(value);
  if (*count > INT32_MAX) return wrong(p, "has %zu elements, more than the format allows", *count);
  *to = arena_array(p->arena, *count, width);
  if (!*to) return no_memory(p, (uint64_t)*count * width);
  for (size_t i = 0; i < *count; i++) {
    enter(p, NULL, i);
    MOTE_TRY(parse_scalar(p, f->scalar, f->values, json_array_get(value, i), *to + i * width));
    p->depth--;
  }
  return MOTE_OK;
}

static mote_status parse_vector(parser *p, const sch_field *f, const json_t *value, sch_u8s *to) {
  uint8_t *items;
  size_t count;
  MOTE_TRY(parse_list(p, f, value, sch_record_scalar_size(f->scalar), &items, &count));
  if (count > INT32_MAX) return wrong(p, "has %zu elements, more than the format allows", count);
  *to = (sch_u8s){items, (uint32_t)count};
  return MOTE_OK;
}

static mote_status parse_range(parser *p, const sch_field *f, const json_t *value, sch_range *to) {
  const size_t width = sch_scalar_size(f->scalar);
  uint8_t *items;
  size_t count;
  MOTE_TRY(parse_list(p, f, value, width, &items, &count));
  *to = (sch_range){.size = (uint64_t)count * width, .memory = items, .present = true};
  return MOTE_OK;
}

/* ---- tables ---- */

static mote_status parse_record(parser *p, const sch_table *table, const json_t *value, void **to) {
  void *record = arena_alloc(p->arena, table->size);
  if (!record) return no_memory(p, table->size);
  *to = record;
  return parse_table(p, table, value, record);
}

static mote_status parse_records(parser *p, const sch_table *table, const json_t *value, sch_list *to) {
  if (!json_is_array(value)) return expected(p, "a list", value);
  const size_t count = json_array_size(value);
  if (count > INT32_MAX) return wrong(p, "has %zu elements, more than the format allows", count);
  uint8_t *records = arena_array(p->arena, count, table->size);
  if (!records) return no_memory(p, (uint64_t)count * table->size);
  for (size_t i = 0; i < count; i++) {
    enter(p, NULL, i);
    MOTE_TRY(parse_table(p, table, json_array_get(value, i), records + i * table->size));
    p->depth--;
  }
  *to = (sch_list){records, (uint32_t)count};
  return MOTE_OK;
}

static mote_status parse_field(parser *p, const sch_field *f, const json_t *value, void *to) {
  switch (f->kind) {
    case SCH_SCALAR: return parse_scalar(p, f->scalar, f->values, value, to);
    case SCH_STRING: return parse_string(p, value, to);
    case SCH_VECTOR: return parse_vector(p, f, value, to);
    case SCH_RANGE: return parse_range(p, f, value, to);
    case SCH_RECORD: return parse_record(p, f->table, value, to);
    default: return parse_records(p, f->table, value, to);
  }
}

static bool is_type_key(const sch_field *f, const char *key) {
  const size_t n = strlen(f->name);
  return f->kind == SCH_ONE_OF && strncmp(key, f->name, n) == 0 && strcmp(key + n, "_type") == 0;
}

/* The code of a union by the name of its table, or by number. */
static mote_status parse_code(parser *p, const sch_union *members, const json_t *value, uint8_t *code) {
  if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= UINT8_MAX) {
    *code = (uint8_t)json_integer_value(value);
    return MOTE_OK;
  }
  const char *name = json_string_value(value);
  if (!name) return expected(p, "the name of a table", value);
  for (uint32_t i = 1; i < members->count; i++)
    if (!strcmp(members->tables[i]->name, name)) {
      *code = (uint8_t)i;
      return MOTE_OK;
    }
  return wrong(p, "is '%.80s', which is no member of %s", name, members->name);
}

static mote_status parse_one_of(parser *p, const sch_field *f, const json_t *object, uint8_t *record) {
  char key[80];
  snprintf(key, sizeof key, "%s_type", f->name);
  const json_t *type = json_object_get(object, key), *value = json_object_get(object, f->name);
  uint8_t *code = record + f->type_offset;
  if (type) {
    enter(p, key, 0);
    MOTE_TRY(parse_code(p, f->members, type, code));
    p->depth--;
  }
  if (!value) return MOTE_OK;
  enter(p, f->name, 0);
  const sch_table *table = sch_union_table(f->members, *code);
  if (!table) return wrong(p, "needs a '%s' beside it that names its kind", key);
  MOTE_TRY(parse_record(p, table, value, (void **)(void *)(record + f->offset)));
  p->depth--;
  return MOTE_OK;
}

static mote_status check_keys(parser *p, const sch_table *table, const json_t *object) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    bool known = false;
    for (uint32_t i = 0; i < table->count && !known; i++)
      known = !strcmp(table->fields[i].name, key) || is_type_key(&table->fields[i], key);
    if (!known) return wrong(p, "has a field '%.80s', which %s does not have", key, table->name);
  }
  return MOTE_OK;
}

static mote_status parse_table(parser *p, const sch_table *table, const json_t *object, void *record) {
  if (!json_is_object(object)) return expected(p, "an object", object);
  MOTE_TRY(check_keys(p, table, object));
  memcpy(record, table->defaults, table->size);
  for (uint32_t i = 0; i < table->count; i++) {
    const sch_field *f = &table->fields[i];
    if (f->kind == SCH_ONE_OF) {
      MOTE_TRY(parse_one_of(p, f, object, record));
      continue;
    }
    const json_t *value = json_object_get(object, f->name);
    if (!value) continue;
    enter(p, f->name, 0);
    MOTE_TRY(parse_field(p, f, value, (uint8_t *)record + f->offset));
    p->depth--;
  }
  return MOTE_OK;
}

/* ---- the whole ---- */

static mote_status parse_model(const json_t *root, mem *m, sch_file **out, mote_error *e) {
  sch_file *file = MEM_NEW(m, sch_file);
  if (!file) return err_memory(e, "records from JSON", sizeof *file);
  arena_init(&file->arena, m);
  parser p = {.arena = &file->arena, .error = e};
  sch_Model *model = ARENA_NEW(&file->arena, sch_Model);
  const mote_status status = model ? parse_table(&p, &sch_table_Model, root, model) : no_memory(&p, sizeof *model);
  file->model = model;
  if (status) sch_close(file);
  else *out = file;
  return status;
}

mote_status sch_json_parse(const char *text, size_t size, mem *m, sch_file **out, mote_error *e) {
  json_error_t where;
  *out = NULL;
  json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
  if (!root)
    return err_set(e, MOTE_ERR_FORMAT, "line %d, column %d of the JSON: %s", where.line, where.column, where.text);
  const mote_status status = parse_model(root, m, out, e);
  json_decref(root);
  return status;
}
