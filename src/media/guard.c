/* guard.c: see guard.h. The only setjmp and longjmp of mote. */
#include "media/guard.h"

bool guard_run(guard *g, void (*body)(void *arg), void *arg) {
  if (setjmp(g->jump)) return false;
  body(arg);
  return true;
}

_Noreturn void guard_throw(guard *g) { longjmp(g->jump, 1); }
