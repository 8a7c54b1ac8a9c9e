/* channels.c: see channels.h. How each operator carries channels from its inputs to its outputs; taking them out is in
 * narrow.c.
 */
#include "compress/channels.h"

#include <string.h>

#include "base/error.h"

int32_t channels_fixed[1];

/* ---- units ---- */

static int32_t **slot(const channels *c, int32_t value, int32_t axis) {
  return &c->units[(size_t)value * OP_MAX_RANK + (size_t)axis];
}

static const graph_value *value_of(const channels *c, int32_t value) { return &c->g->values[value]; }

/* The size of a dimension; -1: open. */
static int32_t dim(const channels *c, int32_t value, int32_t axis) {
  const graph_value *const v = value_of(c, value);
  return v->is_const || v->is_variable ? v->dims[axis] : v->signature[axis];
}

static int32_t root_of(channels *c, int32_t unit) {
  while (c->parent[unit] != unit) unit = c->parent[unit] = c->parent[c->parent[unit]];
  return unit;
}

static void join(channels *c, int32_t a, int32_t b) {
  a = root_of(c, a);
  b = root_of(c, b);
  if (a == b) return;
  const int32_t low = a < b ? a : b, high = a < b ? b : a;
  c->parent[high] = low;
  c->fixed[low] |= c->fixed[high];
}

static int32_t *list_of(channels *c, int32_t size) {
  int32_t *const list = ARENA_ARRAY(c->arena, int32_t, (size_t)size + 1);
  if (!list) c->failed = true;
  return list;
}

/* New units for a dimension. */
static int32_t *fresh(channels *c, int32_t size) {
  int32_t *const list = list_of(c, size);
  for (int32_t i = 0; list && i < size; i++) {
    if (!graph_grow(c->arena, &c->parent, c->count, &c->room, sizeof *c->parent) ||
        !graph_grow(c->arena, &c->fixed, c->count, &c->room_fixed, sizeof *c->fixed)) {
      c->failed = true;
      return NULL;
    }
    c->parent[c->count] = c->count;
    c->fixed[c->count] = false;
    list[i] = c->count++;
  }
  return list;
}

static bool has_units(const channels *c, int32_t value, int32_t axis) {
  const int32_t *const u = *slot(c, value, axis);
  return u && u != channels_fixed;
}

static void fix(channels *c, int32_t value, int32_t axis) {
  int32_t **const u = slot(c, value, axis);
  for (int32_t i = 0; has_units(c, value, axis) && i < dim(c, value, axis); i++) c->fixed[root_of(c, (*u)[i])] = true;
  if (!*u) *u = channels_fixed;
}

static void fix_value(channels *c, int32_t value) {
  for (int32_t axis = 0; value >= 0 && axis < value_of(c, value)->rank; axis++) fix(c, value, axis);
}

/* Says what units a dimension has; when it has some, they are the same. */
static void give(channels *c, int32_t value, int32_t axis, int32_t *units) {
  int32_t **const u = slot(c, value, axis);
  if (!units || dim(c, value, axis) < 0) fix(c, value, axis);
  else if (!*u) *u = units;
  else {
    for (int32_t i = 0; i < dim(c, value, axis); i++) {
      if (*u == channels_fixed) c->fixed[root_of(c, units[i])] = true;
      else join(c, (*u)[i], units[i]);
    }
  }
}

static void fix_units(channels *c, const int32_t *units, int32_t count) {
  for (int32_t i = 0; i < count; i++) c->fixed[root_of(c, units[i])] = true;
}

/* Two dimensions go together, coordinate by coordinate. */
static void same(channels *c, int32_t a, int32_t axis_a, int32_t b, int32_t axis_b) {
  const int32_t size = dim(c, a, axis_a);
  const bool fits = size >= 0 && size == dim(c, b, axis_b) && size != 1;
  if (!fits || (!has_units(c, a, axis_a) && !has_units(c, b, axis_b))) {
    fix(c, a, axis_a);
    fix(c, b, axis_b);
  } else if (has_units(c, a, axis_a)) give(c, b, axis_b, *slot(c, a, axis_a));
  else give(c, a, axis_a, *slot(c, b, axis_b));
}

/* Like `same`, where neither may have units yet (a constant and what comes of it). */
static void same_fresh(channels *c, int32_t a, int32_t axis_a, int32_t b, int32_t axis_b) {
  if (!*slot(c, a, axis_a) && !*slot(c, b, axis_b) && dim(c, a, axis_a) > 1)
    *slot(c, a, axis_a) = fresh(c, dim(c, a, axis_a));
  same(c, a, axis_a, b, axis_b);
}

/* ---- operators that work on every element, or on every channel, by itself ----
 *
 * What carries channels through an operator returns false when it cannot tell how: then all its inputs stay as they
 * are.
 */

static int32_t in(const graph_node *n, int32_t i) { return i < n->num_inputs ? n->inputs[i] : -1; }

static void nothing_known(channels *c, const graph_node *n) {
  for (int32_t i = 0; i < n->num_inputs; i++) fix_value(c, n->inputs[i]);
}

static bool unary(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), y = n->outputs[0];
  const bool derived = value_of(c, x)->is_const; /* weights behind DEQUANTIZE */
  for (int32_t a = 0; a < value_of(c, y)->rank && a < value_of(c, x)->rank; a++) {
    if (derived) same_fresh(c, x, a, y, a);
    else same(c, x, a, y, a);
  }
  return true;
}

/* Elementwise with broadcasting: dimensions are counted from behind, and one of size 1 serves all. */
static bool broadcast(channels *c, const graph_node *n) {
  const int32_t y = n->outputs[0], rank = value_of(c, y)->rank;
  for (int32_t i = 0; i < n->num_inputs; i++) { /* those with units first: the output has them then */
    const int32_t x = in(n, i), shift = x < 0 ? 0 : rank - value_of(c, x)->rank;
    for (int32_t a = 0; x >= 0 && a < value_of(c, x)->rank; a++) {
      if (dim(c, x, a) == 1 && dim(c, y, a + shift) != 1) fix(c, x, a);
      else if (has_units(c, x, a)) same(c, x, a, y, a + shift);
    }
  }
  for (int32_t i = 0; i < n->num_inputs; i++) {
    const int32_t x = in(n, i), shift = x < 0 ? 0 : rank - value_of(c, x)->rank;
    for (int32_t a = 0; x >= 0 && a < value_of(c, x)->rank; a++)
      if (dim(c, x, a) != 1 || dim(c, y, a + shift) == 1) same(c, x, a, y, a + shift);
  }
  return true;
}

/* Windows move over the middle dimensions; batch and channels are by themselves. */
static bool windows(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), y = n->outputs[0], last = value_of(c, y)->rank - 1;
  for (int32_t a = 0; a < last; a++) fix(c, x, a);
  if (value_of(c, x)->rank == last + 1) same(c, x, last, y, last);
  else fix_value(c, x);
  for (int32_t i = 1; i < n->num_inputs; i++) fix_value(c, n->inputs[i]);
  return true;
}

/* ---- layers ---- */

/* A dimension of weights begins anew: its coordinates are channels that this layer makes. */
static void makes(channels *c, int32_t weights, int32_t axis, int32_t y, int32_t axis_y) {
  const int32_t size = dim(c, weights, axis);
  const bool can = size > 1 && size == dim(c, y, axis_y) && mote_type_bits(value_of(c, weights)->type) >= 8;
  if (!*slot(c, weights, axis) && can) *slot(c, weights, axis) = fresh(c, size);
  if (can) same(c, weights, axis, y, axis_y);
  else fix(c, weights, axis);
}

static void biased(channels *c, int32_t bias, int32_t y, int32_t last) {
  if (bias < 0) return;
  if (value_of(c, bias)->rank == 1 && dim(c, bias, 0) == dim(c, y, last)) same(c, y, last, bias, 0);
  else fix_value(c, bias), fix(c, y, last);
}

/* CONV_2D, CONV_3D, TRANSPOSE_CONV; weights that are read in groups stay. */
static bool convolution(channels *c, const graph_node *n, int32_t input, int32_t bias, int32_t out_axis,
                        int32_t in_axis) {
  const int32_t x = in(n, input), w = in(n, 1), y = n->outputs[0], last = value_of(c, y)->rank - 1;
  if (value_of(c, w)->rank != last + 1 || value_of(c, x)->rank != last + 1 || dim(c, w, in_axis) != dim(c, x, last) ||
      value_of(c, w)->quant.block_size)
    return false;
  for (int32_t a = 0; a <= last; a++)
    if (a != out_axis && a != in_axis) fix(c, w, a);
  for (int32_t a = 0; a < last; a++) fix(c, x, a);
  same(c, x, last, w, in_axis);
  makes(c, w, out_axis, y, last);
  biased(c, in(n, bias), y, last);
  return true;
}

/* TRANSPOSE_CONV says its output's shape, which must be a constant to follow. */
static bool transposed(channels *c, const graph_node *n) {
  if (!convolution(c, n, 2, 3, 0, 3)) return false;
  if (!value_of(c, in(n, 0))->is_const) fix_value(c, n->outputs[0]);
  return true;
}

/* Output o comes from input o / multiplier. */
static bool depthwise(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), w = in(n, 1), y = n->outputs[0];
  if (value_of(c, w)->rank != 4 || value_of(c, x)->rank != 4 || dim(c, x, 3) < 1 || dim(c, w, 3) % dim(c, x, 3))
    return false;
  const int32_t size = dim(c, w, 3), times = size / dim(c, x, 3);
  for (int32_t a = 0; a < 3; a++) fix(c, w, a), fix(c, x, a);
  if (!has_units(c, x, 3)) fix(c, w, 3), fix(c, y, 3);
  else {
    int32_t *const units = list_of(c, size);
    for (int32_t i = 0; units && i < size; i++) units[i] = (*slot(c, x, 3))[i / times];
    give(c, w, 3, units);
    give(c, y, 3, units);
  }
  biased(c, in(n, 2), y, 3);
  return true;
}

/* A row of weights reads the last dimensions of the input, flattened. */
static bool dense(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), w = in(n, 1), y = n->outputs[0], last = value_of(c, x)->rank - 1;
  const int32_t last_y = value_of(c, y)->rank - 1;
  const sch_FullyConnectedOptions *const o = n->options;
  if (value_of(c, w)->rank != 2 || last < 0 || last_y < 0 || o->weights_format || value_of(c, w)->quant.block_size ||
      n->num_outputs != 1)
    return false;
  const int32_t size = dim(c, w, 1), channel = dim(c, x, last);
  for (int32_t a = 0; a < last; a++) fix(c, x, a);
  if (channel == size) same(c, x, last, w, 1);
  else if (channel > 0 && size % channel == 0 && has_units(c, x, last) && !o->keep_num_dims) {
    int32_t *const units = list_of(c, size);
    for (int32_t i = 0; units && i < size; i++) units[i] = (*slot(c, x, last))[i % channel];
    give(c, w, 1, units);
  } else fix(c, x, last), fix(c, w, 1);
  makes(c, w, 0, y, last_y);
  biased(c, in(n, 2), y, last_y);
  return true;
}

/* Matrices of weights that are constants; products of two activations stay. */
static bool matmul(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), w = in(n, 1), y = n->outputs[0];
  const sch_BatchMatMulOptions *const o = n->options;
  const int32_t last = value_of(c, x)->rank - 1, last_y = value_of(c, y)->rank - 1;
  if (value_of(c, w)->rank != 2 || last < 1 || last_y < 1 || o->adj_x) return false;
  for (int32_t a = 0; a < last; a++) fix(c, x, a);
  same(c, x, last, w, o->adj_y ? 1 : 0);
  makes(c, w, o->adj_y ? 0 : 1, y, last_y);
  return true;
}

/* ---- operators that put dimensions in other places ---- */

static bool concatenation(channels *c, const graph_node *n) {
  const int32_t y = n->outputs[0], rank = value_of(c, y)->rank;
  int32_t axis = ((const sch_ConcatenationOptions *)n->options)->axis;
  if (axis < 0) axis += rank;
  for (int32_t a = 0; a < rank; a++) {
    if (a == axis) continue;
    for (int32_t i = 0; i < n->num_inputs; i++) same(c, in(n, 0), a, in(n, i), a);
    same(c, in(n, 0), a, y, a);
  }
  const int32_t size = dim(c, y, axis);
  for (int32_t i = 0; i < n->num_inputs; i++)
    if (dim(c, in(n, i), axis) < 0) return false;
  int32_t *const all = size < 0 ? NULL : fresh(c, size);
  if (!all) return false;
  int32_t at = 0;
  for (int32_t i = 0; i < n->num_inputs; i++) {
    const int32_t part = dim(c, in(n, i), axis);
    if (has_units(c, in(n, i), axis)) memcpy(all + at, *slot(c, in(n, i), axis), (size_t)part * sizeof *all);
    else fix(c, in(n, i), axis), fix_units(c, all + at, part);
    at += part;
  }
  give(c, y, axis, all);
  return true;
}

static bool transpose(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), y = n->outputs[0];
  const graph_value *const order = value_of(c, in(n, 1));
  if (!order->is_const || order->type != MOTE_INT32) return false;
  for (int32_t a = 0; a < value_of(c, y)->rank; a++) {
    int32_t from = ((const int32_t *)order->data)[a];
    if (from < 0) from += value_of(c, x)->rank;
    if (value_of(c, x)->is_const) same_fresh(c, x, from, y, a);
    else same(c, x, from, y, a);
  }
  return true;
}

/* Dimensions [from, to) of x become [from_y, to_y) of y. The channels of one dimension come along: into one, repeated
 * by what else is in it; out of one, into the last, all together that stand in one place of it. */
static void regroup(channels *c, int32_t x, int32_t from, int32_t to, int32_t y, int32_t from_y, int32_t to_y) {
  int32_t with = -1, many = 0;
  for (int32_t a = from; a < to; a++)
    if (has_units(c, x, a)) with = a, many++;
  if (!many) return;
  const int32_t *const have = *slot(c, x, with);
  const int32_t last = to_y - 1;
  bool only = many == 1 && to_y > from_y;
  for (int32_t a = from; a < to && to - from > 1; a++) only &= a == with || dim(c, x, a) > 0;
  if (only && to_y - from_y == 1) {
    int32_t inner = 1;
    const int32_t size = dim(c, y, last);
    for (int32_t a = with + 1; a < to; a++) inner *= dim(c, x, a);
    int32_t *const units = size < 0 ? NULL : list_of(c, size);
    for (int32_t i = 0; units && i < size; i++) units[i] = have[i / inner % dim(c, x, with)];
    if (units) {
      give(c, y, last, units);
      return;
    }
  } else if (only && to - from == 1 && dim(c, y, last) > 1) {
    const int32_t size = dim(c, y, last);
    int32_t *const units = list_of(c, size);
    for (int32_t i = 0; units && i < dim(c, x, with); i++) {
      if (i < size) units[i] = have[i];
      else join(c, units[i % size], have[i]);
    }
    if (units) {
      give(c, y, last, units);
      return;
    }
  }
  for (int32_t a = from; a < to; a++) fix(c, x, a);
}

/* RESHAPE, SQUEEZE, EXPAND_DIMS: the shortest runs of dimensions that hold the same elements. */
static bool reshape(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), y = n->outputs[0], rank = value_of(c, x)->rank, rank_y = value_of(c, y)->rank;
  const bool written = n->op->code == sch_BuiltinOperator_RESHAPE && in(n, 1) >= 0;
  if (value_of(c, x)->is_const || (written && !value_of(c, in(n, 1))->is_const)) return false;
  int32_t a = 0, b = 0;
  while (a < rank && b < rank_y) {
    const int32_t from = a, from_y = b;
    int64_t size = dim(c, x, a++), size_y = dim(c, y, b++);
    while (size != size_y && size > 0 && size_y > 0) {
      if (size < size_y && a < rank) size *= dim(c, x, a++);
      else if (size_y < size && b < rank_y) size_y *= dim(c, y, b++);
      else break;
    }
    if (size != size_y || size == 0) { /* an open dimension became another */
      for (int32_t k = from; k < rank; k++) fix(c, x, k);
      return true;
    }
    if (size > 0) regroup(c, x, from, a, y, from_y, b);
    else fix(c, x, from);
  }
  for (; a < rank; a++) fix(c, x, a);
  return true;
}

/* Coordinate k of the narrow side is one of every `times` of the wide one, or all that are k modulo its size. */
static bool space_and_depth(channels *c, const graph_node *n, bool to_depth) {
  const int32_t x = in(n, 0), y = n->outputs[0];
  const int32_t wide = to_depth ? y : x, narrow = to_depth ? x : y, size = dim(c, wide, 3), few = dim(c, narrow, 3);
  for (int32_t a = 0; a < 3; a++) fix(c, x, a);
  if (!has_units(c, x, 3) || size < 1 || few < 2) return false;
  int32_t *const units = list_of(c, to_depth ? size : few);
  const int32_t *const have = *slot(c, x, 3);
  for (int32_t i = 0; units && i < size; i++) {
    if (to_depth) units[i] = have[i % few];
    else if (i < few) units[i] = have[i];
    else join(c, units[i % few], have[i]);
  }
  give(c, y, 3, units);
  return true;
}

/* Dimensions that are taken whole stay what they are. */
static bool parts(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), y = n->outputs[0];
  const bool strided = n->op->code == sch_BuiltinOperator_STRIDED_SLICE;
  const sch_StridedSliceOptions *const o = n->options;
  const bool plain = value_of(c, x)->rank == value_of(c, y)->rank &&
                     (!strided || (!o->ellipsis_mask && !o->new_axis_mask && !o->shrink_axis_mask && !o->offset));
  bool written = true;
  for (int32_t i = 1; i < n->num_inputs; i++)
    written &= in(n, i) >= 0 && value_of(c, in(n, i))->is_const && value_of(c, in(n, i))->type == MOTE_INT32;
  for (int32_t a = 0; a < value_of(c, x)->rank; a++) {
    if (plain && written && dim(c, x, a) > 1 && dim(c, x, a) == dim(c, y, a) && has_units(c, x, a) &&
        (!strided || ((const int32_t *)value_of(c, in(n, 3))->data)[a] == 1))
      same(c, x, a, y, a);
    else fix(c, x, a);
  }
  return true;
}

/* Dimensions without padding stay what they are. Channels of zeros in front or behind are new ones. */
static bool padding(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), y = n->outputs[0];
  const graph_value *const by = value_of(c, in(n, 1));
  if (!by->is_const || by->type != MOTE_INT32) return false;
  for (int32_t a = 0; a < value_of(c, x)->rank; a++) {
    const int32_t before = ((const int32_t *)by->data)[2 * a], size = dim(c, x, a), size_y = dim(c, y, a);
    const bool grows = has_units(c, x, a) && size_y > size && n->op->code != sch_BuiltinOperator_MIRROR_PAD;
    int32_t *const units = grows ? fresh(c, size_y) : NULL;
    if (units) {
      memcpy(units + before, *slot(c, x, a), (size_t)size * sizeof *units);
      give(c, y, a, units);
    } else if (size == size_y) same(c, x, a, y, a);
    else fix(c, x, a);
  }
  return true;
}

/* Dimensions that are not reduced. */
static bool reduction(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), y = n->outputs[0], rank = value_of(c, x)->rank;
  const graph_value *const axes = value_of(c, in(n, 1));
  uint32_t reduced = 0;
  if (!axes->is_const || axes->type != MOTE_INT32) return false;
  for (size_t i = 0; i < axes->bytes / 4; i++) {
    const int32_t a = ((const int32_t *)axes->data)[i];
    reduced |= 1u << (a < 0 ? a + rank : a);
  }
  const bool keeps = ((const sch_ReducerOptions *)n->options)->keep_dims;
  for (int32_t a = 0, b = 0; a < rank; a++) {
    if (reduced >> a & 1) fix(c, x, a), b += keeps;
    else same(c, x, a, y, b++);
  }
  return true;
}

/* All dimensions but the last, over which it sums. */
static bool along_last(channels *c, const graph_node *n) {
  const int32_t x = in(n, 0), y = n->outputs[0], last = value_of(c, x)->rank - 1;
  for (int32_t a = 0; a < last; a++) same(c, x, a, y, a);
  if (last >= 0) fix(c, x, last);
  return true;
}

/* Equal parts of one dimension: what goes, goes at the same place of each. */
static bool split(channels *c, const graph_node *n) {
  const int32_t x = in(n, 1), rank = value_of(c, x)->rank;
  const graph_value *const of = value_of(c, in(n, 0));
  if (!of->is_const) return false;
  int32_t axis = *(const int32_t *)of->data;
  if (axis < 0) axis += rank;
  for (int32_t i = 0; i < n->num_outputs; i++) {
    const int32_t y = n->outputs[i];
    for (int32_t a = 0; a < rank; a++)
      if (a != axis) same(c, x, a, y, a);
    const int32_t part = dim(c, y, axis);
    if (!has_units(c, x, axis) || part < 2) fix(c, x, axis), fix(c, y, axis);
    else {
      int32_t *const here = *slot(c, x, axis) + (size_t)i * (size_t)part;
      for (int32_t k = 0; k < part; k++) join(c, (*slot(c, x, axis))[k], here[k]);
      give(c, y, axis, here);
    }
  }
  return true;
}

/* ---- the walk ---- */

static bool flow(channels *c, const graph_node *n) {
  switch (n->op->code) {
    case sch_BuiltinOperator_CONV_2D: return convolution(c, n, 0, 2, 0, 3);
    case sch_BuiltinOperator_CONV_3D: return convolution(c, n, 0, 2, 4, 3);
    case sch_BuiltinOperator_TRANSPOSE_CONV: return transposed(c, n);
    case sch_BuiltinOperator_DEPTHWISE_CONV_2D: return depthwise(c, n);
    case sch_BuiltinOperator_FULLY_CONNECTED: return dense(c, n);
    case sch_BuiltinOperator_BATCH_MATMUL: return matmul(c, n);
    case sch_BuiltinOperator_ADD:
    case sch_BuiltinOperator_SUB:
    case sch_BuiltinOperator_MUL:
    case sch_BuiltinOperator_DIV:
    case sch_BuiltinOperator_MAXIMUM:
    case sch_BuiltinOperator_MINIMUM:
    case sch_BuiltinOperator_SQUARED_DIFFERENCE:
    case sch_BuiltinOperator_POW:
    case sch_BuiltinOperator_PRELU:
    case sch_BuiltinOperator_ADD_N: return broadcast(c, n);
    case sch_BuiltinOperator_AVERAGE_POOL_2D:
    case sch_BuiltinOperator_MAX_POOL_2D:
    case sch_BuiltinOperator_L2_POOL_2D:
    case sch_BuiltinOperator_RESIZE_BILINEAR:
    case sch_BuiltinOperator_RESIZE_NEAREST_NEIGHBOR:
    case sch_BuiltinOperator_SPACE_TO_BATCH_ND:
    case sch_BuiltinOperator_BATCH_TO_SPACE_ND: return windows(c, n);
    case sch_BuiltinOperator_CONCATENATION: return concatenation(c, n);
    case sch_BuiltinOperator_TRANSPOSE: return transpose(c, n);
    case sch_BuiltinOperator_RESHAPE:
    case sch_BuiltinOperator_SQUEEZE:
    case sch_BuiltinOperator_EXPAND_DIMS: return reshape(c, n);
    case sch_BuiltinOperator_SPACE_TO_DEPTH: return space_and_depth(c, n, true);
    case sch_BuiltinOperator_DEPTH_TO_SPACE: return space_and_depth(c, n, false);
    case sch_BuiltinOperator_SLICE:
    case sch_BuiltinOperator_STRIDED_SLICE: return parts(c, n);
    case sch_BuiltinOperator_PAD:
    case sch_BuiltinOperator_PADV2:
    case sch_BuiltinOperator_MIRROR_PAD: return padding(c, n);
    case sch_BuiltinOperator_MEAN:
    case sch_BuiltinOperator_SUM:
    case sch_BuiltinOperator_REDUCE_MAX:
    case sch_BuiltinOperator_REDUCE_MIN:
    case sch_BuiltinOperator_REDUCE_PROD: return reduction(c, n);
    case sch_BuiltinOperator_SOFTMAX:
    case sch_BuiltinOperator_LOG_SOFTMAX:
    case sch_BuiltinOperator_L2_NORMALIZATION: return along_last(c, n);
    case sch_BuiltinOperator_SPLIT: return split(c, n);
    case sch_BuiltinOperator_RELU:
    case sch_BuiltinOperator_RELU6:
    case sch_BuiltinOperator_RELU_N1_TO_1:
    case sch_BuiltinOperator_RELU_0_TO_1:
    case sch_BuiltinOperator_LEAKY_RELU:
    case sch_BuiltinOperator_ELU:
    case sch_BuiltinOperator_GELU:
    case sch_BuiltinOperator_HARD_SWISH:
    case sch_BuiltinOperator_LOGISTIC:
    case sch_BuiltinOperator_TANH:
    case sch_BuiltinOperator_ABS:
    case sch_BuiltinOperator_NEG:
    case sch_BuiltinOperator_EXP:
    case sch_BuiltinOperator_LOG:
    case sch_BuiltinOperator_SQRT:
    case sch_BuiltinOperator_RSQRT:
    case sch_BuiltinOperator_SQUARE:
    case sch_BuiltinOperator_SIN:
    case sch_BuiltinOperator_COS:
    case sch_BuiltinOperator_FLOOR:
    case sch_BuiltinOperator_CEIL:
    case sch_BuiltinOperator_ROUND:
    case sch_BuiltinOperator_CAST:
    case sch_BuiltinOperator_QUANTIZE:
    case sch_BuiltinOperator_DEQUANTIZE:
    case sch_BuiltinOperator_FAKE_QUANT: return unary(c, n);
    default: return false;
  }
}

/* Every input has a shape of known rank, and nothing is sparse or stored by blocks. */
static bool plain(const channels *c, const graph_node *n) {
  for (int32_t i = 0; i < n->num_inputs + n->num_outputs; i++) {
    const int32_t v = i < n->num_inputs ? n->inputs[i] : n->outputs[i - n->num_inputs];
    if (v >= 0 && (value_of(c, v)->rank < 0 || value_of(c, v)->sparsity)) return false;
  }
  return n->num_outputs > 0 && n->num_inputs > 0 && n->inputs[0] >= 0;
}

static void walk(channels *c) {
  const graph *const g = c->g;
  for (int32_t i = 0; i < g->num_inputs; i++) fix_value(c, g->inputs[i]);
  for (int32_t v = 0; v < g->num_values; v++)
    if (g->values[v].is_variable || mote_type_bits(g->values[v].type) < 8) fix_value(c, v);
  for (int32_t i = 0; i < g->num_nodes && !c->failed; i++) {
    const graph_node *const n = &g->nodes[i];
    if (!plain(c, n) || !flow(c, n)) nothing_known(c, n);
    for (int32_t k = 0; k < n->num_outputs; k++)
      for (int32_t a = 0; n->outputs[k] >= 0 && a < value_of(c, n->outputs[k])->rank; a++)
        if (!*slot(c, n->outputs[k], a)) fix(c, n->outputs[k], a);
  }
  for (int32_t i = 0; i < g->num_outputs; i++) fix_value(c, g->outputs[i]);
}

mote_status channels_find(channels *c, const graph_set *set, int32_t index, arena *a, mote_error *e) {
  *c = (channels){.set = set, .g = &set->graphs[index], .arena = a};
  c->units = ARENA_ARRAY(a, int32_t *, (size_t)c->g->num_values * OP_MAX_RANK + 1);
  if (c->units) walk(c);
  return c->units && !c->failed ? MOTE_OK : err_memory(e, "the channels of a network", 0);
}

const int32_t *channels_of(const channels *c, int32_t value, int32_t axis) {
  return has_units(c, value, axis) ? *slot(c, value, axis) : NULL;
}

int32_t channels_root(const channels *c, int32_t unit) {
  while (c->parent[unit] != unit) unit = c->parent[unit];
  return c->fixed[unit] ? -1 : unit;
}
