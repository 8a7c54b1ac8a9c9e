/* net.h: small networks built in a few lines, as files in memory, for tests that go through the public interface.
 *
 *     net n;
 *     net_begin(&n);
 *     const int x = net_tensor(&n, MOTE_FLOAT32, 2, (int32_t[]){1, 4});
 *     const int y = net_tensor(&n, MOTE_FLOAT32, 2, (int32_t[]){1, 4});
 *     net_op(&n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){x, x}, 1,
 * (int32_t[]){y}); net_ends(&n, 1, (int32_t[]){x}, 1, (int32_t[]){y}); const uint8_t *file = net_file(&n, &size);
 * belongs to the net net_end(&n);
 *
 * Nothing here checks: a wrong network is a wrong file, which is what some tests want.
 */
#ifndef SUPPORT_NET_H
#define SUPPORT_NET_H

#include <stdlib.h>
#include <string.h>

#include "schema/write.h"

enum { NET_TENSORS = 64, NET_OPS = 64, NET_GRAPHS = 8, NET_BUFFERS = 64, NET_CODES = 32, NET_SIGNATURES = 4 };

typedef struct net {
  mem *mem;
  arena arena;
  sch_Model model;
  sch_SubGraph graphs[NET_GRAPHS];
  sch_Tensor tensors[NET_GRAPHS][NET_TENSORS];
  sch_Operator ops[NET_GRAPHS][NET_OPS];
  sch_Buffer buffers[NET_BUFFERS];
  sch_OperatorCode codes[NET_CODES];
  sch_SignatureDef signatures[NET_SIGNATURES];
  uint8_t *file;
  int graph; /* the one that is being built */
} net;

static inline void net_graph(net *n) {
  n->graph = (int)n->model.subgraphs.count++;
  sch_SubGraph *g = &n->graphs[n->graph];
  *g = *(const sch_SubGraph *)sch_table_SubGraph.defaults;
  g->tensors.data = n->tensors[n->graph];
  g->operators.data = n->ops[n->graph];
}

static inline void net_begin(net *n) {
  memset(n, 0, sizeof *n);
  n->mem = mem_new(NULL, 0);
  arena_init(&n->arena, n->mem);
  n->model = *(const sch_Model *)sch_table_Model.defaults;
  n->model.version = 3;
  n->model.subgraphs.data = n->graphs;
  n->model.buffers.data = n->buffers;
  n->model.buffers.count = 1;
  n->buffers[0] = *(const sch_Buffer *)sch_table_Buffer.defaults;
  n->model.operator_codes.data = n->codes;
  net_graph(n);
}

static inline void net_end(net *n) {
  mem_free(n->mem, n->file);
  arena_free(&n->arena);
  mem_release(n->mem);
}

static inline sch_i32s net_ints(net *n, int count, const int32_t *v) {
  int32_t *copy = ARENA_ARRAY(&n->arena, int32_t, (size_t)count + 1);
  if (count) memcpy(copy, v, (size_t)count * sizeof *v);
  return (sch_i32s){copy, (uint32_t)count};
}

static inline sch_string net_text(const char *s) { return (sch_string){s, (uint32_t)strlen(s)}; }

static inline sch_Tensor *net_at(net *n, int tensor) { return &n->tensors[n->graph][tensor]; }

/* A tensor; its name is "t0", "t1", ... */
static inline int net_tensor(net *n, mote_type type, int rank, const int32_t *dims) {
  const int index = (int)n->graphs[n->graph].tensors.count++;
  sch_Tensor *t = net_at(n, index);
  *t = *(const sch_Tensor *)sch_table_Tensor.defaults;
  t->type = (int32_t)type;
  t->shape = net_ints(n, rank, dims);
  t->has_rank = true;
  char name[16] = {'t', (char)(index < 10 ? '0' + index : '0' + index / 10), (char)(index < 10 ? 0 : '0' + index % 10)};
  t->name = (sch_string){arena_string(&n->arena, name, strlen(name)), (uint32_t)strlen(name)};
  return index;
}

/* Leaves a dimension open: -1 in the signature. */
static inline void net_open_dim(net *n, int tensor, int dim) {
  sch_Tensor *t = net_at(n, tensor);
  int32_t *signature = (int32_t *)t->shape_signature.data;
  if (!signature) {
    t->shape_signature = net_ints(n, (int)t->shape.count, t->shape.data);
    signature = (int32_t *)t->shape_signature.data;
  }
  signature[dim] = -1;
}

static inline int net_const(net *n, mote_type type, int rank, const int32_t *dims, const void *data, size_t bytes) {
  const int index = net_tensor(n, type, rank, dims);
  sch_Buffer *b = &n->buffers[n->model.buffers.count];
  *b = *(const sch_Buffer *)sch_table_Buffer.defaults;
  b->data = (sch_range){.size = bytes, .memory = arena_string(&n->arena, data, bytes), .present = true};
  net_at(n, index)->buffer = n->model.buffers.count++;
  return index;
}

/* Per-tensor quantization. */
static inline void net_quant(net *n, int tensor, float scale, int64_t zero_point) {
  sch_QuantizationParameters *q = ARENA_NEW(&n->arena, sch_QuantizationParameters);
  *q = *(const sch_QuantizationParameters *)sch_table_QuantizationParameters.defaults;
  float *s = ARENA_NEW(&n->arena, float);
  int64_t *z = ARENA_NEW(&n->arena, int64_t);
  *s = scale;
  *z = zero_point;
  q->scale = (sch_f32s){s, 1};
  q->zero_point = (sch_i64s){z, 1};
  net_at(n, tensor)->quantization = q;
}

static inline uint32_t net_code(net *n, int32_t code, const char *custom) {
  sch_OperatorCode *c = &n->codes[n->model.operator_codes.count];
  *c = *(const sch_OperatorCode *)sch_table_OperatorCode.defaults;
  c->deprecated_builtin_code = code < 127 ? code : 127;
  c->builtin_code = code;
  if (custom) c->custom_code = net_text(custom);
  return n->model.operator_codes.count++;
}

/* options: a record of the table that `kind` names (kept by the caller until net_file), NULL: defaults; kind 0: none.
 */
static inline sch_Operator *net_op(net *n, int32_t code, uint8_t kind, void *options, int in_count, const int32_t *in,
                                   int out_count, const int32_t *out) {
  sch_Operator *o = &n->ops[n->graph][n->graphs[n->graph].operators.count++];
  *o = *(const sch_Operator *)sch_table_Operator.defaults;
  o->opcode_index = net_code(n, code, NULL);
  o->inputs = net_ints(n, in_count, in);
  o->outputs = net_ints(n, out_count, out);
  o->builtin_options_type = kind;
  o->builtin_options = options ? options : (void *)(uintptr_t)(kind ? sch_options_default(1, kind) : NULL);
  return o;
}

static inline sch_Operator *net_custom(net *n, const char *name, int in_count, const int32_t *in, int out_count,
                                       const int32_t *out) {
  sch_Operator *o = net_op(n, sch_BuiltinOperator_CUSTOM, 0, NULL, in_count, in, out_count, out);
  n->codes[o->opcode_index].custom_code = net_text(name);
  return o;
}

/* Inputs and outputs of the graph. */
static inline void net_ends(net *n, int in_count, const int32_t *in, int out_count, const int32_t *out) {
  n->graphs[n->graph].inputs = net_ints(n, in_count, in);
  n->graphs[n->graph].outputs = net_ints(n, out_count, out);
}

/* A signature of the graph, names "a", "b", ... for inputs and "y", "z" for outputs. */
static inline void net_signature(net *n, const char *key) {
  static const char *const in_names[] = {"a", "b", "c", "d"}, *const out_names[] = {"y", "z"};
  sch_SignatureDef *d = &n->signatures[n->model.signature_defs.count++];
  n->model.signature_defs.data = n->signatures;
  *d = *(const sch_SignatureDef *)sch_table_SignatureDef.defaults;
  const sch_SubGraph *g = &n->graphs[n->graph];
  d->signature_key = net_text(key);
  d->subgraph_index = (uint32_t)n->graph;
  d->inputs.data = ARENA_ARRAY(&n->arena, sch_TensorMap, g->inputs.count + 1);
  d->outputs.data = ARENA_ARRAY(&n->arena, sch_TensorMap, g->outputs.count + 1);
  for (uint32_t i = 0; i < g->inputs.count; i++)
    d->inputs.data[d->inputs.count++] =
        (sch_TensorMap){.name = net_text(in_names[i]), .tensor_index = (uint32_t)g->inputs.data[i]};
  for (uint32_t i = 0; i < g->outputs.count; i++)
    d->outputs.data[d->outputs.count++] =
        (sch_TensorMap){.name = net_text(out_names[i]), .tensor_index = (uint32_t)g->outputs.data[i]};
}

/* The file; NULL when it cannot be written. */
static inline const uint8_t *net_file(net *n, size_t *size) {
  const sch_file source = {.model = &n->model};
  sch_image image;
  mote_error e;
  if (sch_write(&source, n->mem, NULL, &image, &e) != MOTE_OK) return NULL;
  if (sch_image_join(&image, n->mem, &n->file, size, &e) != MOTE_OK) n->file = NULL;
  sch_image_free(&image);
  return n->file;
}

#endif
