/* compact.c: values that nothing names any more go, and the rest gets numbers without gaps. */
#include <string.h>

#include "base/error.h"
#include "graph/graph.h"

typedef struct compactor {
  graph *g;
  arena *arena;
  int32_t *to; /* new number of each value; -1: gone */
} compactor;

enum { UNUSED, USED, OMITTED };

static void mark(const compactor *k, const int32_t *list, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    const int32_t v = list[i];
    if (v < 0 || k->to[v] != UNUSED) continue;
    k->to[v] = USED;
    /* Scales of blocks are tensors that only quantization names. */
    const op_quant *const q = &k->g->values[v].quant;
    if (q->block_size && q->scales >= 0) k->to[q->scales] = USED;
    if (q->block_size && q->zero_points >= 0) k->to[q->zero_points] = USED;
  }
}

/* What a node's outputs leave out of the file stays behind what is in it. */
static void mark_all(const compactor *k) {
  const graph *const g = k->g;
  mark(k, g->inputs, g->num_inputs);
  mark(k, g->outputs, g->num_outputs);
  for (int32_t i = 0; i < g->num_nodes; i++) {
    mark(k, g->nodes[i].inputs, g->nodes[i].num_inputs);
    mark(k, g->nodes[i].outputs, g->nodes[i].num_outputs);
    mark(k, g->nodes[i].intermediates, g->nodes[i].num_intermediates);
  }
  for (int32_t v = 0; v < g->num_values; v++)
    if (k->to[v] == USED && g->values[v].tensor < 0) k->to[v] = OMITTED;
}

/* Values of one kind, from number `next` on. */
static int32_t number(const compactor *k, graph_value *values, int32_t *numbers, int32_t kind, int32_t next) {
  for (int32_t v = 0; v < k->g->num_values; v++) {
    if (k->to[v] != kind) continue;
    values[next] = k->g->values[v];
    values[next].tensor = kind == OMITTED ? -1 : next;
    numbers[v] = next++;
  }
  return next;
}

static bool renumber(const compactor *k, const int32_t **list, int32_t count) {
  if (!count) return true;
  int32_t *const copy = ARENA_ARRAY(k->arena, int32_t, (size_t)count);
  if (!copy) return false;
  for (int32_t i = 0; i < count; i++) copy[i] = (*list)[i] < 0 ? -1 : k->to[(*list)[i]];
  *list = copy;
  return true;
}

static void renumber_map(const compactor *k, sch_TensorMap *map, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (map[i].tensor_index < (uint32_t)k->g->num_values) map[i].tensor_index = (uint32_t)k->to[map[i].tensor_index];
}

static bool compact(compactor *k, graph_set *set) {
  graph *const g = k->g;
  k->to = ARENA_ARRAY(k->arena, int32_t, (size_t)g->num_values + 1);
  int32_t *const numbers = ARENA_ARRAY(k->arena, int32_t, (size_t)g->num_values + 1);
  graph_value *const values = ARENA_ARRAY(k->arena, graph_value, (size_t)g->num_values + 1);
  if (!k->to || !numbers || !values) return false;
  mark_all(k);
  const int32_t tensors = number(k, values, numbers, USED, 0), all = number(k, values, numbers, OMITTED, tensors);
  for (int32_t v = 0; v < g->num_values; v++)
    if (k->to[v] == UNUSED) numbers[v] = -1;
  k->to = numbers;
  for (int32_t v = 0; v < all; v++) {
    op_quant *const q = &values[v].quant;
    if (q->block_size && q->scales >= 0) q->scales = numbers[q->scales];
    if (q->block_size && q->zero_points >= 0) q->zero_points = numbers[q->zero_points];
  }
  for (int32_t i = 0; i < g->num_nodes; i++) {
    graph_node *const n = &g->nodes[i];
    if (!renumber(k, &n->inputs, n->num_inputs) || !renumber(k, &n->outputs, n->num_outputs) ||
        !renumber(k, &n->intermediates, n->num_intermediates))
      return false;
    n->index = i;
  }
  for (int32_t i = 0; i < g->num_inputs; i++)
    if (g->inputs[i] >= 0) g->inputs[i] = numbers[g->inputs[i]];
  for (int32_t i = 0; i < g->num_outputs; i++) g->outputs[i] = numbers[g->outputs[i]];
  for (uint32_t i = 0; i < set->num_signatures; i++) {
    if ((int32_t)set->signatures[i].subgraph_index != g->subgraph) continue;
    renumber_map(k, set->signatures[i].inputs.data, set->signatures[i].inputs.count);
    renumber_map(k, set->signatures[i].outputs.data, set->signatures[i].outputs.count);
  }
  g->values = values;
  g->num_tensors = tensors;
  g->num_values = all;
  g->room_values = all;
  return true;
}

mote_status graph_compact(graph_set *set, arena *a, mote_error *e) {
  for (int32_t i = 0; i < set->count; i++) {
    compactor k = {.g = &set->graphs[i], .arena = a};
    if (!compact(&k, set)) return err_memory(e, "the network", 0);
  }
  return MOTE_OK;
}
