/* prune.c: mote_prune: how much goes, in what order things are measured, chosen, taken out, set right and stored.
 *
 * The network is worked on in place; when something fails, what it was is put back.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "compress/encode.h"
#include "compress/select.h"
#include "compress/thin.h"
#include "compress/trial.h"

enum { SMALLEST = 64 };

typedef struct pruning {
  mote_graph *g;
  const mote_prune_config *config;
  arena *arena;
  scores s;
  trial t;
  bool encodes;
  mote_error *error;
} pruning;

typedef struct prune_report {
  mote_prune_report report; /* stands first: callers have a pointer to it */
  arena arena;
  mem *mem;
} prune_report;

/* ---- what is asked for ---- */

static mote_status check_config(const mote_prune_config *c, mote_error *e) {
  const int amounts = (c->sparsity != 0) + (c->size != 0) + (c->macs != 0);
  if (!(c->sparsity >= 0 && c->sparsity < 1))
    return err_set(e, MOTE_ERR_ARGUMENT, "the sparsity is %g; it is a share of the weights, from 0 to below 1",
                   c->sparsity);
  if (c->pattern < MOTE_PRUNE_WEIGHTS || c->pattern > MOTE_PRUNE_CHANNELS || c->smallest < 0 || c->multiple < 0)
    return err_set(e, MOTE_ERR_ARGUMENT,
                   "there is no pattern %d, or %d is no number of weights, or %d none of channels", (int)c->pattern,
                   (int)c->smallest, (int)c->multiple);
  if (c->pattern == MOTE_PRUNE_2_OF_4) {
    if (!amounts || (amounts == 1 && c->sparsity == 0.5)) return MOTE_OK;
    return err_set(e, MOTE_ERR_ARGUMENT, "two of four is always half of the weights: leave the amount out");
  }
  if (amounts != 1)
    return err_set(e, MOTE_ERR_ARGUMENT, "say how much is pruned by one of sparsity, size and multiply-adds, not %d",
                   amounts);
  if (c->size && c->pattern != MOTE_PRUNE_CHANNELS && !c->encode)
    return err_set(e, MOTE_ERR_ARGUMENT,
                   "zeros take as much of a file as other weights: for a size, have them stored "
                   "as sparse tensors (encode), or prune whole channels");
  return MOTE_OK;
}

/* Fewer weights than this make no layer; channels go whatever the layers' sizes. */
static int32_t smallest_of(const mote_prune_config *c) {
  return c->pattern == MOTE_PRUNE_CHANNELS ? 0 : c->smallest ? c->smallest : SMALLEST;
}

static double multiply_adds(const scores *s) {
  double all = 0;
  for (int32_t i = 0; i < s->count; i++) all += s->at[i].l.uses * (double)(s->at[i].l.count - select_zeros(&s->at[i]));
  return all;
}

static double all_weights(const scores *s) {
  double all = 0;
  for (int32_t i = 0; i < s->count; i++) all += (double)s->at[i].l.count;
  return all;
}

/* A network that came with sparse tensors goes with such. */
static bool has_sparse(const graph_set *set) {
  for (int32_t i = 0; i < set->count; i++)
    for (int32_t v = 0; v < set->graphs[i].num_values; v++)
      if (set->graphs[i].values[v].sparsity) return true;
  return false;
}

/* Every constant of a few numbers that several nodes read gets a value for each of them, so that channels which have
 * nothing but a bias of zeros in common are not tied together. In a file they are one buffer again. */
static bool unshare(mote_graph *g, graph *of) {
  int32_t *const reads = ARENA_ARRAY(&g->arena, int32_t, (size_t)of->num_values + 1);
  const int32_t values = of->num_values;
  if (!reads) return false;
  for (int32_t i = 0; i < of->num_nodes; i++) {
    graph_node *const n = &of->nodes[i];
    for (int32_t j = 0; j < n->num_inputs; j++) {
      const int32_t v = n->inputs[j];
      if (v < 0 || v >= values || !of->values[v].is_const || of->values[v].sparsity || reads[v]++ == 0) continue;
      int32_t wide = 0;
      for (int32_t d = 0; d < of->values[v].rank; d++) wide += of->values[v].dims[d] != 1;
      int32_t *const inputs = ARENA_ARRAY(&g->arena, int32_t, (size_t)n->num_inputs);
      if (wide > 1) continue;
      if (!inputs || !graph_grow(&g->arena, &of->values, of->num_values, &of->room_values, sizeof *of->values))
        return false;
      memcpy(inputs, n->inputs, (size_t)n->num_inputs * sizeof *inputs);
      of->values[of->num_values] = of->values[v];
      of->values[of->num_values].tensor = of->num_values;
      inputs[j] = of->num_values++;
      n->inputs = inputs;
    }
  }
  return true;
}

/* ---- measuring ---- */

/* Tries a layer: how much do the outputs err when a share of its weights alone goes? */
static mote_status try_layer(pruning *p, scored *x, double share, double *gain) {
  graph_value *const v = &p->g->set.graphs[x->l.graph].values[x->l.stored];
  const void *const data = v->data;
  mem *const m = p->g->mem;
  distance d;
  *gain = 0;
  MOTE_TRY(select_in_layer(x, &p->g->set, m, p->config->pattern, share, p->error));
  const double lost = select_lost(x, &p->g->set);
  float *const w = x->w, *const rest = MEM_ARRAY(m, float, x->l.count + 1);
  if (!rest) return err_memory(p->error, "the weights of a layer", x->l.count * sizeof *rest);
  memcpy(rest, w, x->l.count * sizeof *rest);
  x->w = rest;
  mote_status status = scored_apply(x, p->g, p->error);
  if (status == MOTE_OK) status = outcome_measure(&p->t.kept, p->g, TRIAL_GAIN_SAMPLES, &d, p->error);
  x->w = w;
  v->data = data;
  mem_free(m, rest);
  memset(x->mask, 0xff, x->l.count / 8 + 1);
  if (status == MOTE_OK && lost > 0) *gain = d.noise / lost;
  return status;
}

/* The gains of all layers, by trying each. */
static mote_status try_layers(pruning *p, double share) {
  int32_t tried = 0, count = 0;
  double sum = 0;
  if (!p->t.sampled || p->config->uniform || p->config->pattern == MOTE_PRUNE_2_OF_4) return MOTE_OK;
  for (int32_t i = 0; i < p->s.count; i++) count += p->s.at[i].prunable;
  MOTE_TRY(trial_begin(&p->t, "trying layers", 1.0 / (count ? count : 1), p->error));
  for (int32_t i = 0; i < p->s.count; i++) {
    if (!p->s.at[i].prunable) continue;
    MOTE_TRY(try_layer(p, &p->s.at[i], share, &p->s.at[i].gain));
    sum += p->s.at[i].gain;
    tried += p->s.at[i].gain > 0;
  }
  /* What made no difference, or could not be tried, is taken for an average layer. The repair makes up for most of what
   * sets layers apart when they are tried without it: then gains count by their fourth roots, which came out best. */
  for (int32_t i = 0; i < p->s.count; i++) {
    scored *const x = &p->s.at[i];
    if (!x->prunable || x->gain <= 0) x->gain = tried ? sum / tried : 1;
    if (p->t.repairs) x->gain = sqrt(sqrt(x->gain));
  }
  return MOTE_OK;
}

/* ---- single weights and blocks ---- */

static mote_status apply_masks(pruning *p) {
  for (int32_t i = 0; i < p->s.count; i++)
    if (p->s.at[i].prunable) MOTE_TRY(scored_apply(&p->s.at[i], p->g, p->error));
  return MOTE_OK;
}

/* Bytes that the weights of all layers take in the file, with the masks as they are. */
static mote_status masked_bytes(pruning *p, double *bytes) {
  *bytes = 0;
  for (int32_t i = 0; i < p->s.count; i++) {
    const scored *const x = &p->s.at[i];
    float *const w = MEM_ARRAY(p->g->mem, float, x->l.count + 16);
    if (!w) return err_memory(p->error, "the weights of a layer", x->l.count * sizeof *w);
    for (size_t k = 0; k < x->l.count; k++) w[k] = mask_at(x->mask, k) ? x->w[k] : 0;
    *bytes += encode_bytes(&p->g->set, &x->l, w);
    mem_free(p->g->mem, w);
  }
  return MOTE_OK;
}

/* The most that the repair may add: layers without a bias get one, and those of float16 become float32. */
static double repair_bytes(const pruning *p) {
  enum { TENSOR_BYTES = 160 };
  const graph *const g = &p->g->set.graphs[0];
  double bytes = 0;
  for (int32_t i = 0; i < p->t.whole.all.count && p->t.repairs; i++) {
    const layer *const l = &p->t.whole.all.at[i];
    const graph_node *const n = &g->nodes[l->node];
    const int32_t bias = l->at_bias < n->num_inputs ? n->inputs[l->at_bias] : -1;
    if (bias >= 0 && g->values[bias].is_const) continue;
    bytes += 4.0 * (double)extent_of(layer_stored(&p->g->set, l), l->out_axis).size + TENSOR_BYTES;
  }
  return bytes;
}

/* The least sparsity whose file is within the budget, by halving. `before` is the size now, with all weights in full.
 */
static mote_status select_for_size(pruning *p, uint64_t before) {
  double full = 0, bytes, lo = 0, hi = 1;
  const double total = select_total(&p->s, SELECT_WEIGHTS);
  for (int32_t i = 0; i < p->s.count; i++) full += (double)layer_stored(&p->g->set, &p->s.at[i].l)->bytes;
  /* Padding, names of what is added. */
  const double rest = (double)before - full + 1024 + 0.002 * full + repair_bytes(p);
  for (int step = 0; step < 14; step++) {
    const double share = step ? (lo + hi) / 2 : 1;
    MOTE_TRY(select_least(&p->s, &p->g->set, p->config->pattern, SELECT_WEIGHTS, share * total, p->config->uniform,
                          p->error));
    MOTE_TRY(masked_bytes(p, &bytes));
    if (!step && bytes + rest > (double)p->config->size)
      return err_set(p->error, MOTE_ERR_LIMIT,
                     "%llu bytes cannot be reached: with all weights gone that may go, about "
                     "%.0f are left",
                     (unsigned long long)p->config->size, bytes + rest);
    if (bytes + rest > (double)p->config->size) lo = share;
    else hi = share;
  }
  return select_least(&p->s, &p->g->set, p->config->pattern, SELECT_WEIGHTS, hi * total, p->config->uniform, p->error);
}

static mote_status select_for_macs(pruning *p) {
  const double now = multiply_adds(&p->s), most = (double)p->config->macs, total = select_total(&p->s, SELECT_MACS);
  double zeros = 0; /* that are there already are the first to go, and save nothing */
  for (int32_t i = 0; i < p->s.count; i++)
    if (p->s.at[i].prunable) zeros += p->s.at[i].l.uses * (double)select_zeros(&p->s.at[i]);
  if (now - (total - zeros) > most)
    return err_set(p->error, MOTE_ERR_LIMIT,
                   "%llu multiply-adds cannot be reached: with all weights gone that may go, "
                   "%.0f are left",
                   (unsigned long long)p->config->macs, now - (total - zeros));
  const double amount = now > most ? now - most + zeros : 0;
  /* The last piece that fits leaves less than one piece over: one more goes, so that the budget holds. */
  double more = 0;
  for (int round = 0; round < 3; round++) {
    MOTE_TRY(
        select_least(&p->s, &p->g->set, p->config->pattern, SELECT_MACS, amount + more, p->config->uniform, p->error));
    const double over = multiply_adds(&p->s) - most;
    if (over <= 0) break;
    for (int32_t i = 0; i < p->s.count; i++)
      if (p->s.at[i].prunable && p->s.at[i].l.uses * 16 > more) more = p->s.at[i].l.uses * 16;
    more = more > over * (round + 1) ? more : over * (round + 1);
  }
  return MOTE_OK;
}

static mote_status prune_weights(pruning *p, uint64_t before) {
  const mote_prune_config *const c = p->config;
  if (select_total(&p->s, SELECT_WEIGHTS) <= 0)
    return err_set(p->error, MOTE_ERR_MODEL,
                   "no layer of the network has weights to be pruned: %d or more, and not "
                   "among those that stay as they are",
                   (int)(c->smallest ? c->smallest : SMALLEST));
  if (c->size) MOTE_TRY(select_for_size(p, before));
  else if (c->macs) MOTE_TRY(select_for_macs(p));
  else
    MOTE_TRY(select_least(&p->s, &p->g->set, c->pattern, SELECT_WEIGHTS,
                          c->sparsity * select_total(&p->s, SELECT_WEIGHTS), c->uniform, p->error));
  return apply_masks(p);
}

/* ---- channels ---- */

/* What the layers lost, for who repairs them. */
static mote_status note_gone(pruning *p, const thin *t) {
  for (int32_t i = 0; i < p->t.whole.all.count && p->t.repairs; i++) {
    const layer *const l = &p->t.whole.all.at[i];
    const int32_t *const units = channels_of(&t->c, l->value, l->out_axis);
    const int32_t size = layer_stored(&p->g->set, l)->dims[l->out_axis];
    if (!units) continue;
    bool *const gone = p->t.whole.gone[i] = MEM_ARRAY(p->g->mem, bool, (size_t)size + 1);
    if (!gone) return err_memory(p->error, "the channels of a layer", (uint64_t)size);
    for (int32_t k = 0; k < size; k++) {
      const int32_t root = channels_root(&t->c, units[k]);
      gone[k] = root >= 0 && t->gone[root];
    }
  }
  return MOTE_OK;
}

/* Chooses and takes out; *cost is what the layers cost then. */
static mote_status take_out(pruning *p, thin_cost by, double most, mote_prune_report *r) {
  thin t;
  MOTE_TRY(thin_choose(&t, &p->g->set, &p->s, by, most, p->config->multiple, p->arena, p->error));
  r->channels_before = t.before;
  r->channels_after = t.left;
  if (!t.before)
    return err_set(p->error, MOTE_ERR_MODEL,
                   "no channel can go: each is an input or an output of the network, or is "
                   "read by an operator that needs all of them");
  if (t.cost > most && by == THIN_MACS)
    return err_set(
        p->error, MOTE_ERR_LIMIT,
        "%.0f multiply-adds cannot be reached by taking out channels: every layer keeps some, and %.0f are left", most,
        t.cost);
  if (t.cost > most && by == THIN_WEIGHTS)
    report_note(&p->config->watch, "every layer keeps some channels: %.1f %% of the weights are left, not %.1f %%",
                100 * t.cost / all_weights(&p->s), 100 * most / all_weights(&p->s));
  MOTE_TRY(note_gone(p, &t));
  return channels_remove(&t.c, p->g, t.gone, p->error);
}

static double layer_bytes(const pruning *p) {
  double full = 0;
  for (int32_t i = 0; i < p->s.count; i++) full += (double)layer_stored(&p->g->set, &p->s.at[i].l)->bytes;
  return full;
}

/* Other constants shrink with the weights: the size is found out by trying, each time from the network as it was. */
static mote_status take_out_for_size(pruning *p, uint64_t before, mote_prune_report *r) {
  enum { TRIES = 8 };
  double most = layer_bytes(p) - ((double)before - (double)p->config->size);
  for (int i = 0; i < TRIES; i++) {
    graph_set whole;
    mote_size now;
    MOTE_TRY(graph_copy(&p->g->set, &p->g->arena, &whole, p->error));
    MOTE_TRY(take_out(p, THIN_BYTES, most, r));
    MOTE_TRY(report_size(p->g, &now, p->error));
    if ((double)now.bytes + 256 + repair_bytes(p) <= (double)p->config->size) return MOTE_OK;
    if (i + 1 < TRIES) p->g->set = whole;
    most -= (double)now.bytes + 512 + repair_bytes(p) - (double)p->config->size;
  }
  return err_set(p->error, MOTE_ERR_LIMIT,
                 "%llu bytes cannot be reached by taking out channels: every layer keeps some",
                 (unsigned long long)p->config->size);
}

static mote_status prune_channels(pruning *p, uint64_t before, mote_prune_report *r) {
  const mote_prune_config *const c = p->config;
  if (c->size) return take_out_for_size(p, before, r);
  if (c->macs) return take_out(p, THIN_MACS, (double)c->macs, r);
  return take_out(p, THIN_WEIGHTS, (1 - c->sparsity) * all_weights(&p->s), r);
}

/* ---- the report ---- */

static mote_status tell_layer(pruning *p, const scored *x, mote_prune_layer *to, arena *a) {
  const size_t bytes = x->l.count / 8 + 1;
  uint8_t *const mask = arena_alloc(a, bytes);
  to->op = layer_node(&p->g->set, &x->l)->op->name;
  to->name = report_name(&p->g->set, &x->l, a);
  if (!mask || !to->name) return err_memory(p->error, "a report", bytes);
  for (size_t i = 0; i < x->l.count; i++)
    if (x->w[i] != 0) mask[i / 8] |= (uint8_t)(1 << i % 8), to->left++;
  to->mask = mask;
  to->weights = x->l.count;
  to->value = x->l.stored;
  to->graph = x->l.graph;
  return MOTE_OK;
}

/* Of the layers as they are now; `s` has been read anew. */
static mote_status tell(pruning *p, const scores *s, prune_report *to) {
  mote_prune_layer *const list = ARENA_ARRAY(&to->arena, mote_prune_layer, (size_t)s->count + 1);
  if (!list) return err_memory(p->error, "a report", 0);
  to->report.layers = list;
  to->report.macs_after = (uint64_t)multiply_adds(s);
  for (int32_t i = 0; i < s->count; i++) {
    if (!s->at[i].prunable && p->config->pattern != MOTE_PRUNE_CHANNELS) continue;
    mote_prune_layer *const l = &list[to->report.num_layers++];
    MOTE_TRY(tell_layer(p, &s->at[i], l, &to->arena));
    to->report.left += l->left;
    if (p->encodes) MOTE_TRY(encode_layer(p->g, &s->at[i].l, &l->encoded, p->error));
  }
  return MOTE_OK;
}

/* ---- all of it ---- */

static double first_guess(const pruning *p, uint64_t before) {
  const mote_prune_config *const c = p->config;
  double share = c->sparsity;
  if (c->size) share = 1 - (double)c->size / (double)before;
  if (c->macs) share = 1 - (double)c->macs / multiply_adds(&p->s);
  return share < 0.1 ? 0.1 : share > 0.9 ? 0.9 : share;
}

static mote_status finish(pruning *p, prune_report *to) {
  scores now;
  const mote_prune_config *const c = p->config;
  MOTE_TRY(graph_compact(&p->g->set, &p->g->arena, p->error));
  mote_status status = scores_open(&now, p->g, c->keep, smallest_of(c), p->arena, p->error);
  if (status == MOTE_OK) status = tell(p, &now, to);
  scores_close(&now);
  MOTE_TRY(status);
  MOTE_TRY(report_size(p->g, &to->report.after, p->error));
  return trial_tell(&p->t, p->g, &to->report.samples, &to->report.sqnr, &to->report.top1, p->error);
}

static mote_status run(pruning *p, prune_report *to) {
  mote_prune_report *const r = &to->report;
  const mote_prune_config *const c = p->config;
  const bool whole = c->pattern == MOTE_PRUNE_CHANNELS;
  mote_size full;
  MOTE_TRY(report_size(p->g, &r->before, p->error));
  p->encodes = c->encode || has_sparse(&p->g->set);
  MOTE_TRY(weights_unpack(p->g, p->error));
  for (int32_t i = 0; i < p->g->set.count && whole; i++)
    if (!unshare(p->g, &p->g->set.graphs[i])) return err_memory(p->error, "the network", 0);
  MOTE_TRY(report_size(p->g, &full, p->error));
  MOTE_TRY(scores_open(&p->s, p->g, c->keep, smallest_of(c), p->arena, p->error));
  r->weights = (uint64_t)(whole ? all_weights(&p->s) : select_total(&p->s, SELECT_WEIGHTS));
  r->macs_before = (uint64_t)multiply_adds(&p->s);
  MOTE_TRY(trial_open(&p->t, p->g, &c->samples, !c->no_repair, c->keep, &c->watch, c->threads, p->arena, p->error));
  if (p->t.sampled) MOTE_TRY(scores_look(&p->s, p->g, &p->t.with, p->t.repairs, p->error));
  MOTE_TRY(try_layers(p, first_guess(p, full.bytes)));
  MOTE_TRY(whole ? prune_channels(p, full.bytes, r) : prune_weights(p, full.bytes));
  MOTE_TRY(trial_repair(&p->t, p->g, p->error));
  return finish(p, to);
}

static mote_status prune(mote_graph *g, const mote_prune_config *config, prune_report *to, mote_error *e) {
  arena scratch;
  graph_set before;
  pruning p = {.g = g, .config = config, .arena = &scratch, .error = e};
  MOTE_TRY(check_config(config, e));
  MOTE_TRY(mote_graph_check(g, e));
  MOTE_TRY(graph_copy(&g->set, &g->arena, &before, e));
  arena_init(&scratch, g->mem);
  const mote_status status = run(&p, to);
  trial_close(&p.t);
  scores_close(&p.s);
  arena_free(&scratch);
  if (status == MOTE_OK) return MOTE_OK;
  g->set = before;
  build_forgive(&g->b);
  return status;
}

mote_prune_report *mote_prune(mote_graph *g, const mote_prune_config *config, mote_error *e) {
  mote_error ignored;
  if (!e) e = &ignored;
  prune_report *const to = MEM_NEW(g->mem, prune_report);
  if (!to) {
    err_memory(e, "a report", sizeof *to);
    return NULL;
  }
  to->mem = mem_retain(g->mem);
  arena_init(&to->arena, to->mem);
  if (prune(g, config, to, e) == MOTE_OK) return &to->report;
  mote_prune_report_free(&to->report);
  return NULL;
}

void mote_prune_report_free(mote_prune_report *report) {
  prune_report *const r = (prune_report *)(void *)report;
  if (!r) return;
  mem *const m = r->mem;
  arena_free(&r->arena);
  mem_free(m, r);
  mem_release(m);
}
