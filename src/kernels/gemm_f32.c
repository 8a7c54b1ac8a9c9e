/* gemm_f32.c: the kernels of a level; see gemm_f32.h. */
#include "kernels/tables.h"

const gemm_f32 *kern_gemm_f32(cpu_level level) { return KERN_CHOOSE(gemm_f32, level); }
