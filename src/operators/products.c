/* products.c: see products.h. */
#include "operators/products.h"

#include <float.h>
#include <math.h>

#include "base/error.h"
#include "kernels/number.h"
#include "operators/move.h"

static bool is_quantized(const op_tensor *t) { return t->quant->count > 0 || t->quant->block_size > 0; }

/* The right side may have a scale for each coordinate of an axis, when it is constant; the others have one. */
static mote_status check_scales(op_ctx *c, const op_tensor *t, bool may_have_axis) {
  const op_quant *const q = t->quant;
  const int bits = mote_type_bits(t->type);
  const bool by_axis =
      may_have_axis && op_is_const(t) && q->axis >= 0 && q->axis < t->rank && q->count == t->dims[q->axis];
  OP_REQUIRE(c, q->count == 1 || by_axis, MOTE_ERR_UNSUPPORTED,
             "'%s' has %d scales; one is taken, and of a constant input 1 one for each coordinate of an axis", t->name,
             (int)q->count);
  OP_REQUIRE(c, bits <= 32 && t->type != MOTE_UINT32 && num_class_of(t->type) == NUM_INT, MOTE_ERR_UNSUPPORTED,
             "'%s' is %s, which is not quantized; integers of up to 32 bits are", t->name, mote_type_name(t->type));
  for (int32_t i = 0; i < q->count; i++)
    OP_REQUIRE(c, q->scale[i] > 0 && q->scale[i] <= FLT_MAX, MOTE_ERR_MODEL,
               "scale %d of '%s' is %g; scales are above 0", (int)i, t->name, (double)q->scale[i]);
  return MOTE_OK;
}

mote_status products_check(op_ctx *c, bool bytes, matmul_numbers *x) {
  const mote_type a = c->in[0]->type, b = c->in[1]->type, out = c->out[0]->type;
  const op_tensor *const operands[] = {c->in[0], c->in[1], c->out[0]};
  const int quantized = is_quantized(operands[0]) + is_quantized(operands[1]) + is_quantized(operands[2]);
  OP_REQUIRE(c, quantized == 0 || quantized == 3, MOTE_ERR_UNSUPPORTED,
             "%d of two inputs and the output are quantized; either all are, or none is", quantized);
  for (int i = 0; i < 3 && quantized; i++) MOTE_TRY(check_scales(c, operands[i], i == 1));
  const bool floats = num_class_of(a) != NUM_INT || quantized;
  const bool wide = a == MOTE_FLOAT64 || b == MOTE_FLOAT64 || out == MOTE_FLOAT64;
  *x = (matmul_numbers){.kind = floats ? wide ? MATMUL_F64 : MATMUL_F32 : MATMUL_S64};
  if (bytes && !quantized && a == MOTE_INT8 && b == MOTE_INT8 && out == MOTE_INT32) x->kind = MATMUL_RAW;
  return MOTE_OK;
}

/* StableHLO's dequantize: (stored - zero point) * scale. */
static void dequantize(const op_tensor *t, float *x) {
  const op_quant *const q = t->quant;
  const size_t count = op_count(t), step = q->count > 1 ? op_span(t, q->axis + 1, t->rank) : count;
  for (size_t i = 0; i < count; i++) {
    const size_t s = q->count > 1 ? i / step % (size_t)q->count : 0;
    x[i] = (x[i] - (float)q->zero_point[s]) * q->scale[s];
  }
}

void products_give(op_ctx *c, mote_type type, void *from) {
  const op_tensor *const out = c->out[0];
  const size_t count = op_count(out);
  if (is_quantized(out)) { /* StableHLO's quantize: nearest even, clamped to what is stored */
    /* The largest float that an int32 holds. */
    const float most = 2147483520.0f, scale = out->quant->scale[0], zero = (float)out->quant->zero_point[0];
    float *const x = from;
    int32_t lo, hi;
    op_type_range(out->type, &lo, &hi);
    for (size_t i = 0; i < count; i++) {
      const float v = rintf(x[i] / scale) + zero;
      x[i] = fminf(fmaxf(v, (float)lo), fminf((float)hi, most));
    }
  }
  num_convert(type, from, out->type, out->data, 0, count);
}

mote_type products_type(const matmul_numbers *x) {
  if (x->kind == MATMUL_RAW) return MOTE_INT8;
  return x->kind == MATMUL_F32 ? MOTE_FLOAT32 : x->kind == MATMUL_F64 ? MOTE_FLOAT64 : MOTE_INT64;
}

mote_type products_result(const matmul_numbers *x) { return x->kind == MATMUL_RAW ? MOTE_INT32 : products_type(x); }

bool products_ordered(const op_tensor *t, const int32_t *order) {
  int32_t last = -1;
  for (int32_t i = 0; i < t->rank; i++) {
    if (t->dims[order[i]] == 1) continue;
    if (order[i] < last) return false;
    last = order[i];
  }
  return true;
}

void products_lay(const op_tensor *t, const int32_t *order, mote_type type, scratch_layout *l, products_side *s) {
  const size_t count = op_count(t);
  const int64_t element = move_element(type);
  *s = (products_side){.converted = t->type != type, .copied = !products_ordered(t, order)};
  s->converted_at = scratch_part(l, s->converted ? count : 0, (size_t)element);
  s->copied_at = scratch_part(l, s->copied ? count : 0, (size_t)element);
  if (!s->copied) return;
  int64_t steps[OP_MAX_RANK], step = element, to = element;
  for (int32_t i = t->rank - 1; i >= 0; i--) steps[i] = step, step *= t->dims[i];
  copy_begin(&s->copy, (size_t)element);
  for (int32_t i = t->rank - 1; i >= 0; i--) {
    copy_axis(&s->copy, t->dims[order[i]], to, steps[order[i]]);
    to *= t->dims[order[i]];
  }
  copy_end(&s->copy);
}

const void *products_bring(op_ctx *c, const op_tensor *t, mote_type type, const products_side *s, void *scratch) {
  const void *x = t->data;
  uint8_t *const room = scratch;
  if (s->converted) {
    num_convert(t->type, x, type, room + s->converted_at, 0, op_count(t));
    x = room + s->converted_at;
    if (is_quantized(t)) dequantize(t, (float *)(void *)(room + s->converted_at));
  }
  if (s->copied) {
    move_run(c, &s->copy, room + s->copied_at, x);
    x = room + s->copied_at;
  }
  return x;
}

mote_status products_dims(op_ctx *c, const char *name, sch_i64s dims, int32_t rank, uint32_t *mask) {
  for (uint32_t i = 0; i < dims.count; i++) {
    OP_REQUIRE(c, dims.data[i] >= 0 && dims.data[i] < rank && !(*mask >> dims.data[i] & 1), MOTE_ERR_MODEL,
               "%s names dimension %lld; dimensions lie in [0, %d), and each has one role", name,
               (long long)dims.data[i], (int)rank);
    *mask |= UINT32_C(1) << dims.data[i];
  }
  return MOTE_OK;
}
