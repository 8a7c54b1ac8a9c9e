/* data.h: samples for a network: a folder or a tar archive of pictures, sounds and arrays, or one file of arrays or a
 * table; and the classes they belong to.
 *
 * Files: data.c says what the options mean and feeds networks; data_files.c lists folders and archives, data_labels.c
 * finds the classes.
 */
#ifndef CLI_DATA_H
#define CLI_DATA_H

#include "cli/cli.h"
#include "media/source.h"
#include "mote/compress.h"

typedef struct data_options {
  const char *path;         /* NULL: none */
  const char *labels_from;  /* a table of names and labels, an array of numbers, or the word folders */
  const char *label_column; /* of a table: its name or number */
  const char *raw;          /* what .bin and .raw files hold: TYPE[,SCALE[,ZERO]] */
  opt_floats mean, std;
  bool crop;
  int shuffle; /* the seed of an order by chance; 0: by name */
} data_options;

#define DATA_OPTS(d)                                                                                                   \
  {"data", OPT_TEXT, &(d).path}, {"mean", OPT_FLOATS, &(d).mean}, {"std", OPT_FLOATS, &(d).std},                       \
      {"crop", OPT_FLAG, &(d).crop}, {"labels-from", OPT_TEXT, &(d).labels_from},                                      \
      {"label-column", OPT_TEXT, &(d).label_column}, {"raw", OPT_TEXT, &(d).raw}, {                                    \
    "shuffle", OPT_INT, &(d).shuffle                                                                                   \
  }

typedef struct data_item {
  char *name;          /* a path: of a file, or in the archive */
  const uint8_t *data; /* in the archive; NULL: it is a file */
  size_t size;
} data_item;

typedef struct data_samples {
  const common *c;
  data_item *items; /* of a folder or archive, by name; or one of these: */
  mote_arrays *arrays;
  mote_table *table;
  media_source tar;     /* mem NULL: no archive */
  size_t count, folder; /* samples; bytes of a name that are the folder's own */
  int64_t *order;       /* [count]; NULL: as they are */
  int32_t *labels;      /* [count], by their first order; NULL: not known */
  int32_t label_array;  /* of arrays, and of columns: no input; -1: none */
  double *row;          /* a row of the table */
  bool *text;           /* [columns]: they hold no numbers in the first row */
  mote_image_prep prep;
  bool prepares; /* prep is known; else it is what networks expect */
  mote_type raw_type;
  double raw_scale, raw_zero;
  bool has_raw;
} data_samples;

/* What the options name; the file of the network may say how pictures are normalised. Nothing when there is no path.
 * Exit status, after saying what is wrong. */
int data_samples_open(data_samples *d, const data_options *o, const char *network, const common *c);
void data_samples_close(data_samples *d);
/* Holds as long as d. */
mote_samples data_samples_of(data_samples *d);

/* data_files.c: fills items, by name. False after saying what is wrong. */
bool data_list_folder(data_samples *d, const char *path);
bool data_list_tar(data_samples *d, const char *path);
/* data_labels.c: fills labels, where there are any. False after saying what is wrong. */
bool data_labels(data_samples *d, const data_options *o, const mote_metadata *about);

#endif
