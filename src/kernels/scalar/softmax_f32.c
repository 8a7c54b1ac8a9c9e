/* softmax_f32.c: softmax for this folder's instruction set. */
#define KERN_LEVEL scalar
#include "kernels/body/softmax_f32.inc.h"
