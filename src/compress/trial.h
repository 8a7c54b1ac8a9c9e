/* trial.h: what is measured and repaired with samples when a network is made smaller: some to work with, others, held
 * back, to tell the loss by.
 */
#ifndef COMPRESS_TRIAL_H
#define COMPRESS_TRIAL_H

#include "compress/repair.h"

enum {
  TRIAL_MOST_SAMPLES = 400, /* that the network is looked at and repaired with; and that the loss is told by */
  TRIAL_GAIN_SAMPLES = 8    /* that each layer is tried on */
};

typedef struct trial {
  bool sampled;           /* there are samples; without, all calls below do nothing */
  sampler with, held;     /* samples to work with, and to tell the loss by: the last fifth */
  outcome kept, told;     /* what the network as it was answers to some of the former, and to the latter */
  repair whole;           /* the network as it was */
  bool repairs, repaired; /* is meant to be, and was */
  const mote_watch *watch;
} trial;

/* Looks at the network as it is, before anything is changed. What `keep` names is not repaired. */
mote_status trial_open(trial *t, const mote_graph *g, const mote_samples *samples, bool repairs, const char *keep,
                       const mote_watch *watch, int threads, arena *a, mote_error *e);
void trial_close(trial *t);

/* Begins what people are told as `what`; a run over samples is `part` of it. */
mote_status trial_begin(trial *t, const char *what, double part, mote_error *e);

/* Repairs what is left of the network, unless that makes it worse on samples held back. */
mote_status trial_repair(trial *t, mote_graph *g, mote_error *e);

/* How far the network is from what it was. *seen: samples; 0 when there are none, and the others are NAN then. */
mote_status trial_tell(trial *t, const mote_graph *g, int64_t *seen, double *sqnr, double *top1, mote_error *e);

#endif
