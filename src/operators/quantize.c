/* quantize.c: QUANTIZE (floats to integers, and integers to other scales and widths) and DEQUANTIZE.
 *
 * Per channel only between floats and integers. The loops are kernels/map.h; packed integers go through bytes.
 */
#include "base/fixed.h"
#include "kernels/expand.h"
#include "kernels/number.h"
#include "operators/unary.h"

typedef struct quantize_params {
  union {
    uint8_t table_8[256]; /* 8 bits to 8 bits, by the byte */
    int16_t table_16[256];
    map_requant requant;
    map_quantize quantize;
    map_dequantize dequantize;
  } u;
} quantize_params;

static bool is_8_bit(mote_type type) { return type == MOTE_INT8 || type == MOTE_UINT8; }

/* The tensor that carries the scales. */
static const op_tensor *integers(const op_ctx *c) {
  return c->op->code == sch_BuiltinOperator_QUANTIZE ? c->out[0] : c->in[0];
}

static bool is_packed(mote_type type) { return mote_type_bits(type) < 8; }

/* The bytes that stand for a tensor of packed integers: one each. */
static op_tensor as_bytes(const op_tensor *t, void *bytes) {
  op_tensor b = *t;
  b.type = t->type == MOTE_UINT4 ? MOTE_UINT8 : MOTE_INT8;
  b.data = bytes;
  return b;
}

/* Elements as those of another type of the same class: packed integers and bytes, bfloat16 and float32. */
static void repack(const op_tensor *from, const op_tensor *to) {
  int64_t block[NUM_BLOCK];
  const size_t n = op_count(from);
  for (size_t i = 0, m; i < n; i += m) {
    m = n - i < NUM_BLOCK ? n - i : NUM_BLOCK;
    void *const place = num_place(to->type, to->data, i, block);
    num_write(to->type, to->data, i, m, num_read(from->type, from->data, i, m, place));
  }
}

static mote_status plan(op_ctx *c) {
  if (is_packed(integers(c)->type)) c->scratch_size = op_count(c->in[0]);
  return MOTE_OK;
}

static bool per_channel(const op_ctx *c) { return integers(c)->quant->count > 1; }

static mote_status check_channels(op_ctx *c) {
  const op_tensor *t = integers(c);
  for (int32_t i = 0; i < t->quant->count; i++)
    OP_REQUIRE(c, c->op->code == sch_BuiltinOperator_DEQUANTIZE || t->quant->scale[i] > 0, MOTE_ERR_MODEL,
               "scale %d of the output is %g; it must be greater than 0", (int)i, (double)t->quant->scale[i]);
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *t = c->in[0], *q = integers(c);
  if (per_channel(c) && t->rank >= 0) {
    const int32_t axis = q->quant->axis;
    OP_REQUIRE(c, axis >= 0 && axis < t->rank && (t->dims[axis] == q->quant->count || t->dims[axis] < 0),
               MOTE_ERR_SHAPE, "there are %d scales along dimension %d, which must have as many elements",
               (int)q->quant->count, (int)axis);
  }
  op_same_shape(c->out[0], t);
  return MOTE_OK;
}

/* ---- per channel ---- */

/* Elements are outer x channels x inner. Short runs of a channel share a block: its scales are spread over their
 * elements. */
enum { BLOCK = 1024, SHORT = 32, TASK_ELEMENTS = 16 * 1024 };

typedef struct channel_walk {
  const op_quant *quant;
  const char *x;
  char *y;
  size_t x_bytes, y_bytes;
  size_t outer, channels, inner, outer_a_task;
  int32_t flip, lo, hi; /* of the integers */
  bool quantizes;
  map_fn row, run; /* with a scale for each element, with one for all */
} channel_walk;

/* n elements from `at` on, with a scale and zero point for each. */
static void run_row(const channel_walk *w, size_t at, size_t n, const float *scale, const int32_t *zero) {
  const map_quantize_row q = {scale, zero, w->lo, w->hi};
  const map_dequantize_row d = {w->flip, scale, zero};
  const char *x = w->x + at * w->x_bytes;
  char *y = w->y + at * w->y_bytes;
  w->row(x, y, n, w->quantizes ? (const void *)&q : &d);
}

/* The run of one channel that begins at `at`. */
static void run_channel(const channel_walk *w, size_t channel, size_t at) {
  const float scale = w->quant->scale[channel];
  const int32_t zero = w->quant->zero_point[channel];
  const map_quantize q = {scale, zero, w->lo, w->hi};
  const map_dequantize d = {w->flip, zero + w->flip, scale};
  const char *x = w->x + at * w->x_bytes;
  char *y = w->y + at * w->y_bytes;
  w->run(x, y, w->inner, w->quantizes ? (const void *)&q : &d);
}

/* Outer indices whose channels together fill half a block or less: scales are spread once for all of them. */
static void run_small(const channel_walk *w, size_t first, size_t last) {
  float scale[BLOCK];
  int32_t zero[BLOCK];
  const size_t each = w->channels * w->inner, most = BLOCK / each < last - first ? BLOCK / each : last - first;
  kern_expand(scale, w->quant->scale, w->channels, 1, w->inner, true, 4);
  kern_expand(zero, w->quant->zero_point, w->channels, 1, w->inner, true, 4);
  kern_expand(scale + each, scale, most - 1, 0, each, false, 4);
  kern_expand(zero + each, zero, most - 1, 0, each, false, 4);
  for (size_t o = first, n; o < last; o += n) {
    n = last - o < most ? last - o : most;
    run_row(w, o * each, n * each, scale, zero);
  }
}

/* All channels of one outer index, as many at a time as fill a block. */
static void run_short(const channel_walk *w, size_t outer) {
  float scale[BLOCK];
  int32_t zero[BLOCK];
  const size_t most = BLOCK / w->inner;
  for (size_t i = 0, n; i < w->channels; i += n) {
    n = w->channels - i < most ? w->channels - i : most;
    kern_expand(scale, w->quant->scale + i, n, 1, w->inner, true, 4);
    kern_expand(zero, w->quant->zero_point + i, n, 1, w->inner, true, 4);
    run_row(w, (outer * w->channels + i) * w->inner, n * w->inner, scale, zero);
  }
}

static void channel_task(void *arg, size_t index, int worker) {
  (void)worker;
  const channel_walk *w = arg;
  const size_t first = index * w->outer_a_task;
  const size_t last = w->outer - first < w->outer_a_task ? w->outer : first + w->outer_a_task;
  if (w->channels * w->inner <= BLOCK / 2) {
    run_small(w, first, last);
    return;
  }
  for (size_t o = first; o < last; o++) {
    const size_t at = o * w->channels * w->inner;
    if (w->inner == 1) run_row(w, at, w->channels, w->quant->scale, w->quant->zero_point);
    else if (w->inner < SHORT) run_short(w, o);
    else
      for (size_t i = 0; i < w->channels; i++) run_channel(w, i, at + i * w->inner);
  }
}

static void run_per_channel(op_ctx *c, const op_tensor *x, const op_tensor *y, const map_fn *row, const map_fn *run) {
  const op_tensor *t = integers(c);
  channel_walk w = {.quant = t->quant, .x = x->data, .y = y->data, .row = row[c->isa], .run = run[c->isa]};
  if (op_count(x) == 0) return;
  w.x_bytes = (size_t)mote_type_bits(x->type) / 8;
  w.y_bytes = (size_t)mote_type_bits(y->type) / 8;
  w.outer = op_span(x, 0, t->quant->axis);
  w.channels = (size_t)t->quant->count;
  w.inner = op_span(x, t->quant->axis + 1, x->rank);
  w.flip = t->type == MOTE_INT8 || t->type == MOTE_INT4 || t->type == MOTE_INT2 ? 0x80 : 0;
  w.quantizes = t == c->out[0];
  op_type_range(t->type, &w.lo, &w.hi);
  w.outer_a_task = TASK_ELEMENTS / (w.channels * w.inner) + 1;
  op_parallel(c, (w.outer + w.outer_a_task - 1) / w.outer_a_task, channel_task, &w);
}

/* ---- QUANTIZE ---- */

/* Integers to integers: clamp(Q(x - x_zero) + y_zero) with the ratio of scales in double. */
static void requantize(const op_tensor *x, const op_tensor *y, quantize_params *p) {
  map_requant q = {.x_zero = x->zero_point, .y_zero = y->zero_point};
  q.mult = fx_quantize_multiplier((double)x->scale / (double)y->scale);
  op_type_range(y->type, &q.lo, &q.hi);
  if (!is_8_bit(x->type)) {
    p->u.requant = q;
    return;
  }
  for (int i = 0; i < 256; i++) {
    const int32_t value = x->type == MOTE_INT8 ? (int8_t)i : i;
    const int32_t r = fx_clamp((int64_t)fx_mbqm(value - q.x_zero, q.mult) + q.y_zero, q.lo, q.hi);
    if (y->type == MOTE_INT16) p->u.table_16[i] = (int16_t)r;
    else p->u.table_8[i] = (uint8_t)r;
  }
}

static mote_status quantize_check(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  quantize_params *p = c->params;
  if (x->type == MOTE_FLOAT32 && per_channel(c)) return check_channels(c);
  MOTE_TRY(op_need_scale(c, y));
  if (x->type != MOTE_FLOAT32) {
    MOTE_TRY(op_need_scale(c, x));
    requantize(x, y, p);
    return MOTE_OK;
  }
  p->u.quantize = (map_quantize){.scale = y->scale, .y_zero = y->zero_point};
  op_type_range(y->type, &p->u.quantize.lo, &p->u.quantize.hi);
  return MOTE_OK;
}

static const map_fn *quantize_kernel(mote_type x, mote_type y) {
  if (x == MOTE_FLOAT32) return is_8_bit(y) ? map_quantize_8 : map_quantize_16;
  if (x == MOTE_INT32) return is_8_bit(y) ? map_requant_32_8 : map_requant_32_16;
  if (x == MOTE_INT16) return is_8_bit(y) ? map_requant_16_8 : y == MOTE_INT16 ? map_requant_16_16 : map_requant_16_32;
  return is_8_bit(y) ? map_lut_8 : map_lut_8_16;
}

static mote_status quantize_run(op_ctx *c) {
  const op_tensor *x = c->in[0];
  op_tensor y = *c->out[0];
  const bool packed = is_packed(y.type);
  if (packed) y = as_bytes(&y, c->scratch);
  const map_fn *const f = quantize_kernel(x->type, y.type);
  if (per_channel(c)) run_per_channel(c, x, &y, is_8_bit(y.type) ? map_quantize_row_8 : map_quantize_row_16, f);
  else unary_run_on(c, x, &y, f[c->isa], c->params);
  if (packed) repack(&y, c->out[0]);
  return MOTE_OK;
}

const mote_op op_quantize = {
    .name = "QUANTIZE",
    .code = sch_BuiltinOperator_QUANTIZE,
    .versions = 6,
    .options = sch_BuiltinOptions_QuantizeOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 > i8|u8|i16|i4|u4|i2; i8|u8 > i8|u8|i16; i16 > i8|i16|i32; i32 > i8|i16",
    .traits = OP_INPLACE_0,
    .params_size = sizeof(quantize_params),
    .check = quantize_check,
    .infer = infer,
    .plan = plan,
    .run = quantize_run,
    .notes = "Per channel from float32 only. Halves round away from zero; NaN becomes the zero point.",
};

/* ---- DEQUANTIZE ---- */

static mote_status dequantize_check(op_ctx *c) {
  const op_tensor *x = c->in[0];
  quantize_params *p = c->params;
  if (x->type == MOTE_FLOAT16 || x->type == MOTE_BFLOAT16) return MOTE_OK;
  if (per_channel(c)) return check_channels(c);
  MOTE_TRY(op_need_scale(c, x));
  const int32_t flip = x->type == MOTE_INT8 || x->type == MOTE_INT4 || x->type == MOTE_INT2 ? 0x80 : 0;
  p->u.dequantize = (map_dequantize){.flip = flip, .zero = x->zero_point + flip, .scale = x->scale};
  return MOTE_OK;
}

static mote_status dequantize_run(op_ctx *c) {
  op_tensor x = *c->in[0];
  if (x.type == MOTE_FLOAT16) unary_run(c, map_widen_f16[c->isa], NULL);
  if (x.type == MOTE_BFLOAT16) repack(&x, c->out[0]);
  if (x.type == MOTE_FLOAT16 || x.type == MOTE_BFLOAT16) return MOTE_OK;
  if (is_packed(x.type)) {
    x = as_bytes(&x, c->scratch);
    repack(c->in[0], &x);
  }
  const bool bytes = is_8_bit(x.type);
  const map_fn *const f = bytes ? map_dequantize_8 : map_dequantize_16;
  if (per_channel(c)) run_per_channel(c, &x, c->out[0], bytes ? map_dequantize_row_8 : map_dequantize_row_16, f);
  else unary_run_on(c, &x, c->out[0], f[c->isa], c->params);
  return MOTE_OK;
}

const mote_op op_dequantize = {
    .name = "DEQUANTIZE",
    .code = sch_BuiltinOperator_DEQUANTIZE,
    .versions = 9,
    .options = sch_BuiltinOptions_DequantizeOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i8|u8|i16|f16|bf16|i4|u4|i2 > f32",
    .params_size = sizeof(quantize_params),
    .check = dequantize_check,
    .infer = infer,
    .plan = plan,
    .run = dequantize_run,
    .notes = "Per tensor or per channel; small floats are widened.",
};
