/* check.c: whether a set of graphs holds together; see graph.h. Nothing is changed. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "graph/eval.h"

typedef struct checker {
  const graph_set *set;
  const graph *g;
  int32_t *producer; /* of each value: node, -1: none yet */
  mem *mem;
  mote_error *error;
} checker;

enum { NOBODY = -1, GIVEN = -2 };

static mote_status fail(const checker *k, int32_t node, int32_t value, const char *what) {
  char name[100] = "";
  if (value >= 0 && value < k->g->num_values) {
    const sch_string s = k->g->values[value].name;
    err_name(name, sizeof name, s.data ? s.data : "", s.size);
  }
  return err_set(k->error, MOTE_ERR_MODEL, "graph %d, node %d (%s), value %d '%s': %s", (int)k->g->subgraph, (int)node,
                 node < 0 ? "none" : k->g->nodes[node].op->name, (int)value, name, what);
}

/* ---- structure ---- */

static mote_status check_list(const checker *k, int32_t node, const int32_t *list, int32_t count) {
  for (int32_t i = 0; i < count; i++)
    if (list[i] < -1 || list[i] >= k->g->num_values) return fail(k, node, list[i], "there is no such value");
  return MOTE_OK;
}

static bool is_empty(const graph_value *v) {
  for (int32_t i = 0; i < v->rank; i++)
    if (v->dims[i] == 0) return true;
  return false;
}

static mote_status check_ends(const checker *k) {
  const graph *const g = k->g;
  MOTE_TRY(check_list(k, -1, g->inputs, g->num_inputs));
  MOTE_TRY(check_list(k, -1, g->outputs, g->num_outputs));
  for (int32_t i = 0; i < g->num_inputs; i++)
    if (g->inputs[i] >= 0) k->producer[g->inputs[i]] = GIVEN;
  for (int32_t v = 0; v < g->num_values; v++)
    if (g->values[v].is_const || g->values[v].is_variable || is_empty(&g->values[v])) k->producer[v] = GIVEN;
  return MOTE_OK;
}

static mote_status check_node(const checker *k, int32_t node) {
  const graph_node *const n = &k->g->nodes[node];
  MOTE_TRY(check_list(k, node, n->inputs, n->num_inputs));
  MOTE_TRY(check_list(k, node, n->outputs, n->num_outputs));
  for (int32_t i = 0; i < n->num_inputs; i++)
    if (n->inputs[i] >= 0 && k->producer[n->inputs[i]] == NOBODY)
      return fail(k, node, n->inputs[i], "it is read before any node makes it");
  for (int32_t i = 0; i < n->num_outputs; i++) {
    const int32_t v = n->outputs[i];
    if (v < 0) continue;
    if (k->producer[v] >= 0) return fail(k, node, v, "two nodes make it");
    if (k->producer[v] == GIVEN && !is_empty(&k->g->values[v]))
      return fail(k, node, v, "it is made here, but is an input, a constant or a variable");
    k->producer[v] = node;
  }
  return MOTE_OK;
}

static mote_status check_outputs(const checker *k) {
  for (int32_t i = 0; i < k->g->num_outputs; i++)
    if (k->g->outputs[i] < 0 || k->producer[k->g->outputs[i]] == NOBODY)
      return fail(k, -1, k->g->outputs[i], "it is an output, and nothing makes it");
  return MOTE_OK;
}

/* ---- types and shapes ---- */

static bool same_shape(const graph_value *v, const op_tensor *t) {
  if (v->rank != t->rank) return false;
  return v->rank <= 0 || !memcmp(v->signature, t->dims, (size_t)v->rank * sizeof *v->signature);
}

static mote_status infer_again(const checker *k, int32_t node, arena *scratch) {
  const graph_node *const n = &k->g->nodes[node];
  eval v;
  MOTE_TRY(eval_open(&v, k->set, k->g, n, node, scratch, k->error));
  MOTE_TRY(eval_check(&v));
  MOTE_TRY(eval_infer(&v));
  for (int32_t i = 0; i < n->num_outputs; i++) {
    if (n->outputs[i] < 0 || same_shape(&k->g->values[n->outputs[i]], v.c.out[i])) continue;
    const graph_value *const stored = &k->g->values[n->outputs[i]];
    char have[128], want[128], text[300];
    snprintf(text, sizeof text, "it has the shape %s, and %s follows from the inputs",
             op_shape_text(have, sizeof have, stored->rank, stored->signature),
             op_shape_text(want, sizeof want, v.c.out[i]->rank, v.c.out[i]->dims));
    return fail(k, node, n->outputs[i], text);
  }
  return MOTE_OK;
}

static mote_status check_shapes(const checker *k, int32_t node) {
  arena scratch;
  arena_init(&scratch, k->mem);
  const mote_status status = infer_again(k, node, &scratch);
  arena_free(&scratch);
  return status;
}

/* ---- what a file needs ---- */

static uint32_t hash_of(sch_string s) {
  uint32_t h = 2166136261U; /* FNV-1a */
  for (uint32_t i = 0; i < s.size; i++) h = (h ^ (uint8_t)s.data[i]) * 16777619U;
  return h;
}

/* `slots` is a table of value numbers + 1, of a size that is a power of two over the number of values. */
static mote_status check_names(const checker *k, int32_t *slots, uint32_t mask) {
  for (int32_t v = 0; v < k->g->num_values; v++) {
    const sch_string name = k->g->values[v].name;
    uint32_t at = hash_of(name) & mask;
    for (; name.size && slots[at]; at = (at + 1) & mask) {
      const sch_string other = k->g->values[slots[at] - 1].name;
      if (other.size == name.size && !memcmp(other.data, name.data, name.size))
        return fail(k, -1, v, "another value has the same name");
    }
    if (name.size) slots[at] = v + 1;
  }
  return MOTE_OK;
}

/* What a file may say of a value's size (rule M17). */
static mote_status check_sizes(const checker *k) {
  for (int32_t v = 0; v < k->g->num_values; v++) {
    const graph_value *const value = &k->g->values[v];
    const sch_Tensor t = {.type = (int32_t)value->type, .shape = {value->dims, (uint32_t)value->rank}};
    uint64_t bytes;
    if (value->rank < 0 || !mote_type_bits(value->type)) continue;
    if (!sch_tensor_bytes(&t, &bytes) || bytes > PTRDIFF_MAX)
      return fail(k, -1, v, "it has more elements than memory can hold");
  }
  return MOTE_OK;
}

static mote_status check_final(const checker *k, arena *scratch) {
  uint32_t slots = 16;
  while (slots < 2 * (uint32_t)k->g->num_values) slots *= 2;
  int32_t *const table = ARENA_ARRAY(scratch, int32_t, slots);
  if (!table) return err_memory(k->error, "the check of a network", 0);
  for (int32_t i = 0; i < k->g->num_nodes; i++)
    if (k->g->nodes[i].op->traits & OP_SOURCE)
      return fail(k, i, k->g->nodes[i].outputs[0], "no file can hold this operator of a source format");
  MOTE_TRY(check_sizes(k));
  return check_names(k, table, slots - 1);
}

static mote_status check_graph(checker *k, bool final, arena *scratch) {
  k->producer = ARENA_ARRAY(scratch, int32_t, (size_t)k->g->num_values + 1);
  if (!k->producer) return err_memory(k->error, "the check of a network", 0);
  for (int32_t v = 0; v < k->g->num_values; v++) k->producer[v] = NOBODY;
  MOTE_TRY(check_ends(k));
  for (int32_t i = 0; i < k->g->num_nodes; i++) {
    MOTE_TRY(check_node(k, i));
    MOTE_TRY(check_shapes(k, i));
  }
  MOTE_TRY(check_outputs(k));
  return final ? check_final(k, scratch) : MOTE_OK;
}

mote_status graph_check(const graph_set *set, bool final, mem *m, mote_error *e) {
  for (int32_t s = 0; s < set->count; s++) {
    arena scratch;
    arena_init(&scratch, m);
    checker k = {.set = set, .g = &set->graphs[s], .mem = m, .error = e};
    const mote_status status = check_graph(&k, final, &scratch);
    arena_free(&scratch);
    MOTE_TRY(status);
  }
  return MOTE_OK;
}
