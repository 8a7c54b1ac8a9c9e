/* def_end.h: last line of a .def file: its macros are undefined again. See schema.def. */
#undef ENUM
#undef VALUE
#undef END_ENUM
#undef UNION
#undef MEMBER
#undef END_UNION
#undef TABLE
#undef END_TABLE
#undef SCALAR
#undef CHOICE
#undef STRING
#undef VECTOR
#undef CHOICES
#undef RANGE
#undef RECORD
#undef RECORDS
#undef ONE_OF
