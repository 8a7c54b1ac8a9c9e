/* half.c: see half.h. A constant keeps its name; what DEQUANTIZE makes of it is called NAME_dequantize. */
#include "lower/half.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/f16.h"
#include "graph/eval.h"

static const float most = 65504; /* the largest float16 */

typedef struct halving {
  mote_graph *g;
  half_report *report;
  mote_error *error;
} halving;

static graph *current(const halving *h) { return &h->g->set.graphs[h->g->b.graph]; }

static bool is_output(const graph *g, int32_t value) {
  for (int32_t i = 0; i < g->num_outputs; i++)
    if (g->outputs[i] == value) return true;
  return false;
}

static bool reads(const graph_node *n, int32_t value) {
  for (int32_t i = 0; i < n->num_inputs; i++)
    if (n->inputs[i] == value) return true;
  return false;
}

/* Whether an operator takes a value that is no constant in place of this one. */
static bool node_takes(const halving *h, int32_t node) {
  arena scratch;
  eval v;
  arena_init(&scratch, h->g->mem);
  const bool good = eval_open(&v, &h->g->set, current(h), &current(h)->nodes[node], node, &scratch, NULL) == MOTE_OK &&
                    eval_check(&v) == MOTE_OK;
  arena_free(&scratch);
  return good;
}

/* All readers, in places where they take what is computed. *any: there are readers. */
static bool may_be_computed(const halving *h, int32_t value, bool *any) {
  graph *const g = current(h);
  const graph_value kept = g->values[value];
  g->values[value].is_const = false;
  g->values[value].data = NULL;
  g->values[value].bytes = 0;
  bool good = true;
  *any = false;
  for (int32_t i = 0; i < g->num_nodes && good; i++)
    if (reads(&g->nodes[i], value)) {
      *any = true;
      good = node_takes(h, i);
    }
  g->values[value] = kept;
  return good;
}

static bool is_candidate(const graph *g, int32_t value) {
  const graph_value *const v = &g->values[value];
  return v->is_const && v->type == MOTE_FLOAT32 && v->bytes >= sizeof(float) && !v->sparsity && !v->is_variable &&
         !is_output(g, value);
}

/* The elements as float16, in the network's arena. */
static uint16_t *narrow(const halving *h, const graph_value *v) {
  const size_t count = v->bytes / sizeof(float);
  uint16_t *const to = ARENA_ARRAY(&h->g->arena, uint16_t, count);
  uint64_t clamped = 0;
  for (size_t i = 0; to && i < count; i++) {
    float x;
    memcpy(&x, (const float *)v->data + i, sizeof x);
    const bool past = (x > most || x < -most) && x - x == 0; /* infinity is itself */
    clamped += past;
    to[i] = f16_from_f32(past ? (x > 0 ? most : -most) : x);
  }
  if (clamped && !h->report->clamped)
    err_name(h->report->first, sizeof h->report->first, v->name.data ? v->name.data : "", v->name.size);
  h->report->clamped += clamped;
  return to;
}

static sch_string dequantized_name(const halving *h, sch_string name) {
  static const char ending[] = "_dequantize";
  char *const text = arena_alloc(&h->g->arena, name.size + sizeof ending);
  if (!text) return (sch_string){0};
  if (name.size) memcpy(text, name.data, name.size);
  memcpy(text + name.size, ending, sizeof ending);
  return (sch_string){text, name.size + (uint32_t)sizeof ending - 1};
}

static void replace(graph *g, int32_t from, int32_t to, int32_t nodes) {
  for (int32_t i = 0; i < nodes; i++)
    for (int32_t k = 0; k < g->nodes[i].num_inputs; k++)
      if (g->nodes[i].inputs[k] == from) ((int32_t *)g->nodes[i].inputs)[k] = to;
}

static mote_status halve(halving *h, int32_t value) {
  graph_builder *const b = &h->g->b;
  const graph_value v = current(h)->values[value];
  const int32_t nodes = current(h)->num_nodes;
  uint16_t *const data = narrow(h, &v);
  if (!data) return err_memory(h->error, "weights as float16", v.bytes / 2);
  const int32_t half = build_const(b, NULL, MOTE_FLOAT16, v.rank, v.dims, data, BUILD_BORROW);
  const int32_t real = build_op(b, sch_BuiltinOperator_DEQUANTIZE, NULL, 1, &half);
  if (real < 0) return build_finish(b, h->error);
  graph *const g = current(h);
  g->values[half].name = v.name;
  g->values[half].has_rank = v.has_rank;
  g->values[real].name = dequantized_name(h, v.name);
  g->values[value].name = (sch_string){0};
  replace(g, value, real, nodes);
  h->report->constants++;
  return MOTE_OK;
}

mote_status network_half(mote_graph *g, half_report *report, mote_error *e) {
  half_report ignored;
  halving h = {.g = g, .report = report ? report : &ignored, .error = e};
  const int32_t selected = g->b.graph;
  *h.report = (half_report){0};
  MOTE_TRY(build_finish(&g->b, e));
  for (int32_t s = 0; s < g->set.count; s++) {
    g->b.graph = s;
    const int32_t values = current(&h)->num_values;
    for (int32_t v = 0; v < values; v++) {
      bool any;
      if (!is_candidate(current(&h), v)) continue;
      if (may_be_computed(&h, v, &any) && any) MOTE_TRY(halve(&h, v));
      else h.report->kept += any;
    }
  }
  g->b.graph = selected;
  MOTE_TRY(build_finish(&g->b, e));
  return graph_compact(&g->set, &g->arena, e);
}

mote_status mote_graph_float16(mote_graph *g, uint64_t *clamped, mote_error *e) {
  half_report report;
  MOTE_TRY(network_half(g, &report, e));
  if (clamped) *clamped = report.clamped;
  return MOTE_OK;
}
