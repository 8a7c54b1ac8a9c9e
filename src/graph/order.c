/* order.c: order of nodes, names of values, and arrays that grow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "graph/graph.h"

bool graph_grow(arena *a, void *array, int32_t count, int32_t *room, size_t size) {
  void *from;
  if (count < *room) return true;
  if (count > INT32_MAX / 2 - 16) return false;
  const int32_t more = count * 2 + 16;
  void *const to = arena_array(a, (size_t)more, size);
  if (!to) return false;
  memcpy(&from, array, sizeof from);
  if (count) memcpy(to, from, (size_t)count * size);
  memcpy(array, &to, sizeof to);
  *room = more;
  return true;
}

/* ---- order ---- */

enum { NEW, OPEN, DONE };

typedef struct sorter {
  const graph *g;
  int32_t *producer; /* of each value: node, -1: none */
  int32_t *stack, *slot;
  uint8_t *state;
  graph_node *sorted;
  int32_t count;
} sorter;

/* The node that has to come before a reader of the value; -1: none. What has no elements needs nobody. */
static int32_t needed(const sorter *s, int32_t value) {
  if (value < 0) return -1;
  const graph_value *const v = &s->g->values[value];
  for (int32_t i = 0; i < v->rank; i++)
    if (v->dims[i] == 0) return -1;
  return s->producer[value];
}

/* Node `first` behind all that it needs: depth first, with a stack. False on a circle; then *at is on it. */
static bool place(sorter *s, int32_t first, int32_t *at) {
  int32_t depth = 0;
  s->stack[0] = first;
  s->slot[0] = 0;
  s->state[first] = OPEN;
  while (depth >= 0) {
    const int32_t node = s->stack[depth];
    const graph_node *n = &s->g->nodes[node];
    if (s->slot[depth] == n->num_inputs) {
      s->state[node] = DONE;
      s->sorted[s->count++] = *n;
      depth--;
      continue;
    }
    const int32_t needs = needed(s, n->inputs[s->slot[depth]++]);
    if (needs < 0 || s->state[needs] == DONE) continue;
    if (s->state[needs] == OPEN) return *at = needs, false;
    s->state[needs] = OPEN;
    s->stack[++depth] = needs;
    s->slot[depth] = 0;
  }
  return true;
}

mote_status graph_order(graph *g, arena *scratch, mote_error *e) {
  const size_t nodes = (size_t)g->num_nodes + 1, values = (size_t)g->num_values + 1;
  sorter s = {.g = g,
              .producer = ARENA_ARRAY(scratch, int32_t, values),
              .stack = ARENA_ARRAY(scratch, int32_t, nodes),
              .slot = ARENA_ARRAY(scratch, int32_t, nodes),
              .state = ARENA_ARRAY(scratch, uint8_t, nodes),
              .sorted = ARENA_ARRAY(scratch, graph_node, nodes)};
  if (!s.producer || !s.stack || !s.slot || !s.state || !s.sorted) return err_memory(e, "the order of a network", 0);
  for (int32_t i = 0; i < g->num_values; i++) s.producer[i] = -1;
  for (int32_t i = 0; i < g->num_nodes; i++)
    for (int32_t k = 0; k < g->nodes[i].num_outputs; k++)
      if (g->nodes[i].outputs[k] >= 0) s.producer[g->nodes[i].outputs[k]] = i;
  int32_t at;
  for (int32_t i = 0; i < g->num_nodes; i++)
    if (s.state[i] == NEW && !place(&s, i, &at))
      return err_set(e, MOTE_ERR_MODEL,
                     "node %d, a %s, needs its own output: the network of subgraph %d goes in a circle", (int)at,
                     g->nodes[at].op->name, (int)g->subgraph);
  if (g->num_nodes) memcpy(g->nodes, s.sorted, (size_t)g->num_nodes * sizeof *g->nodes);
  return MOTE_OK;
}

/* ---- names ---- */

typedef struct named {
  sch_string name;
  int32_t rank; /* 0: inputs and outputs, which keep their names first */
  int32_t value;
} named;

static int by_name(const void *a, const void *b) {
  const named *x = a, *y = b;
  const uint32_t least = x->name.size < y->name.size ? x->name.size : y->name.size;
  const int order = least ? memcmp(x->name.data, y->name.data, least) : 0;
  if (order) return order;
  if (x->name.size != y->name.size) return x->name.size < y->name.size ? -1 : 1;
  return x->rank != y->rank ? x->rank - y->rank : (x->value > y->value) - (x->value < y->value);
}

static bool same_name(const named *a, const named *b) {
  return a->name.size == b->name.size && !memcmp(a->name.data, b->name.data, a->name.size);
}

/* One pass over sorted names; returns how many changed, -1: no memory. A new name may meet an old one, so passes are
 * repeated; the number tried grows with each. */
static int32_t rename_twins(graph *g, named *list, int32_t count, int32_t *next, arena *a) {
  int32_t changed = 0, first = 0;
  qsort(list, (size_t)count, sizeof *list, by_name);
  for (int32_t i = 1; i < count; i++) {
    if (!list[first].name.size || !same_name(&list[first], &list[i])) {
      first = i;
      continue;
    }
    char number[16];
    const int length = snprintf(number, sizeof number, "_%d", (int)(*next)++);
    const sch_string from = g->values[list[i].value].name;
    char *const to = arena_alloc(a, (size_t)from.size + (size_t)length + 1);
    if (!to) return -1;
    if (from.size) memcpy(to, from.data, from.size);
    memcpy(to + from.size, number, (size_t)length);
    g->values[list[i].value].name = (sch_string){to, from.size + (uint32_t)length};
    changed++;
  }
  return changed;
}

mote_status graph_name(graph *g, arena *a, mote_error *e) {
  named *const list = ARENA_ARRAY(a, named, (size_t)g->num_values + 1);
  uint8_t *const end = ARENA_ARRAY(a, uint8_t, (size_t)g->num_values + 1);
  if (!list || !end) return err_memory(e, "the names of a network", 0);
  for (int32_t i = 0; i < g->num_inputs; i++)
    if (g->inputs[i] >= 0) end[g->inputs[i]] = 1;
  for (int32_t i = 0; i < g->num_outputs; i++) end[g->outputs[i]] = 1;
  int32_t next = 1;
  for (;;) {
    for (int32_t i = 0; i < g->num_values; i++) list[i] = (named){g->values[i].name, !end[i], i};
    const int32_t changed = rename_twins(g, list, g->num_values, &next, a);
    if (changed < 0) return err_memory(e, "the names of a network", 0);
    if (!changed) return MOTE_OK;
  }
}
