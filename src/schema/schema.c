/* schema.c: the tables of schema.h, made from schema.def, and look-ups in them. */
#include "schema/schema.h"

#include <string.h>

/* clang-format off */

/* ---- enums ---- */

#define ENUM(name, base) static const struct sch_value values_##name[] = {
#define VALUE(owner, name, number) {#name, number},
#define END_ENUM(name) };
#include "schema/schema.def"

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

#define ENUM(name, base) const sch_enum sch_enum_##name = {#name, SCH_##base, COUNT(values_##name), values_##name};
#include "schema/schema.def"

/* ---- unions ---- */

#define UNION(name) static const sch_table *const members_##name[] = {NULL,
#define MEMBER(owner, name, code) [code] = &sch_table_##name,
#define END_UNION(name) }; \
  const sch_union sch_union_##name = {#name, COUNT(members_##name), members_##name};
#include "schema/schema.def"

/* ---- tables ---- */

#define TABLE(name) static const sch_##name default_##name = {.at = 0,
#define SCALAR(owner, field, slot, type, value) .field = value,
#define CHOICE(owner, field, slot, of, value) .field = sch_##of##_##value,
#define END_TABLE(name) };
#include "schema/schema.def"

#define ENUM(name, base_) enum { BASE_##name = SCH_##base_ };
#include "schema/schema.def"

/* An empty field at the end keeps the list of a table without fields from being empty. */
#define AT(owner, field) .name = #field, .offset = offsetof(sch_##owner, field)
#define TABLE(name) static const sch_field fields_##name[] = {
#define SCALAR(owner, field, slot_, type, value) \
  {AT(owner, field), .kind = SCH_SCALAR, .slot = slot_, .scalar = SCH_##type},
#define CHOICE(owner, field, slot_, of, value) \
  {AT(owner, field), .kind = SCH_SCALAR, .slot = slot_, .scalar = (sch_scalar)BASE_##of, .values = &sch_enum_##of},
#define STRING(owner, field, slot_) {AT(owner, field), .kind = SCH_STRING, .slot = slot_},
#define VECTOR(owner, field, slot_, type, align_) \
  {AT(owner, field), .kind = SCH_VECTOR, .slot = slot_, .scalar = SCH_##type, .align = align_},
#define CHOICES(owner, field, slot_, of) \
  {AT(owner, field), .kind = SCH_VECTOR, .slot = slot_, .scalar = (sch_scalar)BASE_##of, .values = &sch_enum_##of},
#define RANGE(owner, field, slot_, type, align_) \
  {AT(owner, field), .kind = SCH_RANGE, .slot = slot_, .scalar = SCH_##type, .align = align_},
#define RECORD(owner, field, slot_, of) {AT(owner, field), .kind = SCH_RECORD, .slot = slot_, .table = &sch_table_##of},
#define RECORDS(owner, field, slot_, of) \
  {AT(owner, field), .kind = SCH_RECORDS, .slot = slot_, .table = &sch_table_##of},
#define ONE_OF(owner, field, slot_, of) \
  {AT(owner, field), .kind = SCH_ONE_OF, .slot = slot_, .members = &sch_union_##of, \
   .type_offset = offsetof(sch_##owner, field##_type)},
#define END_TABLE(owner) {.name = NULL}};
#include "schema/schema.def"

#define TABLE(name) \
  const sch_table sch_table_##name = {#name, sizeof(sch_##name), COUNT(fields_##name) - 1, fields_##name, \
                                      &default_##name};
#include "schema/schema.def"

const sch_table *const sch_tables[] = {
#define TABLE(name) &sch_table_##name,
#include "schema/schema.def"
    NULL};
/* clang-format on */

/* ---- look-ups ---- */

size_t sch_scalar_size(sch_scalar scalar) {
  switch (scalar) {
    case SCH_bool:
    case SCH_byte:
    case SCH_ubyte: return 1;
    case SCH_ushort: return 2;
    case SCH_int:
    case SCH_uint:
    case SCH_float: return 4;
    case SCH_long:
    case SCH_ulong: return 8;
  }
  return 0;
}

size_t sch_record_scalar_size(sch_scalar scalar) {
  if (scalar == SCH_bool) return sizeof(bool);
  return scalar == SCH_byte || scalar == SCH_ushort ? sizeof(int32_t) : sch_scalar_size(scalar);
}

const sch_table *sch_union_table(const sch_union *members, uint8_t code) {
  return code < members->count ? members->tables[code] : NULL;
}

const sch_table *sch_options_table(int which, uint8_t code) {
  return sch_union_table(which == 2 ? &sch_union_BuiltinOptions2 : &sch_union_BuiltinOptions, code);
}

const void *sch_options_default(int which, uint8_t code) {
  const sch_table *table = sch_options_table(which, code);
  return table ? table->defaults : NULL;
}

const char *sch_enum_name(const sch_enum *values, int32_t number) {
  for (uint32_t i = 0; i < values->count; i++)
    if (values->values[i].number == number) return values->values[i].name;
  return NULL;
}

bool sch_enum_number(const sch_enum *values, const char *name, size_t length, int32_t *number) {
  for (uint32_t i = 0; i < values->count; i++) {
    const struct sch_value *v = &values->values[i];
    if (strlen(v->name) == length && memcmp(v->name, name, length) == 0) return *number = v->number, true;
  }
  return false;
}
