/* make.h: FlatBuffers and zip archives made by hand, for the metadata tests. */
#ifndef TEST_METADATA_MAKE_H
#define TEST_METADATA_MAKE_H

#include "media/make.h"

/* What a metadata FlatBuffer says; NULL and 0 leave a field out. */
typedef struct about {
  const char *name;
  int means, stds; /* how many; values are 100 + i and 2 + i */
  const char *files[4];
  int types[4];
  const char *locales[4];
  bool files_of_model; /* else of the output */
  float threshold;     /* of the output; 0: none */
} about;
bytes make_metadata(const about *a);

/* A model without operators, with this metadata (NULL: none). */
bytes make_model(const bytes *metadata);

/* Appends an archive with one entry to a model. Offsets count from the start of the whole, or of the archive. */
void append_zip(bytes *model, const char *entry, const void *data, size_t size, bool deflated, bool from_whole);

#endif
