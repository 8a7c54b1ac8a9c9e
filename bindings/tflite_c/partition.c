/* partition.c: which nodes go together when a delegate takes some of them.
 *
 * The plan is walked in rounds. A round takes nodes of one kind (to be replaced, or not) as long as all they read is
 * there, and may run past nodes of the other kind; the first ready node gives the kind. Nodes with side effects keep
 * their order. This is TensorFlow Lite's own rule, so delegates see the partitions that they see there. */
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

enum { NOT_READY = -1, ALWAYS_READY = -2 };

typedef struct splitter {
  const subgraph *sg;
  bool *taken;        /* [nodes] */
  int32_t *of_tensor; /* [tensors]: the round that computes it */
  int32_t *of_node;   /* [plan]: the round that a step is in */
  int32_t *before;    /* [plan]: the step with effects that goes before, or -1 */
  bool *marks;        /* [tensors] */
  int32_t rounds;
  bool round_taken; /* kind of the round under way */
} splitter;

static const TfLiteNode *step_node(const splitter *k, int32_t step) {
  return &k->sg->nodes[k->sg->plan->data[step]]->node;
}

static bool is_ready(const splitter *k, int32_t step) {
  const TfLiteIntArray *in = step_node(k, step)->inputs;
  for (int i = 0; i < in->size; i++)
    if (has_tensor(k->sg, in->data[i]) && k->of_tensor[in->data[i]] == NOT_READY) return false;
  return k->before[step] < 0 || k->of_node[k->before[step]] != NOT_READY;
}

/* Puts a step into the round under way if it fits. */
static bool take_step(splitter *k, int32_t step, bool *started) {
  const bool taken = k->taken[k->sg->plan->data[step]];
  if (k->of_node[step] != NOT_READY || !is_ready(k, step)) return false;
  if (!*started) k->round_taken = taken;
  *started = true;
  if (taken != k->round_taken) return false;
  k->of_node[step] = k->rounds;
  const TfLiteIntArray *out = step_node(k, step)->outputs;
  for (int i = 0; i < out->size; i++)
    if (has_tensor(k->sg, out->data[i])) k->of_tensor[out->data[i]] = k->rounds;
  return true;
}

/* One pass may make further steps ready that stand earlier in the plan. */
static bool take_round(splitter *k) {
  bool started = false, more = true;
  while (more) {
    more = false;
    for (int32_t i = 0; i < k->sg->plan->size; i++) more |= take_step(k, i, &started);
  }
  return started;
}

/* ---- results ---- */

static TfLiteIntArray *marked(const bool *marks, size_t count) {
  int32_t total = 0;
  for (size_t i = 0; i < count; i++) total += marks[i];
  TfLiteIntArray *a = TfLiteIntArrayCreate(total);
  for (size_t i = 0, n = 0; a && i < count; i++)
    if (marks[i]) a->data[n++] = (int)i;
  return a;
}

static TfLiteIntArray *nodes_of(const splitter *k, int32_t round) {
  int32_t total = 0;
  for (int32_t i = 0; i < k->sg->plan->size; i++) total += k->of_node[i] == round;
  return TfLiteIntArrayCreate(total);
}

/* Inputs: tensors that a node of the round reads and none of it computes. */
static void mark_inputs(const splitter *k, int32_t round, bool *marks) {
  memset(marks, 0, k->sg->context.tensors_size * sizeof *marks);
  for (int32_t s = 0; s < k->sg->plan->size; s++) {
    const TfLiteIntArray *in = step_node(k, s)->inputs;
    for (int i = 0; k->of_node[s] == round && i < in->size; i++)
      if (has_tensor(k->sg, in->data[i])) marks[in->data[i]] |= k->of_tensor[in->data[i]] != round;
  }
}

/* Outputs: tensors of the round that another round reads, or the subgraph gives out. */
static void mark_outputs(const splitter *k, int32_t round, bool *marks) {
  memset(marks, 0, k->sg->context.tensors_size * sizeof *marks);
  for (int32_t s = 0; s < k->sg->plan->size; s++) {
    const TfLiteIntArray *in = step_node(k, s)->inputs;
    for (int i = 0; k->of_node[s] != round && i < in->size; i++)
      if (has_tensor(k->sg, in->data[i])) marks[in->data[i]] |= k->of_tensor[in->data[i]] == round;
  }
  const sch_SubGraph *record = subgraph_record(k->sg);
  for (uint32_t i = 0; i < record->outputs.count; i++)
    if (has_tensor(k->sg, record->outputs.data[i]))
      marks[record->outputs.data[i]] |= k->of_tensor[record->outputs.data[i]] == round;
}

static bool fill_partition(const splitter *k, int32_t round, partition *p) {
  const size_t tensors = k->sg->context.tensors_size;
  p->nodes = nodes_of(k, round);
  if (!p->nodes) return false;
  int32_t n = 0;
  for (int32_t s = 0; s < k->sg->plan->size; s++)
    if (k->of_node[s] == round) p->nodes->data[n++] = k->sg->plan->data[s];
  p->taken = n && k->taken[p->nodes->data[0]];
  mark_inputs(k, round, k->marks);
  p->inputs = marked(k->marks, tensors);
  mark_outputs(k, round, k->marks);
  p->outputs = marked(k->marks, tensors);
  return p->inputs && p->outputs;
}

void partition_free(partition *p, int32_t count) {
  for (int32_t i = 0; p && i < count; i++) {
    TfLiteIntArrayFree(p[i].nodes);
    TfLiteIntArrayFree(p[i].inputs);
    TfLiteIntArrayFree(p[i].outputs);
  }
  free(p);
}

/* ---- the whole ---- */

static void set_edges(splitter *k, const TfLiteIntArray *nodes) {
  const TfLiteIntArray *plan = k->sg->plan;
  for (int i = 0; i < nodes->size; i++)
    if (nodes->data[i] >= 0 && nodes->data[i] < k->sg->num_nodes) k->taken[nodes->data[i]] = true;
  for (size_t i = 0; i < k->sg->context.tensors_size; i++) k->of_tensor[i] = ALWAYS_READY;
  for (int32_t s = 0, last = -1; s < plan->size; s++) {
    const TfLiteIntArray *out = step_node(k, s)->outputs;
    k->of_node[s] = NOT_READY;
    k->before[s] = step_node(k, s)->might_have_side_effect ? last : -1;
    if (step_node(k, s)->might_have_side_effect) last = s;
    for (int i = 0; i < out->size; i++)
      if (has_tensor(k->sg, out->data[i])) k->of_tensor[out->data[i]] = NOT_READY;
  }
}

static bool split(splitter *k, const TfLiteIntArray *nodes, partition **out, int32_t *count) {
  set_edges(k, nodes);
  while (take_round(k)) k->rounds++;
  *out = calloc((size_t)k->rounds + 1, sizeof **out);
  *count = k->rounds;
  for (int32_t i = 0; *out && i < k->rounds; i++)
    if (!fill_partition(k, i, &(*out)[i])) {
      partition_free(*out, k->rounds);
      *out = NULL;
    }
  return *out != NULL;
}

bool partition_plan(const subgraph *sg, const TfLiteIntArray *nodes, partition **out, int32_t *count) {
  const size_t tensors = sg->context.tensors_size + 1, steps = (size_t)sg->plan->size + 1;
  splitter k = {.sg = sg,
                .taken = calloc((size_t)sg->num_nodes + 1, sizeof *k.taken),
                .of_tensor = calloc(tensors, sizeof *k.of_tensor),
                .of_node = calloc(steps, sizeof *k.of_node),
                .before = calloc(steps, sizeof *k.before),
                .marks = calloc(tensors, sizeof *k.marks)};
  const bool good = k.taken && k.of_tensor && k.of_node && k.before && k.marks && split(&k, nodes, out, count);
  free(k.taken);
  free(k.of_tensor);
  free(k.of_node);
  free(k.before);
  free(k.marks);
  return good;
}
