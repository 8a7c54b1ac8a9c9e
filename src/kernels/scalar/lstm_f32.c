/* lstm_f32.c: the element-wise part of an LSTM cell for this folder's instruction set. */
#define KERN_LEVEL scalar
#include "kernels/body/lstm_f32.inc.h"
