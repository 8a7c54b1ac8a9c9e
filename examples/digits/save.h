/* save.h: a trained network as JSON, in the names of the .tflite format. pack.c makes the file from it. */
#ifndef DIGITS_SAVE_H
#define DIGITS_SAVE_H

#include <stdio.h>

#include "net.h"

void save_json(FILE *f, const net_weights *w);

#endif
