/* quantize.c: from a network of floats to one of integers, as mote/compress.h says; the steps are quant_*.c and
 * calibrate.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/f16.h"
#include "compress/calibrate.h"
#include "lower/half.h"

enum { MOST_SAMPLES = 512, MOST_HELD = 256 };

typedef struct quantize_report {
  mote_quantize_report report; /* stands first: callers have a pointer to it */
  arena arena;
  mem *mem;
} quantize_report;

typedef struct quantizing {
  mote_graph *g;
  const mote_quantize_config *config;
  quantize_report *to;
  mote_quantize_kind kind;
  quant_plan plan;
  quant_emitted emitted;
  calibrated *seen;   /* [values] */
  mote_graph *floats; /* a copy of the network before it becomes integers */
  sampler with, held;
  outcome told;
  bool *keep;    /* [nodes]: stays float */
  double *noise; /* [values]: share of the square that is error, on samples held back */
  mote_error *error;
} quantizing;

static graph *main_of(const quantizing *q) { return &q->g->set.graphs[0]; }

/* ---- floats first ---- */

/* Constants of float16 behind DEQUANTIZE are those of float32 that they stand for. */
static mote_status widen(quantizing *q) {
  graph *const g = main_of(q);
  int32_t left = 0;
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const graph_node n = g->nodes[i];
    const graph_value *const from = n.num_inputs > 0 && n.inputs[0] >= 0 ? &g->values[n.inputs[0]] : NULL;
    if (n.op->code != sch_BuiltinOperator_DEQUANTIZE || !from->is_const || from->type != MOTE_FLOAT16 ||
        from->sparsity) {
      g->nodes[left++] = n;
      continue;
    }
    graph_value *const v = &g->values[n.outputs[0]];
    const size_t count = from->bytes / sizeof(uint16_t);
    float *const data = ARENA_ARRAY(&q->g->arena, float, count + 1);
    if (!data) return err_memory(q->error, "weights", count * sizeof *data);
    for (size_t k = 0; k < count; k++) data[k] = f16_to_f32(((const uint16_t *)from->data)[k]);
    v->is_const = true;
    v->data = data;
    v->bytes = count * sizeof *data;
  }
  g->num_nodes = left;
  return MOTE_OK;
}

static mote_status find_kept(quantizing *q) {
  const graph *const g = main_of(q);
  q->keep = ARENA_ARRAY(&q->to->arena, bool, (size_t)g->num_nodes + 1);
  if (!q->keep) return err_memory(q->error, "a plan of quantization", (size_t)g->num_nodes);
  for (int32_t i = 0; i < g->num_nodes; i++) q->keep[i] = weights_kept(q->config->keep, g, &g->nodes[i]);
  return MOTE_OK;
}

/* ---- what is asked for ---- */

static mote_status choose_types(quantizing *q) {
  quant_plan *const p = &q->plan;
  const bool sampled = q->config->samples.count > 0 && q->config->samples.read;
  q->kind = q->config->kind;
  if (q->kind == MOTE_QUANTIZE_AUTO) q->kind = sampled ? MOTE_QUANTIZE_INT8 : MOTE_QUANTIZE_DYNAMIC;
  p->weights = q->kind == MOTE_QUANTIZE_INT4 ? MOTE_INT4 : q->kind == MOTE_QUANTIZE_INT2 ? MOTE_INT2 : MOTE_INT8;
  p->acts = MOTE_FLOAT32;
  if (q->kind == MOTE_QUANTIZE_INT8) p->acts = MOTE_INT8;
  if (q->kind == MOTE_QUANTIZE_INT16X8) p->acts = MOTE_INT16;
  if (p->weights != MOTE_INT8 && sampled && !q->config->weights_only) p->acts = MOTE_INT8;
  if (q->config->weights_only) p->acts = MOTE_FLOAT32;
  if (p->acts != MOTE_FLOAT32 && !sampled)
    return err_set(q->error, MOTE_ERR_ARGUMENT,
                   "integer activations need samples, from which their ranges are told; dynamic, float16 and weights "
                   "alone need none");
  if (q->config->io == MOTE_FLOAT32) return MOTE_OK;
  const bool fits = p->acts == MOTE_INT16
                        ? q->config->io == MOTE_INT16
                        : p->acts == MOTE_INT8 && (q->config->io == MOTE_INT8 || q->config->io == MOTE_UINT8);
  if (fits) return MOTE_OK;
  return err_set(
      q->error, MOTE_ERR_ARGUMENT,
      "inputs and outputs can be int8 or uint8 with int8 activations, int16 with those of 16x8, and float32 with "
      "all; not %s here",
      mote_type_name(q->config->io));
}

/* ---- all that would stay float ---- */

/* Whether it computes in floats; QUANTIZE and DEQUANTIZE are the seams. */
static bool counts(const graph *g, const graph_node *n) {
  if (n->op->code == sch_BuiltinOperator_QUANTIZE || n->op->code == sch_BuiltinOperator_DEQUANTIZE) return false;
  for (int32_t i = 0; i < n->num_outputs; i++)
    if (quant_is_real(g, n->outputs[i])) return true;
  for (int32_t i = 0; i < n->num_inputs; i++)
    if (quant_is_real(g, n->inputs[i])) return true;
  return false;
}

static bool is_done(const quantizing *q, int32_t node) {
  return q->plan.acts == MOTE_FLOAT32 ? q->plan.nodes[node].mode != QUANT_FLOAT
                                      : q->plan.nodes[node].mode == QUANT_INTEGER;
}

static mote_status be_strict(const quantizing *q) {
  const graph *const g = main_of(q);
  char list[1200] = "";
  size_t used = 0;
  int32_t left = 0;
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const char *const reason = q->plan.nodes[i].reason;
    if (!counts(g, &g->nodes[i]) || is_done(q, i) || (!reason && q->plan.acts == MOTE_FLOAT32)) continue;
    left++;
    if (used + 200 < sizeof list)
      used += (size_t)snprintf(list + used, sizeof list - used, "%s%s (operator %d): %.120s", left > 1 ? "; " : "",
                               g->nodes[i].op->name, (int)i, reason ? reason : "it computes in float");
  }
  if (!left) return MOTE_OK;
  return err_set(q->error, MOTE_ERR_UNSUPPORTED, "%d operators would stay float: %s", (int)left, list);
}

/* ---- ranges ---- */

static void need_ends(quantizing *q) {
  const graph *const g = main_of(q);
  if (q->config->io == MOTE_FLOAT32) return;
  for (int32_t i = 0; i < g->num_inputs; i++)
    if (quant_is_real(g, g->inputs[i])) q->plan.values[g->inputs[i]].needed = true;
  for (int32_t i = 0; i < g->num_outputs; i++)
    if (quant_is_real(g, g->outputs[i])) q->plan.values[g->outputs[i]].needed = true;
}

static mote_status plan_scales(quantizing *q) {
  MOTE_TRY(quant_group(&q->plan, q->error));
  need_ends(q);
  return MOTE_OK;
}

static mote_status open_samples(quantizing *q) {
  const mote_samples *const s = &q->config->samples;
  if (s->count <= 0 || !s->read) return MOTE_OK;
  const int64_t all = s->count, back = all < 10 ? all : all / 5, work = all < 10 ? all : all - back;
  MOTE_TRY(
      sampler_open(&q->with, q->g->mem, s, 0, work, MOST_SAMPLES, &q->config->watch, q->config->threads, q->error));
  MOTE_TRY(sampler_open(&q->held, q->g->mem, s, all - back, back, MOST_HELD, &q->config->watch, q->config->threads,
                        q->error));
  if (all < 10)
    report_note(&q->config->watch,
                "%lld samples are few: ranges and losses are told from the same ones; 100 or more are better",
                (long long)all);
  q->held.what = "running the network as it is";
  return outcome_keep(&q->told, &q->held, q->g, MOST_HELD, q->error);
}

/* ---- one network of integers ---- */

static mote_status emit(quantizing *q) {
  quant_plan *const p = &q->plan;
  if (q->floats) MOTE_TRY(graph_copy(&q->floats->set, &q->g->arena, &q->g->set, q->error));
  MOTE_TRY(plan_scales(q));
  for (int32_t v = 0; v < p->num_values && q->seen; v++)
    if (p->values[v].needed) quant_range(p, v, q->seen[v].lo, q->seen[v].hi);
  if (q->seen && !q->config->no_bias_correction) MOTE_TRY(calibrate_biases(p, q->seen, q->error));
  MOTE_TRY(quant_emit(p, &q->emitted, q->error));
  return build_finish(&q->g->b, q->error);
}

/* ---- what it cost ---- */

typedef struct measuring {
  int32_t count;
  double *signal, *noise;
} measuring;

static mote_status measure(void *user, const observer *o, int64_t sample, mote_error *e) {
  measuring *const m = user;
  (void)sample, (void)e;
  for (int32_t i = 0; i < m->count; i++) {
    const mote_tensor *const x = observe_value(&o[0], i), *const y = observe_value(&o[1], i);
    const size_t count = sampler_elements(x);
    if (count != sampler_elements(y)) continue;
    for (size_t k = 0; k < count; k++) {
      const double a = sampler_number(x, k), d = a - sampler_number(y, k);
      m->signal[i] += a * a;
      m->noise[i] += d * d;
    }
  }
  return MOTE_OK;
}

/* Values of both networks that operators make, side by side. */
static mote_status measure_layers(quantizing *q) {
  enum { SAMPLES = 16 };
  const graph *const f = &q->floats->set.graphs[0];
  arena *const a = &q->to->arena;
  const size_t room = (size_t)f->num_nodes + 1;
  int32_t *const before = ARENA_ARRAY(a, int32_t, room), *const after = ARENA_ARRAY(a, int32_t, room);
  measuring m = {.signal = ARENA_ARRAY(a, double, room), .noise = ARENA_ARRAY(a, double, room)};
  q->noise = ARENA_ARRAY(a, double, (size_t)f->num_values + 1);
  if (!before || !after || !m.signal || !m.noise || !q->noise) return err_memory(q->error, "measurements", room * 24);
  for (int32_t v = 0; v < f->num_values; v++) q->noise[v] = (double)NAN;
  for (int32_t i = 0; i < f->num_nodes; i++) {
    const int32_t v = f->nodes[i].num_outputs ? f->nodes[i].outputs[0] : -1;
    if (!quant_is_real(f, v) || f->values[v].is_variable) continue;
    before[m.count] = v;
    after[m.count++] = q->emitted.shown[v];
  }
  const sampler_view views[2] = {{q->floats, m.count, before}, {q->g, m.count, after}};
  q->held.what = "measuring layers";
  q->held.done = 0;
  if (m.count) MOTE_TRY(sampler_run(&q->held, views, 2, SAMPLES, measure, &m, q->error));
  for (int32_t i = 0; i < m.count; i++)
    q->noise[before[i]] = m.signal[i] > 0 ? m.noise[i] / m.signal[i] : m.noise[i] > 0 ? (double)INFINITY : 0;
  return MOTE_OK;
}

static mote_status measure_loss(quantizing *q, distance *d) {
  q->held.what = "measuring";
  q->held.done = 0;
  MOTE_TRY(outcome_measure(&q->told, q->g, MOST_HELD, d, q->error));
  q->to->report.top1 = d->top1;
  q->to->report.sqnr = distance_decibel(d);
  q->to->report.held_back = d->seen;
  return MOTE_OK;
}

/* ---- the promise ---- */

typedef struct costly {
  int32_t node;
  double added; /* noise that the layer adds to what came in */
} costly;

static int by_cost(const void *a, const void *b) {
  const costly *const x = a, *const y = b;
  if (x->added != y->added) return x->added < y->added ? 1 : -1;
  return x->node - y->node;
}

static int32_t rank_layers(const quantizing *q, costly *list) {
  const graph *const f = &q->floats->set.graphs[0];
  int32_t count = 0;
  for (int32_t i = 0; i < f->num_nodes; i++) {
    const graph_node *const n = &f->nodes[i];
    const int32_t v = n->num_outputs ? n->outputs[0] : -1;
    if (q->plan.nodes[i].mode != QUANT_INTEGER || v < 0) continue;
    double came = 0;
    for (int32_t k = 0; k < n->num_inputs; k++)
      if (n->inputs[k] >= 0 && q->noise[n->inputs[k]] > came) came = q->noise[n->inputs[k]];
    const double out = q->noise[v];
    list[count++] = (costly){i, isnan(out) ? 0 : isfinite(out) ? out - came : HUGE_VAL};
  }
  qsort(list, (size_t)count, sizeof *list, by_cost);
  return count;
}

static bool holds(const quantizing *q, const distance *d) {
  return isnan(d->top1) ? d->noise <= q->config->max_drop : 1 - d->top1 <= q->config->max_drop;
}

static void keep_node(quantizing *q, int32_t node) {
  quant_node *const n = &q->plan.nodes[node];
  n->mode = n->rule->weights ? QUANT_WIDENED : QUANT_FLOAT;
  n->weights = MOTE_FLOAT16;
  n->axis = -1;
  n->reason = "it costs more than was allowed";
}

/* Layers that add most noise go back to floats, twice as many each time, until the promise holds. */
static mote_status keep_promise(quantizing *q, distance *d) {
  q->to->report.promise = holds(q, d);
  if (q->to->report.promise) return MOTE_OK;
  costly *const list = ARENA_ARRAY(&q->to->arena, costly, (size_t)q->plan.num_nodes + 1);
  if (!list) return err_memory(q->error, "a list of layers", 0);
  MOTE_TRY(measure_layers(q));
  const int32_t count = rank_layers(q, list);
  for (int32_t kept = 0, more = 1; !holds(q, d) && kept < count; more *= 2) {
    for (int32_t i = 0; i < more && kept < count; i++) keep_node(q, list[kept++].node);
    MOTE_TRY(emit(q));
    MOTE_TRY(measure_loss(q, d));
  }
  q->to->report.promise = holds(q, d);
  return MOTE_OK;
}

/* ---- the report ---- */

static const char *type_text(const quant_node *n) {
  const int bits = mote_type_bits(n->weights);
  if (n->mode == QUANT_FLOAT) return "float32";
  if (n->mode != QUANT_INTEGER)
    return bits == 16 ? "float16 weights" : bits == 4 ? "int4 weights" : bits == 2 ? "int2 weights" : "int8 weights";
  if (n->acts == MOTE_INT16) return "int16x8";
  return bits == 4 ? "int8x4" : bits == 2 ? "int8x2" : "int8";
}

static mote_status tell_layers(quantizing *q) {
  const graph *const g = &q->floats->set.graphs[0];
  mote_quantize_report *const r = &q->to->report;
  arena *const a = &q->to->arena;
  mote_quantize_layer *const list = ARENA_ARRAY(a, mote_quantize_layer, (size_t)g->num_nodes + 1);
  if (!list) return err_memory(q->error, "a report", 0);
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const graph_node *const n = &g->nodes[i];
    const quant_node *const how = &q->plan.nodes[i];
    if (!counts(g, n)) continue;
    r->operators++;
    r->quantized += how->mode != QUANT_FLOAT;
    const int32_t v = n->num_outputs ? n->outputs[0] : -1;
    const sch_string name = v >= 0 ? g->values[v].name : (sch_string){0};
    const double noise = q->noise && v >= 0 ? q->noise[v] : (double)NAN;
    mote_quantize_layer *const l = &list[r->num_layers++];
    *l = (mote_quantize_layer){.op = n->op->name, .type = type_text(how), .sqnr = -10 * log10(noise)};
    l->reason = is_done(q, i) ? NULL : how->reason;
    l->name = arena_string(a, name.data ? name.data : "", name.size);
    if (!l->name) return err_memory(q->error, "a report", name.size);
  }
  r->layers = list;
  if (!r->quantized)
    report_note(&q->config->watch, "there is nothing to quantize: %s",
                r->operators ? "no operator of floats has an integer form or large weights"
                             : "no operator computes in floats");
  return MOTE_OK;
}

/* ---- all of it ---- */

static mote_status to_halves(quantizing *q) {
  half_report half;
  MOTE_TRY(network_half(q->g, &half, q->error));
  if (half.clamped)
    report_note(&q->config->watch, "%llu weights, the first in '%s', are beyond +-65504, and became that",
                (unsigned long long)half.clamped, half.first);
  return MOTE_OK;
}

static mote_status to_integers(quantizing *q) {
  quant_plan *const p = &q->plan;
  const graph *const g = main_of(q);
  p->num_nodes = g->num_nodes;
  p->nodes = ARENA_ARRAY(p->arena, quant_node, (size_t)g->num_nodes + 1);
  if (!p->nodes) return err_memory(q->error, "a plan of quantization", 0);
  MOTE_TRY(find_kept(q));
  MOTE_TRY(quant_decide(p, q->keep, q->error));
  if (q->config->strict) MOTE_TRY(be_strict(q));
  if (p->acts != MOTE_FLOAT32) {
    MOTE_TRY(plan_scales(q));
    q->seen = ARENA_ARRAY(p->arena, calibrated, (size_t)p->num_values + 1);
    if (!q->seen) return err_memory(q->error, "ranges", 0);
    q->with.what = "looking at activations";
    MOTE_TRY(calibrate(p, &q->with, q->seen, q->error));
    q->to->report.calibrated = q->with.count;
  }
  return emit(q);
}

static mote_status run(quantizing *q) {
  mote_quantize_report *const r = &q->to->report;
  distance d = {.top1 = (double)NAN};
  MOTE_TRY(choose_types(q));
  MOTE_TRY(network_improve(q->g, NULL, NULL, NULL, q->error));
  MOTE_TRY(report_size(q->g, &r->before, q->error));
  MOTE_TRY(weights_unpack(q->g, q->error));
  MOTE_TRY(widen(q));
  MOTE_TRY(build_finish(&q->g->b, q->error));
  r->kind = q->kind;
  r->promise = q->config->max_drop <= 0;
  MOTE_TRY(open_samples(q));
  q->floats = network_copy(q->g, q->error);
  if (!q->floats) return q->error->code;
  const bool half = q->kind == MOTE_QUANTIZE_FLOAT16;
  MOTE_TRY(half ? to_halves(q) : to_integers(q));
  if (q->told.s) {
    MOTE_TRY(measure_loss(q, &d));
    if (!half && q->config->max_drop > 0) MOTE_TRY(keep_promise(q, &d));
    if (!half) MOTE_TRY(measure_layers(q));
  }
  if (!half) MOTE_TRY(tell_layers(q));
  MOTE_TRY(graph_compact(&q->g->set, &q->g->arena, q->error));
  return report_size(q->g, &r->after, q->error);
}

static void close(quantizing *q) {
  calibrate_free(q->seen, q->plan.num_values, q->g->mem);
  outcome_free(&q->told);
  sampler_close(&q->with);
  sampler_close(&q->held);
  mote_graph_free(q->floats);
}

mote_quantize_report *mote_quantize(mote_graph *g, const mote_quantize_config *config, mote_error *e) {
  static const mote_quantize_config none;
  mote_error ignored;
  graph_set before;
  if (!e) e = &ignored;
  quantize_report *const to = MEM_NEW(g->mem, quantize_report);
  if (!to) {
    err_memory(e, "a report", sizeof *to);
    return NULL;
  }
  to->mem = mem_retain(g->mem);
  arena_init(&to->arena, to->mem);
  to->report.top1 = to->report.sqnr = (double)NAN;
  mote_status status = mote_graph_check(g, e);
  if (status == MOTE_OK) status = graph_copy(&g->set, &g->arena, &before, e);
  if (status == MOTE_OK) {
    quantizing q = {.g = g, .config = config ? config : &none, .to = to, .error = e};
    q.plan = (quant_plan){.g = g, .config = q.config, .arena = &to->arena};
    status = run(&q);
    close(&q);
    if (status != MOTE_OK) g->set = before, build_forgive(&g->b);
  }
  if (status == MOTE_OK) return &to->report;
  mote_quantize_report_free(&to->report);
  return NULL;
}

void mote_quantize_report_free(mote_quantize_report *report) {
  quantize_report *const r = (quantize_report *)(void *)report;
  if (!r) return;
  mem *const m = r->mem;
  arena_free(&r->arena);
  mem_free(m, r);
  mem_release(m);
}
