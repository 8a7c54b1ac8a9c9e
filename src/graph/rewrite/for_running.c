/* for_running.c: the rewrites that programs use; no other one is linked into a runtime. */
#include "graph/rewrite/rewrite.h"

/* clang-format off */
const rewrite *const rewrites_for_running[] = {
#define FILE_ONLY(name)
#define BOTH(name) &rewrite_##name,
#include "graph/rewrite/list.def"
    NULL};
/* clang-format on */
