/* npz.h: the arrays of a NumPy archive, .npz: a zip of .npy files. */
#ifndef MEDIA_NPZ_H
#define MEDIA_NPZ_H

#include "media/source.h"

enum { NPZ_MOST = 4096 }; /* entries that an archive may have */

/* Calls `take` with the name, without .npy, and the unpacked bytes of every array, in the order of the archive. `take`
 * owns the view. */
mote_status npz_read(const media_source *s,
                     mote_status (*take)(void *user, const char *name, file_view view, mote_error *e), void *user,
                     mote_error *e);

#endif
