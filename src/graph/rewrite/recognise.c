/* recognise.c: activations that were spelled out, found by what they compute.
 *
 *     x ──▶ ADD 3 ──▶ RELU6 ──▶ MUL x ──▶ MUL 1/6 ──▶ y          x ──▶ HARD_SWISH ──▶ y
 *
 * There are many ways to write GELU, and every framework knows another one. So no pattern is matched here: operators
 * that work element by element on one x and on single numbers are a function of one number, which is computed at points
 * from far below to far above zero, each at most twice as far out as the one before, and compared with the activations
 * that the format has. A function that agrees at all of them, with limits and corners in between, is none that anyone
 * writes.
 *
 * Floats move by the roundings of the steps that are left out.
 */
#include <math.h>
#include <string.h>

#include "graph/rewrite/rewrite.h"

enum { MOST_NODES = 20 };

typedef struct cone {
  int32_t source;            /* x */
  int32_t nodes[MOST_NODES]; /* the root first */
  int32_t count;
} cone;

/* ---- what is a function of one number ---- */

static bool computable(const rewriting *w, int32_t node) {
  const graph_node *const n = rw_node(w, node);
  if (n->num_outputs != 1 || n->num_inputs < 1 || n->num_inputs > 2 || !rw_float32(w, n->outputs[0])) return false;
  switch (n->op->code) {
    case sch_BuiltinOperator_ADD:
    case sch_BuiltinOperator_SUB:
    case sch_BuiltinOperator_MUL:
    case sch_BuiltinOperator_DIV:
    case sch_BuiltinOperator_POW:
    case sch_BuiltinOperator_MAXIMUM:
    case sch_BuiltinOperator_MINIMUM:
    case sch_BuiltinOperator_SQUARE:
    case sch_BuiltinOperator_SQRT:
    case sch_BuiltinOperator_RSQRT:
    case sch_BuiltinOperator_EXP:
    case sch_BuiltinOperator_NEG:
    case sch_BuiltinOperator_ABS:
    case sch_BuiltinOperator_TANH:
    case sch_BuiltinOperator_LOGISTIC:
    case sch_BuiltinOperator_RELU:
    case sch_BuiltinOperator_RELU6: return true;
    default: return n->num_inputs == 1 && (n->op->traits & OP_SOURCE) && !strcmp(n->op->name, "Erf");
  }
}

static bool contains(const cone *c, int32_t node) {
  for (int32_t i = 0; i < c->count; i++)
    if (c->nodes[i] == node) return true;
  return false;
}

/* All that lies between the source and the root; false when something else comes in, or is too much. */
static bool grow(const rewriting *w, cone *c, int32_t root) {
  float number;
  bool meets = false;
  c->nodes[0] = root;
  c->count = 1;
  for (int32_t i = 0; i < c->count; i++) {
    const graph_node *const n = rw_node(w, c->nodes[i]);
    for (int32_t k = 0; k < n->num_inputs; k++) {
      const int32_t v = n->inputs[k], maker = rw_maker(w, v);
      meets |= v == c->source;
      if (v == c->source || rw_scalar(w, v, &number) || (maker >= 0 && contains(c, maker))) continue;
      if (maker < 0 || !computable(w, maker) || c->count == MOST_NODES) return false;
      c->nodes[c->count++] = maker;
    }
  }
  return meets;
}

/* Nobody outside reads what is computed on the way. */
static bool closed(const rewriting *w, const cone *c) {
  for (int32_t i = 1; i < c->count; i++) {
    const int32_t v = rw_output(w, c->nodes[i]);
    int32_t inside = 0;
    for (int32_t k = 0; k < c->count; k++)
      for (int32_t j = 0; j < rw_node(w, c->nodes[k])->num_inputs; j++) inside += rw_input(w, c->nodes[k], j) == v;
    if (w->is_output[v] || w->reads[v] != inside) return false;
  }
  return true;
}

/* ---- computing it ---- */

static double clamped(double v, int32_t activation) {
  switch (activation) {
    case sch_ActivationFunctionType_RELU: return fmax(v, 0);
    case sch_ActivationFunctionType_RELU6: return fmin(fmax(v, 0), 6);
    case sch_ActivationFunctionType_RELU_N1_TO_1: return fmin(fmax(v, -1), 1);
    default: return v;
  }
}

static double computed(int32_t code, double a, double b) {
  switch (code) {
    case sch_BuiltinOperator_ADD: return a + b;
    case sch_BuiltinOperator_SUB: return a - b;
    case sch_BuiltinOperator_MUL: return a * b;
    case sch_BuiltinOperator_DIV: return a / b;
    case sch_BuiltinOperator_POW: return pow(a, b);
    case sch_BuiltinOperator_MAXIMUM: return fmax(a, b);
    case sch_BuiltinOperator_MINIMUM: return fmin(a, b);
    case sch_BuiltinOperator_SQUARE: return a * a;
    case sch_BuiltinOperator_SQRT: return sqrt(a);
    case sch_BuiltinOperator_RSQRT: return 1 / sqrt(a);
    case sch_BuiltinOperator_EXP: return exp(a);
    case sch_BuiltinOperator_NEG: return -a;
    case sch_BuiltinOperator_ABS: return fabs(a);
    case sch_BuiltinOperator_TANH: return tanh(a);
    case sch_BuiltinOperator_LOGISTIC: return 1 / (1 + exp(-a));
    case sch_BuiltinOperator_RELU: return fmax(a, 0);
    case sch_BuiltinOperator_RELU6: return fmin(fmax(a, 0), 6);
    default: return erf(a);
  }
}

/* An operand's number: x, a constant, or what a node gave already; false while that is not known. */
static bool operand(const rewriting *w, const cone *c, int32_t value, double x, const double *done, const bool *known,
                    double *to) {
  float number;
  if (value == c->source) return *to = x, true;
  for (int32_t i = 0; i < c->count; i++)
    if (rw_output(w, c->nodes[i]) == value) return *to = done[i], known[i];
  return rw_scalar(w, value, &number) ? (*to = (double)number, true) : false;
}

/* The root at x: nodes are computed as soon as their operands are. */
static double value_at(const rewriting *w, const cone *c, double x) {
  double done[MOST_NODES], a, b = 0;
  bool known[MOST_NODES] = {false};
  for (int32_t round = 0; round < c->count && !known[0]; round++)
    for (int32_t i = c->count - 1; i >= 0; i--) {
      const graph_node *const n = rw_node(w, c->nodes[i]);
      if (known[i] || !operand(w, c, n->inputs[0], x, done, known, &a)) continue;
      if (n->num_inputs == 2 && !operand(w, c, n->inputs[1], x, done, known, &b)) continue;
      const int32_t *const fused = rw_activation(n);
      done[i] = clamped(computed(n->op->code, a, b), fused ? *fused : 0);
      known[i] = true;
    }
  return known[0] ? done[0] : NAN;
}

/* ---- what it may be ---- */

static double f_relu(double x, double p) { return (void)p, fmax(x, 0); }
static double f_relu6(double x, double p) { return (void)p, fmin(fmax(x, 0), 6); }
static double f_relu_n1(double x, double p) { return (void)p, fmin(fmax(x, -1), 1); }
static double f_relu_01(double x, double p) { return (void)p, fmin(fmax(x, 0), 1); }
static double f_leaky(double x, double p) { return x > 0 ? x : p * x; }
static double f_hard_swish(double x, double p) { return (void)p, x * fmin(fmax(x + 3, 0), 6) / 6; }
static double f_logistic(double x, double p) { return (void)p, 1 / (1 + exp(-x)); }
static double f_gelu(double x, double p) { return (void)p, x / 2 * (1 + erf(x * sqrt(0.5))); }
static double f_gelu_tanh(double x, double p) {
  return (void)p, x / 2 * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
}

static const struct {
  int32_t code;
  double (*f)(double x, double p);
  bool approximate; /* GELU's option */
} known_as[] = {
    {sch_BuiltinOperator_RELU, f_relu, false},
    {sch_BuiltinOperator_RELU6, f_relu6, false},
    {sch_BuiltinOperator_RELU_N1_TO_1, f_relu_n1, false},
    {sch_BuiltinOperator_RELU_0_TO_1, f_relu_01, false},
    {sch_BuiltinOperator_HARD_SWISH, f_hard_swish, false},
    {sch_BuiltinOperator_LOGISTIC, f_logistic, false},
    {sch_BuiltinOperator_GELU, f_gelu, false},
    {sch_BuiltinOperator_GELU, f_gelu_tanh, true},
    {sch_BuiltinOperator_LEAKY_RELU, f_leaky, false},
};

enum { KINDS = sizeof known_as / sizeof *known_as, POINTS = 240 };

/* Points 1, 2, ... of a fine grid around zero, then further and further out, on both sides. */
static double point(int i) {
  const double sign = i % 2 ? -1 : 1;
  const int k = i / 2;
  return sign * (k < 80 ? k * 0.11 + 0.013 : 8.8 * pow(1.9, k - 79));
}

/* The activation that the cone agrees with at all points; -1: none. */
static int find(rewriting *w, const cone *c, double alpha) {
  bool fits[KINDS];
  int left = KINDS, kind = -1;
  for (int k = 0; k < KINDS; k++) fits[k] = true;
  for (int i = 0; i < POINTS && left; i++) {
    const double x = point(i), is = value_at(w, c, x);
    left = 0;
    for (int k = KINDS - 1; k >= 0; k--) {
      if (!fits[k]) continue;
      const double want = known_as[k].f(x, alpha);
      fits[k] = fabs(is - want) <= 2e-6 * fmax(1, fabs(want));
      if (fits[k]) left++, kind = k;
    }
  }
  w->budget -= c->count * c->count;
  return left ? kind : -1;
}

static bool put(rewriting *w, int32_t root, int kind, int32_t x, double alpha) {
  const sch_GeluOptions gelu = {.approximate = known_as[kind].approximate};
  const sch_LeakyReluOptions leaky = {.alpha = (float)alpha};
  const int32_t code = known_as[kind].code;
  const void *const options = code == sch_BuiltinOperator_GELU         ? (const void *)&gelu
                              : code == sch_BuiltinOperator_LEAKY_RELU ? (const void *)&leaky
                                                                       : NULL;
  return rw_may_use(w, code, 1) && rw_become(w, root, code, options, 1, &x);
}

static bool recognise_from(rewriting *w, int32_t root, int32_t source) {
  cone c = {.source = source};
  if (!rw_float32(w, source) || !grow(w, &c, root) || !closed(w, &c)) return false;
  const int32_t code = rw_node(w, root)->op->code;
  if (c.count == 1 && code != sch_BuiltinOperator_MAXIMUM && code != sch_BuiltinOperator_MINIMUM) return false;
  const double alpha = -value_at(w, &c, -1);
  const int kind = find(w, &c, alpha);
  if (kind < 0 || (known_as[kind].code == sch_BuiltinOperator_LEAKY_RELU && !(alpha > 0 && alpha < 1))) return false;
  return put(w, root, kind, source, alpha);
}

/* Values that the root may be a function of: what its operands are made from, nearest first. */
static bool recognise(rewriting *w, int32_t root) {
  int32_t near[MOST_NODES];
  int32_t count = 0;
  if (!computable(w, root) || rw_node(w, root)->num_inputs != 2) return false;
  near[count++] = rw_output(w, root);
  for (int32_t i = 0; i < count; i++) {
    const int32_t maker = rw_maker(w, near[i]);
    if (maker < 0 || !computable(w, maker)) continue;
    for (int32_t k = 0; k < rw_node(w, maker)->num_inputs && count < MOST_NODES; k++) {
      const int32_t v = rw_input(w, maker, k);
      bool known = rw_is_const(w, v);
      for (int32_t j = 0; j < count; j++) known |= near[j] == v;
      if (!known) near[count++] = v;
    }
  }
  for (int32_t i = 1; i < count; i++)
    if (recognise_from(w, root, near[i])) return true;
  return false;
}

const rewrite rewrite_recognise_activation = {
    .name = "recognise-activation",
    .reason = "together they are an activation that is one operator",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = recognise,
};
