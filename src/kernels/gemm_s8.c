/* gemm_s8.c: the kernels of a level; see gemm_s8.h. */
#include "kernels/tables.h"

const gemm_s8 *kern_gemm_s8(cpu_level level) { return KERN_CHOOSE(gemm_s8, level); }
