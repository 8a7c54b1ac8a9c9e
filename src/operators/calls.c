/* calls.c: see calls.h. */
#include "operators/calls.h"

#include <string.h>

mote_status calls_find(op_ctx *c, int32_t subgraph, callee *k) {
  return c->host->callee(c, subgraph, &k->in, &k->in_count, &k->out, &k->out_count);
}

mote_status calls_match(op_ctx *c, const char *what, const op_tensor *const *a, int a_count, const op_tensor *const *b,
                        int b_count) {
  OP_REQUIRE(c, a_count == b_count, MOTE_ERR_MODEL, "the %s: there are %d, but the operator has %d", what, b_count,
             a_count);
  for (int i = 0; i < a_count; i++)
    if (a[i] && b[i])
      OP_REQUIRE(c, a[i]->type == b[i]->type, MOTE_ERR_MODEL, "the %s: number %d is %s, but the operator's is %s", what,
                 i, mote_type_name(b[i]->type), mote_type_name(a[i]->type));
  return MOTE_OK;
}

mote_status calls_take(op_ctx *c, int i, const op_tensor *from) {
  op_tensor *const out = c->out[i];
  if (out->flags & OP_LATE) MOTE_TRY(op_resize(c, i, from->rank, from->dims, from->bytes));
  else if (!op_same_dims(out, from)) {
    char text[128];
    return op_fail(c, MOTE_ERR_RUN, "a called subgraph gives output %d the shape %s, which was not planned", i,
                   op_shape_text(text, sizeof text, from->rank, from->dims));
  }
  if (from->bytes) memmove(out->data, from->data, from->bytes);
  return MOTE_OK;
}

int calls_join(op_tensor *to, const op_tensor *with) {
  if (to->rank != with->rank || to->rank < 0) {
    to->rank = -1;
    return OP_MAX_RANK + 1;
  }
  int unknown = 0;
  for (int32_t i = 0; i < to->rank; i++) {
    if (to->dims[i] != with->dims[i]) to->dims[i] = -1;
    unknown += to->dims[i] < 0;
  }
  return unknown;
}

/* Sums and products may be clamped behind. */
static bool is_plain(const op_region *r) {
  if (!r->options) return true;
  if (r->code == sch_BuiltinOperator_ADD)
    return ((const sch_AddOptions *)r->options)->fused_activation_function == sch_ActivationFunctionType_NONE;
  if (r->code == sch_BuiltinOperator_MUL)
    return ((const sch_MulOptions *)r->options)->fused_activation_function == sch_ActivationFunctionType_NONE;
  return true;
}

bool calls_fold(const op_region *r, const arith_op **op, bool *logical) {
  static const struct {
    int32_t code;
    const arith_op *op;
    bool logical;
  } folds[] = {
      {sch_BuiltinOperator_ADD, &arith_add, false},
      {sch_BuiltinOperator_STABLEHLO_ADD, &arith_add, false},
      {sch_BuiltinOperator_MUL, &arith_mul, false},
      {sch_BuiltinOperator_STABLEHLO_MULTIPLY, &arith_mul, false},
      {sch_BuiltinOperator_MAXIMUM, &arith_max, false},
      {sch_BuiltinOperator_STABLEHLO_MAXIMUM, &arith_max, false},
      {sch_BuiltinOperator_MINIMUM, &arith_min, false},
      {sch_BuiltinOperator_STABLEHLO_MINIMUM, &arith_min, false},
      {sch_BuiltinOperator_LOGICAL_AND, &arith_and, true},
      {sch_BuiltinOperator_LOGICAL_OR, &arith_or, true},
      {sch_BuiltinOperator_STABLEHLO_AND, &arith_and, false},
      {sch_BuiltinOperator_STABLEHLO_OR, &arith_or, false},
  };
  const bool both = (r->takes[0] == 0 && r->takes[1] == 1) || (r->takes[0] == 1 && r->takes[1] == 0);
  for (size_t i = 0; r->operators == 1 && both && i < sizeof folds / sizeof *folds; i++) {
    if (folds[i].code != r->code || !is_plain(r)) continue;
    *op = folds[i].op, *logical = folds[i].logical;
    return true;
  }
  return false;
}
