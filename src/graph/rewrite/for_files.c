/* for_files.c: the rewrites that converters use. */
#include "graph/rewrite/rewrite.h"

/* clang-format off */
const rewrite *const rewrites_for_files[] = {
#define FILE_ONLY(name) &rewrite_##name,
#define BOTH(name) &rewrite_##name,
#include "graph/rewrite/list.def"
    NULL};
/* clang-format on */
