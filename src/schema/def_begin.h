/* def_begin.h: first line of a .def file: macros that its reader left undefined vanish. See schema.def. */
#ifndef ENUM
#define ENUM(name, base)
#endif
#ifndef VALUE
#define VALUE(owner, name, number)
#endif
#ifndef END_ENUM
#define END_ENUM(name)
#endif
#ifndef UNION
#define UNION(name)
#endif
#ifndef MEMBER
#define MEMBER(owner, name, code)
#endif
#ifndef END_UNION
#define END_UNION(name)
#endif
#ifndef TABLE
#define TABLE(name)
#endif
#ifndef END_TABLE
#define END_TABLE(name)
#endif
#ifndef SCALAR
#define SCALAR(owner, name, slot, type, value)
#endif
#ifndef CHOICE
#define CHOICE(owner, name, slot, of, value)
#endif
#ifndef STRING
#define STRING(owner, name, slot)
#endif
#ifndef VECTOR
#define VECTOR(owner, name, slot, type, align)
#endif
#ifndef CHOICES
#define CHOICES(owner, name, slot, of)
#endif
#ifndef RANGE
#define RANGE(owner, name, slot, type, align)
#endif
#ifndef RECORD
#define RECORD(owner, name, slot, of)
#endif
#ifndef RECORDS
#define RECORDS(owner, name, slot, of)
#endif
#ifndef ONE_OF
#define ONE_OF(owner, name, slot, of)
#endif
