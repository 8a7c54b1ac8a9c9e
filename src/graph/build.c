/* build.c: see build.h. Values and ends of graphs; nodes are in build_node.c. */
#include "graph/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"

static graph *current(const graph_builder *b) { return &b->set->graphs[b->graph]; }

int32_t build_fail(graph_builder *b, mote_status code, const char *format, ...) {
  if (b->failed) return -1;
  char sentence[MOTE_ERROR_TEXT / 2], at[100];
  va_list args;
  va_start(args, format);
  vsnprintf(sentence, sizeof sentence, format, args);
  va_end(args);
  b->failed = true;
  err_set(&b->error, code, "%s", sentence);
  if (b->at.size) err_prefix(&b->error, "'%s'", err_name(at, sizeof at, b->at.data, b->at.size));
  return -1;
}

void build_forgive(graph_builder *b) { b->failed = false; }

static int32_t no_memory(graph_builder *b) { return build_fail(b, MOTE_ERR_MEMORY, "out of memory for the network"); }

static sch_string copied(graph_builder *b, const char *text) {
  const size_t size = text ? strlen(text) : 0;
  const sch_string s = {arena_string(b->arena, text, size), (uint32_t)size};
  if (!s.data) no_memory(b);
  return s;
}

void build_begin(graph_builder *b, arena *a, graph_set *set) {
  *set = (graph_set){0};
  *b = (graph_builder){.arena = a, .set = set, .graph = -1};
}

void build_resume(graph_builder *b, arena *a, graph_set *set, int32_t index) {
  *b = (graph_builder){.arena = a, .set = set, .graph = index};
}

int32_t build_graph(graph_builder *b, const char *name) {
  if (b->failed) return -1;
  graph_set *const set = b->set;
  if (!graph_grow(b->arena, &set->graphs, set->count, &set->room, sizeof *set->graphs)) return no_memory(b);
  set->graphs[set->count] = (graph){.subgraph = set->count, .name = copied(b, name)};
  return b->graph = set->count++;
}

void build_select(graph_builder *b, int32_t index) {
  if (index < 0 || index >= b->set->count) build_fail(b, MOTE_ERR_ARGUMENT, "there is no graph %d", (int)index);
  else b->graph = index;
}

void build_at(graph_builder *b, const char *name) { b->at = copied(b, name); }

/* ---- values ---- */

static bool is_value(const graph_builder *b, int32_t value) {
  return b->graph >= 0 && value >= 0 && value < current(b)->num_values;
}

int32_t build_value(graph_builder *b, const char *name, mote_type type, int32_t rank, const int32_t *dims) {
  if (b->failed) return -1;
  if (b->graph < 0) return build_fail(b, MOTE_ERR_ARGUMENT, "a value needs a graph: call build_graph first");
  if (rank > OP_MAX_RANK)
    return build_fail(b, MOTE_ERR_UNSUPPORTED, "'%.60s' has %d dimensions; at most %d are taken", name ? name : "",
                      (int)rank, OP_MAX_RANK);
  graph *const g = current(b);
  if (!graph_grow(b->arena, &g->values, g->num_values, &g->room_values, sizeof *g->values)) return no_memory(b);
  graph_value *const v = &g->values[g->num_values];
  *v = (graph_value){.type = type, .rank = rank, .has_rank = true, .quant = {.scales = -1, .zero_points = -1}};
  for (int32_t i = 0; i < rank; i++) {
    if (dims[i] < -1)
      return build_fail(b, MOTE_ERR_ARGUMENT, "dimension %d of '%.60s' is %d; it is a size, or -1 for an open one",
                        (int)i, name ? name : "", (int)dims[i]);
    v->signature[i] = dims[i];
    v->dims[i] = dims[i] < 0 ? 1 : dims[i];
  }
  v->name = copied(b, name);
  v->tensor = g->num_values;
  if (b->failed) return -1;
  return g->num_values++;
}

int32_t build_input(graph_builder *b, const char *name, mote_type type, int32_t rank, const int32_t *dims) {
  const int32_t value = build_value(b, name, type, rank, dims);
  if (value < 0) return -1;
  graph *const g = current(b);
  if (!graph_grow(b->arena, &g->inputs, g->num_inputs, &g->room_inputs, sizeof *g->inputs)) return no_memory(b);
  return g->inputs[g->num_inputs++] = value;
}

int32_t build_variable(graph_builder *b, const char *name, mote_type type, int32_t rank, const int32_t *dims) {
  const int32_t value = build_value(b, name, type, rank, dims);
  if (value >= 0) current(b)->values[value].is_variable = true;
  return value;
}

static int32_t add_const(graph_builder *b, const char *name, mote_type type, int32_t rank, const int32_t *dims,
                         const void *data, size_t bytes, build_data how) {
  static const uint64_t nothing[1];
  const int32_t value = build_value(b, name, type, rank, dims);
  if (value < 0) return -1;
  graph_value *const v = &current(b)->values[value];
  v->is_const = true;
  v->bytes = bytes;
  v->data = !bytes ? nothing : how == BUILD_BORROW ? data : arena_string(b->arena, data, bytes);
  return v->data ? value : no_memory(b);
}

int32_t build_const(graph_builder *b, const char *name, mote_type type, int32_t rank, const int32_t *dims,
                    const void *data, build_data how) {
  size_t count, bytes;
  if (b->failed) return -1;
  if (rank < 0 || rank > OP_MAX_RANK || !size_dims(dims, rank, &count) || !op_type_bytes(type, count, &bytes)) {
    char shape[128];
    return build_fail(b, MOTE_ERR_ARGUMENT, "constant '%.60s' of %s has the shape %s, which has no size in bytes",
                      name ? name : "", mote_type_name(type),
                      op_shape_text(shape, sizeof shape, rank > OP_MAX_RANK ? -1 : rank, dims));
  }
  return add_const(b, name, type, rank, dims, data, bytes, how);
}

int32_t build_strings(graph_builder *b, const char *name, int32_t rank, const int32_t *dims, const void *packed,
                      size_t bytes) {
  size_t count;
  mote_error e;
  if (b->failed) return -1;
  if (rank < 0 || rank > OP_MAX_RANK || !size_dims(dims, rank, &count))
    return build_fail(b, MOTE_ERR_ARGUMENT, "constant '%.60s' has no number of elements", name ? name : "");
  if (sch_check_strings(packed, bytes, count, &e) != MOTE_OK)
    return build_fail(b, e.code, "constant '%.60s': %s", name ? name : "", e.text);
  return add_const(b, name, MOTE_STRING, rank, dims, packed, bytes, BUILD_COPY);
}

int32_t build_ints(graph_builder *b, const char *name, int32_t count, const int32_t *v) {
  return build_const(b, name, MOTE_INT32, 1, &count, v, BUILD_COPY);
}

int32_t build_int(graph_builder *b, const char *name, int32_t v) {
  return build_const(b, name, MOTE_INT32, 0, NULL, &v, BUILD_COPY);
}

int32_t build_float(graph_builder *b, const char *name, float v) {
  return build_const(b, name, MOTE_FLOAT32, 0, NULL, &v, BUILD_COPY);
}

void build_rename(graph_builder *b, int32_t value, const char *name) {
  if (!b->failed && is_value(b, value)) current(b)->values[value].name = copied(b, name);
}

void build_quantize(graph_builder *b, int32_t value, const op_quant *quant) {
  if (b->failed || !is_value(b, value)) return;
  const size_t n = (size_t)quant->count;
  op_quant copy = *quant;
  float *const scale = ARENA_ARRAY(b->arena, float, n + 1);
  int32_t *const zero = ARENA_ARRAY(b->arena, int32_t, n + 1);
  if (!scale || !zero) {
    no_memory(b);
    return;
  }
  if (n) memcpy(scale, quant->scale, n * sizeof *scale);
  if (n && quant->zero_point) memcpy(zero, quant->zero_point, n * sizeof *zero);
  copy.scale = scale;
  copy.zero_point = zero;
  current(b)->values[value].quant = copy;
}

mote_type build_type(const graph_builder *b, int32_t value) {
  return is_value(b, value) ? current(b)->values[value].type : MOTE_FLOAT32;
}

int32_t build_rank(const graph_builder *b, int32_t value) {
  return is_value(b, value) ? current(b)->values[value].rank : -1;
}

int32_t build_dim(const graph_builder *b, int32_t value, int32_t i) {
  const int32_t rank = build_rank(b, value);
  if (i < 0) i += rank;
  return i < 0 || i >= rank ? -1 : current(b)->values[value].signature[i];
}

/* ---- ends ---- */

void build_output(graph_builder *b, int32_t value) {
  if (b->failed) return;
  if (!is_value(b, value)) {
    build_fail(b, MOTE_ERR_ARGUMENT, "there is no value %d to be an output", (int)value);
    return;
  }
  graph *const g = current(b);
  if (!graph_grow(b->arena, &g->outputs, g->num_outputs, &g->room_outputs, sizeof *g->outputs)) no_memory(b);
  else g->outputs[g->num_outputs++] = value;
}

static sch_TensorMap *signature_map(graph_builder *b, const char *const *names, const int32_t *values, int32_t count) {
  sch_TensorMap *const map = ARENA_ARRAY(b->arena, sch_TensorMap, (size_t)count + 1);
  if (!map) no_memory(b);
  for (int32_t i = 0; map && i < count; i++) {
    map[i] = BUILD_OPTIONS(TensorMap);
    map[i].name = copied(b, names[i]);
    map[i].tensor_index = (uint32_t)values[i];
  }
  return map;
}

void build_signature(graph_builder *b, const char *key, const char *const *inputs, const char *const *outputs) {
  if (b->failed || b->graph < 0) return;
  graph_set *const set = b->set;
  const graph *const g = current(b);
  int32_t room = (int32_t)set->room_signatures;
  if (!graph_grow(b->arena, &set->signatures, (int32_t)set->num_signatures, &room, sizeof *set->signatures)) {
    no_memory(b);
    return;
  }
  set->room_signatures = (uint32_t)room;
  sch_SignatureDef *const s = &set->signatures[set->num_signatures];
  *s = BUILD_OPTIONS(SignatureDef);
  s->signature_key = copied(b, key);
  s->subgraph_index = (uint32_t)b->graph;
  s->inputs.data = signature_map(b, inputs, g->inputs, g->num_inputs);
  s->inputs.count = (uint32_t)g->num_inputs;
  s->outputs.data = signature_map(b, outputs, g->outputs, g->num_outputs);
  s->outputs.count = (uint32_t)g->num_outputs;
  set->num_signatures += !b->failed;
}

static mote_status finish_graph(graph_builder *b, graph *g, mote_error *e) {
  arena scratch;
  arena_init(&scratch, b->arena->mem);
  const mote_status status = graph_order(g, &scratch, e);
  arena_free(&scratch);
  MOTE_TRY(status);
  g->num_tensors = 0;
  for (int32_t i = 0; i < g->num_values; i++)
    if (g->values[i].tensor >= 0) g->values[i].tensor = g->num_tensors++;
  for (int32_t i = 0; i < g->num_nodes; i++) g->nodes[i].index = i;
  return graph_name(g, b->arena, e);
}

mote_status build_finish(graph_builder *b, mote_error *e) {
  if (b->failed) {
    if (e) *e = b->error;
    return b->error.code;
  }
  for (int32_t i = 0; i < b->set->count; i++) MOTE_TRY(finish_graph(b, &b->set->graphs[i], e));
  return MOTE_OK;
}
