/* ops.c: operators that layers are made of, in the builder's words (emit.h). */
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

int32_t k_rank(k_ctx *c, int32_t x) { return c->b->failed || x < 0 ? -1 : build_rank(c->b, x); }

int32_t k_axis(k_ctx *c, int32_t axis, int32_t rank) {
  const int32_t from_front = axis < 0 ? axis + rank : axis;
  if (from_front >= 0 && from_front < rank) return from_front;
  return build_fail(c->b, MOTE_ERR_MODEL, "its axis %d does not fit an input of %d dimensions", (int)axis, (int)rank);
}

int32_t k_transpose(k_ctx *c, int32_t x, const int32_t *perm) {
  const int32_t rank = k_rank(c, x);
  return rank < 0 ? -1 : k_op2(c, OP(TRANSPOSE), NULL, x, build_ints(c->b, "perm", rank, perm));
}

int32_t k_to_last(k_ctx *c, int32_t x) {
  int32_t perm[OP_MAX_RANK] = {0};
  const int32_t rank = k_rank(c, x);
  for (int32_t i = 1; i < rank; i++) perm[i] = i + 1 < rank ? i + 1 : 1;
  return rank < 3 ? x : k_transpose(c, x, perm);
}

int32_t k_to_first(k_ctx *c, int32_t x) {
  int32_t perm[OP_MAX_RANK] = {0};
  const int32_t rank = k_rank(c, x);
  for (int32_t i = 1; i < rank; i++) perm[i] = i == 1 ? rank - 1 : i - 1;
  return rank < 3 ? x : k_transpose(c, x, perm);
}

int32_t k_cast(k_ctx *c, int32_t x, mote_type to) { return import_cast(c->b, x, to); }

int32_t k_float(k_ctx *c, float v) { return build_float(c->b, "constant", v); }
int32_t k_mul(k_ctx *c, int32_t a, int32_t b) { return k_op2(c, OP(MUL), NULL, a, b); }
int32_t k_add(k_ctx *c, int32_t a, int32_t b) { return k_op2(c, OP(ADD), NULL, a, b); }
int32_t k_sub(k_ctx *c, int32_t a, int32_t b) { return k_op2(c, OP(SUB), NULL, a, b); }
int32_t k_scale(k_ctx *c, int32_t x, float v) { return k_mul(c, x, k_float(c, v)); }
int32_t k_offset(k_ctx *c, int32_t x, float v) { return k_add(c, x, k_float(c, v)); }

int32_t k_reduce(k_ctx *c, int32_t code, int32_t x, const int32_t *axes, int32_t count, bool keep) {
  sch_ReducerOptions o = BUILD_OPTIONS(ReducerOptions);
  o.keep_dims = keep;
  return k_op2(c, code, &o, x, build_ints(c->b, "axes", count, axes));
}

int32_t k_expand(k_ctx *c, int32_t x, int32_t axis) {
  return k_op2(c, OP(EXPAND_DIMS), NULL, x, build_int(c->b, "axis", axis));
}

int32_t k_squeeze(k_ctx *c, int32_t x, int32_t axis) {
  sch_SqueezeOptions o = BUILD_OPTIONS(SqueezeOptions);
  int32_t *list = ARENA_NEW(c->b->arena, int32_t);
  if (!list) return build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for an option");
  *list = axis;
  o.squeeze_dims = (sch_i32s){list, 1};
  return k_op1(c, OP(SQUEEZE), &o, x);
}

int32_t k_concat(k_ctx *c, const int32_t *values, int32_t count, int32_t axis) {
  sch_ConcatenationOptions o = BUILD_OPTIONS(ConcatenationOptions);
  if (count == 1) return values[0];
  o.axis = axis;
  return build_op(c->b, OP(CONCATENATION), &o, count, values);
}

int32_t k_softmax(k_ctx *c, int32_t x, int32_t axis) {
  sch_SoftmaxOptions o = BUILD_OPTIONS(SoftmaxOptions);
  o.beta = 1;
  const int32_t rank = k_rank(c, x), at = rank < 0 ? -1 : k_axis(c, axis, rank);
  if (at < 0) return -1;
  if (at == rank - 1) return k_op1(c, OP(SOFTMAX), &o, x);
  int32_t perm[OP_MAX_RANK];
  for (int32_t i = 0; i < rank; i++) perm[i] = i;
  perm[at] = rank - 1;
  perm[rank - 1] = at;
  return k_transpose(c, k_op1(c, OP(SOFTMAX), &o, k_transpose(c, x, perm)), perm);
}

int32_t k_cut(k_ctx *c, int32_t x, int32_t axis, int32_t begin, int32_t end) {
  const int32_t rank = k_rank(c, x);
  int32_t from[OP_MAX_RANK] = {0}, to[OP_MAX_RANK] = {0}, step[OP_MAX_RANK];
  if (rank < 0) return -1;
  sch_StridedSliceOptions o = BUILD_OPTIONS(StridedSliceOptions);
  o.begin_mask = o.end_mask = (1 << rank) - 1;
  for (int32_t i = 0; i < rank; i++) step[i] = 1;
  from[axis] = begin;
  to[axis] = end;
  o.begin_mask &= ~(1 << axis);
  if (end) o.end_mask &= ~(1 << axis);
  const int32_t in[] = {x, build_ints(c->b, "begin", rank, from), build_ints(c->b, "end", rank, to),
                        build_ints(c->b, "strides", rank, step)};
  return build_op(c->b, OP(STRIDED_SLICE), &o, 4, in);
}

int32_t k_pad(k_ctx *c, int32_t x, const int32_t *before_after) {
  const int32_t rank = k_rank(c, x);
  bool any = false;
  for (int32_t i = 0; i < 2 * rank; i++) any |= before_after[i] != 0;
  if (!any) return x;
  const int32_t pads = build_const(c->b, "paddings", MOTE_INT32, 2, (int32_t[]){rank, 2}, before_after, BUILD_COPY);
  return k_op2(c, OP(PAD), NULL, x, pads);
}

int32_t k_matmul(k_ctx *c, int32_t a, int32_t b, bool transpose_a, bool transpose_b) {
  sch_BatchMatMulOptions o = BUILD_OPTIONS(BatchMatMulOptions);
  o.adj_x = transpose_a;
  o.adj_y = transpose_b;
  return k_op2(c, OP(BATCH_MATMUL), &o, a, b);
}

/* ---- sizes ---- */

k_size k_size_of(k_ctx *c, int32_t x, int32_t axis) {
  const int32_t rank = k_rank(c, x);
  if (rank < 0) return k_known(1);
  if (axis < 0) axis += rank;
  const int32_t dim = build_dim(c->b, x, axis);
  if (dim >= 0) return k_known(dim);
  const int32_t shape = k_op1(c, OP(SHAPE), NULL, x);
  return (k_size){false, k_cut(c, shape, 0, axis, axis + 1)};
}

k_size k_size_times(k_ctx *c, k_size a, k_size b) {
  int64_t product;
  if (a.known && b.known) {
    product = (int64_t)a.v * b.v;
    if (product >= 0 && product <= INT32_MAX) return k_known((int32_t)product);
    build_fail(c->b, MOTE_ERR_LIMIT, "it makes a dimension of %lld", (long long)product);
    return k_known(1);
  }
  if (a.known && a.v == 1) return b;
  if (b.known && b.v == 1) return a;
  const int32_t left = a.known ? build_ints(c->b, "size", 1, &a.v) : a.v,
                right = b.known ? build_ints(c->b, "size", 1, &b.v) : b.v;
  return (k_size){false, k_mul(c, left, right)};
}

k_size k_size_plus(k_ctx *c, k_size a, int32_t v) {
  if (a.known) return k_known(a.v + v);
  return v ? (k_size){false, k_add(c, a.v, build_ints(c->b, "size", 1, &v))} : a;
}

int32_t k_sizes(k_ctx *c, const k_size *sizes, int32_t count) {
  int32_t parts[OP_MAX_RANK], known[OP_MAX_RANK];
  bool all = true;
  for (int32_t i = 0; i < count; i++) all &= sizes[i].known, known[i] = sizes[i].v;
  if (all) return build_ints(c->b, "shape", count, known);
  for (int32_t i = 0; i < count; i++) parts[i] = sizes[i].known ? build_ints(c->b, "size", 1, &known[i]) : sizes[i].v;
  return k_concat(c, parts, count, 0);
}

int32_t k_reshape(k_ctx *c, int32_t x, const k_size *sizes, int32_t count) {
  k_size plain[OP_MAX_RANK];
  int32_t open = 0;
  for (int32_t i = 0; i < count; i++) open += !sizes[i].known || sizes[i].v < 0;
  for (int32_t i = 0; i < count; i++) plain[i] = open == 1 && !sizes[i].known ? k_known(-1) : sizes[i];
  return k_op2(c, OP(RESHAPE), NULL, x, k_sizes(c, plain, count));
}

/* ---- dense ---- */

int32_t k_dense(k_ctx *c, int32_t x, const k_array *kernel, const k_array *bias) {
  sch_FullyConnectedOptions o = BUILD_OPTIONS(FullyConnectedOptions);
  o.keep_num_dims = k_rank(c, x) != 2;
  const int32_t in[] = {x, k_const_perm(c, "kernel", kernel, (int32_t[]){1, 0}),
                        bias ? k_const_array(c, "bias", bias) : -1};
  return kernel ? build_op(c->b, OP(FULLY_CONNECTED), &o, 3, in) : -1;
}
