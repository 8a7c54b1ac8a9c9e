/* add_n.c: ADD_N: the sum of any number of tensors of one shape. */
#include <math.h>

#include "kernels/binary.h"
#include "operators/op.h"

static mote_status infer(op_ctx *c) {
  op_tensor *y = c->out[0];
  op_same_shape(y, c->in[0]);
  for (int32_t i = 1; i < c->num_inputs; i++) {
    const op_tensor *x = c->in[i];
    OP_REQUIRE(c, !op_shape_known(x) || !op_shape_known(y) || op_same_dims(x, y), MOTE_ERR_SHAPE,
               "input %d differs in shape from input 0, and all must be equal", (int)i);
    if (!op_shape_known(y)) op_same_shape(y, x);
  }
  return MOTE_OK;
}

enum { TASK_ELEMENTS = 4096 };

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  static const binary_f32 floats = {-INFINITY, INFINITY};
  static const binary_int ints = {INT32_MIN, INT32_MAX};
  op_ctx *c = arg;
  const bool real = c->in[0]->type == MOTE_FLOAT32;
  const binary_fn add = (real ? binary_add_f32 : binary_add_i32)[c->isa];
  const void *params = real ? (const void *)&floats : (const void *)&ints;
  const size_t first = index * TASK_ELEMENTS, rest = op_count(c->out[0]) - first;
  const size_t n = rest < TASK_ELEMENTS ? rest : TASK_ELEMENTS;
  char *const y = (char *)c->out[0]->data + first * 4;
  const char *sum = (const char *)c->in[0]->data + first * 4;
  for (int32_t i = 1; i < c->num_inputs; i++, sum = y) add(sum, (const char *)c->in[i]->data + first * 4, y, n, params);
}

static mote_status run(op_ctx *c) {
  op_parallel(c, (op_count(c->out[0]) + TASK_ELEMENTS - 1) / TASK_ELEMENTS, task, c);
  return MOTE_OK;
}

const mote_op op_add_n = {
    .name = "ADD_N",
    .code = sch_BuiltinOperator_ADD_N,
    .versions = 1,
    .options = sch_BuiltinOptions_AddNOptions,
    .inputs_min = 2,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|i32 = ... > =",
    .infer = infer,
    .run = run,
    .notes = "Nothing broadcasts.",
};
