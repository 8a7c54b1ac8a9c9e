/* dwconv_s8.c: the kernels of a level; see dwconv_s8.h. */
#include "kernels/tables.h"

const dwconv_s8 *kern_dwconv_s8(cpu_level level) { return KERN_CHOOSE(dwconv_s8, level); }
