/* posenet.c: Coral's PosenetDecoderOp: people from what a network says of each cell of a picture: how likely a part of
 * a body is there, how far the part is from the cell, and how far the neighbouring parts of the same body are.
 *
 * The most certain parts begin a person each, whose other parts are found one from the other along a tree (PersonLab).
 * With offsets over long ranges there is a mask for each person too.
 */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "operators/custom.h"
#include "operators/flexbuffer.h"

enum { HEAT, SHORT, MID, LONG };
enum { KEYPOINTS, KEYPOINT_SCORES, POSE_SCORES, COUNT, MASKS };
enum { PARTS = 17, EDGES = 16, SHORT_STEPS = 5, LONG_STEPS = 3, NEAR = 1 };

/* nose; eyes, ears, shoulders, elbows, wrists, hips, knees, ankles, the left ones first */
static const uint8_t edges[EDGES][2] = {{0, 1},   {1, 3},   {0, 2}, {2, 4}, {0, 5},  {5, 7},  {7, 9},   {5, 11},
                                        {11, 13}, {13, 15}, {0, 6}, {6, 8}, {8, 10}, {6, 12}, {12, 14}, {14, 16}};

typedef struct point {
  float y, x;
} point;

/* A part of a body; order: of equal scores the earlier is the first. */
typedef struct part {
  float score;
  point at;
  int32_t id;
  uint32_t order;
} part;

typedef struct pose {
  point at[PARTS];
  float score[PARTS], total;
} pose;

typedef struct pose_params {
  int32_t most, stride;
  float threshold, radius;
} pose_params;

/* Where things lie in scratch, behind the parts. */
typedef struct pose_record {
  size_t poses, order;
} pose_record;

static const pose_params *params_of(const op_ctx *c) { return c->params; }

/* ---- options and shapes ---- */

static mote_status float_option(op_ctx *c, const char *key, float *to) {
  flex_value map, v;
  OP_REQUIRE(c, flex_root(c->custom, c->custom_size, &map) && flex_find(&map, key, &v) && flex_float(&v, to),
             MOTE_ERR_MODEL, "its %zu bytes of options are no FlexBuffer map with the key '%s', a number",
             c->custom_size, key);
  return MOTE_OK;
}

static mote_status check(op_ctx *c) {
  pose_params *const p = c->params;
  MOTE_TRY(custom_int(c, "max_detections", 0, INT32_MAX, &p->most));
  MOTE_TRY(custom_int(c, "stride", 1, INT32_MAX, &p->stride));
  MOTE_TRY(float_option(c, "score_threshold", &p->threshold));
  MOTE_TRY(float_option(c, "nms_radius", &p->radius));
  OP_REQUIRE(c, c->num_outputs == c->num_inputs + 1, MOTE_ERR_MODEL,
             "there are %d inputs and %d outputs; 3 inputs give 4 outputs, and 4, with masks, give 5",
             (int)c->num_inputs, (int)c->num_outputs);
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i]->type == MOTE_UINT8) MOTE_TRY(op_need_scale(c, c->in[i]));
  return MOTE_OK;
}

static mote_status check_input(op_ctx *c, int32_t i) {
  static const int32_t channels[] = {PARTS, 2 * PARTS, 4 * EDGES, 2 * PARTS};
  const op_tensor *const x = c->in[i], *const heat = c->in[HEAT];
  if (!op_shape_known(x)) return MOTE_OK;
  OP_REQUIRE(c, x->rank == 4 && x->dims[0] == 1 && x->dims[3] == channels[i], MOTE_ERR_SHAPE,
             "input %d must have shape [1, height, width, %d]", (int)i, (int)channels[i]);
  OP_REQUIRE(c, i == LONG || !op_shape_known(heat) || (x->dims[1] == heat->dims[1] && x->dims[2] == heat->dims[2]),
             MOTE_ERR_SHAPE, "input %d must have the height and width of input 0", (int)i);
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const int32_t most = params_of(c)->most;
  for (int32_t i = 0; i < c->num_inputs; i++) MOTE_TRY(check_input(c, i));
  op_set_shape(c->out[KEYPOINTS], 4, (const int32_t[]){1, most, PARTS, 2});
  op_set_shape(c->out[KEYPOINT_SCORES], 3, (const int32_t[]){1, most, PARTS});
  op_set_shape(c->out[POSE_SCORES], 2, (const int32_t[]){1, most});
  op_set_shape(c->out[COUNT], 1, (const int32_t[]){1});
  if (c->num_inputs <= LONG) return MOTE_OK;
  const op_tensor *const x = c->in[LONG];
  op_set_shape(c->out[MASKS], 4,
               (const int32_t[]){1, most, x->rank == 4 ? x->dims[1] : -1, x->rank == 4 ? x->dims[2] : -1});
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  pose_record *const r = c->record;
  const size_t most = (size_t)params_of(c)->most;
  size_t parts, poses, order, total;
  OP_REQUIRE(c,
             size_mul(op_count(c->in[HEAT]), sizeof(part), &parts) && size_mul(most, sizeof(pose), &poses) &&
                 size_mul(most, sizeof(int32_t), &order) && size_add(parts, poses, &total) &&
                 size_add(total, order, &total),
             MOTE_ERR_LIMIT, "%zu people are more than memory can hold", most);
  r->poses = parts;
  r->order = parts + poses;
  c->scratch_size = total;
  return MOTE_OK;
}

/* ---- reading between cells ---- */

/* Offsets count cells here, and pixels in the file. */
static float value(const op_tensor *t, size_t i, float scale) {
  if (t->type == MOTE_FLOAT32) return ((const float *)t->data)[i] * scale;
  return (float)(((const uint8_t *)t->data)[i] - t->zero_point) * (t->scale * scale);
}

/* NaN is 0. */
static float clamp(float v, float most) { return fminf(fmaxf(v, 0), most); }

static point moved(const op_tensor *t, point from, float dy, float dx) {
  return (point){clamp(from.y + dy, (float)t->dims[1] - 1), clamp(from.x + dx, (float)t->dims[2] - 1)};
}

/* A channel at a point of the grid, between four cells. */
static float sample(const op_tensor *t, point at, int32_t channel, float scale) {
  const size_t width = (size_t)t->dims[2], channels = (size_t)t->dims[3], k = (size_t)channel;
  const float y0 = floorf(at.y), x0 = floorf(at.x), down = at.y - y0, right = at.x - x0;
  const size_t top = (size_t)y0 * width, bottom = (size_t)ceilf(at.y) * width;
  const size_t left = (size_t)x0, rightmost = (size_t)ceilf(at.x);
  return (1 - down) * ((1 - right) * value(t, (top + left) * channels + k, scale) +
                       right * value(t, (top + rightmost) * channels + k, scale)) +
         down * ((1 - right) * value(t, (bottom + left) * channels + k, scale) +
                 right * value(t, (bottom + rightmost) * channels + k, scale));
}

/* Follows an offset whose parts along y and x are these channels. */
static point follow(const op_tensor *t, point from, int32_t y, int32_t x, float scale) {
  return moved(t, from, sample(t, from, y, scale), sample(t, from, x, scale));
}

/* ---- where people may begin ---- */

static bool before(const part *a, const part *b) {
  return a->score > b->score || (a->score == b->score && a->order < b->order);
}

static void sink(part *heap, size_t count, size_t i) {
  for (size_t k; (k = 2 * i + 1) < count; i = k) {
    if (k + 1 < count && before(&heap[k + 1], &heap[k])) k++;
    if (!before(&heap[k], &heap[i])) return;
    const part t = heap[i];
    heap[i] = heap[k];
    heap[k] = t;
  }
}

/* No neighbour is likelier to be the same part. */
static bool is_peak(const op_tensor *t, int32_t y, int32_t x, int32_t id, float score) {
  for (int32_t i = y - NEAR; i <= y + NEAR; i++)
    for (int32_t j = x - NEAR; j <= x + NEAR; j++)
      if (i >= 0 && j >= 0 && i < t->dims[1] && j < t->dims[2] &&
          value(t, ((size_t)i * (size_t)t->dims[2] + (size_t)j) * PARTS + (size_t)id, 1) > score)
        return false;
  return true;
}

/* All peaks that are certain enough, the best first to be taken from the heap. */
static size_t find_parts(const op_ctx *c, float least, part *heap) {
  const op_tensor *const heat = c->in[HEAT];
  const float scale = 1 / (float)params_of(c)->stride;
  size_t count = 0, cell = 0;
  for (int32_t y = 0; y < heat->dims[1]; y++)
    for (int32_t x = 0; x < heat->dims[2]; x++, cell++)
      for (int32_t id = 0; id < PARTS; id++) {
        const float score = value(heat, cell * PARTS + (size_t)id, 1);
        if (!(score >= least) || !is_peak(heat, y, x, id, score)) continue;
        const size_t offset = cell * 2 * PARTS + (size_t)id;
        const point at = moved(heat, (point){(float)y, (float)x}, value(c->in[SHORT], offset, scale),
                               value(c->in[SHORT], offset + PARTS, scale));
        heap[count] = (part){score, at, id, (uint32_t)count};
        count++;
      }
  for (size_t i = count / 2; i > 0; i--) sink(heap, count, i - 1);
  return count;
}

static part take_part(part *heap, size_t *count) {
  const part first = heap[0];
  heap[0] = heap[--*count];
  sink(heap, *count, 0);
  return first;
}

/* ---- one person ---- */

/* The neighbour at the end of an edge. Offsets along edges come in four blocks: forth along y and x, then back. The
 * first edge back is read one block too early, as by Coral's decoder, whose answers count. */
static part neighbour(const op_ctx *c, const part *from, int32_t edge, bool back) {
  const float scale = 1 / (float)params_of(c)->stride;
  const int32_t block = back && edge > 0 ? 2 * EDGES : back ? EDGES : 0, id = edges[edge][back ? 0 : 1];
  point at = follow(c->in[MID], from->at, block + edge, block + EDGES + edge, scale);
  for (int i = 0; i < SHORT_STEPS; i++) at = follow(c->in[SHORT], at, id, PARTS + id, scale);
  return (part){.score = sample(c->in[HEAT], at, id, 1), .at = at, .id = id};
}

/* From the most certain part that was found and not yet left. */
static void trace(const op_ctx *c, const part *root, pose *p) {
  part open[2 * EDGES + 1];
  bool done[PARTS] = {false};
  int32_t count = 1;
  open[0] = *root;
  open[0].score = sample(c->in[HEAT], root->at, root->id, 1);
  while (count > 0) {
    int32_t best = 0;
    for (int32_t i = 1; i < count; i++)
      if (open[i].score > open[best].score) best = i;
    const part now = open[best];
    open[best] = open[--count];
    if (done[now.id]) continue;
    done[now.id] = true;
    p->at[now.id] = now.at;
    p->score[now.id] = 1 / (1 + expf(-now.score));
    for (int back = 0; back < 2; back++)
      for (int32_t e = 0; e < EDGES; e++)
        if (edges[e][back] == now.id && !done[edges[e][!back]]) open[count++] = neighbour(c, &now, e, back);
  }
}

/* The mean over all parts of the scores of those that count; the highest are added first. */
static float mean_score(const pose *p, const bool *hidden) {
  uint8_t order[PARTS];
  float sum = 0;
  for (int i = 0; i < PARTS; i++) {
    int k = i;
    for (; k > 0 && p->score[i] > p->score[order[k - 1]]; k--) order[k] = order[k - 1];
    order[k] = (uint8_t)i;
  }
  for (int i = 0; i < PARTS; i++)
    if (!hidden || !hidden[order[i]]) sum += p->score[order[i]];
  return sum / PARTS;
}

static float distance(point a, point b) { return (b.y - a.y) * (b.y - a.y) + (b.x - a.x) * (b.x - a.x); }

/* ---- all people ---- */

static void sort_poses(const pose *poses, int32_t count, int32_t *order) {
  for (int32_t i = 0; i < count; i++) {
    int32_t k = i;
    for (; k > 0 && poses[i].total > poses[order[k - 1]].total; k--) order[k] = order[k - 1];
    order[k] = i;
  }
}

static bool is_new(const pose *poses, int32_t count, const part *root, float radius) {
  for (int32_t i = 0; i < count; i++)
    if (distance(root->at, poses[i].at[root->id]) <= radius) return false;
  return true;
}

/* Parts that a better person has at the same place do not count. */
static void suppress(pose *poses, int32_t count, const int32_t *order, float radius) {
  for (int32_t i = 0; i < count; i++) {
    bool hidden[PARTS] = {false};
    pose *const p = &poses[order[i]];
    for (int32_t j = 0; j < i; j++)
      for (int k = 0; k < PARTS; k++) hidden[k] |= distance(p->at[k], poses[order[j]].at[k]) <= radius;
    p->total = mean_score(p, hidden);
  }
}

static void put(const op_ctx *c, int32_t slot, const pose *p) {
  const float stride = (float)params_of(c)->stride;
  float *const at = (float *)c->out[KEYPOINTS]->data + (size_t)slot * 2 * PARTS;
  for (int k = 0; k < PARTS; k++) {
    at[2 * k] = p->at[k].y * stride;
    at[2 * k + 1] = p->at[k].x * stride;
  }
  memcpy((float *)c->out[KEYPOINT_SCORES]->data + (size_t)slot * PARTS, p->score, sizeof p->score);
  ((float *)c->out[POSE_SCORES]->data)[slot] = p->total;
}

/* Returns how many people there are. */
static mote_status find_people(op_ctx *c, int32_t *found) {
  const pose_params *const o = params_of(c);
  const pose_record *const r = c->record;
  part *const heap = c->scratch;
  pose *const poses = (pose *)(void *)((uint8_t *)c->scratch + r->poses);
  int32_t *const order = (int32_t *)(void *)((uint8_t *)c->scratch + r->order), count = 0;
  const float radius = o->radius / (float)o->stride * (o->radius / (float)o->stride);
  const float least = (float)-log(1 / ((double)o->threshold + 1e-6) - 1);
  size_t parts = find_parts(c, least, heap);
  while (parts > 0 && count < o->most) {
    OP_POLL(c);
    const part root = take_part(heap, &parts);
    if (!is_new(poses, count, &root, radius)) continue;
    trace(c, &root, &poses[count]);
    poses[count].total = mean_score(&poses[count], NULL);
    if (poses[count].total >= o->threshold) count++;
  }
  sort_poses(poses, count, order);
  suppress(poses, count, order, radius);
  sort_poses(poses, count, order);
  for (*found = 0; *found < count && poses[order[*found]].total >= o->threshold; ++*found)
    put(c, *found, &poses[order[*found]]);
  return MOTE_OK;
}

/* ---- masks ---- */

/* The cell belongs to the person whose parts are nearest to where the cell says that its person's are. */
static int32_t owner(const op_ctx *c, float y, float x, int32_t count) {
  const op_tensor *const t = c->in[LONG];
  const float stride = (float)params_of(c)->stride;
  point parts[PARTS];
  for (int32_t k = 0; k < PARTS; k++) {
    point at = {y, x};
    for (int i = 0; i < LONG_STEPS; i++) at = follow(t, at, k, PARTS + k, 1 / stride);
    parts[k] = (point){at.y * stride, at.x * stride};
  }
  int32_t best = 0;
  float least = INFINITY;
  for (int32_t i = 0; i < count; i++) {
    const float *const at = (const float *)c->out[KEYPOINTS]->data + (size_t)i * 2 * PARTS;
    float sum = 0;
    for (int k = 0; k < PARTS; k++) sum += distance(parts[k], (point){at[2 * k], at[2 * k + 1]});
    if (sum < least) best = i, least = sum;
  }
  return best;
}

static void mask_row(void *arg, size_t y, int worker) {
  (void)worker;
  const op_ctx *const c = arg;
  const size_t height = (size_t)c->in[LONG]->dims[1], width = (size_t)c->in[LONG]->dims[2];
  const int32_t count = (int32_t) * (const float *)c->out[COUNT]->data;
  float *const masks = c->out[MASKS]->data;
  for (size_t x = 0; x < width; x++) masks[((size_t)owner(c, (float)y, (float)x, count) * height + y) * width + x] = 1;
}

static mote_status run(op_ctx *c) {
  int32_t count = 0;
  for (int32_t i = 0; i < c->num_outputs; i++)
    if (c->out[i]->bytes) memset(c->out[i]->data, 0, c->out[i]->bytes);
  MOTE_TRY(find_people(c, &count));
  *(float *)c->out[COUNT]->data = (float)count;
  if (c->num_inputs > LONG && count > 0) op_parallel(c, (size_t)c->in[LONG]->dims[1], mask_row, c);
  return MOTE_OK;
}

const mote_op op_posenet_decoder = {
    .name = "PosenetDecoderOp",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 3,
    .inputs_max = 4,
    .outputs_min = 4,
    .outputs_max = 5,
    .types = "f32|u8 f32|u8 f32|u8 f32|u8 > f32 ...",
    .params_size = sizeof(pose_params),
    .record_size = sizeof(pose_record),
    .check = check,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Coral's: people's parts, scores and count, with long offsets masks; unused slots hold zeros.",
};
