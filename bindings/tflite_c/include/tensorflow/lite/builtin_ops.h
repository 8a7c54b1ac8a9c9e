/* builtin_ops.h: where programs that include tensorflow/lite/builtin_ops.h find it. */
#include "tensorflow/lite/c/builtin_ops.h"
