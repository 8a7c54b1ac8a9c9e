/* thin.c: see thin.h.
 *
 * A channel's score is what its weights add in the layers that read it. Where no samples tell how strong it is, its
 * strength is taken from the weights that make it: summed over layers whose outputs are added, times those of depthwise
 * layers on the way. What has the least score for each weight (multiply-add, byte) it frees goes first.
 *
 * Kernels work on several channels at once, and those of an odd number take as long as those of the next even one. So
 * channels that stand in the same places, a family, go by pieces that leave a multiple.
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
  uint64_t family; /* the same for those that stand in the same sides */
  double score, frees;
  double seen,
      unseen; /* what it adds in layers that were seen at work; in others, if all channels were equally strong */
  double strength, times;
} candidate;

/* Candidates [from, to) of one family, which go together. */
typedef struct piece {
  int32_t from, to;
  double score, frees;
} piece;

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
  piece *pieces;      /* [roots] */
  int32_t num_pieces, multiple;
  double least; /* share of a layer's channels that stays in any case */
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

/* ---- pieces ---- */

static uint64_t family_of(const choosing *k, int32_t root) {
  uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
  for (int32_t i = k->first[root]; i < k->first[root + 1]; i++) {
    h = (h ^ (uint64_t)k->places[i].side) * UINT64_C(1099511628211);
    h = (h ^ (uint64_t)k->places[i].times) * UINT64_C(1099511628211);
  }
  return h;
}

static int worth(double score, double frees, double other_score, double other_frees) {
  const double x = score * other_frees, y = other_score * frees;
  return (x > y) - (x < y);
}

static int by_family(const void *a, const void *b) {
  const candidate *const p = a, *const q = b;
  if (p->family != q->family) return p->family < q->family ? -1 : 1;
  const int w = worth(p->score, p->frees, q->score, q->frees);
  return w ? w : (p->root > q->root) - (p->root < q->root);
}

static int by_worth(const void *a, const void *b) {
  const piece *const p = a, *const q = b;
  const int w = worth(p->score, p->frees, q->score, q->frees);
  return w ? w : (p->from > q->from) - (p->from < q->from);
}

/* Of what number of channels a family leaves a multiple: fewer where it is narrow. */
static int32_t multiple_of(const choosing *k, int32_t size) {
  if (k->multiple) return k->multiple;
  return size >= 16 ? 8 : size >= 8 ? 4 : size >= 4 ? 2 : 1;
}

static void cut_family(choosing *k, int32_t from, int32_t to) {
  const int32_t step = multiple_of(k, to - from);
  int32_t n = (to - from) % step ? (to - from) % step : step;
  for (; from < to; from += n, n = step) {
    piece *const p = &k->pieces[k->num_pieces++];
    *p = (piece){.from = from, .to = from + n};
    for (int32_t i = from; i < from + n; i++) p->score += k->all[i].score, p->frees += k->all[i].frees;
  }
}

/* Candidates that free something (others are nowhere), cut into pieces, the least worth first. */
static void cut_all(choosing *k) {
  int32_t count = 0;
  for (int32_t i = 0; i < k->t->c.count; i++) {
    if (k->all[i].frees <= 0) continue;
    k->all[count] = k->all[i];
    k->all[count].family = family_of(k, k->all[count].root);
    count++;
  }
  qsort(k->all, (size_t)count, sizeof *k->all, by_family);
  for (int32_t from = 0, to; from < count; from = to) {
    for (to = from + 1; to < count && k->all[to].family == k->all[from].family;) to++;
    cut_family(k, from, to);
  }
  qsort(k->pieces, (size_t)k->num_pieces, sizeof *k->pieces, by_worth);
}

/* ---- the choice ---- */

/* What has to be left of a side: none loses nearly all, whatever was measured for a share like the one that goes. */
static int32_t least_of(const choosing *k, const side *d) {
  const int32_t share = (int32_t)(d->size * k->least);
  return share < 2 ? 2 : share;
}

static bool may_go(const choosing *k, const piece *p) {
  const int32_t root = k->all[p->from].root;
  for (int32_t i = k->first[root]; i < k->first[root + 1]; i++) {
    const side *const d = &k->sides[k->places[i].side];
    if (d->left - (p->to - p->from) * k->places[i].times < least_of(k, d)) return false;
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
  k->pieces = ARENA_ARRAY(a, piece, (size_t)roots + 1);
  k->t->gone = ARENA_ARRAY(a, bool, (size_t)roots + 1);
  if (!k->sides || !k->all || !k->layer_cost || !k->pieces || !k->t->gone)
    return err_memory(e, "the channels of a network", 0);
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
  k->least = 0.35 * most / k->t->cost;
  if (k->least < 1.0 / 16) k->least = 1.0 / 16;
  if (!score_all(k)) return err_memory(e, "the channels of a network", 0);
  cut_all(k);
  for (int32_t i = 0; i < k->num_pieces && k->t->cost > most; i++)
    if (may_go(k, &k->pieces[i]))
      for (int32_t j = k->pieces[i].from; j < k->pieces[i].to; j++) take(k, k->all[j].root);
  return MOTE_OK;
}

mote_status thin_choose(thin *t, const graph_set *set, const scores *s, thin_cost cost, double most, int32_t multiple,
                        arena *a, mote_error *e) {
  *t = (thin){0};
  choosing k = {.t = t, .set = set, .s = s, .by = cost, .multiple = multiple};
  MOTE_TRY(channels_find(&t->c, set, 0, a, e));
  return choose(&k, most, a, e);
}
