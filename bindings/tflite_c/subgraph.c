/* subgraph.c: the tensors and nodes of a subgraph, as structs of the interface. They are made once, from the lifted
 * graph, and never move; delegates and operators add to them. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "bindings/tflite_c/tflite_c.h"

/* Tensors that operators may add: a fixed number, because tensors never move, and some for each node. */
enum { ADDED_TENSORS = 256, ADDED_PER_NODE = 16 };

/* ---- tensors ---- */

static TfLiteIntArray *int_array(const int32_t *from, size_t count) {
  TfLiteIntArray *a = count > INT32_MAX ? NULL : TfLiteIntArrayCreate((int)count);
  for (size_t i = 0; a && i < count; i++) a->data[i] = from[i];
  return a;
}

static bool make_affine(TfLiteTensor *t, const op_quant *q) {
  TfLiteAffineQuantization *a = calloc(1, sizeof *a);
  if (!a) return false;
  t->quantization = (TfLiteQuantization){kTfLiteAffineQuantization, a};
  a->scale = TfLiteFloatArrayCreate(q->count);
  a->zero_point = int_array(q->zero_point, (size_t)q->count);
  a->quantized_dimension = q->axis;
  if (!a->scale || !a->zero_point) return false;
  memcpy(a->scale->data, q->scale, (size_t)q->count * sizeof(float));
  if (q->count == 1) t->params = (TfLiteQuantizationParams){q->scale[0], q->zero_point[0]};
  return true;
}

static bool make_quantization(TfLiteTensor *t, const op_quant *q) {
  if (q->count) return make_affine(t, q);
  if (!q->block_size) return true;
  TfLiteBlockwiseQuantization *b = calloc(1, sizeof *b);
  if (!b) return false;
  *b = (TfLiteBlockwiseQuantization){q->scales, q->zero_points, q->block_size, q->axis};
  t->quantization = (TfLiteQuantization){kTfLiteBlockwiseQuantization, b};
  return true;
}

/* Indices of a sparse dimension, of whatever width the file has them. */
static TfLiteIntArray *sparse_indices(const sch_file *file, uint8_t kind, const void *vector) {
  static const size_t widths[] = {0, 4, 2, 1};
  if (!vector || kind >= sizeof widths / sizeof *widths || !widths[kind]) return NULL;
  const sch_range *range = kind == sch_SparseIndexVector_Int32Vector    ? &((const sch_Int32Vector *)vector)->values
                           : kind == sch_SparseIndexVector_Uint16Vector ? &((const sch_Uint16Vector *)vector)->values
                                                                        : &((const sch_Uint8Vector *)vector)->values;
  const uint8_t *from = sch_bytes(file, range);
  const size_t width = widths[kind], count = from ? (size_t)(range->size / width) : 0;
  TfLiteIntArray *a = count > INT32_MAX ? NULL : TfLiteIntArrayCreate((int)count);
  /* Little-endian, so the low bytes of a zeroed int are the number; arrays are zeroed when made. */
  for (size_t i = 0; a && i < count; i++) memcpy(&a->data[i], from + i * width, width);
  return a;
}

static bool make_sparsity(TfLiteTensor *t, const sch_file *file, const sch_SparsityParameters *from) {
  if (!from) return true;
  TfLiteSparsity *s = t->sparsity = calloc(1, sizeof *s);
  if (!s) return false;
  s->traversal_order = int_array(from->traversal_order.data, from->traversal_order.count);
  s->block_map = int_array(from->block_map.data, from->block_map.count);
  s->dim_metadata = calloc((size_t)from->dim_metadata.count + 1, sizeof *s->dim_metadata);
  if (!s->traversal_order || !s->block_map || !s->dim_metadata) return false;
  s->dim_metadata_size = (int)from->dim_metadata.count;
  for (int i = 0; i < s->dim_metadata_size; i++) {
    const sch_DimensionMetadata *d = &from->dim_metadata.data[i];
    TfLiteDimensionMetadata *to = &s->dim_metadata[i];
    to->format = (TfLiteDimensionType)d->format;
    to->dense_size = d->dense_size;
    to->array_segments = sparse_indices(file, d->array_segments_type, d->array_segments);
    to->array_indices = sparse_indices(file, d->array_indices_type, d->array_indices);
  }
  return true;
}

static TfLiteAllocationType allocation_of(const graph_value *v) {
  if (v->is_const) return kTfLiteMmapRo;
  if (v->type == MOTE_STRING || v->type == MOTE_RESOURCE || v->type == MOTE_VARIANT) return kTfLiteDynamic;
  return v->is_variable ? kTfLiteArenaRwPersistent : kTfLiteArenaRw;
}

TfLiteStatus subgraph_tensor_bytes(const TfLiteTensor *t, size_t *bytes) {
  mote_type type;
  size_t count;
  *bytes = 0;
  if (!t->dims) return kTfLiteOk; /* not shaped yet */
  const bool fits = type_from_tflite(t->type, &type) && size_dims(t->dims->data, t->dims->size, &count) &&
                    op_type_bytes(type, count, bytes);
  return fits ? kTfLiteOk : kTfLiteError;
}

static bool make_tensor(TfLiteTensor *t, const sch_file *file, const graph_value *v, const sch_Tensor *record) {
  const sch_i32s *signature = &record->shape_signature;
  *t = (TfLiteTensor){.type = type_to_tflite(v->type),
                      .name = v->name.data ? v->name.data : "",
                      .allocation_type = allocation_of(v),
                      .buffer_handle = kTfLiteNullBufferHandle,
                      .is_variable = v->is_variable,
                      .dims = int_array(v->dims, (size_t)v->rank),
                      .dims_signature = int_array(signature->data, signature->count)};
  if (!t->dims || !t->dims_signature) return false;
  if (v->is_const) {
    t->data.raw_const = v->data;
    t->bytes = v->bytes;
  } else if (t->allocation_type != kTfLiteDynamic && subgraph_tensor_bytes(t, &t->bytes) != kTfLiteOk) t->bytes = 0;
  return make_quantization(t, &v->quant) && make_sparsity(t, file, v->sparsity);
}

static bool make_tensors(subgraph *sg) {
  const graph *g = &sg->it->lifted.graphs[sg->index];
  const sch_SubGraph *record = subgraph_record(sg);
  sg->num_file_tensors = (int32_t)record->tensors.count;
  sg->room = (size_t)sg->num_file_tensors + ADDED_TENSORS + (size_t)g->num_nodes * ADDED_PER_NODE;
  sg->context.tensors = calloc(sg->room, sizeof(TfLiteTensor));
  sg->persistent = calloc(sg->room, sizeof *sg->persistent);
  sg->variables = calloc((size_t)sg->num_file_tensors + 1, sizeof *sg->variables);
  if (!sg->context.tensors || !sg->persistent || !sg->variables) return false;
  for (int32_t i = 0; i < sg->num_file_tensors; i++) {
    sg->context.tensors_size++;
    if (!make_tensor(&sg->context.tensors[i], sg->it->model->schema, &g->values[i], &record->tensors.data[i]))
      return false;
    if (g->values[i].is_variable) sg->variables[sg->num_variables++] = i;
  }
  return true;
}

bool subgraph_add_tensors(subgraph *sg, int count, int *first) {
  const size_t size = sg->context.tensors_size;
  if (count < 0 || (size_t)count > sg->room - size) {
    report(&sg->it->reporter, "%d tensors were to be added to subgraph %d, which has %zu and room for %zu", count,
           (int)sg->index, size, sg->room);
    return false;
  }
  if (first) *first = (int)size;
  for (size_t i = size; i < size + (size_t)count; i++) {
    sg->context.tensors[i] = (TfLiteTensor){.buffer_handle = kTfLiteNullBufferHandle};
    sg->context.tensors_size++;
  }
  return true;
}

/* ---- nodes ---- */

static bool is_resource(const subgraph *sg, const TfLiteIntArray *tensors) {
  for (int i = 0; i < tensors->size; i++)
    if (has_tensor(sg, tensors->data[i]) && sg->context.tensors[tensors->data[i]].type == kTfLiteResource) return true;
  return false;
}

static bool has_side_effect(const subgraph *sg, const sub_node *n) {
  const int32_t code = n->registration.builtin_code;
  return is_resource(sg, n->node.inputs) || is_resource(sg, n->node.outputs) || code == sch_BuiltinOperator_IF ||
         code == sch_BuiltinOperator_WHILE || code == sch_BuiltinOperator_CALL_ONCE;
}

sub_node *subgraph_add_node(subgraph *sg, TfLiteIntArray *inputs, TfLiteIntArray *outputs,
                            const TfLiteRegistration *registration, void *builtin_data) {
  sub_node **more = realloc(sg->nodes, ((size_t)sg->num_nodes + 1) * sizeof *more);
  if (more) sg->nodes = more;
  sub_node *n = more ? calloc(1, sizeof *n) : NULL;
  TfLiteIntArray *temporaries = TfLiteIntArrayCreate(0);
  if (!n || !inputs || !outputs || !temporaries) {
    TfLiteIntArrayFree(inputs);
    TfLiteIntArrayFree(outputs);
    TfLiteIntArrayFree(temporaries);
    free(builtin_data);
    free(n);
    return NULL;
  }
  n->node =
      (TfLiteNode){.inputs = inputs, .outputs = outputs, .temporaries = temporaries, .builtin_data = builtin_data};
  n->registration = *registration;
  n->owner = sg;
  n->index = sg->num_nodes;
  n->node.might_have_side_effect = has_side_effect(sg, n);
  sg->nodes[sg->num_nodes++] = n;
  return n;
}

void node_init(sub_node *n) {
  const TfLiteNode *node = &n->node;
  const char *buffer = node->custom_initial_data ? node->custom_initial_data : node->builtin_data;
  const size_t length = node->custom_initial_data ? (size_t)node->custom_initial_data_size : 0;
  n->owner->current = n;
  n->node.user_data = registration_init(&n->registration, &n->owner->context, buffer, length);
  n->owner->current = NULL;
  n->initialized = true;
}

void node_free(sub_node *n) {
  if (n->initialized) registration_free(&n->registration, &n->owner->context, n->node.user_data);
  TfLiteIntArrayFree(n->node.inputs);
  TfLiteIntArrayFree(n->node.outputs);
  TfLiteIntArrayFree(n->node.intermediates);
  TfLiteIntArrayFree(n->node.temporaries);
  free(n->node.builtin_data); /* a delegate's parameters are one block */
  TfLiteOperatorDelete(n->shown);
  free(n->scratch_sizes);
  free(n->scratch);
  free(n);
}

static bool make_node(subgraph *sg, const sch_Operator *o, const TfLiteInterpreterOptions *options, bool selected) {
  const sch_OperatorCode *code = sch_code_of(sg->it->model->schema->model, o);
  TfLiteRegistration registration;
  const resolution who = options_resolve(options, code, selected, &registration);
  sub_node *n =
      subgraph_add_node(sg, int_array(o->inputs.data, o->inputs.count), int_array(o->outputs.data, o->outputs.count),
                        &registration, builtin_data_of(o, registration.builtin_code));
  if (!n) return false;
  n->foreign = who != OP_NATIVE;
  n->unresolved = who == OP_UNRESOLVED;
  n->node.intermediates = int_array(o->intermediates.data, o->intermediates.count);
  uint64_t size;
  n->node.custom_initial_data = sch_custom_options(sg->it->model->schema, o, &size);
  n->node.custom_initial_data_size = size > INT32_MAX ? 0 : (int)size;
  return n->node.intermediates != NULL;
}

bool subgraph_make(subgraph *sg, TfLiteInterpreter *it, int32_t index, const TfLiteInterpreterOptions *o,
                   bool selected) {
  sg->it = it;
  sg->index = index;
  context_fill(sg);
  if (!make_tensors(sg)) return false;
  const sch_SubGraph *record = subgraph_record(sg);
  for (uint32_t i = 0; i < record->operators.count; i++)
    if (!make_node(sg, &record->operators.data[i], o, selected)) return false;
  sg->num_file_nodes = sg->num_nodes;
  sg->plan = TfLiteIntArrayCreate(sg->num_nodes);
  if (!sg->plan) return false;
  for (int32_t i = 0; i < sg->num_nodes; i++) {
    sg->plan->data[i] = i;
    if (sg->nodes[i]->foreign && !sg->nodes[i]->unresolved) node_init(sg->nodes[i]);
  }
  return true;
}

void subgraph_free(subgraph *sg) {
  for (int32_t i = sg->num_nodes; i-- > 0;) node_free(sg->nodes[i]);
  for (size_t i = 0; i < sg->context.tensors_size; i++) {
    TfLiteTensor *t = &sg->context.tensors[i];
    if (t->delegate && t->buffer_handle != kTfLiteNullBufferHandle)
      delegate_free_handle(&sg->context, t->delegate, &t->buffer_handle);
    if (sg->persistent) mem_free(sg->it->model->mem, sg->persistent[i]);
    TfLiteTensorFree(t);
  }
  free_delegate_params(sg->previews, sg->num_previews);
  free(sg->context.tensors);
  free(sg->persistent);
  free(sg->nodes);
  free(sg->given);
  free(sg->variables);
  free(sg->delegates);
  TfLiteIntArrayFree(sg->plan);
  TfLiteIntArrayFree(sg->first_plan);
  TfLiteIntArrayFree(sg->shown_plan);
}
