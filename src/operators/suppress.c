/* suppress.c: see suppress.h. Candidates stand in a heap, so only those that are looked at are sorted. */
#include "operators/suppress.h"

#include <math.h>

static bool better(const suppress_candidate *a, const suppress_candidate *b) {
  return a->score != b->score ? a->score > b->score : a->box < b->box;
}

static void sift_down(suppress_candidate *heap, size_t count, size_t at) {
  const suppress_candidate moving = heap[at];
  for (size_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && better(&heap[child + 1], &heap[child])) child++;
    if (!better(&heap[child], &moving)) break;
    heap[at] = heap[child];
  }
  heap[at] = moving;
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
  suppress_candidate *const heap = job->candidates;
  size_t left = job->candidate_count;
  for (size_t i = left / 2; i-- > 0;) sift_down(heap, left, i);
  *count = 0;
  for (size_t step = 0; left > 0 && *count < job->max; step++) {
    if (step % 256 == 0) OP_POLL(c);
    const float before = heap[0].score;
    const bool alive = survives(job, &heap[0], selected, *count);
    /* A lowered score goes back and waits for its new turn. */
    if (!alive || heap[0].score == before) {
      if (alive) {
        if (scores) scores[*count] = before;
        selected[(*count)++] = heap[0].box;
      }
      heap[0] = heap[--left];
    }
    if (left) sift_down(heap, left, 0);
  }
  return MOTE_OK;
}
