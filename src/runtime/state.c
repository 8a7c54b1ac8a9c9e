/* state.c: what a session keeps from run to run: variable tensors, state of operators, resources. */
#include <string.h>

#include "base/error.h"
#include "runtime/runtime.h"

/* A variable begins as zero bytes; one of int8 as its zero point. So does the reference's ResetVariableTensor. */
static void fill_first(const op_tensor *t, void *data, size_t bytes) {
  memset(data, t->type == MOTE_INT8 ? t->zero_point : 0, bytes);
}

static mote_status state_list(mote_session *s, void ****lists, int32_t subgraph, int32_t count, mote_error *e) {
  if ((*lists)[subgraph]) return MOTE_OK;
  (*lists)[subgraph] = MEM_ARRAY(s->mem, void *, (size_t)count + 1);
  return (*lists)[subgraph] ? MOTE_OK : err_memory(e, "the state of the session", (size_t)count * sizeof(void *));
}

mote_status state_variable(mote_session *s, int32_t subgraph, int32_t value, const op_tensor *t, void **data,
                           mote_error *e) {
  MOTE_TRY(state_list(s, &s->state, subgraph, s->program->compiled[subgraph].graph->num_values, e));
  void **slot = &s->state[subgraph][value];
  if (*slot && mem_size(*slot) != t->bytes) {
    s->state_bytes -= mem_size(*slot);
    mem_free(s->mem, *slot);
    *slot = NULL;
  }
  if (!*slot) {
    *slot = mem_alloc(s->mem, t->bytes);
    if (!*slot) return err_memory(e, "a variable tensor", t->bytes);
    s->state_bytes += t->bytes;
    fill_first(t, *slot, t->bytes);
  }
  *data = *slot;
  return MOTE_OK;
}

mote_status state_of_op(mote_session *s, int32_t subgraph, int32_t step, size_t size, void **data, mote_error *e) {
  MOTE_TRY(state_list(s, &s->op_state, subgraph, s->program->compiled[subgraph].num_steps, e));
  void **slot = &s->op_state[subgraph][step];
  if (*slot && mem_size(*slot) != size) {
    s->state_bytes -= mem_size(*slot);
    mem_free(s->mem, *slot);
    *slot = NULL;
  }
  if (!*slot) {
    *slot = mem_zalloc(s->mem, size);
    if (!*slot) return err_memory(e, "the state of an operator", size);
    s->state_bytes += size;
  }
  *data = *slot;
  return MOTE_OK;
}

mote_status state_init(mote_session *s, mote_error *e) {
  const size_t graphs = (size_t)s->program->graphs.count + 1;
  s->state = MEM_ARRAY(s->mem, void **, graphs);
  s->op_state = MEM_ARRAY(s->mem, void **, graphs);
  s->called = MEM_ARRAY(s->mem, bool, graphs);
  s->resources = MEM_ARRAY(s->mem, op_resource, (size_t)s->program->num_resources + 1);
  if (!s->state || !s->op_state || !s->called || !s->resources) return err_memory(e, "a session", 0);
  return MOTE_OK;
}

static void free_resources(mote_session *s) {
  for (int32_t i = 0; s->resources && i < s->program->num_resources; i++) {
    op_resource *r = &s->resources[i];
    mem_free(s->mem, r->variable.value.data);
    if (r->table && r->free_table) r->free_table(s->mem, r->table);
    *r = (op_resource){0};
  }
}

void state_reset_variables(mote_session *s, int32_t g) {
  const prog_graph *pg = &s->program->compiled[g];
  for (int32_t v = 0; s->state[g] && v < pg->graph->num_values; v++)
    if (s->state[g][v]) fill_first(&pg->values[v], s->state[g][v], mem_size(s->state[g][v]));
}

static void reset_operators(mote_session *s, int32_t g) {
  for (int32_t i = 0; s->op_state[g] && i < s->program->compiled[g].num_steps; i++)
    if (s->op_state[g][i]) memset(s->op_state[g][i], 0, mem_size(s->op_state[g][i]));
}

void state_reset(mote_session *s) {
  for (int32_t g = 0; g < s->program->graphs.count; g++) {
    state_reset_variables(s, g);
    reset_operators(s, g);
  }
  free_resources(s);
  memset(s->called, 0, (size_t)s->program->graphs.count);
}

static void free_lists(mote_session *s, void ***lists, int32_t g, int32_t count) {
  if (!lists || !lists[g]) return;
  for (int32_t i = 0; i < count; i++) mem_free(s->mem, lists[g][i]);
  mem_free(s->mem, lists[g]);
}

void state_free(mote_session *s) {
  free_resources(s);
  if (s->lists.free_all) s->lists.free_all(s->mem, &s->lists);
  for (int32_t g = 0; g < s->program->graphs.count; g++) {
    free_lists(s, s->state, g, s->program->compiled[g].graph->num_values);
    free_lists(s, s->op_state, g, s->program->compiled[g].num_steps);
  }
  mem_free(s->mem, s->state);
  mem_free(s->mem, s->op_state);
  mem_free(s->mem, s->called);
  mem_free(s->mem, s->resources);
}
