/* scores.c: see scores.h. */
#include "compress/scores.h"

#include <string.h>

#include "base/error.h"

static bool listed(const layers *some, const layer *l) {
  for (int32_t i = 0; i < some->count; i++)
    if (some->at[i].graph == l->graph && some->at[i].stored == l->stored) return true;
  return false;
}

static void sum_energy(const graph_set *set, scored *x) {
  const extent in = extent_of(layer_stored(set, &x->l), x->l.in_axis);
  x->energy = 0;
  for (size_t i = 0; i < x->l.count; i++) x->energy += scored_energy(x, in, i);
}

/* What is wrong with weights that stay as they are is nobody's business here: such a layer is passed over. */
static mote_status read_layer(scores *s, const graph_set *set, const layer *l, bool stays, mote_error *e) {
  scored *const x = &s->at[s->count++];
  *x = (scored){.l = *l, .gain = 1, .stays = stays, .prunable = !stays && !l->depthwise};
  x->w = MEM_ARRAY(s->mem, float, l->count + 1);
  x->mask = MEM_ARRAY(s->mem, uint8_t, l->count / 8 + 1);
  if (!x->w || !x->mask) return err_memory(e, "the weights of a layer", l->count * sizeof(float));
  const mote_status status = weights_read(set, l, WEIGHTS_REAL, x->w, e);
  if (status != MOTE_OK && stays) {
    mem_free(s->mem, x->w);
    mem_free(s->mem, x->mask);
    s->count--;
    return MOTE_OK;
  }
  MOTE_TRY(status);
  for (size_t i = 0; i < l->count; i++) x->mask[i / 8] |= (uint8_t)(1 << i % 8);
  sum_energy(set, x);
  return MOTE_OK;
}

mote_status scores_open(scores *s, const mote_graph *g, const char *keep, int32_t smallest, arena *a, mote_error *e) {
  layers all, some;
  *s = (scores){.mem = g->mem};
  MOTE_TRY(weights_list(&g->set, NULL, 0, a, &all, e));
  MOTE_TRY(weights_list(&g->set, keep, smallest, a, &some, e));
  s->at = MEM_ARRAY(s->mem, scored, (size_t)all.count + 1);
  if (!s->at) return err_memory(e, "the list of layers", 0);
  for (int32_t i = 0; i < all.count; i++) MOTE_TRY(read_layer(s, &g->set, &all.at[i], !listed(&some, &all.at[i]), e));
  return MOTE_OK;
}

void scores_close(scores *s) {
  for (int32_t i = 0; s->at && i < s->count; i++) {
    mem_free(s->mem, s->at[i].w);
    mem_free(s->mem, s->at[i].square);
    mem_free(s->mem, s->at[i].mask);
  }
  if (s->mem) mem_free(s->mem, s->at);
  *s = (scores){0};
}

/* ---- what comes in ---- */

/* Whether a run shows it: an input of the main graph or what a node there makes. */
static bool can_be_seen(const mote_graph *g, const layer *l) {
  return l->graph == 0 && l->input >= 0 && l->in_axis >= 0 && !g->set.graphs[0].values[l->input].is_const &&
         !g->set.graphs[0].values[l->input].is_variable;
}

/* `centered`: what is always there can be had from a bias, and only what changes counts. */
static mote_status take_squares(scores *s, const graph_set *set, scored *x, const channel_sums *c, bool centered,
                                mote_error *e) {
  x->square = MEM_ARRAY(s->mem, float, c->channels + 1);
  if (!x->square) return err_memory(e, "means of channels", c->channels * sizeof(float));
  double mean = 0;
  for (size_t i = 0; i < c->channels; i++) {
    const double deviation = channel_deviation(c, i), square = c->square[i] / c->count;
    x->square[i] = (float)(centered ? deviation * deviation + 0.05 * square : square);
    mean += (double)x->square[i] / (double)c->channels;
  }
  /* Channels that were never on in the few samples there are may be on in others: a little is known of all. */
  for (size_t i = 0; i < c->channels; i++) x->square[i] += (float)(0.01 * mean);
  sum_energy(set, x);
  return MOTE_OK;
}

mote_status scores_look(scores *s, const mote_graph *g, sampler *with, bool centered, mote_error *e) {
  int32_t *const values = MEM_ARRAY(s->mem, int32_t, (size_t)s->count + 1);
  int32_t *const of = MEM_ARRAY(s->mem, int32_t, (size_t)s->count + 1);
  channel_sums *const sums = MEM_ARRAY(s->mem, channel_sums, (size_t)s->count + 1);
  mote_status status = values && of && sums ? MOTE_OK : err_memory(e, "means of channels", 0);
  int32_t count = 0;
  for (int32_t i = 0; i < s->count && status == MOTE_OK; i++) {
    const layer *const l = &s->at[i].l;
    if (!can_be_seen(g, l)) continue;
    status = channel_sums_open(&sums[count], s->mem, extent_of(layer_stored(&g->set, l), l->in_axis).size, e);
    values[count] = l->input;
    of[count++] = i;
  }
  if (status == MOTE_OK) status = sampler_sum(with, g, count, values, sums, e);
  for (int32_t i = 0; i < count && status == MOTE_OK; i++)
    if (sums[i].count > 0) status = take_squares(s, &g->set, &s->at[of[i]], &sums[i], centered, e);
  for (int32_t i = 0; sums && i < count; i++) channel_sums_close(&sums[i], s->mem);
  mem_free(s->mem, sums);
  mem_free(s->mem, values);
  mem_free(s->mem, of);
  return status;
}

mote_status scored_apply(scored *x, mote_graph *g, mote_error *e) {
  for (size_t i = 0; i < x->l.count; i++)
    if (!mask_at(x->mask, i)) x->w[i] = 0;
  return weights_write(g, &x->l, WEIGHTS_REAL, x->w, e);
}
