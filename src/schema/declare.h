/* declare.h: what a .def file declares: constants, records and the tables that describe them. A template, included once
 * for each .def file, which the macro SCHEMA_DEF names; schema.h does that for the format itself.
 */
/* clang-format off */

/* ---- sch_TensorType_FLOAT32, sch_BuiltinOperator_CONV_2D, sch_BuiltinOptions_Conv2DOptions, ... ---- */

#define ENUM(name, base) enum {
#define VALUE(owner, name, number) sch_##owner##_##name = number,
#define END_ENUM(name) };
#define UNION(name) enum { sch_##name##_NONE = 0,
#define MEMBER(owner, name, code) sch_##owner##_##name = code,
#define END_UNION(name) };
#include SCHEMA_DEF

/* ---- records: sch_Model, sch_Tensor, sch_Conv2DOptions, ... ---- */

#define TABLE(name) typedef struct sch_##name sch_##name;
#include SCHEMA_DEF

/* `at` is where the table begins in the file, 0 in records made by hand: for messages only. Values of enums, of
 * whatever width in the file, are int32_t. The table that a union holds is a record of the type its code names; NULL
 * when the code is NONE or unknown. */
#define TABLE(name) \
  struct sch_##name { \
    uint32_t at;
#define SCALAR(owner, name, slot, type, value) SCH_C_##type name;
#define CHOICE(owner, name, slot, of, value) int32_t name;
#define STRING(owner, name, slot) sch_string name;
#define VECTOR(owner, name, slot, type, align) SCH_LIST_##type name;
#define CHOICES(owner, name, slot, of) sch_i32s name;
#define RANGE(owner, name, slot, type, align) sch_range name;
#define RECORD(owner, name, slot, of) sch_##of *name;
#define RECORDS(owner, name, slot, of) \
  struct { \
    sch_##of *data; \
    uint32_t count; \
  } name;
#define ONE_OF(owner, name, slot, of) \
  uint8_t name##_type; \
  void *name;
#define END_TABLE(name) };
#include SCHEMA_DEF

/* sch_table_Model, sch_enum_TensorType, sch_union_BuiltinOptions, ... */
#define ENUM(name, base) extern const sch_enum sch_enum_##name;
#define UNION(name) extern const sch_union sch_union_##name;
#define TABLE(name) extern const sch_table sch_table_##name;
#include SCHEMA_DEF
/* clang-format on */
#undef SCHEMA_DEF
