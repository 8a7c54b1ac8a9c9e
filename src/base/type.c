/* type.c: names and widths of element types. */
#include "mote/mote.h"

/* clang-format off */
#define TYPES(X)                             \
  X(MOTE_FLOAT32, "float32", 32)             \
  X(MOTE_FLOAT16, "float16", 16)             \
  X(MOTE_INT32, "int32", 32)                 \
  X(MOTE_UINT8, "uint8", 8)                  \
  X(MOTE_INT64, "int64", 64)                 \
  X(MOTE_STRING, "string", 0)                \
  X(MOTE_BOOL, "bool", 8)                    \
  X(MOTE_INT16, "int16", 16)                 \
  X(MOTE_COMPLEX64, "complex64", 64)         \
  X(MOTE_INT8, "int8", 8)                    \
  X(MOTE_FLOAT64, "float64", 64)             \
  X(MOTE_COMPLEX128, "complex128", 128)      \
  X(MOTE_UINT64, "uint64", 64)               \
  X(MOTE_RESOURCE, "resource", 32)           \
  X(MOTE_VARIANT, "variant", 0)              \
  X(MOTE_UINT32, "uint32", 32)               \
  X(MOTE_UINT16, "uint16", 16)               \
  X(MOTE_INT4, "int4", 4)                    \
  X(MOTE_BFLOAT16, "bfloat16", 16)           \
  X(MOTE_INT2, "int2", 2)                    \
  X(MOTE_UINT4, "uint4", 4)                  \
  X(MOTE_FLOAT8_E4M3FN, "float8_e4m3fn", 8)  \
  X(MOTE_FLOAT8_E5M2, "float8_e5m2", 8)
/* clang-format on */

const char *mote_type_name(mote_type type) {
#define X(code, name, bits)                                                                                            \
  case code: return name;
  switch ((int)type) { TYPES(X) }
#undef X
  return "unknown";
}

int mote_type_bits(mote_type type) {
#define X(code, name, bits)                                                                                            \
  case code: return bits;
  switch ((int)type) { TYPES(X) }
#undef X
  return 0;
}
