/* BATCH_MATMUL against its definition, element by element, on every level of the machine; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/conv_case.h"

extern const mote_op op_batch_matmul;

typedef enum matmul_test_kind { F32, HYBRID, HYBRID_CHANNELS, S8, S8_RAW, S16, S16X8, KINDS } matmul_test_kind;

static const mote_type types[KINDS][3] = {
    [F32] = {MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32},
    [HYBRID] = {MOTE_FLOAT32, MOTE_INT8, MOTE_FLOAT32},
    [HYBRID_CHANNELS] = {MOTE_FLOAT32, MOTE_INT8, MOTE_FLOAT32},
    [S8] = {MOTE_INT8, MOTE_INT8, MOTE_INT8},
    [S8_RAW] = {MOTE_INT8, MOTE_INT8, MOTE_INT32},
    [S16] = {MOTE_INT16, MOTE_INT16, MOTE_INT16},
    [S16X8] = {MOTE_INT16, MOTE_INT8, MOTE_INT16},
};

enum { MOST = 20000, COLUMNS = 200 };

typedef struct matmul_case {
  matmul_test_kind kind;
  bool adj[2], asymmetric, constant;
  int32_t rank[2], dims[2][OP_MAX_RANK], out_rank, out[OP_MAX_RANK], m, n, k;
  int32_t zero[3], zeros[COLUMNS];
  float scale[3], scales[COLUMNS];
  double value[2][MOST];
  int64_t data[2][MOST];
} matmul_case;

/* Hybrid operands have at most one dimension of the batch that is not 1: with more, rows take scales of other rows. */
static bool make(matmul_case *t, op_random *r, matmul_test_kind kind) {
  memset(t, 0, sizeof *t);
  t->kind = kind;
  t->adj[0] = op_random_below(r, 2), t->adj[1] = op_random_below(r, 2);
  t->asymmetric = op_random_below(r, 2), t->constant = op_random_below(r, 2);
  const bool empty = op_random_below(r, 20) == 0, large = op_random_below(r, 4) == 0;
  t->m = op_random_in(r, empty ? 0 : 1, large ? 40 : 9);
  t->n = op_random_in(r, empty ? 0 : 1, large ? 100 : 9), t->k = op_random_in(r, empty ? 0 : 1, large ? 70 : 12);
  const int32_t batch = large ? op_random_in(r, 0, 2) : op_random_in(r, 0, OP_MAX_RANK - 2);
  const int32_t wide = op_random_in(r, 0, batch);
  const bool hybrid = kind == HYBRID || kind == HYBRID_CHANNELS;
  t->out_rank = batch + 2;
  for (int32_t i = 0; i < batch; i++)
    t->out[i] = hybrid && i != wide ? 1 : op_random_below(r, 3) ? op_random_in(r, 1, 2) : op_random_in(r, 0, 3);
  t->out[batch] = t->m, t->out[batch + 1] = t->n;
  const int32_t full = (int32_t)op_random_below(r, 2); /* the operand with all dimensions */
  for (int i = 0; i < 2; i++) {
    const int32_t own = i == full ? batch : op_random_in(r, 0, batch);
    t->rank[i] = own + 2;
    for (int32_t d = 0; d < own; d++) {
      const int32_t size = t->out[batch - own + d];
      t->dims[i][d] = i != full && op_random_below(r, 3) == 0 ? 1 : size;
    }
    const int32_t rows = i == 0 ? t->m : t->k, cols = i == 0 ? t->k : t->n;
    t->dims[i][own] = t->adj[i] ? cols : rows, t->dims[i][own + 1] = t->adj[i] ? rows : cols;
    size_t count;
    if (!size_dims(t->dims[i], t->rank[i], &count) || count > MOST) return false;
    for (size_t e = 0; e < count; e++) {
      t->value[i][e] = (double)(float)conv_case_value(r, types[kind][i]);
      conv_case_store(types[kind][i], t->data[i], e, t->value[i][e]);
    }
  }
  for (int i = 0; i < 3; i++) {
    t->scale[i] = (float)op_random_in(r, 1, 100) / 1000 * (i == 2 ? 200.0f : 1.0f);
    t->zero[i] = kind == S8 ? op_random_in(r, -128, 127) : 0;
  }
  for (int i = 0; i < COLUMNS; i++) t->scales[i] = (float)op_random_in(r, 1, 100) / 500;
  return true;
}

/* Element (row, col) of the matrix that product `at` takes from operand i. */
static size_t element(const matmul_case *t, int i, const int32_t *at, int32_t row, int32_t col) {
  int32_t own[OP_MAX_RANK];
  const int32_t batch = t->rank[i] - 2;
  for (int32_t d = 0; d < batch; d++) own[d] = t->dims[i][d] == 1 ? 0 : at[t->out_rank - t->rank[i] + d];
  own[batch] = t->adj[i] ? col : row, own[batch + 1] = t->adj[i] ? row : col;
  return op_offset(t->rank[i], t->dims[i], own);
}

static bool right(const matmul_case *t, const int32_t *at, const op_tensor *out, size_t index) {
  const int32_t row = at[t->out_rank - 2], col = at[t->out_rank - 1];
  const bool hybrid = t->kind == HYBRID || t->kind == HYBRID_CHANNELS;
  double sum = 0, size = 0;
  float line[COLUMNS], scale = 1;
  int8_t q[COLUMNS];
  int32_t offset = 0;
  for (int32_t k = 0; k < t->k; k++) line[k] = (float)t->value[0][element(t, 0, at, row, k)];
  if (hybrid)
    scale =
        t->asymmetric ? dynquant_asymmetric(line, (size_t)t->k, q, &offset) : dynquant_symmetric(line, (size_t)t->k, q);
  for (int32_t k = 0; k < t->k; k++) {
    const double a = hybrid ? q[k] - offset : (double)line[k] - t->zero[0];
    const double product = a * (t->value[1][element(t, 1, at, k, col)] - t->zero[1]);
    sum += product, size += fabs(product);
  }
  if (hybrid) scale *= t->kind == HYBRID ? t->scales[0] : t->scales[t->n > 1 ? col : 0];
  const fx_mult mult = fx_quantize_multiplier((double)(t->scale[0] * t->scale[1]) / (double)t->scale[2]);
  switch (t->kind) {
    case S8:
      return ((int8_t *)out->data)[index] ==
             fx_clamp((int64_t)fx_mbqm((int32_t)sum, mult) + t->zero[2], INT8_MIN, INT8_MAX);
    case S8_RAW: return ((int32_t *)out->data)[index] == (int32_t)sum;
    case S16:
    case S16X8: return ((int16_t *)out->data)[index] == fx_sat16(fx_mbqm64((int64_t)sum, mult));
    default: break;
  }
  return fabs((double)((float *)out->data)[index] - sum * (double)scale) <= 2e-6 * (1 + size * (double)scale);
}

static bool holds(const matmul_case *t, cpu_level level) {
  const sch_BatchMatMulOptions options = {
      .adj_x = t->adj[0], .adj_y = t->adj[1], .asymmetric_quantize_inputs = t->asymmetric};
  const op_quant q = {.count = t->kind == HYBRID_CHANNELS ? t->n : 1, .scale = t->scales, .zero_point = t->zeros};
  op_case c;
  op_case_begin(&c, &op_batch_matmul, &options);
  c.c.isa = level;
  c.c.workers = 3;
  for (int i = 0; i < 2; i++) {
    op_tensor *const in =
        op_case_input(&c, types[t->kind][i], t->rank[i], t->dims[i], t->data[i], i && t->constant ? OP_CONST : 0);
    in->scale = t->scale[i], in->zero_point = t->zero[i];
  }
  if (t->kind == HYBRID || t->kind == HYBRID_CHANNELS) c.in[1].quant = &q;
  op_tensor *const out = op_case_output(&c, types[t->kind][2]);
  out->scale = t->scale[2], out->zero_point = t->zero[2];
  bool good = op_case_run(&c) == MOTE_OK;
  if (!good) fprintf(stderr, "%s\n", c.error.text);
  for (int32_t d = 0; good && d < t->out_rank; d++) good = out->rank == t->out_rank && out->dims[d] == t->out[d];
  int32_t at[OP_MAX_RANK];
  for (size_t i = 0; good && i < op_count(out); i++) {
    op_coordinates(i, t->out_rank, t->out, at);
    good = right(t, at, out, i);
    if (!good) fprintf(stderr, "kind %d on %s: element %zu differs\n", t->kind, cpu_name(level), i);
  }
  return op_case_end(&c) && good;
}

static void follows_the_definition(void **state) {
  (void)state;
  static matmul_case t;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  op_random r = {11};
  for (int round = 0; round < 2100; round++) {
    if (!make(&t, &r, (matmul_test_kind)(round % KINDS))) continue;
    if (t.kind == HYBRID_CHANNELS && t.n == 0) continue; /* no columns, no scales */
    for (int i = 0; i < count; i++) assert_true(holds(&t, levels[i]));
  }
}

/* How far operands of these shapes get; -1 ends nothing: it is an unknown dimension. */
static mote_status try_shapes(mote_type type, int32_t rank_a, const int32_t *a, int32_t rank_b, const int32_t *b) {
  op_case k;
  op_case_begin(&k, &op_batch_matmul, NULL);
  op_case_input(&k, type, rank_a, a, NULL, 0);
  op_case_input(&k, type, rank_b, b, NULL, 0);
  op_case_output(&k, type);
  const mote_status status = op_case_infer(&k);
  assert_true(status == MOTE_OK || k.error.text[0]);
  op_case_end(&k);
  return status;
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  const int32_t a[] = {2, 3, 4}, b[] = {2, 4, 5};
  assert_int_equal(try_shapes(MOTE_FLOAT32, 3, a, 3, b), MOTE_OK);
  assert_int_equal(try_shapes(MOTE_FLOAT32, 3, a, 3, a), MOTE_ERR_SHAPE);
  assert_int_equal(try_shapes(MOTE_FLOAT32, 3, a, 3, (int32_t[]){3, 4, 5}), MOTE_ERR_SHAPE);
  assert_int_equal(try_shapes(MOTE_FLOAT32, 1, a, 3, b), MOTE_ERR_SHAPE);
  assert_int_equal(try_shapes(MOTE_FLOAT32, 3, (int32_t[]){-1, -1, -1}, 3, b), MOTE_OK);
  assert_int_equal(try_shapes(MOTE_INT8, 3, a, 3, b), MOTE_ERR_MODEL); /* no scales */
  assert_int_equal(try_shapes(MOTE_INT32, 3, a, 3, b), MOTE_ERR_TYPE);
}

static mote_status try_zero_point(int32_t left, int32_t right) {
  op_case k;
  op_case_begin(&k, &op_batch_matmul, NULL);
  for (int i = 0; i < 2; i++) {
    op_tensor *const in = op_case_input(&k, MOTE_INT16, 2, (int32_t[]){2, 2}, NULL, 0);
    in->scale = 1, in->zero_point = i ? right : left;
  }
  op_case_output(&k, MOTE_INT16)->scale = 1;
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void int16_is_symmetric(void **state) {
  (void)state;
  assert_int_equal(try_zero_point(0, 0), MOTE_OK);
  assert_int_equal(try_zero_point(1, 0), MOTE_ERR_MODEL);
  assert_int_equal(try_zero_point(0, 1), MOTE_ERR_MODEL);
}

/* tensorflow#61901: matrices of nothing, many of them and none, turned or not. */
static void tf_61901_batch_matmul(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    const sch_BatchMatMulOptions o = {.adj_x = i & 1, .adj_y = i >> 1};
    const int32_t dims[] = {4, 0, 0, 0};
    op_case k;
    op_case_begin(&k, &op_batch_matmul, &o);
    op_case_input(&k, MOTE_FLOAT32, 4, dims, "", 0);
    op_case_input(&k, MOTE_FLOAT32, 4, dims, "", i & 1 ? OP_CONST : 0);
    const op_tensor *const y = op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_int_equal(y->rank, 4);
    assert_int_equal(op_count(y), 0);
    assert_true(op_case_end(&k));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(int16_is_symmetric),
      cmocka_unit_test(tf_61901_batch_matmul),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
