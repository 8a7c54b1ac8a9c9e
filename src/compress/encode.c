/* encode.c: see encode.h. The inverse, from sparse to full, is the room operators' (sparse.h). */
#include "compress/encode.h"

#include <string.h>

#include "base/error.h"

/* What a tensor and a DENSIFY node take beside the data. */
enum { DENSIFY_BYTES = 160, SPARSITY_BYTES = 200 };

/* A plan of how a constant is stored: all dimensions but the last in full, of the last the blocks that are not zero. */
typedef struct plan {
  size_t rows, row, block; /* elements of a row, of a block */
  size_t blocks;           /* that are stored */
  bool direct;             /* the operator reads it as it is */
} plan;

static size_t element_size(const graph_value *v) { return (size_t)mote_type_bits(v->type) / 8; }

/* ---- which form ---- */

static int32_t readers_of(const graph *g, int32_t value) {
  int32_t n = 0;
  for (int32_t i = 0; i < g->num_nodes; i++)
    for (int32_t j = 0; j < g->nodes[i].num_inputs; j++) n += g->nodes[i].inputs[j] == value;
  return n;
}

/* The block that FULLY_CONNECTED can read; 0: it can read none. */
static size_t direct_block(const graph_set *set, const layer *l, size_t wanted) {
  const graph *const g = layer_graph(set, l);
  const graph_node *const n = layer_node(set, l);
  const graph_value *const v = layer_stored(set, l);
  if (n->op->code != sch_BuiltinOperator_FULLY_CONNECTED || l->value != l->stored || v->rank != 2) return 0;
  if (readers_of(g, l->stored) != 1) return 0;
  const mote_type input = g->values[n->inputs[0]].type;
  if (v->type == MOTE_FLOAT32 && input == MOTE_FLOAT32) return wanted == 4 && v->dims[1] % 4 == 0 ? 4 : 1;
  if (v->type != MOTE_INT8 || input != MOTE_INT8 || v->quant.count != 1 || v->quant.zero_point[0]) return 0;
  return v->dims[1] % 16 == 0 ? 16 : 0;
}

static bool all_zero(const float *w, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (w[i] != 0) return false;
  return true;
}

static size_t count_blocks(const float *w, size_t count, size_t block) {
  size_t n = 0;
  for (size_t i = 0; i < count; i += block) n += !all_zero(w + i, block);
  return n;
}

static size_t index_width(size_t most) { return most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2 : 4; }

static double planned_bytes(const plan *p, size_t element) {
  const size_t indices = index_width(p->row / p->block), segments = index_width(p->blocks);
  return (double)(p->blocks * (p->block * element + indices) + (p->rows + 1) * segments) + SPARSITY_BYTES +
         (p->direct ? 0 : DENSIFY_BYTES);
}

/* The smaller of single elements and the blocks that the pattern of zeros suggests. */
static plan plan_of(const graph_set *set, const layer *l, const float *w) {
  const graph_value *const v = layer_stored(set, l);
  plan best = {.row = (size_t)v->dims[v->rank - 1], .block = 1, .blocks = SIZE_MAX};
  best.rows = l->count / best.row;
  double least = -1;
  for (size_t wanted = 1; wanted <= 4; wanted += 3) {
    plan p = best;
    const size_t direct = direct_block(set, l, wanted);
    p.direct = direct > 0;
    p.block = p.direct ? direct : 1;
    p.blocks = count_blocks(w, l->count, p.block);
    const double bytes = planned_bytes(&p, element_size(v));
    if (least < 0 || bytes < least) best = p, least = bytes;
  }
  return best;
}

/* int8 weights of one scale that are not zero in blocks of 16 are smaller behind DENSIFY. */
static plan indirect(const graph_set *set, const layer *l, const float *w, plan p) {
  if (!p.direct || p.block == 1) return p;
  plan other = p;
  other.direct = false;
  other.block = 1;
  other.blocks = count_blocks(w, l->count, 1);
  const size_t element = element_size(layer_stored(set, l));
  return planned_bytes(&other, element) < planned_bytes(&p, element) ? other : p;
}

static bool can_encode(const graph_value *v) {
  if (v->type != MOTE_FLOAT32 && v->type != MOTE_FLOAT16 && v->type != MOTE_INT8) return false;
  for (int32_t i = 0; i < v->quant.count; i++)
    if (v->quant.zero_point[i]) return false;
  return v->rank > 0 && v->bytes > 0;
}

double encode_bytes(const graph_set *set, const layer *l, const float *w) {
  const graph_value *const v = layer_stored(set, l);
  if (!can_encode(v)) return (double)v->bytes;
  const plan p = indirect(set, l, w, plan_of(set, l, w));
  const double bytes = planned_bytes(&p, element_size(v));
  return bytes < (double)v->bytes ? bytes : (double)v->bytes;
}

/* ---- the records ---- */

static void put_index(void *to, size_t width, size_t i, size_t value) {
  const uint8_t narrow = (uint8_t)value;
  const uint16_t half = (uint16_t)value;
  const uint32_t wide = (uint32_t)value;
  memcpy((uint8_t *)to + i * width,
         width == 1   ? (const void *)&narrow
         : width == 2 ? (const void *)&half
                      : &wide,
         width);
}

/* An index vector as the format has it: the kind, and the record. */
static bool index_vector(arena *a, const void *data, size_t count, size_t width, uint8_t *type, void **record) {
  const sch_range r = {.size = count * width, .memory = data, .present = true};
  if (width == 4) {
    sch_Int32Vector *const v = ARENA_NEW(a, sch_Int32Vector);
    if (v) v->values = r;
    *type = sch_SparseIndexVector_Int32Vector, *record = v;
  } else if (width == 2) {
    sch_Uint16Vector *const v = ARENA_NEW(a, sch_Uint16Vector);
    if (v) v->values = r;
    *type = sch_SparseIndexVector_Uint16Vector, *record = v;
  } else {
    sch_Uint8Vector *const v = ARENA_NEW(a, sch_Uint8Vector);
    if (v) v->values = r;
    *type = sch_SparseIndexVector_Uint8Vector, *record = v;
  }
  return *record != NULL;
}

/* What is stored: values block by block, and where they stand. */
typedef struct stored {
  uint8_t *values, *indices, *segments;
  size_t index_width, segment_width;
} stored;

static bool store(const plan *p, const graph_value *v, const float *w, arena *a, stored *s) {
  const size_t element = element_size(v), in_row = p->row / p->block;
  s->index_width = index_width(in_row);
  s->segment_width = index_width(p->blocks);
  s->values = arena_alloc(a, p->blocks * p->block * element + 1);
  s->indices = arena_alloc(a, p->blocks * s->index_width + 1);
  s->segments = arena_alloc(a, (p->rows + 1) * s->segment_width);
  if (!s->values || !s->indices || !s->segments) return false;
  size_t n = 0;
  for (size_t r = 0; r < p->rows; r++) {
    for (size_t b = 0; b < in_row; b++) {
      const size_t from = r * p->row + b * p->block;
      if (all_zero(w + from, p->block)) continue;
      memcpy(s->values + n * p->block * element, (const uint8_t *)v->data + from * element, p->block * element);
      put_index(s->indices, s->index_width, n++, b);
    }
    put_index(s->segments, s->segment_width, r + 1, n);
  }
  return true;
}

static sch_SparsityParameters *describe(const plan *p, const graph_value *v, const stored *s, arena *a) {
  const uint32_t rank = (uint32_t)v->rank, levels = rank + (p->block > 1);
  sch_SparsityParameters *const of = ARENA_NEW(a, sch_SparsityParameters);
  int32_t *const order = ARENA_ARRAY(a, int32_t, levels + 1), *const map = ARENA_ARRAY(a, int32_t, 1);
  sch_DimensionMetadata *const d = ARENA_ARRAY(a, sch_DimensionMetadata, levels + 1);
  if (!of || !order || !map || !d) return NULL;
  for (uint32_t i = 0; i < levels; i++) {
    order[i] = (int32_t)i;
    d[i].format = sch_DimensionType_DENSE;
    d[i].dense_size = i < rank ? v->dims[i] : (int32_t)p->block;
  }
  d[rank - 1].format = sch_DimensionType_SPARSE_CSR;
  d[rank - 1].dense_size = 0;
  map[0] = (int32_t)rank - 1;
  if (!index_vector(a, s->segments, p->rows + 1, s->segment_width, &d[rank - 1].array_segments_type,
                    &d[rank - 1].array_segments) ||
      !index_vector(a, s->indices, p->blocks, s->index_width, &d[rank - 1].array_indices_type,
                    &d[rank - 1].array_indices))
    return NULL;
  of->traversal_order = (sch_i32s){order, levels};
  of->block_map = (sch_i32s){map, levels - rank};
  of->dim_metadata.data = d;
  of->dim_metadata.count = levels;
  return of;
}

/* ---- in the network ---- */

/* All who read the constant read what DENSIFY makes of it. */
static bool densify(mote_graph *g, const layer *l) {
  graph *const of = &g->set.graphs[l->graph];
  int32_t *const ends = ARENA_ARRAY(&g->arena, int32_t, 2);
  if (!ends || !graph_grow(&g->arena, &of->values, of->num_values, &of->room_values, sizeof *of->values) ||
      !graph_grow(&g->arena, &of->nodes, of->num_nodes, &of->room_nodes, sizeof *of->nodes))
    return false;
  const int32_t full = of->num_values++;
  graph_value *const v = &of->values[full];
  *v = of->values[l->stored];
  v->is_const = false;
  v->data = NULL;
  v->bytes = 0;
  v->sparsity = NULL;
  v->tensor = full;
  for (int32_t i = 0; i < of->num_nodes; i++) {
    graph_node *const n = &of->nodes[i];
    int32_t *const inputs = ARENA_ARRAY(&g->arena, int32_t, (size_t)n->num_inputs + 1);
    if (!inputs) return false;
    bool reads = false;
    for (int32_t j = 0; j < n->num_inputs; j++) {
      inputs[j] = n->inputs[j] == l->stored ? full : n->inputs[j];
      reads |= n->inputs[j] == l->stored;
    }
    if (reads) n->inputs = inputs;
  }
  ends[0] = l->stored;
  ends[1] = full;
  const mote_op *const op = op_find(sch_BuiltinOperator_DENSIFY);
  of->nodes[of->num_nodes++] = (graph_node){.op = op,
                                            .options = sch_options_default(1, op->options),
                                            .inputs = ends,
                                            .num_inputs = 1,
                                            .outputs = ends + 1,
                                            .num_outputs = 1,
                                            .version = 1,
                                            .index = -1};
  return true;
}

/* The weights, from zero, with padding for the last block. NULL: no memory. */
static float *read_all(mote_graph *g, const layer *l, mote_error *e) {
  float *const w = MEM_ARRAY(g->mem, float, l->count + 16);
  if (!w) err_memory(e, "the weights of a layer", l->count * sizeof *w);
  else if (weights_read(&g->set, l, WEIGHTS_STORED, w, e) == MOTE_OK) return w;
  mem_free(g->mem, w);
  return NULL;
}

mote_status encode_layer(mote_graph *g, const layer *l, bool *done, mote_error *e) {
  graph_value *const v = &g->set.graphs[l->graph].values[l->stored];
  *done = false;
  if (!can_encode(v) || !l->count) return MOTE_OK;
  float *const w = read_all(g, l, e);
  if (!w) return e->code;
  const plan p = indirect(&g->set, l, w, plan_of(&g->set, l, w));
  stored s;
  sch_SparsityParameters *sparsity = NULL;
  const bool smaller = planned_bytes(&p, element_size(v)) < (double)v->bytes;
  const bool good = !smaller || (store(&p, v, w, &g->arena, &s) && (sparsity = describe(&p, v, &s, &g->arena)));
  mem_free(g->mem, w);
  if (!good) return err_memory(e, "a sparse constant", v->bytes);
  if (!smaller) return MOTE_OK;
  v->data = s.values;
  v->bytes = p.blocks * p.block * element_size(v);
  v->sparsity = sparsity;
  *done = true;
  return p.direct || densify(g, l) ? MOTE_OK : err_memory(e, "a sparse constant", v->bytes);
}
