/* emit.c: see emit.h. Walks the flat graph and gives each operator to its rule. */
#include "import/tensorflow/emit.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "import/tensorflow/custom.h"

enum { POISON = -2 }; /* in place of what could not be made */

const tf_row *const tf_tables[] = {tf_rows_math, tf_rows_array, tf_rows_nn, tf_rows_state,
                                   tf_rows_flow, tf_rows_list,  NULL};

const tf_row *tf_find_row(const char *type) {
  for (const tf_row *const *table = tf_tables; *table; table++)
    for (const tf_row *row = *table; row->type; row++)
      if (!strcmp(row->type, type)) return row;
  return NULL;
}

/* ---- one operator ---- */

static bool poisoned(const int32_t *values, int32_t count) {
  for (int32_t i = 0; i < count; i++)
    if (values[i] == POISON) return true;
  return false;
}

/* The last parts of a long path say what a person knows it by. */
static const char *short_name(const char *name) {
  static const char call[] = "StatefulPartitionedCall/", plain[] = "PartitionedCall/";
  for (;;) {
    if (!strncmp(name, call, sizeof call - 1)) name += sizeof call - 1;
    else if (!strncmp(name, plain, sizeof plain - 1)) name += sizeof plain - 1;
    else return name;
  }
}

/* What an edge leads to; POISON beyond the outputs that are kept. */
static int32_t value_at(const tf_emitter *e, tf_edge edge) {
  return edge.output < TF_MOST_OUT ? e->values[edge.op][edge.output] : POISON;
}

/* Notes why an operator could not be made; its outputs are poison, and so is all that reads them. */
static mote_status give_up(tf_emitter *e, const tf_op *op, const char *why, int32_t *out) {
  char line[MOTE_ERROR_TEXT + 300], name[200];
  for (int32_t i = 0; i < TF_MOST_OUT; i++) out[i] = POISON;
  if (!why) return MOTE_OK;
  snprintf(line, sizeof line, "%s (%.100s): %s", err_name(name, sizeof name, op->name, strlen(op->name)), op->type,
           why);
  return import_fault(&e->faults, e->b->arena, line);
}

static mote_status emit_op(tf_emitter *e, int32_t index) {
  const tf_op *op = &e->flat->ops[index];
  const int32_t room = op->num_inputs > TF_FEW ? op->num_inputs : TF_FEW;
  int32_t *in = ARENA_ARRAY(e->b->arena, int32_t, (size_t)room), *out = ARENA_ARRAY(e->b->arena, int32_t, TF_MOST_OUT);
  if (!in || !out) return MOTE_ERR_MEMORY;
  for (int32_t i = 0; i < room; i++) in[i] = i < op->num_inputs ? value_at(e, op->inputs[i]) : -1;
  for (int32_t i = 0; i < TF_MOST_OUT; i++) out[i] = -1;
  e->values[index] = out;
  if (poisoned(in, room)) return give_up(e, op, NULL, out);
  const tf_row *row = tf_find_row(op->type);
  if (!row && !e->allow_custom) return give_up(e, op, ".tflite has no operator for it (--allow-custom keeps it)", out);
  tf_ctx c = {e, e->b, op, op->node, row ? row->code : 0, in, op->num_inputs, out};
  build_at(e->b, short_name(op->name));
  if (row) row->rule(&c);
  else tf_custom(&c);
  if (!e->b->failed) return MOTE_OK;
  if (e->b->error.code == MOTE_ERR_MEMORY) return MOTE_ERR_MEMORY;
  MOTE_TRY(give_up(e, op, import_sentence(e->b), out));
  build_forgive(e->b);
  return MOTE_OK;
}

mote_status tf_emit(tf_emitter *e, const tf_flat *flat, const int32_t *arguments, int32_t *outputs) {
  const tf_flat *const before_flat = e->flat;
  int32_t **const before_values = e->values;
  e->flat = flat;
  e->values = ARENA_ARRAY(e->b->arena, int32_t *, (size_t)flat->count + 1);
  mote_status status = e->values ? MOTE_OK : MOTE_ERR_MEMORY;
  for (int32_t i = 0; i < flat->count && status == MOTE_OK; i++) {
    if (flat->ops[i].argument < 0) {
      status = emit_op(e, i);
      continue;
    }
    e->values[i] = ARENA_ARRAY(e->b->arena, int32_t, TF_MOST_OUT);
    if (e->values[i]) e->values[i][0] = arguments[flat->ops[i].argument];
    else status = MOTE_ERR_MEMORY;
  }
  for (int32_t i = 0; i < flat->num_outputs && status == MOTE_OK; i++) outputs[i] = value_at(e, flat->outputs[i]);
  e->flat = before_flat;
  e->values = before_values;
  return status;
}

/* ---- what rules read ---- */

bool tf_type(tf_ctx *c, int32_t dtype, mote_type *out) {
  switch (dtype % 100) {
    case TF_FLOAT: *out = MOTE_FLOAT32; return true;
    case TF_DOUBLE: *out = MOTE_FLOAT64; return true;
    case TF_HALF: *out = MOTE_FLOAT16; return true;
    case TF_BFLOAT16: *out = MOTE_BFLOAT16; return true;
    case TF_INT32: *out = MOTE_INT32; return true;
    case TF_INT64: *out = MOTE_INT64; return true;
    case TF_INT16: *out = MOTE_INT16; return true;
    case TF_INT8: *out = MOTE_INT8; return true;
    case TF_UINT8: *out = MOTE_UINT8; return true;
    case TF_UINT16: *out = MOTE_UINT16; return true;
    case TF_UINT32: *out = MOTE_UINT32; return true;
    case TF_UINT64: *out = MOTE_UINT64; return true;
    case TF_BOOL: *out = MOTE_BOOL; return true;
    case TF_STRING: *out = MOTE_STRING; return true;
    case TF_COMPLEX64: *out = MOTE_COMPLEX64; return true;
    case TF_COMPLEX128: *out = MOTE_COMPLEX128; return true;
    case TF_RESOURCE: *out = MOTE_RESOURCE; return true;
    case TF_VARIANT: *out = MOTE_VARIANT; return true;
    default: break;
  }
  build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its element type, number %d of TensorFlow's, has none in .tflite",
             (int)dtype);
  return false;
}

const graph_value *tf_value(const tf_ctx *c, int32_t value) {
  return value < 0 ? NULL : &c->b->set->graphs[c->b->graph].values[value];
}

int64_t tf_count(const graph_value *v) {
  size_t n;
  return v && v->rank >= 0 && size_dims(v->signature, v->rank, &n) ? (int64_t)n : -1;
}

bool tf_ints(const tf_ctx *c, int32_t i, int64_t *to, int32_t *count) {
  const graph_value *v = i >= 0 && i < c->num_in ? tf_value(c, c->in[i]) : NULL;
  const int64_t n = tf_count(v);
  if (n < 0 || n > TF_LIST) return false;
  *count = (int32_t)n;
  const bool known =
      v->known &&
      (n == OP_KNOWN_MAX ? !~v->known->mask : (v->known->mask & ((UINT64_C(1) << n) - 1)) + 1 == UINT64_C(1) << n);
  if (!v->is_const && !known) return n == 0;
  if (v->type != MOTE_INT32 && v->type != MOTE_INT64) return false;
  for (int64_t k = 0; k < n; k++)
    to[k] = known                   ? v->known->v[k]
            : v->type == MOTE_INT64 ? ((const int64_t *)v->data)[k]
                                    : ((const int32_t *)v->data)[k];
  return true;
}

bool tf_need_ints(tf_ctx *c, int32_t i, const char *what, int64_t *to, int32_t *count) {
  if (tf_ints(c, i, to, count)) return true;
  build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its %s must be constant in .tflite, but is computed when the model runs",
             what);
  return false;
}

bool tf_need_int(tf_ctx *c, int32_t i, const char *what, int64_t *to) {
  int64_t list[TF_LIST];
  int32_t count;
  if (!tf_need_ints(c, i, what, list, &count)) return false;
  if (count == 1) return *to = list[0], true;
  build_fail(c->b, MOTE_ERR_MODEL, "its %s is a list of %d numbers, where one is needed", what, (int)count);
  return false;
}

const float *tf_floats(const tf_ctx *c, int32_t value) {
  const graph_value *v = tf_value(c, value);
  return v && v->is_const && v->type == MOTE_FLOAT32 ? v->data : NULL;
}

/* ---- what rules make ---- */

void tf_outputs(tf_ctx *c, const build_node *n) {
  if (n->num_outputs < 1 || n->num_outputs > TF_MOST_OUT) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it has %d outputs; 1 to %d are taken", (int)n->num_outputs, TF_MOST_OUT);
    return;
  }
  const int32_t first = build_add(c->b, n);
  for (int32_t i = 0; i < n->num_outputs && first >= 0; i++) c->out[i] = first + i;
}

int32_t tf_transpose(tf_ctx *c, int32_t value, int32_t rank, const int32_t *perm) {
  return tf_op2(c, sch_BuiltinOperator_TRANSPOSE, NULL, value, build_ints(c->b, "perm", rank, perm));
}

int32_t tf_reshape(tf_ctx *c, int32_t value, int32_t rank, const int32_t *dims) {
  return tf_op2(c, sch_BuiltinOperator_RESHAPE, NULL, value, build_ints(c->b, "shape", rank, dims));
}

int32_t tf_float(tf_ctx *c, float v) { return build_float(c->b, "constant", v); }

int32_t tf_scalar_like(tf_ctx *c, int32_t like, double v) {
  switch (build_type(c->b, like)) {
    case MOTE_INT32: return build_int(c->b, "constant", (int32_t)v);
    case MOTE_INT64: return build_const(c->b, "constant", MOTE_INT64, 0, NULL, &(int64_t){(int64_t)v}, BUILD_COPY);
    case MOTE_FLOAT64: return build_const(c->b, "constant", MOTE_FLOAT64, 0, NULL, &v, BUILD_COPY);
    default: return build_float(c->b, "constant", (float)v);
  }
}
