/* extend.h: what is added to what a file says of itself: normalisation of inputs, labels of outputs. */
#ifndef METADATA_EXTEND_H
#define METADATA_EXTEND_H

#include "base/arena.h"
#include "mote/mote.h"

/* News of one input or output. What is not said here stays as the file has it. */
typedef struct metadata_news {
  const char *name;          /* where the file gives it none */
  bool is_image, is_grey;    /* where the file says nothing of its contents */
  int32_t channels;          /* of mean and std; 0: no normalisation is set */
  const float *mean, *std;   /* replace what the file says */
  const char *labels;        /* the name of a label file, in place of those that the file names; NULL: as it is */
  bool labels_are_of_values; /* of a detector's classes, not of places along an axis */
} metadata_news;

/* A metadata FlatBuffer in `a` that says what `have` does (`size` bytes; 0: nothing) and the news of all inputs and
 * outputs of the main graph, in their order. */
mote_status metadata_extend(const void *have, size_t size, const metadata_news *inputs, int32_t num_inputs,
                            const metadata_news *outputs, int32_t num_outputs, arena *a, const void **data,
                            size_t *data_size, mote_error *e);

#endif
