/* lstm_f32.c: the kernels of a level; see lstm_f32.h. */
#include "kernels/tables.h"

const lstm_f32 *kern_lstm_f32(cpu_level level) { return KERN_CHOOSE_256(lstm_f32, level); }
