/* product.c: rows of floats times a matrix of float32 or 8-bit weights. */
#include "operators/product.h"

#include <math.h>

#include "kernels/gemm_f32.h"
#include "kernels/lstm_f32.h"

static size_t rows_of(const op_tensor *w) { return (size_t)w->dims[0]; }
static size_t cols_of(const op_tensor *w) { return (size_t)w->dims[1]; }
static bool is_float(const op_tensor *w) { return w->type == MOTE_FLOAT32; }

/* ---- weights as blocks ---- */

typedef struct fill_arg {
  op_ctx *c;
  const op_tensor *weights;
} fill_arg;

void product_fill(op_ctx *c, const op_tensor *w, void *to) {
  if (is_float(w)) kern_gemm_f32(c->isa)->pack(to, w->data, rows_of(w), cols_of(w), NULL);
  else hybrid_pack(kern_gemm_s8(c->isa), w->data, rows_of(w), cols_of(w), to);
}

static void fill(void *to, const void *arg) {
  const fill_arg *const a = arg;
  product_fill(a->c, a->weights, to);
}

static bool block_bytes(const op_ctx *c, const op_tensor *w, size_t *bytes) {
  return is_float(w) ? kern_gemm_f32(c->isa)->packed_bytes(rows_of(w), cols_of(w), bytes)
                     : hybrid_pack_bytes(kern_gemm_s8(c->isa), rows_of(w), cols_of(w), bytes);
}

void product_consume(op_ctx *c, const op_tensor *t) {
  for (int32_t i = 0; i < c->num_inputs && i < 32; i++)
    if (c->in[i] == t) c->consumed |= UINT32_C(1) << i;
}

mote_status product_pack(op_ctx *c, const op_tensor *w, const void **block) {
  if (!is_float(w)) MOTE_TRY(op_need_scale(c, w));
  if (!op_is_const(w) || w->rank != 2) return MOTE_OK;
  const fill_arg arg = {c, w};
  pack_request request = {
      .source = w->data, .kind = is_float(w) ? PACK_ROWS_F32 : PACK_ROWS_HYBRID, .fill = fill, .arg = &arg};
  if (!block_bytes(c, w, &request.bytes)) return op_no_memory(c, SIZE_MAX);
  MOTE_TRY(pack_constant(c, &request, block));
  product_consume(c, w);
  return MOTE_OK;
}

uint64_t product_block_part(op_ctx *c, const op_tensor *w, scratch_layout *l) {
  size_t bytes = 0;
  if (!block_bytes(c, w, &bytes)) l->too_large = true;
  return scratch_part(l, bytes, 1);
}

/* ---- whole products ---- */

void product_plan(op_ctx *c, const op_tensor *w, const void *block, size_t rows, scratch_layout *l, product_record *r) {
  size_t count = 0, bytes = 0;
  if (!block) r->block = product_block_part(c, w, l);
  if (!size_mul(rows, rows_of(w), &count)) l->too_large = true;
  r->acc = scratch_part(l, count, sizeof(int32_t));
  if (is_float(w)) return;
  if (!hybrid_input_bytes(kern_gemm_s8(c->isa), rows, cols_of(w), &bytes)) l->too_large = true;
  r->input = scratch_part(l, bytes, 1);
}

product product_begin(op_ctx *c, const op_tensor *w, const void *block, const product_record *r, bool asymmetric) {
  uint8_t *const scratch = c->scratch;
  if (!block) product_fill(c, w, scratch + r->block);
  return (product){.c = c,
                   .weights = w,
                   .block = block ? block : scratch + r->block,
                   .input = scratch + r->input,
                   .acc = scratch + r->acc,
                   .asymmetric = asymmetric};
}

static void add_float(const product *p, const float *x, size_t rows, float *out) {
  const size_t n = rows_of(p->weights), k = cols_of(p->weights);
  float *const sums = (float *)(void *)p->acc;
  kern_gemm_f32(p->c->isa)->run(&(gemm_f32_job){.m = rows,
                                                .k = k,
                                                .n_end = n,
                                                .a = x,
                                                .a_stride = k,
                                                .packed = p->block,
                                                .c = sums,
                                                .c_stride = n,
                                                .lo = -INFINITY,
                                                .hi = INFINITY});
  kern_lstm_f32(p->c->isa)->add(out, sums, rows * n);
}

void product_add(const product *p, const float *x, size_t rows, float *out) {
  const op_tensor *const w = p->weights;
  if (!rows || !rows_of(w) || !cols_of(w)) return;
  if (is_float(w)) {
    add_float(p, x, rows, out);
    return;
  }
  const gemm_s8 *const kernel = kern_gemm_s8(p->c->isa);
  const hybrid_weights weights = {rows_of(w), cols_of(w), w->scale, p->block};
  hybrid_input in;
  hybrid_input_place(&in, kernel, p->input, rows, cols_of(w));
  hybrid_quantize(&in, kernel, x, p->asymmetric);
  hybrid_accumulate(&weights, kernel, &in, (int32_t *)(void *)p->acc, out);
}
