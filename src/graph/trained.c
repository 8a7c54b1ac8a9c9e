/* trained.c: see trained.h. Ranges are kept while passes make weights and biases plain; then they become codes, codes
 * of constants go where they are read, and operators between codes become integer ones.
 */
#include "graph/trained.h"

#include "graph/rewrite/rewrite.h"

extern const rewrite rewrite_take_ranges, rewrite_integers_between, rewrite_integers_behind;

static const rewrite *const to_codes[] = {&rewrite_take_ranges, NULL};
static const rewrite *const to_integers[] = {&rewrite_integers_between, &rewrite_integers_behind, NULL};

bool trained_has_ranges(const graph_set *set) {
  for (int32_t s = 0; s < set->count; s++)
    for (int32_t i = 0; i < set->graphs[s].num_nodes; i++)
      if (set->graphs[s].nodes[i].op->code == sch_BuiltinOperator_FAKE_QUANT) return true;
  return false;
}

/* What a list of rewrites did goes to the report, behind or on top of what is there. */
static void add(passes_report *to, const passes_report *from) {
  for (int32_t i = 0; i < from->rewrites; i++) {
    int32_t k = 0;
    while (k < to->rewrites && to->done[k].name != from->done[i].name) k++;
    if (k == PASSES_MAX) continue;
    if (k == to->rewrites) to->done[to->rewrites++] = from->done[i];
    else to->done[k].count += from->done[i].count;
  }
}

mote_status trained_run(graph_set *set, arena *a, const passes_options *options, passes_report *report, mote_error *e) {
  const rewrite *const *const lists[] = {options->list, to_codes, options->list, to_integers, options->list};
  const int last = sizeof lists / sizeof *lists - 1;
  passes_report all = {0}, one;
  for (int i = 0; i <= last; i++) {
    passes_options with = *options;
    with.list = lists[i];
    with.keep_codes = i < last;
    MOTE_TRY(passes_run(set, a, &with, &one, e));
    add(&all, &one);
  }
  if (report) *report = all;
  return MOTE_OK;
}
