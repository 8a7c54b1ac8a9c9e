/* thin.c: see thin.h.
 *
 * A channel's score is what its weights add in the layers that read it. Where no samples tell how strong it is, its
 * strength is taken from the weights that make it: summed over layers whose outputs are added, times those of depthwise
 * layers on the way. The channel with the least score for each weight (multiply-add, byte) it frees goes first.
 */
#include "compress/thin.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* A dimension of a layer's weights that names channels. */
typedef struct side {
  int32_t layer, axis;
  const int32_t *units;
  int32_t size, left;
} side;

/* That a channel stands in a side, `times` over. */
typedef struct place {
  int32_t root, side, times;
} place;

typedef struct candidate {
  int32_t root;
  double score, frees;
  double seen,
      unseen; /* what it adds in layers that were seen at work; in others, if all channels were equally strong */
  double strength, times;
} candidate;

typedef struct choosing {
  thin *t;
  const graph_set *set;
  const scores *s;
  thin_cost by;
  side *sides;
  int32_t num_sides;
  place *places; /* in the order of roots */
  int32_t num_places;
  int32_t *first;     /* [roots + 1]: of a root's places */
  candidate *all;     /* [roots] */
  double *layer_cost; /* [layers], with what goes gone */
} choosing;

/* ---- sides and places ---- */

static void add_side(choosing *k, int32_t of, int32_t axis) {
  const scored *const x = &k->s->at[of];
  const int32_t *const units = axis < 0 ? NULL : channels_of(&k->t->c, x->l.value, axis);
  if (!units) return;
  const int32_t size = layer_stored(k->set, &x->l)->dims[axis];
  k->sides[k->num_sides++] = (side){.layer = of, .axis = axis, .units = units, .size = size, .left = size};
}

static int by_root(const void *a, const void *b) {
  const place *const p = a, *const q = b;
  if (p->root != q->root) return p->root < q->root ? -1 : 1;
  return (p->side > q->side) - (p->side < q->side);
}

static bool find_places(choosing *k, arena *a) {
  size_t room = 1;
  for (int32_t i = 0; i < k->num_sides; i++) room += (size_t)k->sides[i].size;
  k->places = ARENA_ARRAY(a, place, room);
  k->first = ARENA_ARRAY(a, int32_t, (size_t)k->t->c.count + 2);
  if (!k->places || !k->first) return false;
  for (int32_t i = 0; i < k->num_sides; i++)
    for (int32_t j = 0; j < k->sides[i].size; j++) {
      const int32_t root = channels_root(&k->t->c, k->sides[i].units[j]);
      if (root >= 0) k->places[k->num_places++] = (place){root, i, 1};
    }
  qsort(k->places, (size_t)k->num_places, sizeof *k->places, by_root);
  int32_t to = 0;
  for (int32_t i = 0; i < k->num_places; i++) {
    if (to && k->places[to - 1].root == k->places[i].root && k->places[to - 1].side == k->places[i].side)
      k->places[to - 1].times++;
    else k->places[to++] = k->places[i];
  }
  k->num_places = to;
  for (int32_t root = 0, at = 0; root <= k->t->c.count; root++) {
    while (at < to && k->places[at].root < root) at++;
    k->first[root] = at;
  }
  k->first[k->t->c.count + 1] = to;
  return true;
}

/* ---- costs ---- */

static double weight_cost(const choosing *k, int32_t of) {
  const scored *const x = &k->s->at[of];
  if (k->by == THIN_MACS) return x->l.uses;
  return k->by == THIN_BYTES ? mote_type_bits(layer_stored(k->set, &x->l)->type) / 8.0 : 1;
}

/* Of a layer whose sides have as many coordinates left as they have. */
static double cost_of_layer(const choosing *k, int32_t of) {
  double cost = weight_cost(k, of) * (double)k->s->at[of].l.count;
  for (int32_t i = 0; i < k->num_sides; i++)
    if (k->sides[i].layer == of) cost *= (double)k->sides[i].left / k->sides[i].size;
  return cost;
}

/* What each channel's weights add to a layer that reads it, and what they cost. */
static void score_side(const choosing *k, const side *d) {
  const scored *const x = &k->s->at[d->layer];
  const graph_value *const v = layer_stored(k->set, &x->l);
  const extent in = extent_of(v, x->l.in_axis), here = extent_of(v, d->axis);
  const double factor = x->energy > 0 ? x->gain / x->energy : 0, cost = weight_cost(k, d->layer);
  for (size_t i = 0; i < x->l.count; i++) {
    const int32_t root = channels_root(&k->t->c, d->units[extent_at(here, i)]);
    if (root < 0) continue;
    candidate *const c = &k->all[root];
    c->frees += cost;
    if (d->axis != x->l.in_axis) continue;
    if (x->square) c->seen += scored_energy(x, in, i) * factor;
    else c->unseen += scored_energy(x, in, i) * factor;
  }
}

/* The bias of a layer, when it is a plain list of floats. */
static const float *bias_of(const choosing *k, const layer *l, size_t count) {
  const graph_node *const n = layer_node(k->set, l);
  const int32_t bias = l->at_bias >= 0 && l->at_bias < n->num_inputs ? n->inputs[l->at_bias] : -1;
  const graph_value *const v = bias < 0 ? NULL : &layer_graph(k->set, l)->values[bias];
  return v && v->is_const && v->type == MOTE_FLOAT32 && v->bytes == count * sizeof(float) ? v->data : NULL;
}

/* How strong the channels are that a layer makes: 1 on average. */
static bool strengthen(const choosing *k, const side *d) {
  const scored *const x = &k->s->at[d->layer];
  const extent here = extent_of(layer_stored(k->set, &x->l), d->axis);
  const float *const bias = bias_of(k, &x->l, here.size);
  double *const rows = MEM_ARRAY(k->s->mem, double, here.size + 1);
  double all = 0;
  if (!rows) return false;
  for (size_t i = 0; i < x->l.count; i++) rows[extent_at(here, i)] += (double)x->w[i] * (double)x->w[i];
  for (size_t i = 0; i < here.size; i++) {
    if (bias) rows[i] += (double)bias[i] * (double)bias[i];
    all += rows[i];
  }
  for (size_t i = 0; i < here.size && all > 0; i++) {
    const int32_t root = channels_root(&k->t->c, d->units[i]);
    if (root < 0) continue;
    if (x->l.depthwise) k->all[root].times *= rows[i] / all * (double)here.size;
    else k->all[root].strength += rows[i] / all * (double)here.size;
  }
  mem_free(k->s->mem, rows);
  return true;
}

static bool score_all(const choosing *k) {
  for (int32_t i = 0; i < k->t->c.count; i++) k->all[i] = (candidate){.root = i, .times = 1};
  for (int32_t i = 0; i < k->num_sides; i++) {
    score_side(k, &k->sides[i]);
    if (k->sides[i].axis == k->s->at[k->sides[i].layer].l.out_axis && !strengthen(k, &k->sides[i])) return false;
  }
  for (int32_t i = 0; i < k->t->c.count; i++) {
    candidate *const c = &k->all[i];
    c->score = c->seen + c->unseen * c->strength * c->times;
  }
  return true;
}

static int by_worth(const void *a, const void *b) {
  const candidate *const p = a, *const q = b;
  const double x = p->score * q->frees, y = q->score * p->frees;
  if (x != y) return x < y ? -1 : 1;
  return (p->root > q->root) - (p->root < q->root);
}

/* ---- the choice ---- */

/* What has to be left of a side. */
static int32_t least_of(const side *d) {
  const int32_t share = (d->size + 15) / 16;
  return share < 2 ? 2 : share;
}

static bool may_go(const choosing *k, int32_t root) {
  for (int32_t i = k->first[root]; i < k->first[root + 1]; i++) {
    const side *const d = &k->sides[k->places[i].side];
    if (d->left - k->places[i].times < least_of(d)) return false;
  }
  return true;
}

static void take(choosing *k, int32_t root) {
  k->t->gone[root] = true;
  k->t->left--;
  for (int32_t i = k->first[root]; i < k->first[root + 1]; i++) k->sides[k->places[i].side].left -= k->places[i].times;
  for (int32_t i = k->first[root]; i < k->first[root + 1]; i++) {
    const int32_t of = k->sides[k->places[i].side].layer;
    k->t->cost -= k->layer_cost[of];
    k->layer_cost[of] = cost_of_layer(k, of);
    k->t->cost += k->layer_cost[of];
  }
}

/* What stays by name, or is of a packed type, keeps its channels. */
static void fix_kept(choosing *k) {
  for (int32_t i = 0; i < k->num_sides; i++) {
    if (!k->s->at[k->sides[i].layer].stays) continue;
    for (int32_t j = 0; j < k->sides[i].size; j++) {
      int32_t unit = k->sides[i].units[j];
      while (k->t->c.parent[unit] != unit) unit = k->t->c.parent[unit];
      k->t->c.fixed[unit] = true;
    }
  }
}

static mote_status choose(choosing *k, double most, arena *a, mote_error *e) {
  const int32_t roots = k->t->c.count, count = k->s->count;
  k->sides = ARENA_ARRAY(a, side, 2 * (size_t)count + 1);
  k->all = ARENA_ARRAY(a, candidate, (size_t)roots + 1);
  k->layer_cost = ARENA_ARRAY(a, double, (size_t)count + 1);
  k->t->gone = ARENA_ARRAY(a, bool, (size_t)roots + 1);
  if (!k->sides || !k->all || !k->layer_cost || !k->t->gone) return err_memory(e, "the channels of a network", 0);
  for (int32_t i = 0; i < count; i++) {
    if (k->s->at[i].l.graph) continue;
    add_side(k, i, k->s->at[i].l.out_axis);
    add_side(k, i, k->s->at[i].l.in_axis);
  }
  fix_kept(k);
  if (!find_places(k, a)) return err_memory(e, "the channels of a network", 0);
  for (int32_t i = 0; i < count; i++) k->t->cost += k->layer_cost[i] = cost_of_layer(k, i);
  for (int32_t i = 0; i < roots; i++) k->t->before += k->first[i + 1] > k->first[i];
  k->t->left = k->t->before;
  if (!score_all(k)) return err_memory(e, "the channels of a network", 0);
  int32_t candidates = 0; /* that free something: others are nowhere */
  for (int32_t i = 0; i < roots; i++)
    if (k->all[i].frees > 0) k->all[candidates++] = k->all[i];
  qsort(k->all, (size_t)candidates, sizeof *k->all, by_worth);
  for (int32_t i = 0; i < candidates && k->t->cost > most; i++)
    if (may_go(k, k->all[i].root)) take(k, k->all[i].root);
  return MOTE_OK;
}

mote_status thin_choose(thin *t, const graph_set *set, const scores *s, thin_cost cost, double most, arena *a,
                        mote_error *e) {
  *t = (thin){0};
  choosing k = {.t = t, .set = set, .s = s, .by = cost};
  MOTE_TRY(channels_find(&t->c, set, 0, a, e));
  return choose(&k, most, a, e);
}
