/* mote/compress.h: networks made smaller, and two networks compared.
 *
 * What needs to see data asks for samples by number, as often as it needs to and in any order, one at a time: any
 * number of samples takes the memory of one. Results are the same for the same samples and seed, whatever the number
 * of threads.
 *
 * Threads: a call uses its graph alone; callbacks come from the calling thread. Each call may be cancelled by its
 * progress callback; the graph is then as it was.
 */
#ifndef MOTE_COMPRESS_H
#define MOTE_COMPRESS_H

#include "mote/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- samples and progress ---------------------------------------------------------------------------------- */

enum { MOTE_NO_LABEL = -1 };

/* Where samples come from. read fills all inputs of a session (mote_session_input) with sample `index`, 0 to count - 1,
 * in whatever types these inputs have; *label is the class that is right, or MOTE_NO_LABEL. A sample that read fails on
 * with MOTE_ERR_FORMAT or MOTE_ERR_IO is left out and told of (on_note); any other failure ends the call. */
typedef struct mote_samples {
  int64_t count; /* 0: there are none */
  mote_status (*read)(void *user, int64_t index, mote_session *session, int32_t *label, mote_error *e);
  void *user;
} mote_samples;

/* What goes on. */
typedef struct mote_watch {
  bool (*on_progress)(void *user, const char *what, double done); /* done: 0 to 1; false cancels. NULL: none */
  void (*on_note)(void *user, const char *sentence);              /* what is odd but no failure. NULL: none */
  void *user;
} mote_watch;

#ifdef __cplusplus
}
#endif
#endif
