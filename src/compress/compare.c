/* compare.c: two networks held against each other on the same samples: their answers, and the values inside them.
 *
 * The values of layers are matched by name, as files that are made of one another keep them; where no name is the same,
 * by order, when both networks have the same operators but for QUANTIZE and DEQUANTIZE.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "compress/sampler.h"

/* Sums over all samples of one pair of values. */
typedef struct pair {
  int32_t a, b;
  double signal, noise, other, product, most, low, high;
  double ends, count; /* elements of b at the ends of its type */
  bool shapes;        /* differ */
} pair;

typedef struct comparison {
  const mote_graph *a, *b;
  sampler *s;
  pair *pairs;
  int32_t count, outputs; /* outputs come first */
  int32_t *left, *right;  /* values to be seen */
  int64_t seen, same, labelled, right_a, right_b;
  bool answers; /* the first output has a score for each class */
} comparison;

typedef struct report_object {
  mote_compare_report report; /* first: the pointer a caller holds */
  mem *mem;
  arena arena;
} report_object;

/* ---- which values belong together ---- */

static const graph *main_of(const mote_graph *g) { return &g->set.graphs[0]; }

static bool is_seam(const graph_node *n) {
  return !strcmp(n->op->name, "QUANTIZE") || !strcmp(n->op->name, "DEQUANTIZE");
}

/* The k-th node that is no seam from `at` on; num_nodes when there is none. */
static int32_t next_node(const graph *g, int32_t at) {
  while (at < g->num_nodes && (is_seam(&g->nodes[at]) || g->nodes[at].num_outputs < 1)) at++;
  return at;
}

static void add_pair(comparison *c, int32_t a, int32_t b) {
  c->pairs[c->count++] = (pair){.a = a, .b = b, .low = INFINITY, .high = -INFINITY};
}

/* -1: none of that name is made by an operator. */
static int32_t called(const graph *g, sch_string name) {
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const graph_node *const n = &g->nodes[i];
    if (n->num_outputs < 1 || is_seam(n)) continue;
    const sch_string have = g->values[n->outputs[0]].name;
    if (have.size == name.size && have.size && !memcmp(have.data, name.data, have.size)) return n->outputs[0];
  }
  return -1;
}

static void match_names(comparison *c) {
  const graph *const a = main_of(c->a), *const b = main_of(c->b);
  for (int32_t i = next_node(a, 0); i < a->num_nodes; i = next_node(a, i + 1)) {
    const int32_t value = a->nodes[i].outputs[0], other = called(b, a->values[value].name);
    if (other >= 0) add_pair(c, value, other);
  }
}

static void match_order(comparison *c) {
  const graph *const a = main_of(c->a), *const b = main_of(c->b);
  const int32_t before = c->count;
  int32_t i = next_node(a, 0), k = next_node(b, 0);
  for (; i < a->num_nodes && k < b->num_nodes; i = next_node(a, i + 1), k = next_node(b, k + 1)) {
    if (a->nodes[i].op != b->nodes[k].op) break;
    add_pair(c, a->nodes[i].outputs[0], b->nodes[k].outputs[0]);
  }
  if (i < a->num_nodes || k < b->num_nodes) c->count = before; /* other networks */
}

static mote_status match(comparison *c, arena *m, mote_error *e) {
  const graph *const a = main_of(c->a), *const b = main_of(c->b);
  if (a->num_outputs != b->num_outputs)
    return err_set(e, MOTE_ERR_ARGUMENT, "the networks have %d and %d outputs; only those of one kind can be compared",
                   (int)a->num_outputs, (int)b->num_outputs);
  const size_t room = (size_t)a->num_outputs + (size_t)a->num_nodes + 1;
  c->pairs = arena_alloc(m, room * sizeof *c->pairs);
  c->left = arena_alloc(m, room * sizeof *c->left);
  c->right = arena_alloc(m, room * sizeof *c->right);
  if (!c->pairs || !c->left || !c->right) return err_memory(e, "a list of layers", room * sizeof *c->pairs);
  for (int32_t i = 0; i < a->num_outputs; i++) add_pair(c, a->outputs[i], b->outputs[i]);
  c->outputs = c->count;
  match_names(c);
  if (c->count == c->outputs) match_order(c);
  for (int32_t i = 0; i < c->count; i++) {
    c->left[i] = c->pairs[i].a;
    c->right[i] = c->pairs[i].b;
  }
  return MOTE_OK;
}

/* ---- one sample ---- */

/* At an end of the type that does not stand for 0, as the lower one does behind a ReLU. */
static bool at_end(const mote_tensor *t, size_t i) {
  const int bits = mote_type_bits(t->type);
  int32_t code, lowest = -(1 << (bits < 16 ? 7 : 15));
  switch (t->type) {
    case MOTE_INT8: code = ((const int8_t *)t->data)[i]; break;
    case MOTE_UINT8: code = ((const uint8_t *)t->data)[i], lowest = 0; break;
    case MOTE_INT16: code = ((const int16_t *)t->data)[i]; break;
    default: return false;
  }
  return code != t->zero_point && (code == lowest || code == lowest + (1 << bits) - 1);
}

static void add(pair *p, const mote_tensor *a, const mote_tensor *b) {
  const size_t n = sampler_elements(a);
  if (n != sampler_elements(b)) {
    p->shapes = true;
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const double x = sampler_number(a, i), y = sampler_number(b, i), d = x - y;
    p->signal += x * x;
    p->other += y * y;
    p->product += x * y;
    p->noise += d * d;
    p->most = fmax(p->most, fabs(d));
    p->low = fmin(p->low, x);
    p->high = fmax(p->high, x);
    p->ends += at_end(b, i);
  }
  p->count += (double)n;
}

static size_t largest(const mote_tensor *t) {
  size_t best = 0;
  for (size_t i = 1; i < sampler_elements(t); i++)
    if (sampler_number(t, i) > sampler_number(t, best)) best = i;
  return best;
}

static mote_status visit(void *user, const observer *o, int64_t sample, mote_error *e) {
  comparison *const c = user;
  (void)sample, (void)e;
  for (int32_t i = 0; i < c->count; i++) add(&c->pairs[i], observe_value(&o[0], i), observe_value(&o[1], i));
  c->seen++;
  const mote_tensor *const a = observe_value(&o[0], 0), *const b = observe_value(&o[1], 0);
  c->answers = a->rank > 0 && a->dims[a->rank - 1] > 1 && sampler_elements(a) == (size_t)a->dims[a->rank - 1] &&
               sampler_elements(b) == sampler_elements(a);
  if (!c->answers) return MOTE_OK;
  const size_t x = largest(a), y = largest(b);
  c->same += x == y;
  if (c->s->label < 0) return MOTE_OK;
  c->labelled++;
  c->right_a += x == (size_t)c->s->label;
  c->right_b += y == (size_t)c->s->label;
  return MOTE_OK;
}

/* ---- the report ---- */

static const graph_node *maker(const graph *g, int32_t value) {
  for (int32_t i = 0; i < g->num_nodes; i++)
    for (int32_t k = 0; k < g->nodes[i].num_outputs; k++)
      if (g->nodes[i].outputs[k] == value) return &g->nodes[i];
  return NULL;
}

static mote_compare_value value_of(const comparison *c, const pair *p, arena *a) {
  const graph *const g = main_of(c->a);
  const graph_node *const n = maker(g, p->a);
  const sch_string name = g->values[p->a].name;
  const double nothing = p->count > 0 && !p->shapes ? 0 : NAN;
  return (mote_compare_value){
      .op = n ? n->op->name : "",
      .name = arena_string(a, name.data ? name.data : "", name.size),
      .sqnr = nothing + (p->noise > 0 ? 10 * log10(p->signal / p->noise) : INFINITY),
      .cosine =
          nothing + (p->signal > 0 && p->other > 0 ? p->product / sqrt(p->signal * p->other) : p->signal == p->other),
      .max_error = nothing + p->most,
      .low = p->low,
      .high = p->high,
      .saturated = nothing + p->ends / fmax(p->count, 1),
  };
}

static mote_status tell(const comparison *c, report_object *o, mote_error *e) {
  mote_compare_value *const all = arena_alloc(&o->arena, ((size_t)c->count + 1) * sizeof *all);
  if (!all) return err_memory(e, "the report", (size_t)c->count * sizeof *all);
  for (int32_t i = 0; i < c->count; i++) {
    all[i] = value_of(c, &c->pairs[i], &o->arena);
    if (!all[i].name) return err_memory(e, "the report", sizeof *all);
  }
  const double seen = c->answers ? (double)c->seen : NAN, labelled = c->labelled ? (double)c->labelled : NAN;
  o->report = (mote_compare_report){
      .samples = c->seen,
      .labelled = c->labelled,
      .top1 = (double)c->same / seen,
      .accuracy_a = (double)c->right_a / labelled,
      .accuracy_b = (double)c->right_b / labelled,
      .num_outputs = c->outputs,
      .num_layers = c->count - c->outputs,
      .outputs = all,
      .layers = all + c->outputs,
  };
  return MOTE_OK;
}

static mote_status compare(comparison *c, const mote_compare_config *config, report_object *o, mote_error *e) {
  sampler s;
  if (!config->samples.read || config->samples.count < 1)
    return err_set(e, MOTE_ERR_ARGUMENT, "networks are compared on samples, and there are none");
  MOTE_TRY(match(c, &o->arena, e));
  MOTE_TRY(sampler_open(&s, o->mem, &config->samples, 0, config->samples.count, config->samples.count, &config->watch,
                        config->threads, e));
  s.what = "comparing";
  c->s = &s;
  const sampler_view views[2] = {{c->a, c->count, c->left}, {c->b, c->count, c->right}};
  mote_status status = sampler_run(&s, views, 2, config->samples.count, visit, c, e);
  if (status == MOTE_OK) status = tell(c, o, e);
  sampler_close(&s);
  return status;
}

mote_compare_report *mote_compare(const mote_graph *a, const mote_graph *b, const mote_compare_config *config,
                                  mote_error *e) {
  if (!a || !b || !config) return err_set(e, MOTE_ERR_ARGUMENT, "two networks and a configuration are needed"), NULL;
  report_object *const o = MEM_NEW(a->mem, report_object);
  if (!o) return err_memory(e, "a report", sizeof *o), NULL;
  o->mem = mem_retain(a->mem);
  arena_init(&o->arena, a->mem);
  comparison c = {.a = a, .b = b};
  if (compare(&c, config, o, e) == MOTE_OK) return &o->report;
  mote_compare_report_free(&o->report);
  return NULL;
}

void mote_compare_report_free(mote_compare_report *report) {
  if (!report) return;
  report_object *const o = (report_object *)report;
  mem *const m = o->mem;
  arena_free(&o->arena);
  mem_free(m, o);
  mem_release(m);
}
