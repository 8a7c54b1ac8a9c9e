/* nms.c: NON_MAX_SUPPRESSION_V5: indices of the boxes that no better box overlaps, their scores and how many there are.
 * Slots past the last selected box hold zeros.
 */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "operators/suppress.h"

enum { BOXES, SCORES, MAX_OUTPUT, IOU_THRESHOLD, SCORE_THRESHOLD, SIGMA };

static mote_status need_scalar(op_ctx *c, int input, const char *what) {
  const op_tensor *const t = c->in[input];
  if (!op_shape_known(t)) return MOTE_OK;
  OP_REQUIRE(c, op_count(t) == 1, MOTE_ERR_SHAPE, "input %d, the %s, must be one number", input, what);
  return MOTE_OK;
}

static mote_status check_shapes(op_ctx *c) {
  const op_tensor *const boxes = c->in[BOXES], *const scores = c->in[SCORES];
  OP_REQUIRE(c, boxes->rank < 0 || (boxes->rank == 2 && (boxes->dims[1] < 0 || boxes->dims[1] == 4)), MOTE_ERR_SHAPE,
             "boxes must have shape [n, 4]");
  OP_REQUIRE(c, scores->rank < 0 || scores->rank == 1, MOTE_ERR_SHAPE, "scores must have one dimension");
  if (boxes->rank == 2 && scores->rank == 1 && boxes->dims[0] >= 0 && scores->dims[0] >= 0)
    OP_REQUIRE(c, boxes->dims[0] == scores->dims[0], MOTE_ERR_SHAPE, "there are %d boxes but %d scores",
               (int)boxes->dims[0], (int)scores->dims[0]);
  MOTE_TRY(need_scalar(c, MAX_OUTPUT, "largest number of boxes"));
  MOTE_TRY(need_scalar(c, IOU_THRESHOLD, "threshold of overlap"));
  MOTE_TRY(need_scalar(c, SCORE_THRESHOLD, "threshold of scores"));
  return need_scalar(c, SIGMA, "sigma");
}

static mote_status infer(op_ctx *c) {
  MOTE_TRY(check_shapes(c));
  int64_t max[OP_KNOWN_MAX];
  int32_t count, dim = -1;
  if (op_ints(c, MAX_OUTPUT, max, &count) && count == 1) {
    OP_REQUIRE(c, max[0] >= 0 && max[0] <= INT32_MAX, MOTE_ERR_MODEL,
               "the largest number of boxes is %lld, which is no size", (long long)max[0]);
    dim = (int32_t)max[0];
  }
  op_set_shape(c->out[0], 1, &dim);
  op_set_shape(c->out[1], 1, &dim);
  op_set_shape(c->out[2], 0, NULL);
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  if (size_mul((size_t)c->in[BOXES]->dims[0], sizeof(suppress_candidate), &c->scratch_size)) return MOTE_OK;
  return op_fail(c, MOTE_ERR_SHAPE, "%d boxes are too many", (int)c->in[BOXES]->dims[0]);
}

static float number(const op_ctx *c, int input) { return *(const float *)c->in[input]->data; }

/* Zeros behind the first `used` of `count` 32-bit elements. */
static void clear_rest(void *data, int32_t used, int32_t count) {
  if (count > used) memset((int32_t *)data + used, 0, (size_t)(count - used) * 4);
}

static mote_status run(op_ctx *c) {
  const int32_t max = *(const int32_t *)c->in[MAX_OUTPUT]->data, n = c->in[BOXES]->dims[0];
  const float score_threshold = number(c, SCORE_THRESHOLD), sigma = number(c, SIGMA);
  OP_REQUIRE(c, max >= 0, MOTE_ERR_RUN, "the largest number of boxes is %d, below 0", (int)max);
  OP_REQUIRE(c, sigma >= 0, MOTE_ERR_RUN, "sigma is %g; it must be 0 (hard suppression) or more", (double)sigma);
  for (int i = 0; i < 2; i++)
    if (c->out[i]->flags & OP_LATE) MOTE_TRY(op_resize(c, i, 1, &max, (size_t)max * 4));

  suppress_job job = {.boxes = c->in[BOXES]->data,
                      .iou_threshold = number(c, IOU_THRESHOLD),
                      .sigma = sigma,
                      .score_floor = score_threshold,
                      .candidates = c->scratch,
                      .max = max};
  const float *const scores = c->in[SCORES]->data;
  for (int32_t i = 0; i < n; i++)
    if (scores[i] > score_threshold) job.candidates[job.candidate_count++] = (suppress_candidate){scores[i], i, 0};

  int32_t count;
  MOTE_TRY(suppress_run(c, &job, c->out[0]->data, c->out[1]->data, &count));
  clear_rest(c->out[0]->data, count, max);
  clear_rest(c->out[1]->data, count, max);
  *(int32_t *)c->out[2]->data = count;
  return MOTE_OK;
}

const mote_op op_non_max_suppression_v5 = {
    .name = "NON_MAX_SUPPRESSION_V5",
    .code = sch_BuiltinOperator_NON_MAX_SUPPRESSION_V5,
    .versions = 1,
    .options = sch_BuiltinOptions_NonMaxSuppressionV5Options,
    .inputs_min = 6,
    .inputs_max = 6,
    .outputs_min = 3,
    .outputs_max = 3,
    .types = "f32 f32 i32 f32 f32 f32 > i32 f32 i32",
    .traits = OP_DATA_SHAPE,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Unused slots hold zeros.",
};
