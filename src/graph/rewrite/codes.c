/* codes.c: see codes.h; ranges that a network was trained with become codes of 8 bits.
 *
 * Not here: operators that compute with codes (integer.c).
 */
#include "graph/rewrite/codes.h"

#include <math.h>

int32_t codes_of(const rewriting *w, int32_t value) {
  const int32_t real = rw_made_by(w, value, sch_BuiltinOperator_DEQUANTIZE);
  const int32_t codes = real < 0 ? -1 : rw_input(w, real, 0);
  if (codes < 0 || !rw_float32(w, value)) return -1;
  const graph_value *const v = rw_value(w, codes);
  return v->type == MOTE_INT8 && v->quant.count >= 1 && !v->quant.block_size && !v->sparsity ? codes : -1;
}

int32_t codes_of_one(const rewriting *w, int32_t value) {
  const int32_t codes = codes_of(w, value);
  return codes >= 0 && rw_value(w, codes)->quant.count == 1 ? codes : -1;
}

int32_t codes_const(rewriting *w, int32_t like, int32_t rank, const int32_t *dims, const int8_t *data, int32_t count,
                    int32_t axis, const float *scales, const int32_t *zero_points) {
  const int32_t *const zeros = zero_points ? zero_points : ARENA_ARRAY(w->b.arena, int32_t, (size_t)count);
  const op_quant quant = {
      .count = count, .axis = axis, .scale = scales, .zero_point = zeros, .scales = -1, .zero_points = -1};
  const int32_t made = zeros ? rw_const(w, like, MOTE_INT8, rank, dims, data) : -1;
  if (made >= 0) build_quantize(&w->b, made, &quant);
  return made;
}

int32_t codes_add(rewriting *w, int32_t like, int32_t code, const void *options, int32_t count, const int32_t *inputs,
                  mote_type type, const op_quant *quant) {
  w->b.at = rw_value(w, like)->name;
  return build_add(&w->b, &(build_node){.code = code,
                                        .options = options,
                                        .num_inputs = count,
                                        .inputs = inputs,
                                        .num_outputs = 1,
                                        .types = &type,
                                        .quant = quant});
}

/* ---- ranges ---- */

/* Codes from `least` to `most`, of which `zero` is 0. */
typedef struct steps {
  float scale;
  int32_t zero, least, most;
} steps;

/* The range is moved so that 0 is one of its steps, as FAKE_QUANT does. */
static bool steps_of(const sch_FakeQuantOptions *o, steps *s) {
  if (o->num_bits < 2 || o->num_bits > 8 || !(o->max > o->min)) return false;
  s->least = o->narrow_range ? 1 : 0;
  s->most = (1 << o->num_bits) - 1;
  s->scale = (o->max - o->min) / (float)(s->most - s->least);
  const float zero = (float)s->least - o->min / s->scale;
  if (!(s->scale > 0) || !isfinite(zero)) return false;
  s->zero = zero <= (float)s->least ? s->least : zero >= (float)s->most ? s->most : (int32_t)roundf(zero);
  return true;
}

/* Codes of a constant around a zero point of 0 where they fit so, as weights must be. */
static int32_t constant_codes(rewriting *w, int32_t value, const steps *s) {
  size_t n;
  const float *const from = rw_floats(w, value, &n);
  int8_t *const to = ARENA_ARRAY(w->b.arena, int8_t, n + 1);
  if (!from || !to) return -1;
  int32_t shift = 0;
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < n; i++) {
      const float x = roundf(from[i] / s->scale) + (float)s->zero;
      const int32_t code = x >= (float)s->most ? s->most : x > (float)s->least ? (int32_t)x : s->least;
      const int32_t around = code - s->zero;
      if (around < -127 || around > 127) shift = s->zero - 128;
      to[i] = (int8_t)(around + shift);
    }
  const graph_value v = *rw_value(w, value);
  return codes_const(w, value, v.rank, v.dims, to, 1, 0, &s->scale, &shift);
}

/*     x ──▶ FAKE_QUANT ──▶ y                 x ──▶ QUANTIZE ──▶ DEQUANTIZE ──▶ y
 *     constant ──▶ FAKE_QUANT ──▶ y          constant codes ──▶ DEQUANTIZE ──▶ y
 *
 * Fewer bits than 8 would clamp less in a QUANTIZE; there only constants become codes. */
static bool take(rewriting *w, int32_t node) {
  steps s;
  if (!rw_is(w, node, sch_BuiltinOperator_FAKE_QUANT)) return false;
  const sch_FakeQuantOptions *const o = rw_node(w, node)->options;
  const int32_t x = rw_input(w, node, 0);
  if (!steps_of(o, &s) || (o->num_bits != 8 && !rw_is_const(w, x))) return false;
  const int32_t zero = s.zero - 128;
  const op_quant quant = {.count = 1, .scale = &s.scale, .zero_point = &zero, .scales = -1, .zero_points = -1};
  const int32_t codes = rw_is_const(w, x) ? constant_codes(w, x, &s)
                                          : codes_add(w, rw_output(w, node), sch_BuiltinOperator_QUANTIZE, NULL, 1, &x,
                                                      MOTE_INT8, &quant);
  return codes >= 0 && rw_become(w, node, sch_BuiltinOperator_DEQUANTIZE, NULL, 1, &codes);
}

const rewrite rewrite_take_ranges = {
    .name = "take-ranges",
    .reason = "a range that was trained becomes numbers of 8 bits",
    .marks = REWRITE_FILE,
    .apply = take,
};

/* ---- constants that move ---- */

/* Where element i of the output of a TRANSPOSE comes from; NULL when the order is not known. */
static size_t *sources(const rewriting *w, int32_t node, const graph_value *from, size_t n) {
  int64_t perm[OP_KNOWN_MAX];
  int32_t count;
  size_t step[OP_MAX_RANK + 1], *const to = ARENA_ARRAY(w->b.arena, size_t, n + 1);
  if (!to) return NULL;
  if (!rw_is(w, node, sch_BuiltinOperator_TRANSPOSE)) {
    for (size_t i = 0; i < n; i++) to[i] = i;
    return to;
  }
  if (!rw_ints(w, rw_input(w, node, 1), perm, &count) || count != from->rank) return NULL;
  step[from->rank] = 1;
  for (int32_t d = from->rank - 1; d >= 0; d--) step[d] = step[d + 1] * (size_t)from->dims[d];
  for (size_t i = 0; i < n; i++) {
    size_t rest = i;
    for (int32_t d = count - 1; d >= 0; d--) {
      const int64_t axis = perm[d] < 0 ? perm[d] + count : perm[d];
      if (axis < 0 || axis >= count) return NULL;
      to[i] += rest % (size_t)from->dims[axis] * step[axis + 1];
      rest /= (size_t)from->dims[axis];
    }
  }
  return to;
}

/* Whether scales follow dimension `axis` of the new shape; then channels[k] is the old channel of index k. */
static bool follows(const graph_value *from, const graph_value *to, int32_t axis, const size_t *source, size_t n,
                    size_t *channels) {
  size_t inner = 1;
  const size_t count = (size_t)to->dims[axis];
  for (int32_t d = axis + 1; d < to->rank; d++) inner *= (size_t)to->dims[d];
  for (size_t k = 0; k < count; k++) channels[k] = SIZE_MAX;
  for (size_t i = 0; i < n; i++) {
    const size_t k = i / inner % count, channel = codes_channel(from, source[i]);
    if (channels[k] == SIZE_MAX) channels[k] = channel;
    if (channels[k] != channel) return false;
  }
  return true;
}

static int32_t moved(rewriting *w, int32_t codes, int32_t node) {
  const graph_value from = *rw_value(w, codes), to = *rw_value(w, rw_output(w, node));
  const size_t n = from.bytes;
  const size_t *const source = sources(w, node, &from, n);
  int8_t *const data = ARENA_ARRAY(w->b.arena, int8_t, n + 1);
  if (!source || !data || !n) return -1;
  for (size_t i = 0; i < n; i++) data[i] = ((const int8_t *)from.data)[source[i]];
  if (from.quant.count == 1)
    return codes_const(w, codes, to.rank, to.dims, data, 1, 0, from.quant.scale, from.quant.zero_point);
  for (int32_t axis = to.rank - 1; axis >= 0; axis--) {
    const size_t count = (size_t)to.dims[axis];
    size_t *const channels = ARENA_ARRAY(w->b.arena, size_t, count + 1);
    float *const scales = ARENA_ARRAY(w->b.arena, float, count + 1);
    int32_t *const zeros = ARENA_ARRAY(w->b.arena, int32_t, count + 1);
    if (!channels || !scales || !zeros) return -1;
    if (!follows(&from, &to, axis, source, n, channels)) continue;
    for (size_t k = 0; k < count; k++)
      scales[k] = from.quant.scale[channels[k]], zeros[k] = from.quant.zero_point[channels[k]];
    return codes_const(w, codes, to.rank, to.dims, data, (int32_t)count, axis, scales, zeros);
  }
  return -1;
}

/*     constant codes ──▶ DEQUANTIZE ──▶ TRANSPOSE ──▶ y          constant codes, moved ──▶ DEQUANTIZE ──▶ y */
static bool move(rewriting *w, int32_t node) {
  switch (rw_node(w, node)->op->code) {
    case sch_BuiltinOperator_TRANSPOSE:
    case sch_BuiltinOperator_RESHAPE:
    case sch_BuiltinOperator_SQUEEZE:
    case sch_BuiltinOperator_EXPAND_DIMS: break;
    default: return false;
  }
  const int32_t codes = codes_of(w, rw_input(w, node, 0));
  if (codes < 0 || !rw_is_const(w, codes) || !rw_shape_known(w, rw_output(w, node))) return false;
  const int32_t made = moved(w, codes, node);
  return made >= 0 && rw_become(w, node, sch_BuiltinOperator_DEQUANTIZE, NULL, 1, &made);
}

const rewrite rewrite_move_codes = {
    .name = "move-codes",
    .reason = "constants of 8 bits are stored as they are read",
    .marks = REWRITE_FILE | REWRITE_EXACT,
    .apply = move,
};
