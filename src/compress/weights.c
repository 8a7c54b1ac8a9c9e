/* weights.c: see weights.h. */
#include "compress/weights.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/f16.h"
#include "base/size.h"
#include "operators/sparse.h"
#include "runtime/runtime.h"

/* ---- which operands are weights ---- */

#define BIT(i) (UINT64_C(1) << (i))
#define FROM_TO(a, b) ((BIT((b)-1) - 1) * 2 + 2 - BIT(a)) /* bits a to b */

typedef struct kind {
  int32_t code;
  uint64_t weights; /* bit i: operand i */
  int8_t input, bias;
  int8_t out_axis, in_axis;
  bool by_input; /* each weight is used once for every row of the input, not of the output */
} kind;

static const kind kinds[] = {
    {sch_BuiltinOperator_CONV_2D, BIT(1), 0, 2, 0, 3, false},
    {sch_BuiltinOperator_DEPTHWISE_CONV_2D, BIT(1), 0, 2, 3, -1, false},
    {sch_BuiltinOperator_CONV_3D, BIT(1), 0, 2, 4, 3, false},
    {sch_BuiltinOperator_TRANSPOSE_CONV, BIT(1), 2, 3, 0, 3, true},
    {sch_BuiltinOperator_FULLY_CONNECTED, BIT(1), 0, 2, 0, 1, false},
    {sch_BuiltinOperator_BATCH_MATMUL, BIT(1), 0, -1, -1, -1, false},
    {sch_BuiltinOperator_EMBEDDING_LOOKUP, BIT(1), -1, -1, -1, -1, false},
    {sch_BuiltinOperator_SVDF, BIT(1), -1, -1, -1, -1, true},
    {sch_BuiltinOperator_RNN, FROM_TO(1, 2), -1, -1, -1, -1, true},
    {sch_BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_RNN, FROM_TO(1, 2), -1, -1, -1, -1, true},
    {sch_BuiltinOperator_BIDIRECTIONAL_SEQUENCE_RNN, FROM_TO(1, 2) | FROM_TO(5, 6), -1, -1, -1, -1, true},
    {sch_BuiltinOperator_LSTM, FROM_TO(1, 8) | BIT(16), -1, -1, -1, -1, true},
    {sch_BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM, FROM_TO(1, 8) | BIT(16), -1, -1, -1, -1, true},
    {sch_BuiltinOperator_BIDIRECTIONAL_SEQUENCE_LSTM, FROM_TO(1, 8) | BIT(16) | FROM_TO(18, 25) | BIT(33), -1, -1, -1,
     -1, true},
};

static const kind *kind_of(int32_t code) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].code == code) return &kinds[i];
  return NULL;
}

const graph *layer_graph(const graph_set *set, const layer *l) { return &set->graphs[l->graph]; }
const graph_node *layer_node(const graph_set *set, const layer *l) { return &set->graphs[l->graph].nodes[l->node]; }
const graph_value *layer_stored(const graph_set *set, const layer *l) {
  return &set->graphs[l->graph].values[l->stored];
}

char *layer_name(const graph_set *set, const layer *l, char *to, size_t room) {
  const graph_node *const n = layer_node(set, l);
  const sch_string s = layer_graph(set, l)->values[n->outputs[0]].name;
  return err_name(to, room, s.data ? s.data : "", s.size);
}

extent extent_of(const graph_value *v, int32_t of) {
  extent x = {1, 1};
  if (of < 0) return x;
  for (int32_t d = of + 1; d < v->rank; d++) x.step *= (size_t)v->dims[d];
  x.size = (size_t)v->dims[of];
  return x;
}

/* ---- the list ---- */

typedef struct lister {
  const graph_set *set;
  const char *keep;
  size_t smallest;
  int32_t graph;
  int32_t *maker, *reads; /* of each value of the graph */
  layers *out;
  int32_t room;
  arena *arena;
  mote_error *error;
} lister;

static mote_status no_memory(mote_error *e) { return err_memory(e, "the list of layers", 0); }

/* Whether a list of words has this one. */
static bool has_word(const char *words, const char *word, size_t size) {
  for (const char *at = words; at && *at;) {
    at += strspn(at, " ");
    const size_t length = strcspn(at, " ");
    if (length == size && size && !memcmp(at, word, size)) return true;
    at += length;
  }
  return false;
}

bool weights_kept(const char *keep, const graph *g, const graph_node *n) {
  const sch_string name = n->num_outputs && n->outputs[0] >= 0 ? g->values[n->outputs[0]].name : (sch_string){0};
  return has_word(keep, n->op->name, strlen(n->op->name)) || has_word(keep, name.data, name.size);
}

/* The constant that a value is, or that it is made of by DEQUANTIZE; -1: neither. */
static int32_t constant_behind(const lister *k, const graph *g, int32_t value) {
  const int32_t maker = k->maker[value];
  if (maker >= 0 && g->nodes[maker].op->code == sch_BuiltinOperator_DEQUANTIZE) value = g->nodes[maker].inputs[0];
  return g->values[value].is_const ? value : -1;
}

static double rows_of(const graph_value *v) {
  double rows = 1;
  for (int32_t d = 0; d + 1 < v->rank; d++) rows *= v->dims[d];
  return rows;
}

static void measure(const graph *g, const graph_node *n, const kind *of, layer *l) {
  const graph_value *const w = &g->values[l->value], *const y = &g->values[n->outputs[0]];
  l->input = of->input < 0 || of->input >= n->num_inputs ? -1 : n->inputs[of->input];
  l->at_bias = of->bias;
  l->out_axis = of->out_axis;
  l->in_axis = of->in_axis;
  l->depthwise = of->code == sch_BuiltinOperator_DEPTHWISE_CONV_2D;
  if (of->code == sch_BuiltinOperator_EMBEDDING_LOOKUP) return;
  const int32_t from = of->by_input ? of->input < 0 ? n->inputs[0] : n->inputs[of->input] : -1;
  l->uses = rows_of(from < 0 ? y : &g->values[from]);
  if (of->code != sch_BuiltinOperator_BATCH_MATMUL) return;
  const sch_BatchMatMulOptions *const o = n->options;
  const bool across = o->adj_y;
  if (o->adj_x) l->input = -1; /* its last dimension is not the one that is summed over */
  l->out_axis = w->rank - 1 - across;
  l->in_axis = w->rank - 2 + across;
  l->uses /= rows_of(w) / w->dims[w->rank - 2]; /* each of several matrices has its own rows */
}

/* Takes note of an operand when it is weights. */
static mote_status add(lister *k, int32_t node, int32_t operand, const kind *of) {
  const graph *const g = &k->set->graphs[k->graph];
  const graph_node *const n = &g->nodes[node];
  const int32_t value = operand < n->num_inputs ? n->inputs[operand] : -1;
  const int32_t stored = value < 0 ? -1 : constant_behind(k, g, value);
  if (stored < 0 || g->values[stored].rank < 2 || g->values[value].rank != g->values[stored].rank) return MOTE_OK;
  if (!weights_readable(&g->values[stored])) return MOTE_OK;
  for (int32_t i = 0; i < k->out->count; i++)
    if (k->out->at[i].graph == k->graph && k->out->at[i].stored == stored) return MOTE_OK;
  layer l = {.graph = k->graph, .node = node, .operand = operand, .value = value, .stored = stored};
  if (!size_dims(g->values[stored].dims, g->values[stored].rank, &l.count) || l.count < k->smallest) return MOTE_OK;
  measure(g, n, of, &l);
  if (of->out_axis >= g->values[stored].rank || of->in_axis >= g->values[stored].rank) return MOTE_OK;
  l.shared = k->reads[value] > 1 || k->reads[stored] > 1;
  if (!graph_grow(k->arena, &k->out->at, k->out->count, &k->room, sizeof l)) return no_memory(k->error);
  k->out->at[k->out->count++] = l;
  return MOTE_OK;
}

static mote_status list_graph(lister *k) {
  const graph *const g = &k->set->graphs[k->graph];
  k->maker = ARENA_ARRAY(k->arena, int32_t, (size_t)g->num_values + 1);
  k->reads = ARENA_ARRAY(k->arena, int32_t, (size_t)g->num_values + 1);
  if (!k->maker || !k->reads) return no_memory(k->error);
  for (int32_t v = 0; v < g->num_values; v++) k->maker[v] = -1;
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const graph_node *const n = &g->nodes[i];
    for (int32_t j = 0; j < n->num_outputs; j++)
      if (n->outputs[j] >= 0) k->maker[n->outputs[j]] = i;
    for (int32_t j = 0; j < n->num_inputs; j++)
      if (n->inputs[j] >= 0) k->reads[n->inputs[j]]++;
  }
  for (int32_t i = 0; i < g->num_outputs; i++) k->reads[g->outputs[i]]++;
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const graph_node *const n = &g->nodes[i];
    const kind *const of = kind_of(n->op->code);
    if (!of || !n->num_outputs || n->outputs[0] < 0 || weights_kept(k->keep, g, n)) continue;
    for (int32_t operand = 0; operand < 64; operand++)
      if (of->weights >> operand & 1) MOTE_TRY(add(k, i, operand, of));
  }
  return MOTE_OK;
}

mote_status weights_list(const graph_set *set, const char *keep, int32_t smallest, arena *a, layers *out,
                         mote_error *e) {
  *out = (layers){0};
  lister k = {.set = set, .keep = keep, .smallest = (size_t)smallest, .out = out, .arena = a, .error = e};
  for (k.graph = 0; k.graph < set->count; k.graph++) MOTE_TRY(list_graph(&k));
  return MOTE_OK;
}

/* ---- values ---- */

bool weights_readable(const graph_value *v) {
  if (v->sparsity || v->quant.block_size) return false;
  switch (v->type) {
    case MOTE_FLOAT32:
    case MOTE_FLOAT16: return true;
    case MOTE_INT4:
    case MOTE_INT8:
    case MOTE_UINT8:
    case MOTE_INT16: return v->quant.count > 0;
    default: return false;
  }
}

static void type_range(mote_type type, int32_t *lo, int32_t *hi) {
  switch (type) {
    case MOTE_INT4: *lo = -8, *hi = 7; return;
    case MOTE_INT8: *lo = -128, *hi = 127; return;
    case MOTE_UINT8: *lo = 0, *hi = 255; return;
    default: *lo = INT16_MIN, *hi = INT16_MAX; return;
  }
}

static int32_t stored_at(const graph_value *v, size_t i) {
  switch (v->type) {
    case MOTE_INT4: return int4_get(v->data, i);
    case MOTE_INT8: return ((const int8_t *)v->data)[i];
    case MOTE_UINT8: return ((const uint8_t *)v->data)[i];
    default: return ((const int16_t *)v->data)[i];
  }
}

static void store_at(mote_type type, void *data, size_t i, int32_t q) {
  switch (type) {
    case MOTE_INT4: ((uint8_t *)data)[i / 2] |= (uint8_t)((q & 15) << (i & 1 ? 4 : 0)); return;
    case MOTE_INT8: ((int8_t *)data)[i] = (int8_t)q; return;
    case MOTE_UINT8: ((uint8_t *)data)[i] = (uint8_t)q; return;
    default: ((int16_t *)data)[i] = (int16_t)q; return;
  }
}

/* The scale that element i has, by number. */
static size_t scale_at(const graph_value *v, extent channels, size_t i) {
  return v->quant.count > 1 ? extent_at(channels, i) : 0;
}

mote_status weights_read(const graph_set *set, const layer *l, weights_unit unit, float *to, mote_error *e) {
  const graph_value *const v = layer_stored(set, l);
  const extent channels = extent_of(v, v->quant.count > 1 ? v->quant.axis : -1);
  for (size_t i = 0; i < l->count; i++) {
    if (v->type == MOTE_FLOAT32) to[i] = ((const float *)v->data)[i];
    else if (v->type == MOTE_FLOAT16) to[i] = f16_to_f32(((const uint16_t *)v->data)[i]);
    else {
      const size_t s = scale_at(v, channels, i);
      to[i] = (float)(stored_at(v, i) - v->quant.zero_point[s]);
      if (unit == WEIGHTS_REAL) to[i] *= v->quant.scale[s];
    }
    if (isfinite(to[i])) continue;
    char name[100];
    return err_set(e, MOTE_ERR_MODEL,
                   "weight %zu of %s '%s' is %s: weights must be finite numbers; name the layer in the list of those "
                   "that stay as they are, or repair the model",
                   i, layer_node(set, l)->op->name, layer_name(set, l, name, sizeof name),
                   isnan(to[i]) ? "not a number (NaN)" : "infinite");
  }
  return MOTE_OK;
}

mote_status weights_write(mote_graph *g, const layer *l, weights_unit unit, const float *from, mote_error *e) {
  graph_value *const v = &g->set.graphs[l->graph].values[l->stored];
  const extent channels = extent_of(v, v->quant.count > 1 ? v->quant.axis : -1);
  void *const to = arena_alloc(&g->arena, v->bytes);
  int32_t lo, hi;
  if (!to) return err_memory(e, "new weights", v->bytes);
  type_range(v->type, &lo, &hi);
  for (size_t i = 0; i < l->count; i++) {
    if (v->type == MOTE_FLOAT32) ((float *)to)[i] = from[i];
    else if (v->type == MOTE_FLOAT16) ((uint16_t *)to)[i] = f16_from_f32(from[i]);
    else {
      const size_t s = scale_at(v, channels, i);
      const float q =
          roundf(unit == WEIGHTS_REAL ? from[i] / v->quant.scale[s] : from[i]) + (float)v->quant.zero_point[s];
      store_at(v->type, to, i, q < (float)lo ? lo : q > (float)hi ? hi : (int32_t)q);
    }
  }
  v->data = to;
  return MOTE_OK;
}

/* ---- sparse constants ---- */

static mote_status expand(mote_graph *g, graph_value *v, mote_error *e) {
  const sch_file *const file = g->model ? g->model->schema : NULL;
  char name[100];
  const sparse_constant from = {.sparsity = v->sparsity,
                                .file = file ? file->data : NULL,
                                .file_size = file ? file->size : 0,
                                .rank = v->rank,
                                .dims = v->dims,
                                .element = (size_t)mote_type_bits(v->type) / 8,
                                .values = v->data,
                                .bytes = v->bytes};
  size_t count, bytes;
  if (!from.element) return MOTE_OK; /* packed types are never sparse in practice: they stay, and are no layer */
  if (!size_dims(v->dims, v->rank, &count) || !op_type_bytes(v->type, count, &bytes))
    return err_memory(e, "a sparse constant in full", SIZE_MAX);
  void *const full = arena_alloc(&g->arena, bytes);
  if (!full) return err_memory(e, "a sparse constant in full", bytes);
  const mote_status status = sparse_expand(&from, full, e);
  if (status != MOTE_OK)
    return err_prefix(e, "'%s'", err_name(name, sizeof name, v->name.data ? v->name.data : "", v->name.size)), status;
  v->data = full;
  v->bytes = bytes;
  v->sparsity = NULL;
  return MOTE_OK;
}

/* Everyone who reads `from` reads `to`. */
static bool read_instead(mote_graph *g, graph *of, int32_t from, int32_t to) {
  for (int32_t i = 0; i < of->num_nodes; i++) {
    graph_node *const n = &of->nodes[i];
    int32_t *copy = NULL;
    for (int32_t j = 0; j < n->num_inputs; j++) {
      if (n->inputs[j] != from) continue;
      if (!copy) {
        copy = ARENA_ARRAY(&g->arena, int32_t, (size_t)n->num_inputs);
        if (!copy) return false;
        memcpy(copy, n->inputs, (size_t)n->num_inputs * sizeof *copy);
        n->inputs = copy;
      }
      copy[j] = to;
    }
  }
  return true;
}

static bool is_output(const graph *of, int32_t value) {
  for (int32_t i = 0; i < of->num_outputs; i++)
    if (of->outputs[i] == value) return true;
  return false;
}

static bool take_out_densify(mote_graph *g, graph *of) {
  int32_t left = 0;
  for (int32_t i = 0; i < of->num_nodes; i++) {
    const graph_node n = of->nodes[i];
    const bool goes = n.op->code == sch_BuiltinOperator_DENSIFY && !is_output(of, n.outputs[0]) &&
                      of->values[n.inputs[0]].is_const && !of->values[n.inputs[0]].sparsity;
    if (goes && !read_instead(g, of, n.outputs[0], n.inputs[0])) return false;
    if (!goes) of->nodes[left++] = of->nodes[i];
  }
  of->num_nodes = left;
  return true;
}

mote_status weights_unpack(mote_graph *g, mote_error *e) {
  bool any = false;
  for (int32_t i = 0; i < g->set.count; i++) {
    graph *const of = &g->set.graphs[i];
    for (int32_t v = 0; v < of->num_values; v++) {
      if (!of->values[v].is_const || !of->values[v].sparsity) continue;
      any = true;
      MOTE_TRY(expand(g, &of->values[v], e));
    }
    if (!take_out_densify(g, of)) return err_memory(e, "the network", 0);
  }
  return any ? graph_compact(&g->set, &g->arena, e) : MOTE_OK;
}
