/* Weights of 4 and 2 bits: the answers of the same numbers in int8, which the operators' own tests hold against the
 * definition; and weights with a scale for each block, against float64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/f16.h"
#include "operators/low_bits.h"
#include "support/conv_case.h"

extern const mote_op op_conv_2d, op_depthwise_conv_2d, op_fully_connected;

enum { MOST = 4000, CHANNELS = 48 };

static void pack(mote_type type, const int8_t *from, size_t n, uint8_t *to) {
  const size_t bits = (size_t)mote_type_bits(type), each = 8 / bits;
  memset(to, 0, n / each + 1);
  for (size_t i = 0; i < n; i++) to[i / each] |= (uint8_t)((from[i] & ((1 << bits) - 1)) << i % each * bits);
}

static void widens_any_range(void **state) {
  (void)state;
  int8_t numbers[64], wide[64];
  uint8_t packed[33];
  op_random r = {3};
  for (int t = 0; t < 2; t++) {
    const mote_type type = t ? MOTE_INT2 : MOTE_INT4;
    for (int i = 0; i < 64; i++) numbers[i] = (int8_t)(t ? op_random_in(&r, -2, 1) : op_random_in(&r, -8, 7));
    pack(type, numbers, 64, packed);
    for (size_t first = 0; first < 9; first++)
      for (size_t n = 0; n < 55; n++) {
        low_bits_widen(type, packed, first, n, wide);
        assert_memory_equal(wide, numbers + first, n);
      }
  }
}

typedef struct weights_case {
  const mote_op *op;
  const void *options;
  mote_type in, bias, out;
  int32_t in_rank, in_dims[4], rank, dims[4], outputs;
  bool constant;
  op_quant quant;
  float scale[CHANNELS];
  int32_t zeros[CHANNELS];
  int64_t x[MOST], b[CHANNELS];
  int8_t w[MOST];
  uint8_t packed[MOST];
} weights_case;

/* The case with weights of this type and data. Returns the bytes of the output, copied to `to`. */
static size_t answer(const weights_case *k, mote_type type, const void *w, cpu_level level, uint8_t *to) {
  op_case c;
  op_case_begin(&c, k->op, k->options);
  c.c.isa = level;
  op_tensor *const in = op_case_input(&c, k->in, k->in_rank, k->in_dims, k->x, 0);
  op_tensor *const filter = op_case_input(&c, type, k->rank, k->dims, w, k->constant ? OP_CONST : 0);
  op_case_input(&c, k->bias, 1, &k->outputs, k->b, k->constant ? OP_CONST : 0);
  op_tensor *const out = op_case_output(&c, k->out);
  filter->quant = &k->quant;
  in->scale = 0.01f, out->scale = k->out == MOTE_INT16 ? 0.1f : 0.3f;
  in->zero_point = k->in == MOTE_INT8 ? 3 : 0, out->zero_point = k->out == MOTE_INT8 ? -5 : 0;
  const mote_status status = op_case_run(&c);
  if (status != MOTE_OK) fprintf(stderr, "%s\n", c.error.text);
  assert_int_equal(status, MOTE_OK);
  const size_t bytes = out->bytes;
  assert_true(bytes <= MOST * sizeof(float));
  memcpy(to, out->data, bytes);
  assert_true(op_case_end(&c));
  return bytes;
}

static void make(weights_case *k, op_random *r, mote_type low) {
  static const sch_Conv2DOptions conv = {.stride_h = 2, .stride_w = 1, .dilation_h_factor = 1, .dilation_w_factor = 1};
  static const sch_DepthwiseConv2DOptions depthwise = {
      .stride_h = 1, .stride_w = 2, .dilation_h_factor = 1, .dilation_w_factor = 1};
  static const sch_FullyConnectedOptions connected = {.asymmetric_quantize_inputs = true};
  static const mote_type ins[] = {MOTE_FLOAT32, MOTE_INT8, MOTE_INT16},
                         biases[] = {MOTE_FLOAT32, MOTE_INT32, MOTE_INT64};
  const uint32_t kind = op_random_below(r, 3), type = op_random_below(r, 3);
  const int32_t c = op_random_in(r, 1, 9), kh = op_random_in(r, 1, 3), kw = op_random_in(r, 1, 3);
  *k = (weights_case){.in = ins[type], .bias = biases[type], .out = ins[type], .rank = 4, .in_rank = 4};
  k->constant = op_random_below(r, 2);
  k->outputs = kind == 1 ? c * op_random_in(r, 1, 3) : op_random_in(r, 1, 20);
  const int32_t image[] = {op_random_in(r, 1, 2), kh + op_random_in(r, 0, 4), kw + op_random_in(r, 0, 4), c};
  const int32_t filters[3][4] = {{k->outputs, kh, kw, c}, {1, kh, kw, k->outputs}, {k->outputs, c}};
  memcpy(k->in_dims, image, sizeof image);
  memcpy(k->dims, filters[kind], sizeof k->dims);
  if (kind == 2) k->rank = 2;
  k->op = kind == 0 ? &op_conv_2d : kind == 1 ? &op_depthwise_conv_2d : &op_fully_connected;
  k->options = kind == 0 ? (const void *)&conv : kind == 1 ? (const void *)&depthwise : &connected;
  for (int i = 0; i < CHANNELS; i++) k->scale[i] = (float)op_random_in(r, 1, 100) / 300;
  k->quant = (op_quant){.count = k->outputs, .axis = kind == 1 ? 3 : 0, .scale = k->scale, .zero_point = k->zeros};
  for (size_t i = 0; i < MOST; i++) conv_case_store(k->in, k->x, i, conv_case_value(r, k->in));
  for (size_t i = 0; i < CHANNELS; i++) conv_case_store(k->bias, k->b, i, conv_case_value(r, k->bias));
  for (size_t i = 0; i < MOST; i++)
    k->w[i] = (int8_t)(low == MOTE_INT4 ? op_random_in(r, -8, 7) : op_random_in(r, -2, 1));
  pack(low, k->w, MOST - 1, k->packed);
}

static void multiply_as_int8(void **state) {
  (void)state;
  static weights_case k;
  static uint8_t wide[MOST * sizeof(float)], low[MOST * sizeof(float)];
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  op_random r = {5};
  for (int round = 0; round < 300; round++) {
    const mote_type type = op_random_below(&r, 2) ? MOTE_INT4 : MOTE_INT2;
    make(&k, &r, type);
    for (int i = 0; i < count; i++) {
      const size_t bytes = answer(&k, MOTE_INT8, k.w, levels[i], wide);
      assert_int_equal(answer(&k, type, k.packed, levels[i], low), bytes);
      assert_memory_equal(wide, low, bytes);
    }
  }
}

/* ---- blocks ---- */

static op_tensor scales_tensor;

static const op_tensor *find_tensor(op_ctx *c, int32_t index) {
  (void)c;
  return index == 7 ? &scales_tensor : NULL;
}

typedef struct blocks_case {
  int32_t m, n, blocks, block;
  float x[MOST], b[CHANNELS];
  int8_t w[MOST];
  uint8_t packed[MOST];
  uint16_t scales[MOST];
} blocks_case;

static double expected(const blocks_case *k, int32_t row, int32_t col, double *size) {
  const int32_t width = k->blocks * k->block;
  int8_t q[MOST];
  int32_t offset;
  const float scale = dynquant_asymmetric(k->x + row * width, (size_t)width, q, &offset);
  double sum = 0;
  *size = 0;
  for (int32_t i = 0; i < width; i++) {
    const double s = (double)f16_to_f32(k->scales[col * k->blocks + i / k->block]);
    const double term = (q[i] - offset) * (double)scale * k->w[col * width + i] * s;
    sum += term;
    *size += fabs(q[i] * (double)scale * k->w[col * width + i] * s) + fabs(term);
  }
  return sum + (double)k->b[col];
}

static mote_status run_blocks(op_case *c, const blocks_case *k, mote_type type, mote_type in) {
  static op_host host;
  static op_quant quant;
  const int32_t width = k->blocks * k->block;
  scales_tensor = (op_tensor){.type = MOTE_FLOAT16, .flags = OP_CONST, .data = (void *)(uintptr_t)k->scales};
  scales_tensor.bytes = (size_t)(k->n * k->blocks) * 2;
  quant = (op_quant){.block_size = k->block, .scales = 7, .zero_points = -1};
  op_case_begin(c, &op_fully_connected, NULL);
  host = op_case_host;
  host.tensor = find_tensor;
  c->c.host = &host;
  c->c.workers = 2;
  op_case_input(c, in, 2, (int32_t[]){k->m, width}, k->x, 0);
  op_tensor *const w =
      op_case_input(c, type, 2, (int32_t[]){k->n, width}, type == MOTE_INT8 ? (const void *)k->w : k->packed, OP_CONST);
  w->quant = &quant;
  op_case_input(c, in == MOTE_FLOAT32 ? in : MOTE_INT32, 1, &k->n, k->b, OP_CONST);
  op_case_output(c, in);
  return op_case_run(c);
}

static void blocks_follow_the_definition(void **state) {
  (void)state;
  static blocks_case k;
  op_random r = {6};
  for (int round = 0; round < 200; round++) {
    const mote_type type = round % 3 == 0 ? MOTE_INT2 : round % 3 == 1 ? MOTE_INT4 : MOTE_INT8;
    k.m = op_random_in(&r, 1, 4), k.n = op_random_in(&r, 1, 12);
    k.blocks = op_random_in(&r, 1, 4), k.block = op_random_in(&r, 1, 40);
    for (size_t i = 0; i < MOST; i++) {
      k.x[i] = (float)conv_case_value(&r, MOTE_FLOAT32);
      k.w[i] = (int8_t)(type == MOTE_INT2 ? op_random_in(&r, -2, 1) : op_random_in(&r, -8, 7));
      k.scales[i] = f16_from_f32((float)op_random_in(&r, 1, 900) / 4096);
    }
    for (size_t i = 0; i < CHANNELS; i++) k.b[i] = (float)conv_case_value(&r, MOTE_FLOAT32);
    if (type != MOTE_INT8) pack(type, k.w, MOST - 1, k.packed);
    op_case c;
    assert_int_equal(run_blocks(&c, &k, type, MOTE_FLOAT32), MOTE_OK);
    for (int32_t i = 0; i < k.m * k.n; i++) {
      double size;
      const double want = expected(&k, i / k.n, i % k.n, &size);
      assert_true(fabs((double)((float *)c.out[0].data)[i] - want) <= 1e-6 * (1 + size));
    }
    assert_true(op_case_end(&c));
  }
}

static void blocks_refuse_what_does_not_fit(void **state) {
  (void)state;
  static blocks_case k = {.m = 1, .n = 3, .blocks = 2, .block = 8};
  op_case c;
  assert_int_equal(run_blocks(&c, &k, MOTE_INT4, MOTE_INT8), MOTE_ERR_TYPE);
  op_case_end(&c);
  assert_int_equal(run_blocks(&c, &k, MOTE_INT4, MOTE_FLOAT32), MOTE_OK);
  c.c.num_inputs = 2;
  c.inputs[1]->dims[0] = 4; /* one output more than there are scales for */
  assert_int_equal(c.c.op->infer(&c.c), MOTE_ERR_MODEL);
  c.inputs[1]->dims[0] = 3, c.inputs[1]->dims[1] = 12, c.inputs[0]->dims[1] = 12;
  assert_int_equal(c.c.op->infer(&c.c), MOTE_ERR_SHAPE);
  scales_tensor.type = MOTE_FLOAT32;
  assert_int_equal(c.c.op->check(&c.c), MOTE_ERR_MODEL);
  op_case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(widens_any_range),
      cmocka_unit_test(multiply_as_int8),
      cmocka_unit_test(blocks_follow_the_definition),
      cmocka_unit_test(blocks_refuse_what_does_not_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
