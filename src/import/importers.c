/* importers.c: the source formats of this build. */
#include "import/keras.h"
#include "import/tensorflow.h"
#include "import/tflite.h"

const importer *const importers[] = {
    &import_tflite,
#ifdef MOTE_HAVE_HDF5
    &import_keras,
#endif
#ifdef MOTE_HAVE_PROTOBUF
    &import_tensorflow,
#endif
    NULL,
};
