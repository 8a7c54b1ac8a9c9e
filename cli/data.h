/* data.h: samples of a network with one input: a folder of pictures, sounds and arrays, or one array of them all. */
#ifndef CLI_DATA_H
#define CLI_DATA_H

#include "cli/cli.h"
#include "mote/compress.h"

typedef struct data_options {
  const char *path; /* NULL: none */
  opt_floats mean, std;
} data_options;

#define DATA_OPTS(d)                                                                                                   \
  {"data", OPT_TEXT, &(d).path}, {"mean", OPT_FLOATS, &(d).mean}, { "std", OPT_FLOATS, &(d).std }

typedef struct data_samples {
  const common *c;
  char **files; /* of a folder, by name */
  size_t count;
  mote_array *array; /* or this: its first dimension counts samples */
  mote_image_prep prep;
  bool prepares; /* prep is said by options or metadata; else it is what networks expect */
} data_samples;

/* What the options name; the file of the network may say how pictures are normalised. Nothing when there is no path.
 * Exit status, after saying what is wrong. */
int data_samples_open(data_samples *d, const data_options *o, const char *network, const common *c);
void data_samples_close(data_samples *d);
/* Holds as long as d. */
mote_samples data_samples_of(data_samples *d);

#endif
