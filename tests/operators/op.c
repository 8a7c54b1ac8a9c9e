/* op.c: what descriptors share: type rows, sentences, axes, known integers, broadcasting, windows, activations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <float.h>

#include "support/op_case.h"

/* An operator that takes what `types` says; it has no phases. */
static void begin(op_case *k, mote_op *op, const char *types) {
  *op = (mote_op){.name = "TEST", .types = types};
  op_case_begin(k, op, NULL);
}

/* Inputs by `in`, outputs by `out`, ended by -1; -2 is an omitted input. */
static mote_status check_types(const char *types, const int *in, const int *out) {
  mote_op op;
  static op_case k;
  begin(&k, &op, types);
  for (; *in != -1; in++) {
    if (*in == -2) k.inputs[k.c.num_inputs++] = NULL;
    else op_case_input(&k, (mote_type)*in, 0, NULL, NULL, 0);
  }
  for (; *out != -1; out++) op_case_output(&k, (mote_type)*out);
  return op_check_types(&k.c);
}

#define TYPES(...) ((const int[]){__VA_ARGS__, -1})
enum { F = MOTE_FLOAT32, I32 = MOTE_INT32, I8 = MOTE_INT8, U8 = MOTE_UINT8, B = MOTE_BOOL, H = MOTE_INT16 };

static void rows_of_types(void **state) {
  (void)state;
  const char *const two = "f32 f32 > f32; i8|u8 = > =";
  assert_int_equal(check_types(two, TYPES(F, F), TYPES(F)), MOTE_OK);
  assert_int_equal(check_types(two, TYPES(U8, U8), TYPES(U8)), MOTE_OK);
  assert_int_equal(check_types(two, TYPES(I8, U8), TYPES(I8)), MOTE_ERR_TYPE);
  assert_int_equal(check_types(two, TYPES(F, F), TYPES(I32)), MOTE_ERR_TYPE);
  assert_int_equal(check_types(two, TYPES(F, F, F), TYPES(F)), MOTE_ERR_TYPE);
  /* fewer inputs than the row has, and one that is omitted */
  assert_int_equal(check_types("f32 f32 i32 > f32", TYPES(F, F), TYPES(F)), MOTE_OK);
  assert_int_equal(check_types("f32 f32 i32 > f32", TYPES(F, -2, I32), TYPES(F)), MOTE_OK);
  /* repetition on either side, and references to other inputs */
  assert_int_equal(check_types("i32 f32 ... > f32 ...", TYPES(I32, F, F, F), TYPES(F, F)), MOTE_OK);
  assert_int_equal(check_types("i32 f32 ... > f32 ...", TYPES(I32, F, F, I32), TYPES(F, F)), MOTE_ERR_TYPE);
  assert_int_equal(check_types("any any > =1", TYPES(I32, F), TYPES(F)), MOTE_OK);
  assert_int_equal(check_types("any any > =1", TYPES(I32, F), TYPES(I32)), MOTE_ERR_TYPE);
  assert_int_equal(check_types("any ... > any ...", TYPES(I32, F, B), TYPES(H, H)), MOTE_OK);
  /* a token is a whole word: i1 is no i16 */
  assert_int_equal(check_types("i1 > i16", TYPES(H), TYPES(H)), MOTE_ERR_TYPE);
}

static void refused_types_are_named(void **state) {
  (void)state;
  mote_op op;
  static op_case k;
  begin(&k, &op, "f32 f32 > f32; i8 i8 > i8");
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){2, 3}, NULL, 0)->name = "left\n";
  op_case_input(&k, MOTE_INT64, 2, (int32_t[]){-1, 3}, NULL, 0)->name = "right";
  op_case_output(&k, MOTE_FLOAT32);
  k.c.index = 7;
  assert_int_equal(op_check_types(&k.c), MOTE_ERR_TYPE);
  assert_int_equal(k.error.op, 7);
  assert_non_null(strstr(k.error.text, "TEST (operator 7): input 1 of type int64"));
  assert_non_null(strstr(k.error.text, "input 0 'left\\x0a' is float32 2x3"));
  assert_non_null(strstr(k.error.text, "input 1 'right' is int64 ?x3"));
}

static void axes(void **state) {
  (void)state;
  mote_op op;
  static op_case k;
  begin(&k, &op, NULL);
  int32_t axis = 9;
  assert_int_equal(op_axis(&k.c, -1, 4, &axis), MOTE_OK);
  assert_int_equal(axis, 3);
  assert_int_equal(op_axis(&k.c, -4, 4, &axis), MOTE_OK);
  assert_int_equal(axis, 0);
  assert_int_equal(op_axis(&k.c, 4, 4, &axis), MOTE_ERR_SHAPE);
  assert_int_equal(op_axis(&k.c, -5, 4, &axis), MOTE_ERR_SHAPE);
  assert_int_equal(op_axis(&k.c, INT64_C(1) << 32, 4, &axis), MOTE_ERR_SHAPE);
  assert_int_equal(op_axis(&k.c, 0, 0, &axis), MOTE_ERR_SHAPE);
}

static void integers_that_are_known(void **state) {
  (void)state;
  mote_op op;
  static op_case k;
  begin(&k, &op, NULL);
  static const int16_t data[] = {-3, 7};
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){2}, data, OP_CONST);
  op_tensor *const later = op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 1, (int32_t[]){2}, data, OP_CONST);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){0}, NULL, 0);
  int64_t v[OP_KNOWN_MAX];
  int32_t count = -1;
  assert_true(op_ints(&k.c, 0, v, &count));
  assert_int_equal(count, 2);
  assert_int_equal(v[0], -3);
  assert_int_equal(v[1], 7);
  assert_false(op_ints(&k.c, 1, v, &count));
  op_known known = {.count = 2, .mask = 2, .v = {4, 5}};
  later->known = &known;
  assert_false(op_ints(&k.c, 1, v, &count)); /* one of two */
  known.mask = 3;
  assert_true(op_ints(&k.c, 1, v, &count));
  assert_int_equal(v[1], 5);
  assert_false(op_ints(&k.c, 2, v, &count)); /* floats */
  assert_true(op_ints(&k.c, 3, v, &count));  /* nothing to know */
  assert_int_equal(count, 0);
  assert_false(op_ints(&k.c, 4, v, &count)); /* not there */
}

/* Broadcasts two shapes; false when they do not fit. */
static bool broadcasts(int32_t ra, const int32_t *a, int32_t rb, const int32_t *b, int32_t r, const int32_t *want) {
  mote_op op;
  static op_case k;
  begin(&k, &op, NULL);
  op_case_input(&k, MOTE_FLOAT32, ra, a, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, rb, b, NULL, 0);
  op_tensor *const out = op_case_output(&k, MOTE_FLOAT32);
  if (op_broadcast(&k.c, &k.in[0], &k.in[1], out)) return false;
  assert_int_equal(out->rank, r);
  for (int32_t i = 0; i < r; i++) assert_int_equal(out->dims[i], want[i]);
  return true;
}

#define D(...) ((const int32_t[]){__VA_ARGS__})

static void broadcasting(void **state) {
  (void)state;
  assert_true(broadcasts(3, D(2, 1, 5), 2, D(4, 1), 3, D(2, 4, 5)));
  assert_true(broadcasts(0, NULL, 2, D(4, 1), 2, D(4, 1)));
  assert_true(broadcasts(8, D(1, 2, 3, 1, 1, 1, 1, 2), 1, D(2), 8, D(1, 2, 3, 1, 1, 1, 1, 2)));
  assert_false(broadcasts(2, D(2, 3), 2, D(2, 4), 0, NULL));
  /* 0 meets 0 and 1 alone */
  assert_true(broadcasts(2, D(0, 3), 2, D(1, 3), 2, D(0, 3)));
  assert_true(broadcasts(1, D(0), 1, D(0), 1, D(0)));
  assert_false(broadcasts(1, D(0), 1, D(2), 0, NULL));
  /* an unknown dimension fits everything, and is known when the other decides */
  assert_true(broadcasts(1, D(-1), 1, D(4), 1, D(4)));
  assert_true(broadcasts(1, D(1), 1, D(-1), 1, D(-1)));
  assert_true(broadcasts(1, D(-1), 1, D(-1), 1, D(-1)));
  assert_true(broadcasts(1, D(-1), 1, D(0), 1, D(0)));
  assert_true(broadcasts(-1, NULL, 1, D(2), -1, NULL));
}

static void windows(void **state) {
  (void)state;
  mote_op op;
  static op_case k;
  begin(&k, &op, NULL);
  op_window w;
  for (int32_t in = 1; in < 20; in++)
    for (int32_t filter = 1; filter < 6; filter++)
      for (int32_t stride = 1; stride < 5; stride++)
        for (int32_t dilation = 1; dilation < 4; dilation++) {
          const int32_t span = (filter - 1) * dilation + 1;
          assert_int_equal(op_window_of(&k.c, sch_Padding_SAME, in, filter, stride, dilation, &w), MOTE_OK);
          assert_int_equal(w.out, (in + stride - 1) / stride);
          const int32_t total = (w.out - 1) * stride + span - in;
          assert_int_equal(w.before, total > 0 ? total / 2 : 0);
          const mote_status valid = op_window_of(&k.c, sch_Padding_VALID, in, filter, stride, dilation, &w);
          assert_int_equal(valid, span <= in ? MOTE_OK : MOTE_ERR_SHAPE);
          if (valid) continue;
          assert_int_equal(w.before, 0);
          int32_t places = 0;
          for (int32_t at = 0; at + span <= in; at += stride) places++;
          assert_int_equal(w.out, places);
        }
  assert_int_equal(op_window_of(&k.c, sch_Padding_VALID, -1, 3, 1, 1, &w), MOTE_OK);
  assert_int_equal(w.out, -1);
  assert_int_equal(op_window_of(&k.c, sch_Padding_SAME, 0, 3, 1, 1, &w), MOTE_OK);
  assert_int_equal(w.out, 0);
  assert_int_equal(op_window_of(&k.c, sch_Padding_SAME, 5, 0, 1, 1, &w), MOTE_ERR_MODEL);
  assert_int_equal(op_window_of(&k.c, sch_Padding_SAME, 5, 3, 0, 1, &w), MOTE_ERR_MODEL);
  assert_int_equal(op_window_of(&k.c, sch_Padding_SAME, 5, 3, 1, 0, &w), MOTE_ERR_MODEL);
  assert_int_equal(op_window_of(&k.c, 2, 5, 3, 1, 1, &w), MOTE_ERR_MODEL);
  assert_int_equal(op_window_of(&k.c, sch_Padding_SAME, 5, INT32_MAX, 1, INT32_MAX, &w), MOTE_ERR_SHAPE);
}

static void activations(void **state) {
  (void)state;
  mote_op op;
  static op_case k;
  begin(&k, &op, NULL);
  op_tensor *const t = op_case_output(&k, MOTE_INT8);
  t->scale = 0.04f;
  t->zero_point = -100;
  float lo, hi;
  int32_t low, high;
  assert_int_equal(op_activation_f32(&k.c, sch_ActivationFunctionType_NONE, &lo, &hi), MOTE_OK);
  assert_true(lo == -FLT_MAX && hi == FLT_MAX);
  assert_int_equal(op_activation_f32(&k.c, sch_ActivationFunctionType_RELU_N1_TO_1, &lo, &hi), MOTE_OK);
  assert_true(lo == -1 && hi == 1);
  assert_int_equal(op_activation_quant(&k.c, sch_ActivationFunctionType_RELU6, t, &low, &high), MOTE_OK);
  assert_int_equal(low, -100);
  assert_int_equal(high, 50);
  assert_int_equal(op_activation_quant(&k.c, sch_ActivationFunctionType_RELU_N1_TO_1, t, &low, &high), MOTE_OK);
  assert_int_equal(low, -125);
  assert_int_equal(high, -75);
  t->scale = 1e-20f; /* far outside the type: clamped to it */
  assert_int_equal(op_activation_quant(&k.c, sch_ActivationFunctionType_RELU_N1_TO_1, t, &low, &high), MOTE_OK);
  assert_int_equal(low, -128);
  assert_int_equal(high, 127);
  assert_int_equal(op_activation_f32(&k.c, 6, &lo, &hi), MOTE_ERR_MODEL);
  assert_int_equal(op_need_scale(&k.c, t), MOTE_OK);
  t->scale = 0;
  assert_int_equal(op_need_scale(&k.c, t), MOTE_ERR_MODEL);
  assert_non_null(strstr(k.error.text, "output 0 is int8 without a quantization scale"));
}

static void sizes(void **state) {
  (void)state;
  size_t bytes = 0;
  assert_true(op_type_bytes(MOTE_INT4, 5, &bytes));
  assert_int_equal(bytes, 3);
  assert_true(op_type_bytes(MOTE_INT2, 5, &bytes));
  assert_int_equal(bytes, 2);
  assert_true(op_type_bytes(MOTE_COMPLEX128, 2, &bytes));
  assert_int_equal(bytes, 32);
  assert_false(op_type_bytes(MOTE_INT64, SIZE_MAX / 4, &bytes));
  assert_false(op_type_bytes(MOTE_STRING, 1, &bytes));
}

static void every_operator_is_found(void **state) {
  (void)state;
  for (const mote_op *const *op = op_list; *op; op++) {
    if ((*op)->code == sch_BuiltinOperator_CUSTOM)
      assert_ptr_equal(op_find_custom((*op)->name, strlen((*op)->name)), *op);
    else {
      assert_ptr_equal(op_find((*op)->code), *op);
      assert_string_equal(sch_enum_name(&sch_enum_BuiltinOperator, (*op)->code), (*op)->name);
    }
    assert_non_null((*op)->run);
  }
  assert_null(op_find(-1));
  assert_null(op_find(sch_BuiltinOperator_CUSTOM));
  assert_null(op_find_custom("none", 4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_of_types),
      cmocka_unit_test(refused_types_are_named),
      cmocka_unit_test(axes),
      cmocka_unit_test(integers_that_are_known),
      cmocka_unit_test(broadcasting),
      cmocka_unit_test(windows),
      cmocka_unit_test(activations),
      cmocka_unit_test(sizes),
      cmocka_unit_test(every_operator_is_found),
  };
  return cmocka_run_group_tests_name("operators: what descriptors share", tests, NULL, NULL);
}
