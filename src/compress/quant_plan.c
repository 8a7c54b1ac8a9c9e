/* quant_plan.c: which nodes become integers, which values share a scale, and what the scales are.
 *
 * Whether an operator takes a type is asked of its descriptor, on a node of that form; so there is no second list of
 * types here. What it answers becomes the reason that people read.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "compress/quant.h"
#include "graph/eval.h"

bool quant_is_real(const graph *g, int32_t value) { return value >= 0 && g->values[value].type == MOTE_FLOAT32; }

/* ---- one form of a node, tried ---- */

typedef struct attempt {
  const quant_plan *p;
  graph_set set; /* a copy, whose main graph gets the values of the form */
  graph *g;
  arena arena;
  float *ones;
  int32_t *zeros;
  mote_error e;
} attempt;

static bool refuse(attempt *t, const char *why, int32_t operand) {
  err_set(&t->e, MOTE_ERR_UNSUPPORTED, why, (int)operand);
  return false;
}

/* A value like another, of another type. */
static int32_t like(attempt *t, int32_t value, mote_type type, int32_t count, int32_t axis) {
  if (!graph_grow(&t->arena, &t->g->values, t->g->num_values, &t->g->room_values, sizeof *t->g->values)) return -1;
  graph_value *const v = &t->g->values[t->g->num_values];
  *v = t->g->values[value];
  v->type = type;
  if (v->is_const)
    v->bytes = v->bytes / sizeof(float) * (size_t)(mote_type_bits(type) < 8 ? 8 : mote_type_bits(type)) / 8;
  v->quant = (op_quant){
      .count = count, .axis = axis, .scale = t->ones, .zero_point = t->zeros, .scales = -1, .zero_points = -1};
  return t->g->num_values++;
}

static int32_t channels_of(const graph_value *v, int32_t axis) {
  return axis < 0 || axis >= v->rank ? 1 : v->dims[axis];
}

static bool weights_fit(attempt *t, const graph_node *n, int32_t i) {
  const graph_value *const v = &t->g->values[n->inputs[i]];
  if (!v->is_const) return refuse(t, "its weights (input %d) are computed, not constant", i);
  if (v->type != MOTE_FLOAT32) return refuse(t, "its weights (input %d) are not float32", i);
  return !v->sparsity || refuse(t, "its weights (input %d) are sparse", i);
}

static bool integer_input(attempt *t, const graph_node *n, const quant_node *form, int32_t i, int32_t *to) {
  const quant_rule *const r = form->rule;
  const graph_value *const v = &t->g->values[n->inputs[i]];
  if (quant_is_weights(r, i)) {
    if (!weights_fit(t, n, i)) return false;
    *to = like(t, n->inputs[i], form->weights, channels_of(v, form->axis), form->axis < 0 ? 0 : form->axis);
  } else if (i == r->bias) {
    if (!v->is_const) return refuse(t, "its bias (input %d) is computed, not constant", i);
    *to = like(t, n->inputs[i], form->acts == MOTE_INT16 ? MOTE_INT64 : MOTE_INT32, channels_of(v, 0), 0);
  } else if (quant_is_data(r, i)) {
    if (v->type != MOTE_FLOAT32) return refuse(t, "its input %d is not float32", i);
    *to = like(t, n->inputs[i], form->acts, 1, 0);
  } else if (v->type == MOTE_FLOAT32) {
    return refuse(t, "its input %d is float32 in any case", i);
  }
  return true;
}

static bool inputs_fit(attempt *t, const graph_node *n, const quant_node *form, int32_t *to) {
  for (int32_t i = 0; i < n->num_inputs; i++) {
    to[i] = n->inputs[i];
    if (to[i] < 0) continue;
    if (form->mode == QUANT_INTEGER && !integer_input(t, n, form, i, &to[i])) return false;
    if (form->mode == QUANT_INTEGER || !quant_is_weights(form->rule, i)) continue;
    if (!weights_fit(t, n, i)) return false;
    const graph_value *const v = &t->g->values[n->inputs[i]];
    if (form->mode == QUANT_HYBRID)
      to[i] = like(t, n->inputs[i], form->weights, channels_of(v, form->axis), form->axis < 0 ? 0 : form->axis);
  }
  return true;
}

static bool outputs_fit(attempt *t, const graph_node *n, const quant_node *form, int32_t *to) {
  for (int32_t i = 0; i < n->num_outputs; i++) {
    to[i] = n->outputs[i];
    if (form->mode != QUANT_INTEGER || form->rule->output == QUANT_NONE || !quant_is_real(t->g, to[i])) continue;
    to[i] = like(t, to[i], form->acts, 1, 0);
    if (to[i] < 0) return refuse(t, "out of memory at output %d", i);
    if (form->rule->output != QUANT_FIXED) continue;
    if (form->acts == MOTE_INT16 && form->rule->scale16 == 0)
      return refuse(t, "no scale of 16-bit integers is defined for its output %d", i);
    op_quant *const q = &t->g->values[to[i]].quant;
    q->scale = form->acts == MOTE_INT16 ? &form->rule->scale16 : &form->rule->scale8;
    if (form->acts == MOTE_INT8) q->zero_point = &form->rule->zero8;
  }
  return true;
}

/* Whether the operator is one in this form. */
static bool takes(attempt *t, const graph_node *n, const quant_node *form, int32_t index) {
  const int32_t values = t->g->num_values;
  int32_t *const operands = ARENA_ARRAY(&t->arena, int32_t, (size_t)(n->num_inputs + n->num_outputs) + 1);
  if (!operands) return refuse(t, "out of memory at operator %d", index);
  graph_node tried = *n;
  tried.inputs = operands;
  tried.outputs = operands + n->num_inputs;
  bool good = inputs_fit(t, n, form, operands) && outputs_fit(t, n, form, operands + n->num_inputs);
  if (good && form->mode != QUANT_WIDENED) {
    eval v;
    arena scratch;
    arena_init(&scratch, t->arena.mem);
    good = eval_open(&v, &t->set, t->g, &tried, index, &scratch, &t->e) == MOTE_OK && eval_arity(&v.c) == MOTE_OK &&
           eval_check(&v) == MOTE_OK;
    arena_free(&scratch);
  }
  t->g->num_values = values;
  return good;
}

/* ---- deciding ---- */

static size_t weights_count(const graph *g, const graph_node *n, const quant_rule *r) {
  size_t count = 0;
  for (int32_t i = 0; i < n->num_inputs; i++) {
    if (!quant_is_weights(r, i) || n->inputs[i] < 0) continue;
    const graph_value *const v = &g->values[n->inputs[i]];
    if (v->is_const && v->type == MOTE_FLOAT32) count += v->bytes / sizeof(float);
  }
  return count;
}

/* Something flows through it that integers could stand for. */
static bool has_reals(const graph *g, const graph_node *n, const quant_rule *r) {
  for (int32_t i = 0; i < n->num_inputs; i++)
    if (quant_is_data(r, i) && quant_is_real(g, n->inputs[i]) && !g->values[n->inputs[i]].is_const) return true;
  return false;
}

/* Forms with weights of the type that is asked for, then of int8; with scales by channel, then one. */
static bool any_form(attempt *t, const graph_node *n, int32_t index, quant_node *form) {
  const int8_t axis = form->rule->axis;
  const mote_type wanted = t->p->weights;
  for (int narrow = wanted != MOTE_INT8; narrow >= 0; narrow--)
    for (int whole = 0; whole < (axis >= 0 && form->mode == QUANT_HYBRID ? 2 : 1); whole++) {
      form->weights = narrow ? wanted : MOTE_INT8;
      form->axis = whole ? -1 : axis;
      if (takes(t, n, form, index)) return true;
    }
  return false;
}

static const char *reason_of(attempt *t) {
  const char *at = strstr(t->e.text, "): ");
  at = at ? at + 3 : t->e.text;
  return arena_string(t->p->arena, at, strlen(at));
}

static void decide(attempt *t, const graph_node *n, int32_t index, quant_node *to) {
  const quant_plan *const p = t->p;
  const quant_rule *const r = to->rule;
  if (p->acts != MOTE_FLOAT32 && r->data && has_reals(t->g, n, r)) {
    to->mode = QUANT_INTEGER;
    to->acts = p->acts;
    if (any_form(t, n, index, to)) return;
    to->reason = reason_of(t);
  }
  to->mode = QUANT_FLOAT;
  const size_t count = weights_count(t->g, n, r);
  if (!count || count < (size_t)(p->config->smallest ? p->config->smallest : p->acts == MOTE_FLOAT32 ? 1024 : 1))
    return;
  to->mode = QUANT_HYBRID;
  if (!p->config->weights_only && any_form(t, n, index, to)) return;
  to->mode = QUANT_WIDENED;
  to->weights = p->weights;
  to->axis = r->axis;
  if (!takes(t, n, to, index)) to->mode = QUANT_FLOAT, to->reason = reason_of(t);
}

mote_status quant_decide(quant_plan *p, const bool *keep, mote_error *e) {
  attempt t = {.p = p};
  arena_init(&t.arena, p->g->mem);
  mote_status status = graph_copy(&p->g->set, &t.arena, &t.set, e);
  size_t most = 1;
  const graph *const g = &p->g->set.graphs[0];
  for (int32_t v = 0; v < g->num_values; v++)
    for (int32_t d = 0; d < g->values[v].rank; d++)
      if (g->values[v].is_const && (size_t)g->values[v].dims[d] > most) most = (size_t)g->values[v].dims[d];
  t.ones = ARENA_ARRAY(&t.arena, float, most);
  t.zeros = ARENA_ARRAY(&t.arena, int32_t, most);
  if (status == MOTE_OK && (!t.ones || !t.zeros)) status = err_memory(e, "a plan of quantization", most * 8);
  for (size_t i = 0; status == MOTE_OK && i < most; i++) t.ones[i] = 1;
  t.g = status == MOTE_OK ? &t.set.graphs[0] : NULL;
  for (int32_t i = 0; status == MOTE_OK && i < g->num_nodes; i++) {
    quant_node *const to = &p->nodes[i];
    *to = (quant_node){.rule = quant_rule_of(&g->nodes[i]), .axis = -1};
    if (keep[i]) to->reason = "it was asked to stay";
    else if (to->rule) decide(&t, &g->nodes[i], i, to);
    else to->reason = "TensorFlow Lite has no integer form of it";
  }
  arena_free(&t.arena);
  return status;
}

/* ---- scales that are shared ---- */

static int32_t root_of(const quant_plan *p, int32_t v) {
  while (p->values[v].parent != v) v = p->values[v].parent = p->values[p->values[v].parent].parent;
  return v;
}

static void merge(quant_plan *p, int32_t a, int32_t b) {
  quant_value *const x = &p->values[root_of(p, a)], *const y = &p->values[root_of(p, b)];
  if (x == y || (x->fixed && y->fixed && x->fixed != y->fixed)) return;
  if (!x->fixed) x->fixed = y->fixed;
  y->parent = x->parent;
}

static int32_t data_count(const graph_node *n, const quant_rule *r) {
  int32_t count = 0;
  for (int32_t i = 0; i < n->num_inputs; i++) count += n->inputs[i] >= 0 && quant_is_data(r, i);
  return count;
}

/* One input's scale is its output's. Of several inputs those whose scale a rule fixes keep it, and are quantized anew
 * for this operator. */
static void group_node(quant_plan *p, const graph *g, const graph_node *n, const quant_rule *r) {
  const bool alone = data_count(n, r) == 1;
  int32_t out = -1;
  for (int32_t i = 0; i < n->num_outputs; i++) {
    if (!quant_is_real(g, n->outputs[i])) continue;
    if (out < 0) out = n->outputs[i];
    else merge(p, out, n->outputs[i]);
  }
  for (int32_t i = 0; out >= 0 && i < n->num_inputs; i++) {
    const int32_t in = n->inputs[i];
    if (in < 0 || !quant_is_data(r, i) || g->values[in].is_const) continue;
    if (alone || !p->values[root_of(p, in)].fixed) merge(p, in, out);
  }
}

static void constant_range(quant_plan *p, const graph_value *v, int32_t of) {
  float lo = 0, hi = 0;
  const float *const x = v->data;
  for (size_t i = 0; i < v->bytes / sizeof *x; i++) lo = fminf(lo, x[i]), hi = fmaxf(hi, x[i]);
  quant_range(p, of, lo, hi);
}

mote_status quant_group(quant_plan *p, mote_error *e) {
  const graph *const g = &p->g->set.graphs[0];
  p->num_values = g->num_values;
  p->values = ARENA_ARRAY(p->arena, quant_value, (size_t)g->num_values + 1);
  if (!p->values) return err_memory(e, "a plan of quantization", (size_t)g->num_values * sizeof *p->values);
  for (int32_t v = 0; v < g->num_values; v++) p->values[v].parent = v;
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const graph_node *const n = &g->nodes[i];
    const quant_rule *const r = p->nodes[i].rule;
    if (p->nodes[i].mode != QUANT_INTEGER) continue;
    if (r->output == QUANT_FIXED) p->values[n->outputs[0]].fixed = r;
    if (r->output == QUANT_SAME) group_node(p, g, n, r);
    for (int32_t k = 0; k < n->num_inputs; k++)
      if (n->inputs[k] >= 0 && quant_is_data(r, k) && !g->values[n->inputs[k]].is_const)
        p->values[n->inputs[k]].needed = true;
    for (int32_t k = 0; k < n->num_outputs && r->output != QUANT_NONE; k++)
      if (quant_is_real(g, n->outputs[k])) p->values[n->outputs[k]].needed = true;
  }
  for (int32_t i = 0; i < g->num_nodes; i++) {
    const graph_node *const n = &g->nodes[i];
    if (p->nodes[i].mode != QUANT_INTEGER) continue;
    for (int32_t k = 0; k < n->num_inputs; k++)
      if (n->inputs[k] >= 0 && quant_is_data(p->nodes[i].rule, k) && g->values[n->inputs[k]].is_const)
        constant_range(p, &g->values[n->inputs[k]],
                       p->nodes[i].rule->output == QUANT_SAME ? n->outputs[0] : n->inputs[k]);
  }
  return MOTE_OK;
}

/* ---- scales ---- */

void quant_range(quant_plan *p, int32_t value, float lo, float hi) {
  quant_value *const v = &p->values[root_of(p, value)];
  v->ranged = true;
  v->lo = fminf(v->lo, fminf(lo, 0));
  v->hi = fmaxf(v->hi, fmaxf(hi, 0));
}

/* TFLite's quantization specification: int8 from the range with 0 in it, int16 symmetric. */
void quant_params(const quant_plan *p, int32_t value, mote_type type, float *scale, int32_t *zero) {
  const quant_value *const v = &p->values[root_of(p, value)];
  *zero = 0;
  if (v->fixed && type != MOTE_INT16) {
    *scale = v->fixed->scale8;
    *zero = v->fixed->zero8 + (type == MOTE_UINT8 ? 128 : 0);
  } else if (v->fixed && v->fixed->scale16 > 0) {
    *scale = v->fixed->scale16;
  } else if (type == MOTE_INT16) {
    *scale = fmaxf(-v->lo, v->hi) / 32767;
  } else {
    *scale = (float)(((double)v->hi - (double)v->lo) / 255);
    if (*scale > 0) *zero = (int32_t)lround(-128 - (double)v->lo / (double)*scale);
    *zero = (*zero < -128 ? -128 : *zero > 127 ? 127 : *zero) + (type == MOTE_UINT8 ? 128 : 0);
  }
  if (*scale < 1e-30f) *scale = 1;
}
