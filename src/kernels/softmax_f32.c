/* softmax_f32.c: the kernels of a level; see softmax_f32.h. */
#include "kernels/tables.h"

const softmax_f32 *kern_softmax_f32(cpu_level level) { return KERN_CHOOSE_256(softmax_f32, level); }
