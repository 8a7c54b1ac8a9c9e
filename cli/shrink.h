/* shrink.h: what the commands share that make a network smaller: opening any source, progress, sizes. */
#ifndef CLI_SHRINK_H
#define CLI_SHRINK_H

#include "cli/cli.h"
#include "mote/compress.h"

typedef struct shrink {
  common c;
  const char *out;
  const char *keep; /* names with commas between them */
  bool no_rewrites;
  double begin_ms;
  char words[4096]; /* `keep` with spaces */
} shrink;

#define SHRINK_OPTS(s)                                                                                                 \
  {"o", OPT_TEXT, &(s).out}, {"output", OPT_TEXT, &(s).out}, {"keep", OPT_TEXT, &(s).keep},                            \
      {"no-rewrites", OPT_FLAG, &(s).no_rewrites}, COMMON_OPTS((s).c)

/* The network of a file of any kind, improved as mote convert does. NULL after saying what is wrong. */
mote_graph *shrink_open(shrink *s, const char *path);
/* Writes it. Exit status. */
int shrink_save(const shrink *s, mote_graph *g);
/* Progress and notes on standard error. */
mote_watch shrink_watch(shrink *s);
/* Says what went wrong; exit status 1. */
int shrink_fault(const shrink *s, const char *path, const mote_error *e);

/* "1.9 MB (1.7 MB zipped)" */
char *size_text(char *to, size_t room, mote_size size);
json_t *size_json(mote_size size);

/* What the samples that were held back say of the loss; nothing when there are none. */
void print_loss(int64_t samples, double sqnr, double top1);

#endif
