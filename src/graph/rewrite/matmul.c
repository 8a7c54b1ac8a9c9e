/* matmul.c: products with a constant matrix are dense layers, whose weights every runtime packs once. */
#include "graph/rewrite/codes.h"

/* The matrix of a constant whose dimensions but the last two are 1. */
static bool matrix_of(const rewriting *w, int32_t value, size_t *rows, size_t *columns) {
  size_t n;
  if (!rw_floats(w, value, &n)) return false;
  const graph_value *const v = rw_value(w, value);
  if (v->rank < 2 || !n) return false;
  for (int32_t i = 0; i < v->rank - 2; i++)
    if (v->dims[i] != 1) return false;
  *rows = (size_t)v->dims[v->rank - 2];
  *columns = (size_t)v->dims[v->rank - 1];
  return true;
}

/* The same of codes, which move on their own. */
static bool dense_of_codes(rewriting *w, int32_t node, int32_t x, int32_t m, bool turned) {
  const int32_t codes = codes_of(w, m);
  if (!rw_is_const(w, codes) || rw_value(w, m)->rank != 2) return false;
  const int32_t weights = turned ? m
                                 : rw_add(w, m, sch_BuiltinOperator_TRANSPOSE, NULL, 2,
                                          (int32_t[]){m, rw_int32s(w, m, 2, (int32_t[]){1, 0})});
  sch_FullyConnectedOptions with = BUILD_OPTIONS(FullyConnectedOptions);
  with.keep_num_dims = rw_value(w, x)->rank != 2;
  return rw_become(w, node, sch_BuiltinOperator_FULLY_CONNECTED, &with, 2, (int32_t[]){x, weights});
}

/*     x ──▶ BATCH_MATMUL M ──▶ y          x ──▶ FULLY_CONNECTED M transposed ──▶ y */
static bool dense(rewriting *w, int32_t node) {
  if (!rw_is(w, node, sch_BuiltinOperator_BATCH_MATMUL)) return false;
  const sch_BatchMatMulOptions o = *(const sch_BatchMatMulOptions *)rw_node(w, node)->options;
  const int32_t x = rw_input(w, node, 0), m = rw_input(w, node, 1);
  size_t rows, columns;
  if (o.adj_x || !rw_float32(w, x) || rw_value(w, x)->rank < 2) return false;
  if (!rw_may_use(w, sch_BuiltinOperator_FULLY_CONNECTED, 6)) return false;
  if (dense_of_codes(w, node, x, m, o.adj_y)) return true;
  if (!matrix_of(w, m, &rows, &columns)) return false;
  const size_t n = o.adj_y ? rows : columns, k = o.adj_y ? columns : rows;
  const float *const from = rw_value(w, m)->data;
  float *const to = ARENA_ARRAY(w->b.arena, float, n *k);
  if (!to) return false;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < k; j++) to[i * k + j] = o.adj_y ? from[i * k + j] : from[j * n + i];
  const int32_t weights = rw_const(w, m, MOTE_FLOAT32, 2, (int32_t[]){(int32_t)n, (int32_t)k}, to);
  sch_FullyConnectedOptions with = BUILD_OPTIONS(FullyConnectedOptions);
  with.keep_num_dims = rw_value(w, x)->rank != 2;
  return rw_become(w, node, sch_BuiltinOperator_FULLY_CONNECTED, &with, 2, (int32_t[]){x, weights});
}

const rewrite rewrite_matmul_to_dense = {
    .name = "matmul-to-dense",
    .reason = "a product with a constant matrix is a dense layer",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = dense,
};
