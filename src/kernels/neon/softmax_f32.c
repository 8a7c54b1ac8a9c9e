/* softmax_f32.c: softmax for this folder's instruction set. */
#define KERN_LEVEL neon
#include "kernels/body/softmax_f32.inc.h"
