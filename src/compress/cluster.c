/* cluster.c: weights that share few values: k-means layer by layer.
 *
 * Zeros stay zeros: where a layer has any, one of its values is 0. Weights of depthwise convolutions stay as they are:
 * they are few, and each channel has its own range. Of integers the stored numbers are clustered, whatever the scales
 * of their channels: those are what packs well.
 */
#include <math.h>

#include "base/error.h"
#include "compress/kmeans.h"
#include "compress/trial.h"

enum { SMALLEST = 64, MOST_CLUSTERS = 65536 };

typedef struct clustering {
  mote_graph *g;
  const mote_cluster_config *config;
  layers all;
  mote_cluster_layer *list; /* [all.count]; weights 0: it is not clustered */
  int32_t *fitted;          /* [all.count]: values that a layer has once it is fitted */
  double *values;           /* [clusters] */
  float *weights;           /* of the layer at hand */
  mote_error *error;
} clustering;

typedef struct cluster_report {
  mote_cluster_report report; /* stands first: callers have a pointer to it */
  arena arena;
  mem *mem;
} cluster_report;

static double decibel(double signal, double noise) { return noise > 0 ? 10 * log10(signal / noise) : (double)INFINITY; }

/* Gives the zeros a value, too, and keeps the order. */
static size_t add_zero(double *values, size_t k) {
  size_t at = k;
  for (size_t i = 0; i < k; i++)
    if (values[i] == 0) return k;
  for (; at > 0 && values[at - 1] > 0; at--) values[at] = values[at - 1];
  values[at] = 0;
  return k + 1;
}

/* Numbers other than 0 go to the front of `to`; returns how many. */
static size_t without_zeros(const float *from, size_t count, float *to) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++)
    if (from[i] != 0) to[n++] = from[i];
  return n;
}

/* Finds the values of a layer. */
static mote_status find_values(const clustering *c, const layer *l, mote_cluster_layer *r, size_t *k) {
  mem *const m = c->g->mem;
  kmeans found;
  float *const some = MEM_ARRAY(m, float, l->count + 1);
  if (!some) return err_memory(c->error, "the weights of a layer", l->count * sizeof *some);
  const size_t count = without_zeros(c->weights, l->count, some);
  const bool good = kmeans_open(&found, m, some, count);
  mem_free(m, some);
  if (!good) return err_memory(c->error, "the weights of a layer", 3 * l->count * sizeof(double));
  const size_t zero = count < l->count, most = (size_t)c->config->clusters - zero;
  *k = kmeans_find(&found, most, c->config->start, c->config->seed, c->values);
  r->zeros = l->count - count;
  r->before = (int32_t)(kmeans_different(&found, 65536 - zero) + zero);
  kmeans_close(&found);
  if (!*k && count) return err_memory(c->error, "the values of a layer", most * sizeof(double));
  if (zero) *k = add_zero(c->values, *k);
  r->after = (int32_t)*k;
  return MOTE_OK;
}

static mote_status cluster_layer(const clustering *c, const layer *l, mote_cluster_layer *r) {
  double signal = 0, noise = 0;
  size_t k;
  MOTE_TRY(weights_read(&c->g->set, l, WEIGHTS_STORED, c->weights, c->error));
  MOTE_TRY(find_values(c, l, r, &k));
  for (size_t i = 0; i < l->count; i++) {
    const double w = c->weights[i];
    if (w != 0) c->weights[i] = (float)c->values[kmeans_nearest(k, c->values, w)];
    signal += w * w;
    noise += (w - (double)c->weights[i]) * (w - (double)c->weights[i]);
  }
  r->weights = l->count;
  r->sqnr = decibel(signal, noise);
  return weights_write(c->g, l, WEIGHTS_STORED, c->weights, c->error);
}

static mote_status cluster_all(clustering *c, arena *a) {
  bool any = false;
  for (int32_t i = 0; i < c->all.count; i++) {
    const layer *const l = &c->all.at[i];
    mote_cluster_layer *const r = &c->list[i];
    MOTE_TRY(report_progress(&c->config->watch, "layer", (double)i / c->all.count, c->error));
    if (l->depthwise) continue;
    c->weights = MEM_ARRAY(c->g->mem, float, l->count + 1);
    if (!c->weights) return err_memory(c->error, "the weights of a layer", l->count * sizeof(float));
    const mote_status status = cluster_layer(c, l, r);
    mem_free(c->g->mem, c->weights);
    MOTE_TRY(status);
    r->op = layer_node(&c->g->set, l)->op->name;
    r->name = report_name(&c->g->set, l, a);
    if (!r->name) return err_memory(c->error, "a report", 0);
    any = true;
  }
  if (any) return MOTE_OK;
  return err_set(c->error, MOTE_ERR_MODEL,
                 "no layer of the network has weights to be clustered: %d or more, and not "
                 "among those that stay as they are",
                 (int)(c->config->smallest ? c->config->smallest : SMALLEST));
}

/* Weights that were fitted get their values anew, and share out what rounding to them loses. */
static mote_status shape(void *user, const layer *l, const fit *f, float *w, float *bias, mote_pool *pool,
                         mote_error *e) {
  clustering *const c = user;
  mote_cluster_layer found;
  size_t k;
  int32_t i = 0;
  while (i < c->all.count && (c->all.at[i].graph != l->graph || c->all.at[i].stored != l->stored)) i++;
  if (i == c->all.count || !c->list[i].weights) return MOTE_OK; /* it is small, or stays */
  c->weights = w;
  MOTE_TRY(find_values(c, l, &found, &k));
  c->fitted[i] = (int32_t)k;
  return fit_round(f, w, bias, c->values, k, pool) ? MOTE_OK : err_memory(e, "the fit of a layer", 0);
}

static mote_status run(clustering *c, trial *t, cluster_report *to) {
  const mote_cluster_config *const config = c->config;
  mote_cluster_report *const r = &to->report;
  arena *const a = &to->arena;
  mote_graph *const g = c->g;
  MOTE_TRY(report_size(g, &r->before, c->error));
  MOTE_TRY(weights_unpack(g, c->error));
  MOTE_TRY(trial_open(t, g, &config->samples, true, config->keep, &config->watch, config->threads, a, c->error));
  t->whole.shape = shape;
  t->whole.user = c;
  MOTE_TRY(weights_list(&g->set, config->keep, config->smallest ? config->smallest : SMALLEST, a, &c->all, c->error));
  c->list = ARENA_ARRAY(a, mote_cluster_layer, (size_t)c->all.count + 1);
  c->fitted = ARENA_ARRAY(a, int32_t, (size_t)c->all.count + 1);
  c->values = ARENA_ARRAY(a, double, (size_t)config->clusters + 1);
  if (!c->list || !c->fitted || !c->values) return err_memory(c->error, "a report", 0);
  MOTE_TRY(cluster_all(c, a));
  MOTE_TRY(trial_repair(t, g, c->error));
  r->layers = c->list;
  for (int32_t i = 0; i < c->all.count; i++) {
    if (!c->list[i].weights) continue;
    if (t->repaired && c->fitted[i]) c->list[i].after = c->fitted[i];
    c->list[r->num_layers++] = c->list[i];
  }
  MOTE_TRY(graph_compact(&g->set, &g->arena, c->error));
  MOTE_TRY(report_size(g, &r->after, c->error));
  return trial_tell(t, g, &r->samples, &r->sqnr, &r->top1, c->error);
}

mote_cluster_report *mote_cluster(mote_graph *g, const mote_cluster_config *config, mote_error *e) {
  mote_error ignored;
  if (!e) e = &ignored;
  if (!config || config->clusters < 2 || config->clusters > MOST_CLUSTERS || config->smallest < 0) {
    err_set(e, MOTE_ERR_ARGUMENT, "weights can have 2 to %d values, not %d", MOST_CLUSTERS,
            config ? (int)config->clusters : 0);
    return NULL;
  }
  cluster_report *const to = MEM_NEW(g->mem, cluster_report);
  if (!to) {
    err_memory(e, "a report", sizeof *to);
    return NULL;
  }
  to->mem = mem_retain(g->mem);
  arena_init(&to->arena, to->mem);
  graph_set before;
  mote_status status = mote_graph_check(g, e);
  if (status == MOTE_OK) status = graph_copy(&g->set, &g->arena, &before, e);
  if (status == MOTE_OK) {
    trial t = {0};
    clustering c = {.g = g, .config = config, .error = e};
    status = run(&c, &t, to);
    trial_close(&t);
    if (status != MOTE_OK) g->set = before, build_forgive(&g->b);
  }
  if (status == MOTE_OK) return &to->report;
  mote_cluster_report_free(&to->report);
  return NULL;
}

void mote_cluster_report_free(mote_cluster_report *report) {
  cluster_report *const r = (cluster_report *)(void *)report;
  if (!r) return;
  mem *const m = r->mem;
  arena_free(&r->arena);
  mem_free(m, r);
  mem_release(m);
}
