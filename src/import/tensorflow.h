/* tensorflow.h: what TensorFlow writes: a folder with a SavedModel, a GraphDef (.pb, .pbtxt), a checkpoint's .meta. */
#ifndef IMPORT_TENSORFLOW_H
#define IMPORT_TENSORFLOW_H

#include "import/import.h"

extern const importer import_tensorflow;

#endif
