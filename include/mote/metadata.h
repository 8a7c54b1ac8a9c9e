/* mote/metadata.h: what a .tflite file says about itself: what its inputs and outputs mean, how pictures are
 * normalised, and the label files in the zip that is appended to it.
 *
 *     mote_metadata *about = mote_metadata_open("model.tflite", NULL, &e);
 *     const mote_meta_file *file = mote_metadata_label_file(about, 0);
 *     mote_lines *labels = file ? mote_metadata_lines(about, file, &e) : NULL;
 *     if (labels) puts(labels->line[class_index]);
 *     mote_lines_free(labels);
 *     mote_metadata_free(about);
 *
 * Most of it is optional in a file: texts that are absent are "", lists that are absent have no elements. What it says
 * is not checked against the network. Ownership, threads and errors: as in media.h.
 */
#ifndef MOTE_METADATA_H
#define MOTE_METADATA_H

#include "mote/media.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mote_meta_file_type {
  MOTE_META_FILE_UNKNOWN = 0,
  MOTE_META_FILE_DESCRIPTIONS = 1,
  MOTE_META_FILE_AXIS_LABELS = 2,  /* line i names index i of an axis: classes of a classifier */
  MOTE_META_FILE_VALUE_LABELS = 3, /* line i names the value i: classes of a detector */
  MOTE_META_FILE_SCORE_CALIBRATION = 4,
  MOTE_META_FILE_VOCABULARY = 5 /* a word a line */
} mote_meta_file_type;

/* A file that the metadata names; its contents are in the appended zip. */
typedef struct mote_meta_file {
  const char *name, *description, *locale;
  mote_meta_file_type type;
} mote_meta_file;

/* What is said of an input or output. */
typedef struct mote_meta_tensor {
  const char *name, *description;
  bool is_image;
  bool is_grey;         /* an image of one channel */
  uint32_t image_width; /* to use where the model leaves it open; 0: not said */
  uint32_t image_height;
  size_t mean_count, std_count; /* normalisation, (x - mean) / std: 1 value for all channels or one each; 0: none */
  const float *mean, *std;
  bool has_threshold; /* scores below it are better not shown */
  float threshold;
  size_t file_count;
  const mote_meta_file *files;
} mote_meta_tensor;

typedef struct mote_metadata {
  bool present; /* false: the file has none, and all below is empty */
  const char *name, *description, *version, *author, *license;
  size_t input_count, output_count; /* of the first subgraph, in the order of its inputs and outputs */
  const mote_meta_tensor *inputs, *outputs;
  size_t file_count; /* that belong to the subgraph or the model, not to one tensor */
  const mote_meta_file *files;
} mote_metadata;

/* Verifies the file and reads its metadata. A file without metadata gives an object that is not `present`; a damaged
 * one gives NULL. The bytes of the second form must outlive the object. config may be NULL. */
MOTE_API mote_metadata *mote_metadata_open(const char *path, const mote_media_config *config, mote_error *e);
MOTE_API mote_metadata *mote_metadata_from_memory(const void *file, size_t size, const char *name,
                                                  const mote_media_config *config, mote_error *e);

/* For those who have a model open: `metadata` as mote_model_metadata(model, "TFLITE_METADATA", ...) gives it, and the
 * bytes of the whole file, for its zip. All must outlive the object. */
MOTE_API mote_metadata *mote_metadata_new(const void *metadata, size_t metadata_size, const void *file, size_t size,
                                          const char *name, const mote_media_config *config, mote_error *e);
MOTE_API void mote_metadata_free(mote_metadata *metadata); /* NULL is fine */

/* Fills mean, std and normalise of prep from what is said of an input; false, with prep as it was, when nothing is. */
MOTE_API bool mote_metadata_prep(const mote_metadata *metadata, size_t input, mote_image_prep *prep);

/* The file with the labels of an output: its own (labels of an axis before labels of values, files without a locale
 * before others), else one of the subgraph or the model. NULL when there is none. */
MOTE_API const mote_meta_file *mote_metadata_label_file(const mote_metadata *metadata, size_t output);

/* Lines of text. Ends of lines (LF or CR LF) and a byte order mark are cut off; an empty last line does not count. */
typedef struct mote_lines {
  size_t count;
  const char *const *line; /* [count], each ended by 0 */
} mote_lines;

/* The lines of a named file in the zip. Archives of more than 4096 entries, names that are paths, entries over 64 MiB
 * or that promise more than 200 times their packed size are refused. Needs a build with libzip. */
MOTE_API mote_lines *mote_metadata_lines(const mote_metadata *metadata, const mote_meta_file *file, mote_error *e);

/* The lines of a text file of its own, a label file for example. */
MOTE_API mote_lines *mote_lines_open(const char *path, const mote_media_config *config, mote_error *e);
MOTE_API void mote_lines_free(mote_lines *lines); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
