/* lift.c: from the records of a verified file to graphs. Nothing here judges an operator: descriptors do that. */
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "graph/graph.h"

typedef struct lifter {
  const sch_file *file;
  const sch_Model *model;
  const graph_lookup *lookup;
  arena *arena;
  mote_error *error;
  const mote_op **ops; /* descriptor of each operator code, NULL: missing */
} lifter;

static mote_status no_memory(const lifter *l) { return err_memory(l->error, "the graph of the model", 0); }

/* ---- operator codes ---- */

static const mote_op *find_op(const lifter *l, const sch_OperatorCode *code) {
  const mote_op *op = l->lookup ? l->lookup->find(l->lookup->user, code) : NULL;
  if (op) return op;
  const int32_t builtin = sch_op_code(code);
  if (builtin != sch_BuiltinOperator_CUSTOM) return op_find(builtin);
  return op_find_custom(code->custom_code.data, code->custom_code.size);
}

/* A missing operator matters only when a node uses it. */
static bool code_used(const sch_Model *m, uint32_t code) {
  for (uint32_t s = 0; s < m->subgraphs.count; s++)
    for (uint32_t o = 0; o < m->subgraphs.data[s].operators.count; o++)
      if (m->subgraphs.data[s].operators.data[o].opcode_index == code) return true;
  return false;
}

/* What to do about a missing operator whose name begins like this. */
static const char *remedy(const char *name) {
  static const struct {
    const char *begin, *remedy;
  } known[] = {
      {"CONCAT_EMBEDDINGS",
       "CONCAT_EMBEDDINGS has a number in the format, but no runtime was published that says what it computes: use "
       "EMBEDDING_LOOKUP and CONCATENATION"},
      {"DELEGATE",
       "DELEGATE stands for what another engine's delegate took over in memory, which no file holds: convert "
       "the model again, without delegates"},
      {"edgetpu-custom-op", "edgetpu-custom-op is machine code for Coral's Edge TPU: take the file from before its "
                            "compiler ran"},
      {"ethos-u", "ethos-u is machine code for Arm's Ethos-U: take the file from before its compiler ran"},
      {"Flex", "names with Flex are TensorFlow's operators: convert the model for TensorFlow Lite's builtin operators "
               "alone"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strncmp(name, known[i].begin, strlen(known[i].begin))) return known[i].remedy;
  return "'mote ops' lists those it has, and custom operators can be registered in the configuration";
}

/* Whether a code before this one, of another version, misses the same operator. */
static bool named_before(const lifter *l, uint32_t code, const char *name) {
  const sch_OperatorCode *codes = l->model->operator_codes.data;
  for (uint32_t i = 0; i < code; i++) {
    char other[80];
    if (!l->ops[i] && code_used(l->model, i) && !strcmp(sch_op_name(other, sizeof other, &codes[i]), name)) return true;
  }
  return false;
}

static mote_status find_ops(lifter *l) {
  const sch_Model *m = l->model;
  l->ops = ARENA_ARRAY(l->arena, const mote_op *, m->operator_codes.count + 1);
  if (!l->ops) return no_memory(l);
  char missing[600] = "";
  const char *advice = NULL; /* about the first */
  size_t used = 0;
  int count = 0;
  for (uint32_t i = 0; i < m->operator_codes.count; i++) {
    const sch_OperatorCode *code = &m->operator_codes.data[i];
    l->ops[i] = find_op(l, code);
    if (l->ops[i] || !code_used(m, i)) continue;
    char name[80];
    sch_op_name(name, sizeof name, code);
    if (named_before(l, i, name)) continue;
    if (!count) advice = remedy(name);
    if (used < sizeof missing)
      used += (size_t)snprintf(missing + used, sizeof missing - used, "%s%s", count ? ", " : "", name);
    count++;
  }
  if (!count) return MOTE_OK;
  return err_set(l->error, MOTE_ERR_UNSUPPORTED, "the model needs %d operator%s that this build does not have: %s; %s",
                 count, count == 1 ? "" : "s", missing, advice);
}

/* ---- values ---- */

static mote_status lift_quant(lifter *l, const sch_SubGraph *s, const sch_Tensor *t, op_quant *out) {
  const sch_QuantizationParameters *q = t->quantization;
  out->scales = out->zero_points = -1;
  if (!q) return MOTE_OK;
  if (q->details_type == sch_QuantizationDetails_BlockwiseQuantization) {
    const sch_BlockwiseQuantization *b = q->details;
    out->block_size = b->block_size;
    out->scales = b->scales;
    out->zero_points = sch_zero_points(l->model, s, b->zero_points);
    return MOTE_OK;
  }
  const uint32_t n = q->scale.count;
  if (!n || q->details_type) return MOTE_OK;
  int32_t *zero = ARENA_ARRAY(l->arena, int32_t, n);
  if (!zero) return no_memory(l);
  /* One zero point may serve all channels. */
  for (uint32_t i = 0; i < n && q->zero_point.count; i++)
    zero[i] = (int32_t)q->zero_point.data[q->zero_point.count == n ? i : 0];
  out->count = (int32_t)n;
  out->axis = n > 1 ? sch_quant_axis(t) : 0;
  out->scale = q->scale.data;
  out->zero_point = zero;
  return MOTE_OK;
}

/* Bytes that a type's loads want as alignment. */
static size_t natural_alignment(mote_type type) {
  const int bits = mote_type_bits(type);
  if (type == MOTE_STRING) return 4;
  return bits > 64 ? 8 : bits >= 16 ? (size_t)bits / 8 : 1;
}

/* Strings are found through offsets in the data, so they are checked in a copy that nobody changes (rule M23). */
static mote_status lift_strings(lifter *l, graph_value *v) {
  size_t count;
  v->data = arena_string(l->arena, v->data, v->bytes);
  if (!v->data || !size_dims(v->dims, v->rank, &count)) return no_memory(l);
  const mote_status status = sch_check_strings(v->data, v->bytes, count, l->error);
  char name[100];
  if (status)
    err_prefix(l->error, "tensor %d '%s'", (int)v->tensor,
               err_name(name, sizeof name, v->name.data ? v->name.data : "", v->name.size));
  return status;
}

static mote_status lift_const(lifter *l, const sch_Tensor *t, graph_value *v) {
  if (!sch_is_constant(l->model, t)) return MOTE_OK;
  static const uint64_t nothing[1];
  const void *data;
  uint64_t size;
  sch_buffer(l->file, t->buffer, &data, &size);
  v->is_const = true;
  v->data = size ? data : nothing;
  if (!size_from_u64(size, &v->bytes)) return no_memory(l);
  if (v->type == MOTE_STRING) return lift_strings(l, v);
  if (((uintptr_t)data & (natural_alignment(v->type) - 1)) == 0) return MOTE_OK;
  v->data = arena_string(l->arena, data, v->bytes);
  return v->data ? MOTE_OK : no_memory(l);
}

static mote_status lift_shape(lifter *l, const sch_Tensor *t, graph_value *v) {
  if (t->shape.count > OP_MAX_RANK || t->shape_signature.count > OP_MAX_RANK) {
    char name[100];
    return err_set(l->error, MOTE_ERR_UNSUPPORTED, "tensor %d '%s' has %u dimensions; mote takes at most %d",
                   (int)v->tensor, err_name(name, sizeof name, t->name.data, t->name.size),
                   t->shape.count > t->shape_signature.count ? t->shape.count : t->shape_signature.count, OP_MAX_RANK);
  }
  /* Without dimensions a tensor is a scalar or of unknown rank; the reference takes it as a scalar until told. */
  v->rank = (int32_t)t->shape.count;
  for (int32_t i = 0; i < v->rank; i++) {
    v->dims[i] = t->shape.data[i];
    v->signature[i] = t->shape_signature.count == t->shape.count ? t->shape_signature.data[i] : t->shape.data[i];
  }
  return MOTE_OK;
}

static mote_status lift_value(lifter *l, const sch_SubGraph *s, int32_t index, graph_value *v) {
  const sch_Tensor *t = &s->tensors.data[index];
  v->tensor = index;
  v->name = t->name;
  v->type = (mote_type)t->type;
  v->is_variable = t->is_variable;
  v->has_rank = t->has_rank;
  v->sparsity = t->sparsity;
  MOTE_TRY(lift_shape(l, t, v));
  MOTE_TRY(lift_quant(l, s, t, &v->quant));
  return v->is_variable ? MOTE_OK : lift_const(l, t, v);
}

/* ---- nodes ---- */

/* What the file says, or the defaults when it says nothing (or names a newer kind of options). */
static const void *node_options(const sch_Operator *o, const mote_op *op) {
  const void *given = NULL;
  if (op->options_2 && o->builtin_options_2_type == op->options_2) given = o->builtin_options_2;
  if (op->options && o->builtin_options_type == op->options) given = o->builtin_options;
  if (given) return given;
  return op->options_2 ? sch_options_default(2, op->options_2) : sch_options_default(1, op->options);
}

/* An output that the file omits becomes a value that nobody reads, typed as the input of the same slot. */
static mote_status name_outputs(lifter *l, graph *g, graph_node *n) {
  bool omitted = false;
  for (int32_t i = 0; i < n->num_outputs; i++) omitted |= n->outputs[i] < 0;
  if (!omitted) return MOTE_OK;
  int32_t *outputs = ARENA_ARRAY(l->arena, int32_t, (size_t)n->num_outputs);
  if (!outputs) return no_memory(l);
  for (int32_t i = 0; i < n->num_outputs; i++) {
    outputs[i] = n->outputs[i];
    if (outputs[i] >= 0) continue;
    outputs[i] = g->num_values++;
    graph_value *v = &g->values[outputs[i]];
    const bool paired = i < n->num_inputs && n->inputs[i] >= 0;
    if (paired) *v = g->values[n->inputs[i]];
    v->name = (sch_string){0};
    v->tensor = -1;
    v->is_const = v->is_variable = false;
    v->data = NULL;
    v->bytes = 0;
    v->sparsity = NULL;
    for (int32_t d = 0; d < v->rank; d++) v->signature[d] = -1;
  }
  n->outputs = outputs;
  return MOTE_OK;
}

static mote_status lift_node(lifter *l, const sch_Operator *o, int32_t index, graph_node *n) {
  const sch_OperatorCode *code = &l->model->operator_codes.data[o->opcode_index];
  n->op = l->ops[o->opcode_index];
  n->index = index;
  n->version = code->version;
  n->inputs = o->inputs.data;
  n->num_inputs = (int32_t)o->inputs.count;
  n->outputs = o->outputs.data;
  n->num_outputs = (int32_t)o->outputs.count;
  n->intermediates = o->intermediates.data;
  n->num_intermediates = (int32_t)o->intermediates.count;
  uint64_t custom_size;
  n->custom = sch_custom_options(l->file, o, &custom_size);
  if (!size_from_u64(custom_size, &n->custom_size)) return no_memory(l);
  if (n->op->options || n->op->options_2) n->options = node_options(o, n->op);
  return MOTE_OK;
}

static mote_status lift_graph(lifter *l, const sch_SubGraph *s, int32_t index, graph *g) {
  g->subgraph = index;
  g->name = s->name;
  g->num_values = g->num_tensors = (int32_t)s->tensors.count;
  g->num_nodes = (int32_t)s->operators.count;
  g->num_inputs = (int32_t)s->inputs.count;
  g->num_outputs = (int32_t)s->outputs.count;
  size_t omitted = 0;
  for (uint32_t i = 0; i < s->operators.count; i++)
    for (uint32_t j = 0; j < s->operators.data[i].outputs.count; j++)
      omitted += s->operators.data[i].outputs.data[j] < 0;
  g->values = ARENA_ARRAY(l->arena, graph_value, s->tensors.count + omitted + 1);
  g->nodes = ARENA_ARRAY(l->arena, graph_node, s->operators.count + 1);
  g->inputs = ARENA_ARRAY(l->arena, int32_t, s->inputs.count + 1);
  g->outputs = ARENA_ARRAY(l->arena, int32_t, s->outputs.count + 1);
  if (!g->values || !g->nodes || !g->inputs || !g->outputs) return no_memory(l);
  for (int32_t i = 0; i < g->num_inputs; i++) g->inputs[i] = s->inputs.data[i];
  for (int32_t i = 0; i < g->num_outputs; i++) g->outputs[i] = s->outputs.data[i];
  for (int32_t i = 0; i < g->num_values; i++) MOTE_TRY(lift_value(l, s, i, &g->values[i]));
  for (int32_t i = 0; i < g->num_nodes; i++) {
    MOTE_TRY(lift_node(l, &s->operators.data[i], i, &g->nodes[i]));
    MOTE_TRY(name_outputs(l, g, &g->nodes[i]));
  }
  return MOTE_OK;
}

/* Signatures get lists of their own: rewrites may number values anew. */
static mote_status lift_signatures(lifter *l, graph_set *set) {
  const uint32_t count = l->model->signature_defs.count;
  set->signatures = ARENA_ARRAY(l->arena, sch_SignatureDef, (size_t)count + 1);
  if (!set->signatures) return no_memory(l);
  for (uint32_t i = 0; i < count; i++) {
    sch_SignatureDef *to = &set->signatures[set->num_signatures++];
    *to = l->model->signature_defs.data[i];
    for (int k = 0; k < 2; k++) {
      sch_TensorMap **maps = k ? &to->outputs.data : &to->inputs.data;
      const uint32_t n = k ? to->outputs.count : to->inputs.count;
      sch_TensorMap *copy = ARENA_ARRAY(l->arena, sch_TensorMap, (size_t)n + 1);
      if (!copy) return no_memory(l);
      if (n) memcpy(copy, *maps, n * sizeof *copy);
      *maps = copy;
    }
  }
  return MOTE_OK;
}

mote_status graph_lift(const sch_file *file, const graph_lookup *lookup, arena *a, graph_set *out, mote_error *e) {
  lifter l = {.file = file, .model = file->model, .lookup = lookup, .arena = a, .error = e};
  MOTE_TRY(find_ops(&l));
  *out = (graph_set){.count = (int32_t)l.model->subgraphs.count};
  out->graphs = ARENA_ARRAY(a, graph, l.model->subgraphs.count + 1);
  if (!out->graphs) return no_memory(&l);
  for (int32_t i = 0; i < out->count; i++) MOTE_TRY(lift_graph(&l, &l.model->subgraphs.data[i], i, &out->graphs[i]));
  return lift_signatures(&l, out);
}
