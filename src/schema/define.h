/* define.h: the tables that declare.h declares, made from the .def file that the macro SCHEMA_DEF names. A template for
 * one source file each.
 */
/* clang-format off */

/* ---- enums ---- */

/* Names stand one after the other in one string, each ended by a 0: half the size of a list of pointers. */
#define ENUM(name, base) static const char names_##name[] =
#define VALUE(owner, name, number) #name "\0"
#define END_ENUM(name) ;
#include SCHEMA_DEF

#define ENUM(name, base) static const int16_t numbers_##name[] = {
#define VALUE(owner, name, number) number,
#define END_ENUM(name) };
#include SCHEMA_DEF

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

#define ENUM(name, base) \
  const sch_enum sch_enum_##name = {#name, names_##name, numbers_##name, COUNT(numbers_##name), SCH_##base};
#include SCHEMA_DEF

/* ---- unions ---- */

#define UNION(name) static const sch_table *const members_##name[] = {NULL,
#define MEMBER(owner, name, code) [code] = &sch_table_##name,
#define END_UNION(name) }; \
  const sch_union sch_union_##name = {#name, COUNT(members_##name), members_##name};
#include SCHEMA_DEF

/* ---- tables ---- */

#define TABLE(name) static const sch_##name default_##name = {.at = 0,
#define SCALAR(owner, field, slot, type, value) .field = value,
#define CHOICE(owner, field, slot, of, value) .field = sch_##of##_##value,
#define END_TABLE(name) };
#include SCHEMA_DEF

#define ENUM(name, base_) enum { BASE_##name = SCH_##base_ };
#include SCHEMA_DEF

/* The fields of all tables stand in one list: some tables have none, and C has no empty lists. FIRST_x is where those of
 * table x begin, LAST_x where they end; the names between count on by one. */
#define TABLE(name) FIRST_##name, BEFORE_##name = FIRST_##name - 1,
#define SCALAR(owner, field, slot, type, value) AT_##owner##_##field,
#define CHOICE(owner, field, slot, of, value) AT_##owner##_##field,
#define STRING(owner, field, slot) AT_##owner##_##field,
#define VECTOR(owner, field, slot, type, align) AT_##owner##_##field,
#define CHOICES(owner, field, slot, of) AT_##owner##_##field,
#define RANGE(owner, field, slot, type, align) AT_##owner##_##field,
#define RECORD(owner, field, slot, of) AT_##owner##_##field,
#define RECORDS(owner, field, slot, of) AT_##owner##_##field,
#define ONE_OF(owner, field, slot, of) AT_##owner##_##field,
#define END_TABLE(name) LAST_##name, BEHIND_##name = LAST_##name - 1,
enum {
#include SCHEMA_DEF
};

#define AT(owner, field) .name = #field, .offset = offsetof(sch_##owner, field)
#define SCALAR(owner, field, slot_, type, value) \
  {AT(owner, field), .kind = SCH_SCALAR, .slot = slot_, .scalar = SCH_##type},
#define CHOICE(owner, field, slot_, of, value) \
  {AT(owner, field), .kind = SCH_SCALAR, .slot = slot_, .scalar = (uint8_t)BASE_##of, .values = &sch_enum_##of},
#define STRING(owner, field, slot_) {AT(owner, field), .kind = SCH_STRING, .slot = slot_},
#define VECTOR(owner, field, slot_, type, align_) \
  {AT(owner, field), .kind = SCH_VECTOR, .slot = slot_, .scalar = SCH_##type, .align = align_},
#define CHOICES(owner, field, slot_, of) \
  {AT(owner, field), .kind = SCH_VECTOR, .slot = slot_, .scalar = (uint8_t)BASE_##of, .values = &sch_enum_##of},
#define RANGE(owner, field, slot_, type, align_) \
  {AT(owner, field), .kind = SCH_RANGE, .slot = slot_, .scalar = SCH_##type, .align = align_},
#define RECORD(owner, field, slot_, of) {AT(owner, field), .kind = SCH_RECORD, .slot = slot_, .table = &sch_table_##of},
#define RECORDS(owner, field, slot_, of) \
  {AT(owner, field), .kind = SCH_RECORDS, .slot = slot_, .table = &sch_table_##of},
#define ONE_OF(owner, field, slot_, of) \
  {AT(owner, field), .kind = SCH_ONE_OF, .slot = slot_, .members = &sch_union_##of, \
   .type_offset = offsetof(sch_##owner, field##_type)},
static const sch_field all_fields[] = {
#include SCHEMA_DEF
};

#define TABLE(name) \
  const sch_table sch_table_##name = {#name, all_fields + FIRST_##name, &default_##name, LAST_##name - FIRST_##name, \
                                      sizeof(sch_##name)};
#include SCHEMA_DEF
/* clang-format on */

#undef COUNT
#undef AT
#undef SCHEMA_DEF
