/* network_build.c: the building part of mote/graph.h, over graph/build.h. */
#include <string.h>

#include "graph/options.h"
#include "lower/network.h"

mote_value mote_graph_input(mote_graph *g, const char *name, mote_type type, int32_t rank, const int32_t *dims) {
  return build_input(&g->b, name, type, rank, dims);
}

mote_value mote_graph_const(mote_graph *g, const char *name, mote_type type, int32_t rank, const int32_t *dims,
                            const void *data) {
  return build_const(&g->b, name, type, rank, dims, data, BUILD_COPY);
}

mote_value mote_graph_ints(mote_graph *g, const char *name, int32_t count, const int32_t *values) {
  return build_ints(&g->b, name, count, values);
}

mote_value mote_graph_int(mote_graph *g, const char *name, int32_t value) { return build_int(&g->b, name, value); }

mote_value mote_graph_float(mote_graph *g, const char *name, float value) { return build_float(&g->b, name, value); }

mote_value mote_graph_variable(mote_graph *g, const char *name, mote_type type, int32_t rank, const int32_t *dims) {
  return build_variable(&g->b, name, type, rank, dims);
}

static const mote_op *op_named(const char *name) {
  for (const mote_op *const *op = op_list; *op; op++)
    if (!strcmp((*op)->name, name)) return *op;
  return NULL;
}

static mote_value add(mote_graph *g, const char *op_name, const char *text, const build_node *like) {
  graph_builder *const b = &g->b;
  mote_error e;
  build_node n = *like;
  n.op = op_named(op_name);
  if (!n.op)
    return build_fail(b, MOTE_ERR_UNSUPPORTED, "there is no operator '%.60s'; `mote ops` lists those there are",
                      op_name);
  const sch_table *const table = options_of(n.op);
  if (!table && text && *text) return build_fail(b, MOTE_ERR_ARGUMENT, "%s has no options", n.op->name);
  if (table && !(n.options = options_parse(table, text, b->arena, &e))) return build_fail(b, e.code, "%s", e.text);
  return build_add(b, &n);
}

mote_value mote_graph_op_n(mote_graph *g, const char *name, const char *op, const char *options,
                           const mote_value *inputs, int32_t count, int32_t outputs, const mote_type *types) {
  if (g->b.failed) return MOTE_NO_VALUE;
  build_at(&g->b, name);
  const op_quant q = {
      .count = 1, .scale = &g->next_scale, .zero_point = &g->next_zero, .scales = -1, .zero_points = -1};
  const build_node n = {.inputs = inputs,
                        .num_inputs = count,
                        .num_outputs = outputs,
                        .types = types,
                        .quant = g->next_scale != 0 ? &q : NULL};
  const mote_value first = add(g, op, options, &n);
  g->next_scale = 0;
  return first;
}

mote_value mote_graph_op(mote_graph *g, const char *name, const char *op, const char *options, const mote_value *inputs,
                         int32_t count) {
  return mote_graph_op_n(g, name, op, options, inputs, count, 0, NULL);
}

void mote_graph_output(mote_graph *g, mote_value value) { build_output(&g->b, value); }

void mote_graph_rename(mote_graph *g, mote_value value, const char *name) { build_rename(&g->b, value, name); }

void mote_graph_quantize(mote_graph *g, mote_value value, float scale, int32_t zero_point) {
  const op_quant q = {.count = 1, .scale = &scale, .zero_point = &zero_point, .scales = -1, .zero_points = -1};
  build_quantize(&g->b, value, &q);
}

void mote_graph_quantize_next(mote_graph *g, float scale, int32_t zero_point) {
  g->next_scale = scale;
  g->next_zero = zero_point;
}

void mote_graph_signature(mote_graph *g, const char *key, const char *const *inputs, const char *const *outputs) {
  build_signature(&g->b, key, inputs, outputs);
}

int32_t mote_graph_begin(mote_graph *g, const char *name) { return build_graph(&g->b, name); }

void mote_graph_select(mote_graph *g, int32_t index) { build_select(&g->b, index); }
