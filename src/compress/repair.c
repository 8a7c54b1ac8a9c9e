/* repair.c: see repair.h. */
#include "compress/repair.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "compress/bias.h"
#include "compress/probe.h"

/* A layer that is at hand. */
typedef struct job {
  const layer *l;
  layer now; /* with the weights that are left */
  const bool *gone;
  size_t channels, before; /* that are left, and that there were */
  bool fits;
  fit fit;
  int32_t input;        /* number among what is seen; -1: not needed */
  channel_sums was, is; /* when it is not fitted */
  float *x, *y;         /* [inputs], [channels]: a row */
  int64_t each;         /* rows that a sample gives */
} job;

typedef struct repairing {
  const repair *r;
  mote_graph *g;
  sampler *s;
  job *jobs;
  int32_t count;
  mote_error *error;
} repairing;

static size_t out_channels(const graph_set *set, const layer *l) {
  return extent_of(layer_stored(set, l), l->out_axis).size;
}

static bool is_float(const graph_value *v) { return v->type == MOTE_FLOAT32 || v->type == MOTE_FLOAT16; }

/* ---- the network as it was ---- */

static bool repairable(const layer *l) { return l->graph == 0 && l->out_axis >= 0 && l->at_bias >= 0; }

mote_status repair_open(repair *r, const mote_graph *g, const char *keep, int threads, arena *a, mote_error *e) {
  *r = (repair){.mem = g->mem};
  MOTE_TRY(weights_list(&g->set, keep, 0, a, &r->all, e));
  int32_t count = 0;
  for (int32_t i = 0; i < r->all.count; i++)
    if (repairable(&r->all.at[i])) r->all.at[count++] = r->all.at[i];
  r->all.count = count;
  r->gone = MEM_ARRAY(g->mem, bool *, (size_t)count + 1);
  if (!r->gone) return err_memory(e, "the layers of a network", 0);
  r->before = network_copy(g, e);
  if (!r->before) return e->code;
  r->pool = threads > 1 || threads < 0 ? pool_new(g->mem, threads, e) : NULL;
  return r->pool || threads == 0 || threads == 1 ? MOTE_OK : e->code;
}

void repair_close(repair *r) {
  if (!r->mem) return;
  for (int32_t i = 0; r->gone && i < r->all.count; i++) mem_free(r->mem, r->gone[i]);
  mem_free(r->mem, r->gone);
  mote_graph_free(r->before);
  if (r->pool) pool_free(r->pool);
  *r = (repair){0};
}

/* ---- jobs ---- */

/* Inputs of one output; 0: it is not fitted. */
static size_t fit_inputs(const repairing *k, const job *j) {
  const graph *const g = &k->g->set.graphs[0];
  const graph_node *const n = &g->nodes[j->l->node];
  const graph_value *const w = &g->values[j->now.stored], *const x = &g->values[j->l->input];
  const bool convolves = n->op->code == sch_BuiltinOperator_CONV_2D;
  if (!convolves && n->op->code != sch_BuiltinOperator_FULLY_CONNECTED) return 0;
  if (!is_float(w) || j->now.shared || x->is_const || x->is_variable || x->type != MOTE_FLOAT32) return 0;
  if (convolves && (x->rank != 4 || x->signature[3] != w->dims[3])) return 0; /* in groups */
  const size_t inputs = j->channels ? j->now.count / j->channels : 0;
  return inputs <= FIT_MOST_INPUTS && g->values[n->outputs[0]].type == MOTE_FLOAT32 ? inputs : 0;
}

static mote_status open_job(const repairing *k, int32_t layer_index, job *j) {
  mem *const m = k->r->mem;
  *j = (job){
      .l = &k->r->all.at[layer_index], .now = k->r->all.at[layer_index], .gone = k->r->gone[layer_index], .input = -1};
  const extent whole = extent_of(layer_stored(&k->g->set, j->l), 0);
  j->now.count = whole.size * whole.step;
  j->channels = out_channels(&k->g->set, j->l);
  j->before = out_channels(&k->r->before->set, j->l);
  const size_t inputs = fit_inputs(k, j);
  if (!inputs) {
    MOTE_TRY(channel_sums_open(&j->was, m, j->before, k->error));
    return channel_sums_open(&j->is, m, j->channels, k->error);
  }
  /* Some rows for each weight that is sought; more tell little. */
  j->each = (int64_t)(4 * inputs + 1024) / k->s->count + 1;
  j->x = MEM_ARRAY(m, float, inputs + 1);
  j->y = MEM_ARRAY(m, float, j->channels + 1);
  j->fits = true;
  const bool good = j->x && j->y && fit_open(&j->fit, m, inputs, j->channels);
  return good ? MOTE_OK : err_memory(k->error, "what comes in to a layer", inputs * inputs * sizeof(float));
}

static void close_job(mem *m, job *j) {
  channel_sums_close(&j->was, m);
  channel_sums_close(&j->is, m);
  fit_close(&j->fit);
  mem_free(m, j->x);
  mem_free(m, j->y);
}

/* ---- what a layer sees ---- */

/* Places of a window: one dimension of a convolution. */
typedef struct window {
  int32_t in, out, taps, stride, dilation, before;
} window;

static window window_of(int32_t in, int32_t out, int32_t taps, int32_t stride, int32_t dilation, bool same) {
  const int32_t needed = (out - 1) * stride + (taps - 1) * dilation + 1 - in;
  return (window){in, out, taps, stride, dilation, same && needed > 0 ? needed / 2 : 0};
}

/* The inputs of output place `at`, zero where the window hangs over. */
static void take_window(const float *data, int32_t depth, window h, window w, int64_t at, float *x) {
  const int64_t image = at / ((int64_t)h.out * w.out);
  const int32_t oy = (int32_t)(at / w.out % h.out), ox = (int32_t)(at % w.out);
  for (int32_t ky = 0; ky < h.taps; ky++)
    for (int32_t kx = 0; kx < w.taps; kx++, x += depth) {
      const int32_t y = oy * h.stride + ky * h.dilation - h.before, c = ox * w.stride + kx * w.dilation - w.before;
      if (y < 0 || y >= h.in || c < 0 || c >= w.in) memset(x, 0, (size_t)depth * sizeof *x);
      else memcpy(x, data + ((image * h.in + y) * w.in + c) * depth, (size_t)depth * sizeof *x);
    }
}

static void take_output(const job *j, const float *from) {
  for (size_t i = 0, to = 0; i < j->before; i++)
    if (!j->gone || !j->gone[i]) j->y[to++] = from[i];
}

/* Rows of one sample, evenly spread: what comes in now, and what came out of the network as it was. */
static void take_rows(const repairing *k, job *j, const mote_tensor *x, const mote_tensor *y, int64_t sample) {
  const graph *const g = &k->g->set.graphs[0];
  const graph_node *const n = &g->nodes[j->l->node];
  const int64_t rows = (int64_t)(sampler_elements(y) / j->before), step = rows / j->each + 1;
  window h = {0}, w = {0};
  if (n->op->code == sch_BuiltinOperator_CONV_2D) {
    const sch_Conv2DOptions *const o = n->options;
    const int32_t *const taps = g->values[j->now.stored].dims;
    const bool same = o->padding == sch_Padding_SAME;
    if (x->rank != 4 || y->rank != 4) return;
    h = window_of(x->dims[1], y->dims[1], taps[1], o->stride_h, o->dilation_h_factor, same);
    w = window_of(x->dims[2], y->dims[2], taps[2], o->stride_w, o->dilation_w_factor, same);
  } else if (sampler_elements(x) != (size_t)rows * j->fit.inputs) return;
  for (int64_t at = sample % step; at < rows; at += step) {
    if (h.taps) take_window(x->data, x->dims[3], h, w, at, j->x);
    else memcpy(j->x, (const float *)x->data + (size_t)at * j->fit.inputs, j->fit.inputs * sizeof *j->x);
    take_output(j, (const float *)y->data + (size_t)at * j->before);
    fit_add(&j->fit, j->x, j->y);
  }
}

static mote_status see(void *user, const observer *o, int64_t sample, mote_error *e) {
  const repairing *const k = user;
  (void)e;
  for (int32_t i = 0; i < k->count; i++) {
    job *const j = &k->jobs[i];
    if (j->fits) take_rows(k, j, observe_value(&o[1], j->input), observe_value(&o[0], i), sample);
    else {
      channel_sums_add(&j->was, observe_value(&o[0], i));
      channel_sums_add(&j->is, observe_value(&o[1], j->input));
    }
  }
  return MOTE_OK;
}

/* Runs both networks, the one as it was and the one that is. */
static mote_status look(repairing *k, int32_t from) {
  const int32_t to = from + k->count;
  int32_t *const was = MEM_ARRAY(k->r->mem, int32_t, (size_t)k->count + 1);
  int32_t *const is = MEM_ARRAY(k->r->mem, int32_t, (size_t)k->count + 1);
  mote_graph *before = NULL, *now = NULL;
  mote_status status = was && is ? MOTE_OK : err_memory(k->error, "a network to look at", 0);
  if (status == MOTE_OK && !(before = probe_open(k->r->before, &k->r->all, from, to, was, k->error)))
    status = k->error->code;
  if (status == MOTE_OK && !(now = probe_open(k->g, &k->r->all, from, to, is, k->error))) status = k->error->code;
  for (int32_t i = 0; i < k->count && status == MOTE_OK; i++) {
    if (k->jobs[i].fits) is[i] = k->jobs[i].l->input;
    k->jobs[i].input = i;
  }
  const sampler_view views[] = {{before, k->count, was}, {now, k->count, is}};
  if (status == MOTE_OK) status = sampler_run(k->s, views, 2, k->s->count, see, k, k->error);
  mote_graph_free(before);
  mote_graph_free(now);
  mem_free(k->r->mem, was);
  mem_free(k->r->mem, is);
  return status;
}

/* ---- setting right ---- */

enum { MOST_FACTOR = 4 };

/* What brings channels back to what they were. */
static void find_changes(const job *j, bool scale, bias_change *c) {
  for (size_t from = 0, to = 0; from < j->before && to < j->channels; from++) {
    if (j->gone && j->gone[from]) continue;
    const double wanted = channel_deviation(&j->was, from), have = channel_deviation(&j->is, to);
    double factor = scale && have > 1e-3 * wanted && wanted > 0 ? wanted / have : 1;
    if (factor > MOST_FACTOR) factor = MOST_FACTOR;
    if (factor < 1.0 / MOST_FACTOR) factor = 1.0 / MOST_FACTOR;
    c[to].factor = factor;
    c[to].more = channel_mean(&j->was, from) - factor * channel_mean(&j->is, to);
    to++;
  }
}

/* New weights of a layer that is fitted, or the old ones times the factors. */
static mote_status change_weights(repairing *k, job *j, bias_change *c) {
  float *const w = MEM_ARRAY(k->r->mem, float, j->now.count + 1);
  if (!w) return err_memory(k->error, "the weights of a layer", j->now.count * sizeof *w);
  const graph_set *const from = k->r->shape ? &k->r->before->set : &k->g->set;
  mote_status status = weights_read(from, &j->now, WEIGHTS_REAL, w, k->error);
  const extent out = extent_of(layer_stored(&k->g->set, &j->now), j->now.out_axis);
  if (status == MOTE_OK && j->fits) {
    if (!fit_solve(&j->fit, w, j->y, k->r->pool)) status = err_memory(k->error, "the fit of a layer", 0);
    if (status == MOTE_OK && k->r->shape)
      status = k->r->shape(k->r->user, j->l, &j->fit, w, j->y, k->r->pool, k->error);
    for (size_t i = 0; i < j->channels; i++) c[i] = (bias_change){0, (double)j->y[i]};
  }
  for (size_t i = 0; i < j->now.count && !j->fits; i++) w[i] = (float)((double)w[i] * c[extent_at(out, i)].factor);
  if (status == MOTE_OK) status = weights_write(k->g, &j->now, WEIGHTS_REAL, w, k->error);
  mem_free(k->r->mem, w);
  return status;
}

static mote_status set_right(repairing *k, job *j) {
  const graph *const g = &k->g->set.graphs[0];
  const bool may = !k->r->shape || j->fits || j->l->depthwise;
  const bool floats = may && is_float(&g->values[j->now.stored]) && !j->now.shared &&
                      g->values[g->nodes[j->l->node].outputs[0]].type == MOTE_FLOAT32;
  const double seen = j->fits ? j->fit.rows : j->is.count;
  if (seen < 2 || !bias_changeable(g, j->l, j->channels)) return MOTE_OK;
  bias_change *const c = MEM_ARRAY(k->r->mem, bias_change, j->channels + 1);
  if (!c) return err_memory(k->error, "means of channels", j->channels * sizeof *c);
  if (!j->fits) find_changes(j, floats, c);
  mote_status status = floats ? change_weights(k, j, c) : MOTE_OK;
  if (status == MOTE_OK) status = bias_apply(k->g, j->l, c, j->channels, k->error);
  mem_free(k->r->mem, c);
  return status;
}

/* Layers from `from` on are looked at together, then set right. */
static mote_status run_some(repairing *k, int32_t from) {
  mote_status status = MOTE_OK;
  k->jobs = MEM_ARRAY(k->r->mem, job, (size_t)k->count + 1);
  if (!k->jobs) return err_memory(k->error, "the layers of a network", 0);
  for (int32_t i = 0; i < k->count && status == MOTE_OK; i++) status = open_job(k, from + i, &k->jobs[i]);
  if (status == MOTE_OK) status = look(k, from);
  for (int32_t i = 0; i < k->count && status == MOTE_OK; i++) status = set_right(k, &k->jobs[i]);
  for (int32_t i = 0; i < k->count; i++) close_job(k->r->mem, &k->jobs[i]);
  mem_free(k->r->mem, k->jobs);
  return status;
}

mote_status repair_run(repair *r, mote_graph *g, sampler *s, mote_error *e) {
  enum { MOST_STEPS = 40 };
  const double done = s->done, part = s->part;
  const int32_t count = r->all.count, each = (count + MOST_STEPS - 1) / MOST_STEPS;
  for (int32_t from = 0; from < count; from += each) {
    repairing k = {.r = r, .g = g, .s = s, .count = from + each < count ? each : count - from, .error = e};
    s->part = part * k.count / count;
    MOTE_TRY(run_some(&k, from));
  }
  s->done = done + part;
  s->part = part;
  return MOTE_OK;
}
