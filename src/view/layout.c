/* layout.c: see layout.h. The steps of Sugiyama's method: layers by longest paths, bends where wires pass a layer, few
 * crossings by sweeps of barycentres, places by the method of Brandes and Koepf (layout_place.c). */
#include "view/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "view/layout_graph.h"

enum {
  SWEEPS = 12,
  MOST_BENDS = 200000, /* all together; wires that would need more than fit go straight */
  LAYER_GAP = 34
};

static mote_status no_memory(mote_error *e) { return err_memory(e, "the drawing of a network", 0); }

/* ---- layers ---- */

static bool onwards(const layout_wire *w, int32_t k) { return w->to[k] > w->from; }

/* The layer behind the last of those that lead to it. Wires come in the order of their boxes. */
static int32_t rank_boxes(const layout *l, int32_t *rank) {
  int32_t most = 0;
  for (int32_t i = 0; i < l->num_wires; i++)
    for (int32_t k = 0; k < l->wires[i].count; k++) {
      const layout_wire *const w = &l->wires[i];
      if (onwards(w, k) && rank[w->to[k]] <= rank[w->from]) rank[w->to[k]] = rank[w->from] + 1;
    }
  for (int32_t i = 0; i < l->num_boxes; i++)
    if (rank[i] > most) most = rank[i];
  return most + 1;
}

/* Boxes that add no line by it move down to the first of their readers: those with more lines out than in, where lines
 * from boxes at the very beginning (inputs, what is made of constants) do not count, as these move along. */
static bool settle(const layout *l, int32_t *rank, arena *scratch) {
  const size_t n = (size_t)l->num_boxes + 1;
  int32_t *const in = ARENA_ARRAY(scratch, int32_t, n), *const out = ARENA_ARRAY(scratch, int32_t, n);
  int32_t *const first = ARENA_ARRAY(scratch, int32_t, n);
  bool *const fed = ARENA_ARRAY(scratch, bool, n);
  if (!in || !out || !first || !fed) return false;
  for (int32_t i = 0; i < l->num_boxes; i++) first[i] = INT32_MAX;
  for (int32_t i = 0; i < l->num_wires; i++)
    for (int32_t k = 0; k < l->wires[i].count; k++) fed[l->wires[i].to[k]] |= onwards(&l->wires[i], k);
  for (int32_t i = 0; i < l->num_wires; i++) {
    const layout_wire *const w = &l->wires[i];
    out[w->from]++;
    for (int32_t k = 0; k < w->count; k++) in[w->to[k]] += onwards(w, k) && fed[w->from];
  }
  for (int32_t i = l->num_wires - 1; i >= 0; i--) {
    const layout_wire *const w = &l->wires[i];
    for (int32_t k = 0; k < w->count; k++)
      if (onwards(w, k) && rank[w->to[k]] < first[w->from]) first[w->from] = rank[w->to[k]];
    const bool last = i == 0 || l->wires[i - 1].from != w->from; /* all wires of the box are seen */
    if (last && first[w->from] != INT32_MAX && in[w->from] < out[w->from]) rank[w->from] = first[w->from] - 1;
  }
  return true;
}

/* ---- vertices: boxes, and a bend for each layer that a wire passes ---- */

/* Layers that a wire passes on its way to its furthest target. */
static int32_t span(const layout_wire *w, const int32_t *rank) {
  int32_t most = 0;
  for (int32_t k = 0; k < w->count; k++)
    if (onwards(w, k) && rank[w->to[k]] - rank[w->from] - 1 > most) most = rank[w->to[k]] - rank[w->from] - 1;
  return most;
}

/* The longest wire that may bend, so that all bends fit. */
static int32_t longest(const layout *l, const int32_t *rank) {
  int32_t limit = INT32_MAX;
  for (;;) {
    int64_t total = 0;
    for (int32_t i = 0; i < l->num_wires; i++) {
      const int32_t bends = span(&l->wires[i], rank);
      if (bends <= limit) total += bends;
    }
    if (total <= MOST_BENDS) return limit;
    limit = limit > 1024 ? 1024 : limit / 2;
  }
}

static void add_segment(layout_graph *g, int32_t from, int32_t to) {
  g->segments[g->num_segments++] = (layout_segment){from, to};
}

/* Bends and segments of one wire. */
static void bend(layout_graph *g, const layout_wire *w, int32_t index, int32_t bends) {
  const int32_t first = g->num_vertices, base = g->rank[w->from];
  g->first_bend[index] = first;
  g->num_bends[index] = bends;
  for (int32_t b = 0; b < bends; b++) {
    const int32_t v = g->num_vertices++;
    g->rank[v] = base + 1 + b;
    g->is_bend[v] = true;
    add_segment(g, b ? v - 1 : w->from, v);
  }
  for (int32_t k = 0; k < w->count; k++) {
    if (!onwards(w, k)) continue;
    const int32_t gap = g->rank[w->to[k]] - base - 1;
    if (gap <= bends) add_segment(g, gap ? first + gap - 1 : w->from, w->to[k]);
  }
}

static bool make_vertices(const layout *l, layout_graph *g, arena *a, const int32_t *rank) {
  const int32_t limit = longest(l, rank);
  size_t vertices = (size_t)l->num_boxes, segments = 0;
  for (int32_t i = 0; i < l->num_wires; i++) {
    const int32_t bends = span(&l->wires[i], rank);
    const int32_t kept = bends <= limit ? bends : 0;
    vertices += (size_t)kept;
    segments += (size_t)kept + (size_t)l->wires[i].count;
  }
  g->rank = ARENA_ARRAY(a, int32_t, vertices + 1);
  g->width = ARENA_ARRAY(a, float, vertices + 1);
  g->is_bend = ARENA_ARRAY(a, bool, vertices + 1);
  g->segments = ARENA_ARRAY(a, layout_segment, segments + 1);
  g->first_bend = ARENA_ARRAY(a, int32_t, (size_t)l->num_wires + 1);
  g->num_bends = ARENA_ARRAY(a, int32_t, (size_t)l->num_wires + 1);
  if (!g->rank || !g->width || !g->is_bend || !g->segments || !g->first_bend || !g->num_bends) return false;
  memcpy(g->rank, rank, (size_t)l->num_boxes * sizeof *rank);
  for (int32_t i = 0; i < l->num_boxes; i++) g->width[i] = l->boxes[i].width;
  g->num_vertices = l->num_boxes;
  for (int32_t i = 0; i < l->num_wires; i++) {
    const int32_t bends = span(&l->wires[i], rank);
    bend(g, &l->wires[i], i, bends <= limit ? bends : 0);
  }
  return true;
}

/* Neighbours of each vertex in the layer above (side 0) and below (side 1). */
static bool make_neighbours(layout_graph *g, arena *a) {
  for (int side = 0; side < 2; side++) {
    int32_t *const start = ARENA_ARRAY(a, int32_t, (size_t)g->num_vertices + 2);
    int32_t *const list = ARENA_ARRAY(a, int32_t, (size_t)g->num_segments + 1);
    if (!start || !list) return false;
    for (int32_t i = 0; i < g->num_segments; i++) start[(side ? g->segments[i].from : g->segments[i].to) + 2]++;
    for (int32_t i = 2; i <= g->num_vertices + 1; i++) start[i] += start[i - 1];
    for (int32_t i = 0; i < g->num_segments; i++) {
      const layout_segment s = g->segments[i];
      list[start[(side ? s.from : s.to) + 1]++] = side ? s.to : s.from;
    }
    g->start[side] = start;
    g->list[side] = list;
  }
  return true;
}

/* ---- order within layers ---- */

static bool make_layers(layout_graph *g, arena *a) {
  g->layer = ARENA_ARRAY(a, int32_t, (size_t)g->num_layers + 2);
  g->order = ARENA_ARRAY(a, int32_t, (size_t)g->num_vertices + 1);
  g->place = ARENA_ARRAY(a, int32_t, (size_t)g->num_vertices + 1);
  if (!g->layer || !g->order || !g->place) return false;
  int32_t *const end = ARENA_ARRAY(a, int32_t, (size_t)g->num_layers + 2);
  if (!end) return false;
  for (int32_t v = 0; v < g->num_vertices; v++) g->layer[g->rank[v] + 1]++;
  for (int32_t r = 0; r < g->num_layers; r++) g->layer[r + 1] += g->layer[r];
  memcpy(end, g->layer, ((size_t)g->num_layers + 1) * sizeof *end);
  for (int32_t v = 0; v < g->num_vertices; v++) {
    g->place[v] = end[g->rank[v]] - g->layer[g->rank[v]];
    g->order[end[g->rank[v]]++] = v;
  }
  return true;
}

typedef struct weighed {
  double at;
  int32_t vertex, was;
} weighed;

static int lighter(const void *a, const void *b) {
  const weighed *const x = a, *const y = b;
  if (x->at != y->at) return x->at < y->at ? -1 : 1;
  return (x->was > y->was) - (x->was < y->was);
}

/* Each vertex goes to the middle of its neighbours on one side; one without stays where it is. */
static void sort_layer(layout_graph *g, int32_t layer, int side, weighed *room) {
  const int32_t begin = g->layer[layer], count = g->layer[layer + 1] - begin;
  for (int32_t i = 0; i < count; i++) {
    const int32_t v = g->order[begin + i], from = g->start[side][v], to = g->start[side][v + 1];
    double sum = 0;
    for (int32_t k = from; k < to; k++) sum += g->place[g->list[side][k]];
    room[i] = (weighed){to > from ? sum / (to - from) : i, v, i};
  }
  qsort(room, (size_t)count, sizeof *room, lighter);
  for (int32_t i = 0; i < count; i++) {
    g->order[begin + i] = room[i].vertex;
    g->place[room[i].vertex] = i;
  }
}

static int by_number(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/* Crossings of segments between a layer and the next: pairs in the wrong order, counted in a tree of sums. */
static int64_t crossings_below(const layout_graph *g, int32_t layer, int32_t *ends, int32_t *tree) {
  const int32_t begin = g->layer[layer], end = g->layer[layer + 1];
  const int32_t size = g->layer[layer + 2] - end;
  int64_t crossings = 0, seen = 0;
  memset(tree, 0, ((size_t)size + 1) * sizeof *tree);
  for (int32_t i = begin; i < end; i++) {
    const int32_t v = g->order[i], from = g->start[1][v], count = g->start[1][v + 1] - from;
    for (int32_t k = 0; k < count; k++) ends[k] = g->place[g->list[1][from + k]];
    qsort(ends, (size_t)count, sizeof *ends, by_number);
    for (int32_t k = 0; k < count; k++) {
      int64_t before = 0;
      for (int32_t at = ends[k] + 1; at > 0; at -= at & -at) before += tree[at];
      crossings += seen - before;
    }
    for (int32_t k = 0; k < count; k++, seen++)
      for (int32_t at = ends[k] + 1; at <= size; at += at & -at) tree[at]++;
  }
  return crossings;
}

static bool few_crossings(layout_graph *g, arena *scratch) {
  const size_t n = (size_t)g->num_vertices + 1;
  weighed *const room = ARENA_ARRAY(scratch, weighed, n);
  int32_t *const best = ARENA_ARRAY(scratch, int32_t, n), *const tree = ARENA_ARRAY(scratch, int32_t, n + 1);
  int32_t *const ends = ARENA_ARRAY(scratch, int32_t, (size_t)g->num_segments + 1);
  if (!room || !best || !tree || !ends) return false;
  int64_t least = INT64_MAX;
  for (int sweep = 0; sweep <= SWEEPS && least > 0; sweep++) {
    const bool down = sweep % 2 != 0;
    for (int32_t i = 1; sweep && i < g->num_layers; i++)
      sort_layer(g, down ? i : g->num_layers - 1 - i, down ? 0 : 1, room);
    int64_t now = 0;
    for (int32_t r = 0; r + 1 < g->num_layers; r++) now += crossings_below(g, r, ends, tree);
    if (now >= least) continue;
    least = now;
    memcpy(best, g->order, (size_t)g->num_vertices * sizeof *best);
  }
  memcpy(g->order, best, (size_t)g->num_vertices * sizeof *best);
  for (int32_t r = 0; r < g->num_layers; r++)
    for (int32_t i = g->layer[r]; i < g->layer[r + 1]; i++) g->place[g->order[i]] = i - g->layer[r];
  return true;
}

/* ---- results ---- */

static bool stack_layers(layout *l, const layout_graph *g, arena *a) {
  float *const top = ARENA_ARRAY(a, float, (size_t)g->num_layers + 1);
  float *const bottom = ARENA_ARRAY(a, float, (size_t)g->num_layers + 1);
  if (!top || !bottom) return false;
  for (int32_t i = 0; i < l->num_boxes; i++)
    if (l->boxes[i].height > bottom[g->rank[i]]) bottom[g->rank[i]] = l->boxes[i].height;
  float y = 0;
  for (int32_t r = 0; r < g->num_layers; r++) {
    /* Where many lines come together they need room to turn. */
    const int32_t lines = g->layer[r + 1] - g->layer[r];
    top[r] = y;
    bottom[r] += y;
    y = bottom[r] + LAYER_GAP + (float)(lines > 40 ? 40 : lines);
  }
  for (int32_t i = 0; i < l->num_boxes; i++) {
    const int32_t r = g->rank[i];
    l->boxes[i].y = top[r] + (bottom[r] - top[r] - l->boxes[i].height) / 2;
  }
  l->top = top;
  l->bottom = bottom;
  l->height = g->num_layers ? bottom[g->num_layers - 1] : 0;
  return true;
}

typedef struct port {
  float x; /* where the line comes from */
  int32_t box, wire, end;
  float *at;
} port;

static int by_box_and_x(const void *a, const void *b) {
  const port *const p = a, *const q = b;
  if (p->box != q->box) return p->box < q->box ? -1 : 1;
  if (p->x != q->x) return p->x < q->x ? -1 : 1;
  if (p->wire != q->wire) return p->wire < q->wire ? -1 : 1;
  return (p->end > q->end) - (p->end < q->end);
}

/* Lines that meet at a box spread along its edge, in the order in which they come. */
static void spread(const layout *l, port *ports, size_t count) {
  qsort(ports, count, sizeof *ports, by_box_and_x);
  for (size_t i = 0, n; i < count; i += n) {
    for (n = 1; i + n < count && ports[i + n].box == ports[i].box; n++) continue;
    const layout_box *const b = &l->boxes[ports[i].box];
    float step = (b->width - 16) / (float)n;
    if (step > 18) step = 18;
    for (size_t k = 0; k < n; k++) *ports[i + k].at = b->x + ((float)k - (float)(n - 1) / 2) * step;
  }
}

static bool route(layout *l, const layout_graph *g, arena *a, arena *scratch) {
  size_t ends = 0, count = 0;
  for (int32_t i = 0; i < l->num_wires; i++) ends += (size_t)l->wires[i].count;
  l->routes = ARENA_ARRAY(a, layout_route, (size_t)l->num_wires + 1);
  port *const ports = ARENA_ARRAY(scratch, port, ends + 1);
  port *const starts = ARENA_ARRAY(scratch, port, (size_t)l->num_wires + 1);
  float *const end_x = ARENA_ARRAY(a, float, ends + 1), *const bends =
                                                            ARENA_ARRAY(a, float, (size_t)g->num_vertices + 1);
  int32_t *const leave = ARENA_ARRAY(a, int32_t, ends + 1);
  if (!l->routes || !ports || !starts || !end_x || !bends || !leave) return false;
  for (int32_t v = 0; v < g->num_vertices; v++) bends[v] = g->x[v];
  for (int32_t i = 0; i < l->num_wires; i++) {
    const layout_wire *const w = &l->wires[i];
    const int32_t first = g->first_bend[i], num = g->num_bends[i];
    l->routes[i] = (layout_route){0, bends + first, num, end_x + count, leave + count};
    const int32_t next = num ? first : w->count ? w->to[0] : w->from;
    starts[i] = (port){g->x[next], w->from, i, 0, &l->routes[i].start_x};
    for (int32_t k = 0; k < w->count; k++, count++) {
      const int32_t gap = g->rank[w->to[k]] - g->rank[w->from] - 1;
      leave[count] = onwards(w, k) && gap <= num ? gap : 0;
      const int32_t before = leave[count] ? first + leave[count] - 1 : w->from;
      ports[count] = (port){g->x[before], w->to[k], i, k, &end_x[count]};
    }
  }
  spread(l, starts, (size_t)l->num_wires);
  spread(l, ports, count);
  return true;
}

/* Moves all so that the leftmost edge is at 0. */
static void shift(layout *l, layout_graph *g) {
  float least = 0, most = 0;
  for (int32_t v = 0; v < g->num_vertices; v++) {
    const float left = g->x[v] - g->width[v] / 2, right = g->x[v] + g->width[v] / 2;
    if (!v || left < least) least = left;
    if (!v || right > most) most = right;
  }
  for (int32_t v = 0; v < g->num_vertices; v++) g->x[v] -= least;
  for (int32_t i = 0; i < l->num_boxes; i++) l->boxes[i].x = g->x[i];
  l->width = most - least;
}

static bool arrange(layout *l, arena *a, arena *scratch) {
  layout_graph g = {0};
  int32_t *const rank = ARENA_ARRAY(a, int32_t, (size_t)l->num_boxes + 1);
  if (!rank) return false;
  g.num_layers = l->num_boxes ? rank_boxes(l, rank) : 0;
  if (!settle(l, rank, scratch) || !make_vertices(l, &g, scratch, rank) || !make_neighbours(&g, scratch) ||
      !make_layers(&g, scratch) || !few_crossings(&g, scratch) || !layout_place(&g, scratch))
    return false;
  shift(l, &g);
  l->rank = rank;
  l->num_layers = g.num_layers;
  return stack_layers(l, &g, a) && route(l, &g, a, scratch);
}

mote_status layout_run(layout *l, arena *a, mote_error *e) {
  arena scratch;
  arena_init(&scratch, a->mem);
  const bool good = arrange(l, a, &scratch);
  arena_free(&scratch);
  return good ? MOTE_OK : no_memory(e);
}
