/* hadamard.c: the custom aeq.hadamard_rotation: pieces of the last dimension times a Hadamard matrix divided by the
 * root of its size, by the fast Walsh-Hadamard transform.
 */
#include <math.h>

#include "operators/flexbuffer.h"
#include "operators/move.h"

typedef struct rotation {
  int32_t size;
} rotation;

static mote_status check(op_ctx *c) {
  rotation *const r = c->params;
  flex_value root, value;
  const bool found = flex_root(c->custom, c->custom_size, &root) && flex_find(&root, "hadamard_size", &value) &&
                     flex_int(&value, &r->size);
  OP_REQUIRE(c, found, MOTE_ERR_MODEL, "its options do not say hadamard_size");
  OP_REQUIRE(c, r->size > 0 && (r->size & (r->size - 1)) == 0, MOTE_ERR_MODEL,
             "hadamard_size is %d; it must be a power of two", (int)r->size);
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const rotation *const r = c->params;
  const op_tensor *const in = c->in[0];
  op_same_shape(c->out[0], in);
  OP_REQUIRE(c, in->rank != 0, MOTE_ERR_SHAPE, "the input is a scalar; it must have a dimension to rotate");
  const int32_t n = in->rank > 0 ? in->dims[in->rank - 1] : -1;
  OP_REQUIRE(c, n < 0 || n % r->size == 0, MOTE_ERR_SHAPE,
             "the last dimension is %d, which hadamard_size %d does not "
             "divide",
             (int)n, (int)r->size);
  return MOTE_OK;
}

static void transform(float *x, size_t n) {
  for (size_t half = 1; half < n; half *= 2)
    for (size_t i = 0; i < n; i += 2 * half)
      for (size_t k = i; k < i + half; k++) {
        const float a = x[k], b = x[k + half];
        x[k] = a + b;
        x[k + half] = a - b;
      }
  const float scale = 1.0f / sqrtf((float)n);
  for (size_t i = 0; i < n; i++) x[i] *= scale;
}

enum { TASK_ELEMENTS = 16 * 1024 }; /* less is not worth a thread */

static void task_pieces(void *arg, size_t task, int worker) {
  (void)worker;
  const op_ctx *const c = arg;
  const size_t n = (size_t)((const rotation *)c->params)->size, pieces = op_count(c->in[0]) / n;
  const size_t each = n >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / n;
  for (size_t i = task * each; i < pieces && i < (task + 1) * each; i++) transform((float *)c->out[0]->data + i * n, n);
}

static mote_status run(op_ctx *c) {
  const size_t n = (size_t)((const rotation *)c->params)->size, pieces = op_count(c->in[0]) / n;
  if (c->out[0]->data != c->in[0]->data) move_bytes(c, c->out[0]->data, c->in[0]->data, c->out[0]->bytes);
  const size_t each = n >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / n;
  op_parallel(c, (pieces + each - 1) / each, task_pieces, c);
  return MOTE_OK;
}

const mote_op op_hadamard_rotation = {
    .name = "aeq.hadamard_rotation",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 > f32",
    .traits = OP_INPLACE_0,
    .params_size = sizeof(rotation),
    .check = check,
    .infer = infer,
    .run = run,
    .notes = "The size is a power of two that divides the last dimension.",
};
