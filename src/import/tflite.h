/* tflite.h: .tflite files and their JSON form as a source. */
#ifndef IMPORT_TFLITE_H
#define IMPORT_TFLITE_H

#include "import/import.h"

extern const importer import_tflite;

#endif
