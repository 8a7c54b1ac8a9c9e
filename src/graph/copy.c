/* copy.c: a second set of graphs over the same constants, to be changed while the first stays. */
#include <string.h>

#include "base/error.h"
#include "graph/graph.h"

static void *copied(arena *a, const void *from, size_t count, size_t size) {
  void *const to = arena_array(a, count + 1, size);
  if (to && count) memcpy(to, from, count * size);
  return to;
}

/* Lists of operands and options are never changed in place, so nodes share them. */
static bool copy_one(const graph *from, arena *a, graph *to) {
  *to = *from;
  to->values = copied(a, from->values, (size_t)from->num_values, sizeof *from->values);
  to->nodes = copied(a, from->nodes, (size_t)from->num_nodes, sizeof *from->nodes);
  to->inputs = copied(a, from->inputs, (size_t)from->num_inputs, sizeof *from->inputs);
  to->outputs = copied(a, from->outputs, (size_t)from->num_outputs, sizeof *from->outputs);
  to->room_values = to->num_values;
  to->room_nodes = to->num_nodes;
  to->room_inputs = to->num_inputs;
  to->room_outputs = to->num_outputs;
  return to->values && to->nodes && to->inputs && to->outputs;
}

static bool copy_signature(sch_SignatureDef *s, arena *a) {
  s->inputs.data = copied(a, s->inputs.data, s->inputs.count, sizeof *s->inputs.data);
  s->outputs.data = copied(a, s->outputs.data, s->outputs.count, sizeof *s->outputs.data);
  return s->inputs.data && s->outputs.data;
}

mote_status graph_copy(const graph_set *from, arena *a, graph_set *to, mote_error *e) {
  *to = *from;
  to->graphs = copied(a, from->graphs, (size_t)from->count, sizeof *from->graphs);
  to->signatures = copied(a, from->signatures, from->num_signatures, sizeof *from->signatures);
  bool good = to->graphs && to->signatures;
  to->room = to->count;
  to->room_signatures = to->num_signatures;
  for (int32_t i = 0; good && i < from->count; i++) good = copy_one(&from->graphs[i], a, &to->graphs[i]);
  for (uint32_t i = 0; good && i < from->num_signatures; i++) good = copy_signature(&to->signatures[i], a);
  return good ? MOTE_OK : err_memory(e, "a copy of the network", 0);
}
