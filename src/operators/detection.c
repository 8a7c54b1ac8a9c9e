/* detection.c: TFLite_Detection_PostProcess: decodes boxes relative to anchors and keeps the best of them.
 *
 * Fast mode suppresses boxes by the best class of each; regular mode does so class by class and keeps the best over all
 * classes. Slots past the last detection hold zeros.
 */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "operators/flexbuffer.h"
#include "operators/suppress.h"

enum { ENCODINGS, PREDICTIONS, ANCHORS };
enum { OUT_BOXES, OUT_CLASSES, OUT_SCORES, OUT_COUNT };

typedef struct detection_params {
  int32_t max_detections, max_classes, per_class, num_classes;
  bool regular;
  float score_threshold, iou_threshold;
  float scale[4]; /* y, x, h, w */
} detection_params;

typedef struct detection {
  float score;
  int32_t box, label;
} detection;

/* Where things lie in scratch; in bytes. */
typedef struct detection_record {
  uint64_t boxes, scores, candidates, selected, best[2];
} detection_record;

/* ---- options ---- */

static mote_status int_option(op_ctx *c, const flex_value *map, const char *key, int32_t *to) {
  flex_value v;
  if (!flex_find(map, key, &v)) return MOTE_OK;
  OP_REQUIRE(c, flex_int(&v, to), MOTE_ERR_MODEL, "the option '%s' is no whole number of 32 bits", key);
  return MOTE_OK;
}

static mote_status float_option(op_ctx *c, const flex_value *map, const char *key, float *to) {
  flex_value v;
  if (!flex_find(map, key, &v)) return MOTE_OK;
  OP_REQUIRE(c, flex_float(&v, to), MOTE_ERR_MODEL, "the option '%s' is no number", key);
  return MOTE_OK;
}

static mote_status read_options(op_ctx *c, detection_params *p) {
  flex_value map, v;
  OP_REQUIRE(c, flex_root(c->custom, c->custom_size, &map) && flex_is_map(&map), MOTE_ERR_MODEL,
             "its %zu bytes of options are no FlexBuffer map", c->custom_size);
  p->per_class = 100;
  MOTE_TRY(int_option(c, &map, "max_detections", &p->max_detections));
  MOTE_TRY(int_option(c, &map, "max_classes_per_detection", &p->max_classes));
  MOTE_TRY(int_option(c, &map, "detections_per_class", &p->per_class));
  MOTE_TRY(int_option(c, &map, "num_classes", &p->num_classes));
  MOTE_TRY(float_option(c, &map, "nms_score_threshold", &p->score_threshold));
  MOTE_TRY(float_option(c, &map, "nms_iou_threshold", &p->iou_threshold));
  static const char *const scale[4] = {"y_scale", "x_scale", "h_scale", "w_scale"};
  for (int i = 0; i < 4; i++) MOTE_TRY(float_option(c, &map, scale[i], &p->scale[i]));
  if (flex_find(&map, "use_regular_nms", &v))
    OP_REQUIRE(c, flex_bool(&v, &p->regular), MOTE_ERR_MODEL, "the option 'use_regular_nms' is no bool");
  return MOTE_OK;
}

static mote_status check(op_ctx *c) {
  detection_params *const p = c->params;
  MOTE_TRY(read_options(c, p));
  OP_REQUIRE(c, p->max_detections >= 0, MOTE_ERR_MODEL, "max_detections is %d, below 0", (int)p->max_detections);
  OP_REQUIRE(c, p->max_classes >= 1 && p->num_classes >= 1, MOTE_ERR_MODEL,
             "max_classes_per_detection (%d) and num_classes (%d) must be at least 1", (int)p->max_classes,
             (int)p->num_classes);
  OP_REQUIRE(c, (int64_t)p->max_detections * p->max_classes <= INT32_MAX / 16, MOTE_ERR_MODEL,
             "%d detections of %d classes are too many", (int)p->max_detections, (int)p->max_classes);
  OP_REQUIRE(c, !p->regular || p->per_class >= 1, MOTE_ERR_MODEL, "detections_per_class is %d; it must be at least 1",
             (int)p->per_class);
  OP_REQUIRE(c, p->iou_threshold > 0 && p->iou_threshold <= 1, MOTE_ERR_MODEL,
             "nms_iou_threshold is %g; it must be above 0 and at most 1", (double)p->iou_threshold);
  for (int i = 0; i < 3; i++)
    if (c->in[i]->type == MOTE_UINT8) MOTE_TRY(op_need_scale(c, c->in[i]));
  return MOTE_OK;
}

/* ---- shapes ---- */

static bool fits(const op_tensor *t, int32_t axis, int32_t want) { return t->dims[axis] < 0 || t->dims[axis] == want; }

static mote_status infer(op_ctx *c) {
  const detection_params *const p = c->params;
  const op_tensor *const e = c->in[ENCODINGS], *const s = c->in[PREDICTIONS], *const a = c->in[ANCHORS];
  OP_REQUIRE(c, e->rank < 0 || (e->rank == 3 && fits(e, 0, 1) && (e->dims[2] < 0 || e->dims[2] >= 4)), MOTE_ERR_SHAPE,
             "box encodings must have shape [1, n, 4 or more]");
  OP_REQUIRE(c, s->rank < 0 || (s->rank == 3 && fits(s, 0, 1)), MOTE_ERR_SHAPE,
             "class predictions must have shape [1, n, classes]");
  OP_REQUIRE(c, a->rank < 0 || (a->rank == 2 && fits(a, 1, 4)), MOTE_ERR_SHAPE, "anchors must have shape [n, 4]");
  if (op_shape_known(e) && op_shape_known(s) && op_shape_known(a)) {
    OP_REQUIRE(c, e->dims[1] == s->dims[1] && e->dims[1] == a->dims[0], MOTE_ERR_SHAPE,
               "there are %d boxes, scores for %d and anchors for %d", (int)e->dims[1], (int)s->dims[1],
               (int)a->dims[0]);
    OP_REQUIRE(c, s->dims[2] == p->num_classes || s->dims[2] - 1 == p->num_classes, MOTE_ERR_SHAPE,
               "there are scores for %d classes; num_classes is %d, and one more for the background may be there",
               (int)s->dims[2], (int)p->num_classes);
  }
  const int32_t slots = p->max_detections * p->max_classes;
  op_set_shape(c->out[OUT_BOXES], 3, (const int32_t[]){1, slots, 4});
  op_set_shape(c->out[OUT_CLASSES], 2, (const int32_t[]){1, slots});
  op_set_shape(c->out[OUT_SCORES], 2, (const int32_t[]){1, slots});
  op_set_shape(c->out[OUT_COUNT], 1, (const int32_t[]){1});
  return MOTE_OK;
}

/* Takes count * size bytes of scratch, kept aligned to 8. */
static bool reserve(size_t *total, size_t count, size_t size, uint64_t *at) {
  size_t bytes;
  *at = *total;
  return size_mul(count, size, &bytes) && size_align(bytes, 8, &bytes) && size_add(*total, bytes, total);
}

static mote_status plan(op_ctx *c) {
  const detection_params *const p = c->params;
  detection_record *const r = c->record;
  const op_tensor *const s = c->in[PREDICTIONS];
  const size_t n = (size_t)s->dims[1], max = (size_t)p->max_detections;
  size_t total = 0, all_scores = 0;
  bool good = s->type == MOTE_FLOAT32 || size_mul(n, (size_t)s->dims[2], &all_scores);
  good = good && reserve(&total, n, 4 * sizeof(float), &r->boxes);
  good = good && reserve(&total, all_scores, sizeof(float), &r->scores);
  good = good && reserve(&total, n, sizeof(suppress_candidate), &r->candidates);
  good = good && reserve(&total, n, sizeof(int32_t), &r->selected);
  for (int i = 0; i < 2; i++) good = good && reserve(&total, p->regular ? max : 0, sizeof(detection), &r->best[i]);
  OP_REQUIRE(c, good, MOTE_ERR_SHAPE, "%zu boxes are too many", n);
  c->scratch_size = total;
  return MOTE_OK;
}

/* ---- decoding ---- */

/* Four numbers from element i on. */
static void read4(const op_tensor *t, size_t i, float to[4]) {
  if (t->type == MOTE_FLOAT32) {
    memcpy(to, (const float *)t->data + i, 4 * sizeof *to);
    return;
  }
  const uint8_t *const q = (const uint8_t *)t->data + i;
  for (int k = 0; k < 4; k++) to[k] = (float)(q[k] - t->zero_point) * t->scale;
}

/* The extent along one axis: centre and size are given relative to the anchor, as multiples of `scale`. */
static void decode_axis(double centre, double size, double centre_scale, double size_scale, double anchor_centre,
                        double anchor_size, float *lo, float *hi) {
  const float middle = (float)(centre / centre_scale * anchor_size + anchor_centre);
  const float half = (float)(0.5 * exp(size / size_scale) * anchor_size);
  *lo = middle - half;
  *hi = middle + half;
}

/* Boxes as corners: ymin, xmin, ymax, xmax. */
static mote_status decode(op_ctx *c, float *boxes) {
  const detection_params *const p = c->params;
  const op_tensor *const e = c->in[ENCODINGS];
  const int32_t n = e->dims[1];
  for (int32_t i = 0; i < n; i++) {
    float code[4], anchor[4], *const box = boxes + 4 * (size_t)i;
    read4(e, (size_t)i * (size_t)e->dims[2], code);
    read4(c->in[ANCHORS], (size_t)i * 4, anchor);
    for (int k = 0; k < 2; k++)
      decode_axis((double)code[k], (double)code[k + 2], (double)p->scale[k], (double)p->scale[k + 2], (double)anchor[k],
                  (double)anchor[k + 2], &box[k], &box[k + 2]);
    OP_REQUIRE(c, !(box[0] > box[2]) && !(box[1] > box[3]), MOTE_ERR_RUN,
               "box %d decodes to corners in the wrong order: height or width of its anchor is negative", (int)i);
  }
  return MOTE_OK;
}

static const float *scores_of(const op_tensor *s, float *room) {
  if (s->type == MOTE_FLOAT32) return s->data;
  const uint8_t *const q = s->data;
  const size_t n = op_count(s);
  for (size_t i = 0; i < n; i++) room[i] = s->scale * (float)(q[i] - s->zero_point);
  return room;
}

/* ---- selection ---- */

typedef struct detector {
  op_ctx *c;
  const detection_params *p;
  const float *boxes, *scores; /* scores: one row a box, those of the background left out */
  size_t n, row;               /* boxes; floats from one row of scores to the next */
  suppress_candidate *candidates;
  int32_t *selected;
} detector;

/* Selects among the candidates, at most max. */
static mote_status suppress_boxes(const detector *d, size_t candidates, int32_t max, int32_t *count) {
  const suppress_job job = {.boxes = d->boxes,
                            /* here an overlap must exceed the threshold */
                            .iou_threshold = nextafterf(d->p->iou_threshold, INFINITY),
                            .candidates = d->candidates,
                            .candidate_count = candidates,
                            .max = max,
                            .ties_by_index = true};
  return suppress_run(d->c, &job, d->selected, NULL, count);
}

static void put(const detector *d, size_t slot, const detection *from) {
  memcpy((float *)d->c->out[OUT_BOXES]->data + 4 * slot, d->boxes + 4 * (size_t)from->box, 4 * sizeof(float));
  ((float *)d->c->out[OUT_CLASSES]->data)[slot] = (float)from->label;
  ((float *)d->c->out[OUT_SCORES]->data)[slot] = from->score;
}

/* The best class of a row that comes after `last` in the order of score and index; -1: none. NaN counts as none. */
static int32_t next_best(const float *scores, int32_t count, int32_t last) {
  int32_t best = -1;
  for (int32_t i = 0; i < count; i++) {
    if (isnan(scores[i]) || i == last) continue;
    if (last >= 0 && (scores[i] > scores[last] || (scores[i] == scores[last] && i < last))) continue;
    if (best < 0 || scores[i] > scores[best]) best = i;
  }
  return best;
}

static mote_status run_fast(const detector *d, int32_t *count) {
  const detection_params *const p = d->p;
  size_t candidates = 0;
  for (size_t i = 0; i < d->n; i++) {
    const float *const scores = d->scores + i * d->row;
    const int32_t best = next_best(scores, p->num_classes, -1);
    if (best >= 0 && scores[best] >= p->score_threshold)
      d->candidates[candidates++] = (suppress_candidate){scores[best], (int32_t)i, 0};
  }
  MOTE_TRY(suppress_boxes(d, candidates, p->max_detections, count));
  const int32_t classes = p->max_classes < p->num_classes ? p->max_classes : p->num_classes;
  for (int32_t i = 0; i < *count; i++) {
    const float *const scores = d->scores + (size_t)d->selected[i] * d->row;
    int32_t label = next_best(scores, p->num_classes, -1);
    for (int32_t k = 0; k < classes && label >= 0; k++) {
      put(d, (size_t)i * (size_t)p->max_classes + (size_t)k, &(detection){scores[label], d->selected[i], label});
      label = next_best(scores, p->num_classes, label);
    }
  }
  return MOTE_OK;
}

/* Merges the boxes selected for a class into the best so far: two lists in order of score. Returns how many there are.
 */
static int32_t merge(const detector *d, const detection *best, int32_t count, int32_t label, int32_t selected,
                     detection *to) {
  int32_t i = 0, j = 0, used = 0;
  for (; used < d->p->max_detections && (i < count || j < selected); used++) {
    const int32_t box = j < selected ? d->selected[j] : 0;
    const float score = d->scores[(size_t)box * d->row + (size_t)label];
    if (i < count && (j >= selected || best[i].score >= score)) to[used] = best[i++];
    else to[used] = (detection){score, box, label}, j++;
  }
  return used;
}

static mote_status run_regular(const detector *d, detection *best[2], int32_t *count) {
  const detection_params *const p = d->p;
  *count = 0;
  for (int32_t label = 0; label < p->num_classes; label++) {
    size_t candidates = 0;
    int32_t selected;
    for (size_t i = 0; i < d->n; i++) {
      const float score = d->scores[i * d->row + (size_t)label];
      if (score >= p->score_threshold) d->candidates[candidates++] = (suppress_candidate){score, (int32_t)i, 0};
    }
    MOTE_TRY(suppress_boxes(d, candidates, p->per_class, &selected));
    if (!selected) continue;
    *count = merge(d, best[0], *count, label, selected, best[1]);
    detection *const swap = best[0];
    best[0] = best[1];
    best[1] = swap;
  }
  for (int32_t i = 0; i < *count; i++) put(d, (size_t)i, &best[0][i]);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  const detection_params *const p = c->params;
  const detection_record *const r = c->record;
  const op_tensor *const s = c->in[PREDICTIONS];
  uint8_t *const scratch = c->scratch;
  float *const boxes = (float *)(void *)(scratch + r->boxes);
  MOTE_TRY(decode(c, boxes));
  for (int i = 0; i < 3; i++)
    if (c->out[i]->bytes) memset(c->out[i]->data, 0, c->out[i]->bytes);
  const size_t background = (size_t)(s->dims[2] - p->num_classes);
  const detector d = {.c = c,
                      .p = p,
                      .boxes = boxes,
                      .scores = scores_of(s, (float *)(void *)(scratch + r->scores)) + background,
                      .n = (size_t)s->dims[1],
                      .row = (size_t)s->dims[2],
                      .candidates = (suppress_candidate *)(void *)(scratch + r->candidates),
                      .selected = (int32_t *)(void *)(scratch + r->selected)};
  detection *best[2] = {(detection *)(void *)(scratch + r->best[0]), (detection *)(void *)(scratch + r->best[1])};
  int32_t count = 0;
  if (d.n) MOTE_TRY(p->regular ? run_regular(&d, best, &count) : run_fast(&d, &count));
  *(float *)c->out[OUT_COUNT]->data = (float)count;
  return MOTE_OK;
}

const mote_op op_detection_postprocess = {
    .name = "TFLite_Detection_PostProcess",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 4,
    .outputs_max = 4,
    .types = "f32|u8 f32|u8 = > f32 f32 f32 f32",
    .params_size = sizeof(detection_params),
    .record_size = sizeof(detection_record),
    .check = check,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Boxes are decoded from anchors; unused slots hold zeros.",
};
