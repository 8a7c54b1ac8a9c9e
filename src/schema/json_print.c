/* json_print.c: records to JSON, driven by the tables of schema.h. See json.h. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "schema/json.h"
#include "schema/json_base64.h"

/* jansson's functions that take ownership also free it when they fail and accept NULL, so that one test at the end of
 * each list tells whether memory ran out. */
typedef struct printer {
  const sch_file *file;
  bool failed;
} printer;

static json_t *table_json(printer *p, const sch_table *table, const void *record);

static void set(printer *p, json_t *object, const char *key, json_t *value) {
  if (json_object_set_new_nocheck(object, key, value)) p->failed = true;
}

/* ---- values ---- */

/* The double nearest to the shortest decimal of at most 9 digits that reads back as v. */
static json_t *float_json(float v) {
  char text[32];
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  if (isinf(v)) return json_string(v > 0 ? "Infinity" : "-Infinity");
  if (bits == 0x7fc00000) return json_string("NaN");
  if (isnan(v)) {
    snprintf(text, sizeof text, "0x%08x", bits);
    return json_string(text);
  }
  for (int digits = 6; digits <= 9; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, (double)v);
    if ((float)strtod(text, NULL) == v) break;
  }
  return json_real(strtod(text, NULL));
}

static json_t *integer_json(const sch_enum *values, int64_t v) {
  const char *name = values && v >= INT32_MIN && v <= INT32_MAX ? sch_enum_name(values, (int32_t)v) : NULL;
  return name ? json_string(name) : json_integer(v);
}

/* A value as records hold it. */
static json_t *scalar_json(sch_scalar scalar, const sch_enum *values, const void *at) {
  int32_t i;
  uint32_t u;
  int64_t l;
  uint64_t ul;
  float f;
  char text[24];
  switch (scalar) {
    case SCH_bool: return json_boolean(*(const bool *)at);
    case SCH_ubyte: return json_integer(*(const uint8_t *)at);
    case SCH_uint: memcpy(&u, at, sizeof u); return integer_json(values, u);
    case SCH_long: memcpy(&l, at, sizeof l); return json_integer(l);
    case SCH_ulong:
      memcpy(&ul, at, sizeof ul);
      if (ul <= INT64_MAX) return json_integer((json_int_t)ul);
      snprintf(text, sizeof text, "%llu", (unsigned long long)ul);
      return json_string(text);
    case SCH_float: memcpy(&f, at, sizeof f); return float_json(f);
    default: memcpy(&i, at, sizeof i); return integer_json(values, i);
  }
}

static json_t *bytes_json(const void *bytes, uint64_t size) {
  const size_t n = size <= SIZE_MAX ? base64_size((size_t)size) : 0;
  if (!size) return json_string("");
  char *text = n ? malloc(n) : NULL;
  if (!text) return NULL;
  base64_encode(text, bytes, (size_t)size);
  json_t *value = json_stringn_nocheck(text, n);
  free(text);
  return value;
}

/* jansson refuses what is no UTF-8. */
static json_t *string_json(const sch_string *s) {
  json_t *plain = json_stringn(s->data, s->size);
  if (plain) return plain;
  json_t *escaped = json_object();
  if (json_object_set_new_nocheck(escaped, "base64", bytes_json(s->data, s->size))) {
    json_decref(escaped);
    return NULL;
  }
  return escaped;
}

static json_t *list_json(printer *p, sch_scalar scalar, const sch_enum *values, const uint8_t *items, uint64_t count,
                         size_t width) {
  json_t *list = json_array();
  for (uint64_t i = 0; i < count && !p->failed; i++) {
    const uint8_t *at = items + i * width;
    json_t *value;
    if (scalar == SCH_ushort) value = json_integer(at[0] | at[1] << 8);
    else value = scalar_json(scalar, values, at);
    if (json_array_append_new(list, value)) p->failed = true;
  }
  return list;
}

/* ---- fields ---- */

static json_t *range_json(printer *p, const sch_field *f, const sch_range *range) {
  const void *bytes = sch_bytes(p->file, range);
  if (f->scalar == SCH_ubyte) return bytes_json(bytes, range->size);
  const size_t width = sch_scalar_size(f->scalar);
  return list_json(p, f->scalar, f->values, bytes, range->size / width, width);
}

static json_t *records_json(printer *p, const sch_table *table, const sch_list *list) {
  json_t *array = json_array();
  for (uint32_t i = 0; i < list->count && !p->failed; i++)
    if (json_array_append_new(array, table_json(p, table, (const uint8_t *)list->data + i * table->size)))
      p->failed = true;
  return array;
}

static void put_one_of(printer *p, json_t *object, const sch_field *f, const uint8_t *record) {
  char key[80];
  const uint8_t code = record[f->type_offset];
  const sch_table *table = sch_union_table(f->members, code);
  const void *value = *(void *const *)(const void *)(record + f->offset);
  if (!code) return;
  snprintf(key, sizeof key, "%s_type", f->name);
  set(p, object, key, table ? json_string(table->name) : json_integer(code));
  if (table && value) set(p, object, f->name, table_json(p, table, value));
}

static void put_field(printer *p, json_t *object, const sch_table *table, const sch_field *f, const uint8_t *record) {
  const void *value = record + f->offset;
  const sch_u8s *bytes = value;
  switch (f->kind) {
    case SCH_SCALAR:
      if (memcmp(value, (const uint8_t *)table->defaults + f->offset, sch_record_scalar_size(f->scalar)) != 0)
        set(p, object, f->name, scalar_json(f->scalar, f->values, value));
      break;
    case SCH_STRING:
      if (((const sch_string *)value)->data) set(p, object, f->name, string_json(value));
      break;
    case SCH_VECTOR:
      if (!bytes->data) break;
      if (f->scalar == SCH_ubyte) set(p, object, f->name, bytes_json(bytes->data, bytes->count));
      else
        set(p, object, f->name,
            list_json(p, f->scalar, f->values, bytes->data, bytes->count, sch_record_scalar_size(f->scalar)));
      break;
    case SCH_RANGE:
      if (((const sch_range *)value)->present) set(p, object, f->name, range_json(p, f, value));
      break;
    case SCH_RECORD:
      if (*(void *const *)value) set(p, object, f->name, table_json(p, f->table, *(void *const *)value));
      break;
    case SCH_RECORDS:
      if (((const sch_list *)value)->data) set(p, object, f->name, records_json(p, f->table, value));
      break;
    case SCH_ONE_OF: put_one_of(p, object, f, record); break;
  }
}

/* A buffer or operator with its data inside; others as they are. */
static const void *inside(printer *p, const sch_table *table, const void *record, sch_Buffer *buffer,
                          sch_Operator *op) {
  uint64_t size;
  if (table == &sch_table_Buffer && ((const sch_Buffer *)record)->offset > 1) {
    const sch_Buffer *b = record;
    *buffer = (sch_Buffer){.data = {.offset = b->offset, .size = b->size, .present = true}};
    return buffer;
  }
  if (table == &sch_table_Operator && ((const sch_Operator *)record)->large_custom_options_offset > 1) {
    *op = *(const sch_Operator *)record;
    op->custom_options.data = sch_custom_options(p->file, record, &size);
    if (size > UINT32_MAX) p->failed = true;
    op->custom_options.count = (uint32_t)size;
    op->large_custom_options_offset = op->large_custom_options_size = 0;
    return op;
  }
  return record;
}

static json_t *table_json(printer *p, const sch_table *table, const void *given) {
  sch_Buffer buffer;
  sch_Operator op;
  const void *record = inside(p, table, given, &buffer, &op);
  json_t *object = json_object();
  for (uint32_t i = 0; i < table->count && !p->failed; i++) put_field(p, object, table, &table->fields[i], record);
  return object;
}

json_t *sch_json_from(const sch_file *file, mote_error *e) {
  printer p = {.file = file};
  json_t *object = table_json(&p, &sch_table_Model, file->model);
  if (object && !p.failed) return object;
  json_decref(object);
  err_set(e, MOTE_ERR_MEMORY, "out of memory: the model of %llu bytes is too large to become JSON",
          (unsigned long long)file->size);
  return NULL;
}

mote_status sch_json_print(const sch_file *file, int indent, int (*write)(const char *piece, size_t size, void *user),
                           void *user, mote_error *e) {
  json_t *object = sch_json_from(file, e);
  if (!object) return MOTE_ERR_MEMORY;
  /* 9 digits tell all floats apart, and do not spoil shorter ones. */
  const size_t flags = JSON_REAL_PRECISION(9) | (indent ? JSON_INDENT((size_t)indent) : JSON_COMPACT);
  const int failed = json_dump_callback(object, write, user, flags);
  json_decref(object);
  return failed ? err_set(e, MOTE_ERR_IO, "the JSON could not be written") : MOTE_OK;
}
