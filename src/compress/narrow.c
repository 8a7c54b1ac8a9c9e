/* narrow.c: takes channels out of a network: constants shrink along the dimensions that name them, and what options and
 * operands say of sizes follows. See channels.h.
 */
#include <string.h>

#include "base/error.h"
#include "compress/channels.h"
#include "graph/eval.h"
#include "graph/options.h"

typedef struct narrowing {
  const channels *c;
  mote_graph *g;
  graph *of;
  const bool *gone;
} narrowing;

static bool goes(const narrowing *n, int32_t unit) {
  const int32_t root = channels_root(n->c, unit);
  return root >= 0 && n->gone[root];
}

/* Coordinates that are left of a dimension that has `size`. */
static int32_t left_of(const narrowing *n, int32_t value, int32_t axis, int32_t size) {
  const int32_t *const units = channels_of(n->c, value, axis);
  int32_t left = 0;
  for (int32_t i = 0; i < size; i++) left += !units || !goes(n, units[i]);
  return left;
}

/* ---- constants ---- */

static bool cut_scales(const narrowing *n, graph_value *v, const int32_t *units, int32_t size, int32_t left) {
  float *const scale = ARENA_ARRAY(&n->g->arena, float, (size_t)left + 1);
  int32_t *const zero = ARENA_ARRAY(&n->g->arena, int32_t, (size_t)left + 1);
  if (!scale || !zero) return false;
  for (int32_t i = 0, to = 0; i < size; i++) {
    if (goes(n, units[i])) continue;
    scale[to] = v->quant.scale[i];
    zero[to++] = v->quant.zero_point[i];
  }
  v->quant.scale = scale;
  v->quant.zero_point = zero;
  v->quant.count = left;
  return true;
}

/* One dimension of a constant. */
static bool cut_axis(const narrowing *n, int32_t value, int32_t axis) {
  graph_value *const v = &n->of->values[value];
  const int32_t *const units = channels_of(n->c, value, axis);
  const int32_t size = v->dims[axis], left = units ? left_of(n, value, axis, size) : size;
  if (left == size) return true;
  size_t run = (size_t)mote_type_bits(v->type) / 8, outer = 1;
  for (int32_t d = axis + 1; d < v->rank; d++) run *= (size_t)v->dims[d];
  for (int32_t d = 0; d < axis; d++) outer *= (size_t)v->dims[d];
  uint8_t *const data = arena_alloc(&n->g->arena, outer * (size_t)left * run + 1), *to = data;
  const uint8_t *from = v->data;
  if (!data) return false;
  for (size_t o = 0; o < outer; o++)
    for (int32_t i = 0; i < size; i++, from += run) {
      if (goes(n, units[i])) continue;
      memcpy(to, from, run);
      to += run;
    }
  if (v->quant.count > 1 && v->quant.axis == axis && !cut_scales(n, v, units, size, left)) return false;
  v->data = data;
  v->bytes = outer * (size_t)left * run;
  v->dims[axis] = v->signature[axis] = left;
  return true;
}

/* ---- sizes that are written out ---- */

/* A copy of an int32 list with other numbers where they follow the sizes of `value`; 0 and less stay. */
static int32_t *follow(const narrowing *n, const int32_t *list, int32_t count, int32_t value, const int32_t *before) {
  int32_t *const copy = ARENA_ARRAY(&n->g->arena, int32_t, (size_t)count + 1);
  const graph_value *const v = &n->of->values[value];
  for (int32_t i = 0; copy && i < count; i++) {
    copy[i] = list[i];
    if (count == v->rank && channels_of(n->c, value, i) && list[i] == before[i])
      copy[i] = left_of(n, value, i, before[i]);
  }
  return copy;
}

/* Another constant in the place of an operand of int32. */
static bool put_ints(const narrowing *n, graph_node *node, int32_t operand, const int32_t *v) {
  const graph_value list = n->of->values[node->inputs[operand]];
  int32_t *const inputs = ARENA_ARRAY(&n->g->arena, int32_t, (size_t)node->num_inputs);
  if (!inputs) return false;
  if (!memcmp(v, list.data, list.bytes)) return true;
  const int32_t made = build_const(&n->g->b, list.name.data, MOTE_INT32, list.rank, list.dims, v, BUILD_BORROW);
  if (made < 0) return false;
  memcpy(inputs, node->inputs, (size_t)node->num_inputs * sizeof *inputs);
  inputs[operand] = made;
  node->inputs = inputs;
  return true;
}

/* The same for a constant operand. */
static bool follow_operand(const narrowing *n, graph_node *node, int32_t operand, int32_t value) {
  const graph_value *const v = &n->of->values[value], *const list = &n->of->values[node->inputs[operand]];
  if (!list->is_const || list->type != MOTE_INT32 || list->rank != 1) return true;
  const int32_t *const sizes = follow(n, list->data, list->dims[0], value, v->signature);
  return sizes && put_ints(n, node, operand, sizes);
}

/* Channels that PAD adds, in front and behind. */
static bool follow_padding(const narrowing *n, graph_node *node) {
  const int32_t x = node->inputs[0], y = node->outputs[0], rank = n->of->values[x].rank;
  const graph_value *const by = &n->of->values[node->inputs[1]];
  if (!by->is_const || by->type != MOTE_INT32) return true;
  int32_t *const pads = ARENA_ARRAY(&n->g->arena, int32_t, 2 * (size_t)rank + 1);
  if (!pads) return false;
  memcpy(pads, by->data, by->bytes);
  for (int32_t a = 0; a < rank; a++) {
    const int32_t *const units = channels_of(n->c, y, a);
    const int32_t size = n->of->values[y].signature[a], from = pads[2 * a], to = size - pads[2 * a + 1];
    if (!units) continue;
    pads[2 * a] = pads[2 * a + 1] = 0;
    for (int32_t i = 0; i < size; i++)
      if (!goes(n, units[i])) pads[2 * a] += i < from, pads[2 * a + 1] += i >= to;
  }
  return put_ints(n, node, 1, pads);
}

/* RESHAPE may have its shape as an option, too, or only. */
static bool follow_option(const narrowing *n, graph_node *node) {
  const sch_ReshapeOptions *const o = node->options;
  if (!o || !o->new_shape.count) return true;
  sch_ReshapeOptions *const copy = ARENA_NEW(&n->g->arena, sch_ReshapeOptions);
  if (!copy) return false;
  *copy = *o;
  const int32_t y = node->outputs[0];
  copy->new_shape.data = follow(n, o->new_shape.data, (int32_t)o->new_shape.count, y, n->of->values[y].signature);
  node->options = copy;
  return copy->new_shape.data != NULL;
}

static bool refit(const narrowing *n, graph_node *node) {
  switch (node->op->code) {
    case sch_BuiltinOperator_RESHAPE:
      return follow_option(n, node) &&
             (node->num_inputs < 2 || node->inputs[1] < 0 || follow_operand(n, node, 1, node->outputs[0]));
    case sch_BuiltinOperator_SLICE:
    case sch_BuiltinOperator_STRIDED_SLICE: return follow_operand(n, node, 2, node->outputs[0]);
    case sch_BuiltinOperator_PAD:
    case sch_BuiltinOperator_PADV2: return follow_padding(n, node);
    case sch_BuiltinOperator_TRANSPOSE_CONV: return follow_operand(n, node, 0, node->outputs[0]);
    default: return true;
  }
}

mote_status channels_remove(channels *c, mote_graph *g, const bool *gone, mote_error *e) {
  const int32_t index = (int32_t)(c->g - c->set->graphs), current = g->b.graph, values = c->g->num_values;
  narrowing n = {.c = c, .g = g, .of = &g->set.graphs[index], .gone = gone};
  bool good = true;
  build_select(&g->b, index);
  /* Shapes of what nodes make are those of before until they are inferred. */
  for (int32_t i = 0; i < n.of->num_nodes && good; i++) good = refit(&n, &n.of->nodes[i]);
  for (int32_t v = 0; v < values && good; v++)
    for (int32_t a = 0; n.of->values[v].is_const && a < n.of->values[v].rank && good; a++) good = cut_axis(&n, v, a);
  build_select(&g->b, current);
  if (!good) return err_memory(e, "a narrower network", 0);
  return graph_infer_nodes(&g->set, n.of, &g->arena, e);
}
