/* layers_activation.c: activations by name, and the layers that are nothing else. */
#include <math.h>
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

static int32_t less(k_ctx *c, int32_t x, float v) { return k_op2(c, OP(MINIMUM), NULL, x, k_float(c, v)); }
static int32_t more(k_ctx *c, int32_t x, float v) { return k_op2(c, OP(MAXIMUM), NULL, x, k_float(c, v)); }

static int32_t leaky(k_ctx *c, int32_t x, float slope) {
  sch_LeakyReluOptions o = BUILD_OPTIONS(LeakyReluOptions);
  o.alpha = slope;
  return k_op1(c, OP(LEAKY_RELU), &o, x);
}

/* x where x > 0, else slope (exp x - 1). */
static int32_t elu(k_ctx *c, int32_t x, float slope) {
  const int32_t y = k_op1(c, OP(ELU), NULL, x);
  if (slope == 1) return y;
  return k_add(c, k_op1(c, OP(RELU), NULL, x), k_scale(c, less(c, y, 0), slope));
}

static int32_t softplus(k_ctx *c, int32_t x) { /* max(x, 0) + log(1 + exp -|x|), which never overflows */
  const int32_t below = k_op1(c, OP(EXP), NULL, k_op1(c, OP(NEG), NULL, k_op1(c, OP(ABS), NULL, x)));
  return k_add(c, k_op1(c, OP(RELU), NULL, x), k_op1(c, OP(LOG), NULL, k_offset(c, below, 1)));
}

static int32_t relu(k_ctx *c, int32_t x) { return k_op1(c, OP(RELU), NULL, x); }
static int32_t relu6(k_ctx *c, int32_t x) { return k_op1(c, OP(RELU6), NULL, x); }
static int32_t tanh_of(k_ctx *c, int32_t x) { return k_op1(c, OP(TANH), NULL, x); }
static int32_t sigmoid(k_ctx *c, int32_t x) { return k_op1(c, OP(LOGISTIC), NULL, x); }
static int32_t linear(k_ctx *c, int32_t x) {
  (void)c;
  return x;
}
static int32_t softmax(k_ctx *c, int32_t x) { return k_softmax(c, x, -1); }
static int32_t log_softmax(k_ctx *c, int32_t x) { return k_op1(c, OP(LOG_SOFTMAX), NULL, x); }
static int32_t elu_1(k_ctx *c, int32_t x) { return elu(c, x, 1); }
static int32_t exponential(k_ctx *c, int32_t x) { return k_op1(c, OP(EXP), NULL, x); }
static int32_t swish(k_ctx *c, int32_t x) { return k_mul(c, x, sigmoid(c, x)); }
static int32_t mish(k_ctx *c, int32_t x) { return k_mul(c, x, tanh_of(c, softplus(c, x))); }
static int32_t hard_swish(k_ctx *c, int32_t x) { return k_op1(c, OP(HARD_SWISH), NULL, x); }
static int32_t leaky_2(k_ctx *c, int32_t x) { return leaky(c, x, 0.2f); }
static int32_t hard_tanh(k_ctx *c, int32_t x) { return k_op1(c, OP(RELU_N1_TO_1), NULL, x); }
static int32_t soft_sign(k_ctx *c, int32_t x) {
  return k_op2(c, OP(DIV), NULL, x, k_offset(c, k_op1(c, OP(ABS), NULL, x), 1));
}
static int32_t log_sigmoid(k_ctx *c, int32_t x) {
  return k_op1(c, OP(NEG), NULL, softplus(c, k_op1(c, OP(NEG), NULL, x)));
}
static int32_t tanh_shrink(k_ctx *c, int32_t x) { return k_sub(c, x, tanh_of(c, x)); }
static int32_t soft_shrink(k_ctx *c, int32_t x) { /* beyond half to either side, by how much */
  return k_sub(c, x, more(c, less(c, x, 0.5f), -0.5f));
}
static int32_t hard_shrink(k_ctx *c, int32_t x) {
  const int32_t far = k_op2(c, OP(GREATER), NULL, k_op1(c, OP(ABS), NULL, x), k_float(c, 0.5f));
  return k_mul(c, x, k_cast(c, far, MOTE_FLOAT32));
}
static int32_t celu(k_ctx *c, int32_t x) { return elu(c, x, 1); }
static int32_t squareplus(k_ctx *c, int32_t x) {
  return k_scale(c, k_add(c, x, k_op1(c, OP(SQRT), NULL, k_offset(c, k_mul(c, x, x), 4))), 0.5f);
}
static int32_t glu(k_ctx *c, int32_t x) {
  const int32_t rank = k_rank(c, x), half = build_dim(c->b, x, -1) / 2;
  if (half < 1) return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "glu needs an even, known last dimension");
  return k_mul(c, k_cut(c, x, rank - 1, 0, half), sigmoid(c, k_cut(c, x, rank - 1, half, 0)));
}

static int32_t selu(k_ctx *c, int32_t x) { return k_scale(c, elu(c, x, 1.6732632423543772f), 1.0507009873554805f); }

static int32_t gelu(k_ctx *c, int32_t x) { return k_op1(c, OP(GELU), NULL, x); }

/* Keras 3 draws it between -3 and 3, its forerunners between -2.5 and 2.5. */
static int32_t hard_sigmoid(k_ctx *c, int32_t x) {
  if (c->e->config->version >= 3) return k_scale(c, relu6(c, k_offset(c, x, 3)), 1 / 6.0f);
  return less(c, more(c, k_offset(c, k_scale(c, x, 0.2f), 0.5f), 0), 1);
}

static const struct activation {
  const char *name;
  int32_t (*emit)(k_ctx *c, int32_t x);
} activations[] = {
    {"linear", linear},
    {"relu", relu},
    {"relu6", relu6},
    {"tanh", tanh_of},
    {"sigmoid", sigmoid},
    {"softmax", softmax},
    {"log_softmax", log_softmax},
    {"elu", elu_1},
    {"selu", selu},
    {"exponential", exponential},
    {"softplus", softplus},
    {"softsign", soft_sign},
    {"swish", swish},
    {"silu", swish},
    {"mish", mish},
    {"gelu", gelu},
    {"hard_sigmoid", hard_sigmoid},
    {"hard_swish", hard_swish},
    {"hard_silu", hard_swish},
    {"leaky_relu", leaky_2},
    {"log_sigmoid", log_sigmoid},
    {"tanh_shrink", tanh_shrink},
    {"soft_shrink", soft_shrink},
    {"hard_shrink", hard_shrink},
    {"hard_tanh", hard_tanh},
    {"celu", celu},
    {"squareplus", squareplus},
    {"glu", glu},
};

int32_t k_activate_name(k_ctx *c, int32_t x, const char *name) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
    if (!strcmp(activations[i].name, name)) return activations[i].emit(c, x);
  return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its activation '%.60s' is not known", name);
}

int32_t k_activate(k_ctx *c, int32_t x, const json_t *activation) {
  if (!activation || json_is_null(activation)) return x;
  if (json_is_string(activation)) return k_activate_name(c, x, json_string_value(activation));
  const json_t *config = json_object_get(activation, "config");
  if (json_is_string(config)) return k_activate_name(c, x, json_string_value(config)); /* a function by name */
  mote_error e;
  const k_layer *layer = k_config_layer(c->e->config, activation, c->b->arena, &e); /* a layer instead of a function */
  if (!layer) return build_fail(c->b, e.code, "%s", e.text);
  k_tensor out[K_MOST_OUT];
  int32_t count;
  k_emit_inner(c, layer, &c->weights, &(k_tensor){x, -1}, 1, out, &count);
  return out[0].value;
}

/* ---- layers ---- */

static void activation(k_ctx *c) { c->out[0].value = k_activate(c, c->in[0].value, k_get(c->config, "activation")); }

static void leaky_layer(k_ctx *c) {
  c->out[0].value = leaky(c, c->in[0].value, (float)k_real(c, "negative_slope|alpha", 0.3));
}

static void elu_layer(k_ctx *c) { c->out[0].value = elu(c, c->in[0].value, (float)k_real(c, "alpha", 1)); }

/* x where it is above theta, else 0. */
static int32_t above(k_ctx *c, int32_t x, float theta) {
  return k_mul(c, x, k_cast(c, k_op2(c, OP(GREATER), NULL, x, k_float(c, theta)), MOTE_FLOAT32));
}

static void thresholded(k_ctx *c) { c->out[0].value = above(c, c->in[0].value, (float)k_real(c, "theta", 1)); }

/* f(x) = most where x >= most, x where x >= threshold, else slope (x - threshold). */
static void relu_layer(k_ctx *c) {
  const float slope = (float)k_real(c, "negative_slope|alpha", 0), threshold = (float)k_real(c, "threshold|theta", 0),
              most = (float)k_real(c, "max_value", INFINITY);
  int32_t x = c->in[0].value;
  if (threshold == 0) {
    if (slope == 0 && most == 6) x = relu6(c, x);
    else x = slope != 0 ? leaky(c, x, slope) : relu(c, x);
    c->out[0].value = most == INFINITY || (slope == 0 && most == 6) ? x : less(c, x, most);
    return;
  }
  int32_t y = above(c, x, threshold);
  if (slope != 0) y = k_add(c, y, k_scale(c, less(c, k_offset(c, x, -threshold), 0), slope));
  c->out[0].value = most == INFINITY ? y : less(c, y, most);
}

static void prelu(k_ctx *c) {
  const int32_t x = c->in[0].value, rank = k_rank(c, x);
  const k_array *alpha = k_take(c, "alpha", 0, rank - 1, NULL);
  c->out[0].value = k_op2(c, OP(PRELU), NULL, x, k_const_array(c, "alpha", alpha));
}

static void softmax_layer(k_ctx *c) {
  const json_t *axes = k_get(c->config, "axis");
  int32_t x = c->in[0].value;
  if (c->num_in > 1) { /* a mask: what it leaves out gets next to nothing */
    const int32_t kept = k_cast(c, c->in[1].value, MOTE_FLOAT32);
    x = k_add(c, x, k_scale(c, k_offset(c, kept, -1), 1e9f));
  }
  if (json_array_size(axes) < 2) {
    c->out[0].value = k_softmax(c, x, k_int(c, "axis", -1));
    return;
  }
  int32_t list[OP_MAX_RANK];
  const int32_t count = k_ints(c, "axis", list, OP_MAX_RANK);
  const int32_t e = k_op1(c, OP(EXP), NULL, k_sub(c, x, k_reduce(c, OP(REDUCE_MAX), x, list, count, true)));
  c->out[0].value = k_op2(c, OP(DIV), NULL, e, k_reduce(c, OP(SUM), e, list, count, true));
}

const k_row k_rows_activation[] = {
    {"Activation", activation, 0, true}, {"ReLU", relu_layer, 0, true}, {"LeakyReLU", leaky_layer, 0, true},
    {"PReLU", prelu, 0, true},           {"ELU", elu_layer, 0, true},   {"ThresholdedReLU", thresholded, 0, true},
    {"Softmax", softmax_layer, 0, true}, {NULL, NULL, 0, false},
};
