/* select.c: see select.h.
 *
 * Scores become integers of the same order, and the score up to which pieces go is found byte by byte, so that no list
 * is sorted; of pieces with just that score the first go.
 */
#include "compress/select.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* A layer cut into pieces that go or stay whole: neighbours in a row. */
typedef struct pieces {
  scored *of;
  size_t row, most, in_row; /* weights of a row, of a piece; pieces of a row */
  size_t count;
  uint32_t *key; /* [count] */
  double cost;   /* of a weight */
} pieces;

static size_t piece_size(mote_prune_pattern pattern) {
  return pattern == MOTE_PRUNE_1X4 ? 4 : pattern == MOTE_PRUNE_1X16 ? 16 : 1;
}

static size_t piece_from(const pieces *p, size_t i) { return i / p->in_row * p->row + i % p->in_row * p->most; }

static size_t piece_length(const pieces *p, size_t i) {
  const size_t at = i % p->in_row * p->most;
  return p->row - at < p->most ? p->row - at : p->most;
}

static uint32_t key_of(double score) {
  const float f = score < 3e38 ? (float)score : 3e38f;
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  return bits;
}

static mote_status cut(pieces *p, scored *x, const graph_set *set, mem *m, size_t most, double cost, double factor,
                       mote_error *e) {
  const graph_value *const v = layer_stored(set, &x->l);
  const extent in = extent_of(v, x->l.in_axis);
  *p = (pieces){.of = x, .row = (size_t)v->dims[v->rank - 1], .most = most, .cost = cost};
  if (!x->l.count) return MOTE_OK;
  p->in_row = (p->row + most - 1) / most;
  p->count = x->l.count / p->row * p->in_row;
  p->key = MEM_ARRAY(m, uint32_t, p->count + 1);
  if (!p->key) return err_memory(e, "scores of weights", p->count * sizeof *p->key);
  size_t largest = 0;
  for (size_t i = 0; i < p->count; i++) {
    const size_t from = piece_from(p, i), n = piece_length(p, i);
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += scored_energy(x, in, from + k);
    p->key[i] = key_of(sum / ((double)n * cost) * factor);
    if (p->key[i] > p->key[largest]) largest = i;
  }
  p->key[largest] = UINT32_MAX; /* stays */
  return MOTE_OK;
}

/* The key below which everything goes, and what that costs. */
static uint32_t threshold(const pieces *list, int32_t count, double amount, double *below) {
  uint32_t prefix = 0;
  *below = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    double costs[256] = {0};
    for (int32_t l = 0; l < count; l++)
      for (size_t i = 0; i < list[l].count; i++)
        if (shift == 24 || list[l].key[i] >> (shift + 8) == prefix >> (shift + 8))
          costs[list[l].key[i] >> shift & 255] += list[l].cost * (double)piece_length(&list[l], i);
    uint32_t byte = 0;
    while (byte < 255 && *below + costs[byte] <= amount) *below += costs[byte++];
    prefix |= byte << shift;
  }
  return prefix;
}

static void mask_piece(const pieces *p, size_t i, bool stays) {
  const size_t from = piece_from(p, i), n = piece_length(p, i);
  for (size_t k = from; k < from + n; k++) {
    if (stays) p->of->mask[k / 8] |= (uint8_t)(1 << k % 8);
    else p->of->mask[k / 8] &= (uint8_t) ~(1 << k % 8);
  }
}

static void mask_all(const pieces *list, int32_t count, double amount) {
  double below;
  const uint32_t key = threshold(list, count, amount, &below);
  double left = amount - below;
  for (int32_t l = 0; l < count; l++)
    for (size_t i = 0; i < list[l].count; i++) {
      const double cost = list[l].cost * (double)piece_length(&list[l], i);
      const bool last = list[l].key[i] == key && key != UINT32_MAX && cost <= left * (1 + 1e-9);
      if (last) left -= cost;
      mask_piece(&list[l], i, list[l].key[i] >= key && !last);
    }
}

/* Two of each four in a row stay, those that add most. */
static void mask_2_of_4(scored *x, const graph_set *set) {
  const graph_value *const v = layer_stored(set, &x->l);
  const extent in = extent_of(v, x->l.in_axis);
  const pieces p = {.of = x, .row = (size_t)v->dims[v->rank - 1], .most = 1};
  for (size_t from = 0, n; from < x->l.count; from += n) {
    const size_t to_end = p.row - from % p.row;
    n = to_end < 4 ? to_end : 4;
    for (size_t i = 0; i < n; i++) {
      size_t before = 0; /* that add more, or as much and stand in front */
      for (size_t k = 0; k < n; k++) {
        const double a = scored_energy(x, in, from + i), b = scored_energy(x, in, from + k);
        before += b > a || (b == a && k < i);
      }
      if (before < 2) x->mask[(from + i) / 8] |= (uint8_t)(1 << (from + i) % 8);
      else x->mask[(from + i) / 8] &= (uint8_t) ~(1 << (from + i) % 8);
    }
  }
}

mote_status select_in_layer(scored *x, const graph_set *set, mem *m, mote_prune_pattern pattern, double share,
                            mote_error *e) {
  if (pattern == MOTE_PRUNE_2_OF_4) return mask_2_of_4(x, set), MOTE_OK;
  pieces p;
  MOTE_TRY(cut(&p, x, set, m, piece_size(pattern), 1, x->energy > 0 ? 1 / x->energy : 1, e));
  mask_all(&p, 1, share * (double)x->l.count);
  mem_free(m, p.key);
  return MOTE_OK;
}

/* What was measured of a layer holds for a share like the one that goes: none loses nearly all, whatever that says. */
static double most_of_layer(double share) { return 1 - 0.35 * (1 - share); }

/* The largest pieces, beyond a share of the layer, stay. */
static void spare(pieces *p, double most) {
  double below;
  const uint32_t key = threshold(p, 1, most * p->cost * (double)p->of->l.count, &below);
  for (size_t i = 0; i < p->count; i++)
    if (p->key[i] > key) p->key[i] = UINT32_MAX;
}

static double cost_of(const scored *x, select_cost cost) { return cost == SELECT_MACS ? x->l.uses : 1; }

double select_total(const scores *s, select_cost cost) {
  double all = 0;
  for (int32_t i = 0; i < s->count; i++)
    if (s->at[i].prunable) all += cost_of(&s->at[i], cost) * (double)s->at[i].l.count;
  return all;
}

mote_status select_least(scores *s, const graph_set *set, mote_prune_pattern pattern, select_cost cost, double amount,
                         bool uniform, mote_error *e) {
  const double total = select_total(s, cost), most = total > 0 ? most_of_layer(amount / total) : 1;
  pieces *const list = MEM_ARRAY(s->mem, pieces, (size_t)s->count + 1);
  mote_status status = list ? MOTE_OK : err_memory(e, "scores of weights", 0);
  int32_t count = 0;
  for (int32_t i = 0; i < s->count && status == MOTE_OK; i++) {
    scored *const x = &s->at[i];
    if (!x->prunable || cost_of(x, cost) <= 0) continue;
    if (uniform || pattern == MOTE_PRUNE_2_OF_4) status = select_in_layer(x, set, s->mem, pattern, amount / total, e);
    else {
      pieces *const p = &list[count++];
      status =
          cut(p, x, set, s->mem, piece_size(pattern), cost_of(x, cost), x->energy > 0 ? x->gain / x->energy : 1, e);
      if (status == MOTE_OK) spare(p, most);
    }
  }
  if (status == MOTE_OK && count) mask_all(list, count, amount);
  for (int32_t i = 0; i < count; i++) mem_free(s->mem, list[i].key);
  mem_free(s->mem, list);
  return status;
}

double select_lost(const scored *x, const graph_set *set) {
  const extent in = extent_of(layer_stored(set, &x->l), x->l.in_axis);
  double lost = 0;
  for (size_t i = 0; i < x->l.count; i++)
    if (!mask_at(x->mask, i)) lost += scored_energy(x, in, i);
  return x->energy > 0 ? lost / x->energy : 0;
}

size_t select_zeros(const scored *x) {
  size_t n = 0;
  for (size_t i = 0; i < x->l.count; i++) n += x->w[i] == 0 || !mask_at(x->mask, i);
  return n;
}
