/* rules_list.c: TensorArrays and TensorLists, as plain values [size, element...].
 *
 * A list in which nothing was written yet, whose elements have no known shape, is its size: a scalar of int32. The
 * first element makes it a value of zeros; a loop (rules_flow.c) does so beforehand when its body writes one. A handle
 * is the size as well, and never read: what there is flows.
 */
#include <string.h>

#include "import/tensorflow/emit.h"

#define OP(name) sch_BuiltinOperator_##name

int32_t tf_new_list(tf_ctx *c, int32_t size, mote_type type, int32_t rank, const int32_t *dims) {
  for (int32_t i = 0; i < rank; i++)
    if (dims[i] < 0)
      return build_fail(c->b, MOTE_ERR_UNSUPPORTED,
                        "it writes elements of an open shape into a list; give the model a fixed batch (--batch 1)");
  if (c->b->failed || rank < 0 || rank >= OP_MAX_RANK)
    return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it writes elements without a known shape into a list");
  const int32_t head = tf_reshape(c, size, 1, (const int32_t[]){1});
  const int32_t in[] = {head, build_ints(c->b, "element", rank, dims)};
  const int32_t zero = build_const(c->b, "zero", type, 0, NULL, (const uint64_t[]){0}, BUILD_COPY);
  sch_ConcatenationOptions o = BUILD_OPTIONS(ConcatenationOptions);
  const int32_t shape = rank ? build_op(c->b, OP(CONCATENATION), &o, 2, in) : head;
  const int32_t list = tf_op2(c, OP(FILL), NULL, shape, zero);
  bool known = build_rank(c->b, list) == rank + 1;
  for (int32_t i = 0; i < rank; i++) known &= build_dim(c->b, list, i + 1) == dims[i];
  if (known) return list;
  int32_t said[OP_MAX_RANK] = {-1}; /* of a size that comes with the run: the element's shape is known all the same */
  memcpy(said + 1, dims, (size_t)rank * sizeof *dims);
  return tf_reshape(c, list, rank + 1, said);
}

static bool is_new(const tf_ctx *c, int32_t list) { return build_rank(c->b, list) == 0; }

/* True when input i counts 0, 1, 2, ...: all elements of a list in their order. */
static bool counts_up(const tf_ctx *c, int32_t i) {
  int64_t list[TF_LIST];
  int32_t count, zero, one;
  if (tf_ints(c, i, list, &count)) {
    for (int32_t k = 0; k < count; k++)
      if (list[k] != k) return false;
    return true;
  }
  const tf_flat *flat = c->emitter->flat;
  const tf_op *range = i < c->op->num_inputs ? &flat->ops[c->op->inputs[i].op] : NULL;
  if (!range || strcmp(range->type, "Range") || range->num_inputs != 3) return false;
  int32_t in[3];
  for (int32_t k = 0; k < 3; k++) in[k] = c->emitter->values[range->inputs[k].op][0];
  tf_ctx of_range = *c;
  of_range.in = in;
  of_range.num_in = 3;
  int64_t step[TF_LIST];
  return tf_ints(&of_range, 0, list, &zero) && tf_ints(&of_range, 2, step, &one) && zero == 1 && one == 1 &&
         list[0] == 0 && step[0] == 1;
}

static bool need_written(tf_ctx *c, int32_t list) {
  if (list >= 0 && !is_new(c, list)) return true;
  build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it reads from a list in which nothing was written");
  return false;
}

static int32_t pick(tf_ctx *c, int32_t list, int32_t index) {
  sch_GatherOptions o = BUILD_OPTIONS(GatherOptions);
  return need_written(c, list) ? tf_op2(c, OP(GATHER), &o, list, tf_cast(c, index, MOTE_INT32)) : -1;
}

static int32_t put(tf_ctx *c, int32_t list, int32_t index, int32_t item) {
  int32_t parts[OP_MAX_RANK];
  const graph_value *v = tf_value(c, item);
  if (!v || list < 0) return build_fail(c->b, MOTE_ERR_MODEL, "it lacks a list, or what to write into it");
  const graph_value element = *v;
  if (is_new(c, list)) list = tf_new_list(c, list, element.type, element.rank, element.signature);
  const int32_t rank = build_rank(c->b, list), axis = build_int(c->b, "axis", 0);
  if (c->b->failed || rank < 1) return -1;
  const int32_t zero = build_ints(c->b, "zero", 1, &(int32_t){0});
  parts[0] = tf_reshape(c, tf_cast(c, index, MOTE_INT32), 1, (const int32_t[]){1});
  for (int32_t i = 1; i < rank; i++) parts[i] = zero;
  sch_ConcatenationOptions o = BUILD_OPTIONS(ConcatenationOptions);
  const int32_t at = rank > 1 ? build_op(c->b, OP(CONCATENATION), &o, rank, parts) : parts[0];
  return tf_op3(c, OP(DYNAMIC_UPDATE_SLICE), NULL, list, tf_op2(c, OP(EXPAND_DIMS), NULL, item, axis), at);
}

static int32_t length(tf_ctx *c, int32_t list) {
  if (list < 0 || is_new(c, list)) return list;
  sch_GatherOptions o = BUILD_OPTIONS(GatherOptions);
  return tf_op2(c, OP(GATHER), &o, tf_op1(c, OP(SHAPE), NULL, list), build_int(c->b, "axis", 0));
}

/* ---- TensorArrays: a handle, and what flows ---- */

static void rule_array(tf_ctx *c) { c->out[0] = c->out[1] = tf_cast(c, c->in[0], MOTE_INT32); }
static void rule_array_read(tf_ctx *c) { c->out[0] = pick(c, c->in[2], c->in[1]); }
static void rule_array_write(tf_ctx *c) { c->out[0] = put(c, c->in[3], c->in[1], c->in[2]); }
static void rule_array_size(tf_ctx *c) { c->out[0] = length(c, c->in[1]); }

static void rule_array_scatter(tf_ctx *c) {
  if (c->in[3] >= 0 && is_new(c, c->in[3]) && counts_up(c, 1)) c->out[0] = c->in[2];
  else
    build_fail(c->b, MOTE_ERR_UNSUPPORTED,
               "it scatters into some places of a list; .tflite takes a list whose elements are all set in their order "
               "(unstack)");
}

static void rule_array_gather(tf_ctx *c) {
  if (!need_written(c, c->in[2])) return;
  c->out[0] = counts_up(c, 1) ? c->in[2] : pick(c, c->in[2], c->in[1]);
}

/* ---- TensorLists ---- */

static void rule_list_reserve(tf_ctx *c) { c->out[0] = tf_cast(c, c->in[1], MOTE_INT32); }
static void rule_list_from(tf_ctx *c) { c->out[0] = c->in[0]; }
static void rule_list_get(tf_ctx *c) { c->out[0] = pick(c, c->in[0], c->in[1]); }
static void rule_list_set(tf_ctx *c) { c->out[0] = put(c, c->in[0], c->in[1], c->in[2]); }
static void rule_list_length(tf_ctx *c) { c->out[0] = length(c, c->in[0]); }
static void rule_list_stack(tf_ctx *c) { c->out[0] = need_written(c, c->in[0]) ? c->in[0] : -1; }

const tf_row tf_rows_list[] = {
    {"TensorArrayV3", rule_array, 0},
    {"TensorArrayReadV3", rule_array_read, 0},
    {"TensorArrayWriteV3", rule_array_write, 0},
    {"TensorArrayScatterV3", rule_array_scatter, 0},
    {"TensorArrayGatherV3", rule_array_gather, 0},
    {"TensorArraySizeV3", rule_array_size, 0},
    {"TensorListReserve", rule_list_reserve, 0},
    {"TensorListFromTensor", rule_list_from, 0},
    {"TensorListGetItem", rule_list_get, 0},
    {"TensorListSetItem", rule_list_set, 0},
    {"TensorListStack", rule_list_stack, 0},
    {"TensorListLength", rule_list_length, 0},
    {NULL, NULL, 0},
};
