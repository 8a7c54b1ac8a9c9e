/* TFLM_DECODE: packed by the test in each way, and files that do not hold what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_tflm_decode;

enum { MOST = 512, HEAD = 16, LUT = 0, HUFFMAN = 1, PRUNE = 2 };

/* What a case packs into. */
typedef struct packed {
  uint8_t bits[MOST], table[HEAD + 16 * MOST];
  size_t count, table_bytes; /* count: of bits */
} packed;

static void begin_pack(packed *p, uint8_t kind, uint8_t parameter, uint8_t stride) {
  memset(p, 0, sizeof *p);
  p->table[0] = kind, p->table[1] = p->table[4] = 1, p->table[5] = parameter, p->table[6] = stride;
  p->table_bytes = HEAD;
}

static void put_bits(packed *p, uint32_t v, int n) {
  while (n-- > 0) {
    p->bits[p->count / 8] |= (uint8_t)((v >> n & 1) << (7 - p->count % 8));
    p->count++;
  }
}

static void put_value(packed *p, int64_t v, size_t bytes) {
  memcpy(p->table + p->table_bytes, &v, bytes);
  p->table_bytes += bytes;
}

static void operands(op_case *k, const packed *p, mote_type type, int32_t rank, const int32_t *dims,
                     const op_quant *quant) {
  const int32_t bytes = (int32_t)(p->count + 7) / 8, table = (int32_t)p->table_bytes;
  op_case_input(k, MOTE_UINT8, 1, &bytes, p->bits, OP_CONST);
  op_case_input(k, MOTE_UINT8, 1, &table, p->table, OP_CONST);
  op_tensor *const y = op_case_output(k, type);
  op_set_shape(y, rank, dims);
  if (quant) y->quant = quant;
}

static int64_t element(const op_tensor *t, size_t i) {
  int64_t v = 0;
  const size_t bytes = (size_t)mote_type_bits(t->type) / 8;
  memcpy(&v, (const char *)t->data + i * bytes, bytes);
  return v;
}

/* Channels of a case: 0 none, 1 along the first dimension, 2 along the last. */
static op_quant channels_of(int along, const int32_t dims[3]) {
  static const float scales[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  static const int32_t zeros[8] = {3, -4, 5, 0, -128, 127, 1, 2};
  const int32_t axis = along == 2 ? 2 : 0;
  return (op_quant){.count = along ? dims[axis] : 0, .axis = axis, .scale = scales, .zero_point = zeros};
}

static int32_t channel_at(int along, const int32_t dims[3], int32_t i) {
  return along == 0 ? 0 : along == 1 ? i / (dims[1] * dims[2]) : i % dims[2];
}

static const mote_type types[] = {MOTE_BOOL, MOTE_INT8, MOTE_INT16, MOTE_FLOAT16, MOTE_INT32, MOTE_FLOAT32, MOTE_INT64};
enum { TYPES = sizeof types / sizeof *types };

/* Values of n bytes that tell their channel and index. */
static int64_t value_of(int32_t channel, uint32_t index, size_t bytes) {
  const int64_t v = (int64_t)(channel * 37 + 1) * (int64_t)(index + 11) * INT64_C(0x0101010101);
  return bytes == 8 ? v : v & ((INT64_C(1) << 8 * bytes) - 1);
}

static void looks_up(void **state) {
  (void)state;
  op_random r = {1};
  static packed p;
  for (int round = 0; round < 300; round++) {
    const int width = op_random_in(&r, 1, 7), along = op_random_in(&r, 0, 2);
    const int32_t dims[3] = {op_random_in(&r, 1, 5), op_random_in(&r, 1, 5), op_random_in(&r, 1, 5)};
    const mote_type type = types[op_random_below(&r, TYPES)];
    const size_t bytes = (size_t)mote_type_bits(type) / 8;
    const uint8_t stride = (uint8_t)op_random_in(&r, 1, 1 << width);
    const op_quant quant = channels_of(along, dims);
    uint32_t index[125];
    op_case k;
    begin_pack(&p, LUT, (uint8_t)(width | 0xf8), stride);
    for (int32_t channel = 0; channel < 6; channel++)
      for (uint32_t i = 0; i < stride; i++) put_value(&p, value_of(channel, i, bytes), bytes);
    const int32_t count = dims[0] * dims[1] * dims[2];
    for (int32_t i = 0; i < count; i++) put_bits(&p, index[i] = op_random_below(&r, stride), width);
    op_case_begin(&k, &op_tflm_decode, NULL);
    operands(&k, &p, type, 3, dims, &quant);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < count; i++) {
      const int32_t channel = quant.count > 1 ? channel_at(along, dims, i) : 0;
      assert_true(element(&k.out[0], (size_t)i) == value_of(channel, index[i], bytes));
    }
    assert_true(op_case_end(&k));
  }
}

static void fills_in(void **state) {
  (void)state;
  op_random r = {2};
  static packed p;
  for (int round = 0; round < 300; round++) {
    const int32_t dims[3] = {op_random_in(&r, 1, 5), op_random_in(&r, 1, 5), op_random_in(&r, 1, 5)};
    const mote_type type = types[op_random_below(&r, TYPES)];
    const int along = type == MOTE_INT8 ? op_random_in(&r, 0, 2) : 0;
    const size_t bytes = (size_t)mote_type_bits(type) / 8;
    const op_quant quant = channels_of(along, dims);
    int64_t expected[125];
    op_case k;
    begin_pack(&p, PRUNE, 0, 0);
    const int32_t count = dims[0] * dims[1] * dims[2];
    for (int32_t i = 0; i < count; i++) {
      const bool there = op_random_below(&r, 2);
      const int32_t zero = along ? quant.zero_point[quant.count > 1 ? channel_at(along, dims, i) : 0] : 0;
      expected[i] = there ? value_of(0, (uint32_t)i, bytes) : zero & 0xff;
      put_bits(&p, there, 1);
      if (there) put_value(&p, expected[i], bytes);
    }
    op_case_begin(&k, &op_tflm_decode, NULL);
    operands(&k, &p, type, 3, dims, &quant);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < count; i++) assert_true(element(&k.out[0], (size_t)i) == expected[i]);
    assert_true(op_case_end(&k));
  }
}

/* ---- Huffman's code: 0, 10, 110, 1110, 1111 for five symbols ---- */

static const int16_t symbols[] = {-7, 100, -128, 0, 77};

/* A table of two bits for the first steps and two of one bit: found, bits, symbol; or way there, bits less 1. */
static void put_tables(packed *p, bool wide) {
  static const struct {
    bool found;
    uint32_t bits;
    int32_t value;
  } entries[] = {{true, 1, 0}, {true, 1, 0},  {true, 2, 1}, {false, 0, 1},
                 {true, 1, 2}, {false, 0, 1}, {true, 1, 3}, {true, 1, 4}};
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
    const uint32_t value =
        entries[i].found ? (uint32_t)symbols[entries[i].value] & (wide ? 0xffff : 0xff) : (uint32_t)entries[i].value;
    if (wide) put_value(p, (uint32_t)entries[i].found << 31 | entries[i].bits << 27 | value, 4);
    else put_value(p, (uint32_t)entries[i].found << 15 | entries[i].bits << 11 | value, 2);
  }
}

static void put_symbol(packed *p, uint32_t symbol) {
  static const uint8_t codes[] = {0, 2, 6, 14, 15}, lengths[] = {1, 2, 3, 4, 4};
  put_bits(p, codes[symbol], lengths[symbol]);
}

static void unfolds(void **state) {
  (void)state;
  op_random r = {3};
  static packed p;
  for (int round = 0; round < 200; round++) {
    const bool wide = round % 2;
    const mote_type type = round % 4 == 3 ? MOTE_INT16 : MOTE_INT8;
    const int32_t count = op_random_in(&r, 0, 200);
    uint32_t expected[200];
    op_case k;
    begin_pack(&p, HUFFMAN, (uint8_t)(1 << 4 | wide), 0);
    put_tables(&p, wide);
    for (int32_t i = 0; i < count; i++) put_symbol(&p, expected[i] = op_random_below(&r, 5));
    op_case_begin(&k, &op_tflm_decode, NULL);
    operands(&k, &p, type, 1, &count, NULL);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < count; i++)
      assert_int_equal(type == MOTE_INT8 ? ((int8_t *)k.out[0].data)[i] : ((int16_t *)k.out[0].data)[i],
                       symbols[expected[i]]);
    assert_true(op_case_end(&k));
  }
}

static void unpacks_several(void **state) {
  (void)state;
  static packed p[2];
  op_case k;
  begin_pack(&p[0], LUT, 1, 2);
  put_value(&p[0], 5, 2), put_value(&p[0], 6, 2), put_bits(&p[0], 1, 3);
  begin_pack(&p[1], PRUNE, 0, 0);
  put_value(&p[1], 9, 1), put_bits(&p[1], 2, 3);
  op_case_begin(&k, &op_tflm_decode, NULL);
  operands(&k, &p[0], MOTE_INT16, 1, (int32_t[]){3}, NULL);
  operands(&k, &p[1], MOTE_INT8, 1, (int32_t[]){3}, NULL);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((int16_t[]){5, 5, 6}), 6);
  assert_memory_equal(k.out[1].data, ((int8_t[]){0, 9, 0}), 3);
  assert_true(op_case_end(&k));
}

/* ---- refusals ---- */

static mote_status refused(const packed *p, mote_type type, int32_t count, const op_quant *quant) {
  op_case k;
  op_case_begin(&k, &op_tflm_decode, NULL);
  operands(&k, p, type, 1, &count, quant);
  const mote_status status = op_case_run(&k);
  if (status != MOTE_OK) assert_true(k.error.text[0]);
  assert_true(op_case_end(&k));
  return status;
}

static void headers_are_refused(void **state) {
  (void)state;
  static packed p;
  static const struct {
    int at;
    uint8_t value;
    mote_status status;
  } bad[] = {{0, 3, MOTE_ERR_UNSUPPORTED}, {0, 127, MOTE_ERR_UNSUPPORTED}, {0, 255, MOTE_ERR_UNSUPPORTED},
             {1, 0, MOTE_ERR_UNSUPPORTED}, {1, 2, MOTE_ERR_UNSUPPORTED},   {4, 2, MOTE_ERR_UNSUPPORTED},
             {5, 0, MOTE_ERR_MODEL},       {5, 8, MOTE_ERR_MODEL}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    begin_pack(&p, LUT, 1, 2);
    put_value(&p, 1, 1), put_value(&p, 2, 1), put_bits(&p, 3, 8);
    assert_int_equal(refused(&p, MOTE_INT8, 8, NULL), MOTE_OK);
    p.table[bad[i].at] = bad[i].value;
    assert_int_equal(refused(&p, MOTE_INT8, 8, NULL), bad[i].status);
  }
  p.table_bytes = HEAD - 1;
  assert_int_equal(refused(&p, MOTE_INT8, 8, NULL), MOTE_ERR_MODEL);
}

/* Lengths that the file states are held against what is there; no scales are no channels. */
static void tflm_3504_3704_lengths_of_the_file(void **state) {
  (void)state;
  static packed p;
  const op_quant none = {0},
                 wrong = {.count = 3, .axis = 0, .scale = (float[]){1, 1, 1}, .zero_point = (int32_t[3]){0}};
  const op_quant far = {.count = 8, .axis = 1, .scale = wrong.scale, .zero_point = wrong.zero_point};
  const op_quant shifted = {.count = 1, .scale = wrong.scale, .zero_point = (int32_t[]){4}};
  begin_pack(&p, LUT, 7, 2);
  put_value(&p, 1, 1), put_value(&p, 2, 1), put_bits(&p, 1, 7);
  assert_int_equal(refused(&p, MOTE_INT8, 1, &none), MOTE_OK);
  assert_int_equal(refused(&p, MOTE_INT8, 2, &none), MOTE_ERR_MODEL);
  assert_int_equal(refused(&p, MOTE_INT8, INT32_MAX / 64, &none), MOTE_ERR_MODEL);
  assert_int_equal(refused(&p, MOTE_INT16, 1, &none), MOTE_ERR_MODEL); /* one value, and the index is 1 */
  put_bits(&p, 2, 7);
  assert_int_equal(refused(&p, MOTE_INT8, 2, &none), MOTE_ERR_MODEL);
  assert_int_equal(refused(&p, MOTE_INT8, 2, &wrong), MOTE_ERR_MODEL);
  assert_int_equal(refused(&p, MOTE_INT8, 8, &far), MOTE_ERR_MODEL);
  begin_pack(&p, PRUNE, 0, 0);
  put_value(&p, 1, 1), put_bits(&p, 3, 8);
  assert_int_equal(refused(&p, MOTE_INT8, 8, &far), MOTE_ERR_MODEL);
  assert_int_equal(refused(&p, MOTE_INT8, 7, NULL), MOTE_OK);
  assert_int_equal(refused(&p, MOTE_INT8, 8, NULL), MOTE_ERR_MODEL);
  assert_int_equal(refused(&p, MOTE_INT8, 9, NULL), MOTE_ERR_MODEL);
  assert_int_equal(refused(&p, MOTE_INT8, 7, &shifted), MOTE_OK);
  assert_int_equal(refused(&p, MOTE_UINT8, 7, &shifted), MOTE_ERR_MODEL);
}

static void codes_that_lead_astray(void **state) {
  (void)state;
  static packed p;
  begin_pack(&p, HUFFMAN, 1 << 4, 0);
  put_tables(&p, false);
  put_bits(&p, 0xff, 8);
  assert_int_equal(refused(&p, MOTE_INT8, 2, NULL), MOTE_OK);
  assert_int_equal(refused(&p, MOTE_INT8, 3, NULL), MOTE_ERR_MODEL);
  assert_int_equal(refused(&p, MOTE_INT16, 2, NULL), MOTE_ERR_TYPE);
  p.table_bytes -= 2;
  assert_int_equal(refused(&p, MOTE_INT8, 2, NULL), MOTE_ERR_MODEL);
  p.table_bytes = HEAD;
  assert_int_equal(refused(&p, MOTE_INT8, 2, NULL), MOTE_ERR_MODEL);
  begin_pack(&p, HUFFMAN, 1, 0);
  put_value(&p, 0x07ffffff, 4), put_value(&p, 0, 4), put_bits(&p, 0, 8);
  assert_int_equal(refused(&p, MOTE_INT8, 1, NULL), MOTE_ERR_MODEL);
  begin_pack(&p, HUFFMAN, 1, 0);
  put_value(&p, 0, 4), put_bits(&p, 0, 8); /* from the first entry to itself */
  assert_int_equal(refused(&p, MOTE_INT8, 1, NULL), MOTE_ERR_MODEL);
}

static void operands_are_refused(void **state) {
  (void)state;
  static packed p;
  op_case k;
  begin_pack(&p, LUT, 1, 2);
  put_bits(&p, 0, 8);
  op_case_begin(&k, &op_tflm_decode, NULL);
  operands(&k, &p, MOTE_INT8, 1, (int32_t[]){1}, NULL);
  k.in[0].flags = 0;
  assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
  k.in[0].flags = OP_CONST, k.c.num_inputs = 1;
  assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
  k.c.num_inputs = 2, k.out[0].rank = -1;
  assert_int_equal(op_case_infer(&k), MOTE_ERR_SHAPE);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(looks_up),
      cmocka_unit_test(fills_in),
      cmocka_unit_test(unfolds),
      cmocka_unit_test(unpacks_several),
      cmocka_unit_test(headers_are_refused),
      cmocka_unit_test(tflm_3504_3704_lengths_of_the_file),
      cmocka_unit_test(codes_that_lead_astray),
      cmocka_unit_test(operands_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
