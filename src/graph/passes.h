/* passes.h: rewriting graphs: the list of rewrites, and the loop that applies them until nothing changes. */
#ifndef GRAPH_PASSES_H
#define GRAPH_PASSES_H

#include "graph/graph.h"

enum {
  REWRITE_FILE = 1,    /* its result fits a file: converters use it */
  REWRITE_RUNTIME = 2, /* of use when running */
  REWRITE_EXACT = 4    /* no number changes, not even the last bit of a float */
};

typedef struct rewrite rewrite;

/* Lists of rewrites, in the order in which they are tried; end with NULL. */
extern const rewrite *const rewrites_for_files[];        /* all that fit a file */
extern const rewrite *const rewrites_for_old_runtimes[]; /* of what may_use refuses, older forms (older.c) */
extern const rewrite *const rewrites_for_running[]; /* of use when running, and exact; a runtime has no others in it */

typedef struct passes_options {
  const rewrite *const *list; /* at most PASSES_MAX; NULL: none */
  /* Holds the set against a checker (graph_check) after each rewrite that changed something; NULL: none. */
  mote_status (*check)(const graph_set *set, bool final, mem *m, mote_error *e);
  bool keep_codes;   /* constants of 8 bits stay behind their DEQUANTIZE, and FAKE_QUANT on constants: see trained.h */
  bool keep_numbers; /* values keep their numbers, and those that nobody names any more stay */
  const char *only;  /* names separated by spaces; NULL: all */
  const char *off;   /* names that are left out; NULL: none */
  /* Whether an operator may be used that was not there; NULL: all may. */
  bool (*may_use)(void *user, int32_t code, int32_t version);
  void *user;
} passes_options;

enum { PASSES_MAX = 64 };
typedef struct passes_report {
  int32_t rewrites; /* in the list */
  struct {
    const char *name, *reason;
    int32_t count; /* how often it was applied */
  } done[PASSES_MAX];
} passes_report;

/* Applies the rewrites to every graph of the set, and leaves nodes in order and values numbered anew (graph_compact).
 * report may be NULL. */
mote_status passes_run(graph_set *set, arena *a, const passes_options *options, passes_report *report, mote_error *e);

#endif
