/* nms.c: NON_MAX_SUPPRESSION_V4 and V5: indices of the boxes that no better box overlaps, with V5 their scores, and how
 * many there are. V4 has no sigma: what overlaps enough is out. Slots past the last selected box hold zeros.
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

static bool is_soft(const op_ctx *c) { return c->op->code == sch_BuiltinOperator_NON_MAX_SUPPRESSION_V5; }

/* Number of outputs with one element a box: indices, and with V5 scores. The count follows them. */
static int lists_of(const op_ctx *c) { return is_soft(c) ? 2 : 1; }

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
  return is_soft(c) ? need_scalar(c, SIGMA, "sigma") : MOTE_OK;
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
  for (int i = 0; i < lists_of(c); i++) op_set_shape(c->out[i], 1, &dim);
  op_set_shape(c->out[lists_of(c)], 0, NULL);
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
  const float score_threshold = number(c, SCORE_THRESHOLD), sigma = is_soft(c) ? number(c, SIGMA) : 0;
  OP_REQUIRE(c, max >= 0, MOTE_ERR_RUN, "the largest number of boxes is %d, below 0", (int)max);
  OP_REQUIRE(c, sigma >= 0, MOTE_ERR_RUN, "sigma is %g; it must be 0 (hard suppression) or more", (double)sigma);
  for (int i = 0; i < lists_of(c); i++)
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
  MOTE_TRY(suppress_run(c, &job, c->out[0]->data, is_soft(c) ? c->out[1]->data : NULL, &count));
  for (int i = 0; i < lists_of(c); i++) clear_rest(c->out[i]->data, count, max);
  *(int32_t *)c->out[lists_of(c)]->data = count;
  return MOTE_OK;
}

const mote_op op_non_max_suppression_v4 = {
    .name = "NON_MAX_SUPPRESSION_V4",
    .code = sch_BuiltinOperator_NON_MAX_SUPPRESSION_V4,
    .versions = 1,
    .options = sch_BuiltinOptions_NonMaxSuppressionV4Options,
    .inputs_min = 5,
    .inputs_max = 5,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "f32 f32 i32 f32 f32 > i32 i32",
    .traits = OP_DATA_SHAPE,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Unused slots hold zeros.",
};

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
