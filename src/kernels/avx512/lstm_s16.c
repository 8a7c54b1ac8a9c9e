/* lstm_s16.c: the element-wise part of an integer LSTM cell for this folder's instruction set. */
#define KERN_LEVEL avx512
#include "kernels/body/lstm_s16.inc.h"
