/* older.c: operators that a runtime is too old for, from parts that it has. Tried at such nodes alone: newer runtimes
 * are better off with the whole. What has no equal older form stays, and the file is refused for that runtime.
 */
#include "graph/rewrite/rewrite.h"

/* A node of an operator whose version that does what is replaced here is refused. */
static bool too_new(const rewriting *w, int32_t node, int32_t code, int32_t version) {
  return rw_is(w, node, code) && !rw_may_use(w, code, version);
}

static int32_t scalar(rewriting *w, int32_t like, float v) { return rw_const(w, like, MOTE_FLOAT32, 0, NULL, &v); }

static int32_t pair(rewriting *w, int32_t like, int32_t code, int32_t a, int32_t b) {
  return rw_add(w, like, code, NULL, 2, (int32_t[]){a, b});
}

#define MUL(a, b) pair(w, x, sch_BuiltinOperator_MUL, a, b)
#define ADD(a, b) pair(w, x, sch_BuiltinOperator_ADD, a, b)

/* ---- activations ---- */

/* GELU by tanh is x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))). The other one needs erf, which nothing else
 * has. */
static bool gelu(rewriting *w, int32_t node) {
  const int32_t x = rw_input(w, node, 0);
  if (!too_new(w, node, sch_BuiltinOperator_GELU, 1) || !rw_float32(w, x)) return false;
  if (!((const sch_GeluOptions *)rw_node(w, node)->options)->approximate) return false;
  const int32_t cube = MUL(MUL(x, x), x);
  const int32_t inner = MUL(ADD(x, MUL(cube, scalar(w, x, 0.044715F))), scalar(w, x, 0.79788456080286535588F));
  const int32_t tanh = rw_add(w, x, sch_BuiltinOperator_TANH, NULL, 1, &inner);
  const int32_t half = MUL(x, scalar(w, x, 0.5F)), sum = ADD(tanh, scalar(w, x, 1));
  return rw_become(w, node, sch_BuiltinOperator_MUL, NULL, 2, (int32_t[]){half, sum});
}

/* x * relu6(x + 3) / 6 */
static bool hard_swish(rewriting *w, int32_t node) {
  const int32_t x = rw_input(w, node, 0);
  if (!too_new(w, node, sch_BuiltinOperator_HARD_SWISH, 1) || !rw_float32(w, x)) return false;
  const int32_t sum = ADD(x, scalar(w, x, 3));
  const int32_t gate = MUL(rw_add(w, x, sch_BuiltinOperator_RELU6, NULL, 1, &sum), scalar(w, x, 1.0F / 6));
  return rw_become(w, node, sch_BuiltinOperator_MUL, NULL, 2, (int32_t[]){x, gate});
}

static bool relu_0_to_1(rewriting *w, int32_t node) {
  const int32_t x = rw_input(w, node, 0);
  if (!too_new(w, node, sch_BuiltinOperator_RELU_0_TO_1, 1) || !rw_float32(w, x)) return false;
  const int32_t low = pair(w, x, sch_BuiltinOperator_MAXIMUM, x, scalar(w, x, 0));
  return rw_become(w, node, sch_BuiltinOperator_MINIMUM, NULL, 2, (int32_t[]){low, scalar(w, x, 1)});
}

/* ---- data ---- */

static bool select_equal(rewriting *w, int32_t node) {
  if (!too_new(w, node, sch_BuiltinOperator_SELECT_V2, 1)) return false;
  const int32_t in[3] = {rw_input(w, node, 0), rw_input(w, node, 1), rw_input(w, node, 2)};
  for (int i = 0; i < 3; i++)
    if (in[i] < 0 || !rw_shape_known(w, in[i]) || !rw_same_shape(w, in[0], in[i])) return false;
  return rw_become(w, node, sch_BuiltinOperator_SELECT, NULL, 3, in);
}

enum { MOST_ONES = 1 << 18 }; /* elements of a constant that is made for it */

/* Times one, in the shape that is wanted: zeros keep their signs. */
static bool broadcast(rewriting *w, int32_t node) {
  const int32_t x = rw_input(w, node, 0), y = rw_output(w, node);
  if (!too_new(w, node, sch_BuiltinOperator_BROADCAST_TO, 2) || !rw_float32(w, x) || !rw_shape_known(w, y))
    return false;
  const graph_value v = *rw_value(w, y);
  const size_t count = rw_count(w, y);
  if (v.rank > 4 || count > MOST_ONES) return false;
  float *const ones = ARENA_ARRAY(w->b.arena, float, count + 1);
  for (size_t i = 0; ones && i < count; i++) ones[i] = 1;
  if (!ones) return false;
  return rw_become(w, node, sch_BuiltinOperator_MUL, NULL, 2,
                   (int32_t[]){x, rw_const(w, y, MOTE_FLOAT32, v.rank, v.dims, ones)});
}

/* ---- layers ---- */

/* Dense layers had a bias, at first. */
static bool dense_bias(rewriting *w, int32_t node) {
  const int32_t x = rw_input(w, node, 0), weights = rw_input(w, node, 1);
  if (!too_new(w, node, sch_BuiltinOperator_FULLY_CONNECTED, 6) || rw_node(w, node)->num_inputs != 2) return false;
  if (!rw_float32(w, x) || !rw_float32(w, weights) || !rw_shape_known(w, weights)) return false;
  const int32_t units = rw_value(w, weights)->dims[0];
  const float *const zeros = ARENA_ARRAY(w->b.arena, float, (size_t)units + 1);
  if (!zeros) return false;
  const int32_t bias = rw_const(w, weights, MOTE_FLOAT32, 1, &units, zeros);
  return rw_change(w, node, NULL, 3, (int32_t[]){x, weights, bias});
}

/* And answers of rank 2, which take their shape behind the layer. */
static bool dense_shape(rewriting *w, int32_t node) {
  const int32_t y = rw_output(w, node);
  if (!too_new(w, node, sch_BuiltinOperator_FULLY_CONNECTED, 5) || !rw_float32(w, y) || !rw_shape_known(w, y))
    return false;
  sch_FullyConnectedOptions *const o = rw_options(w, node);
  if (!o || !o->keep_num_dims || rw_node(w, node)->num_outputs != 1) return false;
  o->keep_num_dims = false;
  const graph_value v = *rw_value(w, y);
  const graph_node n = *rw_node(w, node);
  const int32_t flat = rw_add(w, y, sch_BuiltinOperator_FULLY_CONNECTED, o, n.num_inputs, n.inputs);
  const int32_t shape = rw_int32s(w, y, v.rank, v.dims);
  return rw_become(w, node, sch_BuiltinOperator_RESHAPE, NULL, 2, (int32_t[]){flat, shape});
}

static int32_t operator_of(int32_t activation) {
  switch (activation) {
    case sch_ActivationFunctionType_RELU: return sch_BuiltinOperator_RELU;
    case sch_ActivationFunctionType_RELU_N1_TO_1: return sch_BuiltinOperator_RELU_N1_TO_1;
    case sch_ActivationFunctionType_RELU6: return sch_BuiltinOperator_RELU6;
    case sch_ActivationFunctionType_TANH: return sch_BuiltinOperator_TANH;
    default: return -1;
  }
}

/* The activation behind a transposed convolution. */
static bool transposed_activation(rewriting *w, int32_t node) {
  const int32_t y = rw_output(w, node);
  if (!too_new(w, node, sch_BuiltinOperator_TRANSPOSE_CONV, 4) || !rw_float32(w, y)) return false;
  sch_TransposeConvOptions *const o = rw_options(w, node);
  const int32_t activation = o ? operator_of(o->fused_activation_function) : -1;
  if (activation < 0) return false;
  o->fused_activation_function = sch_ActivationFunctionType_NONE;
  const graph_node n = *rw_node(w, node);
  const int32_t plain = rw_add(w, y, sch_BuiltinOperator_TRANSPOSE_CONV, o, n.num_inputs, n.inputs);
  return rw_become(w, node, activation, NULL, 1, &plain);
}

/* And its bias. */
static bool transposed_bias(rewriting *w, int32_t node) {
  const int32_t y = rw_output(w, node), bias = rw_input(w, node, 3);
  if (!too_new(w, node, sch_BuiltinOperator_TRANSPOSE_CONV, 3) || bias < 0 || !rw_float32(w, y)) return false;
  const sch_TransposeConvOptions *const o = rw_node(w, node)->options;
  if (o->fused_activation_function != sch_ActivationFunctionType_NONE) return false;
  const int32_t plain = rw_add(w, y, sch_BuiltinOperator_TRANSPOSE_CONV, o, 3, rw_node(w, node)->inputs);
  return rw_become(w, node, sch_BuiltinOperator_ADD, NULL, 2, (int32_t[]){plain, bias});
}

/* ---- the list ---- */

#define OLDER(function, what)                                                                                          \
  static const rewrite older_##function = {                                                                            \
      .name = "older-" what, .reason = "the runtime is too old for it", .marks = REWRITE_FILE, .apply = function}

OLDER(gelu, "gelu");
OLDER(hard_swish, "hard-swish");
OLDER(relu_0_to_1, "relu-0-to-1");
OLDER(select_equal, "select");
OLDER(broadcast, "broadcast");
OLDER(dense_bias, "dense-bias");
OLDER(dense_shape, "dense-shape");
OLDER(transposed_activation, "transposed-activation");
OLDER(transposed_bias, "transposed-bias");

const rewrite *const rewrites_for_old_runtimes[] = {
    &older_gelu,       &older_hard_swish,  &older_relu_0_to_1,           &older_select_equal,    &older_broadcast,
    &older_dense_bias, &older_dense_shape, &older_transposed_activation, &older_transposed_bias, NULL};
