/* zip.h: one named entry of the zip archive that is appended to a model. */
#ifndef METADATA_ZIP_H
#define METADATA_ZIP_H

#include "base/alloc.h"
#include "mote/mote.h"

/* Reads an entry into memory of m, which the caller frees. `model` names the file in messages. */
mote_status appended_read(const uint8_t *file, size_t size, const char *model, const char *entry, mem *m, void **data,
                          size_t *data_size, mote_error *e);

#endif
