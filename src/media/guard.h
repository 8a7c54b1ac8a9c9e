/* guard.h: a fence around libraries that report errors by not returning.
 *
 * The body keeps everything it owns in `arg`, never in local variables, so that the caller can free it whether or not
 * the body came to its end.
 */
#ifndef MEDIA_GUARD_H
#define MEDIA_GUARD_H

#include <setjmp.h>
#include <stdbool.h>

typedef struct guard {
  jmp_buf jump;
} guard;

/* Runs body(arg); false when guard_throw ended it. */
bool guard_run(guard *g, void (*body)(void *arg), void *arg);
/* Only from inside guard_run, on the same thread. */
_Noreturn void guard_throw(guard *g);

#endif
