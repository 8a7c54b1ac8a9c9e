/* importers.c: the source formats of this build. */
#include "import/tflite.h"

const importer *const importers[] = {&import_tflite, NULL};
