/* appended.h: what follows the model in its file. Private to this room. */
#ifndef SCHEMA_APPENDED_H
#define SCHEMA_APPENDED_H

#include "schema/read.h"

/* The bytes that follow the model in source, fit to be written at position `at` of a new file: as they are, or, when
 * they are a zip archive whose offsets count from the start of the file, a copy in `a` with those corrected. */
mote_status appended_moved(const sch_file *source, uint64_t at, arena *a, const void **data, size_t *size,
                           mote_error *e);

/* The same for a zip archive in memory whose offsets count from its own start; past 4 GiB they stay that way. */
mote_status appended_archive(const sch_range *archive, uint64_t at, arena *a, const void **data, size_t *size,
                             mote_error *e);

#endif
