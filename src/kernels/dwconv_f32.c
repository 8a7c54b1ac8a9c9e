/* dwconv_f32.c: the kernels of a level; see dwconv_f32.h. */
#include "kernels/tables.h"

const dwconv_f32 *kern_dwconv_f32(cpu_level level) { return KERN_CHOOSE(dwconv_f32, level); }
