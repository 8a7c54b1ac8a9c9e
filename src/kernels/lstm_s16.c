/* lstm_s16.c: the kernels of a level; see lstm_s16.h. */
#include "kernels/tables.h"

const lstm_s16 *kern_lstm_s16(cpu_level level) { return KERN_CHOOSE_256(lstm_s16, level); }
