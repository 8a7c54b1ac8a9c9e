/* importers.c: the source formats of this build. */
#include "import/tensorflow.h"
#include "import/tflite.h"

const importer *const importers[] = {
    &import_tflite,
#ifdef MOTE_HAVE_PROTOBUF
    &import_tensorflow,
#endif
    NULL,
};
