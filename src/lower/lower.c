/* lower.c: see lower.h. */
#include "lower/lower.h"

#include <string.h>

#include "base/error.h"

typedef struct lowerer {
  arena *arena;
  mote_error *error;
  sch_Model *model;
  uint32_t *slots; /* buffers by hash; 0: free */
  uint32_t slot_mask;
} lowerer;

static mote_status no_memory(const lowerer *l) { return err_memory(l->error, "the records of a model", 0); }

#define DEFAULT_OF(table) (*(const sch_##table *)sch_table_##table.defaults)

/* ---- buffers and operator codes ---- */

static uint32_t hash_bytes(uint32_t h, const uint8_t *bytes, size_t n) {
  for (size_t i = 0; i < n; i++) h = (h ^ bytes[i]) * 16777619U; /* FNV-1a */
  return h;
}

/* Of the size and both ends: what is equal there is compared in full. */
static uint32_t hash_of(const uint8_t *data, size_t bytes) {
  enum { END = 128 };
  const size_t n = bytes < END ? bytes : END;
  const uint32_t h = hash_bytes(2166136261U ^ (uint32_t)bytes, data, n);
  return hash_bytes(h, data + bytes - n, n);
}

/* Equal constants share a buffer in the file. */
static uint32_t buffer_of(lowerer *l, const void *data, size_t bytes) {
  sch_Model *m = l->model;
  uint32_t at = hash_of(data, bytes) & l->slot_mask;
  for (; l->slots[at]; at = (at + 1) & l->slot_mask) {
    const sch_range have = m->buffers.data[l->slots[at]].data;
    if (have.size == bytes && (have.memory == data || !memcmp(have.memory, data, bytes))) return l->slots[at];
  }
  sch_Buffer *b = &m->buffers.data[m->buffers.count];
  *b = DEFAULT_OF(Buffer);
  b->data = (sch_range){.size = bytes, .memory = data, .present = true};
  return l->slots[at] = m->buffers.count++;
}

/* Nodes that were made and not given a version are of the first. */
static int32_t version_of(const graph_node *n) { return n->version > 0 ? n->version : 1; }

static bool same_code(const sch_OperatorCode *c, const graph_node *n) {
  if (c->builtin_code != n->op->code || c->version != version_of(n)) return false;
  if (n->op->code != sch_BuiltinOperator_CUSTOM) return true;
  return c->custom_code.size == strlen(n->op->name) && !memcmp(c->custom_code.data, n->op->name, c->custom_code.size);
}

/* Runtimes of the first years read the old 8-bit field alone: codes that it can hold stand in both. */
static uint32_t code_of(lowerer *l, const graph_node *n) {
  sch_Model *m = l->model;
  for (uint32_t i = 0; i < m->operator_codes.count; i++)
    if (same_code(&m->operator_codes.data[i], n)) return i;
  sch_OperatorCode *c = &m->operator_codes.data[m->operator_codes.count];
  *c = DEFAULT_OF(OperatorCode);
  c->builtin_code = n->op->code;
  c->deprecated_builtin_code = n->op->code < sch_BuiltinOperator_PLACEHOLDER_FOR_GREATER_OP_CODES
                                   ? n->op->code
                                   : sch_BuiltinOperator_PLACEHOLDER_FOR_GREATER_OP_CODES;
  c->version = version_of(n);
  if (n->op->code == sch_BuiltinOperator_CUSTOM)
    c->custom_code = (sch_string){n->op->name, (uint32_t)strlen(n->op->name)};
  return m->operator_codes.count++;
}

/* ---- tensors ---- */

static mote_status lower_shape(lowerer *l, const graph_value *v, sch_Tensor *t) {
  if (v->rank < 0) return MOTE_OK;
  int32_t *shape = ARENA_ARRAY(l->arena, int32_t, (size_t)v->rank + 1);
  int32_t *signature = ARENA_ARRAY(l->arena, int32_t, (size_t)v->rank + 1);
  if (!shape || !signature) return no_memory(l);
  bool open = false;
  for (int32_t i = 0; i < v->rank; i++) {
    signature[i] = v->signature[i];
    shape[i] = v->dims[i] < 0 ? 1 : v->dims[i]; /* the format's way of writing an open dimension */
    open |= signature[i] != shape[i];
  }
  t->shape = (sch_i32s){shape, (uint32_t)v->rank};
  if (open) t->shape_signature = (sch_i32s){signature, (uint32_t)v->rank};
  t->has_rank = v->has_rank;
  return MOTE_OK;
}

static int32_t tensor_of(const graph *g, int32_t value) { return value < 0 ? -1 : g->values[value].tensor; }

static mote_status lower_quant(lowerer *l, const graph *g, const graph_value *v, sch_Tensor *t) {
  const op_quant *q = &v->quant;
  if (!q->count && !q->block_size) return MOTE_OK;
  sch_QuantizationParameters *to = ARENA_NEW(l->arena, sch_QuantizationParameters);
  if (!to) return no_memory(l);
  *to = DEFAULT_OF(QuantizationParameters);
  t->quantization = to;
  if (q->block_size) {
    sch_BlockwiseQuantization *b = ARENA_NEW(l->arena, sch_BlockwiseQuantization);
    if (!b) return no_memory(l);
    *b = DEFAULT_OF(BlockwiseQuantization);
    b->block_size = q->block_size;
    b->scales = tensor_of(g, q->scales);
    b->zero_points = tensor_of(g, q->zero_points);
    to->details_type = sch_QuantizationDetails_BlockwiseQuantization;
    to->details = b;
    return MOTE_OK;
  }
  int64_t *zero = ARENA_ARRAY(l->arena, int64_t, (size_t)q->count);
  if (!zero) return no_memory(l);
  for (int32_t i = 0; i < q->count; i++) zero[i] = q->zero_point[i];
  to->scale = (sch_f32s){q->scale, (uint32_t)q->count};
  to->zero_point = (sch_i64s){zero, (uint32_t)q->count};
  to->quantized_dimension = q->axis;
  return MOTE_OK;
}

static mote_status lower_value(lowerer *l, const graph *g, const graph_value *v, sch_Tensor *t) {
  *t = DEFAULT_OF(Tensor);
  t->name = v->name;
  t->type = (int32_t)v->type;
  t->is_variable = v->is_variable;
  t->sparsity = (sch_SparsityParameters *)v->sparsity;
  if (v->is_const && v->bytes) t->buffer = buffer_of(l, v->data, v->bytes);
  MOTE_TRY(lower_shape(l, v, t));
  return lower_quant(l, g, v, t);
}

/* ---- operators and subgraphs ---- */

/* Values without a number stand for outputs that a file omits. */
static mote_status lower_list(lowerer *l, const graph *g, const int32_t *from, int32_t count, sch_i32s *to) {
  int32_t *list = ARENA_ARRAY(l->arena, int32_t, (size_t)count + 1);
  if (!list) return no_memory(l);
  for (int32_t i = 0; i < count; i++) list[i] = from[i] < 0 ? -1 : g->values[from[i]].tensor;
  *to = (sch_i32s){list, (uint32_t)count};
  return MOTE_OK;
}

static mote_status lower_node(lowerer *l, const graph *g, const graph_node *n, sch_Operator *o) {
  *o = DEFAULT_OF(Operator);
  o->opcode_index = code_of(l, n);
  if (n->custom_size) o->custom_options = (sch_u8s){n->custom, (uint32_t)n->custom_size};
  if (n->options && n->op->options_2) {
    o->builtin_options_2_type = n->op->options_2;
    o->builtin_options_2 = (void *)n->options;
  } else if (n->options) {
    o->builtin_options_type = n->op->options;
    o->builtin_options = (void *)n->options;
  }
  MOTE_TRY(lower_list(l, g, n->inputs, n->num_inputs, &o->inputs));
  MOTE_TRY(lower_list(l, g, n->outputs, n->num_outputs, &o->outputs));
  if (!n->num_intermediates) return MOTE_OK;
  return lower_list(l, g, n->intermediates, n->num_intermediates, &o->intermediates);
}

static mote_status lower_graph(lowerer *l, const graph *g, sch_SubGraph *s) {
  *s = DEFAULT_OF(SubGraph);
  s->name = g->name;
  s->tensors.count = (uint32_t)g->num_tensors;
  s->operators.count = (uint32_t)g->num_nodes;
  s->tensors.data = ARENA_ARRAY(l->arena, sch_Tensor, (size_t)g->num_tensors + 1);
  s->operators.data = ARENA_ARRAY(l->arena, sch_Operator, (size_t)g->num_nodes + 1);
  if (!s->tensors.data || !s->operators.data) return no_memory(l);
  for (int32_t i = 0; i < g->num_values; i++) {
    const int32_t tensor = g->values[i].tensor;
    if (tensor >= 0) MOTE_TRY(lower_value(l, g, &g->values[i], &s->tensors.data[tensor]));
  }
  for (int32_t i = 0; i < g->num_nodes; i++) MOTE_TRY(lower_node(l, g, &g->nodes[i], &s->operators.data[i]));
  MOTE_TRY(lower_list(l, g, g->inputs, g->num_inputs, &s->inputs));
  return lower_list(l, g, g->outputs, g->num_outputs, &s->outputs);
}

/* ---- the model ---- */

static mote_status make_room(lowerer *l, const graph_set *graphs, const lower_about *about) {
  size_t values = 0, nodes = 0;
  for (int32_t i = 0; i < graphs->count; i++) {
    values += (size_t)graphs->graphs[i].num_values;
    nodes += (size_t)graphs->graphs[i].num_nodes;
  }
  sch_Model *m = l->model;
  m->buffers.data = ARENA_ARRAY(l->arena, sch_Buffer, 1 + values + (about ? about->num_metadata : 0));
  m->operator_codes.data = ARENA_ARRAY(l->arena, sch_OperatorCode, nodes + 1);
  m->subgraphs.data = ARENA_ARRAY(l->arena, sch_SubGraph, (size_t)graphs->count + 1);
  uint32_t slots = 64;
  while (slots < 2 * (values + 1 + (about ? about->num_metadata : 0)) && slots < UINT32_C(1) << 30) slots *= 2;
  l->slots = ARENA_ARRAY(l->arena, uint32_t, slots);
  l->slot_mask = slots - 1;
  if (!m->buffers.data || !m->operator_codes.data || !m->subgraphs.data || !l->slots) return no_memory(l);
  m->buffers.data[0] = DEFAULT_OF(Buffer); /* the format's "no data" */
  m->buffers.count = 1;
  return MOTE_OK;
}

static mote_status lower_map(lowerer *l, const graph *g, const sch_TensorMap *from, uint32_t count,
                             sch_TensorMap **to) {
  sch_TensorMap *map = ARENA_ARRAY(l->arena, sch_TensorMap, (size_t)count + 1);
  if (!map) return no_memory(l);
  for (uint32_t i = 0; i < count; i++) {
    map[i] = from[i];
    map[i].tensor_index = (uint32_t)g->values[from[i].tensor_index].tensor;
  }
  *to = map;
  return MOTE_OK;
}

static mote_status lower_signatures(lowerer *l, const graph_set *graphs) {
  sch_Model *m = l->model;
  m->signature_defs.data = ARENA_ARRAY(l->arena, sch_SignatureDef, (size_t)graphs->num_signatures + 1);
  if (!m->signature_defs.data) return no_memory(l);
  for (uint32_t i = 0; i < graphs->num_signatures; i++) {
    const sch_SignatureDef *from = &graphs->signatures[i];
    sch_SignatureDef *to = &m->signature_defs.data[m->signature_defs.count++];
    const graph *g = &graphs->graphs[from->subgraph_index];
    *to = *from;
    MOTE_TRY(lower_map(l, g, from->inputs.data, from->inputs.count, &to->inputs.data));
    MOTE_TRY(lower_map(l, g, from->outputs.data, from->outputs.count, &to->outputs.data));
  }
  return MOTE_OK;
}

static mote_status lower_metadata(lowerer *l, const lower_about *about) {
  sch_Model *m = l->model;
  m->metadata.data = ARENA_ARRAY(l->arena, sch_Metadata, (size_t)about->num_metadata + 1);
  if (!m->metadata.data) return no_memory(l);
  for (uint32_t i = 0; i < about->num_metadata; i++) {
    const sch_range block = about->blocks[about->metadata[i].buffer];
    sch_Metadata *to = &m->metadata.data[m->metadata.count++];
    *to = about->metadata[i];
    to->buffer = block.size ? buffer_of(l, block.memory, (size_t)block.size) : 0;
  }
  return MOTE_OK;
}

mote_status lower_graphs(const graph_set *graphs, const lower_about *about, arena *a, sch_Model **out, mote_error *e) {
  lowerer l = {.arena = a, .error = e, .model = ARENA_NEW(a, sch_Model)};
  if (!l.model) return no_memory(&l);
  *l.model = DEFAULT_OF(Model);
  l.model->version = 3;
  MOTE_TRY(make_room(&l, graphs, about));
  for (int32_t i = 0; i < graphs->count; i++)
    MOTE_TRY(lower_graph(&l, &graphs->graphs[i], &l.model->subgraphs.data[l.model->subgraphs.count++]));
  MOTE_TRY(lower_signatures(&l, graphs));
  if (about) {
    l.model->description = about->description;
    if (about->num_metadata) MOTE_TRY(lower_metadata(&l, about));
  }
  *out = l.model;
  return MOTE_OK;
}
