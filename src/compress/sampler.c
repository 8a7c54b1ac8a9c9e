/* sampler.c: see sampler.h. */
#include "compress/sampler.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/f16.h"

mote_status sampler_open(sampler *s, mem *m, const mote_samples *samples, int64_t first, int64_t all, int64_t most,
                         const mote_watch *watch, int threads, mote_error *e) {
  *s = (sampler){.mem = m, .samples = samples, .watch = watch, .threads = threads, .what = "samples", .part = 1};
  s->first = first;
  s->all = all;
  s->count = all < most ? all : most;
  s->bad = MEM_ARRAY(m, bool, (size_t)s->count + 1);
  return s->bad ? MOTE_OK : err_memory(e, "a list of samples", (uint64_t)s->count);
}

void sampler_close(sampler *s) {
  if (s->mem) mem_free(s->mem, s->bad);
  *s = (sampler){0};
}

/* Runs a sample through all observers; *shown says whether it could be read. */
static mote_status one_sample(sampler *s, observer *o, int32_t count, int64_t i, bool *shown, mote_error *e) {
  *shown = false;
  if (s->bad[i]) return MOTE_OK;
  mote_status status = MOTE_OK;
  for (int32_t k = 0; k < count && status == MOTE_OK; k++)
    status = observe_sample(&o[k], s->samples, s->first + i * s->all / s->count, &s->label, e);
  if (status == MOTE_OK) *shown = true;
  if (status != MOTE_ERR_FORMAT && status != MOTE_ERR_IO) return status;
  s->bad[i] = true;
  report_note(s->watch, "a sample is left out: %s", e->text);
  return MOTE_OK;
}

enum { MOST_VIEWS = 2 };

mote_status sampler_run(sampler *s, const sampler_view *views, int32_t num_views, int64_t most, sampler_visit visit,
                        void *user, mote_error *e) {
  observer o[MOST_VIEWS];
  const int64_t n = most < s->count ? most : s->count;
  int64_t seen = 0;
  int32_t open = 0;
  mote_status status = MOTE_OK;
  for (; open < num_views && status == MOTE_OK; open += status == MOTE_OK)
    status = observe_open(&o[open], views[open].g, views[open].count, views[open].values, s->threads, e);
  for (int64_t i = 0; i < n && status == MOTE_OK; i++) {
    bool shown = false;
    status = report_progress(s->watch, s->what, s->done + s->part * (double)i / (double)n, e);
    if (status == MOTE_OK) status = one_sample(s, o, num_views, i, &shown, e);
    if (!shown) continue;
    status = visit(user, o, i, e);
    seen++;
  }
  while (open > 0) observe_close(&o[--open]);
  s->done += s->part;
  if (status != MOTE_OK || seen) return status;
  return err_set(e, MOTE_ERR_FORMAT, "none of %lld samples can be read", (long long)n);
}

/* ---- numbers ---- */

size_t sampler_elements(const mote_tensor *t) {
  const int bits = mote_type_bits(t->type);
  return bits >= 8 ? t->size / ((size_t)bits / 8) : 0;
}

double sampler_number(const mote_tensor *t, size_t i) {
  const double scale = t->scale != 0 ? (double)t->scale : 1, zero = t->scale != 0 ? t->zero_point : 0;
  switch (t->type) {
    case MOTE_FLOAT32: return ((const float *)t->data)[i];
    case MOTE_FLOAT16: return f16_to_f32(((const uint16_t *)t->data)[i]);
    case MOTE_FLOAT64: return ((const double *)t->data)[i];
    case MOTE_INT8: return scale * (((const int8_t *)t->data)[i] - zero);
    case MOTE_UINT8: return scale * (((const uint8_t *)t->data)[i] - zero);
    case MOTE_INT16: return scale * (((const int16_t *)t->data)[i] - zero);
    case MOTE_INT32: return scale * (((const int32_t *)t->data)[i] - zero);
    case MOTE_INT64: return (double)((const int64_t *)t->data)[i];
    case MOTE_BOOL: return ((const uint8_t *)t->data)[i];
    default: return 0;
  }
}

/* ---- outputs ---- */

enum { KEEP_BYTES = 64 << 20 };

static mote_status keep_one(void *user, const observer *o, int64_t sample, mote_error *e) {
  outcome *const to = user;
  for (int32_t i = 0; i < to->outputs && sample < to->samples; i++) {
    const mote_tensor *const t = observe_value(o, i);
    const size_t at = (size_t)sample * (size_t)to->outputs + (size_t)i, count = sampler_elements(t);
    to->values[at] = MEM_ARRAY(to->s->mem, float, count + 1);
    if (!to->values[at]) return err_memory(e, "the outputs of a sample", count * sizeof(float));
    to->counts[at] = count;
    for (size_t k = 0; k < count; k++) to->values[at][k] = (float)sampler_number(t, k);
  }
  return MOTE_OK;
}

mote_status outcome_keep(outcome *o, sampler *s, const mote_graph *g, int64_t most, mote_error *e) {
  const graph *const main_graph = &g->set.graphs[0];
  double bytes = 1;
  *o = (outcome){.s = s, .outputs = main_graph->num_outputs};
  for (int32_t i = 0; i < o->outputs; i++) {
    const graph_value *const v = &main_graph->values[main_graph->outputs[i]];
    double elements = 4;
    for (int32_t d = 0; d < v->rank; d++) elements *= v->dims[d];
    bytes += elements;
  }
  o->samples = most < s->count ? most : s->count;
  if ((double)o->samples * bytes > KEEP_BYTES) o->samples = 1 + (int64_t)(KEEP_BYTES / bytes);
  const size_t all = (size_t)o->samples * (size_t)o->outputs;
  o->values = MEM_ARRAY(s->mem, float *, all + 1);
  o->counts = MEM_ARRAY(s->mem, size_t, all + 1);
  if (!o->values || !o->counts) return err_memory(e, "the outputs of samples", all * sizeof *o->values);
  const sampler_view view = {g, o->outputs, main_graph->outputs};
  return sampler_run(s, &view, 1, o->samples, keep_one, o, e);
}

void outcome_free(outcome *o) {
  for (size_t i = 0; o->values && i < (size_t)o->samples * (size_t)o->outputs; i++) mem_free(o->s->mem, o->values[i]);
  if (o->s) mem_free(o->s->mem, o->values), mem_free(o->s->mem, o->counts);
  *o = (outcome){0};
}

typedef struct measuring {
  const outcome *kept;
  double *signal, *noise; /* [outputs] */
  int64_t seen, ranked, same;
} measuring;

/* The answer is the same where the largest of a row of the last dimension stands at the same place. */
static void rank_rows(measuring *m, const mote_tensor *t, const float *want, size_t count) {
  const size_t row = t->rank > 0 ? (size_t)t->dims[t->rank - 1] : 1;
  if (row < 2) return;
  for (size_t from = 0; from + row <= count; from += row) {
    size_t have_at = 0, want_at = 0;
    for (size_t i = 1; i < row; i++) {
      if (sampler_number(t, from + i) > sampler_number(t, from + have_at)) have_at = i;
      if (want[from + i] > want[from + want_at]) want_at = i;
    }
    m->ranked++;
    m->same += have_at == want_at;
  }
}

static mote_status measure_one(void *user, const observer *o, int64_t sample, mote_error *e) {
  measuring *const m = user;
  (void)e;
  m->seen++;
  for (int32_t i = 0; i < m->kept->outputs; i++) {
    const mote_tensor *const t = observe_value(o, i);
    const size_t at = (size_t)sample * (size_t)m->kept->outputs + (size_t)i, count = m->kept->counts[at];
    const float *const want = m->kept->values[at];
    if (sampler_elements(t) != count || !want) continue;
    for (size_t k = 0; k < count; k++) {
      const double miss = sampler_number(t, k) - (double)want[k];
      m->signal[i] += (double)want[k] * (double)want[k];
      m->noise[i] += miss * miss;
    }
    if (i == 0) rank_rows(m, t, want, count);
  }
  return MOTE_OK;
}

mote_status outcome_measure(const outcome *o, const mote_graph *g, int64_t most, distance *d, mote_error *e) {
  mem *const m = o->s->mem;
  const sampler_view view = {g, o->outputs, g->set.graphs[0].outputs};
  measuring of = {.kept = o};
  of.signal = MEM_ARRAY(m, double, (size_t)o->outputs + 1);
  of.noise = MEM_ARRAY(m, double, (size_t)o->outputs + 1);
  mote_status status = of.signal && of.noise ? MOTE_OK : err_memory(e, "a measurement", 0);
  if (status == MOTE_OK)
    status = sampler_run(o->s, &view, 1, most < o->samples ? most : o->samples, measure_one, &of, e);
  double share = 0;
  for (int32_t i = 0; i < o->outputs && status == MOTE_OK; i++) {
    const double worst = 1e12; /* an output that was 0 all along */
    const double here = of.noise[i] == 0 ? 0 : of.noise[i] / of.signal[i];
    share += isfinite(here) && here < worst ? here : worst;
  }
  *d = (distance){.noise = share / (o->outputs ? o->outputs : 1),
                  .top1 = of.ranked ? (double)of.same / (double)of.ranked : (double)NAN,
                  .seen = of.seen};
  mem_free(m, of.signal);
  mem_free(m, of.noise);
  return status;
}

double distance_decibel(const distance *d) { return d->noise > 0 ? -10 * log10(d->noise) : (double)INFINITY; }

/* ---- channels ---- */

mote_status channel_sums_open(channel_sums *c, mem *m, size_t channels, mote_error *e) {
  *c = (channel_sums){.channels = channels};
  c->sum = MEM_ARRAY(m, double, channels + 1);
  c->square = MEM_ARRAY(m, double, channels + 1);
  return c->sum && c->square ? MOTE_OK : err_memory(e, "means of channels", channels * sizeof(double));
}

void channel_sums_close(channel_sums *c, mem *m) {
  mem_free(m, c->sum);
  mem_free(m, c->square);
}

typedef struct summing {
  int32_t count;
  channel_sums *lists;
} summing;

void channel_sums_add(channel_sums *c, const mote_tensor *t) {
  const size_t elements = sampler_elements(t);
  if (!c->channels) return;
  for (size_t k = 0, channel = 0; k < elements; k++) {
    const double v = sampler_number(t, k);
    c->sum[channel] += v;
    c->square[channel] += v * v;
    if (++channel == c->channels) channel = 0;
  }
  c->count += (double)elements / (double)c->channels;
}

static mote_status sum_one(void *user, const observer *o, int64_t sample, mote_error *e) {
  const summing *const s = user;
  (void)sample, (void)e;
  for (int32_t i = 0; i < s->count; i++) channel_sums_add(&s->lists[i], observe_value(o, i));
  return MOTE_OK;
}

mote_status sampler_sum(sampler *s, const mote_graph *g, int32_t count, const int32_t *values, channel_sums *lists,
                        mote_error *e) {
  summing to = {count, lists};
  const sampler_view view = {g, count, values};
  return sampler_run(s, &view, 1, s->count, sum_one, &to, e);
}

double channel_mean(const channel_sums *c, size_t channel) { return c->count > 0 ? c->sum[channel] / c->count : 0; }

double channel_deviation(const channel_sums *c, size_t channel) {
  const double mean = channel_mean(c, channel);
  const double variance = c->count > 0 ? c->square[channel] / c->count - mean * mean : 0;
  return variance > 0 ? sqrt(variance) : 0;
}
