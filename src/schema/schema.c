/* schema.c: the tables of schema.h, made from schema.def, and look-ups in them. */
#include "schema/schema.h"

#include <string.h>

#define SCHEMA_DEF "schema/schema.def"
#include "schema/define.h"

/* clang-format off */
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
  const char *name = values->names;
  for (uint32_t i = 0; i < values->count; i++, name += strlen(name) + 1)
    if (values->numbers[i] == number) return name;
  return NULL;
}

bool sch_enum_number(const sch_enum *values, const char *name, size_t length, int32_t *number) {
  const char *have = values->names;
  for (uint32_t i = 0; i < values->count; i++, have += strlen(have) + 1)
    if (strlen(have) == length && memcmp(have, name, length) == 0) return *number = values->numbers[i], true;
  return false;
}
