/* suppress.h: greedy non-maximum suppression: boxes in order of score, leaving out those that overlap a better one. */
#ifndef OPERATORS_SUPPRESS_H
#define OPERATORS_SUPPRESS_H

#include "operators/op.h"

typedef struct suppress_candidate {
  float score; /* not NaN */
  int32_t box;
  int32_t checked; /* selected boxes it has been compared with already; 0 at first */
} suppress_candidate;

typedef struct suppress_job {
  const float *boxes;  /* any two opposite corners of each: y1, x1, y2, x2 */
  float iou_threshold; /* this much overlap (intersection over union) or more suppresses */
  float sigma;         /* 0, or the width of the Gaussian by which smaller overlaps lower a score */
  float score_floor;   /* with a sigma: a score lowered to this or less suppresses */
  suppress_candidate *candidates;
  size_t candidate_count;
  int32_t max; /* boxes to select at most */
  /* Equal scores: the lower index first. Else their order is that of TFLite's queue, into which a selected box goes
   * back: it meets itself and is suppressed, or, having no area, is selected again while there are candidates to spare.
   */
  bool ties_by_index;
} suppress_job;

/* Writes the indices of the selected boxes, best first, and their scores unless that is NULL. Candidates are reordered.
 * Fails only when cancelled. */
mote_status suppress_run(op_ctx *c, const suppress_job *job, int32_t *selected, float *scores, int32_t *count);

#endif
