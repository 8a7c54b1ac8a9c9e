/* schema.h: the .tflite format as C: constants, one record struct a table, and tables that describe them.
 *
 * All of it is made from schema.def. A record is the private, decoded form of a FlatBuffer table: host order, no
 * pointers into the file, lists as pointer and count. Absent and empty differ: data is NULL only when absent. Reading
 * files into records is read.h.
 */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- values of fields ---- */

/* Bytes of a name. A 0 follows them; they may hold others, so `size` rules. */
typedef struct sch_string {
  const char *data;
  uint32_t size;
} sch_string;

typedef struct sch_bools {
  const bool *data;
  uint32_t count;
} sch_bools;
typedef struct sch_u8s {
  const uint8_t *data;
  uint32_t count;
} sch_u8s;
typedef struct sch_i32s {
  const int32_t *data;
  uint32_t count;
} sch_i32s;
typedef struct sch_i64s {
  const int64_t *data;
  uint32_t count;
} sch_i64s;
typedef struct sch_f32s {
  const float *data;
  uint32_t count;
} sch_f32s;

/* Where a big vector lies: bytes from the start of the file, or, for records made in memory, at `memory`. */
typedef struct sch_range {
  uint64_t offset, size;
  const void *memory; /* NULL: in the file */
  bool present;
} sch_range;

/* Types of scalars and of lists, by their names in .def files. */
#define SCH_C_bool bool
#define SCH_C_byte int32_t
#define SCH_C_int int32_t
#define SCH_C_uint uint32_t
#define SCH_C_long int64_t
#define SCH_C_ulong uint64_t
#define SCH_C_float float
#define SCH_LIST_bool sch_bools
#define SCH_LIST_ubyte sch_u8s
#define SCH_LIST_int sch_i32s
#define SCH_LIST_long sch_i64s
#define SCH_LIST_float sch_f32s

/* A list of records, whatever they are: every RECORDS field has this layout. */
typedef struct sch_list {
  void *data;
  uint32_t count;
} sch_list;

/* ---- tables that describe the format ---- */

typedef enum sch_scalar {
  SCH_bool,
  SCH_byte,
  SCH_ubyte,
  SCH_ushort,
  SCH_int,
  SCH_uint,
  SCH_long,
  SCH_ulong,
  SCH_float
} sch_scalar;

typedef enum sch_kind { SCH_SCALAR, SCH_STRING, SCH_VECTOR, SCH_RANGE, SCH_RECORD, SCH_RECORDS, SCH_ONE_OF } sch_kind;

typedef struct sch_enum {
  const char *name;
  const char *names;      /* count names one after the other, each ended by a 0 */
  const int16_t *numbers; /* [count], ascending */
  uint16_t count;
  uint8_t base; /* sch_scalar */
} sch_enum;

typedef struct sch_table sch_table;

typedef struct sch_union {
  const char *name;
  uint32_t count;                 /* codes, NONE included */
  const sch_table *const *tables; /* [count], by code; [0] is NULL */
} sch_union;

/* Small, because there are several hundred of them. */
typedef struct sch_field {
  const char *name;
  union {                     /* by kind: */
    const sch_enum *values;   /* SCALAR, VECTOR, RANGE: NULL when plain numbers */
    const sch_table *table;   /* RECORD, RECORDS */
    const sch_union *members; /* ONE_OF */
  };
  uint8_t kind;   /* sch_kind */
  uint8_t scalar; /* sch_scalar; SCALAR, VECTOR, RANGE: as in the file */
  uint8_t slot;
  uint8_t align;        /* VECTOR, RANGE: of the elements in the file */
  uint16_t offset;      /* in the record */
  uint16_t type_offset; /* ONE_OF: of the code */
} sch_field;

struct sch_table {
  const char *name;
  const sch_field *fields; /* [count], by slot */
  const void *defaults;    /* a record with every field at its default */
  uint16_t count, size;    /* size: of the record */
};

/* The records and tables of the format: sch_Model, sch_TensorType_FLOAT32, sch_table_Model, ... */
#define SCHEMA_DEF "schema/schema.def"
#include "schema/declare.h"

/* All tables of the format, in the order of schema.def; ends with NULL. */
extern const sch_table *const sch_tables[];

/* Bytes of one scalar in the file, and in a record. */
size_t sch_scalar_size(sch_scalar scalar);
size_t sch_record_scalar_size(sch_scalar scalar);

/* The table of a union's code; NULL for NONE and for codes that are not known. */
const sch_table *sch_union_table(const sch_union *members, uint8_t code);
/* The same for an operator's options: which = 1 for BuiltinOptions, 2 for BuiltinOptions2. */
const sch_table *sch_options_table(int which, uint8_t code);
/* A record of those options with every field at its default; NULL as above. */
const void *sch_options_default(int which, uint8_t code);

/* Name of a value; NULL when it is not known. Number of a name; false when it is not known. */
const char *sch_enum_name(const sch_enum *values, int32_t number);
bool sch_enum_number(const sch_enum *values, const char *name, size_t length, int32_t *number);

#endif
