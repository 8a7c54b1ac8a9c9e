/* write.h: records to a .tflite file.
 *
 * The same records give the same bytes. Tables come first and together, weights after them, each aligned to 16; a
 * file over 2 GiB has its weights outside the FlatBuffer. The result is a list of parts that point into the source
 * where they can, so that a big model needs no second copy in memory.
 */
#ifndef SCHEMA_WRITE_H
#define SCHEMA_WRITE_H

#include "base/file.h"
#include "schema/read.h"

typedef struct sch_write_options {
  bool outside;         /* put the data of all buffers behind the FlatBuffer, whatever the size */
  bool drop_appended;   /* leave out what follows the model in the source (its metadata zip, say) */
  sch_range archive;    /* in memory: a zip archive to follow the model instead, whose offsets count from its start */
  uint64_t inside_most; /* largest FlatBuffer before data goes outside; 0: what the format allows */
} sch_write_options;

/* A file in parts. They point into the source's map and into this object; both must stay until it is written. */
typedef struct sch_image {
  arena arena;
  uint8_t *tables; /* the first part */
  mem *mem;
  file_part *parts;
  size_t count;
  uint64_t size; /* sum of the parts */
} sch_image;

/* Lays out source->model. Data of buffers comes from the source's file or from memory, as the ranges say. options may
 * be NULL. Values that the format cannot hold (options of an unknown kind, more than 2 GiB of tables) are errors. */
mote_status sch_write(const sch_file *source, mem *m, const sch_write_options *options, sch_image *out, mote_error *e);
void sch_image_free(sch_image *image);

/* Records of another schema (a .def file of its own) without RANGE fields, as a FlatBuffer in one block of m with this
 * identifier of 4 letters. */
mote_status sch_write_tables(const void *record, const sch_table *root, const char *identifier, mem *m, uint8_t **data,
                             size_t *size, mote_error *e);

/* The whole as one block of m. */
mote_status sch_image_join(const sch_image *image, mem *m, uint8_t **data, size_t *size, mote_error *e);

/* What follows the model in a file (rule F21): offset and size; size 0 when nothing but padding does. */
sch_range sch_appended(const sch_file *file);

#endif
