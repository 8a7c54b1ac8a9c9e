/* trial.c: see trial.h. */
#include "compress/trial.h"

#include <math.h>

#include "base/error.h"

mote_status trial_begin(trial *t, const char *what, double part, mote_error *e) {
  t->with.what = t->held.what = what;
  t->with.done = t->held.done = 0;
  t->with.part = t->held.part = part;
  return report_progress(t->watch, what, 0, e);
}

/* Samples to work with: as many as serve where a run is short, fewer where it takes long, so that a repair of some
 * dozens of steps takes minutes. */
static mote_status samples_for(const mote_graph *g, int64_t *most, arena *a, mote_error *e) {
  enum { LEAST = 16, ENOUGH = 96 };
  layers all;
  double adds = 1;
  MOTE_TRY(weights_list(&g->set, NULL, 0, a, &all, e));
  for (int32_t i = 0; i < all.count; i++) adds += all.at[i].uses * (double)all.at[i].count;
  const double can = 6e10 / adds, easily = 1e10 / adds; /* multiply-adds of one pass over all of them */
  *most = easily > TRIAL_MOST_SAMPLES ? TRIAL_MOST_SAMPLES : (int64_t)easily;
  if (*most < ENOUGH) *most = can > ENOUGH ? ENOUGH : can < LEAST ? LEAST : (int64_t)can;
  return MOTE_OK;
}

mote_status trial_open(trial *t, const mote_graph *g, const mote_samples *samples, bool repairs, const char *keep,
                       const mote_watch *watch, int threads, arena *a, mote_error *e) {
  *t = (trial){.sampled = samples->count > 0 && samples->read, .watch = watch};
  t->repairs = repairs && t->sampled;
  if (!t->sampled) return MOTE_OK;
  /* With few there are, all serve for both. */
  const int64_t all = samples->count, back = all < 10 ? all : all / 5, work = all < 10 ? all : all - back;
  int64_t most;
  MOTE_TRY(samples_for(g, &most, a, e));
  MOTE_TRY(sampler_open(&t->with, g->mem, samples, 0, work, most, watch, threads, e));
  MOTE_TRY(sampler_open(&t->held, g->mem, samples, all - back, back, TRIAL_MOST_SAMPLES, watch, threads, e));
  MOTE_TRY(trial_begin(t, "looking at the network", 0.5, e));
  MOTE_TRY(outcome_keep(&t->kept, &t->with, g, TRIAL_GAIN_SAMPLES, e));
  MOTE_TRY(outcome_keep(&t->told, &t->held, g, TRIAL_MOST_SAMPLES, e));
  return t->repairs ? repair_open(&t->whole, g, keep, threads, a, e) : MOTE_OK;
}

void trial_close(trial *t) {
  repair_close(&t->whole);
  outcome_free(&t->kept);
  outcome_free(&t->told);
  sampler_close(&t->with);
  sampler_close(&t->held);
}

/* With few samples, fits may tell more of these than of others: then what was repaired is worse on those held back, and
 * goes back. */
mote_status trial_repair(trial *t, mote_graph *g, mote_error *e) {
  distance without, with;
  graph_set unrepaired;
  if (!t->repairs) return MOTE_OK;
  MOTE_TRY(trial_begin(t, "repairing", 1, e));
  MOTE_TRY(outcome_measure(&t->told, g, TRIAL_MOST_SAMPLES, &without, e));
  MOTE_TRY(graph_copy(&g->set, &g->arena, &unrepaired, e));
  MOTE_TRY(repair_run(&t->whole, g, &t->with, e));
  MOTE_TRY(outcome_measure(&t->told, g, TRIAL_MOST_SAMPLES, &with, e));
  t->repaired = with.noise <= without.noise;
  if (t->repaired) return MOTE_OK;
  g->set = unrepaired;
  report_note(t->watch,
              "the repair made the network worse on samples that it was not made by, and is left out: %lld samples are "
              "few, or unlike each other",
              (long long)t->with.count);
  return MOTE_OK;
}

mote_status trial_tell(trial *t, const mote_graph *g, int64_t *seen, double *sqnr, double *top1, mote_error *e) {
  distance d;
  *seen = 0;
  *sqnr = *top1 = (double)NAN;
  if (!t->sampled) return MOTE_OK;
  MOTE_TRY(trial_begin(t, "measuring", 1, e));
  MOTE_TRY(outcome_measure(&t->told, g, TRIAL_MOST_SAMPLES, &d, e));
  *seen = d.seen;
  *sqnr = distance_decibel(&d);
  *top1 = d.top1;
  return MOTE_OK;
}
