/* transpose.c: transposes joined, cancelled, and moved towards the outputs until they meet another.
 *
 * Networks that keep channels first become convolutions between pairs of transposes. What stands between two of them
 * works on elements one by one, on an axis, or on two tensors that are both transposed: it can as well be done before
 * the transpose, which then meets the next one and goes. What has gone down and met none stays where it is.
 */
#include <string.h>

#include "graph/rewrite/rewrite.h"

typedef struct order {
  int32_t rank, axis[OP_MAX_RANK]; /* output dimension i is input dimension axis[i] */
} order;

/* The permutation of a TRANSPOSE that is known. */
static bool order_of(const rewriting *w, int32_t node, order *o) {
  int64_t v[OP_KNOWN_MAX];
  bool seen[OP_MAX_RANK] = {false};
  if (node < 0 || !rw_is(w, node, sch_BuiltinOperator_TRANSPOSE)) return false;
  if (!rw_ints(w, rw_input(w, node, 1), v, &o->rank) || o->rank > OP_MAX_RANK) return false;
  for (int32_t i = 0; i < o->rank; i++) {
    if (v[i] < 0) v[i] += o->rank;
    if (v[i] < 0 || v[i] >= o->rank || seen[v[i]]) return false;
    seen[v[i]] = true;
    o->axis[i] = (int32_t)v[i];
  }
  return rw_value(w, rw_input(w, node, 0))->rank == o->rank;
}

static order inverse(const order *o) {
  order r = {.rank = o->rank};
  for (int32_t i = 0; i < o->rank; i++) r.axis[o->axis[i]] = i;
  return r;
}

static bool same_order(const order *a, const order *b) {
  return a->rank == b->rank && !memcmp(a->axis, b->axis, (size_t)a->rank * sizeof *a->axis);
}

static bool is_plain(const order *o) {
  for (int32_t i = 0; i < o->rank; i++)
    if (o->axis[i] != i) return false;
  return true;
}

/* The TRANSPOSE that makes a value. */
static int32_t transposed(const rewriting *w, int32_t value, order *o) {
  const int32_t node = rw_maker(w, value);
  return order_of(w, node, o) ? node : -1;
}

/* `node` becomes the transpose of x by o. */
static bool become_transpose(rewriting *w, int32_t node, int32_t x, const order *o) {
  const int32_t perm = rw_int32s(w, rw_output(w, node), o->rank, o->axis);
  return rw_become(w, node, sch_BuiltinOperator_TRANSPOSE, NULL, 2, (int32_t[]){x, perm});
}

/* ---- joined ---- */

/*     x ──▶ TRANSPOSE p ──▶ TRANSPOSE q ──▶ y          x ──▶ TRANSPOSE p[q] ──▶ y */
static bool join(rewriting *w, int32_t node) {
  order p, q;
  if (!order_of(w, node, &q)) return false;
  const int32_t before = transposed(w, rw_input(w, node, 0), &p);
  if (before < 0 || p.rank != q.rank) return false;
  order both = {.rank = q.rank};
  for (int32_t i = 0; i < q.rank; i++) both.axis[i] = p.axis[q.axis[i]];
  const int32_t x = rw_input(w, before, 0);
  if (is_plain(&both) && rw_bypass(w, node, x)) return true;
  return become_transpose(w, node, x, &both);
}

const rewrite rewrite_join_transposes = {
    .name = "join-transposes",
    .reason = "two transposes are one, or none",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = join,
};

/* ---- moved ---- */

/* Operators of one input, and one constant at most, that work element by element. */
static bool one_by_one(int32_t code) {
  switch (code) {
    case sch_BuiltinOperator_RELU:
    case sch_BuiltinOperator_RELU6:
    case sch_BuiltinOperator_RELU_N1_TO_1:
    case sch_BuiltinOperator_RELU_0_TO_1:
    case sch_BuiltinOperator_LEAKY_RELU:
    case sch_BuiltinOperator_ELU:
    case sch_BuiltinOperator_GELU:
    case sch_BuiltinOperator_HARD_SWISH:
    case sch_BuiltinOperator_TANH:
    case sch_BuiltinOperator_LOGISTIC:
    case sch_BuiltinOperator_EXP:
    case sch_BuiltinOperator_LOG:
    case sch_BuiltinOperator_SQRT:
    case sch_BuiltinOperator_RSQRT:
    case sch_BuiltinOperator_SQUARE:
    case sch_BuiltinOperator_NEG:
    case sch_BuiltinOperator_ABS:
    case sch_BuiltinOperator_SIN:
    case sch_BuiltinOperator_COS:
    case sch_BuiltinOperator_FLOOR:
    case sch_BuiltinOperator_CEIL:
    case sch_BuiltinOperator_ROUND:
    case sch_BuiltinOperator_SIGN:
    case sch_BuiltinOperator_CAST:
    case sch_BuiltinOperator_LOGICAL_NOT:
    case sch_BuiltinOperator_QUANTIZE:
    case sch_BuiltinOperator_DEQUANTIZE: return true;
    default: return false;
  }
}

/* Operators of two inputs that are broadcast. */
static bool two_by_two(int32_t code) {
  switch (code) {
    case sch_BuiltinOperator_ADD:
    case sch_BuiltinOperator_SUB:
    case sch_BuiltinOperator_MUL:
    case sch_BuiltinOperator_DIV:
    case sch_BuiltinOperator_MAXIMUM:
    case sch_BuiltinOperator_MINIMUM:
    case sch_BuiltinOperator_POW:
    case sch_BuiltinOperator_SQUARED_DIFFERENCE:
    case sch_BuiltinOperator_PRELU: return true;
    default: return false;
  }
}

static bool per_channel(const rewriting *w, int32_t value) { return rw_value(w, value)->quant.count > 1; }

/* Makes the operator of `node` on other inputs, and `node` the transpose of that. */
static bool do_before(rewriting *w, int32_t node, const void *options, int32_t count, const int32_t *inputs,
                      const order *o) {
  const graph_node n = *rw_node(w, node);
  if (per_channel(w, n.outputs[0])) return false;
  if (is_plain(o)) return rw_change(w, node, options, count, inputs);
  const int32_t x = rw_add(w, n.outputs[0], n.op->code, options ? options : n.options, count, inputs);
  return x >= 0 && become_transpose(w, node, x, o);
}

/*     x ──▶ TRANSPOSE ──▶ RELU ──▶ y          x ──▶ RELU ──▶ TRANSPOSE ──▶ y */
static bool sink_one(rewriting *w, int32_t node) {
  order o;
  const int32_t in = rw_input(w, node, 0), before = transposed(w, in, &o);
  if (before < 0 || !rw_only(w, in) || per_channel(w, in)) return false;
  return do_before(w, node, NULL, 1, (int32_t[]){rw_input(w, before, 0)}, &o);
}

/* A constant as it is before the transpose: of o's rank, with dimensions of 1 in front of those it has. */
static int32_t constant_before(rewriting *w, int32_t value, const order *o) {
  if (!rw_is_const(w, value) || per_channel(w, value)) return -1;
  const graph_value v = *rw_value(w, value);
  if (v.bytes == (size_t)mote_type_bits(v.type) / 8) return value; /* one element */
  int32_t dims[OP_MAX_RANK], step[OP_MAX_RANK + 1], to[OP_MAX_RANK];
  const int32_t lack = o->rank - v.rank, size = mote_type_bits(v.type) / 8;
  if (v.rank < 0 || lack < 0 || size < 1 || v.type == MOTE_STRING) return -1;
  for (int32_t i = 0; i < o->rank; i++) dims[i] = i < lack ? 1 : v.dims[i - lack];
  step[o->rank] = 1;
  for (int32_t i = o->rank - 1; i >= 0; i--) step[i] = step[i + 1] * dims[i];
  const order back = inverse(o);
  for (int32_t i = 0; i < o->rank; i++) to[i] = dims[back.axis[i]];
  uint8_t *const data = arena_alloc(w->b.arena, v.bytes);
  if (!data) return -1;
  for (int32_t at = 0; at < step[0]; at++) { /* element `at` of the result, found by its coordinates */
    int32_t rest = at, from = 0;
    for (int32_t i = o->rank - 1; i >= 0; i--) {
      from += rest % to[i] * step[back.axis[i] + 1];
      rest /= to[i];
    }
    memcpy(data + (size_t)at * (size_t)size, (const uint8_t *)v.data + (size_t)from * (size_t)size, (size_t)size);
  }
  const int32_t made = rw_const(w, value, v.type, o->rank, to, data);
  if (made >= 0 && v.quant.count) build_quantize(&w->b, made, &v.quant);
  return made;
}

/*     x ──▶ TRANSPOSE p ──▶ ADD ──▶ z          x ──▶ ADD ──▶ TRANSPOSE p ──▶ z
 *     y ──▶ TRANSPOSE p ──▶                    y ──▶
 * and the same with a constant in the place of y. */
static bool sink_two(rewriting *w, int32_t node) {
  order o[2];
  int32_t in[2];
  for (int i = 0; i < 2; i++) in[i] = rw_input(w, node, i);
  if (in[0] < 0 || in[1] < 0) return false;
  const int32_t a = transposed(w, in[0], &o[0]), b = transposed(w, in[1], &o[1]);
  if (a >= 0 && b >= 0) {
    if (!same_order(&o[0], &o[1]) || per_channel(w, in[0]) || per_channel(w, in[1])) return false;
    return do_before(w, node, NULL, 2, (int32_t[]){rw_input(w, a, 0), rw_input(w, b, 0)}, &o[0]);
  }
  const int side = a >= 0 ? 0 : 1;
  if ((a < 0 && b < 0) || !rw_only(w, in[side])) return false;
  const int32_t x = rw_input(w, side ? b : a, 0), c = constant_before(w, in[!side], &o[side]);
  if (c < 0 || (side && rw_is(w, node, sch_BuiltinOperator_PRELU))) return false;
  return do_before(w, node, NULL, 2, side ? (int32_t[]){c, x} : (int32_t[]){x, c}, &o[side]);
}

/*     x, y, ... ──▶ TRANSPOSE p each ──▶ CONCATENATION axis a ──▶ z
 *     x, y, ... ──▶ CONCATENATION axis p[a] ──▶ TRANSPOSE p ──▶ z */
static bool sink_concatenation(rewriting *w, int32_t node) {
  const graph_node n = *rw_node(w, node);
  order o, other;
  if (n.num_inputs < 1 || transposed(w, n.inputs[0], &o) < 0) return false;
  int32_t *const inputs = ARENA_ARRAY(w->b.arena, int32_t, (size_t)n.num_inputs);
  sch_ConcatenationOptions *const options = rw_options(w, node);
  if (!inputs || !options) return false;
  for (int32_t i = 0; i < n.num_inputs; i++) {
    const int32_t before = transposed(w, n.inputs[i], &other);
    if (before < 0 || !same_order(&o, &other)) return false;
    inputs[i] = rw_input(w, before, 0);
  }
  const int32_t axis = options->axis < 0 ? options->axis + o.rank : options->axis;
  if (axis < 0 || axis >= o.rank) return false;
  options->axis = o.axis[axis];
  return do_before(w, node, options, n.num_inputs, inputs, &o);
}

/* Rows of paddings, in the order that they have before the transpose. */
static int32_t paddings_before(rewriting *w, int32_t node, const order *o) {
  int64_t v[OP_KNOWN_MAX];
  int32_t count, pads[2 * OP_MAX_RANK];
  if (!rw_ints(w, rw_input(w, node, 1), v, &count) || count != 2 * o->rank) return -1;
  for (int32_t i = 0; i < o->rank; i++)
    for (int32_t k = 0; k < 2; k++) {
      if (v[2 * i + k] < 0 || v[2 * i + k] > INT32_MAX) return -1;
      pads[2 * o->axis[i] + k] = (int32_t)v[2 * i + k];
    }
  return rw_const(w, rw_output(w, node), MOTE_INT32, 2, (int32_t[]){o->rank, 2}, pads);
}

/*     x ──▶ TRANSPOSE ──▶ PAD ──▶ y          x ──▶ PAD ──▶ TRANSPOSE ──▶ y */
static bool sink_pad(rewriting *w, int32_t node) {
  order o;
  const int32_t in = rw_input(w, node, 0), before = transposed(w, in, &o);
  if (before < 0 || !rw_only(w, in)) return false;
  const int32_t pads = paddings_before(w, node, &o);
  if (pads < 0) return false;
  const int32_t inputs[] = {rw_input(w, before, 0), pads, rw_input(w, node, 2)};
  return do_before(w, node, NULL, rw_node(w, node)->num_inputs, inputs, &o);
}

/*     x ──▶ TRANSPOSE p ──▶ MEAN axes ──▶ y          x ──▶ MEAN p[axes] ──▶ TRANSPOSE ──▶ y
 *
 * Without keep_dims the transpose is of what is left, and often none. */
static bool sink_reduction(rewriting *w, int32_t node) {
  order o, left = {0};
  int64_t v[OP_KNOWN_MAX];
  int32_t count, axes[OP_KNOWN_MAX], place[OP_MAX_RANK];
  bool gone[OP_MAX_RANK] = {false};
  const int32_t in = rw_input(w, node, 0), before = transposed(w, in, &o);
  if (before < 0 || !rw_only(w, in) || !rw_ints(w, rw_input(w, node, 1), v, &count)) return false;
  for (int32_t i = 0; i < count; i++) {
    const int64_t axis = v[i] < 0 ? v[i] + o.rank : v[i];
    if (axis < 0 || axis >= o.rank) return false;
    axes[i] = o.axis[axis];
    gone[axes[i]] = true;
  }
  const bool keep = ((const sch_ReducerOptions *)rw_node(w, node)->options)->keep_dims;
  for (int32_t i = 0, next = 0; i < o.rank; i++) place[i] = gone[i] && !keep ? -1 : next++;
  for (int32_t i = 0; i < o.rank; i++)
    if (place[o.axis[i]] >= 0) left.axis[left.rank++] = place[o.axis[i]];
  const int32_t to = rw_int32s(w, rw_output(w, node), count, axes);
  return do_before(w, node, NULL, 2, (int32_t[]){rw_input(w, before, 0), to}, &left);
}

static bool sink(rewriting *w, int32_t node) {
  const graph_node *const n = rw_node(w, node);
  if (n->num_outputs != 1) return false;
  if (one_by_one(n->op->code)) return sink_one(w, node);
  if (two_by_two(n->op->code)) return sink_two(w, node);
  switch (n->op->code) {
    case sch_BuiltinOperator_CONCATENATION: return sink_concatenation(w, node);
    case sch_BuiltinOperator_PAD:
    case sch_BuiltinOperator_PADV2: return sink_pad(w, node);
    case sch_BuiltinOperator_MEAN:
    case sch_BuiltinOperator_SUM:
    case sch_BuiltinOperator_REDUCE_MAX:
    case sch_BuiltinOperator_REDUCE_MIN: return sink_reduction(w, node);
    default: return false;
  }
}

const rewrite rewrite_sink_transposes = {
    .name = "sink-transposes",
    .reason = "the transpose comes later, where it may meet another",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = sink,
};
