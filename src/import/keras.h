/* keras.h: what Keras writes: HDF5 (.h5, .hdf5, and .keras of old), weights beside a .json, and Keras 3's .keras. */
#ifndef IMPORT_KERAS_H
#define IMPORT_KERAS_H

#include "import/import.h"

extern const importer import_keras;

#endif
