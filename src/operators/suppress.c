/* suppress.c: see suppress.h. Candidates stand in a heap, so only those that are looked at are sorted.
 *
 * The order of equal scores is visible in the results, and TFLite leaves it to the heap of the C++ library it is built
 * with. So this heap works step by step as that one does: a hole sinks to the bottom, and the last element rises from
 * there.
 */
#include "operators/suppress.h"

#include <math.h>

typedef struct heap {
  suppress_candidate *data;
  size_t count;
  bool ties_by_index;
} heap;

static bool worse(const heap *h, const suppress_candidate *a, const suppress_candidate *b) {
  if (a->score != b->score) return a->score < b->score;
  return h->ties_by_index && a->box > b->box;
}

/* Puts a value into the hole, or above it. */
static void rise(heap *h, size_t hole, suppress_candidate value) {
  while (hole > 0 && worse(h, &h->data[(hole - 1) / 2], &value)) {
    h->data[hole] = h->data[(hole - 1) / 2];
    hole = (hole - 1) / 2;
  }
  h->data[hole] = value;
}

static void push(heap *h, suppress_candidate value) { rise(h, h->count++, value); }

static suppress_candidate pop(heap *h) {
  const suppress_candidate top = h->data[0];
  const suppress_candidate last = h->data[--h->count];
  size_t hole = 0;
  for (size_t child; (child = 2 * hole + 1) < h->count; hole = child) {
    /* Of equal children the right one moves up. */
    if (child + 1 < h->count && !worse(h, &h->data[child + 1], &h->data[child])) child++;
    h->data[hole] = h->data[child];
  }
  if (h->count) rise(h, hole, last);
  return top;
}

typedef struct corners {
  float y1, x1, y2, x2;
} corners;

static corners box_at(const float *boxes, int32_t i) {
  const float *const b = boxes + 4 * (size_t)i;
  return (corners){fminf(b[0], b[2]), fminf(b[1], b[3]), fmaxf(b[0], b[2]), fmaxf(b[1], b[3])};
}

/* Intersection over union; 0 when either has no area. */
static float overlap(const float *boxes, int32_t i, int32_t j) {
  const corners a = box_at(boxes, i), b = box_at(boxes, j);
  const float area_a = (a.y2 - a.y1) * (a.x2 - a.x1), area_b = (b.y2 - b.y1) * (b.x2 - b.x1);
  if (area_a <= 0 || area_b <= 0) return 0;
  const float height = fminf(a.y2, b.y2) - fmaxf(a.y1, b.y1), width = fminf(a.x2, b.x2) - fmaxf(a.x1, b.x1);
  const float both = fmaxf(height, 0) * fmaxf(width, 0);
  return both / (area_a + area_b - both);
}

/* Compares a candidate with the boxes selected since it was last seen, latest first. False: it is suppressed. */
static bool survives(const suppress_job *job, suppress_candidate *next, const int32_t *selected, int32_t count) {
  for (int32_t j = count - 1; j >= next->checked; j--) {
    const float iou = overlap(job->boxes, next->box, selected[j]);
    if (iou >= job->iou_threshold) return false;
    if (job->sigma > 0) {
      next->score *= expf(-0.5f / job->sigma * iou * iou);
      if (!(next->score > job->score_floor)) return false;
    }
  }
  next->checked = count;
  return true;
}

mote_status suppress_run(op_ctx *c, const suppress_job *job, int32_t *selected, float *scores, int32_t *count) {
  heap h = {job->candidates, 0, job->ties_by_index};
  for (size_t i = 0; i < job->candidate_count; i++) push(&h, job->candidates[i]);
  const int32_t max = job->candidate_count < (size_t)job->max ? (int32_t)job->candidate_count : job->max;
  *count = 0;
  for (size_t step = 0; h.count > 0 && *count < max; step++) {
    if (step % 256 == 0) OP_POLL(c);
    suppress_candidate next = pop(&h);
    const float before = next.score;
    if (!survives(job, &next, selected, *count)) continue;
    if (next.score == before) {
      if (scores) scores[*count] = before;
      selected[(*count)++] = next.box;
      if (job->ties_by_index) continue;
    }
    push(&h, next); /* a lowered score waits for its new turn */
  }
  return MOTE_OK;
}
