/* activation.c: activations that the operator in front of them can do itself. */
#include "graph/rewrite/rewrite.h"

/* The fused activation that an operator of its own stands for; -1: none. TANH is not among them: only recurrent kernels
 * heed it. */
static int32_t fused_form(int32_t code) {
  switch (code) {
    case sch_BuiltinOperator_RELU: return sch_ActivationFunctionType_RELU;
    case sch_BuiltinOperator_RELU6: return sch_ActivationFunctionType_RELU6;
    case sch_BuiltinOperator_RELU_N1_TO_1: return sch_ActivationFunctionType_RELU_N1_TO_1;
    default: return -1;
  }
}

/* Operators whose kernels everywhere heed the option. */
static bool heeds(int32_t code) {
  switch (code) {
    case sch_BuiltinOperator_CONV_2D:
    case sch_BuiltinOperator_DEPTHWISE_CONV_2D:
    case sch_BuiltinOperator_CONV_3D:
    case sch_BuiltinOperator_FULLY_CONNECTED:
    case sch_BuiltinOperator_TRANSPOSE_CONV:
    case sch_BuiltinOperator_ADD:
    case sch_BuiltinOperator_SUB:
    case sch_BuiltinOperator_MUL:
    case sch_BuiltinOperator_DIV:
    case sch_BuiltinOperator_AVERAGE_POOL_2D:
    case sch_BuiltinOperator_MAX_POOL_2D: return true;
    default: return false;
  }
}

/* What first and then are together; -1: no activation there is. */
static int32_t both(int32_t first, int32_t then) {
  enum { RELU = sch_ActivationFunctionType_RELU, RELU6 = sch_ActivationFunctionType_RELU6 };
  if (first == sch_ActivationFunctionType_NONE || first == then) return then;
  return (first == RELU && then == RELU6) || (first == RELU6 && then == RELU) ? (int32_t)RELU6 : -1;
}

static bool fits_type(const rewriting *w, int32_t value) {
  const graph_value *const v = rw_value(w, value);
  return rw_float32(w, value) || (v->quant.count == 1 && (v->type == MOTE_INT8 || v->type == MOTE_UINT8));
}

/*     x ──▶ CONV_2D ──▶ RELU ──▶ y          x ──▶ CONV_2D with RELU ──▶ y
 *
 * Quantized alike on both sides of the activation, so that the same integers are clamped. */
static bool fuse(rewriting *w, int32_t node) {
  const int32_t then = fused_form(rw_node(w, node)->op->code), x = rw_input(w, node, 0), maker = rw_maker(w, x);
  if (then < 0 || maker < 0 || !rw_only(w, x) || !heeds(rw_node(w, maker)->op->code)) return false;
  if (!fits_type(w, x) || !rw_same_kind(w, x, rw_output(w, node))) return false;
  const graph_node n = *rw_node(w, maker);
  const int32_t *const first = rw_activation(&n);
  const int32_t activation = first && n.num_outputs == 1 ? both(*first, then) : -1;
  if (activation < 0) return false;
  if (n.op->code == sch_BuiltinOperator_TRANSPOSE_CONV && !rw_may_use(w, n.op->code, 4)) return false;
  void *const options = rw_options(w, maker);
  if (!options) return false;
  const graph_node with = {.op = n.op, .options = options};
  *(int32_t *)(uintptr_t)rw_activation(&with) = activation;
  return rw_become(w, node, n.op->code, options, n.num_inputs, n.inputs);
}

const rewrite rewrite_fuse_activation = {
    .name = "fuse-activation",
    .reason = "the operator in front clamps its output itself",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = fuse,
};
