/* custom.c: see custom.h. TensorFlow's own definition of the operator is not at hand, so what its outputs are follows
 * from what reads them and from attributes: "_output_shapes", and those that name types.
 */
#include "import/tensorflow/custom.h"

#include <stdlib.h>
#include <string.h>

#include "import/flex.h"

typedef struct shapes {
  int32_t count;
  const Tf__Shape *const *shape;
} shapes;

/* ---- outputs ---- */

static int32_t dim_of(int64_t size) { return size < 0 || size > INT32_MAX ? -1 : (int32_t)size; }

/* Shapes as the graph says them; unknown where it says none. */
static mote_status infer(op_ctx *c) {
  const shapes *const s = c->op->variant;
  for (int i = 0; i < c->num_outputs; i++) {
    const Tf__Shape *const shape = i < s->count ? s->shape[i] : NULL;
    int32_t dims[OP_MAX_RANK];
    const bool known = shape && !shape->unknown_rank && shape->n_dim <= OP_MAX_RANK;
    for (size_t d = 0; known && d < shape->n_dim; d++) dims[d] = dim_of(shape->dim[d]->size);
    op_set_shape(c->out[i], known ? (int32_t)shape->n_dim : -1, dims);
  }
  return MOTE_OK;
}

static shapes shapes_of(const Tf__Node *node) {
  const Tf__Attr *const a = tf_attr(node, "_output_shapes");
  if (!a || a->value_case != TF__ATTR__VALUE_LIST) return (shapes){0};
  return (shapes){(int32_t)a->list->n_shape, (const Tf__Shape *const *)a->list->shape};
}

/* A descriptor for this one node: it takes anything, and nobody here can run it. */
static const mote_op *describe(tf_ctx *c) {
  mote_op *const op = ARENA_NEW(c->b->arena, mote_op);
  shapes *const s = ARENA_NEW(c->b->arena, shapes);
  char *const name = arena_string(c->b->arena, c->op->type, strlen(c->op->type));
  if (!op || !s || !name) return NULL;
  *s = shapes_of(c->node);
  *op = (mote_op){.name = name,
                  .code = sch_BuiltinOperator_CUSTOM,
                  .versions = 1,
                  .inputs_max = OP_ANY,
                  .outputs_min = 1,
                  .outputs_max = OP_ANY,
                  .traits = OP_STATEFUL,
                  .infer = infer,
                  .variant = s};
  return op;
}

/* One more than the last output that something reads, or that has a shape. */
static int32_t count_outputs(const tf_ctx *c) {
  const tf_flat *const flat = c->emitter->flat;
  const int32_t self = (int32_t)(c->op - flat->ops);
  int32_t most = shapes_of(c->node).count - 1;
  for (int32_t i = 0; i < flat->count; i++)
    for (int32_t k = 0; k < flat->ops[i].num_inputs; k++)
      if (flat->ops[i].inputs[k].op == self && flat->ops[i].inputs[k].output > most)
        most = flat->ops[i].inputs[k].output;
  for (int32_t i = 0; i < flat->num_outputs; i++)
    if (flat->outputs[i].op == self && flat->outputs[i].output > most) most = flat->outputs[i].output;
  return most < 0 ? 1 : most + 1;
}

/* The type of all outputs: as an attribute says, else the first input's. */
static bool output_type(tf_ctx *c, mote_type *type) {
  static const char *const keys[] = {"Tout", "out_type", "output_type", "dtype", "T"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const int32_t dtype = tf_attr_type(c->node, keys[i], 0);
    if (dtype) return tf_type(c, dtype, type);
  }
  *type = c->num_in && c->in[0] >= 0 ? build_type(c->b, c->in[0]) : MOTE_FLOAT32;
  return true;
}

/* ---- attributes ---- */

static int by_key(const void *a, const void *b) {
  return strcmp(((const flex_entry *)a)->key, ((const flex_entry *)b)->key);
}

/* Numbers, truth values, types (as .tflite numbers them) and texts; those of TensorFlow's own use begin with "_". */
static bool entry_of(tf_ctx *c, const Tf__NamedAttr *from, flex_entry *to) {
  const Tf__Attr *const a = from->value;
  mote_type type;
  if (!a || !from->key || from->key[0] == '_') return false;
  *to = (flex_entry){.key = from->key};
  switch (a->value_case) {
    case TF__ATTR__VALUE_I: *to = (flex_entry){.key = from->key, .kind = FLEX_INT, .value = (double)a->i}; break;
    case TF__ATTR__VALUE_F: *to = (flex_entry){.key = from->key, .kind = FLEX_FLOAT, .value = (double)a->f}; break;
    case TF__ATTR__VALUE_B: *to = (flex_entry){.key = from->key, .kind = FLEX_BOOL, .value = a->b}; break;
    case TF__ATTR__VALUE_S: *to = (flex_entry){.key = from->key, .kind = FLEX_TEXT, .text = a->s ? a->s : ""}; break;
    case TF__ATTR__VALUE_TYPE:
      if (!tf_type(c, a->type, &type)) return false;
      *to = (flex_entry){.key = from->key, .kind = FLEX_INT, .value = type};
      break;
    default: return false;
  }
  if (to->kind == FLEX_INT && (to->value < INT32_MIN || to->value > INT32_MAX)) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its attribute '%.60s' is %.0f; 32 bits are kept of custom operators",
               from->key, to->value);
    return false;
  }
  return true;
}

void tf_custom(tf_ctx *c) {
  const size_t attributes = c->node ? c->node->n_attr : 0;
  flex_entry *const entries = ARENA_ARRAY(c->b->arena, flex_entry, attributes + 1);
  mote_type *const types = ARENA_ARRAY(c->b->arena, mote_type, TF_MOST_OUT);
  const mote_op *const op = describe(c);
  const int32_t outputs = count_outputs(c);
  uint32_t count = 0;
  mote_type type;
  size_t size = 0;
  if (!output_type(c, &type)) return;
  for (size_t i = 0; entries && i < attributes; i++) count += entry_of(c, c->node->attr[i], &entries[count]);
  for (int32_t i = 0; types && i < outputs && i < TF_MOST_OUT; i++) types[i] = type;
  if (c->b->failed) return;
  if (entries) qsort(entries, count, sizeof *entries, by_key);
  const uint8_t *const options = entries ? flex_map(c->b->arena, entries, count, &size) : NULL;
  if (!options || !op || !types) {
    build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for options");
    return;
  }
  tf_outputs(c, &(build_node){.op = op,
                              .custom = options,
                              .custom_size = size,
                              .num_inputs = c->num_in,
                              .inputs = c->in,
                              .num_outputs = outputs,
                              .types = types});
}
