/* error.h: filling a mote_error. Subject: the sentence a person reads; where it happened is added by the caller's room.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "mote/error.h"

/* Fills *e (unless NULL) with code and sentence, all indices -1, and returns code. */
__attribute__((format(printf, 3, 4))) mote_status err_set(mote_error *e, mote_status code, const char *format, ...);

/* Puts "prefix: " before the sentence that *e already holds. */
__attribute__((format(printf, 2, 3))) void err_prefix(mote_error *e, const char *format, ...);

/* "out of memory: <what> needs <bytes> bytes". */
mote_status err_memory(mote_error *e, const char *what, uint64_t bytes);

/* Copies at most room-1 bytes of a name from a file into `to` with unprintable bytes escaped; long names are cut with
 * "...". Names are never used as a format or a path. Returns `to`. */
char *err_name(char *to, size_t room, const char *name, size_t length);

#define MOTE_TRY(call)                                                                                                 \
  do {                                                                                                                 \
    const mote_status mote_try_ = (call);                                                                              \
    if (mote_try_ != MOTE_OK) return mote_try_;                                                                        \
  } while (0)

#endif
