/* mote/error.h: how every function of mote reports failure.
 *
 * A function that can fail returns a mote_status and takes, last, a `mote_error *` that may be NULL. On failure it
 * fills the error with one finished sentence: what is wrong, where, with which numbers, and what to do. Nothing is
 * printed, nothing is global, and nothing aborts. A mote_error is plain data: copy it, keep it, share it.
 */
#ifndef MOTE_ERROR_H
#define MOTE_ERROR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every exported function carries MOTE_API; all else in the libraries is hidden. */
#if defined(_WIN32)
#define MOTE_API
#else
#define MOTE_API __attribute__((visibility("default")))
#endif

/* Values are pinned: they do not change between releases. */
typedef enum mote_status {
  MOTE_OK = 0,
  MOTE_ERR_ARGUMENT = 1,    /* the caller passed something this function does not take */
  MOTE_ERR_MEMORY = 2,      /* the allocator gave nothing */
  MOTE_ERR_LIMIT = 3,       /* a limit of the configuration (memory, loop steps) would be exceeded */
  MOTE_ERR_IO = 4,          /* a file could not be opened, read, mapped or written */
  MOTE_ERR_FORMAT = 5,      /* the file is damaged, or is no file of the expected kind */
  MOTE_ERR_MODEL = 6,       /* the file is well-formed, but the network in it breaks a rule */
  MOTE_ERR_UNSUPPORTED = 7, /* an operator, type or feature that this build does not have */
  MOTE_ERR_SHAPE = 8,       /* shapes do not fit each other */
  MOTE_ERR_TYPE = 9,        /* element types do not fit each other */
  MOTE_ERR_RUN = 10,        /* data met in a run makes it impossible (an index out of range, a divisor of 0) */
  MOTE_ERR_CANCELLED = 11,  /* mote_session_cancel was called, or CIRCULAR_BUFFER waits for more runs */
  MOTE_ERR_BUSY = 12        /* the session is being used by another thread */
} mote_status;

enum { MOTE_ERROR_TEXT = 1000 };

/* What went wrong. Fields that do not apply are -1. */
typedef struct mote_error {
  mote_status code;
  int32_t subgraph;           /* index of the subgraph in the file */
  int32_t op;                 /* index of the operator in its subgraph */
  int32_t tensor;             /* index of the tensor in its subgraph */
  int64_t offset;             /* byte offset in the file */
  char text[MOTE_ERROR_TEXT]; /* one sentence, ends with 0, without a final newline */
} mote_error;

/* The short name of a status, e.g. "out of memory". Never NULL; static. */
MOTE_API const char *mote_status_name(mote_status status);

#ifdef __cplusplus
}
#endif
#endif
