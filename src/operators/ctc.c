/* ctc.c: CTCBeamSearchDecoder: the likeliest label sequences of networks that say for each moment how likely each label
 * is, the last class being none of them ("blank").
 *
 * A sequence is a leaf of a tree of labels. For each moment all leaves of the beam stay as they are or grow by a label,
 * and the best remain. Nodes that are in no beam and on the way to none are used again.
 */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "operators/custom.h"

typedef struct ctc_params {
  int32_t width, paths;
  bool merge; /* of equal labels in a row only one is given */
} ctc_params;

/* Logarithms: of the sequence, of its alignments that end in a blank, and of those that end in its last label. */
typedef struct chances {
  float total, blank, label;
} chances;

static const chances none = {-INFINITY, -INFINITY, -INFINITY};

typedef struct node {
  int32_t parent, child, next, prev; /* -1: none; a free node has the next free one in `next` */
  int32_t label;                     /* -1: the root */
  int32_t users;                     /* children, the beam, the beam before */
  uint32_t order;                    /* of equals the earlier is the better */
  chances before, now;
} node;

typedef struct search {
  const ctc_params *p;
  node *nodes;
  int32_t made, free;
  int32_t *beam, *last, *child_of; /* beam: a heap, the worst first; child_of: by label, of the node that grows */
  int32_t count, last_count, classes;
  uint32_t order;
} search;

/* Where things lie in scratch. */
typedef struct ctc_record {
  size_t beam, last, child_of, lengths, labels;
} ctc_record;

/* ---- options and shapes ---- */

static mote_status check(op_ctx *c) {
  ctc_params *const p = c->params;
  MOTE_TRY(custom_int(c, "beam_width", 1, INT32_MAX, &p->width));
  MOTE_TRY(custom_int(c, "top_paths", 1, p->width, &p->paths));
  MOTE_TRY(custom_bool(c, "merge_repeated", &p->merge));
  OP_REQUIRE(c, c->num_outputs == 3 * (int64_t)p->paths + 1, MOTE_ERR_MODEL,
             "it has %d outputs; for %d paths it must have %lld", (int)c->num_outputs, (int)p->paths,
             3 * (long long)p->paths + 1);
  for (int32_t i = 0; i < c->num_outputs; i++)
    OP_REQUIRE(c, c->out[i]->type == (i < 3 * p->paths ? MOTE_INT32 : MOTE_FLOAT32), MOTE_ERR_TYPE,
               "output %d is %s; all are int32, and only the last is float32", (int)i, mote_type_name(c->out[i]->type));
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const int32_t paths = ((const ctc_params *)c->params)->paths;
  const op_tensor *const x = c->in[0], *const lengths = c->in[1];
  int32_t batch = -1;
  OP_REQUIRE(c, x->rank == 3 || x->rank < 0, MOTE_ERR_SHAPE,
             "the input must have 3 dimensions (time, batch, classes), not %d", (int)x->rank);
  OP_REQUIRE(c, lengths->rank == 1 || lengths->rank < 0, MOTE_ERR_SHAPE,
             "the lengths of the sequences must be a list, one for each of the batch");
  if (x->rank == 3) batch = x->dims[1];
  OP_REQUIRE(c, batch < 0 || lengths->rank < 0 || lengths->dims[0] < 0 || lengths->dims[0] == batch, MOTE_ERR_SHAPE,
             "there are %d sequences, and lengths of %d", (int)batch, (int)lengths->dims[0]);
  OP_REQUIRE(c, x->rank < 0 || x->dims[2] != 0, MOTE_ERR_SHAPE, "there is no class, and the last one is the blank");
  for (int32_t i = 0; i < paths; i++) {
    op_set_shape(c->out[i], 2, (const int32_t[]){-1, 2});
    op_set_shape(c->out[paths + i], 1, (const int32_t[]){-1});
    op_set_shape(c->out[2 * paths + i], 1, (const int32_t[]){2});
  }
  op_set_shape(c->out[3 * paths], 2, (const int32_t[]){batch, paths});
  return MOTE_OK;
}

/* Takes count * size bytes of scratch. */
static bool reserve(size_t *total, size_t count, size_t size, size_t *at) {
  size_t bytes;
  *at = *total;
  return size_mul(count, size, &bytes) && size_align(bytes, sizeof(int64_t), &bytes) && size_add(*total, bytes, total);
}

/* Alive are at most the beam and the one before it, with the ways to them. */
static mote_status plan(op_ctx *c) {
  const ctc_params *const p = c->params;
  ctc_record *const r = c->record;
  const op_tensor *const x = c->in[0];
  const size_t width = (size_t)p->width, time = (size_t)x->dims[0], paths = (size_t)p->paths;
  size_t total = 0, at, nodes, sequences;
  bool good = size_mul(2 * width, time + 1, &nodes) && nodes < INT32_MAX - 2;
  good = good && reserve(&total, nodes + 2, sizeof(node), &at);
  good = good && reserve(&total, width, sizeof(int32_t), &r->beam);
  good = good && reserve(&total, width, sizeof(int32_t), &r->last);
  good = good && reserve(&total, (size_t)x->dims[2], sizeof(int32_t), &r->child_of);
  good = good && size_mul((size_t)x->dims[1], paths, &sequences);
  good = good && reserve(&total, sequences, sizeof(int32_t), &r->lengths);
  good = good && size_mul(sequences, time, &sequences) && sequences < INT32_MAX / 2;
  good = good && reserve(&total, sequences, sizeof(int32_t), &r->labels);
  OP_REQUIRE(c, good, MOTE_ERR_LIMIT, "a beam of %d sequences and %zu moments is more than memory can hold",
             (int)p->width, time);
  c->scratch_size = total;
  return MOTE_OK;
}

/* ---- the tree ---- */

static int32_t node_new(search *s, int32_t parent, int32_t label) {
  int32_t i = s->free;
  if (i >= 0) s->free = s->nodes[i].next;
  else i = s->made++;
  node *const n = &s->nodes[i];
  *n = (node){.parent = parent, .child = -1, .next = -1, .prev = -1, .label = label, .before = none, .now = none};
  if (parent < 0) return i;
  node *const up = &s->nodes[parent];
  n->next = up->child;
  if (up->child >= 0) s->nodes[up->child].prev = i;
  up->child = i;
  up->users++;
  return i;
}

/* One user less: the node, and nodes above that it alone used, are free. */
static void node_leave(search *s, int32_t i) {
  while (i >= 0 && --s->nodes[i].users == 0) {
    node *const n = &s->nodes[i];
    const int32_t parent = n->parent;
    if (n->next >= 0) s->nodes[n->next].prev = n->prev;
    if (n->prev >= 0) s->nodes[n->prev].next = n->next;
    else if (parent >= 0) s->nodes[parent].child = n->next;
    n->next = s->free;
    s->free = i;
    i = parent;
  }
}

/* ---- the beam ---- */

static bool worse(const search *s, int32_t a, int32_t b) {
  const node *const x = &s->nodes[a], *const y = &s->nodes[b];
  return x->now.total < y->now.total || (x->now.total == y->now.total && x->order > y->order);
}

static void swap(int32_t *a, int32_t *b) {
  const int32_t t = *a;
  *a = *b;
  *b = t;
}

/* Lets what stands first in a heap of `count` find its place. */
static void sink(const search *s, int32_t *heap, int32_t count) {
  for (int32_t i = 0, k; (k = 2 * i + 1) < count; i = k) {
    if (k + 1 < count && worse(s, heap[k + 1], heap[k])) k++;
    if (!worse(s, heap[k], heap[i])) return;
    swap(&heap[i], &heap[k]);
  }
}

/* Puts a node into the beam, in a full one in place of the worst. */
static void push(search *s, int32_t i) {
  s->nodes[i].order = s->order++;
  s->nodes[i].users++;
  if (s->count == s->p->width) {
    s->nodes[s->beam[0]].now = none;
    node_leave(s, s->beam[0]);
    s->beam[0] = i;
    sink(s, s->beam, s->count);
    return;
  }
  int32_t at = s->count++;
  s->beam[at] = i;
  for (; at > 0 && worse(s, s->beam[at], s->beam[(at - 1) / 2]); at = (at - 1) / 2)
    swap(&s->beam[at], &s->beam[(at - 1) / 2]);
}

/* The beam becomes the one before, the best first. */
static void turn(search *s) {
  int32_t *const t = s->last;
  s->last = s->beam;
  s->last_count = s->count;
  s->beam = t;
  s->count = 0;
  for (int32_t n = s->last_count - 1; n > 0; n--) {
    swap(&s->last[0], &s->last[n]);
    sink(s, s->last, n);
  }
}

static bool is_candidate(const search *s, float total) {
  return total > -INFINITY && (s->count < s->p->width || total > s->nodes[s->beam[0]].now.total);
}

/* ---- one moment ---- */

/* ln(e^a + e^b) */
static float log_sum(float a, float b) {
  if (a == -INFINITY && b == -INFINITY) return a;
  return a > b ? a + log1pf(expf(b - a)) : b + log1pf(expf(a - b));
}

/* What makes logarithms of probabilities of the numbers that the network gives. */
static float norm_of(const float *x, int32_t classes) {
  float most = x[0], sum = 0;
  for (int32_t i = 1; i < classes; i++) most = x[i] > most ? x[i] : most;
  for (int32_t i = 0; i < classes; i++) sum += expf(x[i] - most);
  return most + logf(sum);
}

/* A sequence goes on with a blank, with its last label again, or came just now from the one without that label. */
static void stay(search *s, node *n, const float *x, float norm) {
  if (n->parent >= 0) {
    const node *const up = &s->nodes[n->parent];
    if (up->now.total != -INFINITY)
      n->now.label = log_sum(n->now.label, n->label == up->label ? up->before.blank : up->before.total);
    n->now.label += x[n->label] - norm;
  }
  n->now.blank = n->before.total + x[s->classes - 1] - norm;
  n->now.total = log_sum(n->now.blank, n->now.label);
}

/* Sequences one label longer; a label like the last one needs a blank between. */
static void grow(search *s, int32_t i, const float *x, float norm) {
  const int32_t labels = s->classes - 1;
  for (int32_t k = 0; k < labels; k++) s->child_of[k] = -1;
  for (int32_t k = s->nodes[i].child; k >= 0; k = s->nodes[k].next) s->child_of[s->nodes[k].label] = k;
  for (int32_t k = 0; k < labels; k++) {
    int32_t child = s->child_of[k];
    if (child >= 0 && s->nodes[child].now.total != -INFINITY) continue;
    const chances from = s->nodes[i].before;
    const float total = x[k] - norm + (k == s->nodes[i].label ? from.blank : from.total);
    if (!is_candidate(s, total)) continue;
    if (child < 0) child = node_new(s, i, k);
    s->nodes[child].now = (chances){total, -INFINITY, total};
    push(s, child);
  }
}

static void step(search *s, const float *x) {
  const float norm = norm_of(x, s->classes);
  turn(s);
  for (int32_t i = 0; i < s->last_count; i++) s->nodes[s->last[i]].before = s->nodes[s->last[i]].now;
  for (int32_t i = 0; i < s->last_count; i++) {
    stay(s, &s->nodes[s->last[i]], x, norm);
    push(s, s->last[i]);
  }
  for (int32_t i = 0; i < s->last_count; i++)
    if (is_candidate(s, s->nodes[s->last[i]].before.total)) grow(s, s->last[i], x, norm);
  for (int32_t i = 0; i < s->last_count; i++) node_leave(s, s->last[i]);
}

static void begin(search *s) {
  s->made = s->count = 0;
  s->free = -1;
  s->order = 0;
  const int32_t root = node_new(s, -1, -1);
  s->nodes[root].now = (chances){0, 0, -INFINITY};
  push(s, root);
}

/* ---- results ---- */

/* The labels on the way to a node; returns how many. */
static int32_t spell(const search *s, int32_t i, int32_t *to) {
  int32_t count = 0, behind = -1;
  for (; s->nodes[i].parent >= 0; i = s->nodes[i].parent) {
    if (!s->p->merge || s->nodes[i].label != behind) to[count++] = s->nodes[i].label;
    behind = s->nodes[i].label;
  }
  for (int32_t a = 0, b = count - 1; a < b; a++, b--) swap(&to[a], &to[b]);
  return count;
}

/* Sparse: index and value of each label, and the size of the whole. */
static mote_status write_path(op_ctx *c, int32_t path, const int32_t *lengths, const int32_t *labels) {
  const int32_t paths = ((const ctc_params *)c->params)->paths;
  const int32_t time = c->in[0]->dims[0], batch = c->in[0]->dims[1];
  int32_t count = 0, longest = 0;
  for (int32_t b = 0; b < batch; b++) {
    const int32_t length = lengths[b * paths + path];
    count += length;
    longest = length > longest ? length : longest;
  }
  MOTE_TRY(op_resize(c, path, 2, (const int32_t[]){count, 2}, (size_t)count * 2 * sizeof(int32_t)));
  MOTE_TRY(op_resize(c, paths + path, 1, &count, (size_t)count * sizeof(int32_t)));
  int32_t *index = c->out[path]->data, *value = c->out[paths + path]->data;
  for (int32_t b = 0; b < batch; b++)
    for (int32_t i = 0; i < lengths[b * paths + path]; i++) {
      *index++ = b;
      *index++ = i;
      *value++ = labels[((size_t)b * (size_t)paths + (size_t)path) * (size_t)time + (size_t)i];
    }
  memcpy(c->out[2 * paths + path]->data, (const int32_t[]){batch, longest}, 2 * sizeof(int32_t));
  return MOTE_OK;
}

static mote_status decode(op_ctx *c, search *s, int32_t b, int32_t *lengths, int32_t *labels) {
  const op_tensor *const x = c->in[0];
  const int32_t length = ((const int32_t *)c->in[1]->data)[b], paths = s->p->paths;
  OP_REQUIRE(c, length <= x->dims[0], MOTE_ERR_RUN, "sequence %d has %d moments, and the input %d", (int)b, (int)length,
             (int)x->dims[0]);
  begin(s);
  for (int32_t t = 0; t < length; t++) {
    OP_POLL(c);
    step(s, (const float *)x->data + ((size_t)t * (size_t)x->dims[1] + (size_t)b) * (size_t)s->classes);
  }
  OP_REQUIRE(c, s->count >= paths, MOTE_ERR_RUN, "sequence %d allows only %d paths, and %d are asked for", (int)b,
             (int)s->count, (int)paths);
  turn(s);
  for (int32_t k = 0; k < paths; k++) {
    const size_t at = (size_t)b * (size_t)paths + (size_t)k;
    lengths[at] = spell(s, s->last[k], labels + at * (size_t)x->dims[0]);
    ((float *)c->out[3 * paths]->data)[at] = s->nodes[s->last[k]].now.total;
  }
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  const ctc_record *const r = c->record;
  uint8_t *const scratch = c->scratch;
  int32_t *const lengths = (int32_t *)(void *)(scratch + r->lengths);
  int32_t *const labels = (int32_t *)(void *)(scratch + r->labels);
  search s = {.p = c->params,
              .nodes = c->scratch,
              .beam = (int32_t *)(void *)(scratch + r->beam),
              .last = (int32_t *)(void *)(scratch + r->last),
              .child_of = (int32_t *)(void *)(scratch + r->child_of),
              .classes = c->in[0]->dims[2]};
  for (int32_t b = 0; b < c->in[0]->dims[1]; b++) MOTE_TRY(decode(c, &s, b, lengths, labels));
  for (int32_t k = 0; k < s.p->paths; k++) MOTE_TRY(write_path(c, k, lengths, labels));
  return MOTE_OK;
}

const mote_op op_ctc_beam_search_decoder = {
    .name = "CTCBeamSearchDecoder",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 4,
    .outputs_max = OP_ANY,
    .types = "f32 i32 > i32|f32 ...",
    .traits = OP_DATA_SHAPE,
    .params_size = sizeof(ctc_params),
    .record_size = sizeof(ctc_record),
    .check = check,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Paths as sparse tensors (indices, values, shapes), then the logarithms of their probabilities.",
};
