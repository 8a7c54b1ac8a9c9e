/* layout_place.c: horizontal places, after Brandes and Koepf: vertices are aligned with the median of their neighbours
 * into blocks, blocks are packed; done from above and below, from left and right, and the mean of the middle two of the
 * four results is taken. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/layout_graph.h"

static const float box_gap = 26, bend_gap = 14;

typedef struct placing {
  layout_graph *g;
  bool from_below, from_right;
  int32_t *sorted[2]; /* neighbours as in g->list, by place */
  bool *crossed[2];   /* segments that must give way to long lines; as in g->list */
  int32_t *root, *next;
  int32_t *waits, *queue; /* of blocks, while they are packed */
  float *x;
} placing;

/* ---- preparation ---- */

static bool sort_neighbours(placing *p, arena *a) {
  const layout_graph *const g = p->g;
  int32_t *const fill = ARENA_ARRAY(a, int32_t, (size_t)g->num_vertices + 1);
  if (!fill) return false;
  for (int side = 0; side < 2; side++) {
    int32_t *const to = ARENA_ARRAY(a, int32_t, (size_t)g->num_segments + 1);
    if (!to) return false;
    memcpy(fill, g->start[side], ((size_t)g->num_vertices + 1) * sizeof *fill);
    /* In the order of their places, each vertex enters itself with those it leads to. */
    for (int32_t i = 0; i < g->num_vertices; i++) {
      const int32_t u = g->order[i];
      for (int32_t k = g->start[!side][u]; k < g->start[!side][u + 1]; k++) to[fill[g->list[!side][k]]++] = u;
    }
    p->sorted[side] = to;
  }
  return true;
}

static void mark(placing *p, int side, int32_t v, int32_t neighbour) {
  for (int32_t k = p->g->start[side][v]; k < p->g->start[side][v + 1]; k++)
    if (p->sorted[side][k] == neighbour) p->crossed[side][k] = true;
}

/* The bend above a bend; -1: v is none, or stands below its box. */
static int32_t bend_above(const placing *p, int32_t v) {
  const layout_graph *const g = p->g;
  if (!g->is_bend[v] || g->start[0][v] == g->start[0][v + 1]) return -1;
  const int32_t u = p->sorted[0][g->start[0][v]];
  return g->is_bend[u] ? u : -1;
}

/* Segments that cross one between two bends. */
static void find_crossed(placing *p) {
  layout_graph *const g = p->g;
  for (int32_t r = 1; r < g->num_layers; r++) {
    const int32_t begin = g->layer[r], count = g->layer[r + 1] - begin;
    const int32_t above = g->layer[r] - g->layer[r - 1];
    int32_t scanned = 0, low = 0;
    for (int32_t i = 0; i < count; i++) {
      const int32_t bend = bend_above(p, g->order[begin + i]);
      if (bend < 0 && i + 1 < count) continue;
      const int32_t high = bend >= 0 ? g->place[bend] : above;
      for (; scanned <= i; scanned++) {
        const int32_t v = g->order[begin + scanned];
        for (int32_t k = g->start[0][v]; k < g->start[0][v + 1]; k++) {
          const int32_t u = p->sorted[0][k];
          if ((g->place[u] >= low && g->place[u] <= high) || (g->is_bend[u] && g->is_bend[v])) continue;
          p->crossed[0][k] = true;
          mark(p, 1, u, v);
        }
      }
      low = high;
    }
  }
}

/* ---- blocks ---- */

/* Tries to join v with a neighbour; *guide is the place of the last that was joined in this layer. */
static void join(placing *p, int32_t v, int32_t k, int32_t *guide) {
  const int side = p->from_below;
  const int32_t u = p->sorted[side][k], at = p->from_right ? -p->g->place[u] : p->g->place[u];
  if (p->next[v] != v || p->crossed[side][k] || at <= *guide) return;
  p->next[u] = v;
  p->root[v] = p->root[u];
  p->next[v] = p->root[v];
  *guide = at;
}

static void align(placing *p) {
  const layout_graph *const g = p->g;
  const int side = p->from_below;
  for (int32_t v = 0; v < g->num_vertices; v++) p->root[v] = p->next[v] = v;
  for (int32_t i = 1; i < g->num_layers; i++) {
    const int32_t r = p->from_below ? g->num_layers - 1 - i : i;
    const int32_t begin = g->layer[r], count = g->layer[r + 1] - begin;
    int32_t guide = INT32_MIN;
    for (int32_t k = 0; k < count; k++) {
      const int32_t v = g->order[p->from_right ? begin + count - 1 - k : begin + k];
      const int32_t first = g->start[side][v], degree = g->start[side][v + 1] - first;
      if (!degree) continue;
      const int32_t left = first + (degree - 1) / 2, right = first + degree / 2;
      join(p, v, p->from_right ? right : left, &guide);
      join(p, v, p->from_right ? left : right, &guide);
    }
  }
}

/* ---- packing ---- */

static float apart(const layout_graph *g, int32_t u, int32_t v) {
  return (g->width[u] + g->width[v]) / 2 + (g->is_bend[u] && g->is_bend[v] ? bend_gap : box_gap);
}

/* The vertex beside v in its layer, on the side that is packed towards (step -1) or away from it (1); -1: none. */
static int32_t beside(const placing *p, int32_t v, int step) {
  const layout_graph *const g = p->g;
  const int32_t r = g->rank[v], at = g->place[v] + (p->from_right ? -step : step);
  return at < 0 || at >= g->layer[r + 1] - g->layer[r] ? -1 : g->order[g->layer[r] + at];
}

/* All blocks in an order in which each comes after those it is packed against; their number. */
static int32_t order_blocks(placing *p) {
  const layout_graph *const g = p->g;
  int32_t count = 0;
  memset(p->waits, 0, (size_t)g->num_vertices * sizeof *p->waits);
  for (int32_t v = 0; v < g->num_vertices; v++)
    if (beside(p, v, -1) >= 0) p->waits[p->root[v]]++;
  for (int32_t v = 0; v < g->num_vertices; v++)
    if (p->root[v] == v && !p->waits[v]) p->queue[count++] = v;
  for (int32_t i = 0; i < count; i++) {
    int32_t v = p->queue[i];
    do {
      const int32_t w = beside(p, v, 1);
      if (w >= 0 && --p->waits[p->root[w]] == 0) p->queue[count++] = p->root[w];
      v = p->next[v];
    } while (v != p->queue[i]);
  }
  return count;
}

/* Each block as near as it can be to those before it, then as near as it can be to those behind. */
static void pack(placing *p) {
  const layout_graph *const g = p->g;
  const int32_t count = order_blocks(p);
  for (int32_t i = 0; i < count; i++) {
    int32_t v = p->queue[i];
    float x = 0;
    do {
      const int32_t u = beside(p, v, -1);
      if (u >= 0) x = fmaxf(x, p->x[p->root[u]] + apart(g, u, v));
      v = p->next[v];
    } while (v != p->queue[i]);
    p->x[v] = x;
  }
  for (int32_t i = count - 1; i >= 0; i--) {
    int32_t v = p->queue[i];
    float x = INFINITY;
    do {
      const int32_t w = beside(p, v, 1);
      if (w >= 0) x = fminf(x, p->x[p->root[w]] - apart(g, v, w));
      v = p->next[v];
    } while (v != p->queue[i]);
    if (x < INFINITY && x > p->x[v]) p->x[v] = x;
  }
  for (int32_t v = 0; v < g->num_vertices; v++)
    if (p->root[v] != v) p->x[v] = p->x[p->root[v]];
  for (int32_t v = 0; p->from_right && v < g->num_vertices; v++) p->x[v] = -p->x[v];
}

/* ---- four into one ---- */

static void extent(const layout_graph *g, const float *x, float *least, float *most) {
  *least = INFINITY;
  *most = -INFINITY;
  for (int32_t v = 0; v < g->num_vertices; v++) {
    *least = fminf(*least, x[v] - g->width[v] / 2);
    *most = fmaxf(*most, x[v] + g->width[v] / 2);
  }
}

static int by_value(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Aligns all with the narrowest, at the side they were packed to. */
static void balance(layout_graph *g, float *const x[4]) {
  float least[4], most[4];
  int narrow = 0;
  for (int i = 0; i < 4; i++) {
    extent(g, x[i], &least[i], &most[i]);
    if (most[i] - least[i] < most[narrow] - least[narrow]) narrow = i;
  }
  for (int32_t v = 0; v < g->num_vertices; v++) {
    float four[4];
    for (int i = 0; i < 4; i++) four[i] = x[i][v] + (i % 2 ? most[narrow] - most[i] : least[narrow] - least[i]);
    qsort(four, 4, sizeof *four, by_value);
    g->x[v] = (four[1] + four[2]) / 2;
  }
}

bool layout_place(layout_graph *g, arena *scratch) {
  const size_t n = (size_t)g->num_vertices + 1;
  placing p = {.g = g};
  float *x[4];
  bool good = sort_neighbours(&p, scratch);
  for (int side = 0; side < 2; side++) {
    p.crossed[side] = ARENA_ARRAY(scratch, bool, (size_t)g->num_segments + 1);
    good &= p.crossed[side] != NULL;
  }
  for (int i = 0; i < 4; i++) {
    x[i] = ARENA_ARRAY(scratch, float, n);
    good &= x[i] != NULL;
  }
  g->x = ARENA_ARRAY(scratch, float, n);
  p.root = ARENA_ARRAY(scratch, int32_t, n);
  p.next = ARENA_ARRAY(scratch, int32_t, n);
  p.waits = ARENA_ARRAY(scratch, int32_t, n);
  p.queue = ARENA_ARRAY(scratch, int32_t, n);
  if (!good || !g->x || !p.root || !p.next || !p.waits || !p.queue) return false;
  if (!g->num_vertices) return true;
  find_crossed(&p);
  for (int i = 0; i < 4; i++) {
    p.from_below = i / 2;
    p.from_right = i % 2;
    p.x = x[i];
    align(&p);
    pack(&p);
  }
  balance(g, x);
  return true;
}
