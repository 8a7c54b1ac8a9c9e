/* quant_emit.c: the quantized network, node by node from the network of floats and a plan.
 *
 * A value of the old network has forms in the new one: the one that its maker gives, and others that readers ask for,
 * which QUANTIZE and DEQUANTIZE make of it, once each. The float form is the old value itself.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/f16.h"
#include "compress/quant.h"
#include "graph/options.h"

typedef struct form {
  mote_type type;
  float scale;
  int32_t zero;
  int32_t value; /* in the new network */
  int32_t next;  /* form of the same value; -1: the last */
} form;

typedef struct packed_weights {
  int32_t of;
  mote_type type;
  int32_t axis, value;
} packed_weights;

typedef struct emitter {
  const quant_plan *p;
  mote_graph *g;
  int32_t *first; /* [num_values]: its first form is what its maker gives; -1: floats */
  form *forms;
  int32_t num_forms, room_forms;
  packed_weights *packed;
  int32_t num_packed, room_packed;
  arena *arena; /* of the work */
  mote_error *error;
} emitter;

static graph *main_of(const emitter *m) { return &m->g->set.graphs[0]; }

static mote_status no_memory(const emitter *m) { return err_memory(m->error, "the quantized network", 0); }

/* ---- values and nodes ---- */

static bool set_quant(const emitter *m, graph_value *v, int32_t count, int32_t axis, const float *scale, int32_t zero) {
  float *const s = ARENA_ARRAY(&m->g->arena, float, (size_t)count + 1);
  int32_t *const z = ARENA_ARRAY(&m->g->arena, int32_t, (size_t)count + 1);
  if (!s || !z) return false;
  for (int32_t i = 0; i < count; i++) s[i] = scale[i], z[i] = zero;
  v->quant = (op_quant){.count = count, .axis = axis, .scale = s, .zero_point = z, .scales = -1, .zero_points = -1};
  return true;
}

/* A value of the shape and name of an old one; -1: no memory. */
static int32_t add_value(const emitter *m, int32_t like, mote_type type) {
  graph *const g = main_of(m);
  if (!graph_grow(&m->g->arena, &g->values, g->num_values, &g->room_values, sizeof *g->values)) return -1;
  graph_value *const v = &g->values[g->num_values];
  *v = g->values[like];
  v->type = type;
  v->quant = (op_quant){.scales = -1, .zero_points = -1};
  v->is_const = false;
  v->data = NULL;
  v->bytes = 0;
  v->known = NULL;
  v->tensor = g->num_values;
  return g->num_values++;
}

static int32_t add_const(const emitter *m, int32_t like, mote_type type, const void *data, size_t bytes) {
  const int32_t value = add_value(m, like, type);
  if (value < 0) return -1;
  graph_value *const v = &main_of(m)->values[value];
  v->is_const = true;
  v->data = data;
  v->bytes = bytes;
  return value;
}

static mote_status add_node(const emitter *m, const graph_node *n) {
  graph *const g = main_of(m);
  if (!graph_grow(&m->g->arena, &g->nodes, g->num_nodes, &g->room_nodes, sizeof *g->nodes)) return no_memory(m);
  g->nodes[g->num_nodes++] = *n;
  return MOTE_OK;
}

static mote_status add_convert(const emitter *m, int32_t code, int32_t from, int32_t to) {
  int32_t *const operands = ARENA_ARRAY(&m->g->arena, int32_t, 2);
  if (!operands) return no_memory(m);
  operands[0] = from;
  operands[1] = to;
  return add_node(m, &(graph_node){.op = op_find(code),
                                   .version = 1,
                                   .inputs = operands,
                                   .num_inputs = 1,
                                   .outputs = operands + 1,
                                   .num_outputs = 1,
                                   .index = -1});
}

/* ---- forms ---- */

/* Takes note of a form; the first of a value is what its maker gives. */
static bool note(emitter *m, int32_t value, const form *f) {
  if (!graph_grow(m->arena, &m->forms, m->num_forms, &m->room_forms, sizeof *m->forms)) return false;
  m->forms[m->num_forms] = *f;
  m->forms[m->num_forms].next = -1;
  int32_t *at = &m->first[value];
  while (*at >= 0) at = &m->forms[*at].next;
  *at = m->num_forms++;
  return true;
}

static bool quantized_value(emitter *m, int32_t like, form *f) {
  f->value = add_value(m, like, f->type);
  return f->value >= 0 && set_quant(m, &main_of(m)->values[f->value], 1, 0, &f->scale, f->zero);
}

/* The value in this form. */
static mote_status take(emitter *m, int32_t value, form *wanted) {
  const bool real = wanted->type == MOTE_FLOAT32;
  const int32_t first = m->first[value];
  if (first < 0 && real) return wanted->value = value, MOTE_OK;
  for (int32_t f = first; f >= 0; f = m->forms[f].next) {
    const form *const have = &m->forms[f];
    if (have->type != wanted->type || (!real && (have->scale != wanted->scale || have->zero != wanted->zero))) continue;
    return wanted->value = have->value, MOTE_OK;
  }
  const int32_t from = first < 0 ? value : m->forms[first].value;
  if (real) wanted->value = value;
  else if (!quantized_value(m, value, wanted)) return no_memory(m);
  if (first < 0) { /* what the maker gives, floats, stays the first */
    const form floats = {.type = MOTE_FLOAT32, .value = value};
    if (!note(m, value, &floats)) return no_memory(m);
  }
  if (!note(m, value, wanted)) return no_memory(m);
  return add_convert(m, real ? sch_BuiltinOperator_DEQUANTIZE : sch_BuiltinOperator_QUANTIZE, from, wanted->value);
}

static mote_status take_real(emitter *m, int32_t value, int32_t *to) {
  form f = {.type = MOTE_FLOAT32};
  if (!quant_is_real(main_of(m), value) || main_of(m)->values[value].is_const) return *to = value, MOTE_OK;
  MOTE_TRY(take(m, value, &f));
  *to = f.value;
  return MOTE_OK;
}

/* ---- constants ---- */

static mote_status odd_weights(const emitter *m, int32_t value) {
  char name[100];
  const sch_string s = main_of(m)->values[value].name;
  return err_set(
      m->error, MOTE_ERR_MODEL,
      "'%s' has weights that are no finite numbers; name its layer in the list of those that stay as they are, "
      "or repair the model",
      err_name(name, sizeof name, s.data ? s.data : "", s.size));
}

/* TFLite's guard: where a bias would not fit in 31 bits, the scale of its weights grows. */
static void make_room_for_bias(const graph_value *bias, float in, float *scales) {
  const float *const b = bias->data;
  for (int32_t c = 0; c < (int32_t)(bias->bytes / sizeof *b); c++) {
    const double most = 0.5 * (double)in * (double)scales[c] * 2147483647.0;
    if (fabs((double)b[c]) >= most) scales[c] = (float)(2 * fabs((double)b[c]) / ((double)in * 2147483647.0));
  }
}

/* Weights as integers (or float16); *scales are those of the coordinates. bias: of 32-bit integers, -1: none. */
static mote_status pack(emitter *m, int32_t value, const quant_node *n, int32_t bias, float in, int32_t *to,
                        const float **scales) {
  const graph_value v = main_of(m)->values[value];
  const extent x = extent_of(&v, n->axis);
  float *const s = ARENA_ARRAY(m->arena, float, x.size + 1);
  const size_t count = v.bytes / sizeof(float), bits = (size_t)mote_type_bits(n->weights),
               bytes = (count * bits + 7) / 8;
  if (!s) return no_memory(m);
  if (!quant_scales(&v, n->axis, n->weights, s)) return odd_weights(m, value);
  if (bias >= 0 && n->axis >= 0) make_room_for_bias(&main_of(m)->values[bias], in, s);
  *scales = s;
  for (int32_t i = 0; i < m->num_packed && bias < 0; i++)
    if (m->packed[i].of == value && m->packed[i].type == n->weights && m->packed[i].axis == n->axis)
      return *to = m->packed[i].value, MOTE_OK;
  void *const data = arena_alloc(&m->g->arena, bytes + 1);
  if (!data) return no_memory(m);
  quant_round(&v, n->axis, n->weights, s, data);
  *to = add_const(m, value, n->weights, data, bytes);
  if (*to < 0 || !set_quant(m, &main_of(m)->values[*to], (int32_t)x.size, n->axis < 0 ? 0 : n->axis, s, 0))
    return no_memory(m);
  if (bias >= 0) return MOTE_OK;
  if (!graph_grow(m->arena, &m->packed, m->num_packed, &m->room_packed, sizeof *m->packed)) return no_memory(m);
  m->packed[m->num_packed++] = (packed_weights){value, n->weights, n->axis, *to};
  return MOTE_OK;
}

static mote_status pack_half(emitter *m, int32_t value, int32_t *to) {
  const graph_value v = main_of(m)->values[value];
  const size_t count = v.bytes / sizeof(float);
  uint16_t *const data = ARENA_ARRAY(&m->g->arena, uint16_t, count + 1);
  if (!data) return no_memory(m);
  for (size_t i = 0; i < count; i++) data[i] = f16_from_f32(fminf(fmaxf(((const float *)v.data)[i], -65504), 65504));
  *to = add_const(m, value, MOTE_FLOAT16, data, count * sizeof *data);
  return *to < 0 ? no_memory(m) : MOTE_OK;
}

/* A bias in the scale of the sums: that of the input times that of the weights. */
static mote_status pack_bias(emitter *m, int32_t value, mote_type acts, float in, const float *weights, bool whole,
                             int32_t *to) {
  const graph_value v = main_of(m)->values[value];
  const float *const b = v.data;
  const size_t count = v.bytes / sizeof *b;
  const bool wide = acts == MOTE_INT16;
  float *const scales = ARENA_ARRAY(m->arena, float, count + 1);
  void *const data = arena_alloc(&m->g->arena, (count + 1) * (wide ? 8 : 4));
  if (!scales || !data) return no_memory(m);
  for (size_t c = 0; c < count; c++) {
    scales[c] = in * weights[whole ? 0 : c];
    if (!isfinite(b[c])) return odd_weights(m, value);
    const double q = round((double)b[c] / (double)scales[c]);
    if (wide) ((int64_t *)data)[c] = (int64_t)fmin(fmax(q, -0x1p46), 0x1p46);
    else ((int32_t *)data)[c] = (int32_t)fmin(fmax(q, -2147483647.0), 2147483647.0);
  }
  *to = add_const(m, value, wide ? MOTE_INT64 : MOTE_INT32, data, count * (wide ? 8 : 4));
  if (*to < 0 || !set_quant(m, &main_of(m)->values[*to], whole ? 1 : (int32_t)count, 0, scales, 0)) return no_memory(m);
  return MOTE_OK;
}

/* A constant among activations. */
static mote_status pack_data(emitter *m, int32_t value, form *f) {
  const graph_value v = main_of(m)->values[value];
  const float *const x = v.data;
  const size_t count = v.bytes / sizeof *x;
  const double lo = f->type == MOTE_INT8 ? -128 : -32768, hi = f->type == MOTE_INT8 ? 127 : 32767;
  void *const data = arena_alloc(&m->g->arena, (count + 1) * 2);
  if (!data) return no_memory(m);
  for (size_t i = 0; i < count; i++) {
    const double q = fmin(fmax(round((double)x[i] / (double)f->scale) + f->zero, lo), hi);
    if (f->type == MOTE_INT8) ((int8_t *)data)[i] = (int8_t)q;
    else ((int16_t *)data)[i] = (int16_t)q;
  }
  f->value = add_const(m, value, f->type, data, count * (f->type == MOTE_INT8 ? 1 : 2));
  return f->value >= 0 && set_quant(m, &main_of(m)->values[f->value], 1, 0, &f->scale, f->zero) ? MOTE_OK
                                                                                                : no_memory(m);
}

/* ---- nodes ---- */

/* The scale of an input: its own, or that of what shares one with it. */
static form form_for(const emitter *m, const graph_node *n, const quant_node *how, int32_t value) {
  form f = {.type = how->acts};
  int32_t of = value;
  if (how->rule->output == QUANT_SAME) of = n->outputs[0];
  quant_params(m->p, of, how->acts, &f.scale, &f.zero);
  return f;
}

static mote_status data_input(emitter *m, const graph_node *n, const quant_node *how, int32_t value, form *f) {
  *f = form_for(m, n, how, value);
  return main_of(m)->values[value].is_const ? pack_data(m, value, f) : take(m, value, f);
}

/* First the activations, whose scale the bias needs; then weights and bias. */
static mote_status integer_inputs(emitter *m, const graph_node *n, const quant_node *how, int32_t *to) {
  const quant_rule *const r = how->rule;
  const float *scales = NULL;
  float in = 1;
  for (int32_t i = 0; i < n->num_inputs; i++) {
    to[i] = n->inputs[i];
    if (to[i] < 0 || !quant_is_data(r, i)) continue;
    form f;
    MOTE_TRY(data_input(m, n, how, n->inputs[i], &f));
    to[i] = f.value;
    in = f.scale;
  }
  const int32_t bias = r->bias >= 0 && r->bias < n->num_inputs ? n->inputs[r->bias] : -1;
  for (int32_t i = 0; i < n->num_inputs; i++)
    if (to[i] >= 0 && quant_is_weights(r, i)) MOTE_TRY(pack(m, n->inputs[i], how, bias, in, &to[i], &scales));
  return bias < 0 ? MOTE_OK : pack_bias(m, bias, how->acts, in, scales, how->axis < 0, &to[r->bias]);
}

static mote_status integer_outputs(emitter *m, const graph_node *n, const quant_node *how, int32_t *to) {
  for (int32_t i = 0; i < n->num_outputs; i++) {
    to[i] = n->outputs[i];
    if (how->rule->output == QUANT_NONE || !quant_is_real(main_of(m), to[i])) continue;
    form f = form_for(m, n, how, n->outputs[i]);
    if (!quantized_value(m, n->outputs[i], &f) || !note(m, n->outputs[i], &f)) return no_memory(m);
    to[i] = f.value;
  }
  return MOTE_OK;
}

/* Weights beside floats, widened first where the operator wants them so. */
static mote_status light_weights(emitter *m, const graph_node *n, const quant_node *how, int32_t *to) {
  for (int32_t i = 0; i < n->num_inputs; i++) {
    const float *scales;
    if (n->inputs[i] < 0 || !quant_is_weights(how->rule, i)) continue;
    if (how->weights == MOTE_FLOAT16) MOTE_TRY(pack_half(m, n->inputs[i], &to[i]));
    else MOTE_TRY(pack(m, n->inputs[i], how, -1, 1, &to[i], &scales));
    if (how->mode == QUANT_HYBRID) continue;
    const int32_t wide = add_value(m, n->inputs[i], MOTE_FLOAT32);
    if (wide < 0) return no_memory(m);
    MOTE_TRY(add_convert(m, sch_BuiltinOperator_DEQUANTIZE, to[i], wide));
    to[i] = wide;
  }
  return MOTE_OK;
}

/* Inputs that are quantized in a run lose least with a zero point of their own. */
static const void *asymmetric(const emitter *m, const graph_node *n) {
  static const char name[] = "asymmetric_quantize_inputs";
  const sch_table *const table = options_of(n->op);
  for (uint32_t i = 0; table && n->options && i < table->count; i++) {
    if (strcmp(table->fields[i].name, name) != 0) continue;
    char *const copy = arena_alloc(&m->g->arena, table->size);
    if (!copy) return NULL;
    memcpy(copy, n->options, table->size);
    *(bool *)(void *)(copy + table->fields[i].offset) = true;
    return copy;
  }
  return n->options;
}

static mote_status emit_node(emitter *m, const graph_node *n, const quant_node *how) {
  int32_t *const to = ARENA_ARRAY(&m->g->arena, int32_t, (size_t)(n->num_inputs + n->num_outputs) + 1);
  graph_node made = *n;
  if (!to) return no_memory(m);
  made.inputs = to;
  made.outputs = to + n->num_inputs;
  if (how->mode == QUANT_INTEGER) {
    MOTE_TRY(integer_inputs(m, n, how, to));
    MOTE_TRY(integer_outputs(m, n, how, to + n->num_inputs));
    return add_node(m, &made);
  }
  for (int32_t i = 0; i < n->num_inputs; i++) MOTE_TRY(take_real(m, n->inputs[i], &to[i]));
  for (int32_t i = 0; i < n->num_outputs; i++) to[n->num_inputs + i] = n->outputs[i];
  if (how->mode != QUANT_FLOAT) MOTE_TRY(light_weights(m, n, how, to));
  if (how->mode == QUANT_HYBRID) made.options = asymmetric(m, n);
  return add_node(m, &made);
}

/* ---- ends ---- */

static void rename_end(const emitter *m, uint32_t from, uint32_t to, bool inputs) {
  for (uint32_t s = 0; s < m->g->set.num_signatures; s++) {
    sch_SignatureDef *const d = &m->g->set.signatures[s];
    if (d->subgraph_index != 0) continue;
    sch_TensorMap *const maps = inputs ? d->inputs.data : d->outputs.data;
    const uint32_t count = inputs ? d->inputs.count : d->outputs.count;
    for (uint32_t i = 0; i < count; i++)
      if (maps[i].tensor_index == from) maps[i].tensor_index = to;
  }
}

static mote_status begin_inputs(emitter *m) {
  graph *const g = main_of(m);
  for (int32_t i = 0; i < g->num_inputs && m->p->config->io != MOTE_FLOAT32; i++) {
    const int32_t v = g->inputs[i];
    if (!quant_is_real(g, v) || m->first[v] >= 0) continue;
    form f = {.type = m->p->config->io};
    quant_params(m->p, v, f.type, &f.scale, &f.zero);
    if (!quantized_value(m, v, &f) || !note(m, v, &f)) return no_memory(m);
    rename_end(m, (uint32_t)v, (uint32_t)f.value, true);
    g->inputs[i] = f.value;
  }
  return MOTE_OK;
}

static mote_status end_outputs(emitter *m) {
  graph *const g = main_of(m);
  for (int32_t i = 0; i < g->num_outputs; i++) {
    const int32_t v = g->outputs[i];
    const mote_type io = m->p->config->io;
    form f = {.type = io};
    if (!quant_is_real(g, v) || g->values[v].is_const) continue;
    if (io != MOTE_FLOAT32) quant_params(m->p, v, io, &f.scale, &f.zero);
    MOTE_TRY(take(m, v, &f));
    rename_end(m, (uint32_t)v, (uint32_t)f.value, false);
    g->outputs[i] = f.value;
  }
  return MOTE_OK;
}

static mote_status emit(emitter *m, quant_emitted *out) {
  const quant_plan *const p = m->p;
  graph *const g = main_of(m);
  const graph_node *const nodes = g->nodes;
  for (int32_t v = 0; v < p->num_values; v++) m->first[v] = -1;
  g->nodes = NULL;
  g->num_nodes = g->room_nodes = 0;
  MOTE_TRY(begin_inputs(m));
  for (int32_t i = 0; i < p->num_nodes; i++) MOTE_TRY(emit_node(m, &nodes[i], &p->nodes[i]));
  MOTE_TRY(end_outputs(m));
  for (int32_t v = 0; v < p->num_values; v++) out->shown[v] = m->first[v] < 0 ? v : m->forms[m->first[v]].value;
  return MOTE_OK;
}

mote_status quant_emit(quant_plan *p, quant_emitted *out, mote_error *e) {
  arena a;
  arena_init(&a, p->g->mem);
  emitter m = {.p = p, .g = p->g, .arena = &a, .error = e};
  m.first = ARENA_ARRAY(&a, int32_t, (size_t)p->num_values + 1);
  out->shown = ARENA_ARRAY(p->arena, int32_t, (size_t)p->num_values + 1);
  const mote_status status = m.first && out->shown ? emit(&m, out) : no_memory(&m);
  arena_free(&a);
  return status;
}
