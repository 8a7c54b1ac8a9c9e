/* pool_custom.c: AveragePool3D, MaxPool3D, MaxPoolWithArgmax, MaxPoolingWithArgmax2D, MaxUnpooling2D and
 * NumericVerify: options from FlexBuffers and structs, windows against the definition, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "support/op_case.h"

extern const mote_op op_average_pool_3d, op_max_pool_3d, op_max_pool_with_argmax, op_max_pooling_with_argmax_2d,
    op_max_unpooling_2d, op_numeric_verify;

/* A FlexBuffer map with values of one byte each. */
typedef struct blob {
  uint8_t bytes[250];
  size_t size, keys[4], values[4];
  uint8_t types[4], plain[4];
  size_t count;
} blob;

enum { TYPE_STRING = 5 << 2, TYPE_INTS = 11 << 2, TYPE_BOOL = 26 << 2, TYPE_MAP = 9 << 2 };

static void add_key(blob *b, const char *key, uint8_t type) {
  b->keys[b->count] = b->size;
  memcpy(b->bytes + b->size, key, strlen(key) + 1);
  b->size += strlen(key) + 1;
  b->types[b->count] = type;
}

static void add_text(blob *b, const char *key, const char *text) {
  add_key(b, key, TYPE_STRING);
  b->bytes[b->size++] = (uint8_t)strlen(text);
  b->values[b->count++] = b->size;
  memcpy(b->bytes + b->size, text, strlen(text) + 1);
  b->size += strlen(text) + 1;
}

static void add_ints(blob *b, const char *key, const int32_t *values, int n) {
  add_key(b, key, TYPE_INTS);
  b->bytes[b->size++] = (uint8_t)n;
  b->values[b->count++] = b->size;
  for (int i = 0; i < n; i++) b->bytes[b->size++] = (uint8_t)values[i];
}

static void add_plain(blob *b, const char *key, uint8_t type, uint8_t value) {
  add_key(b, key, type);
  b->plain[b->count++] = value;
}

static void finish(blob *b) {
  b->bytes[b->size++] = (uint8_t)b->count;
  const size_t keys = b->size;
  for (size_t i = 0; i < b->count; i++, b->size++) b->bytes[b->size] = (uint8_t)(b->size - b->keys[i]);
  b->bytes[b->size] = (uint8_t)(b->size - keys), b->size++;
  b->bytes[b->size++] = 1;
  b->bytes[b->size++] = (uint8_t)b->count;
  const size_t map = b->size;
  for (size_t i = 0; i < b->count; i++, b->size++)
    b->bytes[b->size] = b->values[i] ? (uint8_t)(b->size - b->values[i]) : b->plain[i];
  for (size_t i = 0; i < b->count; i++) b->bytes[b->size++] = b->types[i];
  b->bytes[b->size] = (uint8_t)(b->size - map), b->size++;
  b->bytes[b->size++] = TYPE_MAP;
  b->bytes[b->size++] = 1;
}

static void pool_blob(blob *b, const int32_t *size, const int32_t *stride, int n, const char *padding) {
  *b = (blob){.count = 0};
  add_ints(b, "ksize", size, n);
  add_text(b, "padding", padding);
  add_ints(b, "strides", stride, n);
}

static void give(op_case *k, const blob *b) { k->c.custom = b->bytes, k->c.custom_size = b->size; }

/* What of a window lies in the image. */
static void clip(bool same, int32_t in, int32_t out, int32_t size, int32_t stride, int32_t at, int32_t *from,
                 int32_t *to) {
  const int32_t total = (out - 1) * stride + size - in, start = at * stride - (same && total > 0 ? total / 2 : 0);
  *from = start < 0 ? 0 : start;
  *to = start + size > in ? in : start + size;
}

static double pooled(const op_case *k, bool same, const int32_t *size, const int32_t *stride, const int32_t *at) {
  const op_tensor *x = &k->in[0];
  const bool max = k->c.op == &op_max_pool_3d;
  int32_t from[5], to[5];
  double acc = max ? -INFINITY : 0, count = 0;
  for (int i = 1; i < 4; i++) clip(same, x->dims[i], k->out[0].dims[i], size[i], stride[i], at[i], &from[i], &to[i]);
  for (int32_t d = from[1]; d < to[1]; d++)
    for (int32_t h = from[2]; h < to[2]; h++)
      for (int32_t w = from[3]; w < to[3]; w++) {
        const size_t i = op_offset(5, x->dims, (int32_t[]){at[0], d, h, w, at[4]});
        const double v = x->type == MOTE_FLOAT32 ? (double)((float *)x->data)[i] : (double)op_int_at(x, i);
        acc = max ? fmax(acc, v) : acc + v;
        count++;
      }
  return max ? acc : x->type == MOTE_FLOAT32 ? acc / count : round(acc / count);
}

static void volumes_are_pooled(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_INT8, MOTE_INT16};
  static float data[3000];
  op_random r = {1};
  for (int turn = 0; turn < 400; turn++) {
    const mote_type type = types[op_random_below(&r, 3)];
    const bool same = op_random_below(&r, 2);
    int32_t dims[5] = {op_random_in(&r, 1, 2)}, size[5] = {1, 1, 1, 1, 1}, stride[5] = {1, 1, 1, 1, 1};
    for (int i = 1; i < 5; i++) dims[i] = op_random_in(&r, 3, 6);
    for (int i = 1; i < 4; i++) size[i] = op_random_in(&r, 1, 3), stride[i] = op_random_in(&r, 1, 3);
    for (size_t i = 0; i < 3000; i++) {
      if (type == MOTE_FLOAT32) data[i] = (float)op_random_in(&r, -1000, 1000) / 8;
      else ((int16_t *)data)[i] = (int16_t)op_random_below(&r, 65536);
    }
    blob b;
    pool_blob(&b, size, stride, 5, same ? "SAME" : "VALID");
    finish(&b);
    op_case k;
    op_case_begin(&k, op_random_below(&r, 2) ? &op_max_pool_3d : &op_average_pool_3d, NULL);
    give(&k, &b);
    op_case_input(&k, type, 5, dims, data, 0);
    op_case_output(&k, type);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t n = 0; n < op_count(&k.out[0]); n++) {
      int32_t at[OP_MAX_RANK];
      op_coordinates(n, 5, k.out[0].dims, at);
      const double got = type == MOTE_FLOAT32 ? (double)((float *)k.out[0].data)[n] : (double)op_int_at(&k.out[0], n);
      assert_true(fabs(got - pooled(&k, same, size, stride, at)) < 1e-3);
    }
    assert_true(op_case_end(&k));
  }
}

static void the_largest_is_numbered_and_put_back(void **state) {
  (void)state;
  static const float x[] = {1, 9, 2, 3, 5, 5, 7, 4, /* image 1 */ 0, 0, 8, 1, 6, 0, 0, 2};
  const int32_t two[] = {1, 2, 2, 1}, c_struct[] = {2, 2, 2, 2, 2, 0, 0, 0, 0, 0};
  blob b;
  pool_blob(&b, two, two, 4, "VALID");
  finish(&b);
  op_case k, back;
  op_case_begin(&k, &op_max_pool_with_argmax, NULL);
  give(&k, &b);
  op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){2, 2, 4, 1}, x, 0);
  op_case_output(&k, MOTE_FLOAT32);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const float[]){9, 7, 6, 8}), 16);
  assert_memory_equal(k.out[1].data, ((const int32_t[]){1, 6, 4, 2}), 16);
  op_case_begin(&back, &op_max_unpooling_2d, NULL);
  back.c.custom = (const uint8_t *)c_struct, back.c.custom_size = sizeof c_struct;
  op_case_input(&back, MOTE_FLOAT32, 4, k.out[0].dims, k.out[0].data, 0);
  op_case_input(&back, MOTE_INT32, 4, k.out[0].dims, k.out[1].data, 0);
  op_case_output(&back, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&back), MOTE_OK);
  assert_memory_equal(back.out[0].data, ((const float[]){0, 9, 0, 0, 0, 0, 7, 0, 0, 0, 8, 0, 6, 0, 0, 0}), 64);
  ((int32_t *)k.out[1].data)[0] = 8; /* an image has 8 elements */
  assert_int_equal(back.c.op->run(&back.c), MOTE_ERR_RUN);
  ((int32_t *)k.out[1].data)[0] = -1;
  assert_int_equal(back.c.op->run(&back.c), MOTE_ERR_RUN);
  assert_true(op_case_end(&back));
  assert_true(op_case_end(&k));
}

/* Indices within windows, as MediaPipe has them; those outside of the image are passed over. */
static void places_in_windows(void **state) {
  (void)state;
  static const float x[] = {1, 2}, index[] = {3, 9};
  const int32_t c_struct[] = {1, 2, 2, 2, 2};
  op_case k;
  op_case_begin(&k, &op_max_unpooling_2d, NULL);
  k.c.custom = (const uint8_t *)c_struct, k.c.custom_size = sizeof c_struct;
  op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, 1, 2, 1}, x, 0);
  op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, 1, 2, 1}, index, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((const float[]){0, 0, 0, 0, 0, 1, 0, 0}), 32);
  assert_true(op_case_end(&k));
}

/* A window by its definition; max and place stay where none of its values is a number. */
static void window_max(const op_case *k, const int32_t *o, const int32_t *at, float *max, int32_t *place) {
  const op_tensor *x = &k->in[0];
  const int32_t size[] = {1, o[4], o[3]}, stride[] = {1, o[2], o[1]};
  int32_t origin[3];
  for (int i = 1; i < 3; i++) {
    const int32_t total = (k->out[0].dims[i] - 1) * stride[i] + size[i] - x->dims[i];
    origin[i] = at[i] * stride[i] - (o[0] == 1 && total > 0 ? total / 2 : 0);
  }
  bool found = false;
  for (int32_t h = 0; h < size[1]; h++)
    for (int32_t w = 0; w < size[2]; w++) {
      const int32_t row = origin[1] + h, column = origin[2] + w;
      if (row < 0 || column < 0 || row >= x->dims[1] || column >= x->dims[2]) continue;
      const float v = ((const float *)x->data)[op_offset(4, x->dims, (int32_t[]){at[0], row, column, at[3]})];
      if (isnan(v) || (found && v <= *max)) continue;
      *max = v;
      *place = h * size[2] + w;
      found = true;
    }
}

static void the_largest_is_numbered_in_its_window(void **state) {
  (void)state;
  static float data[2000];
  op_random r = {5};
  for (int turn = 0; turn < 300; turn++) {
    const int32_t o[10] = {op_random_in(&r, 1, 2), op_random_in(&r, 1, 3), op_random_in(&r, 1, 3),
                           op_random_in(&r, 1, 3), op_random_in(&r, 1, 3), turn % 2 ? 1 : 0};
    int32_t dims[4];
    for (int i = 0; i < 4; i++) dims[i] = op_random_in(&r, i % 3 ? 3 : 1, i % 3 ? 7 : 3);
    for (size_t i = 0; i < 2000; i++) data[i] = op_random_below(&r, 10) ? (float)op_random_in(&r, -20, 20) / 8 : NAN;
    op_case k;
    op_case_begin(&k, &op_max_pooling_with_argmax_2d, NULL);
    k.c.custom = (const uint8_t *)o, k.c.custom_size = sizeof o;
    op_case_input(&k, MOTE_FLOAT32, 4, dims, data, 0);
    op_case_output(&k, MOTE_FLOAT32);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t n = 0; n < op_count(&k.out[0]); n++) {
      int32_t at[OP_MAX_RANK], place = 0;
      float max = -FLT_MAX;
      op_coordinates(n, 4, k.out[0].dims, at);
      window_max(&k, o, at, &max, &place);
      assert_true(((float *)k.out[0].data)[n] == (o[5] && max < 0 ? 0 : max));
      assert_true(((float *)k.out[1].data)[n] == (float)place + 0.1f);
    }
    assert_true(op_case_end(&k));
  }
}

/* What the struct of options may hold, whole and cut short. */
static void structs_of_options_are_refused(void **state) {
  (void)state;
  static const int32_t good[6] = {1, 2, 2, 2, 2, 0};
  static const struct {
    int field;
    int32_t value;
    size_t size;
    mote_status status;
  } cases[] = {
      {0, 1, 24, MOTE_OK},
      {0, 1, 23, MOTE_ERR_MODEL},
      {0, 0, 24, MOTE_ERR_MODEL},
      {0, 3, 24, MOTE_ERR_MODEL},
      {1, 0, 24, MOTE_ERR_MODEL},
      {2, -1, 24, MOTE_ERR_MODEL},
      {3, 32768, 24, MOTE_ERR_MODEL},
      {4, 0, 24, MOTE_ERR_MODEL},
      {5, 77, 24, MOTE_ERR_MODEL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int32_t o[6];
    op_case k;
    memcpy(o, good, sizeof o);
    o[cases[i].field] = cases[i].value;
    op_case_begin(&k, &op_max_pooling_with_argmax_2d, NULL);
    k.c.custom = (const uint8_t *)o, k.c.custom_size = cases[i].size;
    op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, 4, 4, 1}, NULL, 0);
    op_case_output(&k, MOTE_FLOAT32);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_infer(&k), cases[i].status);
    k.in[0].rank = 3;
    if (cases[i].status == MOTE_OK) assert_int_equal(k.c.op->infer(&k.c), MOTE_ERR_SHAPE);
    op_case_end(&k);
  }
}

static mote_status pool_options(const int32_t *size, const int32_t *stride, int n, const char *padding, size_t cut) {
  blob b;
  pool_blob(&b, size, stride, n, padding);
  finish(&b);
  b.size -= cut;
  op_case k;
  op_case_begin(&k, &op_max_pool_3d, NULL);
  give(&k, &b);
  op_case_input(&k, MOTE_FLOAT32, 5, (int32_t[]){1, 4, 4, 4, 1}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void what_is_refused(void **state) {
  (void)state;
  const int32_t ones[] = {1, 1, 1, 1, 1}, zero[] = {1, 1, 0, 1, 1}, batch[] = {2, 1, 1, 1, 1},
                large[] = {1, 5, 1, 1, 1};
  assert_int_equal(pool_options(ones, ones, 5, "SAME", 0), MOTE_OK);
  assert_int_equal(pool_options(ones, ones, 4, "SAME", 0), MOTE_ERR_MODEL);
  assert_int_equal(pool_options(ones, ones, 5, "FULL", 0), MOTE_ERR_MODEL);
  assert_int_equal(pool_options(ones, zero, 5, "SAME", 0), MOTE_ERR_MODEL);
  assert_int_equal(pool_options(batch, ones, 5, "SAME", 0), MOTE_ERR_MODEL);
  assert_int_equal(pool_options(large, ones, 5, "VALID", 0), MOTE_ERR_SHAPE);
  for (size_t cut = 1; cut < 40; cut++) assert_int_not_equal(pool_options(ones, ones, 5, "SAME", cut), MOTE_OK);
}

static mote_status verify(uint8_t fails, uint8_t tolerance, float reference) {
  static const op_quant one = {.count = 1};
  const int8_t x[] = {10};
  blob b = {.count = 0};
  add_plain(&b, "log_if_failed", TYPE_BOOL, fails);
  add_plain(&b, "tolerance", 1 << 2, tolerance);
  finish(&b);
  op_case k;
  op_case_begin(&k, &op_numeric_verify, NULL);
  give(&k, &b);
  op_case_input(&k, MOTE_INT8, 1, (int32_t[]){1}, x, 0);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){1}, &reference, 0);
  op_case_output(&k, MOTE_FLOAT32);
  k.in[0].quant = &one, k.in[0].scale = 0.5f, k.in[0].zero_point = 2;
  const mote_status status = op_case_run(&k);
  assert_true(*(float *)k.out[0].data == 4 - reference);
  assert_true(op_case_end(&k));
  return status;
}

static void numbers_are_verified(void **state) {
  (void)state;
  assert_int_equal(verify(1, 2, 4.9f), MOTE_OK);
  assert_int_equal(verify(1, 2, 5.1f), MOTE_ERR_RUN);
  assert_int_equal(verify(0, 2, 5.1f), MOTE_OK);
  assert_int_equal(verify(1, 0, 5.1f), MOTE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(volumes_are_pooled),
      cmocka_unit_test(the_largest_is_numbered_and_put_back),
      cmocka_unit_test(places_in_windows),
      cmocka_unit_test(what_is_refused),
      cmocka_unit_test(numbers_are_verified),
      cmocka_unit_test(the_largest_is_numbered_in_its_window),
      cmocka_unit_test(structs_of_options_are_refused),
  };
  return cmocka_run_group_tests_name("operators: pool_custom", tests, NULL, NULL);
}
