/* improve.c: the rewrites of the graph room on a lifted model, before it is compiled.
 *
 * Only those that change no number are used here, not even the last bit of a float, and none that reads weights:
 * folding is the compiler's, and equal work is rare where a converter has been. Inputs may be resized to any shape,
 * whatever the file says, so all their dimensions count as open. When a rewrite cannot be done, for whatever reason,
 * the network runs as it is.
 */
#include <string.h>

#include "graph/eval.h"
#include "runtime/runtime.h"

#ifdef MOTE_NO_REWRITES /* for builds that have to be small */

void program_improve(mote_program *p, passes_report *report) {
  (void)p;
  *report = (passes_report){0};
}

#else

/* Descriptors of the caller's own see sessions alone. */
static bool all_known(const graph_set *set) {
  for (int32_t s = 0; s < set->count; s++)
    for (int32_t i = 0; i < set->graphs[s].num_nodes; i++) {
      const mote_op *op = set->graphs[s].nodes[i].op;
      const mote_op *const *at = op_list;
      while (*at && *at != op) at++;
      if (!*at) return false;
    }
  return true;
}

/* The same graphs with arrays of their own. */
static bool copy_graphs(const graph_set *from, arena *a, graph_set *to) {
  *to = *from;
  to->graphs = ARENA_ARRAY(a, graph, (size_t)from->count + 1);
  if (!to->graphs) return false;
  for (int32_t s = 0; s < from->count; s++) {
    const graph *f = &from->graphs[s];
    graph *t = &to->graphs[s];
    *t = *f;
    t->values = ARENA_ARRAY(a, graph_value, (size_t)f->num_values + 1);
    t->nodes = ARENA_ARRAY(a, graph_node, (size_t)f->num_nodes + 1);
    t->room_values = t->room_nodes = 0;
    if (!t->values || !t->nodes) return false;
    if (f->num_values) memcpy(t->values, f->values, (size_t)f->num_values * sizeof *t->values);
    if (f->num_nodes) memcpy(t->nodes, f->nodes, (size_t)f->num_nodes * sizeof *t->nodes);
  }
  return true;
}

static void open_inputs(graph_set *set) {
  for (int32_t s = 0; s < set->count; s++) {
    graph *g = &set->graphs[s];
    for (int32_t i = 0; i < g->num_inputs; i++) {
      graph_value *v = g->inputs[i] < 0 ? NULL : &g->values[g->inputs[i]];
      for (int32_t d = 0; v && !v->is_const && d < v->rank; d++) v->signature[d] = -1;
    }
  }
}

/* Values of the file are again as it has them; those that were made bear no number of it. */
static void restore_values(const graph_set *from, graph_set *to) {
  for (int32_t s = 0; s < to->count; s++) {
    const graph *f = &from->graphs[s];
    graph *t = &to->graphs[s];
    if (f->num_values) memcpy(t->values, f->values, (size_t)f->num_values * sizeof *t->values);
    for (int32_t v = f->num_values; v < t->num_values; v++) {
      t->values[v].tensor = -1;
      t->values[v].known = NULL;
    }
  }
}

void program_improve(mote_program *p, passes_report *report) {
  const passes_options options = {.list = rewrites_for_running, .keep_numbers = true};
  graph_set copy;
  *report = (passes_report){0};
  if (!all_known(&p->graphs) || !copy_graphs(&p->graphs, &p->arena, &copy)) return;
  open_inputs(&copy);
  if (graph_infer(&copy, &p->arena, NULL) != MOTE_OK) return;
  if (passes_run(&copy, &p->arena, &options, report, NULL) != MOTE_OK) {
    *report = (passes_report){0};
    return;
  }
  restore_values(&p->graphs, &copy);
  p->graphs = copy;
}

#endif
