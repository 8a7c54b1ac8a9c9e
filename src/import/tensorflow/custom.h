/* custom.h: operators that .tflite lacks, as custom operators of the same name. */
#ifndef IMPORT_TENSORFLOW_CUSTOM_H
#define IMPORT_TENSORFLOW_CUSTOM_H

#include "import/tensorflow/emit.h"

/* Makes c's operator a custom one: its attributes are a FlexBuffer map, as official conversion writes them. */
void tf_custom(tf_ctx *c);

#endif
