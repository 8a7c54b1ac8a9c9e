/* requant.c: the kernels of a level; see requant.h. */
#include "kernels/tables.h"

const requant *kern_requant(cpu_level level) { return KERN_CHOOSE(requant, level); }
