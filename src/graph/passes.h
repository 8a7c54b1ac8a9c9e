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

typedef struct passes_options {
  uint32_t marks; /* rewrites that have all of these */
  bool check; /* hold the graph against the checker after each rewrite that changed something; debug builds always do */
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
 * options NULL: all that fit a file. report may be NULL. */
mote_status passes_run(graph_set *set, arena *a, const passes_options *options, passes_report *report, mote_error *e);

#endif
