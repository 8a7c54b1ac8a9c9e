/* calibrate.c: see calibrate.h. */
#include "compress/calibrate.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

typedef struct looking {
  const quant_plan *p;
  int32_t count;
  int32_t *values;
  range_stats *stats;
  calibrated *to;
} looking;

static mote_status see(void *user, const observer *o, int64_t sample, mote_error *e) {
  looking *const l = user;
  (void)sample, (void)e;
  for (int32_t i = 0; i < l->count; i++) {
    const mote_tensor *const t = observe_value(o, i);
    channel_sums *const c = &l->to[l->values[i]].means;
    if (t->type != MOTE_FLOAT32) continue;
    range_see(&l->stats[i], t->data, t->size / sizeof(float));
    if (c->channels && t->size / sizeof(float) % c->channels == 0) channel_sums_add(c, t);
  }
  return MOTE_OK;
}

/* The input of each layer with a bias, whose means are wanted. */
static mote_status want_means(const quant_plan *p, calibrated *to, mote_error *e) {
  const graph *const g = &p->g->set.graphs[0];
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const graph_node *const n = &g->nodes[i];
    const quant_rule *const r = p->nodes[i].rule;
    if (p->nodes[i].mode != QUANT_INTEGER || r->bias < 0 || r->data != 1) continue;
    const graph_value *const v = &g->values[n->inputs[0]];
    channel_sums *const c = &to[n->inputs[0]].means;
    if (!c->channels && v->rank > 0 && v->dims[v->rank - 1] > 0)
      MOTE_TRY(channel_sums_open(c, p->g->mem, (size_t)v->dims[v->rank - 1], e));
  }
  return MOTE_OK;
}

static mote_status choose(looking *l, mote_error *e) {
  const int32_t steps = l->p->acts == MOTE_INT16 ? 65534 : 255;
  uint64_t odd = 0;
  for (int32_t i = 0; i < l->count; i++) {
    calibrated *const c = &l->to[l->values[i]];
    const range_stats *const s = &l->stats[i];
    /* Wide integers lose nothing by a wide range, and much by a narrow one. */
    range_choose(s,
                 l->p->acts == MOTE_INT16 && l->p->config->calibration == MOTE_CALIBRATE_BEST
                     ? MOTE_CALIBRATE_MIN_MAX
                     : l->p->config->calibration,
                 steps, &c->lo, &c->hi);
    odd += s->odd;
    if (!s->seen || s->odd < s->seen) continue;
    const sch_string name = l->p->g->set.graphs[0].values[l->values[i]].name;
    char text[100];
    return err_set(e, MOTE_ERR_MODEL,
                   "'%s' is no finite number on any of the samples: the network or the samples are broken",
                   err_name(text, sizeof text, name.data ? name.data : "", name.size));
  }
  if (odd)
    report_note(&l->p->config->watch, "%llu activations were infinite or no numbers, and are left out of the ranges",
                (unsigned long long)odd);
  return MOTE_OK;
}

mote_status calibrate(quant_plan *p, sampler *s, calibrated *to, mote_error *e) {
  arena a;
  arena_init(&a, p->g->mem);
  looking l = {.p = p, .to = to};
  l.values = ARENA_ARRAY(&a, int32_t, (size_t)p->num_values + 1);
  for (int32_t v = 0; l.values && v < p->num_values; v++)
    if (p->values[v].needed) l.values[l.count++] = v;
  l.stats = ARENA_ARRAY(&a, range_stats, (size_t)l.count + 1);
  mote_status status = l.stats ? want_means(p, to, e) : err_memory(e, "ranges", (size_t)l.count * sizeof *l.stats);
  const sampler_view view = {p->g, l.count, l.values};
  if (status == MOTE_OK && l.count) status = sampler_run(s, &view, 1, s->count, see, &l, e);
  if (status == MOTE_OK) status = choose(&l, e);
  arena_free(&a);
  return status;
}

void calibrate_free(calibrated *c, int32_t count, mem *m) {
  for (int32_t i = 0; c && i < count; i++)
    if (c[i].means.channels) channel_sums_close(&c[i].means, m);
}

/* ---- biases ---- */

typedef struct shape {
  size_t outputs, inputs; /* channels */
  bool depthwise;
} shape;

/* Which channels weight i joins. */
static void joins(const graph_value *w, const shape *s, size_t i, size_t *out, size_t *in) {
  if (s->depthwise) {
    *out = i % s->outputs;
    *in = *out / (s->outputs / s->inputs);
    return;
  }
  const size_t each = w->bytes / sizeof(float) / s->outputs, depth = (size_t)w->dims[w->rank - 1];
  *out = i / each;
  *in = i % each;
  if (w->rank == 4) { /* of a group of channels */
    const size_t groups = s->inputs / depth;
    *in = i % depth + *out / (s->outputs / groups) * depth;
  }
  *in %= s->inputs;
}

static bool errors_of(const graph_value *w, const quant_node *how, const channel_sums *means, const shape *s,
                      double *error, float *scales) {
  const float *const x = w->data;
  const extent by = extent_of(w, how->axis);
  const int32_t most = quant_most(how->weights);
  if (!quant_scales(w, how->axis, how->weights, scales)) return false;
  for (size_t i = 0; i < w->bytes / sizeof *x; i++) {
    const double scale = (double)scales[extent_at(by, i)];
    const double q = quant_nearest(x[i], scale, most) * scale;
    size_t out, in;
    joins(w, s, i, &out, &in);
    error[out] += (q - (double)x[i]) * channel_mean(means, in);
  }
  return true;
}

/* The node gets a bias of its own. */
static mote_status replace_bias(mote_graph *net, graph_node *n, int32_t operand, const double *error, mote_error *e) {
  graph *const g = &net->set.graphs[0];
  const graph_value old = g->values[n->inputs[operand]];
  const size_t count = old.bytes / sizeof(float);
  float *const b = ARENA_ARRAY(&net->arena, float, count + 1);
  int32_t *const inputs = ARENA_ARRAY(&net->arena, int32_t, (size_t)n->num_inputs + 1);
  if (!b || !inputs || !graph_grow(&net->arena, &g->values, g->num_values, &g->room_values, sizeof *g->values))
    return err_memory(e, "a bias", old.bytes);
  for (size_t c = 0; c < count; c++) b[c] = (float)((double)((const float *)old.data)[c] - error[c]);
  memcpy(inputs, n->inputs, (size_t)n->num_inputs * sizeof *inputs);
  g->values[g->num_values] = old;
  g->values[g->num_values].data = b;
  g->values[g->num_values].tensor = g->num_values;
  inputs[operand] = g->num_values++;
  n->inputs = inputs;
  return MOTE_OK;
}

static mote_status correct(const quant_plan *p, graph_node *n, const quant_node *how, const channel_sums *means,
                           arena *a, mote_error *e) {
  const graph *const g = &p->g->set.graphs[0];
  const graph_value *const w = &g->values[n->inputs[1]], *const b = &g->values[n->inputs[how->rule->bias]];
  const shape s = {b->bytes / sizeof(float), means->channels, n->op->code == sch_BuiltinOperator_DEPTHWISE_CONV_2D};
  double *const error = ARENA_ARRAY(a, double, s.outputs + 1);
  float *const scales = ARENA_ARRAY(a, float, extent_of(w, how->axis).size + 1);
  if (!error || !scales) return err_memory(e, "a bias", s.outputs * sizeof *error);
  if (!s.outputs || !means->count || w->rank < 2) return MOTE_OK;
  if (s.depthwise ? s.outputs % s.inputs != 0 : w->rank == 4 && s.inputs % (size_t)w->dims[3] != 0) return MOTE_OK;
  /* Weights that are no numbers are told of where they are packed. */
  if (!errors_of(w, how, means, &s, error, scales)) return MOTE_OK;
  return replace_bias(p->g, n, how->rule->bias, error, e);
}

mote_status calibrate_biases(const quant_plan *p, const calibrated *seen, mote_error *e) {
  arena a;
  arena_init(&a, p->g->mem);
  mote_status status = MOTE_OK;
  for (int32_t i = 0; i < p->num_nodes && status == MOTE_OK; i++) {
    graph_node *const n = &p->g->set.graphs[0].nodes[i];
    const quant_rule *const r = p->nodes[i].rule;
    if (p->nodes[i].mode != QUANT_INTEGER || r->bias < 0 || r->data != 1) continue;
    if (r->bias >= n->num_inputs || n->inputs[r->bias] < 0 || !seen[n->inputs[0]].means.channels) continue;
    status = correct(p, n, &p->nodes[i], &seen[n->inputs[0]].means, &a, e);
  }
  arena_free(&a);
  return status;
}
