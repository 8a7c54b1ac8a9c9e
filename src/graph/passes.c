/* passes.c: see passes.h. The order of the list is the order in which rewrites are tried; rounds go on until none
 * applies, or the budget is spent: it bounds the time that a network of any size and kind can take, and ends what two
 * rewrites would do and undo for ever. A network is right after every step.
 */
#include "graph/passes.h"

#include <string.h>

#include "base/error.h"
#include "graph/eval.h"
#include "graph/rewrite/rewrite.h"

enum { ROUNDS = 40 };

/* Nodes and values that may be looked at, all rounds together: a second or two. */
static const int64_t work_budget = INT64_C(1) << 30;

#ifdef MOTE_DEBUG
#define CHECKER(options) ((options)->check ? (options)->check : graph_check)
#else
#define CHECKER(options) ((options)->check)
#endif

/* ---- who makes and reads what ---- */

static mote_status no_memory(mote_error *e) { return err_memory(e, "the rewriting of a network", 0); }

static bool index_arrays(rewriting *w) {
  const graph *const g = w->g;
  arena_free(&w->index);
  arena_init(&w->index, w->b.arena->mem);
  const size_t values = (size_t)g->num_values + 1;
  w->maker = ARENA_ARRAY(&w->index, int32_t, values);
  w->reads = ARENA_ARRAY(&w->index, int32_t, values);
  w->is_output = ARENA_ARRAY(&w->index, bool, values);
  w->is_input = ARENA_ARRAY(&w->index, bool, values);
  if (!w->maker || !w->reads || !w->is_output || !w->is_input) return false;
  while (w->room_dead <= g->num_nodes + 64) {
    const int32_t have = w->room_dead;
    if (!graph_grow(&w->keep, &w->dead, have, &w->room_dead, sizeof *w->dead)) return false;
    memset(w->dead + have, 0, (size_t)(w->room_dead - have) * sizeof *w->dead);
  }
  return true;
}

static bool make_index(rewriting *w) {
  const graph *const g = w->g;
  if (!index_arrays(w)) return false;
  w->num_values = g->num_values;
  w->num_nodes = g->num_nodes;
  for (int32_t v = 0; v < g->num_values; v++) w->maker[v] = -1;
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const graph_node *const n = &g->nodes[i];
    if (w->dead[i]) continue;
    for (int32_t k = 0; k < n->num_inputs; k++)
      if (n->inputs[k] >= 0) w->reads[n->inputs[k]]++;
    for (int32_t k = 0; k < n->num_outputs; k++)
      if (n->outputs[k] >= 0) w->maker[n->outputs[k]] = i;
  }
  for (int32_t i = 0; i < g->num_outputs; i++) w->reads[g->outputs[i]]++, w->is_output[g->outputs[i]] = true;
  for (int32_t i = 0; i < g->num_inputs; i++)
    if (g->inputs[i] >= 0) w->is_input[g->inputs[i]] = true;
  return true;
}

/* Drops dead nodes and puts the rest in order. */
static mote_status tidy(rewriting *w, mote_error *e) {
  graph *const g = w->g;
  int32_t count = 0;
  for (int32_t i = 0; i < g->num_nodes; i++)
    if (!w->dead[i]) g->nodes[count++] = g->nodes[i];
  memset(w->dead, 0, (size_t)w->room_dead * sizeof *w->dead);
  g->num_nodes = count;
  arena scratch;
  arena_init(&scratch, w->b.arena->mem);
  const mote_status status = graph_order(g, &scratch, e);
  arena_free(&scratch);
  MOTE_TRY(status);
  if (w->refined) MOTE_TRY(graph_infer_nodes(w->set, g, w->b.arena, e));
  w->refined = false;
  return make_index(w) ? MOTE_OK : no_memory(e);
}

/* ---- applying ---- */

/* One rewrite at one node; what a failed try added is taken back. */
static bool try_at(rewriting *w, const rewrite *r, int32_t node) {
  const int32_t nodes = w->g->num_nodes, values = w->g->num_values;
  const bool changed = r->apply(w, node) && !w->b.failed;
  build_forgive(&w->b);
  if (changed) {
    /* What is made stands where the node stood that it replaces: for messages and profiles. */
    for (int32_t i = nodes; i < w->g->num_nodes; i++) w->g->nodes[i].index = w->g->nodes[node].index;
    return true;
  }
  w->g->num_nodes = nodes;
  w->g->num_values = values;
  return false;
}

static bool listed(const char *names, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = names; at && (at = strstr(at, name)); at += length)
    if ((at == names || at[-1] == ' ') && (at[length] == 0 || at[length] == ' ')) return true;
  return false;
}

static bool chosen(const rewrite *r, const passes_options *o) {
  return !listed(o->off, r->name) && (!o->only || listed(o->only, r->name));
}

/* One rewrite at every node there was; what it makes is looked at in the next round. *count grows by how often it
 * applied. */
static mote_status sweep(rewriting *w, const rewrite *r, int32_t *count, mote_error *e) {
  const int32_t before = *count, end = w->num_nodes;
  for (int32_t node = 0; node < end && w->budget > 0; node++) {
    w->budget--;
    if (w->dead[node] || !try_at(w, r, node)) continue;
    ++*count;
    w->budget -= (int64_t)w->num_nodes + w->num_values;
    if (!make_index(w)) return no_memory(e);
  }
  if (*count == before) return MOTE_OK;
  MOTE_TRY(tidy(w, e));
  if (!CHECKER(w->options)) return MOTE_OK;
  const mote_status status = CHECKER(w->options)(w->set, false, w->b.arena->mem, e);
  if (status != MOTE_OK) err_prefix(e, "after the rewrite '%s'", r->name);
  return status;
}

/* One rewrite everywhere; *changed when it applied. What it took in is read by nobody any more, and must not look like
 * a second reader to the next one. */
static mote_status sweep_clean(rewriting *w, const rewrite *r, int32_t *done, bool *changed, mote_error *e) {
  int32_t count = 0, left = 0;
  MOTE_TRY(sweep(w, r, &count, e));
  if (!count) return MOTE_OK;
  *done += count;
  *changed = true;
  return r == &rewrite_drop_unused ? MOTE_OK : sweep(w, &rewrite_drop_unused, &left, e);
}

static mote_status rounds(rewriting *w, passes_report *report, mote_error *e) {
  const rewrite *const *const list = w->options->list;
  w->budget = work_budget;
  bool changed = true;
  for (int round = 0; round < ROUNDS && changed && w->budget > 0; round++) {
    changed = false;
    for (int32_t i = 0; i < report->rewrites; i++)
      if (chosen(list[i], w->options)) MOTE_TRY(sweep_clean(w, list[i], &report->done[i].count, &changed, e));
  }
  return MOTE_OK;
}

static mote_status rewrite_graph(graph_set *set, int32_t index, arena *a, const passes_options *options,
                                 passes_report *report, mote_error *e) {
  rewriting w = {.set = set, .g = &set->graphs[index], .options = options};
  build_resume(&w.b, a, set, index);
  arena_init(&w.index, a->mem);
  arena_init(&w.keep, a->mem);
  mote_status status = make_index(&w) ? MOTE_OK : no_memory(e);
  if (status == MOTE_OK) status = tidy(&w, e);
  if (status == MOTE_OK) status = rounds(&w, report, e);
  arena_free(&w.index);
  arena_free(&w.keep);
  return status;
}

mote_status passes_run(graph_set *set, arena *a, const passes_options *options, passes_report *report, mote_error *e) {
  passes_report ignored;
  if (!report) report = &ignored;
  *report = (passes_report){0};
  for (int32_t i = 0; options->list && options->list[i] && i < PASSES_MAX; i++) {
    report->done[i].name = options->list[i]->name;
    report->done[i].reason = options->list[i]->reason;
    report->rewrites++;
  }
  for (int32_t s = 0; s < set->count; s++) MOTE_TRY(rewrite_graph(set, s, a, options, report, e));
  return options->keep_numbers ? MOTE_OK : graph_compact(set, a, e);
}
