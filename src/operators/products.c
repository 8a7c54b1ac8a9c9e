/* products.c: see products.h. */
#include "operators/products.h"

#include "base/error.h"
#include "kernels/number.h"
#include "operators/move.h"

mote_status products_check(op_ctx *c, bool bytes, matmul_numbers *x) {
  const mote_type a = c->in[0]->type, b = c->in[1]->type, out = c->out[0]->type;
  const op_tensor *const operands[] = {c->in[0], c->in[1], c->out[0]};
  for (int i = 0; i < 3; i++)
    OP_REQUIRE(c, !operands[i]->quant->count, MOTE_ERR_UNSUPPORTED,
               "%s is quantized; plain numbers are taken, and quantized ones by BATCH_MATMUL and CONV_2D",
               i == 2 ? "the output"
               : i    ? "input 1"
                      : "input 0");
  const bool floats = num_class_of(a) != NUM_INT;
  const bool wide = a == MOTE_FLOAT64 || b == MOTE_FLOAT64 || out == MOTE_FLOAT64;
  *x = (matmul_numbers){.kind = floats ? wide ? MATMUL_F64 : MATMUL_F32 : MATMUL_S64};
  if (bytes && a == MOTE_INT8 && b == MOTE_INT8 && out == MOTE_INT32) x->kind = MATMUL_RAW;
  return MOTE_OK;
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
